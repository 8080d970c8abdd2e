/* The first stages of an attempt: what the remote has, its objects, which
 * commit that is, and whether history was rewritten since the one in force. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/git_try_parts.h"

#define NEXT "refs/dctd/next" /* what was fetched last */

static void begin_ask(struct git_try *t)
{
    const char *ref = t->o.setting->ref;
    bool whole = streq(ref, "HEAD") || starts_with(ref, "refs/");

    try_arg(t, "--git-dir=/nowhere"); /* ours may be damaged, and is not needed for this */
    try_arg(t, "ls-remote");
    try_arg(t, "--quiet");
    try_arg(t, "--");
    try_arg(t, t->o.setting->url);
    for (size_t i = 0; i < (whole ? 1 : 2); i++) {
        char *name = xasprintf("%s%s", whole ? "" : i ? "refs/tags/" : "refs/heads/", ref);
        try_arg(t, name);
        free(name);
    }
    try_start(t, (struct try_needs){ .network = true });
}

/* The object that one line of ls-remote names, if it is the reference in full. */
static bool take_tip(struct git_try *t, const char *name)
{
    const char *line = buf_text(&t->out);

    while (line && *line) {
        size_t n = strcspn(line, "\n"), id = strcspn(line, "\t");
        bool there = id < GIT_ID_TEXT && id + 1 + strlen(name) == n &&
                     strncmp(line + id + 1, name, n - id - 1) == 0;
        if (there) {
            memcpy(t->tip, line, id);
            t->tip[id] = '\0';
            t->name = xstrdup(name);
            return git_is_commit_id(t->tip);
        }
        line += n + (line[n] == '\n');
    }
    return false;
}

static bool find_tip(struct git_try *t)
{
    const char *ref = t->o.setting->ref;
    char *branch = xasprintf("refs/heads/%s", ref), *tag = xasprintf("refs/tags/%s", ref);
    bool whole = streq(ref, "HEAD") || starts_with(ref, "refs/");
    bool found = whole ? take_tip(t, ref) : take_tip(t, branch) || take_tip(t, tag);

    free(branch);
    free(tag);
    return found;
}

static void end_ask(struct git_try *t, const struct git_outcome *o)
{
    if (!o->good) {
        try_fail(t, o);
        return;
    }
    t->reached = true;
    if (!find_tip(t)) {
        char *text = xasprintf("the remote has no branch or tag %s", t->o.setting->ref);
        try_finish(t, GIT_FAILED, text);
        free(text);
    } else if (streq(t->tip, t->o.tip)) {
        try_finish(t, GIT_SAME, NULL);
    } else {
        try_enter(t, INIT);
    }
}

/* A commit id needs no asking: it cannot mean anything else tomorrow. */
void try_skip_ask(struct git_try *t)
{
    const char *id = t->o.setting->ref;

    memcpy(t->tip, id, strlen(id) + 1);
    t->name = xstrdup(id);
    if (streq(id, t->o.tip))
        try_finish(t, GIT_SAME, NULL);
    else
        try_enter(t, INIT);
}

static bool is_repository(const char *path)
{
    struct stat st;
    char *head = xasprintf("%s/HEAD", path);
    bool there = stat(head, &st) == 0;

    free(head);
    return there;
}

static void begin_init(struct git_try *t)
{
    if (is_repository(t->o.repository)) {
        git_store_mend(t->o.repository);
        try_enter(t, FETCH);
        return;
    }
    try_arg(t, "init");
    try_arg(t, "--quiet");
    try_arg(t, "--bare");
    try_arg(t, "--template=");
    try_arg(t, strlen(t->tip) == 64 ? "--object-format=sha256" : "--object-format=sha1");
    try_arg(t, "--");
    try_arg(t, t->o.repository);
    try_start(t, (struct try_needs){ 0 });
}

static void end_init(struct git_try *t, const struct git_outcome *o)
{
    if (o->good)
        try_enter(t, FETCH);
    else
        try_fail(t, o);
}

