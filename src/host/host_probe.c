/* What this kernel can do, found by doing it.
 *
 * Owns     wvm_host_caps.
 * Terms    scratch = two pages made for the probes and unmapped after them; meaning = what the
 *          operation promises, as opposed to its name being accepted.
 * I1       A capability is true only if its meaning was seen: an emulator or a filter that accepts
 *          a name and does something else must not be believed.
 * I2       An option can take a capability away, never add one.
 * I3       Nothing of the program is touched: the probes work on scratch alone.
 * I4       Every value has a default that is safe with /proc missing.
 * Locking  none: runs before a second thread uses winvm.   Failure: the capability is false.
 * Signal safety  wvm_host_init() is not for handlers; what it fills is constant afterwards. */
#include <sched.h>

#include "base/arith.h"
#include "base/options.h"
#include "host/host_barrier.h"
#include "host/host_kernel.h"
#include "host/host_private.h"
#include "host/host_rundir.h"

enum { DEFAULT_MAX_MAP_COUNT = 65530, SCRATCH_PAGES = 2, TEXT_CAP = 256 };
enum { MARK = 0x5a };

#ifdef __LP64__
#define TOP_DEFAULT ((uintptr_t)0x7ffffffff000)
#else
#define TOP_DEFAULT ((uintptr_t)0xc0000000)
#endif

struct wvm_host_caps wvm_host_caps = {
    .max_map_count = DEFAULT_MAX_MAP_COUNT,
    .min_addr = WVM_GRANULE_SIZE,
    .top = TOP_DEFAULT,
    .n_cpus = 1,
};

static volatile unsigned char *byte_at(uintptr_t addr)
{
    return (volatile unsigned char *)addr;
}

/* A second mapping on a taken page must be refused, and the page must be as it was. */
static bool probe_fixed_noreplace(uintptr_t page)
{
    *byte_at(page) = MARK;
    intptr_t r = wvm_sys_mmap(page, WVM_PAGE_SIZE, PROT_READ | PROT_WRITE, WVM_MAP_FIXED_NOREPLACE);
    if (!wvm_sys_failed(r) && (uintptr_t)r != page)
        wvm_sys_munmap((uintptr_t)r, WVM_PAGE_SIZE);
    return r == -EEXIST && *byte_at(page) == MARK;
}

/* A fenced page must refuse access, and read as zero when the fence is gone. */
static bool probe_guard(uintptr_t page)
{
    unsigned char got;
    *byte_at(page) = MARK;
    if (wvm_sys_madvise(page, WVM_PAGE_SIZE, WVM_MADV_GUARD_INSTALL) != 0)
        return false;
    bool refuses = wvm_host_read(0, &got, page, 1) == -EFAULT;
    return wvm_sys_madvise(page, WVM_PAGE_SIZE, WVM_MADV_GUARD_REMOVE) == 0 && refuses
        && wvm_host_read(0, &got, page, 1) == 1 && got == 0;
}

/* An untouched page must be in memory afterwards, zeroed. */
static bool probe_populate_write(uintptr_t page)
{
    unsigned char in_memory = 0;
    return wvm_sys_madvise(page, WVM_PAGE_SIZE, WVM_MADV_POPULATE_WRITE) == 0
        && WVM_SYS(syscall(SYS_mincore, page, (size_t)WVM_PAGE_SIZE, &in_memory)) == 0
        && (in_memory & 1) && *byte_at(page) == 0;
}

/* The page's contents may go, but only to zero, and a write afterwards must stay. */
static bool probe_madv_free(uintptr_t page)
{
    *byte_at(page) = MARK;
    if (wvm_sys_madvise(page, WVM_PAGE_SIZE, WVM_MADV_FREE) != 0)
        return false;
    unsigned char now = *byte_at(page);
    *byte_at(page) = MARK + 1;
    return (now == MARK || now == 0) && *byte_at(page) == MARK + 1;
}

