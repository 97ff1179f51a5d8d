/* Fault injection: the rules' text, what they match, what fails, always the same. */
#include <string.h>

#include "base/options.h"
#include "base/t/unit.h"
#include "host/host.h"
#include "pool/pool_filter.h"
#include "pool/pool_inject.h"

/* The pool that this test stands for. */
static const struct wvm_pool_observer *observer;
static unsigned n_observers;

void wvm_pool_observe(const struct wvm_pool_observer *o)
{
    observer = o;
    n_observers++;
}

#define TAG(a, b, c, d) \
    ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

static bool fails(enum wvm_pool_kind kind, size_t size, uint32_t tag)
{
    struct wvm_pool_request rq = {.kind = kind, .tag = tag, .size = size};
    return observer->refuse(&rq);
}

static bool fails_plain(void)
{
    return fails(WVM_POOL_NX, 100, TAG('a', 'b', 'c', 'D'));
}

static void rules(const char *text)
{
    const char *why = wvm_pool_inject_rules(text);
    ck_assert_msg(why == NULL, "%s: %s", text != NULL ? text : "", why);
}

/* Which of the first 64 plain allocations fail, as bits. */
static uint64_t pattern(void)
{
    uint64_t bits = 0;
    for (unsigned i = 0; i < 64; i++)
        bits |= (uint64_t)fails_plain() << i;
    return bits;
}

START_TEST(counts)
{
    rules("nth=5");
    ck_assert_uint_eq(pattern(), 1u << 4);
    rules("every=10");
    ck_assert_uint_eq(pattern(), 1ull << 9 | 1ull << 19 | 1ull << 29 | 1ull << 39 | 1ull << 49
                                     | 1ull << 59);
    rules("all");
    ck_assert_uint_eq(pattern(), UINT64_MAX);
    rules("after=60");
    ck_assert_uint_eq(pattern(), 0xfull << 60);
    rules("after=10,nth=2");
    ck_assert_uint_eq(pattern(), 1ull << 11);
    rules("nth=1+nth=3+every=60");
    ck_assert_uint_eq(pattern(), 5 | 1ull << 59);
    rules("nth=2,every=30");
    ck_assert_uint_eq(pattern(), 2 | 1ull << 29 | 1ull << 59);
    rules("");
    ck_assert_uint_eq(pattern(), 0);
    rules(NULL);
    ck_assert_uint_eq(pattern(), 0);
    ck_assert_uint_eq(n_observers, 1);
}
END_TEST

START_TEST(a_rule_counts_what_it_matches)
{
    rules("tag=abcD,nth=2+tag=wxyz,nth=3");
    ck_assert(!fails(WVM_POOL_NX, 1, TAG('w', 'x', 'y', 'z')));
    ck_assert(!fails_plain());
    ck_assert(!fails(WVM_POOL_NX, 1, TAG('w', 'x', 'y', 'z')));
    ck_assert(fails_plain());
    ck_assert(fails(WVM_POOL_NX, 1, TAG('w', 'x', 'y', 'z')));
    ck_assert(!fails(WVM_POOL_NX, 1, TAG('w', 'x', 'y', 'z')));
}
END_TEST

START_TEST(tags)
{
    static const struct {
        const char *text;
        uint32_t tag;
        bool matches;
    } cases[] = {
        {"tag=abcD", TAG('a', 'b', 'c', 'D'), true},
        {"tag=abcD", TAG('D', 'c', 'b', 'a'), false},
        {"tag=abcD", TAG('a', 'b', 'c', 'd'), false},
        {"tag=ab", TAG('a', 'b', ' ', ' '), true},
        {"tag=ab", TAG('a', 'b', 0, 0), true},
        {"tag=ab", TAG('a', 'b', 'c', ' '), false},
        {"tag=ab*", TAG('a', 'b', 'c', ' '), true},
        {"tag=ab*", TAG('a', 'c', 'c', ' '), false},
        {"tag=*", TAG(1, 2, 3, 4), true},
        {"tag=?b?D", TAG('x', 'b', 'y', 'D'), true},
        {"tag=?b?D", TAG('x', 'b', 'y', 'd'), false},
        {"tag=0x44636261", TAG('a', 'b', 'c', 'D'), true},
        {"tag=0xC4636261", TAG('a', 'b', 'c', 'D'), true},
        {"tag=0x61626344", TAG('a', 'b', 'c', 'D'), false},
    };
    for (unsigned i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        rules(cases[i].text);
        ck_assert_msg(fails(WVM_POOL_PAGED, 1, cases[i].tag) == cases[i].matches, "case %u", i);
    }
}
END_TEST

