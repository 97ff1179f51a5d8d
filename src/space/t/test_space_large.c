/* Memory that stays: made, changed in whole units, passed over by locks, released in parts, and
 * refused by the host at every step. Large pages are taken where this host makes them. */
#include <errno.h>

#include "base/options.h"
#include "host/host_large.h"
#include "host/t/host_fail.h"
#include "space/t/space_unit.h"

#define LARGE ((uintptr_t)1 << WVM_LARGE_SHIFT)

static bool any_large; /* this host makes some */

static wvm_status reserve(uintptr_t len, uint16_t flags, uintptr_t *start)
{
    struct wvm_request req = {
        .len = len, .attr = WVM_ATTR_RW, .commit = true, .flags = flags,
        .align = flags & WVM_ALLOC_LARGE ? LARGE : 0};
    wvm_status status = wvm_space_reserve(SP, &req);
    *start = req.start;
    return status;
}

static void setup(void)
{
    uintptr_t at, end;
    unit_set_up(CAPS_ALL);
    any_large = reserve(LARGE, WVM_ALLOC_LARGE, &at) == STATUS_SUCCESS;
    if (any_large)
        ck_assert_int_eq(wvm_space_release(SP, at, at, &end), 0);
    unit_audit();
}

static uint64_t committed(void)
{
    struct wvm_commit_info info;
    wvm_space_commit_info(SP, &info);
    return info.committed;
}

START_TEST(units)
{
    uintptr_t a, end;
    uint8_t old;
    uint64_t before = committed(), word;
    if (!any_large)
        return;
    WORKS(reserve(4 * LARGE, WVM_ALLOC_LARGE, &a));
    ck_assert_uint_eq(a % LARGE, 0);
    ck_assert_uint_eq(committed(), before + 4 * LARGE);
    ck_assert(unit_write(a + 3 * LARGE, 77));
    ANSWERS(wvm_space_protect(SP, a, a + PG, WVM_ATTR_RO, &old), STATUS_INVALID_PARAMETER);
    ANSWERS(wvm_space_protect(SP, a, a + LARGE, WVM_ATTR_RW | WVM_ATTR_GUARD, &old),
            STATUS_INVALID_PARAMETER);
    ANSWERS(wvm_space_commit(SP, a, a + PG, WVM_ATTR_RO), STATUS_CONFLICTING_ADDRESSES);
    ANSWERS(wvm_space_decommit(SP, a, a, &end), STATUS_UNABLE_TO_FREE_VM);
    ANSWERS(wvm_space_release(SP, a, a + PG, &end), STATUS_UNABLE_TO_FREE_VM);
    WORKS(wvm_space_protect(SP, a + LARGE, a + 2 * LARGE, WVM_ATTR_NA, &old));
    ck_assert(!unit_read(a + LARGE, &word) && unit_read(a + 2 * LARGE, &word));
    WORKS(wvm_space_protect(SP, a + LARGE, a + 2 * LARGE, WVM_ATTR_XRW, &old));
    WORKS(wvm_space_reset(SP, a, a + 4 * LARGE));
    WORKS(wvm_space_reset_undo(SP, a, a + 4 * LARGE));
    WORKS(wvm_space_release(SP, a + LARGE, a + 2 * LARGE, &end));
    ck_assert_uint_eq(SP->n_staying, 2);
    ck_assert(unit_read(a + 3 * LARGE, &word) && word == 77);
    ck_assert(!unit_read(a + LARGE, &word));
    WORKS(wvm_space_release(SP, a + 2 * LARGE, a + 2 * LARGE, &end));
    ck_assert_uint_eq(end, a + 4 * LARGE);
    WORKS(wvm_space_release(SP, a, a, &end));
    ck_assert_uint_eq(SP->n_staying, 0);
    ck_assert_uint_eq(committed(), before);
}
END_TEST

