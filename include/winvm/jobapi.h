/* winvm/jobapi.h: jobs, as far as a process asks whether it is in one (libwinvm-kit): it is not.
 *
 * WINVM_NO_TYPES needs: BOOL DWORD HANDLE PVOID JOBOBJECTINFOCLASS. */
#ifndef WINVM_JOBAPI_H
#define WINVM_JOBAPI_H

#include "winbase.h"

#ifndef WINVM_NO_TYPES
typedef enum _JOBOBJECTINFOCLASS {
    JobObjectBasicAccountingInformation = 1,
    JobObjectBasicLimitInformation,
    JobObjectBasicProcessIdList,
    JobObjectBasicUIRestrictions,
    JobObjectExtendedLimitInformation = 9,
    JobObjectGroupInformation = 11,
    JobObjectCpuRateControlInformation = 15
} JOBOBJECTINFOCLASS;
#define JOB_OBJECT_LIMIT_WORKINGSET 0x00000001
#define JOB_OBJECT_LIMIT_PROCESS_MEMORY 0x00000100
#define JOB_OBJECT_LIMIT_JOB_MEMORY 0x00000200
#define JOB_OBJECT_LIMIT_KILL_ON_JOB_CLOSE 0x00002000
typedef struct _JOBOBJECT_BASIC_LIMIT_INFORMATION {
    LARGE_INTEGER PerProcessUserTimeLimit;
    LARGE_INTEGER PerJobUserTimeLimit;
    DWORD LimitFlags;
    SIZE_T MinimumWorkingSetSize;
    SIZE_T MaximumWorkingSetSize;
    DWORD ActiveProcessLimit;
    ULONG_PTR Affinity;
    DWORD PriorityClass;
    DWORD SchedulingClass;
} JOBOBJECT_BASIC_LIMIT_INFORMATION, *PJOBOBJECT_BASIC_LIMIT_INFORMATION;
typedef struct _JOBOBJECT_EXTENDED_LIMIT_INFORMATION {
    JOBOBJECT_BASIC_LIMIT_INFORMATION BasicLimitInformation;
    IO_COUNTERS IoInfo;
    SIZE_T ProcessMemoryLimit;
    SIZE_T JobMemoryLimit;
    SIZE_T PeakProcessMemoryUsed;
    SIZE_T PeakJobMemoryUsed;
} JOBOBJECT_EXTENDED_LIMIT_INFORMATION, *PJOBOBJECT_EXTENDED_LIMIT_INFORMATION;
WINVM_STATIC_ASSERT(sizeof(JOBOBJECT_EXTENDED_LIMIT_INFORMATION) == (WINVM_64 ? 144 : 112),
                    "limits of a job");
#endif

WINVM_BEGIN_DECLS

/* *Result: FALSE. Errors: 6 no process, or any job; 87. */
WINVM_DECLARE(BOOL, IsProcessInJob, (HANDLE ProcessHandle, HANDLE JobHandle, BOOL *Result));
/* Errors: 5 of the process's own (NULL), which there is not; 6. */
WINVM_DECLARE(BOOL, QueryInformationJobObject,
              (HANDLE hJob, JOBOBJECTINFOCLASS JobObjectInformationClass,
               PVOID lpJobObjectInformation, DWORD cbJobObjectInformationLength,
               DWORD *lpReturnLength));

WINVM_END_DECLS

#endif
