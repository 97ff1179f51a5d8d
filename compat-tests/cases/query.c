/* Query: VirtualQuery, VirtualQueryEx and the classes of NtQueryVirtualMemory (VQ-001..050). */
#include "../compat_other.h"

#define RSV MEM_RESERVE
#define COM MEM_COMMIT
#define NA PAGE_NOACCESS
#define RO PAGE_READONLY
#define RWR PAGE_READWRITE
#define XR PAGE_EXECUTE_READ
#define XWC PAGE_EXECUTE_WRITECOPY

CASE(VQ, 001, "reservation of 0xFFFC bytes, NA", "RESERVE 0x10000, Protect 0; returns sizeof(MBI)")
{
    BYTE *a = obtain(0xFFFC, RSV, NA);
    MEMORY_BASIC_INFORMATION info;

    expect_eq(VirtualQuery(a, &info, sizeof(info)), sizeof(info));
    expect_eq(sizeof(info), is_32bit() ? 28 : 48);
    expect_query(a, a, a, NA, GR, MEM_RESERVE, 0, MEM_PRIVATE);
}

CASE(VQ, 002, "its first page committed NA", "COMMIT 0x1000 NA")
{
    BYTE *a = obtain(0xFFFC, RSV, NA);

    place(a, PG, COM, NA);
    expect_query(a, a, a, NA, PG, MEM_COMMIT, NA, MEM_PRIVATE);
}

CASE(VQ, 003, "the page after it", "RESERVE 0xF000")
{
    BYTE *a = obtain(0xFFFC, RSV, NA);

    place(a, PG, COM, NA);
    expect_query(a + PG, a + PG, a, NA, 0xF000, MEM_RESERVE, 0, MEM_PRIVATE);
}

CASE(VQ, 004, "AllocationProtect after protects and commits", "stays as reserved")
{
    static const ULONG legal[] = {0x01, 0x02, 0x04, 0x10, 0x20, 0x40};
    BYTE *a = obtain(PG, RSV | COM, NA), *b = obtain(0x2000, RSV, RO);
    DWORD old;

    for (unsigned i = 0; i < sizeof(legal) / sizeof(legal[0]); i++) {
        expect_success(VirtualProtect(a, PG, legal[i], &old));
        expect_query(a, a, a, NA, PG, MEM_COMMIT, legal[i], MEM_PRIVATE);
    }
    place(b, PG, COM, RWR);
    expect_query(b, b, b, RO, PG, MEM_COMMIT, RWR, MEM_PRIVATE);
}

CASE(VQ, 005, "0x5000F700, last page of a 64 KiB reservation committed",
     "Base 0x5000F000, COMMIT RW 0x1000")
{
    BYTE *a = place(arena(0x40000), GR, RSV, NA);

    place(a + 0xF000, PG, COM, RWR);
    expect_query(a + 0xF700, a + 0xF000, a, NA, PG, MEM_COMMIT, RWR, MEM_PRIVATE);
}

CASE(VQ, 006, "a released address", "FREE, AllocBase NULL, Protect NA, Type 0")
{
    BYTE *a = place(arena(0x40000), GR, RSV | COM, RWR);
    MEMORY_BASIC_INFORMATION info;

    expect_success(VirtualFree(a, 0, MEM_RELEASE));
    info = query(a + 0x1234);
    expect_query(a + 0x1234, a + 0x1000, NULL, 0, info.RegionSize, MEM_FREE, NA, 0);
    ok(info.RegionSize >= 0x3F000, "size: got 0x%llx", (unsigned long long)info.RegionSize);
}

CASE(VQ, 007, "10 MB into a free run of 40 MB", "FREE, 30 MB")
{
    enum { MB = 0x100000 };
    BYTE *a = arena(42 * MB);

    place(a, MB, RSV, NA);
    place(a + 41 * MB, MB, RSV, NA);
    expect_query(a + 11 * MB, a + 11 * MB, NULL, 0, 30 * MB, MEM_FREE, NA, 0);
}

/* ---- images: the program's own, whatever its format ---- */

static int written = 1;
static int untouched_data = 2;
static const int constant = 3;

