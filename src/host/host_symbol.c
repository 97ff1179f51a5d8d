/* Names for addresses of code, from the symbol table in the module's file.
 *
 * Terms    bias = what is added to an address of the file's to be the one in memory; site = the
 *          last byte of a call, which lies before the address that the call returns to.
 * I1       The table of all symbols (.symtab) is asked when there is one, else the dynamic one.
 * I2       Nothing the file says is trusted: what does not fit is no symbol. A file that was
 *          replaced since it was mapped gives wrong names.
 * Locking  none.   Failure: less is told.   Signal safety: all functions; errno is preserved. */
#include <elf.h>
#include <string.h>

#include "base/arith.h"
#include "host/host.h"
#include "host/host_kernel.h"
#include "host/host_object.h"
#include "host/host_symbol.h"

#ifdef __LP64__
typedef Elf64_Ehdr elf_header;
typedef Elf64_Phdr elf_segment;
typedef Elf64_Shdr elf_section;
typedef Elf64_Sym elf_symbol;
#else
typedef Elf32_Ehdr elf_header;
typedef Elf32_Phdr elf_segment;
typedef Elf32_Shdr elf_section;
typedef Elf32_Sym elf_symbol;
#endif

enum { PATH_CAP = 512, NAME_CAP = 96, AT_ONCE = 64, SECTIONS_MOST = 512, SEGMENTS_MOST = 64 };

struct module {
    int fd;
    elf_header head;
    uintptr_t bias;
    elf_section symbols, names;
};

/* A symbol that was found. */
struct symbol {
    char name[NAME_CAP];
    uintptr_t start;
};

static bool read_at(const struct module *m, void *to, size_t len, uint64_t at)
{
    return wvm_host_fd_read(m->fd, to, len, at) == (int64_t)len;
}

/* start: where the module begins in memory. */
static bool read_head(struct module *m, uintptr_t start)
{
    if (!read_at(m, &m->head, sizeof(m->head), 0)
        || memcmp(m->head.e_ident, ELFMAG, SELFMAG) != 0
        || m->head.e_phentsize != sizeof(elf_segment) || m->head.e_phnum > SEGMENTS_MOST)
        return false;
    for (unsigned i = 0; i < m->head.e_phnum; i++) {
        elf_segment ph;
        if (!read_at(m, &ph, sizeof(ph), m->head.e_phoff + i * sizeof(ph)))
            return false;
        if (ph.p_type != PT_LOAD)
            continue;
        m->bias = start - wvm_align_down((uintptr_t)ph.p_vaddr, WVM_PAGE_SIZE);
        return true;
    }
    return false;
}

static bool section_at(const struct module *m, unsigned i, elf_section *out)
{
    return i < m->head.e_shnum
           && read_at(m, out, sizeof(*out), m->head.e_shoff + i * sizeof(*out));
}

/* I1. */
static bool find_table(struct module *m)
{
    bool found = false;
    if (m->head.e_shentsize != sizeof(elf_section) || m->head.e_shnum > SECTIONS_MOST)
        return false;
    for (unsigned i = 0; i < m->head.e_shnum; i++) {
        elf_section s;
        if (!section_at(m, i, &s))
            return false;
        bool all = s.sh_type == SHT_SYMTAB;
        if ((!all && s.sh_type != SHT_DYNSYM) || s.sh_entsize != sizeof(elf_symbol))
            continue;
        m->symbols = s;
        found = true;
        if (all)
            break;
    }
    return found && section_at(m, m->symbols.sh_link, &m->names);
}

static bool covers(const elf_symbol *s, uintptr_t at)
{
    return ELF64_ST_TYPE(s->st_info) == STT_FUNC && s->st_shndx != SHN_UNDEF
           && at >= s->st_value && at - s->st_value < s->st_size;
}

/* at: an address of the file's. */
static bool find_symbol(const struct module *m, uintptr_t at, struct symbol *out)
{
    elf_symbol some[AT_ONCE];
    uint64_t n = m->symbols.sh_size / sizeof(some[0]);
    for (uint64_t i = 0; i < n; i += AT_ONCE) {
        size_t these = n - i < AT_ONCE ? (size_t)(n - i) : AT_ONCE;
        if (!read_at(m, some, these * sizeof(some[0]), m->symbols.sh_offset + i * sizeof(some[0])))
            return false;
        for (size_t k = 0; k < these; k++) {
            if (!covers(&some[k], at) || some[k].st_name >= m->names.sh_size)
                continue;
            int64_t got = wvm_host_fd_read(m->fd, out->name, NAME_CAP - 1,
                                           m->names.sh_offset + some[k].st_name);
            out->name[got > 0 ? got : 0] = '\0';
            out->start = some[k].st_value;
            return out->name[0] != '\0';
        }
    }
    return false;
}

static void put_in_module(struct wvm_buf *out, const char *path, uintptr_t start, uintptr_t addr)
{
    const char *slash = strrchr(path, '/'), *name = slash != NULL ? slash + 1 : path;
    struct module m = {.fd = wvm_sys_open(path)};
    struct symbol symbol;
    bool known = m.fd >= 0 && read_head(&m, start);
    uintptr_t at = addr - (known ? m.bias : start);
    bool named = known && find_table(&m) && find_symbol(&m, at - 1, &symbol);
    if (m.fd >= 0)
        wvm_sys_close(m.fd);
    if (named)
        wvm_buf_printf(out, "%s+0x%lx (%s+0x%lx)", symbol.name,
                       (unsigned long)(at - symbol.start), name, (unsigned long)at);
    else
        wvm_buf_printf(out, "%s+0x%lx", name, (unsigned long)at);
}

void wvm_host_put_code(struct wvm_buf *out, uintptr_t addr)
{
    char path[PATH_CAP];
    uintptr_t start, end;
    if (wvm_host_module(addr - 1, &start, &end)
        && wvm_host_map_name(addr - 1, path, sizeof(path)) > 0)
        put_in_module(out, path, start, addr);
    else
        wvm_buf_hex(out, addr);
}
