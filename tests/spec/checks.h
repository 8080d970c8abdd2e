/* The checks: what the product's tables say against what the contract says.
 * Every disagreement becomes a line of the report. */
#ifndef TESTS_SPEC_CHECKS_H
#define TESTS_SPEC_CHECKS_H

#include "schema/kind.h"
#include "tests/spec/facts.h"
#include "tests/spec/report.h"

/* Each row's names, types, limits, words, patterns and secrets, in every body
 * that it goes to and in the object that it is read from. */
void check_rows(const struct facts *f, const struct kind_desc *k, struct report *r);
/* Each member of the bodies that rows make up: does a row say it, and is what
 * the contract requires always said? */
void check_coverage(const struct facts *f, const struct kind_desc *k, struct report *r);
/* Collection, calls and joins. */
void check_calls(const struct facts *f, const struct kind_desc *k, struct report *r);
/* All of it, for the six kinds, and what the exclusions are for. */
void check_everything(const struct facts *f, struct report *r);

/* The schema of one object of the kind, of a join's list, as GET or search
 * answers them; owned, NULL where the contract has no such call. */
char *read_schema_of(const struct facts *f, const struct kind_desc *k);
char *list_schema_of(const struct facts *f, const char *method, const char *path);
/* The schema of the call's body, NULL where it has none. */
const char *body_schema_of(const struct facts *f, const struct call *c);
/* What people call a row: its name, or the path of a constant. */
const char *row_name(const struct field *f);

#endif
