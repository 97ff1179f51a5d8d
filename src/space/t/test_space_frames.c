/* Frames and windows: taking, mapping, replacing, scattering and giving back, what is refused, and
 * the limits of the host. Each test runs with every capability, and without each. */
#include <sys/resource.h>
#include <unistd.h>

#include "space/t/frames_unit.h"

static void expect(unsigned page, int index)
{
    struct wvm_region r;
    ck_assert_int_eq(shown(page), index);
    ck_assert_int_eq(wvm_space_query(SP, addr(page), &r), STATUS_SUCCESS);
    ck_assert_uint_eq(r.attr, index == CLOSED ? WVM_ATTR_RESERVED : WVM_ATTR_RW);
}

static void expect_all_closed(void)
{
    for (unsigned i = 0; i < N; i++)
        expect(i, CLOSED);
}

START_TEST(taken)
{
    struct wvm_frame_run run, more;
    uint64_t word, before, owned;
    frames_set_up(_i);
    before = committed();
    owned = wvm_space_frames_owned(SP);
    WORKS(wvm_space_frames_take(SP, 5, WVM_FRAMES_ANY_NODE, &run));
    ck_assert_uint_eq(run.n, 5);
    ck_assert_uint_eq(committed(), before + 5);
    ck_assert_uint_eq(wvm_space_frames_owned(SP), owned + 5);
    for (unsigned i = 0; i < N_FRAMES; i++)
        ck_assert(frame[i] && frame[i] - run.first >= 5);
    WORKS(map_run(0, 5, run.first));
    for (unsigned i = 0; i < 5; i++) {
        ck_assert(unit_read(addr(i), &word) && word == 0);
        ck_assert(unit_write(addr(i), 77));
    }
    uintptr_t number[5] = {run.first, run.first + 1, run.first + 2, run.first + 3, run.first + 4};
    uint64_t done;
    WORKS(wvm_space_frames_free(SP, number, 5, &done)); /* WS-131 */
    ck_assert_uint_eq(done, 5);
    ck_assert_uint_eq(committed(), before);
    expect_all_closed();
    ANSWERS(map_run(0, 1, run.first), STATUS_INVALID_PARAMETER_3);
    WORKS(wvm_space_frames_take(SP, 5, 0, &more));
    ck_assert_uint_eq(more.first, run.first);
    WORKS(map_run(0, 5, more.first));
    for (unsigned i = 0; i < 5; i++)
        ck_assert(unit_read(addr(i), &word) && word == 0);
}
END_TEST

START_TEST(mapped)
{
    frames_set_up(_i);
    WORKS(map_run(0, W, frame[0]));
    WORKS(map_run(4, 4, frame[16])); /* WS-129: in the middle of a run */
    for (unsigned i = 0; i < W; i++)
        expect(i, i >= 4 && i < 8 ? (int)i + 12 : (int)i);
    WORKS(map_run(W, 4, frame[4]));
    WORKS(map_run(3, 2, 0)); /* WS-124: ends of two runs */
    expect(3, CLOSED);
    expect(4, CLOSED);
    expect(5, 17);
    expect(W + 1, 5);
    WORKS(map_run(0, N / 2, 0));
    WORKS(map_run(0, N / 2, 0)); /* nothing is shown: nothing to do */
    expect(W + 3, 7);
    WORKS(map_run(5, 4, frame[8]));
    WORKS(map_run(4, 5, frame[8])); /* its own frames, moved by a page */
    expect(4, 8);
    expect(8, 12);
    const uintptr_t mixed[4] = {frame[11], frame[0], frame[9], frame[10]};
    WORKS(map_numbers(5, 4, mixed));
    expect(4, 8);
    expect(5, 11);
    expect(6, 0);
    expect(7, 9);
    expect(8, 10);
    WORKS(map_run(10, 1, frame[12])); /* replaced, and so shown nowhere */
}
END_TEST

START_TEST(scattered)
{
    frames_set_up(_i);
    const uintptr_t at[] = {addr(W + 2), addr(0), addr(W), addr(1), addr(15)};
    const uintptr_t number[] = {frame[3], frame[9], frame[2], frame[10], frame[1]};
    const uintptr_t turned[] = {frame[9], frame[2], frame[10], frame[1], frame[3]};
    WORKS(scatter(at, 5, number));
    expect(W + 2, 3);
    expect(0, 9);
    expect(W, 2);
    expect(1, 10);
    expect(15, 1);
    WORKS(scatter(at, 5, turned));
    expect(W + 2, 9);
    expect(15, 3);
    const uintptr_t some[] = {addr(0), addr(W), addr(0), addr(5)}; /* one twice, one closed */
    WORKS(scatter(some, 4, NULL));
    expect(0, CLOSED);
    expect(W, CLOSED);
    expect(1, 1);
    WORKS(scatter(at, 5, NULL));
    expect_all_closed();
}
END_TEST

