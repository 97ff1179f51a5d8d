/* winvm/kit_version.h: the version of the system, of sysinfoapi.h and winbase.h
 * (libwinvm-kit). Programs see Windows 10, build 19045, as the shared data page tells it.
 *
 * WINVM_NO_TYPES needs: BOOL BYTE DWORD ULONGLONG OSVERSIONINFO[EX][A|W]. */
#ifndef WINVM_KIT_VERSION_H
#define WINVM_KIT_VERSION_H

#include "winnt.h"

#ifndef WINVM_NO_TYPES
#define WINVM_VERSION_INFO_(character) \
    DWORD dwOSVersionInfoSize; /* of the structure, in bytes; set by the caller */ \
    DWORD dwMajorVersion;          \
    DWORD dwMinorVersion;          \
    DWORD dwBuildNumber;           \
    DWORD dwPlatformId;            \
    character szCSDVersion[128];
#define WINVM_VERSION_INFO_EX_(character) \
    WINVM_VERSION_INFO_(character)        \
    WORD wServicePackMajor;               \
    WORD wServicePackMinor;               \
    WORD wSuiteMask;                      \
    BYTE wProductType;                    \
    BYTE wReserved;
typedef struct _OSVERSIONINFOA {
    WINVM_VERSION_INFO_(CHAR)
} OSVERSIONINFOA, *POSVERSIONINFOA, *LPOSVERSIONINFOA;
typedef struct _OSVERSIONINFOW {
    WINVM_VERSION_INFO_(WCHAR)
} OSVERSIONINFOW, *POSVERSIONINFOW, *LPOSVERSIONINFOW, RTL_OSVERSIONINFOW, *PRTL_OSVERSIONINFOW;
typedef struct _OSVERSIONINFOEXA {
    WINVM_VERSION_INFO_EX_(CHAR)
} OSVERSIONINFOEXA, *POSVERSIONINFOEXA, *LPOSVERSIONINFOEXA;
typedef struct _OSVERSIONINFOEXW {
    WINVM_VERSION_INFO_EX_(WCHAR)
} OSVERSIONINFOEXW, *POSVERSIONINFOEXW, *LPOSVERSIONINFOEXW, RTL_OSVERSIONINFOEXW,
    *PRTL_OSVERSIONINFOEXW;
#undef WINVM_VERSION_INFO_EX_
#undef WINVM_VERSION_INFO_

#define VER_PLATFORM_WIN32s 0
#define VER_PLATFORM_WIN32_WINDOWS 1
#define VER_PLATFORM_WIN32_NT 2
#define VER_NT_WORKSTATION 0x0000001
#define VER_NT_DOMAIN_CONTROLLER 0x0000002
#define VER_NT_SERVER 0x0000003
#define VER_MINORVERSION 0x0000001
#define VER_MAJORVERSION 0x0000002
#define VER_BUILDNUMBER 0x0000004
#define VER_PLATFORMID 0x0000008
#define VER_SERVICEPACKMINOR 0x0000010
#define VER_SERVICEPACKMAJOR 0x0000020
#define VER_SUITENAME 0x0000040
#define VER_PRODUCT_TYPE 0x0000080
#define VER_EQUAL 1
#define VER_GREATER 2
#define VER_GREATER_EQUAL 3
#define VER_LESS 4
#define VER_LESS_EQUAL 5
#define VER_AND 6
#define VER_OR 7
#define VER_SET_CONDITION(_m_, _t_, _c_) ((_m_) = VerSetConditionMask((_m_), (_t_), (_c_)))
#endif

WINVM_BEGIN_DECLS

/* Major version, minor version (a byte each), build (from bit 16). */
WINVM_DECLARE(DWORD, GetVersion, (void));
/* The size is that of OSVERSIONINFO or OSVERSIONINFOEX. Errors: 122 another size. */
WINVM_DECLARE(BOOL, GetVersionExA, (struct _OSVERSIONINFOA * lpVersionInformation));
WINVM_DECLARE(BOOL, GetVersionExW, (struct _OSVERSIONINFOW * lpVersionInformation));
/* The mask with the condition (VER_EQUAL ..) of a member; a member has one condition only. */
WINVM_DECLARE(ULONGLONG, VerSetConditionMask,
              (ULONGLONG ConditionMask, DWORD TypeMask, BYTE Condition));
/* FALSE: 1150 ERROR_OLD_WIN_VERSION the members do not fulfil their conditions, 160
 * ERROR_BAD_ARGUMENTS a member without one, or no member. */
WINVM_DECLARE(BOOL, VerifyVersionInfoA,
              (struct _OSVERSIONINFOEXA * lpVersionInformation, DWORD dwTypeMask,
               ULONGLONG dwlConditionMask));
WINVM_DECLARE(BOOL, VerifyVersionInfoW,
              (struct _OSVERSIONINFOEXW * lpVersionInformation, DWORD dwTypeMask,
               ULONGLONG dwlConditionMask));

#ifndef WINVM_NO_TYPES
#ifdef UNICODE
#define GetVersionEx GetVersionExW
#define VerifyVersionInfo VerifyVersionInfoW
typedef OSVERSIONINFOW OSVERSIONINFO, *POSVERSIONINFO, *LPOSVERSIONINFO;
typedef OSVERSIONINFOEXW OSVERSIONINFOEX, *POSVERSIONINFOEX, *LPOSVERSIONINFOEX;
#else
#define GetVersionEx GetVersionExA
#define VerifyVersionInfo VerifyVersionInfoA
typedef OSVERSIONINFOA OSVERSIONINFO, *POSVERSIONINFO, *LPOSVERSIONINFO;
typedef OSVERSIONINFOEXA OSVERSIONINFOEX, *POSVERSIONINFOEX, *LPOSVERSIONINFOEX;
#endif
#endif

WINVM_END_DECLS

#endif
