/* Every bug check that a program can bring about with kernel pools (pools.md sections 5 and 6): its
 * code and parameters through the callback, and the report and the end of a program without one.
 *
 * Each misuse runs in children: with a callback that jumps back, with one that returns where
 * something can be seen then, and with none. */
#include "misuse_special.h"

#include <setjmp.h>

static bool is_wanted(const struct check *c)
{
    const struct check *w = &seen->want;
    for (int i = 0; i < 4; i++)
        if (w->any >> i & 16 ? c->p[i] - (uintptr_t)touch >= TOUCH_MOST
                             : !(w->any >> i & 1) && c->p[i] != w->p[i])
            return false;
    return c->code == w->code;
}

static void tell(const char *what, const struct check *c)
{
    printf("# %s 0x%x (0x%lx, 0x%lx, 0x%lx, 0x%lx)\n", what, (unsigned)c->code,
           (unsigned long)c->p[0], (unsigned long)c->p[1], (unsigned long)c->p[2],
           (unsigned long)c->p[3]);
}

static sigjmp_buf back;

static void WINVM_SYSV hear(uint32_t code, const uintptr_t parameter[4], void *arg)
{
    seen->n_came++;
    seen->came.code = code;
    memcpy(seen->came.p, parameter, sizeof seen->came.p);
    if (arg != NULL)
        siglongjmp(back, 1);
}

/* ---- the runs ---- */

static const struct misuse {
    const char *name;
    void (*fn)(void);
    bool spares; /* .spared is to be set when the callback has returned */
} misuses[] = {
    {"POOL-062 a wrong tag", wrong_tag, true},
    {"POOL-064 a wrong tag of a large block", wrong_tag_big, true},
    {"POOL-065 a double free", freed_twice, false},
    {"POOL-065 a double free of a large block", freed_twice_big, false},
    {"POOL-067 an address of user space", user_address, false},
    {"POOL-068 the middle of a paged block", inside_paged, true},
    {"POOL-066 the middle of a non-paged block", inside_nonpaged, true},
    {"POOL-068 the middle of a large block", inside_big, false},
    {"POOL-066 an address that was never allocated", never_allocated_paged, false},
    {"POOL-070 an overrun of a small block", overrun_small, false},
    {"POOL-071 an overrun of a large block", overrun_big, false},
    {"POOL-026 paged pool at DISPATCH_LEVEL", alloc_paged_at_dispatch, true},
    {"POOL-026 an allocation above DISPATCH_LEVEL", alloc_above_dispatch, true},
    {"POOL-069 a free of paged pool at DISPATCH_LEVEL", free_paged_at_dispatch, true},
    {"POOL-022 must succeed", must_succeed, true},
    {"POOL-023 tag 0", tag_zero, true},
    {"POOL-024 tag BIG", tag_big, true},
    {"POOL-025 a tag without letters", tag_unreadable, true},
    {"POOL-018 no bytes", no_bytes, true},
    {"KeBugCheckEx", own_check, true},
    {"POOL-093 a write behind a block", overrun_write, false},
    {"POOL-093 a read behind a block", overrun_read, false},
    {"POOL-096 a write before a block", underrun_start, false},
    {"POOL-095 a read of a freed block", read_freed, false},
    {"POOL-095 a write to a freed block", write_freed, false},
    {"POOL-099 a double free", special_twice, false},
    {"POOL-100 the middle of a block", special_inside, true},
    {"POOL-100 the middle of a block, Verify Start", special_inside_start, false},
    {"POOL-094 POOL-101 an underrun", special_underrun, false},
    {"POOL-102 POOL-106 an overrun of the gap", special_gap, false},
    {"POOL-102 an overrun, Verify Start", special_behind, false},
    {"POOL-104 a single bit", special_bit, false},
    {"POOL-062 a wrong tag, special pool", special_tag, true},
    {"POOL-103 an allocation at a wrong IRQL", special_alloc_irql, true},
    {"POOL-103 a free at a wrong IRQL", special_free_irql, true},
    {"POOL-105 priority", special_priority, false},
    {"system space, a write where nothing is", nothing_there, false},
    {"system space, a read where nothing is", nothing_there_read, false},
    {"system space, nothing at DISPATCH_LEVEL", nothing_there_dispatch, false},
    {"POOL-029 execution of NX pool", execute_nx, false},
};

