/* The token of the process: its privileges, as winvm grants them to the memory calls.
 *
 * I1  There is one set of privileges; every handle of a token is of it.
 * I2  AdjustTokenPrivileges changes nothing when the previous state has no room.
 * Locking: none.   Failure: nothing changed.   Signal safety: none. */
#include <string.h>
#include <strings.h>

#include "base/arith.h"
#include "kit/kit.h"
#include "kit/kit_text.h"
#include "kit/kit_wait.h"

#define MOST_PRIVILEGES 64u

struct token {
    struct wvm_kit_object object; /* first */
    uint32_t unused;
};
static struct wvm_kit_kind tokens = {
    .kind = {.name = "Token",
             .generic = {STANDARD_RIGHTS_READ | TOKEN_QUERY,
                         STANDARD_RIGHTS_WRITE | TOKEN_ADJUST_PRIVILEGES, STANDARD_RIGHTS_EXECUTE,
                         TOKEN_ALL_ACCESS},
             .gone = wvm_kit_gone},
    .store = {.size = sizeof(struct token)},
};

/* By number. */
static const char *const names[] = {
    [2] = "SeCreateTokenPrivilege", "SeAssignPrimaryTokenPrivilege", "SeLockMemoryPrivilege",
    "SeIncreaseQuotaPrivilege", "SeMachineAccountPrivilege", "SeTcbPrivilege",
    "SeSecurityPrivilege", "SeTakeOwnershipPrivilege", "SeLoadDriverPrivilege",
    "SeSystemProfilePrivilege", "SeSystemtimePrivilege", "SeProfileSingleProcessPrivilege",
    "SeIncreaseBasePriorityPrivilege", "SeCreatePagefilePrivilege", "SeCreatePermanentPrivilege",
    "SeBackupPrivilege", "SeRestorePrivilege", "SeShutdownPrivilege", "SeDebugPrivilege",
    "SeAuditPrivilege", "SeSystemEnvironmentPrivilege", "SeChangeNotifyPrivilege",
    "SeRemoteShutdownPrivilege", "SeUndockPrivilege", "SeSyncAgentPrivilege",
    "SeEnableDelegationPrivilege", "SeManageVolumePrivilege", "SeImpersonatePrivilege",
    "SeCreateGlobalPrivilege", "SeTrustedCredManAccessPrivilege", "SeRelabelPrivilege",
    "SeIncreaseWorkingSetPrivilege", "SeTimeZonePrivilege", "SeCreateSymbolicLinkPrivilege",
};

BOOL wvm_kit_OpenProcessToken(HANDLE process, DWORD access, PHANDLE out)
{
    if (process != GetCurrentProcess() && !CompareObjectHandles(process, GetCurrentProcess()))
        return wvm_kit_fail(GetLastError() == ERROR_NOT_SAME_OBJECT ? ERROR_ACCESS_DENIED
                                                                    : ERROR_INVALID_HANDLE);
    struct token *t = wvm_kit_object_new(&tokens);
    HANDLE h = t ? wvm_kit_handle(&t->object, access) : NULL;
    if (h)
        *out = h;
    return h != NULL;
}

BOOL wvm_kit_LookupPrivilegeValueA(LPCSTR system, LPCSTR name, PLUID out)
{
    if (system && system[0])
        return wvm_kit_fail(ERROR_NOT_SUPPORTED);
    for (DWORD i = 2; name && i < WVM_ARRAY_LEN(names); i++) {
        if (strcasecmp(names[i], name) == 0) {
            *out = (LUID){i, 0};
            return TRUE;
        }
    }
    return wvm_kit_fail(ERROR_NO_SUCH_PRIVILEGE);
}

