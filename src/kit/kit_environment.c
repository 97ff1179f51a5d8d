/* The environment: that of the C library.
 *
 * I1  A name is taken as it is written; when no variable has that name, in any case of its ASCII
 *     letters, as Windows looks for it.
 * Locking: none of ours: as getenv and setenv, the program keeps threads apart.
 * Failure: nothing changed.   Signal safety: none. */
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "kit/kit.h"
#include "kit/kit_text.h"

/* The variable that a name means, as "name=value"; NULL: there is none. */
static const char *find(const char *name)
{
    size_t n = strlen(name);
    const char *found = NULL;
    for (char **e = environ; e && *e; e++) {
        if (strncasecmp(*e, name, n) != 0 || (*e)[n] != '=')
            continue;
        if (memcmp(*e, name, n) == 0)
            return *e;
        if (!found)
            found = *e;
    }
    return found;
}

static const char *value_of(const char *name)
{
    const char *value = name[0] ? getenv(name) : NULL;
    const char *found = name[0] && !value ? find(name) : NULL;
    if (found)
        value = found + strlen(name) + 1;
    if (value) {
        if (value[0] == '\0')
            SetLastError(NO_ERROR); /* told from a failure, which is 0 too */
        return value;
    }
    wvm_kit_fail(ERROR_ENVVAR_NOT_FOUND);
    return NULL;
}

/* Under the name that the variable has. value NULL: no such variable any more. */
static BOOL set(const char *name, const char *value)
{
    int error;
    if (name[0] == '\0' || strchr(name, '='))
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    const char *found = find(name);
    if (!found && !value)
        return wvm_kit_fail(ERROR_ENVVAR_NOT_FOUND);
    char *known = strndup(found ? found : name, strlen(name));
    if (!known)
        return wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
    error = value ? setenv(known, value, 1) : unsetenv(known);
    free(known);
    return error == 0 || wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
}

DWORD wvm_kit_GetEnvironmentVariableA(LPCSTR name, LPSTR out, DWORD cap)
{
    const char *value = value_of(name);
    return value ? wvm_kit_fill_a(out, cap, value) : 0;
}

DWORD wvm_kit_GetEnvironmentVariableW(LPCWSTR name, LPWSTR out, DWORD cap)
{
    char *narrow = wvm_kit_new_utf8(name);
    const char *value = narrow ? value_of(narrow) : NULL;
    DWORD n = value ? wvm_kit_fill_w(out, cap, value) : 0;
    free(narrow);
    return n;
}

BOOL wvm_kit_SetEnvironmentVariableA(LPCSTR name, LPCSTR value)
{
    return name ? set(name, value) : wvm_kit_fail(ERROR_INVALID_PARAMETER);
}

BOOL wvm_kit_SetEnvironmentVariableW(LPCWSTR name, LPCWSTR value)
{
    if (!name)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    char *narrow = wvm_kit_new_utf8(name), *narrow_value = value ? wvm_kit_new_utf8(value) : NULL;
    BOOL done = narrow && (narrow_value || !value) && set(narrow, narrow_value);
    free(narrow);
    free(narrow_value);
    return done;
}

#define WVM_KIT_ENVIRONMENT
#include "kit/kit_entry.h"
