/* The caller's own variables and buffers.
 *
 * A wild pointer must give ACCESS_VIOLATION and not a crash, and a good one must cost next to
 * nothing: VirtualQuery's whole budget is a tenth of a system call. Three ways to know, cheapest
 * first:
 *   stack      the rest of the page in which this call's own frame lies: certain, no look-up;
 *   proven     a page outside winvm's memory that this thread proved writable: a small cache;
 *   looked up  winvm's own memory, by its page state (no system call); anything else, and views,
 *              whose file may have become shorter, by reading one byte of it through the host and
 *              writing it back, which proves the page. Without /proc foreign memory looks free; so
 *              what looks free is tried too, each time, and so are pages of system space, which
 *              the program may hand in as any other memory of its own.
 * Terms   proof = a page in the thread's cache.
 * I1  Memory that winvm handed out is never cached: its state is looked up each time.
 * I2  A proof is dropped when winvm itself takes away write access to foreign memory (user_epoch).
 * I3  A proof is at most PROOF_USES uses old.
 * I4  A guard page is not writable, and loses its guard by being asked for: the next call may.
 * The limit of this: a program that unmaps or protects a foreign page behind winvm's back, shortly
 * after it used that page as a result buffer, and then hands a pointer into it to winvm, is not
 * protected from its mistake. On a page never used, or one of winvm's own, every wild pointer is
 * caught. A write back of one byte can undo a simultaneous write by another thread to the first
 * byte of the caller's result variable; such a program races with the result itself.
 * Locking: the space's, for a guard page; the cache is the thread's.
 * Failure: false, nothing written.
 * Signal safety: yes; a handler that interrupts a look-up at worst costs one more proof. */
#include "nt/nt_user.h"

#include <errno.h>
#include <string.h>

#include "base/arith.h"
#include "host/host.h"
#include "nt/nt_handle.h"
#include "space/space_fault.h"
#include "space/space_system.h"

#define N_PROOFS 8u
#define PROOF_USES 65536u

/* Bumped when foreign memory may have lost write access. */
static unsigned user_epoch = 1;

static WVM_THREAD_LOCAL struct {
    uintptr_t page[N_PROOFS]; /* page addresses; 0: none, and page 0 is never proven */
    unsigned epoch;
    unsigned uses_left;
} proofs;

void wvm_user_forget(void)
{
    __atomic_fetch_add(&user_epoch, 1, __ATOMIC_RELEASE);
}

static uintptr_t *proof_slot(uintptr_t page)
{
    return &proofs.page[(page >> WVM_PAGE_SHIFT) % N_PROOFS];
}

static bool is_proven(uintptr_t page)
{
    unsigned epoch = __atomic_load_n(&user_epoch, __ATOMIC_ACQUIRE);
    if (WVM_UNLIKELY(proofs.epoch != epoch || proofs.uses_left == 0)) {
        memset(proofs.page, 0, sizeof proofs.page);
        proofs.epoch = epoch;
        proofs.uses_left = PROOF_USES;
    }
    proofs.uses_left--;
    return *proof_slot(page) == page;
}

static bool attr_writable(uint8_t attr)
{
    uint8_t access = attr & WVM_ATTR_ACCESS;
    return !(attr & WVM_ATTR_GUARD) && (access == WVM_ATTR_RW || access == WVM_ATTR_XRW ||
                                        access == WVM_ATTR_WC || access == WVM_ATTR_XWC);
}

/* Reads one byte and writes it back. Where the host forbids such copies, the map decides. */
static bool probe_byte(uintptr_t at, uint8_t attr)
{
    uint8_t byte;
    ssize_t n = wvm_host_read(0, &byte, at, 1);
    if (n == 1)
        n = wvm_host_write(0, &byte, at, 1);
    return n == 1 || (n < 0 && n != -EFAULT && attr_writable(attr));
}

/* A guard page fails the call that meets it, once (GP-023). */
static void meet_guard(uintptr_t page)
{
    wvm_status met = wvm_space_ready(&wvm_space_native, page, page + WVM_PAGE_SIZE, true);
    (void)met;
}

