/* dct-sim: the simulator as a process. It serves until SIGTERM or SIGINT, and
 * keeps its state in a file where it is given one. */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tests/sim/http_front.h"

#ifndef DCTD_VERSION
#define DCTD_VERSION "0.1.0"
#endif

#define STATE_MAX ((size_t)256 << 20)

static const char usage[] =
    "usage: dct-sim --listen ADDRESS:PORT [OPTION...]\n"
    "\n"
    "Simulates the API of Delphix Data Control Tower over HTTP.\n"
    "\n"
    "  --listen ADDRESS:PORT  where to serve; port 0 takes any that is free\n"
    "  --port-file FILE       write the port there once it is open\n"
    "  --base-path PATH       in front of every path; /dct/v3 where not given\n"
    "  --api-key KEY          accept this key only; any where not given\n"
    "  --api 3.18|3.28        the version of the API to serve; 3.28\n"
    "  --speed N              divide the durations of jobs by N\n"
    "  --seed N               of everything that is left to chance\n"
    "  --state FILE           load the state from there, save it there at the end\n"
    "  --strict               refuse body members that the API does not know\n"
    "  --no-total             leave response_metadata.total out\n"
    "  --license-cap N        allow N engines\n"
    "  --fault RULE           a rule of POST /_sim/fault, as JSON; may be given again\n"
    "  --read-only            refuse everything but GET and POST .../search\n"
    "  --quiet                no line per request on stderr\n"
    "  --help, --version\n";

struct settings {
    struct sim_options sim;
    struct http_front_options front;
    char *host;
    const char *port_file, *state;
    struct strings faults;
};

struct server {
    struct http_front *front;
    uv_signal_t term, interrupt;
};

static int wrong(const char *what, const char *value)
{
    fprintf(stderr, "dct-sim: %s: %s\n", what, value);
    return 2;
}

static bool read_listen(struct settings *o, const char *value)
{
    int64_t port;
    const char *colon = strrchr(value, ':');

    if (!colon || !parse_int64(colon + 1, &port) || port < 0 || port > 65535)
        return false;
    free(o->host);
    o->host = xstrndup(value, (size_t)(colon - value));
    o->front.host = o->host;
    o->front.port = (unsigned)port;
    return true;
}

static bool read_speed(struct settings *o, const char *value)
{
    char *end;
    o->sim.speed = strtod(value, &end);
    return end != value && !*end && o->sim.speed > 0;
}

static bool read_number(const char *value, int64_t *n)
{
    return parse_int64(value, n) && *n >= 0;
}

static bool read_api(struct settings *o, const char *value)
{
    o->sim.api = streq(value, "3.18") ? 318 : 328;
    return o->sim.api == 318 || streq(value, "3.28");
}

/* An option with a value; false where the value is no good. */
static bool set_value(struct settings *o, int option, const char *value)
{
    int64_t n = 0;

    switch (option) {
    case 'l':
        return read_listen(o, value);
    case 'p':
        o->port_file = value;
        return true;
    case 'b':
        o->front.base = streq(value, "/") ? "" : value;
        return true;
    case 'k':
        o->sim.api_key = value;
        return true;
    case 'a':
        return read_api(o, value);
    case 'x':
        return read_speed(o, value);
    case 's':
        o->state = value;
        return true;
    case 'f':
        strings_add(&o->faults, value);
        return true;
    case 'e':
    case 'c':
        if (!read_number(value, &n))
            return false;
        if (option == 'e')
            o->sim.seed = (uint64_t)n;
        else
            o->sim.license_cap = (unsigned)n;
        return true;
    default:
        return false;
    }
}

static void set_flag(struct settings *o, int option)
{
    if (option == 't')
        o->sim.strict = true;
    else if (option == 'n')
        o->sim.no_total = true;
    else if (option == 'r')
        o->sim.read_only = true;
    else
        o->front.quiet = true;
}

/* -1: go on; otherwise the exit status. */
static int read_options(struct settings *o, int argc, char **argv)
{
    static const struct option options[] = {
        { "listen", required_argument, NULL, 'l' },
        { "port-file", required_argument, NULL, 'p' },
        { "base-path", required_argument, NULL, 'b' },
        { "api-key", required_argument, NULL, 'k' },
        { "api", required_argument, NULL, 'a' },
        { "speed", required_argument, NULL, 'x' },
        { "seed", required_argument, NULL, 'e' },
        { "state", required_argument, NULL, 's' },
        { "license-cap", required_argument, NULL, 'c' },
        { "fault", required_argument, NULL, 'f' },
        { "strict", no_argument, NULL, 't' },
        { "no-total", no_argument, NULL, 'n' },
        { "read-only", no_argument, NULL, 'r' },
        { "quiet", no_argument, NULL, 'q' },
        { "help", no_argument, NULL, 'h' },
        { "version", no_argument, NULL, 'v' },
        { NULL, 0, NULL, 0 },
    };
    int option;

    // NOLINTNEXTLINE(concurrency-mt-unsafe): before anything else runs
    while ((option = getopt_long(argc, argv, "", options, NULL)) != -1) {
        if (option == '?')
            return 2;
        if (option == 'h' || option == 'v') {
            fputs(option == 'h' ? usage : "dct-sim " DCTD_VERSION "\n", stdout);
            return 0;
        }
        if (!optarg)
            set_flag(o, option);
        else if (!set_value(o, option, optarg))
            return wrong("not a legal value", optarg);
    }
    if (optind < argc)
        return wrong("unexpected argument", argv[optind]);
    return o->front.host ? -1 : wrong("missing", "--listen ADDRESS:PORT");
}

