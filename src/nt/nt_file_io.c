/* Reading and writing files.
 *
 * I1  The buffer is proven before anything is moved; as on Windows, what is to be read into counts
 *     as written in every page (WW-036, WW-037), whatever comes. A guard page in it fails the call
 *     once (GP-023).
 * I2  A call with an offset leaves the file's position behind what it moved, as Windows does for
 *     files that are not opened with FILE_FLAG_OVERLAPPED.
 * I3  The end of a file is END_OF_FILE; of a pipe, PIPE_BROKEN.
 * Order of checks: the handle and its rights, the offset, the buffer (WW-038).
 * Locking: none.   Failure: what was moved stays moved; *done tells.   Signal safety: yes. */
#include <errno.h>
#include <unistd.h>

#include "base/arith.h"
#include "host/host_io.h"
#include "nt/nt_file.h"
#include "nt/nt_handle.h"
#include "space/space_fault.h"

/* Writes a byte of each page back to it: memory whose writes are watched. */
static wvm_status touch(uintptr_t start, uintptr_t end)
{
    uint8_t byte;
    for (uintptr_t p = start; p < end; p = wvm_align_down(p, WVM_PAGE_SIZE) + WVM_PAGE_SIZE)
        if (wvm_host_read(0, &byte, p, 1) != 1 || wvm_host_write(0, &byte, p, 1) != 1)
            return STATUS_ACCESS_VIOLATION;
    return STATUS_SUCCESS;
}

/* I1. */
static wvm_status prove_buffer(uintptr_t start, size_t len, bool write)
{
    struct wvm_region r;
    uintptr_t end;
    if (len == 0)
        return STATUS_SUCCESS;
    if (!wvm_add_checked(start, len, &end) || end > wvm_nt_host_top())
        return STATUS_ACCESS_VIOLATION;
    wvm_status status =
        wvm_space_ready(&wvm_space_native, wvm_align_down(start, WVM_PAGE_SIZE),
                        wvm_align_up(end, WVM_PAGE_SIZE), write);
    if (status != STATUS_SUCCESS || !wvm_nt_accessible(start, len, write))
        return STATUS_ACCESS_VIOLATION;
    for (uintptr_t p = start; write && p < end; p = r.end) {
        if (!wvm_space_is_ours(&wvm_space_native, p))
            break;
        if (wvm_nt_region_at(p, &r) < 0)
            return STATUS_ACCESS_VIOLATION;
        if (r.flags & WVM_ALLOC_WRITE_WATCH)
            status = touch(p, wvm_min(end, r.end));
        if (status < 0)
            return status;
    }
    return STATUS_SUCCESS;
}

/* A file in use by one call. */
struct use {
    struct wvm_file *file;
    int fd;
    int64_t at; /* -1: the position */
};

static void end_use(const struct use *u)
{
    wvm_object_drop(WVM_OBJECT_FILE, u->file);
}

/* Holds the file, whose handle must grant a right of `rights`, and finds where to begin. */
static wvm_status begin_use(const struct wvm_file_io *io, uint32_t rights, struct use *u)
{
    void *object;
    uint32_t granted;
    wvm_status status = wvm_handle_get(io->file, WVM_OBJECT_FILE, 0, &object, &granted);
    if (status < 0)
        return status;
    u->file = object;
    u->at = -1;
    if (!(granted & rights))
        status = STATUS_ACCESS_DENIED;
    else if (u->file->overlapped && !io->at)
        status = STATUS_INVALID_PARAMETER;
    else
        status = wvm_file_descriptor(u->file, &u->fd);
    if (status >= 0 && u->file->kind == WVM_HOST_DIRECTORY)
        status = STATUS_INVALID_DEVICE_REQUEST;
    bool append = (rights & FILE_WRITE_DATA) &&
                  (!(granted & FILE_WRITE_DATA) || (io->at && *io->at == UINT64_MAX));
    if (status >= 0 && u->file->kind == WVM_HOST_REGULAR) {
        if (append)
            u->at = wvm_host_io_seek(u->fd, 0, SEEK_END);
        else if (io->at)
            u->at = *io->at > INT64_MAX ? -EINVAL : (int64_t)*io->at;
        if (u->at < -1)
            status = STATUS_INVALID_PARAMETER;
    }
    if (status < 0)
        end_use(u);
    return status;
}

/* The status of what the host answered: a count, or -errno. */
static wvm_status result_of(const struct use *u, int64_t n, bool write)
{
    if (n < 0)
        return wvm_file_status(n);
    if (n > 0 || write || u->file->kind == WVM_HOST_DEVICE)
        return STATUS_SUCCESS;
    return u->file->kind == WVM_HOST_PIPE ? STATUS_PIPE_BROKEN : STATUS_END_OF_FILE;
}

/* Moves until all is done, the file ends, or the host fails; other than regular files give what
 * they have at once. */
static wvm_status move(const struct use *u, const struct wvm_file_io *io, bool write, size_t *done)
{
    wvm_status status = STATUS_SUCCESS;
    int64_t n = 1;
    while (*done < io->len && n > 0 && (*done == 0 || write || u->file->kind == WVM_HOST_REGULAR)) {
        void *buf = (void *)(io->buf + *done);
        int64_t at = u->at < 0 ? -1 : u->at + (int64_t)*done;
        if (!write)
            n = wvm_host_io_read(u->fd, buf, io->len - *done, at);
        else if (u->file->kind == WVM_HOST_PIPE)
            n = wvm_host_io_write_pipe(u->fd, buf, io->len - *done);
        else
            n = wvm_host_io_write(u->fd, buf, io->len - *done, at);
        if (*done == 0)
            status = result_of(u, n, write);
        *done += n > 0 ? (size_t)n : 0;
    }
    if (write && n < 0)
        status = wvm_file_status(n);
    if (u->at >= 0 && *done)
        (void)wvm_host_io_seek(u->fd, u->at + (int64_t)*done, SEEK_SET);
    return status;
}

static wvm_status transfer(const struct wvm_file_io *io, bool write, size_t *done)
{
    struct use u;
    uint32_t rights = write ? FILE_WRITE_DATA | FILE_APPEND_DATA : FILE_READ_DATA;
    *done = 0;
    wvm_status status = begin_use(io, rights, &u);
    if (status < 0)
        return status;
    status = prove_buffer(io->buf, io->len, !write);
    if (status >= 0)
        status = move(&u, io, write, done);
    end_use(&u);
    return status;
}

wvm_status wvm_file_read(const struct wvm_file_io *io, size_t *done)
{
    return transfer(io, false, done);
}

wvm_status wvm_file_write(const struct wvm_file_io *io, size_t *done)
{
    return transfer(io, true, done);
}
