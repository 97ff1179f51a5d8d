/* Counted strings, numbers in texts and random numbers of ntdll. */
#include <stdlib.h>
#include <string.h>

#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"

/* The string of a text, without the NUL. */
static UNICODE_STRING wide(LPCWSTR text)
{
    UNICODE_STRING s;
    RtlInitUnicodeString(&s, text);
    return s;
}

static STRING narrow(const char *text)
{
    STRING s;
    RtlInitString(&s, text);
    return s;
}

START_TEST(strings_that_are_a_text)
{
    static const WCHAR literal[] = u"ntdll.dll";
    static WCHAR longest[40000];
    UNICODE_STRING s = {1, 2, NULL}, before;
    STRING a;
    char *bytes = malloc(70000);
    RtlInitUnicodeString(&s, literal);
    ck_assert_uint_eq(s.Length, 18);
    ck_assert_uint_eq(s.MaximumLength, 20);
    ck_assert_ptr_eq(s.Buffer, literal);
    RtlInitUnicodeString(&s, NULL);
    ck_assert(s.Length == 0 && s.MaximumLength == 0 && !s.Buffer);
    for (int i = 0; i < 39999; i++)
        longest[i] = 'x';
    RtlInitUnicodeString(&s, longest);
    ck_assert_uint_eq(s.Length, 65532);
    ck_assert_uint_eq(s.MaximumLength, 65534);
    before = s;
    s.Length = 4;
    ck_assert_int_eq(RtlInitUnicodeStringEx(&s, longest), STATUS_NAME_TOO_LONG);
    ck_assert_uint_eq(s.Length, 4);
    longest[32766] = 0;
    ck_assert_int_eq(RtlInitUnicodeStringEx(&s, longest), STATUS_SUCCESS);
    ck_assert_mem_eq(&s, &before, sizeof s);
    memset(bytes, 'y', 69999);
    bytes[69999] = '\0';
    RtlInitAnsiString(&a, bytes);
    ck_assert(a.Length == 65534 && a.MaximumLength == 65535 && a.Buffer == bytes);
    ck_assert_int_eq(RtlInitAnsiStringEx(&a, bytes), STATUS_NAME_TOO_LONG);
    ck_assert_int_eq(RtlInitAnsiStringEx(&a, "abc"), STATUS_SUCCESS);
    ck_assert(a.Length == 3 && a.MaximumLength == 4);
    RtlInitString(&a, NULL);
    ck_assert(a.Length == 0 && a.MaximumLength == 0 && !a.Buffer);
    free(bytes);
}
END_TEST

START_TEST(buffers_of_their_own)
{
    UNICODE_STRING s;
    static char long_text[33000];
    ck_assert(RtlCreateUnicodeString(&s, u"kernel32"));
    ck_assert(s.Length == 16 && s.MaximumLength == 18 && s.Buffer[8] == 0);
    ck_assert(HeapValidate(GetProcessHeap(), 0, s.Buffer));
    RtlFreeUnicodeString(&s);
    ck_assert(s.Length == 0 && s.MaximumLength == 0 && !s.Buffer);
    RtlFreeUnicodeString(&s); /* of nothing */
    ck_assert(RtlCreateUnicodeStringFromAsciiz(&s, "\xc3\xa4z"));
    ck_assert(s.Length == 4 && s.Buffer[0] == 0xe4 && s.Buffer[1] == 'z' && s.Buffer[2] == 0);
    RtlFreeUnicodeString(&s);
    memset(long_text, 'a', sizeof long_text - 1);
    SetLastError(7);
    ck_assert(!RtlCreateUnicodeStringFromAsciiz(&s, long_text));
    long_text[32766] = '\0';
    ck_assert(RtlCreateUnicodeStringFromAsciiz(&s, long_text));
    ck_assert_uint_eq(s.Length, 65532);
    RtlFreeUnicodeString(&s);
    ck_assert_uint_eq(GetLastError(), 7);
}
END_TEST

