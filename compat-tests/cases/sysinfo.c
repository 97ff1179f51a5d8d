/* What the system says about itself and the layout (W32-001..011). */
#include "../compat_section.h"

enum { CLASS_BASIC = 0, CLASS_EMULATION_BASIC = 62, CLASS_NATIVE_BASIC = 114 };
enum { ARCH_INTEL = 0, ARCH_AMD64 = 9 };
#define ST_INVALID_INFO_CLASS 0xC0000003u
#define TOP_NATIVE32 TOP_2G

/* SYSTEM_BASIC_INFORMATION of 32-bit, of 64-bit and of the program's own width. */
struct basic32 {
    ULONG reserved, timer, page_size, n_pages, lowest_page, highest_page, granularity;
    uint32_t minimum, maximum, mask;
    BYTE n_processors;
};
struct basic64 {
    ULONG reserved, timer, page_size, n_pages, lowest_page, highest_page, granularity;
    uint64_t minimum __attribute__((aligned(8)));
    uint64_t maximum, mask;
    BYTE n_processors;
} __attribute__((aligned(8)));
struct basic {
    ULONG reserved, timer, page_size, n_pages, lowest_page, highest_page, granularity;
    ULONG_PTR minimum, maximum, mask;
    BYTE n_processors;
};

typedef NTSTATUS(NTAPI *info_call)(int, void *, ULONG, ULONG *);

/* One of the calls by name: its answer, or an info of zeros. */
#define need_info(pointer, name)                                                                   \
    do {                                                                                           \
        pointer = (info_call)find_call(name);                                                      \
        need_call(pointer, name);                                                                  \
    } while (0)

static void check_basic(info_call call, int info_class, uint64_t top)
{
    struct basic info;
    ULONG length = 0;

    memset(&info, 0xcc, sizeof(info));
    expect_status(call(info_class, &info, sizeof(info), &length), ST_SUCCESS);
    expect_eq(length, sizeof(info));
    expect_eq(info.maximum, top - 1);
    expect_eq(info.minimum, GR);
    expect_eq(info.page_size, PG);
    expect_eq(info.granularity, GR);
}

CASE(W32, 001, "SystemBasicInformation", "HighestUserAddress 0x7FFEFFFF for 2 GB; the layout's")
{
    info_call call;

    need_info(call, "NtQuerySystemInformation");
    check_basic(call, CLASS_BASIC, user_top());
}

CASE(W32, 002, "RtlGetNativeSystemInformation(SystemBasicInformation)",
     "WOW64: 0xFFFEFFFF; 32-bit Windows: 0x7FFEFFFF; 64-bit: the layout's")
{
    info_call call;

    need_info(call, "RtlGetNativeSystemInformation");
    todo_if(is_wine() && is_32bit() && user_top() != TOP_4G, "Wine: the limit of the process")
        check_basic(call, CLASS_BASIC,
                    is_wow64()   ? TOP_4G
                    : is_32bit() ? TOP_NATIVE32
                                 : user_top());
}

CASE(W32, 003, "RtlGetNativeSystemInformation(SystemNativeBasicInformation), WOW64",
     "0x7FFFFFFEFFFF in the structure of 64 bits; INFO_LENGTH_MISMATCH, INVALID_INFO_CLASS")
{
    info_call native, own;
    struct basic64 wide;
    struct basic32 narrow;
    ULONG length = 0;

    skip_if(!is_wow64(), "WOW64 only");
    need_info(native, "RtlGetNativeSystemInformation");
    need_info(own, "NtQuerySystemInformation");
    todo_wine("INVALID_INFO_CLASS") {
        expect_status(native(CLASS_NATIVE_BASIC, &wide, sizeof(wide), &length), ST_SUCCESS);
        expect_eq(wide.maximum, TOP_128T - 1);
        expect_eq(wide.minimum, GR);
        expect_status(native(CLASS_NATIVE_BASIC, &narrow, sizeof(narrow), &length),
                      ST_INFO_LENGTH_MISMATCH);
        expect_status(own(CLASS_NATIVE_BASIC, &wide, sizeof(wide), &length),
                      ST_INVALID_INFO_CLASS);
    }
}

