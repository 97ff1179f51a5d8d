/* FormatMessage: texts of errors, and texts with inserts.
 *
 * Terms   insert = %1 .. %99, with a printf form between exclamation marks; arguments = the values
 *         of the inserts, each of the size of a pointer.
 * I1      A text is made whole, in UTF-8, before anything of it reaches the caller.
 * I2      Arguments are read in order and kept, as a list of them can be read once only.
 * Locking: none.   Failure: 0 and the last error, nothing written.   Signal safety: none. */
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "base/arith.h"
#include "kit/kit.h"
#include "kit/kit_message_list.h"
#include "kit/kit_text.h"

#define MOST_INSERTS 99

struct message {
    DWORD flags;
    bool wide;               /* strings of inserts are UTF-16 unless their form says otherwise */
    const ULONG_PTR *array;  /* one of the two; neither: no arguments */
    va_list *list;
    unsigned n_read;
    ULONG_PTR value[MOST_INSERTS];
    FILE *out;
    bool bad;
};

static const struct {
    DWORD error;
    const char *text;
} texts[] = {
#define TEXT_OF(error, text) {error, text "\r\n"},
    WVM_KIT_MESSAGES(TEXT_OF)
#undef TEXT_OF
};

static const char *find_text(DWORD id)
{
    if ((id & 0xffff0000) == 0x80070000) /* an HRESULT that is a Win32 error */
        id &= 0xffff;
    for (size_t i = 0; i < WVM_ARRAY_LEN(texts); i++)
        if (texts[i].error == id)
            return texts[i].text;
    return NULL;
}

/* ---- Inserts ---- */

static ULONG_PTR argument(struct message *m, unsigned i)
{
    if (m->array)
        return m->array[i];
    if (!m->list) {
        m->bad = true;
        return 0;
    }
    while (m->n_read <= i)
        m->value[m->n_read++] = va_arg(*m->list, ULONG_PTR);
    return m->value[i];
}

static void put_string(struct message *m, const char *flags, ULONG_PTR value, bool wide)
{
    char form[24];
    char *narrow = wide && value ? wvm_kit_new_utf8((LPCWSTR)value) : NULL;
    const char *text = wide ? narrow : (const char *)value;
    snprintf(form, sizeof form, "%%%ss", flags);
    fprintf(m->out, form, text ? text : "(null)");
    free(narrow);
}

static void put_character(struct message *m, ULONG_PTR value)
{
    WCHAR c = (WCHAR)value;
    char text[4] = {0};
    size_t n = wvm_kit_to_utf8(text, sizeof text, &c, 1);
    fwrite(text, 1, n, m->out);
}

static void put_number(struct message *m, const char *flags, ULONG_PTR value, bool large, char kind)
{
    char form[24];
    bool is_signed = kind == 'd' || kind == 'i';
    unsigned long long wide = large      ? value
                              : is_signed ? (unsigned long long)(LONG)value
                                          : (DWORD)value;
    snprintf(form, sizeof form, "%%%sll%c", flags, kind);
    fprintf(m->out, form, wide);
}

/* One insert with the printf form `form`, without its marks. */
static void put_insert(struct message *m, unsigned i, const char *form)
{
    char flags[16];
    size_t n = strspn(form, "-+ #0123456789.");
    ULONG_PTR value = argument(m, i);
    if (m->bad || n >= sizeof flags) {
        m->bad = true;
        return;
    }
    memcpy(flags, form, n);
    flags[n] = '\0';
    form += n;
    bool is_64 = strncmp(form, "I64", 3) == 0 || strncmp(form, "ll", 2) == 0;
    size_t prefix = is_64 ? (form[0] == 'I' ? 3 : 2) : strspn(form, "hlwzI");
    char kind = form[prefix];
    bool wide = kind == 'S' ? !m->wide : form[0] == 'h' ? false : prefix > 0 ? true : m->wide;
    if (kind == 's' || kind == 'S')
        put_string(m, flags, value, wide);
    else if (kind == 'c' || kind == 'C')
        put_character(m, value);
    else if (kind == 'p')
        fprintf(m->out, "%0*llX", (int)sizeof(void *) * 2, (unsigned long long)value);
    else if (kind && strchr("diuxXo", kind))
        put_number(m, flags, value, is_64 || form[0] == 'z' || form[0] == 'I', kind);
    else
        m->bad = true;
}

