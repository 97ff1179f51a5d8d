/* The limits of a working set, as they are asked for and set; counters of a process.
 *
 * Order of checks of new limits: flags; the order of the two numbers and their smallest values;
 * privilege; what the system has; what the host lets be locked (space/).
 * I1  A failing call changes nothing.
 * I2  The process that is meant judges: the same values have the same answer from outside.
 * Locking: space/ locks.   Failure: I1.   Signal safety: queries only. */
#include <errno.h>
#include <string.h>

#include "base/arith.h"
#include "base/assert.h"
#include "host/host_counters.h"
#include "host/host_system.h"
#include "nt/nt_elsewhere.h"
#include "nt/nt_privilege.h"
#include "nt/nt_process_info.h"
#include "pool/pool.h"
#include "space/space_layout.h"

#define PAGES(n) ((uint64_t)(n) << WVM_PAGE_SHIFT)
/* Bounds that Windows documents. */
#define SMALLEST_MIN PAGES(20)
#define SMALLEST_MAX PAGES(13)
#define LEFT_TO_SYSTEM PAGES(512)

#define MIN_FLAGS (QUOTA_LIMITS_HARDWS_MIN_ENABLE | QUOTA_LIMITS_HARDWS_MIN_DISABLE)
#define MAX_FLAGS (QUOTA_LIMITS_HARDWS_MAX_ENABLE | QUOTA_LIMITS_HARDWS_MAX_DISABLE)
WVM_STATIC(QUOTA_LIMITS_HARDWS_MIN_ENABLE == WVM_WS_MIN_HARD &&
               QUOTA_LIMITS_HARDWS_MIN_DISABLE == WVM_WS_MIN_SOFT &&
               QUOTA_LIMITS_HARDWS_MAX_ENABLE == WVM_WS_MAX_HARD &&
               QUOTA_LIMITS_HARDWS_MAX_DISABLE == WVM_WS_MAX_SOFT,
           "flags of limits");

/* ---- new limits ---- */

static bool flags_ok(uint32_t flags)
{
    return !(flags & ~(uint32_t)(MIN_FLAGS | MAX_FLAGS)) && (flags & MIN_FLAGS) != MIN_FLAGS &&
           (flags & MAX_FLAGS) != MAX_FLAGS;
}

static uint64_t round_up(uint64_t bytes)
{
    return (bytes + WVM_PAGE_SIZE - 1) & ~(uint64_t)(WVM_PAGE_SIZE - 1);
}

/* The most that a working set may have. */
static uint64_t most(void)
{
    struct wvm_host_memory memory;
    wvm_host_memory_now(&memory);
    return memory.ram > LEFT_TO_SYSTEM ? memory.ram - LEFT_TO_SYSTEM : 0;
}

/* *to is made what will be stored. */
static wvm_status judge(const struct wvm_ws_limits *now, struct wvm_ws_limits *to)
{
    to->flags |= to->flags & MIN_FLAGS ? 0 : now->flags & MIN_FLAGS;
    to->flags |= to->flags & MAX_FLAGS ? 0 : now->flags & MAX_FLAGS;
    if (to->min == 0 && to->max == 0) {
        to->min = now->min;
        to->max = now->max;
        return STATUS_SUCCESS;
    }
    if (to->min == 0 || to->min > to->max || to->max < SMALLEST_MAX)
        return STATUS_BAD_WORKING_SET_LIMIT;
    uint64_t bound = most();
    bool lowered = to->max > bound;
    to->min = to->min > UINT64_MAX / 2 ? to->min : wvm_max(round_up(to->min), SMALLEST_MIN);
    to->max = lowered ? bound : round_up(to->max);
    to->max = wvm_max(to->max, SMALLEST_MIN);
    if ((to->min > now->min || to->max > now->max) && !wvm_nt_holds(WVM_SE_INCREASE_WORKING_SET))
        return STATUS_PRIVILEGE_NOT_HELD;
    if (to->min > to->max)
        return STATUS_INSUFFICIENT_RESOURCES;
    return lowered ? STATUS_WORKING_SET_LIMIT_RANGE : STATUS_SUCCESS;
}

static wvm_status set_own(const struct wvm_ws_limits *wanted)
{
    struct wvm_ws_limits now, to = *wanted;
    if (!flags_ok(to.flags))
        return STATUS_INVALID_PARAMETER;
    if (to.min == WVM_WS_EMPTY && to.max == WVM_WS_EMPTY)
        return wvm_space_trim_all(&wvm_space_native);
    wvm_space_ws_limits(&wvm_space_native, &now);
    wvm_status status = judge(&now, &to);
    if (status < 0)
        return status;
    wvm_status stored = wvm_space_set_ws_limits(&wvm_space_native, &to);
    return stored < 0 ? stored : status;
}

/* ---- counters ---- */

/* The largest of all values that were told to *highest. */
static uint64_t highest_of(wvm_word64 *highest, uint64_t value)
{
    uint64_t seen = __atomic_load_n(highest, __ATOMIC_RELAXED);
    while (seen < value && !__atomic_compare_exchange_n(highest, &seen, value, true,
                                                        __ATOMIC_RELAXED, __ATOMIC_RELAXED))
        continue;
    return wvm_max(seen, value);
}

/* The highest charge that was ever seen: what was told, and what winvm's own counter tells of the
 * time between. */
static uint64_t peak_of_commit(uint64_t now)
{
    static wvm_word64 highest;
    struct wvm_commit_info info;
    wvm_nt_commit_info(&info);
    uint64_t above = info.peak > info.committed ? info.peak - info.committed : 0;
    return highest_of(&highest, now + above);
}

