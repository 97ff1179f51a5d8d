/* Names of code: our own functions, those of a library, and what is no code. */
#include <stdio.h>
#include <string.h>

#include "base/t/unit.h"
#include "host/host.h"
#include "host/host_symbol.h"

static uintptr_t returned_to;

static __attribute__((noinline)) void note_caller(void)
{
    returned_to = (uintptr_t)__builtin_return_address(0);
}

static __attribute__((noinline)) int a_static_function(void)
{
    note_caller();
    return (int)returned_to;
}

static const char *name(uintptr_t addr)
{
    static char text[256];
    struct wvm_buf b;
    wvm_buf_init(&b, text, sizeof(text));
    wvm_host_put_code(&b, addr);
    return text;
}

START_TEST(a_function_of_the_program)
{
    char want[64];
    a_static_function();
    snprintf(want, sizeof(want), "a_static_function+0x%lx (test_host_symbol+0x",
             (unsigned long)(returned_to - (uintptr_t)a_static_function));
    ck_assert_msg(strncmp(name(returned_to), want, strlen(want)) == 0, "%s", name(returned_to));
}
END_TEST

START_TEST(a_function_of_a_library)
{
    int (*function)(const char *, ...) = printf;
    const char *text = name((uintptr_t)function + 4);
    ck_assert_ptr_nonnull(strstr(text, "libc.so"));
    ck_assert_ptr_nonnull(strstr(text, "printf+0x4 ("));
}
END_TEST

START_TEST(no_code)
{
    int here;
    char want[32];
    snprintf(want, sizeof(want), "0x%lx", (unsigned long)(uintptr_t)&here);
    ck_assert_str_eq(name((uintptr_t)&here), want);
    ck_assert_str_eq(name(16), "0x10");
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("host_symbol", 10, &tc);
    wvm_host_init();
    tcase_add_test(tc, a_function_of_the_program);
    tcase_add_test(tc, a_function_of_a_library);
    tcase_add_test(tc, no_code);
    return unit_run(suite);
}
