/* A PE file as an image in memory.
 *
 * I1  What the file says is checked before it is used: sections lie inside the image and inside the
 *     file, directories inside the image.
 * I2  Relocation goes from the base that the headers in memory name: a system that has relocated a
 *     view itself has written the new base there. */
#include "image.h"

#include <string.h>

#define PAGE_SIZE 4096u

const IMAGE_NT_HEADERS64 *image_headers(const struct image *image)
{
    const IMAGE_DOS_HEADER *dos = (const IMAGE_DOS_HEADER *)(void *)image->base;

    return (const IMAGE_NT_HEADERS64 *)(void *)(image->base + dos->e_lfanew);
}

static const IMAGE_SECTION_HEADER *sections_of(const IMAGE_NT_HEADERS64 *nt)
{
    return (const IMAGE_SECTION_HEADER *)(const void *)((const BYTE *)&nt->OptionalHeader +
                                                        nt->FileHeader.SizeOfOptionalHeader);
}

/* The headers of a file of `size` bytes, NULL: it is no DLL of this machine, or none that holds. */
static const IMAGE_NT_HEADERS64 *check_file(const BYTE *file, SIZE_T size)
{
    const IMAGE_DOS_HEADER *dos = (const IMAGE_DOS_HEADER *)(const void *)file;
    const IMAGE_NT_HEADERS64 *nt;
    const IMAGE_SECTION_HEADER *s;

    if (size < PAGE_SIZE / 4 || dos->e_magic != IMAGE_DOS_SIGNATURE || dos->e_lfanew < 0 ||
        (SIZE_T)dos->e_lfanew > size - sizeof(*nt) || dos->e_lfanew % 4 != 0)
        return NULL;
    nt = (const IMAGE_NT_HEADERS64 *)(const void *)(file + dos->e_lfanew);
    if (nt->Signature != IMAGE_NT_SIGNATURE ||
        nt->FileHeader.Machine != IMAGE_FILE_MACHINE_AMD64 ||
        nt->OptionalHeader.Magic != IMAGE_NT_OPTIONAL_HDR64_MAGIC ||
        !(nt->FileHeader.Characteristics & IMAGE_FILE_DLL) ||
        nt->OptionalHeader.SizeOfHeaders > size ||
        nt->OptionalHeader.SizeOfHeaders > nt->OptionalHeader.SizeOfImage ||
        nt->OptionalHeader.SectionAlignment % PAGE_SIZE != 0)
        return NULL;
    s = sections_of(nt);
    if ((const BYTE *)(s + nt->FileHeader.NumberOfSections) >
        file + nt->OptionalHeader.SizeOfHeaders)
        return NULL;
    for (WORD i = 0; i < nt->FileHeader.NumberOfSections; i++)
        if (s[i].PointerToRawData > size || s[i].SizeOfRawData > size - s[i].PointerToRawData ||
            s[i].VirtualAddress > nt->OptionalHeader.SizeOfImage ||
            s[i].Misc.VirtualSize > nt->OptionalHeader.SizeOfImage - s[i].VirtualAddress)
            return NULL;
    return nt;
}

