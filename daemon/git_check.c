/* The last stages of an attempt: is the commit signed by somebody who may, may
 * its files be written, and their writing. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/git_try_parts.h"

static bool list_output(void *ctx, const char *data, size_t n)
{
    struct git_try *t = ctx;

    return git_list_feed(&t->list, data, n);
}

static bool write_output(void *ctx, const char *data, size_t n)
{
    struct git_try *t = ctx;

    return git_writer_feed(t->writer, data, n);
}

static void begin_import(struct git_try *t)
{
    char *home = xasprintf("%s/gnupg", t->o.folder);

    if (!t->o.setting->keyring) {
        free(home);
        try_enter(t, VERIFY);
        return;
    }
    git_store_remove(t->o.folder, "gnupg");
    (void)mkdir(home, S_IRWXU);
    free(home);
    try_arg(t, "--batch");
    try_arg(t, "--quiet");
    try_arg(t, "--no-tty");
    try_arg(t, "--no-autostart");
    try_arg(t, "--import");
    try_arg(t, "--");
    try_arg(t, t->o.setting->keyring);
    try_start(t, (struct try_needs){ .program = "gpg" });
}

static void end_import(struct git_try *t, const struct git_outcome *o)
{
    if (o->good)
        try_enter(t, VERIFY);
    else
        try_fail(t, o);
}

static void begin_verify(struct git_try *t)
{
    if (!t->o.setting->keyring && !t->o.setting->signers) {
        try_enter(t, LIST);
        return;
    }
    try_git(t, "verify-commit");
    try_arg(t, t->commit);
    try_start(t, (struct try_needs){ 0 });
}

static void end_verify(struct git_try *t, const struct git_outcome *o)
{
    if (o->missing || o->late) {
        try_fail(t, o);
    } else if (o->good) {
        t->signer = xstrdup(o->said);
        try_enter(t, LIST);
    } else if (!o->said[0]) {
        try_refuse(t, "it is not signed");
    } else {
        char *why = xasprintf("its signature is not one of those allowed: %s%s", o->said,
                              try_advice(o->said));
        try_refuse(t, why);
        free(why);
    }
}

static void list(struct git_try *t, const char *commit)
{
    try_git(t, "ls-tree");
    try_arg(t, "-z");
    try_arg(t, "-l");
    try_arg(t, "-r");
    try_arg(t, "-t");
    try_arg(t, "--full-tree");
    try_arg(t, commit);
    try_start(t, (struct try_needs){ .output = list_output });
}

static void begin_list(struct git_try *t)
{
    git_list_init(&t->list, t->o.setting->max_size, t->o.setting->max_files);
    list(t, t->commit);
}

/* True where the list is whole and everything in it may be written. */
static bool list_taken(struct git_try *t, const struct git_outcome *o)
{
    if (!t->list.problem && !o->good)
        try_fail(t, o);
    else if (!git_list_end(&t->list))
        try_refuse(t, t->list.problem);
    else
        return true;
    return false;
}

static void end_list(struct git_try *t, const struct git_outcome *o)
{
    if (list_taken(t, o))
        try_enter(t, MODULES);
}

static void note(struct git_try *t, char *taken)
{
    if (t->note)
        free(taken);
    else
        t->note = taken;
}

static void begin_modules(struct git_try *t)
{
    const struct git_entry *first = git_modules_first(&t->list);
    char *what;

    if (!first) {
        try_enter(t, WRITE);
        return;
    }
    if (!t->o.setting->submodules) {
        note(t,
             xasprintf("%s is a submodule and left empty (manifests.git.submodules)", first->path));
        try_enter(t, WRITE);
        return;
    }
    what = xasprintf("--blob=%s:.gitmodules", t->commit);
    try_git(t, "config");
    try_arg(t, what);
    try_arg(t, "-z");
    try_arg(t, "--get-regexp");
    try_arg(t, "^submodule\\..*\\.(path|url)$");
    try_start(t, (struct try_needs){ 0 });
    free(what);
}

static void next_module(struct git_try *t)
{
    if (git_modules_next(t->modules))
        try_enter(t, t->o.only ? MODULE_LIST : MODULE_FETCH);
    else
        try_enter(t, WRITE);
}

static void end_modules(struct git_try *t, const struct git_outcome *o)
{
    char *problem = NULL;

    if (!o->good && o->said[0]) {
        try_fail(t, o);
        return;
    }
    t->modules = git_modules_new(&t->list, t->o.setting, t->out.data, t->out.n, &problem);
    if (t->modules) {
        next_module(t);
    } else {
        try_refuse(t, problem);
        free(problem);
    }
}

static void begin_module_fetch(struct git_try *t)
{
    char *what = xasprintf("+%s:refs/dctd/module", git_modules_commit(t->modules));

    try_fetch(t, "--depth=1", git_modules_url(t->modules), what);
    free(what);
}

static void end_module_fetch(struct git_try *t, const struct git_outcome *o)
{
    if (o->good)
        try_enter(t, MODULE_LIST);
    else
        try_fail(t, o);
}

static void begin_module_list(struct git_try *t)
{
    free(t->list.prefix);
    t->list.prefix = xasprintf("%s/", git_modules_path(t->modules));
    list(t, git_modules_commit(t->modules));
}

static void end_module_list(struct git_try *t, const struct git_outcome *o)
{
    if (list_taken(t, o))
        next_module(t);
}

static void begin_write(struct git_try *t)
{
    char *error = NULL;

    t->tree = git_store_new_tree(t->o.folder, t->commit, &error);
    t->writer = t->tree ? git_writer_new(t->tree, &t->list, &error) : NULL;
    if (!t->writer) {
        try_finish(t, GIT_FAILED, error);
        free(error);
        return;
    }
    try_git(t, "cat-file");
    try_arg(t, "--batch");
    try_arg(t, "--buffer");
    try_start(t,
              (struct try_needs){ .output = write_output, .input = git_writer_wants(t->writer) });
}

static void end_write(struct git_try *t, const struct git_outcome *o)
{
    bool good = (o->good || git_writer_wants(t->writer)->n == 0) && git_writer_end(t->writer);
    bool refused;
    const char *problem = git_writer_problem(t->writer, &refused);
    const char *pointer = git_writer_pointer(t->writer);

    if (pointer)
        note(t, xasprintf("%s is a pointer to a file of Git LFS, which is not fetched", pointer));
    if (good)
        try_finish(t, GIT_NEW, NULL);
    else if (!problem)
        try_fail(t, o);
    else if (refused)
        try_refuse(t, problem);
    else
        try_finish(t, GIT_FAILED, problem);
}

const struct try_step git_check_steps[] = {
    [IMPORT] = { begin_import, end_import },
    [VERIFY] = { begin_verify, end_verify },
    [LIST] = { begin_list, end_list },
    [MODULES] = { begin_modules, end_modules },
    [MODULE_FETCH] = { begin_module_fetch, end_module_fetch },
    [MODULE_LIST] = { begin_module_list, end_module_list },
    [WRITE] = { begin_write, end_write },
};
