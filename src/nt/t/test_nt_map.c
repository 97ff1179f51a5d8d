/* The rules of the mapping calls, over a space that only remembers what it was asked. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "api/api.h"
#include "base/t/unit.h"
#include "fake_section.h"
#include "nt/nt_map.h"

#define OWN ((HANDLE)(intptr_t)-1)
#define TOP 0x7fffffff0000ull
#define FREE 0x30000000ull

#define R SECTION_MAP_READ
#define W SECTION_MAP_WRITE
#define X SECTION_MAP_EXECUTE

/* What one call is asked; what it answers is left in it. */
struct call {
    uintptr_t base;
    SIZE_T size;
    LONGLONG offset;
    ULONG_PTR zero_bits;
    SIZE_T commit;
    ULONG type, prot;
};

static NTSTATUS map(HANDLE h, struct call *c)
{
    LARGE_INTEGER offset = {.QuadPart = c->offset};
    return wvm_NtMapViewOfSection(h, OWN, (PVOID *)&c->base, c->zero_bits, c->commit, &offset,
                                  &c->size, ViewShare, c->type, c->prot);
}

static NTSTATUS map_ex(HANDLE h, struct call *c)
{
    LARGE_INTEGER offset = {.QuadPart = c->offset};
    return wvm_NtMapViewOfSectionEx(h, OWN, (PVOID *)&c->base, &offset, &c->size, c->type, c->prot,
                                    NULL, 0);
}

static void show_view(struct wvm_section *s, uintptr_t start, uintptr_t end)
{
    fake_reset();
    fake.backing = &s->backing;
    fake.region = (struct wvm_region){
        .start = start, .end = end, .alloc_start = start, .alloc_end = end, .attr = WVM_ATTR_RW,
        .alloc_attr = WVM_ATTR_RW, .flags = WVM_ALLOC_VIEW,
        .type = s->kind == WVM_SECTION_IMAGE ? WVM_TYPE_IMAGE : WVM_TYPE_MAPPED,
    };
}

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
    {'F', {0xffff800000000000, 0, 0, 0, 0, 0, 4}, STATUS_INVALID_PARAMETER_3},
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
        uint8_t flags;
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
    struct wvm_image_info image = {.size = 0x24000, .machine = 0x8664};
    struct call c = {.base = FREE, .type = MEM_REPLACE_PLACEHOLDER, .prot = 2};
    s.kind = WVM_SECTION_IMAGE;
    s.image = &image;
    ck_assert_int_eq(map_ex(h, &c), STATUS_INVALID_PARAMETER_9);
}
END_TEST

static struct wvm_image_info image_info(uint64_t preferred)
{
    return (struct wvm_image_info){
        .preferred = preferred,
        .size = 0x24000,
        .machine = 0x8664,
        .n_parts = 3,
        .part = {{0, 1, WVM_ATTR_RO}, {1, 16, WVM_ATTR_XR}, {16, 36, WVM_ATTR_WC}},
    };
}

/* SEC-108..112, SEC-120. */
START_TEST(images)
{
    struct wvm_section s = fake_section(WVM_SECTION_IMAGE, WVM_ATTR_RO, 0x24000);
    struct wvm_image_info image = image_info(0x140000000);
    HANDLE h = fake_handle(&s, SECTION_ALL_ACCESS);
    struct call c = {.prot = 4};
    s.image = &image;
    fake_reset();
    ck_assert_int_eq(map(h, &c), 0);
    ck_assert_uint_eq(c.base, 0x140000000);
    ck_assert_uint_eq(c.size, 0x24000);
    ck_assert_uint_eq(fake.view.type, WVM_TYPE_IMAGE);
    ck_assert_uint_eq(fake.view.attr, WVM_ATTR_XWC);
    ck_assert_uint_eq(fake.view.n_parts, 3);
    /* Its place is taken: anywhere. */
    c.base = 0;
    fake_reset();
    fake.first_result = STATUS_CONFLICTING_ADDRESSES;
    ck_assert_int_eq(map(h, &c), STATUS_IMAGE_NOT_AT_BASE);
    ck_assert_uint_eq(fake.n_calls, 2);
    ck_assert_uint_eq(fake.view.start, 0);
    ck_assert_uint_eq(c.base, 0x120000);
    /* A base of the caller's is not left. */
    c.base = FREE;
    fake_reset();
    fake.first_result = STATUS_CONFLICTING_ADDRESSES;
    ck_assert_int_eq(map(h, &c), STATUS_CONFLICTING_ADDRESSES);
    ck_assert_uint_eq(fake.n_calls, 1);
    fake_reset();
    ck_assert_int_eq(map(h, &c), STATUS_IMAGE_NOT_AT_BASE);
    ck_assert_uint_eq(c.base, FREE);
    /* Another machine. */
    image.machine = 0x14c;
    c.base = 0;
    ck_assert_int_eq(map(h, &c), STATUS_IMAGE_MACHINE_TYPE_MISMATCH);
}
END_TEST

