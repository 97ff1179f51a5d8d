/* A module that the loader brings into memory: with a C run time of its own, made by the test as
 * plugin.dll, and without any, as bare.dll (BARE defined, the entry point DllMain itself). */
#include <windows.h>

#ifndef BARE
#include <stdlib.h>
#include <string.h>
#endif

#define EXPORT __declspec(dllexport)

static CRITICAL_SECTION lock;
static HANDLE heap;
static DWORD slot;
static int attached, callbacks, total;
static int *const pointer = &total; /* in read-only data, and relocated */
static const char *const words[] = {"nothing", "one", "two", "three"};

/* ---- TLS callbacks: the linker joins .CRT$XLA to .CRT$XLZ to their list ---- */

static void NTAPI on_thread(PVOID module, DWORD reason, PVOID reserved)
{
    (void)module, (void)reserved;
    if (reason == DLL_PROCESS_ATTACH && !attached)
        callbacks++;
}

#ifdef BARE
static PIMAGE_TLS_CALLBACK list[2] = {on_thread, NULL};
static ULONG tls_index;
/* What the linker makes the TLS directory of. */
const IMAGE_TLS_DIRECTORY64 _tls_used = {
    .AddressOfIndex = (ULONG_PTR)&tls_index,
    .AddressOfCallBacks = (ULONG_PTR)list,
};
#else
__attribute__((section(".CRT$XLM"), used)) static PIMAGE_TLS_CALLBACK listed = on_thread;
#endif

BOOL WINAPI DllMain(HINSTANCE module, DWORD reason, LPVOID reserved)
{
    (void)module, (void)reserved;
    if (reason == DLL_PROCESS_ATTACH) {
        InitializeCriticalSection(&lock);
        heap = HeapCreate(0, 0, 0);
        slot = TlsAlloc();
        attached = 1;
        return heap != NULL && slot != TLS_OUT_OF_INDEXES;
    }
    if (reason == DLL_PROCESS_DETACH) {
        TlsFree(slot);
        HeapDestroy(heap);
        DeleteCriticalSection(&lock);
    }
    return TRUE;
}

/* ---- exports ---- */

/* How often the TLS callback ran before DllMain; -1: DllMain did not run. */
EXPORT int callbacks_before_main(void)
{
    return attached ? callbacks : -1;
}

EXPORT int add(int value)
{
    int sum;

    EnterCriticalSection(&lock);
    *pointer += value;
    sum = total;
    LeaveCriticalSection(&lock);
    return sum;
}

/* Five arguments, one of them a double: the fifth is on the stack. */
EXPORT double weigh(int a, double b, int c, double d, int e)
{
    return a + 10 * b + 100 * c + 1000 * d + 10000 * e;
}

EXPORT const char *word(unsigned i)
{
    return words[i < 4 ? i : 0];
}

typedef int(WINAPI *visit_function)(void *context, int value);

/* Calls back 1 .. n, whose sum is returned; a visitor may stop it. */
EXPORT int visit(int n, visit_function visitor, void *context)
{
    int sum = 0;

    for (int i = 1; i <= n && visitor(context, i); i++)
        sum += i;
    return sum;
}

/* A thread's own number, kept in a slot. */
EXPORT int next_of_thread(void)
{
    ULONG_PTR n = (ULONG_PTR)TlsGetValue(slot) + 1;

    TlsSetValue(slot, (LPVOID)n);
    return (int)n;
}

/* A copy of the text in upper case, on a heap of the module's; release() takes it back. */
EXPORT char *shout(const char *text)
{
    SIZE_T n = 0;
    char *out;

    while (text[n] != '\0')
        n++;
    out = (char *)HeapAlloc(heap, HEAP_ZERO_MEMORY, n + 1);
    for (SIZE_T i = 0; out != NULL && i < n; i++)
        out[i] = text[i] >= 'a' && text[i] <= 'z' ? (char)(text[i] - 'a' + 'A') : text[i];
    return out;
}

EXPORT BOOL release(char *text)
{
    return HeapFree(heap, 0, text);
}

/* The last error that a failed call left, as the module sees it and as the program does. */
EXPORT DWORD fail(void)
{
    VirtualFree((void *)12345, 0, MEM_RELEASE);
    return GetLastError();
}

/* Exported by number only. */
int page_state(void)
{
    BYTE *p = (BYTE *)VirtualAlloc(NULL, 4096, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    MEMORY_BASIC_INFORMATION m;
    int right = p != NULL && VirtualQuery(p, &m, sizeof(m)) == sizeof(m) &&
                m.State == MEM_COMMIT && *p == 0;

    return right && VirtualFree(p, 0, MEM_RELEASE);
}

#ifndef BARE
/* Words joined on the C run time's heap. */
EXPORT char *join(int n)
{
    char *all = malloc(1);

    if (all != NULL)
        *all = '\0';
    for (int i = 0; i < n && all != NULL; i++) {
        size_t had = strlen(all), more = strlen(words[i % 4]) + 1;
        char *grown = realloc(all, had + 1 + more);

        if (grown == NULL)
            break;
        all = grown;
        if (had > 0)
            all[had++] = ' ';
        memcpy(all + had, words[i % 4], more);
    }
    return all;
}

EXPORT void free_joined(char *text)
{
    free(text);
}
#endif
