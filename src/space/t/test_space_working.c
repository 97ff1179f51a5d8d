/* The working set on the real host, with each capability switched off, with host calls failing and
 * without /proc: what leaves, what stays, what is back by use, and marks that go with the memory.
 * Pictures: one character per page: '.' nothing known, 'v' in the working set, 'l' and locked,
 * 's' and shared, 'o' shared and outside. */
#include <errno.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "host/host_private.h"
#include "host/t/host_fail.h"
#include "space/space_physical.h"
#include "space/space_view.h"
#include "space/space_working.h"
#include "space/t/space_unit.h"

enum { N = 16, MANY = 600 };

static uintptr_t base;

static uintptr_t addr(unsigned page)
{
    return base + (uintptr_t)page * PG;
}

static void make(unsigned n, uint8_t attr, uint16_t flags)
{
    struct wvm_request req = {.start = 0, .len = (uintptr_t)n * PG, .attr = attr,
                              .commit = !(flags & (WVM_ALLOC_PHYSICAL | WVM_ALLOC_PLACEHOLDER)),
                              .flags = flags};
    WORKS(wvm_space_reserve(SP, &req));
    base = req.start;
}

/* A use by the program itself. (Of two that the kernel makes for it the host may forget both.) */
static void use(unsigned page)
{
    (void)*(volatile uint64_t *)addr(page);
}

static void fill(unsigned lo, unsigned hi)
{
    for (unsigned i = lo; i < hi; i++) {
        ck_assert(unit_write(addr(i), 100 + i));
        use(i);
    }
}

static void check(unsigned lo, unsigned hi)
{
    uint64_t word;
    for (unsigned i = lo; i < hi; i++) {
        ck_assert(unit_read(addr(i), &word));
        ck_assert_uint_eq(word, 100 + i);
        use(i);
    }
}

static void set_up(int caps)
{
    unit_set_up(caps);
    make(N, WVM_ATTR_RW, 0);
    fill(0, N);
}

static char letter(uint16_t code)
{
    if (!(code & WVM_WORKING_VALID))
        return code & WVM_WORKING_SHARED ? 'o' : code ? '?' : '.';
    return code & WVM_WORKING_SHARED ? 's' : code & WVM_WORKING_LOCKED ? 'l' : 'v';
}

static const char *picture(unsigned n)
{
    static char text[MANY + 1];
    uint16_t code[MANY];
    memset(code, 0xff, sizeof code);
    WORKS(wvm_space_working_begin(SP, base, addr(n)));
    WORKS(wvm_space_working(SP, base, n, code));
    for (unsigned i = 0; i < n; i++)
        text[i] = letter(code[i]);
    text[n] = 0;
    return text;
}

#define SEES(want) ck_assert_str_eq(picture(sizeof(want) - 1), want)
/* The host may map more pages of a file than were used: '?'. */
#define SEES_LIKE(want)                                              \
    do {                                                             \
        const char *is_ = picture(sizeof(want) - 1);                 \
        for (unsigned i_ = 0; is_[i_]; i_++)                         \
            ck_assert_msg((want)[i_] == '?' || (want)[i_] == is_[i_], "%s is not %s", is_, want); \
    } while (0)
#define LEAVE(lo, hi) WORKS(wvm_space_trim(SP, addr(lo), addr(hi)))

START_TEST(leave_and_return)
{
    set_up(_i);
    SEES("vvvvvvvvvvvvvvvv");
    LEAVE(2, 12);
    SEES("vv..........vvvv");
    use(3);
    use(11);
    SEES("vv.v.......vvvvv");
    LEAVE(10, 14);
    SEES("vv.v..........vv");
    check(4, 6);
    SEES("vv.vvv........vv");
    fill(6, 7);
    SEES("vv.vvvv.......vv");
    WORKS(wvm_space_trim_all(SP));
    check(0, N);
    SEES("vvvvvvvvvvvvvvvv");
}
END_TEST

/* Many runs and pieces of them, against a model. */
START_TEST(many)
{
    static char want[MANY + 1];
    unsigned seed = 5;
    unit_set_up(_i);
    make(MANY, WVM_ATTR_RW, 0);
    fill(0, MANY);
    memset(want, 'v', MANY);
    for (unsigned round = 0; round < 6; round++) {
        for (unsigned k = 0; k < 5; k++) {
            seed = seed * 1664525u + 1013904223u;
            unsigned lo = (seed >> 8) % MANY, n = (seed >> 20) % (MANY - lo) + 1;
            LEAVE(lo, lo + n);
            memset(want + lo, '.', n);
        }
        for (unsigned k = 0; k < 40; k++) {
            seed = seed * 1664525u + 1013904223u;
            use((seed >> 8) % MANY);
            want[(seed >> 8) % MANY] = 'v';
        }
        ck_assert_str_eq(picture(MANY), want);
    }
    check(0, MANY);
}
END_TEST

