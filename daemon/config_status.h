/* What may be wrong with the part of the configuration that says where dctd
 * listens. */
#ifndef DAEMON_CONFIG_STATUS_H
#define DAEMON_CONFIG_STATUS_H

#include "schema/yaml.h"

/* Where each setting was said, NULL where it was not. */
struct status_said {
    const struct node *control, *listen, *certificate, *key, *token, *webhook;
};

/* `folder` is what relative paths start at. */
void status_check(struct yaml_file *y, const char *folder, const struct status_said *at);

#endif
