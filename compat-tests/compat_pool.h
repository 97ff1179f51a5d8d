/* Kernel pools for conformance cases.
 *
 * Owns    the numbers of pools, the calls wherever they are, what a bug check said, what a call
 *         raised, and the counters of a tag.
 * Terms   the kernel = ntoskrnl.exe, which Wine loads into any process; Windows does not run it
 *         there, so that a program for Windows checks pools under Wine only.
 *         finding = the code and the four parameters of a bug check.
 * I1      Nothing is taken from an SDK that the specification gives a number or a layout for.
 * I2      A call that the running system lacks ends its case as skipped.
 * Locking: for the main thread. */
#ifndef COMPAT_POOL_H
#define COMPAT_POOL_H

#include "compat_child.h"
#include "compat_hear.h"
#include "compat_section.h"

/* Pool types and what may be added to them. */
#define T_NONPAGED 0
#define T_PAGED 1
#define T_MUST_SUCCEED 2
#define T_NONPAGED_ALIGNED 4
#define T_PAGED_ALIGNED 5
#define T_FAIL 8 /* POOL_QUOTA_FAIL_INSTEAD_OF_RAISE */
#define T_RAISE 16
#define T_NX 512
#define T_NX_ALIGNED 516

/* Flags of ExAllocatePool2 and its kind. */
#define F_QUOTA 0x1ull
#define F_UNINITIALIZED 0x2ull
#define F_SESSION 0x4ull
#define F_ALIGNED 0x8ull
#define F_RAISE 0x20ull
#define F_NONPAGED 0x40ull
#define F_EXECUTE 0x80ull
#define F_PAGED 0x100ull
#define F_RESERVED 0x200ull
#define F_SPECIAL (1ull << 32)

#define PRIORITY_LOW 0
#define PRIORITY_NORMAL 16
#define PRIORITY_HIGH 32
enum { LEVEL_PASSIVE = 0, LEVEL_APC = 1, LEVEL_DISPATCH = 2, LEVEL_HIGH = 15 };

/* A tag as it reads in memory. */
#define TAG(a, b, c, d)                                                                            \
    ((ULONG)(a) | (ULONG)(b) << 8 | (ULONG)(c) << 16 | (ULONG)(d) << 24)
#define TAG_ONE TAG('C', 'o', 'm', '1')

/* Bug checks. */
enum {
    BUG_HEADER = 0x19,   /* BAD_POOL_HEADER */
    BUG_MUST_SUCCEED = 0x41, /* MUST_SUCCEED_POOL_EMPTY */
    BUG_SPECIAL = 0xC1,  /* SPECIAL_POOL_DETECTED_MEMORY_CORRUPTION */
    BUG_CALLER = 0xC2,   /* BAD_POOL_CALLER */
    BUG_POOL = 0xC5,     /* DRIVER_CORRUPTED_EXPOOL */
    BUG_FREED = 0xCC,    /* PAGE_FAULT_IN_FREED_SPECIAL_POOL */
    BUG_BEYOND = 0xCD,   /* PAGE_FAULT_BEYOND_END_OF_ALLOCATION */
    BUG_PAGES = 0xD0,    /* DRIVER_CORRUPTED_MMPOOL */
    BUG_DRIVER_BEYOND = 0xD6,
    BUG_EXECUTE = 0xFC   /* ATTEMPTED_EXECUTE_OF_NOEXECUTE_MEMORY */
};
#define ST_QUOTA_EXCEEDED 0xC0000044u
#define ST_WINE_STUB 0x80000100u
#define ST_DATATYPE_MISALIGNMENT 0x80000002u

enum {
    POOL_UNIT = sizeof(void *) == 8 ? 16 : 8,    /* alignment of small blocks */
    SMALL_MOST = PG - 4 * (int)sizeof(void *)    /* the largest that stays inside a page */
};
/* More than any pool has. */
#define TOO_MUCH ((SIZE_T)1 << (sizeof(void *) * 8 - 1))

/* POOL_EXTENDED_PARAMETER. */
struct compat_extended_parameter {
    uint64_t type : 8, optional : 1, reserved : 55;
    union {
        uint64_t number;
        int priority;
        ULONG node;
        void *secure;
    } value;
};
enum { PARAMETER_PRIORITY = 1, PARAMETER_SECURE = 2, PARAMETER_NODE = 3 };

