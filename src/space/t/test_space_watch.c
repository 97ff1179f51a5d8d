/* Write watches on the real host: with userfaultfd, and with protection faults in its place.
 * Pictures: one character per page: '.' clean, 'D' written; report() draws them. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/t/host_fail.h"
#include "space/space_fault.h"
#include "space/t/space_unit.h"

enum { N = 16, MOST = 1024 };


static uintptr_t make(unsigned n_pages, uint8_t attr, bool commit)
{
    struct wvm_request req = {.len = n_pages * (uintptr_t)PG, .attr = attr, .commit = commit,
                              .flags = WVM_ALLOC_WRITE_WATCH};
    WORKS(wvm_space_reserve(SP, &req));
    return req.start;
}

/* A write of the program's: the fault path runs when the host refuses it. */
static bool poke(uintptr_t at, uint64_t word)
{
    struct wvm_fault fault = {.addr = at, .access = WVM_ACCESS_WRITE};
    for (unsigned i = 0; i < 100; i++) {
        if (unit_write(at, word))
            return true;
        enum wvm_fault_answer answer = wvm_space_fault(SP, &fault);
        if (answer != WVM_FAULT_RETRY && answer != WVM_FAULT_OPENED)
            return false;
    }
    return false;
}

static void dirty(uintptr_t a, const char *pages)
{
    for (unsigned i = 0; pages[i]; i++)
        if (pages[i] == 'D')
            ck_assert(poke(a + i * PG, i + 1));
}

/* Reports up to `most` pages of [start, start + n pages) into a picture. */
static const char *report(uintptr_t start, unsigned n, uint64_t most, bool reset)
{
    static char picture[MOST + 1];
    struct wvm_watch w = {.start = start, .end = start + n * (uintptr_t)PG, .most = most,
                          .reset = reset};
    uintptr_t last = 0;
    memset(picture, '.', n);
    picture[n] = 0;
    for (; w.most && w.start < w.end; w.start = w.next) {
        ck_assert_int_eq(wvm_space_watch_get(SP, &w), STATUS_SUCCESS);
        ck_assert_uint_gt(w.next, w.start);
        for (unsigned i = 0; i < w.n_runs; i++) {
            ck_assert(w.run[i].start >= last && w.run[i].end > w.run[i].start);
            last = w.run[i].end;
            for (uintptr_t p = w.run[i].start; p < last; p += PG, w.most--)
                picture[(p - start) / PG] = 'D';
        }
    }
    unit_audit();
    return picture;
}

#define SEES(a, n, picture) ck_assert_str_eq(report(a, n, MOST, false), picture)
#define TAKES(a, n, picture) ck_assert_str_eq(report(a, n, MOST, true), picture)

/* WW-002..010 */
START_TEST(sequence)
{
    unit_set_up(_i);
    uintptr_t a = make(N, WVM_ATTR_RW, true);
    SEES(a, N, "................");
    dirty(a, ".D..............");
    SEES(a, N, ".D..............");
    TAKES(a, N, ".D..............");
    TAKES(a, N, "................");
    dirty(a, "..D.D...........");
    SEES(a, N, "..D.D...........");
    SEES(a + 3 * PG, 2, ".D");
    WORKS(wvm_space_watch_reset(SP, a, a + 3 * PG));
    SEES(a, N, "....D...........");
    dirty(a, ".DD.............");
    ck_assert_str_eq(report(a, N, 1, true), ".D..............");
    SEES(a, N, "..D.D...........");
    dirty(a, "DDDDDDDDDDDDDDDD");
    TAKES(a, N, "DDDDDDDDDDDDDDDD");
    SEES(a, N, "................");
}
END_TEST

