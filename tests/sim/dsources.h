/* AppData dSources. */
#ifndef TESTS_SIM_DSOURCES_H
#define TESTS_SIM_DSOURCES_H

#include "tests/sim/call.h"

void dsource_link(struct call *c);
void dsource_defaults(struct call *c);
void dsource_update(struct call *c);
void dsource_enable(struct call *c);
void dsource_disable(struct call *c);
void dsource_upgrade(struct call *c);
void dsource_delete(struct call *c);

extern const struct member dsource_members[], dsource_defaults_members[], enable_members[],
    disable_members[], dsource_delete_members[], upgrade_members[];

#endif
