#include "daemon/doctor.h"

#include <stdlib.h>

#include "daemon/dct.h"
#include "daemon/doctor_parts.h"
#include "daemon/store.h"
#include "reconciler/reply.h"
#include "reconciler/step.h"

enum check {
    CONFIGURATION,
    GIT,
    MANIFESTS,
    SECRETS,
    LEDGER,
    DNS,
    TCP,
    TLS,
    CLOCK,
    VERSION,
    KEY,
    PERMISSIONS,
    ENGINES,
    LICENCE,
    SYSTEMD,
    CONTROL,
    STATUS,
    CHECKS
};

/* clang-format off */
static const struct {
    const char *name;
    void (*run)(struct doctor *d);
    unsigned needs; /* bits of checks that must not have failed */
} checks[CHECKS] = {
    [CONFIGURATION] = { "configuration", check_configuration, 0 },
    [GIT]           = { "git",           check_git,           1U << CONFIGURATION },
    [MANIFESTS]     = { "manifests",     check_manifests,     1U << CONFIGURATION },
    [SECRETS]       = { "secrets",       check_secrets,       1U << CONFIGURATION },
    [LEDGER]        = { "ledger",        check_ledger,        1U << CONFIGURATION },
    [DNS]           = { "dns",           check_dns,           1U << CONFIGURATION },
    [TCP]           = { "tcp",           check_tcp,           1U << DNS },
    [TLS]           = { "tls",           check_tls,           1U << TCP },
    [CLOCK]         = { "clock",         check_clock,         1U << TLS },
    [VERSION]       = { "version",       check_version,       1U << TLS },
    [KEY]           = { "key",           check_key,           1U << TLS },
    [PERMISSIONS]   = { "permissions",   check_permissions,   1U << KEY },
    [ENGINES]       = { "engines",       check_engines,       1U << KEY },
    [LICENCE]       = { "licence",       check_licence,       1U << KEY },
    [SYSTEMD]       = { "systemd",       check_systemd,       0 },
    [CONTROL]       = { "control",       check_control,       1U << CONFIGURATION },
    [STATUS]        = { "status",        check_status,        1U << CONFIGURATION },
};
/* clang-format on */

const char *doctor_check(size_t i)
{
    return i < CHECKS ? checks[i].name : NULL;
}

const char *verdict_name(enum verdict v)
{
    static const char *const names[VERDICTS] = { "ok", "warn", "fail", "skip" };

    return names[v];
}

static char *redacted(const struct doctor *d, const char *text)
{
    struct buf out = BUF_WITH_LIMIT(DOCTOR_TEXT_MAX);

    if (!text)
        return NULL;
    if (d->secrets)
        secrets_redact(d->secrets, text, &out);
    else
        buf_puts(&out, text);
    return buf_take(&out);
}

/* Tells the finding in hand. */
static void tell(struct doctor *d)
{
    if (!d->finding.open)
        return;
    char *text = redacted(d, d->finding.text), *next = redacted(d, d->finding.next);
    const struct doctor_line line = { d->finding.verdict, d->check, text, next };

    d->counts[line.verdict]++;
    d->failed |= line.verdict == VERDICT_FAIL || line.verdict == VERDICT_SKIP;
    d->o->line(d->o->ctx, &line);
    free(text);
    free(next);
    free(TAKE(d->finding.text));
    free(TAKE(d->finding.next));
    d->finding.open = false;
}

static char *formatted(const char *fmt, va_list args) PRINTF(1, 0);
static char *formatted(const char *fmt, va_list args)
{
    struct buf text = BUF_WITH_LIMIT(DOCTOR_TEXT_MAX);

    buf_vprintf(&text, fmt, args);
    return buf_take(&text);
}

void doctor_say(struct doctor *d, enum verdict v, const char *fmt, ...)
{
    va_list args;

    tell(d);
    va_start(args, fmt);
    d->finding.text = formatted(fmt, args);
    va_end(args);
    d->finding.verdict = v;
    d->finding.open = true;
}

void doctor_next(struct doctor *d, const char *fmt, ...)
{
    va_list args;

    free(d->finding.next);
    va_start(args, fmt);
    d->finding.next = formatted(fmt, args);
    va_end(args);
}

static void on_answer(void *ctx, const struct reply *r)
{
    struct doctor *d = ctx;
    struct answer *a = &d->answers[r->request - 1];

    *a = (struct answer){ .status = r->status, .unsent = r->unsent };
    if (r->body)
        a->body = cJSON_Duplicate(r->body, true);
    if (reply_class(r) != REPLY_OK)
        a->why = r->unsent ? xstrdup(r->error ? r->error : "not sent") : reply_text(r);
    d->unanswered--;
}

void doctor_ask(struct doctor *d, const char *const *paths, size_t n, struct answer *answers)
{
    static const uint8_t no_key[STORE_KEY]; /* no file is uploaded */

    if (!d->dct) {
        d->dct = dct_new(&d->loop, d->config, d->secrets, no_key, on_answer, d);
        dct_read_only(d->dct);
    }
    d->answers = answers;
    d->unanswered = n;
    for (size_t i = 0; i < n; i++) {
        struct request *r = request_new("GET", xstrdup(paths[i]));
        r->id = i + 1;
        r->timeout = DOCTOR_PATIENCE;
        dct_send(d->dct, r);
    }
    while (d->unanswered > 0)
        (void)uv_run(&d->loop, UV_RUN_ONCE);
}

void answer_clear(struct answer *a)
{
    free(a->why);
    cJSON_Delete(a->body);
    *a = (struct answer){ 0 };
}

/* What went wrong first: a check that was not made has its own reasons. */
static unsigned reasons_of(unsigned missing, const unsigned reasons[CHECKS])
{
    unsigned all = 0;

    for (size_t i = 0; i < CHECKS; i++) {
        if (missing & 1U << i)
            all |= reasons[i] ? reasons[i] : 1U << i;
    }
    return all;
}

static void say_needs(struct doctor *d, unsigned reasons)
{
    struct buf names = BUF_WITH_LIMIT(1024);

    for (size_t i = 0; i < CHECKS; i++) {
        if (reasons & 1U << i)
            buf_printf(&names, "%s%s", names.n ? ", " : "", checks[i].name);
    }
    doctor_say(d, VERDICT_SKIP, "cannot be told before %s is all right", buf_text(&names));
    buf_clear(&names);
}

static void clear(struct doctor *d)
{
    dct_close(d->dct);
    (void)uv_run(&d->loop, UV_RUN_DEFAULT);
    if (uv_loop_close(&d->loop) != 0)
        abort(); /* a handle was left open: our bug */
    reach_clear(&d->reach);
    free(d->document.why);
    cJSON_Delete(d->engines);
    set_free(d->set);
    git_checkout_free(d->checkout);
    secrets_free(d->secrets);
    config_free(d->config);
}

void doctor_run(const struct doctor_options *o, size_t counts[VERDICTS])
{
    struct doctor d = { .o = o, .counts = counts };
    unsigned good = 0, reasons[CHECKS] = { 0 };

    if (uv_loop_init(&d.loop) != 0)
        abort();
    for (size_t i = 0; i < VERDICTS; i++)
        counts[i] = 0;
    for (size_t i = 0; i < CHECKS; i++) {
        d.check = checks[i].name;
        d.failed = false;
        reasons[i] = reasons_of(checks[i].needs & ~good, reasons);
        if (reasons[i])
            say_needs(&d, reasons[i]);
        else
            checks[i].run(&d);
        tell(&d);
        good |= d.failed ? 0 : 1U << i;
    }
    clear(&d);
}
