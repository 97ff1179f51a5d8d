/* A debugger: it walks over another process's memory, dumps and patches it. In a process that lets
 * it, it also allocates memory, protects it, and maps a section. */
#include "users.h"

#ifdef _WIN32
int main(void)
{
    return users_end(); /* this host's way to start a process */
}
#else
#include <sys/wait.h>
#include <unistd.h>

typedef int (*function)(void);
typedef PVOID(WINAPI *map2)(HANDLE, HANDLE, ULONG64, PVOID, SIZE_T, ULONG, ULONG);
typedef BOOL(WINAPI *unmap2)(HANDLE, PVOID, ULONG);

static const uint8_t code[] = {0xb8, 1, 0, 0, 0, 0xc3}; /* mov eax, 1; ret */

/* What the child tells first. */
struct hello {
    uint8_t *data; /* RW, RW, reserved, RO */
    uint8_t *code;
    const uint8_t *program;
};
/* Orders: call the address, read the byte there, end. */
struct order {
    enum { CALL, BYTE_AT, END } what;
    uint8_t *at;
};

static const uint8_t image_part[2 * PAGE] = {1, 2, 3}; /* a part of the program's image */

static int child(int in, int out)
{
    struct hello hello = {VirtualAlloc(NULL, 4 * PAGE, MEM_RESERVE, PAGE_NOACCESS),
                          commit(PAGE, PAGE_READWRITE), image_part};
    struct order o;
    function f;
    int value;

    VirtualAlloc(hello.data, 2 * PAGE, MEM_COMMIT, PAGE_READWRITE);
    VirtualAlloc(hello.data + 3 * PAGE, PAGE, MEM_COMMIT, PAGE_READONLY);
    for (unsigned i = 0; i < 2 * PAGE; i++)
        hello.data[i] = (uint8_t)(i * 7 + i / 256);
    memcpy(hello.code, code, sizeof(code));
    protect(hello.code, PAGE, PAGE_EXECUTE_READ);
    if (write(out, &hello, sizeof(hello)) != sizeof(hello))
        return 1;
    while (read(in, &o, sizeof(o)) == sizeof(o) && o.what != END) {
        memcpy(&f, &o.at, sizeof(f));
        value = o.what == CALL ? f() : *o.at;
        if (write(out, &value, sizeof(value)) != sizeof(value))
            return 2;
    }
    return 0;
}

static int to_child, from_child;
static pid_t pid;
static struct hello there;

static int ask(int what, uint8_t *at)
{
    struct order o = {0};
    int value = -1;

    o.what = what;
    o.at = at;
    if (write(to_child, &o, sizeof(o)) != sizeof(o) ||
        read(from_child, &value, sizeof(value)) != sizeof(value))
        return -1;
    return value;
}

static HANDLE start(const char *options)
{
    char text[400], in[16], out[16];
    const char *old = getenv("WINVM_OPTIONS");
    int a[2], b[2];

    if (pipe(a) || pipe(b))
        return NULL;
    snprintf(text, sizeof(text), "%s:%s", options, old ? old : "");
    snprintf(in, sizeof(in), "%d", a[0]);
    snprintf(out, sizeof(out), "%d", b[1]);
    pid = fork();
    if (pid == 0) {
        close(a[1]);
        close(b[0]);
        setenv("WINVM_OPTIONS", text, 1);
        execl("/proc/self/exe", "inspector", in, out, (char *)NULL);
        _exit(127);
    }
    close(a[0]);
    close(b[1]);
    to_child = a[1];
    from_child = b[0];
    if (read(from_child, &there, sizeof(there)) != sizeof(there))
        return NULL;
    return OpenProcess(PROCESS_ALL_ACCESS, FALSE, (DWORD)pid);
}

static int end(void)
{
    struct order o = {0};
    int status = 1;

    o.what = END;
    if (write(to_child, &o, sizeof(o)) != sizeof(o))
        return 0;
    close(to_child);
    close(from_child);
    return waitpid(pid, &status, 0) == pid && status == 0;
}

/* All of the address space, each address once. `exact`: the process itself is asked; else pages
 * that are only reserved may look like their neighbours. */