CASE(W32, 004, "SystemEmulationBasicInformation", "as SystemBasicInformation")
{
    info_call call;

    need_info(call, "NtQuerySystemInformation");
    check_basic(call, CLASS_EMULATION_BASIC, user_top());
}

CASE(W32, 005, "NtWow64GetNativeSystemInformation(SystemBasicInformation), WOW64", "0xFFFEFFFF")
{
    info_call call;

    skip_if(!is_wow64(), "WOW64 only");
    need_info(call, "NtWow64GetNativeSystemInformation");
    todo_if(is_wine() && is_32bit() && user_top() != TOP_4G, "Wine: the limit of the process")
        check_basic(call, CLASS_BASIC, TOP_4G);
}

CASE(W32, 007, "SystemBasicInformation, length 0 and twice the length", "INFO_LENGTH_MISMATCH")
{
    info_call call;
    struct basic info[2];

    need_info(call, "NtQuerySystemInformation");
    expect_status(call(CLASS_BASIC, info, 0, NULL), ST_INFO_LENGTH_MISMATCH);
    expect_status(call(CLASS_BASIC, info, sizeof(info), NULL), ST_INFO_LENGTH_MISMATCH);
    expect_status(call(CLASS_BASIC, info, sizeof(info[0]) - 1, NULL), ST_INFO_LENGTH_MISMATCH);
    expect_status(call(CLASS_BASIC, info, sizeof(info[0]), NULL), ST_SUCCESS);
}

CASE(W32, 008, "GetSystemInfo, GetNativeSystemInfo, WOW64 on x64",
     "architecture 0 and 9; native type 8664")
{
    SYSTEM_INFO own, native;

    skip_if(!is_wow64(), "WOW64 only");
    GetSystemInfo(&own);
    GetNativeSystemInfo(&native);
    expect_eq(own.wProcessorArchitecture, ARCH_INTEL);
    expect_eq(own.dwProcessorType, 586);
    expect_eq(native.wProcessorArchitecture, ARCH_AMD64);
    expect_eq(native.dwProcessorType, 8664);
    expect_eq(native.dwNumberOfProcessors, own.dwNumberOfProcessors);
}

CASE(W32, 009, "GetSystemInfo, GetNativeSystemInfo, not WOW64", "the same architecture and type")
{
    SYSTEM_INFO own, native;

    skip_if(is_wow64(), "see W32-008");
    GetSystemInfo(&own);
    GetNativeSystemInfo(&native);
    expect_eq(own.wProcessorArchitecture, is_32bit() ? ARCH_INTEL : ARCH_AMD64);
    expect_eq(native.wProcessorArchitecture, own.wProcessorArchitecture);
    expect_eq(native.dwProcessorType, own.dwProcessorType);
}

/* ullTotalVirtual is what lies between the ends. */
static void check_total_virtual(void)
{
    struct compat_memory_status memory;

    need_call(find_call("GlobalMemoryStatusEx"), "GlobalMemoryStatusEx");
    expect_eq(memory_status(&memory), 1);
    expect_eq(memory.total_virtual, user_top() - GR);
    ok(memory.avail_virtual > 0 && memory.avail_virtual < memory.total_virtual,
       "available: got 0x%llx of 0x%llx", (unsigned long long)memory.avail_virtual,
       (unsigned long long)memory.total_virtual);
    expect_eq(sizeof(memory), 64);
}

CASE(W32, 010, "GlobalMemoryStatusEx in a layout of 2 GB", "ullTotalVirtual 0x7FFE0000")
{
    skip_if(user_top() != TOP_2G, "another layout");
    check_total_virtual();
}

CASE(W32, 011, "GlobalMemoryStatusEx in other layouts", "ullTotalVirtual 0xFFFE0000 for 4 GB")
{
    skip_if(user_top() == TOP_2G, "see W32-010");
    check_total_virtual();
}
