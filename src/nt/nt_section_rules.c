/* Pure rules of sections: SEC_* values, protections, rights of files.
 *
 * I1  Nothing here changes any state.
 * The numbered statuses name the position of the bad argument in NtCreateSection.
 * Locking: none.   Signal safety: all of it. */
#include "nt/nt_rules.h"
#include "nt/nt_section.h"

#define SEC_ORDINARY                                                                               \
    (SEC_RESERVE | SEC_COMMIT | SEC_NOCACHE | SEC_WRITECOMBINE | SEC_LARGE_PAGES)

static bool both(uint32_t attributes, uint32_t pair)
{
    return (attributes & pair) == pair;
}

wvm_status wvm_nt_check_section_flags(uint32_t attributes, bool of_file)
{
    if (attributes == SEC_IMAGE || attributes == SEC_IMAGE_NO_EXECUTE)
        return STATUS_SUCCESS;
    if ((attributes & ~SEC_ORDINARY) || !(attributes & (SEC_RESERVE | SEC_COMMIT)) ||
        both(attributes, SEC_RESERVE | SEC_COMMIT) ||
        both(attributes, SEC_NOCACHE | SEC_WRITECOMBINE) ||
        ((attributes & SEC_LARGE_PAGES) && (of_file || !(attributes & SEC_COMMIT))))
        return STATUS_INVALID_PARAMETER_6;
    return STATUS_SUCCESS;
}

uint8_t wvm_nt_section_attr(uint32_t prot)
{
    uint8_t attr = prot > 0xff ? 0 : wvm_nt_attr_of(prot, true);
    return attr == WVM_ATTR_NA ? 0 : attr;
}

uint32_t wvm_nt_section_file_rights(uint8_t attr)
{
    static const uint32_t rights[] = {
        [WVM_ATTR_RO] = FILE_READ_DATA,
        [WVM_ATTR_RW] = FILE_READ_DATA | FILE_WRITE_DATA,
        [WVM_ATTR_WC] = FILE_READ_DATA,
        [WVM_ATTR_X] = FILE_EXECUTE,
        [WVM_ATTR_XR] = FILE_READ_DATA | FILE_EXECUTE,
        [WVM_ATTR_XRW] = FILE_READ_DATA | FILE_WRITE_DATA | FILE_EXECUTE,
        [WVM_ATTR_XWC] = FILE_READ_DATA | FILE_EXECUTE,
    };
    return rights[attr];
}

void wvm_nt_section_kind(uint32_t attributes, bool of_file, struct wvm_section_request *out)
{
    bool image = attributes & SEC_IMAGE;
    out->kind = image ? WVM_SECTION_IMAGE : of_file ? WVM_SECTION_FILE : WVM_SECTION_PAGEFILE;
    out->flags = attributes == SEC_IMAGE_NO_EXECUTE ? WVM_SECTION_NO_EXECUTE : 0;
    if (image)
        return;
    if (attributes & SEC_NOCACHE)
        out->flags |= WVM_SECTION_NOCACHE;
    if (attributes & SEC_WRITECOMBINE)
        out->flags |= WVM_SECTION_WRITECOMBINE;
    if (attributes & SEC_LARGE_PAGES)
        out->flags |= WVM_SECTION_LARGE;
    /* The pages of a file are there already (SEC-117). */
    if ((attributes & SEC_RESERVE) && !of_file)
        out->flags |= WVM_SECTION_RESERVE;
}

uint32_t wvm_nt_section_attributes(const struct wvm_section *s)
{
    if (s->kind == WVM_SECTION_IMAGE)
        return SEC_FILE | SEC_IMAGE;
    uint32_t attributes = SEC_FILE;
    if (s->kind == WVM_SECTION_PAGEFILE)
        attributes = s->flags & WVM_SECTION_RESERVE ? SEC_RESERVE : SEC_COMMIT;
    if (s->flags & WVM_SECTION_NOCACHE)
        attributes |= SEC_NOCACHE;
    if (s->flags & WVM_SECTION_WRITECOMBINE)
        attributes |= SEC_WRITECOMBINE;
    if (s->flags & WVM_SECTION_LARGE)
        attributes |= SEC_LARGE_PAGES;
    return attributes;
}