static void walk(HANDLE h, int exact)
{
    MEMORY_BASIC_INFORMATION m;
    SIZE_T at = 0, commits = 0, images = 0, n = 0;
    int gapless = 1, found = 0;
    SYSTEM_INFO si;

    GetSystemInfo(&si);
    while (VirtualQueryEx(h, (void *)at, &m, sizeof(m)) == sizeof(m)) {
        gapless &= (SIZE_T)m.BaseAddress == at && m.RegionSize && m.RegionSize % PAGE == 0;
        commits += m.State == MEM_COMMIT ? m.RegionSize : 0;
        images += m.State == MEM_COMMIT && m.Type == MEM_IMAGE;
        found += at == (SIZE_T)there.data && m.State == MEM_COMMIT && m.Protect == PAGE_READWRITE &&

                 (exact ? m.RegionSize == 2 * PAGE : m.RegionSize >= 2 * PAGE);
        at += m.RegionSize;
        if (++n > 100000)
            break;
    }
    check(gapless && at > (SIZE_T)si.lpMaximumApplicationAddress &&
              GetLastError() == ERROR_INVALID_PARAMETER,
          "the walk ends with the address space");
    /* In a low layout the host puts programs above the end of user space. */
    check(commits >= 4 * PAGE && (images > 1 || user_space() >> 46 == 0),
          "programs and memory are found");
    check(VirtualQueryEx(h, there.program, &m, sizeof(m)) && m.State == MEM_COMMIT &&
              m.Type == MEM_IMAGE,
          "the program is an image, wherever it lies");
    check(found == 1, "so are the pages that the child told of");
    check(VirtualQueryEx(h, there.code, &m, sizeof(m)) && m.State == MEM_COMMIT &&
              m.Protect == PAGE_EXECUTE_READ,
          "and its code");
    check(VirtualQueryEx(h, there.data + 3 * PAGE, &m, sizeof(m)) && m.Protect == PAGE_READONLY,
          "page by page");
}

static void dump_and_patch(HANDLE h)
{
    static uint8_t buffer[4 * PAGE];
    uint8_t new_value = 42;
    SIZE_T n = 77;
    int right = 1;

    right &= ReadProcessMemory(h, there.data, buffer, 2 * PAGE, &n) && n == 2 * PAGE;
    for (unsigned i = 0; i < 2 * PAGE; i++)
        right &= buffer[i] == (uint8_t)(i * 7 + i / 256);
    check(right, "memory is dumped");
    SetLastError(0);
    check(!ReadProcessMemory(h, there.data + PAGE, buffer, 3 * PAGE, &n) &&
              GetLastError() == ERROR_PARTIAL_COPY && n == 0,
          "all of a range or nothing");
    check(WriteProcessMemory(h, there.data + 100, "patch", 5, &n) && n == 5 &&
              ask(BYTE_AT, there.data + 101) == 'a',
          "data is patched");
    check(ask(CALL, there.code) == 1 && WriteProcessMemory(h, there.code + 1, &new_value, 1, &n) &&
              FlushInstructionCache(h, there.code, 16) && ask(CALL, there.code) == 42,
          "code is patched");
    SetLastError(0);
    check(!WriteProcessMemory(h, there.data + 3 * PAGE, "x", 1, &n) && GetLastError() != 0 &&
              ask(BYTE_AT, there.data + 3 * PAGE) == 0,
          "a page that is read-only is not");
}

static void few_rights(void)
{
    HANDLE h = OpenProcess(PROCESS_VM_READ, FALSE, (DWORD)pid);
    MEMORY_BASIC_INFORMATION m;
    uint8_t byte = 1;

    check(h && ReadProcessMemory(h, there.data, &byte, 1, NULL) && byte == 0, "a handle to read");
    SetLastError(0);
    check(!WriteProcessMemory(h, there.data, &byte, 1, NULL) &&
              GetLastError() == ERROR_ACCESS_DENIED,
          "does not write");
    SetLastError(0);
    check(!VirtualQueryEx(h, there.data, &m, sizeof(m)) && GetLastError() == ERROR_ACCESS_DENIED,
          "and does not query");
    check(CloseHandle(h) && !ReadProcessMemory(h, there.data, &byte, 1, NULL) &&
              GetLastError() == ERROR_INVALID_HANDLE,
          "closed it does nothing");
}

