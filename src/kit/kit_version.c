/* The version of the system that programs see: the one of the shared data page (nt_shared_data.c),
 * a workstation without service packs.
 *
 * I1  The structures of GetVersionEx are told apart by their first member, their size in bytes.
 * Locking: none.   Failure: nothing written.   Signal safety: yes. */
#include <string.h>

#include "base/arith.h"
#include "kit/kit.h"

#define MAJOR 10u
#define MINOR 0u
#define BUILD 19045u
#define BITS_OF_A_CONDITION 3

DWORD wvm_kit_GetVersion(VOID)
{
    return BUILD << 16 | MINOR << 8 | MAJOR;
}

/* The members in front of the text are the same in all four structures. */
static void fill(OSVERSIONINFOA *to)
{
    DWORD size = to->dwOSVersionInfoSize;
    memset(to, 0, size);
    *to = (OSVERSIONINFOA){.dwOSVersionInfoSize = size,
                           .dwMajorVersion = MAJOR,
                           .dwMinorVersion = MINOR,
                           .dwBuildNumber = BUILD,
                           .dwPlatformId = VER_PLATFORM_WIN32_NT};
}

static void fill_w(OSVERSIONINFOW *to)
{
    DWORD size = to->dwOSVersionInfoSize;
    memset(to, 0, size);
    *to = (OSVERSIONINFOW){.dwOSVersionInfoSize = size,
                           .dwMajorVersion = MAJOR,
                           .dwMinorVersion = MINOR,
                           .dwBuildNumber = BUILD,
                           .dwPlatformId = VER_PLATFORM_WIN32_NT};
    if (size == sizeof(OSVERSIONINFOEXW))
        ((OSVERSIONINFOEXW *)(void *)to)->wProductType = VER_NT_WORKSTATION;
}

BOOL wvm_kit_GetVersionExA(OSVERSIONINFOA *to)
{
    DWORD size = to->dwOSVersionInfoSize;
    if (size != sizeof(OSVERSIONINFOA) && size != sizeof(OSVERSIONINFOEXA))
        return wvm_kit_fail(ERROR_INSUFFICIENT_BUFFER);
    fill(to);
    if (size == sizeof(OSVERSIONINFOEXA))
        ((OSVERSIONINFOEXA *)(void *)to)->wProductType = VER_NT_WORKSTATION;
    return TRUE;
}

BOOL wvm_kit_GetVersionExW(OSVERSIONINFOW *to)
{
    DWORD size = to->dwOSVersionInfoSize;
    if (size != sizeof(OSVERSIONINFOW) && size != sizeof(OSVERSIONINFOEXW))
        return wvm_kit_fail(ERROR_INSUFFICIENT_BUFFER);
    fill_w(to);
    return TRUE;
}

NTSTATUS wvm_kit_RtlGetVersion(OSVERSIONINFOW *to)
{
    if (to->dwOSVersionInfoSize != sizeof(OSVERSIONINFOEXW))
        to->dwOSVersionInfoSize = sizeof(OSVERSIONINFOW);
    fill_w(to);
    return STATUS_SUCCESS;
}

VOID wvm_kit_RtlGetNtVersionNumbers(PDWORD major, PDWORD minor, PDWORD build)
{
    if (major)
        *major = MAJOR;
    if (minor)
        *minor = MINOR;
    if (build)
        *build = 0xf0000000 | BUILD; /* a build that is sold */
}

/* ---- Conditions ---- */

/* The members that can be compared: the order is that of their bits in the masks. */
static const struct {
    DWORD bit;
    DWORD is;
} members[] = {
    {VER_MINORVERSION, MINOR},
    {VER_MAJORVERSION, MAJOR},
    {VER_BUILDNUMBER, BUILD},
    {VER_PLATFORMID, VER_PLATFORM_WIN32_NT},
    {VER_SERVICEPACKMINOR, 0},
    {VER_SERVICEPACKMAJOR, 0},
    {VER_SUITENAME, 0},
    {VER_PRODUCT_TYPE, VER_NT_WORKSTATION},
};

ULONGLONG wvm_kit_VerSetConditionMask(ULONGLONG mask, DWORD member, BYTE condition)
{
    condition &= (1 << BITS_OF_A_CONDITION) - 1;
    for (size_t i = WVM_ARRAY_LEN(members); i-- > 0;)
        if (member & members[i].bit)
            return mask | (ULONGLONG)condition << (i * BITS_OF_A_CONDITION);
    return mask;
}

