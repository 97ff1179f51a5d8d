/* Section objects: making, counting and ending them.
 *
 * Terms   handles = those of this process; references = handles, views and calls under way.
 * I1  The fields of an object change only before it has its first reference and after it lost its
 *     last one, except the atomic ones. Ending it is done by whoever dropped the last reference.
 * I2  backing.fd is open for winvm alone. It is closed only while it still is the descriptor that
 *     it was when it came: the program may have closed it, and its number may be a file of the
 *     program by now. New memory is marked: its file position, which nobody uses, is unique (half
 *     the price of two fstat()); everything else is known by (fd_dev, fd_ino). A marked descriptor
 *     is never shared with the program or another section: who gets the memory opens it anew.
 * I3  n_handles falls to 0 once and never rises again; the name goes then, though views and calls
 *     keep the object.
 * I4  What this process charged for a section is given back with its last reference here.
 * Locking: none of its own.   Failure: what was made so far is ended; a file that was extended
 * stays so.   Signal safety: not for handlers.
 * fork: parent and child count for themselves, and each has its own descriptor of the same file. */
#include "section/section_internal.h"

#include <errno.h>

#include <winvm/ntstatus.h>

#include "base/arith.h"
#include "host/host_object.h"

wvm_status wvm_section_status(int error)
{
    switch (error) {
    case -ENOMEM:
        return STATUS_NO_MEMORY;
    case -ENOSPC:
    case -EDQUOT:
    case -EFBIG:
        return STATUS_DISK_FULL;
    case -EACCES:
    case -EPERM:
    case -EROFS:
    case -ETXTBSY:
        return STATUS_ACCESS_DENIED;
    case -EBADF:
        return STATUS_INVALID_HANDLE;
    default:
        return STATUS_INSUFFICIENT_RESOURCES;
    }
}

/* The last reference went. */
static void end_backing(struct wvm_backing *b)
{
    wvm_section_end(wvm_section_of(b));
}

struct wvm_section *wvm_section_blank(const struct wvm_section_request *req)
{
    struct wvm_section *s = wvm_section_take();
    if (!s)
        return NULL;
    s->backing.fd = s->file_fd = -1;
    s->backing.shared_writable = false;
    s->backing.commits = NULL;
    s->backing.charged = 0;
    s->backing.last = end_backing;
    s->kind = req->kind;
    s->flags = req->flags;
    s->attr = req->attr;
    s->size = req->size;
    s->round = 0;
    s->name = 0;
    s->mark = s->fd_dev = s->fd_ino = s->dev = s->ino = 0;
    s->image = NULL;
    s->text = NULL;
    return s;
}

void wvm_section_start(struct wvm_section *s)
{
    __atomic_store_n(&s->n_handles, 1, __ATOMIC_RELAXED);
    __atomic_store_n(&s->backing.refs, 1, __ATOMIC_RELEASE);
}

void wvm_section_end(struct wvm_section *s)
{
    uint64_t charged = __atomic_exchange_n(&s->backing.charged, 0, __ATOMIC_RELAXED);
    if (s->backing.commits)
        wvm_section_unmap_commits(s);
    if (charged)
        wvm_space_uncharge_section(&wvm_space_native, charged);
    if (s->mark && !wvm_spare_keep(s))
        wvm_host_fd_close_marked(s->backing.fd, s->mark);
    else if (!s->mark && s->backing.fd >= 0)
        wvm_host_fd_close(s->backing.fd, s->fd_dev, s->fd_ino);
    if (s->file_fd >= 0)
        wvm_host_fd_close(s->file_fd, s->dev, s->ino);
    if (s->image)
        wvm_image_info_give(s->image);
    if (s->text)
        wvm_section_text_give(s->text);
    wvm_section_give(s);
}

bool wvm_section_identify(struct wvm_section *s)
{
    uint64_t dev, ino, mark = __atomic_load_n(&s->mark, __ATOMIC_RELAXED);
    if (!mark)
        return true;
    if (!wvm_host_fd_is_marked(s->backing.fd, mark) ||
        !wvm_host_fd_identify(s->backing.fd, &dev, &ino))
        return false;
    __atomic_store_n(&s->fd_dev, dev, __ATOMIC_RELAXED);
    __atomic_store_n(&s->fd_ino, ino, __ATOMIC_RELAXED);
    return true;
}

wvm_status wvm_section_make(const struct wvm_section_request *req, struct wvm_section **out)
{
    wvm_status status;
    struct wvm_section *s = wvm_section_blank(req);
    if (!s)
        return STATUS_NO_MEMORY;
    if (req->kind == WVM_SECTION_PAGEFILE)
        status = wvm_section_make_memory(s);
    else if (req->kind == WVM_SECTION_FILE)
        status = wvm_section_make_file(s, req->fd);
    else
        status = wvm_section_make_image(s, req->fd);
    if (status < 0) {
        wvm_section_end(s);
        return status;
    }
    wvm_section_start(s);
    *out = s;
    return STATUS_SUCCESS;
}

wvm_status wvm_section_create(const struct wvm_section_request *req, struct wvm_section **out)
{
    return req->name ? wvm_section_create_named(req, out) : wvm_section_make(req, out);
}

bool wvm_section_add_handle(struct wvm_section *s)
{
    uint32_t n = __atomic_load_n(&s->n_handles, __ATOMIC_RELAXED);
    while (n && !__atomic_compare_exchange_n(&s->n_handles, &n, n + 1, true, __ATOMIC_RELAXED,
                                             __ATOMIC_RELAXED))
        ;
    return n != 0;
}

void wvm_section_close_handle(struct wvm_section *s)
{
    if (__atomic_fetch_sub(&s->n_handles, 1, __ATOMIC_ACQ_REL) != 1)
        return;
    uint32_t name = __atomic_exchange_n(&s->name, 0, __ATOMIC_ACQ_REL);
    if (name)
        wvm_name_release(name);
}

/* The end of its file that a section needs; 0: it needs none. */
static uint64_t file_end(const struct wvm_section *s)
{
    if (s->kind == WVM_SECTION_FILE)
        return wvm_section_round(__atomic_load_n(&s->size, __ATOMIC_RELAXED));
    return s->kind == WVM_SECTION_IMAGE ? s->image->file_size : 0;
}

bool wvm_section_file_in_use(uint64_t dev, uint64_t ino, uint64_t size)
{
    struct wvm_section *s;
    bool used = false;
    for (uint32_t i = 0; !used && (s = wvm_section_at(i)) != NULL; i++) {
        if (!wvm_backing_try_hold(&s->backing))
            continue;
        used = s->dev == dev && s->ino == ino && file_end(s) > wvm_section_round(size)
            && wvm_space_has_views(&wvm_space_native, &s->backing);
        wvm_backing_drop(&s->backing);
    }
    return used;
}