static void closed_process(void)
{
    HANDLE h = start("remote=0");
    DWORD number = (DWORD)pid;
    uint8_t byte;

    if (!check(h != NULL, "a process is opened"))
        return;
    walk(h, 0);
    dump_and_patch(h);
    few_rights();
    SetLastError(0);
    check(!VirtualAllocEx(h, NULL, PAGE, MEM_COMMIT, PAGE_READWRITE) &&
              GetLastError() == ERROR_ACCESS_DENIED,
          "it lets nobody allocate");
    check(end(), "it ends");
    SetLastError(0);
    check(!ReadProcessMemory(h, there.data, &byte, 1, NULL) && GetLastError() != 0 &&
              CloseHandle(h),
          "then there is nothing to read");
    SetLastError(0);
    check(!OpenProcess(PROCESS_VM_READ, FALSE, number) && GetLastError() == ERROR_INVALID_PARAMETER,
          "nor to open");
}

static void inject(HANDLE h)
{
    uint8_t *at = VirtualAllocEx(h, NULL, 3 * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    MEMORY_BASIC_INFORMATION m;
    DWORD old = 0;
    SIZE_T n;

    check(at && WriteProcessMemory(h, at + PAGE, code, sizeof(code), &n), "code is injected");
    check(VirtualProtectEx(h, at + PAGE, PAGE, PAGE_EXECUTE_READ, &old) && old == PAGE_READWRITE &&
              ask(CALL, at + PAGE) == 1,
          "made executable, and called");
    check(VirtualQueryEx(h, at, &m, sizeof(m)) && m.AllocationBase == at && m.RegionSize == PAGE &&
              m.AllocationProtect == PAGE_READWRITE && m.Type == MEM_PRIVATE,
          "the process knows it as its own");
    check(VirtualFreeEx(h, at, PAGE, MEM_DECOMMIT) && VirtualQueryEx(h, at, &m, sizeof(m)) &&
              m.State == MEM_RESERVE,
          "a page is decommitted");
    SetLastError(0);
    check(!VirtualFreeEx(h, at + PAGE, 0, MEM_RELEASE) && GetLastError() == ERROR_INVALID_ADDRESS,
          "errors come back");
    check(VirtualFreeEx(h, at, 0, MEM_RELEASE) && VirtualQueryEx(h, at, &m, sizeof(m)) &&
              m.State == MEM_FREE,
          "it is released");
}

static void share(HANDLE h)
{
    HMODULE dll = GetModuleHandleA("kernelbase.dll");
    FARPROC f = GetProcAddress(dll, "MapViewOfFile2"), g = GetProcAddress(dll, "UnmapViewOfFile2");
    HANDLE section = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, GRAN, NULL);
    uint8_t *mine = MapViewOfFile(section, FILE_MAP_ALL_ACCESS, 0, 0, 0), *theirs;
    unmap2 p_unmap2;
    map2 p_map2;

    /* A macro in newer headers: MapViewOfFileNuma2 without a node. */
    memcpy(&p_map2, &f, sizeof(f));
    memcpy(&p_unmap2, &g, sizeof(g));
    if (!check(p_map2 && p_unmap2 && mine, "a section to share"))
        return;
    theirs = p_map2(section, h, 0, NULL, 0, 0, PAGE_READONLY);
    mine[1234] = 99;
    check(theirs && ask(BYTE_AT, theirs + 1234) == 99, "a view of it in the process");
    mine[1234] = 98;
    check(ask(BYTE_AT, theirs + 1234) == 98, "shows what is written here");
    check(CloseHandle(section) && p_unmap2(h, theirs, 0) && !p_unmap2(h, theirs, 0) &&
              GetLastError() == ERROR_INVALID_ADDRESS && UnmapViewOfFile(mine),
          "and goes once");
}

static void open_process(void)
{
    HANDLE h = start("remote=1");

    if (!check(h != NULL, "a process that lets others in"))
        return;
    walk(h, 1);
    dump_and_patch(h);
    inject(h);
    share(h);
    check(end() && CloseHandle(h), "it ends well");
}

int main(int argc, char **argv)
{
    alarm(60);
    if (argc == 3)
        return child(atoi(argv[1]), atoi(argv[2]));
    closed_process();
    open_process();
    return users_end();
}
#endif
