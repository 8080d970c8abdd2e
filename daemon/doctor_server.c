/* What DCT says of itself to everybody: its clock, and the document that names
 * the API it speaks. One question without the API key answers both. */
#include <stdlib.h>
#include <string.h>

#include "daemon/app.h"
#include "daemon/dct.h"
#include "daemon/doctor_parts.h"
#include "daemon/http.h"
#include "reconciler/plan_render.h"

enum { SKEW_MAX = 5, API_KNOWN = 328, LACKS_MAX = 20 };

static void on_document(void *ctx, const struct http_result *h)
{
    struct doctor *d = ctx;

    d->document.status = h->status;
    d->document.why = h->error ? xstrdup(h->error) : NULL;
    d->document.date = h->date;
    d->document.at = app_now();
    d->document.api = h->status == 200 || h->status == 206 ? dct_api_of(h->body) : 0;
    d->document.asked = true;
}

static void ask_document(struct doctor *d)
{
    static const char *const headers[] = { "Range: bytes=0-65535" };
    struct http_options o = { .ca_file = d->config->dct.ca_file,
                              .insecure = d->config->dct.insecure };
    char *root = xasprintf("%s%s", d->config->dct.url, d->config->dct.base_path);
    char *url = dct_document(root);

    if (!d->document.asked) {
        struct http *http = http_new(&d->loop, &o, on_document, d);
        http_send(http, &(struct http_request){ .id = 1,
                                                .method = "GET",
                                                .url = url,
                                                .headers = headers,
                                                .n_headers = ARRAY_LEN(headers),
                                                .timeout = DOCTOR_PATIENCE });
        while (!d->document.asked)
            (void)uv_run(&d->loop, UV_RUN_ONCE);
        http_close(http);
    }
    free(url);
    free(root);
}

/* A certificate that is not checked can still tell that our clock is far off. */
static bool within_certificate(const struct reach *r)
{
    msec now = app_now();

    return !r->certificate.from || !r->certificate.until ||
           (now >= r->certificate.from && now <= r->certificate.until);
}

void check_clock(struct doctor *d)
{
    ask_document(d);
    msec skew = (d->document.at - d->document.date) / 1000; /* DCT tells whole seconds */

    if (!d->document.date) {
        doctor_say(d, VERDICT_WARN, "DCT does not tell its time%s%s", d->document.why ? ": " : "",
                   d->document.why ? d->document.why : "");
        doctor_next(d, "compare `date -u` on both hosts");
    } else if (llabs(skew) > SKEW_MAX) {
        doctor_say(d, VERDICT_WARN, "this host's clock is %lld seconds %s DCT's", llabs(skew),
                   skew > 0 ? "ahead of" : "behind");
        doctor_next(d, "let NTP set both clocks: `timedatectl` tells about this one");
    } else if (!within_certificate(&d->reach)) {
        doctor_say(d, VERDICT_WARN,
                   "DCT's certificate is not valid at this host's time, nor at "
                   "DCT's own");
        doctor_next(d, "set both clocks, or have the certificate renewed");
    } else {
        doctor_say(d, VERDICT_OK, "within %d seconds of DCT's", SKEW_MAX);
    }
}

static bool too_new(const struct kind_desc *k, const struct field *f, unsigned api)
{
    return f->since > api ||
           (f->update && f->call < k->n_updates && call_too_new(&k->updates[f->call], api));
}

/* Fields that manifests set, and the API cannot take or change. */
static void say_lacks(struct doctor *d, unsigned api)
{
    struct strings told = { 0 };

    for (size_t i = 0; d->set && i < d->set->n && told.n < LACKS_MAX; i++) {
        const struct object *o = d->set->items[i].object;
        for (size_t row = 0; row < o->kind->table.n; row++) {
            const struct field *f = &o->kind->table.rows[row];
            char *name = xasprintf("%s.%s", o->kind->arg, f->yaml ? f->yaml : "");
            if (o->values[row].state == V_SET && f->yaml && too_new(o->kind, f, api) &&
                !strings_has(&told, name)) {
                strings_add(&told, name);
                doctor_say(d, VERDICT_WARN, "`%s` is not, or not fully, known to this API", name);
                doctor_next(d, "`dctd explain %s` says from which on; `dctd plan` what is blocked",
                            name);
            }
            free(name);
        }
    }
    strings_clear(&told);
}

void check_version(struct doctor *d)
{
    ask_document(d);
    unsigned api = d->document.api, major = api / 100, minor = api % 100;

    if (!api && !d->document.status) {
        doctor_say(d, VERDICT_FAIL, "%s", d->document.why);
    } else if (!api) {
        doctor_say(d, VERDICT_OK,
                   "unknown, for DCT does not publish its API document here (%d); "
                   "API %d.%d is taken for granted",
                   d->document.status, API_KNOWN / 100, API_KNOWN % 100);
    } else if (api < API_KNOWN) {
        doctor_say(d, VERDICT_OK, "DCT speaks API %u.%u; dctd knows %d.%d and uses what is there",
                   major, minor, API_KNOWN / 100, API_KNOWN % 100);
        say_lacks(d, api);
    } else {
        doctor_say(d, VERDICT_OK, "DCT speaks API %u.%u%s", major, minor,
                   api > API_KNOWN ? ", newer than dctd was made for (3.28)" : "");
    }
}
