/* The option special: which requests special pool serves. */
#ifndef WVM_POOL_POOL_SPECIAL_RULE_H
#define WVM_POOL_POOL_SPECIAL_RULE_H

#include "pool/pool_filter.h"

enum { WVM_SPECIAL_MOST_RULES = 16 };

struct wvm_special_rule {
    struct wvm_pool_filter filter;
    unsigned percent;  /* of the requests that match, 1..100 */
    bool start;        /* Verify Start, else Verify End */
    uint64_t seed;     /* of the choice by percentage */
    wvm_word64 count;  /* (a) requests that matched */
};
struct wvm_special_rules {
    unsigned n;
    struct wvm_special_rule rule[WVM_SPECIAL_MOST_RULES];
    size_t reserve; /* bytes of system space at most */
};

/* NULL: done. Else what is wrong with the text. */
const char *wvm_special_parse(const char *text, struct wvm_special_rules *out);
/* The first rule that chooses the request, of whatever size; NULL: none. Each rule asked counts the
 * request when it matches. */
const struct wvm_special_rule *wvm_special_choose(struct wvm_special_rules *rules,
                                                  const struct wvm_pool_request *rq);
/* The same without counting. */
bool wvm_special_would_choose(const struct wvm_special_rules *rules,
                              const struct wvm_pool_request *rq);

#endif
