/* What threads and processes tell of themselves and keep: descriptions, hints, processors. */
#include <fcntl.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"

#define NAMED ((HRESULT)0x10000000)

static size_t length(LPCWSTR text)
{
    size_t n = 0;
    while (text[n])
        n++;
    return n;
}

static void check_name(HANDLE h, LPCWSTR wanted)
{
    PWSTR text = NULL;
    ck_assert_int_eq(GetThreadDescription(h, &text), NAMED);
    ck_assert_uint_eq(length(text), length(wanted));
    ck_assert(memcmp(text, wanted, length(wanted) * sizeof *text) == 0);
    ck_assert_ptr_null(LocalFree(text));
}

static void check_host_name(const char *wanted)
{
    char name[64];
    int fd = open("/proc/thread-self/comm", O_RDONLY);
    ssize_t n = fd >= 0 ? read(fd, name, sizeof name - 1) : -1;
    ck_assert_int_ge(n, 1);
    name[n - 1] = '\0';
    ck_assert_str_eq(name, wanted);
    close(fd);
}

static HANDLE go;

static DWORD WINAPI waits(LPVOID argument)
{
    (void)argument;
    return WaitForSingleObject(go, 20000);
}

START_TEST(descriptions)
{
    static WCHAR longest[32768];
    HANDLE self = GetCurrentThread();
    check_name(self, u"");
    ck_assert_int_eq(SetThreadDescription(self, u"a worker of the pool"), NAMED);
    check_name(self, u"a worker of the pool");
    check_host_name("a worker of the");
    ck_assert_int_eq(SetThreadDescription(self, u"fifteen bytes\u20ac"), NAMED);
    check_host_name("fifteen bytes");
    ck_assert_int_eq(SetThreadDescription(self, NULL), NAMED);
    check_name(self, u"");
    memset(longest, 'x', sizeof longest);
    longest[32767] = 0;
    ck_assert_int_eq(SetThreadDescription(self, longest), (HRESULT)0xD0000106);
    longest[32766] = 0;
    ck_assert_int_eq(SetThreadDescription(self, longest), NAMED);
    check_name(self, longest);
    ck_assert_int_eq(SetThreadDescription(self, u"main"), NAMED);
}
END_TEST

START_TEST(descriptions_of_others)
{
    go = CreateEventA(NULL, TRUE, FALSE, NULL);
    HANDLE h = CreateThread(NULL, 0, waits, NULL, 0, NULL), weak = NULL, self = GetCurrentProcess();
    PWSTR text = NULL;
    SetLastError(77);
    ck_assert_int_eq(SetThreadDescription(h, u"other"), NAMED);
    check_name(h, u"other");
    ck_assert(DuplicateHandle(self, h, self, &weak, SYNCHRONIZE, FALSE, 0));
    ck_assert_int_eq(SetThreadDescription(weak, u"no"), (HRESULT)0xD0000022);
    ck_assert_int_eq(GetThreadDescription(weak, &text), (HRESULT)0xD0000022);
    ck_assert_int_eq(SetThreadDescription(go, u"no"), (HRESULT)0xD0000008);
    ck_assert_ptr_null(text);
    ck_assert_uint_eq(GetLastError(), 77);
    SetEvent(go);
    ck_assert_uint_eq(WaitForSingleObject(h, 20000), WAIT_OBJECT_0);
    check_name(h, u"other"); /* it has ended, and keeps it */
    CloseHandle(weak);
    CloseHandle(h);
    h = CreateThread(NULL, 0, waits, NULL, 0, NULL);
    check_name(h, u"");
    WaitForSingleObject(h, 20000);
    CloseHandle(h);
    CloseHandle(go);
}
END_TEST