START_TEST(refused)
{
    frames_set_up(_i);
    struct wvm_request req = {.len = W * PG, .attr = WVM_ATTR_RW, .commit = true};
    WORKS(wvm_space_reserve(SP, &req));
    WORKS(map_run(2, 2, frame[0]));
    const uintptr_t twice[] = {frame[5], frame[6], frame[5]};
    const uintptr_t other[] = {frame[5], frame[1], frame[6]};
    const uintptr_t none[] = {frame[5], 0, frame[6]};
    const uintptr_t at[] = {addr(8), addr(9), addr(10)};
    const uintptr_t same[] = {addr(8), addr(9), addr(8)};
    const uintptr_t plain[] = {addr(8), req.start, addr(9)};
    const uintptr_t past[] = {addr(8), addr(9), ~(uintptr_t)0xfff};
    ANSWERS(map_numbers(8, 3, twice), STATUS_INVALID_PARAMETER_3); /* WS-126 */
    ANSWERS(map_numbers(8, 3, other), STATUS_INVALID_PARAMETER_3);
    ANSWERS(map_numbers(8, 3, none), STATUS_INVALID_PARAMETER_3);
    ANSWERS(scatter(at, 3, twice), STATUS_INVALID_PARAMETER_3);
    ANSWERS(scatter(at, 3, other), STATUS_INVALID_PARAMETER_3);
    ANSWERS(scatter(same, 3, frame + 5), STATUS_INVALID_PARAMETER_2);
    ANSWERS(scatter(plain, 3, frame + 5), STATUS_INVALID_PARAMETER_1); /* WS-128 */
    ANSWERS(scatter(plain, 3, NULL), STATUS_INVALID_PARAMETER_1);
    ANSWERS(scatter(past, 3, frame + 5), STATUS_INVALID_PARAMETER_1);
    ANSWERS(map_run(8, 9, frame[4]), STATUS_INVALID_PARAMETER_2); /* WS-127 */
    ANSWERS(map_run(8, 9, 0), STATUS_INVALID_PARAMETER_2);
    ANSWERS(map_run(8, 2, 1), STATUS_INVALID_PARAMETER_3);
    ANSWERS(map_run(8, 2, frame[N_FRAMES - 1]), STATUS_INVALID_PARAMETER_3);
    for (unsigned i = 0; i < N; i++)
        expect(i, i == 2 ? 0 : i == 3 ? 1 : CLOSED);
    WORKS(scatter(at, 3, frame + 5)); /* no call left its marks */
}
END_TEST

START_TEST(given_back)
{
    uint64_t done, before;
    frames_set_up(_i);
    before = committed();
    WORKS(map_run(0, 4, frame[0]));
    WORKS(map_run(W, 3, frame[4]));
    const uintptr_t number[] = {frame[1], frame[2], frame[5], 0, frame[8]};
    ANSWERS(wvm_space_frames_free(SP, number, 5, &done), STATUS_INVALID_PARAMETER_3); /* WS-132 */
    ck_assert_uint_eq(done, 3);
    ck_assert_uint_eq(committed(), before - 3);
    expect(0, 0);
    expect(1, CLOSED);
    expect(2, CLOSED);
    expect(3, 3);
    expect(W, 4);
    expect(W + 1, CLOSED);
    const uintptr_t same[] = {frame[8], frame[8]};
    ANSWERS(wvm_space_frames_free(SP, same, 2, &done), STATUS_INVALID_PARAMETER_3);
    ck_assert_uint_eq(done, 1);
    uintptr_t end;
    WORKS(wvm_space_release(SP, window[1], window[1], &end)); /* WS-133 */
    WORKS(map_run(8, 1, frame[4]));
    expect(8, 4);
    ck_assert_uint_eq(committed(), before - 4);
}
END_TEST

