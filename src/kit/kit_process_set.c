/* What a program may set of its process beside its priority, and is told of it.
 *
 * Owns    the hints of the process that the host has no place for: they are kept and told again.
 * Locking: none.   Failure: nothing changed, nothing written.   Signal safety: none. */
#include <dirent.h>
#include <errno.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kit/kit.h"
#include "kit/kit_self.h"

#define VERSION_10_0 0x000A0000u

static ULONG memory_priority = MEMORY_PRIORITY_NORMAL;  /* (a), and those that follow */
static ULONG throttle_control, throttle_state;
static bool no_boost;

static BOOL query(HANDLE process, PROCESSINFOCLASS what, PVOID out, ULONG size)
{
    NTSTATUS status = NtQueryInformationProcess(process, what, out, size, NULL);
    return status >= 0 || wvm_kit_fail(RtlNtStatusToDosError(status));
}

/* ---- Information by class ---- */

/* Bytes; 0: it is not told. */
static size_t size_of(PROCESS_INFORMATION_CLASS what)
{
    switch (what) {
    case ProcessMemoryPriority:
        return sizeof(MEMORY_PRIORITY_INFORMATION);
    case ProcessPowerThrottling:
        return sizeof(PROCESS_POWER_THROTTLING_STATE);
    case ProcessAppMemoryInfo:
        return sizeof(APP_MEMORY_INFORMATION);
    case ProcessProtectionLevelInfo:
        return sizeof(PROCESS_PROTECTION_LEVEL_INFORMATION);
    case ProcessMachineTypeInfo:
        return sizeof(PROCESS_MACHINE_INFORMATION);
    default:
        return 0;
    }
}

static bool check(PROCESS_INFORMATION_CLASS what, PVOID info, DWORD size)
{
    if ((unsigned)what >= ProcessInformationClassMax)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    if (size_of(what) == 0)
        return wvm_kit_fail(ERROR_NOT_SUPPORTED);
    if (size != size_of(what))
        return wvm_kit_fail(ERROR_BAD_LENGTH);
    return info || wvm_kit_fail(ERROR_NOACCESS);
}

static bool tell_memory(APP_MEMORY_INFORMATION *out)
{
    PROCESS_MEMORY_COUNTERS_EX used;
    MEMORYSTATUSEX all = {.dwLength = sizeof all};
    if (!K32GetProcessMemoryInfo(GetCurrentProcess(), (PPROCESS_MEMORY_COUNTERS)&used,
                                 sizeof used) ||
        !GlobalMemoryStatusEx(&all))
        return false;
    out->AvailableCommit = all.ullAvailPageFile;
    out->PrivateCommitUsage = out->TotalCommitUsage = used.PrivateUsage;
    out->PeakPrivateCommitUsage = used.PeakPagefileUsage;
    return true;
}

static bool tell_machine(PROCESS_MACHINE_INFORMATION *out)
{
    USHORT emulated, native;
    if (!IsWow64Process2(GetCurrentProcess(), &emulated, &native))
        return false;
    memset(out, 0, sizeof *out);
    out->ProcessMachine = emulated != 0 ? emulated : native;
    out->MachineAttributes = emulated != 0 ? (MACHINE_ATTRIBUTES)(UserEnabled | Wow64Container)
                                           : (MACHINE_ATTRIBUTES)(UserEnabled | KernelEnabled);
    return true;
}

BOOL wvm_kit_GetProcessInformation(HANDLE process, PROCESS_INFORMATION_CLASS what, PVOID info,
                                   DWORD size)
{
    if (!check(what, info, size) || !wvm_kit_is_self(process))
        return FALSE;
    if (what == ProcessAppMemoryInfo)
        return tell_memory(info);
    if (what == ProcessMachineTypeInfo)
        return tell_machine(info);
    if (what == ProcessProtectionLevelInfo) {
        ((PROCESS_PROTECTION_LEVEL_INFORMATION *)info)->ProtectionLevel = PROTECTION_LEVEL_NONE;
    } else if (what == ProcessMemoryPriority) {
        MEMORY_PRIORITY_INFORMATION *memory = info;
        memory->MemoryPriority = __atomic_load_n(&memory_priority, __ATOMIC_RELAXED);
    } else {
        PROCESS_POWER_THROTTLING_STATE *power = info;
        power->Version = PROCESS_POWER_THROTTLING_CURRENT_VERSION;
        power->ControlMask = __atomic_load_n(&throttle_control, __ATOMIC_RELAXED);
        power->StateMask = __atomic_load_n(&throttle_state, __ATOMIC_RELAXED);
    }
    return TRUE;
}

