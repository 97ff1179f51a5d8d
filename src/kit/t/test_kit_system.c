/* Clocks, processors, privileges, messages, Interlocked operations. */
#include <limits.h>
#include <sched.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"

static ULONGLONG ticks_of(FILETIME t)
{
    return (ULONGLONG)t.dwHighDateTime << 32 | t.dwLowDateTime;
}

START_TEST(clocks)
{
    LARGE_INTEGER before, after, second;
    FILETIME coarse, precise;
    ULONGLONG tick = GetTickCount64();
    ck_assert(QueryPerformanceFrequency(&second) && second.QuadPart == 10000000);
    ck_assert(QueryPerformanceCounter(&before));
    Sleep(50);
    ck_assert(QueryPerformanceCounter(&after));
    ck_assert_int_ge(after.QuadPart - before.QuadPart, 500000);
    ck_assert_uint_ge(GetTickCount64() - tick, 49);
    ck_assert_uint_lt((DWORD)(GetTickCount() - (DWORD)tick), 60000);
    GetSystemTimeAsFileTime(&coarse);
    GetSystemTimePreciseAsFileTime(&precise);
    ULONGLONG now = ((ULONGLONG)time(NULL) + 11644473600u) * 10000000;
    ck_assert_uint_lt(ticks_of(precise) - now + 20000000, 40000000);
    ck_assert_uint_lt(ticks_of(precise) - ticks_of(coarse), 10000000);
}
END_TEST

static uint64_t usable(void)
{
    cpu_set_t set;
    uint64_t mask = 0;
    sched_getaffinity(0, sizeof set, &set);
    for (unsigned i = 0; i < 64; i++)
        mask |= (uint64_t)(CPU_ISSET(i, &set) != 0) << i;
    return mask;
}

