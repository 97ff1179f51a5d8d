/* Handlers that wait until winvm is left.
 *
 * An asynchronous handler that interrupts winvm while it holds a lock could not call it. So the
 * kernel never gets the program's handler but a stub that stands for it: the stub looks where the
 * thread is, and either jumps to the handler or puts the signal off until the thread has left.
 * Terms    word = a handler's address and three facts about the action it was installed with;
 *          stub = code that differs from its neighbours in its number only; words[n] is what stub n
 *          stands for; putting off = the signal is queued to its thread again, blocked there.
 * I1       words[n] is 0 or what it was from its first moment on. So the kernel's slot alone says
 *          what is installed: there is no second table that could disagree with it, in another
 *          thread, after fork or in a child of vfork.
 * I2       The handler finds the stack and the registers as the kernel made them.
 * I3       While a signal is put off the thread has all signals blocked but those that instructions
 *          raise (RAISED), which are never put off, and nothing of the program runs in it.
 * I4       The mask that the thread gets back is that of the outermost handler that was put off.
 * Locking: none.   Failure: without a free word, or when the signal cannot be queued again, the
 * handler is called at once: its changes of memory fail with ERROR_POSSIBLE_DEADLOCK.
 * Signal safety: everything. errno is kept. */
#include <errno.h>
#include <string.h>
#include <ucontext.h>

#include "preload/signals.h"
#include "space/space_fault.h"

#define N_STUBS 512
#define STUB_SIZE 16
#define WORD_HANDLER (((uint64_t)1 << 56) - 1)
#define WORD_SEGV ((uint64_t)1 << 63)    /* the program's sa_mask has SIGSEGV */
#define WORD_BUS ((uint64_t)1 << 62)     /* ... SIGBUS */
#define WORD_ONCE ((uint64_t)1 << 61)    /* SA_RESETHAND */
#define WORD_INFO ((uint64_t)1 << 60)    /* SA_SIGINFO: the kernel gives a siginfo_t */

/* On i386 the kernel's frame for a handler without SA_SIGINFO has no room for a mask of 64 signals
 * where we look: every action is given with SA_SIGINFO there. */
#if defined(__x86_64__)
#define FORCED_FLAGS 0
#else
#define FORCED_FLAGS SA_SIGINFO
#endif

/* May be raised by an instruction: never put off, never blocked by us. */
#define RAISED                                                                             \
    (WVM_SIG_OPEN | WVM_SIG_BIT(SIGILL) | WVM_SIG_BIT(SIGTRAP) | WVM_SIG_BIT(SIGFPE) |     \
     WVM_SIG_BIT(SIGSYS))

typedef void handler(int, siginfo_t *, void *);

static wvm_word64 words[N_STUBS];

/* Stub n: goes to wvm_signal_arrived with n as the fourth argument. */
extern const char wvm_signal_stubs[N_STUBS * STUB_SIZE] WVM_HIDDEN;
#if defined(__x86_64__)
void wvm_signal_arrived(int sig, siginfo_t *info, void *context, unsigned n) WVM_HIDDEN;
__asm__(".text\n"
        ".p2align 4\n"
        ".globl wvm_signal_stubs\n"
        ".hidden wvm_signal_stubs\n"
        ".type wvm_signal_stubs, @function\n"
        "wvm_signal_stubs:\n\t"
        ".cfi_startproc\n\t"
        ".set stub, 0\n\t"
        ".rept 512\n\t"
        ".p2align 4\n\t"
        "endbr64\n\t"
        "movl $stub, %ecx\n\t"
        "jmp wvm_signal_arrived\n\t"
        ".set stub, stub + 1\n\t"
        ".endr\n\t"
        ".p2align 4\n\t"
        ".cfi_endproc\n\t"
        ".size wvm_signal_stubs, .-wvm_signal_stubs\n");
#else
/* Asks wvm_signal_target, then returns to the kernel's frame or, with the stack and the registers
 * that the kernel gave, goes to the handler. The frame has the handler's arguments behind the
 * return address; all signals are taken with SA_SIGINFO, so that it always has three. */
