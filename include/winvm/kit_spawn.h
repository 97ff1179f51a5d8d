/* winvm/kit_spawn.h: what processthreadsapi.h has of libwinvm-kit: new processes.
 *
 * WINVM_NO_TYPES needs: BOOL DWORD SIZE_T PVOID LPVOID LPSTR LPCSTR LPWSTR LPCWSTR DWORD_PTR
 * LPSECURITY_ATTRIBUTES, and the types below. */
#ifndef WINVM_KIT_SPAWN_H
#define WINVM_KIT_SPAWN_H

#include "kit_threads.h"

#ifndef WINVM_NO_TYPES
typedef struct _PROCESS_INFORMATION {
    HANDLE hProcess;
    HANDLE hThread;
    DWORD dwProcessId;
    DWORD dwThreadId;
} PROCESS_INFORMATION, *PPROCESS_INFORMATION, *LPPROCESS_INFORMATION;

#ifndef WINVM_STARTUPINFO
#define WINVM_STARTUPINFO
typedef struct _STARTUPINFOA {
    DWORD cb;
    LPSTR lpReserved;
    LPSTR lpDesktop;
    LPSTR lpTitle;
    DWORD dwX;
    DWORD dwY;
    DWORD dwXSize;
    DWORD dwYSize;
    DWORD dwXCountChars;
    DWORD dwYCountChars;
    DWORD dwFillAttribute;
    DWORD dwFlags;
    WORD wShowWindow;
    WORD cbReserved2;
    BYTE *lpReserved2;
    HANDLE hStdInput;
    HANDLE hStdOutput;
    HANDLE hStdError;
} STARTUPINFOA, *LPSTARTUPINFOA;
typedef struct _STARTUPINFOW {
    DWORD cb;
    LPWSTR lpReserved;
    LPWSTR lpDesktop;
    LPWSTR lpTitle;
    DWORD dwX;
    DWORD dwY;
    DWORD dwXSize;
    DWORD dwYSize;
    DWORD dwXCountChars;
    DWORD dwYCountChars;
    DWORD dwFillAttribute;
    DWORD dwFlags;
    WORD wShowWindow;
    WORD cbReserved2;
    BYTE *lpReserved2;
    HANDLE hStdInput;
    HANDLE hStdOutput;
    HANDLE hStdError;
} STARTUPINFOW, *LPSTARTUPINFOW;

#define STARTF_USESHOWWINDOW 0x00000001
#define STARTF_USESIZE 0x00000002
#define STARTF_USEPOSITION 0x00000004
#define STARTF_USECOUNTCHARS 0x00000008
#define STARTF_USEFILLATTRIBUTE 0x00000010
#define STARTF_RUNFULLSCREEN 0x00000020
#define STARTF_FORCEONFEEDBACK 0x00000040
#define STARTF_FORCEOFFFEEDBACK 0x00000080
#define STARTF_USESTDHANDLES 0x00000100
#endif

#define DEBUG_PROCESS 0x00000001
#define DEBUG_ONLY_THIS_PROCESS 0x00000002
#define DETACHED_PROCESS 0x00000008
#define CREATE_NEW_CONSOLE 0x00000010
#define CREATE_NEW_PROCESS_GROUP 0x00000200
#define CREATE_UNICODE_ENVIRONMENT 0x00000400
#define CREATE_SEPARATE_WOW_VDM 0x00000800
#define CREATE_SHARED_WOW_VDM 0x00001000
#define CREATE_FORCEDOS 0x00002000
#define INHERIT_PARENT_AFFINITY 0x00010000
#define CREATE_PROTECTED_PROCESS 0x00040000
#define EXTENDED_STARTUPINFO_PRESENT 0x00080000
#define CREATE_SECURE_PROCESS 0x00400000
#define CREATE_BREAKAWAY_FROM_JOB 0x01000000
#define CREATE_PRESERVE_CODE_AUTHZ_LEVEL 0x02000000
#define CREATE_DEFAULT_ERROR_MODE 0x04000000
#define CREATE_NO_WINDOW 0x08000000
#endif

