/* NtReadVirtualMemory, NtWriteVirtualMemory, the instruction cache, and what IsBad*Ptr asks.
 *
 * Terms   source, target = the two sides of a copy; remote = the side named in the process's terms.
 * I1  No user page is touched but by copies that cannot fault.
 * I2  The count: bytes up to the first page of the target that cannot be written; 0 when it is the
 *     source that cannot be read (RW-003, RW-004, RW-011, RW-013).
 * I3  Order of checks: the caller's count variable; handle; ranges; then the copy.
 * A copy is not atomic; with another process as the remote side the handle is checked before it.
 * Locking: space/ for this process's pages; none else.   Failure: what was copied stays copied. */
#include <errno.h>
#include <string.h>

#include "api/api.h"
#include "base/arith.h"
#include "host/host.h"
#include "nt/nt_host_memory.h"
#include "nt/nt_query.h"
#include "nt/nt_rules.h"
#include "nt/nt_target.h"
#include "nt/nt_user.h"
#include "space/space_fault.h"
#include "space/space_system.h"

static bool lies_below(uint64_t top, uintptr_t start, size_t len)
{
    return start < top && len <= top - start;
}

/* The caller's side of a copy. */
static bool is_local(uintptr_t start, size_t len)
{
    return lies_below(wvm_nt_host_top(), start, len);
}

static wvm_status host_failure(ssize_t error)
{
    switch (error) {
    case -ESRCH:
        return STATUS_PROCESS_IS_TERMINATING;
    case -EPERM:
    case -EACCES:
        return STATUS_ACCESS_DENIED;
    default:
        return STATUS_PARTIAL_COPY;
    }
}

/* Copies with another process, going on after short counts. */
static wvm_status copy_foreign(pid_t pid, const struct wvm_nt_copy *copy, bool write, size_t *done)
{
    while (*done < copy->len) {
        uintptr_t local = copy->local + *done, remote = copy->remote + *done;
        size_t left = copy->len - *done;
        ssize_t n = write ? wvm_host_write(pid, (const void *)local, remote, left)
                          : wvm_host_read(pid, (void *)local, remote, left);
        if (n <= 0)
            return *done ? (wvm_status)STATUS_PARTIAL_COPY : host_failure(n);
        *done += (size_t)n;
    }
    return STATUS_SUCCESS;
}

/* Whether the source can be read where a short copy stopped. */
static bool source_readable(const struct wvm_target *t, const struct wvm_nt_copy *copy, bool write,
                            size_t done)
{
    uint8_t byte;
    size_t window = wvm_min(copy->len - done, WVM_PAGE_SIZE);
    if (write)
        return wvm_nt_accessible(copy->local + done, window, false);
    if (t->pid == 0)
        return wvm_nt_accessible(t->base + copy->remote + done, window, false);
    return wvm_host_read(t->pid, &byte, copy->remote + done, 1) == 1;
}

static wvm_status meet_guard(uintptr_t start, size_t len, bool write)
{
    return wvm_space_ready(&wvm_space_native, wvm_align_down(start, WVM_PAGE_SIZE),
                           wvm_align_up(start + len, WVM_PAGE_SIZE), write);
}

/* A guard page on either side fails the copy once (RW-020, GP-023). */
static wvm_status meet_guards(const struct wvm_target *t, const struct wvm_nt_copy *copy,
                              bool write)
{
    wvm_status status = meet_guard(copy->local, copy->len, !write);
    return status < 0 || t->pid != 0 ? status
                                     : meet_guard(t->base + copy->remote, copy->len, write);
}

static wvm_status copy_within(const struct wvm_target *t, const struct wvm_nt_copy *copy,
                              bool write, size_t *done)
{
    uintptr_t remote = t->base + copy->remote;
    if (write)
        return wvm_space_write(&wvm_space_native, remote, (const void *)copy->local, copy->len,
                               done);
    return wvm_space_read(&wvm_space_native, remote, (void *)copy->local, copy->len, done);
}

