/* What the shells offer when somebody asks for the rest of a word. Whatever goes
 * wrong on the way, nothing is said. */
#ifndef DAEMON_COMPLETE_H
#define DAEMON_COMPLETE_H

#include "schema/base.h"

/* `words` is what stands behind "dctd", the word to be completed last, which may be
 * empty. One candidate a line, a tab and what it is; ":files" asks the shell for files. */
void complete(const char *config, const char *const *words, size_t n, struct buf *out);

#endif
