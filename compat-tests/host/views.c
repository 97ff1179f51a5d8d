/* Views and sections against the host's limits and habits: the limit of mappings, many descriptors,
 * a program that closes every descriptor, the limit of file sizes, fork, exec, truncated files. */
#include "env.h"

#include <sys/syscall.h>

enum { MANY = 100000, N_SECTIONS = 3000 };

static HANDLE make_section(size_t len)
{
    return CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, (DWORD)len, NULL);
}

static unsigned count_fds(void)
{
    unsigned n = 0;
    for (int fd = 0; fd < 20000; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

/* ---- nothing is left behind ---- */

static void test_nothing_left(void)
{
    HANDLE h = make_section(GRAN);
    unsigned wrong = 0;
    char *first = MapViewOfFile(h, FILE_MAP_WRITE, 0, 0, 0);
    UnmapViewOfFile(first);
    CloseHandle(make_section(GRAN)); /* the memory of the last small section is kept */
    unsigned maps = env_map_count(), fds = count_fds();
    uint64_t charge = committed_now();
    long rss = env_status_kb("VmRSS");
    for (int i = 0; i < MANY; i++) {
        char *p = MapViewOfFile(h, i & 1 ? FILE_MAP_COPY : FILE_MAP_WRITE, 0, 0, 0);
        wrong += !p || !UnmapViewOfFile(p);
    }
    ok(wrong == 0, "100,000 views mapped and unmapped");
    for (int i = 0; i < MANY / 10; i++) {
        HANDLE other = make_section(GRAN);
        wrong += !other || !CloseHandle(other);
    }
    ok(wrong == 0, "10,000 sections made and closed");
    ok(env_map_count() <= maps + 4, "%u mappings, %u before", env_map_count(), maps);
    ok(count_fds() == fds, "%u descriptors, %u before", count_fds(), fds);
    ok(committed_now() == charge, "the commit charge is back");
    ok(env_status_kb("VmRSS") < rss + 1024, "%ld kB resident, %ld before",
       env_status_kb("VmRSS"), rss);
    CloseHandle(h);
}

/* ---- the limit of mappings ---- */

static void *thread_body(void *arg)
{
    return arg;
}

static int role_limit(void)
{
    static char *view[200000];
    HANDLE h = make_section(GRAN);
    pthread_t t;
    unsigned n = 0;
    while (n < 200000 && (view[n] = MapViewOfFile(h, FILE_MAP_READ, 0, 0, 0)))
        n++;
    ok(n > 40000 && n < 200000, "%u views", n);
    ok(GetLastError() == ERROR_NOT_ENOUGH_MEMORY, "error %u", (unsigned)GetLastError());
    void *m = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ok(m != MAP_FAILED, "the program's own mmap works");
    ok(pthread_create(&t, NULL, thread_body, NULL) == 0 && pthread_join(t, NULL) == 0,
       "a thread can be made");
    unsigned wrong = 0;
    for (unsigned i = 0; i < n; i++)
        wrong += !UnmapViewOfFile(view[i]);
    ok(wrong == 0, "all are unmapped");
    view[0] = MapViewOfFile(h, FILE_MAP_READ, 0, 0, 0);
    ok(view[0] != NULL, "there is room again");
    ok(winvm_audit() == 0, "audit");
    return env_failed != 0;
}

static void test_limit(void)
{
    struct env_role r = {.role = "limit", .arg = "", .options = "diag=1"};
    ok(env_run_role(&r) == 0, "near the limit of mappings MapViewOfFile fails, all else works");
    ok(strstr(r.said, "max_map_count") != NULL, "the diagnostics name the limit");
}

/* ---- descriptors ---- */

/* More sections than the soft limit of descriptors allows, in a program that opens few files. */
static void many_sections(void *arg)
{
    static HANDLE h[N_SECTIONS];
    struct rlimit lim;
    unsigned n = 0;
    (void)arg;
    getrlimit(RLIMIT_NOFILE, &lim);
    if (lim.rlim_max < N_SECTIONS + 100)
        return;
    lim.rlim_cur = 256;
    setrlimit(RLIMIT_NOFILE, &lim);
    while (n < N_SECTIONS && (h[n] = make_section(PAGE)))
        n++;
    ok(n == N_SECTIONS, "only %u sections: error %u", n, (unsigned)GetLastError());
    for (unsigned i = 0; i < n; i++)
        ok(CloseHandle(h[i]), "CloseHandle %u", i);
}

/* The descriptors go, and their numbers become files of the program's own. */
static void closed_behind(void *arg)
{
    HANDLE h = make_section(GRAN);
    char *p = MapViewOfFile(h, FILE_MAP_WRITE, 0, 0, 0);
    char name[] = "/tmp/winvm-own-XXXXXX";
    struct stat st;
    (void)arg;
    p[0] = 42;
    syscall(SYS_close_range, 3, ~0u, 0);
    int own = mkstemp(name);
    unlink(name);
    ok(p[0] == 42 && UnmapViewOfFile(p), "the view stays");
    p = MapViewOfFile(h, FILE_MAP_WRITE, 0, 0, 0);
    ok(p == NULL, "nothing can be mapped from what was closed");
    ok(CloseHandle(h), "the handle closes");
    ok(fstat(own, &st) == 0, "the program's file is still open");
    h = make_section(GRAN);
    p = h ? MapViewOfFile(h, FILE_MAP_WRITE, 0, 0, 0) : NULL;
    ok(p && p[0] == 0, "new sections work");
    ok(fstat(own, &st) == 0 && st.st_size == 0, "the program's file is untouched");
}

static int role_exec(void)
{
    unsigned n = 0;
    for (int fd = 3; fd < 5000; fd++) {
        char path[64], link[64] = "";
        snprintf(path, sizeof path, "/proc/self/fd/%d", fd);
        ssize_t len = readlink(path, link, sizeof link - 1);
        n += len > 0 && strstr(link, "memfd") != NULL;
    }
    return (int)n;
}

static void test_exec(void)
{
    HANDLE h = make_section(GRAN);
    struct env_role r = {.role = "exec", .arg = ""};
    ok(h && env_run_role(&r) == 0, "a program that is executed inherits no section");
    CloseHandle(h);
}

/* ---- fork ---- */

struct shared {
    HANDLE h;
    volatile int *rw, *copy;
};

static void in_fork(void *arg)
{
    struct shared *s = arg;
    ok(s->rw[0] == 1 && s->copy[0] == 7, "the child sees what the parent wrote");
    s->rw[1] = 2;
    s->copy[1] = 2;
    ok(is_state((void *)s->copy, MEM_COMMIT, PAGE_READWRITE), "a private page is so in the child");
    volatile int *again = MapViewOfFile(s->h, FILE_MAP_WRITE, 0, 0, 0);
    ok(again && again[0] == 1, "the inherited handle maps");
    again[2] = 3;
    ok(UnmapViewOfFile((void *)again) && UnmapViewOfFile((void *)s->rw), "unmapped in the child");
    ok(winvm_audit() == 0, "audit in the child");
}

static void test_fork(void)
{
    struct shared s = {.h = make_section(GRAN)};
    s.rw = MapViewOfFile(s.h, FILE_MAP_WRITE, 0, 0, 0);
    s.copy = MapViewOfFile(s.h, FILE_MAP_COPY, 0, 0, 0);
    s.rw[0] = 1;
    s.copy[0] = 7;
    ok(in_child(in_fork, &s), "sections and views in a fork child");
    ok(s.rw[1] == 2 && s.rw[2] == 3, "what the child wrote is seen");
    ok(s.copy[1] == 0, "but not what it wrote to its private copy");
    UnmapViewOfFile((void *)s.rw);
    UnmapViewOfFile((void *)s.copy);
    CloseHandle(s.h);
}

/* ---- the limit of file sizes ---- */

/* Memory of sections counts as files. */
static void limited_files(void *arg)
{
    static char data[3 * PAGE];
    char name[] = "/tmp/winvm-limit-XXXXXX";
    int fd = mkstemp(name);
    DWORD n = 0;
    struct rlimit lim = {2 * PAGE, 2 * PAGE};
    (void)arg;
    unlink(name);
    HANDLE file = winvm_handle_from_fd(fd, GENERIC_READ | GENERIC_WRITE);
    setrlimit(RLIMIT_FSIZE, &lim);
    BOOL done = WriteFile(file, data, sizeof data, &n, NULL);
    ok(!done && GetLastError() == ERROR_DISK_FULL, "WriteFile: error %u", (unsigned)GetLastError());
    done = WriteFile(file, data, 1, &n, NULL);
    ok(!done && GetLastError() == ERROR_DISK_FULL && n == 0, "at the end: error %u",
       (unsigned)GetLastError());
    ok(!CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 3 * PAGE, NULL) &&
           GetLastError() == ERROR_DISK_FULL,
       "a section longer than its file may be: error %u", (unsigned)GetLastError());
    ok(!make_section(GRAN) && GetLastError() == ERROR_NOT_ENOUGH_MEMORY, "a section: error %u",
       (unsigned)GetLastError());
    HANDLE h = make_section(2 * PAGE);
    ok(h && CloseHandle(h), "a small section");
    lim.rlim_cur = lim.rlim_max = 0;
    setrlimit(RLIMIT_FSIZE, &lim);
    ok(!CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, PAGE, "limited"),
       "a named section");
    ok(CloseHandle(file) && winvm_audit() == 0, "audit");
    close(fd);
}

