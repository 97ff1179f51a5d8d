/* What is told of a process and its working set: forms of every length, and the order in which new
 * limits are judged. */
#include <string.h>
#include <unistd.h>

#include <winvm/psapi.h>

#include "api/api.h"
#include "api/last_error.h"
#include "base/t/unit.h"
#include "host/host_system.h"
#include "nt/nt_privilege.h"
#include "nt/nt_process_info.h"
#include "nt/t/fake_space.h"

#define PG ((SIZE_T)4096)
#define SELF ((HANDLE)(intptr_t)-1)
#define FIRST_MIN 204800u
#define FIRST_MAX 1413120u
#define SOFT (WVM_WS_MIN_SOFT | WVM_WS_MAX_SOFT)

static void set_up(void)
{
    wvm_host_init();
    fake_reset();
    fake.ws = (struct wvm_ws_limits){FIRST_MIN, FIRST_MAX, SOFT};
}

#define ANSWERS(call, status) ck_assert_uint_eq((uint32_t)(call), (uint32_t)(status))

static NTSTATUS ask(PROCESSINFOCLASS class, void *at, size_t len, ULONG *returned)
{
    return wvm_NtQueryInformationProcess(SELF, class, at, (ULONG)len, returned);
}

/* ---- queries ---- */

static const struct {
    PROCESSINFOCLASS class;
    size_t sizes[3];
} forms[] = {
    {ProcessBasicInformation,
     {sizeof(PROCESS_BASIC_INFORMATION), sizeof(PROCESS_EXTENDED_BASIC_INFORMATION)}},
    {ProcessQuotaLimits, {sizeof(QUOTA_LIMITS), sizeof(QUOTA_LIMITS_EX)}},
    {ProcessVmCounters, {sizeof(VM_COUNTERS), sizeof(VM_COUNTERS_EX), sizeof(VM_COUNTERS_EX2)}},
    {ProcessHandleCount, {sizeof(ULONG)}},
    {ProcessWow64Information, {sizeof(ULONG_PTR)}},
};

/* Exactly the lengths of the forms are taken, and exactly so much is written. */
START_TEST(lengths)
{
    unsigned char buf[256];
    set_up();
    for (size_t len = 0; len <= 200; len++) {
        bool fits = len && (len == forms[_i].sizes[0] || len == forms[_i].sizes[1] ||
                            len == forms[_i].sizes[2]);
        ULONG returned = 0xabcd;
        memset(buf, 0xcc, sizeof buf);
        memcpy(buf, &(SIZE_T){len}, sizeof(SIZE_T)); /* of the extended basic form */
        ANSWERS(ask(forms[_i].class, buf, len, &returned),
                fits ? STATUS_SUCCESS : STATUS_INFO_LENGTH_MISMATCH);
        ck_assert_uint_eq(returned, fits ? len : 0xabcd);
        for (size_t i = fits && len > sizeof(SIZE_T) ? len : sizeof(SIZE_T); i < sizeof buf; i++)
            ck_assert_msg(buf[i] == 0xcc, "class %d, length %zu: byte %zu", (int)forms[_i].class,
                          len, i);
    }
}
END_TEST

START_TEST(refusals)
{
    QUOTA_LIMITS limits;
    ULONG returned = 0;
    set_up();
    ANSWERS(ask(ProcessQuotaLimits, NULL, sizeof limits, NULL), STATUS_ACCESS_VIOLATION);
    ANSWERS(ask(ProcessQuotaLimits, &limits, sizeof limits, (ULONG *)(PG - 4)),
            STATUS_ACCESS_VIOLATION);
    ANSWERS(ask((PROCESSINFOCLASS)9999, &limits, sizeof limits, &returned),
            STATUS_INVALID_INFO_CLASS);
    /* WS-023: the handle before the buffer, the length before the handle. */
    ANSWERS(wvm_NtQueryInformationProcess(NULL, ProcessQuotaLimits, NULL, sizeof limits, NULL),
            STATUS_INVALID_HANDLE);
    ANSWERS(wvm_NtQueryInformationProcess(NULL, ProcessQuotaLimits, NULL, 2, NULL),
            STATUS_INFO_LENGTH_MISMATCH);
    PROCESS_EXTENDED_BASIC_INFORMATION extended = {.Size = sizeof extended - 1};
    ANSWERS(ask(ProcessBasicInformation, &extended, sizeof extended, NULL),
            STATUS_INVALID_PARAMETER);
    ANSWERS(wvm_NtSetInformationProcess(SELF, ProcessVmCounters, &limits, sizeof limits),
            STATUS_INVALID_INFO_CLASS);
    ANSWERS(wvm_NtSetInformationProcess(SELF, ProcessQuotaLimits, &limits, 2),
            STATUS_INFO_LENGTH_MISMATCH);
    ANSWERS(wvm_NtSetInformationProcess(NULL, ProcessQuotaLimits, NULL, sizeof limits),
            STATUS_INVALID_HANDLE);
    ANSWERS(wvm_NtSetInformationProcess(SELF, ProcessQuotaLimits, NULL, sizeof limits),
            STATUS_ACCESS_VIOLATION);
    ck_assert_uint_eq(fake.n_calls, 0);
}
END_TEST

