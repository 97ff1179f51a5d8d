/* MEM_RESET and MEM_RESET_UNDO, and OfferVirtualMemory and ReclaimVirtualMemory, while the kernel
 * really takes memory away.
 *
 * Terms   group = a control group of this test's own below the one it runs in, with one child of
 *         the test in it; squeeze = making the kernel reclaim what the group has
 *         (memory.force_empty of version 1, memory.reclaim of version 2), done by the parent beside
 *         the child's work. survival = undo, or reclaiming, succeeded; loss = it told of one.
 * I1      A survival with one byte changed is false; so is a loss with every page intact.
 * I2      The group is removed at the end, and the child leaves it by ending.
 * Failure: skipped where no group can be made or the kernel cannot be asked to reclaim. */
#include "env_group.h"

#include <time.h>

enum { PAGES = 4096, ROUNDS = 60, LEN = PAGES * PAGE, LOCKED = 32 };

struct result {
    volatile unsigned rounds, survivals, losses, false_survivals, false_losses, pages_lost, spoiled,
        wrong;
};

static struct result *shared;

/* ---- one child's work ---- */

static void fill(char *a, unsigned round)
{
    for (size_t i = 0; i < PAGES; i++)
        memset(a + i * PAGE, (int)(1 + (i * 7 + round) % 255), PAGE);
}

/* Pages that are all zero, and pages that are neither intact nor zero. */
static unsigned count_lost(const char *a, unsigned round, unsigned *spoiled)
{
    unsigned lost = 0;
    for (size_t i = 0; i < PAGES; i++) {
        unsigned char want = (unsigned char)(1 + (i * 7 + round) % 255);
        if (all_bytes(a + i * PAGE, PAGE, 0))
            lost++;
        else if (!all_bytes(a + i * PAGE, PAGE, want))
            *spoiled += 1;
    }
    return lost;
}

static void wait_a_little(unsigned round)
{
    static const unsigned us[] = {0, 50, 300, 1000, 4000, 12000};
    if (us[round % 6])
        usleep(us[round % 6]);
}

static void judge(const char *a, unsigned round, bool survived)
{
    unsigned spoiled = 0, lost = count_lost(a, round, &spoiled);
    shared->rounds++;
    shared->spoiled += spoiled;
    shared->pages_lost += lost;
    if (survived) {
        shared->survivals++;
        shared->false_survivals += lost != 0 || spoiled != 0;
    } else {
        shared->losses++;
        shared->false_losses += lost == 0;
    }
}

static bool offers; /* this worker offers and reclaims; else it resets */

/* Pages that are offered in two steps are so from the first one on. */
static void let_go(char *a, unsigned round)
{
    if (!offers) {
        shared->wrong += VirtualAlloc(a, LEN, MEM_RESET, PAGE_READWRITE) != a;
        return;
    }
    OFFER_PRIORITY priority = (OFFER_PRIORITY)(1 + round % 4);
    shared->wrong += OfferVirtualMemory(a, LEN / 2, priority) != 0;
    shared->wrong += OfferVirtualMemory(a + LEN / 4, LEN - LEN / 4, priority) != 0;
    shared->wrong += can_read(a) || can_read(a + LEN - 1) || !is_state(a, MEM_COMMIT,
                                                                     PAGE_READWRITE);
}

static bool reclaim(char *a, size_t len)
{
    DWORD code = ReclaimVirtualMemory(a, len);
    shared->wrong += code != 0 && code != ERROR_BUSY;
    return code == 0;
}

static bool undo(char *a)
{
    if (offers) {
        bool low = reclaim(a, 3 * LEN / 8), high = reclaim(a, LEN);
        return low && high;
    }
    SetLastError(0);
    return VirtualAlloc(a, LEN, MEM_RESET_UNDO, PAGE_READWRITE) == a;
}