START_TEST(processors)
{
    static SYSTEM_LOGICAL_PROCESSOR_INFORMATION info[640];
    DWORD size = 0;
    uint64_t cores = 0, packages = 0, nodes = 0;
    ck_assert(!GetLogicalProcessorInformation(NULL, &size));
    ck_assert_uint_eq(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
    ck_assert_uint_gt(size, 0);
    ck_assert_uint_eq(size % sizeof info[0], 0);
    ck_assert(GetLogicalProcessorInformation(info, &size));
    for (unsigned i = 0; i < size / sizeof info[0]; i++) {
        uint64_t mask = info[i].ProcessorMask;
        ck_assert(mask != 0 && (mask & ~usable()) == 0);
        if (info[i].Relationship == RelationProcessorCore) {
            ck_assert((cores & mask) == 0);
            cores |= mask;
        } else if (info[i].Relationship == RelationProcessorPackage) {
            packages |= mask;
        } else if (info[i].Relationship == RelationNumaNode) {
            ck_assert((nodes & mask) == 0);
            nodes |= mask;
        } else {
            ck_assert_int_eq(info[i].Relationship, RelationCache);
            ck_assert_uint_ge(info[i].Cache.Level, 1);
            ck_assert_uint_gt(info[i].Cache.Size, 0);
        }
    }
    ck_assert_uint_eq(cores, usable());
    ck_assert_uint_eq(packages, usable());
    ck_assert_uint_eq(nodes, usable());
}
END_TEST

START_TEST(processors_extended)
{
    static BYTE buffer[65536] __attribute__((aligned(8)));
    DWORD size = 0, whole = 0, part;
    uint64_t cores = 0;
    ck_assert(!GetLogicalProcessorInformationEx(RelationAll, NULL, &whole));
    for (int kind = RelationProcessorCore; kind <= RelationGroup; kind++) {
        part = 0;
        GetLogicalProcessorInformationEx((LOGICAL_PROCESSOR_RELATIONSHIP)kind, NULL, &part);
        size += part;
    }
    ck_assert_uint_eq(size, whole);
    size = sizeof buffer;
    ck_assert(GetLogicalProcessorInformationEx(RelationProcessorCore, (void *)buffer, &size));
    for (DWORD at = 0; at < size;) {
        SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX *one = (void *)(buffer + at);
        ck_assert_int_eq(one->Relationship, RelationProcessorCore);
        ck_assert_uint_eq(one->Size, WINVM_64 ? 48 : 44);
        ck_assert_uint_eq(one->Processor.GroupCount, 1);
        cores |= one->Processor.GroupMask[0].Mask;
        at += one->Size;
    }
    ck_assert_uint_eq(cores, usable());
    size = sizeof buffer;
    ck_assert(GetLogicalProcessorInformationEx(RelationGroup, (void *)buffer, &size));
    GROUP_RELATIONSHIP *group = &((SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX *)(void *)buffer)->Group;
    ck_assert_uint_eq(group->ActiveGroupCount, 1);
    ck_assert_uint_eq(group->GroupInfo[0].ActiveProcessorMask, usable());
    ck_assert(!GetLogicalProcessorInformationEx((LOGICAL_PROCESSOR_RELATIONSHIP)77, NULL, &size));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
}
END_TEST

START_TEST(one_processor)
{
    UCHAR node;
    USHORT node16;
    PROCESSOR_NUMBER number;
    GetCurrentProcessorNumberEx(&number);
    ck_assert(usable() >> number.Number & 1);
    ck_assert(usable() >> GetCurrentProcessorNumber() & 1);
    ck_assert(GetNumaProcessorNode(number.Number, &node));
    ck_assert(GetNumaProcessorNodeEx(&number, &node16) && node16 == node);
    ck_assert(!GetNumaProcessorNode(200, &node) && node == 0xff);
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    number.Group = 1;
    ck_assert(!GetNumaProcessorNodeEx(&number, &node16) && node16 == 0xffff);
    ck_assert(IsProcessorFeaturePresent(PF_RDTSC_INSTRUCTION_AVAILABLE));
    ck_assert(IsProcessorFeaturePresent(PF_COMPARE_EXCHANGE_DOUBLE));
#if defined(__x86_64__)
    ck_assert(IsProcessorFeaturePresent(PF_XMMI64_INSTRUCTIONS_AVAILABLE));
#endif
    __builtin_cpu_init();
    ck_assert_int_eq(IsProcessorFeaturePresent(PF_AVX2_INSTRUCTIONS_AVAILABLE),
                     __builtin_cpu_supports("avx2") != 0);
    ck_assert_int_eq(IsProcessorFeaturePresent(PF_SSE4_2_INSTRUCTIONS_AVAILABLE),
                     __builtin_cpu_supports("sse4.2") != 0);
    ck_assert(!IsProcessorFeaturePresent(PF_FLOATING_POINT_EMULATED));
    ck_assert(!IsProcessorFeaturePresent(1000));
}
END_TEST

/* Room for three privileges. */
static union {
    TOKEN_PRIVILEGES p;
    BYTE room[sizeof(TOKEN_PRIVILEGES) + 2 * sizeof(LUID_AND_ATTRIBUTES)];
} state, before;

static LUID luid_of(LPCSTR name)
{
    LUID luid = {0, 0};
    ck_assert(LookupPrivilegeValueA(NULL, name, &luid));
    return luid;
}

START_TEST(privileges)
{
    HANDLE token, reader;
    DWORD needed = 0;
    LUID luid;
    LUID_AND_ATTRIBUTES *list = state.p.Privileges;
    ck_assert(OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES | TOKEN_QUERY, &token));
    ck_assert(OpenProcessToken(GetCurrentProcess(), GENERIC_READ, &reader));
    ck_assert_uint_eq(luid_of("selockmemoryPRIVILEGE").LowPart, 4);
    ck_assert_uint_eq(luid_of("SeIncreaseWorkingSetPrivilege").LowPart, 33);
    ck_assert_uint_eq(luid_of("SeDebugPrivilege").LowPart, 20);
    ck_assert_uint_eq(luid_of("SeCreateSymbolicLinkPrivilege").LowPart, 35);
    ck_assert(LookupPrivilegeValueW(NULL, u"SeLockMemoryPrivilege", &luid) && luid.LowPart == 4);
    ck_assert(!LookupPrivilegeValueA(NULL, "SeNoSuchPrivilege", &luid));
    ck_assert_uint_eq(GetLastError(), ERROR_NO_SUCH_PRIVILEGE);
    state.p.PrivilegeCount = 2;
    list[0] = (LUID_AND_ATTRIBUTES){luid_of("SeIncreaseQuotaPrivilege"), 0};
    list[1] =
        (LUID_AND_ATTRIBUTES){luid_of("SeIncreaseWorkingSetPrivilege"), SE_PRIVILEGE_ENABLED};
    ck_assert(!AdjustTokenPrivileges(reader, FALSE, &state.p, 0, NULL, NULL));
    ck_assert_uint_eq(GetLastError(), ERROR_ACCESS_DENIED);
    ck_assert(!AdjustTokenPrivileges(token, FALSE, &state.p, 4, &before.p, &needed));
    ck_assert_uint_eq(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
    ck_assert_uint_eq(needed, 16); /* one of them changes */
    ck_assert_int_eq(winvm_privilege(5, -1), 2);
    ck_assert(AdjustTokenPrivileges(token, FALSE, &state.p, sizeof before, &before.p, &needed));
    ck_assert_uint_eq(GetLastError(), NO_ERROR);
    ck_assert_uint_eq(before.p.PrivilegeCount, 1);
    ck_assert_uint_eq(before.p.Privileges[0].Luid.LowPart, 5);
    ck_assert_uint_eq(before.p.Privileges[0].Attributes, SE_PRIVILEGE_ENABLED);
    ck_assert_int_eq(winvm_privilege(5, -1), 1);
    ck_assert(AdjustTokenPrivileges(token, FALSE, &before.p, 0, NULL, NULL));
    ck_assert_int_eq(winvm_privilege(5, -1), 2);
    list[0] =
        (LUID_AND_ATTRIBUTES){luid_of("SeDebugPrivilege"), SE_PRIVILEGE_ENABLED};
    ck_assert(AdjustTokenPrivileges(token, FALSE, &state.p, 0, NULL, NULL));
    ck_assert_uint_eq(GetLastError(), ERROR_NOT_ALL_ASSIGNED);
    ck_assert(AdjustTokenPrivileges(token, TRUE, NULL, 0, NULL, NULL));
    ck_assert_int_eq(winvm_privilege(4, -1), 1);
    ck_assert_int_eq(winvm_privilege(33, -1), 1);
    ck_assert(!AdjustTokenPrivileges(NULL, TRUE, NULL, 0, NULL, NULL));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_HANDLE);
    ck_assert_uint_eq(WaitForSingleObject(token, 0), WAIT_FAILED);
    ck_assert(CloseHandle(token) && CloseHandle(reader));
}
END_TEST

