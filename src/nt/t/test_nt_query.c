/* Query classes, copies and pointer proofs, over a space that only remembers. */
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "api/api.h"
#include "base/t/unit.h"
#include "fake_space.h"
#include "nt/nt_handle.h"
#include "nt/nt_query.h"
#include "nt/nt_user.h"

#define OWN ((HANDLE)(intptr_t)-1)
#define TOP ((uintptr_t)FAKE_TOP)

static void set_region(uint8_t type, uint8_t attr, uint16_t flags)
{
    fake_reset();
    fake.region =
        (struct wvm_region){0x50000, 0x58000, 0x50000, 0x60000, attr, WVM_ATTR_RO, type, flags};
}

START_TEST(basic)
{
    MEMORY_BASIC_INFORMATION info;
    SIZE_T got = 1;
    set_region(WVM_TYPE_PRIVATE, WVM_ATTR_RW | WVM_ATTR_GUARD, 0);
    ck_assert_int_eq(wvm_NtQueryVirtualMemory(OWN, (void *)0x51234, MemoryBasicInformation, &info,
                                              sizeof info, &got),
                     0);
    ck_assert_uint_eq(got, sizeof(void *) == 8 ? 48 : 28);
    ck_assert_ptr_eq(info.BaseAddress, (void *)0x51000);
    ck_assert_ptr_eq(info.AllocationBase, (void *)0x50000);
    ck_assert_uint_eq(info.RegionSize, 0x7000);
    ck_assert_uint_eq(info.AllocationProtect, PAGE_READONLY);
    ck_assert_uint_eq(info.State, MEM_COMMIT);
    ck_assert_uint_eq(info.Protect, 0x104);
    ck_assert_uint_eq(info.Type, MEM_PRIVATE);
    set_region(WVM_TYPE_PRIVATE, WVM_ATTR_RESERVED, 0);
    ck_assert_uint_eq(wvm_nt_query_basic(0x50000, &info, sizeof info), 0);
    ck_assert_uint_eq(info.State, MEM_RESERVE);
    ck_assert_uint_eq(info.Protect, 0);
    set_region(WVM_TYPE_FREE, 0, 0);
    ck_assert_uint_eq(wvm_nt_query_basic(0x50000, &info, 100), 0);
    ck_assert_uint_eq(info.State, MEM_FREE);
    ck_assert_uint_eq(info.Protect, PAGE_NOACCESS);
    ck_assert_uint_eq(info.AllocationProtect, 0);
    ck_assert_ptr_null(info.AllocationBase);
    ck_assert_uint_eq(info.Type, 0);
}
END_TEST

START_TEST(basic_refusals)
{
    MEMORY_BASIC_INFORMATION info;
    SIZE_T got = 77;
    set_region(WVM_TYPE_PRIVATE, WVM_ATTR_RW, 0);
    ck_assert_int_eq(wvm_nt_query_basic(TOP, &info, sizeof info), STATUS_INVALID_PARAMETER);
    ck_assert_int_eq(wvm_nt_query_basic(UINTPTR_MAX, &info, 0), STATUS_INVALID_PARAMETER);
    ck_assert_int_eq(wvm_nt_query_basic(0x50000, &info, sizeof info - 1),
                     STATUS_INFO_LENGTH_MISMATCH);
    ck_assert_int_eq(wvm_nt_query_basic(0x50000, NULL, sizeof info), STATUS_ACCESS_VIOLATION);
    ck_assert_int_eq(wvm_NtQueryVirtualMemory(OWN, (void *)0x50000, (MEMORY_INFORMATION_CLASS)99,
                                              &info, sizeof info, &got),
                     STATUS_INVALID_INFO_CLASS);
    ck_assert_uint_eq(got, 77);
}
END_TEST

static NTSTATUS query(uintptr_t at, int what, void *out, size_t len, SIZE_T *got)
{
    return wvm_NtQueryVirtualMemory(OWN, (void *)at, (MEMORY_INFORMATION_CLASS)what, out, len, got);
}

