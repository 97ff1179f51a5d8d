/* The same calls as a Windows program makes them, for winvm and for Wine: nanoseconds of each.
 *
 * Built natively against winvm and for Windows; bench_windows.sh joins the two tables. Wall time,
 * the least of many short batches: the two programs run one after the other, so rounds cannot be
 * paired. */
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#ifndef _WIN32
#include <time.h>
#endif

#define PAGE ((SIZE_T)4096)
#define BATCHES 200

static char *range;

static double now(void)
{
#ifdef _WIN32
    LARGE_INTEGER t, f;
    QueryPerformanceFrequency(&f);
    QueryPerformanceCounter(&t);
    return (double)t.QuadPart * 1e9 / (double)f.QuadPart;
#else
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return t.tv_sec * 1e9 + t.tv_nsec;
#endif
}

static void must(int good, const char *what)
{
    if (good)
        return;
    printf("%s failed: %lu\n", what, (unsigned long)GetLastError());
    exit(2);
}

static void reserve_release(void)
{
    char *p = VirtualAlloc(NULL, 65536, MEM_RESERVE, PAGE_NOACCESS);
    must(p && VirtualFree(p, 0, MEM_RELEASE), "reserve");
}

static void commit_cycle(void)
{
    char *p = VirtualAlloc(NULL, 65536, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    must(p && VirtualFree(p, 0, MEM_RELEASE), "commit");
}

static void touch_cycle(void)
{
    char *p = VirtualAlloc(NULL, 65536, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    must(p != NULL, "commit");
    for (int i = 0; i < 16; i++)
        p[i * PAGE] = 1;
    must(VirtualFree(p, 0, MEM_RELEASE), "release");
}

static void query(void)
{
    MEMORY_BASIC_INFORMATION info;
    must(VirtualQuery(range + 8 * PAGE, &info, sizeof(info)) == sizeof(info), "query");
}

static void recommit(void)
{
    must(VirtualAlloc(range, 16 * PAGE, MEM_COMMIT, PAGE_READWRITE) != NULL, "recommit");
}

static void protect_twice(void)
{
    DWORD old;
    must(VirtualProtect(range, 16 * PAGE, PAGE_READONLY, &old) &&
             VirtualProtect(range, 16 * PAGE, PAGE_READWRITE, &old),
         "protect");
}

static void decommit_commit(void)
{
    char *p = range + 64 * PAGE;
    must(VirtualAlloc(p, 16 * PAGE, MEM_COMMIT, PAGE_READWRITE) != NULL &&
             VirtualFree(p, 16 * PAGE, MEM_DECOMMIT),
         "decommit");
}

static const struct {
    const char *name;
    void (*run)(void);
    int n;
} cases[] = {
    {"reserve + release 64 KiB", reserve_release, 200},
    {"reserve + commit + release 64 KiB", commit_cycle, 100},
    {"the same with 16 pages touched", touch_cycle, 20},
    {"query", query, 1000},
    {"recommit 64 KiB", recommit, 500},
    {"protect 64 KiB and back", protect_twice, 100},
    {"commit + decommit 64 KiB", decommit_commit, 100},
};

int main(void)
{
    range = VirtualAlloc(NULL, 1u << 30, MEM_RESERVE, PAGE_NOACCESS);
    must(range != NULL, "reserve");
    recommit();
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        double least = 1e18;
        for (int b = 0; b < BATCHES; b++) {
            double start = now();
            for (int k = 0; k < cases[i].n; k++)
                cases[i].run();
            double ns = (now() - start) / cases[i].n;
            least = ns < least ? ns : least;
        }
        printf("%s\t%.1f\n", cases[i].name, least);
    }
    return 0;
}
