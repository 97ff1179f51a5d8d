/* The way back into interrupted code without the kernel.
 *
 * Terms    target = the interrupted stack pointer; slots = the 24 bytes below its red zone.
 * sigreturn costs as much as a third of a fault. Where nothing but registers has to be put back,
 * xrstor and a return instruction do: popfq and ret take flags and instruction pointer from the
 * slots, and ret's operand steps over the red zone, so that no byte the interrupted code may use is
 * written.
 * I1       Whatever this way cannot do exactly (single steps, another stack, a shadow stack, a
 *          processor without xsave) is left to sigreturn.
 * I2       From the moment the stack pointer is set, everything still needed lies above it: a
 *          signal that arrives then does no harm.
 * Locking  none.   Failure: wvm_fault_resume returns, nothing done.   Signal safety: all. */
#include "fault/fault_context.h"
#include "fault/fault_internal.h"

enum { NEAR_FRAME = 1 << 16 };
#define X86_EFLAGS_TF 0x100u
#define X86_EFLAGS_AC 0x40000u
#define LOWER_HALF 0x00007fffffffffffu

/* The offsets are those of struct wvm_kernel_context: general register i of REG_* is at 40 + 8 * i,
 * the pointer to the floating point state at 224. */
__asm__(".pushsection .text\n"
        ".balign 16\n"
        ".type wvm_fault_resume_now, @function\n"
        "wvm_fault_resume_now:\n" /* the context, the parts of the extended state it has */
        "\t.cfi_startproc\n"
        "\t.cfi_undefined rip\n"
        "\tmovq 224(%rdi), %rcx\n"
        "\tmovl %esi, %eax\n"
        "\tmovq %rsi, %rdx\n"
        "\tshrq $32, %rdx\n"
        "\txrstor64 (%rcx)\n"
        "\tmovq 160(%rdi), %rcx\n"
        "\tsubq $152, %rcx\n"
        "\tmovq 104(%rdi), %rax\n" /* rdi */
        "\tmovq %rax, (%rcx)\n"
        "\tmovq 176(%rdi), %rax\n" /* flags */
        "\tmovq %rax, 8(%rcx)\n"
        "\tmovq 168(%rdi), %rax\n" /* rip */
        "\tmovq %rax, 16(%rcx)\n"
        "\tmovq %rcx, 160(%rdi)\n"
        "\tmovq 40(%rdi), %r8\n"
        "\tmovq 48(%rdi), %r9\n"
        "\tmovq 56(%rdi), %r10\n"
        "\tmovq 64(%rdi), %r11\n"
        "\tmovq 72(%rdi), %r12\n"
        "\tmovq 80(%rdi), %r13\n"
        "\tmovq 88(%rdi), %r14\n"
        "\tmovq 96(%rdi), %r15\n"
        "\tmovq 112(%rdi), %rsi\n"
        "\tmovq 120(%rdi), %rbp\n"
        "\tmovq 128(%rdi), %rbx\n"
        "\tmovq 136(%rdi), %rdx\n"
        "\tmovq 144(%rdi), %rax\n"
        "\tmovq 152(%rdi), %rcx\n"
        "\tmovq 160(%rdi), %rsp\n"
        "\tpopq %rdi\n"
        "\tpopfq\n"
        "\tret $128\n"
        "\t.cfi_endproc\n"
        ".size wvm_fault_resume_now, . - wvm_fault_resume_now\n"
        ".popsection\n");
_Noreturn void wvm_fault_resume_now(struct wvm_kernel_context *uc, uint64_t xfeatures);
WVM_STATIC(offsetof(struct wvm_kernel_context, mcontext.gregs) == 40 && REG_R8 == 0 &&
               REG_RDI == 8 && REG_RCX == 14 && REG_RSP == 15 && REG_RIP == 16 && REG_EFL == 17,
           "offsets of registers");
WVM_STATIC(offsetof(struct wvm_kernel_context, mcontext.fpregs) == 224, "the extended state");

static bool has_shadow_stack(void)
{
    uint64_t pointer = 0;
    __asm__ volatile(".byte 0xf3, 0x48, 0x0f, 0x1e, 0xc8" : "+a"(pointer)); /* rdsspq %rax */
    return pointer != 0;
}

static bool is_on_alternate(const struct wvm_kernel_context *uc, uintptr_t at)
{
    return !(uc->stack.ss_flags & SS_DISABLE) &&
           at - (uintptr_t)uc->stack.ss_sp < uc->stack.ss_size;
}

WVM_SIGNAL_PATH void wvm_fault_resume(struct wvm_kernel_context *uc, uintptr_t was_sp)
{
    uintptr_t frame = (uintptr_t)uc, sp = wvm_reg_value(uc, REG_RSP);
    uint64_t xfeatures = wvm_context_xfeatures(uc);
    bool plain = sp == was_sp && sp > frame && sp - frame < NEAR_FRAME && xfeatures &&
                 is_on_alternate(uc, frame) == is_on_alternate(uc, sp) &&
                 !(wvm_reg_value(uc, REG_EFL) & (X86_EFLAGS_TF | X86_EFLAGS_AC)) &&
                 wvm_reg_value(uc, REG_RIP) <= LOWER_HALF;
    if (plain && !has_shadow_stack())
        wvm_fault_resume_now(uc, xfeatures);
}
