/* Patches functions of this process. */
#include <Windows.h>
#include <TlHelp32.h>
#include <limits.h>
#include <stdlib.h>

#define ALLOC_SIZE 0x1000
#define MAX_RANGE 0x40000000
#define THREAD_ACCESS \
    (THREAD_SUSPEND_RESUME | THREAD_GET_CONTEXT | THREAD_QUERY_INFORMATION | THREAD_SET_CONTEXT)

#pragma pack(push, 1)
typedef struct _JMP_REL {
    UINT8 opcode;
    UINT32 operand;
} JMP_REL, *PJMP_REL;
#pragma pack(pop)

static volatile LONG g_isLocked = FALSE;
static HANDLE g_hHeap = NULL;

static VOID EnterSpinLock(VOID)
{
    SIZE_T spins = 0;
    while (InterlockedCompareExchange(&g_isLocked, TRUE, FALSE) != FALSE)
        Sleep(spins++ < 32 ? 0 : 1);
}

static LPVOID FindPrevFreeRegion(LPVOID pAddress, LPVOID pMinAddr, DWORD dwGranularity)
{
    ULONG_PTR tryAddr = (ULONG_PTR)pAddress;
    tryAddr -= tryAddr % dwGranularity;
    tryAddr -= dwGranularity;
    while (tryAddr >= (ULONG_PTR)pMinAddr) {
        MEMORY_BASIC_INFORMATION mbi;
        if (VirtualQuery((LPVOID)tryAddr, &mbi, sizeof(mbi)) == 0) break;
        if (mbi.State == MEM_FREE) return (LPVOID)tryAddr;
        if ((ULONG_PTR)mbi.AllocationBase < dwGranularity) break;
        tryAddr = (ULONG_PTR)mbi.AllocationBase - dwGranularity;
    }
    return NULL;
}

static void EnumerateThreads(DWORD (*seen)[64])
{
    HANDLE hSnapshot = CreateToolhelp32Snapshot(TH32CS_SNAPTHREAD, 0);
    if (hSnapshot != INVALID_HANDLE_VALUE) {
        THREADENTRY32 te;
        te.dwSize = sizeof(THREADENTRY32);
        if (Thread32First(hSnapshot, &te)) {
            do {
                if (te.dwSize >=
                        (FIELD_OFFSET(THREADENTRY32, th32OwnerProcessID) + sizeof(DWORD)) &&
                    te.th32OwnerProcessID == GetCurrentProcessId() &&
                    te.th32ThreadID != GetCurrentThreadId())
                    (*seen)[te.th32ThreadID % 64] = te.th32ThreadID;
                te.dwSize = sizeof(THREADENTRY32);
            } while (Thread32Next(hSnapshot, &te));
        }
        CloseHandle(hSnapshot);
    }
}

static void ProcessThreadIPs(HANDLE hThread, DWORD_PTR from, DWORD_PTR to)
{
    CONTEXT c;
    DWORD64 *pIP;
    c.ContextFlags = CONTEXT_CONTROL;
    if (!GetThreadContext(hThread, &c)) return;
#if defined(_M_X64) || defined(__x86_64__)
    pIP = (DWORD64 *)&c.Rip;
#else
    DWORD64 wide = c.Eip;
    pIP = &wide;
#endif
    if (*pIP == from) {
        *pIP = to;
        SetThreadContext(hThread, &c);
    }
}

BOOL EnableHook(LPVOID pTarget, LPVOID pDetour)
{
    DWORD oldProtect, seen[64] = {0};
    SYSTEM_INFO si;
    UINT i;
    PJMP_REL pJmp = (PJMP_REL)pTarget;
    EnterSpinLock();
    if (!g_hHeap) g_hHeap = HeapCreate(0, 0, 0);
    GetSystemInfo(&si);
    FindPrevFreeRegion(pTarget, si.lpMinimumApplicationAddress, si.dwAllocationGranularity);
    EnumerateThreads(&seen);
    for (i = 0; i < _countof(seen); ++i) {
        HANDLE hThread = seen[i] ? OpenThread(THREAD_ACCESS, FALSE, seen[i]) : NULL;
        if (hThread == NULL) continue;
        SuspendThread(hThread);
        ProcessThreadIPs(hThread, (DWORD_PTR)pTarget, (DWORD_PTR)pDetour);
        ResumeThread(hThread);
        CloseHandle(hThread);
    }
    if (!VirtualProtect(pTarget, sizeof(JMP_REL), PAGE_EXECUTE_READWRITE, &oldProtect))
        return FALSE;
    pJmp->opcode = 0xE9;
    pJmp->operand = (UINT32)((LPBYTE)pDetour - ((LPBYTE)pTarget + sizeof(JMP_REL)));
    VirtualProtect(pTarget, sizeof(JMP_REL), oldProtect, &oldProtect);
    FlushInstructionCache(GetCurrentProcess(), pTarget, sizeof(JMP_REL));
    InterlockedExchange(&g_isLocked, FALSE);
    return TRUE;
}