CASE(VQ, 008, "the header page of an image", "COMMIT RO IMAGE, AllocProtect XWC")
{
    BYTE *base = (BYTE *)query((void *)(ULONG_PTR)main).AllocationBase;
    MEMORY_BASIC_INFORMATION info = query(base);

    expect_query(base, base, base, XWC, info.RegionSize, MEM_COMMIT, RO, MEM_IMAGE);
#ifdef _WIN32
    base = (BYTE *)GetModuleHandleA("ntdll.dll");
    info = query(base);
    expect_query(base, base, base, XWC, info.RegionSize, MEM_COMMIT, RO, MEM_IMAGE);
#endif
}

CASE(VQ, 009, "a code page of an image", "XR, AllocProtect XWC")
{
    MEMORY_BASIC_INFORMATION info = query((void *)(ULONG_PTR)main);

    expect_eq(info.State, MEM_COMMIT);
    expect_eq(info.Protect, XR);
    expect_eq(info.AllocationProtect, XWC);
    expect_eq(info.Type, MEM_IMAGE);
    ok((BYTE *)info.AllocationBase <= (BYTE *)info.BaseAddress, "got allocation %p above base %p",
       info.AllocationBase, info.BaseAddress);
}

CASE(VQ, 010, "a .data page of an image", "WC or RW (written)")
{
    ULONG protect = query(&untouched_data).Protect;

    ok(protect == PAGE_WRITECOPY || protect == RWR, "got 0x%lx, expected 0x8 or 0x4",
       (unsigned long)protect);
    *(volatile int *)&written = 5;
    todo_wine("WC also when written")
        expect_eq(query(&written).Protect, RWR);
    expect_eq(query(&written).Type, MEM_IMAGE);
}

CASE(VQ, 011, "a .rdata constant", "RO")
{
    expect_eq(query(&constant).Protect, RO);
    expect_eq(query(&constant).Type, MEM_IMAGE);
}

CASE(VQ, 012, "a stack variable", "COMMIT RW PRIVATE, AllocProtect RW")
{
    int local = 0;
    MEMORY_BASIC_INFORMATION info = query(&local);

    expect_eq(info.State, MEM_COMMIT);
    expect_eq(info.Protect, RWR);
    expect_eq(info.AllocationProtect, RWR);
    expect_eq(info.Type, MEM_PRIVATE);
}

/* ---- the ends of user space ---- */

static SYSTEM_INFO system_info(void)
{
    SYSTEM_INFO info;

    GetSystemInfo(&info);
    return info;
}

CASE(VQ, 013, "LowestUserAddress", "success")
{
    MEMORY_BASIC_INFORMATION info;
    void *lowest = system_info().lpMinimumApplicationAddress;

    expect_eq(address_of(lowest), 0x10000);
    expect_eq(VirtualQuery(lowest, &info, sizeof(info)), sizeof(info));
}

CASE(VQ, 014, "LowestUserAddress-1", "success")
{
    MEMORY_BASIC_INFORMATION info;

    expect_eq(VirtualQuery((void *)0xFFFF, &info, sizeof(info)), sizeof(info));
}

CASE(VQ, 015, "HighestUserAddress", "success")
{
    MEMORY_BASIC_INFORMATION info;
    BYTE *highest = (BYTE *)system_info().lpMaximumApplicationAddress;

    expect_eq(address_of(highest) & (GR - 1), GR - 1);
    if (!is_narrow() && user_top() != TOP_8T)
        expect_ptr(highest, TOP_128T - 1);
    expect_eq(VirtualQuery(highest, &info, sizeof(info)), sizeof(info));
    expect_ptr((BYTE *)info.BaseAddress + info.RegionSize, highest + 1);
}

static void refuse_query(const void *at)
{
    MEMORY_BASIC_INFORMATION info;
    SIZE_T length = 0x77;

    expect_error(VirtualQuery((LPCVOID)at, &info, sizeof(info)), ERROR_INVALID_PARAMETER);
    expect_status(nt_query(GetCurrentProcess(), at, QUERY_BASIC, &info, sizeof(info), &length),
                  ST_INVALID_PARAMETER);
}

CASE(VQ, 016, "HighestUserAddress+1", "0, 87")
{
    refuse_query((BYTE *)system_info().lpMaximumApplicationAddress + 1);
}

