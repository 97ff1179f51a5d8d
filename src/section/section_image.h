/* Images: PE files as they lie in memory. */
#ifndef WVM_SECTION_SECTION_IMAGE_H
#define WVM_SECTION_SECTION_IMAGE_H

#include <stdint.h>

#include "space/space_view.h"

/* Headers, 96 sections as the Windows loader allows with a gap before each, and the rest. */
#define WVM_IMAGE_PARTS 194

/* What SECTION_IMAGE_INFORMATION and the views need to know. Constant after wvm_image_make. */
struct wvm_image_info {
    uint64_t preferred;     /* ImageBase */
    uint64_t size;          /* SizeOfImage, page multiple */
    uint64_t entry;         /* AddressOfEntryPoint, relative */
    uint64_t stack_reserve, stack_commit;
    uint32_t subsystem, subsystem_minor, subsystem_major;
    uint32_t os_minor, os_major;
    uint32_t checksum, file_size, loader_flags;
    uint16_t characteristics, dll_characteristics, machine;
    uint8_t has_code, is_managed, is_flat; /* flat: memory is laid out like the file */
    unsigned n_parts;
    struct wvm_view_part part[WVM_IMAGE_PARTS]; /* first states of the pages */
};

/* Lays the PE file out in new shared memory: *image_fd is that descriptor (kept, host_object.h).
 * The parts of *out cover every page. INVALID_FILE_FOR_SECTION (empty, not a plain file, or it ends
 * before its sections), INVALID_IMAGE_NOT_MZ, _PROTECT (MZ alone), _NE_FORMAT, _LE_FORMAT, _WIN_16,
 * _FORMAT; ACCESS_DENIED (cannot be read), NO_MEMORY, INSUFFICIENT_RESOURCES. The file's contents
 * are not trusted in any way. On failure nothing is written. */
wvm_status wvm_image_make(int file_fd, bool no_execute, struct wvm_image_info *out,
                          int *image_fd) WVM_MUST_CHECK;

#endif
