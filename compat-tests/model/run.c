/* Runs a sequence in a child process and compares, after every step, all that can be seen.
 *
 * I1  The parent calls nothing of the API, so each child begins with a fresh library.
 * I2  A child that dies or hangs counts as a failure of its current step.
 * I3  After a step everything is compared: the answer, the last error, the step's whole window;
 *     all windows and winvm_audit() now and then. */
#include "model.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HANG_SECONDS = 60, AUDIT_EVERY = 32, MARK = 0xdeadbe };

/* What child and parent share. */
static struct report {
    int step;          /* the step being done */
    bool done;
    bool failed;
    char why[WHY_MAX];
} *report;

bool wrong(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(report->why, WHY_MAX, fmt, ap);
    va_end(ap);
    return false;
}

/* ---- doing ---- */

static bool check_answer(const struct answer *want, bool ok, uint32_t error)
{
    if (ok != want->ok && !(want->may_fail && !ok))
        return wrong("%s with %x, expected %s with %x", ok ? "succeeded" : "failed", error,
                     want->ok ? "success" : "failure", want->error);
    if (ok == want->ok && !ok && error != want->error)
        return wrong("failed with %x, expected %x", error, want->error);
    return true;
}

static bool check_error_kept(bool ok)
{
    return !ok || GetLastError() == MARK ? true : wrong("success changed the last error");
}

/* A range that the library placed: free in the oracle if it is in the window; else given back. */
static bool do_anywhere(const struct step *s, const struct answer *want)
{
    char *p = pointer_of(s, call_alloc_at(s, NULL));
    size_t at = (uintptr_t)p - (uintptr_t)window->start;
    unsigned n = (s->size + PAGE - 1) / PAGE, first = at / PAGE;
    if (!check_answer(want, p != NULL, GetLastError()) || !p)
        return p == NULL && !report->why[0];
    if ((uintptr_t)p % GRANULE)
        return wrong("placed at an odd address");
    if (winvm_space_of(p) != window->base)
        return wrong("placed in another space");
    if (p + s->size <= window->start || at >= (size_t)N_PAGES * PAGE)
        return VirtualFree(p, 0, MEM_RELEASE) ? true : wrong("cannot release outside the window");
    if (first + n > N_PAGES || p < window->start)
        return VirtualFree(p, 0, MEM_RELEASE) ? true : wrong("cannot release at the border");
    for (unsigned i = first; i < first + n; i++)
        if (oracle[i].owner)
            return wrong("placed over page %x, which is in use", i);
    struct step page_sized = *s;
    page_sized.at = 0;
    oracle_apply(&page_sized, first);
    return true;
}

static bool do_alloc(const struct step *s, const struct answer *want)
{
    char *p = pointer_of(s, call_alloc_at(s, address_of(s)));
    if (!check_answer(want, p != NULL, GetLastError()) || !check_error_kept(p != NULL))
        return false;
    if (p && p != window->start + want->start)
        return wrong("returned +%lx, expected +%x", (long)(p - window->start), want->start);
    if (p)
        oracle_apply(s, 0);
    return true;
}

static bool do_free(const struct step *s, const struct answer *want)
{
    bool ok = call_free(s);
    if (!check_answer(want, ok, GetLastError()) || !check_error_kept(ok))
        return false;
    if (ok)
        oracle_apply(s, 0);
    return true;
}

static bool do_nt_free(const struct step *s, const struct answer *want)
{
    PVOID base = address_of(s);
    SIZE_T size = s->size;
    HANDLE space = s->by_handle ? window->space : GetCurrentProcess();
    NTSTATUS status = NtFreeVirtualMemory(space, &base, &size, s->type);
    char *got = pointer_of(s, base);
    if (!check_answer(want, status >= 0, (uint32_t)status) || !check_error_kept(true))
        return false;
    uint32_t at = status >= 0 ? want->start : s->at, len = status >= 0 ? want->size : s->size;
    if (got != window->start + at || size != len)
        return wrong("out: +%lx size %zx, expected +%x size %x", (long)(got - window->start), size,
                     at, len);
    if (status >= 0)
        oracle_apply(s, 0);
    return true;
}

static bool do_protect(const struct step *s, const struct answer *want)
{
    DWORD old = MARK;
    bool ok = call_protect(s, &old);
    if (!check_answer(want, ok, GetLastError()) || !check_error_kept(ok))
        return false;
    if (old != (ok ? want->old : MARK))
        return wrong("old protection %x, expected %x", old, ok ? want->old : MARK);
    if (ok)
        oracle_apply(s, 0);
    return true;
}

static bool do_lock(const struct step *s, const struct answer *want)
{
    bool ok = call_lock(s);
    if (!ok && want->ok && s->kind == STEP_LOCK && GetLastError() == ERROR_WORKING_SET_QUOTA)
        return true; /* the host's limit of locked memory */
    if (!check_answer(want, ok, GetLastError()))
        return false;
    if (ok)
        oracle_apply(s, 0);
    else if (want->error == (uint32_t)EXCEPTION_GUARD_PAGE)
        oracle[want->guard].prot &= ~PAGE_GUARD;
    return true;
}

static bool do_touch(const struct step *s)
{
    for (uint32_t i = s->at / PAGE; i < (s->at + s->size + PAGE - 1) / PAGE; i++) {
        char *at = window->start + (size_t)i * PAGE;
        uint32_t want = oracle_touch(&oracle[i]), got = model_touch(at);
        if (got != want)
            return wrong("touching page %x raised %x, expected %x", i, got, want);
    }
    oracle_apply(s, 0);
    return true;
}