/* Where mappings are short there are not questions for every page: what is not asked about counts
 * as used, and what was used always. */
START_TEST(short_of_mappings)
{
    unit_set_up(CAPS_ALL);
    make(MANY, WVM_ATTR_RW, 0);
    fill(0, MANY);
    size_t most = wvm_host_caps.max_map_count;
    wvm_host_caps.max_map_count = 64;
    LEAVE(0, MANY);
    SEES("................");
    for (unsigned i = 1; i < MANY; i += 2)
        use(i);
    const char *is = picture(MANY);
    ck_assert_ptr_ne(strchr(is, 'v'), NULL);
    for (unsigned i = 1; i < MANY; i += 2)
        ck_assert_msg(is[i] == 'v', "page %u", i);
    ck_assert(!wvm_space_any_left(SP) || strchr(is, '.'));
    LEAVE(0, MANY);
    SEES("................");
    wvm_host_caps.max_map_count = most;
    check(0, MANY);
}
END_TEST

/* What is new at its place was not there when the old pages left. */
START_TEST(marks_go)
{
    uintptr_t end;
    set_up(_i);
    LEAVE(0, N);
    WORKS(wvm_space_decommit(SP, addr(4), addr(8), &end));
    SEES("................");
    WORKS(wvm_space_commit(SP, addr(4), addr(8), WVM_ATTR_RW));
    fill(4, 8);
    SEES("....vvvv........");
    LEAVE(0, N);
    WORKS(wvm_space_release(SP, base, base, &end));
    SEES("................");
    struct wvm_request req = {
        .start = base, .len = N * PG, .attr = WVM_ATTR_RW, .commit = true};
    WORKS(wvm_space_reserve(SP, &req));
    SEES("................");
    fill(0, 3);
    SEES("vvv.............");
}
END_TEST

START_TEST(access_lost)
{
    uint8_t old;
    set_up(_i);
    SEES("vvvvvvvvvvvvvvvv");
    WORKS(wvm_space_protect(SP, addr(4), addr(8), WVM_ATTR_NA, &old));
    SEES("vvvv....vvvvvvvv");
    WORKS(wvm_space_protect(SP, addr(4), addr(8), WVM_ATTR_RO, &old));
    SEES("vvvv....vvvvvvvv");
    use(5);
    SEES("vvvv.v..vvvvvvvv");
    WORKS(wvm_space_protect(SP, addr(0), addr(2), WVM_ATTR_RW | WVM_ATTR_GUARD, &old));
    SEES("..vv.v..vvvvvvvv");
    check(2, N);
}
END_TEST

START_TEST(locked)
{
    set_up(_i);
    WORKS(wvm_space_lock(SP, addr(3), addr(6)));
    SEES("vvvlllvvvvvvvvvv");
    LEAVE(0, N);
    SEES("...lll..........");
    fill(0, N);
    ANSWERS(wvm_space_unlock(SP, addr(5), addr(8)), STATUS_NOT_LOCKED);
    SEES("vvvlll..vvvvvvvv");
    WORKS(wvm_space_trim_all(SP));
    SEES("...lll..........");
    WORKS(wvm_space_lock(SP, addr(8), addr(10)));
    SEES("...lll..ll......");
    WORKS(wvm_space_unlock(SP, addr(3), addr(6)));
    SEES("...vvv..ll......");
    check(0, N);
}
END_TEST

START_TEST(offered)
{
    bool lost;
    set_up(_i);
    WORKS(wvm_space_offer(SP, addr(4), addr(8), true));
    SEES("vvvv....vvvvvvvv");
    LEAVE(0, N);
    WORKS(wvm_space_trim_all(SP));
    SEES("................");
    WORKS(wvm_space_reclaim(SP, addr(4), addr(8), &lost));
    ck_assert(!lost);
    check(0, N);
    SEES("vvvvvvvvvvvvvvvv");
    LEAVE(2, 12);
    WORKS(wvm_space_offer(SP, addr(4), addr(8), false));
    WORKS(wvm_space_reclaim(SP, addr(4), addr(8), &lost));
    ck_assert(!lost);
    check(0, N);
}
END_TEST

