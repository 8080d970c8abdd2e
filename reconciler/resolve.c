/* One function per kind of target, chosen by the row's ref. */
#include "reconciler/resolve.h"

#include <stdlib.h>
#include <string.h>

#include "reconciler/match.h"
#include "schema/json.h"

enum { WHY_MAX = 2000 };

static const char *id_prefix(const char *name)
{
    return starts_with(name, "id:") ? name + 3 : NULL;
}

static const struct pairing *pair_of(const struct world *world, const struct wanted *w)
{
    return world->pairs ? &world->pairs[w - world->set->items] : NULL;
}

static struct observed_item *item_of(const struct world *world, const struct wanted *w)
{
    const struct pairing *p = pair_of(world, w);

    return p && (p->match == MATCH_OURS || p->match == MATCH_ADOPT) ? p->item : NULL;
}

const char *wanted_id(const struct world *world, const struct wanted *w)
{
    const struct observed_item *item = item_of(world, w);

    return item ? item->id : NULL;
}

static struct observed_item *engine_item(const struct world *world, const char *name)
{
    const struct wanted *w = set_named(world->set, KIND_ENGINE, name, NULL);

    if (w)
        return item_of(world, w);
    return observed_by_name(world->observed, KIND_ENGINE, name);
}

/* Of what it refers to, where only DCT knows that. */
static const char *engine_of_references(const struct world *world, const struct wanted *w)
{
    for (size_t i = 0; i < w->object->kind->table.n; i++) {
        const struct field *f = &w->object->kind->table.rows[i];
        const struct value *v = &w->object->values[i];
        if (f->type != F_REF || f->ref->target != REF_KIND || v->state != V_SET)
            continue;
        const struct observed_item *item =
            id_prefix(v->s) ? observed_by_id(world->observed, f->ref->kind, id_prefix(v->s))
                            : observed_by_name(world->observed, f->ref->kind, v->s);
        if (item && item->engine && !item->next_named)
            return item->engine;
    }
    return NULL;
}

const char *resolve_engine(const struct world *world, const struct wanted *w)
{
    if (w->object->kind->kind == KIND_ENGINE)
        return wanted_id(world, w);
    if (!w->engine) {
        const struct observed_item *item = item_of(world, w);
        return item ? item->engine : engine_of_references(world, w);
    }
    if (id_prefix(w->engine))
        return id_prefix(w->engine);
    const struct observed_item *engine = engine_item(world, w->engine);
    return engine ? engine->id : NULL;
}

static void later(struct resolved *r, const struct wanted *target)
{
    r->how = RESOLVE_LATER;
    r->target = target;
}

static void found(struct resolved *r, const char *id)
{
    r->how = RESOLVED;
    r->id = r->shown = id;
}

static void unknown(struct resolved *r, const char *what, const char *name)
{
    r->how = RESOLVE_UNKNOWN;
    buf_printf(&r->why, "%s `%s` is not known, for the list DCT has of them could not be read",
               what, name);
}

/* An object of ours, or one that only DCT knows. */
static void resolve_kind(const struct world *world, const struct wanted *w, const struct field *f,
                         const char *name, struct resolved *r)
{
    const struct kind_desc *k = kind_desc(f->ref->kind);
    const struct wanted *target = set_named(world->set, k->kind, name, w->engine);

    if (target) {
        r->target = target;
        if (wanted_id(world, target))
            found(r, wanted_id(world, target));
        else
            later(r, target);
        return;
    }
    const char *engine = k->kind == KIND_ENGINE ? NULL : resolve_engine(world, w);
    const struct observed_item *match = NULL;
    for (const struct observed_item *i = observed_by_name(world->observed, k->kind, name); i;
         i = i->next_named) {
        if (i->foreign || (engine && i->engine && !streq(engine, i->engine)))
            continue;
        if (match) {
            r->how = RESOLVE_MISSING;
            buf_printf(&r->why, "several %ss in DCT are called `%s` (%s, %s); name one as id:%s",
                       k->arg, name, match->id, i->id, i->id);
            return;
        }
        match = i;
    }
    if (match) {
        found(r, match->id);
    } else if (!world->observed->kinds[k->kind].complete) {
        unknown(r, k->arg, name);
    } else {
        r->how = RESOLVE_MISSING;
        buf_printf(&r->why, "no manifest and nothing in DCT is %s `%s`", k->name, name);
        if (engine)
            buf_printf(&r->why, " on engine %s", w->engine ? w->engine : engine);
    }
}

static void resolve_extra(const struct observed_extras *x, const char *engine,
                          const struct field *f, const char *name, struct resolved *r)
{
    const char *what = f->ref->target == REF_GROUP ? "group" : "policy";
    const struct observed_extra *e = observed_extra(x, name, engine, f->ref->policy_type);

    if (!engine) {
        r->how = RESOLVE_LATER;
    } else if (e) {
        found(r, e->id);
        r->shown = f->flags & READ_NAME ? e->name : e->id;
    } else if (!x->complete) {
        unknown(r, what, name);
    } else {
        r->how = RESOLVE_MISSING;
        buf_printf(&r->why, "DCT has no %s `%s` on engine %s", what, name, engine);
        if (f->ref->policy_type)
            buf_printf(&r->why, " of type %s", f->ref->policy_type);
        buf_puts(&r->why, f->ref->target == REF_GROUP
                              ? "; create it on the engine, DCT's API cannot"
                              : "; create it in DCT first");
    }
}

