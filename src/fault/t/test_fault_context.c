/* What a handler may change in the context, and what nobody changes. */
#if defined(__i386__)
#pragma GCC target("sse2")
#endif
#include <xmmintrin.h>

#include "fault/t/fault_unit.h"

/* Fills registers, reads NULL, and stores what it finds afterwards. Leaves a guard value in the red
 * zone. */
union registers {
    uint64_t words[16];
    struct {
        uint64_t rax, rbx, r15, red, rsp_moved;
        double st0;
        uint64_t unused[2], ymm6[4], ymm15[4];
    };
};
static const union registers full = {
    .words = {1, 0xB0B, 0xF15, 0x5ED, 0, 0, 0, 0, 61, 62, 63, 64, 151, 152, 153, 154}};
UNIT_LEAF void unit_registers(union registers *r);
#if defined(__x86_64__)
__asm__(".text\n"
        "unit_registers:\n"
        "\tpushq %rbx\n\tpushq %r15\n"
        "\tmovq %rdi, %r8\n"
        "\tvmovdqu 96(%rdi), %ymm15\n"
        "\tvmovdqu 64(%rdi), %ymm6\n"
        "\tfldl 40(%rdi)\n"
        "\tmovq 24(%rdi), %rax\n\tmovq %rax, -120(%rsp)\n"
        "\tmovq 0(%rdi), %rax\n\tmovq 8(%rdi), %rbx\n\tmovq 16(%rdi), %r15\n"
        "\tmovq %rsp, %r9\n\txorl %ecx, %ecx\n"
        "\tmovb (%rcx), %dl\n"
        "\thlt\n"
        ".globl unit_registers_on\n"
        "unit_registers_on:\n"
        "\tmovq %rax, 0(%r8)\n\tmovq %rbx, 8(%r8)\n\tmovq %r15, 16(%r8)\n"
        "\tsubq %rsp, %r9\n\tmovq %r9, 32(%r8)\n\taddq %r9, %rsp\n"
        "\tmovq -120(%rsp), %rax\n\tmovq %rax, 24(%r8)\n"
        "\tfstpl 40(%r8)\n"
        "\tvmovdqu %ymm6, 64(%r8)\n\tvmovdqu %ymm15, 96(%r8)\n\tvzeroupper\n"
        "\tpopq %r15\n\tpopq %rbx\n\tret\n");
#else
/* esi stands for r15 and ymm7 for ymm15; there is no red zone. */
__asm__(".text\n"
        "unit_registers:\n"
        "\tpushl %ebx\n\tpushl %esi\n\tpushl %edi\n\tpushl %ebp\n"
        "\tmovl %eax, %edi\n"
        "\tvmovdqu 96(%edi), %ymm7\n"
        "\tvmovdqu 64(%edi), %ymm6\n"
        "\tfldl 40(%edi)\n"
        "\tmovl 0(%edi), %eax\n\tmovl 8(%edi), %ebx\n\tmovl 16(%edi), %esi\n"
        "\tmovl %esp, %ebp\n\txorl %ecx, %ecx\n"
        "\tmovb (%ecx), %dl\n"
        "\thlt\n"
        ".globl unit_registers_on\n"
        "unit_registers_on:\n"
        "\tmovl %eax, 0(%edi)\n\tmovl %ebx, 8(%edi)\n\tmovl %esi, 16(%edi)\n"
        "\tsubl %esp, %ebp\n\tmovl %ebp, 32(%edi)\n\taddl %ebp, %esp\n"
        "\tfstpl 40(%edi)\n"
        "\tvmovdqu %ymm6, 64(%edi)\n\tvmovdqu %ymm7, 96(%edi)\n\tvzeroupper\n"
        "\tpopl %ebp\n\tpopl %edi\n\tpopl %esi\n\tpopl %ebx\n\tret\n");
