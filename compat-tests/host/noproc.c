/* A process that cannot see /proc (chroot, sandbox): everything but the description of foreign
 * memory works; foreign addresses get an answer that neither crashes nor invents memory of winvm's.
 *
 * Terms   hidden = an empty file system mounted over /proc, in a mount namespace of the child's
 *         own. */
#include "env.h"

#include <sched.h>
#include <sys/mount.h>
#include <winvm/psapi.h>

static bool hide_proc(void)
{
    return unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0 &&
           mount("none", "/proc", "tmpfs", 0, NULL) == 0 && access("/proc/self", F_OK) != 0;
}

static void check_foreign(void)
{
    static const char constant[] = "in the image";
    char on_stack = 0;
    const void *const at[] = {constant, &on_stack, (void *)0x10000};
    for (unsigned i = 0; i < 3; i++) {
        MEMORY_BASIC_INFORMATION m;
        SetLastError(0);
        SIZE_T got = VirtualQuery(at[i], &m, sizeof(m));
        ok(got == 0
               ? GetLastError() != 0
               : got == sizeof(m) && (uintptr_t)m.BaseAddress <= (uintptr_t)at[i] &&
                     m.RegionSize > 0 && (uintptr_t)m.BaseAddress + m.RegionSize > (uintptr_t)at[i],
           "foreign address %u: %zu, error %u", i, (size_t)got, (unsigned)GetLastError());
    }
}

static void check_own(void)
{
    static MEMORY_BASIC_INFORMATION elsewhere; /* not on the caller's own page of the stack */
    DWORD old;
    char *a = VirtualAlloc(NULL, 4 * GRAN, MEM_RESERVE, PAGE_READWRITE);
    ok(a && VirtualAlloc(a + GRAN, GRAN, MEM_COMMIT, PAGE_READWRITE), "reserve and commit");
    memset(a + GRAN, 0x66, GRAN);
    ok(is_state(a, MEM_RESERVE, 0) && is_state(a + GRAN, MEM_COMMIT, PAGE_READWRITE), "query");
    ok(VirtualQuery(a, &elsewhere, sizeof(elsewhere)) == sizeof(elsewhere) &&
           elsewhere.State == MEM_RESERVE,
       "query into static memory");
    ok(VirtualProtect(a + GRAN, PAGE, PAGE_READONLY, &old) && old == PAGE_READWRITE &&
           !can_write(a + GRAN),
       "protect");
    ok(VirtualFree(a + GRAN + PAGE, PAGE, MEM_DECOMMIT) && !can_read(a + GRAN + PAGE), "decommit");
    ok(VirtualLock(a + GRAN, PAGE) && VirtualUnlock(a + GRAN, PAGE), "lock and unlock: error %u",
       (unsigned)GetLastError());
    ok(VirtualAlloc(a + GRAN + 4 * PAGE, 8 * PAGE, MEM_RESET, PAGE_READWRITE) != NULL, "reset");
    ok(VirtualAlloc(a + GRAN + 4 * PAGE, 8 * PAGE, MEM_RESET_UNDO, PAGE_READWRITE) &&
           all_bytes(a + GRAN + 4 * PAGE, 8 * PAGE, 0x66), "undo");
    ok(VirtualAlloc(NULL, 64 * MIB, MEM_RESERVE | MEM_TOP_DOWN, PAGE_READWRITE) != NULL,
       "top down");
    char *fixed =
        VirtualAlloc((void *)0x200000000000, GRAN, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    ok(fixed == (void *)0x200000000000 && can_write(fixed), "at an address: error %u",
       (unsigned)GetLastError());
    ok(VirtualFree(a, 0, MEM_RELEASE) && VirtualFree(fixed, 0, MEM_RELEASE), "release");
    SetLastError(0);
    char *huge = VirtualAlloc(NULL, (SIZE_T)0x7FF000000000, MEM_RESERVE, PAGE_READWRITE);
    ok(!huge && GetLastError() == ERROR_NOT_ENOUGH_MEMORY,
       "too large: error %u", (unsigned)GetLastError());
    free(malloc(MIB));
}

/* Whether a walk over the address space finds the allocation. */
static bool walk_finds(const void *allocation)
{
    MEMORY_BASIC_INFORMATION m;
    char *p = NULL;
    for (; VirtualQuery(p, &m, sizeof(m)); p = (char *)m.BaseAddress + m.RegionSize)
        if (m.State != MEM_FREE && m.BaseAddress == allocation)
            return true;
    return false;
}

/* Which pages were copied is not to be had: nothing that was written is lost for it. */
static void check_views(void)
{
    DWORD old;
    HANDLE h = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, GRAN, NULL);
    char *a = MapViewOfFile(h, FILE_MAP_WRITE, 0, 0, 0);
    char *b = MapViewOfFile(h, FILE_MAP_COPY, 0, 0, 0);
    if (!ok(a && b, "views"))
        return;
    ok(walk_finds(a) && walk_finds(b), "a walk finds them");
    a[0] = 1;
    b[1] = 2;
    ok(b[0] == 1 && a[1] == 0, "a copy is one's own");
    ok(VirtualProtect(a + PAGE, 2 * PAGE, PAGE_WRITECOPY, &old) && old == PAGE_READWRITE,
       "made write-copy");
    a[PAGE] = 3;
    ok(VirtualProtect(a, GRAN, PAGE_READONLY, &old) &&
           VirtualProtect(a, GRAN, PAGE_READWRITE, &old), "made writable");
    ok(a[PAGE] == 3 && b[PAGE] == 0, "what was written before is there, and not shared");
    a[2 * PAGE] = 4;
    ok(b[2 * PAGE] == 4, "what was not written is shared again");
    ok(UnmapViewOfFile(a) && UnmapViewOfFile(b) && CloseHandle(h), "let go");
}

