/* The HTTP front: libmicrohttpd on a libuv loop, one thread, no clock but the
 * system's. It turns requests into sim_request() and answers into responses. */
#ifndef TESTS_SIM_HTTP_FRONT_H
#define TESTS_SIM_HTTP_FRONT_H

#include <uv.h>

#include "tests/sim/sim.h"

struct http_front;

struct http_front_options {
    const char *host; /* IPv4 address to listen on */
    unsigned port;    /* 0: any */
    const char *base; /* "/dct/v3", or "" */
    bool quiet;       /* do not write a line per request to stderr */
};

/* NULL and an owned message where the port cannot be listened on. */
struct http_front *http_front_new(uv_loop_t *loop, struct sim *s,
                                  const struct http_front_options *options, char **error);
unsigned http_front_port(const struct http_front *f);
/* Stops listening and closes the handles; the front frees itself when the loop
 * has run their callbacks. */
void http_front_close(struct http_front *f);

#endif
