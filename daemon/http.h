/* HTTP exchanges: libcurl's multi interface driven by the libuv loop.
 *
 * Requests have ids; an exchange ends in exactly one call of `done`, from the
 * loop and never from within http_send(). A request that changes something is
 * marked `once`: it is never put on a connection that was used before, because
 * libcurl sends a request again when such a connection turns out to be dead. */
#ifndef DAEMON_HTTP_H
#define DAEMON_HTTP_H

#include <uv.h>

#include "schema/base.h"

enum {
    HTTP_BODY_MAX = 64 << 20, /* bytes of one answer */
    HTTP_HEADERS_MAX = 256 << 10,
    HTTP_CONNECTIONS = 16, /* exchanges at a time; others wait in order */
    HTTP_CONNECT_TIMEOUT = 10000,
    HTTP_STALL = 60, /* seconds without a byte end an exchange that is not `once` */
};

/* One part of a multipart body; a file where `filename` is set. */
struct http_part {
    const char *name, *filename, *type;
    const char *data;
    size_t n;
};

struct http_request {
    uint64_t id;
    const char *method, *url;
    const char *const *headers; /* "Name: value" */
    size_t n_headers;
    const char *body; /* NULL: none */
    size_t body_n;
    const struct http_part *parts; /* instead of a body */
    size_t n_parts;
    msec timeout; /* of the whole exchange */
    bool once;
};

struct http_result {
    uint64_t id;
    int status;        /* 0: no whole answer came */
    bool unsent;       /* no byte of the request left this host */
    const char *error; /* what went wrong and what to do, NULL where an answer came */
    const char *content_type, *location; /* NULL: not said */
    msec retry_after;                    /* from now; 0 = not said */
    msec date;                           /* the server's clock; 0 = not said */
    const char *body;                    /* terminated by a NUL that n does not count */
    size_t n;
};

struct http_options {
    const char *ca_file; /* NULL: the system's */
    bool insecure;       /* certificates are not checked */
    size_t body_max;     /* 0: HTTP_BODY_MAX */
};

typedef void http_done(void *ctx, const struct http_result *r);

struct http;

struct http *http_new(uv_loop_t *loop, const struct http_options *o, http_done *done, void *ctx);
/* For exchanges that begin from now on. */
void http_configure(struct http *h, const struct http_options *o);
/* Copies what it needs, and wipes its copies when the exchange is over. */
void http_send(struct http *h, const struct http_request *r);
/* Exchanges that have not ended, and those of them that are `once`. */
size_t http_pending(const struct http *h);
size_t http_pending_once(const struct http *h);
/* Ends every exchange without a word; the memory goes when the loop has closed
 * the handles. Takes NULL. */
void http_close(struct http *h);

#endif