/* What no word of the program can hold is told as the largest one. */
START_TEST(too_large)
{
    QUOTA_LIMITS limits;
    SIZE_T min, max;
    set_up();
    fake.ws = (struct wvm_ws_limits){(uint64_t)5 << 30, (uint64_t)6 << 30, SOFT};
    ANSWERS(ask(ProcessQuotaLimits, &limits, sizeof limits, NULL), STATUS_SUCCESS);
    ck_assert(wvm_GetProcessWorkingSetSize(SELF, &min, &max));
    ck_assert_uint_eq(limits.MinimumWorkingSetSize, min);
    ck_assert_uint_eq(limits.MaximumWorkingSetSize, max);
    ck_assert_uint_eq(min, sizeof min == 8 ? (SIZE_T)fake.ws.min : SIZE_MAX);
    ck_assert_uint_eq(max, sizeof max == 8 ? (SIZE_T)fake.ws.max : SIZE_MAX);
}
END_TEST

/* The parts of a process's counters agree with each other and with the host's page count. */
START_TEST(counters)
{
    VM_COUNTERS_EX2 c;
    PROCESS_MEMORY_COUNTERS_EX2 p;
    set_up();
    ANSWERS(ask(ProcessVmCounters, &c, sizeof c, NULL), STATUS_SUCCESS);
    ck_assert_uint_ge(c.CountersEx.VirtualSize, c.CountersEx.WorkingSetSize);
    ck_assert_uint_ge(c.CountersEx.PeakVirtualSize, c.CountersEx.VirtualSize);
    ck_assert_uint_ge(c.CountersEx.PeakWorkingSetSize, c.CountersEx.WorkingSetSize);
    ck_assert_uint_ge(c.CountersEx.WorkingSetSize, c.PrivateWorkingSetSize);
    ck_assert_uint_gt(c.PrivateWorkingSetSize, 0);
    ck_assert_uint_gt(c.CountersEx.PageFaultCount, 0);
    ck_assert_uint_eq(c.CountersEx.PagefileUsage, c.CountersEx.PrivateUsage);
    for (DWORD len = 0; len < 128; len++) {
        memset(&p, 0xcc, sizeof p);
        BOOL done = wvm_K32GetProcessMemoryInfo(SELF, (PROCESS_MEMORY_COUNTERS *)&p, len);
        ck_assert_int_eq(done, len >= sizeof(PROCESS_MEMORY_COUNTERS));
        if (!done)
            ck_assert_uint_eq(wvm_GetLastError(), ERROR_INSUFFICIENT_BUFFER);
        ck_assert_uint_eq(p.cb, len >= sizeof p ? sizeof p
                                : len >= sizeof(PROCESS_MEMORY_COUNTERS_EX)
                                    ? sizeof(PROCESS_MEMORY_COUNTERS_EX)
                                : done ? sizeof(PROCESS_MEMORY_COUNTERS)
                                       : 0xcccccccc);
    }
}
END_TEST

START_TEST(basic)
{
    PROCESS_BASIC_INFORMATION b;
    set_up();
    ANSWERS(ask(ProcessBasicInformation, &b, sizeof b, NULL), STATUS_SUCCESS);
    ANSWERS(b.ExitStatus, STATUS_PENDING);
    ck_assert_uint_eq(b.UniqueProcessId, (ULONG_PTR)getpid());
    ck_assert_uint_eq(b.InheritedFromUniqueProcessId, (ULONG_PTR)getppid());
    ck_assert_uint_ne(b.AffinityMask, 0);
}
END_TEST

/* ---- new limits ---- */

static BOOL set(SIZE_T min, SIZE_T max, DWORD flags)
{
    return wvm_SetProcessWorkingSetSizeEx(SELF, min, max, flags);
}

#define FAILS(call, error)                                                                         \
    do {                                                                                           \
        ck_assert(!(call));                                                                        \
        ck_assert_uint_eq(wvm_GetLastError(), error);                                              \
        ck_assert_uint_eq(fake.n_calls, 0);                                                        \
    } while (0)

