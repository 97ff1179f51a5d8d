/* A Windows program as it stands: C and C++, only the Windows headers. It uses words of each; that
 * it compiles is the test. The symbols it wants are compared by windows_h.sh. */
#define WIN32_LEAN_AND_MEAN
#define NOMINMAX
#include <windows.h>
#include <psapi.h>
#include <stdio.h>
#include <tchar.h>

#if defined(min) || defined(max)
#error "windows.h must not define min and max"
#endif

typedef BOOL(WINAPI *protect_function)(LPVOID, SIZE_T, DWORD, PDWORD);

static DWORD CALLBACK worker(LPVOID argument)
{
    UNREFERENCED_PARAMETER(argument);
    return ERROR_SUCCESS;
}

static int walk(HANDLE process)
{
    MEMORY_BASIC_INFORMATION mbi;
    LPBYTE at = NULL;
    int n = 0;
    while (VirtualQueryEx(process, at, &mbi, sizeof(mbi)) == sizeof(mbi)) {
        if (mbi.State == MEM_COMMIT && !(mbi.Protect & (PAGE_NOACCESS | PAGE_GUARD)))
            n++;
        at = (LPBYTE)mbi.BaseAddress + mbi.RegionSize;
    }
    return n;
}

int main(int argc, char **argv)
{
    SYSTEM_INFO si;
    DWORD old;
    LARGE_INTEGER size;
    HMODULE kernel = GetModuleHandle(TEXT("kernel32.dll"));
    protect_function protect = (protect_function)(void *)GetProcAddress(kernel, "VirtualProtect");
    LPVOID memory;

    GetSystemInfo(&si);
    size.QuadPart = si.dwAllocationGranularity;
    memory = VirtualAlloc(NULL, (SIZE_T)size.LowPart, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    if (!memory) {
        printf("%s: error %u\n", argc > 0 ? argv[0] : "", (unsigned)GetLastError());
        return 1;
    }
    FillMemory(memory, si.dwPageSize, 0xcc);
    ZeroMemory(memory, si.dwPageSize);
    if (SecureZeroMemory(memory, 1) != memory)
        return 3;
    if (!protect(memory, si.dwPageSize, PAGE_READONLY, &old) || LOWORD(old) != PAGE_READWRITE)
        return 2;
    _tprintf(_T("%d regions\n"), walk(GetCurrentProcess()));
    return !VirtualFree(memory, 0, MEM_RELEASE) || worker(NULL) != NO_ERROR;
}
