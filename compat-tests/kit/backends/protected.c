/* Guarded memory, enciphered secrets and the user of the process. */
#define _CRT_RAND_S
#define _CRT_SECURE_NO_WARNINGS
#include <windows.h>
#include <wincrypt.h>
#include <dpapi.h>

#include <stdlib.h>
#include <string.h>
#include <stdio.h>
#include <ntsecapi.h>
#include <errhandlingapi.h>
#ifndef RtlGenRandom
#define RtlGenRandom SystemFunction036
#if defined(__cplusplus)
extern "C"
#endif
    BOOLEAN NTAPI
    RtlGenRandom(PVOID RandomBuffer, ULONG RandomBufferLength);
#endif
#pragma comment(lib, "advapi32.lib")
static const unsigned char CANARY[16] = "0123456789abcde";
static size_t page = 4096;
static LPTOP_LEVEL_EXCEPTION_FILTER prev;
static LONG WINAPI crash(struct _EXCEPTION_POINTERS *e)
{
    (void)e;
    return EXCEPTION_CONTINUE_SEARCH;
}
static void *secure_alloc(size_t n)
{
    size_t pages = (n + sizeof CANARY + page - 1) / page;
    unsigned char *base = (unsigned char *)VirtualAlloc(NULL, (3 + pages) * page,
                                                        MEM_COMMIT | MEM_RESERVE, PAGE_READWRITE);
    DWORD old;
    unsigned char *user;
    if (!base)
        return NULL;
    VirtualProtect(base + page, page, PAGE_NOACCESS, &old);
    VirtualProtect(base + (2 + pages) * page, page, PAGE_NOACCESS, &old);
    VirtualLock(base + 2 * page, pages * page);
    *(size_t *)base = pages;
    user = base + (2 + pages) * page - n;
    memcpy(user - sizeof CANARY, CANARY, sizeof CANARY);
    VirtualProtect(base, page, PAGE_READONLY, &old);
    return user;
}
typedef HRESULT(WINAPI *WerReg_t)(const void *, DWORD);
int main(void)
{
    SYSTEM_INFO si;
    SIZE_T mn, mx;
    unsigned char *p, r[32];
    unsigned rv;
    DWORD flags = 0;
    HANDLE tok;
    DWORD n = 0;
    char block[CRYPTPROTECTMEMORY_BLOCK_SIZE * 2];
    WerReg_t wer;
    TOKEN_ELEVATION el;
    GetSystemInfo(&si);
    page = si.dwPageSize;
    SetErrorMode(SEM_FAILCRITICALERRORS | SEM_NOGPFAULTERRORBOX);
    prev = SetUnhandledExceptionFilter(crash);
    printf("ws %d",
           GetProcessWorkingSetSize(GetCurrentProcess(), &mn, &mx) &&
               SetProcessWorkingSetSize(GetCurrentProcess(), mn + (1 << 20), mx + (1 << 20)));
    printf(" %d\n", GetProcessWorkingSetSizeEx(GetCurrentProcess(), &mn, &mx, &flags));
    p = (unsigned char *)secure_alloc(100);
    printf("alloc %d\n", p && memcmp(p - 16, CANARY, 16) == 0);
    printf("gen %d", RtlGenRandom(r, sizeof r));
    printf(" %d\n", rand_s(&rv));
    SecureZeroMemory(p, 100);
    RtlSecureZeroMemory(p, 100);
    memset(block, 7, sizeof block);
    printf("protect %d", CryptProtectMemory(block, sizeof block, CRYPTPROTECTMEMORY_SAME_PROCESS));
    printf(" changed %d", block[3] != 7 || block[17] != 7);
    printf(" un %d %d\n",
           CryptUnprotectMemory(block, sizeof block, CRYPTPROTECTMEMORY_SAME_PROCESS), block[3]);
    printf("bad %d", CryptProtectMemory(block, 15, CRYPTPROTECTMEMORY_SAME_PROCESS));
    printf(" %d\n", GetLastError() != 0);
    wer = (WerReg_t)(FARPROC)GetProcAddress(GetModuleHandleA("kernel32.dll"),
                                            "WerRegisterExcludedMemoryBlock");
    if (wer)
        printf("wer %lx\n", (unsigned long)wer(p, 100));
    printf("lock %d %d\n", VirtualLock(p, 100), VirtualUnlock(p, 100));
    SetProcessDEPPolicy(PROCESS_DEP_ENABLE);
    HeapSetInformation(NULL, HeapEnableTerminationOnCorruption, NULL, 0);
    if (OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &tok)) {
        if (!GetTokenInformation(tok, TokenElevation, &el, sizeof el, &n) || n != sizeof el)
            return 2;
        n = 0;
        GetTokenInformation(tok, TokenUser, NULL, 0, &n);
        if (GetLastError() == ERROR_INSUFFICIENT_BUFFER) {
            PTOKEN_USER tu = (PTOKEN_USER)LocalAlloc(LPTR, n);
            if (!GetTokenInformation(tok, TokenUser, tu, n, &n))
                return 3;
            printf("user valid %d len %d\n", IsValidSid(tu->User.Sid),
                   GetLengthSid(tu->User.Sid) >= 8);
            LocalFree(tu);
        }
        CloseHandle(tok);
    }
    {
        MEMORY_BASIC_INFORMATION m;
        VirtualQuery(p, &m, sizeof m);
        printf("%lx\n", (unsigned long)m.Protect);
    }
    if (IsDebuggerPresent())
        DebugBreak();
    {
        BOOL rd = FALSE;
        CheckRemoteDebuggerPresent(GetCurrentProcess(), &rd);
        printf("rd %d\n", rd);
    }
    {
        size_t ms = 0;
        char *e = NULL;
        char eb[8];
        _putenv_s("J4_X", "yes");
        printf("dup %d %s", _dupenv_s(&e, &ms, "J4_X"), e);
        printf(" %d", getenv_s(&ms, eb, sizeof eb, "J4_X"));
        printf(" %s %d\n", eb, (int)ms);
        free(e);
    }
    SetUnhandledExceptionFilter(prev);
    return 0;
}
