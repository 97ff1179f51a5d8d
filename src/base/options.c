/* The option table and its reader.
 *
 * Owns     wvm_options and the text area that string settings are copied into.
 * Terms    part = the characters between two ':'; key = what precedes the first '=' of a part;
 *          setting = what follows it.
 * Grammar  KEY=SETTING[:KEY=SETTING]...  An empty part means nothing. "\:" is a ':' that ends no
 *          part. A part of digits only continues the text before it, so that trace=fd:3 needs no
 *          backslash.
 * I1       A part is taken whole or not at all; a part not taken leaves its option as it was.
 * I2       The last of several settings of a key is in force.
 * I3       option.text points into text_area or is NULL; bytes of text_area in use never change.
 * Locking  none: called before a second thread exists.   Failure: reported through the callback.
 * Signal safety  wvm_option() after start; wvm_options_parse() never. */
#include "base/options.h"

#include <string.h>

static const char *const clock_words[] = {"0", "1", "auto", NULL};
static const char *const large_words[] = {"auto", "hugetlb", "thp", "0", NULL};
static const char *const layout_words[] = {"128t", "8t", "2g", NULL};

struct wvm_option wvm_options[WVM_N_OPTIONS] = {
#define WVM_OPTION(id, name, kind, def, words, help) \
    [WVM_OPTION_##id] = {name, kind, def, words, NULL, help},
#include "base/options.def"
#undef WVM_OPTION
};

enum { PART_CAP = 512, TEXT_CAP = 4096 };

static char text_area[TEXT_CAP];
static size_t text_used;

static bool is_digit(char c)
{
    return c >= '0' && c <= '9';
}

/* True when the part that starts at s has digits only, and at least one. */
static bool is_digits_part(const char *s)
{
    const char *p = s;
    while (is_digit(*p))
        p++;
    return p > s && (*p == '\0' || *p == ':');
}

/* Copies the next part of *text to part, unescaped and NUL-terminated, and moves *text behind it.
 * False: the part does not fit (it is cut; *text is moved all the same). */
static bool take_part(const char **text, char part[PART_CAP])
{
    const char *s = *text;
    size_t n = 0;
    bool fits = true;
    for (; *s != '\0'; s++) {
        if (*s == ':' && !(n > 0 && memchr(part, '=', n) != NULL && is_digits_part(s + 1)))
            break;
        if (*s == '\\' && s[1] == ':')
            s++;
        if (n + 1 < PART_CAP)
            part[n++] = *s;
        else
            fits = false;
    }
    part[n] = '\0';
    *text = *s == ':' ? s + 1 : s;
    return fits;
}

static struct wvm_option *find_option(const char *key, size_t len)
{
    for (size_t i = 0; i < WVM_N_OPTIONS; i++) {
        const char *name = wvm_options[i].name;
        if (strlen(name) == len && memcmp(name, key, len) == 0)
            return &wvm_options[i];
    }
    return NULL;
}

/* -1: s is none of the words. */
static int find_word(const char *const *words, const char *s)
{
    for (int i = 0; words != NULL && words[i] != NULL; i++)
        if (strcmp(words[i], s) == 0)
            return i;
    return -1;
}

static bool parse_bool(const char *s, uint64_t *out)
{
    static const char *const words[] = {"0", "1", "no", "yes", "off", "on", NULL};
    int i = find_word(words, s);
    if (i < 0)
        return false;
    *out = (uint64_t)i & 1;
    return true;
}

/* The value of a digit in base 16, or 16 for any other character. */
static unsigned digit_value(char c)
{
    if (is_digit(c))
        return (unsigned)(c - '0');
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

static unsigned suffix_shift(char c)
{
    switch (c | 0x20) {
    case 'k':
        return 10;
    case 'm':
        return 20;
    case 'g':
        return 30;
    case 't':
        return 40;
    default:
        return 0;
    }
}

static bool parse_size(const char *s, uint64_t *out)
{
    unsigned base = 10;
    uint64_t v = 0;
    if (s[0] == '0' && (s[1] | 0x20) == 'x') {
        base = 16;
        s += 2;
    }
    const char *start = s;
    for (; digit_value(*s) < base; s++)
        if (__builtin_mul_overflow(v, (uint64_t)base, &v)
            || __builtin_add_overflow(v, (uint64_t)digit_value(*s), &v))
            return false;
    if (s == start)
        return false;
    unsigned shift = suffix_shift(*s);
    if (shift != 0)
        s++;
    if (*s != '\0' || (v << shift) >> shift != v)
        return false;
    *out = v << shift;
    return true;
}

/* Windows' IncreaseUserVa, and the 4 GB of large-address-aware programs. */
static bool parse_userva(const char *s, uint64_t *out)
{
    static const char *const words[] = {"0", "no", "off", "2g", "3g", "4g", NULL};
    static const uint64_t megabytes[] = {0, 0, 0, 2048, 3072, 4096};
    uint64_t v;
    int i = find_word(words, s);
    if (i >= 0) {
        *out = megabytes[i];
        return true;
    }
    if (!parse_size(s, &v))
        return false;
    if (suffix_shift(s[strlen(s) - 1]) != 0)
        v = v % ((uint64_t)1 << 20) == 0 ? v >> 20 : 0;
    if ((v < 2048 || v > 3072) && v != 4096)
        return false;
    *out = v;
    return true;
}

static bool store_text(struct wvm_option *opt, const char *s)
{
    size_t size = strlen(s) + 1;
    if (size > TEXT_CAP - text_used)
        return false;
    opt->text = memcpy(text_area + text_used, s, size);
    opt->value = 1;
    text_used += size;
    return true;
}

/* NULL: taken; else why not. setting is NULL for a bare key. */
static const char *apply_setting(struct wvm_option *opt, const char *setting)
{
    int word;
    if (setting == NULL && opt->kind == WVM_OPT_USERVA)
        setting = "2g";
    if (setting == NULL && opt->kind != WVM_OPT_BOOL)
        return "needs a value";
    switch (opt->kind) {
    case WVM_OPT_BOOL:
        return parse_bool(setting ? setting : "1", &opt->value) ? NULL : "is not yes or no";
    case WVM_OPT_SIZE:
        return parse_size(setting, &opt->value) ? NULL : "is not a size";
    case WVM_OPT_ENUM:
        word = find_word(opt->words, setting);
        if (word < 0)
            return "is not one of the known words";
        opt->value = (uint64_t)word;
        return NULL;
    case WVM_OPT_USERVA:
        return parse_userva(setting, &opt->value)
                   ? NULL
                   : "is not 2g, 3g, 4g or 2048 to 3072 megabytes";
    case WVM_OPT_STRING:
        return store_text(opt, setting) ? NULL : "is too long";
    }
    return "is of no known kind";
}

void wvm_options_parse(const char *text, void (*bad)(const char *part, const char *why))
{
    char part[PART_CAP];
    while (text != NULL && *text != '\0') {
        const char *why;
        bool fits = take_part(&text, part);
        if (part[0] == '\0')
            continue;
        const char *eq = strchr(part, '=');
        struct wvm_option *opt = find_option(part, eq ? (size_t)(eq - part) : strlen(part));
        if (!fits)
            why = "is too long";
        else if (opt == NULL)
            why = "is not a known option";
        else
            why = apply_setting(opt, eq ? eq + 1 : NULL);
        if (why != NULL && bad != NULL)
            bad(part, why);
    }
}
