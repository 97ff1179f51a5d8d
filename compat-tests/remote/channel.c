/* Calls on a process that serves others (option remote): what they do there, and what happens when
 * that process ends, stops, forks or closes its descriptors.
 *
 * With an argument: "target" is the process that serves; "leaver" one whose first thread ends. */
#include "channel.h"
#include "pe_build.h"

#include <time.h>

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + (double)t.tv_nsec / 1e9;
}

static uint64_t word(DWORD state, DWORD prot)
{
    return (uint64_t)state << 32 | prot;
}

/* The native calls on memory() below: its second granule is committed but for the first page. */
static void natively(struct target *t, char *a)
{
    SIZE_T count;
    MEMORY_REGION_INFORMATION region;
    PVOID base = a + GRAN + 2 * PAGE + 5;
    SIZE_T size = 10;
    ok(NtLockVirtualMemory(t->handle, &base, &size, 1) == 0 && base == a + GRAN + 2 * PAGE &&
           size == PAGE, "locked, and the range rounded");
    ok(NtLockVirtualMemory(t->handle, &base, &size, 1) == STATUS_WAS_LOCKED, "it was locked");
    ok(NtUnlockVirtualMemory(t->handle, &base, &size, 1) == 0, "unlocked");
    ok(NtQueryVirtualMemory(t->handle, a, MemoryRegionInformation, &region, sizeof region,
                            &count) == 0 && count == sizeof region &&
           region.CommitSize == GRAN - PAGE && region.RegionSize == 3 * GRAN, "the region class");
}

/* VP-029, VQ-025 and their kin: reserve, commit, protect, decommit, release. */
static void memory(struct target *t)
{
    DWORD old = 77;
    SIZE_T count;
    char text[] = "across";
    uint64_t before = tell(t, 'n', 0);
    char *a = VirtualAllocEx(t->handle, NULL, 3 * GRAN, MEM_RESERVE, PAGE_READWRITE);
    ok(a != NULL && ((uintptr_t)a & (GRAN - 1)) == 0, "reserved there");
    ok(tell(t, 's', (uintptr_t)a) == word(MEM_RESERVE, 0), "it is reserved there");
    MEMORY_BASIC_INFORMATION m = look_in(t->handle, a + PAGE);
    ok(m.BaseAddress == a + PAGE && m.AllocationBase == a && m.State == MEM_RESERVE &&
           m.AllocationProtect == PAGE_READWRITE && m.RegionSize == 3 * GRAN - PAGE &&
           m.Type == MEM_PRIVATE, "VQ-025: and described so");
    ok(VirtualAllocEx(t->handle, a + GRAN, GRAN, MEM_COMMIT, PAGE_EXECUTE_READWRITE) == a + GRAN,
       "committed");
    ok(tell(t, 's', (uintptr_t)a + GRAN) == word(MEM_COMMIT, PAGE_EXECUTE_READWRITE),
       "it is committed there");
    ok(tell(t, 'n', 0) == before + GRAN, "and counted there");
    ok(WriteProcessMemory(t->handle, a + GRAN, text, sizeof text, &count) &&
           tell(t, 'b', (uintptr_t)a + GRAN) == 'a', "written and seen there");
    ok(VirtualProtectEx(t->handle, a + GRAN, 2 * PAGE, PAGE_READONLY, &old) &&
           old == PAGE_EXECUTE_READWRITE, "VP-029: protected, the old protection told");
    ok(tell(t, 's', (uintptr_t)a + GRAN) == word(MEM_COMMIT, PAGE_READONLY), "VP-029: there");
    ok(!VirtualProtectEx(t->handle, a, PAGE, PAGE_READONLY, &old) &&
           GetLastError() == ERROR_INVALID_ADDRESS, "what is not committed is refused");
    ok(!VirtualProtectEx(t->handle, a + GRAN, PAGE, PAGE_READONLY, NULL) &&
           GetLastError() == ERROR_NOACCESS, "no place for the old protection");
    ok(!VirtualAllocEx(t->handle, NULL, PAGE, MEM_COMMIT, 3) &&
           GetLastError() == ERROR_INVALID_PARAMETER, "a wrong protection");
    ok(!VirtualFreeEx(t->handle, a, PAGE, MEM_RELEASE) &&
           GetLastError() == ERROR_INVALID_PARAMETER, "VF-003 holds there");
    ok(VirtualFreeEx(t->handle, a + GRAN, PAGE, MEM_DECOMMIT) &&
           tell(t, 's', (uintptr_t)a + GRAN) == word(MEM_RESERVE, 0), "decommitted");
    natively(t, a);
    ok(VirtualFreeEx(t->handle, a, 0, MEM_RELEASE) &&
           tell(t, 's', (uintptr_t)a) == word(MEM_FREE, PAGE_NOACCESS), "released");
    ok(tell(t, 'n', 0) == before && tell(t, 'a', 0) == 1, "nothing is left, the tables are right");
}