/* With a callback that jumps back; the thread lives on. */
static void run_jumping(void *misuse)
{
    winvm_set_bug_check_callback(hear, &back);
    if (sigsetjmp(back, 1) == 0)
        ((const struct misuse *)misuse)->fn();
    if (KeGetCurrentIrql() > PASSIVE_LEVEL)
        KeLowerIrql(PASSIVE_LEVEL);
    char *p = ExAllocatePoolWithTag(PagedPool, 64, TAG_N);
    ok(p != NULL, "the pools work afterwards");
    ExFreePoolWithTag(p, TAG_N);
}

static void run_returning(void *misuse)
{
    winvm_set_bug_check_callback(hear, NULL);
    ((const struct misuse *)misuse)->fn();
}

static void run_reporting(void *misuse)
{
    struct rlimit none = {0, 0};
    setrlimit(RLIMIT_CORE, &none);
    ((const struct misuse *)misuse)->fn();
}

/* The signal that ended a child which ran the misuse, its standard error in text. */
static int reported(const struct misuse *m, char *text, size_t cap)
{
    int fd[2], status;
    size_t n = 0;
    ssize_t got;
    fflush(stdout);
    if (pipe(fd) < 0)
        return -1;
    pid_t pid = fork();
    if (pid == 0) {
        env_be_child();
        dup2(fd[1], 2);
        run_reporting((void *)(uintptr_t)m);
        _exit(0);
    }
    close(fd[1]);
    while ((got = read(fd[0], text + n, cap - 1 - n)) > 0)
        n += (size_t)got;
    text[n] = '\0';
    close(fd[0]);
    return waitpid(pid, &status, 0) == pid && WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

/* The first line of a report. */
static bool read_report(const char *text, char name[64], struct check *out)
{
    unsigned long p[4];
    unsigned code;
    int n = sscanf(text, "winvm: bug check 0x%x %63s (0x%lx, 0x%lx, 0x%lx, 0x%lx)\n", &code, name,
                   &p[0], &p[1], &p[2], &p[3]);
    *out = (struct check){.code = code};
    for (int i = 0; n == 6 && i < 4; i++)
        out->p[i] = p[i];
    return n == 6;
}

static void forget(void)
{
    memset(seen, 0, sizeof *seen);
}

static void test_callback(const struct misuse *m)
{
    forget();
    bool ended = in_child(run_jumping, (void *)(uintptr_t)m);
    bool good = ended && seen->n_came == 1 && is_wanted(&seen->came);
    ok(good, "%s: through the callback", m->name);
    if (!good) {
        tell("wanted", &seen->want);
        tell("came", &seen->came);
    }
    if (m->spares) {
        forget();
        ended = in_child(run_returning, (void *)(uintptr_t)m);
        ok(ended && seen->n_came == 1 && seen->spared, "%s: nothing was changed", m->name);
    }
}

static void test_report(const struct misuse *m)
{
    static char text[8192];
    char name[64] = "";
    struct check c = {0};
    forget();
    int sig = reported(m, text, sizeof text);
    bool good = sig == SIGABRT && read_report(text, name, &c) && is_wanted(&c) && name[0] != '('
                && strstr(text, "  process ") != NULL;
    ok(good, "%s: %s and SIGABRT", m->name, name);
    if (!good) {
        printf("# signal %d\n", sig);
        tell("wanted", &seen->want);
        for (char *line = strtok(text, "\n"); line != NULL; line = strtok(NULL, "\n"))
            printf("# %s\n", line);
    }
}

/* A bug check of an access whose callback returns: an access violation as any other. */
static void violate(void *none)
{
    struct rlimit no_core = {0, 0};
    (void)none;
    setrlimit(RLIMIT_CORE, &no_core);
    winvm_set_bug_check_callback(hear, NULL);
    overrun_write();
}

static LONG CALLBACK on_violation(EXCEPTION_POINTERS *pointers)
{
    const EXCEPTION_RECORD *record = pointers->ExceptionRecord;
    if (record->ExceptionCode == (DWORD)STATUS_ACCESS_VIOLATION
        && record->ExceptionInformation[1] == seen->want.p[0])
        _exit(42);
    return EXCEPTION_CONTINUE_SEARCH;
}

static void violate_handled(void *none)
{
    AddVectoredExceptionHandler(1, on_violation);
    violate(none);
}

static int ends_with(void (*fn)(void *))
{
    int status = 0;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        env_be_child();
        fn(NULL);
        _exit(0);
    }
    waitpid(pid, &status, 0);
    return status;
}

