/* Placeholders on the real host, with each capability switched off. */
#include <errno.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/t/host_fail.h"
#include "space/space_view.h"
#include "space/t/placeholder_unit.h"

START_TEST(life)
{
    uint64_t word;
    unit_set_up(_i);
    uint64_t before = committed();
    A = placeholder(16);
    expect("[................]"); /* PH-040 */
    ck_assert(!unit_read(A, &word));
    ck_assert_uint_eq(committed(), before);
    WORKS(replace(0, 16, WVM_ATTR_RW, 0)); /* PH-043 */
    expect("[wwwwwwwwwwwwwwww]");
    ck_assert_uint_eq(committed(), before + 16);
    write_words(0, 16, 0x5555);
    WORKS(preserve(0, 16)); /* PH-044 */
    expect("[................]");
    ck_assert(!unit_read(A, &word));
    ck_assert_uint_eq(committed(), before);
    WORKS(replace(0, 16, WVM_ATTR_RO, 0)); /* PH-045 */
    expect("[rrrrrrrrrrrrrrrr]");
    expect_words(0, 16, 0);
    WORKS(preserve(0, 16));
    WORKS(replace(0, 16, NO_COMMIT(WVM_ATTR_RW), 0));
    expect("[----------------]");
    WORKS(wvm_space_commit(SP, page(4), page(6), WVM_ATTR_RW));
    expect("[----ww----------]");
    WORKS(release(0, 0)); /* PH-069 */
    expect("                ");
    ck_assert_uint_eq(committed(), before);
}
END_TEST

START_TEST(splits)
{
    unit_set_up(_i);
    A = placeholder(16);
    WORKS(preserve(8, 12)); /* PH-054 */
    expect("[........][....][....]");
    WORKS(preserve(0, 4)); /* PH-055 */
    expect("[....][....][....][....]");
    WORKS(preserve(6, 8)); /* PH-056 */
    expect("[....][..][..][....][....]");
    for (unsigned i = 12; i < 15; i++)
        WORKS(preserve(i, i + 1));
    WORKS(preserve(1, 2));
    WORKS(preserve(2, 3));
    expect("[.][.][.][.][..][..][....][.][.][.][.]");
    WORKS(coalesce(0, 6));
    WORKS(coalesce(12, 16));
    expect("[......][..][....][....]");
    WORKS(coalesce(6, 16));
    expect("[......][..........]");
    WORKS(coalesce(0, 16)); /* PH-066 */
    expect("[................]");
    /* A page for each allocation that a granule can have. */
    for (unsigned i = 0; i < 15; i++)
        WORKS(preserve(i, i + 1));
    expect("[.][.][.][.][.][.][.][.][.][.][.][.][.][.][.][.]");
    for (unsigned i = 0; i < 16; i++)
        WORKS(replace(i, i + 1, i % 2 ? WVM_ATTR_RO : WVM_ATTR_RW, 0));
    expect("[w][r][w][r][w][r][w][r][w][r][w][r][w][r][w][r]");
    for (unsigned i = 0; i < 16; i++)
        WORKS(preserve(i, i + 1));
    WORKS(coalesce(0, 16));
    expect("[................]");
    WORKS(release(0, 0));
}
END_TEST

