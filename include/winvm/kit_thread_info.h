/* winvm/kit_thread_info.h: what processthreadsapi.h, processtopologyapi.h and winbase.h have of
 * libwinvm-kit to tell and to set of threads and processes.
 *
 * What the host has no place for (memory priorities, throttling, ideal processors, boosts) is kept
 * and told again, and does nothing else.
 * WINVM_NO_TYPES needs: BOOL DWORD DWORD_PTR USHORT HANDLE PVOID PCWSTR HRESULT
 * THREAD_INFORMATION_CLASS PROCESS_INFORMATION_CLASS. */
#ifndef WINVM_KIT_THREAD_INFO_H
#define WINVM_KIT_THREAD_INFO_H

#include "kit_sysinfo.h"
#include "winnt.h"

#ifndef WINVM_NO_TYPES
/* The number that SetThreadIdealProcessor takes for none. */
#define MAXIMUM_PROC_PER_GROUP (WINVM_64 ? 64 : 32)
#define MAXIMUM_PROCESSORS MAXIMUM_PROC_PER_GROUP

typedef enum _THREAD_INFORMATION_CLASS {
    ThreadMemoryPriority,
    ThreadAbsoluteCpuPriority,
    ThreadDynamicCodePolicy,
    ThreadPowerThrottling,
    ThreadInformationClassMax
} THREAD_INFORMATION_CLASS;

typedef enum _PROCESS_INFORMATION_CLASS {
    ProcessMemoryPriority,
    ProcessMemoryExhaustionInfo,
    ProcessAppMemoryInfo,
    ProcessInPrivateInfo,
    ProcessPowerThrottling,
    ProcessReservedValue1,
    ProcessTelemetryCoverageInfo,
    ProcessProtectionLevelInfo,
    ProcessLeapSecondInfo,
    ProcessMachineTypeInfo,
    ProcessInformationClassMax
} PROCESS_INFORMATION_CLASS;

#define MEMORY_PRIORITY_LOWEST 0
#define MEMORY_PRIORITY_VERY_LOW 1
#define MEMORY_PRIORITY_LOW 2
#define MEMORY_PRIORITY_MEDIUM 3
#define MEMORY_PRIORITY_BELOW_NORMAL 4
#define MEMORY_PRIORITY_NORMAL 5
typedef struct _MEMORY_PRIORITY_INFORMATION {
    ULONG MemoryPriority;
} MEMORY_PRIORITY_INFORMATION, *PMEMORY_PRIORITY_INFORMATION;

#define THREAD_POWER_THROTTLING_CURRENT_VERSION 1
#define THREAD_POWER_THROTTLING_EXECUTION_SPEED 0x1
#define THREAD_POWER_THROTTLING_VALID_FLAGS 0x1
typedef struct _THREAD_POWER_THROTTLING_STATE {
    ULONG Version;
    ULONG ControlMask;
    ULONG StateMask;
} THREAD_POWER_THROTTLING_STATE;
#define PROCESS_POWER_THROTTLING_CURRENT_VERSION 1
#define PROCESS_POWER_THROTTLING_EXECUTION_SPEED 0x1
#define PROCESS_POWER_THROTTLING_IGNORE_TIMER_RESOLUTION 0x4
#define PROCESS_POWER_THROTTLING_VALID_FLAGS 0x5
typedef struct _PROCESS_POWER_THROTTLING_STATE {
    ULONG Version;
    ULONG ControlMask;
    ULONG StateMask;
} PROCESS_POWER_THROTTLING_STATE, *PPROCESS_POWER_THROTTLING_STATE;

/* Bytes. */
typedef struct _APP_MEMORY_INFORMATION {
    ULONG64 AvailableCommit;
    ULONG64 PrivateCommitUsage;
    ULONG64 PeakPrivateCommitUsage;
    ULONG64 TotalCommitUsage;
} APP_MEMORY_INFORMATION, *PAPP_MEMORY_INFORMATION;

#define PROTECTION_LEVEL_NONE 0xFFFFFFFE
typedef struct PROCESS_PROTECTION_LEVEL_INFORMATION {
    DWORD ProtectionLevel;
} PROCESS_PROTECTION_LEVEL_INFORMATION;

typedef enum _MACHINE_ATTRIBUTES {
    UserEnabled = 0x1,
    KernelEnabled = 0x2,
    Wow64Container = 0x4
} MACHINE_ATTRIBUTES;
typedef struct _PROCESS_MACHINE_INFORMATION {
    USHORT ProcessMachine;
    USHORT Res0;
    MACHINE_ATTRIBUTES MachineAttributes;
} PROCESS_MACHINE_INFORMATION;
#endif

WINVM_BEGIN_DECLS

/* ---- Threads ---- */

/* The thread's text, up to 32766 characters; the host's name of the thread becomes its first 15
 * bytes of UTF-8. NULL: none. A success is 0x10000000, as on Windows. Failures: 0xD0000008 no
 * thread, 0xD0000022 no THREAD_SET_LIMITED_INFORMATION, 0xD0000106 too long, 0xD0000017 no
 * memory. */
