/* The rules of the mapping calls, over a space that only remembers what it was asked. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "map_unit.h"

#define R SECTION_MAP_READ
#define W SECTION_MAP_WRITE
#define X SECTION_MAP_EXECUTE

static const struct {
    ULONG prot;
    uint8_t attr;
    uint32_t rights; /* a handle needs */
} views[] = {
    {PAGE_NOACCESS, WVM_ATTR_NA, R},
    {PAGE_READONLY, WVM_ATTR_RO, R},
    {PAGE_WRITECOPY, WVM_ATTR_WC, R},
    {PAGE_READWRITE, WVM_ATTR_RW, W},
    {PAGE_EXECUTE, WVM_ATTR_X, R | X},
    {PAGE_EXECUTE_READ, WVM_ATTR_XR, R | X},
    {PAGE_EXECUTE_WRITECOPY, WVM_ATTR_XWC, R | X},
    {PAGE_EXECUTE_READWRITE, WVM_ATTR_XRW, W | X},
};
#define N_VIEWS (sizeof views / sizeof views[0])

/* SEC-130..135: a letter for each of views[]. */
static const struct {
    uint8_t attr;
    const char *allowed;
} sections[] = {
    {WVM_ATTR_RO, "yyynnnnn"},  {WVM_ATTR_WC, "yyynnnnn"},  {WVM_ATTR_RW, "yyyynnnn"},
    {WVM_ATTR_XR, "yyynyyyn"},  {WVM_ATTR_XWC, "yyynyyyn"}, {WVM_ATTR_XRW, "yyyyyyyy"},
};

START_TEST(protection_matrix)
{
    struct wvm_section s = fake_section(WVM_SECTION_FILE, sections[_i].attr, 0x3456);
    HANDLE h = fake_handle(&s, SECTION_ALL_ACCESS);
    for (size_t v = 0; v < N_VIEWS; v++) {
        struct call c = {.prot = views[v].prot, .size = 0x1234};
        bool allowed = sections[_i].allowed[v] == 'y';
        fake_reset();
        ck_assert_int_eq(map(h, &c), allowed ? 0 : STATUS_SECTION_PROTECTION);
        ck_assert_uint_eq(fake.n_calls, allowed);
        ck_assert_uint_eq(c.size, allowed ? 0x2000 : 0x1234);
        ck_assert_uint_eq(c.base, allowed ? 0x120000 : 0);
        if (allowed)
            ck_assert_uint_eq(fake.view.attr, views[v].attr);
    }
    /* The call gives back what it held. */
    ck_assert_uint_eq(s.backing.refs, 2);
}
END_TEST

/* SEC-063..068, every set of rights with every view. */
START_TEST(handle_rights)
{
    struct wvm_section s = fake_section(WVM_SECTION_PAGEFILE, WVM_ATTR_XRW, 0x1000);
    for (uint32_t rights = 0; rights < 16; rights++) {
        HANDLE h = fake_handle(&s, rights);
        for (size_t v = 0; v < N_VIEWS; v++) {
            struct call c = {.prot = views[v].prot};
            bool allowed = (views[v].rights & ~rights) == 0;
            fake_reset();
            ck_assert_int_eq(map(h, &c), allowed ? 0 : STATUS_ACCESS_DENIED);
            ck_assert_uint_eq(fake.n_calls, allowed);
        }
        ck_assert_int_eq(wvm_handle_close(h), 0);
    }
}
END_TEST

