/* Windows on the real host: whose addresses are whose, queries from both sides. */
#include "space/t/window_unit.h"

START_TEST(places)
{
    unit_set_up(_i);
    struct wvm_window *w = open_window(TOP_4G), *other = open_window(2 * GIB);
    uintptr_t base = wvm_window_base(w);
    ck_assert_uint_eq(reserve(w, 3 * PG), base + GRANULE);
    ck_assert_uint_eq(reserve(w, PG), base + 2 * GRANULE);
    ck_assert_uint_eq(reserve(other, PG), wvm_window_base(other) + GRANULE);
    uintptr_t own = reserve(NULL, PG);
    ck_assert(own < base - 2 * GIB || own > base + 4 * GIB + 6 * GIB);
    struct wvm_request req = request(w, 0, PG);
    req.top_down = true;
    WORKS(wvm_space_reserve(SP, &req));
    ck_assert_uint_eq(req.start, base + TOP_4G - GRANULE);
    req = request(w, 0, PG);
    req.limit = base + GIB;
    req.top_down = true;
    WORKS(wvm_space_reserve(SP, &req));
    ck_assert_uint_eq(req.start, base + GIB - GRANULE);
    req = request(w, 0, PG);
    req.low = base + 3 * GIB;
    WORKS(wvm_space_reserve(SP, &req));
    ck_assert_uint_eq(req.start, base + 3 * GIB);
    ck_assert(unit_write(req.start, 7));
    close_window(other);
    close_window(w);
    uint64_t word;
    ck_assert(!unit_read(base + GRANULE, &word));
}
END_TEST

/* Nobody gets an address of another's. */
START_TEST(isolation)
{
    unit_set_up(_i);
    struct wvm_window *w = open_window(2 * GIB), *other = open_window(TOP_4G);
    uintptr_t base = wvm_window_base(w);
    const uint32_t taken = STATUS_CONFLICTING_ADDRESSES;
    ANSWERS(reserve_at(NULL, base + GIB, PG), taken);
    ANSWERS(reserve_at(NULL, base - 2 * GIB - GRANULE, PG), taken);
    ANSWERS(reserve_at(NULL, base + 10 * GIB - GRANULE, PG), taken);
    ANSWERS(reserve_at(NULL, base - 8 * GIB, 16 * GIB), taken);
    ANSWERS(reserve_at(other, base + GIB, PG), taken);
    ANSWERS(reserve_at(w, base, PG), taken);
    ANSWERS(reserve_at(w, base + 2 * GIB, PG), taken);
    ANSWERS(reserve_at(w, base + 2 * GIB - GRANULE, 2 * GRANULE), taken);
    WORKS(reserve_at(w, base + 2 * GIB - GRANULE, GRANULE));
    WORKS(reserve_at(w, base + GIB, PG));
    ANSWERS(reserve_at(w, base + GIB, PG), taken);
    close_window(w);
    close_window(other);
}
END_TEST

START_TEST(queries)
{
    unit_set_up(_i);
    struct wvm_window *w = open_window(2 * GIB);
    uintptr_t base = wvm_window_base(w);
    struct wvm_region r = query_in(w, 0);
    ck_assert(r.type == WVM_TYPE_FREE && r.start == 0 && r.end == 2 * GIB);
    ck_assert_uint_eq(reserve(w, 3 * PG), base + GRANULE);
    r = query_in(w, 0);
    ck_assert(r.type == WVM_TYPE_FREE && r.end == GRANULE);
    r = query_in(w, GRANULE + PG + 5);
    ck_assert(r.type == WVM_TYPE_PRIVATE && r.attr == WVM_ATTR_RW);
    ck_assert(r.start == GRANULE + PG && r.end == GRANULE + 3 * PG);
    ck_assert(r.alloc_start == GRANULE && r.alloc_end == GRANULE + 3 * PG);
    r = query_in(w, GRANULE + 3 * PG);
    ck_assert(r.type == WVM_TYPE_FREE && r.end == 2 * GIB);
    /* The same memory, and what is around it, by real addresses. */
    r = query(base + GRANULE);
    ck_assert(r.type == WVM_TYPE_PRIVATE && r.attr == WVM_ATTR_RW && r.start == base + GRANULE);
    r = query(base + GIB);
    ck_assert(r.type == WVM_TYPE_PRIVATE && r.attr == WVM_ATTR_RESERVED);
    ck_assert(r.alloc_attr == WVM_ATTR_NA && r.alloc_start <= base - 2 * GIB - GRANULE);
    ck_assert(r.end >= base + 10 * GIB && r.alloc_end == r.end);
    r = query(r.alloc_start);
    ck_assert(r.attr == WVM_ATTR_RESERVED && r.end == base + GRANULE);
    r = query(r.alloc_start - 1);
    ck_assert(r.type == WVM_TYPE_FREE && r.end == r.start + PG);
    ck_assert_uint_eq(wvm_window_committed(SP, w), 3 * PG);
    close_window(w);
    r = query(base + GIB);
    ck_assert(r.type == WVM_TYPE_FREE);
}
END_TEST

