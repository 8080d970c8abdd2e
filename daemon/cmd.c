/* What the commands have in common: how they read their configuration and how
 * they talk to people. */
#include "daemon/cmd.h"

#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "daemon/env.h"
#include "daemon/git_now.h"

enum { PRINT_MAX = 1 << 20 };

void cmd_complain(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    (void)fputs("dctd: ", stderr);
    (void)vfprintf(stderr, fmt, args);
    (void)fputc('\n', stderr);
    va_end(args);
}

void cmd_findings(const struct diags *d)
{
    struct buf text = BUF_WITH_LIMIT(PRINT_MAX);

    diags_print(d, &text);
    (void)fputs(buf_text(&text), stderr);
    buf_clear(&text);
}

struct config *cmd_config(const struct invocation *in)
{
    struct diags d = { 0 };
    struct config *c = config_load(in->config, &d);

    cmd_findings(&d);
    diags_clear(&d);
    return c;
}

bool cmd_fetch(const struct invocation *in, struct config *c, struct git_checkout **out)
{
    char *error = NULL;

    if (!c->git || in->n_paths > 0)
        return true;
    *out = git_now(c, in->offline, &error);
    if (!*out) {
        cmd_complain("manifests from Git: %s", error);
        free(error);
        return false;
    }
    free(c->manifests);
    c->manifests = xstrdup((*out)->manifests);
    return true;
}

bool cmd_print(const struct buf *text)
{
    bool written = fwrite(buf_text(text), 1, text->n, stdout) == text->n && fflush(stdout) == 0;

    if (!written && errno != EPIPE) /* `dctd get | head` has seen enough */
        cmd_complain("the output could not be written: %s", strerrordesc_np(errno));
    return written;
}

bool cmd_colour(const struct invocation *in, int fd)
{
    const char *term = env_get("TERM");
    const char *refused = env_get("NO_COLOR");

    return !in->no_color && isatty(fd) && term && !streq(term, "dumb") && !(refused && *refused);
}

const struct kind_desc *cmd_kind_of(const char *word)
{
    const struct kind_desc *k = kind_by_name(word);
    size_t n = strlen(word);

    if (k || n < 2 || (word[n - 1] != 's' && word[n - 1] != 'S'))
        return k;
    char *singular = xstrndup(word, n - 1);
    k = kind_by_name(singular);
    free(singular);
    return k;
}

const struct kind_desc *cmd_kind(const char *word)
{
    const struct kind_desc *k = cmd_kind_of(word);
    const char *meant = k ? NULL : kind_near(word);

    if (!k && meant)
        cmd_complain("there is no kind `%s`; did you mean %s?", word, meant);
    else if (!k)
        cmd_complain("there is no kind `%s`; `dctd explain` lists the kinds", word);
    return k;
}