/* Refusals of a data view of 0x23456 bytes, writable and executable. P page file, F file. */
static const struct {
    char kind;
    struct call c;
    NTSTATUS expected;
} refusals[] = {
    /* SEC-071..073 */
    {'F', {0, 0x23457, 0, 0, 0, 0, 4}, STATUS_INVALID_VIEW_SIZE},
    {'F', {0, 0x13457, 0x10000, 0, 0, 0, 4}, STATUS_INVALID_VIEW_SIZE},
    {'F', {0, 1, 0x30000, 0, 0, 0, 4}, STATUS_INVALID_VIEW_SIZE},
    {'F', {0, 0, 0x30000, 0, 0, 0, 4}, STATUS_INVALID_VIEW_SIZE},
    {'F', {0, 0, (LONGLONG)0xffffffffffff0000, 0, 0, 0, 4}, STATUS_INVALID_VIEW_SIZE},
    {'F', {0, SIZE_MAX, 0, 0, 0, 0, 4}, STATUS_INVALID_PARAMETER_3},
    {'P', {FREE, SIZE_MAX - 0xfff, 0, 0, 0, 0, 4}, STATUS_INVALID_PARAMETER_3},
    /* SEC-074, SEC-075, SEC-077 */
    {'F', {0, 0, 1, 0, 0, 0, 4}, STATUS_MAPPED_ALIGNMENT},
    {'F', {0, 0, 0x1000, 0, 0, 0, 4}, STATUS_MAPPED_ALIGNMENT},
    {'F', {0, 0, 0x40211, 0, 0, 0, 4}, STATUS_MAPPED_ALIGNMENT},
    {'F', {0, 0, -1, 0, 0, 0, 4}, STATUS_MAPPED_ALIGNMENT},
    {'F', {FREE + 42, 0, 0, 0, 0, 0, 4}, STATUS_MAPPED_ALIGNMENT},
    {'F', {FREE + 0x1000, 0, 0, 0, 0, 0, 4}, STATUS_MAPPED_ALIGNMENT},
    {'F', {TOP, 0, 0, 0, 0, 0, 4}, STATUS_INVALID_PARAMETER_3},
    {'F', {FAKE_KERNEL, 0, 0, 0, 0, 0, 4}, STATUS_INVALID_PARAMETER_3},
    {'F', {TOP - 0x10000, 0x10001, 0, 0, 0, 0, 4}, STATUS_INVALID_PARAMETER_3},
    {'F', {TOP - 0x10000, 0, 0, 0, 0, 0, 4}, STATUS_INVALID_PARAMETER_3},
    /* SEC-085 */
    {'P', {FREE, 0, 0, 0, 0, 0x40000000, 4}, STATUS_INVALID_PARAMETER_9},
    {'P', {FREE + 0x1001, 0, 0, 0, 0, 0x40000000, 4}, STATUS_INVALID_PARAMETER_9},
    /* SEC-087, SEC-088, SEC-090 */
    {'P', {0, 0, 0, 21, 0, 0, 4}, STATUS_NO_MEMORY},
    {'P', {0, 0, 0, 16, 0, 0, 4}, STATUS_NO_MEMORY},
    {'P', {0, 0, 0, 15, 0, 0, 4}, STATUS_NO_MEMORY},
    {'P', {0, 0, 0, 22, 0, 0, 4}, STATUS_INVALID_PARAMETER_4},
    {'P', {0, 0, 0, 31, 0, 0, 4}, STATUS_INVALID_PARAMETER_4},
    {'P', {FREE, 0, 0, 3, 0, 0, 4}, STATUS_INVALID_PARAMETER_4},
    {'P', {FREE, 0, 0, 0x1aaaaaaa, 0, 0, 4}, STATUS_INVALID_PARAMETER_4},
    /* SEC-092, SEC-093, SEC-096, SEC-097 */
    {'F', {0, 0, 0, 0, 0, MEM_COMMIT, 4}, STATUS_INVALID_PARAMETER_9},
    {'P', {0, 0, 0, 0, 0, MEM_COMMIT, 4}, STATUS_INVALID_PARAMETER_9},
    {'P', {0, 0, 0, 0, 0, MEM_RESERVE, 4}, STATUS_INVALID_PARAMETER_9},
    {'F', {0, 0, 0, 0, 0, MEM_RESERVE | MEM_COMMIT, 4}, STATUS_INVALID_PARAMETER_9},
    {'F', {0, 0, 0, 0, 0, MEM_RESERVE | MEM_LARGE_PAGES, 4}, STATUS_INVALID_PARAMETER},
    {'F', {FREE, 0x24000, 0, 0, 0, MEM_REPLACE_PLACEHOLDER, 4}, STATUS_INVALID_PARAMETER_9},
    /* SEC-098, SEC-099 */
    {'P', {0, 0x1000, 0, 0, 0x1001, 0, 4}, STATUS_INVALID_PARAMETER_5},
    {'P', {0, 0, 0, 0, 0x24001, 0, 4}, STATUS_INVALID_PARAMETER_5},
    {'F', {0, 0, 0, 0, 500, 0, 4}, STATUS_INVALID_PARAMETER_5},
    {'F', {0, 0x1000, 0, 0, 0x1001, MEM_RESERVE, 4}, STATUS_INVALID_PARAMETER_5},
    /* SEC-104 */
    {'F', {0, 0, 0, 0, 0, 0, 6}, STATUS_INVALID_PAGE_PROTECTION},
    {'F', {0, 0, 0, 0, 0, 0, 0}, STATUS_INVALID_PAGE_PROTECTION},
    {'F', {0, 0, 0, 0, 0, 0, 0x80000008}, STATUS_INVALID_PAGE_PROTECTION},
};

