#include "daemon/standing.h"

#include <stdlib.h>
#include <string.h>

enum { WAIT_MAX = 1024, SLOW = 5 /* seconds; a request that is older is worth a word */ };

bool standing_without_manifests(const struct set *set)
{
    return set && !set->complete && set->n == 0 && set->left_out.n == 0;
}

static const struct diag *first_error(const struct diags *d)
{
    for (size_t i = 0; i < d->n; i++) {
        if (d->items[i].level == DIAG_ERROR)
            return &d->items[i];
    }
    return NULL;
}

char *standing_manifests(const struct set *set)
{
    if (!set || set->complete)
        return NULL;
    const struct diag *first = first_error(&set->diags);
    if (standing_without_manifests(set) && first)
        return xasprintf("no manifests are in force: %s%s%s", first->at.file ? first->at.file : "",
                         first->at.file ? ": " : "", first->text);
    return xasprintf("%zu error%s in the manifests: nothing is pruned", set->diags.errors,
                     set->diags.errors == 1 ? "" : "s");
}

/* "observing DCT: 3 of 9 lists, 17 pages" */
static void observing_text(const struct cycle_status *s, struct buf *out)
{
    buf_printf(out, "observing DCT");
    if (s->lists)
        buf_printf(out, ": %zu of %zu lists, %zu page%s", s->lists_read, s->lists, s->pages,
                   s->pages == 1 ? "" : "s");
}

static void synced_text(const struct cycle_status *s, struct buf *out)
{
    buf_printf(out, "synced %zu/%zu", s->synced, s->managed);
    if (s->revision)
        buf_printf(out, " at %.7s", s->revision);
    if (s->jobs)
        buf_printf(out, ", %zu job%s running", s->jobs, s->jobs == 1 ? "" : "s");
    if (s->blocked)
        buf_printf(out, ", %zu blocked", s->blocked);
    if (s->failed)
        buf_printf(out, ", %zu failed", s->failed);
}

void standing_line(const struct cycle_status *s, const struct set *set, struct buf *out)
{
    char *manifests = standing_manifests(set);

    if (!s->observed)
        observing_text(s, out);
    else if (!standing_without_manifests(set))
        synced_text(s, out);
    if (manifests)
        buf_printf(out, "%s%s", out->n ? "; " : "", manifests);
    if (s->trouble)
        buf_printf(out, "%s%s", out->n ? "; " : "", s->trouble);
    free(manifests);
}

/* "; GET /vdbs has waited 32 s for its answer" */
static void add_oldest(const struct meter *m, struct buf *out)
{
    struct meter_waiting oldest;

    if (meter_oldest(m, &oldest) && oldest.seconds >= SLOW)
        buf_printf(out, "; %s %s has waited %.0f s for its answer", oldest.method, oldest.route,
                   oldest.seconds);
}

char *standing_wait(const struct app *a, const struct meter *m)
{
    struct buf text = BUF_WITH_LIMIT(WAIT_MAX);
    const char *first = app_waits_for(a);
    struct cycle_status s;

    cycle_status(app_cycle(a), &s);
    if (s.observed)
        return NULL;
    if (first)
        buf_printf(&text, "waits for %s", first);
    else
        observing_text(&s, &text);
    add_oldest(m, &text);
    return buf_take(&text);
}
