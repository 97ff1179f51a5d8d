/* Closing windows, also while the host refuses: whatever is in them goes, and views that cannot be
 * mapped or unmapped as usual leave nothing behind. */
#include "space/t/window_unit.h"

/* Everything that a window may hold when it is closed. */
static void fill(struct wvm_window *w, struct wvm_backing *backing, uint8_t attr)
{
    uintptr_t base = wvm_window_base(w), end;
    struct wvm_view_request view = {.window = w, .backing = backing, .len = 8 * PG, .attr = attr,
                                    .type = WVM_TYPE_MAPPED};
    WORKS(wvm_space_map(SP, &view));
    ck_assert(view.start >= base + GRANULE && view.start < base + TOP_4G);
    ck_assert(unit_write(view.start + PG, 3));
    for (unsigned i = 0; i < 20; i++)
        ck_assert(unit_write(reserve(w, (i + 1) * PG), i));
    uintptr_t holes = reserve(w, 20 * PG);
    for (unsigned i = 0; i < 20; i++)
        ck_assert(unit_write(holes + i * PG, i));
    WORKS(wvm_space_decommit(SP, holes + 3 * PG, holes + 5 * PG, &end));
    WORKS(wvm_space_lock(SP, holes + 8 * PG, holes + 10 * PG));
    struct wvm_request hold = {.window = w, .len = 64 * GRANULE, .attr = WVM_ATTR_NA,
                               .flags = WVM_ALLOC_PLACEHOLDER};
    WORKS(wvm_space_reserve(SP, &hold));
    WORKS(wvm_space_preserve(SP, hold.start, hold.start + 3 * PG));
    view.start = hold.start;
    view.len = 3 * PG;
    view.replace = true;
    WORKS(wvm_space_map(SP, &view));
    struct wvm_request fixed = {.window = w, .start = base + 0x7ffe0000, .len = PG,
                                .attr = WVM_ATTR_RO, .commit = true,
                                .flags = WVM_ALLOC_WRITE_WATCH};
    WORKS(wvm_space_reserve(SP, &fixed));
}

/* Without fences what the host does not discard is only emptied. */
static void check_closed(uintptr_t base, const struct wvm_backing *backing, uint64_t committed)
{
    struct wvm_commit_info now;
    uint64_t word;
    ck_assert(query(base + GIB).type == WVM_TYPE_FREE);
    ck_assert_uint_eq(backing->refs, 1);
    wvm_space_commit_info(SP, &now);
    ck_assert_uint_eq(now.committed, committed);
    for (uintptr_t at = base + GRANULE; at < base + 64 * GRANULE; at += PG)
        ck_assert(!unit_read(at, &word) || (!wvm_host_caps.guard && word == 0));
}

START_TEST(closing)
{
    struct wvm_commit_info before;
    unit_set_up(_i);
    struct wvm_backing backing = make_backing();
    wvm_space_commit_info(SP, &before);
    for (int round = 0; round < 3; round++) {
        struct wvm_window *w = open_window(TOP_4G);
        uintptr_t base = wvm_window_base(w);
        fill(w, &backing, round ? WVM_ATTR_RW : WVM_ATTR_WC);
        close_window(w);
        check_closed(base, &backing, before.committed);
    }
    close(backing.fd);
}
END_TEST

/* Closes while the host refuses; then, if that could not be, when it works again. True: some call
 * was refused. */
static bool close_with(enum host_fail_op op, unsigned nth, enum host_fail_mode mode)
{
    struct wvm_commit_info before;
    struct wvm_backing backing = make_backing();
    wvm_space_commit_info(SP, &before);
    struct wvm_window *w = open_window(TOP_4G);
    uintptr_t base = wvm_window_base(w);
    fill(w, &backing, nth % 2 ? WVM_ATTR_RW : WVM_ATTR_WC);
    host_fail_arm(op, nth, ENOMEM, mode);
    wvm_status status = wvm_window_close(SP, w);
    bool fired = host_fail_disarm() != 0;
    unit_audit();
    if (status) {
        ck_assert_uint_eq((uint32_t)status, (uint32_t)STATUS_UNABLE_TO_FREE_VM);
        ck_assert(mode == HOST_FAIL_FOREVER && wvm_window_holding(SP, base) == base);
        close_window(w);
    }
    check_closed(base, &backing, before.committed);
    w = open_window(TOP_4G);
    ck_assert(unit_write(reserve(w, 64 * PG) + 9 * PG, 1));
    close_window(w);
    close(backing.fd);
    return fired;
}

