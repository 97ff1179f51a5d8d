/* Registers of a caller, taken and put back.
 *
 * Terms   entry = an assembler entry of api/: it has pushed the address of its function and jumped
 *         here, every register as its caller left it.
 * I1  A captured context is the caller's as if the call had returned: rip behind the call, rsp
 *     above the return address, flags and all other registers unchanged.
 * I2  Resuming loads everything at once by iretq: nothing is written to the memory that rsp will
 *     point to, so a red zone there and a frame that the handler built survive.
 * Locking: none.   Failure: none.   Signal safety: yes. */
#include <string.h>

#include "base/assert.h"
#include "fault/fault_entry.h"

/* Offsets in CONTEXT, as the code below has them. */
#define AT(field, offset) WVM_STATIC(offsetof(CONTEXT, field) == (offset), "CONTEXT." #field)
AT(ContextFlags, 0x30);
AT(MxCsr, 0x34);
AT(SegCs, 0x38);
AT(SegSs, 0x42);
AT(EFlags, 0x44);
AT(Rax, 0x78);
AT(Rsp, 0x98);
AT(R8, 0xb8);
AT(Rip, 0xf8);
AT(FltSave, 0x100);
WVM_STATIC(sizeof(CONTEXT) == 1232, "CONTEXT");

/* On entry: the function at (rsp), the return address at 8(rsp). Below them the flags and the
 * context: 1248 bytes, which keep the stack a multiple of 16. */
#define ENTER(name, arguments)                                                                    \
    ".p2align 4\n"                                                                                \
    ".globl " name "\n"                                                                           \
    ".hidden " name "\n"                                                                          \
    ".type " name ", @function\n"                                                                 \
    name ":\n\t"                                                                                  \
    ".cfi_startproc\n\t"                                                                          \
    ".cfi_def_cfa_offset 16\n\t"                                                                  \
    "pushfq\n\t"                                                                                  \
    ".cfi_adjust_cfa_offset 8\n\t"                                                                \
    "leaq -1240(%rsp), %rsp\n\t"                                                                  \
    ".cfi_adjust_cfa_offset 1240\n\t"                                                             \
    "movq %rax, 0x78(%rsp)\n\t"                                                                   \
    "movq %rcx, 0x80(%rsp)\n\t"                                                                   \
    "movq %rdx, 0x88(%rsp)\n\t"                                                                   \
    "movq %rbx, 0x90(%rsp)\n\t"                                                                   \
    "movq %rbp, 0xa0(%rsp)\n\t"                                                                   \
    "movq %rsi, 0xa8(%rsp)\n\t"                                                                   \
    "movq %rdi, 0xb0(%rsp)\n\t"                                                                   \
    "movq %r8, 0xb8(%rsp)\n\t"                                                                    \
    "movq %r9, 0xc0(%rsp)\n\t"                                                                    \
    "movq %r10, 0xc8(%rsp)\n\t"                                                                   \
    "movq %r11, 0xd0(%rsp)\n\t"                                                                   \
    "movq %r12, 0xd8(%rsp)\n\t"                                                                   \
    "movq %r13, 0xe0(%rsp)\n\t"                                                                   \
    "movq %r14, 0xe8(%rsp)\n\t"                                                                   \
    "movq %r15, 0xf0(%rsp)\n\t"                                                                   \
    "movq 1240(%rsp), %rax\n\t" /* flags */                                                       \
    "movl %eax, 0x44(%rsp)\n\t"                                                                   \
    "leaq 1264(%rsp), %rax\n\t" /* above the return address */                                    \
    "movq %rax, 0x98(%rsp)\n\t"                                                                   \
    "movq 1256(%rsp), %rax\n\t" /* the return address */                                          \
    "movq %rax, 0xf8(%rsp)\n\t"                                                                   \
    "fxsave64 0x100(%rsp)\n\t"                                                                    \
    "stmxcsr 0x34(%rsp)\n\t"                                                                      \
    "movl $0x10000f, 0x30(%rsp)\n\t" /* CONTEXT_FULL | CONTEXT_SEGMENTS */                        \
    "movw %cs, 0x38(%rsp)\n\t"                                                                    \
    "movw %ds, 0x3a(%rsp)\n\t"                                                                    \
    "movw %es, 0x3c(%rsp)\n\t"                                                                    \
    "movw %fs, 0x3e(%rsp)\n\t"                                                                    \
    "movw %gs, 0x40(%rsp)\n\t"                                                                    \
    "movw %ss, 0x42(%rsp)\n\t"                                                                    \
    "movq 1248(%rsp), %rax\n\t"                                                                   \
    arguments                                                                                     \
    "movq %rsp, %rdi\n\t"                                                                         \
    "cld\n\t"                                                                                     \
    "call *%rax\n\t"                                                                              \
    "ud2\n\t"                                                                                     \
    ".cfi_endproc\n\t"                                                                            \
    ".size " name ", .-" name "\n"

