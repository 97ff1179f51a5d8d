/* The table of operations, the capabilities, residency and limits.
 * Pictures: one character per page; '.' inaccessible, 'w' written, '-' readable, never touched,
 * 'g' fenced. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/arith.h"
#include "base/options.h"
#include "base/t/unit.h"
#include "host/host_private.h"
#include "host/t/host_fail.h"

enum { RW = WVM_HOST_R | WVM_HOST_W, PAGE = 4096, GRANULE = 65536 };

static void set_up(void)
{
    wvm_host_init();
    errno = EDOM;
}

static void tear_down(void)
{
    ck_assert_int_eq(errno, EDOM); /* no operation may change it */
}

static uintptr_t reserve(size_t len)
{
    uintptr_t addr = 0;
    ck_assert_int_eq(wvm_host.reserve(len, &addr), 0);
    ck_assert_uint_eq(addr % GRANULE, 0);
    return addr;
}

static unsigned prot_at(uintptr_t addr)
{
    struct wvm_host_vma v;
    ck_assert_int_eq(wvm_host_map_find(addr, &v), 1);
    ck_assert_uint_le(v.start, addr);
    return v.prot;
}

static volatile char *at(uintptr_t addr)
{
    return (volatile char *)addr;
}

static bool readable(uintptr_t addr)
{
    char c;
    return wvm_host_read(0, &c, addr, 1) == 1;
}

START_TEST(reserve_is_aligned_and_inaccessible)
{
    static const size_t lens[] = {PAGE, 5 * PAGE, GRANULE, 3 * GRANULE + PAGE, 1 << 21, 1 << 26};
    for (size_t round = 0; round < 20; round++)
        for (size_t i = 0; i < WVM_ARRAY_LEN(lens); i++) {
            uintptr_t addr = reserve(lens[i]);
            ck_assert_uint_eq(prot_at(addr), WVM_HOST_NONE);
            ck_assert(!readable(addr));
            if (round % 2) /* leaves holes of many shapes behind */
                ck_assert_int_eq(wvm_host.unmap(addr, lens[i]), 0);
        }
}
END_TEST

/* Mappings of one page everywhere make each free address unaligned at first. */
START_TEST(reserve_among_odd_neighbours)
{
    for (int i = 0; i < 200; i++) {
        void *odd = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        ck_assert_ptr_ne(odd, MAP_FAILED);
        reserve((size_t)(i % 5 + 1) * PAGE);
    }
}
END_TEST

START_TEST(reserve_too_much_is_enomem)
{
    uintptr_t addr = 7;
    size_t before = wvm_host_map_count();
    ck_assert_int_eq(wvm_host.reserve(SIZE_MAX - 65535, &addr), -ENOMEM);
    ck_assert_uint_eq(addr, 7);
    ck_assert_uint_eq(wvm_host_map_count(), before);
}
END_TEST

/*  0      1      2      3      4       granules
 *  [      ][taken ][      ]            reserve_at of [0,1) [2,3) works, all that touch 1 do not */
static void check_reserve_at(void)
{
    uintptr_t base = reserve(4 * GRANULE);
    ck_assert_int_eq(wvm_host.unmap(base, 4 * GRANULE), 0);
    ck_assert_int_eq(wvm_host.reserve_at(base + GRANULE, GRANULE), 0);
    ck_assert_int_eq(wvm_host.protect(base + GRANULE, GRANULE, RW), 0);
    *at(base + GRANULE) = 'k';
    size_t before = wvm_host_map_count();
    ck_assert_int_eq(wvm_host.reserve_at(base + GRANULE, GRANULE), -EEXIST);
    ck_assert_int_eq(wvm_host.reserve_at(base, 2 * GRANULE), -EEXIST);
    ck_assert_int_eq(wvm_host.reserve_at(base, 4 * GRANULE), -EEXIST);
    ck_assert_int_eq(wvm_host.reserve_at(base + 2 * GRANULE - PAGE, 2 * PAGE), -EEXIST);
    ck_assert_uint_eq(wvm_host_map_count(), before);
    ck_assert_int_eq(*at(base + GRANULE), 'k');
    ck_assert_int_eq(wvm_host.reserve_at(base, GRANULE), 0);
    ck_assert_int_eq(wvm_host.reserve_at(base + 2 * GRANULE, GRANULE), 0);
    ck_assert_uint_eq(prot_at(base), WVM_HOST_NONE);
}