START_TEST(full)
{
    unit_set_up(_i);
    struct wvm_window *w = open_window(TOP_4G);
    uintptr_t base = wvm_window_base(w);
    ck_assert_uint_eq(reserve(w, TOP_4G - GRANULE), base + GRANULE);
    struct wvm_request req = request(w, 0, PG);
    ANSWERS(wvm_space_reserve(SP, &req), STATUS_NO_MEMORY);
    WORKS(wvm_space_commit(SP, base + GIB, base + GIB + PG, WVM_ATTR_RW));
    uintptr_t end;
    WORKS(wvm_space_release(SP, base + GRANULE, base + GRANULE, &end));
    ck_assert_uint_eq(end, base + TOP_4G);
    req = request(w, 0, TOP_4G);
    ANSWERS(wvm_space_reserve(SP, &req), STATUS_NO_MEMORY);
    struct wvm_region r = query_in(w, GRANULE);
    ck_assert(r.type == WVM_TYPE_FREE && r.end == TOP_4G);
    close_window(w);
}
END_TEST

/* So many that numbers and places are used again. */
START_TEST(many)
{
    static struct wvm_window *w[600];
    unit_set_up(CAPS_ALL);
    for (int round = 0; round < 3; round++) {
        for (unsigned i = 0; i < WVM_ARRAY_LEN(w); i++) {
            ck_assert_int_eq(wvm_window_open(SP, TOP_4G, &w[i]), STATUS_SUCCESS);
            struct wvm_request req = request(w[i], 0, (uintptr_t)(i % 7 + 1) * PG);
            ck_assert_int_eq(wvm_space_reserve(SP, &req), STATUS_SUCCESS);
            ck_assert_uint_eq(req.start, wvm_window_base(w[i]) + GRANULE);
        }
        unit_audit();
        for (unsigned i = 0; i < WVM_ARRAY_LEN(w); i++)
            WORKS(wvm_window_close(SP, w[(i * 7) % WVM_ARRAY_LEN(w)]));
        unit_audit();
    }
    ck_assert_uint_eq(SP->n_windows, 0);
    ck_assert_uint_le(SP->fresh_window, WVM_ARRAY_LEN(w));
}
END_TEST

/* The host refuses call after call: nothing is left behind. */
START_TEST(failing)
{
    unit_set_up(CAPS_ALL);
    unsigned fired = 1;
    for (unsigned nth = 1; fired; nth++) {
        struct wvm_window *w = NULL;
        host_fail_arm(HOST_FAIL_TAKING, nth, ENOMEM, _i ? HOST_FAIL_FOREVER : HOST_FAIL_ONCE);
        wvm_status status = wvm_window_open(SP, TOP_4G, &w);
        fired = host_fail_disarm();
        unit_audit();
        if (status) {
            ck_assert_uint_eq((uint32_t)status, (uint32_t)STATUS_NO_MEMORY);
            ck_assert_uint_eq(SP->n_windows, 0);
        } else {
            reserve(w, PG);
            close_window(w);
        }
    }
}
END_TEST

/* A page of another's memory in a window goes with it, and what follows there is new memory. */
START_TEST(fixed_page)
{
    uint64_t word;
    uintptr_t rw, ro;
    unit_set_up(_i);
    struct wvm_window *w = open_window(TOP_4G);
    uintptr_t at = wvm_window_base(w) + 0x7ffe0000;
    ck_assert_int_eq(wvm_host.share(PG, &rw, &ro), 0);
    *(uint64_t *)rw = 7;
    ANSWERS(wvm_space_fixed_page(SP, NULL, at, ro), STATUS_CONFLICTING_ADDRESSES);
    WORKS(wvm_space_fixed_page(SP, w, at, ro));
    ck_assert(unit_read(at, &word) && word == 7 && !unit_write(at, 8));
    struct wvm_region r;
    WORKS(wvm_window_query(SP, w, 0x7ffe0000, &r));
    ck_assert(r.start == 0x7ffe0000 && r.end == 0x7ffe1000 && r.attr == WVM_ATTR_RO);
    close_window(w);
    ck_assert(!unit_read(at, &word));
    struct wvm_window *next = open_window(TOP_4G);
    struct wvm_request req = request(next, wvm_window_base(next) + 0x7ffe0000, PG);
    WORKS(wvm_space_reserve(SP, &req));
    ck_assert(unit_read(req.start, &word) && word == 0 && unit_write(req.start, 9));
    ck_assert_uint_eq(*(uint64_t *)rw, 7);
    close_window(next);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("space-window", 60, &tc);
    tcase_add_loop_test(tc, places, 0, N_CAPS);
    tcase_add_loop_test(tc, isolation, 0, N_CAPS);
    tcase_add_loop_test(tc, queries, 0, N_CAPS);
    tcase_add_loop_test(tc, full, 0, N_CAPS);
    tcase_add_loop_test(tc, fixed_page, 0, N_CAPS);
    tcase_add_test(tc, many);
    tcase_add_loop_test(tc, failing, 0, 2);
    return unit_run(suite);
}
