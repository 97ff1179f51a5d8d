/* From the signal handler to the thread's own stack, and back.
 *
 * Terms    frame = struct wvm_frame with the floating point state behind it, written below what the
 *          interrupted code may use; trampoline = where the handler goes, or its sigreturn leads,
 *          instead of back: it calls wvm_deliver with the frame; decline = put the interrupted
 *          context back with its signal queued again, for the chain.
 * I1       While the trampoline runs, the stack pointer is the frame: unwinders find every register
 *          of the interrupted code at a fixed distance from it, as in a signal frame.
 * I2       Nothing is written below an interrupted stack pointer nearer than its red zone, and
 *          nothing to memory that a caller of the handler may still use.
 * I3       Before a frame is written its place is probed, which may fault. The nested handler knows
 *          the probe by its instruction pointer and either makes the page accessible or makes the
 *          probe fail; then the alternate stack, on which the handler runs, takes the frame.
 * I4       A frame goes to the alternate stack only where HEADROOM bytes (less on a small one)
 *          remain below it. Code that runs over the end of the alternate stack is not delivered to:
 *          the kernel begins again at the top of that stack, where earlier frames are lost.
 * I5       A single step is told with the trap flag off, as on Windows: a handler sets it again to
 *          go on stepping.
 * Locking  none.   Failure: no stack to deliver on: false, nothing changed.
 * Signal safety: all. wvm_deliver itself is ordinary code of the interrupted thread. */
#include <errno.h>
#include <string.h>

#include "base/arith.h"
#include "fault/fault_context.h"

enum {
    OWN_USE = 3072,       /* of the handler, below the frame of wvm_fault_deliver */
    HEADROOM = 8192,      /* on an alternate stack */
    OVERFLOW_ROOM = 8192, /* on a stack that overflowed */
    NEAR_END = WVM_HOST_STACK_GUARD,
};
#define AUTODISARM ((int)(1u << 31)) /* only sigreturn gives the alternate stack back */
#define X86_EFLAGS_TF 0x100u
#define X86_EFLAGS_DF 0x400u
#define X86_EFLAGS_NT 0x4000u
#define X86_EFLAGS_RF 0x10000u
#define X86_EFLAGS_AC 0x40000u

/* ---- the probe that may fault ---- */

/* Answers 0, or 1 when an access faulted; PROBE_STACK holds the interrupted stack pointer
 * meanwhile. */
#if defined(__x86_64__)
#define PROBE_STACK REG_R8
__asm__(".pushsection .text\n"
        ".balign 16\n"
        ".type wvm_fault_probe, @function\n"
        "wvm_fault_probe:\n" /* low, high, stack pointer: touches each page, from above */
        "\t.cfi_startproc\n"
        "\tmovq %rdx, %r8\n"
        "1:\tdecq %rsi\n"
        "\tcmpq %rdi, %rsi\n"
        "\tjb 2f\n"
        "\torb $0, (%rsi)\n"
        "\tandq $-4096, %rsi\n"
        "\tjmp 1b\n"
        "2:\txorl %eax, %eax\n"
        "\tret\n"
        "wvm_fault_probe_failed:\n"
        "\tmovl $1, %eax\n"
        "\tret\n"
        "\t.cfi_endproc\n"
        ".size wvm_fault_probe, . - wvm_fault_probe\n"
        ".popsection\n");
#else
#define PROBE_STACK REG_ECX
__asm__(".pushsection .text\n"
        ".balign 16\n"
        ".type wvm_fault_probe, @function\n"
        "wvm_fault_probe:\n" /* low, high, stack pointer */
        "\t.cfi_startproc\n"
        "\tmovl 4(%esp), %edx\n"
        "\tmovl 8(%esp), %eax\n"
        "\tmovl 12(%esp), %ecx\n"
        "1:\tdecl %eax\n"
        "\tcmpl %edx, %eax\n"
        "\tjb 2f\n"
        "\torb $0, (%eax)\n"
        "\tandl $-4096, %eax\n"
        "\tjmp 1b\n"
        "2:\txorl %eax, %eax\n"
        "\tret\n"
        "wvm_fault_probe_failed:\n"
        "\tmovl $1, %eax\n"
        "\tret\n"
        "\t.cfi_endproc\n"
        ".size wvm_fault_probe, . - wvm_fault_probe\n"
        ".popsection\n");
#endif
int wvm_fault_probe(uintptr_t low, uintptr_t high, uintptr_t sp);
extern const char wvm_fault_probe_failed[];