START_TEST(user)
{
    union {
        TOKEN_USER user;
        char room[128];
    } told, copy;
    HANDLE token;
    DWORD n = 0;
    ck_assert(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token));
    ck_assert(!GetTokenInformation(token, TokenUser, NULL, 0, &n));
    ck_assert_uint_eq(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
    ck_assert_uint_le(n, sizeof told);
    ck_assert(GetTokenInformation(token, TokenUser, &told, n, &n));
    PSID sid = told.user.User.Sid;
    ck_assert((char *)sid > (char *)&told && (char *)sid < told.room + n);
    ck_assert(IsValidSid(sid) && *GetSidSubAuthorityCount(sid) == 2);
    ck_assert_uint_eq(GetLengthSid(sid), GetSidLengthRequired(2));
    ck_assert_uint_eq(*GetSidSubAuthority(sid, 1), geteuid());
    ck_assert((char *)sid + GetLengthSid(sid) <= told.room + n);
    ck_assert(!CopySid(15, &copy, sid) && GetLastError() == ERROR_INSUFFICIENT_BUFFER);
    ck_assert(CopySid(sizeof copy, &copy, sid) && EqualSid(&copy, sid));
    *GetSidSubAuthority(&copy, 1) += 1;
    ck_assert(!EqualSid(&copy, sid) && GetLastError() == NO_ERROR);
    copy.room[0] = 2;
    ck_assert(!IsValidSid(&copy) && !EqualSid(&copy, sid));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_SID);
    CloseHandle(token);
}
END_TEST

