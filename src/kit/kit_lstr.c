/* Texts with their NUL, narrow and of 16-bit units: kernel32's functions for them.
 *
 * I1  A NULL text is empty to lstrlen and lstrcmp; the others answer NULL for it.
 * Locking: none.   Failure: NULL, nothing written.   Signal safety: yes. */
#include <string.h>

#include "kit/kit.h"
#include "kit/kit_case.h"
#include "kit/kit_text.h"

int wvm_kit_lstrlenA(LPCSTR text)
{
    return text ? (int)strlen(text) : 0;
}

int wvm_kit_lstrlenW(LPCWSTR text)
{
    return text ? (int)wvm_kit_len16(text) : 0;
}

LPSTR wvm_kit_lstrcpyA(LPSTR to, LPCSTR from)
{
    return to && from ? memmove(to, from, strlen(from) + 1) : NULL;
}

LPWSTR wvm_kit_lstrcpyW(LPWSTR to, LPCWSTR from)
{
    return to && from ? memmove(to, from, (wvm_kit_len16(from) + 1) * sizeof *to) : NULL;
}

/* n units at most, the NUL too. */
LPSTR wvm_kit_lstrcpynA(LPSTR to, LPCSTR from, int n)
{
    if (!to || !from || n <= 0)
        return NULL;
    size_t length = strnlen(from, (size_t)n - 1);
    memmove(to, from, length);
    to[length] = '\0';
    return to;
}

LPWSTR wvm_kit_lstrcpynW(LPWSTR to, LPCWSTR from, int n)
{
    int i = 0;
    if (!to || !from || n <= 0)
        return NULL;
    for (; i < n - 1 && from[i]; i++)
        to[i] = from[i];
    to[i] = 0;
    return to;
}

LPSTR wvm_kit_lstrcatA(LPSTR to, LPCSTR from)
{
    return to && from ? strcat(to, from) : NULL;
}

LPWSTR wvm_kit_lstrcatW(LPWSTR to, LPCWSTR from)
{
    if (!to || !from)
        return NULL;
    wvm_kit_lstrcpyW(to + wvm_kit_len16(to), from);
    return to;
}

/* ---- Comparison: marks before digits before letters, letters by the alphabet and then small ones
 * before capitals ---- */

static uint32_t weight(WCHAR c)
{
    WCHAR upper = wvm_kit_upper(c);
    bool digit = c >= '0' && c <= '9', letter = (upper >= 'A' && upper <= 'Z') || upper >= 0xc0;
    return upper | (letter ? 2u << 16 : digit ? 1u << 16 : 0);
}

static int sign(uint32_t a, uint32_t b)
{
    return a < b ? -1 : a > b;
}

static int compare(LPCWSTR a, LPCWSTR b, bool with_case)
{
    int by_case = 0;
    for (; *a && *b; a++, b++) {
        int order = sign(weight(*a), weight(*b));
        if (order != 0)
            return order;
        if (by_case == 0)
            by_case = sign(*b, *a); /* a capital's unit is the smaller one */
    }
    return *a || *b ? (*a ? 1 : -1) : with_case ? by_case : 0;
}

static int compare_narrow(LPCSTR a, LPCSTR b, bool with_case)
{
    int by_case = 0;
    size_t i = 0;
    for (; a[i] && b[i]; i++) {
        WCHAR x = (unsigned char)a[i], y = (unsigned char)b[i];
        int order = x < 0x80 && y < 0x80 ? sign(weight(x), weight(y)) : sign(x, y);
        if (order != 0)
            return order;
        if (by_case == 0)
            by_case = sign(y, x);
    }
    return a[i] || b[i] ? (a[i] ? 1 : -1) : with_case ? by_case : 0;
}

int wvm_kit_lstrcmpA(LPCSTR a, LPCSTR b)
{
    return compare_narrow(a ? a : "", b ? b : "", true);
}

int wvm_kit_lstrcmpiA(LPCSTR a, LPCSTR b)
{
    return compare_narrow(a ? a : "", b ? b : "", false);
}

int wvm_kit_lstrcmpW(LPCWSTR a, LPCWSTR b)
{
    return compare(a ? a : u"", b ? b : u"", true);
}

int wvm_kit_lstrcmpiW(LPCWSTR a, LPCWSTR b)
{
    return compare(a ? a : u"", b ? b : u"", false);
}

#define WVM_KIT_LSTR
#include "kit/kit_entry.h"
