/* Every check, in the order in which its findings are read best. */
#include "tests/spec/check_routes.h"
#include "tests/spec/checks.h"

void check_everything(const struct facts *f, struct report *r)
{
    static void (*const checks[])(const struct facts *, const struct kind_desc *,
                                  struct report *) = { check_calls, check_rows, check_coverage };
    size_t before;

    for (int kind = 0; kind < KINDS; kind++) {
        for (size_t i = 0; i < ARRAY_LEN(checks); i++) {
            before = r->lines.n;
            checks[i](f, kind_desc((enum kind)kind), r);
            report_close(r, before);
        }
    }
    before = r->lines.n;
    check_routes(f, r);
    report_close(r, before);
    before = r->lines.n;
    report_unused(r);
    report_close(r, before);
}
