/* Which pages are in memory, and whose they are.
 *
 * Owns     nothing.
 * Terms    scan = PAGEMAP_SCAN: runs of pages by category; words = one 64-bit word per page from
 *          /proc/self/pagemap; private = anonymous or a privatised copy, never the file's own page.
 * I1       The three ways are tried from the most to the least telling: scan, words, mincore. Each
 *          one overwrites the whole of vec, so that a way that fails half-way leaves no trace.
 * I2       A guard region is nothing: neither present nor swapped. (6.13 and 6.14 call it swapped
 *          and do not let it be told from a swapped page.)
 * I3       mincore knows presence only; for pages of a file it tells whether the file is cached.
 *          Of another process it knows nothing.
 * I4       Whose a page is costs more than all else, and only words say who else maps it: it is
 *          asked for by those who want it.
 * Locking  none.   Failure: -errno of mincore (-ENOMEM: not all mapped), when no way works.
 * Signal safety  all functions; errno is preserved. */
#include <sys/resource.h>

#include "base/arith.h"
#include "host/host_kernel.h"
#include "host/host_private.h"
#include "host/host_working.h"

enum { REGIONS = 64, WORDS = 256 };

static uint8_t bits_of_categories(uint64_t c, enum wvm_host_want want)
{
    if (c & WVM_PAGE_IS_GUARD)
        return 0;
    return (uint8_t)((c & WVM_PAGE_IS_PRESENT ? WVM_PAGE_PRESENT : 0)
                     | (c & WVM_PAGE_IS_SWAPPED ? WVM_PAGE_SWAPPED : 0)
                     | (want == WVM_WANT_PRESENT ? (c & WVM_PAGE_IS_PFNZERO ? WVM_PAGE_ZERO : 0)
                                                 : (c & WVM_PAGE_IS_FILE ? 0 : WVM_PAGE_PRIVATE)));
}

/* guard: the category PAGE_IS_GUARD where the kernel has it, else 0. */
static int scan_once(int fd, uintptr_t addr, uintptr_t end, uint64_t extra,
                     struct wvm_page_region regions[REGIONS], uintptr_t *walked)
{
    struct wvm_pm_scan_arg arg = {
        .size = sizeof(arg),
        .start = addr,
        .end = end,
        .vec = (uintptr_t)regions,
        .vec_len = REGIONS,
        .category_anyof_mask = WVM_PAGE_IS_PRESENT | WVM_PAGE_IS_SWAPPED,
        .return_mask = WVM_PAGE_IS_PRESENT | WVM_PAGE_IS_SWAPPED | extra,
    };
    int n = wvm_sys_ioctl(fd, WVM_PAGEMAP_SCAN, &arg);
    *walked = (uintptr_t)arg.walk_end;
    return n;
}

static int residency_by_scan(int fd, uintptr_t addr, size_t n_pages, enum wvm_host_want want,
                             uint8_t *vec)
{
    struct wvm_page_region regions[REGIONS] = {{0}};
    uintptr_t end = addr + n_pages * WVM_PAGE_SIZE, walked = addr;
    uint64_t guard = WVM_PAGE_IS_GUARD;
    uint64_t kind = want == WVM_WANT_PRESENT ? WVM_PAGE_IS_PFNZERO : WVM_PAGE_IS_FILE;
    __builtin_memset(vec, 0, n_pages);
    for (uintptr_t at = addr; at < end; at = walked) {
        int n = scan_once(fd, at, end, kind | guard, regions, &walked);
        if (n == -EINVAL && guard != 0) {
            guard = 0;
            walked = at;
            continue;
        }
        if (n < 0 || walked <= at)
            return n < 0 ? n : -EIO;
        for (int i = 0; i < n; i++)
            __builtin_memset(vec + (regions[i].start - addr) / WVM_PAGE_SIZE,
                             bits_of_categories(regions[i].categories, want),
                             (regions[i].end - regions[i].start) / WVM_PAGE_SIZE);
    }
    return 0;
}

