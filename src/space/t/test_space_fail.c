/* A scenario with host calls failing: the n-th call once, for every n until none is left; and every
 * call of one kind, or of all kinds, for the length of one operation, for each operation.
 *
 * After a failing operation: a resource status, all invariants, the page states, the commit charge
 * and the contents as before; the same operation works when the host does again. Decommit, release,
 * unlock, and what makes placeholders of other memory or joins them, never fail. Each run has a
 * process of its own. */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/t/host_fail.h"
#include "space/t/space_unit.h"

enum { N = 256 };

enum op {
    RESERVE, RESERVE_AT, COMMIT, PROTECT, WRITE, LOCK, UNLOCK, RESET, UNDO, DECOMMIT, RELEASE,
    PLACEHOLDER, PRESERVE, REPLACE, COALESCE, OFFER, RECLAIM, DISCARD
};

/* Pages lo..hi from the base; RELEASE with hi 0 is the whole. RESERVE_AT and REPLACE commit. */
static const struct line { enum op op; unsigned lo, hi; uint8_t attr; } scenario[] = {
    {RESERVE, 0, N, WVM_ATTR_RW},
    {COMMIT, 0, 8, WVM_ATTR_RW},
    {WRITE, 0, 8, 0},
    {COMMIT, 20, 32, WVM_ATTR_RW},     /* joined to the first by a fence */
    {WRITE, 20, 32, 0},
    {COMMIT, 4, 24, WVM_ATTR_RO},      /* committed, empty and fenced pages in one call */
    {PROTECT, 2, 6, WVM_ATTR_NA},
    {PROTECT, 0, 32, WVM_ATTR_RW},     /* three kinds become one */
    {WRITE, 0, 32, 0},
    {LOCK, 2, 6, 0},
    {OFFER, 0, 16, 0},                 /* unlocks */
    {OFFER, 8, 24, 0},                 /* some of them a second time */
    {RECLAIM, 4, 12, 0},               /* in the middle */
    {RECLAIM, 0, 32, 0},               /* offered, not offered, offered */
    {OFFER, 0, 8, 0},
    {DECOMMIT, 4, 8, 0},
    {RECLAIM, 0, 4, 0},
    {COMMIT, 4, 8, WVM_ATTR_RW},
    {DISCARD, 0, 16, 0},
    {WRITE, 0, 32, 0},
    {LOCK, 1, 3, 0},
    {PROTECT, 1, 2, WVM_ATTR_RO},
    {UNLOCK, 1, 3, 0},
    {RESET, 0, 4, 0},
    {UNDO, 0, 4, 0},
    {DECOMMIT, 3, 5, 0},               /* small: a fence */
    {COMMIT, 3, 5, WVM_ATTR_RW},
    {COMMIT, 0, N, WVM_ATTR_XRW},
    {WRITE, 0, N, 0},
    {LOCK, 110, 112, 0},
    {DECOMMIT, 100, 200, 0},           /* large, with locked pages: one discard */
    {PROTECT, 0, 100, WVM_ATTR_RO},
    {PROTECT, 10, 20, WVM_ATTR_RW | WVM_ATTR_GUARD},
    {COMMIT, 5, 105, WVM_ATTR_RW},
    {RELEASE, 50, 60, 0},
    {RELEASE, 0, 0, 0},
    {RESERVE_AT, 0, 16, WVM_ATTR_RW},
    {DECOMMIT, 0, 8, 0},
    {RELEASE, 0, 0, 0},
    {RELEASE, 60, 0, 0},
    {PLACEHOLDER, 0, N, 0},
    {PRESERVE, 3, 7, 0},               /* three in one granule */
    {REPLACE, 3, 7, WVM_ATTR_RW},
    {WRITE, 3, 7, 0},
    {PRESERVE, 7, 100, 0},
    {REPLACE, 7, 100, WVM_ATTR_RW},    /* large, beside a writable one */
    {WRITE, 7, 100, 0},
    {PROTECT, 20, 30, WVM_ATTR_RO},
    {LOCK, 40, 41, 0},
    {DECOMMIT, 50, 60, 0},
    {REPLACE, 0, 3, WVM_ATTR_RO},
    {PRESERVE, 3, 7, 0},
    {REPLACE, 3, 7, WVM_ATTR_RW | WVM_ATTR_GUARD},
    {PRESERVE, 3, 7, 0},
    {PRESERVE, 7, 100, 0},             /* several protections and a locked page */
    {PRESERVE, 0, 3, 0},
    {COALESCE, 0, N, 0},
    {REPLACE, 0, N, WVM_ATTR_XRW},
    {WRITE, 0, N, 0},
    {RELEASE, 0, 0, 0},
};

