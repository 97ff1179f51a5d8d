/* Looking for files: SearchPath; long and short names.
 *
 * I1  Folders of a list are between ";", as Windows has them, or ":", as the host's PATH has them.
 * Locking: as the environment.   Failure: nothing written.   Signal safety: none. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kit/kit.h"
#include "kit/kit_file.h"
#include "kit/kit_text.h"

/* ---- Long and short names ---- */

/* The path is there; FALSE and the last error. */
static BOOL is_there(const char *path)
{
    struct wvm_kit_file f;
    if (!wvm_kit_file_named(path))
        return FALSE;
    int error = wvm_kit_file_of(-1, path, false, &f);
    return !error || wvm_kit_file_fail(error, path);
}

DWORD wvm_kit_GetLongPathNameA(LPCSTR path, LPSTR out, DWORD cap)
{
    return is_there(path) ? wvm_kit_fill_a(out, cap, path) : 0;
}

DWORD wvm_kit_GetLongPathNameW(LPCWSTR path, LPWSTR out, DWORD cap)
{
    char *narrow = wvm_kit_file_path(path);
    DWORD n = narrow && is_there(narrow) ? wvm_kit_fill_w(out, cap, narrow) : 0;
    free(narrow);
    return n;
}

DWORD wvm_kit_GetShortPathNameA(LPCSTR path, LPSTR out, DWORD cap)
{
    return wvm_kit_GetLongPathNameA(path, out, cap);
}

DWORD wvm_kit_GetShortPathNameW(LPCWSTR path, LPWSTR out, DWORD cap)
{
    return wvm_kit_GetLongPathNameW(path, out, cap);
}

/* ---- SearchPath ---- */

/* The folders of a call without any: the program's, the current one, PATH. Of malloc. */
static char *usual_folders(void)
{
    char program[4096], *made = NULL;
    const char *path = getenv("PATH");
    ssize_t n = readlink("/proc/self/exe", program, sizeof program - 1);
    program[n > 0 ? n : 0] = '\0';
    char *slash = strrchr(program, '/');
    if (slash)
        *slash = '\0';
    return asprintf(&made, "%s:.:%s", program, path ? path : "") < 0 ? NULL : made;
}

/* The file in one folder of the list, when it is there; of malloc. */
static char *in_folder(const char *folder, size_t n, const char *name)
{
    char *path = NULL;
    struct wvm_kit_file f;
    if (asprintf(&path, "%.*s%s%s", (int)n, folder, n && folder[n - 1] != '/' ? "/" : "", name) < 0)
        return NULL;
    if (wvm_kit_file_of(-1, path, true, &f) == 0)
        return path;
    free(path);
    return NULL;
}

static char *in_folders(const char *folders, const char *name)
{
    char *found = NULL;
    for (; !found && *folders; folders += folders[0] ? 1 : 0) {
        size_t n = strcspn(folders, ";:");
        if (n > 0)
            found = in_folder(folders, n, name);
        folders += n;
    }
    return found;
}

/* The name with the extension that it needs; of malloc. */
static char *with_extension(const char *name, const char *extension)
{
    char *made = NULL;
    const char *slash = strrchr(name, '/');
    bool has = strchr(slash ? slash : name, '.');
    return asprintf(&made, "%s%s", name, has || !extension ? "" : extension) < 0 ? NULL : made;
}

/* Where the file is; of malloc. NULL and the last error. */
static char *search(const char *folders, const char *name, const char *extension)
{
    char *usual = NULL, *whole = NULL, *found = NULL;
    if (!name || !name[0]) {
        wvm_kit_fail(ERROR_INVALID_PARAMETER);
        return NULL;
    }
    if ((whole = with_extension(name, extension)) && !folders && name[0] != '/')
        folders = usual = usual_folders();
    if (whole && name[0] == '/')
        found = in_folder("", 0, whole);
    else if (whole && folders)
        found = in_folders(folders, whole);
    if (!found)
        wvm_kit_fail(whole ? ERROR_FILE_NOT_FOUND : ERROR_NOT_ENOUGH_MEMORY);
    free(usual);
    free(whole);
    return found;
}

DWORD wvm_kit_SearchPathA(LPCSTR folders, LPCSTR name, LPCSTR extension, DWORD cap, LPSTR out,
                          LPSTR *part)
{
    char *found = search(folders, name, extension);
    DWORD n = found ? wvm_kit_GetFullPathNameA(found, cap, out, part) : 0;
    free(found);
    return n;
}

DWORD wvm_kit_SearchPathW(LPCWSTR folders, LPCWSTR name, LPCWSTR extension, DWORD cap, LPWSTR out,
                          LPWSTR *part)
{
    char *a = folders ? wvm_kit_new_utf8(folders) : NULL;
    char *b = name ? wvm_kit_new_utf8(name) : NULL;
    char *c = extension ? wvm_kit_new_utf8(extension) : NULL;
    bool whole = !folders == !a && !name == !b && !extension == !c;
    char *found = whole ? search(a, b, c) : NULL;
    LPWSTR wide = found ? wvm_kit_new_utf16(found) : NULL;
    DWORD n = wide ? wvm_kit_GetFullPathNameW(wide, cap, out, part) : 0;
    free(wide);
    free(found);
    free(c);
    free(b);
    free(a);
    return n;
}

#define WVM_KIT_SEARCH
#include "kit/kit_entry.h"
