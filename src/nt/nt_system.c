/* NtQuerySystemInformation and its native forms: addresses, processors and times; what is counted
 * is in nt_system_counts.c, the pools are in nt_system_pool.c.
 *
 * Order of checks: the place of the returned length; the class; the length; the buffer.
 * Terms   seen, native, 64 = enum wvm_nt_view_of_system.
 * I1  A failing call writes nothing but, where the class is known, the length wanted.
 * I2  In a 64-bit build structures have their 64-bit form whatever the layout is: the program is
 *     compiled with it. Only the values follow the layout, with one exception that needs no form of
 *     its own: the native basic class has the 64-bit form everywhere (W32-003).
 * I3  Nothing is remembered but the start of the machine: each call asks the host.
 * Locking: none.   Failure: I1.   Signal safety: all of it. */
#include "nt/nt_system.h"

#include <string.h>

#include "api/api.h"
#include "base/arith.h"
#include "base/assert.h"
#include "host/host.h"
#include "host/host_process.h"
#include "nt/nt_shared_data.h"
#include "nt/nt_user.h"
#include "space/space_layout.h"

#define IS_64BIT (sizeof(void *) == 8)
/* Of 100 ns. */
#define UNITS_PER_SECOND 10000000u
#define UNITS_PER_MINUTE INT64_C(600000000)
/* Readings of clocks until none interrupts them. */
#define CLOCK_TRIES 8
/* Where the system begins: for 64-bit programs, and behind the guarded 64 KiB that end user space
 * for 32-bit ones. */
#define SYSTEM_START_64 UINT64_C(0xffff800000000000)

bool wvm_nt_is_wow64(void)
{
    return wvm_layout.wow64;
}

uint16_t wvm_nt_native_machine(void)
{
    return IS_64BIT || wvm_layout.wow64 ? IMAGE_FILE_MACHINE_AMD64 : IMAGE_FILE_MACHINE_I386;
}

/* ---- what there is ---- */

/* The program's own layout, and all that is not WOW64, is seen by every view alike. */
static enum wvm_nt_view_of_system effective(enum wvm_nt_view_of_system view)
{
    return wvm_layout.wow64 || view == WVM_SYSTEM_64 ? view : WVM_SYSTEM_SEEN;
}

static uint64_t top_of(enum wvm_nt_view_of_system view)
{
    switch (effective(view)) {
    case WVM_SYSTEM_NATIVE:
        return wvm_layout.emulated_top;
    case WVM_SYSTEM_64:
        return wvm_layout.native_top;
    default:
        return wvm_layout.top;
    }
}

/* A 32-bit program knows 32 processors. */
static void describe_processors(bool wide, struct wvm_nt_system *out)
{
    out->n_processors = wvm_host_affinity(&out->processors);
    if (wide)
        return;
    out->processors &= UINT32_MAX;
    if (out->processors == 0)
        out->processors = 1;
    out->n_processors = wvm_min(out->n_processors, 32);
}

void wvm_nt_system_describe(enum wvm_nt_view_of_system view, struct wvm_nt_system *out)
{
    bool wide = IS_64BIT && !wvm_layout.wow64;
    bool amd64 = wide || effective(view) != WVM_SYSTEM_SEEN;
    out->architecture = amd64 ? PROCESSOR_ARCHITECTURE_AMD64 : PROCESSOR_ARCHITECTURE_INTEL;
    out->processor_type = amd64 ? PROCESSOR_AMD_X8664 : PROCESSOR_INTEL_PENTIUM;
    out->lowest = WVM_GRANULE_SIZE;
    out->highest = top_of(view) - 1;
    describe_processors(amd64 && IS_64BIT, out);
    wvm_host_processor(&out->processor);
}

/* ---- the classes ---- */

/* SYSTEM_BASIC_INFORMATION of 64-bit programs. */
struct basic_64 {
    uint32_t reserved, increment, page_size, n_pages, lowest_page, highest_page, granularity;
    uint32_t padding;
    uint64_t lowest, highest, processors;
    int8_t n_processors;
    uint8_t end[7];
};
WVM_STATIC(sizeof(struct basic_64) == 64, "the 64-bit form");
WVM_STATIC(sizeof(SYSTEM_BASIC_INFORMATION) == (IS_64BIT ? 64 : 44), "the program's form");

union answer {
    struct basic_64 basic_64;
    SYSTEM_BASIC_INFORMATION basic;
    SYSTEM_PROCESSOR_INFORMATION processor;
    SYSTEM_PERFORMANCE_INFORMATION performance;
    SYSTEM_CACHE_INFORMATION cache;
    SYSTEM_TIMEOFDAY_INFORMATION time;
    SYSTEM_RANGE_START_INFORMATION range;
};

