/* Environments, with their hosts, users and discovered repositories. */
#ifndef TESTS_SIM_ENVIRONMENTS_H
#define TESTS_SIM_ENVIRONMENTS_H

#include "tests/sim/call.h"

void environment_create(struct call *c);
void environment_update(struct call *c);
void environment_delete(struct call *c);
void environment_refresh(struct call *c);
void environment_enable(struct call *c);
void environment_disable(struct call *c);

/* environment_parts.c */
void users_list(struct call *c);
void user_create(struct call *c);
void user_update(struct call *c);
void user_delete(struct call *c);
void user_primary(struct call *c);
void host_create(struct call *c);
void host_update(struct call *c);
void host_delete(struct call *c);
void host_get(struct call *c);
void repository_create(struct call *c);
void repository_update(struct call *c);
void repository_delete(struct call *c);
void compatible_repositories(struct call *c);
void staging_repositories(struct call *c);

extern const struct member environment_members[], environment_update_members[], user_members[],
    host_members[], repository_members[], repository_create_members[], compatible_members[];

/* A user as GET shows it, made of a body; its secrets go into `priv` under its
 * reference. Takes nothing; the caller owns the result. */
cJSON *user_of(struct sim *s, const char *ref, const cJSON *body, cJSON *priv);
cJSON *host_of(struct sim *s, const struct object *env, const cJSON *body);
/* Why these credentials do not let the engine in, or NULL. */
const char *credentials_problem(const cJSON *body);

/* The environment that has the repository, NULL if none; *repository is set. */
struct object *repository_home(const struct sim *s, const char *id, const cJSON **repository);
bool has_user(const struct object *env, const char *ref);
/* Why the environment cannot take part in an operation, owned, or NULL. */
char *environment_problem(const struct object *env);
/* The first object that lives on the environment, or NULL. */
const struct object *environment_user_of(const struct sim *s, const char *env_id);

#endif