WVM_SIGNAL_PATH uintptr_t wvm_fault_probe_stack(const struct wvm_kernel_context *uc)
{
    uintptr_t ip = wvm_reg_value(uc, WVM_REG_IP);
    bool inside = ip >= (uintptr_t)wvm_fault_probe && ip < (uintptr_t)wvm_fault_probe_failed;
    return inside ? wvm_reg_value(uc, PROBE_STACK) : 0;
}

WVM_SIGNAL_PATH void wvm_fault_probe_fail(struct wvm_kernel_context *uc)
{
    *wvm_reg(uc, WVM_REG_IP) = (greg_t)(uintptr_t)wvm_fault_probe_failed;
}

/* ---- the way there ---- */

/* General register i of the frame is at 40 + 8 * i, or 20 + 4 * i: as sleb128, two bytes from 64
 * on. */
#if defined(__x86_64__)
#define CFI_AT(number, length, offset) \
    ".cfi_escape 0x10, " #number ", " #length ", 0x77, " offset "\n"
__asm__(".pushsection .text\n"
        ".balign 16\n"
        ".type wvm_fault_trampoline, @function\n"
        "\t.cfi_startproc\n"
        "\t.cfi_signal_frame\n"
        "\t.cfi_escape 0x0f, 4, 0x77, 0xa0, 0x01, 0x06\n" /* the frame's end: the saved rsp */
        CFI_AT(8, 2, "0x28")
        CFI_AT(9, 2, "0x30")
        CFI_AT(10, 2, "0x38")
        CFI_AT(11, 3, "0xc0, 0x00")
        CFI_AT(12, 3, "0xc8, 0x00")
        CFI_AT(13, 3, "0xd0, 0x00")
        CFI_AT(14, 3, "0xd8, 0x00")
        CFI_AT(15, 3, "0xe0, 0x00")
        CFI_AT(5, 3, "0xe8, 0x00")
        CFI_AT(4, 3, "0xf0, 0x00")
        CFI_AT(6, 3, "0xf8, 0x00")
        CFI_AT(3, 3, "0x80, 0x01")
        CFI_AT(1, 3, "0x88, 0x01")
        CFI_AT(0, 3, "0x90, 0x01")
        CFI_AT(2, 3, "0x98, 0x01")
        CFI_AT(7, 3, "0xa0, 0x01")
        CFI_AT(16, 3, "0xa8, 0x01")
        "\tnop\n"
        "wvm_fault_trampoline:\n" /* rdi, rsp: the frame */
        "\tcall wvm_deliver\n"
        "\tud2\n"
        "\t.cfi_endproc\n"
        ".size wvm_fault_trampoline, . - wvm_fault_trampoline\n"
        ".popsection\n");
WVM_STATIC(offsetof(struct wvm_frame, uc.mcontext.gregs) == 40 && REG_RSP == 15 && REG_RIP == 16,
           "the trampoline's table of registers");
#define DELIVER_CALL
#define FRAME_REG REG_RDI
#else
#define CFI_AT(number, length, offset) \
    ".cfi_escape 0x10, " #number ", " #length ", 0x74, " offset "\n"
__asm__(".pushsection .text\n"
        ".balign 16\n"
        ".type wvm_fault_trampoline, @function\n"
        "\t.cfi_startproc\n"
        "\t.cfi_signal_frame\n"
        "\t.cfi_escape 0x0f, 3, 0x74, 0x30, 0x06\n" /* the frame's end: the saved esp */
        CFI_AT(7, 2, "0x24")
        CFI_AT(6, 2, "0x28")
        CFI_AT(5, 2, "0x2c")
        CFI_AT(4, 2, "0x30")
        CFI_AT(3, 2, "0x34")
        CFI_AT(2, 2, "0x38")
        CFI_AT(1, 2, "0x3c")
        CFI_AT(0, 3, "0xc0, 0x00")
        CFI_AT(8, 3, "0xcc, 0x00")
        "\tnop\n"
        "wvm_fault_trampoline:\n" /* eax, esp: the frame */
        "\tcall wvm_deliver\n"
        "\tud2\n"
        "\t.cfi_endproc\n"
        ".size wvm_fault_trampoline, . - wvm_fault_trampoline\n"
        ".popsection\n");
WVM_STATIC(offsetof(struct wvm_frame, uc.mcontext.gregs) == 20 && REG_EDI == 4 && REG_ESP == 7 &&
               REG_EAX == 11 && REG_EIP == 14,
           "the trampoline's table of registers");
#define DELIVER_CALL __attribute__((regparm(1)))
#define FRAME_REG REG_EAX
#endif
extern const char wvm_fault_trampoline[];

WVM_SIGNAL_PATH static bool is_on(const stack_t *stack, uintptr_t at)
{
    return !(stack->ss_flags & SS_DISABLE) && at - (uintptr_t)stack->ss_sp < stack->ss_size;
}

