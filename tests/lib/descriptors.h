/* How many descriptors this process has open: a leak shows as a difference. */
#ifndef TESTS_LIB_DESCRIPTORS_H
#define TESTS_LIB_DESCRIPTORS_H

#include <stddef.h>

/* With the few that counting takes; 0 where /proc is not there. */
size_t open_descriptors(void);

#endif
