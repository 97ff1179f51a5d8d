/* Counters and limits of processes: this one's against /proc/self/status, statm and smaps_rollup;
 * those of a process that serves others, of one that does not, and of one that has ended. */
#include "channel.h"

#include <winvm/psapi.h>

enum { MUCH = 32 << 20, SLACK = 1 << 20 };
#define FIRST_MIN (50 * PAGE)
#define FIRST_MAX (345 * PAGE)

static PROCESS_MEMORY_COUNTERS_EX2 count_of(HANDLE process)
{
    PROCESS_MEMORY_COUNTERS_EX2 c;
    memset(&c, 0, sizeof c);
    ok(GetProcessMemoryInfo(process, (PROCESS_MEMORY_COUNTERS *)&c, sizeof c),
       "GetProcessMemoryInfo: error %u", (unsigned)GetLastError());
    return c;
}

static bool near(uint64_t a, uint64_t b)
{
    return a + SLACK > b && b + SLACK > a;
}

static uint64_t statm_pages(void)
{
    unsigned long long size = 0, resident = 0;
    FILE *f = fopen("/proc/self/statm", "re");
    if (f && fscanf(f, "%llu %llu", &size, &resident) != 2)
        resident = 0;
    if (f)
        fclose(f);
    return resident * PAGE;
}

/* Bytes; ~0: there is no such file. */
static uint64_t rollup(const char *key)
{
    char line[256];
    unsigned long long kb = 0;
    FILE *f = fopen("/proc/self/smaps_rollup", "re");
    if (!f)
        return ~(uint64_t)0;
    while (fgets(line, sizeof line, f))
        if (strncmp(line, key, strlen(key)) == 0)
            kb = strtoull(line + strlen(key), NULL, 10);
    fclose(f);
    return kb * 1024;
}

static void check_own(const char *when)
{
    PROCESS_MEMORY_COUNTERS_EX2 c = count_of(GetCurrentProcess());
    uint64_t status = (uint64_t)env_status_kb("VmRSS:") * 1024, rss = rollup("Rss:");
    uint64_t anonymous = rollup("Anonymous:");
    ok(near(c.WorkingSetSize, status), "%s: VmRSS %zu, %zu", when, (size_t)c.WorkingSetSize,
       (size_t)status);
    ok(near(c.WorkingSetSize, statm_pages()), "%s: statm %zu", when, (size_t)statm_pages());
    ok(near(c.PeakWorkingSetSize, (uint64_t)env_status_kb("VmHWM:") * 1024), "%s: VmHWM", when);
    if (rss == ~(uint64_t)0)
        return;
    ok(near(c.WorkingSetSize, rss), "%s: rollup %zu", when, (size_t)rss);
    ok(near(c.PrivateWorkingSetSize, anonymous), "%s: anonymous %zu, %zu", when,
       (size_t)c.PrivateWorkingSetSize, (size_t)anonymous);
}