START_TEST(reserve_at_never_replaces)
{
    check_reserve_at();
    wvm_host_caps.fixed_noreplace = false;
    check_reserve_at();
}
END_TEST

START_TEST(reserve_at_the_ends)
{
    for (int round = 0; round < 2; round++) {
        ck_assert_int_eq(wvm_host.reserve_at(wvm_host_caps.top, GRANULE), -ENOMEM);
        ck_assert_int_eq(wvm_host.reserve_at(wvm_host_caps.top - PAGE, GRANULE), -ENOMEM);
        ck_assert_int_eq(wvm_host.reserve_at(UINTPTR_MAX - 65535, GRANULE), -ENOMEM);
        wvm_host_caps.fixed_noreplace = false;
    }
    int r = wvm_host.reserve_at(0x100000, GRANULE); /* 1 MiB: free, or below mmap_min_addr */
    ck_assert_msg(r == 0 || r == -EEXIST, "reserve_at(1 MiB) gave %d", r);
}
END_TEST

/* Without the privilege an address below vm.mmap_min_addr is as good as taken. */
START_TEST(reserve_at_below_min_addr_is_taken)
{
    if (getuid() != 0)
        return;
    ck_assert_int_eq(setresuid(65534, 65534, 65534), 0);
    errno = EDOM;
    ck_assert_int_eq(wvm_host.reserve_at(0, PAGE), -EEXIST);
}
END_TEST

START_TEST(protect_discard_drop)
{
    uintptr_t base = reserve(4 * GRANULE);
    ck_assert_int_eq(wvm_host.protect(base, GRANULE, RW), 0);
    ck_assert_uint_eq(prot_at(base), RW);
    ck_assert_uint_eq(prot_at(base + GRANULE), WVM_HOST_NONE);
    *at(base) = 'x';
    ck_assert_int_eq(wvm_host.protect(base, PAGE, WVM_HOST_R), 0);
    ck_assert_int_eq(*at(base), 'x');
    ck_assert_int_eq(wvm_host.protect(base, PAGE, WVM_HOST_R | WVM_HOST_X), 0);
    ck_assert_uint_eq(prot_at(base), WVM_HOST_R | WVM_HOST_X);
    ck_assert_int_eq(wvm_host.protect(base, PAGE, RW), 0);
    ck_assert_int_eq(wvm_host.drop(base, PAGE), 0);
    ck_assert_int_eq(*at(base), 0);
    *at(base) = 'y';
    ck_assert_int_eq(wvm_host.discard(base, GRANULE), 0);
    ck_assert(!readable(base));
    ck_assert_int_eq(wvm_host.protect(base, GRANULE, RW), 0);
    ck_assert_int_eq(*at(base), 0);
    ck_assert_int_eq(wvm_host.unmap(base, 4 * GRANULE), 0);
    ck_assert_int_eq(wvm_host.protect(base, PAGE, RW), -ENOMEM);
}
END_TEST

