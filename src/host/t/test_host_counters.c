/* Counters of a process, read from made-up files; this process's own against the C library's. */
#include <errno.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "base/t/unit.h"
#include "host/host_counters.h"
#include "host/host_private.h"
#include "host/t/fake_root.h"

enum { PID = 4711, MORE = 8 << 20 };
#define KB 1024u

static char root[32];

static void set_up(void)
{
    strcpy(root, "/tmp/winvm-counters-XXXXXX");
    wvm_host_proc_root = fake_root(root);
    errno = EDOM;
}

static void tear_down(void)
{
    ck_assert_int_eq(errno, EDOM); /* no operation may change it */
    fake_remove(root);
}

/* The process's file. */
static void file(const char *name, const char *text)
{
    char path[64];
    snprintf(path, sizeof path, "%d/%s", PID, name);
    fake_file(root, path, text);
}

static void own_file(const char *name, const char *text)
{
    char path[64];
    snprintf(path, sizeof path, "self/%s", name);
    fake_file(root, path, text);
}

/* Fields 4 to 22 hold their own numbers, but for a nice value. */
static void stat_file(const char *name, const char *nice)
{
    char text[400];
    snprintf(text, sizeof text, "%d (%s) S 4 5 6 7 8 9 10 11 12 13 14 15 16 17 18 %s 20 21 22 23\n",
             PID, name, nice);
    file("stat", text);
}

static const char status_text[] =
    "Name:\tx\nVmPeak:\t    900 kB\nVmSize:\t    800 kB\nVmHWM:\t    300 kB\nVmRSS:\t    200 kB\n"
    "RssAnon:\t     90 kB\nRssFile:\t     70 kB\nRssShmem:\t     40 kB\nVmData:\t    500 kB\n"
    "VmStk:\t    132 kB\n";

START_TEST(of_another)
{
    struct wvm_host_counters c;
    file("status", status_text);
    stat_file("x", "0");
    ck_assert_int_eq(wvm_host_counters(PID, &c), 0);
    ck_assert_uint_eq(c.faults, 10 + 12);
    ck_assert_uint_eq(c.resident, 200 * KB);
    ck_assert_uint_eq(c.resident_peak, 300 * KB);
    ck_assert_uint_eq(c.resident_private, 90 * KB);
    ck_assert_uint_eq(c.resident_shared, 40 * KB);
    ck_assert_uint_eq(c.mapped, 800 * KB);
    ck_assert_uint_eq(c.mapped_peak, 900 * KB);
    ck_assert_uint_eq(c.writable, (500 + 132) * KB);
}
END_TEST

/* A kernel thread or a process that has ended and was not waited for has no such lines. */
START_TEST(without_lines)
{
    struct wvm_host_counters c, none;
    memset(&none, 0, sizeof none);
    memset(&c, 0xcc, sizeof c);
    file("status", "Name:\tx\nState:\tZ (zombie)\nThreads:\t1\n");
    ck_assert_int_eq(wvm_host_counters(PID, &c), 0);
    ck_assert_mem_eq(&c, &none, sizeof c);
    file("status", "Name:\tx\nVmHWM:\tmuch\nVmRSS:\t    7 kB\n"); /* the peak is noted late */
    ck_assert_int_eq(wvm_host_counters(PID, &c), 0);
    ck_assert_uint_eq(c.resident, 7 * KB);
    ck_assert_uint_eq(c.resident_peak, 7 * KB);
}
END_TEST

/* Names are anything of up to 15 bytes. */
START_TEST(names_that_mislead)
{
    static const char *const name[] = {"x) S 1 1 1 1 1", "VmRSS: 7 kB", "((((", ") ", "1 2 3"};
    for (unsigned i = 0; i < sizeof name / sizeof name[0]; i++) {
        struct wvm_host_counters c;
        struct wvm_host_family f;
        char text[600];
        snprintf(text, sizeof text, "Name:\t%s\n%s", name[i], status_text + sizeof "Name:\tx");
        file("status", text);
        stat_file(name[i], "0");
        ck_assert_int_eq(wvm_host_counters(PID, &c), 0);
        ck_assert_uint_eq(c.resident, 200 * KB);
        ck_assert_uint_eq(c.faults, 10 + 12);
        ck_assert_int_eq(wvm_host_family(PID, &f), 0);
        ck_assert_int_eq(f.parent, 4);
    }
}
END_TEST

