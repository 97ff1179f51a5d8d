/* Random bytes, the version, dates and clocks, what was used, the console. */
#include <fcntl.h>
#include <pty.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"

/* Not all of the bytes are the same: true of 32 random ones but once in 2^248 times. */
static bool differ(const unsigned char bytes[32])
{
    for (int i = 1; i < 32; i++)
        if (bytes[i] != bytes[0])
            return true;
    return false;
}

START_TEST(random_bytes)
{
    unsigned char a[32] = {0}, b[32] = {0};
    ck_assert(SystemFunction036(a, sizeof a) && differ(a));
    ck_assert(RtlGenRandom(b, sizeof b) && memcmp(a, b, sizeof a));
    memset(a, 0, sizeof a);
    ck_assert(ProcessPrng(a, sizeof a) && differ(a));
    memset(a, 0, sizeof a);
    ck_assert_int_eq(BCryptGenRandom(NULL, a, sizeof a, BCRYPT_USE_SYSTEM_PREFERRED_RNG), 0);
    ck_assert(differ(a));
    ck_assert_int_eq(BCryptGenRandom(NULL, a, sizeof a, 0), STATUS_INVALID_HANDLE);
    ck_assert_int_eq(BCryptGenRandom(NULL, NULL, 1, BCRYPT_USE_SYSTEM_PREFERRED_RNG),
                     STATUS_INVALID_PARAMETER);
    BCRYPT_ALG_HANDLE rng = NULL;
    ck_assert_int_eq(BCryptOpenAlgorithmProvider(&rng, u"SHA256", NULL, 0), STATUS_NOT_FOUND);
    ck_assert_int_eq(BCryptOpenAlgorithmProvider(&rng, BCRYPT_RNG_ALGORITHM, NULL, 0), 0);
    ck_assert_int_eq(BCryptGenRandom(rng, a, sizeof a, BCRYPT_USE_SYSTEM_PREFERRED_RNG),
                     STATUS_INVALID_PARAMETER);
    ck_assert_int_eq(BCryptGenRandom(rng, b, sizeof b, 0), 0);
    ck_assert(memcmp(a, b, sizeof a));
    ck_assert_int_eq(BCryptCloseAlgorithmProvider(rng, 0), 0);
    ck_assert_int_eq(BCryptCloseAlgorithmProvider(rng, 0), STATUS_INVALID_HANDLE);
    ck_assert_int_eq(BCryptGenRandom(rng, b, sizeof b, 0), STATUS_INVALID_HANDLE);
}
END_TEST

START_TEST(debuggers)
{
    BOOL traced = 9;
    ck_assert(CheckRemoteDebuggerPresent(GetCurrentProcess(), &traced));
    ck_assert_int_eq(traced, IsDebuggerPresent());
    ck_assert(!CheckRemoteDebuggerPresent(GetCurrentProcess(), NULL));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    ck_assert(!CheckRemoteDebuggerPresent((HANDLE)(uintptr_t)0x7770, &traced));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_HANDLE);
}
END_TEST

START_TEST(protected_memory)
{
    char secret[48], copy[48];
    for (int i = 0; i < 48; i++)
        secret[i] = copy[i] = 7;
    ck_assert(!CryptProtectMemory(secret, 15, CRYPTPROTECTMEMORY_SAME_PROCESS));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_PARAMETER);
    ck_assert(!CryptProtectMemory(NULL, 16, CRYPTPROTECTMEMORY_SAME_PROCESS));
    ck_assert(!CryptProtectMemory(secret, 16, 3));
    ck_assert(!CryptProtectMemory(secret, 48, CRYPTPROTECTMEMORY_SAME_LOGON));
    ck_assert_uint_eq(GetLastError(), ERROR_NOT_SUPPORTED);
    ck_assert(memcmp(secret, copy, 48) == 0);
    ck_assert(CryptProtectMemory(secret, 48, CRYPTPROTECTMEMORY_SAME_PROCESS));
    for (int i = 0; i < 48; i += 8) /* no block shows what it was, or that it is like another */
        for (int k = i + 8; k < 48; k += 8)
            ck_assert(memcmp(secret + i, copy, 8) != 0 && memcmp(secret + i, secret + k, 8) != 0);
    char other[48];
    memcpy(other, copy, 48);
    other[47] = 8;
    ck_assert(CryptProtectMemory(other, 48, CRYPTPROTECTMEMORY_SAME_PROCESS));
    ck_assert(memcmp(other, secret, 8) != 0); /* each byte depends on each */
    ck_assert(CryptUnprotectMemory(secret, 48, CRYPTPROTECTMEMORY_SAME_PROCESS));
    ck_assert(memcmp(secret, copy, 48) == 0);
    ck_assert(GetProcAddress(LoadLibraryA("crypt32.dll"), "CryptProtectMemory"));
}
END_TEST

