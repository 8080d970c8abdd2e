/* multipart/form-data, read strictly. */
#ifndef TESTS_SIM_MULTIPART_H
#define TESTS_SIM_MULTIPART_H

#include "schema/base.h"

/* The content of the part called `name`, owned and terminated by a NUL, or NULL.
 * Anything malformed makes every part NULL. */
char *sim_multipart_part(const char *content_type, const char *body, size_t length,
                         const char *name);

#endif
