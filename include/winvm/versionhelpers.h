/* winvm/versionhelpers.h: IsWindows..OrGreater, inline over VerifyVersionInfoW (libwinvm-kit). */
#ifndef WINVM_VERSIONHELPERS_H
#define WINVM_VERSIONHELPERS_H

#include "kit_version.h"

#ifndef WINVM_NO_TYPES
#define WINVM_HELPER_ static __inline__ __attribute__((__unused__))

WINVM_HELPER_ BOOL IsWindowsVersionOrGreater(WORD wMajorVersion, WORD wMinorVersion,
                                             WORD wServicePackMajor)
{
    OSVERSIONINFOEXW v;
    unsigned char *bytes = (unsigned char *)&v;
    ULONGLONG mask = VerSetConditionMask(
        VerSetConditionMask(VerSetConditionMask(0, VER_MAJORVERSION, VER_GREATER_EQUAL),
                            VER_MINORVERSION, VER_GREATER_EQUAL),
        VER_SERVICEPACKMAJOR, VER_GREATER_EQUAL);
    for (unsigned i = 0; i < sizeof v; i++)
        bytes[i] = 0;
    v.dwOSVersionInfoSize = sizeof v;
    v.dwMajorVersion = wMajorVersion;
    v.dwMinorVersion = wMinorVersion;
    v.wServicePackMajor = wServicePackMajor;
    return VerifyVersionInfoW(&v, VER_MAJORVERSION | VER_MINORVERSION | VER_SERVICEPACKMAJOR,
                              mask) != 0;
}

#define WINVM_IS_WINDOWS_(name, major, minor, pack)              \
    WINVM_HELPER_ BOOL IsWindows##name##OrGreater(void)          \
    {                                                            \
        return IsWindowsVersionOrGreater(major, minor, pack);    \
    }
WINVM_IS_WINDOWS_(XP, 5, 1, 0)
WINVM_IS_WINDOWS_(XPSP1, 5, 1, 1)
WINVM_IS_WINDOWS_(XPSP2, 5, 1, 2)
WINVM_IS_WINDOWS_(XPSP3, 5, 1, 3)
WINVM_IS_WINDOWS_(Vista, 6, 0, 0)
WINVM_IS_WINDOWS_(VistaSP1, 6, 0, 1)
WINVM_IS_WINDOWS_(VistaSP2, 6, 0, 2)
WINVM_IS_WINDOWS_(7, 6, 1, 0)
WINVM_IS_WINDOWS_(7SP1, 6, 1, 1)
WINVM_IS_WINDOWS_(8, 6, 2, 0)
WINVM_IS_WINDOWS_(8Point1, 6, 3, 0)
WINVM_IS_WINDOWS_(10, 10, 0, 0)
#undef WINVM_IS_WINDOWS_

WINVM_HELPER_ BOOL IsWindowsServer(void)
{
    OSVERSIONINFOEXW v;
    v.dwOSVersionInfoSize = sizeof v;
    return GetVersionExW((OSVERSIONINFOW *)(void *)&v) && v.wProductType != VER_NT_WORKSTATION;
}
#undef WINVM_HELPER_
#endif

#endif
