/* What the simulator's tests share: a simulator on a virtual clock, questions
 * in one line, and an estate that grows step by step. */
#ifndef TESTS_UNIT_TEST_SIM_H
#define TESTS_UNIT_TEST_SIM_H

/* clang-format off */
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <cmocka.h>
/* clang-format on */
#include <cjson/cJSON.h>
#include <stdlib.h>
#include <string.h>

#include "tests/sim/sim.h"

#define ENGINE   "/management/engines"
#define ENV      "1-UNIX_HOST_ENVIRONMENT-1"
#define REPO     "1-APPDATA_REPOSITORY-1"
#define SOURCE   "1-APPDATA_STAGED_SOURCE_CONFIG-1"
#define DSOURCE  "1-APPDATA_CONTAINER-1"
#define VDB      "1-APPDATA_CONTAINER-2"
#define CREDS    "\"username\":\"pg\",\"password\":\"secret\""
#define LINK_TOP "\"source_id\":\"" SOURCE "\",\"environment_user\":\"HOST_USER-1\","
#define LINK_STAGED \
    LINK_TOP "\"link_type\":\"AppDataStaged\",\"staging_environment\":\"" ENV "\"," \
             "\"name\":\"orders\","
#define RESYNC "\"sync_parameters\":{\"resync\":true}"
#define PUSH   "\"parameters\":{\"postgresPort\":5433,\"stagingPushFlag\":true}"
#define STREAM \
    "\"parameters\":{\"postgresPort\":5433,\"delphixInitiatedBackupFlag\":true," \
    "\"delphixInitiatedBackup\":[{\"userName\":\"d\",\"userPass\":\"hush\"," \
    "\"postgresSourcePort\":5432,\"sourceHostAddress\":\"db\"}]}"

struct world {
    struct sim *sim;
    msec now;
    struct sim_reply reply;
    cJSON *json;
};

static inline void forget_reply(struct world *w)
{
    cJSON_Delete(w->json);
    sim_reply_clear(&w->reply);
    w->json = NULL;
}

static inline int send_as(struct world *w, const struct sim_request *in)
{
    forget_reply(w);
    sim_request(w->sim, w->now, in, &w->reply);
    w->json = cJSON_Parse(w->reply.body);
    return w->reply.status;
}

static inline int ask(struct world *w, const char *method, const char *path, const char *body)
{
    const struct sim_request in = { method, path, body, body ? strlen(body) : 0, NULL, "apk 1.k" };
    return send_as(w, &in);
}

static inline int get(struct world *w, const char *path)
{
    return ask(w, "GET", path, NULL);
}

static inline int post(struct world *w, const char *path, const char *body)
{
    return ask(w, "POST", path, body);
}

/* "items.0.name" in the last answer, NULL if there is none. */
static inline const cJSON *at(const struct world *w, const char *path)
{
    const cJSON *item = w->json;
    while (item && *path) {
        size_t n = strcspn(path, ".");
        char *word = xstrndup(path, n);
        int64_t index;
        if (parse_int64(word, &index))
            item = cJSON_GetArrayItem(item, (int)index);
        else
            item = cJSON_GetObjectItemCaseSensitive(item, word);
        free(word);
        path += n + (path[n] == '.');
    }
    return item;
}

static inline const char *text_at(const struct world *w, const char *path)
{
    const char *text = cJSON_GetStringValue(at(w, path));
    return text ? text : "(none)";
}

static inline int number_at(const struct world *w, const char *path)
{
    const cJSON *item = at(w, path);
    return cJSON_IsNumber(item) ? (int)item->valuedouble : -1;
}

static inline int count_at(const struct world *w, const char *path)
{
    return cJSON_GetArraySize(at(w, path));
}

/* Lets time pass until nothing is left to happen. */
static inline void settle(struct world *w)
{
    msec next;
    while ((next = sim_next_change(w->sim)) >= 0) {
        w->now = next;
        sim_advance(w->sim, w->now);
    }
}

static inline void wait_ms(struct world *w, msec ms)
{
    w->now += ms;
    sim_advance(w->sim, w->now);
}

/* The job that the last answer carried, when everything is over: its status, and
 * its error_details through `error` where that is not NULL. */
static inline const char *outcome(struct world *w)
{
    char *path = xasprintf("/jobs/%s", text_at(w, "job.id"));
    settle(w);
    get(w, path);
    free(path);
    return text_at(w, "status");
}

