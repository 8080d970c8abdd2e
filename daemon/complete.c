#include "daemon/complete.h"

#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "daemon/client.h"
#include "daemon/commands.h"
#include "daemon/loader.h"
#include "daemon/view.h"
#include "schema/read.h"

enum { PATIENCE = 1000 };

/* What the words before the last one say. */
struct said {
    struct client_options dctd; /* whom to ask for names */
    const struct command *command;
    const struct known_option *open; /* its argument is the last word */
    const char *first;               /* argument of the command, NULL: none yet */
    size_t n;                        /* how many there are */
    bool no_more;                    /* behind "--" there are no options */
};

struct offer {
    const struct said *said;
    const char *head; /* stands before every candidate: "--output=" */
    const char *word; /* what candidates begin with */
    struct buf *out;
};

static void offer(const struct offer *o, const char *candidate, const char *what)
{
    if (!starts_with(candidate, o->word))
        return;
    buf_printf(o->out, "%s%s%s%s\n", o->head, candidate, what && *what ? "\t" : "",
               what ? what : "");
}

static const struct known_option *option_of(const char *word, size_t n)
{
    const struct known_option *o;

    for (size_t i = 0; (o = option_at(i)) != NULL; i++) {
        if (strlen(o->name) == n && strncmp(o->name, word, n) == 0)
            return o;
    }
    return NULL;
}

static const struct known_option *letter_of(char letter)
{
    const struct known_option *o;

    for (size_t i = 0; letter && (o = option_at(i)) != NULL; i++) {
        if (o->letter == letter)
            return o;
    }
    return NULL;
}

/* Where dctd is asked is said by options, too. */
static void note(struct said *s, const struct known_option *o, const char *value)
{
    const struct {
        const char *name, **value;
    } noted[] = { { "config", &s->dctd.config },
                  { "socket", &s->dctd.socket },
                  { "address", &s->dctd.address },
                  { "token-file", &s->dctd.token_file },
                  { "ca-file", &s->dctd.ca_file } };

    for (size_t i = 0; i < ARRAY_LEN(noted); i++) {
        if (streq(noted[i].name, o->name))
            *noted[i].value = value;
    }
}

static void read_option(struct said *s, const char *word)
{
    bool whole = starts_with(word, "--");
    size_t n = whole ? strcspn(word + 2, "=") : 0;
    const struct known_option *o = whole ? option_of(word + 2, n) : letter_of(word[1]);
    const char *value = whole ? word + 2 + n + (word[2 + n] == '=') : word + 2;
    bool here = whole ? word[2 + n] == '=' : word[1] && word[2];

    if (!o || !o->argument)
        return;
    if (here)
        note(s, o, value);
    else
        s->open = o;
}

static void read_word(struct said *s, const char *word)
{
    if (s->open) {
        note(s, s->open, word);
        s->open = NULL;
    } else if (!s->no_more && streq(word, "--")) {
        s->no_more = true;
    } else if (!s->no_more && *word == '-') {
        read_option(s, word);
    } else if (!s->command) {
        s->command = command_named(word);
    } else {
        s->first = s->n++ ? s->first : word;
    }
}

static void offer_commands(const struct offer *o)
{
    const struct command *c;

    for (size_t i = 0; (c = command_at(i)) != NULL; i++)
        offer(o, c->name, c->help);
}

static void offer_options(const struct offer *o)
{
    const struct known_option *k;

    for (size_t i = 0; (k = option_at(i)) != NULL; i++) {
        char *name = xasprintf("--%s", k->name);
        if (!o->said->command || k->commands & o->said->command->bit)
            offer(o, name, k->help);
        free(name);
    }
}

static void offer_words(const struct offer *o, const char *const *words, size_t n)
{
    for (size_t i = 0; i < n; i++)
        offer(o, words[i], NULL);
}

static void offer_forms(const struct offer *o)
{
    unsigned forms = o->said->command ? o->said->command->forms : 0;
    const char *name;

    for (size_t i = 0; (name = output_name(i)) != NULL; i++) {
        if (i == OUTPUT_TEXT || forms & 1U << i)
            offer(o, name, NULL);
    }
}

static void offer_kinds(const struct offer *o)
{
    for (unsigned i = 0; i < KINDS; i++)
        offer(o, kind_desc((enum kind)i)->arg, kind_desc((enum kind)i)->doc);
}

static void offer_fields(const struct offer *o)
{
    const char *dot = strchr(o->word, '.');
    char *word = xstrndup(o->word, strcspn(o->word, "."));
    const struct kind_desc *k = dot ? kind_by_name(word) : NULL;

    for (size_t i = 0; k && i < k->table.n; i++) {
        char *name = xasprintf("%s.%s", word, k->table.rows[i].yaml);
        if (row_readable(&k->table.rows[i]))
            offer(o, name, k->table.rows[i].doc);
        free(name);
    }
    free(word);
    if (dot)
        return;
    offer_kinds(o);
    offer(o, "policy", NULL);
}

