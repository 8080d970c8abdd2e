/* What a process that sleeps gives back to its host. */
#ifndef DAEMON_MEMORY_H
#define DAEMON_MEMORY_H

#include <stdbool.h>

/* To be called when there is nothing to do for a while. What is needed again
 * comes back by itself, at the cost of a few page faults. */
void memory_rest(void);

/* Is far more of the heap resident than in use? Then little things lie all over
 * it, each holding a page. */
bool memory_scattered(void);

#endif
