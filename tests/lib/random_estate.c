/* Rows of what manifests may say, and dice that choose among them. */
#include "tests/lib/random_estate.h"

#include <stdio.h>
#include <string.h>

enum { YAML_MAX = 1 << 17, WORD_MAX = 40 };

/* clang-format off */
const struct attribute random_attributes[] = {
    { "engine tags", KIND_ENGINE, IN_METADATA, 0, 4, "tags: {team: t#}", NULL },
    { "engine hostname", KIND_ENGINE, IN_SPEC, ALWAYS, 3, "hostname: e$-#.example.com", NULL },
    { "engine user", KIND_ENGINE, IN_SPEC, ALWAYS, 3, "username: admin#", NULL },
    { "engine password", KIND_ENGINE, IN_SPEC, ALWAYS, 3, "password: {credential: engine-$-#}", NULL },
    { "engine field", KIND_ENGINE, IN_SPEC, 0, 2, "insecureSsl: ?", NULL },
    { "connector tags", KIND_CONNECTOR, IN_METADATA, 0, 4, "tags: {team: t#}", NULL },
    { "environment tags", KIND_ENVIRONMENT, IN_METADATA, 0, 4, "tags: {team: [t#, all]}", NULL },
    { "environment hostname", KIND_ENVIRONMENT, IN_SPEC, ALWAYS, 4, "hostname: h$-#.example.com", NULL },
    { "environment SSH port", KIND_ENVIRONMENT, IN_SPEC, 0, 4, "sshPort: 22#", NULL },
    { "environment toolkit path", KIND_ENVIRONMENT, IN_SPEC, ALWAYS, 4, "toolkitPath: /opt/delphix-#", NULL },
    { "environment addresses", KIND_ENVIRONMENT, IN_SPEC, 0, 4, "nfsAddresses: [10.0.$.#]", NULL },
    { "environment user", KIND_ENVIRONMENT, IN_SPEC, ALWAYS | FIXED, 1, "username: postgres", NULL },
    { "environment password", KIND_ENVIRONMENT, IN_SPEC, ALWAYS, 4, "password: {credential: host-$-#}", NULL },
    { "environment field", KIND_ENVIRONMENT, IN_SPEC, 0, 4, "javaHome: /opt/java#", NULL },
    { "environment description", KIND_ENVIRONMENT, IN_SPEC, 0, 4, "description: text-#", NULL },
    { "environment repository", KIND_ENVIRONMENT, IN_SPEC, 0, 2,
      "repositories: [{name: Postgres vFiles (15.4), isStaging: ?}]", NULL },
    { "environment enabled", KIND_ENVIRONMENT, IN_SPEC, ALWAYS | FIXED, 1, "enabled: true", NULL },
    { "source config tags", KIND_SOURCE_CONFIG, IN_METADATA, 0, 4, "tags: {team: t#}", NULL },
    { "source config field", KIND_SOURCE_CONFIG, IN_SPEC, 0, 2, "linkingEnabled: true", NULL },
    { "source config parameters", KIND_SOURCE_CONFIG, IN_SPEC, 0, 4, "parameters: {note: n#}", NULL },
    { "dSource tags", KIND_DSOURCE, IN_METADATA, 0, 4, "tags: {team: t#}", NULL },
    { "dSource description", KIND_DSOURCE, IN_SPEC, 0, 4, "description: text-#", NULL },
    { "dSource snapshot policy", KIND_DSOURCE, IN_SPEC, 0, 2, "snapshotPolicy: ~", "nightly hourly" },
    { "dSource retention policy", KIND_DSOURCE, IN_SPEC, 0, 2, "retentionPolicy: ~", "30-days 7-days" },
    { "dSource hooks", KIND_DSOURCE, IN_SPEC, 0, 4,
      "hooks: {opsPreSync: [{name: h, command: 'echo-#'}]}", NULL },
    { "dSource field that is said once", KIND_DSOURCE, IN_SPEC, RARE | LEAF, 2, "logSyncEnabled: ?", NULL },
    { "dSource enabled", KIND_DSOURCE, IN_SPEC, LEAF, 2, "enabled: ?", NULL },
    { "dSource block", KIND_DSOURCE, IN_SPEC, ALWAYS | FIXED, 1, "postgresql:", NULL },
    { "dSource port", KIND_DSOURCE, IN_SPEC, ALWAYS, 4, "  port: %", NULL },
    { "dSource mount", KIND_DSOURCE, IN_SPEC, ALWAYS, 4, "  mountLocation: /mnt/$-#", NULL },
    { "dSource settings", KIND_DSOURCE, IN_SPEC, 0, 4, "  settings: {max_connections: '10#', log_statement: null}", NULL },
    { "dSource ingestion", KIND_DSOURCE, IN_SPEC, ALWAYS, 10, "  @", NULL },
    { "VDB tags", KIND_VDB, IN_METADATA, 0, 4, "tags: {team: [t#], site: x}", NULL },
    { "VDB description", KIND_VDB, IN_SPEC, 0, 4, "description: text-#", NULL },
    { "VDB snapshot policy", KIND_VDB, IN_SPEC, 0, 2, "snapshotPolicy: ~", "daily weekly" },
    { "VDB retention policy", KIND_VDB, IN_SPEC, 0, 2, "retentionPolicy: ~", "30-days 7-days" },
    { "VDB restart", KIND_VDB, IN_SPEC, 0, 2, "vdbRestart: ?", NULL },
    { "VDB cache priority", KIND_VDB, IN_SPEC, 0, 2, "cachePriority: ~", "NORMAL HIGH" },
    { "VDB hooks", KIND_VDB, IN_SPEC, 0, 4, "hooks: {configureClone: [{name: h, command: 'echo-#'}]}", NULL },
    { "VDB variables", KIND_VDB, IN_SPEC, 0, 4, "customEnvVars: {SITE: s#}", NULL },
    { "VDB field that is said once", KIND_VDB, IN_SPEC, RARE | LEAF, 4, "databaseName: db#", NULL },
    { "VDB enabled", KIND_VDB, IN_SPEC, LEAF, 2, "enabled: ?", NULL },
    { "VDB lock", KIND_VDB, IN_SPEC, RARE, 2, "locked: ?", NULL },
    { "VDB refresh", KIND_VDB, IN_SPEC, 0, 4, "refresh: {token: t#}", NULL },
    { "VDB block", KIND_VDB, IN_SPEC, ALWAYS | FIXED, 1, "postgresql:", NULL },
    { "VDB port", KIND_VDB, IN_SPEC, ALWAYS, 4, "  port: %", NULL },
    { "VDB mount", KIND_VDB, IN_SPEC, ALWAYS, 4, "  mountLocation: /mnt/$-#", NULL },
    { "VDB settings", KIND_VDB, IN_SPEC, 0, 4, "  settings: {work_mem: '#MB'}", NULL },
    { "policy mode", KINDS, IN_POLICY, RARE, 3, "mode: ~", "enforce warn observe" },
    { "policy adopt", KINDS, IN_POLICY, RARE, 3, "adopt: ~", "ifExists never mustExist" },
    { "policy deletion", KINDS, IN_POLICY, 0, 2, "deletion: ~", "delete orphan" },
    { "policy protect", KINDS, IN_POLICY, RARE, 2, "protect: ?", NULL },
    { "policy replace", KINDS, IN_POLICY, 0, 2, "replace: ~", "allow never" },
    { "policy ignore", KINDS, IN_POLICY, RARE, 4, "ignore: [&]", NULL },
    { "policy suspend", KINDS, IN_POLICY, RARE, 3, "suspend: {reason: because, until: '~'}",
      "1970-01-01T13:30:00Z 1970-01-01T16:00:00Z 1971-01-01T00:00:00Z" },
};

