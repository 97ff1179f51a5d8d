/* The 4 GiB of a 32-bit process: how much of it can be had, what stays the host's, and what there
 * is no room for. */
#include <pthread.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "base/options.h"
#include "space/space_window.h"
#include "space/t/space_unit.h"

#define MIB ((uintptr_t)1 << 20)
#define GRANULE ((uintptr_t)WVM_GRANULE_SIZE)
#define HOST_ROOM ((uint64_t)16 << (20 - WVM_GRANULE_SHIFT)) /* granules */

static uintptr_t block[WVM_N_GRANULES];
static unsigned n_blocks;

static wvm_status reserve(uintptr_t len, bool top_down)
{
    struct wvm_request req = {.len = len, .attr = WVM_ATTR_RW, .top_down = top_down};
    wvm_status status = wvm_space_reserve(SP, &req);
    if (status == STATUS_SUCCESS)
        block[n_blocks++] = req.start;
    return status;
}

static void release_all(void)
{
    uintptr_t end;
    while (n_blocks) {
        uintptr_t at = block[--n_blocks];
        ck_assert_int_eq(wvm_space_release(SP, at, at, &end), STATUS_SUCCESS);
    }
    unit_audit();
}

static void *answer(void *arg)
{
    return arg;
}

/* malloc, mappings and threads of the program find room. */
static void expect_host_lives(void)
{
    pthread_t thread;
    pthread_attr_t small;
    void *got = NULL, *p = malloc(MIB);
    ck_assert_ptr_nonnull(p);
    ck_assert_int_eq(pthread_attr_init(&small), 0);
    ck_assert_int_eq(pthread_attr_setstacksize(&small, 256 * 1024), 0);
    ck_assert_int_eq(pthread_create(&thread, &small, answer, p), 0);
    ck_assert_int_eq(pthread_join(thread, &got), 0);
    ck_assert_ptr_eq(got, p);
    free(p);
}

static void fill(bool top_down)
{
    wvm_status status;
    uintptr_t lo = 0, hi = 0;
    ck_assert(wvm_host_stack_room(&lo, &hi));
    while ((status = reserve(GRANULE, top_down)) == STATUS_SUCCESS) {
        uintptr_t at = block[n_blocks - 1];
        ck_assert_uint_eq(at % GRANULE, 0);
        ck_assert_uint_ge(at, GRANULE);
        ck_assert_uint_le(at, wvm_space_top(SP) - GRANULE);
        ck_assert_msg(at + GRANULE <= lo || at >= hi, "%zx in the stack's room %zx-%zx", at, lo,
                      hi);
    }
    ck_assert_uint_eq((uint32_t)status, (uint32_t)STATUS_NO_MEMORY);
}

/* Granules below the top that can be had: the host has nothing there, and RLIMIT_AS allows it. */
static uint64_t free_granules(void)
{
    uint64_t n = 0, at = 1, top = WVM_GRANULE_OF(SP->top), lo, hi;
    for (; at < top && wvm_space_next_taken(SP, at, &lo, &hi) > 0; at = hi)
        n += wvm_min(lo, top) - at;
    n += at < top ? top - at : 0;
    return wvm_min(n, wvm_host_as_left() >> WVM_GRANULE_SHIFT);
}

/* Nearly all that was free is had, but for 16 MiB; it can be had again in one piece. */
START_TEST(all_of_it)
{
    unit_set_up(_i);
    uint64_t there = free_granules();
    fill(_i % 2);
    unsigned filled = n_blocks;
    ck_assert_uint_ge((filled + HOST_ROOM) * 1000u, there * 995);
    expect_host_lives();
    unit_audit();
    release_all();
    ck_assert_int_eq(reserve(1200 * MIB, false), STATUS_SUCCESS);
    release_all();
    expect_host_lives();
    fill(false);
    ck_assert_uint_ge(n_blocks * 1000ull, filled * 995);
    release_all();
}
END_TEST

