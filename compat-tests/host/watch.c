/* Write watches where a program, or the machine, does something on its side: huge pages asked for,
 * fork, descriptors closed, transfers past the page tables; and that a part costs what it costs.
 *
 * Terms   area = a watched allocation; taken = reported and reset. */
#include "env.h"

#include <sys/syscall.h>
#include <time.h>

enum { AREA_PAGES = 1024 };

static void *page[AREA_PAGES];

static char *make_area(unsigned n_pages)
{
    return VirtualAlloc(NULL, (size_t)n_pages * PAGE,
                        MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH, PAGE_READWRITE);
}

/* Pages taken from the area; ~0: the call failed. */
static ULONG_PTR take(char *a, unsigned n_pages)
{
    ULONG_PTR n = AREA_PAGES;
    DWORD granularity;
    UINT failed = GetWriteWatch(WRITE_WATCH_FLAG_RESET, a, (size_t)n_pages * PAGE, page, &n,
                                &granularity);
    return failed ? ~(ULONG_PTR)0 : n;
}

static void write_every(char *a, unsigned n_pages, unsigned step)
{
    for (unsigned i = 0; i < n_pages; i += step)
        ((volatile char *)a)[(size_t)i * PAGE] += 1;
}

/* Exactly pages 0, step, 2 * step ... were taken. */
static bool is_every(const char *a, ULONG_PTR n, unsigned n_pages, unsigned step)
{
    bool right = n == (n_pages + step - 1) / step;
    for (ULONG_PTR i = 0; right && i < n; i++)
        right = page[i] == a + i * step * PAGE;
    return right;
}

/* ---- huge pages ---- */

/* After the first reset each page is watched by itself, huge or not. */
static void huge_pages(void)
{
    unsigned n_pages = AREA_PAGES;
    char *a = make_area(n_pages);
    if (madvise(a, n_pages * PAGE, MADV_HUGEPAGE) != 0) {
        env_skip("huge pages", "the host has none");
        return;
    }
    memset(a, 1, n_pages * PAGE);
    ok(take(a, n_pages) == n_pages, "huge pages asked for: all written");
    ok(take(a, n_pages) == 0, "huge pages asked for: all taken");
    write_every(a, n_pages, 100);
    ok(is_every(a, take(a, n_pages), n_pages, 100), "huge pages asked for: exactly the written");
    VirtualFree(a, 0, MEM_RELEASE);
}

/* ---- fork ---- */

static void child_of_one(void *area)
{
    char *a = area;
    ok(is_every(a, take(a, 64), 64, 8), "child: exactly what the parent wrote");
    write_every(a, 64, 16);
    ok(is_every(a, take(a, 64), 64, 16), "child: what it writes itself");
    ok(take(a, 64) == 0 && winvm_audit() == 0, "child: taken");
}

static void forks(void)
{
    char *a = make_area(64);
    memset(a, 1, 64 * PAGE);
    take(a, 64);
    write_every(a, 64, 8);
    ok(in_child(child_of_one, a), "fork by the only thread");
    ok(is_every(a, take(a, 64), 64, 8), "the parent's watch goes on");
    write_every(a, 64, 4);
    ok(is_every(a, take(a, 64), 64, 4), "the parent's pages are still armed");
    VirtualFree(a, 0, MEM_RELEASE);
}

static volatile bool stop_writer;

static void *write_on(void *area)
{
    while (!stop_writer)
        write_every(area, 64, 8);
    return NULL;
}

/* The child's copy has whatever the other thread wrote: each page that differs from what it was
 * after the last reset must be reported. */
static char was[64 * PAGE];

static void child_of_two(void *area)
{
    char *a = area;
    bool seen[64] = {false};
    ULONG_PTR n = take(a, 64);
    for (ULONG_PTR i = 0; i < n && n <= 64; i++)
        seen[((char *)page[i] - a) / PAGE] = true;
    for (unsigned i = 0; i < 64; i++)
        ok(seen[i] || memcmp(a + i * PAGE, was + i * PAGE, PAGE) == 0, "child: page %u missed", i);
    write_every(a, 64, 16);
    ok(is_every(a, take(a, 64), 64, 16), "child: what it writes itself");
}

static void forks_with_threads(void)
{
    pthread_t t;
    char *a = make_area(64);
    unsigned bad = 0;
    memset(a, 1, 64 * PAGE);
    pthread_create(&t, NULL, write_on, a);
    for (unsigned i = 0; i < 200; i++) {
        take(a, 64);
        memcpy(was, a, sizeof was);
        bad += !in_child(child_of_two, a);
    }
    stop_writer = true;
    pthread_join(t, NULL);
    ok(bad == 0, "fork while a thread writes: %u of 200 children missed a write", bad);
    VirtualFree(a, 0, MEM_RELEASE);
}