CASE(VQ, 017, "(void *)-1 and other wild pointers", "0, 87")
{
    ULONG_PTR above[ABOVE_USER];
    unsigned n = above_user(above);

    refuse_query((void *)-1);
    for (unsigned i = 0; i < n; i++)
        refuse_query((void *)above[i]);
}

CASE(VQ, 018, "length sizeof(MBI)-1", "0, 24")
{
    BYTE *a = obtain(PG, RSV, NA);
    MEMORY_BASIC_INFORMATION info;

    for (SIZE_T length = 0; length < sizeof(info); length += 47) {
        expect_error(VirtualQuery(a, &info, length), ERROR_BAD_LENGTH);
        expect_status(nt_query(GetCurrentProcess(), a, QUERY_BASIC, &info, length, NULL),
                      ST_INFO_LENGTH_MISMATCH);
    }
}

CASE(VQ, 020, "0x7FFE0000", "AllocBase 0x7FFE0000, COMMIT RO PRIVATE 0x1000")
{
    void *shared = at_address(SHARED_DATA);

    expect_query(shared, shared, shared, RO, PG, MEM_COMMIT, RO, MEM_PRIVATE);
    expect_no_fault(touch_read(shared));
    expect_fault(touch_write(shared), 1, shared);
}

CASE(VQ, 025, "VirtualQueryEx of another process", "identical fields")
{
    struct other other = {NULL, 0};
    MEMORY_BASIC_INFORMATION info = {0};
    BYTE *a;

    if (!ok(other_start(&other), "no other process"))
        return;
    a = (BYTE *)VirtualAllocEx(other.process, NULL, 0xFFFC, RSV, NA);
    ok(a != NULL, "VirtualAllocEx: last error %lu", (unsigned long)GetLastError());
    expect_ptr(VirtualAllocEx(other.process, a, PG, COM, NA), a);
    expect_eq(VirtualQueryEx(other.process, a + PG, &info, sizeof(info)), sizeof(info));
    expect_ptr(info.BaseAddress, a + PG);
    expect_ptr(info.AllocationBase, a);
    expect_eq(info.AllocationProtect, NA);
    expect_eq(info.RegionSize, 0xF000);
    expect_eq(info.State, MEM_RESERVE);
    expect_eq(info.Protect, 0);
    expect_eq(info.Type, MEM_PRIVATE);
    expect_eq(VirtualQueryEx(other.process, a + 5, &info, sizeof(info)), sizeof(info));
    expect_ptr(info.BaseAddress, a);
    expect_eq(info.RegionSize, PG);
    expect_eq(info.State, COM);
    expect_eq(info.Protect, NA);
    other_end(&other);
}

CASE(VQ, 029, "two adjacent identical allocations", "two regions")
{
    BYTE *a = arena(0x40000);

    place(a, GR, RSV | COM, RWR);
    place(a + GR, GR, RSV | COM, RWR);
    expect_query(a, a, a, RWR, GR, MEM_COMMIT, RWR, MEM_PRIVATE);
    expect_query(a + GR, a + GR, a + GR, RWR, GR, MEM_COMMIT, RWR, MEM_PRIVATE);
}

#define NO_IMAGE_CLASS "no MemoryImageInformation"

/* ---- other information classes ---- */

#define ask(at, class, out, len, out_len)                                                          \
    nt_query(GetCurrentProcess(), at, class, out, len, out_len)

CASE(VQ, 031, "ReturnLength NULL", "accepted")
{
    BYTE *a = obtain(PG, RSV, NA);
    MEMORY_BASIC_INFORMATION info;
    SIZE_T length = 0;

    expect_status(ask(a, QUERY_BASIC, &info, sizeof(info), NULL), ST_SUCCESS);
    expect_status(ask(a, QUERY_BASIC, &info, sizeof(info), &length), ST_SUCCESS);
    expect_eq(length, sizeof(info));
}

