/* winvm/crt_locale.h: locales as objects, as Windows' locale.h has them, over those of libc. Names
 * of locales are the host's. */
#ifndef WINVM_CRT_LOCALE_H
#define WINVM_CRT_LOCALE_H

#include <ctype.h>
#include <locale.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#include "crt_types.h"

#if defined(__GLIBC__) && !defined(__USE_XOPEN2K8)
#include <bits/types/locale_t.h>
WINVM_BEGIN_DECLS
extern locale_t newlocale(int, const char *, locale_t);
extern locale_t duplocale(locale_t);
extern locale_t uselocale(locale_t);
extern void freelocale(locale_t);
WINVM_END_DECLS
#endif

typedef locale_t _locale_t;

#define _ENABLE_PER_THREAD_LOCALE 1
#define _DISABLE_PER_THREAD_LOCALE 2
/* setlocale is the process's, always: what a thread has of its own is none of setlocale's. 0 asks.
 * -1, errno EINVAL: what cannot be. */
WINVM_CRT_ int _configthreadlocale(int how)
{
    if (how == 0 || how == _DISABLE_PER_THREAD_LOCALE) return _DISABLE_PER_THREAD_LOCALE;
    errno = EINVAL;
    return -1;
}
/* NULL: there is no such locale, or errno EINVAL. category: LC_*. */
WINVM_CRT_ _locale_t _create_locale(int category, const char *name)
{
    if (!name || category < 0 || category > 12) {
        winvm_crt_error_(EINVAL);
        return NULL;
    }
    return newlocale(category == LC_ALL ? 0x1fbf /* LC_ALL_MASK */ : 1 << category, name, NULL);
}
WINVM_CRT_ void _free_locale(_locale_t locale)
{
    if (locale) freelocale(locale);
}
/* A copy of what the thread has now, to be freed. */
WINVM_CRT_ _locale_t _get_current_locale(void) { return duplocale(uselocale(NULL)); }

/* A call in a locale; NULL is that of the thread. */
#define WINVM_IN_LOCALE_(type, name, params, call)                    \
    WINVM_CRT_ type name params                                       \
    {                                                                 \
        locale_t was = locale ? uselocale(locale) : NULL;             \
        type result = call;                                           \
        if (was) uselocale(was);                                      \
        return result;                                                \
    }
WINVM_IN_LOCALE_(int, _toupper_l, (int c, _locale_t locale), toupper(c))
WINVM_IN_LOCALE_(int, _tolower_l, (int c, _locale_t locale), tolower(c))
WINVM_IN_LOCALE_(int, _isalpha_l, (int c, _locale_t locale), isalpha(c))
WINVM_IN_LOCALE_(int, _isdigit_l, (int c, _locale_t locale), isdigit(c))
WINVM_IN_LOCALE_(int, _isalnum_l, (int c, _locale_t locale), isalnum(c))
WINVM_IN_LOCALE_(int, _isspace_l, (int c, _locale_t locale), isspace(c))
WINVM_IN_LOCALE_(int, _isupper_l, (int c, _locale_t locale), isupper(c))
WINVM_IN_LOCALE_(int, _islower_l, (int c, _locale_t locale), islower(c))
WINVM_IN_LOCALE_(int, _isxdigit_l, (int c, _locale_t locale), isxdigit(c))
WINVM_IN_LOCALE_(int, _isprint_l, (int c, _locale_t locale), isprint(c))
WINVM_IN_LOCALE_(int, _stricmp_l, (const char *a, const char *b, _locale_t locale),
                 strcasecmp(a, b))
WINVM_IN_LOCALE_(int, _strnicmp_l, (const char *a, const char *b, size_t n, _locale_t locale),
                 strncasecmp(a, b, n))
WINVM_IN_LOCALE_(int, _strcoll_l, (const char *a, const char *b, _locale_t locale), strcoll(a, b))
WINVM_IN_LOCALE_(double, _atof_l, (const char *text, _locale_t locale), atof(text))
WINVM_IN_LOCALE_(int, _atoi_l, (const char *text, _locale_t locale), atoi(text))
WINVM_IN_LOCALE_(double, _strtod_l, (const char *text, char **end, _locale_t locale),
                 strtod(text, end))
WINVM_IN_LOCALE_(long, _strtol_l, (const char *text, char **end, int base, _locale_t locale),
                 strtol(text, end, base))
WINVM_IN_LOCALE_(int64_t, _strtoi64_l, (const char *text, char **end, int base, _locale_t locale),
                 strtoll(text, end, base))
WINVM_IN_LOCALE_(uint64_t, _strtoui64_l,
                 (const char *text, char **end, int base, _locale_t locale),
                 strtoull(text, end, base))
#undef WINVM_IN_LOCALE_
__attribute__((__format__(__printf__, 3, 0))) WINVM_CRT_ int
_vsnprintf_l(char *to, size_t size, const char *format, _locale_t locale, va_list arguments)
{
    locale_t was = locale ? uselocale(locale) : NULL;
    int n = vsnprintf(to, size, format, arguments);
    if (was) uselocale(was);
    return n >= 0 && (size_t)n > size ? -1 : n;
}
__attribute__((__format__(__printf__, 3, 5))) WINVM_CRT_ int
_snprintf_l(char *to, size_t size, const char *format, _locale_t locale, ...)
{
    int n;
    va_list arguments;
    va_start(arguments, locale);
    n = _vsnprintf_l(to, size, format, locale, arguments);
    va_end(arguments);
    return n;
}
__attribute__((__format__(__printf__, 3, 5))) WINVM_CRT_ int
_sprintf_s_l(char *to, size_t size, const char *format, _locale_t locale, ...)
{
    int n;
    va_list arguments;
    if (!to || !size || !format) {
        winvm_crt_error_(EINVAL);
        return -1;
    }
    va_start(arguments, locale);
    n = _vsnprintf_l(to, size, format, locale, arguments);
    va_end(arguments);
    if (n >= 0 && (size_t)n < size) return n;
    to[0] = 0;
    winvm_crt_error_(ERANGE);
    return -1;
}

#endif
