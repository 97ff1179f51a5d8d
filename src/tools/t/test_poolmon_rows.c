/* Rows, tags, patterns, lines and JSON of winvm-poolmon. */
#include <errno.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/t/unit.h"
#include "tools/poolmon.h"

#define TAG(a, b, c, d) \
    ((uint32_t)(a) | (uint32_t)(b) << 8 | (uint32_t)(c) << 16 | (uint32_t)(d) << 24)

void poolmon_die(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    abort();
}

START_TEST(tags)
{
    char text[5];
    poolmon_tag_text(0x46726564, text); /* 'Fred' in a source (POOL-142) */
    ck_assert_str_eq(text, "derF");
    poolmon_tag_text(TAG('C', 'M', ' ', ' '), text);
    ck_assert_str_eq(text, "CM  ");
    poolmon_tag_text(TAG('a', 0, 0x7f, 0xff), text);
    ck_assert_str_eq(text, "a...");
}
END_TEST

START_TEST(patterns)
{
    ck_assert(poolmon_matches("Ntfs", "Ntfs"));
    ck_assert(!poolmon_matches("Ntfs", "NTFS"));
    ck_assert(!poolmon_matches("Ntf", "Ntfs"));
    ck_assert(!poolmon_matches("Ntfsx", "Ntfs"));
    ck_assert(poolmon_matches("Nt*", "Ntfs"));
    ck_assert(poolmon_matches("*s", "Ntfs"));
    ck_assert(poolmon_matches("*t*", "Ntfs"));
    ck_assert(!poolmon_matches("*x*", "Ntfs"));
    ck_assert(poolmon_matches("N??s", "Ntfs"));
    ck_assert(!poolmon_matches("???", "Ntfs"));
    ck_assert(poolmon_matches("*", ""));
    ck_assert(!poolmon_matches("", "Ntfs"));
    ck_assert(poolmon_matches("CM", "CM  "));
    ck_assert(poolmon_matches("CM ?", "CM  "));
    ck_assert(!poolmon_matches("CM ?", "CMx "));
    ck_assert(poolmon_matches("**********s", "Ntfs"));
}
END_TEST

static struct poolmon_row row(uint32_t tag, bool paged, uint64_t allocs, uint64_t frees,
                              uint64_t bytes)
{
    struct poolmon_counts c = {allocs, frees, bytes};
    return (struct poolmon_row){.tag = tag, .paged = paged, .now = c, .before = c};
}

#define A TAG('A', 'a', 'a', 'a')
#define B TAG('B', 'b', 'b', 'b')
#define C TAG('C', 'c', 'c', 'c')

/* Five rows whose every order differs. */
static struct poolmon_sample sample(struct poolmon_row *r)
{
    r[0] = row(C, false, 10, 10, 0);
    r[1] = row(A, true, 30, 5, 25 * 16);
    r[2] = row(B, false, 20, 18, 2 * 4096);
    r[3] = row(A, false, 5, 1, 4 * 32);
    r[4] = row(B, true, 10, 7, 3 * 1024);
    r[2].before.allocs = 2;
    r[4].before.frees = 1;
    return (struct poolmon_sample){.pid = 7, .name = "x", .row = r, .n_rows = 5};
}

/* The tags of the rows, small letters: paged. */
static const char *order_of(struct poolmon_choice choice)
{
    static char text[6];
    struct poolmon_row r[5];
    struct poolmon_sample s = sample(r);
    poolmon_choose(&s, &choice);
    for (size_t i = 0; i < s.n_rows; i++)
        text[i] = (char)((char)s.row[i].tag | (s.row[i].paged ? 0x20 : 0));
    text[s.n_rows] = '\0';
    return text;
}

START_TEST(orders)
{
    ck_assert_str_eq(order_of((struct poolmon_choice){.order = BY_TAG}), "AaBbC");
    ck_assert_str_eq(order_of((struct poolmon_choice){.order = BY_ALLOCS}), "aBbCA");
    ck_assert_str_eq(order_of((struct poolmon_choice){.order = BY_FREES}), "BCbaA");
    ck_assert_str_eq(order_of((struct poolmon_choice){.order = BY_DIFF}), "aAbBC");
    ck_assert_str_eq(order_of((struct poolmon_choice){.order = BY_BYTES}), "BbaAC");
    ck_assert_str_eq(order_of((struct poolmon_choice){.order = BY_EACH}), "BbAaC");
    ck_assert_str_eq(order_of((struct poolmon_choice){.order = BY_ALLOCS, .by_change = true}),
                     "BAabC");
    ck_assert_str_eq(order_of((struct poolmon_choice){.order = BY_FREES, .by_change = true}),
                     "bAaBC");
}
END_TEST