/* The scratch pages must be found with their protection. */
static bool probe_procmap_query(uintptr_t page)
{
    struct wvm_host_vma v;
    wvm_host_caps.procmap_query = true;
    return wvm_host_map_find(page, &v) == 1 && v.start <= page
        && v.end >= page + SCRATCH_PAGES * WVM_PAGE_SIZE && v.ino == 0 && !v.shared
        && v.prot == (WVM_HOST_R | WVM_HOST_W);
}

/* A written page must be reported as present and not a file's, by the call itself. */
static bool probe_pagemap_scan(uintptr_t page)
{
    struct wvm_host_loan loan;
    struct wvm_page_region region = {0};
    struct wvm_pm_scan_arg arg = {
        .size = sizeof(arg),
        .start = page,
        .end = page + WVM_PAGE_SIZE,
        .vec = (uintptr_t)&region,
        .vec_len = 1,
        .category_anyof_mask = WVM_PAGE_IS_PRESENT | WVM_PAGE_IS_SWAPPED,
        .return_mask = WVM_PAGE_IS_PRESENT | WVM_PAGE_IS_SWAPPED | WVM_PAGE_IS_FILE,
    };
    *byte_at(page) = MARK;
    if (wvm_host_file_borrow(WVM_FILE_PAGEMAP, &loan) != 0)
        return false;
    int n = wvm_sys_ioctl(loan.fd, WVM_PAGEMAP_SCAN, &arg);
    wvm_host_file_return(&loan);
    return n == 1 && region.start == page && region.end == page + WVM_PAGE_SIZE
        && (region.categories & WVM_PAGE_IS_FILE) == 0;
}

/* Huge pages come unasked: one write would look like 512. */
static bool has_huge_pages_always(void)
{
    char text[TEXT_CAP];
    return wvm_host_read_text("/sys/kernel/mm/transparent_hugepage", "enabled", text,
                              sizeof(text)) > 0
        && __builtin_strstr(text, "[always]") != NULL;
}

static void probe_operations(void)
{
    struct wvm_host_caps *c = &wvm_host_caps;
    intptr_t r = wvm_sys_mmap(0, SCRATCH_PAGES * WVM_PAGE_SIZE, PROT_READ | PROT_WRITE, 0);
    if (wvm_sys_failed(r))
        return;
    uintptr_t first = (uintptr_t)r, second = first + WVM_PAGE_SIZE;
    c->populate_write = wvm_option(WVM_OPTION_POPULATE) && probe_populate_write(second);
    c->fixed_noreplace = wvm_option(WVM_OPTION_NOREPLACE) && probe_fixed_noreplace(first);
    c->guard = wvm_option(WVM_OPTION_GUARD) && probe_guard(first);
    c->madv_free = probe_madv_free(first);
    c->procmap_query = wvm_option(WVM_OPTION_PROCMAP) && probe_procmap_query(first);
    c->pagemap_scan = wvm_option(WVM_OPTION_PAGEMAP) && probe_pagemap_scan(first);
    c->watch = c->pagemap_scan && wvm_option(WVM_OPTION_WATCH) && wvm_host_watch_probe(first);
    wvm_sys_munmap(first, SCRATCH_PAGES * WVM_PAGE_SIZE);
}

/* The processors of a list such as "0-3,8". 0: unreadable. */
static unsigned count_list(const char *s)
{
    unsigned n = 0;
    uint64_t from, to;
    while (wvm_host_parse_dec(&s, &from)) {
        to = from;
        if (*s == '-') {
            s++;
            if (!wvm_host_parse_dec(&s, &to) || to < from)
                return 0;
        }
        n += (unsigned)(to - from + 1);
        if (*s != ',')
            return n;
        s++;
    }
    return n;
}

