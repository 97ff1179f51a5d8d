/* Files: what CreateFile and descriptors of the program become. */
#ifndef WVM_NT_NT_FILE_H
#define WVM_NT_NT_FILE_H

#include "nt/nt.h"
#include "nt/nt_object.h"

/* Type-stable. Fields are (c) while it lives unless noted. */
struct wvm_file {
    struct wvm_object_head head; /* first */
    int32_t fd;          /* (a) a kept descriptor, or the program's own (borrowed) */
    wvm_word64 dev, ino; /* what fd was when it came; checked at each use */
    wvm_word64 opening;  /* (a) nt_file_share.c's */
    uint32_t access;     /* the rights it was opened with: for sharing */
    uint32_t permitted;  /* the rights that its descriptor can ever give */
    uint8_t share;       /* FILE_SHARE_* */
    uint8_t kind;        /* enum wvm_host_kind */
    bool overlapped;     /* FILE_FLAG_OVERLAPPED: calls must bring their offset */
    bool delete_on_close; /* (a) */
    int32_t opener;      /* (a) the process that deletes it */
    bool borrowed;       /* (a) fd is the program's: never closed here */
    uint32_t own_handle; /* (a) borrowed: the handle that stands for the descriptor */
};
extern struct wvm_object_pool wvm_file_pool;

/* The descriptor, which still is the file. INVALID_HANDLE: somebody else closed it. To be used at
 * once; whoever keeps it makes a duplicate (wvm_host_fd_keep, wvm_host_fd_reopen). */
wvm_status wvm_file_descriptor(const struct wvm_file *f, int *fd) WVM_MUST_CHECK;
/* A file object in state FILLING for a descriptor, without rights. NULL: too many. */
struct wvm_file *wvm_file_new(int fd);
void wvm_file_set_access(struct wvm_file *f, uint32_t access, uint32_t share);
/* Gives one up that no handle has. The descriptor stays open. */
void wvm_file_abandon(struct wvm_file *f);
/* The status of a failed file call of the host (-errno). */
wvm_status wvm_file_status(int64_t error);

/* ---- nt_file_share.c: who has which file open how, in this process ---- */
/* From now on f counts as open, unless another file object forbids it: SHARING_VIOLATION. */
wvm_status wvm_file_share(struct wvm_file *f) WVM_MUST_CHECK;
void wvm_file_unshare(struct wvm_file *f);
/* May the file be deleted? */
bool wvm_file_deletable(uint64_t dev, uint64_t ino);

/* ---- nt_file_open.c ---- */
struct wvm_file_request {
    const char *path;     /* the host's, UTF-8 or whatever the host has */
    uint32_t access;      /* as the caller gave it */
    uint32_t share;
    uint32_t disposition; /* CREATE_NEW ... TRUNCATE_EXISTING */
    uint32_t flags;       /* FILE_FLAG_*, FILE_ATTRIBUTE_* */
    bool inherit;
    bool existed;         /* out */
};
wvm_status wvm_file_open(struct wvm_file_request *req, HANDLE *out) WVM_MUST_CHECK;
wvm_status wvm_file_delete(const char *path) WVM_MUST_CHECK;

/* ---- nt_file_fd.c ---- */
/* A new handle for a duplicate of fd. INVALID_HANDLE, ACCESS_DENIED: fd was not opened for that. */
wvm_status wvm_file_from_fd(int fd, uint32_t access, HANDLE *out) WVM_MUST_CHECK;
/* The handle that stands for fd itself, the same each time. INVALID_HANDLE. */
wvm_status wvm_file_of_fd(int fd, HANDLE *out) WVM_MUST_CHECK;
/* A descriptor for the program that takes the handle over. */
wvm_status wvm_file_to_fd(HANDLE h, bool inherit, int *fd) WVM_MUST_CHECK;
/* A new descriptor, the caller's, for the open file of a handle that grants all of `rights`. */
wvm_status wvm_file_duplicate(HANDLE h, uint32_t rights, int *fd) WVM_MUST_CHECK;

/* ---- nt_file_io.c ---- */
struct wvm_file_io {
    HANDLE file;
    uintptr_t buf;
    size_t len;
    const uint64_t *at; /* NULL: the file's position; UINT64_MAX: append (writes only) */
};
/* *done: bytes moved, also on failure. INVALID_HANDLE, OBJECT_TYPE_MISMATCH, ACCESS_DENIED,
 * INVALID_PARAMETER, ACCESS_VIOLATION (the buffer, before anything is moved), END_OF_FILE. */
wvm_status wvm_file_read(const struct wvm_file_io *io, size_t *done) WVM_MUST_CHECK;
wvm_status wvm_file_write(const struct wvm_file_io *io, size_t *done) WVM_MUST_CHECK;

/* ---- nt_file_size.c ---- */
wvm_status wvm_file_size(HANDLE h, uint64_t *size) WVM_MUST_CHECK;
wvm_status wvm_file_kind(HANDLE h, unsigned *kind) WVM_MUST_CHECK; /* enum wvm_host_kind */
wvm_status wvm_file_position(HANDLE h, int64_t *at) WVM_MUST_CHECK;
wvm_status wvm_file_move(HANDLE h, int64_t at) WVM_MUST_CHECK;
wvm_status wvm_file_flush(HANDLE h) WVM_MUST_CHECK;
/* The file ends at its position. USER_MAPPED_FILE: views would lose pages. */
wvm_status wvm_file_set_end(HANDLE h) WVM_MUST_CHECK;
/* The same at any size; the position stays. */
wvm_status wvm_file_set_size(HANDLE h, uint64_t size) WVM_MUST_CHECK;
/* Is the file, or the empty folder, to be deleted with its last handle? */
wvm_status wvm_file_set_deleted(HANDLE h, bool deleted) WVM_MUST_CHECK;
/* The same for a descriptor of the file (dev, ino) and any size. */
wvm_status wvm_file_resize(const struct wvm_file *f, int fd, uint64_t size) WVM_MUST_CHECK;

/* ---- nt_path.c ---- */
#define WVM_PATH_CAP 4096
/* Copies a caller's path. INVALID_PARAMETER... see there. */
wvm_status wvm_path_fetch(char out[WVM_PATH_CAP], const char *from) WVM_MUST_CHECK;
wvm_status wvm_path_fetch_w(char out[WVM_PATH_CAP], const uint16_t *from) WVM_MUST_CHECK;

#endif