/* WW-011..017: protection, reading, decommit, later commit. */
START_TEST(other_calls)
{
    uint8_t old;
    uintptr_t end;
    uint64_t word;
    unit_set_up(_i);
    uintptr_t a = make(N, WVM_ATTR_RW, false);
    SEES(a, N, "................");
    WORKS(wvm_space_watch_reset(SP, a, a + N * PG));
    WORKS(wvm_space_commit(SP, a, a + N * PG, WVM_ATTR_NA));
    SEES(a, N, "................");
    WORKS(wvm_space_protect(SP, a, a + 6 * PG, WVM_ATTR_RW, &old));
    ck_assert(unit_read(a + PG, &word) && word == 0);
    dirty(a, ".....D..........");
    WORKS(wvm_space_protect(SP, a, a + 6 * PG, WVM_ATTR_NA, &old));
    SEES(a, N, ".....D..........");
    WORKS(wvm_space_protect(SP, a, a + 6 * PG, WVM_ATTR_RO, &old));
    ck_assert(!poke(a, 1));
    WORKS(wvm_space_protect(SP, a, a + 3 * PG, WVM_ATTR_RW, &old));
    SEES(a, N, ".....D..........");
    TAKES(a, N, ".....D..........");
    WORKS(wvm_space_protect(SP, a, a + 6 * PG, WVM_ATTR_XRW, &old));
    ck_assert(unit_read(a + 5 * PG, &word) && word == 6);
    SEES(a, N, "................");
    dirty(a, "..D..D..........");
    WORKS(wvm_space_decommit(SP, a, a + 4 * PG, &end));
    SEES(a, N, "..D..D..........");
    WORKS(wvm_space_commit(SP, a, a + 3 * PG, WVM_ATTR_RW));
    dirty(a, ".D..............");
    TAKES(a, N, ".DD..D..........");
    SEES(a, N, "................");
    WORKS(wvm_space_release(SP, a, a, &end));
    uintptr_t b = make(N, WVM_ATTR_RW, true);
    SEES(b, N, "................");
}
END_TEST

/* Both ways of closing pages: a fence, and a mapping replaced; registered and not. */
START_TEST(decommit_of_many)
{
    uintptr_t end;
    enum { MANY = 512 };
    char all[MANY + 1], none[MANY + 1];
    memset(all, 'D', MANY);
    memset(none, '.', MANY);
    all[MANY] = none[MANY] = 0;
    unit_set_up(_i);
    for (int registered = 0; registered < 2; registered++) {
        uintptr_t a = make(MANY, WVM_ATTR_RW, true);
        if (registered) {
            dirty(a, all);
            TAKES(a, MANY, all);
        }
        dirty(a, all);
        WORKS(wvm_space_decommit(SP, a, a + MANY * PG, &end));
        TAKES(a, MANY, all);
        SEES(a, MANY, none);
        WORKS(wvm_space_commit(SP, a, a + MANY * PG, WVM_ATTR_RW));
        SEES(a, MANY, none);
        dirty(a, all);
        TAKES(a, MANY, all);
        TAKES(a, MANY, none);
        WORKS(wvm_space_release(SP, a + 16 * PG, a + 400 * PG, &end));
        ck_assert(poke(a, 1));
        SEES(a, 16, "D...............");
        WORKS(wvm_space_release(SP, a, a, &end));
        WORKS(wvm_space_release(SP, a + 400 * PG, a + 512 * PG, &end));
    }
}
END_TEST

/* WW-020, 028, 029, 031 */
START_TEST(errors)
{
    struct wvm_watch w = {.most = 1};
    unit_set_up(_i);
    struct wvm_request req = {.len = N * PG, .attr = WVM_ATTR_RW, .commit = true};
    uintptr_t a = make(N, WVM_ATTR_RW, true);
    WORKS(wvm_space_reserve(SP, &req));
    w.start = req.start;
    w.end = w.start + PG;
    ANSWERS(wvm_space_watch_get(SP, &w), STATUS_INVALID_PARAMETER_1);
    ANSWERS(wvm_space_watch_reset(SP, w.start, w.end), STATUS_INVALID_PARAMETER_1);
    w.start = a + (N - 1) * PG;
    w.end = w.start + 2 * PG;
    ANSWERS(wvm_space_watch_get(SP, &w), STATUS_INVALID_PARAMETER_1);
    ANSWERS(wvm_space_watch_reset(SP, w.start, w.end), STATUS_INVALID_PARAMETER_1);
    w.start = (uintptr_t)&w & ~(uintptr_t)(PG - 1);
    w.end = w.start + PG;
    ANSWERS(wvm_space_watch_get(SP, &w), STATUS_INVALID_PARAMETER_1);
}
END_TEST