wvm_status wvm_nt_copy_in(const struct wvm_target *t, const struct wvm_nt_copy *copy, bool write,
                          size_t *done)
{
    wvm_status status;
    if (copy->len == 0)
        return STATUS_SUCCESS;
    if (!lies_below(wvm_nt_end_for(t, copy->remote), copy->remote, copy->len) ||
        !is_local(copy->local, copy->len))
        return STATUS_ACCESS_VIOLATION;
    status = meet_guards(t, copy, write);
    if (status < 0)
        return status;
    status = t->pid ? copy_foreign(t->pid, copy, write, done) : copy_within(t, copy, write, done);
    if (status == (wvm_status)STATUS_PARTIAL_COPY && *done &&
        !source_readable(t, copy, write, *done))
        *done = 0;
    return status;
}

static wvm_status copy_with(HANDLE process, const struct wvm_nt_copy *copy, bool write,
                            size_t *done)
{
    struct wvm_target t;
    *done = 0;
    wvm_status status =
        wvm_target_of(process, write ? PROCESS_VM_WRITE : PROCESS_VM_READ, &t);
    if (status < 0)
        return status;
    status = wvm_nt_copy_in(&t, copy, write, done);
    wvm_target_drop(&t);
    return status;
}

wvm_status wvm_nt_read(HANDLE process, const struct wvm_nt_copy *copy, size_t *done)
{
    return copy_with(process, copy, false, done);
}

wvm_status wvm_nt_write(HANDLE process, const struct wvm_nt_copy *copy, size_t *done)
{
    return copy_with(process, copy, true, done);
}

/* The copy with its pages up to `end`, where their executable run ends, writable meanwhile. */
static wvm_status write_lifted(const struct wvm_target *t, const struct wvm_nt_copy *copy,
                               uintptr_t end, size_t *done)
{
    uint8_t old, lifted;
    uintptr_t start = t->base + wvm_align_down(copy->remote, WVM_PAGE_SIZE);
    end = t->base + wvm_min(wvm_align_up(copy->remote + copy->len, WVM_PAGE_SIZE), end);
    wvm_status status = wvm_space_protect(&wvm_space_native, start, end, WVM_ATTR_XRW, &old);
    if (status < 0)
        return status;
    wvm_status copied = wvm_nt_copy_in(t, copy, true, done);
    status = wvm_space_protect(&wvm_space_native, start, end, old, &lifted);
    return copied < 0 ? copied : status;
}

/* The same in another process: what lies below `end`, the end of its executable run, is written as
 * a debugger does. */
static wvm_status write_forced(const struct wvm_target *t, const struct wvm_nt_copy *copy,
                               uintptr_t end, size_t *done)
{
    struct wvm_nt_copy rest = *copy;
    size_t len = wvm_min(copy->len, end - copy->remote), more = 0;
    wvm_status status = is_local(copy->local, copy->len)
                            ? meet_guard(copy->local, copy->len, false)
                            : (wvm_status)STATUS_ACCESS_VIOLATION;
    if (status < 0)
        return status;
    ssize_t n = wvm_host_write_forced(t->pid, (const void *)copy->local, copy->remote, len);
    if (n < 0)
        return wvm_nt_copy_in(t, copy, true, done);
    *done = (size_t)n;
    rest.remote += *done;
    rest.local += *done;
    rest.len -= *done;
    status = wvm_nt_copy_in(t, &rest, true, &more);
    *done = status >= 0 || wvm_nt_accessible(copy->local, copy->len, false) ? *done + more : 0;
    return status;
}

static wvm_status patch_in(const struct wvm_target *t, const struct wvm_nt_copy *copy,
                           size_t *done, bool *counted)
{
    struct wvm_region r;
    if (copy->len == 0 || !lies_below(wvm_nt_end_for(t, copy->remote), copy->remote, copy->len) ||
        wvm_nt_region_in(t, copy->remote, &r) < 0)
        return wvm_nt_copy_in(t, copy, true, done);
    uint8_t access = r.attr & WVM_ATTR_ACCESS;
    if (access == WVM_ATTR_RO || access == WVM_ATTR_NA) {
        *counted = false;
        return STATUS_ACCESS_VIOLATION;
    }
    if (access != WVM_ATTR_X && access != WVM_ATTR_XR)
        return wvm_nt_copy_in(t, copy, true, done);
    return t->pid ? write_forced(t, copy, r.end, done) : write_lifted(t, copy, r.end, done);
}

