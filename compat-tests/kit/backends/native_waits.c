/* Primitives of a run time on calls of ntdll that it looks up by name. Prints the same each
 * time. */
#include <windows.h>
#include <winternl.h>
#include <ntstatus.h>
#include <stdio.h>
#pragma comment(lib, "ntdll")
typedef NTSTATUS(NTAPI *CreateKeyed)(PHANDLE, ACCESS_MASK, PVOID, ULONG);
typedef NTSTATUS(NTAPI *KeyedOp)(HANDLE, PVOID, BOOLEAN, PLARGE_INTEGER);
typedef NTSTATUS(NTAPI *WaitAlert)(PVOID, PLARGE_INTEGER);
typedef NTSTATUS(NTAPI *AlertThread)(HANDLE);
typedef NTSTATUS(NTAPI *WaitAddr)(const volatile void *, const void *, SIZE_T,
                                  const LARGE_INTEGER *);
typedef void(NTAPI *WakeAddr)(const void *);
typedef NTSTATUS(NTAPI *Delay)(BOOLEAN, PLARGE_INTEGER);
typedef NTSTATUS(NTAPI *Ver)(PRTL_OSVERSIONINFOW);
static HANDLE keyed;
static KeyedOp wait_keyed, release_keyed;
static WaitAlert wait_alert;
static AlertThread alert;
static WaitAddr wait_addr;
static WakeAddr wake_addr;
static volatile LONG word;
static LONG lock_word;
static DWORD WINAPI peer(LPVOID a)
{
    LARGE_INTEGER t;
    NTSTATUS s;
    t.QuadPart = -10000000LL * 20;
    s = wait_keyed(keyed, &lock_word, FALSE, &t);
    printf("peer keyed %lx\n", (unsigned long)s);
    release_keyed(keyed, &lock_word + 1, FALSE, NULL);
    s = wait_alert(NULL, NULL);
    printf("peer alert %lx\n", (unsigned long)s);
    {
        LONG zero = 0;
        while (word == 0)
            wait_addr(&word, &zero, sizeof zero, NULL);
    }
    printf("peer word %ld\n", (long)word);
    (void)a;
    return 0;
}
#define GET(t, n) ((t)(FARPROC)GetProcAddress(nt, n))
int main(void)
{
    HMODULE nt = GetModuleHandleA("ntdll.dll");
    CreateKeyed ck = GET(CreateKeyed, "NtCreateKeyedEvent");
    Delay delay = GET(Delay, "NtDelayExecution");
    Ver ver = GET(Ver, "RtlGetVersion");
    HANDLE th;
    DWORD tid;
    LARGE_INTEGER t;
    NTSTATUS s;
    RTL_OSVERSIONINFOW vi;
    char *msg = NULL;
    wait_keyed = GET(KeyedOp, "NtWaitForKeyedEvent");
    release_keyed = GET(KeyedOp, "NtReleaseKeyedEvent");
    wait_alert = GET(WaitAlert, "NtWaitForAlertByThreadId");
    alert = GET(AlertThread, "NtAlertThreadByThreadId");
    wait_addr = GET(WaitAddr, "RtlWaitOnAddress");
    wake_addr = GET(WakeAddr, "RtlWakeAddressAll");
    printf("names %d%d%d%d%d%d%d\n", !!ck, !!wait_keyed, !!release_keyed, !!wait_alert, !!alert,
           !!wait_addr, !!wake_addr);
    if (!ck || !wait_alert || !wait_addr)
        return 1;
    s = ck(&keyed, GENERIC_READ | GENERIC_WRITE, NULL, 0);
    printf("create %lx\n", (unsigned long)s);
    t.QuadPart = -10000;
    printf("timeout %lx\n", (unsigned long)wait_keyed(keyed, &lock_word, FALSE, &t));
    printf("rel timeout %lx\n", (unsigned long)release_keyed(keyed, &lock_word, FALSE, &t));
    printf("odd %lx\n", (unsigned long)wait_keyed(keyed, (char *)&lock_word + 1, FALSE, &t));
    th = CreateThread(NULL, 0, peer, NULL, 0, &tid);
    printf("release %lx\n", (unsigned long)release_keyed(keyed, &lock_word, FALSE, NULL));
    printf("wait %lx\n", (unsigned long)wait_keyed(keyed, &lock_word + 1, FALSE, NULL));
    fflush(stdout);
    printf("alert %lx\n", (unsigned long)alert((HANDLE)(ULONG_PTR)tid));
    fflush(stdout);
    t.QuadPart = -200000;
    delay(FALSE, &t);
    word = 9;
    wake_addr((void *)&word);
    WaitForSingleObject(th, INFINITE);
    CloseHandle(th);
    printf("close %lx\n", (unsigned long)NtClose(keyed));
    printf("closed %lx\n", (unsigned long)wait_keyed(keyed, &lock_word, FALSE, &t));
    alert((HANDLE)(ULONG_PTR)GetCurrentThreadId());
    t.QuadPart = -10000;
    printf("self %lx", (unsigned long)wait_alert(NULL, &t));
    printf(" %lx\n", (unsigned long)wait_alert(NULL, &t));
    printf("none %lx\n", (unsigned long)alert(NULL));
    {
        LONG v = 1;
        word = 2;
        printf("ne %lx", (unsigned long)wait_addr(&word, &v, 4, NULL));
        v = 2;
        printf(" to %lx\n", (unsigned long)wait_addr(&word, &v, 4, &t));
        printf("size %lx\n", (unsigned long)wait_addr(&word, &v, 3, &t));
    }
    vi.dwOSVersionInfoSize = sizeof vi;
    printf("ver %d\n", ver(&vi) == STATUS_SUCCESS && vi.dwMajorVersion >= 10);
    {
        DWORD n = FormatMessageA(FORMAT_MESSAGE_ALLOCATE_BUFFER | FORMAT_MESSAGE_FROM_HMODULE |
                                     FORMAT_MESSAGE_IGNORE_INSERTS,
                                 nt, (DWORD)STATUS_CONFLICTING_ADDRESSES, 0, (LPSTR)&msg, 0, NULL);
        printf("text %d %s\n", n > 0, msg ? msg : "");
        LocalFree(msg);
        n = FormatMessageA(FORMAT_MESSAGE_FROM_HMODULE | FORMAT_MESSAGE_FROM_SYSTEM |
                               FORMAT_MESSAGE_IGNORE_INSERTS,
                           nt, (DWORD)STATUS_ACCESS_VIOLATION, 0,
                           (LPSTR)(msg = (char *)LocalAlloc(0, 400)), 400, NULL);
        printf("text %d %s\n", n > 0, msg);
        n = FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS, NULL,
                           ERROR_WORKING_SET_QUOTA, 0, msg, 400, NULL);
        printf("text %d %s\n", n > 0, n ? msg : "");
    }
    return 0;
}
