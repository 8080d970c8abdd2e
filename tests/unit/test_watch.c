/* Changes of manifests are told, once, within a second, whatever they are. */
#include "daemon/watch.h"

#include <setjmp.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cmocka.h>

#include "tests/lib/tree.h"

enum { SILENCE = 400, SECOND = 1000 };

struct fixture {
    uv_loop_t loop;
    uv_timer_t timer;
    struct tree *tree;
    struct watch *watch;
    unsigned told;
    bool over;
    bool close_at_once; /* close the watch from within its own call */
};

static void on_changed(void *ctx)
{
    struct fixture *f = ctx;

    f->told++;
    if (f->close_at_once)
        watch_close(TAKE(f->watch));
    uv_stop(&f->loop);
}

static void on_over(uv_timer_t *timer)
{
    struct fixture *f = timer->data;

    f->over = true;
    uv_stop(&f->loop);
}

static int setup(void **state)
{
    struct fixture *f = xcalloc(1, sizeof(*f));

    f->tree = tree_new();
    uv_loop_init(&f->loop);
    uv_timer_init(&f->loop, &f->timer);
    f->timer.data = f;
    *state = f;
    return 0;
}

static int teardown(void **state)
{
    struct fixture *f = *state;

    watch_close(f->watch);
    uv_close((uv_handle_t *)&f->timer, NULL);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    assert_int_equal(uv_loop_close(&f->loop), 0);
    tree_free(f->tree);
    free(f);
    return 0;
}

static void watch_in(struct fixture *f, const char *name)
{
    char *path = tree_at(f->tree, name);

    f->watch = watch_new(&f->loop, path, on_changed, f);
    assert_null(watch_trouble(f->watch));
    free(path);
}

/* Runs until something is told or the time is up; how often it was told. */
static unsigned told_within(struct fixture *f, uint64_t ms)
{
    f->told = 0;
    f->over = false;
    uv_update_time(&f->loop);
    uv_timer_start(&f->timer, on_over, ms, 0);
    uv_run(&f->loop, UV_RUN_DEFAULT);
    uv_timer_stop(&f->timer);
    return f->told;
}

/* What is done is told once, and then there is silence. */
static void check_told(struct fixture *f)
{
    assert_int_equal(told_within(f, SECOND), 1);
    assert_int_equal(told_within(f, SILENCE), 0);
}

static void a_written_added_or_removed_file_is_told(void **state)
{
    struct fixture *f = *state;

    tree_write(f->tree, "m/a.yaml", "1");
    watch_in(f, "m");
    assert_int_equal(told_within(f, SILENCE), 0);
    tree_write(f->tree, "m/a.yaml", "2");
    check_told(f);
    tree_write(f->tree, "m/b.yaml", "1");
    check_told(f);
    tree_remove(f->tree, "m/a.yaml");
    check_told(f);
}

static void many_changes_are_told_once(void **state)
{
    struct fixture *f = *state;

    tree_folder(f->tree, "m");
    watch_in(f, "m");
    for (int i = 0; i < 200; i++) {
        char *name = xasprintf("m/%d/a.yaml", i);
        tree_write(f->tree, name, "1");
        free(name);
    }
    check_told(f);
}

static void write_more(uv_timer_t *timer)
{
    struct fixture *f = timer->data;

    tree_write(f->tree, "m/a.yaml", "more");
}

static void a_stream_of_changes_is_told_within_a_second(void **state)
{
    struct fixture *f = *state;
    uv_timer_t writer;

    tree_folder(f->tree, "m");
    watch_in(f, "m");
    uv_timer_init(&f->loop, &writer);
    writer.data = f;
    uv_timer_start(&writer, write_more, 0, 50);
    assert_int_equal(told_within(f, SECOND), 1);
    uv_close((uv_handle_t *)&writer, NULL);
    uv_run(&f->loop, UV_RUN_NOWAIT);
}

static void new_folders_are_followed_and_removed_ones_forgotten(void **state)
{
    struct fixture *f = *state;

    tree_folder(f->tree, "m");
    watch_in(f, "m");
    tree_folder(f->tree, "m/x/y");
    check_told(f);
    tree_write(f->tree, "m/x/y/a.yaml", "1");
    check_told(f);
    tree_remove(f->tree, "m/x");
    check_told(f);
    /* The same name, perhaps the same inode, but another folder. */
    tree_folder(f->tree, "m/x/y");
    check_told(f);
    tree_write(f->tree, "m/x/y/a.yaml", "2");
    check_told(f);
}

static void a_renamed_folder_is_told_and_followed(void **state)
{
    struct fixture *f = *state;

    tree_write(f->tree, "m/old/a.yaml", "1");
    watch_in(f, "m");
    tree_rename(f->tree, "m/old", "m/new");
    check_told(f);
    tree_write(f->tree, "m/new/a.yaml", "2");
    check_told(f);
}

static void hidden_entries_are_none_of_ours(void **state)
{
    struct fixture *f = *state;

    tree_write(f->tree, "m/.git/HEAD", "1");
    watch_in(f, "m");
    tree_write(f->tree, "m/.git/HEAD", "2");
    tree_write(f->tree, "m/.a.yaml.swp", "1");
    tree_write(f->tree, "elsewhere/a.yaml", "1");
    assert_int_equal(told_within(f, SILENCE), 0);
}