/* The page that holds `at`; only the byte at `at` may be touched. */
static bool page_writable(uintptr_t at)
{
    struct wvm_region r;
    uintptr_t page = wvm_align_down(at, WVM_PAGE_SIZE);
    if (WVM_UNLIKELY(page == 0))
        return false;
    if (WVM_LIKELY(is_proven(page)))
        return true;
    if (page >= wvm_nt_host_top() || wvm_nt_region_at(at, &r) < 0)
        return false;
    if (r.type == WVM_TYPE_FREE || wvm_space_is_system(&wvm_space_native, at, 1))
        return probe_byte(at, WVM_ATTR_NA);
    if (r.attr & WVM_ATTR_GUARD) {
        meet_guard(page);
        return false;
    }
    if (!(r.flags & WVM_ALLOC_FOREIGN))
        return attr_writable(r.attr) && (!(r.flags & WVM_ALLOC_VIEW) || probe_byte(at, r.attr));
    if (!probe_byte(at, r.attr))
        return false;
    *proof_slot(page) = page;
    return true;
}

bool wvm_user_writable(const void *at, size_t len)
{
    uintptr_t start = (uintptr_t)at, end;
    uintptr_t frame = (uintptr_t)__builtin_frame_address(0);
    if (WVM_UNLIKELY(!wvm_add_checked(start, len, &end)))
        return false;
    /* This frame's page is mapped and writable: the return address was just pushed there. */
    if (start >= frame && end <= (frame | (WVM_PAGE_SIZE - 1)))
        return true;
    for (uintptr_t p = start; p < end; p = wvm_align_down(p, WVM_PAGE_SIZE) + WVM_PAGE_SIZE)
        if (!page_writable(p))
            return false;
    return true;
}

/* Where the host forbids copies, a page is readable when it may be written. */
static bool fetch_writable(void *to, const void *from, size_t len)
{
    if (!wvm_user_writable(from, len))
        return false;
    memcpy(to, from, len);
    return true;
}

bool wvm_user_fetch(void *to, const void *from, size_t len)
{
    uintptr_t start = (uintptr_t)from, frame = (uintptr_t)__builtin_frame_address(0), end;
    struct wvm_region r;
    if (WVM_UNLIKELY(!wvm_add_checked(start, len, &end)))
        return false;
    if (start >= frame && end <= (frame | (WVM_PAGE_SIZE - 1))) {
        memcpy(to, from, len);
        return true;
    }
    ssize_t n = wvm_host_read(0, to, start, len);
    if (n == (ssize_t)len)
        return true;
    if (n < 0 && n != -EFAULT)
        return fetch_writable(to, from, len);
    end = wvm_min(end, wvm_nt_host_top());
    for (uintptr_t p = wvm_align_down(start, WVM_PAGE_SIZE); p < end; p += WVM_PAGE_SIZE)
        if (wvm_nt_region_at(p, &r) >= 0 && r.attr & WVM_ATTR_GUARD)
            meet_guard(p);
    return false;
}

void wvm_user_store(void *at, const void *value, size_t len)
{
    if (wvm_user_writable(at, len))
        memcpy(at, value, len);
}

wvm_status wvm_user_fetch_range(HANDLE process, PVOID *base, PSIZE_T size,
                                struct wvm_nt_range *out)
{
    PVOID base_value;
    SIZE_T size_value;
    pid_t pid;
    wvm_status status = wvm_handle_target(process, PROCESS_VM_OPERATION, &pid);
    if (status < 0)
        return status;
    if (!wvm_user_writable(base, sizeof *base) || !wvm_user_writable(size, sizeof *size))
        return STATUS_ACCESS_VIOLATION;
    memcpy(&base_value, base, sizeof base_value);
    memcpy(&size_value, size, sizeof size_value);
    out->base = (uintptr_t)base_value;
    out->size = size_value;
    return STATUS_SUCCESS;
}

void wvm_user_store_range(PVOID *base, PSIZE_T size, const struct wvm_nt_range *range)
{
    PVOID base_value = (PVOID)range->base;
    SIZE_T size_value = range->size;
    wvm_user_store(base, &base_value, sizeof base_value);
    wvm_user_store(size, &size_value, sizeof size_value);
}
