/* The C run time as modules: what GetProcAddress finds in msvcrt and ucrtbase.
 *
 * Terms   asked = an entry whose own function is looked up when somebody asks for it.
 * I1      Callers of the compiler's convention get libc's function itself, or the program's that
 *         takes its place: who changes its code changes what all others call. So no entry is more
 *         than a name until then, and nothing of libc is linked for it.
 * I2      These functions are cdecl on i386 in both conventions; what they are given to call is in
 *         the caller's.
 * I3      Memory is that of malloc: what one function here allocates, libc's free takes, but that
 *         of the aligned ones.
 * Locking: none.   Failure: as each function's.   Signal safety: none. */
#include <ctype.h>
#include <dlfcn.h>
#include <limits.h>
#include <malloc.h>
#include <stdio.h>
#include <stdlib.h>
#include <strings.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

#include <winvm/crt_malloc.h>

#include "base/assert.h"
#include "kit/kit.h"
#include "kit/kit_exports.h"

#if defined(__x86_64__)
#define CRT_WINDOWS_CALL WVM_WINDOWS_CALL
#else
#define CRT_WINDOWS_CALL WVM_OWN_CALL
#endif
#define CRT_MODULES 0x180 /* WINVM_IN_MSVCRT | WINVM_IN_UCRTBASE, for the assembler */
#define CRT_ASKED 0x80000180
WVM_STATIC((WINVM_IN_MSVCRT | WINVM_IN_UCRTBASE) == CRT_MODULES, "the modules");
WVM_STATIC((CRT_MODULES | WINVM_EXPORT_ASKED) == CRT_ASKED, "who is asked");

void *wvm_crt_look_up(const char *name) WVM_HIDDEN;
#define C(ret, name, params, call)
#define P(name)
#define Q(name)
#define O(ret, name, params, args) WVM_HIDDEN ret wvm_crt_##name params;
#define F(ret, name, params)               \
    WVM_HIDDEN ret wvm_crt_##name params;  \
    WVM_HIDDEN CRT_WINDOWS_CALL ret wvm_crt_ms_##name params;
#include "kit/kit_crt_list.h"
#undef C
#undef P
#undef Q
#undef O
#undef F

/* ---- what libc does not have ---- */

size_t wvm_crt__msize(void *p)
{
    return malloc_usable_size(p);
}

void *wvm_crt__expand(void *p, size_t size)
{
    return _expand(p, size);
}

void *wvm_crt__recalloc(void *p, size_t n, size_t size)
{
    return _recalloc(p, n, size);
}

void *wvm_crt__aligned_malloc(size_t size, size_t alignment)
{
    return _aligned_offset_malloc(size, alignment, 0);
}

void *wvm_crt__aligned_realloc(void *p, size_t size, size_t alignment)
{
    return _aligned_offset_realloc(p, size, alignment, 0);
}

void *wvm_crt__aligned_offset_malloc(size_t size, size_t alignment, size_t offset)
{
    return _aligned_offset_malloc(size, alignment, offset);
}

void *wvm_crt__aligned_offset_realloc(void *p, size_t size, size_t alignment, size_t offset)
{
    return _aligned_offset_realloc(p, size, alignment, offset);
}

void *wvm_crt__aligned_recalloc(void *p, size_t n, size_t size, size_t alignment)
{
    return _aligned_offset_recalloc(p, n, size, alignment, 0);
}

size_t wvm_crt__aligned_msize(void *p, size_t alignment, size_t offset)
{
    return _aligned_msize(p, alignment, offset);
}

void wvm_crt__aligned_free(void *p)
{
    _aligned_free(p);
}

intptr_t wvm_crt__get_heap_handle(void)
{
    return (intptr_t)wvm_kit_GetProcessHeap();
}

int wvm_crt__heapchk(void)
{
    return _heapchk();
}

int wvm_crt__heapmin(void)
{
    return _heapmin();
}

int *wvm_crt__errno(void)
{
    return &errno;
}

DWORD *wvm_crt___doserrno(void)
{
    static WVM_THREAD_LOCAL DWORD last;
    last = GetLastError();
    return &last;
}

FILE *wvm_crt___acrt_iob_func(unsigned i)
{
    return i == 0 ? stdin : i == 1 ? stdout : stderr;
}

char *wvm_crt__strdup(const char *s)
{
    return strdup(s);
}

int wvm_crt__stricmp(const char *a, const char *b)
{
    return strcasecmp(a, b);
}

int wvm_crt__strnicmp(const char *a, const char *b, size_t n)
{
    return strncasecmp(a, b, n);
}

int wvm_crt__memicmp(const void *a, const void *b, size_t n)
{
    const unsigned char *p = a, *q = b;
    for (; n != 0; n--, p++, q++)
        if (tolower(*p) != tolower(*q))
            return tolower(*p) - tolower(*q);
    return 0;
}

size_t wvm_crt_wcslen(const WCHAR *s)
{
    size_t n = 0;
    while (s[n] != 0)
        n++;
    return n;
}

WCHAR *wvm_crt_wcscpy(WCHAR *to, const WCHAR *from)
{
    return memcpy(to, from, (wvm_crt_wcslen(from) + 1) * sizeof *to);
}

int wvm_crt_wcscmp(const WCHAR *a, const WCHAR *b)
{
    while (*a == *b && *a != 0)
        a++, b++;
    return *a == *b ? 0 : *a < *b ? -1 : 1;
}

WCHAR *wvm_crt__wcsdup(const WCHAR *s)
{
    WCHAR *to = malloc((wvm_crt_wcslen(s) + 1) * sizeof *to);
    return to ? wvm_crt_wcscpy(to, s) : NULL;
}

