/* A program in a low address space: low TOP PERCENT [as-limited]. TAP.
 * TOP is the first address past user space; PERCENT of what lies from 0x10000 to TOP can be had in
 * blocks of 64 KiB. as-limited: the host allows less than the whole range. */
#include <windows.h>

#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#define BLOCK ((SIZE_T)0x10000)
#define MB ((SIZE_T)1 << 20)

static int n_checks, n_bad;
static ULONG_PTR top;
static SIZE_T least;
static BOOL limited;
static char data[2][4096] __attribute__((aligned(4096)));

static void ok(BOOL good, const char *name)
{
    printf("%sok %d - %s\n", good ? "" : "not ", ++n_checks, name);
    n_bad += !good;
    if (!good)
        printf("# last error %u\n", (unsigned)GetLastError());
}

static BOOL fails_with(BOOL failed, DWORD error)
{
    return failed && GetLastError() == error;
}

static BYTE *reserve(SIZE_T len, DWORD flags)
{
    return VirtualAlloc(NULL, len, MEM_RESERVE | flags, PAGE_READWRITE);
}

static void release(void *at)
{
    if (!VirtualFree(at, 0, MEM_RELEASE))
        ok(FALSE, "release");
}

/* That of the shared user data page is the last one of 2 GB. */
static BYTE *last_block(void)
{
    return (BYTE *)(top == 0x7FFF0000 ? top - 2 * BLOCK : top - BLOCK);
}

/* ---- the ends ---- */

static void check_ends(void)
{
    SYSTEM_INFO si;
    MEMORY_BASIC_INFORMATION info;
    BYTE *at = NULL;
    BOOL whole = TRUE;

    GetSystemInfo(&si);
    ok((ULONG_PTR)si.lpMaximumApplicationAddress == top - 1 &&
           (ULONG_PTR)si.lpMinimumApplicationAddress == 0x10000,
       "GetSystemInfo tells the ends");
    for (; VirtualQuery(at, &info, sizeof info); at = (BYTE *)info.BaseAddress + info.RegionSize)
        whole &= info.BaseAddress == at && info.RegionSize != 0;
    ok(whole && (ULONG_PTR)at == top && GetLastError() == ERROR_INVALID_PARAMETER,
       "a walk from 0 ends at the top");
    ok(fails_with(!VirtualAlloc((void *)top, BLOCK, MEM_RESERVE, PAGE_NOACCESS),
                  ERROR_INVALID_PARAMETER),
       "VirtualAlloc at the top: 87");
    ok(fails_with(!VirtualAlloc((void *)(top - BLOCK), 2 * BLOCK, MEM_RESERVE, PAGE_NOACCESS),
                  ERROR_INVALID_PARAMETER),
       "VirtualAlloc across the top: 87");
    ok(fails_with(!VirtualAlloc(NULL, 0xFFFFFFFF, MEM_RESERVE, PAGE_NOACCESS),
                  ERROR_INVALID_PARAMETER),
       "W32-021 0xFFFFFFFF bytes: 87");
    if (top == 0x7FFF0000)
        ok(fails_with(!reserve(0x7FFF0000, 0), ERROR_INVALID_PARAMETER),
           "W32-022 0x7FFF0000 bytes: 87, longer than user space");
}

/* ---- the program's own memory ---- */

static void check_own(void)
{
    MEMORY_BASIC_INFORMATION info;
    char *heap = malloc(3 * 4096), word[8] = "stack";
    char *page = (char *)(((ULONG_PTR)heap + 4095) & ~(ULONG_PTR)4095);
    DWORD old;
    SIZE_T done = 0;

    ok(VirtualQuery((void *)(ULONG_PTR)check_own, &info, sizeof info) &&
           info.State == MEM_COMMIT && info.Type == MEM_IMAGE,
       "own code is an image");
    ok(VirtualQuery(&info, &info, sizeof info) && info.State == MEM_COMMIT &&
           info.Protect == PAGE_READWRITE,
       "the stack can be queried");
    ok(VirtualProtect(data[0], 4096, PAGE_READONLY, &old) &&
           VirtualQuery(data[0], &info, sizeof info) && info.Protect == PAGE_READONLY &&
           VirtualProtect(data[0], 4096, old, &old),
       "own data can be protected");
    data[0][5] = 1;
    ok(VirtualLock(page, 4096) && VirtualUnlock(page, 4096), "the heap can be locked");
    ok(ReadProcessMemory(GetCurrentProcess(), word, data[1], 8, &done) && done == 8,
       "own data can be read");
    ok(WriteProcessMemory(GetCurrentProcess(), data[1], word, 8, &done) && done == 8,
       "and be written");
    ok(fails_with(!VirtualFree(page, 0, MEM_RELEASE), ERROR_INVALID_ADDRESS),
       "the heap cannot be released");
    ok(fails_with(!VirtualAlloc(page, 4096, MEM_RESERVE, PAGE_READWRITE), ERROR_INVALID_ADDRESS),
       "nor be reserved");
    free(heap);
}

/* ---- full ---- */

static BYTE **block;
static SIZE_T n_blocks;

static void fill(SIZE_T len, DWORD flags)
{
    BYTE *at;

    n_blocks = 0;
    while (n_blocks < 0x10000 && (at = reserve(len, flags)) != NULL)
        block[n_blocks++] = at;
}

static void empty(void)
{
    while (n_blocks != 0)
        release(block[--n_blocks]);
}

static BOOL all_inside(SIZE_T len)
{
    for (SIZE_T i = 0; i < n_blocks; i++)
        if ((ULONG_PTR)block[i] < 0x10000 || (ULONG_PTR)block[i] + len > top)
            return FALSE;
    return TRUE;
}

