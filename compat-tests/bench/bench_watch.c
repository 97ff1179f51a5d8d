/* Write watches against the same facilities of the kernel used bare: userfaultfd with WP_ASYNC and
 * PAGEMAP_SCAN.
 *
 * Both sides have memory of the same size, all of it written and reset once: armed. "clean" =
 * nothing was written since.
 * The bare side asks the quicker of the kernel's two questions, as memory that is all armed
 * allows. */
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "bench.h"

/* The kernel's names, which older headers lack. */
struct scan_region {
    uint64_t start, end, categories;
};
struct scan_arg {
    uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
    uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
#define SCAN _IOWR('f', 16, struct scan_arg)
enum { SCAN_WP = 1, SCAN_CHECK = 2, WRITTEN = 2 };
#define WP_ASYNC (1 << 15)
#define USER_MODE 1

#define N_DIRTY 100

struct memory {
    char *base;
    size_t len;
    bool reset;      /* get and reset; else get */
    size_t n_dirty;  /* written before each operation */
    size_t next;     /* page for a first write */
};

static int uffd, pagemap;

static void open_files(void)
{
    struct uffdio_api api = {.api = UFFD_API, .features = WP_ASYNC};
    uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | USER_MODE);
    pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    if (uffd < 0 || pagemap < 0 || ioctl(uffd, UFFDIO_API, &api) != 0)
        bench_stop("no userfaultfd with WP_ASYNC");
}

static void dirty(const struct memory *m)
{
    for (size_t i = 0; i < m->n_dirty; i++)
        m->base[m->len / m->n_dirty * i / PAGE * PAGE] += 1;
}

static size_t our_get(const struct memory *m)
{
    static void *page[4096];
    ULONG_PTR n = sizeof page / sizeof *page;
    DWORD granularity;
    if (GetWriteWatch(m->reset ? WRITE_WATCH_FLAG_RESET : 0, m->base, m->len, page, &n,
                      &granularity) != 0)
        bench_stop("GetWriteWatch");
    return n;
}

static size_t their_get(const struct memory *m)
{
    static struct scan_region run[1024];
    struct scan_arg arg = {.size = sizeof arg, .flags = m->reset ? SCAN_WP | SCAN_CHECK : 0,
                           .start = (uintptr_t)m->base, .end = (uintptr_t)m->base + m->len,
                           .vec = (uintptr_t)run, .vec_len = 1024,
                           .category_mask = WRITTEN, .return_mask = WRITTEN};
    size_t pages = 0;
    int n = ioctl(pagemap, SCAN, &arg);
    if (n < 0)
        bench_stop("PAGEMAP_SCAN");
    for (int i = 0; i < n; i++)
        pages += (run[i].end - run[i].start) / PAGE;
    return pages;
}

static void check(size_t got, const struct memory *m)
{
    if (got != m->n_dirty)
        bench_stop("the count of written pages is wrong");
}

static void our_run(void *ctx, unsigned round, size_t n)
{
    (void)round;
    while (n--)
        check(our_get(ctx), ctx);
}

static void their_run(void *ctx, unsigned round, size_t n)
{
    (void)round;
    while (n--)
        check(their_get(ctx), ctx);
}

static void prepare(void *ctx, unsigned round)
{
    (void)round;
    dirty(ctx);
}

static void first_writes(void *ctx, unsigned round, size_t n)
{
    struct memory *m = ctx;
    (void)round;
    for (size_t i = 0; i < n; i++)
        m->base[i * PAGE] += 1;
}

static void our_reset(void *ctx, unsigned round)
{
    struct memory *m = ctx;
    (void)round;
    if (ResetWriteWatch(m->base, m->len) != 0)
        bench_stop("ResetWriteWatch");
}

static void their_reset(void *ctx, unsigned round)
{
    struct memory *m = ctx;
    struct scan_arg arg = {.size = sizeof arg, .flags = SCAN_WP | SCAN_CHECK,
                           .start = (uintptr_t)m->base, .end = (uintptr_t)m->base + m->len,
                           .category_mask = WRITTEN, .return_mask = WRITTEN};
    (void)round;
    if (ioctl(pagemap, SCAN, &arg) < 0)
        bench_stop("PAGEMAP_SCAN");
}

