/* The commands and the options, as rows. */
#include "daemon/commands.h"

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
    DOES_STATUS = 1 << 9,
    DOES_GET = 1 << 10,
    DOES_DESCRIBE = 1 << 11,
    DOES_WAIT = 1 << 12,
    DOES_GRAPH = 1 << 13,
    DOES_RECONCILE = 1 << 14,
    DOES_SUSPEND = 1 << 15,
    DOES_RESUME = 1 << 16,
    DOES_DOCTOR = 1 << 17,
    DOES_ALL = (1 << 18) - 1,

    DOES_READ = DOES_STATUS | DOES_GET | DOES_DESCRIBE | DOES_WAIT | DOES_GRAPH | DOES_EVENTS,
    DOES_ASK = DOES_READ | DOES_RECONCILE | DOES_SUSPEND | DOES_RESUME | DOES_ADOPT | DOES_FORGET,
    DOES_PRINT = DOES_PLAN | DOES_EVENTS | DOES_STATUS | DOES_GET | DOES_DESCRIBE | DOES_GRAPH |
                 DOES_VALIDATE | DOES_DOCTOR,
    DOES_PAINT =
        DOES_PLAN | DOES_APPLY | DOES_STATUS | DOES_GET | DOES_DESCRIBE | DOES_GRAPH | DOES_DOCTOR,
};

enum {
    JSON = 1 << OUTPUT_JSON,
    MARKDOWN = 1 << OUTPUT_MARKDOWN,
    WIDE = 1 << OUTPUT_WIDE,
    YAML = 1 << OUTPUT_YAML,
    NAMES = 1 << OUTPUT_NAMES,
    DOT = 1 << OUTPUT_DOT,
    SVG = 1 << OUTPUT_SVG,
};

