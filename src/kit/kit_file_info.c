/* What files are by their handles, and changes of it.
 *
 * I1  A descriptor of the handle's is used for one call: it keeps the file in place meanwhile.
 * Locking: none.   Failure: nothing changed.   Signal safety: none. */
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>
#include <dirent.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <unistd.h>

#include "kit/kit.h"
#include "kit/kit_file.h"
#include "kit/kit_text.h"

#define SECONDS_FROM_1601_TO_1970 11644473600LL
#define TICKS 10000000

/* ---- A file in use by one call ---- */

struct use {
    int fd;
    struct wvm_kit_file f;
};

/* FALSE and the last error. */
static BOOL begin(HANDLE h, DWORD rights, struct use *u)
{
    u->fd = winvm_file_to_fd(h, rights);
    if (u->fd < 0)
        return wvm_kit_file_fail(errno, NULL);
    int error = wvm_kit_file_of(u->fd, NULL, false, &u->f);
    if (!error && !S_ISREG(u->f.mode) && !S_ISDIR(u->f.mode) && !S_ISLNK(u->f.mode))
        error = ENOTTY;
    if (!error)
        return TRUE;
    close(u->fd);
    return wvm_kit_file_fail(error, NULL);
}

/* Closes it and returns what the call answers: an errno. */
static BOOL end(const struct use *u, int error)
{
    close(u->fd);
    return !error || wvm_kit_file_fail(error, NULL);
}

static uint64_t size_of(const struct wvm_kit_file *f)
{
    return S_ISDIR(f->mode) ? 0 : f->size;
}

/* The path that the file has; of malloc. NULL and the last error. */
static char *path_of(const struct use *u)
{
    char link[WVM_KIT_FD_PATH], *path = malloc(PATH_MAX);
    wvm_kit_file_fd_path(u->fd, link);
    ssize_t n = path ? readlink(link, path, PATH_MAX - 1) : 0;
    if (n > 0 && u->f.links > 0) {
        path[n] = '\0';
        return path;
    }
    wvm_kit_fail(path ? ERROR_FILE_NOT_FOUND : ERROR_NOT_ENOUGH_MEMORY);
    free(path);
    return NULL;
}

/* ---- Asking ---- */

static DWORD serial_of(const struct use *u)
{
    struct statvfs fs;
    return fstatvfs(u->fd, &fs) == 0 ? wvm_kit_file_serial(fs.f_fsid) : 0;
}

BOOL wvm_kit_GetFileInformationByHandle(HANDLE h, LPBY_HANDLE_FILE_INFORMATION out)
{
    struct use u;
    if (!begin(h, 0, &u))
        return FALSE;
    *out = (BY_HANDLE_FILE_INFORMATION){
        .dwFileAttributes = wvm_kit_file_attributes(&u.f),
        .ftCreationTime = u.f.created,
        .ftLastAccessTime = u.f.accessed,
        .ftLastWriteTime = u.f.written,
        .dwVolumeSerialNumber = serial_of(&u),
        .nFileSizeHigh = (DWORD)(size_of(&u.f) >> 32),
        .nFileSizeLow = (DWORD)size_of(&u.f),
        .nNumberOfLinks = u.f.links,
        .nFileIndexHigh = (DWORD)(u.f.ino >> 32),
        .nFileIndexLow = (DWORD)u.f.ino,
    };
    return end(&u, 0);
}

static LARGE_INTEGER ticks_of(FILETIME t)
{
    LARGE_INTEGER ticks;
    ticks.QuadPart = (LONGLONG)((uint64_t)t.dwHighDateTime << 32 | t.dwLowDateTime);
    return ticks;
}

