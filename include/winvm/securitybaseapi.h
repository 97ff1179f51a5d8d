/* winvm/securitybaseapi.h: the privileges of the process (libwinvm-kit).
 *
 * WINVM_NO_TYPES needs: BOOL DWORD HANDLE LPCSTR LPCWSTR LUID TOKEN_PRIVILEGES. */
#ifndef WINVM_SECURITYBASEAPI_H
#define WINVM_SECURITYBASEAPI_H

#include "winnt.h"

#ifndef WINVM_NO_TYPES
typedef struct _LUID {
    DWORD LowPart;
    LONG HighPart;
} LUID, *PLUID;
typedef struct _LUID_AND_ATTRIBUTES {
    LUID Luid;
    DWORD Attributes;
} LUID_AND_ATTRIBUTES, *PLUID_AND_ATTRIBUTES;
typedef struct _TOKEN_PRIVILEGES {
    DWORD PrivilegeCount;
    LUID_AND_ATTRIBUTES Privileges[ANYSIZE_ARRAY];
} TOKEN_PRIVILEGES, *PTOKEN_PRIVILEGES;
#define SE_PRIVILEGE_ENABLED_BY_DEFAULT 0x00000001
#define SE_PRIVILEGE_ENABLED 0x00000002
#define SE_PRIVILEGE_REMOVED 0x00000004
#define TOKEN_ASSIGN_PRIMARY 0x0001
#define TOKEN_DUPLICATE 0x0002
#define TOKEN_IMPERSONATE 0x0004
#define TOKEN_QUERY 0x0008
#define TOKEN_QUERY_SOURCE 0x0010
#define TOKEN_ADJUST_PRIVILEGES 0x0020
#define TOKEN_ADJUST_GROUPS 0x0040
#define TOKEN_ADJUST_DEFAULT 0x0080
#define TOKEN_ADJUST_SESSIONID 0x0100
#define TOKEN_ALL_ACCESS (STANDARD_RIGHTS_REQUIRED | 0x1ff)
#define SE_LOCK_MEMORY_NAME TEXT("SeLockMemoryPrivilege")
#define SE_INCREASE_QUOTA_NAME TEXT("SeIncreaseQuotaPrivilege")
#define SE_PROF_SINGLE_PROCESS_NAME TEXT("SeProfileSingleProcessPrivilege")
#define SE_INC_BASE_PRIORITY_NAME TEXT("SeIncreaseBasePriorityPrivilege")
#define SE_INC_WORKING_SET_NAME TEXT("SeIncreaseWorkingSetPrivilege")
#define SE_DEBUG_NAME TEXT("SeDebugPrivilege")
#define SE_CREATE_GLOBAL_NAME TEXT("SeCreateGlobalPrivilege")
#define SE_MANAGE_VOLUME_NAME TEXT("SeManageVolumePrivilege")
#endif

WINVM_BEGIN_DECLS

/* The token of this process; it has the privileges that the memory calls ask for (winvm(7)).
 * Errors: 6, 5 another process. */
WINVM_DECLARE(BOOL, OpenProcessToken,
              (HANDLE ProcessHandle, DWORD DesiredAccess, HANDLE *TokenHandle));
/* The number of a privilege by its name, in any case, of all that Windows has. lpSystemName NULL or
 * empty. Errors: 1313 ERROR_NO_SUCH_PRIVILEGE, 50 another system. */
WINVM_DECLARE(BOOL, LookupPrivilegeValueA,
              (LPCSTR lpSystemName, LPCSTR lpName, struct _LUID *lpLuid));
WINVM_DECLARE(BOOL, LookupPrivilegeValueW,
              (LPCWSTR lpSystemName, LPCWSTR lpName, struct _LUID *lpLuid));
/* Enables privileges that the process holds, or disables them. TRUE with the last error 0, or 1300
 * ERROR_NOT_ALL_ASSIGNED when it does not hold each one named. PreviousState: those that change, as
 * they were. FALSE and nothing changed: 6, 5, 87, 122 BufferLength. */
WINVM_DECLARE(BOOL, AdjustTokenPrivileges,
              (HANDLE TokenHandle, BOOL DisableAllPrivileges, struct _TOKEN_PRIVILEGES *NewState,
               DWORD BufferLength, struct _TOKEN_PRIVILEGES *PreviousState, DWORD *ReturnLength));

#ifndef WINVM_NO_TYPES
#ifdef UNICODE
#define LookupPrivilegeValue LookupPrivilegeValueW
#else
#define LookupPrivilegeValue LookupPrivilegeValueA
#endif
#endif

WINVM_END_DECLS

#endif
