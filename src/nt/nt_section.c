/* NtCreateSection, NtCreateSectionEx, NtOpenSection, NtExtendSection, and handles of sections.
 *
 * Order of checks: the caller's variables; SEC_* values; protection; the file's handle and its
 * rights, or what the page file demands; then the section room: size, memory, contents of an image.
 * Terms   granted = the rights of a handle, from the call that made it: any section that this user
 *         can reach gives him every right he asks for.
 * I1  A handle counts in the section's handles and holds it; a call holds it meanwhile.
 * I2  What a view may do is limited by the handle's rights and by the section's protection, not by
 *     the protection that a second creation of the name was called with (SEC-026).
 * Locking: those of section/ and space/.   Failure: checked before section/ is called.
 * Signal safety: not for handlers. */
#include "nt/nt_section.h"

#include <string.h>

#include "api/api.h"
#include "host/host_numa.h"
#include "nt/nt_file.h"
#include "nt/nt_handle.h"
#include "nt/nt_large.h"
#include "nt/nt_user.h"

/* ---- the type ---- */

static bool try_hold(void *object)
{
    return wvm_backing_try_hold(object);
}

static void drop(void *object)
{
    wvm_backing_drop(object);
}

static bool opened(void *object)
{
    return wvm_section_add_handle(object);
}

static void closed(void *object)
{
    wvm_section_close_handle(object);
}

static uint32_t permitted(const void *object)
{
    (void)object;
    return SECTION_ALL_ACCESS | SECTION_MAP_EXECUTE_EXPLICIT;
}

static void counts(const void *object, uint32_t *handles, uint32_t *refs)
{
    const struct wvm_section *s = object;
    *handles = __atomic_load_n(&s->n_handles, __ATOMIC_RELAXED);
    *refs = __atomic_load_n(&s->backing.refs, __ATOMIC_RELAXED);
}

static size_t object_name(void *object, uint16_t *out, size_t cap)
{
    const struct wvm_section_text *t = ((struct wvm_section *)object)->text;
    return t ? wvm_nt_name_native(t->chars, t->len, t->global, out, cap) : 0;
}

static const struct wvm_object_ops section_ops = {
    .name = "Section",
    .generic = {STANDARD_RIGHTS_READ | SECTION_QUERY | SECTION_MAP_READ,
                STANDARD_RIGHTS_WRITE | SECTION_MAP_WRITE,
                STANDARD_RIGHTS_EXECUTE | SECTION_MAP_EXECUTE, SECTION_ALL_ACCESS},
    .try_hold = try_hold,
    .drop = drop,
    .opened = opened,
    .closed = closed,
    .permitted = permitted,
    .counts = counts,
    .object_name = object_name,
};

/* ---- handles ---- */

wvm_status wvm_nt_section_handle(struct wvm_section *s, uint32_t access, uint32_t attributes,
                                 HANDLE *out)
{
    HANDLE h;
    wvm_object_register(WVM_OBJECT_SECTION, &section_ops);
    access = wvm_object_access(WVM_OBJECT_SECTION, access, SECTION_ALL_ACCESS);
    wvm_status status = wvm_handle_insert(WVM_OBJECT_SECTION, s, access, &h);
    if (status < 0) {
        wvm_section_close_handle(s);
        wvm_backing_drop(&s->backing);
        return status;
    }
    if (attributes & OBJ_INHERIT) {
        wvm_status flagged = wvm_handle_set_flags(h, HANDLE_FLAG_INHERIT, HANDLE_FLAG_INHERIT);
        (void)flagged; /* the handle is known to nobody else yet */
    }
    *out = h;
    return STATUS_SUCCESS;
}

/* ---- creating ---- */

