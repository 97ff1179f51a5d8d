/* Security descriptors and lists of who may do what, as pieces of memory: they are made and read,
 * and no object is guarded by them.
 *
 * I1  The entries of a list follow one another behind its head, each with its own size; AclSize is
 *     what the list may grow to.
 * I2  A descriptor is absolute: it points to its parts, which are the caller's.
 * Locking: none.   Failure: nothing changed.   Signal safety: yes, but for AllocateAndInitializeSid
 * and FreeSid. */
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kit/kit.h"

#define N_AUTHORITIES 8

/* ---- Identifiers ---- */

BOOL wvm_kit_InitializeSid(PSID out, PSID_IDENTIFIER_AUTHORITY authority, BYTE n)
{
    SID *sid = out;
    if (n > SID_MAX_SUB_AUTHORITIES)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    sid->Revision = SID_REVISION;
    sid->SubAuthorityCount = n;
    sid->IdentifierAuthority = *authority;
    return TRUE;
}

BOOL wvm_kit_AllocateAndInitializeSid(PSID_IDENTIFIER_AUTHORITY authority, BYTE n, DWORD a, DWORD b,
                                      DWORD c, DWORD d, DWORD e, DWORD f, DWORD g, DWORD h,
                                      PSID *out)
{
    const DWORD parts[N_AUTHORITIES] = {a, b, c, d, e, f, g, h};
    if (n > N_AUTHORITIES)
        return wvm_kit_fail(ERROR_INVALID_SID);
    SID *sid = calloc(1, wvm_kit_GetSidLengthRequired(N_AUTHORITIES));
    if (!sid)
        return wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
    wvm_kit_InitializeSid(sid, authority, n);
    memcpy(sid->SubAuthority, parts, n * sizeof parts[0]);
    *out = sid;
    return TRUE;
}

PVOID wvm_kit_FreeSid(PSID sid)
{
    free(sid);
    return NULL;
}

static bool is_sid(const SID *sid, BYTE authority, DWORD first, DWORD second)
{
    BYTE n = second ? 2 : 1;
    return sid->SubAuthorityCount == n && sid->IdentifierAuthority.Value[5] == authority &&
           sid->SubAuthority[0] == first && (n == 1 || (&sid->SubAuthority[0])[1] == second);
}

/* Everyone is a member of Everyone, the host's root of the administrators, and a user of itself. */
BOOL wvm_kit_CheckTokenMembership(HANDLE token, PSID at, PBOOL is_member)
{
    const SID *sid = at;
    DWORD kind, size;
    if (token && !wvm_kit_GetTokenInformation(token, TokenType, &kind, sizeof kind, &size))
        return FALSE;
    if (!wvm_kit_IsValidSid(at))
        return wvm_kit_fail(ERROR_INVALID_SID);
    *is_member = is_sid(sid, 1, 0, 0) || (is_sid(sid, 5, 32, 544) && geteuid() == 0) ||
                 (geteuid() != 0 && is_sid(sid, 22, 1, (DWORD)geteuid()));
    return TRUE;
}

/* ---- Lists ---- */

static bool is_acl(const ACL *acl)
{
    return acl && acl->AclRevision >= MIN_ACL_REVISION && acl->AclRevision <= MAX_ACL_REVISION &&
           acl->AclSize >= sizeof *acl;
}

/* Where the next entry would begin; NULL: the entries do not fit into the list. */
static char *end_of(PACL acl)
{
    char *at = (char *)(acl + 1), *end = (char *)acl + acl->AclSize;
    for (WORD i = 0; i < acl->AceCount; i++) {
        ACE_HEADER *ace = (ACE_HEADER *)at;
        if ((size_t)(end - at) < sizeof *ace || ace->AceSize < sizeof *ace ||
            ace->AceSize > end - at)
            return NULL;
        at += ace->AceSize;
    }
    return at;
}

BOOL wvm_kit_InitializeAcl(PACL acl, DWORD size, DWORD revision)
{
    if (size < sizeof *acl)
        return wvm_kit_fail(ERROR_INSUFFICIENT_BUFFER);
    if (revision < MIN_ACL_REVISION || revision > MAX_ACL_REVISION || size > 0xffff)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    *acl = (ACL){(BYTE)revision, 0, (WORD)(size & ~3u), 0, 0};
    return TRUE;
}

