/* The environment of the process, which nobody changes while it runs. */
#ifndef DAEMON_ENV_H
#define DAEMON_ENV_H

/* NULL where it is not set. */
const char *env_get(const char *name);

#endif
