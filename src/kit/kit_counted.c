/* Counted strings as ntdll has them: made of texts, freed, converted, copied, appended.
 *
 * Terms   limit = the most bytes of a string, its NUL too.
 * I1      Length <= MaximumLength of every string that is made here, and the NUL behind Length is
 *         within MaximumLength or not written.
 * I2      The last error stays.
 * Locking: none; the process's heap has its own.   Failure: nothing written.
 * Signal safety: those that make and free no buffer. */
#include <string.h>

#include "kit/kit.h"
#include "kit/kit_text.h"

enum { LIMIT_W = 0xfffe, LIMIT_A = 0xffff, UNIT = sizeof(WCHAR) };

static void *new_buffer(size_t bytes)
{
    return wvm_kit_RtlAllocateHeap(wvm_kit_GetProcessHeap(), 0, bytes);
}

static void free_buffer(void *buffer)
{
    if (buffer)
        wvm_kit_RtlFreeHeap(wvm_kit_GetProcessHeap(), 0, buffer);
}

/* ---- Strings that are a text ---- */

static void init_wide(PUNICODE_STRING s, LPCWSTR text, size_t bytes)
{
    s->Length = (USHORT)bytes;
    s->MaximumLength = (USHORT)(text ? bytes + UNIT : 0);
    s->Buffer = (PWSTR)(uintptr_t)text;
}

static void init_narrow(PSTRING s, const char *text, size_t bytes)
{
    s->Length = (USHORT)bytes;
    s->MaximumLength = (USHORT)(text ? bytes + 1 : 0);
    s->Buffer = (PCHAR)(uintptr_t)text;
}

VOID wvm_kit_RtlInitUnicodeString(PUNICODE_STRING s, const WCHAR *text)
{
    size_t bytes = text ? wvm_kit_len16(text) * UNIT : 0;
    init_wide(s, text, bytes <= LIMIT_W - UNIT ? bytes : LIMIT_W - UNIT);
}

NTSTATUS wvm_kit_RtlInitUnicodeStringEx(PUNICODE_STRING s, const WCHAR *text)
{
    size_t bytes = text ? wvm_kit_len16(text) * UNIT : 0;
    if (bytes > LIMIT_W - UNIT)
        return STATUS_NAME_TOO_LONG;
    init_wide(s, text, bytes);
    return STATUS_SUCCESS;
}

VOID wvm_kit_RtlInitString(PSTRING s, const char *text)
{
    size_t bytes = text ? strlen(text) : 0;
    init_narrow(s, text, bytes <= LIMIT_A - 1 ? bytes : LIMIT_A - 1);
}

VOID wvm_kit_RtlInitAnsiString(PSTRING s, const char *text)
{
    wvm_kit_RtlInitString(s, text);
}

NTSTATUS wvm_kit_RtlInitAnsiStringEx(PSTRING s, const char *text)
{
    size_t bytes = text ? strlen(text) : 0;
    if (bytes > LIMIT_A - 1)
        return STATUS_NAME_TOO_LONG;
    init_narrow(s, text, bytes);
    return STATUS_SUCCESS;
}

/* ---- Strings with a buffer of their own ---- */

BOOLEAN wvm_kit_RtlCreateUnicodeString(PUNICODE_STRING s, const WCHAR *text)
{
    size_t bytes = wvm_kit_len16(text) * UNIT;
    WCHAR *copy = bytes <= LIMIT_W - UNIT ? new_buffer(bytes + UNIT) : NULL;
    if (!copy)
        return FALSE;
    memcpy(copy, text, bytes + UNIT);
    init_wide(s, copy, bytes);
    return TRUE;
}

BOOLEAN wvm_kit_RtlCreateUnicodeStringFromAsciiz(PUNICODE_STRING s, const char *text)
{
    STRING from;
    return wvm_kit_RtlInitAnsiStringEx(&from, text) >= 0 &&
           wvm_kit_RtlAnsiStringToUnicodeString(s, &from, TRUE) >= 0;
}

VOID wvm_kit_RtlFreeUnicodeString(PUNICODE_STRING s)
{
    free_buffer(s->Buffer);
    *s = (UNICODE_STRING){0};
}

VOID wvm_kit_RtlFreeAnsiString(PSTRING s)
{
    free_buffer(s->Buffer);
    *s = (STRING){0};
}

/* ---- Conversion ---- */

/* The buffer for a text of so many bytes with its NUL: a new one, or what the string has. */
static NTSTATUS place(size_t bytes, BOOLEAN make, USHORT cap, void **buffer)
{
    if (!make)
        return bytes <= cap ? STATUS_SUCCESS : STATUS_BUFFER_OVERFLOW;
    void *made = new_buffer(bytes);
    if (!made)
        return STATUS_NO_MEMORY;
    *buffer = made;
    return STATUS_SUCCESS;
}

NTSTATUS wvm_kit_RtlUnicodeStringToAnsiString(PSTRING to, PCUNICODE_STRING from, BOOLEAN make)
{
    size_t units = from->Length / UNIT;
    size_t bytes = wvm_kit_to_utf8(NULL, 0, from->Buffer, units);
    void *buffer = to->Buffer;
    if (bytes + 1 > LIMIT_A)
        return STATUS_INVALID_PARAMETER_2;
    NTSTATUS status = place(bytes + 1, make, to->MaximumLength, &buffer);
    if (status < 0)
        return status;
    to->Buffer = buffer;
    wvm_kit_to_utf8(to->Buffer, bytes, from->Buffer, units);
    to->Buffer[bytes] = '\0';
    to->Length = (USHORT)bytes;
    if (make)
        to->MaximumLength = (USHORT)(bytes + 1);
    return STATUS_SUCCESS;
}

