/* Strict overcommit (vm.overcommit_memory=2): the library starts, reservations are not charged, and
 * what the host refuses to commit fails with ERROR_COMMITMENT_LIMIT.
 *
 * The setting belongs to the whole machine and can make other programs fail meanwhile (the test
 * asks for too much in one piece, so that it never uses the machine's commit up); so this runs only
 * when WINVM_TEST_MACHINE=1 asks for it. A first process sets and restores, also when the test dies
 * or is told to end; the test itself is a program started anew. */
#include "env.h"

static const char setting[] = "/proc/sys/vm/overcommit_memory";
static char saved[16];

static bool write_setting(const char *text)
{
    int fd = open(setting, O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, text, strlen(text)) > 0;
    if (fd >= 0)
        close(fd);
    return done;
}

static bool read_setting(void)
{
    int fd = open(setting, O_RDONLY | O_CLOEXEC);
    bool done = fd >= 0 && read(fd, saved, sizeof(saved) - 1) > 0;
    if (fd >= 0)
        close(fd);
    return done;
}

static void end_early(int sig)
{
    write_setting(saved);
    signal(sig, SIG_DFL);
    raise(sig);
}

static uint64_t meminfo_bytes(const char *key)
{
    char line[256];
    uint64_t v = 0;
    FILE *f = fopen("/proc/meminfo", "re");
    while (f && fgets(line, sizeof(line), f))
        if (strncmp(line, key, strlen(key)) == 0)
            v = strtoull(line + strlen(key) + 1, NULL, 10) * 1024;
    if (f)
        fclose(f);
    return v;
}

static int role_strict(void)
{
    env_quiet = true;
    expect_tour();
    size_t left = meminfo_bytes("CommitLimit") - meminfo_bytes("Committed_AS"), some = 64 * MIB;
    char *a = VirtualAlloc(NULL, 4 * left, MEM_RESERVE, PAGE_READWRITE);
    ok(a != NULL, "reserve four times what the host would commit: error %u",
       (unsigned)GetLastError());
    ok(VirtualAlloc(a, some, MEM_COMMIT, PAGE_READWRITE) && all_bytes(a, some, 0),
       "commit 64 MiB of it");
    memset(a, 0x44, some);
    SetLastError(0);
    void *got = VirtualAlloc(a, left + GIB, MEM_COMMIT, PAGE_READWRITE);
    DWORD error = GetLastError();
    ok(!got && error == ERROR_COMMITMENT_LIMIT, "more than the host commits: error %u",
       (unsigned)error);
    ok(all_bytes(a, some, 0x44) && is_state(a + some, MEM_RESERVE, 0) && !can_read(a + some),
       "nothing changed");
    ok(VirtualFree(a, 0, MEM_RELEASE), "release");
    uint64_t after = meminfo_bytes("CommitLimit") - meminfo_bytes("Committed_AS");
    ok(after + 2 * some > left, "the charge is returned: %llu of %zu MiB",
       (unsigned long long)(after / MIB), left / MIB);
    expect_tour();
    return env_failed != 0;
}

int main(int argc, char **argv)
{
    struct env_role strict = {.role = "strict", .options = "diag=1"};
    const char *asked = getenv("WINVM_TEST_MACHINE");
    if (argc > 1 && strcmp(argv[1], "strict") == 0)
        return role_strict();
    env_start();
    if (!asked || strcmp(asked, "1") != 0) {
        env_skip("strict overcommit", "changes the whole machine; set WINVM_TEST_MACHINE=1");
        return env_end();
    }
    for (unsigned i = 0; i < 4; i++)
        signal((int[]){SIGALRM, SIGINT, SIGTERM, SIGHUP}[i], end_early);
    if (!read_setting() || !write_setting("2")) {
        env_skip("strict overcommit", "the setting cannot be changed here");
        return env_end();
    }
    int status = env_run_role(&strict);
    write_setting(saved);
    ok(status == 0, "strict overcommit: status %d", status);
    return env_end();
}
