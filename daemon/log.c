#include "daemon/log.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <syslog.h>
#include <unistd.h>

#define SD_JOURNAL_SUPPRESS_LOCATION
#include <systemd/sd-journal.h>

#include "daemon/clock.h"
#include "daemon/env.h"
#include "daemon/log_limit.h"
#include "daemon/secrets.h"

enum { TEXT_MAX = 16 << 10, LINE_MAX_BYTES = 6 * TEXT_MAX, RAW_MAX = 1 << 20 };

static struct {
    enum log_level level;
    bool journal;
    const struct secrets *secrets;
    struct log_limit limit;
} log_state = { .level = LEVEL_INFO };

static const struct {
    const char *name;
    int priority;
} levels[LEVELS] = {
    [LEVEL_ERROR] = { "error", LOG_ERR },
    [LEVEL_WARNING] = { "warning", LOG_WARNING },
    [LEVEL_INFO] = { "info", LOG_INFO },
    [LEVEL_DEBUG] = { "debug", LOG_DEBUG },
};

bool log_level_named(const char *name, enum log_level *out)
{
    for (unsigned i = 0; i < LEVELS; i++) {
        if (streq(levels[i].name, name)) {
            *out = (enum log_level)i;
            return true;
        }
    }
    return false;
}

/* $JOURNAL_STREAM is DEVICE:INODE of what systemd connected stderr to; a
 * redirected stderr has another one. */
static bool stderr_is_journal(void)
{
    const char *stream = env_get("JOURNAL_STREAM");
    struct stat st;

    if (!stream || fstat(STDERR_FILENO, &st) != 0)
        return false;

    char *own = xasprintf("%ju:%ju", (uintmax_t)st.st_dev, (uintmax_t)st.st_ino);
    bool same = streq(stream, own);
    free(own);
    return same;
}

void log_open(enum log_level level)
{
    log_state.level = level;
    log_state.journal = stderr_is_journal();
}

void log_redact(const struct secrets *s)
{
    log_state.secrets = s;
}

static void escape(unsigned char c, struct buf *out)
{
    if (c == '\n')
        buf_puts(out, "\\n");
    else if (c == '\t')
        buf_puts(out, "\\t");
    else if (c < ' ' || c == 127)
        buf_printf(out, "\\x%02x", c);
    else
        buf_add(out, &c, 1);
}

void log_escape(const char *text, struct buf *out)
{
    for (; *text; text++)
        escape((unsigned char)*text, out);
}

/* Text that stands between quotes in any case, so that whoever reads lines knows. */
static void add_text(struct buf *out, const char *key, const char *value)
{
    buf_printf(out, "%s%s=\"", out->n ? " " : "", key);
    for (; *value; value++) {
        if (*value == '"' || *value == '\\')
            buf_puts(out, "\\");
        escape((unsigned char)*value, out);
    }
    buf_puts(out, "\"");
}

/* A name, quoted only where it would be taken for more than one word. */
static void add_field(struct buf *out, const char *key, const char *value)
{
    if (!value)
        return;
    if (!*value || value[strcspn(value, " \"\\=")]) {
        add_text(out, key, value);
        return;
    }
    buf_printf(out, "%s%s=", out->n ? " " : "", key);
    log_escape(value, out);
}

/* The part of "VDB/orders-dev" before the slash; owned, NULL if there is none. */
static char *kind_of(const char *object)
{
    const char *slash = object ? strchr(object, '/') : NULL;

    return slash ? xstrndup(object, (size_t)(slash - object)) : NULL;
}

void log_render(enum log_level level, const struct log_about *about, const char *text,
                struct buf *out)
{
    add_field(out, "level", levels[level].name);
    if (about) {
        add_field(out, "object", about->object);
        add_field(out, "job", about->job);
    }
    add_text(out, "msg", text);
    if (about) {
        add_field(out, "commit", about->commit);
        add_field(out, "engine", about->engine);
        add_field(out, "plan", about->plan);
        add_field(out, "event", message_name(about->message));
    }
}

static void journal_field(struct iovec *fields, int *n, const char *name, const char *value)
{
    if (!value)
        return;

    char *text = xasprintf("%s=%s", name, value);
    fields[(*n)++] = (struct iovec){ .iov_base = text, .iov_len = strlen(text) };
}

