/* GetSystemInfo: the address-space layout and the processors.
 *
 * I1  The layout is the 64-bit one whatever the host's: 0x10000 .. 0x7FFFFFFEFFFF (W32 section 1).
 * The processors are those this process may run on; their mask holds the first 64.
 * Locking: none. */
#include <cpuid.h>
#include <string.h>

#include "api/api.h"
#include "base/arith.h"
#include "host/host_process.h"
#include "nt/nt.h"
#include "nt/nt_user.h"

/* Family, and model and stepping in the two bytes Windows puts them. */
static void identify_processor(WORD *level, WORD *revision)
{
    unsigned a, b, c, d;
    *level = 6;
    *revision = 0;
    if (!__get_cpuid(1, &a, &b, &c, &d))
        return;
    unsigned family = a >> 8 & 15, model = a >> 4 & 15;
    if (family == 6 || family == 15)
        model |= a >> 12 & 0xf0;
    if (family == 15)
        family += a >> 20 & 0xff;
    *level = (WORD)family;
    *revision = (WORD)(model << 8 | (a & 15));
}

VOID wvm_GetSystemInfo(LPSYSTEM_INFO out)
{
    SYSTEM_INFO info;
    uint64_t mask;
    memset(&info, 0, sizeof info);
    info.wProcessorArchitecture = PROCESSOR_ARCHITECTURE_AMD64;
    info.dwPageSize = WVM_PAGE_SIZE;
    info.lpMinimumApplicationAddress = (LPVOID)WVM_GRANULE_SIZE;
    info.lpMaximumApplicationAddress = (LPVOID)(wvm_nt_top() - 1);
    info.dwNumberOfProcessors = wvm_host_affinity(&mask);
    info.dwActiveProcessorMask = mask;
    info.dwProcessorType = PROCESSOR_AMD_X8664;
    info.dwAllocationGranularity = WVM_GRANULE_SIZE;
    identify_processor(&info.wProcessorLevel, &info.wProcessorRevision);
    wvm_user_store(out, &info, sizeof info);
}

VOID wvm_GetNativeSystemInfo(LPSYSTEM_INFO out)
{
    wvm_GetSystemInfo(out);
}
