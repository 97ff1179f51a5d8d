/* A process that serves others, and does what it is told over a pipe: for tests of the channel.
 *
 * Terms   order = one letter and an argument, answered by one number. */
#ifndef TARGET_H
#define TARGET_H

#include "env.h"

#include <dirent.h>
#include <sys/syscall.h>

struct order {
    char what;
    uint64_t at;
};

struct target {
    pid_t pid;
    int orders, answers;
    HANDLE handle;
};

static uint64_t state_word(uint64_t at)
{
    MEMORY_BASIC_INFORMATION m = look_at((void *)(uintptr_t)at);
    return (uint64_t)m.State << 32 | m.Protect;
}

/* A child that is told to use the API at once, or not to. */
static uint64_t fork_child(bool use)
{
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (use)
            (void)GetCurrentProcessId();
        for (;;)
            pause();
    }
    return (uint64_t)pid;
}

static uint64_t byte_at(uint64_t at)
{
    volatile unsigned char *p = (volatile unsigned char *)(uintptr_t)at;
    return can_read((void *)(uintptr_t)at) ? *p : 256;
}

/* The same program again, which does not serve; its first answer is that of this order. */
static uint64_t start_again(void)
{
    char options[5000], path[4096];
    const char *before = getenv("WINVM_OPTIONS");
    ssize_t n = readlink("/proc/self/exe", path, sizeof path - 1);
    path[n > 0 ? n : 0] = '\0';
    snprintf(options, sizeof options, "%s:remote=0", before ? before : "");
    setenv("WINVM_OPTIONS", options, 1);
    execl(path, path, "target", (char *)NULL);
    return 0;
}

static uint64_t obey(const struct order *o)
{
    switch (o->what) {
    case 'a': return winvm_audit() == 0;
    case 'b': return byte_at(o->at);
    case 'c': return (uint64_t)syscall(SYS_close_range, 3U, ~0U, 0U);
    case 'f': return fork_child(o->at);
    case 'n': return committed_now();
    case 's': return state_word(o->at);
    case 'v': return (uintptr_t)VirtualAlloc(NULL, o->at, MEM_COMMIT, PAGE_READWRITE);
    case 'x': return start_again();
    default: return 0;
    }
}

/* The target's whole life: orders from descriptor 0, answers to descriptor 1. */
static inline int be_target(void)
{
    struct order o;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    uint64_t answer = 1;
    do {
        if (write(1, &answer, sizeof answer) != sizeof answer)
            return 1;
        if (read(0, &o, sizeof o) != sizeof o)
            return 0;
        answer = obey(&o);
    } while (true);
}

static uint64_t take_answer(struct target *t)
{
    uint64_t answer = ~(uint64_t)0;
    return read(t->answers, &answer, sizeof answer) == sizeof answer ? answer : ~(uint64_t)0;
}

static inline uint64_t tell(struct target *t, char what, uint64_t at)
{
    struct order o;
    memset(&o, 0, sizeof o);
    o.what = what;
    o.at = at;
    if (write(t->orders, &o, sizeof o) != sizeof o)
        return ~(uint64_t)0;
    return take_answer(t);
}

/* Runs command (argv style) with the options; it must come to be_target(). */
static inline struct target start_target(char *const command[], const char *options)
{
    int in[2], out[2];
    struct target t = {-1, -1, -1, NULL};
    if (pipe2(in, O_CLOEXEC) != 0 || pipe2(out, O_CLOEXEC) != 0)
        return t;
    fflush(stdout);
    t.pid = fork();
    if (t.pid == 0) {
        dup2(in[0], 0);
        dup2(out[1], 1);
        setenv("WINVM_OPTIONS", options, 1);
        execv(command[0], command);
        _exit(127);
    }
    close(in[0]);
    close(out[1]);
    t.orders = in[1];
    t.answers = out[0];
    take_answer(&t);
    t.handle = OpenProcess(PROCESS_ALL_ACCESS, FALSE, (DWORD)t.pid);
    return t;
}

static inline bool end_target(struct target *t)
{
    close(t->orders);
    close(t->answers);
    CloseHandle(t->handle);
    return env_ended_well(t->pid);
}

static unsigned count_entries(pid_t pid, const char *what, const char *prefix)
{
    char path[64], name[320], target[256];
    unsigned n = 0;
    snprintf(path, sizeof path, "/proc/%d/%s", (int)pid, what);
    DIR *d = opendir(path);
    for (struct dirent *e; d && (e = readdir(d));) {
        if (e->d_name[0] == '.')
            continue;
        snprintf(name, sizeof name, "%s/%s", path, e->d_name);
        ssize_t len = prefix ? readlink(name, target, sizeof target - 1) : 0;
        target[len > 0 ? len : 0] = '\0';
        n += !prefix || strncmp(target, prefix, strlen(prefix)) == 0;
    }
    if (d)
        closedir(d);
    return n;
}

#endif
