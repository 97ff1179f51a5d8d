/* Formatting: every conversion against libc's printf, and the end of the buffer. */
#include <limits.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/assert.h"
#include "base/fmt.h"
#include "base/t/unit.h"

enum { CAP = 256 };

#define CHECK_SAME(...)                                  \
    do {                                                 \
        char ours[CAP], theirs[CAP];                     \
        struct wvm_buf b;                                \
        wvm_buf_init(&b, ours, sizeof(ours));            \
        wvm_buf_printf(&b, __VA_ARGS__);                 \
        snprintf(theirs, sizeof(theirs), __VA_ARGS__);   \
        ck_assert_str_eq(ours, theirs);                  \
        ck_assert_uint_eq(b.len, strlen(theirs));        \
    } while (0)

START_TEST(conversions_match_printf)
{
    CHECK_SAME("plain text");
    CHECK_SAME("%s|%c|%%", "word", 'x');
    CHECK_SAME("%d %d %d %d", 0, -1, INT_MAX, INT_MIN);
    CHECK_SAME("%ld %ld %lld %lld", LONG_MAX, LONG_MIN, LLONG_MAX, LLONG_MIN);
    CHECK_SAME("%u %x", UINT_MAX, UINT_MAX);
    CHECK_SAME("%lu %lx %llu %llx", ULONG_MAX, ULONG_MAX, ULLONG_MAX, ULLONG_MAX);
    CHECK_SAME("%zu %zx", SIZE_MAX, (size_t)0);
    CHECK_SAME("%p", (void *)(uintptr_t)0x1234abcd);
    CHECK_SAME("%u%s%lx%c", 1u, "", 2ul, '3');
}
END_TEST

START_TEST(null_string_is_named)
{
    char text[16];
    struct wvm_buf b;
    wvm_buf_init(&b, text, sizeof(text));
    wvm_buf_str(&b, NULL);
    ck_assert_str_eq(text, "(null)");
}
END_TEST

START_TEST(hex_and_dec)
{
    char text[64];
    struct wvm_buf b;
    wvm_buf_init(&b, text, sizeof(text));
    wvm_buf_hex(&b, 0);
    wvm_buf_char(&b, ' ');
    wvm_buf_hex(&b, UINT64_MAX);
    wvm_buf_char(&b, ' ');
    wvm_buf_dec(&b, UINT64_MAX);
    ck_assert_str_eq(text, "0x0 0xffffffffffffffff 18446744073709551615");
}
END_TEST

/* cap = 1 .. 12 of a text of 10 characters: cut at cap - 1, and no byte past the buffer changes. */
START_TEST(output_is_cut_at_the_end)
{
    for (size_t cap = 1; cap <= 12; cap++) {
        char text[16];
        struct wvm_buf b;
        memset(text, '#', sizeof(text));
        wvm_buf_init(&b, text, cap);
        wvm_buf_printf(&b, "%s%x", "abcdefg", 0x123u);
        size_t len = cap - 1 < 10 ? cap - 1 : 10;
        ck_assert_uint_eq(b.len, len);
        ck_assert_uint_eq(strlen(text), len);
        ck_assert_int_eq(strncmp(text, "abcdefg123", len), 0);
        for (size_t i = cap; i < sizeof(text); i++)
            ck_assert_int_eq(text[i], '#');
    }
}
END_TEST

/* The format comes from a variable: the compiler rightly warns about such formats otherwise. */
START_TEST(unknown_conversion_is_copied)
{
    static const struct { const char *fmt, *want; } cases[] = {
        {"%d %q %d", "7 %q %d"}, {"%d%", "7%"}, {"%d%l", "7%l"}, {"%d %5d", "7 %5d"},
    };
    for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++) {
        char text[32];
        struct wvm_buf b;
        void (*print)(struct wvm_buf *, const char *, ...) = wvm_buf_printf;
        wvm_buf_init(&b, text, sizeof(text));
        print(&b, cases[i].fmt, 7, 8);
        ck_assert_str_eq(text, cases[i].want);
    }
}
END_TEST

/* The message of a failed assertion, and how the process ends. */
START_TEST(assert_fail_tells_and_aborts)
{
    int fds[2], status;
    char text[128] = "";
    ck_assert_int_eq(pipe(fds), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(fds[1], STDERR_FILENO);
        wvm_assert_fail("some/file.c", 42, "a < b");
    }
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_gt(read(fds[0], text, sizeof(text) - 1), 0);
    ck_assert_str_eq(text, "winvm: some/file.c:42: a < b\n");
    ck_assert(WIFSIGNALED(status));
    ck_assert_int_eq(WTERMSIG(status), SIGABRT);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("fmt", 10, &tc);
    tcase_add_test(tc, conversions_match_printf);
    tcase_add_test(tc, null_string_is_named);
    tcase_add_test(tc, hex_and_dec);
    tcase_add_test(tc, output_is_cut_at_the_end);
    tcase_add_test(tc, unknown_conversion_is_copied);
    tcase_add_test(tc, assert_fail_tells_and_aborts);
    return unit_run(suite);
}
