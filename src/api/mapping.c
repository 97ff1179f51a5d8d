/* Views of file mappings, Win32 names: a native call on plain values, and the last error.
 *
 * I1  Nothing here decides but what the Win32 layer of Windows itself decides: what the access
 *     argument means (SEC-140..147), that a section which does not allow it is ERROR_ACCESS_DENIED
 *     (SEC-130..135), that a view without anything to flush is flushed (SEC-200).
 * I2  Success leaves the last error alone, also the successes that tell of an image moved; every
 *     failure sets it.
 * Locking: none.   Failure: as the native call. */
#include "api/api.h"
#include "api/last_error.h"
#include "host/host_numa.h"
#include "nt/nt_extended.h"
#include "nt/nt_handle.h"
#include "nt/nt_map.h"
#include "nt/nt_node.h"

/* Not rights, but ways to map. */
#define ACCESS_FLAGS (FILE_MAP_LARGE_PAGES | FILE_MAP_TARGETS_INVALID | FILE_MAP_RESERVE)

#define PROT_BITS (FILE_MAP_COPY | FILE_MAP_WRITE | FILE_MAP_READ)

/* FILE_MAP_COPY means something only when it is the one right that is asked for. */
static inline uint32_t prot_of_access(DWORD access)
{
    static const uint8_t prots[2][PROT_BITS + 1] = {
        {PAGE_NOACCESS, PAGE_WRITECOPY, PAGE_READWRITE, PAGE_READWRITE, PAGE_READONLY,
         PAGE_READONLY, PAGE_READWRITE, PAGE_READWRITE},
        {PAGE_NOACCESS, PAGE_EXECUTE_WRITECOPY, PAGE_EXECUTE_READWRITE, PAGE_EXECUTE_READWRITE,
         PAGE_EXECUTE_READ, PAGE_EXECUTE_READ, PAGE_EXECUTE_READWRITE, PAGE_EXECUTE_READWRITE},
    };
    DWORD rest = access & ~(DWORD)(FILE_MAP_EXECUTE | ACCESS_FLAGS);
    uint32_t prot = prots[(access & FILE_MAP_EXECUTE) != 0][rest & PROT_BITS];
    if ((rest & PROT_BITS) == FILE_MAP_COPY && rest != FILE_MAP_COPY)
        return PAGE_NOACCESS;
    /* FILE_MAP_TARGETS_INVALID is PAGE_TARGETS_INVALID; pages without access have no targets. */
    return prot == PAGE_NOACCESS ? prot : prot | (access & FILE_MAP_TARGETS_INVALID);
}

static inline uint32_t type_of_access(DWORD access)
{
    return (access & FILE_MAP_RESERVE ? MEM_RESERVE : 0) |
           (access & FILE_MAP_LARGE_PAGES ? MEM_LARGE_PAGES : 0);
}

static inline LPVOID map_access(HANDLE section, DWORD access, uint64_t offset, SIZE_T size,
                                LPVOID base)
{
    struct wvm_nt_view view = {
        .base = (uintptr_t)base,
        .size = size,
        .offset = offset,
        .type = type_of_access(access),
        .prot = prot_of_access(access),
    };
    wvm_status status = wvm_nt_map(WVM_OWN_PROCESS, section, &view);
    if (WVM_LIKELY(status >= 0))
        return (LPVOID)view.base;
    wvm_win32_result(status == STATUS_SECTION_PROTECTION ? STATUS_ACCESS_DENIED : status);
    return NULL;
}

LPVOID wvm_MapViewOfFile(HANDLE section, DWORD access, DWORD high, DWORD low, SIZE_T size)
{
    return map_access(section, access, (uint64_t)high << 32 | low, size, NULL);
}

LPVOID wvm_MapViewOfFileEx(HANDLE section, DWORD access, DWORD high, DWORD low, SIZE_T size,
                           LPVOID base)
{
    return map_access(section, access, (uint64_t)high << 32 | low, size, base);
}

static bool node_ok(ULONG node)
{
    if (node == NUMA_NO_PREFERRED_NODE || wvm_host_node_exists(node))
        return true;
    wvm_set_last_error(ERROR_INVALID_PARAMETER);
    return false;
}

