/* Messages, names, and the channel between a client and a server whose work is made up here. */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/time.h>
#include <sys/wait.h>
#include <unistd.h>

#include <winvm/ntstatus.h>

#include "base/options.h"
#include "base/t/unit.h"
#include "host/host.h"
#include "host/host_process.h"
#include "host/host_rundir.h"
#include "host/host_socket.h"
#include "remote/remote_internal.h"

static char dir[] = "/tmp/winvm-remote-XXXXXX";

static void set_up(void)
{
    strcpy(dir, "/tmp/winvm-remote-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(dir));
    wvm_options[WVM_OPTION_RUN_DIR].text = dir;
    wvm_host_init();
    wvm_remote_patience = 10000;
}

static void tear_down(void)
{
    char path[600];
    DIR *d = opendir(dir);
    for (struct dirent *e; (e = readdir(d));) {
        snprintf(path, sizeof path, "%s/%s", dir, e->d_name);
        unlink(path);
    }
    closedir(d);
    rmdir(dir);
}

/* ---- messages ---- */

static uint64_t seed = 1;

static uint32_t dice(void)
{
    seed = seed * 6364136223846793005u + 1442695040888963407u;
    return (uint32_t)(seed >> 32);
}

START_TEST(requests)
{
    struct wvm_remote_request req, bad;
    for (int op = 0; op <= WVM_N_REMOTE_OPS; op++) {
        wvm_remote_request_init(&req, (enum wvm_remote_op)op);
        bool known = op > 0 && op < WVM_N_REMOTE_OPS, mapping = op == WVM_REMOTE_MAP;
        ck_assert_int_eq(wvm_remote_request_ok(&req, sizeof req, mapping), known);
        ck_assert(!wvm_remote_request_ok(&req, sizeof req, !mapping));
        for (size_t len = 0; len < sizeof req; len++)
            ck_assert(!wvm_remote_request_ok(&req, len, mapping));
        ck_assert(!wvm_remote_request_ok(&req, sizeof req + 1, mapping));
    }
    wvm_remote_request_init(&req, WVM_REMOTE_FREE);
    for (size_t i = 0; i < sizeof req; i++) { /* a changed byte of the head, or of the filling */
        bad = req;
        ((unsigned char *)&bad)[i] ^= 0x80;
        bool judged = i < sizeof req.head || i >= offsetof(struct wvm_remote_request, zero);
        ck_assert_int_eq(wvm_remote_request_ok(&bad, sizeof bad, false), !judged);
    }
}
END_TEST

START_TEST(random_bytes)
{
    static struct wvm_remote_answer answer;
    struct wvm_remote_request req = {0};
    unsigned passed = 0;
    for (unsigned n = 0; n < 200000; n++) {
        uint32_t *word = (uint32_t *)&req;
        for (size_t i = 0; i < sizeof req / 4; i++)
            word[i] = dice();
        memcpy(&answer, &req, sizeof req);
        passed += wvm_remote_request_ok(&req, dice() % 256, dice() & 1);
        passed += wvm_remote_answer_ok(&answer, dice() % (sizeof answer + 1), (uint16_t)dice());
    }
    ck_assert_uint_eq(passed, 0);
}
END_TEST

START_TEST(answers)
{
    static struct wvm_remote_answer answer;
    for (uint32_t blob = 0; blob <= WVM_REMOTE_BLOB; blob += 1056) {
        wvm_remote_answer_init(&answer, WVM_REMOTE_QUERY);
        answer.blob_len = blob;
        size_t len = wvm_remote_answer_seal(&answer);
        ck_assert_uint_eq(len, 48 + blob);
        ck_assert(wvm_remote_answer_ok(&answer, len, WVM_REMOTE_QUERY));
        ck_assert(!wvm_remote_answer_ok(&answer, len, WVM_REMOTE_FREE));
        ck_assert(!wvm_remote_answer_ok(&answer, len - 1, WVM_REMOTE_QUERY));
        answer.blob_len++;
        ck_assert(!wvm_remote_answer_ok(&answer, len, WVM_REMOTE_QUERY));
        answer.blob_len = UINT32_MAX;
        ck_assert(!wvm_remote_answer_ok(&answer, len, WVM_REMOTE_QUERY));
    }
}
END_TEST

/* ---- names ---- */

START_TEST(names)
{
    static const char *const bad[] = {"", "remote-", "remote-1", "remote-1-", "remote-x-1",
                                      "remote-1-x", "remote-0-1", "remote-4294967296-1",
                                      "remote-1-99999999999999999999999", "emote-1-1",
                                      "remote-1-1x"};
    char name[WVM_REMOTE_NAME_CAP];
    pid_t pid;
    uint64_t start;
    wvm_remote_name(4194304, UINT64_MAX, name);
    ck_assert(wvm_remote_parse_name(name, &pid, &start));
    ck_assert_int_eq(pid, 4194304);
    ck_assert_uint_eq(start, UINT64_MAX);
    ck_assert(wvm_remote_parse_name("remote-7-8.new", &pid, &start) && pid == 7 && start == 8);
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++)
        ck_assert_msg(!wvm_remote_parse_name(bad[i], &pid, &start), "%s", bad[i]);
}
END_TEST

