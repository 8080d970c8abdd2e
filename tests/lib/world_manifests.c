/* Manifests as the loader would hand them over: with digests and the connector's
 * file. Where the world `remembers`, each document is a file of its own, and one
 * that says what it said before is not read again. */
#include <setjmp.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "schema/map.h"
#include "schema/plugin.h"
#include "tests/lib/estate.h"
#include "tests/lib/world_parts.h"

enum { FILES_MAX = 256, KEPT_MAX = 4096 };

static const char file[] = "test.yaml";

struct kept {
    char *key; /* the text, the connector's version, and which secrets */
    struct unit *unit;
};

/* What was read, in whichever world: the same text says the same. */
static struct {
    struct kept *items;
    size_t n, cap;
    struct map by_key;
} kept;

/* Good enough for tests: the same text, the same digest. */
static struct fingerprint digest(const struct buf *text)
{
    uint64_t h = hash_bytes(buf_text(text), text->n), twice[] = { h, ~h };
    struct fingerprint f = { .known = true };

    memcpy(f.bytes, twice, sizeof(f.bytes));
    return f;
}

static void digest_value(const struct test_world *w, const struct field *f, struct value *v)
{
    struct buf text = BUF_WITH_LIMIT(1 << 20);

    if (v->state == V_ABSENT || !f->yaml)
        return;
    buf_puts(&text, f->yaml);
    buf_char(&text, '=');
    value_canonical(f, v, &text);
    bool json = v->state == V_SET && type_is_json(f->type);
    if (w->secrets_turn && json && json_holds_secret(v->json))
        buf_puts(&text, w->secrets_turn);
    if (f->type == F_FILE && w->plugin_version)
        buf_puts(&text, w->plugin_version);
    v->digest = digest(&text);
    buf_clear(&text);
}

static void digest_values(const struct test_world *w, struct object *o)
{
    for (size_t i = 0; i < o->kind->table.n; i++) {
        digest_value(w, &o->kind->table.rows[i], &o->values[i]);
        if (o->made)
            digest_value(w, &o->kind->table.rows[i], &o->made[i]);
    }
}

static struct unit *read_file(const struct test_world *w, const char *text)
{
    struct unit *u = unit_parse(file, text, strlen(text));
    struct diags d = { 0 };

    for (size_t i = 0; i < u->n; i++) {
        if (u->objects[i]->kind->kind == KIND_CONNECTOR) {
            char *plugin = estate_connector(w->plugin_version);
            assert_true(plugin_attach(u->objects[i], plugin, strlen(plugin), &d));
            free(plugin);
        }
        digest_values(w, u->objects[i]);
    }
    return u;
}

static struct set *set_of(const struct test_world *w, struct unit *const *units, size_t n)
{
    struct set *set = set_build(units, n);
    struct buf findings = BUF_WITH_LIMIT(1 << 16);

    if (!set->complete && !w->findings_meant) {
        diags_print(&set->diags, &findings);
        fail_msg("%s", buf_text(&findings));
    }
    for (size_t i = 0; i < set->n; i++) {
        struct object *o = set->items[i].object;
        if (o->kind->flags & KIND_PER_ENGINE) /* made from the file's, one for each engine */
            digest_values(w, o);
    }
    return set;
}

void test_world_forget_units(void)
{
    for (size_t i = 0; i < kept.n; i++) {
        free(kept.items[i].key);
        unit_free(kept.items[i].unit);
    }
    free(kept.items);
    map_clear(&kept.by_key);
    kept.items = NULL;
    kept.n = kept.cap = 0;
}

/* A reference. */
static struct unit *read_again(const struct test_world *w, const char *text)
{
    char *key = xasprintf("%s\n%s\n%s", text, w->plugin_version ? w->plugin_version : "",
                          w->secrets_turn ? w->secrets_turn : "");
    struct unit *u = map_get(&kept.by_key, key);

    if (u) {
        free(key);
        return unit_ref(u);
    }
    if (kept.n == KEPT_MAX)
        test_world_forget_units();
    u = read_file(w, text);
    kept.items = grow(kept.items, kept.n, &kept.cap, sizeof(*kept.items));
    kept.items[kept.n++] = (struct kept){ key, u };
    map_set(&kept.by_key, key, u);
    return unit_ref(u);
}

struct set *world_set(const struct test_world *w, const char *yaml)
{
    struct unit *units[FILES_MAX];
    size_t n = 0;

    if (!w->remembers || !*yaml)
        units[n++] = read_file(w, yaml);
    for (const char *at = n ? "" : yaml; *at && n < FILES_MAX;) {
        const char *next = n + 1 < FILES_MAX ? strstr(at, "\n---\n") : NULL;
        size_t length = next ? (size_t)(next + 1 - at) : strlen(at);
        char *text = xstrndup(at, length);
        units[n++] = read_again(w, text);
        free(text);
        at += length;
    }
    struct set *set = set_of(w, units, n);
    for (size_t i = 0; i < n; i++)
        unit_free(units[i]);
    return set;
}
