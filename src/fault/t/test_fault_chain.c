/* Handlers before and behind winvm's, and how a process ends that nobody saves. */
#include "fault/t/fault_unit.h"

static volatile int n_calls;
static siginfo_t got;
static ucontext_t got_context;

static uintptr_t fault_address(void)
{
    return wvm_fault_address((const struct wvm_kernel_context *)&got_context);
}
static sigset_t got_mask;
static sigjmp_buf back;
static char *volatile page; /* inaccessible until a handler opens it */

static void start(enum wvm_dispatch_answer (*handler)(EXCEPTION_RECORD *, CONTEXT *))
{
    unit_set_up();
    unit_handler = handler;
    page = unit_map(PG, PROT_NONE);
}

static void open_page(void)
{
    mprotect(page, PG, PROT_READ | PROT_WRITE);
}

static void on_signal(int sig, siginfo_t *info, void *context)
{
    n_calls++;
    got = *info;
    memcpy(&got_context, context, sizeof(struct wvm_kernel_context));
    sigprocmask(SIG_SETMASK, NULL, &got_mask);
    errno = E2BIG;
    if (sig == SIGSEGV)
        open_page();
}

static void on_plain(int sig)
{
    n_calls += sig == SIGSEGV;
    open_page();
}

static void on_jump(int sig)
{
    n_calls++;
    siglongjmp(back, sig);
}

static void set_action(int sig, void (*handler)(int, siginfo_t *, void *), int flags)
{
    struct sigaction act = {.sa_flags = flags};
    act.sa_sigaction = handler;
    sigaddset(&act.sa_mask, SIGUSR1);
    ck_assert_int_eq(sigaction(sig, &act, NULL), 0);
}

static void plain_action(int sig, void (*handler)(int), int flags)
{
    struct sigaction act = {.sa_flags = flags};
    act.sa_handler = handler;
    ck_assert_int_eq(sigaction(sig, &act, NULL), 0);
}

/* Loop tests: 0, nobody handles exceptions; 1, a handler that declines. */
static enum wvm_dispatch_answer (*const declining[])(EXCEPTION_RECORD *, CONTEXT *) = {
    NULL, unit_decline};

START_TEST(earlier_handler)
{
    start(declining[_i]);
    set_action(SIGSEGV, on_signal, SA_SIGINFO);
    wvm_fault_install_all();
    errno = ENOTTY;
    unit_write(page + 44);
    ck_assert_int_eq(errno, ENOTTY);
    ck_assert_int_eq(n_calls, 1);
    ck_assert_int_eq(page[44], 1);
    ck_assert_ptr_eq(got.si_addr, page + 44);
    ck_assert_int_eq(got.si_code, SEGV_ACCERR);
    ck_assert_int_eq(got_context.uc_mcontext.gregs[WVM_REG_IP], (greg_t)(uintptr_t)unit_write);
    ck_assert_int_eq(got_context.uc_mcontext.gregs[REG_TRAPNO], 14);
    ck_assert_uint_eq(fault_address(), (uintptr_t)page + 44);
    ck_assert_int_eq(got_context.uc_mcontext.gregs[REG_ERR] & 6, 6);
    ck_assert_int_eq(sigismember(&got_mask, SIGUSR1), 1);
    ck_assert_int_eq(sigismember(&got_mask, SIGSEGV), 1);
    ck_assert_int_eq(sigismember(&got_mask, SIGUSR2), 0);
    ck_assert_uint_eq(unit_n, (unsigned)_i);
    ck_assert(!unit_last);
}
END_TEST

START_TEST(earlier_plain_handler)
{
    start(declining[_i]);
    plain_action(SIGSEGV, on_plain, SA_NODEFER);
    wvm_fault_install_all();
    unit_write(page);
    ck_assert_int_eq(n_calls, 1);
    ck_assert_int_eq(page[0], 1);
    mprotect(page, PG, PROT_NONE);
    unit_write(page + 1);
    ck_assert_int_eq(n_calls, 2);
}
END_TEST

START_TEST(jump_out)
{
    sigset_t set;
    start(declining[_i]);
    plain_action(SIGSEGV, on_jump, 0);
    wvm_fault_install_all();
    for (int i = 1; i <= 100; i++) {
        if (sigsetjmp(back, 1) == 0) {
            unit_write(page);
            ck_abort_msg("the write went through");
        }
        ck_assert_int_eq(n_calls, i);
        sigprocmask(SIG_SETMASK, NULL, &set);
        ck_assert_int_eq(sigismember(&set, SIGSEGV), 0);
    }
}
END_TEST