/* The five ways, the last two of them at one place with other values. */
static const char *const ways[] = {
    "initiatedBackup: {host: db#, port: 5432, username: u#, password: {credential: db-$-#}}",
    "externalBackup: {path: /backup/b#, walLogPath: /wal/w#}",
    "externalBackup: {path: /backup/b#, streaming: {host: db#, port: 5432, username: u, password: "
    "{credential: db-$-#}}}",
    "singleDatabase: {databaseName: d, host: db#, port: 5432, username: u, password: {credential: "
    "db-$-#}, dumpDir: /dump/d#, dumpJobs: #, restoreJobs: 2}",
    "stagingPush: {}",
};
/* clang-format on */

size_t random_attribute_count(void)
{
    return ARRAY_LEN(random_attributes);
}

size_t random_attribute(const char *name)
{
    size_t i = 0;

    while (!streq(random_attributes[i].name, name))
        i++;
    return i;
}

static void draw_values(struct thing *t, struct dice *d)
{
    for (size_t i = 0; i < ARRAY_LEN(random_attributes); i++) {
        const struct attribute *a = &random_attributes[i];
        bool its = a->kind == t->kind || a->kind == KINDS;
        bool wanted = a->flags & ALWAYS || (!(a->flags & RARE) && one_in(d, 4));
        if (!its || !wanted || (t->kind == KIND_ENGINE && streq(a->name, "policy deletion")))
            continue;
        t->values[i] = (unsigned char)(a->flags & LEAF ? 1 : 1 + roll(d, a->values));
    }
}

