/* DeviceIoControl: holes in files.
 *
 * I1  The place of the handle's file stays: what asks by a position has a descriptor of its own.
 * Locking: none.   Failure: nothing changed.   Signal safety: none. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "kit/kit.h"
#include "kit/kit_file.h"

#include <winvm/winioctl.h>

#define ZEROS 16384

/* The buffers of a call; *done: bytes written to `out`. */
struct control {
    const void *in;
    void *out;
    size_t in_size, out_size;
    DWORD done;
};

/* A control of a file: an error of Win32, or 0. */
typedef DWORD (*control_fn)(int fd, const struct wvm_kit_file *f, struct control *c);

static DWORD last_of(int error)
{
    wvm_kit_file_fail(error, NULL);
    return GetLastError();
}

static DWORD set_sparse(int fd, const struct wvm_kit_file *f, struct control *c)
{
    (void)fd, (void)f, (void)c; /* all files may have holes */
    return 0;
}

/* Zeros in place of a hole, on a file system that has none. 0, or an errno. */
static int write_zeros(int fd, off_t at, off_t end)
{
    static const char zeros[ZEROS];
    while (at < end) {
        ssize_t n = pwrite(fd, zeros, end - at < ZEROS ? (size_t)(end - at) : ZEROS, at);
        if (n < 0)
            return errno;
        at += n;
    }
    return 0;
}

static DWORD set_zero(int fd, const struct wvm_kit_file *f, struct control *c)
{
    FILE_ZERO_DATA_INFORMATION z;
    if (c->in_size < sizeof z)
        return ERROR_INVALID_PARAMETER;
    memcpy(&z, c->in, sizeof z);
    LONGLONG start = z.FileOffset.QuadPart, end = z.BeyondFinalZero.QuadPart;
    if (start < 0 || end < start)
        return ERROR_INVALID_PARAMETER;
    if ((uint64_t)end > f->size)
        end = (LONGLONG)f->size;
    if (start >= end || fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, (off_t)start,
                                  (off_t)(end - start)) == 0)
        return 0;
    int error = errno == EOPNOTSUPP ? write_zeros(fd, (off_t)start, (off_t)end) : errno;
    return error ? last_of(error) : 0;
}

/* The next bytes with data in [at, end): where they are goes to *out. False: there are none. */
static bool next_range(int fd, off_t at, off_t end, FILE_ALLOCATED_RANGE_BUFFER *out)
{
    off_t start = at < end ? lseek(fd, at, SEEK_DATA) : end;
    if (start < 0 && errno == EINVAL)
        start = at; /* a file system that knows of no holes */
    if (start < 0 || start >= end)
        return false;
    off_t stop = lseek(fd, start, SEEK_HOLE);
    if (stop < 0 || stop > end)
        stop = end;
    out->FileOffset.QuadPart = start;
    out->Length.QuadPart = stop - start;
    return true;
}

static DWORD query_ranges(int fd, const struct wvm_kit_file *f, struct control *c)
{
    FILE_ALLOCATED_RANGE_BUFFER asked, found;
    char path[WVM_KIT_FD_PATH];
    DWORD error = 0;
    if (c->in_size < sizeof asked)
        return ERROR_INVALID_PARAMETER;
    memcpy(&asked, c->in, sizeof asked);
    LONGLONG at = asked.FileOffset.QuadPart, end;
    if (at < 0 || asked.Length.QuadPart < 0 ||
        __builtin_add_overflow(at, asked.Length.QuadPart, &end))
        return ERROR_INVALID_PARAMETER;
    if ((uint64_t)end > f->size)
        end = (LONGLONG)f->size;
    wvm_kit_file_fd_path(fd, path);
    int own = open(path, O_RDONLY | O_CLOEXEC);
    if (own < 0)
        return last_of(errno);
    while (!error && next_range(own, (off_t)at, (off_t)end, &found)) {
        if (c->out_size - c->done < sizeof found) {
            error = c->done ? ERROR_MORE_DATA : ERROR_INSUFFICIENT_BUFFER;
            break;
        }
        memcpy((char *)c->out + c->done, &found, sizeof found);
        c->done += sizeof found;
        at = found.FileOffset.QuadPart + found.Length.QuadPart;
    }
    close(own);
    return error;
}

static DWORD get_compression(int fd, const struct wvm_kit_file *f, struct control *c)
{
    USHORT format = COMPRESSION_FORMAT_NONE;
    (void)fd, (void)f;
    if (c->out_size < sizeof format)
        return ERROR_INSUFFICIENT_BUFFER;
    memcpy(c->out, &format, sizeof format);
    c->done = sizeof format;
    return 0;
}

static DWORD set_compression(int fd, const struct wvm_kit_file *f, struct control *c)
{
    USHORT format;
    (void)fd, (void)f;
    if (c->in_size < sizeof format)
        return ERROR_INVALID_PARAMETER;
    memcpy(&format, c->in, sizeof format);
    return format == COMPRESSION_FORMAT_NONE ? 0 : ERROR_INVALID_FUNCTION;
}

static const struct {
    DWORD code, rights;
    control_fn call;
} controls[] = {
    {FSCTL_SET_SPARSE, FILE_WRITE_ATTRIBUTES, set_sparse},
    {FSCTL_SET_ZERO_DATA, FILE_WRITE_DATA, set_zero},
    {FSCTL_QUERY_ALLOCATED_RANGES, FILE_READ_DATA, query_ranges},
    {FSCTL_GET_COMPRESSION, 0, get_compression},
    {FSCTL_SET_COMPRESSION, FILE_READ_DATA | FILE_WRITE_DATA, set_compression},
};

/* An error of Win32, or 0. */
static DWORD do_control(HANDLE h, DWORD code, struct control *c)
{
    struct wvm_kit_file f;
    size_t i = 0, n = sizeof controls / sizeof controls[0];
    while (i < n && controls[i].code != code)
        i++;
    int fd = winvm_file_to_fd(h, i < n ? controls[i].rights : 0);
    if (fd < 0)
        return last_of(errno);
    int error = wvm_kit_file_of(fd, NULL, false, &f);
    DWORD result = error                          ? last_of(error)
                   : i == n || !S_ISREG(f.mode) ? ERROR_INVALID_FUNCTION
                                                : controls[i].call(fd, &f, c);
    close(fd);
    return result;
}

BOOL wvm_kit_DeviceIoControl(HANDLE h, DWORD code, LPVOID in, DWORD in_size, LPVOID out,
                             DWORD out_size, LPDWORD done, LPOVERLAPPED ov)
{
    struct control c = {in, out, in ? in_size : 0, out ? out_size : 0, 0};
    DWORD before = GetLastError();
    DWORD error = do_control(h, code, &c);
    if (done)
        *done = c.done;
    if (ov) {
        ov->Internal = error ? (ULONG)STATUS_UNSUCCESSFUL : STATUS_SUCCESS;
        ov->InternalHigh = c.done;
        if (!error)
            wvm_kit_overlapped_done(ov);
    }
    SetLastError(error ? error : before);
    return error == 0;
}

#define WVM_KIT_FILE_CONTROL
#include "kit/kit_entry.h"