/* The second fault meets the default action. */
static void fault_twice(void)
{
    unit_write(page);
    if (n_calls != 1 || page[0] != 1)
        _exit(1);
    mprotect(page, PG, PROT_NONE);
    unit_write(page);
}

START_TEST(reset_handler)
{
    struct sigaction act;
    start(declining[_i]);
    set_action(SIGSEGV, on_signal, SA_SIGINFO | (int)SA_RESETHAND);
    wvm_fault_install_all();
    wvm_chain_get(SIGSEGV, &act);
    ck_assert_ptr_eq((void *)act.sa_sigaction, (void *)on_signal);
    ck_assert_int_eq(unit_end_of(fault_twice), SIGSEGV);
}
END_TEST

START_TEST(set_through_the_chain)
{
    struct sigaction act = {.sa_flags = SA_SIGINFO}, old;
    start(declining[_i]);
    ck_assert(!wvm_chain_owns(SIGSEGV));
    wvm_fault_install_memory();
    ck_assert(wvm_chain_owns(SIGSEGV));
    ck_assert(wvm_chain_owns(SIGBUS));
    ck_assert(!wvm_chain_owns(SIGFPE));
    ck_assert(!wvm_chain_owns(SIGUSR1));
    wvm_chain_get(SIGSEGV, &old);
    ck_assert_ptr_eq((void *)old.sa_handler, (void *)SIG_DFL);
    act.sa_sigaction = on_signal;
    sigemptyset(&act.sa_mask);
    sigaddset(&act.sa_mask, SIGUSR2);
    for (unsigned i = 0; i < 100; i++) { /* more than the ring holds */
        wvm_chain_set(SIGSEGV, &act, &old);
        ck_assert_ptr_eq((void *)old.sa_sigaction, i ? (void *)on_signal : (void *)SIG_DFL);
    }
    ck_assert_int_eq(sigismember(&old.sa_mask, SIGUSR2), 1);
    ck_assert_int_eq(sigismember(&old.sa_mask, SIGUSR1), 0);
    ck_assert_int_eq(old.sa_flags, SA_SIGINFO);
    unit_write(page + 1);
    ck_assert_int_eq(n_calls, 1);
    ck_assert_int_eq(sigismember(&got_mask, SIGUSR2), 1);
    wvm_fault_install_memory(); /* changes nothing */
    wvm_chain_get(SIGSEGV, &old);
    ck_assert_ptr_eq((void *)old.sa_sigaction, (void *)on_signal);
}
END_TEST

/* A handler that the program set after ours hands on what it does not know. */
static struct sigaction ours;

static void on_later(int sig, siginfo_t *info, void *context)
{
    n_calls++;
    ours.sa_sigaction(sig, info, context);
}

START_TEST(later_handler_chains)
{
    start(unit_leave);
    wvm_fault_install_all();
    struct sigaction act = {.sa_flags = SA_SIGINFO | (_i ? SA_ONSTACK : 0)};
    act.sa_sigaction = on_later;
    ck_assert_int_eq(sigaction(SIGSEGV, &act, &ours), 0);
    unit_read(NULL);
    ck_assert_int_eq(n_calls, 1);
    ck_assert_uint_eq(unit_n, 1);
    ck_assert_int_eq(sigaction(SIGSEGV, &ours, NULL), 0); /* put back */
    unit_read(NULL);
    ck_assert_int_eq(n_calls, 1);
    ck_assert_uint_eq(unit_n, 2);
}
END_TEST

/* ---- a host's handler that asks ---- */

static volatile int n_asked, n_taken;

static void on_host(int sig, siginfo_t *info, void *context)
{
    n_asked++;
    if (wvm_fault_handle(sig, info, context)) {
        n_taken++;
        return;
    }
    on_signal(sig, info, context);
}