/* False where the journal does not take it. */
static bool to_journal(enum log_level level, const struct log_about *about, const char *text)
{
    char *priority = xasprintf("%d", levels[level].priority);
    char *kind = kind_of(about ? about->object : NULL);
    struct iovec fields[16];
    int n = 0;

    journal_field(fields, &n, "MESSAGE", text);
    journal_field(fields, &n, "PRIORITY", priority);
    journal_field(fields, &n, "SYSLOG_IDENTIFIER", "dctd");
    if (about) {
        journal_field(fields, &n, "OBJECT", about->object);
        journal_field(fields, &n, "KIND", kind);
        journal_field(fields, &n, "ENGINE", about->engine);
        journal_field(fields, &n, "JOB_ID", about->job);
        journal_field(fields, &n, "COMMIT", about->commit);
        journal_field(fields, &n, "PLAN", about->plan);
        journal_field(fields, &n, "MESSAGE_ID", message_id(about->message));
    }
    bool taken = sd_journal_sendv(fields, n) >= 0;
    for (int i = 0; i < n; i++)
        free(fields[i].iov_base);
    free(kind);
    free(priority);
    return taken;
}

static void to_stderr(enum log_level level, const struct log_about *about, const char *text)
{
    struct buf line = BUF_WITH_LIMIT(LINE_MAX_BYTES);

    log_render(level, about, text, &line);
    (void)fprintf(stderr, "%s\n", buf_text(&line));
    buf_clear(&line);
}

/* Ends an overlong text between two characters. */
static void cut(struct buf *text)
{
    if (text->n <= TEXT_MAX)
        return;

    size_t n = TEXT_MAX;
    while (n > 0 && ((unsigned char)text->data[n] & 0xc0) == 0x80)
        n--;
    text->n = n;
    text->data[n] = '\0';
    buf_puts(text, "…");
}

static void write_line(enum log_level level, const struct log_about *about, const char *text)
{
    if (!log_state.journal || !to_journal(level, about, text))
        to_stderr(level, about, text);
}

static void tell_counts(bool all)
{
    struct log_slot s;

    while (log_limit_due(&log_state.limit, clock_steady(), all, &s)) {
        struct log_about about = { .object = s.object };
        struct buf text = BUF_WITH_LIMIT(RAW_MAX);

        buf_printf(&text, "%u more line%s like this within a minute: %s", s.kept_back,
                   s.kept_back == 1 ? "" : "s", s.text);
        write_line((enum log_level)s.level, &about, buf_text(&text));
        buf_clear(&text);
        log_slot_clear(&s);
    }
}

void log_flush(void)
{
    tell_counts(true);
}

static bool wanted(enum log_level level, const struct log_about *about, const char *text)
{
    if (level == LEVEL_DEBUG || (about && about->message == MESSAGE_LEFT_OFF))
        return true;
    return log_limit_take(&log_state.limit, level, about ? about->object : NULL, text,
                          clock_steady());
}

static void say(enum log_level level, const struct log_about *about, const char *fmt, va_list args)
    PRINTF(3, 0);
static void say(enum log_level level, const struct log_about *about, const char *fmt, va_list args)
{
    if (level > log_state.level)
        return;

    struct buf raw = BUF_WITH_LIMIT(RAW_MAX);
    struct buf clean = BUF_WITH_LIMIT(RAW_MAX);

    buf_vprintf(&raw, fmt, args);
    if (log_state.secrets)
        secrets_redact(log_state.secrets, buf_text(&raw), &clean);
    else
        buf_puts(&clean, buf_text(&raw));
    cut(&clean);
    tell_counts(false);
    if (wanted(level, about, buf_text(&clean)))
        write_line(level, about, buf_text(&clean));
    buf_clear(&clean);
    buf_clear(&raw);
}

void log_about(enum log_level level, const struct log_about *about, const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say(level, about, fmt, args);
    va_end(args);
}

void log_error(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say(LEVEL_ERROR, NULL, fmt, args);
    va_end(args);
}

void log_warning(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say(LEVEL_WARNING, NULL, fmt, args);
    va_end(args);
}

void log_info(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say(LEVEL_INFO, NULL, fmt, args);
    va_end(args);
}

void log_debug(const char *fmt, ...)
{
    va_list args;

    va_start(args, fmt);
    say(LEVEL_DEBUG, NULL, fmt, args);
    va_end(args);
}
