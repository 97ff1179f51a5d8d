/* The checks of the conformance harness and the table of cases.
 *
 * Owns    the case table, the state of the running case, and every way to compare.
 * Terms   todo = checks known to fail on the running system; a todo that passes is a failure, so
 *         that a closed gap shows.  broken = an answer that only old Windows releases give.
 * I1      Every failed check prints both compared values, the first COMPAT_PRINTED of a case.
 * Locking: checks are for the main thread. */
#ifndef COMPAT_CHECK_H
#define COMPAT_CHECK_H

#include "compat_fault.h"

enum {
    PG = 0x1000,
    GR = 0x10000,
    COMPAT_CASES = 160,
    COMPAT_RANGES = 32,
    COMPAT_DEADLINE = 150,
    COMPAT_PRINTED = 20
};

struct compat_case {
    const char *id, *what, *want;
    void (*run)(void);
};

struct compat_range {
    ULONG_PTR start, end;
};

static struct compat_case compat_cases[COMPAT_CASES];
static unsigned compat_n_cases;
static struct {
    int failed, todo_failed, todo_passed, n_printed;
    const char *todo, *todo_seen, *skipped;
    struct compat_range ranges[COMPAT_RANGES];
    unsigned n_ranges;
    void (*cleanup)(void); /* before the memory of the case is released; NULL: nothing to do */
} compat;

/* Why a case is not run in this build; NULL: it is. */
#ifdef COMPAT_BASED
static const char *compat_not_run(const char *id)
{
    return based_not_run(id);
}
#else
static const char *compat_not_run(const char *id)
{
    (void)id;
    return NULL;
}
#endif

static inline void compat_add(const char *id, const char *what, const char *want, void (*run)(void))
{
    struct compat_case new_case = {id, what, want, run};

    if (compat_n_cases == COMPAT_CASES)
        abort();
    compat_cases[compat_n_cases++] = new_case;
}

