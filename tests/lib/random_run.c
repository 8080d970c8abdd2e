/* From the seed to the verdict. */
#include "tests/lib/random_run.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "reconciler/plan_text.h"
#include "schema/json.h"
#include "tests/lib/inside.h"

enum {
    STARTS = 64,
    STORY = 24000,
    SAID_MAX = 1 << 20,
};

static const msec MINUTE = 60000, HOUR = 3600000;

/* An estate at rest, or one of which nothing is there yet. */
struct random_start {
    struct random_estate estate;
    struct scenario scenario;
    struct start start;
};

static struct random_start *starts[STARTS];

struct test_world *random_world(struct random_run *r)
{
    return r->a.world;
}

void random_tell(struct random_run *r, const char *group, const char *name, const char *what)
{
    tally_add(r->tally, group, name, 1);
    test_world_tell(r->a.world, "%-7s %s %s", group, name, what);
}

void random_manifests(struct random_run *r)
{
    char *yaml = random_estate_yaml(&r->estate);

    test_world_manifests(r->a.world, yaml);
    free(yaml);
}

static bool converge(struct test_world *w, msec limit)
{
    msec end = w->now + limit;

    while (!w->dead && w->now < end) {
        w->rested = false;
        test_world_run(w, end - w->now);
        if (w->rested && w->converged)
            return true;
    }
    return false;
}

static void bring_up(struct test_world *w, const char *instance, const char *yaml)
{
    w->options.instance = instance;
    test_world_ledger_lost(w);
    test_world_restart(w);
    test_world_manifests(w, yaml);
    if (!converge(w, 2 * HOUR)) {
        (void)fprintf(stderr, "%s\n%.6000s", yaml, buf_text(&w->trace));
        abort();
    }
}

/* Somebody else's dSource and VDB, and things that nobody has marked. */
static void make_legacy(struct test_world *w, const char *engine, bool own)
{
    static const char *const plain[] = {
        "{\"kind\":\"vdbs\",\"name\":\"found-vdb\",\"set\":{\"tags\":[]}}",
        "{\"kind\":\"environments\",\"name\":\"found-host\",\"set\":{\"tags\":[]}}",
    };
    char *yaml = random_legacy_yaml(engine, own);

    bring_up(w, "other", yaml);
    for (size_t i = 0; i < ARRAY_LEN(plain); i++)
        (void)test_world_call(w, "POST", "/_sim/drift", plain[i], NULL);
    char *id = test_world_member(w, "/vdbs", "legacy-vdb", "id");
    char *mark = xasprintf("{\"name\":\"legacy-mark\",\"vdb_ids\":[\"%s\"]}", id);
    (void)test_world_call(w, "POST", "/bookmarks", mark, NULL);
    w->now += 10 * MINUTE;
    free(mark);
    free(id);
    free(yaml);
}

/* The engines and connectors alone: what others have on them comes next. */
static char *base_yaml(const struct random_estate *e)
{
    struct random_estate base = *e;

    for (size_t i = 0; i < base.n; i++)
        base.things[i].here = base.things[i].kind < KIND_ENVIRONMENT;
    return random_estate_yaml(&base);
}

static void start_new(struct random_start *s, size_t i)
{
    struct test_world *w = test_world_new(
        &(struct sim_options){ .strict = true, .seed = i, .speed = i % 5 == 3 ? 4 : 1 }, CYCLE_RUN);
    bool nothing = i % 4 == 3;
    struct dice d;

    w->plugin_version = "4.1.1";
    dice_seed(&d, i + 1000000);
    random_estate_draw(&s->estate, &d, i % 32 == 1 ? 6 : i % 8 == 2 ? 2 : i % 2, !nothing);
    char *base = base_yaml(&s->estate), *all = random_estate_yaml(&s->estate);
    if (nothing) {
        make_legacy(w, "west", true);
        test_world_ledger_lost(w);
    } else {
        bring_up(w, "test", base);
        make_legacy(w, s->estate.things[0].name, false);
        bring_up(w, "test", all);
    }
    s->scenario = (struct scenario){ .name = "random", .plugin_version = "4.1.1", .prune = true };
    s->start = (struct start){ .scenario = &s->scenario };
    start_keep(&s->start, w);
    free(base);
    free(all);
}

