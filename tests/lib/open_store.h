/* Ledgers on disk that tests open. */
#ifndef TESTS_LIB_OPEN_STORE_H
#define TESTS_LIB_OPEN_STORE_H

#include "daemon/store.h"

/* The test fails, and says why, where that cannot be opened. */
struct store *must_open(const char *path, bool read_only);

#endif
