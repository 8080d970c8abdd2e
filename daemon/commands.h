/* What the command line offers: one table of commands, one of options. The
 * help, the parser and the shells' completion are each a loop over them. */
#ifndef DAEMON_COMMANDS_H
#define DAEMON_COMMANDS_H

#include "daemon/cmd.h"

enum { OPTIONS_MAX = 64 };

/* What an argument is, for whoever completes it. */
enum words {
    WORDS_NONE,
    WORDS_PATHS,
    WORDS_KEY,     /* KIND/NAME */
    WORDS_KINDS,   /* a kind, `all`, or KIND/NAME; then names */
    WORDS_TARGETS, /* a kind or KIND/NAME */
    WORDS_FIELDS,  /* KIND or KIND.FIELD */
    WORDS_FORM,    /* how the command can print */
    WORDS_LEVEL,
    WORDS_CONDITION,
};

struct command {
    const char *name, *arguments, *help;
    int (*run)(const struct invocation *in);
    unsigned bit;
    unsigned forms; /* 1 << OUTPUT_... that it can print besides text */
    const char *more;
    size_t least, most; /* arguments */
    enum words words;   /* its arguments */
    int misused;        /* exit status of a wrong command line; 0 = EXIT_TROUBLE */
};

enum option_type { TAKES_NOTHING, TAKES_TEXT, TAKES_FORM, TAKES_LEVEL, TAKES_DURATION };

struct known_option {
    const char *name, *argument, *help;
    char letter;       /* the short option, 0 where there is none */
    unsigned commands; /* that take it */
    enum option_type type;
    enum words words; /* its argument */
    size_t member;    /* of struct invocation: what it sets */
};

/* The i-th, NULL behind the last; of options there are at most OPTIONS_MAX. */
const struct command *command_at(size_t i);
const struct known_option *option_at(size_t i);
/* NULL where there is none of that name. */
const struct command *command_named(const char *name);

/* "json", NULL behind the last. */
const char *output_name(size_t i);

#endif
