/* The shared user data page of a running program: its clocks against the host's, seen by several
 * threads, in a fork child, in based spaces, and what calls may do to it.
 *
 * Terms   page = what a program of Windows reads at 0x7FFE0000. */
#include "env.h"

#include <pthread.h>
#include <signal.h>
#include <time.h>
#include <winvm/space.h>

enum { INTERRUPT_TIME = 0x08, SYSTEM_TIME = 0x14, TICK_COUNT = 0x320, COOKIE = 0x330 };
enum { N_READERS = 2, READ_MS = 2000 };
#define OWN_PAGE ((const char *)(uintptr_t)0x7FFE0000)

/* As Windows' own functions read a KSYSTEM_TIME. */
static uint64_t read_time(const char *page, unsigned at)
{
    const volatile uint32_t *t = (const volatile uint32_t *)(page + at);
    uint32_t low, high;
    do {
        high = t[1];
        low = t[0];
    } while (high != t[2]);
    return (uint64_t)high << 32 | low;
}

static uint64_t now_100ns(clockid_t id)
{
    struct timespec t;
    clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * 10000000 + (uint64_t)t.tv_nsec / 100;
}

static void nap_ms(long ms)
{
    struct timespec t = {ms / 1000, ms % 1000 * 1000000};
    nanosleep(&t, NULL);
}

/* Within two seconds: a machine may be busy. */
static bool ticks(const char *page)
{
    uint64_t before = read_time(page, TICK_COUNT);
    for (int i = 0; i < 100; i++, nap_ms(20))
        if (read_time(page, TICK_COUNT) > before)
            return true;
    return false;
}

static bool is_close(uint64_t told, uint64_t real)
{
    return told <= real && real - told < 20000000;
}

static void against_the_host(void)
{
    uint64_t system = 0, up = 0, ticks_told = 0;
    bool near = false;
    for (int i = 0; i < 10 && !near; i++, nap_ms(50)) {
        system = read_time(OWN_PAGE, SYSTEM_TIME) - UINT64_C(116444736000000000);
        up = read_time(OWN_PAGE, INTERRUPT_TIME);
        ticks_told = read_time(OWN_PAGE, TICK_COUNT);
        near = is_close(system, now_100ns(CLOCK_REALTIME)) &&
               is_close(up, now_100ns(CLOCK_BOOTTIME)) &&
               is_close(ticks_told * 156250, now_100ns(CLOCK_BOOTTIME));
    }
    ok(near, "system %llu up %llu ticks %llu", (unsigned long long)system,
       (unsigned long long)up, (unsigned long long)ticks_told);
}

/* Times never go back, and are never ahead of the host's. */
static void *read_on(void *wrong)
{
    uint64_t last = 0, end = now_100ns(CLOCK_BOOTTIME) + READ_MS * UINT64_C(10000), now;
    unsigned *n = wrong;
    do {
        uint64_t t = read_time(OWN_PAGE, INTERRUPT_TIME);
        now = now_100ns(CLOCK_BOOTTIME);
        *n += t < last || t > now;
        last = t;
    } while (now < end);
    return NULL;
}

static void readers(void)
{
    pthread_t id[N_READERS];
    unsigned wrong[N_READERS] = {0}, n = 0;
    for (int i = 0; i < N_READERS; i++)
        pthread_create(&id[i], NULL, read_on, &wrong[i]);
    for (int i = 0; i < N_READERS; i++) {
        pthread_join(id[i], NULL);
        n += wrong[i];
    }
    ok(n == 0, "%u wrong times of readers", n);
}

static void child(void *cookie)
{
    ok(is_state(OWN_PAGE, MEM_COMMIT, PAGE_READONLY), "the child's page");
    ok(ticks(OWN_PAGE), "the child's clock runs");
    ok(memcmp(OWN_PAGE + COOKIE, cookie, 4) == 0, "the rest is as the parent's");
    against_the_host();
}

/* The parent is stopped meanwhile: the child's clock does not live by it. */
static void stopped_parent(void)
{
    pid_t parent = fork();
    if (parent == 0) {
        pid_t own = getpid(), last = fork();
        if (last == 0) {
            kill(own, SIGSTOP);
            bool good = is_state(OWN_PAGE, MEM_COMMIT, PAGE_READONLY) && ticks(OWN_PAGE);
            kill(own, SIGCONT);
            _exit(!good);
        }
        _exit(!env_ended_well(last));
    }
    ok(env_ended_well(parent), "a child whose parent is stopped");
}

static void fixed(void)
{
    MEMORY_BASIC_INFORMATION m = look_at(OWN_PAGE + 0x123);
    DWORD old;
    ok(m.AllocationBase == (PVOID)OWN_PAGE && m.BaseAddress == m.AllocationBase &&
           m.RegionSize == PAGE && m.State == MEM_COMMIT && m.Protect == PAGE_READONLY &&
           m.AllocationProtect == PAGE_READONLY && m.Type == MEM_PRIVATE,
       "state %lx protect %lx", (unsigned long)m.State, (unsigned long)m.Protect);
    ok(!VirtualProtect((void *)OWN_PAGE, PAGE, PAGE_READWRITE, &old), "it cannot be changed");
    ok(!VirtualFree((void *)OWN_PAGE, 0, MEM_RELEASE), "it cannot be freed");
    ok(!can_write((void *)OWN_PAGE) && can_read(OWN_PAGE), "it can be read only");
}

static void based(void)
{
    enum { N = 3 };
    struct winvm_space_options o = {.size = sizeof o, .flags = WINVM_SPACE_SHARED_DATA};
    HANDLE h[N];
    const char *page[N];
    bool good = true;
    for (int i = 0; i < N; i++) {
        h[i] = winvm_space_create(&o);
        page[i] = (const char *)winvm_space_base(h[i]) + 0x7FFE0000;
        good &= memcmp(page[i] + COOKIE, OWN_PAGE + COOKIE, 4) == 0 && ticks(page[i]);
        good &= !VirtualFreeEx(h[i], (void *)OWN_PAGE, 0, MEM_RELEASE);
        good &= look_in(h[i], OWN_PAGE).Protect == PAGE_READONLY;
    }
    ok(good, "pages of spaces");
    pid_t pid = fork();
    if (pid == 0) {
        for (int i = 0; i < N; i++)
            good &= is_state(page[i], MEM_COMMIT, PAGE_READONLY) && ticks(page[i]);
        _exit(!good);
    }
    ok(env_ended_well(pid), "pages of spaces in a child");
    for (int i = 0; i < N; i++)
        good &= winvm_space_destroy(h[i]) == 0 && !can_read(page[i]);
    ok(good && ticks(OWN_PAGE), "ended spaces");
}

int main(int argc, char **argv)
{
    env_start();
    uint32_t cookie;
    if (argc > 1 || is_state(OWN_PAGE, MEM_FREE, PAGE_NOACCESS)) {
        env_skip(argv[0], "no page");
        return env_end();
    }
    fixed();
    if (!getenv("WINVM_OPTIONS")) {
        uint64_t before = read_time(OWN_PAGE, TICK_COUNT);
        nap_ms(200);
        ok(read_time(OWN_PAGE, TICK_COUNT) == before, "nobody asked for the clock");
    }
    based(); /* from here on it runs */
    against_the_host();
    readers();
    memcpy(&cookie, OWN_PAGE + COOKIE, sizeof cookie);
    ok(in_child(child, &cookie), "a child");
    stopped_parent();
    return env_end();
}
