/* Sections as the native calls make and describe them: rules, and the inner form with plain values.
 *
 * As in nt.h: on failure nothing has changed, but that a file that was extended stays so. */
#ifndef WVM_NT_NT_SECTION_H
#define WVM_NT_NT_SECTION_H

#include "nt/nt.h"
#include "nt/nt_name.h"
#include "section/section.h"

/* What a new section is to be, every value as the caller gave it. */
struct wvm_nt_new_section {
    uint32_t access;     /* of the handle; generic rights and MAXIMUM_ALLOWED too */
    uint32_t prot;       /* PAGE_* */
    uint32_t attributes; /* SEC_* */
    uint64_t size;       /* 0: that of the file */
    HANDLE file;         /* NULL: the page file */
    const struct wvm_nt_name *name;
};

/* OBJECT_NAME_EXISTS (a success): the handle is one of the section that had the name; only with
 * OBJ_OPENIF. INVALID_PARAMETER_6, INVALID_PAGE_PROTECTION, INVALID_HANDLE, OBJECT_TYPE_MISMATCH,
 * ACCESS_DENIED, INVALID_FILE_FOR_SECTION, INVALID_PARAMETER_4, PRIVILEGE_NOT_HELD,
 * OBJECT_NAME_COLLISION, and what wvm_section_create answers. */
wvm_status wvm_nt_create_section(const struct wvm_nt_new_section *req, HANDLE *out) WVM_MUST_CHECK;
/* OBJECT_NAME_NOT_FOUND, OBJECT_PATH_SYNTAX_BAD (no name), ACCESS_DENIED. */
wvm_status wvm_nt_open_section(uint32_t access, const struct wvm_nt_name *name,
                               HANDLE *out) WVM_MUST_CHECK;
/* Parameters of a section: a memory node at most. INVALID_PARAMETER, NOT_SUPPORTED,
 * ACCESS_VIOLATION. */
wvm_status wvm_nt_section_parameters(const MEM_EXTENDED_PARAMETER *params,
                                     uint32_t count) WVM_MUST_CHECK;
/* A handle for a section that is held and counted as one handle; taken over in any case. */
wvm_status wvm_nt_section_handle(struct wvm_section *s, uint32_t access, uint32_t attributes,
                                 HANDLE *out) WVM_MUST_CHECK;
/* A descriptor of the section's memory, and the reverse: winvm/control.h. */
wvm_status wvm_nt_section_export(HANDLE h, int *fd) WVM_MUST_CHECK;
wvm_status wvm_nt_section_import(int fd, uint32_t access, HANDLE *out) WVM_MUST_CHECK;

/* ---- nt_section_rules.c: pure ---- */
/* SUCCESS, or why these SEC_* values are refused for a section of a file (or of the page file). */
wvm_status wvm_nt_check_section_flags(uint32_t attributes, bool of_file);
/* A section's protection to enum wvm_attr; 0: illegal. */
uint8_t wvm_nt_section_attr(uint32_t prot);
/* FILE_* rights that a file's handle must grant for it. */
uint32_t wvm_nt_section_file_rights(uint8_t attr);
/* Kind and flags of the request, from legal SEC_* values. */
void wvm_nt_section_kind(uint32_t attributes, bool of_file, struct wvm_section_request *out);
/* The SEC_* values that describe a section (SEC-040..055). */
uint32_t wvm_nt_section_attributes(const struct wvm_section *s);

#endif
