/* Views and sections against the bare calls of the host: mmap of shared memory, memfd_create. */
#include <fcntl.h>
#include <stdio.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <unistd.h>

#include "bench.h"

static int fd;
static HANDLE section;

static HANDLE make_section(size_t len, DWORD prot)
{
    HANDLE h = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, prot, (DWORD)(len >> 32), (DWORD)len,
                                  NULL);
    if (!h)
        bench_stop("CreateFileMapping");
    return h;
}

static char *map_view(HANDLE h, DWORD access, size_t len)
{
    char *p = MapViewOfFile(h, access, 0, 0, len);
    if (!p)
        bench_stop("MapViewOfFile");
    return p;
}

static void unmap_view(void *p)
{
    if (!UnmapViewOfFile(p))
        bench_stop("UnmapViewOfFile");
}

static void open_both(size_t len)
{
    fd = memfd_create("bench", MFD_CLOEXEC);
    if (fd < 0 || ftruncate(fd, (off_t)len) != 0)
        bench_stop("memfd_create");
    section = make_section(len, PAGE_READWRITE);
}

/* ---- map and unmap ---- */

struct mapping {
    size_t len;
    bool touched;
    char *place; /* a placeholder of that length; NULL: none */
};

static void touch(char *p, const struct mapping *m)
{
    for (size_t i = 0; m->touched && i < m->len; i += PAGE)
        p[i] = 1;
}

static void view_run(void *ctx, unsigned round, size_t n)
{
    const struct mapping *m = ctx;
    (void)round;
    while (n--) {
        char *p = map_view(section, FILE_MAP_WRITE, m->len);
        touch(p, m);
        unmap_view(p);
    }
}

static void replace_run(void *ctx, unsigned round, size_t n)
{
    const struct mapping *m = ctx;
    (void)round;
    while (n--) {
        char *p = MapViewOfFile3(section, GetCurrentProcess(), m->place, 0, m->len,
                                 MEM_REPLACE_PLACEHOLDER, PAGE_READWRITE, NULL, 0);
        if (p != m->place)
            bench_stop("MapViewOfFile3");
        if (!UnmapViewOfFile2(GetCurrentProcess(), p, MEM_PRESERVE_PLACEHOLDER))
            bench_stop("UnmapViewOfFile2");
    }
}

