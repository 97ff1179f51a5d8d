/* A process with a limit on its address space (ulimit -v), its data (ulimit -d) or its descriptors
 * (ulimit -n), and one that comes near the host's limit of mappings.
 *
 * The library starts, reservations succeed up to about what is left, larger ones fail with
 * ERROR_NOT_ENOUGH_MEMORY and change nothing, and the program's own malloc and mmap go on. */
#include "env.h"

enum { MANY = 8192 };

static void limit_space(const char *mib)
{
    struct rlimit limit;
    limit.rlim_cur = limit.rlim_max = strtoull(mib, NULL, 10) * MIB;
    setrlimit(RLIMIT_AS, &limit);
}

static void limit_data(const char *mib)
{
    struct rlimit limit;
    limit.rlim_cur = limit.rlim_max = strtoull(mib, NULL, 10) * MIB;
    setrlimit(RLIMIT_DATA, &limit);
}

static void check_host(const char *when)
{
    char *p = malloc(MIB);
    void *m = mmap(NULL, MIB, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ok(p && m != MAP_FAILED, "malloc and mmap of 1 MiB work %s", when);
    if (p)
        memset(p, 1, MIB);
    free(p);
    if (m != MAP_FAILED)
        munmap(m, MIB);
}

/* One reservation of `len` bytes is made and given back. */
static bool fits(size_t len)
{
    void *a = VirtualAlloc(NULL, len, MEM_RESERVE, PAGE_READWRITE);
    return a && VirtualFree(a, 0, MEM_RELEASE);
}

/* Reserves 1 MiB at a time until that fails; then there is room for the host again. */
static void exhaust(size_t limit)
{
    static char *at[MANY];
    size_t n = 0;
    SetLastError(0);
    while (n < MANY && (at[n] = VirtualAlloc(NULL, MIB, MEM_RESERVE, PAGE_READWRITE)))
        n++;
    ok(n == MANY || GetLastError() == ERROR_NOT_ENOUGH_MEMORY, "at the limit: error %u",
       (unsigned)GetLastError());
    ok(n == MANY || n * MIB > limit / 4 * 3, "%zu MiB of %zu MiB reserved in blocks", n,
       limit / MIB);
    for (size_t i = 0; i < n; i += 2)
        ok(VirtualAlloc(at[i], PAGE, MEM_COMMIT, PAGE_READWRITE) || i, "commit at the limit");
    for (size_t i = 0; i < n; i++)
        ok(VirtualFree(at[i], 0, MEM_RELEASE), "release block %zu", i);
}

static int role_space(const char *mib)
{
    size_t limit = strtoull(mib, NULL, 10) * MIB;
    uint64_t before;
    env_quiet = true;
    expect_tour();
    check_host("at start");
    before = committed_now();
    ok(fits(limit / 2), "half of %s MiB", mib);
    ok(fits(limit / 16), "a sixteenth");
    SetLastError(0);
    ok(!VirtualAlloc(NULL, limit, MEM_RESERVE, PAGE_READWRITE) &&
           GetLastError() == ERROR_NOT_ENOUGH_MEMORY,
       "as much as the limit: error %u", (unsigned)GetLastError());
    SetLastError(0);
    ok(!VirtualAlloc(NULL, 64 * limit, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE) &&
           (GetLastError() == ERROR_NOT_ENOUGH_MEMORY || GetLastError() == ERROR_COMMITMENT_LIMIT),
       "64 times the limit: error %u", (unsigned)GetLastError());
    check_host("after refusals");
    exhaust(limit);
    check_host("after exhaustion");
    ok(committed_now() == before, "commit charge is back");
    expect_tour();
    return env_failed != 0;
}

/* RLIMIT_DATA counts private writable memory. */
static int role_data(const char *mib)
{
    size_t limit = strtoull(mib, NULL, 10) * MIB, got = 0;
    env_quiet = true;
    char *a = VirtualAlloc(NULL, 2 * limit, MEM_RESERVE, PAGE_READWRITE);
    ok(a != NULL, "reserved memory is no data: error %u", (unsigned)GetLastError());
    SetLastError(0);
    while (got < 2 * limit && VirtualAlloc(a + got, MIB, MEM_COMMIT, PAGE_READWRITE))
        memset(a + got, 1, PAGE), got += MIB;
    ok(got > limit / 2 && got < limit, "%zu of %s MiB committed", got / MIB, mib);
    ok(GetLastError() == ERROR_NOT_ENOUGH_MEMORY || GetLastError() == ERROR_COMMITMENT_LIMIT,
       "error %u", (unsigned)GetLastError());
    ok(is_state(a + got, MEM_RESERVE, 0) && !can_read(a + got), "the refused page is unchanged");
    ok(VirtualFree(a, got, MEM_DECOMMIT), "decommit");
    ok(VirtualAlloc(a, got, MEM_COMMIT, PAGE_READWRITE) && all_bytes(a, got, 0),
       "and commit the same again");
    ok(VirtualFree(a, 0, MEM_RELEASE), "release");
    check_host("at the end");
    expect_tour();
    return env_failed != 0;
}

static void run_role(const char *role, const char *amount, void (*before)(const char *))
{
    struct env_role r = {.role = role, .arg = amount, .options = "diag=1", .before = before};
    const char *name = strcmp(role, "borders") == 0       ? "max_map_count"
                       : strcmp(role, "descriptors") == 0 ? "RLIMIT_NOFILE"
                       : strcmp(role, "data") == 0        ? "RLIMIT_DATA"
                                                          : "RLIMIT_AS";
    int status = env_run_role(&r);
    ok(status == 0, "%s of %s: status %d", name, amount, status);
    ok(strstr(r.said, name) != NULL, "diag names %s", name);
}

static void limit_descriptors(const char *n)
{
    struct rlimit limit;
    limit.rlim_cur = limit.rlim_max = strtoull(n, NULL, 10);
    setrlimit(RLIMIT_NOFILE, &limit);
}

/* Sections until there is no descriptor for one more; those that are there go on. */
static int role_descriptors(const char *most)
{
    static HANDLE h[MANY];
    size_t n = 0, limit = strtoull(most, NULL, 10);
    env_quiet = true;
    SetLastError(0);
    while (n < MANY && (h[n] = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0,
                                                  GRAN, NULL)))
        n++;
    ok(GetLastError() == ERROR_NO_SYSTEM_RESOURCES, "no descriptor: error %u",
       (unsigned)GetLastError());
    ok(n > limit / 2 && n < limit, "%zu sections with %zu descriptors", n, limit);
    for (size_t i = 0; i < n; i++) {
        char *view = MapViewOfFile(h[i], FILE_MAP_WRITE, 0, 0, 0);
        ok(view && (view[GRAN - 1] = 1) && UnmapViewOfFile(view), "section %zu is mapped", i);
    }
    for (size_t i = 0; i < n; i++)
        ok(CloseHandle(h[i]), "section %zu is closed", i);
    HANDLE again = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, GRAN, NULL);
    ok(again && CloseHandle(again), "then there is room for others");
    return env_failed != 0;
}

