/* Guests of the two sides: those who wait, and those without manners. */
#include "tests/lib/descriptors.h"
#include "tests/unit/test_listener.h"

static void news_end_a_wait(void **state)
{
    (void)state;
    struct world *w = world_new();
    int fd = call_control(w), other = call_control(w);
    static const char request[] = "GET /api/v1/status?after=7 HTTP/1.1\r\nHost: x\r\n\r\n";

    write_text(w, fd, request);
    write_text(w, other, request);
    settle(w);
    assert_int_equal(w->api.asked, 2);
    w->api.changed(w->api.ctx); /* but nothing is newer */
    settle(w);
    assert_int_equal(w->api.asked, 4);
    w->api.serial++;
    w->api.changed(w->api.ctx);
    char *answer = read_answer(w, fd);
    check(answer, "200", "instance");
    free(answer);
    answer = read_answer(w, other);
    check(answer, "200", "instance");
    free(answer);
    (void)close(fd);
    (void)close(other);
    world_free(w);
}

static void a_wait_without_news_ends_too(void **state)
{
    (void)state;
    struct world *w = world_new();

    check_status_get(w, "/api/v1/status?after=7&wait=0", "304", "\r\n\r\n");
    check_status_get(w, "/api/v1/status?after=7&wait=1", "304", "\r\n\r\n");
    check_status_get(w, "/api/v1/status?after=7&wait=soon", "400", "seconds");
    check_status_get(w, "/api/v1/status?after=7&wait=-1", "400", "seconds");
    world_free(w);
}

static void who_waits_may_be_closed_on(void **state)
{
    (void)state;
    struct world *w = world_new();
    int fd = call_status(w);
    static const char request[] = "GET /api/v1/status?after=7 HTTP/1.1\r\nHost: x\r\n\r\n";

    write_text(w, fd, request);
    settle(w);
    assert_int_equal(w->api.asked, 1);
    world_free(w);
    (void)close(fd);
}

static unsigned dice(uint64_t *seed)
{
    *seed = *seed * 6364136223846793005U + 1442695040888963407U;
    return (unsigned)(*seed >> 33);
}

/* Bytes that look a little like HTTP, more or less. */
static size_t rubbish(uint64_t *seed, char *out, size_t max)
{
    static const char *const pieces[] = {
        "GET ",
        "POST ",
        "/",
        "/metrics",
        " HTTP/1.1\r\n",
        "Host: x\r\n",
        "\r\n",
        "HTTP/9.9",
        "\r\n\r",
        "%00",
        "Content-Length:",
        " -1\r\n",
        " 99999999\r\n",
        "\n",
        ": ",
        "\r\n\r\n",
        "Transfer-Encoding: chunked\r\n",
        "ffffffffffffffff\r\n",
        "Expect: 100-continue\r\n",
        "/api/v1/status?after=7&wait=0",
        "Upgrade: h2c\r\n",
    };
    size_t n = 0;

    for (unsigned left = 1 + dice(seed) % 30; left && n + 64 < max; left--) {
        if (dice(seed) % 3) {
            for (const char *p = pieces[dice(seed) % ARRAY_LEN(pieces)]; *p; p++)
                out[n++] = *p;
        } else {
            for (unsigned bytes = dice(seed) % 60; bytes; bytes--)
                out[n++] = (char)dice(seed);
        }
    }
    return n;
}

static void rubbish_harms_nobody(void **state)
{
    (void)state;
    struct world *w = world_new();
    char data[4096];

    for (uint64_t round = 1; round <= 400; round++) {
        uint64_t seed = round;
        int fd = round % 2 ? call_control(w) : call_status(w);
        size_t n = rubbish(&seed, data, sizeof(data));

        write_all(w, fd, data, n);
        settle(w);
        (void)close(fd);
        settle(w);
    }
    check_status_get(w, "/healthz", "200", "ok");
    char *answer = ask_once(w, true, "GET", "/healthz", "", "");
    check(answer, "200", "ok");
    free(answer);
    world_free(w);
}

/* Half a request and the end come in one go, and nobody hears of the end. */
static void who_hung_up_early_is_let_go(void **state)
{
    (void)state;
    struct world *w = world_new();
    size_t before = open_descriptors();

    for (unsigned i = 0; i < 10; i++) {
        int fd = i % 2 ? call_control(w) : call_status(w);
        assert_int_equal(send(fd, "GET /heal", 9, MSG_NOSIGNAL), 9);
        (void)close(fd);
    }
    settle(w);
    check_status_get(w, "/healthz", "200", "ok");
    char *answer = ask_once(w, true, "GET", "/healthz", "", "");
    check(answer, "200", "ok");
    free(answer);
    settle(w);
    assert_true(open_descriptors() <= before);
    world_free(w);
}

static void requests_have_limits(void **state)
{
    (void)state;
    struct world *w = world_new();
    char *long_header = xcalloc(1, 200001), *long_path = xcalloc(1, 200001);

    memset(long_header, 'h', 200000);
    memset(long_path, 'p', 200000);
    char *header = xasprintf("X-Long: %s\r\n", long_header), *path = xasprintf("/%s", long_path);
    char *answer = ask_once(w, false, "GET", "/healthz", header, "");
    check(answer, "431", "");
    free(answer);
    answer = ask_once(w, false, "GET", path, "", "");
    check(answer, "414", "");
    free(answer);
    answer = ask_once(w, true, "POST", "/api/v1/reconcile", "", long_path);
    check(answer, "413", "too large");
    free(answer);
    int fd = call_control(w);
    write_text(w, fd, "POST /api/v1/x HTTP/1.1\r\nHost: x\r\nTransfer-Encoding: chunked\r\n\r\n");
    for (unsigned i = 0; i < 20; i++) {
        write_text(w, fd, "2000\r\n");
        write_all(w, fd, long_path, 0x2000);
        write_text(w, fd, "\r\n");
    }
    write_text(w, fd, "0\r\n\r\n");
    answer = read_answer(w, fd);
    check(answer, "413", "too large");
    free(answer);
    (void)close(fd);
    assert_int_equal(w->api.asked, 0);
    free(header);
    free(path);
    free(long_header);
    free(long_path);
    world_free(w);
}