/* The registers of the context by the names of x86-64. */
#define Rip Eip
#define Rsp Esp
#define Rax Eax
#define Rbx Ebx
#define Rcx Ecx
#define R8 Edi
#endif
enum { USER_CODE = sizeof(void *) == 8 ? 0x33 : 0x23 };
extern const char unit_registers_on[];
_Static_assert(offsetof(union registers, st0) == 40, "layout");

static enum wvm_dispatch_answer change_registers(EXCEPTION_RECORD *r, CONTEXT *c)
{
    (void)r;
    ck_assert_uint_eq(c->Rbx, 0xB0B);
    ck_assert_uint_eq(unit_xmm(c, 6)->Low, 61);
    c->Rip = (ULONG_PTR)unit_registers_on;
    c->Rax = 0xA11;
    c->Rsp -= 64;
    unit_xmm(c, 6)->High = 99;
    c->EFlags |= 0x400000; /* an undefined bit */
    c->SegCs = USER_CODE;
    __asm__ volatile("vzeroall" ::: "xmm0");
    __asm__ volatile("fninit\n\tfldpi" ::: "st");
    return WVM_DISPATCH_CONTINUE;
}

START_TEST(context_changes)
{
    union registers u = full;
    if (!__builtin_cpu_supports("avx"))
        return;
    u.st0 = 2.5;
    unit_start(change_registers);
    unit_registers(&u);
    ck_assert_uint_eq(unit_n, 1);
    ck_assert_uint_eq(u.rax, 0xA11);
    ck_assert_uint_eq(u.rbx, 0xB0B);
    ck_assert_uint_eq(u.r15, 0xF15);
    ck_assert_uint_eq(u.red, 0x5ED);
    ck_assert_uint_eq(u.rsp_moved, 64);
    ck_assert(u.st0 == 2.5);
    ck_assert_uint_eq(u.ymm6[0], 61);
    ck_assert_uint_eq(u.ymm6[1], 99);
    for (unsigned i = 10; i < 16; i++)
        ck_assert_uint_eq(u.words[i], full.words[i]);
}
END_TEST

static enum wvm_dispatch_answer only_integer(EXCEPTION_RECORD *r, CONTEXT *c)
{
    (void)r;
    c->ContextFlags = CONTEXT_INTEGER;
    c->Rcx = c->R8;     /* the address read is good now */
    c->Rip = 1;         /* not to be taken */
    c->Rax = 0xA12;
    unit_xmm(c, 6)->Low = 1;
    return WVM_DISPATCH_CONTINUE;
}

/* After the read comes a hlt, which the second handler steps over. */
static enum wvm_dispatch_answer only_parts(EXCEPTION_RECORD *r, CONTEXT *c)
{
    if (unit_n == 1)
        return only_integer(r, c);
    c->ContextFlags = CONTEXT_CONTROL;
    c->Rip = (ULONG_PTR)unit_registers_on;
    c->Rbx = 1;
    return WVM_DISPATCH_CONTINUE;
}

START_TEST(context_parts)
{
    union registers u = full;
    if (!__builtin_cpu_supports("avx"))
        return;
    unit_start(only_parts);
    unit_registers(&u);
    ck_assert_uint_eq(unit_n, 2);
    ck_assert_uint_eq(u.rax, 0xA12);
    ck_assert_uint_eq(u.rbx, 0xB0B);
    ck_assert_uint_eq(u.ymm6[0], 61);
}
END_TEST

/* A context that the processor would not load is loaded as far as it can be. */
static enum wvm_dispatch_answer wild_context(EXCEPTION_RECORD *r, CONTEXT *c)
{
    if (unit_n == 1) {
        *unit_mxcsr(c) = 0xFFFFFFFF;
        c->EFlags = 0xFFFFFFFF & ~0x40100u;
        c->SegCs = c->SegSs = 0x7777;
        c->R8 = *(ULONG_PTR *)c->Rsp;
        c->Rip = (ULONG_PTR)UNIT_BAD;
        return WVM_DISPATCH_CONTINUE;
    }
    *unit_mxcsr(c) = 0x1F80;
    c->EFlags = 0x202;
    return unit_leave(r, c);
}