START_TEST(kinds_and_sizes)
{
    rules("kind=paged");
    ck_assert(fails(WVM_POOL_PAGED, 1, 1) && !fails(WVM_POOL_NX, 1, 1)
              && !fails(WVM_POOL_EXEC, 1, 1));
    rules("kind=nonpaged");
    ck_assert(!fails(WVM_POOL_PAGED, 1, 1) && fails(WVM_POOL_NX, 1, 1)
              && fails(WVM_POOL_EXEC, 1, 1));
    rules("kind=exec");
    ck_assert(!fails(WVM_POOL_NX, 1, 1) && fails(WVM_POOL_EXEC, 1, 1));
    rules("kind=nx");
    ck_assert(fails(WVM_POOL_NX, 1, 1) && !fails(WVM_POOL_EXEC, 1, 1));
    rules("min=16,max=0x20");
    ck_assert(!fails(WVM_POOL_NX, 15, 1) && fails(WVM_POOL_NX, 16, 1));
    ck_assert(fails(WVM_POOL_NX, 32, 1) && !fails(WVM_POOL_NX, 33, 1));
}
END_TEST

START_TEST(chance_is_repeatable)
{
    unsigned n = 0;
    rules("percent=50,seed=1");
    uint64_t first = pattern();
    rules("percent=50,seed=1");
    ck_assert_uint_eq(pattern(), first);
    rules("percent=50,seed=2");
    ck_assert_uint_ne(pattern(), first);
    rules("percent=2.5");
    for (unsigned i = 0; i < 100000; i++)
        n += fails_plain();
    ck_assert_uint_gt(n, 2250);
    ck_assert_uint_lt(n, 2750);
    rules("percent=100");
    ck_assert_uint_eq(pattern(), UINT64_MAX);
}
END_TEST

START_TEST(every_allocation_in_turn)
{
    struct wvm_pool_injected count;
    unsigned runs = 0;
    do {
        wvm_pool_inject_nth(++runs);
        for (unsigned i = 1; i <= 7; i++)
            ck_assert(fails_plain() == (i == runs));
        wvm_pool_injected(&count);
        ck_assert_uint_eq(count.seen, 7);
    } while (count.refused != 0);
    ck_assert_uint_eq(runs, 8);
    wvm_pool_inject_nth(0);
    ck_assert_uint_eq(pattern(), 0);
}
END_TEST

START_TEST(bad_text_changes_nothing)
{
    static const char *const bad[] = {
        "nth", "nth=", "nth=0", "nth=x", "nth=5,", "nth=5+", "+nth=5", "nth=5;every=3", "what=1",
        "all=1", "tag=", "tag=abcde", "tag=0x1ffffffff", "tag", "kind=none", "kind=", "min=0",
        "min=18446744073709551616", "percent=0", "percent=101", "percent=100.01", "percent=1.234",
        "percent=.5", "percent=5.", "percent=-1", "every=0", "seed=", "after=k", " nth=1",
        "all+all+all+all+all+all+all+all+all+all+all+all+all+all+all+all+all",
    };
    rules("nth=3");
    for (unsigned i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
        ck_assert_msg(wvm_pool_inject_rules(bad[i]) != NULL, "%s was taken", bad[i]);
    ck_assert_uint_eq(pattern(), 4);
}
END_TEST

START_TEST(the_option)
{
    wvm_options_parse("fail=tag=abcD,nth=2+kind=paged,after=1", NULL);
    wvm_pool_inject_start();
    ck_assert_uint_eq(n_observers, 1);
    ck_assert(!fails_plain() && fails_plain() && !fails_plain());
    ck_assert(!fails(WVM_POOL_PAGED, 1, 1) && fails(WVM_POOL_PAGED, 1, 1));
}
END_TEST

START_TEST(the_program_comes_before_the_option)
{
    wvm_options_parse("fail=all", NULL);
    rules("nth=2");
    wvm_pool_inject_start();
    ck_assert_uint_eq(pattern(), 2);
}
END_TEST

START_TEST(nothing_without_the_option)
{
    wvm_pool_inject_start();
    ck_assert_uint_eq(n_observers, 0);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("pool_inject", 10, &tc);
    tcase_add_test(tc, counts);
    tcase_add_test(tc, a_rule_counts_what_it_matches);
    tcase_add_test(tc, tags);
    tcase_add_test(tc, kinds_and_sizes);
    tcase_add_test(tc, chance_is_repeatable);
    tcase_add_test(tc, every_allocation_in_turn);
    tcase_add_test(tc, bad_text_changes_nothing);
    tcase_add_test(tc, the_option);
    tcase_add_test(tc, the_program_comes_before_the_option);
    tcase_add_test(tc, nothing_without_the_option);
    return unit_run(suite);
}
