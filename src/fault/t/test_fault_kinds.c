/* Real faults of every kind, and the records they become. */
#if defined(__i386__)
#pragma GCC target("sse2,fpmath=sse") /* an exception of SSE is told at once */
#endif
#include <fenv.h>
#include <xmmintrin.h>

#include "fault/t/fault_unit.h"

static void *const no_data = NULL;

static void expect(DWORD code, DWORD n, ULONG_PTR kind, ULONG_PTR addr)
{
    ck_assert_uint_eq(unit_n, 1);
    ck_assert_uint_eq(unit_seen.ExceptionCode, code);
    ck_assert_uint_eq(unit_seen.ExceptionFlags, 0);
    ck_assert_ptr_eq(unit_seen.ExceptionRecord, NULL);
    ck_assert_uint_eq(unit_seen.NumberParameters, n);
    if (n >= 2) {
        ck_assert_uint_eq(unit_seen.ExceptionInformation[0], kind);
        ck_assert_uint_eq(unit_seen.ExceptionInformation[1], addr);
    }
    ck_assert_uint_eq((ULONG_PTR)unit_seen.ExceptionAddress, WVM_CONTEXT_IP(&unit_context));
}

static void expect_at(const void *ip)
{
    ck_assert_ptr_eq(unit_seen.ExceptionAddress, ip);
}

#define VIOLATION ((DWORD)STATUS_ACCESS_VIOLATION)
enum { AT_READ, AT_WRITE, AT_EXECUTE = 8 };

START_TEST(null_pointer)
{
    unit_start(unit_leave);
    unit_read((char *)no_data + 8);
    expect(VIOLATION, 2, AT_READ, 8);
    expect_at((void *)unit_read);
    unit_n = 0;
    unit_write((char *)no_data + 16);
    expect(VIOLATION, 2, AT_WRITE, 16);
    unit_n = 0;
    ((void (*)(const volatile void *))no_data)(NULL);
    expect(VIOLATION, 2, AT_EXECUTE, 0);
    expect_at(NULL);
}
END_TEST

START_TEST(protected_pages)
{
    unit_start(unit_leave);
    char *ro = unit_map(PG, PROT_READ), *rw = unit_map(PG, PROT_READ | PROT_WRITE);
    unit_read(ro);
    ck_assert_uint_eq(unit_n, 0);
    unit_write(ro + 77);
    expect(VIOLATION, 2, AT_WRITE, (ULONG_PTR)ro + 77);
    unit_n = 0;
    rw[0] = (char)0xC3;
    ((void (*)(const volatile void *))(void *)rw)(NULL);
    expect(VIOLATION, 2, AT_EXECUTE, (ULONG_PTR)rw);
}
END_TEST

#if defined(__x86_64__)
static enum wvm_dispatch_answer leave_rbp(EXCEPTION_RECORD *r, CONTEXT *c)
{
    c->Rbp = *(ULONGLONG *)c->Rsp;
    c->Rsp += 8;
    return unit_leave(r, c);
}

START_TEST(no_canonical_address)
{
    unit_start(unit_leave);
    unit_read(UNIT_BAD);
    expect(VIOLATION, 2, AT_READ, ~(ULONG_PTR)0);
    unit_n = 0;
    unit_write(UNIT_BAD);
    expect(VIOLATION, 2, AT_READ, ~(ULONG_PTR)0);
    unit_n = 0;
    unit_handler = leave_rbp;
    unit_read_rbp(UNIT_BAD); /* a stack segment fault */
    expect(VIOLATION, 2, AT_READ, ~(ULONG_PTR)0);
    expect_at(unit_read_rbp_at);
}
END_TEST
#else
START_TEST(no_canonical_address) /* there is none: the kernel's */
{
    unit_start(unit_leave);
    unit_read(UNIT_BAD);
    expect(VIOLATION, 2, AT_READ, (ULONG_PTR)UNIT_BAD);
    unit_n = 0;
    unit_write(UNIT_BAD);
    expect(VIOLATION, 2, AT_WRITE, (ULONG_PTR)UNIT_BAD);
}
END_TEST
#endif

START_TEST(instructions)
{
    unit_start(unit_leave);
    unit_int3(NULL);
    expect((DWORD)STATUS_BREAKPOINT, 1, 0, 0);
    expect_at((void *)unit_int3);
    unit_n = 0;
    unit_ud2(NULL);
    expect((DWORD)STATUS_ILLEGAL_INSTRUCTION, 0, 0, 0);
    expect_at((void *)unit_ud2);
    unit_n = 0;
    unit_divide(NULL);
    expect((DWORD)STATUS_INTEGER_DIVIDE_BY_ZERO, 0, 0, 0);
    expect_at(unit_divide_at);
    unit_n = 0;
    unit_hlt(NULL);
    expect(VIOLATION, 2, AT_READ, ~(ULONG_PTR)0);
}
END_TEST

/* What the kernel calls an underflow and an invalid operation. */
START_TEST(denormals_and_x87_stack)
{
    static const unsigned mxcsr = 0x1f80 & ~0x100u; /* denormal operands are told */
    static const unsigned short control = 0x37e;    /* invalid operations are */
    unit_start(unit_leave);
    unit_denormal(&mxcsr);
    expect((DWORD)STATUS_FLOAT_DENORMAL_OPERAND, 0, 0, 0);
    expect_at(unit_denormal_at);
    unit_n = 0;
    unit_pops(&control);
    expect((DWORD)STATUS_FLOAT_STACK_CHECK, 0, 0, 0);
    expect_at(unit_pops_at);
    __asm__ volatile("fninit");
    _mm_setcsr(0x1f80);
}
END_TEST