static void answer_basic_64(enum wvm_nt_view_of_system view, union answer *out)
{
    struct wvm_nt_system s;
    struct wvm_host_memory memory;
    wvm_nt_system_describe(view, &s);
    wvm_host_memory_now(&memory);
    out->basic_64 = (struct basic_64){
        .increment = WVM_TICK_100NS,
        .page_size = WVM_PAGE_SIZE,
        .n_pages = wvm_nt_pages(memory.ram),
        .lowest_page = 1,
        .highest_page = wvm_nt_pages(memory.machine),
        .granularity = WVM_GRANULE_SIZE,
        .lowest = s.lowest,
        .highest = s.highest,
        .processors = s.processors,
        .n_processors = (int8_t)wvm_min(s.n_processors, 64),
    };
}

static void answer_basic(enum wvm_nt_view_of_system view, union answer *out)
{
    union answer wide;
    answer_basic_64(view, &wide);
    const struct basic_64 *w = &wide.basic_64;
    out->basic = (SYSTEM_BASIC_INFORMATION){
        .MaximumIncrement = w->increment,
        .PhysicalPageSize = w->page_size,
        .NumberOfPhysicalPages = w->n_pages,
        .LowestPhysicalPage = w->lowest_page,
        .HighestPhysicalPage = w->highest_page,
        .AllocationGranularity = w->granularity,
        .LowestUserAddress = (ULONG_PTR)w->lowest,
        .HighestUserAddress = (ULONG_PTR)w->highest,
        .ActiveProcessors = (ULONG_PTR)w->processors,
        .NumberOfProcessors = w->n_processors,
    };
}

static void answer_processor(enum wvm_nt_view_of_system view, union answer *out)
{
    struct wvm_nt_system s;
    wvm_nt_system_describe(view, &s);
    out->processor = (SYSTEM_PROCESSOR_INFORMATION){
        .ProcessorArchitecture = s.architecture,
        .ProcessorLevel = (USHORT)s.processor.family,
        .ProcessorRevision = wvm_nt_processor_revision(&s.processor),
        .MaximumProcessors = (USHORT)wvm_host_caps.n_cpus,
        .FeatureBits = s.processor.features,
    };
}

/* The processor of 32-bit programs, also for those who are none. */
static void answer_emulated(enum wvm_nt_view_of_system view, union answer *out)
{
    answer_processor(view, out);
    out->processor.ProcessorArchitecture = PROCESSOR_ARCHITECTURE_INTEL;
}

static void answer_performance(enum wvm_nt_view_of_system view, union answer *out)
{
    (void)view;
    wvm_nt_system_performance(&out->performance);
}

static void answer_cache(enum wvm_nt_view_of_system view, union answer *out)
{
    (void)view;
    wvm_nt_system_cache(&out->cache);
}

/* Two readings of clocks differ by a little: the start of the machine is where it was, unless the
 * clock was set. */
static uint64_t steady_boot(uint64_t boot)
{
    static wvm_word64 last;
    uint64_t was = __atomic_load_n(&last, __ATOMIC_RELAXED);
    if (was && boot - was + UNITS_PER_SECOND / 2 <= UNITS_PER_SECOND)
        return was;
    __atomic_store_n(&last, boot, __ATOMIC_RELAXED);
    return boot;
}

static void answer_time(enum wvm_nt_view_of_system view, union answer *out)
{
    struct wvm_clock_times now;
    unsigned tries = 0;
    (void)view;
    do
        wvm_clock_read(&now);
    while (now.asleep == WVM_ASLEEP_UNKNOWN && ++tries < CLOCK_TRIES);
    memset(&out->time, 0, sizeof out->time);
    out->time.BootTime.QuadPart = (LONGLONG)steady_boot(now.system - now.interrupt);
    out->time.CurrentTime.QuadPart = (LONGLONG)now.system;
    out->time.TimeZoneBias.QuadPart = wvm_host_minutes_west() * UNITS_PER_MINUTE;
    out->time.SleepTimeBias = now.asleep == WVM_ASLEEP_UNKNOWN ? 0 : now.asleep;
}

static void answer_range(enum wvm_nt_view_of_system view, union answer *out)
{
    uint64_t start = SYSTEM_START_64;
    if (!IS_64BIT || effective(view) != WVM_SYSTEM_64)
        start = top_of(view) > UINT32_MAX ? SYSTEM_START_64 : top_of(view) + WVM_GRANULE_SIZE;
    if (start > UINTPTR_MAX)
        start = top_of(view);
    out->range.SystemRangeStart = (ULONG_PTR)start;
}

/* ---- the calls ---- */

/* How long the caller's buffer may be. */
enum length_rule { LENGTH_EXACT, LENGTH_AT_LEAST, LENGTH_AT_MOST };

struct class {
    uint32_t number, size;
    enum length_rule rule;
    void (*answer)(enum wvm_nt_view_of_system view, union answer *out);
};

