/* How errors of the host would be shown to the user, for one thread: kept, and nothing more, since
 * there is no window to show them in.
 *
 * I1  HardErrorMode of the thread's block has the bits of ntdll, a place apart from kernel32's.
 * Locking: none.   Failure: nothing changed.   Signal safety: none before there is a block. */
#include "kit/kit.h"

#define SHOWN (RTL_ERRORMODE_FAILCRITICALERRORS | RTL_ERRORMODE_NOGPFAULTERRORBOX | \
               RTL_ERRORMODE_NOOPENFILEERRORBOX)

static const struct {
    DWORD win32, native;
} bits[] = {
    {SEM_FAILCRITICALERRORS, RTL_ERRORMODE_FAILCRITICALERRORS},
    {SEM_NOGPFAULTERRORBOX, RTL_ERRORMODE_NOGPFAULTERRORBOX},
    {SEM_NOOPENFILEERRORBOX, RTL_ERRORMODE_NOOPENFILEERRORBOX},
};

ULONG wvm_kit_RtlGetThreadErrorMode(VOID)
{
    PTEB teb = wvm_kit_NtCurrentTeb();
    return teb ? teb->HardErrorMode & SHOWN : 0;
}

NTSTATUS wvm_kit_RtlSetThreadErrorMode(ULONG mode, PULONG before)
{
    PTEB teb = wvm_kit_NtCurrentTeb();
    if ((mode & ~(ULONG)SHOWN) != 0)
        return STATUS_INVALID_PARAMETER_1;
    if (!teb)
        return STATUS_NO_MEMORY;
    if (before)
        *before = teb->HardErrorMode & SHOWN;
    teb->HardErrorMode = mode;
    return STATUS_SUCCESS;
}

static DWORD to_win32(ULONG native)
{
    DWORD mode = 0;
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++)
        mode |= native & bits[i].native ? bits[i].win32 : 0;
    return mode;
}

DWORD wvm_kit_GetThreadErrorMode(VOID)
{
    return to_win32(wvm_kit_RtlGetThreadErrorMode());
}

BOOL wvm_kit_SetThreadErrorMode(DWORD mode, LPDWORD before)
{
    ULONG native = 0, was;
    for (size_t i = 0; i < sizeof bits / sizeof *bits; i++) {
        native |= mode & bits[i].win32 ? bits[i].native : 0;
        mode &= ~bits[i].win32;
    }
    if (mode != 0)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    if (wvm_kit_RtlSetThreadErrorMode(native, &was) != STATUS_SUCCESS)
        return wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
    if (before)
        *before = to_win32(was);
    return TRUE;
}

#define WVM_KIT_ERROR_MODE
#include "kit/kit_entry.h"
