/* Rows of winvm-poolmon: which are shown, in which order, and what changed in them.
 *
 * I1  The order is total: what is equal otherwise goes by tag and type, so that equal samples give
 *     equal screens.
 * I2  Counters only grow but for bytes; differences are taken modulo 2^64.
 * Failure: none. */
#include "tools/poolmon.h"

#include <ctype.h>
#include <stdlib.h>
#include <string.h>

/* Choice of the comparison that is running. The program has one thread. */
static const struct poolmon_choice *ordering;

bool poolmon_order_named(char letter, enum poolmon_order *out)
{
    static const char letters[] = "tafdbm";
    const char *at = letter ? strchr(letters, tolower((unsigned char)letter)) : NULL;
    if (at)
        *out = (enum poolmon_order)(at - letters);
    return at != NULL;
}

void poolmon_tag_text(uint32_t tag, char out[5])
{
    for (unsigned i = 0; i < 4; i++) {
        unsigned char c = (unsigned char)(tag >> 8 * i);
        out[i] = c >= ' ' && c < 0x7f ? (char)c : '.';
    }
    out[4] = '\0';
}

static bool matches(const char *pattern, const char *text, size_t len)
{
    for (; *pattern; pattern++) {
        if (*pattern == '*') {
            for (size_t i = 0; i <= len; i++)
                if (matches(pattern + 1, text + i, len - i))
                    return true;
            return false;
        }
        if (len == 0 || (*pattern != '?' && *pattern != *text))
            return false;
        text++;
        len--;
    }
    return len == 0;
}

bool poolmon_matches(const char *pattern, const char *text)
{
    size_t len = strlen(text);
    if (matches(pattern, text, len))
        return true;
    while (len && text[len - 1] == ' ')
        len--;
    return matches(pattern, text, len);
}

int64_t poolmon_diff(const struct poolmon_counts *c)
{
    return (int64_t)(c->allocs - c->frees);
}

uint64_t poolmon_each(const struct poolmon_counts *c)
{
    int64_t diff = poolmon_diff(c);
    return diff > 0 ? c->bytes / (uint64_t)diff : 0;
}

/* ---- which ---- */

static bool matches_any(const char *const *patterns, const char *text)
{
    for (; patterns && *patterns; patterns++)
        if (poolmon_matches(*patterns, text))
            return true;
    return false;
}

static bool is_chosen(const struct poolmon_row *r, const struct poolmon_choice *c)
{
    char tag[5];
    if ((c->shown == SHOW_PAGED && !r->paged) || (c->shown == SHOW_NONPAGED && r->paged))
        return false;
    poolmon_tag_text(r->tag, tag);
    if (c->include && *c->include && !matches_any(c->include, tag))
        return false;
    return !matches_any(c->exclude, tag);
}

/* ---- in which order ---- */

/* What an order sorts by; differences of a running process may be below 0 for a moment. */
static int64_t key_of(const struct poolmon_row *r)
{
    const struct poolmon_counts *now = &r->now, *before = &r->before;
    bool change = ordering->by_change;
    switch (ordering->order) {
    case BY_ALLOCS:
        return (int64_t)(now->allocs - (change ? before->allocs : 0));
    case BY_FREES:
        return (int64_t)(now->frees - (change ? before->frees : 0));
    case BY_DIFF:
        return poolmon_diff(now) - (change ? poolmon_diff(before) : 0);
    case BY_BYTES:
        return (int64_t)(now->bytes - (change ? before->bytes : 0));
    case BY_EACH:
        return (int64_t)(poolmon_each(now) - (change ? poolmon_each(before) : 0));
    default:
        return 0;
    }
}

static int by_name(const struct poolmon_row *a, const struct poolmon_row *b)
{
    uint32_t x = __builtin_bswap32(a->tag), y = __builtin_bswap32(b->tag);
    return x != y ? (x < y ? -1 : 1) : (int)a->paged - (int)b->paged;
}

/* Names upwards, numbers downwards. */
static int compare_rows(const void *a, const void *b)
{
    int64_t x = key_of(a), y = key_of(b);
    return x != y ? (x > y ? -1 : 1) : by_name(a, b);
}

void poolmon_choose(struct poolmon_sample *s, const struct poolmon_choice *choice)
{
    size_t n = 0;
    for (size_t i = 0; i < s->n_rows; i++)
        if (is_chosen(&s->row[i], choice))
            s->row[n++] = s->row[i];
    s->n_rows = n;
    ordering = choice;
    if (n)
        qsort(s->row, n, sizeof *s->row, compare_rows);
}

/* ---- what changed ---- */

static int compare_names(const void *a, const void *b)
{
    return by_name(a, b);
}

void poolmon_compare(struct poolmon_sample *s, const struct poolmon_sample *last)
{
    static const struct poolmon_counts none;
    struct poolmon_row *sorted = last->n_rows ? malloc(last->n_rows * sizeof *sorted) : NULL;
    if (sorted) {
        memcpy(sorted, last->row, last->n_rows * sizeof *sorted);
        qsort(sorted, last->n_rows, sizeof *sorted, compare_names);
    } else if (last->n_rows) {
        poolmon_die("out of memory");
    }
    for (size_t i = 0; i < s->n_rows; i++) {
        struct poolmon_row *r = &s->row[i], *old = NULL;
        if (sorted)
            old = bsearch(r, sorted, last->n_rows, sizeof *sorted, compare_names);
        r->before = old ? old->now : none;
    }
    free(sorted);
}

bool poolmon_changed(const struct poolmon_row *r)
{
    return memcmp(&r->now, &r->before, sizeof r->now) != 0;
}