/* Follows "sourceConfig.environment" to the wanted object at its end; NULL and
 * the last name where only DCT knows it. */
static const struct wanted *follow(const struct world *world, const struct wanted *w,
                                   const char *via, const char **name)
{
    struct strings parts = { 0 };
    const char *dot;

    for (; (dot = strchr(via, '.')); via = dot + 1) {
        char *part = xstrndup(via, (size_t)(dot - via));
        strings_add(&parts, part);
        free(part);
    }
    strings_add(&parts, via);
    *name = NULL;
    for (size_t i = 0; w && i < parts.n; i++) {
        int row = table_find(w->object->kind->table, parts.items[i]);
        const struct field *f = row < 0 ? NULL : &w->object->kind->table.rows[row];
        *name = f && w->object->values[row].state == V_SET ? w->object->values[row].s : NULL;
        w = *name ? set_named(world->set, f->ref->kind, *name, w->engine) : NULL;
    }
    strings_clear(&parts);
    return w;
}

/* The environment that the row's `via` leads to: its item once it is in DCT. */
static struct observed_item *environment_of(const struct world *world, const struct wanted *w,
                                            const char *via, struct resolved *r)
{
    const char *name;
    const struct wanted *env = follow(world, w, via, &name);

    if (env) {
        r->target = env;
        return item_of(world, env);
    }
    if (!name)
        return NULL;
    if (id_prefix(name))
        return observed_by_id(world->observed, KIND_ENVIRONMENT, id_prefix(name));
    return observed_by_name(world->observed, KIND_ENVIRONMENT, name);
}

static const cJSON *fact_json(const struct observed_item *item, const char *row)
{
    const struct value *v = item && item->object ? object_value(item->object, row) : NULL;

    return v && v->state == V_SET ? v->json : NULL;
}

/* May the repository be meant where the manifest names none? It fits when it
 * belongs to a connector that the manifests put on this engine. */
static bool repository_fits(const struct world *world, const char *engine, const cJSON *repository)
{
    const char *toolkit = json_text(repository, "toolkit_id");

    for (size_t i = 0; i < world->set->n; i++) {
        const struct wanted *w = &world->set->items[i];
        if (w->object->kind->flags & KIND_PER_ENGINE && streq(toolkit, wanted_id(world, w)) &&
            streq(engine, resolve_engine(world, w)))
            return true;
    }
    return false;
}

/* Do the manifests put any connector on the engine? Only what one brings is chosen
 * where the manifest names no repository. */
static bool connector_declared(const struct world *world, const char *engine)
{
    for (size_t i = 0; i < world->set->n; i++) {
        const struct wanted *w = &world->set->items[i];
        if (w->object->kind->flags & KIND_PER_ENGINE && streq(engine, resolve_engine(world, w)))
            return true;
    }
    return false;
}

static void list_names(const cJSON *list, const char *member, struct buf *out)
{
    const cJSON *each;
    const char *comma = "";

    cJSON_ArrayForEach(each, list) {
        const char *name = json_text(each, member);
        if (name)
            buf_printf(out, "%s`%s`", comma, name);
        comma = ", ";
    }
}

static void choose_repository(const struct world *world, const struct wanted *w, const cJSON *list,
                              struct resolved *r)
{
    const cJSON *each, *only = NULL;
    bool several = false;

    cJSON_ArrayForEach(each, list) {
        if (!repository_fits(world, resolve_engine(world, w), each))
            continue;
        several = several || only;
        only = each;
    }
    if (only && !several) {
        found(r, json_text(only, "id"));
        return;
    }
    bool declared = connector_declared(world, resolve_engine(world, w));
    r->how = RESOLVE_MISSING;
    if (several || !declared)
        r->target = NULL; /* whatever else is discovered, none could be chosen */
    buf_printf(&r->why,
               "%s repository of a declared connector on the environment; %sname one as "
               "`repository`",
               several ? "there is more than one" : "there is no discovered",
               declared ? "" : "declare the connector for its engine, or ");
    if (list && cJSON_GetArraySize(list)) {
        buf_puts(&r->why, " (discovered: ");
        list_names(list, "name", &r->why);
        buf_puts(&r->why, ")");
    }
}

/* The lists that an environment itself carries. */
static const struct member_list {
    const char *row, *name, *id;
} repositories = { "status.repositories", "name", "id" },
  users = { "status.users", "username", "user_ref" };

static const struct member_list *members_of(const struct field *f)
{
    return f->ref->target == REF_REPOSITORY ? &repositories : &users;
}

