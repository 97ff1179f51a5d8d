/* Every call on an address of system space answers as for an address above user space, and the
 * space is not asked. */
#include <string.h>
#include <sys/mman.h>

#include "base/arith.h"
#include "map_unit.h"
#include "nt/nt_elsewhere.h"
#include "nt/nt_host_memory.h"
#include "nt/nt_user.h"
#include "space/space_system.h"

#define PG ((uintptr_t)4096)
#ifdef __LP64__
#define SYSTEM ((uintptr_t)0x600000000000)
#else
#define SYSTEM ((uintptr_t)0xb0000000)
#endif
#define SYSTEM_END (SYSTEM + 0x10000000)

static struct wvm_section section;
static HANDLE section_handle;

static void set_up(void)
{
    wvm_host_init();
    fake_reset();
    wvm_space_system_range = (struct wvm_system_range){SYSTEM, SYSTEM_END};
    section = fake_section(WVM_SECTION_PAGEFILE, WVM_ATTR_RW, 0x40000);
    section_handle = fake_handle(&section, SECTION_ALL_ACCESS);
}

/* ---- the calls; each answers its status and leaves what it was given ---- */

struct args {
    uintptr_t base;
    SIZE_T size;
};
typedef NTSTATUS call_fn(struct args *a);

static NTSTATUS allocate(struct args *a, ULONG type)
{
    return wvm_NtAllocateVirtualMemory(OWN, (PVOID *)&a->base, 0, &a->size, type, PAGE_READWRITE);
}
static NTSTATUS reserve(struct args *a) { return allocate(a, MEM_RESERVE); }
static NTSTATUS commit(struct args *a) { return allocate(a, MEM_COMMIT); }
static NTSTATUS both(struct args *a) { return allocate(a, MEM_RESERVE | MEM_COMMIT); }
static NTSTATUS watched(struct args *a) { return allocate(a, MEM_RESERVE | MEM_WRITE_WATCH); }
static NTSTATUS reset(struct args *a) { return allocate(a, MEM_RESET); }
static NTSTATUS undo(struct args *a) { return allocate(a, MEM_RESET_UNDO); }

static NTSTATUS hold(struct args *a)
{
    return wvm_NtAllocateVirtualMemoryEx(OWN, (PVOID *)&a->base, &a->size,
                                         MEM_RESERVE | MEM_RESERVE_PLACEHOLDER, PAGE_NOACCESS,
                                         NULL, 0);
}

static NTSTATUS replace(struct args *a)
{
    return wvm_NtAllocateVirtualMemoryEx(OWN, (PVOID *)&a->base, &a->size,
                                         MEM_RESERVE | MEM_REPLACE_PLACEHOLDER, PAGE_READWRITE,
                                         NULL, 0);
}

static NTSTATUS free_as(struct args *a, ULONG type)
{
    return wvm_NtFreeVirtualMemory(OWN, (PVOID *)&a->base, &a->size, type);
}
static NTSTATUS decommit(struct args *a) { return free_as(a, MEM_DECOMMIT); }
static NTSTATUS release(struct args *a) { return free_as(a, MEM_RELEASE); }
static NTSTATUS preserve(struct args *a)
{
    return free_as(a, MEM_RELEASE | MEM_PRESERVE_PLACEHOLDER);
}
static NTSTATUS coalesce(struct args *a)
{
    return free_as(a, MEM_RELEASE | MEM_COALESCE_PLACEHOLDERS);
}

static NTSTATUS protect_as(struct args *a, ULONG prot)
{
    ULONG old = 77;
    NTSTATUS status = wvm_NtProtectVirtualMemory(OWN, (PVOID *)&a->base, &a->size, prot, &old);
    ck_assert(status >= 0 || old == 77);
    return status;
}
static NTSTATUS protect(struct args *a) { return protect_as(a, PAGE_READONLY); }
static NTSTATUS revert(struct args *a)
{
    return protect_as(a, PAGE_WRITECOPY | PAGE_REVERT_TO_FILE_MAP);
}

static NTSTATUS lock(struct args *a)
{
    return wvm_NtLockVirtualMemory(OWN, (PVOID *)&a->base, &a->size, MAP_PROCESS);
}
static NTSTATUS unlock(struct args *a)
{
    return wvm_NtUnlockVirtualMemory(OWN, (PVOID *)&a->base, &a->size, MAP_PROCESS);
}

static char buffer[64];