START_TEST(cut_short)
{
    static const char *const text[] = {"4711", "4711 (x", "4711 (x)", "4711 (x) S", "4711 (x) S 4",
                                       "4711 (x) S - - - - - - - -", "\n"};
    for (unsigned i = 0; i < sizeof text / sizeof text[0]; i++) {
        struct wvm_host_counters c;
        struct wvm_host_family f;
        struct wvm_host_times t;
        file("status", status_text);
        file("stat", text[i]);
        ck_assert_int_eq(wvm_host_counters(PID, &c), 0);
        ck_assert_uint_eq(c.faults, 0);
        ck_assert_int_eq(wvm_host_family(PID, &f), 0);
        ck_assert_int_eq(f.nice, 0);
        ck_assert(f.parent == 0 || (i == 4 && f.parent == 4));
        ck_assert_int_eq(wvm_host_times(PID, &t), 0);
        ck_assert(t.created == 0 && t.user == 0 && t.kernel == 0);
    }
}
END_TEST

START_TEST(family)
{
    struct wvm_host_family f;
    static const struct { const char *text; int value; } nice[] = {
        {"0", 0}, {"19", 19}, {"-20", -20}, {"-1", -1}, {"5", 5}};
    for (unsigned i = 0; i < sizeof nice / sizeof nice[0]; i++) {
        stat_file("x", nice[i].text);
        ck_assert_int_eq(wvm_host_family(PID, &f), 0);
        ck_assert_int_eq(f.pid, PID);
        ck_assert_int_eq(f.parent, 4);
        ck_assert_int_eq(f.nice, nice[i].value);
    }
}
END_TEST

START_TEST(times)
{
    struct wvm_host_times t;
    stat_file("x", "0");
    ck_assert_int_eq(wvm_host_times(PID, &t), 0);
    ck_assert_uint_eq(t.created, 0); /* when the machine started is not told */
    fake_file(root, "stat", "cpu  1 2 3\ncpu0 1 2 3\nintr 5 btime 9\nctxt 5\nbtime 1700000000\n"
                            "processes 7\n");
    ck_assert_int_eq(wvm_host_times(PID, &t), 0);
    ck_assert_uint_eq(t.created, 1700000000u * UINT64_C(10000000) + 22 * 100000);
    ck_assert_uint_eq(t.user, 14 * 100000);
    ck_assert_uint_eq(t.kernel, 15 * 100000);
}
END_TEST

START_TEST(reads_and_writes)
{
    struct wvm_host_io c;
    file("io", "rchar: 1000\nwchar: 2000\nsyscr: 30\nsyscw: 40\nread_bytes: 5\nwrite_bytes: 6\n"
               "cancelled_write_bytes: 7\n");
    ck_assert_int_eq(wvm_host_io(PID, &c), 0);
    ck_assert_uint_eq(c.bytes_read, 1000);
    ck_assert_uint_eq(c.bytes_written, 2000);
    ck_assert_uint_eq(c.reads, 30);
    ck_assert_uint_eq(c.writes, 40);
    ck_assert_int_eq(wvm_host_io(0, &c), 0); /* self has no such file */
    ck_assert(c.reads == 0 && c.writes == 0 && c.bytes_read == 0 && c.bytes_written == 0);
    own_file("io", "rchar: 11\nsyscw: \n");
    ck_assert_int_eq(wvm_host_io(0, &c), 0);
    ck_assert_uint_eq(c.bytes_read, 11);
    ck_assert_uint_eq(c.writes, 0);
}
END_TEST

