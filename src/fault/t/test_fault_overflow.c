/* What happens when stacks end. */
#include <sys/resource.h>
#include <ucontext.h>

#include "fault/t/fault_unit.h"

static sigjmp_buf back;
static volatile bool was_on_alternate;

/* ---- overflows ---- */

static enum wvm_dispatch_answer jump_back(EXCEPTION_RECORD *r, CONTEXT *c)
{
    (void)r;
    (void)c;
    was_on_alternate = unit_on_alternate();
    siglongjmp(back, 1);
}

static unsigned __attribute__((noinline)) overflow(unsigned n, size_t frame)
{
    volatile char block[256];
    volatile char *big = __builtin_alloca(frame);
    block[n % 256] = (char)n;
    big[0] = (char)n;
    return n == 0 ? 0 : overflow(n - 1, frame) + (unsigned)block[n % 256] + (unsigned)big[0];
}

static const char *overflow_twice(size_t frame)
{
    for (int i = 0; i < 2; i++) {
        unit_n = 0;
        if (sigsetjmp(back, 1) == 0) {
            overflow(1000000, frame);
            return "no end of the stack";
        }
        if (unit_n != 1 || unit_seen.ExceptionCode != (DWORD)STATUS_STACK_OVERFLOW ||
            unit_seen.NumberParameters != 2 || unit_seen.ExceptionInformation[0] != 1)
            return "not reported as an overflow";
        if (!was_on_alternate || unit_on_alternate())
            return "not on the alternate stack";
    }
    return NULL;
}

static const size_t frames[] = {16, 3000};

static void *overflow_thread(void *arg)
{
    static char own[16384];
    stack_t set = {.ss_sp = own, .ss_size = sizeof(own)};
    uintptr_t low, high;
    if ((uintptr_t)arg & 4) /* the smallest that is kept */
        sigaltstack(&set, NULL);
    wvm_fault_thread_attach();
    if ((uintptr_t)arg & 2)
        wvm_fault_thread_stack(&low, &high);
    return unit_wrong(overflow_twice(frames[(uintptr_t)arg & 1]));
}

START_TEST(thread_overflows)
{
    unit_start(jump_back);
    unit_in_thread(overflow_thread, (void *)(uintptr_t)_i);
}
END_TEST

/* In a process of its own, as the limit counts for the first thread. */
static void overflow_main(void)
{
    struct rlimit lim = {1 << 20, 1 << 20};
    setrlimit(RLIMIT_STACK, &lim);
    _exit(overflow_twice(16) ? 1 : 0);
}

START_TEST(first_thread_overflows)
{
    unit_start(jump_back);
    ck_assert_int_eq(unit_end_of(overflow_main), 1000);
}
END_TEST

static enum wvm_dispatch_answer overflow_again(EXCEPTION_RECORD *r, CONTEXT *c)
{
    overflow(1000000, 16);
    return unit_leave(r, c);
}

static void overflow_in_thread(void)
{
    unit_in_thread(overflow_thread, NULL);
}

START_TEST(overflow_in_the_handler)
{
    unit_start(overflow_again);
    ck_assert_int_eq(unit_end_of(overflow_in_thread), SIGSEGV);
    unit_handler = unit_decline;
    ck_assert_int_eq(unit_end_of(overflow_in_thread), SIGSEGV);
    unit_handler = NULL;
    ck_assert_int_eq(unit_end_of(overflow_in_thread), SIGSEGV);
}
END_TEST

/* ---- a stack in winvm's memory: 64 pages, the top two committed, a guard page below ---- */

enum { N_STACK = 64 };
static char *stack;
static ucontext_t outer, inner;
static const char *answer;

static void make_stack(void)
{
    uint8_t old;
    struct wvm_request req = {.len = N_STACK * (uintptr_t)PG, .attr = WVM_ATTR_RW};
    ck_assert_int_eq(wvm_space_reserve(&wvm_space_native, &req), STATUS_SUCCESS);
    stack = (char *)req.start;
    uintptr_t end = req.start + req.len;
    ck_assert_int_eq(wvm_space_commit(&wvm_space_native, end - 3 * PG, end, WVM_ATTR_RW),
                     STATUS_SUCCESS);
    ck_assert_int_eq(wvm_space_protect(&wvm_space_native, end - 3 * PG, end - 2 * PG, GUARDED,
                                       &old), STATUS_SUCCESS);
}

static void run_on_stack(void (*fn)(void))
{
    getcontext(&inner);
    inner.uc_stack.ss_sp = stack;
    inner.uc_stack.ss_size = N_STACK * PG;
    inner.uc_link = &outer;
    makecontext(&inner, fn, 0);
    ck_assert_int_eq(swapcontext(&outer, &inner), 0);
}

/* The frames of nested exceptions need more than the committed part: the copy grows the stack. */
static void nest_here(void)
{
    unit_read(NULL);
}

START_TEST(copy_grows_the_stack)
{
    struct wvm_region r;
    unit_start(unit_nest);
    make_stack();
    run_on_stack(nest_here);
    ck_assert_uint_eq(unit_deepest, UNIT_DEEP);
    uintptr_t top = (uintptr_t)stack + N_STACK * PG;
    ck_assert_int_eq(wvm_space_query(&wvm_space_native, top - 6 * PG, &r), STATUS_SUCCESS);
    ck_assert_uint_eq(r.attr, WVM_ATTR_RW);
    ck_assert_ptr_eq(wvm_space_audit(&wvm_space_native), NULL);
}
END_TEST

static void overflow_here(void)
{
    unit_n = 0;
    if (sigsetjmp(back, 1) == 0)
        overflow(1000000, 16);
    else
        answer = unit_seen.ExceptionCode == (DWORD)STATUS_STACK_OVERFLOW ? "overflow" : "other";
}

/* guarantee _i pages: with enough of them the handler runs on the stack itself */
START_TEST(grown_stack_overflows)
{
    unit_start(jump_back);
    make_stack();
    wvm_fault_set_stack_guarantee((size_t)_i * PG);
    ck_assert_uint_eq(wvm_fault_stack_guarantee(), (size_t)_i * PG);
    run_on_stack(overflow_here);
    ck_assert_str_eq(answer, "overflow");
    if (_i != 2) /* where two pages are enough or not by the frames of the compiler */
        ck_assert(was_on_alternate == (_i < 3));
    ck_assert_uint_eq(unit_n, 1);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("fault_overflow", 30, &tc);
    tcase_add_loop_test(tc, thread_overflows, 0, 8);
    tcase_add_test(tc, first_thread_overflows);
    tcase_add_test(tc, overflow_in_the_handler);
    tcase_add_test(tc, copy_grows_the_stack);
    tcase_add_loop_test(tc, grown_stack_overflows, 0, 9);
    return unit_run(suite);
}
