/* Registers of a caller, taken and put back, on i386. fault_capture.c is that of x86-64.
 *
 * Terms   entry = an assembler entry of api/: it has pushed the address of its function and the
 *         number of bytes that a stdcall function takes off the stack when it returns, and jumped
 *         here, every register as its caller left it.
 * I1  A captured context is the caller's as if the call had returned: eip behind the call, esp
 *     above the return address and, in stdcall, the arguments; all other registers unchanged.
 * I2  The caller's stack pointer may be a multiple of 4 only, as Windows has it.
 * I3  Resuming writes sixteen bytes below what esp will point to, nothing at or above it, and reads
 *     the context no more once esp has changed.
 * Locking: none.   Failure: none.   Signal safety: yes. */
#include <string.h>

#include "base/assert.h"
#include "fault/fault_context.h"
#include "fault/fault_entry.h"

/* Offsets in CONTEXT, as the code below has them. */
#define AT(field, offset) WVM_STATIC(offsetof(CONTEXT, field) == (offset), "CONTEXT." #field)
AT(ContextFlags, 0);
AT(FloatSave, 28);
AT(SegGs, 140);
AT(Edi, 156);
AT(Eax, 176);
AT(Ebp, 180);
AT(Eip, 184);
AT(SegCs, 188);
AT(EFlags, 192);
AT(Esp, 196);
AT(SegSs, 200);
AT(ExtendedRegisters, 204);
WVM_STATIC(sizeof(CONTEXT) == 716, "CONTEXT");

/* On entry: the bytes to take off at (esp), the function at 4(esp), the return address at 8(esp).
 * The context is at 36(esp) of the aligned frame, so that its extended registers are at a multiple
 * of 16, and below it the arguments. */
__asm__(".text\n"
        ".p2align 4\n"
        ".globl wvm_enter_sysv\n"
        ".hidden wvm_enter_sysv\n"
        ".type wvm_enter_sysv, @function\n"
        "wvm_enter_sysv:\n\t"
        ".cfi_startproc\n\t"
        ".cfi_def_cfa_offset 12\n\t"
        "movl $0, (%esp)\n"
        ".globl wvm_enter_ms\n"
        ".hidden wvm_enter_ms\n"
        "wvm_enter_ms:\n\t"
        "pushfl\n\t"
        ".cfi_adjust_cfa_offset 4\n\t"
        "pushl %ebp\n\t"
        ".cfi_adjust_cfa_offset 4\n\t"
        ".cfi_rel_offset %ebp, 0\n\t"
        "movl %esp, %ebp\n\t"
        ".cfi_def_cfa_register %ebp\n\t"
        "leal -768(%esp), %esp\n\t"
        "andl $-16, %esp\n\t"
        "movl %edi, 36+156(%esp)\n\t"
        "movl %esi, 36+160(%esp)\n\t"
        "movl %ebx, 36+164(%esp)\n\t"
        "movl %edx, 36+168(%esp)\n\t"
        "movl %ecx, 36+172(%esp)\n\t"
        "movl %eax, 36+176(%esp)\n\t"
        "movl (%ebp), %eax\n\t"
        "movl %eax, 36+180(%esp)\n\t" /* ebp */
        "movl 16(%ebp), %eax\n\t"     /* the return address */
        "movl %eax, 36+184(%esp)\n\t"
        "movl 4(%ebp), %eax\n\t" /* flags */
        "movl %eax, 36+192(%esp)\n\t"
        "movl 8(%ebp), %eax\n\t"
        "leal 20(%ebp, %eax), %eax\n\t" /* above the return address, or the arguments */
        "movl %eax, 36+196(%esp)\n\t"
        "movl %gs, %eax\n\t"
        "movl %eax, 36+140(%esp)\n\t"
        "movl %fs, %eax\n\t"
        "movl %eax, 36+144(%esp)\n\t"
        "movl %es, %eax\n\t"
        "movl %eax, 36+148(%esp)\n\t"
        "movl %ds, %eax\n\t"
        "movl %eax, 36+152(%esp)\n\t"
        "movl %cs, %eax\n\t"
        "movl %eax, 36+188(%esp)\n\t"
        "movl %ss, %eax\n\t"
        "movl %eax, 36+200(%esp)\n\t"
        "fxsave 36+204(%esp)\n\t"
        "cld\n\t"
        "leal 36(%esp), %eax\n\t"
        "movl %eax, (%esp)\n\t"
        "call wvm_context_complete\n\t"
        "leal 36(%esp), %eax\n\t"
        "movl %eax, (%esp)\n\t"
        "movl 20(%ebp), %eax\n\t"
        "movl %eax, 4(%esp)\n\t"
        "movl 24(%ebp), %eax\n\t"
        "movl %eax, 8(%esp)\n\t"
        "movl 28(%ebp), %eax\n\t"
        "movl %eax, 12(%esp)\n\t"
        "movl 32(%ebp), %eax\n\t"
        "movl %eax, 16(%esp)\n\t"
        "call *12(%ebp)\n\t"
        "ud2\n\t"
        ".cfi_endproc\n\t"
        ".size wvm_enter_sysv, .-wvm_enter_sysv\n");

