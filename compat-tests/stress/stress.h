/* What the programs with several threads share: the first thing that went wrong, random numbers,
 * the report of a program that is one case.
 *
 * Signal safety: wrong, is_wrong, next_random. */
#ifndef STRESS_H
#define STRESS_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <winvm/winvm.h>

/* The first thing that went wrong in the running case: one of all files of the program. */
__attribute__((weak)) const char *why;

/* false, for the caller to return. */
static inline bool wrong(const char *text)
{
    const char *none = NULL;
    __atomic_compare_exchange_n(&why, &none, text, false, __ATOMIC_SEQ_CST, __ATOMIC_SEQ_CST);
    return false;
}

static inline bool is_wrong(void)
{
    return __atomic_load_n(&why, __ATOMIC_RELAXED) != NULL;
}

static inline void count(unsigned *n)
{
    __atomic_add_fetch(n, 1, __ATOMIC_RELAXED);
}

static inline uint32_t next_random(uint32_t *state)
{
    uint32_t x = *state;
    x ^= x << 13;
    x ^= x >> 17;
    x ^= x << 5;
    return *state = x;
}

/* Bytes committed. */
static inline uint64_t charge_now(void)
{
    struct winvm_commit_info info;
    winvm_commit_info(&info);
    return info.committed;
}

/* One case, whose audit is a part of it. True: nothing went wrong. */
static inline bool report(unsigned number, const char *name)
{
    if (!is_wrong() && winvm_audit() != 0)
        wrong("winvm_audit found a broken invariant");
    printf("%sok %u - %s\n", why ? "not " : "", number, name);
    if (why)
        printf("# %s\n", why);
    fflush(stdout);
    return !why;
}

#endif
