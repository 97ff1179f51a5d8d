/* Headers of PE files: read once, checked, reduced to places.
 *
 * Terms   place = the pages of one section and the bytes of the file that belong there;
 *         flat image = one whose sections are aligned to less than a page: memory is laid out like
 *         the file.
 * I1      Each header is read once into memory of our own and judged there; what the file becomes
 *         afterwards changes contents, never a place.
 * I2      Numbers of the file have 32 bits and sums of them 64: no sum wraps.
 * I3      A wvm_pe that is given out keeps what section_pe.h promises of it.
 * What is no PE file answers by what it is: nothing -> INVALID_FILE_FOR_SECTION, no MZ -> NOT_MZ,
 * MZ alone -> PROTECT, a header of an older kind -> NE_FORMAT, LE_FORMAT, WIN_16. A PE header that
 * contradicts itself answers FORMAT, raw data outside the file INVALID_FILE_FOR_SECTION. The Win32
 * error is ERROR_BAD_EXE_FORMAT each time.
 * Locking none.   Failure: a status, *out undefined.   Signal safety: all of it. */
#include "section/section_pe.h"

#include <errno.h>
#include <string.h>
#include <winvm/ntstatus.h>

#include "base/arith.h"
#include "host/host_object.h"

/* Images of more bytes do not exist: offsets in them are signed 32-bit numbers. */
#define SIZE_MOST ((uint64_t)1 << 31)
#define BASE_ALIGN 0x10000

static const uint16_t machines_32[] = {0x014c /* i386 */, 0x01c0, 0x01c2, 0x01c4 /* ARM */};
static const uint16_t machines_64[] = {0x8664 /* x86-64 */, 0xaa64 /* ARM64 */, 0x0200 /* IA-64 */};

static bool is_power(uint32_t x)
{
    return x != 0 && (x & (x - 1)) == 0;
}

static uint64_t round_up(uint64_t x, uint64_t align)
{
    return (x + align - 1) & ~(align - 1);
}

wvm_status wvm_pe_read_failed(int error)
{
    switch (error) {
    case -ENOMEM:
    case -ENOSPC:
        return STATUS_NO_MEMORY;
    case -EBADF:
    case -EACCES:
    case -EPERM:
        return STATUS_ACCESS_DENIED;
    default:
        return STATUS_INVALID_FILE_FOR_SECTION;
    }
}

/* *n: bytes read, less than len only where the file ends. */
static wvm_status read_at(int fd, void *out, size_t len, uint64_t at, size_t *n)
{
    memset(out, 0, len);
    int64_t r = wvm_host_fd_read(fd, out, len, at);
    if (r < 0)
        return wvm_pe_read_failed((int)r);
    *n = (size_t)r;
    return STATUS_SUCCESS;
}

static wvm_status judge_ne(unsigned system)
{
    switch (system) {
    case WVM_PE_NE_WINDOWS:
        return STATUS_INVALID_IMAGE_WIN_16;
    case WVM_PE_NE_EXTENDER:
        return STATUS_INVALID_IMAGE_PROTECT;
    default:
        return STATUS_INVALID_IMAGE_NE_FORMAT;
    }
}

/* A file with MZ, whose new header is not PE. */
static wvm_status judge_older(const struct wvm_pe_headers *h, size_t n)
{
    const uint8_t *byte = (const uint8_t *)h;
    if (n < 2)
        return STATUS_INVALID_IMAGE_PROTECT;
    switch (h->signature & 0xffff) {
    case WVM_PE_SIGNATURE_NE:
        return judge_ne(n > WVM_PE_NE_SYSTEM_AT ? byte[WVM_PE_NE_SYSTEM_AT] : 0);
    case WVM_PE_SIGNATURE_LE:
    case WVM_PE_SIGNATURE_LX:
        return STATUS_INVALID_IMAGE_LE_FORMAT;
    default:
        return STATUS_INVALID_IMAGE_PROTECT;
    }
}

