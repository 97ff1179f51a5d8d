/* The kit's functions as a program for Windows sees them. Built natively and for Windows; both
 * print the same lines (same.sh). Nothing is printed that a system may choose (addresses, numbers
 * of threads, times), nor where Wine 8 is not as documented: ReleaseSemaphore by 0, a wait for all
 * of twice the same, the NUL of a path that is cut off. */
#include "same.h"

#include <stdarg.h>

/* ---- heaps ---- */

static int all(const unsigned char *bytes, SIZE_T n, int value)
{
    while (n > 0)
        if (bytes[--n] != value)
            return 0;
    return 1;
}

static void heaps(void)
{
    HANDLE heap = HeapCreate(0, 0, 0), fixed = HeapCreate(0, 0x1000, 0x40000);
    unsigned char *p = (unsigned char *)HeapAlloc(heap, HEAP_ZERO_MEMORY, 1000);
    TELL(HeapSize(heap, 0, p));
    TELL(all(p, 1000, 0));
    memset(p, 1, 1000);
    p = (unsigned char *)HeapReAlloc(heap, HEAP_ZERO_MEMORY, p, 5000);
    TELL(HeapSize(heap, 0, p));
    TELL(all(p, 1000, 1) && all(p + 1000, 4000, 0));
    TELL(HeapReAlloc(heap, HEAP_REALLOC_IN_PLACE_ONLY, p, 100) == p);
    TELL(HeapSize(heap, 0, p));
    TELL(HeapValidate(heap, 0, p) && HeapValidate(heap, 0, NULL));
    TELL(HeapFree(heap, 0, p));
    TELL(HeapFree(heap, 0, NULL));
    TELL_ERROR(HeapAlloc(heap, 0, (SIZE_T)-1 / 2) == NULL);
    TELL(HeapAlloc(fixed, 0, 0x80000) == NULL);
    TELL(HeapAlloc(fixed, 0, 0x8000) != NULL);
    TELL(HeapDestroy(heap) && HeapDestroy(fixed));
    p = (unsigned char *)HeapAlloc(GetProcessHeap(), 0, 0);
    TELL(p != NULL && HeapSize(GetProcessHeap(), 0, p) == 0);
    TELL(HeapFree(GetProcessHeap(), 0, p));
}

static void local_memory(void)
{
    HLOCAL fixed = LocalAlloc(LPTR, 100), moveable = LocalAlloc(LHND, 200);
    HGLOBAL global = GlobalAlloc(GMEM_MOVEABLE, 64);
    char *p = (char *)LocalLock(moveable);
    TELL(LocalSize(fixed));
    TELL(LocalLock(fixed) == (LPVOID)fixed);
    TELL(LocalSize(moveable));
    TELL((LPVOID)p != (LPVOID)moveable && LocalHandle(p) == moveable);
    TELL(LocalFlags(moveable));
    TELL_ERROR(LocalUnlock(moveable));
    TELL_ERROR(LocalUnlock(moveable));
    TELL(LocalReAlloc(moveable, 4000, LMEM_ZEROINIT) == moveable);
    TELL(LocalSize(moveable));
    TELL(GlobalSize(global));
    TELL(GlobalLock(global) != NULL);
    TELL(GlobalLock(global) != NULL);
    TELL(GlobalFlags(global));
    TELL_ERROR(GlobalUnlock(global));
    TELL_ERROR(GlobalUnlock(global));
    TELL(GlobalFree(global) == NULL);
    TELL(LocalFree(moveable) == NULL && LocalFree(fixed) == NULL);
    TELL(LocalFree(NULL) == NULL);
}

/* ---- threads and objects ---- */

static DWORD WINAPI twice(LPVOID argument)
{
    return 2 * (DWORD)(ULONG_PTR)argument;
}

static DWORD WINAPI leaves(LPVOID argument)
{
    ExitThread((DWORD)(ULONG_PTR)argument);
    return 0;
}

static HANDLE mutex;

static DWORD WINAPI abandons(LPVOID argument)
{
    (void)argument;
    return WaitForSingleObject(mutex, INFINITE);
}

static DWORD end_of(HANDLE thread)
{
    DWORD code = 0;
    TELL(WaitForSingleObject(thread, 20000));
    TELL(GetExitCodeThread(thread, &code));
    CloseHandle(thread);
    return code;
}