static uintptr_t base;
static uint64_t tag[N];
static uint64_t next_tag = 1;

static uintptr_t addr(unsigned page)
{
    return base + (uintptr_t)page * PG;
}

/* The contents are what they were or zero from now on. */
static wvm_status discard(unsigned lo, unsigned hi)
{
    uint64_t word;
    wvm_status status = wvm_space_discard(SP, addr(lo), addr(hi));
    for (unsigned i = lo; status >= 0 && i < hi; i++) {
        if (!unit_read(addr(i), &word) || (word && word != tag[i]))
            return STATUS_UNSUCCESSFUL;
        tag[i] = word;
    }
    return status;
}

static wvm_status reclaim(unsigned lo, unsigned hi)
{
    bool lost;
    wvm_status status = wvm_space_reclaim(SP, addr(lo), addr(hi), &lost);
    return lost ? (wvm_status)STATUS_UNSUCCESSFUL : status;
}

static wvm_status do_op(const struct line *l)
{
    struct wvm_request req = {.len = (uintptr_t)(l->hi - l->lo) * PG, .attr = l->attr};
    uintptr_t lo = addr(l->lo), hi = l->hi ? addr(l->hi) : addr(l->lo), end;
    uint8_t old;
    wvm_status status;
    switch (l->op) {
    case PLACEHOLDER:
        req.attr = WVM_ATTR_NA;
        req.flags = WVM_ALLOC_PLACEHOLDER;
        /* fall through */
    case RESERVE:
        status = wvm_space_reserve(SP, &req);
        base = req.start;
        return status;
    case REPLACE:
        req.flags = WVM_ALLOC_REPLACED;
        /* fall through */
    case RESERVE_AT:
        req.start = lo;
        req.commit = true;
        return wvm_space_reserve(SP, &req);
    case COMMIT:
        return wvm_space_commit(SP, lo, hi, l->attr);
    case PROTECT:
        return wvm_space_protect(SP, lo, hi, l->attr, &old);
    case LOCK:
        return wvm_space_lock(SP, lo, hi);
    case UNLOCK:
        return wvm_space_unlock(SP, lo, hi);
    case RESET:
        return wvm_space_reset(SP, lo, hi);
    case UNDO:
        return wvm_space_reset_undo(SP, lo, hi);
    case DECOMMIT:
        return wvm_space_decommit(SP, lo, hi, &end);
    case RELEASE:
        return wvm_space_release(SP, lo, hi, &end);
    case PRESERVE:
        return wvm_space_preserve(SP, lo, hi);
    case COALESCE:
        return wvm_space_coalesce(SP, lo, hi);
    case OFFER:
        return wvm_space_offer(SP, lo, hi, l->lo == 0);
    case RECLAIM:
        return reclaim(l->lo, l->hi);
    case DISCARD:
        return discard(l->lo, l->hi);
    case WRITE:
        for (unsigned i = l->lo; i < l->hi; i++)
            if (!unit_write(addr(i), tag[i] = next_tag++))
                return STATUS_ACCESS_VIOLATION;
        return STATUS_SUCCESS;
    }
    return STATUS_UNSUCCESSFUL;
}

/* ---- what can be seen ---- */

struct view {
    uint8_t attr[N], type[N], flags[N];
    uintptr_t alloc[N];
    uint64_t committed;
};

static void look(struct view *v)
{
    struct wvm_region r;
    struct wvm_commit_info info;
    memset(v, 0, sizeof *v);
    wvm_space_commit_info(SP, &info);
    v->committed = info.committed;
    for (unsigned i = 0; base && i < N; i++) {
        if (wvm_space_query(SP, addr(i), &r)) /* an assertion that holds costs a system call */
            ck_abort_msg("page %u cannot be queried", i);
        v->attr[i] = r.attr;
        v->type[i] = r.type;
        v->flags[i] = r.flags;
        v->alloc[i] = r.alloc_start;
    }
}

static const char *check_contents(const struct view *v)
{
    uint64_t word;
    for (unsigned i = 0; i < N; i++) {
        bool open = v->type[i] != WVM_TYPE_FREE && wvm_space_prot_of(v->attr[i]);
        if (!v->attr[i])
            tag[i] = 0;
        if (open && (!unit_read(addr(i), &word) || word != tag[i]))
            return "contents";
    }
    return NULL;
}

static bool is_resource_status(enum op op, wvm_status status)
{
    if (op == LOCK)
        return status == STATUS_WORKING_SET_QUOTA || status == STATUS_NO_MEMORY;
    if (op == UNDO && status == STATUS_UNSUCCESSFUL)
        return true;
    return status == STATUS_NO_MEMORY || status == STATUS_COMMITMENT_LIMIT;
}

