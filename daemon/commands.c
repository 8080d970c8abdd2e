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
    DOES_DOCTOR = 1 << 9,
    DOES_ALL = (1 << 10) - 1,
};

enum {
    JSON = 1 << OUTPUT_JSON,
    MARKDOWN = 1 << OUTPUT_MARKDOWN,
};

/* clang-format off */
static const struct command commands[] = {
    { "run", "", "keep DCT as the manifests say, for ever", cmd_run, DOES_RUN,
      "Watches the manifests, observes DCT at the configured interval and repairs what\n"
      "differs. SIGHUP reads configuration, secrets and manifests again.\n",
      .most = 0 },
    { "plan", " [PATH...]", "show what would change, change nothing", cmd_plan, DOES_PLAN,
      "Exit status: 0 nothing differs, 2 something does, 1 it could not be told.\n",
      .most = SIZE_MAX, .forms = JSON | MARKDOWN, .words = WORDS_PATHS },
    { "apply", " [PATH...]", "make DCT as the manifests say, once", cmd_apply, DOES_APPLY,
      "Exit status: 0 converged, 1 not.\n",
      .most = SIZE_MAX, .words = WORDS_PATHS },
    { "validate", " [PATH...]", "check manifests without asking DCT", cmd_validate, DOES_VALIDATE,
      "Needs no configuration where PATHs are given.\nExit status: 0 valid, 1 not.\n",
      .most = SIZE_MAX, .forms = JSON, .words = WORDS_PATHS },
    { "adopt", " KIND/NAME ID", "take a DCT object for the one that a manifest means", cmd_adopt,
      DOES_ADOPT,
      "Puts the object into the ledger, as in `dctd adopt VDB/orders-dev 7-APPDATA_CONTAINER-12`.\n"
      "No dctd may use the ledger meanwhile. The next plan shows what differs.\n",
      .least = 2, .most = 2, .words = WORDS_KEY },
    { "forget", " KIND/NAME", "leave a DCT object to others", cmd_forget, DOES_FORGET,
      "Takes the object out of the ledger; in DCT nothing changes.\n"
      "No dctd may use the ledger meanwhile.\n",
      .least = 1, .most = 1, .words = WORDS_KEY },
    { "events", "", "show what has happened", cmd_events, DOES_EVENTS,
      "The history of the ledger, oldest first. Reads it beside a running dctd, too.\n",
      .most = 0, .forms = JSON },
    { "explain", " [KIND[.FIELD]]", "show what a manifest may say", cmd_explain, DOES_EXPLAIN,
      "Lists the kinds; of a kind its fields; of a field what it takes and what changing it "
      "means,\nas in `dctd explain vdb.postgresql`.\n",
      .most = 1, .words = WORDS_FIELDS },
    { "doctor", "", "check that everything is as dctd needs it", cmd_doctor, DOES_DOCTOR,
      "Configuration, manifests, secrets, ledger, git, the way to DCT, its key and engines,\n"
      "systemd and sockets: each ok, warn or fail, with what to do. Changes nothing.\n"
      "Exit status: 0 nothing failed (warnings may be there), 1 something did.\n",
      .most = 0, .forms = JSON },
    { "version", "", "print versions", cmd_version, DOES_VERSION, "", .most = 0 },
};

static const struct known_option known[] = {
    { "config", "FILE", "configuration (default $DCTD_CONFIG, else /etc/dctd/dctd.yaml)", 'c',
      DOES_ALL, TAKES_TEXT, offsetof(struct invocation, config), WORDS_PATHS },
    { "output", "FORM", "form of the output", 'o',
      DOES_PLAN | DOES_EVENTS | DOES_VALIDATE | DOES_DOCTOR, TAKES_FORM,
      offsetof(struct invocation, output), WORDS_FORM },
    { "prune", NULL, "delete owned objects that no manifest wants any more", 0,
      DOES_PLAN | DOES_APPLY, TAKES_NOTHING, offsetof(struct invocation, prune), WORDS_NONE },
    { "no-color", NULL, "no colours, whatever the terminal can", 0,
      DOES_PLAN | DOES_APPLY | DOES_DOCTOR, TAKES_NOTHING, offsetof(struct invocation, no_color),
      WORDS_NONE },
    { "log-level", "LEVEL", "error, warning, info or debug", 0,
      DOES_RUN | DOES_PLAN | DOES_APPLY, TAKES_LEVEL, offsetof(struct invocation, log_level),
      WORDS_LEVEL },
    { "replace", NULL, "adopt: also where the ledger has another id", 0,
      DOES_ADOPT, TAKES_NOTHING, offsetof(struct invocation, replace), WORDS_NONE },
    { "force", NULL, "forget: also what is protected, owed or under way", 0,
      DOES_FORGET, TAKES_NOTHING, offsetof(struct invocation, force), WORDS_NONE },
    { "since", "TIME", "events: of the last 30m, 12h, 7d", 0,
      DOES_EVENTS, TAKES_DURATION, offsetof(struct invocation, since), WORDS_NONE },
    { "object", "KIND/NAME", "events: of this object", 0,
      DOES_EVENTS, TAKES_TEXT, offsetof(struct invocation, object), WORDS_KEY },
    { "man", NULL, "explain: as a section of a manual page", 0,
      DOES_EXPLAIN, TAKES_NOTHING, offsetof(struct invocation, man), WORDS_NONE },
    { "help", NULL, "this text", 'h',
      DOES_ALL, TAKES_NOTHING, offsetof(struct invocation, help), WORDS_NONE },
    { "version", NULL, "print versions", 'V',
      DOES_ALL, TAKES_NOTHING, offsetof(struct invocation, version), WORDS_NONE },
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
        [OUTPUT_TEXT] = "text",
        [OUTPUT_JSON] = "json",
        [OUTPUT_MARKDOWN] = "markdown",
    };

    return i < ARRAY_LEN(names) ? names[i] : NULL;
}
