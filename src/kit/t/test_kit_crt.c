/* The C run time by GetProcAddress. */
#include <dlfcn.h>
#include <errno.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <winvm/control.h>
#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/annotate.h"
#include "base/t/unit.h"

typedef void (*any_fn)(void);

static any_fn named(const char *module, const char *name)
{
    HMODULE in = GetModuleHandleA(module);
    ck_assert_msg(in != NULL, "%s", module);
    any_fn found = (any_fn)GetProcAddress(in, name);
    ck_assert_msg(found != NULL, "%s", name);
    return found;
}

/* A hook of what is found changes what the program calls. */
START_TEST(functions_of_libc)
{
    static const char *const names[] = {"malloc", "calloc", "realloc", "free", "memcpy", "memset",
                                        "strlen", "strcmp", "printf", "qsort", "fopen"};
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        void *real = dlsym(RTLD_DEFAULT, names[i]);
        ck_assert_ptr_eq((void *)named("msvcrt.dll", names[i]), real);
        ck_assert_ptr_eq((void *)named("ucrtbase", names[i]), real);
    }
    ck_assert_ptr_eq((void *)named("api-ms-win-crt-heap-l1-1-0.dll", "malloc"),
                     dlsym(RTLD_DEFAULT, "malloc"));
}
END_TEST

START_TEST(missing)
{
    HMODULE crt = LoadLibraryA("C:\\Windows\\System32\\MSVCRT.DLL");
    ck_assert_ptr_eq(crt, GetModuleHandleA("msvcrt"));
    ck_assert_ptr_ne(crt, GetModuleHandleA("ucrtbase"));
    ck_assert(!GetProcAddress(crt, "mmap") && GetLastError() == ERROR_PROC_NOT_FOUND);
    ck_assert(!GetProcAddress(crt, "VirtualAlloc") && !GetProcAddress(crt, "wvm_crt_look_up"));
    ck_assert(!GetProcAddress(GetModuleHandleA("kernel32"), "malloc"));
    ck_assert_uint_eq(GetLastError(), ERROR_PROC_NOT_FOUND);
}
END_TEST

#if defined(__x86_64__)
extern WVM_WINDOWS_CALL FARPROC winvm_ms_GetProcAddress(HMODULE module, const char *name);
#endif

#define CALL(ret, name, params) ((ret(*) params)named("msvcrt.dll", #name))

START_TEST(memory)
{
    char *p = CALL(void *, malloc, (size_t))(100);
    ck_assert(p && CALL(size_t, _msize, (void *))(p) >= 100);
    ck_assert_uint_eq(CALL(size_t, _msize, (void *))(p), malloc_usable_size(p));
    ck_assert_ptr_eq(CALL(void *, _expand, (void *, size_t))(p, 50), p);
    p = CALL(void *, _recalloc, (void *, size_t, size_t))(p, 100, 100);
    ck_assert(p && p[9999] == 0);
    CALL(void, free, (void *))(p);
    p = CALL(void *, _aligned_malloc, (size_t, size_t))(10, 256);
    ck_assert(p && (uintptr_t)p % 256 == 0);
    p = CALL(void *, _aligned_realloc, (void *, size_t, size_t))(p, 1000, 512);
    ck_assert(p && (uintptr_t)p % 512 == 0);
    ck_assert_uint_eq(CALL(size_t, _aligned_msize, (void *, size_t, size_t))(p, 512, 0), 1000);
    CALL(void, _aligned_free, (void *))(p);
    ck_assert_ptr_null(CALL(void *, _aligned_malloc, (size_t, size_t))(10, 3));
    ck_assert_int_eq(*CALL(int *, _errno, (void))(), EINVAL);
    ck_assert_ptr_eq((HANDLE)CALL(intptr_t, _get_heap_handle, (void))(), GetProcessHeap());
    ck_assert_int_eq(CALL(int, _heapchk, (void))(), -2);
    ck_assert_int_eq(CALL(int, _heapmin, (void))(), 0);
}
END_TEST

START_TEST(texts)
{
    WCHAR *w = CALL(WCHAR *, _wcsdup, (const WCHAR *))(u"wide");
    ck_assert_uint_eq(CALL(size_t, wcslen, (const WCHAR *))(w), 4);
    ck_assert_int_eq(CALL(int, wcscmp, (const WCHAR *, const WCHAR *))(w, u"wider"), -1);
    ck_assert_int_eq(CALL(int, wcscmp, (const WCHAR *, const WCHAR *))(w, u"wide"), 0);
    free(w);
    char *s = CALL(char *, _strdup, (const char *))("Text");
    ck_assert_int_eq(CALL(int, _stricmp, (const char *, const char *))(s, "tEXT"), 0);
    ck_assert_int_eq(CALL(int, _memicmp, (const void *, const void *, size_t))(s, "TEXt", 4), 0);
    free(s);
    SetLastError(1234);
    ck_assert_uint_eq(*CALL(DWORD *, __doserrno, (void))(), 1234);
    ck_assert_ptr_eq(CALL(FILE *, __acrt_iob_func, (unsigned))(2), stderr);
    int64_t at = 0, now = CALL(int64_t, _time64, (int64_t *))(&at);
    ck_assert(now == at && now > 1500000000);
}
END_TEST

