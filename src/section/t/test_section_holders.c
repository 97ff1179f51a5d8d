/* Names of sections between processes: what those that end in every way leave behind. */
#include <dlfcn.h>
#include <errno.h>
#include <pthread.h>
#include <stdarg.h>
#include <sys/syscall.h>
#include <time.h>

#include "host/host_kernel.h"
#include "section/section_registry.h"
#include "section/t/name_unit.h"

/* ---- a write after which the process is killed ---- */

static long writes_left = -1; /* -1: all */

static void count_write(void)
{
    if (writes_left == 0)
        kill(getpid(), SIGKILL);
    if (writes_left > 0)
        writes_left--;
}

/* In place of the C library's: everything that the library writes passes here. */
long syscall(long number, ...)
{
    static long (*real)(long number, ...);
    long a[6];
    va_list args;
    va_start(args, number);
    for (unsigned i = 0; i < 6; i++)
        a[i] = va_arg(args, long);
    va_end(args);
    if (number == SYS_pwrite64)
        count_write();
    if (!real)
        *(void **)&real = dlsym(RTLD_NEXT, "syscall");
    return real(number, a[0], a[1], a[2], a[3], a[4], a[5]);
}

int ftruncate(int fd, off_t len)
{
    count_write();
    int result = wvm_sys_ftruncate(fd, (uint64_t)len);
    if (result == 0)
        return 0;
    errno = -result;
    return -1;
}

static void hold_found(void)
{
    struct thing t;
    struct wvm_name_key key = key_of("one");
    ck_assert_int_eq(look(key, &t), 0);
    ck_assert_int_eq(try_hold(&key, &t), 0);
}

START_TEST(name_ends_with_its_process)
{
    static const int how[] = {0, SIGKILL, SIGHUP};
    struct child c = start_child(hold_one);
    wait_ready(&c);
    expect_found(key_of("one"), 11);
    end_child(&c, how[_i]);
    expect_none(key_of("one"));
    struct thing t = hold(key_of("one"), 12);
    expect_found(key_of("one"), 12);
    let_go(&t);
    ck_assert_int_eq(registry_size(), 4096);
}
END_TEST

/* A zombie holds nothing. */
START_TEST(killed_but_not_waited_for)
{
    struct child c = start_child(hold_one);
    siginfo_t info;
    wait_ready(&c);
    ck_assert_int_eq(kill(c.pid, SIGKILL), 0);
    ck_assert_int_eq(waitid(P_PID, (id_t)c.pid, &info, WEXITED | WNOWAIT), 0);
    expect_none(key_of("one"));
    ck_assert_int_eq(waitpid(c.pid, NULL, 0), c.pid);
}
END_TEST

static void *outlive_first(void *arg)
{
    char byte;
    const int *pipes = arg;
    struct timespec nap = {0, 50000000};
    is_child = true;
    nanosleep(&nap, NULL); /* the first thread is a zombie by now */
    struct thing t, found;
    struct wvm_name_key key = key_of("two");
    t = new_thing(2);
    bool good = try_hold(&key, &t) == 0 && look(key_of("two"), &found) == 0
                && look(key_of("one"), NULL) == 0;
    if (write(pipes[1], good ? "y" : "n", 1) != 1 || read(pipes[2], &byte, 1) != 0)
        _exit(1);
    _exit(0);
}

/* The first thread of a process ends, others go on: it holds what it held, and takes more. */
START_TEST(first_thread_ends)
{
    int up[2], down[2];
    char byte = 0;
    ck_assert(pipe(up) == 0 && pipe(down) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        static int pipes[3];
        pthread_t t;
        is_child = true;
        pipes[1] = up[1];
        pipes[2] = down[0];
        close(down[1]);
        hold_one();
        pthread_create(&t, NULL, outlive_first, pipes);
        syscall(SYS_exit, 0);
    }
    ck_assert_int_eq(read(up[0], &byte, 1), 1);
    ck_assert_int_eq(byte, 'y');
    expect_found(key_of("one"), 11);
    expect_found(key_of("two"), 2);
    ck_assert_int_eq(kill(pid, SIGKILL), 0);
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    expect_none(key_of("one"));
    expect_none(key_of("two"));
}
END_TEST

START_TEST(survives_its_creator)
{
    struct child creator = start_child(hold_one);
    wait_ready(&creator);
    struct child other = start_child(hold_found);
    wait_ready(&other);
    end_child(&creator, SIGKILL);
    expect_found(key_of("one"), 11);
    end_child(&other, SIGKILL);
    expect_none(key_of("one"));
}
END_TEST

static void release_first(void)
{
    wvm_name_release(1);
}

START_TEST(fork_inherits)
{
    struct thing t = hold(key_of("one"), 21);
    struct child c = start_child(nothing), d = start_child(release_first);
    wait_ready(&c);
    wait_ready(&d);
    expect_found(key_of("one"), 21);
    end_child(&d, 0);
    let_go(&t);
    expect_found(key_of("one"), 21); /* c holds it alone */
    end_child(&c, SIGKILL);
    expect_none(key_of("one"));
}
END_TEST

