/* VDBs: what is done to them while they exist (vdbs.c), and the points in time
 * that they are made of (vdb_points.c). */
#ifndef TESTS_SIM_VDBS_H
#define TESTS_SIM_VDBS_H

#include "tests/sim/call.h"

void vdb_update(struct call *c);
void vdb_delete(struct call *c);
void vdb_enable(struct call *c);
void vdb_disable(struct call *c);
void vdb_start(struct call *c);
void vdb_stop(struct call *c);
void vdb_lock(struct call *c);
void vdb_unlock(struct call *c);
void vdb_migrate(struct call *c);
void vdb_upgrade(struct call *c);

void vdb_provision(struct call *c); /* the three provision calls */
void vdb_defaults(struct call *c);  /* and their twins */
void vdb_refresh(struct call *c);   /* the four refresh calls */
void vdb_rollback(struct call *c);  /* the three rollback calls */
void vdb_undo_refresh(struct call *c);
void vdb_switch_timeflow(struct call *c);

/* Why nothing may be done to the VDB, or NULL. */
const char *vdb_barred(const struct object *vdb);
/* Starts an operation on the path's VDB with the body, unless it is barred. */
void vdb_job(struct call *c, const char *operation);

extern const struct member vdb_members[], point_members[], vdb_delete_members[],
    instances_members[], lock_members[], migrate_members[];

#endif
