/* The shared user data page and its clock over a space that only remembers what it was asked. */
#include <cpuid.h>
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <winvm/ntstatus.h>

#include "base/options.h"
#include "base/t/unit.h"
#include "fake_space.h"
#include "host/host_process.h"
#include "host/host_signal.h"
#include "host/host_system.h"
#include "host/host_thread.h"
#include "nt/nt_shared_data.h"

#define SP (&wvm_space_native)
enum { CLOCK_NEVER, CLOCK_ALWAYS, CLOCK_AUTO };

static void set_up(void)
{
    wvm_host_init();
    fake_reset();
    wvm_options[WVM_OPTION_WOW64].value = 0;
}

static uint64_t field(unsigned offset, unsigned size)
{
    uint64_t v = 0;
    memcpy(&v, (const unsigned char *)fake.from + offset, size);
    return v;
}
#define FIELD(id) field(WVM_SD_##id, WVM_SD_SIZE_##id < 8 ? WVM_SD_SIZE_##id : 8)
#define BASE ((uintptr_t)0x500000000ull) /* of a window */

/* As programs read a KSYSTEM_TIME. */
static uint64_t read_time(unsigned offset)
{
    const uint32_t *t = (const uint32_t *)(fake.from + offset);
    uint32_t low, high;
    do {
        high = __atomic_load_n(&t[1], __ATOMIC_ACQUIRE);
        low = __atomic_load_n(&t[0], __ATOMIC_ACQUIRE);
    } while (high != __atomic_load_n(&t[2], __ATOMIC_ACQUIRE));
    return (uint64_t)high << 32 | low;
}

static void nap_ms(unsigned ms)
{
    wvm_host_nap(ms * 1000);
}

START_TEST(constants)
{
    uint64_t mask;
    wvm_nt_shared_data_init(SP);
    ck_assert_int_eq(fake.op, FAKE_FIXED_PAGE);
    ck_assert_uint_eq(fake.start, 0x7ffe0000);
    ck_assert_uint_eq(FIELD(TICK_COUNT_MULTIPLIER), 0x0fa00000);
    ck_assert_uint_eq(FIELD(IMAGE_NUMBER_LOW), 0x8664);
    ck_assert_uint_eq(FIELD(IMAGE_NUMBER_HIGH), 0x8664);
    static const char root[] = "C:\\Windows";
    for (unsigned i = 0; i < 260; i++)
        ck_assert_uint_eq(field(0x30 + 2 * i, 2), i < sizeof root ? (unsigned char)root[i] : 0);
    ck_assert_uint_eq(FIELD(NT_BUILD_NUMBER), 19045);
    ck_assert_uint_eq(FIELD(NT_PRODUCT_TYPE), 1);
    ck_assert_uint_eq(FIELD(PRODUCT_TYPE_IS_VALID), 1);
    ck_assert_uint_eq(FIELD(NATIVE_ARCHITECTURE), 9);
    ck_assert_uint_eq(FIELD(NT_MAJOR_VERSION), 10);
    ck_assert_uint_eq(FIELD(NT_MINOR_VERSION), 0);
    ck_assert_uint_eq(FIELD(N_PHYSICAL_PAGES), wvm_host_caps.ram >> 12);
    ck_assert_uint_eq(FIELD(ACTIVE_PROCESSOR_COUNT), wvm_host_affinity(&mask));
    ck_assert_uint_eq(FIELD(ACTIVE_PROCESSOR_AFFINITY), (uint32_t)mask);
    ck_assert_uint_eq(FIELD(ACTIVE_GROUP_COUNT), 1);
    ck_assert_uint_eq(FIELD(QPC_FREQUENCY), 10000000);
    ck_assert_uint_eq(FIELD(TEST_RET_INSTRUCTION), 0xc3);
    ck_assert_uint_eq(FIELD(SUITE_MASK), 0x110);
    ck_assert_uint_eq(FIELD(BOOT_ID), wvm_host_boot_id());
    ck_assert_uint_ne(FIELD(COOKIE), 0);
}
END_TEST

/* Nothing outside the fields of the table. */
START_TEST(all_else_is_zero)
{
    bool named[4096] = {false};
#define WVM_FIELD(id, offset, size, member) memset(named + (offset), true, size);
#include "nt/nt_shared_data.def"
#undef WVM_FIELD
    memset(named + WVM_SD_XSTATE_SIZE + 4, true, 4); /* the bits of XState.Flags */
    wvm_nt_shared_data_init(SP);
    for (unsigned i = 0; i < sizeof named; i++)
        ck_assert_msg(named[i] || field(i, 1) == 0, "offset %#x", i);
}
END_TEST

