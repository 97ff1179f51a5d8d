/* The host's limit on mappings (vm.max_map_count), unchanged: great numbers of live allocations,
 * and a process that drives winvm to the limit.
 *
 * Terms   board = pages of alternating protection, each a mapping of the kernel's own.
 * I1      At the limit every decommit and release succeeds, what they give back is inaccessible,
 *         and the program's own malloc, mmap and threads still work. */
#include "env.h"

enum { N = 100000 };

static char *at[N];
static size_t size_of[N];
static uint32_t order[N];
static uint32_t seed = 12345;

static uint32_t any(uint32_t below)
{
    seed = seed * 1664525u + 1013904223u;
    return (uint32_t)(((uint64_t)seed * below) >> 32);
}

static void shuffle(void)
{
    for (uint32_t i = 0; i < N; i++)
        order[i] = i;
    for (uint32_t i = N - 1; i > 0; i--) {
        uint32_t j = any(i + 1), t = order[i];
        order[i] = order[j];
        order[j] = t;
    }
}

/* Touches the first and the last byte of what is committed. */
static bool tag(uint32_t i)
{
    char *p = at[i];
    if (!p || p[0] || p[size_of[i] - 1])
        return false;
    memcpy(p, &i, sizeof(i));
    p[size_of[i] - 1] = (char)0xE1;
    return true;
}

static bool still_tagged(uint32_t i)
{
    return memcmp(at[i], &i, sizeof(i)) == 0 && at[i][size_of[i] - 1] == (char)0xE1;
}

static void check_tails(const char *what, size_t reserved)
{
    unsigned wrong = 0;
    for (uint32_t n = 0; n < 500; n++) {
        uint32_t i = any(N);
        size_t end = (size_of[i] + PAGE - 1) / PAGE * PAGE;
        MEMORY_BASIC_INFORMATION m = look_at(at[i]);
        wrong +=
            m.RegionSize != end || m.State != MEM_COMMIT || can_write(at[i] + end - 1) == false;
        if (end < reserved)
            wrong += can_read(at[i] + end) || can_write(at[i] + reserved - 1);
    }
    ok(wrong == 0, "%s: exact sizes, nothing behind them accessible", what);
}

static void free_all(const char *what)
{
    unsigned wrong = 0;
    shuffle();
    for (uint32_t n = 0; n < N; n++) {
        uint32_t i = order[n];
        wrong += !at[i] || !still_tagged(i) || !VirtualFree(at[i], 0, MEM_RELEASE);
        if (n % 1000 == 0)
            wrong += can_read(at[i]);
    }
    ok(wrong == 0, "%s: intact, and released in random order (%u wrong)", what, wrong);
}

