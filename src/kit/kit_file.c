/* What the host tells of files, and what its errors are on Windows.
 *
 * I1  Times and sizes have 64 bits on every host: the kernel's statx is asked, not the C library.
 * Locking: none.   Failure: nothing changed.   Signal safety: wvm_kit_file_of and _attributes. */
#include "kit/kit_file.h"

#include <errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "kit/kit_text.h"

#define SECONDS_FROM_1601_TO_1970 11644473600LL
#define SECTOR 512
#define WRITERS 0222u
#define OWNER_WRITES 0200u
/* The kind of a file in its mode; <sys/stat.h> does not go with the kernel's header. */
#define KIND 0170000u
#define KIND_FOLDER 0040000u
#define KIND_LINK 0120000u

static FILETIME time_of(const struct statx_timestamp *t)
{
    uint64_t seconds = (uint64_t)(t->tv_sec + SECONDS_FROM_1601_TO_1970);
    uint64_t ticks = seconds * 10000000 + t->tv_nsec / 100;
    return (FILETIME){(DWORD)ticks, (DWORD)(ticks >> 32)};
}

int wvm_kit_file_of(int fd, const char *path, bool follow, struct wvm_kit_file *out)
{
    struct statx s;
    int flags = path ? (follow ? 0 : AT_SYMLINK_NOFOLLOW) : AT_EMPTY_PATH;
    if (syscall(SYS_statx, path ? AT_FDCWD : fd, path ? path : "", flags,
                STATX_BASIC_STATS | STATX_BTIME, &s) != 0)
        return errno;
    *out = (struct wvm_kit_file){
        .dev = (uint64_t)s.stx_dev_major << 32 | s.stx_dev_minor,
        .ino = s.stx_ino,
        .size = s.stx_size,
        .allocated = s.stx_blocks * SECTOR,
        .created = time_of(s.stx_mask & STATX_BTIME ? &s.stx_btime : &s.stx_mtime),
        .accessed = time_of(&s.stx_atime),
        .written = time_of(&s.stx_mtime),
        .changed = time_of(&s.stx_ctime),
        .mode = s.stx_mode,
        .links = s.stx_nlink,
    };
    return 0;
}

DWORD wvm_kit_file_attributes(const struct wvm_kit_file *f)
{
    DWORD found = (f->mode & KIND) == KIND_FOLDER ? FILE_ATTRIBUTE_DIRECTORY : 0u;
    if ((f->mode & KIND) == KIND_LINK)
        found |= FILE_ATTRIBUTE_REPARSE_POINT;
    else if (!(f->mode & WRITERS))
        found |= FILE_ATTRIBUTE_READONLY;
    return found ? found : FILE_ATTRIBUTE_NORMAL;
}

uint32_t wvm_kit_file_permissions(const struct wvm_kit_file *f, DWORD attributes)
{
    uint32_t mode = f->mode & ~KIND;
    if (attributes & FILE_ATTRIBUTE_READONLY)
        return mode & ~WRITERS;
    return mode & WRITERS ? mode : mode | OWNER_WRITES;
}

/* Is the folder that the path would be in there? */
static bool has_folder(const char *path)
{
    struct wvm_kit_file f;
    size_t n = strlen(path);
    while (n > 1 && path[n - 1] == '/')
        n--;
    while (n > 0 && path[n - 1] != '/')
        n--;
    char *folder = n > 0 ? strndup(path, n) : NULL;
    bool is = n == 0 || (folder && wvm_kit_file_of(-1, folder, true, &f) == 0);
    free(folder);
    return is;
}

static DWORD error_of(int error, const char *path)
{
    static const struct {
        int error;
        DWORD is;
    } table[] = {
        {ENOTDIR, ERROR_PATH_NOT_FOUND},     {ELOOP, ERROR_PATH_NOT_FOUND},
        {ENAMETOOLONG, ERROR_FILENAME_EXCED_RANGE},
        {ENOMEM, ERROR_NOT_ENOUGH_MEMORY},   {EEXIST, ERROR_ALREADY_EXISTS},
        {ENOTEMPTY, ERROR_DIR_NOT_EMPTY},    {EXDEV, ERROR_NOT_SAME_DEVICE},
        {EBUSY, ERROR_SHARING_VIOLATION},    {EROFS, ERROR_WRITE_PROTECT},
        {ENOSPC, ERROR_DISK_FULL},           {EDQUOT, ERROR_DISK_FULL},
        {EFBIG, ERROR_DISK_FULL},            {EINVAL, ERROR_INVALID_PARAMETER},
        {EIO, ERROR_IO_DEVICE},              {EMFILE, ERROR_TOO_MANY_OPEN_FILES},
        {ENFILE, ERROR_TOO_MANY_OPEN_FILES}, {EBADF, ERROR_INVALID_HANDLE},
        {ENOTTY, ERROR_INVALID_FUNCTION},    {EOPNOTSUPP, ERROR_INVALID_FUNCTION},
        {ESPIPE, ERROR_INVALID_FUNCTION},    {ETXTBSY, ERROR_USER_MAPPED_FILE},
        {EMLINK, ERROR_TOO_MANY_LINKS},      {EAGAIN, ERROR_LOCK_VIOLATION},
    };
    if (error == ENOENT)
        return !path || has_folder(path) ? ERROR_FILE_NOT_FOUND : ERROR_PATH_NOT_FOUND;
    for (size_t i = 0; i < sizeof table / sizeof table[0]; i++)
        if (table[i].error == error)
            return table[i].is;
    return ERROR_ACCESS_DENIED;
}

void wvm_kit_file_fd_path(int fd, char out[WVM_KIT_FD_PATH])
{
    snprintf(out, WVM_KIT_FD_PATH, "/proc/self/fd/%d", fd);
}

BOOL wvm_kit_file_fail(int error, const char *path)
{
    return wvm_kit_fail(error_of(error, path));
}

bool wvm_kit_file_named(const char *path)
{
    return (path && path[0]) || wvm_kit_fail(ERROR_PATH_NOT_FOUND);
}

char *wvm_kit_file_path(LPCWSTR path)
{
    if (path && path[0])
        return wvm_kit_new_utf8(path);
    wvm_kit_fail(ERROR_PATH_NOT_FOUND);
    return NULL;
}

HANDLE wvm_kit_file_take(const char *path)
{
    return CreateFileA(path, DELETE, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                       OPEN_EXISTING, FILE_FLAG_BACKUP_SEMANTICS | FILE_FLAG_OPEN_REPARSE_POINT,
                       NULL);
}