/* WS-025..028, WS-031, WS-032: flags before numbers, numbers before the privilege. */
START_TEST(bad_limits)
{
    set_up();
    wvm_nt_privilege_enable(WVM_SE_INCREASE_WORKING_SET, false);
    FAILS(set(40 * PG, 100 * PG, 3), ERROR_INVALID_PARAMETER);
    FAILS(set(40 * PG, 100 * PG, 12), ERROR_INVALID_PARAMETER);
    for (unsigned bit = 4; bit < 32; bit++)
        FAILS(set(40 * PG, 100 * PG, 1u << bit), ERROR_INVALID_PARAMETER);
    FAILS(set((SIZE_T)-1, (SIZE_T)-1, 3), ERROR_INVALID_PARAMETER);
    FAILS(set(0, 0, 0), ERROR_INVALID_PARAMETER);
    FAILS(set(0, 9000 * PG, 0), ERROR_INVALID_PARAMETER);
    FAILS(set(9000 * PG, 0, 0), ERROR_INVALID_PARAMETER);
    FAILS(set(9001 * PG, 9000 * PG, 0), ERROR_INVALID_PARAMETER);
    FAILS(set(PG, 13 * PG - 1, 0), ERROR_INVALID_PARAMETER);
    FAILS(set((SIZE_T)-1, (SIZE_T)-2, 0), ERROR_INVALID_PARAMETER);
    wvm_nt_privilege_enable(WVM_SE_INCREASE_WORKING_SET, true);
}
END_TEST

/* WS-030: raising one of them takes the privilege, lowering both does not. */
START_TEST(privilege)
{
    set_up();
    wvm_nt_privilege_enable(WVM_SE_INCREASE_WORKING_SET, false);
    FAILS(set(51 * PG, FIRST_MAX, 0), ERROR_PRIVILEGE_NOT_HELD);
    FAILS(set(FIRST_MIN, FIRST_MAX + 1, 0), ERROR_PRIVILEGE_NOT_HELD);
    ck_assert(set(FIRST_MIN, FIRST_MAX, 0));
    ck_assert(set(40 * PG, 100 * PG, 0));
    ck_assert_uint_eq(fake.ws.max, 100 * PG);
    ck_assert(!set(FIRST_MIN, FIRST_MAX, 0));
    ck_assert_uint_eq(fake.ws.max, 100 * PG);
    wvm_nt_privilege_enable(WVM_SE_INCREASE_WORKING_SET, true);
    ck_assert(set(FIRST_MIN, FIRST_MAX, 0));
}
END_TEST

START_TEST(stored)
{
    set_up();
    ck_assert(set(1, 13 * PG, 0)); /* WS-027 */
    ck_assert_uint_eq(fake.ws.min, 20 * PG);
    ck_assert_uint_eq(fake.ws.max, 20 * PG);
    ck_assert(set(30 * PG + 1, 60 * PG + 1, WVM_WS_MIN_HARD));
    ck_assert_uint_eq(fake.ws.min, 31 * PG);
    ck_assert_uint_eq(fake.ws.max, 61 * PG);
    ck_assert_uint_eq(fake.ws.flags, WVM_WS_MIN_HARD | WVM_WS_MAX_SOFT);
    ck_assert(set(30 * PG, 60 * PG, WVM_WS_MAX_HARD));
    ck_assert_uint_eq(fake.ws.flags, WVM_WS_MIN_HARD | WVM_WS_MAX_HARD);
    /* WS-024: in the width of the program's own numbers. */
    ck_assert(set((SIZE_T)-1, (SIZE_T)-1, 0));
    ck_assert_int_eq(fake.op, FAKE_TRIM_ALL);
    ck_assert_uint_eq(fake.ws.min, 30 * PG);
}
END_TEST

/* WS-029. */
START_TEST(more_than_there_is)
{
    struct wvm_host_memory memory;
    QUOTA_LIMITS q = {.MinimumWorkingSetSize = FIRST_MIN};
    set_up();
    wvm_host_memory_now(&memory);
    if (memory.ram >= SIZE_MAX - 512 * PG)
        return; /* a 32-bit program cannot ask for so much */
    SIZE_T most = (SIZE_T)memory.ram - 512 * PG;
    ck_assert(set(FIRST_MIN, (SIZE_T)memory.ram, 0));
    ck_assert_uint_le(fake.ws.max, most);
    q.MaximumWorkingSetSize = (SIZE_T)memory.ram;
    ANSWERS(wvm_NtSetInformationProcess(SELF, ProcessQuotaLimits, &q, sizeof q),
            STATUS_WORKING_SET_LIMIT_RANGE);
    fake.n_calls = 0;
    FAILS(set((SIZE_T)memory.ram, (SIZE_T)memory.ram, 0), ERROR_NO_SYSTEM_RESOURCES);
    FAILS(set((SIZE_T)-2, (SIZE_T)-1, 0), ERROR_NO_SYSTEM_RESOURCES);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("api-process", 20, &tc);
    tcase_add_loop_test(tc, lengths, 0, (int)(sizeof forms / sizeof forms[0]));
    tcase_add_test(tc, refusals);
    tcase_add_test(tc, too_large);
    tcase_add_test(tc, counters);
    tcase_add_test(tc, basic);
    tcase_add_test(tc, bad_limits);
    tcase_add_test(tc, privilege);
    tcase_add_test(tc, stored);
    tcase_add_test(tc, more_than_there_is);
    return unit_run(suite);
}
