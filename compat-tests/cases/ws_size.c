/* Limits of the working set and their quota (WS-007, WS-014, WS-016, WS-020..033). */
#include "../compat_section.h"

#ifdef __linux__
#include <winvm/control.h>
#endif

#define ST_PRIVILEGE_NOT_HELD 0xC0000061u
#define MIN_FIRST 204800u
#define MAX_FIRST 1413120u
enum { CLASS_LIMITS = 1 };
enum { MIN_ENABLE = 1, MIN_DISABLE = 2, MAX_ENABLE = 4, MAX_DISABLE = 8 };

struct limits {
    SIZE_T paged, nonpaged, min, max, pagefile;
    int64_t time __attribute__((aligned(8)));
};
typedef NTSTATUS(NTAPI *info_call)(HANDLE, int, void *, ULONG, ULONG *);
typedef BOOL(WINAPI *get_ex_call)(HANDLE, SIZE_T *, SIZE_T *, DWORD *);
typedef BOOL(WINAPI *set_ex_call)(HANDLE, SIZE_T, SIZE_T, DWORD);

static BOOL set_size(SIZE_T min, SIZE_T max)
{
    return SetProcessWorkingSetSize(GetCurrentProcess(), min, max);
}

static void expect_size(SIZE_T want_min, SIZE_T want_max)
{
    SIZE_T min = 1, max = 1;

    expect_success(GetProcessWorkingSetSize(GetCurrentProcess(), &min, &max));
    todo_wine("always 32 MiB") {
        expect_eq(min, want_min);
        expect_eq(max, want_max);
    }
}

/* Each case starts and ends with the limits of a fresh process. */
static void begin(void)
{
    set_size(MIN_FIRST, MAX_FIRST);
}

CASE(WS, 007, "a larger minimum, then lock what the quota refused", "TRUE")
{
    enum { MUCH = 128 * PG };
    BYTE *a = obtain(MUCH, MEM_COMMIT, RWR);

    begin();
    todo_wine("there is no quota when the host sets none")
        expect_error(VirtualLock(a, MUCH), ERROR_WORKING_SET_QUOTA);
    if (!set_size(256 * PG, 512 * PG)) {
        skip_if(is_native() && GetLastError() == ERROR_NO_SYSTEM_RESOURCES,
                "RLIMIT_MEMLOCK does not allow it");
        ok(0, "SetProcessWorkingSetSize: error %lu", (unsigned long)GetLastError());
    }
    expect_success(VirtualLock(a, MUCH));
    expect_success(VirtualUnlock(a, MUCH));
    begin();
}

CASE(WS, 014, "VirtualProtect(NA) of a locked page", "TRUE; then no longer locked")
{
    BYTE *a = obtain(0x4000, MEM_COMMIT, RWR);
    DWORD old = 0;

    memset(a, 0x14, 0x4000);
    expect_success(VirtualLock(a, 0x4000));
    expect_success(VirtualProtect(a + PG, PG, NA, &old));
    expect_eq(old, RWR);
    expect_fault(touch_read(a + PG), 0, a + PG);
    expect_success(VirtualProtect(a + PG, PG, RWR, &old));
    expect_eq(a[PG], 0x14);
    todo_wine("pages that are not locked are unlocked without an error")
        expect_error(VirtualUnlock(a + PG, PG), ERROR_NOT_LOCKED);
    expect_success(VirtualUnlock(a, PG));
    expect_success(VirtualUnlock(a + 0x2000, 0x2000));
}

/* Disables a privilege, or enables it again. 0: that cannot be done here. */
static int privilege(unsigned number, int enable)
{
#ifdef __linux__
    return winvm_privilege(number, enable) > 0;
#else
    (void)number;
    (void)enable;
    return 0;
#endif
}

CASE(WS, 016, "NtLockVirtualMemory, map types 1, 2 and 0",
     "0; 0 or PRIVILEGE_NOT_HELD; INVALID_PARAMETER")
{
    enum { LOCK_MEMORY = 4 };
    BYTE *a = obtain(0x4000, MEM_COMMIT, RWR);

    expect_status(nt_lock(a, PG, 1).status, ST_SUCCESS);
    expect_status(nt_lock(a + 0x2000, PG, 2).status, ST_SUCCESS, ST_PRIVILEGE_NOT_HELD);
    if (privilege(LOCK_MEMORY, 0)) {
        expect_status(nt_lock(a + 0x3000, PG, 2).status, ST_PRIVILEGE_NOT_HELD);
        expect_status(nt_lock(a + 0x3000, PG, 3).status, ST_PRIVILEGE_NOT_HELD);
        expect_status(nt_lock(a + 0x3000, PG, 1).status, ST_SUCCESS);
        expect_eq(privilege(LOCK_MEMORY, 1), 1);
        expect_status(nt_lock(a + 0x3000, PG, 2).status, ST_SUCCESS);
    }
    todo_wine("any map type is taken") {
        expect_parameter(nt_lock(a, PG, 0).status, 4);
        expect_parameter(nt_lock(a, PG, 4).status, 4);
    }
    VirtualUnlock(a, PG);
}