/* Where a frame ends up when it has to lie below top. */
WVM_SIGNAL_PATH static uintptr_t place_below(uintptr_t top, size_t fp_len)
{
    return wvm_align_down(top - sizeof(struct wvm_frame) - WVM_FP_PAD - fp_len, 64);
}

WVM_SIGNAL_PATH static bool fits_alternate(const stack_t *stack, uintptr_t at)
{
    return is_on(stack, at) &&
           at - (uintptr_t)stack->ss_sp >= wvm_min(HEADROOM, stack->ss_size / 8);
}

WVM_SIGNAL_PATH bool wvm_fault_left_alternate(const struct wvm_kernel_context *uc, uintptr_t addr)
{
    uintptr_t end = (uintptr_t)uc->stack.ss_sp, sp = wvm_reg_value(uc, WVM_REG_SP);
    return !(uc->stack.ss_flags & SS_DISABLE) && addr < end && end - addr <= NEAR_END &&
           sp - addr + NEAR_END <= 2 * NEAR_END;
}

WVM_SIGNAL_PATH static void fill_frame(struct wvm_frame *f, const struct wvm_trap *trap)
{
    memcpy(&f->uc, trap->uc, sizeof(f->uc));
    memcpy(&f->info, trap->info, sizeof(f->info));
    memcpy(&f->record, &trap->record, sizeof(f->record));
    wvm_context_load(&f->context, trap->uc);
    WVM_CONTEXT_IP(&f->context) = (uintptr_t)trap->record.ExceptionAddress;
    if (trap->record.ExceptionCode == (DWORD)STATUS_SINGLE_STEP)
        f->context.EFlags &= ~X86_EFLAGS_TF;
    f->by_host = trap->by_host;
    f->masked = trap->by_kernel && !(trap->uc->stack.ss_flags & AUTODISARM);
}

/* Not memcpy, which a sanitizer takes for an access by the program. */
WVM_SIGNAL_PATH static void copy_bytes(void *to, const void *from, size_t n)
{
    __asm__ volatile("rep movsb" : "+D"(to), "+S"(from), "+c"(n) : : "memory");
}

/* The place is accessible. */
WVM_SIGNAL_PATH static void write_frame(uintptr_t at, const struct wvm_trap *trap, size_t fp_len)
{
    struct wvm_frame *f = (struct wvm_frame *)at;
    uintptr_t fp = at + sizeof(*f) + WVM_FP_PAD;
    fill_frame(f, trap);
    f->uc.mcontext.fpregs = fp_len ? (fpregset_t)fp : NULL;
    copy_bytes((void *)fp, trap->uc->mcontext.fpregs, fp_len);
}

/* A handler that the kernel called need not return to it: it leaves its stack for the frame's,
 * where wvm_deliver puts the mask back. The floating point state of a handler is a fresh one. */
WVM_SIGNAL_PATH static _Noreturn void leave_for(uintptr_t at)
{
#if defined(__x86_64__)
    __asm__ volatile("movq %0, %%rsp\n\t"
                     "movq %0, %%rdi\n\t"
                     "jmp wvm_fault_trampoline"
                     :
                     : "r"(at)
                     : "rdi", "memory");
#else
    __asm__ volatile("movl %0, %%esp\n\t"
                     "jmp wvm_fault_trampoline"
                     :
                     : "a"(at)
                     : "memory");
#endif
    __builtin_unreachable();
}

/* The interrupted thread goes on in the trampoline. */
WVM_SIGNAL_PATH static void redirect(struct wvm_kernel_context *uc, uintptr_t at)
{
    greg_t off = X86_EFLAGS_TF | X86_EFLAGS_DF | X86_EFLAGS_NT | X86_EFLAGS_RF | X86_EFLAGS_AC;
    *wvm_reg(uc, WVM_REG_FLAGS) &= ~off;
    *wvm_reg(uc, WVM_REG_IP) = (greg_t)(uintptr_t)wvm_fault_trampoline;
    *wvm_reg(uc, FRAME_REG) = *wvm_reg(uc, WVM_REG_SP) = (greg_t)at;
    wvm_context_calm(uc);
}

/* The place on the interrupted stack, made accessible; 0: that stack does not take a frame. `here`:
 * where the handler's own stack is free. */
