/* What the files that make up an action share among themselves. */
#ifndef RECONCILER_ACTION_PARTS_H
#define RECONCILER_ACTION_PARTS_H

#include "reconciler/action.h"

/* action.c */
void action_move(struct action *a, enum action_state to);
struct entry *action_entry(const struct exec *x, const struct action *a);
void action_record(const struct entry *e, struct step *s);
void action_report(const struct action *a, enum report_kind kind, const char *text, struct step *s);
/* Ends the action, after it has switched on again what it switched off. `text` is taken. */
void action_fail(struct exec *x, struct action *a, enum failure why, char *text, struct step *s);
/* Ends it now, with the failure that the run holds. */
void action_stop(struct exec *x, struct action *a, struct step *s);
/* Its job, that the ledger names, goes on. */
void action_resume(struct exec *x, struct action *a, struct step *s);
void action_look_failed(struct exec *x, struct action *a, const struct reply *r, struct step *s);
/* Nothing is to be done here: what follows is for the next observation to say. */
void action_leave(struct exec *x, struct action *a, struct step *s);
void action_look_again(struct exec *x, struct action *a, struct step *s);

/* write.c */
/* Sends what is next to do; looks again when nothing is left. */
/* The write is done; what DCT shows is not there yet. Up to `most`; takes text. */
void action_settle(struct exec *x, struct action *a, msec most, char *text, struct step *s);
void action_finish(struct exec *x, struct action *a, struct step *s);
enum { SETTLE_MAX = 300000 /* DCT's read model lags behind its jobs */ };

/* switching.c: what a failed change did to the object is undone: is there anything? */
bool action_rescue(const struct exec *x, struct action *a);
/* The object was just read. */
void action_rest(struct exec *x, struct action *a, struct step *s);
void action_pay(struct exec *x, struct action *a, struct step *s);
void action_next(struct exec *x, struct action *a, struct step *s);
void action_todo_reply(struct exec *x, struct action *a, const struct reply *r, struct step *s);
bool job_has_failed(const char *status);
void action_begin_job(struct action *a, const char *id, struct step *s);

#endif