START_TEST(map_refusal)
{
    bool file = refusals[_i].kind == 'F';
    struct wvm_section s = fake_section(file ? WVM_SECTION_FILE : WVM_SECTION_PAGEFILE,
                                        WVM_ATTR_XRW, file ? 0x23456 : 0x24000);
    HANDLE h = fake_handle(&s, SECTION_ALL_ACCESS);
    struct call c = refusals[_i].c;
    fake_reset();
    ck_assert_int_eq(map(h, &c), refusals[_i].expected);
    ck_assert_uint_eq(fake.n_calls, 0);
    ck_assert_uint_eq(c.base, refusals[_i].c.base);
    ck_assert_uint_eq(c.size, refusals[_i].c.size);
    ck_assert_uint_eq(s.backing.refs, 2);
}
END_TEST

/* What the space is asked: SEC-070, SEC-086, SEC-089, SEC-091, SEC-101, SEC-223, SEC-224. */
static const struct {
    struct call c;
    uintptr_t start, len, limit;
} requests[] = {
    {{0, 0, 0, 0, 0, 0, 4}, 0, 0x24000, 0},
    {{0, 0, 0x10000, 0, 0, 0, 4}, 0, 0x14000, 0},
    {{0, 1, 0x20000, 0, 0, 0, 4}, 0, 0x1000, 0},
    {{0, 0x3456, 0x20000, 0, 0, 0, 4}, 0, 0x4000, 0},
    {{FREE, 0x10000, 0x10000, 0, 0, 0, 4}, FREE, 0x10000, 0},
    {{FREE, 0, 0, 2, 0, 0, 4}, FREE, 0x24000, 0},
    {{0, 0, 0, 1, 0, 0, 4}, 0, 0x24000, 0x80000000},
    {{0, 0, 0, 14, 0, 0, 4}, 0, 0x24000, 0x40000},
    {{0, 0, 0, 0x1aaaaaaa, 0, 0, 4}, 0, 0x24000, 0x20000000},
    {{0, 0, 0, 0, 0, MEM_TOP_DOWN, 4}, 0, 0x24000, 0},
    {{TOP - 0x30000, 0, 0, 0, 0, 0, 4}, TOP - 0x30000, 0x24000, 0},
};

START_TEST(map_request)
{
    struct wvm_section s = fake_section(WVM_SECTION_FILE, WVM_ATTR_RW, 0x23456);
    HANDLE h = fake_handle(&s, R | W);
    struct call c = requests[_i].c;
    fake_reset();
    ck_assert_int_eq(map(h, &c), 0);
    ck_assert_ptr_eq(fake.view.backing, &s.backing);
    ck_assert_uint_eq(fake.view.start, requests[_i].start);
    ck_assert_uint_eq(fake.view.len, requests[_i].len);
    ck_assert_uint_eq(fake.view.limit, requests[_i].limit);
    ck_assert_uint_eq(fake.view.offset, (uint64_t)requests[_i].c.offset);
    ck_assert_int_eq(fake.view.top_down, (requests[_i].c.type & MEM_TOP_DOWN) != 0);
    ck_assert_uint_eq(fake.view.type, WVM_TYPE_MAPPED);
    ck_assert(!fake.view.replace && !fake.view.anonymous && !fake.view.n_parts);
    ck_assert_uint_eq(c.base, fake.start);
    ck_assert_uint_eq(c.size, requests[_i].len);
}
END_TEST

