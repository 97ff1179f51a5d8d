/* Providers of events: nobody listens here, and they are told so.
 *
 * Terms   provider = what EventRegister made: a number, and nothing behind it.
 * I1      No provider is ever enabled: its callback is not called, what it writes goes nowhere.
 * I2      The identifier of what a thread is at (its activity) is kept in the thread's block.
 * Locking: none.   Failure: an error as the result; the last error stays.
 * Signal safety: yes, but for activities. */
#include <string.h>

#include "kit/kit.h"
#include "kit/kit_random.h"

static uint64_t n_registered; /* (a) */

static ULONG check(REGHANDLE provider)
{
    uint64_t n = __atomic_load_n(&n_registered, __ATOMIC_RELAXED);
    return provider != 0 && provider <= n ? ERROR_SUCCESS : ERROR_INVALID_HANDLE;
}

static ULONG new_provider(const GUID *id, REGHANDLE *out)
{
    if (!id || !out)
        return ERROR_INVALID_PARAMETER;
    *out = __atomic_add_fetch(&n_registered, 1, __ATOMIC_RELAXED);
    return ERROR_SUCCESS;
}

ULONG wvm_kit_EventRegister(LPCGUID id, PENABLECALLBACK callback, PVOID context, PREGHANDLE out)
{
    UNREFERENCED_PARAMETER(callback);
    UNREFERENCED_PARAMETER(context);
    return new_provider(id, out);
}

ULONG wvm_kit_EventUnregister(REGHANDLE provider)
{
    return check(provider);
}

ULONG wvm_kit_EventSetInformation(REGHANDLE provider, EVENT_INFO_CLASS what, PVOID in, ULONG size)
{
    UNREFERENCED_PARAMETER(what);
    UNREFERENCED_PARAMETER(in);
    UNREFERENCED_PARAMETER(size);
    return check(provider);
}

BOOLEAN wvm_kit_EventEnabled(REGHANDLE provider, PCEVENT_DESCRIPTOR event)
{
    UNREFERENCED_PARAMETER(provider);
    UNREFERENCED_PARAMETER(event);
    return FALSE;
}

BOOLEAN wvm_kit_EventProviderEnabled(REGHANDLE provider, UCHAR level, ULONGLONG keyword)
{
    UNREFERENCED_PARAMETER(provider);
    UNREFERENCED_PARAMETER(level);
    UNREFERENCED_PARAMETER(keyword);
    return FALSE;
}

ULONG wvm_kit_EventWrite(REGHANDLE provider, PCEVENT_DESCRIPTOR event, ULONG n,
                         PEVENT_DATA_DESCRIPTOR data)
{
    if (!event || (n > 0 && !data))
        return ERROR_INVALID_PARAMETER;
    return check(provider);
}

ULONG wvm_kit_EventWriteTransfer(REGHANDLE provider, PCEVENT_DESCRIPTOR event, LPCGUID activity,
                                 LPCGUID related, ULONG n, PEVENT_DATA_DESCRIPTOR data)
{
    UNREFERENCED_PARAMETER(activity);
    UNREFERENCED_PARAMETER(related);
    return wvm_kit_EventWrite(provider, event, n, data);
}

ULONG wvm_kit_EventWriteEx(REGHANDLE provider, PCEVENT_DESCRIPTOR event, ULONG64 filter,
                           ULONG flags, LPCGUID activity, LPCGUID related, ULONG n,
                           PEVENT_DATA_DESCRIPTOR data)
{
    UNREFERENCED_PARAMETER(filter);
    UNREFERENCED_PARAMETER(flags);
    return wvm_kit_EventWriteTransfer(provider, event, activity, related, n, data);
}

ULONG wvm_kit_EventWriteString(REGHANDLE provider, UCHAR level, ULONGLONG keyword, PCWSTR text)
{
    UNREFERENCED_PARAMETER(level);
    UNREFERENCED_PARAMETER(keyword);
    return text ? check(provider) : ERROR_INVALID_PARAMETER;
}

/* An identifier that no other has, as good as surely. */
static bool make_id(GUID *id)
{
    if (!wvm_kit_random(id, sizeof *id))
        return false;
    id->Data3 = (unsigned short)((id->Data3 & 0x0fff) | 0x4000);
    id->Data4[0] = (unsigned char)((id->Data4[0] & 0x3f) | 0x80);
    return true;
}

ULONG wvm_kit_EventActivityIdControl(ULONG what, LPGUID id)
{
    PTEB teb = wvm_kit_NtCurrentTeb();
    if (!id || what < EVENT_ACTIVITY_CTRL_GET_ID || what > EVENT_ACTIVITY_CTRL_CREATE_SET_ID)
        return ERROR_INVALID_PARAMETER;
    GUID given = *id, made;
    if (!teb || (what >= EVENT_ACTIVITY_CTRL_CREATE_ID && !make_id(&made)))
        return ERROR_NOT_ENOUGH_MEMORY;
    switch (what) {
    case EVENT_ACTIVITY_CTRL_CREATE_ID:
        *id = made;
        break;
    case EVENT_ACTIVITY_CTRL_SET_ID:
        memcpy(teb->ActivityId, &given, sizeof given);
        break;
    default: /* to get it, alone or while another is set */
        memcpy(id, teb->ActivityId, sizeof *id);
        if (what == EVENT_ACTIVITY_CTRL_GET_SET_ID)
            memcpy(teb->ActivityId, &given, sizeof given);
        if (what == EVENT_ACTIVITY_CTRL_CREATE_SET_ID)
            memcpy(teb->ActivityId, &made, sizeof made);
    }
    return ERROR_SUCCESS;
}

#define WVM_KIT_EVENT_PROVIDER
#define WVM_KIT_IN (WINVM_IN_ADVAPI32 | WINVM_IN_KERNELBASE)
#include "kit/kit_entry.h"
