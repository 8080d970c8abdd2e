/* contract: holds the product's tables, and the simulator's routes, against the
 * published contract.
 *
 *   contract [FOLDER]             every check; FOLDER (tests/spec) has the tables
 *   contract --members | --calls  prints a table, made of the document
 *
 * The OpenAPI document is the one that DCT_OPENAPI names. Without it, the tables
 * that were made of it stand in, and that is said loudly. Closes with
 * "N passed, N failed"; exits 1 where something disagrees, 2 where something
 * cannot be read. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tests/spec/checks.h"
#include "tests/spec/openapi.h"

enum { TEXT_MAX = 4 << 20, CANNOT = 2 };

typedef void print_table(const struct facts *, struct buf *);

static bool readable(char *error)
{
    if (error)
        fprintf(stderr, "%s\n", error);
    free(error);
    return !error;
}

static int show(const struct facts *f, print_table *print)
{
    struct buf text = BUF_WITH_LIMIT(TEXT_MAX);

    print(f, &text);
    fputs(buf_text(&text), stdout);
    buf_clear(&text);
    return EXIT_SUCCESS;
}

/* The tables that were committed must be what the document makes now. */
static void compare(struct report *r, const struct facts *document, const struct facts *tables,
                    print_table *print, const char *name)
{
    struct buf now = BUF_WITH_LIMIT(TEXT_MAX), then = BUF_WITH_LIMIT(TEXT_MAX);
    size_t before = r->lines.n;

    print(document, &now);
    print(tables, &then);
    if (!streq(buf_text(&now), buf_text(&then)))
        report_add(r, name, NULL, NULL, "differs from the document: `make contract-tables`");
    report_close(r, before);
    buf_clear(&now);
    buf_clear(&then);
}

static int conclude(const struct report *r)
{
    for (size_t i = 0; i < r->lines.n; i++)
        puts(r->lines.items[i]);
    printf("%zu rows, %zu members, %zu calls, %zu joins, %zu routes of dct-sim checked; "
           "%zu exclusions explain %zu differences\n",
           r->rows, r->members, r->calls, r->joins, r->routes, r->n_exclusions, r->excluded);
    printf("%zu passed, %zu failed\n", r->passed, r->failed);
    return r->failed ? EXIT_FAILURE : EXIT_SUCCESS;
}

static int check(const struct facts *document, const char *folder)
{
    struct facts tables = { 0 };
    struct report r;
    int status = CANNOT;

    report_init(&r, exclusions, n_exclusions);
    if (readable(facts_load(&tables, folder))) {
        if (document) {
            compare(&r, document, &tables, facts_print_members, "members.tsv");
            compare(&r, document, &tables, facts_print_calls, "calls.tsv");
        } else {
            fputs("WARNING: DCT_OPENAPI names no document: the comparison with the published\n"
                  "WARNING: contract itself is SKIPPED; the tables made of it stand in\n",
                  stderr);
        }
        check_everything(document ? document : &tables, &r);
        status = conclude(&r);
    }
    report_clear(&r);
    facts_clear(&tables);
    return status;
}

int main(int argc, char **argv)
{
    // NOLINTNEXTLINE(concurrency-mt-unsafe): there is one thread
    const char *path = getenv("DCT_OPENAPI"), *what = argc > 1 ? argv[1] : "tests/spec";
    struct facts document = { 0 };
    bool named = path && *path;
    int status = CANNOT;

    if (what[0] == '-' && !named)
        fputs("DCT_OPENAPI must name the document\n", stderr);
    else if (named && !readable(openapi_read(&document, path)))
        status = CANNOT;
    else if (streq(what, "--members"))
        status = show(&document, facts_print_members);
    else if (streq(what, "--calls"))
        status = show(&document, facts_print_calls);
    else
        status = check(named ? &document : NULL, what);
    facts_clear(&document);
    return status;
}