/* GP-019..022, WW-045 */
START_TEST(guard_pages_and_locks)
{
    const uint8_t guard = WVM_ATTR_RW | WVM_ATTR_GUARD;
    uint64_t word;
    uint8_t old;
    unit_set_up(_i);
    uintptr_t a = make(N, WVM_ATTR_RW, true);
    dirty(a, ".D..............");
    TAKES(a, N, ".D..............");
    WORKS(wvm_space_protect(SP, a + PG, a + 2 * PG, guard, &old));
    struct wvm_fault fault = {.addr = a + PG, .access = WVM_ACCESS_WRITE};
    ck_assert_int_eq(wvm_space_fault(SP, &fault), WVM_FAULT_GUARD);
    SEES(a, N, "................");
    dirty(a, ".D..............");
    TAKES(a, N, ".D..............");
    WORKS(wvm_space_protect(SP, a + PG, a + 2 * PG, guard, &old));
    fault.access = WVM_ACCESS_READ;
    ck_assert_int_eq(wvm_space_fault(SP, &fault), WVM_FAULT_GUARD);
    ck_assert(unit_read(a + PG, &word));
    SEES(a, N, "................");
    WORKS(wvm_space_protect(SP, a + 2 * PG, a + 3 * PG, guard, &old));
    ANSWERS(wvm_space_lock(SP, a + 2 * PG, a + 3 * PG), STATUS_GUARD_PAGE_VIOLATION);
    SEES(a, N, "................");
    WORKS(wvm_space_lock(SP, a + 2 * PG, a + 3 * PG));
    SEES(a, N, "..D.............");
    WORKS(wvm_space_unlock(SP, a + 2 * PG, a + 3 * PG));
    TAKES(a, N, "..D.............");
    SEES(a, N, "................");
}
END_TEST

/* Long answers: more runs than one call holds, and dirty bits of the table between the kernel's. */
START_TEST(many_runs)
{
    char odd[MOST + 1], even[MOST + 1], none[MOST + 1];
    unit_set_up(_i);
    for (unsigned i = 0; i < MOST; i++) {
        odd[i] = i % 2 ? 'D' : '.';
        even[i] = i % 2 ? '.' : 'D';
        none[i] = '.';
    }
    odd[MOST] = even[MOST] = none[MOST] = 0;
    uintptr_t a = make(MOST, WVM_ATTR_RW, true);
    dirty(a, odd);
    SEES(a, MOST, odd);
    WORKS(wvm_space_watch_reset(SP, a, a + MOST * PG));
    SEES(a, MOST, none);
    dirty(a, even);
    TAKES(a, MOST, even);
    dirty(a, odd);
    WORKS(wvm_space_reset(SP, a, a + MOST * PG));
    SEES(a, MOST, odd);
    TAKES(a, MOST, odd);
    dirty(a, even);
    SEES(a, MOST, even);
}
END_TEST

static bool child_sees(uintptr_t a, bool exact)
{
    const char *seen = report(a, N, MOST, false);
    if (strcmp(seen, exact ? ".D.D............" : ".DDD............") != 0)
        return false;
    report(a, N, MOST, true);
    dirty(a, "D...............");
    return strcmp(report(a, N, MOST, true), "D...............") == 0 &&
           strcmp(report(a, N, MOST, true), "................") == 0;
}

/* The child of the only thread knows exactly what was written since the last reset. */
START_TEST(fork_child)
{
    int status;
    unit_set_up(_i);
    uintptr_t a = make(N, WVM_ATTR_RW, true);
    dirty(a, ".DD.............");
    TAKES(a, N, ".DD.............");
    dirty(a, ".D.D............");
    wvm_space_before_fork(SP);
    pid_t pid = fork();
    if (pid == 0) {
        wvm_host_after_fork_child();
        wvm_space_after_fork_child(SP);
        _exit(child_sees(a, true) ? 0 : 1);
    }
    wvm_space_after_fork_parent(SP);
    waitpid(pid, &status, 0);
    ck_assert_int_eq(status, 0);
    TAKES(a, N, ".D.D............");
    dirty(a, "..D.............");
    SEES(a, N, "..D.............");
}
END_TEST

