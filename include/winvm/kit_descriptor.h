/* winvm/kit_descriptor.h: security descriptors, of securitybaseapi.h and winnt.h (libwinvm-kit).
 *
 * They are made, changed and read as the pieces of memory that they are. No object is guarded by
 * them: calls that take one do not look at it.
 *
 * WINVM_NO_TYPES needs: BOOL BYTE DWORD HANDLE PVOID SID_IDENTIFIER_AUTHORITY; ACL is named by its
 * tag. */
#ifndef WINVM_KIT_DESCRIPTOR_H
#define WINVM_KIT_DESCRIPTOR_H

#include "securitybaseapi.h"

#ifndef WINVM_NO_TYPES
#define ACL_REVISION 2
#define ACL_REVISION_DS 4
#define MIN_ACL_REVISION 2
#define MAX_ACL_REVISION 4
typedef struct _ACL {
    BYTE AclRevision;
    BYTE Sbz1;
    WORD AclSize; /* bytes, with room for more entries */
    WORD AceCount;
    WORD Sbz2;
} ACL, *PACL;
#define ACCESS_ALLOWED_ACE_TYPE 0x0
#define ACCESS_DENIED_ACE_TYPE 0x1
typedef struct _ACE_HEADER {
    BYTE AceType;
    BYTE AceFlags;
    WORD AceSize;
} ACE_HEADER, *PACE_HEADER;
typedef struct _ACCESS_ALLOWED_ACE {
    ACE_HEADER Header;
    DWORD Mask;
    DWORD SidStart;
} ACCESS_ALLOWED_ACE, *PACCESS_ALLOWED_ACE;
typedef struct _ACCESS_DENIED_ACE {
    ACE_HEADER Header;
    DWORD Mask;
    DWORD SidStart;
} ACCESS_DENIED_ACE, *PACCESS_DENIED_ACE;

#define SECURITY_DESCRIPTOR_REVISION 1
#define SECURITY_DESCRIPTOR_MIN_LENGTH (sizeof(SECURITY_DESCRIPTOR))
#define SE_OWNER_DEFAULTED 0x0001
#define SE_GROUP_DEFAULTED 0x0002
#define SE_DACL_PRESENT 0x0004
#define SE_DACL_DEFAULTED 0x0008
#define SE_SACL_PRESENT 0x0010
#define SE_SELF_RELATIVE 0x8000
typedef WORD SECURITY_DESCRIPTOR_CONTROL, *PSECURITY_DESCRIPTOR_CONTROL;
typedef struct _SECURITY_DESCRIPTOR {
    BYTE Revision;
    BYTE Sbz1;
    SECURITY_DESCRIPTOR_CONTROL Control;
    PSID Owner;
    PSID Group;
    PACL Sacl;
    PACL Dacl;
} SECURITY_DESCRIPTOR, *PISECURITY_DESCRIPTOR;
WINVM_STATIC_ASSERT(sizeof(SECURITY_DESCRIPTOR) == (WINVM_64 ? 40 : 20), "a descriptor");

#define SECURITY_NULL_SID_AUTHORITY {{0, 0, 0, 0, 0, 0}}
#define SECURITY_WORLD_SID_AUTHORITY {{0, 0, 0, 0, 0, 1}}
#define SECURITY_LOCAL_SID_AUTHORITY {{0, 0, 0, 0, 0, 2}}
#define SECURITY_CREATOR_SID_AUTHORITY {{0, 0, 0, 0, 0, 3}}
#define SECURITY_NT_AUTHORITY {{0, 0, 0, 0, 0, 5}}
#define SECURITY_WORLD_RID 0x00000000
#define SECURITY_LOCAL_SYSTEM_RID 0x00000012
#define SECURITY_BUILTIN_DOMAIN_RID 0x00000020
#define DOMAIN_ALIAS_RID_ADMINS 0x00000220
#define DOMAIN_ALIAS_RID_USERS 0x00000221
#endif

struct _ACL;

WINVM_BEGIN_DECLS

/* Identifiers of up to 15 parts; the second is of malloc, has up to 8, and is freed by FreeSid,
 * which returns NULL. Errors: 87 and 1337 too many, 8. */
WINVM_DECLARE(BOOL, InitializeSid,
              (PVOID Sid, SID_IDENTIFIER_AUTHORITY *pIdentifierAuthority,
               BYTE nSubAuthorityCount));
WINVM_DECLARE(BOOL, AllocateAndInitializeSid,
              (SID_IDENTIFIER_AUTHORITY * pIdentifierAuthority, BYTE nSubAuthorityCount,
               DWORD nSubAuthority0, DWORD nSubAuthority1, DWORD nSubAuthority2,
               DWORD nSubAuthority3, DWORD nSubAuthority4, DWORD nSubAuthority5,
               DWORD nSubAuthority6, DWORD nSubAuthority7, PVOID *pSid));
WINVM_DECLARE(PVOID, FreeSid, (PVOID pSid));
/* TRUE for Everyone, for the user of the process, and for the administrators when it is the host's
 * root. TokenHandle: of this process, or NULL. Errors: 6, 5, 1337. */
WINVM_DECLARE(BOOL, CheckTokenMembership,
              (HANDLE TokenHandle, PVOID SidToCheck, BOOL *IsMember));

/* Errors: 122, 87. */
WINVM_DECLARE(BOOL, InitializeAcl,
              (struct _ACL * pAcl, DWORD nAclLength, DWORD dwAclRevision));
/* Errors: 1336 no list, 1337, 1306, 1344 ERROR_ALLOTTED_SPACE_EXCEEDED. */
WINVM_DECLARE(BOOL, AddAccessAllowedAce,
              (struct _ACL * pAcl, DWORD dwAceRevision, DWORD AccessMask, PVOID pSid));
WINVM_DECLARE(BOOL, AddAccessDeniedAce,
              (struct _ACL * pAcl, DWORD dwAceRevision, DWORD AccessMask, PVOID pSid));
WINVM_DECLARE(BOOL, IsValidAcl, (struct _ACL * pAcl));

/* Errors of these: 1305 ERROR_UNKNOWN_REVISION, 1337. */
WINVM_DECLARE(BOOL, InitializeSecurityDescriptor,
              (PVOID pSecurityDescriptor, DWORD dwRevision));
WINVM_DECLARE(BOOL, IsValidSecurityDescriptor, (PVOID pSecurityDescriptor));
WINVM_DECLARE(BOOL, SetSecurityDescriptorDacl,
              (PVOID pSecurityDescriptor, BOOL bDaclPresent, struct _ACL *pDacl,
               BOOL bDaclDefaulted));
WINVM_DECLARE(BOOL, GetSecurityDescriptorDacl,
              (PVOID pSecurityDescriptor, BOOL *lpbDaclPresent, struct _ACL **pDacl,
               BOOL *lpbDaclDefaulted));
WINVM_DECLARE(BOOL, SetSecurityDescriptorOwner,
              (PVOID pSecurityDescriptor, PVOID pOwner, BOOL bOwnerDefaulted));

WINVM_END_DECLS

#endif
