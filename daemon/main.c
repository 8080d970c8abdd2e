/* dctd: the command line, read by the tables of daemon/commands.c. */
#include <curl/curl.h>
#include <getopt.h>
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "daemon/commands.h"
#include "daemon/complete.h"
#include "daemon/env.h"

/* What getopt_long() returns for options without a letter: behind all letters. */
enum { LONG_ONLY = 256, COMPLETION_MAX = 16 << 20 };

static const char *command_name(const void *ctx, size_t i)
{
    const struct command *c = command_at(i);

    (void)ctx;
    return c ? c->name : NULL;
}

static const char *option_name(const void *ctx, size_t i)
{
    const struct known_option *o = option_at(i);

    (void)ctx;
    return o ? o->name : NULL;
}

static void print_options(unsigned bits)
{
    const struct known_option *o;

    printf("\nOptions:\n");
    for (size_t i = 0; (o = option_at(i)) != NULL; i++) {
        char head[40], letter[] = { '-', o->letter, ',', '\0' };

        if (!(o->commands & bits))
            continue;
        (void)snprintf(head, sizeof(head), "--%s%s%s", o->name, o->argument ? "=" : "",
                       o->argument ? o->argument : "");
        printf("  %-3s %-17s %s\n", o->letter ? letter : "", head, o->help);
    }
}

/* "text, json, yaml" */
static void print_forms(const struct command *c)
{
    const char *name;

    if (!c->forms)
        return;
    printf("It can print text");
    for (size_t i = 0; (name = output_name(i)) != NULL; i++) {
        if (c->forms & 1U << i)
            printf(", %s", name);
    }
    printf(" (-o).\n");
}

static int help(const struct command *c)
{
    if (c) {
        printf("Usage: dctd [OPTIONS] %s%s\n\ndctd %s: %s\n%s", c->name, c->arguments, c->name,
               c->help, c->more);
        print_forms(c);
        print_options(c->bit);
    } else {
        printf("Usage: dctd [OPTIONS] COMMAND [ARGUMENT...]\n\n"
               "Keeps Delphix Data Control Tower as YAML manifests declare it.\n\nCommands:\n");
        for (size_t i = 0; (c = command_at(i)) != NULL; i++)
            printf("  %-10s %s\n", c->name, c->help);
        print_options(UINT_MAX);
        printf("\n`dctd COMMAND --help` tells more; see also dctd(8).\n");
    }
    return fflush(stdout) == 0 ? EXIT_GOOD : EXIT_TROUBLE;
}

static int usage(const char *what, const char *word, const char *near)
{
    if (near)
        cmd_complain("%s %s; did you mean %s%s?", what, word, *word == '-' ? "--" : "", near);
    else
        cmd_complain("%s %s; `dctd --help` lists what there is", what, word);
    return EXIT_TROUBLE;
}

struct line {
    struct invocation in;
    bool given[OPTIONS_MAX];
};

static bool output_named(const char *name, enum output *out)
{
    const char *known;

    for (size_t i = 0; (known = output_name(i)) != NULL; i++) {
        if (streq(known, name)) {
            *out = (enum output)i;
            return true;
        }
    }
    return false;
}

/* False where the argument is none that the option takes. */
static bool take_option(struct invocation *in, const struct known_option *o, const char *argument)
{
    void *member = (char *)in + o->member;

    switch (o->type) {
    case TAKES_NOTHING:
        *(bool *)member = true;
        return true;
    case TAKES_TEXT:
        *(const char **)member = argument;
        return true;
    case TAKES_FORM:
        return output_named(argument, member);
    case TAKES_LEVEL:
        return log_level_named(argument, member);
    case TAKES_DURATION:
    default:
        return duration_parse(argument, member) && *(msec *)member > 0;
    }
}

/* What getopt_long() did not like about the word it has just looked at. */
static int refuse_option(char *const *argv, int verdict)
{
    const char *word = argv[optind - 1];

    if (verdict == ':')
        return usage("an argument is missing after", word, NULL);
    if (starts_with(word, "--")) {
        char *name = xstrndup(word + 2, strcspn(word + 2, "="));
        int code = usage("unknown option", word, nearest_word(name, option_name, NULL));
        free(name);
        return code;
    }

    char letter[] = { '-', (char)optopt, '\0' };
    return usage("unknown option", letter, NULL);
}

static size_t option_index(int value)
{
    const struct known_option *o;
    size_t i = 0;

    while ((o = option_at(i)) != NULL && value != (o->letter ? o->letter : LONG_ONLY + (int)i))
        i++;
    return i;
}

