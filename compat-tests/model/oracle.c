/* What Windows answers, on a flat array of pages: as the specification has it.
 *
 * I1  Written for being obvious, not fast: every rule is a loop over pages.
 * I2  oracle_expect() reads only; oracle_apply() is called for steps that succeeded. */
#include "model.h"

#include <string.h>

struct page oracles[N_WINDOWS][N_PAGES];
struct page *oracle = oracles[0];
static uint64_t next_tag = 1;

void oracle_choose(const struct step *s)
{
    oracle = oracles[s->where];
}

uint64_t oracle_committed(unsigned which)
{
    uint64_t bytes = 0;
    for (unsigned i = 0; i < N_PAGES; i++)
        bytes += oracles[which][i].prot ? PAGE : 0;
    return bytes;
}

#define STICKY (PAGE_NOCACHE | PAGE_WRITECOMBINE)

struct span { uint32_t lo, hi; };

static struct span span_of(const struct step *s)
{
    return (struct span){s->at / PAGE, (s->at + s->size + PAGE - 1) / PAGE};
}

static bool is_legal_prot(uint32_t prot)
{
    static const uint16_t modifiers[] = {0, PAGE_GUARD, PAGE_NOCACHE, PAGE_WRITECOMBINE};
    static const uint8_t access[] = {
        PAGE_READONLY, PAGE_READWRITE, PAGE_EXECUTE, PAGE_EXECUTE_READ, PAGE_EXECUTE_READWRITE,
    };
    if (prot == PAGE_NOACCESS)
        return true;
    for (unsigned i = 0; i < sizeof access; i++)
        for (unsigned k = 0; k < 4; k++)
            if (prot == (uint32_t)(access[i] | modifiers[k]))
                return true;
    return false;
}

static bool is_legal_type(uint32_t type)
{
    if (type == MEM_RESET || type == MEM_RESET_UNDO)
        return true;
    return type & (MEM_COMMIT | MEM_RESERVE) &&
           !(type & ~(MEM_COMMIT | MEM_RESERVE | MEM_TOP_DOWN));
}

bool oracle_readable(const struct page *p)
{
    return p->prot && !(p->prot & (PAGE_NOACCESS | PAGE_GUARD));
}

bool oracle_writable(const struct page *p)
{
    return oracle_readable(p) && p->prot & (PAGE_READWRITE | PAGE_EXECUTE_READWRITE);
}

unsigned oracle_run_end(unsigned i)
{
    unsigned end = i + 1;
    while (end < N_PAGES && oracle[end].owner == oracle[i].owner &&
           oracle[end].prot == oracle[i].prot)
        end++;
    return end;
}

/* Pages [lo, hi) belong to the allocation of lo. */
static bool is_one_allocation(struct span p)
{
    for (uint32_t i = p.lo; i < p.hi; i++)
        if (i >= N_PAGES || !oracle[i].owner || oracle[i].owner != oracle[p.lo].owner)
            return false;
    return true;
}

static void fail(struct answer *out, uint32_t error)
{
    out->ok = false;
    out->error = error;
}

/* ---- expecting ---- */

static void expect_reserve(const struct step *s, struct answer *out)
{
    struct span p = span_of(s);
    p.lo -= p.lo % PAGES_PER_GRANULE;
    for (uint32_t i = p.lo; i < p.hi; i++)
        if (oracle[i].owner)
            fail(out, ERROR_INVALID_ADDRESS);
    if (s->where && !s->by_handle) /* a space's addresses are its own */
        fail(out, ERROR_INVALID_ADDRESS);
    out->start = p.lo * PAGE;
}

/* Only a small space can be too full; what follows its window is always free. */
static void expect_anywhere(const struct step *s, struct answer *out)
{
    struct span p = span_of(s);
    uint32_t free = 0, most = 0;
    for (uint32_t g = 0; g < N_PAGES + SMALL_REST; g += PAGES_PER_GRANULE) {
        bool used = false;
        for (uint32_t i = g; i < g + PAGES_PER_GRANULE && i < N_PAGES; i++)
            used |= oracle[i].owner != 0;
        free = used ? 0 : free + PAGES_PER_GRANULE;
        most = free > most ? free : most;
    }
    if (s->where == SMALL_WINDOW && p.hi - p.lo > most)
        fail(out, ERROR_NOT_ENOUGH_MEMORY);
}