/* ---- a file that becomes shorter ---- */

static void test_truncated(void)
{
    char name[] = "/tmp/winvm-cut-XXXXXX";
    int fd = mkstemp(name);
    volatile DWORD code = 0, status = 0;
    volatile ULONG_PTR at = 0;
    unlink(name);
    HANDLE file = winvm_handle_from_fd(fd, GENERIC_READ | GENERIC_WRITE);
    HANDLE h = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 3 * PAGE, NULL);
    volatile char *p = h ? MapViewOfFile(h, FILE_MAP_WRITE, 0, 0, 0) : NULL;
    if (!ok(p != NULL, "a view of a file of three pages: error %u", (unsigned)GetLastError()))
        return;
    p[2 * PAGE] = 5;
    if (!ok(ftruncate(fd, PAGE) == 0, "the file is cut"))
        return;
    WINVM_TRY {
        code = (DWORD)p[2 * PAGE];
    }
    WINVM_EXCEPT((code = GetExceptionCode(),
                   status = (DWORD)GetExceptionInformation()->ExceptionRecord->NumberParameters,
                   at = GetExceptionInformation()->ExceptionRecord->ExceptionInformation[1],
                   EXCEPTION_EXECUTE_HANDLER)) {
    }
    WINVM_END
    ok(code == (DWORD)EXCEPTION_IN_PAGE_ERROR && status == 3 && at == (ULONG_PTR)(p + 2 * PAGE),
       "an in-page error: 0x%x, %u parameters, at +0x%zx", (unsigned)code, (unsigned)status,
       (size_t)(at - (ULONG_PTR)p));
    p[0] = 1;
    ok(p[0] == 1, "pages that remain work");
    ok(UnmapViewOfFile((void *)p) && CloseHandle(h) && CloseHandle(file), "closed");
    close(fd);
}

int main(int argc, char **argv)
{
    env_start();
    if (argc > 1) {
        env_quiet = true;
        return strcmp(argv[1], "exec") == 0 ? role_exec() : role_limit();
    }
    if (ENV_SANITIZED)
        env_skip("the limit of mappings", "a sanitizer's own mappings are in the way");
    else
        test_limit();
    test_nothing_left();
    ok(in_child(many_sections, NULL), "3,000 sections with a soft limit of 256 descriptors");
    ok(in_child(closed_behind, NULL), "a program that closes every descriptor");
    ok(in_child(limited_files, NULL), "a limit of file sizes: errors, and no signal");
    test_exec();
    test_fork();
    test_truncated();
    return env_end();
}
