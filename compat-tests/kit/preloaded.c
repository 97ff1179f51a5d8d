/* A program for Windows that leaves every name to the preload object: those that it calls, and
 * those that it looks up. For either convention, with Wine's headers (windows.h) or winvm's. One
 * TAP line a check. */
#ifdef PRELOADED_WINVM
#include <winvm/kit.h>
#include <winvm/winvm.h>
#else
#include <windows.h>
#endif
#include <stdio.h>
#include <string.h>

static int n;

static void check(int good, const char *what)
{
    printf("%sok %d - %s\n", good ? "" : "not ", ++n, what);
}

static void heaps(void)
{
    HANDLE heap = HeapCreate(0, 0, 0);
    char *p = HeapAlloc(heap, HEAP_ZERO_MEMORY, 100);
    check(p != NULL && p[99] == 0 && HeapSize(heap, 0, p) == 100, "HeapAlloc, HeapSize");
    p = HeapReAlloc(heap, 0, p, 5000);
    check(p != NULL && HeapValidate(heap, 0, p), "HeapReAlloc, HeapValidate");
    check(HeapFree(heap, 0, p) && HeapDestroy(heap), "HeapFree, HeapDestroy");
    check(TlsGetValue(5000) == NULL && GetLastError() == ERROR_INVALID_PARAMETER,
          "a failure sets the last error");
    HLOCAL local = LocalAlloc(LMEM_ZEROINIT, 20);
    check(local != NULL && LocalSize(local) == 20 && LocalFree(local) == NULL, "LocalAlloc");
    HGLOBAL global = GlobalAlloc(GMEM_MOVEABLE, 20);
    check(GlobalLock(global) != NULL, "GlobalLock");
    GlobalUnlock(global);
    check(GlobalFree(global) == NULL, "GlobalFree");
}

struct shared {
    HANDLE event, mutex, semaphore;
    CRITICAL_SECTION lock;
    DWORD slot;
    LONG fls_ended;
};
static struct shared all;

static VOID WINAPI fls_end(PVOID value)
{
    all.fls_ended += *(LONG *)value;
}

static DWORD WINAPI worker(LPVOID arg)
{
    static LONG three = 3;
    FlsSetValue(*(DWORD *)arg, &three);
    TlsSetValue(all.slot, (LPVOID)7);
    EnterCriticalSection(&all.lock);
    LeaveCriticalSection(&all.lock);
    WaitForSingleObject(all.event, INFINITE);
    ReleaseSemaphore(all.semaphore, 2, NULL);
    return 40 + (DWORD)(ULONG_PTR)TlsGetValue(all.slot) - 5;
}

static void threads(void)
{
    DWORD fls = FlsAlloc(fls_end), code = 0, id = 0;
    all.event = CreateEventA(NULL, TRUE, FALSE, NULL);
    all.mutex = CreateMutexA(NULL, TRUE, NULL);
    all.semaphore = CreateSemaphoreA(NULL, 0, 5, NULL);
    all.slot = TlsAlloc();
    InitializeCriticalSection(&all.lock);
    check(all.event && all.mutex && all.semaphore, "objects");
    HANDLE thread = CreateThread(NULL, 0, worker, &fls, 0, &id);
    check(thread != NULL && GetThreadId(thread) == id, "CreateThread");
    check(WaitForSingleObject(thread, 1) == WAIT_TIMEOUT, "it waits");
    SetEvent(all.event);
    HANDLE both[2];
    both[0] = thread, both[1] = all.semaphore;
    check(WaitForMultipleObjects(2, both, TRUE, INFINITE) == WAIT_OBJECT_0, "wait for both");
    check(GetExitCodeThread(thread, &code) && code == 42, "GetExitCodeThread");
    check(all.fls_ended == 3 && TlsGetValue(all.slot) == NULL, "slots of the thread");
    check(ReleaseMutex(all.mutex) && !ReleaseMutex(all.mutex), "ReleaseMutex");
    CloseHandle(thread), CloseHandle(all.event), CloseHandle(all.mutex);
    CloseHandle(all.semaphore);
    check(WaitForSingleObject(thread, 0) == WAIT_FAILED &&
              GetLastError() == ERROR_INVALID_HANDLE, "a wait for a closed handle");
    DeleteCriticalSection(&all.lock), TlsFree(all.slot), FlsFree(fls);
}