/* VQ-032..035, VQ-049. */
START_TEST(region_class)
{
    MEMORY_REGION_INFORMATION info;
    SIZE_T got = 77;
    set_region(WVM_TYPE_PRIVATE, WVM_ATTR_RW, 0);
    ck_assert_int_eq(query(0x51000, MemoryRegionInformation, &info, sizeof info, &got), 0);
    ck_assert_uint_eq(got, sizeof(void *) == 8 ? 48 : 28);
    ck_assert_ptr_eq(info.AllocationBase, (void *)0x50000);
    ck_assert_uint_eq(info.RegionSize, 0x10000);
    ck_assert_uint_eq(info.RegionType, 0);
    memset(&info, 0xee, sizeof info);
    const SIZE_T until = offsetof(MEMORY_REGION_INFORMATION, CommitSize);
    ck_assert_uint_eq(until, sizeof(void *) == 8 ? 24 : 16);
    ck_assert_int_eq(query(0x51000, MemoryRegionInformation, &info, until, &got), 0);
    ck_assert_uint_eq(got, until);
    ck_assert_uint_eq(info.RegionSize, 0x10000);
    ck_assert_uint_eq(info.CommitSize, (SIZE_T)0xeeeeeeeeeeeeeeee);
    ck_assert_int_eq(query(0x51000, MemoryRegionInformation, &info, until + sizeof(SIZE_T), &got),
                     0);
    ck_assert_int_eq(query(0x51000, MemoryRegionInformation, &info, until - sizeof(SIZE_T), &got),
                     STATUS_INFO_LENGTH_MISMATCH);
    set_region(WVM_TYPE_FREE, 0, 0);
    ck_assert_int_eq(query(0x51000, MemoryRegionInformation, &info, 0, &got),
                     STATUS_INVALID_ADDRESS);
}
END_TEST

/* VQ-036..040. */
START_TEST(image_class)
{
    char buffer[64];
    MEMORY_IMAGE_INFORMATION info;
    SIZE_T got = 77;
    set_region(WVM_TYPE_PRIVATE, WVM_ATTR_RW, 0);
    ck_assert_int_eq(query(0x51000, MemoryImageInformation, buffer, sizeof info + 2, &got), 0);
    ck_assert_uint_eq(got, sizeof info);
    memcpy(&info, buffer, sizeof info);
    ck_assert_ptr_null(info.ImageBase);
    ck_assert_uint_eq(info.SizeOfImage, 0);
    got = 77;
    ck_assert_int_eq(query(0x51000, MemoryImageInformation, &info, sizeof info - 1, &got),
                     STATUS_INFO_LENGTH_MISMATCH);
    set_region(WVM_TYPE_FREE, 0, 0);
    ck_assert_int_eq(query(0x51000, MemoryImageInformation, &info, sizeof info, &got),
                     STATUS_INVALID_ADDRESS);
    ck_assert_uint_eq(got, 77);
    set_region(WVM_TYPE_IMAGE, WVM_ATTR_RO, WVM_ALLOC_FOREIGN);
    ck_assert_int_eq(query(0x51000, MemoryImageInformation, &info, sizeof info, &got), 0);
    ck_assert_ptr_eq(info.ImageBase, (void *)0x50000);
    ck_assert_uint_eq(info.SizeOfImage, 0x10000);
}
END_TEST

/* VQ-041..046, on this program's own image. */
START_TEST(filename_class)
{
    struct {
        UNICODE_STRING head;
        uint16_t text[2048];
    } answer;
    SIZE_T got = 77;
    uintptr_t code = (uintptr_t)&set_region & ~(uintptr_t)0xfff;
    fake_reset();
    fake.region =
        (struct wvm_region){code,        code + 0x1000, code,           code + 0x1000,
                            WVM_ATTR_XR, WVM_ATTR_XWC,  WVM_TYPE_IMAGE, WVM_ALLOC_FOREIGN};
    ck_assert_int_eq(query(code, MemoryMappedFilenameInformation, &answer, sizeof answer, &got), 0);
    ck_assert_ptr_eq(answer.head.Buffer, answer.text);
    ck_assert_uint_eq(answer.head.MaximumLength, answer.head.Length + 2);
    ck_assert_uint_eq(got, sizeof answer.head + answer.head.MaximumLength);
    ck_assert_uint_eq(answer.text[answer.head.Length / 2], 0);
    ck_assert_uint_eq(answer.text[0], '/');
    SIZE_T whole = got;
    got = 0;
    ck_assert_int_eq(query(code, MemoryMappedFilenameInformation, &answer, whole - 1, &got),
                     STATUS_BUFFER_OVERFLOW);
    ck_assert_uint_eq(got, whole);
    got = 0;
    ck_assert_int_eq(query(code, MemoryMappedFilenameInformation, &answer,
                           sizeof answer.head - 1, &got),
                     STATUS_INFO_LENGTH_MISMATCH);
    ck_assert_uint_eq(got, whole);
    ck_assert_int_eq(query(code, MemoryMappedFilenameInformation, NULL, whole, &got),
                     STATUS_ACCESS_VIOLATION);
    ck_assert_int_eq(query((uintptr_t)&got, MemoryMappedFilenameInformation, NULL, 0, &got),
                     STATUS_INVALID_ADDRESS);
}
END_TEST

