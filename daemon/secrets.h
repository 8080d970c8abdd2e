/* Secret values: where manifests and the configuration name them, and nowhere
 * before they are needed.
 *
 * A value is read when it is first asked for and kept, outside of core dumps,
 * until secrets_forget(). Whatever has been read once is taken out of texts by
 * secrets_redact(), also after it was replaced. */
#ifndef DAEMON_SECRETS_H
#define DAEMON_SECRETS_H

#include "schema/object.h"

enum {
    SECRET_MAX = 64 << 10,
    SECRET_REDACT_MIN = 4, /* shorter values would blacken ordinary words */
};

struct secret {
    const char *data; /* terminated by a NUL that n does not count */
    size_t n;
};

struct secrets;

/* `folder` is what relative {file: …} paths start at where no manifest names
 * them, NULL = the current one. */
struct secrets *secrets_new(const char *folder);
void secrets_free(struct secrets *s);
OWNER(secrets)

/* False: *error (owned by the caller) says why and what to do. The value is
 * borrowed until the next secrets_forget(). */
bool secrets_get(struct secrets *s, const struct secret_ref *ref, struct secret *out,
                 char **error) MUST_USE;
/* The same for a reference in the manifest `file`, whose folder is where
 * relative {file: …} paths start at. */
bool secrets_get_for(struct secrets *s, const char *file, const struct secret_ref *ref,
                     struct secret *out, char **error) MUST_USE;
/* The next secrets_get() reads each value anew. */
void secrets_forget(struct secrets *s);

/* Appends the text with every known value replaced by ***. */
void secrets_redact(const struct secrets *s, const char *text, struct buf *out);

/* "credential dct-api-key": for messages, owned by the caller. */
char *secret_ref_text(const struct secret_ref *ref);

#endif