static uint8_t bits_of_word(uint64_t w)
{
    if ((w & WVM_PM_GUARD) || !(w & (WVM_PM_PRESENT | WVM_PM_SWAP)))
        return 0;
    return (uint8_t)((w & WVM_PM_PRESENT ? WVM_PAGE_PRESENT : 0)
                     | (w & WVM_PM_SWAP ? WVM_PAGE_SWAPPED : 0)
                     | (w & WVM_PM_FILE ? 0 : WVM_PAGE_PRIVATE)
                     | (w & WVM_PM_ALONE ? WVM_PAGE_ALONE : 0));
}

/* The page of zeros is the process's alone in no word, and no file's. */
static uint8_t bits_wanted(uint64_t w, enum wvm_host_want want)
{
    uint8_t bits = bits_of_word(w);
    if (want == WVM_WANT_OWNER)
        return bits;
    if (want == WVM_WANT_PRESENT && (bits & (WVM_PAGE_PRESENT | WVM_PAGE_ALONE | WVM_PAGE_PRIVATE))
                                        == (WVM_PAGE_PRESENT | WVM_PAGE_PRIVATE))
        bits |= WVM_PAGE_ZERO;
    return bits & (want == WVM_WANT_PRESENT ? WVM_PAGE_PRESENT | WVM_PAGE_SWAPPED | WVM_PAGE_ZERO
                                            : ~WVM_PAGE_ALONE);
}

static int residency_by_words(int fd, uintptr_t addr, size_t n_pages, enum wvm_host_want want,
                              uint8_t *vec)
{
    uint64_t words[WORDS];
    for (size_t done = 0; done < n_pages;) {
        size_t n = wvm_min(n_pages - done, WORDS) * sizeof(words[0]);
        uint64_t at = ((uint64_t)(addr >> WVM_PAGE_SHIFT) + done) * sizeof(words[0]);
        ssize_t r = wvm_sys_pread(fd, words, n, at);
        if (r < (ssize_t)sizeof(words[0]))
            return r < 0 ? (int)r : -EIO;
        for (size_t i = 0; i < (size_t)r / sizeof(words[0]); i++)
            vec[done++] = bits_wanted(words[i], want);
    }
    return 0;
}

static int residency_by_mincore(uintptr_t addr, size_t n_pages, uint8_t *vec)
{
    int err = (int)WVM_SYS(syscall(SYS_mincore, addr, n_pages << WVM_PAGE_SHIFT, vec));
    for (size_t i = 0; err == 0 && i < n_pages; i++)
        vec[i] &= WVM_PAGE_PRESENT;
    return err;
}

static int residency_by_file(int fd, uintptr_t addr, size_t n_pages, enum wvm_host_want want,
                             uint8_t *vec)
{
    int err = -ENOSYS;
    if (wvm_host_caps.pagemap_scan && want != WVM_WANT_OWNER)
        err = residency_by_scan(fd, addr, n_pages, want, vec);
    return err ? residency_by_words(fd, addr, n_pages, want, vec) : 0;
}

int wvm_host_pages_of(pid_t pid, uintptr_t addr, size_t n_pages, enum wvm_host_want want,
                      uint8_t *vec)
{
    struct wvm_host_loan loan;
    int err = wvm_host_file_of(pid, WVM_FILE_PAGEMAP, &loan);
    if (err == 0) {
        err = residency_by_file(loan.fd, addr, n_pages, want, vec);
        wvm_host_file_return(&loan);
    }
    if (err == 0 || pid != 0)
        return err;
    err = residency_by_mincore(addr, n_pages, vec);
    return err == 0 ? 1 : err;
}

int wvm_host_residency(uintptr_t addr, size_t n_pages, uint8_t *vec)
{
    int err = wvm_host_pages_of(0, addr, n_pages, WVM_WANT_KIND, vec);
    return err < 0 ? err : 0;
}