static const struct class classes[] = {
    {SystemBasicInformation, sizeof(SYSTEM_BASIC_INFORMATION), LENGTH_EXACT, answer_basic},
    {SystemProcessorInformation, sizeof(SYSTEM_PROCESSOR_INFORMATION), LENGTH_AT_LEAST,
     answer_processor},
    {SystemPerformanceInformation, sizeof(SYSTEM_PERFORMANCE_INFORMATION), LENGTH_AT_LEAST,
     answer_performance},
    {SystemTimeOfDayInformation, sizeof(SYSTEM_TIMEOFDAY_INFORMATION), LENGTH_AT_MOST, answer_time},
    {SystemFileCacheInformation, sizeof(SYSTEM_CACHE_INFORMATION), LENGTH_AT_LEAST, answer_cache},
    {SystemRangeStartInformation, sizeof(SYSTEM_RANGE_START_INFORMATION), LENGTH_EXACT,
     answer_range},
    {SystemEmulationBasicInformation, sizeof(SYSTEM_BASIC_INFORMATION), LENGTH_EXACT, answer_basic},
    {SystemEmulationProcessorInformation, sizeof(SYSTEM_PROCESSOR_INFORMATION), LENGTH_AT_LEAST,
     answer_emulated},
    {SystemNativeBasicInformation, sizeof(struct basic_64), LENGTH_EXACT, answer_basic_64},
};

static const struct class *find_class(uint32_t number)
{
    for (unsigned i = 0; i < sizeof classes / sizeof classes[0]; i++)
        if (classes[i].number == number)
            return &classes[i];
    return NULL;
}

/* Only 64-bit code knows what a 64-bit program sees: it, and what asks in its name. */
static bool is_served(const struct class *c, enum wvm_nt_view_of_system view)
{
    if (c->number != SystemNativeBasicInformation)
        return true;
    return wvm_layout.wow64 ? view == WVM_SYSTEM_NATIVE : IS_64BIT;
}

static bool fits(const struct class *c, uint32_t len)
{
    if (c->rule == LENGTH_EXACT)
        return len == c->size;
    return c->rule == LENGTH_AT_LEAST ? len >= c->size : len <= c->size;
}

static wvm_status query(uint32_t number, enum wvm_nt_view_of_system view, PVOID at, uint32_t len,
                        PULONG returned)
{
    union answer out;
    if (returned && !wvm_user_writable(returned, sizeof *returned))
        return STATUS_ACCESS_VIOLATION;
    if (number == SystemPoolTagInformation)
        return wvm_nt_system_pool_tags(at, len, (uint32_t *)returned);
    if (number == SystemProcessorPerformanceInformation)
        return wvm_nt_system_processors(at, len, (uint32_t *)returned);
    const struct class *c = find_class(number);
    if (!c || !is_served(c, view))
        return STATUS_INVALID_INFO_CLASS;
    uint32_t used = wvm_min(len, c->size);
    wvm_user_store_if(returned, fits(c, len) ? &used : &c->size, sizeof *returned);
    if (!fits(c, len))
        return STATUS_INFO_LENGTH_MISMATCH;
    if (used && !wvm_user_writable(at, used))
        return STATUS_ACCESS_VIOLATION;
    c->answer(number == SystemNativeBasicInformation ? WVM_SYSTEM_64 : view, &out);
    if (used)
        wvm_user_store(at, &out, used);
    return STATUS_SUCCESS;
}

NTSTATUS wvm_NtQuerySystemInformation(SYSTEM_INFORMATION_CLASS number, PVOID at, ULONG len,
                                      PULONG returned)
{
    return query((uint32_t)number, WVM_SYSTEM_SEEN, at, len, returned);
}

NTSTATUS wvm_RtlGetNativeSystemInformation(SYSTEM_INFORMATION_CLASS number, PVOID at, ULONG len,
                                           PULONG returned)
{
    return query((uint32_t)number, WVM_SYSTEM_NATIVE, at, len, returned);
}

NTSTATUS wvm_NtWow64GetNativeSystemInformation(SYSTEM_INFORMATION_CLASS number, PVOID at, ULONG len,
                                               PULONG returned)
{
    return wvm_RtlGetNativeSystemInformation(number, at, len, returned);
}

/* ---- memory ---- */

void wvm_nt_memory_now(struct wvm_nt_memory *out)
{
    struct wvm_host_memory memory;
    struct wvm_commit_info commit;
    wvm_host_memory_now(&memory);
    wvm_nt_commit_info(&commit);
    out->ram = memory.ram;
    out->ram_left = memory.ram_left;
    out->commit = commit.limit;
    out->commit_left = commit.limit > commit.committed ? commit.limit - commit.committed : 0;
    out->space = wvm_layout.top - WVM_GRANULE_SIZE;
    out->space_left = wvm_space_free_bytes(&wvm_space_native);
}
