/* Commit, decommit and protect of one run, each against the same call made bare.
 *
 * Both sides have a large range of inaccessible memory, ours a reservation, theirs a mapping of
 * which one page was touched once (as of winvm's: the kernel then keeps one record for all of its
 * parts, and splits and joins them at the same price on both sides). Every round works on a window
 * of its own: slots of `len` bytes, far enough apart that none merges with the next. So each call
 * meets the same kernel state on both sides: a run that is split off its mapping. After the round
 * the window is emptied, unless the measured calls did it. Both sides use the same addresses in
 * every case, so that page tables that are left over are left on both.
 * "again" = the slot was committed and decommitted before. */
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>

#include "bench.h"

enum before { FRESH, AGAIN, COMMITTED, TOUCHED, READONLY };
enum action { COMMIT, DECOMMIT, PROTECT_RO, PROTECT_RW };

struct area {
    char *base;
    size_t len, stride, n_slots;
    enum before before;
    enum action action;
};

static char *slot(const struct area *a, unsigned round, size_t i)
{
    return a->base + (round * a->n_slots + i) * a->stride;
}

static void touch(char *p, size_t len)
{
    for (size_t i = 0; i < len; i += PAGE)
        p[i] = 1;
}

/* ---- ours ---- */

static void our_commit(char *p, size_t len)
{
    bench_alloc(p, len, MEM_COMMIT, PAGE_READWRITE);
}

static void our_protect(char *p, size_t len, DWORD prot)
{
    DWORD old;
    if (!VirtualProtect(p, len, prot, &old))
        bench_stop("VirtualProtect");
}

static void our_prepare(void *ctx, unsigned round)
{
    const struct area *a = ctx;
    for (size_t i = 0; i < a->n_slots && a->before != FRESH; i++) {
        our_commit(slot(a, round, i), a->len);
        if (a->before >= TOUCHED)
            touch(slot(a, round, i), a->len);
        if (a->before == READONLY)
            our_protect(slot(a, round, i), a->len, PAGE_READONLY);
        if (a->before == AGAIN)
            bench_free(slot(a, round, i), a->len, MEM_DECOMMIT);
    }
}

static void our_run(void *ctx, unsigned round, size_t n)
{
    const struct area *a = ctx;
    for (size_t i = 0; i < n; i++) {
        char *p = slot(a, round, i);
        if (a->action == COMMIT)
            our_commit(p, a->len);
        else if (a->action == DECOMMIT)
            bench_free(p, a->len, MEM_DECOMMIT);
        else
            our_protect(p, a->len, a->action == PROTECT_RO ? PAGE_READONLY : PAGE_READWRITE);
    }
}

static void our_clean(void *ctx, unsigned round)
{
    const struct area *a = ctx;
    bench_free(slot(a, round, 0), a->n_slots * a->stride, MEM_DECOMMIT);
}

/* ---- theirs ---- */

static void their_protect(char *p, size_t len, int prot)
{
    if (mprotect(p, len, prot) != 0)
        bench_stop("mprotect");
}

static void their_discard(char *p, size_t len)
{
    if (mmap(p, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED, -1, 0) !=
        p)
        bench_stop("mmap");
}

static void their_prepare(void *ctx, unsigned round)
{
    const struct area *a = ctx;
    for (size_t i = 0; i < a->n_slots && a->before != FRESH; i++) {
        their_protect(slot(a, round, i), a->len, PROT_READ | PROT_WRITE);
        if (a->before >= TOUCHED)
            touch(slot(a, round, i), a->len);
        if (a->before == READONLY)
            their_protect(slot(a, round, i), a->len, PROT_READ);
        if (a->before == AGAIN)
            their_discard(slot(a, round, i), a->len);
    }
}

static void their_run(void *ctx, unsigned round, size_t n)
{
    const struct area *a = ctx;
    for (size_t i = 0; i < n; i++) {
        char *p = slot(a, round, i);
        if (a->action == DECOMMIT)
            their_discard(p, a->len);
        else
            their_protect(p, a->len, a->action == PROTECT_RO ? PROT_READ : PROT_READ | PROT_WRITE);
    }
}

static void their_clean(void *ctx, unsigned round)
{
    const struct area *a = ctx;
    if (a->action != DECOMMIT)
        their_discard(slot(a, round, 0), a->n_slots * a->stride);
}

/* ---- the table ---- */

#define ROUNDS 31

/* A mapping in which some page was in use before, one for all cases. */
static char *their_mapping(size_t len)
{
    static char *mapping;
    static size_t mapped;
    if (len <= mapped)
        return mapping;
    char *p = mmap(NULL, len, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    if (p == MAP_FAILED)
        bench_stop("mmap");
    their_protect(p, PAGE, PROT_READ | PROT_WRITE);
    *(volatile char *)p = 1;
    madvise(p, PAGE, MADV_DONTNEED);
    their_protect(p, PAGE, PROT_NONE);
    mapping = p;
    mapped = len;
    return p;
}

static void run_case(const char *what, size_t len, enum before before, enum action action)
{
    char name[96];
    struct area ours = {.len = len,
                        .stride = 2 * len > 128 * KIB ? 2 * len : 128 * KIB,
                        .n_slots = len >= MIB ? 64 : 128,
                        .before = before,
                        .action = action};
    struct area theirs = ours;
    size_t total = (ROUNDS + 1) * ours.n_slots * ours.stride;
    ours.base = bench_alloc(NULL, total, MEM_RESERVE, PAGE_NOACCESS);
    theirs.base = their_mapping(total);
    snprintf(name, sizeof name, "%s, %zu KiB : %s", what, len / KIB,
             action == DECOMMIT ? "MAP_FIXED" : "mprotect");
    bench_pair(&(struct bench_pair){
        .name = name,
        .limit = 1.25,
        .rounds = ROUNDS,
        .ours = {our_prepare, our_run, our_clean, &ours, ours.n_slots},
        .theirs = {their_prepare, their_run, their_clean, &theirs, theirs.n_slots}});
    bench_free(ours.base, 0, MEM_RELEASE);
}

void bench_runs(void)
{
    static const size_t lens[] = {PAGE, 16 * PAGE, MIB};
    their_mapping((ROUNDS + 1) * 128 * MIB);
    bench_alloc(NULL, GRANULE, MEM_RESERVE, PAGE_NOACCESS);
    for (size_t i = 0; i < sizeof lens / sizeof lens[0]; i++) {
        run_case("commit", lens[i], FRESH, COMMIT);
        run_case("commit again", lens[i], AGAIN, COMMIT);
        run_case("decommit, untouched", lens[i], COMMITTED, DECOMMIT);
        run_case("decommit, touched", lens[i], TOUCHED, DECOMMIT);
        run_case("protect read-only, untouched", lens[i], COMMITTED, PROTECT_RO);
        run_case("protect read-only, touched", lens[i], TOUCHED, PROTECT_RO);
        run_case("protect writable again, touched", lens[i], READONLY, PROTECT_RW);
    }
}
