/* CreateFileMapping and OpenFileMapping in all their forms.
 *
 * Terms   access = the rights of the new handle: those that the protection can use, or for opening
 *         the FILE_MAP_* values, of which FILE_MAP_EXECUTE means SECTION_MAP_EXECUTE (SEC-033).
 * I1  These calls set the last error on success, too: 0, or 183 for a name that was there
 *     (SEC-026, SEC-027). Opening leaves it alone.
 * I2  A protection is one of six here; the native call knows more (SEC-002..005).
 * The A forms take UTF-8.
 * Locking: none of its own.   Failure: as the native call. */
#include "api/api.h"
#include "api/last_error.h"
#include "host/host_numa.h"
#include "nt/nt_section.h"

#define SEC_VALUES 0xff800000u /* SEC_FILE and above */

struct request {
    HANDLE file;
    const SECURITY_ATTRIBUTES *security;
    uint32_t access; /* 0: what the protection can use */
    uint32_t prot, attributes;
    uint64_t size;
};

/* The rights that a section of this protection can use; 0: it is none of the six. */
static uint32_t access_of_prot(uint32_t prot)
{
    uint32_t access = STANDARD_RIGHTS_REQUIRED | SECTION_QUERY | SECTION_MAP_READ;
    switch (prot) {
    case PAGE_READONLY:
    case PAGE_WRITECOPY:
        return access;
    case PAGE_READWRITE:
        return access | SECTION_MAP_WRITE;
    case PAGE_EXECUTE_READ:
    case PAGE_EXECUTE_WRITECOPY:
        return access | SECTION_MAP_EXECUTE;
    case PAGE_EXECUTE_READWRITE:
        return access | SECTION_MAP_WRITE | SECTION_MAP_EXECUTE;
    default:
        return 0;
    }
}

static wvm_status create_named(const struct request *r, struct wvm_nt_name *name, HANDLE *out)
{
    uint32_t access = access_of_prot(r->prot);
    if (access == 0)
        return STATUS_INVALID_PAGE_PROTECTION;
    const struct wvm_nt_new_section req = {
        .access = r->access ? r->access : access,
        .prot = r->prot,
        .attributes = r->attributes ? r->attributes : SEC_COMMIT,
        .size = r->size,
        .file = r->file == INVALID_HANDLE_VALUE ? NULL : r->file,
        .name = name,
    };
    name->attributes |= OBJ_OPENIF;
    wvm_status status = wvm_nt_name_inherit(r->security, name);
    return status < 0 ? status : wvm_nt_create_section(&req, out);
}

/* named: how reading the name went. */
static HANDLE create(const struct request *r, struct wvm_nt_name *name, wvm_status named)
{
    HANDLE h = NULL;
    wvm_status status = named < 0 ? named : create_named(r, name, &h);
    if (status < 0) {
        wvm_win32_result(status);
        return NULL;
    }
    wvm_set_last_error(status == STATUS_OBJECT_NAME_EXISTS ? ERROR_ALREADY_EXISTS : ERROR_SUCCESS);
    return h;
}

static struct request old_request(HANDLE file, const SECURITY_ATTRIBUTES *security, DWORD prot,
                                  uint64_t size)
{
    return (struct request){.file = file, .security = security, .size = size,
                            .prot = prot & ~SEC_VALUES, .attributes = prot & SEC_VALUES};
}

static HANDLE create_w(const struct request *r, const WCHAR *text)
{
    struct wvm_nt_name name;
    wvm_status named = wvm_nt_name_of_w((const uint16_t *)text, &name);
    return create(r, &name, named);
}

HANDLE wvm_CreateFileMappingA(HANDLE file, LPSECURITY_ATTRIBUTES security, DWORD prot, DWORD high,
                              DWORD low, LPCSTR text)
{
    struct wvm_nt_name name;
    struct request r = old_request(file, security, prot, (uint64_t)high << 32 | low);
    wvm_status named = wvm_nt_name_of_a(text, &name);
    return create(&r, &name, named);
}

HANDLE wvm_CreateFileMappingW(HANDLE file, LPSECURITY_ATTRIBUTES security, DWORD prot, DWORD high,
                              DWORD low, LPCWSTR text)
{
    struct request r = old_request(file, security, prot, (uint64_t)high << 32 | low);
    return create_w(&r, text);
}

HANDLE wvm_CreateFileMappingFromApp(HANDLE file, PSECURITY_ATTRIBUTES security, ULONG prot,
                                    ULONG64 size, LPCWSTR text)
{
    struct request r = old_request(file, security, prot, size);
    return create_w(&r, text);
}

HANDLE wvm_CreateFileMappingNumaW(HANDLE file, LPSECURITY_ATTRIBUTES security, DWORD prot,
                                  DWORD high, DWORD low, LPCWSTR text, DWORD node)
{
    if (node != NUMA_NO_PREFERRED_NODE && !wvm_host_node_exists(node)) {
        wvm_set_last_error(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    return wvm_CreateFileMappingW(file, security, prot, high, low, text);
}

HANDLE wvm_CreateFileMapping2(HANDLE file, PSECURITY_ATTRIBUTES security, ULONG access, ULONG prot,
                              ULONG attributes, ULONG64 size, LPCWSTR text,
                              PMEM_EXTENDED_PARAMETER params, ULONG count)
{
    struct request r = {.file = file, .security = security, .access = access, .prot = prot,
                        .attributes = attributes, .size = size};
    if (!wvm_win32_result(wvm_nt_section_parameters(params, count)))
        return NULL;
    return create_w(&r, text);
}

static HANDLE open_section(DWORD access, BOOL inherit, struct wvm_nt_name *name, wvm_status status)
{
    HANDLE h = NULL;
    if (access == FILE_MAP_COPY)
        access = FILE_MAP_READ;
    else if (access & FILE_MAP_EXECUTE)
        access = (access & ~(DWORD)FILE_MAP_EXECUTE) | SECTION_MAP_EXECUTE;
    if (status >= 0 && !name->given)
        status = STATUS_INVALID_PARAMETER;
    if (inherit)
        name->attributes |= OBJ_INHERIT;
    if (status >= 0)
        status = wvm_nt_open_section(access, name, &h);
    return wvm_win32_result(status) ? h : NULL;
}

HANDLE wvm_OpenFileMappingA(DWORD access, BOOL inherit, LPCSTR text)
{
    struct wvm_nt_name name;
    wvm_status status = wvm_nt_name_of_a(text, &name);
    return open_section(access, inherit, &name, status);
}

HANDLE wvm_OpenFileMappingW(DWORD access, BOOL inherit, LPCWSTR text)
{
    struct wvm_nt_name name;
    wvm_status status = wvm_nt_name_of_w((const uint16_t *)text, &name);
    return open_section(access, inherit, &name, status);
}

HANDLE wvm_OpenFileMappingFromApp(ULONG access, BOOL inherit, LPCWSTR text)
{
    return wvm_OpenFileMappingW(access, inherit, text);
}
