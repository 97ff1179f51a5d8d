/* Sizes, positions and kinds of open files.
 *
 * I1  Only regular files have sizes and positions; the others answer INVALID_DEVICE_REQUEST.
 * Locking: none.   Failure: nothing changed.   Signal safety: yes. */
#include <unistd.h>

#include "host/host_io.h"
#include "nt/nt_file.h"
#include "nt/nt_handle.h"

/* Holds the file of a handle that grants a right of `rights` (0: any handle will do). */
static wvm_status hold(HANDLE h, uint32_t rights, struct wvm_file **f, int *fd)
{
    void *object;
    uint32_t granted;
    wvm_status status = wvm_handle_get(h, WVM_OBJECT_FILE, 0, &object, &granted);
    if (status < 0)
        return status;
    *f = object;
    status = rights && !(granted & rights) ? STATUS_ACCESS_DENIED : wvm_file_descriptor(*f, fd);
    if (status < 0)
        wvm_object_drop(WVM_OBJECT_FILE, object);
    return status;
}

/* The same for a file with a size. */
static wvm_status hold_regular(HANDLE h, uint32_t rights, struct wvm_file **f, int *fd)
{
    wvm_status status = hold(h, rights, f, fd);
    if (status < 0 || (*f)->kind == WVM_HOST_REGULAR)
        return status;
    wvm_object_drop(WVM_OBJECT_FILE, *f);
    return STATUS_INVALID_DEVICE_REQUEST;
}

wvm_status wvm_file_size(HANDLE h, uint64_t *size)
{
    struct wvm_file *f;
    struct wvm_host_io_info info;
    int fd;
    wvm_status status = hold_regular(h, 0, &f, &fd);
    if (status < 0)
        return status;
    int error = wvm_host_io_info(fd, &info);
    *size = info.size;
    wvm_object_drop(WVM_OBJECT_FILE, f);
    return error < 0 ? wvm_file_status(error) : STATUS_SUCCESS;
}

wvm_status wvm_file_kind(HANDLE h, unsigned *kind)
{
    struct wvm_file *f;
    int fd;
    wvm_status status = hold(h, 0, &f, &fd);
    if (status < 0)
        return status;
    *kind = f->kind;
    wvm_object_drop(WVM_OBJECT_FILE, f);
    return STATUS_SUCCESS;
}

static wvm_status seek(HANDLE h, int64_t offset, int whence, int64_t *at)
{
    struct wvm_file *f;
    int fd;
    wvm_status status = hold_regular(h, 0, &f, &fd);
    if (status < 0)
        return status;
    *at = wvm_host_io_seek(fd, offset, whence);
    wvm_object_drop(WVM_OBJECT_FILE, f);
    return *at < 0 ? wvm_file_status(*at) : STATUS_SUCCESS;
}

wvm_status wvm_file_position(HANDLE h, int64_t *at)
{
    return seek(h, 0, SEEK_CUR, at);
}

wvm_status wvm_file_move(HANDLE h, int64_t to)
{
    int64_t at;
    return seek(h, to, SEEK_SET, &at);
}

wvm_status wvm_file_flush(HANDLE h)
{
    struct wvm_file *f;
    int fd, error = 0;
    wvm_status status = hold(h, FILE_WRITE_DATA | FILE_APPEND_DATA, &f, &fd);
    if (status < 0)
        return status;
    if (f->kind == WVM_HOST_REGULAR)
        error = wvm_host_io_sync(fd);
    wvm_object_drop(WVM_OBJECT_FILE, f);
    return error < 0 ? wvm_file_status(error) : STATUS_SUCCESS;
}

wvm_status wvm_file_set_size(HANDLE h, uint64_t size)
{
    struct wvm_file *f;
    int fd;
    wvm_status status = hold_regular(h, FILE_WRITE_DATA, &f, &fd);
    if (status < 0)
        return status;
    status = size > INT64_MAX ? (wvm_status)STATUS_INVALID_PARAMETER : wvm_file_resize(f, fd, size);
    wvm_object_drop(WVM_OBJECT_FILE, f);
    return status;
}

wvm_status wvm_file_set_deleted(HANDLE h, bool deleted)
{
    struct wvm_file *f;
    int fd;
    wvm_status status = hold(h, DELETE, &f, &fd);
    if (status < 0)
        return status;
    if (f->kind != WVM_HOST_REGULAR && f->kind != WVM_HOST_DIRECTORY)
        status = STATUS_INVALID_DEVICE_REQUEST;
    if (status >= 0) {
        __atomic_store_n(&f->opener, getpid(), __ATOMIC_RELAXED);
        __atomic_store_n(&f->delete_on_close, deleted, __ATOMIC_RELEASE);
    }
    wvm_object_drop(WVM_OBJECT_FILE, f);
    return status;
}

wvm_status wvm_file_set_end(HANDLE h)
{
    struct wvm_file *f;
    int fd;
    wvm_status status = hold_regular(h, FILE_WRITE_DATA, &f, &fd);
    if (status < 0)
        return status;
    int64_t at = wvm_host_io_seek(fd, 0, SEEK_CUR);
    status = at < 0 ? wvm_file_status(at) : wvm_file_resize(f, fd, (uint64_t)at);
    wvm_object_drop(WVM_OBJECT_FILE, f);
    return status;
}
