/* Where a program is: its folder, full paths, the names of machine and user, the environment as a
 * whole.
 *
 * I1  Paths are the host's. There are no drives; the root is "/".
 * I2  A result is made whole, in UTF-8, before anything of it reaches the caller.
 * Locking: none; the environment as in kit_environment.c.   Failure: nothing written.
 * Signal safety: none. */
#include <errno.h>
#include <limits.h>
#include <pwd.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kit/kit.h"
#include "kit/kit_file.h"
#include "kit/kit_text.h"

/* What stands nearest to them on the host. */
#define SYSTEM_FOLDER "/usr/lib"
#define WINDOWS_FOLDER "/usr"

/* ---- Folders and paths ---- */

static char *folder(void)
{
    char *text = getcwd(NULL, 0);
    if (!text)
        wvm_kit_file_fail(errno, NULL);
    return text;
}

DWORD wvm_kit_GetCurrentDirectoryA(DWORD cap, LPSTR out)
{
    return wvm_kit_hand_a(out, cap, folder());
}

DWORD wvm_kit_GetCurrentDirectoryW(DWORD cap, LPWSTR out)
{
    return wvm_kit_hand_w(out, cap, folder());
}

UINT wvm_kit_GetSystemDirectoryA(LPSTR out, UINT cap)
{
    return wvm_kit_hand_a(out, cap, strdup(SYSTEM_FOLDER));
}

UINT wvm_kit_GetSystemDirectoryW(LPWSTR out, UINT cap)
{
    return wvm_kit_hand_w(out, cap, strdup(SYSTEM_FOLDER));
}

UINT wvm_kit_GetWindowsDirectoryA(LPSTR out, UINT cap)
{
    return wvm_kit_hand_a(out, cap, strdup(WINDOWS_FOLDER));
}

UINT wvm_kit_GetWindowsDirectoryW(LPWSTR out, UINT cap)
{
    return wvm_kit_hand_w(out, cap, strdup(WINDOWS_FOLDER));
}

UINT wvm_kit_GetSystemWindowsDirectoryA(LPSTR out, UINT cap)
{
    return wvm_kit_GetWindowsDirectoryA(out, cap);
}

UINT wvm_kit_GetSystemWindowsDirectoryW(LPWSTR out, UINT cap)
{
    return wvm_kit_GetWindowsDirectoryW(out, cap);
}

BOOL wvm_kit_SetCurrentDirectoryA(LPCSTR path)
{
    if (!path)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    return chdir(path) == 0 || wvm_kit_file_fail(errno, path);
}

BOOL wvm_kit_SetCurrentDirectoryW(LPCWSTR path)
{
    char *narrow = path ? wvm_kit_new_utf8(path) : NULL;
    BOOL done = path ? narrow && wvm_kit_SetCurrentDirectoryA(narrow)
                     : wvm_kit_fail(ERROR_INVALID_PARAMETER);
    free(narrow);
    return done;
}

/* Takes "." and ".." and double slashes out of a path that begins with a slash; it need not
 * exist. */
static void tidy(char *path)
{
    char *to = path, *from = path;
    while (*from) {
        size_t n = strcspn(from + 1, "/") + 1;
        bool up = n == 3 && from[1] == '.' && from[2] == '.', stay = n == 2 && from[1] == '.';
        bool last = from[n] == '\0';
        if (up) {
            while (to > path && *--to != '/')
                continue;
        } else if (!stay && (n > 1 || last)) {
            memmove(to, from, n);
            to += n;
        }
        from += n;
    }
    if (to == path)
        *to++ = '/';
    *to = '\0';
}

/* The whole path, of malloc; NULL and the last error. */
static char *full_path(const char *path)
{
    char *text = NULL, *here = NULL;
    if (!path || !path[0]) {
        wvm_kit_fail(path ? ERROR_BAD_PATHNAME : ERROR_INVALID_PARAMETER);
        return NULL;
    }
    if (path[0] != '/' && !(here = folder()))
        return NULL;
    if (asprintf(&text, "%s%s%s", here ? here : "", here ? "/" : "", path) < 0) {
        wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
        text = NULL;
    }
    if (text)
        tidy(text);
    free(here);
    return text;
}

DWORD wvm_kit_GetFullPathNameA(LPCSTR path, DWORD cap, LPSTR out, LPSTR *name)
{
    char *text = full_path(path);
    DWORD n = text ? wvm_kit_fill_a(out, cap, text) : 0;
    if (n > 0 && n < cap && name) {
        *name = strrchr(out, '/') + 1;
        if (**name == '\0')
            *name = NULL;
    }
    free(text);
    return n;
}

DWORD wvm_kit_GetFullPathNameW(LPCWSTR path, DWORD cap, LPWSTR out, LPWSTR *name)
{
    char *narrow = path ? wvm_kit_new_utf8(path) : NULL;
    char *text = narrow || !path ? full_path(narrow) : NULL;
    DWORD n = text ? wvm_kit_fill_w(out, cap, text) : 0;
    if (n > 0 && n < cap && name) {
        LPWSTR at = out + n;
        while (at[-1] != '/')
            at--;
        *name = *at ? at : NULL;
    }
    free(text);
    free(narrow);
    return n;
}

/* ---- Names: *n is the room in characters, then the length ---- */

/* extra: what the length told has more than the text when it fits. */
static BOOL fill_name_a(LPSTR out, LPDWORD n, const char *name, DWORD extra, DWORD error)
{
    DWORD got = wvm_kit_fill_a(out, out ? *n : 0, name);
    bool fits = got == strlen(name);
    *n = fits ? got + extra : got;
    return fits || wvm_kit_fail(error);
}