static void own(void)
{
    check_own("at first");
    PROCESS_MEMORY_COUNTERS_EX2 before = count_of(GetCurrentProcess()), after;
    char *a = VirtualAlloc(NULL, MUCH, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    after = count_of(GetCurrentProcess());
    ok(near(after.PrivateUsage, before.PrivateUsage + MUCH) &&
           near(after.WorkingSetSize, before.WorkingSetSize), "committed, not touched");
    memset(a, 1, MUCH);
    check_own("touched");
    before = count_of(GetCurrentProcess());
    ok(before.WorkingSetSize >= MUCH && before.PrivateWorkingSetSize >= MUCH,
       "what was touched is in the working set");
    VirtualFree(a, 0, MEM_RELEASE);
    check_own("released");
    after = count_of(GetCurrentProcess());
    ok(near(after.PrivateUsage + MUCH, before.PrivateUsage) &&
           after.PeakPagefileUsage >= before.PagefileUsage &&
           after.PeakWorkingSetSize + SLACK > before.WorkingSetSize,
       "the peaks stay: %zu in place of %zu, peak %zu, of the working set %zu",
       (size_t)after.PrivateUsage, (size_t)before.PrivateUsage, (size_t)after.PeakPagefileUsage,
       (size_t)after.PeakWorkingSetSize);
    char *host = mmap(NULL, MUCH, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    before = count_of(GetCurrentProcess());
    ok(near(before.PrivateUsage, after.PrivateUsage + MUCH), "the host's memory counts too");
    munmap(host, MUCH);
}

static bool limits_are(HANDLE process, SIZE_T want_min, SIZE_T want_max)
{
    SIZE_T min = 0, max = 0;
    return GetProcessWorkingSetSize(process, &min, &max) && min == want_min && max == want_max;
}

static void serving(void)
{
    struct target t = start(served);
    ok(limits_are(t.handle, FIRST_MIN, FIRST_MAX), "the first limits");
    PROCESS_MEMORY_COUNTERS_EX2 before = count_of(t.handle), after;
    ok(tell(&t, 'v', MUCH) != 0, "it commits");
    after = count_of(t.handle);
    ok(near(after.PrivateUsage, before.PrivateUsage + MUCH) &&
           near(after.WorkingSetSize, before.WorkingSetSize), "its charge grows, it alone");
    ok(VirtualAllocEx(t.handle, NULL, MUCH, MEM_COMMIT, PAGE_READWRITE) &&
           near(count_of(t.handle).PrivateUsage, after.PrivateUsage + MUCH), "from outside, too");
    ok(SetProcessWorkingSetSize(t.handle, 21 * PAGE, 40 * PAGE), "limits are set: error %u",
       (unsigned)GetLastError());
    ok(limits_are(t.handle, 21 * PAGE, 40 * PAGE), "and told");
    ok(limits_are(GetCurrentProcess(), FIRST_MIN, FIRST_MAX), "this process's are as before");
    ok(!SetProcessWorkingSetSize(t.handle, 40 * PAGE, 21 * PAGE) &&
           GetLastError() == ERROR_INVALID_PARAMETER, "WS-025, judged there");
    ok(!SetProcessWorkingSetSizeEx(t.handle, 21 * PAGE, 40 * PAGE, 3) &&
           GetLastError() == ERROR_INVALID_PARAMETER, "WS-031, judged there");
    ok(SetProcessWorkingSetSize(t.handle, (SIZE_T)-1, (SIZE_T)-1) &&
           limits_are(t.handle, 21 * PAGE, 40 * PAGE), "WS-024: emptied, the limits stay");
    ULONG handles = 77;
    ok(NtQueryInformationProcess(t.handle, ProcessHandleCount, &handles, sizeof handles, NULL) ==
               0 && handles == 0, "it has no handles");
    KERNEL_USER_TIMES own_times, times;
    ok(NtQueryInformationProcess(t.handle, ProcessTimes, &times, sizeof times, NULL) == 0 &&
           NtQueryInformationProcess(GetCurrentProcess(), ProcessTimes, &own_times,
                                     sizeof own_times, NULL) == 0 &&
           times.CreateTime.QuadPart >= own_times.CreateTime.QuadPart, "it was started later");
    ok(end_target(&t), "it ends well");
}

static void not_serving(void)
{
    struct target t = start(unserved);
    ok(limits_are(t.handle, FIRST_MIN, FIRST_MAX), "without the option: the first limits");
    ok(!SetProcessWorkingSetSize(t.handle, 21 * PAGE, 40 * PAGE) &&
           GetLastError() == ERROR_ACCESS_DENIED, "they are not set: error %u",
       (unsigned)GetLastError());
    PROCESS_MEMORY_COUNTERS_EX2 before = count_of(t.handle);
    ok(before.WorkingSetSize > PAGE && before.PageFaultCount > 0 && before.PrivateUsage > PAGE,
       "the host's counters are told");
    ok(tell(&t, 'v', MUCH) != 0 &&
           near(count_of(t.handle).PrivateUsage, before.PrivateUsage + MUCH), "and follow");
    ok(end_target(&t), "it ends well");
}

/* Killed, but not yet waited for, and then gone. */
static void ended(const char *options, const char *what)
{
    struct target t = start(options);
    PROCESS_MEMORY_COUNTERS c = {.cb = 77};
    kill(t.pid, SIGKILL);
    siginfo_t info;
    waitid(P_PID, (id_t)t.pid, &info, WEXITED | WNOWAIT);
    ok(!SetProcessWorkingSetSize(t.handle, 21 * PAGE, 40 * PAGE) &&
           GetLastError() == ERROR_ACCESS_DENIED, "%s: no limits: error %u", what,
       (unsigned)GetLastError());
    waitpid(t.pid, NULL, 0);
    ok(!GetProcessMemoryInfo(t.handle, &c, sizeof c) && c.cb == 77 &&
           GetLastError() == ERROR_ACCESS_DENIED, "%s: no counters: error %u", what,
       (unsigned)GetLastError());
    VM_COUNTERS vm;
    NTSTATUS status = NtQueryInformationProcess(t.handle, ProcessVmCounters, &vm, sizeof vm, NULL);
    ok(status == STATUS_PROCESS_IS_TERMINATING, "%s: %x", what, (unsigned)status);
    close(t.orders);
    close(t.answers);
    CloseHandle(t.handle);
}

int main(int argc, char **argv)
{
    if (argc > 1 && strcmp(argv[1], "target") == 0)
        return be_target();
    settle(argv);
    env_start();
    own();
    serving();
    not_serving();
    ended(served, "one that served and ended");
    ended(unserved, "one that ended");
    remove_run_dir();
    return env_end();
}