START_TEST(crypto_api)
{
    unsigned char a[32] = {0};
    HCRYPTPROV p = 0;
    ck_assert(!CryptAcquireContextA(&p, NULL, NULL, PROV_RSA_FULL, 0));
    ck_assert_uint_eq(GetLastError(), (DWORD)NTE_KEYSET_NOT_DEF);
    ck_assert(!CryptAcquireContextW(&p, NULL, NULL, PROV_RSA_FULL, 1));
    ck_assert_uint_eq(GetLastError(), (DWORD)NTE_BAD_FLAGS);
    ck_assert(!CryptAcquireContextA(&p, NULL, NULL, 0, CRYPT_VERIFYCONTEXT));
    ck_assert_uint_eq(GetLastError(), (DWORD)NTE_BAD_PROV_TYPE);
    ck_assert(CryptAcquireContextA(&p, NULL, NULL, PROV_RSA_FULL,
                                   CRYPT_VERIFYCONTEXT | CRYPT_SILENT));
    ck_assert(CryptGenRandom(p, sizeof a, a) && differ(a));
    ck_assert(CryptReleaseContext(p, 0));
    ck_assert(!CryptReleaseContext(p, 0) && GetLastError() == ERROR_INVALID_PARAMETER);
    ck_assert(!CryptGenRandom(p, sizeof a, a) && GetLastError() == ERROR_INVALID_PARAMETER);
}
END_TEST

START_TEST(version)
{
    OSVERSIONINFOEXA a = {.dwOSVersionInfoSize = sizeof a};
    OSVERSIONINFOW w = {.dwOSVersionInfoSize = sizeof w};
    ck_assert_uint_eq(GetVersion() & 0xff, 10);
    ck_assert_uint_eq(GetVersion() >> 16, 19045);
    ck_assert(GetVersionExA((OSVERSIONINFOA *)(void *)&a));
    ck_assert_uint_eq(a.dwMajorVersion, 10);
    ck_assert_uint_eq(a.dwPlatformId, VER_PLATFORM_WIN32_NT);
    ck_assert_uint_eq(a.wProductType, VER_NT_WORKSTATION);
    memset(&w, 0xff, sizeof w);
    w.dwOSVersionInfoSize = sizeof w;
    ck_assert(GetVersionExW(&w) && w.dwBuildNumber == 19045 && w.szCSDVersion[0] == 0);
    w.dwOSVersionInfoSize = 20;
    ck_assert(!GetVersionExW(&w) && GetLastError() == ERROR_INSUFFICIENT_BUFFER);
    ck_assert_int_eq(RtlGetVersion(&w), 0);
}
END_TEST

static BOOL is_at_least(DWORD major, DWORD minor, WORD pack)
{
    OSVERSIONINFOEXW v = {.dwMajorVersion = major, .dwMinorVersion = minor,
                          .wServicePackMajor = pack};
    ULONGLONG mask = VerSetConditionMask(0, VER_MAJORVERSION, VER_GREATER_EQUAL);
    mask = VerSetConditionMask(mask, VER_MINORVERSION, VER_GREATER_EQUAL);
    mask = VerSetConditionMask(mask, VER_SERVICEPACKMAJOR, VER_GREATER_EQUAL);
    return VerifyVersionInfoW(&v, VER_MAJORVERSION | VER_MINORVERSION | VER_SERVICEPACKMAJOR,
                              mask);
}

