/* More names of the kit as a program for Windows sees them. Built natively and for Windows; both
 * print the same lines (same.sh). Nothing is printed that a system may choose. */
#include "same.h"

#ifdef _WIN32
#include <bcrypt.h>
#endif

static void dates(void)
{
    SYSTEMTIME s = {2024, 2, 0, 29, 23, 59, 58, 999}, back;
    FILETIME t;
    TELL(SystemTimeToFileTime(&s, &t));
    printf("%08x %08x\n", (unsigned)t.dwHighDateTime, (unsigned)t.dwLowDateTime);
    TELL(FileTimeToSystemTime(&t, &back));
    printf("%d-%d-%d day %d\n", back.wYear, back.wMonth, back.wDay, back.wDayOfWeek);
    s.wMonth = 13;
    TELL_ERROR(SystemTimeToFileTime(&s, &t));
    t.dwHighDateTime = 0x80000000;
    TELL_ERROR(FileTimeToSystemTime(&t, &back));
}

static void text(void)
{
    WCHAR w[16];
    char a[64];
    BOOL used = 5;
    TELL(MultiByteToWideChar(CP_UTF8, 0, "a\xe2\x82\xac", -1, w, 16));
    TELL(w[1]);
    TELL_ERROR(MultiByteToWideChar(CP_UTF8, 0, "abc", -1, w, 2));
    TELL_ERROR(MultiByteToWideChar(CP_UTF8, MB_ERR_INVALID_CHARS, "\xff", 1, w, 16));
    TELL_ERROR(MultiByteToWideChar(CP_UTF8, 0, "abc", 0, w, 16));
    TELL_ERROR(MultiByteToWideChar(12345, 0, "abc", 1, w, 16));
    TELL(WideCharToMultiByte(CP_UTF8, 0, WIDE("x\x20ac"), -1, a, 64, NULL, NULL));
    TELL_ERROR(WideCharToMultiByte(CP_UTF8, 0, WIDE("abc"), -1, a, 3, NULL, NULL));
    TELL(WideCharToMultiByte(1252, 0, WIDE("\x20ac\x4e00"), -1, a, 64, "#", &used));
    printf("%02x %c %d\n", (unsigned char)a[0], a[1], used);
    TELL(CompareStringOrdinal(WIDE("abc"), -1, WIDE("ABC"), -1, TRUE));
    TELL(CompareStringOrdinal(WIDE("abc"), -1, WIDE("abd"), -1, FALSE));
}

static void lstr(void)
{
    char a[1100];
    TELL(lstrlenA(NULL));
    TELL(lstrcmpA("a", "B"));
    TELL(lstrcmpA("a", "A"));
    TELL(lstrcmpiA("abC", "ABc"));
    TELL(strcmp(lstrcpynA(a, "abcdef", 4), "abc"));
    TELL(wsprintfA(a, "%d %5u [%-4s] %04x %lX %c %%", -5, 7u, "te", 255, (ULONG)0xabcd, 'z'));
    puts(a);
    TELL(wsprintfA(a, "%I64d %.2s|%S", (LONGLONG)-1, "text", WIDE("wide")));
    puts(a);
}

static void heaps(void)
{
    HANDLE heap = HeapCreate(0, 0, 0);
    ULONG two = 2;
    TELL(HeapSetInformation(NULL, HeapEnableTerminationOnCorruption, NULL, 0));
    TELL(HeapSetInformation(heap, HeapCompatibilityInformation, &two, sizeof two));
    TELL(HeapLock(heap) && HeapUnlock(heap));
    TELL(GetProcessHeaps(0, NULL) >= 2);
    TELL(HeapDestroy(heap));
}

static void lists(void)
{
    static SLIST_HEADER head;
    static struct {
        SLIST_ENTRY link;
        long value;
    } __attribute__((aligned(16))) items[3];
    InitializeSListHead(&head);
    for (int i = 0; i < 3; i++)
        TELL(InterlockedPushEntrySList(&head, &items[i].link) == (i ? &items[i - 1].link : NULL));
    TELL(QueryDepthSList(&head));
    TELL(InterlockedPopEntrySList(&head) == &items[2].link);
    TELL(InterlockedFlushSList(&head) == &items[1].link);
    TELL(QueryDepthSList(&head));
}

static void versions(void)
{
    ULONGLONG mask = VerSetConditionMask(0, VER_MAJORVERSION, VER_GREATER_EQUAL);
    OSVERSIONINFOEXW v;
    memset(&v, 0, sizeof v);
    v.dwOSVersionInfoSize = sizeof v;
    v.dwMajorVersion = 5;
    TELL(VerifyVersionInfoW(&v, VER_MAJORVERSION, mask));
    v.dwMajorVersion = 99;
    TELL_ERROR(VerifyVersionInfoW(&v, VER_MAJORVERSION, mask));
    TELL_ERROR(VerifyVersionInfoW(&v, VER_MAJORVERSION, 0));
}

static void system_calls(void)
{
    unsigned char bytes[8];
    DWORD mode;
    TELL(BCryptGenRandom(NULL, bytes, sizeof bytes, BCRYPT_USE_SYSTEM_PREFERRED_RNG));
    TELL_ERROR(GetStdHandle(7) == INVALID_HANDLE_VALUE);
    TELL_ERROR(GetConsoleMode(NULL, &mode));
}

int main(void)
{
    dates();
    text();
    lstr();
    heaps();
    lists();
    versions();
    system_calls();
    fflush(stdout);
    ExitProcess(7);
}
