/* Views of sections: the rules of the mapping calls, and their inner form with plain values.
 *
 * Sizes and offsets are bytes. As in nt.h: on failure nothing has changed, the view's fields
 * included. */
#ifndef WVM_NT_NT_MAP_H
#define WVM_NT_NT_MAP_H

#include "nt/nt.h"
#include "section/section.h"

struct wvm_nt_extended;
struct wvm_target;

/* What a mapping call asks for, every value as the caller gave it. */
struct wvm_nt_view {
    uintptr_t base;      /* 0: anywhere; out: of the view */
    uintptr_t size;      /* 0: the rest of the section; out: whole pages */
    uint64_t offset;     /* into the section */
    uintptr_t zero_bits; /* NtMapViewOfSection */
    uintptr_t commit;    /* CommitSize, NtMapViewOfSection */
    uint32_t type;       /* AllocationType */
    uint32_t prot;       /* PAGE_* */
    bool placeholders;   /* the call knows MEM_REPLACE_PLACEHOLDER */
    const struct wvm_nt_extended *extended; /* NULL: no extended parameters */
};

/* Successes: IMAGE_NOT_AT_BASE, IMAGE_MACHINE_TYPE_MISMATCH. INVALID_HANDLE, OBJECT_TYPE_MISMATCH,
 * ACCESS_DENIED, and what wvm_nt_map_section answers. */
wvm_status wvm_nt_map(HANDLE process, HANDLE section, struct wvm_nt_view *view) WVM_MUST_CHECK;
/* In t, no other process, through a section handle with the rights `granted`. INVALID_PARAMETER_*,
 * INVALID_PAGE_PROTECTION, ACCESS_DENIED, SECTION_PROTECTION, MAPPED_ALIGNMENT, INVALID_VIEW_SIZE,
 * CONFLICTING_ADDRESSES, NO_MEMORY, COMMITMENT_LIMIT, NOT_SUPPORTED. */
wvm_status wvm_nt_map_section(const struct wvm_target *t, struct wvm_section *s, uint32_t granted,
                              struct wvm_nt_view *view) WVM_MUST_CHECK;
/* The extended parameters of a mapping call on `process`, as wvm_nt_extended. The handle first. */
wvm_status wvm_nt_view_extended(HANDLE process, const struct wvm_nt_params *params, uintptr_t base,
                                struct wvm_nt_extended *out) WVM_MUST_CHECK;
/* The view that contains addr. flags: MEM_UNMAP_WITH_TRANSIENT_BOOST, MEM_PRESERVE_PLACEHOLDER.
 * INVALID_PARAMETER, NOT_MAPPED_VIEW, CONFLICTING_ADDRESSES. */
wvm_status wvm_nt_unmap(HANDLE process, uintptr_t addr, uint32_t flags) WVM_MUST_CHECK;
/* Writes what was changed in a file view to the file; size 0: to the end of the view. *range is
 * rounded on success. NOT_MAPPED_VIEW, NOT_MAPPED_DATA, INVALID_PARAMETER_2, IO_DEVICE_ERROR,
 * DISK_FULL. */
wvm_status wvm_nt_flush(HANDLE process, struct wvm_nt_range *range) WVM_MUST_CHECK;

/* Path of the file mapped at addr of the target; NUL-terminated. INVALID_ADDRESS: no
 * mapping of a file; FILE_INVALID: of the page file. */
#define WVM_NT_PATH_BYTES 4096
wvm_status wvm_nt_mapped_path(const struct wvm_target *t, uintptr_t addr,
                              char out[WVM_NT_PATH_BYTES]) WVM_MUST_CHECK;

/* Are write-copy protections legal for the page at addr? Those of views and images. */
bool wvm_nt_takes_write_copy(uintptr_t addr);

#endif