wvm_status wvm_nt_patch(HANDLE process, const struct wvm_nt_copy *copy, size_t *done, bool *counted)
{
    struct wvm_target t;
    *done = 0;
    *counted = true;
    wvm_status status = wvm_target_of(process, PROCESS_VM_WRITE | PROCESS_VM_OPERATION, &t);
    if (status < 0)
        return status;
    status = patch_in(&t, copy, done, counted);
    wvm_target_drop(&t);
    return status;
}

/* Both native calls: the count is written for every failure too (RW-016, RW-017). */
static NTSTATUS copy_entry(HANDLE process, const struct wvm_nt_copy *copy, PSIZE_T count,
                           bool write)
{
    size_t done = 0;
    if (count && !wvm_user_writable(count, sizeof *count))
        return STATUS_ACCESS_VIOLATION;
    wvm_status status =
        write ? wvm_nt_write(process, copy, &done) : wvm_nt_read(process, copy, &done);
    wvm_user_store_if(count, &done, sizeof done);
    return status;
}

NTSTATUS wvm_NtReadVirtualMemory(HANDLE process, LPCVOID remote, PVOID local, SIZE_T len,
                                 PSIZE_T count)
{
    struct wvm_nt_copy copy = {(uintptr_t)remote, (uintptr_t)local, len};
    return copy_entry(process, &copy, count, false);
}

NTSTATUS wvm_NtWriteVirtualMemory(HANDLE process, PVOID remote, LPCVOID local, SIZE_T len,
                                  PSIZE_T count)
{
    struct wvm_nt_copy copy = {(uintptr_t)remote, (uintptr_t)local, len};
    return copy_entry(process, &copy, count, true);
}

/* The caches of x86 are coherent: nothing is left to do once the handle is good. The range is not
 * judged (RW-022). */
NTSTATUS wvm_NtFlushInstructionCache(HANDLE process, LPCVOID base, SIZE_T size)
{
    pid_t pid;
    (void)base;
    (void)size;
    return wvm_handle_target(process, PROCESS_VM_WRITE, &pid);
}

/* One page of an answer that its protection alone does not settle: execute-only pages, and file
 * mappings that may end before the page does. */
static bool host_readable(uintptr_t start, uintptr_t end)
{
    uint8_t byte;
    for (uintptr_t p = start; p < end; p = wvm_align_down(p, WVM_PAGE_SIZE) + WVM_PAGE_SIZE)
        if (wvm_host_read(0, &byte, p, 1) == -EFAULT)
            return false;
    return true;
}

/* What looks free may be foreign memory that the host does not describe (no /proc), what lies
 * before a foreign mapping may be the rest of a stack that grows, and nobody here knows the pages
 * of system space: they are tried. */
static bool host_grants(uintptr_t start, uintptr_t end, bool write)
{
    uint8_t byte;
    for (uintptr_t p = start; p < end; p = wvm_align_down(p, WVM_PAGE_SIZE) + WVM_PAGE_SIZE)
        if (wvm_host_read(0, &byte, p, 1) != 1 || (write && wvm_host_write(0, &byte, p, 1) != 1))
            return false;
    return true;
}

static bool run_accessible(const struct wvm_region *r, uintptr_t start, uintptr_t end, bool write)
{
    uint8_t access = r->attr & WVM_ATTR_ACCESS;
    bool before_foreign = r->attr == WVM_ATTR_RESERVED && (r->flags & WVM_ALLOC_FOREIGN);
    if (r->type == WVM_TYPE_FREE || before_foreign ||
        wvm_space_is_system(&wvm_space_native, start, 1))
        return host_grants(start, end, write);
    if (access <= WVM_ATTR_NA || access == WVM_ATTR_OFFERED || (r->attr & WVM_ATTR_GUARD))
        return false;
    if (write && (access == WVM_ATTR_RO || access == WVM_ATTR_X || access == WVM_ATTR_XR))
        return false;
    if (access == WVM_ATTR_X || (r->type == WVM_TYPE_MAPPED && (r->flags & WVM_ALLOC_FOREIGN)))
        return host_readable(start, end);
    return true;
}

bool wvm_nt_accessible(uintptr_t addr, size_t len, bool write)
{
    struct wvm_region r;
    if (len == 0)
        return true;
    if (!is_local(addr, len))
        return false;
    for (uintptr_t p = addr, end = addr + len; p < end; p = r.end)
        if (wvm_nt_region_at(p, &r) < 0 || !run_accessible(&r, p, wvm_min(r.end, end), write))
            return false;
    return true;
}