__asm__(".text\n"
        ".p2align 4\n"
        ".type wvm_signal_arrived, @function\n"
        "wvm_signal_arrived:\n\t"
        ".cfi_startproc\n\t"
        "subl $12, %esp\n\t"
        ".cfi_adjust_cfa_offset 12\n\t"
        "pushl %ecx\n\t"
        ".cfi_adjust_cfa_offset 4\n\t"
        "pushl 28(%esp)\n\t"
        ".cfi_adjust_cfa_offset 4\n\t"
        "pushl 28(%esp)\n\t"
        ".cfi_adjust_cfa_offset 4\n\t"
        "pushl 28(%esp)\n\t"
        ".cfi_adjust_cfa_offset 4\n\t"
        "call wvm_signal_target\n\t"
        "addl $24, %esp\n\t"
        ".cfi_adjust_cfa_offset -24\n\t"
        "testl %eax, %eax\n\t"
        "jz 1f\n\t"
        "movl %eax, (%esp)\n\t"
        "movl 8(%esp), %eax\n\t"
        "movl 12(%esp), %edx\n\t"
        "movl 16(%esp), %ecx\n\t"
        "ret\n"
        "1:\taddl $4, %esp\n\t"
        ".cfi_adjust_cfa_offset -4\n\t"
        "ret\n\t"
        ".cfi_endproc\n\t"
        ".size wvm_signal_arrived, .-wvm_signal_arrived\n"
        ".p2align 4\n"
        ".globl wvm_signal_stubs\n"
        ".hidden wvm_signal_stubs\n"
        ".type wvm_signal_stubs, @function\n"
        "wvm_signal_stubs:\n\t"
        ".cfi_startproc\n\t"
        ".set stub, 0\n\t"
        ".rept 512\n\t"
        ".p2align 4\n\t"
        "movl $stub, %ecx\n\t"
        "jmp wvm_signal_arrived\n\t"
        ".set stub, stub + 1\n\t"
        ".endr\n\t"
        ".p2align 4\n\t"
        ".cfi_endproc\n\t"
        ".size wvm_signal_stubs, .-wvm_signal_stubs\n");
#endif

/* ---- actions ---- */

/* The number of word, which becomes known now if it was not. -1: no room. */
static int number_of(uint64_t word)
{
    unsigned at = (unsigned)((word * 0x9e3779b97f4a7c15u) >> 55);
    for (unsigned i = 0; i < N_STUBS; i++, at++) {
        uint64_t found = 0;
        if (__atomic_compare_exchange_n(&words[at % N_STUBS], &found, word, false,
                                        __ATOMIC_RELEASE, __ATOMIC_ACQUIRE) || found == word)
            return (int)(at % N_STUBS);
    }
    return -1;
}

void wvm_wrap(struct sigaction *act)
{
    uint64_t mask = wvm_set_word(&act->sa_mask), word = (uintptr_t)act->sa_handler;
    if (act->sa_handler == SIG_DFL || act->sa_handler == SIG_IGN || word > WORD_HANDLER)
        return;
    word |= mask & WVM_SIG_BIT(SIGSEGV) ? WORD_SEGV : 0;
    word |= mask & WVM_SIG_BIT(SIGBUS) ? WORD_BUS : 0;
    word |= act->sa_flags & SA_RESETHAND ? WORD_ONCE : 0;
    word |= act->sa_flags & SA_SIGINFO ? WORD_INFO : 0;
    int n = number_of(word);
    if (n < 0)
        return;
    wvm_set_put(&act->sa_mask, mask & ~WVM_SIG_OPEN);
    act->sa_handler = (__sighandler_t)(uintptr_t)&wvm_signal_stubs[n * STUB_SIZE];
    act->sa_flags |= FORCED_FLAGS;
}

void wvm_unwrap(struct sigaction *act)
{
    uintptr_t at = (uintptr_t)act->sa_handler - (uintptr_t)wvm_signal_stubs;
    if (at >= sizeof wvm_signal_stubs)
        return;
    uint64_t word = __atomic_load_n(&words[at / STUB_SIZE], __ATOMIC_ACQUIRE);
    uint64_t mask = wvm_set_word(&act->sa_mask);
    mask |= word & WORD_SEGV ? WVM_SIG_BIT(SIGSEGV) : 0;
    mask |= word & WORD_BUS ? WVM_SIG_BIT(SIGBUS) : 0;
    wvm_set_put(&act->sa_mask, mask);
    act->sa_handler = (__sighandler_t)(uintptr_t)(word & WORD_HANDLER);
    if ((word & WORD_INFO) == 0)
        act->sa_flags &= ~FORCED_FLAGS;
}

/* ---- putting off ---- */