/* A preferred base out of reach is not tried; other failures are the answer. */
START_TEST(image_bounds)
{
    static const uint64_t unfit[] = {0, 0x140001000, TOP - 0x10000, 0xffff800000000000};
    struct wvm_section s = fake_section(WVM_SECTION_IMAGE, WVM_ATTR_RO, 0x24000);
    HANDLE h = fake_handle(&s, SECTION_ALL_ACCESS);
    struct call c = {.prot = 2};
    for (size_t i = 0; i < sizeof unfit / sizeof unfit[0]; i++) {
        struct wvm_image_info image = image_info(unfit[i]);
        s.image = &image;
        c.base = 0;
        fake_reset();
        ck_assert_int_eq(map(h, &c), STATUS_IMAGE_NOT_AT_BASE);
        ck_assert_uint_eq(fake.n_calls, 1);
        ck_assert_uint_eq(fake.view.start, 0);
    }
    struct wvm_image_info image = image_info(0x140000000);
    s.image = &image;
    c = (struct call){.prot = 2, .zero_bits = 1};
    fake_reset();
    ck_assert_int_eq(map(h, &c), STATUS_IMAGE_NOT_AT_BASE);
    ck_assert_uint_eq(fake.view.limit, 0x80000000);
    ck_assert_uint_eq(fake.n_calls, 1);
    c = (struct call){.prot = 2};
    fake_reset();
    fake.result = STATUS_NO_MEMORY;
    ck_assert_int_eq(map(h, &c), STATUS_NO_MEMORY);
    ck_assert_uint_eq(fake.n_calls, 1);
}
END_TEST

