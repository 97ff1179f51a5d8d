/* Opening files by path, and deleting them.
 *
 * I1  A file is emptied only after its sharing is settled, and not under views that need its pages.
 * I2  The descriptor is opened with no more rights than were asked for; a file that is to be
 *     emptied needs writing.
 * I3  A handle that cannot be made leaves a file that this call created deleted again.
 * Order of checks: sharing and disposition, rights for the disposition, the path, the kind of the
 * file, sharing, views.
 * The dispositions that may create look first and create exclusively then, so that it is known
 * which of the two happened.
 * Locking: none.   Failure: I3.   Signal safety: yes. */
#include <errno.h>
#include <string.h>

#include "host/host_io.h"
#include "host/host_object.h"
#include "nt/nt_file.h"
#include "nt/nt_handle.h"
#include "section/section.h"

#define TRIES 16
#define READS (FILE_READ_DATA | FILE_EXECUTE)
#define WRITES (FILE_WRITE_DATA | FILE_APPEND_DATA)

/* Between opening and having a handle. */
struct opened {
    int fd;
    uint32_t access;
    bool existed;
};

/* What ENOENT means: the file is missing, or the folder it would be in. */
static wvm_status missing(const char *path)
{
    char folder[WVM_PATH_CAP];
    struct wvm_host_io_info info;
    const char *slash = strrchr(path, '/');
    if (!slash)
        return STATUS_OBJECT_NAME_NOT_FOUND;
    size_t n = (size_t)(slash - path) + 1;
    memcpy(folder, path, n);
    folder[n] = '\0';
    return wvm_host_io_info_at(folder, true, &info) == 0 ? STATUS_OBJECT_NAME_NOT_FOUND
                                                         : STATUS_OBJECT_PATH_NOT_FOUND;
}

static wvm_status path_status(int64_t error, const char *path)
{
    return error == -ENOENT ? missing(path) : wvm_file_status(error);
}

static unsigned how_to_open(const struct wvm_file_request *req, uint32_t access)
{
    bool empties = req->disposition == CREATE_ALWAYS || req->disposition == TRUNCATE_EXISTING;
    unsigned how = (access & READS ? WVM_HOST_OPEN_READ : 0) |
                   ((access & WRITES) || empties ? WVM_HOST_OPEN_WRITE : 0) |
                   (req->flags & FILE_FLAG_WRITE_THROUGH ? WVM_HOST_OPEN_SYNC : 0) |
                   (req->flags & FILE_FLAG_OPEN_REPARSE_POINT ? WVM_HOST_OPEN_NO_LINK : 0);
    if ((access & WRITES) == FILE_APPEND_DATA)
        how |= WVM_HOST_OPEN_APPEND;
    return how;
}

static int create_new(const struct wvm_file_request *req, unsigned how, bool exclusive)
{
    unsigned mode = req->flags & FILE_ATTRIBUTE_READONLY ? 0444 : 0666;
    how |= WVM_HOST_OPEN_CREATE | (exclusive ? WVM_HOST_OPEN_NEW : 0);
    if (!(how & WVM_HOST_OPEN_WRITE))
        how |= WVM_HOST_OPEN_READ;
    return wvm_host_io_open(req->path, how, mode);
}

/* A descriptor by the disposition. */
static int open_path(const struct wvm_file_request *req, unsigned how, bool *existed)
{
    bool creates = req->disposition != OPEN_EXISTING && req->disposition != TRUNCATE_EXISTING;
    int fd = -ENOENT;
    for (int i = 0; i < TRIES; i++) {
        *existed = req->disposition != CREATE_NEW;
        if (*existed)
            fd = wvm_host_io_open(req->path, how, 0);
        if (fd != -ENOENT || !creates)
            return fd;
        *existed = false;
        fd = create_new(req, how, true);
        if (fd != -EEXIST || req->disposition == CREATE_NEW)
            return fd;
    }
    /* A symbolic link to nothing. */
    return create_new(req, how, false);
}

static uint32_t permitted_by(uint32_t access)
{
    uint32_t most = FILE_ALL_ACCESS & ~(uint32_t)(READS | WRITES);
    return most | (access & READS ? READS : 0) | (access & WRITES ? WRITES : 0);
}

