/* Processes that are not served: what VirtualQueryEx and its kin tell of them, copies in and out.
 *
 * Terms   twin = a fork child that waits: its memory is ours, so both descriptions must agree;
 *         plain = a program without winvm. */
#include "env.h"

#include <dlfcn.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <sys/syscall.h>

static char *image_data; /* three pages of this program's data, the middle one written */
static char data_pages[8 * PAGE] __attribute__((aligned(4096))) = {1};

/* A child that lives until its pipe is closed. */
struct twin {
    pid_t pid;
    int hold;
    HANDLE handle;
};

static void be_twin(int fd)
{
    char byte;
    env_be_child();
    while (read(fd, &byte, 1) < 0 && errno == EINTR)
        ;
    _exit(0);
}

static struct twin make_twin(DWORD rights)
{
    struct twin t = {-1, -1, NULL};
    int fds[2];
    if (pipe2(fds, O_CLOEXEC) != 0)
        return t;
    fflush(stdout);
    t.pid = fork();
    if (t.pid == 0) {
        close(fds[1]);
        be_twin(fds[0]);
    }
    close(fds[0]);
    t.hold = fds[1];
    t.handle = OpenProcess(rights, FALSE, (DWORD)t.pid);
    return t;
}

static void end_twin(struct twin *t)
{
    close(t->hold);
    waitpid(t->pid, NULL, 0);
    CloseHandle(t->handle);
}

/* cat, when it has its libraries: it has passed on a byte, and waits for the next. */
static pid_t start_plain(int *hold)
{
    int fds[2], out[2];
    char byte = 'x';
    *hold = -1;
    if (pipe2(fds, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
        return -1;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(fds[0], 0);
        dup2(out[1], 1);
        execl("/bin/cat", "cat", (char *)NULL);
        _exit(127);
    }
    close(fds[0]);
    close(out[1]);
    *hold = fds[1];
    ok(write(fds[1], &byte, 1) == 1 && read(out[0], &byte, 1) == 1, "a plain program runs");
    close(out[0]);
    return pid;
}

static void check_same(HANDLE twin, const char *what, const void *at)
{
    MEMORY_BASIC_INFORMATION own = look_at(at), its = look_in(twin, at);
    ok(memcmp(&own, &its, sizeof own) == 0,
       "%s is described alike: %p+%zx in %p, %x, %x of %x, %x; twin %p+%zx in %p, %x, %x of %x, %x",
       what, own.BaseAddress, own.RegionSize, own.AllocationBase, own.State, own.Protect,
       own.AllocationProtect, own.Type, its.BaseAddress, its.RegionSize, its.AllocationBase,
       its.State, its.Protect, its.AllocationProtect, its.Type);
}

static void check_classes(HANDLE twin, const char *what, const void *at)
{
    static const MEMORY_INFORMATION_CLASS classes[] = {
        MemoryRegionInformation, MemoryMappedFilenameInformation, MemoryImageInformation};
    for (unsigned i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        static _Alignas(16) char own[9000], its[9000];
        SIZE_T n_own = 0, n_its = 0;
        memset(own, 0, sizeof own);
        memset(its, 0, sizeof its);
        NTSTATUS a = NtQueryVirtualMemory(GetCurrentProcess(), at, classes[i], own, sizeof own,
                                          &n_own);
        NTSTATUS b = NtQueryVirtualMemory(twin, at, classes[i], its, sizeof its, &n_its);
        if (a >= 0 && classes[i] == MemoryMappedFilenameInformation) {
            ok(b >= 0 && (char *)((UNICODE_STRING *)its)->Buffer == its + sizeof(UNICODE_STRING),
               "%s: the name lies in the caller's buffer", what);
            ((UNICODE_STRING *)own)->Buffer = ((UNICODE_STRING *)its)->Buffer = NULL;
        }
        ok(a == b && n_own == n_its && memcmp(own, its, sizeof own) == 0,
           "%s: class %d answers alike (%x and %x)", what, (int)classes[i], (unsigned)a,
           (unsigned)b);
    }
}

/* Own mappings of a file: read-only, private with the second page written, shared. */
static char *map_file(int flags, int prot)
{
    static int fd = -1;
    if (fd < 0) {
        fd = memfd_create("other", 0);
        if (ftruncate(fd, 8 * PAGE) != 0)
            return NULL;
    }
    char *at = mmap(NULL, 8 * PAGE, prot, flags, fd, 0);
    if (flags == MAP_PRIVATE && (prot & PROT_WRITE))
        at[PAGE] = at[5 * PAGE] = 1;
    return at;
}

/* Where the host shows the mappings of other processes but not their contents. */
static void without_reading(void *process)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_vm_readv, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EPERM),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog program = {sizeof code / sizeof code[0], code};
    MEMORY_BASIC_INFORMATION own = look_at((void *)(uintptr_t)&without_reading);
    prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);
    if (prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) != 0)
        return;
    MEMORY_BASIC_INFORMATION its = look_in(process, (void *)(uintptr_t)&without_reading);
    ok(memcmp(&own, &its, sizeof own) == 0, "code is an image by its mappings alone");
    its = look_in(process, data_pages);
    ok(its.Type == MEM_IMAGE && its.AllocationBase == own.AllocationBase, "so is data");
}

