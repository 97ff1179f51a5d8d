/* Copies at the borders of accessible memory, with the system call and with it forbidden.
 * Pictures: 'r' readable page, 'w' writable page, '.' inaccessible, ' ' nothing mapped. */
#include <errno.h>
#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stddef.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/t/unit.h"
#include "host/host_private.h"

enum { PAGE = 4096 };

static char local[16 * PAGE];

static void set_up(void)
{
    wvm_host_init();
    errno = EDOM;
}

static void tear_down(void)
{
    ck_assert_int_eq(errno, EDOM);
}

/* process_vm_readv and process_vm_writev answer the given error from now on. */
static void forbid_vm_calls(unsigned error)
{
    struct sock_filter code[] = {
        BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_vm_readv, 1, 0),
        BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_process_vm_writev, 0, 1),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | error),
        BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
    };
    struct sock_fprog prog = {sizeof(code) / sizeof(code[0]), code};
    ck_assert_int_eq(prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0), 0);
    ck_assert_int_eq(prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &prog), 0);
}

/*  page  0 1 2 3 4 5
 *        w w r . w      */
static char *make_pages(void)
{
    char *p = mmap(NULL, 6 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(p, MAP_FAILED);
    for (int i = 0; i < 6 * PAGE; i++)
        p[i] = (char)(i * 7 + i / 256);
    ck_assert_int_eq(mprotect(p + 2 * PAGE, PAGE, PROT_READ), 0);
    ck_assert_int_eq(mprotect(p + 3 * PAGE, PAGE, PROT_NONE), 0);
    ck_assert_int_eq(munmap(p + 5 * PAGE, PAGE), 0);
    return p;
}

static void check_read(char *p)
{
    static const struct { int at, len, want; } cases[] = {
        {0, 1, 1}, {0, 3 * PAGE, 3 * PAGE}, {5, 2 * PAGE + 1, 2 * PAGE + 1},
        {PAGE + 100, 2 * PAGE, 2 * PAGE - 100}, {3 * PAGE - 1, 2, 1}, {3 * PAGE, 1, -EFAULT},
        {3 * PAGE + 7, 2 * PAGE, -EFAULT}, {4 * PAGE + 1, 2 * PAGE, PAGE - 1},
        {5 * PAGE, 1, -EFAULT}, {0, 0, 0},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(local, '#', sizeof(local));
        ssize_t got = wvm_host_read(0, local, (uintptr_t)p + (size_t)cases[i].at,
                                    (size_t)cases[i].len);
        ck_assert_msg(got == cases[i].want, "case %zu: got %zd, want %d", i, got, cases[i].want);
        size_t n = got > 0 ? (size_t)got : 0;
        if (n > 0)
            ck_assert_mem_eq(local, p + cases[i].at, n);
        ck_assert_int_eq(local[n], '#');
    }
    ck_assert_int_eq((int)wvm_host_read(0, local, 0, 1), -EFAULT);
    ck_assert_int_eq((int)wvm_host_read(0, local, UINTPTR_MAX - 5, 3), -EFAULT);
}

static void check_write(char *p)
{
    static const struct { int at, len, want; } cases[] = {
        {10, 1, 1}, {0, 2 * PAGE, 2 * PAGE}, {PAGE + 3, 2 * PAGE, PAGE - 3}, {2 * PAGE, 1, -EFAULT},
        {3 * PAGE, 1, -EFAULT}, {4 * PAGE, 2 * PAGE, PAGE}, {5 * PAGE - 1, 2, 1},
    };
    char before[PAGE];
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        memset(local, 'A' + (int)i, sizeof(local));
        memcpy(before, p + 2 * PAGE, PAGE);
        ssize_t got = wvm_host_write(0, local, (uintptr_t)p + (size_t)cases[i].at,
                                     (size_t)cases[i].len);
        ck_assert_msg(got == cases[i].want, "case %zu: got %zd, want %d", i, got, cases[i].want);
        if (got > 0)
            ck_assert_mem_eq(local, p + cases[i].at, (size_t)got);
        ck_assert_mem_eq(before, p + 2 * PAGE, PAGE);
    }
}