static struct memory make_ours(size_t len)
{
    struct memory m = {.len = len};
    m.base = bench_alloc(NULL, len, MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH, PAGE_READWRITE);
    memset(m.base, 1, len);
    our_reset(&m, 0);
    return m;
}

static struct memory make_theirs(size_t len)
{
    struct memory m = {.len = len};
    m.base = mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
                  -1, 0);
    struct uffdio_register reg = {.range = {(uintptr_t)m.base, len},
                                  .mode = UFFDIO_REGISTER_MODE_WP};
    if (m.base == MAP_FAILED || madvise(m.base, len, MADV_NOHUGEPAGE) != 0 ||
        ioctl(uffd, UFFDIO_REGISTER, &reg) != 0)
        bench_stop("UFFDIO_REGISTER");
    memset(m.base, 1, len);
    their_reset(&m, 0);
    return m;
}

static void measure_get(const char *name, size_t len, bool reset, size_t n_dirty, double limit)
{
    struct memory ours = make_ours(len), theirs = make_theirs(len);
    ours.reset = theirs.reset = reset;
    ours.n_dirty = theirs.n_dirty = n_dirty;
    struct bench_pair pair = {.name = name, .limit = limit, .rounds = len > GIB ? 11 : 41};
    pair.ours = (struct bench_side){prepare, our_run, NULL, &ours, 1};
    pair.theirs = (struct bench_side){prepare, their_run, NULL, &theirs, 1};
    if (!n_dirty)
        pair.ours.prepare = pair.theirs.prepare = NULL;
    bench_pair(&pair);
    bench_free(ours.base, 0, MEM_RELEASE);
    munmap(theirs.base, len);
}

static void measure_first_write(void)
{
    struct memory ours = make_ours(16 * MIB), theirs = make_theirs(16 * MIB);
    struct bench_pair pair = {.name = "first write to an armed page", .limit = 1.1};
    pair.ours = (struct bench_side){our_reset, first_writes, NULL, &ours, 4096};
    pair.theirs = (struct bench_side){their_reset, first_writes, NULL, &theirs, 4096};
    bench_pair(&pair);
    bench_free(ours.base, 0, MEM_RELEASE);
    munmap(theirs.base, theirs.len);
}

/* ---- the price of the flag ---- */

static void allocate(void *ctx, unsigned round, size_t n)
{
    (void)round;
    while (n--)
        bench_free(bench_alloc(NULL, 16 * MIB, *(DWORD *)ctx, PAGE_READWRITE), 0, MEM_RELEASE);
}

static bool huge_pages_always(void)
{
    char text[64] = "";
    int fd = open("/sys/kernel/mm/transparent_hugepage/enabled", O_RDONLY);
    if (fd >= 0 && read(fd, text, sizeof text - 1) < 0)
        text[0] = 0;
    if (fd >= 0)
        close(fd);
    return strstr(text, "[always]") != NULL;
}

static void measure_allocation(void)
{
    DWORD plain = MEM_RESERVE | MEM_COMMIT, watched = plain | MEM_WRITE_WATCH;
    struct bench_pair pair = {.name = "allocate and free 16 MiB, watched",
                              .limit = huge_pages_always() ? 1.4 : 1.1};
    pair.ours = (struct bench_side){NULL, allocate, NULL, &watched, 0};
    pair.theirs = (struct bench_side){NULL, allocate, NULL, &plain, 0};
    bench_pair(&pair);
}

void bench_watch(void)
{
    open_files();
    measure_first_write();
    measure_get("get + reset, 16 MiB, 100 written", 16 * MIB, true, N_DIRTY, 1.3);
    measure_get("get, 16 MiB, 100 written", 16 * MIB, false, N_DIRTY, 1.3);
    measure_get("get, 64 KiB, 1 written", 64 * KIB, false, 1, 0);
    measure_get("get, 4 GiB, clean", 4 * GIB, false, 0, 1.2);
    measure_allocation();
}
