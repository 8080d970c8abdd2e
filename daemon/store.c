/* The ledger on SQLite: WAL, synced at every commit, one statement each. */
#include "daemon/store.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/file.h"
#include "daemon/store_lock.h"

enum {
    APPLICATION_ID = 0x64637464, /* "dctd" */
    FORMAT = 2,
    READER_PATIENCE = 2000, /* a reader is no event loop: it may wait for a checkpoint */
};

struct store {
    char *path;
    bool read_only;
    struct store_lock lock;
    sqlite3 *db; /* NULL: a reader of a ledger that does not exist yet */
    int64_t format, last_event;
    sqlite3_stmt *put, *remove, *event, *outcome, *forget;
    uint8_t key[STORE_KEY];
};

/* kind, name, engine and id are for people with a sqlite3 shell. */
static const char schema[] =
    "CREATE TABLE meta(name TEXT PRIMARY KEY, value BLOB NOT NULL);"
    "CREATE TABLE objects(key TEXT PRIMARY KEY, body TEXT NOT NULL,"
    " kind TEXT AS (substr(key, 1, instr(key, '/') - 1)),"
    " name TEXT AS (CASE WHEN json_valid(body) THEN json_extract(body, '$.name') END),"
    " engine TEXT AS (CASE WHEN json_valid(body) THEN json_extract(body, '$.engine') END),"
    " id TEXT AS (CASE WHEN json_valid(body) THEN json_extract(body, '$.id') END));"
    "CREATE TABLE events(seq INTEGER PRIMARY KEY AUTOINCREMENT, at INTEGER NOT NULL, key TEXT,"
    " kind TEXT NOT NULL, text TEXT NOT NULL, job TEXT,"
    " time TEXT AS (strftime('%Y-%m-%dT%H:%M:%fZ', at / 1000.0, 'unixepoch')));";

/* What format 2 has beyond 1, in which every ledger begins. */
static const char more_of_events[] = "ALTER TABLE events ADD COLUMN revision TEXT;"
                                     "ALTER TABLE events ADD COLUMN by TEXT;"
                                     "ALTER TABLE events ADD COLUMN plan TEXT;"
                                     "ALTER TABLE events ADD COLUMN request TEXT;"
                                     "ALTER TABLE events ADD COLUMN outcome TEXT;"
                                     "ALTER TABLE events ADD COLUMN trace TEXT;"
                                     "CREATE INDEX events_of ON events(key, seq);";

static const struct {
    int code;
    const char *advice;
} advices[] = {
    { SQLITE_FULL, "free some space; what was recorded before is safe" },
    { SQLITE_IOERR, "check the disk and the limits of the service; what was recorded before is "
                    "safe if the disk is" },
    { SQLITE_CORRUPT, "the file is damaged: move it and its -wal and -shm files away and start "
                      "again, objects are found again by their owner tag" },
    { SQLITE_NOTADB, "the file is no ledger, or is damaged: move it away and start again, objects "
                     "are found again by their owner tag" },
    { SQLITE_CANTOPEN,
      "check that its folder exists and that owner and mode let dctd write there" },
    { SQLITE_READONLY,
      "check that owner and mode of the file and its folder let dctd write there" },
    { SQLITE_PERM, "check owner and mode of the file" },
    { SQLITE_BUSY, "another program is writing to it (a sqlite3 shell?): end that first" },
    { SQLITE_LOCKED, "another program is writing to it (a sqlite3 shell?): end that first" },
};

/* What SQLite calls an I/O error may be a full disk all the same. */
static int failure_code(int code, int system)
{
    bool full = system == ENOSPC || system == EDQUOT || system == EFBIG;

    return (code & 0xff) == SQLITE_IOERR && full ? SQLITE_FULL : code & 0xff;
}

/* errno is read because sqlite3_system_errno() knows nothing of most writes. */
static bool failed(const struct store *s, const char *what, int code, char **error)
{
    int system = errno, reason = failure_code(code, system);
    const char *advice = "this should not happen, please report it";
    bool helps = system != 0 && (reason == SQLITE_IOERR || reason == SQLITE_CANTOPEN);

    for (size_t i = 0; i < ARRAY_LEN(advices); i++) {
        if (advices[i].code == reason)
            advice = advices[i].advice;
    }
    *error = xasprintf("ledger %s: cannot %s: %s%s%s%s; %s", s->path, what, sqlite3_errstr(reason),
                       helps ? " (" : "", helps ? strerrordesc_np(system) : "", helps ? ")" : "",
                       advice);
    return false;
}

