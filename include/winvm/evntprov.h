/* winvm/evntprov.h: providers of events (libwinvm-kit), for sources that report what they do.
 *
 * Nobody listens: a provider is never enabled, its callback is never called, and what it writes
 * goes nowhere. Results are error numbers: 6 no such provider, 87.
 *
 * WINVM_NO_TYPES needs: ULONG ULONG64 ULONGLONG UCHAR BOOLEAN PVOID WCHAR LPCGUID LPGUID REGHANDLE
 * PENABLECALLBACK EVENT_INFO_CLASS; the structures are named by their tags. */
#ifndef WINVM_EVNTPROV_H
#define WINVM_EVNTPROV_H

#include "guiddef.h"
#include "winnt.h"

#ifndef WINVM_NO_TYPES
#define EVENT_ACTIVITY_CTRL_GET_ID 1
#define EVENT_ACTIVITY_CTRL_SET_ID 2
#define EVENT_ACTIVITY_CTRL_CREATE_ID 3
#define EVENT_ACTIVITY_CTRL_GET_SET_ID 4
#define EVENT_ACTIVITY_CTRL_CREATE_SET_ID 5
#define EVENT_CONTROL_CODE_DISABLE_PROVIDER 0
#define EVENT_CONTROL_CODE_ENABLE_PROVIDER 1
#define EVENT_CONTROL_CODE_CAPTURE_STATE 2
#define EVENT_MIN_LEVEL 0
#define EVENT_MAX_LEVEL 0xff
#define MAX_EVENT_DATA_DESCRIPTORS 128

typedef ULONGLONG REGHANDLE, *PREGHANDLE;
typedef struct _EVENT_DESCRIPTOR {
    USHORT Id;
    UCHAR Version;
    UCHAR Channel;
    UCHAR Level;
    UCHAR Opcode;
    USHORT Task;
    ULONGLONG Keyword;
} EVENT_DESCRIPTOR, *PEVENT_DESCRIPTOR;
typedef const EVENT_DESCRIPTOR *PCEVENT_DESCRIPTOR;
typedef struct _EVENT_DATA_DESCRIPTOR {
    ULONGLONG Ptr;
    ULONG Size;
    ULONG Reserved;
} EVENT_DATA_DESCRIPTOR, *PEVENT_DATA_DESCRIPTOR;
typedef struct _EVENT_FILTER_DESCRIPTOR {
    ULONGLONG Ptr;
    ULONG Size;
    ULONG Type;
} EVENT_FILTER_DESCRIPTOR, *PEVENT_FILTER_DESCRIPTOR;
typedef enum _EVENT_INFO_CLASS {
    EventProviderBinaryTrackInfo,
    EventProviderSetReserved1,
    EventProviderSetTraits,
    EventProviderUseDescriptorType,
    MaxEventInfo
} EVENT_INFO_CLASS;
typedef void(WINVM_CALL *PENABLECALLBACK)(LPCGUID SourceId, ULONG IsEnabled, UCHAR Level,
                                          ULONGLONG MatchAnyKeyword, ULONGLONG MatchAllKeyword,
                                          PEVENT_FILTER_DESCRIPTOR FilterData,
                                          PVOID CallbackContext);
WINVM_STATIC_ASSERT(sizeof(EVENT_DESCRIPTOR) == 16, "of an event");
WINVM_STATIC_ASSERT(sizeof(EVENT_DATA_DESCRIPTOR) == 16, "of an event's data");

static __inline__ void EventDataDescCreate(PEVENT_DATA_DESCRIPTOR Descriptor, const void *Data,
                                           ULONG Size)
{
    Descriptor->Ptr = (ULONGLONG)(ULONG_PTR)Data;
    Descriptor->Size = Size;
    Descriptor->Reserved = 0;
}
#endif

WINVM_BEGIN_DECLS

struct _EVENT_DESCRIPTOR;
struct _EVENT_DATA_DESCRIPTOR;

WINVM_DECLARE(ULONG, EventRegister,
              (LPCGUID ProviderId, PENABLECALLBACK EnableCallback, PVOID CallbackContext,
               REGHANDLE *RegHandle));
WINVM_DECLARE(ULONG, EventUnregister, (REGHANDLE RegHandle));
/* Information is not looked at. */
WINVM_DECLARE(ULONG, EventSetInformation,
              (REGHANDLE RegHandle, EVENT_INFO_CLASS InformationClass, PVOID EventInformation,
               ULONG InformationLength));
/* FALSE. */
WINVM_DECLARE(BOOLEAN, EventEnabled,
              (REGHANDLE RegHandle, const struct _EVENT_DESCRIPTOR *EventDescriptor));
WINVM_DECLARE(BOOLEAN, EventProviderEnabled,
              (REGHANDLE RegHandle, UCHAR Level, ULONGLONG Keyword));
WINVM_DECLARE(ULONG, EventWrite,
              (REGHANDLE RegHandle, const struct _EVENT_DESCRIPTOR *EventDescriptor,
               ULONG UserDataCount, struct _EVENT_DATA_DESCRIPTOR *UserData));
WINVM_DECLARE(ULONG, EventWriteTransfer,
              (REGHANDLE RegHandle, const struct _EVENT_DESCRIPTOR *EventDescriptor,
               LPCGUID ActivityId, LPCGUID RelatedActivityId, ULONG UserDataCount,
               struct _EVENT_DATA_DESCRIPTOR *UserData));
WINVM_DECLARE(ULONG, EventWriteEx,
              (REGHANDLE RegHandle, const struct _EVENT_DESCRIPTOR *EventDescriptor,
               ULONG64 Filter, ULONG Flags, LPCGUID ActivityId, LPCGUID RelatedActivityId,
               ULONG UserDataCount, struct _EVENT_DATA_DESCRIPTOR *UserData));
WINVM_DECLARE(ULONG, EventWriteString,
              (REGHANDLE RegHandle, UCHAR Level, ULONGLONG Keyword, const WCHAR *String));
/* What the calling thread is at: an identifier of 16 bytes, kept for it. */
WINVM_DECLARE(ULONG, EventActivityIdControl, (ULONG ControlCode, LPGUID ActivityId));

WINVM_END_DECLS

#endif
