/* winvm/crt_malloc.h: the memory functions of Windows' malloc.h over those of libc.
 *
 * _msize is what libc says, which may be more than was asked for; so _recalloc clears what is added
 * behind it, which is all of it for memory of calloc and _recalloc. */
#ifndef WINVM_CRT_MALLOC_H
#define WINVM_CRT_MALLOC_H

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include "crt_new.h"
#include "crt_stack.h"
#include "crt_types.h"

/* In front of each block of _aligned_malloc. */
struct winvm_aligned_ {
    void *raw; /* of malloc */
    size_t size;
};

/* Address + offset is a multiple of alignment, a power of two. NULL and errno EINVAL, ENOMEM. */
WINVM_CRT_ void *_aligned_offset_malloc(size_t size, size_t alignment, size_t offset)
{
    struct winvm_aligned_ *head;
    size_t room, at;
    char *raw;
    if (alignment == 0 || (alignment & (alignment - 1)) || (offset && offset >= size)) {
        errno = EINVAL;
        return NULL;
    }
    if (alignment < sizeof(void *)) alignment = sizeof(void *);
    if (__builtin_add_overflow(size, alignment - 1 + sizeof(*head), &room)) {
        errno = ENOMEM;
        return NULL;
    }
    raw = (char *)malloc(room);
    if (!raw) return NULL;
    at = (size_t)raw + sizeof(*head) + offset;
    at = ((at + alignment - 1) & ~(alignment - 1)) - offset;
    head = (struct winvm_aligned_ *)(raw + (at - (size_t)raw) - sizeof(*head));
    memcpy(&head->raw, &raw, sizeof(raw));
    memcpy(&head->size, &size, sizeof(size));
    return raw + (at - (size_t)raw);
}

WINVM_CRT_ struct winvm_aligned_ winvm_aligned_head_(const void *p)
{
    struct winvm_aligned_ head;
    memcpy(&head, (const char *)p - sizeof(head), sizeof(head));
    return head;
}

WINVM_CRT_ void _aligned_free(void *p)
{
    if (p) free(winvm_aligned_head_(p).raw);
}

/* The block as it was when there is no memory; size 0 frees it. */
WINVM_CRT_ void *_aligned_offset_realloc(void *p, size_t size, size_t alignment, size_t offset)
{
    void *to;
    size_t was;
    if (!p) return _aligned_offset_malloc(size, alignment, offset);
    if (!size) {
        _aligned_free(p);
        return NULL;
    }
    to = _aligned_offset_malloc(size, alignment, offset);
    if (!to) return NULL;
    was = winvm_aligned_head_(p).size;
    memcpy(to, p, was < size ? was : size);
    _aligned_free(p);
    return to;
}

WINVM_CRT_ void *_aligned_offset_recalloc(void *p, size_t n, size_t size, size_t alignment,
                                          size_t offset)
{
    size_t was = p ? winvm_aligned_head_(p).size : 0, all;
    void *to;
    if (__builtin_mul_overflow(n, size, &all)) {
        errno = ENOMEM;
        return NULL;
    }
    to = _aligned_offset_realloc(p, all, alignment, offset);
    if (to && all > was) memset((char *)to + was, 0, all - was);
    return to;
}

#define _aligned_malloc(size, alignment) _aligned_offset_malloc((size), (alignment), 0)
#define _aligned_realloc(p, size, alignment) _aligned_offset_realloc((p), (size), (alignment), 0)
#define _aligned_recalloc(p, n, size, alignment) \
    _aligned_offset_recalloc((p), (n), (size), (alignment), 0)
WINVM_CRT_ size_t _aligned_msize(void *p, size_t alignment, size_t offset)
{
    (void)alignment;
    (void)offset;
    return winvm_aligned_head_(p).size;
}
#define __mingw_aligned_malloc _aligned_malloc
#define __mingw_aligned_free _aligned_free
#define __mingw_aligned_realloc _aligned_realloc

#define _msize(p) malloc_usable_size((void *)(p))
WINVM_CRT_ void *_recalloc(void *p, size_t n, size_t size)
{
    size_t was = p ? malloc_usable_size(p) : 0, all, is;
    void *to;
    if (__builtin_mul_overflow(n, size, &all)) {
        errno = ENOMEM;
        return NULL;
    }
    if (p && !all) {
        free(p);
        return NULL;
    }
    to = realloc(p, all ? all : 1);
    is = to ? malloc_usable_size(to) : 0;
    if (is > was) memset((char *)to + was, 0, is - was);
    return to;
}
/* The same block when it has that room already, else NULL. */
WINVM_CRT_ void *_expand(void *p, size_t size)
{
    return p && size <= malloc_usable_size(p) ? p : NULL;
}

#define _HEAPEMPTY (-1)
#define _HEAPOK (-2)
#define _HEAPBADBEGIN (-3)
#define _HEAPBADNODE (-4)
#define _HEAPEND (-5)
#define _HEAPBADPTR (-6)
/* libc has no check of the whole heap; it ends a program that it finds to have damaged it. */
WINVM_CRT_ int _heapchk(void)
{
    return _HEAPOK;
}
typedef struct _heapinfo {
    int *_pentry;
    size_t _size;
    int _useflag;
} _HEAPINFO;
#define _FREEENTRY 0
#define _USEDENTRY 1
/* libc does not tell its blocks: _HEAPEND at once, errno ENOSYS. */
WINVM_CRT_ int _heapwalk(_HEAPINFO *at)
{
    (void)at;
    errno = ENOSYS;
    return _HEAPEND;
}
/* Gives memory that is free back to the host. 0. */
WINVM_CRT_ int _heapmin(void)
{
#if defined(__GLIBC__)
    malloc_trim(0);
#endif
    return 0;
}
/* Behind windows.h: the heap that malloc is. */
#define _get_heap_handle() ((intptr_t)GetProcessHeap())

#define _alloca(size) __builtin_alloca(size)
/* Memory of the stack when it is little, else of malloc; _freea takes both. */
#define _ALLOCA_S_THRESHOLD 1024
#define _ALLOCA_S_MARKER_SIZE 16
#define _malloca(size)                                                                           \
    (__extension__({                                                                             \
        size_t winvm_size_ = (size) + _ALLOCA_S_MARKER_SIZE;                                     \
        int winvm_little_ = winvm_size_ <= _ALLOCA_S_THRESHOLD;                                  \
        winvm_malloca_mark_(winvm_little_ ? __builtin_alloca(winvm_size_) : malloc(winvm_size_), \
                            winvm_little_);                                                      \
    }))
WINVM_CRT_ void *winvm_malloca_mark_(void *raw, int little)
{
    unsigned int mark = little ? 0xCCCC : 0xDDDD;
    if (!raw) return NULL;
    memcpy(raw, &mark, sizeof(mark));
    return (char *)raw + _ALLOCA_S_MARKER_SIZE;
}
WINVM_CRT_ void _freea(void *p)
{
    unsigned int mark;
    if (!p) return;
    memcpy(&mark, (char *)p - _ALLOCA_S_MARKER_SIZE, sizeof(mark));
    if (mark == 0xDDDD) free((char *)p - _ALLOCA_S_MARKER_SIZE);
}

#endif
