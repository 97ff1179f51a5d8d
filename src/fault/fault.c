/* The signal handlers: what a fault is, who is to hear of it.
 *
 * Owns     the kernel's slots of SIGSEGV, SIGBUS, SIGILL, SIGTRAP and SIGFPE (filled on need).
 * Terms    fault = a signal that the processor raised, not one that somebody sent; retry = run the
 *          instruction again; the host = a handler of the program's that has the signal and asks.
 * I1       A sent signal changes nothing here and goes down the chain as it is.
 * I2       While the body runs, every signal is blocked but SIGSEGV and SIGBUS, whoever called it.
 * I3       A thread that repeats one access RETRY_MOST times while no call changes anything has a
 *          violation. The waits between the later ones leave time to a change that another thread
 *          is making.
 * I4       Interrupted code finds errno as it was.
 * Locking  none.   Failure: what cannot be delivered goes down the chain.   Signal safety: all. */
#include <errno.h>
#include <string.h>

#include "base/slist.h"
#include "fault/fault_context.h"
#include "fault/fault_internal.h"
#include "space/space_fault.h"

enum { RETRY_MOST = 64, RETRY_BUSY = 16, RETRY_UNIT_US = 100 };
enum { HOST_GAP = 8192 }; /* stack that a host's handler may still use after it asked us */
enum { CODE_PROTECTION_KEY = 4, CODE_MEMORY_ERROR_NOW = 4, CODE_MEMORY_ERROR_LATER = 5 };
enum { ERR_WRITE = 2, ERR_EXECUTE = 16 };
#define STATUS_DEVICE_DATA_ERROR ((NTSTATUS)0xC000009C)

/* ---- which exception ---- */

/* LOST: nobody can be told, for want of a stack. */
enum verdict { SENT, RETRY, EXCEPTION, LOST };

WVM_SIGNAL_PATH static enum verdict except(struct wvm_trap *trap, NTSTATUS code)
{
    trap->record.ExceptionCode = (DWORD)code;
    return EXCEPTION;
}

WVM_SIGNAL_PATH static enum verdict except_memory(struct wvm_trap *trap, NTSTATUS code,
                                                 unsigned access, uintptr_t addr)
{
    trap->record.NumberParameters = 2;
    trap->record.ExceptionInformation[0] = access;
    trap->record.ExceptionInformation[1] = addr;
    return except(trap, code);
}

WVM_SIGNAL_PATH static enum verdict except_in_page(struct wvm_trap *trap, NTSTATUS why,
                                                  unsigned access, uintptr_t addr)
{
    except_memory(trap, STATUS_IN_PAGE_ERROR, access, addr);
    trap->record.NumberParameters = 3;
    trap->record.ExceptionInformation[2] = (DWORD)why;
    return EXCEPTION;
}

WVM_SIGNAL_PATH static unsigned access_of(const struct wvm_kernel_context *uc)
{
    uintptr_t error = wvm_reg_value(uc, REG_ERR);
    return error & ERR_EXECUTE ? WVM_ACCESS_EXECUTE
           : error & ERR_WRITE ? WVM_ACCESS_WRITE
                               : WVM_ACCESS_READ;
}

/* False: this access was tried too often. */
WVM_SIGNAL_PATH static bool may_retry(uintptr_t addr, uintptr_t ip)
{
    struct wvm_fault_thread *self = &wvm_fault_self;
    uint32_t changes = wvm_space_changes(&wvm_space_native);
    /* An access that went through and faults again does so because something changed. */
    if (self->retry_addr != addr || self->retry_ip != ip || self->retry_changes != changes) {
        self->retry_addr = addr;
        self->retry_ip = ip;
        self->retry_changes = changes;
        self->n_retries = 0;
    }
    unsigned n = ++self->n_retries;
    if (n >= RETRY_MOST)
        self->n_retries = 0;
    else if (n > RETRY_BUSY)
        wvm_host_nap((n - RETRY_BUSY) * (n - RETRY_BUSY) * RETRY_UNIT_US);
    else if (n > 1)
        wvm_host_nap(0);
    return n < RETRY_MOST;
}