static void a_swapped_link_is_told_as_git_sync_does_it(void **state)
{
    struct fixture *f = *state;

    tree_write(f->tree, "git/worktrees/1/m/a.yaml", "1");
    tree_write(f->tree, "git/worktrees/2/m/a.yaml", "2");
    tree_link(f->tree, "git/current", "worktrees/1");
    watch_in(f, "git/current/m");
    tree_link(f->tree, "git/current", "worktrees/2");
    check_told(f);
    tree_write(f->tree, "git/worktrees/2/m/a.yaml", "3");
    check_told(f);
    tree_write(f->tree, "git/worktrees/1/m/a.yaml", "left behind");
    assert_int_equal(told_within(f, SILENCE), 0);
}

static void a_swapped_link_is_told_as_config_maps_do_it(void **state)
{
    struct fixture *f = *state;

    tree_write(f->tree, "m/..1/a.yaml", "1");
    tree_write(f->tree, "m/..2/a.yaml", "2");
    tree_link(f->tree, "m/..data", "..1");
    tree_link(f->tree, "m/a.yaml", "..data/a.yaml");
    watch_in(f, "m");
    tree_link(f->tree, "m/..data", "..2");
    check_told(f);
    tree_write(f->tree, "m/..2/a.yaml", "3");
    check_told(f);
}

static void links_inside_the_tree_may_form_loops(void **state)
{
    struct fixture *f = *state;

    tree_folder(f->tree, "m/a");
    tree_link(f->tree, "m/a/up", "..");
    tree_link(f->tree, "m/self", "self");
    watch_in(f, "m");
    tree_write(f->tree, "m/a/a.yaml", "1");
    check_told(f);
}

static void a_path_that_comes_later_is_seen(void **state)
{
    struct fixture *f = *state;

    watch_in(f, "not/yet/m");
    assert_int_equal(told_within(f, SILENCE), 0);
    tree_folder(f->tree, "not");
    check_told(f);
    tree_write(f->tree, "not/yet/m/a.yaml", "1");
    check_told(f);
    tree_write(f->tree, "not/yet/m/a.yaml", "2");
    check_told(f);
}

static void a_path_that_goes_and_comes_back_is_seen(void **state)
{
    struct fixture *f = *state;

    tree_write(f->tree, "repo/m/a.yaml", "1");
    tree_write(f->tree, "next/m/a.yaml", "2");
    watch_in(f, "repo/m");
    tree_rename(f->tree, "repo", "old");
    check_told(f);
    tree_rename(f->tree, "next", "repo");
    check_told(f);
    tree_write(f->tree, "repo/m/a.yaml", "3");
    check_told(f);
}

static void a_single_file_is_watched_alone(void **state)
{
    struct fixture *f = *state;

    tree_write(f->tree, "m/a.yaml", "1");
    tree_write(f->tree, "m/b.yaml", "1");
    watch_in(f, "m/a.yaml");
    tree_write(f->tree, "m/b.yaml", "2");
    assert_int_equal(told_within(f, SILENCE), 0);
    tree_write(f->tree, "m/fresh", "2");
    tree_rename(f->tree, "m/fresh", "m/a.yaml");
    check_told(f);
}

static void relative_paths_are_taken_from_the_current_folder(void **state)
{
    struct fixture *f = *state;
    char *here = getcwd(NULL, 0);

    tree_folder(f->tree, "m");
    assert_int_equal(chdir(f->tree->path), 0);
    f->watch = watch_new(&f->loop, "./x/../m/", on_changed, f);
    assert_int_equal(chdir(here), 0);
    /* x does not exist, so the path leads nowhere until it does. */
    tree_folder(f->tree, "x");
    check_told(f);
    tree_write(f->tree, "m/a.yaml", "1");
    check_told(f);
    free(here);
}

static void closing_ends_the_telling(void **state)
{
    struct fixture *f = *state;

    tree_folder(f->tree, "m");
    watch_in(f, "m");
    tree_write(f->tree, "m/a.yaml", "1");
    uv_run(&f->loop, UV_RUN_NOWAIT);
    watch_close(TAKE(f->watch));
    assert_int_equal(told_within(f, SILENCE), 0);
}

static void the_watch_may_be_closed_from_its_own_call(void **state)
{
    struct fixture *f = *state;

    tree_folder(f->tree, "m");
    watch_in(f, "m");
    f->close_at_once = true;
    tree_write(f->tree, "m/a.yaml", "1");
    assert_int_equal(told_within(f, SECOND), 1);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test_setup_teardown(a_written_added_or_removed_file_is_told, setup, teardown),
        cmocka_unit_test_setup_teardown(many_changes_are_told_once, setup, teardown),
        cmocka_unit_test_setup_teardown(a_stream_of_changes_is_told_within_a_second, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(new_folders_are_followed_and_removed_ones_forgotten, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_renamed_folder_is_told_and_followed, setup, teardown),
        cmocka_unit_test_setup_teardown(hidden_entries_are_none_of_ours, setup, teardown),
        cmocka_unit_test_setup_teardown(a_swapped_link_is_told_as_git_sync_does_it, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(a_swapped_link_is_told_as_config_maps_do_it, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(links_inside_the_tree_may_form_loops, setup, teardown),
        cmocka_unit_test_setup_teardown(a_path_that_comes_later_is_seen, setup, teardown),
        cmocka_unit_test_setup_teardown(a_path_that_goes_and_comes_back_is_seen, setup, teardown),
        cmocka_unit_test_setup_teardown(a_single_file_is_watched_alone, setup, teardown),
        cmocka_unit_test_setup_teardown(relative_paths_are_taken_from_the_current_folder, setup,
                                        teardown),
        cmocka_unit_test_setup_teardown(closing_ends_the_telling, setup, teardown),
        cmocka_unit_test_setup_teardown(the_watch_may_be_closed_from_its_own_call, setup, teardown),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
