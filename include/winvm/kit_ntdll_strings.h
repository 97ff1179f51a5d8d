/* winvm/kit_ntdll_strings.h: what libwinvm-kit has of ntdll for counted strings, numbers in text
 * and random numbers.
 *
 * Length and MaximumLength are bytes, of a UNICODE_STRING at most 65534. "ANSI" is UTF-8. Texts
 * that these functions make end in a NUL when there is room for it. None changes the last error;
 * one that fails writes nothing. Cases are those of ASCII, Latin 1, Greek and Cyrillic letters.
 *
 * WINVM_NO_TYPES needs: NTSTATUS BOOLEAN CHAR WCHAR LONG ULONG; the structures are named by their
 * tags. */
#ifndef WINVM_KIT_NTDLL_STRINGS_H
#define WINVM_KIT_NTDLL_STRINGS_H

#include "ntdef.h"

#ifndef WINVM_NO_TYPES
#define HASH_STRING_ALGORITHM_DEFAULT 0
#define HASH_STRING_ALGORITHM_X65599 1
#define HASH_STRING_ALGORITHM_INVALID 0xffffffff
#endif

WINVM_BEGIN_DECLS

/* The string is the text itself, up to its NUL; NULL: an empty string without a buffer. A text that
 * is too long is cut, or with Ex STATUS_NAME_TOO_LONG. */
WINVM_DECLARE(void, RtlInitUnicodeString,
              (struct _UNICODE_STRING * DestinationString, const WCHAR *SourceString));
WINVM_DECLARE(NTSTATUS, RtlInitUnicodeStringEx,
              (struct _UNICODE_STRING * DestinationString, const WCHAR *SourceString));
WINVM_DECLARE(void, RtlInitAnsiString,
              (struct _STRING * DestinationString, const char *SourceString));
WINVM_DECLARE(NTSTATUS, RtlInitAnsiStringEx,
              (struct _STRING * DestinationString, const char *SourceString));
WINVM_DECLARE(void, RtlInitString, (struct _STRING * DestinationString, const char *SourceString));

/* A copy in the process's heap, for RtlFreeUnicodeString. FALSE: too long, or no memory. */
WINVM_DECLARE(BOOLEAN, RtlCreateUnicodeString,
              (struct _UNICODE_STRING * DestinationString, const WCHAR *SourceString));
WINVM_DECLARE(BOOLEAN, RtlCreateUnicodeStringFromAsciiz,
              (struct _UNICODE_STRING * DestinationString, const char *SourceString));
/* Frees the buffer, when there is one; the string is empty. */
WINVM_DECLARE(void, RtlFreeUnicodeString, (struct _UNICODE_STRING * UnicodeString));
WINVM_DECLARE(void, RtlFreeAnsiString, (struct _STRING * AnsiString));

/* With a NUL, which Length does not count. AllocateDestinationString: the buffer is made in the
 * process's heap, STATUS_NO_MEMORY; else MaximumLength must do, STATUS_BUFFER_OVERFLOW.
 * STATUS_INVALID_PARAMETER_2: too long for a string. */
WINVM_DECLARE(NTSTATUS, RtlUnicodeStringToAnsiString,
              (struct _STRING * DestinationString, const struct _UNICODE_STRING *SourceString,
               BOOLEAN AllocateDestinationString));
WINVM_DECLARE(NTSTATUS, RtlAnsiStringToUnicodeString,
              (struct _UNICODE_STRING * DestinationString, const struct _STRING *SourceString,
               BOOLEAN AllocateDestinationString));
/* As much as fits, in whole characters; *Result, unless NULL: the bytes written. STATUS_SUCCESS. */
WINVM_DECLARE(NTSTATUS, RtlMultiByteToUnicodeN,
              (WCHAR * UnicodeString, ULONG MaxBytesInUnicodeString, ULONG *BytesInUnicodeString,
               const CHAR *MultiByteString, ULONG BytesInMultiByteString));
WINVM_DECLARE(NTSTATUS, RtlUnicodeToMultiByteN,
              (CHAR * MultiByteString, ULONG MaxBytesInMultiByteString,
               ULONG *BytesInMultiByteString, const WCHAR *UnicodeString,
               ULONG BytesInUnicodeString));