START_TEST(conversions)
{
    UNICODE_STRING from = wide(u"\u20acuro \U0001f600"), back;
    STRING to;
    char room[11] = "..........", exact[12];
    ck_assert_int_eq(RtlUnicodeStringToAnsiString(&to, &from, TRUE), STATUS_SUCCESS);
    ck_assert_str_eq(to.Buffer, "\xe2\x82\xacuro \xf0\x9f\x98\x80");
    ck_assert(to.Length == 11 && to.MaximumLength == 12);
    ck_assert_int_eq(RtlAnsiStringToUnicodeString(&back, &to, TRUE), STATUS_SUCCESS);
    ck_assert(RtlEqualUnicodeString(&back, &from, FALSE));
    ck_assert_uint_eq(back.MaximumLength, back.Length + 2);
    back.MaximumLength = from.Length; /* no room for the NUL */
    back.Buffer[0] = 'q';
    ck_assert_int_eq(RtlAnsiStringToUnicodeString(&back, &to, FALSE), STATUS_BUFFER_OVERFLOW);
    ck_assert_int_eq(back.Buffer[0], 'q');
    RtlFreeUnicodeString(&back);
    RtlFreeAnsiString(&to);
    ck_assert_ptr_null(to.Buffer);
    to = (STRING){1, sizeof room, room};
    ck_assert_int_eq(RtlUnicodeStringToAnsiString(&to, &from, FALSE), STATUS_BUFFER_OVERFLOW);
    ck_assert(to.Length == 1 && room[0] == '.');
    to = (STRING){0, sizeof exact, exact};
    ck_assert_int_eq(RtlUnicodeStringToAnsiString(&to, &from, FALSE), STATUS_SUCCESS);
    ck_assert(to.Length == 11 && to.MaximumLength == 12 && exact[11] == '\0');
    static WCHAR euros[25001];
    for (int i = 0; i < 25000; i++)
        euros[i] = 0x20ac;
    from = wide(euros);
    ck_assert_int_eq(RtlUnicodeStringToAnsiString(&to, &from, TRUE), STATUS_INVALID_PARAMETER_2);
}
END_TEST

START_TEST(conversions_of_what_fits)
{
    char out[8];
    WCHAR units[4];
    ULONG n;
    for (ULONG cap = 0; cap <= 8; cap++) {
        static const ULONG fits[] = {0, 1, 1, 1, 4, 4, 4, 4, 8};
        memset(out, '#', sizeof out);
        ck_assert_int_eq(RtlUnicodeToMultiByteN(out, cap, &n, u"a\u20ac\U0001f600", 8),
                         STATUS_SUCCESS);
        ck_assert_uint_eq(n, fits[cap]);
        ck_assert_mem_eq(out, "a\xe2\x82\xac\xf0\x9f\x98\x80", n);
        ck_assert(cap == 8 || out[cap] == '#');
    }
    for (ULONG cap = 0; cap <= 8; cap++) {
        static const ULONG fits[] = {0, 0, 2, 2, 2, 2, 6, 6, 6};
        units[cap / 2 < 4 ? cap / 2 : 3] = 0x2323;
        RtlMultiByteToUnicodeN(units, cap, &n, "a\xf0\x9f\x98\x80", 5);
        ck_assert_uint_eq(n, fits[cap]);
        ck_assert_mem_eq(units, u"a\U0001f600", n);
        ck_assert(cap == 8 || units[cap / 2] == 0x2323);
    }
    ck_assert_int_eq(RtlMultiByteToUnicodeN(units, 8, NULL, "bc", 2), STATUS_SUCCESS);
    ck_assert(units[0] == 'b' && units[1] == 'c');
    RtlMultiByteToUnicodeSize(&n, "a\xf0\x9f\x98\x80", 5);
    ck_assert_uint_eq(n, 6);
    RtlUnicodeToMultiByteSize(&n, u"a\u20ac", 4);
    ck_assert_uint_eq(n, 4);
}
END_TEST

