/* Allocation and free with every check: what the short way leaves over.
 *
 * Terms   payer = the process object that a block is charged to; its word lies behind the bytes
 *         asked for, so that who overruns a charged block destroys it (POOL-051).
 * I1  The checks' order: level, must-succeed type, size, tag; the first that fails is the bug
 *     check. Only then is memory asked for.
 * I2  A call that ends in a bug check or an exception has changed nothing: a charge is returned
 *     before.
 * I3  No tag that is wrong reaches pool/, so that none can be among those a thread knows.
 * I4  While a thread is at DISPATCH_LEVEL or above every call of it comes here.
 * I5  A block of whole pages is never charged (POOL-043).
 * Locking: none is held when a bug check or an exception leaves this file.
 * Failure: as the call wants it: NULL, an exception, a bug check.
 * Signal safety: as pool/pool.h. */
#include <string.h>

#include "api/api.h"
#include "base/arith.h"
#include "base/options.h"
#include "nt/nt.h"
#include "nt/nt_bugcheck.h"
#include "nt/nt_irql.h"
#include "nt/nt_pool.h"
#include "nt/nt_quota.h"
#include "nt/nt_raise.h"
#include "pool/pool_special.h"

#define TAG_BIG 0x20474942u /* "BIG ", POOL-024 */

/* Parameter 1 of BAD_POOL_CALLER. */
enum {
    CALLER_ZERO_SIZE = 0x00,
    CALLER_ALLOCATES_AT_LEVEL = 0x08,
    CALLER_FREES_AT_LEVEL = 0x09,
    CALLER_QUOTA_CORRUPT = 0x0D,
    CALLER_USER_ADDRESS = 0x40,
    CALLER_INVALID_ADDRESS = 0x46,
    CALLER_MUST_SUCCEED = 0x9A,
    CALLER_TAG_ZERO = 0x9B,
    CALLER_TAG_BIG = 0x9C,
    CALLER_TAG_UNREADABLE = 0x9D,
    CALLER_NO_BLOCK = 0x99,
};

/* Parameter 4 of SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION. */
enum { SPECIAL_ALLOCATES_AT_LEVEL = 0x30, SPECIAL_FREES_AT_LEVEL = 0x31 };

static void blame(uintptr_t what, uintptr_t p2, uintptr_t p3, uintptr_t p4)
{
    wvm_bug_check(BAD_POOL_CALLER, what, p2, p3, p4);
}

/* A letter or a digit among its four characters? */
static bool is_readable(uint32_t tag)
{
    for (int i = 0; i < 4; i++, tag >>= 8) {
        uint8_t c = tag & 0xff;
        if ((c >= '0' && c <= '9') || ((c | 0x20) >= 'a' && (c | 0x20) <= 'z'))
            return true;
    }
    return false;
}

static bool is_level_wrong(bool paged)
{
    return wvm_irql > (paged ? WVM_IRQL_APC : WVM_IRQL_DISPATCH);
}

/* What special pool would serve, or has served, it blames itself (POOL-103). */
static void blame_alloc_level(const struct wvm_pool_call *c)
{
    struct wvm_pool_request rq = c->rq;
    rq.tag &= ~(uint32_t)PROTECTED_POOL;
    if (wvm_nt_pool_ready() && wvm_pool_special_wants(&rq))
        wvm_bug_check(SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION, wvm_irql, c->type, c->rq.size,
                      SPECIAL_ALLOCATES_AT_LEVEL);
    else
        blame(CALLER_ALLOCATES_AT_LEVEL, wvm_irql, c->type, c->rq.size);
}

static void blame_free_level(const struct wvm_pool_block *b)
{
    uint32_t type = wvm_pool_type_of(b->kind);
    if (b->special)
        wvm_bug_check(SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION, wvm_irql, type,
                      (uintptr_t)b->start, SPECIAL_FREES_AT_LEVEL);
    else
        blame(CALLER_FREES_AT_LEVEL, wvm_irql, type, (uintptr_t)b->start);
}

/* False: there was a bug check. */
static bool check_tag(const struct wvm_pool_call *c, bool verifier)
{
    uint32_t tag = c->rq.tag & ~(uint32_t)PROTECTED_POOL;
    uintptr_t caller = (uintptr_t)c->rq.caller;
    if (tag == 0)
        blame(CALLER_TAG_ZERO, c->type, c->rq.size, caller);
    else if (tag == TAG_BIG)
        blame(CALLER_TAG_BIG, c->type, c->rq.size, caller);
    else if (verifier && !is_readable(tag))
        blame(CALLER_TAG_UNREADABLE, tag, c->type, caller);
    else
        return true;
    return false;
}

static bool check_call(const struct wvm_pool_call *c)
{
    bool verifier = wvm_option(WVM_OPTION_VERIFIER);
    if (is_level_wrong(c->rq.kind == WVM_POOL_PAGED))
        blame_alloc_level(c);
    else if (c->failing == WVM_POOL_FAILS_CHECKING && !wvm_option(WVM_OPTION_MUST_SUCCEED))
        blame(CALLER_MUST_SUCCEED, c->type, c->rq.size, c->rq.tag);
    else if (verifier && c->rq.size == 0)
        blame(CALLER_ZERO_SIZE, 0, c->type, c->rq.tag);
    else
        return check_tag(c, verifier);
    return false;
}

