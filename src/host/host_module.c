/* Which ELF module an address belongs to.
 *
 * Owns     the range of the program's own image.
 * Terms    group = neighbouring mappings of one file, with holes and the anonymous memory behind
 *          its writable data (zero-initialised variables) as far as the module's headers reach.
 * I1       Where the C library knows its modules (_dl_find_object), its word is final: a file that
 *          is merely mapped is no module, whatever its contents.
 *          The program's image comes first: with holes between its segments, as in static programs,
 *          the library would answer for one segment only.
 * I2       Elsewhere a group is a module when its first page starts with the ELF mark at file
 *          offset 0 and one of its mappings is executable.
 * I3       In another process whose memory the host does not let us read (only its mappings), a
 *          group ends with the last of the file's mappings that follow each other.
 * Locking  none.   Failure: false.   Signal safety: all functions; errno is preserved. */
#include <elf.h>
#include <sys/auxv.h>

#include "base/arith.h"
#include "host/host_kernel.h"
#include "host/host_private.h"

/* The start of glibc's struct dl_find_object, with room for what follows it. */
struct found_object {
    unsigned long long flags;
    void *map_start, *map_end;
    void *rest[24];
};
extern int _dl_find_object(void *addr, struct found_object *out) __attribute__((weak));

#ifdef __LP64__
typedef Elf64_Ehdr elf_header;
typedef Elf64_Phdr elf_segment;
#else
typedef Elf32_Ehdr elf_header;
typedef Elf32_Phdr elf_segment;
#endif

enum { NEAR = 8 };

static uintptr_t program_start, program_end; /* (c) 0, 0: unknown */

/* The first page of an image: its headers. */
struct head {
    union {
        elf_header eh;
        unsigned char bytes[4096];
    };
};

/* The end of the image in memory as the program headers at base tell it; 0: no ELF image there, or
 * (*unknown) it cannot be read. */
static uintptr_t image_end(pid_t pid, uintptr_t base, bool *unknown)
{
    struct head head;
    uintptr_t low = UINTPTR_MAX, high = 0;
    ssize_t n = wvm_host_read(pid, &head, base, sizeof(head));
    *unknown = n == -EPERM || n == -EACCES || n == -ENOSYS;
    if (n != (ssize_t)sizeof(head) || __builtin_memcmp(head.eh.e_ident, ELFMAG, SELFMAG) != 0
        || head.eh.e_phentsize != sizeof(elf_segment) || head.eh.e_phoff >= sizeof(head))
        return 0;
    size_t room = (sizeof(head) - head.eh.e_phoff) / sizeof(elf_segment);
    for (size_t i = 0; i < head.eh.e_phnum && i < room; i++) {
        elf_segment ph;
        __builtin_memcpy(&ph, head.bytes + head.eh.e_phoff + i * sizeof(ph), sizeof(ph));
        if (ph.p_type != PT_LOAD)
            continue;
        low = wvm_min(low, wvm_align_down(ph.p_vaddr, WVM_PAGE_SIZE));
        high = wvm_max(high, wvm_align_up(ph.p_vaddr + ph.p_memsz, WVM_PAGE_SIZE));
    }
    return high > low ? base + (high - low) : 0;
}

void wvm_host_module_init(void)
{
    uintptr_t start = wvm_align_down((uintptr_t)getauxval(AT_PHDR), WVM_PAGE_SIZE);
    bool unknown;
    uintptr_t end = start != 0 ? image_end(0, start, &unknown) : 0;
    if (end > start) {
        program_start = start;
        program_end = end;
    }
}

static bool same_file(const struct wvm_host_vma *a, const struct wvm_host_vma *b)
{
    return a->ino == b->ino && a->dev == b->dev;
}

/* A walk that looks for the mapping of offset 0 that begins the group around addr. */
struct group_search {
    pid_t pid;
    uintptr_t addr;
    struct wvm_host_vma first; /* the last beginning seen; end 0: none yet */
    uintptr_t end;             /* where its image ends */
    bool grows;                /* that cannot be read: where its last mapping so far ends (I3) */
    bool covered;              /* addr is mapped, and by the same file or anonymously */
};

static bool search_group(const struct wvm_host_vma *v, void *ctx)
{
    struct group_search *g = ctx;
    bool more = g->grows && same_file(v, &g->first) && v->offset != 0;
    if (v->start > g->addr && !more)
        return false;
    bool inside = same_file(v, &g->first) && v->start < g->end;
    if (v->ino != 0 && v->offset == 0 && !inside) {
        g->first = *v;
        g->end = image_end(g->pid, v->start, &g->grows);
        more = g->grows;
    }
    g->grows = more;
    if (more)
        g->end = v->end;
    if (v->start > g->addr)
        return true;
    if (v->end > g->addr)
        g->covered = v->ino == 0 || same_file(v, &g->first);
    return true;
}

/* True when the file is mapped executable in [first->start, end). */
static bool has_code(pid_t pid, const struct wvm_host_vma *first, uintptr_t end)
{
    struct wvm_host_vma v;
    for (uintptr_t at = first->start; at < end && wvm_host_map_find_of(pid, at, &v) == 1;
         at = v.end)
        if (v.start < end && same_file(&v, first) && (v.prot & WVM_HOST_X))
            return true;
    return false;
}

bool wvm_host_module_by_maps(pid_t pid, uintptr_t addr, uintptr_t *start, uintptr_t *end)
{
    struct group_search g = {.pid = pid, .addr = addr};
    if (wvm_host_map_each(pid, search_group, &g) != 0 || !g.covered || g.end <= addr
        || !has_code(pid, &g.first, g.end))
        return false;
    *start = g.first.start;
    *end = g.end;
    return true;
}

bool wvm_host_module(uintptr_t addr, uintptr_t *start, uintptr_t *end)
{
    struct found_object found;
    if (addr >= program_start && addr < program_end) {
        *start = program_start;
        *end = program_end;
        return true;
    }
    if (_dl_find_object == NULL)
        return wvm_host_module_by_maps(0, addr, start, end);
    /* The library's ranges end at the last byte, not at the last page. */
    if (_dl_find_object((void *)(uintptr_t)wvm_align_down(addr, WVM_PAGE_SIZE), &found) != 0)
        return false;
    *start = wvm_align_down((uintptr_t)found.map_start, WVM_PAGE_SIZE);
    *end = wvm_align_up((uintptr_t)found.map_end, WVM_PAGE_SIZE);
    return true;
}

/* Anonymous memory is a module's only as its zeroed variables, close behind a mapping of its file.
 * (The look at the whole list that this saves is slow.) */
static bool is_behind_file(pid_t pid, uintptr_t addr)
{
    struct wvm_host_vma v;
    for (unsigned i = 0; i < NEAR && wvm_host_map_find_of(pid, addr, &v) == 1; i++) {
        if (v.start > addr)
            return false;
        if (v.ino != 0)
            return true;
        addr = v.start - 1;
    }
    return false;
}

bool wvm_host_module_of(pid_t pid, uintptr_t addr, uintptr_t *start, uintptr_t *end)
{
    if (pid == 0)
        return wvm_host_module(addr, start, end);
    return is_behind_file(pid, addr) && wvm_host_module_by_maps(pid, addr, start, end);
}
