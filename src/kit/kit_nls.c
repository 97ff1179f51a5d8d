/* Text from and to code pages, and its comparison by units.
 *
 * Terms   single = a code page with a byte for each character: Windows 1252, ASCII, Latin 1.
 * I1      ANSI and OEM text is UTF-8.
 * I2      The result is measured first: what does not fit is not written.
 * Locking: none.   Failure: 0 and the last error, nothing written.   Signal safety: yes. */
#include <limits.h>
#include <string.h>

#include "base/arith.h"
#include "kit/kit.h"
#include "kit/kit_case.h"
#include "kit/kit_text.h"

enum { PAGE_1252 = 1252, PAGE_ASCII = 20127, PAGE_LATIN_1 = 28591 };
#define ANSI_TO_FLAGS \
    (MB_PRECOMPOSED | MB_COMPOSITE | MB_USEGLYPHCHARS | MB_ERR_INVALID_CHARS)
#define ANSI_FROM_FLAGS \
    (WC_DISCARDNS | WC_SEPCHARS | WC_DEFAULTCHAR | WC_COMPOSITECHECK | WC_NO_BEST_FIT_CHARS)

/* Bytes 0x80 .. 0x9f of 1252. */
static const WCHAR page_1252[32] = {
    0x20ac, 0x0081, 0x201a, 0x0192, 0x201e, 0x2026, 0x2020, 0x2021, 0x02c6, 0x2030, 0x0160,
    0x2039, 0x0152, 0x008d, 0x017d, 0x008f, 0x0090, 0x2018, 0x2019, 0x201c, 0x201d, 0x2022,
    0x2013, 0x2014, 0x02dc, 0x2122, 0x0161, 0x203a, 0x0153, 0x009d, 0x017e, 0x0178};

static bool is_utf8(UINT page)
{
    return page == CP_ACP || page == CP_OEMCP || page == CP_THREAD_ACP || page == CP_UTF8;
}

BOOL wvm_kit_IsValidCodePage(UINT page)
{
    return page == CP_UTF8 || page == PAGE_1252 || page == PAGE_ASCII || page == PAGE_LATIN_1;
}

UINT wvm_kit_GetACP(VOID)
{
    return CP_UTF8;
}

UINT wvm_kit_GetOEMCP(VOID)
{
    return CP_UTF8;
}

static bool is_page(UINT page)
{
    return is_utf8(page) || wvm_kit_IsValidCodePage(page);
}

/* A count of -1 is a text that ends with its NUL; false: no such text, or no such buffer. */
static bool are_texts(const void *from, int n, const void *to, int cap)
{
    return (from && n != 0 && cap >= 0 && (to || cap == 0) && from != to) ||
           wvm_kit_fail(ERROR_INVALID_PARAMETER);
}

static bool are_flags(DWORD flags, DWORD known)
{
    return (flags & ~known) == 0 || wvm_kit_fail(ERROR_INVALID_FLAGS);
}

/* ---- To UTF-16 ---- */

/* U+FFFD for a byte that the page does not have. */
static WCHAR of_single(UINT page, unsigned char byte)
{
    if (page == PAGE_ASCII)
        return byte < 0x80 ? byte : 0xfffd;
    return page == PAGE_1252 && byte >= 0x80 && byte < 0xa0 ? page_1252[byte - 0x80] : byte;
}

static bool is_valid_bytes(UINT page, const char *text, size_t n)
{
    if (is_utf8(page))
        return wvm_kit_is_utf8(text, n);
    for (size_t i = 0; i < n; i++)
        if (of_single(page, (unsigned char)text[i]) == 0xfffd)
            return false;
    return true;
}

static size_t widen(UINT page, const char *text, size_t n, LPWSTR out)
{
    if (is_utf8(page))
        return wvm_kit_to_utf16(out, out ? SIZE_MAX : 0, text, n);
    for (size_t i = 0; out && i < n; i++)
        out[i] = of_single(page, (unsigned char)text[i]);
    return n;
}

int wvm_kit_MultiByteToWideChar(UINT page, DWORD flags, LPCSTR text, int n, LPWSTR out, int cap)
{
    if (!are_texts(text, n, out, cap) || (!is_page(page) && !wvm_kit_fail(ERROR_INVALID_PARAMETER)))
        return 0;
    if (!are_flags(flags, page == CP_UTF8 ? MB_ERR_INVALID_CHARS : ANSI_TO_FLAGS))
        return 0;
    size_t bytes = n < 0 ? strlen(text) + 1 : (size_t)n, units = widen(page, text, bytes, NULL);
    if ((flags & MB_ERR_INVALID_CHARS) && !is_valid_bytes(page, text, bytes))
        return wvm_kit_fail(ERROR_NO_UNICODE_TRANSLATION);
    if (units > INT_MAX || (cap > 0 && units > (size_t)cap))
        return wvm_kit_fail(cap > 0 ? ERROR_INSUFFICIENT_BUFFER : ERROR_INVALID_PARAMETER);
    return (int)(cap > 0 ? widen(page, text, bytes, out) : units);
}

