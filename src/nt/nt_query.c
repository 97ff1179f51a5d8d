/* NtQueryVirtualMemory: the entry, the order of its checks, and the basic class.
 *
 * Order of checks: handle; class; address; then each class its own: what lies at the address before
 * the length (VQ-044), the length before the buffer.
 * I1  A failing call writes nothing but, where the answer's size is known, the returned length.
 * I2  The basic class takes no lock and, for winvm's memory, makes no system call.
 * I3  Another process answers for itself where it serves (remote/); else it is described from the
 *     host's list of its mappings.
 * I4  The classes about the working set take no notice of the address; they look at another process
 *     from here (nt_working.c).
 * Locking: none.   Signal safety: the basic class of winvm's own memory. */
#include "nt/nt_query.h"

#include <string.h>

#include "api/api.h"
#include "base/arith.h"
#include "nt/nt_elsewhere.h"
#include "nt/nt_host_memory.h"
#include "nt/nt_rules.h"
#include "nt/nt_target.h"
#include "nt/nt_user.h"
#include "nt/nt_working.h"

static const uint32_t public_type[] = {
    [WVM_TYPE_FREE] = 0,
    [WVM_TYPE_PRIVATE] = MEM_PRIVATE,
    [WVM_TYPE_MAPPED] = MEM_MAPPED,
    [WVM_TYPE_IMAGE] = MEM_IMAGE,
};

/* A caller's buffer, which may be misaligned. */
typedef MEMORY_BASIC_INFORMATION caller_info __attribute__((aligned(1)));

/* The answer for one run, written field by field: every byte of the structure. */
static void put_basic(caller_info *info, const struct wvm_region *r)
{
    bool used = r->type != WVM_TYPE_FREE;
    bool committed = (r->attr & WVM_ATTR_ACCESS) != 0;
    memset(info, 0, sizeof *info);
    info->BaseAddress = (PVOID)r->start;
    info->RegionSize = r->end - r->start;
    info->State = !used ? MEM_FREE : committed ? MEM_COMMIT : MEM_RESERVE;
    info->Protect = used ? wvm_nt_prot_of(r->attr) : PAGE_NOACCESS;
    if (!used)
        return;
    info->AllocationBase = (PVOID)r->alloc_start;
    info->AllocationProtect = wvm_nt_prot_of(r->alloc_attr);
    info->Type = public_type[r->type];
}

static inline wvm_status region_in(const struct wvm_target *t, uintptr_t addr,
                                   struct wvm_region *out)
{
    if (WVM_UNLIKELY(t->window != NULL))
        return wvm_window_query(&wvm_space_native, t->window, addr, out);
    if (WVM_LIKELY(t->pid == 0))
        return wvm_space_query(&wvm_space_native, addr, out);
    return wvm_space_query_other(t->pid, addr, out);
}

static inline wvm_status query_basic(const struct wvm_target *t, uintptr_t addr, void *at,
                                     size_t len)
{
    struct wvm_region r;
    bool above = WVM_UNLIKELY(addr >= t->top);
    if (WVM_UNLIKELY(above) && !wvm_nt_find_host_memory(t, addr, &r))
        return STATUS_INVALID_PARAMETER;
    if (WVM_UNLIKELY(len < sizeof(MEMORY_BASIC_INFORMATION)))
        return STATUS_INFO_LENGTH_MISMATCH;
    if (WVM_UNLIKELY(!wvm_user_writable(at, sizeof(MEMORY_BASIC_INFORMATION))))
        return STATUS_ACCESS_VIOLATION;
    wvm_status status = WVM_UNLIKELY(above) ? STATUS_SUCCESS : region_in(t, addr, &r);
    if (WVM_UNLIKELY(status < 0))
        return status;
    if (WVM_LIKELY(!t->window && t->pid == 0))
        wvm_space_join_offered(&wvm_space_native, &r);
    put_basic(at, &r);
    return STATUS_SUCCESS;
}

wvm_status wvm_nt_query_basic(uintptr_t addr, void *at, size_t len)
{
    const struct wvm_target own = {.top = wvm_nt_top()};
    return query_basic(&own, addr, at, len);
}