/* Opens with the rights wanted; MAXIMUM_ALLOWED: with as many as the host gives. */
static wvm_status open_access(const struct wvm_file_request *req, struct opened *o)
{
    static const uint32_t less[] = {FILE_ALL_ACCESS, FILE_ALL_ACCESS & ~WRITES,
                                    FILE_ALL_ACCESS & ~(READS | WRITES)};
    unsigned n = req->access & MAXIMUM_ALLOWED ? 3 : 1;
    for (unsigned i = 0; i < n; i++) {
        o->access = wvm_object_access(WVM_OBJECT_FILE, req->access, less[i]) | SYNCHRONIZE |
                    FILE_READ_ATTRIBUTES;
        if (req->flags & FILE_FLAG_DELETE_ON_CLOSE)
            o->access |= DELETE;
        o->fd = open_path(req, how_to_open(req, o->access), &o->existed);
        if (o->fd != -EACCES && o->fd != -EPERM && o->fd != -EROFS && o->fd != -EISDIR)
            break;
    }
    return o->fd < 0 ? path_status(o->fd, req->path) : STATUS_SUCCESS;
}

/* Settles the sharing, empties the file when that was asked for, and makes the handle. */
static wvm_status finish(const struct wvm_file_request *req, struct wvm_file *f, HANDLE *out)
{
    bool empties = req->disposition == CREATE_ALWAYS || req->disposition == TRUNCATE_EXISTING;
    if (f->kind == WVM_HOST_DIRECTORY && !(req->flags & FILE_FLAG_BACKUP_SEMANTICS))
        return STATUS_FILE_IS_A_DIRECTORY;
    wvm_status status = wvm_file_share(f);
    if (status >= 0 && req->existed && empties && f->kind == WVM_HOST_REGULAR)
        status = wvm_file_resize(f, f->fd, 0);
    if (status < 0)
        return status;
    wvm_object_start(&f->head);
    status = wvm_handle_insert(WVM_OBJECT_FILE, f, f->access, out);
    if (status < 0 && !wvm_object_release(&f->head))
        return STATUS_SUCCESS; /* never: nobody else has it */
    return status;
}

static wvm_status make_handle(struct wvm_file_request *req, const struct opened *o, HANDLE *out)
{
    struct wvm_file *f = wvm_file_new(o->fd);
    if (!f)
        return STATUS_INSUFFICIENT_RESOURCES;
    wvm_file_set_access(f, o->access, req->share);
    f->permitted = permitted_by(o->access) | o->access;
    f->overlapped = req->flags & FILE_FLAG_OVERLAPPED;
    f->delete_on_close = req->flags & FILE_FLAG_DELETE_ON_CLOSE;
    wvm_status status = finish(req, f, out);
    if (status < 0) {
        wvm_host_fd_close(f->fd, f->dev, f->ino);
        wvm_file_abandon(f);
    }
    return status;
}

wvm_status wvm_file_open(struct wvm_file_request *req, HANDLE *out)
{
    struct opened o;
    if (req->disposition < CREATE_NEW || req->disposition > TRUNCATE_EXISTING ||
        (req->share & ~(uint32_t)(FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)))
        return STATUS_INVALID_PARAMETER;
    uint32_t access = wvm_object_access(WVM_OBJECT_FILE, req->access, FILE_ALL_ACCESS);
    if (access & ~(uint32_t)FILE_ALL_ACCESS)
        return STATUS_ACCESS_DENIED;
    if (req->disposition == TRUNCATE_EXISTING && !(access & FILE_WRITE_DATA))
        return STATUS_INVALID_PARAMETER;
    wvm_status status = open_access(req, &o);
    if (status < 0)
        return status;
    req->existed = o.existed;
    status = make_handle(req, &o, out);
    if (status < 0 && !o.existed)
        (void)wvm_host_io_unlink(req->path, false);
    if (status >= 0 && req->inherit)
        status = wvm_handle_set_flags(*out, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
    return status;
}

wvm_status wvm_file_resize(const struct wvm_file *f, int fd, uint64_t size)
{
    if (wvm_section_file_in_use(f->dev, f->ino, size))
        return STATUS_USER_MAPPED_FILE;
    int error = wvm_host_fd_resize(fd, size);
    return error < 0 ? wvm_file_status(error) : STATUS_SUCCESS;
}

wvm_status wvm_file_delete(const char *path)
{
    struct wvm_host_io_info info;
    int error = wvm_host_io_info_at(path, false, &info);
    if (error < 0)
        return path_status(error, path);
    if (info.kind == WVM_HOST_DIRECTORY)
        return STATUS_FILE_IS_A_DIRECTORY;
    if (!wvm_file_deletable(info.dev, info.ino))
        return STATUS_SHARING_VIOLATION;
    error = wvm_host_io_unlink(path, false);
    return error < 0 ? path_status(error, path) : STATUS_SUCCESS;
}
