/* Files, folders, other programs and the command line by the headers of Windows' C run time on the
 * compat path, in C and C++. Ends with 0, or names what fails. */
#include <direct.h>
#include <fcntl.h>
#include <io.h>
#include <process.h>
#include <share.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <ucontext.h>
#include <wchar.h>
#include <windows.h>

#include "crt_check.h"

static char folder[] = "/tmp/winvm_crt_XXXXXX";

/* A path in the folder of the test. */
static const char *in_folder(const char *name)
{
    static char path[4][64];
    static int i;
    i = (i + 1) % 4;
    sprintf(path[i], "%s/%s", folder, name);
    return path[i];
}

static void files(void)
{
    char text[8] = "", name[64];
    int fd = -1, other;
    CHECK(!_sopen_s(&fd, in_folder("one.txt"), _O_RDWR | _O_CREAT, _SH_DENYNO,
                    _S_IREAD | _S_IWRITE) && fd >= 0);
    CHECK(_eof(fd) == 1 && _write(fd, "seven..", 7) == 7 && _eof(fd) == 1);
    CHECK(_lseek(fd, 0, SEEK_SET) == 0 && _eof(fd) == 0);
    CHECK(_sopen_s(&other, in_folder("none"), _O_RDONLY, _SH_DENYNO, 0) == ENOENT && other == -1);
    CHECK(_sopen_s(&other, in_folder("one.txt"), _O_RDONLY, _SH_DENYNO, 7) == EINVAL);
    other = _sopen(in_folder("one.txt"), _O_RDWR, _SH_DENYNO);
    CHECK(other >= 0 && _locking(fd, _LK_NBLCK, 4) == 0);
    CHECK(_locking(other, _LK_NBLCK, 4) == (sizeof(void *) == 8 ? -1 : 0));
    CHECK(_locking(fd, _LK_UNLCK, 4) == 0 && _locking(other, _LK_NBLCK, 4) == 0);
    CHECK(_locking(other, 9, 4) == -1 && errno == EINVAL && _locking(-1, _LK_NBLCK, 1) == -1);
    CHECK(_read(other, text, 7) == 7 && !strcmp(text, "seven.."));
    CHECK(_close(fd) == 0 && _close(other) == 0);
    strcpy(name, in_folder("tXXXXXX"));
    CHECK(_mktemp(name) == name && !strchr(name, 'X') && _access(name, 0) == -1);
    strcpy(name, "short");
    CHECK(_mktemp_s(name, sizeof(name)) == EINVAL);
    CHECK(!tmpnam_s(name, sizeof(name)) && _access(name, 0) == -1);
    CHECK(tmpnam_s(name, 4) == ERANGE && name[0] == 0);
    CHECK(_getmaxstdio() >= 20 && _setmaxstdio(20) == 20 && _setmaxstdio(1) == -1);
}

/* The names that a pattern has, and their sizes together. */
static int found(const char *pattern, long *size)
{
    struct _finddata_t f;
    intptr_t find = _findfirst(in_folder(pattern), &f);
    int n = 0;
    *size = 0;
    if (find == -1) return errno == ENOENT ? 0 : -1;
    do {
        n++;
        *size += (long)f.size;
        CHECK(((f.attrib & _A_SUBDIR) != 0) == (f.name[0] == '.' || !strcmp(f.name, "sub")));
        CHECK(f.time_write > 1500000000);
    } while (_findnext(find, &f) == 0);
    CHECK(errno == ENOENT && _findclose(find) == 0);
    return n;
}

static void folders(void)
{
    long size;
    struct __finddata64_t f;
    intptr_t find;
    FILE *file = fopen(in_folder("two.dat"), "w");
    CHECK(file && fputs("12345", file) >= 0 && fclose(file) == 0);
    CHECK(_mkdir(in_folder("sub")) == 0);
    CHECK(found("*.*", &size) == 5 && size == 12); /* . .. one.txt two.dat sub */
    CHECK(found("*.txt", &size) == 1 && size == 7);
    CHECK(found("t?o.*", &size) == 1 && found("*o*", &size) == 2 && found("x*", &size) == 0);
    CHECK(found("none/*", &size) == 0);
    find = _findfirst64(in_folder("two.dat"), &f);
    CHECK(find != -1 && f.size == 5 && !strcmp(f.name, "two.dat") && !_findclose(find));
    CHECK(_findfirst(NULL, NULL) == -1 && errno == EINVAL && _findclose(-1) == -1);
}

