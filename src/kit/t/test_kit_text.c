/* Text: code pages, comparisons, lstr functions, wsprintf. */
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
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

START_TEST(lstr)
{
    char a[16];
    WCHAR w[16];
    ck_assert(lstrlenA("abc") == 3 && lstrlenA(NULL) == 0 && lstrlenW(u"ab") == 2);
    ck_assert_ptr_eq(lstrcpyA(a, "abc"), a);
    ck_assert_ptr_eq(lstrcatA(a, "def"), a);
    ck_assert_str_eq(a, "abcdef");
    ck_assert(lstrcpyW(w, u"abc") == w && lstrcatW(w, u"d") == w);
    EQUAL16(w, u"abcd");
    ck_assert_str_eq(lstrcpynA(a, "abcdef", 4), "abc");
    ck_assert_ptr_eq(lstrcpynW(w, u"abcdef", 3), w);
    EQUAL16(w, u"ab");
    ck_assert(!lstrcpyA(NULL, "a") && !lstrcpyW(w, NULL) && !lstrcpynA(a, "a", 0));
    ck_assert(lstrcmpA("a", "B") < 0 && lstrcmpA("a", "A") < 0 && lstrcmpA("ab", "Aa") > 0);
    ck_assert(lstrcmpiA("aBc", "AbC") == 0 && lstrcmpiA("1", "a") < 0 && lstrcmpiA("_", "1") < 0);
    ck_assert(lstrcmpW(u"abc", u"abc") == 0 && lstrcmpW(u"ab", u"abc") < 0);
    ck_assert(lstrcmpiW(u"\u00e4", u"\u00c4") == 0 && lstrcmpW(NULL, u"") == 0);
}
END_TEST

#define FORMATS_TO(want, ...)                                                  \
    do {                                                                       \
        char out[1024];                                                        \
        ck_assert_int_eq(wsprintfA(out, __VA_ARGS__), (int)strlen(want));      \
        ck_assert_str_eq(out, want);                                           \
    } while (0)

START_TEST(formats)
{
    WCHAR w[64];
    FORMATS_TO("a -5 7 ff FF 0x2a %", "%c %d %u %x %X %#x %%", 'a', -5, 7, 255, 255, 42);
    FORMATS_TO("[   42][42   ][00042][007]", "[%5d][%-5d][%05d][%.3d]", 42, 42, 42, 7);
    FORMATS_TO("text wide (null)", "%s %S %s", "text", u"wide", (char *)NULL);
    FORMATS_TO("[  te][te  ]", "[%4.2s][%-4.2s]", "text", "text");
    FORMATS_TO("-1 4294967295", "%ld %lu", (LONG)-1, (ULONG)-1);
    FORMATS_TO("123456789abcdef0 -1 81985529216486895", "%I64x %I64d %llu", 0x123456789abcdef0ULL,
               -1LL, 0x0123456789abcdefULL);
#if defined(__LP64__)
    FORMATS_TO("000000000000BEEF", "%p", (void *)0xbeef);
#else
    FORMATS_TO("0000BEEF", "%p", (void *)0xbeef);
#endif
    FORMATS_TO("1 2 3 4 5 6 7 8 9 10", "%d %d %d %d %d %d %d %d %d %d", 1, 2, 3, 4, 5, 6, 7, 8, 9,
               10);
    FORMATS_TO("\xe2\x82\xac", "%ls", u"\u20ac");
    ck_assert_int_eq(wsprintfW(w, u"%s %S %hs %d", u"wide", "text", "more", -3), 17);
    EQUAL16(w, u"wide text more -3");
    char big[1024], *all = malloc(3000);
    memset(all, 'x', 2999);
    all[2999] = '\0';
    ck_assert_int_eq(wsprintfA(big, "%s", all), 1023);
    ck_assert_int_eq(wsprintfA(big, "%2000d", 1), 1023);
    free(all);
}
END_TEST

#if defined(__x86_64__)
extern int __attribute__((ms_abi)) winvm_ms_wsprintfA(LPSTR, LPCSTR, ...);
extern int __attribute__((ms_abi)) winvm_ms_wsprintfW(LPWSTR, LPCWSTR, ...);

START_TEST(formats_of_windows_callers)
{
    char a[64];
    WCHAR w[64];
    ck_assert_int_eq(winvm_ms_wsprintfA(a, "%d %s %I64x %u %d", -1, "text", 1ULL << 40, 3u, 4), 23);
    ck_assert_str_eq(a, "-1 text 10000000000 3 4");
    ck_assert_int_eq(winvm_ms_wsprintfW(w, u"%s-%d-%d-%d-%d", u"w", 1, 2, 3, 4), 9);
    EQUAL16(w, u"w-1-2-3-4");
}
END_TEST
#endif

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("kit_text", 10, &tc);
    tcase_add_test(tc, to_utf16);
    tcase_add_test(tc, to_utf16_refused);
    tcase_add_test(tc, from_utf16);
    tcase_add_test(tc, ordinal);
    tcase_add_test(tc, lstr);
    tcase_add_test(tc, formats);
#if defined(__x86_64__)
    tcase_add_test(tc, formats_of_windows_callers);
#endif
    return unit_run(suite);
}
