/* NtWow64AllocateVirtualMemory64 and its kin: the plain calls with 64-bit addresses.
 *
 * Terms   wide target = this process with the top of 64-bit programs, in a 32-bit layout of a
 *         64-bit build; every other target is as the plain calls have it.
 * I1  Order of checks and statuses are those of the plain calls.
 * I2  What a wide target is asked for without a base lies in the program's own layout; when that
 *     has no room, and ZeroBits allows it, beyond it, where the program's ordinary pointers reach
 *     too.
 * I3  A number that does not fit into a 32-bit build's own is an address outside user space.
 * Memory beyond the layout is like the host's own there (nt_host_memory.h): the plain calls can
 * query, protect, free and copy it, but not reserve it.
 * Locking: space/ locks.   Failure: as the plain calls. */
#include <string.h>

#include "api/api.h"
#include "base/arith.h"
#include "nt/nt_extended.h"
#include "nt/nt_query.h"
#include "nt/nt_rules.h"
#include "nt/nt_target.h"
#include "nt/nt_user.h"
#include "space/space_layout.h"

#define IS_64BIT (sizeof(void *) == 8)
/* Windows' own 32-bit programs have nothing below. */
#define BEYOND_LEAST UINT64_C(0x100000000)

static bool is_wide(const struct wvm_target *t)
{
    return IS_64BIT && wvm_layout.wow64 && t->pid == 0 && !t->window;
}

static wvm_status wide_target(HANDLE process, uint32_t need, struct wvm_target *t)
{
    wvm_status status = wvm_target_of(process, need, t);
    if (status >= 0 && is_wide(t))
        t->top = (uintptr_t)wvm_layout.native_top;
    return status;
}

/* ---- allocating ---- */

struct want_64 {
    ULONG64 base, size, zero_bits;
    ULONG type, prot;
};

/* Beyond the layout, where the bounds allow it. The arguments were found right. */
static wvm_status allocate_beyond(const struct wvm_target *t, const struct want_64 *w,
                                  struct wvm_nt_range *range)
{
    struct wvm_nt_extended e = {
        .low = (uintptr_t)wvm_max(wvm_layout.top + WVM_GRANULE_SIZE, BEYOND_LEAST)};
    wvm_status status = wvm_nt_zero_bits((uintptr_t)w->zero_bits, &e.limit);
    if (status < 0 || (e.limit && e.limit <= e.low))
        return STATUS_NO_MEMORY;
    return wvm_nt_allocate_within(t, range, w->type, w->prot, &e);
}

/* On success base and size are those of the range. */
static wvm_status allocate_in(const struct wvm_target *t, struct want_64 *w)
{
    struct wvm_nt_range range = {(uintptr_t)w->base, (uintptr_t)w->size};
    /* A mask of more bits than addresses have bounds nothing. */
    uintptr_t bits = w->zero_bits <= UINTPTR_MAX ? (uintptr_t)w->zero_bits : 0;
    if (w->base > UINTPTR_MAX) /* an i386 process has nothing to give there */
        return w->base < wvm_layout.native_top ? (wvm_status)STATUS_CONFLICTING_ADDRESSES
                                               : (wvm_status)STATUS_INVALID_PARAMETER_2;
    if (w->size > UINTPTR_MAX)
        return STATUS_INVALID_PARAMETER_4;
    wvm_status status = wvm_nt_allocate_in(t, &range, bits, w->type, w->prot);
    if (status == (wvm_status)STATUS_NO_MEMORY && is_wide(t) && range.base == 0)
        status = allocate_beyond(t, w, &range);
    if (status >= 0) {
        w->base = range.base;
        w->size = range.size;
    }
    return status;
}

NTSTATUS wvm_NtWow64AllocateVirtualMemory64(HANDLE process, ULONG64 *base, ULONG64 zero_bits,
                                            ULONG64 *size, ULONG type, ULONG prot)
{
    struct want_64 w = {.zero_bits = zero_bits, .type = type, .prot = prot};
    struct wvm_target t;
    wvm_status status = wide_target(process, PROCESS_VM_OPERATION, &t);
    if (status < 0)
        return status;
    status = STATUS_ACCESS_VIOLATION;
    if (wvm_user_writable(base, sizeof *base) && wvm_user_writable(size, sizeof *size)) {
        memcpy(&w.base, base, sizeof w.base);
        memcpy(&w.size, size, sizeof w.size);
        status = allocate_in(&t, &w);
    }
    wvm_target_drop(&t);
    if (status >= 0) {
        wvm_user_store(base, &w.base, sizeof w.base);
        wvm_user_store(size, &w.size, sizeof w.size);
    }
    return status;
}

