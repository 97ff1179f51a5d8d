/* What the tests of special environments share: TAP, children, and looks at memory from outside.
 *
 * Owns    the result lines of a program, its deadline, and the way checks in a child are reported.
 * Terms   role = what a program does instead of its tests when it runs itself again: argv[1].
 * I1      A check in the first process is one TAP line. A check in a child prints only when it
 *         fails; the child ends with status 0 when none did, and that is one TAP line of its
 *         parent.
 * I2      A program that cannot test here says so in a SKIP line with the reason.
 * Failure: the deadline ends the program and its children. */
#ifndef ENV_H
#define ENV_H

#include <winvm/winvm.h>

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ENV_DEADLINE = 120, PAGE = 0x1000, GRAN = 0x10000 };
#define MIB ((size_t)1 << 20)
#define GIB ((size_t)1 << 30)

static unsigned env_n, env_failed;
static bool env_quiet; /* in a child or a role */

static bool __attribute__((format(printf, 3, 4), unused))
env_ok(int line, bool pass, const char *format, ...)
{
    va_list args;
    env_failed += !pass;
    if (env_quiet && pass)
        return pass;
    if (env_quiet)
        printf("# line %d, pid %d: ", line, (int)getpid());
    else
        printf("%sok %u - ", pass ? "" : "not ", ++env_n);
    va_start(args, format);
    vprintf(format, args);
    va_end(args);
    printf("\n");
    if (!pass && !env_quiet)
        printf("# line %d, errno %d, last error %u\n", line, errno, (unsigned)GetLastError());
    fflush(stdout);
    return pass;
}
#define ok(pass, ...) env_ok(__LINE__, pass, __VA_ARGS__)

static inline void env_skip(const char *what, const char *why)
{
    if (!env_quiet)
        printf("ok %u - %s # SKIP %s\n", ++env_n, what, why);
}

static inline void env_start(void)
{
    alarm(ENV_DEADLINE);
    setvbuf(stdout, NULL, _IOLBF, 0);
}

static inline int env_end(void)
{
    printf("1..%u\n", env_n);
    return env_failed != 0;
}

/* A sanitizer's own mappings are in the way of limits and counts. */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__)
enum { ENV_SANITIZED = 1 };
#else
enum { ENV_SANITIZED = 0 };
#endif

/* ---- children ---- */

static inline void env_be_child(void)
{
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    env_quiet = true;
    env_failed = 0;
}

static inline bool env_ended_well(pid_t pid)
{
    int status = 0;
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return false;
    if (WIFSIGNALED(status))
        printf("# child %d: signal %d\n", (int)pid, WTERMSIG(status));
    return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

/* Runs fn(arg) in a fork child. True: every check in it passed. */
static inline bool in_child(void (*fn)(void *), void *arg)
{
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        env_be_child();
        fn(arg);
        fflush(stdout);
        _exit(env_failed != 0);
    }
    return env_ended_well(pid);
}

struct env_role {
    const char *role, *arg, *options;
    void (*before)(const char *arg); /* in the child, before the program starts again */
    char said[4096];                 /* what it wrote to standard error */
};

/* Runs this program again in a role. Its exit status, or 256 + signal. */
static inline int env_run_role(struct env_role *r)
{
    int pipefd[2], status;
    size_t n = 0;
    ssize_t got;
    fflush(stdout);
    if (pipe(pipefd) < 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        dup2(pipefd[1], 2);
        close(pipefd[0]);
        close(pipefd[1]);
        if (r->options)
            setenv("WINVM_OPTIONS", r->options, 1);
        if (r->before)
            r->before(r->arg);
        execl("/proc/self/exe", "self", r->role, r->arg, (char *)NULL);
        _exit(127);
    }
    close(pipefd[1]);
    while (n < sizeof(r->said) - 1 &&
           (got = read(pipefd[0], r->said + n, sizeof(r->said) - 1 - n)) > 0)
        n += (size_t)got;
    r->said[n] = '\0';
    close(pipefd[0]);
    if (pid < 0 || waitpid(pid, &status, 0) != pid)
        return -1;
    return WIFSIGNALED(status) ? 256 + WTERMSIG(status) : WEXITSTATUS(status);
}

/* ---- looks at memory that cannot fault ---- */

static inline bool can_read(const void *at)
{
    char byte;
    struct iovec to = {&byte, 1}, from = {(void *)(uintptr_t)at, 1};
    return process_vm_readv(getpid(), &to, 1, &from, 1, 0) == 1;
}

static inline bool can_write(void *at)
{
    char byte;
    struct iovec here = {&byte, 1}, there = {at, 1};
    return process_vm_readv(getpid(), &here, 1, &there, 1, 0) == 1 &&
           process_vm_writev(getpid(), &here, 1, &there, 1, 0) == 1;
}

