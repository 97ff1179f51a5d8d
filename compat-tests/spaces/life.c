/* How spaces begin and end: handles and duplicates, rights, destruction while threads use the
 * space, and bad input to every call. */
#include <sched.h>
#include <sys/time.h>

#include "spaces.h"

static HANDLE duplicate(HANDLE h, DWORD access)
{
    HANDLE copy = NULL;
    if (!DuplicateHandle(GetCurrentProcess(), h, GetCurrentProcess(), &copy, access, FALSE,
                         access ? 0 : DUPLICATE_SAME_ACCESS))
        return NULL;
    return copy;
}

/* ---- ends ---- */

static void close_last(void)
{
    HANDLE h = new_space(64, 0), copy = duplicate(h, 0);
    char *base = winvm_space_base(h);
    uint64_t a = commit_in(h, 0, GRAN);
    ok(copy && CompareObjectHandles(h, copy) && winvm_space_base(copy) == base &&
           !CompareObjectHandles(h, GetCurrentProcess()),
       "a duplicate is a handle of the same space");
    base[a] = 1;
    ok(CloseHandle(h) && base[a] == 1 && commit_in(copy, 0, GRAN), "a handle is left: it lives");
    ok(CloseHandle(copy) && !can_read(base + a) && !winvm_space_of(base + a),
       "the last handle is closed: it is gone");
    ok(!CloseHandle(copy) && GetLastError() == ERROR_INVALID_HANDLE, "closed twice");
}

static void outlive(void)
{
    HANDLE h = new_space(64, 0), copy = duplicate(h, 0), again;
    char *base = winvm_space_base(h);
    uint64_t a = commit_in(h, 0, GRAN);
    PVOID at = NULL;
    SIZE_T size = GRAN;
    MEMORY_BASIC_INFORMATION m;
    DWORD old;
    char byte;
    ok(winvm_space_destroy(h) == 0 && !can_read(base + a) && !winvm_space_of(base + a),
       "destroyed though a duplicate is open");
    ok(!winvm_space_base(h) && errno == EBADF, "the handle is closed");
    ok(NtAllocateVirtualMemory(copy, &at, 0, &size, MEM_RESERVE, PAGE_READWRITE) ==
           STATUS_PROCESS_IS_TERMINATING,
       "NtAllocateVirtualMemory by the duplicate: STATUS_PROCESS_IS_TERMINATING");
    at = at_offset(a);
    ok(NtFreeVirtualMemory(copy, &at, &size, MEM_RELEASE) == STATUS_PROCESS_IS_TERMINATING &&
           NtProtectVirtualMemory(copy, &at, &size, PAGE_READONLY, &old) ==
               STATUS_PROCESS_IS_TERMINATING &&
           NtQueryVirtualMemory(copy, at, MemoryBasicInformation, &m, sizeof m, NULL) ==
               STATUS_PROCESS_IS_TERMINATING &&
           NtReadVirtualMemory(copy, at, &byte, 1, NULL) == STATUS_PROCESS_IS_TERMINATING,
       "and the other calls");
    ok(!winvm_space_base(copy) && errno == ESRCH && winvm_space_destroy(copy) == -1 &&
           errno == ESRCH,
       "winvm's own calls: ESRCH");
    again = duplicate(copy, 0);
    ok(again && CloseHandle(again), "it can be duplicated and closed still");
    ok(CloseHandle(copy) && !CloseHandle(copy), "and closed itself");
}

/* ---- rights ---- */

static void grant(void)
{
    HANDLE h = new_space(64, 0);
    HANDLE query = duplicate(h, PROCESS_QUERY_INFORMATION);
    HANDLE limited = duplicate(h, PROCESS_QUERY_LIMITED_INFORMATION);
    HANDLE reader = duplicate(h, PROCESS_VM_READ);
    struct winvm_space_info info = {.size = sizeof info};
    char byte;
    uint64_t a = commit_in(h, 0, GRAN);
    ok(look_in(query, at_offset(a)).State == MEM_COMMIT && !commit_in(query, 0, GRAN) &&
           GetLastError() == ERROR_ACCESS_DENIED,
       "PROCESS_QUERY_INFORMATION");
    ok(ReadProcessMemory(reader, at_offset(a), &byte, 1, NULL) &&
           !WriteProcessMemory(reader, at_offset(a), &byte, 1, NULL) &&
           GetLastError() == ERROR_ACCESS_DENIED,
       "PROCESS_VM_READ");
    ok(winvm_space_info(limited, &info) == 0 && info.committed == GRAN,
       "PROCESS_QUERY_LIMITED_INFORMATION is enough for winvm_space_info");
    ok(winvm_space_info(reader, &info) == -1 && errno == EACCES && !winvm_space_base(reader) &&
           errno == EACCES,
       "and is needed");
    ok(winvm_space_destroy(query) == -1 && errno == EACCES && info_of(h).committed == GRAN,
       "winvm_space_destroy needs PROCESS_TERMINATE");
    ok(CloseHandle(query) && CloseHandle(limited) && CloseHandle(reader) &&
           winvm_space_destroy(h) == 0,
       "closed");
}

