/* A thousand spaces: made, filled, written, read, destroyed; and nothing of them is left.
 *
 * Terms   footprint = what the process holds of the host: mappings, descriptors, memory, charge.
 *         winvm's own tables have grown after the first round; the second leaves nothing. */
#include "spaces.h"

enum { N_SPACES = 1000, BLOCK = 128 << 20 };

struct footprint {
    unsigned n_maps, n_descriptors;
    long rss_kb, tables_kb;
    uint64_t charge;
};

static HANDLE space[N_SPACES];
static char *base[N_SPACES];

static struct footprint measure(void)
{
    return (struct footprint){env_map_count(), count_descriptors(), env_status_kb("VmRSS"),
                              env_status_kb("VmPTE"), committed_now()};
}

static void compare(const struct footprint *a, const struct footprint *b)
{
    printf("# mappings %u, %u; descriptors %u, %u; memory %ld, %ld kB; page tables %ld, %ld kB\n",
           a->n_maps, b->n_maps, a->n_descriptors, b->n_descriptors, a->rss_kb, b->rss_kb,
           a->tables_kb, b->tables_kb);
    ok(b->n_maps <= a->n_maps + 1, "no mapping is left");
    ok(b->n_descriptors == a->n_descriptors, "no descriptor is left");
    ok(b->charge == a->charge, "no commit charge is left");
    ok(b->rss_kb < a->rss_kb + 512, "no memory is left");
    ok(b->tables_kb < a->tables_kb + 256, "no page table is left");
    ok(winvm_audit() == 0, "the audit finds nothing");
}

/* Everything of the space in blocks, and the first block's first granule with contents. */
static bool fill(unsigned i, uint32_t megabytes)
{
    DWORD wrong;
    uint64_t room = ((uint64_t)megabytes << 20) - 2 * GRAN;
    char *data = base[i] + GRAN + (uint64_t)i % 16 * GRAN;
    if (fill_space(space[i], MEM_RESERVE, BLOCK, &wrong) != room || wrong)
        return false;
    if (commit_in(space[i], 0, GRAN) || GetLastError() != ERROR_NOT_ENOUGH_MEMORY)
        return false;
    if (!VirtualAllocEx(space[i], data - (uintptr_t)base[i], GRAN, MEM_COMMIT, PAGE_READWRITE))
        return false;
    memset(data, (int)(i % 251), GRAN);
    return true;
}

static bool check(unsigned i)
{
    const char *data = base[i] + GRAN + (uint64_t)i % 16 * GRAN;
    return all_bytes(data, GRAN, (unsigned char)(i % 251)) &&
           info_of(space[i]).committed == GRAN && winvm_space_of(data) == base[i];
}

/* All at the same time. */
static unsigned make_all(unsigned n)
{
    static const uint32_t sizes[] = {4096, 2048, 3072, 256};
    for (unsigned i = 0; i < n; i++) {
        uint32_t megabytes = sizes[i % 4];
        space[i] = new_space(megabytes, 0);
        base[i] = space[i] ? winvm_space_base(space[i]) : NULL;
        if (!base[i] || !fill(i, megabytes))
            return i;
    }
    return n;
}

static unsigned count_good(unsigned n)
{
    unsigned good = 0;
    for (unsigned i = 0; i < n; i++)
        good += check(i);
    return good;
}

static bool are_apart(unsigned n)
{
    for (unsigned i = 0; i < n; i++)
        for (unsigned j = i + 1; j < n; j++)
            if (meets_fenced(base[i], base[j], WINDOW))
                return false;
    return true;
}

/* By both ways: the call, and the last handle. */
static unsigned destroy_all(unsigned n)
{
    unsigned gone = 0;
    for (unsigned i = 0; i < n; i++)
        gone += i % 2 ? winvm_space_destroy(space[i]) == 0 : CloseHandle(space[i]) != 0;
    return gone;
}

/* What winvm's tables have grown by: a mapping for four spaces, 16 kB for one. */
static void compare_first(const struct footprint *a, const struct footprint *b)
{
    ok(b->n_maps <= a->n_maps + N_SPACES / 4 && b->rss_kb < a->rss_kb + 16 * N_SPACES &&
           b->tables_kb < a->tables_kb + 2 * N_SPACES && b->charge == a->charge,
       "tables for a thousand spaces: %u mappings, %ld kB, %ld kB of page tables",
       b->n_maps - a->n_maps, b->rss_kb - a->rss_kb, b->tables_kb - a->tables_kb);
}

static void together(void)
{
    struct footprint fresh = measure();
    make_all(N_SPACES);
    destroy_all(N_SPACES);
    struct footprint before = measure();
    compare_first(&fresh, &before);
    unsigned made = make_all(N_SPACES);
    ok(made == N_SPACES, "%u of %d spaces made and filled to the last granule", made, N_SPACES);
    ok(count_good(made) == made, "each has its own contents and charge");
    ok(are_apart(made), "none lies in another one's fences");
    ok(committed_now() - before.charge == (uint64_t)made * GRAN, "fences are no charge");
    ok(winvm_audit() == 0, "the audit finds nothing while they live");
    ok(destroy_all(made) == made, "all destroyed");
    struct footprint after = measure();
    compare(&before, &after);
}

/* One after the other, each committed to the limit, or to the host's. */
static bool commit_one(unsigned i)
{
    DWORD wrong;
    HANDLE h = new_space(2048, 0);
    uint64_t taken = h ? fill_space(h, MEM_RESERVE | MEM_COMMIT, BLOCK, &wrong) : 0;
    bool limited = wrong == ERROR_COMMITMENT_LIMIT;
    bool full = taken == ((uint64_t)2048 << 20) - 2 * GRAN;
    if (!taken || (!full && !limited) || info_of(h).committed != taken)
        return false;
    volatile char *data = winvm_space_base(h) + GRAN;
    for (uint64_t at = i % 64 * GRAN; at < taken; at += taken / 8) {
        if (data[at] != 0)
            return false;
        data[at] = 1;
    }
    return winvm_space_destroy(h) == 0;
}

static void in_turn(void)
{
    unsigned n = 0;
    commit_one(0);
    struct footprint before = measure();
    while (n < N_SPACES && commit_one(n))
        n++;
    ok(n == N_SPACES, "%u of %d spaces made, committed and destroyed in turn", n, N_SPACES);
    struct footprint after = measure();
    compare(&before, &after);
}

int main(void)
{
    env_start();
    if (have_spaces("a thousand spaces")) {
        together();
        in_turn();
    }
    return env_end();
}
