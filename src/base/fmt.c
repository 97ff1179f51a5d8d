/* Formatting into a caller's buffer.
 *
 * Owns     nothing: every function works on the struct wvm_buf it is given.
 * Terms    conversion = one %-sequence of a format; modifier = l, ll or z before its letter.
 * I1       at[len] is NUL and len < cap after every function.
 * I2       Characters past the end are dropped one by one; a dropped character is never an error.
 * I3       An unknown conversion is copied as it stands, and so is everything after it: its
 *          argument's size is not known, so no later argument can be found.
 * Locking  none.   Failure: none.   Signal safety: all functions (no libc call is made). */
#include "base/fmt.h"

#include <stdbool.h>

void wvm_buf_init(struct wvm_buf *b, char *at, size_t cap)
{
    b->at = at;
    b->cap = cap;
    b->len = 0;
    at[0] = '\0';
}

void wvm_buf_char(struct wvm_buf *b, char c)
{
    if (b->len + 1 >= b->cap)
        return;
    b->at[b->len++] = c;
    b->at[b->len] = '\0';
}

void wvm_buf_str(struct wvm_buf *b, const char *s)
{
    for (s = s ? s : "(null)"; *s; s++)
        wvm_buf_char(b, *s);
}

/* base is 10 or 16. */
static void put_number(struct wvm_buf *b, uint64_t v, unsigned base)
{
    char digits[20]; /* 2^64 - 1 has 20 decimal digits */
    unsigned n = 0;
    do
        digits[n++] = "0123456789abcdef"[v % base];
    while ((v /= base) != 0);
    while (n > 0)
        wvm_buf_char(b, digits[--n]);
}

void wvm_buf_hex(struct wvm_buf *b, uint64_t v)
{
    wvm_buf_str(b, "0x");
    put_number(b, v, 16);
}

void wvm_buf_dec(struct wvm_buf *b, uint64_t v)
{
    put_number(b, v, 10);
}

enum modifier { MOD_NONE, MOD_LONG, MOD_LONG_LONG, MOD_SIZE };

/* Reads the modifier at *f and moves *f to the conversion letter. */
static enum modifier take_modifier(const char **f)
{
    if (**f == 'z') {
        ++*f;
        return MOD_SIZE;
    }
    if (**f != 'l')
        return MOD_NONE;
    ++*f;
    if (**f != 'l')
        return MOD_LONG;
    ++*f;
    return MOD_LONG_LONG;
}

/* A va_list passed by value cannot be advanced portably; this box can. */
struct args {
    va_list ap;
};

static uint64_t take_unsigned(struct args *a, enum modifier mod)
{
    switch (mod) {
    case MOD_LONG:
        return va_arg(a->ap, unsigned long);
    case MOD_LONG_LONG:
        return va_arg(a->ap, unsigned long long);
    case MOD_SIZE:
        return va_arg(a->ap, size_t);
    case MOD_NONE:
        break;
    }
    return va_arg(a->ap, unsigned int);
}

static void put_signed(struct wvm_buf *b, struct args *a, enum modifier mod)
{
    int64_t v;
    if (mod == MOD_NONE)
        v = va_arg(a->ap, int);
    else if (mod == MOD_LONG)
        v = va_arg(a->ap, long);
    else if (mod == MOD_SIZE)
        v = va_arg(a->ap, ptrdiff_t);
    else
        v = va_arg(a->ap, long long);
    if (v < 0)
        wvm_buf_char(b, '-');
    put_number(b, v < 0 ? 0 - (uint64_t)v : (uint64_t)v, 10);
}

/* False: the letter is unknown and nothing was taken or written. */
static bool put_conversion(struct wvm_buf *b, struct args *a, enum modifier mod, char letter)
{
    switch (letter) {
    case 's':
        wvm_buf_str(b, va_arg(a->ap, const char *));
        return true;
    case 'c':
        wvm_buf_char(b, (char)va_arg(a->ap, int));
        return true;
    case 'd':
        put_signed(b, a, mod);
        return true;
    case 'u':
        put_number(b, take_unsigned(a, mod), 10);
        return true;
    case 'x':
        put_number(b, take_unsigned(a, mod), 16);
        return true;
    case 'p':
        wvm_buf_hex(b, (uintptr_t)va_arg(a->ap, void *));
        return true;
    case '%':
        wvm_buf_char(b, '%');
        return true;
    default:
        return false;
    }
}

void wvm_buf_vprintf(struct wvm_buf *b, const char *fmt, va_list ap)
{
    struct args a;
    va_copy(a.ap, ap);
    for (const char *f = fmt; *f; f++) {
        if (*f != '%') {
            wvm_buf_char(b, *f);
            continue;
        }
        const char *start = f++;
        enum modifier mod = take_modifier(&f);
        if (!put_conversion(b, &a, mod, *f)) {
            wvm_buf_str(b, start);
            break;
        }
    }
    va_end(a.ap);
}

void wvm_buf_printf(struct wvm_buf *b, const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    wvm_buf_vprintf(b, fmt, ap);
    va_end(ap);
}
