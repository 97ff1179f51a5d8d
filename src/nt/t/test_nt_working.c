/* MemoryWorkingSetExInformation over a space that only remembers: arrays in every order, answered
 * with few questions where pages lie close, and without room for a table. */
#include <string.h>
#include <sys/mman.h>
#include <winvm/psapi.h>

#include "api/api.h"
#include "base/arith.h"
#include "base/t/unit.h"
#include "fake_frames.h"
#include "fake_space.h"
#include "space/space_working.h"

#define OWN ((HANDLE)(intptr_t)-1)

typedef PSAPI_WORKING_SET_EX_INFORMATION entry;

enum { KNOWN = 16, FIRST = 0x1000, MOST = 600000, UNTOLD = 0x5a5a5a };

static entry *list;
static unsigned seed;

static unsigned next_random(unsigned below)
{
    seed = seed * 1664525u + 1013904223u;
    return (unsigned)(((uint64_t)(seed >> 4) * below) >> 28);
}

static void set_up(void)
{
    fake_reset();
    fake_frames_reset();
    seed = 7;
    list = mmap(NULL, MOST * sizeof *list, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                -1, 0);
    ck_assert_ptr_ne(list, MAP_FAILED);
    for (unsigned i = 0; i < KNOWN; i++)
        fake.working[i] = i % 3 == 0   ? 0
                          : i % 3 == 1 ? WVM_WORKING_VALID | WVM_ATTR_RW
                                       : WVM_WORKING_SHARED | WVM_WORKING_VALID | WVM_ATTR_RO;
    fake.working[9] = WVM_WORKING_SHARED;
    fake.working[10] |= WVM_WORKING_LOCKED;
}

static ULONG_PTR wanted(uintptr_t at)
{
    unsigned i = at / WVM_PAGE_SIZE % KNOWN;
    if (at >= FAKE_TOP)
        return 0;
    return i == 9       ? 1u << 15
           : i % 3 == 0 ? 0
           : i % 3 == 1 ? 1 | PAGE_READWRITE << 4 | (i == 10 ? 1u << 22 : 0)
                        : 1 | 1 << 1 | PAGE_READONLY << 4 | 1u << 15;
}

static void put(size_t i, uintptr_t page)
{
    uintptr_t at = (FIRST + page) * (uintptr_t)WVM_PAGE_SIZE;
    list[i].VirtualAddress = (void *)(uintptr_t)(at + i % WVM_PAGE_SIZE);
    list[i].VirtualAttributes.Flags = UNTOLD;
}

static void shuffle(size_t n)
{
    for (size_t i = n - 1; i > 0; i--) {
        size_t k = next_random((unsigned)i + 1);
        entry other = list[k];
        list[k] = list[i];
        list[i] = other;
    }
}

static wvm_status ask(size_t n)
{
    SIZE_T done = 0;
    return wvm_NtQueryVirtualMemory(OWN, NULL, MemoryWorkingSetExInformation, list,
                                    n * sizeof *list, &done);
}

/* Every entry is answered, and no other is touched. */
static void check(size_t n)
{
    put(n, 0);
    fake.n_working = 0;
    ck_assert_int_eq(ask(n), STATUS_SUCCESS);
    for (size_t i = 0; i < n; i++) {
        uintptr_t at = (uintptr_t)list[i].VirtualAddress;
        ck_assert_msg(list[i].VirtualAttributes.Flags == wanted(at), "%zu: %zx is told as %zx", i,
                      (size_t)at, (size_t)list[i].VirtualAttributes.Flags);
    }
    ck_assert_uint_eq(list[n].VirtualAttributes.Flags, UNTOLD);
    ck_assert_uint_eq(fake_frames.n_scratch, 0);
}

START_TEST(in_order)
{
    enum { N = 100000 };
    set_up();
    for (size_t i = 0; i < N; i++)
        put(i, i);
    check(N);
    ck_assert_uint_eq(fake.n_working, N / 2048 + 1);
    for (size_t i = 0; i < N; i++)
        put(i, N - i);
    check(N);
    ck_assert_uint_eq(fake.n_working, N / 2048 + 1);
}
END_TEST

/* Up to 32 pages for each entry: a question for 512 pages at most. */
START_TEST(in_no_order)
{
    static const struct {
        unsigned n, step;
    } shape[] = {{257, 1}, {1000, 32}, {100000, 1}, {100000, 7}, {3000, 31}};
    set_up();
    for (unsigned k = 0; k < sizeof shape / sizeof shape[0]; k++) {
        for (size_t i = 0; i < shape[k].n; i++)
            put(i, i * shape[k].step);
        shuffle(shape[k].n);
        check(shape[k].n);
        ck_assert_uint_le(fake.n_working, shape[k].n * shape[k].step / 512 + 32);
    }
}
END_TEST

/* A part that lies close is found behind and before what does not, with entries of nobody. */
START_TEST(mixed)
{
    enum { APART = 300, CLOSE = 20000 };
    set_up();
    for (size_t i = 0; i < APART; i++)
        put(i, i * 0x200 + 0x10000);
    for (size_t i = APART; i < APART + CLOSE; i++)
        put(i, next_random(CLOSE));
    for (size_t i = APART + CLOSE; i < 2 * APART + CLOSE; i++)
        put(i, (i - APART - CLOSE) * 0x200 + 0x10000);
    for (size_t i = 5; i < 2 * APART + CLOSE; i += 99)
        list[i].VirtualAddress = (void *)(uintptr_t)FAKE_KERNEL;
    check(2 * APART + CLOSE);
    ck_assert_uint_le(fake.n_working, 2 * APART + CLOSE / 4);
    for (size_t i = 0; i < 1000; i++)
        list[i].VirtualAddress = (void *)(uintptr_t)FAKE_KERNEL;
    check(1000);
    ck_assert_uint_eq(fake.n_working, 0);
}
END_TEST

START_TEST(sparse)
{
    enum { N = 1000 };
    set_up();
    for (size_t i = 0; i < N; i++)
        put(i, i * 200);
    shuffle(N);
    check(N);
    ck_assert_uint_le(fake.n_working, N);
}
END_TEST

/* More pages than a table has. */
START_TEST(several_windows)
{
    enum { STEP = sizeof(void *) == 8 ? 30 : 1 };
    set_up();
    for (size_t i = 0; i < MOST - 1; i++)
        put(i, i * STEP);
    shuffle(MOST - 1);
    check(MOST - 1);
    ck_assert_uint_le(fake.n_working, (size_t)MOST * STEP / 512 + 32);
}
END_TEST

START_TEST(no_room)
{
    enum { N = 5000 };
    set_up();
    for (size_t i = 0; i < N; i++)
        put(i, i * 7);
    shuffle(N);
    fake_frames.no_scratch = true;
    check(N);
    ck_assert_uint_gt(fake.n_working, N / 2);
}
END_TEST

START_TEST(refused)
{
    enum { N = 5000 };
    set_up();
    for (size_t i = 0; i < N; i++)
        put(i, i);
    shuffle(N);
    fake.result = STATUS_POSSIBLE_DEADLOCK;
    ck_assert_int_eq(ask(N), STATUS_POSSIBLE_DEADLOCK);
    ck_assert_uint_eq(fake_frames.n_scratch, 0);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *s = unit_suite("nt_working", 20, &tc);
    tcase_add_test(tc, in_order);
    tcase_add_test(tc, in_no_order);
    tcase_add_test(tc, mixed);
    tcase_add_test(tc, sparse);
    tcase_add_test(tc, several_windows);
    tcase_add_test(tc, no_room);
    tcase_add_test(tc, refused);
    return unit_run(s);
}
