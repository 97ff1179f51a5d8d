/* The processor below the harness: registers of a context by role, and where a function in assembly
 * finds its first argument.
 *
 * Terms   leaf = a function in assembly without a frame, its first argument in a register. */
#ifndef COMPAT_CPU_H
#define COMPAT_CPU_H

#include "compat_sys.h"

#ifdef __i386__
#define CPU_IP(context) ((context)->Eip)
#define CPU_SP(context) ((context)->Esp)
#define CPU_RESULT(context) ((context)->Eax)
#define CPU_KEPT(context) ((context)->Ebx)
#define CPU_KEPT_NAME "ebx"
#define CPU_VALUE 0x9abcdef0u
typedef DWORD cpu_word;
#define LEAF __attribute__((regparm(1)))
#define LEAF_ARGUMENT "%eax"
#else
#define CPU_IP(context) ((context)->Rip)
#define CPU_SP(context) ((context)->Rsp)
#define CPU_RESULT(context) ((context)->Rax)
#define CPU_KEPT(context) ((context)->R12)
#define CPU_KEPT_NAME "r12"
#define CPU_VALUE 0x123456789abcdef0u
typedef DWORD64 cpu_word;
#define LEAF
#ifdef _WIN32
#define LEAF_ARGUMENT "%rcx"
#else
#define LEAF_ARGUMENT "%rdi"
#endif
#endif
#define LEAF_TARGET "(" LEAF_ARGUMENT ")"
typedef void(LEAF *leaf_call)(const volatile void *);

/* Goes on where the leaf that was interrupted would have returned to. */
static inline void cpu_return(CONTEXT *context)
{
    const cpu_word *top = (const cpu_word *)(uintptr_t)CPU_SP(context);

    CPU_IP(context) = *top;
    CPU_SP(context) += sizeof(*top);
}

/* Goes on as if `to` had just been called on the stack that ends at `stack`. */
static inline void cpu_go_to(CONTEXT *context, void (*to)(void), void *stack)
{
    CPU_IP(context) = (cpu_word)(uintptr_t)to;
    CPU_SP(context) = ((cpu_word)(uintptr_t)stack & ~(cpu_word)15) - sizeof(cpu_word);
}
#endif
