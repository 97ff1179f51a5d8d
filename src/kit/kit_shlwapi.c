/* Paths and texts of shlwapi.
 *
 * I1  Paths are the host's; \ separates as / does, and is what joins where the path has it first.
 * I2  No path that is made has more than MAX_PATH units, the NUL too.
 * Locking: none.   Failure: NULL or FALSE; a path that would be too long is empty.
 * Signal safety: yes, but for PathFileExists. */
#include "kit/kit.h"
#include "kit/kit_case.h"

static unsigned char fold_ascii(char c)
{
    return (unsigned char)(c >= 'a' && c <= 'z' ? c - ('a' - 'A') : c);
}

#define UNIT char
#define FN(name) name##_a
#define FOLD(c) fold_ascii(c)
#include "kit/kit_shlwapi_paths.h"

#define UNIT WCHAR
#define FN(name) name##_w
#define FOLD(c) wvm_kit_upper(c)
#include "kit/kit_shlwapi_paths.h"

BOOL wvm_kit_PathFileExistsA(LPCSTR path)
{
    return path && wvm_kit_GetFileAttributesA(path) != INVALID_FILE_ATTRIBUTES;
}

BOOL wvm_kit_PathFileExistsW(LPCWSTR path)
{
    return path && wvm_kit_GetFileAttributesW(path) != INVALID_FILE_ATTRIBUTES;
}

/* Whether there is something to combine; if not, `to` is empty. */
#define CAN_COMBINE(to, folder, file) ((to) && ((folder) || (file) || ((to)[0] = 0)))

LPSTR wvm_kit_PathCombineA(LPSTR to, LPCSTR folder, LPCSTR file)
{
    return CAN_COMBINE(to, folder, file) && combine_a(to, folder, file) ? to : NULL;
}

LPWSTR wvm_kit_PathCombineW(LPWSTR to, LPCWSTR folder, LPCWSTR file)
{
    return CAN_COMBINE(to, folder, file) && combine_w(to, folder, file) ? to : NULL;
}

BOOL wvm_kit_PathAppendA(LPSTR path, LPCSTR more)
{
    return append_a(path, more);
}

BOOL wvm_kit_PathAppendW(LPWSTR path, LPCWSTR more)
{
    return append_w(path, more);
}

BOOL wvm_kit_PathRemoveFileSpecA(LPSTR path)
{
    return path && cut_name_a(path);
}

BOOL wvm_kit_PathRemoveFileSpecW(LPWSTR path)
{
    return path && cut_name_w(path);
}

LPSTR wvm_kit_PathFindFileNameA(LPCSTR path)
{
    return path ? (LPSTR)(uintptr_t)name_in_a(path) : NULL;
}

LPWSTR wvm_kit_PathFindFileNameW(LPCWSTR path)
{
    return path ? (LPWSTR)(uintptr_t)name_in_w(path) : NULL;
}

LPSTR wvm_kit_PathFindExtensionA(LPCSTR path)
{
    return path ? (LPSTR)(uintptr_t)extension_in_a(path) : NULL;
}

LPWSTR wvm_kit_PathFindExtensionW(LPCWSTR path)
{
    return path ? (LPWSTR)(uintptr_t)extension_in_w(path) : NULL;
}

LPSTR wvm_kit_StrStrIA(LPCSTR text, LPCSTR what)
{
    return (LPSTR)(uintptr_t)find_text_a(text, what);
}

LPWSTR wvm_kit_StrStrIW(LPCWSTR text, LPCWSTR what)
{
    return (LPWSTR)(uintptr_t)find_text_w(text, what);
}

int wvm_kit_StrCmpIW(LPCWSTR a, LPCWSTR b)
{
    return wvm_kit_lstrcmpiW(a, b);
}

LPWSTR wvm_kit_StrCpyNW(LPWSTR to, LPCWSTR from, int n)
{
    wvm_kit_lstrcpynW(to, from, n);
    return to;
}

#define WVM_KIT_SHLWAPI
#define WVM_KIT_IN WINVM_IN_SHLWAPI
#include "kit/kit_entry.h"