START_TEST(ended)
{
    struct wvm_host_counters c;
    struct wvm_host_family f;
    struct wvm_host_times t;
    struct wvm_host_io io;
    for (int i = 0; i < 2; i++) {
        int error = i ? -ESRCH : -ENOENT;
        ck_assert_int_eq(wvm_host_counters(PID, &c), error);
        ck_assert_int_eq(wvm_host_family(PID, &f), error);
        ck_assert_int_eq(wvm_host_times(PID, &t), error);
        ck_assert_int_eq(wvm_host_io(PID, &io), error);
        file("status", ""); /* it ended after the file was opened */
        file("stat", "");
        file("io", "");
    }
}
END_TEST

/* Without /proc. */
START_TEST(own_without_files)
{
    struct wvm_host_counters c;
    struct wvm_host_family f;
    struct wvm_host_times t;
    struct rusage usage;
    ck_assert_int_eq(wvm_host_counters(0, &c), 0);
    getrusage(RUSAGE_SELF, &usage);
    ck_assert_uint_le(c.resident, (uint64_t)usage.ru_maxrss * KB);
    ck_assert_uint_gt(c.resident, 0);
    ck_assert_uint_eq(c.resident, c.resident_peak);
    ck_assert_uint_gt(c.faults, 0);
    ck_assert_uint_eq(c.mapped, 0);
    ck_assert_int_eq(wvm_host_family(0, &f), 0);
    ck_assert_int_eq(f.pid, getpid());
    ck_assert_int_eq(f.parent, getppid());
    ck_assert_int_eq(wvm_host_times(0, &t), 0);
    ck_assert_uint_eq(t.created, 0);
    errno = EDOM;
}
END_TEST

static void kernels_own(void)
{
    wvm_host_proc_root = "/proc";
    errno = EDOM;
}