void random_starts_clear(void)
{
    test_world_forget_units();
    test_world_forget_answers();
    for (size_t i = 0; i < STARTS; i++) {
        if (starts[i])
            start_clear(&starts[i]->start);
        free(starts[i]);
        starts[i] = NULL;
    }
}

static void keep_ledger(struct random_run *r)
{
    strings_clear(&r->ledger);
    for (size_t i = 0; i < r->a.world->n_ledger; i++) {
        strings_add(&r->ledger, r->a.world->ledger[i].key);
        strings_add(&r->ledger, r->a.world->ledger[i].text);
    }
}

static void begin(struct random_run *r)
{
    size_t i = r->seed % STARTS;

    if (!starts[i]) {
        starts[i] = xcalloc(1, sizeof(**starts));
        start_new(starts[i], i);
    }
    r->estate = starts[i]->estate;
    attempt_open(&r->a, &starts[i]->start);
    r->a.world->next_skew = 12 * HOUR;
    test_world_restart(r->a.world);
    r->a.world->remembers = true;
    r->a.world->fate = random_fate;
    r->a.world->ctx = r;
    r->a.world->findings_meant = true;
    r->a.world->options.delete_budget = 5;
    test_world_options(r->a.world);
    random_promises_begin(&r->promises, &r->a.invariants, &r->estate, r->tally);
}

/* At rest, what its manifest protects must stay from now on. */
static void guard_protected(struct random_run *r)
{
    size_t protect = random_attribute("policy protect");

    for (size_t i = 0; i < r->estate.n; i++) {
        const struct thing *t = &r->estate.things[i];
        if (t->here && !t->broken && t->values[protect] == 1)
            invariants_guard(&r->a.invariants, kind_desc(t->kind)->collection, t->name);
    }
}

/* One set of manifests, for a while. */
static void live(struct random_run *r)
{
    struct test_world *w = r->a.world;
    msec end = w->now + (msec)roll(&r->dice, (size_t)HOUR / 3);

    while (w->now < end && !r->a.invariants.broken) {
        w->die_at = one_in(&r->dice, 3) ? w->effects + 1 + roll(&r->dice, 120) : 0;
        w->rested = false;
        test_world_run(w, (msec)roll(&r->dice, (size_t)(end - w->now) + 1) + 1000);
        if (w->dead) {
            random_tell(r, "fault", "killed", "");
            test_world_restart(w);
            random_manifests(r);
        } else if (w->rested && w->converged && !r->estate.emptied) {
            guard_protected(r);
        }
        w->die_at = 0;
        if (one_in(&r->dice, 3))
            random_others(r);
        if (one_in(&r->dice, 4))
            random_trouble(r);
        if (one_in(&r->dice, 6))
            random_hand(r);
        if (w->rested && w->converged && one_in(&r->dice, 2))
            break;
    }
}

static bool fine(const struct random_run *r)
{
    return !r->a.invariants.broken;
}

/* A healthy DCT: debts are paid whatever else is to be done. */
static void recover(struct random_run *r)
{
    random_faults_end(r);
    if (r->was_full) { /* an entry that could not be removed comes back, and goes with its object */
        test_world_restart(r->a.world);
        random_manifests(r);
    }
    test_world_nudge(r->a.world);
    if (!converge(r->a.world, 40 * MINUTE) && !r->a.world->rested)
        test_world_run(r->a.world, 40 * MINUTE); /* not in the middle of something */
    random_promises_at_rest(&r->promises);
}

static char *what_is_left(const struct random_run *r)
{
    struct buf b = BUF_WITH_LIMIT(SAID_MAX);

    if (cycle_plan(r->a.world->cycle))
        plan_text(cycle_plan(r->a.world->cycle), false, NULL, &b);
    return buf_take(&b);
}