/* SEC-111: the parts of what is shown, counted from there. */
START_TEST(partial_images)
{
    struct wvm_section s = fake_section(WVM_SECTION_IMAGE, WVM_ATTR_RO, 0x24000);
    struct wvm_image_info image = image_info(0x140000000);
    HANDLE h = fake_handle(&s, R | X);
    struct call c = {.size = 0x5000, .prot = 0x20};
    s.image = &image;
    fake_reset();
    ck_assert_int_eq(map(h, &c), 0);
    ck_assert_uint_eq(c.size, 0x5000);
    ck_assert_uint_eq(fake.view.n_parts, 2);
    ck_assert(fake.part[1].start == 1 && fake.part[1].end == 5 &&
              fake.part[1].attr == WVM_ATTR_XR);
    c = (struct call){.offset = 0x10000, .prot = 0x20};
    fake_reset();
    ck_assert_int_eq(map(h, &c), 0);
    ck_assert_uint_eq(c.base, 0x140010000);
    ck_assert_uint_eq(c.size, 0x14000);
    ck_assert_uint_eq(fake.view.n_parts, 1);
    ck_assert(fake.part[0].start == 0 && fake.part[0].end == 20);
    s.flags = WVM_SECTION_NO_EXECUTE;
    c = (struct call){.prot = 2};
    ck_assert_int_eq(map(h, &c), 0);
    ck_assert_uint_eq(fake.view.attr, WVM_ATTR_WC);
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

/* SEC-190, SEC-193, SEC-196, PH-082, PH-086, PH-087. */
START_TEST(unmapping)
{
    static const struct {
        uintptr_t at;
        ULONG flags;
        NTSTATUS expected;
        bool keep;
    } cases[] = {
        {FREE + 4196, 0, 0, false},
        {FREE, MEM_PRESERVE_PLACEHOLDER, 0, true},
        {FREE, MEM_PRESERVE_PLACEHOLDER | MEM_UNMAP_WITH_TRANSIENT_BOOST, 0, true},
        {FREE, MEM_UNMAP_WITH_TRANSIENT_BOOST, 0, false},
        {FREE, 4, STATUS_INVALID_PARAMETER, false},
        {FREE, MEM_RELEASE, STATUS_INVALID_PARAMETER, false},
        {FREE, MEM_RELEASE | MEM_PRESERVE_PLACEHOLDER, STATUS_INVALID_PARAMETER, false},
        {0, 0, STATUS_NOT_MAPPED_VIEW, false},
        {(uintptr_t)1 << 47, 0, STATUS_NOT_MAPPED_VIEW, false},
        {UINTPTR_MAX, 0, STATUS_NOT_MAPPED_VIEW, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        fake_reset();
        ck_assert_int_eq(wvm_NtUnmapViewOfSectionEx(OWN, (PVOID)cases[i].at, cases[i].flags),
                         cases[i].expected);
        ck_assert_uint_eq(fake.n_calls, cases[i].expected == 0);
        ck_assert_int_eq(fake.keep, cases[i].keep);
        ck_assert_uint_eq(fake.start, cases[i].expected ? 0 : cases[i].at);
    }
}
END_TEST

/* SEC-198..202. */
START_TEST(flushing)
{
    struct wvm_section s = fake_section(WVM_SECTION_FILE, WVM_ATTR_RW, 0x4000);
    char *at = mmap(NULL, 0x4000, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0);
    uintptr_t start = (uintptr_t)at;
    struct wvm_nt_range range = {start + 0x1234, 0};
    show_view(&s, start, start + 0x4000);
    ck_assert_int_eq(wvm_nt_flush(OWN, &range), 0);
    ck_assert(range.base == start + 0x1000 && range.size == 0x3000);
    range = (struct wvm_nt_range){start + 0xfff, 2};
    ck_assert_int_eq(wvm_nt_flush(OWN, &range), 0);
    ck_assert(range.base == start && range.size == 0x2000);
    range = (struct wvm_nt_range){start + 0x3000, 0x1001};
    ck_assert_int_eq(wvm_nt_flush(OWN, &range), STATUS_INVALID_PARAMETER_2);
    ck_assert(range.base == start + 0x3000 && range.size == 0x1001);
    range = (struct wvm_nt_range){TOP, 0};
    ck_assert_int_eq(wvm_nt_flush(OWN, &range), STATUS_INVALID_PARAMETER_2);
    range = (struct wvm_nt_range){start + 0x4000, 1};
    ck_assert_int_eq(wvm_nt_flush(OWN, &range), STATUS_NOT_MAPPED_VIEW);
    ck_assert_int_eq(wvm_nt_flush(NULL, &range), STATUS_INVALID_HANDLE);
    s.kind = WVM_SECTION_PAGEFILE;
    range = (struct wvm_nt_range){start, 0};
    ck_assert_int_eq(wvm_nt_flush(OWN, &range), STATUS_NOT_MAPPED_DATA);
    s.kind = WVM_SECTION_IMAGE;
    ck_assert_int_eq(wvm_nt_flush(OWN, &range), STATUS_NOT_MAPPED_DATA);
    ck_assert_uint_eq(s.backing.refs, 1);
    /* The page went away under the view. */
    s.kind = WVM_SECTION_FILE;
    munmap(at, 0x4000);
    ck_assert_int_eq(wvm_nt_flush(OWN, &range), STATUS_NOT_MAPPED_VIEW);
}
END_TEST

/* VQ-033, VQ-036, VQ-037, SEC-110. */
START_TEST(queries)
{
    struct wvm_image_info image = image_info(0x140000000);
    struct wvm_section s = fake_section(WVM_SECTION_PAGEFILE, WVM_ATTR_RW, 0x10000);
    MEMORY_REGION_INFORMATION region;
    MEMORY_IMAGE_INFORMATION info;
    static const ULONG types[] = {
        [WVM_SECTION_PAGEFILE] = 0, [WVM_SECTION_FILE] = 2, [WVM_SECTION_IMAGE] = 4};
    s.image = &image;
    for (uint8_t kind = WVM_SECTION_PAGEFILE; kind <= WVM_SECTION_IMAGE; kind++) {
        bool is_image = kind == WVM_SECTION_IMAGE;
        s.kind = kind;
        show_view(&s, 0x50000, 0x60000);
        ck_assert_int_eq(wvm_NtQueryVirtualMemory(OWN, (PVOID)0x51000, MemoryRegionInformation,
                                                  &region, sizeof region, NULL), 0);
        ck_assert_uint_eq(region.RegionType, types[kind]);
        ck_assert_uint_eq(region.RegionSize, 0x10000);
        ck_assert_int_eq(wvm_NtQueryVirtualMemory(OWN, (PVOID)0x51000, MemoryImageInformation,
                                                  &info, sizeof info, NULL), 0);
        ck_assert_ptr_eq(info.ImageBase, is_image ? (PVOID)0x50000 : NULL);
        ck_assert_uint_eq(info.SizeOfImage, is_image ? 0x24000 : 0);
        ck_assert_uint_eq(info.ImagePartialMap, is_image);
        ck_assert_uint_eq(s.backing.refs, 1);
    }
    image.size = 0x10000;
    s.flags = WVM_SECTION_NO_EXECUTE;
    ck_assert_int_eq(wvm_NtQueryVirtualMemory(OWN, (PVOID)0x51000, MemoryImageInformation, &info,
                                              sizeof info, NULL), 0);
    ck_assert_uint_eq(info.ImagePartialMap, 0);
    ck_assert_uint_eq(info.ImageNotExecutable, 1);
}
END_TEST

/* SEC-204, SEC-209..211. */
START_TEST(same_file)
{
    struct wvm_section s = fake_section(WVM_SECTION_FILE, WVM_ATTR_RW, 0x10000);
    PVOID view = (PVOID)0x50000, private = (PVOID)0x90000;
    show_view(&s, 0x50000, 0x60000);
    ck_assert_int_eq(wvm_NtAreMappedFilesTheSame(view, view), 0);
    ck_assert_int_eq(wvm_NtAreMappedFilesTheSame(view, (char *)view + 30), 0);
    ck_assert_int_eq(wvm_NtAreMappedFilesTheSame(view, private), STATUS_CONFLICTING_ADDRESSES);
    ck_assert_int_eq(wvm_NtAreMappedFilesTheSame(private, view), STATUS_CONFLICTING_ADDRESSES);
    ck_assert_int_eq(wvm_NtAreMappedFilesTheSame(view, (PVOID)TOP), STATUS_INVALID_ADDRESS);
    fake.region.type = WVM_TYPE_FREE;
    ck_assert_int_eq(wvm_NtAreMappedFilesTheSame(private, view), STATUS_CONFLICTING_ADDRESSES);
    ck_assert_int_eq(wvm_NtAreMappedFilesTheSame(view, private), STATUS_INVALID_ADDRESS);
    ck_assert_uint_eq(s.backing.refs, 1);
}
END_TEST

static NTSTATUS protect(uintptr_t at, ULONG prot)
{
    PVOID base = (PVOID)at;
    SIZE_T size = 1;
    ULONG old;
    return wvm_NtProtectVirtualMemory(OWN, &base, &size, prot, &old);
}

/* SEC-163: a view that refuses the protection tells 0 as the old one; other failures tell none. */
START_TEST(refused_protection)
{
    struct wvm_section s = fake_section(WVM_SECTION_PAGEFILE, WVM_ATTR_RW, 0x10000);
    PVOID base = (PVOID)0x50123;
    SIZE_T size = 1;
    ULONG old = 0xabcd;
    show_view(&s, 0x50000, 0x60000);
    fake.result = STATUS_SECTION_PROTECTION;
    ck_assert_int_eq(wvm_NtProtectVirtualMemory(OWN, &base, &size, PAGE_EXECUTE_READ, &old),
                     STATUS_SECTION_PROTECTION);
    ck_assert_uint_eq(old, 0);
    ck_assert(base == (PVOID)0x50123 && size == 1);
    old = 0xabcd;
    fake.result = STATUS_COMMITMENT_LIMIT;
    ck_assert_int_eq(wvm_NtProtectVirtualMemory(OWN, &base, &size, PAGE_READONLY, &old),
                     STATUS_COMMITMENT_LIMIT);
    ck_assert_uint_eq(old, 0xabcd);
}
END_TEST

/* SEC-150..155, SEC-160, SEC-180, SEC-181: views take write-copy, and only with it a revert. */
START_TEST(view_protection)
{
    struct wvm_section s = fake_section(WVM_SECTION_PAGEFILE, WVM_ATTR_RW, 0x10000);
    PVOID base = (PVOID)0x50000;
    SIZE_T size = 1;
    show_view(&s, 0x50000, 0x60000);
    ck_assert_int_eq(protect(0x50000, PAGE_WRITECOPY), 0);
    ck_assert(fake.op == FAKE_PROTECT && fake.attr == WVM_ATTR_WC);
    ck_assert_int_eq(protect(0x50000, PAGE_REVERT_TO_FILE_MAP | PAGE_EXECUTE_WRITECOPY), 0);
    ck_assert(fake.op == FAKE_REVERT && fake.attr == WVM_ATTR_XWC);
    fake.n_calls = 0;
    ck_assert_int_eq(protect(0x50000, PAGE_REVERT_TO_FILE_MAP | PAGE_READWRITE),
                     STATUS_INVALID_PAGE_PROTECTION);
    ck_assert_int_eq(protect(0x50000, PAGE_REVERT_TO_FILE_MAP), STATUS_INVALID_PAGE_PROTECTION);
    ck_assert_int_eq(protect(0x90000, PAGE_REVERT_TO_FILE_MAP | PAGE_WRITECOPY),
                     STATUS_INVALID_PAGE_PROTECTION);
    ck_assert_int_eq(protect(0x90000, PAGE_WRITECOPY), STATUS_INVALID_PAGE_PROTECTION);
    ck_assert_uint_eq(fake.n_calls, 0);
    ck_assert_int_eq(wvm_NtAllocateVirtualMemory(OWN, &base, 0, &size, MEM_COMMIT, PAGE_WRITECOPY),
                     0);
    ck_assert(fake.op == FAKE_COMMIT && fake.attr == WVM_ATTR_WC);
    fake.n_calls = 0;
    base = (PVOID)0x50000;
    ck_assert_int_eq(wvm_NtAllocateVirtualMemory(OWN, &base, 0, &size, MEM_COMMIT | MEM_RESERVE,
                                                 PAGE_WRITECOPY), STATUS_INVALID_PAGE_PROTECTION);
    base = NULL;
    ck_assert_int_eq(wvm_NtAllocateVirtualMemory(OWN, &base, 0, &size, MEM_COMMIT, PAGE_WRITECOPY),
                     STATUS_INVALID_PAGE_PROTECTION);
    base = (PVOID)0x90000;
    ck_assert_int_eq(wvm_NtAllocateVirtualMemory(OWN, &base, 0, &size, MEM_COMMIT, PAGE_WRITECOPY),
                     STATUS_INVALID_PAGE_PROTECTION);
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
    tcase_add_test(c, images);
    tcase_add_test(c, image_bounds);
    tcase_add_test(c, partial_images);
    tcase_add_test(c, handles_first);
    tcase_add_test(c, pointers);
    tcase_add_test(c, cut_file);
    tcase_add_test(c, bounds);
    tcase_add_test(c, unmapping);
    tcase_add_test(c, flushing);
    tcase_add_test(c, queries);
    tcase_add_test(c, same_file);
    tcase_add_test(c, view_protection);
    tcase_add_test(c, refused_protection);
    return unit_run(s);
}
