/* What a thread is and has used: its process, its priority, its processors, its times.
 *
 * I1  The host's priority of a thread is lowered only where it may also be raised again.
 * Locking: none.   Failure: nothing changed, nothing written.   Signal safety: none. */
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <time.h>
#include <unistd.h>

#include "kit/kit.h"
#include "kit/kit_self.h"

#define BASE_PRIORITY 8
#define LAST_ORDINARY 15
#define TICKS UINT64_C(10000000) /* of Windows, in a second */
#define FROM_1601 UINT64_C(116444736000000000)
enum { UTIME = 14, STIME = 15, STARTED = 22 }; /* fields of /proc/PID/task/TID/stat, from 1 */

/* A thread of which a handle grants either right. */
static struct wvm_kit_thread *granted(HANDLE h, uint32_t limited, uint32_t full)
{
    DWORD error = GetLastError();
    struct wvm_kit_thread *t = wvm_kit_object_of(h, &wvm_kit_thread_kind, limited);
    if (t || GetLastError() != ERROR_ACCESS_DENIED)
        return t;
    t = wvm_kit_object_of(h, &wvm_kit_thread_kind, full);
    if (t)
        SetLastError(error);
    return t;
}

struct wvm_kit_thread *wvm_kit_thread_asked(HANDLE h)
{
    return granted(h, THREAD_QUERY_LIMITED_INFORMATION, THREAD_QUERY_INFORMATION);
}

struct wvm_kit_thread *wvm_kit_thread_to_change(HANDLE h)
{
    return granted(h, THREAD_SET_LIMITED_INFORMATION, THREAD_SET_INFORMATION);
}

DWORD wvm_kit_GetProcessIdOfThread(HANDLE h)
{
    struct wvm_kit_thread *t = wvm_kit_thread_asked(h);
    if (t)
        wvm_kit_drop(&t->object);
    return t ? (DWORD)getpid() : 0;
}

int wvm_kit_GetThreadPriority(HANDLE h)
{
    struct wvm_kit_thread *t = wvm_kit_thread_asked(h);
    if (!t)
        return THREAD_PRIORITY_ERROR_RETURN;
    int value = __atomic_load_n(&t->priority, __ATOMIC_RELAXED);
    wvm_kit_drop(&t->object);
    return value;
}

LONG wvm_kit_absolute_priority(struct wvm_kit_thread *t)
{
    int own = __atomic_load_n(&t->priority, __ATOMIC_RELAXED);
    if (own == THREAD_PRIORITY_IDLE)
        return 1;
    return own == THREAD_PRIORITY_TIME_CRITICAL ? LAST_ORDINARY : BASE_PRIORITY + own;
}

static bool is_reversible(void)
{
    struct rlimit limit = {0, 0};
    return geteuid() == 0 || (getrlimit(RLIMIT_NICE, &limit) == 0 && limit.rlim_cur >= 40);
}

BOOL wvm_kit_SetThreadPriority(HANDLE h, int value)
{
    struct wvm_kit_thread *t = wvm_kit_thread_to_change(h);
    if (!t)
        return FALSE;
    bool known = (value >= THREAD_PRIORITY_LOWEST && value <= THREAD_PRIORITY_HIGHEST) ||
                 value == THREAD_PRIORITY_IDLE || value == THREAD_PRIORITY_TIME_CRITICAL;
    if (known) {
        __atomic_store_n(&t->priority, value, __ATOMIC_RELAXED);
        if (is_reversible())
            setpriority(PRIO_PROCESS, wvm_kit_tid_of(t),
                        value == 15 ? -15 : value == -15 ? 19 : -5 * value);
    }
    wvm_kit_drop(&t->object);
    return known || wvm_kit_fail(ERROR_INVALID_PARAMETER);
}

DWORD_PTR wvm_kit_processors_of(int tid)
{
    cpu_set_t set;
    DWORD_PTR mask = 0;
    CPU_ZERO(&set);
    if (sched_getaffinity(tid, sizeof set, &set) == 0)
        for (unsigned i = 0; i < 8 * sizeof mask; i++)
            mask |= (DWORD_PTR)(CPU_ISSET(i, &set) != 0) << i;
    return mask;
}