START_TEST(messages_of_modules)
{
    char out[200];
    const DWORD module = FORMAT_MESSAGE_FROM_HMODULE | FORMAT_MESSAGE_IGNORE_INSERTS;
    HMODULE nt = GetModuleHandleA("ntdll.dll"), kernel = GetModuleHandleA("kernel32.dll");
    DWORD conflict = (DWORD)STATUS_CONFLICTING_ADDRESSES;
    ck_assert(FormatMessageA(module, nt, conflict, 0, out, 200, NULL));
    ck_assert_str_eq(out, "{Conflicting Address Range}\r\n"
                          "The specified address range conflicts with the address space.\r\n");
    ck_assert(FormatMessageA(module, kernel, ERROR_ACCESS_DENIED, 0, out, 200, NULL));
    ck_assert_str_eq(out, "Access is denied.\r\n");
    ck_assert(!FormatMessageA(module, nt, ERROR_ACCESS_DENIED, 0, out, 200, NULL));
    ck_assert_uint_eq(GetLastError(), ERROR_MR_MID_NOT_FOUND);
    ck_assert(FormatMessageA(module | FORMAT_MESSAGE_FROM_SYSTEM, nt, ERROR_ACCESS_DENIED, 0, out,
                             200, NULL));
    ck_assert(!FormatMessageA(module, NULL, conflict, 0, out, 200, NULL));
    ck_assert_uint_eq(GetLastError(), ERROR_RESOURCE_TYPE_NOT_FOUND);
    WCHAR *wide = NULL;
    DWORD n = FormatMessageW(module | FORMAT_MESSAGE_ALLOCATE_BUFFER, nt, conflict, 0,
                             (LPWSTR)(void *)&wide, 0, NULL);
    ck_assert(n == 92 && wide[0] == '{' && wide[n - 1] == '\n');
    LocalFree(wide);
}
END_TEST

static DWORD format_list(LPCSTR text, LPSTR out, DWORD cap, ...)
{
    va_list list;
    va_start(list, cap);
    DWORD n = FormatMessageA(FORMAT_MESSAGE_FROM_STRING, text, 0, 0, out, cap, &list);
    va_end(list);
    return n;
}

static DWORD format_array(DWORD flags, LPCVOID text, DWORD id, LPSTR out, DWORD cap,
                          const ULONG_PTR *array)
{
    return FormatMessageA(flags | FORMAT_MESSAGE_ARGUMENT_ARRAY, text, id, 0, out, cap,
                          (va_list *)(uintptr_t)array);
}

