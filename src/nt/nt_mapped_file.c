/* Which file is mapped at an address: its path, and whether two mappings have the same one.
 *
 * Terms   foreign = not mapped by winvm: a module of the dynamic loader, the program's mappings.
 * I1  Nothing here changes any state but a reference that is given back.
 * I2  A view's file is told by its section's descriptor: it has its name also while nothing of the
 *     view is in memory, and after a rename.
 * The comparison is not symmetric: an image is asked whether the other mapping is of its file; data
 * are only the same as themselves (SEC-204..208).
 * Locking: none.   Failure: nothing written. */
#include <string.h>

#include "api/api.h"
#include "host/host.h"
#include "host/host_object.h"
#include "nt/nt_elsewhere.h"
#include "nt/nt_host_memory.h"
#include "nt/nt_map.h"
#include "nt/nt_query.h"
#include "nt/nt_target.h"
#include "nt/nt_user.h"

/* The descriptor of the file behind the section; -1: it is the page file. */
static int section_file(const struct wvm_section *s)
{
    switch (s->kind) {
    case WVM_SECTION_FILE: return s->backing.fd;
    case WVM_SECTION_IMAGE: return s->file_fd;
    default: return -1;
    }
}

static wvm_status view_path(uintptr_t addr, char out[WVM_NT_PATH_BYTES])
{
    struct wvm_view_info info;
    wvm_status status = wvm_space_view_at(&wvm_space_native, addr, &info);
    if (status < 0)
        return STATUS_INVALID_ADDRESS;
    int fd = section_file(wvm_section_of(info.backing));
    if (fd < 0 || wvm_host_fd_path(fd, out, WVM_NT_PATH_BYTES) <= 0)
        status = STATUS_FILE_INVALID;
    wvm_backing_drop(info.backing);
    return status;
}

wvm_status wvm_nt_mapped_path(const struct wvm_target *t, uintptr_t addr,
                              char out[WVM_NT_PATH_BYTES])
{
    struct wvm_region r;
    if (addr >= wvm_nt_end_for(t, addr))
        return STATUS_INVALID_ADDRESS;
    wvm_status status;
    if (t->pid != 0 && wvm_nt_path_elsewhere(t->pid, addr, out, WVM_NT_PATH_BYTES, &status))
        return status;
    status = wvm_nt_region_in(t, addr, &r);
    if (status < 0)
        return status;
    if (r.flags & WVM_ALLOC_VIEW)
        return view_path(t->base + addr, out);
    if (r.type == WVM_TYPE_FREE || r.type == WVM_TYPE_PRIVATE ||
        wvm_host_map_name_of(t->pid, addr, out, WVM_NT_PATH_BYTES) <= 0)
        return STATUS_INVALID_ADDRESS;
    return STATUS_SUCCESS;
}

struct mapping {
    uintptr_t start;
    uint64_t dev, ino; /* 0, 0: no file is known */
    bool image;
};

static void identify_view(uintptr_t addr, struct mapping *out)
{
    struct wvm_view_info info;
    if (wvm_space_view_at(&wvm_space_native, addr, &info) < 0)
        return;
    const struct wvm_section *s = wvm_section_of(info.backing);
    out->dev = s->dev;
    out->ino = s->ino;
    wvm_backing_drop(info.backing);
}

/* A module's first page is one of its file's, whatever lies at the address itself. */
static void identify_foreign(const struct wvm_region *r, struct mapping *out)
{
    struct wvm_host_vma vma;
    if (wvm_host_map_find(r->alloc_start, &vma) == 1 && vma.start <= r->alloc_start) {
        out->dev = vma.dev;
        out->ino = vma.ino;
    }
}

static wvm_status identify(uintptr_t addr, struct mapping *out)
{
    const struct wvm_target own = {.top = wvm_nt_top()};
    struct wvm_region r;
    if (addr >= wvm_nt_end_for(&own, addr))
        return STATUS_INVALID_ADDRESS;
    wvm_status status = wvm_space_query(&wvm_space_native, addr, &r);
    if (status < 0)
        return status;
    if (r.type == WVM_TYPE_FREE)
        return STATUS_INVALID_ADDRESS;
    if (r.type == WVM_TYPE_PRIVATE)
        return STATUS_CONFLICTING_ADDRESSES;
    *out = (struct mapping){.start = r.alloc_start, .image = r.type == WVM_TYPE_IMAGE};
    if (r.flags & WVM_ALLOC_VIEW)
        identify_view(addr, out);
    else
        identify_foreign(&r, out);
    return STATUS_SUCCESS;
}

NTSTATUS wvm_NtAreMappedFilesTheSame(PVOID first, PVOID second)
{
    struct mapping a, b;
    wvm_status status = identify((uintptr_t)first, &a);
    if (status >= 0)
        status = identify((uintptr_t)second, &b);
    if (status < 0)
        return status;
    if (a.start == b.start)
        return STATUS_SUCCESS;
    return a.image && a.ino && a.dev == b.dev && a.ino == b.ino ? STATUS_SUCCESS
                                                                 : STATUS_NOT_SAME_DEVICE;
}
