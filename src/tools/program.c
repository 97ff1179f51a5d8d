/* Reads a program file: kind, rights, winvm's notes, needed libraries, undefined names.
 *
 * Terms   image = the whole file, mapped read-only.
 * I1  No byte outside the image is read, whatever the headers claim: every table is checked with
 *     span_in before use, every string with text_at.
 * I2  Nothing of the program is executed.
 * The names that count as calls of the memory family come from the library's own list, which is
 * data only; nothing else of the library is used here.
 * Failure: an unreadable file is errno; damaged tables read as absent. */
#include "tools/program.h"

#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <stddef.h>
#include <stdint.h>
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

static const Elf64_Phdr *segment(const struct image *im, unsigned i)
{
    const Elf64_Ehdr *eh = (const Elf64_Ehdr *)im->at;
    if (i >= eh->e_phnum || eh->e_phentsize != sizeof(Elf64_Phdr) || eh->e_phoff % 8 != 0)
        return NULL;
    return span_in(im, eh->e_phoff + (uint64_t)i * sizeof(Elf64_Phdr), sizeof(Elf64_Phdr));
}

static uint64_t file_offset(const struct image *im, uint64_t vaddr)
{
    const Elf64_Phdr *ph;
    for (unsigned i = 0; (ph = segment(im, i)) != NULL; i++) {
        if (ph->p_type == PT_LOAD && vaddr >= ph->p_vaddr && vaddr - ph->p_vaddr < ph->p_filesz)
            return vaddr - ph->p_vaddr + ph->p_offset;
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

struct dynamic {
    uint64_t strtab, strsz, symtab;
};

static void read_needed(const struct image *im, const Elf64_Phdr *ph, struct program *out)
{
    struct dynamic dy = {0};
    const Elf64_Dyn *d = span_in(im, ph->p_offset, ph->p_filesz);
    size_t n = ph->p_filesz / sizeof *d;
    if (d == NULL || ph->p_offset % 8 != 0)
        return;
    for (size_t i = 0; i < n && d[i].d_tag != DT_NULL; i++) {
        if (d[i].d_tag == DT_STRTAB)
            dy.strtab = file_offset(im, d[i].d_un.d_ptr);
        else if (d[i].d_tag == DT_STRSZ)
            dy.strsz = d[i].d_un.d_val;
    }
    for (size_t i = 0; i < n && d[i].d_tag != DT_NULL; i++) {
        if (d[i].d_tag != DT_NEEDED)
            continue;
        const char *lib = text_at(im, dy.strtab, dy.strsz, d[i].d_un.d_val);
        out->needs_ms |= is_soname(lib, "libwinvm-ms.so");
        out->needs_sysv |= is_soname(lib, "libwinvm.so");
    }
}

static bool is_memory_call(const char *name)
{
    for (size_t i = 0; i < sizeof memory_calls / sizeof memory_calls[0]; i++) {
        if (strcmp(name, memory_calls[i]) == 0)
            return true;
    }
    return false;
}

/* The dynamic symbols, through the section table: linkers keep it, strip keeps it. */
static void read_imports(const struct image *im, struct program *out)
{
    const Elf64_Ehdr *eh = (const Elf64_Ehdr *)im->at;
    uint64_t table = (uint64_t)eh->e_shnum * sizeof(Elf64_Shdr);
    const Elf64_Shdr *sh = span_in(im, eh->e_shoff, table);
    if (sh == NULL || eh->e_shentsize != sizeof *sh || eh->e_shoff % 8 != 0)
        return;
    for (unsigned i = 0; i < eh->e_shnum; i++) {
        if (sh[i].sh_type != SHT_DYNSYM || sh[i].sh_link >= eh->e_shnum || sh[i].sh_offset % 8 != 0)
            continue;
        const Elf64_Shdr *str = &sh[sh[i].sh_link];
        const Elf64_Sym *sym = span_in(im, sh[i].sh_offset, sh[i].sh_size);
        for (size_t k = 0; sym != NULL && k < sh[i].sh_size / sizeof *sym; k++) {
            const char *name = text_at(im, str->sh_offset, str->sh_size, sym[k].st_name);
            if (sym[k].st_shndx == SHN_UNDEF && is_memory_call(name)) {
                strncpy(out->import, name, sizeof out->import - 1);
                return;
            }
        }
    }
}

static void read_elf(const struct image *im, struct program *out)
{
    const Elf64_Ehdr *eh = (const Elf64_Ehdr *)im->at;
    const Elf64_Phdr *ph;
    if (im->at[EI_CLASS] == ELFCLASS32) {
        out->kind = PROGRAM_ELF_32;
        return;
    }
    out->kind = PROGRAM_ELF_OTHER;
    if (im->len < sizeof *eh || im->at[EI_CLASS] != ELFCLASS64 || eh->e_machine != EM_X86_64)
        return;
    out->kind = PROGRAM_ELF;
    out->is_static = true;
    out->is_fixed = eh->e_type == ET_EXEC;
    for (unsigned i = 0; (ph = segment(im, i)) != NULL; i++) {
        if (ph->p_type == PT_INTERP)
            out->is_static = false;
        else if (ph->p_type == PT_NOTE)
            read_notes(im, ph, out);
        else if (ph->p_type == PT_DYNAMIC)
            read_needed(im, ph, out);
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