/* A repository or user in the lists that the environment itself carries. */
static void resolve_in_environment(const struct world *world, const struct wanted *w,
                                   const struct field *f, const char *name, struct resolved *r)
{
    const struct member_list *m = members_of(f);
    struct observed_item *env = environment_of(world, w, f->ref->via, r);
    const cJSON *list = fact_json(env, m->row), *each;

    if (!env) {
        later(r, r->target);
        return;
    }
    if (!name) {
        choose_repository(world, w, list, r);
        return;
    }
    cJSON_ArrayForEach(each, list) {
        if (streq(json_text(each, m->name), name)) {
            found(r, json_text(each, m->id));
            return;
        }
    }
    r->how = RESOLVE_MISSING;
    buf_printf(&r->why, "environment %s has no %s `%s`", env->name,
               m == &repositories ? "repository" : "user", name);
    if (list && cJSON_GetArraySize(list)) {
        buf_puts(&r->why, " (it has ");
        list_names(list, m->name, &r->why);
        buf_puts(&r->why, ")");
    }
}

static const char *own_engine_name(const struct world *world, const struct wanted *w,
                                   struct resolved *r)
{
    r->target = w->engine ? set_named(world->set, KIND_ENGINE, w->engine, NULL) : NULL;
    return resolve_engine(world, w);
}

void resolve_row(const struct world *world, const struct wanted *w, size_t row,
                 struct resolved *out)
{
    const struct field *f = &w->object->kind->table.rows[row];
    const struct value *v = &w->object->values[row];
    const char *name = v->state == V_SET ? v->s : NULL;

    *out = (struct resolved){ .why = BUF_WITH_LIMIT(WHY_MAX) };
    if (name && id_prefix(name)) {
        found(out, id_prefix(name));
        return;
    }
    if (!name && f->ref->target == REF_KIND) {
        const char *engine = own_engine_name(world, w, out);
        if (engine)
            found(out, engine);
        else
            later(out, out->target);
        return;
    }
    switch (f->ref->target) {
    case REF_KIND:
        resolve_kind(world, w, f, name, out);
        break;
    case REF_GROUP:
        resolve_extra(&world->observed->groups, resolve_engine(world, w), f, name, out);
        break;
    case REF_POLICY:
        resolve_extra(&world->observed->policies, resolve_engine(world, w), f, name, out);
        break;
    case REF_REPOSITORY:
    case REF_ENV_USER:
        resolve_in_environment(world, w, f, name, out);
        break;
    case REF_SNAPSHOT:
    case REF_BOOKMARK:
        later(out, NULL);
        break;
    }
}

void resolved_clear(struct resolved *r)
{
    buf_clear(&r->why);
}

const char *resolve_environment(const struct world *world, const struct wanted *w)
{
    struct table t = w->object->kind->table;

    for (size_t i = 0; i < t.n; i++) {
        if (t.rows[i].type != F_REF || t.rows[i].ref->target != REF_KIND ||
            t.rows[i].ref->kind != KIND_ENVIRONMENT || w->object->values[i].state != V_SET)
            continue;
        struct resolved r;
        resolve_row(world, w, i, &r);
        resolved_clear(&r);
        return r.how == RESOLVED ? r.id : NULL;
    }
    return NULL;
}

static const char *extra_name(const struct observed_extras *x, const char *id)
{
    for (size_t i = 0; i < x->n; i++) {
        if (streq(x->items[i].id, id))
            return x->items[i].name;
    }
    return id;
}

/* Something of that id, of the kind that is meant or of any other. */
static const char *item_name(const struct world *world, enum kind meant, const char *id)
{
    const struct observed_item *item = observed_by_id(world->observed, meant, id);

    for (enum kind k = 0; !item && k < KINDS; k++)
        item = observed_by_id(world->observed, k, id);
    return item ? item->name : id;
}

/* What an environment of the engine calls its user or repository. */
static const char *member_name(const struct world *world, const struct member_list *m,
                               const char *engine, const char *id)
{
    const struct observed_list *l = &world->observed->kinds[KIND_ENVIRONMENT];

    for (size_t i = 0; i < l->n; i++) {
        const cJSON *each;
        if (engine && l->items[i]->engine && !streq(engine, l->items[i]->engine))
            continue;
        const cJSON *members = fact_json(l->items[i], m->row);
        cJSON_ArrayForEach(each, members) {
            if (streq(json_text(each, m->id), id) && json_text(each, m->name))
                return json_text(each, m->name);
        }
    }
    return id;
}

const char *display_id(const struct world *world, const struct field *f, const char *engine,
                       const char *id)
{
    if (f->ref->target == REF_KIND)
        return item_name(world, f->ref->kind, id);
    if (f->ref->target == REF_REPOSITORY || f->ref->target == REF_ENV_USER)
        return member_name(world, members_of(f), engine, id);
    if (f->ref->target == REF_GROUP)
        return extra_name(&world->observed->groups, id);
    if (f->ref->target == REF_POLICY)
        return extra_name(&world->observed->policies, id);
    return id;
}
