/* winvm/strsafe.h: texts with bounds, inline. Sizes are characters (Cch) or bytes (Cb) with the
 * NUL; a text is cut off and STRSAFE_E_INSUFFICIENT_BUFFER told, or STRSAFE_E_INVALID_PARAMETER
 * for no room at all or more than 2^31 - 1 characters. */
#ifndef WINVM_STRSAFE_H
#define WINVM_STRSAFE_H

#include <stdarg.h>
#include <stdio.h>

#include "crt_wprintf.h"
#include "winerror.h"
#include "winnt.h"

#ifndef WINVM_NO_TYPES
#define STRSAFE_MAX_CCH 2147483647
#define STRSAFE_E_INSUFFICIENT_BUFFER ((HRESULT)0x8007007A)
#define STRSAFE_E_INVALID_PARAMETER ((HRESULT)0x80070057)
#define STRSAFE_E_END_OF_FILE ((HRESULT)0x80070026)
#define STRSAFEAPI static __inline__ __attribute__((__unused__)) HRESULT

#define WINVM_STRSAFE_(letter, type)                                                           \
    STRSAFEAPI StringCchCopyN##letter(type *to, size_t size, const type *from, size_t n)       \
    {                                                                                          \
        size_t i;                                                                              \
        if (!size || size > STRSAFE_MAX_CCH) return STRSAFE_E_INVALID_PARAMETER;               \
        for (i = 0; i < size && i < n && from[i]; i++) to[i] = from[i];                        \
        to[i < size ? i : size - 1] = 0;                                                       \
        return i < size ? S_OK : STRSAFE_E_INSUFFICIENT_BUFFER;                                \
    }                                                                                          \
    STRSAFEAPI StringCchCopy##letter(type *to, size_t size, const type *from)                  \
    {                                                                                          \
        return StringCchCopyN##letter(to, size, from, STRSAFE_MAX_CCH);                        \
    }                                                                                          \
    STRSAFEAPI StringCchLength##letter(const type *text, size_t most, size_t *length)          \
    {                                                                                          \
        size_t i = 0;                                                                          \
        int bad = !text || most > STRSAFE_MAX_CCH;                                             \
        while (!bad && i < most && text[i]) i++;                                               \
        bad = bad || i == most;                                                                \
        if (length) *length = bad ? 0 : i;                                                     \
        return bad ? STRSAFE_E_INVALID_PARAMETER : S_OK;                                       \
    }                                                                                          \
    STRSAFEAPI StringCchCatN##letter(type *to, size_t size, const type *from, size_t n)        \
    {                                                                                          \
        size_t at;                                                                             \
        if (FAILED(StringCchLength##letter(to, size, &at))) return STRSAFE_E_INVALID_PARAMETER; \
        return StringCchCopyN##letter(to + at, size - at, from, n);                            \
    }                                                                                          \
    STRSAFEAPI StringCchCat##letter(type *to, size_t size, const type *from)                   \
    {                                                                                          \
        return StringCchCatN##letter(to, size, from, STRSAFE_MAX_CCH);                         \
    }                                                                                          \
    STRSAFEAPI StringCbCopy##letter(type *to, size_t bytes, const type *from)                  \
    {                                                                                          \
        return StringCchCopy##letter(to, bytes / sizeof(type), from);                          \
    }                                                                                          \
    STRSAFEAPI StringCbCat##letter(type *to, size_t bytes, const type *from)                   \
    {                                                                                          \
        return StringCchCat##letter(to, bytes / sizeof(type), from);                           \
    }                                                                                          \
    STRSAFEAPI StringCbLength##letter(const type *text, size_t most, size_t *length)           \
    {                                                                                          \
        HRESULT result = StringCchLength##letter(text, most / sizeof(type), length);           \
        if (length) *length *= sizeof(type);                                                   \
        return result;                                                                         \
    }
WINVM_STRSAFE_(A, CHAR)
WINVM_STRSAFE_(W, WCHAR)
#undef WINVM_STRSAFE_

/* Formats are libc's. */
__attribute__((__format__(__printf__, 3, 0))) STRSAFEAPI
StringCchVPrintfA(CHAR *to, size_t size, const CHAR *format, va_list arguments)
{
    int n;
    if (!size || size > STRSAFE_MAX_CCH) return STRSAFE_E_INVALID_PARAMETER;
    n = vsnprintf(to, size, format, arguments);
    return n >= 0 && (size_t)n < size ? S_OK : STRSAFE_E_INSUFFICIENT_BUFFER;
}
__attribute__((__format__(__printf__, 3, 4))) STRSAFEAPI
StringCchPrintfA(CHAR *to, size_t size, const CHAR *format, ...)
{
    HRESULT result;
    va_list arguments;
    va_start(arguments, format);
    result = StringCchVPrintfA(to, size, format, arguments);
    va_end(arguments);
    return result;
}
#define StringCbPrintfA StringCchPrintfA
#define StringCbVPrintfA StringCchVPrintfA

/* Formats as Windows reads them (crt_wprintf.h). */
WINVM_CRT_ HRESULT StringCchVPrintfW(WCHAR *to, size_t size, const WCHAR *format,
                                     va_list arguments)
{
    int n;
    if (!size || size > STRSAFE_MAX_CCH || !to || !format) return STRSAFE_E_INVALID_PARAMETER;
    n = winvm_vwformat_(to, size, format, arguments);
    to[n < 0 ? 0 : (size_t)n < size ? (size_t)n : size - 1] = 0;
    return n < 0 ? STRSAFE_E_INVALID_PARAMETER
                 : (size_t)n < size ? S_OK : STRSAFE_E_INSUFFICIENT_BUFFER;
}
WINVM_CRT_ HRESULT StringCchPrintfW(WCHAR *to, size_t size, const WCHAR *format, ...)
{
    HRESULT result;
    va_list arguments;
    va_start(arguments, format);
    result = StringCchVPrintfW(to, size, format, arguments);
    va_end(arguments);
    return result;
}
#define StringCbVPrintfW(to, bytes, format, arguments) \
    StringCchVPrintfW((to), (bytes) / sizeof(WCHAR), (format), (arguments))
#define StringCbPrintfW(to, bytes, ...) \
    StringCchPrintfW((to), (bytes) / sizeof(WCHAR), __VA_ARGS__)

#ifdef UNICODE
#define StringCchPrintf StringCchPrintfW
#define StringCchVPrintf StringCchVPrintfW
#define StringCbPrintf StringCbPrintfW
#define StringCbVPrintf StringCbVPrintfW
#define StringCchCopy StringCchCopyW
#define StringCchCopyN StringCchCopyNW
#define StringCchCat StringCchCatW
#define StringCchCatN StringCchCatNW
#define StringCchLength StringCchLengthW
#define StringCbCopy StringCbCopyW
#define StringCbCat StringCbCatW
#define StringCbLength StringCbLengthW
#else
#define StringCchCopy StringCchCopyA
#define StringCchCopyN StringCchCopyNA
#define StringCchCat StringCchCatA
#define StringCchCatN StringCchCatNA
#define StringCchLength StringCchLengthA
#define StringCbCopy StringCbCopyA
#define StringCbCat StringCbCatA
#define StringCbLength StringCbLengthA
#define StringCchPrintf StringCchPrintfA
#define StringCchVPrintf StringCchVPrintfA
#define StringCbPrintf StringCbPrintfA
#define StringCbVPrintf StringCbVPrintfA
#endif
#endif

#endif
