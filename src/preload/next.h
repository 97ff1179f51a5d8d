/* The definitions behind ours, many at once: see next.c. */
#ifndef WVM_PRELOAD_NEXT_H
#define WVM_PRELOAD_NEXT_H

#include <stddef.h>

/* found[i] becomes the first definition of the i-th of n names, which stand behind one another each
 * with its NUL, in the libraries that come behind this object in load order; or stays NULL. */
void wvm_next_find(const char *names, size_t n, void **found) __attribute__((visibility("hidden")));

#endif
