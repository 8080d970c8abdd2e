/* What is said about manifests, byte for byte: every findings/NAME.yaml is
 * validated as a set of its own, and what comes of it must be NAME.txt.
 * With --write the expectations are written anew. */
#include "schema/set.h"

#include <dirent.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define FOLDER "tests/golden/findings"

enum { GOLDEN_MAX = 1 << 20 };

static bool writing;

static char *slurp(const char *path, size_t *n)
{
    struct buf text = BUF_WITH_LIMIT(GOLDEN_MAX);
    FILE *f = fopen(path, "rb");
    char chunk[4096];

    if (!f)
        return NULL;
    for (size_t got; (got = fread(chunk, 1, sizeof(chunk), f)) > 0;)
        buf_add(&text, chunk, got);
    (void)fclose(f);
    *n = text.n;
    return buf_take(&text);
}

static void spill(const char *path, const char *text)
{
    FILE *f = fopen(path, "wb");

    assert_non_null(f);
    assert_true(fputs(text, f) >= 0);
    assert_int_equal(fclose(f), 0);
}

/* The findings, then what is left to be done, as people would see both. */
static char *validate(const char *name, const char *text, size_t n)
{
    struct buf out = BUF_WITH_LIMIT(GOLDEN_MAX);
    OWNED(unit) u = unit_parse(name, text, n);
    OWNED(set) s = set_build(&u, 1);

    diags_print(&s->diags, &out);
    buf_printf(&out, "\n%zu errors, %s\n", s->diags.errors,
               s->complete ? "complete" : "not complete");
    for (size_t i = 0; i < s->n; i++)
        buf_printf(&out, "%s on %s\n", s->items[i].key,
                   s->items[i].engine ? s->items[i].engine : "(unknown)");
    for (size_t i = 0; i < s->left_out.n; i++)
        buf_printf(&out, "without %s\n", s->left_out.items[i]);
    return buf_take(&out);
}

static void one_file(void **state)
{
    const char *name = *state;
    size_t n = 0, expected_n = 0;
    char *path = xasprintf(FOLDER "/%s", name);
    char *expected_path = xasprintf("%.*s.txt", (int)(strlen(path) - strlen(".yaml")), path);
    char *text = slurp(path, &n);

    assert_non_null(text);
    char *said = validate(name, text, n);
    if (writing)
        spill(expected_path, said);
    char *expected = slurp(expected_path, &expected_n);
    assert_non_null(expected);
    assert_string_equal(said, expected);
    free(expected);
    free(said);
    free(text);
    free(expected_path);
    free(path);
}

static int is_manifest(const struct dirent *entry)
{
    const char *dot = strrchr(entry->d_name, '.');

    return dot && streq(dot, ".yaml");
}

int main(int argc, char **argv)
{
    writing = argc == 2 && streq(argv[1], "--write");

    struct dirent **files = NULL;
    int n = scandir(FOLDER, &files, is_manifest, alphasort);

    if (n <= 0) {
        (void)fprintf(stderr, "run me at the top of the tree: there is no " FOLDER "\n");
        return 1;
    }
    struct CMUnitTest *tests = xcalloc((size_t)n, sizeof(*tests));
    for (int i = 0; i < n; i++)
        tests[i] = (struct CMUnitTest){ files[i]->d_name, one_file, NULL, NULL, files[i]->d_name };
    int failed = _cmocka_run_group_tests("findings", tests, (size_t)n, NULL, NULL);
    for (int i = 0; i < n; i++)
        free(files[i]);
    free(files);
    free(tests);
    return failed;
}
