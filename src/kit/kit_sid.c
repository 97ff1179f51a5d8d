/* Security identifiers as numbers: what they look like, and whether two are the same.
 *
 * I1  A valid one has revision 1 and 15 sub-authorities at most.
 * Locking: none.   Failure: nothing written.   Signal safety: yes. */
#include <stddef.h>
#include <string.h>

#include "kit/kit.h"

BOOL wvm_kit_IsValidSid(PSID at)
{
    const SID *sid = at;
    return sid && sid->Revision == SID_REVISION &&
           sid->SubAuthorityCount <= SID_MAX_SUB_AUTHORITIES;
}

DWORD wvm_kit_GetSidLengthRequired(UCHAR n)
{
    return (DWORD)(offsetof(SID, SubAuthority) + n * sizeof(DWORD));
}

DWORD wvm_kit_GetLengthSid(PSID at)
{
    return wvm_kit_GetSidLengthRequired(((const SID *)at)->SubAuthorityCount);
}

BOOL wvm_kit_EqualSid(PSID a, PSID b)
{
    if (!wvm_kit_IsValidSid(a) || !wvm_kit_IsValidSid(b))
        return wvm_kit_fail(ERROR_INVALID_SID);
    DWORD size = wvm_kit_GetLengthSid(a);
    bool same = size == wvm_kit_GetLengthSid(b) && memcmp(a, b, size) == 0;
    SetLastError(NO_ERROR);
    return same;
}

BOOL wvm_kit_CopySid(DWORD room, PSID to, PSID from)
{
    if (!wvm_kit_IsValidSid(from))
        return wvm_kit_fail(ERROR_INVALID_SID);
    DWORD size = wvm_kit_GetLengthSid(from);
    if (room < size)
        return wvm_kit_fail(ERROR_INSUFFICIENT_BUFFER);
    memcpy(to, from, size);
    return TRUE;
}

PUCHAR wvm_kit_GetSidSubAuthorityCount(PSID at)
{
    return &((SID *)at)->SubAuthorityCount;
}

PDWORD wvm_kit_GetSidSubAuthority(PSID at, DWORD i)
{
    return &((SID *)at)->SubAuthority[i];
}

#define WVM_KIT_SID
#define WVM_KIT_IN (WINVM_IN_ADVAPI32 | WINVM_IN_KERNELBASE)
#include "kit/kit_entry.h"