static BOOL add_ace(PACL acl, DWORD revision, BYTE type, DWORD mask, PSID sid)
{
    if (!is_acl(acl))
        return wvm_kit_fail(ERROR_INVALID_ACL);
    if (!wvm_kit_IsValidSid(sid))
        return wvm_kit_fail(ERROR_INVALID_SID);
    if (revision < MIN_ACL_REVISION || revision > MAX_ACL_REVISION)
        return wvm_kit_fail(ERROR_REVISION_MISMATCH);
    char *at = end_of(acl);
    DWORD length = wvm_kit_GetLengthSid(sid);
    DWORD size = (DWORD)offsetof(ACCESS_ALLOWED_ACE, SidStart) + length;
    if (!at)
        return wvm_kit_fail(ERROR_INVALID_ACL);
    if (size > (size_t)((char *)acl + acl->AclSize - at))
        return wvm_kit_fail(ERROR_ALLOTTED_SPACE_EXCEEDED);
    ACCESS_ALLOWED_ACE ace = {{type, 0, (WORD)size}, mask, 0};
    memcpy(at, &ace, offsetof(ACCESS_ALLOWED_ACE, SidStart));
    memcpy(at + offsetof(ACCESS_ALLOWED_ACE, SidStart), sid, length);
    acl->AceCount++;
    if (revision > acl->AclRevision)
        acl->AclRevision = (BYTE)revision;
    return TRUE;
}

BOOL wvm_kit_AddAccessAllowedAce(PACL acl, DWORD revision, DWORD mask, PSID sid)
{
    return add_ace(acl, revision, ACCESS_ALLOWED_ACE_TYPE, mask, sid);
}

BOOL wvm_kit_AddAccessDeniedAce(PACL acl, DWORD revision, DWORD mask, PSID sid)
{
    return add_ace(acl, revision, ACCESS_DENIED_ACE_TYPE, mask, sid);
}

BOOL wvm_kit_IsValidAcl(PACL acl)
{
    return is_acl(acl) && end_of(acl) != NULL;
}

/* ---- Descriptors ---- */

static SECURITY_DESCRIPTOR *known(PSECURITY_DESCRIPTOR at)
{
    SECURITY_DESCRIPTOR *d = at;
    if (d && d->Revision == SECURITY_DESCRIPTOR_REVISION)
        return d;
    wvm_kit_fail(ERROR_UNKNOWN_REVISION);
    return NULL;
}

BOOL wvm_kit_InitializeSecurityDescriptor(PSECURITY_DESCRIPTOR at, DWORD revision)
{
    if (revision != SECURITY_DESCRIPTOR_REVISION)
        return wvm_kit_fail(ERROR_UNKNOWN_REVISION);
    *(SECURITY_DESCRIPTOR *)at = (SECURITY_DESCRIPTOR){.Revision = SECURITY_DESCRIPTOR_REVISION};
    return TRUE;
}

BOOL wvm_kit_IsValidSecurityDescriptor(PSECURITY_DESCRIPTOR at)
{
    const SECURITY_DESCRIPTOR *d = at;
    return d && d->Revision == SECURITY_DESCRIPTOR_REVISION &&
           (!(d->Control & SE_DACL_PRESENT) || !d->Dacl || wvm_kit_IsValidAcl(d->Dacl)) &&
           (!d->Owner || wvm_kit_IsValidSid(d->Owner));
}

/* A list of NULL that is present lets everybody in. */
BOOL wvm_kit_SetSecurityDescriptorDacl(PSECURITY_DESCRIPTOR at, BOOL present, PACL dacl,
                                       BOOL defaulted)
{
    SECURITY_DESCRIPTOR *d = known(at);
    if (!d)
        return FALSE;
    d->Control &= (WORD) ~(SE_DACL_PRESENT | SE_DACL_DEFAULTED);
    d->Dacl = present ? dacl : NULL;
    if (present)
        d->Control |= (WORD)(SE_DACL_PRESENT | (defaulted ? SE_DACL_DEFAULTED : 0));
    return TRUE;
}

BOOL wvm_kit_GetSecurityDescriptorDacl(PSECURITY_DESCRIPTOR at, PBOOL present, PACL *dacl,
                                       PBOOL defaulted)
{
    const SECURITY_DESCRIPTOR *d = known(at);
    if (!d)
        return FALSE;
    *present = (d->Control & SE_DACL_PRESENT) != 0;
    if (*present) {
        *dacl = d->Dacl;
        *defaulted = (d->Control & SE_DACL_DEFAULTED) != 0;
    }
    return TRUE;
}

BOOL wvm_kit_SetSecurityDescriptorOwner(PSECURITY_DESCRIPTOR at, PSID owner, BOOL defaulted)
{
    SECURITY_DESCRIPTOR *d = known(at);
    if (!d)
        return FALSE;
    if (owner && !wvm_kit_IsValidSid(owner))
        return wvm_kit_fail(ERROR_INVALID_SID);
    d->Owner = owner;
    d->Control = (WORD)((d->Control & ~SE_OWNER_DEFAULTED) | (defaulted ? SE_OWNER_DEFAULTED : 0));
    return TRUE;
}

#define WVM_KIT_DESCRIPTOR
#define WVM_KIT_IN (WINVM_IN_ADVAPI32 | WINVM_IN_KERNELBASE)
#include "kit/kit_entry.h"
