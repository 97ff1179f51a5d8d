/* winvm/kit_psapi.h: what psapi.h has of libwinvm-kit: the modules of a process, and processes.
 *
 * The program comes first, then its shared libraries: of this process as they were loaded, of
 * another one by address, files of which some part can be executed. A module handle is its first
 * address; any address in a module stands for it, NULL for the program. Handles of processes grant
 * PROCESS_QUERY_INFORMATION and PROCESS_VM_READ; the host must allow to read another one's list.
 * Errors of all: 6, 5, 8, 299 ERROR_PARTIAL_COPY: it has ended.
 *
 * WINVM_NO_TYPES needs: BOOL DWORD HANDLE HMODULE LPSTR LPWSTR LPMODULEINFO. */
#ifndef WINVM_KIT_PSAPI_H
#define WINVM_KIT_PSAPI_H

#include "psapi.h"

#ifndef WINVM_NO_TYPES
/* Bytes of whole pages. EntryPoint: NULL where the file has none, as shared libraries. */
typedef struct _MODULEINFO {
    LPVOID lpBaseOfDll;
    DWORD SizeOfImage;
    LPVOID EntryPoint;
} MODULEINFO, *LPMODULEINFO;

/* QueryFullProcessImageName: the same path here. */
#define PROCESS_NAME_NATIVE 0x00000001

#define LIST_MODULES_DEFAULT 0x0
#define LIST_MODULES_32BIT 0x01
#define LIST_MODULES_64BIT 0x02
#define LIST_MODULES_ALL (LIST_MODULES_32BIT | LIST_MODULES_64BIT)
#endif

WINVM_BEGIN_DECLS

/* As many handles as fit in cb bytes; *lpcbNeeded: the bytes that all take. dwFilterFlag:
 * LIST_MODULES_*, those of 32 bits of a 64-bit process are none. Errors: 87, 998. */
WINVM_DECLARE(BOOL, K32EnumProcessModules,
              (HANDLE hProcess, HMODULE *lphModule, DWORD cb, DWORD *lpcbNeeded));
WINVM_DECLARE(BOOL, K32EnumProcessModulesEx,
              (HANDLE hProcess, HMODULE *lphModule, DWORD cb, DWORD *lpcbNeeded,
               DWORD dwFilterFlag));
/* Errors: 122 cb is too small. */
WINVM_DECLARE(BOOL, K32GetModuleInformation,
              (HANDLE hProcess, HMODULE hModule, LPMODULEINFO lpmodinfo, DWORD cb));
/* The name, or the whole path, of the host. Its length; nSize and 122: it is cut off, with a NUL;
 * 0: an error. */
WINVM_DECLARE(DWORD, K32GetModuleBaseNameA,
              (HANDLE hProcess, HMODULE hModule, LPSTR lpBaseName, DWORD nSize));
WINVM_DECLARE(DWORD, K32GetModuleBaseNameW,
              (HANDLE hProcess, HMODULE hModule, LPWSTR lpBaseName, DWORD nSize));
WINVM_DECLARE(DWORD, K32GetModuleFileNameExA,
              (HANDLE hProcess, HMODULE hModule, LPSTR lpFilename, DWORD nSize));
WINVM_DECLARE(DWORD, K32GetModuleFileNameExW,
              (HANDLE hProcess, HMODULE hModule, LPWSTR lpFilename, DWORD nSize));
/* The numbers of the host's processes, as many as fit in cb bytes; *lpcbNeeded: the bytes written.
 * Errors: 998, 8. */
WINVM_DECLARE(BOOL, K32EnumProcesses, (DWORD * lpidProcess, DWORD cb, DWORD *lpcbNeeded));
/* The path, of the host, of the file that a process runs; the handle grants
 * PROCESS_QUERY_LIMITED_INFORMATION or PROCESS_QUERY_INFORMATION. Its length without the NUL; 0:
 * 122 it does not fit, 31 the process has ended. */
