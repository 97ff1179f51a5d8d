/* What the families about files have in common: what the host tells of a file, and errors. */
#ifndef WVM_KIT_KIT_FILE_H
#define WVM_KIT_KIT_FILE_H

#include "kit/kit.h"

#pragma GCC visibility push(hidden)

/* What the host tells of a file. */
struct wvm_kit_file {
    uint64_t dev, ino, size, allocated;          /* bytes */
    FILETIME created, accessed, written, changed; /* created: as written where it is not known */
    uint32_t mode, links;                        /* of struct stat */
};
/* Of a descriptor (path NULL), or of a path in the current folder; follow: of what a symbolic link
 * leads to. 0, or an errno. */
int wvm_kit_file_of(int fd, const char *path, bool follow, struct wvm_kit_file *out);
/* FILE_ATTRIBUTE_*: DIRECTORY, READONLY when nobody may write, REPARSE_POINT of a symbolic link; or
 * NORMAL. */
DWORD wvm_kit_file_attributes(const struct wvm_kit_file *f);

/* The last error of a failed call of the host about path (NULL: none). FALSE. */
BOOL wvm_kit_file_fail(int error, const char *path);
/* The same for a missing path, else 0: neither NULL nor empty. */
bool wvm_kit_file_named(const char *path);
/* The path as UTF-8, of malloc; NULL and the last error. */
char *wvm_kit_file_path(LPCWSTR path);

/* The number of a volume, by what statvfs says of it. */
static inline DWORD wvm_kit_file_serial(uint64_t fsid)
{
    return (DWORD)(fsid ^ fsid >> 32);
}
/* The permissions of f that attributes mean: READONLY takes the right to write from everybody, its
 * absence gives it to the owner when nobody has it. */
uint32_t wvm_kit_file_permissions(const struct wvm_kit_file *f, DWORD attributes);
/* The path of an open descriptor that other calls may use: "/proc/self/fd/...". */
#define WVM_KIT_FD_PATH 32
void wvm_kit_file_fd_path(int fd, char out[WVM_KIT_FD_PATH]);
/* Renames as MoveFileEx does; taken: not asking whether the handles of `from` permit it. */
BOOL wvm_kit_file_move(const char *from, const char *to, DWORD flags, bool taken);

/* A handle that the path may be deleted or renamed through, as far as the handles of this process
 * allow; INVALID_HANDLE_VALUE and the last error. Symbolic links are not followed. */
HANDLE wvm_kit_file_take(const char *path);

/* A call that is over sets the event of its OVERLAPPED, if it has one. */
static inline void wvm_kit_overlapped_done(const OVERLAPPED *ov)
{
    HANDLE event = (HANDLE)((uintptr_t)ov->hEvent & ~(uintptr_t)1);
    if (event)
        wvm_kit_SetEvent(event);
}

#pragma GCC visibility pop

#endif
