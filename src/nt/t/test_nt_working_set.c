/* The limits of a working set: what is refused and stored; what another process is answered. */
#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arith.h"
#include "base/t/unit.h"
#include "host/host.h"
#include "host/host_system.h"
#include "nt/nt_privilege.h"
#include "nt/nt_process_info.h"
#include "nt/t/fake_space.h"

#define PG ((uint64_t)WVM_PAGE_SIZE)
#define FIRST_MIN (50 * PG)
#define FIRST_MAX (345 * PG)
#define SOFT (WVM_WS_MIN_SOFT | WVM_WS_MAX_SOFT)
#define REFUSED ((wvm_status)STATUS_BAD_WORKING_SET_LIMIT)

static const struct wvm_target own = {.top = FAKE_TOP};

static void set_up(void)
{
    wvm_host_init();
    fake_reset();
    wvm_space_first_ws_limits(&fake.ws);
    errno = EDOM;
}

static void tear_down(void)
{
    ck_assert_int_eq(errno, EDOM);
}

static wvm_status set(uint64_t min, uint64_t max, uint32_t flags)
{
    struct wvm_ws_limits to = {min, max, flags};
    return wvm_nt_set_ws_limits(&own, &to);
}

static uint64_t most(void)
{
    struct wvm_host_memory memory;
    wvm_host_memory_now(&memory);
    return memory.ram - 512 * PG;
}

static const struct { uint64_t min, max, stored_min, stored_max; } good[] = {
    {FIRST_MIN, FIRST_MAX, FIRST_MIN, FIRST_MAX},
    {PG, FIRST_MAX, 20 * PG, FIRST_MAX}, /* WS-027 */
    {1, FIRST_MAX, 20 * PG, FIRST_MAX},
    {20 * PG + 1, 30 * PG + 1, 21 * PG, 31 * PG},
    {20 * PG, 20 * PG, 20 * PG, 20 * PG},
    {PG, 13 * PG, 20 * PG, 20 * PG}, /* the maximum is never below the minimum */
    {0, 0, FIRST_MIN, FIRST_MAX},
    {100 * PG, 1000 * PG, 100 * PG, 1000 * PG},
};

START_TEST(stored)
{
    ck_assert_int_eq(set(good[_i].min, good[_i].max, 0), 0);
    ck_assert_int_eq(fake.op, FAKE_WS_LIMITS);
    ck_assert_uint_eq(fake.ws.min, good[_i].stored_min);
    ck_assert_uint_eq(fake.ws.max, good[_i].stored_max);
    ck_assert_uint_eq(fake.ws.flags, SOFT);
}
END_TEST

static const struct { uint64_t min, max; uint32_t flags; wvm_status status; } bad[] = {
    {FIRST_MAX, FIRST_MIN, 0, REFUSED}, /* WS-025 */
    {0, FIRST_MAX, 0, REFUSED}, /* WS-026 */
    {FIRST_MIN, 0, 0, REFUSED},
    {WVM_WS_EMPTY, 0, 0, REFUSED},
    {PG, 13 * PG - 1, 0, REFUSED}, /* WS-028 */
    {1, 1, 0, REFUSED},
    {FIRST_MIN, WVM_WS_EMPTY - 1, 0x10, (wvm_status)STATUS_INVALID_PARAMETER}, /* WS-032 */
    {FIRST_MIN, FIRST_MAX, 0x80000000, (wvm_status)STATUS_INVALID_PARAMETER},
    {FIRST_MIN, FIRST_MAX, 3, (wvm_status)STATUS_INVALID_PARAMETER}, /* WS-031 */
    {FIRST_MIN, FIRST_MAX, 12, (wvm_status)STATUS_INVALID_PARAMETER},
    {FIRST_MAX, FIRST_MIN, 15, (wvm_status)STATUS_INVALID_PARAMETER}, /* before the numbers */
    {WVM_WS_EMPTY, WVM_WS_EMPTY, 3, (wvm_status)STATUS_INVALID_PARAMETER},
    {WVM_WS_EMPTY - 1, WVM_WS_EMPTY - 1, 0, (wvm_status)STATUS_INSUFFICIENT_RESOURCES},
    {WVM_WS_EMPTY - 1, WVM_WS_EMPTY, 0, (wvm_status)STATUS_INSUFFICIENT_RESOURCES}, /* WS-029 */
};

/* A 32-bit program cannot ask for more than a large machine has. */
static bool any_size_fits(void)
{
    return most() >= WVM_WS_EMPTY - PG;
}

START_TEST(refused)
{
    if (bad[_i].status == (wvm_status)STATUS_INSUFFICIENT_RESOURCES && any_size_fits())
        return;
    ck_assert_int_eq(set(bad[_i].min, bad[_i].max, bad[_i].flags), bad[_i].status);
    ck_assert_uint_eq(fake.n_calls, 0);
    ck_assert(fake.ws.min == FIRST_MIN && fake.ws.max == FIRST_MAX && fake.ws.flags == SOFT);
}
END_TEST