/* ---- descriptors ---- */

static void descriptors_closed(void)
{
    char *a = make_area(64);
    memset(a, 1, 64 * PAGE);
    take(a, 64);
    write_every(a, 64, 8);
    syscall(SYS_close_range, 64u, ~0u, 0u);
    ULONG_PTR n = take(a, 64);
    bool all = n <= 64;
    for (unsigned i = 0, at = 0; all && i < 64; i += 8, at++) {
        while (at < n && page[at] != a + i * PAGE)
            at++;
        all = at < n;
    }
    ok(all, "descriptors closed: no write is missed");
    ok(take(a, 64) == 0, "descriptors closed: watching goes on");
    write_every(a, 64, 16);
    ok(is_every(a, take(a, 64), 64, 16), "descriptors closed: exactly what is written then");
    VirtualFree(a, 0, MEM_RELEASE);
}

/* ---- what the kernel writes ---- */

static void kernel_writes(void)
{
    char *a = make_area(64);
    int p[2];
    memset(a, 1, 64 * PAGE);
    take(a, 64);
    ok(pipe(p) == 0 && write(p[1], "0123456789", 10) == 10, "pipe");
    ssize_t got = read(p[0], a + 3 * PAGE - 5, 10);
    if (got < 0 && errno == EFAULT) /* protection faults: the call is not winvm's */
        env_skip("read(2) into watched memory", "without userfaultfd");
    else
        ok(got == 10 && take(a, 64) == 2 && page[0] == a + 2 * PAGE, "read(2) is reported");
    close(p[0]);
    close(p[1]);
    VirtualFree(a, 0, MEM_RELEASE);
}

/* A transfer that goes past the page tables is reported when it is started; when it ended before
 * the reset, nothing is left to report. */
static void direct_transfer(void)
{
    char name[] = "watch-direct-XXXXXX";
    int fd = mkstemp(name);
    char *a = make_area(64);
    memset(a, 7, 64 * PAGE);
    bool ready = fd >= 0 && write(fd, a, 16 * PAGE) == 16 * PAGE && fsync(fd) == 0;
    int direct = ready ? open(name, O_RDONLY | O_DIRECT) : -1;
    unlink(name);
    take(a, 64);
    ssize_t got = direct >= 0 ? pread(direct, a, 16 * PAGE, 0) : -1;
    if (got != 16 * PAGE)
        env_skip("O_DIRECT", "the file system does not do it");
    else
        ok(is_every(a, take(a, 64), 16, 1), "O_DIRECT into watched memory is reported");
    if (direct >= 0)
        close(direct);
    if (fd >= 0)
        close(fd);
    VirtualFree(a, 0, MEM_RELEASE);
}

/* ---- cost ---- */

static double cost_of(char *a, unsigned n_pages, unsigned rounds)
{
    struct timespec from, to;
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &from);
    for (unsigned i = 0; i < rounds; i++) {
        a[0]++;
        take(a, n_pages);
    }
    clock_gettime(CLOCK_THREAD_CPUTIME_ID, &to);
    return ((double)(to.tv_sec - from.tv_sec) * 1e9 + (double)(to.tv_nsec - from.tv_nsec)) / rounds;
}

static void a_part_costs_a_part(void)
{
    unsigned n_pages = (unsigned)(GIB / PAGE);
    char *big = make_area(n_pages), *small = make_area(16);
    if (!big) {
        env_skip("a part of 1 GiB", "no room");
        return;
    }
    for (unsigned i = 0; i < n_pages; i += 64)
        big[(size_t)i * PAGE] = 1;
    memset(small, 1, 16 * PAGE);
    ResetWriteWatch(big, GIB);
    ResetWriteWatch(small, 16 * PAGE);
    double of_small = cost_of(small, 16, 2000), of_part = cost_of(big, 16, 2000);
    ok(of_part < 3 * of_small, "16 pages of 1 GiB: %.2f of 16 pages alone", of_part / of_small);
    VirtualFree(big, 0, MEM_RELEASE);
    VirtualFree(small, 0, MEM_RELEASE);
}

int main(void)
{
    env_start();
    huge_pages();
    forks();
    forks_with_threads();
    kernel_writes();
    direct_transfer();
    a_part_costs_a_part();
    descriptors_closed();
    ok(winvm_audit() == 0, "audit");
    return env_end();
}