/* Writes the name, or as much of it as fits. */
static BOOL tell_name(const struct use *u, FILE_NAME_INFO *out, DWORD size)
{
    size_t room = (size - offsetof(FILE_NAME_INFO, FileName)) / sizeof(WCHAR);
    char *path = path_of(u);
    if (!path)
        return FALSE;
    size_t n = wvm_kit_to_utf16(out->FileName, room, path, WVM_KIT_TO_NUL);
    out->FileNameLength = (DWORD)(n * sizeof(WCHAR));
    free(path);
    return n <= room || wvm_kit_fail(ERROR_MORE_DATA);
}

static void tell_basic(const struct wvm_kit_file *f, FILE_BASIC_INFO *out)
{
    *out = (FILE_BASIC_INFO){ticks_of(f->created), ticks_of(f->accessed), ticks_of(f->written),
                             ticks_of(f->changed), wvm_kit_file_attributes(f)};
}

static void tell_standard(const struct wvm_kit_file *f, FILE_STANDARD_INFO *out)
{
    *out = (FILE_STANDARD_INFO){.NumberOfLinks = f->links, .Directory = S_ISDIR(f->mode)};
    out->AllocationSize.QuadPart = (LONGLONG)(S_ISDIR(f->mode) ? 0 : f->allocated);
    out->EndOfFile.QuadPart = (LONGLONG)size_of(f);
}

static BOOL tell(const struct use *u, FILE_INFO_BY_HANDLE_CLASS class, LPVOID out, DWORD size)
{
    FILE_ID_INFO id = {.VolumeSerialNumber = class == FileIdInfo ? serial_of(u) : 0};
    FILE_ATTRIBUTE_TAG_INFO tag = {wvm_kit_file_attributes(&u->f),
                                   S_ISLNK(u->f.mode) ? IO_REPARSE_TAG_SYMLINK : 0};
    switch (class) {
    case FileBasicInfo:
        tell_basic(&u->f, out);
        return TRUE;
    case FileStandardInfo:
        tell_standard(&u->f, out);
        return TRUE;
    case FileNameInfo:
        return tell_name(u, out, size);
    case FileIdInfo:
        memcpy(&id.FileId, &u->f.ino, sizeof u->f.ino);
        memcpy(out, &id, sizeof id);
        return TRUE;
    default:
        memcpy(out, &tag, sizeof tag);
        return TRUE;
    }
}

/* The size of what a class is asked or set with; 0: not known. */
static size_t asked_size(FILE_INFO_BY_HANDLE_CLASS class)
{
    switch ((unsigned)class) {
    case FileBasicInfo:
        return sizeof(FILE_BASIC_INFO);
    case FileStandardInfo:
        return sizeof(FILE_STANDARD_INFO);
    case FileNameInfo:
        return sizeof(FILE_NAME_INFO);
    case FileIdInfo:
        return sizeof(FILE_ID_INFO);
    case FileAttributeTagInfo:
        return sizeof(FILE_ATTRIBUTE_TAG_INFO);
    default:
        return 0;
    }
}

BOOL wvm_kit_GetFileInformationByHandleEx(HANDLE h, FILE_INFO_BY_HANDLE_CLASS class, LPVOID out,
                                          DWORD size)
{
    struct use u;
    size_t needed = asked_size(class);
    if (needed == 0)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    if (size < needed)
        return wvm_kit_fail(ERROR_BAD_LENGTH);
    if (!begin(h, 0, &u))
        return FALSE;
    BOOL told = tell(&u, class, out, size);
    close(u.fd);
    return told;
}

/* ---- Times ---- */

BOOL wvm_kit_GetFileTime(HANDLE h, LPFILETIME created, LPFILETIME accessed, LPFILETIME written)
{
    struct use u;
    if (!begin(h, FILE_READ_ATTRIBUTES, &u))
        return FALSE;
    if (created)
        *created = u.f.created;
    if (accessed)
        *accessed = u.f.accessed;
    if (written)
        *written = u.f.written;
    return end(&u, 0);
}

