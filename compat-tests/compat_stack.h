/* Stacks for conformance cases: running a function on another stack.
 *
 * Owns    the switch of the stack pointer and, on Windows, of the bounds in the thread's block.
 * Use     on_stack(&stack, run, arg): run(arg) with its frame at the top of the stack.
 * I1      The bounds are those before when on_stack returns; stack.limit is then what the system
 *         left in the thread's block (natively: as it was).
 * I2      No check prints on such a stack: it may be small.
 * Locking: the calling thread's own. */
#ifndef COMPAT_STACK_H
#define COMPAT_STACK_H

#include "compat_memory.h"

struct stack {
    BYTE *low, *limit, *base; /* the allocation, its committed part, its end */
};

#ifdef __i386__
__asm__(".text\n"
        "compat_switch:\n"
        " push %ebp\n"
        " mov %esp, %ebp\n"
        " mov 8(%ebp), %esp\n"
        " sub $12, %esp\n"
        " push 16(%ebp)\n"
        " call *12(%ebp)\n"
        " mov %ebp, %esp\n"
        " pop %ebp\n"
        " ret\n");
#elif defined(_WIN32)
__asm__(".text\n"
        ".def compat_switch; .scl 3; .type 32; .endef\n"
        ".seh_proc compat_switch\n"
        "compat_switch:\n"
        " push %rbp\n"
        " .seh_pushreg %rbp\n"
        " mov %rsp, %rbp\n"
        " .seh_setframe %rbp, 0\n"
        " .seh_endprologue\n"
        " lea -32(%rcx), %rsp\n"
        " mov %r8, %rcx\n"
        " call *%rdx\n"
        " mov %rbp, %rsp\n"
        " pop %rbp\n"
        " ret\n"
        " .seh_endproc\n");
#else
__asm__(".text\n"
        "compat_switch:\n"
        " push %rbp\n"
        " mov %rsp, %rbp\n"
        " mov %rdi, %rsp\n"
        " mov %rdx, %rdi\n"
        " call *%rsi\n"
        " mov %rbp, %rsp\n"
        " pop %rbp\n"
        " ret\n");
#endif
void compat_switch(void *top, void (*run)(void *), void *arg) __asm__("compat_switch");

#ifdef _WIN32
static inline struct stack stack_bounds(void)
{
    struct stack now = {*teb_field(TEB_DEALLOCATION_STACK), *teb_field(TEB_STACK_LIMIT),
                        *teb_field(TEB_STACK_BASE)};

    return now;
}

static inline void stack_set_bounds(const struct stack *to)
{
    *teb_field(TEB_DEALLOCATION_STACK) = to->low;
    *teb_field(TEB_STACK_LIMIT) = to->limit;
    *teb_field(TEB_STACK_BASE) = to->base;
}

static inline void on_stack(struct stack *stack, void (*run)(void *), void *arg)
{
    struct stack own = stack_bounds();

    stack_set_bounds(stack);
    compat_switch(stack->base, run, arg);
    *stack = stack_bounds();
    stack_set_bounds(&own);
}
#else
static inline void on_stack(struct stack *stack, void (*run)(void *), void *arg)
{
    compat_switch(stack->base, run, arg);
}
#endif

/* size bytes, the highest `committed` of them usable and one guard page below these. */
static inline struct stack make_stack(SIZE_T size, SIZE_T committed)
{
    struct stack made;

    made.low = obtain(size, MEM_RESERVE, PAGE_READWRITE);
    made.base = made.low + size;
    made.limit = made.base - committed;
    if (committed)
        place(made.limit, committed, MEM_COMMIT, PAGE_READWRITE);
    place(made.limit - PG, PG, MEM_COMMIT, PAGE_READWRITE | PAGE_GUARD);
    return made;
}
#endif