START_TEST(messages)
{
    char out[200], *made = NULL;
    WCHAR wide[200];
    const ULONG_PTR array[] = {(ULONG_PTR)"one", (ULONG_PTR)-7, 0xbeef};
    const DWORD system = FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS;
    ck_assert_uint_eq(FormatMessageA(system, NULL, ERROR_ACCESS_DENIED, 0, out, 200, NULL), 19);
    ck_assert_str_eq(out, "Access is denied.\r\n");
    ck_assert_uint_eq(FormatMessageA(system | 255, NULL, 0x80070006, 0, out, 200, NULL), 23);
    ck_assert_str_eq(out, "The handle is invalid. ");
    ck_assert_uint_eq(FormatMessageW(system, NULL, ERROR_INVALID_HANDLE, 0, wide, 200, NULL), 24);
    ck_assert_uint_eq(wide[21], '.');
    ck_assert_uint_eq(FormatMessageA(system, NULL, ERROR_ACCESS_DENIED, 0, out, 19, NULL), 0);
    ck_assert_uint_eq(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
    ck_assert_uint_eq(FormatMessageA(system, NULL, 99999, 0, out, 200, NULL), 0);
    ck_assert_uint_eq(GetLastError(), ERROR_MR_MID_NOT_FOUND);
    ck_assert_uint_eq(FormatMessageA(system, NULL, ERROR_BAD_EXE_FORMAT, 0, out, 200, NULL), 38);
    ck_assert_str_eq(out, "%1 is not a valid Win32 application.\r\n");
    ck_assert_uint_eq(format_array(FORMAT_MESSAGE_FROM_SYSTEM, NULL, ERROR_BAD_EXE_FORMAT, out, 200,
                                   array), 39);
    ck_assert_str_eq(out, "one is not a valid Win32 application.\r\n");
    ck_assert_uint_gt(format_array(FORMAT_MESSAGE_FROM_STRING, "%2!d! %1!-5s!| %3!08X!%n%%%!%0x", 0,
                                   out, 200, array), 0);
    ck_assert_str_eq(out, "-7 one  | 0000BEEF\r\n%!");
    ck_assert_uint_gt(format_list("%3 %1 %2!u!", out, 200, "a", (ULONG_PTR)12, "c"), 0);
    ck_assert_str_eq(out, "c a 12");
    ck_assert_uint_eq(FormatMessageA(FORMAT_MESSAGE_FROM_STRING, "%1", 0, 0, out, 200, NULL), 0);
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    ck_assert_uint_eq(FormatMessageA(system | FORMAT_MESSAGE_ALLOCATE_BUFFER, NULL, ERROR_BUSY, 0,
                                     (LPSTR)&made, 0, NULL), 35);
    ck_assert_str_eq(made, "The requested resource is in use.\r\n");
    ck_assert_ptr_null(LocalFree(made));
}
END_TEST

START_TEST(every_error_has_a_text)
{
    static const DWORD errors[] = {
        ERROR_NOT_ENOUGH_MEMORY, ERROR_INVALID_PARAMETER, ERROR_INVALID_ADDRESS, ERROR_NOACCESS,
        ERROR_COMMITMENT_LIMIT, ERROR_WORKING_SET_QUOTA, ERROR_PRIVILEGE_NOT_HELD, ERROR_TIMEOUT,
        ERROR_NOT_LOCKED, ERROR_NOT_OWNER, ERROR_TOO_MANY_POSTS, ERROR_ENVVAR_NOT_FOUND,
        ERROR_NO_SUCH_PRIVILEGE, ERROR_NOT_ALL_ASSIGNED, ERROR_NO_MORE_ITEMS, ERROR_DISCARDED,
    };
    char out[256];
    for (unsigned i = 0; i < ARRAYSIZE(errors); i++)
        ck_assert_uint_gt(FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM, NULL, errors[i], 0, out,
                                         sizeof out, NULL), 10);
}
END_TEST

START_TEST(interlocked)
{
    LONG word = 5;
    LONG64 large __attribute__((aligned(8))) = 1;
    SHORT small = -1;
    PVOID pointer = &word;
    ck_assert_int_eq(InterlockedIncrement(&word), 6);
    ck_assert_int_eq(InterlockedDecrementAcquire(&word), 5);
    ck_assert_int_eq(InterlockedExchangeAdd(&word, 10), 5);
    ck_assert_int_eq(InterlockedAdd(&word, -1), 14);
    ck_assert_int_eq(InterlockedCompareExchange(&word, 100, 14), 14);
    ck_assert_int_eq(InterlockedCompareExchange(&word, 200, 14), 100);
    ck_assert_int_eq(InterlockedExchange(&word, 0xf0), 100);
    ck_assert_int_eq(InterlockedAnd(&word, 0x3f), 0xf0);
    ck_assert_int_eq(InterlockedOr(&word, 1), 0x30);
    ck_assert_int_eq(InterlockedXor(&word, 0x31), 0x31);
    ck_assert_int_eq(word, 0);
    ck_assert_int_eq(InterlockedIncrement64(&large), 2);
    ck_assert_int_eq(InterlockedExchangeAcquire64(&large, INT64_MIN), 2);
    ck_assert(InterlockedCompareExchange64(&large, 7, INT64_MIN) == INT64_MIN && large == 7);
    ck_assert_int_eq(InterlockedAnd64Release(&large, 3), 7);
    ck_assert_int_eq(InterlockedAdd64(&large, 1), 4);
    ck_assert_int_eq(InterlockedIncrement16(&small), 0);
    ck_assert_ptr_eq(InterlockedExchangePointer(&pointer, NULL), &word);
    ck_assert_ptr_null(InterlockedCompareExchangePointer(&pointer, &small, NULL));
    ck_assert_ptr_eq(pointer, &small);
    LONG bits[2] = {0, 0};
    ck_assert(!InterlockedBitTestAndSet(bits, 37) && bits[1] == 32);
    ck_assert(InterlockedBitTestAndReset(bits, 37) && bits[1] == 0);
#if WINVM_64
    LONG64 pair[2] __attribute__((aligned(16))) = {1, 2}, expected[2] = {1, 3};
    ck_assert(!InterlockedCompareExchange128(pair, 9, 8, expected));
    ck_assert(expected[0] == 1 && expected[1] == 2);
    ck_assert(InterlockedCompareExchange128(pair, 9, 8, expected));
    ck_assert(pair[0] == 8 && pair[1] == 9);
#endif
}
END_TEST