static void twins(void)
{
    data_pages[2 * PAGE] = 2;
    image_data = data_pages;
    char *copying = map_file(MAP_PRIVATE, PROT_READ | PROT_WRITE);
    char *shared = map_file(MAP_SHARED, PROT_READ | PROT_WRITE);
    char *only = map_file(MAP_PRIVATE, PROT_READ);
    char *heap = mmap(NULL, 16 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(heap + 8 * PAGE, 4 * PAGE);
    const struct {
        const char *what;
        const char *at;
    } places[] = {
        {"code", (const char *)(uintptr_t)&twins},
        {"constants", "constant"},
        {"data", (const char *)&env_n},
        {"a library's code", dlsym(RTLD_DEFAULT, "getenv")},
        {"a copying file mapping", copying},
        {"its written page", copying + PAGE},
        {"a page after it", copying + 2 * PAGE},
        {"a shared file mapping", shared + PAGE},
        {"a read-only file mapping", only},
        {"anonymous memory", heap},
        {"a hole", heap + 8 * PAGE},
        {"the last page", (const char *)0x7ffffffe0000},
        {"the first page", NULL},
        {"an odd address", heap + 12 * PAGE + 77},
    };
    struct twin t = make_twin(PROCESS_QUERY_INFORMATION);
    ok(t.handle != NULL, "a twin runs");
    usleep(20000);
    for (unsigned i = 0; i < sizeof places / sizeof places[0]; i++) {
        check_same(t.handle, places[i].what, places[i].at);
        check_classes(t.handle, places[i].what, places[i].at);
    }
    ok(in_child(without_reading, t.handle), "images without a look at their headers");
    end_twin(&t);
}

static void refusals(void)
{
    MEMORY_BASIC_INFORMATION m;
    struct twin t = make_twin(PROCESS_QUERY_LIMITED_INFORMATION);
    SetLastError(7);
    ok(VirtualQueryEx(t.handle, &t, &m, sizeof m) == sizeof m && GetLastError() == 7,
       "the limited right is enough");
    HANDLE weak = OpenProcess(PROCESS_VM_READ, FALSE, (DWORD)t.pid);
    ok(VirtualQueryEx(weak, &t, &m, sizeof m) == 0 && GetLastError() == ERROR_ACCESS_DENIED,
       "the right to read is none to query");
    CloseHandle(weak);
    ok(VirtualQueryEx(t.handle, &t, &m, sizeof m - 1) == 0 && GetLastError() == ERROR_BAD_LENGTH,
       "a short buffer");
    ok(VirtualQueryEx(t.handle, &t, NULL, sizeof m) == 0 && GetLastError() == ERROR_NOACCESS,
       "no buffer");
    ok(VirtualQueryEx(t.handle, (void *)0x7fffffff0000, &m, sizeof m) == 0 &&
           GetLastError() == ERROR_INVALID_PARAMETER,
       "an address above user space");
    kill(t.pid, SIGKILL);
    for (int i = 0; i < 2; i++) {
        siginfo_t info;
        waitid(P_PID, (id_t)t.pid, &info, WEXITED | (i == 0 ? WNOWAIT : 0));
        ok(VirtualQueryEx(t.handle, &t, &m, sizeof m) == 0 &&
               GetLastError() == ERROR_ACCESS_DENIED,
           i == 0 ? "a process that ended" : "a process that is gone");
        ok(NtQueryVirtualMemory(t.handle, &t, MemoryBasicInformation, &m, sizeof m, NULL) ==
               STATUS_PROCESS_IS_TERMINATING,
           "its status");
    }
    close(t.hold);
    CloseHandle(t.handle);
}

/* What the maps file says about [start, end): wholly mapped, wholly free, or mixed. */
struct list {
    unsigned n;
    struct { uintptr_t start, end; char perms[5]; } map[1024];
};

static void read_list(pid_t pid, struct list *l)
{
    char path[64], line[4500];
    snprintf(path, sizeof path, "/proc/%d/maps", (int)pid);
    FILE *f = fopen(path, "re");
    l->n = 0;
    while (f && l->n < 1024 && fgets(line, sizeof line, f)) {
        unsigned long start, end;
        if (sscanf(line, "%lx-%lx %4s", &start, &end, l->map[l->n].perms) == 3 &&
            start < 0x7fffffff0000) {
            l->map[l->n].start = start;
            l->map[l->n++].end = end < 0x7fffffff0000 ? end : 0x7fffffff0000;
        }
    }
    if (f)
        fclose(f);
}

/* Nothing is mapped in the run: it is free up to the granule in which the next mapping begins, and
 * the pages before that read as reserved, unless another mapping is before them in the granule. */
static bool agrees_as_hole(const struct list *l, const MEMORY_BASIC_INFORMATION *m)
{
    uintptr_t start = (uintptr_t)m->BaseAddress, end = start + m->RegionSize;
    uintptr_t before = 0, next = 0x7fffffff0000;
    for (unsigned i = 0; i < l->n; i++) {
        if (l->map[i].end <= start && l->map[i].end > before)
            before = l->map[i].end;
        if (l->map[i].start >= end && l->map[i].start < next)
            next = l->map[i].start;
    }
    uintptr_t granule = next & ~(uintptr_t)(GRAN - 1);
    if (granule <= start && next > granule && before <= granule)
        return m->State == MEM_RESERVE && m->AllocationBase == (void *)granule && end == next &&
               m->Protect == 0 && m->AllocationProtect == PAGE_NOACCESS;
    return m->State == MEM_FREE && m->AllocationBase == NULL &&
           end == (granule > start ? granule : next);
}

static bool agrees(const struct list *l, const MEMORY_BASIC_INFORMATION *m)
{
    static const DWORD prots[8] = {PAGE_NOACCESS, PAGE_READONLY, PAGE_READWRITE, PAGE_READWRITE,
                                   PAGE_EXECUTE, PAGE_EXECUTE_READ, PAGE_EXECUTE_READWRITE,
                                   PAGE_EXECUTE_READWRITE};
    uintptr_t start = (uintptr_t)m->BaseAddress, end = start + m->RegionSize;
    for (unsigned i = 0; i < l->n; i++) {
        if (l->map[i].end <= start || l->map[i].start >= end)
            continue;
        const char *p = l->map[i].perms;
        DWORD prot = prots[(p[0] == 'r') | (p[1] == 'w') << 1 | (p[2] == 'x') << 2];
        bool copying = (prot == PAGE_READWRITE && m->Protect == PAGE_WRITECOPY) ||
                       (prot == PAGE_EXECUTE_READWRITE && m->Protect == PAGE_EXECUTE_WRITECOPY);
        return m->State == MEM_COMMIT && l->map[i].start <= start && end <= l->map[i].end &&
               (m->Protect == prot || copying);
    }
    return agrees_as_hole(l, m);
}

/* From the first page to the last, run by run, and each run of memory page by page. */
static void walk(const char *what, pid_t pid)
{
    static struct list list;
    MEMORY_BASIC_INFORMATION m, page;
    HANDLE h = OpenProcess(PROCESS_QUERY_INFORMATION, FALSE, (DWORD)pid);
    unsigned n_runs = 0, n_images = 0, wrong = 0;
    uintptr_t at = 0;
    read_list(pid, &list);
    while (n_runs < 10000 && VirtualQueryEx(h, (void *)at, &m, sizeof m)) {
        wrong += !agrees(&list, &m) || (uintptr_t)m.BaseAddress != at || m.RegionSize == 0;
        n_images += m.Type == MEM_IMAGE && m.AllocationBase == m.BaseAddress;
        uintptr_t end = at + m.RegionSize, last = at;
        for (unsigned n = 0; m.State != MEM_FREE && at < end && n < 512; at += PAGE, n++) {
            wrong += VirtualQueryEx(h, (void *)at, &page, sizeof page) != sizeof page ||
                     (uintptr_t)page.BaseAddress + page.RegionSize != end ||
                     page.AllocationBase != m.AllocationBase || page.Protect != m.Protect;
            last = at;
        }
        (void)last;
        at = end;
        n_runs++;
    }
    ok(at == 0x7fffffff0000 && GetLastError() == ERROR_INVALID_PARAMETER,
       "%s: the walk ends at the end of user space (%zx)", what, (size_t)at);
    ok(wrong == 0 && list.n > 5 && n_runs > list.n, "%s: %u runs of %u mappings, %u wrong", what,
       n_runs, list.n, wrong);
    ok(n_images >= 2, "%s: %u images", what, n_images);
    CloseHandle(h);
}

static int patched(void)
{
    __asm__ volatile("nop; nop; nop; nop");
    return 1;
}

static void copies(void)
{
    static char buffer[4 * PAGE] __attribute__((aligned(4096)));
    static char back[4 * PAGE];
    SIZE_T count = 77;
    char *target = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *barred = mmap(NULL, 4 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    mprotect(barred + 2 * PAGE, PAGE, PROT_READ);
    mprotect(barred + 3 * PAGE, PAGE, PROT_NONE);
    struct twin t = make_twin(PROCESS_ALL_ACCESS);
    memset(buffer, 0x5A, sizeof buffer);
    ok(WriteProcessMemory(t.handle, target, buffer, sizeof buffer, &count) &&
           count == sizeof buffer, "RW-001: written");
    ok(ReadProcessMemory(t.handle, target, back, sizeof back, &count) && count == sizeof back &&
           memcmp(back, buffer, sizeof back) == 0, "RW-001: and read");
    ok(target[0] == 0, "our own memory stays as it was");
    ok(WriteProcessMemory(t.handle, target, buffer, 0, &count) && count == 0, "RW-002");
    count = 77;
    ok(!WriteProcessMemory(t.handle, barred + 2 * PAGE, buffer, 8, &count) && count == 77 &&
           GetLastError() == ERROR_NOACCESS, "RW-006: a read-only target, no count");
    ok(NtWriteVirtualMemory(t.handle, barred + 2 * PAGE, buffer, 8, &count) ==
               (NTSTATUS)STATUS_PARTIAL_COPY && count == 0, "RW-007");
    ok(!WriteProcessMemory(t.handle, barred, buffer, sizeof buffer, &count) &&
           GetLastError() == ERROR_PARTIAL_COPY && count == 2 * PAGE, "RW-012: to the first page");
    count = 77;
    ok(!ReadProcessMemory(t.handle, barred + 2 * PAGE, back, 2 * PAGE, &count) && count == 0 &&
           GetLastError() == ERROR_PARTIAL_COPY, "RW-013: the source ends early");
    ok(ReadProcessMemory(t.handle, barred + 2 * PAGE, back, PAGE, &count) && count == PAGE,
       "RW-014");
    ok(NtReadVirtualMemory(t.handle, (void *)0x1234, back, 4, &count) ==
               (NTSTATUS)STATUS_PARTIAL_COPY && count == 0, "RW-016");
    DWORD old;
    VirtualProtect(buffer + 2 * PAGE, PAGE, PAGE_NOACCESS, &old);
    ok(!WriteProcessMemory(t.handle, target, buffer, sizeof buffer, &count) && count == 0,
       "RW-003: the source ends early");
    ok(!ReadProcessMemory(t.handle, target, buffer, sizeof buffer, &count) && count == 2 * PAGE,
       "RW-004: the target ends early");
    VirtualProtect(buffer + 2 * PAGE, PAGE, old, &old);
    end_twin(&t);
}

static void code_copies(void)
{
    char back[2], *code = (char *)(uintptr_t)&patched;
    SIZE_T count = 77;
    struct twin t = make_twin(PROCESS_ALL_ACCESS);
    ok(WriteProcessMemory(t.handle, code, "\xcc\xcc", 2, &count) && count == 2,
       "RW-008: into code");
    ok(ReadProcessMemory(t.handle, code, back, 2, NULL) && memcmp(back, "\xcc\xcc", 2) == 0,
       "RW-008: it is there");
    ok(look_in(t.handle, code).Protect == PAGE_EXECUTE_READ && patched() == 1,
       "RW-008: protection as before, and our code too");
    ok(NtWriteVirtualMemory(t.handle, code, "\xcc", 1, &count) == (NTSTATUS)STATUS_PARTIAL_COPY &&
           count == 0, "RW-009");
    end_twin(&t);
}

int main(void)
{
    int hold;
    env_start();
    twins();
    refusals();
    copies();
    code_copies();
    pid_t plain = start_plain(&hold);
    walk("a plain program", plain);
    close(hold);
    waitpid(plain, NULL, 0);
    struct twin t = make_twin(PROCESS_QUERY_INFORMATION);
    walk("a twin", t.pid);
    end_twin(&t);
    return env_end();
}