/* What follows a percent sign; returns what comes after it, NULL: the text ends. */
static const char *put_escape(struct message *m, const char *p)
{
    char form[24] = "s";
    if (*p >= '1' && *p <= '9') {
        unsigned i = (unsigned)strtoul(p, NULL, 10);
        const char *end;
        p += i > 9 ? 2 : 1;
        if (i > MOST_INSERTS)
            i /= 10;
        if (*p == '!' && (end = strchr(p + 1, '!')) != NULL &&
            (size_t)(end - p) <= sizeof form) {
            snprintf(form, (size_t)(end - p), "%s", p + 1);
            p = end + 1;
        }
        put_insert(m, i - 1, form);
        return p;
    }
    switch (*p) {
    case '0':
    case '\0':
        return NULL;
    case 'n':
        fputs("\r\n", m->out);
        break;
    case 'r':
        putc('\r', m->out);
        break;
    case 't':
        putc('\t', m->out);
        break;
    default:
        putc(*p, m->out);
    }
    return p + 1;
}

/* A line break of the text itself. */
static const char *put_break(const struct message *m, const char *p)
{
    bool one_line = (m->flags & FORMAT_MESSAGE_MAX_WIDTH_MASK) == FORMAT_MESSAGE_MAX_WIDTH_MASK;
    fputs(one_line ? " " : "\r\n", m->out);
    return p[0] == '\r' && p[1] == '\n' ? p + 2 : p + 1;
}

static void put_text(struct message *m, const char *p)
{
    while (p && *p && !m->bad) {
        if (*p == '%' && !(m->flags & FORMAT_MESSAGE_IGNORE_INSERTS))
            p = put_escape(m, p + 1);
        else if (*p == '\r' || *p == '\n')
            p = put_break(m, p);
        else
            putc(*p++, m->out);
    }
}

/* ---- The calls ---- */

/* The text of a number, and what follows it; NULL and the last error. module: of
 * FORMAT_MESSAGE_FROM_HMODULE. Of the modules, ntdll has statuses and kernel32 errors. */
static const char *text_of(DWORD flags, HMODULE module, DWORD id, const char **behind)
{
    const char *text = NULL;
    DWORD error = ERROR_MR_MID_NOT_FOUND;
    bool from_module = flags & FORMAT_MESSAGE_FROM_HMODULE;
    *behind = "";
    if (from_module && module && module == GetModuleHandleA("ntdll")) {
        text = wvm_kit_status_text((NTSTATUS)id);
        *behind = text ? "\r\n" : "";
    } else if (from_module && module &&
               (module == GetModuleHandleA("kernel32") ||
                module == GetModuleHandleA("kernelbase"))) {
        text = find_text(id);
    } else if (from_module) {
        error = ERROR_RESOURCE_TYPE_NOT_FOUND;
    }
    if (!text && flags & FORMAT_MESSAGE_FROM_SYSTEM)
        text = find_text(id);
    if (!text)
        wvm_kit_fail(error);
    return text;
}

/* The whole text, of malloc; NULL and the last error. source: of FORMAT_MESSAGE_FROM_STRING or
 * FORMAT_MESSAGE_FROM_HMODULE. */
static char *make(struct message *m, const void *source, DWORD id)
{
    char *text = NULL;
    const char *behind = "", *form = source;
    size_t size;
    if (!(m->flags & FORMAT_MESSAGE_FROM_STRING))
        form = text_of(m->flags, (HMODULE)(uintptr_t)source, id, &behind);
    if (!form)
        return NULL;
    m->out = open_memstream(&text, &size);
    if (m->out) {
        put_text(m, form);
        put_text(m, behind);
    }
    if (!m->out || fclose(m->out) != 0 || m->bad) {
        free(text);
        wvm_kit_fail(m->bad ? ERROR_INVALID_PARAMETER : ERROR_NOT_ENOUGH_MEMORY);
        return NULL;
    }
    return text;
}