DWORD_PTR wvm_kit_SetThreadAffinityMask(HANDLE h, DWORD_PTR mask)
{
    struct wvm_kit_thread *t = wvm_kit_thread_to_change(h);
    cpu_set_t set;
    if (!t)
        return 0;
    DWORD_PTR before = wvm_kit_processors_of((pid_t)wvm_kit_tid_of(t));
    CPU_ZERO(&set);
    for (unsigned i = 0; i < 8 * sizeof mask; i++)
        if (mask >> i & 1)
            CPU_SET(i, &set);
    bool all_there = (mask & ~wvm_kit_processors_of(getpid())) == 0 ||
                     wvm_kit_tid_of(t) == (uint32_t)getpid();
    if (!all_there || sched_setaffinity((pid_t)wvm_kit_tid_of(t), sizeof set, &set) != 0)
        before = (DWORD_PTR)wvm_kit_fail(ERROR_INVALID_PARAMETER);
    wvm_kit_drop(&t->object);
    return before;
}

BOOL wvm_kit_GetProcessAffinityMask(HANDLE process, PDWORD_PTR own, PDWORD_PTR all)
{
    PROCESS_BASIC_INFORMATION info;
    SYSTEM_INFO system;
    NTSTATUS status =
        NtQueryInformationProcess(process, ProcessBasicInformation, &info, sizeof info, NULL);
    if (status < 0)
        return wvm_kit_fail(RtlNtStatusToDosError(status));
    GetSystemInfo(&system);
    *own = info.AffinityMask;
    *all = system.dwActiveProcessorMask | info.AffinityMask;
    return TRUE;
}

/* Field n of the thread's line, in the host's ticks; 0: it cannot be read. */
static uint64_t stat_field(uint32_t tid, int n)
{
    char path[64], text[1024];
    snprintf(path, sizeof path, "/proc/self/task/%u/stat", tid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ssize_t len = fd >= 0 ? read(fd, text, sizeof text - 1) : -1;
    if (fd >= 0)
        close(fd);
    if (len <= 0)
        return 0;
    text[len] = '\0';
    const char *at = strrchr(text, ')'); /* behind field 2 */
    for (int i = 2; at && i < n; i++)
        at = strchr(at + 1, ' ');
    return at ? strtoull(at + 1, NULL, 10) : 0;
}

static FILETIME file_time(uint64_t ticks)
{
    FILETIME t = {(DWORD)ticks, (DWORD)(ticks >> 32)};
    return t;
}

static uint64_t in_ticks(uint64_t host)
{
    return host * (TICKS / (uint64_t)sysconf(_SC_CLK_TCK));
}

static uint64_t clock_ticks(clockid_t clock)
{
    struct timespec ts = {0, 0};
    clock_gettime(clock, &ts);
    return (uint64_t)ts.tv_sec * TICKS + (uint64_t)ts.tv_nsec / 100;
}

BOOL wvm_kit_GetThreadTimes(HANDLE h, LPFILETIME created, LPFILETIME ended, LPFILETIME kernel,
                            LPFILETIME user)
{
    struct wvm_kit_thread *t = wvm_kit_thread_asked(h);
    if (!t)
        return FALSE;
    uint64_t start = stat_field(wvm_kit_tid_of(t), STARTED);
    uint64_t boot = FROM_1601 + clock_ticks(CLOCK_REALTIME) - clock_ticks(CLOCK_BOOTTIME);
    *created = file_time(start ? boot + in_ticks(start) : 0);
    *ended = file_time(0);
    *kernel = file_time(in_ticks(stat_field(wvm_kit_tid_of(t), STIME)));
    *user = file_time(in_ticks(stat_field(wvm_kit_tid_of(t), UTIME)));
    wvm_kit_drop(&t->object);
    return TRUE;
}

#define WVM_KIT_THREAD_INFO
#include "kit/kit_entry.h"
