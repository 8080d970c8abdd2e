/* The published OpenAPI document, read into facts. */
#ifndef TESTS_SPEC_OPENAPI_H
#define TESTS_SPEC_OPENAPI_H

#include "tests/spec/facts.h"

/* NULL, or an owned message about what cannot be read. */
char *openapi_read(struct facts *f, const char *path) MUST_USE;
/* The same from text; `name` is what messages call it. */
char *openapi_parse(struct facts *f, const char *name, const char *text, size_t n) MUST_USE;

#endif