uint64_t wvm_host_page_frame(uintptr_t addr)
{
    struct wvm_host_loan loan;
    uint64_t word = 0, at = (uint64_t)(addr >> WVM_PAGE_SHIFT) * sizeof word;
    if (wvm_host_file_borrow(WVM_FILE_PAGEMAP, &loan) != 0)
        return 0;
    if (wvm_sys_pread(loan.fd, &word, sizeof word, at) != (ssize_t)sizeof word)
        word = 0;
    wvm_host_file_return(&loan);
    return word & WVM_PM_PRESENT ? word & WVM_PM_FRAME : 0;
}

/* ---- private copies in a mapping of a file ---- */

/* What one scan tells about [start, end): whether the first page is private, and how far so. */
static bool private_by_scan(int fd, uintptr_t start, uintptr_t end, bool *is_private,
                            uintptr_t *run_end)
{
    struct wvm_page_region region = {0};
    struct wvm_pm_scan_arg arg = {
        .size = sizeof(arg),
        .start = start,
        .end = end,
        .vec = (uintptr_t)&region,
        .vec_len = 1,
        .category_inverted = WVM_PAGE_IS_FILE,
        .category_mask = WVM_PAGE_IS_FILE,
        .category_anyof_mask = WVM_PAGE_IS_PRESENT | WVM_PAGE_IS_SWAPPED,
        .return_mask = WVM_PAGE_IS_FILE,
    };
    int n = wvm_sys_ioctl(fd, WVM_PAGEMAP_SCAN, &arg);
    if (n < 0)
        return false;
    *is_private = n > 0 && region.start == start;
    *run_end = n == 0 ? end : *is_private ? (uintptr_t)region.end : (uintptr_t)region.start;
    return true;
}

static bool private_by_words(int fd, uintptr_t start, uintptr_t end, bool *is_private,
                             uintptr_t *run_end)
{
    uint64_t words[WORDS];
    uintptr_t at = start;
    while (at < end) {
        size_t want = wvm_min((end - at) >> WVM_PAGE_SHIFT, WORDS) * sizeof(words[0]);
        uint64_t from = (uint64_t)(at >> WVM_PAGE_SHIFT) * sizeof(words[0]);
        ssize_t r = wvm_sys_pread(fd, words, want, from);
        if (r < (ssize_t)sizeof(words[0]))
            return false;
        for (size_t i = 0; i < (size_t)r / sizeof(words[0]); i++, at += WVM_PAGE_SIZE) {
            bool copy = bits_of_word(words[i]) & WVM_PAGE_PRIVATE;
            if (at == start)
                *is_private = copy;
            *run_end = at;
            if (copy != *is_private)
                return true;
        }
    }
    *run_end = end;
    return true;
}

enum wvm_host_private wvm_host_private_run_of(pid_t pid, uintptr_t start, uintptr_t end,
                                              uintptr_t *run_end)
{
    struct wvm_host_loan loan;
    bool is_private = false, known = false;
    if (wvm_host_file_of(pid, WVM_FILE_PAGEMAP, &loan) == 0) {
        if (wvm_host_caps.pagemap_scan)
            known = private_by_scan(loan.fd, start, end, &is_private, run_end);
        if (!known)
            known = private_by_words(loan.fd, start, end, &is_private, run_end);
        wvm_host_file_return(&loan);
    }
    if (known)
        return is_private ? WVM_PRIVATE_YES : WVM_PRIVATE_NO;
    *run_end = end;
    return WVM_PRIVATE_UNKNOWN;
}

enum wvm_host_private wvm_host_private_run(uintptr_t start, uintptr_t end, uintptr_t *run_end)
{
    return wvm_host_private_run_of(0, start, end, run_end);
}

uint64_t wvm_host_fault_count(void)
{
    struct rusage use;
    if (WVM_SYS(getrusage(RUSAGE_THREAD, &use)) != 0)
        return 0;
    return (uint64_t)use.ru_minflt + (uint64_t)use.ru_majflt;
}
