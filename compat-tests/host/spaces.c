/* Based spaces with every kind of content, made and ended in hostile environments: no mappings,
 * addresses or descriptors left, locked memory, no /proc, no rights. What the host refuses is
 * refused with an error for that; ending a space never fails, and nothing of it stays.
 *
 * Terms   crowd = mappings of the program's own that bring the process near the host's limit. */
#include "space_content.h"

#include <grp.h>
#include <sched.h>
#include <sys/mount.h>

enum { NOBODY = 65534, MOST_MAPS = 200000 };

/* ---- few mappings ---- */

static long most_maps(void)
{
    long v = MOST_MAPS + 1;
    FILE *f = fopen("/proc/sys/vm/max_map_count", "re");
    if (f && fscanf(f, "%ld", &v) != 1)
        v = MOST_MAPS + 1;
    if (f)
        fclose(f);
    return v;
}

/* Splits a mapping of the program's until the host refuses, then gives back about `left`. */
static char *gather_crowd(size_t left)
{
    size_t n = 1, pages = 2 * (size_t)most_maps();
    char *p = mmap(NULL, pages * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
                   0);
    if (p == MAP_FAILED)
        return NULL;
    while (n < pages && mprotect(p + n * PAGE, PAGE, PROT_READ) == 0)
        n += 2;
    for (size_t i = 0; i < left / 2 && n >= 3; i++)
        mprotect(p + (n -= 2) * PAGE, PAGE, PROT_NONE);
    return p;
}

static void crowded(void *arg)
{
    size_t left = *(size_t *)arg;
    struct content early, late;
    uint64_t before = committed_now();
    make(&early, false);
    make(&late, false);
    char *crowd = gather_crowd(left);
    end(&early);
    use_spaces(true);
    if (crowd)
        munmap(crowd, 2 * (size_t)most_maps() * PAGE);
    end(&late);
    use_spaces(false);
    ok(committed_now() == before, "the commit charge of before");
    expect_tour();
}

/* ---- little of everything else ---- */

static void few_addresses(void *arg)
{
    struct content early;
    struct rlimit limit, was;
    make(&early, false);
    getrlimit(RLIMIT_AS, &was);
    limit = was;
    limit.rlim_cur = (rlim_t)env_status_kb("VmSize") * 1024 + *(size_t *)arg;
    setrlimit(RLIMIT_AS, &limit);
    end(&early);
    use_spaces(true);
    setrlimit(RLIMIT_AS, &was);
    use_spaces(false);
}

static void few_descriptors(void *arg)
{
    struct content early;
    struct rlimit limit, was;
    make(&early, false);
    getrlimit(RLIMIT_NOFILE, &was);
    limit = was;
    limit.rlim_cur = *(size_t *)arg;
    setrlimit(RLIMIT_NOFILE, &limit);
    end(&early);
    use_spaces(true);
    setrlimit(RLIMIT_NOFILE, &was);
    use_spaces(false);
}

static void little_data(void *arg)
{
    struct content early;
    struct rlimit limit, was;
    make(&early, false);
    getrlimit(RLIMIT_DATA, &was);
    limit = was;
    limit.rlim_cur = (rlim_t)env_status_kb("VmData") * 1024 + *(size_t *)arg;
    setrlimit(RLIMIT_DATA, &limit);
    end(&early);
    use_spaces(true);
    setrlimit(RLIMIT_DATA, &was);
    use_spaces(false);
}

static bool become_nobody(void)
{
    return setgroups(0, NULL) == 0 && setgid(NOBODY) == 0 && setuid(NOBODY) == 0;
}

/* 0: as who we are; else as nobody with so much that may be locked. */
struct locking {
    int flags;
    size_t limit;
};

/* A view cannot be taken out of a space while no more may be locked: the space ends later then,
 * when another is made or ended. */