START_TEST(lowered)
{
    if (any_size_fits())
        return;
    ck_assert_int_eq(set(FIRST_MIN, WVM_WS_EMPTY, 0),
                     (wvm_status)STATUS_WORKING_SET_LIMIT_RANGE);
    ck_assert_uint_eq(fake.ws.max, most());
    ck_assert_uint_eq(fake.ws.min, FIRST_MIN);
    ck_assert_int_eq(set(FIRST_MIN, most() + 1, 0), (wvm_status)STATUS_WORKING_SET_LIMIT_RANGE);
    ck_assert_int_eq(set(FIRST_MIN, most(), 0), 0);
    ck_assert_int_eq(set(most() + PG, WVM_WS_EMPTY, 0),
                     (wvm_status)STATUS_INSUFFICIENT_RESOURCES);
}
END_TEST

/* An absent pair stays as it is. */
START_TEST(flags)
{
    static const struct { uint32_t asked, stored; } step[] = {
        {0, 2 | 8}, {1, 1 | 8}, {0, 1 | 8}, {4, 1 | 4}, {2, 2 | 4}, {2 | 8, 2 | 8}, {1 | 4, 1 | 4}};
    for (unsigned i = 0; i < WVM_ARRAY_LEN(step); i++) {
        ck_assert_int_eq(set(i % 2 ? 0 : FIRST_MIN, i % 2 ? 0 : FIRST_MAX, step[i].asked), 0);
        ck_assert_uint_eq(fake.ws.flags, step[i].stored);
        ck_assert(fake.ws.min == FIRST_MIN && fake.ws.max == FIRST_MAX);
    }
}
END_TEST

START_TEST(privilege) /* WS-030 */
{
    wvm_nt_privilege_enable(WVM_SE_INCREASE_WORKING_SET, false);
    ck_assert_int_eq(set(FIRST_MIN, FIRST_MAX + 1, 0), (wvm_status)STATUS_PRIVILEGE_NOT_HELD);
    ck_assert_int_eq(set(FIRST_MIN + 1, FIRST_MAX, 0), (wvm_status)STATUS_PRIVILEGE_NOT_HELD);
    ck_assert_int_eq(set(FIRST_MIN, WVM_WS_EMPTY, 0), (wvm_status)STATUS_PRIVILEGE_NOT_HELD);
    ck_assert_int_eq(set(FIRST_MAX + PG, FIRST_MIN, 0), REFUSED); /* the numbers before it */
    ck_assert_uint_eq(fake.n_calls, 0);
    ck_assert_int_eq(set(FIRST_MIN - PG, FIRST_MAX - PG, 0), 0); /* less needs none */
    ck_assert_int_eq(set(FIRST_MIN - PG, FIRST_MAX, 0), (wvm_status)STATUS_PRIVILEGE_NOT_HELD);
    ck_assert_int_eq(set(0, 0, 1), 0);
    wvm_nt_privilege_enable(WVM_SE_INCREASE_WORKING_SET, true);
    ck_assert_int_eq(set(FIRST_MIN, FIRST_MAX, 0), 0);
}
END_TEST

START_TEST(emptied) /* WS-024 */
{
    ck_assert_int_eq(set(WVM_WS_EMPTY, WVM_WS_EMPTY, 0), 0);
    ck_assert_int_eq(fake.op, FAKE_TRIM_ALL);
    ck_assert_uint_eq(fake.n_calls, 1);
    ck_assert_uint_eq(fake.ws.min, FIRST_MIN);
    fake.result = STATUS_NO_MEMORY;
    ck_assert_int_eq(set(WVM_WS_EMPTY, WVM_WS_EMPTY, 0), (wvm_status)STATUS_NO_MEMORY);
}
END_TEST

/* The host does not let it be locked: told before the success for a lowered maximum. */
START_TEST(not_stored)
{
    fake.result = STATUS_INSUFFICIENT_RESOURCES;
    ck_assert_int_eq(set(FIRST_MIN, WVM_WS_EMPTY, 0),
                     (wvm_status)STATUS_INSUFFICIENT_RESOURCES);
    ck_assert_uint_eq(fake.ws.max, FIRST_MAX);
}
END_TEST

START_TEST(counters)
{
    struct wvm_nt_counters c, again;
    memset(&c, 0xcc, sizeof c);
    ck_assert_int_eq(wvm_nt_counters(&own, &c), 0);
    ck_assert(c.resident > 0 && c.resident_peak >= c.resident && c.mapped_peak >= c.mapped);
    ck_assert(c.commit > FAKE_COMMIT_MORE && c.commit_peak >= c.commit);
    ck_assert(c.paged == 0 && c.nonpaged == 0 && c.paged_peak == 0); /* no pool was used */
    ck_assert_int_eq(wvm_nt_counters(&own, &again), 0);
    ck_assert(again.faults >= c.faults && again.commit_peak >= c.commit_peak);
}
END_TEST

static struct wvm_remote_answer answer;

static wvm_status serve(uint32_t question, uint64_t min, uint64_t max, uint32_t with)
{
    struct wvm_remote_request req;
    wvm_remote_request_init(&req, WVM_REMOTE_PROCESS);
    wvm_remote_answer_init(&answer, WVM_REMOTE_PROCESS);
    req.type = question;
    req.base = min;
    req.size = max;
    req.prot = with;
    return wvm_nt_serve_process(&req, &answer);
}