/* SEC-094, SEC-095: only a writable file, and only its own pages are there. */
START_TEST(reserved_view)
{
    struct wvm_section s = fake_section(WVM_SECTION_FILE, WVM_ATTR_RW, 0x23456);
    HANDLE h = fake_handle(&s, SECTION_ALL_ACCESS);
    struct call c = {.size = 0x50000, .offset = 0x10000, .type = MEM_RESERVE, .prot = 4};
    fake_reset();
    ck_assert_int_eq(map(h, &c), 0);
    ck_assert_uint_eq(fake.view.len, 0x50000);
    ck_assert_uint_eq(fake.view.n_parts, 2);
    ck_assert(fake.part[0].start == 0 && fake.part[0].end == 0x14 &&
              fake.part[0].attr == WVM_ATTR_RW);
    ck_assert(fake.part[1].start == 0x14 && fake.part[1].end == 0x50 &&
              fake.part[1].attr == WVM_ATTR_RESERVED);
    s.attr = WVM_ATTR_RO;
    c = (struct call){.type = MEM_RESERVE, .prot = 2};
    ck_assert_int_eq(map(h, &c), STATUS_SECTION_PROTECTION);
}
END_TEST

/* SEC-098..100: CommitSize counts where pages are committed one by one. */
START_TEST(commit_size)
{
    uint64_t commits[1] = {0};
    struct wvm_section s = fake_section(WVM_SECTION_PAGEFILE, WVM_ATTR_RW, 0x24000);
    HANDLE h = fake_handle(&s, SECTION_ALL_ACCESS);
    struct call c = {.size = 0x2000, .commit = 0x1001, .prot = 4};
    fake_reset();
    ck_assert_int_eq(map(h, &c), 0);
    ck_assert_uint_eq(fake.view.n_commit, 0);
    ck_assert(fake.view.anonymous);
    s.backing.commits = commits;
    c.base = 0;
    ck_assert_int_eq(map(h, &c), 0);
    ck_assert_uint_eq(fake.view.n_commit, 2);
}
END_TEST

/* SEC-115: what the section says about caching goes into the view, but not into one without
 * access, and not beside what the view says itself. */
START_TEST(caching)
{
    struct wvm_section s = fake_section(WVM_SECTION_PAGEFILE, WVM_ATTR_RW, 0x1000);
    HANDLE h = fake_handle(&s, SECTION_ALL_ACCESS);
    static const struct {
        uint16_t flags;
        ULONG prot;
        uint8_t attr;
    } cases[] = {
        {WVM_SECTION_NOCACHE, 4, WVM_ATTR_RW | WVM_ATTR_NOCACHE},
        {WVM_SECTION_WRITECOMBINE, 2, WVM_ATTR_RO | WVM_ATTR_WRITECOMBINE},
        {WVM_SECTION_NOCACHE, 1, WVM_ATTR_NA},
        {WVM_SECTION_NOCACHE, 0x404, WVM_ATTR_RW | WVM_ATTR_WRITECOMBINE},
        {WVM_SECTION_RESERVE, 4, WVM_ATTR_RW},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct call c = {.prot = cases[i].prot};
        s.flags = cases[i].flags;
        fake_reset();
        ck_assert_int_eq(map(h, &c), 0);
        ck_assert_uint_eq(fake.view.attr, cases[i].attr);
    }
}
END_TEST

/* PH-080, PH-089..093, and base NULL: placeholders relax the alignment. */
START_TEST(placeholders)
{
    struct wvm_section s = fake_section(WVM_SECTION_PAGEFILE, WVM_ATTR_RW, 0x24000);
    HANDLE h = fake_handle(&s, SECTION_ALL_ACCESS);
    static const struct {
        uintptr_t base;
        LONGLONG offset;
        ULONG type;
        NTSTATUS expected;
    } cases[] = {
        {FREE + 0x1000, 0x3000, MEM_REPLACE_PLACEHOLDER, 0},
        {FREE - 1, 0, MEM_REPLACE_PLACEHOLDER, STATUS_MAPPED_ALIGNMENT},
        {FREE, 0xfff, MEM_REPLACE_PLACEHOLDER, STATUS_MAPPED_ALIGNMENT},
        {FREE + 0x1000, 0, 0, STATUS_MAPPED_ALIGNMENT},
        {FREE, 0x1000, 0, STATUS_MAPPED_ALIGNMENT},
        {FREE, 0x20000, 0, 0},
        {0, 0, MEM_REPLACE_PLACEHOLDER, STATUS_INVALID_PARAMETER},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        struct call c = {.base = cases[i].base, .offset = cases[i].offset, .size = 0x1000,
                         .type = cases[i].type, .prot = 4};
        fake_reset();
        ck_assert_int_eq(map_ex(h, &c), cases[i].expected);
        ck_assert_uint_eq(fake.n_calls, cases[i].expected == 0);
        ck_assert_int_eq(fake.view.replace, cases[i].expected == 0 && cases[i].type != 0);
    }
    /* PH-098 */
    struct wvm_image_info image = {.size = 0x24000, .machine = OWN_MACHINE};
    struct call c = {.base = FREE, .type = MEM_REPLACE_PLACEHOLDER, .prot = 2};
    s.kind = WVM_SECTION_IMAGE;
    s.image = &image;
    ck_assert_int_eq(map_ex(h, &c), STATUS_INVALID_PARAMETER_9);
}
END_TEST