WINVM_DECLARE(DWORD, K32GetProcessImageFileNameA,
              (HANDLE hProcess, LPSTR lpImageFileName, DWORD nSize));
WINVM_DECLARE(DWORD, K32GetProcessImageFileNameW,
              (HANDLE hProcess, LPWSTR lpImageFileName, DWORD nSize));
/* The same; *lpdwSize: the characters that fit with the NUL, then the length without it. dwFlags: 0
 * or PROCESS_NAME_NATIVE, else 87. */
WINVM_DECLARE(BOOL, QueryFullProcessImageNameA,
              (HANDLE hProcess, DWORD dwFlags, LPSTR lpExeName, DWORD *lpdwSize));
WINVM_DECLARE(BOOL, QueryFullProcessImageNameW,
              (HANDLE hProcess, DWORD dwFlags, LPWSTR lpExeName, DWORD *lpdwSize));
/* The older names; newer headers make them macros. */
#ifndef EnumProcessModules
WINVM_DECLARE(BOOL, EnumProcessModules,
              (HANDLE hProcess, HMODULE *lphModule, DWORD cb, DWORD *lpcbNeeded));
#endif
#ifndef EnumProcessModulesEx
WINVM_DECLARE(BOOL, EnumProcessModulesEx,
              (HANDLE hProcess, HMODULE *lphModule, DWORD cb, DWORD *lpcbNeeded,
               DWORD dwFilterFlag));
#endif
#ifndef EnumProcesses
WINVM_DECLARE(BOOL, EnumProcesses, (DWORD * lpidProcess, DWORD cb, DWORD *lpcbNeeded));
#endif
#ifndef GetProcessImageFileNameA
WINVM_DECLARE(DWORD, GetProcessImageFileNameA,
              (HANDLE hProcess, LPSTR lpImageFileName, DWORD nSize));
#endif
#ifndef GetProcessImageFileNameW
WINVM_DECLARE(DWORD, GetProcessImageFileNameW,
              (HANDLE hProcess, LPWSTR lpImageFileName, DWORD nSize));
#endif
#ifndef GetModuleInformation
WINVM_DECLARE(BOOL, GetModuleInformation,
              (HANDLE hProcess, HMODULE hModule, LPMODULEINFO lpmodinfo, DWORD cb));
#endif
#ifndef GetModuleBaseNameA
WINVM_DECLARE(DWORD, GetModuleBaseNameA,
              (HANDLE hProcess, HMODULE hModule, LPSTR lpBaseName, DWORD nSize));
#endif
#ifndef GetModuleBaseNameW
WINVM_DECLARE(DWORD, GetModuleBaseNameW,
              (HANDLE hProcess, HMODULE hModule, LPWSTR lpBaseName, DWORD nSize));
#endif
#ifndef GetModuleFileNameExA
WINVM_DECLARE(DWORD, GetModuleFileNameExA,
              (HANDLE hProcess, HMODULE hModule, LPSTR lpFilename, DWORD nSize));
#endif
#ifndef GetModuleFileNameExW
WINVM_DECLARE(DWORD, GetModuleFileNameExW,
              (HANDLE hProcess, HMODULE hModule, LPWSTR lpFilename, DWORD nSize));
#endif

WINVM_END_DECLS

#ifndef WINVM_NO_TYPES
#ifdef UNICODE
#define GetModuleBaseName GetModuleBaseNameW
#define GetProcessImageFileName GetProcessImageFileNameW
#define QueryFullProcessImageName QueryFullProcessImageNameW
#define GetModuleFileNameEx GetModuleFileNameExW
#else
#define GetModuleBaseName GetModuleBaseNameA
#define GetProcessImageFileName GetProcessImageFileNameA
#define QueryFullProcessImageName QueryFullProcessImageNameA
#define GetModuleFileNameEx GetModuleFileNameExA
#endif
#endif

#endif
