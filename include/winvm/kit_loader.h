/* winvm/kit_loader.h: what libloaderapi.h has of libwinvm-kit.
 *
 * WINVM_NO_TYPES needs: BOOL DWORD HANDLE HMODULE LPSTR LPCSTR LPWSTR LPCWSTR PVOID. */
#ifndef WINVM_KIT_LOADER_H
#define WINVM_KIT_LOADER_H

#include "libloaderapi.h"

#ifndef WINVM_NO_TYPES
#define GET_MODULE_HANDLE_EX_FLAG_PIN 0x00000001
#define GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT 0x00000002
#define GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS 0x00000004

/* LoadLibraryEx. */
#define DONT_RESOLVE_DLL_REFERENCES 0x00000001
#define LOAD_LIBRARY_AS_DATAFILE 0x00000002
#define LOAD_WITH_ALTERED_SEARCH_PATH 0x00000008
#define LOAD_IGNORE_CODE_AUTHZ_LEVEL 0x00000010
#define LOAD_LIBRARY_AS_IMAGE_RESOURCE 0x00000020
#define LOAD_LIBRARY_AS_DATAFILE_EXCLUSIVE 0x00000040
#define LOAD_LIBRARY_REQUIRE_SIGNED_TARGET 0x00000080
#define LOAD_LIBRARY_SEARCH_DLL_LOAD_DIR 0x00000100
#define LOAD_LIBRARY_SEARCH_APPLICATION_DIR 0x00000200
#define LOAD_LIBRARY_SEARCH_USER_DIRS 0x00000400
#define LOAD_LIBRARY_SEARCH_SYSTEM32 0x00000800
#define LOAD_LIBRARY_SEARCH_DEFAULT_DIRS 0x00001000
#define LOAD_LIBRARY_SAFE_CURRENT_DIRS 0x00002000
#endif

WINVM_BEGIN_DECLS

/* The host's path of the file of a module, NULL: the program. Returns its length; nSize and 122
 * ERROR_INSUFFICIENT_BUFFER: it is cut off, with a NUL; 0: 126 ERROR_MOD_NOT_FOUND. */
WINVM_DECLARE(DWORD, GetModuleFileNameA, (HMODULE hModule, LPSTR lpFilename, DWORD nSize));
WINVM_DECLARE(DWORD, GetModuleFileNameW, (HMODULE hModule, LPWSTR lpFilename, DWORD nSize));
/* GetModuleHandle, or, FROM_ADDRESS, the module of the host (the program, a library) that an
 * address is in. Nothing is ever unloaded, so the other flags change nothing. FALSE, and *phModule
 * NULL: 126 ERROR_MOD_NOT_FOUND, 87 the flags, or phModule is NULL. */
WINVM_DECLARE(BOOL, GetModuleHandleExA,
              (DWORD dwFlags, LPCSTR lpModuleName, HMODULE *phModule));
WINVM_DECLARE(BOOL, GetModuleHandleExW,
              (DWORD dwFlags, LPCWSTR lpModuleName, HMODULE *phModule));
/* LoadLibrary; where it would be looked for does not matter. NULL: 126, 87 hFile or the flags, 50
 * ERROR_NOT_SUPPORTED a module as data, or a signed one. */
WINVM_DECLARE(HMODULE, LoadLibraryExA, (LPCSTR lpLibFileName, HANDLE hFile, DWORD dwFlags));
WINVM_DECLARE(HMODULE, LoadLibraryExW, (LPCWSTR lpLibFileName, HANDLE hFile, DWORD dwFlags));
__attribute__((__noreturn__)) WINVM_DECLARE(void, FreeLibraryAndExitThread,
                                            (HMODULE hLibModule, DWORD dwExitCode));
/* TRUE: no module is told of threads. Errors: 126. */
WINVM_DECLARE(BOOL, DisableThreadLibraryCalls, (HMODULE hLibModule));
/* The module of the host that an address is in, as *BaseOfImage too; NULL: there is none. */
WINVM_DECLARE(PVOID, RtlPcToFileHeader, (PVOID PcValue, PVOID *BaseOfImage));
/* A folder that is kept, and told: no modules are looked for in it. Errors: 87 with ';', 8. */
WINVM_DECLARE(BOOL, SetDllDirectoryA, (LPCSTR lpPathName));
WINVM_DECLARE(BOOL, SetDllDirectoryW, (LPCWSTR lpPathName));
/* Its length when it fits with its NUL, else the size needed; 0: none is set, or 8. */
WINVM_DECLARE(DWORD, GetDllDirectoryA, (DWORD nBufferLength, LPSTR lpBuffer));
WINVM_DECLARE(DWORD, GetDllDirectoryW, (DWORD nBufferLength, LPWSTR lpBuffer));
/* TRUE: no modules are looked for. Errors: 87. */
WINVM_DECLARE(BOOL, SetDefaultDllDirectories, (DWORD DirectoryFlags));

#ifndef WINVM_NO_TYPES
#ifdef UNICODE
#define GetModuleFileName GetModuleFileNameW
#define GetModuleHandleEx GetModuleHandleExW
#define LoadLibraryEx LoadLibraryExW
#define SetDllDirectory SetDllDirectoryW
#define GetDllDirectory GetDllDirectoryW
#else
#define GetModuleFileName GetModuleFileNameA
#define GetModuleHandleEx GetModuleHandleExA
#define LoadLibraryEx LoadLibraryExA
#define SetDllDirectory SetDllDirectoryA
#define GetDllDirectory GetDllDirectoryA
#endif
#endif

WINVM_END_DECLS

#endif
