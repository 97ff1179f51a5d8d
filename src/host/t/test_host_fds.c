/* Descriptors: a program that closes ours, reuses their numbers, forks, changes its user or runs
 * out of descriptors must neither be harmed nor get a wrong answer. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/t/unit.h"
#include "host/host_private.h"

enum { PAGE = 4096 };

static char *page; /* one written page of a mapping of two */

static void set_up(void)
{
    wvm_host_init();
    page = mmap(NULL, 2 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(page, MAP_FAILED);
    page[0] = 1;
}

/* 0 when the answers about page are right; else the number of the first that is wrong. Makes no
 * check of its own, so that a fork child can report. */
static int wrong_answer(bool pagemap)
{
    struct wvm_host_vma v;
    uint8_t vec[2] = {9, 9};
    if (wvm_host_map_find((uintptr_t)page, &v) != 1 || v.start > (uintptr_t)page
        || v.end < (uintptr_t)page + 2 * PAGE || v.prot != (WVM_HOST_R | WVM_HOST_W))
        return 1;
    if (wvm_host_residency((uintptr_t)page, 2, vec) != 0)
        return 2;
    if (vec[0] != (pagemap ? 3 : 1) || vec[1] != 0)
        return 3;
    return 0;
}

static void close_from(unsigned first)
{
    if (syscall(SYS_close_range, first, ~0u, 0u) != 0)
        for (int fd = (int)first; fd < 20000; fd++)
            close(fd);
}

/* All but the few low ones that the test framework uses. */
static void close_everything(void)
{
    close_from(32);
}

START_TEST(ours_are_high_and_close_on_exec)
{
    struct wvm_host_loan loan;
    int n_files = wvm_host_caps.watch ? WVM_N_FILES : WVM_N_FILES_EARLY;
    ck_assert_int_eq(wvm_host_file_number(WVM_FILE_USERFAULT), -1);
    for (int f = 0; f < n_files; f++) {
        ck_assert_int_eq(wvm_host_file_borrow((enum wvm_host_file)f, &loan), 0);
        int fd = wvm_host_file_number((enum wvm_host_file)f);
        ck_assert_int_ge(fd, 100);
        ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
    }
}
END_TEST

START_TEST(reopened_after_close_range)
{
    ck_assert_int_eq(wrong_answer(true), 0);
    close_everything();
    ck_assert_int_eq(wrong_answer(true), 0);
    ck_assert_int_ge(wvm_host_file_number(WVM_FILE_PAGEMAP), 0);
}
END_TEST

/* As a daemon does it: really everything, in the child that goes on. */
START_TEST(daemon_closes_all)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        close_from(3);
        int file = open("/dev/null", O_RDONLY);
        int wrong = wrong_answer(true);
        wvm_host_after_fork_child();
        _exit(wrong ? wrong : fcntl(file, F_GETFD) < 0 ? 100 : wrong_answer(true));
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

/* The program's files get exactly our numbers: a file with contents, and a pipe. */
START_TEST(numbers_reused_by_the_program)
{
    char name[] = "/tmp/winvm-fds-XXXXXX", text[16] = "";
    int maps = wvm_host_file_number(WVM_FILE_MAPS);
    int pagemap = wvm_host_file_number(WVM_FILE_PAGEMAP);
    int fds[2], file;
    ck_assert_int_ge(maps, 0);
    ck_assert_int_ge(pagemap, 0);
    close_everything();
    file = mkstemp(name);
    unlink(name);
    ck_assert_int_eq(write(file, "contents", 8), 8);
    ck_assert_int_eq(lseek(file, 3, SEEK_SET), 3);
    ck_assert_int_eq(pipe(fds), 0);
    ck_assert_int_eq(dup2(file, maps), maps);
    ck_assert_int_eq(dup2(fds[0], pagemap), pagemap);
    ck_assert_int_eq(write(fds[1], "in the pipe", 11), 11);
    for (int round = 0; round < 3; round++)
        ck_assert_int_eq(wrong_answer(true), 0);
    ck_assert_int_ne(wvm_host_file_number(WVM_FILE_MAPS), maps);
    ck_assert_int_ne(wvm_host_file_number(WVM_FILE_PAGEMAP), pagemap);
    wvm_host_after_fork_child();
    ck_assert_int_eq(wrong_answer(true), 0);
    ck_assert_int_eq(lseek(maps, 0, SEEK_CUR), 3);
    ck_assert_int_eq(read(maps, text, 5), 5);
    ck_assert_str_eq(text, "tents");
    ck_assert_int_eq(read(pagemap, text, 11), 11);
    ck_assert_str_eq(text, "in the pipe");
}
END_TEST

/* The program takes our numbers between a fork and the first use in the child. */
START_TEST(numbers_reused_in_a_child)
{
    int status, maps = wvm_host_file_number(WVM_FILE_MAPS);
    pid_t pid = fork();
    if (pid == 0) {
        int fds[2];
        if (pipe(fds) != 0 || dup2(fds[1], maps) != maps)
            _exit(100);
        wvm_host_after_fork_child();
        if (fcntl(maps, F_GETFD) < 0)
            _exit(101);
        _exit(wrong_answer(true));
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

/* The child has mappings of its own; what the parent opened would describe the parent's.
 * _i: with the fork handler called, and without (a fork made by a bare system call). */
START_TEST(fork_child_sees_itself)
{
    int status;
    char *later = mmap(NULL, 4 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_int_eq(wrong_answer(true), 0);
    int inherited = wvm_host_file_number(WVM_FILE_MAPS);
    pid_t pid = fork();
    if (pid == 0) {
        struct wvm_host_vma v;
        uint8_t vec;
        if (_i)
            wvm_host_after_fork_child();
        if (mprotect(later, PAGE, PROT_READ | PROT_WRITE) != 0)
            _exit(100);
        later[0] = 1;
        if (wvm_host_map_find((uintptr_t)later, &v) != 1 || v.prot != (WVM_HOST_R | WVM_HOST_W))
            _exit(101);
        if (wvm_host_residency((uintptr_t)later, 1, &vec) != 0 || vec != 3)
            _exit(102);
        struct stat a, b;
        int now = wvm_host_file_number(WVM_FILE_MAPS);
        if (fstat(now, &a) != 0 || (fstat(inherited, &b) == 0 && now != inherited))
            _exit(103); /* the inherited descriptor is still open */
        _exit(wrong_answer(true));
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 0);
    ck_assert_int_eq(wrong_answer(true), 0);
    ck_assert_int_eq(wvm_host_file_number(WVM_FILE_MAPS), inherited);
}
END_TEST

/* After setuid a new pagemap is refused; the one opened at start still tells everything. */
START_TEST(setuid_keeps_pagemap)
{
    if (getuid() != 0)
        return;
    ck_assert_int_eq(setresuid(65534, 65534, 65534), 0);
    ck_assert_int_lt(open("/proc/self/pagemap", O_RDONLY), 0);
    ck_assert_int_eq(wrong_answer(true), 0);
    close_everything();
    ck_assert_int_eq(wrong_answer(false), 0); /* presence is still known */
}
END_TEST

START_TEST(no_descriptors_left)
{
    struct rlimit lim;
    ck_assert_int_eq(wrong_answer(true), 0);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &lim), 0);
    lim.rlim_cur = 200;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &lim), 0);
    while (open("/dev/null", O_RDONLY) >= 0)
        ;
    ck_assert_int_eq(wrong_answer(true), 0); /* the kept ones */
    wvm_host_caps.procmap_query = false;
    ck_assert_int_eq(wrong_answer(true), 0); /* text through the kept one */
    wvm_host_after_fork_child();
    struct wvm_host_vma v;
    uint8_t vec;
    int err = wvm_host_map_find((uintptr_t)page, &v);
    ck_assert_msg(err == -EMFILE || err == 1, "map_find gave %d", err);
    ck_assert_int_eq(wvm_host_residency((uintptr_t)page, 1, &vec), 0);
    ck_assert_uint_eq(vec & 1, 1);
    close_everything();
}
END_TEST

