/* UTF-8 and UTF-16.
 *
 * I1  A sequence is taken whole or, when it is not valid, its first unit becomes U+FFFD.
 * I2  What does not fit is counted, and never written in part.
 * Locking: none.   Failure: NULL without memory.   Signal safety: all but wvm_kit_new_*. */
#include "kit/kit_text.h"

#include <stdlib.h>
#include <string.h>

#define REPLACEMENT 0xfffdu

/* Continuation bytes behind a first byte; -1: not a first byte. */
static int tail_of(unsigned char c)
{
    return c < 0x80 ? 0 : c < 0xc2 ? -1 : c < 0xe0 ? 1 : c < 0xf0 ? 2 : c < 0xf5 ? 3 : -1;
}

/* The character at text, of at most n bytes; *used: its bytes. */
static uint32_t next_of_utf8(const unsigned char *text, size_t n, size_t *used)
{
    static const uint32_t least[] = {0, 0x80, 0x800, 0x10000};
    int tail = tail_of(text[0]);
    *used = 1;
    if (tail < 0)
        return REPLACEMENT;
    uint32_t c = tail == 0 ? text[0] : text[0] & (0x3fu >> tail);
    for (int i = 1; i <= tail; i++) {
        if ((size_t)i >= n || (text[i] & 0xc0) != 0x80)
            return REPLACEMENT;
        c = c << 6 | (text[i] & 0x3fu);
    }
    if (c < least[tail] || c > 0x10ffff || (c >= 0xd800 && c < 0xe000))
        return REPLACEMENT;
    *used = (size_t)tail + 1;
    return c;
}

static uint32_t next_of_utf16(LPCWSTR text, size_t n, size_t *used)
{
    uint32_t c = text[0];
    *used = 1;
    if (c < 0xd800 || c >= 0xe000)
        return c;
    if (c >= 0xdc00 || n < 2 || text[1] < 0xdc00 || text[1] >= 0xe000)
        return REPLACEMENT;
    *used = 2;
    return 0x10000 + ((c - 0xd800) << 10 | (text[1] - 0xdc00u));
}

size_t wvm_kit_to_utf16(WCHAR *out, size_t cap, const char *text, size_t n)
{
    size_t made = 0, used;
    if (n == WVM_KIT_TO_NUL)
        n = strlen(text);
    for (size_t i = 0; i < n; i += used) {
        uint32_t c = next_of_utf8((const unsigned char *)text + i, n - i, &used);
        size_t units = c < 0x10000 ? 1 : 2;
        if (made + units <= cap && units == 1) {
            out[made] = (WCHAR)c;
        } else if (made + units <= cap) {
            out[made] = (WCHAR)(0xd800 + ((c - 0x10000) >> 10));
            out[made + 1] = (WCHAR)(0xdc00 + ((c - 0x10000) & 0x3ff));
        }
        made += units;
    }
    return made;
}

static void put_utf8(char *out, uint32_t c, size_t bytes)
{
    static const unsigned char first[] = {0, 0, 0xc0, 0xe0, 0xf0};
    for (size_t i = bytes - 1; i > 0; i--) {
        out[i] = (char)(0x80 | (c & 0x3f));
        c >>= 6;
    }
    out[0] = (char)(first[bytes] | c);
}

size_t wvm_kit_to_utf8(char *out, size_t cap, LPCWSTR text, size_t n)
{
    size_t made = 0, used;
    if (n == WVM_KIT_TO_NUL)
        n = wvm_kit_len16(text);
    for (size_t i = 0; i < n; i += used) {
        uint32_t c = next_of_utf16(text + i, n - i, &used);
        size_t bytes = c < 0x80 ? 1 : c < 0x800 ? 2 : c < 0x10000 ? 3 : 4;
        if (made + bytes <= cap)
            put_utf8(out + made, c, bytes);
        made += bytes;
    }
    return made;
}

bool wvm_kit_is_utf8(const char *text, size_t n)
{
    size_t used;
    for (size_t i = 0; i < n; i += used) {
        uint32_t c = next_of_utf8((const unsigned char *)text + i, n - i, &used);
        if (c == REPLACEMENT && used == 1)
            return false;
    }
    return true;
}

bool wvm_kit_is_utf16(LPCWSTR text, size_t n)
{
    size_t used;
    for (size_t i = 0; i < n; i += used)
        if (next_of_utf16(text + i, n - i, &used) == REPLACEMENT && text[i] != REPLACEMENT)
            return false;
    return true;
}

size_t wvm_kit_len16(LPCWSTR text)
{
    size_t n = 0;
    while (text[n])
        n++;
    return n;
}

char *wvm_kit_new_utf8(LPCWSTR text)
{
    size_t n = wvm_kit_to_utf8(NULL, 0, text, WVM_KIT_TO_NUL);
    char *out = malloc(n + 1);
    if (!out) {
        wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    wvm_kit_to_utf8(out, n, text, WVM_KIT_TO_NUL);
    out[n] = '\0';
    return out;
}

LPWSTR wvm_kit_new_utf16(const char *text)
{
    size_t n = wvm_kit_to_utf16(NULL, 0, text, WVM_KIT_TO_NUL);
    LPWSTR out = malloc((n + 1) * sizeof *out);
    if (!out) {
        wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    wvm_kit_to_utf16(out, n, text, WVM_KIT_TO_NUL);
    out[n] = 0;
    return out;
}

DWORD wvm_kit_fill_a(LPSTR out, DWORD cap, const char *text)
{
    size_t n = strlen(text);
    if (n >= cap)
        return (DWORD)(n + 1);
    memcpy(out, text, n + 1);
    return (DWORD)n;
}

DWORD wvm_kit_fill_w(LPWSTR out, DWORD cap, const char *text)
{
    size_t n = wvm_kit_to_utf16(NULL, 0, text, WVM_KIT_TO_NUL);
    if (n >= cap)
        return (DWORD)(n + 1);
    wvm_kit_to_utf16(out, n, text, WVM_KIT_TO_NUL);
    out[n] = 0;
    return (DWORD)n;
}

DWORD wvm_kit_hand_a(LPSTR out, DWORD cap, char *text)
{
    DWORD n = text ? wvm_kit_fill_a(out, cap, text) : 0;
    free(text);
    return n;
}

DWORD wvm_kit_hand_w(LPWSTR out, DWORD cap, char *text)
{
    DWORD n = text ? wvm_kit_fill_w(out, cap, text) : 0;
    free(text);
    return n;
}