static unsigned WINAPI add_one(void *at)
{
    ++*(int *)at;
    return 7;
}

static void ends_with(uintptr_t thread, DWORD code)
{
    DWORD is = 0;
    ck_assert_uint_eq(WaitForSingleObject((HANDLE)thread, 10000), WAIT_OBJECT_0);
    ck_assert(GetExitCodeThread((HANDLE)thread, &is) && CloseHandle((HANDLE)thread));
    ck_assert_uint_eq(is, code);
}

#define BEGIN (void *, unsigned, void *, void *, unsigned, unsigned *)

START_TEST(threads)
{
    int n = 0;
    unsigned id = 0;
    void *start = (void *)(uintptr_t)add_one;
    uintptr_t thread = CALL(uintptr_t, _beginthreadex, BEGIN)(NULL, 0, start, &n, 0, &id);
    ck_assert(thread != 0 && id != 0);
    ends_with(thread, 7);
    ck_assert_int_eq(n, 1);
    ck_assert_uint_eq(CALL(uintptr_t, _beginthreadex, BEGIN)(NULL, 0, start, &n, 1, &id), 0);
    ck_assert_int_eq(errno, EINVAL);
}
END_TEST

#if defined(__x86_64__)
static any_fn windows_one(const char *name)
{
    return (any_fn)winvm_ms_GetProcAddress(GetModuleHandleA("msvcrt"), name);
}

static WVM_WINDOWS_CALL unsigned end_early(void *at)
{
    ++*(int *)at;
    ((WVM_WINDOWS_CALL void (*)(unsigned))windows_one("_endthreadex"))(9);
    return 7;
}

static WVM_WINDOWS_CALL int by_value(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

/* Code for Windows calls in its own convention, and has a `long` of 32 bits. */
#define WINDOWS(ret, name, params) ((WVM_WINDOWS_CALL ret(*) params)windows_one(#name))

START_TEST(windows_convention)
{
    char *end, *p = WINDOWS(void *, malloc, (size_t))(100);
    ck_assert_ptr_eq(WINDOWS(void *, memset, (void *, int, size_t))(p, 7, 100), p);
    ck_assert_int_eq(p[99], 7);
    p = WINDOWS(void *, realloc, (void *, size_t))(p, 1000);
    ck_assert_int_eq(p[99], 7);
    ck_assert_uint_ge(WINDOWS(size_t, _msize, (void *))(p), 1000);
    WINDOWS(void, free, (void *))(p);
    p = WINDOWS(void *, _aligned_offset_malloc, (size_t, size_t, size_t))(100, 64, 8);
    ck_assert_uint_eq(((uintptr_t)p + 8) % 64, 0);
    WINDOWS(void, _aligned_free, (void *))(p);
    ck_assert_int_eq(WINDOWS(int, strcmp, (const char *, const char *))("a", "a"), 0);
    ck_assert(WINDOWS(double, atof, (const char *))("2.5") == 2.5);
    errno = 0;
    ck_assert_int_eq(WINDOWS(int, strtol, (const char *, char **, int))("-3000000000x", &end, 0),
                     INT_MIN);
    ck_assert(errno == ERANGE && *end == 'x');
    ck_assert_uint_eq(WINDOWS(unsigned, strtoul, (const char *, char **, int))("-1", NULL, 0),
                      UINT_MAX);
    int v[] = {3, 1, 2}, two = 2, n = 0;
    void *order = (void *)(uintptr_t)by_value, *start = (void *)(uintptr_t)end_early;
    WINDOWS(void, qsort, (void *, size_t, size_t, void *))(v, 3, sizeof v[0], order);
    ck_assert(v[0] == 1 && v[1] == 2 && v[2] == 3);
    ck_assert_ptr_eq(WINDOWS(void *, bsearch, (const void *, const void *, size_t, size_t, void *))(
                         &two, v, 3, sizeof v[0], order), v + 1);
    ends_with(WINDOWS(uintptr_t, _beginthreadex, BEGIN)(NULL, 0, start, &n, 0, NULL), 9);
    ck_assert_int_eq(n, 1);
    ck_assert_ptr_null((void *)windows_one("printf"));
    ck_assert_uint_eq(GetLastError(), ERROR_PROC_NOT_FOUND);
}
END_TEST
#endif

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("kit_crt", 30, &tc);
    tcase_add_test(tc, functions_of_libc);
    tcase_add_test(tc, missing);
    tcase_add_test(tc, memory);
    tcase_add_test(tc, texts);
    tcase_add_test(tc, threads);
#if defined(__x86_64__)
    tcase_add_test(tc, windows_convention);
#endif
    return unit_run(suite);
}
