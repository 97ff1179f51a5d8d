/* A process that locks all its memory: every operation works, although the kernel then refuses most
 * ways to empty pages.
 *
 * Terms   future = memory mapped or opened later is locked too; on fault = locked page by page. */
#include "env.h"

struct mode {
    const char *name;
    int flags;
};

static void work(void *arg)
{
    struct mode *mode = arg;
    char *early = VirtualAlloc(NULL, 4 * GRAN, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    memset(early, 0x33, 4 * GRAN);
    if (mlockall(mode->flags) != 0)
        _exit(77);
    expect_tour();
    ok(VirtualFree(early + GRAN, PAGE, MEM_DECOMMIT) && !can_read(early + GRAN),
       "decommit one page of before");
    ok(VirtualAlloc(early + GRAN, PAGE, MEM_COMMIT, PAGE_READWRITE) &&
           all_bytes(early + GRAN, PAGE, 0),
       "recommitted page is zero");
    ok(all_bytes(early, GRAN, 0x33) && all_bytes(early + GRAN + PAGE, 3 * GRAN - PAGE, 0x33),
       "neighbours kept");
    char *big = VirtualAlloc(NULL, GIB, MEM_RESERVE, PAGE_READWRITE);
    ok(big != NULL, "reserve 1 GiB: error %u", (unsigned)GetLastError());
    ok(env_status_kb("VmRSS") < 512 * 1024, "reserved memory takes no RAM: %ld kB",
       env_status_kb("VmRSS"));
    for (unsigned i = 0; i < 200; i++) {
        char *p = big + (size_t)i * 3 * GRAN;
        ok(VirtualAlloc(p, GRAN, MEM_COMMIT, PAGE_READWRITE) && all_bytes(p, GRAN, 0), "commit %u",
           i);
        memset(p, 1, GRAN);
        ok(VirtualFree(p, 3 * PAGE, MEM_DECOMMIT) && !can_read(p + PAGE) && can_read(p + 3 * PAGE),
           "decommit %u", i);
    }
    ok(VirtualLock(early, PAGE) && VirtualUnlock(early, PAGE), "VirtualLock and VirtualUnlock");
    ok(VirtualFree(big, 0, MEM_RELEASE) && !can_read(big + 3 * PAGE), "release");
    ok(VirtualFree(early, 0, MEM_RELEASE) && winvm_audit() == 0, "release what was there before");
    free(malloc(8 * MIB));
    munlockall();
    expect_tour();
}

int main(void)
{
    static struct mode modes[] = {
        {"MCL_CURRENT", MCL_CURRENT},
        {"MCL_CURRENT|MCL_FUTURE", MCL_CURRENT | MCL_FUTURE},
        {"MCL_CURRENT|MCL_FUTURE|MCL_ONFAULT", MCL_CURRENT | MCL_FUTURE | MCL_ONFAULT},
    };
    struct rlimit limit = {RLIM_INFINITY, RLIM_INFINITY};
    env_start();
    if (ENV_SANITIZED) {
        env_skip("mlockall", "a sanitizer's own mappings are in the way");
        return env_end();
    }
    setrlimit(RLIMIT_MEMLOCK, &limit);
    for (unsigned i = 0; i < sizeof(modes) / sizeof(modes[0]); i++) {
        fflush(stdout);
        pid_t pid = fork();
        int status = -1;
        if (pid == 0) {
            env_be_child();
            work(&modes[i]);
            _exit(env_failed != 0);
        }
        waitpid(pid, &status, 0);
        if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
            env_skip(modes[i].name, "mlockall is not allowed here");
        else
            ok(status == 0, "mlockall(%s): wait status 0x%x", modes[i].name, (unsigned)status);
    }
    return env_end();
}
