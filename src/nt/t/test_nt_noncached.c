/* Memory of the pools as the program's calls see it, and pages that are allocated and freed whole:
 * by the public calls. */
#include <sys/wait.h>
#include <unistd.h>

#include "base/arith.h"
#include "nt/t/pool_unit.h"

#define PG ((size_t)4096)
#define OWN ((HANDLE)(intptr_t)-1)
#ifdef __LP64__
#define ABOVE ((char *)0xffff800000000000)
#else
#define ABOVE ((char *)0xffffe000)
#endif

static char *make(size_t size)
{
    char *p = MmAllocateNonCachedMemory(size);
    ck_assert_ptr_nonnull(p);
    ck_assert_uint_eq((uintptr_t)p % PG, 0);
    memset(p, 0x3c, wvm_align_up(size, PG));
    return p;
}

START_TEST(whole_pages)
{
    const size_t sizes[] = {1, PG - 1, PG, PG + 1, 3 * PG, 100 * PG + 7, 3 << 20};
    char *p[WVM_ARRAY_LEN(sizes)];
    pool_setup();
    for (size_t i = 0; i < WVM_ARRAY_LEN(sizes); i++) {
        p[i] = make(sizes[i]);
        ck_assert(MmIsAddressValid(p[i]) && MmIsAddressValid(p[i] + sizes[i] - 1));
    }
    for (size_t i = 0; i < WVM_ARRAY_LEN(sizes); i++) {
        for (size_t k = 0; k < wvm_align_up(sizes[i], PG); k++)
            ck_assert_int_eq(p[i][k], 0x3c);
        MmFreeNonCachedMemory(p[i], sizes[i]);
    }
    ck_no_bug();
}
END_TEST

START_TEST(no_memory)
{
    pool_setup();
    ck_assert_ptr_null(MmAllocateNonCachedMemory(0));
    ck_assert_ptr_null(MmAllocateNonCachedMemory(SIZE_MAX));
    ck_assert_ptr_null(MmAllocateNonCachedMemory(SIZE_MAX - PG));
    ck_assert_ptr_null(MmAllocateNonCachedMemory(SIZE_MAX / 2));
    ck_no_bug();
}
END_TEST

static void refuse(void *p, size_t size, uintptr_t what)
{
    bug.n = 0;
    MmFreeNonCachedMemory(p, size);
    ck_assert_uint_eq(bug.n, 1);
    ck_assert_uint_eq(bug.code, BAD_POOL_CALLER);
    if (what)
        ck_assert_uint_eq(bug.p[0], what);
}

START_TEST(wrong_frees)
{
    int local;
    pool_setup();
    char *p = make(3 * PG);
    refuse(p, 2 * PG, 0x99);
    ck_assert_uint_eq(bug.p[1], (uintptr_t)p);
    refuse(p, 4 * PG, 0x99);
    refuse(p, 0, 0x99);
    refuse(p, SIZE_MAX, 0x99);
    refuse(p + PG, PG, 0);
    refuse(p + 16, 3 * PG, 0);
    refuse(&local, PG, 0x40);
    refuse(NULL, PG, 0);
    refuse(ABOVE, PG, 0);
    for (size_t i = 0; i < 3 * PG; i++)
        ck_assert_int_eq(p[i], 0x3c);
    bug.n = 0;
    MmFreeNonCachedMemory(p, 2 * PG + 1); /* the same pages */
    ck_no_bug();
    refuse(p, 3 * PG, 0); /* twice */
}
END_TEST

/* ---- as the calls of memoryapi.h see it ---- */

static DWORD error_of(BOOL done)
{
    DWORD error = GetLastError();
    ck_assert(!done);
    return error;
}

/* The error of each call on this address. */
static void collect(char *at, DWORD out[16])
{
    DWORD old;
    SIZE_T n;
    char bytes[16] = "";
    PVOID page;
    ULONG_PTR count = 1;
    ULONG granularity;
    size_t i = 0;
    out[i++] = error_of(VirtualProtect(at, PG, PAGE_READONLY, &old));
    out[i++] = error_of(VirtualProtectEx(OWN, at, PG, PAGE_NOACCESS, &old));
    out[i++] = error_of(VirtualFree(at, 0, MEM_RELEASE));
    out[i++] = error_of(VirtualFree(at, PG, MEM_DECOMMIT));
    out[i++] = error_of(VirtualFreeEx(OWN, at, 0, MEM_RELEASE));
    out[i++] = error_of(VirtualAlloc(at, PG, MEM_RESERVE, PAGE_READWRITE) != NULL);
    out[i++] = error_of(VirtualAlloc(at, PG, MEM_COMMIT, PAGE_READWRITE) != NULL);
    out[i++] = error_of(VirtualAlloc(at, PG, MEM_RESET, PAGE_READWRITE) != NULL);
    out[i++] = error_of(VirtualLock(at, PG));
    out[i++] = error_of(VirtualUnlock(at, PG));
    out[i++] = error_of(ReadProcessMemory(OWN, at, bytes, sizeof bytes, &n));
    out[i++] = error_of(WriteProcessMemory(OWN, at, bytes, sizeof bytes, &n));
    out[i++] = error_of(UnmapViewOfFile(at));
    out[i++] = GetWriteWatch(0, at, PG, &page, &count, &granularity);
    out[i++] = ResetWriteWatch(at, PG);
    out[i++] = (DWORD)IsBadReadPtr(at, 1);
}

