/* PE files in memory: headers, directories, sections.
 *
 * Terms   image = a file as the loader of Windows lays it out; else its bytes as they are in the
 *         file. rva = bytes from the base of the image.
 * I1  Only headers are read, and nothing is written but *size and *last.
 * I2  A caller hands a base over that begins with the headers in whole: their counts and offsets
 *     are believed, as Windows does.
 * Locking: none.   Failure: NULL, and a size of 0.   Signal safety: yes. */
#include "kit/kit.h"

#define HIGHEST_HEADER 0x10000000 /* e_lfanew of a PE file is below this */

PIMAGE_NT_HEADERS wvm_kit_RtlImageNtHeader(PVOID base)
{
    const IMAGE_DOS_HEADER *dos = base;
    if (!base || base == INVALID_HANDLE_VALUE || dos->e_magic != IMAGE_DOS_SIGNATURE ||
        dos->e_lfanew < 0 || dos->e_lfanew >= HIGHEST_HEADER)
        return NULL;
    PIMAGE_NT_HEADERS nt = (PIMAGE_NT_HEADERS)(void *)((char *)base + dos->e_lfanew);
    return nt->Signature == IMAGE_NT_SIGNATURE ? nt : NULL;
}

PIMAGE_SECTION_HEADER wvm_kit_RtlImageRvaToSection(PIMAGE_NT_HEADERS nt, PVOID base, ULONG rva)
{
    PIMAGE_SECTION_HEADER section = IMAGE_FIRST_SECTION(nt);
    UNREFERENCED_PARAMETER(base);
    for (unsigned i = 0; i < nt->FileHeader.NumberOfSections; i++, section++)
        if (rva >= section->VirtualAddress &&
            rva - section->VirtualAddress < section->SizeOfRawData)
            return section;
    return NULL;
}

PVOID wvm_kit_RtlImageRvaToVa(PIMAGE_NT_HEADERS nt, PVOID base, ULONG rva,
                              PIMAGE_SECTION_HEADER *last)
{
    PIMAGE_SECTION_HEADER section = wvm_kit_RtlImageRvaToSection(nt, base, rva);
    if (!section)
        return NULL;
    if (last)
        *last = section;
    return (char *)base + section->PointerToRawData + (rva - section->VirtualAddress);
}

/* The directory's entry; NULL: there is none of that number. *headers: how many bytes the headers
 * of the file take. */
static const IMAGE_DATA_DIRECTORY *entry_of(PIMAGE_NT_HEADERS nt, USHORT number, ULONG *headers)
{
    const IMAGE_NT_HEADERS64 *wide = (const void *)nt;
    const IMAGE_NT_HEADERS32 *narrow = (const void *)nt;
    switch (nt->OptionalHeader.Magic) {
    case IMAGE_NT_OPTIONAL_HDR64_MAGIC:
        *headers = wide->OptionalHeader.SizeOfHeaders;
        return number < wide->OptionalHeader.NumberOfRvaAndSizes
                   ? &wide->OptionalHeader.DataDirectory[number]
                   : NULL;
    case IMAGE_NT_OPTIONAL_HDR32_MAGIC:
        *headers = narrow->OptionalHeader.SizeOfHeaders;
        return number < narrow->OptionalHeader.NumberOfRvaAndSizes
                   ? &narrow->OptionalHeader.DataDirectory[number]
                   : NULL;
    default:
        return NULL;
    }
}

/* Bit 0 of the base marks one that is not laid out as an image. */
PVOID wvm_kit_RtlImageDirectoryEntryToData(PVOID base, BOOLEAN image, USHORT number, PULONG size)
{
    ULONG headers;
    if ((ULONG_PTR)base & 1) {
        base = (char *)base - 1;
        image = FALSE;
    }
    *size = 0;
    PIMAGE_NT_HEADERS nt = wvm_kit_RtlImageNtHeader(base);
    const IMAGE_DATA_DIRECTORY *entry =
        nt && number < IMAGE_NUMBEROF_DIRECTORY_ENTRIES ? entry_of(nt, number, &headers) : NULL;
    if (!entry || entry->VirtualAddress == 0)
        return NULL;
    PVOID at = image || entry->VirtualAddress < headers
                   ? (char *)base + entry->VirtualAddress
                   : wvm_kit_RtlImageRvaToVa(nt, base, entry->VirtualAddress, NULL);
    if (at)
        *size = entry->Size;
    return at;
}

#define WVM_KIT_IMAGE
#define WVM_KIT_IN WINVM_IN_NTDLL
#include "kit/kit_entry.h"
