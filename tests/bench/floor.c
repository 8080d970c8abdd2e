/* What any program must spend that reads manifests and asks DCT what is there:
 * every file through libyaml's events, every list through libcurl and cJSON, and
 * nothing done with either. It shares no code with dctd.
 *
 *   floor KEY URL LIST... <FILES
 *
 * FILES names one manifest a line; KEY is an API key, URL DCT's base, LIST a
 * collection such as /vdbs, of which every page is read, over one connection.
 * Prints what it has seen, as a proof that it was read. */
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>
#include <curl/curl.h>
#include <yaml.h>

struct text {
    char *p;
    size_t n;
};

static size_t files, scalars, items;
static int trouble;

static void complain(const char *what, const char *why)
{
    fprintf(stderr, "floor: %s: %s\n", what, why);
    trouble = 1;
}

static void read_manifest(const char *path)
{
    FILE *f = fopen(path, "rbe");
    yaml_parser_t parser;
    yaml_event_t event;
    bool more = true;

    if (!f || !yaml_parser_initialize(&parser)) {
        complain(path, "cannot be read");
        return;
    }
    yaml_parser_set_input_file(&parser, f);
    while (more && yaml_parser_parse(&parser, &event)) {
        scalars += event.type == YAML_SCALAR_EVENT;
        more = event.type != YAML_STREAM_END_EVENT;
        yaml_event_delete(&event);
    }
    if (more)
        complain(path, parser.problem);
    yaml_parser_delete(&parser);
    fclose(f);
    files++;
}

static void read_manifests(void)
{
    char *path = NULL;
    size_t room = 0;
    ssize_t n;

    while ((n = getline(&path, &room, stdin)) > 0) {
        path[n - 1] = '\0';
        read_manifest(path);
    }
    free(path);
}

static size_t take(char *p, size_t size, size_t n, void *to)
{
    struct text *t = to;
    char *room = realloc(t->p, t->n + size * n + 1);

    if (!room)
        return 0;
    t->p = room;
    memcpy(t->p + t->n, p, size * n);
    t->n += size * n;
    t->p[t->n] = '\0';
    return size * n;
}

/* Reads one page; returns the cursor of the next, to be freed, or NULL. */
static char *read_page(CURL *curl, const char *url)
{
    struct text body = { 0 };
    char *next = NULL;
    long status = 0;

    curl_easy_setopt(curl, CURLOPT_URL, url);
    curl_easy_setopt(curl, CURLOPT_WRITEDATA, &body);
    CURLcode rc = curl_easy_perform(curl);
    curl_easy_getinfo(curl, CURLINFO_RESPONSE_CODE, &status);
    cJSON *page = body.p ? cJSON_Parse(body.p) : NULL;
    if (rc != CURLE_OK || status != 200 || !page)
        complain(url, rc == CURLE_OK ? "was refused" : curl_easy_strerror(rc));
    items += (size_t)cJSON_GetArraySize(cJSON_GetObjectItemCaseSensitive(page, "items"));
    const cJSON *about = cJSON_GetObjectItemCaseSensitive(page, "response_metadata");
    const char *cursor =
        cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(about, "next_cursor"));
    if (cursor && *cursor)
        next = curl_easy_escape(curl, cursor, 0);
    cJSON_Delete(page);
    free(body.p);
    return next;
}

static void read_list(CURL *curl, const char *base, const char *list)
{
    char url[4096], *cursor = NULL;

    do {
        snprintf(url, sizeof(url), "%s%s?limit=1000%s%s", base, list, cursor ? "&cursor=" : "",
                 cursor ? cursor : "");
        curl_free(cursor);
        cursor = read_page(curl, url);
    } while (cursor);
}

int main(int argc, char **argv)
{
    char header[512];

    if (argc < 4) {
        complain("usage", "floor KEY URL LIST... <FILES");
        return trouble;
    }
    read_manifests();
    CURL *curl = curl_easy_init();
    snprintf(header, sizeof(header), "Authorization: apk %s", argv[1]);
    struct curl_slist *headers = curl_slist_append(NULL, header);
    curl_easy_setopt(curl, CURLOPT_HTTPHEADER, headers);
    curl_easy_setopt(curl, CURLOPT_WRITEFUNCTION, take);
    for (int i = 3; i < argc; i++)
        read_list(curl, argv[2], argv[i]);
    curl_slist_free_all(headers);
    curl_easy_cleanup(curl);
    printf("%zu files, %zu scalars, %zu items\n", files, scalars, items);
    return trouble;
}