START_TEST(refusals)
{
    unit_set_up(_i);
    A = placeholder(16);
    ANSWERS(preserve(0, 16), CONFLICT); /* PH-052 */
    ANSWERS(replace(0, 1, WVM_ATTR_RW, 0), CONFLICT); /* PH-047 */
    ANSWERS(replace(1, 16, WVM_ATTR_RW, 0), CONFLICT);
    ANSWERS(replace(0, 17, WVM_ATTR_RW, 0), CONFLICT);
    ANSWERS(wvm_space_commit(SP, page(0), page(1), WVM_ATTR_RW), CONFLICT); /* PH-048 */
    struct wvm_request again = {.start = A, .len = PG, .attr = WVM_ATTR_NA};
    ANSWERS(wvm_space_reserve(SP, &again), CONFLICT); /* PH-046 */
    again.flags = WVM_ALLOC_PLACEHOLDER;
    ANSWERS(wvm_space_reserve(SP, &again), CONFLICT);
    ANSWERS(preserve(8, 17), CONFLICT);
    ANSWERS(coalesce(0, 16), CONFLICT);
    expect("[................]");
    WORKS(preserve(0, 4));
    WORKS(preserve(4, 8));
    ANSWERS(coalesce(0, 4), CONFLICT);  /* PH-060 */
    ANSWERS(coalesce(0, 17), CONFLICT); /* PH-062 */
    ANSWERS(coalesce(0, 15), CONFLICT);
    ANSWERS(coalesce(1, 16), CONFLICT); /* PH-063 */
    ANSWERS(release(0, 8), STATUS_UNABLE_TO_FREE_VM); /* PH-065 */
    ANSWERS(release(1, 1), STATUS_FREE_VM_NOT_AT_BASE);
    expect("[....][....][........]");
    WORKS(replace(4, 8, WVM_ATTR_RW, 0));
    ANSWERS(coalesce(0, 16), CONFLICT); /* PH-067 */
    ANSWERS(coalesce(4, 16), CONFLICT);
    ANSWERS(replace(4, 8, WVM_ATTR_RW, 0), CONFLICT);
    ANSWERS(preserve(4, 6), CONFLICT);
    ANSWERS(preserve(3, 8), CONFLICT);
    expect("[....][wwww][........]");
    WORKS(release(4, 4));
    ANSWERS(coalesce(0, 16), CONFLICT); /* PH-068 */
    ANSWERS(coalesce(4, 16), CONFLICT);
    ANSWERS(preserve(4, 8), STATUS_MEMORY_NOT_ALLOCATED);
    expect("[....]    [........]");
    WORKS(release(0, 0));
    WORKS(release(8, 8));
}
END_TEST

/* What did not replace a placeholder cannot become one (PH-051). */
START_TEST(ordinary_memory)
{
    unit_set_up(_i);
    struct wvm_request req = {.len = 16 * PG, .attr = WVM_ATTR_RW, .commit = true};
    WORKS(wvm_space_reserve(SP, &req));
    A = req.start;
    ANSWERS(preserve(0, 16), CONFLICT);
    ANSWERS(preserve(4, 8), CONFLICT);
    ANSWERS(coalesce(0, 16), CONFLICT);
    ANSWERS(replace(0, 16, WVM_ATTR_RW, 0), CONFLICT);
    expect("[wwwwwwwwwwwwwwww]");
    WORKS(release(0, 0));
    ANSWERS(replace(0, 16, WVM_ATTR_RW, 0), CONFLICT);
    expect("                ");
}
END_TEST

/* Pieces and parts of them are released one by one, their granule with the last of them. */
START_TEST(releases)
{
    unit_set_up(_i);
    A = placeholder(20);
    WORKS(preserve(8, 16));
    expect("[........][........][....]");
    WORKS(release(8, 12)); /* PH-058 */
    expect("[........]    [....][....]");
    WORKS(release(2, 4));
    expect("[..]  [....]    [....][....]");
    WORKS(replace(4, 8, WVM_ATTR_RW, 0));
    WORKS(preserve(4, 8));
    WORKS(release(0, 0)); /* PH-057 */
    struct wvm_request low = {.start = A, .len = 4 * PG, .attr = WVM_ATTR_RW, .commit = true};
    WORKS(wvm_space_reserve(SP, &low)); /* VA-117 */
    expect("[wwww][....]    [....][....]");
    WORKS(release(12, 12));
    WORKS(release(4, 4));
    WORKS(release(0, 0));
    WORKS(release(16, 16));
    expect("                    ");
    low.len = 20 * PG;
    WORKS(wvm_space_reserve(SP, &low));
    WORKS(release(0, 0));
}
END_TEST

