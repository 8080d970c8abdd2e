/* What is no longer wanted of a repository goes away in a thread, never on the
 * loop; it can be told to stop at any moment, and the next start takes the rest. */
#include "daemon/git_waste.h"

#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "daemon/git_store.h"
#include "tests/lib/tree.h"

enum { FOLDERS = 20, FILES = 50 };

struct fixture {
    struct tree *tree;
    uv_loop_t loop;
    struct git_waste *waste;
    /* Keeps the only thread from anything else until it may go on. */
    uv_work_t blocker;
    uv_sem_t go_on;
    bool blocked;
};

static bool is_there(const struct fixture *f, const char *name)
{
    char *path = tree_at(f->tree, name);
    struct stat st;
    bool there = lstat(path, &st) == 0;

    free(path);
    return there;
}

static void write_big(const struct fixture *f, const char *name)
{
    for (int i = 0; i < FOLDERS; i++) {
        for (int j = 0; j < FILES; j++) {
            char *path = xasprintf("%s/%d/%d", name, i, j);
            tree_write(f->tree, path, "x");
            free(path);
        }
    }
}

/* Nothing is in the waste, which is there. */
static bool is_empty(const struct fixture *f)
{
    char *path = tree_at(f->tree, "store/waste");
    bool empty = rmdir(path) == 0;

    if (empty)
        (void)mkdir(path, S_IRWXU);
    free(path);
    return empty;
}

static int open_fixture(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));

    f->tree = tree_new();
    tree_folder(f->tree, "store/waste");
    char *folder = tree_at(f->tree, "store");
    assert_int_equal(uv_loop_init(&f->loop), 0);
    assert_int_equal(uv_sem_init(&f->go_on, 0), 0);
    f->waste = git_waste_new(&f->loop, folder);
    free(folder);
    *state = f;
    return 0;
}

static int close_fixture(void **state)
{
    struct fixture *f = *state;

    git_waste_close(f->waste);
    assert_int_equal(uv_run(&f->loop, UV_RUN_DEFAULT), 0);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    uv_sem_destroy(&f->go_on);
    tree_free(f->tree);
    free(f);
    return 0;
}

static void wait_in_thread(uv_work_t *request)
{
    uv_sem_wait(&((struct fixture *)request->data)->go_on);
}

static void on_waited(uv_work_t *request, int status)
{
    ((struct fixture *)request->data)->blocked = status != 0;
}

static void block(struct fixture *f)
{
    f->blocker.data = f;
    f->blocked = true;
    assert_int_equal(uv_queue_work(&f->loop, &f->blocker, wait_in_thread, on_waited), 0);
}

static void discard(const struct fixture *f, const char *name)
{
    char *folder = tree_at(f->tree, "store");

    git_store_discard(folder, name);
    free(folder);
}

static void nothing_is_left_of_it(void **state)
{
    struct fixture *f = *state;

    write_big(f, "store/trees/old");
    tree_write(f->tree, "store/trees/new/a.yaml", "new");
    discard(f, "trees/old");
    assert_false(is_there(f, "store/trees/old"));
    assert_false(is_empty(f));
    git_waste_empty(f->waste);
    assert_int_equal(uv_run(&f->loop, UV_RUN_DEFAULT), 0);
    assert_true(is_empty(f));
    assert_true(is_there(f, "store/trees/new/a.yaml"));
}

static void the_loop_does_none_of_it(void **state)
{
    struct fixture *f = *state;

    write_big(f, "store/mirror");
    discard(f, "mirror");
    block(f);
    git_waste_empty(f->waste);
    for (int i = 0; i < 10; i++)
        (void)uv_run(&f->loop, UV_RUN_NOWAIT);
    assert_false(is_empty(f));
    /* More comes while the thread is at it. */
    write_big(f, "store/mirror");
    discard(f, "mirror");
    git_waste_empty(f->waste);
    uv_sem_post(&f->go_on);
    assert_int_equal(uv_run(&f->loop, UV_RUN_DEFAULT), 0);
    assert_false(f->blocked);
    assert_true(is_empty(f));
}

/* Before the thread has come to it, and in the middle. */
static void it_stops_when_told_and_is_taken_up_again(void **state)
{
    struct fixture *f = *state;
    char *folder = tree_at(f->tree, "store");

    write_big(f, "store/mirror");
    discard(f, "mirror");
    block(f);
    git_waste_empty(f->waste);
    git_waste_close(f->waste);
    uv_sem_post(&f->go_on);
    assert_int_equal(uv_run(&f->loop, UV_RUN_DEFAULT), 0);
    assert_false(is_empty(f));
    f->waste = git_waste_new(&f->loop, folder);
    git_waste_empty(f->waste);
    git_waste_close(f->waste);
    assert_int_equal(uv_run(&f->loop, UV_RUN_DEFAULT), 0);
    f->waste = git_waste_new(&f->loop, folder);
    git_waste_empty(f->waste);
    assert_int_equal(uv_run(&f->loop, UV_RUN_DEFAULT), 0);
    assert_true(is_empty(f));
    free(folder);
}

static void a_removal_that_is_stopped_leaves_the_rest(void **state)
{
    struct fixture *f = *state;
    char *folder = tree_at(f->tree, "store");
    const atomic_bool stopped = true, going = false;

    write_big(f, "store/mirror");
    discard(f, "mirror");
    git_store_empty_waste(folder, &stopped);
    assert_false(is_empty(f));
    git_store_empty_waste(folder, &going);
    assert_true(is_empty(f));
    free(folder);
}

static void links_are_not_followed(void **state)
{
    struct fixture *f = *state;

    tree_write(f->tree, "elsewhere/kept", "x");
    tree_write(f->tree, "store/mirror/a", "x");
    tree_link(f->tree, "store/mirror/out", "../../elsewhere");
    discard(f, "mirror");
    /* What is no folder, or not there, needs no thread. */
    tree_link(f->tree, "store/current", "../elsewhere");
    discard(f, "current");
    discard(f, "nothing");
    assert_false(is_there(f, "store/current"));
    git_waste_empty(f->waste);
    assert_int_equal(uv_run(&f->loop, UV_RUN_DEFAULT), 0);
    assert_true(is_empty(f));
    assert_true(is_there(f, "elsewhere/kept"));
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(nothing_is_left_of_it, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(the_loop_does_none_of_it, open_fixture, close_fixture),
        cmocka_unit_test_setup_teardown(it_stops_when_told_and_is_taken_up_again, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(a_removal_that_is_stopped_leaves_the_rest, open_fixture,
                                        close_fixture),
        cmocka_unit_test_setup_teardown(links_are_not_followed, open_fixture, close_fixture),
    };

    // NOLINTNEXTLINE(concurrency-mt-unsafe): before there is a thread
    (void)setenv("UV_THREADPOOL_SIZE", "1", 1);
    return cmocka_run_group_tests(tests, NULL, NULL);
}