/* Nothing of what the manifests want stands in the way any more. */
static bool come_true(struct random_run *r, msec limit)
{
    struct test_world *w = r->a.world;

    random_hand_end(r);
    if (random_lift(r)) {
        random_manifests(r);
        w->rested = false;
        test_world_run(w, HOUR / 2);
    }
    random_mend(r);
    random_others_mend(r);
    if (inside_jobs(w->sim, NULL)) /* what others asked for is not seen before it is done */
        w->now += 10 * MINUTE;
    random_manifests(r);
    return converge(w, limit);
}

/* All comes true, and stays so. */
static void finish(struct random_run *r)
{
    struct test_world *w = r->a.world;
    bool converged = come_true(r, HOUR);

    if (!converged && fine(r)) {
        random_tell(r, "end", "every manifest brought back", "");
        random_mend_all(r);
        converged = come_true(r, 2 * HOUR);
    }
    if (!fine(r))
        return;
    char *left = converged ? xstrdup("") : what_is_left(r);
    invariants_expect(&r->a.invariants, converged, "it does not converge:\n%s", left);
    free(left);
    if (!converged)
        return;
    w->now += 10 * MINUTE; /* what nobody wants any more and nobody heard of is waited for */
    test_world_nudge(w);
    invariants_expect(&r->a.invariants, converge(w, HOUR), "what had converged differs again");
    size_t writes = w->writes;
    random_promises_kept(&r->promises);
    invariants_foreign(&r->a.invariants);
    test_world_nudge(w);
    invariants_expect(&r->a.invariants, converge(w, HOUR) && w->writes == writes,
                      "what had converged writes again");
}

static uint64_t digest(const char *text)
{
    uint64_t h = UINT64_C(14695981039346656037);

    for (; *text; text++)
        h = (h ^ (unsigned char)*text) * UINT64_C(1099511628211);
    return h;
}

static void settle(struct random_run *r, struct random_end *end)
{
    const char *story = buf_text(&r->a.world->trace);
    size_t n = strlen(story);

    *end = (struct random_end){ .digest = digest(story),
                                .edits = r->edits,
                                .requests = r->a.world->requests,
                                .checks = r->a.invariants.checks };
    if (r->a.invariants.broken) {
        char *yaml = random_estate_yaml(&r->estate);
        end->broken = xstrdup(r->a.invariants.broken);
        end->story = xasprintf("%s\n%s", yaml, n > STORY ? story + n - STORY : story);
        free(yaml);
    }
}

void random_end_clear(struct random_end *end)
{
    free(end->broken);
    free(end->story);
}

void random_expect(struct tally *t)
{
    random_edits_expect(t);
    random_faults_expect(t);
    random_others_expect(t);
    random_hand_expect(t);
    for (enum verb v = VERB_NONE; v < VERBS; v++)
        tally_add(t, "verb", verb_name(v), 0);
}

void random_run(uint64_t seed, size_t edits, struct tally *tally, struct random_end *end)
{
    struct random_run r = { .seed = seed, .tally = tally };
    size_t most;

    dice_seed(&r.dice, seed);
    begin(&r);
    most = one_in(&r.dice, 8) ? 12 : 4;
    most = 1 + roll(&r.dice, most);
    for (size_t i = 0; i < most && fine(&r); i++) {
        r.often = one_in(&r.dice, 4) ? 0 : 8 + roll(&r.dice, 60);
        r.jobs_often = one_in(&r.dice, 3) ? 2 + roll(&r.dice, 12) : 0;
        for (size_t k = 0; k <= roll(&r.dice, 3) && (!edits || r.edits < edits); k++, r.edits++)
            random_edit(&r);
        random_manifests(&r);
        keep_ledger(&r);
        live(&r);
    }
    if (fine(&r))
        recover(&r);
    if (fine(&r))
        finish(&r);
    settle(&r, end);
    random_promises_end(&r.promises);
    strings_clear(&r.ledger);
    strings_clear(&r.taken);
    strings_clear(&r.picked);
    attempt_close(&r.a);
}
