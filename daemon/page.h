/* The summary for browsers: one page, no scripts, nothing fetched. */
#ifndef DAEMON_PAGE_H
#define DAEMON_PAGE_H

#include <cjson/cJSON.h>

#include "schema/base.h"

enum { PAGE_MAX = 2 << 20, PAGE_OBJECTS = 2000 };

/* From what /api/v1/status and /api/v1/objects say; either may be NULL. */
void page_render(const cJSON *status, const cJSON *objects, struct buf *out);

#endif
