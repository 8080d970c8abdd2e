/* `dctd doctor`: what stands in dctd's way here, and what to do about it. */
#include <cjson/cJSON.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "daemon/cmd.h"
#include "daemon/doctor.h"
#include "reconciler/plan_render.h"

struct report_sheet {
    bool colour;
    cJSON *lines; /* NULL: as text */
};

static void add_text(cJSON *o, const char *name, const char *text)
{
    cJSON_AddItemToObject(o, name, text ? cJSON_CreateString(text) : cJSON_CreateNull());
}

static void add_line(cJSON *lines, const struct doctor_line *l)
{
    cJSON *o = cJSON_CreateObject();

    add_text(o, "check", l->check);
    add_text(o, "verdict", verdict_name(l->verdict));
    add_text(o, "text", l->text);
    add_text(o, "next", l->next);
    cJSON_AddItemToArray(lines, o);
}

/* Told at once: some checks take their time. */
static void on_line(void *ctx, const struct doctor_line *l)
{
    static const char *const colours[VERDICTS] = { "\033[32m", "\033[33m", "\033[31m", "\033[35m" };
    const struct report_sheet *s = ctx;

    if (s->lines) {
        add_line(s->lines, l);
        return;
    }
    char *text = render_clean(l->text), *next = l->next ? render_clean(l->next) : NULL;
    printf("%s%-4s%s  %-13s  %s\n", s->colour ? colours[l->verdict] : "", verdict_name(l->verdict),
           s->colour ? "\033[0m" : "", l->check, text);
    if (next)
        printf("%21s-> %s\n", "", next);
    (void)fflush(stdout);
    free(next);
    free(text);
}

static bool print_json(cJSON *lines, const size_t counts[VERDICTS])
{
    cJSON *root = cJSON_CreateObject();

    add_text(root, "format", "dctd-doctor/1");
    cJSON *summary = cJSON_AddObjectToObject(root, "summary");
    for (enum verdict v = VERDICT_OK; v < VERDICTS; v++)
        cJSON_AddNumberToObject(summary, verdict_name(v), (double)counts[v]);
    cJSON_AddItemToObject(root, "findings", lines);
    char *text = cJSON_Print(root);
    cJSON_Delete(root);
    bool printed = text && puts(text) >= 0;
    cJSON_free(text);
    return printed;
}

int cmd_doctor(const struct invocation *in)
{
    struct report_sheet sheet = { .colour = cmd_colour(in, STDOUT_FILENO) };
    struct doctor_options o = { .config = in->config, .line = on_line, .ctx = &sheet };
    size_t counts[VERDICTS];
    bool printed = true;

    log_open(LEVEL_ERROR); /* what is worth a word is a line of the report */
    if (in->output == OUTPUT_JSON)
        sheet.lines = cJSON_CreateArray();
    doctor_run(&o, counts);
    if (sheet.lines)
        printed = print_json(sheet.lines, counts);
    else
        printf("\n%zu ok, %zu to be warned of, %zu failed, %zu could not be told\n",
               counts[VERDICT_OK], counts[VERDICT_WARN], counts[VERDICT_FAIL],
               counts[VERDICT_SKIP]);
    bool good = counts[VERDICT_FAIL] + counts[VERDICT_SKIP] == 0;
    return fflush(stdout) == 0 && printed && good ? EXIT_GOOD : EXIT_TROUBLE;
}