static void lock_all(void *arg)
{
    const struct locking *l = arg;
    rlim_t most = l->limit ? l->limit : RLIM_INFINITY;
    struct rlimit limit = {most, most};
    struct content early;
    uint64_t before = committed_now();
    make(&early, false);
    if (setrlimit(RLIMIT_MEMLOCK, &limit) != 0 || (l->limit && !become_nobody()) ||
        mlockall(l->flags) != 0) {
        end(&early);
        return;
    }
    end_soon(&early, l->limit != 0);
    for (unsigned i = 0; i < 3; i++)
        if (make(&early, l->limit != 0))
            end_soon(&early, l->limit != 0);
    ok(env_status_kb("VmRSS") < 256 * 1024, "spaces are not locked as a whole: %ld kB",
       env_status_kb("VmRSS"));
    munlockall();
    make(&early, true);
    end(&early);
    ok(committed_now() == before, "the commit charge is exact: %lld",
       (long long)(committed_now() - before));
    use_spaces(l->limit != 0);
}

static void hide_proc(void *arg)
{
    struct content early;
    (void)arg;
    make(&early, false);
    if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
        mount("none", "/proc", "tmpfs", 0, NULL) != 0)
        return;
    end(&early);
    use_spaces(true);
}

static void give_up_root(void *arg)
{
    struct content early;
    (void)arg;
    make(&early, false);
    if (geteuid() == 0)
        ok(become_nobody(), "setuid");
    end(&early);
    use_spaces(true);
}

static void close_all(void *arg)
{
    struct content early;
    (void)arg;
    make(&early, false);
    for (int fd = 3; fd < 65536; fd++)
        close(fd);
    end(&early);
    use_spaces(true);
}

/* ---- children ---- */

static void breed(void *arg)
{
    unsigned depth = *(unsigned *)arg;
    struct content mine;
    bool made = make(&mine, false);
    pid_t child[3];
    unsigned less = depth - 1;
    for (unsigned i = 0; depth && i < 3; i++) {
        child[i] = fork();
        if (child[i] == 0) {
            env_be_child();
            breed(&less);
            if (made)
                end(&mine);
            _exit(env_failed != 0);
        }
    }
    use_spaces(false);
    for (unsigned i = 0; depth && i < 3; i++)
        ok(env_ended_well(child[i]), "a child");
    if (made)
        end(&mine);
}

/* ---- all of it ---- */

static void plain(void *arg)
{
    (void)arg;
    use_spaces(false);
    use_spaces(false);
}

/* few: an environment of each kind. */
static void run_all(bool few)
{
    static size_t lefts[] = {0, 60, 4, 1000}, bytes[] = {0, 4 << 20};
    static struct locking lockings[] = {
        {MCL_FUTURE, 1 << 20}, {MCL_CURRENT | MCL_FUTURE, 0}, {MCL_CURRENT, 0},
        {MCL_FUTURE | MCL_ONFAULT, 0},
    };
    unsigned depth = few ? 1 : 2, n = few ? 2 : 4;
    ok(in_child(plain, NULL), "every kind of content, twice");
    for (unsigned i = 0; i < n; i++)
        if (most_maps() > MOST_MAPS)
            env_skip("few mappings", "vm.max_map_count is too high to be reached");
        else
            ok(in_child(crowded, &lefts[i]), "%zu mappings left", lefts[i]);
    for (unsigned i = 0; i < n / 2; i++) {
        ok(in_child(few_addresses, &bytes[i]), "RLIMIT_AS: %zu bytes left", bytes[i]);
        ok(in_child(little_data, &bytes[i]), "RLIMIT_DATA: %zu bytes left", bytes[i]);
    }
    for (size_t k = 0; k <= 10; k += few ? 10 : 1)
        ok(in_child(few_descriptors, &k), "RLIMIT_NOFILE: %zu", k);
    for (unsigned i = 0; i < n; i++)
        ok(in_child(lock_all, &lockings[i]), "mlockall(%d), limit %zu", lockings[i].flags,
           lockings[i].limit);
    ok(in_child(hide_proc, NULL), "no /proc");
    ok(in_child(give_up_root, NULL), "setuid");
    ok(in_child(close_all, NULL), "all descriptors closed");
    ok(in_child(breed, &depth), "children of children");
}

int main(int argc, char **argv)
{
    (void)argv;
    env_start();
    if (sizeof(void *) < 8 || ENV_SANITIZED) {
        env_skip("spaces", "spaces need 64-bit pointers and no sanitizer");
        return env_end();
    }
    if (argc > 1) {
        env_quiet = true;
        run_all(true);
        return env_failed != 0;
    }
    run_all(false);
    struct env_role r = {.role = "again", .options = "wow64=2g"};
    ok(env_run_role(&r) == 0, "the same with wow64=2g");
    return env_end();
}