static void check_full(void)
{
    SIZE_T n, freed = 0;
    unsigned seed = 1;

    fill(BLOCK, 0);
    ok(GetLastError() == ERROR_NOT_ENOUGH_MEMORY, "a full space: 8");
    ok(all_inside(BLOCK), "all blocks lie inside");
    printf("# %zu blocks, %.3f %%\n", n_blocks, 100.0 * n_blocks * BLOCK / (top - BLOCK));
    ok(n_blocks * BLOCK >= least, "as much as can be had");
    for (SIZE_T i = 0; i < n_blocks; i++) {
        seed = seed * 1103515245 + 12345;
        if (seed >> 31 || i == 0) {
            release(block[i]);
            block[i] = NULL;
            freed++;
        }
    }
    for (SIZE_T i = 0; i < n_blocks; i++)
        if (block[i] == NULL && (block[i] = reserve(BLOCK, 0)) != NULL)
            freed--;
    ok(freed == 0 && reserve(BLOCK, 0) == NULL, "what was freed can be had again, and no more");
    n = n_blocks;
    empty();
    fill(BLOCK, MEM_TOP_DOWN);
    ok(n_blocks == n && all_inside(BLOCK), "as many from the top down");
    ok(limited || block[0] == last_block(), "the first of them is the last block");
    empty();
    fill(5 * MB, 0);
    ok(GetLastError() == ERROR_NOT_ENOUGH_MEMORY && n_blocks >= least / (5 * MB) * 98 / 100,
       "W32-020 blocks of 5 MB: 8 at the end");
    empty();
}

/* ---- threads, fork, views ---- */

static void *allocate(void *arg)
{
    BYTE **mine = arg;

    for (int i = 0; i < 500; i++) {
        mine[i] = VirtualAlloc(NULL, BLOCK, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
        if (mine[i] == NULL)
            return NULL;
        memset(mine[i], i, 100);
        mine[i][0] = (BYTE)((ULONG_PTR)arg >> 4);
        if (i % 3 == 0) {
            release(mine[i]);
            mine[i] = NULL;
        }
    }
    return arg;
}

static void check_threads(void)
{
    static BYTE *mine[2][500];
    pthread_t thread[2];
    void *result;
    BOOL good = TRUE;

    for (int t = 0; t < 2; t++)
        good &= pthread_create(&thread[t], NULL, allocate, mine[t]) == 0;
    for (int t = 0; t < 2; t++)
        good &= pthread_join(thread[t], &result) == 0 && result == mine[t];
    for (int t = 0; t < 2; t++)
        for (int i = 0; i < 500; i++) {
            BYTE *at = mine[t][i];
            good &= at == NULL || (at[0] == (BYTE)((ULONG_PTR)mine[t] >> 4) && at[5] == (BYTE)i);
            if (at != NULL)
                release(at);
        }
    ok(good, "two threads");
}

static void check_fork(void)
{
    BYTE *at = VirtualAlloc(NULL, BLOCK, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE), *other;
    int status = -1;

    at[0] = 7;
    fflush(stdout);
    pid_t pid = fork();
    if (pid == 0) {
        other = VirtualAlloc(NULL, BLOCK, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
        BOOL good = other != NULL && other != at && (ULONG_PTR)other < top && at[0] == 7;
        at[0] = 8;
        fill(MB, 0);
        good = good && n_blocks * MB >= least * 9 / 10 && all_inside(MB);
        _exit(good ? 0 : 1);
    }
    ok(waitpid(pid, &status, 0) == pid && status == 0 && at[0] == 7, "a fork child goes on");
    release(at);
}

static void check_views(void)
{
    HANDLE section =
        CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 3 * BLOCK, NULL);
    BYTE *view[20];
    BOOL good = section != NULL;

    for (int i = 0; good && i < 20; i++) {
        view[i] = MapViewOfFile(section, FILE_MAP_WRITE, 0, 0, 0);
        good = view[i] != NULL && (ULONG_PTR)view[i] + 3 * BLOCK <= top;
        if (good)
            view[i][i] = (BYTE)(i + 1);
    }
    for (int i = 19; good && i >= 0; i--)
        good = view[0][i] == i + 1 && UnmapViewOfFile(view[i]);
    ok(good && !UnmapViewOfFile(view[0]), "views lie inside");
    CloseHandle(section);
}

static void check_first(void)
{
    BYTE *at = VirtualAlloc((void *)0x10000, 4096, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);

    ok(at == (BYTE *)0x10000 && (at[0] = 5) && VirtualFree(at, 0, MEM_RELEASE),
       "memory at 0x10000");
    ok(fails_with(!VirtualAlloc((void *)0x1000, 4096, MEM_RESERVE, PAGE_READWRITE),
                  ERROR_INVALID_PARAMETER),
       "none below");
    at = VirtualAlloc(last_block(), BLOCK, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    ok(at != NULL && (at[BLOCK - 1] = 5) && VirtualFree(at, 0, MEM_RELEASE),
       "memory in the last block");
    ok(*(volatile BYTE *)0x7FFE0264 == 1, "the shared user data page");
}

int main(int argc, char **argv)
{
    if (argc < 3)
        return 2;
    top = (ULONG_PTR)strtoull(argv[1], NULL, 16);
    least = (SIZE_T)((double)(top - BLOCK) * atof(argv[2]) / 100);
    limited = argc > 3;
    block = calloc(0x10000, sizeof *block);
    check_ends();
    if (!limited)
        check_first();
    check_own();
    check_full();
    check_threads();
    check_views();
    check_fork();
    printf("1..%d\n", n_checks);
    return n_bad != 0;
}