START_TEST(utf16)
{
    static const struct {
        const char *from;
        uint16_t to[8];
        size_t n;
    } cases[] = {
        {"a", {'a', 0}, 1},
        {"\xc3\xa9\xe2\x82\xac", {0xe9, 0x20ac, 0}, 2},
        {"\xf0\x9f\x98\x80", {0xd83d, 0xde00, 0}, 2},
        {"\x80z", {0xfffd, 'z', 0}, 2},
        {"\xc0\xaf", {0xfffd, 0xfffd, 0}, 2},
        {"\xe2\x82", {0xfffd, 0xfffd, 0}, 2},
        {"\xed\xa0\x80", {0xfffd, 0xfffd, 0xfffd, 0}, 3},
        {"\xf5", {0xfffd, 0}, 1},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        uint16_t out[16];
        ck_assert_uint_eq(wvm_nt_utf16(cases[i].from, out), cases[i].n);
        ck_assert_mem_eq(out, cases[i].to, (cases[i].n + 1) * 2);
    }
}
END_TEST

/* Every class of a query about another process asks about that process. */
START_TEST(another_process)
{
    static const MEMORY_INFORMATION_CLASS classes[] = {
        MemoryBasicInformation, MemoryRegionInformation, MemoryImageInformation,
        MemoryMappedFilenameInformation};
    char buffer[256];
    HANDLE h;
    set_region(WVM_TYPE_PRIVATE, WVM_ATTR_RW, 0);
    fake.region.end = fake.region.alloc_end;
    ck_assert_int_eq(wvm_handle_open(getppid(), PROCESS_QUERY_INFORMATION, &h), 0);
    for (size_t i = 0; i < sizeof classes / sizeof classes[0]; i++) {
        NTSTATUS expected = i < 3 ? STATUS_SUCCESS : (NTSTATUS)STATUS_INVALID_ADDRESS;
        fake.other = 0;
        ck_assert_int_eq(wvm_NtQueryVirtualMemory(h, (void *)0x51000, classes[i], buffer,
                                                  sizeof buffer, NULL),
                         expected);
        ck_assert_int_eq(fake.other, getppid());
    }
    ck_assert_int_eq(wvm_handle_close(h), 0);
}
END_TEST

/* A source that cannot be read counts nothing, a target that cannot be written counts whole pages.
 * */
START_TEST(copy_counts)
{
    static char pages[0x4000] __attribute__((aligned(0x1000)));
    SIZE_T count = 77;
    set_region(WVM_TYPE_PRIVATE, WVM_ATTR_NA, 0);
    fake.result = STATUS_PARTIAL_COPY;
    fake.done = 0x2000;
    /* Reading: the remote side stops in the NOACCESS region. */
    ck_assert_int_eq(wvm_NtReadVirtualMemory(OWN, (void *)0x4e000, pages, 0x4000, &count),
                     STATUS_PARTIAL_COPY);
    ck_assert_uint_eq(count, 0);
    /* Reading with a bad local page: the remote side is fine. */
    ck_assert_int_eq(wvm_NtReadVirtualMemory(OWN, pages, (void *)0x4e000, 0x4000, &count),
                     STATUS_PARTIAL_COPY);
    ck_assert_uint_eq(count, 0x2000);
    ck_assert_int_eq(wvm_NtWriteVirtualMemory(OWN, (void *)0x4e000, pages, 0x4000, &count),
                     STATUS_PARTIAL_COPY);
    ck_assert_uint_eq(count, 0x2000);
    ck_assert_int_eq(wvm_NtWriteVirtualMemory(OWN, pages, (void *)0x4e000, 0x4000, &count),
                     STATUS_PARTIAL_COPY);
    ck_assert_uint_eq(count, 0);
    count = 77;
    ck_assert_int_eq(wvm_NtReadVirtualMemory(NULL, pages, pages, 1, &count), STATUS_INVALID_HANDLE);
    ck_assert_uint_eq(count, 0);
    fake.n_calls = 0;
    ck_assert_int_eq(wvm_NtReadVirtualMemory(OWN, (void *)0x1234, pages, 0, &count), 0);
    ck_assert_int_eq(wvm_NtReadVirtualMemory(OWN, (void *)(TOP - 1), pages, 2, NULL),
                     STATUS_ACCESS_VIOLATION);
    ck_assert_int_eq(wvm_NtWriteVirtualMemory(OWN, pages, (void *)-8, 16, NULL),
                     STATUS_ACCESS_VIOLATION);
    ck_assert_uint_eq(fake.n_calls, 0);
}
END_TEST