START_TEST(hints)
{
    HANDLE self = GetCurrentThread();
    MEMORY_PRIORITY_INFORMATION memory = {0};
    THREAD_POWER_THROTTLING_STATE power = {1, 1, 1};
    LONG priority;
    BOOL off = TRUE;
    ck_assert(GetThreadInformation(self, ThreadMemoryPriority, &memory, sizeof memory));
    ck_assert_uint_eq(memory.MemoryPriority, MEMORY_PRIORITY_NORMAL);
    memory.MemoryPriority = MEMORY_PRIORITY_VERY_LOW;
    ck_assert(SetThreadInformation(self, ThreadMemoryPriority, &memory, sizeof memory));
    memory.MemoryPriority = 6;
    ck_assert(!SetThreadInformation(self, ThreadMemoryPriority, &memory, sizeof memory));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    ck_assert(!SetThreadInformation(self, ThreadMemoryPriority, &memory, 8));
    ck_assert_uint_eq(GetLastError(), ERROR_BAD_LENGTH);
    ck_assert(GetThreadInformation(self, ThreadMemoryPriority, &memory, sizeof memory));
    ck_assert_uint_eq(memory.MemoryPriority, MEMORY_PRIORITY_VERY_LOW);
    ck_assert(SetThreadInformation(self, ThreadPowerThrottling, &power, sizeof power));
    power = (THREAD_POWER_THROTTLING_STATE){1, 0, 1};
    ck_assert(!SetThreadInformation(self, ThreadPowerThrottling, &power, sizeof power));
    ck_assert(GetThreadInformation(self, ThreadPowerThrottling, &power, sizeof power));
    ck_assert(power.ControlMask == 1 && power.StateMask == 1);
    ck_assert(GetThreadInformation(self, ThreadAbsoluteCpuPriority, &priority, sizeof priority));
    ck_assert_int_eq(priority, 8 + GetThreadPriority(self));
    ck_assert(!SetThreadInformation(self, ThreadAbsoluteCpuPriority, &priority, sizeof priority));
    ck_assert(!GetThreadInformation(NULL, ThreadMemoryPriority, &memory, sizeof memory));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_HANDLE);
    ck_assert(GetThreadPriorityBoost(self, &off) && !off);
    ck_assert(SetThreadPriorityBoost(self, TRUE) && GetThreadPriorityBoost(self, &off) && off);
}
END_TEST

START_TEST(processors)
{
    HANDLE self = GetCurrentThread();
    PROCESSOR_NUMBER number = {0, 0, 0}, before = {9, 9, 9}, now;
    GROUP_AFFINITY all, was, one = {.Mask = 0};
    DWORD_PTR own, system;
    ck_assert_uint_eq(SetThreadIdealProcessor(self, MAXIMUM_PROCESSORS + 1), (DWORD)-1);
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    ck_assert(GetThreadIdealProcessorEx(self, &now) && now.Group == 0);
    ck_assert_uint_eq(SetThreadIdealProcessor(self, MAXIMUM_PROCESSORS), now.Number);
    ck_assert_uint_eq(SetThreadIdealProcessor(self, 0), now.Number);
    ck_assert(SetThreadIdealProcessorEx(self, &number, &before));
    ck_assert(before.Group == 0 && before.Number == 0 && before.Reserved == 0);
    number.Group = 1;
    ck_assert(!SetThreadIdealProcessorEx(self, &number, NULL));
    ck_assert(GetProcessAffinityMask(GetCurrentProcess(), &own, &system));
    ck_assert(GetThreadGroupAffinity(self, &all) && all.Group == 0);
    ck_assert_uint_eq(all.Mask, own);
    ck_assert(!SetThreadGroupAffinity(self, &one, NULL));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    one.Mask = own & (~own + 1);
    ck_assert(SetThreadGroupAffinity(self, &one, &was) && was.Mask == all.Mask);
    ck_assert(GetThreadGroupAffinity(self, &was) && was.Mask == one.Mask);
    ck_assert(SetThreadGroupAffinity(self, &all, NULL));
}
END_TEST