static void *map_file(const char *path, DWORD kind, SIZE_T *size)
{
    HANDLE file = CreateFileA(path, GENERIC_READ | GENERIC_EXECUTE, FILE_SHARE_READ, NULL,
                              OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
    HANDLE section;
    LARGE_INTEGER length;
    void *view = NULL;

    if (file == INVALID_HANDLE_VALUE)
        return NULL;
    section = CreateFileMappingA(file, NULL, PAGE_READONLY | kind, 0, 0, NULL);
    if (section != NULL)
        view = MapViewOfFile(section, FILE_MAP_READ, 0, 0, 0);
    if (view != NULL && GetFileSizeEx(file, &length))
        *size = (SIZE_T)length.QuadPart;
    if (section != NULL)
        CloseHandle(section);
    CloseHandle(file);
    return view;
}

/* The headers, then each section's bytes; the rest of its pages stays zero. */
static BYTE *copy_sections(const BYTE *file, const IMAGE_NT_HEADERS64 *nt)
{
    const IMAGE_SECTION_HEADER *s = sections_of(nt);
    SIZE_T size = nt->OptionalHeader.SizeOfImage;
    BYTE *base = (BYTE *)VirtualAlloc((void *)(ULONG_PTR)nt->OptionalHeader.ImageBase, size,
                                      MEM_RESERVE, PAGE_READWRITE);
    int done;

    if (base == NULL)
        base = (BYTE *)VirtualAlloc(NULL, size, MEM_RESERVE, PAGE_READWRITE);
    if (base == NULL)
        return NULL;
    done = VirtualAlloc(base, nt->OptionalHeader.SizeOfHeaders, MEM_COMMIT, PAGE_READWRITE) != NULL;
    if (done)
        memcpy(base, file, nt->OptionalHeader.SizeOfHeaders);
    for (WORD i = 0; i < nt->FileHeader.NumberOfSections && done; i++) {
        DWORD n = s[i].SizeOfRawData;

        if (s[i].Misc.VirtualSize == 0)
            continue;
        n = n < s[i].Misc.VirtualSize ? n : s[i].Misc.VirtualSize;
        done = VirtualAlloc(base + s[i].VirtualAddress, s[i].Misc.VirtualSize, MEM_COMMIT,
                            PAGE_READWRITE) != NULL;
        if (done && n > 0)
            memcpy(base + s[i].VirtualAddress, file + s[i].PointerToRawData, n);
    }
    if (!done)
        VirtualFree(base, 0, MEM_RELEASE);
    return done ? base : NULL;
}

int image_open(struct image *image, const char *path, enum way way)
{
    SIZE_T size = 0;
    BYTE *file = (BYTE *)map_file(path, 0, &size);
    const IMAGE_NT_HEADERS64 *nt = file != NULL ? check_file(file, size) : NULL;

    memset(image, 0, sizeof(*image));
    image->way = way;
    if (nt != NULL) {
        image->preferred = (ULONG_PTR)nt->OptionalHeader.ImageBase;
        image->size = nt->OptionalHeader.SizeOfImage;
        image->base = way == BY_HAND ? copy_sections(file, nt)
                                     : (BYTE *)map_file(path, SEC_IMAGE, &size);
    }
    if (file != NULL)
        UnmapViewOfFile(file);
    image->at_preferred = (ULONG_PTR)image->base == image->preferred;
    return image->base != NULL;
}

int image_close(struct image *image)
{
    BYTE *base = image->base;

    image->base = NULL;
    return image->way == BY_HAND ? VirtualFree(base, 0, MEM_RELEASE) : UnmapViewOfFile(base);
}

/* ---- protections ---- */

static DWORD own_protection(DWORD flags)
{
    if (flags & IMAGE_SCN_MEM_EXECUTE)
        return flags & IMAGE_SCN_MEM_WRITE ? PAGE_EXECUTE_READWRITE : PAGE_EXECUTE_READ;
    return flags & IMAGE_SCN_MEM_WRITE ? PAGE_READWRITE : PAGE_READONLY;
}

static int protect_sections(struct image *image, int own)
{
    const IMAGE_NT_HEADERS64 *nt = image_headers(image);
    const IMAGE_SECTION_HEADER *s = sections_of(nt);
    DWORD old;

    for (WORD i = 0; i < nt->FileHeader.NumberOfSections; i++)
        if (s[i].Misc.VirtualSize != 0 &&
            !VirtualProtect(image->base + s[i].VirtualAddress, s[i].Misc.VirtualSize,
                            own ? own_protection(s[i].Characteristics) : PAGE_READWRITE, &old))
            return 0;
    return !own || VirtualProtect(image->base, nt->OptionalHeader.SizeOfHeaders, PAGE_READONLY,
                                  &old);
}

int image_writable(struct image *image)
{
    return protect_sections(image, 0);
}

int image_protect(struct image *image)
{
    return protect_sections(image, 1) &&
           FlushInstructionCache(GetCurrentProcess(), image->base, image->size);
}

/* ---- directories ---- */

BYTE *image_directory(const struct image *image, unsigned which, DWORD *size)
{
    const IMAGE_OPTIONAL_HEADER64 *o = &image_headers(image)->OptionalHeader;
    const IMAGE_DATA_DIRECTORY *d = &o->DataDirectory[which];

    if (which >= o->NumberOfRvaAndSizes || d->VirtualAddress == 0 || d->Size == 0 ||
        d->VirtualAddress > image->size || d->Size > image->size - d->VirtualAddress)
        return NULL;
    *size = d->Size;
    return image->base + d->VirtualAddress;
}

static int relocate_block(struct image *image, const IMAGE_BASE_RELOCATION *block, ULONG_PTR by)
{
    const WORD *words = (const WORD *)(const void *)(block + 1);
    DWORD n = (block->SizeOfBlock - (DWORD)sizeof(*block)) / sizeof(WORD);

    for (DWORD i = 0; i < n; i++) {
        SIZE_T at = (SIZE_T)block->VirtualAddress + (words[i] & 0xfff);
        ULONG_PTR value;

        if (words[i] >> 12 == IMAGE_REL_BASED_ABSOLUTE)
            continue;
        if (words[i] >> 12 != IMAGE_REL_BASED_DIR64 || at > image->size - sizeof(value))
            return 0;
        memcpy(&value, image->base + at, sizeof(value));
        value += by;
        memcpy(image->base + at, &value, sizeof(value));
    }
    return 1;
}

int image_relocate(struct image *image)
{
    ULONG_PTR from = (ULONG_PTR)image_headers(image)->OptionalHeader.ImageBase;
    ULONG_PTR by = (ULONG_PTR)image->base - from;
    DWORD left = 0;
    BYTE *p = image_directory(image, IMAGE_DIRECTORY_ENTRY_BASERELOC, &left);

    if (by == 0)
        return 1;
    while (p != NULL && left > sizeof(IMAGE_BASE_RELOCATION)) {
        const IMAGE_BASE_RELOCATION *block = (const IMAGE_BASE_RELOCATION *)(void *)p;

        if (block->SizeOfBlock < sizeof(*block) || block->SizeOfBlock > left ||
            !relocate_block(image, block, by))
            return 0;
        p += block->SizeOfBlock;
        left -= block->SizeOfBlock;
    }
    return p != NULL;   /* without the directory it only runs at its base */
}

/* ---- resources ---- */

/* The entry with that number in a directory of the tree; 0: the first one. */
static const IMAGE_RESOURCE_DIRECTORY_ENTRY *find_entry(const BYTE *root, DWORD offset, WORD number)
{
    const IMAGE_RESOURCE_DIRECTORY *dir =
        (const IMAGE_RESOURCE_DIRECTORY *)(const void *)(root + offset);
    const IMAGE_RESOURCE_DIRECTORY_ENTRY *e =
        (const IMAGE_RESOURCE_DIRECTORY_ENTRY *)(const void *)(dir + 1);
    WORD n = (WORD)(dir->NumberOfNamedEntries + dir->NumberOfIdEntries);

    for (WORD i = 0; i < n; i++)
        if (number == 0 || (!(e[i].Name & IMAGE_RESOURCE_NAME_IS_STRING) && e[i].Name == number))
            return &e[i];
    return NULL;
}

const void *image_resource(const struct image *image, WORD type, WORD name, DWORD *size)
{
    const WORD numbers[3] = {type, name, 0};
    const IMAGE_RESOURCE_DIRECTORY_ENTRY *e = NULL;
    const IMAGE_RESOURCE_DATA_ENTRY *data;
    DWORD all = 0, offset = 0;
    const BYTE *root = image_directory(image, IMAGE_DIRECTORY_ENTRY_RESOURCE, &all);

    if (root == NULL)
        return NULL;
    for (int level = 0; level < 3; level++) {
        e = offset < all ? find_entry(root, offset, numbers[level]) : NULL;
        if (e == NULL || (level < 2) != !!(e->OffsetToData & IMAGE_RESOURCE_DATA_IS_DIRECTORY))
            return NULL;
        offset = e->OffsetToData & ~IMAGE_RESOURCE_DATA_IS_DIRECTORY;
    }
    data = (const IMAGE_RESOURCE_DATA_ENTRY *)(const void *)(root + offset);
    *size = data->Size;
    return image->base + data->OffsetToData;
}
