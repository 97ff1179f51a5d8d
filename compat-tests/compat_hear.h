/* Exceptions as data: a vectored handler of the case's own that keeps what it is given.
 *
 * Owns    the listener of the running case: its handle, its answer and the records it was given.
 * Use     hear(answer) ... checks ... hear_end(); expect_heard(i, code, kind, address) looks at
 *         the i-th exception since hear().
 * I1      The listener stands before the harness' own handler: an answer of go_on keeps the fault
 *         from ending the touch.
 * I2      One listener at a time; the next hear() takes the place of one that a case left behind.
 * Locking: hear() and hear_end() are for the main thread; exceptions may come on any thread. */
#ifndef COMPAT_HEAR_H
#define COMPAT_HEAR_H

#include "compat_check.h"

enum { HEARD_KEPT = 8 };

static struct {
    void *handle;
    LONG (*answer)(EXCEPTION_POINTERS *);
    unsigned n;
    EXCEPTION_RECORD kept[HEARD_KEPT];
    ULONG_PTR ip[HEARD_KEPT];
} heard;

static inline unsigned heard_now(void)
{
    return __atomic_load_n(&heard.n, __ATOMIC_SEQ_CST);
}

static LONG CALLBACK on_heard(EXCEPTION_POINTERS *info)
{
    unsigned i = __atomic_fetch_add(&heard.n, 1, __ATOMIC_SEQ_CST);

    if (i < HEARD_KEPT) {
        heard.kept[i] = *info->ExceptionRecord;
        heard.ip[i] = (ULONG_PTR)CPU_IP(info->ContextRecord);
    }
    return heard.answer ? heard.answer(info) : EXCEPTION_CONTINUE_SEARCH;
}

/* ---- answers ---- */

static inline LONG go_on(EXCEPTION_POINTERS *info)
{
    (void)info;
    return EXCEPTION_CONTINUE_EXECUTION;
}

/* Leaves the leaf function that faulted, as the harness does for access violations. */
static inline LONG leave_leaf(EXCEPTION_POINTERS *info)
{
    cpu_return(info->ContextRecord);
    return EXCEPTION_CONTINUE_EXECUTION;
}

static inline void hear_end(void)
{
    if (heard.handle)
        ok(RemoveVectoredExceptionHandler(heard.handle) != 0, "the listener was registered");
    heard.handle = NULL;
}

/* From now on every exception is kept, then answered; NULL: left to the next handler. */
static inline void hear(LONG (*answer)(EXCEPTION_POINTERS *))
{
    hear_end();
    memset(&heard, 0, sizeof(heard));
    heard.answer = answer;
    heard.handle = AddVectoredExceptionHandler(1, on_heard);
    ok(heard.handle != NULL, "no vectored handler");
}

/* What every access violation and guard page exception looks like (EX-001, EX-016). */
static inline void compat_heard(const char *file, int line, unsigned i, const struct fault *want)
{
    const EXCEPTION_RECORD *r = &heard.kept[i];

    if (!compat_check(file, line, i < heard_now(), "exception %u: none came", i))
        return;
    compat_check(file, line,
                 r->ExceptionCode == want->code && r->NumberParameters == 2 &&
                     r->ExceptionInformation[0] == want->kind &&
                     r->ExceptionInformation[1] == want->address,
                 "exception %u: got code 0x%lx, %lu parameters, kind %llu at 0x%llx, expected "
                 "0x%lx, 2, kind %llu at 0x%llx",
                 i, (unsigned long)r->ExceptionCode, (unsigned long)r->NumberParameters,
                 (unsigned long long)r->ExceptionInformation[0],
                 (unsigned long long)r->ExceptionInformation[1], (unsigned long)want->code,
                 (unsigned long long)want->kind, (unsigned long long)want->address);
    compat_check(file, line, (ULONG_PTR)r->ExceptionAddress == heard.ip[i],
                 "exception %u: ExceptionAddress %p, instruction pointer 0x%llx", i,
                 r->ExceptionAddress, (unsigned long long)heard.ip[i]);
    compat_check(file, line, r->ExceptionFlags == 0 && r->ExceptionRecord == NULL,
                 "exception %u: flags 0x%lx, record %p, expected none", i,
                 (unsigned long)r->ExceptionFlags, (void *)r->ExceptionRecord);
}
#define expect_heard(i, code, kind, at)                                                            \
    do {                                                                                           \
        struct fault expect_this = {(ULONG)(code), (ULONG_PTR)(kind), (ULONG_PTR)(at), 0};         \
        compat_heard(__FILE__, __LINE__, i, &expect_this);                                         \
    } while (0)
#endif
