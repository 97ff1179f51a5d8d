/* Tiny PE files for conformance cases, as bytes.
 *
 * Terms   image = what a PE file becomes in memory: headers (page 0), .text (1), .rdata (2), .data
 *         (3 and 4), .reloc (5).
 * I1      The file is made here byte by byte: nothing of an SDK and no compiler takes part.
 * Use     open_file(image_file(image_plain()), GENERIC_RWX). */
#ifndef COMPAT_IMAGE_H
#define COMPAT_IMAGE_H

#include "compat_section.h"

enum {
    IMAGE_SIZE = 0x6000,
    IMAGE_TEXT = 0x1000,
    IMAGE_RDATA = 0x2000,
    IMAGE_DATA = 0x3000,
    IMAGE_RELOC = 0x5000,
    IMAGE_FILE_SIZE = 0xC00,
    IMAGE_PE = 0x80,
};

struct image {
    USHORT machine; /* 0x8664 or 0x14c */
    ULONG64 base;
};

/* In no other module's way, and the same for all who map the file. */
static const struct image image_64 = {0x8664, 0x51230000};
static const struct image image_32 = {0x14c, 0x52340000};

/* An image for programs such as this one, and one for the others. */
static inline const struct image *image_plain(void)
{
    return is_32bit_code() ? &image_32 : &image_64;
}
static inline const struct image *image_other(void)
{
    return is_32bit_code() ? &image_64 : &image_32;
}

static inline void image_put(BYTE *at, ULONG64 value, unsigned bytes)
{
    for (unsigned i = 0; i < bytes; i++)
        at[i] = (BYTE)(value >> (8 * i));
}

/* IMAGE_OPTIONAL_HEADER of either size; returns its length. */
static inline unsigned image_optional(BYTE *o, const struct image *image)
{
    int wide = image->machine == 0x8664;
    unsigned word = wide ? 8 : 4, at = 72;

    image_put(o, wide ? 0x20b : 0x10b, 2);
    image_put(o + 4, 0x200, 4);       /* SizeOfCode */
    image_put(o + 8, 0x600, 4);       /* SizeOfInitializedData */
    image_put(o + 16, IMAGE_TEXT, 4); /* AddressOfEntryPoint */
    image_put(o + 20, IMAGE_TEXT, 4); /* BaseOfCode */
    image_put(o + (wide ? 24 : 28), image->base, word);
    image_put(o + 32, PG, 4);         /* SectionAlignment */
    image_put(o + 36, 0x200, 4);      /* FileAlignment */
    image_put(o + 40, 6, 2);          /* MajorOperatingSystemVersion */
    image_put(o + 48, 6, 2);          /* MajorSubsystemVersion */
    image_put(o + 56, IMAGE_SIZE, 4); /* SizeOfImage */
    image_put(o + 60, 0x400, 4);      /* SizeOfHeaders */
    image_put(o + 68, 3, 2);          /* Subsystem: console */
    image_put(o + 70, 0x100, 2);      /* DllCharacteristics: NX_COMPAT */
    for (unsigned i = 0; i < 4; i++, at += word)
        image_put(o + at, i & 1 ? 0x1000 : 0x100000, word); /* stack and heap */
    image_put(o + at + 4, 16, 4);                           /* NumberOfRvaAndSizes */
    image_put(o + at + 8 + 5 * 8, IMAGE_RELOC, 4);
    image_put(o + at + 8 + 5 * 8 + 4, 12, 4);
    return at + 8 + 16 * 8;
}

static inline void image_section(BYTE *header, const char *name, const ULONG *fields)
{
    memcpy(header, name, strlen(name));
    for (unsigned i = 0; i < 4; i++) /* VirtualSize, VirtualAddress, SizeOfRawData, its place */
        image_put(header + 8 + 4 * i, fields[i], 4);
    image_put(header + 36, fields[4], 4); /* Characteristics */
}

/* What the raw part of a section holds, byte by byte. */
static inline BYTE image_byte(ULONG rva)
{
    return (BYTE)(0x40 + (rva >> 12) * 16 + (rva & 15));
}

static inline const char *image_file(const struct image *image)
{
    static const char *const names[] = {".text", ".rdata", ".data", ".reloc"};
    static const ULONG fields[][5] = {
        {0x1000, IMAGE_TEXT, 0x200, 0x400, 0x60000020},
        {0x1000, IMAGE_RDATA, 0x200, 0x600, 0x40000040},
        {0x2000, IMAGE_DATA, 0x200, 0x800, 0xC0000040},
        {0x1000, IMAGE_RELOC, 0x200, 0xA00, 0x42000040},
    };
    static BYTE file[IMAGE_FILE_SIZE];
    BYTE *pe = file + IMAGE_PE, *headers;
    unsigned length;

    memset(file, 0, sizeof(file));
    memcpy(file, "MZ", 2);
    image_put(file + 60, IMAGE_PE, 4);
    memcpy(pe, "PE\0\0", 4);
    image_put(pe + 4, image->machine, 2);
    image_put(pe + 6, 4, 2);
    length = image_optional(pe + 24, image);
    image_put(pe + 20, length, 2);
    image_put(pe + 22, 0x2022 | (image->machine == 0x14c ? 0x100 : 0), 2);
    headers = pe + 24 + length;
    for (unsigned i = 0; i < 4; i++) {
        image_section(headers + 40 * i, names[i], fields[i]);
        for (ULONG at = 0; at < 0x200; at++)
            file[fields[i][3] + at] = image_byte(fields[i][1] + at);
    }
    file[0x400] = 0xC3; /* the entry point returns */
    memset(file + 0xA00, 0, 0x200);
    image_put(file + 0xA00, IMAGE_DATA, 4); /* one block of two empty entries */
    image_put(file + 0xA04, 12, 4);
    return file_of(file, sizeof(file));
}
#endif