/* A window whose closing the host disturbs is closed nevertheless, or stays to be closed later. */
START_TEST(closing_fails)
{
    unit_set_up(_i);
    for (unsigned nth = 1; close_with(HOST_FAIL_ANY, nth, HOST_FAIL_ONCE); nth++)
        ck_assert_uint_lt(nth, 200);
    for (int op = 0; op <= HOST_FAIL_TAKING; op++)
        close_with((enum host_fail_op)op, 1, HOST_FAIL_FOREVER);
}
END_TEST

/* A view that the host refuses, when it has no mapping to spare to undo that either: its place is
 * free as before, and what was fenced there still is known. */
START_TEST(refused_view)
{
    struct wvm_backing backing = {.refs = 1, .fd = -1, .shared_writable = true, .last = last};
    uint64_t word;
    uintptr_t end;
    unit_set_up(_i);
    struct wvm_window *w = open_window(TOP_4G);
    uintptr_t at = reserve(w, 4 * PG), next = reserve(w, GRANULE);
    ck_assert(unit_write(at + PG, 5) && unit_write(next, 6));
    WORKS(wvm_space_release(SP, at, at, &end));
    struct wvm_view_request view = {.window = w, .backing = &backing, .len = 4 * PG,
                                    .attr = WVM_ATTR_RW, .type = WVM_TYPE_MAPPED};
    host_fail_arm(HOST_FAIL_DISCARD, 1, ENOMEM, HOST_FAIL_FOREVER);
    wvm_status status = wvm_space_map(SP, &view);
    ck_assert_uint_gt(host_fail_disarm(), 0);
    ck_assert_int_lt(status, 0);
    unit_audit();
    ck_assert(query_in(w, at - wvm_window_base(w)).type == WVM_TYPE_FREE);
    ck_assert_uint_eq(reserve(w, 4 * PG), at);
    ck_assert(unit_read(at + PG, &word) && word == 0 && unit_write(at + PG, 7));
    close_window(w);
    ck_assert(query(next).type == WVM_TYPE_FREE);
}
END_TEST

/* A host that has no mapping to spare, and no ballast: views are unmapped still. */
START_TEST(view_at_the_limit)
{
    struct wvm_backing backing = make_backing();
    uint64_t word;
    unit_set_up(_i);
    struct wvm_window *w = open_window(TOP_4G);
    uintptr_t first = reserve(w, 8 * PG);
    struct wvm_view_request view = {.window = w, .backing = &backing, .len = 8 * PG,
                                    .attr = WVM_ATTR_RW, .type = WVM_TYPE_MAPPED};
    WORKS(wvm_space_map(SP, &view));
    ck_assert(unit_write(view.start + PG, 3) && unit_write(first, 4));
    host_fail_arm(HOST_FAIL_DISCARD, 1, ENOMEM, HOST_FAIL_FOREVER);
    WORKS(wvm_space_unmap(SP, view.start, false));
    ck_assert_uint_gt(host_fail_disarm(), 0);
    unit_audit();
    ck_assert(!unit_read(view.start + PG, &word));
    ck_assert_uint_eq(reserve(w, 8 * PG), view.start);
    ck_assert(unit_read(view.start + PG, &word) && word == 0 && unit_write(view.start + PG, 5));
    ck_assert(unit_read(first, &word) && word == 4);
    close_window(w);
    ck_assert_uint_eq(backing.refs, 1);
    close(backing.fd);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("space-window-close", 60, &tc);
    tcase_add_loop_test(tc, closing, 0, N_CAPS);
    tcase_add_loop_test(tc, closing_fails, CAPS_ALL, CAPS_NO_GUARD + 1);
    tcase_add_loop_test(tc, refused_view, 0, N_CAPS);
    tcase_add_loop_test(tc, view_at_the_limit, 0, N_CAPS);
    return unit_run(suite);
}