CASE(VQ, 032, "MemoryRegionInformation of private memory",
     "base, RW, RegionType 0, whole allocation")
{
    for (int committed = 0; committed < 2; committed++) {
        BYTE *a = obtain(0x10000, RSV | (committed ? COM : 0), RWR);
        struct compat_region_info info;
        SIZE_T length = 0;

        memset(&info, 0xcc, sizeof(info));
        expect_status(ask(a, QUERY_REGION, &info, sizeof(info), &length), ST_SUCCESS);
        expect_ptr(info.allocation_base, a);
        expect_eq(info.allocation_protect, RWR);
        expect_eq(info.region_type, 0);
        expect_eq(info.region_size, 0x10000);
        expect_status(ask(a + 0x3123, QUERY_REGION, &info, sizeof(info), &length), ST_SUCCESS);
        expect_ptr(info.allocation_base, a);
        todo_wine("RegionSize counts from the queried page")
            expect_eq(info.region_size, 0x10000);
    }
}

CASE(VQ, 034, "MemoryRegionInformation without and with CommitSize (24, 32)", "success")
{
    BYTE *a = obtain(0x10000, RSV, RWR);
    struct compat_region_info info;

    expect_status(ask(a, QUERY_REGION, &info, offsetof(struct compat_region_info, commit_size),
                      NULL),
                  ST_SUCCESS);
    expect_status(
        ask(a, QUERY_REGION, &info, offsetof(struct compat_region_info, partition_id), NULL),
        ST_SUCCESS);
    expect_eq(info.region_size, 0x10000);
}

CASE(VQ, 035, "MemoryRegionInformation without RegionSize (16)", "INFO_LENGTH_MISMATCH")
{
    BYTE *a = obtain(0x10000, RSV, RWR);
    struct compat_region_info info;

    expect_status(ask(a, QUERY_REGION, &info, offsetof(struct compat_region_info, region_size),
                      NULL),
                  ST_INFO_LENGTH_MISMATCH);
}

CASE(VQ, 036, "MemoryImageInformation of private memory", "success, all 0")
{
    BYTE *a = obtain(0x10000, RSV | COM, RWR);
    struct compat_image_info info;
    SIZE_T length = 0;

    todo_wine(NO_IMAGE_CLASS) {
        memset(&info, 0xcc, sizeof(info));
        expect_status(ask(a, QUERY_IMAGE, &info, sizeof(info), &length), ST_SUCCESS);
        expect_ptr(info.base, NULL);
        expect_eq(info.size, 0);
        expect_eq(info.flags, 0);
    }
}

CASE(VQ, 037, "MemoryImageInformation of an image", "its base and size")
{
    BYTE *base = (BYTE *)query((void *)(ULONG_PTR)main).AllocationBase;
    struct compat_image_info info;
    SIZE_T length = 0;

    todo_wine(NO_IMAGE_CLASS) {
        memset(&info, 0xcc, sizeof(info));
        expect_status(ask((void *)(ULONG_PTR)main, QUERY_IMAGE, &info, sizeof(info), &length),
                      ST_SUCCESS);
        expect_ptr(info.base, base);
        ok((BYTE *)(ULONG_PTR)main < base + info.size &&
               (BYTE *)(ULONG_PTR)&constant < base + info.size,
           "size: got 0x%llx, expected to reach %p", (unsigned long long)info.size,
           (void *)(ULONG_PTR)&constant);
        expect_eq(info.size & 0xFFF, 0);
        /* PartialMap and NotExecutable are clear, the signing level (bits 2..5) is 0 or 12. */
        ok((info.flags & ~(12u << 2)) == 0, "flags: got 0x%lx", (unsigned long)info.flags);
        expect_eq(length, sizeof(info));
    }
}

CASE(VQ, 038, "MemoryImageInformation of free memory", "INVALID_ADDRESS, length untouched")
{
    struct compat_image_info info;
    SIZE_T length = 0x77;

    todo_wine(NO_IMAGE_CLASS) {
        expect_status(ask(arena(GR), QUERY_IMAGE, &info, sizeof(info), &length),
                      ST_INVALID_ADDRESS);
        expect_eq(length, 0x77);
    }
}

CASE(VQ, 039, "MemoryImageInformation, length-1", "INFO_LENGTH_MISMATCH, length untouched")
{
    struct compat_image_info info;
    SIZE_T length = 0x77;

    todo_wine(NO_IMAGE_CLASS) {
        expect_status(ask((void *)(ULONG_PTR)main, QUERY_IMAGE, &info, sizeof(info) - 1, &length),
                      ST_INFO_LENGTH_MISMATCH);
        expect_eq(length, 0x77);
    }
}