static inline void assert_done(struct world *w, int status, int expected)
{
    assert_int_equal(status, expected);
    assert_string_equal(outcome(w), "COMPLETED");
}

/* The job fails and says so. */
static inline void assert_refused(struct world *w, int status, const char *part)
{
    assert_true(status >= 200 && status < 300);
    assert_string_equal(outcome(w), "FAILED");
    if (!strstr(text_at(w, "error_details"), part))
        fail_msg("\"%s\" is not in \"%s\"", part, text_at(w, "error_details"));
}

static inline int upload(struct world *w, const char *engine, const char *artifact)
{
    char *body = xasprintf("--B\r\nContent-Disposition: form-data; name=\"engine_id\"\r\n\r\n%s"
                           "\r\n--B\r\nContent-Disposition: form-data; name=\"file\"; "
                           "filename=\"c.json\"\r\nContent-Type: application/json\r\n\r\n%s"
                           "\r\n--B--\r\n",
                           engine, artifact);
    const struct sim_request in = {
        "POST", "/toolkits/upload", body, strlen(body), "multipart/form-data; boundary=B", "apk 1.k"
    };
    int status = send_as(w, &in);
    free(body);
    return status;
}

static inline int upload_build(struct world *w, const char *build)
{
    char *artifact = xasprintf("{\"type\":\"Plugin\",\"name\":\"postgres-vsdk\",\"pluginId\":"
                               "\"b1a5\",\"buildNumber\":\"%s\",\"externalVersion\":\"v%s\","
                               "\"hostTypes\":[\"UNIX\"],\"rootSquashEnabled\":true,"
                               "\"linkedSourceDefinition\":{\"parameters\":{}}}",
                               build, build);
    int status = upload(w, "1", artifact);
    free(artifact);
    return status;
}

static inline void make_engine(struct world *w, const char *name)
{
    char *body = xasprintf("{\"name\":\"%s\",\"hostname\":\"%s.x\",\"username\":\"a\","
                           "\"password\":\"b\"}",
                           name, name);
    assert_int_equal(post(w, ENGINE, body), 201);
    free(body);
    settle(w);
}

static inline int make_environment(struct world *w, const char *engine, const char *host)
{
    char *body = xasprintf("{\"engine_id\":\"%s\",\"os_name\":\"UNIX\",\"hostname\":\"%s\","
                           "\"toolkit_path\":\"/t\"," CREDS "}",
                           engine, host);
    int status = post(w, "/environments", body);
    free(body);
    return status;
}

static inline void make_source(struct world *w)
{
    const char *body = "{\"name\":\"orders\",\"repository_id\":\"" REPO "\"}";
    assert_done(w, post(w, "/sources/postgres", body), 201);
}

static inline void make_dsource(struct world *w)
{
    const char *body = "{" LINK_STAGED STREAM "," RESYNC "}";
    assert_done(w, post(w, "/dsources/appdata", body), 200);
}

static inline int provision(struct world *w, const char *name, int port)
{
    char *body = xasprintf("{\"source_data_id\":\"" DSOURCE "\",\"repository_id\":\"" REPO "\","
                           "\"name\":\"%s\",\"appdata_source_params\":{\"postgresPort\":%d}}",
                           name, port);
    int status = post(w, "/vdbs/provision_by_snapshot", body);
    free(body);
    return status;
}

enum stage { EMPTY, WITH_ENGINE, WITH_ENVIRONMENT, WITH_SOURCE, WITH_DSOURCE, WITH_VDB };

static inline void world_open(struct world *w, const struct sim_options *options, enum stage stage)
{
    *w = (struct world){ .sim = sim_new(options), .now = 1760000000000 };
    if (stage >= WITH_ENGINE)
        make_engine(w, "one");
    if (stage >= WITH_ENVIRONMENT) {
        assert_done(w, upload_build(w, "4.1.1"), 200);
        assert_done(w, make_environment(w, "1", "db1"), 201);
    }
    if (stage >= WITH_SOURCE)
        make_source(w);
    if (stage >= WITH_DSOURCE)
        make_dsource(w);
    if (stage >= WITH_VDB)
        assert_done(w, provision(w, "dev", 5440), 200);
}

static inline struct world world_at(enum stage stage)
{
    const struct sim_options options = { .seed = 7, .strict = true };
    struct world w;
    world_open(&w, &options, stage);
    return w;
}

static inline void world_close(struct world *w)
{
    forget_reply(w);
    sim_free(w->sim);
}

#endif
