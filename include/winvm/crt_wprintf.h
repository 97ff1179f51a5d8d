/* winvm/crt_wprintf.h: formats of 16-bit characters, as Windows reads them: %s and %c take wide
 * ones, %hs, %S and %C narrow ones (UTF-8 is not looked at: one byte is one character), `l` numbers
 * of 32 bits, I64, ll, j, z, t and I longer ones. Numbers are written as libc writes them. */
#ifndef WINVM_CRT_WPRINTF_H
#define WINVM_CRT_WPRINTF_H

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crt_types.h"

typedef uint16_t __attribute__((__may_alias__)) winvm_unit_;
struct winvm_wsink_ {
    winvm_unit_ *to;
    size_t size, n; /* n: how many there would be */
};
struct winvm_wform_ {
    char flags[8];
    int n_flags, width, precision; /* precision -1: none */
    char size;                     /* 'h', 'l' 32 bits, 'q' 64 bits, or 0 */
    char kind;
};

WINVM_CRT_ void winvm_wput_(struct winvm_wsink_ *s, unsigned int c)
{
    if (s->n < s->size) s->to[s->n] = (winvm_unit_)c;
    s->n++;
}
WINVM_CRT_ int winvm_wnumber_(const winvm_unit_ **f)
{
    int v = 0;
    while (**f >= '0' && **f <= '9' && v < 100000) v = v * 10 + (*(*f)++ - '0');
    return v;
}
/* Padding and text; the text is of 1- or 2-byte characters. */
WINVM_CRT_ void winvm_wtext_(struct winvm_wsink_ *s, const struct winvm_wform_ *form,
                             const void *text, int wide, size_t n)
{
    int left = memchr(form->flags, '-', (size_t)form->n_flags) != NULL;
    size_t i, pad = (size_t)form->width > n ? (size_t)form->width - n : 0;
    for (i = 0; !left && i < pad; i++) winvm_wput_(s, ' ');
    for (i = 0; i < n; i++)
        winvm_wput_(s, wide ? ((const winvm_unit_ *)text)[i] : ((const unsigned char *)text)[i]);
    for (i = 0; left && i < pad; i++) winvm_wput_(s, ' ');
}
WINVM_CRT_ void winvm_wstring_(struct winvm_wsink_ *s, const struct winvm_wform_ *form,
                               const void *text, int wide)
{
    size_t n = 0, most = form->precision < 0 ? SIZE_MAX : (size_t)form->precision;
    if (!text) text = "(null)", wide = 0;
    while (n < most && (wide ? ((const winvm_unit_ *)text)[n] : ((const char *)text)[n])) n++;
    winvm_wtext_(s, form, text, wide, n);
}
/* Reads a form behind its %; *f: behind it. */
WINVM_CRT_ void winvm_wform_read_(struct winvm_wform_ *form, const winvm_unit_ **f, int star[2])
{
    memset(form, 0, sizeof(*form));
    form->precision = -1;
    star[0] = star[1] = 0;
    for (; **f && **f < 128 && strchr("-+ #0", **f) && form->n_flags < 7; (*f)++)
        form->flags[form->n_flags++] = (char)**f;
    if (**f == '*') star[0] = 1, (*f)++;
    else form->width = winvm_wnumber_(f);
    if (**f == '.') {
        (*f)++;
        form->precision = 0;
        if (**f == '*') star[1] = 1, (*f)++;
        else form->precision = winvm_wnumber_(f);
    }
    for (;; (*f)++) {
        if (**f == 'h') form->size = 'h';
        else if (**f == 'l' || **f == 'w') form->size = form->size == 'l' ? 'q' : 'l';
        else if (**f == 'j') form->size = 'q';
        else if (**f == 'z' || **f == 't') form->size = sizeof(void *) == 8 ? 'q' : 'l';
        else if (**f == 'I' && (*f)[1] == '6' && (*f)[2] == '4') form->size = 'q', *f += 2;
        else if (**f == 'I' && (*f)[1] == '3' && (*f)[2] == '2') form->size = 'l', *f += 2;
        else if (**f == 'I') form->size = sizeof(void *) == 8 ? 'q' : 'l';
        else break;
    }
    form->kind = **f < 128 ? (char)**f : 0;
    if (**f) (*f)++;
}
/* The form for libc; its size is 64 bits for whole numbers. */
WINVM_CRT_ void winvm_wspec_(char spec[48], const struct winvm_wform_ *form, const char *size)
{
    int n = sprintf(spec, "%%%.*s", form->n_flags, form->flags);
    if (form->width) n += sprintf(spec + n, "%d", form->width);
    if (form->precision >= 0) n += sprintf(spec + n, ".%d", form->precision);
    sprintf(spec + n, "%s%c", size, form->kind);
}
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wformat-nonliteral"
#pragma GCC diagnostic ignored "-Wformat-security"
WINVM_CRT_ int winvm_vwformat_(void *to, size_t size, const void *format, va_list arguments)
{
    struct winvm_wsink_ s;
    const winvm_unit_ *f = (const winvm_unit_ *)format;
    s.to = (winvm_unit_ *)to;
    s.size = size;
    s.n = 0;
    while (*f) {
        struct winvm_wform_ form, plain;
        int star[2];
        char spec[48], text[512], *out = text;
        int n = 0;
        if (*f != '%') {
            winvm_wput_(&s, *f++);
            continue;
        }
        f++;
        winvm_wform_read_(&form, &f, star);
        if (star[0]) form.width = va_arg(arguments, int);
        if (star[1]) form.precision = va_arg(arguments, int);
        if (form.width < 0) form.width = -form.width, form.flags[form.n_flags++] = '-';
        memset(&plain, 0, sizeof(plain));
        switch (form.kind) {
        case '%':
            winvm_wput_(&s, '%');
            continue;
        case 's':
        case 'S':
            winvm_wstring_(&s, &form, va_arg(arguments, const void *),
                           form.kind == 's' ? form.size != 'h' : form.size == 'l');
            continue;
        case 'c':
        case 'C': {
            winvm_unit_ c = (winvm_unit_)va_arg(arguments, int);
            winvm_wtext_(&s, &form, &c, 1, 1);
            continue;
        }
        case 'd':
        case 'i': {
            __extension__ long long v = form.size == 'q' ? va_arg(arguments, int64_t)
                                                         : (int64_t)va_arg(arguments, int);
            winvm_wspec_(spec, &form, "ll");
            n = snprintf(text, sizeof(text), spec, form.size == 'h' ? (short)v : v);
            break;
        }
        case 'u':
        case 'x':
        case 'X':
        case 'o': {
            uint64_t v = form.size == 'q' ? va_arg(arguments, uint64_t)
                                          : va_arg(arguments, unsigned int);
            if (form.size == 'h') v &= 0xffff;
            winvm_wspec_(spec, &form, sizeof(long) == 8 ? "l" : "ll");
            n = snprintf(text, sizeof(text), spec, v);
            break;
        }
        case 'p':
            n = snprintf(text, sizeof(text), sizeof(void *) == 8 ? "%016lX" : "%08lX",
                         (unsigned long)(uintptr_t)va_arg(arguments, void *));
            break;
        default:
            if (!form.kind || !strchr("fFeEgGaA", form.kind)) {
                errno = EINVAL;
                return -1;
            }
            winvm_wspec_(spec, &form, "");
            n = snprintf(text, sizeof(text), spec, va_arg(arguments, double));
        }
        if (n < 0 || (size_t)n >= sizeof(text)) {
            errno = EOVERFLOW;
            return -1;
        }
        winvm_wtext_(&s, &plain, out, 0, (size_t)n);
    }
    return (int)s.n;
}
#pragma GCC diagnostic pop

/* Of the functions for wchar_t and WCHAR: as _vsnprintf and _vsnprintf_s of crt_stdio.h. */
WINVM_CRT_ int winvm_vsnwprintf_(void *to, size_t size, const void *format, va_list arguments)
{
    int n = winvm_vwformat_(to, size, format, arguments);
    if (n >= 0 && (size_t)n < size) ((winvm_unit_ *)to)[n] = 0;
    return n >= 0 && (size_t)n <= size ? n : -1;
}
WINVM_CRT_ int winvm_vsnwprintf_s_(void *to, size_t size, size_t most, const void *format,
                                   va_list arguments)
{
    int n;
    size_t room = most < size ? most + 1 : size;
    if (!to || !size || !format) {
        winvm_crt_error_(EINVAL);
        return -1;
    }
    n = winvm_vwformat_(to, room, format, arguments);
    if (n >= 0 && (size_t)n < room) {
        ((winvm_unit_ *)to)[n] = 0;
        return n;
    }
    ((winvm_unit_ *)to)[n < 0 || (most != _TRUNCATE && most >= size) ? 0 : room - 1] = 0;
    if (n >= 0 && most != _TRUNCATE && most >= size) winvm_crt_error_(ERANGE);
    return -1;
}

#endif