WVM_SIGNAL_PATH static enum wvm_fault_answer ask_space(const struct wvm_trap *trap, uintptr_t sp)
{
    struct wvm_fault fault = {
        .addr = (uintptr_t)trap->info->si_addr,
        .sp = sp,
        .access = access_of(trap->uc),
        .ip = wvm_reg_value(trap->uc, WVM_REG_IP),
        .guarantee = wvm_fault_self.guarantee,
    };
    if (fault.addr >= wvm_space_host_top(&wvm_space_native) ||
        trap->info->si_code == CODE_PROTECTION_KEY)
        return WVM_FAULT_FOREIGN;
    enum wvm_fault_answer answer = wvm_space_fault(&wvm_space_native, &fault);
    if (answer != WVM_FAULT_RETRY)
        wvm_fault_self.n_retries = 0;
    else if (!may_retry(fault.addr, wvm_reg_value(trap->uc, WVM_REG_IP)))
        answer = WVM_FAULT_VIOLATION;
    return answer;
}

WVM_SIGNAL_PATH static enum verdict judge_page(struct wvm_trap *trap)
{
    uintptr_t addr = (uintptr_t)trap->info->si_addr, sp = wvm_reg_value(trap->uc, WVM_REG_SP);
    unsigned access = access_of(trap->uc);
    switch (ask_space(trap, sp)) {
    case WVM_FAULT_RETRY:
    case WVM_FAULT_OPENED:
        return RETRY;
    case WVM_FAULT_GUARD:
        return except_memory(trap, STATUS_GUARD_PAGE_VIOLATION, access, addr);
    case WVM_FAULT_OVERFLOW:
        return except_memory(trap, STATUS_STACK_OVERFLOW, access, addr);
    case WVM_FAULT_NO_MEMORY:
        return except_in_page(trap, STATUS_NO_MEMORY, access, addr);
    case WVM_FAULT_FOREIGN:
        if (wvm_fault_left_alternate(trap->uc, addr))
            return LOST;
        trap->stack_gone = wvm_fault_is_overflow(addr, sp);
        break;
    case WVM_FAULT_VIOLATION:
        break;
    }
    return except_memory(trap, trap->stack_gone ? STATUS_STACK_OVERFLOW : STATUS_ACCESS_VIOLATION,
                        access, addr);
}

WVM_SIGNAL_PATH static enum verdict judge_segv(struct wvm_trap *trap)
{
    switch (wvm_reg_value(trap->uc, REG_TRAPNO)) {
    case WVM_TRAP_PAGE:
        return judge_page(trap);
    case WVM_TRAP_OVERFLOW:
        return except(trap, STATUS_INTEGER_OVERFLOW);
    case WVM_TRAP_BOUNDS:
        return except(trap, STATUS_ARRAY_BOUNDS_EXCEEDED);
    default: /* the processor does not tell an address */
        return except_memory(trap, STATUS_ACCESS_VIOLATION, WVM_ACCESS_READ, UINTPTR_MAX);
    }
}

WVM_SIGNAL_PATH static enum verdict judge_bus(struct wvm_trap *trap)
{
    uintptr_t addr = (uintptr_t)trap->info->si_addr;
    int code = trap->info->si_code;
    if (code == CODE_MEMORY_ERROR_LATER)
        return SENT;
    if (code == CODE_MEMORY_ERROR_NOW)
        return except_in_page(trap, STATUS_DEVICE_DATA_ERROR, access_of(trap->uc), addr);
    switch (wvm_reg_value(trap->uc, REG_TRAPNO)) {
    case WVM_TRAP_ALIGNMENT:
        return except(trap, STATUS_DATATYPE_MISALIGNMENT);
    case WVM_TRAP_STACK:
    case WVM_TRAP_SEGMENT:
        return except_memory(trap, STATUS_ACCESS_VIOLATION, WVM_ACCESS_READ, UINTPTR_MAX);
    default:
        return except_in_page(trap, STATUS_END_OF_FILE, access_of(trap->uc), addr);
    }
}

