/* What dSources and VDBs have in common: groups, ports, timeflows, snapshots. */
#ifndef TESTS_SIM_DATASETS_H
#define TESTS_SIM_DATASETS_H

#include "tests/sim/call.h"

/* A dSource or a VDB. */
struct object *dataset(const struct sim *s, const char *id);
/* The connector's part of a dataset's fields. */
void dataset_settle(struct sim *s, struct object *o, const struct object *engine,
                    const char *toolkit_id);
/* The environment that the dataset's PostgreSQL runs on; NULL if none. */
const char *dataset_host(const struct sim *s, const struct object *o);
/* Why the dataset's port cannot be used on its host, owned, or NULL. */
char *port_problem(const struct sim *s, const struct object *o);
/* Why the dataset's name cannot be used in its group, owned, or NULL. */
char *name_problem(const struct sim *s, const struct object *o);
/* Why nothing administrative may happen now (an upload runs), owned, or NULL. */
char *toolkit_problem(const struct sim *s, const struct object *o);
/* Sets group_name from a group's id; false after having refused. */
bool dataset_group(struct call *c, struct object *o, const char *member);

/* A new current timeflow of the dataset; `from` may be NULL. */
struct object *timeflow_new(struct sim *s, struct object *o, const char *creation_type,
                            const struct object *from);
struct object *snapshot_new(struct sim *s, struct object *o, bool provisionable);
/* The dataset's latest snapshot of that moment or before; `found` whether there
 * was any. */
struct object *latest_snapshot(const struct sim *s, const char *dataset_id, msec before);
/* VDBs whose parent it is. */
int children(const struct sim *s, const char *id);
const struct object *child(const struct sim *s, const char *id);
/* Updates DSource.dependant_vdbs. */
void count_dependants(struct sim *s, const char *dsource_id);
/* Removes the dataset with its snapshots, timeflows and policy targets. */
void dataset_remove(struct sim *s, struct object *o);
/* Removes its VDBs, and theirs, first. */
void descendants_remove(struct sim *s, const char *id);

void deletion_dependencies(struct call *c);
void snapshot_take(struct call *c);
void snapshot_delete(struct call *c);
void snapshot_dependencies(struct call *c);
void snapshot_range(struct call *c);
void snapshots_by_timestamp(struct call *c);

extern const struct member snapshot_members[], snapshot_delete_members[];

#endif
