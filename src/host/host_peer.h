/* Descriptors of processes of the same user, seen through /proc. Part of the host room; errno is
 * preserved. */
#ifndef WVM_HOST_HOST_PEER_H
#define WVM_HOST_HOST_PEER_H

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

/* A file of a process: its descriptor fd, which was the file (dev, ino). */
struct wvm_host_peer_fd {
    pid_t pid; /* may be this process: then no /proc is needed to look at it */
    int fd;
    uint64_t dev, ino;
};

/* 1: it still is that file; 0: not any more, or there is no such process; -errno: cannot tell. */
int wvm_host_peer_fd_is(const struct wvm_host_peer_fd *peer);
/* A kept descriptor of this process (host_object.h) for that file, with its own position; *writable
 * as theirs is. -ENOENT: it is not that file any more; -EACCES; another -errno. */
int wvm_host_peer_fd_open(const struct wvm_host_peer_fd *peer, bool *writable);
/* The number of this process's space of process ids: pid means one process within it. 0: unknown.
 */
uint64_t wvm_host_pid_space(void);

#endif