static void returned(void)
{
    forget();
    int status = ends_with(violate);
    ok(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV && seen->n_came == 1,
       "the callback returns from a fault: SIGSEGV, told %u times", seen->n_came);
    forget();
    status = ends_with(violate_handled);
    ok(WIFEXITED(status) && WEXITSTATUS(status) == 42 && seen->n_came == 1,
       "the same with an exception handler, told %u times", seen->n_came);
}

/* What must not be one. */
static void no_bug_check(void *none)
{
    (void)none;
    winvm_set_bug_check_callback(hear, NULL);
    char *p = ExAllocatePool2(POOL_FLAG_NON_PAGED_EXECUTE, 64, TAG_N);
    if (p != NULL)
        execute(p);
    ExFreePool(p);
    for (ULONG size = 1; size < PAGE; size += 37) {
        p = special(size % 2 ? TAG_E : TAG_S, size);
        memset(p, (int)size, size);
        ExFreePoolWithTag(p, size % 2 ? TAG_E : TAG_S);
    }
    ok(seen->n_came == 0, "no bug check");
}

/* POOL-021: as older Windows, without memory. */
static int allocate_must(void)
{
    (void)ExAllocatePoolWithTag(NonPagedPoolMustSucceed, 100, TAG_MUST);
    return 0;
}

static void must_succeed_empty(void)
{
    struct env_role role = {
        .role = "must", .arg = "", .options = "must-succeed=1:fail=tag=Must,all"};
    struct check c = {0};
    char name[64] = "";
    int status = env_run_role(&role);
    forget();
    want(0x41, 100, 0, 0, 0, ANY2 | ANY3 | ANY4);
    ok(status == 256 + SIGABRT && read_report(role.said, name, &c) && is_wanted(&c),
       "POOL-021 no memory for must succeed: %s", name);
}

/* Reports with the option pool-trace: who allocated, who freed. */
static int misuse_traced(const char *what)
{
    struct rlimit no_core = {0, 0};
    setrlimit(RLIMIT_CORE, &no_core);
    if (*what == 'o')
        overrun_write();
    else if (*what == 'f')
        write_freed();
    else
        freed_twice();
    return 0;
}

static void traced(const char *what, const char *name, bool was_freed)
{
    struct env_role role = {.role = "traced", .arg = what,
                            .options = "pool-trace=1:special=tag=Sp*"};
    int status = env_run_role(&role);
    ok(status == 256 + SIGABRT && strstr(role.said, "  allocated by ") != NULL
           && (strstr(role.said, "  freed by ") != NULL) == was_freed,
       "%s: the report tells the call sites", name);
}

/* Runs itself again with the options, in a role that says that they are set. */
static int start_again(char **argv)
{
    char text[1024];
    const char *given = getenv("WINVM_OPTIONS");
    char again[] = "again";
    char *arg[] = {argv[0], again, NULL};
    snprintf(text, sizeof text, "%s%s" OPTIONS, given ? given : "", given ? ":" : "");
    setenv("WINVM_OPTIONS", text, 1);
    execv("/proc/self/exe", arg);
    perror("execv");
    return 99;
}

int main(int argc, char **argv)
{
    if (argc < 2)
        return start_again(argv);
    seen = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    if (strcmp(argv[1], "must") == 0)
        return allocate_must();
    if (strcmp(argv[1], "traced") == 0)
        return misuse_traced(argv[2]);
    env_start();
    for (unsigned i = 0; i < sizeof misuses / sizeof misuses[0]; i++) {
        test_callback(&misuses[i]);
        test_report(&misuses[i]);
    }
    forget();
    ok(in_child(no_bug_check, NULL), "right use of special and of executable pool");
    returned();
    must_succeed_empty();
    traced("overrun", "an overrun in special pool", false);
    traced("freed", "an access to a freed block", true);
    traced("twice", "a double free", true);
    return env_end();
}