/* Every call by name: result, name, parameters, arguments. */
#define POOL_CALLS(X)                                                                              \
    X(PVOID, ExAllocatePool, (int t, SIZE_T n), (t, n))                                            \
    X(PVOID, ExAllocatePool2, (uint64_t f, SIZE_T n, ULONG tag), (f, n, tag))                      \
    X(PVOID, ExAllocatePool3, (uint64_t f, SIZE_T n, ULONG tag, const void *e, ULONG n_e),         \
      (f, n, tag, e, n_e))                                                                         \
    X(PVOID, ExAllocatePoolWithTag, (int t, SIZE_T n, ULONG tag), (t, n, tag))                     \
    X(PVOID, ExAllocatePoolWithTagPriority, (int t, SIZE_T n, ULONG tag, int priority),            \
      (t, n, tag, priority))                                                                       \
    X(PVOID, ExAllocatePoolWithQuota, (int t, SIZE_T n), (t, n))                                   \
    X(PVOID, ExAllocatePoolWithQuotaTag, (int t, SIZE_T n, ULONG tag), (t, n, tag))                \
    X(PVOID, ExAllocatePoolZero, (int t, SIZE_T n, ULONG tag), (t, n, tag))                        \
    X(PVOID, ExAllocatePoolUninitialized, (int t, SIZE_T n, ULONG tag), (t, n, tag))               \
    X(PVOID, ExAllocatePoolQuotaZero, (int t, SIZE_T n, ULONG tag), (t, n, tag))                   \
    X(PVOID, ExAllocatePoolPriorityZero, (int t, SIZE_T n, ULONG tag, int priority),               \
      (t, n, tag, priority))                                                                       \
    X(VOID, ExFreePool, (PVOID p), (p))                                                            \
    X(VOID, ExFreePoolWithTag, (PVOID p, ULONG tag), (p, tag))                                     \
    X(VOID, ExFreePool2, (PVOID p, ULONG tag, const void *e, ULONG n_e), (p, tag, e, n_e))         \
    X(SIZE_T, ExQueryPoolBlockSize, (PVOID p, BYTE * charged), (p, charged))                       \
    X(VOID, ProbeForRead, (const volatile void *p, SIZE_T n, ULONG align), (p, n, align))          \
    X(VOID, ProbeForWrite, (volatile void *p, SIZE_T n, ULONG align), (p, n, align))

#ifdef _WIN32
/* A call that Wine names but does not have. */
static LONG CALLBACK on_stub(EXCEPTION_POINTERS *info)
{
    if (info->ExceptionRecord->ExceptionCode != ST_WINE_STUB)
        return EXCEPTION_CONTINUE_SEARCH;
    compat.skipped = "Wine has no such call";
    cpu_go_to(info->ContextRecord, compat_escape, (char *)compat_escape_frame[2] - 1024);
    return EXCEPTION_CONTINUE_EXECUTION;
}