/* Every byte of [at, at + len) is v. */
static inline bool all_bytes(const void *at, size_t len, unsigned char v)
{
    const unsigned char *p = at;
    return len == 0 || (p[0] == v && memcmp(p, p + 1, len - 1) == 0);
}

/* The value of a "Key:  N kB" line of /proc/self/status, in kB; -1 when there is none. */
static inline long env_status_kb(const char *key)
{
    char line[256];
    long v = -1;
    FILE *f = fopen("/proc/self/status", "re");
    while (f && fgets(line, sizeof(line), f))
        if (strncmp(line, key, strlen(key)) == 0)
            v = strtol(line + strlen(key) + 1, NULL, 10);
    if (f)
        fclose(f);
    return v;
}

static inline unsigned env_map_count(void)
{
    char block[65536];
    unsigned n = 0;
    ssize_t got;
    int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
    while ((got = read(fd, block, sizeof(block))) > 0)
        for (ssize_t i = 0; i < got; i++)
            n += block[i] == '\n';
    close(fd);
    return n;
}

/* ---- the API ---- */

static inline MEMORY_BASIC_INFORMATION look_at(const void *at)
{
    MEMORY_BASIC_INFORMATION m;
    memset(&m, 0xEE, sizeof(m));
    if (VirtualQuery(at, &m, sizeof(m)) != sizeof(m))
        memset(&m, 0, sizeof(m));
    return m;
}

static inline MEMORY_BASIC_INFORMATION look_in(HANDLE process, const void *at)
{
    MEMORY_BASIC_INFORMATION m;
    memset(&m, 0xEE, sizeof m);
    if (VirtualQueryEx(process, at, &m, sizeof m) != sizeof m)
        memset(&m, 0, sizeof m);
    return m;
}

static inline bool is_state(const void *at, DWORD state, DWORD protect)
{
    MEMORY_BASIC_INFORMATION m = look_at(at);
    return m.State == state && m.Protect == protect;
}

static inline uint64_t committed_now(void)
{
    struct winvm_commit_info info;
    winvm_commit_info(&info);
    return info.committed;
}

/* A short tour of the API: every operation once, with what the program sees after it. Returns the
 * name of the first step that went wrong, NULL when none did. */
static inline const char *env_tour(void)
{
    DWORD old;
    char *a = VirtualAlloc(NULL, 4 * GRAN, MEM_RESERVE, PAGE_READWRITE);
    if (!a || can_read(a))
        return "reserve";
    if (VirtualAlloc(a + GRAN, 2 * GRAN, MEM_COMMIT, PAGE_READWRITE) != a + GRAN ||
        !can_write(a + GRAN) || !all_bytes(a + GRAN, 2 * GRAN, 0))
        return "commit";
    memset(a + GRAN, 0x5A, 2 * GRAN);
    if (!VirtualProtect(a + GRAN, PAGE, PAGE_READONLY, &old) || old != PAGE_READWRITE ||
        can_write(a + GRAN) || a[GRAN] != 0x5A)
        return "protect";
    if (!VirtualFree(a + GRAN + 4 * PAGE, 2 * PAGE, MEM_DECOMMIT) ||
        can_read(a + GRAN + 5 * PAGE) || a[GRAN + 6 * PAGE] != 0x5A)
        return "decommit";
    if (!VirtualAlloc(a + GRAN + 4 * PAGE, 2 * PAGE, MEM_COMMIT, PAGE_READWRITE) ||
        !all_bytes(a + GRAN + 4 * PAGE, 2 * PAGE, 0))
        return "recommit";
    if (!is_state(a + GRAN, MEM_COMMIT, PAGE_READONLY) || !is_state(a, MEM_RESERVE, 0) ||
        look_at(a + 2 * GRAN).AllocationBase != a)
        return "query";
    if (VirtualAlloc(a + 2 * GRAN, GRAN, MEM_RESET, PAGE_READWRITE) != a + 2 * GRAN ||
        VirtualAlloc(a + 2 * GRAN, GRAN, MEM_RESET_UNDO, PAGE_READWRITE) != a + 2 * GRAN ||
        !all_bytes(a + 2 * GRAN, GRAN, 0x5A))
        return "reset and undo";
    if (!VirtualFree(a, 0, MEM_RELEASE) || can_read(a + GRAN) || look_at(a).State != MEM_FREE)
        return "release";
    return winvm_audit() == 0 ? NULL : "audit";
}

static inline void expect_tour(void)
{
    const char *wrong = env_tour();
    ok(!wrong, "reserve, commit, protect, decommit, query, reset, release%s%s", wrong ? ": " : "",
       wrong ? wrong : "");
}
#endif
