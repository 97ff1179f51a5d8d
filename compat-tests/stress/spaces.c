/* Based spaces under load: threads that make, fill and end spaces of their own, threads that use
 * and end spaces under each other, and children that go on with the copies. Output is TAP.
 *
 * Terms   owner = a thread whose space nobody else knows: all that it sees must be exact;
 *         vandal = one of the threads that share slots[]: any call may meet a space that has ended,
 *         or a handle or an address that is another space's by now.
 * I1      Owners' memory is at HIGH and above, what vandals name lies below LOW_END: a stale handle
 *         or pointer never meets what an owner checks.
 * I2      A handle is destroyed by the thread that took it out of its slot.
 * The first argument: seconds (1). */
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "stress.h"

#ifdef __x86_64__
enum { PAGE = 4096, GRAN = 65536, N_OWNERS = 2, N_VANDALS = 3, N_SLOTS = 3, HANG_SECONDS = 100 };
#define HIGH 0x40000000u
#define LOW_END 0x01000000u

static unsigned long seconds = 1;
static bool stop; /* (a) */
static HANDLE slots[N_SLOTS];
static unsigned n_rounds, n_ends, n_children;
static _Thread_local volatile unsigned n_guards, n_violations;

/* ---- accesses ---- */

void stress_peek(const volatile char *at) __asm__("stress_peek");
void stress_poke(volatile char *at) __asm__("stress_poke");
void stress_end(void) __asm__("stress_end");
__asm__(".text\n"
        "stress_peek: movb (%rdi), %al\n ret\n"
        "stress_poke: movb $0x5a, (%rdi)\n ret\n"
        "stress_end: ret\n");

static LONG WINAPI on_exception(EXCEPTION_POINTERS *info)
{
    uintptr_t at = info->ContextRecord->Rip;
    if (at < (uintptr_t)stress_peek || at >= (uintptr_t)stress_end)
        return EXCEPTION_CONTINUE_SEARCH;
    if (info->ExceptionRecord->ExceptionCode == (DWORD)EXCEPTION_GUARD_PAGE) {
        n_guards = n_guards + 1;
        return EXCEPTION_CONTINUE_EXECUTION;
    }
    n_violations = n_violations + 1;
    info->ContextRecord->Rip = *(uint64_t *)info->ContextRecord->Rsp;
    info->ContextRecord->Rsp += 8;
    return EXCEPTION_CONTINUE_EXECUTION;
}

static void *offset(uintptr_t at)
{
    return (void *)at;
}

/* ---- owners ---- */

static bool use_guard(HANDLE space, char *base)
{
    DWORD old;
    unsigned before = n_guards;
    void *page = offset(HIGH + 3 * PAGE);
    if (!VirtualProtectEx(space, page, PAGE, PAGE_READWRITE | PAGE_GUARD, &old))
        return wrong("a guard page in a space of its own");
    stress_poke(base + HIGH + 3 * PAGE);
    stress_poke(base + HIGH + 3 * PAGE + 1);
    return n_guards == before + 1 || wrong("a guard page does not fire once");
}

static bool use_watch(HANDLE space, char *base, uint32_t *state)
{
    uint32_t i = next_random(state) % 16, k = (i + 1 + next_random(state) % 15) % 16;
    void *got[16];
    ULONG_PTR n = 16;
    ULONG unit;
    char *at = VirtualAllocEx(space, offset(HIGH + 16 * GRAN), GRAN,
                              MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH, PAGE_READWRITE);
    if (!at)
        return wrong("a watched range in a space of its own");
    base[(uintptr_t)at + i * PAGE] = base[(uintptr_t)at + k * PAGE] = 1;
    if (NtGetWriteWatch(space, WRITE_WATCH_FLAG_RESET, at, GRAN, got, &n, &unit) < 0 || n != 2 ||
        got[0] != at + (i < k ? i : k) * PAGE || got[1] != at + (i < k ? k : i) * PAGE)
        return wrong("the write watch of a space of its own");
    base[(uintptr_t)at + k * PAGE] = 2;
    n = 16;
    if (GetWriteWatch(0, base + (uintptr_t)at, GRAN, got, &n, &unit) != 0 || n != 1 ||
        got[0] != base + (uintptr_t)at + k * PAGE)
        return wrong("the write watch by pointer");
    return true;
}

