/* Free memory beside foreign mappings: what reads as free from the start of a granule on can be
 * allocated there.
 * Pictures: one character per page of a granule, '|' its ends: 'f' foreign, ' ' free, 'h' the pages
 * before a foreign mapping, 'o' ours. */
#include <sys/mman.h>

#include "space/t/space_unit.h"

#define GR ((uintptr_t)WVM_GRANULE_SIZE)

static void map_foreign(uintptr_t at, unsigned n_pages)
{
    void *m = mmap((void *)at, n_pages * (size_t)PG, PROT_READ | PROT_WRITE,
                   MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED, -1, 0);
    ck_assert_ptr_eq(m, (void *)at);
}

static void expect_free(uintptr_t at, uintptr_t end)
{
    struct wvm_region r;
    ck_assert_int_eq(wvm_space_query(SP, at, &r), STATUS_SUCCESS);
    ck_assert_uint_eq(r.type, WVM_TYPE_FREE);
    ck_assert_uint_eq(r.start, at);
    ck_assert_uint_eq(r.end, end);
    ck_assert_uint_eq(r.flags, 0);
}

static void expect_head(uintptr_t at, uintptr_t end)
{
    struct wvm_region r;
    ck_assert_int_eq(wvm_space_query(SP, at, &r), STATUS_SUCCESS);
    ck_assert_uint_eq(r.type, WVM_TYPE_PRIVATE);
    ck_assert_uint_eq(r.start, at);
    ck_assert_uint_eq(r.end, end);
    ck_assert_uint_eq(r.attr, WVM_ATTR_RESERVED);
    ck_assert_uint_eq(r.alloc_start, wvm_align_down(at, GR));
    ck_assert_uint_eq(r.alloc_end, end);
    ck_assert_uint_eq(r.alloc_attr, WVM_ATTR_NA);
    ck_assert_uint_eq(r.flags, WVM_ALLOC_FOREIGN);
}

static void expect_foreign(uintptr_t at, uintptr_t end)
{
    struct wvm_region r;
    ck_assert_int_eq(wvm_space_query(SP, at, &r), STATUS_SUCCESS);
    ck_assert_uint_eq(r.attr, WVM_ATTR_RW);
    ck_assert_uint_eq(r.alloc_start, at);
    ck_assert_uint_eq(r.end, end);
}

static uint32_t reserve_at(uintptr_t at, size_t len)
{
    struct wvm_request req = {.start = at, .len = len, .attr = WVM_ATTR_RW, .commit = true};
    uint32_t status = (uint32_t)wvm_space_reserve(SP, &req);
    unit_audit();
    return status;
}

/* |                |hhhhhff         | */
START_TEST(ends_before_the_granule)
{
    uintptr_t g = UNIT_FREE + GR, end;
    unit_set_up(_i);
    map_foreign(g + 5 * PG, 2);
    expect_free(UNIT_FREE, g);
    expect_free(UNIT_FREE + 7 * PG, g);
    expect_free(g - PG, g);
    expect_head(g, g + 5 * PG);
    expect_head(g + 4 * PG, g + 5 * PG);
    expect_foreign(g + 5 * PG, g + 7 * PG);
    ck_assert_uint_eq(reserve_at(g, PG), (uint32_t)STATUS_CONFLICTING_ADDRESSES);
    ck_assert_uint_eq(reserve_at(UNIT_FREE, GR), STATUS_SUCCESS);
    expect_head(g, g + 5 * PG);
    WORKS(wvm_space_release(SP, UNIT_FREE, UNIT_FREE, &end));
    expect_free(UNIT_FREE, g);
}
END_TEST

/* |ff              |f   f    f      |                |ffff */
START_TEST(after_a_mapping_it_is_free)
{
    struct wvm_region r;
    uintptr_t g = UNIT_FREE + GR;
    unit_set_up(_i);
    map_foreign(UNIT_FREE, 2);
    map_foreign(g, 1);
    map_foreign(g + 4 * PG, 1);
    map_foreign(g + 9 * PG, 1);
    map_foreign(g + 2 * GR, 4);
    expect_free(UNIT_FREE + 2 * PG, g);
    expect_free(g + PG, g + 4 * PG);
    expect_free(g + 3 * PG, g + 4 * PG);
    expect_free(g + 5 * PG, g + 9 * PG);
    expect_free(g + 10 * PG, g + 2 * GR);
    ck_assert_int_eq(wvm_space_query(SP, g + 2 * GR + 4 * PG, &r), STATUS_SUCCESS);
    ck_assert_uint_eq(r.type, WVM_TYPE_FREE);
    ck_assert_uint_eq(r.end % GR, 0);
    ck_assert_uint_eq(reserve_at(g + GR, GR), STATUS_SUCCESS);
    expect_free(g + 10 * PG, g + GR);
}
END_TEST

/* |ooooooo         |  ->  |    ooo         |: the head of an allocation that was released is free,
 * and may be had again. */
START_TEST(beside_our_own)
{
    uintptr_t at = UNIT_FREE, end;
    unit_set_up(_i);
    ck_assert_uint_eq(reserve_at(at, 7 * PG), STATUS_SUCCESS);
    WORKS(wvm_space_release(SP, at, at + 4 * PG, &end));
    expect_free(at, at + 4 * PG);
    ck_assert_uint_eq(reserve_at(at, 4 * PG), STATUS_SUCCESS);
}
END_TEST

/* Down from an address as a hooker looks: the first free granule is had at once, whatever lies
 * between. */
START_TEST(a_search_downwards)
{
    struct wvm_region r;
    uintptr_t at = UNIT_FREE + 16 * GR;
    unsigned looks = 0;
    unit_set_up(_i);
    for (unsigned i = 8; i < 16; i++)
        map_foreign(UNIT_FREE + i * GR + (i - 7) * (uintptr_t)PG, 1 + i % 3);
    do {
        at -= GR;
        ck_assert_int_eq(wvm_space_query(SP, at, &r), STATUS_SUCCESS);
        ck_assert_uint_lt(looks++, 9);
    } while (r.type != WVM_TYPE_FREE);
    ck_assert_uint_eq(at, UNIT_FREE + 7 * GR);
    ck_assert_uint_eq(reserve_at(at, GR), STATUS_SUCCESS);
}
END_TEST

int main(void)
{
    TCase *c;
    Suite *s = unit_suite("space_foreign", 20, &c);
    tcase_add_loop_test(c, ends_before_the_granule, 0, N_CAPS);
    tcase_add_loop_test(c, after_a_mapping_it_is_free, 0, N_CAPS);
    tcase_add_loop_test(c, beside_our_own, 0, N_CAPS);
    tcase_add_loop_test(c, a_search_downwards, 0, N_CAPS);
    return unit_run(s);
}