static void placed(struct target *t)
{
    MEM_ADDRESS_REQUIREMENTS r = {NULL, (PVOID)(uintptr_t)0xffffffff, (SIZE_T)1 << 24};
    MEM_EXTENDED_PARAMETER p;
    memset(&p, 0, sizeof p);
    p.Type = MemExtendedParameterAddressRequirements;
    p.Pointer = &r;
    char *a = VirtualAlloc2(t->handle, NULL, GRAN, MEM_RESERVE, PAGE_READWRITE, &p, 1);
    ok(a && (uintptr_t)a < ((uintptr_t)1 << 32) && ((uintptr_t)a & ((1 << 24) - 1)) == 0,
       "VirtualAlloc2: placed as asked, at %p", (void *)a);
    ok(tell(t, 's', (uintptr_t)a) == word(MEM_RESERVE, 0), "VirtualAlloc2: there");
    VirtualFreeEx(t->handle, a, 0, MEM_RELEASE);
    r.Alignment = 3;
    ok(!VirtualAlloc2(t->handle, NULL, GRAN, MEM_RESERVE, PAGE_READWRITE, &p, 1) &&
           GetLastError() == ERROR_INVALID_PARAMETER, "VirtualAlloc2: a wrong alignment");
}

/* PH cases in another process: kept for a view, taken by it, and kept again. */
static void placeholders(struct target *t)
{
    HANDLE s = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, GRAN, NULL);
    char *a = VirtualAlloc2(t->handle, NULL, 2 * GRAN, MEM_RESERVE | MEM_RESERVE_PLACEHOLDER,
                            PAGE_NOACCESS, NULL, 0);
    ok(a && VirtualFreeEx(t->handle, a, GRAN, MEM_RELEASE | MEM_PRESERVE_PLACEHOLDER),
       "a placeholder, split");
    for (int i = 0; i < 2; i++)
        ok(MapViewOfFile3(s, t->handle, a + i * GRAN, 0, GRAN, MEM_REPLACE_PLACEHOLDER,
                          PAGE_READWRITE, NULL, 0) == a + i * GRAN, "half %d replaced", i);
    char byte = 'r';
    ok(WriteProcessMemory(t->handle, a + 5, &byte, 1, NULL) &&
           tell(t, 'b', (uintptr_t)a + GRAN + 5) == 'r', "the two halves are one memory");
    ok(!MapViewOfFile3(s, t->handle, a, 0, GRAN, MEM_REPLACE_PLACEHOLDER, PAGE_READWRITE, NULL,
                       0), "no placeholder any more");
    for (int i = 0; i < 2; i++)
        ok(UnmapViewOfFile2(t->handle, a + i * GRAN, MEM_PRESERVE_PLACEHOLDER), "kept again");
    ok(VirtualFreeEx(t->handle, a, 2 * GRAN, MEM_RELEASE | MEM_COALESCE_PLACEHOLDERS) &&
           look_in(t->handle, a).RegionSize == 2 * GRAN &&
           VirtualFreeEx(t->handle, a, 0, MEM_RELEASE) && tell(t, 'a', 0) == 1,
       "joined and released");
    CloseHandle(s);
}