START_TEST(what_a_token_tells)
{
    HANDLE token = NULL, blind = NULL;
    DWORD size = 0, value = 7;
    BOOL all = 7;
    char name[32];
    WCHAR wide[32];
    struct {
        DWORD n;
        LUID_AND_ATTRIBUTES at[64];
    } held;
    PRIVILEGE_SET set = {.PrivilegeCount = 1, .Control = PRIVILEGE_SET_ALL_NECESSARY};
    ck_assert(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token));
    ck_assert(OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES, &blind));
    ck_assert(!GetTokenInformation(token, TokenPrivileges, NULL, 0, &size));
    ck_assert_uint_eq(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
    ck_assert(GetTokenInformation(token, TokenPrivileges, &held, sizeof held, &size));
    ck_assert_uint_eq(size, 4 + held.n * sizeof held.at[0]);
    ck_assert_uint_gt(held.n, 0);
    for (DWORD i = 0; i < held.n; i++) {
        set.Privilege[0] = held.at[i];
        ck_assert(PrivilegeCheck(token, &set, &all));
        ck_assert_int_eq(all, (held.at[i].Attributes & SE_PRIVILEGE_ENABLED) != 0);
        size = sizeof name;
        ck_assert(LookupPrivilegeNameA(NULL, &held.at[i].Luid, name, &size));
        ck_assert_uint_eq(size, strlen(name));
        LUID back;
        ck_assert(LookupPrivilegeValueA(NULL, name, &back));
        ck_assert_uint_eq(back.LowPart, held.at[i].Luid.LowPart);
        size = 3;
        ck_assert(!LookupPrivilegeNameW(NULL, &held.at[i].Luid, wide, &size));
        ck_assert_uint_eq(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
        ck_assert_uint_eq(size, strlen(name) + 1);
    }
    ck_assert(GetTokenInformation(token, TokenElevation, &value, sizeof value, &size));
    ck_assert_uint_eq(value, geteuid() == 0);
    ck_assert(!GetTokenInformation(token, TokenElevation, &value, 3, &size));
    ck_assert_uint_eq(GetLastError(), ERROR_BAD_LENGTH);
    ck_assert(!GetTokenInformation(blind, TokenElevation, &value, sizeof value, &size));
    ck_assert_uint_eq(GetLastError(), ERROR_ACCESS_DENIED);
    ck_assert(!GetTokenInformation(token, (TOKEN_INFORMATION_CLASS)0, &value, 4, &size));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    ck_assert(!GetTokenInformation(token, TokenGroups, &value, 4, &size));
    ck_assert_uint_eq(GetLastError(), ERROR_NOT_SUPPORTED);
    size = sizeof name;
    ck_assert(!LookupPrivilegeNameA(NULL, &(LUID){1000, 0}, name, &size));
    ck_assert_uint_eq(GetLastError(), ERROR_NO_SUCH_PRIVILEGE);
    CloseHandle(token);
    CloseHandle(blind);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("kit_system", 60, &tc);
    tcase_add_test(tc, clocks);
    tcase_add_test(tc, processors);
    tcase_add_test(tc, processors_extended);
    tcase_add_test(tc, one_processor);
    tcase_add_test(tc, privileges);
    tcase_add_test(tc, messages);
    tcase_add_test(tc, messages_of_modules);
    tcase_add_test(tc, user);
    tcase_add_test(tc, every_error_has_a_text);
    tcase_add_test(tc, interlocked);
    tcase_add_test(tc, what_a_token_tells);
    return unit_run(suite);
}
