/* GetSystemInfo and GetNativeSystemInfo: the address-space layout and the processors.
 *
 * I1  A program in a 32-bit layout is told that it is one: its processors are Pentiums, unless it
 *     asks for the native ones (W32-008).
 * The processors are those this process may run on; their mask holds the first 64, or the first 32
 * of a 32-bit program.
 * Locking: none. */
#include <string.h>

#include "api/api.h"
#include "base/arith.h"
#include "nt/nt_system.h"
#include "nt/nt_user.h"

static void tell(enum wvm_nt_view_of_system view, LPSYSTEM_INFO out)
{
    SYSTEM_INFO info;
    struct wvm_nt_system s;
    memset(&info, 0, sizeof info);
    wvm_nt_system_describe(view, &s);
    info.wProcessorArchitecture = s.architecture;
    info.dwPageSize = WVM_PAGE_SIZE;
    info.lpMinimumApplicationAddress = (LPVOID)(uintptr_t)s.lowest;
    info.lpMaximumApplicationAddress = (LPVOID)(uintptr_t)s.highest;
    info.dwNumberOfProcessors = s.n_processors;
    info.dwActiveProcessorMask = (DWORD_PTR)s.processors;
    info.dwProcessorType = s.processor_type;
    info.dwAllocationGranularity = WVM_GRANULE_SIZE;
    info.wProcessorLevel = (WORD)s.processor.family;
    info.wProcessorRevision = wvm_nt_processor_revision(&s.processor);
    wvm_user_store(out, &info, sizeof info);
}

VOID wvm_GetSystemInfo(LPSYSTEM_INFO out)
{
    tell(WVM_SYSTEM_SEEN, out);
}

VOID wvm_GetNativeSystemInfo(LPSYSTEM_INFO out)
{
    tell(WVM_SYSTEM_NATIVE, out);
}
