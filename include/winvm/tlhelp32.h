/* winvm/tlhelp32.h: lists of processes, threads and modules (libwinvm-kit).
 *
 * Numbers are the host's. The lists are those of the moment of CreateToolhelp32Snapshot; threads of
 * winvm's own in this process are not in them. There are no lists of heaps.
 *
 * WINVM_NO_TYPES needs: BOOL DWORD HANDLE LPTHREADENTRY32 LPPROCESSENTRY32 LPPROCESSENTRY32W
 * LPMODULEENTRY32 LPMODULEENTRY32W. */
#ifndef WINVM_TLHELP32_H
#define WINVM_TLHELP32_H

#include "winnt.h"

#ifndef WINVM_NO_TYPES
#define TH32CS_SNAPHEAPLIST 0x00000001
#define TH32CS_SNAPPROCESS 0x00000002
#define TH32CS_SNAPTHREAD 0x00000004
#define TH32CS_SNAPMODULE 0x00000008
#define TH32CS_SNAPMODULE32 0x00000010
#define TH32CS_SNAPALL \
    (TH32CS_SNAPHEAPLIST | TH32CS_SNAPPROCESS | TH32CS_SNAPTHREAD | TH32CS_SNAPMODULE)
#define TH32CS_INHERIT 0x80000000

/* dwSize is the caller's: of this structure. tpBasePri is 8. */
typedef struct tagTHREADENTRY32 {
    DWORD dwSize;
    DWORD cntUsage;
    DWORD th32ThreadID;
    DWORD th32OwnerProcessID;
    LONG tpBasePri;
    LONG tpDeltaPri;
    DWORD dwFlags;
} THREADENTRY32, *PTHREADENTRY32, *LPTHREADENTRY32;

/* szExeFile: at most the first 15 bytes of the name, as the host keeps it. */
typedef struct tagPROCESSENTRY32 {
    DWORD dwSize;
    DWORD cntUsage;
    DWORD th32ProcessID;
    ULONG_PTR th32DefaultHeapID;
    DWORD th32ModuleID;
    DWORD cntThreads;
    DWORD th32ParentProcessID;
    LONG pcPriClassBase;
    DWORD dwFlags;
    char szExeFile[260];
} PROCESSENTRY32, *PPROCESSENTRY32, *LPPROCESSENTRY32;
typedef struct tagPROCESSENTRY32W {
    DWORD dwSize;
    DWORD cntUsage;
    DWORD th32ProcessID;
    ULONG_PTR th32DefaultHeapID;
    DWORD th32ModuleID;
    DWORD cntThreads;
    DWORD th32ParentProcessID;
    LONG pcPriClassBase;
    DWORD dwFlags;
    WCHAR szExeFile[260];
} PROCESSENTRY32W, *PPROCESSENTRY32W, *LPPROCESSENTRY32W;
/* The modules of <winvm/kit_psapi.h>. Names that are longer are cut off. */
#define MAX_MODULE_NAME32 255
typedef struct tagMODULEENTRY32 {
    DWORD dwSize;
    DWORD th32ModuleID;
    DWORD th32ProcessID;
    DWORD GlblcntUsage;
    DWORD ProccntUsage;
    BYTE *modBaseAddr;
    DWORD modBaseSize;
    HMODULE hModule;
    char szModule[256];
    char szExePath[260];
} MODULEENTRY32, *PMODULEENTRY32, *LPMODULEENTRY32;
typedef struct tagMODULEENTRY32W {
    DWORD dwSize;
    DWORD th32ModuleID;
    DWORD th32ProcessID;
    DWORD GlblcntUsage;
    DWORD ProccntUsage;
    BYTE *modBaseAddr;
    DWORD modBaseSize;
    HMODULE hModule;
    WCHAR szModule[256];
    WCHAR szExePath[260];
} MODULEENTRY32W, *PMODULEENTRY32W, *LPMODULEENTRY32W;
#endif

WINVM_BEGIN_DECLS

/* A handle for CloseHandle. dwFlags: TH32CS_SNAPPROCESS, TH32CS_SNAPTHREAD (of all processes),
 * TH32CS_SNAPMODULE (of the process th32ProcessID, 0: this one). INVALID_HANDLE_VALUE: 87, 50
 * another list, 8, 1450; 5, 299 that process's modules cannot be told. */
WINVM_DECLARE(HANDLE, CreateToolhelp32Snapshot, (DWORD dwFlags, DWORD th32ProcessID));
/* The first and the next entry of a list. Errors: 6, 24 dwSize is too small, 18 there is none. */
WINVM_DECLARE(BOOL, Thread32First, (HANDLE hSnapshot, LPTHREADENTRY32 lpte));
WINVM_DECLARE(BOOL, Thread32Next, (HANDLE hSnapshot, LPTHREADENTRY32 lpte));
WINVM_DECLARE(BOOL, Module32First, (HANDLE hSnapshot, LPMODULEENTRY32 lpme));
WINVM_DECLARE(BOOL, Module32Next, (HANDLE hSnapshot, LPMODULEENTRY32 lpme));
WINVM_DECLARE(BOOL, Module32FirstW, (HANDLE hSnapshot, LPMODULEENTRY32W lpme));
WINVM_DECLARE(BOOL, Module32NextW, (HANDLE hSnapshot, LPMODULEENTRY32W lpme));
WINVM_DECLARE(BOOL, Process32First, (HANDLE hSnapshot, LPPROCESSENTRY32 lppe));
WINVM_DECLARE(BOOL, Process32Next, (HANDLE hSnapshot, LPPROCESSENTRY32 lppe));
WINVM_DECLARE(BOOL, Process32FirstW, (HANDLE hSnapshot, LPPROCESSENTRY32W lppe));
WINVM_DECLARE(BOOL, Process32NextW, (HANDLE hSnapshot, LPPROCESSENTRY32W lppe));

WINVM_END_DECLS

#if defined(UNICODE) && !defined(WINVM_NO_TYPES)
#define Process32First Process32FirstW
#define Process32Next Process32NextW
#define PROCESSENTRY32 PROCESSENTRY32W
#define PPROCESSENTRY32 PPROCESSENTRY32W
#define LPPROCESSENTRY32 LPPROCESSENTRY32W
#define Module32First Module32FirstW
#define Module32Next Module32NextW
#define MODULEENTRY32 MODULEENTRY32W
#define PMODULEENTRY32 PMODULEENTRY32W
#define LPMODULEENTRY32 LPMODULEENTRY32W
#endif

#endif