WVM_SIGNAL_PATH static uintptr_t place_on_own(const struct wvm_trap *trap, uintptr_t here,
                                              size_t fp_len)
{
    const stack_t *alternate = &trap->uc->stack;
    uintptr_t sp = wvm_reg_value(trap->uc, WVM_REG_SP), top = sp - WVM_RED_ZONE, at;
    bool same = is_on(alternate, here) == is_on(alternate, sp);
    if (trap->stack_gone || sp < OVERFLOW_ROOM + OWN_USE)
        return 0;
    if (same && here < top)
        top = here;
    at = place_below(top, fp_len);
    if (is_on(alternate, sp))
        return fits_alternate(alternate, at) ? at : 0;
    bool short_of = trap->record.ExceptionCode == (DWORD)STATUS_STACK_OVERFLOW;
    return wvm_fault_probe(at - (short_of ? OVERFLOW_ROOM : 0), top, sp) == 0 ? at : 0;
}

WVM_SIGNAL_PATH bool wvm_fault_deliver(struct wvm_trap *trap, size_t gap)
{
    struct wvm_kernel_context *uc = trap->uc;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0) - OWN_USE - gap;
    size_t fp_len = wvm_context_fpsize(uc);
    uintptr_t at = place_on_own(trap, here, fp_len);
    if (!at) {
        at = place_below(here, fp_len);
        if (is_on(&uc->stack, wvm_reg_value(uc, WVM_REG_SP)) || !fits_alternate(&uc->stack, at))
            return false;
    }
    write_frame(at, trap, fp_len);
    if (trap->by_kernel && !(uc->stack.ss_flags & AUTODISARM))
        leave_for(at);
    redirect(uc, at);
    return true;
}

/* ---- on the thread's own stack ---- */

WVM_SIGNAL_PATH bool wvm_fault_was_declined(int sig, const siginfo_t *info,
                                            struct wvm_kernel_context *uc)
{
    struct wvm_fault_thread *self = &wvm_fault_self;
    bool same = self->declined.ip && self->declined.ip == wvm_reg_value(uc, WVM_REG_IP) &&
                self->declined.sig == sig && self->declined.addr == (uintptr_t)info->si_addr;
    self->declined.ip = 0;
    if (same) {
        *wvm_reg(uc, REG_ERR) = self->declined.error;
        *wvm_reg(uc, REG_TRAPNO) = self->declined.trapno;
        wvm_set_fault_address(uc, self->declined.cr2);
    }
    return same;
}

WVM_SIGNAL_PATH static void decline(const struct wvm_frame *f)
{
    struct wvm_fault_thread *self = &wvm_fault_self;
    wvm_host_sigmask(~(uint64_t)0);
    self->declined.ip = wvm_reg_value(&f->uc, WVM_REG_IP);
    self->declined.addr = (uintptr_t)f->info.si_addr;
    self->declined.sig = f->info.si_signo;
    self->declined.error = f->uc.mcontext.gregs[REG_ERR];
    self->declined.trapno = f->uc.mcontext.gregs[REG_TRAPNO];
    self->declined.cr2 = wvm_fault_address(&f->uc);
    wvm_host_sigqueue(f->info.si_signo, &f->info);
}

/* Handlers may have given the thread another alternate stack: sigreturn sets the one it finds. */
WVM_SIGNAL_PATH static void keep_alternate(struct wvm_kernel_context *uc)
{
    stack_t now;
    if (wvm_host_sigaltstack(NULL, &now) != 0)
        return;
    now.ss_flags &= ~SS_ONSTACK;
    uc->stack = now;
}

/* Handlers are ordinary code of the thread: a mask that they set stays. */
WVM_SIGNAL_PATH static void keep_mask(struct wvm_kernel_context *uc)
{
    uc->sigmask = wvm_host_sigmask(~(wvm_host_sigbit(SIGSEGV) | wvm_host_sigbit(SIGBUS)));
}

/* Called by the trampoline alone. Does not return. */
DELIVER_CALL void wvm_deliver(struct wvm_frame *f);
WVM_SIGNAL_PATH __attribute__((used)) WVM_HIDDEN DELIVER_CALL void wvm_deliver(struct wvm_frame *f)
{
    int saved = errno;
    if (f->masked)
        wvm_host_sigmask(f->uc.sigmask);
    bool last = !f->by_host && wvm_chain_is_default(f->info.si_signo);
    uintptr_t sp = wvm_reg_value(&f->uc, WVM_REG_SP);
    if (wvm_dispatch(&f->record, &f->context, last) == WVM_DISPATCH_CONTINUE) {
        wvm_context_store(&f->context, &f->uc);
        errno = saved;
        wvm_fault_resume(&f->uc, sp);
        keep_mask(&f->uc);
    } else {
        decline(f);
    }
    keep_alternate(&f->uc);
    errno = saved;
    wvm_host_sigreturn(&f->uc);
}
