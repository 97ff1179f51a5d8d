/* What the tests of the pool calls share: bug checks that are noted instead of ending the program,
 * exceptions that become their code. */
#ifndef WVM_NT_T_POOL_UNIT_H
#define WVM_NT_T_POOL_UNIT_H

#include <stdbool.h>
#include <string.h>

#include <winvm/excpt.h>
#include <winvm/pool.h>
#include <winvm/wdm.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"

#define TAG 0x74736554u /* "Test" */

static struct {
    unsigned n;
    uint32_t code;
    uintptr_t p[4];
} bug;

static inline void note_bug(uint32_t code, const uintptr_t parameter[4], void *arg)
{
    (void)arg;
    bug.n++;
    bug.code = code;
    memcpy(bug.p, parameter, sizeof bug.p);
}

/* One bug check happened since the last question, with this code and these parameters. */
#define ck_bug(want_code, p1, p2, p3, p4)                  \
    do {                                                   \
        ck_assert_uint_eq(bug.n, 1);                       \
        ck_assert_uint_eq(bug.code, want_code);            \
        ck_assert_uint_eq(bug.p[0], (uintptr_t)(p1));      \
        ck_assert_uint_eq(bug.p[1], (uintptr_t)(p2));      \
        ck_assert_uint_eq(bug.p[2], (uintptr_t)(p3));      \
        ck_assert_uint_eq(bug.p[3], (uintptr_t)(p4));      \
        bug.n = 0;                                         \
    } while (0)
#define ck_no_bug() ck_assert_uint_eq(bug.n, 0)

/* code: of the exception that the expression raises, 0: none. Its value goes to `out`. */
#define RAISED(code, out, expression)                      \
    {                                                      \
        code = 0;                                          \
        WINVM_TRY                                          \
        {                                                  \
            out = (expression);                            \
        }                                                  \
        WINVM_EXCEPT(EXCEPTION_EXECUTE_HANDLER)            \
        {                                                  \
            code = (uint32_t)GetExceptionCode();           \
        }                                                  \
        WINVM_END                                          \
    }

static inline void pool_setup(void)
{
    memset(&bug, 0, sizeof bug);
    winvm_set_bug_check_callback(note_bug, NULL);
}

/* Each of the n bytes at p is c. */
static inline bool is_filled(const void *p, size_t n, unsigned char c)
{
    for (size_t i = 0; i < n; i++)
        if (((const unsigned char *)p)[i] != c)
            return false;
    return true;
}

#endif