START_TEST(copies)
{
    WCHAR room[6];
    UNICODE_STRING to = {0, sizeof room, room}, abc = wide(u"abc"), long_one = wide(u"abcdefgh");
    RtlCopyUnicodeString(&to, &abc);
    ck_assert(to.Length == 6 && room[2] == 'c' && room[3] == 0);
    ck_assert_int_eq(RtlAppendUnicodeToString(&to, u"defg"), STATUS_BUFFER_TOO_SMALL);
    ck_assert(to.Length == 6 && room[3] == 0);
    ck_assert_int_eq(RtlAppendUnicodeToString(&to, NULL), STATUS_SUCCESS);
    ck_assert_int_eq(RtlAppendUnicodeToString(&to, u"de"), STATUS_SUCCESS);
    ck_assert(to.Length == 10 && room[4] == 'e' && room[5] == 0);
    ck_assert_int_eq(RtlAppendUnicodeStringToString(&to, &abc), STATUS_BUFFER_TOO_SMALL);
    abc.Length = 2;
    ck_assert_int_eq(RtlAppendUnicodeStringToString(&to, &abc), STATUS_SUCCESS);
    ck_assert(to.Length == 12 && room[5] == 'a');
    RtlCopyUnicodeString(&to, &long_one);
    ck_assert(to.Length == 12 && room[5] == 'f');
    RtlCopyUnicodeString(&to, NULL);
    ck_assert(to.Length == 0 && room[0] == 0);
}
END_TEST

START_TEST(order)
{
    UNICODE_STRING a = wide(u"Kernel32"), b = wide(u"kERNEL32.dll"), c = wide(u"kERNEL32");
    STRING x = narrow("Abc"), y = narrow("aBC"), z = narrow("abd");
    ck_assert(!RtlEqualUnicodeString(&a, &c, FALSE));
    ck_assert(RtlEqualUnicodeString(&a, &c, TRUE));
    ck_assert(!RtlEqualUnicodeString(&a, &b, TRUE));
    ck_assert_int_lt(RtlCompareUnicodeString(&a, &c, FALSE), 0);
    ck_assert_int_eq(RtlCompareUnicodeString(&a, &c, TRUE), 0);
    ck_assert_int_lt(RtlCompareUnicodeString(&a, &b, TRUE), 0);
    ck_assert_int_gt(RtlCompareUnicodeString(&b, &a, TRUE), 0);
    ck_assert(RtlPrefixUnicodeString(&a, &b, TRUE) && !RtlPrefixUnicodeString(&a, &b, FALSE));
    ck_assert(RtlPrefixUnicodeString(&c, &b, FALSE) && !RtlPrefixUnicodeString(&b, &c, FALSE));
    ck_assert(RtlEqualString(&x, &y, TRUE) && !RtlEqualString(&x, &y, FALSE));
    ck_assert(RtlCompareString(&x, &y, FALSE) < 0 && RtlCompareString(&z, &x, TRUE) > 0);
    ck_assert(RtlUpcaseUnicodeChar('z') == 'Z' && RtlUpcaseUnicodeChar(0xe4) == 0xc4);
    ck_assert(RtlDowncaseUnicodeChar('Z') == 'z' && RtlDowncaseUnicodeChar('[') == '[');
    for (unsigned u = 0; u < 0x10000; u++) {
        WCHAR upper = RtlUpcaseUnicodeChar((WCHAR)u);
        if (upper != u) /* each small letter is that of its capital */
            ck_assert_uint_eq(RtlDowncaseUnicodeChar(upper), u);
        if (RtlDowncaseUnicodeChar((WCHAR)u) != u)
            ck_assert_uint_eq(RtlUpcaseUnicodeChar(RtlDowncaseUnicodeChar((WCHAR)u)), u);
    }
}
END_TEST

START_TEST(hashes)
{
    UNICODE_STRING ab = wide(u"ab"), capital = wide(u"AB");
    ULONG h = 1, folded;
    ck_assert_int_eq(RtlHashUnicodeString(&ab, FALSE, HASH_STRING_ALGORITHM_DEFAULT, &h), 0);
    ck_assert_uint_eq(h, 'a' * 65599u + 'b');
    ck_assert_int_eq(RtlHashUnicodeString(&ab, TRUE, HASH_STRING_ALGORITHM_X65599, &folded), 0);
    ck_assert_int_eq(RtlHashUnicodeString(&capital, FALSE, HASH_STRING_ALGORITHM_X65599, &h), 0);
    ck_assert_uint_eq(h, folded);
    ck_assert_int_eq(RtlHashUnicodeString(&ab, TRUE, HASH_STRING_ALGORITHM_INVALID, &h),
                     STATUS_INVALID_PARAMETER);
    ck_assert_int_eq(RtlHashUnicodeString(NULL, TRUE, 0, &h), STATUS_INVALID_PARAMETER);
    ck_assert_int_eq(RtlHashUnicodeString(&ab, TRUE, 0, NULL), STATUS_INVALID_PARAMETER);
    ck_assert_uint_eq(h, folded);
}
END_TEST