/* At a fixed address outside the slabs: claimed, and given back to the host with its last piece. */
START_TEST(fixed_address)
{
    struct wvm_host_vma vma;
    unit_set_up(_i);
    A = UNIT_FREE;
    struct wvm_request req = {
        .start = A, .len = 40 * PG, .attr = WVM_ATTR_NA, .flags = WVM_ALLOC_PLACEHOLDER};
    WORKS(wvm_space_reserve(SP, &req));
    WORKS(preserve(5, 20));
    WORKS(replace(5, 20, WVM_ATTR_RW, 0));
    write_words(5, 20, 7);
    WORKS(release(0, 0));
    WORKS(release(20, 20));
    expect("     [wwwwwwwwwwwwwww]                    ");
    expect_words(5, 20, 7);
    WORKS(preserve(5, 20));
    WORKS(release(5, 5));
    ck_assert(wvm_host_map_find(A, &vma) <= 0 || vma.start >= page(40));
}
END_TEST

START_TEST(watched)
{
    struct wvm_watch w = {.most = 100};
    unit_set_up(_i);
    A = placeholder(16);
    WORKS(preserve(0, 5));
    WORKS(replace(0, 5, NO_COMMIT(WVM_ATTR_RO), WVM_ALLOC_WRITE_WATCH)); /* PH-050 */
    WORKS(wvm_space_commit(SP, page(0), page(5), WVM_ATTR_RW));
    WORKS(wvm_space_watch_reset(SP, page(0), page(5)));
    if (wvm_host_caps.watch) /* else the write waits for the fault path */
        write_words(2, 3, 1);
    w.start = page(0);
    w.end = page(5);
    WORKS(wvm_space_watch_get(SP, &w));
    ck_assert_uint_eq(w.n_runs, wvm_host_caps.watch ? 1 : 0);
    WORKS(preserve(0, 5));
    ANSWERS(wvm_space_watch_reset(SP, page(0), page(5)), STATUS_INVALID_PARAMETER_1);
    WORKS(replace(0, 5, WVM_ATTR_RW, 0));
    ANSWERS(wvm_space_watch_reset(SP, page(0), page(5)), STATUS_INVALID_PARAMETER_1);
    write_words(0, 5, 9);
    WORKS(preserve(0, 5));
    WORKS(replace(0, 5, WVM_ATTR_RW, WVM_ALLOC_WRITE_WATCH));
    w.n_runs = 9;
    WORKS(wvm_space_watch_get(SP, &w));
    ck_assert_uint_eq(w.n_runs, 0);
    expect("[wwwww][...........]");
    WORKS(release(0, 0));
    WORKS(release(5, 5));
}
END_TEST

static void last(struct wvm_backing *b)
{
    b->fd = -1;
}

/* A view is unmapped, not freed, wherever it came from (PH-070). */
START_TEST(views)
{
    static struct wvm_backing b = {.refs = 1, .shared_writable = true, .last = last};
    unit_set_up(_i);
    b.fd = memfd_create("view", MFD_CLOEXEC);
    ck_assert(b.fd >= 0 && ftruncate(b.fd, 16 * PG) == 0);
    A = placeholder(16);
    WORKS(preserve(4, 8));
    struct wvm_view_request req = {
        .backing = &b, .start = page(4), .len = 4 * PG, .replace = true, .attr = WVM_ATTR_RW,
        .type = WVM_TYPE_MAPPED};
    WORKS(wvm_space_map(SP, &req));
    expect("[....][mmmm][........]");
    ANSWERS(preserve(4, 8), STATUS_UNABLE_TO_DELETE_SECTION);
    ANSWERS(preserve(4, 6), STATUS_UNABLE_TO_DELETE_SECTION);
    ANSWERS(coalesce(0, 16), CONFLICT);
    ANSWERS(coalesce(0, 8), CONFLICT);
    WORKS(replace(0, 4, WVM_ATTR_RW, 0)); /* in the granule of the view */
    WORKS(replace(8, 16, WVM_ATTR_RW, 0));
    write_words(0, 16, 3);
    WORKS(preserve(0, 4));
    expect("[....][mmmm][wwwwwwww]");
    expect_words(4, 16, 3);
    WORKS(wvm_space_unmap(SP, page(4), true));
    expect("[....][....][wwwwwwww]");
    WORKS(preserve(8, 16));
    WORKS(coalesce(0, 16));
    WORKS(replace(0, 16, WVM_ATTR_RW, 0));
    expect_words(0, 16, 0);
    WORKS(release(0, 0));
    close(b.fd);
}
END_TEST

