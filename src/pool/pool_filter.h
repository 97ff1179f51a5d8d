/* Which requests a setting is about, and how its text is read: terms NAME=VALUE separated by ','.
 *
 *   tag=abcD   the four characters as poolmon shows them; fewer are followed by blanks or zeros;
 *              '?' is any character, a final '*' any rest; tag=0x44636261 is the same by value
 *   kind=K     paged, nonpaged, nx or exec
 *   min=N      blocks of at least N bytes
 *   max=N      blocks of at most N bytes
 * Numbers are decimal or, with 0x, hexadecimal. A term given twice: the last one counts. */
#ifndef WVM_POOL_POOL_FILTER_H
#define WVM_POOL_POOL_FILTER_H

#include "base/fmt.h"
#include "pool/pool.h"

struct wvm_pool_filter {
    uint32_t tag, tag_mask; /* the bytes of a tag that count */
    uint32_t blanks;        /* of them, those that may be zero instead of blank */
    unsigned kinds;         /* 1 << enum wvm_pool_kind; 0: all */
    size_t min, max;        /* max 0: no limit */
};

/* A piece of text that is not ended by a zero. */
struct wvm_pool_text {
    const char *at;
    size_t len;
};

/* Takes what stands before the first `end` off the text. False: the text is at its end. */
bool wvm_pool_text_next(struct wvm_pool_text *text, char end, struct wvm_pool_text *out);
bool wvm_pool_text_is(struct wvm_pool_text text, const char *word);
/* False: not a number that fits. */
bool wvm_pool_text_number(struct wvm_pool_text text, uint64_t *out);

/* Takes a term into the filter. */
enum wvm_pool_term { WVM_POOL_TERM_TAKEN, WVM_POOL_TERM_UNKNOWN, WVM_POOL_TERM_BAD };
enum wvm_pool_term wvm_pool_filter_term(struct wvm_pool_filter *filter, struct wvm_pool_text name,
                                        struct wvm_pool_text value);

bool wvm_pool_filter_matches(const struct wvm_pool_filter *filter,
                             const struct wvm_pool_request *rq);

/* Appends a tag's four characters, what is not printable as '.'. */
void wvm_pool_put_tag(struct wvm_buf *out, uint32_t tag);

#endif
