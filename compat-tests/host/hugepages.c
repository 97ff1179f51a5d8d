/* Transparent huge pages: commits of 2 MiB and more may be backed by one huge page each. Decommit,
 * protections and contents are still exact to the page.
 *
 * Owns    the machine's setting while it is "always": a first process sets and restores it, also
 *         when the test dies or is told to end; the test itself runs in a child. */
#include "env.h"

enum { HUGE = 2 * 1024 * 1024, N_HUGE = 8, HUGE_PAGES = HUGE / PAGE };

static const char setting[] = "/sys/kernel/mm/transparent_hugepage/enabled";
static char saved[64];
static volatile pid_t tester;

static void restore(void)
{
    int fd = open(setting, O_WRONLY | O_CLOEXEC);
    if (fd >= 0 && saved[0] && write(fd, saved, strlen(saved)) < 0)
        perror(setting);
    if (fd >= 0)
        close(fd);
}

static void end_early(int sig)
{
    if (tester > 0)
        kill(tester, SIGKILL);
    restore();
    signal(sig, SIG_DFL);
    raise(sig);
}

/* The chosen word is the one in brackets. */
static bool read_setting(void)
{
    char text[128] = "";
    FILE *f = fopen(setting, "re");
    bool found = f && fgets(text, sizeof(text), f) && strchr(text, '[') && strchr(text, ']');
    if (found)
        snprintf(saved, sizeof(saved), "%.*s", (int)(strchr(text, ']') - strchr(text, '[') - 1),
                 strchr(text, '[') + 1);
    if (f)
        fclose(f);
    return found;
}

static bool set_always(void)
{
    int fd = open(setting, O_WRONLY | O_CLOEXEC);
    bool done = fd >= 0 && write(fd, "always", 6) == 6;
    if (fd >= 0)
        close(fd);
    return done;
}

/* ---- the test ---- */

static char *huge_block(size_t len)
{
    char *a = VirtualAlloc(NULL, len + HUGE, MEM_RESERVE, PAGE_READWRITE);
    char *aligned = (char *)(((uintptr_t)a + HUGE - 1) & ~(uintptr_t)(HUGE - 1));
    return a ? VirtualAlloc(aligned, len, MEM_COMMIT, PAGE_READWRITE) : NULL;
}

static long huge_kb(void)
{
    char line[256];
    long total = 0;
    FILE *f = fopen("/proc/self/smaps_rollup", "re");
    while (f && fgets(line, sizeof(line), f))
        if (strncmp(line, "AnonHugePages:", 14) == 0)
            total = strtol(line + 14, NULL, 10);
    if (f)
        fclose(f);
    return total;
}

static void fill(char *a)
{
    for (size_t i = 0; i < N_HUGE * HUGE_PAGES; i++)
        memset(a + i * PAGE, (int)(i % 251 + 1), PAGE);
}

static bool is_filled(const char *a, size_t i)
{
    return all_bytes(a + i * PAGE, PAGE, (unsigned char)(i % 251 + 1));
}

/* Every 37th page is decommitted: it is gone, its neighbours are not; committed again, it is
 * zero. */
static void check_decommit(char *a)
{
    unsigned wrong = 0;
    for (size_t i = 5; i < N_HUGE * HUGE_PAGES; i += 37)
        wrong += !VirtualFree(a + i * PAGE, PAGE, MEM_DECOMMIT);
    for (size_t i = 0; i < N_HUGE * HUGE_PAGES; i++) {
        bool gone = i >= 5 && (i - 5) % 37 == 0;
        wrong += gone ? can_read(a + i * PAGE) || !is_state(a + i * PAGE, MEM_RESERVE, 0)
                      : !is_filled(a, i);
    }
    ok(wrong == 0, "decommit of single pages: exactly those (%u wrong)", wrong);
    for (size_t i = 5; i < N_HUGE * HUGE_PAGES; i += 37)
        wrong += !VirtualAlloc(a + i * PAGE, PAGE, MEM_COMMIT, PAGE_READWRITE) ||
                 !all_bytes(a + i * PAGE, PAGE, 0) || !is_filled(a, i - 1) || !is_filled(a, i + 1);
    ok(wrong == 0, "committed again they are zero, neighbours kept (%u wrong)", wrong);
}

static void check_protect(char *a)
{
    DWORD old;
    unsigned wrong = 0;
    fill(a);
    for (size_t i = 9; i < N_HUGE * HUGE_PAGES; i += 53)
        wrong += !VirtualProtect(a + i * PAGE, PAGE, i % 2 ? PAGE_READONLY : PAGE_NOACCESS, &old);
    for (size_t i = 0; i < N_HUGE * HUGE_PAGES; i++) {
        bool changed = i >= 9 && (i - 9) % 53 == 0;
        char *p = a + i * PAGE;
        wrong += can_write(p) == changed || can_read(p) != (!changed || i % 2);
    }
    ok(wrong == 0, "protections are exact to the page (%u wrong)", wrong);
    ok(VirtualProtect(a, N_HUGE * HUGE, PAGE_READWRITE, &old), "all writable again");
    for (size_t i = 0; i < N_HUGE * HUGE_PAGES; i++)
        wrong += !is_filled(a, i);
    ok(wrong == 0, "contents kept throughout (%u wrong)", wrong);
}

static void check_reset(char *a)
{
    unsigned wrong = 0;
    fill(a);
    ok(VirtualAlloc(a + 3 * PAGE, 700 * PAGE, MEM_RESET, PAGE_READWRITE) != NULL,
       "reset across huge pages");
    if (VirtualAlloc(a + 3 * PAGE, 700 * PAGE, MEM_RESET_UNDO, PAGE_READWRITE))
        for (size_t i = 0; i < 710; i++)
            wrong += !is_filled(a, i);
    ok(wrong == 0, "undo (%u wrong)", wrong);
    ok(VirtualFree(a, HUGE / 2, MEM_DECOMMIT) && !can_read(a) && !can_read(a + HUGE / 2 - 1) &&
           is_filled(a, HUGE_PAGES / 2), "decommit of half a huge page");
}

static void work(void *advise)
{
    char *a = huge_block(N_HUGE * HUGE);
    if (!ok(a != NULL, "commit 16 MiB"))
        return;
    if (advise)
        madvise(a, N_HUGE * HUGE, MADV_HUGEPAGE);
    fill(a);
    printf("# %ld kB in huge pages\n", huge_kb());
    check_decommit(a);
    check_protect(a);
    check_reset(a);
    ok(VirtualFree(look_at(a).AllocationBase, 0, MEM_RELEASE) && !can_read(a) &&
           !can_read(a + HUGE),
       "release");
    expect_tour();
}

static bool run(void *advise)
{
    fflush(stdout);
    tester = fork();
    if (tester == 0) {
        env_be_child();
        work(advise);
        fflush(stdout);
        _exit(env_failed != 0);
    }
    return env_ended_well(tester);
}

int main(void)
{
    static int advise;
    env_start();
    ok(run(&advise), "MADV_HUGEPAGE over committed memory");
    for (unsigned i = 0; i < 4; i++)
        signal((int[]){SIGALRM, SIGINT, SIGTERM, SIGHUP}[i], end_early);
    if (!read_setting() || !set_always()) {
        env_skip("transparent huge pages \"always\"", "the setting cannot be changed here");
        return env_end();
    }
    bool passed = run(NULL);
    restore();
    ok(passed, "transparent huge pages \"always\"");
    return env_end();
}