static struct thing *thing_new(struct random_estate *e, struct dice *d, enum kind kind)
{
    static const char *const words[KINDS] = { "engine", "connector", "host",
                                              "source", "dsource",   "vdb" };
    struct thing *t = &e->things[e->n];

    *t = (struct thing){ .kind = kind, .here = true, .home = NOTHING, .staging = NOTHING };
    t->parent = NOTHING;
    (void)snprintf(t->name, sizeof(t->name), "%s-%zu", words[kind], e->n);
    draw_values(t, d);
    t->barren = random_estate_pushed(t);
    e->n++;
    return t;
}

int random_thing(const struct random_estate *e, struct dice *d, unsigned kinds, bool here)
{
    size_t n = 0, which;

    for (size_t i = 0; i < e->n; i++)
        n += kinds >> e->things[i].kind & 1 && e->things[i].here == here;
    if (!n)
        return NOTHING;
    which = roll(d, n);
    for (size_t i = 0; i < e->n; i++) {
        if (kinds >> e->things[i].kind & 1 && e->things[i].here == here && which-- == 0)
            return (int)i;
    }
    return NOTHING;
}

/* An environment of the engine that has a manifest. */
static int host_on(const struct random_estate *e, struct dice *d, int engine)
{
    int found = NOTHING;
    size_t n = 0;

    for (size_t i = 0; i < e->n; i++) {
        const struct thing *t = &e->things[i];
        if (t->kind == KIND_ENVIRONMENT && t->here && !t->found && t->engine == engine &&
            roll(d, ++n) == 0)
            found = (int)i;
    }
    return found;
}

int random_estate_child(struct random_estate *e, struct dice *d, int parent, enum origin_of origin)
{
    int engine = origin == FROM_THING ? e->things[parent].engine : 0;
    int host = e->n < THINGS_MAX ? host_on(e, d, engine) : NOTHING;

    if (host == NOTHING)
        return NOTHING;
    struct thing *t = thing_new(e, d, KIND_VDB);
    t->engine = engine;
    t->home = host;
    t->parent = parent;
    t->origin = origin;
    return (int)(e->n - 1);
}

/* Others restore into it, and the first snapshot is empty. */
bool random_estate_pushed(const struct thing *t)
{
    unsigned way = t->values[random_attribute("dSource ingestion")];

    return way && (way - 1U) % ARRAY_LEN(ways) == 4;
}

/* DCT deletes nothing that others come from, so it must stay as it was made;
 * and it must be on, with data in its first snapshot. */
bool random_estate_fertile(const struct thing *t)
{
    bool off = t->values[random_attribute("dSource enabled")] == 2 ||
               t->values[random_attribute("VDB enabled")] == 2;
    bool made_anew = t->barren || t->values[random_attribute("VDB field that is said once")] ||
                     t->values[random_attribute("dSource field that is said once")];

    return !off && !made_anew && !t->found && t->here &&
           (t->kind == KIND_DSOURCE || t->kind == KIND_VDB);
}

static int parent_of(const struct random_estate *e, struct dice *d)
{
    int found = NOTHING;
    size_t n = 0;

    for (size_t i = 0; i < e->n; i++) {
        if (random_estate_fertile(&e->things[i]) && roll(d, ++n) == 0)
            found = (int)i;
    }
    return found;
}

