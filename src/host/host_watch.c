/* Which pages were written: write protection that the kernel lifts by itself (userfaultfd WP_ASYNC)
 * and the scan that finds the pages without it (PAGEMAP_SCAN).
 *
 * Owns     nothing; the descriptor is a slot of host_file.c.
 * Terms    armed = write-protected in the page table entry; registered = the mapping belongs to our
 *          userfaultfd; quick scan = everything not armed; wide scan = not armed, and there is a
 *          page, and it is not the shared page of zeros.
 * I1       The wide scan is exact for pages that were never armed too, registered or not: what is
 *          in memory was written, what was only read is the page of zeros.
 * I2       The quick scan takes a page that was armed and has gone for a written one; costs half.
 * I3       Arming is done by the scan itself, in the step that reports the page: a write is
 *          before it and reported, or after it and found by the next scan.
 * I4       The kernel unregisters when the last descriptor is closed; all pages then count as
 *          written again. A descriptor that was lost is made anew when a mapping is registered.
 * Locking  the caller's: one at a time.   Failure: -errno.
 * Signal safety  as the room; not called by handlers. errno is preserved. */
#include "base/arith.h"
#include "host/host_kernel.h"
#include "host/host_private.h"

WVM_STATIC(sizeof(struct wvm_host_written) == sizeof(struct wvm_page_region),
           "runs are written by the kernel");

int wvm_host_userfault(void)
{
    struct wvm_uffdio_api api = {
        .api = WVM_UFFD_API,
        .features = WVM_UFFD_FEATURE_PAGEFAULT_FLAG_WP | WVM_UFFD_FEATURE_WP_UNPOPULATED
            | WVM_UFFD_FEATURE_WP_ASYNC,
    };
    int fd = (int)WVM_SYS(syscall(SYS_userfaultfd, O_CLOEXEC | WVM_UFFD_USER_MODE_ONLY));
    if (fd < 0)
        return fd;
    int err = wvm_sys_ioctl(fd, WVM_UFFDIO_API, &api);
    if (err < 0) {
        wvm_sys_close(fd);
        return err;
    }
    return fd;
}

static int register_range(int fd, uintptr_t addr, size_t len)
{
    struct wvm_uffdio_register reg = {
        .start = addr, .len = len, .mode = WVM_UFFD_REGISTER_MODE_WP};
    return wvm_sys_ioctl(fd, WVM_UFFDIO_REGISTER, &reg);
}

int wvm_host_linux_watch(uintptr_t addr, size_t len)
{
    struct wvm_host_loan loan;
    int err = wvm_host_file_borrow(WVM_FILE_USERFAULT, &loan);
    if (err != 0)
        return err;
    err = register_range(loan.fd, addr, len);
    wvm_host_file_return(&loan);
    return err;
}

int wvm_host_linux_written(struct wvm_host_scan *scan)
{
    struct wvm_host_loan loan;
    struct wvm_pm_scan_arg arg = {
        .size = sizeof(arg),
        .flags = scan->rearm ? WVM_PM_SCAN_WP_MATCHING | WVM_PM_SCAN_CHECK_WPASYNC : 0,
        .start = scan->start,
        .end = scan->end,
        .vec = (uintptr_t)scan->run,
        .vec_len = scan->n_runs,
        .max_pages = wvm_min(scan->most, (scan->end - scan->start) >> WVM_PAGE_SHIFT),
        .category_mask = WVM_PAGE_IS_WRITTEN,
        .return_mask = WVM_PAGE_IS_WRITTEN,
    };
    if (!scan->all_armed) {
        arg.category_mask |= WVM_PAGE_IS_PFNZERO;
        arg.category_inverted = WVM_PAGE_IS_PFNZERO;
        arg.category_anyof_mask = WVM_PAGE_IS_PRESENT | WVM_PAGE_IS_SWAPPED;
    }
    int n = wvm_host_file_borrow(WVM_FILE_PAGEMAP, &loan);
    if (n != 0)
        return n;
    n = wvm_sys_ioctl(loan.fd, WVM_PAGEMAP_SCAN, &arg);
    wvm_host_file_return(&loan);
    scan->next = (uintptr_t)arg.walk_end;
    return n;
}

bool wvm_host_single_threaded(void)
{
    extern char __libc_single_threaded __attribute__((weak));
    return &__libc_single_threaded != NULL && __libc_single_threaded;
}

/* ---- the probe ---- */

enum { MARK = 0x5a, PROBE_PAGES = 2 };

/* The number of written pages of the scratch, or -errno. */
static int find_written(uintptr_t scratch, bool rearm, bool quick)
{
    struct wvm_host_written run[PROBE_PAGES] = {{0}};
    struct wvm_host_scan scan = {
        .start = scratch,
        .end = scratch + PROBE_PAGES * WVM_PAGE_SIZE,
        .most = PROBE_PAGES,
        .rearm = rearm,
        .all_armed = quick,
        .n_runs = PROBE_PAGES,
        .run = run,
    };
    int pages = 0, n = wvm_host_linux_written(&scan);
    for (int i = 0; i < n; i++)
        pages += (int)((run[i].end - run[i].start) >> WVM_PAGE_SHIFT);
    return n < 0 ? n : pages;
}

/* Written, read only; armed; written again. */
static bool seems_right(int fd, uintptr_t scratch)
{
    volatile unsigned char *first = (volatile unsigned char *)scratch;
    volatile unsigned char *second = first + WVM_PAGE_SIZE;
    if (wvm_sys_madvise(scratch, PROBE_PAGES * WVM_PAGE_SIZE, MADV_DONTNEED) != 0)
        return false;
    *first = MARK;
    if (*second != 0 || find_written(scratch, false, false) != 1
        || register_range(fd, scratch, PROBE_PAGES * WVM_PAGE_SIZE) != 0
        || find_written(scratch, true, false) != 1 || find_written(scratch, false, false) != 0)
        return false;
    *second = MARK;
    if (find_written(scratch, true, false) != 1 || find_written(scratch, false, true) != 0)
        return false;
    *first = MARK + 1;
    return find_written(scratch, false, true) == 1 && *first == MARK + 1;
}

bool wvm_host_watch_probe(uintptr_t scratch)
{
    int fd = wvm_host_userfault();
    if (fd < 0)
        return false;
    bool right = seems_right(fd, scratch);
    wvm_sys_close(fd);
    return right;
}
