/* Call sites and the leak report, told by a pool that this test stands for. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/options.h"
#include "base/t/unit.h"
#include "host/host.h"
#include "pool/pool_trace.h"

static const struct wvm_pool_observer *observer;
static struct wvm_pool_block walked[2];

void wvm_pool_observe(const struct wvm_pool_observer *o)
{
    ck_assert_ptr_null(observer);
    observer = o;
}

bool wvm_pool_started(void)
{
    return true;
}

void wvm_pool_walk(bool (*visit)(const struct wvm_pool_block *b, void *arg), void *arg)
{
    for (unsigned i = 0; i < 2; i++)
        if (!visit(&walked[i], arg))
            return;
}

#define TAG(a, b, c, d) \
    ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)
#define BASE ((uintptr_t)0x70000000)

static void allocate(uintptr_t at, size_t size, uint32_t tag, uintptr_t site)
{
    struct wvm_pool_request rq = {.tag = tag, .size = size, .caller = (void *)site};
    struct wvm_pool_block b = {.start = (void *)at, .size = size, .room = size, .tag = tag};
    observer->allocated(&b, &rq);
}

static void release(uintptr_t at, uintptr_t site)
{
    struct wvm_pool_block b = {.start = (void *)at};
    observer->freeing(&b, (void *)site);
}

static void start(const char *options)
{
    wvm_options_parse(options, NULL);
    wvm_pool_trace_start();
    ck_assert_ptr_nonnull(observer);
}

static const char *leaks(void)
{
    static char text[4096];
    int end[2];
    ck_assert_int_eq(pipe(end), 0);
    ck_assert_int_eq(wvm_pool_report_leaks(end[1]), 0);
    close(end[1]);
    ssize_t n = read(end[0], text, sizeof(text) - 1);
    ck_assert_int_ge(n, 0);
    close(end[0]);
    text[n] = '\0';
    return text;
}

START_TEST(sites)
{
    struct wvm_pool_traces t;
    start("pool-trace=1");
    ck_assert(!wvm_pool_trace_find((void *)BASE, &t));
    allocate(BASE, 100, TAG('a', 'b', 'c', 'D'), 0x11);
    ck_assert(wvm_pool_trace_find((void *)BASE, &t));
    ck_assert(t.live && t.size == 100 && t.tag == TAG('a', 'b', 'c', 'D'));
    ck_assert_uint_eq((uintptr_t)t.allocated, 0x11);
    ck_assert_ptr_null(t.freed);
    release(BASE, 0x22);
    ck_assert(wvm_pool_trace_find((void *)BASE, &t));
    ck_assert(!t.live && (uintptr_t)t.allocated == 0x11 && (uintptr_t)t.freed == 0x22);
    allocate(BASE, 7, 1, 0x33);
    ck_assert(wvm_pool_trace_find((void *)BASE, &t));
    ck_assert(t.live && t.size == 7 && t.tag == 1);
    ck_assert_uint_eq((uintptr_t)t.allocated, 0x33);
    ck_assert(!wvm_pool_trace_find((void *)(BASE + 16), &t));
}
END_TEST

START_TEST(description)
{
    char text[512];
    struct wvm_buf b;
    start("pool-trace=1");
    allocate(BASE + 256, 100, 1, 0x11);
    wvm_buf_init(&b, text, sizeof(text));
    observer->describe((void *)(BASE + 256), &b);
    ck_assert_str_eq(text, "  allocated by 0x11\n");
    release(BASE + 256, 0x22);
    wvm_buf_init(&b, text, sizeof(text));
    observer->describe((void *)(BASE + 256 + 33), &b);
    ck_assert_str_eq(text, "  33 bytes behind the start of a block of 100 bytes, free\n"
                           "  allocated by 0x11\n  freed by 0x22\n");
    wvm_buf_init(&b, text, sizeof(text));
    observer->describe((void *)BASE, &b);
    ck_assert_str_eq(text, "");
}
END_TEST

START_TEST(many_blocks)
{
    enum { N = 200000 };
    struct wvm_pool_traces t;
    start("pool-trace=1");
    for (uintptr_t i = 0; i < N; i++)
        allocate(BASE + i * 64, i, 1, i + 1);
    for (uintptr_t i = 0; i < N; i += 2)
        release(BASE + i * 64, 5);
    for (uintptr_t i = 0; i < N; i++) {
        ck_assert(wvm_pool_trace_find((void *)(BASE + i * 64), &t));
        ck_assert(t.size == i && (uintptr_t)t.allocated == i + 1 && t.live == (i % 2 != 0));
    }
}
END_TEST

static void *allocate_many(void *arg)
{
    for (uintptr_t i = (uintptr_t)arg; i < 60000; i += 3) {
        allocate(BASE + i * 16, i, 1, i + 1);
        if (i % 5 == 0)
            release(BASE + i * 16, 1);
    }
    return NULL;
}

START_TEST(threads)
{
    pthread_t thread[3];
    struct wvm_pool_traces t;
    start("pool-trace=1");
    for (uintptr_t i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, allocate_many, (void *)i), 0);
    for (unsigned i = 0; i < 3; i++)
        pthread_join(thread[i], NULL);
    for (uintptr_t i = 0; i < 60000; i++) {
        ck_assert(wvm_pool_trace_find((void *)(BASE + i * 16), &t));
        ck_assert(t.size == i && (uintptr_t)t.allocated == i + 1 && t.live == (i % 5 != 0));
    }
}
END_TEST

START_TEST(leaks_by_tag_and_site)
{
    uintptr_t at = BASE;
    start("pool-leaks=1");
    ck_assert_str_eq(leaks(), "pool leaks: 0 blocks, 0 bytes\n");
    for (unsigned i = 0; i < 3; i++)
        allocate(at += 4096, 100, TAG('s', 'm', 'a', 'l'), 0x11);
    allocate(at += 4096, 2000, TAG('B', 'i', 'g', 1), 0x22);
    allocate(at += 4096, 3000, TAG('B', 'i', 'g', 1), 0x33);
    allocate(at += 4096, 2000, TAG('B', 'i', 'g', 1), 0x22);
    allocate(at += 4096, 2000, TAG('g', 'o', 'n', 'e'), 0x22);
    release(at, 0x44);
    ck_assert_str_eq(leaks(), "pool leaks: 6 blocks, 7300 bytes\n"
                              "  tag Big. non-paged: 3 blocks, 7000 bytes\n"
                              "    2 blocks, 4000 bytes allocated by 0x22\n"
                              "    1 block, 3000 bytes allocated by 0x33\n"
                              "  tag smal non-paged: 3 blocks, 300 bytes\n"
                              "    3 blocks, 300 bytes allocated by 0x11\n");
    for (at = BASE + 4096; at <= BASE + 6 * 4096; at += 4096)
        release(at, 1);
    ck_assert_str_eq(leaks(), "pool leaks: 0 blocks, 0 bytes\n");
}
END_TEST

START_TEST(more_sites_than_there_is_room_for)
{
    start("pool-leaks=1");
    for (uintptr_t i = 0; i < 40000; i++)
        allocate(BASE + i * 16, 10, TAG('a', 'b', 'c', 'd'), i + 1);
    int fd = open("/dev/null", O_WRONLY);
    ck_assert_int_eq(wvm_pool_report_leaks(fd), 0);
    close(fd);
    for (uintptr_t i = 10; i < 40000; i++)
        release(BASE + i * 16, 1);
    ck_assert_ptr_nonnull(strstr(leaks(), "pool leaks: 10 blocks, 100 bytes\n"));
}
END_TEST

START_TEST(leaks_without_sites)
{
    walked[0] = (struct wvm_pool_block){.size = 50, .tag = TAG('a', 'b', 'c', 'D'),
                                        .kind = WVM_POOL_PAGED};
    walked[1] = walked[0];
    ck_assert_str_eq(leaks(), "pool leaks: 2 blocks, 100 bytes\n"
                              "  tag abcD paged: 2 blocks, 100 bytes\n");
    ck_assert_int_eq(wvm_pool_report_leaks(999), -EBADF);
    wvm_pool_trace_start();
    ck_assert_ptr_null(observer);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("pool_trace", 30, &tc);
    wvm_host_init();
    tcase_add_test(tc, sites);
    tcase_add_test(tc, description);
    tcase_add_test(tc, many_blocks);
    tcase_add_test(tc, threads);
    tcase_add_test(tc, leaks_by_tag_and_site);
    tcase_add_test(tc, more_sites_than_there_is_room_for);
    tcase_add_test(tc, leaks_without_sites);
    return unit_run(suite);
}