START_TEST(version_conditions)
{
    OSVERSIONINFOEXW v = {.dwMajorVersion = 10, .dwBuildNumber = 19045, .wSuiteMask = 1};
    ck_assert(is_at_least(5, 1, 3) && is_at_least(6, 3, 0) && is_at_least(10, 0, 0));
    ck_assert(!is_at_least(10, 1, 0) && GetLastError() == ERROR_OLD_WIN_VERSION);
    ck_assert(!is_at_least(10, 0, 1) && !is_at_least(11, 0, 0));
    ck_assert(!VerifyVersionInfoW(&v, VER_MAJORVERSION, 0));
    ck_assert_uint_eq(GetLastError(), ERROR_BAD_ARGUMENTS);
    ck_assert(VerifyVersionInfoW(&v, VER_BUILDNUMBER,
                                 VerSetConditionMask(0, VER_BUILDNUMBER, VER_EQUAL)));
    ck_assert(!VerifyVersionInfoW(&v, VER_BUILDNUMBER,
                                  VerSetConditionMask(0, VER_BUILDNUMBER, VER_GREATER)));
    ck_assert(!VerifyVersionInfoW(&v, VER_MAJORVERSION,
                                  VerSetConditionMask(0, VER_MAJORVERSION, VER_LESS)));
    ck_assert(!VerifyVersionInfoW(&v, VER_SUITENAME,
                                  VerSetConditionMask(0, VER_SUITENAME, VER_AND)));
}
END_TEST

START_TEST(dates)
{
    SYSTEMTIME s = {.wYear = 2024, .wMonth = 2, .wDay = 29, .wHour = 23, .wMinute = 59,
                    .wSecond = 58, .wMilliseconds = 999}, back;
    FILETIME t, other;
    ck_assert(SystemTimeToFileTime(&s, &t) && FileTimeToSystemTime(&t, &back));
    s.wDayOfWeek = 4; /* a Thursday */
    ck_assert(!memcmp(&s, &back, sizeof s));
    s.wYear = 2023;
    ck_assert(!SystemTimeToFileTime(&s, &other) && GetLastError() == ERROR_INVALID_PARAMETER);
    s = (SYSTEMTIME){.wYear = 1970, .wMonth = 1, .wDay = 1};
    ck_assert(SystemTimeToFileTime(&s, &other));
    ck_assert_uint_eq(other.dwLowDateTime, 0xd53e8000u);
    ck_assert_uint_eq(other.dwHighDateTime, 0x019db1deu);
    ck_assert_int_eq(CompareFileTime(&t, &other), 1);
    ck_assert_int_eq(CompareFileTime(&other, &t), -1);
    ck_assert_int_eq(CompareFileTime(&t, &t), 0);
    t = (FILETIME){0, 0};
    ck_assert(FileTimeToSystemTime(&t, &back));
    ck_assert(back.wYear == 1601 && back.wMonth == 1 && back.wDay == 1 && back.wDayOfWeek == 1);
    t = (FILETIME){0, 0x80000000};
    ck_assert(!FileTimeToSystemTime(&t, &back));
}
END_TEST

/* Each day of 800 years is the day behind the one before. */
START_TEST(calendar)
{
    uint64_t day = UINT64_C(864000000000);
    SYSTEMTIME s, before = {.wYear = 1600, .wMonth = 12, .wDay = 31, .wDayOfWeek = 0};
    for (uint64_t i = 0; i < 292194; i++) {
        FILETIME t = {(DWORD)(i * day), (DWORD)((i * day) >> 32)}, same;
        ck_assert(FileTimeToSystemTime(&t, &s) && SystemTimeToFileTime(&s, &same));
        ck_assert(!CompareFileTime(&t, &same));
        ck_assert_uint_eq(s.wDayOfWeek, (before.wDayOfWeek + 1) % 7);
        ck_assert(s.wDay == before.wDay + 1 || (s.wDay == 1 && before.wDay >= 28));
        before = s;
    }
    ck_assert_uint_eq(before.wYear, 2400);
    ck_assert_uint_eq(before.wDay, 31);
}
END_TEST

