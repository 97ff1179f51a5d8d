/* The page at 0x7FFE0000 that Windows shares with every process, read-only (VQ-020, W32-019).
 *
 * What does not change is filled in here: the version, the processor, the system's directory. The
 * clocks in it are nt_clock.c's.
 * I1  Offsets are those of KUSER_SHARED_DATA in Microsoft's public headers: nt_shared_data.def.
 * I2  The page is shared memory that winvm writes elsewhere; at 0x7FFE0000 and in every window that
 *     asked for it it is mapped read-only.
 * I3  Every byte that is in no field of nt_shared_data.def is 0. Of what Windows fills in these
 *     are: what belongs to its kernel (CryptoExponent, RNGSeedVersion, TimeSlip, SystemCall: 0
 *     means the syscall instruction, TimeUpdateLock and the Baseline and Qpc...Increment fields);
 *     its sessions (ActiveConsoleId, ConsoleSessionForegroundProcessId, DismountCount); debugging
 *     and tracing (KdDebuggerEnabled, MaxStackTraceDepth, SharedDataFlags, UserModeGlobalLogger);
 *     LargePageMinimum: there are no large pages; QpcBypassEnabled, QpcShift and QpcBias: the
 *     performance counter is not read past the system; what belongs to TimeZoneBias (TimeZoneId,
 *     TimeZoneBiasStamp, TimeZoneBiasEffectiveStart and End): the host's kernel knows no more.
 * Locking: the space's. Failure: where the address is taken (a program linked there) or the host
 * refuses there is no page. Signal safety: called at start, and when windows are made. */
#include "nt/nt_shared_data.h"

#include <string.h>
#include <winvm/ntstatus.h>

#include "base/arith.h"
#include "host/host.h"
#include "host/host_process.h"
#include "host/host_system.h"

enum { BUILD = 19045, WORKSTATION = 1, AMD64 = 9, IMAGE_AMD64 = 0x8664, NX_ALWAYS_ON = 1 };
enum { SUITE_TERMINAL = 0x10, SUITE_ONE_USER = 0x100, QPC_FREQUENCY = 10000000, RET = 0xc3 };
enum { PF_NX = 12 };
#define MINUTE_100NS INT64_C(600000000)
/* Milliseconds of a tick, scaled by 2^24. */
#define TICK_MULTIPLIER 0x0FA00000u

/* Read-only; 0: there is no page. */
static uintptr_t shown;

void wvm_shared_data_put(void *page, unsigned offset, unsigned size, uint64_t value)
{
    memcpy((unsigned char *)page + offset, &value, size);
}

static void fill_version(void *page)
{
    static const char root[] = "C:\\Windows";
    for (unsigned i = 0; i < sizeof root; i++)
        wvm_shared_data_put(page, WVM_SD_NT_SYSTEM_ROOT + 2 * i, 2, (unsigned char)root[i]);
    WVM_SD_PUT(page, NT_BUILD_NUMBER, BUILD);
    WVM_SD_PUT(page, NT_PRODUCT_TYPE, WORKSTATION);
    WVM_SD_PUT(page, PRODUCT_TYPE_IS_VALID, 1);
    WVM_SD_PUT(page, NT_MAJOR_VERSION, 10);
    WVM_SD_PUT(page, NT_MINOR_VERSION, 0);
    WVM_SD_PUT(page, SUITE_MASK, SUITE_TERMINAL | SUITE_ONE_USER);
}

/* The system that the program runs on is the 64-bit one, whatever the program is. */
static void fill_machine(void *page)
{
    uint8_t present[WVM_N_PROCESSOR_FEATURES];
    uint64_t mask;
    unsigned n = wvm_host_affinity(&mask);
    wvm_nt_processor_features(present);
    memcpy((unsigned char *)page + WVM_SD_PROCESSOR_FEATURES, present, sizeof present);
    WVM_SD_PUT(page, IMAGE_NUMBER_LOW, IMAGE_AMD64);
    WVM_SD_PUT(page, IMAGE_NUMBER_HIGH, IMAGE_AMD64);
    WVM_SD_PUT(page, NATIVE_ARCHITECTURE, AMD64);
    WVM_SD_PUT(page, NX_SUPPORT_POLICY, present[PF_NX] ? NX_ALWAYS_ON : 0);
    WVM_SD_PUT(page, N_PHYSICAL_PAGES, wvm_host_caps.ram >> WVM_PAGE_SHIFT);
    WVM_SD_PUT(page, ACTIVE_PROCESSOR_COUNT, n);
    WVM_SD_PUT(page, UNPARKED_PROCESSOR_COUNT, n);
    WVM_SD_PUT(page, ACTIVE_PROCESSOR_AFFINITY, mask);
    WVM_SD_PUT(page, ACTIVE_GROUP_COUNT, 1);
    wvm_nt_describe_xstate(page);
}

/* Local time is what the host's kernel takes for it. */
static void fill_clock(void *page)
{
    struct wvm_clock_times now;
    wvm_clock_store((unsigned char *)page + WVM_SD_TIME_ZONE_BIAS,
                    (uint64_t)(wvm_host_minutes_west() * MINUTE_100NS));
    WVM_SD_PUT(page, TICK_COUNT_MULTIPLIER, TICK_MULTIPLIER);
    WVM_SD_PUT(page, QPC_FREQUENCY, QPC_FREQUENCY);
    wvm_clock_read(&now);
    wvm_clock_write(page, &now);
    WVM_SD_PUT(page, LAST_INPUT_TICK, now.interrupt / 10000);
}

static void fill(void *page)
{
    fill_version(page);
    fill_machine(page);
    WVM_SD_PUT(page, TEST_RET_INSTRUCTION, RET);
    WVM_SD_PUT(page, COOKIE, wvm_host_random());
    WVM_SD_PUT(page, BOOT_ID, wvm_host_boot_id());
    fill_clock(page);
}

void wvm_nt_shared_data_init(struct wvm_space *sp)
{
    uintptr_t page;
    int err = wvm_host.share(WVM_PAGE_SIZE, &page, &shown);
    if (err < 0) {
        wvm_host_diag("no shared user data page: the host answers %d", -err);
        shown = 0;
        return;
    }
    fill((void *)page);
    wvm_nt_clock_init(sp, (void *)page, &shown);
    if (wvm_space_fixed_page(sp, NULL, WVM_SHARED_DATA, shown) < 0)
        wvm_host_diag("0x7ffe0000 is taken: no shared user data page");
    else if (wvm_nt_clock_is_usual())
        wvm_nt_clock_want();
}

/* In a fork child the page may become another one meanwhile: then the new place shows that. */
static wvm_status show_at(struct wvm_space *sp, struct wvm_window *window, uintptr_t at)
{
    wvm_status status;
    uintptr_t from, now = __atomic_load_n(&shown, __ATOMIC_ACQUIRE);
    do {
        from = now;
        status = wvm_space_fixed_page(sp, window, at, from);
        now = __atomic_load_n(&shown, __ATOMIC_ACQUIRE);
    } while (status < 0 && now != from);
    if (status >= 0 && now != from)
        status = wvm_space_fixed_pages_move(sp, WVM_SHARED_DATA, now);
    return status;
}

wvm_status wvm_nt_shared_data_show(struct wvm_space *sp, struct wvm_window *window, uintptr_t base)
{
    if (!shown)
        return STATUS_NO_MEMORY;
    wvm_status status = show_at(sp, window, base + WVM_SHARED_DATA);
    if (status >= 0) {
        wvm_nt_clock_want();
        wvm_nt_clock_start();
    }
    return status;
}
