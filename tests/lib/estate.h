/* Manifests that trace tests start from. */
#ifndef TESTS_LIB_ESTATE_H
#define TESTS_LIB_ESTATE_H

/* One of each kind, and a VDB made from a VDB. */
const char *estate_all(void);
/* The connector's file, of that build (NULL: 4.1.1); owned. */
char *estate_connector(const char *version);

#endif