START_TEST(memory_and_faults_of_this_process)
{
    struct wvm_host_counters before, after;
    char *more = mmap(NULL, MORE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(more, MAP_FAILED);
    madvise(more, MORE, MADV_NOHUGEPAGE);
    ck_assert_int_eq(wvm_host_counters(0, &before), 0);
    memset(more, 1, MORE);
    ck_assert_int_eq(wvm_host_counters(0, &after), 0);
    ck_assert_uint_ge(after.faults, before.faults + MORE / 4096);
    ck_assert_uint_ge(after.resident, MORE);
    ck_assert_uint_ge(after.resident_peak, after.resident);
    ck_assert_uint_ge(after.resident_private + (1 << 20), before.resident_private + MORE);
    ck_assert_uint_ge(after.mapped_peak, after.mapped);
    ck_assert_uint_ge(before.writable, MORE); /* mapped, not yet touched */
    munmap(more, MORE);
    ck_assert_int_eq(wvm_host_counters(0, &before), 0);
    ck_assert_uint_le(before.writable, after.writable - MORE);
    ck_assert_uint_eq(before.mapped_peak, after.mapped_peak);
}
END_TEST

START_TEST(times_and_io_of_this_process)
{
    struct wvm_host_times t, again;
    struct wvm_host_io before, after;
    struct rusage usage;
    char byte[100] = {0};
    int fds[2];
    ck_assert_int_eq(wvm_host_times(0, &t), 0);
    uint64_t now = (uint64_t)time(NULL) * 10000000;
    ck_assert_uint_le(t.created, now + 10000000);
    ck_assert_uint_ge(t.created + UINT64_C(600000000), now); /* this test runs for 10 s at most */
    for (volatile unsigned i = 0; i < 50000000; i++)
        continue;
    getrusage(RUSAGE_SELF, &usage);
    ck_assert_int_eq(wvm_host_times(0, &again), 0);
    ck_assert_uint_eq(again.created, t.created);
    ck_assert_uint_gt(again.user + again.kernel, t.user + t.kernel);
    ck_assert_uint_ge(again.user, (uint64_t)usage.ru_utime.tv_sec * 10000000 +
                                      (uint64_t)usage.ru_utime.tv_usec * 10);
    ck_assert_int_eq(pipe(fds), 0);
    int error = wvm_host_io(0, &before); /* the checks write, too: none until the second look */
    ssize_t n_written = write(fds[1], byte, sizeof byte), n_read = read(fds[0], byte, sizeof byte);
    error |= wvm_host_io(0, &after);
    ck_assert_int_eq(error, 0);
    ck_assert(n_written == sizeof byte && n_read == sizeof byte);
    if (after.writes) { /* else the kernel counts none */
        ck_assert_uint_eq(after.writes, before.writes + 1);
        ck_assert_uint_eq(after.bytes_written, before.bytes_written + sizeof byte);
        ck_assert_uint_gt(after.reads, before.reads);
        ck_assert_uint_ge(after.bytes_read, before.bytes_read + sizeof byte);
    }
    close(fds[0]);
    close(fds[1]);
    errno = EDOM;
}
END_TEST

/* A child, from outside and from inside, and when it has ended. */
START_TEST(a_child)
{
    struct wvm_host_family inside = {0}, outside;
    struct wvm_host_counters c;
    int out[2], hold[2];
    char byte;
    ck_assert(pipe(out) == 0 && pipe(hold) == 0);
    pid_t pid = fork();
    if (pid == 0) {
        cpu_set_t first;
        CPU_ZERO(&first);
        sched_getaffinity(0, sizeof first, &first);
        for (int i = 0, kept = 0; i < CPU_SETSIZE; i++)
            if (CPU_ISSET(i, &first) && kept++)
                CPU_CLR(i, &first);
        close(hold[1]);
        bool ok = setpriority(PRIO_PROCESS, 0, 7) == 0 &&
                  sched_setaffinity(0, sizeof first, &first) == 0 &&
                  wvm_host_family(0, &inside) == 0;
        ok = ok && write(out[1], &inside, sizeof inside) == sizeof inside;
        _exit(read(hold[0], &byte, 1) == 0 && ok ? 0 : 1);
    }
    ck_assert_int_eq(read(out[0], &inside, sizeof inside), sizeof inside);
    ck_assert_int_eq(wvm_host_family(pid, &outside), 0);
    ck_assert_int_eq(inside.pid, pid);
    ck_assert_int_eq(outside.pid, pid);
    ck_assert_int_eq(inside.parent, getpid());
    ck_assert_int_eq(outside.parent, getpid());
    ck_assert_int_eq(inside.nice, 7);
    ck_assert_int_eq(outside.nice, 7);
    ck_assert_int_eq(__builtin_popcountll(outside.processors), 1);
    ck_assert_uint_eq(inside.processors, outside.processors);
    ck_assert_int_eq(wvm_host_counters(pid, &c), 0);
    ck_assert_uint_gt(c.faults, 0);
    ck_assert_uint_gt(c.resident, 0);
    close(hold[1]);
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
    ck_assert_int_eq(wvm_host_counters(pid, &c), -ENOENT);
    errno = EDOM;
}
END_TEST

int main(void)
{
    TCase *made_up, *real;
    Suite *suite = unit_suite("host-counters", 20, &made_up);
    tcase_add_checked_fixture(made_up, set_up, tear_down);
    tcase_add_test(made_up, of_another);
    tcase_add_test(made_up, without_lines);
    tcase_add_test(made_up, names_that_mislead);
    tcase_add_test(made_up, cut_short);
    tcase_add_test(made_up, family);
    tcase_add_test(made_up, times);
    tcase_add_test(made_up, reads_and_writes);
    tcase_add_test(made_up, ended);
    tcase_add_test(made_up, own_without_files);
    real = tcase_create("this machine");
    tcase_set_timeout(real, 20);
    tcase_add_checked_fixture(real, kernels_own, NULL);
    tcase_add_test(real, memory_and_faults_of_this_process);
    tcase_add_test(real, times_and_io_of_this_process);
    tcase_add_test(real, a_child);
    suite_add_tcase(suite, real);
    return unit_run(suite);
}
