/* WINVM_OPTIONS: one table of key=value settings, separated by ':'.
 * The table is read once at start, before any thread exists, and constant afterwards. Unknown keys
 * and bad values are reported through the callback and otherwise ignored: an option never stops a
 * program from starting. */
#ifndef WVM_BASE_OPTIONS_H
#define WVM_BASE_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

enum wvm_option_kind {
    WVM_OPT_BOOL,   /* 0 1 no yes off on; a bare key means 1 */
    WVM_OPT_SIZE,   /* decimal or 0x hex, suffix k m g t (powers of 1024) */
    WVM_OPT_ENUM,   /* one of the words in `words`, stored as its index */
    WVM_OPT_STRING, /* copied into the table's text area */
    WVM_OPT_USERVA, /* 2g 3g 4g, or 2048..3072 megabytes as Windows' increaseuserva; 0 no off: none;
                     * a bare key means 2g; stored in megabytes */
};

struct wvm_option {
    const char *name;
    enum wvm_option_kind kind;
    uint64_t value;          /* default, then the setting in force */
    const char *const *words; /* WVM_OPT_ENUM: NULL-terminated */
    const char *text;        /* WVM_OPT_STRING: setting in force, or NULL */
    const char *help;        /* one line, the source of the manual's table */
};

enum wvm_option_id {
#define WVM_OPTION(id, name, kind, def, words, help) WVM_OPTION_##id,
#include "base/options.def"
#undef WVM_OPTION
    WVM_N_OPTIONS
};

extern struct wvm_option wvm_options[WVM_N_OPTIONS];

/* WVM_OPTION_LAYOUT by index. */
enum { WVM_LAYOUT_128T, WVM_LAYOUT_8T, WVM_LAYOUT_2G };
/* WVM_OPTION_LARGE by index. */
enum { WVM_LARGE_AUTO, WVM_LARGE_HUGETLB, WVM_LARGE_THP, WVM_LARGE_NONE };

static inline uint64_t wvm_option(enum wvm_option_id id)
{
    return wvm_options[id].value;
}

/* Reads "k=v:k=v". Calls bad(key, why) for each part that is not taken; bad may be NULL. */
void wvm_options_parse(const char *text, void (*bad)(const char *part, const char *why));

#endif