/*  w w w w  ->  w g g w  ->  w - - w */
START_TEST(fence_and_unfence)
{
    if (!wvm_host_caps.guard)
        return;
    uintptr_t base = reserve(GRANULE);
    ck_assert_int_eq(wvm_host.protect(base, GRANULE, RW), 0);
    for (int i = 0; i < 4; i++)
        *at(base + (uintptr_t)i * PAGE) = 'w';
    size_t before = wvm_host_map_count();
    ck_assert_int_eq(wvm_host.fence(base + PAGE, 2 * PAGE), 0);
    ck_assert_uint_eq(wvm_host_map_count(), before);
    ck_assert(readable(base) && !readable(base + PAGE) && !readable(base + 2 * PAGE)
              && readable(base + 3 * PAGE));
    ck_assert_int_eq(wvm_host.unfence(base + PAGE, 2 * PAGE), 0);
    ck_assert_int_eq(*at(base + PAGE), 0);
    ck_assert_int_eq(*at(base), 'w');
    ck_assert_int_eq(*at(base + 3 * PAGE), 'w');
}
END_TEST

START_TEST(lazy_free_populate_lock)
{
    uintptr_t base = reserve(GRANULE);
    ck_assert_int_eq(wvm_host.protect(base, GRANULE, RW), 0);
    *at(base) = 'f';
    if (wvm_host_caps.madv_free) {
        ck_assert_int_eq(wvm_host.lazy_free(base, PAGE), 0);
        ck_assert(*at(base) == 'f' || *at(base) == 0);
    }
    if (wvm_host_caps.populate_write) {
        uint8_t vec = 0;
        ck_assert_int_eq(wvm_host.populate(base + PAGE, PAGE), 0);
        ck_assert_int_eq(wvm_host_residency(base + PAGE, 1, &vec), 0);
        ck_assert_uint_eq(vec, 3);
    }
    ck_assert_int_eq(wvm_host.lock(base, 2 * PAGE), 0);
    ck_assert_int_eq(wvm_host.unlock(base, 2 * PAGE), 0);
    ck_assert_int_eq(wvm_host.unmap(base, GRANULE), 0);
    ck_assert_int_eq(wvm_host.lock(base, PAGE), -ENOMEM);
}
END_TEST

START_TEST(meta_is_zero_and_fenced_off)
{
    char *p = NULL;
    ck_assert_int_eq(wvm_host.meta(3 * PAGE, (void **)&p), 0);
    for (int i = 0; i < 3 * PAGE; i++)
        ck_assert_int_eq(p[i], 0);
    memset(p, 1, 3 * PAGE);
    ck_assert(!readable((uintptr_t)p - 1));
    ck_assert(!readable((uintptr_t)p + 3 * PAGE));
    ck_assert_int_eq(wvm_host.meta(SIZE_MAX - PAGE + 1, (void **)&p), -ENOMEM);
}
END_TEST

/* Each piece is a mapping of its own, whatever its neighbours. */
START_TEST(ballast_never_merges)
{
    uintptr_t pieces[8];
    size_t before = wvm_host_map_count();
    for (int i = 0; i < 8; i++)
        ck_assert_int_eq(wvm_host.ballast(PAGE, &pieces[i]), 0);
    ck_assert_uint_eq(wvm_host_map_count(), before + 8);
    for (int i = 0; i < 8; i++) {
        ck_assert(!readable(pieces[i]));
        ck_assert_int_eq(wvm_host.unmap(pieces[i], PAGE), 0);
    }
    ck_assert_uint_eq(wvm_host_map_count(), before);
}
END_TEST

