/* What processes and threads have used: time, input and output.
 *
 * I1  A cycle is a nanosecond of processor time, the unit that the host counts in.
 * Locking: none.   Failure: nothing written.   Signal safety: none. */
#include <stdio.h>
#include <time.h>
#include <unistd.h>

#include "kit/kit.h"

/* Clocks of processor time, by the kernel's numbers. */
#define CLOCK_OF_THREAD(tid) ((clockid_t)((~(unsigned)(tid) << 3) | 6u))
#define CLOCK_OF_PROCESS(pid) ((clockid_t)((~(unsigned)(pid) << 3) | 2u))
#define TICKS_PER_SECOND UINT64_C(10000000)

static void set_time(LPFILETIME to, LARGE_INTEGER ticks)
{
    to->dwLowDateTime = (DWORD)ticks.QuadPart;
    to->dwHighDateTime = (DWORD)((ULONGLONG)ticks.QuadPart >> 32);
}

static BOOL query(HANDLE process, PROCESSINFOCLASS what, PVOID out, ULONG size)
{
    NTSTATUS status = NtQueryInformationProcess(process, what, out, size, NULL);
    return status >= 0 || wvm_kit_fail(RtlNtStatusToDosError(status));
}

BOOL wvm_kit_GetProcessTimes(HANDLE process, LPFILETIME created, LPFILETIME ended,
                             LPFILETIME kernel, LPFILETIME user)
{
    KERNEL_USER_TIMES t;
    if (!created || !ended || !kernel || !user)
        return wvm_kit_fail(ERROR_NOACCESS);
    if (!query(process, ProcessTimes, &t, sizeof t))
        return FALSE;
    set_time(created, t.CreateTime);
    set_time(ended, t.ExitTime);
    set_time(kernel, t.KernelTime);
    set_time(user, t.UserTime);
    return TRUE;
}

BOOL wvm_kit_GetProcessIoCounters(HANDLE process, PIO_COUNTERS out)
{
    return out ? query(process, ProcessIoCounters, out, sizeof *out)
               : wvm_kit_fail(ERROR_NOACCESS);
}

static BOOL tell_cycles(clockid_t clock, PULONGLONG out)
{
    struct timespec ts;
    if (clock_gettime(clock, &ts) != 0)
        return wvm_kit_fail(ERROR_INVALID_HANDLE);
    *out = (ULONGLONG)ts.tv_sec * 1000000000u + (ULONGLONG)ts.tv_nsec;
    return TRUE;
}

BOOL wvm_kit_QueryThreadCycleTime(HANDLE thread, PULONGLONG out)
{
    if (thread == wvm_kit_GetCurrentThread())
        return tell_cycles(CLOCK_THREAD_CPUTIME_ID, out);
    DWORD tid = wvm_kit_GetThreadId(thread);
    return tid != 0 && tell_cycles(CLOCK_OF_THREAD(tid), out);
}

BOOL wvm_kit_QueryProcessCycleTime(HANDLE process, PULONGLONG out)
{
    PROCESS_BASIC_INFORMATION basic;
    return query(process, ProcessBasicInformation, &basic, sizeof basic) &&
           tell_cycles(CLOCK_OF_PROCESS(basic.UniqueProcessId), out);
}

/* Of /proc/stat's first line: user, nice, system, idle, iowait, irq, softirq, steal. */
enum { USER, NICE, SYSTEM, IDLE, IO_WAIT, IRQ, SOFT_IRQ, STEAL, COUNTERS };

static bool read_counters(unsigned long long c[COUNTERS])
{
    FILE *f = fopen("/proc/stat", "re");
    if (!f)
        return false;
    int n = fscanf(f, "cpu %llu %llu %llu %llu %llu %llu %llu %llu", &c[USER], &c[NICE],
                   &c[SYSTEM], &c[IDLE], &c[IO_WAIT], &c[IRQ], &c[SOFT_IRQ], &c[STEAL]);
    fclose(f);
    return n == COUNTERS;
}

static void set_counter(LPFILETIME to, unsigned long long value)
{
    LARGE_INTEGER ticks = {.QuadPart = (LONGLONG)(value * TICKS_PER_SECOND /
                                                  (unsigned long long)sysconf(_SC_CLK_TCK))};
    if (to)
        set_time(to, ticks);
}

BOOL wvm_kit_GetSystemTimes(LPFILETIME idle, LPFILETIME kernel, LPFILETIME user)
{
    unsigned long long c[COUNTERS];
    if (!read_counters(c))
        return wvm_kit_fail(ERROR_ACCESS_DENIED);
    unsigned long long unused = c[IDLE] + c[IO_WAIT];
    set_counter(idle, unused);
    set_counter(kernel, c[SYSTEM] + c[IRQ] + c[SOFT_IRQ] + c[STEAL] + unused);
    set_counter(user, c[USER] + c[NICE]);
    return TRUE;
}

#define WVM_KIT_USAGE
#include "kit/kit_entry.h"
