/* A list whose entry goes away while a thread is taking it out: the handler mends that, and nothing
 * else. A parent holds the thread at the very instruction. */
#include <stddef.h>
#include <sys/ptrace.h>
#include <sys/user.h>

#include "fault/t/fault_unit.h"

#include "base/slist.h"

#if defined(__x86_64__)
#define UNIT_REGS_IP rip
#else
#define UNIT_REGS_IP eip
#endif

extern const char wvm_slist_link_read[];

static struct wvm_slist list;
static struct wvm_slist_entry other __attribute__((aligned(16)));

/* The child: 0 when the pop answers the entry that the parent puts in place. */
static int pop_what_is_gone(void)
{
    struct wvm_slist_entry *gone =
        mmap(NULL, PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    wvm_slist_init();
    unit_set_up();
    wvm_fault_install_memory();
    wvm_slist_push(&list, gone);
    if (mprotect(gone, PG, PROT_NONE) != 0 || ptrace(PTRACE_TRACEME, 0, NULL, NULL) != 0)
        return 2;
    raise(SIGSTOP);
    return wvm_slist_pop(&list) == &other && wvm_slist_depth(&list) == 0 ? 0 : 1;
}

static pid_t start_child(void)
{
    int status;
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0)
        _exit(pop_what_is_gone());
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_msg(WIFSTOPPED(status) && WSTOPSIG(status) == SIGSTOP, "status %x", (unsigned)status);
    return pid;
}

static void go_to_the_read(pid_t pid)
{
    struct user_regs_struct regs;
    int status;
    do {
        ck_assert_int_eq(ptrace(PTRACE_SINGLESTEP, pid, NULL, NULL), 0);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        ck_assert_msg(WIFSTOPPED(status), "status %x", (unsigned)status);
        ck_assert_int_eq(ptrace(PTRACE_GETREGS, pid, NULL, &regs), 0);
    } while ((uintptr_t)regs.UNIT_REGS_IP != (uintptr_t)wvm_slist_link_read);
}

/* Lets it run to its end, signals and all. */
static int finish(pid_t pid)
{
    int status, sig = 0;
    do {
        ck_assert_int_eq(ptrace(PTRACE_CONT, pid, NULL, (void *)(intptr_t)sig), 0);
        ck_assert_int_eq(waitpid(pid, &status, 0), pid);
        sig = WIFSTOPPED(status) ? WSTOPSIG(status) : 0;
    } while (WIFSTOPPED(status));
    return status;
}

/* What another thread would do: takes out everything, and puts `other` in. */
static void change_list(pid_t pid)
{
    struct wvm_slist head = {.counts = 0};
    long word;
    head.first = (uintptr_t)&other;
    head.counts = 0x50001;
    for (size_t i = 0; i < sizeof(head); i += sizeof(word)) {
        memcpy(&word, (char *)&head + i, sizeof(word));
        ck_assert_int_eq(ptrace(PTRACE_POKEDATA, pid, (char *)&list + i, (void *)word), 0);
    }
}

START_TEST(a_stale_link)
{
    pid_t pid = start_child();
    go_to_the_read(pid);
    change_list(pid);
    int status = finish(pid);
    ck_assert_msg(WIFEXITED(status) && WEXITSTATUS(status) == 0, "status %x", (unsigned)status);
}
END_TEST

START_TEST(a_bad_link)
{
    pid_t pid = start_child();
    int status = finish(pid);
    ck_assert_msg(WIFSIGNALED(status) && WTERMSIG(status) == SIGSEGV, "status %x",
                  (unsigned)status);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("fault_list", 60, &tc);
    tcase_add_test(tc, a_stale_link);
    tcase_add_test(tc, a_bad_link);
    return unit_run(suite);
}
