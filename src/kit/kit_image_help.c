/* The calls of kit_image.c under the names of dbghelp.
 *
 * Locking, failure, signal safety: as there. */
#include "kit/kit.h"

PIMAGE_NT_HEADERS wvm_kit_ImageNtHeader(PVOID base)
{
    return wvm_kit_RtlImageNtHeader(base);
}

PVOID wvm_kit_ImageDirectoryEntryToData(PVOID base, BOOLEAN image, USHORT number, PULONG size)
{
    return wvm_kit_RtlImageDirectoryEntryToData(base, image, number, size);
}

PIMAGE_SECTION_HEADER wvm_kit_ImageRvaToSection(PIMAGE_NT_HEADERS nt, PVOID base, ULONG rva)
{
    return wvm_kit_RtlImageRvaToSection(nt, base, rva);
}

PVOID wvm_kit_ImageRvaToVa(PIMAGE_NT_HEADERS nt, PVOID base, ULONG rva,
                           PIMAGE_SECTION_HEADER *last)
{
    return wvm_kit_RtlImageRvaToVa(nt, base, rva, last);
}

#define WVM_KIT_IMAGE_HELP
#define WVM_KIT_IN WINVM_IN_DBGHELP
#include "kit/kit_entry.h"
