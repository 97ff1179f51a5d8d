/* What Windows answers about placeholders, as the specification has it.
 *
 * The range of such a step is literal when the low bits of its type are 0. Else, since only exact
 * ranges succeed, it is made from what lies at or behind its address: so many allocations from a
 * placeholder on (REPLACE, COALESCE), what replaced a placeholder (PRESERVE 1), a part of a
 * placeholder (PRESERVE 2). */
#include "model.h"

#define N_ALLOCATIONS 15u /* mask */

static uint32_t lo_of(const struct step *s)
{
    return s->at / PAGE;
}

static uint32_t hi_of(const struct step *s)
{
    return (s->at + s->size + PAGE - 1) / PAGE;
}

static uint32_t end_of(uint32_t i)
{
    uint32_t end = i;
    while (end < N_PAGES && oracle[end].owner == oracle[i].owner)
        end++;
    return end;
}

/* The first page of this kind from page i on, round the window's end; N_PAGES: none. */
static uint32_t next_of(uint32_t i, uint8_t kind)
{
    for (uint32_t k = 0; k < N_PAGES; k++)
        if (oracle[(i + k) % N_PAGES].kind == kind)
            return (i + k) % N_PAGES;
    return N_PAGES;
}

void placeholder_resolve(struct step *s)
{
    uint32_t n = s->type & N_ALLOCATIONS;
    bool back = s->kind == STEP_PRESERVE && n == 1;
    uint32_t lo = next_of(lo_of(s), back ? KIND_REPLACED : KIND_PLACEHOLDER), hi;
    s->type &= ~N_ALLOCATIONS;
    if (!n || lo == N_PAGES)
        return;
    for (hi = lo = oracle[lo].owner - 1; n && hi < N_PAGES && oracle[hi].owner; n--)
        hi = end_of(hi);
    if (s->kind == STEP_PRESERVE && !back) { /* a part */
        uint32_t most = (end_of(lo) - lo) / 2, pages = hi_of(s) - lo_of(s);
        lo += most / 2;
        hi = lo + (pages < most ? pages : most);
    }
    s->at = lo * PAGE;
    s->size = (hi - lo) * PAGE;
}

static bool is_exact(uint32_t lo, uint32_t hi)
{
    return oracle[lo].owner == lo + 1 && end_of(lo) == hi;
}

static uint32_t replace_error(uint32_t lo, uint32_t hi)
{
    return oracle[lo].kind == KIND_PLACEHOLDER && is_exact(lo, hi) ? 0 : ERROR_INVALID_ADDRESS;
}

/* Exactly what is no placeholder, or a true part of what is one. */
static uint32_t preserve_error(uint32_t lo, uint32_t hi)
{
    bool part = oracle[lo].kind == KIND_PLACEHOLDER;
    bool good = part ? hi <= end_of(lo) && !is_exact(lo, hi)
                     : oracle[lo].kind == KIND_REPLACED && is_exact(lo, hi);
    return good && oracle[lo].owner ? 0 : ERROR_INVALID_ADDRESS;
}

static uint32_t coalesce_error(uint32_t lo, uint32_t hi)
{
    uint32_t n = 0, i = lo;
    while (i < hi && oracle[i].kind == KIND_PLACEHOLDER && oracle[i].owner == i + 1) {
        i = end_of(i);
        n++;
    }
    return i == hi && n > 1 ? 0 : ERROR_INVALID_ADDRESS;
}

uint32_t placeholder_error(const struct step *s)
{
    uint32_t lo = lo_of(s), hi = hi_of(s);
    if (s->size == 0)
        return ERROR_INVALID_PARAMETER;
    if (s->kind == STEP_REPLACE)
        return replace_error(lo, hi);
    return s->kind == STEP_PRESERVE ? preserve_error(lo, hi) : coalesce_error(lo, hi);
}

static void set(uint32_t lo, uint32_t hi, struct page p)
{
    p.owner = lo + 1;
    for (uint32_t i = lo; i < hi; i++)
        oracle[i] = p;
}

void placeholder_apply(const struct step *s)
{
    uint32_t lo = lo_of(s), hi = hi_of(s), end = end_of(lo);
    struct page placeholder = {.kind = KIND_PLACEHOLDER, .aprot = PAGE_NOACCESS};
    struct page replaced = {
        .kind = KIND_REPLACED, .aprot = s->prot, .prot = s->type & MEM_COMMIT ? s->prot : 0};
    if (s->kind == STEP_PRESERVE && hi < end)
        set(hi, end, placeholder);
    set(lo, hi, s->kind == STEP_REPLACE ? replaced : placeholder);
}
