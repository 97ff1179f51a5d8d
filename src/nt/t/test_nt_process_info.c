/* NtQueryInformationProcess, NtSetInformationProcess: order of checks, lengths, what is written. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <winvm/psapi.h>

#include "api/api.h"
#include "base/arith.h"
#include "base/t/unit.h"
#include "host/host.h"
#include "nt/nt_process_info.h"
#include "nt/t/fake_space.h"

#define OWN ((HANDLE)-1)
#define MISMATCH ((NTSTATUS)STATUS_INFO_LENGTH_MISMATCH)
#define NO_CLASS ((NTSTATUS)STATUS_INVALID_INFO_CLASS)
#define BAD_HANDLE ((NTSTATUS)STATUS_INVALID_HANDLE)
#define DENIED ((NTSTATUS)STATUS_ACCESS_DENIED)
#define FAULT ((NTSTATUS)STATUS_ACCESS_VIOLATION)
#define PG ((SIZE_T)WVM_PAGE_SIZE)

static union {
    unsigned char byte[256];
    QUOTA_LIMITS_EX limits;
    VM_COUNTERS_EX2 counters;
    PROCESS_BASIC_INFORMATION basic;
    PROCESS_EXTENDED_BASIC_INFORMATION extended;
    KERNEL_USER_TIMES times;
    IO_COUNTERS io;
    ULONG number;
    ULONG_PTR word;
} at;
static char *barred; /* a page that is there, one that is not */