/* Threads that ask while another keeps closing every descriptor. */
static int stop;

static void *ask(void *wrong)
{
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED))
        if (wrong_answer(true) == 1)
            __atomic_add_fetch((int *)wrong, 1, __ATOMIC_RELAXED);
    return NULL;
}

START_TEST(threads_and_close_range)
{
    pthread_t threads[3];
    int wrong = 0;
    for (int i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, ask, &wrong), 0);
    for (int i = 0; i < 300; i++) {
        int maps = wvm_host_file_number(WVM_FILE_MAPS);
        if (maps >= 0)
            syscall(SYS_close, maps);
        usleep(500);
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (int i = 0; i < 3; i++)
        pthread_join(threads[i], NULL);
    ck_assert_int_eq(wrong, 0);
    ck_assert_int_eq(wrong_answer(true), 0);
    int open_fds = 0;
    for (int fd = 3; fd < 2000; fd++)
        open_fds += fcntl(fd, F_GETFD) >= 0;
    ck_assert_int_le(open_fds, 16); /* nothing leaked */
}
END_TEST

/* The first thread has ended: /proc/self is a zombie, the other thread goes on asking. */
static void *outlive(void *arg)
{
    (void)arg;
    usleep(20000);
    int first = wrong_answer(true);
    wvm_host_caps.procmap_query = false;
    int second = wrong_answer(true);
    _exit(first ? first : second ? 10 + second : 0);
}