static const char *watched(bool reset)
{
    static char text[N + 1];
    struct wvm_watch w = {.start = base, .end = addr(N), .most = N, .reset = reset};
    memset(text, '.', N);
    WORKS(wvm_space_watch_get(SP, &w));
    for (unsigned i = 0; i < w.n_runs; i++)
        memset(text + (w.run[i].start - base) / PG, 'D',
               (w.run[i].end - w.run[i].start) / PG);
    return text;
}

/* Leaving, and a question, are no writes; what was written stays written. */
START_TEST(watch)
{
    unit_set_up(CAPS_ALL);
    if (!wvm_host_caps.watch)
        return;
    make(N, WVM_ATTR_RW, WVM_ALLOC_WRITE_WATCH);
    fill(2, 6);
    ck_assert_str_eq(watched(true), "..DDDD..........");
    use(9);
    fill(3, 4);
    LEAVE(0, N);
    ck_assert_str_eq(watched(false), "...D............");
    check(4, 5);
    SEES("....v....v......");
    ck_assert_str_eq(watched(false), "...D............");
    fill(5, 6);
    LEAVE(0, N);
    ck_assert_str_eq(watched(true), "...D.D..........");
    check(2, 6);
}
END_TEST

START_TEST(placeholders)
{
    unit_set_up(_i);
    make(N, WVM_ATTR_NA, WVM_ALLOC_PLACEHOLDER);
    WORKS(wvm_space_preserve(SP, addr(4), addr(8)));
    struct wvm_request req = {.start = addr(4), .len = 4 * PG, .attr = WVM_ATTR_RW,
                              .commit = true, .flags = WVM_ALLOC_REPLACED};
    WORKS(wvm_space_reserve(SP, &req));
    fill(4, 8);
    SEES("....vvvv........");
    LEAVE(0, N);
    use(5);
    SEES(".....v..........");
    WORKS(wvm_space_preserve(SP, addr(4), addr(8)));
    SEES("................");
    WORKS(wvm_space_coalesce(SP, base, addr(N)));
    WORKS(wvm_space_trim_all(SP));
    SEES("................");
}
END_TEST

static struct wvm_backing backing;

static void no_more(struct wvm_backing *b)
{
    (void)b;
}

static void map(uint8_t attr)
{
    if (!backing.refs) {
        int fd = memfd_create("test", MFD_CLOEXEC);
        ck_assert(fd >= 0 && ftruncate(fd, N * PG) == 0);
        backing = (struct wvm_backing){
            .refs = 1, .fd = fd, .shared_writable = true, .n_commits = N, .last = no_more};
    }
    struct wvm_view_request req = {.backing = &backing, .len = N * PG, .attr = attr,
                                   .type = WVM_TYPE_MAPPED, .anonymous = true};
    WORKS(wvm_space_map(SP, &req));
    base = req.start;
}

START_TEST(views)
{
    uint8_t old;
    unit_set_up(_i);
    map(WVM_ATTR_RW);
    uintptr_t shared = base;
    SEES("oooooooooooooooo");
    fill(0, 4);
    SEES("ssssoooooooooooo");
    LEAVE(1, N);
    SEES("sooooooooooooooo");
    check(0, 2);
    SEES_LIKE("ss??oooooooooooo");
    map(WVM_ATTR_WC);
    check(0, 2);
    fill(8, 12);
    SEES_LIKE("ss??oooovvvvoooo");
    WORKS(wvm_space_trim(SP, shared, shared + N * PG));
    LEAVE(0, N);
    SEES("oooooooo....oooo");
    use(9);
    SEES("oooooooo.v..oooo");
    WORKS(wvm_space_protect(SP, base, addr(N), WVM_ATTR_RO, &old));
    WORKS(wvm_space_trim_all(SP));
    check(0, 4);
    check(8, 12);
    WORKS(wvm_space_unmap(SP, base, false));
    SEES("................");
    base = shared;
    check(0, 4);
    WORKS(wvm_space_unmap(SP, base, false));
}
END_TEST

/* Frames stay: they are locked in memory. */
START_TEST(windows)
{
    struct wvm_frame_run run;
    unit_set_up(_i);
    make(N, WVM_ATTR_RW, WVM_ALLOC_PHYSICAL);
    WORKS(wvm_space_frames_take(SP, 4, WVM_FRAMES_ANY_NODE, &run));
    ck_assert_uint_eq(run.n, 4);
    struct wvm_frames_map m = {.start = addr(2), .first = run.first, .n = 4};
    WORKS(wvm_space_frames_map(SP, &m));
    SEES("..vvvv..........");
    fill(2, 6);
    SEES("..vvvv..........");
    LEAVE(0, N);
    WORKS(wvm_space_trim_all(SP));
    SEES("..vvvv..........");
    check(2, 6);
    m = (struct wvm_frames_map){.start = addr(2), .n = 2};
    WORKS(wvm_space_frames_map(SP, &m));
    SEES("....vv..........");
}
END_TEST

