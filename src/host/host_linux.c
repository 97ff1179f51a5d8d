/* The table of memory operations: one system call each.
 *
 * Owns     wvm_host and the placement hint.
 * Terms    hint = an address offered to mmap without MAP_FIXED: the kernel takes it when it is free
 *          and chooses another address when it is not.
 * I1       No operation replaces a mapping except discard, isolate, alias, map_large and, when
 *          asked to, map_file, which are for our own pages only.
 * I2       A search for an aligned address holds at most one mapping at any moment, except the last
 *          resort for lengths of at most OVERMAP_MAX.
 * I3       next_hint is a guess. A stale or torn value costs one more system call, never a wrong
 *          answer: every result is checked.
 * I4       New mappings that may become writable are MAP_NORESERVE: the commit limit is counted
 *          above this room.
 * Locking  none.   Failure: -errno, nothing changed, except that protect, lock, unlock and the
 *          advice operations over several mappings may have done a part (as the kernel does).
 * Signal safety  all operations; errno is preserved. */
#include "host/host_private.h"

#include "base/arith.h"
#include "host/host_kernel.h"

enum { OVERMAP_MAX = 1 << 24, RESERVE_TRIES = 4 };

static uintptr_t next_hint;

static bool is_aligned(uintptr_t addr)
{
    return (addr & (WVM_GRANULE_SIZE - 1)) == 0;
}

static intptr_t map_none(uintptr_t addr, size_t len, int flags)
{
    return wvm_sys_mmap(addr, len, PROT_NONE, flags | MAP_NORESERVE);
}

/* The address to offer after the kernel chose `got`, which is not aligned: the granule below it, as
 * mappings grow downward; on odd tries the one above. */
static uintptr_t hint_near(uintptr_t got, unsigned try)
{
    uintptr_t down = wvm_align_down(got, WVM_GRANULE_SIZE);
    return try % 2 == 0 ? down : down + WVM_GRANULE_SIZE;
}

static void remember_hint(uintptr_t start, size_t len)
{
    uintptr_t below = 0;
    if (start > len)
        below = wvm_align_down(start - len, WVM_GRANULE_SIZE);
    if (below < wvm_host_caps.min_addr)
        below = 0;
    __atomic_store_n(&next_hint, below, __ATOMIC_RELAXED);
}

/* Maps one granule too much and gives back both ends. */
static int reserve_by_trim(size_t len, uintptr_t *out)
{
    size_t big = len + WVM_GRANULE_SIZE;
    intptr_t r = map_none(0, big, 0);
    if (wvm_sys_failed(r))
        return (int)r;
    uintptr_t start = wvm_align_up((uintptr_t)r, WVM_GRANULE_SIZE);
    uintptr_t end = (uintptr_t)r + big;
    if (start > (uintptr_t)r)
        wvm_sys_munmap((uintptr_t)r, start - (uintptr_t)r);
    if (end > start + len)
        wvm_sys_munmap(start + len, end - (start + len));
    *out = start;
    return 0;
}

static int linux_reserve(size_t len, uintptr_t *out)
{
    uintptr_t hint = __atomic_load_n(&next_hint, __ATOMIC_RELAXED);
    for (unsigned try = 0; try < RESERVE_TRIES; try++) {
        intptr_t r = map_none(hint, len, 0);
        if (wvm_sys_failed(r))
            return (int)r;
        if (is_aligned((uintptr_t)r)) {
            remember_hint((uintptr_t)r, len);
            *out = (uintptr_t)r;
            return 0;
        }
        wvm_sys_munmap((uintptr_t)r, len);
        hint = hint_near((uintptr_t)r, try);
    }
    return len <= OVERMAP_MAX ? reserve_by_trim(len, out) : -ENOMEM;
}

static int linux_reserve_at(uintptr_t addr, size_t len)
{
    uintptr_t end;
    if (!wvm_add_checked(addr, len, &end) || end > wvm_host_caps.top)
        return -ENOMEM;
    intptr_t r = map_none(addr, len, wvm_host_caps.fixed_noreplace ? WVM_MAP_FIXED_NOREPLACE : 0);
    if (r == -EPERM) /* below vm.mmap_min_addr: as good as taken */
        return -EEXIST;
    if (wvm_sys_failed(r))
        return (int)r;
    if ((uintptr_t)r == addr)
        return 0;
    wvm_sys_munmap((uintptr_t)r, len);
    return -EEXIST;
}