static void expect_undo(struct span p, struct answer *out)
{
    for (uint32_t i = p.lo; i < p.hi; i++)
        if (oracle[i].reset && !oracle[i].tag)
            out->may_fail = true;
}

static void expect_alloc(const struct step *s, struct answer *out)
{
    struct span p = span_of(s);
    if (s->size == 0 || !is_legal_type(s->type) || !is_legal_prot(s->prot)) {
        fail(out, ERROR_INVALID_PARAMETER);
        return;
    }
    if (s->kind == STEP_ANYWHERE) {
        expect_anywhere(s, out);
        return;
    }
    if (s->type & MEM_RESERVE) {
        expect_reserve(s, out);
        return;
    }
    out->start = p.lo * PAGE;
    if (!is_one_allocation(p) ||
        (s->type & MEM_COMMIT && oracle[p.lo].kind == KIND_PLACEHOLDER))
        fail(out, ERROR_INVALID_ADDRESS);
    else if (s->type == MEM_RESET_UNDO)
        expect_undo(p, out);
}

static uint32_t free_status(const struct step *s, struct span *p)
{
    if (!oracle[p->lo].owner)
        return (uint32_t)STATUS_MEMORY_NOT_ALLOCATED;
    if (s->size == 0) {
        if (oracle[p->lo].owner != p->lo + 1)
            return (uint32_t)STATUS_FREE_VM_NOT_AT_BASE;
        for (p->hi = p->lo; p->hi < N_PAGES && oracle[p->hi].owner == p->lo + 1;)
            p->hi++;
    }
    return is_one_allocation(*p) ? 0 : (uint32_t)STATUS_UNABLE_TO_FREE_VM;
}

static void expect_free(const struct step *s, struct answer *out)
{
    struct span p = span_of(s);
    uint32_t status = free_status(s, &p);
    if (s->type != MEM_DECOMMIT && s->type != MEM_RELEASE)
        status = (uint32_t)STATUS_INVALID_PARAMETER_4;
    else if (s->kind == STEP_FREE && s->type == MEM_RELEASE && s->size)
        status = (uint32_t)STATUS_INVALID_PARAMETER_3;
    out->start = p.lo * PAGE;
    out->size = s->type == MEM_DECOMMIT && s->size == 0 ? 0 : (p.hi - p.lo) * PAGE;
    if (status)
        fail(out, s->kind == STEP_NT_FREE ? status : RtlNtStatusToDosError((NTSTATUS)status));
}

static void expect_protect(const struct step *s, struct answer *out)
{
    struct span p = span_of(s);
    if (s->size == 0 || !is_legal_prot(s->prot)) {
        fail(out, ERROR_INVALID_PARAMETER);
        return;
    }
    if (!is_one_allocation(p))
        fail(out, ERROR_INVALID_ADDRESS);
    for (uint32_t i = p.lo; out->ok && i < p.hi; i++)
        if (!oracle[i].prot)
            fail(out, ERROR_INVALID_ADDRESS);
    out->old = oracle[p.lo].prot;
}

static void expect_lock(const struct step *s, struct answer *out)
{
    struct span p = span_of(s);
    bool unlock = s->kind == STEP_UNLOCK;
    for (uint32_t i = p.lo; i < p.hi && out->ok; i++) {
        if (unlock ? oracle[i].locked : oracle_readable(&oracle[i]))
            continue;
        out->guard = i;
        fail(out, unlock                          ? ERROR_NOT_LOCKED
                  : oracle[i].prot & PAGE_GUARD ? (uint32_t)EXCEPTION_GUARD_PAGE
                                                : ERROR_NOACCESS);
    }
    if (s->size == 0)
        fail(out, ERROR_INVALID_PARAMETER);
}

/* A placeholder is made like a reservation. */
static void expect_placeholder(const struct step *s, struct answer *out)
{
    out->start = s->at / PAGE * PAGE;
    uint32_t error = placeholder_error(s);
    if (s->kind == STEP_REPLACE && !is_legal_prot(s->prot))
        error = ERROR_INVALID_PARAMETER;
    if (error)
        fail(out, error);
}

uint32_t oracle_touch(const struct page *p)
{
    if (p->prot & PAGE_GUARD)
        return EXCEPTION_GUARD_PAGE;
    return oracle_readable(p) ? 0 : EXCEPTION_ACCESS_VIOLATION;
}

