/* Stages and their order:
 *
 *   ASK -> INIT -> FETCH -> RESOLVE -> (COMPARE -> DEEPEN -> COMPARE_AGAIN)
 *       -> (IMPORT) -> (VERIFY) -> LIST -> (MODULES -> MODULE_FETCH, MODULE_LIST) -> WRITE
 *
 * Those in brackets are passed over where they have nothing to do. A commit
 * that is only taken from the repository begins at RESOLVE. */
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>

#include "daemon/git_try_parts.h"

enum { OUT_MAX = 1 << 20, FILE_SPARE = 16 << 20, ARGS = 24, RATIO = 4 };

void try_finish(struct git_try *t, enum git_verdict verdict, const char *text)
{
    const struct git_result r = {
        .verdict = verdict,
        .reached = t->reached,
        .tip = t->tip,
        .commit = t->commit,
        .committed = t->committed,
        .tree = t->tree,
        .signer = t->signer,
        .note = t->note,
        .rewritten = t->rewritten,
        .text = text,
    };

    t->o.done(t->o.ctx, &r);
}

static const char *const stage_words[] = {
    [ASK] = "asking the remote",
    [INIT] = "making the local repository",
    [FETCH] = "fetching",
    [RESOLVE] = "looking at what was fetched",
    [COMPARE] = "comparing histories",
    [DEEPEN] = "fetching more history",
    [COMPARE_AGAIN] = "comparing histories",
    [IMPORT] = "reading the keyring",
    [VERIFY] = "verifying the signature",
    [LIST] = "listing the files",
    [MODULES] = "reading .gitmodules",
    [MODULE_FETCH] = "fetching a submodule",
    [MODULE_LIST] = "listing the files of a submodule",
    [WRITE] = "writing the files",
};

/* What a person can do about the most frequent complaints of git and ssh. */
static const struct {
    const char *said, *advice;
} advices[] = {
    { "could not read Username", "; it wants a password: see manifests.git.credentials" },
    { "Authentication failed", "; see manifests.git.credentials" },
    { "Permission denied (publickey", "; the server does not take the key of "
                                      "manifests.git.credentials.sshKey" },
    { "Host key verification failed", "; the server's key is not in "
                                      "manifests.git.credentials.knownHosts" },
    { "certificate", "; see manifests.git.caFile" },
    { "dumb http", "; the server must speak Git's smart protocol" },
    { "cannot run ssh", "; install the OpenSSH client" },
    { "cannot run gpg", "; install GnuPG" },
};

const char *try_advice(const char *said)
{
    for (size_t i = 0; i < ARRAY_LEN(advices); i++) {
        if (strstr(said, advices[i].said))
            return advices[i].advice;
    }
    return "";
}

/* What the run of this stage ended in, for people; owned. */
static char *complaint(const struct git_try *t, const struct git_outcome *o)
{
    const char *program = t->stage == IMPORT ? "gpg" : "git";

    if (o->missing)
        return xasprintf("the program %s is not in the PATH; install it", program);
    if (o->late)
        return xasprintf("%s took longer than %" PRId64 " s (manifests.git.timeout)%s%s",
                         stage_words[t->stage], t->o.setting->timeout / 1000,
                         o->said[0] ? ": " : "", o->said);
    return xasprintf("%s failed: %s%s", stage_words[t->stage],
                     o->said[0] ? o->said : "git does not say why", try_advice(o->said));
}

void try_fail(struct git_try *t, const struct git_outcome *o)
{
    char *text = complaint(t, o);

    try_finish(t, GIT_FAILED, text);
    free(text);
}

void try_refuse(struct git_try *t, const char *why)
{
    char *text = xasprintf("commit %.12s is refused: %s", t->commit, why);

    try_finish(t, GIT_REFUSED, text);
    free(text);
}

static bool keep_output(void *ctx, const char *data, size_t n)
{
    struct git_try *t = ctx;

    return buf_add(&t->out, data, n);
}

static const struct try_step *step_of(enum try_stage stage)
{
    return stage < IMPORT ? &git_fetch_steps[stage] : &git_check_steps[stage];
}

static void on_done(void *ctx, const struct git_outcome *o)
{
    struct git_try *t = ctx;

    t->run = NULL;
    step_of(t->stage)->end(t, o);
}

void try_start(struct git_try *t, struct try_needs n)
{
    const char *args[ARGS + 1] = { 0 };
    struct git_order order = {
        .program = n.program ? n.program : "git",
        .args = args,
        .env = t->env.vars,
        .input = n.input ? n.input->data : NULL,
        .input_n = n.input ? n.input->n : 0,
        .timeout = t->o.setting->timeout,
        .file_max = t->o.setting->max_size * RATIO + FILE_SPARE,
        .output = n.output ? n.output : keep_output,
        .done = on_done,
        .ctx = t,
    };

    for (size_t i = 0; i < t->args.n && i < ARGS; i++)
        args[i] = t->args.items[i];
    if (n.network)
        memcpy(order.fds, t->env.fds, sizeof(order.fds));
    buf_clear(&t->out);
    t->out = BUF_WITH_LIMIT(OUT_MAX);
    t->run = git_run(t->loop, &order);
    strings_clear(&t->args);
}

void try_arg(struct git_try *t, const char *text)
{
    strings_add(&t->args, text);
}

/* Begins the arguments of a git that works in our repository. */
void try_git(struct git_try *t, const char *command)
{
    char *folder = xasprintf("--git-dir=%s", t->o.repository);

    try_arg(t, folder);
    try_arg(t, command);
    free(folder);
}

void try_enter(struct git_try *t, enum try_stage stage)
{
    t->stage = stage;
    step_of(stage)->begin(t);
}

static void on_begin(uv_timer_t *timer)
{
    struct git_try *t = timer->data;

    if (t->access_error)
        try_finish(t, GIT_FAILED, t->access_error);
    else if (t->o.only)
        try_enter(t, RESOLVE);
    else if (git_is_commit_id(t->o.setting->ref))
        try_skip_ask(t);
    else
        try_enter(t, ASK);
}

struct git_try *git_try(uv_loop_t *loop, const struct git_try_options *o)
{
    struct git_try *t = xcalloc(1, sizeof(*t));

    t->loop = loop;
    t->o = *o;
    t->out = BUF_WITH_LIMIT(OUT_MAX);
    (void)git_setting_ref(o->setting);
    if (!git_env_open(&t->env, o->setting, o->folder, o->secrets, &t->access_error) &&
        !t->access_error)
        t->access_error = xstrdup("its secrets cannot be read");
    (void)uv_timer_init(loop, &t->later);
    t->later.data = t;
    (void)uv_timer_start(&t->later, on_begin, 0, 0);
    return t;
}

static void on_closed(uv_handle_t *h)
{
    struct git_try *t = h->data;

    free(t);
}

void git_try_free(struct git_try *t)
{
    if (!t)
        return;
    git_run_cancel(t->run);
    git_writer_free(t->writer);
    git_list_clear(&t->list);
    git_modules_free(t->modules);
    git_env_clear(&t->env);
    strings_clear(&t->args);
    buf_clear(&t->out);
    git_setting_free(t->o.setting);
    free(t->name);
    free(t->tree);
    free(t->signer);
    free(t->note);
    free(t->access_error);
    uv_close((uv_handle_t *)&t->later, on_closed);
}