CASE(VQ, 040, "MemoryImageInformation, length+2", "success, returned length = size of the struct")
{
    BYTE buffer[64];
    SIZE_T length = 0x77;

    todo_wine(NO_IMAGE_CLASS) {
        expect_status(ask((void *)(ULONG_PTR)main, QUERY_IMAGE, buffer,
                          sizeof(struct compat_image_info) + 2, &length),
                      ST_SUCCESS);
        expect_eq(length, sizeof(struct compat_image_info));
    }
}

/* ---- the file behind an image ---- */

static union {
    struct compat_name_info info;
    BYTE bytes[4096];
} name;

CASE(VQ, 041, "MemoryMappedFilename, buffer too small for the name", "BUFFER_OVERFLOW, needed size")
{
    SIZE_T length = 0;

    expect_status(ask((void *)(ULONG_PTR)main, QUERY_FILENAME, &name,
                      sizeof(struct compat_name_info) + 2, &length),
                  ST_BUFFER_OVERFLOW);
    ok(length > sizeof(struct compat_name_info) + 2, "length: got %llu",
       (unsigned long long)length);
}

CASE(VQ, 042, "MemoryMappedFilename, buffer smaller than the struct",
     "INFO_LENGTH_MISMATCH, needed size")
{
    SIZE_T length = 0;

    expect_status(ask((void *)(ULONG_PTR)main, QUERY_FILENAME, &name,
                      sizeof(struct compat_name_info) - 1, &length),
                  ST_INFO_LENGTH_MISMATCH);
    ok(length > sizeof(struct compat_name_info), "length: got %llu", (unsigned long long)length);
}

CASE(VQ, 043, "MemoryMappedFilename, NULL buffer", "ACCESS_VIOLATION")
{
    expect_status(ask((void *)(ULONG_PTR)main, QUERY_FILENAME, NULL, sizeof(name), NULL),
                  ST_ACCESS_VIOLATION);
}

CASE(VQ, 044, "MemoryMappedFilename of the stack, of 0x1234", "INVALID_ADDRESS, before the length")
{
    int local;

    expect_status(ask(&local, QUERY_FILENAME, &name, sizeof(name), NULL), ST_INVALID_ADDRESS);
    expect_status(ask(&local, QUERY_FILENAME, &name, 1, NULL), ST_INVALID_ADDRESS);
    expect_status(ask((void *)0x1234, QUERY_FILENAME, &name, sizeof(name), NULL),
                  ST_INVALID_ADDRESS);
    expect_status(ask((void *)0x1234, QUERY_FILENAME, &name, 1, NULL), ST_INVALID_ADDRESS);
}

CASE(VQ, 045, "MemoryMappedFilename, bad handle", "INVALID_HANDLE")
{
    expect_status(nt_query((HANDLE)(ULONG_PTR)0xdeadbeec, (void *)(ULONG_PTR)main, QUERY_FILENAME,
                           &name, sizeof(name), NULL),
                  ST_INVALID_HANDLE);
    expect_status(
        nt_query(NULL, (void *)(ULONG_PTR)main, QUERY_FILENAME, &name, sizeof(name), NULL),
        ST_INVALID_HANDLE);
}

CASE(VQ, 046, "MemoryMappedFilename, success",
     "name after the struct, NUL-terminated, lengths agree")
{
    SIZE_T length = 0;

    memset(&name, 0xcc, sizeof(name));
    expect_status(ask((void *)(ULONG_PTR)main, QUERY_FILENAME, &name, sizeof(name), &length),
                  ST_SUCCESS);
    expect_ptr(name.info.buffer, name.bytes + sizeof(struct compat_name_info));
    expect_eq(name.info.maximum_length, name.info.length + 2);
    expect_eq(length, sizeof(struct compat_name_info) + name.info.maximum_length);
    if (ok(name.info.length < 2048 && name.info.length > 2, "length: got %u", name.info.length))
        expect_eq(*(WCHAR *)(name.bytes + sizeof(struct compat_name_info) + name.info.length), 0);
}