WVM_SIGNAL_PATH static enum verdict judge_fpe(struct wvm_trap *trap)
{
    static const NTSTATUS codes[] = {
        [FPE_INTDIV] = STATUS_INTEGER_DIVIDE_BY_ZERO,
        [FPE_INTOVF] = STATUS_INTEGER_OVERFLOW,
        [FPE_FLTDIV] = STATUS_FLOAT_DIVIDE_BY_ZERO,
        [FPE_FLTOVF] = STATUS_FLOAT_OVERFLOW,
        [FPE_FLTUND] = STATUS_FLOAT_UNDERFLOW,
        [FPE_FLTRES] = STATUS_FLOAT_INEXACT_RESULT,
        [FPE_FLTINV] = STATUS_FLOAT_INVALID_OPERATION,
    };
    unsigned code = (unsigned)trap->info->si_code;
    bool x87 = wvm_reg_value(trap->uc, REG_TRAPNO) == WVM_TRAP_X87;
    unsigned raised = wvm_context_fp_raised(trap->uc, x87);
    /* The kernel has no codes for two of them. */
    if (code == FPE_FLTUND && (raised & (WVM_FP_DENORMAL | WVM_FP_INVALID)) == WVM_FP_DENORMAL)
        return except(trap, STATUS_FLOAT_DENORMAL_OPERAND);
    if (code == FPE_FLTINV && x87 && (raised & WVM_FP_STACK))
        return except(trap, STATUS_FLOAT_STACK_CHECK);
    return code < sizeof(codes) / sizeof(codes[0])
               ? except(trap, codes[code])
               : except(trap, STATUS_FLOAT_INVALID_OPERATION);
}

/* The instruction pointer stands behind an int3; Windows reports the int3 itself. */
WVM_SIGNAL_PATH static enum verdict judge_trap(struct wvm_trap *trap)
{
    int code = trap->info->si_code;
    switch (wvm_reg_value(trap->uc, REG_TRAPNO)) {
    case WVM_TRAP_INT3:
        if (code != SI_KERNEL && code != TRAP_BRKPT)
            return SENT;
        trap->record.ExceptionAddress = (char *)trap->record.ExceptionAddress - 1;
        trap->record.NumberParameters = 1;
        return except(trap, STATUS_BREAKPOINT);
    case WVM_TRAP_DEBUG:
        return except(trap, STATUS_SINGLE_STEP);
    default:
        return SENT;
    }
}

WVM_SIGNAL_PATH static enum verdict judge(struct wvm_trap *trap)
{
    trap->record.ExceptionAddress = (void *)wvm_reg_value(trap->uc, WVM_REG_IP);
    switch (trap->sig) {
    case SIGSEGV:
        return judge_segv(trap);
    case SIGBUS:
        return judge_bus(trap);
    case SIGFPE:
        return judge_fpe(trap);
    case SIGTRAP:
        return judge_trap(trap);
    default:
        return except(trap, trap->info->si_code == ILL_PRVOPC ? STATUS_PRIVILEGED_INSTRUCTION
                                                             : STATUS_ILLEGAL_INSTRUCTION);
    }
}

/* ---- the body ---- */

/* A fault of the probe of a stack: the stack grows, or the probe fails. */
WVM_SIGNAL_PATH static void mend_probe(const struct wvm_trap *trap, uintptr_t stack)
{
    bool page = trap->sig == SIGSEGV && wvm_reg_value(trap->uc, REG_TRAPNO) == WVM_TRAP_PAGE;
    switch (page ? ask_space(trap, stack) : WVM_FAULT_FOREIGN) {
    case WVM_FAULT_RETRY:
    case WVM_FAULT_OPENED:
    case WVM_FAULT_GUARD:
    case WVM_FAULT_OVERFLOW:
        return;
    default:
        wvm_fault_probe_fail(trap->uc);
    }
}

/* A read of a list's link whose entry is gone: the list looks again. */
WVM_SIGNAL_PATH static bool mend_list(const struct wvm_trap *trap)
{
    uintptr_t go_on = wvm_slist_mend(wvm_reg_value(trap->uc, WVM_REG_IP));
    if (go_on == 0 || (trap->sig != SIGSEGV && trap->sig != SIGBUS))
        return false;
    *wvm_reg(trap->uc, WVM_REG_IP) = (greg_t)go_on;
    return true;
}

