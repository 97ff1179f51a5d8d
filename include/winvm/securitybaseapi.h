/* winvm/securitybaseapi.h: the privileges of the process (libwinvm-kit).
 *
 * WINVM_NO_TYPES needs: BOOL DWORD HANDLE PVOID LPSTR LPCSTR LPWSTR LPCWSTR LUID TOKEN_PRIVILEGES
 * TOKEN_INFORMATION_CLASS. */
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
typedef struct _PRIVILEGE_SET {
    DWORD PrivilegeCount;
    DWORD Control; /* PRIVILEGE_SET_ALL_NECESSARY: all of them, else any */
    LUID_AND_ATTRIBUTES Privilege[ANYSIZE_ARRAY];
} PRIVILEGE_SET, *PPRIVILEGE_SET;
#define PRIVILEGE_SET_ALL_NECESSARY 1
#define SE_PRIVILEGE_USED_FOR_ACCESS 0x80000000
typedef enum _TOKEN_TYPE { TokenPrimary = 1, TokenImpersonation } TOKEN_TYPE, *PTOKEN_TYPE;
typedef enum _TOKEN_ELEVATION_TYPE {
    TokenElevationTypeDefault = 1,
    TokenElevationTypeFull,
    TokenElevationTypeLimited
} TOKEN_ELEVATION_TYPE, *PTOKEN_ELEVATION_TYPE;
typedef struct _TOKEN_ELEVATION {
    DWORD TokenIsElevated;
} TOKEN_ELEVATION, *PTOKEN_ELEVATION;
typedef enum _TOKEN_INFORMATION_CLASS {
    TokenUser = 1,
    TokenGroups,
    TokenPrivileges,
    TokenOwner,
    TokenPrimaryGroup,
    TokenDefaultDacl,
    TokenSource,
    TokenType,
    TokenImpersonationLevel,
    TokenStatistics,
    TokenRestrictedSids,
    TokenSessionId,
    TokenGroupsAndPrivileges,
    TokenSessionReference,
    TokenSandBoxInert,
    TokenAuditPolicy,
    TokenOrigin,
    TokenElevationType,
    TokenLinkedToken,
    TokenElevation,
    TokenHasRestrictions,
    TokenAccessInformation,
    TokenVirtualizationAllowed,
    TokenVirtualizationEnabled,
    TokenIntegrityLevel,
    TokenUIAccess,
    TokenMandatoryPolicy,
    TokenLogonSid,
    TokenIsAppContainer,
    TokenCapabilities,
    TokenAppContainerSid,
    TokenAppContainerNumber,
    MaxTokenInfoClass = 52
} TOKEN_INFORMATION_CLASS, *PTOKEN_INFORMATION_CLASS;
typedef struct _SID_IDENTIFIER_AUTHORITY {
    BYTE Value[6];
} SID_IDENTIFIER_AUTHORITY, *PSID_IDENTIFIER_AUTHORITY;
typedef struct _SID {
    BYTE Revision;
    BYTE SubAuthorityCount;
    SID_IDENTIFIER_AUTHORITY IdentifierAuthority;
    DWORD SubAuthority[ANYSIZE_ARRAY];
} SID, *PISID;
typedef struct _SID_AND_ATTRIBUTES {
    PSID Sid;
    DWORD Attributes;
} SID_AND_ATTRIBUTES, *PSID_AND_ATTRIBUTES;
typedef struct _TOKEN_USER {
    SID_AND_ATTRIBUTES User;
} TOKEN_USER, *PTOKEN_USER;
#define SID_REVISION 1
#define SID_MAX_SUB_AUTHORITIES 15
#define SECURITY_MAX_SID_SIZE 68
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
/* The name of a privilege by its number. *cchName: characters at lpName, then the length, without
 * the NUL, or what is needed, with it. Errors: 1313, 122, 50 another system. */
WINVM_DECLARE(BOOL, LookupPrivilegeNameA,
              (LPCSTR lpSystemName, struct _LUID *lpLuid, LPSTR lpName, DWORD *cchName));
WINVM_DECLARE(BOOL, LookupPrivilegeNameW,
              (LPCWSTR lpSystemName, struct _LUID *lpLuid, LPWSTR lpName, DWORD *cchName));
/* Whether privileges are enabled; SE_PRIVILEGE_USED_FOR_ACCESS is set for those that are. Errors:
 * 6, 5, 998. */
WINVM_DECLARE(BOOL, PrivilegeCheck,
              (HANDLE ClientToken, struct _PRIVILEGE_SET *RequiredPrivileges, BOOL *pfResult));
/* TokenPrivileges: those that the process holds; TokenElevation: it is the host's root;
 * TokenElevationType, TokenType, TokenSessionId (0). *ReturnLength: bytes, or what is needed.
 * Errors: 6, 5, 87 no such class, 50 another one, 122 or, for TokenElevation and its type, 24 the
 * size, 998. */
WINVM_DECLARE(BOOL, GetTokenInformation,
              (HANDLE TokenHandle, TOKEN_INFORMATION_CLASS TokenInformationClass,
               PVOID TokenInformation, DWORD TokenInformationLength, DWORD *ReturnLength));

/* No thread has a token of its own: 1008 ERROR_NO_TOKEN, or 6. */
WINVM_DECLARE(BOOL, OpenThreadToken,
              (HANDLE ThreadHandle, DWORD DesiredAccess, BOOL OpenAsSelf, HANDLE *TokenHandle));
/* TRUE. */
WINVM_DECLARE(BOOL, RevertToSelf, (void));

#ifndef WINVM_NO_TYPES
#ifdef UNICODE
#define LookupPrivilegeName LookupPrivilegeNameW
#define LookupPrivilegeValue LookupPrivilegeValueW
#else
#define LookupPrivilegeName LookupPrivilegeNameA
#define LookupPrivilegeValue LookupPrivilegeValueA
#endif
#endif

/* A user of the host is S-1-22-1-UID, as Samba has it (TokenUser of GetTokenInformation). */
WINVM_DECLARE(BOOL, IsValidSid, (PVOID pSid));
WINVM_DECLARE(DWORD, GetSidLengthRequired, (unsigned char nSubAuthorityCount));
/* Bytes; pSid must be valid. */
WINVM_DECLARE(DWORD, GetLengthSid, (PVOID pSid));
/* FALSE with the last error 0: they differ; 1337 ERROR_INVALID_SID. */
WINVM_DECLARE(BOOL, EqualSid, (PVOID pSid1, PVOID pSid2));
/* Errors: 1337, 122. */
WINVM_DECLARE(BOOL, CopySid,
              (DWORD nDestinationSidLength, PVOID pDestinationSid, PVOID pSourceSid));
WINVM_DECLARE(unsigned char *, GetSidSubAuthorityCount, (PVOID pSid));
WINVM_DECLARE(DWORD *, GetSidSubAuthority, (PVOID pSid, DWORD nSubAuthority));

WINVM_END_DECLS

#endif
