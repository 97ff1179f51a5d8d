/* Settings about some requests: tag, kind, size.
 *
 * I1       A term that is bad or unknown leaves the filter as it was.
 * Locking  none.   Failure: a term is refused.   Signal safety: all functions. */
#include "pool/pool_filter.h"

#include <string.h>

enum { TAG_LEN = 4 };

bool wvm_pool_text_next(struct wvm_pool_text *text, char end, struct wvm_pool_text *out)
{
    if (text->at == NULL)
        return false;
    const char *stop = memchr(text->at, end, text->len);
    out->at = text->at;
    out->len = stop != NULL ? (size_t)(stop - text->at) : text->len;
    text->len -= stop != NULL ? out->len + 1 : out->len;
    text->at = stop != NULL ? stop + 1 : NULL;
    return true;
}

bool wvm_pool_text_is(struct wvm_pool_text text, const char *word)
{
    return strlen(word) == text.len && memcmp(text.at, word, text.len) == 0;
}

static unsigned digit_of(char c)
{
    if (c >= '0' && c <= '9')
        return (unsigned)(c - '0');
    c |= 0x20;
    return c >= 'a' && c <= 'f' ? (unsigned)(c - 'a') + 10 : 16;
}

static bool is_hex(struct wvm_pool_text text)
{
    return text.len > 2 && text.at[0] == '0' && text.at[1] == 'x';
}

bool wvm_pool_text_number(struct wvm_pool_text text, uint64_t *out)
{
    unsigned base = is_hex(text) ? 16 : 10;
    uint64_t v = 0;
    for (size_t i = base == 16 ? 2 : 0; i < text.len; i++) {
        unsigned digit = digit_of(text.at[i]);
        if (digit >= base || __builtin_mul_overflow(v, (uint64_t)base, &v)
            || __builtin_add_overflow(v, (uint64_t)digit, &v))
            return false;
    }
    *out = v;
    return text.len > 0;
}

/* ---- terms ---- */

static bool take_tag_value(struct wvm_pool_filter *filter, struct wvm_pool_text value)
{
    uint64_t v;
    if (!wvm_pool_text_number(value, &v) || v > UINT32_MAX)
        return false;
    filter->tag = (uint32_t)v & 0x7fffffff; /* blocks have their tags without the protected bit */
    filter->tag_mask = UINT32_MAX;
    filter->blanks = 0;
    return true;
}

static bool take_tag(struct wvm_pool_filter *filter, struct wvm_pool_text value)
{
    uint32_t tag = 0, mask = 0, blanks = 0;
    bool rest = value.len > 0 && value.at[value.len - 1] == '*';
    size_t n = rest ? value.len - 1 : value.len;
    if (is_hex(value))
        return take_tag_value(filter, value);
    if (value.len == 0 || n > TAG_LEN)
        return false;
    for (unsigned i = 0; i < TAG_LEN; i++) {
        bool given = i < n;
        uint32_t byte = (uint32_t)0xff << (8 * i);
        if (given && value.at[i] == '?')
            continue;
        if (given)
            tag |= (uint32_t)(unsigned char)value.at[i] << (8 * i);
        else if (rest)
            break;
        else
            blanks |= byte;
        mask |= byte;
    }
    filter->tag = tag;
    filter->tag_mask = mask;
    filter->blanks = blanks;
    return true;
}

static bool take_kind(struct wvm_pool_filter *filter, struct wvm_pool_text value)
{
    static const struct {
        const char *word;
        unsigned kinds;
    } words[] = {
        {"paged", 1u << WVM_POOL_PAGED},
        {"nonpaged", 1u << WVM_POOL_NX | 1u << WVM_POOL_EXEC},
        {"nx", 1u << WVM_POOL_NX},
        {"exec", 1u << WVM_POOL_EXEC},
    };
    for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
        if (wvm_pool_text_is(value, words[i].word)) {
            filter->kinds = words[i].kinds;
            return true;
        }
    return false;
}

static bool take_size(size_t *size, struct wvm_pool_text value)
{
    uint64_t v;
    if (!wvm_pool_text_number(value, &v) || v == 0 || v > SIZE_MAX)
        return false;
    *size = (size_t)v;
    return true;
}

enum wvm_pool_term wvm_pool_filter_term(struct wvm_pool_filter *filter, struct wvm_pool_text name,
                                        struct wvm_pool_text value)
{
    bool taken;
    if (wvm_pool_text_is(name, "tag"))
        taken = take_tag(filter, value);
    else if (wvm_pool_text_is(name, "kind"))
        taken = take_kind(filter, value);
    else if (wvm_pool_text_is(name, "min"))
        taken = take_size(&filter->min, value);
    else if (wvm_pool_text_is(name, "max"))
        taken = take_size(&filter->max, value);
    else
        return WVM_POOL_TERM_UNKNOWN;
    return taken ? WVM_POOL_TERM_TAKEN : WVM_POOL_TERM_BAD;
}

/* ---- matching ---- */

/* The tag with its zero bytes of `blanks` as if they were the blanks that they stand for. */
static bool tag_matches(const struct wvm_pool_filter *filter, uint32_t tag)
{
    const uint32_t spaces = 0x20202020;
    uint32_t difference = (tag ^ filter->tag) & filter->tag_mask & ~filter->blanks;
    for (unsigned shift = 0; shift < 32; shift += 8) {
        uint32_t byte = ((uint32_t)0xff << shift) & filter->blanks;
        if ((tag & byte) != 0 && (tag & byte) != (spaces & byte))
            return false;
    }
    return difference == 0;
}

bool wvm_pool_filter_matches(const struct wvm_pool_filter *filter,
                             const struct wvm_pool_request *rq)
{
    return tag_matches(filter, rq->tag) && rq->size >= filter->min
           && (filter->max == 0 || rq->size <= filter->max)
           && (filter->kinds == 0 || (filter->kinds & 1u << rq->kind) != 0);
}

void wvm_pool_put_tag(struct wvm_buf *out, uint32_t tag)
{
    for (unsigned i = 0; i < TAG_LEN; i++) {
        unsigned char c = (unsigned char)(tag >> (8 * i));
        wvm_buf_char(out, c >= 0x20 && c < 0x7f ? (char)c : '.');
    }
}
