/* What only `dctd run` does beside the work itself: watching the manifests,
 * talking to systemd, reloading on SIGHUP. */
#ifndef DAEMON_SERVICE_H
#define DAEMON_SERVICE_H

#include "daemon/app.h"

struct service;

/* The hooks of the app that the service belongs to; the service comes first
 * and gets to know its app in service_start(). */
struct service *service_new(void);
/* One that was never started. */
void service_free(struct service *s);
struct meter *service_meter(struct service *s);
struct app_hooks service_hooks(struct service *s);
/* False: *error (owned) says why it cannot listen where it is to be asked. */
bool service_start(struct service *s, struct app *a, char **error) MUST_USE;
/* Closes its handles; the memory goes when the loop has closed them. */
void service_close(struct service *s);

#endif
