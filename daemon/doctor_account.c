/* What the API key opens: whose it is DCT does not tell, but what it may read
 * can be tried, and of dSources and VDBs DCT tells what else it may. */
#include <stdlib.h>
#include <string.h>

#include "daemon/doctor_parts.h"
#include "daemon/env.h"
#include "reconciler/plan_render.h"
#include "schema/json.h"

enum { LISTS_MAX = 16, RIGHTS_MAX = 8 };

/* systemd hands credentials to the service alone. */
static bool only_for_the_service(const struct doctor *d)
{
    return d->config->dct.api_key.source == SECRET_CREDENTIAL && !env_get("CREDENTIALS_DIRECTORY");
}

static void say_unsent(struct doctor *d, const struct answer *a)
{
    const char *name = d->config->dct.api_key.name;

    doctor_say(d, only_for_the_service(d) ? VERDICT_SKIP : VERDICT_FAIL, "not tried: %s", a->why);
    if (only_for_the_service(d))
        doctor_next(d,
                    "give it the credential too: systemd-run --pipe --wait "
                    "-p LoadCredential=%s:PATH dctd doctor",
                    name);
    else
        doctor_next(d, "make the API key readable for the user that dctd runs as, or name another "
                       "place in dct.apiKey");
}

static void say_denied(struct doctor *d, const struct answer *a)
{
    struct secret_ref ref = { d->config->dct.api_key.source, d->config->dct.api_key.name };
    char *where = secret_ref_text(&ref);

    doctor_say(d, VERDICT_FAIL, "%s", a->why);
    if (a->status == 401)
        doctor_next(d, "put a key of this DCT there (%s); has it expired, is its account disabled?",
                    where);
    else if (a->status == 403)
        doctor_next(d, "the key itself is accepted: give its account in DCT an access group that "
                       "may see engines");
    else if (a->status == 404)
        doctor_next(d, "is dct.basePath right? DCT's own is /dct/v3");
    else if (a->status)
        doctor_next(d, "is dct.url DCT itself? see DCT's own log for this request");
    free(where);
}

void check_key(struct doctor *d)
{
    static const char *const path[] = { "/management/engines?limit=1000" };
    struct answer a = { 0 };

    doctor_ask(d, path, 1, &a);
    if (a.unsent) {
        say_unsent(d, &a);
    } else if (a.why) {
        say_denied(d, &a);
    } else if (!cJSON_IsArray(json_at(a.body, "items"))) {
        doctor_say(d, VERDICT_FAIL, "%s%s/management/engines answers %d, but not as DCT does",
                   d->config->dct.url, d->config->dct.base_path, a.status);
        doctor_next(d, "is dct.url DCT itself, and dct.basePath right?");
    } else {
        doctor_say(d, VERDICT_OK, "DCT accepts the API key");
        d->engines = TAKE(a.body);
    }
    answer_clear(&a);
}

/* What dctd reads besides the six kinds. */
static const char *const other_lists[] = { "/groups", "/virtualization-policies",
                                           "/staging-sources", "/snapshots", "/jobs" };

static void check_reading(struct doctor *d)
{
    const char *names[LISTS_MAX];
    char *paths[LISTS_MAX];
    struct answer answers[LISTS_MAX] = { 0 };
    size_t n = 0;
    bool good = true;

    for (enum kind k = 0; k < KINDS; k++)
        names[n++] = kind_desc(k)->collection;
    for (size_t i = 0; i < ARRAY_LEN(other_lists); i++)
        names[n++] = other_lists[i];
    for (size_t i = 0; i < n; i++)
        paths[i] = xasprintf("%s?limit=1", names[i]);
    doctor_ask(d, (const char *const *)paths, n, answers);
    for (size_t i = 0; i < n; i++) {
        if (answers[i].why) {
            doctor_say(d, VERDICT_FAIL, "%s: %s", names[i], answers[i].why);
            doctor_next(d, answers[i].status == 403
                               ? "give the key's account in DCT an access group that may see these"
                               : "see DCT's own log for this request");
            good = false;
        }
        answer_clear(&answers[i]);
        free(paths[i]);
    }
    if (good)
        doctor_say(d, VERDICT_OK, "may read all that dctd reads");
}

/* -1 where DCT does not count. */
static int64_t total_of(const struct answer *a)
{
    const cJSON *total = a->why ? NULL : json_at(a->body, "response_metadata.total");

    return total && cJSON_IsNumber(total) ? (int64_t)total->valuedouble : -1;
}