WINVM_DECLARE(HRESULT, SetThreadDescription, (HANDLE hThread, PCWSTR lpThreadDescription));
/* A copy of it, to be freed by LocalFree; empty when there is none. */
WINVM_DECLARE(HRESULT, GetThreadDescription, (HANDLE hThread, PWSTR * ppszThreadDescription));
/* ThreadMemoryPriority: MEMORY_PRIORITY_INFORMATION, 0..5, at first 5; ThreadPowerThrottling:
 * THREAD_POWER_THROTTLING_STATE; ThreadAbsoluteCpuPriority: a LONG, only told: 8 and
 * GetThreadPriority, 1 and 15 at the ends; ThreadDynamicCodePolicy: a DWORD, only told: 1, code may
 * be made. Errors: 6, 5, 24 another size, 87, 998. */
WINVM_DECLARE(BOOL, GetThreadInformation,
              (HANDLE hThread, THREAD_INFORMATION_CLASS ThreadInformationClass,
               PVOID ThreadInformation, DWORD ThreadInformationSize));
WINVM_DECLARE(BOOL, SetThreadInformation,
              (HANDLE hThread, THREAD_INFORMATION_CLASS ThreadInformationClass,
               PVOID ThreadInformation, DWORD ThreadInformationSize));
/* The number of before, also for MAXIMUM_PROCESSORS, which changes nothing. (DWORD)-1: 6, 5, 87
 * there is no such processor. */
WINVM_DECLARE(DWORD, SetThreadIdealProcessor, (HANDLE hThread, DWORD dwIdealProcessor));
/* lpPreviousIdealProcessor may be NULL. Errors: 6, 5, 87. */
WINVM_DECLARE(BOOL, SetThreadIdealProcessorEx,
              (HANDLE hThread, struct _PROCESSOR_NUMBER *lpIdealProcessor,
               struct _PROCESSOR_NUMBER *lpPreviousIdealProcessor));
WINVM_DECLARE(BOOL, GetThreadIdealProcessorEx,
              (HANDLE hThread, struct _PROCESSOR_NUMBER *lpIdealProcessor));
/* The processors of SetThreadAffinityMask, in group 0. Errors: 6, 5, 87. */
WINVM_DECLARE(BOOL, GetThreadGroupAffinity,
              (HANDLE hThread, struct _GROUP_AFFINITY *GroupAffinity));
/* PreviousGroupAffinity may be NULL. */
WINVM_DECLARE(BOOL, SetThreadGroupAffinity,
              (HANDLE hThread, const struct _GROUP_AFFINITY *GroupAffinity,
               struct _GROUP_AFFINITY *PreviousGroupAffinity));
/* Errors: 6, 5. */
WINVM_DECLARE(BOOL, GetThreadPriorityBoost, (HANDLE hThread, BOOL *pDisablePriorityBoost));
WINVM_DECLARE(BOOL, SetThreadPriorityBoost, (HANDLE hThread, BOOL bDisablePriorityBoost));

/* ---- Processes ---- */

/* Of this process: ProcessMemoryPriority and ProcessPowerThrottling as for threads. Only told:
 * ProcessAppMemoryInfo, ProcessProtectionLevelInfo, ProcessMachineTypeInfo. Errors: 6, 5 another
 * process, 24 another size, 50 ERROR_NOT_SUPPORTED the other classes, 87, 998. */
WINVM_DECLARE(BOOL, GetProcessInformation,
              (HANDLE hProcess, PROCESS_INFORMATION_CLASS ProcessInformationClass,
               PVOID ProcessInformation, DWORD ProcessInformationSize));
WINVM_DECLARE(BOOL, SetProcessInformation,
              (HANDLE hProcess, PROCESS_INFORMATION_CLASS ProcessInformationClass,
               PVOID ProcessInformation, DWORD ProcessInformationSize));
/* Open handles. Errors: 6, 5. */
WINVM_DECLARE(BOOL, GetProcessHandleCount, (HANDLE hProcess, DWORD *pdwHandleCount));
/* 0x000A0000, version 10.0, for a process that exists, 0 meaning this one. 0: 87. */
WINVM_DECLARE(DWORD, GetProcessVersion, (DWORD ProcessId));
/* Group 0. Errors: 6, 5, 122: *GroupCount, which receives 1, is 0. */
WINVM_DECLARE(BOOL, GetProcessGroupAffinity,
              (HANDLE hProcess, unsigned short *GroupCount, unsigned short *GroupArray));
/* Of each thread of this process. Errors: 6, 5 another process, 87. */
WINVM_DECLARE(BOOL, SetProcessAffinityMask, (HANDLE hProcess, DWORD_PTR dwProcessAffinityMask));
/* Of this process, for the threads whose own was not set. Errors: 6, 5 another process. */
WINVM_DECLARE(BOOL, GetProcessPriorityBoost, (HANDLE hProcess, BOOL *pDisablePriorityBoost));
WINVM_DECLARE(BOOL, SetProcessPriorityBoost, (HANDLE hProcess, BOOL bDisablePriorityBoost));

WINVM_END_DECLS

#endif