START_TEST(host_asks)
{
    start(unit_leave);
    set_action(SIGSEGV, on_host, SA_SIGINFO | (_i ? SA_ONSTACK : 0));
    if (_i)
        wvm_fault_thread_attach();
    unit_write(page);
    ck_assert_int_eq(n_taken, 1);
    ck_assert_uint_eq(unit_n, 1);
    unit_handler = unit_decline;
    unit_write(page);
    ck_assert_int_eq(n_asked, 3); /* once more after the handler declined */
    ck_assert_int_eq(n_taken, 2);
    ck_assert(!unit_last);
    ck_assert_int_eq(n_calls, 1);
    ck_assert_ptr_eq(got.si_addr, page);
    ck_assert_uint_eq(fault_address(), (uintptr_t)page);
    ck_assert(!wvm_fault_handle(SIGUSR1, &got, &got_context));
}
END_TEST

/* ---- signals that somebody sent ---- */

START_TEST(sent_signals)
{
    start(unit_leave);
    wvm_fault_install_all();
    struct sigaction act = {.sa_flags = SA_SIGINFO};
    act.sa_handler = SIG_IGN;
    wvm_chain_set(SIGBUS, &act, NULL);
    kill(getpid(), SIGBUS);
    act.sa_sigaction = on_signal;
    wvm_chain_set(SIGBUS, &act, NULL);
    kill(getpid(), SIGBUS);
    ck_assert_int_eq(n_calls, 1);
    ck_assert_int_eq(got.si_code, SI_USER);
    ck_assert_int_eq(got.si_pid, getpid());
    ck_assert_uint_eq(unit_n, 0);
}
END_TEST

/* ---- the end ---- */

static void end_null(void)
{
    unit_read(NULL);
}
static void end_ud2(void)
{
    unit_ud2(NULL);
}
static void end_int3(void)
{
    unit_int3(NULL);
}
static void end_divide(void)
{
    unit_divide(NULL);
}
static void end_wild(void)
{
    unit_read((char *)0x0123456789ABCDEFu);
}
static void end_bus(void)
{
    int fd = memfd_create("short", 0);
    unit_read(mmap(NULL, PG, PROT_READ, MAP_SHARED, fd, 0));
}
static void end_guard(void)
{
    unit_write(unit_pages(1, GUARDED));
}
static void end_ignored(void)
{
    struct sigaction act = {.sa_flags = 0};
    act.sa_handler = SIG_IGN;
    wvm_chain_set(SIGSEGV, &act, NULL);
    unit_read(NULL);
}
static void end_sent(void)
{
    kill(getpid(), SIGFPE);
    usleep(1000);
}

static const struct {
    void (*body)(void);
    int sig;
} ends[] = {
    {end_null, SIGSEGV},   {end_ud2, SIGILL},   {end_int3, SIGTRAP},   {end_divide, SIGFPE},
    {end_wild, SIGSEGV},   {end_bus, SIGBUS},   {end_guard, SIGSEGV},  {end_ignored, SIGSEGV},
    {end_sent, SIGFPE},
};
enum { N_ENDS = sizeof(ends) / sizeof(ends[0]) };

/* First nobody there, then somebody who declines. */
START_TEST(unhandled)
{
    start(declining[_i / N_ENDS]);
    wvm_fault_install_all();
    ck_assert_int_eq(unit_end_of(ends[_i % N_ENDS].body), ends[_i % N_ENDS].sig);
}
END_TEST

static enum wvm_dispatch_answer is_last(EXCEPTION_RECORD *r, CONTEXT *c)
{
    if (!unit_last)
        _exit(1);
    return unit_decline(r, c);
}

START_TEST(nobody_else)
{
    start(is_last);
    wvm_fault_install_all();
    ck_assert_int_eq(unit_end_of(end_null), SIGSEGV);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("fault_chain", 30, &tc);
    tcase_add_loop_test(tc, earlier_handler, 0, 2);
    tcase_add_loop_test(tc, earlier_plain_handler, 0, 2);
    tcase_add_loop_test(tc, jump_out, 0, 2);
    tcase_add_loop_test(tc, reset_handler, 0, 2);
    tcase_add_loop_test(tc, set_through_the_chain, 0, 2);
    tcase_add_loop_test(tc, later_handler_chains, 0, 2);
    tcase_add_loop_test(tc, host_asks, 0, 2);
    tcase_add_test(tc, sent_signals);
    tcase_add_loop_test(tc, unhandled, 0, 2 * N_ENDS);
    tcase_add_test(tc, nobody_else);
    return unit_run(suite);
}
