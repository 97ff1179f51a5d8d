/* Paths of the caller, read without trusting the pointer.
 *
 * I1  A path is what the host takes: bytes without a NUL, and UTF-16 becomes UTF-8. Nothing in it
 *     is translated; there are no drive letters, and a backslash is a character like any other.
 * NULL and the empty path: OBJECT_PATH_NOT_FOUND, as Windows answers 3. Too long: NAME_TOO_LONG.
 * Half a surrogate pair: OBJECT_NAME_INVALID. Unreadable: ACCESS_VIOLATION.
 * Locking: none.   Failure: `out` is not a path.   Signal safety: yes. */
#include <string.h>

#include "base/arith.h"
#include "host/host.h"
#include "nt/nt_file.h"

/* Copies units up to a NUL; *n of them without it. */
static wvm_status fetch(void *out, size_t cap, const void *from, size_t unit, size_t *n)
{
    static const char zero[2];
    if (!from)
        return STATUS_OBJECT_PATH_NOT_FOUND;
    for (size_t i = 0; i < cap;) {
        uintptr_t at = (uintptr_t)from + i * unit;
        size_t window = wvm_min((cap - i) * unit, WVM_PAGE_SIZE - at % WVM_PAGE_SIZE);
        if (window < unit)
            window = unit; /* a unit across two pages */
        ssize_t got = wvm_host_read(0, (char *)out + i * unit, at, window - window % unit);
        if (got < (ssize_t)unit)
            return STATUS_ACCESS_VIOLATION;
        for (size_t end = i + (size_t)got / unit; i < end; i++)
            if (memcmp((char *)out + i * unit, zero, unit) == 0) {
                *n = i;
                return i ? STATUS_SUCCESS : STATUS_OBJECT_PATH_NOT_FOUND;
            }
    }
    return STATUS_NAME_TOO_LONG;
}

wvm_status wvm_path_fetch(char out[WVM_PATH_CAP], const char *from)
{
    size_t n;
    return fetch(out, WVM_PATH_CAP, from, 1, &n);
}

/* The character at *p, which is moved past it; 0: half a pair. */
static uint32_t next_char(const uint16_t **p)
{
    uint32_t c = *(*p)++;
    if (c < 0xd800 || c >= 0xe000)
        return c;
    if (c >= 0xdc00 || **p < 0xdc00 || **p >= 0xe000)
        return 0;
    return 0x10000 + ((c - 0xd800) << 10) + (uint32_t)(*(*p)++ - 0xdc00);
}

static size_t put_char(char *out, uint32_t c)
{
    unsigned n = c < 0x80 ? 0 : c < 0x800 ? 1 : c < 0x10000 ? 2 : 3;
    static const uint8_t lead[4] = {0, 0xc0, 0xe0, 0xf0};
    for (unsigned i = n; i > 0; i--, c >>= 6)
        out[i] = (char)(0x80 | (c & 0x3f));
    out[0] = (char)(lead[n] | c);
    return n + 1;
}

wvm_status wvm_path_fetch_w(char out[WVM_PATH_CAP], const uint16_t *from)
{
    uint16_t text[WVM_PATH_CAP];
    size_t n, len = 0;
    wvm_status status = fetch(text, WVM_PATH_CAP, from, sizeof text[0], &n);
    if (status < 0)
        return status;
    for (const uint16_t *p = text; *p;) {
        uint32_t c = next_char(&p);
        if (c == 0)
            return STATUS_OBJECT_NAME_INVALID;
        if (len + 5 > WVM_PATH_CAP)
            return STATUS_NAME_TOO_LONG;
        len += put_char(out + len, c);
    }
    out[len] = '\0';
    return STATUS_SUCCESS;
}
