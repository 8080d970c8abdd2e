/* VDBs: what is done to them while they exist (vdbs.c), and the points in time
 * that they are made of (vdb_points.c). */
#ifndef TESTS_SIM_VDBS_H
#define TESTS_SIM_VDBS_H

#include "tests/sim/call.h"

void sim_vdb_update(struct call *c);
void sim_vdb_delete(struct call *c);
void sim_vdb_enable(struct call *c);
void sim_vdb_disable(struct call *c);
void sim_vdb_start(struct call *c);
void sim_vdb_stop(struct call *c);
void sim_vdb_lock(struct call *c);
void sim_vdb_unlock(struct call *c);
void sim_vdb_migrate(struct call *c);
void sim_vdb_upgrade(struct call *c);

void sim_vdb_provision(struct call *c); /* the three provision calls */
void sim_vdb_defaults(struct call *c);  /* and their twins */
void sim_vdb_refresh(struct call *c);   /* the four refresh calls */
void sim_vdb_rollback(struct call *c);  /* the three rollback calls */
void sim_vdb_undo_refresh(struct call *c);
void sim_vdb_switch_timeflow(struct call *c);

/* Why nothing may be done to the VDB, or NULL. */
const char *sim_vdb_barred(const struct object *vdb);
/* Starts an operation on the path's VDB with the body, unless it is barred. */
void sim_vdb_job(struct call *c, const char *operation);

extern const struct member sim_vdb_members[], sim_vdb_delete_members[], sim_start_members[],
    sim_stop_members[], sim_lock_members[], sim_migrate_members[], sim_by_snapshot_members[],
    sim_by_timestamp_members[], sim_by_location_members[], sim_from_bookmark_members[],
    sim_rollback_by_timestamp_members[], sim_switch_timeflow_members[],
    sim_snapshot_defaults_members[], sim_timestamp_defaults_members[];

#endif