static BOOL WINAPI once(PINIT_ONCE o, PVOID parameter, PVOID *context)
{
    (void)o, (void)context;
    *(int *)parameter += 1;
    return TRUE;
}

static void locks(void)
{
    SRWLOCK lock = SRWLOCK_INIT;
    INIT_ONCE o = INIT_ONCE_STATIC_INIT;
    CONDITION_VARIABLE condition = CONDITION_VARIABLE_INIT;
    int times = 0;
    AcquireSRWLockExclusive(&lock);
    check(!TryAcquireSRWLockShared(&lock), "an SRW lock");
    check(!SleepConditionVariableSRW(&condition, &lock, 1, 0) && GetLastError() == ERROR_TIMEOUT,
          "a condition variable");
    WakeAllConditionVariable(&condition);
    ReleaseSRWLockExclusive(&lock);
    InitOnceExecuteOnce(&o, once, &times, NULL);
    InitOnceExecuteOnce(&o, once, &times, NULL);
    check(times == 1, "InitOnceExecuteOnce");
}

static void system_facts(void)
{
    LARGE_INTEGER a, b;
    char text[512];
    ULONGLONG tick = GetTickCount64();
    QueryPerformanceCounter(&a);
    Sleep(2);
    SwitchToThread();
    QueryPerformanceCounter(&b);
    check(b.QuadPart > a.QuadPart && GetTickCount64() >= tick + 1, "time passes");
    check(SetEnvironmentVariableA("KIT_PRELOADED", "yes") &&
              GetEnvironmentVariableA("KIT_PRELOADED", text, sizeof text) == 3, "environment");
    check(strstr(GetCommandLineA(), "program") != NULL, "GetCommandLineA");
    check(GetModuleFileNameA(NULL, text, sizeof text) > 0, "GetModuleFileNameA");
    check(FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM, NULL, ERROR_INVALID_HANDLE, 0, text,
                         sizeof text, NULL) > 0, "FormatMessageA");
    check(GetCurrentThreadId() != 0 && !IsDebuggerPresent(), "GetCurrentThreadId");
}

typedef VOID(WINAPI *sleep_fn)(DWORD);
typedef BOOL(WINAPI *set_fn)(LPCSTR, LPCSTR);

static FARPROC find(const char *module, const char *name)
{
    return GetProcAddress(GetModuleHandleA(module), name);
}

static void by_name(void)
{
    char text[20];
    HMODULE kernel = GetModuleHandleA("KERNEL32.DLL");
    sleep_fn sleep_of = (sleep_fn)(void *)GetProcAddress(kernel, "Sleep");
    set_fn set = (set_fn)(void *)GetProcAddress(kernel, "SetEnvironmentVariableA");
    check(sleep_of != NULL && set != NULL, "GetProcAddress");
    check((void *)sleep_of == (void *)Sleep, "the same function as the symbol");
    sleep_of(1);
    set("KIT_BY_NAME", "found");
    check(GetEnvironmentVariableA("KIT_BY_NAME", text, sizeof text) == 5, "called by name");
    check(find("kernelbase", "HeapAlloc") == find("kernel32.dll", "HeapAlloc"), "kernelbase");
    check(find("api-ms-win-core-synch-l1-2-0.dll", "WaitOnAddress") != NULL &&
              find("kernel32", "WaitOnAddress") == NULL, "WaitOnAddress is in its set");
    check(find("advapi32", "OpenProcessToken") != NULL &&
              find("kernel32", "OpenProcessToken") == NULL, "advapi32");
    check(find("user32", "MessageBoxA") != NULL, "user32");
    check(LoadLibraryA("advapi32.dll") != NULL && FreeLibrary(LoadLibraryA("user32.dll")) &&
              GetModuleHandleA("user32") != NULL, "LoadLibraryA");
    check(GetProcAddress(kernel, "NoSuchFunction") == NULL &&
              GetLastError() == ERROR_PROC_NOT_FOUND, "a name that nobody has");
    check(GetModuleHandleA("gdi32") == NULL && GetLastError() == ERROR_MOD_NOT_FOUND,
          "a module that nobody has");
}

int main(void)
{
    heaps();
    threads();
    locks();
    system_facts();
    by_name();
    return 0;
}
