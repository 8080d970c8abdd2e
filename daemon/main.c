/* dctd: the command line. One table of commands, one of options; both are also
 * the help. */
#include <curl/curl.h>
#include <getopt.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>

#include "daemon/cmd.h"
#include "daemon/env.h"

enum {
    DOES_RUN = 1 << 0,
    DOES_PLAN = 1 << 1,
    DOES_APPLY = 1 << 2,
    DOES_VALIDATE = 1 << 3,
    DOES_VERSION = 1 << 4,
    DOES_ADOPT = 1 << 5,
    DOES_FORGET = 1 << 6,
    DOES_EVENTS = 1 << 7,
    DOES_EXPLAIN = 1 << 8,
    DOES_ALL = (1 << 9) - 1,
};

static const struct command {
    const char *name, *arguments, *help;
    int (*run)(const struct invocation *in);
    unsigned bit;
    const char *more;
    size_t least, most; /* arguments */
} commands[] = {
    { "run", "", "keep DCT as the manifests say, for ever", cmd_run, DOES_RUN,
      "Watches the manifests, observes DCT at the configured interval and repairs what\n"
      "differs. SIGHUP reads configuration, secrets and manifests again.\n",
      0, 0 },
    { "plan", " [PATH...]", "show what would change, change nothing", cmd_plan, DOES_PLAN,
      "Exit status: 0 nothing differs, 2 something does, 1 it could not be told.\n", 0, SIZE_MAX },
    { "apply", " [PATH...]", "make DCT as the manifests say, once", cmd_apply, DOES_APPLY,
      "Exit status: 0 converged, 1 not.\n", 0, SIZE_MAX },
    { "validate", " [PATH...]", "check manifests without asking DCT", cmd_validate, DOES_VALIDATE,
      "Needs no configuration where PATHs are given.\nExit status: 0 valid, 1 not.\n", 0,
      SIZE_MAX },
    { "adopt", " KIND/NAME ID", "take a DCT object for the one that a manifest means", cmd_adopt,
      DOES_ADOPT,
      "Puts the object into the ledger, as in `dctd adopt VDB/orders-dev 7-APPDATA_CONTAINER-12`.\n"
      "No dctd may use the ledger meanwhile. The next plan shows what differs.\n",
      2, 2 },
    { "forget", " KIND/NAME", "leave a DCT object to others", cmd_forget, DOES_FORGET,
      "Takes the object out of the ledger; in DCT nothing changes.\n"
      "No dctd may use the ledger meanwhile.\n",
      1, 1 },
    { "events", "", "show what has happened", cmd_events, DOES_EVENTS,
      "The history of the ledger, oldest first. Reads it beside a running dctd, too.\n", 0, 0 },
    { "explain", " [KIND[.FIELD]]", "show what a manifest may say", cmd_explain, DOES_EXPLAIN,
      "Lists the kinds; of a kind its fields; of a field what it takes and what changing it "
      "means,\nas in `dctd explain vdb.postgresql`.\n",
      0, 1 },
    { "version", "", "print versions", cmd_version, DOES_VERSION, "", 0, 0 },
};

enum {
    OPT_NO_COLOR = 256,
    OPT_PRUNE,
    OPT_LOG_LEVEL,
    OPT_REPLACE,
    OPT_FORCE,
    OPT_SINCE,
    OPT_MAN,
};

static const struct known_option {
    const char *name, *argument, *help;
    int value;         /* the short option, or above 255 */
    unsigned commands; /* that take it */
} known[] = {
    { "config", "FILE", "configuration (default $DCTD_CONFIG, else /etc/dctd/dctd.yaml)", 'c',
      DOES_ALL },
    { "output", "FORM", "text, json or (plan) markdown", 'o', DOES_PLAN | DOES_EVENTS },
    { "prune", NULL, "delete owned objects that no manifest wants any more", OPT_PRUNE,
      DOES_PLAN | DOES_APPLY },
    { "no-color", NULL, "no colours, whatever the terminal can", OPT_NO_COLOR,
      DOES_PLAN | DOES_APPLY },
    { "log-level", "LEVEL", "error, warning, info or debug", OPT_LOG_LEVEL,
      DOES_RUN | DOES_PLAN | DOES_APPLY },
    { "replace", NULL, "adopt: also where the ledger has another id", OPT_REPLACE, DOES_ADOPT },
    { "force", NULL, "forget: also what is protected, owed or under way", OPT_FORCE, DOES_FORGET },
    { "since", "TIME", "events: of the last 30m, 12h, 7d", OPT_SINCE, DOES_EVENTS },
    { "man", NULL, "explain: as a section of a manual page", OPT_MAN, DOES_EXPLAIN },
    { "help", NULL, "this text", 'h', DOES_ALL },
    { "version", NULL, "print versions", 'V', DOES_ALL },
};

static const char *command_name(const void *ctx, size_t i)
{
    (void)ctx;
    return i < ARRAY_LEN(commands) ? commands[i].name : NULL;
}

static const char *option_name(const void *ctx, size_t i)
{
    (void)ctx;
    return i < ARRAY_LEN(known) ? known[i].name : NULL;
}

static const struct command *find_command(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        if (streq(commands[i].name, name))
            return &commands[i];
    }
    return NULL;
}

