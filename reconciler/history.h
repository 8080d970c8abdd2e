/* What cannot be derived of an object's conditions: since when they stand, what
 * went wrong last, and how they changed before. A track is a few hundred bytes
 * and is all that is remembered of an object at rest; it begins anew with every
 * start of the service. */
#ifndef RECONCILER_HISTORY_H
#define RECONCILER_HISTORY_H

#include "reconciler/condition.h"

enum { TRANSITIONS_MAX = 10 };

/* One condition changed its status. */
struct transition {
    msec at;
    uint8_t type, status, reason;
    char *message; /* NULL = what the reason says by itself */
};

enum error_class {
    ERROR_RECOVERABLE,
    ERROR_TERMINAL,
    ERROR_UNKNOWN_OUTCOME,
    ERROR_BLOCKED /* nothing was tried: something stands in the way */
};

struct last_error {
    msec at;
    enum error_class class;
    char text[]; /* verbatim */
};

struct track {
    struct judgement now[CONDITIONS];
    msec since[CONDITIONS]; /* when the status became what it is */
    struct last_error *error;
    struct transition *past; /* oldest first */
    unsigned n_past;
    bool judged; /* by a plan, at least once */
    bool stays;  /* while tracks are swept */
    char key[];
};

struct tracks {
    struct map by_key;
};

struct track *track_of(const struct tracks *t, const char *key);
/* The track, made if there was none: nothing is known yet. */
struct track *track_put(struct tracks *t, const char *key, msec wall);
/* The conditions from `first` up to `last`, messages taken. */
void track_take(struct track *t, struct judgement *of, enum condition_type first,
                enum condition_type last, msec wall);
/* Notes what went wrong, with the moment kept where nothing new did. */
void track_error(struct track *t, enum error_class class, const char *text, msec wall);
void track_error_over(struct track *t);
/* Drops the tracks that are not marked `stays`, and the marks. */
void tracks_sweep(struct tracks *t);
/* Every track anew, side by side; what pointed to one does not any more. */
void tracks_compact(struct tracks *t);
void tracks_clear(struct tracks *t);

/* For people: its own words, what went wrong, or what its reason says. */
const char *track_message(const struct track *t, enum condition_type type);
const char *error_class_name(enum error_class c); /* "unknown-outcome" */

#endif
