/* Mapping frames into a window (AWE) against bare mmap(MAP_FIXED) of shared memory.
 *
 * Terms   remap = a run of 16 frames takes the place of another; used = one byte of each run is
 *         written, as a program does that maps to use: the page table entry is made and unmade. */
#include "bench.h"

#include <fcntl.h>
#include <sys/mman.h>
#include <unistd.h>

enum { RUN = 16 };

static ULONG_PTR frames[2 * RUN];
static char *window, *bare;
static int fd;

static void map_window(void *ctx, unsigned round, size_t n)
{
    (void)round;
    for (size_t i = 0; i < n; i++) {
        if (!MapUserPhysicalPages(window, RUN, frames + (i & 1) * RUN))
            bench_stop("MapUserPhysicalPages");
        if (ctx)
            *(volatile char *)window = 1;
    }
}

static void map_bare(void *ctx, unsigned round, size_t n)
{
    (void)round;
    for (size_t i = 0; i < n; i++) {
        if (mmap(bare, RUN * PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_FIXED, fd,
                 (off_t)((i & 1) * RUN * PAGE)) == MAP_FAILED)
            bench_stop("mmap");
        if (ctx)
            *(volatile char *)bare = 1;
    }
}

void bench_frames(void)
{
    static char used;
    ULONG_PTR n = 2 * RUN;
    fd = memfd_create("bench", 0);
    bare = mmap(NULL, 3 * RUN * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1,
                0);
    if (fd < 0 || posix_fallocate(fd, 0, 2 * RUN * PAGE) || bare == MAP_FAILED)
        bench_stop("shared memory");
    bare += RUN * PAGE;
    if (!AllocateUserPhysicalPages(GetCurrentProcess(), &n, frames) || n != 2 * RUN)
        bench_stop("AllocateUserPhysicalPages");
    window = bench_alloc(NULL, RUN * PAGE, MEM_RESERVE | MEM_PHYSICAL, PAGE_READWRITE);
    bench_pair(&(struct bench_pair){
        .name = "MapUserPhysicalPages 64 KiB, used : mmap(MAP_FIXED), used",
        .ours = {.run = map_window, .ctx = &used}, .theirs = {.run = map_bare, .ctx = &used}});
    bench_pair(&(struct bench_pair){
        .name = "MapUserPhysicalPages 64 KiB : mmap(MAP_FIXED)",
        .ours = {.run = map_window}, .theirs = {.run = map_bare}, .limit = 1.1});
    bench_free(window, 0, MEM_RELEASE);
    FreeUserPhysicalPages(GetCurrentProcess(), &n, frames);
    close(fd);
}