static wvm_status check_pagefile(const struct wvm_nt_new_section *req)
{
    if (req->attributes & SEC_IMAGE)
        return STATUS_INVALID_FILE_FOR_SECTION;
    if (req->size == 0)
        return STATUS_INVALID_PARAMETER_4;
    if (req->attributes & SEC_LARGE_PAGES)
        return req->size % WVM_LARGE_PAGE ? STATUS_INVALID_PARAMETER_4 : wvm_nt_may_have_large();
    return STATUS_SUCCESS;
}

static wvm_status make(const struct wvm_nt_new_section *req, struct wvm_section_request *made,
                       HANDLE *out)
{
    struct wvm_section *s;
    const struct wvm_nt_name *name = req->name;
    wvm_nt_section_kind(req->attributes, req->file != NULL, made);
    if (name->given) {
        made->name = name->text;
        made->name_len = name->len;
        made->global = name->global;
    }
    wvm_status status = wvm_section_create(made, &s);
    if (status < 0)
        return status;
    if (status == STATUS_OBJECT_NAME_EXISTS && !(name->attributes & OBJ_OPENIF)) {
        wvm_section_close_handle(s);
        wvm_backing_drop(&s->backing);
        return STATUS_OBJECT_NAME_COLLISION;
    }
    wvm_status inserted = wvm_nt_section_handle(s, req->access, name->attributes, out);
    return inserted < 0 ? inserted : status;
}

static wvm_status make_of_file(const struct wvm_nt_new_section *req,
                               struct wvm_section_request *made, HANDLE *out)
{
    void *file;
    wvm_status status = wvm_handle_get(req->file, WVM_OBJECT_FILE,
                                       wvm_nt_section_file_rights(made->attr), &file, NULL);
    if (status < 0)
        return status;
    status = wvm_file_descriptor(file, &made->fd);
    if (status >= 0)
        status = make(req, made, out);
    wvm_object_drop(WVM_OBJECT_FILE, file);
    return status;
}

wvm_status wvm_nt_create_section(const struct wvm_nt_new_section *req, HANDLE *out)
{
    struct wvm_section_request made = {
        .fd = -1, .attr = wvm_nt_section_attr(req->prot), .size = req->size};
    wvm_status status = wvm_nt_check_section_flags(req->attributes, req->file != NULL);
    if (status < 0)
        return status;
    if (made.attr == 0)
        return STATUS_INVALID_PAGE_PROTECTION;
    if (req->attributes == SEC_IMAGE_NO_EXECUTE && made.attr != WVM_ATTR_RO)
        return STATUS_INVALID_PAGE_PROTECTION;
    if (req->file)
        return make_of_file(req, &made, out);
    status = check_pagefile(req);
    return status < 0 ? status : make(req, &made, out);
}

wvm_status wvm_nt_open_section(uint32_t access, const struct wvm_nt_name *name, HANDLE *out)
{
    struct wvm_section *s;
    if (!name->given)
        return STATUS_OBJECT_PATH_SYNTAX_BAD;
    wvm_status status = wvm_section_open(name->text, name->len, name->global, &s);
    return status < 0 ? status : wvm_nt_section_handle(s, access, name->attributes, out);
}