/* What the code above leaves to do: the debug registers are not known, and the x87 registers are to
 * be there in both forms. */
__attribute__((used)) WVM_HIDDEN void wvm_context_complete(CONTEXT *context);
void wvm_context_complete(CONTEXT *context)
{
    memset(context, 0, offsetof(CONTEXT, SegGs));
    context->ContextFlags = CONTEXT_FULL | CONTEXT_FLOATING_POINT | CONTEXT_EXTENDED_REGISTERS;
    wvm_context_to_old((const XMM_SAVE_AREA32 *)context->ExtendedRegisters, &context->FloatSave);
}

/* eax: a context that is whole but for the floating-point parts. iret takes eip, cs and flags from
 * below the new stack pointer, and the code segment is the present one. */
__asm__(".p2align 4\n"
        ".type wvm_context_jump, @function\n"
        "wvm_context_jump:\n\t"
        ".cfi_startproc\n\t"
        ".cfi_undefined %eip\n\t"
        "testl $0x20, (%eax)\n\t"
        "jz 1f\n\t"
        "fxrstor 204(%eax)\n"
        "1:\n\t"
        "testl $8, (%eax)\n\t"
        "jz 2f\n\t"
        "frstor 28(%eax)\n"
        "2:\n\t"
        "movl 196(%eax), %edx\n\t"
        "leal -16(%edx), %edx\n\t"
        "movl 156(%eax), %ecx\n\t" /* edi */
        "movl %ecx, (%edx)\n\t"
        "movl 184(%eax), %ecx\n\t" /* eip */
        "movl %ecx, 4(%edx)\n\t"
        "movl %cs, %ecx\n\t"
        "movl %ecx, 8(%edx)\n\t"
        "movl 192(%eax), %ecx\n\t" /* flags */
        "movl %ecx, 12(%edx)\n\t"
        "movl %edx, 196(%eax)\n\t"
        "movl %eax, %edi\n\t"
        "movl 160(%edi), %esi\n\t"
        "movl 164(%edi), %ebx\n\t"
        "movl 168(%edi), %edx\n\t"
        "movl 172(%edi), %ecx\n\t"
        "movl 176(%edi), %eax\n\t"
        "movl 180(%edi), %ebp\n\t"
        "movl 196(%edi), %esp\n\t"
        "popl %edi\n\t"
        "iretl\n\t"
        ".cfi_endproc\n\t"
        ".size wvm_context_jump, .-wvm_context_jump\n");
_Noreturn void wvm_context_jump(CONTEXT *context) __attribute__((regparm(1))) WVM_HIDDEN;

/* The flags that a program may set; the rest is fixed. */
#define EFLAGS_FREE 0x240dd5u
#define EFLAGS_FIXED 0x202u
#define MXCSR_FREE 0xffffu
enum { JUMP_BYTES = 16 };

/* A context whose extended registers are at a multiple of 16. */
struct placed {
    uint32_t pad;
    CONTEXT context;
} __attribute__((aligned(16)));

/* The jump writes below sp: not into this. */
static bool is_below(const struct placed *copy, uintptr_t sp)
{
    return sp <= (uintptr_t)copy || sp - JUMP_BYTES >= (uintptr_t)(copy + 1);
}

_Noreturn void wvm_context_resume(CONTEXT *context)
{
    struct {
        struct placed here;
        char apart[JUMP_BYTES];
        struct placed there;
    } copies;
    struct placed *copy = &copies.here;
    if (!is_below(copy, context->Esp))
        copy = &copies.there;
    memcpy(&copy->context, context, sizeof *context);
    XMM_SAVE_AREA32 *legacy = (XMM_SAVE_AREA32 *)copy->context.ExtendedRegisters;
    copy->context.EFlags = (copy->context.EFlags & EFLAGS_FREE) | EFLAGS_FIXED;
    legacy->MxCsr &= MXCSR_FREE;
    wvm_context_jump(&copy->context);
}

void wvm_context_overlay(CONTEXT *full, const CONTEXT *given)
{
    DWORD flags = given->ContextFlags;
    if ((flags & CONTEXT_i386) == 0)
        return;
    if ((flags & CONTEXT_INTEGER) == CONTEXT_INTEGER)
        memcpy(&full->Edi, &given->Edi, offsetof(CONTEXT, Ebp) - offsetof(CONTEXT, Edi));
    if ((flags & CONTEXT_CONTROL) == CONTEXT_CONTROL) {
        full->Ebp = given->Ebp;
        full->Eip = given->Eip;
        full->EFlags = given->EFlags;
        full->Esp = given->Esp;
    }
    bool x87 = (flags & CONTEXT_FLOATING_POINT) == CONTEXT_FLOATING_POINT;
    if (x87)
        full->FloatSave = given->FloatSave;
    if ((flags & CONTEXT_EXTENDED_REGISTERS) == CONTEXT_EXTENDED_REGISTERS) {
        memcpy(full->ExtendedRegisters, given->ExtendedRegisters, sizeof full->ExtendedRegisters);
        if (!x87) /* they are among the extended registers */
            full->ContextFlags &= ~(CONTEXT_FLOATING_POINT & ~CONTEXT_i386);
    }
}