/* An object, by its key: as KIND/NAME with the kind as the person spells it, or by its
 * name where its kind has been said. */
static void offer_key(const struct offer *o, const struct kind_desc *only, const char *key,
                      const char *what)
{
    size_t kind = strcspn(key, "/"), typed = strcspn(o->word, "/");
    char *name = xstrndup(key, kind);
    const struct kind_desc *k = kind_by_name(name);

    free(name);
    if (!k || !key[kind])
        return;
    if (only) {
        if (k == only)
            offer(o, key + kind + 1, what);
        return;
    }
    bool as_written = strncmp(k->name, o->word, typed) == 0;
    char *other = xasprintf("%s%s", k->arg, key + kind);
    offer(o, as_written ? key : other, what);
    free(other);
}

/* The running dctd knows best, and how they are; false where none answers. */
static bool offer_running(const struct offer *o, const struct kind_desc *only)
{
    const struct question q = { .method = "GET", .path = "/api/v1/graph", .limit = PATIENCE };
    char *error = NULL;
    cJSON *reply = NULL;
    const cJSON *n;
    OWNED(client) c = client_new(&o->said->dctd, &error);
    bool good = c && client_ask(c, &q, &reply, &error) == CLIENT_GOOD;

    cJSON_ArrayForEach(n, cJSON_GetObjectItemCaseSensitive(reply, "nodes"))
        offer_key(o, only, view_text(n, "key"), json_text(n, "state"));
    cJSON_Delete(reply);
    free(error);
    return good;
}

static void offer_manifests(const struct offer *o, const struct kind_desc *only)
{
    static const uint8_t no_key[] = "complete"; /* digests are compared with nothing */
    struct diags d = { 0 };
    OWNED(config) c = config_load(o->said->dctd.config, &d);

    diags_clear(&d);
    if (!c)
        return;
    OWNED(loader) l = loader_new(c->manifests, no_key, sizeof(no_key), NULL);
    OWNED(set) set = loader_load(l, NULL, 0);
    for (size_t i = 0; i < set->n; i++)
        offer_key(o, only, set->items[i].key, NULL);
}

static void offer_keys(const struct offer *o, const struct kind_desc *only)
{
    if (!offer_running(o, only))
        offer_manifests(o, only);
}

/* The first argument may be a kind, those behind it are names then. */
static void offer_objects(const struct offer *o, bool kinds)
{
    const char *first = o->said->first;
    const struct kind_desc *k = first ? cmd_kind_of(first) : NULL;

    if (first && (k || strchr(first, '/'))) {
        offer_keys(o, k);
        return;
    }
    size_t before = o->out->n;
    if (!first && kinds)
        offer_kinds(o);
    if (!first && o->out->n == before)
        offer_keys(o, NULL);
}

static void offer_argument(const struct offer *o, enum words words)
{
    static const char *const levels[] = { "error", "warning", "info", "debug" };
    static const char *const conditions[] = { "ready",   "synced",    "stalled",
                                              "drifted", "suspended", "deleted" };
    const struct command *c = o->said->command;

    switch (words) {
    case WORDS_PATHS:
        buf_puts(o->out, ":files\n");
        break;
    case WORDS_KINDS:
        if (!o->said->first)
            offer(o, "all", "every kind");
        offer_objects(o, true);
        break;
    case WORDS_TARGETS:
        offer_objects(o, true);
        break;
    case WORDS_KEY:
        if (!o->said->first || !strchr(o->said->first, '/'))
            offer_objects(o, false);
        break;
    case WORDS_FIELDS:
        offer_fields(o);
        break;
    case WORDS_FORM:
        offer_forms(o);
        break;
    case WORDS_LEVEL:
        offer_words(o, levels, ARRAY_LEN(levels));
        break;
    case WORDS_CONDITION:
        if (c && c->run == cmd_wait)
            offer_words(o, conditions, ARRAY_LEN(conditions));
        break;
    case WORDS_NONE:
    default:
        break;
    }
}

void complete(const char *config, const char *const *words, size_t n, struct buf *out)
{
    struct said s = { .dctd = { .config = config } };
    struct offer o = { .said = &s, .head = "", .word = n ? words[n - 1] : "", .out = out };

    for (size_t i = 0; i + 1 < n; i++)
        read_word(&s, words[i]);
    const char *equals = starts_with(o.word, "--") ? strchr(o.word, '=') : NULL;
    const struct known_option *k =
        equals ? option_of(o.word + 2, (size_t)(equals - o.word) - 2) : NULL;

    if (s.open) {
        offer_argument(&o, s.open->words);
    } else if (k && !s.no_more) {
        char *head = xstrndup(o.word, (size_t)(equals - o.word) + 1);
        o.head = head;
        o.word = equals + 1;
        offer_argument(&o, k->words);
        free(head);
    } else if (*o.word == '-' && !s.no_more) {
        offer_options(&o);
    } else if (!s.command) {
        offer_commands(&o);
    } else if (s.n < s.command->most) {
        offer_argument(&o, s.command->words);
    }
}