void wvm_nt_count_addresses(struct wvm_nt_counters *out)
{
    static wvm_word64 highest;
    if (!out->mapped)
        return;
    out->mapped = wvm_layout.top - WVM_GRANULE_SIZE - wvm_space_free_bytes(&wvm_space_native);
    out->mapped_peak = highest_of(&highest, out->mapped);
}

static void count_pools(struct wvm_nt_counters *out)
{
    struct wvm_pool_usage usage;
    if (!wvm_pool_started())
        return;
    wvm_pool_usage(&usage);
    out->paged = usage.used[WVM_POOL_PAGED];
    out->paged_peak = usage.peak[WVM_POOL_PAGED];
    out->nonpaged = usage.used[WVM_POOL_EXEC] + usage.used[WVM_POOL_NX];
    out->nonpaged_peak = usage.peak[WVM_POOL_EXEC] + usage.peak[WVM_POOL_NX];
}

static void from_host(const struct wvm_host_counters *host, struct wvm_nt_counters *out)
{
    *out = (struct wvm_nt_counters){
        .faults = host->faults,
        .resident = host->resident,
        .resident_peak = host->resident_peak,
        .resident_private = host->resident_private,
        .mapped = host->mapped,
        .mapped_peak = host->mapped_peak,
        .commit = host->writable,
        .commit_peak = host->writable,
        .shared_commit = host->resident_shared,
    };
}

static void count_own(struct wvm_nt_counters *out)
{
    struct wvm_host_counters host;
    struct wvm_commit_info info;
    (void)wvm_host_counters(0, &host);
    from_host(&host, out);
    wvm_nt_commit_info(&info);
    out->commit = wvm_space_private_commit(&wvm_space_native, host.writable);
    out->commit_peak = peak_of_commit(out->commit);
    out->shared_commit = info.sections;
    count_pools(out);
}

/* ---- this process or another one ---- */

static void init_request(struct wvm_remote_request *req, enum wvm_nt_process_question question)
{
    wvm_remote_request_init(req, WVM_REMOTE_PROCESS);
    req->type = question;
}

wvm_status wvm_nt_not_told(int error)
{
    return error == -ENOENT || error == -ESRCH ? STATUS_PROCESS_IS_TERMINATING
                                               : STATUS_ACCESS_DENIED;
}

wvm_status wvm_nt_counters(const struct wvm_target *t, struct wvm_nt_counters *out)
{
    struct wvm_remote_request req;
    struct wvm_remote_answer answer;
    struct wvm_host_counters host;
    if (!t->pid) {
        count_own(out);
        return STATUS_SUCCESS;
    }
    init_request(&req, WVM_ASK_COUNTERS);
    if (wvm_nt_elsewhere(t->pid, &req, -1, &answer) >= 0 && answer.blob_len == sizeof *out) {
        memcpy(out, answer.blob, sizeof *out);
        return STATUS_SUCCESS;
    }
    int error = wvm_host_counters(t->pid, &host);
    if (error < 0)
        return wvm_nt_not_told(error);
    from_host(&host, out);
    return STATUS_SUCCESS;
}

wvm_status wvm_nt_ws_limits(const struct wvm_target *t, struct wvm_ws_limits *out)
{
    struct wvm_remote_request req;
    struct wvm_remote_answer answer;
    if (!t->pid) {
        wvm_space_ws_limits(&wvm_space_native, out);
        return STATUS_SUCCESS;
    }
    init_request(&req, WVM_ASK_WS_LIMITS);
    wvm_status status = wvm_nt_elsewhere(t->pid, &req, -1, &answer);
    if (status == (wvm_status)STATUS_PROCESS_IS_TERMINATING)
        return status;
    if (status >= 0)
        *out = (struct wvm_ws_limits){answer.base, answer.size, answer.old};
    else
        wvm_space_first_ws_limits(out);
    return STATUS_SUCCESS;
}

wvm_status wvm_nt_set_ws_limits(const struct wvm_target *t, const struct wvm_ws_limits *to)
{
    struct wvm_remote_request req;
    struct wvm_remote_answer answer;
    if (!t->pid)
        return set_own(to);
    init_request(&req, WVM_SET_WS_LIMITS);
    req.base = to->min;
    req.size = to->max;
    req.prot = to->flags;
    return wvm_nt_elsewhere(t->pid, &req, -1, &answer);
}

uint32_t wvm_nt_count_handles(const struct wvm_target *t)
{
    struct wvm_remote_request req;
    struct wvm_remote_answer answer;
    if (!t->pid)
        return wvm_handle_count();
    init_request(&req, WVM_ASK_HANDLES);
    return wvm_nt_elsewhere(t->pid, &req, -1, &answer) >= 0 ? (uint32_t)answer.base : 0;
}

wvm_status wvm_nt_serve_process(const struct wvm_remote_request *req,
                                struct wvm_remote_answer *answer)
{
    struct wvm_nt_counters counters;
    struct wvm_ws_limits ws = {req->base, req->size, req->prot};
    switch (req->type) {
    case WVM_ASK_COUNTERS:
        count_own(&counters);
        wvm_nt_count_addresses(&counters);
        answer->blob_len = sizeof counters;
        memcpy(answer->blob, &counters, sizeof counters);
        return STATUS_SUCCESS;
    case WVM_ASK_WS_LIMITS:
        wvm_space_ws_limits(&wvm_space_native, &ws);
        answer->base = ws.min;
        answer->size = ws.max;
        answer->old = ws.flags;
        return STATUS_SUCCESS;
    case WVM_ASK_HANDLES:
        answer->base = wvm_handle_count();
        return STATUS_SUCCESS;
    case WVM_SET_WS_LIMITS:
        return set_own(&ws);
    default:
        return STATUS_INVALID_PARAMETER;
    }
}