START_TEST(served)
{
    struct wvm_nt_counters c;
    ck_assert_int_eq(serve(WVM_SET_WS_LIMITS, 21 * PG, 40 * PG, WVM_WS_MAX_HARD), 0);
    ck_assert_int_eq(serve(WVM_ASK_WS_LIMITS, 0, 0, 0), 0);
    ck_assert(answer.base == 21 * PG && answer.size == 40 * PG);
    ck_assert_uint_eq(answer.old, WVM_WS_MIN_SOFT | WVM_WS_MAX_HARD);
    ck_assert_int_eq(serve(WVM_SET_WS_LIMITS, 41 * PG, 40 * PG, 0), REFUSED); /* I2 */
    ck_assert_int_eq(serve(WVM_SET_WS_LIMITS, 21 * PG, 40 * PG, 16),
                     (wvm_status)STATUS_INVALID_PARAMETER);
    ck_assert_int_eq(serve(WVM_ASK_COUNTERS, 0, 0, 0), 0);
    ck_assert_uint_eq(answer.blob_len, sizeof c);
    memcpy(&c, answer.blob, sizeof c);
    ck_assert_uint_gt(c.resident, 0);
    HANDLE h;
    ck_assert_int_eq(serve(WVM_ASK_HANDLES, 0, 0, 0), 0);
    uint64_t before = answer.base;
    ck_assert_int_eq(wvm_handle_open_pseudo(WVM_OWN_PROCESS, PROCESS_ALL_ACCESS, &h), 0);
    ck_assert_int_eq(serve(WVM_ASK_HANDLES, 0, 0, 0), 0);
    ck_assert_uint_eq(answer.base, before + 1);
    ck_assert_uint_eq(wvm_nt_count_handles(&own), before + 1);
    ck_assert_int_eq(wvm_handle_close(h), 0);
    ck_assert_int_eq(serve(WVM_SET_WS_LIMITS + 1, 0, 0, 0), (wvm_status)STATUS_INVALID_PARAMETER);
    ck_assert_int_eq(serve(UINT32_MAX, 0, 0, 0), (wvm_status)STATUS_INVALID_PARAMETER);
    errno = EDOM;
}
END_TEST

/* A process that does not serve: what the host tells, and the first limits, which stay. */
START_TEST(elsewhere)
{
    struct wvm_ws_limits ws = {0, 0, 0};
    struct wvm_nt_counters c;
    int fds[2];
    char byte = 0;
    ck_assert_int_eq(pipe(fds), 0);
    pid_t pid = fork();
    if (pid == 0)
        for (bool told = write(fds[1], &byte, 1) == 1; told;)
            pause();
    ck_assert_int_eq(read(fds[0], &byte, 1), 1);
    struct wvm_target t = {.pid = pid, .top = FAKE_TOP};
    fake.ws.min = 30 * PG; /* this process's are not told for it */
    ck_assert_int_eq(wvm_nt_ws_limits(&t, &ws), 0);
    ck_assert(ws.min == FIRST_MIN && ws.max == FIRST_MAX && ws.flags == SOFT);
    ws.min = 21 * PG;
    ck_assert_int_eq(wvm_nt_set_ws_limits(&t, &ws), (wvm_status)STATUS_ACCESS_DENIED);
    ck_assert_uint_eq(fake.n_calls, 0);
    ck_assert_uint_eq(wvm_nt_count_handles(&t), 0);
    ck_assert_int_eq(wvm_nt_counters(&t, &c), 0);
    ck_assert(c.resident > 0 && c.faults > 0 && c.commit > 0 && c.commit == c.commit_peak);
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
    ck_assert_int_eq(wvm_nt_counters(&t, &c), (wvm_status)STATUS_PROCESS_IS_TERMINATING);
    errno = EDOM;
}
END_TEST

START_TEST(not_told)
{
    ck_assert_int_eq(wvm_nt_not_told(-ENOENT), (wvm_status)STATUS_PROCESS_IS_TERMINATING);
    ck_assert_int_eq(wvm_nt_not_told(-ESRCH), (wvm_status)STATUS_PROCESS_IS_TERMINATING);
    ck_assert_int_eq(wvm_nt_not_told(-EACCES), (wvm_status)STATUS_ACCESS_DENIED);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("nt-working-set", 20, &tc);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_loop_test(tc, stored, 0, WVM_ARRAY_LEN(good));
    tcase_add_loop_test(tc, refused, 0, WVM_ARRAY_LEN(bad));
    tcase_add_test(tc, lowered);
    tcase_add_test(tc, flags);
    tcase_add_test(tc, privilege);
    tcase_add_test(tc, emptied);
    tcase_add_test(tc, not_stored);
    tcase_add_test(tc, counters);
    tcase_add_test(tc, served);
    tcase_add_test(tc, elsewhere);
    tcase_add_test(tc, not_told);
    return unit_run(suite);
}