WINVM_BEGIN_DECLS

/* Starts a program of the host. lpApplicationName: its path. NULL: the first word of lpCommandLine,
 * which is looked for in the program's folder, the current one and those of PATH when it has no
 * slash; without quotes each blank may be the end of the path. A name that ends with ".exe" is also
 * tried without. lpCommandLine is taken apart as programs for Windows take it, and not written to;
 * NULL: the application's name alone. lpEnvironment: texts name=value, the last followed by an
 * empty one, UTF-16 with CREATE_UNICODE_ENVIRONMENT; NULL: this process's. lpCurrentDirectory NULL:
 * this process's. With STARTF_USESTDHANDLES and bInheritHandles the three handles, of descriptors
 * (_get_osfhandle, GetStdHandle), are descriptors 0, 1 and 2 of the new process (NULL,
 * INVALID_HANDLE_VALUE: none), else those stay as they are. Other descriptors: with bInheritHandles
 * those that are not close-on-exec, else none.
 * dwCreationFlags: priority classes and those of consoles, groups and jobs change nothing.
 * hProcess grants PROCESS_ALL_ACCESS; TerminateProcess ends such a process, GetExitCodeProcess then
 * tells the code given there. hThread can be waited for, closed, and, with CREATE_SUSPENDED, given
 * to ResumeThread. The process is waited for by the kit; a program that waits for any child
 * (waitpid(-1)) may come first, and the exit code is then not known; nor is it in one that ignores
 * SIGCHLD.
 * Errors: 87, 2 no such file, 3 no such folder, 5, 6 a standard handle, 193 no program, 206 too
 * long, 267 the current directory, 8, 1450; 50 ERROR_NOT_SUPPORTED: debugging, protected and secure
 * processes, attributes (EXTENDED_STARTUPINFO_PRESENT). */
WINVM_DECLARE(BOOL, CreateProcessA,
              (LPCSTR lpApplicationName, LPSTR lpCommandLine,
               LPSECURITY_ATTRIBUTES lpProcessAttributes, LPSECURITY_ATTRIBUTES lpThreadAttributes,
               BOOL bInheritHandles, DWORD dwCreationFlags, LPVOID lpEnvironment,
               LPCSTR lpCurrentDirectory, LPSTARTUPINFOA lpStartupInfo,
               LPPROCESS_INFORMATION lpProcessInformation));
WINVM_DECLARE(BOOL, CreateProcessW,
              (LPCWSTR lpApplicationName, LPWSTR lpCommandLine,
               LPSECURITY_ATTRIBUTES lpProcessAttributes, LPSECURITY_ATTRIBUTES lpThreadAttributes,
               BOOL bInheritHandles, DWORD dwCreationFlags, LPVOID lpEnvironment,
               LPCWSTR lpCurrentDirectory, LPSTARTUPINFOW lpStartupInfo,
               LPPROCESS_INFORMATION lpProcessInformation));

/* What the process was started with: its standard handles (STARTF_USESTDHANDLES), and its path as
 * the title. */
WINVM_DECLARE(void, GetStartupInfoA, (LPSTARTUPINFOA lpStartupInfo));
WINVM_DECLARE(void, GetStartupInfoW, (LPSTARTUPINFOW lpStartupInfo));

#ifndef WINVM_NO_TYPES
#ifdef UNICODE
#define CreateProcess CreateProcessW
#define GetStartupInfo GetStartupInfoW
typedef STARTUPINFOW STARTUPINFO, *LPSTARTUPINFO;
#else
#define CreateProcess CreateProcessA
#define GetStartupInfo GetStartupInfoA
typedef STARTUPINFOA STARTUPINFO, *LPSTARTUPINFO;
#endif
#endif

WINVM_END_DECLS

#endif
