/* Images: a PE file laid out in shared memory, and the first states of its pages.
 *
 * Terms   place = section_pe.h; part = pages of a view with one first state, space_view.h;
 *         gap = pages between two places: a section alignment above a page makes them.
 * I1      Nothing is written outside [0, size) of the new memory: places lie inside it.
 * I2      Parts ascend, do not overlap and cover every page.
 * I3      The new memory does not change once it is given out: views of an image copy what is
 *         written. Pages of the file that change or go afterwards are not seen.
 * Windows shares the pages of writable sections that are marked as shared; here every view and
 * process has its own copies of them, like of any other writable section.
 * Locking none.   Failure: a status, nothing kept.   Signal safety: all of it. */
#include "section/section_image.h"

#include <errno.h>
#include <winvm/ntstatus.h>

#include "base/arith.h"
#include "host/host_object.h"
#include "section/section_pe.h"

/* First states by access (execute 1, read 2, write 4). What can be written is copied then. */
static const uint8_t state_of[8] = {
    WVM_ATTR_NA, WVM_ATTR_X, WVM_ATTR_RO, WVM_ATTR_XR,
    WVM_ATTR_WC, WVM_ATTR_XWC, WVM_ATTR_WC, WVM_ATTR_XWC,
};
/* Without rights to execute: what could be executed can be read. */
static const uint8_t state_no_execute[8] = {
    WVM_ATTR_NA, WVM_ATTR_RO, WVM_ATTR_RO, WVM_ATTR_RO,
    WVM_ATTR_WC, WVM_ATTR_WC, WVM_ATTR_WC, WVM_ATTR_WC,
};

/* Pages up to byte `end` have this state; empty when they had one before. */
static void add_part(struct wvm_image_info *out, uint64_t end, uint8_t attr)
{
    uint64_t start = out->n_parts ? out->part[out->n_parts - 1].end : 0;
    uint64_t end_page = wvm_align_up(end, WVM_PAGE_SIZE) >> WVM_PAGE_SHIFT;
    if (end_page <= start)
        return;
    WVM_VERIFY(out->n_parts < WVM_IMAGE_PARTS);
    out->part[out->n_parts++] =
        (struct wvm_view_part){.start = start, .end = end_page, .attr = attr};
}

static void tell_parts(const struct wvm_pe *pe, bool no_execute, struct wvm_image_info *out)
{
    const uint8_t *state = no_execute ? state_no_execute : state_of;
    out->n_parts = 0;
    if (pe->flat) {
        add_part(out, pe->size, no_execute ? WVM_ATTR_WC : WVM_ATTR_XWC);
        return;
    }
    add_part(out, pe->headers.optional.headers_size, WVM_ATTR_RO);
    for (unsigned i = 0; i < pe->n; i++) {
        add_part(out, pe->place[i].start, WVM_ATTR_NA);
        add_part(out, pe->place[i].end, state[pe->place[i].access]);
    }
    add_part(out, pe->size, WVM_ATTR_NA);
}

static void tell_kind(const struct wvm_pe *pe, struct wvm_image_info *out)
{
    const struct wvm_pe_optional *o = &pe->headers.optional;
    out->preferred = pe->is_64 ? o->base64 : o->base32;
    out->size = pe->size;
    out->entry = o->entry;
    out->stack_reserve = pe->is_64 ? o->tail64.stack_reserve : o->tail32.stack_reserve;
    out->stack_commit = pe->is_64 ? o->tail64.stack_commit : o->tail32.stack_commit;
    out->subsystem = o->subsystem;
    out->subsystem_minor = o->subsystem_minor;
    out->subsystem_major = o->subsystem_major;
    out->os_minor = o->os_minor;
    out->os_major = o->os_major;
    out->checksum = o->checksum;
    out->file_size = (uint32_t)pe->file_size;
    out->loader_flags = pe->is_64 ? o->tail64.loader_flags : o->tail32.loader_flags;
    out->characteristics = pe->headers.file.characteristics;
    out->dll_characteristics = o->dll_characteristics;
    out->machine = pe->headers.file.machine;
    out->has_code = o->code_size != 0 || o->entry != 0;
    out->is_managed = pe->is_managed;
    out->is_flat = pe->flat;
}

static wvm_status copy_range(struct wvm_host_fd_copy c)
{
    if (c.len == 0)
        return STATUS_SUCCESS;
    int64_t r = wvm_host_fd_copy(&c);
    if (r < 0)
        return wvm_pe_read_failed((int)r);
    return (uint64_t)r == c.len ? STATUS_SUCCESS : STATUS_INVALID_FILE_FOR_SECTION;
}

static wvm_status lay_out(int file, const struct wvm_pe *pe, int image)
{
    wvm_status status = copy_range(
        (struct wvm_host_fd_copy){.from = file, .to = image, .len = pe->headers_end});
    for (unsigned i = 0; i < pe->n && status >= 0; i++)
        status = copy_range((struct wvm_host_fd_copy){.from = file, .from_at = pe->place[i].from,
                                                      .to = image, .to_at = pe->place[i].start,
                                                      .len = pe->place[i].len});
    return status;
}

static wvm_status new_memory(uint64_t size, struct wvm_host_fd_info *info, int *fd)
{
    *fd = wvm_host_shm_create("image", size);
    if (*fd == -ENOMEM || *fd == -ENOSPC)
        return STATUS_NO_MEMORY;
    return *fd < 0 || wvm_host_fd_info(*fd, info) < 0 ? STATUS_INSUFFICIENT_RESOURCES
                                                      : STATUS_SUCCESS;
}

wvm_status wvm_image_make(int file_fd, bool no_execute, struct wvm_image_info *out, int *image_fd)
{
    struct wvm_pe pe;
    struct wvm_host_fd_info info;
    int fd;
    wvm_status status = wvm_pe_read(file_fd, &pe);
    if (status >= 0)
        status = new_memory(pe.size, &info, &fd);
    if (status < 0)
        return status;
    status = lay_out(file_fd, &pe, fd);
    if (status < 0) {
        wvm_host_fd_close(fd, info.dev, info.ino);
        return status;
    }
    tell_kind(&pe, out);
    tell_parts(&pe, no_execute, out);
    *image_fd = fd;
    return STATUS_SUCCESS;
}