/* RW-006, RW-008. */
START_TEST(patching)
{
    struct wvm_nt_copy copy = {0x51010, (uintptr_t)&copy, 16};
    size_t done;
    bool counted;
    set_region(WVM_TYPE_PRIVATE, WVM_ATTR_RO, 0);
    ck_assert_int_eq(wvm_nt_patch(OWN, &copy, &done, &counted), STATUS_ACCESS_VIOLATION);
    ck_assert(!counted);
    ck_assert_uint_eq(fake.n_calls, 0);
    set_region(WVM_TYPE_PRIVATE, WVM_ATTR_XR, 0);
    fake.done = 16;
    fake.old_attr = WVM_ATTR_XR;
    ck_assert_int_eq(wvm_nt_patch(OWN, &copy, &done, &counted), 0);
    ck_assert(counted);
    ck_assert_uint_eq(done, 16);
    ck_assert_uint_eq(fake.n_calls, 3);
    ck_assert_int_eq(fake.op, FAKE_PROTECT);
    ck_assert_uint_eq(fake.attr, WVM_ATTR_XR);
    ck_assert_uint_eq(fake.start, 0x51000);
    ck_assert_uint_eq(fake.end, 0x52000);
}
END_TEST

START_TEST(pointer_proofs)
{
    static long global;
    char local[64];
    char *page = mmap(NULL, 0x2000, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    munmap(page + 0x1000, 0x1000);
    fake_reset();
    ck_assert(wvm_user_writable(local, sizeof local));
    ck_assert(wvm_user_writable(&global, sizeof global));
    global = 7;
    ck_assert(wvm_user_writable(&global, sizeof global));
    ck_assert_int_eq(global, 7);
    ck_assert(wvm_user_writable(page, 0x1000));
    ck_assert(!wvm_user_writable(page + 0xff8, 0x1009));
    mprotect(page, 0x1000, PROT_READ);
    wvm_user_forget();
    ck_assert(!wvm_user_writable(page, 1));
    wvm_user_store(page, local, sizeof local);
    ck_assert_int_eq(page[0], 0);
    ck_assert(!wvm_user_writable((void *)UINTPTR_MAX, 2));
    ck_assert(!wvm_user_writable("constant", 2));
    /* winvm's own memory goes by its page state. */
    set_region(WVM_TYPE_PRIVATE, WVM_ATTR_RO, 0);
    ck_assert(!wvm_user_writable((void *)0x51000, 8));
    set_region(WVM_TYPE_PRIVATE, WVM_ATTR_RW | WVM_ATTR_GUARD, 0);
    ck_assert(!wvm_user_writable((void *)0x51000, 8));
    set_region(WVM_TYPE_PRIVATE, WVM_ATTR_XRW, 0);
    ck_assert(wvm_user_writable((void *)0x51000, 8));
    set_region(WVM_TYPE_PRIVATE, WVM_ATTR_RESERVED, 0);
    ck_assert(!wvm_user_writable((void *)0x51000, 8));
}
END_TEST

/* IB-019 and the kinds of access. */
START_TEST(accessible)
{
    set_region(WVM_TYPE_PRIVATE, WVM_ATTR_RO, 0);
    fake.region.end = fake.region.alloc_end;
    ck_assert(wvm_nt_accessible(0x50000, 0x10000, false));
    ck_assert(!wvm_nt_accessible(0x50000, 1, true));
    ck_assert(wvm_nt_accessible(0x4f000, 0x1000, true));
    ck_assert(!wvm_nt_accessible(0x4f000, 0x1001, true));
    ck_assert(wvm_nt_accessible(0xdeadbeef, 0, true));
    ck_assert(!wvm_nt_accessible(UINTPTR_MAX - 4, 100, false));
    set_region(WVM_TYPE_PRIVATE, WVM_ATTR_RW | WVM_ATTR_GUARD, 0);
    ck_assert(!wvm_nt_accessible(0x50000, 1, false));
    set_region(WVM_TYPE_PRIVATE, WVM_ATTR_RESERVED, 0);
    ck_assert(!wvm_nt_accessible(0x50000, 1, false));
}
END_TEST

int main(void)
{
    TCase *c;
    Suite *s = unit_suite("nt_query", 20, &c);
    tcase_add_test(c, basic);
    tcase_add_test(c, basic_refusals);
    tcase_add_test(c, region_class);
    tcase_add_test(c, image_class);
    tcase_add_test(c, filename_class);
    tcase_add_test(c, another_process);
    tcase_add_test(c, utf16);
    tcase_add_test(c, copy_counts);
    tcase_add_test(c, patching);
    tcase_add_test(c, pointer_proofs);
    tcase_add_test(c, accessible);
    return unit_run(s);
}
