/* What only `dctd run` does beside the work itself: watching the manifests,
 * talking to systemd, reloading on SIGHUP. */
#ifndef DAEMON_SERVICE_H
#define DAEMON_SERVICE_H

#include "daemon/app.h"

struct service;

/* The hooks of the app that the service belongs to; the service comes first
 * and gets to know its app in service_start(). */
struct service *service_new(void);
struct app_hooks service_hooks(struct service *s);
void service_start(struct service *s, struct app *a);
/* Closes its handles; the memory goes when the loop has closed them. */
void service_close(struct service *s);

#endif