/* *fault: the processor raised it. */
WVM_SIGNAL_PATH static bool handle(struct wvm_trap *trap, size_t gap, bool *fault)
{
    uintptr_t stack = wvm_fault_probe_stack(trap->uc);
    *fault = trap->info->si_code > 0;
    if (!*fault)
        return false;
    if (mend_list(trap))
        return true;
    if (stack) {
        mend_probe(trap, stack);
        return true;
    }
    if (wvm_fault_was_declined(trap->sig, trap->info, trap->uc))
        return false;
    switch (judge(trap)) {
    case SENT:
        *fault = false;
        return false;
    case LOST:
        return false;
    case RETRY:
        return true;
    default:
        return wvm_dispatch_wanted() && wvm_fault_deliver(trap, gap);
    }
}

/* Code that set the alignment check flag lives on in the handler: the kernel leaves it. Nothing may
 * be stored before this. */
WVM_SIGNAL_PATH static inline void drop_alignment_check(void)
{
#if defined(__x86_64__)
    __asm__ volatile("subq $128, %%rsp\n\t"
                     "pushfq\n\t"
                     "btrq $18, (%%rsp)\n\t"
                     "jnc 1f\n\t"
                     "popfq\n\t"
                     "jmp 2f\n"
                     "1:\taddq $8, %%rsp\n"
                     "2:\tsubq $-128, %%rsp"
                     :
                     :
                     : "memory", "cc");
#else
    __asm__ volatile("pushfl\n\t"
                     "btrl $18, (%%esp)\n\t"
                     "popfl"
                     :
                     :
                     : "memory", "cc");
#endif
}

/* The same for a handler that was called by others than the kernel: their mask is not ours. */
WVM_SIGNAL_PATH static bool handle_for_others(struct wvm_trap *trap, bool *fault)
{
    uint64_t mask = wvm_host_sigmask(~(wvm_host_sigbit(SIGSEGV) | wvm_host_sigbit(SIGBUS)));
    bool done = handle(trap, HOST_GAP, fault);
    wvm_host_sigmask(mask);
    return done;
}

WVM_SIGNAL_PATH static __attribute__((noinline)) bool handle_by_host(int sig, siginfo_t *info,
                                                                     void *context)
{
    struct wvm_trap trap = {.sig = sig, .info = info, .uc = context, .by_host = true};
    int saved = errno;
    bool fault, done = wvm_chain_knows(sig) && handle_for_others(&trap, &fault);
    errno = saved;
    return done;
}

WVM_SIGNAL_PATH bool wvm_fault_handle(int sig, siginfo_t *info, void *context)
{
    drop_alignment_check();
    return handle_by_host(sig, info, context);
}

WVM_SIGNAL_PATH static __attribute__((noinline)) void handle_or_pass(int sig, siginfo_t *info,
                                                                     void *context, bool others)
{
    struct wvm_trap trap = {.sig = sig, .info = info, .uc = context, .by_kernel = !others};
    int saved = errno;
    bool fault, done = others ? handle_for_others(&trap, &fault) : handle(&trap, 0, &fault);
    if (!done)
        wvm_chain_pass(sig, info, context, fault);
    errno = saved;
}

WVM_SIGNAL_PATH static void on_fault(int sig, siginfo_t *info, void *context)
{
    drop_alignment_check();
    const void *back = __builtin_return_address(0);
    handle_or_pass(sig, info, context, !wvm_host_kernel_called(back));
    if (back == NULL)
        wvm_host_sigreturn(context); /* host_signal.h: the action was put back by the C library */
}

/* ---- installation ---- */

void wvm_fault_install_memory(void)
{
    wvm_chain_install(SIGSEGV, on_fault);
    wvm_chain_install(SIGBUS, on_fault);
    wvm_fault_threads_wanted();
}

void wvm_fault_install_all(void)
{
    wvm_fault_install_memory();
    wvm_chain_install(SIGILL, on_fault);
    wvm_chain_install(SIGTRAP, on_fault);
    wvm_chain_install(SIGFPE, on_fault);
}
