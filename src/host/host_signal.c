/* Signals by bare system calls, and stacks to handle them on.
 *
 * Terms    restorer = the code that a handler returns to; it gives the signal frame back to the
 *          kernel. Its bytes are those that debuggers and unwinders know a signal frame by.
 * I1       Every action with a handler that goes to the kernel from here has this file's restorer.
 * Locking  none.   Failure: -errno, nothing changed.   Signal safety: all; errno is kept. */
#include "host/host_signal.h"

#include <sys/auxv.h>

#include "host/host.h"
#include "host/host_kernel.h"

#define KERNEL_SA_RESTORER 0x04000000ul
#ifdef __i386__
/* From the stack pointer that a handler leaves, past its three arguments and the siginfo_t, to the
 * ucontext of the kernel's frame. */
enum { FRAME_ABOVE_RETURN = 3 * 4 + 128 };
#endif
enum { LEAST_FRAME = 4096 }; /* where the kernel does not tell */
enum { STACK_GUARD = WVM_HOST_STACK_GUARD };
#ifndef AT_MINSIGSTKSZ
#define AT_MINSIGSTKSZ 51
#endif

#ifdef __x86_64__
#define RESTORER_NUMBER 15
#define RESTORER_CODE "\tmovq $15, %rax\n\tsyscall\n"
#else
#define RESTORER_NUMBER 173
#define RESTORER_CODE "\tmovl $173, %eax\n\tint $0x80\n"
#endif
__asm__(".pushsection .text\n"
        ".balign 16\n"
        "nop\n"
        ".globl wvm_host_restorer\n"
        ".hidden wvm_host_restorer\n"
        ".type wvm_host_restorer, @function\n"
        "wvm_host_restorer:\n"
        RESTORER_CODE
        ".size wvm_host_restorer, . - wvm_host_restorer\n"
        ".popsection\n");
extern WVM_HIDDEN const char wvm_host_restorer[];
WVM_STATIC(SYS_rt_sigreturn == RESTORER_NUMBER, "the restorer's number");

static long sys4(long nr, uintptr_t a, uintptr_t b, uintptr_t c, uintptr_t d)
{
#if defined(__x86_64__) && defined(__LP64__)
    long result;
    register uintptr_t r10 __asm__("r10") = d;
    __asm__ volatile("syscall"
                     : "=a"(result)
                     : "0"(nr), "D"(a), "S"(b), "d"(c), "r"(r10)
                     : "rcx", "r11", "memory");
    return result;
#else
    return WVM_SYS(syscall(nr, a, b, c, d));
#endif
}

int wvm_host_sigaction(int sig, const struct wvm_host_action *act, struct wvm_host_action *old)
{
    struct wvm_host_action set;
    if (act) {
        set = *act;
        if (set.handler != (void *)SIG_DFL && set.handler != (void *)SIG_IGN) {
            set.flags |= KERNEL_SA_RESTORER;
            set.restorer = (void *)(uintptr_t)wvm_host_restorer;
        }
    }
    return (int)sys4(SYS_rt_sigaction, (uintptr_t)sig, act ? (uintptr_t)&set : 0, (uintptr_t)old,
                     sizeof(set.mask));
}

uint64_t wvm_host_sigmask(uint64_t mask)
{
    uint64_t old = 0;
    sys4(SYS_rt_sigprocmask, SIG_SETMASK, (uintptr_t)&mask, (uintptr_t)&old, sizeof(mask));
    return old;
}

int wvm_host_sigaltstack(const stack_t *set, stack_t *old)
{
    return (int)wvm_sys3(SYS_sigaltstack, (uintptr_t)set, (uintptr_t)old, 0);
}

int wvm_host_sigqueue(int sig, const siginfo_t *info)
{
    long pid = wvm_sys3(SYS_getpid, 0, 0, 0), tid = wvm_sys3(SYS_gettid, 0, 0, 0);
    return (int)sys4(SYS_rt_tgsigqueueinfo, (uintptr_t)pid, (uintptr_t)tid, (uintptr_t)sig,
                     (uintptr_t)info);
}

bool wvm_host_kernel_called(const void *return_address)
{
    return return_address == (const void *)wvm_host_restorer || return_address == NULL;
}

/* It leaves without returning, so no sanitizer may note that it was entered. */
__attribute__((no_sanitize_thread, no_sanitize_address)) _Noreturn void
wvm_host_sigreturn(void *context)
{
#ifdef __x86_64__
    __asm__ volatile("movq %0, %%rsp\n\t"
                     "movl $15, %%eax\n\t"
                     "syscall\n\t"
                     "ud2"
                     :
                     : "r"(context)
                     : "memory");
#else
    __asm__ volatile("movl %0, %%esp\n\t"
                     "movl $173, %%eax\n\t"
                     "int $0x80\n\t"
                     "ud2"
                     :
                     : "r"((char *)context - FRAME_ABOVE_RETURN)
                     : "memory");
#endif
    __builtin_unreachable();
}

void wvm_host_nap(unsigned microseconds)
{
    long t[2] = {(long)(microseconds / 1000000), (long)(microseconds % 1000000) * 1000};
    if (microseconds == 0)
        wvm_sys3(SYS_sched_yield, 0, 0, 0);
    else
        wvm_sys3(SYS_nanosleep, (uintptr_t)t, 0, 0);
}

size_t wvm_host_signal_frame_size(void)
{
    int saved = errno;
    size_t told = getauxval(AT_MINSIGSTKSZ);
    errno = saved;
    return told > LEAST_FRAME ? told : LEAST_FRAME;
}

int wvm_host_stack_make(size_t len, uintptr_t *out)
{
    intptr_t r = wvm_sys_mmap(0, len + STACK_GUARD, PROT_NONE, MAP_NORESERVE);
    if (wvm_sys_failed(r))
        return (int)r;
    uintptr_t at = (uintptr_t)r + STACK_GUARD;
    int err = wvm_host.protect(at, len, WVM_HOST_R | WVM_HOST_W);
    if (err == 0)
        *out = at;
    else
        wvm_host.unmap((uintptr_t)r, len + STACK_GUARD);
    return err;
}

void wvm_host_stack_free(uintptr_t addr, size_t len)
{
    wvm_host.unmap(addr - STACK_GUARD, len + STACK_GUARD);
}