/* The file's text, owned; NULL where it cannot be read. */
static char *read_file(const char *path)
{
    char chunk[65536];
    size_t n;
    struct buf text = BUF_WITH_LIMIT(STATE_MAX);
    FILE *file = fopen(path, "re");

    if (!file)
        return NULL;
    while ((n = fread(chunk, 1, sizeof(chunk), file)) > 0)
        buf_add(&text, chunk, n);
    bool ok = !ferror(file) && !text.over;
    fclose(file);
    if (ok)
        return buf_take(&text);
    buf_clear(&text);
    return NULL;
}

/* Written beside the file and moved over it, so that it is never half a state. */
static bool write_file(const char *path, const char *text)
{
    char *beside = xasprintf("%s.new", path);
    FILE *file = fopen(beside, "we");
    bool ok = file && fputs(text, file) >= 0;

    if (file)
        ok = fclose(file) == 0 && ok;
    ok = ok && rename(beside, path) == 0;
    if (!ok)
        perror(path);
    free(beside);
    return ok;
}

static bool load_state(struct sim *s, const char *path)
{
    if (!path || access(path, F_OK) != 0)
        return true;
    char *text = read_file(path);
    bool ok = text && sim_load(s, text);
    free(text);
    if (!ok)
        wrong("not a state of dct-sim", path);
    return ok;
}

static bool add_fault(struct sim *s, const char *rule)
{
    struct sim_request in = { .method = "POST", .path = "/_sim/fault" };
    struct sim_reply out;
    bool one = rule[strspn(rule, " ")] != '[';
    char *list = xasprintf("%s%s%s", one ? "[" : "", rule, one ? "]" : "");

    in.body = list;
    in.length = strlen(list);
    sim_request(s, 0, &in, &out);
    bool ok = out.status >= 200 && out.status < 300;
    if (!ok)
        fprintf(stderr, "dct-sim: --fault %s: %s\n", rule, out.body);
    sim_reply_clear(&out);
    free(list);
    return ok;
}

static bool add_faults(struct sim *s, const struct strings *rules)
{
    for (size_t i = 0; i < rules->n; i++) {
        if (!add_fault(s, rules->items[i]))
            return false;
    }
    return true;
}

static bool save_state(const struct sim *s, const char *path)
{
    if (!path)
        return true;
    char *text = sim_state(s);
    bool ok = write_file(path, text);
    free(text);
    return ok;
}

static void on_signal(uv_signal_t *handle, int number)
{
    struct server *server = handle->data;
    (void)number;

    http_front_close(server->front);
    uv_close((uv_handle_t *)&server->term, NULL);
    uv_close((uv_handle_t *)&server->interrupt, NULL);
}

static bool announce(const struct settings *o, const struct http_front *front)
{
    unsigned port = http_front_port(front);
    char number[16];

    printf("dct-sim: listening on http://%s:%u%s\n", o->front.host, port, o->front.base);
    fflush(stdout);
    snprintf(number, sizeof(number), "%u\n", port);
    return !o->port_file || write_file(o->port_file, number);
}

static int serve(const struct settings *o, struct sim *s)
{
    uv_loop_t loop;
    struct server server = { .front = NULL };
    char *error = NULL;

    uv_loop_init(&loop);
    server.front = http_front_new(&loop, s, &o->front, &error);
    if (!server.front) {
        fprintf(stderr, "dct-sim: %s\n", error);
        free(error);
        uv_loop_close(&loop);
        return 1;
    }
    uv_signal_init(&loop, &server.term);
    uv_signal_init(&loop, &server.interrupt);
    server.term.data = server.interrupt.data = &server;
    uv_signal_start(&server.term, on_signal, SIGTERM);
    uv_signal_start(&server.interrupt, on_signal, SIGINT);
    bool ok = announce(o, server.front);
    if (ok)
        uv_run(&loop, UV_RUN_DEFAULT);
    else
        on_signal(&server.term, SIGTERM);
    uv_run(&loop, UV_RUN_DEFAULT);
    ok = uv_loop_close(&loop) == 0 && ok;
    return ok && save_state(s, o->state) ? 0 : 1;
}

int main(int argc, char **argv)
{
    struct settings o = { .front = { .base = "/dct/v3" } };
    int status = read_options(&o, argc, argv);

    if (status < 0) {
        struct sim *s = sim_new(&o.sim);
        status = load_state(s, o.state) && add_faults(s, &o.faults) ? serve(&o, s) : 1;
        sim_free(s);
    }
    strings_clear(&o.faults);
    free(o.host);
    return status;
}
