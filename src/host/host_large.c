/* Large pages of the host: those that the administrator reserved (hugetlb) and transparent ones.
 *
 * Owns     what was found out about the host, each once.
 * Terms    unit = a large page's worth of addresses.
 * I1       Reserved pages are mapped and filled at a place of the kernel's choice and moved then:
 *          a refusal, the usual case where none is free, leaves the place as it was. (mmap over a
 *          place unmaps first and refuses afterwards.)
 * I2       A unit is large when filling it cost one page fault, or when the kernel says that it
 *          collapsed it. A kernel that cannot collapse is believed by the faults alone.
 * Locking  none.   Failure: -errno; pages that became large stay so.
 * Signal safety  all functions; errno is preserved. */
#include "host/host_large.h"

#include "base/arith.h"
#include "host/host_kernel.h"
#include "host/host_private.h"

enum { UNKNOWN, NO, YES };

static uint8_t transparent, reserved_large, reserved_huge; /* (a) */

static int hugetlb_flags(unsigned shift)
{
    return MAP_HUGETLB | (int)(shift << WVM_MAP_HUGE_SHIFT);
}

static bool probe_transparent(void)
{
    intptr_t r = wvm_sys_mmap(0, WVM_PAGE_SIZE, PROT_NONE, MAP_NORESERVE);
    if (wvm_sys_failed(r))
        return false;
    bool yes = wvm_sys_madvise((uintptr_t)r, WVM_PAGE_SIZE, MADV_HUGEPAGE) == 0;
    wvm_sys_munmap((uintptr_t)r, WVM_PAGE_SIZE);
    return yes;
}

/* Without a reservation nothing is taken from the pool. */
static bool probe_reserved(unsigned shift)
{
    size_t len = (size_t)1 << shift;
    intptr_t r = wvm_sys_mmap(0, len, PROT_NONE, MAP_NORESERVE | hugetlb_flags(shift));
    if (wvm_sys_failed(r))
        return r == -ENOMEM;
    wvm_sys_munmap((uintptr_t)r, len);
    return true;
}

bool wvm_host_has_transparent(void)
{
    uint8_t known = __atomic_load_n(&transparent, __ATOMIC_RELAXED);
    if (known == UNKNOWN) {
        known = probe_transparent() ? YES : NO;
        __atomic_store_n(&transparent, known, __ATOMIC_RELAXED);
    }
    return known == YES;
}

bool wvm_host_has_reserved(unsigned shift)
{
    uint8_t *place = shift == WVM_LARGE_SHIFT ? &reserved_large : &reserved_huge;
    uint8_t known = __atomic_load_n(place, __ATOMIC_RELAXED);
    if (known == UNKNOWN) {
        known = probe_reserved(shift) ? YES : NO;
        __atomic_store_n(place, known, __ATOMIC_RELAXED);
    }
    return known == YES;
}

/* ---- filling ---- */

/* One byte of each page, written by the kernel: it is zero, and nobody else knows the memory. */
static int touch(uintptr_t addr, size_t len)
{
    const char zero = 0;
    for (uintptr_t at = addr; at < addr + len; at += WVM_PAGE_SIZE)
        if (wvm_host_write(0, &zero, at, 1) != 1)
            return -ENOMEM;
    return 0;
}

int wvm_host_make_present(uintptr_t addr, size_t len)
{
    if (!wvm_host_caps.populate_write)
        return touch(addr, len);
    int err = wvm_host.populate(addr, len);
    return err == -EFAULT || err == -EHWPOISON ? -ENOMEM : err;
}

void wvm_host_meet_large(uintptr_t addr, size_t len)
{
    char byte;
    for (uintptr_t at = addr; at < addr + len; at += (size_t)1 << WVM_LARGE_SHIFT)
        if (wvm_host_read(0, &byte, at, 1) != 1)
            return;
}