static BOOL fill_name_w(LPWSTR out, LPDWORD n, const char *name, DWORD extra, DWORD error)
{
    DWORD length = (DWORD)wvm_kit_to_utf16(NULL, 0, name, WVM_KIT_TO_NUL);
    DWORD got = wvm_kit_fill_w(out, out ? *n : 0, name);
    *n = got == length ? got + extra : got;
    return got == length || wvm_kit_fail(error);
}

BOOL wvm_kit_GetComputerNameA(LPSTR out, LPDWORD n)
{
    char name[HOST_NAME_MAX + 1] = "";
    gethostname(name, sizeof name - 1);
    return fill_name_a(out, n, name, 0, ERROR_BUFFER_OVERFLOW);
}

BOOL wvm_kit_GetComputerNameW(LPWSTR out, LPDWORD n)
{
    char name[HOST_NAME_MAX + 1] = "";
    gethostname(name, sizeof name - 1);
    return fill_name_w(out, n, name, 0, ERROR_BUFFER_OVERFLOW);
}

static const char *user_name(char *numbers, size_t size)
{
    const struct passwd *entry = getpwuid(getuid());
    if (entry)
        return entry->pw_name;
    snprintf(numbers, size, "%u", (unsigned)getuid());
    return numbers;
}

BOOL wvm_kit_GetUserNameA(LPSTR out, LPDWORD n)
{
    char numbers[16];
    return fill_name_a(out, n, user_name(numbers, sizeof numbers), 1, ERROR_INSUFFICIENT_BUFFER);
}

BOOL wvm_kit_GetUserNameW(LPWSTR out, LPDWORD n)
{
    char numbers[16];
    return fill_name_w(out, n, user_name(numbers, sizeof numbers), 1, ERROR_INSUFFICIENT_BUFFER);
}

/* ---- The environment ---- */

/* Every %NAME% that there is becomes its value. */
static char *expand(const char *text)
{
    char *made = NULL;
    size_t size;
    FILE *f = open_memstream(&made, &size);
    while (f && *text) {
        const char *end = *text == '%' ? strchr(text + 1, '%') : NULL;
        char *name = end ? strndup(text + 1, (size_t)(end - text) - 1) : NULL;
        DWORD n = name && name[0] ? wvm_kit_GetEnvironmentVariableA(name, NULL, 0) : 0;
        char *value = n > 0 ? malloc(n) : NULL;
        if (value && wvm_kit_GetEnvironmentVariableA(name, value, n) == n - 1) {
            fputs(value, f);
            text = end + 1;
        } else {
            fputc(*text++, f);
        }
        free(value);
        free(name);
    }
    if (f && fclose(f) == 0)
        return made;
    wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
    return NULL;
}

DWORD wvm_kit_ExpandEnvironmentStringsA(LPCSTR text, LPSTR out, DWORD cap)
{
    DWORD error = GetLastError();
    char *made = expand(text);
    DWORD n = made ? (DWORD)strlen(made) + 1 : 0;
    if (made && n <= cap)
        memcpy(out, made, n);
    if (made)
        SetLastError(error);
    free(made);
    return n;
}

DWORD wvm_kit_ExpandEnvironmentStringsW(LPCWSTR text, LPWSTR out, DWORD cap)
{
    DWORD error = GetLastError();
    char *narrow = wvm_kit_new_utf8(text), *made = narrow ? expand(narrow) : NULL;
    DWORD n = made ? (DWORD)wvm_kit_to_utf16(NULL, 0, made, WVM_KIT_TO_NUL) + 1 : 0;
    if (made && n <= cap)
        wvm_kit_fill_w(out, cap, made);
    if (made)
        SetLastError(error);
    free(made);
    free(narrow);
    return n;
}

/* All variables, one behind the other, and a NUL behind the last one's. */
LPWSTR wvm_kit_GetEnvironmentStringsW(VOID)
{
    size_t n = 1;
    for (char **e = environ; e && *e; e++)
        n += wvm_kit_to_utf16(NULL, 0, *e, WVM_KIT_TO_NUL) + 1;
    LPWSTR block = malloc((n + 1) * sizeof *block), to = block;
    if (!block) {
        wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    for (char **e = environ; e && *e; e++) {
        to += wvm_kit_to_utf16(to, SIZE_MAX, *e, WVM_KIT_TO_NUL);
        *to++ = 0;
    }
    to[0] = 0;
    if (to == block)
        to[1] = 0;
    return block;
}

BOOL wvm_kit_FreeEnvironmentStringsW(LPWSTR block)
{
    free(block);
    return TRUE;
}

LPSTR wvm_kit_GetEnvironmentStrings(VOID)
{
    size_t n = 1;
    for (char **e = environ; e && *e; e++)
        n += strlen(*e) + 1;
    char *block = calloc(1, n + 1), *to = block;
    if (!block)
        wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
    for (char **e = environ; block && e && *e; e++)
        to = stpcpy(to, *e) + 1;
    return block;
}

BOOL wvm_kit_FreeEnvironmentStringsA(LPSTR block)
{
    free(block);
    return TRUE;
}

#define WVM_KIT_PLACE
#define WVM_KIT_IN (WINVM_IN_KERNEL32 | WINVM_IN_KERNELBASE | WINVM_IN_ADVAPI32)
#include "kit/kit_entry.h"
