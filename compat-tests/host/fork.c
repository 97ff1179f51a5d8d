/* fork, vfork and posix_spawn: a child keeps all memory, and goes its own way afterwards.
 *
 * Terms   area = one reservation with pages of every state, filled page by page with their number.
 * Locking: two threads allocate while the first one forks; children use the API at once. */
#include "env.h"

#include <spawn.h>

enum { AREA_PAGES = 256, N_OWN = 1000, N_FORKS = 1000, N_BIG = 20000 };

extern char **environ;

/* Page i: its state depends on i % 8. */
static const DWORD area_prot[8] = {
    PAGE_READWRITE, PAGE_READONLY,  PAGE_NOACCESS,               PAGE_EXECUTE_READ,
    0,              PAGE_READWRITE, PAGE_READWRITE | PAGE_GUARD, PAGE_EXECUTE_READWRITE};

static char *make_area(void)
{
    DWORD old;
    char *a = VirtualAlloc(NULL, AREA_PAGES * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    for (unsigned i = 0; a && i < AREA_PAGES; i++) {
        memset(a + i * PAGE, (int)(i | 1), PAGE);
        if (area_prot[i % 8] == 0)
            VirtualFree(a + i * PAGE, PAGE, MEM_DECOMMIT);
        else
            VirtualProtect(a + i * PAGE, PAGE, area_prot[i % 8], &old);
    }
    return a;
}

static void check_area(void *area)
{
    char *a = area;
    unsigned wrong = 0;
    for (unsigned i = 0; i < AREA_PAGES; i++) {
        DWORD prot = area_prot[i % 8];
        bool readable = prot && prot != PAGE_NOACCESS && !(prot & PAGE_GUARD);
        bool writable = prot == PAGE_READWRITE || prot == PAGE_EXECUTE_READWRITE;
        char *p = a + i * PAGE;
        wrong += !is_state(p, prot ? MEM_COMMIT : MEM_RESERVE, prot) || can_read(p) != readable ||
                 can_write(p) != writable ||
                 (readable && !all_bytes(p, PAGE, (unsigned char)(i | 1)));
    }
    ok(wrong == 0, "%u of %u pages differ", wrong, AREA_PAGES);
    ok(winvm_audit() == 0, "audit");
}

static void check_hidden_contents(void *area)
{
    DWORD old;
    char *a = area;
    check_area(area);
    ok(VirtualProtect(a + 2 * PAGE, PAGE, PAGE_READWRITE, &old) && old == PAGE_NOACCESS, "unhide");
    ok(all_bytes(a + 2 * PAGE, PAGE, 3), "contents below PAGE_NOACCESS");
    ok(VirtualAlloc(a + 4 * PAGE, PAGE, MEM_COMMIT, PAGE_READWRITE) != NULL, "commit in the child");
    ok(all_bytes(a + 4 * PAGE, PAGE, 0), "committed in the child: zeroed");
    ok(VirtualFree(a, 0, MEM_RELEASE), "release in the child");
    ok(GetCurrentProcessId() == (DWORD)getpid(), "GetCurrentProcessId is the child's");
    expect_tour();
}

/* ---- both sides go on ---- */

static void use_own(void *tag)
{
    static char *at[N_OWN];
    unsigned wrong = 0;
    for (unsigned i = 0; i < N_OWN; i++) {
        at[i] = VirtualAlloc(NULL, GRAN, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
        if (at[i])
            memset(at[i], *(int *)tag, PAGE);
    }
    for (unsigned i = 0; i < N_OWN; i++)
        wrong += !at[i] || !all_bytes(at[i], PAGE, (unsigned char)*(int *)tag) ||
                 !all_bytes(at[i] + PAGE, PAGE, 0) || !VirtualFree(at[i], 0, MEM_RELEASE);
    ok(wrong == 0, "%u of %u own blocks wrong", wrong, N_OWN);
    ok(winvm_audit() == 0, "audit");
}

static void test_independent(char *area)
{
    int tag[2] = {0x11, 0x22};
    char *shared = VirtualAlloc(NULL, GRAN, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    memset(shared, 7, GRAN);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        env_be_child();
        use_own(&tag[0]);
        ok(all_bytes(shared, GRAN, 7), "what the parent writes and frees does not show");
        check_area(area);
        _exit(env_failed != 0);
    }
    memset(shared, 9, GRAN);
    bool freed = VirtualFree(shared, 0, MEM_RELEASE);
    use_own(&tag[1]);
    ok(freed && env_ended_well(pid), "parent and child allocate independently");
}

/* ---- locks ---- */

static void check_unlocked(void *at)
{
    ok(env_status_kb("VmLck") == 0, "VmLck %ld kB in the child", env_status_kb("VmLck"));
    SetLastError(0);
    ok(!VirtualUnlock(at, 4 * PAGE) && GetLastError() == ERROR_NOT_LOCKED, "unlock: error %u",
       (unsigned)GetLastError());
    ok(VirtualLock(at, 8 * PAGE), "the child's lock quota is its own: error %u",
       (unsigned)GetLastError());
    ok(VirtualUnlock(at, 8 * PAGE), "unlock");
}

static int role_locks(void)
{
    env_quiet = true;
    char *a = VirtualAlloc(NULL, GRAN, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (!a || !VirtualLock(a, 4 * PAGE))
        return 77;
    ok(in_child(check_unlocked, a), "child");
    ok(VirtualUnlock(a, 4 * PAGE), "the parent's pages are still locked");
    return env_failed != 0;
}

/* ---- while other threads allocate ---- */

static int stop;

static void *allocate_in_a_loop(void *seed)
{
    unsigned n = (unsigned)(uintptr_t)seed;
    DWORD old;
    while (!__atomic_load_n(&stop, __ATOMIC_RELAXED)) {
        size_t len = (n++ % 5 + 1) * PAGE;
        char *a = VirtualAlloc(NULL, len + GRAN, MEM_RESERVE, PAGE_NOACCESS);
        if (!a || !VirtualAlloc(a, len, MEM_COMMIT, PAGE_READWRITE))
            abort();
        a[len - 1] = 1;
        if (!VirtualProtect(a, PAGE, PAGE_READONLY, &old) || !VirtualFree(a, 0, MEM_RELEASE))
            abort();
    }
    return NULL;
}

static int child_of_storm(unsigned i)
{
    char *a = VirtualAlloc(NULL, 2 * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (!a || !all_bytes(a, 2 * PAGE, 0))
        return 1;
    a[0] = 1;
    if (!is_state(a, MEM_COMMIT, PAGE_READWRITE) || !VirtualFree(a, PAGE, MEM_DECOMMIT) ||
        !VirtualFree(a, 0, MEM_RELEASE))
        return 2;
    return i % 50 == 0 && winvm_audit() != 0 ? 3 : 0;
}

static void test_storm(void)
{
    pthread_t thread[2];
    unsigned good = 0;
    for (unsigned i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, allocate_in_a_loop, (void *)(uintptr_t)(i * 3));
    for (unsigned i = 0; i < N_FORKS; i++) {
        int status = -1;
        pid_t pid = fork();
        if (pid == 0) {
            alarm(10);
            _exit(child_of_storm(i));
        }
        good += pid > 0 && waitpid(pid, &status, 0) == pid && status == 0;
    }
    __atomic_store_n(&stop, 1, __ATOMIC_RELAXED);
    for (unsigned i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    ok(good == N_FORKS && winvm_audit() == 0, "%u of %u forks beside two allocating threads", good,
       N_FORKS);
}

/* ---- many regions ---- */

static char *big[N_BIG];

static void check_big(void *arg)
{
    unsigned wrong = 0;
    (void)arg;
    for (unsigned i = 0; i < N_BIG; i++)
        wrong += !is_state(big[i], MEM_COMMIT, i % 2 ? PAGE_READONLY : PAGE_READWRITE) ||
                 *(unsigned *)big[i] != i || can_write(big[i]) != (i % 2 == 0);
    ok(wrong == 0, "%u of %u regions differ", wrong, N_BIG);
    for (unsigned i = 0; i < N_BIG; i++)
        wrong += !VirtualFree(big[i], 0, MEM_RELEASE);
    ok(wrong == 0 && winvm_audit() == 0, "all released");
}

static void test_big(void)
{
    DWORD old;
    unsigned wrong = 0;
    uint64_t before = committed_now();
    for (unsigned i = 0; i < N_BIG; i++) {
        big[i] = VirtualAlloc(NULL, PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
        if (!big[i])
            break;
        *(unsigned *)big[i] = i;
        wrong += i % 2 && !VirtualProtect(big[i], PAGE, PAGE_READONLY, &old);
    }
    ok(wrong == 0 && big[N_BIG - 1], "20,000 committed regions, every second one read-only");
    ok(in_child(check_big, NULL), "a child has all 20,000");
    check_big(NULL);
    ok(committed_now() == before, "commit charge is back");
}

/* ---- children that only start a program ---- */

static void test_spawn(void)
{
    char *argv[] = {(char *)"true", NULL};
    char *a = VirtualAlloc(NULL, GRAN, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    pid_t pid = -1;
    memset(a, 3, GRAN);
    ok(posix_spawnp(&pid, "true", NULL, NULL, argv, environ) == 0 && env_ended_well(pid),
       "posix_spawn");
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wdeprecated-declarations"
    pid = vfork();
#pragma GCC diagnostic pop
    if (pid == 0) {
        execvp("true", argv);
        _exit(127);
    }
    ok(env_ended_well(pid), "vfork and exec");
    ok(all_bytes(a, GRAN, 3) && VirtualFree(a, 0, MEM_RELEASE), "the parent's memory after both");
    expect_tour();
}

int main(int argc, char **argv)
{
    struct env_role locks = {.role = "locks", .options = "lock-quota=32768"};
    if (argc > 1 && strcmp(argv[1], "locks") == 0)
        return role_locks();
    env_start();
    char *area = make_area();
    ok(area != NULL, "an area with pages of every state");
    ok(in_child(check_hidden_contents, area), "a child keeps all states, protections and contents");
    check_area(area);
    test_independent(area);
    int status = env_run_role(&locks);
    if (status == 77)
        env_skip("locks are not inherited", "VirtualLock is not allowed here");
    else
        ok(status == 0, "locks are not inherited: status %d", status);
    test_storm();
    test_big();
    test_spawn();
    return env_end();
}
