/* WINVM_OPTIONS: what is taken, what is refused, and that a refusal changes nothing. */
#include <stdio.h>
#include <string.h>

#include "base/options.h"
#include "base/t/unit.h"

static char refusals[1024];

static void note_refusal(const char *part, const char *why)
{
    size_t used = strlen(refusals);
    snprintf(refusals + used, sizeof(refusals) - used, "[%s %s]", part, why);
}

static void parse(const char *text)
{
    refusals[0] = '\0';
    wvm_options_parse(text, note_refusal);
}

START_TEST(defaults_are_the_table)
{
    parse(NULL);
    parse("");
    parse("::");
    ck_assert_str_eq(refusals, "");
    ck_assert_uint_eq(wvm_option(WVM_OPTION_DIAG), 0);
    ck_assert_uint_eq(wvm_option(WVM_OPTION_GUARD), 1);
    ck_assert_ptr_null(wvm_options[WVM_OPTION_TRACE].text);
    for (int i = 0; i < WVM_N_OPTIONS; i++) {
        ck_assert_uint_gt(strlen(wvm_options[i].name), 0);
        ck_assert_uint_gt(strlen(wvm_options[i].help), 0);
    }
}
END_TEST

START_TEST(bool_words)
{
    static const struct { const char *text; uint64_t want; } cases[] = {
        {"diag", 1}, {"diag=0", 0}, {"diag=1", 1}, {"diag=no", 0}, {"diag=yes", 1},
        {"diag=off", 0}, {"diag=on", 1}, {"diag=1:diag=0", 0}, {"diag=0:diag", 1},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        parse(cases[i].text);
        ck_assert_str_eq(refusals, "");
        ck_assert_msg(wvm_option(WVM_OPTION_DIAG) == cases[i].want, "%s gave %llu", cases[i].text,
                      (unsigned long long)wvm_option(WVM_OPTION_DIAG));
    }
}
END_TEST

START_TEST(sizes)
{
    static const struct { const char *text; uint64_t want; } cases[] = {
        {"slab=0", 0}, {"slab=4096", 4096}, {"slab=0x10000", 0x10000}, {"slab=0XfF", 255},
        {"slab=3k", 3072}, {"slab=2M", 2u << 20}, {"slab=64g", (uint64_t)64 << 30},
        {"slab=8T", (uint64_t)8 << 40}, {"slab=0x10k", 0x4000},
        {"slab=18446744073709551615", UINT64_MAX}, {"slab=16777215t", (uint64_t)16777215 << 40},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        parse(cases[i].text);
        ck_assert_str_eq(refusals, "");
        ck_assert_msg(wvm_option(WVM_OPTION_SLAB) == cases[i].want, "%s gave %llu", cases[i].text,
                      (unsigned long long)wvm_option(WVM_OPTION_SLAB));
    }
}
END_TEST

START_TEST(layouts)
{
    static const struct { const char *text; uint64_t want; } cases[] = {
        {"wow64", 2048},       {"wow64=3g", 3072},    {"wow64=4g", 4096}, {"wow64=2048", 2048},
        {"wow64=2051", 2051},  {"wow64=3072", 3072},  {"wow64=2560m", 2560},
        {"wow64=4096", 4096},  {"wow64=0", 0},        {"wow64=2g", 2048}, {"wow64=no", 0},
        {"wow64=2097152k", 2048}, {"wow64=off", 0},
    };
    static const char *const bad[] = {
        "wow64=", "wow64=1g", "wow64=2047", "wow64=3073", "wow64=4095", "wow64=5g", "wow64=yes",
        "wow64=2097153k", "wow64=8t", "wow64=-1", "layout=4g", "layout", "layout=", "layout=128T",
        "wow64-gap", "wow64-gap=x",
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        parse(cases[i].text);
        ck_assert_str_eq(refusals, "");
        ck_assert_msg(wvm_option(WVM_OPTION_WOW64) == cases[i].want, "%s gave %llu", cases[i].text,
                      (unsigned long long)wvm_option(WVM_OPTION_WOW64));
    }
    parse("wow64=2222:layout=8t");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        parse(bad[i]);
        ck_assert_msg(refusals[0] == '[', "%s was taken", bad[i]);
        ck_assert_uint_eq(wvm_option(WVM_OPTION_WOW64), 2222);
        ck_assert_uint_eq(wvm_option(WVM_OPTION_LAYOUT), WVM_LAYOUT_8T);
    }
    parse("layout=2g");
    ck_assert_uint_eq(wvm_option(WVM_OPTION_LAYOUT), WVM_LAYOUT_2G);
    parse("layout=128t");
    ck_assert_uint_eq(wvm_option(WVM_OPTION_LAYOUT), WVM_LAYOUT_128T);
}
END_TEST