/* WS-109: neighbours are locked and unlocked as ever. */
START_TEST(locks)
{
    uintptr_t a, b, end;
    WORKS(reserve(0x10000, WVM_ALLOC_NONPAGED, &a));
    struct wvm_request next = {.start = a + 0x10000, .len = 0x10000, .attr = WVM_ATTR_RW,
                               .commit = true};
    WORKS(wvm_space_lock(SP, a, a + 0x10000));
    ck_assert_uint_eq(SP->n_locked, 0);
    WORKS(wvm_space_lock(SP, a, a + 0x10000));
    WORKS(wvm_space_unlock(SP, a, a + 0x10000));
    WORKS(wvm_space_unlock(SP, a, a + 0x10000));
    b = next.start;
    if (wvm_space_reserve(SP, &next) == STATUS_SUCCESS) {
        ANSWERS(wvm_space_unlock(SP, a, b + PG), STATUS_NOT_LOCKED);
        WORKS(wvm_space_lock(SP, a + 0xf000, b + 2 * PG));
        ck_assert_uint_eq(SP->n_locked, 2);
        ANSWERS(wvm_space_lock(SP, a, b + PG), STATUS_WAS_LOCKED);
        WORKS(wvm_space_unlock(SP, a, b + 2 * PG));
        ck_assert_uint_eq(SP->n_locked, 0);
        WORKS(wvm_space_release(SP, b, b, &end));
    }
    WORKS(wvm_space_release(SP, a, a, &end));
}
END_TEST

/* WS-106: whatever the host refuses, nothing is left of it. */
START_TEST(failures)
{
    static const int errors[] = {ENOMEM, EAGAIN, EINVAL};
    for (unsigned n = 1;; n++) {
        uintptr_t a, end;
        uint64_t before = committed();
        uint16_t flags = _i % 2 ? WVM_ALLOC_NONPAGED : WVM_ALLOC_LARGE;
        host_fail_arm(HOST_FAIL_TAKING, n, errors[_i / 2], HOST_FAIL_ONCE);
        wvm_status status = reserve(2 * LARGE, flags, &a);
        unsigned fired = host_fail_disarm();
        unit_audit();
        if (status == STATUS_SUCCESS)
            WORKS(wvm_space_release(SP, a, a, &end));
        else
            ck_assert(fired || !any_large);
        ck_assert_uint_eq(committed(), before);
        ck_assert_uint_eq(SP->n_staying, 0);
        if (!fired)
            break;
    }
}
END_TEST

/* Strict options: all or nothing. */
START_TEST(strict)
{
    uintptr_t a, end;
    wvm_options_parse("large=thp", NULL);
    host_fail_arm(HOST_FAIL_POPULATE, 2, ENOMEM, HOST_FAIL_ONCE);
    if (wvm_host_caps.populate_write)
        ANSWERS(reserve(2 * LARGE, WVM_ALLOC_LARGE, &a), STATUS_INSUFFICIENT_RESOURCES);
    host_fail_disarm();
    ANSWERS(reserve(LARGE, WVM_ALLOC_LARGE | WVM_ALLOC_HUGE, &a), STATUS_INSUFFICIENT_RESOURCES);
    wvm_options_parse("large=hugetlb", NULL);
    host_fail_arm(HOST_FAIL_MAP_LARGE, 1, ENOMEM, HOST_FAIL_FOREVER);
    ANSWERS(reserve(LARGE, WVM_ALLOC_LARGE, &a), STATUS_INSUFFICIENT_RESOURCES);
    host_fail_disarm();
    /* A host with swap that locks nothing cannot keep its word; one without swap can. */
    wvm_options_parse("large=auto", NULL);
    host_fail_arm(HOST_FAIL_LOCK, 1, ENOMEM, HOST_FAIL_FOREVER);
    wvm_host_caps.swap = 1;
    ANSWERS(reserve(LARGE, WVM_ALLOC_NONPAGED, &a), STATUS_INSUFFICIENT_RESOURCES);
    wvm_host_caps.swap = 0;
    WORKS(reserve(LARGE, WVM_ALLOC_NONPAGED, &a));
    host_fail_disarm();
    WORKS(wvm_space_release(SP, a, a, &end));
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("space-large", 60, &tc);
    tcase_add_checked_fixture(tc, setup, NULL);
    tcase_add_test(tc, units);
    tcase_add_test(tc, locks);
    tcase_add_loop_test(tc, failures, 0, 6);
    tcase_add_test(tc, strict);
    return unit_run(suite);
}
