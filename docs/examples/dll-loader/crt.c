/* The C run time that modules get from us instead of one of their own: what they allocate is ours
 * to count, and their messages go where ours go.
 *
 * These are the functions of msvcrt.dll that a C run time's own start-up code and simple modules
 * import. WINAPI makes each of them callable by code for Windows; va_list is a pointer there, to
 * slots of eight bytes. */
#include "image.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

typedef void(WINAPI *start_function)(void);

static volatile LONG blocks;
static CRITICAL_SECTION crt_lock;
static INIT_ONCE crt_once = INIT_ONCE_STATIC_INIT;
static BYTE streams[3][48]; /* the size of msvcrt's FILE: modules only take their addresses */

static void *WINAPI crt_malloc(size_t size)
{
    void *p = malloc(size);

    if (p != NULL)
        InterlockedIncrement(&blocks);
    return p;
}

static void *WINAPI crt_calloc(size_t n, size_t size)
{
    void *p = calloc(n, size);

    if (p != NULL)
        InterlockedIncrement(&blocks);
    return p;
}

static void WINAPI crt_free(void *p)
{
    if (p != NULL)
        InterlockedDecrement(&blocks);
    free(p);
}

static void *WINAPI crt_realloc(void *p, size_t size)
{
    void *moved;

    if (p == NULL)
        return crt_malloc(size);
    moved = realloc(p, size);
    if (size == 0)
        InterlockedDecrement(&blocks);
    return moved;
}

static void *WINAPI crt_memcpy(void *to, const void *from, size_t n) { return memcpy(to, from, n); }
static void *WINAPI crt_memset(void *to, int c, size_t n) { return memset(to, c, n); }
static size_t WINAPI crt_strlen(const char *text) { return strlen(text); }

static int WINAPI crt_strncmp(const char *a, const char *b, size_t n)
{
    return strncmp(a, b, n);
}

static void WINAPI crt_abort(void)
{
    abort();
}

/* An error of the start-up code. */
static void WINAPI crt_amsg_exit(int number)
{
    fprintf(stderr, "the C run time of a module stops with %d\n", number);
    ExitProcess(255);
}

static void WINAPI crt_initterm(start_function *p, start_function *end)
{
    for (; p < end; p++)
        if (*p != NULL)
            (*p)();
}

static BOOL WINAPI make_lock(PINIT_ONCE once, void *arg, void **context)
{
    (void)once, (void)arg, (void)context;
    InitializeCriticalSection(&crt_lock);
    return TRUE;
}

/* One lock for all numbers. */
static void WINAPI crt_lock_number(int number)
{
    (void)number;
    InitOnceExecuteOnce(&crt_once, make_lock, NULL, NULL);
    EnterCriticalSection(&crt_lock);
}

static void WINAPI crt_unlock_number(int number)
{
    (void)number;
    LeaveCriticalSection(&crt_lock);
}

static void *WINAPI crt_iob(void)
{
    return streams;
}

static FILE *stream_of(const void *stream)
{
    return stream == streams[2] ? stderr : stdout;
}

static size_t WINAPI crt_fwrite(const void *from, size_t size, size_t n, void *stream)
{
    return fwrite(from, size, n, stream_of(stream));
}

/* One conversion of a format, whose argument is at `slot`; 0: it takes none. */
static int put_one(FILE *to, char conversion, const BYTE *slot)
{
    ULONGLONG value;
    const char *text;

    memcpy(&value, slot, sizeof(value));
    memcpy(&text, slot, sizeof(text));
    switch (conversion) {
    case 'd': return fprintf(to, "%d", (int)value);
    case 'u': return fprintf(to, "%u", (unsigned)value);
    case 'x': return fprintf(to, "%x", (unsigned)value);
    case 'p': return fprintf(to, "%llx", (unsigned long long)value);
    case 'c': return fprintf(to, "%c", (int)value);
    case 's': return fprintf(to, "%s", text);
    default: fputc(conversion, to); return 0;
    }
}

static int WINAPI crt_vfprintf(void *stream, const char *format, const BYTE *slots)
{
    FILE *to = stream_of(stream);

    for (; *format != '\0'; format++) {
        if (*format != '%' || format[1] == '\0')
            fputc(*format, to);
        else if (put_one(to, *++format, slots))
            slots += 8;
    }
    return 0;
}

#define OFFER(name, function) {name, (any_function)(void *)(function)}
static const struct {
    const char *name;
    any_function function;
} offered[] = {
    OFFER("__iob_func", crt_iob),
    OFFER("_amsg_exit", crt_amsg_exit),
    OFFER("_initterm", crt_initterm),
    OFFER("_lock", crt_lock_number),
    OFFER("_unlock", crt_unlock_number),
    OFFER("abort", crt_abort),
    OFFER("calloc", crt_calloc),
    OFFER("free", crt_free),
    OFFER("fwrite", crt_fwrite),
    OFFER("malloc", crt_malloc),
    OFFER("memcpy", crt_memcpy),
    OFFER("memset", crt_memset),
    OFFER("realloc", crt_realloc),
    OFFER("strlen", crt_strlen),
    OFFER("strncmp", crt_strncmp),
    OFFER("vfprintf", crt_vfprintf),
};

any_function crt_function(const char *name)
{
    for (size_t i = 0; i < sizeof(offered) / sizeof(offered[0]); i++)
        if (strcmp(offered[i].name, name) == 0)
            return offered[i].function;
    return NULL;
}

LONG crt_blocks(void)
{
    return blocks;
}
