/* `dctd run`: the service. */
#include <stdlib.h>

#include "daemon/app.h"
#include "daemon/cmd.h"
#include "daemon/config_git.h"
#include "daemon/service.h"

/* systemd lays credentials out once, before the start: one that is missing now
 * will not come by waiting. */
static bool key_can_come(struct app *a)
{
    const struct config *c = app_config(a);
    struct secret_ref ref = { .source = c->dct.api_key.source, .name = c->dct.api_key.name };
    struct secret key;
    char *error = NULL;

    if (ref.source != SECRET_CREDENTIAL || secrets_get(app_secrets(a), &ref, &key, &error))
        return true;
    log_error("no key for DCT: %s", error);
    free(error);
    return false;
}

int cmd_run(const struct invocation *in)
{
    struct config *c = cmd_config(in);

    if (!c)
        return EXIT_TROUBLE;

    char *error = NULL;
    struct service *s = service_new();
    struct app_options o = { .mode = CYCLE_RUN,
                             .hooks = service_hooks(s),
                             .meter = service_meter(s) };
    struct app *a = app_new(c, &o, &error);

    if (!a) {
        log_error("%s", error);
        free(error);
        service_free(s);
        return EXIT_TROUBLE;
    }
    if (!key_can_come(a)) {
        app_free(a);
        service_free(s);
        return EXIT_TROUBLE;
    }
    const struct config *is = app_config(a);
    log_info("dctd " DCTD_VERSION " keeps %s as %s says it", is->dct.url,
             is->git ? is->git->url : is->manifests);
    bool started = service_start(s, a, &error);
    if (started) {
        app_run(a);
        log_flush();
        log_info("stopped");
    } else {
        log_error("%s", error);
    }
    service_close(s);
    app_free(a);
    free(error);
    return started ? EXIT_GOOD : EXIT_TROUBLE;
}
