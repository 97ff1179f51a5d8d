/* Debuggers: those of the host.
 *
 * Locking: none.   Failure: none.   Signal safety: all but OutputDebugString. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kit/kit.h"
#include "kit/kit_text.h"

#define TRACER "TracerPid:\t"

static bool is_traced(const char *status)
{
    char text[2048];
    int fd = open(status, O_RDONLY | O_CLOEXEC);
    ssize_t n = fd < 0 ? -1 : read(fd, text, sizeof text - 1);
    if (fd >= 0)
        close(fd);
    text[n > 0 ? n : 0] = '\0';
    const char *line = strstr(text, TRACER);
    return line && line[sizeof TRACER - 1] != '0';
}

BOOL wvm_kit_IsDebuggerPresent(VOID)
{
    return is_traced("/proc/self/status");
}

BOOL wvm_kit_CheckRemoteDebuggerPresent(HANDLE process, PBOOL out)
{
    char path[32];
    if (!out)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    DWORD pid = wvm_kit_GetProcessId(process);
    if (pid == 0)
        return FALSE;
    snprintf(path, sizeof path, "/proc/%u/status", pid);
    *out = is_traced(path);
    return TRUE;
}

VOID wvm_kit_DebugBreak(VOID)
{
    __asm__ volatile("int3");
}

VOID wvm_kit_OutputDebugStringA(LPCSTR text)
{
    bool heard = getenv("WINVM_DEBUG_STRINGS") || wvm_kit_IsDebuggerPresent();
    size_t left = heard && text ? strlen(text) : 0;
    while (left > 0) {
        ssize_t n = write(STDERR_FILENO, text, left);
        if (n <= 0)
            return;
        text += n;
        left -= (size_t)n;
    }
}

VOID wvm_kit_OutputDebugStringW(LPCWSTR text)
{
    DWORD error = GetLastError();
    char *narrow = text ? wvm_kit_new_utf8(text) : NULL;
    if (narrow)
        wvm_kit_OutputDebugStringA(narrow);
    free(narrow);
    SetLastError(error);
}

#define WVM_KIT_DEBUG
#include "kit/kit_entry.h"
