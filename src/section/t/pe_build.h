/* PE files made for tests: a valid one from a plan, and the places of its fields, to break them.
 * Needs nothing of the library, so that black-box tests can use it too. */
#ifndef WVM_SECTION_T_PE_BUILD_H
#define WVM_SECTION_T_PE_BUILD_H

#include <stdbool.h>
#include <stdint.h>
#include <string.h>

enum {
    PE_X = 0x20000000, PE_R = 0x40000000, PE_SHARED = 0x10000000,
    PE_CODE = 0x20, PE_DATA = 0x40, PE_BSS = 0x80,
};
#define PE_W 0x80000000u

/* Where things are in a file of pe_build(). */
enum {
    PE_NEW_HEADER_AT = 0x3c,
    PE_NT = 0x80, /* the signature */
    PE_MACHINE = PE_NT + 4, PE_N_SECTIONS = PE_NT + 6, PE_OPTIONAL_SIZE = PE_NT + 20,
    PE_CHARACTERISTICS = PE_NT + 22,
    PE_OPTIONAL = PE_NT + 24,
    PE_MAGIC = PE_OPTIONAL, PE_CODE_SIZE = PE_OPTIONAL + 4, PE_ENTRY = PE_OPTIONAL + 16,
    PE_BASE_64 = PE_OPTIONAL + 24, PE_BASE_32 = PE_OPTIONAL + 28,
    PE_SECTION_ALIGN = PE_OPTIONAL + 32, PE_FILE_ALIGN = PE_OPTIONAL + 36,
    PE_OS_MAJOR = PE_OPTIONAL + 40, PE_OS_MINOR = PE_OPTIONAL + 42,
    PE_SUBSYSTEM_MAJOR = PE_OPTIONAL + 48, PE_SUBSYSTEM_MINOR = PE_OPTIONAL + 50,
    PE_IMAGE_SIZE = PE_OPTIONAL + 56, PE_HEADERS_SIZE = PE_OPTIONAL + 60,
    PE_CHECKSUM = PE_OPTIONAL + 64, PE_SUBSYSTEM = PE_OPTIONAL + 68,
    PE_DLL_CHARACTERISTICS = PE_OPTIONAL + 70, PE_STACK_RESERVE = PE_OPTIONAL + 72,
    PE_OPTIONAL_SIZE_32 = 224, PE_OPTIONAL_SIZE_64 = 240,
    /* Of a section header. */
    PE_VIRTUAL_SIZE = 8, PE_VIRTUAL_AT = 12, PE_RAW_SIZE = 16, PE_RAW_AT = 20, PE_FLAGS = 36,
    PE_SECTION_HEADER = 40,
};

struct pe_plan_section {
    uint32_t virtual_size;
    uint32_t raw_size; /* bytes in the file, rounded up to the file's alignment */
    uint32_t flags;
};
struct pe_plan {
    bool is_32;
    uint64_t base;
    uint32_t section_align, file_align;
    unsigned n;
    struct pe_plan_section section[128];
};

static inline void pe_put(uint8_t *file, size_t at, unsigned n_bytes, uint64_t value)
{
    for (unsigned i = 0; i < n_bytes; i++)
        file[at + i] = (uint8_t)(value >> (8 * i));
}
static inline uint64_t pe_get(const uint8_t *file, size_t at, unsigned n_bytes)
{
    uint64_t value = 0;
    for (unsigned i = 0; i < n_bytes; i++)
        value |= (uint64_t)file[at + i] << (8 * i);
    return value;
}
static inline uint32_t pe_round(uint32_t x, uint32_t align)
{
    return (x + align - 1) / align * align;
}
/* Where the header of section i is. */
static inline size_t pe_section_at(const struct pe_plan *p, unsigned i)
{
    return PE_OPTIONAL + (p->is_32 ? PE_OPTIONAL_SIZE_32 : PE_OPTIONAL_SIZE_64)
           + (size_t)i * PE_SECTION_HEADER;
}
/* Byte at `offset` of section i's raw data; never 0. */
static inline uint8_t pe_byte(unsigned i, uint32_t offset)
{
    return (uint8_t)(1 + (i * 29 + offset + (offset >> 8) * 7) % 255);
}
/* A plan of .text, .rdata, .data (longer in memory than in the file) and .bss at 4 KiB. */
static inline struct pe_plan pe_plan_usual(bool is_32)
{
    struct pe_plan p = {.is_32 = is_32, .base = is_32 ? 0x10000000 : 0x7ff654320000,
                        .section_align = 0x1000, .file_align = 0x200, .n = 4};
    p.section[0] = (struct pe_plan_section){0x1234, 0x1234, PE_CODE | PE_X | PE_R};
    p.section[1] = (struct pe_plan_section){0x400, 0x400, PE_DATA | PE_R};
    p.section[2] = (struct pe_plan_section){0x2100, 0x600, PE_DATA | PE_R | PE_W};
    p.section[3] = (struct pe_plan_section){0x1800, 0, PE_BSS | PE_R | PE_W};
    return p;
}

