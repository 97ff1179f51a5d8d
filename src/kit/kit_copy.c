/* Copying files.
 *
 * I1  Both files are opened as CreateFile opens them, so that sharing and views count.
 * I2  Only what the source has data for is written: holes stay holes.
 * I3  A copy that fails leaves no file that was not there before.
 * Locking: none.   Failure: I3; a file that was there is empty or a part.   Signal safety: none. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kit/kit.h"
#include "kit/kit_file.h"

#define CHUNK 16384

/* The two ends of a copy, as descriptors. */
struct copy {
    int from, to;
};

/* Where there are bytes from `at` on: [*start, *end). 0, ENXIO no more, or an errno. */
static int next_data(int fd, off_t at, off_t *start, off_t *end)
{
    *start = lseek(fd, at, SEEK_DATA);
    if (*start >= 0)
        *end = lseek(fd, *start, SEEK_HOLE);
    return *start < 0 || *end < 0 ? errno : 0;
}

static int copy_bytes(const struct copy *c, off_t at, off_t end)
{
    char buffer[CHUNK];
    while (at < end) {
        size_t want = end - at < CHUNK ? (size_t)(end - at) : CHUNK;
        ssize_t n = pread(c->from, buffer, want, at);
        if (n == 0)
            return 0; /* it became shorter */
        for (ssize_t done = 0, m; n > 0 && done < n; done += m) {
            m = pwrite(c->to, buffer + done, (size_t)(n - done), at + done);
            if (m < 0)
                return errno;
        }
        if (n < 0)
            return errno;
        at += n;
    }
    return 0;
}

static int copy_contents(const struct copy *c)
{
    struct stat is;
    off_t start, end = 0;
    int error = fstat(c->from, &is) == 0 ? 0 : errno;
    while (!error) {
        error = next_data(c->from, end, &start, &end);
        if (error == EINVAL && start < 0) { /* a file system that knows of no holes */
            start = 0;
            end = is.st_size;
            error = copy_bytes(c, start, end);
            break;
        }
        if (!error)
            error = copy_bytes(c, start, end);
    }
    if (error && error != ENXIO)
        return error;
    struct timespec times[2] = {{.tv_nsec = UTIME_OMIT}, is.st_mtim};
    if (ftruncate(c->to, is.st_size) != 0 || fchmod(c->to, is.st_mode & 0777) != 0 ||
        futimens(c->to, times) != 0)
        return errno;
    return 0;
}

/* May what the name is already be replaced by a copy of the file? */
static BOOL can_replace(int from, const char *path)
{
    struct wvm_kit_file f, old;
    if (wvm_kit_file_of(-1, path, true, &old) != 0)
        return TRUE; /* nothing, or what CreateFile tells */
    if (wvm_kit_file_of(from, NULL, false, &f) == 0 && f.dev == old.dev && f.ino == old.ino)
        return wvm_kit_fail(ERROR_SHARING_VIOLATION);
    if (wvm_kit_file_attributes(&old) & (FILE_ATTRIBUTE_READONLY | FILE_ATTRIBUTE_DIRECTORY))
        return wvm_kit_fail(ERROR_ACCESS_DENIED);
    return TRUE;
}

static BOOL copy_to(int from, LPCSTR path, BOOL must_be_new)
{
    if (!must_be_new && !can_replace(from, path))
        return FALSE;
    HANDLE to = CreateFileA(path, GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                            must_be_new ? CREATE_NEW : CREATE_ALWAYS, 0, NULL);
    if (to == INVALID_HANDLE_VALUE)
        return FALSE;
    bool existed = GetLastError() == ERROR_ALREADY_EXISTS;
    struct copy c = {from, winvm_file_to_fd(to, FILE_WRITE_DATA)};
    int error = c.to < 0 ? errno : copy_contents(&c);
    if (c.to >= 0)
        close(c.to);
    CloseHandle(to);
    if (error && !existed)
        unlink(path);
    if (error)
        return wvm_kit_file_fail(error, path);
    SetLastError(ERROR_SUCCESS);
    return TRUE;
}

BOOL wvm_kit_CopyFileA(LPCSTR from, LPCSTR to, BOOL must_be_new)
{
    if (!wvm_kit_file_named(from) || !wvm_kit_file_named(to))
        return FALSE;
    HANDLE h = CreateFileA(from, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE |
                           FILE_SHARE_DELETE, NULL, OPEN_EXISTING, 0, NULL);
    if (h == INVALID_HANDLE_VALUE)
        return FALSE;
    int fd = winvm_file_to_fd(h, FILE_READ_DATA);
    BOOL done = fd >= 0 ? copy_to(fd, to, must_be_new) : wvm_kit_file_fail(errno, from);
    if (fd >= 0)
        close(fd);
    CloseHandle(h);
    return done;
}

BOOL wvm_kit_CopyFileW(LPCWSTR from, LPCWSTR to, BOOL must_be_new)
{
    char *a = wvm_kit_file_path(from), *b = a ? wvm_kit_file_path(to) : NULL;
    BOOL done = b && wvm_kit_CopyFileA(a, b, must_be_new);
    free(b);
    free(a);
    return done;
}

#define WVM_KIT_COPY
#include "kit/kit_entry.h"