/* Memory that is not winvm's, and that nobody can describe, as a buffer. */
static void check_files(void)
{
    static const char constant[] = "in the image";
    static char back[sizeof(constant)];
    char name[] = "/tmp/winvm-noproc-XXXXXX";
    int fd = mkstemp(name);
    DWORD n = 0;
    OVERLAPPED at = {0};
    unlink(name);
    HANDLE h = winvm_handle_from_fd(fd, GENERIC_READ | GENERIC_WRITE);
    ok(WriteFile(h, constant, sizeof(constant), &n, &at) && n == sizeof(constant),
       "WriteFile from the image: error %u", (unsigned)GetLastError());
    ok(ReadFile(h, back, sizeof(back), &n, &at) && strcmp(back, constant) == 0,
       "ReadFile into the image: error %u", (unsigned)GetLastError());
    ok(!WriteFile(h, (void *)0x10000, 1, &n, &at) && GetLastError() == ERROR_NOACCESS,
       "WriteFile from nowhere: error %u", (unsigned)GetLastError());
    ok(!ReadFile(h, (void *)(uintptr_t)constant, 1, &n, &at) &&
           GetLastError() == ERROR_NOACCESS,
       "ReadFile into constants: error %u", (unsigned)GetLastError());
    ok(CloseHandle(h) && close(fd) == 0, "closed");
}

/* Of the first n of all pages, asked about in no order, how many are in the working set. */
static unsigned count_valid(char *base, unsigned n, unsigned all)
{
    static PSAPI_WORKING_SET_EX_INFORMATION entry[1024];
    unsigned found = 0;
    for (unsigned i = 0; i < all; i++)
        entry[i].VirtualAddress = base + i * 337 % all * PAGE;
    ok(QueryWorkingSetEx(GetCurrentProcess(), entry, all * sizeof entry[0]),
       "QueryWorkingSetEx: error %u", (unsigned)GetLastError());
    for (unsigned i = 0; i < all; i++) {
        PSAPI_WORKING_SET_EX_BLOCK b = entry[i].VirtualAttributes;
        if (i * 337 % all < n && b.Valid && b.Win32Protection == PAGE_READWRITE)
            found++;
        else if (b.Flags != 0)
            found += 10000;
    }
    return found;
}

/* Present is all that is known: nothing that was touched is denied, and nothing invented. */
static void check_working(void)
{
    enum { N = 1024, TOUCHED = 600 };
    DWORD old;
    char *a = VirtualAlloc(NULL, N * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    ok(count_valid(a, 0, N) == 0, "nothing was touched");
    memset(a, 0x77, TOUCHED * PAGE);
    ok(count_valid(a, TOUCHED, N) == TOUCHED, "what was touched is in the working set");
    ok(VirtualProtect(a + 500 * PAGE, 100 * PAGE, PAGE_NOACCESS, &old) &&
           count_valid(a, 500, N) == 500, "what is inaccessible is not");
    ok(VirtualProtect(a + 500 * PAGE, 100 * PAGE, PAGE_READWRITE, &old), "accessible again");
    ok(EmptyWorkingSet(GetCurrentProcess()), "EmptyWorkingSet: error %u",
       (unsigned)GetLastError());
    ok(!VirtualUnlock(a, N * PAGE) && GetLastError() == ERROR_NOT_LOCKED, "VirtualUnlock");
    ok(count_valid(a, TOUCHED, N) == TOUCHED, "what cannot be told to have left is in memory");
    ok(all_bytes(a, TOUCHED * PAGE, 0x77), "contents are kept");
    ok(VirtualFree(a, 0, MEM_RELEASE) && count_valid(a, 0, N) == 0, "released");
}

static void check_all(void)
{
    check_working();
    check_own();
    check_foreign();
    check_views();
    check_files();
}

static void work(void *arg)
{
    (void)arg;
    if (!hide_proc())
        _exit(77);
    check_all();
}

/* The program starts where /proc is hidden: it was opened before, as it cannot be found by name. */
static int program = -1;

static void work_from_start(void *arg)
{
    char *argv[] = {(char *)"noproc", (char *)"hidden", NULL};
    (void)arg;
    if (!hide_proc())
        _exit(77);
    fexecve(program, argv, environ);
    _exit(126);
}

static void run(const char *name, void (*fn)(void *))
{
    int status = -1;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        env_be_child();
        fn(NULL);
        _exit(env_failed != 0);
    }
    waitpid(pid, &status, 0);
    if (WIFEXITED(status) && (WEXITSTATUS(status) == 77 || WEXITSTATUS(status) == 126))
        env_skip(name, WEXITSTATUS(status) == 77 ? "no mount namespace of one's own here"
                                                 : "the program cannot be started by descriptor");
    else
        ok(status == 0, "%s: wait status 0x%x", name, (unsigned)status);
}

int main(int argc, char **argv)
{
    (void)argv;
    if (argc > 1) {
        env_quiet = true;
        check_all();
        return env_failed != 0;
    }
    env_start();
    program = open("/proc/self/exe", O_RDONLY);
    run("/proc vanishes from a running program", work);
    run("a program starts without /proc", work_from_start);
    return env_end();
}
