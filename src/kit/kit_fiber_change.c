/* The change of stacks, in assembler.
 *
 * I1  A stack that is left holds, from its end: the control words of SSE and x87, the registers
 *     that a call preserves, and where to go on. One that begins holds the same, with zeros.
 * I2  At its first instruction a function's stack is 16-byte aligned but for a return address, and
 *     that of wvm_kit_fiber_begin is 0, which ends every back trace.
 * Locking: none.   Failure: none.   Signal safety: yes. */
#include <string.h>

#include "kit/kit_fiber.h"

/* As a program begins. */
#define USUAL_MXCSR 0x1f80u
#define USUAL_CONTROL 0x037fu

#ifdef __x86_64__
#define N_KEPT 6
__asm__(".pushsection .text\n"
        ".globl wvm_kit_fiber_change\n"
        ".hidden wvm_kit_fiber_change\n"
        ".type wvm_kit_fiber_change, @function\n"
        "wvm_kit_fiber_change:\n"
        "    endbr64\n"
        "    pushq %rbp\n"
        "    pushq %rbx\n"
        "    pushq %r12\n"
        "    pushq %r13\n"
        "    pushq %r14\n"
        "    pushq %r15\n"
        "    subq $8, %rsp\n"
        "    stmxcsr (%rsp)\n"
        "    fnstcw 4(%rsp)\n"
        "    movq %rsp, (%rdi)\n"
        "    movq %rsi, %rsp\n"
        "    ldmxcsr (%rsp)\n"
        "    fldcw 4(%rsp)\n"
        "    addq $8, %rsp\n"
        "    popq %r15\n"
        "    popq %r14\n"
        "    popq %r13\n"
        "    popq %r12\n"
        "    popq %rbx\n"
        "    popq %rbp\n"
        "    ret\n"
        ".size wvm_kit_fiber_change, . - wvm_kit_fiber_change\n"
        ".popsection");
#else
#define N_KEPT 4
__asm__(".pushsection .text\n"
        ".globl wvm_kit_fiber_change\n"
        ".hidden wvm_kit_fiber_change\n"
        ".type wvm_kit_fiber_change, @function\n"
        "wvm_kit_fiber_change:\n"
        "    movl 4(%esp), %eax\n"
        "    movl 8(%esp), %edx\n"
        "    pushl %ebp\n"
        "    pushl %ebx\n"
        "    pushl %esi\n"
        "    pushl %edi\n"
        "    subl $8, %esp\n"
        "    stmxcsr (%esp)\n"
        "    fnstcw 4(%esp)\n"
        "    movl %esp, (%eax)\n"
        "    movl %edx, %esp\n"
        "    ldmxcsr (%esp)\n"
        "    fldcw 4(%esp)\n"
        "    addl $8, %esp\n"
        "    popl %edi\n"
        "    popl %esi\n"
        "    popl %ebx\n"
        "    popl %ebp\n"
        "    ret\n"
        ".size wvm_kit_fiber_change, . - wvm_kit_fiber_change\n"
        ".popsection");
#endif

void *wvm_kit_fiber_first(void *base)
{
    struct {
        uint32_t mxcsr;
        uint32_t control;
        void *kept[N_KEPT];
        void (*begin)(void);
        void *none; /* the return address of begin */
    } first = {.mxcsr = USUAL_MXCSR, .control = USUAL_CONTROL, .begin = wvm_kit_fiber_begin};
    uintptr_t none = (uintptr_t)base - 64 + 16 - sizeof(void *); /* 16-byte aligned behind it */
    void *at = (void *)(none + sizeof(void *) - sizeof first);
    memcpy(at, &first, sizeof first);
    return at;
}