/* What utimensat is told; 0 and -1: no change. */
static struct timespec host_time(LONGLONG ticks)
{
    if (ticks == 0 || ticks == -1)
        return (struct timespec){.tv_nsec = UTIME_OMIT};
    return (struct timespec){(time_t)(ticks / TICKS - SECONDS_FROM_1601_TO_1970),
                             (long)(ticks % TICKS) * 100};
}

static int set_times(const struct use *u, LONGLONG accessed, LONGLONG written)
{
    char path[WVM_KIT_FD_PATH];
    struct timespec times[2] = {host_time(accessed), host_time(written)};
    if (accessed < -1 || written < -1)
        return EINVAL;
    wvm_kit_file_fd_path(u->fd, path);
    return utimensat(AT_FDCWD, path, times, 0) == 0 ? 0 : errno;
}

BOOL wvm_kit_SetFileTime(HANDLE h, const FILETIME *created, const FILETIME *accessed,
                         const FILETIME *written)
{
    struct use u;
    (void)created; /* the host keeps its own */
    if (!begin(h, FILE_WRITE_ATTRIBUTES, &u))
        return FALSE;
    return end(&u, set_times(&u, accessed ? ticks_of(*accessed).QuadPart : 0,
                             written ? ticks_of(*written).QuadPart : 0));
}

/* ---- Changing ---- */

static BOOL set_basic(HANDLE h, const FILE_BASIC_INFO *in)
{
    struct use u;
    char path[WVM_KIT_FD_PATH];
    if (!begin(h, FILE_WRITE_ATTRIBUTES, &u))
        return FALSE;
    if ((in->FileAttributes & FILE_ATTRIBUTE_DIRECTORY) && !S_ISDIR(u.f.mode))
        return end(&u, EINVAL);
    int error = set_times(&u, in->LastAccessTime.QuadPart, in->LastWriteTime.QuadPart);
    wvm_kit_file_fd_path(u.fd, path);
    if (!error && in->FileAttributes && S_ISREG(u.f.mode) &&
        chmod(path, wvm_kit_file_permissions(&u.f, in->FileAttributes)) != 0)
        error = errno;
    return end(&u, error);
}

static BOOL set_rename(HANDLE h, const FILE_RENAME_INFO *in, DWORD size)
{
    struct use u;
    if (in->RootDirectory)
        return wvm_kit_fail(ERROR_NOT_SUPPORTED);
    if (in->FileNameLength == 0 || in->FileNameLength % sizeof(WCHAR) ||
        in->FileNameLength > size - offsetof(FILE_RENAME_INFO, FileName))
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    size_t units = in->FileNameLength / sizeof(WCHAR);
    char *to = calloc(units, 4);
    if (!to)
        return wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
    wvm_kit_to_utf8(to, units * 4 - 1, in->FileName, units);
    BOOL done = begin(h, DELETE, &u);
    if (done) {
        char *from = path_of(&u);
        done = from && wvm_kit_file_move(from, to, in->ReplaceIfExists ? MOVEFILE_REPLACE_EXISTING
                                                                        : 0, true);
        free(from);
        close(u.fd);
    }
    free(to);
    return done;
}

/* Has the folder anything in it? */
static bool is_full(const struct use *u)
{
    char path[WVM_KIT_FD_PATH];
    int n = 0;
    wvm_kit_file_fd_path(u->fd, path);
    DIR *dir = opendir(path);
    while (dir && n < 3 && readdir(dir))
        n++;
    if (dir)
        closedir(dir);
    return n > 2;
}

static BOOL set_disposition(HANDLE h, const FILE_DISPOSITION_INFO *in)
{
    struct use u;
    if (!begin(h, DELETE, &u))
        return FALSE;
    bool deletes = in->DeleteFile;
    if (deletes && S_ISREG(u.f.mode) &&
        (wvm_kit_file_attributes(&u.f) & FILE_ATTRIBUTE_READONLY))
        return end(&u, EACCES);
    if (deletes && S_ISDIR(u.f.mode) && is_full(&u))
        return end(&u, ENOTEMPTY);
    return end(&u, winvm_file_delete(h, deletes) == 0 ? 0 : errno);
}

