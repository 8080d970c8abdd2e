/* One step of the core under way: its time, and where its effects go. */
#ifndef RECONCILER_STEP_H
#define RECONCILER_STEP_H

#include "reconciler/event.h"

struct step {
    msec now, ahead; /* of the event */
    struct effects *fx;
    uint64_t *ids; /* the last request id given out */
};

/* What the wall clock says: for moments that people name, or that are kept. */
msec step_wall(const struct step *s);

enum { READ_TIMEOUT = 60000, WRITE_TIMEOUT = 120000 };

/* A request to be filled in; `path` is taken. */
struct request *request_new(const char *method, char *path);
/* Gives it an id and sends it (taken); the id. */
uint64_t step_send(struct step *s, struct request *r);

/* POST path with a filter expression, all of up to 1000 answers. */
struct request *request_search(const char *path, const char *filter);
/* The same request for the page that begins there; NULL: the first. */
void request_page(struct request *r, const char *cursor);
/* `member EQ 'value'`, with the quote that the value lacks. False where it holds
 * both quotes: the grammar cannot say it (DCT API, SearchBody). */
bool filter_equal(struct buf *out, const char *member, const char *value);

#endif
