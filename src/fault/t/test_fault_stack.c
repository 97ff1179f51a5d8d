/* Which stack an exception is handled on; nested exceptions; who has an alternate stack. */
#include "fault/t/fault_unit.h"

/* ---- ordinary faults ---- */

static volatile bool was_on_alternate;

static enum wvm_dispatch_answer note_and_leave(EXCEPTION_RECORD *r, CONTEXT *c)
{
    was_on_alternate = unit_on_alternate();
    return unit_leave(r, c);
}

static void *fault_once(void *attach)
{
    if (attach)
        wvm_fault_thread_attach();
    if (unit_has_alternate() != (attach != NULL))
        return unit_wrong("alternate stack");
    for (unsigned i = 0; i < 100; i++)
        unit_read((char *)NULL + i);
    bool right = unit_n == 100 && !was_on_alternate && unit_seen.ExceptionInformation[1] == 99;
    return unit_wrong(right ? NULL : "not delivered");
}

START_TEST(with_and_without_alternate)
{
    unit_start(note_and_leave);
    unit_in_thread(fault_once, (void *)(uintptr_t)_i);
}
END_TEST

static void on_usr(int sig)
{
    (void)sig;
    unit_read(NULL);
    unit_n += 100 * unit_on_alternate();
    unit_read(NULL);
}

/* A handler of the program's that runs on the alternate stack faults there. */
START_TEST(faults_on_the_alternate_stack)
{
    struct sigaction act = {.sa_flags = SA_ONSTACK};
    act.sa_handler = on_usr;
    unit_start(note_and_leave);
    sigaction(SIGUSR1, &act, NULL);
    for (unsigned i = 1; i <= 3; i++) {
        raise(SIGUSR1);
        ck_assert_uint_eq(unit_n, 102 * i);
        ck_assert(was_on_alternate);
    }
}
END_TEST

static void nest_on_usr(int sig)
{
    (void)sig;
    unit_read(NULL);
}

START_TEST(nested)
{
    struct sigaction act = {.sa_flags = SA_ONSTACK};
    act.sa_handler = nest_on_usr;
    unit_start(unit_nest);
    sigaction(SIGUSR1, &act, NULL);
    for (unsigned i = 0; i < 3; i++) {
        unit_deepest = 0;
        if (_i)
            raise(SIGUSR1);
        else
            unit_read(NULL);
        ck_assert_uint_eq(unit_depth, 0);
        ck_assert_uint_eq(unit_deepest, UNIT_DEEP);
    }
}
END_TEST

static enum wvm_dispatch_answer always_fault(EXCEPTION_RECORD *r, CONTEXT *c)
{
    unit_read(NULL);
    return unit_leave(r, c);
}

static void *read_null(void *arg)
{
    (void)arg;
    wvm_fault_thread_attach();
    unit_read(NULL);
    return NULL;
}

static void fault_in_main(void)
{
    unit_read(NULL);
}

static void fault_in_thread(void)
{
    unit_in_thread(read_null, NULL);
}

START_TEST(always_faulting)
{
    unit_start(always_fault);
    ck_assert_int_eq(unit_end_of(_i ? fault_in_thread : fault_in_main), SIGSEGV);
}
END_TEST

/* The stack pointer is nonsense; the handler repairs it. */
void unit_no_stack(void);
extern const char unit_no_stack_at[], unit_no_stack_on[];
#if defined(__x86_64__)
__asm__(".text\n"
        "unit_no_stack: movq %rsp, %r9\n\tmovq $0x1000, %rsp\n\txorl %eax, %eax\n"
        "unit_no_stack_at: movq (%rax), %rax\n"
        "unit_no_stack_on: movq %r9, %rsp\n\tret\n");
#else
__asm__(".text\n"
        "unit_no_stack: movl %esp, %ecx\n\tmovl $0x1000, %esp\n\txorl %eax, %eax\n"
        "unit_no_stack_at: movl (%eax), %eax\n"
        "unit_no_stack_on: movl %ecx, %esp\n\tret\n");
#endif

static enum wvm_dispatch_answer repair(EXCEPTION_RECORD *r, CONTEXT *c)
{
    (void)r;
    was_on_alternate = unit_on_alternate();
    WVM_CONTEXT_IP(c) = (ULONG_PTR)unit_no_stack_on;
    return WVM_DISPATCH_CONTINUE;
}

START_TEST(no_stack_pointer)
{
    unit_start(repair);
    unit_no_stack();
    ck_assert_uint_eq(unit_n, 1);
    ck_assert_uint_eq(unit_seen.ExceptionCode, (DWORD)STATUS_ACCESS_VIOLATION);
    ck_assert_uint_eq(WVM_CONTEXT_SP(&unit_context), 0x1000);
    ck_assert(was_on_alternate);
}
END_TEST

/* ---- alternate stacks ---- */

static void *attach_only(void *arg)
{
    (void)arg;
    wvm_fault_thread_touch();
    return unit_wrong(unit_has_alternate() ? NULL : "no stack");
}