static inline FARPROC kernel_call(const char *name)
{
    static HMODULE kernel;
    FARPROC found = NULL;

    if (!kernel && is_wine()) {
        kernel = LoadLibraryA("ntoskrnl.exe");
        AddVectoredExceptionHandler(1, on_stub);
    }
    if (kernel)
        found = GetProcAddress(kernel, name);
    if (!found) {
        compat.skipped = is_windows() ? "drivers only" : "Wine has no such call";
        compat_escape();
    }
    return found;
}
#define POOL_DEFINE(ret, name, params, args)                                                       \
    static inline ret name params                                                                  \
    {                                                                                              \
        typedef ret(NTAPI *kind) params;                                                           \
        return ((kind)(void *)kernel_call(#name))args;                                             \
    }
POOL_CALLS(POOL_DEFINE)
#elif defined(__WINE_WINBASE_H)
#define POOL_DECLARE(ret, name, params, args) ret NTAPI name params;
POOL_CALLS(POOL_DECLARE)
#else
#include <winvm/wdm.h>
#endif
#ifndef _WIN32
#include <winvm/pool.h>
#endif

/* ---- exceptions that a call raises ---- */

static struct {
    void *frame[5];
    volatile int armed;
    volatile ULONG code;
    volatile ULONG_PTR parameter[2];
} raised;

/* Exceptions that are not to be continued can only be left. */
static void __attribute__((noreturn, noinline, unused)) raised_escape(void)
{
    __builtin_longjmp(raised.frame, 1);
}

static inline LONG CALLBACK on_raise(EXCEPTION_POINTERS *info)
{
    EXCEPTION_RECORD *r = info->ExceptionRecord;

    if (!raised.armed || r->ExceptionCode == ST_WINE_STUB)
        return EXCEPTION_CONTINUE_SEARCH;
    raised.armed = 0;
    raised.code = r->ExceptionCode;
    raised.parameter[0] = r->NumberParameters > 0 ? r->ExceptionInformation[0] : 0;
    raised.parameter[1] = r->NumberParameters > 1 ? r->ExceptionInformation[1] : 0;
    raised_escape();
}

/* The code that the statement raises, 0: none; in raised.code. */
#define catch_raise(statement)                                                                     \
    do {                                                                                           \
        void *raise_handler = AddVectoredExceptionHandler(1, on_raise);                            \
        raised.code = 0;                                                                           \
        raised.armed = 1;                                                                          \
        if (__builtin_setjmp(raised.frame) == 0) {                                                 \
            statement;                                                                             \
        }                                                                                          \
        raised.armed = 0;                                                                          \
        RemoveVectoredExceptionHandler(raise_handler);                                             \
    } while (0)
#define expect_raise(statement, want)                                                              \
    do {                                                                                           \
        catch_raise(statement);                                                                    \
        ok(raised.code == (want), "%s: got exception 0x%lx, expected 0x%lx", #statement,           \
           (unsigned long)raised.code, (unsigned long)(want));                                     \
    } while (0)
#define expect_no_raise(statement) expect_raise(statement, 0u)

/* ---- interrupt request levels and bug checks: natively only ---- */

#ifdef _WIN32
#define need_kernel() skip_if(1, "a bug check or a level of the kernel itself")
#else
#define need_kernel() ((void)0)
#ifdef __WINE_WINBASE_H
BYTE NTAPI KeGetCurrentIrql(void);
VOID NTAPI KeRaiseIrql(BYTE, BYTE *);
VOID NTAPI KeLowerIrql(BYTE);
VOID NTAPI KeBugCheckEx(ULONG, ULONG_PTR, ULONG_PTR, ULONG_PTR, ULONG_PTR);
#endif
#endif

/* The first finding since hear_bugs, and how many there were. */
static struct {
    unsigned n;
    ULONG code;
    ULONG_PTR parameter[4];
} bug;

static inline void on_bug(uint32_t code, const uintptr_t parameter[4], void *arg)
{
    (void)arg;
    if (bug.n++)
        return;
    bug.code = code;
    memcpy(bug.parameter, parameter, sizeof(bug.parameter));
}

static inline void hear_bugs(void)
{
    memset(&bug, 0, sizeof(bug));
#ifndef _WIN32
    winvm_set_bug_check_callback(on_bug, NULL);
#endif
}

static inline void compat_bug(const char *file, int line, const char *expr, ULONG code,
                              ULONG_PTR first)
{
    compat_check(file, line, bug.n == 1 && bug.code == code && bug.parameter[0] == first,
                 "%s: got %u bug checks, 0x%lx/0x%llx (0x%llx, 0x%llx, 0x%llx), "
                 "expected 0x%lx/0x%llx",
                 expr, bug.n, (unsigned long)bug.code, (unsigned long long)bug.parameter[0],
                 (unsigned long long)bug.parameter[1], (unsigned long long)bug.parameter[2],
                 (unsigned long long)bug.parameter[3], (unsigned long)code,
                 (unsigned long long)first);
}
/* The statement makes one bug check of this code and first parameter; the others are in bug. */
#define expect_bug(statement, code, first)                                                         \
    do {                                                                                           \
        hear_bugs();                                                                               \
        statement;                                                                                 \
        compat_bug(__FILE__, __LINE__, #statement, code, (ULONG_PTR)(first));                      \
    } while (0)
#define expect_no_bug(statement)                                                                   \
    do {                                                                                           \
        hear_bugs();                                                                               \
        statement;                                                                                 \
        ok(bug.n == 0, "%s: bug check 0x%lx/0x%llx", #statement, (unsigned long)bug.code,          \
           (unsigned long long)bug.parameter[0]);                                                  \
    } while (0)

/* ---- processes of their own, which a bug check ends ---- */

/* How the case ends in a new process that has one option more: COMPAT_SURVIVED, or as await_bug
 * says. */
#ifdef _WIN32
static inline ULONG in_process_with(const char *id, const char *option)
{
    (void)option;
    return in_process(id);
}
#else
static inline ULONG in_process_with(const char *id, const char *option)
{
    const char *now = getenv("WINVM_OPTIONS");
    char old[1024], options[1200];
    ULONG code;

    snprintf(old, sizeof(old), "%s", now ? now : "");
    snprintf(options, sizeof(options), "%s%s%s", old, *old ? ":" : "", option);
    setenv("WINVM_OPTIONS", options, 1);
    code = in_process(id);
    setenv("WINVM_OPTIONS", old, 1);
    return code;
}

static ULONG_PTR bug_first;

static inline void end_with_bug(uint32_t code, const uintptr_t parameter[4], void *arg)
{
    (void)arg;
    if (bug_first && parameter[code == BUG_CALLER] != bug_first)
        end_child(99);
    end_child(code == BUG_SPECIAL  ? (ULONG)parameter[3]
              : code == BUG_CALLER ? (ULONG)parameter[0]
                                   : code);
}
#endif

/* In the child: the next bug check ends it, with the sub-code of C1 and C2 and the code of others;
 * with 99 where the address or number that it is about is not `about`. 0: whatever it is. */
static inline void await_bug(ULONG_PTR about)
{
#ifdef _WIN32
    (void)about;
#else
    bug_first = about;
    winvm_set_bug_check_callback(end_with_bug, NULL);
#endif
}

/* In the child: it ends here with the code unless the condition holds. */
static inline void must(int condition, ULONG code)
{
    if (!condition)
        end_child(code);
}
#endif