static size_t n_descriptors(void)
{
    size_t n = 0;
    for (int fd = 0; fd < 1024; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    errno = EDOM;
    return n;
}

/* One page seen at four addresses, of which one is writable; a fork child writes to it, too. */
START_TEST(shared_memory_has_aliases)
{
    uintptr_t rw, ro, base = reserve(GRANULE);
    size_t before = n_descriptors();
    ck_assert_int_eq(wvm_host.share(PAGE, &rw, &ro), 0);
    ck_assert_uint_eq(n_descriptors(), before);
    ck_assert_int_eq(*at(ro), 0);
    *at(rw) = 7;
    ck_assert_int_eq(wvm_host.alias(ro, PAGE, base + PAGE), 0);
    ck_assert_int_eq(wvm_host.alias(ro, PAGE, base + 3 * PAGE), 0);
    ck_assert(!readable(base) && !readable(base + 2 * PAGE) && !readable(base + 4 * PAGE));
    const uintptr_t shown[] = {ro, base + PAGE, base + 3 * PAGE};
    char word = 1;
    for (int i = 0; i < 3; i++) {
        ck_assert_int_eq(*at(shown[i]), 7);
        ck_assert_int_eq(wvm_host_write(0, &word, shown[i], 1), -EFAULT);
    }
    pid_t child = fork();
    if (child == 0)
        _exit((*at(rw) = 9) != 9);
    ck_assert_int_eq(waitpid(child, NULL, 0), child);
    ck_assert_int_eq(*at(base + PAGE), 9);
    ck_assert_int_eq(wvm_host.discard(base, GRANULE), 0);
    ck_assert(!readable(base + PAGE));
    ck_assert_int_eq(*at(ro), 9);
}
END_TEST

/*  pages  0 1 2 3 4 5 6 7    of anonymous memory   and  0 1 2 of a private file view
 *         w - w . w w - -                               r w -                          */
static void check_residency(bool tells_private, bool guard)
{
    uint8_t vec[8];
    uintptr_t base = reserve(GRANULE);
    ck_assert_int_eq(wvm_host.protect(base, GRANULE, RW), 0);
    *at(base) = *at(base + 2 * PAGE) = *at(base + 4 * PAGE) = *at(base + 5 * PAGE) = 1;
    *at(base + 3 * PAGE) = 1;
    if (guard)
        ck_assert_int_eq(wvm_host.fence(base + 3 * PAGE, PAGE), 0);
    else
        ck_assert_int_eq(wvm_host.drop(base + 3 * PAGE, PAGE), 0);
    memset(vec, 0xee, sizeof(vec));
    ck_assert_int_eq(wvm_host_residency(base, 8, vec), 0);
    static const uint8_t present[8] = {1, 0, 1, 0, 1, 1, 0, 0};
    for (int i = 0; i < 8; i++)
        ck_assert_msg(vec[i] == (tells_private ? present[i] * 3 : present[i]),
                      "page %d: got %u, present %u", i, vec[i], present[i]);
    if (!tells_private)
        return;
    int fd = memfd_create("residency", MFD_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, 3 * PAGE), 0);
    uintptr_t view = (uintptr_t)mmap(NULL, 3 * PAGE, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd, 0);
    ck_assert_int_eq(*at(view), 0);
    *at(view + PAGE) = 1;
    errno = EDOM;
    ck_assert_int_eq(wvm_host_residency(view, 3, vec), 0);
    ck_assert_uint_eq(vec[0], 1);
    ck_assert_uint_eq(vec[1], 3);
    ck_assert_uint_eq(vec[2] & 2, 0);
}

START_TEST(residency_by_each_way)
{
    check_residency(true, wvm_host_caps.guard);
    wvm_host_caps.pagemap_scan = false;
    check_residency(true, wvm_host_caps.guard);
    wvm_host_after_fork_child(); /* forgets the descriptors */
    wvm_host_proc_root = "/nonexistent";
    check_residency(false, false);
}
END_TEST

/* More pages and more alternations than one piece of either way holds. */
START_TEST(residency_of_many_pages)
{
    enum { N = 1500 };
    static uint8_t vec[N + 1];
    uintptr_t base = reserve((size_t)N * PAGE);
    ck_assert_int_eq(wvm_host.protect(base, (size_t)N * PAGE, RW), 0);
    for (uintptr_t i = 0; i < N; i += 1 + i % 7)
        *at(base + i * PAGE) = 1;
    for (int way = 0; way < 2; way++) {
        vec[N] = 0xee;
        ck_assert_int_eq(wvm_host_residency(base, N, vec), 0);
        ck_assert_uint_eq(vec[N], 0xee);
        uintptr_t next = 0;
        for (uintptr_t i = 0; i < N; i++) {
            ck_assert_msg(vec[i] == (i == next ? 3 : 0), "page %zu: got %u", (size_t)i, vec[i]);
            if (i == next)
                next += 1 + i % 7;
        }
        wvm_host_caps.pagemap_scan = false;
    }
}
END_TEST

