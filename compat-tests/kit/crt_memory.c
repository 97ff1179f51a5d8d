/* Memory and stacks by the headers of Windows' C run time on the compat path, in C and C++: the
 * guard page of a stack after overflows, handlers for want of memory. Ends with 0, or names what
 * fails. */
#include <malloc.h>
#include <new.h>
#include <setjmp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <ucontext.h>
#include <windows.h>
#include <winternl.h>

#include "crt_check.h"

/* ---- stacks ---- */

enum { OVERFLOWS = 3 };
static jmp_buf way_back;
static int n_overflows, n_others;
static ucontext_t outer, inner;
static INITIAL_TEB stack;

static LONG WINAPI at_overflow(PEXCEPTION_POINTERS e)
{
    if (e->ExceptionRecord->ExceptionCode != EXCEPTION_STACK_OVERFLOW) {
        n_others++;
        return EXCEPTION_CONTINUE_SEARCH;
    }
    n_overflows++;
    longjmp(way_back, 1);
}

static __attribute__((__noinline__)) unsigned deeper(unsigned n)
{
    volatile char frame[1000];
    frame[n % sizeof(frame)] = (char)n;
    return n == 0 ? 0 : deeper(n - 1) + (unsigned)frame[n % sizeof(frame)];
}

/* Each overflow is told as one, not as a violation: the guard page is back. */
static void overflow_again_and_again(void)
{
    volatile int i;
    CHECK(_resetstkoflw() == 1); /* nothing is wrong */
    for (i = 0; i < OVERFLOWS; i++) {
        if (_setjmp(way_back) == 0) {
            deeper(1000000);
            CHECK(!"an end of the stack");
        }
        CHECK(n_overflows == i + 1 && n_others == 0);
        CHECK(_resetstkoflw() == 1);
    }
}

/* lowest <- reserved -> [guard][...committed...] highest */
static unsigned long guards(void)
{
    MEMORY_BASIC_INFORMATION m;
    const char *at = (const char *)stack.DeallocationStack;
    unsigned long n = 0;
    for (; at < (const char *)stack.StackBase; at = (const char *)m.BaseAddress + m.RegionSize) {
        CHECK(VirtualQuery(at, &m, sizeof(m)) != 0);
        if (at == (const char *)stack.DeallocationStack) CHECK(m.State == MEM_RESERVE);
        if (m.Protect & PAGE_GUARD) n += (unsigned long)(m.RegionSize >> 12);
    }
    return n;
}

static void on_grown_stack(void)
{
    overflow_again_and_again();
    CHECK(guards() == 1);
}

static void with_guarantee(void)
{
    ULONG kept = 64 << 10;
    CHECK(SetThreadStackGuarantee(&kept));
    overflow_again_and_again();
    CHECK(guards() == 1);
}

/* Too little is left below the caller: nothing changes. */
static __attribute__((__noinline__)) int reset_at_the_end(char *low)
{
    volatile char *frame = (volatile char *)__builtin_alloca(
        (size_t)((char *)__builtin_frame_address(0) - low) - 16000);
    int was;
    frame[0] = 1;
    was = _resetstkoflw();
    return was + frame[0] - 1;
}
static void too_low(void)
{
    if (_setjmp(way_back) == 0) deeper(1000000);
    CHECK(reset_at_the_end((char *)stack.DeallocationStack) == 0 && guards() == 0);
    CHECK(_resetstkoflw() == 1 && guards() == 1);
}

static void on_stack(void (*run)(void))
{
    CHECK(RtlCreateUserStack(16 << 10, 256 << 10, 0, 1, 1, &stack) == 0);
    getcontext(&inner);
    inner.uc_stack.ss_sp = stack.DeallocationStack;
    inner.uc_stack.ss_size =
        (size_t)((char *)stack.StackBase - (char *)stack.DeallocationStack);
    inner.uc_link = &outer;
    makecontext(&inner, run, 0);
    n_overflows = 0;
    CHECK(swapcontext(&outer, &inner) == 0);
    RtlFreeUserStack(stack.DeallocationStack);
}

static DWORD WINAPI on_own_stack(LPVOID argument)
{
    (void)argument;
    n_overflows = 0;
    overflow_again_and_again();
    return 0;
}

/* All of it is committed, so there is no end at which a guard page would stand. */
static int answer;
static void ask(void)
{
    answer = _resetstkoflw();
}
static void on_committed_memory(void)
{
    size_t size = 256 << 10;
    void *p = VirtualAlloc(NULL, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    MEMORY_BASIC_INFORMATION m;
    getcontext(&inner);
    inner.uc_stack.ss_sp = p;
    inner.uc_stack.ss_size = size;
    inner.uc_link = &outer;
    makecontext(&inner, ask, 0);
    answer = -1;
    CHECK(swapcontext(&outer, &inner) == 0 && answer == 0);
    CHECK(VirtualQuery(p, &m, sizeof(m)) && m.RegionSize == size);
    VirtualFree(p, 0, MEM_RELEASE);
}

static void stacks(void)
{
    ULONG none = 1;
    PVOID handler = AddVectoredExceptionHandler(1, at_overflow);
    HANDLE thread = CreateThread(NULL, 1 << 20, on_own_stack, NULL,
                                 STACK_SIZE_PARAM_IS_A_RESERVATION, NULL);
    CHECK(thread && WaitForSingleObject(thread, 60000) == WAIT_OBJECT_0 && CloseHandle(thread));
    on_stack(on_grown_stack);
    on_stack(too_low);
    on_stack(with_guarantee);
    SetThreadStackGuarantee(&none);
    on_committed_memory();
    RemoveVectoredExceptionHandler(handler);
}

/* ---- no memory ---- */

static size_t wanted;
static int n_asked, n_more;

static int __cdecl find_memory(size_t size)
{
    wanted = size;
    return n_asked++ < n_more;
}

static void no_memory(void)
{
    CHECK(_query_new_handler() == NULL && !_callnewh(7));
    CHECK(_set_new_handler(find_memory) == NULL && _query_new_handler() == find_memory);
    n_more = 1;
    errno = 0;
    CHECK(_callnewh(100) == 1 && wanted == 100 && errno == 0);
    CHECK(_callnewh(101) == 0 && wanted == 101 && errno == ENOMEM);
    CHECK(_query_new_mode() == 0 && _set_new_mode(1) == 0 && _query_new_mode() == 1);
    CHECK(_set_new_mode(2) == -1 && errno == EINVAL && _set_new_mode(0) == 1);
#ifdef __cplusplus
    {
        void *volatile p = &wanted;
        volatile size_t much = (size_t)-1 / 4;
        n_asked = 0;
        n_more = 3;
        try {
            p = ::operator new(much);
        } catch (const std::bad_alloc &) {
            p = NULL;
        }
        CHECK(p == NULL && n_asked == 4 && wanted == 0);
    }
#endif
    CHECK(_set_new_handler(NULL) == find_memory && !_callnewh(1));
}

int main(void)
{
    stacks();
    no_memory();
    return failed;
}