START_TEST(given_back)
{
    unit_start(unit_leave);
    unit_in_thread(attach_only, NULL);
    size_t before = wvm_host_map_count();
    for (unsigned i = 0; i < 50; i++)
        unit_in_thread(attach_only, NULL);
    ck_assert_uint_le(wvm_host_map_count(), before + 2);
}
END_TEST

static void *tell_alternate(void *out)
{
    stack_t now;
    wvm_fault_thread_attach();
    sigaltstack(NULL, &now);
    *(void **)out = now.ss_sp;
    wvm_fault_thread_detach();
    sigaltstack(NULL, &now);
    return unit_wrong(now.ss_flags & SS_DISABLE ? NULL : "not detached");
}

/* A stack is nobody else's while a thread has it, and the next one's then. */
START_TEST(used_again)
{
    void *first, *second;
    unit_start(unit_leave);
    unit_in_thread(tell_alternate, &first);
    unit_in_thread(tell_alternate, &second);
    ck_assert_ptr_nonnull(first);
    ck_assert_ptr_eq(first, second);
}
END_TEST

enum { N_MANY = 40 };
static pthread_barrier_t all_have;
static void *alternate_of[N_MANY];

static void *attach_together(void *number)
{
    stack_t now;
    wvm_fault_thread_attach();
    sigaltstack(NULL, &now);
    alternate_of[(uintptr_t)number] = now.ss_sp;
    pthread_barrier_wait(&all_have);
    return NULL;
}

START_TEST(few_are_spare)
{
    pthread_t id[N_MANY];
    unit_start(unit_leave);
    size_t before = wvm_host_map_count();
    pthread_barrier_init(&all_have, NULL, N_MANY);
    for (uintptr_t i = 0; i < N_MANY; i++)
        ck_assert_int_eq(pthread_create(&id[i], NULL, attach_together, (void *)i), 0);
    for (unsigned i = 0; i < N_MANY; i++)
        ck_assert_int_eq(pthread_join(id[i], NULL), 0);
    for (unsigned i = 0; i < N_MANY; i++)
        for (unsigned k = 0; k < i; k++)
            ck_assert_ptr_ne(alternate_of[i], alternate_of[k]);
    ck_assert_uint_le(wvm_host_map_count(), before + N_MANY);
    pthread_barrier_destroy(&all_have);
}
END_TEST

static void *keep_own(void *size)
{
    static char own[65536];
    stack_t set = {.ss_sp = own, .ss_size = (size_t)(uintptr_t)size}, now;
    sigaltstack(&set, NULL);
    wvm_fault_thread_attach();
    sigaltstack(NULL, &now);
    bool kept = now.ss_sp == own;
    wvm_fault_thread_detach();
    sigaltstack(NULL, &now);
    if (kept != (set.ss_size >= 16384) || (now.ss_sp == own) != kept)
        return unit_wrong("wrong stack kept");
    if (kept != !(now.ss_flags & SS_DISABLE))
        return unit_wrong("not detached");
    unit_read(NULL);
    return unit_wrong(unit_n == 1 ? NULL : "not delivered");
}

START_TEST(own_alternate)
{
    unit_start(unit_leave);
    unit_in_thread(keep_own, (void *)(uintptr_t)(_i ? 16384 : 16383));
}
END_TEST

static void fault_in_child(void)
{
    unit_read(NULL);
    _exit(unit_n == 1 && !was_on_alternate && unit_has_alternate() ? 0 : 1);
}

START_TEST(fork_child)
{
    unit_start(note_and_leave);
    ck_assert_int_eq(unit_end_of(fault_in_child), 1000);
}
END_TEST

static void *ask_bounds(void *arg)
{
    uintptr_t low, high, here = (uintptr_t)&low;
    (void)arg;
    wvm_fault_thread_stack(&low, &high);
    bool right = low < here && here < high && high - low <= UNIT_STACK_LEN;
    return unit_wrong(right ? NULL : "wrong bounds");
}

START_TEST(bounds)
{
    uintptr_t low, high, here = (uintptr_t)&low;
    unit_set_up();
    errno = ENOTTY;
    wvm_fault_thread_stack(&low, &high);
    ck_assert_int_eq(errno, ENOTTY);
    ck_assert(low < here && here < high);
    unit_in_thread(ask_bounds, NULL);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("fault_stack", 30, &tc);
    tcase_add_loop_test(tc, with_and_without_alternate, 0, 2);
    tcase_add_test(tc, faults_on_the_alternate_stack);
    tcase_add_loop_test(tc, nested, 0, 2);
    tcase_add_loop_test(tc, always_faulting, 0, 2);
    tcase_add_test(tc, no_stack_pointer);
    tcase_add_test(tc, given_back);
    tcase_add_test(tc, used_again);
    tcase_add_test(tc, few_are_spare);
    tcase_add_loop_test(tc, own_alternate, 0, 2);
    tcase_add_test(tc, fork_child);
    tcase_add_test(tc, bounds);
    return unit_run(suite);
}