static int add_dsource(struct random_estate *e, struct dice *d, int engine)
{
    int host = e->n + 2 < THINGS_MAX ? host_on(e, d, engine) : NOTHING;

    if (host == NOTHING)
        return NOTHING;
    struct thing *t = thing_new(e, d, KIND_SOURCE_CONFIG);
    t->engine = engine;
    t->home = host;
    t = thing_new(e, d, KIND_DSOURCE);
    t->engine = engine;
    t->home = (int)(e->n - 2);
    t->staging = host_on(e, d, engine);
    return (int)(e->n - 1);
}

static int add_connector(struct random_estate *e, struct dice *d)
{
    unsigned taken = 0, all = 0;

    for (size_t i = 0; i < e->n; i++) {
        const struct thing *t = &e->things[i];
        all |= t->kind == KIND_ENGINE && t->here ? 1U << i : 0;
        taken |= t->kind == KIND_CONNECTOR ? t->engines_ever : 0;
    }
    if (!(all & ~taken) || e->n >= THINGS_MAX)
        return NOTHING;
    struct thing *t = thing_new(e, d, KIND_CONNECTOR);
    t->engines = t->engines_ever = all & ~taken;
    t->engine = 0;
    return (int)(e->n - 1);
}

int random_estate_add(struct random_estate *e, struct dice *d, enum kind kind)
{
    int engine = random_thing(e, d, 1U << KIND_ENGINE, true), parent;

    if (e->n >= THINGS_MAX || (kind != KIND_ENGINE && engine == NOTHING))
        return NOTHING;
    switch (kind) {
    case KIND_ENGINE:
        if (e->n >= 32) /* a bit for each in a connector's list */
            return NOTHING;
        (void)thing_new(e, d, kind);
        e->things[e->n - 1].engine = (int)(e->n - 1);
        return (int)(e->n - 1);
    case KIND_CONNECTOR:
        return add_connector(e, d);
    case KIND_ENVIRONMENT:
        thing_new(e, d, kind)->engine = engine;
        return (int)(e->n - 1);
    case KIND_SOURCE_CONFIG:
    case KIND_DSOURCE:
        return add_dsource(e, d, engine);
    case KIND_VDB:
        parent = parent_of(e, d);
        return parent == NOTHING ? NOTHING : random_estate_child(e, d, parent, FROM_THING);
    case KINDS:
        break;
    }
    return NOTHING;
}

static void make_fertile(struct thing *dsource)
{
    dsource->values[random_attribute("dSource ingestion")] = 1;
    dsource->barren = false;
}

void random_estate_draw(struct random_estate *e, struct dice *d, size_t size, bool legacy)
{
    size_t engines = size > 1 ? 1 + roll(d, 3) : 1;

    *e = (struct random_estate){ .legacy = legacy, .version = 1, .newest = 1 };
    for (size_t i = 0; i < engines; i++)
        (void)random_estate_add(e, d, KIND_ENGINE);
    (void)random_estate_add(e, d, KIND_CONNECTOR);
    for (size_t i = 0; i < engines; i++) {
        thing_new(e, d, KIND_ENVIRONMENT)->engine = (int)i;
        if (size)
            thing_new(e, d, KIND_ENVIRONMENT)->engine = (int)i;
        if (add_dsource(e, d, (int)i) != NOTHING && i == 0) /* one that VDBs can be made from */
            make_fertile(&e->things[e->n - 1]);
    }
    for (size_t i = 0; i < 1 + 4 * size; i++)
        (void)random_estate_add(e, d, one_in(d, 5) ? KIND_DSOURCE : KIND_VDB);
}

bool random_thing_refers(const struct thing *t, int other)
{
    return t->engine == other || t->home == other || t->staging == other ||
           (t->kind == KIND_VDB && t->origin == FROM_THING && t->parent == other) ||
           (t->kind == KIND_CONNECTOR && other < 32 && t->engines >> other & 1);
}

bool random_estate_used(const struct random_estate *e, int thing)
{
    for (size_t i = 0; i < e->n; i++) {
        if ((int)i != thing && e->things[i].here && random_thing_refers(&e->things[i], thing))
            return true;
    }
    return false;
}

bool random_estate_parent(const struct random_estate *e, int thing)
{
    for (size_t i = 0; i < e->n; i++) {
        if (e->things[i].kind == KIND_VDB && e->things[i].origin == FROM_THING &&
            e->things[i].parent == thing)
            return true;
    }
    return false;
}

