/* Reads a program file: kind, rights, winvm's notes, needed libraries, undefined names.
 *
 * Terms   image = the whole file, mapped read-only.
 * I1  No byte outside the image is read, whatever the headers claim: every table is checked with
 *     span_in before use, every string with text_at.
 * I2  Nothing of the program is executed.
 * The names that count as calls of the memory family and of the kit come from the libraries' own
 * lists, which are data only; nothing else of them is used here.
 * Failure: an unreadable file is errno; damaged tables read as absent. */
#include "tools/program.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/xattr.h>
#include <unistd.h>

struct image {
    const unsigned char *at;
    size_t len;
};

static const char *const memory_calls[] = {
#define WVM_API(ret, name, params, args, trace) #name,
#define WVM_API_SHARED(ret, name, params, args, trace)
#define WVM_API_REGS(ret, name, params, args, trace)
#define WVM_API_ALIAS(alias, name)
#include "api/api_list.h"
};
static const char *const kit_calls[] = {
#define WVM_KIT_ALL
#define X(ret, name, params, args) #name,
#define F X
#include "kit/kit_list.h"
};

static const void *span_in(const struct image *im, uint64_t at, uint64_t len)
{
    return at <= im->len && len <= im->len - at ? im->at + at : NULL;
}

/* A string inside [table, table+len) of the image, or "". */
static const char *text_at(const struct image *im, uint64_t table, uint64_t len, uint64_t at)
{
    if (span_in(im, table, len) == NULL || at >= len)
        return "";
    const char *text = (const char *)im->at + table + at;
    return memchr(text, '\0', len - at) != NULL ? text : "";
}

/* Headers of both classes are read as those of the 64-bit one. */
static bool read_header(const struct image *im, Elf64_Ehdr *out)
{
    Elf32_Ehdr eh;
    if (im->len < sizeof eh || (im->at[EI_CLASS] == ELFCLASS64 && im->len < sizeof *out))
        return false;
    if (im->at[EI_CLASS] == ELFCLASS64) {
        memcpy(out, im->at, sizeof *out);
        return true;
    }
    memcpy(&eh, im->at, sizeof eh);
    *out = (Elf64_Ehdr){
        .e_type = eh.e_type, .e_machine = eh.e_machine, .e_phoff = eh.e_phoff,
        .e_shoff = eh.e_shoff, .e_phentsize = eh.e_phentsize, .e_phnum = eh.e_phnum,
        .e_shentsize = eh.e_shentsize, .e_shnum = eh.e_shnum};
    return true;
}

static bool has_class_32(const struct image *im)
{
    return im->at[EI_CLASS] == ELFCLASS32;
}

/* Entry i of a table whose entries have the size of the class; NULL: it is not in the file. */
static const void *entry_of(const struct image *im, uint64_t table, unsigned i, size_t len)
{
    return table <= im->len ? span_in(im, table + (uint64_t)i * len, len) : NULL;
}

static bool segment(const struct image *im, unsigned i, Elf64_Phdr *out)
{
    Elf64_Ehdr eh;
    Elf32_Phdr ph;
    size_t len = has_class_32(im) ? sizeof ph : sizeof *out;
    if (!read_header(im, &eh) || i >= eh.e_phnum || eh.e_phentsize != len)
        return false;
    const void *at = entry_of(im, eh.e_phoff, i, len);
    if (at == NULL)
        return false;
    if (!has_class_32(im)) {
        memcpy(out, at, len);
        return true;
    }
    memcpy(&ph, at, len);
    *out = (Elf64_Phdr){.p_type = ph.p_type, .p_offset = ph.p_offset, .p_vaddr = ph.p_vaddr,
                        .p_filesz = ph.p_filesz, .p_align = ph.p_align};
    return true;
}

static bool section(const struct image *im, unsigned i, Elf64_Shdr *out)
{
    Elf64_Ehdr eh;
    Elf32_Shdr sh;
    size_t len = has_class_32(im) ? sizeof sh : sizeof *out;
    if (!read_header(im, &eh) || i >= eh.e_shnum || eh.e_shentsize != len)
        return false;
    const void *at = entry_of(im, eh.e_shoff, i, len);
    if (at == NULL)
        return false;
    if (!has_class_32(im)) {
        memcpy(out, at, len);
        return true;
    }
    memcpy(&sh, at, len);
    *out = (Elf64_Shdr){.sh_type = sh.sh_type, .sh_link = sh.sh_link, .sh_offset = sh.sh_offset,
                        .sh_size = sh.sh_size};
    return true;
}