/* The descriptor is lost, and its number taken: nothing written is missed, and watching goes on. */
START_TEST(descriptor_lost)
{
    unit_set_up(CAPS_ALL);
    uintptr_t a = make(N, WVM_ATTR_RW, true);
    dirty(a, ".DD.............");
    TAKES(a, N, ".DD.............");
    dirty(a, ".D..............");
    for (int fd = 100; fd < 1024; fd++)
        close(fd);
    SEES(a, N, ".DD.............");
    TAKES(a, N, ".DD.............");
    SEES(a, N, "................");
    dirty(a, "....D...........");
    for (int fd = 100; fd < 1024; fd++)
        dup2(0, fd);
    TAKES(a, N, ".DD.D...........");
    dirty(a, "D...............");
    TAKES(a, N, "D...............");
}
END_TEST

/* Where huge pages come unasked the mappings are kept out of it, also after they were replaced, and
 * are the slab's again after the release. */
START_TEST(huge_pages_always)
{
    uintptr_t end;
    unit_set_up(CAPS_ALL);
    wvm_host_caps.huge_always = true;
    uintptr_t a = make(MOST, WVM_ATTR_RW, true);
    ck_assert_uint_eq(wvm_sheet_at(&SP->store, &SP->watch, wvm_page_of(a)), WVM_WATCHED_SMALL);
    WORKS(wvm_space_decommit(SP, a, a + 512 * PG, &end));
    ck_assert_uint_eq(wvm_sheet_at(&SP->store, &SP->watch, wvm_page_of(a)), 0);
    WORKS(wvm_space_commit(SP, a, a + N * PG, WVM_ATTR_RW));
    ck_assert_uint_eq(wvm_sheet_at(&SP->store, &SP->watch, wvm_page_of(a)), WVM_WATCHED_SMALL);
    dirty(a, ".D..............");
    SEES(a, N, ".D..............");
    WORKS(wvm_space_release(SP, a, a, &end));
    host_fail_arm(HOST_FAIL_SMALL_PAGES, 1, ENOMEM, HOST_FAIL_FOREVER);
    a = make(N, WVM_ATTR_RW, true);
    ck_assert_uint_eq(host_fail_disarm(), 1);
    ck_assert_uint_eq(wvm_sheet_at(&SP->store, &SP->watch, wvm_page_of(a)), 0);
}
END_TEST

/* A mapping that cannot be registered: its written pages are reported by every call. */
START_TEST(registration_refused)
{
    unit_set_up(CAPS_ALL);
    uintptr_t a = make(N, WVM_ATTR_RW, true);
    dirty(a, ".DD.............");
    if (!wvm_host_caps.watch) /* this kernel registers nothing */
        return;
    host_fail_arm(HOST_FAIL_WATCH, 1, ENOMEM, HOST_FAIL_FOREVER);
    for (unsigned i = 0; i < 2; i++)
        TAKES(a, N, ".DD.............");
    WORKS(wvm_space_watch_reset(SP, a, a + N * PG));
    SEES(a, N, ".DD.............");
    ck_assert_uint_eq(host_fail_disarm(), 3);
    dirty(a, ".D.D............");
    TAKES(a, N, ".DDD............");
    host_fail_arm(HOST_FAIL_WRITTEN, 1, EACCES, HOST_FAIL_FOREVER);
    SEES(a, N, "DDDDDDDDDDDDDDDD"); /* nobody knows: all of them */
    host_fail_disarm();
    TAKES(a, N, "DDDDDDDDDDDDDDDD");
    SEES(a, N, "................");
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("space-watch", 60, &tc);
    tcase_add_loop_test(tc, sequence, 0, N_CAPS);
    tcase_add_loop_test(tc, other_calls, 0, N_CAPS);
    tcase_add_loop_test(tc, decommit_of_many, 0, N_CAPS);
    tcase_add_loop_test(tc, errors, 0, N_CAPS);
    tcase_add_loop_test(tc, guard_pages_and_locks, 0, N_CAPS);
    tcase_add_loop_test(tc, many_runs, 0, N_CAPS);
    tcase_add_loop_test(tc, fork_child, 0, N_CAPS);
    tcase_add_test(tc, descriptor_lost);
    tcase_add_test(tc, huge_pages_always);
    tcase_add_test(tc, registration_refused);
    return unit_run(suite);
}
