/* What dSources and VDBs have in common: groups, ports, timeflows, snapshots. */
#ifndef TESTS_SIM_DATASETS_H
#define TESTS_SIM_DATASETS_H

#include "tests/sim/call.h"

/* A dSource or a VDB. */
struct object *sim_dataset(const struct sim *s, const char *id);
/* The connector's part of a dataset's fields. */
void sim_dataset_settle(struct sim *s, struct object *o, const struct object *engine,
                        const char *toolkit_id);
/* The environment that the dataset's PostgreSQL runs on; NULL if none. */
const char *sim_dataset_host(const struct sim *s, const struct object *o);
/* Why the dataset's port cannot be used on its host, owned, or NULL. */
char *sim_port_problem(const struct sim *s, const struct object *o);
/* Why the dataset's name cannot be used in its group, owned, or NULL. */
char *sim_name_problem(const struct sim *s, const struct object *o);
/* Why nothing administrative may happen now (an upload runs), owned, or NULL. */
char *sim_toolkit_problem(const struct sim *s, const struct object *o);
/* Sets group_name from a group's id; false after having refused. */
bool sim_dataset_group(struct call *c, struct object *o, const char *member);

/* A new current timeflow of the dataset; `from` may be NULL. */
struct object *sim_timeflow_new(struct sim *s, struct object *o, const char *creation_type,
                                const struct object *from);
struct object *sim_snapshot_new(struct sim *s, struct object *o, bool provisionable);
/* The dataset's latest snapshot of that moment or before; `found` whether there
 * was any. */
struct object *sim_latest_snapshot(const struct sim *s, const char *dataset_id, msec before);
/* VDBs whose parent it is. */
int sim_children(const struct sim *s, const char *id);
const struct object *sim_child(const struct sim *s, const char *id);
/* Updates DSource.dependant_vdbs. */
void sim_count_dependants(struct sim *s, const char *dsource_id);
/* Removes the dataset with its snapshots, timeflows and policy targets. */
void sim_dataset_remove(struct sim *s, struct object *o);
/* Removes its VDBs, and theirs, first. */
void sim_descendants_remove(struct sim *s, const char *id);

void sim_deletion_dependencies(struct call *c);
void sim_snapshot_take(struct call *c);
void sim_snapshot_delete(struct call *c);
void sim_snapshot_dependencies(struct call *c);
void sim_snapshot_range(struct call *c);
void sim_snapshots_by_timestamp(struct call *c);

extern const struct member sim_snapshot_members[], sim_snapshot_delete_members[];

#endif
