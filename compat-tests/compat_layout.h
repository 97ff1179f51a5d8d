/* The address layout that the program finds itself in, asked of the system, not of the compiler.
 *
 * Terms   top = the first address past user space; narrow = a layout of 4 GiB or less;
 *         wow64 = a 32-bit process of a 64-bit Windows, or a program that is told so. */
#ifndef COMPAT_LAYOUT_H
#define COMPAT_LAYOUT_H

#include "compat_sys.h"

#define TOP_2G 0x7FFF0000u
#define TOP_4G 0xFFFF0000u
#define TOP_8T 0x7FFFFFF0000ull
#define TOP_128T 0x7FFFFFFF0000ull
#define SHARED_DATA 0x7FFE0000u

/* Addresses as the system counts them and pointers to them: the same, but for a based space
 * (compat_based.h), which begins at compat_base. */
#ifdef COMPAT_BASED
#define compat_base based_base
#else
#define compat_base ((ULONG_PTR)0)
#endif

static inline ULONG_PTR address_of(const volatile void *p)
{
    return (ULONG_PTR)p - compat_base;
}
static inline void *at_address(ULONG_PTR address)
{
    return (void *)(address + compat_base);
}

static inline int is_32bit(void)
{
    return sizeof(void *) == 4;
}

/* Whether 32-bit code runs in the space: a narrow layout alone does not say so. */
static inline int is_32bit_code(void)
{
    return is_32bit() || compat_base != 0;
}

static inline uint64_t user_top(void)
{
    SYSTEM_INFO info;

    GetSystemInfo(&info);
    return (uint64_t)address_of(info.lpMaximumApplicationAddress) + 1;
}

static inline int is_narrow(void)
{
    return user_top() <= (uint64_t)1 << 32;
}

/* A call by name, from the modules that have them; NULL: not there. */
static inline void *find_call(const char *name)
{
    static const char *const modules[] = {"kernelbase.dll", "kernel32.dll", "ntdll.dll"};
    FARPROC found = NULL;

    for (unsigned i = 0; i < 3 && !found; i++) {
        HMODULE module = GetModuleHandleA(modules[i]);

        found = module ? GetProcAddress(module, name) : NULL;
    }
    return (void *)(uintptr_t)found;
}

static inline int is_wow64(void)
{
    typedef BOOL(WINAPI * call_type)(HANDLE, BOOL *);
    call_type call = (call_type)find_call("IsWow64Process");
    BOOL answer = FALSE;

    return call && call(GetCurrentProcess(), &answer) && answer;
}

/* MEMORYSTATUSEX: 64 bytes in every layout (WS-150). */
struct compat_memory_status {
    ULONG length, load;
    uint64_t total_phys, avail_phys, total_page_file, avail_page_file, total_virtual,
        avail_virtual, avail_extended;
};

/* False where the call does not exist. */
static inline int memory_status(struct compat_memory_status *out)
{
    typedef BOOL(WINAPI * call_type)(struct compat_memory_status *);
    call_type call = (call_type)find_call("GlobalMemoryStatusEx");

    memset(out, 0, sizeof(*out));
    out->length = sizeof(*out);
    return call && call(out);
}

/* Addresses above user space: the first ones, the kernel half, the last page, non-canonical ones.
 * Returns how many were written to `out`. */
enum { ABOVE_USER = 16 };
static inline unsigned above_user(ULONG_PTR out[ABOVE_USER])
{
    static const uint64_t all[] = {
        TOP_2G,
        0x80000000,
        0xC0000000,
        TOP_4G,
        0xFFFFF000,
        0xFFFFFFFF,
        0x100000000,
        TOP_128T,
        TOP_128T + 1,
        0x7FFFFFFFFFFF,
        0x800000000000,
        0x123456789ABCDEF0,
        0xFFFF7FFFFFFFFFFF,
        0xFFFF800000000000,
        0xFFFFFFFFFFFFF000,
        0xFFFFFFFFFFFFFFFF,
    };
    uint64_t top = user_top();
    unsigned n = 0;

    for (unsigned i = 0; i < sizeof(all) / sizeof(all[0]); i++)
        if (all[i] >= top && (ULONG_PTR)all[i] == all[i])
            out[n++] = (ULONG_PTR)all[i];
    return n;
}
#endif
