/* Large pages on this host: from the system's reserved pages, made by the kernel, and refused
 * (WS-055, WS-102, WS-106, WS-107, WS-111).
 *
 * Owns    the machine's number of reserved pages while 8 are added: a first process sets and
 *         restores it, also when it is told to end; the tests run in children. */
#include "env.h"

#include <sys/utsname.h>

#define LARGE ((SIZE_T)2 * MIB)
#define TYPE (MEM_RESERVE | MEM_COMMIT | MEM_LARGE_PAGES)
enum { N_RESERVED = 8 };

static const char setting[] = "/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages";
static long saved = -1;

static long read_number(const char *path)
{
    long v = -1;
    FILE *f = fopen(path, "re");
    if (f && fscanf(f, "%ld", &v) != 1)
        v = -1;
    if (f)
        fclose(f);
    return v;
}

static bool write_number(long v)
{
    FILE *f = fopen(setting, "we");
    bool done = f && fprintf(f, "%ld", v) > 0;
    return f && fclose(f) == 0 && done;
}

static void restore(void)
{
    if (saved >= 0)
        write_number(saved);
}

static void end_early(int sig)
{
    restore();
    signal(sig, SIG_DFL);
    raise(sig);
}

static long n_free(void)
{
    return read_number("/sys/kernel/mm/hugepages/hugepages-2048kB/free_hugepages");
}

/* The sum of a line of /proc/self/smaps over the mappings inside [at, at + len), in kB. */
static long smaps_kb(const char *at, size_t len, const char *key)
{
    char line[512];
    unsigned long lo, hi;
    bool inside = false;
    long sum = 0;
    FILE *f = fopen("/proc/self/smaps", "re");
    while (f && fgets(line, sizeof line, f)) {
        if (sscanf(line, "%lx-%lx ", &lo, &hi) == 2)
            inside = lo >= (uintptr_t)at && hi <= (uintptr_t)at + len;
        else if (inside && strncmp(line, key, strlen(key)) == 0)
            sum += strtol(line + strlen(key), NULL, 10);
    }
    if (f)
        fclose(f);
    return sum;
}

static bool fails_with(bool failed, DWORD error)
{
    return failed && GetLastError() == error;
}

static void *allocate_as(SIZE_T size, ULONG type, uint64_t attributes)
{
    MEM_EXTENDED_PARAMETER p;
    memset(&p, 0, sizeof p);
    p.Type = MemExtendedParameterAttributeFlags;
    p.ULong64 = attributes;
    SetLastError(0);
    return VirtualAlloc2(NULL, NULL, size, type, PAGE_READWRITE, &p, 1);
}

static void *allocate(SIZE_T size)
{
    return allocate_as(size, TYPE, 0);
}

static HANDLE make_section(SIZE_T size)
{
    SetLastError(0);
    return CreateFileMappingA(INVALID_HANDLE_VALUE, NULL,
                              PAGE_READWRITE | SEC_COMMIT | SEC_LARGE_PAGES, 0, (DWORD)size, NULL);
}

static int role_refused(void)
{
    ok(fails_with(!allocate(LARGE), ERROR_PRIVILEGE_NOT_HELD), "WS-102: error %u",
       (unsigned)GetLastError());
    ok(fails_with(!make_section(LARGE), ERROR_PRIVILEGE_NOT_HELD), "WS-111: error %u",
       (unsigned)GetLastError());
    return env_failed != 0;
}

static int role_none(void)
{
    ok(GetLargePageMinimum() == 0, "no large pages");
    return role_refused();
}

/* The kernel has PAGEMAP_SCAN, which tells. */
static bool kernel_tells(void)
{
    struct utsname u;
    unsigned major = 0, minor = 0;
    return uname(&u) == 0 && sscanf(u.release, "%u.%u", &major, &minor) == 2 &&
           (major > 6 || (major == 6 && minor >= 7));
}

