/* File objects: what a handle of a file holds.
 *
 * Terms   kept = a descriptor of winvm's own, closed with the object; borrowed = a descriptor of
 *         the program's, which the object only names.
 * I1  A descriptor is used only after a look has shown that it still is the file: the program may
 *     have closed it behind winvm's back, and its number may be another file by now.
 * I2  The last handle ends the sharing of the file (and deletes it, when that was asked for); the
 *     last reference closes the descriptor.
 * I3  A file, or an empty folder, is deleted under the path that the kernel knows for it, and only
 *     if that path still leads to it; a fork child deletes nothing that its parent opened.
 * Locking: none.   Failure: nothing changed.   Signal safety: yes.
 * fork: the child has the same descriptors and counts for itself. */
#include "nt/nt_file.h"

#include <errno.h>
#include <unistd.h>

#include "base/arith.h"
#include "host/host_io.h"
#include "host/host_object.h"
#include "nt/nt_handle.h"
#include "nt/nt_query.h"

#define N_FILES 32768u

static struct wvm_file files[N_FILES];
struct wvm_object_pool wvm_file_pool = {files, sizeof files[0], N_FILES, 0, 0};

wvm_status wvm_file_status(int64_t error)
{
    static const struct {
        int error;
        wvm_status status;
    } table[] = {
        {EPERM, STATUS_ACCESS_DENIED},
        {ENOENT, STATUS_OBJECT_NAME_NOT_FOUND},
        {EIO, STATUS_IO_DEVICE_ERROR},
        {EBADF, STATUS_INVALID_HANDLE},
        {ENOMEM, STATUS_NO_MEMORY},
        {EACCES, STATUS_ACCESS_DENIED},
        {EFAULT, STATUS_ACCESS_VIOLATION},
        {EBUSY, STATUS_SHARING_VIOLATION},
        {EEXIST, STATUS_OBJECT_NAME_COLLISION},
        {ENOTDIR, STATUS_OBJECT_PATH_NOT_FOUND},
        {EISDIR, STATUS_FILE_IS_A_DIRECTORY},
        {EINVAL, STATUS_INVALID_PARAMETER},
        {ENFILE, STATUS_TOO_MANY_OPENED_FILES},
        {EMFILE, STATUS_TOO_MANY_OPENED_FILES},
        {ETXTBSY, STATUS_SHARING_VIOLATION},
        {EFBIG, STATUS_DISK_FULL},
        {ENOSPC, STATUS_DISK_FULL},
        {ESPIPE, STATUS_INVALID_DEVICE_REQUEST},
        {EROFS, STATUS_MEDIA_WRITE_PROTECTED},
        {EPIPE, STATUS_PIPE_BROKEN},
        {ENAMETOOLONG, STATUS_NAME_TOO_LONG},
        {ELOOP, STATUS_OBJECT_PATH_NOT_FOUND},
        {EILSEQ, STATUS_OBJECT_NAME_INVALID},
        {EDQUOT, STATUS_DISK_FULL},
    };
    for (size_t i = 0; i < WVM_ARRAY_LEN(table); i++)
        if (table[i].error == -error)
            return table[i].status;
    return STATUS_UNSUCCESSFUL;
}

wvm_status wvm_file_descriptor(const struct wvm_file *f, int *fd)
{
    *fd = __atomic_load_n(&f->fd, __ATOMIC_ACQUIRE);
    return wvm_host_io_is(*fd, f->dev, f->ino) ? STATUS_SUCCESS : STATUS_INVALID_HANDLE;
}

struct wvm_file *wvm_file_new(int fd)
{
    struct wvm_host_io_info info;
    if (wvm_host_io_info(fd, &info) < 0)
        return NULL;
    struct wvm_file *f = wvm_object_claim(&wvm_file_pool);
    if (!f)
        return NULL;
    /* nt_file_share.c looks at these without holding the object. */
    __atomic_store_n(&f->dev, info.dev, __ATOMIC_RELEASE);
    __atomic_store_n(&f->ino, info.ino, __ATOMIC_RELEASE);
    wvm_file_set_access(f, 0, 0);
    f->kind = (uint8_t)info.kind;
    f->permitted = 0;
    f->overlapped = f->delete_on_close = false;
    f->opener = getpid();
    __atomic_store_n(&f->borrowed, false, __ATOMIC_RELAXED);
    __atomic_store_n(&f->own_handle, 0, __ATOMIC_RELAXED);
    __atomic_store_n(&f->fd, fd, __ATOMIC_RELEASE);
    return f;
}

void wvm_file_set_access(struct wvm_file *f, uint32_t access, uint32_t share)
{
    __atomic_store_n(&f->access, access, __ATOMIC_RELEASE);
    __atomic_store_n(&f->share, (uint8_t)share, __ATOMIC_RELEASE);
}

void wvm_file_abandon(struct wvm_file *f)
{
    wvm_file_unshare(f);
    wvm_object_cancel(&wvm_file_pool, &f->head);
}

static bool try_hold(void *object)
{
    return wvm_object_try_hold(object);
}

static void drop(void *object)
{
    struct wvm_file *f = object;
    if (!wvm_object_release(&f->head))
        return;
    if (!__atomic_load_n(&f->borrowed, __ATOMIC_ACQUIRE))
        wvm_host_fd_close(f->fd, f->dev, f->ino);
    wvm_object_cancel(&wvm_file_pool, &f->head);
}

static bool opened(void *object)
{
    return wvm_object_add_handle(object);
}

static void delete_file(const struct wvm_file *f)
{
    char path[WVM_PATH_CAP];
    struct wvm_host_io_info info;
    int fd;
    if (wvm_file_descriptor(f, &fd) >= 0 && wvm_host_fd_path(fd, path, sizeof path) > 0 &&
        wvm_host_io_info_at(path, false, &info) == 0 && info.dev == f->dev && info.ino == f->ino)
        (void)wvm_host_io_unlink(path, f->kind == WVM_HOST_DIRECTORY);
}

static void closed(void *object)
{
    struct wvm_file *f = object;
    if (!wvm_object_sub_handle(&f->head))
        return;
    if (__atomic_load_n(&f->delete_on_close, __ATOMIC_ACQUIRE) &&
        __atomic_load_n(&f->opener, __ATOMIC_RELAXED) == getpid())
        delete_file(f);
    wvm_file_unshare(f);
}

static uint32_t permitted(const void *object)
{
    return ((const struct wvm_file *)object)->permitted;
}

static size_t object_name(void *object, uint16_t *out, size_t cap)
{
    char path[WVM_PATH_CAP];
    int fd;
    if (wvm_file_descriptor(object, &fd) < 0 ||
        wvm_host_fd_path(fd, path, wvm_min(cap, sizeof path)) <= 0)
        return 0;
    return wvm_nt_utf16(path, out);
}

const struct wvm_object_ops wvm_file_ops = {
    .name = "File",
    .generic = {FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE, FILE_ALL_ACCESS},
    .try_hold = try_hold,
    .drop = drop,
    .opened = opened,
    .closed = closed,
    .permitted = permitted,
    .counts = wvm_object_counts,
    .object_name = object_name,
};