static bool use_view(HANDLE space, char *base, uint32_t *state)
{
    HANDLE section =
        CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 2 * GRAN, NULL);
    char *a = MapViewOfFile3(section, space, offset(HIGH + 32 * GRAN), 0, 0, 0, PAGE_READWRITE,
                             NULL, 0);
    char *b = MapViewOfFile3(section, space, offset(HIGH + 48 * GRAN), GRAN, GRAN, 0,
                             PAGE_WRITECOPY, NULL, 0);
    if (!section || !a || !b)
        return wrong("views in a space of its own");
    base[(uintptr_t)a + GRAN] = (char)*state;
    if (base[(uintptr_t)b] != (char)*state)
        return wrong("two views differ");
    base[(uintptr_t)b] = (char)(*state + 1);
    if (base[(uintptr_t)a + GRAN] != (char)*state)
        return wrong("a copy is no copy");
    if (next_random(state) % 2 && !UnmapViewOfFile2(space, a, 0))
        return wrong("a view cannot be unmapped");
    return CloseHandle(section) || wrong("a section cannot be closed");
}

static bool use_own_space(uint32_t *state)
{
    HANDLE space = winvm_space_create(NULL);
    char *base = space ? winvm_space_base(space) : NULL;
    if (!base)
        return wrong("winvm_space_create");
    if (VirtualAllocEx(space, offset(HIGH), 8 * GRAN, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE) !=
        offset(HIGH))
        return wrong("an address of a new space is taken");
    for (unsigned i = 0; i < 8 * GRAN; i += PAGE)
        if (base[HIGH + i])
            return wrong("new memory is not empty");
    memset(base + HIGH, (int)(*state & 0x7f) + 1, 8 * GRAN);
    if (!use_guard(space, base) || !use_watch(space, base, state) || !use_view(space, base, state))
        return false;
    for (unsigned i = 4 * PAGE; i < 8 * GRAN; i += PAGE)
        if (base[HIGH + i] != base[HIGH + 2 * PAGE])
            return wrong("contents changed");
    return winvm_space_destroy(space) == 0 || wrong("winvm_space_destroy");
}

static void *own(void *arg)
{
    uint32_t state = 77 + (uint32_t)(uintptr_t)arg;
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED) && !is_wrong()) {
        use_own_space(&state);
        next_random(&state);
        count(&n_rounds);
    }
    return NULL;
}

/* ---- vandals ---- */

static void end_slot(unsigned i)
{
    struct winvm_space_options options = {sizeof options, WINVM_SPACE_SHARED_DATA, 2048, 0};
    HANDLE was = __atomic_exchange_n(&slots[i], NULL, __ATOMIC_ACQ_REL), none = NULL;
    if (!was)
        return;
    if (winvm_space_destroy(was) != 0)
        wrong("winvm_space_destroy of a shared space");
    count(&n_ends);
    HANDLE next = winvm_space_create(&options);
    if (!next)
        wrong("winvm_space_create of a shared space");
    else if (!__atomic_compare_exchange_n(&slots[i], &none, next, false, __ATOMIC_ACQ_REL,
                                          __ATOMIC_RELAXED))
        winvm_space_destroy(next);
}

static void watch_range(HANDLE space, void *at)
{
    void *got[16];
    ULONG_PTR n = 16;
    ULONG unit;
    NtGetWriteWatch(space, WRITE_WATCH_FLAG_RESET, at, GRAN, got, &n, &unit);
}

static void map_range(HANDLE space, char *at)
{
    HANDLE section = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, GRAN, NULL);
    if (section) {
        MapViewOfFile3(section, space, at, 0, 0, 0, PAGE_READWRITE, NULL, 0);
        CloseHandle(section);
    }
}

static void do_one(HANDLE space, uint32_t *state)
{
    static const DWORD prots[] = {PAGE_READWRITE, PAGE_READONLY, PAGE_NOACCESS,
                                  PAGE_READWRITE | PAGE_GUARD};
    char *at = offset(GRAN + next_random(state) % (LOW_END / GRAN / 8) * GRAN);
    char *base = winvm_space_base(space), *page = at + next_random(state) % 16 * PAGE, byte = 1;
    DWORD old, prot = prots[next_random(state) % 4];
    MEMORY_BASIC_INFORMATION m;
    switch (next_random(state) % 12) {
    case 0:
    case 1:
        VirtualAllocEx(space, at, 2 * GRAN, MEM_RESERVE | MEM_COMMIT, prot);
        break;
    case 2:
        VirtualAllocEx(space, at, GRAN, MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH,
                       PAGE_READWRITE);
        break;
    case 3:
        VirtualFreeEx(space, at, 0, MEM_RELEASE);
        break;
    case 4:
        VirtualFreeEx(space, page, PAGE, MEM_DECOMMIT);
        break;
    case 5:
        VirtualProtectEx(space, page, PAGE, prot, &old);
        break;
    case 6:
        VirtualQueryEx(space, page, &m, sizeof m);
        if (base)
            VirtualQuery(base + (uintptr_t)page, &m, sizeof m);
        break;
    case 7:
        watch_range(space, at);
        break;
    case 8:
        map_range(space, at);
        break;
    case 9:
        UnmapViewOfFile2(space, at, 0);
        break;
    case 10:
        WriteProcessMemory(space, page, &byte, 1, NULL);
        ReadProcessMemory(space, page, &byte, 1, NULL);
        break;
    default:
        if (base)
            stress_peek(base + (uintptr_t)page);
    }
}