static void views(struct target *t, const char *what, HANDLE section)
{
    char *own = MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0);
    char *its = MapViewOfFile2(section, t->handle, GRAN, NULL, PAGE, 0, PAGE_READWRITE);
    ok(own && its, "%s: mapped in both (error %u)", what, (unsigned)GetLastError());
    if (!own || !its)
        return;
    own[GRAN] = 'x';
    ok(tell(t, 'b', (uintptr_t)its) == 'x', "%s: the same memory", what);
    MEMORY_BASIC_INFORMATION m = look_in(t->handle, its);
    ok(m.Type == MEM_MAPPED && m.AllocationBase == its && m.RegionSize == PAGE &&
           m.Protect == PAGE_READWRITE, "%s: a mapped region there", what);
    PVOID base = its;
    SIZE_T size = 0;
    NTSTATUS flushed = NtFlushVirtualMemory(t->handle, &base, &size, NULL);
    NTSTATUS expected =
        NtFlushVirtualMemory(GetCurrentProcess(), &(PVOID){own}, &(SIZE_T){0}, NULL);
    ok(flushed == expected && (flushed < 0 || size == PAGE), "%s: flushed as here (%x)", what,
       (unsigned)flushed);
    ok(!MapViewOfFile2(section, t->handle, 0, its, PAGE, 0, PAGE_READWRITE) &&
           GetLastError() == ERROR_INVALID_ADDRESS, "%s: a place that is taken", what);
    ok(!MapViewOfFile2(section, t->handle, 1, NULL, PAGE, 0, PAGE_READWRITE) &&
           GetLastError() == ERROR_MAPPED_ALIGNMENT, "%s: a wrong offset", what);
    ok(UnmapViewOfFile2(t->handle, its, 0) &&
           tell(t, 's', (uintptr_t)its) == word(MEM_FREE, PAGE_NOACCESS), "%s: unmapped", what);
    ok(!UnmapViewOfFile2(t->handle, its, 0) && GetLastError() == ERROR_INVALID_ADDRESS,
       "%s: it is gone", what);
    UnmapViewOfFile(own);
}

static HANDLE open_image(const char *name)
{
    static uint8_t bytes[1 << 16];
    struct pe_plan plan = pe_plan_usual(false);
    plan.base = 0x123450000000;
    size_t n = pe_build(&plan, bytes, sizeof bytes);
    int fd = open(name, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, bytes, n) != (ssize_t)n || close(fd) != 0)
        return NULL;
    HANDLE file = CreateFileA(name, GENERIC_READ | GENERIC_EXECUTE, FILE_SHARE_READ, NULL,
                              OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
    HANDLE s = CreateFileMappingW(file, NULL, PAGE_EXECUTE_READ | SEC_IMAGE, 0, 0, NULL);
    CloseHandle(file);
    return s;
}

static void images(struct target *t)
{
    char name[64], told[300] = "";
    MEMORY_IMAGE_INFORMATION info;
    SIZE_T count = 0;
    snprintf(name, sizeof name, "%s/image", run_dir);
    HANDLE s = open_image(name);
    char *its = MapViewOfFile2(s, t->handle, 0, NULL, 0, 0, PAGE_EXECUTE_READ);
    ok(its != NULL, "an image is mapped (error %u)", (unsigned)GetLastError());
    MEMORY_BASIC_INFORMATION code = look_in(t->handle, its + PAGE), data;
    data = look_in(t->handle, its + 4 * PAGE);
    ok(code.Type == MEM_IMAGE && code.AllocationBase == its && code.Protect == PAGE_EXECUTE_READ &&
           data.Protect == PAGE_WRITECOPY, "with the protections of its parts");
    ok(NtQueryVirtualMemory(t->handle, its, MemoryImageInformation, &info, sizeof info, &count) ==
               0 && count == sizeof info && info.ImageBase == its &&
           info.SizeOfImage == 9 * PAGE, "the image class");
    static _Alignas(16) char name_info[1024];
    ok(GetMappedFileNameA(t->handle, its + PAGE, told, sizeof told) == strlen(name) &&
           strcmp(told, name) == 0, "its name: %s", told);
    ok(NtQueryVirtualMemory(t->handle, its, MemoryMappedFilenameInformation, name_info,
                            sizeof name_info, &count) == 0 &&
           ((UNICODE_STRING *)name_info)->Length == 2 * strlen(name) &&
           (char *)((UNICODE_STRING *)name_info)->Buffer == name_info + sizeof(UNICODE_STRING),
       "and by the native call");
    ok(UnmapViewOfFile2(t->handle, its, 0) && tell(t, 'a', 0) == 1, "unmapped");
    CloseHandle(s);
    unlink(name);
}

static void sections(struct target *t)
{
    HANDLE s = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 4 * GRAN, NULL);
    views(t, "page file", s);
    CloseHandle(s);
    char name[64];
    snprintf(name, sizeof name, "%s/file", run_dir);
    HANDLE file = CreateFileA(name, GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    s = CreateFileMappingW(file, NULL, PAGE_READWRITE, 0, 4 * GRAN, NULL);
    views(t, "file", s);
    char *its = MapViewOfFile2(s, t->handle, 0, NULL, 0, 0, PAGE_WRITECOPY);
    ok(look_in(t->handle, its).Protect == PAGE_WRITECOPY, "a copying view");
    ok(CloseHandle(s) && CloseHandle(file) && tell(t, 's', (uintptr_t)its) ==
           word(MEM_COMMIT, PAGE_WRITECOPY), "it outlives the handles here");
    ok(UnmapViewOfFile2(t->handle, its, 0) && tell(t, 'a', 0) == 1, "and is unmapped");
    unlink(name);
}

