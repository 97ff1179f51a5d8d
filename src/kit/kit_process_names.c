/* The processes of the host, and the files that they run.
 *
 * Terms   over = a process that has ended: its file is not told.
 * Locking: none.   Failure: nothing written.   Signal safety: none. */
#include <dirent.h>
#include <errno.h>
#include <limits.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kit/kit.h"
#include "kit/kit_text.h"

/* ---- Processes ---- */

/* As many as fit, and no more: who has room for none more asks again with more room. */
static DWORD list_processes(DIR *dir, DWORD *out, DWORD room)
{
    DWORD n = 0;
    for (struct dirent *e; n < room && (e = readdir(dir)) != NULL;) {
        char *end;
        unsigned long id = strtoul(e->d_name, &end, 10);
        if (*end == '\0' && id != 0)
            out[n++] = (DWORD)id;
    }
    return n;
}

BOOL wvm_kit_K32EnumProcesses(DWORD *out, DWORD bytes, LPDWORD used)
{
    if (!used || (bytes >= sizeof *out && !out))
        return wvm_kit_fail(ERROR_NOACCESS);
    DIR *dir = opendir("/proc");
    if (!dir)
        return wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
    *used = list_processes(dir, out, bytes / sizeof *out) * (DWORD)sizeof *out;
    closedir(dir);
    return TRUE;
}

/* ---- Files ---- */

/* A process that a handle lets ask; either right to ask does. */
static bool find(HANDLE process, struct winvm_awaited *what)
{
    int error = winvm_awaited_get(process, PROCESS_QUERY_LIMITED_INFORMATION, what);
    if (error == EACCES)
        error = winvm_awaited_get(process, PROCESS_QUERY_INFORMATION, what);
    if (error == 0 && what->kind != WINVM_AWAITED_PROCESS)
        error = EINVAL;
    return error == 0 ||
           wvm_kit_fail(error == EACCES ? ERROR_ACCESS_DENIED : ERROR_INVALID_HANDLE);
}

static bool read_path(HANDLE process, char path[PATH_MAX])
{
    struct winvm_awaited what;
    char link[32];
    if (!find(process, &what))
        return false;
    snprintf(link, sizeof link, "/proc/%u/exe", (unsigned)what.number);
    ssize_t n = readlink(link, path, PATH_MAX - 1);
    if (n < 0 || winvm_awaited_is_over(&what))
        return wvm_kit_fail(n < 0 && errno == EACCES ? ERROR_ACCESS_DENIED : ERROR_GEN_FAILURE);
    path[n] = '\0';
    return true;
}

/* The length of a text that fits into `cap` units with its NUL; 0 and the last error. */
static DWORD filled(DWORD length, DWORD cap)
{
    return length < cap ? length : (DWORD)wvm_kit_fail(ERROR_INSUFFICIENT_BUFFER);
}

DWORD wvm_kit_K32GetProcessImageFileNameA(HANDLE process, LPSTR out, DWORD cap)
{
    char path[PATH_MAX];
    return read_path(process, path) ? filled(wvm_kit_fill_a(out, cap, path), cap) : 0;
}

DWORD wvm_kit_K32GetProcessImageFileNameW(HANDLE process, LPWSTR out, DWORD cap)
{
    char path[PATH_MAX];
    return read_path(process, path) ? filled(wvm_kit_fill_w(out, cap, path), cap) : 0;
}

static bool check(DWORD flags, const void *out, const DWORD *size)
{
    return ((flags & ~(DWORD)PROCESS_NAME_NATIVE) == 0 && out && size && *size != 0) ||
           wvm_kit_fail(ERROR_INVALID_PARAMETER);
}

BOOL wvm_kit_QueryFullProcessImageNameA(HANDLE process, DWORD flags, LPSTR out, PDWORD size)
{
    DWORD n = 0;
    if (check(flags, out, size))
        n = wvm_kit_K32GetProcessImageFileNameA(process, out, *size);
    if (n != 0)
        *size = n;
    return n != 0;
}

BOOL wvm_kit_QueryFullProcessImageNameW(HANDLE process, DWORD flags, LPWSTR out, PDWORD size)
{
    DWORD n = 0;
    if (check(flags, out, size))
        n = wvm_kit_K32GetProcessImageFileNameW(process, out, *size);
    if (n != 0)
        *size = n;
    return n != 0;
}

#define WVM_KIT_PROCESS_NAMES
#include "kit/kit_entry.h"