/* WS-055. */
static bool is_told_large(void *at)
{
    PSAPI_WORKING_SET_EX_INFORMATION page = {.VirtualAddress = at};
    bool asked = K32QueryWorkingSetEx(GetCurrentProcess(), &page, sizeof page);
    return asked && page.VirtualAttributes.Valid && page.VirtualAttributes.LargePage;
}

static void look_as_child(void *arg)
{
    char *a = arg;
    ok(a[0] == 0x21 && a[LARGE] == 0x21, "the child reads them");
}

static int role_reserved(void)
{
    long before = n_free();
    uint64_t committed = committed_now();
    char *a = allocate(4 * LARGE);
    if (!ok(a != NULL, "4 reserved pages: error %u", (unsigned)GetLastError()))
        return 1;
    ok(n_free() == before - 4, "%ld free, 4 of %ld are ours", n_free(), before);
    ok(committed_now() == committed + 4 * LARGE, "they are charged");
    ok(all_bytes(a, 4 * LARGE, 0), "zeroed");
    memset(a, 0x21, 4 * LARGE);
    ok(smaps_kb(a, 4 * LARGE, "Private_Hugetlb:") == 8192, "all of them reserved pages");
    ok(!kernel_tells() || is_told_large(a + 5 * PAGE), "WS-055");
    ok(in_child(look_as_child, a), "a fork child has them too");
    DWORD old;
    ok(VirtualProtect(a + LARGE, LARGE, PAGE_NOACCESS, &old) && !can_read(a + LARGE) &&
           can_read(a + 2 * LARGE), "one without access");
    SIZE_T much = (sizeof a == 8 ? 1000 : 200) * LARGE;
    ok(fails_with(!allocate(much), ERROR_NO_SYSTEM_RESOURCES), "WS-106: error %u",
       (unsigned)GetLastError());
    ok(n_free() == before - 4 && a[0] == 0x21, "nothing is taken");
    ok(VirtualFree(a, 0, MEM_RELEASE) && !can_read(a), "released");
    ok(n_free() == before, "all are free again");
    ok(committed_now() == committed && winvm_audit() == 0, "charge and tables");
    ok(VirtualAlloc(a, GRAN, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE) == a &&
           all_bytes(a, GRAN, 0),
       "small pages in their place");
    return env_failed != 0;
}