START_TEST(changes)
{
    uint16_t code[N];
    set_up(CAPS_ALL);
    LEAVE(4, N);
    wvm_space_forget_seen(SP);
    for (unsigned round = 0; round < 3; round++) {
        WORKS(wvm_space_working_begin(SP, base, addr(N)));
        WORKS(wvm_space_working(SP, base, N, code));
        WORKS(wvm_space_take_new(SP, base, N, code, round > 0));
        for (unsigned i = 0; i < N; i++)
            ck_assert_int_eq(letter(code[i]), i < 4 && round < 2 ? 'v' : '.');
    }
    use(7);
    WORKS(wvm_space_working_begin(SP, base, addr(N)));
    WORKS(wvm_space_working(SP, base, N, code));
    WORKS(wvm_space_take_new(SP, base, N, code, true));
    for (unsigned i = 0; i < N; i++)
        ck_assert_int_eq(letter(code[i]), i == 7 ? 'v' : '.');
    wvm_space_forget_seen(SP);
    WORKS(wvm_space_working(SP, base, N, code));
    WORKS(wvm_space_take_new(SP, base, N, code, true));
    ck_assert_int_eq(letter(code[0]), 'v');
}
END_TEST

/* A host that refuses: pages stay, or are told as used. Contents are kept. */
START_TEST(refusals)
{
    set_up(CAPS_ALL);
    for (int op = 0; op <= HOST_FAIL_ANY; op++)
        for (unsigned n = 1;; n++) {
            fill(0, N);
            host_fail_arm(op, n, ENOMEM, n % 2 ? HOST_FAIL_FOREVER : HOST_FAIL_ONCE);
            wvm_status trimmed = n % 3 ? wvm_space_trim(SP, addr(1), addr(9))
                                       : wvm_space_trim_all(SP);
            use(2);
            wvm_status asked = wvm_space_working_begin(SP, base, addr(N));
            unsigned fired = host_fail_disarm();
            ck_assert_int_eq(trimmed, STATUS_SUCCESS);
            ck_assert_int_eq(asked, STATUS_SUCCESS);
            unit_audit();
            ck_assert_int_eq(picture(N)[2], 'v');
            if (op == HOST_FAIL_COOL && n == 1)
                SEES("vvvvvvvvvvvvvvvv");
            else if (fired == 0 && n % 3)
                SEES("v.v......vvvvvvv");
            check(0, N);
            if (fired == 0)
                break;
        }
}
END_TEST

/* Nothing tells of use: what is in memory counts as used. */
START_TEST(no_proc)
{
    set_up(CAPS_ALL);
    wvm_host_after_fork_child();
    wvm_host_proc_root = "/nonexistent";
    uint16_t code[N];
    ck_assert_int_eq(wvm_space_trim(SP, base, addr(8)), STATUS_SUCCESS);
    ck_assert_int_eq(wvm_space_trim_all(SP), STATUS_SUCCESS);
    ck_assert_int_eq(wvm_space_working_begin(SP, base, addr(N)), STATUS_SUCCESS);
    ck_assert_int_eq(wvm_space_working(SP, base, N, code), STATUS_SUCCESS);
    for (unsigned i = 0; i < N; i++)
        ck_assert_int_eq(letter(code[i]), 'v');
    check(0, N);
}
END_TEST

int main(void)
{
    TCase *c;
    Suite *s = unit_suite("space_working", 60, &c);
    tcase_add_loop_test(c, leave_and_return, 0, N_CAPS);
    tcase_add_loop_test(c, many, 0, N_CAPS);
    tcase_add_test(c, short_of_mappings);
    tcase_add_loop_test(c, marks_go, 0, N_CAPS);
    tcase_add_loop_test(c, access_lost, 0, N_CAPS);
    tcase_add_loop_test(c, locked, 0, N_CAPS);
    tcase_add_loop_test(c, offered, 0, N_CAPS);
    tcase_add_test(c, watch);
    tcase_add_loop_test(c, placeholders, 0, N_CAPS);
    tcase_add_loop_test(c, views, 0, N_CAPS);
    tcase_add_loop_test(c, windows, 0, N_CAPS);
    tcase_add_test(c, changes);
    tcase_add_test(c, refusals);
    tcase_add_test(c, no_proc);
    return unit_run(s);
}
