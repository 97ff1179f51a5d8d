/* GlobalMemoryStatus and GlobalMemoryStatusEx.
 *
 * I1  The page file is the commit limit and what is left of it: what a commit can fail for.
 * I2  The older form tells a 32-bit program less than the truth where its numbers would be too
 *     large for it: at most 2 GiB less one byte of physical memory (WS-148), at most 0xFFFFFFFF of
 *     the rest (WS-149). It leaves the last error alone (WS-141).
 * Locking: none.   Failure: nothing written. */
#include "api/api.h"
#include "api/last_error.h"
#include "base/arith.h"
#include "nt/nt_system.h"
#include "nt/nt_user.h"
#include "space/space_layout.h"

#define GIB ((uint64_t)1 << 30)

/* WS-142 */
static DWORD load_percent(const struct wvm_nt_memory *m)
{
    return m->ram >= 100 ? (DWORD)((m->ram - m->ram_left) / (m->ram / 100)) : 0;
}

BOOL wvm_GlobalMemoryStatusEx(LPMEMORYSTATUSEX out)
{
    struct wvm_nt_memory m;
    DWORD len;
    if (!wvm_user_writable(out, sizeof *out) ||
        !wvm_user_fetch(&len, &out->dwLength, sizeof len))
        return wvm_win32_result(STATUS_ACCESS_VIOLATION);
    if (len != sizeof *out)
        return wvm_win32_result(STATUS_INVALID_PARAMETER);
    wvm_nt_memory_now(&m);
    MEMORYSTATUSEX status = {
        .dwLength = sizeof status,
        .dwMemoryLoad = load_percent(&m),
        .ullTotalPhys = m.ram,
        .ullAvailPhys = m.ram_left,
        .ullTotalPageFile = m.commit,
        .ullAvailPageFile = m.commit_left,
        .ullTotalVirtual = m.space,
        .ullAvailVirtual = m.space_left,
    };
    wvm_user_store(out, &status, sizeof status);
    return TRUE;
}

static bool is_32bit(void)
{
    return sizeof(void *) == 4 || wvm_layout.low;
}

static SIZE_T narrow(uint64_t bytes)
{
    return (SIZE_T)(is_32bit() ? wvm_min(bytes, 4 * GIB - 1) : bytes);
}

static SIZE_T narrow_physical(uint64_t bytes)
{
    return (SIZE_T)(is_32bit() ? wvm_min(bytes, 2 * GIB - 1) : bytes);
}

VOID wvm_GlobalMemoryStatus(LPMEMORYSTATUS out)
{
    struct wvm_nt_memory m;
    wvm_nt_memory_now(&m);
    MEMORYSTATUS status = {
        .dwLength = sizeof status,
        .dwMemoryLoad = load_percent(&m),
        .dwTotalPhys = narrow_physical(m.ram),
        .dwAvailPhys = narrow_physical(m.ram_left),
        .dwTotalPageFile = narrow(m.commit),
        .dwAvailPageFile = narrow(m.commit_left),
        .dwTotalVirtual = narrow(m.space),
        .dwAvailVirtual = narrow(m.space_left),
    };
    wvm_user_store(out, &status, sizeof status);
}