/* I1 of space_placeholder.c: no call that takes a range away from winvm, for however short. */
START_TEST(never_unmapped)
{
    unit_set_up(_i);
    A = placeholder(200);
    host_fail_arm(HOST_FAIL_ANY, 0, ENOMEM, HOST_FAIL_ONCE);
    for (unsigned n = 1; n < 180; n += 29) {
        WORKS(preserve(3, 3 + n));
        WORKS(replace(3, 3 + n, WVM_ATTR_RW, 0));
        write_words(3, 3 + n, n);
        WORKS(preserve(3, 3 + n));
        WORKS(replace(3, 3 + n, WVM_ATTR_RO, 0));
        expect_words(3, 3 + n, 0);
        WORKS(preserve(3, 3 + n));
        WORKS(coalesce(0, 200));
    }
    ck_assert_uint_eq(host_fail_calls(HOST_FAIL_UNMAP), 0);
    ck_assert_uint_eq(host_fail_calls(HOST_FAIL_RESERVE_AT), 0);
    ck_assert_uint_eq(host_fail_calls(HOST_FAIL_RESERVE), 0);
    ck_assert_uint_gt(host_fail_calls(HOST_FAIL_PROTECT), 0);
    host_fail_disarm();
    WORKS(release(0, 0));
}
END_TEST

START_TEST(commit_limit)
{
    unit_set_up(_i);
    wvm_space_native.limit = wvm_space_native.committed + 10;
    A = placeholder(16);
    ANSWERS(replace(0, 16, WVM_ATTR_RW, 0), STATUS_COMMITMENT_LIMIT);
    ANSWERS(replace(0, 16, WVM_ATTR_RW, WVM_ALLOC_WRITE_WATCH), STATUS_COMMITMENT_LIMIT);
    expect("[................]");
    WORKS(preserve(0, 10));
    WORKS(replace(0, 10, WVM_ATTR_RW, 0));
    ANSWERS(replace(10, 16, WVM_ATTR_RW, 0), STATUS_COMMITMENT_LIMIT);
    WORKS(preserve(0, 10));
    WORKS(replace(10, 16, WVM_ATTR_RW, 0));
    expect("[..........][wwwwww]");
    WORKS(release(0, 0));
    WORKS(release(10, 10));
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("space-placeholder", 60, &tc);
    tcase_add_loop_test(tc, life, 0, N_CAPS);
    tcase_add_loop_test(tc, splits, 0, N_CAPS);
    tcase_add_loop_test(tc, refusals, 0, N_CAPS);
    tcase_add_loop_test(tc, ordinary_memory, 0, N_CAPS);
    tcase_add_loop_test(tc, releases, 0, N_CAPS);
    tcase_add_loop_test(tc, fixed_address, 0, N_CAPS);
    tcase_add_loop_test(tc, watched, 0, N_CAPS);
    tcase_add_loop_test(tc, views, 0, N_CAPS);
    tcase_add_loop_test(tc, never_unmapped, 0, N_CAPS);
    tcase_add_loop_test(tc, commit_limit, 0, N_CAPS);
    return unit_run(suite);
}
