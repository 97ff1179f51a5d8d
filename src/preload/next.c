/* Finds what libraries behind the preload object define, many names at once and without malloc.
 *
 * dlsym makes a text of each name that nobody has, with malloc, which may be the program's own and
 * stand on the very functions that are looked up. This reads the hash tables of the loaded
 * libraries instead, as the loader maps them: nothing is opened.
 * Terms   behind = loaded later than this object; the executable is before it.
 *         copy = a library that has winvm_ms_NAME (i386: winvm_cdecl_NAME) too: the kit itself.
 * I1  A copy's definition is never next, and neither are those behind it: without us the program
 *     would have got the copy's.
 * I2  Without a hash table of either kind a library has nothing here.
 * I3  A definition that is chosen by a function of the library (STT_GNU_IFUNC) is asked for.
 * Locking: the loader's, for the list.   Failure: none.
 * Signal safety: none; nothing is allocated. */
#include "preload/next.h"

#include <elf.h>
#include <link.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include "base/annotate.h"

#if defined(__x86_64__)
#define COPY_PREFIX "winvm_ms_"
#else
#define COPY_PREFIX "winvm_cdecl_"
#endif
#define NAME_CAP 128
/* Found, but a copy. */
#define NOBODY ((void *)1)

struct search {
    const char *names;
    size_t n;
    void **found;
    uintptr_t self; /* an address in this object */
    bool behind;
};

/* What of a library's dynamic section is needed. */
struct library {
    uintptr_t base;
    const ElfW(Sym) *symbols;
    const char *strings;
    const uint32_t *gnu; /* one of the two hash tables */
    const ElfW(Word) *sysv;
};

static uint32_t gnu_hash(const char *name)
{
    uint32_t h = 5381;
    for (; *name != '\0'; name++)
        h = h * 33 + (uint8_t)*name;
    return h;
}

static uint32_t sysv_hash(const char *name)
{
    uint32_t h = 0;
    for (; *name != '\0'; name++) {
        h = (h << 4) + (uint8_t)*name;
        h = (h ^ (h >> 24 & 0xf0)) & 0x0fffffff;
    }
    return h;
}

/* A function of this name that others see? */
static bool defines(const struct library *lib, const ElfW(Sym) *sym, const char *name)
{
    unsigned type = ELF64_ST_TYPE(sym->st_info), bind = ELF64_ST_BIND(sym->st_info);
    return sym->st_shndx != SHN_UNDEF && sym->st_value != 0 &&
           (type == STT_FUNC || type == STT_NOTYPE || type == STT_GNU_IFUNC) &&
           (bind == STB_GLOBAL || bind == STB_WEAK) &&
           strcmp(lib->strings + sym->st_name, name) == 0;
}

static const ElfW(Sym) *find_gnu(const struct library *lib, const char *name)
{
    const unsigned bits = 8 * sizeof(ElfW(Addr));
    const uint32_t n = lib->gnu[0], bias = lib->gnu[1], words = lib->gnu[2], h = gnu_hash(name);
    const ElfW(Addr) *bloom = (const void *)(lib->gnu + 4);
    const uint32_t *buckets = (const void *)(bloom + words), *chain = buckets + n;
    ElfW(Addr) word = bloom[h / bits & (words - 1)];
    if (n == 0 || !(word >> h % bits & word >> (h >> lib->gnu[3]) % bits & 1))
        return NULL;
    for (uint32_t i = buckets[h % n]; i >= bias; i++) {
        if ((chain[i - bias] | 1) == (h | 1) && defines(lib, &lib->symbols[i], name))
            return &lib->symbols[i];
        if (chain[i - bias] & 1)
            break;
    }
    return NULL;
}

static const ElfW(Sym) *find_sysv(const struct library *lib, const char *name)
{
    const uint32_t n = lib->sysv[0];
    for (uint32_t i = n != 0 ? lib->sysv[2 + sysv_hash(name) % n] : 0; i != 0;
         i = lib->sysv[2 + n + i])
        if (defines(lib, &lib->symbols[i], name))
            return &lib->symbols[i];
    return NULL;
}

static const ElfW(Sym) *find_in(const struct library *lib, const char *name)
{
    return lib->gnu != NULL ? find_gnu(lib, name) : find_sysv(lib, name);
}

static bool is_copy(const struct library *lib, const char *name)
{
    char other[NAME_CAP] = COPY_PREFIX;
    size_t len = strlen(name);
    if (len >= sizeof other - sizeof COPY_PREFIX)
        return false;
    memcpy(other + sizeof COPY_PREFIX - 1, name, len + 1);
    return find_in(lib, other) != NULL;
}

static void *address_of(const struct library *lib, const ElfW(Sym) *sym)
{
    uintptr_t at = lib->base + sym->st_value;
    return ELF64_ST_TYPE(sym->st_info) == STT_GNU_IFUNC ? ((void *(*)(void))at)() : (void *)at;
}

/* Some loaders store addresses in a dynamic section, some leave those of the file. */
static const void *pointer(const struct library *lib, ElfW(Addr) at)
{
    return (const void *)(at < lib->base ? lib->base + at : at);
}

static bool read_library(const struct dl_phdr_info *info, struct library *lib)
{
    const ElfW(Dyn) *d = NULL;
    memset(lib, 0, sizeof *lib);
    lib->base = info->dlpi_addr;
    for (unsigned i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_DYNAMIC)
            d = (const void *)(lib->base + info->dlpi_phdr[i].p_vaddr);
    for (; d != NULL && d->d_tag != DT_NULL; d++) {
        switch (d->d_tag) {
        case DT_SYMTAB: lib->symbols = pointer(lib, d->d_un.d_ptr); break;
        case DT_STRTAB: lib->strings = pointer(lib, d->d_un.d_ptr); break;
        case DT_GNU_HASH: lib->gnu = pointer(lib, d->d_un.d_ptr); break;
        case DT_HASH: lib->sysv = pointer(lib, d->d_un.d_ptr); break;
        default: break;
        }
    }
    return lib->symbols != NULL && lib->strings != NULL &&
           (lib->gnu != NULL || lib->sysv != NULL);
}

static bool holds(const struct dl_phdr_info *info, uintptr_t addr)
{
    for (unsigned i = 0; i < info->dlpi_phnum; i++)
        if (info->dlpi_phdr[i].p_type == PT_LOAD &&
            addr - (info->dlpi_addr + info->dlpi_phdr[i].p_vaddr) < info->dlpi_phdr[i].p_memsz)
            return true;
    return false;
}

static int visit(struct dl_phdr_info *info, size_t size, void *arg)
{
    struct search *search = arg;
    struct library lib;
    (void)size;
    if (!search->behind) {
        search->behind = holds(info, search->self);
        return 0;
    }
    if (!read_library(info, &lib))
        return 0;
    const char *name = search->names;
    for (size_t i = 0; i < search->n; i++, name += strlen(name) + 1) {
        const ElfW(Sym) *sym = search->found[i] == NULL ? find_in(&lib, name) : NULL;
        if (sym != NULL)
            search->found[i] = is_copy(&lib, name) ? NOBODY : address_of(&lib, sym);
    }
    return 0;
}

void wvm_next_find(const char *names, size_t n, void **found)
{
    struct search search = {names, n, found, (uintptr_t)&wvm_next_find, false};
    dl_iterate_phdr(visit, &search);
    for (size_t i = 0; i < n; i++)
        if (found[i] == NOBODY)
            found[i] = NULL;
}
