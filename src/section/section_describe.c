/* What a section is, told by its own memory: for processes that get only the descriptor.
 *
 * Terms   description = the last pages of the memory, behind data and map of commits; described =
 *         it has one. A description is written when another process is going to need it, and never
 *         changes; two that write it at the same time write the same.
 * I1  Memory that is described is sealed: nobody can change its size any more, so that what is read
 *     of it cannot vanish. Memory that is not sealed is not recognised.
 * I2  Nothing that a description says is believed before it agrees with the size of the memory; who
 *     can write a description owns the memory anyway, and can do no more than give it another
 *     length, protection or kind.
 * Locking: none.   Failure: no description, maybe empty pages more.
 * Signal safety: not for handlers. */
#include <string.h>

#include <winvm/ntstatus.h>

#include "base/assert.h"
#include "host/host_object.h"
#include "section/section_internal.h"

#define MAGIC 0x6e6f697463657357u /* "Wsection" */
#define LAYOUT 1u

struct description {
    wvm_word64 magic;
    uint32_t version;
    uint8_t kind, flags, attr;
    uint64_t size;
    uint64_t dev, ino; /* of an image's file */
    struct wvm_image_info image;
};
WVM_STATIC(sizeof(struct description) == 4784, "32- and 64-bit processes read the same");
#define PLACE ((sizeof(struct description) + 4095) / 4096 * 4096)

/* Where the description of s begins. */
static uint64_t place_of(const struct wvm_section *s)
{
    uint64_t data = s->image ? s->image->size : s->size;
    return wvm_section_round(data) + (s->backing.commits ? wvm_section_commits_len(data) : 0);
}

static void fill(struct description *d, const struct wvm_section *s)
{
    d->version = LAYOUT;
    d->kind = s->kind;
    d->flags = s->flags;
    d->attr = s->attr;
    d->size = s->size;
    d->dev = s->dev;
    d->ino = s->ino;
    if (s->image)
        d->image = *s->image;
    __atomic_store_n(&d->magic, MAGIC, __ATOMIC_RELEASE);
}

wvm_status wvm_section_describe(struct wvm_section *s)
{
    void *page;
    uint64_t at = place_of(s);
    s->round = 0;
    int fd = s->backing.fd;
    int err = wvm_host_fd_resize(fd, at + PLACE);
    if (err == 0 || wvm_host_shm_is_sealed(fd))
        err = wvm_host_fd_map_meta(fd, at, PLACE, &page);
    if (err != 0)
        return wvm_section_status(err);
    fill(page, s);
    (void)wvm_host.unmap((uintptr_t)page, PLACE);
    err = wvm_host_shm_seal(fd);
    return err != 0 ? wvm_section_status(err) : STATUS_SUCCESS;
}

/* Parts that cover every page of the image, in order. */
static bool is_image(const struct wvm_image_info *image)
{
    uint64_t at = 0;
    if (image->n_parts == 0 || image->n_parts > WVM_IMAGE_PARTS)
        return false;
    for (unsigned i = 0; i < image->n_parts; i++) {
        const struct wvm_view_part *part = &image->part[i];
        if (part->start != at || part->end <= at || part->attr > WVM_ATTR_XWC)
            return false;
        at = part->end;
    }
    return at == image->size >> WVM_PAGE_SHIFT && image->size % WVM_PAGE_SIZE == 0;
}

static bool is_sound(const struct description *d)
{
    if (d->magic != MAGIC || d->version != LAYOUT || d->size == 0 ||
        d->size > WVM_SECTION_SIZE_MAX - WVM_PAGE_SIZE ||
        d->attr < WVM_ATTR_RO || d->attr > WVM_ATTR_XWC)
        return false;
    if (d->kind == WVM_SECTION_IMAGE)
        return is_image(&d->image) && d->size <= d->image.size && !(d->flags & WVM_SECTION_RESERVE);
    return d->kind == WVM_SECTION_PAGEFILE && d->size % WVM_PAGE_SIZE == 0;
}

static wvm_status adopt(struct wvm_section *s, const struct description *d)
{
    s->kind = d->kind;
    s->flags = d->flags;
    s->attr = d->attr;
    s->size = d->size;
    if (d->kind == WVM_SECTION_IMAGE) {
        s->dev = d->dev;
        s->ino = d->ino;
        s->image = wvm_image_info_take();
        if (!s->image)
            return STATUS_INSUFFICIENT_RESOURCES;
        *s->image = d->image;
    }
    return d->flags & WVM_SECTION_RESERVE ? wvm_section_map_commits(s) : STATUS_SUCCESS;
}

wvm_status wvm_section_recognise(struct wvm_section *s)
{
    struct wvm_host_fd_info info;
    struct description d;
    int fd = s->backing.fd;
    if (!wvm_host_shm_is_sealed(fd) || wvm_host_fd_info(fd, &info) != 0 ||
        info.size <= PLACE || info.size % WVM_PAGE_SIZE ||
        wvm_host_fd_read(fd, &d, sizeof d, info.size - PLACE) != (int64_t)sizeof d ||
        !is_sound(&d))
        return STATUS_INVALID_HANDLE;
    uint64_t data = d.kind == WVM_SECTION_IMAGE ? d.image.size : d.size;
    uint64_t map = d.flags & WVM_SECTION_RESERVE ? wvm_section_commits_len(data) : 0;
    if (data + map + PLACE != info.size)
        return STATUS_INVALID_HANDLE;
    s->backing.shared_writable = info.writable;
    return adopt(s, &d);
}

/* A descriptor of its own; where the host cannot open it anew the mark of the section's is lost. */
static int open_anew(struct wvm_section *s)
{
    int fd = wvm_host_fd_reopen(0, s->backing.fd, true);
    if (fd >= 0)
        return fd;
    __atomic_store_n(&s->mark, 0, __ATOMIC_RELAXED);
    return wvm_host_fd_keep(s->backing.fd);
}

wvm_status wvm_section_export(struct wvm_section *s, int *fd)
{
    if (s->kind != WVM_SECTION_PAGEFILE)
        return STATUS_NOT_SUPPORTED;
    if (!wvm_section_identify(s))
        return STATUS_INVALID_HANDLE;
    wvm_status status = wvm_section_describe(s);
    if (status < 0)
        return status;
    int made = open_anew(s);
    if (made < 0)
        return wvm_section_status(made);
    *fd = made;
    return STATUS_SUCCESS;
}

wvm_status wvm_section_import(int fd, struct wvm_section **out)
{
    static const struct wvm_section_request unknown = {.fd = -1};
    struct wvm_section *s = wvm_section_blank(&unknown);
    if (!s)
        return STATUS_INSUFFICIENT_RESOURCES;
    wvm_status status = STATUS_INVALID_HANDLE;
    int kept = wvm_host_fd_keep(fd);
    if (kept < 0) {
        status = wvm_section_status(kept);
    } else if (wvm_host_fd_identify(kept, &s->fd_dev, &s->fd_ino)) {
        s->backing.fd = kept;
        status = wvm_section_recognise(s);
    }
    if (status >= 0 && s->kind != WVM_SECTION_PAGEFILE)
        status = STATUS_INVALID_HANDLE;
    if (status < 0) {
        wvm_section_end(s);
        return status;
    }
    wvm_section_start(s);
    *out = s;
    return STATUS_SUCCESS;
}
