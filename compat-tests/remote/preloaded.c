/* Calls on an ordinary program that winvm-run has let others into, in both calling conventions. */
#include "target.h"

#include <signal.h>

static const char *runner; /* winvm-run */

/* The program waits for its input; it knows nothing of winvm. */
static struct target start_cat(const char *convention, const char *more)
{
    int in[2];
    struct target t = {-1, -1, -1, NULL};
    if (pipe2(in, O_CLOEXEC) != 0)
        return t;
    fflush(stdout);
    t.pid = fork();
    if (t.pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(in[0], 0);
        execl(runner, runner, convention, more, "/bin/cat", (char *)NULL);
        _exit(127);
    }
    close(in[0]);
    t.orders = in[1];
    t.handle = OpenProcess(PROCESS_ALL_ACCESS, FALSE, (DWORD)t.pid);
    return t;
}

static void *reserve_soon(HANDLE h)
{
    void *a = NULL;
    for (int i = 0; !a && i < 500; i++, usleep(10000))
        a = VirtualAllocEx(h, NULL, GRAN, MEM_RESERVE, PAGE_EXECUTE_READ);
    return a;
}

static void use(const char *convention)
{
    MEMORY_BASIC_INFORMATION m;
    DWORD old;
    char text[] = "into cat", back[sizeof text] = "";
    struct target t = start_cat(convention, "--remote");
    char *a = reserve_soon(t.handle);
    ok(a != NULL, "%s: reserved", convention);
    ok(VirtualAllocEx(t.handle, a, PAGE, MEM_COMMIT, PAGE_READWRITE) == a &&
           WriteProcessMemory(t.handle, a, text, sizeof text, NULL) &&
           ReadProcessMemory(t.handle, a, back, sizeof back, NULL) && strcmp(text, back) == 0,
       "%s: committed, written, read", convention);
    ok(VirtualProtectEx(t.handle, a, PAGE, PAGE_READONLY | PAGE_GUARD, &old) &&
           old == PAGE_READWRITE && VirtualQueryEx(t.handle, a, &m, sizeof m) == sizeof m &&
           m.Protect == (PAGE_READONLY | PAGE_GUARD) && m.AllocationProtect == PAGE_EXECUTE_READ,
       "%s: protected and described", convention);
    HANDLE s = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, GRAN, NULL);
    char *own = MapViewOfFile(s, FILE_MAP_WRITE, 0, 0, 0);
    char *its = MapViewOfFile2(s, t.handle, 0, NULL, 0, 0, PAGE_READONLY);
    ok(own && its && strcpy(own, text) && ReadProcessMemory(t.handle, its, back, 4, NULL) &&
           memcmp(back, text, 4) == 0, "%s: shared memory", convention);
    ok(UnmapViewOfFile2(t.handle, its, 0) && VirtualFreeEx(t.handle, a, 0, MEM_RELEASE),
       "%s: unmapped and freed", convention);
    UnmapViewOfFile(own);
    CloseHandle(s);
    ok(count_entries(t.pid, "task", NULL) == 2, "%s: one thread more", convention);
    /* A signal finds the program's thread, not the server. */
    kill(t.pid, SIGCONT);
    close(t.orders);
    CloseHandle(t.handle);
    ok(env_ended_well(t.pid), "%s: the program ends as it would", convention);
}

static void closed(void)
{
    struct target t = start_cat("--abi=sysv", "--opt=diag=0");
    usleep(200000);
    ok(!VirtualAllocEx(t.handle, NULL, GRAN, MEM_RESERVE, PAGE_READWRITE) &&
           GetLastError() == ERROR_ACCESS_DENIED, "without --remote");
    ok(count_entries(t.pid, "task", NULL) == 1 && count_entries(t.pid, "fd", "socket:") == 0,
       "no thread, no socket");
    close(t.orders);
    CloseHandle(t.handle);
    ok(env_ended_well(t.pid), "it ends well");
}

int main(void)
{
    static char path[4200];
    const char *build = getenv("abs_top_builddir");
    env_start();
    snprintf(path, sizeof path, "%s/winvm-run", build ? build : ".");
    runner = path;
    if (ENV_SANITIZED || access(runner, X_OK) != 0) {
        env_skip("programs under winvm-run", ENV_SANITIZED ? "a sanitizer" : "no winvm-run here");
        return env_end();
    }
    use("--abi=sysv");
    use("--abi=ms");
    closed();
    return env_end();
}
