/* What DCT says in its own words: it may well repeat what it was sent. */
#ifndef DAEMON_SAID_H
#define DAEMON_SAID_H

#include <cjson/cJSON.h>

#include "daemon/secrets.h"

/* Takes every known secret out of the words of an answer: of all of an error's, of
 * what else only where DCT speaks; values that can be compared stay as they are.
 * NULL is no answer. */
void said_redact(const struct secrets *s, int status, cJSON *body);

/* The text without them; takes it over, and is owned by the caller. NULL is NULL. */
char *said_plain(const struct secrets *s, char *text);

#endif
