/* Names of objects: prefixes, folders, and the caller's strings.
 *
 * Terms   folder = what stands before the last part of a native name.
 * I1  The caller's text is copied, piece by piece and never past a page that could not be read,
 *     before anything in it is looked at.
 * I2  Names are compared as they are: upper and lower case differ (SEC-028), and so do the prefixes
 *     and folders.
 * There is one set of names for a user: the folders of all sessions are one, and
 * \BaseNamedObjects, where Global\ leads, is another.
 * Locking: none.   Failure: *out is not to be used.   Signal safety: yes. */
#include "nt/nt_name.h"

#include <string.h>

#include "base/arith.h"
#include "nt/nt_query.h"
#include "nt/nt_user.h"

/* Room for the longest folder, a prefix and a name. */
#define TEXT_MAX 640u

struct text {
    size_t len;
    uint16_t chars[TEXT_MAX];
};

/* Copies a NUL-terminated string of `unit` bytes a character. *len: characters. */
static wvm_status fetch_string(void *to, const void *from, unsigned unit, size_t cap, size_t *len)
{
    uintptr_t at = (uintptr_t)from;
    char *out = to;
    size_t n = 0;
    static const uint16_t nul;
    while (n < cap) {
        size_t piece = (WVM_PAGE_SIZE - (at & (WVM_PAGE_SIZE - 1))) / unit;
        piece = wvm_min(piece ? piece : 1, cap - n);
        if (!wvm_user_fetch(out + n * unit, (const void *)at, piece * unit))
            return STATUS_ACCESS_VIOLATION;
        for (; piece > 0; piece--, n++, at += unit)
            if (memcmp(out + n * unit, &nul, unit) == 0) {
                *len = n;
                return STATUS_SUCCESS;
            }
    }
    return STATUS_NAME_TOO_LONG;
}

/* ASCII `word` at the start of t from *at on: then *at is moved behind it. */
static bool skip(const struct text *t, size_t *at, const char *word)
{
    size_t n = strlen(word);
    if (t->len - *at < n)
        return false;
    for (size_t i = 0; i < n; i++)
        if (t->chars[*at + i] != (uint8_t)word[i])
            return false;
    *at += n;
    return true;
}

/* What stands behind the folder: [prefix\]NAME. */
static wvm_status take_name(const struct text *t, size_t at, struct wvm_nt_name *out)
{
    if (skip(t, &at, "Global\\"))
        out->global = true;
    else if (skip(t, &at, "Local\\"))
        out->global = false;
    out->len = t->len - at;
    if (out->len == 0)
        return STATUS_OBJECT_NAME_INVALID;
    for (size_t i = at; i < t->len; i++)
        if (t->chars[i] == '\\')
            return STATUS_OBJECT_PATH_NOT_FOUND;
    if (out->len > WVM_NT_NAME_CHARS)
        return STATUS_NAME_TOO_LONG;
    memcpy(out->text, &t->chars[at], out->len * sizeof out->text[0]);
    out->given = true;
    return STATUS_SUCCESS;
}

static void no_name(struct wvm_nt_name *out)
{
    out->given = out->global = false;
    out->attributes = 0;
    out->len = 0;
}

wvm_status wvm_nt_name_of_w(const uint16_t *text, struct wvm_nt_name *out)
{
    struct text t;
    no_name(out);
    if (!text)
        return STATUS_SUCCESS;
    wvm_status status = fetch_string(t.chars, text, sizeof *text, TEXT_MAX, &t.len);
    if (status < 0 || t.len == 0)
        return status;
    return take_name(&t, 0, out);
}

wvm_status wvm_nt_name_of_a(const char *text, struct wvm_nt_name *out)
{
    struct text t;
    char bytes[TEXT_MAX];
    size_t n;
    no_name(out);
    if (!text)
        return STATUS_SUCCESS;
    wvm_status status = fetch_string(bytes, text, 1, sizeof bytes, &n);
    if (status < 0 || n == 0)
        return status;
    t.len = wvm_nt_utf16(bytes, t.chars);
    return take_name(&t, 0, out);
}

/* Behind \Sessions\: N\BaseNamedObjects\. */
static bool skip_session(const struct text *t, size_t *at)
{
    size_t digits = *at;
    while (*at < t->len && t->chars[*at] >= '0' && t->chars[*at] <= '9')
        ++*at;
    return *at > digits && skip(t, at, "\\BaseNamedObjects\\");
}

static wvm_status take_native(const struct text *t, struct wvm_nt_name *out)
{
    size_t at = 0;
    if (t->chars[0] != '\\')
        return STATUS_OBJECT_PATH_SYNTAX_BAD;
    if (skip(t, &at, "\\BaseNamedObjects\\"))
        out->global = true;
    else if (!skip(t, &at, "\\Sessions\\") || !skip_session(t, &at))
        return STATUS_OBJECT_PATH_NOT_FOUND;
    return take_name(t, at, out);
}

wvm_status wvm_nt_name_of_attributes(const OBJECT_ATTRIBUTES *at, struct wvm_nt_name *out)
{
    OBJECT_ATTRIBUTES oa;
    UNICODE_STRING name;
    struct text t;
    no_name(out);
    if (!at)
        return STATUS_SUCCESS;
    if (!wvm_user_fetch(&oa, at, sizeof oa))
        return STATUS_ACCESS_VIOLATION;
    if (oa.Length != sizeof oa)
        return STATUS_INVALID_PARAMETER;
    out->attributes = oa.Attributes;
    if (!oa.ObjectName)
        return STATUS_SUCCESS;
    if (!wvm_user_fetch(&name, oa.ObjectName, sizeof name))
        return STATUS_ACCESS_VIOLATION;
    if (name.Length % sizeof(WCHAR))
        return STATUS_OBJECT_NAME_INVALID;
    t.len = name.Length / sizeof(WCHAR);
    if (t.len == 0)
        return STATUS_SUCCESS;
    if (t.len > TEXT_MAX)
        return STATUS_NAME_TOO_LONG;
    if (!wvm_user_fetch(t.chars, name.Buffer, name.Length))
        return STATUS_ACCESS_VIOLATION;
    return oa.RootDirectory ? (wvm_status)STATUS_INVALID_HANDLE : take_native(&t, out);
}

wvm_status wvm_nt_name_inherit(const SECURITY_ATTRIBUTES *at, struct wvm_nt_name *name)
{
    SECURITY_ATTRIBUTES sa;
    if (!at)
        return STATUS_SUCCESS;
    if (!wvm_user_fetch(&sa, at, sizeof sa))
        return STATUS_ACCESS_VIOLATION;
    if (sa.bInheritHandle)
        name->attributes |= OBJ_INHERIT;
    return STATUS_SUCCESS;
}

size_t wvm_nt_name_native(const uint16_t *text, size_t len, bool global, uint16_t *out, size_t cap)
{
    const char *folder = global ? "\\BaseNamedObjects\\" : "\\Sessions\\1\\BaseNamedObjects\\";
    size_t n = strlen(folder);
    for (size_t i = 0; i < n + len && i < cap; i++)
        out[i] = i < n ? (uint8_t)folder[i] : text[i - n];
    return n + len;
}