/* ---- From UTF-16 ---- */

/* The byte of a unit; -1: the page does not have it. */
static int to_single(UINT page, WCHAR unit)
{
    for (unsigned i = 0; page == PAGE_1252 && i < WVM_ARRAY_LEN(page_1252); i++)
        if (page_1252[i] == unit)
            return (int)(0x80 + i);
    if (page == PAGE_1252 && unit >= 0x80 && unit < 0xa0)
        return -1;
    return unit < (page == PAGE_ASCII ? 0x80 : 0x100) ? unit : -1;
}

static bool is_pair(LPCWSTR text, size_t left)
{
    return left > 1 && text[0] >= 0xd800 && text[0] < 0xdc00 && text[1] >= 0xdc00 &&
           text[1] < 0xe000;
}

/* out NULL: measures. A pair of surrogates is one character. */
static size_t narrow_single(UINT page, LPCWSTR text, size_t n, char *out, const char *other,
                            bool *used)
{
    size_t made = 0;
    for (size_t i = 0; i < n; i++, made++) {
        int byte = to_single(page, text[i]);
        i += is_pair(text + i, n - i);
        if (out)
            out[made] = byte < 0 ? *other : (char)byte;
        *used |= byte < 0;
    }
    return made;
}

struct narrowing {
    UINT page;
    LPCWSTR text;
    size_t n;
    const char *other; /* for what the page does not have */
    bool used;
};

static size_t narrow(struct narrowing *w, char *out)
{
    if (!is_utf8(w->page))
        return narrow_single(w->page, w->text, w->n, out, w->other, &w->used);
    w->used = !wvm_kit_is_utf16(w->text, w->n);
    return wvm_kit_to_utf8(out, out ? SIZE_MAX : 0, w->text, w->n);
}

static int answer_narrow(struct narrowing *w, DWORD flags, LPSTR out, int cap, LPBOOL used)
{
    size_t bytes = narrow(w, NULL);
    if ((flags & WC_ERR_INVALID_CHARS) && w->used)
        return wvm_kit_fail(ERROR_NO_UNICODE_TRANSLATION);
    if (bytes > INT_MAX || (cap > 0 && bytes > (size_t)cap))
        return wvm_kit_fail(cap > 0 ? ERROR_INSUFFICIENT_BUFFER : ERROR_INVALID_PARAMETER);
    if (cap > 0)
        narrow(w, out);
    if (used)
        *used = w->used;
    return (int)bytes;
}

int wvm_kit_WideCharToMultiByte(UINT page, DWORD flags, LPCWSTR text, int n, LPSTR out, int cap,
                                LPCSTR other, LPBOOL used)
{
    struct narrowing w = {.page = page, .text = text, .other = other ? other : "?"};
    if (!are_texts(text, n, out, cap))
        return 0;
    if (!is_page(page) || (page == CP_UTF8 && (other || used)))
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    if (!are_flags(flags, page == CP_UTF8 ? WC_ERR_INVALID_CHARS : ANSI_FROM_FLAGS))
        return 0;
    w.n = n < 0 ? wvm_kit_len16(text) + 1 : (size_t)n;
    return answer_narrow(&w, flags, out, cap, used);
}

/* ---- Comparison ---- */

int wvm_kit_CompareStringOrdinal(LPCWSTR a, int n_a, LPCWSTR b, int n_b, BOOL ignore_case)
{
    if (!a || !b || n_a < -1 || n_b < -1)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    size_t left_a = n_a < 0 ? wvm_kit_len16(a) : (size_t)n_a;
    size_t left_b = n_b < 0 ? wvm_kit_len16(b) : (size_t)n_b;
    for (; left_a > 0 && left_b > 0; a++, b++, left_a--, left_b--) {
        WCHAR x = ignore_case ? wvm_kit_upper(*a) : *a;
        WCHAR y = ignore_case ? wvm_kit_upper(*b) : *b;
        if (x != y)
            return x < y ? CSTR_LESS_THAN : CSTR_GREATER_THAN;
    }
    return left_a == left_b ? CSTR_EQUAL : left_a == 0 ? CSTR_LESS_THAN : CSTR_GREATER_THAN;
}

#define WVM_KIT_NLS
#include "kit/kit_entry.h"