static int linux_unmap(uintptr_t addr, size_t len)
{
    return wvm_sys_munmap(addr, len);
}

static int linux_map_file(const struct wvm_host_file_map *m)
{
    int flags = m->copy ? MAP_PRIVATE | MAP_NORESERVE : MAP_SHARED;
    if (m->replace)
        flags |= MAP_FIXED;
    else if (wvm_host_caps.fixed_noreplace)
        flags |= WVM_MAP_FIXED_NOREPLACE;
    intptr_t r = wvm_sys_mmap_file(m->addr, m->len, (int)m->prot, flags, m->fd, m->offset);
    if (r == -EPERM && !m->replace && m->addr < wvm_host_caps.min_addr)
        return -EEXIST;
    if (wvm_sys_failed(r))
        return (int)r;
    if ((uintptr_t)r == m->addr)
        return 0;
    wvm_sys_munmap((uintptr_t)r, m->len);
    return -EEXIST;
}

WVM_STATIC((int)WVM_HOST_R == PROT_READ && (int)WVM_HOST_W == PROT_WRITE
           && (int)WVM_HOST_X == PROT_EXEC, "protections are the kernel's");

static int linux_protect(uintptr_t addr, size_t len, unsigned prot)
{
    return (int)wvm_sys3(SYS_mprotect, addr, len, prot);
}

static int linux_discard(uintptr_t addr, size_t len)
{
    intptr_t r = map_none(addr, len, MAP_FIXED);
    return wvm_sys_failed(r) ? (int)r : 0;
}

/* Without MAP_NORESERVE; as nothing of it can be written nothing is charged. */
static int linux_isolate(uintptr_t addr, size_t len)
{
    intptr_t r = wvm_sys_mmap(addr, len, PROT_NONE, MAP_FIXED);
    return wvm_sys_failed(r) ? (int)r : 0;
}

static int linux_fence(uintptr_t addr, size_t len)
{
    return wvm_sys_madvise(addr, len, WVM_MADV_GUARD_INSTALL);
}

static int linux_unfence(uintptr_t addr, size_t len)
{
    return wvm_sys_madvise(addr, len, WVM_MADV_GUARD_REMOVE);
}

static int linux_drop(uintptr_t addr, size_t len)
{
    return wvm_sys_madvise(addr, len, MADV_DONTNEED);
}

static int linux_lazy_free(uintptr_t addr, size_t len)
{
    return wvm_sys_madvise(addr, len, WVM_MADV_FREE);
}

static int linux_populate(uintptr_t addr, size_t len)
{
    return wvm_sys_madvise(addr, len, WVM_MADV_POPULATE_WRITE);
}

static int linux_cool(uintptr_t addr, size_t len)
{
    return wvm_sys_madvise(addr, len, WVM_MADV_COLD);
}

static int linux_page_out(uintptr_t addr, size_t len)
{
    return wvm_sys_madvise(addr, len, WVM_MADV_PAGEOUT);
}

static int linux_populate_read(uintptr_t addr, size_t len)
{
    return wvm_sys_madvise(addr, len, WVM_MADV_POPULATE_READ);
}

static int linux_small_pages(uintptr_t addr, size_t len)
{
    return wvm_sys_madvise(addr, len, MADV_NOHUGEPAGE);
}

static int linux_prefer_large(uintptr_t addr, size_t len)
{
    return wvm_sys_madvise(addr, len, MADV_HUGEPAGE);
}

static int linux_collapse(uintptr_t addr, size_t len)
{
    return wvm_sys_madvise(addr, len, WVM_MADV_COLLAPSE);
}

static int linux_lock(uintptr_t addr, size_t len)
{
    return (int)WVM_SYS(syscall(SYS_mlock, addr, len));
}

