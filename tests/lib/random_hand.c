/* What people ask of the running service: to leave something alone for a while, to
 * go on, to let go of something, to take something over, to look now. */
#include <stdlib.h>
#include <string.h>

#include "schema/json.h"
#include "tests/lib/inside.h"
#include "tests/lib/random_run.h"

enum { LOOKED_AT = 256, LONGEST = 2400000 };

static const char somebody[] = "uid 1000 (somebody)";

/* False where it is refused. */
static bool ask(struct random_run *r, enum event_type type, struct hand hand, const char *name)
{
    struct test_world *w = random_world(r);
    const char *what = hand.key ? hand.key : hand.kind == KINDS ? "" : kind_desc(hand.kind)->name;

    hand.whom = somebody;
    const struct event ev = { .type = type, .hand = hand };
    char *refusal = cycle_refusal(w->cycle, &ev);
    random_tell(r, "hand", refusal ? "refused" : name, what);
    test_world_ask(w, type, hand);
    bool done = !refusal;
    free(refusal);
    return done;
}

/* The entry of an object that the ledger holds, parsed; NULL: it has none. */
static cJSON *some_entry(struct random_run *r, char **key)
{
    const struct test_world *w = random_world(r);
    size_t fit = 0, at = 0;

    for (size_t i = 0; i < w->n_ledger; i++) {
        if (strchr(w->ledger[i].key, '/') && !starts_with(w->ledger[i].key, "Suspension") &&
            roll(&r->dice, ++fit) == 0)
            at = i;
    }
    if (!fit)
        return NULL;
    *key = xstrdup(w->ledger[at].key);
    return json_parse(w->ledger[at].text, strlen(w->ledger[at].text), NULL);
}

static enum kind kind_of(const char *key)
{
    char *name = xstrndup(key, strcspn(key, "/"));
    enum kind kind = kind_by_name(name)->kind;

    free(name);
    return kind;
}

/* Everything, a kind, or an object; for a while, or until somebody resumes it. */
static void suspend(struct random_run *r)
{
    const struct test_world *w = random_world(r);
    struct hand hand = { .kind = KINDS, .reason = "because" };
    size_t scope = roll(&r->dice, 6);
    char *key = NULL;

    if (one_in(&r->dice, 2))
        hand.until = w->now + w->skew + w->ahead + (msec)roll(&r->dice, LONGEST);
    if (scope == 1)
        hand.kind = (enum kind)roll(&r->dice, KINDS);
    if (scope > 1) {
        cJSON_Delete(some_entry(r, &key));
        hand.kind = key ? kind_of(key) : KINDS;
        hand.key = key;
    }
    random_promises_suspend(&r->promises);
    (void)ask(r, EV_SUSPEND, hand, "suspended");
    free(key);
}

static void resume_all(struct random_run *r, size_t most)
{
    struct suspensions held = { 0 };

    random_suspensions(random_world(r), &held);
    for (size_t i = 0; i < held.n && i < most; i++) {
        const struct hand hand = { .kind = held.items[i].kind, .key = held.items[i].key };
        (void)ask(r, EV_RESUME, hand, "resumed");
    }
    suspensions_clear(&held);
}

/* One that holds, or what nobody has suspended. */
static void resume(struct random_run *r)
{
    if (one_in(&r->dice, 4))
        (void)ask(r, EV_RESUME, (struct hand){ .kind = KIND_VDB }, "resumed");
    else
        resume_all(r, 1);
}

/* Would nobody know what it is, or that it is ours, but the ledger? */
static bool only_the_ledger_knows(const struct random_run *r, const char *key, const cJSON *entry)
{
    const struct thing *t = random_thing_of(&r->estate, key);
    const char *id = json_text(entry, "id");
    const struct test_world *w = r->a.world;
    struct inside o;

    if (json_true(entry, "owesEnable") || json_true(entry, "failed") || json_at(entry, "intent") ||
        inside_out_of_sight(w->sim))
        return true;
    if (!id || !inside_find(w->sim, kind_desc(kind_of(key))->collection, id, &o))
        return false;
    return !streq(o.owner, w->options.instance) || inside_half_made(w->sim, id) || !t ||
           (t->kind != KIND_CONNECTOR && !streq(o.name, t->name) && !streq(o.name, t->was));
}

static void forget(struct random_run *r)
{
    char *key = NULL;
    cJSON *entry = some_entry(r, &key);

    if (key) {
        bool force = !only_the_ledger_knows(r, key, entry) && one_in(&r->dice, 2);
        bool harmless = force || json_at(entry, "intent") || json_true(entry, "protect");
        harmless = harmless || !only_the_ledger_knows(r, key, entry);
        const char *id = json_text(entry, "id");
        if (harmless &&
            ask(r, EV_FORGET, (struct hand){ .key = key, .kind = kind_of(key), .force = force },
                "forgotten")) {
            r->promises.forgetful = true;
            invariants_unguard_id(&r->a.invariants, id);
        }
    }
    cJSON_Delete(entry);
    free(key);
}

/* What has the name that a manifest wants, and is nobody's, or is ours already. */
static void adopt(struct random_run *r)
{
    const struct test_world *w = random_world(r);
    int thing = random_thing(&r->estate, &r->dice, ~(1U << KIND_CONNECTOR), true);
    struct inside all[LOOKED_AT];
    size_t n = inside_all(w->sim, all, LOOKED_AT);

    for (size_t i = 0; i < n && thing != NOTHING; i++) {
        const struct thing *t = &r->estate.things[thing];
        if (!streq(all[i].collection, kind_desc(t->kind)->collection) ||
            !streq(all[i].name, t->name) ||
            (all[i].owner && !streq(all[i].owner, w->options.instance)))
            continue;
        char *key = xasprintf("%s/%s", kind_desc(t->kind)->name, t->name);
        char *id = xstrdup(all[i].id);
        if (ask(r, EV_ADOPT, (struct hand){ .key = key, .kind = t->kind, .id = id }, "adopted"))
            invariants_release(&r->a.invariants, kind_desc(t->kind)->collection, t->name);
        free(id);
        free(key);
        return;
    }
}

static void look(struct random_run *r)
{
    (void)ask(r, EV_NUDGE, (struct hand){ .kind = KINDS }, "asked to look");
}

void random_hand(struct random_run *r)
{
    static void (*const all[])(struct random_run *) = {
        suspend, suspend, resume, resume, forget, adopt, look,
    };

    all[roll(&r->dice, ARRAY_LEN(all))](r);
}

void random_hand_end(struct random_run *r)
{
    resume_all(r, LOOKED_AT);
}

void random_hand_expect(struct tally *t)
{
    static const char *const names[] = { "suspended", "resumed",       "forgotten",
                                         "adopted",   "asked to look", "refused" };

    for (size_t i = 0; i < ARRAY_LEN(names); i++)
        tally_add(t, "hand", names[i], 0);
}