/* SEC-078..081: handles before everything that lies in values. */
START_TEST(handles_first)
{
    struct wvm_section s = fake_section(WVM_SECTION_PAGEFILE, WVM_ATTR_RW, 0x1000);
    HANDLE h = fake_handle(&s, SECTION_ALL_ACCESS);
    struct call c = {.base = FREE + 42, .prot = 6, .type = MEM_COMMIT, .zero_bits = 25};
    LARGE_INTEGER offset = {.QuadPart = 1};
    PVOID base = NULL;
    SIZE_T size = 0;
    fake_reset();
    ck_assert_int_eq(map((HANDLE)0xdeadbeec, &c), STATUS_INVALID_HANDLE);
    ck_assert_int_eq(map_ex((HANDLE)0xdeadbeec, &c), STATUS_INVALID_HANDLE);
    ck_assert_int_eq(map(NULL, &c), STATUS_INVALID_HANDLE);
    ck_assert_int_eq(map(OWN, &c), STATUS_OBJECT_TYPE_MISMATCH);
    ck_assert_int_eq(wvm_NtMapViewOfSection(h, NULL, &base, 0, 0, &offset, &size, ViewShare, 0, 4),
                     STATUS_INVALID_HANDLE);
    ck_assert_int_eq(wvm_NtMapViewOfSectionEx(h, NULL, &base, &offset, &size, 0, 4, NULL, 0),
                     STATUS_INVALID_HANDLE);
    ck_assert_int_eq(wvm_NtUnmapViewOfSection(NULL, NULL), STATUS_INVALID_HANDLE);
    ck_assert_int_eq(wvm_NtUnmapViewOfSectionEx(NULL, NULL, 8), STATUS_INVALID_HANDLE);
    ck_assert_int_eq(wvm_handle_close(h), 0);
    ck_assert_int_eq(map(h, &c), STATUS_INVALID_HANDLE);
    ck_assert_uint_eq(fake.n_calls, 0);
}
END_TEST