static bool are_valid(DWORD flags, const void *source, const void *out)
{
    const DWORD from = FORMAT_MESSAGE_FROM_STRING | FORMAT_MESSAGE_FROM_SYSTEM |
                       FORMAT_MESSAGE_FROM_HMODULE;
    bool string = flags & FORMAT_MESSAGE_FROM_STRING;
    bool one = !string || (source && (flags & from) == FORMAT_MESSAGE_FROM_STRING);
    return (out && (flags & from) && one) || wvm_kit_fail(ERROR_INVALID_PARAMETER);
}

/* Memory that LocalFree takes: a block of the process's heap. */
static LPVOID new_local(SIZE_T size)
{
    return wvm_kit_HeapAlloc(wvm_kit_GetProcessHeap(), 0, size);
}

static DWORD answer_a(DWORD flags, const char *text, LPSTR out, DWORD cap)
{
    size_t n = strlen(text);
    if (flags & FORMAT_MESSAGE_ALLOCATE_BUFFER) {
        LPSTR made = n ? new_local(n < cap ? cap : n + 1) : NULL;
        *(LPSTR *)(void *)out = made;
        if (made)
            memcpy(made, text, n + 1);
        return made ? (DWORD)n : 0;
    }
    return wvm_kit_fill_a(out, cap, text) == n ? (DWORD)n
                                               : (DWORD)wvm_kit_fail(ERROR_INSUFFICIENT_BUFFER);
}

static DWORD answer_w(DWORD flags, const char *text, LPWSTR out, DWORD cap)
{
    size_t n = wvm_kit_to_utf16(NULL, 0, text, WVM_KIT_TO_NUL);
    if (flags & FORMAT_MESSAGE_ALLOCATE_BUFFER) {
        size_t units = n < cap ? cap : n + 1;
        LPWSTR made = n ? new_local(units * sizeof(WCHAR)) : NULL;
        *(LPWSTR *)(void *)out = made;
        if (made)
            wvm_kit_fill_w(made, (DWORD)units, text);
        return made ? (DWORD)n : 0;
    }
    return wvm_kit_fill_w(out, cap, text) == n ? (DWORD)n
                                               : (DWORD)wvm_kit_fail(ERROR_INSUFFICIENT_BUFFER);
}

static DWORD format_a(struct message *m, LPCVOID source, DWORD id, LPSTR out, DWORD cap)
{
    char *text = are_valid(m->flags, source, out) ? make(m, source, id) : NULL;
    DWORD n = text ? answer_a(m->flags, text, out, cap) : 0;
    free(text);
    return n;
}

static DWORD format_w(struct message *m, LPCVOID source, DWORD id, LPWSTR out, DWORD cap)
{
    bool string = m->flags & FORMAT_MESSAGE_FROM_STRING;
    if (!are_valid(m->flags, source, out))
        return 0;
    char *narrow = string ? wvm_kit_new_utf8(source) : NULL;
    char *text = narrow || !string ? make(m, string ? narrow : source, id) : NULL;
    DWORD n = text ? answer_w(m->flags, text, out, cap) : 0;
    free(text);
    free(narrow);
    return n;
}

/* Where the arguments are. In the Windows convention, and on i386 in every one, a va_list is the
 * address of an array of them. */
static void aim(struct message *m, DWORD flags, va_list *list, bool ms)
{
    m->flags = flags;
    if (list && (flags & FORMAT_MESSAGE_ARGUMENT_ARRAY))
        m->array = (const ULONG_PTR *)list;
    else if (list && (ms || sizeof(void *) == 4))
        m->array = *(const ULONG_PTR *const *)(const void *)list;
    else
        m->list = list;
}

#define CALL(name, format, suffix, wide_strings, ms, text)                                        \
    DWORD wvm_kit_##name##suffix(DWORD flags, LPCVOID source, DWORD id, DWORD language, text out, \
                                 DWORD cap, va_list *list)                                        \
    {                                                                                             \
        struct message m = {.wide = wide_strings};                                                \
        UNREFERENCED_PARAMETER(language);                                                         \
        aim(&m, flags, list, ms);                                                                 \
        return format(&m, source, id, out, cap);                                                  \
    }
CALL(FormatMessageA, format_a, , false, false, LPSTR)
CALL(FormatMessageA, format_a, _ms, false, true, LPSTR)
CALL(FormatMessageW, format_w, , true, false, LPWSTR)
CALL(FormatMessageW, format_w, _ms, true, true, LPWSTR)

#define WVM_KIT_MESSAGE
#include "kit/kit_entry.h"