__asm__(".text\n"
        ENTER("wvm_enter_sysv",
              "movq %rcx, %r8\n\t"
              "movq %rdx, %rcx\n\t"
              "movq %rsi, %rdx\n\t"
              "movq %rdi, %rsi\n\t")
        ENTER("wvm_enter_ms",
              "movq %rcx, %rsi\n\t"
              "movq %r8, %rcx\n\t"
              "movq %r9, %r8\n\t"));

/* rdi: a context that is whole but for the floating-point part. The frame of iretq is built on the
 * stack as it is; its code and stack segments are the present ones. */
__asm__(".p2align 4\n"
        ".globl wvm_context_jump\n"
        ".hidden wvm_context_jump\n"
        ".type wvm_context_jump, @function\n"
        "wvm_context_jump:\n\t"
        ".cfi_startproc\n\t"
        "testl $8, 0x30(%rdi)\n\t"
        "jz 1f\n\t"
        "fxrstor64 0x100(%rdi)\n"
        "1:\n\t"
        "movl %ss, %eax\n\t"
        "pushq %rax\n\t"
        "pushq 0x98(%rdi)\n\t"
        "movl 0x44(%rdi), %eax\n\t"
        "pushq %rax\n\t"
        "movl %cs, %eax\n\t"
        "pushq %rax\n\t"
        "pushq 0xf8(%rdi)\n\t"
        "movq 0x78(%rdi), %rax\n\t"
        "movq 0x80(%rdi), %rcx\n\t"
        "movq 0x88(%rdi), %rdx\n\t"
        "movq 0x90(%rdi), %rbx\n\t"
        "movq 0xa0(%rdi), %rbp\n\t"
        "movq 0xa8(%rdi), %rsi\n\t"
        "movq 0xb8(%rdi), %r8\n\t"
        "movq 0xc0(%rdi), %r9\n\t"
        "movq 0xc8(%rdi), %r10\n\t"
        "movq 0xd0(%rdi), %r11\n\t"
        "movq 0xd8(%rdi), %r12\n\t"
        "movq 0xe0(%rdi), %r13\n\t"
        "movq 0xe8(%rdi), %r14\n\t"
        "movq 0xf0(%rdi), %r15\n\t"
        "movq 0xb0(%rdi), %rdi\n\t"
        "iretq\n\t"
        ".cfi_endproc\n\t"
        ".size wvm_context_jump, .-wvm_context_jump\n");
_Noreturn void wvm_context_jump(CONTEXT *context) WVM_HIDDEN;

/* The flags that a program may set; the rest is fixed. */
#define EFLAGS_FREE 0x240dd5u
#define EFLAGS_FIXED 0x202u
#define MXCSR_FREE 0xffffu

_Noreturn void wvm_context_resume(CONTEXT *context)
{
    CONTEXT copy __attribute__((aligned(16)));
    memcpy(&copy, context, sizeof copy);
    copy.EFlags = (copy.EFlags & EFLAGS_FREE) | EFLAGS_FIXED;
    copy.FltSave.MxCsr = copy.MxCsr & MXCSR_FREE;
    wvm_context_jump(&copy);
}

static void overlay_integer(CONTEXT *full, const CONTEXT *given)
{
    uint64_t rsp = full->Rsp;
    memcpy(&full->Rax, &given->Rax, offsetof(CONTEXT, Rip) - offsetof(CONTEXT, Rax));
    full->Rsp = rsp;
}

void wvm_context_overlay(CONTEXT *full, const CONTEXT *given)
{
    DWORD flags = given->ContextFlags;
    if ((flags & CONTEXT_AMD64) == 0)
        return;
    if ((flags & CONTEXT_INTEGER) == CONTEXT_INTEGER)
        overlay_integer(full, given);
    if ((flags & CONTEXT_CONTROL) == CONTEXT_CONTROL) {
        full->Rsp = given->Rsp;
        full->Rip = given->Rip;
        full->EFlags = given->EFlags;
    }
    if ((flags & CONTEXT_FLOATING_POINT) == CONTEXT_FLOATING_POINT) {
        full->FltSave = given->FltSave;
        full->MxCsr = given->MxCsr;
    }
}