static int read_option(char *const *argv, int value, struct line *l)
{
    if (value == '?' || value == ':')
        return refuse_option(argv, value);

    size_t i = option_index(value);
    const struct known_option *o = option_at(i);
    l->given[i] = true;
    if (take_option(&l->in, o, optarg))
        return EXIT_GOOD;
    cmd_complain("--%s takes %s, not %s", o->name, o->help, optarg);
    return EXIT_TROUBLE;
}

/* Reads every option; non-zero exit code where one is wrong. The rest is read all
 * the same, which puts the command behind the options. */
static int read_options(int argc, char **argv, struct line *l)
{
    struct option longs[OPTIONS_MAX + 1] = { 0 };
    char letters[2 * OPTIONS_MAX + 2] = ":";
    size_t n = 1;
    const struct known_option *o;
    int value, code = EXIT_GOOD;

    for (size_t i = 0; (o = option_at(i)) != NULL; i++) {
        longs[i].name = o->name;
        longs[i].has_arg = o->argument ? required_argument : no_argument;
        longs[i].val = o->letter ? o->letter : LONG_ONLY + (int)i;
        if (o->letter)
            letters[n++] = o->letter;
        if (o->letter && o->argument)
            letters[n++] = ':';
    }
    opterr = 0;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): before anything else runs
    while ((value = getopt_long(argc, argv, letters, longs, NULL)) != -1) {
        if (code == EXIT_GOOD)
            code = read_option(argv, value, l);
    }
    return code;
}

static int check_line(const struct command *c, const struct line *l)
{
    const struct known_option *o;

    for (size_t i = 0; (o = option_at(i)) != NULL; i++) {
        if (l->given[i] && !(o->commands & c->bit)) {
            cmd_complain("dctd %s does not take --%s; `dctd %s --help` lists what it takes",
                         c->name, o->name, c->name);
            return EXIT_TROUBLE;
        }
    }
    if (l->in.output != OUTPUT_TEXT && !(c->forms & 1U << l->in.output)) {
        cmd_complain("dctd %s cannot print %s; `dctd %s --help` lists what it can", c->name,
                     output_name(l->in.output), c->name);
        return EXIT_TROUBLE;
    }
    if (l->in.n_paths > c->most)
        return usage("an argument too many for this command:", l->in.paths[c->most], NULL);
    if (l->in.n_paths < c->least) {
        cmd_complain("arguments are missing; it is dctd %s%s", c->name, c->arguments);
        return EXIT_TROUBLE;
    }
    return EXIT_GOOD;
}

/* Secrets pass through this process: it leaves no core behind. */
static void settle_process(void)
{
    struct rlimit none = { 0, 0 };

    (void)setrlimit(RLIMIT_CORE, &none);
    (void)signal(SIGPIPE, SIG_IGN);
    (void)signal(SIGXFSZ, SIG_IGN); /* a write past the limit is an error like any other */
    if (curl_global_init(CURL_GLOBAL_DEFAULT) != 0)
        abort();
}

static int run_command(const struct command *c, const struct line *l)
{
    int code;

    settle_process();
    log_open(l->in.log_level);
    code = c->run(&l->in);
    curl_global_cleanup();
    return code;
}

/* `dctd __complete WORD...`, for the scripts in packaging/completion. */
static int offer_words(const char *config, int argc, char *const *argv)
{
    struct buf text = BUF_WITH_LIMIT(COMPLETION_MAX);

    settle_process();
    complete(config, (const char *const *)argv, (size_t)argc, &text);
    bool printed = cmd_print(&text);
    buf_clear(&text);
    return printed ? EXIT_GOOD : EXIT_TROUBLE;
}

static const char *configuration(void)
{
    const char *named = env_get("DCTD_CONFIG");

    return named && *named ? named : "/etc/dctd/dctd.yaml";
}

int main(int argc, char **argv)
{
    struct line l = { .in = { .config = configuration(), .log_level = LEVEL_INFO } };

    if (argc > 1 && streq(argv[1], "__complete"))
        return offer_words(l.in.config, argc - 2, argv + 2);

    int code = read_options(argc, argv, &l);
    const char *name = optind < argc ? argv[optind] : NULL;
    const struct command *c = command_named(name);

    if (code != EXIT_GOOD)
        return c && c->misused ? c->misused : code;
    if (l.in.version)
        return cmd_version(&l.in);
    if (name && !c)
        return usage("unknown command", name, nearest_word(name, command_name, NULL));
    if (l.in.help)
        return help(c);
    if (!c) {
        cmd_complain("a command is missing; `dctd --help` lists them");
        return EXIT_TROUBLE;
    }

    l.in.paths = (const char *const *)argv + optind + 1;
    l.in.n_paths = (size_t)(argc - optind - 1);
    code = check_line(c, &l);
    if (code != EXIT_GOOD)
        return c->misused ? c->misused : code;
    return run_command(c, &l);
}