static DWORD wanted_of(const OSVERSIONINFOEXW *v, size_t member)
{
    const DWORD wanted[] = {v->dwMinorVersion,     v->dwMajorVersion,     v->dwBuildNumber,
                            v->dwPlatformId,       v->wServicePackMinor,  v->wServicePackMajor,
                            v->wSuiteMask,         v->wProductType};
    return wanted[member];
}

static unsigned condition_of(ULONGLONG mask, size_t member)
{
    return (unsigned)(mask >> (member * BITS_OF_A_CONDITION)) & 7;
}

static bool holds(DWORD is, DWORD wanted, unsigned condition)
{
    switch (condition) {
    case VER_EQUAL:
        return is == wanted;
    case VER_GREATER:
        return is > wanted;
    case VER_GREATER_EQUAL:
        return is >= wanted;
    case VER_LESS:
        return is < wanted;
    default:
        return is <= wanted;
    }
}

/* Major, minor and the service pack's numbers are one number: the first that differs decides, by
 * the condition of the first that is asked for. */
static bool version_holds(const OSVERSIONINFOEXW *v, DWORD asked, ULONGLONG mask)
{
    static const unsigned char order[] = {1, 0, 5, 4};
    unsigned condition = 0;
    for (size_t i = 0; i < WVM_ARRAY_LEN(order); i++) {
        size_t m = order[i];
        if (!(asked & members[m].bit))
            continue;
        if (condition == 0)
            condition = condition_of(mask, m);
        if (members[m].is != wanted_of(v, m))
            return holds(members[m].is, wanted_of(v, m), condition);
    }
    return condition == 0 || condition == VER_EQUAL || condition == VER_GREATER_EQUAL ||
           condition == VER_LESS_EQUAL;
}

/* Suites: VER_AND all of them, VER_OR any; this system has none. */
static bool others_hold(const OSVERSIONINFOEXW *v, DWORD asked, ULONGLONG mask)
{
    const DWORD single = VER_BUILDNUMBER | VER_PLATFORMID | VER_PRODUCT_TYPE;
    for (size_t i = 0; i < WVM_ARRAY_LEN(members); i++)
        if ((asked & single & members[i].bit) &&
            !holds(members[i].is, wanted_of(v, i), condition_of(mask, i)))
            return false;
    return !(asked & VER_SUITENAME) || v->wSuiteMask == 0;
}

static bool are_conditions(DWORD asked, ULONGLONG mask)
{
    for (size_t i = 0; i < WVM_ARRAY_LEN(members); i++) {
        unsigned most = members[i].bit == VER_SUITENAME ? VER_OR : VER_LESS_EQUAL;
        unsigned least = members[i].bit == VER_SUITENAME ? VER_AND : VER_EQUAL;
        unsigned condition = condition_of(mask, i);
        if ((asked & members[i].bit) && (condition < least || condition > most))
            return false;
    }
    return asked != 0;
}

BOOL wvm_kit_VerifyVersionInfoW(OSVERSIONINFOEXW *v, DWORD asked, ULONGLONG mask)
{
    if (!are_conditions(asked, mask))
        return wvm_kit_fail(ERROR_BAD_ARGUMENTS);
    return (version_holds(v, asked, mask) && others_hold(v, asked, mask)) ||
           wvm_kit_fail(ERROR_OLD_WIN_VERSION);
}

BOOL wvm_kit_VerifyVersionInfoA(OSVERSIONINFOEXA *v, DWORD asked, ULONGLONG mask)
{
    OSVERSIONINFOEXW wide = {.dwMajorVersion = v->dwMajorVersion,
                             .dwMinorVersion = v->dwMinorVersion,
                             .dwBuildNumber = v->dwBuildNumber,
                             .dwPlatformId = v->dwPlatformId,
                             .wServicePackMajor = v->wServicePackMajor,
                             .wServicePackMinor = v->wServicePackMinor,
                             .wSuiteMask = v->wSuiteMask,
                             .wProductType = v->wProductType};
    return wvm_kit_VerifyVersionInfoW(&wide, asked, mask);
}

#define WVM_KIT_VERSION
#include "kit/kit_entry.h"