void store_rest(struct store *s)
{
    if (s->db)
        (void)sqlite3_db_release_memory(s->db);
}

bool store_held(const char *path)
{
    return store_lock_holder(path) >= 0;
}

int64_t store_holder(const char *path)
{
    int64_t holder = store_lock_holder(path);

    return holder > 0 ? holder : 0;
}

/* SQLite would make the file with the umask's mode; -wal and -shm get its mode.
 * The folder is synced, so that the name is on disk before the first record. */
static bool file_make(struct store *s, char **error)
{
    int fd = open(s->path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOCTTY | O_NONBLOCK, 0600);
    char *folder = file_folder(s->path);
    int dir = fd < 0 ? -1 : open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
    struct stat st;
    bool regular = fd >= 0 && fstat(fd, &st) == 0 && S_ISREG(st.st_mode);

    if (fd < 0)
        *error = xasprintf("ledger %s: %s; check that its folder exists and that owner and mode "
                           "let dctd write there",
                           s->path, strerrordesc_np(errno));
    else if (!regular)
        *error = xasprintf("ledger %s is not a regular file", s->path);
    if (dir >= 0) {
        (void)fsync(dir);
        (void)close(dir);
    }
    if (fd >= 0)
        (void)close(fd);
    free(folder);
    return regular;
}

static bool run(struct store *s, const char *sql, const char *what, char **error)
{
    errno = 0;
    int code = sqlite3_exec(s->db, sql, NULL, NULL, NULL);
    return code == SQLITE_OK || failed(s, what, code, error);
}

