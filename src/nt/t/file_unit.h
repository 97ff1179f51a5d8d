/* What the tests of files share: a folder of their own, and a file in it. */
#ifndef WVM_NT_T_FILE_UNIT_H
#define WVM_NT_T_FILE_UNIT_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <winvm/winvm.h>

#include "base/t/unit.h"

static char folder[64];
static char path[96];

static inline void setup(void)
{
    strcpy(folder, "/tmp/winvm-file-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(folder));
    snprintf(path, sizeof path, "%s/file", folder);
    SetLastError(0xbad);
}

static inline void teardown(void)
{
    char command[128];
    snprintf(command, sizeof command, "rm -rf '%s'", folder);
    ck_assert_int_eq(system(command), 0);
}

#define ALL_SHARE (FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE)

static inline HANDLE open_as(DWORD access, DWORD share, DWORD disposition, DWORD flags)
{
    return CreateFileA(path, access, share, NULL, disposition, flags, NULL);
}

static inline HANDLE open_ok(DWORD access, DWORD disposition)
{
    HANDLE h = open_as(access, ALL_SHARE, disposition, 0);
    ck_assert_ptr_ne(h, INVALID_HANDLE_VALUE);
    return h;
}

#define fails(call, error)                      \
    do {                                        \
        SetLastError(0xbad);                    \
        ck_assert(call);                        \
        ck_assert_uint_eq(GetLastError(), error); \
    } while (0)
#define open_fails(access, share, disposition, error) \
    fails(open_as(access, share, disposition, 0) == INVALID_HANDLE_VALUE, error)

static inline void fill(const void *data, size_t len)
{
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    ck_assert_uint_eq(fwrite(data, 1, len, f), len);
    fclose(f);
}

static inline long size_of_file(void)
{
    struct stat st;
    return stat(path, &st) == 0 ? (long)st.st_size : -1;
}

#endif
