/* What the renderings of a plan share. */
#ifndef RECONCILER_PLAN_RENDER_H
#define RECONCILER_PLAN_RENDER_H

#include "reconciler/plan.h"

/* The text on one line, without what could steer a terminal; owned. */
char *render_clean(const char *text);
/* "2026-11-22T15:04:05Z" */
void render_moment(msec at, struct buf *out);
/* Length of the folder, slash included, that all manifests of the plan share. */
size_t render_root(const struct plan *p);
/* The folder itself, NULL where render_root() is 0; owned. */
char *render_root_text(const struct plan *p);
/* "vdbs.yaml:3" below the root, "" without a position; owned. */
char *render_place(const struct action *a, size_t root);
/* "update: drift", "blocked: …"; owned. */
char *render_headline(const struct action *a);
/* "update: drift" of a blocked action: what cannot happen; owned. */
char *render_wish(const struct action *a);
/* "drift, cannot change in place", or ""; owned. */
char *render_remark(const struct action *a, const struct change *c);
const char *render_field(const struct action *a, const struct change *c);

#endif
