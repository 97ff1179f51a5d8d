/* The option special: its text, and which requests it means.
 *
 * Terms    text = rules separated by '+', each of terms separated by ',': those of a filter
 *          (pool_filter.h) and
 *              all         a rule about every request
 *              size=N      blocks of N bytes
 *              size=N-M    of N to M bytes
 *              start, end  where in its page a block lies: Verify Start, Verify End
 *              percent=N   so many of a hundred requests that match, by chance
 *              seed=N      of that chance
 *              reserve=N   MiB of system space, for all rules together
 * I1       Chance is a function of the seed and the rule's count.
 * Locking  none.   Failure: the text is refused whole.   Signal safety: choosing. */
#include "pool/pool_special_rule.h"

enum { EVERY = 100, RESERVE = sizeof(void *) == 8 ? 64 : 16, RESERVE_MOST = 1024 };

/* ---- the text ---- */

static bool read_size(struct wvm_pool_text text, struct wvm_pool_filter *filter)
{
    struct wvm_pool_text least, most;
    uint64_t from, to;
    if (!wvm_pool_text_next(&text, '-', &least) || !wvm_pool_text_number(least, &from))
        return false;
    to = from;
    if (wvm_pool_text_next(&text, '\0', &most) && !wvm_pool_text_number(most, &to))
        return false;
    if (from == 0 || from > to || to > SIZE_MAX)
        return false;
    filter->min = (size_t)from;
    filter->max = (size_t)to;
    return true;
}

static bool read_up_to(struct wvm_pool_text text, uint64_t most, uint64_t *out)
{
    return wvm_pool_text_number(text, out) && *out >= 1 && *out <= most;
}

static bool take_value(struct wvm_special_rules *rules, struct wvm_pool_text name,
                       struct wvm_pool_text value)
{
    struct wvm_special_rule *rule = &rules->rule[rules->n];
    uint64_t v;
    switch (wvm_pool_filter_term(&rule->filter, name, value)) {
    case WVM_POOL_TERM_TAKEN:
        return true;
    case WVM_POOL_TERM_BAD:
        return false;
    case WVM_POOL_TERM_UNKNOWN:
        break;
    }
    if (wvm_pool_text_is(name, "size"))
        return read_size(value, &rule->filter);
    if (wvm_pool_text_is(name, "seed"))
        return wvm_pool_text_number(value, &rule->seed);
    if (wvm_pool_text_is(name, "percent") && read_up_to(value, EVERY, &v))
        rule->percent = (unsigned)v;
    else if (wvm_pool_text_is(name, "reserve") && read_up_to(value, RESERVE_MOST, &v))
        rules->reserve = (size_t)v << 20;
    else
        return false;
    return true;
}

static bool take_term(struct wvm_special_rules *rules, struct wvm_pool_text term)
{
    struct wvm_pool_text name;
    if (wvm_pool_text_is(term, "all"))
        return true;
    if (wvm_pool_text_is(term, "start") || wvm_pool_text_is(term, "end")) {
        rules->rule[rules->n].start = term.len == sizeof "start" - 1;
        return true;
    }
    (void)wvm_pool_text_next(&term, '=', &name);
    return term.at != NULL && take_value(rules, name, term);
}

const char *wvm_special_parse(const char *text, struct wvm_special_rules *out)
{
    struct wvm_pool_text left = {text, __builtin_strlen(text)}, rule, term;
    *out = (struct wvm_special_rules){.reserve = (size_t)RESERVE << 20};
    while (wvm_pool_text_next(&left, '+', &rule)) {
        if (out->n == WVM_SPECIAL_MOST_RULES)
            return "there are more rules than 16";
        out->rule[out->n].percent = EVERY;
        while (wvm_pool_text_next(&rule, ',', &term))
            if (!take_term(out, term))
                return "a term is not known, or has a value that it cannot have";
        out->n++;
    }
    return NULL;
}

/* ---- requests ---- */

static uint64_t mix(uint64_t x)
{
    x += 0x9E3779B97F4A7C15;
    x = (x ^ x >> 30) * 0xBF58476D1CE4E5B9;
    x = (x ^ x >> 27) * 0x94D049BB133111EB;
    return x ^ x >> 31;
}

static bool is_chosen(const struct wvm_special_rule *rule, uint64_t n)
{
    return rule->percent == EVERY || mix(mix(rule->seed) + n) % EVERY < rule->percent;
}

const struct wvm_special_rule *wvm_special_choose(struct wvm_special_rules *rules,
                                                  const struct wvm_pool_request *rq)
{
    for (unsigned i = 0; i < rules->n; i++) {
        struct wvm_special_rule *rule = &rules->rule[i];
        if (wvm_pool_filter_matches(&rule->filter, rq) &&
            is_chosen(rule, __atomic_fetch_add(&rule->count, 1, __ATOMIC_RELAXED)))
            return rule;
    }
    return NULL;
}

bool wvm_special_would_choose(const struct wvm_special_rules *rules,
                              const struct wvm_pool_request *rq)
{
    for (unsigned i = 0; i < rules->n; i++) {
        const struct wvm_special_rule *rule = &rules->rule[i];
        if (wvm_pool_filter_matches(&rule->filter, rq) &&
            is_chosen(rule, __atomic_load_n(&rule->count, __ATOMIC_RELAXED)))
            return true;
    }
    return false;
}
