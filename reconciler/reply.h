/* What an answer of DCT's means. Only a 404 says that something is not there;
 * only a 2xx says that something was done. */
#ifndef RECONCILER_REPLY_H
#define RECONCILER_REPLY_H

#include "reconciler/event.h"

enum reply_class {
    REPLY_OK,      /* 2xx, and the body is JSON or empty */
    REPLY_GONE,    /* 404 */
    REPLY_DENIED,  /* 401, 403: the key, not the request */
    REPLY_REFUSED, /* other 4xx: sending it again would not help */
    REPLY_BUSY,    /* 409, 423, 425, 429: not carried out, may be sent again later */
    REPLY_UNSENT,  /* certainly never reached DCT */
    REPLY_BROKEN,  /* 5xx, 408, no answer, no JSON: a write may have been carried out or not */
};

enum reply_class reply_class(const struct reply *r);
/* What went wrong, with DCT's own words; owned by the caller. */
char *reply_text(const struct reply *r);
/* What the answer to a list or a search lacks: engines that DCT could not ask, or all
 * of it; NULL = nothing. Owned by the caller. */
char *reply_lacks(const cJSON *body);
/* Where it goes on; NULL: it is the last page. */
const char *reply_more(const cJSON *body);
/* Is it an answer that lacks nothing, so that what is not in there is not there? */
bool reply_whole(const struct reply *r);
/* The job that a write's reply names, nested or bare; NULL if there is none. */
const cJSON *reply_job(const cJSON *body);

#endif