static void test_many(const char *what, bool mixed, size_t reserve)
{
    uint64_t before = committed_now();
    unsigned bad = 0, maps = env_map_count();
    for (uint32_t i = 0; i < N && bad == 0; i++) {
        size_of[i] = mixed ? (1 + any(60)) * 1024 : PAGE;
        at[i] = VirtualAlloc(NULL, reserve ? reserve : size_of[i],
                             reserve ? MEM_RESERVE : MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
        if (reserve && at[i] && !VirtualAlloc(at[i], size_of[i], MEM_COMMIT, PAGE_READWRITE))
            at[i] = NULL;
        bad = tag(i) ? 0 : i + 1;
    }
    ok(bad == 0, "100,000 live: %s (first failure %u), %u mappings more", what, bad,
       env_map_count() - maps);
    if (bad)
        return;
    check_tails(what, reserve ? reserve : GRAN);
    free_all(what);
    ok(committed_now() == before, "%s: commit charge is back", what);
}

/* ---- the limit itself ---- */

static long max_maps(void)
{
    long v = 65530;
    FILE *f = fopen("/proc/sys/vm/max_map_count", "re");
    if (f && fscanf(f, "%ld", &v) != 1)
        v = 65530;
    if (f)
        fclose(f);
    return v;
}

static void *thread_body(void *arg)
{
    return arg;
}

static void check_host(void)
{
    pthread_t thread;
    void *result = NULL;
    char *p = malloc(MIB);
    if (p)
        memset(p, 1, MIB);
    ok(p != NULL, "at the limit: malloc(1 MiB)");
    free(p);
    void *m = mmap(NULL, MIB, PROT_READ | PROT_EXEC, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ok(m != MAP_FAILED && munmap(m, MIB) == 0, "at the limit: mmap");
    ok(pthread_create(&thread, NULL, thread_body, &seed) == 0 &&
           pthread_join(thread, &result) == 0 && result == &seed,
       "at the limit: pthread_create");
}

/* Every second page read-only until the library refuses. Returns the page that was refused. */
static size_t fill_board(char *board, size_t pages)
{
    DWORD old;
    for (size_t i = 1; i < pages; i += 2)
        if (!VirtualProtect(board + i * PAGE, PAGE, PAGE_READONLY, &old))
            return i;
    return 0;
}

static void close_pieces(char *board, size_t n)
{
    unsigned wrong = 0;
    for (size_t i = 1; i < n; i += 50) {
        char *page = board + (i | 1) * PAGE;
        wrong += !VirtualFree(page, PAGE, MEM_DECOMMIT) || can_read(page) ||
                 !can_read(page - PAGE) || !is_state(page, MEM_RESERVE, 0);
    }
    for (size_t i = 20; i < n; i += 50) {
        char *page = board + (i & ~(size_t)1) * PAGE;
        wrong += !VirtualFree(page, PAGE, MEM_DECOMMIT) || can_read(page) || !can_read(page + PAGE);
    }
    ok(wrong == 0, "at the limit: decommit of single pages, which are inaccessible (%u wrong)",
       wrong);
}

static void test_board(void)
{
    size_t pages = (size_t)max_maps() + 4096, refused;
    unsigned before = env_map_count();
    char *board = VirtualAlloc(NULL, pages * PAGE, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    char *other = VirtualAlloc(NULL, 16 * GRAN, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (!ok(board && other, "a board of %zu pages", pages))
        return;
    memset(other, 0x71, 16 * GRAN);
    for (size_t i = 0; i < pages; i++)
        board[i * PAGE] = (char)i;
    SetLastError(0);
    refused = fill_board(board, pages);
    DWORD error = GetLastError();
    unsigned maps = env_map_count();
    ok(refused && error == ERROR_NOT_ENOUGH_MEMORY, "refused at page %zu: error %u", refused,
       (unsigned)error);
    ok(refused > (size_t)max_maps() * 3 / 4, "what was released before holds none of the mappings");
    ok(maps > (unsigned long)max_maps() * 3 / 4 && maps < (unsigned long)max_maps() * 15 / 16,
       "with %u of %ld mappings", maps, max_maps());
    ok(is_state(board + refused * PAGE, MEM_COMMIT, PAGE_READWRITE) &&
           can_write(board + refused * PAGE),
       "the refused page is unchanged");
    check_host();
    close_pieces(board, refused);
    ok(VirtualFree(other + 4 * GRAN, 4 * GRAN, MEM_DECOMMIT) && !can_read(other + 5 * GRAN) &&
           all_bytes(other, 4 * GRAN, 0x71) && all_bytes(other + 8 * GRAN, 8 * GRAN, 0x71),
       "at the limit: decommit in the middle of another allocation");
    ok(VirtualFree(other, 0, MEM_RELEASE) && !can_read(other), "at the limit: release");
    ok(winvm_audit() == 0, "audit at the limit");
    ok(VirtualFree(board, 0, MEM_RELEASE) && !can_read(board) && !can_read(board + refused * PAGE),
       "the board is released");
    maps = env_map_count();
    ok(maps < before + 2000, "%u mappings afterwards, %u before", maps, before);
    expect_tour();
}

int main(void)
{
    env_start();
    if (ENV_SANITIZED) {
        env_skip("mappings", "a sanitizer's own mappings are in the way");
        return env_end();
    }
    test_many("4 KiB each", false, 0);
    test_many("1..60 KiB mixed", true, 0);
    test_many("128 KiB reserved, 4 KiB committed", false, 2 * GRAN);
    test_board();
    return env_end();
}