START_TEST(fault_count_counts)
{
    uintptr_t base = reserve(GRANULE);
    ck_assert_int_eq(wvm_host.protect(base, GRANULE, RW), 0);
    *at(base) = 1;
    uint64_t before = wvm_host_fault_count();
    *at(base) = 2;
    ck_assert_uint_eq(wvm_host_fault_count(), before);
    *at(base + PAGE) = 1;
    *at(base + 2 * PAGE) = 1;
    ck_assert_uint_ge(wvm_host_fault_count(), before + 1);
}
END_TEST

START_TEST(capabilities_obey_options)
{
    struct wvm_host_caps on = wvm_host_caps;
    ck_assert_uint_ge(on.ram, 1 << 20);
    ck_assert_uint_ge(on.n_cpus, 1);
    ck_assert_uint_ge(on.max_map_count, 1000);
    ck_assert_uint_ge(on.min_addr, 65536);
    ck_assert_uint_gt(on.top, (uintptr_t)&on);
    wvm_options_parse("guard-regions=0:procmap-query=0:pagemap-scan=0:populate-write=0"
                      ":fixed-noreplace=0:userfaultfd=0", NULL);
    wvm_host_init();
    const struct wvm_host_caps *off = &wvm_host_caps;
    ck_assert(!off->guard && !off->procmap_query && !off->pagemap_scan && !off->populate_write
              && !off->fixed_noreplace && !off->watch);
    ck_assert_int_eq(off->madv_free, on.madv_free);
    ck_assert_uint_eq(off->top, on.top);
}
END_TEST

START_TEST(no_proc_still_starts)
{
    wvm_host_after_fork_child();
    wvm_host_proc_root = "/nonexistent";
    wvm_host_cgroup_root = "/nonexistent";
    wvm_host_init();
    ck_assert(!wvm_host_caps.procmap_query && !wvm_host_caps.pagemap_scan);
    ck_assert_uint_eq(wvm_host_caps.max_map_count, 65530);
    ck_assert_uint_eq(wvm_host_caps.min_addr, 65536);
    ck_assert_uint_ge(wvm_host_caps.ram, 1 << 20);
    struct wvm_host_vma v;
    char name[64] = "?";
    ck_assert_int_eq(wvm_host_map_find(0, &v), -ENOENT);
    ck_assert_int_eq((int)wvm_host_map_name((uintptr_t)&v, name, sizeof(name)), -ENOENT);
    ck_assert_str_eq(name, "");
    ck_assert_uint_eq(wvm_host_map_count(), 0);
    uintptr_t base = 0;
    ck_assert_int_eq(wvm_host.reserve(GRANULE, &base), 0);
    ck_assert_int_eq(wvm_host.reserve_at(base, GRANULE), -EEXIST);
    ck_assert_int_eq(wvm_host_which_limit(PAGE), WVM_LIMIT_NONE);
}
END_TEST

/* Sanitizers reserve terabytes and split mappings: limits on these mean nothing there. */
static bool is_sanitized(void)
{
    const char *name = getenv("WVM_SANITIZER");
    return name != NULL && name[0] != '\0' && strcmp(name, "no") != 0;
}

static void limit(int resource, rlim_t value)
{
    struct rlimit lim = {value, value};
    ck_assert_int_eq(setrlimit(resource, &lim), 0);
}

