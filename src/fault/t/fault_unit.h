/* What the tests of this room share: a dispatcher that hands every exception to one function of the
 * test, and accesses by leaf functions, whose faults a test can step over.
 * Included by one source of each program: it defines the dispatcher. */
#ifndef WVM_FAULT_T_FAULT_UNIT_H
#define WVM_FAULT_T_FAULT_UNIT_H

#include <errno.h>
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/t/unit.h"
#include "fault/fault_internal.h"
#include "host/host.h"
#include "space/space_fault.h"

enum { PG = 4096 };
/* An address that no page can have. */
/* An address that no program can have: not canonical, on i386 the kernel's. */
#if defined(__x86_64__)
#define UNIT_BAD ((char *)0x0123456789ABCDEFu)
#else
#define UNIT_BAD ((char *)0xFFFFF000u)
#endif

/* What the dispatcher of this program does; NULL: nobody is there. */
static enum wvm_dispatch_answer (*volatile unit_handler)(EXCEPTION_RECORD *r, CONTEXT *c);
static volatile unsigned unit_n;         /* exceptions so far */
static EXCEPTION_RECORD unit_seen;       /* the last one */
static CONTEXT unit_context;
static volatile bool unit_last;

bool wvm_dispatch_wanted(void)
{
    return unit_handler != NULL;
}

enum wvm_dispatch_answer wvm_dispatch(EXCEPTION_RECORD *record, CONTEXT *context, bool last)
{
    unit_n++;
    unit_seen = *record;
    unit_context = *context;
    unit_last = last;
    return unit_handler(record, context);
}

static inline void unit_set_up(void)
{
    wvm_host_init();
    ck_assert_int_eq(wvm_space_init(&wvm_space_native), STATUS_SUCCESS);
    wvm_fault_thread_init();
    unit_n = 0;
}

static inline void unit_start(enum wvm_dispatch_answer (*handler)(EXCEPTION_RECORD *, CONTEXT *))
{
    unit_set_up();
    unit_handler = handler;
    wvm_fault_install_all();
}

/* ---- leaves: a fault in one is stepped over by returning from it ---- */

#if defined(__x86_64__)
#define UNIT_LEAF
__asm__(".text\n"
        "unit_read: movb (%rdi), %al\n\tret\n"
        "unit_write: movb $1, (%rdi)\n\tret\n"
        "unit_read_rbp: pushq %rbp\n\tmovq %rdi, %rbp\n"
        "unit_read_rbp_at: movb (%rbp), %al\n\tpopq %rbp\n\tret\n"
        "unit_int3: int3\n\tret\n"
        "unit_ud2: ud2\n\tret\n"
        "unit_hlt: hlt\n\tret\n"
        "unit_divide: movl $1, %eax\n\txorl %edx, %edx\n\txorl %ecx, %ecx\n"
        "unit_divide_at: idivl %ecx\n\tret\n"
        "unit_denormal: ldmxcsr (%rdi)\n\tmovl $1, %eax\n\tmovq %rax, %xmm0\n"
        "unit_denormal_at: addsd %xmm0, %xmm0\n\tret\n"
        "unit_pops: fninit\n\tfldcw (%rdi)\n\tfstp %st(0)\n"
        "unit_pops_at: fwait\n\tret\n"
        "unit_step: pushfq\n\torl $0x100, (%rsp)\n\tpopfq\n"
        "\tnop\n"
        "unit_step_at: ret\n"
        "unit_misaligned: pushfq\n\torl $0x40000, (%rsp)\n\tpopfq\n"
        "unit_misaligned_at: movl 1(%rdi), %eax\n\t"
        "pushfq\n\tandl $~0x40000, (%rsp)\n\tpopfq\n\tret\n");
#else
#define UNIT_LEAF __attribute__((regparm(1)))
__asm__(".text\n"
        "unit_read: movb (%eax), %al\n\tret\n"
        "unit_write: movb $1, (%eax)\n\tret\n"
        "unit_read_rbp: pushl %ebp\n\tmovl %eax, %ebp\n"
        "unit_read_rbp_at: movb (%ebp), %al\n\tpopl %ebp\n\tret\n"
        "unit_int3: int3\n\tret\n"
        "unit_ud2: ud2\n\tret\n"
        "unit_hlt: hlt\n\tret\n"
        "unit_divide: movl $1, %eax\n\txorl %edx, %edx\n\txorl %ecx, %ecx\n"
        "unit_divide_at: idivl %ecx\n\tret\n"
        "unit_denormal: ldmxcsr (%eax)\n\tmovl $1, %eax\n\tmovd %eax, %xmm0\n"
        "unit_denormal_at: addsd %xmm0, %xmm0\n\tret\n"
        "unit_pops: fninit\n\tfldcw (%eax)\n\tfstp %st(0)\n"
        "unit_pops_at: fwait\n\tret\n"
        "unit_step: pushfl\n\torl $0x100, (%esp)\n\tpopfl\n"
        "\tnop\n"
        "unit_step_at: ret\n"
        "unit_misaligned: pushfl\n\torl $0x40000, (%esp)\n\tpopfl\n"
        "unit_misaligned_at: movl 1(%eax), %eax\n\t"
        "pushfl\n\tandl $~0x40000, (%esp)\n\tpopfl\n\tret\n");
