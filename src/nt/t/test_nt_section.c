/* Making sections through the public calls: flags, protections, rights, sizes. The rows of the
 * specification stand here as tables. */
#include "nt/t/section_unit.h"

/* ---- SEC_ values: SEC-040..055 ---- */

/* 0: refused with INVALID_PARAMETER_6; 1: the image statuses, by the kind of file. */
static const struct flags_row {
    ULONG sec, pagefile, file;
} flags_rows[] = {
    {SEC_RESERVE, SEC_RESERVE, SEC_FILE},
    {SEC_RESERVE | SEC_NOCACHE, SEC_RESERVE | SEC_NOCACHE, SEC_FILE | SEC_NOCACHE},
    {SEC_RESERVE | SEC_LARGE_PAGES, 0, 0},
    {SEC_RESERVE | SEC_WRITECOMBINE, SEC_RESERVE | SEC_WRITECOMBINE, SEC_FILE | SEC_WRITECOMBINE},
    {SEC_COMMIT, SEC_COMMIT, SEC_FILE},
    {SEC_COMMIT | SEC_NOCACHE, SEC_COMMIT | SEC_NOCACHE, SEC_FILE | SEC_NOCACHE},
    {SEC_COMMIT | SEC_WRITECOMBINE, SEC_COMMIT | SEC_WRITECOMBINE, SEC_FILE | SEC_WRITECOMBINE},
    {SEC_RESERVE | SEC_COMMIT, 0, 0},
    {SEC_IMAGE, 1, 1},
    {SEC_IMAGE | SEC_RESERVE, 0, 0},
    {SEC_IMAGE | SEC_COMMIT, 0, 0},
    {SEC_NOCACHE, 0, 0},
    {SEC_LARGE_PAGES, 0, 0},
    {SEC_WRITECOMBINE, 0, 0},
    {SEC_FILE, 0, 0},
    {SEC_FILE | SEC_RESERVE, 0, 0},
    {SEC_FILE | SEC_COMMIT, 0, 0},
};

START_TEST(flags_matrix)
{
    make_file("x", 1, 0x1000);
    HANDLE file = open_file(GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE);
    for (unsigned i = 0; i < N_OF(flags_rows); i++) {
        const struct flags_row *r = &flags_rows[i];
        if (r->pagefile > 1)
            creates(NULL, PAGE_READWRITE, r->sec, 0x1000, r->pagefile);
        else
            refuses(NULL, PAGE_READWRITE, r->sec, 0x1000,
                    r->pagefile ? STATUS_INVALID_FILE_FOR_SECTION : STATUS_INVALID_PARAMETER_6);
        if (r->file > 1)
            creates(file, PAGE_READWRITE, r->sec, 0x1000, r->file);
        else
            refuses(file, PAGE_READWRITE, r->sec, 0x1000,
                    r->file ? STATUS_INVALID_IMAGE_NOT_MZ : STATUS_INVALID_PARAMETER_6);
    }
    refuses(NULL, PAGE_READWRITE, 0, 0x1000, STATUS_INVALID_PARAMETER_6);
    refuses(file, PAGE_READWRITE, SEC_COMMIT | SEC_LARGE_PAGES, 0x1000,
            STATUS_INVALID_PARAMETER_6);
    refuses(NULL, PAGE_READWRITE, SEC_COMMIT | SEC_LARGE_PAGES, 0x201000,
            STATUS_INVALID_PARAMETER_4);
    for (unsigned bit = 0; bit < 26; bit++) /* everything below SEC_RESERVE */
        refuses(NULL, PAGE_READWRITE, SEC_COMMIT | 1u << bit, 0x1000, STATUS_INVALID_PARAMETER_6);
    CloseHandle(file);
}
END_TEST

/* The same through the Win32 call, where no flag means SEC_COMMIT. */
START_TEST(win32_flags)
{
    make_file("x", 1, 0x1000);
    HANDLE file = open_file(GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE), h;
    for (unsigned i = 0; i < N_OF(flags_rows); i++) {
        const struct flags_row *r = &flags_rows[i];
        DWORD prot = PAGE_READWRITE | r->sec;
        if (r->pagefile > 1)
            CloseHandle(win32_creates(PAGEFILE, prot, 0x1000));
        else
            win32_refuses(PAGEFILE, prot, 0x1000, r->pagefile ? 193 : 87);
        if (r->file > 1)
            CloseHandle(win32_creates(file, prot, 0x1000));
        else
            win32_refuses(file, prot, 0x1000, r->file ? 193 : 87);
    }
    h = win32_creates(PAGEFILE, PAGE_READWRITE, 0x1000);
    ck_assert_uint_eq(basic_of(h).Attributes, SEC_COMMIT);
    CloseHandle(h);
    h = win32_creates(file, PAGE_READWRITE, 0x1000);
    ck_assert_uint_eq(basic_of(h).Attributes, SEC_FILE);
    CloseHandle(h);
    win32_refuses(PAGEFILE, PAGE_READWRITE | SEC_COMMIT | SEC_LARGE_PAGES, 0x201000, 87);
    CloseHandle(file);
}
END_TEST

