/* Views in another process: the section goes along as a descriptor, and what it is as plain values.
 *
 * I1  The other process holds the section for as long as the view lives, by a descriptor of its
 *     own; no handle and no name there is made or kept.
 * I2  Rights of the section's handle were granted here, and are judged there.
 * Locking: none.   Failure: nothing changed here.   Signal safety: yes. */
#include "host/host_object.h"
#include "nt/nt_elsewhere.h"
#include "nt/nt_extended.h"
#include "nt/nt_map.h"

/* A descriptor to pass on, from which the other process makes the same section again: that of the
 * shared memory, or of the file. *close: it is to be closed afterwards. */
static wvm_status find_descriptor(struct wvm_section *s, int *fd, bool *close)
{
    *close = s->kind == WVM_SECTION_PAGEFILE;
    if (*close)
        return wvm_section_export(s, fd);
    *fd = s->kind == WVM_SECTION_IMAGE ? s->file_fd : s->backing.fd;
    return *fd >= 0 ? STATUS_SUCCESS : STATUS_ACCESS_DENIED;
}

static void fill_request(const struct wvm_section *s, uint32_t granted,
                         const struct wvm_nt_view *view, struct wvm_remote_request *req)
{
    wvm_remote_request_init(req, WVM_REMOTE_MAP);
    req->base = view->base;
    req->size = view->size;
    req->offset = view->offset;
    req->zero_bits = view->zero_bits;
    req->commit = view->commit;
    req->type = view->type;
    req->prot = view->prot;
    req->placeholders = view->placeholders;
    req->extended = view->extended != NULL;
    if (view->extended)
        wvm_nt_extended_to_request(view->extended, req);
    req->granted = granted;
    req->section_kind = s->kind;
    req->section_flags = s->flags;
    req->section_attr = s->attr;
    req->section_size = s->kind == WVM_SECTION_FILE ? __atomic_load_n(&s->size, __ATOMIC_RELAXED)
                                                    : 0;
}

wvm_status wvm_nt_map_elsewhere(pid_t pid, struct wvm_section *s, uint32_t granted,
                                struct wvm_nt_view *view)
{
    struct wvm_remote_request req;
    struct wvm_remote_answer answer;
    int fd;
    bool close;
    wvm_status status = find_descriptor(s, &fd, &close);
    if (status < 0)
        return status;
    fill_request(s, granted, view, &req);
    status = wvm_nt_elsewhere(pid, &req, fd, &answer);
    if (close)
        wvm_host_fd_close(fd, s->fd_dev, s->fd_ino);
    if (status >= 0) {
        view->base = answer.base;
        view->size = answer.size;
    }
    return status;
}

wvm_status wvm_nt_unmap_elsewhere(pid_t pid, uintptr_t addr, uint32_t flags)
{
    struct wvm_remote_request req;
    struct wvm_remote_answer answer;
    wvm_remote_request_init(&req, WVM_REMOTE_UNMAP);
    req.base = addr;
    req.type = flags;
    return wvm_nt_elsewhere(pid, &req, -1, &answer);
}
