/* The threads and dirty pages of a collector. */
#define STRICT
#define WIN32_LEAN_AND_MEAN
#include <windows.h>
#include <winbase.h>
#include <process.h>
#include <setjmp.h>
#include <stdlib.h>

typedef UINT(WINAPI *GetWriteWatch_type)(DWORD, PVOID, SIZE_T, PVOID *, ULONG_PTR *, PULONG);
typedef struct thread_rep {
    DWORD id;
    HANDLE handle;
    void *stack_base;
    BOOL suspended;
    struct thread_rep *next;
} *thread_t;

static thread_t threads;
static CRITICAL_SECTION allocate_ml;
static GetWriteWatch_type GetWriteWatch_func;
static DWORD tls_index = TLS_OUT_OF_INDEXES;
static DWORD alloc_type_flags;

static void detect_watch(void)
{
    HMODULE hK32 = GetModuleHandle(TEXT("kernel32.dll"));
    if (hK32 != NULL &&
        (GetWriteWatch_func = (GetWriteWatch_type)(void (*)(void))GetProcAddress(
             hK32, "GetWriteWatch")) != NULL) {
        void *page = VirtualAlloc(NULL, 4096, MEM_WRITE_WATCH | MEM_RESERVE, PAGE_READWRITE);
        if (page != NULL) {
            PVOID pages[16];
            ULONG_PTR count = sizeof(pages) / sizeof(pages[0]);
            DWORD page_size;
            if (GetWriteWatch_func(WRITE_WATCH_FLAG_RESET, page, 4096, pages, &count,
                                   &page_size) == 0)
                alloc_type_flags = MEM_WRITE_WATCH;
            VirtualFree(page, 0, MEM_RELEASE);
        }
    }
}

static char *last_address(void *start)
{
    MEMORY_BASIC_INFORMATION info;
    if (VirtualQuery(start, &info, sizeof(info)) != sizeof(info)) abort();
    return (char *)info.BaseAddress + info.RegionSize;
}

void stop_world(void (*push)(void *, void *))
{
    thread_t t;
    EnterCriticalSection(&allocate_ml);
    for (t = threads; t; t = t->next) {
        CONTEXT context;
        DWORD exitCode;
        if (t->id == GetCurrentThreadId()) continue;
        if (GetExitCodeThread(t->handle, &exitCode) && exitCode != STILL_ACTIVE) continue;
        if (SuspendThread(t->handle) == (DWORD)-1) continue;
        t->suspended = TRUE;
        context.ContextFlags = CONTEXT_INTEGER | CONTEXT_CONTROL;
        if (!GetThreadContext(t->handle, &context)) abort();
#ifdef _WIN64
        push((void *)context.Rsp, t->stack_base);
#else
        push((void *)context.Esp, t->stack_base);
#endif
    }
    LeaveCriticalSection(&allocate_ml);
}

static unsigned __stdcall start(LPVOID arg)
{
    thread_t me = (thread_t)arg;
    NT_TIB *tib = (NT_TIB *)NtCurrentTeb();
    me->stack_base = tib->StackBase ? tib->StackBase : last_address(&me);
    if (!DuplicateHandle(GetCurrentProcess(), GetCurrentThread(), GetCurrentProcess(), &me->handle,
                         0, FALSE, DUPLICATE_SAME_ACCESS))
        return (unsigned)GetLastError();
    TlsSetValue(tls_index, me);
    return 0;
}

HANDLE create(thread_t me, unsigned *id)
{
    static LONG once;
    if (InterlockedExchange(&once, 1) == 0) {
        InitializeCriticalSectionAndSpinCount(&allocate_ml, 4000);
        tls_index = TlsAlloc();
        detect_watch();
    }
    return (HANDLE)_beginthreadex(NULL, 0, start, me, STACK_SIZE_PARAM_IS_A_RESERVATION, id);
}
