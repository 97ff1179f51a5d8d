/* Files: what CreateFile and descriptors of the program become. */
#ifndef WVM_NT_NT_FILE_H
#define WVM_NT_NT_FILE_H

#include "nt/nt.h"
#include "nt/nt_object.h"

/* Type-stable. Fields are (c) while it lives unless noted. */
struct wvm_file {
    struct wvm_object_head head; /* first */
    int32_t fd;          /* (a) a kept descriptor, or the program's own (borrowed) */
    uint64_t dev, ino;   /* what fd was when it came; checked at each use */
    uint64_t opening;    /* (a) nt_file_share.c's */
    uint32_t access;     /* the rights it was opened with: for sharing */
    uint32_t permitted;  /* the rights that its descriptor can ever give */
    uint8_t share;       /* FILE_SHARE_* */
    bool borrowed;       /* (a) fd is the program's: never closed here */
    bool regular;        /* has a size and a position */
    bool overlapped;     /* FILE_FLAG_OVERLAPPED: calls must bring their offset */
    bool delete_on_close;
    int32_t opener;      /* the process that deletes it */
};

/* The descriptor, which still is the file. INVALID_HANDLE: somebody else closed it. To be used at
 * once; whoever keeps it makes a duplicate (wvm_host_fd_keep, wvm_host_fd_reopen). */
wvm_status wvm_file_descriptor(const struct wvm_file *f, int *fd) WVM_MUST_CHECK;

/* The status of a failed file call of the host (-errno). */
wvm_status wvm_file_status(long error);

#endif
