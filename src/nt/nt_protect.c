/* NtProtectVirtualMemory.
 *
 * Order of checks: handle; the caller's variables; address; size; protection; then what lies there.
 * I1  A failing call changes neither memory nor *range; nor *old, but for a view that refuses the
 *     protection: the old one is 0 then (SEC-163).
 * I2  *old is the protection really replaced, of the first page, modifiers included.
 * Write-copy protections belong to views and images: hooking libraries put back the PAGE_WRITECOPY
 * they were told as the old protection of an image's data, so it is taken there and nowhere else.
 * Only with one of them PAGE_REVERT_TO_FILE_MAP has a meaning: copies that were made are given up
 * (SEC-180). Whether a view may have the protection is the space's to say.
 * Locking: space/ locks.   Failure: decided before anything changes. */
#include "api/api.h"
#include "nt/nt_elsewhere.h"
#include "nt/nt_map.h"
#include "nt/nt_rules.h"
#include "nt/nt_target.h"
#include "nt/nt_user.h"

bool wvm_nt_takes_write_copy(uintptr_t addr)
{
    struct wvm_region r;
    return wvm_space_query(&wvm_space_native, addr, &r) >= 0 &&
           (r.type == WVM_TYPE_IMAGE || r.type == WVM_TYPE_MAPPED);
}

static bool is_writable(uint8_t attr)
{
    uint8_t access = attr & WVM_ATTR_ACCESS;
    return (access == WVM_ATTR_RW || access == WVM_ATTR_XRW) && !(attr & WVM_ATTR_GUARD);
}

static bool is_copy(uint8_t attr)
{
    uint8_t access = attr & WVM_ATTR_ACCESS;
    return access == WVM_ATTR_WC || access == WVM_ATTR_XWC;
}

/* The attribute of a protection for the page at start, 0 when it is not legal there. */
static uint8_t attr_for(uint32_t prot, uintptr_t start)
{
    uint8_t attr = wvm_nt_attr_of(prot & ~PAGE_REVERT_TO_FILE_MAP, true);
    if (WVM_UNLIKELY(is_copy(attr)))
        return wvm_nt_takes_write_copy(start) ? attr : 0;
    return prot & PAGE_REVERT_TO_FILE_MAP ? 0 : attr;
}

static WVM_COLD wvm_status protect_elsewhere(pid_t pid, struct wvm_nt_range *range, uint32_t prot,
                                             uint32_t *old)
{
    struct wvm_remote_request req;
    wvm_remote_request_init(&req, WVM_REMOTE_PROTECT);
    req.prot = prot;
    return wvm_nt_range_elsewhere(pid, &req, range, old);
}

static inline wvm_status protect_in(const struct wvm_target *t, struct wvm_nt_range *range,
                                    uint32_t prot, uint32_t *old)
{
    uintptr_t start, end;
    uint8_t old_attr;
    wvm_status status = wvm_nt_page_span(t, range, &start, &end);
    if (WVM_UNLIKELY(status < 0))
        return status;
    uint8_t attr = attr_for(prot, start);
    if (WVM_UNLIKELY(attr == 0))
        return STATUS_INVALID_PAGE_PROTECTION;
    status = WVM_UNLIKELY(prot & PAGE_REVERT_TO_FILE_MAP)
                 ? wvm_space_revert(&wvm_space_native, start, end, attr, &old_attr)
                 : wvm_space_protect(&wvm_space_native, start, end, attr, &old_attr);
    if (status < 0) {
        if (wvm_nt_tells_old(status))
            *old = 0;
        return status;
    }
    /* Proofs of nt_user.c are kept about foreign memory only. */
    if (!is_writable(attr) && !wvm_space_is_ours(&wvm_space_native, start))
        wvm_user_forget();
    range->base = start - t->base;
    range->size = end - start;
    *old = wvm_nt_prot_of(old_attr);
    return status;
}

wvm_status wvm_nt_protect(HANDLE process, struct wvm_nt_range *range, uint32_t prot, uint32_t *old)
{
    struct wvm_target t;
    wvm_status status = wvm_target_of(process, PROCESS_VM_OPERATION, &t);
    if (WVM_UNLIKELY(status < 0))
        return status;
    if (WVM_UNLIKELY(t.pid != 0))
        return protect_elsewhere(t.pid, range, prot, old);
    status = protect_in(&t, range, prot, old);
    wvm_target_drop(&t);
    return status;
}

NTSTATUS wvm_NtProtectVirtualMemory(HANDLE process, PVOID *base, PSIZE_T size, ULONG prot,
                                    PULONG old)
{
    struct wvm_nt_range range;
    uint32_t old_prot;
    wvm_status status = wvm_user_fetch_range(process, base, size, &range);
    if (status < 0)
        return status;
    if (!wvm_user_writable(old, sizeof *old))
        return STATUS_ACCESS_VIOLATION;
    status = wvm_nt_protect(process, &range, prot, &old_prot);
    if (status >= 0)
        wvm_user_store_range(base, size, &range);
    if (wvm_nt_tells_old(status))
        wvm_user_store(old, &old_prot, sizeof *old);
    return status;
}
