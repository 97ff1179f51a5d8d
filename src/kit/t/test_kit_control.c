/* Handlers of the console's events, each case in a process of its own. */
#include <signal.h>
#include <stdbool.h>
#include <sys/wait.h>
#include <unistd.h>

#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"

static int order[8], n_called;
static HANDLE done;

static BOOL WINAPI older(DWORD event)
{
    order[n_called++] = 10 + (int)event;
    SetEvent(done);
    return TRUE;
}

static BOOL WINAPI newer(DWORD event)
{
    order[n_called++] = 20 + (int)event;
    return FALSE;
}

static BOOL WINAPI tell(DWORD event)
{
    _exit(50 + (int)event);
}

/* How a child ends that does this. */
static int end_of(void (*what)(void))
{
    int status = 0;
    pid_t child = fork();
    if (child == 0) {
        alarm(20);
        done = CreateEventA(NULL, FALSE, FALSE, NULL);
        what();
        _exit(0);
    }
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    return WIFEXITED(status) ? WEXITSTATUS(status) : 1000 + WTERMSIG(status);
}

static void want(bool right)
{
    if (!right)
        _exit(1);
}

static void newest_first(void)
{
    want(SetConsoleCtrlHandler(older, TRUE) && SetConsoleCtrlHandler(newer, TRUE));
    kill(getpid(), SIGINT);
    want(WaitForSingleObject(done, 10000) == WAIT_OBJECT_0);
    want(n_called == 2 && order[0] == 20 && order[1] == 10);
    want(SetConsoleCtrlHandler(newer, FALSE));
    kill(getpid(), SIGQUIT);
    want(WaitForSingleObject(done, 10000) == WAIT_OBJECT_0);
    want(n_called == 3 && order[2] == 10 + CTRL_BREAK_EVENT);
}

static void nobody_handles_it(void)
{
    want(SetConsoleCtrlHandler(newer, TRUE));
    kill(getpid(), SIGINT);
    Sleep(20000);
}

static void all_taken_away(void)
{
    want(SetConsoleCtrlHandler(older, TRUE) && SetConsoleCtrlHandler(older, FALSE));
    kill(getpid(), SIGINT);
    Sleep(20000);
}

static void closed(void)
{
    want(SetConsoleCtrlHandler(older, TRUE));
    kill(getpid(), SIGHUP);
    Sleep(20000);
}

static void shut_down(void)
{
    want(SetConsoleCtrlHandler(tell, TRUE));
    kill(getpid(), SIGTERM);
    Sleep(20000);
}

static void generated(void)
{
    setpgid(0, 0);
    want(SetConsoleCtrlHandler(tell, TRUE));
    want(GenerateConsoleCtrlEvent(CTRL_BREAK_EVENT, 0));
    Sleep(20000);
}

static void ignored(void)
{
    want(SetConsoleCtrlHandler(NULL, TRUE));
    kill(getpid(), SIGINT);
    want(SetConsoleCtrlHandler(older, TRUE));
    kill(getpid(), SIGINT);
    want(WaitForSingleObject(done, 100) == WAIT_TIMEOUT);
    want(SetConsoleCtrlHandler(NULL, FALSE));
    kill(getpid(), SIGINT);
    want(WaitForSingleObject(done, 10000) == WAIT_OBJECT_0);
}

static void in_a_child(void)
{
    int status;
    want(SetConsoleCtrlHandler(older, TRUE));
    pid_t child = fork();
    if (child == 0) {
        kill(getpid(), SIGINT);
        _exit(3);
    }
    want(waitpid(child, &status, 0) == child && WIFSIGNALED(status) &&
         WTERMSIG(status) == SIGINT);
}

static void bad_calls(void)
{
    want(!SetConsoleCtrlHandler(newer, FALSE) && GetLastError() == ERROR_INVALID_PARAMETER);
    want(!GenerateConsoleCtrlEvent(CTRL_CLOSE_EVENT, 0) &&
         GetLastError() == ERROR_INVALID_PARAMETER);
    want(!GenerateConsoleCtrlEvent(CTRL_C_EVENT, 0x7ffffff0) &&
         GetLastError() == ERROR_INVALID_PARAMETER);
}

START_TEST(handlers)
{
    ck_assert_int_eq(end_of(newest_first), 0);
    ck_assert_int_eq(end_of(in_a_child), 0);
    ck_assert_int_eq(end_of(bad_calls), 0);
}
END_TEST

START_TEST(ends)
{
    const int by_control_c = 0x3a; /* what the host keeps of STATUS_CONTROL_C_EXIT */
    ck_assert_int_eq(end_of(nobody_handles_it), by_control_c);
    ck_assert_int_eq(end_of(all_taken_away), by_control_c);
    ck_assert_int_eq(end_of(closed), by_control_c);
    ck_assert_int_eq(end_of(shut_down), 50 + CTRL_SHUTDOWN_EVENT);
    ck_assert_int_eq(end_of(generated), 50 + CTRL_BREAK_EVENT);
}
END_TEST

START_TEST(control_c_ignored)
{
    ck_assert_int_eq(end_of(ignored), 0);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("kit_control", 100, &tc);
    tcase_add_test(tc, handlers);
    tcase_add_test(tc, ends);
    tcase_add_test(tc, control_c_ignored);
    return unit_run(suite);
}