/* mlock would write to every page of a writable private mapping. What is not there yet is locked
 * when it comes. */
static int linux_lock_shared(uintptr_t addr, size_t len)
{
    int err = (int)WVM_SYS(syscall(SYS_mlock2, addr, len, WVM_MLOCK_ONFAULT));
    if (err == 0)
        (void)wvm_sys_madvise(addr, len, WVM_MADV_POPULATE_READ);
    return err;
}

static int linux_unlock(uintptr_t addr, size_t len)
{
    return (int)WVM_SYS(syscall(SYS_munlock, addr, len));
}

/* An inaccessible page on either side keeps a program's overrun out of the metadata. */
static int linux_meta(size_t len, void **out)
{
    size_t whole;
    if (__builtin_add_overflow(len, 2 * WVM_PAGE_SIZE, &whole))
        return -ENOMEM;
    intptr_t r = map_none(0, whole, 0);
    if (wvm_sys_failed(r))
        return (int)r;
    uintptr_t start = (uintptr_t)r + WVM_PAGE_SIZE;
    int err = linux_protect(start, len, WVM_HOST_R | WVM_HOST_W);
    if (err != 0) {
        wvm_sys_munmap((uintptr_t)r, whole);
        return err;
    }
    *out = (void *)start;
    return 0;
}

static int linux_ballast(size_t len, uintptr_t *out)
{
    void *p;
    int saved = errno;
    p = mmap(NULL, len, PROT_NONE, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    int err = p == MAP_FAILED ? -errno : 0;
    errno = saved;
    if (err == 0)
        *out = (uintptr_t)p;
    return err;
}

/* A second mapping of shared memory: mremap with an old length of 0. Address or -errno. */
static intptr_t map_again(uintptr_t from, size_t len, int flags, uintptr_t at)
{
    return WVM_SYS(syscall(SYS_mremap, from, (size_t)0, len, MREMAP_MAYMOVE | flags, at));
}

static int linux_share(size_t len, uintptr_t *rw, uintptr_t *ro)
{
    intptr_t first = wvm_sys_mmap(0, len, PROT_READ | PROT_WRITE, MAP_SHARED);
    if (wvm_sys_failed(first))
        return (int)first;
    intptr_t second = map_again((uintptr_t)first, len, 0, 0);
    int err = wvm_sys_failed(second) ? (int)second : 0;
    if (err == 0 && (err = linux_protect((uintptr_t)second, len, WVM_HOST_R)) != 0)
        wvm_sys_munmap((uintptr_t)second, len);
    if (err != 0) {
        wvm_sys_munmap((uintptr_t)first, len);
        return err;
    }
    *rw = (uintptr_t)first;
    *ro = (uintptr_t)second;
    return 0;
}

/* The kernel may have unmapped the place before it fails. */
static int linux_alias(uintptr_t from, size_t len, uintptr_t at)
{
    intptr_t r = map_again(from, len, MREMAP_FIXED, at);
    if (!wvm_sys_failed(r))
        return 0;
    (void)linux_reserve_at(at, len);
    return (int)r;
}

struct wvm_host_ops wvm_host = {
    .reserve = linux_reserve,
    .reserve_at = linux_reserve_at,
    .unmap = linux_unmap,
    .map_file = linux_map_file,
    .protect = linux_protect,
    .discard = linux_discard,
    .isolate = linux_isolate,
    .fence = linux_fence,
    .unfence = linux_unfence,
    .drop = linux_drop,
    .lazy_free = linux_lazy_free,
    .populate = linux_populate,
    .populate_read = linux_populate_read,
    .cool = linux_cool,
    .page_out = linux_page_out,
    .lock = linux_lock,
    .lock_shared = linux_lock_shared,
    .unlock = linux_unlock,
    .small_pages = linux_small_pages,
    .prefer_large = linux_prefer_large,
    .collapse = linux_collapse,
    .map_large = wvm_host_linux_map_large,
    .watch = wvm_host_linux_watch,
    .written = wvm_host_linux_written,
    .meta = linux_meta,
    .ballast = linux_ballast,
    .share = linux_share,
    .alias = linux_alias,
};