START_TEST(choices)
{
    static const char *const only_a[] = {"Aa*", NULL}, *const not_b[] = {"B*", "zzzz", NULL};
    static const char *const two[] = {"A*", "Cccc", NULL};
    ck_assert_str_eq(order_of((struct poolmon_choice){.shown = SHOW_PAGED}), "ab");
    ck_assert_str_eq(order_of((struct poolmon_choice){.shown = SHOW_NONPAGED}), "ABC");
    ck_assert_str_eq(order_of((struct poolmon_choice){.include = only_a}), "Aa");
    ck_assert_str_eq(order_of((struct poolmon_choice){.include = two}), "AaC");
    ck_assert_str_eq(order_of((struct poolmon_choice){.exclude = not_b}), "AaC");
    ck_assert_str_eq(order_of((struct poolmon_choice){.include = two, .exclude = only_a}), "C");
    ck_assert_str_eq(order_of((struct poolmon_choice){.include = not_b, .exclude = not_b}), "");
}
END_TEST

START_TEST(letters)
{
    static const char keys[] = "tafdbm";
    enum poolmon_order order = BY_EACH;
    for (unsigned i = 0; i < 6; i++) {
        ck_assert(poolmon_order_named(keys[i], &order));
        ck_assert_uint_eq(order, i);
    }
    ck_assert(poolmon_order_named('B', &order));
    ck_assert_uint_eq(order, BY_BYTES);
    ck_assert(!poolmon_order_named('p', &order) && !poolmon_order_named('\0', &order));
    ck_assert_uint_eq(order, BY_BYTES);
}
END_TEST

START_TEST(numbers)
{
    struct poolmon_counts c = {100, 96, 1000};
    ck_assert_int_eq(poolmon_diff(&c), 4);
    ck_assert_uint_eq(poolmon_each(&c), 250);
    c.frees = 100;
    ck_assert_uint_eq(poolmon_each(&c), 0);
    c.frees = 101;
    ck_assert_int_eq(poolmon_diff(&c), -1);
    ck_assert_uint_eq(poolmon_each(&c), 0);
}
END_TEST

/* Rows that were there, that are new, and none before. */
START_TEST(comparison)
{
    struct poolmon_row old[] = {row(C, true, 1, 0, 16), row(A, false, 5, 5, 0),
                                row(A, true, 9, 9, 9)};
    struct poolmon_row new[] = {row(A, false, 8, 6, 64), row(B, true, 3, 1, 32),
                                row(A, true, 9, 9, 9)};
    struct poolmon_sample last = {.row = old, .n_rows = 3}, s = {.row = new, .n_rows = 3};
    struct poolmon_sample none = {0};
    poolmon_compare(&s, &last);
    ck_assert_uint_eq(new[0].before.allocs, 5);
    ck_assert_uint_eq(new[0].before.bytes, 0);
    ck_assert_uint_eq(new[1].before.allocs, 0);
    ck_assert(poolmon_changed(&new[0]) && poolmon_changed(&new[1]) && !poolmon_changed(&new[2]));
    poolmon_compare(&s, &none);
    ck_assert(poolmon_changed(&new[2]));
    ck_assert_uint_eq(old[0].tag, C);
}
END_TEST

/* ---- lines ---- */

START_TEST(lines)
{
    char line[POOLMON_LINE];
    struct poolmon_row r = row(TAG('C', 'M', ' ', ' '), true, 1283, 1002, 1377312);
    poolmon_line(&r, NULL, line);
    ck_assert_str_eq(line,
                     " CM   Paged      1283 (   0)      1002 (   0)     281   1377312 (     0)"
                     "    4901");
    r = row(A, false, 20000000000, 5, 7);
    r.before = (struct poolmon_counts){19999999990, 9, 107};
    poolmon_line(&r, NULL, line);
    ck_assert_str_eq(line, " Aaaa Nonp  20000000000 (  10)         5 (  -4) 19999999995         7 "
                           "(  -100)       0");
}
END_TEST