static void programs(void)
{
    const char *const shell[] = {"sh", "-c", "exit ${CODE:-7}", NULL};
    const char *const around[] = {"CODE=9", NULL};
    int code = -1;
    intptr_t process;
    CHECK(_spawnv(_P_WAIT, "/bin/sh", shell) == 7 && _spawnvp(_P_WAIT, "sh", shell) == 7);
    CHECK(_spawnve(_P_WAIT, "/bin/sh", shell, around) == 9);
    CHECK(_spawnl(_P_WAIT, "/bin/sh", "sh", "-c", "exit 5", NULL) == 5);
    CHECK(_spawnlpe(_P_WAIT, "sh", "sh", "-c", "exit $CODE", NULL, around) == 9);
    CHECK(_spawnl(_P_WAIT, "/nowhere", "x", NULL) == -1 && errno == ENOENT);
    CHECK(_spawnl(9, "/bin/sh", "sh", NULL) == -1 && errno == EINVAL);
    process = _spawnlp(_P_NOWAIT, "sh", "sh", "-c", "exit 3", NULL);
    CHECK(process != -1 && WaitForSingleObject((HANDLE)process, 10000) == WAIT_OBJECT_0);
    CHECK(_cwait(&code, process, _WAIT_CHILD) > 0 && code == 3);
    CHECK(_cwait(&code, -1, _WAIT_CHILD) == -1 && errno == ECHILD);
}

static int n_called;
static void __cdecl call(void)
{
    n_called++;
}
static int __cdecl works(void)
{
    return n_called++ < 0;
}
static int __cdecl fails(void)
{
    return 42;
}
static int __cdecl at_end(void)
{
    return 0;
}

static void starts(int argc, char **argv)
{
    _PVFV calls[] = {call, NULL, call};
    _PIFV tries[] = {works, NULL, fails, works};
    char *program = NULL, text[64];
    unsigned error = 9;
    CHECK(__argc == argc && __argv == argv && _environ == environ);
    CHECK(!_get_pgmptr(&program) && program == _pgmptr && program[0] == '/');
    _initterm(calls, calls + 3);
    CHECK(n_called == 2 && _initterm_e(tries, tries + 4) == 42 && n_called == 3);
    CHECK(_onexit(at_end) == at_end && !_onexit(NULL));
    CHECK(!_set_doserrno(5) && _doserrno == 5 && !_get_doserrno(&error) && error == 5);
    errno = ENOENT;
    CHECK(!_strerror_s(text, sizeof(text), "who") && !strncmp(text, "who: ", 5));
    CHECK(!strncmp(_strerror(NULL), strerror(ENOENT), 5) && strchr(text, '\n'));
    CHECK(_strerror_s(text, 5, "who") == ERANGE && text[0] == 0);
}

#if __SIZEOF_WCHAR_T__ == 2
static void wide(void)
{
    wchar_t path[260], drive[4], dir[64], name[64], ext[16];
    struct _stat64 is;
    int fd;
    char inside[64];
    strcpy(inside, in_folder("\xc3\xa9"));
    swprintf_s(path, 260, L"%hs/\u00e9", folder);
    CHECK(_wmkdir(path) == 0 && _access(inside, 0) == 0 && _wstat64(path, &is) == 0);
    CHECK((is.st_mode & _S_IFMT) == _S_IFDIR && _wmkdir(path) == -1 && errno == EEXIST);
    CHECK(_wrmdir(path) == 0 && _wstat64(path, &is) == -1);
    fd = _wopen(path, _O_CREAT | _O_RDWR, _S_IREAD | _S_IWRITE);
    CHECK(fd >= 0 && _close(fd) == 0 && _wunlink(path) == 0);
    CHECK(_wsystem(L"exit 0") == 0 && !_wputenv(L"CRT_W=x") && !strcmp(getenv("CRT_W"), "x"));
    CHECK(!_wsplitpath_s(L"C:/d/n.tar.e", drive, 4, dir, 64, name, 64, ext, 16));
    CHECK(!wcscmp(drive, L"C:") && !wcscmp(dir, L"/d/") && !wcscmp(name, L"n.tar"));
    CHECK(!wcscmp(ext, L".e") && !_wmakepath_s(path, 260, drive, dir, name, L"z"));
    CHECK(!wcscmp(path, L"C:/d/n.tar.z") && _wmakepath_s(path, 5, drive, dir, name, ext) == ERANGE);
    CHECK(path[0] == 0 && _wfullpath(path, L"/tmp/../", 260) == path && !wcscmp(path, L"/"));
    CHECK(_wfullpath(path, L"/tmp", 4) == NULL && errno == ERANGE);
    CHECK(__wargv[0][0] == (wchar_t)__argv[0][0] && !__wargv[__argc] && _wcserror(ENOENT)[0]);
}
#else
static void wide(void)
{
}
#endif

int main(int argc, char **argv)
{
    CHECK(_mktemp(folder) && _mkdir(folder) == 0);
    files();
    folders();
    wide();
    programs();
    starts(argc, argv);
    CHECK(remove(in_folder("one.txt")) == 0 && remove(in_folder("two.dat")) == 0);
    CHECK(_rmdir(in_folder("sub")) == 0 && _rmdir(folder) == 0);
    return failed;
}