static bool pragma_number(struct store *s, const char *sql, int64_t *out, char **error)
{
    sqlite3_stmt *q = NULL;
    int code = sqlite3_prepare_v2(s->db, sql, -1, &q, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_step(q);
    if (code == SQLITE_ROW)
        *out = sqlite3_column_int64(q, 0);
    (void)sqlite3_finalize(q);
    return code == SQLITE_ROW || failed(s, "read it", code, error);
}

static bool key_make(uint8_t key[STORE_KEY])
{
    return getrandom(key, STORE_KEY, 0) == STORE_KEY;
}

static bool schema_make(struct store *s, char **error)
{
    char hex[2 * STORE_KEY + 1];

    if (!key_make(s->key))
        return failed(s, "make its key", SQLITE_ERROR, error);
    for (size_t i = 0; i < STORE_KEY; i++)
        (void)snprintf(hex + 2 * i, 3, "%02x", s->key[i]);
    char *sql = xasprintf("BEGIN IMMEDIATE; %s %s INSERT INTO meta VALUES('digestKey', x'%s');"
                          "PRAGMA application_id = %d; PRAGMA user_version = %d; COMMIT",
                          schema, more_of_events, hex, APPLICATION_ID, FORMAT);
    bool ok = run(s, sql, "set it up", error);

    s->format = FORMAT;
    free(sql);
    return ok;
}

/* A ledger of an older dctd becomes one of this; whole or not at all. */
static bool format_raise(struct store *s, char **error)
{
    if (s->format == FORMAT)
        return true;
    char *sql =
        xasprintf("BEGIN IMMEDIATE; %s PRAGMA user_version = %d; COMMIT", more_of_events, FORMAT);
    bool ok = run(s, sql, "bring it up to date", error);

    if (!sqlite3_get_autocommit(s->db))
        (void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    s->format = FORMAT;
    free(sql);
    return ok;
}

/* Settles which format the file has; `*empty` if it has none yet. */
static bool format_check(struct store *s, bool *empty, char **error)
{
    int64_t application = 0, format = 0, tables = 0;

    if (!pragma_number(s, "PRAGMA application_id", &application, error) ||
        !pragma_number(s, "PRAGMA user_version", &format, error) ||
        !pragma_number(s, "SELECT count(*) FROM sqlite_master", &tables, error))
        return false;
    *empty = application == 0 && format == 0 && tables == 0;
    if (!*empty && application != APPLICATION_ID) {
        *error = xasprintf("ledger %s belongs to another program; name another file", s->path);
        return false;
    }
    s->format = format;
    if (!*empty && (format < 1 || format > FORMAT)) {
        *error = xasprintf("ledger %s has format %" PRId64 ", this dctd knows format %d; start the "
                           "dctd that wrote it, or name another file",
                           s->path, format, FORMAT);
        return false;
    }
    return true;
}

static bool health_check(struct store *s, const char *sql, char **error)
{
    sqlite3_stmt *q = NULL;
    int code = sqlite3_prepare_v2(s->db, sql, -1, &q, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_step(q);
    bool ok = code == SQLITE_ROW && streq((const char *)sqlite3_column_text(q, 0), "ok");
    (void)sqlite3_finalize(q);
    return ok || failed(s, "trust it", code == SQLITE_ROW ? SQLITE_CORRUPT : code, error);
}

bool store_check(struct store *s, char **error)
{
    return !s->db || health_check(s, "PRAGMA integrity_check(1)", error);
}

static bool key_read(struct store *s, char **error)
{
    sqlite3_stmt *q = NULL;
    int code =
        sqlite3_prepare_v2(s->db, "SELECT value FROM meta WHERE name = 'digestKey'", -1, &q, NULL);

    if (code == SQLITE_OK)
        code = sqlite3_step(q);
    bool ok = code == SQLITE_ROW && sqlite3_column_bytes(q, 0) == STORE_KEY;
    if (ok)
        memcpy(s->key, sqlite3_column_blob(q, 0), STORE_KEY);
    (void)sqlite3_finalize(q);
    if (code == SQLITE_ROW || code == SQLITE_DONE)
        code = SQLITE_CORRUPT;
    return ok || failed(s, "read its key", code, error);
}

static bool prepare(struct store *s, char **error)
{
    static const char put[] = "INSERT INTO objects(key, body) VALUES(?1, ?2)"
                              " ON CONFLICT(key) DO UPDATE SET body = excluded.body";
    static const char remove[] = "DELETE FROM objects WHERE key = ?1";
    static const char event[] = "INSERT INTO events(at, key, kind, text, job, revision, by, plan,"
                                " request, outcome, trace)"
                                " VALUES(?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";
    static const char outcome[] = "UPDATE events SET outcome = ?2, job = ?3, trace = ?4"
                                  " WHERE seq = ?1";
    static const char forget[] = "DELETE FROM events WHERE seq <= ?1";
    const struct {
        const char *sql;
        sqlite3_stmt **statement;
    } all[] = {
        { put, &s->put },         { remove, &s->remove }, { event, &s->event },
        { outcome, &s->outcome }, { forget, &s->forget },
    };

    for (size_t i = 0; i < ARRAY_LEN(all); i++) {
        int code = sqlite3_prepare_v3(s->db, all[i].sql, -1, SQLITE_PREPARE_PERSISTENT,
                                      all[i].statement, NULL);
        if (code != SQLITE_OK)
            return failed(s, "read it", code, error);
    }
    return true;
}

static bool open_writer(struct store *s, char **error)
{
    bool empty;

    if (!file_make(s, error) || !store_lock_take(&s->lock, s->path, error))
        return false;
    errno = 0;
    int code = sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_READWRITE, NULL);
    if (code != SQLITE_OK)
        return failed(s, "open it", code, error);
    (void)sqlite3_busy_timeout(s->db, 0);
    return format_check(s, &empty, error) &&
           run(s,
               "PRAGMA locking_mode = NORMAL; PRAGMA journal_mode = WAL;"
               "PRAGMA synchronous = FULL; PRAGMA journal_size_limit = 4194304",
               "prepare it", error) &&
           (!empty || schema_make(s, error)) &&
           /* a damaged page is better found now than by the record that needs it */
           health_check(s, "PRAGMA quick_check(1)", error) && key_read(s, error) &&
           (empty || format_raise(s, error)) && prepare(s, error);
}

/* Of nothing: no records, and a key that no digest was made with. */
static bool open_nothing(struct store *s, char **error)
{
    (void)sqlite3_close(s->db);
    s->db = NULL;
    return key_make(s->key) || failed(s, "make its key", SQLITE_ERROR, error);
}

static bool open_reader(struct store *s, char **error)
{
    bool empty;

    if (access(s->path, F_OK) != 0 && errno == ENOENT)
        return open_nothing(s, error);
    errno = 0;
    int code = sqlite3_open_v2(s->path, &s->db, SQLITE_OPEN_READONLY, NULL);
    if (code != SQLITE_OK)
        return failed(s, "open it", code, error);
    (void)sqlite3_busy_timeout(s->db, READER_PATIENCE);
    if (!format_check(s, &empty, error))
        return false;
    return empty ? open_nothing(s, error) : key_read(s, error);
}

struct store *store_open(const char *path, bool read_only, char **error)
{
    struct store *s = xcalloc(1, sizeof(*s));

    s->path = xstrdup(path);
    s->read_only = read_only;
    s->lock.fd = s->lock.own = -1;
    if (read_only ? open_reader(s, error) : open_writer(s, error))
        return s;
    store_close(s);
    return NULL;
}

void store_close(struct store *s)
{
    if (!s)
        return;
    (void)sqlite3_finalize(s->put);
    (void)sqlite3_finalize(s->remove);
    (void)sqlite3_finalize(s->event);
    (void)sqlite3_finalize(s->outcome);
    (void)sqlite3_finalize(s->forget);
    (void)sqlite3_close(s->db);
    store_lock_clear(&s->lock);
    explicit_bzero(s->key, sizeof(s->key));
    free(s->path);
    free(s);
}

bool store_each(struct store *s, bool (*each)(void *ctx, const char *text), void *ctx, char **error)
{
    sqlite3_stmt *q = NULL;
    bool more = true;

    if (!s->db)
        return true;
    int code = sqlite3_prepare_v2(s->db, "SELECT body FROM objects ORDER BY key", -1, &q, NULL);
    while (more && code != SQLITE_DONE) {
        if (code != SQLITE_OK && code != SQLITE_ROW)
            break;
        code = sqlite3_step(q);
        if (code == SQLITE_ROW)
            more = each(ctx, (const char *)sqlite3_column_text(q, 0));
    }
    (void)sqlite3_finalize(q);
    return !more || code == SQLITE_DONE || failed(s, "read it", code, error);
}

static bool is_writer(const struct store *s, char **error)
{
    if (!s->read_only)
        return true;
    *error = xasprintf("ledger %s is open for reading only", s->path);
    return false;
}

/* Runs a prepared statement to its end; a failure rolls it back. */
static int finish(sqlite3_stmt *statement)
{
    errno = 0;
    int code = sqlite3_step(statement);
    (void)sqlite3_reset(statement);
    (void)sqlite3_clear_bindings(statement);
    return code;
}

bool store_put(struct store *s, const char *key, const char *text, char **error)
{
    if (!is_writer(s, error) || !store_lock_check(&s->lock, error))
        return false;

    sqlite3_stmt *statement = text ? s->put : s->remove;
    (void)sqlite3_bind_text(statement, 1, key, -1, SQLITE_STATIC);
    if (text)
        (void)sqlite3_bind_text(statement, 2, text, -1, SQLITE_STATIC);
    int code = finish(statement);
    return code == SQLITE_DONE || failed(s, "write", code, error);
}

static int event_add(struct store *s, const struct store_event *e)
{
    const char *texts[] = { e->key, e->kind, e->text,    e->job,     e->revision,
                            e->by,  e->plan, e->request, e->outcome, e->trace };

    (void)sqlite3_bind_int64(s->event, 1, e->at);
    for (int i = 0; i < (int)ARRAY_LEN(texts); i++)
        (void)sqlite3_bind_text(s->event, i + 2, texts[i], -1, SQLITE_STATIC);
    int code = finish(s->event);
    if (code != SQLITE_DONE)
        return code;
    s->last_event = sqlite3_last_insert_rowid(s->db);
    (void)sqlite3_bind_int64(s->forget, 1, s->last_event - STORE_EVENTS);
    return finish(s->forget);
}

static int outcome_add(struct store *s, int64_t event, const struct store_event *e)
{
    (void)sqlite3_bind_int64(s->outcome, 1, event);
    (void)sqlite3_bind_text(s->outcome, 2, e->outcome, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(s->outcome, 3, e->job, -1, SQLITE_STATIC);
    (void)sqlite3_bind_text(s->outcome, 4, e->trace, -1, SQLITE_STATIC);
    return finish(s->outcome);
}

/* History is told, not relied on: it reaches the disk with the next record, so
 * that no event costs a sync. Adds an event where `event` is 0. */
static bool event_write(struct store *s, int64_t event, const struct store_event *e, char **error)
{
    if (!is_writer(s, error))
        return false;
    if (!run(s, "PRAGMA synchronous = NORMAL; BEGIN IMMEDIATE", "write", error)) {
        (void)sqlite3_exec(s->db, "PRAGMA synchronous = FULL", NULL, NULL, NULL);
        return false;
    }
    int code = event ? outcome_add(s, event, e) : event_add(s, e);
    if (code == SQLITE_DONE)
        code = sqlite3_exec(s->db, "COMMIT", NULL, NULL, NULL);
    bool ok = code == SQLITE_OK || failed(s, "write", code, error);
    if (!sqlite3_get_autocommit(s->db))
        (void)sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL);
    (void)sqlite3_exec(s->db, "PRAGMA synchronous = FULL", NULL, NULL, NULL);
    return ok;
}

bool store_event(struct store *s, const struct store_event *e, char **error)
{
    return event_write(s, 0, e, error);
}

int64_t store_last_event(const struct store *s)
{
    return s->last_event;
}

bool store_outcome(struct store *s, int64_t event, const struct store_event *e, char **error)
{
    return event_write(s, event, e, error);
}

/* The columns that older ledgers lack are NULL there. */
static void event_read(sqlite3_stmt *q, struct store_event *e)
{
    const char **texts[] = { &e->key, &e->kind, &e->text,    &e->job,     &e->revision,
                             &e->by,  &e->plan, &e->request, &e->outcome, &e->trace };

    e->at = sqlite3_column_int64(q, 0);
    for (int i = 0; i < (int)ARRAY_LEN(texts); i++)
        *texts[i] = (const char *)sqlite3_column_text(q, i + 1);
}

/* The index over objects makes it cheap to look at one of them. */
static int events_ask(struct store *s, const struct store_query *query, sqlite3_stmt **q)
{
    size_t limit = query->limit && query->limit < STORE_EVENTS ? query->limit : STORE_EVENTS;
    char *sql = xasprintf("SELECT at, key, kind, text, job%s FROM (SELECT * FROM events"
                          " WHERE at >= ?2%s ORDER BY seq DESC LIMIT ?1) ORDER BY seq",
                          s->format < FORMAT ? "" : ", revision, by, plan, request, outcome, trace",
                          query->key ? " AND key = ?3" : "");
    int code = sqlite3_prepare_v2(s->db, sql, -1, q, NULL);

    free(sql);
    if (code == SQLITE_OK)
        code = sqlite3_bind_int64(*q, 1, (int64_t)limit);
    if (code == SQLITE_OK)
        code = sqlite3_bind_int64(*q, 2, query->since);
    if (code == SQLITE_OK && query->key)
        code = sqlite3_bind_text(*q, 3, query->key, -1, SQLITE_STATIC);
    return code == SQLITE_OK ? sqlite3_step(*q) : code;
}

bool store_events(struct store *s, const struct store_query *query,
                  void (*each)(void *ctx, const struct store_event *e), void *ctx, char **error)
{
    sqlite3_stmt *q = NULL;

    if (!s->db)
        return true;
    int code = events_ask(s, query, &q);
    while (code == SQLITE_ROW) {
        struct store_event e;
        event_read(q, &e);
        each(ctx, &e);
        code = sqlite3_step(q);
    }
    (void)sqlite3_finalize(q);
    return code == SQLITE_DONE || failed(s, "read it", code, error);
}

const uint8_t *store_key(const struct store *s)
{
    return s->key;
}

char *store_clock(const struct store *s)
{
    static const char sql[] = "SELECT value FROM meta WHERE name = 'clock'";
    sqlite3_stmt *q = NULL;
    char *text = NULL;

    if (s->db && sqlite3_prepare_v2(s->db, sql, -1, &q, NULL) == SQLITE_OK &&
        sqlite3_step(q) == SQLITE_ROW && sqlite3_column_type(q, 0) == SQLITE_TEXT)
        text = xstrdup((const char *)sqlite3_column_text(q, 0));
    (void)sqlite3_finalize(q);
    return text;
}

bool store_keep_clock(struct store *s, const char *text, char **error)
{
    static const char sql[] = "INSERT INTO meta(name, value) VALUES('clock', ?1)"
                              " ON CONFLICT(name) DO UPDATE SET value = excluded.value";
    sqlite3_stmt *q = NULL;

    if (!is_writer(s, error))
        return false;
    errno = 0;
    int code = sqlite3_prepare_v2(s->db, sql, -1, &q, NULL);
    if (code == SQLITE_OK)
        code = sqlite3_bind_text(q, 1, text, -1, SQLITE_STATIC);
    if (code == SQLITE_OK)
        code = sqlite3_step(q);
    (void)sqlite3_finalize(q);
    return code == SQLITE_DONE || failed(s, "write", code, error);
}