/* 1: it is large, 0: it is not, or -errno. */
static int make_unit(uintptr_t at)
{
    const size_t len = (size_t)1 << WVM_LARGE_SHIFT;
    uint64_t faults = wvm_host_fault_count();
    int err = wvm_host_make_present(at, len);
    if (err)
        return err;
    return wvm_host_fault_count() - faults == 1 || wvm_host.collapse(at, len) == 0;
}

int wvm_host_make_large(uintptr_t addr, size_t len, bool all, size_t *n_large)
{
    *n_large = 0;
    (void)wvm_host.prefer_large(addr, len);
    for (uintptr_t at = addr; at < addr + len; at += (size_t)1 << WVM_LARGE_SHIFT) {
        int made = make_unit(at);
        if (made < 0)
            return made;
        if (made == 0 && all)
            return -EAGAIN;
        *n_large += (size_t)made;
    }
    return 0;
}

/* ---- shared memory ---- */

#define WINDOW ((size_t)64 << 20) /* as much is mapped at a time */

static int make_window(uintptr_t at, int fd, uint64_t offset, size_t len, bool all, size_t *n)
{
    const struct wvm_host_file_map map = {
        .addr = at, .len = len, .fd = fd, .offset = offset,
        .prot = WVM_HOST_R | WVM_HOST_W, .replace = true};
    int err = wvm_host.map_file(&map);
    return err ? err : wvm_host_make_large(at, len, all, n);
}

int wvm_host_make_shared_large(int fd, uint64_t len, bool all, uint64_t *n_large)
{
    const size_t unit = (size_t)1 << WVM_LARGE_SHIFT, room = (size_t)wvm_min(len, WINDOW) + unit;
    uintptr_t place;
    int err = wvm_host.reserve(room, &place);
    if (err)
        return err;
    *n_large = 0;
    size_t step;
    for (uint64_t done = 0; !err && done < len; done += step) {
        size_t n = 0;
        step = (size_t)wvm_min(len - done, WINDOW);
        err = make_window(wvm_align_up(place, unit), fd, done, step, all, &n);
        *n_large += n;
    }
    (void)wvm_host.unmap(place, room);
    return err;
}

/* ---- reserved pages ---- */

static int fill_and_move(uintptr_t from, const struct wvm_host_large_map *m)
{
    int err = wvm_host_make_present(from, m->len);
    if (err)
        return err;
    intptr_t r = WVM_SYS(syscall(SYS_mremap, from, m->len, m->len,
                                 MREMAP_MAYMOVE | MREMAP_FIXED, m->addr));
    if (!wvm_sys_failed(r))
        return 0;
    (void)wvm_host.reserve_at(m->addr, m->len); /* if the place was unmapped already */
    return (int)r;
}

int wvm_host_linux_map_large(const struct wvm_host_large_map *m)
{
    intptr_t r = wvm_sys_mmap(0, m->len, (int)m->prot, hugetlb_flags(m->shift));
    if (wvm_sys_failed(r))
        return r == -EINVAL || r == -ENOENT ? -ENOMEM : (int)r;
    int err = fill_and_move((uintptr_t)r, m);
    if (err)
        wvm_sys_munmap((uintptr_t)r, m->len);
    return err;
}

/* ---- what there is ---- */

bool wvm_host_is_large(uintptr_t addr)
{
    struct wvm_page_region region = {0};
    struct wvm_host_loan loan;
    uintptr_t page = wvm_align_down(addr, WVM_PAGE_SIZE);
    struct wvm_pm_scan_arg arg = {
        .size = sizeof arg, .start = page, .end = page + WVM_PAGE_SIZE,
        .vec = (uintptr_t)&region, .vec_len = 1,
        .category_mask = WVM_PAGE_IS_HUGE, .return_mask = WVM_PAGE_IS_HUGE,
    };
    if (!wvm_host_caps.pagemap_scan || wvm_host_file_borrow(WVM_FILE_PAGEMAP, &loan) != 0)
        return false;
    int n = wvm_sys_ioctl(loan.fd, WVM_PAGEMAP_SCAN, &arg);
    wvm_host_file_return(&loan);
    return n == 1;
}
