/* Descriptors that winvm keeps as objects: shared memory, files behind sections and file handles.
 *
 * Every kept descriptor is close-on-exec and has a high number where the limit allows; when the
 * process is at its soft limit of descriptors, that is raised towards the hard one. A program may
 * close any descriptor behind winvm's back (close_range): what is closed here is closed only while
 * it still is the same file. Results are 0, a descriptor, or -errno; errno is preserved. */
#ifndef WVM_HOST_HOST_OBJECT_H
#define WVM_HOST_HOST_OBJECT_H

#include "host/host.h"

struct wvm_host_fd_info {
    uint64_t dev, ino;
    uint64_t size;
    bool regular;            /* a file that can be mapped (also shared memory) */
    bool readable, writable; /* as the descriptor was opened */
};

/* New shared memory of len bytes, zeroed, mapped by nobody. name: for the kernel's lists. Its
 * number is left as it is while that is small: sections that come and go would pay for another. */
int wvm_host_shm_create(const char *name, uint64_t len);
/* From now on nobody can change the size of this shared memory. -EPERM where that is refused. */
int wvm_host_shm_seal(int fd);
bool wvm_host_shm_is_sealed(int fd);
/* A kept duplicate of a descriptor of the program's. */
int wvm_host_fd_keep(int fd);
/* A kept descriptor of its own (own file position) for the file behind a kept or foreign one.
 * write: for reading and writing. */
int wvm_host_fd_reopen(pid_t pid, int fd, bool write);
int wvm_host_fd_info(int fd, struct wvm_host_fd_info *out);
/* What the file behind fd is known by. False: it is not open. */
bool wvm_host_fd_identify(int fd, uint64_t *dev, uint64_t *ino);
/* A quicker proof for descriptors whose file position nobody uses or shares: *mark is a position
 * that no file of a program is at. -errno: this file takes none. */
int wvm_host_fd_mark(int fd, uint64_t *mark);
bool wvm_host_fd_is_marked(int fd, uint64_t mark);
/* Closes fd if it still has the mark. */
void wvm_host_fd_close_marked(int fd, uint64_t mark);
/* Closes fd if it is still the file (dev, ino). */
void wvm_host_fd_close(int fd, uint64_t dev, uint64_t ino);
/* -EFBIG instead of the signal that the limit of file sizes would send. */
int wvm_host_fd_resize(int fd, uint64_t size);
/* The file has at least `size` bytes afterwards; never makes it smaller. -ENOSPC. */
int wvm_host_fd_extend(int fd, uint64_t size);
/* Reads until len bytes are there or the file ends. Bytes or -errno. host_contents.c. */
int64_t wvm_host_fd_read(int fd, void *out, size_t len, uint64_t at);
/* Copies until len bytes are there or the file ends. Bytes or -errno. The position of `to` moves,
 * that of `from` does not. */
struct wvm_host_fd_copy {
    int from, to;
    uint64_t from_at, to_at, len;
};
int64_t wvm_host_fd_copy(const struct wvm_host_fd_copy *c);
/* Where the file of a descriptor lies now, NUL-terminated; " (deleted)" behind it when it has no
 * name any more. Length without NUL, or -errno; -ENOENT without /proc. */
ssize_t wvm_host_fd_path(int fd, char *out, size_t cap);
/* Memory of a descriptor for winvm's own use, shared, readable and writable. */
int wvm_host_fd_map_meta(int fd, uint64_t offset, size_t len, void **out);

#endif
