/* Random steps with placeholders against a plain model, with each capability switched off. */
#include <string.h>

#include "space/t/placeholder_unit.h"

enum { N = 48 };

/* What each page is and where its allocation begins. */
static struct {
    char kind[N];      /* as in the pictures */
    uint8_t start[N];
    uint64_t word[N];
} model;

static unsigned alloc_end(unsigned at)
{
    unsigned end = at;
    while (end < N && model.kind[end] != ' ' && model.start[end] == model.start[at])
        end++;
    return end;
}

static void model_set(unsigned lo, unsigned hi, char kind, unsigned start)
{
    for (unsigned i = lo; i < hi; i++) {
        model.kind[i] = kind;
        model.start[i] = start;
        model.word[i] = 0;
    }
}

static wvm_status model_preserve(unsigned lo, unsigned hi)
{
    if (model.kind[lo] == ' ')
        return STATUS_MEMORY_NOT_ALLOCATED;
    unsigned start = model.start[lo], end = alloc_end(lo);
    bool whole = lo == start && hi == end, split = model.kind[lo] == '.';
    if (hi > end || whole == split)
        return CONFLICT;
    if (hi < end && split)
        model_set(hi, end, '.', hi);
    model_set(lo, hi, '.', lo);
    return STATUS_SUCCESS;
}

static wvm_status model_coalesce(unsigned lo, unsigned hi)
{
    unsigned n = 0;
    for (unsigned p = lo; p < hi; n++) {
        if (model.kind[p] != '.' || model.start[p] != p || alloc_end(p) > hi)
            return CONFLICT;
        p = alloc_end(p);
    }
    if (n < 2)
        return CONFLICT;
    model_set(lo, hi, '.', lo);
    return STATUS_SUCCESS;
}

static wvm_status model_replace(unsigned lo, unsigned hi, char kind)
{
    if (model.kind[lo] != '.' || model.start[lo] != lo || alloc_end(lo) != hi)
        return CONFLICT;
    model_set(lo, hi, kind, lo);
    return STATUS_SUCCESS;
}

static wvm_status model_release(unsigned lo, unsigned hi)
{
    if (model.kind[lo] == ' ')
        return STATUS_MEMORY_NOT_ALLOCATED;
    unsigned end = alloc_end(lo);
    if (hi > end)
        return STATUS_UNABLE_TO_FREE_VM;
    for (unsigned i = hi; i < end; i++)
        model.start[i] = hi;
    model_set(lo, hi, ' ', 0);
    return STATUS_SUCCESS;
}

static wvm_status model_commit(unsigned lo, unsigned hi)
{
    if (model.kind[lo] == ' ' || model.kind[lo] == '.' || hi > alloc_end(lo))
        return CONFLICT;
    for (unsigned i = lo; i < hi; i++)
        model.kind[i] = 'w';
    return STATUS_SUCCESS;
}

static void compare(uint64_t seed, unsigned round)
{
    char want[3 * N + 1], got[3 * N + 1], *o = want;
    uint64_t word;
    for (unsigned i = 0; i < N; i++) {
        if (model.kind[i] != ' ' && model.start[i] == i)
            *o++ = '[';
        *o++ = model.kind[i];
        if (model.kind[i] != ' ' && alloc_end(i) == i + 1)
            *o++ = ']';
    }
    *o = '\0';
    draw(N, got);
    ck_assert_msg(strcmp(want, got) == 0, "seed %lu round %u:\nwant %s\ngot  %s",
                  (unsigned long)seed, round, want, got);
    for (unsigned i = 0; i < N; i++)
        if (model.kind[i] == 'w' && (!unit_read(page(i), &word) || word != model.word[i]))
            ck_abort_msg("contents of page %u", i);
}

static uint64_t next_random(uint64_t *state)
{
    *state = *state * 6364136223846793005u + 1442695040888963407u;
    return *state >> 33;
}

/* A range that often is a whole allocation, or several. */
static void choose(uint64_t *state, unsigned *lo, unsigned *hi)
{
    *lo = next_random(state) % N;
    if (next_random(state) % 2 && model.kind[*lo] != ' ')
        *lo = model.start[*lo];
    *hi = *lo + 1 + next_random(state) % (N - *lo);
    if (next_random(state) % 4 && model.kind[*lo] != ' ')
        *hi = alloc_end(*lo);
    if (next_random(state) % 4 == 0 && *hi < N && model.kind[*hi] != ' ')
        *hi = alloc_end(*hi);
}

static void step(uint64_t *state)
{
    unsigned lo, hi, what = next_random(state) % 16;
    choose(state, &lo, &hi);
    if (what < 5) {
        ck_assert_int_eq(preserve(lo, hi), model_preserve(lo, hi));
    } else if (what < 8) {
        ck_assert_int_eq(coalesce(lo, hi), model_coalesce(lo, hi));
    } else if (what < 12) {
        bool commit = what < 11;
        ck_assert_int_eq(replace(lo, hi, commit ? WVM_ATTR_RW : NO_COMMIT(WVM_ATTR_RW), 0),
                         model_replace(lo, hi, commit ? 'w' : '-'));
    } else if (what < 13) {
        ck_assert_int_eq(release(lo, hi), model_release(lo, hi));
    } else if (what < 14) {
        ck_assert_int_eq(wvm_space_commit(SP, page(lo), page(hi), WVM_ATTR_RW),
                         model_commit(lo, hi));
    } else {
        for (unsigned i = lo; i < hi; i++)
            if (model.kind[i] == 'w')
                ck_assert(unit_write(page(i), model.word[i] = next_random(state)));
    }
}

START_TEST(random_steps)
{
    unit_set_up(_i);
    for (uint64_t seed = 1; seed <= 12; seed++) {
        uint64_t state = seed * 7919;
        A = placeholder(N);
        model_set(0, N, '.', 0);
        for (unsigned round = 0; round < 150; round++) {
            step(&state);
            compare(seed, round);
            if (round % 8 == 0)
                unit_audit();
        }
        for (unsigned i = 0; i < N; i++)
            if (model.kind[i] != ' ' && model.start[i] == i)
                WORKS(release(i, i));
        expect("                                                ");
    }
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("space-placeholder-random", 60, &tc);
    tcase_add_loop_test(tc, random_steps, 0, N_CAPS);
    return unit_run(suite);
}
