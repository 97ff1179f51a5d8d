/* Exceptions that kernel-style calls raise in their caller. */
#ifndef WVM_NT_NT_RAISE_H
#define WVM_NT_NT_RAISE_H

#include <stdint.h>

/* Raises an exception with this status in the calling thread, one that must not be continued. No
 * lock may be held: a frame of the caller takes over. When nobody handles it the process ends. It
 * returns only where nothing was put into wvm_nt_raise_hook. */
void wvm_nt_raise(uint32_t status);

/* Who knows how: set by api/. */
extern void (*wvm_nt_raise_hook)(uint32_t status);

#endif