START_TEST(bad_parts_change_nothing)
{
    static const char *const bad[] = {
        "slab=", "slab=x", "slab=0x", "slab=12q", "slab=1kk", "slab=-1", "slab= 1", "slab=1 ",
        "slab=18446744073709551616", "slab=16777216t", "slab=0x10000000000000000", "slab",
        "diag=", "diag=2", "diag=YES", "trace", "nonsense", "nonsense=1", "=1", "=", "SLAB=1",
        "slabs=1", "sla=1",
    };
    parse("slab=7:diag=1");
    for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
        parse(bad[i]);
        ck_assert_msg(refusals[0] == '[', "%s was taken", bad[i]);
        ck_assert_uint_eq(wvm_option(WVM_OPTION_SLAB), 7);
        ck_assert_uint_eq(wvm_option(WVM_OPTION_DIAG), 1);
    }
    ck_assert_ptr_null(wvm_options[WVM_OPTION_TRACE].text);
    wvm_options_parse("nonsense", NULL);
}
END_TEST

START_TEST(good_parts_around_a_bad_one_count)
{
    parse("slab=5:what=3:audit=2");
    ck_assert_str_eq(refusals, "[what=3 is not a known option]");
    ck_assert_uint_eq(wvm_option(WVM_OPTION_SLAB), 5);
    ck_assert_uint_eq(wvm_option(WVM_OPTION_AUDIT), 2);
}
END_TEST

START_TEST(strings)
{
    char text[64] = "trace=/tmp/some file:diag";
    parse(text);
    memset(text, '#', sizeof(text)); /* the setting is a copy */
    ck_assert_str_eq(refusals, "");
    ck_assert_str_eq(wvm_options[WVM_OPTION_TRACE].text, "/tmp/some file");
    ck_assert_uint_eq(wvm_option(WVM_OPTION_DIAG), 1);
    parse("diag=0:trace=fd:3:diag");
    ck_assert_str_eq(refusals, "");
    ck_assert_str_eq(wvm_options[WVM_OPTION_TRACE].text, "fd:3");
    ck_assert_uint_eq(wvm_option(WVM_OPTION_DIAG), 1);
    parse("trace=a\\:b=c\\:");
    ck_assert_str_eq(refusals, "");
    ck_assert_str_eq(wvm_options[WVM_OPTION_TRACE].text, "a:b=c:");
}
END_TEST

START_TEST(long_texts_are_refused_whole)
{
    static char text[8192];
    strcpy(text, "trace=");
    memset(text + 6, 'x', 2000);
    strcpy(text + 2006, ":slab=9");
    parse(text);
    ck_assert_ptr_null(wvm_options[WVM_OPTION_TRACE].text);
    ck_assert_uint_eq(wvm_option(WVM_OPTION_SLAB), 9);
    /* The text area is finite: repeating a setting ends in a refusal, the last one taken stays. */
    int taken = 0;
    memset(text + 6, 'y', 400);
    text[406] = '\0';
    for (parse(text); refusals[0] == '\0' && taken < 1000; parse(text))
        taken++;
    ck_assert_int_ge(taken, 1);
    ck_assert_int_lt(taken, 1000);
    ck_assert_uint_eq(strlen(wvm_options[WVM_OPTION_TRACE].text), 400);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("options", 10, &tc);
    tcase_add_test(tc, defaults_are_the_table);
    tcase_add_test(tc, bool_words);
    tcase_add_test(tc, sizes);
    tcase_add_test(tc, layouts);
    tcase_add_test(tc, bad_parts_change_nothing);
    tcase_add_test(tc, good_parts_around_a_bad_one_count);
    tcase_add_test(tc, strings);
    tcase_add_test(tc, long_texts_are_refused_whole);
    return unit_run(suite);
}