/* A child that was forked behind winvm's back releases nothing of its parent's. */
START_TEST(fork_without_handlers)
{
    struct thing t = hold(key_of("one"), 21);
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        wvm_name_release(t.name);
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    expect_found(key_of("one"), 21);
    let_go(&t);
    expect_none(key_of("one"));
}
END_TEST

static void hold_many(void)
{
    for (unsigned i = 0; i < 500; i++)
        hold(numbered("many", i), i);
}

/* What dead processes leave is bounded, and goes. */
START_TEST(dead_entries_are_purged)
{
    long most = 0;
    for (unsigned round = 0; round < 6; round++) {
        struct child c = start_child(hold_many);
        wait_ready(&c);
        expect_found(numbered("many", 499), 499);
        end_child(&c, SIGKILL);
        most = registry_size() > most ? registry_size() : most;
    }
    ck_assert_int_lt(most, 2 * 8 * 75776 + 4096); /* 8 steps hold 500 */
    struct child c = start_child(hold_one);
    wait_ready(&c);
    ck_assert_int_eq(registry_size(), 4096 + 75776);
    end_child(&c, 0);
}
END_TEST

static long kill_after;

static void work_until_killed(void)
{
    writes_left = kill_after;
    struct thing a = hold(key_of("m1"), 1), b = hold(key_of("m2"), 2);
    wvm_name_release(a.name);
    struct thing c = hold(key_of("m3"), 3);
    wvm_name_release(c.name);
    wvm_name_release(b.name);
    for (unsigned i = 0; i < 70; i++)
        hold(numbered("grow", i), i);
    writes_left = -1;
}

/* True when the child came to the end; else it was killed before its (after + 1)th write. */
static bool killed_at_write(long after)
{
    int status;
    kill_after = after;
    pid_t pid = fork();
    if (pid == 0) {
        is_child = true;
        work_until_killed();
        _exit(0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(status == 0 || (WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL));
    return status == 0;
}

/* Killed before each of its writes in turn: others see their objects and none of the dead. */
START_TEST(killed_at_each_write)
{
    struct thing mine;
    long n = 0;
    bool done;
    if (_i == 1) /* with an object of ours beside it */
        mine = hold(key_of("mine"), 77);
    do {
        done = killed_at_write(n++);
        if (_i == 1)
            expect_found(key_of("mine"), 77);
        expect_none(key_of("m1"));
        expect_none(key_of("m2"));
        expect_none(key_of("m3"));
        expect_none(numbered("grow", (unsigned)n % 70));
        struct thing t = hold(key_of("m1"), 5);
        expect_found(key_of("m1"), 5);
        let_go(&t);
        if (_i == 2)
            ck_assert_int_eq(unlink(registry_path()), 0); /* a new file each time */
    } while (!done);
    ck_assert_int_ge(n, 100);
    if (_i == 1)
        let_go(&mine);
}
END_TEST

static void __attribute__((noreturn)) churn(void)
{
    is_child = true;
    for (unsigned i = 0;; i++) {
        struct thing a = hold(numbered("churn", i % 7), i), b = hold(numbered("other", i), i);
        let_go(&a);
        let_go(&b);
    }
}

/* Killed at any instant, 500 times, with the file lock held or not. */
START_TEST(killed_at_random)
{
    struct thing mine = hold(key_of("mine"), 77);
    unsigned seed = 4711;
    int status;
    for (unsigned i = 0; i < 500; i++) {
        struct timespec nap = {0, 200000 + rand_r(&seed) % 1500000};
        pid_t pid = fork();
        if (pid == 0)
            churn();
        nanosleep(&nap, NULL);
        ck_assert_int_eq(kill(pid, SIGKILL), 0);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_int_eq(status, SIGKILL);
        expect_found(key_of("mine"), 77);
        for (unsigned k = 0; k < 7; k++)
            expect_none(numbered("churn", k));
    }
    ck_assert_int_le(registry_size(), 4096 + 4 * 75776);
    let_go(&mine);
    ck_assert_int_eq(wvm_names_begin(), 0);
    wvm_holder_purge();
    wvm_names_end();
    ck_assert_int_eq(registry_size(), 4096);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("section_holders", 120, &tc);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_loop_test(tc, name_ends_with_its_process, 0, 3);
    tcase_add_test(tc, killed_but_not_waited_for);
    tcase_add_test(tc, first_thread_ends);
    tcase_add_test(tc, survives_its_creator);
    tcase_add_test(tc, fork_inherits);
    tcase_add_test(tc, fork_without_handlers);
    tcase_add_test(tc, dead_entries_are_purged);
    tcase_add_loop_test(tc, killed_at_each_write, 0, 3);
    tcase_add_test(tc, killed_at_random);
    return unit_run(suite);
}
