/* Handles for descriptors of the program, and descriptors for handles.
 *
 * Terms   stand-in = the file object, and its one handle, that stands for a descriptor of the
 *         program itself (borrowed): made when it is first asked for, the same from then on.
 * I1  A stand-in is good as long as its descriptor is the same file, opened with the same rights;
 *     when it is not, the next question for that number closes it and makes another one.
 * I2  Two threads that ask first at the same time may get two handles; later ones get one of them.
 * Locking: none.   Failure: nothing changed.   Signal safety: yes. */
#include "host/host_io.h"
#include "host/host_object.h"
#include "nt/nt_file.h"
#include "nt/nt_handle.h"

static uint32_t permitted_by(const struct wvm_host_fd_info *info)
{
    uint32_t reads = FILE_READ_DATA | FILE_EXECUTE, writes = FILE_WRITE_DATA | FILE_APPEND_DATA;
    return (FILE_ALL_ACCESS & ~(reads | writes)) | (info->readable ? reads : 0) |
           (info->writable ? writes : 0);
}

/* A handle to a new object for fd. own: the program's number itself. */
static wvm_status make_handle(int fd, uint32_t access, uint32_t permitted, bool own, HANDLE *out)
{
    struct wvm_file *f = wvm_file_new(fd);
    if (!f)
        return STATUS_INSUFFICIENT_RESOURCES;
    wvm_file_set_access(f, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE);
    f->permitted = permitted;
    __atomic_store_n(&f->borrowed, own, __ATOMIC_RELEASE);
    wvm_object_start(&f->head);
    wvm_status status = wvm_handle_insert(WVM_OBJECT_FILE, f, access, out);
    if (status < 0)
        wvm_file_abandon(f);
    else if (own)
        __atomic_store_n(&f->own_handle, (uint32_t)(uintptr_t)*out, __ATOMIC_RELEASE);
    return status;
}

wvm_status wvm_file_from_fd(int fd, uint32_t access, HANDLE *out)
{
    struct wvm_host_fd_info info;
    int error = wvm_host_fd_info(fd, &info);
    if (error < 0)
        return wvm_file_status(error);
    uint32_t permitted = permitted_by(&info);
    access = wvm_object_access(WVM_OBJECT_FILE, access, permitted);
    if (access & ~permitted)
        return STATUS_ACCESS_DENIED;
    int kept = wvm_host_fd_keep(fd);
    if (kept < 0)
        return wvm_file_status(kept);
    wvm_status status = make_handle(kept, access, permitted, false, out);
    if (status < 0)
        wvm_host_fd_close(kept, info.dev, info.ino);
    return status;
}

/* The handle of a stand-in for fd, when it still is one; one that is not any more is closed. */
static bool check_stand_in(struct wvm_file *f, int fd, const struct wvm_host_fd_info *info,
                           HANDLE *out)
{
    if (!wvm_object_try_hold(&f->head))
        return false;
    uint32_t own = __atomic_load_n(&f->own_handle, __ATOMIC_ACQUIRE);
    bool same = false;
    if (own && __atomic_load_n(&f->fd, __ATOMIC_ACQUIRE) == fd) {
        *out = (HANDLE)(uintptr_t)own;
        same = f->dev == info->dev && f->ino == info->ino && f->permitted == permitted_by(info) &&
               wvm_handle_is_ours(*out);
        if (!same) {
            wvm_status closed = wvm_handle_close(*out);
            (void)closed; /* closed already */
        }
    }
    wvm_object_drop(WVM_OBJECT_FILE, f);
    return same;
}

wvm_status wvm_file_of_fd(int fd, HANDLE *out)
{
    struct wvm_host_fd_info info;
    struct wvm_file *f;
    int error = wvm_host_fd_info(fd, &info);
    if (error < 0)
        return wvm_file_status(error);
    for (uint32_t i = 0; (f = wvm_object_at(&wvm_file_pool, i)); i++)
        if (__atomic_load_n(&f->own_handle, __ATOMIC_RELAXED) && check_stand_in(f, fd, &info, out))
            return STATUS_SUCCESS;
    uint32_t permitted = permitted_by(&info);
    return make_handle(fd, permitted, permitted, true, out);
}

wvm_status wvm_file_duplicate(HANDLE h, uint32_t rights, int *out)
{
    void *object;
    int fd;
    wvm_status status = wvm_handle_get(h, WVM_OBJECT_FILE, rights, &object, NULL);
    if (status < 0)
        return status;
    status = wvm_file_descriptor(object, &fd);
    if (status >= 0) {
        *out = wvm_host_io_dup(fd, false);
        status = *out < 0 ? wvm_file_status(*out) : STATUS_SUCCESS;
    }
    wvm_object_drop(WVM_OBJECT_FILE, object);
    return status;
}

wvm_status wvm_file_to_fd(HANDLE h, bool inherit, int *out)
{
    void *object;
    int fd;
    wvm_status status = wvm_handle_get(h, WVM_OBJECT_FILE, 0, &object, NULL);
    if (status < 0)
        return status;
    struct wvm_file *f = object;
    status = wvm_file_descriptor(f, &fd);
    if (status >= 0 && __atomic_load_n(&f->borrowed, __ATOMIC_ACQUIRE)) {
        *out = fd;
    } else if (status >= 0) {
        *out = wvm_host_io_dup(fd, inherit);
        if (*out < 0) {
            status = wvm_file_status(*out);
        } else {
            __atomic_store_n(&f->fd, *out, __ATOMIC_RELEASE);
            __atomic_store_n(&f->own_handle, (uint32_t)(uintptr_t)h, __ATOMIC_RELEASE);
            __atomic_store_n(&f->borrowed, true, __ATOMIC_RELEASE);
            wvm_host_fd_close(fd, f->dev, f->ino);
        }
    }
    wvm_object_drop(WVM_OBJECT_FILE, f);
    return status;
}
