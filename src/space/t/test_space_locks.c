/* Locks and their quota, what a process is charged for, and pages that are reset, on the real host
 * with each capability switched off. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "space/t/space_unit.h"

/* READWRITE memory, wherever there is some. */
static uintptr_t reserve(unsigned n_pages, bool commit)
{
    struct wvm_request req = {
        .len = n_pages * (uintptr_t)PG, .attr = WVM_ATTR_RW, .commit = commit};
    WORKS(wvm_space_reserve(SP, &req));
    ck_assert_uint_eq(req.start % WVM_GRANULE_SIZE, 0);
    return req.start;
}

START_TEST(locks_and_resets)
{
    uintptr_t end;
    uint64_t word;
    unit_set_up(_i);
    uintptr_t a = reserve(16, true);
    for (unsigned i = 0; i < 16; i++)
        ck_assert(unit_write(a + i * PG, 100 + i));
    WORKS(wvm_space_lock(SP, a, a + 4 * PG));
    ANSWERS(wvm_space_lock(SP, a + 3 * PG, a + 5 * PG), STATUS_WAS_LOCKED);
    WORKS(wvm_space_unlock(SP, a + PG, a + 2 * PG));
    ANSWERS(wvm_space_unlock(SP, a, a + 4 * PG), STATUS_NOT_LOCKED);
    WORKS(wvm_space_reset(SP, a, a + 16 * PG));
    ck_assert(unit_read(a, &word) && word == 100); /* locked: never lost */
    WORKS(wvm_space_reset_undo(SP, a, a + 16 * PG));
    for (unsigned i = 0; i < 16; i++)
        ck_assert(unit_read(a + i * PG, &word) && word == 100 + i);
    WORKS(wvm_space_decommit(SP, a, a + 4 * PG, &end));
    ck_assert(!unit_read(a, &word));
    ANSWERS(wvm_space_unlock(SP, a + 3 * PG, a + 4 * PG), STATUS_NOT_LOCKED);
    WORKS(wvm_space_commit(SP, a, a + 4 * PG, WVM_ATTR_RW));
    ck_assert(unit_read(a, &word) && word == 0);
    WORKS(wvm_space_lock(SP, a, a + 2 * PG));
    WORKS(wvm_space_release(SP, a, a, &end));
}
END_TEST

static bool host_locked(uintptr_t addr)
{
    return wvm_host.fence(addr, PG) == -EINVAL; /* as it is in locked memory */
}

/* A page stays locked for the host while one kind of lock is on it. */
START_TEST(kinds_of_locks)
{
    const unsigned both = WVM_LOCK_PROCESS | WVM_LOCK_SYSTEM;
    uint8_t old;
    unit_set_up(_i);
    uintptr_t a = reserve(64, true);
    WORKS(wvm_space_lock_as(SP, a, a + 4 * PG, WVM_LOCK_PROCESS));
    WORKS(wvm_space_lock_as(SP, a + 2 * PG, a + 6 * PG, WVM_LOCK_SYSTEM));
    ck_assert_uint_eq(SP->n_locked, 4);
    ANSWERS(wvm_space_lock_as(SP, a, a + PG, both), STATUS_WAS_LOCKED);
    ANSWERS(wvm_space_unlock_as(SP, a + 3 * PG, a + 5 * PG, WVM_LOCK_PROCESS), STATUS_NOT_LOCKED);
    ANSWERS(wvm_space_unlock_as(SP, a + 2 * PG, a + 5 * PG, both), STATUS_NOT_LOCKED);
    WORKS(wvm_space_unlock_as(SP, a + 2 * PG, a + 4 * PG, WVM_LOCK_PROCESS));
    ck_assert_uint_eq(SP->n_locked, 2);
    if (wvm_host_caps.guard)
        ck_assert(host_locked(a + 3 * PG) && host_locked(a + PG));
    WORKS(wvm_space_unlock_as(SP, a + 2 * PG, a + 6 * PG, WVM_LOCK_SYSTEM));
    ANSWERS(wvm_space_unlock_as(SP, a + 3 * PG, a + 4 * PG, WVM_LOCK_SYSTEM), STATUS_NOT_LOCKED);
    if (wvm_host_caps.guard)
        ck_assert(!host_locked(a + 3 * PG) && wvm_host.unfence(a + 3 * PG, PG) == 0);
    /* System locks are outside the quota. */
    ANSWERS(wvm_space_lock_as(SP, a, a + 43 * PG, WVM_LOCK_PROCESS), STATUS_WORKING_SET_QUOTA);
    WORKS(wvm_space_lock_as(SP, a + 8 * PG, a + 64 * PG, WVM_LOCK_SYSTEM));
    ANSWERS(wvm_space_lock_as(SP, a, a + 42 * PG, WVM_LOCK_PROCESS), STATUS_WAS_LOCKED);
    /* Access that is lost takes every lock along. */
    WORKS(wvm_space_protect(SP, a, a + 9 * PG, WVM_ATTR_NA, &old));
    ck_assert_uint_eq(SP->n_locked, 33);
    WORKS(wvm_space_protect(SP, a, a + 9 * PG, WVM_ATTR_RW, &old));
    ANSWERS(wvm_space_unlock_as(SP, a, a + PG, WVM_LOCK_PROCESS), STATUS_NOT_LOCKED);
    ANSWERS(wvm_space_unlock_as(SP, a + 8 * PG, a + 10 * PG, WVM_LOCK_SYSTEM), STATUS_NOT_LOCKED);
    WORKS(wvm_space_unlock_as(SP, a + 9 * PG, a + 42 * PG, both));
    ck_assert_uint_eq(SP->n_locked, 0);
}
END_TEST

/* The quota follows the minimum working set, and a minimum that the host does not keep is
 * refused. */
