/* DeleteFile, GetTempPath, GetTempFileName.
 *
 * I1  A name that GetTempFileName makes is created exclusively: two callers never get one file.
 * I2  A caller's buffer is written in one piece, NUL and all, when everything else is done.
 * Locking: the C library's for the environment.   Failure: nothing changed. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "api/api.h"
#include "api/last_error.h"
#include "base/fmt.h"
#include "host/host_io.h"
#include "nt/nt_file.h"
#include "nt/nt_handle.h"
#include "nt/nt_query.h"
#include "nt/nt_user.h"

#define PREFIX_LEN 3
/* What follows the folder: a slash, the prefix, four digits, ".tmp" and the NUL. */
#define TEMP_TAIL 14
#define TEMP_TRIES 65535u

static BOOL delete_fetched(wvm_status fetched, const char *path)
{
    return wvm_win32_result(fetched < 0 ? fetched : wvm_file_delete(path));
}

BOOL wvm_DeleteFileA(LPCSTR name)
{
    char path[WVM_PATH_CAP];
    return delete_fetched(wvm_path_fetch(path, name), path);
}

BOOL wvm_DeleteFileW(LPCWSTR name)
{
    char path[WVM_PATH_CAP];
    return delete_fetched(wvm_path_fetch_w(path, name), path);
}

/* The folder for temporary files, with a slash at the end. */
static void temp_folder(char out[WVM_PATH_CAP])
{
    static const char *const names[] = {"TMPDIR", "TMP", "TEMP"};
    const char *found = NULL;
    for (size_t i = 0; i < sizeof names / sizeof names[0] && !found; i++) {
        found = getenv(names[i]);
        if (found && (found[0] == '\0' || strlen(found) + 2 > WVM_PATH_CAP))
            found = NULL;
    }
    strcpy(out, found ? found : "/tmp");
    if (out[strlen(out) - 1] != '/')
        strcat(out, "/");
}

/* A text with its NUL, of n characters without it, for a buffer of `room`. */
static DWORD give(void *to, DWORD room, const void *text, size_t n, size_t unit)
{
    if (room < n + 1)
        return (DWORD)n + 1;
    if (!wvm_user_writable(to, (n + 1) * unit)) {
        wvm_set_last_error(ERROR_NOACCESS);
        return 0;
    }
    memcpy(to, text, (n + 1) * unit);
    return (DWORD)n;
}

DWORD wvm_GetTempPathA(DWORD room, LPSTR out)
{
    char folder[WVM_PATH_CAP];
    temp_folder(folder);
    return give(out, room, folder, strlen(folder), 1);
}

DWORD wvm_GetTempPathW(DWORD room, LPWSTR out)
{
    char folder[WVM_PATH_CAP];
    uint16_t wide[WVM_PATH_CAP];
    temp_folder(folder);
    return give(out, room, wide, wvm_nt_utf16(folder, wide), sizeof wide[0]);
}

/* A name that is asked for: its parts, and then the whole. */
struct temp_name {
    char folder[WVM_PATH_CAP]; /* becomes the whole */
    char prefix[WVM_PATH_CAP];
};

/* At most three characters of the prefix. */
static void cut_prefix(char *prefix)
{
    unsigned chars = 0;
    for (char *p = prefix; *p; p++)
        if ((*p & 0xc0) != 0x80 && chars++ == PREFIX_LEN)
            *p-- = '\0';
}

static void put_name(char *whole, size_t folder_len, const char *prefix, unsigned number)
{
    struct wvm_buf b;
    wvm_buf_init(&b, whole + folder_len, WVM_PATH_CAP - folder_len);
    bool slash = folder_len && whole[folder_len - 1] == '/';
    wvm_buf_printf(&b, "%s%s%x.tmp", slash ? "" : "/", prefix, number & 0xffff);
}