/* Every other page gets another protection until there are too many borders between them. */
static int role_borders(const char *most)
{
    size_t n = 0, limit = strtoull(most, NULL, 10);
    env_quiet = true;
    char *a = VirtualAlloc(NULL, limit * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    DWORD old;
    SetLastError(0);
    while (n < limit && VirtualProtect(a + n * PAGE, PAGE, PAGE_READONLY, &old))
        n += 2;
    ok(n > limit / 2 && n < limit, "%zu borders with %zu mappings", n, limit);
    ok(GetLastError() == ERROR_NOT_ENOUGH_MEMORY, "error %u", (unsigned)GetLastError());
    ok(is_state(a + n * PAGE, MEM_COMMIT, PAGE_READWRITE), "the refused page is unchanged");
    check_host("at the limit");
    ok(VirtualFree(a, 0, MEM_RELEASE), "release");
    return env_failed != 0;
}

static void run_borders(void)
{
    char most[32] = "";
    FILE *f = fopen("/proc/sys/vm/max_map_count", "re");
    if (f && fgets(most, sizeof(most), f) && strtoull(most, NULL, 10) <= 262144)
        run_role("borders", most, NULL);
    else
        env_skip("borders", "the host allows very many mappings");
    if (f)
        fclose(f);
}

int main(int argc, char **argv)
{
    if (argc > 2 && strcmp(argv[1], "borders") == 0)
        return role_borders(argv[2]);
    if (argc > 2 && strcmp(argv[1], "descriptors") == 0)
        return role_descriptors(argv[2]);
    if (argc > 2)
        return strcmp(argv[1], "data") == 0 ? role_data(argv[2]) : role_space(argv[2]);
    env_start();
    if (ENV_SANITIZED) {
        env_skip("limits", "a sanitizer's own mappings are in the way");
        return env_end();
    }
    run_role("space", "8192", limit_space);
    run_role("space", "1024", limit_space);
    run_role("space", "256", limit_space);
    run_role("data", "64", limit_data);
    run_role("descriptors", "256", limit_descriptors);
    run_role("descriptors", "1500", limit_descriptors);
    run_borders();
    return env_end();
}
