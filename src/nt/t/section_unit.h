/* What the tests of sections share: files, creations that work or are refused, queries. They go
 * through the public calls. */
#ifndef WVM_NT_T_SECTION_UNIT_H
#define WVM_NT_T_SECTION_UNIT_H

#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include <winvm/control.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"
#include "section/t/pe_build.h"

#define N_OF(a) (sizeof(a) / sizeof((a)[0]))
#define PAGEFILE INVALID_HANDLE_VALUE
#define WIDE(text) ((const WCHAR *)(u"" text))

static char path[64];

/* A file of so many bytes at `path`, opened with these rights. */
static inline HANDLE open_file(DWORD access)
{
    HANDLE h = CreateFileA(path, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                           NULL, OPEN_EXISTING, 0, NULL);
    ck_assert_ptr_ne(h, INVALID_HANDLE_VALUE);
    return h;
}

static inline void make_file(const void *bytes, size_t n, uint64_t size)
{
    strcpy(path, "/tmp/winvm-nt-section-XXXXXX");
    int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq((int)write(fd, bytes, n), (int)n);
    ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
    close(fd);
}

static inline void make_image_file(void)
{
    static uint8_t bytes[1 << 20];
    struct pe_plan plan = pe_plan_usual(false);
    size_t n = pe_build(&plan, bytes, sizeof bytes);
    ck_assert_uint_ne(n, 0);
    make_file(bytes, n, n);
}

static inline void remove_file(void)
{
    if (path[0])
        unlink(path);
}

static inline NTSTATUS create(HANDLE *out, HANDLE file, ULONG prot, ULONG sec, LONGLONG size)
{
    LARGE_INTEGER bytes = {.QuadPart = size};
    *out = NULL;
    return NtCreateSection(out, SECTION_ALL_ACCESS, NULL, &bytes, prot, sec, file);
}

/* The call fails with this status and gives no handle. */
static inline void refuses(HANDLE file, ULONG prot, ULONG sec, LONGLONG size, NTSTATUS status)
{
    HANDLE h;
    NTSTATUS got = create(&h, file, prot, sec, size);
    ck_assert_msg(got == status, "prot %x sec %x: %x instead of %x", prot, sec, (unsigned)got,
                  (unsigned)status);
    ck_assert_ptr_null(h);
}

static inline SECTION_BASIC_INFORMATION basic_of(HANDLE h)
{
    SECTION_BASIC_INFORMATION info;
    SIZE_T n = 0;
    memset(&info, 0xaa, sizeof info);
    ck_assert_int_eq(NtQuerySection(h, SectionBasicInformation, &info, sizeof info, &n), 0);
    ck_assert_uint_eq(n, sizeof info);
    ck_assert_ptr_null(info.BaseAddress);
    return info;
}

/* The call works, and the section has these attributes and size. */
static inline void creates(HANDLE file, ULONG prot, ULONG sec, LONGLONG size, ULONG attributes)
{
    HANDLE h;
    NTSTATUS got = create(&h, file, prot, sec, size);
    ck_assert_msg(got == 0, "prot %x sec %x: %x", prot, sec, (unsigned)got);
    SECTION_BASIC_INFORMATION info = basic_of(h);
    ck_assert_msg(info.Attributes == attributes, "sec %x: attributes %x instead of %x", sec,
                  (unsigned)info.Attributes, (unsigned)attributes);
    ck_assert(CloseHandle(h));
}

static inline void win32_refuses(HANDLE file, DWORD prot, DWORD size, DWORD error)
{
    SetLastError(0xdeadbeef);
    HANDLE h = CreateFileMappingA(file, NULL, prot, 0, size, NULL);
    ck_assert_ptr_null(h);
    ck_assert_msg(GetLastError() == error, "prot %x: error %u instead of %u", prot,
                  (unsigned)GetLastError(), (unsigned)error);
}

static inline HANDLE win32_creates(HANDLE file, DWORD prot, DWORD size)
{
    SetLastError(0xdeadbeef);
    HANDLE h = CreateFileMappingA(file, NULL, prot, 0, size, NULL);
    ck_assert_msg(h != NULL, "prot %x: error %u", prot, (unsigned)GetLastError());
    ck_assert_uint_eq(GetLastError(), 0); /* SEC-027 */
    return h;
}

static inline ULONG granted(HANDLE h)
{
    PUBLIC_OBJECT_BASIC_INFORMATION info;
    ck_assert_int_eq(NtQueryObject(h, ObjectBasicInformation, &info, sizeof info, NULL), 0);
    return info.GrantedAccess;
}

#define R GENERIC_READ
#define W GENERIC_WRITE
#define X GENERIC_EXECUTE

#endif
