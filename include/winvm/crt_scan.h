/* winvm/crt_scan.h: sscanf_s and its kin, as Windows' stdio.h has them: the arrays of %s, %c and %[
 * are followed by the room that they have (unsigned; characters). A text that does not fit, with
 * its NUL, ends the reading, and its array is empty; %c needs no NUL. Sizes are libc's (l is a long
 * of 64 bits), and I64, I32, I of Windows. Texts are of the function's own characters, with h
 * narrow; wide ones of narrow functions (%S, %ls) end the reading. */
#ifndef WINVM_CRT_SCAN_H
#define WINVM_CRT_SCAN_H

#include <ctype.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "crt_types.h"

typedef uint16_t __attribute__((__may_alias__)) winvm_scan_unit_;
/* Where characters come from: one of the three. */
struct winvm_scan_ {
    const char *text;
    const winvm_scan_unit_ *wide;
    FILE *file;
    size_t n; /* read so far */
};
/* EOF at the end. */
WINVM_CRT_ int winvm_scan_get_(struct winvm_scan_ *s)
{
    int c;
    if (s->wide) c = *s->wide ? *s->wide++ : EOF;
    else if (s->text) c = *s->text ? (unsigned char)*s->text++ : EOF;
    else c = getc(s->file);
    if (c != EOF) s->n++;
    return c;
}
WINVM_CRT_ void winvm_scan_unget_(struct winvm_scan_ *s, int c)
{
    if (c == EOF) return;
    s->n--;
    if (s->wide) s->wide--;
    else if (s->text) s->text--;
    else ungetc(c, s->file);
}
WINVM_CRT_ int winvm_scan_space_(struct winvm_scan_ *s)
{
    int c;
    do c = winvm_scan_get_(s);
    while (c != EOF && c < 256 && isspace(c));
    winvm_scan_unget_(s, c);
    return c;
}

/* A form: %[*][width][size]kind. */
struct winvm_scan_form_ {
    int is_dropped, kind;
    size_t width; /* 0: none */
    char size; /* 'h', 'H' hh, 'l' long, 'q' 64 bits, 'L' long double, 'z' of a pointer, 0 */
    unsigned char set[32]; /* of %[ */
};
WINVM_CRT_ const char *winvm_scan_set_(struct winvm_scan_form_ *form, const char *f)
{
    int out = *f == '^', first = 1, c;
    if (out) f++;
    for (; *f && (*f != ']' || first); f++, first = 0) {
        int from = (unsigned char)*f, to = from;
        if (f[1] == '-' && f[2] && f[2] != ']') {
            to = (unsigned char)f[2];
            f += 2;
        }
        for (c = from; c <= to; c++) form->set[c >> 3] |= (unsigned char)(1 << (c & 7));
    }
    for (c = 0; out && c < 32; c++) form->set[c] = (unsigned char)~form->set[c];
    return *f ? f + 1 : f;
}
/* Behind the % ; the answer is behind the form. */
WINVM_CRT_ const char *winvm_scan_form_read_(struct winvm_scan_form_ *form, const char *f)
{
    memset(form, 0, sizeof(*form));
    if (*f == '*') form->is_dropped = 1, f++;
    while (*f >= '0' && *f <= '9') form->width = form->width * 10 + (size_t)(*f++ - '0');
    for (;; f++) {
        if (*f == 'h') form->size = form->size == 'h' ? 'H' : 'h';
        else if (*f == 'l') form->size = form->size == 'l' ? 'q' : 'l';
        else if (*f == 'w') form->size = 'l';
        else if (*f == 'L') form->size = 'L';
        else if (*f == 'j') form->size = 'q';
        else if (*f == 'z' || *f == 't') form->size = 'z';
        else if (!strncmp(f, "I64", 3)) form->size = 'q', f += 2;
        else if (!strncmp(f, "I32", 3)) form->size = 0, f += 2;
        else if (*f == 'I') form->size = 'z';
        else break;
    }
    form->kind = (unsigned char)*f;
    if (*f) f++;
    return form->kind == '[' ? winvm_scan_set_(form, f) : f;
}

