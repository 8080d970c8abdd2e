/* One plan, several renderings. */
#ifndef RECONCILER_PLAN_TEXT_H
#define RECONCILER_PLAN_TEXT_H

#include "reconciler/plan.h"

/* For people: symbols, fields old -> new, reasons, positions, disruption lines,
 * blocked lines, notes, and a summary line. `colour` adds terminal colours. The
 * digest is what logs and history call the plan; NULL, here and below: left out. */
void plan_text(const struct plan *p, bool colour, const char *digest, struct buf *out);
/* {"format": "dctd-plan/1", "digest": …, "summary": {…}, "actions": […], "notes": […]} */
void plan_json(const struct plan *p, const char *digest, struct buf *out);
/* The same before it is text; the caller's. */
cJSON *plan_tree(const struct plan *p, const char *digest);
/* Adds `changes`: the fields that differ. */
void plan_add_changes(cJSON *o, const struct action *a);
/* For comments on merge requests. */
void plan_markdown(const struct plan *p, const char *digest, struct buf *out);
/* "Plan: 3 to create, 1 to update, …" or "No changes. …" */
void plan_summary(const struct plan *p, struct buf *out);

#endif
