/* The working set's limits, the lock quota that follows from them, and the process's commit charge.
 *
 * Terms   charge = private memory that was promised to the program: what winvm committed, but for
 *         sections, and what else the process has in private mappings that can be written.
 * I1  Limits are recorded and never enforced: the host's kernel decides what stays in memory. What
 *     they promise for locks is kept: a minimum that the host's RLIMIT_MEMLOCK does not allow is
 *     refused where it is raised; up to the first one it never is.
 * I2  The quota is the minimum less WS_OVERHEAD, unless the option lock-quota gives another.
 * Locking: the space lock, taken here. Failure: nothing changed.
 * Signal safety: not for handlers. */
#include "base/arith.h"
#include "base/options.h"
#include "space/space_internal.h"

#define PAGES(n) ((uint64_t)(n) << WVM_PAGE_SHIFT)
#define WS_MIN PAGES(50)
#define WS_MAX PAGES(345)
#define WS_OVERHEAD PAGES(8)
#define OPTION_NOT_GIVEN UINT64_MAX

void wvm_space_first_ws_limits(struct wvm_ws_limits *out)
{
    *out = (struct wvm_ws_limits){
        .min = WS_MIN, .max = WS_MAX,
        .flags = WVM_WS_MIN_SOFT | WVM_WS_MAX_SOFT,
    };
}

uint64_t wvm_space_lock_quota(const struct wvm_space *sp)
{
    uint64_t option = wvm_option(WVM_OPTION_LOCK_QUOTA);
    if (option == OPTION_NOT_GIVEN)
        return (sp->ws.min - WS_OVERHEAD) >> WVM_PAGE_SHIFT;
    return option ? option >> WVM_PAGE_SHIFT : WVM_NO_LOCK_QUOTA;
}

void wvm_space_ws_limits(struct wvm_space *sp, struct wvm_ws_limits *out)
{
    bool entered = wvm_space_enter(sp) == STATUS_SUCCESS;
    *out = sp->ws; /* a signal handler inside a call reads what its own thread may be writing */
    if (entered)
        wvm_space_leave(sp);
}

/* Does the host let as much be locked as this minimum promises? */
static bool host_allows(uint64_t min)
{
    uint64_t limit = wvm_host_memlock_limit();
    if (wvm_option(WVM_OPTION_LOCK_QUOTA) != OPTION_NOT_GIVEN || limit == SIZE_MAX ||
        min - WS_OVERHEAD <= limit)
        return true;
    wvm_host_diag("a minimum working set of %llu KiB lets more be locked than RLIMIT_MEMLOCK, %llu "
                  "KiB; raise it with ulimit -l",
                  (unsigned long long)min >> 10, (unsigned long long)limit >> 10);
    return false;
}

wvm_status wvm_space_set_ws_limits(struct wvm_space *sp, const struct wvm_ws_limits *to)
{
    wvm_status status = wvm_space_enter(sp);
    if (status)
        return status;
    if (to->min > wvm_max(sp->ws.min, WS_MIN) && !host_allows(to->min))
        status = wvm_space_fail(STATUS_INSUFFICIENT_RESOURCES,
                                "RLIMIT_MEMLOCK is less than the minimum promises", 0);
    else
        sp->ws = *to;
    wvm_space_leave(sp);
    return status;
}

/* Pages of [lo, hi), which can be written, that belong to no view. */
static uint64_t count_not_in_views(struct wvm_space *sp, uint64_t lo, uint64_t hi)
{
    uint64_t n = 0;
    const struct wvm_alloc *a;
    if (!sp->n_views)
        return hi - lo;
    for (uint64_t p = lo, end; p < hi; p = end) {
        end = wvm_space_alloc_run(sp, p, hi, &a);
        n += a && a->flags & WVM_ALLOC_VIEW ? 0 : end - p;
    }
    return n;
}

/* What of our mappings is private and can be written for the host, fences included. */
static uint64_t count_writable(struct wvm_space *sp)
{
    uint64_t n = 0;
    uint8_t h;
    for (uint64_t p = 0, end; p < sp->host_top; p = end) {
        end = wvm_host_run(sp, p, sp->host_top, &h);
        if (wvm_hp_vma_prot(h) & WVM_HOST_W)
            n += count_not_in_views(sp, p, end);
    }
    return n;
}

uint64_t wvm_space_private_commit(struct wvm_space *sp, uint64_t writable)
{
    struct wvm_commit_info info;
    wvm_space_commit_info(sp, &info);
    if (wvm_space_enter(sp) != STATUS_SUCCESS)
        return wvm_max(writable, info.committed);
    uint64_t ours = PAGES(count_writable(sp)), shared = PAGES(sp->section_charge + sp->view_charge);
    wvm_space_leave(sp);
    uint64_t others = writable > ours ? writable - ours : 0;
    return others + (info.committed > shared ? info.committed - shared : 0);
}