START_TEST(copy_by_vm_call)
{
    char *p = make_pages();
    check_read(p);
    check_write(p);
}
END_TEST

START_TEST(copy_when_forbidden)
{
    char *p = make_pages();
    forbid_vm_calls(_i ? EPERM : ENOSYS);
    check_read(p);
    check_write(p);
    ck_assert_int_eq((int)wvm_host_read(getppid(), local, (uintptr_t)p, 1), _i ? -EPERM : -ENOSYS);
}
END_TEST

START_TEST(bad_local_side)
{
    char *p = make_pages();
    for (int way = 0; way < 2; way++) {
        ck_assert_int_eq((int)wvm_host_read(0, p + 3 * PAGE, (uintptr_t)local, 10), -EFAULT);
        ck_assert_int_eq((int)wvm_host_write(0, p + 3 * PAGE, (uintptr_t)local, 10), -EFAULT);
        if (way == 0)
            forbid_vm_calls(ENOSYS);
    }
}
END_TEST

START_TEST(large_copy)
{
    enum { LEN = 8 << 20 };
    char *from = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    char *to = mmap(NULL, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    for (int i = 0; i < LEN; i++)
        from[i] = (char)(i ^ (i >> 12));
    for (int way = 0; way < 2; way++) {
        memset(to, 0, LEN);
        ck_assert_int_eq((int)wvm_host_read(0, to, (uintptr_t)from, LEN), LEN);
        ck_assert_int_eq(memcmp(from, to, LEN), 0);
        memset(to, 0, LEN);
        ck_assert_int_eq((int)wvm_host_write(0, from + 1, (uintptr_t)to + 2, LEN - 2), LEN - 2);
        ck_assert_int_eq(memcmp(from + 1, to + 2, LEN - 2), 0);
        if (way == 0)
            forbid_vm_calls(ENOSYS);
    }
}
END_TEST

/* A child that waits: its memory is read and written from outside. */
START_TEST(other_process)
{
    static char word[8] = "before";
    char got[8];
    int status;
    pid_t pid = fork();
    if (pid == 0) {
        memcpy(word, "child!", 7);
        while (__atomic_load_n(&word[0], __ATOMIC_ACQUIRE) != 'X')
            usleep(1000);
        _exit(word[1] == 'Y' ? 17 : 18);
    }
    do
        ck_assert_int_eq((int)wvm_host_read(pid, got, (uintptr_t)word, 7), 7);
    while (strcmp(got, "child!") != 0);
    ck_assert_str_eq(word, "before");
    ck_assert_int_eq((int)wvm_host_write(pid, "Y", (uintptr_t)word + 1, 1), 1);
    ck_assert_int_eq((int)wvm_host_write(pid, "X", (uintptr_t)word, 1), 1);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(WEXITSTATUS(status), 17);
    ck_assert_int_eq((int)wvm_host_read(pid, got, (uintptr_t)word, 7), -ESRCH);
    errno = EDOM;
}
END_TEST

/* In a fork child pid 0 is the child, not the parent whose id was remembered. */
START_TEST(self_after_fork)
{
    static char word[8] = "parent";
    char got[8];
    int status;
    ck_assert_int_eq((int)wvm_host_read(0, got, (uintptr_t)word, 7), 7);
    pid_t pid = fork();
    if (pid == 0) {
        memcpy(word, "child!", 7);
        ssize_t n = wvm_host_read(0, got, (uintptr_t)word, 7);
        _exit(n == 7 && strcmp(got, "child!") == 0 ? 17 : 18);
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(WEXITSTATUS(status), 17);
    errno = EDOM;
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("host_copy", 30, &tc);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, copy_by_vm_call);
    tcase_add_loop_test(tc, copy_when_forbidden, 0, 2);
    tcase_add_test(tc, bad_local_side);
    tcase_add_test(tc, large_copy);
    tcase_add_test(tc, other_process);
    tcase_add_test(tc, self_after_fork);
    return unit_run(suite);
}
