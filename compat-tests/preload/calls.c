/* A program in Windows' words, for either convention: Wine's headers (windows.h) or winvm's
 * (CALLS_WINVM). Prints what went wrong; exit status 42 when all went right. */
#ifdef CALLS_WINVM
#include <winvm/winvm.h>
#else
#include <windows.h>
#endif
#include <stdio.h>

#define CHECK(e)                                                                                   \
    do {                                                                                           \
        if (!(e)) {                                                                                \
            printf("wrong: %s, last error %u\n", #e, (unsigned)GetLastError());                    \
            return 1;                                                                              \
        }                                                                                          \
    } while (0)

typedef LPVOID(WINAPI *alloc_fn)(LPVOID, SIZE_T, DWORD, DWORD);
typedef BOOL(WINAPI *free_fn)(LPVOID, SIZE_T, DWORD);
typedef DWORD(WINAPI *error_fn)(void);

static int by_name(void)
{
    static const WCHAR wide[] = {'N', 't', 'D', 'l', 'l', 0};
    HMODULE kernel = GetModuleHandleA("C:\\Windows\\System32\\KERNEL32.dll");
    HMODULE base = LoadLibraryA("api-ms-win-core-memory-l1-1-3.dll");
    CHECK(kernel != NULL && base != NULL && base != kernel);
    CHECK(GetModuleHandleW(wide) != NULL && GetModuleHandleA("kernelbase.") == base);
    alloc_fn alloc = (alloc_fn)GetProcAddress(kernel, "VirtualAlloc");
    free_fn release = (free_fn)GetProcAddress(kernel, "VirtualFree");
    error_fn error = (error_fn)GetProcAddress(kernel, "GetLastError");
    CHECK(alloc != NULL && release != NULL && error != NULL);
    char *p = alloc(NULL, 0x3000, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    CHECK(p != NULL);
    p[0x2fff] = 7;
    CHECK(alloc(p, 0x1000, MEM_RESERVE, PAGE_READWRITE) == NULL &&
          error() == ERROR_INVALID_ADDRESS);
    CHECK(release(p, 0, MEM_RELEASE));
    CHECK(GetProcAddress(GetModuleHandleW(wide), "NtAllocateVirtualMemory") != NULL);
    CHECK(GetProcAddress(GetModuleHandleW(wide), "ZwClose") != NULL);
    CHECK(GetProcAddress(kernel, "NtAllocateVirtualMemory") == NULL &&
          GetLastError() == ERROR_PROC_NOT_FOUND);
    CHECK(GetProcAddress(kernel, "NoSuchFunction") == NULL &&
          GetLastError() == ERROR_PROC_NOT_FOUND);
    CHECK(GetProcAddress(kernel, (LPCSTR)7) == NULL);
    CHECK(GetModuleHandleA("nosuch.dll") == NULL && GetLastError() == ERROR_MOD_NOT_FOUND);
    CHECK(GetModuleHandleA(NULL) != NULL && GetModuleHandleA(NULL) != kernel);
    CHECK(FreeLibrary(base));
    return 0;
}

int main(int argc, char **argv)
{
    MEMORY_BASIC_INFORMATION info;
    DWORD old = 0;
    (void)argv;
    if (argc > 3)
        return 99;
    char *p = VirtualAlloc(NULL, 0x20000, MEM_RESERVE, PAGE_READWRITE);
    CHECK(p != NULL && ((ULONG_PTR)p & 0xffff) == 0);
    CHECK(VirtualAlloc(p + 0x1000, 0x1000, MEM_COMMIT, PAGE_READWRITE) == p + 0x1000);
    p[0x1fff] = 1;
    CHECK(VirtualProtect(p + 0x1000, 0x1000, PAGE_READONLY, &old) && old == PAGE_READWRITE);
    CHECK(VirtualQuery(p + 0x1000, &info, sizeof info) == sizeof info);
    CHECK(info.State == MEM_COMMIT && info.Protect == PAGE_READONLY && info.RegionSize == 0x1000);
    SetLastError(1234);
    CHECK(GetLastError() == 1234);
    CHECK(!VirtualFree(p, 1, MEM_RELEASE) && GetLastError() == ERROR_INVALID_PARAMETER);
    CHECK(VirtualFree(p, 0, MEM_RELEASE));
    if (by_name() != 0)
        return 1;
    puts("all right");
    return 42;
}