START_TEST(wild_contexts)
{
    unit_start(wild_context);
    unit_read(NULL);
    ck_assert_uint_eq(unit_n, 2);
    ck_assert_uint_eq(unit_seen.ExceptionCode, (DWORD)STATUS_ACCESS_VIOLATION);
    ck_assert_uint_eq(unit_seen.ExceptionInformation[1],
                      sizeof(void *) == 8 ? ~(ULONG_PTR)0 : (ULONG_PTR)UNIT_BAD);
    ck_assert_uint_eq(unit_context.Rip, (ULONG_PTR)UNIT_BAD);
    ck_assert_uint_eq(*unit_mxcsr(&unit_context), 0xFFFF);
    ck_assert_uint_eq(unit_context.SegCs, USER_CODE);
}
END_TEST

/* The handler runs under the interrupted mask, on the interrupted stack, with calm floats. */
static enum wvm_dispatch_answer look_around(EXCEPTION_RECORD *r, CONTEXT *c)
{
    sigset_t set;
    stack_t alternate;
    sigprocmask(SIG_SETMASK, NULL, &set);
    ck_assert_int_eq(sigismember(&set, SIGUSR1), 1);
    ck_assert_int_eq(sigismember(&set, SIGUSR2), 0);
    ck_assert_int_eq(sigismember(&set, SIGSEGV), 0);
    sigaltstack(NULL, &alternate);
    ck_assert_int_eq(alternate.ss_flags & SS_ONSTACK, 0);
    ck_assert_uint_lt((uintptr_t)__builtin_frame_address(0), c->Rsp - WVM_RED_ZONE);
    ck_assert_uint_gt((uintptr_t)__builtin_frame_address(0), c->Rsp - 32768);
    ck_assert_uint_eq(_mm_getcsr(), 0x1F80);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_SETMASK, &set, NULL);
    errno = E2BIG;
    return unit_leave(r, c);
}

START_TEST(surroundings)
{
    sigset_t set;
    unit_start(look_around);
    sigemptyset(&set);
    sigaddset(&set, SIGUSR1);
    sigprocmask(SIG_SETMASK, &set, NULL);
    _mm_setcsr(0x7F80);
    errno = ENOTTY;
    unit_read(NULL);
    ck_assert_int_eq(errno, ENOTTY);
    ck_assert_uint_eq(_mm_getcsr(), 0x7F80);
    _mm_setcsr(0x1F80);
    sigprocmask(SIG_SETMASK, NULL, &set);
    ck_assert_int_eq(sigismember(&set, SIGUSR2), 1);
    ck_assert_int_eq(sigismember(&set, SIGUSR1), 1);
    ck_assert_uint_eq(unit_n, 1);
    ck_assert(unit_last);
}
END_TEST

/* A mask that a handler sets stays, whichever way leads back; other registers are not needed for
 * the quick one. */
static char *opened;

static enum wvm_dispatch_answer open_and_block(EXCEPTION_RECORD *r, CONTEXT *c)
{
    sigset_t set;
    (void)r;
    (void)c;
    sigemptyset(&set);
    sigaddset(&set, SIGUSR2);
    sigprocmask(SIG_BLOCK, &set, NULL);
    mprotect(opened, PG, PROT_READ);
    return WVM_DISPATCH_CONTINUE;
}

START_TEST(masks_stay)
{
    sigset_t set;
    unit_start(open_and_block);
    opened = mmap(NULL, PG, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    unit_read(opened);
    sigprocmask(SIG_SETMASK, NULL, &set);
    ck_assert_int_eq(sigismember(&set, SIGUSR2), 1);
    ck_assert_int_eq(sigismember(&set, SIGSEGV), 0);
    ck_assert_uint_eq(unit_n, 1);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("fault_context", 30, &tc);
    tcase_add_test(tc, context_changes);
    tcase_add_test(tc, context_parts);
    tcase_add_test(tc, wild_contexts);
    tcase_add_test(tc, surroundings);
    tcase_add_test(tc, masks_stay);
    return unit_run(suite);
}