static enum wvm_dispatch_answer stop_stepping(EXCEPTION_RECORD *r, CONTEXT *c)
{
    (void)r;
    ck_assert_msg(!(c->EFlags & 0x100), "the trap flag is on");
    return WVM_DISPATCH_CONTINUE;
}

START_TEST(single_step)
{
    unit_start(stop_stepping);
    unit_step(NULL);
    expect((DWORD)STATUS_SINGLE_STEP, 0, 0, 0);
    expect_at(unit_step_at);
}
END_TEST

static enum wvm_dispatch_answer align(EXCEPTION_RECORD *r, CONTEXT *c)
{
    (void)r;
    c->EFlags &= ~0x40000u;
    return WVM_DISPATCH_CONTINUE;
}

START_TEST(misaligned)
{
    static const uint64_t words[2];
    unit_start(align);
    unit_misaligned(words);
    expect((DWORD)STATUS_DATATYPE_MISALIGNMENT, 0, 0, 0);
    expect_at(unit_misaligned_at);
    ck_assert(unit_context.EFlags & 0x40000);
}
END_TEST

START_TEST(truncated_file)
{
    unit_start(unit_leave);
    int fd = memfd_create("short", 0);
    ck_assert_int_eq(ftruncate(fd, 2 * PG), 0);
    char *p = mmap(NULL, 2 * PG, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    ck_assert_ptr_ne(p, MAP_FAILED);
    unit_write(p + PG);
    ck_assert_uint_eq(unit_n, 0);
    ck_assert_int_eq(ftruncate(fd, PG), 0);
    unit_write(p + PG + 5);
    expect((DWORD)STATUS_IN_PAGE_ERROR, 3, AT_WRITE, (ULONG_PTR)p + PG + 5);
    ck_assert_uint_eq(unit_seen.ExceptionInformation[2], (DWORD)STATUS_END_OF_FILE);
}
END_TEST

/* Unmasked SSE exceptions; the handler masks them and the division is done. */
static enum wvm_dispatch_answer mask_floats(EXCEPTION_RECORD *r, CONTEXT *c)
{
    (void)r;
    *unit_mxcsr(c) = 0x1F80;
    return WVM_DISPATCH_CONTINUE;
}

static const struct {
    int except;
    double a, b;
    NTSTATUS code;
} floats[] = {
    {FE_DIVBYZERO, 1, 0, STATUS_FLOAT_DIVIDE_BY_ZERO},
    {FE_INVALID, 0, 0, STATUS_FLOAT_INVALID_OPERATION},
    {FE_OVERFLOW, 1e308, 1e-308, STATUS_FLOAT_OVERFLOW},
    {FE_UNDERFLOW, 1e-308, 1e308, STATUS_FLOAT_UNDERFLOW},
    {FE_INEXACT, 1, 3, STATUS_FLOAT_INEXACT_RESULT},
};

START_TEST(floating_point)
{
    volatile double a = floats[_i].a, b = floats[_i].b, result;
    unit_start(mask_floats);
    feenableexcept(floats[_i].except);
    result = a / b;
    ck_assert_uint_eq(_mm_getcsr() & 0x1F80, 0x1F80);
    expect((DWORD)floats[_i].code, 0, 0, 0);
    (void)result;
}
END_TEST

/* ---- winvm's own pages ---- */

START_TEST(guard_page)
{
    unit_start(unit_decline);
    char *p = unit_pages(4, GUARDED);
    unit_handler = unit_leave;
    unit_write(p + PG + 3);
    expect((DWORD)STATUS_GUARD_PAGE_VIOLATION, 2, AT_WRITE, (ULONG_PTR)p + PG + 3);
    unit_write(p + PG + 3);
    ck_assert_uint_eq(unit_n, 1);
    ck_assert_int_eq(p[PG + 3], 1);
    unit_n = 0;
    unit_read(p);
    expect((DWORD)STATUS_GUARD_PAGE_VIOLATION, 2, AT_READ, (ULONG_PTR)p);
}
END_TEST

START_TEST(reserved_page)
{
    unit_start(unit_leave);
    char *p = unit_pages(16, WVM_ATTR_RO);
    unit_write(p + 1);
    expect(VIOLATION, 2, AT_WRITE, (ULONG_PTR)p + 1);
}
END_TEST

/* The host took the page away behind winvm's back: the tables say "accessible", the access never
 * works. It ends as a violation. */
START_TEST(retry_ends)
{
    unit_start(unit_leave);
    char *p = unit_pages(16, WVM_ATTR_RW);
    ck_assert_int_eq(mprotect(p, PG, PROT_NONE), 0);
    unit_read(p + 9);
    expect(VIOLATION, 2, AT_READ, (ULONG_PTR)p + 9);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("fault_kinds", 30, &tc);
    tcase_add_test(tc, null_pointer);
    tcase_add_test(tc, protected_pages);
    tcase_add_test(tc, no_canonical_address);
    tcase_add_test(tc, instructions);
    tcase_add_test(tc, denormals_and_x87_stack);
    tcase_add_test(tc, single_step);
    tcase_add_test(tc, misaligned);
    tcase_add_test(tc, truncated_file);
    tcase_add_loop_test(tc, floating_point, 0, sizeof(floats) / sizeof(floats[0]));
    tcase_add_test(tc, guard_page);
    tcase_add_test(tc, reserved_page);
    tcase_add_test(tc, retry_ends);
    return unit_run(suite);
}
