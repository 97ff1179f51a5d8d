/* PE files as they lie on disk, and what winvm takes from their headers.
 *
 * Field names are those of the published PE format in this project's spelling; numbers are
 * little-endian. */
#ifndef WVM_SECTION_SECTION_PE_H
#define WVM_SECTION_SECTION_PE_H

#include "base/assert.h"
#include "section/section_image.h"

enum {
    WVM_PE_MZ = 0x5a4d,
    WVM_PE_SIGNATURE = 0x00004550,
    WVM_PE_SIGNATURE_NE = 0x454e,
    WVM_PE_SIGNATURE_LE = 0x454c,
    WVM_PE_SIGNATURE_LX = 0x584c,
    WVM_PE_NE_SYSTEM_AT = 0x36, /* a byte of an NE header: the system it is for */
    WVM_PE_NE_WINDOWS = 2,
    WVM_PE_NE_EXTENDER = 5,     /* a DOS program with its own system */
    WVM_PE_MAGIC_32 = 0x10b,
    WVM_PE_MAGIC_64 = 0x20b,
    WVM_PE_EXECUTABLE = 0x0002, /* in characteristics: was linked without errors */
    WVM_PE_DIRECTORY_CLR = 14,
    WVM_PE_SECTIONS_MAX = 96,
    WVM_PE_SECTOR = 512,        /* raw data of sections begins at a multiple */
    WVM_PE_ACCESS_SHIFT = 29,   /* characteristics of a section: execute 1, read 2, write 4 */
};

struct wvm_pe_dos {
    uint16_t magic;
    uint8_t program[58];
    uint32_t new_header;
};
WVM_STATIC(sizeof(struct wvm_pe_dos) == 64, "MZ header");

struct wvm_pe_file {
    uint16_t machine, n_sections;
    uint32_t time, symbols, n_symbols;
    uint16_t optional_size, characteristics;
};
WVM_STATIC(sizeof(struct wvm_pe_file) == 20, "COFF header");

struct wvm_pe_directory {
    uint32_t at, size;
};
struct wvm_pe_tail32 {
    uint32_t stack_reserve, stack_commit, heap_reserve, heap_commit;
    uint32_t loader_flags, n_directories;
    struct wvm_pe_directory directory[16];
};
struct wvm_pe_tail64 {
    uint64_t stack_reserve, stack_commit, heap_reserve, heap_commit;
    uint32_t loader_flags, n_directories;
    struct wvm_pe_directory directory[16];
};
/* PE32 and PE32+ differ in the base and behind dll_characteristics. */
struct wvm_pe_optional {
    uint16_t magic;
    uint8_t linker_major, linker_minor;
    uint32_t code_size, data_size, bss_size, entry, code_at;
    union {
        struct {
            uint32_t data_at, base32;
        };
        uint64_t base64;
    };
    uint32_t section_align, file_align;
    uint16_t os_major, os_minor, image_major, image_minor, subsystem_major, subsystem_minor;
    uint32_t win32_version, image_size, headers_size, checksum;
    uint16_t subsystem, dll_characteristics;
    union {
        struct wvm_pe_tail32 tail32;
        struct wvm_pe_tail64 tail64;
    };
};
struct wvm_pe_headers {
    uint32_t signature;
    struct wvm_pe_file file;
    struct wvm_pe_optional optional;
};
WVM_STATIC(offsetof(struct wvm_pe_headers, optional) == 24, "PE headers");
WVM_STATIC(offsetof(struct wvm_pe_optional, tail64) == 72, "optional header");
WVM_STATIC(offsetof(struct wvm_pe_optional, tail32.directory) == 96, "PE32");
WVM_STATIC(offsetof(struct wvm_pe_optional, tail64.directory) == 112, "PE32+");

struct wvm_pe_section {
    char name[8];
    uint32_t virtual_size, virtual_at, raw_size, raw_at;
    uint32_t relocations, lines;
    uint16_t n_relocations, n_lines;
    uint32_t characteristics;
};
WVM_STATIC(sizeof(struct wvm_pe_section) == 40, "section header");

/* Where a section lies. */
struct wvm_pe_place {
    uint64_t start, end;    /* of its pages, bytes of the image */
    uint64_t from, len;     /* bytes of the file that belong at start; the rest is zero */
    uint8_t access;         /* execute 1, read 2, write 4 */
};
/* Headers that passed all checks: every place ascends and lies in [0, size), every range of the
 * file lay inside the file when it was measured. */
struct wvm_pe {
    uint64_t file_size;     /* measured once */
    uint64_t size;          /* of the image, page multiple */
    uint64_t headers_end;   /* bytes of the file that belong at 0; flat: all that there are */
    bool flat;              /* memory is laid out like the file, with one protection */
    bool is_64;
    unsigned n;             /* flat: 0 */
    struct wvm_pe_headers headers;
    bool is_managed;
    struct wvm_pe_place place[WVM_PE_SECTIONS_MAX];
};
/* Statuses as wvm_image_make. */
wvm_status wvm_pe_read(int fd, struct wvm_pe *out) WVM_MUST_CHECK;
/* What a read that failed with -errno answers. */
wvm_status wvm_pe_read_failed(int error);

#endif
