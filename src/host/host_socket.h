/* Sockets between processes of one machine: names in a directory, whole messages, one descriptor
 * passed with a message. Part of the host room; results are 0, a descriptor, a length or -errno;
 * errno is preserved; no signal is raised by a peer that went away. */
#ifndef WVM_HOST_HOST_SOCKET_H
#define WVM_HOST_HOST_SOCKET_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* Milliseconds of a clock that only rises. */
uint64_t wvm_host_now(void);

/* A kept descriptor (host_object.h) that listens under name in directory dir, for this user alone.
 * The name appears when calls are accepted, and takes the place of an older one. */
int wvm_host_socket_listen(int dir, const char *name);
/* Waits until `until` (wvm_host_now()) for a place in the queue. -ENOENT, -ECONNREFUSED: nobody
 * listens; -ETIMEDOUT. The caller's, close-on-exec, blocking. */
int wvm_host_socket_connect(int dir, const char *name, uint64_t until);
/* A kept descriptor that never blocks. -EAGAIN: nobody called. */
int wvm_host_socket_accept(int fd);
/* Takes a name away. */
int wvm_host_socket_remove(int dir, const char *name);
/* Visits the names in the directory from its beginning, until visit says false. */
int wvm_host_dir_each(int dir, bool (*visit)(int dir, const char *name, void *ctx), void *ctx);
/* Who made or accepted the connection. */
int wvm_host_socket_peer(int fd, pid_t *pid, uid_t *uid);

/* One whole message; pass: a descriptor that goes with it, -1: none. */
int wvm_host_socket_send(int fd, const void *msg, size_t len, int pass);
/* The next message; 0: the other side closed. -EMSGSIZE: it was longer than cap, and is lost.
 * *passed: a descriptor that came with it, the caller's, close-on-exec, or -1. */
ssize_t wvm_host_socket_receive(int fd, void *msg, size_t cap, int *passed);

/* Waits at most ms milliseconds. Number of descriptors with something to read or with an end, which
 * are marked; negative numbers are left out. */
struct wvm_host_wait {
    int fd;
    bool ready;
};
int wvm_host_socket_wait(struct wvm_host_wait *list, unsigned n, unsigned ms);

#endif
