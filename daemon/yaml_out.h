/* JSON as YAML, for people and for files. */
#ifndef DAEMON_YAML_OUT_H
#define DAEMON_YAML_OUT_H

#include "schema/json.h"

/* One document; reading it gives the same values, by the rules of YAML 1.1 and
 * of 1.2. False where the buffer's limit does not suffice. */
bool yaml_write(const cJSON *json, struct buf *out);

#endif