/* Entry i of the dynamic section in ph. */
static bool dynamic_entry(const struct image *im, const Elf64_Phdr *ph, unsigned i, Elf64_Dyn *out)
{
    Elf32_Dyn d;
    size_t len = has_class_32(im) ? sizeof d : sizeof *out;
    const void *at = entry_of(im, ph->p_offset, i, len);
    if (i >= ph->p_filesz / len || at == NULL)
        return false;
    if (has_class_32(im)) {
        memcpy(&d, at, len);
        *out = (Elf64_Dyn){.d_tag = d.d_tag, .d_un.d_val = d.d_un.d_val};
    } else {
        memcpy(out, at, len);
    }
    return out->d_tag != DT_NULL;
}

/* The name and the section of symbol i of a table. */
static bool symbol(const struct image *im, const Elf64_Shdr *table, unsigned i, Elf64_Sym *out)
{
    Elf32_Sym sym;
    size_t len = has_class_32(im) ? sizeof sym : sizeof *out;
    const void *at = entry_of(im, table->sh_offset, i, len);
    if (i >= table->sh_size / len || at == NULL)
        return false;
    if (has_class_32(im)) {
        memcpy(&sym, at, len);
        *out = (Elf64_Sym){.st_name = sym.st_name, .st_shndx = sym.st_shndx};
    } else {
        memcpy(out, at, len);
    }
    return true;
}

static uint64_t file_offset(const struct image *im, uint64_t vaddr)
{
    Elf64_Phdr ph;
    for (unsigned i = 0; segment(im, i, &ph); i++) {
        if (ph.p_type == PT_LOAD && vaddr >= ph.p_vaddr && vaddr - ph.p_vaddr < ph.p_filesz)
            return vaddr - ph.p_vaddr + ph.p_offset;
    }
    return UINT64_MAX;
}

static void read_notes(const struct image *im, const Elf64_Phdr *ph, struct program *out)
{
    uint64_t at = 0;
    if (span_in(im, ph->p_offset, ph->p_filesz) == NULL)
        return;
    while (ph->p_filesz - at >= sizeof(Elf64_Nhdr)) {
        Elf64_Nhdr nh;
        uint64_t step = ph->p_align == 8 ? 8 : 4;
        memcpy(&nh, im->at + ph->p_offset + at, sizeof nh);
        uint64_t name = at + sizeof nh;
        uint64_t desc = (name + nh.n_namesz + step - 1) & ~(step - 1);
        uint64_t next = (desc + nh.n_descsz + step - 1) & ~(step - 1);
        if (desc + nh.n_descsz > ph->p_filesz)
            return;
        const unsigned char *base = im->at + ph->p_offset;
        if (nh.n_namesz == 6 && nh.n_type == 1 && nh.n_descsz == 4 &&
            memcmp(base + name, "winvm", 6) == 0) {
            uint32_t value;
            memcpy(&value, base + desc, sizeof value);
            out->note_sysv |= value == 1;
            out->note_ms |= value == 2;
        }
        if (next >= ph->p_filesz)
            return;
        at = next;
    }
}

static bool is_soname(const char *text, const char *stem)
{
    size_t len = strlen(stem);
    return strncmp(text, stem, len) == 0 && (text[len] == '\0' || text[len] == '.');
}

static void read_needed(const struct image *im, const Elf64_Phdr *ph, struct program *out)
{
    uint64_t table = 0, len = 0;
    Elf64_Dyn d;
    for (unsigned i = 0; dynamic_entry(im, ph, i, &d); i++) {
        if (d.d_tag == DT_STRTAB)
            table = file_offset(im, d.d_un.d_ptr);
        else if (d.d_tag == DT_STRSZ)
            len = d.d_un.d_val;
    }
    for (unsigned i = 0; dynamic_entry(im, ph, i, &d); i++) {
        if (d.d_tag != DT_NEEDED)
            continue;
        const char *lib = text_at(im, table, len, d.d_un.d_val);
        out->needs_ms |= is_soname(lib, "libwinvm-ms.so");
        out->needs_cdecl |= is_soname(lib, "libwinvm-cdecl.so");
        out->needs_plain |= is_soname(lib, "libwinvm.so");
    }
}

static bool is_in(const char *const *names, size_t n, const char *name)
{
    for (size_t i = 0; i < n; i++) {
        if (strcmp(name, names[i]) == 0)
            return true;
    }
    return false;
}