static BOOL set_allocation(HANDLE h, LONGLONG size)
{
    struct use u;
    if (size < 0)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    if (!begin(h, FILE_WRITE_DATA, &u))
        return FALSE;
    int error = 0;
    if ((uint64_t)size < u.f.size)
        error = winvm_file_resize(h, (uint64_t)size) == 0 ? 0 : errno;
    else if ((uint64_t)size > u.f.size &&
             fallocate(u.fd, FALLOC_FL_KEEP_SIZE, (off_t)u.f.size, size - (off_t)u.f.size) != 0)
        error = errno == EOPNOTSUPP ? 0 : errno; /* a file system that reserves nothing */
    return end(&u, error);
}

static size_t set_size(FILE_INFO_BY_HANDLE_CLASS class)
{
    switch ((unsigned)class) {
    case FileBasicInfo:
        return sizeof(FILE_BASIC_INFO);
    case FileRenameInfo:
        return offsetof(FILE_RENAME_INFO, FileName);
    case FileDispositionInfo:
        return sizeof(FILE_DISPOSITION_INFO);
    case FileAllocationInfo:
    case FileEndOfFileInfo:
        return sizeof(LARGE_INTEGER);
    default:
        return 0;
    }
}

BOOL wvm_kit_SetFileInformationByHandle(HANDLE h, FILE_INFO_BY_HANDLE_CLASS class, LPVOID in,
                                        DWORD size)
{
    size_t needed = set_size(class);
    if (needed == 0)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    if (size < needed)
        return wvm_kit_fail(ERROR_BAD_LENGTH);
    switch ((unsigned)class) {
    case FileBasicInfo:
        return set_basic(h, in);
    case FileRenameInfo:
        return set_rename(h, in, size);
    case FileDispositionInfo:
        return set_disposition(h, in);
    case FileAllocationInfo:
        return set_allocation(h, ((const FILE_ALLOCATION_INFO *)in)->AllocationSize.QuadPart);
    default:
        return winvm_file_resize(h, (uint64_t)((const FILE_END_OF_FILE_INFO *)in)
                                        ->EndOfFile.QuadPart) == 0 ||
               wvm_kit_file_fail(errno, NULL);
    }
}

BOOL wvm_kit_SetFileValidData(HANDLE h, LONGLONG length)
{
    struct use u;
    if (!begin(h, FILE_WRITE_DATA, &u))
        return FALSE;
    return end(&u, length > 0 && (uint64_t)length <= u.f.size ? 0 : EINVAL);
}

/* ---- Paths ---- */

/* Of malloc; NULL and the last error. */
static char *final_path(HANDLE h, DWORD flags)
{
    struct use u;
    char *path = NULL;
    DWORD volume = flags & ~(DWORD)FILE_NAME_OPENED;
    if (volume == VOLUME_NAME_GUID)
        wvm_kit_fail(ERROR_PATH_NOT_FOUND);
    else if (volume != VOLUME_NAME_DOS && volume != VOLUME_NAME_NT && volume != VOLUME_NAME_NONE)
        wvm_kit_fail(ERROR_INVALID_PARAMETER);
    else if (begin(h, 0, &u)) {
        path = path_of(&u);
        close(u.fd);
    }
    return path;
}

DWORD wvm_kit_GetFinalPathNameByHandleA(HANDLE h, LPSTR out, DWORD cap, DWORD flags)
{
    return wvm_kit_hand_a(out, cap, final_path(h, flags));
}

DWORD wvm_kit_GetFinalPathNameByHandleW(HANDLE h, LPWSTR out, DWORD cap, DWORD flags)
{
    return wvm_kit_hand_w(out, cap, final_path(h, flags));
}

#define WVM_KIT_FILE_INFO
#include "kit/kit_entry.h"
