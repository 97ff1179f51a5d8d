/* The token of the process: its privileges, as winvm grants them to the memory calls.
 *
 * I1  There is one set of privileges; every handle of a token is of it.
 * I2  AdjustTokenPrivileges changes nothing when the previous state has no room.
 * Locking: none.   Failure: nothing changed.   Signal safety: none. */
#include <string.h>
#include <strings.h>
#include <unistd.h>

#include "base/arith.h"
#include "kit/kit.h"
#include "kit/kit_text.h"
#include "kit/kit_wait.h"

#define MOST_PRIVILEGES 64u
#define HOST_AUTHORITY 22 /* users of Unix */
#define HOST_USER 1

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
    if (!wvm_kit_is_self(process))
        return FALSE;
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

/* ---- What is asked ---- */

static const char *name_of(LPCSTR system, const LUID *luid)
{
    if (!system && luid->HighPart == 0 && luid->LowPart < WVM_ARRAY_LEN(names) &&
        names[luid->LowPart])
        return names[luid->LowPart];
    wvm_kit_fail(system ? ERROR_NOT_SUPPORTED : ERROR_NO_SUCH_PRIVILEGE);
    return NULL;
}

BOOL wvm_kit_LookupPrivilegeNameA(LPCSTR system, PLUID luid, LPSTR out, PDWORD size)
{
    const char *name = name_of(system && system[0] ? system : NULL, luid);
    DWORD room = *size;
    if (!name)
        return FALSE;
    *size = wvm_kit_fill_a(out, room, name);
    return *size < room || wvm_kit_fail(ERROR_INSUFFICIENT_BUFFER);
}

BOOL wvm_kit_LookupPrivilegeNameW(LPCWSTR system, PLUID luid, LPWSTR out, PDWORD size)
{
    const char *name = name_of(system && system[0] ? "" : NULL, luid);
    DWORD room = *size;
    if (!name)
        return FALSE;
    *size = wvm_kit_fill_w(out, room, name);
    return *size < room || wvm_kit_fail(ERROR_INSUFFICIENT_BUFFER);
}

static BOOL may_query(HANDLE token)
{
    struct token *t = wvm_kit_object_of(token, &tokens, TOKEN_QUERY);
    if (t)
        wvm_kit_drop(&t->object);
    return t != NULL;
}

BOOL wvm_kit_PrivilegeCheck(HANDLE token, PPRIVILEGE_SET set, PBOOL all)
{
    DWORD n = 0;
    if (!set || !all)
        return wvm_kit_fail(ERROR_NOACCESS);
    if (!may_query(token))
        return FALSE;
    for (DWORD i = 0; i < set->PrivilegeCount; i++) {
        if (state_of(&set->Privilege[i].Luid) != 2)
            continue;
        set->Privilege[i].Attributes |= SE_PRIVILEGE_USED_FOR_ACCESS;
        n++;
    }
    *all = set->Control & PRIVILEGE_SET_ALL_NECESSARY ? n == set->PrivilegeCount : n > 0;
    return TRUE;
}

/* The answer to a question, and the error when there is no room for it. */
struct told {
    DWORD size, error;
    union {
        DWORD value;
        TOKEN_PRIVILEGES held;
        struct {
            TOKEN_USER user;
            SID sid;
            DWORD uid; /* the second of its SubAuthority */
        } user;
        char room[sizeof(TOKEN_PRIVILEGES) + MOST_PRIVILEGES * sizeof(LUID_AND_ATTRIBUTES)];
    } is;
};

static DWORD collect_held(TOKEN_PRIVILEGES *p)
{
    p->PrivilegeCount = 0;
    for (DWORD i = 2; i < WVM_ARRAY_LEN(names); i++) {
        int state = winvm_privilege(i, -1);
        if (state > 0)
            p->Privileges[p->PrivilegeCount++] =
                (LUID_AND_ATTRIBUTES){{i, 0}, state == 2 ? SE_PRIVILEGE_ENABLED : 0};
    }
    return (DWORD)(offsetof(TOKEN_PRIVILEGES, Privileges) +
                   p->PrivilegeCount * sizeof p->Privileges[0]);
}

/* S-1-22-1-uid. */
static DWORD tell_user(struct told *told)
{
    told->is.user.sid =
        (SID){SID_REVISION, 2, {{0, 0, 0, 0, 0, HOST_AUTHORITY}}, {HOST_USER}};
    told->is.user.uid = (DWORD)geteuid();
    told->is.user.user = (TOKEN_USER){{&told->is.user.sid, 0}};
    return sizeof told->is.user;
}

/* False: the class is not known. */
static bool tell(struct told *told, TOKEN_INFORMATION_CLASS what)
{
    told->size = sizeof told->is.value;
    told->error = ERROR_INSUFFICIENT_BUFFER;
    told->is.value = 0; /* TokenSessionId */
    switch (what) {
    case TokenPrivileges:
        told->size = collect_held(&told->is.held);
        return true;
    case TokenUser:
        told->size = tell_user(told);
        return true;
    case TokenElevation:
        told->is.value = geteuid() == 0;
        told->error = ERROR_BAD_LENGTH;
        return true;
    case TokenElevationType:
        told->is.value = TokenElevationTypeDefault;
        told->error = ERROR_BAD_LENGTH;
        return true;
    case TokenType:
        told->is.value = TokenPrimary;
        return true;
    default:
        return what == TokenSessionId;
    }
}

BOOL wvm_kit_GetTokenInformation(HANDLE token, TOKEN_INFORMATION_CLASS what, PVOID out, DWORD size,
                                 PDWORD needed)
{
    struct told told;
    if (!needed)
        return wvm_kit_fail(ERROR_NOACCESS);
    if (!may_query(token))
        return FALSE;
    if (!tell(&told, what))
        return wvm_kit_fail((unsigned)what - 1 < MaxTokenInfoClass - 1 ? ERROR_NOT_SUPPORTED
                                                                       : ERROR_INVALID_PARAMETER);
    *needed = told.size;
    if (size < told.size || !out)
        return wvm_kit_fail(told.error);
    memcpy(out, &told.is, told.size);
    if (what == TokenUser) /* points behind itself */
        ((TOKEN_USER *)out)->User.Sid =
            (char *)out + (offsetof(struct told, is.user.sid) - offsetof(struct told, is));
    return TRUE;
}

#define WVM_KIT_TOKEN
#define WVM_KIT_IN (WINVM_IN_ADVAPI32 | WINVM_IN_KERNELBASE)
#include "kit/kit_entry.h"
