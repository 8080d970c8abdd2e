#include "daemon/log_limit.h"

#include <stdlib.h>
#include <string.h>

static uint64_t add_byte(uint64_t mark, unsigned char c)
{
    return (mark ^ c) * UINT64_C(1099511628211); /* FNV-1a */
}

/* Object as it is, text without its numbers; never 0. */
static uint64_t mark_of(const char *object, const char *text)
{
    uint64_t mark = UINT64_C(14695981039346656037);
    bool number = false;

    for (const char *p = object ? object : ""; *p; p++)
        mark = add_byte(mark, (unsigned char)*p);
    mark = add_byte(mark, '\n');
    for (const char *p = text; *p; p++) {
        bool digit = *p >= '0' && *p <= '9';
        if (!digit || !number)
            mark = add_byte(mark, digit ? '0' : (unsigned char)*p);
        number = digit;
    }
    return mark ? mark : 1;
}

void log_slot_clear(struct log_slot *s)
{
    free(s->object);
    free(s->text);
    *s = (struct log_slot){ 0 };
}

/* The slot of the mark; else one that may be used for it; NULL where every slot
 * is in the middle of its minute. */
static struct log_slot *slot_for(struct log_limit *l, uint64_t mark, msec now)
{
    struct log_slot *free_one = NULL;

    for (size_t i = 0; i < LOG_SLOTS; i++) {
        struct log_slot *s = &l->slots[i];
        if (s->mark == mark)
            return s;
        bool over = s->kept_back == 0 && (now - s->since >= LOG_SPAN || now < s->since);
        if (!free_one && (s->mark == 0 || over))
            free_one = s;
    }
    return free_one;
}

bool log_limit_take(struct log_limit *l, unsigned level, const char *object, const char *text,
                    msec now)
{
    uint64_t mark = mark_of(object, text);
    struct log_slot *s = slot_for(l, mark, now);

    if (!s)
        return true;
    bool over = now - s->since >= LOG_SPAN || now < s->since;
    if (s->mark != mark || (over && s->kept_back == 0)) {
        log_slot_clear(s);
        s->mark = mark;
        s->since = now;
    }
    if (s->told < LOG_BURST) {
        s->told++;
        return true;
    }
    if (s->kept_back++ == 0) {
        s->level = level;
        s->object = object ? xstrdup(object) : NULL;
        s->text = xstrdup(text);
        l->counting++;
    }
    return false;
}

bool log_limit_due(struct log_limit *l, msec now, bool all, struct log_slot *out)
{
    for (size_t i = 0; l->counting > 0 && i < LOG_SLOTS; i++) {
        struct log_slot *s = &l->slots[i];
        if (s->kept_back == 0 || (!all && now - s->since < LOG_SPAN && now >= s->since))
            continue;
        *out = *s;
        *s = (struct log_slot){ 0 };
        l->counting--;
        return true;
    }
    return false;
}