static void print_options(unsigned bits)
{
    printf("\nOptions:\n");
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        const struct known_option *o = &known[i];
        char head[40];

        if (!(o->commands & bits))
            continue;
        (void)snprintf(head, sizeof(head), "--%s%s%s", o->name, o->argument ? "=" : "",
                       o->argument ? o->argument : "");
        if (o->value < 256)
            printf("  -%c, %-17s %s\n", o->value, head, o->help);
        else
            printf("      %-17s %s\n", head, o->help);
    }
}

static int help(const struct command *c)
{
    if (c) {
        printf("Usage: dctd [OPTIONS] %s%s\n\ndctd %s: %s\n%s", c->name, c->arguments, c->name,
               c->help, c->more);
        print_options(c->bit);
    } else {
        printf("Usage: dctd [OPTIONS] COMMAND [PATH...]\n\n"
               "Keeps Delphix Data Control Tower as YAML manifests declare it.\n\nCommands:\n");
        for (size_t i = 0; i < ARRAY_LEN(commands); i++)
            printf("  %-10s %s\n", commands[i].name, commands[i].help);
        print_options(DOES_ALL);
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
    bool help, version;
    unsigned given[ARRAY_LEN(known)];
};

static bool output_named(const char *name, enum output *out)
{
    static const char *const names[] = {
        [OUTPUT_TEXT] = "text", [OUTPUT_JSON] = "json", [OUTPUT_MARKDOWN] = "markdown"
    };

    for (size_t i = 0; i < ARRAY_LEN(names); i++) {
        if (streq(names[i], name)) {
            *out = (enum output)i;
            return true;
        }
    }
    return false;
}

/* False where the argument is none that the option takes. */
static bool take_option(struct line *l, int value, const char *argument)
{
    for (size_t i = 0; i < ARRAY_LEN(known); i++)
        l->given[i] += known[i].value == value;

    switch (value) {
    case 'c':
        l->in.config = argument;
        return true;
    case 'o':
        return output_named(argument, &l->in.output);
    case OPT_LOG_LEVEL:
        return log_level_named(argument, &l->in.log_level);
    case OPT_SINCE:
        return duration_parse(argument, &l->in.since) && l->in.since > 0;
    case OPT_REPLACE:
        l->in.replace = true;
        return true;
    case OPT_FORCE:
        l->in.force = true;
        return true;
    case OPT_MAN:
        l->in.man = true;
        return true;
    case OPT_PRUNE:
        l->in.prune = true;
        return true;
    case OPT_NO_COLOR:
        l->in.no_color = true;
        return true;
    case 'V':
        l->version = true;
        return true;
    default:
        l->help = true;
        return true;
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

static int refuse_argument(int value)
{
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (known[i].value == value)
            cmd_complain("--%s takes %s, not %s", known[i].name, known[i].help, optarg);
    }
    return EXIT_TROUBLE;
}

/* Reads every option; non-zero exit code where one is wrong. */
static int read_options(int argc, char **argv, struct line *l)
{
    struct option longs[ARRAY_LEN(known) + 1] = { 0 };
    int value;

    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        longs[i].name = known[i].name;
        longs[i].has_arg = known[i].argument ? required_argument : no_argument;
        longs[i].val = known[i].value;
    }
    opterr = 0;
    // NOLINTNEXTLINE(concurrency-mt-unsafe): before anything else runs
    while ((value = getopt_long(argc, argv, ":c:o:hV", longs, NULL)) != -1) {
        if (value == '?' || value == ':')
            return refuse_option(argv, value);
        if (!take_option(l, value, optarg))
            return refuse_argument(value);
    }
    return EXIT_GOOD;
}

static int run_command(const struct command *c, const struct line *l)
{
    for (size_t i = 0; i < ARRAY_LEN(known); i++) {
        if (l->given[i] && !(known[i].commands & c->bit)) {
            cmd_complain("dctd %s does not take --%s; `dctd %s --help` lists what it takes",
                         c->name, known[i].name, c->name);
            return EXIT_TROUBLE;
        }
    }
    if (l->in.n_paths > c->most)
        return usage("an argument too many for this command:", l->in.paths[c->most], NULL);
    if (l->in.n_paths < c->least) {
        cmd_complain("arguments are missing; it is dctd %s%s", c->name, c->arguments);
        return EXIT_TROUBLE;
    }
    log_open(l->in.log_level);
    return c->run(&l->in);
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

int main(int argc, char **argv)
{
    const char *named = env_get("DCTD_CONFIG");
    struct line l = { .in = { .config = named && *named ? named : "/etc/dctd/dctd.yaml",
                              .log_level = LEVEL_INFO } };
    int code = read_options(argc, argv, &l);

    if (code != EXIT_GOOD)
        return code;
    if (l.version)
        return cmd_version(&l.in);

    const char *name = optind < argc ? argv[optind] : NULL;
    const struct command *c = find_command(name);
    if (name && !c)
        return usage("unknown command", name, nearest_word(name, command_name, NULL));
    if (l.help)
        return help(c);
    if (!c) {
        cmd_complain("a command is missing; `dctd --help` lists them");
        return EXIT_TROUBLE;
    }

    l.in.paths = (const char *const *)argv + optind + 1;
    l.in.n_paths = (size_t)(argc - optind - 1);
    settle_process();
    code = run_command(c, &l);
    curl_global_cleanup();
    return code;
}