START_TEST(which_limit_as)
{
    if (is_sanitized())
        return;
    ck_assert_uint_eq(wvm_host_as_left(), SIZE_MAX);
    limit(RLIMIT_AS, (rlim_t)1 << 29);
    size_t left = wvm_host_as_left();
    ck_assert_uint_lt(left, 1 << 29);
    ck_assert_uint_gt(left, 1 << 20);
    uintptr_t addr;
    ck_assert_int_eq(wvm_host.reserve(1 << 29, &addr), -ENOMEM);
    ck_assert_int_eq(wvm_host_which_limit(1 << 29), WVM_LIMIT_AS);
    ck_assert_int_eq(wvm_host_which_limit(PAGE), WVM_LIMIT_NONE);
}
END_TEST

START_TEST(which_limit_data)
{
    if (is_sanitized())
        return;
    uintptr_t base = reserve(1 << 26);
    limit(RLIMIT_DATA, 1 << 25);
    ck_assert_int_eq(wvm_host.protect(base, 1 << 26, RW), -ENOMEM);
    ck_assert_int_eq(wvm_host_which_limit(1 << 26), WVM_LIMIT_DATA);
}
END_TEST

START_TEST(which_limit_overcommit)
{
    if (wvm_host_caps.strict_commit || sizeof(size_t) < 8)
        return;
    size_t huge = (size_t)((wvm_host_caps.ram + wvm_host_caps.swap) * 2);
    ck_assert_int_eq(wvm_host_which_limit(huge), WVM_LIMIT_OVERCOMMIT);
}
END_TEST

START_TEST(which_limit_memlock)
{
    limit(RLIMIT_MEMLOCK, 16 * PAGE);
    if (getuid() == 0)
        ck_assert_int_eq(setresuid(65534, 65534, 65534), 0);
    errno = EDOM;
    ck_assert_uint_eq(wvm_host_memlock_limit(), 16 * PAGE);
    uintptr_t base = reserve(4 * GRANULE);
    ck_assert_int_eq(wvm_host.protect(base, 4 * GRANULE, RW), 0);
    ck_assert_int_eq(wvm_host.lock(base, 8 * PAGE), 0);
    ck_assert_int_eq(wvm_host.lock(base + GRANULE, 9 * PAGE), -ENOMEM);
    ck_assert_int_eq(wvm_host_which_limit(9 * PAGE), WVM_LIMIT_MEMLOCK);
    ck_assert_int_eq(wvm_host_which_limit(8 * PAGE), WVM_LIMIT_NONE);
}
END_TEST

START_TEST(which_limit_maps)
{
    if (is_sanitized())
        return;
    if (wvm_host_caps.max_map_count > 200000)
        return;
    uintptr_t base = reserve((size_t)wvm_host_caps.max_map_count * 2 * PAGE);
    int err = 0;
    for (uintptr_t i = 0; err == 0 && i < wvm_host_caps.max_map_count; i++)
        err = wvm_host.protect(base + i * 2 * PAGE, PAGE, WVM_HOST_R);
    ck_assert_int_eq(err, -ENOMEM);
    ck_assert_int_eq(wvm_host_which_limit(PAGE), WVM_LIMIT_MAPS);
}
END_TEST

START_TEST(log_is_one_line)
{
    int fds[2];
    char text[2048] = "";
    ck_assert_int_eq(pipe(fds), 0);
    errno = EDOM;
    wvm_host_log_to(fds[1]);
    wvm_host_diag("not shown");
    wvm_host_log("limit %s of %zu bytes at %p", "as", (size_t)77, (void *)0x1000);
    ck_assert_int_gt(read(fds[0], text, sizeof(text) - 1), 0);
    ck_assert_str_eq(text, "winvm: limit as of 77 bytes at 0x1000\n");
    wvm_options_parse("diag", NULL);
    char longer[2000];
    memset(longer, 'z', sizeof(longer));
    longer[sizeof(longer) - 1] = '\0';
    wvm_host_diag("%s", longer);
    ssize_t n = read(fds[0], text, sizeof(text) - 1);
    ck_assert_int_gt(n, 1000);
    ck_assert_int_lt(n, 1100);
    ck_assert_int_eq(text[n - 1], '\n');
    wvm_host_log_to(-1);
    wvm_host_log("goes nowhere");
}
END_TEST

