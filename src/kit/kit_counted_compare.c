/* Counted strings as ntdll compares and reads them: order, cases, hashes, numbers.
 *
 * Locking: none.   Failure: a status, nothing written.   Signal safety: yes. */
#include <stdint.h>

#include "kit/kit.h"
#include "kit/kit_case.h"

#define HASH_FACTOR 65599u

/* The units or bytes of a string: exactly one of the two is there. */
struct text {
    LPCWSTR wide;
    const char *narrow;
    size_t n;
};

static struct text of_wide(PCUNICODE_STRING s)
{
    return (struct text){.wide = s->Buffer, .n = s->Length / sizeof(WCHAR)};
}

static struct text of_narrow(const STRING *s)
{
    return (struct text){.narrow = s->Buffer, .n = s->Length};
}

static WCHAR at(const struct text *t, size_t i)
{
    return t->wide ? t->wide[i] : (unsigned char)t->narrow[i];
}

/* ---- Order ---- */

static WCHAR folded(const struct text *t, size_t i, bool fold)
{
    WCHAR c = at(t, i);
    return fold && (t->wide || c < 0x80) ? wvm_kit_upper(c) : c;
}

/* The order of the first n of each, which both have. */
static LONG compare_first(const struct text *a, const struct text *b, size_t n, bool fold)
{
    LONG order = 0;
    for (size_t i = 0; i < n && order == 0; i++)
        order = folded(a, i, fold) - folded(b, i, fold);
    return order;
}

static LONG compare(struct text a, struct text b, bool fold)
{
    LONG order = compare_first(&a, &b, a.n < b.n ? a.n : b.n, fold);
    return order != 0 ? order : (LONG)a.n - (LONG)b.n;
}

LONG wvm_kit_RtlCompareUnicodeString(PCUNICODE_STRING a, PCUNICODE_STRING b, BOOLEAN fold)
{
    return compare(of_wide(a), of_wide(b), fold);
}

BOOLEAN wvm_kit_RtlEqualUnicodeString(PCUNICODE_STRING a, PCUNICODE_STRING b, BOOLEAN fold)
{
    return a->Length == b->Length && compare(of_wide(a), of_wide(b), fold) == 0;
}

BOOLEAN wvm_kit_RtlPrefixUnicodeString(PCUNICODE_STRING a, PCUNICODE_STRING b, BOOLEAN fold)
{
    struct text x = of_wide(a), y = of_wide(b);
    return x.n <= y.n && compare_first(&x, &y, x.n, fold) == 0;
}

LONG wvm_kit_RtlCompareString(const STRING *a, const STRING *b, BOOLEAN fold)
{
    return compare(of_narrow(a), of_narrow(b), fold);
}

BOOLEAN wvm_kit_RtlEqualString(const STRING *a, const STRING *b, BOOLEAN fold)
{
    return a->Length == b->Length && compare(of_narrow(a), of_narrow(b), fold) == 0;
}

/* ---- Cases and hashes ---- */

WCHAR wvm_kit_RtlUpcaseUnicodeChar(WCHAR c)
{
    return wvm_kit_upper(c);
}

/* A small letter is 0x20 or 0x50 behind its capital, but for one. */
WCHAR wvm_kit_RtlDowncaseUnicodeChar(WCHAR c)
{
    static const WCHAR steps[] = {0x20, 0x50};
    for (size_t i = 0; i < sizeof steps / sizeof steps[0]; i++) {
        WCHAR small = (WCHAR)(c + steps[i]);
        if (small != c && small > c && wvm_kit_upper(small) == c)
            return small;
    }
    return c == 0x178 ? 0xff : c;
}

NTSTATUS wvm_kit_RtlHashUnicodeString(PCUNICODE_STRING s, BOOLEAN fold, ULONG algorithm,
                                      ULONG *hash)
{
    ULONG h = 0;
    if (!s || !hash || (algorithm != HASH_STRING_ALGORITHM_DEFAULT &&
                        algorithm != HASH_STRING_ALGORITHM_X65599))
        return STATUS_INVALID_PARAMETER;
    struct text t = of_wide(s);
    for (size_t i = 0; i < t.n; i++)
        h = h * HASH_FACTOR + folded(&t, i, fold);
    *hash = h;
    return STATUS_SUCCESS;
}

/* ---- Numbers ---- */

/* The unit at i; 0 behind the end. */
static WCHAR next(const struct text *t, size_t i)
{
    return i < t->n ? at(t, i) : 0;
}

static ULONG base_of(const struct text *t, size_t *i)
{
    WCHAR mark = next(t, *i) == '0' ? next(t, *i + 1) : 0;
    ULONG base = mark == 'b' ? 2 : mark == 'o' ? 8 : mark == 'x' ? 16 : 10;
    if (base != 10)
        *i += 2;
    return base;
}

enum { NO_DIGIT = 16 }; /* of no base */

static ULONG digit_of(WCHAR c)
{
    WCHAR upper = wvm_kit_upper(c);
    return c >= '0' && c <= '9'           ? (ULONG)(c - '0')
           : upper >= 'A' && upper <= 'F' ? (ULONG)(upper - 'A' + 10)
                                          : NO_DIGIT;
}

static NTSTATUS read_number(const struct text *t, ULONG base, ULONG *value)
{
    size_t i = 0;
    ULONG number = 0;
    if (base != 0 && base != 2 && base != 8 && base != 10 && base != 16)
        return STATUS_INVALID_PARAMETER;
    if (!value)
        return STATUS_ACCESS_VIOLATION;
    while (i < t->n && at(t, i) != 0 && at(t, i) <= ' ')
        i++;
    bool minus = next(t, i) == '-';
    if (minus || next(t, i) == '+')
        i++;
    if (base == 0)
        base = base_of(t, &i);
    for (; digit_of(next(t, i)) < base; i++)
        number = number * base + digit_of(next(t, i));
    *value = minus ? 0 - number : number;
    return STATUS_SUCCESS;
}

NTSTATUS wvm_kit_RtlCharToInteger(const char *text, ULONG base, ULONG *value)
{
    struct text t = {.narrow = text, .n = SIZE_MAX}; /* its NUL ends it */
    return read_number(&t, base, value);
}

NTSTATUS wvm_kit_RtlUnicodeStringToInteger(PCUNICODE_STRING s, ULONG base, ULONG *value)
{
    struct text t = of_wide(s);
    return read_number(&t, base, value);
}

#define WVM_KIT_COUNTED_COMPARE
#define WVM_KIT_IN WINVM_IN_NTDLL
#include "kit/kit_entry.h"
