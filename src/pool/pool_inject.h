/* Fault injection: allocations that fail on purpose, always the same ones. */
#ifndef WVM_POOL_POOL_INJECT_H
#define WVM_POOL_POOL_INJECT_H

#include "pool/pool.h"

/* Once, when the pool starts: the rules of the option fail=, unless there are others by then. */
void wvm_pool_inject_start(void);
/* Puts these rules in place of all others and sets the counts to 0. NULL or "": none. Answers NULL,
 * or what is wrong with the text; nothing is changed then. By one thread at a time; an allocation
 * that another thread makes meanwhile goes by the old rules, the new ones or none. */
const char *wvm_pool_inject_rules(const char *text);
/* The same with one rule: the n-th allocation from now on fails, of whatever kind. 0: none. */
void wvm_pool_inject_nth(uint64_t n);
/* Allocations since the rules were set, and how many of them failed by a rule. */
struct wvm_pool_injected {
    uint64_t seen, refused;
};
void wvm_pool_injected(struct wvm_pool_injected *out);

#endif
