/* Runs a sequence in a child process and compares, after every step, all that can be seen.
 *
 * I1  The parent calls nothing of the API, so each child begins with a fresh library.
 * I2  Memory is looked at through the kernel's copy calls: a page that is not as the oracle says is
 *     a report, not a crash. A child that dies or hangs counts as a failure of its current step.
 * I3  After a step everything is compared: the answer, the last error, a walk over the whole
 *     window, the first bytes of every readable page, a few pages that must refuse; winvm_audit()
 *     now and then. */
#include "model.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { HANG_SECONDS = 60, AUDIT_EVERY = 32, N_PROBES = 4, MARK = 0xdeadbe, IOV = 512 };

/* What child and parent share. */
static struct report {
    int step;          /* the step being done */
    bool done;
    bool failed;
    char why[WHY_MAX];
} *report;

static char *window;

static bool wrong(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
static bool wrong(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    vsnprintf(report->why, WHY_MAX, fmt, ap);
    va_end(ap);
    return false;
}

/* ---- looking ---- */

static bool kernel_copy(bool write, void *local, const struct iovec *remote, unsigned n,
                        size_t each)
{
    struct iovec here = {local, n * each};
    ssize_t got = write ? process_vm_writev(getpid(), &here, 1, remote, n, 0)
                        : process_vm_readv(getpid(), &here, 1, remote, n, 0);
    return got == (ssize_t)(n * each);
}

static bool copy_page(bool write, unsigned page, uint64_t *word)
{
    struct iovec remote = {window + (size_t)page * PAGE, sizeof *word};
    return kernel_copy(write, word, &remote, 1, sizeof *word);
}

static bool check_run(unsigned i, unsigned end, const MEMORY_BASIC_INFORMATION *m)
{
    const struct page *p = &oracle[i];
    MEMORY_BASIC_INFORMATION want = {
        .BaseAddress = window + (size_t)i * PAGE, .RegionSize = (size_t)(end - i) * PAGE,
        .State = MEM_FREE, .Protect = PAGE_NOACCESS,
    };
    if (p->owner) {
        want.AllocationBase = window + (size_t)(p->owner - 1) * PAGE;
        want.AllocationProtect = p->aprot;
        want.State = p->prot ? MEM_COMMIT : MEM_RESERVE;
        want.Protect = p->prot;
        want.Type = MEM_PRIVATE;
    }
    if (!p->owner && end == N_PAGES) /* a free run may go on behind the window */
        want.RegionSize = m->RegionSize >= want.RegionSize ? m->RegionSize : want.RegionSize;
    if (m->BaseAddress == want.BaseAddress && m->AllocationBase == want.AllocationBase &&
        m->AllocationProtect == want.AllocationProtect && m->RegionSize == want.RegionSize &&
        m->State == want.State && m->Protect == want.Protect && m->Type == want.Type)
        return true;
    return wrong(
        "query of page %x: base +%lx alloc +%lx aprot %x size %zx state %x prot %x type %x, "
        "expected base +%lx alloc +%lx aprot %x size %zx state %x prot %x type %x",
        i, (long)((char *)m->BaseAddress - window), (long)((char *)m->AllocationBase - window),
        m->AllocationProtect, m->RegionSize, m->State, m->Protect, m->Type,
        (long)((char *)want.BaseAddress - window), (long)((char *)want.AllocationBase - window),
        want.AllocationProtect, want.RegionSize, want.State, want.Protect, want.Type);
}

static bool check_walk(void)
{
    MEMORY_BASIC_INFORMATION m;
    for (unsigned i = 0, end; i < N_PAGES; i = end) {
        end = oracle_run_end(i);
        if (VirtualQuery(window + (size_t)i * PAGE, &m, sizeof m) != sizeof m)
            return wrong("query of page %x failed", i);
        if (!check_run(i, end, &m))
            return false;
    }
    return true;
}

static bool check_word(unsigned page, uint64_t got)
{
    struct page *p = &oracle[page];
    if (got == p->tag)
        return true;
    if (!p->reset || got != 0)
        return wrong("page %x holds %llx, expected %llx", page, (unsigned long long)got,
                     (unsigned long long)p->tag);
    p->tag = 0; /* given up to the kernel after MEM_RESET */
    return true;
}

static bool check_words(const unsigned *page, unsigned n)
{
    struct iovec remote[IOV];
    uint64_t word[IOV];
    for (unsigned i = 0; i < n; i++)
        remote[i] = (struct iovec){window + (size_t)page[i] * PAGE, sizeof word[0]};
    if (n && !kernel_copy(false, word, remote, n, sizeof word[0])) {
        for (unsigned i = 0; i < n; i++)
            if (!copy_page(false, page[i], &word[i]))
                return wrong("page %x cannot be read", page[i]);
    }
    for (unsigned i = 0; i < n; i++)
        if (!check_word(page[i], word[i]))
            return false;
    return true;
}

static bool check_contents(void)
{
    unsigned page[IOV], n = 0;
    for (unsigned i = 0; i < N_PAGES; i++) {
        if (!oracle_readable(&oracle[i]))
            continue;
        page[n++] = i;
        if (n == IOV && !check_words(page, n))
            return false;
        n %= IOV;
    }
    return check_words(page, n);
}

/* Pages that must refuse to be read, or to be written. */
static bool check_refusals(uint64_t *state)
{
    for (unsigned k = 0; k < N_PROBES; k++) {
        unsigned i = random_next(state) % N_PAGES;
        uint64_t word = oracle[i].tag;
        if (!oracle_readable(&oracle[i]) && copy_page(false, i, &word))
            return wrong("page %x can be read", i);
        if (!oracle_writable(&oracle[i]) && copy_page(true, i, &word))
            return wrong("page %x can be written", i);
    }
    return true;
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
    char *p = VirtualAlloc(NULL, s->size, s->type, s->prot);
    size_t at = (uintptr_t)p - (uintptr_t)window;
    unsigned n = (s->size + PAGE - 1) / PAGE, first = at / PAGE;
    if (!check_answer(want, p != NULL, GetLastError()) || !p)
        return p == NULL && !report->why[0];
    if ((uintptr_t)p % GRANULE)
        return wrong("placed at an odd address");
    if (p + s->size <= window || at >= (size_t)N_PAGES * PAGE)
        return VirtualFree(p, 0, MEM_RELEASE) ? true : wrong("cannot release outside the window");
    if (first + n > N_PAGES || p < window)
        return VirtualFree(p, 0, MEM_RELEASE) ? true : wrong("cannot release at the border");
    for (unsigned i = first; i < first + n; i++)
        if (oracle[i].owner)
            return wrong("placed over page %x, which is in use", i);
    struct step page_sized = *s;
    page_sized.at = 0;
    oracle_apply(&page_sized, first);
    return true;
}

static char *call_alloc(const struct step *s)
{
    char *at = window + s->at;
    DWORD flag = s->kind == STEP_REPLACE ? MEM_REPLACE_PLACEHOLDER : MEM_RESERVE_PLACEHOLDER;
    if (s->kind == STEP_ALLOC)
        return VirtualAlloc(at, s->size, s->type, s->prot);
    return VirtualAlloc2(NULL, at, s->size, s->type | flag, s->prot, NULL, 0);
}

static bool do_alloc(const struct step *s, const struct answer *want)
{
    char *p = call_alloc(s);
    if (!check_answer(want, p != NULL, GetLastError()) || !check_error_kept(p != NULL))
        return false;
    if (p && p != window + want->start)
        return wrong("returned +%lx, expected +%x", (long)(p - window), want->start);
    if (p)
        oracle_apply(s, 0);
    return true;
}

static bool do_free(const struct step *s, const struct answer *want)
{
    bool ok = VirtualFree(window + s->at, s->size, s->type);
    if (!check_answer(want, ok, GetLastError()) || !check_error_kept(ok))
        return false;
    if (ok)
        oracle_apply(s, 0);
    return true;
}

static bool do_nt_free(const struct step *s, const struct answer *want)
{
    PVOID base = window + s->at;
    SIZE_T size = s->size;
    NTSTATUS status = NtFreeVirtualMemory(GetCurrentProcess(), &base, &size, s->type);
    if (!check_answer(want, status >= 0, (uint32_t)status) || !check_error_kept(true))
        return false;
    uint32_t at = status >= 0 ? want->start : s->at, len = status >= 0 ? want->size : s->size;
    if ((char *)base != window + at || size != len)
        return wrong("out: +%lx size %zx, expected +%x size %x", (long)((char *)base - window),
                     size, at, len);
    if (status >= 0)
        oracle_apply(s, 0);
    return true;
}

static bool do_protect(const struct step *s, const struct answer *want)
{
    DWORD old = MARK;
    bool ok = VirtualProtect(window + s->at, s->size, s->prot, &old);
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
    bool ok = s->kind == STEP_LOCK ? VirtualLock(window + s->at, s->size)
                                   : VirtualUnlock(window + s->at, s->size);
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
        uint32_t want = oracle_touch(&oracle[i]), got = model_touch(window + (size_t)i * PAGE);
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
        uint64_t word = oracle[i].tag;
        if (oracle_writable(&oracle[i]) && !copy_page(true, i, &word))
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
    case N_STEP_KINDS:
        break;
    }
    return wrong("no such step");
}

/* ---- the window ---- */

/* Slab: the range where the library itself would put the next reservation. */
static bool open_window(enum place place)
{
    size_t len = (size_t)N_PAGES * PAGE;
    char *p = VirtualAlloc(place == PLACE_SLAB ? NULL : (LPVOID)0x200000000000, len, MEM_RESERVE,
                           PAGE_NOACCESS);
    window = p;
    return p && VirtualFree(p, 0, MEM_RELEASE) ? true : wrong("no room for the window");
}

static bool run_steps(const struct sequence *q)
{
    uint64_t probes = 0x9e3779b97f4a7c15ull;
    report->step = 0;
    if (!open_window(q->place))
        return false;
    for (unsigned i = 0; i < q->n; i++) {
        report->step = i;
        if (!do_step(&q->step[i]) || !check_walk() || !check_contents() || !check_refusals(&probes))
            return false;
        if ((i % AUDIT_EVERY == 0 || i == q->n - 1) && winvm_audit() != 0)
            return wrong("winvm_audit found a broken invariant");
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
