/* wsprintf: a format of its own, smaller than printf's, into 1024 characters.
 *
 * Terms   form = what stands between % and its letter: - # 0, width, precision, size.
 * I1      The text is made of 16-bit units; the A functions turn it into UTF-8 at the end.
 * I2      A long is 32 bits, as Windows has it; ll, I64, and I on 64-bit hosts are 64.
 * Locking: none.   Failure: nothing is written behind 1024 characters.   Signal safety: yes. */
#include <stdarg.h>
#include <string.h>

#include "kit/kit.h"
#include "kit/kit_text.h"

#define MOST 1024

/* Arguments in the order of the call. In the Windows convention they are an array. */
struct arguments {
    const ULONG_PTR *array; /* NULL: own */
    va_list own;
};
struct form {
    bool left, alternate, zeros, wide, narrow, is_64;
    size_t width, precision; /* precision SIZE_MAX: none */
};
struct output {
    WCHAR text[MOST];
    size_t n;
    bool wide; /* %s is of UTF-16 */
};

static ULONGLONG next_number(struct arguments *a, bool is_64)
{
    if (a->array)
        return is_64 ? *a->array++ : (uint32_t)*a->array++;
    return is_64 ? va_arg(a->own, ULONGLONG) : va_arg(a->own, uint32_t);
}

static const void *next_pointer(struct arguments *a)
{
    return a->array ? (const void *)*a->array++ : va_arg(a->own, const void *);
}

static void put(struct output *o, WCHAR c)
{
    if (o->n < MOST - 1)
        o->text[o->n++] = c;
}

static void pad(struct output *o, WCHAR c, size_t n)
{
    for (; n > 0 && o->n < MOST - 1; n--)
        put(o, c);
}

static void put_field(struct output *o, const struct form *f, LPCWSTR text, size_t n)
{
    size_t more = f->width > n ? f->width - n : 0;
    if (!f->left)
        pad(o, f->zeros ? '0' : ' ', more);
    for (size_t i = 0; i < n; i++)
        put(o, text[i]);
    if (f->left)
        pad(o, ' ', more);
}

static void put_string(struct output *o, struct form *f, const void *text, bool wide)
{
    WCHAR units[MOST];
    size_t n = 0;
    if (!text) {
        text = u"(null)";
        wide = true;
    }
    while (wide && n < f->precision && n < MOST && ((LPCWSTR)text)[n])
        n++;
    if (!wide) {
        size_t bytes = strnlen(text, f->precision < MOST * 4 ? f->precision : MOST * 4);
        n = wvm_kit_to_utf16(units, MOST, text, bytes);
        n = n < MOST ? n : MOST;
        text = units;
    }
    put_field(o, f, text, n);
}

static void put_number(struct output *o, struct form *f, ULONGLONG value, char letter)
{
    WCHAR digits[48];
    size_t at = sizeof digits / sizeof digits[0];
    unsigned base = letter == 'x' || letter == 'X' || letter == 'p' ? 16 : 10;
    bool is_signed = letter == 'd' || letter == 'i';
    LONGLONG with_sign = f->is_64 ? (LONGLONG)value : (LONG)value;
    bool below = is_signed && with_sign < 0;
    ULONGLONG rest = below ? -(ULONGLONG)with_sign : value;
    size_t least = f->precision == SIZE_MAX ? 1 : f->precision < 32 ? f->precision : 32;
    for (size_t i = 0; rest != 0 || i < least; i++, rest /= base)
        digits[--at] = (letter == 'x' ? u"0123456789abcdef" : u"0123456789ABCDEF")[rest % base];
    if (f->alternate && base == 16) {
        digits[--at] = letter == 'p' ? 'X' : (WCHAR)letter;
        digits[--at] = '0';
    }
    if (below)
        digits[--at] = '-';
    put_field(o, f, digits + at, sizeof digits / sizeof digits[0] - at);
}

static size_t read_number(LPCWSTR *at)
{
    size_t n = 0;
    for (; **at >= '0' && **at <= '9'; (*at)++)
        n = n < MOST ? n * 10 + (size_t)(**at - '0') : n;
    return n;
}

static void read_size(LPCWSTR *at, struct form *f)
{
    if ((*at)[0] == 'I' && (*at)[1] == '6' && (*at)[2] == '4') {
        f->is_64 = true;
        *at += 3;
    } else if ((*at)[0] == 'I' && (*at)[1] == '3' && (*at)[2] == '2') {
        *at += 3;
    } else if ((*at)[0] == 'I') {
        f->is_64 = sizeof(void *) == 8;
        *at += 1;
    } else if ((*at)[0] == 'l' && (*at)[1] == 'l') {
        f->is_64 = true;
        *at += 2;
    } else if ((*at)[0] == 'l' || (*at)[0] == 'w') {
        f->wide = true;
        *at += 1;
    } else if ((*at)[0] == 'h') {
        f->narrow = true;
        *at += 1;
    }
}

static struct form read_form(LPCWSTR *at)
{
    struct form f = {.precision = SIZE_MAX};
    for (;; (*at)++) {
        if (**at == '-')
            f.left = true;
        else if (**at == '#')
            f.alternate = true;
        else if (**at == '0')
            f.zeros = true;
        else
            break;
    }
    f.width = read_number(at);
    if (**at == '.') {
        (*at)++;
        f.precision = read_number(at);
    }
    read_size(at, &f);
    return f;
}