static NTSTATUS copy_out(struct args *a)
{
    SIZE_T n = 5;
    NTSTATUS status =
        wvm_NtReadVirtualMemory(OWN, (LPCVOID)a->base, buffer, wvm_min(a->size, 64), &n);
    ck_assert_uint_eq(n, 0);
    return status;
}

static NTSTATUS copy_in(struct args *a)
{
    SIZE_T n = 5;
    NTSTATUS status =
        wvm_NtWriteVirtualMemory(OWN, (PVOID)a->base, buffer, wvm_min(a->size, 64), &n);
    ck_assert_uint_eq(n, 0);
    return status;
}

static NTSTATUS patch(struct args *a)
{
    struct wvm_nt_copy copy = {a->base, (uintptr_t)buffer, wvm_min(a->size, 64)};
    size_t done;
    bool counted;
    NTSTATUS status = wvm_nt_patch(OWN, &copy, &done, &counted);
    ck_assert(counted && done == 0);
    return status;
}

static NTSTATUS flush(struct args *a)
{
    return wvm_NtFlushVirtualMemory(OWN, (PVOID *)&a->base, &a->size, NULL);
}

static NTSTATUS flush_code(struct args *a)
{
    return wvm_NtFlushInstructionCache(OWN, (LPCVOID)a->base, a->size);
}

static NTSTATUS get_watch(struct args *a)
{
    PVOID pages[4];
    ULONG_PTR n = 4;
    ULONG granularity;
    return wvm_NtGetWriteWatch(OWN, 0, (PVOID)a->base, a->size, pages, &n, &granularity);
}
static NTSTATUS reset_watch(struct args *a)
{
    return wvm_NtResetWriteWatch(OWN, (PVOID)a->base, a->size);
}

static NTSTATUS map_view(struct args *a)
{
    struct call c = {.base = a->base, .size = a->size, .prot = PAGE_READWRITE};
    return map(section_handle, &c);
}
static NTSTATUS map_all(struct args *a)
{
    struct call c = {.base = a->base, .prot = PAGE_READWRITE};
    return map(section_handle, &c);
}
static NTSTATUS map_replacing(struct args *a)
{
    struct call c = {.base = a->base, .size = a->size, .prot = PAGE_READWRITE,
                     .type = MEM_REPLACE_PLACEHOLDER};
    return map_ex(section_handle, &c);
}

static NTSTATUS serve(struct args *a, enum wvm_remote_op op, uint32_t type, uint32_t prot)
{
    static struct wvm_remote_answer answer;
    struct wvm_remote_request req;
    wvm_remote_request_init(&req, op);
    wvm_remote_answer_init(&answer, (uint16_t)op);
    req.base = a->base;
    req.size = a->size;
    req.type = type;
    req.prot = prot;
    wvm_nt_serve(&req, -1, &answer);
    return answer.status;
}
static NTSTATUS served_allocate(struct args *a)
{
    return serve(a, WVM_REMOTE_ALLOCATE, MEM_RESERVE, PAGE_READWRITE);
}
static NTSTATUS served_free(struct args *a) { return serve(a, WVM_REMOTE_FREE, MEM_DECOMMIT, 0); }
static NTSTATUS served_protect(struct args *a)
{
    return serve(a, WVM_REMOTE_PROTECT, 0, PAGE_READONLY);
}
static NTSTATUS served_lock(struct args *a) { return serve(a, WVM_REMOTE_LOCK, MAP_PROCESS, 0); }

#define CALL(name) {#name, name}
static const struct {
    const char *name;
    call_fn *call;
} calls[] = {
    CALL(reserve),   CALL(commit),      CALL(both),           CALL(watched),
    CALL(reset),     CALL(undo),        CALL(hold),           CALL(replace),
    CALL(decommit),  CALL(release),     CALL(preserve),       CALL(coalesce),
    CALL(protect),   CALL(revert),      CALL(lock),           CALL(unlock),
    CALL(copy_out),  CALL(copy_in),     CALL(patch),          CALL(flush),
    CALL(flush_code), CALL(get_watch),  CALL(reset_watch),    CALL(map_view),
    CALL(map_all),   CALL(map_replacing), CALL(served_allocate), CALL(served_free),
    CALL(served_protect), CALL(served_lock),
};

/* The status for the range; nothing else happens. */
static NTSTATUS refused(size_t i, uintptr_t base, SIZE_T size)
{
    struct args a = {base, size};
    fake.op = FAKE_NONE;
    fake.n_calls = 0;
    NTSTATUS status = calls[i].call(&a);
    ck_assert_msg(fake.n_calls == 0, "%s", calls[i].name);
    ck_assert(a.base == base && a.size == size);
    return status;
}

