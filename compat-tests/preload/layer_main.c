/* A program with its own platform layer (layer.h) that leaves the memory calls to winvm. One TAP
 * line a check. LAYER_INSIDE: the layer is part of the executable, so its names never reach
 * winvm. */
#include "layer.h"

#include <stdio.h>
#include <unistd.h>

static int n;

static void check(int good, const char *what)
{
    printf("%sok %d - %s\n", good ? "" : "not ", ++n, what);
}

static void errors(void)
{
    SetLastError(31);
    check(GetLastError() == 31, "the layer's SetLastError and GetLastError");
    int before = layer_errors_set;
    check(VirtualAlloc(NULL, 0, 0x2000, 4) == NULL && GetLastError() == 87,
          "a failure of winvm's is in the layer's last error");
    check(layer_errors_set == before + 1, "it was told once");
    char *p = VirtualAlloc(NULL, 0x1000, 0x3000, 4);
    check(p != NULL && GetLastError() == 87 && layer_errors_set == before + 1,
          "a success leaves it alone");
    check(VirtualFree(p, 0, 0x8000), "VirtualFree");
}

static void handles(void)
{
    check(GetCurrentProcess() == LAYER_SELF, "the layer's GetCurrentProcess");
    char *p = VirtualAllocEx(LAYER_SELF, NULL, 0x1000, 0x3000, 4);
    check(p != NULL, "winvm knows the layer's pseudo handle for this process");
    check(OpenProcess(0x1fffff, 1, 77) == LAYER_HANDLE,
          "the layer's OpenProcess, arguments intact");
    check(CloseHandle(LAYER_HANDLE) == 4242, "CloseHandle of a handle of the layer's");
#ifndef LAYER_INSIDE
    int value = 77, copy = 0;
    size_t done = 0;
    HANDLE own = OpenProcess(0x10 | 0x400, 0, (DWORD)getpid());
    check(own != NULL && own != LAYER_HANDLE, "OpenProcess for memory only is winvm's");
    check(ReadProcessMemory(own, &value, &copy, sizeof copy, &done) && copy == 77,
          "it reads memory");
    check(CloseHandle(own) == 1, "CloseHandle of winvm's handle");
    check(CloseHandle(own) == 0, "closed twice: the layer decides");
#endif
}

static void files(void)
{
    HANDLE kernel = GetModuleHandleA("kernel32");
    check(CreateFileA("C:\\layer", 1, 2, NULL, 3, 5, LAYER_OTHER) == LAYER_HANDLE,
          "the layer's CreateFile, arguments intact");
    check(CreateFileMappingA(LAYER_HANDLE, NULL, 4, 0, 0, NULL) == LAYER_MAPPING,
          "the layer's mapping of the layer's file");
    check(MapViewOfFile(LAYER_MAPPING, 4, 0, 0, 0) == LAYER_VIEW, "and a view of it");
    check(UnmapViewOfFile(LAYER_VIEW) == 4545, "which the layer unmaps");
    LAYER_CALL DWORD (*size)(HANDLE, DWORD *) = GetProcAddress(kernel, "GetFileSize");
    check(size != NULL && size(LAYER_HANDLE, NULL) == 4646,
          "a shared name that only the layer's module has");
#ifndef LAYER_INSIDE
    HANDLE mapping = CreateFileMappingA((HANDLE)(size_t)-1, NULL, 4, 0, 0x1000, NULL);
    check(mapping != NULL && mapping != LAYER_MAPPING, "a mapping of the page file is winvm's");
    char *view = MapViewOfFile(mapping, 2, 0, 0, 0);
    check(view != NULL && view != LAYER_VIEW, "its view");
    check(CloseHandle(mapping) == 1, "its handle");
    if (view != NULL)
        view[0] = 1;
    check(UnmapViewOfFile(view) == 1, "and its unmapping");
    check(UnmapViewOfFile(view) == 0, "unmapped twice: the layer decides");
#endif
}

static void modules(void)
{
    HANDLE kernel = GetModuleHandleA("kernel32");
    check(kernel == LAYER_KERNEL, "kernel32 is the layer's module");
    check(GetProcAddress(kernel, "CreateThread") == (void *)0x1111, "its own function");
    check(LoadLibraryA("mine") == LAYER_OTHER &&
              GetProcAddress(LAYER_OTHER, "Mine") == (void *)0x2222,
          "another module of the layer's");
    check(FreeLibrary(LAYER_OTHER) == 4343 && FreeLibrary(kernel) == 4343, "FreeLibrary");
    check(RtlNtStatusToDosError((int)0xE0001234) == 4444, "a status that only the layer knows");
#ifndef LAYER_INSIDE
    LAYER_CALL void *(*alloc)(void *, size_t, DWORD, DWORD) =
        GetProcAddress(kernel, "VirtualAlloc");
    check(alloc != NULL && alloc(NULL, 1, 0x2000, 4) != NULL,
          "winvm's function from the layer's module");
    HANDLE ntdll = GetModuleHandleA("ntdll");
    check(ntdll != NULL && GetProcAddress(ntdll, "NtAllocateVirtualMemory") != NULL,
          "a module that the layer has not is winvm's");
    check(GetProcAddress(ntdll, "Mine") == NULL && GetLastError() == 127, "and has nothing else");
    check(FreeLibrary(ntdll) == 1, "and can be freed");
    static const unsigned short wide[] = {'k', 'e', 'r', 'n', 'e', 'l', '3', '2', 0};
    check(GetModuleHandleW(wide) != NULL, "a function that the layer has not is winvm's");
    check(RtlNtStatusToDosError((int)0xC0000017) == 8, "a status that winvm knows");
#endif
}

int main(void)
{
    errors();
    handles();
    files();
    modules();
    return 0;
}