static void touch(int fd, const char *name)
{
    int made = openat(fd, name, O_CREAT | O_WRONLY, 0600);
    ck_assert_int_ge(made, 0);
    close(made);
}

START_TEST(sweeping)
{
    char own[WVM_REMOTE_NAME_CAP], old[WVM_REMOTE_NAME_CAP];
    uint64_t start;
    int fd = open(dir, O_RDONLY | O_DIRECTORY);
    pid_t dead = fork();
    if (dead == 0)
        _exit(0);
    waitpid(dead, NULL, 0);
    ck_assert_int_eq(wvm_host_process_start(getpid(), &start), 0);
    wvm_remote_name(getpid(), start, own);
    touch(fd, own);
    touch(fd, "names");
    wvm_remote_name(getpid(), start - 1, old);
    touch(fd, old);
    for (int i = 0; i < 300; i++) {
        char name[WVM_REMOTE_NAME_CAP];
        wvm_remote_name(dead, (uint64_t)i, name);
        touch(fd, name);
    }
    wvm_remote_sweep(fd);
    wvm_remote_sweep(fd); /* what moved in the list while names were removed */
    unsigned n = 0;
    DIR *d = opendir(dir);
    for (struct dirent *e; (e = readdir(d));)
        n += e->d_name[0] != '.';
    closedir(d);
    ck_assert_uint_eq(n, 2);
    ck_assert_int_eq(faccessat(fd, own, F_OK, 0), 0);
    ck_assert_int_eq(faccessat(fd, "names", F_OK, 0), 0);
    close(fd);
}
END_TEST

/* ---- the channel ---- */

/* What the request's type asks of the made-up server. */
enum { ECHO, SLOW, DIE, FILL };

static void serve(const struct wvm_remote_request *req, int fd, struct wvm_remote_answer *answer)
{
    answer->status = (int32_t)req->prot;
    answer->base = req->base + 1;
    if (req->head.op == WVM_REMOTE_MAP && write(fd, "passed", 6) != 6)
        answer->status = STATUS_UNSUCCESSFUL;
    if (req->type == SLOW)
        usleep(700000);
    if (req->type == DIE)
        _exit(3);
    if (req->type == FILL) {
        answer->blob_len = (uint32_t)req->size;
        memset(answer->blob, 0x5A, req->size);
    }
}

static pid_t start_server(void)
{
    int ready[2];
    char byte;
    ck_assert_int_eq(pipe(ready), 0);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        byte = (char)(wvm_remote_start(serve) == 0 && wvm_remote_start(serve) == 0);
        if (write(ready[1], &byte, 1) != 1)
            _exit(1);
        for (;;)
            pause();
    }
    ck_assert(read(ready[0], &byte, 1) == 1 && byte == 1);
    close(ready[0]);
    close(ready[1]);
    return pid;
}

static void stop_server(pid_t pid)
{
    kill(pid, SIGKILL);
    waitpid(pid, NULL, 0);
}

static int call(pid_t pid, uint32_t type, uint64_t size, struct wvm_remote_answer *answer)
{
    struct wvm_remote_request req;
    wvm_remote_request_init(&req, WVM_REMOTE_FREE);
    req.type = type;
    req.size = size;
    req.base = 41;
    req.prot = STATUS_NOT_LOCKED;
    return wvm_remote_call(pid, &req, -1, answer);
}

static unsigned count_fds(void)
{
    unsigned n = 0;
    DIR *d = opendir("/proc/self/fd");
    while (readdir(d))
        n++;
    closedir(d);
    return n;
}

START_TEST(calls)
{
    static struct wvm_remote_answer answer;
    unsigned n_fds = count_fds();
    ck_assert_int_eq(call(getpid(), ECHO, 0, &answer), -ENOENT);
    pid_t pid = start_server();
    errno = 77;
    ck_assert_int_eq(call(pid, ECHO, 0, &answer), 0);
    ck_assert_int_eq(errno, 77);
    ck_assert_uint_eq(answer.base, 42);
    ck_assert_int_eq(answer.status, (int32_t)STATUS_NOT_LOCKED);
    for (uint64_t size = 0; size <= WVM_REMOTE_BLOB; size += 1056) {
        ck_assert_int_eq(call(pid, FILL, size, &answer), 0);
        ck_assert_uint_eq(answer.blob_len, size);
        for (uint64_t i = 0; i < size; i++)
            ck_assert_uint_eq(answer.blob[i], 0x5A);
    }
    ck_assert(!wvm_remote_serving());
    stop_server(pid);
    ck_assert_int_eq(call(pid, ECHO, 0, &answer), -ENOENT);
    ck_assert_uint_eq(count_fds(), n_fds);
}
END_TEST