/* A memory call left undefined ends the search; a name of the kit is kept meanwhile. */
static bool note_import(struct program *out, const char *name)
{
    bool memory = is_in(memory_calls, sizeof memory_calls / sizeof memory_calls[0], name);
    if (memory || (out->import[0] == '\0' &&
                   is_in(kit_calls, sizeof kit_calls / sizeof kit_calls[0], name)))
        snprintf(out->import, sizeof out->import, "%s", name);
    return memory;
}

/* The dynamic symbols, through the section table: linkers keep it, strip keeps it. */
static void read_imports(const struct image *im, struct program *out)
{
    Elf64_Shdr sh, str;
    Elf64_Sym sym;
    for (unsigned i = 0; section(im, i, &sh); i++) {
        if (sh.sh_type != SHT_DYNSYM || !section(im, sh.sh_link, &str))
            continue;
        for (unsigned k = 0; symbol(im, &sh, k, &sym); k++) {
            const char *name = text_at(im, str.sh_offset, str.sh_size, sym.st_name);
            if (sym.st_shndx == SHN_UNDEF && note_import(out, name))
                return;
        }
    }
}

static void read_elf(const struct image *im, struct program *out)
{
    Elf64_Ehdr eh;
    Elf64_Phdr ph;
    out->kind = PROGRAM_ELF_OTHER;
    if (!read_header(im, &eh) || eh.e_machine != (has_class_32(im) ? EM_386 : EM_X86_64))
        return;
    out->kind = PROGRAM_ELF;
    out->is_32 = has_class_32(im);
    out->is_static = true;
    out->is_fixed = eh.e_type == ET_EXEC;
    for (unsigned i = 0; segment(im, i, &ph); i++) {
        if (ph.p_type == PT_INTERP) {
            out->is_static = false;
            snprintf(out->loader, sizeof out->loader, "%s",
                     text_at(im, ph.p_offset, ph.p_filesz, 0));
        }
        if (ph.p_type == PT_NOTE)
            read_notes(im, &ph, out);
        else if (ph.p_type == PT_DYNAMIC)
            read_needed(im, &ph, out);
    }
    read_imports(im, out);
}

/* What follows #!, up to the first blank. */
static void read_script(const struct image *im, struct program *out)
{
    size_t at = 2, n = 0;
    while (at < im->len && (im->at[at] == ' ' || im->at[at] == '\t'))
        at++;
    while (at + n < im->len && memchr(" \t\n", im->at[at + n], 3) == NULL)
        n++;
    if (n < sizeof out->interpreter)
        memcpy(out->interpreter, im->at + at, n);
}

/* The loader ignores LD_PRELOAD where the kernel raises rights: also for the file's owner itself
 * only when the rights really change. */
static bool raises_rights(const char *path, const struct stat *st)
{
    if ((st->st_mode & S_ISUID) != 0 && st->st_uid != getuid())
        return true;
    if ((st->st_mode & (S_ISGID | S_IXGRP)) == (S_ISGID | S_IXGRP) && st->st_gid != getgid())
        return true;
    return getuid() != 0 && getxattr(path, "security.capability", NULL, 0) > 0;
}

int program_read(const char *path, struct program *out)
{
    struct stat st;
    struct image im = {NULL, 0};
    memset(out, 0, sizeof *out);
    out->kind = PROGRAM_OTHER;
    if (stat(path, &st) != 0)
        return errno;
    out->raised = raises_rights(path, &st);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)     /* may be executed, but not read */
        return errno == EACCES && access(path, X_OK) == 0 ? 0 : errno;
    im.len = (size_t)st.st_size;
    void *at = im.len != 0 ? mmap(NULL, im.len, PROT_READ, MAP_PRIVATE, fd, 0) : MAP_FAILED;
    close(fd);
    if (at == MAP_FAILED)
        return 0;
    im.at = at;
    if (im.len >= 2 && memcmp(im.at, "#!", 2) == 0) {
        out->kind = PROGRAM_SCRIPT;
        read_script(&im, out);
    } else if (im.len > EI_CLASS && memcmp(im.at, ELFMAG, SELFMAG) == 0) {
        read_elf(&im, out);
    }
    munmap(at, im.len);
    return 0;
}

bool program_is_elf(const char *path, bool is_32)
{
    unsigned char head[EI_CLASS + 1];
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    if (fd < 0)
        return false;
    bool whole = read(fd, head, sizeof head) == (ssize_t)sizeof head;
    close(fd);
    return whole && memcmp(head, ELFMAG, SELFMAG) == 0 &&
           head[EI_CLASS] == (is_32 ? ELFCLASS32 : ELFCLASS64);
}