/* What was never written cannot be lost; what was only read neither. */
static void untouched_round(void)
{
    char *a = VirtualAlloc(NULL, LEN, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    shared->wrong += !a || !all_bytes(a, LEN / 2, 0) || OfferVirtualMemory(a, LEN, 1) != 0;
    usleep(2000);
    shared->wrong += ReclaimVirtualMemory(a, LEN) != 0 || !all_bytes(a, LEN, 0);
    shared->wrong += !VirtualFree(a, 0, MEM_RELEASE);
}

static void reset_round(char *a, unsigned round, bool read_only)
{
    DWORD old;
    fill(a, round);
    if (read_only)
        shared->wrong += !VirtualProtect(a, LEN, PAGE_READONLY, &old);
    let_go(a, round);
    wait_a_little(round);
    bool survived = undo(a);
    /* What undo took back stays: pages may not go after it. */
    wait_a_little(round + 1);
    judge(a, round, survived);
    if (read_only) {
        shared->wrong += can_write(a) || !is_state(a, MEM_COMMIT, PAGE_READONLY);
        shared->wrong += !VirtualProtect(a, LEN, PAGE_READWRITE, &old) || old != PAGE_READONLY;
    }
}

static void locked_round(char *a)
{
    fill(a, 1);
    shared->wrong += !VirtualLock(a, LOCKED * PAGE);
    shared->wrong += VirtualAlloc(a, LOCKED * PAGE, MEM_RESET, PAGE_READWRITE) != a;
    usleep(5000);
    for (size_t i = 0; i < LOCKED; i++)
        shared->wrong += !all_bytes(a + i * PAGE, PAGE, (unsigned char)(1 + (i * 7 + 1) % 255));
    shared->wrong += VirtualAlloc(a, LOCKED * PAGE, MEM_RESET_UNDO, PAGE_READWRITE) != a;
    shared->wrong += !VirtualUnlock(a, LOCKED * PAGE);
}

/* Let go in the parent, fork, taken back on both sides. */
static void fork_round(char *a, unsigned round)
{
    int status = -1;
    fill(a, round);
    let_go(a, round);
    pid_t pid = fork();
    if (pid == 0) {
        wait_a_little(round);
        judge(a, round, undo(a));
        _exit(0);
    }
    waitpid(pid, &status, 0);
    shared->wrong += status != 0;
    judge(a, round, undo(a));
}

static void worker(unsigned rounds)
{
    char *a = VirtualAlloc(NULL, LEN, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
    setrlimit(RLIMIT_MEMLOCK, &unlimited);
    if (!a) {
        shared->wrong++;
        return;
    }
    for (unsigned i = 0; i < rounds; i++) {
        if (i % 10 == 7)
            fork_round(a, i);
        else
            reset_round(a, i, !offers && i % 3 == 2);
        if (i % 20 == 0 && offers)
            untouched_round();
        else if (i % 20 == 0)
            locked_round(a);
    }
    shared->wrong += !VirtualFree(a, 0, MEM_RELEASE) || winvm_audit() != 0;
}

/* ---- which offered pages go first ---- */

enum { BLOCK = 8 << 20, BLOCK_PAGES = BLOCK / PAGE, ORDER_LIMIT = 52 << 20, ORDER_MORE = 64 };

static unsigned in_memory(char *a)
{
    static unsigned char there[BLOCK_PAGES];
    unsigned n = 0;
    shared->wrong += mincore(a, BLOCK, there) != 0;
    for (unsigned i = 0; i < BLOCK_PAGES; i++)
        n += there[i] & 1;
    return n;
}

/* The highest priority is offered first: without priorities it would go first. More memory is used
 * until most of the two lowest is gone; what is left of them and of the others is the result. */
static void order_worker(void)
{
    char *a[4], *more = VirtualAlloc(NULL, ORDER_MORE << 20, MEM_RESERVE | MEM_COMMIT,
                                     PAGE_READWRITE);
    for (int i = 3; i >= 0; i--) {
        a[i] = VirtualAlloc(NULL, BLOCK, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
        if (!a[i] || !more) {
            shared->wrong++;
            return;
        }
        memset(a[i], 1 + i, BLOCK);
        shared->wrong += OfferVirtualMemory(a[i], BLOCK, (OFFER_PRIORITY)(1 + i)) != 0;
    }
    for (unsigned i = 0; i < ORDER_MORE; i++) {
        memset(more + ((size_t)i << 20), 1, 1 << 20);
        shared->losses = in_memory(a[0]) + in_memory(a[1]);
        shared->survivals = in_memory(a[2]) + in_memory(a[3]);
        shared->rounds++;
        if (shared->losses < BLOCK_PAGES / 2)
            return;
    }
}

/* ---- the parent ---- */

/* Squeezes while the worker is at it: sometimes at once again, sometimes after a pause. */
static bool run_worker(const char *options, const char *way)
{
    char rounds[16];
    int status;
    snprintf(rounds, sizeof(rounds), "%d", ROUNDS);
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        prctl(PR_SET_PDEATHSIG, SIGKILL);
        if (!enter_group())
            _exit(77);
        setenv("WINVM_OPTIONS", options, 1);
        execl("/proc/self/exe", "self", way, rounds, (char *)NULL);
        _exit(127);
    }
    if (strcmp(way, "order") == 0)
        waitpid(pid, &status, 0);
    else
        status = squeeze_while(pid);
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        return false;
    ok(status == 0, "the worker ended well: wait status 0x%x", (unsigned)status);
    return true;
}

static void run(const char *options, const char *way)
{
    char label[128];
    snprintf(label, sizeof(label), "%s, %s", way, *options ? options : "defaults");
    memset(shared, 0, sizeof(*shared));
    if (!run_worker(options, way)) {
        env_skip(label, "the control group cannot be entered");
        return;
    }
    printf("# %s: %u rounds, %u survivals, %u losses, %u of %u pages lost, %u false survivals, %u "
           "false losses\n",
           label, shared->rounds, shared->survivals, shared->losses, shared->pages_lost,
           shared->rounds * PAGES, shared->false_survivals, shared->false_losses);
    ok(shared->rounds >= ROUNDS, "%s: %u rounds", label, shared->rounds);
    ok(shared->false_survivals == 0 && shared->spoiled == 0,
       "%s: success means that all data is intact", label);
    ok(shared->false_losses == 0, "%s: failure means that a page was lost", label);
    ok(shared->wrong == 0, "%s: locked and read-only pages, calls that must succeed (%u wrong)",
       label, shared->wrong);
    if (shared->losses == 0)
        printf("# the kernel took nothing away in this run\n");
}

static bool limit_group(void)
{
    char path[600], bytes[32];
    snprintf(bytes, sizeof(bytes), "%d", ORDER_LIMIT);
    snprintf(path, sizeof(path), "%s/memory.limit_in_bytes", group);
    if (write_text(path, bytes))
        return true;
    snprintf(path, sizeof(path), "%s/memory.max", group);
    return write_text(path, bytes);
}

/* The kernel's other way of reclaiming (MGLRU) has an order of its own. */
static bool has_generations(void)
{
    char text[16] = "";
    int fd = open("/sys/kernel/mm/lru_gen/enabled", O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? 0 : read(fd, text, sizeof(text) - 1);
    if (fd >= 0)
        close(fd);
    return n > 0 && strtoul(text, NULL, 16) != 0;
}

static void check_order(void)
{
    const char *label = "the order of priorities";
    char *probe = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    bool old = madvise(probe, PAGE, 22 /* MADV_POPULATE_READ */) != 0;
    munmap(probe, PAGE);
    memset(shared, 0, sizeof(*shared));
    if (old || has_generations() || !limit_group()) {
        env_skip(label, "no Linux 5.14, another order of reclaiming, or no limit for the group");
        return;
    }
    if (!run_worker("commit-limit=1g", "order")) {
        env_skip(label, "the control group cannot be entered");
        return;
    }
    printf("# after %u MiB: %u of %u pages of the lower priorities left, %u of the higher\n",
           shared->rounds, shared->losses, 2 * BLOCK_PAGES, shared->survivals);
    ok(shared->wrong == 0 && shared->losses < BLOCK_PAGES / 2 &&
           shared->survivals > 2 * BLOCK_PAGES * 3 / 4,
       "%s: the lower ones go first", label);
}

int main(int argc, char **argv)
{
    char name[64];
    const char *path = argc > 2 ? getenv("WINVM_TEST_RESULT") : NULL;
    snprintf(name, sizeof(name), "/dev/shm/winvm-reset-%d", (int)getpid());
    int fd = open(path ? path : name, O_RDWR | O_CREAT | O_CLOEXEC, 0600);
    if (fd < 0 || (!path && ftruncate(fd, PAGE) != 0))
        return 77;
    shared = mmap(NULL, PAGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    close(fd);
    if (path) {
        offers = strcmp(argv[1], "offer") == 0;
        if (strcmp(argv[1], "order") == 0)
            order_worker();
        else
            worker((unsigned)strtoul(argv[2], NULL, 10));
        return 0;
    }
    env_start();
    setenv("WINVM_TEST_RESULT", name, 1);
    if (!make_group()) {
        env_skip("MEM_RESET and offers under memory pressure",
                 "no control group that can be squeezed here");
    } else {
        for (int i = 0; i < 2; i++) {
            const char *way = i ? "offer" : "reset";
            run("", way);
            run("populate-write=0", way);
            run("pagemap-scan=0", way);
            run("pagemap-scan=0:populate-write=0:guard-regions=0", way);
        }
        check_order();
        remove_group();
    }
    unlink(name);
    return env_end();
}
