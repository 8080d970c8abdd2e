/* Moments as RFC 3339 writes them. */
#include <ctype.h>
#include <string.h>

#include "schema/read.h"

/* Two or four digits at s within the range. */
static bool number(const char *s, size_t n, int min, int max, int *out)
{
    int v = 0;

    for (size_t i = 0; i < n; i++) {
        if (!isdigit((unsigned char)s[i]))
            return false;
        v = v * 10 + (s[i] - '0');
    }
    *out = v;
    return v >= min && v <= max;
}

/* Days since 1970-01-01 of the proleptic Gregorian calendar. */
static int64_t days_of(int64_t year, int month, int day)
{
    year -= month <= 2;
    int64_t era = year / 400;
    int64_t year_of_era = year - era * 400;
    int64_t day_of_year = (153 * (month + (month > 2 ? -3 : 9)) + 2) / 5 + day - 1;

    return era * 146097 + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
           719468;
}

static int month_days(int year, int month)
{
    static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };
    bool leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;

    return days[month - 1] + (month == 2 && leap);
}

static bool date(const char *s, int64_t *days)
{
    int year, month, day;

    if (strnlen(s, 10) < 10 || s[4] != '-' || s[7] != '-' || !number(s, 4, 1, 9999, &year) ||
        !number(s + 5, 2, 1, 12, &month) || !number(s + 8, 2, 1, month_days(year, month), &day))
        return false;
    *days = days_of(year, month, day);
    return true;
}

bool date_parse(const char *s, msec *out)
{
    int64_t days;

    if (!date(s, &days) || s[10])
        return false;
    *out = days * 86400000;
    return true;
}

/* Z or +hh:mm, to the end of the text. */
static bool offset(const char *s, int *minutes)
{
    int hour, minute;

    *minutes = 0;
    if (*s == 'Z' || *s == 'z')
        return s[1] == '\0';
    if ((*s != '+' && *s != '-') || strlen(s) != 6 || s[3] != ':' ||
        !number(s + 1, 2, 0, 23, &hour) || !number(s + 4, 2, 0, 59, &minute))
        return false;
    *minutes = (hour * 60 + minute) * (*s == '-' ? -1 : 1);
    return true;
}

bool time_parse(const char *s, msec *out)
{
    int64_t days;
    int hour, minute, second, minutes, ms = 0;

    if (!date(s, &days) || (s[10] != 'T' && s[10] != 't') || strlen(s) < 20 || s[13] != ':' ||
        s[16] != ':' || !number(s + 11, 2, 0, 23, &hour) || !number(s + 14, 2, 0, 59, &minute) ||
        !number(s + 17, 2, 0, 60, &second))
        return false;
    s += 19;
    if (*s == '.') {
        size_t n = strspn(s + 1, "0123456789");
        if (n == 0)
            return false;
        for (size_t i = 1, unit = 100; i <= n && i <= 3; i++, unit /= 10)
            ms += (s[i] - '0') * (int)unit;
        s += n + 1;
    }
    if (!offset(s, &minutes))
        return false;
    *out = ((days * 24 + hour) * 60 + minute - minutes) * 60000 + (int64_t)second * 1000 + ms;
    return true;
}

bool moment_read(struct yaml_file *y, const struct node *at, const char *name, const char *s,
                 msec *out)
{
    if (time_parse(s, out) || date_parse(s, out))
        return true;
    node_error(y, at, "`%s` must be a time, not `%.40s`", name, s);
    diag_hint(y->diags, "write 2026-12-01 or 2026-12-01T08:30:00Z");
    return false;
}
