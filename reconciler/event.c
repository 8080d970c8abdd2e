/* The list of effects, and who frees what in it. */
#include "reconciler/event.h"

#include <stdio.h>
#include <stdlib.h>

void request_free(struct request *r)
{
    if (!r)
        return;
    free(r->path);
    cJSON_Delete(r->body);
    free(r->file);
    free(r->file_digest);
    free(r->key);
    free(r->engine);
    free(r);
}

static void effect_clear(struct effect *e)
{
    switch (e->type) {
    case FX_RECORD:
        free(e->record.key);
        free(e->record.text);
        break;
    case FX_SEND:
        request_free(e->request);
        break;
    case FX_REPORT:
        free(e->report.key);
        free(e->report.verb);
        free(e->report.text);
        free(e->report.job);
        free(e->report.by);
        break;
    case FX_WAKE:
    case FX_PLANNED:
    case FX_RESTED:
        break;
    }
}

void effects_clear(struct effects *fx)
{
    for (size_t i = 0; i < fx->n; i++)
        effect_clear(&fx->items[i]);
    fx->n = 0;
}

void effects_free(struct effects *fx)
{
    effects_clear(fx);
    free(fx->items);
    *fx = (struct effects){ 0 };
}

static struct effect *add(struct effects *fx, enum effect_type type)
{
    fx->items = grow(fx->items, fx->n, &fx->cap, sizeof(*fx->items));
    struct effect *e = &fx->items[fx->n++];
    *e = (struct effect){ .type = type };
    return e;
}

void fx_record(struct effects *fx, const char *key, char *text_taken)
{
    struct effect *e = add(fx, FX_RECORD);

    e->record.key = xstrdup(key);
    e->record.text = text_taken;
}

void fx_send(struct effects *fx, struct request *r_taken)
{
    add(fx, FX_SEND)->request = r_taken;
}

void fx_wake(struct effects *fx, msec at)
{
    add(fx, FX_WAKE)->at = at;
}

struct report *fx_report(struct effects *fx, enum report_kind kind, const char *key,
                         const char *fmt, ...)
{
    struct report *r = &add(fx, FX_REPORT)->report;
    struct buf text = BUF_WITH_LIMIT(8192);
    va_list args;

    va_start(args, fmt);
    buf_vprintf(&text, fmt, args);
    va_end(args);
    *r = (struct report){ .kind = kind, .text = buf_take(&text), .percent = -1 };
    if (key)
        r->key = xstrdup(key);
    return r;
}

void fx_planned(struct effects *fx)
{
    add(fx, FX_PLANNED);
}

void fx_rested(struct effects *fx, bool converged)
{
    add(fx, FX_RESTED)->converged = converged;
}

const char *report_kind_name(enum report_kind kind)
{
    static const char *const names[] = {
        [REPORT_INFO] = "info",
        [REPORT_WARNING] = "warning",
        [REPORT_ERROR] = "error",
        [REPORT_STARTED] = "started",
        [REPORT_JOB] = "job",
        [REPORT_DONE] = "done",
        [REPORT_RETRY] = "retry",
        [REPORT_FAILED] = "failed",
        [REPORT_DRIFT] = "drift",
        [REPORT_ASKED] = "asked",
        [REPORT_SUSPENDED] = "suspended",
        [REPORT_RESUMED] = "resumed",
        [REPORT_ADOPTED] = "adopted",
        [REPORT_FORGOTTEN] = "forgotten",
    };

    return names[kind];
}
