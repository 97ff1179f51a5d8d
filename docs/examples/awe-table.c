/* A table that is larger than the addresses of the program: rows live in physical pages, and a
 * window of 64 MiB shows the part that is worked on (Address Windowing Extensions).
 *
 *   awe-table [MEGABYTES [WINDOW_MEGABYTES]]
 *
 * Fills a table of so many MiB (64 by default) through the window, reads it back in another order,
 * and checks every row. A program with 32-bit pointers does 6144 as well as any other. Exit status:
 * 0 all rows as written; 77 the machine has not that much memory to spare. */
#include <windows.h>

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>

enum { PAGE = 4096, MIB_PAGES = 256, ROWS = PAGE / sizeof(uint64_t) };

struct table {
    ULONG_PTR *frames; /* numbers of its pages, in order */
    ULONG_PTR pages;
    uint64_t *window; /* ROWS rows of each page that it shows */
    ULONG_PTR window_pages;
};

static int fail(const char *call)
{
    fprintf(stderr, "%s: error %lu\n", call, (unsigned long)GetLastError());
    return 1;
}

/* Windows asks for a privilege that is off until it is wanted. */
static void enable_privilege(void)
{
#ifdef _WIN32
    TOKEN_PRIVILEGES p = {.PrivilegeCount = 1};
    HANDLE token;

    p.Privileges[0].Attributes = SE_PRIVILEGE_ENABLED;
    if (OpenProcessToken(GetCurrentProcess(), TOKEN_ADJUST_PRIVILEGES, &token)) {
        if (LookupPrivilegeValueA(NULL, "SeLockMemoryPrivilege", &p.Privileges[0].Luid))
            AdjustTokenPrivileges(token, FALSE, &p, 0, NULL, NULL);
        CloseHandle(token);
    }
#endif
}

static uint64_t row_value(ULONG_PTR page, unsigned row)
{
    return (uint64_t)page * 0x9e3779b97f4a7c15u + row;
}

/* The pages from `first` on appear in the window. */
static ULONG_PTR show(const struct table *t, ULONG_PTR first)
{
    ULONG_PTR n = t->pages - first < t->window_pages ? t->pages - first : t->window_pages;

    return MapUserPhysicalPages(t->window, n, t->frames + first) ? n : 0;
}

static int fill(const struct table *t)
{
    for (ULONG_PTR first = 0, n; first < t->pages; first += n) {
        if (!(n = show(t, first)))
            return fail("MapUserPhysicalPages");
        for (ULONG_PTR page = 0; page < n; page++)
            for (unsigned row = 0; row < ROWS; row++)
                t->window[page * ROWS + row] = row_value(first + page, row);
    }
    return 0;
}

/* The window's parts from the last to the first; one wrong row is enough. */
static int check(const struct table *t)
{
    ULONG_PTR parts = (t->pages + t->window_pages - 1) / t->window_pages;

    while (parts-- > 0) {
        ULONG_PTR first = parts * t->window_pages, n = show(t, first);

        if (!n)
            return fail("MapUserPhysicalPages");
        for (ULONG_PTR page = 0; page < n; page++)
            for (unsigned row = 0; row < ROWS; row++)
                if (t->window[page * ROWS + row] != row_value(first + page, row)) {
                    printf("page %lu, row %u: not as written\n", (unsigned long)(first + page),
                           row);
                    return 1;
                }
    }
    return 0;
}

/* 0, 1, or 77: not that much memory. */
static int take_pages(struct table *t)
{
    ULONG_PTR got = t->pages;

    enable_privilege();
    t->frames = VirtualAlloc(NULL, t->pages * sizeof(*t->frames), MEM_RESERVE | MEM_COMMIT,
                             PAGE_READWRITE);
    if (!t->frames)
        return fail("VirtualAlloc");
    if (!AllocateUserPhysicalPages(GetCurrentProcess(), &got, t->frames))
        return fail("AllocateUserPhysicalPages");
    if (got == t->pages)
        return 0;
    printf("%lu of %lu MiB: the machine has no more to spare\n", (unsigned long)(got / MIB_PAGES),
           (unsigned long)(t->pages / MIB_PAGES));
    FreeUserPhysicalPages(GetCurrentProcess(), &got, t->frames);
    return 77;
}

int main(int argc, char **argv)
{
    struct table t = {.pages = (argc > 1 ? strtoul(argv[1], NULL, 10) : 64) * MIB_PAGES,
                      .window_pages = (argc > 2 ? strtoul(argv[2], NULL, 10) : 64) * MIB_PAGES};
    int status = take_pages(&t);

    if (status)
        return status;
    t.window = VirtualAlloc(NULL, t.window_pages * PAGE, MEM_RESERVE | MEM_PHYSICAL,
                            PAGE_READWRITE);
    if (!t.window)
        return fail("VirtualAlloc");
    status = fill(&t);
    if (!status)
        status = check(&t);
    if (!status)
        printf("%lu MiB through a window of %lu MiB: all as written\n",
               (unsigned long)(t.pages / MIB_PAGES), (unsigned long)(t.window_pages / MIB_PAGES));
    VirtualFree(t.window, 0, MEM_RELEASE);
    FreeUserPhysicalPages(GetCurrentProcess(), &t.pages, t.frames);
    VirtualFree(t.frames, 0, MEM_RELEASE);
    return status;
}