CASE(WS, 020, "GetProcessWorkingSetSize", "204800, 1413120")
{
    begin();
    expect_size(MIN_FIRST, MAX_FIRST);
}

CASE(WS, 021, "NtQueryInformationProcess(ProcessQuotaLimits)", "the same; other limits all ones")
{
    info_call call = (info_call)find_call("NtQueryInformationProcess");
    struct limits limits;
    ULONG length = 0;

    need_call(call, "NtQueryInformationProcess");
    begin();
    memset(&limits, 0xcc, sizeof(limits));
    todo_wine("the class is not known") {
        expect_status(call(GetCurrentProcess(), CLASS_LIMITS, &limits, sizeof(limits), &length),
                      ST_SUCCESS);
        expect_eq(length, sizeof(limits));
        expect_eq(limits.min, MIN_FIRST);
        expect_eq(limits.max, MAX_FIRST);
        expect_eq(limits.pagefile, (SIZE_T)-1);
        expect_eq(limits.time, -1);
    }
}

CASE(WS, 022, "the same, lengths 2, size - 1, size * 2", "INFO_LENGTH_MISMATCH")
{
    info_call call = (info_call)find_call("NtQueryInformationProcess");
    struct limits two[2];
    HANDLE self = GetCurrentProcess();

    need_call(call, "NtQueryInformationProcess");
    todo_wine("the class is not known") {
        expect_status(call(self, CLASS_LIMITS, two, 2, NULL), ST_INFO_LENGTH_MISMATCH);
        expect_status(call(self, CLASS_LIMITS, two, sizeof(two[0]) - 1, NULL),
                      ST_INFO_LENGTH_MISMATCH);
        expect_status(call(self, CLASS_LIMITS, two, sizeof(two), NULL), ST_INFO_LENGTH_MISMATCH);
    }
}

CASE(WS, 023, "the same, NULL handle", "INVALID_HANDLE")
{
    info_call call = (info_call)find_call("NtQueryInformationProcess");
    struct limits limits;

    need_call(call, "NtQueryInformationProcess");
    todo_wine("the class is not known")
        expect_status(call(NULL, CLASS_LIMITS, &limits, sizeof(limits), NULL), ST_INVALID_HANDLE);
}

CASE(WS, 024, "SetProcessWorkingSetSize(-1, -1)", "TRUE; contents and limits stay")
{
    BYTE *a = obtain(0x10000, MEM_COMMIT, RWR);

    begin();
    memset(a, 0x5a, 0x10000);
    expect_success(set_size((SIZE_T)-1, (SIZE_T)-1));
    expect_eq(a[0x8000], 0x5a);
    expect_size(MIN_FIRST, MAX_FIRST);
}

CASE(WS, 025, "minimum above maximum", "FALSE, 87")
{
    begin();
    todo_wine("limits are not looked at")
        expect_error(set_size(0x80000, 0x40000), ERROR_INVALID_PARAMETER);
    expect_size(MIN_FIRST, MAX_FIRST);
}

CASE(WS, 026, "one limit 0", "FALSE, 87")
{
    begin();
    todo_wine("limits are not looked at") {
        expect_error(set_size(0, 0x100000), ERROR_INVALID_PARAMETER);
        expect_error(set_size(0x100000, 0), ERROR_INVALID_PARAMETER);
    }
    expect_size(MIN_FIRST, MAX_FIRST);
}

CASE(WS, 027, "a minimum below 20 pages", "TRUE, stored as 20 pages")
{
    begin();
    expect_success(set_size(PG, MAX_FIRST));
    expect_size(20 * PG, MAX_FIRST);
    begin();
}

CASE(WS, 028, "a maximum below 13 pages", "FALSE, 87")
{
    begin();
    todo_wine("limits are not looked at")
        expect_error(set_size(PG, 12 * PG), ERROR_INVALID_PARAMETER);
    expect_size(MIN_FIRST, MAX_FIRST);
}