static uintptr_t longest_hole(void)
{
    uint64_t lo, hi;
    wvm_space_find_hole(SP, &lo, &hi);
    return (uintptr_t)(hi - lo) << WVM_GRANULE_SHIFT;
}

/* The longest hole, also after smaller allocations have made slabs of their own. */
START_TEST(large_ones)
{
    unit_set_up(_i);
    ck_assert_int_eq(reserve(GRANULE, false), STATUS_SUCCESS);
    uintptr_t most = longest_hole();
    ck_assert_uint_ge(most, 1200 * MIB);
    ck_assert_uint_eq((uint32_t)reserve(most + GRANULE, false), (uint32_t)STATUS_NO_MEMORY);
    ck_assert_int_eq(reserve(most, false), STATUS_SUCCESS);
    ck_assert_int_eq(reserve(GRANULE, false), STATUS_SUCCESS);
    expect_host_lives();
    release_all();
    ck_assert_uint_eq(longest_hole(), most);
}
END_TEST

/* What slabs leave: a new one never takes more than an eighth. */
START_TEST(slabs_grow)
{
    uint64_t least = UINT64_MAX;
    unit_set_up(_i);
    for (unsigned i = 0; i < 1024; i++) {
        uint64_t left = wvm_host_room_left();
        ck_assert_int_eq(reserve(16 * GRANULE, false), STATUS_SUCCESS);
        uint64_t taken = left - wvm_host_room_left();
        ck_assert_uint_le(taken, left / 8 + 8 * MIB);
        if (taken > 16 * GRANULE)
            least = wvm_min(least, taken);
    }
    ck_assert_uint_ge(least, 64 * MIB);
    release_all();
}
END_TEST

/* Nothing that the program maps by itself is ever given out, in the midst of our own. */
START_TEST(host_in_between)
{
    unit_set_up(_i);
    void *own[64];
    for (unsigned i = 0; i < 64; i++) {
        ck_assert_int_eq(reserve(MIB, false), STATUS_SUCCESS);
        own[i] = mmap(NULL, 7 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        ck_assert_ptr_ne(own[i], MAP_FAILED);
        *(unsigned *)own[i] = i;
    }
    fill(false);
    for (unsigned i = 0; i < 64; i++) {
        ck_assert_uint_eq(*(unsigned *)own[i], i);
        for (unsigned k = 0; k < n_blocks; k++)
            ck_assert((uintptr_t)own[i] + 7 * PG <= block[k] ||
                      block[k] + GRANULE <= (uintptr_t)own[i]);
    }
    release_all();
}
END_TEST

/* With a lower top: all that is free below it and nothing above; the host keeps what is there. */
START_TEST(lower_top)
{
    static const uint64_t megabytes[] = {2048, 3072};
    wvm_options[WVM_OPTION_WOW64].value = megabytes[_i];
    unit_set_up(CAPS_ALL);
    ck_assert_uint_eq(wvm_space_top(SP), (megabytes[_i] << 20) - GRANULE);
    uint64_t there = free_granules();
    fill(_i);
    ck_assert_uint_ge(n_blocks * 1000ull, there * 995);
    expect_host_lives();
    unit_audit();
    release_all();
    ck_assert_int_eq(reserve(600 * MIB, false), STATUS_SUCCESS);
    ck_assert_uint_le(block[0], wvm_space_top(SP) - 600 * MIB);
    release_all();
}
END_TEST

START_TEST(no_window)
{
    struct wvm_window *w;
    unit_set_up(_i);
    ANSWERS(wvm_window_open(SP, 0x7fff0000, &w), STATUS_NO_MEMORY);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("space-small", 120, &tc);
    tcase_add_loop_test(tc, all_of_it, 0, 2);
    tcase_add_loop_test(tc, large_ones, 0, CAPS_NO_SCAN);
    tcase_add_loop_test(tc, slabs_grow, 0, 1);
    tcase_add_loop_test(tc, host_in_between, 0, 1);
    tcase_add_loop_test(tc, lower_top, 0, 2);
    tcase_add_loop_test(tc, no_window, 0, 1);
    return unit_run(suite);
}