START_TEST(process)
{
    HANDLE self = GetCurrentProcess();
    APP_MEMORY_INFORMATION app;
    PROCESS_MACHINE_INFORMATION machine;
    MEMORY_PRIORITY_INFORMATION memory = {2};
    PROCESS_PROTECTION_LEVEL_INFORMATION level;
    USHORT n = 0, groups[2] = {7, 7};
    DWORD handles = 0, more = 0;
    BOOL off = TRUE;
    ck_assert(GetProcessInformation(self, ProcessAppMemoryInfo, &app, sizeof app));
    ck_assert(app.AvailableCommit > 0 && app.PeakPrivateCommitUsage >= app.PrivateCommitUsage);
    ck_assert(GetProcessInformation(self, ProcessMachineTypeInfo, &machine, sizeof machine));
    ck_assert_uint_eq(machine.ProcessMachine, WINVM_64 ? 0x8664 : 0x014c);
    ck_assert(GetProcessInformation(self, ProcessProtectionLevelInfo, &level, sizeof level));
    ck_assert_uint_eq(level.ProtectionLevel, PROTECTION_LEVEL_NONE);
    ck_assert(SetProcessInformation(self, ProcessMemoryPriority, &memory, sizeof memory));
    memory.MemoryPriority = 0;
    ck_assert(GetProcessInformation(self, ProcessMemoryPriority, &memory, sizeof memory));
    ck_assert_uint_eq(memory.MemoryPriority, 2);
    ck_assert(!SetProcessInformation(self, ProcessAppMemoryInfo, &app, sizeof app));
    ck_assert_uint_eq(GetLastError(), ERROR_NOT_SUPPORTED);
    ck_assert(GetProcessHandleCount(self, &handles));
    HANDLE h = CreateEventA(NULL, TRUE, FALSE, NULL);
    ck_assert(GetProcessHandleCount(self, &more));
    ck_assert_uint_eq(more, handles + 1);
    CloseHandle(h);
    ck_assert_uint_eq(GetProcessVersion(0), 0x000A0000);
    ck_assert_uint_eq(GetProcessVersion(0x7ffffff0), 0);
    ck_assert(!GetProcessGroupAffinity(self, &n, groups) && n == 1);
    ck_assert_uint_eq(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
    ck_assert(GetProcessGroupAffinity(self, &n, groups) && n == 1 && groups[0] == 0);
    ck_assert(groups[1] == 7 && !SetProcessAffinityMask(self, 0));
    ck_assert(GetProcessPriorityBoost(self, &off) && !off);
}
END_TEST

START_TEST(native)
{
    HANDLE self = GetCurrentThread();
    THREAD_BASIC_INFORMATION basic;
    PROCESS_BASIC_INFORMATION host;
    KERNEL_USER_TIMES times;
    PVOID start = self;
    ULONG n = 0, count = 9;
    LONG priority = THREAD_PRIORITY_ABOVE_NORMAL;
    go = CreateEventA(NULL, TRUE, FALSE, NULL);
    ck_assert_int_eq(NtQueryInformationThread(self, ThreadBasicInformation, &basic, sizeof basic,
                                              &n), 0);
    ck_assert_uint_eq(n, sizeof basic);
    ck_assert_ptr_eq(basic.TebBaseAddress, NtCurrentTeb());
    ck_assert_uint_eq((ULONG_PTR)basic.ClientId.UniqueThread, GetCurrentThreadId());
    ck_assert_uint_eq((ULONG_PTR)basic.ClientId.UniqueProcess, GetCurrentProcessId());
    ck_assert_int_eq(basic.ExitStatus, STILL_ACTIVE);
    ck_assert_int_eq(NtQueryInformationProcess(GetCurrentProcess(), ProcessBasicInformation,
                                               &host, sizeof host, NULL), 0);
    ck_assert_ptr_eq(host.PebBaseAddress, NtCurrentTeb()->ProcessEnvironmentBlock);
    HANDLE h = CreateThread(NULL, 0, waits, NULL, CREATE_SUSPENDED, NULL);
    ck_assert_int_eq(NtQueryInformationThread(h, ThreadQuerySetWin32StartAddress, &start,
                                              sizeof start, NULL), 0);
    ck_assert(start == (PVOID)(uintptr_t)waits);
    ck_assert_int_eq(NtQueryInformationThread(h, ThreadSuspendCount, &count, 4, NULL), 0);
    ck_assert_uint_eq(count, 1);
    ck_assert_int_eq(NtQueryInformationThread(h, ThreadTimes, &times, sizeof times, NULL), 0);
    ck_assert_int_ne(times.CreateTime.QuadPart, 0);
    ck_assert_int_eq(NtSetInformationThread(h, ThreadBasePriority, &priority, 4), 0);
    ck_assert_int_eq(GetThreadPriority(h), priority);
    SetLastError(77);
    priority = 99;
    ck_assert_int_eq(NtSetInformationThread(h, ThreadBasePriority, &priority, 4),
                     STATUS_INVALID_PARAMETER);
    ck_assert_int_eq(NtQueryInformationThread(h, ThreadTimes, &times, 3, NULL),
                     STATUS_INFO_LENGTH_MISMATCH);
    ck_assert_int_eq(NtQueryInformationThread(h, ThreadZeroTlsCell, &times, 4, NULL),
                     STATUS_INVALID_INFO_CLASS);
    ck_assert_int_eq(NtQueryInformationThread(go, ThreadTimes, &times, sizeof times, NULL),
                     STATUS_INVALID_HANDLE);
    ck_assert_uint_eq(GetLastError(), 77);
    SetEvent(go);
    ResumeThread(h);
    ck_assert_uint_eq(WaitForSingleObject(h, 20000), WAIT_OBJECT_0);
    ck_assert_int_eq(NtQueryInformationThread(h, ThreadIsTerminated, &count, 4, NULL), 0);
    ck_assert_uint_eq(count, 1);
    CloseHandle(h);
    CloseHandle(go);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("kit_thread_info", 60, &tc);
    tcase_add_test(tc, descriptions);
    tcase_add_test(tc, descriptions_of_others);
    tcase_add_test(tc, hints);
    tcase_add_test(tc, processors);
    tcase_add_test(tc, process);
    tcase_add_test(tc, native);
    return unit_run(suite);
}
