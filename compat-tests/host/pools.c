/* Kernel pools where memory is short: limits of the process, locked memory, the kernel's pressure.
 *
 * Each role is a process of its own, as limits stay. A pool that cannot grow answers NULL; what is
 * there keeps its contents, can be freed, and serves again.
 *
 * Terms   to the end = allocate until nothing comes any more. */
#include "env_group.h"

#include "../stress/pools.h"

enum { SLOTS = 4000 };

static struct table table;
static struct table *const tables[] = {&table};

static void go_steps(unsigned profile, unsigned full, unsigned n)
{
    for (unsigned i = 0; i < n && !is_wrong(); i++)
        pools_step(&table, &pools_profiles[profile], full);
}

static void check_table(const char *when)
{
    if (!is_wrong() && pools_totals(tables, 1))
        pools_apart(tables, 1);
    ok(!is_wrong(), "%s: %s", when, is_wrong() ? why : "contents and totals");
    why = NULL;
}

/* ---- ulimit -v ---- */

static void limit_addresses(const char *arg)
{
    struct rlimit limit = {strtoul(arg, NULL, 0) * MIB, RLIM_INFINITY};
    setrlimit(RLIMIT_AS, &limit);
}

static void under_address_limit(void)
{
    pools_table_open(&table, SLOTS, 1);
    pools_may_fail = true;
    go_steps(3, 98, 200000);
    ok(pools_failed > 0, "the limit is reached: %llu failures", (unsigned long long)pools_failed);
    check_table("at the limit");
    go_steps(1, 50, 50000);
    check_table("beside the limit");
    pools_empty(&table);
    check_table("all freed");
    pools_may_fail = false;
    go_steps(0, 30, 50000);
    check_table("small blocks after that");
    pools_empty(&table);
}

/* ---- RLIMIT_MEMLOCK ---- */

#define LOCK_LIMIT (4 * MIB)

/* A user may lock little; root any number, so that it becomes another user. */
static bool become_limited(void)
{
    struct rlimit limit = {LOCK_LIMIT, LOCK_LIMIT};
    return setrlimit(RLIMIT_MEMLOCK, &limit) == 0 && (geteuid() != 0 || setuid(65534) == 0);
}

/* Pages of non-paged pool, at most n. */
static size_t pages_to_the_end(size_t n)
{
    for (size_t i = 0; i < n; i++) {
        char *p = ExAllocatePoolWithTag(NonPagedPoolNx, PAGE, pools_tag(0));
        if (!p)
            return i;
        memset(p, 1, PAGE);
    }
    return n;
}

static void under_lock_limit(bool locks)
{
    struct winvm_pool_usage usage;
    size_t n = pages_to_the_end(4 * LOCK_LIMIT / PAGE);
    long locked = env_status_kb("VmLck");
    winvm_pool_usage(&usage);
    if (locks) {
        ok(n > 0 && n * PAGE <= LOCK_LIMIT, "non-paged pool ends with RLIMIT_MEMLOCK: %zu pages",
           n);
        ok(usage.locked >= n * PAGE && locked >= (long)(n * PAGE / 1024),
           "what there is is locked: %llu bytes, VmLck %ld kB", (unsigned long long)usage.locked,
           locked);
    } else {
        ok(n == 4 * LOCK_LIMIT / PAGE, "non-paged pool without locks: %zu pages", n);
        ok(usage.locked == 0 && locked == 0, "nothing is locked: VmLck %ld kB", locked);
    }
    pools_kinds = 4;
    pools_table_open(&table, SLOTS, 2);
    go_steps(1, 60, 50000);
    pools_empty(&table);
    ok(!is_wrong(), "paged pool serves: %s", is_wrong() ? why : "");
}

/* ---- what is given back ---- */

static void fill_and_free(POOL_TYPE type, size_t size, size_t total)
{
    size_t n = total / size;
    char **block = malloc(n * sizeof(*block));
    for (size_t i = 0; i < n; i++) {
        block[i] = ExAllocatePoolWithTag(type, size, pools_tag(1));
        if (block[i])
            memset(block[i], 1, size);
        else
            wrong("an allocation failed");
    }
    for (size_t i = 0; i < n; i++)
        if (block[i])
            ExFreePoolWithTag(block[i], pools_tag(1));
    free(block);
}

