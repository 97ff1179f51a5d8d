/* Large pages of the host: made of ordinary memory, moved to their place, refused. Where the host
 * has none the refusals are what is tested. */
#include <errno.h>
#include <string.h>

#include "base/arith.h"
#include "base/t/unit.h"
#include "host/host_large.h"
#include "host/t/host_fail.h"

#define LARGE ((size_t)1 << WVM_LARGE_SHIFT)
#define RW (WVM_HOST_R | WVM_HOST_W)

static uintptr_t place; /* four large pages of our own, aligned */

static void setup(void)
{
    uintptr_t at;
    wvm_host_init();
    ck_assert_int_eq(wvm_host.reserve(5 * LARGE, &at), 0);
    place = (at + LARGE - 1) & ~(uintptr_t)(LARGE - 1);
}

static bool can_make(void)
{
    size_t n;
    ck_assert_int_eq(wvm_host.protect(place, LARGE, RW), 0);
    return wvm_host_has_transparent() && wvm_host_make_large(place, LARGE, true, &n) == 0;
}

START_TEST(transparent)
{
    size_t n = 77;
    if (!can_make())
        return;
    ck_assert_int_eq(wvm_host.discard(place, LARGE), 0);
    ck_assert_int_eq(wvm_host.protect(place, 3 * LARGE, RW), 0);
    ck_assert_int_eq(wvm_host_make_large(place, 3 * LARGE, true, &n), 0);
    ck_assert_uint_eq(n, 3);
    for (size_t i = 0; i < 3 * LARGE; i += WVM_PAGE_SIZE)
        ck_assert_int_eq(*(char *)(place + i), 0);
    if (wvm_host_caps.pagemap_scan)
        ck_assert(wvm_host_is_large(place + 2 * LARGE + 12345));
    ck_assert(!wvm_host_is_large(place + 3 * LARGE));
}
END_TEST

/* Small pages that are there already do not keep large ones out where the kernel collapses. */
START_TEST(collapsed)
{
    size_t n;
    if (!can_make())
        return;
    ck_assert_int_eq(wvm_host.discard(place, LARGE), 0);
    ck_assert_int_eq(wvm_host.protect(place, LARGE, RW), 0);
    ck_assert_int_eq(wvm_host.small_pages(place, LARGE), 0);
    memset((void *)place, 0x5a, LARGE);
    ck_assert(!wvm_host_is_large(place));
    host_fail_arm(HOST_FAIL_ANY, 0, 0, HOST_FAIL_ONCE);
    ck_assert_int_eq(wvm_host_make_large(place, LARGE, false, &n), 0);
    for (size_t i = 0; i < LARGE; i += WVM_PAGE_SIZE)
        ck_assert_int_eq(*(char *)(place + i), 0x5a);
}
END_TEST

START_TEST(refusals)
{
    size_t n = 77;
    ck_assert_int_eq(wvm_host.protect(place, 2 * LARGE, RW), 0);
    host_fail_arm(HOST_FAIL_POPULATE, 2, ENOMEM, HOST_FAIL_ONCE);
    if (wvm_host_caps.populate_write)
        ck_assert_int_eq(wvm_host_make_large(place, 2 * LARGE, false, &n), -ENOMEM);
    host_fail_disarm();
    ck_assert_int_eq(wvm_host.discard(place, 2 * LARGE), 0);
    ck_assert_int_eq(wvm_host.protect(place, 2 * LARGE, RW), 0);
    /* As on a host that makes none. */
    host_fail_arm(HOST_FAIL_COLLAPSE, 1, EINVAL, HOST_FAIL_FOREVER);
    ck_assert_int_eq(wvm_host.small_pages(place, 2 * LARGE), 0);
    memset((void *)place, 1, WVM_PAGE_SIZE);
    int err = wvm_host_make_large(place, 2 * LARGE, true, &n);
    ck_assert_int_eq(err, -EAGAIN);
    ck_assert_uint_eq(n, 0);
    ck_assert_int_eq(wvm_host_make_large(place, 2 * LARGE, false, &n), 0);
    ck_assert_uint_le(n, 1);
    host_fail_disarm();
}
END_TEST

START_TEST(without_populate)
{
    wvm_host_caps.populate_write = false;
    ck_assert_int_eq(wvm_host.protect(place, LARGE, RW), 0);
    uint8_t vec[LARGE / WVM_PAGE_SIZE];
    ck_assert_int_eq(wvm_host_make_present(place, LARGE), 0);
    ck_assert_int_eq(wvm_host_residency(place, LARGE / WVM_PAGE_SIZE, vec), 0);
    for (size_t i = 0; i < LARGE / WVM_PAGE_SIZE; i++)
        ck_assert(vec[i] & 1);
    ck_assert_int_eq(wvm_host.protect(place, LARGE, WVM_HOST_NONE), 0);
    ck_assert_int_eq(wvm_host_make_present(place, LARGE), -ENOMEM);
}
END_TEST

/* More than any machine has: the place is as it was, also on kernels that unmap first. */
START_TEST(too_many_reserved)
{
    const struct wvm_host_large_map huge = {
        .addr = place, .len = sizeof(void *) == 8 ? (size_t)1 << 44 : (size_t)1 << 30,
        .shift = WVM_LARGE_SHIFT, .prot = RW};
    struct wvm_host_vma vma;
    ck_assert_int_lt(wvm_host.map_large(&huge), 0);
    ck_assert_int_eq(wvm_host_map_find(place, &vma), 1);
    ck_assert_uint_le(vma.start, place);
    ck_assert_uint_ge(vma.end, place + 4 * LARGE);
    ck_assert_uint_eq(vma.prot, WVM_HOST_NONE);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("host-large", 60, &tc);
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, transparent);
    tcase_add_test(tc, collapsed);
    tcase_add_test(tc, refusals);
    tcase_add_test(tc, without_populate);
    tcase_add_test(tc, too_many_reserved);
    return unit_run(suite);
}
