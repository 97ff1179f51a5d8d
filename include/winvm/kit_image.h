/* winvm/kit_image.h: PE files in memory, of ntdll and of dbghelp.h (libwinvm-kit).
 *
 * WINVM_NO_TYPES needs: PVOID ULONG USHORT BOOLEAN; the structures are named by their tags. */
#ifndef WINVM_KIT_IMAGE_H
#define WINVM_KIT_IMAGE_H

#include "image.h"

WINVM_BEGIN_DECLS

#if WINVM_64
#define WINVM_NT_HEADERS _IMAGE_NT_HEADERS64
#else
#define WINVM_NT_HEADERS _IMAGE_NT_HEADERS
#endif
/* NULL: it begins with no DOS header, or that leads to no "PE". */
WINVM_DECLARE(struct WINVM_NT_HEADERS *, RtlImageNtHeader, (PVOID Base));
/* Directory: IMAGE_DIRECTORY_ENTRY_*. MappedAsImage: loaded, else as it is in the file, where its
 * section is looked for. NULL, with *Size 0: none. Files of 32 and of 64 bits. */
WINVM_DECLARE(PVOID, RtlImageDirectoryEntryToData,
              (PVOID BaseAddress, BOOLEAN MappedAsImage, USHORT Directory, ULONG *Size));
/* The section that has the address, as bytes from the base; NULL. Base is not looked at. */
WINVM_DECLARE(struct _IMAGE_SECTION_HEADER *, RtlImageRvaToSection,
              (struct WINVM_NT_HEADERS * NtHeaders, PVOID Base, ULONG Rva));
/* Where that is in a file as it is at Base; NULL. *LastRvaSection, unless NULL, is the section that
 * was found last. */
WINVM_DECLARE(PVOID, RtlImageRvaToVa,
              (struct WINVM_NT_HEADERS * NtHeaders, PVOID Base, ULONG Rva,
               struct _IMAGE_SECTION_HEADER **LastRvaSection));
/* The same under the names of dbghelp. */
WINVM_DECLARE(struct WINVM_NT_HEADERS *, ImageNtHeader, (PVOID Base));
WINVM_DECLARE(PVOID, ImageDirectoryEntryToData,
              (PVOID Base, BOOLEAN MappedAsImage, USHORT DirectoryEntry, ULONG *Size));
WINVM_DECLARE(struct _IMAGE_SECTION_HEADER *, ImageRvaToSection,
              (struct WINVM_NT_HEADERS * NtHeaders, PVOID Base, ULONG Rva));
WINVM_DECLARE(PVOID, ImageRvaToVa,
              (struct WINVM_NT_HEADERS * NtHeaders, PVOID Base, ULONG Rva,
               struct _IMAGE_SECTION_HEADER **LastRvaSection));

WINVM_END_DECLS

#endif
