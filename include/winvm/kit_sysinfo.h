/* winvm/kit_sysinfo.h: what sysinfoapi.h has of libwinvm-kit: the time and the processors.
 *
 * WINVM_NO_TYPES needs: BOOL DWORD ULONGLONG FILETIME LOGICAL_PROCESSOR_RELATIONSHIP
 * SYSTEM_LOGICAL_PROCESSOR_INFORMATION SYSTEM_LOGICAL_PROCESSOR_INFORMATION_EX. */
#ifndef WINVM_KIT_SYSINFO_H
#define WINVM_KIT_SYSINFO_H

#include "minwinbase.h"
#include "sysinfoapi.h"

#ifndef WINVM_NO_TYPES
/* 100 ns since 1 January 1601 UTC. */
typedef struct _FILETIME {
    DWORD dwLowDateTime;
    DWORD dwHighDateTime;
} FILETIME, *PFILETIME, *LPFILETIME;
#endif

WINVM_BEGIN_DECLS

/* Milliseconds since the system started, with the time that it slept. */
WINVM_DECLARE(DWORD, GetTickCount, (void));
WINVM_DECLARE(ULONGLONG, GetTickCount64, (void));
/* The first as of the last tick of the host's clock (1..10 ms), the second now. */
WINVM_DECLARE(void, GetSystemTimeAsFileTime, (LPFILETIME lpSystemTimeAsFileTime));
WINVM_DECLARE(void, GetSystemTimePreciseAsFileTime, (LPFILETIME lpSystemTimeAsFileTime));

WINVM_END_DECLS

#endif
