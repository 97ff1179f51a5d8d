/* Finds in a running process what winvm published of its pools.
 *
 * The library has an ELF note (src/pool/pool_view.c) that tells where its publication lies; notes
 * stay in memory, in shared objects, preloaded or not, and in programs linked statically, stripped
 * or not. So nothing but memory of the process is read, no file: a library that was replaced on
 * disk meanwhile, or lies in another file system, does no harm.
 *
 * Terms   image = a mapped ELF file, read where its first bytes lie.
 * I1  Nothing that is read is trusted: sizes and counts have limits, addresses are only read.
 * I2  The process is not stopped; it may end, or become another program, at any moment.
 * Failure: what cannot be read is not there. */
#include "tools/poolmon_peek.h"

#include <elf.h>
#include <errno.h>
#include <inttypes.h>
#include <stdlib.h>
#include <string.h>
#include <sys/uio.h>

#include "pool/pool_view.h"

#define MAX_HEADERS 64
#define MAX_NOTES 65536

int poolmon_peek(pid_t pid, uint64_t addr, void *out, size_t len)
{
    struct iovec local = {out, len};
    struct iovec remote = {(void *)(uintptr_t)addr, len};
    if (addr > UINTPTR_MAX - len)
        return EFAULT;
    ssize_t n = process_vm_readv(pid, &local, 1, &remote, 1, 0);
    if (n < 0)
        return errno;
    return (size_t)n == len ? 0 : EFAULT;
}

/* ---- facts ---- */

/* Behind the name, which may have any characters: state, then numbers from field 4 on. */
static void read_stat(char *text, struct poolmon_facts *out)
{
    char *at = strrchr(text, ')'), *save = NULL;
    if (!at || at[1] != ' ')
        return;
    out->state = at[2];
    unsigned field = 4;
    for (char *word = strtok_r(at + 3, " ", &save); word; word = strtok_r(NULL, " ", &save)) {
        if (field == 10 || field == 12)
            out->faults += strtoull(word, NULL, 10);
        else if (field == 22)
            out->started = strtoull(word, NULL, 10);
        field++;
    }
    char *name = strchr(text, '(');
    if (name && name < at)
        (void)snprintf(out->name, sizeof out->name, "%.*s", (int)(at - name - 1), name + 1);
}

static bool read_file(pid_t pid, const char *name, char *out, size_t cap)
{
    char path[64];
    (void)snprintf(path, sizeof path, "/proc/%ld/%s", (long)pid, name);
    FILE *from = fopen(path, "re");
    if (!from)
        return false;
    size_t len = fread(out, 1, cap - 1, from);
    out[len] = '\0';
    fclose(from);
    return len != 0;
}

bool poolmon_facts(pid_t pid, struct poolmon_facts *out)
{
    char text[1024];
    memset(out, 0, sizeof *out);
    if (!read_file(pid, "stat", text, sizeof text))
        return false;
    read_stat(text, out);
    return out->state != '\0' && out->state != 'Z' && out->state != 'X';
}

/* ---- images ---- */

struct image {
    pid_t pid;
    uint64_t at;
    bool is_32;
    uint64_t headers;
    unsigned n_headers;
    uint64_t slide; /* what is added to addresses of its headers */
};

struct segment {
    uint32_t type;
    uint64_t offset, addr, len;
};

static bool read_header(struct image *im)
{
    unsigned char ident[EI_NIDENT];
    Elf64_Ehdr h64;
    Elf32_Ehdr h32;
    if (poolmon_peek(im->pid, im->at, ident, sizeof ident) != 0 ||
        memcmp(ident, ELFMAG, SELFMAG) != 0)
        return false;
    im->is_32 = ident[EI_CLASS] == ELFCLASS32;
    if (im->is_32) {
        if (poolmon_peek(im->pid, im->at, &h32, sizeof h32) != 0)
            return false;
        im->headers = im->at + h32.e_phoff;
        im->n_headers = h32.e_phentsize == sizeof(Elf32_Phdr) ? h32.e_phnum : 0;
    } else {
        if (poolmon_peek(im->pid, im->at, &h64, sizeof h64) != 0)
            return false;
        im->headers = im->at + h64.e_phoff;
        im->n_headers = h64.e_phentsize == sizeof(Elf64_Phdr) ? h64.e_phnum : 0;
    }
    return im->n_headers != 0 && im->n_headers <= MAX_HEADERS;
}