void *wvm_nt_pool_fail(const struct wvm_pool_call *c, uint32_t status)
{
    struct wvm_pool_usage usage;
    switch (c->failing) {
    case WVM_POOL_FAILS_RAISING:
        wvm_nt_raise(status);
        break;
    case WVM_POOL_FAILS_CHECKING:
        memset(&usage, 0, sizeof usage);
        if (wvm_pool_started())
            wvm_pool_usage(&usage);
        wvm_bug_check(MUST_SUCCEED_POOL_EMPTY, c->rq.size,
                      (uintptr_t)(usage.used[c->rq.kind] / WVM_PAGE_SIZE),
                      (uintptr_t)((c->rq.size + WVM_PAGE_SIZE - 1) / WVM_PAGE_SIZE), 0);
        break;
    case WVM_POOL_FAILS_NULL:
        break;
    }
    return NULL;
}

static bool is_refused(const struct wvm_pool_call *c)
{
    if (c->rq.kind == WVM_POOL_EXEC && !wvm_option(WVM_OPTION_POOL_EXEC))
        return true;
    return c->priority != HighPoolPriority &&
           wvm_nt_pool_is_short(c->rq.kind, c->rq.size, c->priority);
}

/* The thread may have come to the room just now, after its level was raised. */
static void keep_long_way(void)
{
    if (wvm_irql >= WVM_IRQL_DISPATCH)
        wvm_pool_set_raised(true);
}

/* A block with its payer's word behind the bytes asked for. */
static void *alloc_charged(struct wvm_pool_call *c, struct winvm_process *payer)
{
    bool paged = c->rq.kind == WVM_POOL_PAGED;
    size_t size = c->rq.size != 0 ? c->rq.size : 1;
    if (!wvm_quota_charge(payer, paged, size))
        return wvm_nt_pool_fail(c, STATUS_QUOTA_EXCEEDED);
    c->rq.size = size + sizeof(uintptr_t);
    c->rq.flags |= WVM_POOL_CHARGED;
    char *p = wvm_pool_alloc(&c->rq);
    keep_long_way();
    c->rq.size = size;
    if (p == NULL) {
        wvm_quota_return(payer, paged, size);
        return wvm_nt_pool_fail(c, STATUS_INSUFFICIENT_RESOURCES);
    }
    uintptr_t word = wvm_quota_word(p, payer);
    memcpy(p + size, &word, sizeof word);
    return p;
}

void *wvm_nt_pool_alloc(struct wvm_pool_call *c)
{
    if (!check_call(c))
        return NULL;
    c->rq.tag &= ~(uint32_t)PROTECTED_POOL;
    if (!wvm_nt_pool_ready() || is_refused(c))
        return wvm_nt_pool_fail(c, STATUS_INSUFFICIENT_RESOURCES);
    struct winvm_process *payer = NULL;
    if (c->quota && c->rq.size <= WVM_POOL_SMALL_MAX - sizeof(uintptr_t))
        payer = wvm_quota_payer();
    if (payer != NULL)
        return alloc_charged(c, payer);
    void *p = wvm_pool_alloc(&c->rq);
    keep_long_way();
    return p != NULL ? p : wvm_nt_pool_fail(c, STATUS_INSUFFICIENT_RESOURCES);
}

/* Can p be a block's address? Else there was a bug check. */
static bool check_address(const void *p)
{
    uintptr_t start, end, at = (uintptr_t)p;
    if (!wvm_nt_pool_ready())
        start = end = wvm_nt_host_top();
    else
        wvm_nt_pool_bounds(&start, &end);
    if (at >= start && at < end)
        return true;
    if (at == 0 || at >= wvm_nt_host_top())
        blame(CALLER_INVALID_ADDRESS, at, 0, 0);
    else
        blame(CALLER_USER_ADDRESS, at, start, 0);
    return false;
}

static bool is_charged_to(const struct wvm_pool_block *b, struct winvm_process **payer)
{
    uintptr_t word;
    memcpy(&word, (const char *)b->start + b->size - sizeof word, sizeof word);
    return wvm_quota_read(b->start, word, payer);
}

void wvm_nt_pool_free(void *p, uint32_t tag, const void *caller)
{
    struct wvm_pool_block b;
    struct wvm_pool_finding finding;
    struct winvm_process *payer = NULL;
    tag &= ~(uint32_t)PROTECTED_POOL;
    if (!check_address(p))
        return;
    bool found = wvm_pool_find(p, &b);
    bool paged = found && b.kind == WVM_POOL_PAGED;
    if (found && is_level_wrong(paged)) {
        blame_free_level(&b);
        return;
    }
    if (found && b.charged && !is_charged_to(&b, &payer)) {
        blame(CALLER_QUOTA_CORRUPT, (uintptr_t)p, b.tag, (uintptr_t)payer);
        return;
    }
    if (!wvm_pool_free(p, tag, tag == 0, caller, &finding)) {
        if (finding.code != 0)
            wvm_bug_check_finding(&finding);
        return;
    }
    if (payer != NULL)
        wvm_quota_return(payer, paged, b.size - sizeof(uintptr_t));
}

SIZE_T wvm_ExQueryPoolBlockSize(PVOID p, PBOOLEAN charged)
{
    struct wvm_pool_block b;
    *charged = FALSE;
    if (!check_address(p))
        return 0;
    if (!wvm_pool_find(p, &b)) {
        blame(CALLER_NO_BLOCK, (uintptr_t)p, 0, 0);
        return 0;
    }
    *charged = b.charged;
    return b.charged ? b.room - sizeof(uintptr_t) : b.room;
}
