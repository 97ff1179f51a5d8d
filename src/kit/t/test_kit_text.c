/* Text: code pages, comparisons. */
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"

#define EQUAL16(a, b) ck_assert(!memcmp((a), (b), sizeof(b)))

START_TEST(to_utf16)
{
    WCHAR w[8];
    ck_assert_int_eq(MultiByteToWideChar(CP_UTF8, 0, "a\xe2\x82\xac", -1, NULL, 0), 3);
    ck_assert_int_eq(MultiByteToWideChar(CP_ACP, MB_PRECOMPOSED, "a\xe2\x82\xac", -1, w, 8), 3);
    EQUAL16(w, u"a\u20ac");
    ck_assert_int_eq(MultiByteToWideChar(CP_UTF8, 0, "\xf0\x9f\x98\x80z", 4, w, 8), 2);
    ck_assert(w[0] == 0xd83d && w[1] == 0xde00);
    memset(w, 0x55, sizeof w);
    ck_assert_int_eq(MultiByteToWideChar(CP_UTF8, 0, "abc", -1, w, 3), 0);
    ck_assert_uint_eq(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
    ck_assert_uint_eq(w[0], 0x5555);
    ck_assert_int_eq(MultiByteToWideChar(CP_UTF8, 0, "\xff", 1, w, 8), 1);
    ck_assert_uint_eq(w[0], 0xfffd);
    ck_assert_int_eq(MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, "\xff", 1, w, 8), 0);
    ck_assert_uint_eq(GetLastError(), ERROR_NO_UNICODE_TRANSLATION);
    ck_assert_int_eq(
        MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, "\xef\xbf\xbd", 3, w, 8), 1);
    ck_assert_int_eq(MultiByteToWideChar(1252, 0, "\x80\xe4", 2, w, 8), 2);
    ck_assert(w[0] == 0x20ac && w[1] == 0xe4);
    ck_assert_int_eq(MultiByteToWideChar(20127, MB_ERR_INVALID_CHARS, "\x80", 1, w, 8), 0);
}
END_TEST

START_TEST(to_utf16_refused)
{
    WCHAR w[8];
    const struct {
        UINT page;
        DWORD flags;
        const char *text;
        int n;
        LPWSTR out;
        int cap;
        DWORD error;
    } bad[] = {
        {CP_UTF8, 0, NULL, 1, w, 8, ERROR_INVALID_PARAMETER},
        {CP_UTF8, 0, "a", 0, w, 8, ERROR_INVALID_PARAMETER},
        {CP_UTF8, 0, "a", 1, NULL, 8, ERROR_INVALID_PARAMETER},
        {CP_UTF8, 0, "a", 1, w, -1, ERROR_INVALID_PARAMETER},
        {12345, 0, "a", 1, w, 8, ERROR_INVALID_PARAMETER},
        {CP_UTF8, MB_PRECOMPOSED, "a", 1, w, 8, ERROR_INVALID_FLAGS},
        {CP_ACP, 0x100, "a", 1, w, 8, ERROR_INVALID_FLAGS},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        ck_assert_int_eq(MultiByteToWideChar(bad[i].page, bad[i].flags, bad[i].text, bad[i].n,
                                             bad[i].out, bad[i].cap), 0);
        ck_assert_uint_eq(GetLastError(), bad[i].error);
    }
}
END_TEST

START_TEST(from_utf16)
{
    char a[8];
    BOOL used = 7;
    WCHAR lone[] = {'x', 0xd83d, 'y'};
    ck_assert_int_eq(WideCharToMultiByte(CP_UTF8, 0, u"a\u20ac", -1, NULL, 0, NULL, NULL), 5);
    ck_assert_int_eq(WideCharToMultiByte(CP_UTF8, 0, u"a\u20ac", -1, a, 8, NULL, NULL), 5);
    ck_assert_str_eq(a, "a\xe2\x82\xac");
    ck_assert_int_eq(WideCharToMultiByte(CP_UTF8, 0, u"a\u20ac", -1, a, 4, NULL, NULL), 0);
    ck_assert_uint_eq(GetLastError(), ERROR_INSUFFICIENT_BUFFER);
    ck_assert_int_eq(WideCharToMultiByte(CP_UTF8, 0, lone, 3, a, 8, NULL, NULL), 5);
    ck_assert_int_eq(
        WideCharToMultiByte(CP_UTF8, WC_ERR_INVALID_CHARS, lone, 3, a, 8, NULL, NULL), 0);
    ck_assert_uint_eq(GetLastError(), ERROR_NO_UNICODE_TRANSLATION);
    ck_assert_int_eq(WideCharToMultiByte(CP_UTF8, 0, lone, 3, a, 8, NULL, &used), 0);
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    ck_assert_int_eq(WideCharToMultiByte(CP_ACP, 0, u"ok", -1, a, 8, NULL, &used), 3);
    ck_assert_int_eq(used, FALSE);
    ck_assert_int_eq(WideCharToMultiByte(1252, 0, u"\u20ac\u4e00\U0001f600", -1, a, 8, "#", &used),
                     4);
    ck_assert_str_eq(a, "\x80##");
    ck_assert_int_eq(used, TRUE);
    ck_assert(GetACP() == CP_UTF8 && IsValidCodePage(GetOEMCP()) && !IsValidCodePage(7));
}
END_TEST

START_TEST(ordinal)
{
    ck_assert_int_eq(CompareStringOrdinal(u"abc", -1, u"abd", -1, FALSE), CSTR_LESS_THAN);
    ck_assert_int_eq(CompareStringOrdinal(u"abc", -1, u"ABC", -1, FALSE), CSTR_GREATER_THAN);
    ck_assert_int_eq(CompareStringOrdinal(u"\u00e4bc\u044f", -1, u"\u00c4BC\u042f", -1, TRUE),
                     CSTR_EQUAL);
    ck_assert_int_eq(CompareStringOrdinal(u"abc", 2, u"abd", 2, FALSE), CSTR_EQUAL);
    ck_assert_int_eq(CompareStringOrdinal(u"ab", -1, u"abd", -1, FALSE), CSTR_LESS_THAN);
    ck_assert_int_eq(CompareStringOrdinal(NULL, 1, u"a", 1, FALSE), 0);
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("kit_text", 10, &tc);
    tcase_add_test(tc, to_utf16);
    tcase_add_test(tc, to_utf16_refused);
    tcase_add_test(tc, from_utf16);
    tcase_add_test(tc, ordinal);
    return unit_run(suite);
}