static void mmap_run(void *ctx, unsigned round, size_t n)
{
    const struct mapping *m = ctx;
    (void)round;
    while (n--) {
        char *p = mmap(NULL, m->len, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
        if (p == MAP_FAILED)
            bench_stop("mmap");
        touch(p, m);
        munmap(p, m->len);
    }
}

static void map_rows(void)
{
    static struct mapping small = {64 * KIB, false, NULL}, used = {64 * KIB, true, NULL},
                          large = {MIB, false, NULL}, placed = {64 * KIB, false, NULL};
    placed.place = VirtualAlloc2(NULL, NULL, placed.len, MEM_RESERVE | MEM_RESERVE_PLACEHOLDER,
                                 PAGE_NOACCESS, NULL, 0);
    if (!placed.place)
        bench_stop("VirtualAlloc2");
    bench_pair(&(struct bench_pair){.name = "map + unmap a view of 64 KiB : mmap + munmap",
                                    .limit = 1.1,
                                    .ours = {.run = view_run, .ctx = &small},
                                    .theirs = {.run = mmap_run, .ctx = &small}});
    bench_pair(&(struct bench_pair){.name = "the same, every page touched",
                                    .ours = {.run = view_run, .ctx = &used},
                                    .theirs = {.run = mmap_run, .ctx = &used}});
    bench_pair(&(struct bench_pair){.name = "the same, 1 MiB",
                                    .ours = {.run = view_run, .ctx = &large},
                                    .theirs = {.run = mmap_run, .ctx = &large}});
    bench_pair(&(struct bench_pair){.name = "view of 64 KiB over a placeholder : mmap + munmap",
                                    .limit = 1.5,
                                    .ours = {.run = replace_run, .ctx = &placed},
                                    .theirs = {.run = mmap_run, .ctx = &placed}});
}

/* ---- a section's whole life ---- */

static void section_run(void *ctx, unsigned round, size_t n)
{
    size_t len = *(size_t *)ctx;
    (void)round;
    while (n--) {
        HANDLE h = make_section(len, PAGE_READWRITE);
        unmap_view(map_view(h, FILE_MAP_WRITE, 0));
        CloseHandle(h);
    }
}

static void memfd_run(void *ctx, unsigned round, size_t n)
{
    size_t len = *(size_t *)ctx;
    (void)round;
    while (n--) {
        int f = memfd_create("bench", MFD_CLOEXEC);
        if (f < 0 || ftruncate(f, (off_t)len) != 0)
            bench_stop("memfd_create");
        munmap(mmap(NULL, len, PROT_READ | PROT_WRITE, MAP_SHARED, f, 0), len);
        close(f);
    }
}

/* ---- a written copy-on-write view ---- */

struct scan_arg {
    uint64_t size, flags, start, end, walk_end, vec, vec_len, max_pages;
    uint64_t category_inverted, category_mask, category_anyof_mask, return_mask;
};
#define SCAN _IOWR('f', 16, struct scan_arg)

static char *copy;
static int pagemap;

static void query_run(void *ctx, unsigned round, size_t n)
{
    MEMORY_BASIC_INFORMATION info;
    (void)ctx;
    (void)round;
    while (n--)
        if (!VirtualQuery(copy, &info, sizeof info) || info.Protect != PAGE_READWRITE)
            bench_stop("VirtualQuery of a written page");
}

static void scan_run(void *ctx, unsigned round, size_t n)
{
    enum { FILE_PAGE = 4, PRESENT = 8, SWAPPED = 16 };
    uint64_t region[3];
    (void)ctx;
    (void)round;
    while (n--) {
        struct scan_arg arg = {
            .size = sizeof arg, .start = (uintptr_t)copy, .end = (uintptr_t)copy + 64 * KIB,
            .vec = (uintptr_t)region, .vec_len = 1, .category_inverted = FILE_PAGE,
            .category_mask = FILE_PAGE, .category_anyof_mask = PRESENT | SWAPPED,
            .return_mask = FILE_PAGE,
        };
        if (ioctl(pagemap, SCAN, &arg) != 1)
            bench_stop("PAGEMAP_SCAN");
    }
}

static void query_row(void)
{
    pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
    copy = map_view(section, FILE_MAP_COPY, 64 * KIB);
    copy[0] = 1;
    copy[5 * PAGE] = 1;
    bench_pair(&(struct bench_pair){.name = "query a written copy-on-write view : one PAGEMAP_SCAN",
                                    .ours = {.run = query_run},
                                    .theirs = {.run = scan_run}});
}

/* ---- many ---- */

static void many_rows(void)
{
    enum { N = 20000 };
    static char *view[N];
    double start = bench_now();
    for (int i = 0; i < N; i++)
        view[i] = map_view(section, FILE_MAP_READ, 4 * KIB);
    double ours = bench_now() - start;
    bool right = true;
    MEMORY_BASIC_INFORMATION info;
    for (int i = 0; i < N; i++)
        right &= VirtualQuery(view[i], &info, sizeof info) && info.AllocationBase == view[i] &&
                 info.RegionSize == 4 * KIB;
    bench_fact("20,000 live views answer as mapped", right, "");
    for (int i = 0; i < N; i++)
        unmap_view(view[i]);
    start = bench_now();
    for (int i = 0; i < N; i++) {
        view[i] = mmap(NULL, 4 * KIB, PROT_READ, MAP_SHARED, fd, 0);
        if (view[i] == MAP_FAILED)
            bench_stop("mmap");
    }
    double theirs = bench_now() - start;
    for (int i = 0; i < N; i++)
        munmap(view[i], 4 * KIB);
    bench_value("map 20,000 views of 4 KiB : 20,000 mmap", ours / theirs, 0, "");
}

void bench_view(void)
{
    static size_t len = 64 * KIB;
    open_both(4 * MIB);
    map_rows();
    bench_pair(&(struct bench_pair){
        .name = "section create + map + unmap + close : "
                "memfd_create + ftruncate + mmap + munmap + close",
        .limit = 1.3,
        .ours = {.run = section_run, .ctx = &len},
        .theirs = {.run = memfd_run, .ctx = &len}});
    query_row();
    many_rows();
}
