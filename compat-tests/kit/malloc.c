/* The malloc of a program, made of an allocator that is written for Windows: the example's. It is
 * linked with the kit, whose heap calls malloc, and which itself calls the kit's locks and slots;
 * so the kit and winvm must not need a heap for what an allocator uses.
 *
 * What is asked for while the allocator starts, by its own first call, is from a small array. */
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../../docs/examples/allocator/alloc.h"

#define EARLY (64 << 10)
#define PUBLIC __attribute__((visibility("default")))

PUBLIC size_t malloc_usable_size(void *block);
PUBLIC void *memalign(size_t align, size_t size);
PUBLIC void *pvalloc(size_t size);
PUBLIC unsigned long nested_calls(void);

static _Alignas(16) char early[EARLY];
static size_t early_used;
static unsigned long n_nested;
static int state;                       /* 0; 1: starting; 2 */
static __thread int is_starter __attribute__((tls_model("initial-exec")));
static __thread int depth __attribute__((tls_model("initial-exec")));

static void *get_early(size_t size)
{
    size_t *at = (size_t *)(void *)(early + early_used);
    size = (size + 31) & ~(size_t)15;
    if (size > EARLY - early_used)
        return NULL;
    early_used += size;
    *at = size - 16;
    return at + 2;
}

static int is_early(const void *block)
{
    return (const char *)block >= early && (const char *)block < early + EARLY;
}

static void start(void)
{
    int fresh = 0;
    if (__atomic_compare_exchange_n(&state, &fresh, 1, 0, __ATOMIC_ACQ_REL, __ATOMIC_ACQUIRE)) {
        is_starter = 1;
        alloc_start(0);
        is_starter = 0;
        __atomic_store_n(&state, 2, __ATOMIC_RELEASE);
    }
    while (__atomic_load_n(&state, __ATOMIC_ACQUIRE) != 2)
        usleep(100);
}

static void *get(size_t size, size_t align)
{
    int error = errno;
    void *block;
    if (depth++ > 0 || is_starter)
        __atomic_add_fetch(&n_nested, 1, __ATOMIC_RELAXED);
    if (is_starter)
        block = get_early(size);
    else {
        if (__atomic_load_n(&state, __ATOMIC_ACQUIRE) != 2)
            start();
        block = alloc_get(size, align);
    }
    depth--;
    errno = block ? error : ENOMEM;
    return block;
}

/* How many blocks the allocator itself has asked for, by what it called. */
unsigned long nested_calls(void)
{
    return n_nested;
}

PUBLIC void *malloc(size_t size)
{
    return get(size, 16);
}

PUBLIC void free(void *block)
{
    int error = errno;
    depth++;
    if (!is_early(block))
        alloc_free(block);
    depth--;
    errno = error;
}

PUBLIC void *calloc(size_t n, size_t size)
{
    size_t sum;
    void *block = __builtin_mul_overflow(n, size, &sum) ? NULL : get(sum, 16);
    if (block)
        memset(block, 0, sum);
    else
        errno = ENOMEM;
    return block;
}

PUBLIC size_t malloc_usable_size(void *block)
{
    if (!block)
        return 0;
    return is_early(block) ? ((size_t *)block)[-2] : alloc_size(block);
}

PUBLIC void *realloc(void *block, size_t size)
{
    int error = errno;
    void *to;
    if (!block)
        return get(size, 16);
    if (is_early(block)) {
        size_t old = malloc_usable_size(block);
        to = get(size, 16);
        return to ? memcpy(to, block, old < size ? old : size) : NULL;
    }
    depth++;
    to = alloc_resize(block, size);
    depth--;
    errno = to ? error : ENOMEM;
    return to;
}

PUBLIC void *memalign(size_t align, size_t size)
{
    if (align == 0 || (align & (align - 1)) != 0) {
        errno = EINVAL;
        return NULL;
    }
    return get(size, align < 16 ? 16 : align);
}

PUBLIC void *aligned_alloc(size_t align, size_t size)
{
    return memalign(align, size);
}

PUBLIC int posix_memalign(void **block, size_t align, size_t size)
{
    int error = errno;
    void *at = align % sizeof(void *) ? (errno = EINVAL, NULL) : memalign(align, size);
    int status = at ? 0 : errno;
    if (at)
        *block = at;
    errno = error;
    return status;
}

PUBLIC void *valloc(size_t size)
{
    return memalign(4096, size);
}

PUBLIC void *pvalloc(size_t size)
{
    return memalign(4096, (size + 4095) & ~(size_t)4095);
}