static const char *check_failure(const struct line *l, wvm_status status, const struct view *before)
{
    struct view after;
    if (l->op == DECOMMIT || l->op == RELEASE || l->op == UNLOCK || l->op == PRESERVE ||
        l->op == COALESCE)
        return "a call that cannot fail failed";
    if (!is_resource_status(l->op, status))
        return "the status of the failure";
    look(&after);
    if (memcmp(before, &after, sizeof after) != 0)
        return "a failing call changed something";
    return check_contents(&after);
}

/* ---- one run ---- */

/* What fails: call n of the scenario once; or (line >= 0) all calls during one line. */
struct fault {
    int caps;
    enum host_fail_op op;
    unsigned n;
    int line;
};

static const char *retry(const struct line *l, bool fired)
{
    if (!fired)
        return "failed without a failure of the host";
    if (l->op != UNDO && do_op(l) < 0)
        return "does not work when the host works again";
    return NULL;
}

/* Lines a while after the failure, and the last one, are looked at in full. */
static bool is_interesting(const struct fault *f, unsigned at)
{
    static unsigned since;
    bool fired = f->line < 0 ? host_fail_calls(HOST_FAIL_ANY) >= f->n : (int)at >= f->line;
    since += fired;
    return (fired && since <= 4) || at + 1 == WVM_ARRAY_LEN(scenario);
}

/* Returns what is wrong, or NULL. */
static const char *run_line(const struct fault *f, unsigned at, unsigned *fired)
{
    struct view before, after;
    const struct line *l = &scenario[at];
    const char *bad = NULL;
    look(&before);
    if (f->line == (int)at)
        host_fail_arm(f->op, 1, ENOMEM, HOST_FAIL_FOREVER);
    wvm_status status = do_op(l);
    if (status < 0 || f->line == (int)at)
        *fired += host_fail_disarm();
    if (status < 0) {
        bad = check_failure(l, status, &before);
        if (!bad)
            bad = wvm_space_audit(SP);
        if (!bad)
            bad = retry(l, *fired);
    }
    look(&after);
    for (unsigned i = 0; i < N; i++)
        if (!after.attr[i])
            tag[i] = 0;
    if (bad || !is_interesting(f, at))
        return bad;
    bad = wvm_space_audit(SP);
    return bad ? bad : check_contents(&after);
}

/* In a child. Exit: 0 the failure fired and all was right, 1 nothing fired, 2 wrong. */
static int run_child(const struct fault *f)
{
    unsigned at = 0, fired = 0;
    const char *bad = NULL;
    if (f->line < 0)
        host_fail_arm(f->op, f->n, ENOMEM, HOST_FAIL_ONCE);
    for (at = 0; !bad && at < WVM_ARRAY_LEN(scenario); at++)
        bad = run_line(f, at, &fired);
    fired += f->line < 0 ? host_fail_disarm() : 0;
    if (!bad)
        return fired ? 0 : 1;
    fprintf(stderr, "# caps %d, %s call %u of line %d fails: line %u: %s\n", f->caps,
            host_fail_name(f->op), f->n, f->line, at - 1, bad);
    return 2;
}

static int run_fault(const struct fault *f)
{
    int status;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        _exit(run_child(f));
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    fprintf(stderr, "# caps %d, %s call %u of line %d: killed by %d\n", f->caps,
            host_fail_name(f->op), f->n, f->line, WTERMSIG(status));
    return 2;
}

START_TEST(once)
{
    unsigned n_bad = 0;
    unit_set_up(_i);
    struct fault f = {.caps = _i, .op = HOST_FAIL_ANY, .line = -1};
    int result = 0;
    while (result != 1) {
        f.n++;
        result = run_fault(&f);
        n_bad += result == 2;
    }
    ck_assert_uint_gt(f.n, 20);
    ck_assert_uint_eq(n_bad, 0);
}
END_TEST

START_TEST(for_one_operation)
{
    unsigned n_bad = 0;
    unit_set_up(_i);
    for (int op = 0; op <= HOST_FAIL_TAKING; op++)
        for (unsigned line = 0; line < WVM_ARRAY_LEN(scenario); line++) {
            struct fault f = {.caps = _i, .op = (enum host_fail_op)op, .n = 1, .line = line};
            n_bad += run_fault(&f) == 2;
        }
    ck_assert_uint_eq(n_bad, 0);
}
END_TEST

int main(void)
{
    TCase *tc, *only_once = tcase_create("once");
    Suite *suite = unit_suite("space-fail", 120, &tc);
    tcase_add_test(tc, for_one_operation);
    tcase_add_loop_test(only_once, once, CAPS_ALL, CAPS_NO_QUERY);
    tcase_set_timeout(only_once, 120);
    suite_add_tcase(suite, only_once);
    return unit_run(suite);
}