NTSTATUS wvm_kit_RtlAnsiStringToUnicodeString(PUNICODE_STRING to, const STRING *from, BOOLEAN make)
{
    size_t units = wvm_kit_to_utf16(NULL, 0, from->Buffer, from->Length);
    void *buffer = to->Buffer;
    if ((units + 1) * UNIT > LIMIT_W)
        return STATUS_INVALID_PARAMETER_2;
    NTSTATUS status = place((units + 1) * UNIT, make, to->MaximumLength, &buffer);
    if (status < 0)
        return status;
    to->Buffer = buffer;
    wvm_kit_to_utf16(to->Buffer, units, from->Buffer, from->Length);
    to->Buffer[units] = 0;
    to->Length = (USHORT)(units * UNIT);
    if (make)
        to->MaximumLength = (USHORT)(to->Length + UNIT);
    return STATUS_SUCCESS;
}

/* The units of a text that was cut at cap: no valid text ends in the first half of a pair. */
#define HALF ((WCHAR)0xd800)
static size_t widen(LPWSTR out, size_t cap, const char *text, size_t n)
{
    if (cap > 0)
        out[cap - 1] = HALF;
    size_t whole = wvm_kit_to_utf16(out, cap, text, n);
    if (whole <= cap)
        return whole;
    if (cap == 0 || out[cap - 1] != HALF)
        return cap;
    out[cap - 1] = 0;
    return cap - 1;
}

NTSTATUS wvm_kit_RtlMultiByteToUnicodeN(WCHAR *out, ULONG cap, ULONG *written, const CHAR *text,
                                        ULONG n)
{
    size_t units = widen(out, cap / UNIT, text, n);
    if (written)
        *written = (ULONG)(units * UNIT);
    return STATUS_SUCCESS;
}

/* The same for bytes: no text has this one, and a character has four at most. */
#define NO_BYTE ((char)0xff)
static size_t narrow(LPSTR out, size_t cap, LPCWSTR text, size_t n)
{
    size_t last = cap < 3 ? cap : 3;
    memset(out + cap - last, NO_BYTE, last);
    size_t whole = wvm_kit_to_utf8(out, cap, text, n);
    if (whole <= cap)
        return whole;
    for (; last > 0 && out[cap - 1] == NO_BYTE; last--)
        out[--cap] = '\0';
    return cap;
}

NTSTATUS wvm_kit_RtlUnicodeToMultiByteN(CHAR *out, ULONG cap, ULONG *written, const WCHAR *text,
                                        ULONG n)
{
    size_t bytes = cap > 0 ? narrow(out, cap, text, n / UNIT) : 0;
    if (written)
        *written = (ULONG)bytes;
    return STATUS_SUCCESS;
}

NTSTATUS wvm_kit_RtlMultiByteToUnicodeSize(ULONG *bytes, const CHAR *text, ULONG n)
{
    *bytes = (ULONG)(wvm_kit_to_utf16(NULL, 0, text, n) * UNIT);
    return STATUS_SUCCESS;
}

NTSTATUS wvm_kit_RtlUnicodeToMultiByteSize(ULONG *bytes, const WCHAR *text, ULONG n)
{
    *bytes = (ULONG)wvm_kit_to_utf8(NULL, 0, text, n / UNIT);
    return STATUS_SUCCESS;
}

/* ---- Copies ---- */

static void end_with_nul(PUNICODE_STRING s)
{
    if ((size_t)s->Length + UNIT <= s->MaximumLength)
        s->Buffer[s->Length / UNIT] = 0;
}

VOID wvm_kit_RtlCopyUnicodeString(PUNICODE_STRING to, PCUNICODE_STRING from)
{
    USHORT n = from ? from->Length : 0;
    to->Length = n <= to->MaximumLength ? n : to->MaximumLength & (USHORT)~1u;
    if (to->Length != 0)
        memmove(to->Buffer, from->Buffer, to->Length);
    end_with_nul(to);
}

static NTSTATUS append(PUNICODE_STRING to, LPCWSTR text, size_t bytes)
{
    if (to->Length + bytes > to->MaximumLength)
        return STATUS_BUFFER_TOO_SMALL;
    if (bytes == 0)
        return STATUS_SUCCESS;
    memmove(to->Buffer + to->Length / UNIT, text, bytes);
    to->Length = (USHORT)(to->Length + bytes);
    end_with_nul(to);
    return STATUS_SUCCESS;
}

NTSTATUS wvm_kit_RtlAppendUnicodeToString(PUNICODE_STRING to, const WCHAR *text)
{
    return append(to, text, text ? wvm_kit_len16(text) * UNIT : 0);
}

NTSTATUS wvm_kit_RtlAppendUnicodeStringToString(PUNICODE_STRING to, PCUNICODE_STRING from)
{
    return append(to, from->Buffer, from->Length);
}

#define WVM_KIT_COUNTED
#define WVM_KIT_IN WINVM_IN_NTDLL
#include "kit/kit_entry.h"