WINVM_CRT_ int winvm_scan_takes_(const struct winvm_scan_form_ *form, int c)
{
    if (form->kind == 'c') return 1;
    if (form->kind == 's') return c > 255 || !isspace(c);
    return c > 255 ? form->set[0] & 1 : form->set[c >> 3] >> (c & 7) & 1;
}
WINVM_CRT_ void winvm_scan_put_(void *to, size_t at, int c, int is_wide)
{
    if (is_wide) ((winvm_scan_unit_ *)to)[at] = (winvm_scan_unit_)c;
    else ((char *)to)[at] = (char)c;
}
/* Reads what %s, %c or %[ takes. 1: done; 0: nothing matched; -1: the end; -2: no room. */
WINVM_CRT_ int winvm_scan_text_(struct winvm_scan_ *s, const struct winvm_scan_form_ *form,
                                void *to, size_t room)
{
    int is_c = form->kind == 'c', is_wide = s->wide && form->size != 'h', c;
    size_t n = 0, most = form->width ? form->width : is_c ? 1 : SIZE_MAX;
    if (form->kind == 's' && winvm_scan_space_(s) == EOF) return -1;
    while (n < most && (c = winvm_scan_get_(s)) != EOF) {
        if (!winvm_scan_takes_(form, c)) {
            winvm_scan_unget_(s, c);
            break;
        }
        if (to && n + !is_c >= room) {
            if (room) winvm_scan_put_(to, 0, 0, is_wide);
            return -2;
        }
        if (to) winvm_scan_put_(to, n, c, is_wide);
        n++;
    }
    if (to && !is_c && n) winvm_scan_put_(to, n, 0, is_wide);
    if (is_c && n < most) return -1;
    if (n) return 1;
    c = winvm_scan_get_(s);
    winvm_scan_unget_(s, c);
    return c == EOF ? -1 : 0;
}

/* Whether c may stand in a number behind the n characters of `text`, in the base (0: as 0x says;
 * -1: a number with a point). */
WINVM_CRT_ int winvm_scan_digit_(const char *text, size_t n, int c, int base)
{
    size_t sign = n && (text[0] == '-' || text[0] == '+');
    int is_hex = n >= sign + 2 && (text[sign + 1] | 32) == 'x';
    if (!n && (c == '-' || c == '+')) return 1;
    if ((base == 0 || base == 16 || base == -1) && n == sign + 1 && text[sign] == '0' &&
        (c | 32) == 'x')
        return 1;
    if (base != -1) return base == 16 || (base == 0 && is_hex) ? isxdigit(c) != 0
                           : base == 8 ? c >= '0' && c <= '7' : isdigit(c) != 0;
    if (c == '.') return !memchr(text, '.', n);
    if (n && (c == '-' || c == '+')) return (text[n - 1] | 32) == (is_hex ? 'p' : 'e');
    if (isdigit(c) || (is_hex && isxdigit(c))) return 1;
    return (c | 32) == (is_hex ? 'p' : 'e') || (isalpha(c) && strchr("infatyINFATY", c)) ||
           (n && strchr("nN", c));
}
/* A number for libc: the longest run of its characters, 126 at most. As the texts'. */
WINVM_CRT_ int winvm_scan_number_(struct winvm_scan_ *s, const struct winvm_scan_form_ *form,
                                  int base, char text[128])
{
    size_t n = 0, most = form->width && form->width < 126 ? form->width : 126;
    int c;
    if (winvm_scan_space_(s) == EOF) return -1;
    while (n < most && (c = winvm_scan_get_(s)) != EOF) {
        if (c > 127 || !winvm_scan_digit_(text, n, c, base)) {
            winvm_scan_unget_(s, c);
            break;
        }
        text[n++] = (char)c;
    }
    text[n] = 0;
    return n != 0;
}
WINVM_CRT_ void winvm_scan_store_(char size, uint64_t v, void *to)
{
    if (size == 'H') *(unsigned char *)to = (unsigned char)v;
    else if (size == 'h') *(unsigned short *)to = (unsigned short)v;
    else if (size == 'q') *(uint64_t *)to = v;
    else if (size == 'l') *(unsigned long *)to = (unsigned long)v;
    else if (size == 'z') *(size_t *)to = (size_t)v;
    else *(unsigned *)to = (unsigned)v;
}
#define WINVM_SCAN_KINDS_ "diouxXpeEfFgGaAsc[n"
WINVM_CRT_ int winvm_scan_integer_(struct winvm_scan_ *s, const struct winvm_scan_form_ *form,
                                   void *to)
{
    int k = form->kind, got;
    int base = k == 'i' ? 0 : k == 'o' ? 8 : k == 'x' || k == 'X' || k == 'p' ? 16 : 10;
    char text[128], *end;
    uint64_t v;
    got = winvm_scan_number_(s, form, base, text);
    if (got <= 0) return got;
    v = k == 'd' || k == 'i' ? (uint64_t)strtoll(text, &end, base) : strtoull(text, &end, base);
    if (end == text) return 0;
    if (to) winvm_scan_store_(k == 'p' ? 'z' : form->size, v, to);
    return 1;
}
WINVM_CRT_ int winvm_scan_real_(struct winvm_scan_ *s, const struct winvm_scan_form_ *form,
                                void *to)
{
    char text[128], *end;
    int got = winvm_scan_number_(s, form, -1, text);
    if (got <= 0) return got;
    if (form->size == 'L') {
        long double v = strtold(text, &end);
        if (end == text) return 0;
        if (to) *(long double *)to = v;
    } else {
        double v = strtod(text, &end);
        if (end == text) return 0;
        if (to && form->size == 'l') *(double *)to = v;
        else if (to) *(float *)to = (float)v;
    }
    return 1;
}
/* What is not a form: characters that must be there. 1, 0, -1. */
WINVM_CRT_ int winvm_scan_literal_(struct winvm_scan_ *s, int what)
{
    int c;
    if (isspace(what)) {
        winvm_scan_space_(s);
        return 1;
    }
    c = winvm_scan_get_(s);
    if (c == what) return 1;
    winvm_scan_unget_(s, c);
    return c == EOF ? -1 : 0;
}
WINVM_CRT_ int winvm_vscan_s_(struct winvm_scan_ *s, const char *f, va_list arguments)
{
    int done = 0, got = 1;
    while (*f && got == 1) {
        struct winvm_scan_form_ form;
        void *to = NULL;
        int is_text;
        if (*f != '%' || f[1] == '%') {
            if (*f == '%') winvm_scan_space_(s), f++;
            got = winvm_scan_literal_(s, (unsigned char)*f++);
            continue;
        }
        f = winvm_scan_form_read_(&form, f + 1);
        if (!form.kind || !strchr(WINVM_SCAN_KINDS_, form.kind)) return done ? done : EOF;
        is_text = strchr("sc[", form.kind) != NULL;
        if (is_text && form.size == 'l' && !s->wide) return done ? done : EOF;
        if (!form.is_dropped) to = va_arg(arguments, void *);
        if (form.kind == 'n') {
            if (to) winvm_scan_store_(form.size, s->n, to);
            continue;
        }
        if (is_text) {
            size_t room = form.is_dropped ? 0 : va_arg(arguments, unsigned);
            got = winvm_scan_text_(s, &form, to, room);
        } else {
            got = strchr("eEfFgGaA", form.kind) ? winvm_scan_real_(s, &form, to)
                                                : winvm_scan_integer_(s, &form, to);
        }
        if (got == -2) errno = ENOMEM;
        if (got == 1 && !form.is_dropped) done++;
    }
    return got == -1 && !done ? EOF : done;
}

