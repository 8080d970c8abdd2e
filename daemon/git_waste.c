#include "daemon/git_waste.h"

#include <stdatomic.h>
#include <stdlib.h>

#include "daemon/git_store.h"

struct git_waste {
    uv_loop_t *loop;
    uv_work_t work;
    char *folder;
    atomic_bool stop; /* the only word between the loop and the thread */
    bool busy, again, closing;
};

struct git_waste *git_waste_new(uv_loop_t *loop, const char *folder)
{
    struct git_waste *w = xcalloc(1, sizeof(*w));

    w->loop = loop;
    w->folder = xstrdup(folder);
    atomic_init(&w->stop, false);
    w->work.data = w;
    return w;
}

static void waste_free(struct git_waste *w)
{
    free(w->folder);
    free(w);
}

/* In the thread. */
static void work(uv_work_t *request)
{
    struct git_waste *w = request->data;

    git_store_empty_waste(w->folder, &w->stop);
}

static void on_worked(uv_work_t *request, int status)
{
    struct git_waste *w = request->data;

    (void)status;
    w->busy = false;
    if (w->closing)
        waste_free(w);
    else if (w->again)
        git_waste_empty(w);
}

void git_waste_empty(struct git_waste *w)
{
    w->again = w->busy;
    if (!w->busy)
        w->busy = uv_queue_work(w->loop, &w->work, work, on_worked) == 0;
}

void git_waste_close(struct git_waste *w)
{
    if (!w)
        return;
    w->closing = true;
    atomic_store(&w->stop, true);
    if (w->busy)
        (void)uv_cancel((uv_req_t *)&w->work);
    else
        waste_free(w);
}