/* ---- copying ---- */

struct copy_64 {
    ULONG64 remote, len;
    uintptr_t local;
};

static wvm_status copy_in(const struct wvm_target *t, const struct copy_64 *wide, bool write,
                          size_t *done)
{
    struct wvm_nt_copy copy = {(uintptr_t)wide->remote, wide->local, (size_t)wide->len};
    if (wide->remote > UINTPTR_MAX || wide->len > SIZE_MAX)
        return wide->len ? STATUS_ACCESS_VIOLATION : STATUS_SUCCESS;
    return wvm_nt_copy_in(t, &copy, write, done);
}

static NTSTATUS copy_entry(HANDLE process, const struct copy_64 *wide, bool write, ULONG64 *count)
{
    struct wvm_target t;
    size_t done = 0;
    if (count && !wvm_user_writable(count, sizeof *count))
        return STATUS_ACCESS_VIOLATION;
    wvm_status status = wide_target(process, write ? PROCESS_VM_WRITE : PROCESS_VM_READ, &t);
    if (status >= 0) {
        status = copy_in(&t, wide, write, &done);
        wvm_target_drop(&t);
    }
    ULONG64 bytes = done;
    wvm_user_store_if(count, &bytes, sizeof bytes);
    return status;
}

NTSTATUS wvm_NtWow64ReadVirtualMemory64(HANDLE process, ULONG64 remote, PVOID local, ULONG64 len,
                                        ULONG64 *count)
{
    const struct copy_64 copy = {remote, len, (uintptr_t)local};
    return copy_entry(process, &copy, false, count);
}

NTSTATUS wvm_NtWow64WriteVirtualMemory64(HANDLE process, ULONG64 remote, LPCVOID local, ULONG64 len,
                                         ULONG64 *count)
{
    const struct copy_64 copy = {remote, len, (uintptr_t)local};
    return copy_entry(process, &copy, true, count);
}

/* ---- asking ---- */

struct buffer_64 {
    void *at;
    ULONG64 len, needed;
};

/* The basic class, in the 64-bit form. A free run ends where user space does. */
static wvm_status query_basic(const struct wvm_target *t, uintptr_t addr, struct buffer_64 *out)
{
    MEMORY_BASIC_INFORMATION own;
    MEMORY_BASIC_INFORMATION64 wide;
    struct wvm_nt_buffer buf = {.at = &own, .len = sizeof own};
    wvm_status status = wvm_nt_query_in(t, addr, MemoryBasicInformation, &buf);
    if (status < 0)
        return status;
    if (out->len < sizeof wide)
        return STATUS_INFO_LENGTH_MISMATCH;
    if (!wvm_user_writable(out->at, sizeof wide))
        return STATUS_ACCESS_VIOLATION;
    winvm_mbi_to_64(&own, &wide);
    if (wide.State == MEM_FREE && t->pid == 0)
        wide.RegionSize = wvm_min(wide.RegionSize, t->top - wide.BaseAddress);
    wvm_user_store(out->at, &wide, sizeof wide);
    out->needed = sizeof wide;
    return STATUS_SUCCESS;
}

static wvm_status query_in(const struct wvm_target *t, ULONG64 addr, int info_class,
                           struct buffer_64 *out)
{
    if (info_class == MemoryBasicInformation)
        return addr > UINTPTR_MAX ? (wvm_status)STATUS_INVALID_PARAMETER
                                  : query_basic(t, (uintptr_t)addr, out);
    /* The other structures have one form only: that of the program. */
    if (!IS_64BIT)
        return STATUS_INVALID_INFO_CLASS;
    struct wvm_nt_buffer buf = {.at = out->at, .len = (size_t)out->len};
    wvm_status status = wvm_nt_query_in(t, (uintptr_t)addr, info_class, &buf);
    out->needed = buf.needed;
    return status;
}

NTSTATUS wvm_NtWow64QueryVirtualMemory64(HANDLE process, ULONG64 addr,
                                         MEMORY_INFORMATION_CLASS info_class, PVOID at, ULONG64 len,
                                         ULONG64 *returned)
{
    struct buffer_64 out = {.at = at, .len = len};
    struct wvm_target t;
    if (returned && !wvm_user_writable(returned, sizeof *returned))
        return STATUS_ACCESS_VIOLATION;
    wvm_status status = wide_target(process, PROCESS_QUERY_LIMITED_INFORMATION, &t);
    if (status < 0)
        return status;
    status = query_in(&t, addr, (int)info_class, &out);
    wvm_target_drop(&t);
    if (out.needed)
        wvm_user_store_if(returned, &out.needed, sizeof out.needed);
    return status;
}
