/* Process handles: rights, stale values, ended processes. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/t/unit.h"
#include "nt/nt_handle.h"

static HANDLE open_ok(pid_t pid, uint32_t access)
{
    HANDLE h = NULL;
    ck_assert_int_eq(wvm_handle_open(pid, access, &h), 0);
    ck_assert_ptr_nonnull(h);
    return h;
}

/* A child that sleeps until it is killed. */
static pid_t start_child(void)
{
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0)
        for (;;)
            pause();
    return pid;
}

static void end_child(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

START_TEST(pseudo)
{
    pid_t pid = 1;
    ck_assert_int_eq(wvm_handle_target((HANDLE)(intptr_t)-1, 0xffffffff, &pid), 0);
    ck_assert_int_eq(pid, 0);
    ck_assert_int_eq(wvm_handle_target(NULL, 0, &pid), (wvm_status)STATUS_INVALID_HANDLE);
    ck_assert_int_eq(wvm_handle_target((HANDLE)(intptr_t)-2, 0, &pid),
                     (wvm_status)STATUS_OBJECT_TYPE_MISMATCH);
    static const uintptr_t garbage[] = {4,          0xdeadbeec,     0x54000001,
                                        0x54003ffc, (uintptr_t)0x7fffffff0000ull,
                                        (uintptr_t)0x154000000ull + 1};
    for (size_t i = 0; i < sizeof garbage / sizeof garbage[0]; i++) {
        ck_assert_int_eq(wvm_handle_target((HANDLE)garbage[i], 0, &pid),
                         (wvm_status)STATUS_INVALID_HANDLE);
        ck_assert(!wvm_handle_is_ours((HANDLE)garbage[i]));
        ck_assert_int_eq(wvm_handle_close((HANDLE)garbage[i]), (wvm_status)STATUS_INVALID_HANDLE);
    }
    ck_assert(!wvm_handle_is_ours((HANDLE)(intptr_t)-1));
    ck_assert_int_eq(wvm_handle_close((HANDLE)(intptr_t)-1), 0);
}
END_TEST

START_TEST(own_process)
{
    pid_t pid = 1;
    HANDLE h = open_ok(getpid(), PROCESS_ALL_ACCESS);
    ck_assert(wvm_handle_is_ours(h));
    ck_assert_uint_eq((uintptr_t)h & 3, 0);
    ck_assert_uint_lt((uintptr_t)h, 0x80000000);
    ck_assert_int_eq(wvm_handle_target(h, PROCESS_VM_OPERATION, &pid), 0);
    ck_assert_int_eq(pid, 0);
    ck_assert_int_eq(wvm_handle_own(h, PROCESS_VM_OPERATION), 0);
    ck_assert_int_eq(wvm_handle_close(h), 0);
}
END_TEST

START_TEST(stale)
{
    pid_t pid;
    HANDLE h = open_ok(getpid(), PROCESS_VM_READ);
    ck_assert_int_eq(wvm_handle_close(h), 0);
    ck_assert(!wvm_handle_is_ours(h));
    ck_assert_int_eq(wvm_handle_close(h), (wvm_status)STATUS_INVALID_HANDLE);
    ck_assert_int_eq(wvm_handle_target(h, 0, &pid), (wvm_status)STATUS_INVALID_HANDLE);
    /* Every slot comes round; none of the new handles has the old value. */
    for (int i = 0; i < 40000; i++) {
        HANDLE again = open_ok(getpid(), PROCESS_VM_READ);
        ck_assert_ptr_ne(again, h);
        ck_assert_int_eq(wvm_handle_close(again), 0);
    }
    ck_assert_int_eq(wvm_handle_target(h, 0, &pid), (wvm_status)STATUS_INVALID_HANDLE);
}
END_TEST

START_TEST(full_table)
{
    static HANDLE all[33000];
    size_t n = 0;
    while (n < 33000 && wvm_handle_open(getpid(), PROCESS_VM_READ, &all[n]) == 0)
        n++;
    ck_assert_uint_eq(n, 32768);
    ck_assert_int_eq(wvm_handle_open(getpid(), 0, &all[n]),
                     (wvm_status)STATUS_INSUFFICIENT_RESOURCES);
    for (size_t i = 0; i < n; i++)
        ck_assert_int_eq(wvm_handle_close(all[i]), 0);
    open_ok(getpid(), 0);
}
END_TEST

START_TEST(rights)
{
    pid_t pid;
    HANDLE h = open_ok(getpid(), PROCESS_QUERY_INFORMATION);
    ck_assert_int_eq(wvm_handle_target(h, PROCESS_QUERY_LIMITED_INFORMATION, &pid), 0);
    ck_assert_int_eq(wvm_handle_target(h, PROCESS_VM_OPERATION, &pid),
                     (wvm_status)STATUS_ACCESS_DENIED);
    ck_assert_int_eq(wvm_handle_target(h, PROCESS_VM_READ, &pid), (wvm_status)STATUS_ACCESS_DENIED);
    h = open_ok(getpid(), GENERIC_READ);
    ck_assert_int_eq(wvm_handle_target(h, PROCESS_VM_READ, &pid), 0);
    ck_assert_int_eq(wvm_handle_target(h, PROCESS_VM_WRITE, &pid),
                     (wvm_status)STATUS_ACCESS_DENIED);
    h = open_ok(getpid(), PROCESS_VM_READ | PROCESS_VM_WRITE);
    ck_assert_int_eq(wvm_handle_target(h, PROCESS_VM_READ | PROCESS_VM_OPERATION, &pid),
                     (wvm_status)STATUS_ACCESS_DENIED);
}
END_TEST

START_TEST(other_process)
{
    pid_t child = start_child(), pid = 0;
    HANDLE h = open_ok(child, PROCESS_ALL_ACCESS);
    ck_assert_int_eq(wvm_handle_target(h, PROCESS_VM_READ, &pid), 0);
    ck_assert_int_eq(pid, child);
    ck_assert_int_eq(wvm_handle_own(h, PROCESS_VM_OPERATION), (wvm_status)STATUS_ACCESS_DENIED);
    /* Ended but not waited for, then gone. */
    kill(child, SIGKILL);
    siginfo_t info;
    ck_assert_int_eq(waitid(P_PID, (id_t)child, &info, WEXITED | WNOWAIT), 0);
    ck_assert_int_eq(wvm_handle_target(h, PROCESS_VM_READ, &pid),
                     (wvm_status)STATUS_PROCESS_IS_TERMINATING);
    HANDLE unused;
    ck_assert_int_eq(wvm_handle_open(child, 0, &unused), (wvm_status)STATUS_INVALID_PARAMETER);
    end_child(child);
    ck_assert_int_eq(wvm_handle_target(h, PROCESS_VM_READ, &pid),
                     (wvm_status)STATUS_PROCESS_IS_TERMINATING);
    ck_assert_int_eq(wvm_handle_close(h), 0);
}
END_TEST

START_TEST(no_process)
{
    HANDLE h = (HANDLE)0x1234;
    ck_assert_int_eq(wvm_handle_open(0, 0, &h), (wvm_status)STATUS_INVALID_PARAMETER);
    ck_assert_int_eq(wvm_handle_open(-1, 0, &h), (wvm_status)STATUS_INVALID_PARAMETER);
    ck_assert_int_eq(wvm_handle_open(0x7ffffff0, 0, &h), (wvm_status)STATUS_INVALID_PARAMETER);
    ck_assert_ptr_eq(h, (HANDLE)0x1234);
}
END_TEST

START_TEST(foreign_user)
{
    if (getuid() != 0)
        return;
    pid_t child = start_child();
    pid_t tester = fork();
    if (tester == 0) {
        HANDLE h;
        if (setuid(65534) != 0)
            _exit(2);
        _exit(wvm_handle_open(child, PROCESS_VM_READ, &h) != (wvm_status)STATUS_ACCESS_DENIED);
    }
    int status;
    waitpid(tester, &status, 0);
    end_child(child);
    ck_assert_int_eq(status, 0);
}
END_TEST

int main(void)
{
    TCase *c;
    Suite *s = unit_suite("nt_handle", 20, &c);
    tcase_add_test(c, pseudo);
    tcase_add_test(c, own_process);
    tcase_add_test(c, stale);
    tcase_add_test(c, full_table);
    tcase_add_test(c, rights);
    tcase_add_test(c, other_process);
    tcase_add_test(c, no_process);
    tcase_add_test(c, foreign_user);
    return unit_run(s);
}