static void set_up(void)
{
    wvm_host_init();
    fake_reset();
    wvm_space_first_ws_limits(&fake.ws);
    memset(&at, 0xcc, sizeof at);
    barred = mmap(NULL, 2 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(barred, MAP_FAILED);
    mprotect(barred + PG, PG, PROT_NONE);
}

static bool unwritten(void)
{
    for (unsigned i = 0; i < sizeof at; i++)
        if (at.byte[i] != 0xcc)
            return false;
    return true;
}

static const struct { int number; ULONG sizes[3]; } classes[] = {
    {ProcessBasicInformation, {sizeof(PROCESS_BASIC_INFORMATION)}}, /* and a form with its size */
    {ProcessQuotaLimits, {sizeof(QUOTA_LIMITS), sizeof(QUOTA_LIMITS_EX)}},
    {ProcessIoCounters, {sizeof(IO_COUNTERS)}},
    {ProcessVmCounters, {sizeof(VM_COUNTERS), sizeof(VM_COUNTERS_EX), sizeof(VM_COUNTERS_EX2)}},
    {ProcessTimes, {sizeof(KERNEL_USER_TIMES)}},
    {ProcessHandleCount, {sizeof(ULONG)}},
    {ProcessWow64Information, {sizeof(ULONG_PTR)}},
};

static bool is_size(unsigned i, ULONG len)
{
    return len && (len == classes[i].sizes[0] || len == classes[i].sizes[1] ||
                   len == classes[i].sizes[2] ||
                   (i == 0 && len == sizeof(PROCESS_EXTENDED_BASIC_INFORMATION)));
}

static NTSTATUS query(int number, void *where, ULONG len, ULONG *returned)
{
    return wvm_NtQueryInformationProcess(OWN, (PROCESSINFOCLASS)number, where, len, returned);
}

/* WS-022: every length but those of the structures, which are filled and no more. */
START_TEST(lengths)
{
    for (ULONG len = 0; len <= sizeof at; len++) {
        ULONG returned = 0xdead;
        if (is_size((unsigned)_i, len))
            continue;
        ck_assert_int_eq(query(classes[_i].number, &at, len, &returned), MISMATCH);
        ck_assert(unwritten() && returned == 0xdead);
        ck_assert_int_eq(wvm_NtQueryInformationProcess(NULL, (PROCESSINFOCLASS)classes[_i].number,
                                                       NULL, len, NULL), MISMATCH);
    }
    for (unsigned k = 0; k < 3 && classes[_i].sizes[k]; k++) {
        ULONG len = classes[_i].sizes[k], returned = 0;
        memset(&at, 0xcc, sizeof at);
        ck_assert_int_eq(query(classes[_i].number, &at, len, &returned), 0);
        ck_assert_uint_eq(returned, len);
        for (unsigned i = len; i < sizeof at; i++)
            ck_assert_uint_eq(at.byte[i], 0xcc);
        ck_assert_int_eq(query(classes[_i].number, &at, len, NULL), 0);
    }
}
END_TEST

/* WS-023: the handle before the buffer, the class and the length before both. */
START_TEST(order)
{
    ULONG len = classes[_i].sizes[0], returned = 0xdead;
    PROCESSINFOCLASS number = (PROCESSINFOCLASS)classes[_i].number;
    HANDLE weak;
    ck_assert_int_eq(wvm_NtQueryInformationProcess(NULL, number, NULL, len, &returned), BAD_HANDLE);
    ck_assert_int_eq(wvm_NtQueryInformationProcess((HANDLE)0x1230, number, &at, len, NULL),
                     BAD_HANDLE);
    ck_assert_int_eq(wvm_handle_open_pseudo(WVM_OWN_PROCESS, PROCESS_VM_READ, &weak), 0);
    ck_assert_int_eq(wvm_NtQueryInformationProcess(weak, number, NULL, len, NULL), DENIED);
    ck_assert_int_eq(wvm_handle_close(weak), 0);
    ck_assert_int_eq(query(classes[_i].number, NULL, len, &returned), FAULT);
    ck_assert_int_eq(query(classes[_i].number, barred + PG, len, &returned), FAULT);
    memset(barred, 0xcc, PG);
    ck_assert_int_eq(query(classes[_i].number, barred + PG - len + 1, len, &returned), FAULT);
    for (unsigned i = 0; i < PG; i++)
        ck_assert_uint_eq((unsigned char)barred[i], 0xcc);
    ck_assert_int_eq(query(classes[_i].number, &at, len, (ULONG *)(barred + PG)), FAULT);
    ck_assert(unwritten() && returned == 0xdead);
}
END_TEST

START_TEST(no_class)
{
    for (int number = -2; number < 120; number++) {
        bool known = number == ProcessWorkingSetWatch || number == ProcessWorkingSetWatchEx;
        for (unsigned i = 0; i < WVM_ARRAY_LEN(classes); i++)
            known = known || classes[i].number == number;
        if (known)
            continue;
        ck_assert_int_eq(query(number, &at, sizeof at, NULL), NO_CLASS);
        ck_assert_int_eq(wvm_NtQueryInformationProcess(NULL, (PROCESSINFOCLASS)number, NULL, 0,
                                                       NULL), NO_CLASS);
        ck_assert_int_eq(wvm_NtSetInformationProcess(OWN, (PROCESSINFOCLASS)number, &at, 4),
                         NO_CLASS);
    }
    ck_assert(unwritten());
    for (unsigned i = 0; i < WVM_ARRAY_LEN(classes); i++)
        if (classes[i].number != ProcessQuotaLimits)
            ck_assert_int_eq(wvm_NtSetInformationProcess(OWN, (PROCESSINFOCLASS)classes[i].number,
                                                         &at, classes[i].sizes[0]), NO_CLASS);
    ck_assert_uint_eq(fake.n_calls, 0);
}
END_TEST

START_TEST(basic)
{
    ck_assert_int_eq(query(ProcessBasicInformation, &at, sizeof at.basic, NULL), 0);
    ck_assert_int_eq(at.basic.ExitStatus, STATUS_PENDING);
    ck_assert_uint_eq(at.basic.UniqueProcessId, (ULONG_PTR)getpid());
    ck_assert_uint_eq(at.basic.InheritedFromUniqueProcessId, (ULONG_PTR)getppid());
    ck_assert_uint_ne(at.basic.AffinityMask, 0);
    PROCESS_BASIC_INFORMATION plain = at.basic;
    memset(&at, 0xcc, sizeof at);
    at.extended.Size = sizeof at.extended - 1;
    ck_assert_int_eq(query(ProcessBasicInformation, &at, sizeof at.extended, NULL),
                     (NTSTATUS)STATUS_INVALID_PARAMETER);
    at.extended.Size = sizeof at.extended;
    ck_assert_int_eq(query(ProcessBasicInformation, &at, sizeof at.extended, NULL), 0);
    ck_assert_uint_eq(at.extended.Size, sizeof at.extended);
    ck_assert_mem_eq(&at.extended.BasicInfo, &plain, sizeof plain);
}
END_TEST

START_TEST(limits) /* WS-021 */
{
    fake.ws = (struct wvm_ws_limits){21 * PG, 40 * PG, WVM_WS_MIN_HARD | WVM_WS_MAX_SOFT};
    ck_assert_int_eq(query(ProcessQuotaLimits, &at, sizeof at.limits, NULL), 0);
    ck_assert_uint_eq(at.limits.MinimumWorkingSetSize, 21 * PG);
    ck_assert_uint_eq(at.limits.MaximumWorkingSetSize, 40 * PG);
    ck_assert_uint_eq(at.limits.PagefileLimit, (SIZE_T)-1);
    ck_assert_int_eq(at.limits.TimeLimit.QuadPart, -1);
    ck_assert_uint_eq(at.limits.Flags, 1 | 8);
}
END_TEST

START_TEST(counters)
{
    ck_assert_int_eq(query(ProcessVmCounters, &at, sizeof at.counters, NULL), 0);
    const VM_COUNTERS_EX *c = &at.counters.CountersEx;
    ck_assert(c->PeakVirtualSize >= c->VirtualSize && c->VirtualSize > c->WorkingSetSize);
    ck_assert(c->PeakWorkingSetSize >= c->WorkingSetSize && c->WorkingSetSize > 0);
    ck_assert(c->PrivateUsage == c->PagefileUsage && c->PeakPagefileUsage >= c->PagefileUsage);
    ck_assert_uint_gt(c->PageFaultCount, 0);
    ck_assert_uint_le(at.counters.PrivateWorkingSetSize, c->WorkingSetSize);
}
END_TEST

START_TEST(times)
{
    ck_assert_int_eq(query(ProcessTimes, &at, sizeof at.times, NULL), 0);
    ck_assert_int_gt(at.times.CreateTime.QuadPart, 132000000000000000); /* of 2019 */
    ck_assert_int_eq(at.times.ExitTime.QuadPart, 0);
    ck_assert_int_ge(at.times.KernelTime.QuadPart + at.times.UserTime.QuadPart, 0);
    ck_assert_int_eq(query(ProcessIoCounters, &at, sizeof at.io, NULL), 0);
    ck_assert(at.io.OtherOperationCount == 0 && at.io.OtherTransferCount == 0);
}
END_TEST

static NTSTATUS set(const void *from, ULONG len)
{
    return wvm_NtSetInformationProcess(OWN, ProcessQuotaLimits, (void *)(uintptr_t)from, len);
}

START_TEST(set_limits)
{
    QUOTA_LIMITS_EX to;
    memset(&to, 0, sizeof to);
    to.PagedPoolLimit = 7; /* the other limits are not set */
    to.MinimumWorkingSetSize = 21 * PG;
    to.MaximumWorkingSetSize = 40 * PG;
    to.Flags = QUOTA_LIMITS_HARDWS_MAX_ENABLE;
    ck_assert_int_eq(set(&to, sizeof to), 0);
    ck_assert(fake.ws.min == 21 * PG && fake.ws.max == 40 * PG && fake.ws.flags == (2 | 4));
    to.MinimumWorkingSetSize = 22 * PG;
    ck_assert_int_eq(set(&to, sizeof(QUOTA_LIMITS)), 0); /* no flags in that form */
    ck_assert(fake.ws.min == 22 * PG && fake.ws.flags == (2 | 4));
    unsigned before = fake.n_calls;
    for (ULONG len = 0; len < 200; len++)
        if (len != sizeof to && len != sizeof(QUOTA_LIMITS))
            ck_assert_int_eq(set(&to, len), MISMATCH);
    ck_assert_int_eq(set(NULL, sizeof to), FAULT);
    ck_assert_int_eq(set(barred + PG - 8, sizeof to), FAULT);
    ck_assert_int_eq(wvm_NtSetInformationProcess(NULL, ProcessQuotaLimits, NULL, sizeof to),
                     BAD_HANDLE);
    to.Reserved3 = 1;
    ck_assert_int_eq(set(&to, sizeof to), (NTSTATUS)STATUS_INVALID_PARAMETER);
    to.Reserved3 = 0;
    to.MaximumWorkingSetSize = 21 * PG;
    ck_assert_int_eq(set(&to, sizeof to), (NTSTATUS)STATUS_BAD_WORKING_SET_LIMIT);
    ck_assert_uint_eq(fake.n_calls, before);
    HANDLE weak;
    ck_assert_int_eq(wvm_handle_open_pseudo(WVM_OWN_PROCESS, PROCESS_QUERY_INFORMATION, &weak), 0);
    ck_assert_int_eq(wvm_NtSetInformationProcess(weak, ProcessQuotaLimits, &to, sizeof to), DENIED);
    ck_assert_int_eq(wvm_handle_close(weak), 0);
}
END_TEST

START_TEST(watch)
{
    static const struct { PROCESSINFOCLASS number; ULONG entry; } form[] = {
        {ProcessWorkingSetWatch, sizeof(PSAPI_WS_WATCH_INFORMATION)},
        {ProcessWorkingSetWatchEx, sizeof(PSAPI_WS_WATCH_INFORMATION_EX)}};
    for (unsigned i = 0; i < 2; i++) {
        ULONG entry = form[i].entry;
        ck_assert_int_eq(query((int)form[i].number, &at, entry - 1, NULL), MISMATCH);
        ck_assert_int_eq(wvm_NtQueryInformationProcess(NULL, form[i].number, NULL, 0, NULL),
                         MISMATCH);
        ck_assert_int_eq(wvm_NtQueryInformationProcess(NULL, form[i].number, NULL, entry, NULL),
                         BAD_HANDLE);
        ck_assert_int_eq(query((int)form[i].number, &at, sizeof at, NULL), /* not begun */
                         (NTSTATUS)STATUS_UNSUCCESSFUL);
        ck_assert_int_eq(wvm_NtSetInformationProcess(OWN, form[i].number, &at, entry), MISMATCH);
        ck_assert_int_eq(wvm_NtSetInformationProcess(NULL, form[i].number, NULL, 0), BAD_HANDLE);
    }
    ck_assert(unwritten());
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("nt-process-info", 20, &tc);
    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_loop_test(tc, lengths, 0, WVM_ARRAY_LEN(classes));
    tcase_add_loop_test(tc, order, 0, WVM_ARRAY_LEN(classes));
    tcase_add_test(tc, no_class);
    tcase_add_test(tc, basic);
    tcase_add_test(tc, limits);
    tcase_add_test(tc, counters);
    tcase_add_test(tc, times);
    tcase_add_test(tc, set_limits);
    tcase_add_test(tc, watch);
    return unit_run(suite);
}
