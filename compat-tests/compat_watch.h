/* Write watch for conformance cases: GetWriteWatch and what it must report.
 * Locking: for the main thread. */
#ifndef COMPAT_WATCH_H
#define COMPAT_WATCH_H

#include "compat_memory.h"

enum { WATCHED_PAGES = 64 };

struct watched {
    UINT result;
    ULONG_PTR count;
    ULONG granularity;
    PVOID at[WATCHED_PAGES];
};

static inline struct watched get_watch(ULONG flags, const void *base, SIZE_T size)
{
    struct watched out = {.count = WATCHED_PAGES, .granularity = 0xdead};

    out.result =
        GetWriteWatch(flags, (PVOID)(uintptr_t)base, size, out.at, &out.count, &out.granularity);
    return out;
}

/* The pages reported are these, given as page numbers from base, in this order. */
static inline void compat_watched(const char *file, int line, struct watched got, const BYTE *base,
                                  const int *want)
{
    unsigned n = 0;

    while (want[n] >= 0)
        n++;
    if (!compat_check(file, line,
                      got.result == 0 && got.count == n && (got.granularity == PG || n == 0),
                      "watch: got result 0x%lx, %llu pages, granularity 0x%lx, expected %u pages",
                      (unsigned long)got.result, (unsigned long long)got.count,
                      (unsigned long)got.granularity, n))
        return;
    for (unsigned i = 0; i < n; i++)
        compat_check(file, line, got.at[i] == base + (SIZE_T)want[i] * PG,
                     "watch: entry %u is %p, expected page %d of %p", i, got.at[i], want[i],
                     (void *)(uintptr_t)base);
}
/* expect_watch(get_watch(...), base, page numbers...) */
#define expect_watch(got, base, ...)                                                               \
    compat_watched(__FILE__, __LINE__, got, base, (const int[]){__VA_ARGS__})
#define expect_no_watch(got) expect_watch(got, NULL, -1)
#endif