/* The mask for the thread when it has left winvm. */
static WVM_THREAD_LOCAL uint64_t mask_later;

static void resume(void)
{
    wvm_raw_mask(SIG_SETMASK, mask_later, NULL);
}

/* The kernel's struct sigaction. */
struct kernel_action {
    uintptr_t handler;
    unsigned long flags;
    uintptr_t restorer;
    uint64_t mask;
};

/* SA_RESETHAND took the action away when the signal was delivered: give it back. */
static void install_again(int sig, unsigned n)
{
    struct kernel_action act;
    long got = WVM_SYS(syscall(SYS_rt_sigaction, sig, NULL, &act, sizeof act.mask));
    if (got != 0 || act.handler != (uintptr_t)SIG_DFL)
        return;
    act.handler = (uintptr_t)&wvm_signal_stubs[n * STUB_SIZE];
    (void)WVM_SYS(syscall(SYS_rt_sigaction, sig, &act, NULL, sizeof act.mask));
}

/* The thread gets this signal again, once it is not blocked any more. */
static bool queue_again(int sig, const siginfo_t *info)
{
    long pid = WVM_SYS(syscall(SYS_getpid)), tid = WVM_SYS(syscall(SYS_gettid));
    siginfo_t plain;
    if (info == NULL) {
        memset(&plain, 0, sizeof plain);
        plain.si_signo = sig;
        plain.si_code = SI_TKILL;
        plain.si_pid = (pid_t)pid;
        info = &plain;
    }
    return WVM_SYS(syscall(SYS_rt_tgsigqueueinfo, pid, tid, sig, info)) == 0;
}

/* In the handler of sig, which interrupted winvm. All signals are blocked first, so that a handler
 * that interrupts this one has finished before, and the outer mask is written last. */
static WVM_COLD bool put_off(int sig, const siginfo_t *info, ucontext_t *context, unsigned n)
{
    uint64_t was, word = __atomic_load_n(&words[n], __ATOMIC_ACQUIRE);
    if (WVM_SIG_BIT(sig) & RAISED)
        return false;
    wvm_raw_mask(SIG_SETMASK, ~RAISED, &was);
    if (!queue_again(sig, word & WORD_INFO ? info : NULL)) {
        wvm_raw_mask(SIG_SETMASK, was, NULL);
        return false;
    }
    if (word & WORD_ONCE)
        install_again(sig, n);
    mask_later = wvm_set_word(&context->uc_sigmask);
    wvm_set_put(&context->uc_sigmask, ~RAISED | mask_later);
    wvm_space_when_left(resume);
    return true;
}

#if defined(__i386__)
/* SA_RESETHAND took the action away and left its flags: the program's had no SA_SIGINFO. */
static WVM_COLD void drop_forced(int sig)
{
    struct kernel_action act;
    long got = WVM_SYS(syscall(SYS_rt_sigaction, sig, NULL, &act, sizeof act.mask));
    if (got != 0 || act.handler != (uintptr_t)SIG_DFL)
        return;
    act.flags &= ~(unsigned long)FORCED_FLAGS;
    (void)WVM_SYS(syscall(SYS_rt_sigaction, sig, &act, NULL, sizeof act.mask));
}
#endif

/* The handler to call; NULL: it was put off. */
static inline handler *target_of(int sig, siginfo_t *info, void *context, unsigned n)
{
    if (WVM_UNLIKELY(wvm_space_inside()) && put_off(sig, info, context, n))
        return NULL;
    uint64_t word = __atomic_load_n(&words[n], __ATOMIC_ACQUIRE);
    return (handler *)(uintptr_t)(word & WORD_HANDLER);
}

#if defined(__x86_64__)
void wvm_signal_arrived(int sig, siginfo_t *info, void *context, unsigned n)
{
    handler *target = target_of(sig, info, context, n);
    if (target != NULL)
        target(sig, info, context);
}
#else
__attribute__((used)) WVM_HIDDEN handler *wvm_signal_target(int sig, siginfo_t *info,
                                                            void *context, unsigned n);
handler *wvm_signal_target(int sig, siginfo_t *info, void *context, unsigned n)
{
    uint64_t word = __atomic_load_n(&words[n], __ATOMIC_ACQUIRE);
    handler *target = target_of(sig, info, context, n);
    if (target != NULL && (word & (WORD_ONCE | WORD_INFO)) == WORD_ONCE)
        drop_forced(sig);
    return target;
}
#endif