static ULONG read_in(const char *text, ULONG base)
{
    ULONG value = 0xaaaa;
    ck_assert_int_eq(RtlCharToInteger(text, base, &value), STATUS_SUCCESS);
    return value;
}

START_TEST(numbers_in_texts)
{
    ULONG value = 5;
    UNICODE_STRING s = wide(u"0x1Fz"), cut = {4, 4, s.Buffer};
    ck_assert_uint_eq(read_in("42", 0), 42);
    ck_assert_uint_eq(read_in(" \t-42x", 10), (ULONG)-42);
    ck_assert_uint_eq(read_in("+0x1fG", 0), 0x1f);
    ck_assert_uint_eq(read_in("0b1012", 0), 5);
    ck_assert_uint_eq(read_in("0o178", 0), 15);
    ck_assert_uint_eq(read_in("0x10", 10), 0);
    ck_assert_uint_eq(read_in("fF", 16), 255);
    ck_assert_uint_eq(read_in("", 0), 0);
    ck_assert_uint_eq(read_in("4294967297", 10), 1);
    ck_assert_int_eq(RtlCharToInteger("1", 7, &value), STATUS_INVALID_PARAMETER);
    ck_assert_uint_eq(value, 5);
    ck_assert_int_eq(RtlCharToInteger("1", 10, NULL), STATUS_ACCESS_VIOLATION);
    ck_assert_int_eq(RtlUnicodeStringToInteger(&s, 0, &value), STATUS_SUCCESS);
    ck_assert_uint_eq(value, 0x1f);
    ck_assert_int_eq(RtlUnicodeStringToInteger(&cut, 0, &value), STATUS_SUCCESS);
    ck_assert_uint_eq(value, 0);
}
END_TEST

START_TEST(random_numbers)
{
    ULONG seed = 1, same = 1, bits = 0;
    for (int i = 0; i < 1000; i++) {
        ULONG a = RtlRandom(&seed), b = RtlRandomEx(&same);
        ck_assert_uint_le(a, 0x7ffffffe);
        ck_assert_uint_eq(a, b);
        ck_assert_uint_eq(seed, same);
        bits |= a;
        ck_assert_uint_le(RtlUniform(&seed), 0x7ffffffe);
        RtlUniform(&same);
    }
    ck_assert_uint_eq(bits, 0x7fffffff);
    seed = 0xffffffff;
    ck_assert_uint_eq(RtlUniform(&seed), (0xffffffffULL * 0x7fffffed + 0x7fffffc3) % 0x7fffffff);
}
END_TEST

START_TEST(found_by_name)
{
    HMODULE nt = GetModuleHandleA("ntdll");
    ck_assert(GetProcAddress(nt, "RtlInitUnicodeString") && GetProcAddress(nt, "RtlRandomEx"));
    ck_assert(GetProcAddress(nt, "RtlEqualUnicodeString"));
    ck_assert(!GetProcAddress(GetModuleHandleA("kernel32"), "RtlInitUnicodeString"));
}
END_TEST

int main(void)
{
    TCase *c;
    Suite *suite = unit_suite("kit_counted", 60, &c);
    tcase_add_test(c, strings_that_are_a_text);
    tcase_add_test(c, buffers_of_their_own);
    tcase_add_test(c, conversions);
    tcase_add_test(c, conversions_of_what_fits);
    tcase_add_test(c, copies);
    tcase_add_test(c, order);
    tcase_add_test(c, hashes);
    tcase_add_test(c, numbers_in_texts);
    tcase_add_test(c, random_numbers);
    tcase_add_test(c, found_by_name);
    return unit_run(suite);
}