/* Reads the headers up to the directories. *at: where the sections are told. */
static wvm_status read_headers(int fd, struct wvm_pe *pe, size_t *n, uint64_t *at)
{
    struct wvm_pe_dos dos;
    size_t got;
    wvm_status status = read_at(fd, &dos, sizeof dos, 0, &got);
    if (status < 0)
        return status;
    if (dos.magic != WVM_PE_MZ)
        return STATUS_INVALID_IMAGE_NOT_MZ;
    if (got < sizeof dos || dos.new_header >= pe->file_size)
        return STATUS_INVALID_IMAGE_PROTECT;
    status = read_at(fd, &pe->headers, sizeof pe->headers, dos.new_header, n);
    if (status < 0)
        return status;
    if (*n < sizeof pe->headers.signature || pe->headers.signature != WVM_PE_SIGNATURE)
        return judge_older(&pe->headers, *n);
    if (dos.new_header % 4 != 0)
        return STATUS_INVALID_IMAGE_FORMAT;
    *at = (uint64_t)dos.new_header + offsetof(struct wvm_pe_headers, optional)
          + pe->headers.file.optional_size;
    return STATUS_SUCCESS;
}

static bool is_among(uint16_t machine, const uint16_t *list, size_t n)
{
    for (size_t i = 0; i < n; i++)
        if (list[i] == machine)
            return true;
    return false;
}

/* The machine and the kind of header go together, and the header is there up to its directories. */
static bool kind_is_valid(struct wvm_pe *pe, size_t n)
{
    const struct wvm_pe_headers *h = &pe->headers;
    size_t least;
    if (h->optional.magic == WVM_PE_MAGIC_64
        && is_among(h->file.machine, machines_64, WVM_ARRAY_LEN(machines_64))) {
        pe->is_64 = true;
        least = offsetof(struct wvm_pe_optional, tail64.directory);
    } else if (h->optional.magic == WVM_PE_MAGIC_32
               && is_among(h->file.machine, machines_32, WVM_ARRAY_LEN(machines_32))) {
        pe->is_64 = false;
        least = offsetof(struct wvm_pe_optional, tail32.directory);
    } else {
        return false;
    }
    return h->file.optional_size >= least
           && n >= offsetof(struct wvm_pe_headers, optional) + least;
}

static bool alignments_are_valid(const struct wvm_pe_optional *o)
{
    if (!is_power(o->section_align) || !is_power(o->file_align)
        || o->file_align > o->section_align)
        return false;
    if (o->section_align < WVM_PAGE_SIZE)
        return o->file_align == o->section_align;
    return o->file_align >= WVM_PE_SECTOR;
}

static bool sizes_are_valid(struct wvm_pe *pe)
{
    const struct wvm_pe_optional *o = &pe->headers.optional;
    uint64_t base = pe->is_64 ? o->base64 : o->base32;
    pe->size = round_up(o->image_size, WVM_PAGE_SIZE);
    pe->flat = o->section_align < WVM_PAGE_SIZE;
    return o->image_size != 0 && pe->size <= SIZE_MOST && o->headers_size != 0
           && o->headers_size <= o->image_size && base % BASE_ALIGN == 0;
}

/* Memory of the section begins where the one before it ended, rounded: *next, which it moves on. */
static wvm_status place_section(const struct wvm_pe *pe, const struct wvm_pe_section *s,
                                struct wvm_pe_place *place, uint64_t *next)
{
    uint64_t align = pe->headers.optional.section_align;
    uint64_t size = s->virtual_size ? s->virtual_size : s->raw_size;
    if (size == 0 || s->virtual_at != *next)
        return STATUS_INVALID_IMAGE_FORMAT;
    *next = s->virtual_at + round_up(size, align);
    place->start = s->virtual_at;
    place->end = s->virtual_at + round_up(size, WVM_PAGE_SIZE);
    place->access = (uint8_t)(s->characteristics >> WVM_PE_ACCESS_SHIFT);
    place->from = place->len = 0;
    if (place->end > pe->size || (uint64_t)s->raw_at + s->raw_size > UINT32_MAX)
        return STATUS_INVALID_IMAGE_FORMAT;
    if (s->raw_size == 0 || s->raw_at == 0)
        return STATUS_SUCCESS;
    if ((uint64_t)s->raw_at + s->raw_size > pe->file_size)
        return STATUS_INVALID_FILE_FOR_SECTION;
    place->from = wvm_align_down(s->raw_at, WVM_PE_SECTOR);
    place->len = wvm_min(s->raw_size, place->end - place->start);
    return STATUS_SUCCESS;
}