static void describe(void)
{
    static const uint32_t sizes[] = {1, 2, 255, 2048, 2500, 3072, 4095, 4096, 0};
    for (unsigned i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        uint64_t bytes = (uint64_t)(sizes[i] ? sizes[i] : 4096) << 20;
        HANDLE h = new_space(sizes[i], 0);
        struct winvm_space_info info = info_of(h);
        ok(info.limit == bytes - GRAN && info.committed == 0 && info.flags == 0 &&
               info.base == winvm_space_base(h) && info.size == sizeof info &&
               (uintptr_t)info.base % WINDOW == 0 && winvm_space_of(info.base) == info.base &&
               winvm_space_of(info.base + WINDOW - 1) == info.base &&
               !winvm_space_of(info.base - 1) && !winvm_space_of(info.base + WINDOW),
           "%u MB: limit 0x%llx", (unsigned)sizes[i], (unsigned long long)info.limit);
        ok(commit_in(h, 0, bytes - 2 * GRAN) == GRAN || sizes[i] > 255 || sizes[i] == 0,
           "it can be filled in one piece");
        ok(winvm_space_destroy(h) == 0, "destroyed");
    }
    ok(!winvm_space_of(NULL) && !winvm_space_of(sizes) && !winvm_space_of((void *)-1),
       "addresses in no space");
}

/* ---- bad input ---- */

static bool refuses_options(const struct winvm_space_options *options, int error)
{
    errno = 0;
    HANDLE h = winvm_space_create(options);
    if (h)
        winvm_space_destroy(h);
    return !h && errno == error;
}

static void bad_options(void)
{
    struct winvm_space_options good = {sizeof good, 0, 16, 0}, o;
    struct {
        struct winvm_space_options known;
        uint32_t later[4];
    } longer = {{sizeof longer, 0, 16, 0}, {0, 0, 0, 0}};
    char *edge = VirtualAlloc(NULL, 2 * GRAN, MEM_RESERVE, PAGE_READWRITE);
    VirtualAlloc(edge, GRAN, MEM_COMMIT, PAGE_READWRITE);
    struct winvm_space_options *half = (struct winvm_space_options *)(edge + GRAN - 8);
    ok(refuses_options((void *)8, EFAULT) && refuses_options((void *)-8, EFAULT),
       "options at wild addresses");
    memcpy(half, &good, 8);
    ok(refuses_options(half, EFAULT), "options that end in memory that is not there");
    VirtualFree(edge, 0, MEM_RELEASE);
    for (uint32_t size = 0; size < sizeof good; size++) {
        o = good;
        o.size = size;
        if (!refuses_options(&o, EINVAL))
            ok(false, "size %u", (unsigned)size);
    }
    o.size = 0xFFFFFFFF;
    ok(refuses_options(&o, EINVAL), "sizes of no version");
    HANDLE h = winvm_space_create(&longer.known);
    ok(h && winvm_space_destroy(h) == 0, "a later version whose additions are 0");
    longer.later[2] = 1;
    ok(refuses_options(&longer.known, EINVAL), "and not 0");
    bool refused = true;
    for (unsigned bit = 1; bit < 32; bit++) {
        o = good;
        o.flags = 1u << bit;
        refused &= refuses_options(&o, EINVAL);
    }
    o = good;
    o.reserved = 1;
    ok(refused && refuses_options(&o, EINVAL), "flags that do not exist, reserved not 0");
    o = good;
    o.megabytes = 4097;
    refused = refuses_options(&o, EINVAL);
    o.megabytes = 0xFFFFFFFF;
    ok(refused && refuses_options(&o, EINVAL), "more than 4096 MB");
    o.megabytes = 2047;
    o.flags = WINVM_SPACE_SHARED_DATA;
    ok(refuses_options(&o, EINVAL), "a shared data page that lies past the end");
}

