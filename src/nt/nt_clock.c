/* The clocks of the shared user data page, and the thread that keeps them up to date.
 *
 * Owns     the thread.
 * Terms    tick = a 64th of a second, as on Windows; the clock is wanted = by the option clock, or
 *          because somebody who reads the page relies on it; due = wanted and without a thread.
 * I1       One thread writes the page: the one that starts winvm, then this one. In a fork child
 *          the page is the parent's, which goes on writing it, until the child needs a thread of
 *          its own: then the child's pages become another one.
 * I2       A time is written High2Time first, then LowPart, then High1Time. Whoever reads
 *          High1Time, LowPart and High2Time, and again while the first and the last differ, has a
 *          time that was written. On 64-bit hosts LowPart and High1Time are one store, so that they
 *          may also be read as one number.
 * I3       Tick count and interrupt time go on while the host sleeps; InterruptTimeBias is how much
 *          of it that was.
 * I4       The thread takes no lock and opens no descriptor while the program has its first thread.
 *          When the program's threads have ended it ends too.
 * Locking  none: `running` changes by compare and swap.
 * Failure  the option diag tells why the clocks stand still.
 * Signal safety  none but of reading the page. */
#include "nt/nt_shared_data.h"

#include <errno.h>
#include <string.h>
#include <time.h>

#include "base/arith.h"
#include "base/options.h"
#include "host/host.h"
#include "host/host_process.h"
#include "host/host_signal.h"
#include "host/host_thread.h"

#define SECOND_100NS 10000000u
#define UNIX_EPOCH_100NS UINT64_C(116444736000000000) /* 1970 in system time */
#define CERTAIN_100NS 1000u                           /* two clocks read within it: compared */
enum { TICKS_PER_SECOND = 64 };

enum clock_option { CLOCK_NEVER, CLOCK_ALWAYS, CLOCK_AUTO };

static struct {
    struct wvm_space *sp;
    void *page;
    uintptr_t *shown;
    bool wanted;    /* (a) */
    bool inherited; /* the page is the parent's */
    int running;    /* (a) the thread exists or is being made */
} clock_state;

/* ---- reading the host's clocks ---- */

static uint64_t read_100ns(clockid_t id)
{
    struct timespec t = {0};
    (void)clock_gettime(id, &t);
    return (uint64_t)t.tv_sec * SECOND_100NS + (uint64_t)t.tv_nsec / 100;
}

void wvm_clock_read(struct wvm_clock_times *t)
{
    int saved = errno;
    uint64_t awake = read_100ns(CLOCK_MONOTONIC);
    t->interrupt = read_100ns(CLOCK_BOOTTIME);
    uint64_t later = read_100ns(CLOCK_MONOTONIC);
    t->system = read_100ns(CLOCK_REALTIME) + UNIX_EPOCH_100NS;
    t->asleep = t->interrupt > later ? t->interrupt - later : 0;
    if (later - awake > CERTAIN_100NS)
        t->asleep = WVM_ASLEEP_UNKNOWN;
    errno = saved;
}

/* ---- writing the page ---- */

static void store32(void *at, uint64_t value)
{
    __atomic_store_n((uint32_t *)at, (uint32_t)value, __ATOMIC_RELEASE);
}

/* Where the host is a 64-bit one readers see all of it or nothing. */
static void store64(void *at, uint64_t value)
{
#ifdef __LP64__
    __asm__ volatile("movq %1, %0" : "=m"(*(uint64_t(*)[1])at) : "r"(value) : "memory");
#else
    store32(at, value);
    store32((uint32_t *)at + 1, value >> 32);
#endif
}

void wvm_clock_store(void *time, uint64_t value)
{
    store32((uint32_t *)time + 2, value >> 32);
    store64(time, value);
}

static void *field_at(void *page, enum wvm_shared_field field)
{
    return (unsigned char *)page + field;
}

/* The time asleep in whole ticks; what the reading of two clocks adds or takes is not seen. */
static void write_bias(void *page, uint64_t asleep)
{
    uint64_t now;
    memcpy(&now, field_at(page, WVM_SD_INTERRUPT_TIME_BIAS), sizeof now);
    uint64_t ticks = (asleep + CERTAIN_100NS) / WVM_TICK_100NS * WVM_TICK_100NS;
    if (asleep != WVM_ASLEEP_UNKNOWN && ticks != now)
        store64(field_at(page, WVM_SD_INTERRUPT_TIME_BIAS), ticks);
}

