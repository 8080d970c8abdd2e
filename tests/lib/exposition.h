/* A strict reader of Prometheus' text format, as metrics are told in it. */
#ifndef TESTS_LIB_EXPOSITION_H
#define TESTS_LIB_EXPOSITION_H

/* What is wrong with the text, owned; NULL: nothing. Stricter than the format:
 * each metric needs help and type, counters end in _total and nothing else does,
 * histograms are whole and cumulative, no series stands twice. */
char *exposition_wrong(const char *text);

#endif