static void threads(void)
{
    DWORD id = 0, code;
    HANDLE self = NULL, thread = CreateThread(NULL, 0, twice, (LPVOID)21, CREATE_SUSPENDED, &id);
    TELL(thread != NULL && id != 0 && id != GetCurrentThreadId());
    TELL(WaitForSingleObject(thread, 20));
    TELL(GetExitCodeThread(thread, &code));
    TELL(code);
    TELL(ResumeThread(thread));
    TELL(end_of(thread));
    TELL(end_of(CreateThread(NULL, 0x20000, leaves, (LPVOID)5, STACK_SIZE_PARAM_IS_A_RESERVATION,
                             NULL)));
    TELL((LONG_PTR)GetCurrentThread());
    TELL(DuplicateHandle(GetCurrentProcess(), GetCurrentThread(), GetCurrentProcess(), &self, 0,
                         FALSE, DUPLICATE_SAME_ACCESS));
    TELL(WaitForSingleObject(self, 0));
    TELL(GetThreadId(self) == GetCurrentThreadId());
    TELL(CloseHandle(self));
    TELL_ERROR(WaitForSingleObject(self, 0));
}

static void objects(void)
{
    LONG before = -1;
    HANDLE set = CreateEventA(NULL, TRUE, TRUE, NULL), once = CreateEventW(NULL, FALSE, TRUE, NULL);
    HANDLE semaphore = CreateSemaphoreA(NULL, 1, 2, NULL);
    HANDLE several[3] = {once, set, semaphore};
    mutex = CreateMutexA(NULL, FALSE, NULL);
    TELL(WaitForMultipleObjects(3, several, FALSE, 0));
    TELL(WaitForMultipleObjects(3, several, FALSE, 0));
    TELL(WaitForMultipleObjects(3, several, TRUE, 10));
    TELL(SetEvent(once));
    TELL(WaitForMultipleObjects(3, several, TRUE, 0));
    TELL(WaitForSingleObject(semaphore, 0));
    TELL(ReleaseSemaphore(semaphore, 1, &before));
    TELL(before);
    TELL_ERROR(ReleaseSemaphore(semaphore, 2, &before));
    TELL_ERROR(WaitForMultipleObjects(0, several, TRUE, 0));
    TELL(end_of(CreateThread(NULL, 0, abandons, NULL, 0, NULL)));
    TELL(WaitForSingleObject(mutex, 0));
    TELL(WaitForSingleObject(mutex, 0));
    TELL(ReleaseMutex(mutex) && ReleaseMutex(mutex));
    TELL_ERROR(ReleaseMutex(mutex));
    TELL_ERROR(SetEvent(mutex));
    TELL_ERROR(CreateSemaphoreA(NULL, 3, 2, NULL) == NULL);
    TELL(CloseHandle(set) && CloseHandle(once) && CloseHandle(semaphore) && CloseHandle(mutex));
}

/* ---- locks ---- */

static CRITICAL_SECTION section;
static SRWLOCK lock = SRWLOCK_INIT;
static CONDITION_VARIABLE changed = CONDITION_VARIABLE_INIT;
static INIT_ONCE init_once = INIT_ONCE_STATIC_INIT;
static LONG word;

static DWORD WINAPI tries_locks(LPVOID argument)
{
    DWORD got = 0;
    (void)argument;
    if (TryEnterCriticalSection(&section)) {
        LeaveCriticalSection(&section);
        got |= 1;
    }
    if (TryAcquireSRWLockShared(&lock)) {
        ReleaseSRWLockShared(&lock);
        got |= 2;
    }
    if (TryAcquireSRWLockExclusive(&lock)) {
        ReleaseSRWLockExclusive(&lock);
        got |= 4;
    }
    return got;
}

static DWORD WINAPI changes(LPVOID argument)
{
    (void)argument;
    EnterCriticalSection(&section);
    word = 1;
    LeaveCriticalSection(&section);
    WakeAllConditionVariable(&changed);
    return 0;
}

static DWORD WINAPI stores(LPVOID argument)
{
    Sleep(20);
    InterlockedExchange(&word, 2);
    WakeByAddressSingle(&word);
    (void)argument;
    return 0;
}

static BOOL CALLBACK initialise(PINIT_ONCE once, PVOID argument, PVOID *context)
{
    (void)once;
    *context = argument;
    return TRUE;
}