/* Creates the file of that name. */
static wvm_status create(const char *path)
{
    struct wvm_file_request req = {path, GENERIC_WRITE, 0, CREATE_NEW, FILE_ATTRIBUTE_NORMAL, false,
                                   false};
    HANDLE h;
    wvm_status status = wvm_file_open(&req, &h);
    return status < 0 ? status : wvm_handle_close(h);
}

/* Makes the name, and the file when unique is 0. The number, or 0 with the last error set. */
static UINT make_name(struct temp_name *name, UINT unique)
{
    static uint32_t next;
    struct wvm_host_io_info info;
    size_t n = strlen(name->folder);
    if (n > MAX_PATH - TEMP_TAIL)
        return wvm_set_last_error(ERROR_BUFFER_OVERFLOW), 0;
    cut_prefix(name->prefix);
    if (n + strlen(name->prefix) + TEMP_TAIL - PREFIX_LEN > MAX_PATH)
        return wvm_set_last_error(ERROR_BUFFER_OVERFLOW), 0;
    if (unique) {
        put_name(name->folder, n, name->prefix, unique);
        return unique;
    }
    if (wvm_host_io_info_at(name->folder, true, &info) < 0 || info.kind != WVM_HOST_DIRECTORY)
        return wvm_set_last_error(ERROR_DIRECTORY), 0;
    wvm_status status = STATUS_OBJECT_NAME_COLLISION;
    for (unsigned i = 0; i < TEMP_TRIES && status == (wvm_status)STATUS_OBJECT_NAME_COLLISION;) {
        uint32_t number = (uint32_t)getpid() * 2654435761u >> 16;
        unique = (number + __atomic_fetch_add(&next, 1, __ATOMIC_RELAXED)) & 0xffff;
        if (!unique)
            continue;
        put_name(name->folder, n, name->prefix, unique);
        status = create(name->folder);
        i++;
    }
    if (status == (wvm_status)STATUS_OBJECT_NAME_COLLISION)
        return wvm_set_last_error(ERROR_FILE_EXISTS), 0;
    return wvm_win32_result(status) ? unique : 0;
}

/* An empty text is no path, but a prefix. */
static wvm_status prefix_status(wvm_status fetched, const void *from, char *prefix)
{
    if (!from || fetched != (wvm_status)STATUS_OBJECT_PATH_NOT_FOUND)
        return from ? fetched : (wvm_status)STATUS_ACCESS_VIOLATION;
    prefix[0] = '\0';
    return STATUS_SUCCESS;
}

UINT wvm_GetTempFileNameA(LPCSTR folder, LPCSTR prefix, UINT unique, LPSTR out)
{
    struct temp_name name = {.folder = ""};
    wvm_status status = wvm_path_fetch(name.folder, folder);
    if (status >= 0)
        status = prefix_status(wvm_path_fetch(name.prefix, prefix), prefix, name.prefix);
    if (status >= 0 && !wvm_user_writable(out, MAX_PATH))
        status = STATUS_ACCESS_VIOLATION;
    if (!wvm_win32_result(status))
        return 0;
    unique = make_name(&name, unique);
    if (unique)
        give(out, MAX_PATH, name.folder, strlen(name.folder), 1);
    return unique;
}

UINT wvm_GetTempFileNameW(LPCWSTR folder, LPCWSTR prefix, UINT unique, LPWSTR out)
{
    struct temp_name name = {.folder = ""};
    uint16_t wide[WVM_PATH_CAP];
    wvm_status status = wvm_path_fetch_w(name.folder, folder);
    if (status >= 0)
        status = prefix_status(wvm_path_fetch_w(name.prefix, prefix), prefix, name.prefix);
    if (status >= 0 && !wvm_user_writable(out, MAX_PATH * sizeof *out))
        status = STATUS_ACCESS_VIOLATION;
    if (!wvm_win32_result(status))
        return 0;
    unique = make_name(&name, unique);
    if (unique)
        give(out, MAX_PATH, wide, wvm_nt_utf16(name.folder, wide), sizeof wide[0]);
    return unique;
}