static const struct {
    const char *path, *arg;
    const char *rights[RIGHTS_MAX]; /* PermissionEnum of DCT's API */
} judged[] = {
    { "/dsources", "dSources", { "UPDATE", "ENABLE", "DISABLE", "DELETE", "SNAPSHOT" } },
    { "/vdbs", "VDBs", { "UPDATE", "ENABLE", "DISABLE", "DELETE", "SNAPSHOT" } },
};

/* DCT lists the datasets on which the account has a right; the rest it lacks. */
static void check_rights(struct doctor *d, size_t which)
{
    const char *const *rights = judged[which].rights, *arg = judged[which].arg;
    char *paths[RIGHTS_MAX + 1];
    struct answer answers[RIGHTS_MAX + 1] = { 0 };
    size_t n = 1;
    bool whole = true;

    paths[0] = xasprintf("%s?limit=1", judged[which].path);
    for (; rights[n - 1]; n++)
        paths[n] = xasprintf("%s?limit=1&permission=%s", judged[which].path, rights[n - 1]);
    doctor_ask(d, (const char *const *)paths, n, answers);
    int64_t all = total_of(&answers[0]);
    for (size_t i = 0; i < n; i++) {
        int64_t may = total_of(&answers[i]);
        whole = whole && may >= all;
        if (may >= 0 && may < all) {
            doctor_say(d, VERDICT_WARN, "may %s only %lld of %lld %s", rights[i - 1],
                       (long long)may, (long long)all, arg);
            doctor_next(d, "give the key's account that right in DCT, or leave the others out of "
                           "the manifests");
        }
        answer_clear(&answers[i]);
        free(paths[i]);
    }
    if (all > 0 && whole)
        doctor_say(d, VERDICT_OK, "may update, enable, disable, delete and snapshot all %lld %s",
                   (long long)all, arg);
}

/* Whose key it is, and what its account may create, no call of the API says. */
void check_permissions(struct doctor *d)
{
    check_reading(d);
    for (size_t i = 0; i < ARRAY_LEN(judged); i++)
        check_rights(d, i);
    doctor_say(d, VERDICT_OK,
               "what the key's account may create, and what it may do to other "
               "kinds, is unknown: DCT tells when it is tried");
}

static const char *connection_of(const cJSON *engine)
{
    const char *now = json_text(engine, "engine_connection_status");

    return now ? now : json_text(engine, "connection_status");
}

static void say_offline(struct doctor *d, const cJSON *engine, const char *name)
{
    const char *now = connection_of(engine);
    const char *details = json_text(engine, "engine_connection_status_details");
    bool credentials = now && strstr(now, "CREDENTIALS");

    doctor_say(d, VERDICT_FAIL, "%s is %s%s%.500s", name, now ? now : "in an unknown state",
               details && *details ? ": " : "", details ? details : "");
    if (credentials)
        doctor_next(d, "correct user name and password of Engine/%s in its manifest", name);
    else
        doctor_next(d, "can DCT reach %s? its databases wait until it is back",
                    json_text(engine, "hostname") ? json_text(engine, "hostname") : name);
}

void check_engines(struct doctor *d)
{
    const cJSON *engine, *items = json_at(d->engines, "items");

    if (cJSON_GetArraySize(items) == 0)
        doctor_say(d, VERDICT_OK, "DCT has no engine yet");
    cJSON_ArrayForEach(engine, items) {
        const char *name = json_text(engine, "name");
        char *clean = render_clean(name ? name : "?");
        if (streq(connection_of(engine), "ONLINE"))
            doctor_say(d, VERDICT_OK, "%s is ONLINE", clean);
        else
            say_offline(d, engine, clean);
        free(clean);
    }
}

static bool connected(const cJSON *items, const char *name)
{
    const cJSON *engine;

    cJSON_ArrayForEach(engine, items) {
        if (streq(json_text(engine, "name"), name))
            return true;
    }
    return false;
}

void check_licence(struct doctor *d)
{
    const cJSON *items = json_at(d->engines, "items");
    size_t missing = 0;

    for (size_t i = 0; d->set && i < d->set->n; i++) {
        const struct object *o = d->set->items[i].object;
        missing += o->kind->kind == KIND_ENGINE && !connected(items, o->name);
    }
    doctor_say(d, VERDICT_OK,
               "%d engine%s connected, %zu more declared; how many the licence "
               "allows is unknown: DCT tells when one is too many",
               cJSON_GetArraySize(items), cJSON_GetArraySize(items) == 1 ? " is" : "s are",
               missing);
}
