/* Sections of files, and of images made from files.
 *
 * Terms   end = the byte after the last one of the section; files of the host end at any byte, and
 *         so do sections of them (SEC-011, SEC-012).
 * I1  A section is never larger than its file was when it was made or extended. What else the
 *     program does to the file is not prevented.
 * I2  A file is never made smaller here, and larger only for a section that may be written.
 * I3  s->size only rises.
 * Locking: none.   Failure: a file that was extended stays so.
 * Signal safety: not for handlers. */
#include <errno.h>

#include <winvm/ntstatus.h>

#include "host/host_object.h"
#include "section/section_internal.h"

static bool is_writable(const struct wvm_section *s)
{
    return s->attr == WVM_ATTR_RW || s->attr == WVM_ATTR_XRW;
}

/* The kept descriptor of the file of s, and what it is. */
static wvm_status keep_file(struct wvm_section *s, int fd, int *kept, struct wvm_host_fd_info *info)
{
    int err = wvm_host_fd_info(fd, info);
    if (err != 0)
        return wvm_section_status(err);
    if (!info->regular)
        return STATUS_INVALID_FILE_FOR_SECTION;
    s->dev = info->dev;
    s->ino = info->ino;
    *kept = wvm_host_fd_keep(fd);
    return *kept < 0 ? wvm_section_status(*kept) : STATUS_SUCCESS;
}

static wvm_status extend_file(int fd, uint64_t size)
{
    if (size > WVM_SECTION_SIZE_MAX - WVM_PAGE_SIZE)
        return STATUS_SECTION_TOO_BIG;
    int err = wvm_host_fd_extend(fd, size);
    return err != 0 ? wvm_section_status(err) : STATUS_SUCCESS;
}

wvm_status wvm_section_make_file(struct wvm_section *s, int fd)
{
    struct wvm_host_fd_info info;
    wvm_status status = keep_file(s, fd, &s->backing.fd, &info);
    if (status < 0)
        return status;
    s->fd_dev = s->dev;
    s->fd_ino = s->ino;
    s->backing.shared_writable = info.writable;
    if (s->size == 0) {
        s->size = info.size;
        return s->size ? STATUS_SUCCESS : STATUS_MAPPED_FILE_SIZE_ZERO;
    }
    if (s->size <= info.size)
        return STATUS_SUCCESS;
    return is_writable(s) ? extend_file(s->backing.fd, s->size)
                          : (wvm_status)STATUS_SECTION_TOO_BIG;
}

/* An image may be shown from its start only in part (SEC-110). */
wvm_status wvm_section_make_image(struct wvm_section *s, int fd)
{
    struct wvm_host_fd_info info;
    int memory;
    struct wvm_image_info *image = wvm_image_info_take();
    if (!image)
        return STATUS_INSUFFICIENT_RESOURCES;
    s->image = image;
    wvm_status status = wvm_image_make(fd, s->flags & WVM_SECTION_NO_EXECUTE, image, &memory);
    if (status < 0)
        return status;
    if (!wvm_host_fd_identify(memory, &s->fd_dev, &s->fd_ino))
        return STATUS_INSUFFICIENT_RESOURCES;
    s->backing.fd = memory;
    s->backing.shared_writable = true;
    if (s->size > image->size)
        return STATUS_SECTION_TOO_BIG;
    if (s->size == 0)
        s->size = image->size;
    return keep_file(s, fd, &s->file_fd, &info);
}

wvm_status wvm_section_extend(struct wvm_section *s, uint64_t size)
{
    uint64_t now = __atomic_load_n(&s->size, __ATOMIC_RELAXED);
    if (s->kind != WVM_SECTION_FILE || !is_writable(s))
        return STATUS_SECTION_NOT_EXTENDED;
    if (size <= now)
        return STATUS_SUCCESS;
    wvm_status status = extend_file(s->backing.fd, size);
    if (status < 0)
        return status == STATUS_DISK_FULL ? status : (wvm_status)STATUS_SECTION_NOT_EXTENDED;
    while (now < size && !__atomic_compare_exchange_n(&s->size, &now, size, true, __ATOMIC_RELEASE,
                                                      __ATOMIC_RELAXED))
        ;
    return STATUS_SUCCESS;
}
