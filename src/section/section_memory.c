/* Sections of the page file: shared memory of the host.
 *
 * Terms   data = the pages that views can show, the first ones of the memory; sparse = made with
 *         WVM_SECTION_RESERVE: the map of commits (space_commits.c) follows the data.
 * Layout of the memory: data | sparse: map of commits | described: its description
 * (section_describe.c).
 * I1  A section that is not sparse is charged whole when it is made; of a sparse one each process
 *     is charged for the pages that it committed (space/).
 * I2  Sizes of sections that exist are page multiples.
 * I3  Large pages are transparent ones of the kernel: all are in memory when the section is made.
 * Limits: as large as the address space is SECTION_TOO_BIG; a sparse section as large as
 * SPARSE_MAX is INSUFFICIENT_RESOURCES (SEC-023), since Windows has no room for its bookkeeping.
 * Locking: none.   Failure: what was made is in the object, whose owner ends it.
 * Signal safety: not for handlers. */
#include <errno.h>

#include <winvm/ntstatus.h>

#include "base/arith.h"
#include "base/options.h"
#include "host/host_large.h"
#include "host/host_object.h"
#include "section/section_internal.h"

#define SPARSE_MAX ((uint64_t)8 << 40)
#define NAME "winvm-section"

uint64_t wvm_section_commits_len(uint64_t data)
{
    return wvm_section_round(wvm_commits_len(data >> WVM_PAGE_SHIFT));
}

/* A failed call about shared memory: there is no disk that could be full. */
static wvm_status memory_status(int error)
{
    return error == -EFBIG ? (wvm_status)STATUS_SECTION_TOO_BIG : wvm_section_status(error);
}

wvm_status wvm_section_map_commits(struct wvm_section *s)
{
    void *map;
    int err = wvm_host_fd_map_meta(s->backing.fd, s->size, wvm_section_commits_len(s->size), &map);
    if (err != 0)
        return wvm_section_status(err);
    s->backing.commits = map;
    s->backing.n_commits = s->size >> WVM_PAGE_SHIFT;
    return STATUS_SUCCESS;
}

void wvm_section_unmap_commits(struct wvm_section *s)
{
    (void)wvm_host.unmap((uintptr_t)s->backing.commits, wvm_section_commits_len(s->size));
    s->backing.commits = NULL;
}

static wvm_status charge_whole(struct wvm_section *s)
{
    uint64_t n = s->size >> WVM_PAGE_SHIFT;
    wvm_status status = wvm_space_charge_section(&wvm_space_native, n);
    if (status >= 0)
        s->backing.charged = n;
    return status;
}

/* All of it is in memory, in large pages as far as the option `large` demands. */
static wvm_status make_large(struct wvm_section *s)
{
    uint64_t way = wvm_option(WVM_OPTION_LARGE);
    uint64_t n_large = 0;
    if (way == WVM_LARGE_HUGETLB)
        return STATUS_INSUFFICIENT_RESOURCES;
    int err = wvm_host_make_shared_large(s->backing.fd, s->size, way == WVM_LARGE_THP, &n_large);
    return err || n_large == 0 ? STATUS_INSUFFICIENT_RESOURCES : STATUS_SUCCESS;
}

wvm_status wvm_section_make_memory(struct wvm_section *s)
{
    bool sparse = s->flags & WVM_SECTION_RESERVE, large = s->flags & WVM_SECTION_LARGE;
    if (s->size > WVM_SECTION_SIZE_MAX - WVM_PAGE_SIZE)
        return STATUS_SECTION_TOO_BIG;
    if (sparse && s->size >= SPARSE_MAX)
        return STATUS_INSUFFICIENT_RESOURCES;
    s->size = wvm_section_round(s->size);
    /* Before the charge: I4 of section_spare.c. */
    s->round = sparse || large ? 0 : wvm_spare_round();
    wvm_status status = sparse ? STATUS_SUCCESS : charge_whole(s);
    if (status < 0)
        return status;
    if (!s->round || !wvm_spare_take(s->size, s->round, &s->backing.fd, &s->mark)) {
        int fd = wvm_host_shm_create(NAME, s->size +
                                               (sparse ? wvm_section_commits_len(s->size) : 0));
        if (fd < 0)
            return memory_status(fd);
        if (wvm_host_fd_mark(fd, &s->mark) != 0 &&
            !wvm_host_fd_identify(fd, &s->fd_dev, &s->fd_ino))
            return STATUS_INSUFFICIENT_RESOURCES;
        s->backing.fd = fd;
    }
    s->backing.shared_writable = true;
    if (WVM_UNLIKELY(large))
        return make_large(s);
    return sparse ? wvm_section_map_commits(s) : STATUS_SUCCESS;
}
