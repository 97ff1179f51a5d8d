/* Threads that are suspended: how they are run, and where they are put. */
#ifndef WVM_KIT_T_SUSPEND_UNIT_H
#define WVM_KIT_T_SUSPEND_UNIT_H

#include <stdint.h>

#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/annotate.h"
#include "base/t/unit.h"

#if defined(__x86_64__)
#define IP(c) ((c).Rip)
#define SP(c) ((c).Rsp)
#else
#define IP(c) ((c).Eip)
#define SP(c) ((c).Esp)
#endif

static volatile int stop, there; /* the threads shall end; one has got to where it is wanted */

static inline void await_there(void)
{
    while (!there)
        Sleep(1);
}

static inline HANDLE run(LPTHREAD_START_ROUTINE routine, LPVOID argument)
{
    stop = there = 0;
    HANDLE h = CreateThread(NULL, 0, routine, argument, 0, NULL);
    ck_assert_ptr_nonnull(h);
    return h;
}

static inline void finish(HANDLE h, DWORD expected)
{
    DWORD code = expected + 1;
    stop = 1;
    ck_assert_uint_eq(WaitForSingleObject(h, 20000), WAIT_OBJECT_0);
    ck_assert(GetExitCodeThread(h, &code));
    ck_assert_uint_eq(code, expected);
    CloseHandle(h);
}

static inline void resume(HANDLE h)
{
    ck_assert_uint_eq(ResumeThread(h), 1);
}

/* Suspends it, and tells where it is. */
static inline void stop_at(HANDLE h, CONTEXT *c)
{
    ck_assert_uint_eq(SuspendThread(h), 0);
    c->ContextFlags = CONTEXT_CONTROL;
    ck_assert(GetThreadContext(h, c));
}

static __attribute__((noreturn)) WVM_ANY_STACK void elsewhere(void)
{
    ExitThread(77);
}

/* Who goes on there ends with 77. */
static inline void move_elsewhere(HANDLE h, CONTEXT *c)
{
    IP(*c) = (uintptr_t)elsewhere;
    SP(*c) = ((SP(*c) - 4096) & ~(uintptr_t)15) - sizeof(void *);
    ck_assert(SetThreadContext(h, c));
}

#endif
