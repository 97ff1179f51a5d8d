/* A process that gives up root (setuid), and what an ordinary user may lock.
 *
 * After setuid the process is not dumpable: /proc/self/pagemap can no longer be opened. Everything
 * still works; undo of a reset finds out about pages by other means.
 * Locks beyond RLIMIT_MEMLOCK fail with ERROR_WORKING_SET_QUOTA (1453), leave nothing locked, and
 * the option diag names the limit. */
#include "env.h"

#include <grp.h>

enum { NOBODY = 65534, LIMIT_PAGES = 16 };

static bool become_nobody(void)
{
    return setgroups(0, NULL) == 0 && setgid(NOBODY) == 0 && setuid(NOBODY) == 0 &&
           getuid() == NOBODY;
}

static void check_foreign(void)
{
    static const char constant[] = "in the image";
    char on_stack;
    MEMORY_BASIC_INFORMATION m = look_at(constant);
    ok(m.State == MEM_COMMIT && m.Type == MEM_IMAGE && m.Protect == PAGE_READONLY,
       "image: type 0x%x protect 0x%x", (unsigned)m.Type, (unsigned)m.Protect);
    m = look_at(&on_stack);
    ok(m.State == MEM_COMMIT && m.Type == MEM_PRIVATE && m.Protect == PAGE_READWRITE, "stack");
}

static void use_as_nobody(void *before)
{
    char *old = before, *a;
    ok(become_nobody(), "setuid(65534)");
    ok(open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC) < 0, "pagemap cannot be opened any more");
    expect_tour();
    check_foreign();
    ok(all_bytes(old, GRAN, 0x77) && is_state(old, MEM_COMMIT, PAGE_READWRITE), "memory of before");
    ok(VirtualFree(old, 0, MEM_RELEASE), "is released");
    a = VirtualAlloc(NULL, 64 * GRAN, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    memset(a, 1, 64 * GRAN);
    ok(VirtualAlloc(a, 64 * GRAN, MEM_RESET, PAGE_READWRITE) == a, "reset 4 MiB");
    if (VirtualAlloc(a, 64 * GRAN, MEM_RESET_UNDO, PAGE_READWRITE))
        ok(all_bytes(a, 64 * GRAN, 1), "undo tells the truth");
    ok(VirtualFree(a, 0, MEM_RELEASE), "release");
}

/* The same with descriptors that were opened as root, and without. */
static void use_after_first_question(void *before)
{
    env_tour();
    use_as_nobody(before);
}

/* ---- RLIMIT_MEMLOCK ---- */

static int role_lock(void)
{
    struct rlimit limit = {LIMIT_PAGES * PAGE, LIMIT_PAGES * PAGE};
    char *a = VirtualAlloc(NULL, 4 * GRAN, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    env_quiet = true;
    if (setrlimit(RLIMIT_MEMLOCK, &limit) != 0 || (getuid() == 0 && !become_nobody()))
        return 77;
    ok(VirtualLock(a, 4 * PAGE), "4 of 16 pages: error %u", (unsigned)GetLastError());
    ok(env_status_kb("VmLck") == 16, "VmLck %ld kB, 16 expected", env_status_kb("VmLck"));
    SetLastError(0);
    ok(!VirtualLock(a, 4 * GRAN) && GetLastError() == ERROR_WORKING_SET_QUOTA,
       "64 pages: error %u, 1453 expected", (unsigned)GetLastError());
    ok(env_status_kb("VmLck") == 16, "VmLck %ld kB after it, 16 expected", env_status_kb("VmLck"));
    SetLastError(0);
    ok(!VirtualUnlock(a, 8 * PAGE) && GetLastError() == ERROR_NOT_LOCKED,
       "pages 4..7 are not locked");
    ok(VirtualLock(a + GRAN, 12 * PAGE) && VirtualUnlock(a + GRAN, 12 * PAGE),
       "12 more, and unlocked");
    ok(VirtualFree(a, 0, MEM_RELEASE), "release locked memory");
    ok(env_status_kb("VmLck") == 0, "VmLck %ld kB at the end", env_status_kb("VmLck"));
    return env_failed != 0;
}

int main(int argc, char **argv)
{
    struct env_role lock = {.role = "lock", .options = "diag=1:lock-quota=0"};
    if (argc > 1 && strcmp(argv[1], "lock") == 0)
        return role_lock();
    env_start();
    if (getuid() != 0) {
        env_skip("setuid", "not root");
    } else {
        char *a = VirtualAlloc(NULL, GRAN, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
        memset(a, 0x77, GRAN);
        ok(in_child(use_as_nobody, a), "setuid(65534) before the first question");
        ok(in_child(use_after_first_question, a), "setuid(65534) after it");
    }
    int status = env_run_role(&lock);
    if (status == 77) {
        env_skip("RLIMIT_MEMLOCK", "cannot become an ordinary user");
    } else {
        ok(status == 0, "locks beyond RLIMIT_MEMLOCK fail and leave nothing locked: status %d",
           status);
        ok(strstr(lock.said, "RLIMIT_MEMLOCK") != NULL, "diag names the limit");
    }
    return env_end();
}