static BOOL set_power(const PROCESS_POWER_THROTTLING_STATE *power)
{
    if (power->Version != PROCESS_POWER_THROTTLING_CURRENT_VERSION ||
        (power->ControlMask & ~(ULONG)PROCESS_POWER_THROTTLING_VALID_FLAGS) ||
        (power->StateMask & ~power->ControlMask))
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    __atomic_store_n(&throttle_control, power->ControlMask, __ATOMIC_RELAXED);
    __atomic_store_n(&throttle_state, power->StateMask, __ATOMIC_RELAXED);
    return TRUE;
}

BOOL wvm_kit_SetProcessInformation(HANDLE process, PROCESS_INFORMATION_CLASS what, PVOID info,
                                   DWORD size)
{
    if (!check(what, info, size) || !wvm_kit_is_self(process))
        return FALSE;
    if (what == ProcessPowerThrottling)
        return set_power(info);
    if (what != ProcessMemoryPriority)
        return wvm_kit_fail(ERROR_NOT_SUPPORTED);
    ULONG wanted = ((const MEMORY_PRIORITY_INFORMATION *)info)->MemoryPriority;
    if (wanted > MEMORY_PRIORITY_NORMAL)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    __atomic_store_n(&memory_priority, wanted, __ATOMIC_RELAXED);
    return TRUE;
}

/* ---- What it is ---- */

BOOL wvm_kit_GetProcessHandleCount(HANDLE process, PDWORD out)
{
    ULONG count;
    if (!query(process, ProcessHandleCount, &count, sizeof count))
        return FALSE;
    *out = count;
    return TRUE;
}

DWORD wvm_kit_GetProcessVersion(DWORD id)
{
    HANDLE h = id != 0 ? OpenProcess(PROCESS_QUERY_LIMITED_INFORMATION, FALSE, id) : NULL;
    if (id != 0 && !h && GetLastError() != ERROR_ACCESS_DENIED)
        return (DWORD)wvm_kit_fail(ERROR_INVALID_PARAMETER);
    if (h)
        CloseHandle(h);
    return VERSION_10_0;
}

/* ---- Where it runs ---- */

BOOL wvm_kit_GetProcessGroupAffinity(HANDLE process, PUSHORT count, PUSHORT groups)
{
    PROCESS_BASIC_INFORMATION basic;
    if (!count)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    if (!query(process, ProcessBasicInformation, &basic, sizeof basic))
        return FALSE;
    bool room = *count >= 1 && groups;
    *count = 1;
    if (!room)
        return wvm_kit_fail(ERROR_INSUFFICIENT_BUFFER);
    groups[0] = 0;
    return TRUE;
}

BOOL wvm_kit_SetProcessAffinityMask(HANDLE process, DWORD_PTR mask)
{
    SYSTEM_INFO system;
    cpu_set_t set;
    GetSystemInfo(&system);
    if (!wvm_kit_is_self(process))
        return FALSE;
    if (mask == 0 || (mask & ~system.dwActiveProcessorMask))
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    CPU_ZERO(&set);
    for (unsigned i = 0; i < 8 * sizeof mask; i++)
        if (mask >> i & 1)
            CPU_SET(i, &set);
    DIR *tasks = opendir("/proc/self/task");
    bool done = tasks != NULL;
    for (struct dirent *e; done && (e = readdir(tasks)) != NULL;) {
        pid_t tid = (pid_t)strtoul(e->d_name, NULL, 10);
        done = tid == 0 || sched_setaffinity(tid, sizeof set, &set) == 0 || errno == ESRCH;
    }
    if (tasks)
        closedir(tasks);
    return done || wvm_kit_fail(ERROR_INVALID_PARAMETER);
}

/* ---- Boosts ---- */

BOOL wvm_kit_GetProcessPriorityBoost(HANDLE process, PBOOL disabled)
{
    if (!wvm_kit_is_self(process))
        return FALSE;
    *disabled = __atomic_load_n(&no_boost, __ATOMIC_RELAXED);
    return TRUE;
}

BOOL wvm_kit_SetProcessPriorityBoost(HANDLE process, BOOL disabled)
{
    if (!wvm_kit_is_self(process))
        return FALSE;
    __atomic_store_n(&no_boost, disabled != FALSE, __ATOMIC_RELAXED);
    return TRUE;
}

#define WVM_KIT_PROCESS_SET
#include "kit/kit_entry.h"