/* Locked, as far as the host lets this user lock. */
static bool stays_locked(const char *at, size_t len)
{
    static int can_lock = -1;
    if (can_lock < 0) {
        void *try = mmap(NULL, 16 * MIB, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        can_lock = mlock(try, 16 * MIB) == 0;
        munmap(try, 16 * MIB);
    }
    return !can_lock || smaps_kb(at, len, "Locked:") == (long)(len / 1024);
}

static int role_made(void)
{
    char *a = allocate(4 * LARGE);
    if (!a && GetLastError() == ERROR_NO_SYSTEM_RESOURCES)
        return 77;
    if (!ok(a != NULL, "4 made pages: error %u", (unsigned)GetLastError()))
        return 1;
    ok(smaps_kb(a, 4 * LARGE, "AnonHugePages:") == 8192, "all of them large: %ld kB",
       smaps_kb(a, 4 * LARGE, "AnonHugePages:"));
    ok(smaps_kb(a, 4 * LARGE, "Rss:") == 8192, "WS-107: all in memory");
    ok(!kernel_tells() || (is_told_large(a) && is_told_large(a + 3 * LARGE + PAGE)), "WS-055");
    ok(!is_told_large(&a), "small ones are not");
    ok(VirtualLock(a, 4 * LARGE) && VirtualUnlock(a, 4 * LARGE), "locks change nothing");
    ok(stays_locked(a, 4 * LARGE), "they stay locked");
    ok(VirtualFree(a, 0, MEM_RELEASE) && env_status_kb("VmLck") == 0, "released");
    HANDLE section = make_section(2 * LARGE);
    if (!section && GetLastError() == ERROR_NO_SYSTEM_RESOURCES)
        return env_failed ? 1 : 78;
    a = MapViewOfFile(section, FILE_MAP_WRITE | FILE_MAP_LARGE_PAGES, 0, 0, 0);
    if (!ok(a != NULL, "a view: error %u", (unsigned)GetLastError()))
        return 1;
    ok(smaps_kb(a, 2 * LARGE, "ShmemPmdMapped:") == 4096, "a view of large pages: %ld kB",
       smaps_kb(a, 2 * LARGE, "ShmemPmdMapped:"));
    ok(stays_locked(a, 2 * LARGE), "it stays locked");
    ok(!kernel_tells() || is_told_large(a + LARGE), "WS-055 of a view");
    ok(UnmapViewOfFile(a) && CloseHandle(section) && winvm_audit() == 0, "unmapped");
    return env_failed != 0;
}

/* NONPAGED memory, and huge pages as far as there are any. */
static int role_attributes(void)
{
    char *a = allocate_as(GRAN, MEM_RESERVE | MEM_COMMIT, MEM_EXTENDED_PARAMETER_NONPAGED);
    ok(a != NULL, "nonpaged: error %u", (unsigned)GetLastError());
    ok(a && smaps_kb(a, GRAN, "Rss:") == 64, "in memory");
    ok(a && VirtualFree(a, 0, MEM_RELEASE), "released");
    ok(fails_with(!allocate_as(LARGE, TYPE, MEM_EXTENDED_PARAMETER_NONPAGED_HUGE),
                  ERROR_INVALID_PARAMETER), "2 MiB are no huge page");
    a = sizeof a == 8 ? allocate_as(GIB, TYPE, MEM_EXTENDED_PARAMETER_NONPAGED_HUGE) : NULL;
    if (a)
        ok((uintptr_t)a % GIB == 0 && VirtualFree(a, 0, MEM_RELEASE), "a huge page");
    else
        ok(sizeof a == 4 || GetLastError() == ERROR_NO_SYSTEM_RESOURCES, "no huge page: error %u",
           (unsigned)GetLastError());
    ok(winvm_audit() == 0, "tables");
    return env_failed != 0;
}

static void play(const char *role, const char *options, const char *what)
{
    struct env_role r = {.role = role, .options = options};
    int status = env_run_role(&r);
    if (status == 77)
        env_skip(what, "the kernel makes no large pages now");
    else if (status == 78)
        env_skip(what, "the kernel makes no large pages of shared memory");
    else
        ok(status == 0, "%s: status %d", what, status);
}

static int run_as(const char *role)
{
    env_quiet = true;
    if (strcmp(role, "refused") == 0)
        return role_refused();
    if (strcmp(role, "none") == 0)
        return role_none();
    if (strcmp(role, "reserved") == 0)
        return role_reserved();
    return strcmp(role, "made") == 0 ? role_made() : role_attributes();
}

static void with_reserved(void)
{
    saved = read_number(setting);
    if (ENV_SANITIZED || saved < 0 || !write_number(saved + N_RESERVED)) {
        saved = -1;
        env_skip("reserved pages", "they cannot be added here");
        return;
    }
    if (n_free() >= N_RESERVED)
        play("reserved", "large=hugetlb", "reserved pages");
    else
        env_skip("reserved pages", "the machine has no room for 8 of them");
    restore();
    saved = -1;
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return run_as(argv[1]);
    env_start();
    for (int sig = SIGHUP; sig <= SIGTERM; sig++)
        if (sig == SIGHUP || sig == SIGINT || sig == SIGTERM || sig == SIGALRM)
            signal(sig, end_early);
    play("refused", "lock-memory=0", "without SeLockMemoryPrivilege");
    play("none", "large=0", "without large pages");
    play("attributes", "large=auto", "attributes of VirtualAlloc2");
    if (ENV_SANITIZED)
        env_skip("made pages", "a sanitizer's own mappings are in the way");
    else
        play("made", "large=thp", "made pages");
    with_reserved();
    return env_end();
}