static void put_character(struct output *o, struct form *f, ULONGLONG value, bool wide)
{
    WCHAR c = wide || (unsigned char)value < 0x80 ? (WCHAR)value : 0xfffd;
    if (!wide)
        c = c == 0xfffd ? c : (unsigned char)value;
    put_field(o, f, &c, 1);
}

static void put_form(struct output *o, struct form *f, WCHAR letter, struct arguments *a)
{
    bool other = letter == 'S' || letter == 'C';
    bool wide = f->wide || (!f->narrow && o->wide != other);
    switch (letter) {
    case 's':
    case 'S':
        put_string(o, f, next_pointer(a), wide);
        return;
    case 'c':
    case 'C':
        put_character(o, f, next_number(a, false), wide);
        return;
    case 'p':
        f->is_64 = sizeof(void *) == 8;
        f->precision = 2 * sizeof(void *);
        put_number(o, f, next_number(a, f->is_64), 'p');
        return;
    case 'd':
    case 'i':
    case 'u':
    case 'x':
    case 'X':
        put_number(o, f, next_number(a, f->is_64), (char)letter);
        return;
    default: /* not a form: the letter stands for itself, as after %% */
        put(o, letter);
    }
}

static void make(struct output *o, LPCWSTR format, struct arguments *a)
{
    while (*format) {
        if (*format != '%') {
            put(o, *format++);
            continue;
        }
        format++;
        struct form f = read_form(&format);
        if (*format)
            put_form(o, &f, *format++, a);
    }
    o->text[o->n] = 0;
}

static int make_w(LPWSTR out, LPCWSTR format, struct arguments *a)
{
    struct output o;
    o.n = 0;
    o.wide = true;
    make(&o, format, a);
    memcpy(out, o.text, (o.n + 1) * sizeof *out);
    return (int)o.n;
}

static int make_a(LPSTR out, LPCSTR format, struct arguments *a)
{
    struct output o;
    WCHAR wide[MOST];
    size_t n = wvm_kit_to_utf16(wide, MOST - 1, format, WVM_KIT_TO_NUL);
    wide[n < MOST ? n : MOST - 1] = 0;
    o.n = 0;
    o.wide = false;
    make(&o, wide, a);
    size_t bytes = wvm_kit_to_utf8(NULL, 0, o.text, o.n);
    while (bytes > MOST - 1)
        bytes = wvm_kit_to_utf8(NULL, 0, o.text, --o.n);
    wvm_kit_to_utf8(out, bytes, o.text, o.n);
    out[bytes] = '\0';
    return (int)bytes;
}

/* The four forms of a function: called in each convention, with arguments or a list of them. */
#if defined(__x86_64__)
#define MS_LIST __builtin_ms_va_list
#define MS_START __builtin_ms_va_start
#define MS_END __builtin_ms_va_end
#define AIM_MS(a, list) ((a).array = (const ULONG_PTR *)(const void *)(list))
#else
#define MS_LIST va_list
#define MS_START va_start
#define MS_END va_end
#define AIM_MS(a, list) ((a).array = NULL, va_copy((a).own, list))
#endif
#define CALLS(letter, text, string, make_text)                                                    \
    int wvm_kit_wvsprintf##letter(text out, string format, va_list list)                          \
    {                                                                                             \
        struct arguments a = {.array = NULL};                                                     \
        va_copy(a.own, list);                                                                     \
        int n = make_text(out, format, &a);                                                       \
        va_end(a.own);                                                                            \
        return n;                                                                                 \
    }                                                                                             \
    int wvm_kit_wvsprintf##letter##_ms(text out, string format, va_list list)                     \
    {                                                                                             \
        struct arguments a;                                                                       \
        AIM_MS(a, list);                                                                          \
        return make_text(out, format, &a);                                                        \
    }                                                                                             \
    int wvm_kit_wsprintf##letter(text out, string format, ...)                                    \
    {                                                                                             \
        va_list list;                                                                             \
        va_start(list, format);                                                                   \
        int n = wvm_kit_wvsprintf##letter(out, format, list);                                     \
        va_end(list);                                                                             \
        return n;                                                                                 \
    }                                                                                             \
    WVM_HIDDEN WVM_WINDOWS_CALL int wvm_kit_ms_wsprintf##letter(text out, string format, ...);    \
    __attribute__((used)) WVM_WINDOWS_CALL WVM_ANY_STACK int wvm_kit_ms_wsprintf##letter(         \
        text out, string format, ...)                                                             \
    {                                                                                             \
        struct arguments a;                                                                       \
        MS_LIST list;                                                                             \
        MS_START(list, format);                                                                   \
        AIM_MS(a, list);                                                                          \
        int n = make_text(out, format, &a);                                                       \
        MS_END(list);                                                                             \
        return n;                                                                                 \
    }
CALLS(A, LPSTR, LPCSTR, make_a)
CALLS(W, LPWSTR, LPCWSTR, make_w)

#define WVM_KIT_WSPRINTF
#define WVM_KIT_IN WINVM_IN_USER32
#include "kit/kit_entry.h"