START_TEST(calls_on_it)
{
    DWORD there[16], above[16];
    MEMORY_BASIC_INFORMATION info;
    pool_setup();
    char *p = make(16 * PG);
    collect(p, there);
    collect(ABOVE, above);
    for (size_t i = 0; i < 16; i++)
        ck_assert_msg(there[i] == above[i] && there[i] != 0, "%zu: %u, not %u", i,
                      (unsigned)there[i], (unsigned)above[i]);
    for (size_t i = 0; i < 16 * PG; i++)
        ck_assert_int_eq(p[i], 0x3c);
    p[5] = 7;
    ck_assert_uint_eq(VirtualQuery(p, &info, sizeof info), sizeof info);
    ck_assert(info.State == MEM_RESERVE && info.Type == MEM_PRIVATE && info.Protect == 0);
    ck_assert_uint_eq(info.AllocationProtect, PAGE_NOACCESS);
    ck_assert((char *)info.AllocationBase <= p && info.BaseAddress == p);
    ck_assert_uint_ge(info.RegionSize, 16 * PG);
    MmFreeNonCachedMemory(p, 16 * PG);
    ck_no_bug();
}
END_TEST

/* It is a buffer like any other, of system calls and of winvm's own. */
START_TEST(as_a_buffer)
{
    int pipes[2];
    SIZE_T n;
    static const char text[] = "a line of text";
    char copy[sizeof text];
    pool_setup();
    char *p = make(PG);
    ck_assert_int_eq(pipe(pipes), 0);
    ck_assert_int_eq(write(pipes[1], text, sizeof text), (ssize_t)sizeof text);
    ck_assert_int_eq(read(pipes[0], p, sizeof text), (ssize_t)sizeof text);
    ck_assert_str_eq(p, text);
    ck_assert_int_eq(write(pipes[1], p, sizeof text), (ssize_t)sizeof text);
    ck_assert(ReadProcessMemory(OWN, text, p + 100, sizeof text, &n) && n == sizeof text);
    ck_assert_str_eq(p + 100, text);
    ck_assert(WriteProcessMemory(OWN, copy, p + 100, sizeof text, (SIZE_T *)(p + 200)));
    ck_assert_str_eq(copy, text);
    ck_assert_uint_eq(*(SIZE_T *)(p + 200), sizeof text);
    MEMORY_BASIC_INFORMATION *info = (MEMORY_BASIC_INFORMATION *)(p + 256);
    ck_assert_uint_eq(VirtualQuery(text, info, sizeof *info), sizeof *info);
    ck_assert_uint_eq(info->State, MEM_COMMIT);
    MmFreeNonCachedMemory(p, PG);
    close(pipes[0]);
    close(pipes[1]);
}
END_TEST

START_TEST(in_a_child)
{
    int status;
    pool_setup();
    char *p = make(4 * PG);
    pid_t pid = fork();
    if (pid == 0) {
        MEMORY_BASIC_INFORMATION info;
        bool good = p[PG] == 0x3c && VirtualQuery(p, &info, sizeof info) == sizeof info &&
                    info.State == MEM_RESERVE && !VirtualFree(p, 0, MEM_RELEASE);
        MmFreeNonCachedMemory(p, 4 * PG);
        char *q = MmAllocateNonCachedMemory(PG);
        _exit(good && bug.n == 0 && q != NULL ? 0 : 1);
    }
    ck_assert(waitpid(pid, &status, 0) == pid && status == 0);
    ck_assert_int_eq(p[PG], 0x3c);
    MmFreeNonCachedMemory(p, 4 * PG);
    ck_no_bug();
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("nt-noncached", 30, &tc);
    tcase_add_test(tc, whole_pages);
    tcase_add_test(tc, no_memory);
    tcase_add_test(tc, wrong_frees);
    tcase_add_test(tc, calls_on_it);
    tcase_add_test(tc, as_a_buffer);
    tcase_add_test(tc, in_a_child);
    return unit_run(suite);
}