/* SEC-050..053: the column of PE files. */
START_TEST(image_flags)
{
    make_image_file();
    HANDLE file = open_file(GENERIC_READ | GENERIC_EXECUTE);
    static const ULONG bad[] = {SEC_RESERVE, SEC_COMMIT, SEC_FILE, SEC_LARGE_PAGES,
                                SEC_WRITECOMBINE};
    creates(file, PAGE_READONLY, SEC_IMAGE, 0, SEC_FILE | SEC_IMAGE);
    creates(file, PAGE_READONLY, SEC_IMAGE_NO_EXECUTE, 0, SEC_FILE | SEC_IMAGE);
    creates(file, PAGE_EXECUTE_WRITECOPY, SEC_IMAGE, 0, SEC_FILE | SEC_IMAGE);
    refuses(file, PAGE_EXECUTE_READ, SEC_IMAGE_NO_EXECUTE, 0, STATUS_INVALID_PAGE_PROTECTION);
    for (unsigned i = 0; i < N_OF(bad); i++)
        refuses(file, PAGE_READONLY, SEC_IMAGE | bad[i], 0, STATUS_INVALID_PARAMETER_6);
    CloseHandle(file);
}
END_TEST

/* ---- protections and rights: SEC-001..010 ---- */

START_TEST(protection_needs_rights)
{
    static const struct row {
        ULONG prot;
        DWORD need;
    } rows[] = {
        {PAGE_READONLY, R},          {PAGE_READWRITE, R | W},
        {PAGE_WRITECOPY, R},         {PAGE_EXECUTE_READ, R | X},
        {PAGE_EXECUTE_READWRITE, R | W | X}, {PAGE_EXECUTE_WRITECOPY, R | X},
    };
    make_file("x", 1, 0x1000);
    for (DWORD i = 0; i < 8; i++) {
        DWORD access = (i & 1 ? R : 0) | (i & 2 ? W : 0) | (i & 4 ? X : 0);
        HANDLE file = open_file(access);
        for (unsigned k = 0; k < N_OF(rows); k++) {
            bool enough = (rows[k].need & ~access) == 0;
            if (enough)
                CloseHandle(win32_creates(file, rows[k].prot, 0));
            else
                win32_refuses(file, rows[k].prot, 0, 5);
        }
        if (access & X)
            creates(file, PAGE_EXECUTE, SEC_COMMIT, 0, SEC_FILE);
        else
            refuses(file, PAGE_EXECUTE, SEC_COMMIT, 0, STATUS_ACCESS_DENIED);
        CloseHandle(file);
    }
}
END_TEST

/* SEC-002..005: every value of one byte but the six, alone and with SEC_ values. */
START_TEST(protections_refused)
{
    make_file("x", 1, 0x1000);
    HANDLE file = open_file(R | W | X);
    for (ULONG prot = 0; prot < 0x1000; prot++) {
        bool single = prot < 0x100 && (prot & (prot - 1)) == 0;
        if (single && prot > PAGE_NOACCESS && prot != PAGE_EXECUTE)
            continue;
        win32_refuses(file, prot, 0, 87);
        win32_refuses(PAGEFILE, prot, 0x1000, 87);
        if (prot == PAGE_EXECUTE)
            continue;
        refuses(file, prot, SEC_COMMIT, 0, STATUS_INVALID_PAGE_PROTECTION);
        refuses(NULL, prot, SEC_RESERVE, 0x1000, STATUS_INVALID_PAGE_PROTECTION);
    }
    creates(NULL, PAGE_EXECUTE, SEC_COMMIT, 0x1000, SEC_COMMIT);
    CloseHandle(file);
}
END_TEST

/* The rights of the handle come from the protection, or from what the native caller asked for. */
START_TEST(granted_rights)
{
    ULONG base = STANDARD_RIGHTS_REQUIRED | SECTION_QUERY | SECTION_MAP_READ;
    static const struct row {
        ULONG prot, more;
    } rows[] = {
        {PAGE_READONLY, 0},
        {PAGE_WRITECOPY, 0},
        {PAGE_READWRITE, SECTION_MAP_WRITE},
        {PAGE_EXECUTE_READ, SECTION_MAP_EXECUTE},
        {PAGE_EXECUTE_WRITECOPY, SECTION_MAP_EXECUTE},
        {PAGE_EXECUTE_READWRITE, SECTION_MAP_EXECUTE | SECTION_MAP_WRITE},
    };
    for (unsigned i = 0; i < N_OF(rows); i++) {
        HANDLE h = CreateFileMappingFromApp(PAGEFILE, NULL, rows[i].prot, 1024, NULL);
        ck_assert_uint_eq(granted(h), base | rows[i].more); /* SEC-034 */
        CloseHandle(h);
        h = CreateFileMapping2(PAGEFILE, NULL, SECTION_MAP_READ, rows[i].prot, 0, 1024, NULL, NULL,
                               0);
        ck_assert_uint_eq(granted(h), SECTION_MAP_READ);
        CloseHandle(h);
    }
    HANDLE h;
    LARGE_INTEGER size = {.QuadPart = 1};
    ck_assert_int_eq(NtCreateSection(&h, GENERIC_READ, NULL, &size, PAGE_READWRITE, SEC_COMMIT,
                                     NULL), 0);
    ck_assert_uint_eq(granted(h), STANDARD_RIGHTS_READ | SECTION_QUERY | SECTION_MAP_READ);
    CloseHandle(h);
    ck_assert_int_eq(NtCreateSection(&h, MAXIMUM_ALLOWED, NULL, &size, PAGE_READWRITE, SEC_COMMIT,
                                     NULL), 0);
    ck_assert_uint_eq(granted(h), SECTION_ALL_ACCESS);
    CloseHandle(h);
}
END_TEST