static void compare(size_t i, uintptr_t there, uintptr_t above, SIZE_T size)
{
    NTSTATUS expected = refused(i, above, size);
    ck_assert_msg(calls[i].call == flush_code || expected < 0, "%s", calls[i].name);
    NTSTATUS status = refused(i, there, size);
    ck_assert_msg(status == expected, "%s: %x, not %x", calls[i].name, (unsigned)status,
                  (unsigned)expected);
}

START_TEST(as_above_user_space)
{
    const size_t sizes[] = {1, PG, 0x10000, SYSTEM_END - SYSTEM};
    set_up();
    for (size_t i = 0; i < WVM_ARRAY_LEN(calls); i++) {
        for (size_t k = 0; k < WVM_ARRAY_LEN(sizes); k++)
            compare(i, SYSTEM, FAKE_TOP, sizes[k]);
        compare(i, SYSTEM + 0x120000, FAKE_TOP, PG);
        compare(i, SYSTEM_END - 0x10000, FAKE_TOP, 0x10000);
        compare(i, SYSTEM_END - 0x10000, FAKE_TOP, 0x20000);
    }
    struct args whole = {SYSTEM, 0}, above = {FAKE_TOP, 0};
    ck_assert_int_eq(release(&whole), release(&above));
    ck_assert_int_eq(decommit(&whole), decommit(&above));
}
END_TEST

/* What begins in user space and reaches into system space, or over it, leaves user space. */
START_TEST(as_over_the_end)
{
    set_up();
    for (size_t i = 0; i < WVM_ARRAY_LEN(calls); i++) {
        if (calls[i].call == map_all)
            continue; /* its size is the section's */
        compare(i, SYSTEM - 8, (uintptr_t)FAKE_TOP - 8, 16);
        if (calls[i].call == copy_out || calls[i].call == copy_in || calls[i].call == patch)
            continue; /* of 64 bytes at most */
        compare(i, SYSTEM - 0x10000, (uintptr_t)FAKE_TOP - 0x10000, 0x10001);
        compare(i, SYSTEM - 0x10000, (uintptr_t)FAKE_TOP - 0x10000, SYSTEM_END - SYSTEM + 0x20000);
    }
    struct args all = {SYSTEM - 0x10000, 0}, end = {(uintptr_t)FAKE_TOP - 0x10000, 0};
    ck_assert_int_eq(map_all(&all), map_all(&end));
}
END_TEST

/* The last page before it and the first behind it are as ever. */
START_TEST(next_to_it)
{
    set_up();
    struct args before = {SYSTEM - 0x10000, 0x10000}, behind = {SYSTEM_END, 0x10000};
    ck_assert_int_eq(reserve(&before), 0);
    ck_assert(fake.n_calls == 1 && fake.end == SYSTEM);
    ck_assert_int_eq(protect(&behind), 0);
    ck_assert(fake.n_calls == 2 && fake.start == SYSTEM_END);
    struct args anywhere = {0, (SIZE_T)FAKE_TOP - 0x10000};
    ck_assert_int_eq(reserve(&anywhere), 0); /* the space's to refuse */
    ck_assert_int_eq(fake.n_calls, 3);
}
END_TEST

START_TEST(unmapping)
{
    set_up();
    fake.result = STATUS_NOT_MAPPED_VIEW;
    ck_assert_int_eq(wvm_NtUnmapViewOfSection(OWN, (PVOID)SYSTEM),
                     wvm_NtUnmapViewOfSection(OWN, (PVOID)(uintptr_t)FAKE_TOP));
}
END_TEST

/* Under a lower top it is no memory of the host's that a program may name. */
START_TEST(above_a_lower_top)
{
    MEMORY_BASIC_INFORMATION info;
    set_up();
    fake.top = 0x7fff0000;
    struct wvm_target t = {.top = fake.top};
    ck_assert(!wvm_nt_is_host_memory(&t, SYSTEM) && !wvm_nt_is_host_memory(&t, SYSTEM_END - 1));
    ck_assert(wvm_nt_is_host_memory(&t, SYSTEM - PG) && wvm_nt_is_host_memory(&t, SYSTEM_END));
    ck_assert_uint_eq(wvm_nt_end_for(&t, SYSTEM), 0x7fff0000);
    ck_assert_uint_eq(wvm_nt_end_for(&t, SYSTEM - PG), SYSTEM);
    ck_assert_uint_eq(wvm_nt_end_for(&t, SYSTEM_END), wvm_nt_host_top());
    for (size_t i = 0; i < WVM_ARRAY_LEN(calls); i++)
        compare(i, SYSTEM + 0x10000, 0x7fff0000, 0x10000);
    ck_assert_int_eq(wvm_NtQueryVirtualMemory(OWN, (PVOID)SYSTEM, MemoryBasicInformation, &info,
                                              sizeof info, NULL),
                     STATUS_INVALID_PARAMETER);
}
END_TEST