static void refusals(struct target *t)
{
    HANDLE weak = OpenProcess(PROCESS_QUERY_INFORMATION | PROCESS_VM_READ, FALSE, (DWORD)t->pid);
    DWORD old;
    ok(!VirtualAllocEx(weak, NULL, PAGE, MEM_COMMIT, PAGE_READWRITE) &&
           GetLastError() == ERROR_ACCESS_DENIED, "VA-081: without the right to operate");
    ok(!VirtualProtectEx(weak, t, PAGE, PAGE_READWRITE, &old) &&
           GetLastError() == ERROR_ACCESS_DENIED, "VP-029: without the right to operate");
    CloseHandle(weak);
    struct target plain = start(unserved);
    ok(!VirtualAllocEx(plain.handle, NULL, PAGE, MEM_COMMIT, PAGE_READWRITE) &&
           GetLastError() == ERROR_ACCESS_DENIED, "a process that does not serve");
    HANDLE s = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, GRAN, NULL);
    ok(!MapViewOfFile2(s, plain.handle, 0, NULL, 0, 0, PAGE_READWRITE) &&
           GetLastError() == ERROR_ACCESS_DENIED, "nor maps");
    CloseHandle(s);
    ok(VirtualQueryEx(plain.handle, (void *)(uintptr_t)&refusals, &(MEMORY_BASIC_INFORMATION){0},
                      sizeof(MEMORY_BASIC_INFORMATION)) != 0, "it is described all the same");
    ok(count_entries(plain.pid, "task", NULL) == 1, "it has no thread of ours");
    ok(count_entries(plain.pid, "fd", "socket:") == 0, "and no socket");
    ok(count_entries(t->pid, "task", NULL) == 2 && comes_to(t->pid, 1),
       "the one that serves has one of each");
    ok(end_target(&plain), "it ends well");
}

static void *kill_soon(void *target)
{
    usleep(60000);
    kill(((struct target *)target)->pid, SIGKILL);
    return NULL;
}

/* All its threads have stopped when this returns. */
static void stop(const struct target *t)
{
    siginfo_t info;
    kill(t->pid, SIGSTOP);
    waitid(P_PID, (id_t)t->pid, &info, WSTOPPED);
}

/* The other process stops, and ends in the middle of a call. */
static void stops_and_ends(void)
{
    struct target t = start(served);
    pthread_t killer;
    stop(&t);
    double began = seconds();
    ok(!VirtualAllocEx(t.handle, NULL, PAGE, MEM_COMMIT, PAGE_READWRITE) &&
           GetLastError() == ERROR_ACCESS_DENIED && seconds() - began < 3, "a stopped process");
    ok(look_in(t.handle, NULL).State == MEM_FREE, "is described by its mappings");
    kill(t.pid, SIGCONT);
    ok(tell(&t, 'a', 0) == 1 && VirtualAllocEx(t.handle, NULL, PAGE, MEM_COMMIT, PAGE_READWRITE),
       "it goes on");
    stop(&t);
    pthread_create(&killer, NULL, kill_soon, &t);
    PVOID base = NULL;
    SIZE_T size = PAGE;
    NTSTATUS status =
        NtAllocateVirtualMemory(t.handle, &base, 0, &size, MEM_COMMIT, PAGE_READWRITE);
    ok(status == (NTSTATUS)STATUS_PROCESS_IS_TERMINATING, "killed in the middle: %x",
       (unsigned)status);
    pthread_join(killer, NULL);
    ok(!end_target(&t), "it was killed");
}

static void many(struct target *t)
{
    enum { N = 1000 };
    unsigned failed = 0;
    char *a = VirtualAllocEx(t->handle, NULL, GRAN, MEM_RESERVE, PAGE_READWRITE);
    double began = seconds();
    for (unsigned i = 0; i < N; i++)
        failed += !VirtualAllocEx(t->handle, a + i % 16 * PAGE, PAGE, MEM_COMMIT, PAGE_READWRITE);
    double took = seconds() - began;
    ok(failed == 0, "%u calls, %.1f us each", N, took / N * 1e6);
    VirtualFreeEx(t->handle, a, 0, MEM_RELEASE);
    ok(count_entries(getpid(), "fd", "socket:") == 0, "no socket is left here");
    ok(comes_to(t->pid, 1), "nor there");
}

