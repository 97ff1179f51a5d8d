/* Fault injection: an observer that refuses allocations by rules.
 *
 * Terms    rule = a filter (pool_filter.h) and what of the allocations that match it fails;
 *          text = rules separated by '+', each of terms separated by ',': those of a filter and
 *              nth=N      the N-th
 *              every=N    every N-th
 *              percent=P  so many of a hundred, two decimals at most, by chance
 *              seed=N     of that chance
 *              after=N    the first N do not count for the others
 *              all        every one, as without nth, every and percent
 *          set = the rules in force, with their counters.
 * I1       Every rule counts every allocation that matches it, whatever other rules say of it: what
 *          fails depends on the rules and on the order of the allocations, on nothing else.
 * I2       Chance is a function of the seed and the rule's count.
 * I3       A new set is written where no thread looks: beside the one in force. A thread that is
 *          late, and looks at the set before the last, judges one allocation by what it finds.
 * Locking  none.   Failure: bad text is refused whole.   Signal safety: refusing; not setting. */
#include "pool/pool_inject.h"

#include <string.h>

#include "base/options.h"
#include "host/host.h"
#include "pool/pool_filter.h"

enum { RULES_MOST = 16, WHOLE = 10000, TAG_CAP = 8 };

struct rule {
    struct wvm_pool_filter filter;
    uint64_t nth, every, after, seed;
    unsigned chance;   /* of WHOLE */
    wvm_word64 count;  /* (a) allocations that matched */
};

struct set {
    wvm_word64 seen, refused; /* (a) */
    unsigned n;
    struct rule rule[RULES_MOST];
};

static struct set sets[2];
static struct set *in_force = &sets[0]; /* (a) */
static bool observing;

/* ---- the text ---- */

/* "3", "0.5", "12.25": of WHOLE. */
static bool read_percent(struct wvm_pool_text text, unsigned *out)
{
    struct wvm_pool_text whole, part = {"", 0};
    uint64_t w, p = 0;
    if (!wvm_pool_text_next(&text, '.', &whole) || !wvm_pool_text_number(whole, &w) || w > 100)
        return false;
    if (wvm_pool_text_next(&text, '\0', &part)
        && (part.len > 2 || !wvm_pool_text_number(part, &p)))
        return false;
    *out = (unsigned)(w * 100 + p * (part.len == 1 ? 10 : 1));
    return *out > 0 && *out <= WHOLE;
}

static bool read_count(struct wvm_pool_text value, uint64_t *out)
{
    uint64_t v;
    if (!wvm_pool_text_number(value, &v) || v == 0)
        return false;
    *out = v;
    return true;
}

/* NULL: taken. */
static const char *take_term(struct rule *rule, struct wvm_pool_text term)
{
    static const char bad[] = "a term has a value that it cannot have";
    struct wvm_pool_text name, value = {NULL, 0};
    bool taken;
    (void)wvm_pool_text_next(&term, '=', &name);
    if (wvm_pool_text_is(name, "all") && term.at == NULL)
        return NULL;
    if (!wvm_pool_text_next(&term, '\0', &value))
        return "a term is neither 'all' nor NAME=VALUE";
    switch (wvm_pool_filter_term(&rule->filter, name, value)) {
    case WVM_POOL_TERM_TAKEN:
        return NULL;
    case WVM_POOL_TERM_BAD:
        return bad;
    case WVM_POOL_TERM_UNKNOWN:
        break;
    }
    if (wvm_pool_text_is(name, "nth"))
        taken = read_count(value, &rule->nth);
    else if (wvm_pool_text_is(name, "every"))
        taken = read_count(value, &rule->every);
    else if (wvm_pool_text_is(name, "percent"))
        taken = read_percent(value, &rule->chance);
    else if (wvm_pool_text_is(name, "seed"))
        taken = wvm_pool_text_number(value, &rule->seed);
    else if (wvm_pool_text_is(name, "after"))
        taken = wvm_pool_text_number(value, &rule->after);
    else
        return "a term is not known";
    return taken ? NULL : bad;
}

static const char *take_rule(struct set *set, struct wvm_pool_text text)
{
    struct wvm_pool_text term;
    const char *why = NULL;
    if (set->n == RULES_MOST)
        return "there are more rules than 16";
    struct rule *rule = &set->rule[set->n++];
    *rule = (struct rule){.count = 0};
    while (why == NULL && wvm_pool_text_next(&text, ',', &term))
        why = take_term(rule, term);
    return why;
}