static void *vandalize(void *arg)
{
    uint32_t state = 1234 + (uint32_t)(uintptr_t)arg;
    for (unsigned n = 0; !__atomic_load_n(&stop, __ATOMIC_RELAXED) && !is_wrong(); n++) {
        unsigned i = next_random(&state) % N_SLOTS;
        HANDLE space = __atomic_load_n(&slots[i], __ATOMIC_ACQUIRE);
        if (next_random(&state) % 64 == 0)
            end_slot(i);
        else if (space)
            do_one(space, &state);
    }
    return NULL;
}

/* ---- children ---- */

/* A child has copies of all spaces, uses and ends them, and its parent's stay. */
static void go_on(void)
{
    uint32_t state = (uint32_t)getpid();
    alarm(HANG_SECONDS / 4);
    for (unsigned n = 0; n < 20 && !is_wrong(); n++) {
        HANDLE space = slots[n % N_SLOTS];
        if (space)
            do_one(space, &state);
        use_own_space(&state);
    }
    for (unsigned i = 0; i < N_SLOTS; i++)
        end_slot(i);
    if (!is_wrong() && winvm_audit() != 0)
        wrong("the audit in a child");
    if (is_wrong())
        fprintf(stderr, "# in a child: %s\n", why);
    _exit(is_wrong());
}

static void have_child(void)
{
    int status;
    pid_t pid = fork();
    if (pid == 0)
        go_on();
    if (pid < 0 || waitpid(pid, &status, 0) != pid || status != 0)
        wrong("a child went wrong");
    count(&n_children);
}

/* ---- all of it ---- */

static bool start(pthread_t *thread, void *(*body)(void *), unsigned i)
{
    return pthread_create(thread, NULL, body, (void *)(uintptr_t)i) == 0 || wrong("no thread");
}

static void run_threads(bool with_children)
{
    pthread_t thread[N_OWNERS + N_VANDALS];
    time_t end = time(NULL) + (time_t)seconds;
    for (unsigned i = 0; i < N_SLOTS; i++)
        slots[i] = winvm_space_create(NULL);
    for (unsigned i = 0; i < N_OWNERS + N_VANDALS; i++)
        if (!start(&thread[i], i < N_OWNERS ? own : vandalize, i))
            return;
    while (time(NULL) <= end && !is_wrong()) {
        if (with_children)
            have_child();
        nanosleep(&(struct timespec){.tv_nsec = 20000000}, NULL);
    }
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < N_OWNERS + N_VANDALS; i++)
        pthread_join(thread[i], NULL);
}

int main(int argc, char **argv)
{
    HANDLE trial = winvm_space_create(NULL);
    if (!trial)
        return puts("1..0 # SKIP no room for spaces"), 0;
    winvm_space_destroy(trial);
    if (argc > 1)
        seconds = strtoul(argv[1], NULL, 0);
    alarm((unsigned)seconds + HANG_SECONDS);
    AddVectoredExceptionHandler(1, on_exception);
    uint64_t before = charge_now();
#ifdef __SANITIZE_THREAD__
    run_threads(false);
#else
    run_threads(true);
#endif
    for (unsigned i = 0; i < N_SLOTS && !is_wrong(); i++)
        if (slots[i] && winvm_space_destroy(slots[i]) != 0)
            wrong("the last end");
    if (!is_wrong() && charge_now() != before)
        wrong("commit charge is left");
    printf("# %u spaces of owners, %u shared ones ended, %u children\n", n_rounds, n_ends,
           n_children);
    bool good = report(1, "spaces made, used and ended by many threads");
    puts("1..1");
    return !good;
}
#else
int main(void)
{
    puts("1..0 # SKIP spaces need 64-bit pointers");
    return 0;
}
#endif