/* clang-format off */
static const struct command commands[] = {
    { "run", "", "keep DCT as the manifests say, for ever", cmd_run, DOES_RUN,
      .more = "Watches the manifests, observes DCT at the configured interval and repairs what\n"
      "differs. SIGHUP reads configuration, secrets and manifests again.\n",
      .most = 0 },
    { "plan", " [PATH...]", "show what would change, change nothing", cmd_plan, DOES_PLAN,
      .more = "Exit status: 0 nothing differs, 2 something does, 1 it could not be told.\n",
      .most = SIZE_MAX, .forms = JSON | MARKDOWN, .words = WORDS_PATHS },
    { "apply", " [PATH...]", "make DCT as the manifests say, once", cmd_apply, DOES_APPLY,
      .more = "Exit status: 0 converged, 1 not.\n",
      .most = SIZE_MAX, .words = WORDS_PATHS },
    { "validate", " [PATH...]", "check manifests without asking DCT", cmd_validate, DOES_VALIDATE,
      .more = "Needs no configuration where PATHs are given.\nExit status: 0 valid, 1 not.\n",
      .most = SIZE_MAX, .forms = JSON, .words = WORDS_PATHS },
    { "status", "", "how the running dctd fares, what is wrong first", cmd_status, DOES_STATUS,
      .more = "Exit status: 0 it answered, 3 no dctd answers.\n",
      .most = 0, .forms = JSON | YAML },
    { "get", " [KIND|all [NAME...] | KIND/NAME...]", "list objects and how they are", cmd_get,
      DOES_GET,
      .more = "READY and AGE: whether the object is ready, and since when that is so.\n"
      "Exit status: 0 listed, 1 an object that was named is not there, 3 no dctd answers.\n",
      .most = SIZE_MAX, .forms = WIDE | JSON | YAML | NAMES, .words = WORDS_KINDS },
    { "describe", " KIND/NAME", "everything that is known of one object", cmd_describe,
      DOES_DESCRIBE, .more = "Exit status: 0 told, 1 there is no such object, 3 no dctd answers.\n",
      .least = 1, .most = 2, .forms = JSON | YAML, .words = WORDS_KEY },
    { "wait", " --for=CONDITION KIND/NAME... | KIND | --all", "wait until objects are so",
      cmd_wait, DOES_WAIT,
      .more = "CONDITION is ready, synced, stalled, drifted, suspended, each also with =true or\n"
      "=false, or deleted. An object that dctd does not know yet is waited for, too.\n"
      "Exit status: 0 all are, 1 not in time, 2 wrong command line, 3 no dctd answers.\n",
      .most = SIZE_MAX, .words = WORDS_TARGETS, .misused = EXIT_MISUSED },
    { "graph", " [KIND/NAME]", "show who needs whom", cmd_graph, DOES_GRAPH,
      .more = "Of one object: what it needs and what needs it.\n"
      "Exit status: 0 shown, 1 there is no such object, 3 no dctd answers.\n",
      .most = 1, .forms = JSON | DOT | SVG, .words = WORDS_KEY },
    { "reconcile", "", "have the running dctd observe DCT now", cmd_reconcile, DOES_RECONCILE,
      .more = "With --wait until that and what follows from it is done.\n"
      "Exit status: 0 asked (--wait: all is synced), 1 refused (--wait: not, or not in time),\n"
      "3 no dctd answers.\n",
      .most = 0 },
    { "suspend", " KIND | KIND/NAME | --all", "change nothing of these for a while", cmd_suspend,
      DOES_SUSPEND,
      .more = "They are observed all the same; jobs under way come to their end.\n"
      "Exit status: 0 done, 1 refused, 3 no dctd answers.\n",
      .most = 1, .words = WORDS_TARGETS },
    { "resume", " KIND | KIND/NAME | --all", "take a suspension back", cmd_resume, DOES_RESUME,
      .more = "Those of the configuration and of manifests are lifted there.\n"
      "Exit status: 0 done, 1 refused, 3 no dctd answers.\n",
      .most = 1, .words = WORDS_TARGETS },
    { "adopt", " KIND/NAME ID", "take a DCT object for the one that a manifest means", cmd_adopt,
      DOES_ADOPT,
      .more = "Puts the object into the ledger, as in\n"
      "`dctd adopt VDB/orders-dev 7-APPDATA_CONTAINER-12`.\n"
      "A running dctd is asked to do it. The next plan shows what differs.\n",
      .least = 2, .most = 2, .words = WORDS_KEY },
    { "forget", " KIND/NAME", "leave a DCT object to others", cmd_forget, DOES_FORGET,
      .more = "Takes the object out of the ledger; in DCT nothing changes.\n"
      "A running dctd is asked to do it.\n",
      .least = 1, .most = 1, .words = WORDS_KEY },
    { "events", "", "show what has happened", cmd_events, DOES_EVENTS,
      .more = "The history of the ledger, oldest first.\n",
      .most = 0, .forms = JSON },
    { "explain", " [KIND[.FIELD]]", "show what a manifest may say", cmd_explain, DOES_EXPLAIN,
      .more = "Lists the kinds; of a kind its fields; of a field what it takes and what changing\n"
      "it means, as in `dctd explain vdb.postgresql`.\n",
      .most = 1, .words = WORDS_FIELDS },
    { "doctor", "", "check that everything is as dctd needs it", cmd_doctor, DOES_DOCTOR,
      .more =
      "Configuration, manifests, secrets, ledger, git, the way to DCT, its key and engines,\n"
      "systemd and sockets: each ok, warn or fail, with what to do. Changes nothing.\n"
      "Exit status: 0 nothing failed (warnings may be there), 1 something did.\n",
      .most = 0, .forms = JSON },
    { "version", "", "print versions", cmd_version, DOES_VERSION, .more = "", .most = 0 },
};