LPVOID wvm_MapViewOfFileExNuma(HANDLE section, DWORD access, DWORD high, DWORD low, SIZE_T size,
                               LPVOID base, DWORD node)
{
    if (!node_ok(node))
        return NULL;
    LPVOID at = map_access(section, access, (uint64_t)high << 32 | low, size, base);
    if (at)
        wvm_nt_node_prefer(WVM_OWN_PROCESS, (uintptr_t)at, node);
    return at;
}

PVOID wvm_MapViewOfFileFromApp(HANDLE section, ULONG access, ULONG64 offset, SIZE_T size)
{
    return map_access(section, access, offset, size, NULL);
}

static PVOID map_native(HANDLE process, HANDLE section, struct wvm_nt_view *view)
{
    wvm_status status = wvm_nt_map(process, section, view);
    return wvm_win32_result(status) ? (PVOID)view->base : NULL;
}

PVOID wvm_MapViewOfFileNuma2(HANDLE section, HANDLE process, ULONG64 offset, PVOID base,
                             SIZE_T size, ULONG type, ULONG prot, ULONG node)
{
    struct wvm_nt_view view = {.base = (uintptr_t)base, .size = size, .offset = offset,
                               .type = type, .prot = prot};
    PVOID at = node_ok(node) ? map_native(process, section, &view) : NULL;
    if (at)
        wvm_nt_node_prefer(process, (uintptr_t)at, node);
    return at;
}

PVOID wvm_MapViewOfFile2(HANDLE section, HANDLE process, ULONG64 offset, PVOID base, SIZE_T size,
                         ULONG type, ULONG prot)
{
    return wvm_MapViewOfFileNuma2(section, process, offset, base, size, type, prot,
                                  NUMA_NO_PREFERRED_NODE);
}

PVOID wvm_MapViewOfFile3(HANDLE section, HANDLE process, PVOID base, ULONG64 offset, SIZE_T size,
                         ULONG type, ULONG prot, PMEM_EXTENDED_PARAMETER params, ULONG count)
{
    struct wvm_nt_extended extended;
    struct wvm_nt_view view = {.base = (uintptr_t)base, .size = size, .offset = offset,
                               .type = type, .prot = prot, .placeholders = true,
                               .extended = &extended};
    /* NULL is this process here, and nowhere else (SEC-082). */
    if (process == NULL)
        process = WVM_OWN_PROCESS;
    const struct wvm_nt_params array = {params, count};
    wvm_status status = wvm_nt_view_extended(process, &array, view.base, &extended);
    if (!wvm_win32_result(status))
        return NULL;
    return map_native(process, section, &view);
}

PVOID wvm_MapViewOfFile3FromApp(HANDLE section, HANDLE process, PVOID base, ULONG64 offset,
                                SIZE_T size, ULONG type, ULONG prot,
                                PMEM_EXTENDED_PARAMETER params, ULONG count)
{
    return wvm_MapViewOfFile3(section, process, base, offset, size, type, prot, params, count);
}

BOOL wvm_UnmapViewOfFile(LPCVOID addr)
{
    wvm_status status = wvm_nt_unmap(WVM_OWN_PROCESS, (uintptr_t)addr, 0);
    return WVM_LIKELY(status >= 0) ? TRUE : wvm_win32_result(status);
}

BOOL wvm_UnmapViewOfFileEx(PVOID addr, ULONG flags)
{
    return wvm_win32_result(wvm_nt_unmap(WVM_OWN_PROCESS, (uintptr_t)addr, flags));
}

BOOL wvm_UnmapViewOfFile2(HANDLE process, PVOID addr, ULONG flags)
{
    return wvm_win32_result(wvm_nt_unmap(process, (uintptr_t)addr, flags));
}

BOOL wvm_FlushViewOfFile(LPCVOID addr, SIZE_T size)
{
    struct wvm_nt_range range = {(uintptr_t)addr, size};
    wvm_status status = wvm_nt_flush(WVM_OWN_PROCESS, &range);
    if (status == STATUS_NOT_MAPPED_DATA)
        status = STATUS_SUCCESS;
    return wvm_win32_result(status);
}