static inline void pe_put_optional(const struct pe_plan *p, uint8_t *file, uint32_t headers_size,
                                   uint32_t image_size)
{
    unsigned word = p->is_32 ? 4 : 8;
    pe_put(file, PE_MAGIC, 2, p->is_32 ? 0x10b : 0x20b);
    pe_put(file, PE_CODE_SIZE, 4, 0x1000);
    pe_put(file, PE_ENTRY, 4, 0x1010);
    pe_put(file, p->is_32 ? PE_BASE_32 : PE_BASE_64, word, p->base);
    pe_put(file, PE_SECTION_ALIGN, 4, p->section_align);
    pe_put(file, PE_FILE_ALIGN, 4, p->file_align);
    pe_put(file, PE_OS_MAJOR, 2, 6);
    pe_put(file, PE_OS_MINOR, 2, 1);
    pe_put(file, PE_SUBSYSTEM_MAJOR, 2, 5);
    pe_put(file, PE_SUBSYSTEM_MINOR, 2, 2);
    pe_put(file, PE_IMAGE_SIZE, 4, image_size);
    pe_put(file, PE_HEADERS_SIZE, 4, headers_size);
    pe_put(file, PE_CHECKSUM, 4, 0xc0ffee);
    pe_put(file, PE_SUBSYSTEM, 2, 3);
    pe_put(file, PE_DLL_CHARACTERISTICS, 2, 0x160);
    pe_put(file, PE_STACK_RESERVE, word, 0x200000);
    pe_put(file, PE_STACK_RESERVE + word, word, 0x3000);
    pe_put(file, PE_STACK_RESERVE + 4 * word + 4, 4, 16); /* number of directories */
}

static inline uint32_t pe_put_section(const struct pe_plan *p, uint8_t *file, unsigned i,
                                      uint32_t virtual_at, uint32_t raw_at)
{
    const struct pe_plan_section *s = &p->section[i];
    size_t at = pe_section_at(p, i);
    uint32_t raw = pe_round(s->raw_size, p->file_align);
    file[at] = '.';
    file[at + 1] = (uint8_t)('a' + i % 26);
    pe_put(file, at + PE_VIRTUAL_SIZE, 4, s->virtual_size);
    pe_put(file, at + PE_VIRTUAL_AT, 4, virtual_at);
    pe_put(file, at + PE_RAW_SIZE, 4, raw);
    pe_put(file, at + PE_RAW_AT, 4, raw ? raw_at : 0);
    pe_put(file, at + PE_FLAGS, 4, s->flags);
    for (uint32_t k = 0; k < raw; k++)
        file[raw_at + k] = pe_byte(i, k);
    return raw;
}

/* Writes the file of the plan into `file` of cap bytes. Its size, or 0: cap is too little. With
 * section_align below a page each section lies at the same place in the file and in memory. */
static inline size_t pe_build(const struct pe_plan *p, uint8_t *file, size_t cap)
{
    uint32_t headers = pe_round((uint32_t)pe_section_at(p, p->n), p->file_align);
    uint32_t virtual_at = pe_round(headers, p->section_align), raw_at = headers;
    uint64_t total = headers;
    for (unsigned i = 0; i < p->n; i++)
        total += pe_round(p->section[i].raw_size, p->file_align);
    if (total > cap)
        return 0;
    memset(file, 0, (size_t)total);
    pe_put(file, 0, 2, 0x5a4d);
    pe_put(file, PE_NEW_HEADER_AT, 4, PE_NT);
    pe_put(file, PE_NT, 4, 0x4550);
    pe_put(file, PE_MACHINE, 2, p->is_32 ? 0x14c : 0x8664);
    pe_put(file, PE_N_SECTIONS, 2, p->n);
    pe_put(file, PE_OPTIONAL_SIZE, 2, p->is_32 ? PE_OPTIONAL_SIZE_32 : PE_OPTIONAL_SIZE_64);
    pe_put(file, PE_CHARACTERISTICS, 2, p->is_32 ? 0x2102 : 0x2022);
    for (unsigned i = 0; i < p->n; i++) {
        uint32_t size = p->section[i].virtual_size ? p->section[i].virtual_size
                                                   : p->section[i].raw_size;
        raw_at += pe_put_section(p, file, i, virtual_at, raw_at);
        virtual_at += pe_round(size, p->section_align);
    }
    pe_put_optional(p, file, headers, virtual_at);
    return (size_t)total;
}

#endif