static const struct known_option known[] = {
    { "config", "FILE", "configuration (default $DCTD_CONFIG, else /etc/dctd/dctd.yaml)", 'c',
      DOES_ALL, TAKES_TEXT, WORDS_PATHS, offsetof(struct invocation, config) },
    { "output", "FORM", "form of the output", 'o',
      DOES_PRINT, TAKES_FORM, WORDS_FORM, offsetof(struct invocation, output) },
    { "socket", "PATH", "control socket of the running dctd (default: as configured)", 0,
      DOES_ASK, TAKES_TEXT, WORDS_PATHS, offsetof(struct invocation, socket) },
    { "address", "URL", "ask a status listener instead, http(s)://HOST:PORT", 0,
      DOES_READ, TAKES_TEXT, WORDS_NONE, offsetof(struct invocation, address) },
    { "token-file", "FILE", "bearer token for --address", 0,
      DOES_READ, TAKES_TEXT, WORDS_PATHS, offsetof(struct invocation, token_file) },
    { "ca-file", "FILE", "certificates (PEM) that --address is checked against", 0,
      DOES_READ, TAKES_TEXT, WORDS_PATHS, offsetof(struct invocation, ca_file) },
    { "not-ready", NULL, "get: only what is not ready", 0,
      DOES_GET, TAKES_NOTHING, WORDS_NONE, offsetof(struct invocation, not_ready) },
    { "engine", "NAME", "get: only what is on this engine", 0,
      DOES_GET, TAKES_TEXT, WORDS_NONE, offsetof(struct invocation, engine) },
    { "watch", NULL, "get: again whenever something changes", 'w',
      DOES_GET, TAKES_NOTHING, WORDS_NONE, offsetof(struct invocation, watch) },
    { "for", "WHAT", "wait: the condition; suspend: how long, 30m, 12h, 7d", 0,
      DOES_WAIT | DOES_SUSPEND, TAKES_TEXT, WORDS_CONDITION, offsetof(struct invocation, what) },
    { "all", NULL, "objects of every kind", 0,
      DOES_WAIT | DOES_SUSPEND | DOES_RESUME, TAKES_NOTHING, WORDS_NONE,
      offsetof(struct invocation, all) },
    { "wait", NULL, "reconcile: until it is done", 0,
      DOES_RECONCILE, TAKES_NOTHING, WORDS_NONE, offsetof(struct invocation, wait) },
    { "timeout", "TIME", "how long to wait (default 10m)", 0,
      DOES_WAIT | DOES_RECONCILE, TAKES_DURATION, WORDS_NONE,
      offsetof(struct invocation, timeout) },
    { "reason", "TEXT", "suspend: why, for those who wonder", 0,
      DOES_SUSPEND, TAKES_TEXT, WORDS_NONE, offsetof(struct invocation, reason) },
    { "until", "TIME", "suspend: 2026-12-01 or 2026-12-01T08:30:00Z", 0,
      DOES_SUSPEND, TAKES_TEXT, WORDS_NONE, offsetof(struct invocation, until) },
    { "prune", NULL, "delete owned objects that no manifest wants any more", 0,
      DOES_PLAN | DOES_APPLY, TAKES_NOTHING, WORDS_NONE, offsetof(struct invocation, prune) },
    { "offline", NULL, "manifests from Git: those that the service took last", 0,
      DOES_PLAN | DOES_APPLY | DOES_VALIDATE, TAKES_NOTHING, WORDS_NONE,
      offsetof(struct invocation, offline) },
    { "no-color", NULL, "no colours, whatever the terminal can", 0,
      DOES_PAINT, TAKES_NOTHING, WORDS_NONE, offsetof(struct invocation, no_color) },
    { "log-level", "LEVEL", "error, warning, info or debug", 0,
      DOES_RUN | DOES_PLAN | DOES_APPLY, TAKES_LEVEL, WORDS_LEVEL,
      offsetof(struct invocation, log_level) },
    { "replace", NULL, "adopt: also where the ledger has another id", 0,
      DOES_ADOPT, TAKES_NOTHING, WORDS_NONE, offsetof(struct invocation, replace) },
    { "force", NULL, "forget: also what is protected, owed or under way", 0,
      DOES_FORGET, TAKES_NOTHING, WORDS_NONE, offsetof(struct invocation, force) },
    { "since", "TIME", "events: of the last 30m, 12h, 7d", 0,
      DOES_EVENTS, TAKES_DURATION, WORDS_NONE, offsetof(struct invocation, since) },
    { "object", "KIND/NAME", "events: of this object", 0,
      DOES_EVENTS, TAKES_TEXT, WORDS_KEY, offsetof(struct invocation, object) },
    { "man", NULL, "explain: as a section of a manual page", 0,
      DOES_EXPLAIN, TAKES_NOTHING, WORDS_NONE, offsetof(struct invocation, man) },
    { "help", NULL, "this text", 'h',
      DOES_ALL, TAKES_NOTHING, WORDS_NONE, offsetof(struct invocation, help) },
    { "version", NULL, "print versions", 'V',
      DOES_ALL, TAKES_NOTHING, WORDS_NONE, offsetof(struct invocation, version) },
};
/* clang-format on */

_Static_assert(ARRAY_LEN(known) <= OPTIONS_MAX, "there are more options than can be counted");

const struct command *command_at(size_t i)
{
    return i < ARRAY_LEN(commands) ? &commands[i] : NULL;
}

const struct known_option *option_at(size_t i)
{
    return i < ARRAY_LEN(known) ? &known[i] : NULL;
}

const struct command *command_named(const char *name)
{
    for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
        if (streq(commands[i].name, name))
            return &commands[i];
    }
    return NULL;
}

const char *output_name(size_t i)
{
    static const char *const names[] = {
        [OUTPUT_TEXT] = "text", [OUTPUT_JSON] = "json", [OUTPUT_MARKDOWN] = "markdown",
        [OUTPUT_WIDE] = "wide", [OUTPUT_YAML] = "yaml", [OUTPUT_NAMES] = "names",
        [OUTPUT_DOT] = "dot",   [OUTPUT_SVG] = "svg",
    };

    return i < ARRAY_LEN(names) ? names[i] : NULL;
}