/* Silent connections, as many as there are descriptors for: those beyond the
 * limit are closed at once, and who has something to say is heard. */
static void a_crowd_is_bounded(void **state)
{
    (void)state;
    enum { CROWD = 300 };
    struct world *w = world_new();
    int fds[CROWD];
    size_t before = open_descriptors();

    for (unsigned i = 0; i < CROWD; i++) {
        fds[i] = call_status(w);
        if (i % 20 == 0)
            settle(w);
    }
    settle(w);
    assert_int_equal(w->refused, CROWD - FRONT_PER_PEER);
    assert_int_equal(open_descriptors(), before + CROWD + FRONT_PER_PEER);
    char *answer = ask_once(w, true, "GET", "/healthz", "", "");
    check(answer, "200", "ok");
    free(answer);

    /* One that has been silent for a second makes room. */
    (void)usleep(1100000);
    turn(w);
    check_status_get(w, "/healthz", "200", "ok");
    for (unsigned i = 0; i < CROWD; i++)
        (void)close(fds[i]);
    settle(w);
    assert_int_equal(open_descriptors(), before);
    world_free(w);
}

/* Who waits for news gives way to who asks now. */
static void a_crowd_that_waits_makes_room(void **state)
{
    (void)state;
    struct world *w = world_new();
    int fds[FRONT_PER_PEER];
    static const char request[] = "GET /api/v1/status?after=7 HTTP/1.1\r\nHost: x\r\n\r\n";

    for (unsigned i = 0; i < FRONT_PER_PEER; i++) {
        fds[i] = call_status(w);
        write_text(w, fds[i], request);
        settle(w);
    }
    assert_int_equal(w->api.asked, FRONT_PER_PEER);
    (void)usleep(1100000);
    turn(w);
    check_status_get(w, "/healthz", "200", "ok");
    char *answer = read_answer(w, fds[0]);
    assert_string_equal(answer, "");
    free(answer);
    /* The others wait on; more than one may have gone while the first was closing. */
    w->api.serial++;
    w->api.changed(w->api.ctx);
    answer = read_answer(w, fds[FRONT_PER_PEER - 1]);
    check(answer, "200", "instance");
    free(answer);
    for (unsigned i = 0; i < FRONT_PER_PEER; i++)
        (void)close(fds[i]);
    world_free(w);
}

/* They ask for much, and read nothing. */
static void answers_that_nobody_reads_are_bounded(void **state)
{
    (void)state;
    enum { READERS = FRONT_PER_PEER / 4 };
    struct world *w = world_new();
    int fds[READERS];
    static const char request[] = "GET /api/v1/objects HTTP/1.1\r\nHost: x\r\n\r\n";

    w->api.size = 4 << 20;
    for (unsigned i = 0; i < READERS; i++) {
        fds[i] = call_status(w);
        write_text(w, fds[i], request);
        settle(w);
    }
    assert_true(w->api.asked <= FRONT_OWED_STRANGERS / w->api.size + 1);
    char *answer = read_answer(w, fds[READERS - 1]);
    check(answer, "503", "Retry-After: 1");
    free(answer);

    /* One that has taken nothing for five seconds makes room. */
    (void)usleep(5100000);
    turn(w);
    check_status_get(w, "/healthz", "503", "Retry-After: 1");
    settle(w);
    check_status_get(w, "/healthz", "200", "ok");
    for (unsigned i = 0; i < READERS; i++)
        (void)close(fds[i]);
    settle(w);
    w->api.size = 0;
    check_status_get(w, "/api/v1/objects", "200", "serial");
    world_free(w);
}

static void questions_may_come_in_one_go(void **state)
{
    (void)state;
    struct world *w = world_new();
    struct buf all = BUF_WITH_LIMIT(1 << 20);
    int fd = call_status(w);

    for (unsigned i = 0; i < 500; i++)
        (void)buf_puts(&all, "GET /api/v1/objects HTTP/1.1\r\nHost: x\r\n\r\n");
    write_all(w, fd, all.data, all.n);
    for (unsigned i = 0; i < 2000 && w->api.asked < 500; i++) {
        char chunk[65536];
        (void)!recv(fd, chunk, sizeof(chunk), 0);
        turn(w);
    }
    assert_int_equal(w->api.asked, 500);
    buf_clear(&all);
    (void)close(fd);
    world_free(w);
}

int main(void)
{
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(news_end_a_wait),
        cmocka_unit_test(a_wait_without_news_ends_too),
        cmocka_unit_test(who_waits_may_be_closed_on),
        cmocka_unit_test(rubbish_harms_nobody),
        cmocka_unit_test(who_hung_up_early_is_let_go),
        cmocka_unit_test(requests_have_limits),
        cmocka_unit_test(a_crowd_is_bounded),
        cmocka_unit_test(a_crowd_that_waits_makes_room),
        cmocka_unit_test(answers_that_nobody_reads_are_bounded),
        cmocka_unit_test(questions_may_come_in_one_go),
    };

    return cmocka_run_group_tests(tests, NULL, NULL);
}
