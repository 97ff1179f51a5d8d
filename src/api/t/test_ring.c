/* The rings of changes: what a thread notes, wrap-around, rings given back and taken over. */
#include <pthread.h>

#include "api/ring.h"
#include "base/t/unit.h"
#include "host/host.h"

static void note(uint64_t n)
{
    wvm_ring_put((struct wvm_ring_entry){.addr = n, .size = n + 1, .result = n + 2, .type = 3,
                                         .prot = 4, .op = 5});
}

static unsigned count_rings(bool owned_only)
{
    unsigned n = 0;
    for (struct wvm_ring *r = wvm_rings; r != NULL; r = r->next)
        n += !owned_only || r->tid != 0;
    return n;
}

static void start(void)
{
    wvm_host_init();
    wvm_ring_init();
}

START_TEST(entries_are_kept_in_order)
{
    start();
    for (uint64_t i = 0; i < WVM_RING_ENTRIES + 10; i++)
        note(i);
    struct wvm_ring *ring = wvm_ring_mine;
    ck_assert_ptr_nonnull(ring);
    ck_assert_uint_eq(ring->count, WVM_RING_ENTRIES + 10);
    for (uint64_t i = 10; i < WVM_RING_ENTRIES + 10; i++) {
        const struct wvm_ring_entry *e = &ring->entries[i % WVM_RING_ENTRIES];
        ck_assert_uint_eq(e->number, i);
        ck_assert_uint_eq(e->addr, i);
        ck_assert_uint_eq(e->size, i + 1);
        ck_assert_uint_eq(e->result, i + 2);
        ck_assert_uint_eq(e->type, 3);
        ck_assert_uint_eq(e->prot, 4);
        ck_assert_uint_eq(e->op, 5);
    }
}
END_TEST

static void *note_once(void *arg)
{
    note((uintptr_t)arg);
    return wvm_ring_mine;
}

START_TEST(ended_threads_leave_their_rings_to_others)
{
    start();
    note(1);
    void *first = NULL;
    for (uintptr_t i = 0; i < 3000; i++) {
        pthread_t t;
        void *ring;
        ck_assert_int_eq(pthread_create(&t, NULL, note_once, (void *)i), 0);
        ck_assert_int_eq(pthread_join(t, &ring), 0);
        ck_assert_ptr_nonnull(ring);
        ck_assert_ptr_ne(ring, wvm_ring_mine);
        if (first == NULL)
            first = ring;
        ck_assert_ptr_eq(ring, first);
    }
    ck_assert_uint_eq(count_rings(true), 1);
    ck_assert_uint_le(count_rings(false), 12);
}
END_TEST

static pthread_barrier_t all_noted;

static void *note_and_wait(void *arg)
{
    note((uintptr_t)arg);
    struct wvm_ring *mine = wvm_ring_mine;
    pthread_barrier_wait(&all_noted);
    return (void *)(uintptr_t)(mine->entries[(mine->count - 1) % WVM_RING_ENTRIES].addr ==
                               (uintptr_t)arg);
}

START_TEST(threads_do_not_share)
{
    enum { N = 40 };
    pthread_t t[N];
    start();
    pthread_barrier_init(&all_noted, NULL, N);
    for (uintptr_t i = 0; i < N; i++)
        ck_assert_int_eq(pthread_create(&t[i], NULL, note_and_wait, (void *)(i + 100)), 0);
    for (int i = 0; i < N; i++) {
        void *good;
        pthread_join(t[i], &good);
        ck_assert_ptr_nonnull(good);
    }
    ck_assert_uint_eq(count_rings(true), 0);
    ck_assert_uint_ge(count_rings(false), N);
}
END_TEST

static int no_meta(size_t len, void **out)
{
    (void)len;
    (void)out;
    return -12;
}

START_TEST(without_memory_a_ring_is_shared)
{
    start();
    wvm_host.meta = no_meta;
    note(7);
    ck_assert_ptr_nonnull(wvm_ring_mine);
    ck_assert_ptr_null(wvm_rings);
    ck_assert_uint_eq(wvm_ring_mine->entries[0].addr, 7);
}
END_TEST

/* An entry's view: the variable belongs to a caller. */
static __attribute__((noinline)) uint64_t seen_by_entry(int32_t status, const void *var)
{
    return wvm_ring_after(status, var);
}

START_TEST(only_locals_are_looked_at)
{
    uintptr_t local = 0x1234;
    ck_assert_uint_eq(seen_by_entry(0, &local), 0x1234);
    ck_assert_uint_eq(seen_by_entry(-1, &local), 0);
    ck_assert_uint_eq(seen_by_entry(0, (void *)(uintptr_t)16), 0);
    ck_assert_uint_eq(seen_by_entry(0, NULL), 0);
}
END_TEST

int main(void)
{
    TCase *c;
    Suite *s = unit_suite("ring", 30, &c);
    tcase_add_test(c, entries_are_kept_in_order);
    tcase_add_test(c, ended_threads_leave_their_rings_to_others);
    tcase_add_test(c, threads_do_not_share);
    tcase_add_test(c, without_memory_a_ring_is_shared);
    tcase_add_test(c, only_locals_are_looked_at);
    return unit_run(s);
}
