/* How the process runs: what it is allowed to, its priority, and how many processors there are.
 *
 * I1  Policies are told as they are: data is never executed, addresses are chosen by the host; what
 *     cannot be enforced is refused, not recorded.
 * I2  Priority classes are the host's nice values; a class is of all threads of the process.
 * Locking: none.   Failure: nothing changed.   Signal safety: none. */
#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <unistd.h>

#include "base/arith.h"
#include "kit/kit.h"

#define DEP_ALWAYS_ON 1
#define ASLR_BOTTOM_UP 0x1u
#define ASLR_HIGH_ENTROPY 0x4u

static bool is_self(HANDLE process)
{
    return process == GetCurrentProcess() || CompareObjectHandles(process, GetCurrentProcess());
}

/* Access denied, or no process. */
static BOOL refuse_other(void)
{
    return wvm_kit_fail(GetLastError() == ERROR_NOT_SAME_OBJECT ? ERROR_ACCESS_DENIED
                                                                : ERROR_INVALID_HANDLE);
}

/* ---- Processors: one group ---- */

static DWORD count_processors(WORD group, int what)
{
    if (group != 0 && group != ALL_PROCESSOR_GROUPS)
        return (DWORD)wvm_kit_fail(ERROR_INVALID_PARAMETER);
    long n = sysconf(what);
    return n > 0 ? (DWORD)n : 1;
}

DWORD wvm_kit_GetActiveProcessorCount(WORD group)
{
    return count_processors(group, _SC_NPROCESSORS_ONLN);
}

DWORD wvm_kit_GetMaximumProcessorCount(WORD group)
{
    return count_processors(group, _SC_NPROCESSORS_CONF);
}

WORD wvm_kit_GetActiveProcessorGroupCount(VOID)
{
    return 1;
}

WORD wvm_kit_GetMaximumProcessorGroupCount(VOID)
{
    return 1;
}

/* ---- Processes ---- */

DWORD wvm_kit_GetProcessId(HANDLE process)
{
    PROCESS_BASIC_INFORMATION basic;
    NTSTATUS status = NtQueryInformationProcess(process, ProcessBasicInformation, &basic,
                                                sizeof basic, NULL);
    if (status < 0)
        return (DWORD)wvm_kit_fail(RtlNtStatusToDosError(status));
    return (DWORD)basic.UniqueProcessId;
}

static const struct {
    DWORD priority_class;
    int nice, highest; /* what it sets, and the least nice value that is told as it */
} classes[] = {
    {REALTIME_PRIORITY_CLASS, -20, -20},    {HIGH_PRIORITY_CLASS, -10, -19},
    {ABOVE_NORMAL_PRIORITY_CLASS, -5, -9},  {NORMAL_PRIORITY_CLASS, 0, 0},
    {BELOW_NORMAL_PRIORITY_CLASS, 5, 1},    {IDLE_PRIORITY_CLASS, 15, 10},
};

DWORD wvm_kit_GetPriorityClass(HANDLE process)
{
    DWORD found = NORMAL_PRIORITY_CLASS, pid = wvm_kit_GetProcessId(process);
    if (pid == 0)
        return 0;
    errno = 0;
    int nice = getpriority(PRIO_PROCESS, pid);
    if (errno != 0)
        return (DWORD)wvm_kit_fail(ERROR_ACCESS_DENIED);
    for (size_t i = 0; i < WVM_ARRAY_LEN(classes); i++)
        if (nice >= classes[i].highest)
            found = classes[i].priority_class;
    return found;
}

/* Of each thread, as the host has the value for threads. */
static BOOL set_nice(int nice)
{
    DIR *tasks = opendir("/proc/self/task");
    bool done = tasks != NULL;
    for (struct dirent *e; done && (e = readdir(tasks)) != NULL;) {
        id_t tid = (id_t)strtoul(e->d_name, NULL, 10);
        done = tid == 0 || setpriority(PRIO_PROCESS, tid, nice) == 0 || errno == ESRCH;
    }
    if (tasks)
        closedir(tasks);
    return done || wvm_kit_fail(ERROR_ACCESS_DENIED);
}

BOOL wvm_kit_SetPriorityClass(HANDLE process, DWORD priority_class)
{
    if (!is_self(process))
        return refuse_other();
    for (size_t i = 0; i < WVM_ARRAY_LEN(classes); i++)
        if (classes[i].priority_class == priority_class)
            return set_nice(classes[i].nice);
    return wvm_kit_fail(ERROR_INVALID_PARAMETER);
}

/* ---- Policies ---- */

int wvm_kit_GetSystemDEPPolicy(VOID)
{
    return DEP_ALWAYS_ON;
}

BOOL wvm_kit_GetProcessDEPPolicy(HANDLE process, LPDWORD flags, PBOOL permanent)
{
    if (sizeof(void *) == 8)
        return wvm_kit_fail(ERROR_NOT_SUPPORTED); /* as Windows: there is no choice */
    if (!is_self(process))
        return refuse_other();
    if (!flags || !permanent)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    *flags = PROCESS_DEP_ENABLE;
    *permanent = TRUE;
    return TRUE;
}

BOOL wvm_kit_SetProcessDEPPolicy(DWORD flags)
{
    UNREFERENCED_PARAMETER(flags);
    return wvm_kit_fail(sizeof(void *) == 8 ? ERROR_NOT_SUPPORTED : ERROR_ACCESS_DENIED);
}

static bool are_addresses_random(void)
{
    char is = '0';
    int n = 0;
    FILE *f = fopen("/proc/sys/kernel/randomize_va_space", "re");
    if (f)
        n = fread(&is, 1, 1, f) == 1;
    if (f)
        fclose(f);
    return n == 1 && is != '0';
}

/* Bytes of a policy's structure; 0: there is none of that number. */
static SIZE_T size_of(PROCESS_MITIGATION_POLICY policy)
{
    if ((unsigned)policy >= MaxProcessMitigationPolicy)
        return 0;
    return policy == ProcessDEPPolicy || policy == ProcessMitigationOptionsMask ? 8 : 4;
}

BOOL wvm_kit_GetProcessMitigationPolicy(HANDLE process, PROCESS_MITIGATION_POLICY policy,
                                        PVOID out, SIZE_T size)
{
    DWORD flags[2] = {0, 0};
    if (!is_self(process))
        return refuse_other();
    if (size_of(policy) == 0 || size != size_of(policy) || !out)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    if (policy == ProcessDEPPolicy)
        flags[0] = flags[1] = 1; /* on, for good */
    if (policy == ProcessASLRPolicy && are_addresses_random())
        flags[0] = ASLR_BOTTOM_UP | (sizeof(void *) == 8 ? ASLR_HIGH_ENTROPY : 0);
    memcpy(out, flags, size);
    return TRUE;
}

/* What is so already may be set. */
BOOL wvm_kit_SetProcessMitigationPolicy(PROCESS_MITIGATION_POLICY policy, PVOID in, SIZE_T size)
{
    DWORD is[2], wanted[2] = {0, 0};
    if (!in || !wvm_kit_GetProcessMitigationPolicy(GetCurrentProcess(), policy, is, size))
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    memcpy(wanted, in, size);
    return (wanted[0] & ~is[0]) == 0 || wvm_kit_fail(ERROR_NOT_SUPPORTED);
}

#define WVM_KIT_POLICY
#include "kit/kit_entry.h"