/* The bytes that the whole text takes. STATUS_SUCCESS. */
WINVM_DECLARE(NTSTATUS, RtlMultiByteToUnicodeSize,
              (ULONG * BytesInUnicodeString, const CHAR *MultiByteString,
               ULONG BytesInMultiByteString));
WINVM_DECLARE(NTSTATUS, RtlUnicodeToMultiByteSize,
              (ULONG * BytesInMultiByteString, const WCHAR *UnicodeString,
               ULONG BytesInUnicodeString));

/* As much as MaximumLength holds; NULL: nothing. */
WINVM_DECLARE(void, RtlCopyUnicodeString,
              (struct _UNICODE_STRING * DestinationString,
               const struct _UNICODE_STRING *SourceString));
/* STATUS_BUFFER_TOO_SMALL. A text of NULL appends nothing. */
WINVM_DECLARE(NTSTATUS, RtlAppendUnicodeToString,
              (struct _UNICODE_STRING * Destination, const WCHAR *Source));
WINVM_DECLARE(NTSTATUS, RtlAppendUnicodeStringToString,
              (struct _UNICODE_STRING * Destination, const struct _UNICODE_STRING *Source));

/* By units, or capitals when the case does not count. 0: equal; below 0: the first is less. */
WINVM_DECLARE(LONG, RtlCompareUnicodeString,
              (const struct _UNICODE_STRING *String1, const struct _UNICODE_STRING *String2,
               BOOLEAN CaseInSensitive));
WINVM_DECLARE(BOOLEAN, RtlEqualUnicodeString,
              (const struct _UNICODE_STRING *String1, const struct _UNICODE_STRING *String2,
               BOOLEAN CaseInSensitive));
/* String2 begins with String1. */
WINVM_DECLARE(BOOLEAN, RtlPrefixUnicodeString,
              (const struct _UNICODE_STRING *String1, const struct _UNICODE_STRING *String2,
               BOOLEAN CaseInSensitive));
/* By bytes; the cases are those of ASCII. */
WINVM_DECLARE(LONG, RtlCompareString,
              (const struct _STRING *String1, const struct _STRING *String2,
               BOOLEAN CaseInSensitive));
WINVM_DECLARE(BOOLEAN, RtlEqualString,
              (const struct _STRING *String1, const struct _STRING *String2,
               BOOLEAN CaseInSensitive));
WINVM_DECLARE(WCHAR, RtlUpcaseUnicodeChar, (WCHAR SourceCharacter));
WINVM_DECLARE(WCHAR, RtlDowncaseUnicodeChar, (WCHAR SourceCharacter));
/* Both algorithms are h = 65599 h + unit. STATUS_INVALID_PARAMETER: NULL, another algorithm. */
WINVM_DECLARE(NTSTATUS, RtlHashUnicodeString,
              (const struct _UNICODE_STRING *String, BOOLEAN CaseInSensitive, ULONG HashAlgorithm,
               ULONG *HashValue));

/* Base: 2, 8, 10, 16, or 0: 10 unless the text begins with 0b, 0o or 0x; else
 * STATUS_INVALID_PARAMETER. Blanks and control characters in front are skipped, + and - taken; the
 * number ends before what is no digit, modulo 2^32. STATUS_ACCESS_VIOLATION: Value is NULL. */
WINVM_DECLARE(NTSTATUS, RtlCharToInteger, (const char *String, ULONG Base, ULONG *Value));
WINVM_DECLARE(NTSTATUS, RtlUnicodeStringToInteger,
              (const struct _UNICODE_STRING *String, ULONG Base, ULONG *Value));

/* A number of 0 .. 0x7ffffffe; *Seed is the next call's. Not for secrets, and not the same numbers
 * as on Windows. */
WINVM_DECLARE(ULONG, RtlUniform, (ULONG * Seed));
WINVM_DECLARE(ULONG, RtlRandom, (ULONG * Seed));
WINVM_DECLARE(ULONG, RtlRandomEx, (ULONG * Seed));

WINVM_END_DECLS

#endif