/* ---- sizes: SEC-011..020 ---- */

static void check_size(HANDLE file, DWORD prot, DWORD size, LONGLONG expected)
{
    HANDLE h = win32_creates(file, prot, size);
    ck_assert_int_eq(basic_of(h).Size.QuadPart, expected);
    CloseHandle(h);
}

START_TEST(sizes)
{
    DWORD high = 1;
    make_file("x", 1, 0x3456);
    HANDLE file = open_file(R | W);
    check_size(file, PAGE_READONLY, 0, 0x3456);
    check_size(file, PAGE_READWRITE, 36, 36);
    refuses(file, PAGE_READONLY, SEC_COMMIT, 0x3457, STATUS_SECTION_TOO_BIG);
    win32_refuses(file, PAGE_READONLY, 0x3457, 8);
    win32_refuses(file, PAGE_WRITECOPY, 0x3457, 8);
    ck_assert_uint_eq(GetFileSize(file, &high), 0x3456);
    check_size(file, PAGE_READWRITE, 0x4567, 0x4567);
    ck_assert_uint_eq(GetFileSize(file, &high), 0x4567);
    CloseHandle(file);
    remove_file();
    make_file("", 0, 0);
    file = open_file(R | W | X);
    win32_refuses(file, PAGE_READWRITE, 0, 1006);
    refuses(file, PAGE_READONLY, SEC_IMAGE, 0, STATUS_INVALID_FILE_FOR_SECTION); /* SEC-016 */
    CloseHandle(file);
    win32_refuses(PAGEFILE, PAGE_READWRITE, 0, 87);
    refuses(NULL, PAGE_READWRITE, SEC_COMMIT, 0, STATUS_INVALID_PARAMETER_4);
    check_size(PAGEFILE, PAGE_READWRITE, 0x3452, 0x4000);
    check_size(PAGEFILE, PAGE_READWRITE, 4090, 4096);
    refuses(NULL, PAGE_READWRITE, SEC_COMMIT, (LONGLONG)1 << 43, STATUS_COMMITMENT_LIMIT);
    refuses(NULL, PAGE_READWRITE, SEC_RESERVE, (LONGLONG)8 << 40, STATUS_INSUFFICIENT_RESOURCES);
    refuses(NULL, PAGE_READWRITE, SEC_RESERVE, (LONGLONG)1 << 47, STATUS_SECTION_TOO_BIG);
    refuses(NULL, PAGE_READWRITE, SEC_RESERVE, -1, STATUS_SECTION_TOO_BIG);
    HANDLE h = CreateFileMappingA(PAGEFILE, NULL, PAGE_READWRITE | SEC_RESERVE, 2, 0, NULL);
    ck_assert_int_eq(basic_of(h).Size.QuadPart, (LONGLONG)2 << 32); /* SEC-025 */
    CloseHandle(h);
}
END_TEST

START_TEST(bad_handles)
{
    HANDLE section = win32_creates(PAGEFILE, PAGE_READWRITE, 1);
    refuses((HANDLE)(intptr_t)-1, PAGE_READWRITE, SEC_COMMIT, 1, STATUS_OBJECT_TYPE_MISMATCH);
    refuses((HANDLE)0x1234, PAGE_READWRITE, SEC_COMMIT, 1, STATUS_INVALID_HANDLE);
    refuses(section, PAGE_READWRITE, SEC_COMMIT, 1, STATUS_OBJECT_TYPE_MISMATCH);
    win32_refuses((HANDLE)0x1234, PAGE_READWRITE, 1, 6);
    /* The flags and the protection come first. */
    refuses((HANDLE)0x1234, PAGE_READWRITE, 0, 1, STATUS_INVALID_PARAMETER_6);
    refuses((HANDLE)0x1234, 0, SEC_COMMIT, 1, STATUS_INVALID_PAGE_PROTECTION);
    CloseHandle(section);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("nt_section", 30, &tc);
    tcase_add_checked_fixture(tc, NULL, remove_file);
    tcase_add_test(tc, flags_matrix);
    tcase_add_test(tc, win32_flags);
    tcase_add_test(tc, image_flags);
    tcase_add_test(tc, protection_needs_rights);
    tcase_add_test(tc, protections_refused);
    tcase_add_test(tc, granted_rights);
    tcase_add_test(tc, sizes);
    tcase_add_test(tc, bad_handles);
    return unit_run(suite);
}