#define CASE(area, number, what, want)                                                             \
    static void case_##area##_##number(void);                                                      \
    static void __attribute__((constructor)) add_##area##_##number(void)                           \
    {                                                                                              \
        compat_add(#area "-" #number, what, want, case_##area##_##number);                         \
    }                                                                                              \
    static void case_##area##_##number(void)

/* ---- checks ---- */

static int __attribute__((format(printf, 4, 5)))
compat_check(const char *file, int line, int pass, const char *format, ...)
{
    va_list args;

    if (compat.todo && pass)
        compat.todo_passed++;
    else if (compat.todo)
        compat.todo_failed++;
    else if (!pass)
        compat.failed++;
    if (!pass && compat.n_printed++ < COMPAT_PRINTED) {
        printf("# %s:%d: %s", file, line, compat.todo ? "todo: " : "");
        va_start(args, format);
        vprintf(format, args);
        va_end(args);
        printf("\n");
    }
    return pass;
}

#define ok(pass, ...) compat_check(__FILE__, __LINE__, !!(pass), __VA_ARGS__)

/* Wraps the next statement or block: its checks are expected to fail when the condition holds. */
#define todo_if(condition, reason)                                                                 \
    for (int todo_once = (compat_todo(condition, reason), 1); todo_once;                           \
         todo_once = 0, compat.todo = NULL)
#define todo_wine(reason) todo_if(is_wine(), "Wine: " reason)
#define todo_wine32(reason) todo_if(is_wine() && is_32bit(), "Wine: " reason)

static inline void compat_todo(int condition, const char *reason)
{
    if (condition)
        compat.todo = compat.todo_seen = reason;
}

#define skip_if(condition, reason)                                                                 \
    do {                                                                                           \
        if (condition) {                                                                           \
            compat.skipped = reason;                                                               \
            return;                                                                                \
        }                                                                                          \
    } while (0)

/* An answer of old Windows releases: true only there. */
#define broken(condition) (is_windows() && (condition))

static inline void compat_equal(const char *file, int line, const char *expr, uint64_t got,
                                uint64_t want)
{
    compat_check(file, line, got == want, "%s: got 0x%llx, expected 0x%llx", expr,
                 (unsigned long long)got, (unsigned long long)want);
}
#define expect_eq(got, want)                                                                       \
    compat_equal(__FILE__, __LINE__, #got, (uint64_t)(got), (uint64_t)(want))
#define expect_ptr(got, want)                                                                      \
    compat_equal(__FILE__, __LINE__, #got, (uint64_t)(uintptr_t)(got), (uint64_t)(uintptr_t)(want))

static inline void compat_one_of(const char *file, int line, const char *expr, ULONG got,
                                 const ULONG *want)
{
    char text[128] = "";
    int found = 0;

    for (unsigned i = 0; want[i] != 0xEEEEEEEEu; i++) {
        found |= got == want[i];
        snprintf(text + strlen(text), sizeof(text) - strlen(text), " %s0x%lx (%lu)", i ? "or " : "",
                 (unsigned long)want[i], (unsigned long)want[i]);
    }
    compat_check(file, line, found, "%s: got 0x%lx (%lu), expected%s", expr, (unsigned long)got,
                 (unsigned long)got, text);
}
/* The status is one of those listed. */
#define expect_status(call, ...)                                                                   \
    compat_one_of(__FILE__, __LINE__, #call, (ULONG)(call),                                        \
                  (const ULONG[]){__VA_ARGS__, 0xEEEEEEEEu})
/* X*: the numbered status of older Windows or the plain one. */
#define expect_parameter(call, number)                                                             \
    expect_status(call, ST_PARAMETER(number), ST_INVALID_PARAMETER)

/* A native call failed with the status and left its variables as they were. */
#define expect_refused(out, at, in_size, ...)                                                      \
    do {                                                                                           \
        struct nt_out refused = out;                                                               \
        expect_status(refused.status, __VA_ARGS__);                                                \
        expect_ptr(refused.base, at);                                                              \
        expect_eq(refused.size, in_size);                                                          \
    } while (0)

/* A native call succeeded and returned this range. */
#define expect_range(out, at, want_size)                                                           \
    do {                                                                                           \
        struct nt_out done = out;                                                                  \
        expect_status(done.status, ST_SUCCESS);                                                    \
        expect_ptr(done.base, at);                                                                 \
        expect_eq(done.size, want_size);                                                           \
    } while (0)

/* The call answers zero and sets one of the last errors listed. */
#define expect_error(call, ...)                                                                    \
    do {                                                                                           \
        SetLastError(0xdeadbeef);                                                                  \
        uint64_t expect_result = (uint64_t)(uintptr_t)(call);                                      \
        ULONG expect_last = GetLastError();                                                        \
        if (ok(expect_result == 0, "%s: got 0x%llx, expected failure", #call,                      \
               (unsigned long long)expect_result))                                                 \
            compat_one_of(__FILE__, __LINE__, "last error of " #call, expect_last,                 \
                          (const ULONG[]){__VA_ARGS__, 0xEEEEEEEEu});                              \
    } while (0)

/* The call answers zero; which last error it sets is not specified, but it sets one. */
#define expect_failure(call)                                                                       \
    do {                                                                                           \
        SetLastError(0xdeadbeef);                                                                  \
        uint64_t expect_result = (uint64_t)(uintptr_t)(call);                                      \
        ok(expect_result == 0 && GetLastError() != 0xdeadbeef,                                     \
           "%s: got 0x%llx with last error 0x%lx, expected failure with some error", #call,        \
           (unsigned long long)expect_result, (unsigned long)GetLastError());                      \
    } while (0)

/* The call answers non-zero and leaves the last error alone (VA-128). */
#define expect_success(call)                                                                       \
    do {                                                                                           \
        SetLastError(0xdeadbeef);                                                                  \
        int expect_true = !!(call);                                                                \
        ok(expect_true &&GetLastError() == 0xdeadbeef,                                             \
           "%s: got %d with last error %lu, expected success and last error untouched", #call,     \
           expect_true, (unsigned long)GetLastError());                                            \
    } while (0)

static inline void compat_faulted(const char *file, int line, const char *expr, struct fault got,
                                  ULONG_PTR kind, const volatile void *address)
{
    compat_check(
        file, line,
        got.code == ST_ACCESS_VIOLATION && got.kind == kind && got.address == (ULONG_PTR)address,
        "%s: got code 0x%lx kind %lu at 0x%llx, expected 0x%lx kind %lu at %p", expr,
        (unsigned long)got.code, (unsigned long)got.kind, (unsigned long long)got.address,
        (unsigned long)ST_ACCESS_VIOLATION, (unsigned long)kind, (void *)(uintptr_t)address);
}
#define expect_fault(touch, kind, address)                                                         \
    compat_faulted(__FILE__, __LINE__, #touch, touch, kind, address)

static inline void compat_no_fault(const char *file, int line, const char *expr, struct fault got)
{
    compat_check(file, line, !got.code, "%s: got code 0x%lx kind %lu at 0x%llx, expected no fault",
                 expr, (unsigned long)got.code, (unsigned long)got.kind,
                 (unsigned long long)got.address);
}
#define expect_no_fault(touch) compat_no_fault(__FILE__, __LINE__, #touch, touch)
#endif