CASE(WS, 029, "a maximum, a minimum beyond what the system has",
     "FALSE or less is stored; FALSE, 87 or 1450")
{
    const SIZE_T beyond = ~(SIZE_T)0 - 0xFFFF;
    SIZE_T min = 0, max = 0;
    struct compat_memory_status m;

    skip_if(memory_status(&m) && m.total_phys > beyond, "the system has more than can be asked");
    begin();
    if (set_size(MIN_FIRST, beyond)) {
        expect_success(GetProcessWorkingSetSize(GetCurrentProcess(), &min, &max));
        expect_eq(min, is_wine() ? min : MIN_FIRST);
        ok(max < beyond && max > MAX_FIRST, "the maximum is %llu", (unsigned long long)max);
    } else {
        expect_size(MIN_FIRST, MAX_FIRST);
    }
    begin();
    todo_wine("limits are not looked at")
        expect_error(set_size(beyond, beyond), ERROR_INVALID_PARAMETER,
                     ERROR_NO_SYSTEM_RESOURCES);
    expect_size(MIN_FIRST, MAX_FIRST);
}

CASE(WS, 030, "raise without SeIncreaseWorkingSetPrivilege", "FALSE, 1314")
{
    enum { INCREASE_WORKING_SET = 33 };

    begin();
    skip_if(!privilege(INCREASE_WORKING_SET, 0), "privileges cannot be taken away here");
    expect_error(set_size(MIN_FIRST, MAX_FIRST + PG), ERROR_PRIVILEGE_NOT_HELD);
    expect_error(set_size(MIN_FIRST + PG, MAX_FIRST), ERROR_PRIVILEGE_NOT_HELD);
    expect_size(MIN_FIRST, MAX_FIRST);
    expect_success(set_size(MIN_FIRST - PG, MAX_FIRST - PG));
    expect_eq(privilege(INCREASE_WORKING_SET, 1), 1);
    expect_success(set_size(MIN_FIRST, MAX_FIRST));
    expect_size(MIN_FIRST, MAX_FIRST);
}

CASE(WS, 031, "both flags of a pair", "FALSE, 87")
{
    set_ex_call set = (set_ex_call)find_call("SetProcessWorkingSetSizeEx");
    HANDLE self = GetCurrentProcess();

    need_call(set, "SetProcessWorkingSetSizeEx");
    begin();
    todo_wine("flags are not looked at") {
        expect_error(set(self, MIN_FIRST, MAX_FIRST, MIN_ENABLE | MIN_DISABLE),
                     ERROR_INVALID_PARAMETER);
        expect_error(set(self, MIN_FIRST, MAX_FIRST, MAX_ENABLE | MAX_DISABLE),
                     ERROR_INVALID_PARAMETER);
    }
}

CASE(WS, 032, "unknown flags", "FALSE, 87")
{
    set_ex_call set = (set_ex_call)find_call("SetProcessWorkingSetSizeEx");
    HANDLE self = GetCurrentProcess();

    need_call(set, "SetProcessWorkingSetSizeEx");
    begin();
    todo_wine("flags are not looked at") {
        expect_error(set(self, MIN_FIRST, MAX_FIRST, 0x10), ERROR_INVALID_PARAMETER);
        expect_error(set(self, MIN_FIRST, MAX_FIRST, 0x80000000u | MIN_ENABLE),
                     ERROR_INVALID_PARAMETER);
    }
    expect_size(MIN_FIRST, MAX_FIRST);
}

CASE(WS, 033, "GetProcessWorkingSetSizeEx after setting flags", "the flags")
{
    get_ex_call get = (get_ex_call)find_call("GetProcessWorkingSetSizeEx");
    set_ex_call set = (set_ex_call)find_call("SetProcessWorkingSetSizeEx");
    HANDLE self = GetCurrentProcess();
    SIZE_T min, max;
    DWORD flags = 0;

    need_call(get, "GetProcessWorkingSetSizeEx");
    need_call(set, "SetProcessWorkingSetSizeEx");
    begin();
    expect_success(set(self, MIN_FIRST, MAX_FIRST, MIN_DISABLE | MAX_ENABLE));
    expect_success(get(self, &min, &max, &flags));
    todo_wine("flags are not stored")
        expect_eq(flags, MIN_DISABLE | MAX_ENABLE);
    set(self, MIN_FIRST, MAX_FIRST, MIN_DISABLE | MAX_DISABLE);
}