static void trimmed(void *arg)
{
    static const size_t sizes[] = {48, 1000, 4096, 20000};
    POOL_TYPE type = (POOL_TYPE)(uintptr_t)arg;
    fill_and_free(type, 16, 64 * MIB); /* tables of blocks stay, for each size */
    winvm_pool_trim();
    struct winvm_pool_usage usage;
    long before = env_status_kb("VmRSS");
    for (unsigned i = 0; i < 4; i++) {
        fill_and_free(type, sizes[i], 64 * MIB);
        size_t given = winvm_pool_trim();
        long more = env_status_kb("VmRSS") - before;
        winvm_pool_usage(&usage);
        ok(usage.committed[type == PagedPool ? 2 : 0] < MIB && more < 20 * 1024,
           "64 MiB of blocks of %zu bytes are given back: %ld kB left, trim %zu",
           sizes[i], more, given);
    }
    ok(!is_wrong(), "%s", is_wrong() ? why : "all served");
}

/* ---- mlockall ---- */

static void locked_all(void *arg)
{
    if (mlockall((int)(uintptr_t)arg) != 0)
        _exit(77);
    pools_table_open(&table, 500, 3);
    for (unsigned i = 0; i < pools_n_profiles; i++)
        go_steps(i, 60, 20000);
    winvm_pool_trim();
    check_table("all memory locked");
    pools_empty(&table);
    ok(env_status_kb("VmRSS") < 512 * 1024, "what no block has takes no RAM: %ld kB",
       env_status_kb("VmRSS"));
}

/* ---- pressure ---- */

static void under_pressure(void)
{
    struct rlimit unlimited = {RLIM_INFINITY, RLIM_INFINITY};
    setrlimit(RLIMIT_MEMLOCK, &unlimited);
    pools_table_open(&table, SLOTS, 4);
    for (unsigned i = 0; i < 40; i++) {
        go_steps(i % pools_n_profiles, i % 3 ? 80 : 20, 5000);
        if (i % 4 == 0)
            winvm_pool_trim();
        check_table("under pressure");
    }
    pools_empty(&table);
}

static void squeezed(void)
{
    if (!make_group()) {
        env_skip("pools under memory pressure", "no control group that can be squeezed here");
        return;
    }
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        env_be_child();
        if (!enter_group())
            _exit(77);
        under_pressure();
        fflush(stdout);
        _exit(env_failed != 0);
    }
    int status = squeeze_while(pid);
    remove_group();
    if (WIFEXITED(status) && WEXITSTATUS(status) == 77)
        env_skip("pools under memory pressure", "the control group cannot be entered");
    else
        ok(status == 0, "pools under memory pressure: wait status 0x%x", (unsigned)status);
}

/* ---- running ---- */

static int run_role(const char *role)
{
    env_be_child();
    if (strcmp(role, "addresses") == 0)
        under_address_limit();
    else if (!become_limited())
        return 77;
    else
        under_lock_limit(strcmp(role, "locks") == 0);
    return env_failed != 0;
}

static void try_role(const char *role, const char *arg, const char *options,
                     void (*before)(const char *), const char *says)
{
    struct env_role r = {.role = role, .arg = arg, .options = options, .before = before};
    int status = env_run_role(&r);
    if (status == 77)
        env_skip(role, "the limit cannot be set");
    else
        ok(status == 0 && (says ? strstr(r.said, says) != NULL : true),
           "%s %s, options '%s': status %d; says: %.160s", role, arg, options, status, r.said);
}

static void try_child(const char *what, void (*fn)(void *), uintptr_t arg)
{
    ok(in_child(fn, (void *)arg), "%s", what);
}

int main(int argc, char **argv)
{
    if (argc > 1)
        return run_role(argv[1]);
    env_start();
    try_role("locks", "", "", NULL, "RLIMIT_MEMLOCK");
    try_role("locks", "", "diag=1", NULL, "RLIMIT_MEMLOCK");
    try_role("locks", "", "pool-lock=1:diag=1", NULL, "RLIMIT_MEMLOCK");
    try_role("no-locks", "", "pool-lock=0", NULL, NULL);
    if (ENV_SANITIZED) {
        env_skip("limits", "a sanitizer's own memory is in the way");
        return env_end();
    }
    try_role("addresses", "200", "", limit_addresses, NULL);
    try_role("addresses", "400", "pool-lock=0", limit_addresses, NULL);
    pools_unlock(argv);
    try_child("trim gives back paged pool", trimmed, PagedPool);
    try_child("trim gives back non-paged pool", trimmed, NonPagedPoolNx);
    try_child("mlockall of what is", locked_all, MCL_CURRENT);
    try_child("mlockall of what comes", locked_all, MCL_CURRENT | MCL_FUTURE);
    squeezed();
    return env_end();
}