START_TEST(zones)
{
    TIME_ZONE_INFORMATION z;
    setenv("TZ", "EET-2EEST,M3.5.0/3,M10.5.0/4", 1);
    tzset();
    ck_assert_uint_ne(GetTimeZoneInformation(&z), TIME_ZONE_ID_UNKNOWN);
    ck_assert_int_eq(z.Bias, -120);
    ck_assert_int_eq(z.StandardBias, 0);
    ck_assert_int_eq(z.DaylightBias, -60);
    ck_assert(z.DaylightDate.wMonth == 3 && z.DaylightDate.wDay == 5);
    ck_assert(z.DaylightDate.wDayOfWeek == 0 && z.DaylightDate.wHour == 3);
    ck_assert(z.StandardDate.wMonth == 10 && z.StandardDate.wDay == 5);
    ck_assert_uint_eq(z.StandardDate.wHour, 4);
    ck_assert(!memcmp(z.StandardName, u"EET", 8) && !memcmp(z.DaylightName, u"EEST", 10));
    setenv("TZ", "XYZ5", 1);
    tzset();
    ck_assert_uint_eq(GetTimeZoneInformation(&z), TIME_ZONE_ID_UNKNOWN);
    ck_assert_int_eq(z.Bias, 300);
    FILETIME t = {0, 0x01d00000}, local, back;
    ck_assert(FileTimeToLocalFileTime(&t, &local) && LocalFileTimeToFileTime(&local, &back));
    ck_assert(!CompareFileTime(&t, &back) && CompareFileTime(&t, &local) == 1);
    SYSTEMTIME utc, here;
    GetSystemTime(&utc);
    GetLocalTime(&here);
    ck_assert(here.wHour == (utc.wHour + 19) % 24 || here.wHour == (utc.wHour + 20) % 24);
}
END_TEST

START_TEST(clocks)
{
    ULONGLONG a, b;
    LARGE_INTEGER t, f, span = {.QuadPart = -30000};
    QueryInterruptTime(&a);
    ck_assert(QueryUnbiasedInterruptTime(&b) && b <= a + 10000000);
    ck_assert(!QueryUnbiasedInterruptTime(NULL) && GetLastError() == ERROR_INVALID_PARAMETER);
    ck_assert_uint_eq(timeBeginPeriod(1), TIMERR_NOERROR);
    ck_assert_uint_eq(timeEndPeriod(0), TIMERR_NOCANDO);
    ck_assert_uint_le(timeGetTime() - GetTickCount(), 1000);
    ck_assert_int_eq(NtQueryPerformanceCounter(&t, &f), 0);
    ck_assert_int_eq(f.QuadPart, 10000000);
    QueryUnbiasedInterruptTime(&a);
    ck_assert_int_eq(NtDelayExecution(FALSE, &span), 0);
    QueryUnbiasedInterruptTime(&b);
    ck_assert_uint_ge(b - a, 30000);
    ck_assert_int_eq(NtDelayExecution(TRUE, &span), 0);
    ck_assert_int_eq(NtQuerySystemTime(&t), 0);
    t.QuadPart += 20000; /* a time, not a span */
    QueryUnbiasedInterruptTime(&a);
    ck_assert_int_eq(NtDelayExecution(FALSE, &t), 0);
    QueryUnbiasedInterruptTime(&b);
    ck_assert_uint_ge(b - a, 10000);
    ck_assert_int_eq(NtDelayExecution(FALSE, NULL), STATUS_ACCESS_VIOLATION);
}
END_TEST

START_TEST(usage)
{
    FILETIME c, e, k, u, k2, u2;
    ULONGLONG before, after;
    volatile unsigned work = 0;
    ck_assert(GetProcessTimes(GetCurrentProcess(), &c, &e, &k, &u));
    ck_assert(QueryThreadCycleTime(GetCurrentThread(), &before));
    for (unsigned i = 0; i < 50000000; i++)
        work += i;
    ck_assert(QueryThreadCycleTime(GetCurrentThread(), &after) && after > before);
    ck_assert(GetProcessTimes(GetCurrentProcess(), &c, &e, &k2, &u2));
    ck_assert_int_eq(CompareFileTime(&u2, &u), 1);
    ck_assert(QueryProcessCycleTime(GetCurrentProcess(), &before) && before >= after);
    ck_assert(!GetProcessTimes((HANDLE)(uintptr_t)0x7ffc, &c, &e, &k, &u));
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_HANDLE);
    ck_assert(GetSystemTimes(&c, &k, &u) && CompareFileTime(&k, &c) >= 0);
}
END_TEST