void try_fetch(struct git_try *t, const char *how, const char *url, const char *what)
{
    try_git(t, "fetch");
    try_arg(t, "--quiet");
    try_arg(t, "--no-tags");
    try_arg(t, "--force");
    try_arg(t, "--no-recurse-submodules");
    try_arg(t, "--no-write-fetch-head");
    try_arg(t, "--update-shallow");
    try_arg(t, how);
    try_arg(t, "--");
    try_arg(t, url);
    try_arg(t, what);
    try_start(t, (struct try_needs){ .network = true });
}

static void begin_fetch(struct git_try *t)
{
    char *how = xasprintf("--depth=%u", t->o.setting->depth);
    char *what = xasprintf("+%s:" NEXT, t->name);

    try_fetch(t, how, t->o.setting->url, what);
    free(how);
    free(what);
}

static void end_fetch(struct git_try *t, const struct git_outcome *o)
{
    if (o->good)
        try_enter(t, RESOLVE);
    else
        try_fail(t, o);
}

static void begin_resolve(struct git_try *t)
{
    try_git(t, "log");
    try_arg(t, "-1");
    try_arg(t, "--no-show-signature");
    try_arg(t, "--format=%H %ct");
    try_arg(t, "--end-of-options");
    try_arg(t, t->o.only ? t->o.only : NEXT);
    try_arg(t, "--");
    try_start(t, (struct try_needs){ 0 });
}

static bool take_commit(struct git_try *t)
{
    const char *line = buf_text(&t->out);
    size_t n = strcspn(line, " "), end = strcspn(line, "\n");
    char *date = n < end ? xstrndup(line + n + 1, end - n - 1) : xstrdup("");
    int64_t seconds = 0;
    bool good = n < GIT_ID_TEXT && parse_int64(date, &seconds);

    free(date);
    if (!good)
        return false;
    memcpy(t->commit, line, n);
    t->commit[n] = '\0';
    t->committed = seconds * 1000;
    return git_is_commit_id(t->commit);
}

static void end_resolve(struct git_try *t, const struct git_outcome *o)
{
    if (!o->good)
        try_fail(t, o);
    else if (!take_commit(t))
        try_finish(t, GIT_FAILED, "git names no commit for what was fetched");
    else if (streq(t->commit, t->o.commit))
        try_finish(t, GIT_SAME, NULL);
    else
        try_enter(t, t->o.commit ? COMPARE : IMPORT);
}

static void begin_compare(struct git_try *t)
{
    try_git(t, "merge-base");
    try_arg(t, "--is-ancestor");
    try_arg(t, t->o.commit);
    try_arg(t, t->commit);
    try_start(t, (struct try_needs){ 0 });
}

/* Not among the few commits that were fetched: it may be further back. */
static void end_compare(struct git_try *t, const struct git_outcome *o)
{
    try_enter(t, o->good ? IMPORT : DEEPEN);
}

static void begin_deepen(struct git_try *t)
{
    char *how = xasprintf("--shallow-since=@%" PRId64, t->o.committed / 1000);
    char *what = xasprintf("+%s:refs/dctd/past", t->name);

    try_fetch(t, how, t->o.setting->url, what);
    free(how);
    free(what);
}

/* A remote that has no commit as young as ours has gone back. */
static void end_deepen(struct git_try *t, const struct git_outcome *o)
{
    (void)o;
    try_enter(t, COMPARE_AGAIN);
}

static void end_compare_again(struct git_try *t, const struct git_outcome *o)
{
    t->rewritten = !o->good;
    try_enter(t, IMPORT);
}

const struct try_step git_fetch_steps[] = {
    [ASK] = { begin_ask, end_ask },
    [INIT] = { begin_init, end_init },
    [FETCH] = { begin_fetch, end_fetch },
    [RESOLVE] = { begin_resolve, end_resolve },
    [COMPARE] = { begin_compare, end_compare },
    [DEEPEN] = { begin_deepen, end_deepen },
    [COMPARE_AGAIN] = { begin_compare, end_compare_again },
};