BOOL wvm_kit_LookupPrivilegeValueW(LPCWSTR system, LPCWSTR name, PLUID out)
{
    char narrow[64];
    size_t n = name ? wvm_kit_to_utf8(narrow, sizeof narrow - 1, name, WVM_KIT_TO_NUL) : 0;
    if (system && system[0])
        return wvm_kit_fail(ERROR_NOT_SUPPORTED);
    narrow[n < sizeof narrow ? n : 0] = '\0';
    return wvm_kit_LookupPrivilegeValueA(NULL, narrow, out);
}

/* What a call asks for: the privileges that the process holds, of those that are named. */
struct change {
    DWORD n;
    bool all_held;
    LUID_AND_ATTRIBUTES privilege[MOST_PRIVILEGES];
};

static int state_of(const LUID *luid)
{
    return luid->HighPart == 0 ? winvm_privilege(luid->LowPart, -1) : -1;
}

static void collect(struct change *c, BOOL disable_all, const TOKEN_PRIVILEGES *wanted)
{
    c->n = 0;
    c->all_held = true;
    for (DWORD i = 2; disable_all && i < WVM_ARRAY_LEN(names); i++)
        if (winvm_privilege(i, -1) > 0)
            c->privilege[c->n++] = (LUID_AND_ATTRIBUTES){{i, 0}, 0};
    for (DWORD i = 0; !disable_all && i < wanted->PrivilegeCount; i++) {
        if (state_of(&wanted->Privileges[i].Luid) > 0 && c->n < MOST_PRIVILEGES)
            c->privilege[c->n++] = wanted->Privileges[i];
        else
            c->all_held = false;
    }
}

static bool is_change(const LUID_AND_ATTRIBUTES *p)
{
    return (state_of(&p->Luid) == 2) != ((p->Attributes & SE_PRIVILEGE_ENABLED) != 0);
}

/* The privileges that will change, as they were; returns the bytes that these take. */
static DWORD tell_before(const struct change *c, TOKEN_PRIVILEGES *before)
{
    DWORD n = 0;
    for (DWORD i = 0; i < c->n; i++) {
        if (!is_change(&c->privilege[i]))
            continue;
        if (before) {
            before->Privileges[n].Luid = c->privilege[i].Luid;
            before->Privileges[n].Attributes =
                state_of(&c->privilege[i].Luid) == 2 ? SE_PRIVILEGE_ENABLED : 0;
        }
        n++;
    }
    if (before)
        before->PrivilegeCount = n;
    return (DWORD)(offsetof(TOKEN_PRIVILEGES, Privileges) + n * sizeof before->Privileges[0]);
}

static BOOL adjust(const struct change *c, DWORD room, PTOKEN_PRIVILEGES before, PDWORD needed)
{
    DWORD size = tell_before(c, NULL);
    if (before && needed)
        *needed = size;
    if (before && room < size)
        return wvm_kit_fail(ERROR_INSUFFICIENT_BUFFER);
    if (before)
        tell_before(c, before);
    for (DWORD i = 0; i < c->n; i++)
        winvm_privilege(c->privilege[i].Luid.LowPart,
                        (c->privilege[i].Attributes & SE_PRIVILEGE_ENABLED) != 0);
    SetLastError(c->all_held ? NO_ERROR : ERROR_NOT_ALL_ASSIGNED);
    return TRUE;
}

BOOL wvm_kit_AdjustTokenPrivileges(HANDLE token, BOOL disable_all, PTOKEN_PRIVILEGES wanted,
                                   DWORD room, PTOKEN_PRIVILEGES before, PDWORD needed)
{
    struct change c;
    DWORD rights = TOKEN_ADJUST_PRIVILEGES | (before ? TOKEN_QUERY : 0);
    struct token *t = wvm_kit_object_of(token, &tokens, rights);
    if (!t)
        return FALSE;
    wvm_kit_drop(&t->object);
    if (!disable_all && !wanted)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    collect(&c, disable_all, wanted);
    return adjust(&c, room, before, needed);
}

#define WVM_KIT_TOKEN
#define WVM_KIT_IN WINVM_IN_ADVAPI32
#include "kit/kit_entry.h"
