/* Hints about memory that will or will not be used, over many ranges with few system calls. Part of
 * the host room: no malloc, errno is preserved, safe in a signal handler. */
#ifndef WVM_HOST_HOST_HINT_H
#define WVM_HOST_HOST_HINT_H

#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/annotate.h"

enum wvm_host_hint {
    WVM_HINT_NEED,  /* to be read into memory now, as far as it lies in swap or in files */
    WVM_HINT_COLD,  /* to be the first to go when memory is short */
    WVM_HINT_TRIM,  /* to go now, contents kept */
};

/* Page multiples, len not 0; it does not wrap. What the kernel calls an iovec. */
struct wvm_host_range {
    uintptr_t start;
    size_t len;
};

/* Pages of process pid, 0: this one. What is not mapped or cannot follow the hint is passed over.
 * 0, or -errno when the process cannot be reached: -ESRCH, -EPERM (another process needs
 * CAP_SYS_NICE), -ENOSYS (before Linux 5.10). */
int wvm_host_hint(pid_t pid, enum wvm_host_hint hint, const struct wvm_host_range *range,
                  size_t n) WVM_MUST_CHECK;

#endif