START_TEST(processor_features)
{
    uint8_t f[WVM_N_PROCESSOR_FEATURES];
    memset(f, 0xee, sizeof f);
    wvm_nt_processor_features(f);
    for (unsigned i = 0; i < sizeof f; i++)
        ck_assert_uint_le(f[i], 1);
    __builtin_cpu_init();
    ck_assert_int_eq(f[6], __builtin_cpu_supports("sse") != 0);
    ck_assert_int_eq(f[10], __builtin_cpu_supports("sse2") != 0);
    ck_assert_int_eq(f[13], __builtin_cpu_supports("sse3") != 0);
    ck_assert_int_eq(f[36], __builtin_cpu_supports("ssse3") != 0);
    ck_assert_int_eq(f[37], __builtin_cpu_supports("sse4.1") != 0);
    ck_assert_int_eq(f[38], __builtin_cpu_supports("sse4.2") != 0);
    ck_assert_int_eq(f[39], __builtin_cpu_supports("avx") != 0);
    ck_assert_int_eq(f[40], __builtin_cpu_supports("avx2") != 0);
    ck_assert_int_eq(f[41], __builtin_cpu_supports("avx512f") != 0);
    ck_assert_int_eq(f[3], __builtin_cpu_supports("mmx") != 0);
    ck_assert_int_eq(f[60], __builtin_cpu_supports("bmi2") != 0);
    ck_assert(f[2] && f[8] && f[11] && f[9]); /* what every processor of today has */
    ck_assert(!f[0] && !f[1] && !f[4] && !f[5] && !f[18] && !f[19] && !f[29] && !f[63]);
    wvm_nt_shared_data_init(SP);
    ck_assert_mem_eq((const unsigned char *)fake.from + WVM_SD_PROCESSOR_FEATURES, f, sizeof f);
}
END_TEST

START_TEST(xstate)
{
    uint8_t f[WVM_N_PROCESSOR_FEATURES];
    unsigned a, b, c, d;
    wvm_nt_processor_features(f);
    wvm_nt_shared_data_init(SP);
    uint64_t enabled = FIELD(XSTATE_ENABLED);
    if (!f[17]) {
        ck_assert_uint_eq(enabled, 0);
        return;
    }
    ck_assert_uint_eq(enabled & 3, 3);
    ck_assert_uint_eq(f[39], enabled >> 2 & 1);
    ck_assert_uint_eq(field(WVM_SD_XSTATE_FEATURES + 8, 4), 160);
    ck_assert_uint_eq(field(WVM_SD_XSTATE_FEATURES + 12, 4), 256);
    if (f[39]) {
        ck_assert_uint_eq(field(WVM_SD_XSTATE_FEATURES + 16, 4), 576);
        ck_assert_uint_eq(field(WVM_SD_XSTATE_FEATURES + 20, 4), 256);
    }
    ck_assert(__get_cpuid_count(0xd, 0, &a, &b, &c, &d));
    ck_assert_uint_le(FIELD(XSTATE_SIZE), b);
    ck_assert_uint_ge(FIELD(XSTATE_SIZE), 576);
}
END_TEST

/* Local time, as NtQuerySystemInformation tells it. */
START_TEST(time_zone)
{
    wvm_nt_shared_data_init(SP);
    ck_assert_int_eq((int64_t)read_time(WVM_SD_TIME_ZONE_BIAS),
                     wvm_host_minutes_west() * INT64_C(600000000));
}
END_TEST

