#include "daemon/env.h"

#include <stdlib.h>

const char *env_get(const char *name)
{
    return getenv(name); // NOLINT(concurrency-mt-unsafe): nobody sets any
}
