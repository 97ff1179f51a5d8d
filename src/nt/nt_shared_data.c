/* The page at 0x7FFE0000 that Windows shares with every process, read-only (VQ-020, W32-019).
 *
 * Filled once with what does not change: the version, the processor, the system's directory. The
 * clocks in it stand still at 0.
 * I1  Offsets are those of KUSER_SHARED_DATA in Microsoft's public headers, named beside each
 * field.
 * Locking: the space's. Failure: where the address is taken (a program linked there) there is no
 * page. Signal safety: called at start only. */
#include <string.h>

#include "host/host.h"
#include "nt/nt.h"
#include "space/space.h"

#define SHARED_DATA 0x7FFE0000u

enum field {
    TICK_COUNT_MULTIPLIER = 0x004, /* 15.625 ms a tick, scaled by 2^24 */
    NT_SYSTEM_ROOT = 0x030,        /* 260 characters */
    NT_BUILD_NUMBER = 0x260,
    NT_PRODUCT_TYPE = 0x264,       /* 1: workstation */
    PRODUCT_TYPE_IS_VALID = 0x268,
    NATIVE_ARCHITECTURE = 0x26A,   /* PROCESSOR_ARCHITECTURE_AMD64 is 9 */
    NT_MAJOR_VERSION = 0x26C,
    NT_MINOR_VERSION = 0x270,
    N_PHYSICAL_PAGES = 0x2E8,
    ACTIVE_PROCESSOR_COUNT = 0x3C0,
    USED_LEN = 0x3C8,
};

static void put32(unsigned char *page, enum field at, uint32_t v)
{
    memcpy(page + at, &v, sizeof v);
}

void wvm_nt_shared_data_init(struct wvm_space *sp)
{
    static const char root[] = "C:\\Windows";
    unsigned char page[USED_LEN] = {0};
    put32(page, TICK_COUNT_MULTIPLIER, 0x0FA00000);
    for (unsigned i = 0; i < sizeof root; i++)
        page[NT_SYSTEM_ROOT + 2 * i] = root[i];
    put32(page, NT_BUILD_NUMBER, 19045);
    put32(page, NT_PRODUCT_TYPE, 1);
    page[PRODUCT_TYPE_IS_VALID] = 1;
    page[NATIVE_ARCHITECTURE] = 9;
    put32(page, NT_MAJOR_VERSION, 10);
    put32(page, NT_MINOR_VERSION, 0);
    put32(page, N_PHYSICAL_PAGES, (uint32_t)(wvm_host_caps.ram >> 12));
    put32(page, ACTIVE_PROCESSOR_COUNT, wvm_host_caps.n_cpus);
    if (wvm_space_fixed_page(sp, SHARED_DATA, page, sizeof page) < 0)
        wvm_host_diag("0x7ffe0000 is taken: no shared user data page");
}