/* A second time of the same moment by other means. */
START_TEST(times_at_start)
{
    struct timespec t;
    wvm_nt_shared_data_init(SP);
    uint64_t system = read_time(WVM_SD_SYSTEM_TIME), tick = read_time(WVM_SD_TICK_COUNT);
    uint64_t interrupt = read_time(WVM_SD_INTERRUPT_TIME);
    clock_gettime(CLOCK_REALTIME, &t);
    int64_t unix_time = (int64_t)(system / 10000000) - INT64_C(11644473600);
    ck_assert_int_le(unix_time, t.tv_sec);
    ck_assert_int_ge(unix_time, t.tv_sec - 60);
    clock_gettime(CLOCK_BOOTTIME, &t);
    uint64_t ms = (uint64_t)t.tv_sec * 1000 + (uint64_t)t.tv_nsec / 1000000;
    uint64_t told = (tick * FIELD(TICK_COUNT_MULTIPLIER)) >> 24;
    ck_assert_uint_le(told, ms);
    ck_assert_uint_ge(told + 60000, ms);
    ck_assert_uint_eq(interrupt / 156250, tick);
    ck_assert_uint_eq(FIELD(TICK_COUNT_LOW), (uint32_t)tick);
    ck_assert_uint_eq(FIELD(LAST_INPUT_TICK), (uint32_t)(interrupt / 10000));
    struct timespec awake;
    clock_gettime(CLOCK_MONOTONIC, &awake);
    clock_gettime(CLOCK_BOOTTIME, &t);
    double asleep = (double)(t.tv_sec - awake.tv_sec) + (double)(t.tv_nsec - awake.tv_nsec) / 1e9;
    ck_assert_double_le(asleep - (double)FIELD(INTERRUPT_TIME_BIAS) / 1e7, 0.1);
    ck_assert_double_ge(asleep - (double)FIELD(INTERRUPT_TIME_BIAS) / 1e7, -0.1);
}
END_TEST

START_TEST(written_values)
{
    unsigned char page[4096] = {0};
    struct wvm_clock_times t = {
        .system = UINT64_C(0x01d9123456789abc), .interrupt = UINT64_C(0x123456789a) * 156250 + 7,
        .asleep = 3 * 156250 - 1,
    };
    fake.from = (uintptr_t)page;
    wvm_clock_write(page, &t);
    ck_assert_uint_eq(FIELD(SYSTEM_TIME), t.system);
    ck_assert_uint_eq(field(WVM_SD_SYSTEM_TIME + 8, 4), 0x01d91234);
    ck_assert_uint_eq(FIELD(INTERRUPT_TIME), t.interrupt);
    ck_assert_uint_eq(field(WVM_SD_INTERRUPT_TIME + 8, 4), t.interrupt >> 32);
    ck_assert_uint_eq(FIELD(TICK_COUNT), UINT64_C(0x123456789a));
    ck_assert_uint_eq(field(WVM_SD_TICK_COUNT + 8, 4), 0x12);
    ck_assert_uint_eq(FIELD(TICK_COUNT_LOW), 0x3456789a);
    ck_assert_uint_eq(FIELD(INTERRUPT_TIME_BIAS), 3 * 156250);
    t.asleep = WVM_ASLEEP_UNKNOWN;
    wvm_clock_write(page, &t);
    ck_assert_uint_eq(FIELD(INTERRUPT_TIME_BIAS), 3 * 156250);
    t.asleep = 0;
    wvm_clock_write(page, &t);
    ck_assert_uint_eq(FIELD(INTERRUPT_TIME_BIAS), 0);
}
END_TEST

/* ---- the order of writing ---- */

static struct {
    unsigned char *closed;
    volatile uint32_t *time;
    uint32_t seen[3];
    unsigned n;
} stop;

/* A store to the closed page was tried: what was there before it. */
static void at_store(int sig, siginfo_t *info, void *context)
{
    (void)info;
    (void)context;
    for (int i = 0; i < 3; i++)
        stop.seen[i] = stop.time[i];
    if (stop.n++ > 0 || mprotect(stop.closed, 4096, PROT_READ | PROT_WRITE) != 0)
        signal(sig, SIG_DFL);
}

/* The time lies across two pages, of which one is read-only: _i says which, and where it is cut.
 *     LowPart | High1Time High2Time      LowPart High1Time | High2Time */
START_TEST(high2_is_written_first)
{
    struct sigaction act = {.sa_sigaction = at_store, .sa_flags = SA_SIGINFO};
    unsigned char *pages = mmap(NULL, 8192, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                                -1, 0);
    bool second = _i & 1;
    stop.time = (uint32_t *)(pages + 4096 - (_i & 2 ? 8 : 4));
    stop.closed = pages + (second ? 4096 : 0);
    wvm_clock_store((void *)stop.time, 0x0000000200000001);
    ck_assert_int_eq(mprotect(stop.closed, 4096, PROT_READ), 0);
    ck_assert_int_eq(sigaction(SIGSEGV, &act, NULL), 0);
    wvm_clock_store((void *)stop.time, 0x0000000500000004);
    signal(SIGSEGV, SIG_DFL);
    ck_assert_uint_eq(stop.n, 1);
    ck_assert_uint_eq(stop.seen[0], 1);
    ck_assert_uint_eq(stop.seen[1], 2);
    ck_assert_uint_eq(stop.seen[2], second ? 2 : 5);
    ck_assert(stop.time[0] == 4 && stop.time[1] == 5 && stop.time[2] == 5);
}
END_TEST