static void be_client(void *handle)
{
    for (unsigned i = 0; i < 300; i++) {
        char *a = VirtualAllocEx(handle, NULL, GRAN, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
        char byte = (char)i, back = 0;
        DWORD old;
        bool good = a && WriteProcessMemory(handle, a, &byte, 1, NULL) &&
                    VirtualProtectEx(handle, a, PAGE, PAGE_READONLY, &old) &&
                    ReadProcessMemory(handle, a, &back, 1, NULL) && back == byte &&
                    look_in(handle, a).Protect == PAGE_READONLY &&
                    VirtualFreeEx(handle, a, 0, MEM_RELEASE);
        if (!ok(good, "round %u, error %u", i, (unsigned)GetLastError()))
            return;
    }
}

/* Several processes at once, while the target works too. */
static void clients(struct target *t)
{
    pid_t pid[6];
    bool good = true;
    fflush(stdout);
    for (unsigned i = 0; i < 6; i++) {
        pid[i] = fork();
        if (pid[i] == 0) {
            env_be_child();
            be_client(t->handle);
            _exit(env_failed != 0);
        }
    }
    for (unsigned i = 0; i < 300; i++)
        good &= tell(t, 'v', GRAN) != 0;
    for (unsigned i = 0; i < 6; i++)
        good &= env_ended_well(pid[i]);
    ok(good, "six clients at once");
    ok(tell(t, 'a', 0) == 1, "the tables are right");
}

static void forks_and_closes(struct target *t)
{
    pid_t used = (pid_t)tell(t, 'f', 1), unused = (pid_t)tell(t, 'f', 0);
    HANDLE h_used = OpenProcess(PROCESS_ALL_ACCESS, FALSE, (DWORD)used);
    HANDLE h_unused = OpenProcess(PROCESS_ALL_ACCESS, FALSE, (DWORD)unused);
#ifdef __SANITIZE_THREAD__
    env_skip("a fork child that uses the API serves", "the sanitizer allows no thread there");
#else
    ok(served_soon(h_used), "a fork child that uses the API serves");
#endif
    ok(served_soon(t->handle), "its parent goes on");
    ok(!VirtualAllocEx(h_unused, NULL, GRAN, MEM_RESERVE, PAGE_READWRITE) &&
           GetLastError() == ERROR_ACCESS_DENIED, "one that does not use it does not serve");
    ok(count_entries(unused, "task", NULL) == 1 && comes_to(unused, 0),
       "and has neither thread nor socket");
    kill(used, SIGKILL);
    kill(unused, SIGKILL);
    CloseHandle(h_used);
    CloseHandle(h_unused);
    ok(tell(t, 'c', 0) == 0, "it closes all its descriptors");
    ok(served_soon(t->handle), "and serves again soon");
}

static void *last_thread(void *unused)
{
    usleep(100000);
    return unused;
}

static void leavers(void)
{
    struct env_role role = {.role = "leaver", .options = served};
    double began = seconds();
    int status = env_run_role(&role);
    ok(status == 0 && seconds() - began < 10,
       "a program without its first thread ends (%d, %.1f s)", status, seconds() - began);
}

static int run_role(const char *role)
{
    pthread_t thread;
    if (strcmp(role, "target") == 0)
        exit(be_target());
    pthread_create(&thread, NULL, last_thread, NULL);
    pthread_detach(thread);
    pthread_exit(NULL);
}

int main(int argc, char **argv)
{
    if (argc > 1 && (strcmp(argv[1], "target") == 0 || strcmp(argv[1], "leaver") == 0))
        return run_role(argv[1]);
    settle(argv);
    env_start();
    struct target t = start(served);
    memory(&t);
    placed(&t);
    placeholders(&t);
    sections(&t);
    images(&t);
    refusals(&t);
    many(&t);
    clients(&t);
    forks_and_closes(&t);
    ok(tell(&t, 'x', 0) == 1 && comes_to(t.pid, 0) &&
           !VirtualAllocEx(t.handle, NULL, PAGE, MEM_COMMIT, PAGE_READWRITE) &&
           GetLastError() == ERROR_ACCESS_DENIED, "started again without the option it serves not");
    ok(end_target(&t), "the target ends well");
    stops_and_ends();
    leavers();
    remove_run_dir();
    return env_end();
}
