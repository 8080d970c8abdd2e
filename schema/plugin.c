/* Connector files: what makes one, and what identifies it. */
#include "schema/plugin.h"

#include <ctype.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "schema/json.h"

/* One check of an artifact in the making of findings about it. */
struct check {
    const cJSON *artifact;
    const char *file;
    struct pos at;
    struct diags *d;
};

bool build_number_valid(const char *s)
{
    bool all_zero = true;

    for (;;) {
        size_t n = strspn(s, "0123456789");
        if (n == 0)
            return false;
        all_zero = all_zero && strspn(s, "0") >= n;
        s += n;
        if (!*s)
            return !all_zero;
        if (*s++ != '.')
            return false;
    }
}

/* One part without leading zeros; beyond the end, the empty text is zero. */
struct part {
    const char *digits;
    size_t n;
};

static struct part next_part(const char **s)
{
    *s += strspn(*s, "0");
    struct part p = { *s, strspn(*s, "0123456789") };

    *s += p.n;
    *s += **s == '.';
    return p;
}

int build_number_compare(const char *a, const char *b)
{
    while (*a || *b) {
        struct part x = next_part(&a), y = next_part(&b);

        if (x.n != y.n)
            return x.n < y.n ? -1 : 1;
        int order = strncmp(x.digits, y.digits, x.n);
        if (order)
            return order;
    }
    return 0;
}

static bool is_uuid(const char *s)
{
    static const char shape[] = "xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx";

    if (strlen(s) != sizeof(shape) - 1)
        return false;
    for (size_t i = 0; s[i]; i++) {
        bool right = shape[i] == 'x' ? isxdigit((unsigned char)s[i]) : s[i] == '-';
        if (!right)
            return false;
    }
    return true;
}

/* The text, which must be there and not be empty. */
static const char *text_needed(const struct check *c, const char *member)
{
    const char *s = json_text(c->artifact, member);

    if (s && s[0])
        return s;
    diag_error(c->d, c->at, "connector file %s has no text `%s`", c->file, member);
    return NULL;
}

/* {type: APIVersion, major, minor, micro}: what the engine must speak. */
static void check_engine_api(const struct check *c)
{
    static const char *const parts[] = { "major", "minor", "micro" };
    const cJSON *api = json_at(c->artifact, "engineApi");
    bool right = streq(json_text(api, "type"), "APIVersion");

    for (size_t i = 0; i < ARRAY_LEN(parts) && right; i++) {
        const cJSON *n = json_at(api, parts[i]);
        right = cJSON_IsNumber(n) && n->valuedouble >= 0 &&
                !islessgreater(n->valuedouble, (double)n->valueint);
    }
    if (right)
        return;
    diag_error(c->d, c->at, "connector file %s has no valid `engineApi`", c->file);
    diag_hint(c->d, "it must be {\"type\": \"APIVersion\", \"major\": …, \"minor\": …, "
                    "\"micro\": …}; `dvp build` writes it");
}

static void check_host_types(const struct check *c)
{
    const cJSON *types = json_at(c->artifact, "hostTypes");
    bool right = cJSON_IsArray(types) && types->child;

    for (const cJSON *t = right ? types->child : NULL; t && right; t = t->next) {
        const char *s = cJSON_GetStringValue(t);
        right = streq(s, "UNIX") || streq(s, "WINDOWS");
    }
    if (!right)
        diag_error(c->d, c->at,
                   "connector file %s: `hostTypes` must be a list of \"UNIX\" or \"WINDOWS\"",
                   c->file);
}

/* The artifact that `dvp build` writes. */
static void check_plugin(const struct check *c)
{
    const char *id = text_needed(c, "pluginId");
    const char *build = text_needed(c, "buildNumber");

    if (id && !is_uuid(id))
        diag_error(c->d, c->at, "connector file %s: `pluginId` is no UUID", c->file);
    if (build && !build_number_valid(build)) {
        diag_error(c->d, c->at, "connector file %s: `buildNumber` is no build number", c->file);
        diag_hint(c->d, "it is numbers separated by dots, at least one of them above zero");
    }
    check_engine_api(c);
}

static void check_lines(const struct check *c, const char *text, size_t at)
{
    unsigned line = 1, col = 1;

    for (size_t i = 0; i < at; i++) {
        bool end = text[i] == '\n';
        line += end;
        col = end ? 1 : col + 1;
    }
    diag_error(c->d, c->at, "connector file %s is no JSON near line %u, column %u", c->file, line,
               col);
}

static void check_artifact(const struct check *c)
{
    const char *type = json_text(c->artifact, "type");

    if (!streq(type, "Plugin") && !streq(type, "Toolkit")) {
        diag_error(c->d, c->at, "%s is no connector file", c->file);
        diag_hint(c->d, "its `type` must be \"Plugin\" (or \"Toolkit\", for those in Lua)");
        return;
    }
    (void)text_needed(c, "name");
    check_host_types(c);
    if (streq(type, "Plugin"))
        check_plugin(c);
    else
        (void)text_needed(c, "version");
}

static void set_text(struct object *o, const char *row, const char *s)
{
    struct value *v = &o->values[kind_row(o->kind, row)];

    value_clear(v, F_STRING);
    if (s && s[0])
        *v = (struct value){ .state = V_SET, .s = xstrdup(s) };
}

/* Those that the rows of any kind ask for, and that say something. */
static void keep_schemas(struct object *o, const cJSON *artifact)
{
    cJSON_Delete(o->schemas);
    o->schemas = cJSON_CreateObject();
    for (enum kind k = 0; k < KINDS; k++) {
        const struct table t = kind_desc(k)->table;
        for (size_t i = 0; i < t.n; i++) {
            const char *path = t.rows[i].schema;
            const cJSON *schema = path ? json_at(artifact, path) : NULL;
            if (schema && cJSON_IsObject(schema) && schema->child &&
                !cJSON_GetObjectItemCaseSensitive(o->schemas, path))
                cJSON_AddItemToObject(o->schemas, path, cJSON_Duplicate(schema, true));
        }
    }
}

bool plugin_attach(struct object *o, const char *text, size_t n, struct diags *d)
{
    const struct value *file = object_value(o, "file");
    struct check c = { .file = file->s ? file->s : "", .at = file->pos, .d = d };

    if (n > PLUGIN_MAX) {
        diag_error(d, c.at, "connector file %s is larger than %d MiB", c.file, PLUGIN_MAX >> 20);
        return false;
    }

    size_t error_at, before = d->errors;
    cJSON *artifact = json_parse(text, n, &error_at);
    if (!artifact) {
        check_lines(&c, text, error_at);
        return false;
    }
    c.artifact = artifact;
    check_artifact(&c);
    if (d->errors == before) {
        const char *version = json_text(artifact, "externalVersion");
        keep_schemas(o, artifact);
        set_text(o, "plugin.id", json_text(artifact, "pluginId"));
        set_text(o, "plugin.name", json_text(artifact, "name"));
        set_text(o, "plugin.buildNumber", json_text(artifact, "buildNumber"));
        set_text(o, "plugin.version", version ? version : json_text(artifact, "version"));
    }
    cJSON_Delete(artifact);
    return d->errors == before;
}