enum { N_READERS = 2, N_WRITES = 3000000 };

static struct {
    uint32_t time[3] __attribute__((aligned(8)));
    bool done;
    uint64_t n_reads, n_torn;
} race;

/* Every value written has equal halves. */
static void *read_on(void *unused)
{
    uint64_t n = 0, torn = 0, last = 0;
    (void)unused;
    fake.from = (uintptr_t)race.time;
    while (!__atomic_load_n(&race.done, __ATOMIC_RELAXED)) {
        uint64_t v = read_time(0);
        torn += (uint32_t)v != v >> 32 || v < last;
        last = v;
#ifdef __LP64__
        v = __atomic_load_n((uint64_t *)(void *)race.time, __ATOMIC_ACQUIRE);
        torn += (uint32_t)v != v >> 32;
#endif
        n++;
    }
    __atomic_fetch_add(&race.n_reads, n, __ATOMIC_RELAXED);
    __atomic_fetch_add(&race.n_torn, torn, __ATOMIC_RELAXED);
    return NULL;
}

START_TEST(readers_see_whole_times)
{
    pthread_t reader[N_READERS];
    memset(&race, 0, sizeof race);
    fake.from = (uintptr_t)race.time;
    for (int i = 0; i < N_READERS; i++)
        ck_assert_int_eq(pthread_create(&reader[i], NULL, read_on, NULL), 0);
    for (uint32_t n = 1; n <= N_WRITES; n++)
        wvm_clock_store(race.time, (uint64_t)n << 32 | n);
    __atomic_store_n(&race.done, true, __ATOMIC_RELAXED);
    for (int i = 0; i < N_READERS; i++)
        pthread_join(reader[i], NULL);
    ck_assert_uint_gt(race.n_reads, 0);
    ck_assert_uint_eq(race.n_torn, 0);
}
END_TEST

/* ---- the thread ---- */

static bool ticks(void)
{
    uint64_t before = read_time(WVM_SD_TICK_COUNT);
    for (int i = 0; i < 100; i++) {
        nap_ms(20);
        if (read_time(WVM_SD_TICK_COUNT) != before)
            return true;
    }
    return false;
}

START_TEST(stands_still_by_default)
{
    wvm_nt_shared_data_init(SP);
    ck_assert(!wvm_nt_clock_is_due());
    wvm_nt_clock_start();
    ck_assert_uint_eq(wvm_host_threads(), 0);
    uint64_t before = read_time(WVM_SD_TICK_COUNT);
    nap_ms(100);
    ck_assert_uint_eq(read_time(WVM_SD_TICK_COUNT), before);
}
END_TEST

/* _i: by the option, by identity mode. */
START_TEST(runs_when_wanted)
{
    wvm_options[WVM_OPTION_CLOCK].value = _i == 0 ? CLOCK_ALWAYS : CLOCK_AUTO;
    wvm_options[WVM_OPTION_WOW64].value = _i == 1 ? 4096 : 0;
    wvm_nt_shared_data_init(SP);
    ck_assert(wvm_nt_clock_is_due());
    ck_assert_uint_eq(wvm_host_threads(), 0);
    wvm_nt_clock_start();
    ck_assert(!wvm_nt_clock_is_due());
    wvm_nt_clock_start();
    ck_assert_uint_eq(wvm_host_threads(), 1);
    ck_assert(ticks());
    uint64_t last = 0;
    for (int i = 0; i < 20; i++, nap_ms(10)) {
        uint64_t now = read_time(WVM_SD_INTERRUPT_TIME);
        ck_assert_uint_ge(now, last);
        last = now;
    }
    struct timespec t;
    clock_gettime(CLOCK_BOOTTIME, &t);
    uint64_t real = (uint64_t)t.tv_sec * 10000000 + (uint64_t)t.tv_nsec / 100;
    ck_assert_uint_le(last, real);
    ck_assert_uint_lt(real - last, 10000000);
}
END_TEST