static bool refuses_handle(HANDLE h, int error)
{
    struct winvm_space_info info = {.size = sizeof info, .flags = 0x55};
    errno = 0;
    bool refused = !winvm_space_base(h) && errno == error;
    errno = 0;
    refused &= winvm_space_info(h, &info) == -1 && errno == error && info.flags == 0x55;
    errno = 0;
    return refused && winvm_space_destroy(h) == -1 && errno == error;
}

static void bad_handles(void)
{
    HANDLE section = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, GRAN, NULL);
    HANDLE process = OpenProcess(PROCESS_ALL_ACCESS, FALSE, GetCurrentProcessId());
    HANDLE closed = new_space(16, 0);
    winvm_space_destroy(closed);
    SetLastError(4711);
    ok(refuses_handle(NULL, EBADF) && refuses_handle((HANDLE)4, EBADF) &&
           refuses_handle(closed, EBADF) && refuses_handle((HANDLE)(intptr_t)-2, EBADF),
       "no handles");
    ok(refuses_handle(GetCurrentProcess(), EBADF) && refuses_handle(process, EBADF) &&
           refuses_handle(section, EBADF),
       "handles of this process and of a section");
    ok(GetLastError() == 4711, "none of them changed the last error");
    ok(commit_in(process, 0, GRAN) && CloseHandle(process) && CloseHandle(section),
       "and they are as they were");
}

static void bad_info(void)
{
    HANDLE h = new_space(16, 0);
    struct winvm_space_info info;
    bool refused = true;
    for (uint32_t size = 0; size < sizeof info; size++) {
        memset(&info, 0x55, sizeof info);
        info.size = size;
        refused &= winvm_space_info(h, &info) == -1 && errno == EINVAL && info.flags == 0x55555555;
    }
    ok(refused, "sizes of info of no version");
    ok(winvm_space_info(h, NULL) == -1 && errno == EFAULT &&
           winvm_space_info(h, (void *)(winvm_space_base(h) + GRAN)) == -1 && errno == EFAULT,
       "info at wild addresses");
    struct {
        struct winvm_space_info known;
        uint32_t later;
    } longer;
    memset(&longer, 0x55, sizeof longer);
    longer.known.size = sizeof longer;
    ok(winvm_space_info(h, &longer.known) == 0 && longer.known.size == sizeof longer.known &&
           longer.later == 0x55555555 && longer.known.flags == 0,
       "a longer one is filled as far as this version goes, and told so");
    ok(winvm_space_destroy(h) == 0, "destroyed");
}

/* ---- ends while it is used ---- */

static struct {
    HANDLE handle, copy;
    bool stop;
    unsigned n_done, n_refused;
    DWORD wrong;
} race;

/* Allocates, frees and asks until the space is gone under it. */
static void *use_until_gone(void *arg)
{
    (void)arg;
    for (;;) {
        uint64_t a = commit_in(race.copy, 0, GRAN);
        if (!a)
            break;
        __atomic_add_fetch(&race.n_done, 1, __ATOMIC_RELAXED);
        look_in(race.copy, at_offset(a));
        if (a % (3 * GRAN) == 0)
            VirtualFreeEx(race.copy, at_offset(a), 0, MEM_RELEASE);
    }
    if (GetLastError() == ERROR_ACCESS_DENIED)
        __atomic_add_fetch(&race.n_refused, 1, __ATOMIC_RELAXED);
    else
        race.wrong = GetLastError();
    return NULL;
}

static bool race_once(unsigned i, uint64_t charge)
{
    pthread_t thread[3];
    race.handle = new_space(4096, 0);
    race.copy = duplicate(race.handle, 0);
    race.n_done = race.n_refused = race.wrong = 0;
    char *base = winvm_space_base(race.handle);
    if (!base || !race.copy)
        return false;
    for (unsigned t = 0; t < 3; t++)
        pthread_create(&thread[t], NULL, use_until_gone, NULL);
    while (__atomic_load_n(&race.n_done, __ATOMIC_RELAXED) < i)
        sched_yield();
    bool ended = winvm_space_destroy(race.handle) == 0;
    for (unsigned t = 0; t < 3; t++)
        pthread_join(thread[t], NULL);
    return ended && race.n_refused == 3 && !race.wrong && !winvm_space_of(base) &&
           !can_read(base + GRAN) && CloseHandle(race.copy) && committed_now() == charge;
}

static void end_in_use(void)
{
    uint64_t charge = committed_now();
    unsigned n = 0;
    while (n < 300 && race_once(n, charge))
        n++;
    ok(n == 300, "%u spaces destroyed while three threads allocate in them (error %u)", n,
       (unsigned)race.wrong);
    ok(winvm_audit() == 0, "the audit finds nothing");
}