/* In a flat image the file says where everything is. */
static wvm_status check_flat(const struct wvm_pe *pe, const struct wvm_pe_section *s)
{
    uint64_t size = s->virtual_size ? s->virtual_size : s->raw_size;
    if (s->raw_size != 0 && s->raw_at != s->virtual_at)
        return STATUS_INVALID_IMAGE_FORMAT;
    if (s->virtual_at + size > pe->size)
        return STATUS_INVALID_IMAGE_FORMAT;
    if (s->raw_size != 0 && (uint64_t)s->raw_at + s->raw_size > pe->file_size)
        return STATUS_INVALID_FILE_FOR_SECTION;
    return STATUS_SUCCESS;
}

static wvm_status read_sections(int fd, struct wvm_pe *pe, uint64_t at)
{
    struct wvm_pe_section section[WVM_PE_SECTIONS_MAX];
    const struct wvm_pe_optional *o = &pe->headers.optional;
    unsigned n = pe->headers.file.n_sections;
    uint64_t next = round_up(o->headers_size, o->section_align);
    size_t got;
    if (n > WVM_PE_SECTIONS_MAX)
        return STATUS_INVALID_IMAGE_FORMAT;
    wvm_status status = read_at(fd, section, n * sizeof section[0], at, &got);
    if (status < 0)
        return status;
    if (got < n * sizeof section[0])
        return STATUS_INVALID_IMAGE_FORMAT;
    for (unsigned i = 0; i < n && status >= 0; i++)
        status = pe->flat ? check_flat(pe, &section[i])
                          : place_section(pe, &section[i], &pe->place[i], &next);
    pe->n = pe->flat ? 0 : n;
    return status;
}

/* Is there a header of the common language runtime? n: bytes of the headers that were read. */
static bool has_clr(const struct wvm_pe *pe, size_t n)
{
    const struct wvm_pe_optional *o = &pe->headers.optional;
    const struct wvm_pe_directory *d = pe->is_64 ? &o->tail64.directory[WVM_PE_DIRECTORY_CLR]
                                                 : &o->tail32.directory[WVM_PE_DIRECTORY_CLR];
    uint32_t told = pe->is_64 ? o->tail64.n_directories : o->tail32.n_directories;
    size_t end = (size_t)((const char *)(d + 1) - (const char *)o);
    return told > WVM_PE_DIRECTORY_CLR && end <= pe->headers.file.optional_size
           && offsetof(struct wvm_pe_headers, optional) + end <= n && d->at != 0 && d->size != 0;
}

wvm_status wvm_pe_read(int fd, struct wvm_pe *out)
{
    struct wvm_host_fd_info file;
    size_t n;
    uint64_t sections_at;
    int r = wvm_host_fd_info(fd, &file);
    if (r < 0)
        return wvm_pe_read_failed(r);
    if (!file.regular || file.size == 0)
        return STATUS_INVALID_FILE_FOR_SECTION;
    out->file_size = file.size;
    wvm_status status = read_headers(fd, out, &n, &sections_at);
    if (status < 0)
        return status;
    if (!kind_is_valid(out, n) || (out->headers.file.characteristics & WVM_PE_EXECUTABLE) == 0
        || !alignments_are_valid(&out->headers.optional) || !sizes_are_valid(out))
        return STATUS_INVALID_IMAGE_FORMAT;
    out->is_managed = has_clr(out, n);
    out->headers_end = out->flat ? out->size : out->headers.optional.headers_size;
    out->headers_end = wvm_min(out->headers_end, out->file_size);
    return read_sections(fd, out, sections_at);
}