WINVM_CRT_ int vsscanf_s(const char *text, const char *format, va_list arguments)
{
    struct winvm_scan_ s = {NULL, NULL, NULL, 0};
    if (!text || !format) {
        winvm_crt_error_(EINVAL);
        return EOF;
    }
    s.text = text;
    return winvm_vscan_s_(&s, format, arguments);
}
WINVM_CRT_ int vfscanf_s(FILE *file, const char *format, va_list arguments)
{
    struct winvm_scan_ s = {NULL, NULL, NULL, 0};
    if (!file || !format) {
        winvm_crt_error_(EINVAL);
        return EOF;
    }
    s.file = file;
    return winvm_vscan_s_(&s, format, arguments);
}
WINVM_CRT_ int sscanf_s(const char *text, const char *format, ...)
{
    int n;
    va_list arguments;
    va_start(arguments, format);
    n = vsscanf_s(text, format, arguments);
    va_end(arguments);
    return n;
}
WINVM_CRT_ int fscanf_s(FILE *file, const char *format, ...)
{
    int n;
    va_list arguments;
    va_start(arguments, format);
    n = vfscanf_s(file, format, arguments);
    va_end(arguments);
    return n;
}
WINVM_CRT_ int scanf_s(const char *format, ...)
{
    int n;
    va_list arguments;
    va_start(arguments, format);
    n = vfscanf_s(stdin, format, arguments);
    va_end(arguments);
    return n;
}

#if __SIZEOF_WCHAR_T__ == 2
/* The format is of ASCII. */
WINVM_CRT_ int vswscanf_s(const wchar_t *text, const wchar_t *format, va_list arguments)
{
    struct winvm_scan_ s = {NULL, NULL, NULL, 0};
    char *plain;
    size_t i, n;
    int done;
    if (!text || !format) {
        winvm_crt_error_(EINVAL);
        return EOF;
    }
    for (n = 0; format[n]; n++)
        ;
    plain = (char *)malloc(n + 1);
    if (!plain) return EOF;
    for (i = 0; i <= n; i++) plain[i] = format[i] < 128 ? (char)format[i] : '?';
    s.wide = (const winvm_scan_unit_ *)text;
    done = winvm_vscan_s_(&s, plain, arguments);
    free(plain);
    return done;
}
WINVM_CRT_ int swscanf_s(const wchar_t *text, const wchar_t *format, ...)
{
    int n;
    va_list arguments;
    va_start(arguments, format);
    n = vswscanf_s(text, format, arguments);
    va_end(arguments);
    return n;
}
#endif

#endif