void oracle_expect(const struct step *s, struct answer *out)
{
    *out = (struct answer){.ok = true};
    switch (s->kind) {
    case STEP_ALLOC:
    case STEP_ANYWHERE:
    case STEP_PLACEHOLDER:
        expect_alloc(s, out);
        break;
    case STEP_REPLACE:
    case STEP_PRESERVE:
    case STEP_COALESCE:
        expect_placeholder(s, out);
        break;
    case STEP_FREE:
    case STEP_NT_FREE:
        expect_free(s, out);
        break;
    case STEP_PROTECT:
        expect_protect(s, out);
        break;
    case STEP_LOCK:
    case STEP_UNLOCK:
        expect_lock(s, out);
        break;
    case STEP_WRITE:
    case STEP_TOUCH:
    case STEP_RENEW:
    case STEP_FORK:
    case N_STEP_KINDS:
        break;
    }
}

/* ---- applying ---- */

static void apply_reserve(struct span p, const struct step *s)
{
    for (uint32_t i = p.lo; i < p.hi; i++)
        oracle[i] = (struct page){
            .owner = p.lo + 1, .aprot = s->prot, .prot = s->type & MEM_COMMIT ? s->prot : 0,
            .kind = s->kind == STEP_PLACEHOLDER ? KIND_PLACEHOLDER : KIND_PLAIN,
        };
}

static void apply_alloc(struct span p, const struct step *s)
{
    if (s->type & MEM_RESERVE) {
        p.lo -= p.lo % PAGES_PER_GRANULE;
        apply_reserve(p, s);
        return;
    }
    for (uint32_t i = p.lo; i < p.hi; i++) {
        struct page *pg = &oracle[i];
        if (s->type & MEM_COMMIT)
            pg->prot = s->prot;
        else if (s->type == MEM_RESET)
            pg->reset |= pg->prot && !pg->locked;
        else
            pg->reset = false;
    }
}

static void apply_free(struct span p, const struct step *s)
{
    uint16_t owner = oracle[p.lo].owner;
    if (s->size == 0)
        for (p.hi = p.lo; p.hi < N_PAGES && oracle[p.hi].owner == owner;)
            p.hi++;
    for (uint32_t i = p.lo; i < p.hi; i++)
        oracle[i] = s->type == MEM_RELEASE
                        ? (struct page){0}
                        : (struct page){.owner = owner, .aprot = oracle[i].aprot,
                                        .kind = oracle[i].kind};
    if (s->type == MEM_RELEASE)
        for (uint32_t i = p.hi; i < N_PAGES && oracle[i].owner == owner; i++)
            oracle[i].owner = p.hi + 1;
}

static void apply_write(struct span p)
{
    for (uint32_t i = p.lo; i < p.hi && i < N_PAGES; i++)
        if (oracle_writable(&oracle[i])) {
            oracle[i].tag = next_tag++;
            oracle[i].reset = false;
        }
}

void oracle_apply(const struct step *s, uint32_t placed)
{
    struct span p = span_of(s);
    switch (s->kind) {
    case STEP_ALLOC:
    case STEP_PLACEHOLDER:
        apply_alloc(p, s);
        break;
    case STEP_REPLACE:
    case STEP_PRESERVE:
    case STEP_COALESCE:
        placeholder_apply(s);
        break;
    case STEP_ANYWHERE:
        apply_reserve((struct span){placed, placed + p.hi - p.lo}, s);
        break;
    case STEP_FREE:
    case STEP_NT_FREE:
        apply_free(p, s);
        break;
    case STEP_PROTECT:
        for (uint32_t i = p.lo; i < p.hi; i++)
            oracle[i].prot = (s->prot & ~STICKY) | (oracle[i].prot & STICKY);
        break;
    case STEP_LOCK:
    case STEP_UNLOCK:
        for (uint32_t i = p.lo; i < p.hi; i++)
            oracle[i].locked = s->kind == STEP_LOCK;
        break;
    case STEP_WRITE:
        apply_write(p);
        break;
    case STEP_TOUCH:
        for (uint32_t i = p.lo; i < p.hi; i++)
            oracle[i].prot &= ~PAGE_GUARD;
        break;
    case STEP_RENEW:
        memset(oracle, 0, sizeof oracles[0]);
        break;
    case STEP_FORK: /* locks are not inherited */
        for (uint32_t i = 0; i < N_WINDOWS * N_PAGES; i++)
            oracles[i / N_PAGES][i % N_PAGES].locked = false;
        break;
    case N_STEP_KINDS:
        break;
    }
}