#endif
UNIT_LEAF void unit_read(const volatile void *p);
UNIT_LEAF void unit_write(volatile void *p);
UNIT_LEAF void unit_read_rbp(const volatile void *p);
UNIT_LEAF void unit_int3(const volatile void *p);
UNIT_LEAF void unit_ud2(const volatile void *p);
UNIT_LEAF void unit_hlt(const volatile void *p);
UNIT_LEAF void unit_divide(const volatile void *p);
UNIT_LEAF void unit_denormal(const volatile void *mxcsr);
UNIT_LEAF void unit_pops(const volatile void *control);
UNIT_LEAF void unit_step(const volatile void *p);
UNIT_LEAF void unit_misaligned(const volatile void *p);
extern const char unit_denormal_at[], unit_pops_at[];
extern const char unit_read_rbp_at[], unit_divide_at[], unit_step_at[], unit_misaligned_at[];

/* Vector register n and MXCSR of a context. */
struct unit_vector {
    ULONGLONG Low;
    LONGLONG High;
} __attribute__((packed));
static inline struct unit_vector *unit_xmm(CONTEXT *c, unsigned n)
{
#if defined(__x86_64__)
    return (struct unit_vector *)(&c->Xmm0 + n);
#else
    return (struct unit_vector *)(c->ExtendedRegisters +
                                  offsetof(XMM_SAVE_AREA32, XmmRegisters)) + n;
#endif
}
static inline DWORD *unit_mxcsr(CONTEXT *c)
{
#if defined(__x86_64__)
    return &c->MxCsr;
#else
    return (DWORD *)(c->ExtendedRegisters + offsetof(XMM_SAVE_AREA32, MxCsr));
#endif
}

/* A handler: returns from the leaf that faulted. */
static inline enum wvm_dispatch_answer unit_leave(EXCEPTION_RECORD *r, CONTEXT *c)
{
    (void)r;
    WVM_CONTEXT_IP(c) = *(ULONG_PTR *)WVM_CONTEXT_SP(c);
    WVM_CONTEXT_SP(c) += sizeof(ULONG_PTR);
    return WVM_DISPATCH_CONTINUE;
}

static inline enum wvm_dispatch_answer unit_decline(EXCEPTION_RECORD *r, CONTEXT *c)
{
    (void)r;
    (void)c;
    return WVM_DISPATCH_UNHANDLED;
}

enum { UNIT_DEEP = 16 };
static volatile unsigned unit_depth, unit_deepest;

/* A handler: faults itself until UNIT_DEEP exceptions are open. */
static inline enum wvm_dispatch_answer unit_nest(EXCEPTION_RECORD *r, CONTEXT *c)
{
    volatile char some[512];
    some[0] = (char)unit_depth;
    if (++unit_depth < UNIT_DEEP)
        unit_read((char *)(uintptr_t)unit_depth);
    unit_deepest = unit_depth > unit_deepest ? unit_depth : unit_deepest;
    unit_depth--;
    if (r->ExceptionInformation[1] != unit_depth || some[0] != (char)unit_depth)
        _exit(1);
    return unit_leave(r, c);
}

static inline char *unit_map(size_t len, int prot)
{
    void *p = mmap(NULL, len, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(p, MAP_FAILED);
    return p;
}

/* n pages of winvm's with this attribute. */
static inline char *unit_pages(unsigned n, uint8_t attr)
{
    struct wvm_request req = {.len = n * (uintptr_t)PG, .attr = attr, .commit = true};
    ck_assert_int_eq(wvm_space_reserve(&wvm_space_native, &req), STATUS_SUCCESS);
    return (char *)req.start;
}
#define GUARDED (WVM_ATTR_RW | WVM_ATTR_GUARD)

/* ---- threads and stacks ---- */

enum { UNIT_STACK_LEN = 256 * 1024 };

static inline bool unit_on_alternate(void)
{
    stack_t now;
    sigaltstack(NULL, &now);
    return now.ss_flags & SS_ONSTACK;
}

static inline bool unit_has_alternate(void)
{
    stack_t now;
    sigaltstack(NULL, &now);
    return !(now.ss_flags & SS_DISABLE);
}

/* Runs fn in a thread with a stack of UNIT_STACK_LEN. */
static inline void unit_in_thread(void *(*fn)(void *), void *arg)
{
    pthread_t t;
    pthread_attr_t attr;
    void *what;
    pthread_attr_init(&attr);
    pthread_attr_setstacksize(&attr, UNIT_STACK_LEN);
    ck_assert_int_eq(pthread_create(&t, &attr, fn, arg), 0);
    ck_assert_int_eq(pthread_join(t, &what), 0);
    ck_assert_msg(what == NULL, "%s", (char *)what);
}

/* What a thread answers: NULL, or what went wrong. */
static inline void *unit_wrong(const char *text)
{
    return (void *)(uintptr_t)text;
}

/* Runs body in a child without core; the signal that ended it, or 1000 + its exit status. */
static inline int unit_end_of(void (*body)(void))
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        alarm(10);
        body();
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 1000 + WEXITSTATUS(status);
}

#endif