/* The nth of words parted by blanks. */
static void put_word(struct buf *b, const char *words, size_t n)
{
    for (; n > 1; n--)
        words = strchr(words, ' ') + 1;
    buf_add(b, words, strcspn(words, " "));
}

static void put_text(struct buf *b, const struct attribute *a, const char *text, size_t thing,
                     unsigned value)
{
    for (; *text; text++) {
        if (*text == '#')
            buf_printf(b, "%u", value);
        else if (*text == '$')
            buf_printf(b, "%zu", thing);
        else if (*text == '?')
            buf_puts(b, value == 1 ? "true" : "false");
        else if (*text == '%')
            buf_printf(b, "%zu", 5400 + thing * 8 + value);
        else if (*text == '~')
            put_word(b, a->words, value);
        else if (*text == '@')
            put_text(b, a, ways[(value - 1) % ARRAY_LEN(ways)], thing,
                     1 + (value - 1) / (unsigned)ARRAY_LEN(ways));
        else
            buf_add(b, text, 1);
    }
}

/* A part of what the thing says, tags where it says nothing of the kind. */
static void put_pointer(struct buf *b, const struct thing *t, unsigned value)
{
    static const struct {
        const char *attribute, *pointer;
    } parts[] = {
        { "environment repository", "/spec/repositories/Postgres vFiles (15.4)/isStaging" },
        { "source config parameters", "/spec/parameters/note" },
        { "dSource settings", "/spec/postgresql/settings/max_connections" },
        { "VDB settings", "/spec/postgresql/settings/work_mem" },
        { "VDB mount", "/spec/postgresql/mountLocation" },
    };
    const char *pointer = value == 1 ? "/metadata/tags" : "/metadata/tags/team";

    for (size_t i = 0; value > 2 && i < ARRAY_LEN(parts); i++) {
        if (t->values[random_attribute(parts[i].attribute)]) {
            pointer = parts[i].pointer;
            break;
        }
    }
    buf_puts(b, pointer);
}

static void put_section(struct buf *b, const struct random_estate *e, size_t i,
                        enum section section)
{
    for (size_t row = 0; row < ARRAY_LEN(random_attributes); row++) {
        const struct attribute *a = &random_attributes[row];
        unsigned value = e->things[i].values[row];
        if (!value || a->section != section)
            continue;
        const char *mark = strchr(a->text, '&'), *rest = mark ? mark + 1 : a->text;
        buf_puts(b, "  ");
        if (mark) {
            buf_add(b, a->text, (size_t)(mark - a->text));
            put_pointer(b, &e->things[i], value);
        }
        put_text(b, a, rest, i, value);
        buf_puts(b, "\n");
    }
}

static const char *name_of(const struct random_estate *e, int thing)
{
    return thing == NOTHING ? "legacy-host" : e->things[thing].name;
}

static void put_source(struct buf *b, const struct random_estate *e, const struct thing *t)
{
    if (t->origin == FROM_BOOKMARK)
        buf_puts(b, "  source: {bookmark: legacy-mark}\n");
    else if (t->origin == FROM_LEGACY)
        buf_puts(b, "  source: {dSource: legacy}\n");
    else
        buf_printf(b, "  source: {%s: %s}\n",
                   e->things[t->parent].kind == KIND_VDB ? "vdb" : "dSource",
                   e->things[t->parent].name);
}

/* References to others. */
static void put_references(struct buf *b, const struct random_estate *e, const struct thing *t)
{
    const char *comma = "";

    switch (t->kind) {
    case KIND_CONNECTOR:
        buf_puts(b, "  file: postgresql.json\n  engines: [");
        for (size_t i = 0; i < 32; i++) {
            if (!(t->engines >> i & 1) || !e->things[i].here)
                continue;
            buf_printf(b, "%s%s", comma, e->things[i].name);
            comma = ", ";
        }
        buf_puts(b, "]\n");
        break;
    case KIND_ENVIRONMENT:
        buf_printf(b, "  engine: %s\n", e->things[t->engine].name);
        break;
    case KIND_SOURCE_CONFIG:
        buf_printf(b, "  environment: %s\n", name_of(e, t->home));
        break;
    case KIND_DSOURCE:
        buf_printf(b,
                   "  sourceConfig: %s\n  group: Untitled\n  environmentUser: postgres\n"
                   "  stagingEnvironment: %s\n  stagingEnvironmentUser: postgres\n",
                   e->things[t->home].name, name_of(e, t->staging));
        break;
    case KIND_VDB:
        put_source(b, e, t);
        buf_printf(b, "  environment: %s\n  environmentUser: postgres\n  group: Untitled\n",
                   name_of(e, t->home));
        break;
    case KIND_ENGINE:
    case KINDS:
        break;
    }
}