void wvm_clock_write(void *page, const struct wvm_clock_times *t)
{
    uint64_t ticks = t->interrupt / WVM_TICK_100NS;
    write_bias(page, t->asleep);
    wvm_clock_store(field_at(page, WVM_SD_INTERRUPT_TIME), t->interrupt);
    wvm_clock_store(field_at(page, WVM_SD_SYSTEM_TIME), t->system);
    wvm_clock_store(field_at(page, WVM_SD_TICK_COUNT), ticks);
    store32(field_at(page, WVM_SD_TICK_COUNT_LOW), ticks);
}

/* ---- the thread ---- */

/* Until the next tick begins. */
static void wait_for_tick(void)
{
    uint64_t next = (read_100ns(CLOCK_BOOTTIME) / WVM_TICK_100NS + 1) * WVM_TICK_100NS;
    struct timespec until = {
        .tv_sec = (time_t)(next / SECOND_100NS),
        .tv_nsec = (long)(next % SECOND_100NS) * 100,
    };
    int err = clock_nanosleep(CLOCK_BOOTTIME, TIMER_ABSTIME, &until, NULL);
    if (err != 0 && err != EINTR)
        wvm_host_nap(WVM_TICK_100NS / 10);
}

static void run(void)
{
    struct wvm_clock_times now;
    for (unsigned n = 1; n % TICKS_PER_SECOND != 0 || !wvm_host_process_is_left(); n++) {
        wait_for_tick();
        wvm_clock_read(&now);
        wvm_clock_write(clock_state.page, &now);
    }
}

/* I1. False: the child has its parent's page, which the parent keeps up to date while it lives. */
static bool make_own_page(void)
{
    uintptr_t page, shown, old = *clock_state.shown;
    int err = wvm_host.share(WVM_PAGE_SIZE, &page, &shown);
    if (err == 0) {
        memcpy((void *)page, (const void *)old, WVM_PAGE_SIZE);
        struct wvm_clock_times now;
        wvm_clock_read(&now);
        wvm_clock_write((void *)page, &now);
        __atomic_store_n(clock_state.shown, shown, __ATOMIC_RELEASE);
        if (wvm_space_fixed_pages_move(clock_state.sp, WVM_SHARED_DATA, shown) < 0)
            wvm_host_diag("the host refuses a part of the shared user data page after fork()");
        (void)wvm_host.unmap((uintptr_t)clock_state.page, WVM_PAGE_SIZE);
        (void)wvm_host.unmap(old, WVM_PAGE_SIZE);
        clock_state.page = (void *)page;
        clock_state.inherited = false;
    }
    return err == 0;
}

static const struct wvm_host_thread thread = {.name = "winvm-clock", .run = run};

void wvm_nt_clock_start(void)
{
    int none = 0, err = -ENOMEM;
    if (!wvm_nt_clock_is_due() ||
        !__atomic_compare_exchange_n(&clock_state.running, &none, 1, false, __ATOMIC_ACQ_REL,
                                     __ATOMIC_ACQUIRE))
        return;
    if (!clock_state.inherited || make_own_page())
        err = wvm_host_thread_start(&thread);
    if (err == 0)
        return;
    wvm_host_diag("the clocks of the shared user data page stand still: error %d", -err);
    __atomic_store_n(&clock_state.running, 0, __ATOMIC_RELEASE);
}

bool wvm_nt_clock_is_due(void)
{
    return __atomic_load_n(&clock_state.wanted, __ATOMIC_ACQUIRE) &&
           !__atomic_load_n(&clock_state.running, __ATOMIC_ACQUIRE);
}

void wvm_nt_clock_want(void)
{
    if (clock_state.page && wvm_option(WVM_OPTION_CLOCK) != CLOCK_NEVER)
        __atomic_store_n(&clock_state.wanted, true, __ATOMIC_RELEASE);
}

void wvm_nt_clock_init(struct wvm_space *sp, void *page, uintptr_t *shown)
{
    clock_state.sp = sp;
    clock_state.page = page;
    clock_state.shown = shown;
}

bool wvm_nt_clock_is_usual(void)
{
    return wvm_option(WVM_OPTION_CLOCK) == CLOCK_ALWAYS || wvm_option(WVM_OPTION_WOW64) != 0;
}

void wvm_nt_clock_after_fork_child(void)
{
    clock_state.inherited = clock_state.page != NULL;
    clock_state.running = 0;
}
