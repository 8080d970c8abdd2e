/* AppData dSources. */
#ifndef TESTS_SIM_DSOURCES_H
#define TESTS_SIM_DSOURCES_H

#include "tests/sim/call.h"

void sim_dsource_link(struct call *c);
void sim_dsource_defaults(struct call *c);
void sim_dsource_update(struct call *c);
void sim_dsource_enable(struct call *c);
void sim_dsource_disable(struct call *c);
void sim_dsource_upgrade(struct call *c);
void sim_dsource_delete(struct call *c);

extern const struct member sim_dsource_members[], sim_dsource_defaults_members[],
    sim_enable_members[], sim_dsource_enable_members[], sim_dsource_disable_members[],
    sim_disable_members[], sim_dsource_delete_members[], sim_upgrade_members[];

#endif
