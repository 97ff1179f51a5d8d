/* How much memory there is in a control group with a limit: GlobalMemoryStatusEx,
 * GetPhysicallyInstalledSystemMemory and the memory resource notifications see the group, and what
 * the program takes of it. Skipped where no group can be made. */
#include "env_group.h"

#define LIMIT ((ULONGLONG)256 * MIB)

static bool set_limit(void)
{
    char path[600];
    snprintf(path, sizeof(path), "%s/memory.limit_in_bytes", group);
    if (write_text(path, "268435456"))
        return true;
    snprintf(path, sizeof(path), "%s/memory.max", group);
    return write_text(path, "268435456");
}

static BOOL holds(MEMORY_RESOURCE_NOTIFICATION_TYPE type)
{
    HANDLE h = CreateMemoryResourceNotification(type);
    BOOL state = 77;
    ok(h && QueryMemoryResourceNotification(h, &state) && CloseHandle(h), "notification %d", type);
    return state;
}

static ULONGLONG left(void)
{
    MEMORYSTATUSEX m = {.dwLength = sizeof(m)};
    ok(GlobalMemoryStatusEx(&m) && m.ullTotalPhys == LIMIT, "the limit is the memory: 0x%llx",
       (unsigned long long)m.ullTotalPhys);
    ok(m.dwMemoryLoad == (m.ullTotalPhys - m.ullAvailPhys) / (m.ullTotalPhys / 100), "load %u",
       (unsigned)m.dwMemoryLoad);
    return m.ullAvailPhys;
}

/* The levels of 256 MiB: 2 MiB low, 6 MiB high. */
static void in_group(void)
{
    ULONGLONG kib = 0, before = left();
    ok(GetPhysicallyInstalledSystemMemory(&kib) && kib == LIMIT / 1024, "installed: %llu KiB",
       (unsigned long long)kib);
    ok(!holds(LowMemoryResourceNotification), "not low with all of it left");
    char *p = VirtualAlloc(NULL, 200 * MIB, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    ok(p != NULL, "200 MiB");
    memset(p, 1, 200 * MIB);
    ULONGLONG after = left();
    ok(before - after >= 190 * MIB && before - after <= 215 * MIB, "200 MiB less: 0x%llx, 0x%llx",
       (unsigned long long)before, (unsigned long long)after);
    ok(!holds(LowMemoryResourceNotification), "not low with 50 MiB left");
    size_t most = after > MIB ? (size_t)(after - MIB) & ~(size_t)0xffff : 0;
    char *q = VirtualAlloc(NULL, most, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    ok(q != NULL, "all but 1 MiB");
    memset(q, 1, most);
    ok(holds(LowMemoryResourceNotification), "low with 0x%llx left", (unsigned long long)left());
    ok(!holds(HighMemoryResourceNotification), "not high then");
    ok(VirtualFree(q, 0, MEM_RELEASE) && VirtualFree(p, 0, MEM_RELEASE), "released");
    ok(left() >= before - 16 * MIB, "it is there again");
}

int main(void)
{
    env_start();
    if (!make_group() || !set_limit()) {
        env_skip("memory of a control group", "no control group that can be limited here");
        return env_end();
    }
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        env_be_child();
        if (!enter_group())
            _exit(77);
        in_group();
        fflush(stdout);
        _exit(env_failed != 0);
    }
    int status = 0;
    waitpid(pid, &status, 0);
    remove_group();
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        env_skip("memory of a control group", "the control group cannot be entered");
    else
        ok(status == 0, "memory of a control group: wait status 0x%x", (unsigned)status);
    return env_end();
}
