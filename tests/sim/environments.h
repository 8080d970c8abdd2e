/* Environments, with their hosts, users and discovered repositories. */
#ifndef TESTS_SIM_ENVIRONMENTS_H
#define TESTS_SIM_ENVIRONMENTS_H

#include "tests/sim/call.h"

void sim_environment_create(struct call *c);
void sim_environment_update(struct call *c);
void sim_environment_delete(struct call *c);
void sim_environment_refresh(struct call *c);
void sim_environment_enable(struct call *c);
void sim_environment_disable(struct call *c);

/* environment_parts.c */
void sim_users_list(struct call *c);
void sim_user_create(struct call *c);
void sim_user_update(struct call *c);
void sim_user_delete(struct call *c);
void sim_user_primary(struct call *c);
void sim_host_create(struct call *c);
void sim_host_update(struct call *c);
void sim_host_delete(struct call *c);
void sim_host_get(struct call *c);
void sim_repository_create(struct call *c);
void sim_repository_update(struct call *c);
void sim_repository_delete(struct call *c);
void sim_compatible_repositories(struct call *c);
void sim_staging_repositories(struct call *c);

extern const struct member sim_environment_members[], sim_environment_update_members[],
    sim_user_members[], sim_host_members[], sim_repository_members[],
    sim_repository_create_members[], sim_compatible_members[];

/* A user as GET shows it, made of a body; its secrets go into `priv` under its
 * reference. Takes nothing; the caller owns the result. */
cJSON *sim_user_of(struct sim *s, const char *ref, const cJSON *body, cJSON *priv);
cJSON *sim_host_of(struct sim *s, const struct object *env, const cJSON *body);
/* Why these credentials do not let the engine in, or NULL. */
const char *sim_credentials_problem(const cJSON *body);

/* The environment that has the repository, NULL if none; *repository is set. */
struct object *sim_repository_home(const struct sim *s, const char *id, const cJSON **repository);
bool sim_has_user(const struct object *env, const char *ref);
/* Why the environment cannot take part in an operation, owned, or NULL. */
char *sim_environment_problem(const struct object *env);
/* The first object that lives on the environment, or NULL. */
const struct object *sim_environment_user_of(const struct sim *s, const char *env_id);

#endif
