/* Splits a multipart/form-data body at its boundary. Every part must have a
 * Content-Disposition of form-data with a name, and the closing boundary must
 * be there: a client that gets this wrong should be told. */
#include "tests/sim/multipart.h"

#include <stdlib.h>
#include <string.h>

struct span {
    const char *p;
    size_t n;
};

static const char *find(const char *p, size_t n, const char *what)
{
    return n ? memmem(p, n, what, strlen(what)) : NULL;
}

static char *boundary_of(const char *content_type)
{
    static const char type[] = "multipart/form-data";
    if (!content_type || strncasecmp(content_type, type, sizeof(type) - 1) != 0)
        return NULL;
    const char *b = strstr(content_type, "boundary=");
    if (!b)
        return NULL;
    b += strlen("boundary=");
    if (*b == '"') {
        const char *end = strchr(b + 1, '"');
        return end ? xasprintf("--%.*s", (int)(end - b - 1), b + 1) : NULL;
    }
    size_t n = strcspn(b, "; \t");
    return n ? xasprintf("--%.*s", (int)n, b) : NULL;
}

/* The next part after *rest, which moves to the boundary that ends it. */
static bool next_part(const char *boundary, struct span *rest, struct span *part)
{
    size_t n = strlen(boundary);

    if (rest->n < n + 2 || memcmp(rest->p, boundary, n) != 0 || memcmp(rest->p + n, "\r\n", 2) != 0)
        return false;
    part->p = rest->p + n + 2;
    char *ending = xasprintf("\r\n%s", boundary);
    const char *end = find(part->p, rest->n - n - 2, ending);
    free(ending);
    if (!end)
        return false;
    part->n = (size_t)(end - part->p);
    rest->n -= (size_t)(end + 2 - rest->p);
    rest->p = end + 2;
    return true;
}

/* The value of name="..." in the part's headers, owned. */
static char *part_name(const struct span *part, struct span *content)
{
    const char *blank = find(part->p, part->n, "\r\n\r\n");
    if (!blank)
        return NULL;
    content->p = blank + 4;
    content->n = part->n - (size_t)(content->p - part->p);

    char *headers = xstrndup(part->p, (size_t)(blank - part->p));
    char *line = strcasestr(headers, "content-disposition: form-data");
    char *name = line ? strstr(line, " name=\"") : NULL;
    char *end = name ? strchr(name + strlen(" name=\""), '"') : NULL;
    char *value = NULL;
    if (end) {
        name += strlen(" name=\"");
        value = xstrndup(name, (size_t)(end - name));
    }
    free(headers);
    return value;
}

static bool closed(const char *boundary, const struct span *rest)
{
    size_t n = strlen(boundary);
    return rest->n >= n + 2 && memcmp(rest->p, boundary, n) == 0 &&
           memcmp(rest->p + n, "--", 2) == 0;
}

char *sim_multipart_part(const char *content_type, const char *body, size_t length,
                         const char *name)
{
    char *boundary = boundary_of(content_type), *found = NULL;
    struct span rest = { body, body ? length : 0 }, part, content;
    bool sound = boundary != NULL;

    while (sound && next_part(boundary, &rest, &part)) {
        char *is = part_name(&part, &content);
        sound = is != NULL;
        if (sound && streq(is, name) && !found)
            found = xstrndup(content.p, content.n);
        free(is);
    }
    if (!sound || !closed(boundary, &rest)) {
        free(found);
        found = NULL;
    }
    free(boundary);
    return found;
}