/* Two threads end one space: one of them does. */
static HANDLE contested[2];
static pthread_barrier_t barrier;
static unsigned n_ended;

static void *end_it(void *arg)
{
    pthread_barrier_wait(&barrier);
    if (winvm_space_destroy(contested[(uintptr_t)arg]) == 0)
        __atomic_add_fetch(&n_ended, 1, __ATOMIC_RELAXED);
    return NULL;
}

static void end_twice(void)
{
    bool good = true;
    pthread_barrier_init(&barrier, NULL, 2);
    for (unsigned i = 0; good && i < 500; i++) {
        pthread_t thread[2];
        contested[0] = new_space(16, 0);
        contested[1] = i % 2 ? duplicate(contested[0], 0) : contested[0];
        n_ended = 0;
        for (uintptr_t t = 0; t < 2; t++)
            pthread_create(&thread[t], NULL, end_it, (void *)t);
        for (unsigned t = 0; t < 2; t++)
            pthread_join(thread[t], NULL);
        good = n_ended == 1;
        /* Of two handles the loser's is open still. */
        if (i % 2)
            good = good && CloseHandle(contested[0]) + CloseHandle(contested[1]) == 1;
    }
    ok(good, "of two threads that end one space, one does");
}

/* ---- from a handler ---- */

static HANDLE doomed[64];
static unsigned n_doomed, n_ended_inside, n_made, n_deadlocks;

/* Interrupts allocation: ends a space, by both ways in turn, and makes one. */
static void on_timer(int sig)
{
    int saved = errno;
    (void)sig;
    if (n_doomed > 0) {
        HANDLE h = doomed[--n_doomed];
        n_ended_inside += n_doomed % 2 ? CloseHandle(h) != 0 : winvm_space_destroy(h) == 0;
    }
    HANDLE h = winvm_space_create(NULL);
    if (h)
        n_made += winvm_space_destroy(h) == 0;
    else
        n_deadlocks += errno == EDEADLK;
    errno = saved;
}

static void interrupt(void)
{
    struct sigaction action = {.sa_handler = on_timer}, old;
    struct itimerval often = {{0, 300}, {0, 300}}, never = {{0, 0}, {0, 0}};
    uint64_t charge = committed_now();
    unsigned n_fired = 0;
    bool good = true;
    sigaction(SIGALRM, &action, &old);
    for (int round = 0; good && round < 5; round++) {
        for (unsigned i = 0; i < 64; i++) {
            doomed[i] = new_space(64, 0);
            good = good && commit_in(doomed[i], 0, GRAN);
        }
        n_doomed = 64;
        setitimer(ITIMER_REAL, &often, NULL);
        while (good && __atomic_load_n(&n_doomed, __ATOMIC_RELAXED)) {
            char *p = VirtualAlloc(NULL, 4 * GRAN, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
            good = p && VirtualFree(p, 0, MEM_RELEASE);
        }
        setitimer(ITIMER_REAL, &never, NULL);
        n_fired += 64;
    }
    sigaction(SIGALRM, &old, NULL);
    alarm(ENV_DEADLINE);
    ok(good && n_ended_inside == n_fired,
       "spaces ended by handlers that interrupt allocation: %u, %u made, %u not (EDEADLK)",
       n_ended_inside, n_made, n_deadlocks);
    HANDLE h = new_space(1, 0);
    ok(h && winvm_space_destroy(h) == 0 && committed_now() == charge && winvm_audit() == 0,
       "what they left goes with the next call");
}

static void run_out(void)
{
    enum { MOST = 40000 };
    static HANDLE h[MOST];
    unsigned n = 0;
    errno = 0;
    while (n < MOST && (h[n] = winvm_space_create(NULL)))
        n++;
    int error = errno;
    ok(n > 1000 && n < MOST && (error == ENOMEM || error == EMFILE),
       "%u spaces at the same time, then errno %d", n, error);
    bool good = true;
    while (n > 0)
        good &= winvm_space_destroy(h[--n]) == 0;
    h[0] = winvm_space_create(NULL);
    ok(good && h[0] && winvm_space_destroy(h[0]) == 0, "and room again when they are gone");
}

int main(void)
{
    env_start();
    if (!have_spaces("the life of spaces"))
        return env_end();
    uint64_t before = committed_now();
    close_last();
    outlive();
    grant();
    describe();
    bad_options();
    bad_handles();
    bad_info();
    end_in_use();
    end_twice();
    interrupt();
    run_out();
    ok(committed_now() == before + GRAN, "only what was committed in this process is charged");
    return env_end();
}