START_TEST(standard_handles)
{
    int ends[2];
    DWORD n = 0, mode;
    char back[8];
    ck_assert_ptr_eq(GetStdHandle(1), INVALID_HANDLE_VALUE);
    ck_assert_uint_eq(GetLastError(), ERROR_INVALID_HANDLE);
    ck_assert_ptr_eq(GetStdHandle(STD_ERROR_HANDLE), GetStdHandle(STD_ERROR_HANDLE));
    ck_assert(!pipe(ends) && dup2(ends[1], 1) == 1);
    HANDLE out = GetStdHandle(STD_OUTPUT_HANDLE);
    ck_assert(WriteFile(out, "text", 4, &n, NULL) && n == 4);
    ck_assert_int_eq(read(ends[0], back, sizeof back), 4);
    ck_assert_uint_eq(GetFileType(out), FILE_TYPE_PIPE);
    ck_assert(!GetConsoleMode(out, &mode) && GetLastError() == ERROR_INVALID_HANDLE);
    ck_assert(!WriteConsoleA(out, "text", 4, &n, NULL) && GetLastError() == ERROR_INVALID_HANDLE);
    ck_assert(SetStdHandle(STD_OUTPUT_HANDLE, NULL) && !GetStdHandle(STD_OUTPUT_HANDLE));
    ck_assert(SetStdHandle(STD_OUTPUT_HANDLE, out) && GetStdHandle(STD_OUTPUT_HANDLE) == out);
}
END_TEST

static void expect(int fd, const char *text)
{
    char got[64];
    size_t n = 0;
    while (n < strlen(text)) {
        ssize_t more = read(fd, got + n, strlen(text) - n);
        ck_assert_int_gt(more, 0);
        n += (size_t)more;
    }
    ck_assert(!memcmp(got, text, n));
}

START_TEST(console)
{
    int terminal, fd;
    struct winsize size = {.ws_row = 30, .ws_col = 100};
    CONSOLE_SCREEN_BUFFER_INFO info;
    DWORD n, mode;
    ck_assert(!openpty(&terminal, &fd, NULL, NULL, &size));
    ck_assert(dup2(fd, 0) == 0 && dup2(fd, 2) == 2);
    HANDLE in = GetStdHandle(STD_INPUT_HANDLE), out = GetStdHandle(STD_ERROR_HANDLE);
    ck_assert(WriteConsoleA(out, "abc", 3, &n, NULL) && n == 3);
    expect(terminal, "abc");
    ck_assert(WriteConsoleW(out, u"\u20ac\U0001f600", 3, &n, NULL) && n == 3);
    expect(terminal, "\xe2\x82\xac\xf0\x9f\x98\x80");
    ck_assert(GetConsoleScreenBufferInfo(out, &info));
    ck_assert(info.dwSize.X == 100 && info.srWindow.Bottom == 29 && info.wAttributes == 7);
    ck_assert(SetConsoleTextAttribute(out, FOREGROUND_RED | FOREGROUND_INTENSITY));
    expect(terminal, "\033[91;49m");
    ck_assert(GetConsoleScreenBufferInfo(out, &info) && info.wAttributes == 12);
    ck_assert(SetConsoleTextAttribute(out, 7));
    expect(terminal, "\033[0m");
    ck_assert(GetConsoleMode(in, &mode) && (mode & ENABLE_LINE_INPUT));
    ck_assert(SetConsoleMode(in, ENABLE_PROCESSED_INPUT) && GetConsoleMode(in, &mode));
    ck_assert_uint_eq(mode, ENABLE_PROCESSED_INPUT);
    ck_assert(!SetConsoleMode(in, ENABLE_ECHO_INPUT) && GetLastError() == ERROR_INVALID_PARAMETER);
    ck_assert(GetConsoleMode(out, &mode) && SetConsoleMode(out, mode));
    ck_assert(!SetConsoleMode(out, 0x100));
    ck_assert(GetConsoleOutputCP() == CP_UTF8 && SetConsoleOutputCP(CP_UTF8));
    ck_assert(!SetConsoleOutputCP(437) && GetLastError() == ERROR_INVALID_PARAMETER);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("kit_names", 60, &tc);
    tcase_add_test(tc, random_bytes);
    tcase_add_test(tc, crypto_api);
    tcase_add_test(tc, debuggers);
    tcase_add_test(tc, protected_memory);
    tcase_add_test(tc, version);
    tcase_add_test(tc, version_conditions);
    tcase_add_test(tc, dates);
    tcase_add_test(tc, calendar);
    tcase_add_test(tc, zones);
    tcase_add_test(tc, clocks);
    tcase_add_test(tc, usage);
    tcase_add_test(tc, standard_handles);
    tcase_add_test(tc, console);
    return unit_run(suite);
}