wvm_status wvm_nt_query_in(const struct wvm_target *t, uintptr_t addr, int info_class,
                           struct wvm_nt_buffer *buf)
{
    wvm_status status;
    buf->needed = 0;
    if (WVM_UNLIKELY(info_class == MemoryWorkingSetExInformation))
        return wvm_nt_query_working_ex(t, buf);
    if (WVM_UNLIKELY(info_class == MemoryWorkingSetInformation))
        return wvm_nt_query_working(t, buf);
    if (WVM_UNLIKELY(t->pid != 0) &&
        wvm_nt_query_elsewhere(t->pid, addr, info_class, buf, &status))
        return status;
    if (info_class == MemoryBasicInformation) {
        status = query_basic(t, addr, buf->at, buf->len);
        if (status >= 0)
            buf->needed = sizeof(MEMORY_BASIC_INFORMATION);
        return status;
    }
    if (info_class != MemoryRegionInformation && info_class != MemoryImageInformation &&
        info_class != MemoryMappedFilenameInformation)
        return STATUS_INVALID_INFO_CLASS;
    if (addr >= t->top && !wvm_nt_is_host_memory(t, addr))
        return STATUS_INVALID_PARAMETER;
    if (info_class == MemoryRegionInformation)
        return wvm_nt_query_region(t, addr, buf);
    if (info_class == MemoryImageInformation)
        return wvm_nt_query_image(t, addr, buf);
    return wvm_nt_query_filename(t, addr, buf);
}

wvm_status wvm_nt_query_basic_of(HANDLE process, uintptr_t addr, void *at, size_t len)
{
    struct wvm_nt_buffer buf = {.at = at, .len = len};
    struct wvm_target t;
    wvm_status status = wvm_target_of(process, PROCESS_QUERY_LIMITED_INFORMATION, &t);
    if (WVM_UNLIKELY(status < 0))
        return status;
    status = WVM_LIKELY(t.pid == 0) ? query_basic(&t, addr, at, len)
                                    : wvm_nt_query_in(&t, addr, MemoryBasicInformation, &buf);
    wvm_target_drop(&t);
    return status;
}

/* What a class asks of the handle. */
static uint32_t rights_for(int info_class)
{
    return info_class == MemoryWorkingSetInformation ? PROCESS_QUERY_INFORMATION | PROCESS_VM_READ
           : info_class == MemoryWorkingSetExInformation ? PROCESS_QUERY_INFORMATION
                                                         : PROCESS_QUERY_LIMITED_INFORMATION;
}

wvm_status wvm_nt_query(HANDLE process, uintptr_t addr, int info_class, struct wvm_nt_buffer *buf)
{
    struct wvm_target t;
    wvm_status status = wvm_target_of(process, rights_for(info_class), &t);
    if (WVM_UNLIKELY(status < 0))
        return status;
    status = wvm_nt_query_in(&t, addr, info_class, buf);
    wvm_target_drop(&t);
    return status;
}

NTSTATUS wvm_NtQueryVirtualMemory(HANDLE process, LPCVOID addr, MEMORY_INFORMATION_CLASS info_class,
                                  PVOID at, SIZE_T len, PSIZE_T returned)
{
    struct wvm_nt_buffer buf = {.at = at, .len = len};
    if (returned && !wvm_user_writable(returned, sizeof *returned))
        return STATUS_ACCESS_VIOLATION;
    wvm_status status = wvm_nt_query(process, (uintptr_t)addr, (int)info_class, &buf);
    if (buf.needed)
        wvm_user_store_if(returned, &buf.needed, sizeof buf.needed);
    return status;
}

wvm_status wvm_nt_region_in(const struct wvm_target *t, uintptr_t addr, struct wvm_region *out)
{
    return region_in(t, addr, out);
}

wvm_status wvm_nt_region_at(uintptr_t addr, struct wvm_region *out)
{
    return wvm_space_query(&wvm_space_native, addr, out);
}

uintptr_t wvm_nt_top(void)
{
    return wvm_space_top(&wvm_space_native);
}

uintptr_t wvm_nt_host_top(void)
{
    return wvm_space_host_top(&wvm_space_native);
}

uint64_t wvm_nt_committed(const struct wvm_region *r)
{
    return wvm_space_committed_bytes(&wvm_space_native, r);
}

void wvm_nt_commit_info(struct wvm_commit_info *out)
{
    wvm_space_commit_info(&wvm_space_native, out);
}

const char *wvm_nt_audit(void)
{
    return wvm_space_audit(&wvm_space_native);
}