wvm_status wvm_nt_section_parameters(const MEM_EXTENDED_PARAMETER *params, uint32_t count)
{
    MEM_EXTENDED_PARAMETER p;
    if (count && !params)
        return STATUS_INVALID_PARAMETER;
    for (uint32_t i = 0; i < count; i++) {
        if (!wvm_user_fetch(&p, &params[i], sizeof p))
            return STATUS_ACCESS_VIOLATION;
        if (p.Reserved || i > 0)
            return STATUS_INVALID_PARAMETER;
        if (p.Type == MemSectionExtendedParameterUserPhysicalFlags ||
            p.Type == MemSectionExtendedParameterSigningLevel)
            return STATUS_NOT_SUPPORTED;
        if (p.Type != MemSectionExtendedParameterNumaNode ||
            (p.ULong != NUMA_NO_PREFERRED_NODE && !wvm_host_node_exists(p.ULong)))
            return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

/* ---- descriptors ---- */

wvm_status wvm_nt_section_export(HANDLE h, int *fd)
{
    void *object;
    wvm_status status = wvm_handle_get(h, WVM_OBJECT_SECTION, SECTION_MAP_READ | SECTION_MAP_WRITE,
                                       &object, NULL);
    if (status < 0)
        return status;
    status = wvm_section_export(object, fd);
    wvm_object_drop(WVM_OBJECT_SECTION, object);
    return status;
}

wvm_status wvm_nt_section_import(int fd, uint32_t access, HANDLE *out)
{
    struct wvm_section *s;
    wvm_status status = wvm_section_import(fd, &s);
    return status < 0 ? status : wvm_nt_section_handle(s, access, 0, out);
}

/* ---- the public calls ---- */

NTSTATUS wvm_NtCreateSection(PHANDLE out, ACCESS_MASK access, const OBJECT_ATTRIBUTES *attributes,
                             const LARGE_INTEGER *size, ULONG prot, ULONG sec, HANDLE file)
{
    struct wvm_nt_name name;
    LARGE_INTEGER bytes = {.QuadPart = 0};
    HANDLE h = NULL;
    if (!wvm_user_writable(out, sizeof *out) ||
        (size && !wvm_user_fetch(&bytes, size, sizeof bytes)))
        return STATUS_ACCESS_VIOLATION;
    wvm_status status = wvm_nt_name_of_attributes(attributes, &name);
    if (status < 0)
        return status;
    const struct wvm_nt_new_section req = {
        .access = access, .prot = prot, .attributes = sec, .size = (uint64_t)bytes.QuadPart,
        .file = file, .name = &name};
    status = wvm_nt_create_section(&req, &h);
    if (status >= 0)
        wvm_user_store(out, &h, sizeof h);
    return status;
}

NTSTATUS wvm_NtCreateSectionEx(PHANDLE out, ACCESS_MASK access, const OBJECT_ATTRIBUTES *attributes,
                               const LARGE_INTEGER *size, ULONG prot, ULONG sec, HANDLE file,
                               PMEM_EXTENDED_PARAMETER params, ULONG count)
{
    wvm_status status = wvm_nt_section_parameters(params, count);
    return status < 0 ? status
                      : wvm_NtCreateSection(out, access, attributes, size, prot, sec, file);
}

NTSTATUS wvm_NtOpenSection(PHANDLE out, ACCESS_MASK access, const OBJECT_ATTRIBUTES *attributes)
{
    struct wvm_nt_name name;
    HANDLE h = NULL;
    if (!wvm_user_writable(out, sizeof *out))
        return STATUS_ACCESS_VIOLATION;
    if (!attributes)
        return STATUS_INVALID_PARAMETER;
    wvm_status status = wvm_nt_name_of_attributes(attributes, &name);
    if (status >= 0)
        status = wvm_nt_open_section(access, &name, &h);
    if (status >= 0)
        wvm_user_store(out, &h, sizeof h);
    return status;
}

NTSTATUS wvm_NtExtendSection(HANDLE h, PLARGE_INTEGER size)
{
    void *object;
    LARGE_INTEGER bytes;
    if (!wvm_user_writable(size, sizeof *size) || !wvm_user_fetch(&bytes, size, sizeof bytes))
        return STATUS_ACCESS_VIOLATION;
    wvm_status status = wvm_handle_get(h, WVM_OBJECT_SECTION, SECTION_EXTEND_SIZE, &object, NULL);
    if (status < 0)
        return status;
    struct wvm_section *s = object;
    status = wvm_section_extend(s, (uint64_t)bytes.QuadPart);
    bytes.QuadPart = (LONGLONG)__atomic_load_n(&s->size, __ATOMIC_ACQUIRE);
    wvm_object_drop(WVM_OBJECT_SECTION, object);
    if (status >= 0)
        wvm_user_store(size, &bytes, sizeof bytes);
    return status;
}