START_TEST(descriptors)
{
    static struct wvm_remote_answer answer;
    struct wvm_remote_request req;
    char text[16] = "";
    pid_t pid = start_server();
    int fd = memfd_create("passed", MFD_CLOEXEC);
    wvm_remote_request_init(&req, WVM_REMOTE_MAP);
    for (int i = 0; i < 100; i++)
        ck_assert_int_eq(wvm_remote_call(pid, &req, fd, &answer), 0);
    ck_assert_int_eq(answer.status, 0);
    ck_assert_int_eq(pread(fd, text, 6, 594), 6);
    ck_assert_str_eq(text, "passed");
    /* A descriptor too few or too many is no request. */
    ck_assert_int_eq(wvm_remote_call(pid, &req, -1, &answer), -EPROTO);
    req.head.op = WVM_REMOTE_FREE;
    ck_assert_int_eq(wvm_remote_call(pid, &req, fd, &answer), -EPROTO);
    snprintf(text, sizeof text, "%d", 0);
    char path[64];
    unsigned n = 0;
    snprintf(path, sizeof path, "/proc/%d/fd", (int)pid);
    usleep(50000);
    DIR *d = opendir(path);
    while (readdir(d))
        n++;
    closedir(d);
    ck_assert_uint_lt(n, 20); /* none of the hundred is left there */
    close(fd);
    stop_server(pid);
}
END_TEST

START_TEST(ends)
{
    static struct wvm_remote_answer answer;
    pid_t pid = start_server();
    wvm_remote_patience = 300;
    ck_assert_int_eq(call(pid, SLOW, 0, &answer), -ETIMEDOUT);
    wvm_remote_patience = 10000;
    ck_assert_int_eq(call(pid, ECHO, 0, &answer), 0);
    ck_assert_int_eq(call(pid, DIE, 0, &answer), -ECONNRESET);
    waitpid(pid, NULL, 0);
    ck_assert_int_eq(call(pid, ECHO, 0, &answer), -ENOENT);
}
END_TEST

static void nothing(int sig)
{
    (void)sig;
}

/* Signals interrupt every wait of the client. */
START_TEST(interruptions)
{
    static struct wvm_remote_answer answer;
    struct sigaction act = {.sa_handler = nothing};
    struct itimerval often = {{0, 200}, {0, 200}}, never = {{0, 0}, {0, 0}};
    pid_t pid = start_server();
    sigaction(SIGALRM, &act, NULL);
    setitimer(ITIMER_REAL, &often, NULL);
    for (int i = 0; i < 500; i++)
        ck_assert_int_eq(call(pid, ECHO, 0, &answer), 0);
    ck_assert_int_eq(call(pid, SLOW, 0, &answer), 0);
    setitimer(ITIMER_REAL, &never, NULL);
    stop_server(pid);
}
END_TEST

static void *many_calls(void *pid)
{
    struct wvm_remote_answer answer;
    intptr_t failed = 0;
    for (int i = 0; i < 100; i++)
        failed += call((pid_t)(intptr_t)pid, ECHO, 0, &answer) != 0 || answer.base != 42;
    return (void *)failed;
}

/* More callers than seats: the others wait for their turn. */
START_TEST(crowds)
{
    enum { N = 40 };
    pthread_t thread[N];
    pid_t pid = start_server();
    void *failed;
    for (int i = 0; i < N; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, many_calls, (void *)(intptr_t)pid), 0);
    for (int i = 0; i < N; i++) {
        pthread_join(thread[i], &failed);
        ck_assert_ptr_null(failed);
    }
    stop_server(pid);
}
END_TEST

/* The server of a parent is not its child's, and leaves nothing open there. */
START_TEST(forks)
{
    static struct wvm_remote_answer answer;
    unsigned n_fds = count_fds();
    ck_assert_int_eq(wvm_remote_start(serve), 0);
    ck_assert(wvm_remote_serving());
    ck_assert_int_eq(call(getpid(), ECHO, 0, &answer), 0);
    pid_t parent = getpid();
    wvm_remote_before_fork();
    pid_t pid = fork();
    if (pid == 0) {
        bool good = wvm_remote_after_fork_child() && !wvm_remote_serving() &&
                    count_fds() == n_fds && call(getpid(), ECHO, 0, &answer) == -ENOENT &&
                    call(parent, ECHO, 0, &answer) == 0;
#ifndef __SANITIZE_THREAD__ /* which does not allow threads after such a fork */
        good = good && wvm_remote_start(serve) == 0 && call(getpid(), ECHO, 0, &answer) == 0;
#endif
        _exit(!good);
    }
    wvm_remote_after_fork_parent();
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(call(getpid(), ECHO, 0, &answer), 0);
}
END_TEST

int main(void)
{
    TCase *c;
    Suite *s = unit_suite("remote", 60, &c);
    tcase_add_checked_fixture(c, set_up, tear_down);
    tcase_add_test(c, requests);
    tcase_add_test(c, random_bytes);
    tcase_add_test(c, answers);
    tcase_add_test(c, names);
    tcase_add_test(c, sweeping);
    tcase_add_test(c, calls);
    tcase_add_test(c, descriptors);
    tcase_add_test(c, ends);
    tcase_add_test(c, interruptions);
    tcase_add_test(c, crowds);
    tcase_add_test(c, forks);
    return unit_run(s);
}
