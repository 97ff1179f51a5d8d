/* A program with functions of its own that the kit has too, which uses others of the kit. Prints
 * what it finds; link.sh compares. */
#include <winvm/kit.h>
#include <winvm/winvm.h>

#include <stdio.h>

static int n_own;

#ifdef OWN_NAMES
LPVOID HeapAlloc(HANDLE heap, DWORD flags, SIZE_T size)
{
    (void)heap;
    (void)flags;
    (void)size;
    n_own++;
    return &n_own;
}

VOID EnterCriticalSection(LPCRITICAL_SECTION section)
{
    (void)section;
    n_own++;
}

DWORD GetCurrentThreadId(VOID)
{
    n_own++;
    return 4711;
}
#endif

int main(void)
{
    CRITICAL_SECTION section;
    HLOCAL memory;
    HANDLE heap = HeapCreate(0, 0, 0);
    LPVOID block = HeapAlloc(heap, 0, 8);
    printf("HeapAlloc: %s\n", block == &n_own ? "own" : "kit");
    memory = LocalAlloc(LPTR, 8); /* of the kit, which does not call the program's HeapAlloc */
    printf("LocalAlloc: %s\n", (LPVOID)memory == (LPVOID)&n_own ? "own" : "kit");
    printf("LocalSize: %u\n", (unsigned)LocalSize(memory));
    InitializeCriticalSection(&section);
    EnterCriticalSection(&section);
    printf("EnterCriticalSection: %s\n", section.RecursionCount == 0 ? "own" : "kit");
    printf("TryEnterCriticalSection: %d\n", TryEnterCriticalSection(&section));
    printf("GetCurrentThreadId: %s\n", GetCurrentThreadId() == 4711 ? "own" : "kit");
    printf("own calls: %d\n", n_own);
    LocalFree(memory);
    return HeapDestroy(heap) ? 0 : 1;
}