static void locks(void)
{
    HANDLE thread;
    BOOL pending = 9;
    PVOID context = NULL;
    LONG compare = 1;
    InitializeCriticalSection(&section);
    TELL(section.LockCount);
    EnterCriticalSection(&section);
    TELL(TryEnterCriticalSection(&section));
    TELL(section.RecursionCount);
    AcquireSRWLockShared(&lock);
    TELL(end_of(CreateThread(NULL, 0, tries_locks, NULL, 0, NULL)));
    LeaveCriticalSection(&section);
    ReleaseSRWLockShared(&lock);
    TELL_ERROR(SleepConditionVariableCS(&changed, &section, 5));
    thread = CreateThread(NULL, 0, changes, NULL, 0, NULL);
    while (word == 0)
        TELL(SleepConditionVariableCS(&changed, &section, 20000));
    LeaveCriticalSection(&section);
    end_of(thread);
    TELL(end_of(CreateThread(NULL, 0, tries_locks, NULL, 0, NULL)));
    TELL_ERROR(WaitOnAddress(&word, &compare, sizeof word, 5));
    thread = CreateThread(NULL, 0, stores, NULL, 0, NULL);
    TELL(WaitOnAddress(&word, &compare, sizeof word, 20000));
    end_of(thread);
    TELL_ERROR(WaitOnAddress(&word, &compare, 3, 0));
    TELL_ERROR(InitOnceBeginInitialize(&init_once, INIT_ONCE_CHECK_ONLY, &pending, NULL));
    TELL(InitOnceExecuteOnce(&init_once, initialise, (PVOID)0x40, &context));
    TELL((ULONG_PTR)context);
    TELL(InitOnceBeginInitialize(&init_once, 0, &pending, &context));
    TELL(pending);
    DeleteCriticalSection(&section);
}

/* ---- slots ---- */

static DWORD fls;
static LONG given;

static void WINAPI give(PVOID value)
{
    InterlockedExchangeAdd(&given, (LONG)(ULONG_PTR)value);
}

static DWORD WINAPI sets(LPVOID argument)
{
    FlsSetValue(fls, argument);
    return 0;
}

static void slots(void)
{
    DWORD tls = TlsAlloc();
    TELL_ERROR(TlsGetValue(tls) == NULL);
    TELL(TlsSetValue(tls, &tls));
    TELL(TlsGetValue(tls) == &tls);
    TELL(TlsFree(tls));
    TELL_ERROR(TlsFree(99999));
    fls = FlsAlloc(give);
    TELL(end_of(CreateThread(NULL, 0, sets, (LPVOID)3, 0, NULL)));
    TELL(given);
    TELL(FlsSetValue(fls, (PVOID)40));
    TELL(FlsFree(fls));
    TELL(given);
}

/* ---- the program ---- */

static void environment(void)
{
    char text[8];
    WCHAR wide[8];
    TELL(SetEnvironmentVariableA("WvmSame", "12345"));
    TELL(GetEnvironmentVariableA("WVMSAME", text, sizeof text));
    TELL(GetEnvironmentVariableA("WvmSame", text, 5));
    TELL(GetEnvironmentVariableA("WvmSame", text, 6));
    wide[0] = 'a';
    TELL(SetEnvironmentVariableA("WvmSame", ""));
    TELL_ERROR(GetEnvironmentVariableA("WvmSame", text, sizeof text));
    TELL(SetEnvironmentVariableA("WvmSame", NULL));
    TELL_ERROR(GetEnvironmentVariableA("WvmSame", text, sizeof text));
    TELL(GetModuleFileNameA(NULL, text, 4));
    TELL(GetModuleFileNameW(NULL, wide, 8));
    TELL(GetCommandLineA() == GetCommandLineA() && GetCommandLineW()[0] != 0);
    TELL(IsDebuggerPresent());
}

static const DWORD errors[] = {
    0,   1,   2,   3,   5,   6,   8,   12,  14,  24,  31,  32,  38,   50,   80,   87,   109,
    112, 122, 126, 127, 157, 158, 183, 193, 203, 234, 259, 267, 288,  298,  299,  487,  998,
    1006, 1314, 1450, 1455, 1460, 0x80070005,
};

/* Each has a text; which one is the system's. */
static void messages(void)
{
    char text[256];
    DWORD_PTR arguments[2] = {(DWORD_PTR)"word", 12};
    for (unsigned i = 0; i < sizeof errors / sizeof errors[0]; i++) {
        DWORD n = FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM | FORMAT_MESSAGE_IGNORE_INSERTS | 255,
                                 NULL, errors[i], 0x409, text, sizeof text, NULL);
        printf("message %u: %s\n", (unsigned)errors[i], n > 5 && text[n - 1] == ' ' ? "yes" : "no");
    }
    TELL(FormatMessageA(FORMAT_MESSAGE_FROM_STRING | FORMAT_MESSAGE_ARGUMENT_ARRAY,
                        "%2!u! is %1, %1!6s!%%%n%2!04x!", 0, 0, text, sizeof text,
                        (void *)arguments));
    printf("%s\n", text);
    TELL_ERROR(FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM, NULL, 5, 0, text, 10, NULL));
    TELL_ERROR(FormatMessageA(FORMAT_MESSAGE_FROM_SYSTEM, NULL, 0x6fffffff, 0, text, 99, NULL));
}