static bool has_policy(const struct thing *t)
{
    for (size_t row = 0; row < ARRAY_LEN(random_attributes); row++) {
        if (random_attributes[row].section == IN_POLICY && t->values[row])
            return true;
    }
    return false;
}

static void put_thing(struct buf *b, const struct random_estate *e, size_t i)
{
    const struct thing *t = &e->things[i];

    buf_printf(b, "---\napiVersion: dct/v1\nkind: %s\nmetadata:\n  name: %s\n",
               kind_desc(t->kind)->name, t->name);
    if (*t->was)
        buf_printf(b, "  movedFrom: %s\n", t->was);
    put_section(b, e, i, IN_METADATA);
    buf_puts(b, "spec:\n");
    if (t->broken)
        buf_puts(b, "  sauce: much\n");
    put_references(b, e, t);
    put_section(b, e, i, IN_SPEC);
    if (has_policy(t))
        buf_puts(b, "policy:\n");
    put_section(b, e, i, IN_POLICY);
}

char *random_estate_yaml(const struct random_estate *e)
{
    struct buf b = BUF_WITH_LIMIT(YAML_MAX);

    for (size_t i = 0; i < e->n && !e->emptied; i++) {
        if (e->things[i].here)
            put_thing(&b, e, i);
    }
    if (e->garbage)
        buf_puts(&b, "---\nkind: Sauce\nmetadata: [1\n");
    return buf_take(&b);
}

char *random_legacy_yaml(const char *engine, bool own)
{
    static const char vdb[] = "---\napiVersion: dct/v1\nkind: VDB\nmetadata: {name: %s}\nspec:\n"
                              "  source: {dSource: legacy}\n  environment: legacy-host\n"
                              "  environmentUser: postgres\n  group: Untitled\n"
                              "  postgresql: {port: %d, mountLocation: /mnt/%s}\n";
    struct buf b = BUF_WITH_LIMIT(YAML_MAX);

    if (own)
        buf_printf(&b,
                   "---\napiVersion: dct/v1\nkind: Engine\nmetadata: {name: %s}\nspec: {hostname: "
                   "%s.example.com, username: admin, password: {credential: x}}\n---\n"
                   "apiVersion: dct/v1\nkind: Connector\nmetadata: {name: legacy}\n"
                   "spec: {file: postgresql.json, engines: [%s]}\n",
                   engine, engine, engine);
    buf_printf(&b,
               "---\napiVersion: dct/v1\nkind: Environment\nmetadata: {name: legacy-host}\n"
               "spec: {engine: %s, hostname: legacy.example.com, username: postgres,\n"
               "       toolkitPath: /opt/delphix, password: {credential: x}}\n"
               "---\napiVersion: dct/v1\nkind: Environment\nmetadata: {name: found-host}\n"
               "spec: {engine: %s, hostname: found.example.com, username: postgres,\n"
               "       toolkitPath: /opt/delphix, password: {credential: x}}\n"
               "---\napiVersion: dct/v1\nkind: SourceConfig\nmetadata: {name: legacy}\n"
               "spec: {environment: legacy-host, repository: Postgres vFiles (15.4)}\n"
               "---\napiVersion: dct/v1\nkind: DSource\nmetadata: {name: legacy}\nspec:\n"
               "  sourceConfig: legacy\n  group: Untitled\n  environmentUser: postgres\n"
               "  stagingEnvironment: legacy-host\n  stagingEnvironmentUser: postgres\n"
               "  postgresql: {port: 5001, mountLocation: /mnt/legacy, externalBackup: {path: /b,\n"
               "               walLogPath: /w}}\n",
               engine, engine);
    buf_printf(&b, vdb, "legacy-vdb", 5002, "legacy-vdb");
    buf_printf(&b, vdb, "found-vdb", 5003, "found-vdb");
    return buf_take(&b);
}