static bool do_write(const struct step *s)
{
    oracle_apply(s, 0);
    for (uint32_t i = s->at / PAGE; i < (s->at + s->size + PAGE - 1) / PAGE; i++) {
        if (oracle_writable(&oracle[i]) && !write_word(s, i, oracle[i].tag))
            return wrong("page %x cannot be written", i);
    }
    return true;
}

static bool do_placeholder(const struct step *s)
{
    struct step exact = *s;
    struct answer want;
    placeholder_resolve(&exact);
    oracle_expect(&exact, &want);
    if (s->kind == STEP_REPLACE)
        return do_alloc(&exact, &want);
    exact.type = MEM_RELEASE | (s->kind == STEP_PRESERVE ? MEM_PRESERVE_PLACEHOLDER
                                                         : MEM_COALESCE_PLACEHOLDERS);
    return do_free(&exact, &want);
}

/* A space of 5 MB with the window at its lowest addresses, one of 4 GB with it at its highest. */
static bool make_space(unsigned i)
{
    bool low = i == SMALL_WINDOW;
    struct winvm_space_options options = {sizeof options, 0, low ? SMALL_MB : 4096, 0};
    struct winvm_space_info info = {.size = sizeof info};
    HANDLE space = winvm_space_create(&options);
    if (!space || winvm_space_info(space, &info) != 0)
        return wrong("a space cannot be made");
    char *start = info.base + (low ? GRANULE : info.limit - (uint64_t)N_PAGES * PAGE);
    windows[i] = (struct window){start, info.base, space};
    return true;
}

static bool do_renew(const struct step *s)
{
    if (!window->base)
        return true;
    if (winvm_space_destroy(window->space) != 0)
        return wrong("the space cannot be ended");
    oracle_apply(s, 0);
    return make_space(s->where);
}

/* The child goes on; its parent ends as it does. */
static bool do_fork(const struct step *s)
{
    int status;
    pid_t pid = fork();
    if (pid < 0)
        return wrong("no fork");
    if (pid == 0) {
        alarm(HANG_SECONDS);
        oracle_apply(s, 0);
        return true;
    }
    _exit(waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : 1);
}

static bool do_step(const struct step *s)
{
    struct answer want;
    oracle_expect(s, &want);
    SetLastError(MARK);
    switch (s->kind) {
    case STEP_ALLOC:
    case STEP_PLACEHOLDER:
        return do_alloc(s, &want);
    case STEP_REPLACE:
    case STEP_PRESERVE:
    case STEP_COALESCE:
        return do_placeholder(s);
    case STEP_ANYWHERE:
        return do_anywhere(s, &want);
    case STEP_FREE:
        return do_free(s, &want);
    case STEP_NT_FREE:
        return do_nt_free(s, &want);
    case STEP_PROTECT:
        return do_protect(s, &want);
    case STEP_LOCK:
    case STEP_UNLOCK:
        return do_lock(s, &want);
    case STEP_WRITE:
        return do_write(s);
    case STEP_TOUCH:
        return do_touch(s);
    case STEP_RENEW:
        return do_renew(s);
    case STEP_FORK:
        return do_fork(s);
    case N_STEP_KINDS:
        break;
    }
    return wrong("no such step");
}

/* ---- the windows ---- */

/* Single: where nothing is, far from what the library has; below the top in low layouts, where all
 * of the space is the library's. */
static void *single_place(void)
{
    SYSTEM_INFO info;
    GetSystemInfo(&info);
    uint64_t top = (uintptr_t)info.lpMaximumApplicationAddress;
    return (void *)(uintptr_t)(top >> 32 ? 0x200000000000 : 0x60000000);
}

/* Slab: the range where the library itself would put the next reservation. */
static bool open_windows(enum place place)
{
    size_t len = (size_t)N_PAGES * PAGE;
    char *p = VirtualAlloc(place == PLACE_SINGLE ? single_place() : NULL, len, MEM_RESERVE,
                           PAGE_NOACCESS);
    windows[0] = (struct window){p, NULL, GetCurrentProcess()};
    if (!p || !VirtualFree(p, 0, MEM_RELEASE))
        return wrong("no room for the window");
    return place != PLACE_SPACES || (make_space(1) && make_space(2));
}

static void choose_window(const struct step *s)
{
    window = &windows[s->where];
    oracle_choose(s);
}

/* All windows, for what a step did to another one than its own. */
static bool look_at_all(enum place place, uint64_t *random)
{
    for (unsigned i = 0; i < (place == PLACE_SPACES ? N_WINDOWS : 1); i++) {
        choose_window(&(struct step){.where = i});
        if (!look_at_window(random))
            return false;
    }
    return winvm_audit() == 0 ? true : wrong("winvm_audit found a broken invariant");
}

static bool run_steps(const struct sequence *q)
{
    uint64_t probes = 0x9e3779b97f4a7c15ull;
    report->step = 0;
    if (!open_windows(q->place))
        return false;
    for (unsigned i = 0; i < q->n; i++) {
        report->step = i;
        choose_window(&q->step[i]);
        if (!do_step(&q->step[i]) || !look_at_window(&probes))
            return false;
        if ((i % AUDIT_EVERY == 0 || i == q->n - 1) && !look_at_all(q->place, &probes))
            return false;
    }
    return true;
}

int sequence_run(const struct sequence *q, char why[WHY_MAX])
{
    int status;
    if (!report) {
        report =
            mmap(NULL, sizeof *report, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
        if (report == MAP_FAILED)
            abort();
    }
    memset(report, 0, sizeof *report);
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0) {
        alarm(HANG_SECONDS);
        report->failed = !run_steps(q);
        report->done = true;
        _exit(0);
    }
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        abort();
    if (report->done && !report->failed)
        return -1;
    if (report->done)
        memcpy(why, report->why, WHY_MAX);
    else
        snprintf(why, WHY_MAX, "the process died: wait status %x", (unsigned)status);
    return report->step;
}
