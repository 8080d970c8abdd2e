/* A small HTTP server for tests, on the loop of the client under test. It says
 * exactly the bytes it is told to, however wrong they are. */
#ifndef TESTS_LIB_HTTP_SERVER_H
#define TESTS_LIB_HTTP_SERVER_H

#include <uv.h>

#include "schema/base.h"

enum server_after {
    AFTER_KEEP,  /* the connection stays for the next request */
    AFTER_CLOSE, /* it ends in good order */
    AFTER_RESET, /* it is torn down */
    AFTER_HANG,  /* nothing is said at all, and the connection stays */
};

struct http_server;

/* Listens on 127.0.0.1 on a free port. */
struct http_server *http_server_new(uv_loop_t *loop);
/* "http://127.0.0.1:PORT"; borrowed. */
const char *http_server_url(const struct http_server *s);
/* The answer to the next request that has none yet; without one a request is
 * answered with {}. `raw` is the whole of it, head and body, and is copied. */
void http_server_answer(struct http_server *s, const char *raw, enum server_after after);
/* The same with a proper head made for a body. */
void http_server_json(struct http_server *s, int status, const char *extra_head, const char *body);
size_t http_server_requests(const struct http_server *s);
size_t http_server_connections(const struct http_server *s);
/* The i-th request as it came, head and body. */
const char *http_server_request(const struct http_server *s, size_t i);
/* Closes everything; the memory goes when the loop has closed the handles. */
void http_server_close(struct http_server *s);

#endif