CASE(VQ, 047, "0xFFFF and 0x1234", "FREE, NA, AllocBase NULL")
{
    MEMORY_BASIC_INFORMATION info = query(at_address(0xFFFF));

    expect_query(at_address(0xFFFF), at_address(0xF000), NULL, 0, info.RegionSize, MEM_FREE, NA, 0);
    info = query(at_address(0x1234));
    expect_query(at_address(0x1234), at_address(0x1000), NULL, 0, info.RegionSize, MEM_FREE, NA, 0);
}

CASE(VQ, 048, "pages committed and decommitted again", "one RESERVE run with the rest")
{
    BYTE *a = obtain(0x10000, RSV, NA);

    place(a + 0x2000, 0x3000, COM, RWR);
    memset(a + 0x2000, 1, 0x3000);
    expect_success(VirtualFree(a + 0x2000, 0x3000, MEM_DECOMMIT));
    todo_wine("decommitted pages form a run of their own")
        expect_query(a, a, a, NA, 0x10000, MEM_RESERVE, 0, MEM_PRIVATE);
}

CASE(VQ, 049, "MEMORY_REGION_INFORMATION layout",
     "48 bytes, fields at 0 8 12 16 24; 32-bit: 28 bytes, 0 4 8 12 16")
{
    const unsigned word = sizeof(void *);
    BYTE *a = obtain(0x10000, RSV, RO), bytes[64];
    SIZE_T length = 0;

    place(a, 0x3000, COM, RO);
    memset(bytes, 0xcc, sizeof(bytes));
    expect_status(ask(a, QUERY_REGION, bytes, word * 5 + 8, &length), ST_SUCCESS);
    expect_ptr(*(void **)(void *)bytes, a);
    expect_eq(*(ULONG *)(void *)(bytes + word), RO);
    expect_eq(*(ULONG *)(void *)(bytes + word + 4), 0);
    todo_wine("RegionSize is that of one run")
        expect_eq(*(SIZE_T *)(void *)(bytes + word + 8), 0x10000);
    expect_eq(*(SIZE_T *)(void *)(bytes + word * 2 + 8), 0x3000);
    expect_eq(bytes[word * 5 + 8], 0xcc);
}

/* One step of a walk: each region begins where the last one ended and is of a known kind. */
static int check_region(const MEMORY_BASIC_INFORMATION *info, ULONG_PTR at)
{
    int free_run = info->State == MEM_FREE && info->Type == 0 && info->Protect == NA;
    int used_run =
        (info->State == MEM_COMMIT || info->State == MEM_RESERVE) &&
        (info->Type == MEM_PRIVATE || info->Type == MEM_MAPPED || info->Type == MEM_IMAGE) &&
        (ULONG_PTR)info->AllocationBase <= at;

    return ok(
        (ULONG_PTR)info->BaseAddress == at && info->RegionSize && !(info->RegionSize & 0xFFF) &&
            (free_run || used_run),
        "at 0x%llx: got base %p size 0x%llx state 0x%lx protect 0x%lx type 0x%lx allocation %p",
        (unsigned long long)at, info->BaseAddress, (unsigned long long)info->RegionSize,
        (unsigned long)info->State, (unsigned long)info->Protect, (unsigned long)info->Type,
        info->AllocationBase);
}

CASE(VQ, 050, "walk from 0 to the end; image, stack, heap", "no gap, no overlap; never FREE")
{
    int local;
    void *heap = malloc(100);
    ULONG_PTR at = (ULONG_PTR)at_address(0);
    ULONG_PTR end = (ULONG_PTR)system_info().lpMaximumApplicationAddress + 1;
    unsigned n = 0, images = 0;

    while (at < end && n < 100000) {
        MEMORY_BASIC_INFORMATION info = query((void *)at);

        if (!check_region(&info, at))
            break;
        images += info.Type == MEM_IMAGE;
        at += info.RegionSize;
        n++;
    }
    expect_eq(at, end);
    if (address_of((void *)(ULONG_PTR)main) < user_top())
        ok(images > 2, "image regions: got %u, expected more than 2", images);
    if (compat_base == 0) {
        expect_page(&local, MEM_COMMIT, RWR);
        expect_page(heap, MEM_COMMIT, RWR);
        expect_eq(query((void *)(ULONG_PTR)main).State, MEM_COMMIT);
    }
    free(heap);
}