/* Natively it is told, as the space describes it. */
START_TEST(queries)
{
    MEMORY_BASIC_INFORMATION info;
    MEMORY_REGION_INFORMATION region;
    set_up();
    fake.region = (struct wvm_region){.start = SYSTEM, .end = SYSTEM_END, .alloc_start = SYSTEM,
                                      .alloc_end = SYSTEM_END, .alloc_attr = WVM_ATTR_NA,
                                      .type = WVM_TYPE_PRIVATE};
    ck_assert_int_eq(wvm_NtQueryVirtualMemory(OWN, (PVOID)(SYSTEM + 0x5432),
                                              MemoryBasicInformation, &info, sizeof info, NULL),
                     0);
    ck_assert_ptr_eq(info.AllocationBase, (void *)SYSTEM);
    ck_assert_ptr_eq(info.BaseAddress, (void *)(SYSTEM + 0x5000));
    ck_assert_uint_eq(info.RegionSize, SYSTEM_END - SYSTEM - 0x5000);
    ck_assert(info.State == MEM_RESERVE && info.Type == MEM_PRIVATE && info.Protect == 0);
    ck_assert_uint_eq(info.AllocationProtect, PAGE_NOACCESS);
    ck_assert_int_eq(wvm_NtQueryVirtualMemory(OWN, (PVOID)(SYSTEM + 0x5432),
                                              MemoryRegionInformation, &region, sizeof region,
                                              NULL),
                     0);
    ck_assert_ptr_eq(region.AllocationBase, (void *)SYSTEM);
    ck_assert_uint_eq(region.RegionSize, SYSTEM_END - SYSTEM);
}
END_TEST

/* The program's own buffers may lie there: what they are the host says. */
START_TEST(buffers)
{
    uint64_t value;
    set_up();
    char *at = mmap(NULL, 2 * PG, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(at, MAP_FAILED);
    ck_assert_int_eq(mprotect(at + PG, PG, PROT_NONE), 0);
    uintptr_t start = wvm_align_down((uintptr_t)at, 0x10000);
    wvm_space_system_range = (struct wvm_system_range){start, start + 0x100000};
    fake.region = (struct wvm_region){.start = start, .end = start + 0x100000,
                                      .alloc_start = start, .alloc_end = start + 0x100000,
                                      .alloc_attr = WVM_ATTR_NA, .type = WVM_TYPE_PRIVATE};
    memset(at, 0x77, PG);
    ck_assert(wvm_user_writable(at + 8, 8) && !wvm_user_writable(at + PG, 8));
    ck_assert(!wvm_user_writable(at + PG - 4, 8));
    ck_assert(wvm_user_fetch(&value, at + 8, 8) && value == UINT64_C(0x7777777777777777));
    ck_assert(!wvm_user_fetch(&value, at + PG - 4, 8));
    ck_assert(wvm_nt_accessible((uintptr_t)at, PG, true));
    ck_assert(!wvm_nt_accessible((uintptr_t)at, PG + 1, false));
    fake.done = 16;
    SIZE_T done = 0;
    ck_assert_int_eq(wvm_NtReadVirtualMemory(OWN, buffer, at, 16, &done), 0);
    ck_assert_int_eq(fake.op, FAKE_READ);
    ck_assert_int_eq(wvm_NtWriteVirtualMemory(OWN, buffer, at, 16, &done), 0);
    ck_assert_int_eq(fake.op, FAKE_WRITE);
    munmap(at, 2 * PG);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("nt-system", 30, &tc);
    tcase_add_test(tc, as_above_user_space);
    tcase_add_test(tc, as_over_the_end);
    tcase_add_test(tc, next_to_it);
    tcase_add_test(tc, unmapping);
    tcase_add_test(tc, above_a_lower_top);
    tcase_add_test(tc, queries);
    tcase_add_test(tc, buffers);
    return unit_run(suite);
}