START_TEST(heads)
{
    char line[POOLMON_LINE];
    struct poolmon_totals t = {
        .memory = 130480 << 10, .available = 91856 << 10, .faults = 220,
        .in_ram = {2484 << 10, 7988 << 10}, .commit = 30104 << 10, .limit = 249416 << 10,
        .peak = 31028 << 10, .pool = {2485 << 10, 8304 << 10},
    };
    poolmon_head_memory(&t, line);
    ck_assert_str_eq(line, " Memory:   130480K Avail:    91856K  PageFlts:   220"
                           "  InRam Krnl: 2484K P: 7988K");
    poolmon_head_commit(&t, line);
    ck_assert_str_eq(line, " Commit:    30104K Limit:   249416K Peak:    31028K"
                           "       Pool N: 2485K P: 8304K");
    poolmon_head_columns(false, line);
    ck_assert_uint_eq(strlen(line), 80);
    ck_assert_ptr_eq(strstr(line, "Mapped_Driver"), NULL);
    poolmon_head_columns(true, line);
    ck_assert_ptr_ne(strstr(line, "Mapped_Driver"), NULL);
}
END_TEST

START_TEST(totals)
{
    char line[POOLMON_LINE];
    struct poolmon_row r[5];
    struct poolmon_sample s = sample(r);
    poolmon_total_line(&s, false, line);
    ck_assert_str_eq(line,
                     " Tot. Nonp         35 (  18)        29 (   0)       6      8320 (     0)"
                     "    1386");
    poolmon_total_line(&s, true, line);
    ck_assert_str_eq(line,
                     " Tot. Paged        40 (   0)        12 (   6)      28      3472 (     0)"
                     "     124");
}
END_TEST

/* What a function writes. */
static char *written(void (*write)(FILE *, const struct poolmon_sample *,
                                   const struct poolmon_names *),
                     const struct poolmon_sample *s, const struct poolmon_names *names)
{
    char *text = NULL;
    size_t len;
    FILE *to = open_memstream(&text, &len);
    ck_assert_ptr_ne(to, NULL);
    write(to, s, names);
    fclose(to);
    return text;
}

START_TEST(json)
{
    struct poolmon_row r = row(TAG('"', '\\', 1, 0xe9), false, 3, 1, 64);
    struct poolmon_sample s = {.pid = 42, .name = "a\"b", .row = &r, .n_rows = 1,
                               .totals = {.memory = 1, .limit = 2, .pool = {3, 4}}};
    char *text = written(poolmon_write_json, &s, NULL);
    ck_assert_str_eq(text,
        "{\n  \"pid\": 42,\n  \"name\": \"a\\\"b\",\n"
        "  \"memory\": {\"total\": 1, \"available\": 0, \"page_faults\": 0, "
        "\"nonpaged_resident\": 0, \"paged_resident\": 0},\n"
        "  \"commit\": {\"charge\": 0, \"limit\": 2, \"peak\": 0},\n"
        "  \"pool\": {\"nonpaged\": 3, \"paged\": 4},\n"
        "  \"tags\": [\n    {\"tag\": \"\\\"\\\\\\u0001\\u00e9\", \"value\": 3909180450, "
        "\"type\": \"Nonp\", \"allocs\": 3, \"frees\": 1, \"diff\": 2, \"bytes\": 64, "
        "\"per_alloc\": 32}\n  ]\n}\n");
    free(text);
    s.n_rows = 0;
    text = written(poolmon_write_json, &s, NULL);
    ck_assert_ptr_ne(strstr(text, "\"tags\": []\n}\n"), NULL);
    free(text);
}
END_TEST

/* ---- names ---- */

static struct poolmon_names *names_of(const char *text)
{
    char path[] = "/tmp/test_poolmon.XXXXXX";
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, text, strlen(text)), (ssize_t)strlen(text));
    close(fd);
    struct poolmon_names *names = poolmon_names_read(path);
    unlink(path);
    ck_assert_ptr_ne(names, NULL);
    return names;
}

static const char *driver_of(const struct poolmon_names *names, uint32_t tag)
{
    const struct poolmon_name *name = poolmon_names_find(names, tag);
    return name ? name->driver : NULL;
}

static const char table[] =
    "// Aaaa - comment.sys - no\r\n"
    "rem Aaa - comment.sys - no\r\n"
    "\r\n"
    "  Bb?? - first.sys - a pattern - with a dash  \r\n"
    "Bbbb - exact.sys  -  tail\r\n"
    "Bbbb - second.sys - later\r\n"
    "CM - nt!cm\r\n"
    "a-b  - dash.sys - -\n"
    "TooLong - long.sys - no\n"
    "nodash\n"
    "last - end.sys - no end of line";