START_TEST(pointers)
{
    struct wvm_section s = fake_section(WVM_SECTION_PAGEFILE, WVM_ATTR_RW, 0x20000);
    HANDLE h = fake_handle(&s, SECTION_ALL_ACCESS);
    LARGE_INTEGER offset = {.QuadPart = 0x10000};
    PVOID base = NULL, wild = (PVOID)8;
    SIZE_T size = 0;
    fake_reset();
    ck_assert_int_eq(wvm_NtMapViewOfSection(h, OWN, wild, 0, 0, &offset, &size, ViewShare, 0, 4),
                     STATUS_ACCESS_VIOLATION);
    ck_assert_int_eq(wvm_NtMapViewOfSection(h, OWN, &base, 0, 0, wild, &size, ViewShare, 0, 4),
                     STATUS_ACCESS_VIOLATION);
    ck_assert_int_eq(wvm_NtMapViewOfSection(h, OWN, &base, 0, 0, NULL, wild, ViewShare, 0, 4),
                     STATUS_ACCESS_VIOLATION);
    ck_assert_int_eq(wvm_NtMapViewOfSectionEx(h, OWN, &base, wild, &size, 0, 4, NULL, 0),
                     STATUS_ACCESS_VIOLATION);
    ck_assert_int_eq(wvm_NtMapViewOfSectionEx(h, OWN, &base, NULL, &size, 0, 4, wild, 1),
                     STATUS_ACCESS_VIOLATION);
    ck_assert_int_eq(wvm_NtMapViewOfSection(h, OWN, &base, 0, 0, NULL, &size, 3, 0, 4),
                     STATUS_INVALID_PARAMETER_8);
    ck_assert_uint_eq(fake.n_calls, 0);
    /* An offset that may only be read is good enough, and one may be absent. */
    LARGE_INTEGER *constant = mmap(NULL, 0x1000, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_int_eq(wvm_NtMapViewOfSection(h, OWN, &base, 0, 0, constant, &size, ViewUnmap, 0, 4),
                     0);
    base = NULL;
    size = 0;
    ck_assert_int_eq(wvm_NtMapViewOfSection(h, OWN, &base, 0, 0, NULL, &size, ViewUnmap, 0, 4), 0);
    ck_assert_uint_eq(fake.view.offset, 0);
}
END_TEST

/* A result that would lie past the end of a view's file is refused, not a fault. */
START_TEST(cut_file)
{
    struct wvm_section s = fake_section(WVM_SECTION_FILE, WVM_ATTR_RW, 0x2000);
    HANDLE h = fake_handle(&s, SECTION_ALL_ACCESS);
    int fd = memfd_create("cut", 0);
    ck_assert_int_eq(ftruncate(fd, 0x1000), 0);
    char *at = mmap(NULL, 0x2000, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
    PVOID base = NULL;
    SIZE_T size = 0;
    show_view(&s, (uintptr_t)at, (uintptr_t)at + 0x2000);
    ck_assert_int_eq(wvm_NtMapViewOfSection(h, OWN, &base, 0, 0, NULL, (SIZE_T *)(at + 0x1000),
                                            ViewShare, 0, 4), STATUS_ACCESS_VIOLATION);
    ck_assert_int_eq(wvm_NtMapViewOfSection(h, OWN, (PVOID *)(at + 0x1000), 0, 0, NULL, &size,
                                            ViewShare, 0, 4), STATUS_ACCESS_VIOLATION);
    ck_assert_uint_eq(fake.n_calls, 0);
    ck_assert_int_eq(wvm_NtMapViewOfSection(h, OWN, (PVOID *)(at + 8), 0, 0, NULL, (SIZE_T *)at,
                                            ViewShare, 0, 4), 0);
    munmap(at, 0x2000);
    close(fd);
}
END_TEST

/* PH-100, PH-102: bounds of extended parameters. */
START_TEST(bounds)
{
    struct wvm_section s = fake_section(WVM_SECTION_PAGEFILE, WVM_ATTR_RW, 0x20000);
    HANDLE h = fake_handle(&s, SECTION_ALL_ACCESS);
    MEM_ADDRESS_REQUIREMENTS r = {(PVOID)0x20000000, (PVOID)0x2fffffff, 0};
    MEM_EXTENDED_PARAMETER p = {.Type = MemExtendedParameterAddressRequirements};
    PVOID base = NULL;
    SIZE_T size = 0;
    p.Pointer = &r;
    fake_reset();
    ck_assert_int_eq(wvm_NtMapViewOfSectionEx(h, OWN, &base, NULL, &size, 0, 4, &p, 1), 0);
    ck_assert_uint_eq(fake.view.low, 0x20000000);
    ck_assert_uint_eq(fake.view.limit, 0x30000000);
    base = (PVOID)FREE;
    ck_assert_int_eq(wvm_NtMapViewOfSectionEx(h, OWN, &base, NULL, &size, 0, 4, &p, 1),
                     STATUS_INVALID_PARAMETER);
    base = NULL;
    r = (MEM_ADDRESS_REQUIREMENTS){NULL, (PVOID)0x1ffff, 0};
    fake_reset();
    ck_assert_int_eq(wvm_NtMapViewOfSectionEx(h, OWN, &base, NULL, &size, 0, 4, &p, 1),
                     STATUS_NO_MEMORY);
    ck_assert_uint_eq(fake.n_calls, 0);
}
END_TEST

int main(void)
{
    TCase *c;
    Suite *s = unit_suite("nt_map", 20, &c);
    tcase_add_loop_test(c, protection_matrix, 0, (int)(sizeof sections / sizeof sections[0]));
    tcase_add_test(c, handle_rights);
    tcase_add_loop_test(c, map_refusal, 0, (int)(sizeof refusals / sizeof refusals[0]));
    tcase_add_loop_test(c, map_request, 0, (int)(sizeof requests / sizeof requests[0]));
    tcase_add_test(c, reserved_view);
    tcase_add_test(c, commit_size);
    tcase_add_test(c, caching);
    tcase_add_test(c, placeholders);
    tcase_add_test(c, handles_first);
    tcase_add_test(c, pointers);
    tcase_add_test(c, cut_file);
    tcase_add_test(c, bounds);
    return unit_run(s);
}
