/* winvm/crt_stack.h: the guard page of a stack after an overflow, as malloc.h of Windows has it.
 *
 * winvm's stacks (RtlCreateUserStack, fibers, memory of VirtualAlloc that a thread runs on) have a
 * lowest page that is only reserved; an overflow opens all above it. Stacks of the host's threads
 * have a guard of the host's, which no overflow takes away. */
#ifndef WINVM_CRT_STACK_H
#define WINVM_CRT_STACK_H

#include <pthread.h>
#include <stddef.h>
#include <stdint.h>

#include "crt_types.h"

#if defined(__GLIBC__) && !defined(__USE_GNU)
WINVM_BEGIN_DECLS
extern int pthread_getattr_np(pthread_t, pthread_attr_t *);
extern int pthread_attr_getstack(const pthread_attr_t *, void **, size_t *);
WINVM_END_DECLS
#endif

/* MEMORY_BASIC_INFORMATION without the types of windows.h. */
struct winvm_crt_region_ {
    void *base, *allocation;
    unsigned first_protect;
    size_t size;
    unsigned state, protect, type;
};

WINVM_BEGIN_DECLS
extern size_t WINVM_CALL winvm_crt_query_(const void *, struct winvm_crt_region_ *, size_t)
    WINVM_CRT_SYMBOL_("VirtualQuery");
extern int WINVM_CALL winvm_crt_protect_(void *, size_t, unsigned, unsigned *)
    WINVM_CRT_SYMBOL_("VirtualProtect");
extern int WINVM_CALL winvm_crt_free_(void *, size_t, unsigned) WINVM_CRT_SYMBOL_("VirtualFree");
extern void WINVM_CALL winvm_crt_stack_(uintptr_t *, uintptr_t *)
    WINVM_CRT_SYMBOL_("GetCurrentThreadStackLimits");
extern int WINVM_CALL winvm_crt_guarantee_(unsigned *)
    WINVM_CRT_SYMBOL_("SetThreadStackGuarantee");
WINVM_END_DECLS

WINVM_CRT_ int winvm_crt_on_host_stack_(uintptr_t here)
{
    pthread_attr_t attr;
    void *low = NULL;
    size_t size = 0;
    if (pthread_getattr_np(pthread_self(), &attr)) return 0;
    pthread_attr_getstack(&attr, &low, &size);
    pthread_attr_destroy(&attr);
    return here - (uintptr_t)low < size;
}
/* Where a stack of winvm's that begins at `low` has its first page that is in use; 0: it has a
 * guard page still, or none of its pages below `here` is just reserved. */
WINVM_CRT_ uintptr_t winvm_crt_opened_(uintptr_t low, uintptr_t here, int *guarded)
{
    struct winvm_crt_region_ r;
    uintptr_t at = low, first = 0;
    *guarded = 0;
    for (; at < here && winvm_crt_query_((const void *)at, &r, sizeof(r));
         at = (uintptr_t)r.base + r.size) {
        if (r.state != 0x1000 /* MEM_COMMIT */) continue;
        if (r.protect & 0x100 /* PAGE_GUARD */) *guarded = 1;
        if (!first) first = at;
    }
    return *guarded || first == low ? 0 : first;
}

/* Arms the guard page of the calling thread's stack again, at the place where the next overflow
 * still finds what SetThreadStackGuarantee asks for. 1: it is armed, or was; 0: it cannot be, since
 * the caller stands too low, or its stack is memory without a reserved page at its end. */
WINVM_CRT_ int _resetstkoflw(void)
{
    enum { page = 4096, most_kept = 63, own_use = 16384 };
    uintptr_t low, high, here = (uintptr_t)__builtin_frame_address(0), first, guard;
    struct winvm_crt_region_ r;
    unsigned kept = 0, old;
    int guarded;
    if (winvm_crt_on_host_stack_(here)) return 1;
    winvm_crt_stack_(&low, &high);
    first = winvm_crt_opened_(low, here, &guarded);
    if (guarded || !first) return guarded;
    winvm_crt_guarantee_(&kept);
    kept = (kept + page - 1) / page;
    kept = kept < 1 ? 1 : kept > most_kept ? (unsigned)most_kept : kept;
    guard = first > low + page * (kept + 1) ? first : low + page * (kept + 1);
    if (guard + page + own_use > here || !winvm_crt_query_((const void *)guard, &r, sizeof(r)))
        return 0;
    if (!winvm_crt_protect_((void *)guard, page, (r.protect & 0xff) | 0x100, &old)) return 0;
    return first == guard || winvm_crt_free_((void *)first, guard - first, 0x4000);
}

#endif