START_TEST(name_file)
{
    struct poolmon_names *names = names_of(table);
    ck_assert_ptr_eq(driver_of(names, A), NULL);
    ck_assert_str_eq(driver_of(names, B), "exact.sys");
    ck_assert_str_eq(poolmon_names_find(names, B)->description, "tail");
    ck_assert_str_eq(driver_of(names, TAG('B', 'b', 'x', 'y')), "first.sys");
    ck_assert_str_eq(poolmon_names_find(names, TAG('B', 'b', 'x', 'y'))->description,
                     "a pattern - with a dash");
    ck_assert_str_eq(driver_of(names, TAG('C', 'M', ' ', ' ')), "nt!cm");
    ck_assert_str_eq(poolmon_names_find(names, TAG('C', 'M', ' ', ' '))->description, "");
    ck_assert_str_eq(driver_of(names, TAG('a', '-', 'b', ' ')), "dash.sys");
    ck_assert_str_eq(driver_of(names, TAG('l', 'a', 's', 't')), "end.sys");
    ck_assert_ptr_eq(driver_of(names, TAG('T', 'o', 'o', 'L')), NULL);
    ck_assert_ptr_eq(driver_of(NULL, B), NULL);
    poolmon_names_free(names);
    poolmon_names_free(NULL);
    errno = 0;
    ck_assert_ptr_eq(poolmon_names_read("/nowhere/pooltag.txt"), NULL);
    ck_assert_int_eq(errno, ENOENT);
    ck_assert_ptr_eq(poolmon_names_read("/"), NULL);
    ck_assert_int_eq(errno, EISDIR);
}
END_TEST

/* More than one buffer of lines. */
START_TEST(long_file)
{
    size_t len = 0, cap = 400000;
    char *text = malloc(cap);
    ck_assert_ptr_ne(text, NULL);
    for (unsigned i = 0; len < cap - 100; i++)
        len += (size_t)sprintf(text + len, "%04u - d%u.sys - number %u\n", i % 10000, i, i);
    struct poolmon_names *all = names_of(text);
    ck_assert_str_eq(driver_of(all, TAG('9', '9', '9', '9')), "d9999.sys");
    poolmon_names_free(all);
    free(text);
}
END_TEST

START_TEST(named_lines)
{
    char line[POOLMON_LINE];
    struct poolmon_names *all = names_of(table);
    struct poolmon_row r = row(B, false, 1, 1, 0);
    poolmon_line(&r, all, line);
    ck_assert_ptr_ne(strstr(line, "       0  [exact.sys - tail]"), NULL);
    r = row(TAG('C', 'M', ' ', ' '), true, 1, 1, 0);
    poolmon_line(&r, all, line);
    ck_assert_ptr_ne(strstr(line, "       0  [nt!cm]"), NULL);
    r = row(A, true, 1, 1, 0);
    poolmon_line(&r, all, line);
    ck_assert_ptr_ne(strstr(line, "       0  Unknown Driver"), NULL);
    struct poolmon_sample s = {.pid = 1, .row = &r, .n_rows = 1};
    char *text = written(poolmon_write_json, &s, all);
    ck_assert_ptr_ne(strstr(text, ", \"driver\": null}"), NULL);
    free(text);
    r = row(B, true, 1, 1, 0);
    text = written(poolmon_write_json, &s, all);
    ck_assert_ptr_ne(strstr(text, ", \"driver\": \"exact.sys\", \"description\": \"tail\"}"), NULL);
    free(text);
    poolmon_names_free(all);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("poolmon", 20, &tc);
    tcase_add_test(tc, tags);
    tcase_add_test(tc, patterns);
    tcase_add_test(tc, orders);
    tcase_add_test(tc, choices);
    tcase_add_test(tc, letters);
    tcase_add_test(tc, numbers);
    tcase_add_test(tc, comparison);
    tcase_add_test(tc, lines);
    tcase_add_test(tc, heads);
    tcase_add_test(tc, totals);
    tcase_add_test(tc, json);
    tcase_add_test(tc, name_file);
    tcase_add_test(tc, long_file);
    tcase_add_test(tc, named_lines);
    return unit_run(suite);
}
