/* winvm/crt_search.h: sorting and searching with a context, as Windows' stdlib.h and search.h have
 * them. The handler of invalid parameters hears of EINVAL. */
#ifndef WINVM_CRT_SEARCH_H
#define WINVM_CRT_SEARCH_H

#include <stdlib.h>
#include <string.h>

#include "crt_types.h"

WINVM_BEGIN_DECLS

typedef int(__cdecl *winvm_compare_with_)(void *, const void *, const void *);
typedef int(__cdecl *winvm_compare_)(const void *, const void *);

WINVM_CRT_ void winvm_swap_(char *a, char *b, size_t width)
{
    for (; width; width--, a++, b++) {
        char c = *a;
        *a = *b;
        *b = c;
    }
}
/* Element `at` of a heap of n goes down to where no child is larger. */
WINVM_CRT_ void winvm_sift_(char *base, size_t at, size_t n, size_t width,
                            winvm_compare_with_ compare, void *context)
{
    for (;;) {
        size_t child = 2 * at + 1;
        if (child >= n) return;
        if (child + 1 < n &&
            compare(context, base + child * width, base + (child + 1) * width) < 0)
            child++;
        if (compare(context, base + at * width, base + child * width) >= 0) return;
        winvm_swap_(base + at * width, base + child * width, width);
        at = child;
    }
}
/* Without memory, in n log n steps at most. Equal elements may change places. */
WINVM_CRT_ void qsort_s(void *base, rsize_t n, rsize_t width, winvm_compare_with_ compare,
                        void *context)
{
    char *at = (char *)base;
    size_t i;
    if ((!base && n) || !width || !compare) {
        winvm_crt_error_(EINVAL);
        return;
    }
    for (i = n / 2; i-- > 0;) winvm_sift_(at, i, n, width, compare, context);
    for (i = n; i-- > 1;) {
        winvm_swap_(at, at + i * width, width);
        winvm_sift_(at, 0, i, width, compare, context);
    }
}
/* NULL: no element is equal to the key. */
WINVM_CRT_ void *bsearch_s(const void *key, const void *base, rsize_t n, rsize_t width,
                           winvm_compare_with_ compare, void *context)
{
    const char *at = (const char *)base;
    if (!key || (!base && n) || !width || !compare) {
        winvm_crt_error_(EINVAL);
        return NULL;
    }
    while (n) {
        const char *middle = at + n / 2 * width;
        int order = compare(context, key, middle);
        if (!order) return (void *)(uintptr_t)middle;
        if (order > 0) at = middle + width;
        n = order > 0 ? n - n / 2 - 1 : n / 2;
    }
    return NULL;
}

/* The first of *n elements that is equal to the key; NULL. */
WINVM_CRT_ void *_lfind_s(const void *key, const void *base, unsigned *n, size_t width,
                          winvm_compare_with_ compare, void *context)
{
    const char *at = (const char *)base;
    unsigned i;
    if (!key || !n || (!base && *n) || !width || !compare) {
        winvm_crt_error_(EINVAL);
        return NULL;
    }
    for (i = 0; i < *n; i++, at += width)
        if (!compare(context, key, at)) return (void *)(uintptr_t)at;
    return NULL;
}
/* The same; when there is none, the key becomes the last element. */
WINVM_CRT_ void *_lsearch_s(const void *key, void *base, unsigned *n, size_t width,
                            winvm_compare_with_ compare, void *context)
{
    void *found = _lfind_s(key, base, n, width, compare, context);
    if (found || !key || !n || !base || !width || !compare) return found;
    return memcpy((char *)base + (*n)++ * width, key, width);
}
struct winvm_plain_compare_ {
    winvm_compare_ compare;
};
WINVM_CRT_ int __cdecl winvm_compare_plainly_(void *plain, const void *a, const void *b)
{
    return ((struct winvm_plain_compare_ *)plain)->compare(a, b);
}
WINVM_CRT_ void *_lfind(const void *key, const void *base, unsigned *n, unsigned width,
                        winvm_compare_ compare)
{
    struct winvm_plain_compare_ plain;
    plain.compare = compare;
    return _lfind_s(key, base, n, width, compare ? winvm_compare_plainly_ : NULL, &plain);
}
WINVM_CRT_ void *_lsearch(const void *key, void *base, unsigned *n, unsigned width,
                          winvm_compare_ compare)
{
    struct winvm_plain_compare_ plain;
    plain.compare = compare;
    return _lsearch_s(key, base, n, width, compare ? winvm_compare_plainly_ : NULL, &plain);
}

WINVM_END_DECLS

#endif