START_TEST(quota_follows_minimum)
{
    struct wvm_ws_limits ws, more, seen;
    struct rlimit no_lock = {64 << 10, 64 << 10};
    unit_set_up(_i);
    uintptr_t a = reserve(128, true);
    wvm_space_ws_limits(SP, &ws);
    ck_assert_uint_eq(ws.min, 204800);
    ck_assert_uint_eq(ws.max, 1413120);
    ck_assert_uint_eq(ws.flags, WVM_WS_MIN_SOFT | WVM_WS_MAX_SOFT);
    ANSWERS(wvm_space_lock(SP, a, a + 43 * PG), STATUS_WORKING_SET_QUOTA);
    ANSWERS(wvm_space_unlock(SP, a, a + PG), STATUS_NOT_LOCKED);
    more = (struct wvm_ws_limits){100 * PG, 400 * PG, WVM_WS_MIN_HARD | WVM_WS_MAX_SOFT};
    if (wvm_host_memlock_limit() >= 92 * PG) {
        WORKS(wvm_space_set_ws_limits(SP, &more));
        WORKS(wvm_space_lock(SP, a, a + 92 * PG));
        ANSWERS(wvm_space_lock(SP, a + 92 * PG, a + 93 * PG), STATUS_WORKING_SET_QUOTA);
        /* What is locked stays so when the minimum falls. */
        WORKS(wvm_space_set_ws_limits(SP, &ws));
        ANSWERS(wvm_space_lock(SP, a + 92 * PG, a + 93 * PG), STATUS_WORKING_SET_QUOTA);
        WORKS(wvm_space_unlock(SP, a, a + 92 * PG));
    }
    /* A host that lets less be locked: only raising is refused. */
    if (getuid() == 0 && (setgid(65534) || setuid(65534)))
        return;
    ck_assert_int_eq(setrlimit(RLIMIT_MEMLOCK, &no_lock), 0);
    ANSWERS(wvm_space_set_ws_limits(SP, &more), STATUS_INSUFFICIENT_RESOURCES);
    wvm_space_ws_limits(SP, &seen);
    ck_assert_uint_eq(seen.min, ws.min);
    more.min = 20 * PG;
    WORKS(wvm_space_set_ws_limits(SP, &more));
    more.min = 50 * PG;
    WORKS(wvm_space_set_ws_limits(SP, &more)); /* back to the first one */
    more.min = 51 * PG;
    ANSWERS(wvm_space_set_ws_limits(SP, &more), STATUS_INSUFFICIENT_RESOURCES);
}
END_TEST

static uint64_t charge_now(void)
{
    char text[4096];
    int fd = open("/proc/self/status", O_RDONLY);
    ssize_t n = read(fd, text, sizeof text - 1);
    close(fd);
    ck_assert_int_gt(n, 0);
    text[n] = 0;
    const char *data = strstr(text, "VmData:"), *stack = strstr(text, "VmStk:");
    ck_assert(data && stack);
    return wvm_space_private_commit(SP, (strtoull(data + 7, NULL, 10) +
                                         strtoull(stack + 6, NULL, 10)) << 10);
}

/* One round of reserving, protecting, decommitting, releasing: does the charge follow exactly? */
static bool charge_follows(void)
{
    uintptr_t end;
    uint8_t old;
    uint64_t before = charge_now();
    uintptr_t a = reserve(64, true), b = reserve(3, true);
    uintptr_t c = reserve(32, false);
    bool exact = charge_now() == before + 67 * PG;
    WORKS(wvm_space_protect(SP, a, a + 32 * PG, WVM_ATTR_RO, &old));
    exact &= charge_now() == before + 67 * PG;
    WORKS(wvm_space_decommit(SP, a + 16 * PG, a + 33 * PG, &end));
    exact &= charge_now() == before + 50 * PG;
    WORKS(wvm_space_release(SP, a, a, &end));
    WORKS(wvm_space_release(SP, b, b, &end));
    WORKS(wvm_space_release(SP, c, c, &end));
    return exact && charge_now() == before;
}

/* What is committed counts once, however it is mapped for the host. The rest of the process grows
 * at times, in the first rounds the library itself. */
START_TEST(private_commit)
{
    bool exact = false;
    unit_set_up(_i);
    for (unsigned i = 0; i < 10 && !exact; i++)
        exact = charge_follows();
    ck_assert(exact);
}
END_TEST

/* Read-only pages are lifted for the undo and put back. */
START_TEST(undo_of_read_only_pages)
{
    uint8_t old;
    uint64_t word;
    unit_set_up(_i);
    uintptr_t a = reserve(600, true);
    for (unsigned i = 0; i < 600; i++)
        ck_assert(unit_write(a + i * PG, 100 + i));
    WORKS(wvm_space_protect(SP, a + 10 * PG, a + 590 * PG, WVM_ATTR_RO, &old));
    WORKS(wvm_space_reset(SP, a, a + 600 * PG));
    WORKS(wvm_space_reset_undo(SP, a, a + 600 * PG));
    for (unsigned i = 0; i < 600; i++)
        ck_assert(unit_read(a + i * PG, &word) && word == 100 + i);
    ck_assert(!unit_write(a + 10 * PG, 1));
    ck_assert(unit_write(a + 9 * PG, 1));
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("space-locks", 60, &tc);
    tcase_add_loop_test(tc, locks_and_resets, 0, N_CAPS);
    tcase_add_loop_test(tc, kinds_of_locks, 0, N_CAPS);
    tcase_add_loop_test(tc, quota_follows_minimum, 0, N_CAPS);
    tcase_add_loop_test(tc, private_commit, 0, N_CAPS);
    tcase_add_loop_test(tc, undo_of_read_only_pages, 0, N_CAPS);
    return unit_run(suite);
}
