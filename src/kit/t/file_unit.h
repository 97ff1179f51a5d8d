/* What the tests of files have in common: calls that fail, a folder with a file. */
#ifndef WVM_KIT_T_FILE_UNIT_H
#define WVM_KIT_T_FILE_UNIT_H

#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"

#define FAILS(call, error)                          \
    do {                                            \
        SetLastError(0);                            \
        ck_assert(!(call));                         \
        ck_assert_uint_eq(GetLastError(), (error)); \
    } while (0)

#if defined(WVM_FILE_UNIT_FOLDER)
static char folder[] = "/tmp/winvm-file-XXXXXX"; /* the working one */
static HANDLE file; /* "file", of 5 bytes, to read, write and delete */

static void enter(void)
{
    DWORD n;
    ck_assert_ptr_nonnull(mkdtemp(folder));
    ck_assert_int_eq(chdir(folder), 0);
    file = CreateFileA("file", GENERIC_READ | GENERIC_WRITE | DELETE,
                       FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL, CREATE_NEW, 0,
                       NULL);
    ck_assert(WriteFile(file, "12345", 5, &n, NULL));
}

static void leave(void)
{
    char line[128];
    CloseHandle(file);
    ck_assert_int_eq(chdir("/"), 0);
    snprintf(line, sizeof line, "rm -rf %s", folder);
    ck_assert_int_eq(system(line), 0);
}
#endif

#endif
