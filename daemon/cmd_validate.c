/* `dctd validate`: are the manifests right in themselves? Does not ask DCT, reads
 * no secret but those that a Git server wants, and needs a configuration only to
 * learn where they are. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>

#include "daemon/cmd.h"
#include "daemon/git_now.h"
#include "daemon/loader.h"

/* Digests are compared with nothing here. */
static const uint8_t no_key[] = "validate";

static bool valid(const struct set *set)
{
    return set->diags.errors == 0 && set->complete;
}

static int print_text(const struct set *set)
{
    cmd_findings(&set->diags);
    if (!valid(set)) {
        cmd_complain("%zu finding%s; %zu objects in %zu files are valid", set->diags.errors,
                     set->diags.errors == 1 ? "" : "s", set->n, set->n_files);
        return EXIT_TROUBLE;
    }
    printf("%zu objects in %zu files are valid\n", set->n, set->n_files);
    return fflush(stdout) == 0 ? EXIT_GOOD : EXIT_TROUBLE;
}

static void add_text(cJSON *o, const char *name, const char *text)
{
    cJSON_AddItemToObject(o, name, text ? cJSON_CreateString(text) : cJSON_CreateNull());
}

/* Line and column are null where a finding has no place in its file. */
static void add_place(cJSON *o, const char *name, unsigned n)
{
    cJSON_AddItemToObject(o, name, n ? cJSON_CreateNumber(n) : cJSON_CreateNull());
}

static cJSON *finding(const struct diag *f)
{
    cJSON *o = cJSON_CreateObject();

    add_text(o, "file", f->at.file);
    add_place(o, "line", f->at.line);
    add_place(o, "column", f->at.line ? f->at.col : 0);
    add_text(o, "level", f->level == DIAG_ERROR ? "error" : "warning");
    add_text(o, "text", f->text);
    add_text(o, "hint", f->hint);
    return o;
}

static int print_json(const struct set *set)
{
    const struct diags *d = &set->diags;
    cJSON *root = cJSON_CreateObject();

    add_text(root, "format", "dctd-findings/1");
    cJSON *summary = cJSON_AddObjectToObject(root, "summary");
    cJSON_AddBoolToObject(summary, "valid", valid(set));
    cJSON_AddNumberToObject(summary, "objects", (double)set->n);
    cJSON_AddNumberToObject(summary, "files", (double)set->n_files);
    cJSON_AddNumberToObject(summary, "errors", (double)d->errors);
    cJSON_AddNumberToObject(summary, "warnings", (double)(d->all - d->errors));
    cJSON *findings = cJSON_AddArrayToObject(root, "findings");
    for (size_t i = 0; i < d->n; i++)
        cJSON_AddItemToArray(findings, finding(&d->items[i]));
    cJSON_AddNumberToObject(summary, "notShown", (double)(d->all - d->n));
    char *text = cJSON_Print(root);
    cJSON_Delete(root);
    bool printed = text && puts(text) >= 0 && fflush(stdout) == 0;
    cJSON_free(text);
    return printed && valid(set) ? EXIT_GOOD : EXIT_TROUBLE;
}

int cmd_validate(const struct invocation *in)
{
    OWNED(git_checkout) tree = NULL;
    OWNED(config) c = NULL;

    if (in->n_paths == 0) {
        c = cmd_config(in);
        if (!c || !cmd_fetch(in, c, &tree))
            return EXIT_TROUBLE;
    }

    OWNED(loader) l = loader_new(c ? c->manifests : ".", no_key, sizeof(no_key), NULL);
    OWNED(set) set = loader_load(l, in->paths, in->n_paths);
    return in->output == OUTPUT_JSON ? print_json(set) : print_text(set);
}