static void privileges(void)
{
    HANDLE token;
    LUID luid = {0, 0};
    TELL(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &token));
    TELL(LookupPrivilegeValueA(NULL, "SeLockMemoryPrivilege", &luid));
    TELL(luid.LowPart);
    TELL_ERROR(LookupPrivilegeValueA(NULL, "SeNothing", &luid));
    TELL_ERROR(AdjustTokenPrivileges(token, TRUE, NULL, 0, NULL, NULL));
    TELL(CloseHandle(token));
}

static void system_facts(void)
{
    LARGE_INTEGER second;
    BYTE node = 9;
    TELL(QueryPerformanceFrequency(&second));
    TELL(second.QuadPart);
    TELL(GetNumaProcessorNode(0, &node));
    TELL(IsProcessorFeaturePresent(PF_COMPARE_EXCHANGE_DOUBLE));
    TELL(IsProcessorFeaturePresent(PF_FLOATING_POINT_EMULATED));
}

/* ---- the thread's block ---- */

#ifdef _WIN64
#define AT(v64, v32) (v64)
#elif defined(__LP64__)
#define AT(v64, v32) (v64)
#else
#define AT(v64, v32) (v32)
#endif

static ULONG_PTR word_of(const void *block, int offset)
{
    return *(const volatile ULONG_PTR *)((const char *)block + offset);
}

static DWORD WINAPI block(LPVOID other)
{
    char here;
    MEMORY_BASIC_INFORMATION m;
    NT_TIB *tib = (NT_TIB *)NtCurrentTeb();
    DWORD *error = (DWORD *)((char *)tib + AT(0x68, 0x34));
    TELL(tib->Self == tib && (void *)tib != other);
    TELL(&here < (char *)tib->StackBase && &here >= (char *)tib->StackLimit);
    TELL(word_of(tib, AT(0x1478, 0xe0c)) <= (ULONG_PTR)tib->StackLimit);
    TELL(VirtualQuery(tib->StackLimit, &m, sizeof m) == sizeof m && m.State == MEM_COMMIT &&
         (char *)m.BaseAddress + m.RegionSize > &here);
    TELL(word_of(tib, AT(0x40, 0x20)) == GetCurrentProcessId());
    TELL(word_of(tib, AT(0x48, 0x24)) == GetCurrentThreadId());
    *error = 1234;
    TELL(GetLastError());
    SetLastError(4321);
    TELL(*error);
    TELL(word_of((void *)word_of(tib, AT(0x60, 0x30)), AT(0x30, 0x18)) ==
         (ULONG_PTR)GetProcessHeap());
    TELL(word_of((void *)word_of(tib, AT(0x60, 0x30)), AT(0x10, 0x8)) ==
         (ULONG_PTR)GetModuleHandleA(NULL));
#if defined(__x86_64__)
    TELL(__readgsqword(0x30) == (ULONG_PTR)tib && __readgsqword(8) == (ULONG_PTR)tib->StackBase);
    TELL(__readgsqword(0x60) == word_of(tib, 0x60));
    TELL(__readgsdword(0x68) == GetLastError());
#else
    TELL(__readfsdword(0x18) == (ULONG_PTR)tib && __readfsdword(4) == (ULONG_PTR)tib->StackBase);
    TELL(__readfsdword(0x30) == word_of(tib, 0x30));
    TELL(__readfsdword(0x34) == GetLastError());
#endif
    return 0;
}

static void blocks(void)
{
    DWORD slot = TlsAlloc();
    char *teb = (char *)NtCurrentTeb();
    block(NULL);
    TELL(TlsSetValue(slot, &slot));
    TELL(word_of(teb, AT(0x1480, 0xe10) + (int)(slot * sizeof(void *))) == (ULONG_PTR)&slot);
    HANDLE thread = CreateThread(NULL, 0, block, NtCurrentTeb(), 0, NULL);
    TELL(WaitForSingleObject(thread, INFINITE));
    CloseHandle(thread);
    TlsFree(slot);
}

int main(void)
{
    heaps();
    local_memory();
    threads();
    objects();
    locks();
    slots();
    blocks();
    environment();
    messages();
    privileges();
    system_facts();
    fflush(stdout);
    ExitProcess(7);
}