/* Windows change by their own calls alone. */
START_TEST(other_calls)
{
    uint8_t old;
    uintptr_t end;
    frames_set_up(_i);
    WORKS(map_run(0, 4, frame[0]));
    ck_assert_int_lt(wvm_space_commit(SP, addr(0), addr(8), WVM_ATTR_RW), 0);
    ck_assert_int_lt(wvm_space_decommit(SP, addr(0), addr(2), &end), 0);
    ck_assert_int_lt(wvm_space_release(SP, addr(0), addr(2), &end), 0);
    ck_assert_int_lt(wvm_space_protect(SP, addr(0), addr(2), WVM_ATTR_RO, &old), 0); /* WS-134 */
    ck_assert_int_lt(wvm_space_reset(SP, addr(0), addr(2)), 0);
    ck_assert_int_lt(wvm_space_offer(SP, addr(0), addr(2), false), 0);
    ck_assert_int_lt(wvm_space_discard(SP, addr(0), addr(2)), 0);
    unit_audit();
    WORKS(wvm_space_protect(SP, addr(0), addr(2), WVM_ATTR_RW, &old));
    WORKS(wvm_space_lock(SP, addr(0), addr(2)));
    WORKS(map_run(1, 4, frame[8])); /* a locked page among them */
    for (unsigned i = 0; i < 8; i++)
        expect(i, i == 0 ? 0 : i < 5 ? 7 + (int)i : CLOSED);
}
END_TEST

/* Calls that ask for more than there may be get what there is; then none. */
START_TEST(commit_limit)
{
    struct wvm_frame_run run;
    frames_set_up(_i);
    SP->limit = committed() + 5;
    WORKS(wvm_space_frames_take(SP, 64, WVM_FRAMES_ANY_NODE, &run));
    ck_assert_uint_eq(run.n, 5);
    ANSWERS(wvm_space_frames_take(SP, 64, WVM_FRAMES_ANY_NODE, &run), STATUS_COMMITMENT_LIMIT);
}
END_TEST

/* The host fills a part, and no more. */
START_TEST(host_limit)
{
    struct wvm_frame_run run;
    struct rlimit old, l;
    frames_set_up(_i);
    uint64_t before = committed(), owned = wvm_space_frames_owned(SP);
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &old), 0);
    l = old;
    l.rlim_cur = (SP->frames.n + 40u) * PG;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &l), 0);
    WORKS(wvm_space_frames_take(SP, 64, WVM_FRAMES_ANY_NODE, &run));
    ck_assert(run.n >= 16 && run.n <= 40);
    ck_assert_uint_eq(committed(), before + run.n);
    l.rlim_cur = PG; /* too small for libcheck's own notes: no assertion until it is lifted */
    int set = setrlimit(RLIMIT_FSIZE, &l);
    wvm_status none = wvm_space_frames_take(SP, 64, WVM_FRAMES_ANY_NODE, &run);
    int lifted = setrlimit(RLIMIT_FSIZE, &old);
    ck_assert(!set && !lifted);
    ck_assert_int_eq(none, (wvm_status)STATUS_INSUFFICIENT_RESOURCES);
    ck_assert_uint_eq(wvm_space_frames_owned(SP), owned + (committed() - before));
    WORKS(wvm_space_frames_take(SP, 64, WVM_FRAMES_ANY_NODE, &run));
    ck_assert_uint_eq(run.n, 64);
}
END_TEST

/* space_frame_store.c I4: a descriptor that the program closed is not used. */
START_TEST(closed_store)
{
    struct wvm_frame_run run;
    frames_set_up(_i);
    uint64_t before = committed(), done;
    WORKS(map_run(0, 2, frame[0]));
    close(SP->frames.fd);
    ANSWERS(wvm_space_frames_take(SP, 4, WVM_FRAMES_ANY_NODE, &run),
            STATUS_INSUFFICIENT_RESOURCES);
    expect(1, 1);
    WORKS(wvm_space_frames_free(SP, frame, 1, &done));
    expect(0, CLOSED);
    ck_assert_uint_eq(committed(), before); /* the host has it still */
    ck_assert_int_lt(map_run(4, 2, frame[4]), 0);
    unit_audit();
    expect(1, 1);
    WORKS(map_run(0, W, 0));
    expect_all_closed();
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("space-frames", 30, &tc);
    tcase_add_loop_test(tc, taken, 0, N_CAPS);
    tcase_add_loop_test(tc, mapped, 0, N_CAPS);
    tcase_add_loop_test(tc, scattered, 0, N_CAPS);
    tcase_add_loop_test(tc, refused, 0, N_CAPS);
    tcase_add_loop_test(tc, given_back, 0, N_CAPS);
    tcase_add_loop_test(tc, other_calls, 0, N_CAPS);
    tcase_add_loop_test(tc, commit_limit, 0, 1);
    tcase_add_loop_test(tc, host_limit, 0, 1);
    tcase_add_loop_test(tc, closed_store, 0, 1);
    return unit_run(suite);
}
