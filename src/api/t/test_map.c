/* The map printer and the other control calls, on the whole library. */
#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "base/t/unit.h"

#include <winvm/winvm.h>

static char text[1 << 20];

/* The map at the given width, in text[]. */
static void print_map(unsigned width)
{
    FILE *f = tmpfile();
    ck_assert_ptr_nonnull(f);
    errno = 77;
    ck_assert_int_eq(winvm_map_print(fileno(f), width), 0);
    ck_assert_int_eq(errno, 77);
    rewind(f);
    text[fread(text, 1, sizeof text - 1, f)] = '\0';
    fclose(f);
}

START_TEST(lines_fit)
{
    static const unsigned widths[] = {0, 1, 40, 79, 200, 100000};
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        unsigned limit = widths[i] == 0 ? 80 : widths[i] < 40 ? 40 : widths[i];
        print_map(widths[i]);
        ck_assert_ptr_nonnull(strstr(text, "totals"));
        for (char *line = text; *line; line += strcspn(line, "\n") + 1)
            ck_assert_uint_le(strcspn(line, "\n"), limit);
    }
}
END_TEST

START_TEST(lists_runs)
{
    char line[128];
    char *p = VirtualAlloc(NULL, 1 << 20, MEM_RESERVE, PAGE_NOACCESS);
    ck_assert_ptr_nonnull(VirtualAlloc(p + 0x2000, 0x3000, MEM_COMMIT, PAGE_READWRITE));
    print_map(100);
    snprintf(line, sizeof line, "%012zx    1 MiB      PRIVATE made NOACCESS, 12 KiB committed",
             (size_t)p);
    ck_assert_ptr_nonnull(strstr(text, line));
    snprintf(line, sizeof line, "  %012zx    12 KiB     COMMIT   READWRITE\n", (size_t)p + 0x2000);
    ck_assert_ptr_nonnull(strstr(text, line));
    snprintf(line, sizeof line, "  %012zx    1004 KiB   RESERVE\n", (size_t)p + 0x5000);
    ck_assert_ptr_nonnull(strstr(text, line));
    ck_assert(VirtualFree(p, 0, MEM_RELEASE));
    print_map(100);
    ck_assert_ptr_null(strstr(text, line));
}
END_TEST

/* Runs past the limit are counted, not listed. */
START_TEST(long_lists_are_cut)
{
    char *p = VirtualAlloc(NULL, 1 << 20, MEM_RESERVE, PAGE_NOACCESS);
    for (int i = 0; i < 100; i++)
        ck_assert_ptr_nonnull(VirtualAlloc(p + i * 0x2000, 1, MEM_COMMIT, PAGE_READWRITE));
    print_map(100);
    ck_assert_ptr_nonnull(strstr(text, "  ... 176 more runs\n"));
}
END_TEST

START_TEST(failing_write)
{
    errno = 0;
    ck_assert_int_eq(winvm_map_print(-1, 80), -1);
    ck_assert_int_eq(errno, EBADF);
}
END_TEST

START_TEST(figures)
{
    struct winvm_commit_info before, after;
    SetLastError(0xdeadbeef);
    winvm_commit_info(&before);
    char *p = VirtualAlloc(NULL, 0x5000, MEM_COMMIT, PAGE_READWRITE);
    winvm_commit_info(&after);
    ck_assert_uint_eq(after.committed - before.committed, 0x5000);
    ck_assert_uint_ge(after.peak, after.committed);
    ck_assert_uint_ge(after.limit, after.committed);
    ck_assert(VirtualFree(p, 0, MEM_RELEASE));
    winvm_commit_info(&after);
    ck_assert_uint_eq(after.committed, before.committed);
    ck_assert_int_eq(winvm_audit(), 0);
    ck_assert_str_eq(winvm_version(), WINVM_VERSION_STRING);
    ck_assert_uint_eq(GetLastError(), 0xdeadbeef);
}
END_TEST

int main(void)
{
    TCase *c;
    Suite *s = unit_suite("map", 30, &c);
    tcase_add_test(c, lines_fit);
    tcase_add_test(c, lists_runs);
    tcase_add_test(c, long_lists_are_cut);
    tcase_add_test(c, failing_write);
    tcase_add_test(c, figures);
    return unit_run(s);
}