START_TEST(first_thread_ends)
{
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        pthread_t t;
        wvm_host_after_fork_child();
        if (wrong_answer(true) != 0 || pthread_create(&t, NULL, outlive, NULL) != 0)
            _exit(100);
        syscall(SYS_exit, 0);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

/* Queries from a handler that interrupts queries. */
static int handler_wrong, handler_runs;

static void on_alarm(int sig)
{
    (void)sig;
    int saved = errno;
    errno = ERANGE;
    handler_wrong += wrong_answer(true) != 0 || errno != ERANGE;
    handler_runs++;
    errno = saved;
}

START_TEST(queries_in_a_handler)
{
    struct sigaction act = {.sa_handler = on_alarm, .sa_flags = SA_RESTART};
    timer_t timer;
    struct itimerspec every = {{0, 300000}, {0, 300000}};
    ck_assert_int_eq(sigaction(SIGALRM, &act, NULL), 0);
    ck_assert_int_eq(timer_create(CLOCK_MONOTONIC, NULL, &timer), 0);
    ck_assert_int_eq(timer_settime(timer, 0, &every, NULL), 0);
    for (int i = 0; i < 3000; i++) {
        ck_assert_int_eq(wrong_answer(true), 0);
        if (i % 50 == 0)
            close(wvm_host_file_number(WVM_FILE_PAGEMAP));
    }
    ck_assert_int_eq(timer_delete(timer), 0);
    ck_assert_int_gt(handler_runs, 0);
    ck_assert_int_eq(handler_wrong, 0);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("host_fds", 60, &tc);
    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_test(tc, ours_are_high_and_close_on_exec);
    tcase_add_test(tc, reopened_after_close_range);
    tcase_add_test(tc, daemon_closes_all);
    tcase_add_test(tc, numbers_reused_by_the_program);
    tcase_add_test(tc, numbers_reused_in_a_child);
    tcase_add_loop_test(tc, fork_child_sees_itself, 0, 2);
    tcase_add_test(tc, setuid_keeps_pagemap);
    tcase_add_test(tc, no_descriptors_left);
    tcase_add_test(tc, threads_and_close_range);
    tcase_add_test(tc, first_thread_ends);
    tcase_add_test(tc, queries_in_a_handler);
    return unit_run(suite);
}
