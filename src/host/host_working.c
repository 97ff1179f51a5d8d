/* Pages of zeros, pages in memory, and the accessed bits of pages.
 *
 * Owns     nothing.
 * Terms    piece = a range that a question is about; used = its accessed bit is set, or the page
 *          is marked referenced by a system call.
 * I1       smaps tells bytes per mapping. So a piece is made a mapping of its own for the time of
 *          the question: the advice not to dump it parts it from its neighbours, and the opposite
 *          joins it to them again. Nothing else of the mapping changes.
 * I2       A piece that the program itself keeps out of core dumps is so afterwards too.
 * I3       What was asked for without an answer counts as used.
 * Locking  the caller's for wvm_host_use().   Failure: "not found", "used".
 * Signal safety  as the room; wvm_host_use() is not called by handlers. */
#include "host/host_working.h"

#include "base/arith.h"
#include "base/fmt.h"
#include "host/host.h"
#include "host/host_kernel.h"
#include "host/host_private.h"

enum { WORDS = 256, TEXT_CAP = 4096, PATH_CAP = 512 };

/* The first run of pages of one category, whole or cut at end. 1, 0: none, or -errno. */
static int find_category(int fd, uintptr_t start, uintptr_t end, uint64_t category,
                         struct wvm_page_region *out)
{
    struct wvm_pm_scan_arg arg = {
        .size = sizeof(arg),
        .start = start,
        .end = end,
        .vec = (uintptr_t)out,
        .vec_len = 1,
        .category_mask = category,
        .return_mask = category,
    };
    return wvm_sys_ioctl(fd, WVM_PAGEMAP_SCAN, &arg);
}

bool wvm_host_find_zeros(uintptr_t start, uintptr_t end, uintptr_t *from, uintptr_t *to)
{
    struct wvm_page_region run = {0};
    struct wvm_host_loan loan;
    if (!wvm_host_caps.pagemap_scan || wvm_host_file_borrow(WVM_FILE_PAGEMAP, &loan) != 0)
        return false;
    int n = find_category(loan.fd, start, end, WVM_PAGE_IS_PFNZERO, &run);
    wvm_host_file_return(&loan);
    *from = (uintptr_t)run.start;
    *to = (uintptr_t)run.end;
    return n > 0;
}

void wvm_host_forget_use(void)
{
    char path[PATH_CAP];
    struct wvm_buf b;
    wvm_buf_init(&b, path, sizeof path);
    wvm_buf_printf(&b, "%s/self/clear_refs", wvm_host_proc_root);
    int fd = wvm_sys_open_at(AT_FDCWD, path, O_WRONLY | O_CLOEXEC, 0);
    if (fd < 0)
        return;
    (void)wvm_sys_pwrite(fd, "1", 1, 0);
    wvm_sys_close(fd);
}
