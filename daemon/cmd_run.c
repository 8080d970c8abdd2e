/* `dctd run`: the service. */
#include <stdlib.h>

#include "daemon/app.h"
#include "daemon/cmd.h"
#include "daemon/service.h"

int cmd_run(const struct invocation *in)
{
    struct config *c = cmd_config(in);

    if (!c)
        return EXIT_TROUBLE;

    char *error = NULL;
    struct service *s = service_new();
    struct app_options o = { .mode = CYCLE_RUN, .hooks = service_hooks(s) };
    struct app *a = app_new(c, &o, &error);

    if (!a) {
        log_error("%s", error);
        free(error);
        free(s);
        return EXIT_TROUBLE;
    }
    log_info("dctd " DCTD_VERSION " keeps %s as %s says it", app_config(a)->dct.url,
             app_config(a)->manifests);
    service_start(s, a);
    app_run(a);
    log_info("stopped");
    service_close(s);
    app_free(a);
    return EXIT_GOOD;
}
