/* The block of the calling thread and that of the process, in Windows layout.
 *
 * Owns    the block of the process; that of a thread is in its record.
 * Terms   fill = what makes a thread's block one, at the thread's first NtCurrentTeb.
 * I1      A block that is filled has Self, and holds the thread's last error (kit_self.c gives the
 *         place up when the thread ends).
 * I2      StackLimit is the lowest page in use at the fill, and sinks to that of each later caller
 *         that stands on the same stack. Nothing else is written after the fill but ClientId after
 *         a fork: what a program writes there stays.
 * I3      The block of the process is filled once, before anybody has its address. Its lists of
 *         modules follow the dynamic linker at each look for the block (kit_ldr.c).
 * Locking: one for the block of the process.   Failure: NULL, without memory for the record.
 * Signal safety: NtCurrentTeb in a thread that has called it before. */
#include <string.h>
#include <unistd.h>

#include "base/arith.h"
#include "kit/kit.h"
#include "kit/kit_ldr.h"
#include "kit/kit_self.h"

#define PAGE 4096u
#define NO_HANDLERS ((struct _EXCEPTION_REGISTRATION_RECORD *)(intptr_t)-1)
#define ENGLISH 0x0409
#define CONSOLE 3 /* the subsystem */
enum { MAJOR = 10, MINOR = 0, BUILD = 19045, WIN32_NT = 2 }; /* as nt_shared_data.c has them */

static PEB peb;
static RTL_USER_PROCESS_PARAMETERS parameters;
static WCHAR image[4096];
static struct wvm_kit_lock peb_lock;
static bool peb_filled; /* (a) */

static UNICODE_STRING text_of(WCHAR *text)
{
    size_t n = 0;
    while (text[n] && (n + 2) * sizeof *text <= UINT16_MAX)
        n++;
    UNICODE_STRING s = {(USHORT)(n * sizeof *text), (USHORT)((n + 1) * sizeof *text), text};
    return s;
}

static void fill_parameters(void)
{
    WCHAR *command = wvm_kit_GetCommandLineW();
    wvm_kit_GetModuleFileNameW(NULL, image, WVM_ARRAY_LEN(image));
    parameters.MaximumLength = parameters.Length = sizeof parameters;
    parameters.Flags = 1; /* its pointers are pointers */
    parameters.ImagePathName = text_of(image);
    if (command)
        parameters.CommandLine = text_of(command);
}

static void fill_peb(void)
{
    SYSTEM_INFO system;
    GetSystemInfo(&system);
    fill_parameters();
    peb.BeingDebugged = wvm_kit_IsDebuggerPresent() ? 1 : 0;
    peb.Mutant = INVALID_HANDLE_VALUE;
    peb.ImageBaseAddress = (PVOID)GetModuleHandleA(NULL);
    peb.ProcessParameters = &parameters;
    peb.ProcessHeap = wvm_kit_GetProcessHeap();
    peb.NumberOfProcessors = system.dwNumberOfProcessors;
    peb.OSMajorVersion = MAJOR;
    peb.OSMinorVersion = MINOR;
    peb.OSBuildNumber = BUILD;
    peb.OSPlatformId = WIN32_NT;
    peb.ImageSubsystem = CONSOLE;
    peb.ImageSubsystemMajorVersion = MAJOR;
    peb.ImageSubsystemMinorVersion = MINOR;
    peb.ActiveProcessAffinityMask = system.dwActiveProcessorMask;
    peb.SessionId = 1;
}

static void *block_of_process(void)
{
    return wvm_kit_RtlGetCurrentPeb();
}

static void __attribute__((constructor)) tell_where(void)
{
    winvm_process_block(block_of_process);
}

struct _PEB *wvm_kit_RtlGetCurrentPeb(VOID)
{
    PPEB_LDR_DATA ldr = wvm_kit_ldr();
    if (WVM_LIKELY(__atomic_load_n(&peb_filled, __ATOMIC_ACQUIRE)))
        return &peb;
    DWORD error = GetLastError();
    wvm_kit_lock(&peb_lock);
    if (!peb_filled)
        fill_peb();
    peb.Ldr = ldr;
    __atomic_store_n(&peb_filled, true, __ATOMIC_RELEASE);
    wvm_kit_unlock(&peb_lock);
    SetLastError(error);
    return &peb;
}

/* The lowest page of the stack from which on all pages up to `here` are in use. */
static uintptr_t lowest_in_use(uintptr_t low, uintptr_t here)
{
    MEMORY_BASIC_INFORMATION m;
    uintptr_t found = here & ~(uintptr_t)(PAGE - 1);
    bool in_use = false;
    for (uintptr_t at = low; at < here && VirtualQuery((LPCVOID)at, &m, sizeof m) != 0;
         at = (uintptr_t)m.BaseAddress + m.RegionSize) {
        bool usable = m.State == MEM_COMMIT && !(m.Protect & (PAGE_GUARD | PAGE_NOACCESS));
        if (usable && !in_use)
            found = at;
        in_use = usable;
    }
    return found;
}

static WVM_NOINLINE PTEB fill_teb(uintptr_t here)
{
    struct wvm_kit_thread *self = wvm_kit_self();
    PTEB teb = self ? &self->teb : NULL;
    ULONG_PTR low, high;
    if (!teb)
        return NULL;
    GetCurrentThreadStackLimits(&low, &high);
    teb->ExceptionList = sizeof(void *) == 4 ? NO_HANDLERS : NULL;
    teb->StackBase = (PVOID)high;
    teb->StackLimit = (PVOID)lowest_in_use(low, here >= low && here < high ? here : high);
    teb->DeallocationStack = (PVOID)low;
    teb->ProcessEnvironmentBlock = wvm_kit_RtlGetCurrentPeb();
    teb->CurrentLocale = ENGLISH;
    teb->StaticUnicodeString.MaximumLength = sizeof teb->StaticUnicodeBuffer;
    teb->StaticUnicodeString.Buffer = teb->StaticUnicodeBuffer;
    teb->TlsExpansionSlots = self->more_tls;
    teb->Self = &teb->NtTib;
    winvm_last_error_place(&teb->LastErrorValue);
    return wvm_kit_teb_known = teb;
}

/* The stack has grown down to `here`. */
static WVM_NOINLINE void sink_limit(PTEB teb, uintptr_t here)
{
    if (here >= (uintptr_t)teb->DeallocationStack)
        teb->StackLimit = (PVOID)(here & ~(uintptr_t)(PAGE - 1));
}

struct _TEB *wvm_kit_NtCurrentTeb(VOID)
{
    PTEB teb = wvm_kit_teb_known;
    uintptr_t here = (uintptr_t)__builtin_frame_address(0);
    if (WVM_UNLIKELY(!teb))
        return fill_teb(here);
    if (WVM_UNLIKELY(here < (uintptr_t)teb->StackLimit))
        sink_limit(teb, here);
    return teb;
}

ULONG wvm_kit_RtlGetLastWin32Error(VOID)
{
    return GetLastError();
}

VOID wvm_kit_RtlSetLastWin32Error(ULONG error)
{
    SetLastError(error);
}

#define WVM_KIT_TEB
#define WVM_KIT_IN WINVM_IN_NTDLL
#include "kit/kit_entry.h"