static unsigned count_cpus(void)
{
    char text[TEXT_CAP];
    unsigned long mask[16] = {0};
    unsigned n = 0;
    if (wvm_host_read_text("/sys/devices/system/cpu", "online", text, sizeof(text)) > 0)
        n = count_list(text);
    if (n != 0)
        return n;
    long bytes = WVM_SYS(syscall(SYS_sched_getaffinity, 0, sizeof(mask), mask));
    for (size_t i = 0; bytes > 0 && i < (size_t)bytes / sizeof(mask[0]); i++)
        n += (unsigned)__builtin_popcountl(mask[i]);
    return n != 0 ? n : 1;
}

#ifdef __LP64__
static uintptr_t find_top(void)
{
    return TOP_DEFAULT;
}
#else
/* The kernel's own split decides; a page just below a candidate can be mapped or is taken. */
static uintptr_t find_top(void)
{
    static const uintptr_t candidates[] = {0xffffe000, 0xffffd000, 0xc0000000, 0xb0000000,
                                           0x80000000};
    for (size_t i = 0; i < WVM_ARRAY_LEN(candidates); i++) {
        uintptr_t page = candidates[i] - WVM_PAGE_SIZE;
        intptr_t r = wvm_sys_mmap(page, WVM_PAGE_SIZE, PROT_NONE, WVM_MAP_FIXED_NOREPLACE);
        if (!wvm_sys_failed(r))
            wvm_sys_munmap((uintptr_t)r, WVM_PAGE_SIZE);
        if (r == -EEXIST || (uintptr_t)r == page)
            return candidates[i];
    }
    return TOP_DEFAULT;
}
#endif

static void read_settings(void)
{
    struct wvm_host_caps *c = &wvm_host_caps;
    const char *root = wvm_host_proc_root;
    uint64_t min = wvm_host_read_number(root, "sys/vm/mmap_min_addr", 0);
    c->max_map_count =
        (size_t)wvm_host_read_number(root, "sys/vm/max_map_count", DEFAULT_MAX_MAP_COUNT);
    c->strict_commit = wvm_host_read_number(root, "sys/vm/overcommit_memory", 0) == 2;
    c->min_addr = wvm_max(wvm_align_up((uintptr_t)min, WVM_PAGE_SIZE), WVM_GRANULE_SIZE);
    c->top = find_top();
    c->n_cpus = count_cpus();
    c->huge_always = has_huge_pages_always();
    wvm_host_memory_size(&c->ram, &c->swap);
}

static void tell(bool has, const char *name, const char *instead)
{
    if (!has)
        wvm_host_diag("%s: not used, %s instead", name, instead);
}

static void tell_capabilities(void)
{
    const struct wvm_host_caps *c = &wvm_host_caps;
    tell(c->guard, "guard regions (Linux 6.13)", "inaccessible mappings");
    tell(c->procmap_query, "PROCMAP_QUERY (Linux 6.11)", "/proc/self/maps");
    tell(c->pagemap_scan, "PAGEMAP_SCAN (Linux 6.7)", "pagemap words or mincore");
    tell(c->watch, "userfaultfd write watches (Linux 6.7)", "protection faults");
    tell(c->populate_write, "MADV_POPULATE_WRITE (Linux 5.14)", "page by page writes");
    tell(c->fixed_noreplace, "MAP_FIXED_NOREPLACE (Linux 4.17)", "address hints");
    tell(c->madv_free, "MADV_FREE (Linux 4.5)", "nothing");
    tell(c->barrier, "membarrier (Linux 4.14)", "counting");
}

/* pagemap refuses to be opened after setuid, and all of /proc after chroot: now or never. */
static void open_files(void)
{
    struct wvm_host_loan loan;
    wvm_host_files_init();
    for (int f = 0; f < WVM_N_FILES_EARLY; f++)
        if (wvm_host_file_borrow((enum wvm_host_file)f, &loan) == 0)
            wvm_host_file_return(&loan);
}

void wvm_host_init(void)
{
    open_files();
    wvm_host_module_init();
    wvm_host_rundir_init();
    read_settings();
    probe_operations();
    wvm_host_caps.barrier = wvm_host_barrier_init();
    tell_capabilities();
}