static bool read_segment(const struct image *im, unsigned i, struct segment *out)
{
    Elf64_Phdr p64;
    Elf32_Phdr p32;
    if (im->is_32) {
        if (poolmon_peek(im->pid, im->headers + i * sizeof p32, &p32, sizeof p32) != 0)
            return false;
        *out = (struct segment){p32.p_type, p32.p_offset, p32.p_vaddr, p32.p_memsz};
        return true;
    }
    if (poolmon_peek(im->pid, im->headers + i * sizeof p64, &p64, sizeof p64) != 0)
        return false;
    *out = (struct segment){p64.p_type, p64.p_offset, p64.p_vaddr, p64.p_memsz};
    return true;
}

/* The segment with the file's first byte says where the others lie. */
static bool find_slide(struct image *im)
{
    struct segment s;
    for (unsigned i = 0; i < im->n_headers && read_segment(im, i, &s); i++) {
        if (s.type == PT_LOAD && s.offset == 0) {
            im->slide = im->at - s.addr;
            return true;
        }
    }
    return false;
}

/* ---- notes ---- */

struct search {
    bool (*visit)(uint64_t view, void *arg);
    void *arg;
    bool going;
};

/* The note's value is the distance from itself. */
static void see_note(struct search *s, const unsigned char *notes, size_t desc, uint64_t at)
{
    int32_t distance;
    memcpy(&distance, notes + desc, sizeof distance);
    s->going = s->visit(at + desc + (uint64_t)(int64_t)distance, s->arg);
}

static void see_notes(struct search *s, const unsigned char *notes, size_t len, uint64_t at)
{
    static const char name[] = WVM_POOL_VIEW_NOTE_NAME;
    size_t next;
    for (size_t i = 0; s->going && len - i >= sizeof(Elf64_Nhdr); i = next) {
        Elf64_Nhdr h;
        memcpy(&h, notes + i, sizeof h);
        if (h.n_namesz > len || h.n_descsz > len)
            return;
        size_t desc = i + sizeof h + ((h.n_namesz + 3u) & ~(size_t)3);
        next = desc + ((h.n_descsz + 3u) & ~(size_t)3);
        if (desc + h.n_descsz > len)
            return;
        if (h.n_type == WVM_POOL_VIEW_NOTE && h.n_descsz == sizeof(int32_t) &&
            h.n_namesz == sizeof name && memcmp(notes + i + sizeof h, name, sizeof name) == 0)
            see_note(s, notes, desc, at);
        if (next >= len)
            return;
    }
}

static void see_image(struct search *s, pid_t pid, uint64_t at)
{
    struct image im = {.pid = pid, .at = at};
    struct segment seg;
    if (!read_header(&im) || !find_slide(&im))
        return;
    for (unsigned i = 0; s->going && i < im.n_headers && read_segment(&im, i, &seg); i++) {
        if (seg.type != PT_NOTE || seg.len > MAX_NOTES)
            continue;
        unsigned char *notes = malloc(seg.len + 1);
        if (notes && poolmon_peek(pid, im.slide + seg.addr, notes, seg.len) == 0)
            see_notes(s, notes, seg.len, im.slide + seg.addr);
        free(notes);
    }
}

/* A line of maps that begins a file: its address. */
static bool begins_file(const char *line, uint64_t *at)
{
    uint64_t end, offset;
    char prot[5];
    return sscanf(line, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64, at, &end, prot, &offset) == 4 &&
           offset == 0 && prot[0] == 'r' && strchr(line, '/') != NULL;
}

static enum poolmon_seen denied(pid_t pid)
{
    struct poolmon_facts facts;
    return poolmon_facts(pid, &facts) ? SEEN_DENIED : SEEN_ENDED;
}

enum poolmon_seen poolmon_notes(pid_t pid, bool (*visit)(uint64_t view, void *arg), void *arg)
{
    struct search s = {visit, arg, true};
    char path[64], probe;
    char *line = NULL;
    size_t cap = 0;
    uint64_t at, first = 0;
    (void)snprintf(path, sizeof path, "/proc/%ld/maps", (long)pid);
    FILE *maps = fopen(path, "re");
    if (!maps)
        return denied(pid);
    while (s.going && getline(&line, &cap, maps) >= 0) {
        if (!begins_file(line, &at))
            continue;
        if (!first)
            first = at;
        see_image(&s, pid, at);
    }
    free(line);
    fclose(maps);
    if (first > UINTPTR_MAX)
        return SEEN_OTHER_BUILD;
    if (first && poolmon_peek(pid, first, &probe, 1) == EPERM)
        return SEEN_DENIED;
    return first ? SEEN_OK : denied(pid) == SEEN_ENDED ? SEEN_ENDED : SEEN_NO_WINVM;
}
