/* Files, folders and pipes as a program for Windows sees them. Built natively and for Windows; both
 * print the same lines (same.sh). Not asked is where the host's files differ (attributes for
 * archives, drives) nor where Wine 8 is not as documented: "?" in front of a dot, "*." and
 * "*.?", names below a file, a read-only target of a move. */
#include "same.h"

static void put(const char *name, const char *text)
{
    DWORD n;
    HANDLE h = CreateFileA(name, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, 0, NULL);
    WriteFile(h, text, (DWORD)strlen(text), &n, NULL);
    CloseHandle(h);
}

static void find(const char *pattern)
{
    WIN32_FIND_DATAA d;
    HANDLE h = FindFirstFileA(pattern, &d);
    printf("%s:", pattern);
    if (h == INVALID_HANDLE_VALUE) {
        printf(" none, error %u\n", (unsigned)GetLastError());
        return;
    }
    do
        printf(" %s", d.cFileName);
    while (FindNextFileA(h, &d));
    printf(", error %u, %d\n", (unsigned)GetLastError(), FindClose(h));
}

/* ---- paths ---- */

static void folders(void)
{
    TELL_ERROR(CreateDirectoryA("sub", NULL));
    TELL_ERROR(CreateDirectoryA("sub", NULL));
    TELL_ERROR(CreateDirectoryW(WIDE("none/x"), NULL));
    TELL_ERROR(CreateDirectoryA(NULL, NULL));
    put("sub/file", "x");
    TELL_ERROR(RemoveDirectoryA("sub"));
    TELL_ERROR(RemoveDirectoryA("sub/file"));
    TELL_ERROR(RemoveDirectoryA("none"));
    TELL_ERROR(RemoveDirectoryA("none/x"));
    TELL_ERROR(DeleteFileA("sub/file") && RemoveDirectoryW(WIDE("sub")));
}

static void finds(void)
{
    static const char *const names[] = {"a.txt", "ab.txt", "B.TXT", "noext", "a.b.txt", "foo.c"};
    static const char *const patterns[] = {"*",     "*.*",  "*.txt",   "A*",    "*b*",
                                           "foo.*", "*t",   "*.c*",    "*.b.*", "a.*.txt",
                                           "b.txt", "sub/*", "no",     "no*",   "none/*",
                                           "sub/",  ""};
    WIN32_FIND_DATAA d;
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++)
        put(names[i], "abc");
    CreateDirectoryA("sub", NULL);
    for (size_t i = 0; i < sizeof patterns / sizeof patterns[0]; i++)
        find(patterns[i]);
    HANDLE h = FindFirstFileA("AB.TXT", &d);
    TELL(d.nFileSizeLow);
    TELL(d.dwFileAttributes & FILE_ATTRIBUTE_DIRECTORY);
    TELL(FindClose(h));
    TELL_ERROR(FindClose(INVALID_HANDLE_VALUE));
    TELL_ERROR(FindNextFileA(INVALID_HANDLE_VALUE, &d));
    TELL_ERROR(FindFirstFileExA("*", FindExInfoMaxInfoLevel, &d, FindExSearchNameMatch, NULL, 0) ==
               INVALID_HANDLE_VALUE);
}