START_TEST(never_means_never)
{
    wvm_options[WVM_OPTION_CLOCK].value = CLOCK_NEVER;
    wvm_options[WVM_OPTION_WOW64].value = 4096;
    wvm_nt_shared_data_init(SP);
    ck_assert(!wvm_nt_clock_is_due());
    ck_assert_int_eq(wvm_nt_shared_data_show(SP, NULL, BASE), STATUS_SUCCESS);
    ck_assert_uint_eq(wvm_host_threads(), 0);
}
END_TEST

START_TEST(a_window_starts_it)
{
    wvm_nt_shared_data_init(SP);
    uintptr_t shown = fake.from;
    fake.first_result = STATUS_NO_MEMORY;
    fake.n_calls = 0;
    ck_assert_int_eq(wvm_nt_shared_data_show(SP, NULL, BASE), STATUS_NO_MEMORY);
    ck_assert_uint_eq(wvm_host_threads(), 0);
    ck_assert_int_eq(wvm_nt_shared_data_show(SP, NULL, BASE), STATUS_SUCCESS);
    ck_assert_int_eq(fake.op, FAKE_FIXED_PAGE);
    ck_assert_uint_eq(fake.start, 0x57ffe0000);
    ck_assert_uint_eq(fake.from, shown);
    ck_assert_uint_eq(wvm_host_threads(), 1);
    ck_assert(ticks());
}
END_TEST

/* The child has a thread only when it asks; then its page is another one and goes on where the
 * parent's was. */
static int in_child(uintptr_t parents, uint64_t before)
{
    wvm_host_after_fork_child();
    wvm_nt_clock_after_fork_child();
    if (wvm_host_threads() != 0 || !wvm_nt_clock_is_due())
        return 1;
    uint64_t cookie = FIELD(COOKIE);
    wvm_nt_clock_start();
    if (fake.op != FAKE_FIXED_PAGES_MOVE || fake.start != 0x7ffe0000 || fake.from == parents)
        return 2;
    if (FIELD(COOKIE) != cookie || read_time(WVM_SD_TICK_COUNT) < before)
        return 3;
    return ticks() && wvm_host_threads() == 1 ? 0 : 4;
}

START_TEST(fork_child)
{
    int status;
    wvm_options[WVM_OPTION_CLOCK].value = CLOCK_ALWAYS;
    wvm_nt_shared_data_init(SP);
    wvm_nt_clock_start();
    ck_assert(ticks());
    uint64_t before = read_time(WVM_SD_TICK_COUNT);
    pid_t child = fork();
    if (child == 0)
        _exit(in_child(fake.from, before));
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert_int_eq(status, 0);
    ck_assert(ticks());
}
END_TEST

START_TEST(no_page)
{
    wvm_options[WVM_OPTION_CLOCK].value = CLOCK_ALWAYS;
    fake.result = STATUS_CONFLICTING_ADDRESSES;
    wvm_nt_shared_data_init(SP);
    ck_assert(!wvm_nt_clock_is_due());
    ck_assert_int_eq(wvm_nt_shared_data_show(SP, NULL, BASE), STATUS_CONFLICTING_ADDRESSES);
    ck_assert(!wvm_nt_clock_is_due());
    fake.result = STATUS_SUCCESS;
    ck_assert_int_eq(wvm_nt_shared_data_show(SP, NULL, BASE), STATUS_SUCCESS);
    ck_assert(ticks());
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *s = unit_suite("nt_shared_data", 60, &tc);
    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_test(tc, constants);
    tcase_add_test(tc, all_else_is_zero);
    tcase_add_test(tc, processor_features);
    tcase_add_test(tc, xstate);
    tcase_add_test(tc, time_zone);
    tcase_add_test(tc, times_at_start);
    tcase_add_test(tc, written_values);
    tcase_add_loop_test(tc, high2_is_written_first, 0, 4);
    tcase_add_test(tc, readers_see_whole_times);
    tcase_add_test(tc, stands_still_by_default);
    tcase_add_loop_test(tc, runs_when_wanted, 0, 2);
    tcase_add_test(tc, never_means_never);
    if (sizeof(void *) == 8) /* a 32-bit process has no windows */
        tcase_add_test(tc, a_window_starts_it);
    tcase_add_test(tc, fork_child);
    tcase_add_test(tc, no_page);
    return unit_run(s);
}