START_TEST(failures_on_purpose)
{
    uintptr_t a = 0;
    host_fail_arm(HOST_FAIL_RESERVE, 2, EAGAIN, HOST_FAIL_ONCE);
    ck_assert_int_eq(wvm_host.reserve(GRANULE, &a), 0);
    uintptr_t first = a;
    ck_assert_int_eq(wvm_host.reserve(GRANULE, &a), -EAGAIN);
    ck_assert_uint_eq(a, first);
    ck_assert_int_eq(wvm_host.reserve(GRANULE, &a), 0);
    ck_assert_uint_eq(host_fail_calls(HOST_FAIL_RESERVE), 3);
    ck_assert_uint_eq(host_fail_disarm(), 1);
    host_fail_arm(HOST_FAIL_ANY, 2, ENOMEM, HOST_FAIL_FOREVER);
    ck_assert_int_eq(wvm_host.protect(a, GRANULE, RW), 0);
    ck_assert_int_eq(wvm_host.drop(a, GRANULE), -ENOMEM);
    ck_assert_int_eq(wvm_host.protect(a, GRANULE, 0), -ENOMEM);
    ck_assert_uint_eq(prot_at(a), RW);
    ck_assert_uint_eq(host_fail_disarm(), 2);
    ck_assert_uint_eq(host_fail_calls(HOST_FAIL_ANY), 3);
    host_fail_arm(HOST_FAIL_TAKING, 1, ENOMEM, HOST_FAIL_FOREVER);
    ck_assert_int_eq(wvm_host.drop(a, GRANULE), 0);
    ck_assert_int_eq(wvm_host.lock(a, PAGE), -ENOMEM);
    ck_assert_uint_eq(host_fail_disarm(), 1);
    host_fail_arm(HOST_FAIL_ANY, 0, 0, HOST_FAIL_ONCE);
    ck_assert_int_eq(wvm_host.unmap(a, GRANULE), 0);
    ck_assert_uint_eq(host_fail_calls(HOST_FAIL_UNMAP), 1);
    ck_assert_uint_eq(host_fail_disarm(), 0);
    for (int op = 0; op <= HOST_FAIL_TAKING; op++)
        ck_assert_uint_gt(strlen(host_fail_name((enum host_fail_op)op)), 2);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("host_ops", 60, &tc);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, reserve_is_aligned_and_inaccessible);
    tcase_add_test(tc, reserve_among_odd_neighbours);
    tcase_add_test(tc, reserve_too_much_is_enomem);
    tcase_add_test(tc, reserve_at_never_replaces);
    tcase_add_test(tc, reserve_at_the_ends);
    tcase_add_test(tc, reserve_at_below_min_addr_is_taken);
    tcase_add_test(tc, protect_discard_drop);
    tcase_add_test(tc, fence_and_unfence);
    tcase_add_test(tc, lazy_free_populate_lock);
    tcase_add_test(tc, meta_is_zero_and_fenced_off);
    tcase_add_test(tc, ballast_never_merges);
    tcase_add_test(tc, shared_memory_has_aliases);
    tcase_add_test(tc, residency_by_each_way);
    tcase_add_test(tc, residency_of_many_pages);
    tcase_add_test(tc, fault_count_counts);
    tcase_add_test(tc, capabilities_obey_options);
    tcase_add_test(tc, no_proc_still_starts);
    tcase_add_test(tc, which_limit_as);
    tcase_add_test(tc, which_limit_data);
    tcase_add_test(tc, which_limit_overcommit);
    tcase_add_test(tc, which_limit_memlock);
    tcase_add_test(tc, which_limit_maps);
    tcase_add_test(tc, log_is_one_line);
    tcase_add_test(tc, failures_on_purpose);
    return unit_run(suite);
}