static void moves(void)
{
    HANDLE h;
    put("a", "aa");
    put("b", "bbb");
    TELL_ERROR(MoveFileA("none", "x"));
    TELL_ERROR(MoveFileA("none/x", "x"));
    TELL_ERROR(MoveFileA("a", "b"));
    TELL_ERROR(MoveFileA("a", "none/x"));
    TELL_ERROR(MoveFileExA("a", "sub", MOVEFILE_REPLACE_EXISTING));
    TELL_ERROR(MoveFileExW(WIDE("a"), WIDE("b"), MOVEFILE_REPLACE_EXISTING));
    TELL_ERROR(MoveFileA("b", "c"));
    h = CreateFileA("c", GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    TELL_ERROR(MoveFileA("c", "d"));
    CloseHandle(h);
    TELL_ERROR(CopyFileA("c", "d", TRUE));
    TELL_ERROR(CopyFileA("c", "d", TRUE));
    TELL_ERROR(CopyFileA("foo.c", "d", FALSE));
    TELL_ERROR(CopyFileA("none", "e", FALSE));
    TELL_ERROR(CopyFileA("c", "none/e", FALSE));
    TELL_ERROR(CopyFileA("sub", "e", FALSE));
}

static void attributes(void)
{
    WIN32_FILE_ATTRIBUTE_DATA d;
    char out[64];
    TELL_ERROR(GetFileAttributesExA("d", GetFileExInfoStandard, &d));
    TELL(d.nFileSizeLow);
    TELL_ERROR(GetFileAttributesExA("none", GetFileExInfoStandard, &d));
    TELL_ERROR(GetFileAttributesExA("none/x", GetFileExInfoStandard, &d));
    TELL_ERROR(GetFileAttributesExA("d", GetFileExMaxInfoLevel, &d));
    TELL_ERROR(GetFileAttributesA(NULL));
    TELL_ERROR(GetFileAttributesA("none/x"));
    TELL_ERROR(SetFileAttributesA("none", 0));
    TELL(SetFileAttributesA("d", FILE_ATTRIBUTE_READONLY));
    TELL(GetFileAttributesA("d") & FILE_ATTRIBUTE_READONLY);
    TELL(SetFileAttributesA("d", FILE_ATTRIBUTE_NORMAL));
    TELL(GetFileAttributesA("d") & FILE_ATTRIBUTE_READONLY);
    TELL(GetFileAttributesA("sub") & FILE_ATTRIBUTE_DIRECTORY);
    TELL_ERROR(GetLongPathNameA("foo.c", out, sizeof out));
    TELL_ERROR(GetLongPathNameA("foo.c", out, 2));
    TELL_ERROR(GetLongPathNameA("none", out, sizeof out));
    TELL_ERROR(SearchPathA(".", "none", NULL, sizeof out, out, NULL));
    TELL_ERROR(SearchPathA(".", "", NULL, sizeof out, out, NULL));
    TELL(SearchPathA("sub;.", "foo", ".c", sizeof out, out, NULL) > 0);
    TELL(GetDriveTypeA("none"));
    ULARGE_INTEGER all = {.QuadPart = 0}, rest = {.QuadPart = 1};
    TELL(GetDiskFreeSpaceExA(NULL, NULL, &all, &rest) && rest.QuadPart <= all.QuadPart);
    TELL_ERROR(GetDiskFreeSpaceExA("none", NULL, NULL, &rest));
}

/* ---- handles ---- */

static void information(HANDLE h)
{
    BY_HANDLE_FILE_INFORMATION i;
    FILE_STANDARD_INFO s;
    FILE_END_OF_FILE_INFO e;
    FILETIME t = {123456789, 30000000}, back;
    TELL_ERROR(GetFileInformationByHandle(h, &i));
    TELL(i.nFileSizeLow);
    TELL_ERROR(GetFileInformationByHandleEx(h, FileStandardInfo, &s, sizeof s));
    TELL(s.EndOfFile.QuadPart == 2 && s.NumberOfLinks == 1 && !s.Directory);
    TELL_ERROR(GetFileInformationByHandleEx(h, FileStandardInfo, &s, 4));
    TELL_ERROR(GetFileInformationByHandleEx(h, FileEndOfFileInfo, &s, sizeof s));
    e.EndOfFile.QuadPart = 100;
    TELL_ERROR(SetFileInformationByHandle(h, FileEndOfFileInfo, &e, sizeof e));
    TELL(GetFileSize(h, NULL));
    TELL_ERROR(SetFileInformationByHandle(h, FileStandardInfo, &s, sizeof s));
    TELL(SetFileTime(h, NULL, &t, &t) && GetFileTime(h, NULL, NULL, &back));
    TELL(CompareFileTime(&t, &back));
}

static void locks(HANDLE h)
{
    OVERLAPPED ov;
    HANDLE other = CreateFileA("locked", GENERIC_READ | GENERIC_WRITE,
                               FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    memset(&ov, 0, sizeof ov);
    TELL_ERROR(LockFile(h, 0, 0, 10, 0));
    TELL_ERROR(LockFile(h, 5, 0, 10, 0));
    TELL_ERROR(LockFile(other, 5, 0, 10, 0));
    TELL_ERROR(UnlockFile(h, 0, 0, 10, 0));
    TELL_ERROR(LockFileEx(h, LOCKFILE_FAIL_IMMEDIATELY, 0, 10, 0, &ov));
    TELL_ERROR(LockFileEx(other, LOCKFILE_FAIL_IMMEDIATELY, 0, 10, 0, &ov));
    TELL_ERROR(LockFile(other, 0, 0, 10, 0));
    TELL_ERROR(UnlockFileEx(h, 0, 10, 0, &ov));
    CloseHandle(other);
    TELL_ERROR(LockFile(h, 0, 0, 10, 0));
    TELL_ERROR(UnlockFile(h, 0, 0, 10, 0));
}

static void pipes(void)
{
    HANDLE r, w;
    char bytes[8];
    DWORD n = 0, there = 9;
    TELL_ERROR(CreatePipe(&r, &w, NULL, 0));
    TELL(GetFileType(r));
    TELL_ERROR(PeekNamedPipe(r, NULL, 0, NULL, &there, NULL));
    TELL(there);
    TELL(WriteFile(w, "hello", 5, &n, NULL));
    TELL_ERROR(PeekNamedPipe(r, bytes, 3, &n, &there, NULL));
    TELL(n * 10 + there);
    CloseHandle(w);
    TELL_ERROR(ReadFile(r, bytes, 8, &n, NULL));
    TELL(n);
    TELL_ERROR(ReadFile(r, bytes, 8, &n, NULL));
    TELL_ERROR(PeekNamedPipe(r, NULL, 0, NULL, &there, NULL));
    CloseHandle(r);
}

static void handles(void)
{
    put("locked", "xx");
    HANDLE h = CreateFileA("locked", GENERIC_READ | GENERIC_WRITE,
                           FILE_SHARE_READ | FILE_SHARE_WRITE, NULL, OPEN_EXISTING, 0, NULL);
    information(h);
    locks(h);
    CloseHandle(h);
    pipes();
}

/* The test's folder, the current one, and its end. */
static void enter(char *folder)
{
    char temp[MAX_PATH];
    GetTempPathA(sizeof temp, temp);
    GetTempFileNameA(temp, "wvm", 0, folder);
    DeleteFileA(folder);
    CreateDirectoryA(folder, NULL);
    SetCurrentDirectoryA(folder);
}

static void leave(const char *folder)
{
    WIN32_FIND_DATAA d;
    HANDLE h = FindFirstFileA("*", &d);
    do
        if (!DeleteFileA(d.cFileName) && d.cFileName[0] != '.')
            RemoveDirectoryA(d.cFileName);
    while (FindNextFileA(h, &d));
    FindClose(h);
    SetCurrentDirectoryA("..");
    TELL(RemoveDirectoryA(folder));
}

int main(void)
{
    char folder[MAX_PATH];
    enter(folder);
    folders();
    finds();
    moves();
    attributes();
    handles();
    leave(folder);
    return 7;
}
