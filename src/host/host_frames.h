/* Pages of shared memory that are there before anybody touches them. Part of the host room: results
 * are 0 or -errno, errno is preserved, offsets and lengths are page multiples. */
#ifndef WVM_HOST_HOST_FRAMES_H
#define WVM_HOST_HOST_FRAMES_H

#include <stdbool.h>
#include <stdint.h>

#define WVM_HOST_ANY_NODE UINT32_MAX

/* New shared memory is going to hold frames: mapping it notes no time of access. */
void wvm_host_frames_begin(int fd);
/* [at, at + len) of the shared memory fd has pages, near memory node `node` where the host has room
 * there; those that had none are zeroed. All of them or, where it fails, maybe some. -EINTR: a
 * signal came; -EFBIG: the limit of file sizes; -ENOSPC, -ENOMEM: no memory. */
int wvm_host_frames_fill(int fd, uint64_t at, uint64_t len, uint32_t node);
/* [at, at + len) of it has none any more. */
int wvm_host_frames_empty(int fd, uint64_t at, uint64_t len);

#endif