int64_t wvm_crt__time64(int64_t *at)
{
    int64_t now = time(NULL);
    if (at)
        *at = now;
    return now;
}

int wvm_crt__getpid(void)
{
    return getpid();
}

/* ---- threads: 0, errno and the last error ---- */

static uintptr_t started(HANDLE thread)
{
    if (!thread)
        errno = GetLastError() == ERROR_INVALID_PARAMETER ? EINVAL : EAGAIN;
    return (uintptr_t)thread;
}

uintptr_t wvm_crt__beginthreadex(void *security, unsigned stack, void *start, void *argument,
                                 unsigned flags, unsigned *id)
{
    return started(wvm_kit_CreateThread(security, stack, (LPTHREAD_START_ROUTINE)(uintptr_t)start,
                                        argument, flags, (LPDWORD)id));
}

CRT_WINDOWS_CALL uintptr_t wvm_crt_ms__beginthreadex(void *security, unsigned stack, void *start,
                                                     void *argument, unsigned flags, unsigned *id)
{
    return started(wvm_kit_CreateThread_ms(security, stack,
                                           (LPTHREAD_START_ROUTINE)(uintptr_t)start, argument,
                                           flags, (LPDWORD)id));
}

void wvm_crt__endthreadex(unsigned code)
{
    wvm_kit_ExitThread(code);
}

#if defined(__x86_64__)
/* ---- orders that Windows code has ---- */

struct order {
    WVM_WINDOWS_CALL int (*compare)(const void *, const void *);
    const void *key;
};

static int compare_two(const void *a, const void *b, void *order)
{
    return ((struct order *)order)->compare(a, b);
}

static int compare_key(const void *order, const void *element)
{
    const struct order *o = order;
    return o->compare(o->key, element);
}

WVM_HIDDEN WVM_WINDOWS_CALL void wvm_crt_ms_qsort(void *base, size_t n, size_t width,
                                                  void *compare);
WVM_WINDOWS_CALL void wvm_crt_ms_qsort(void *base, size_t n, size_t width, void *compare)
{
    struct order order = {.compare = (WVM_WINDOWS_CALL int (*)(const void *, const void *))compare};
    qsort_r(base, n, width, compare_two, &order);
}

WVM_HIDDEN WVM_WINDOWS_CALL void *wvm_crt_ms_bsearch(const void *key, const void *base, size_t n,
                                                     size_t width, void *compare);
WVM_WINDOWS_CALL void *wvm_crt_ms_bsearch(const void *key, const void *base, size_t n,
                                          size_t width, void *compare)
{
    struct order order = {.compare = (WVM_WINDOWS_CALL int (*)(const void *, const void *))compare,
                          .key = key};
    return bsearch(&order, base, n, width, compare_key);
}

/* ---- a long of 32 bits ---- */

static int wvm_crt_short(long long v)
{
    if (v >= INT_MIN && v <= INT_MAX)
        return (int)v;
    errno = ERANGE;
    return v < 0 ? INT_MIN : INT_MAX;
}

static unsigned wvm_crt_unsigned(const char *text, char **end, int base)
{
    unsigned long long v = strtoull(text, end, base), size = v > LLONG_MAX ? 0 - v : v;
    if (size <= UINT_MAX)
        return (unsigned)v;
    errno = ERANGE;
    return UINT_MAX;
}

/* In thousandths, as CLOCKS_PER_SEC of Windows has it. */
static int wvm_crt_clock(void)
{
    return (int)(clock() / (CLOCKS_PER_SEC / 1000));
}
#endif

/* ---- entries ---- */

/* libc's, or whose the dynamic linker finds first. */
void *wvm_crt_look_up(const char *name)
{
    return dlsym(RTLD_DEFAULT, name);
}

#define C(ret, name, params, call) WVM_KIT_EXPORT_OWN(name, wvm_crt_look_up, CRT_ASKED)
#define P(name) WVM_KIT_EXPORT_OWN(name, wvm_crt_look_up, CRT_ASKED)
#define Q P
#define F(ret, name, params) \
    WVM_KIT_EXPORT_AS(name, wvm_crt_##name, wvm_crt_ms_##name, CRT_MODULES)
#define O(ret, name, params, args) \
    WVM_KIT_EXPORT_AS(name, wvm_crt_##name, wvm_crt_##name, CRT_MODULES)
#if defined(__x86_64__)
#undef C
#undef Q
#undef O
#define Q(name) WVM_KIT_EXPORT_AS(name, wvm_crt_look_up, wvm_crt_ms_##name, CRT_ASKED)
#define C(ret, name, params, call)                          \
    WVM_HIDDEN WVM_WINDOWS_CALL ret wvm_crt_ms_##name params; \
    WVM_WINDOWS_CALL ret wvm_crt_ms_##name params           \
    {                                                       \
        return call;                                        \
    }                                                       \
    WVM_KIT_EXPORT_AS(name, wvm_crt_look_up, wvm_crt_ms_##name, CRT_ASKED)
#define O(ret, name, params, args)                          \
    WVM_HIDDEN WVM_WINDOWS_CALL ret wvm_crt_ms_##name params; \
    WVM_WINDOWS_CALL ret wvm_crt_ms_##name params           \
    {                                                       \
        return wvm_crt_##name args;                         \
    }                                                       \
    WVM_KIT_EXPORT_AS(name, wvm_crt_##name, wvm_crt_ms_##name, CRT_MODULES)
#endif
#pragma GCC diagnostic ignored "-Wpedantic" /* a return of what is void */
#include "kit/kit_crt_list.h"

WVM_KIT_EXPORTS_HERE

/* What a program that is linked with the archive names to have this file. */
const char winvm_kit_crt WVM_HIDDEN = 0;