/* ---- judging ---- */

/* A number that looks like chance (splitmix64). */
static uint64_t mix(uint64_t x)
{
    x += 0x9e3779b97f4a7c15;
    x = (x ^ x >> 30) * 0xbf58476d1ce4e5b9;
    x = (x ^ x >> 27) * 0x94d049bb133111eb;
    return x ^ x >> 31;
}

/* k: the how-many-th allocation that matches, from 1. */
static bool hits(const struct rule *rule, uint64_t k)
{
    if (k <= rule->after)
        return false;
    k -= rule->after;
    if (rule->nth == 0 && rule->every == 0 && rule->chance == 0)
        return true;
    return k == rule->nth || (rule->every != 0 && k % rule->every == 0)
           || (rule->chance != 0 && mix(mix(rule->seed) ^ k) % WHOLE < rule->chance);
}

static void tell(const struct wvm_pool_request *rq, uint64_t seen, unsigned rule)
{
    char text[TAG_CAP];
    struct wvm_buf tag;
    if (!wvm_option(WVM_OPTION_DIAG))
        return;
    wvm_buf_init(&tag, text, sizeof(text));
    wvm_pool_put_tag(&tag, rq->tag);
    wvm_host_diag("fail: allocation %llu, %zu bytes of %s pool, tag %s: refused by rule %u",
                  (unsigned long long)seen, rq->size,
                  rq->kind == WVM_POOL_PAGED ? "paged" : "non-paged", text, rule + 1);
}

static bool refuse(const struct wvm_pool_request *rq)
{
    struct set *set = __atomic_load_n(&in_force, __ATOMIC_ACQUIRE);
    uint64_t seen = __atomic_add_fetch(&set->seen, 1, __ATOMIC_RELAXED);
    unsigned by = RULES_MOST;
    for (unsigned i = 0; i < set->n && i < RULES_MOST; i++) {
        struct rule *rule = &set->rule[i];
        if (wvm_pool_filter_matches(&rule->filter, rq)
            && hits(rule, __atomic_add_fetch(&rule->count, 1, __ATOMIC_RELAXED))
            && by == RULES_MOST)
            by = i;
    }
    if (by == RULES_MOST)
        return false;
    __atomic_fetch_add(&set->refused, 1, __ATOMIC_RELAXED);
    tell(rq, seen, by);
    return true;
}

static const struct wvm_pool_observer injector = {.refuse = refuse};

/* ---- setting ---- */

static struct set *spare_set(void)
{
    struct set *set = in_force == &sets[0] ? &sets[1] : &sets[0];
    set->n = 0;
    set->seen = set->refused = 0;
    return set;
}

static void put_in_force(struct set *set)
{
    __atomic_store_n(&in_force, set, __ATOMIC_RELEASE);
    if (!observing) {
        observing = true;
        wvm_pool_observe(&injector);
    }
}

const char *wvm_pool_inject_rules(const char *text)
{
    struct set *set = spare_set();
    struct wvm_pool_text rest = {text, text != NULL ? strlen(text) : 0}, rule;
    while (text != NULL && *text != '\0' && wvm_pool_text_next(&rest, '+', &rule)) {
        const char *why = take_rule(set, rule);
        if (why != NULL)
            return why;
    }
    put_in_force(set);
    return NULL;
}

void wvm_pool_inject_nth(uint64_t n)
{
    struct set *set = spare_set();
    if (n != 0)
        set->rule[set->n++] = (struct rule){.nth = n};
    put_in_force(set);
}

void wvm_pool_injected(struct wvm_pool_injected *out)
{
    struct set *set = __atomic_load_n(&in_force, __ATOMIC_ACQUIRE);
    out->seen = __atomic_load_n(&set->seen, __ATOMIC_RELAXED);
    out->refused = __atomic_load_n(&set->refused, __ATOMIC_RELAXED);
}

void wvm_pool_inject_start(void)
{
    const char *text = wvm_options[WVM_OPTION_FAIL].text;
    const char *why = text != NULL && !observing ? wvm_pool_inject_rules(text) : NULL;
    if (why != NULL)
        wvm_host_log("fail=%s: %s", text, why);
}
