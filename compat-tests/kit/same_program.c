/* Names about modules, the process and its objects, as a program for Windows sees them. Built
 * natively and for Windows; both print the same lines (same.sh). Nothing is printed that a system
 * may choose. */
#include "same.h"

#define PINNED GET_MODULE_HANDLE_EX_FLAG_PIN
#define SAME_COUNT GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT
#define FROM_ADDRESS GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS

static void modules(void)
{
    static int here;
    HMODULE kernel = GetModuleHandleA("kernel32"), m = NULL;
    TELL(GetModuleHandleExA(0, "kernel32.dll", &m) && m == kernel);
    TELL(GetModuleHandleExW(SAME_COUNT, WIDE("KERNEL32"), &m) && m == kernel);
    TELL(GetModuleHandleExA(0, NULL, &m) && m == GetModuleHandleA(NULL));
    TELL(GetModuleHandleExA(FROM_ADDRESS | SAME_COUNT, (LPCSTR)&here, &m));
    TELL(m == GetModuleHandleA(NULL));
    TELL_ERROR(GetModuleHandleExA(FROM_ADDRESS, (LPCSTR)16, &m));
    TELL(m == NULL);
    TELL_ERROR(GetModuleHandleExA(PINNED | SAME_COUNT, "kernel32", &m));
    TELL_ERROR(GetModuleHandleExA(0, "nothing-here", &m));
    TELL(LoadLibraryExA("kernel32.dll", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32) == kernel);
    TELL(LoadLibraryExW(WIDE("kernel32"), NULL, 0) == kernel);
    TELL_ERROR(LoadLibraryExA("nothing-here.dll", NULL, 0) != NULL);
    TELL(DisableThreadLibraryCalls(kernel));
    TELL_ERROR(DisableThreadLibraryCalls((HMODULE)16));
}

static DWORD WINAPI leave(LPVOID module)
{
    FreeLibraryAndExitThread((HMODULE)module, 33);
    return 0;
}

static void leaving(void)
{
    DWORD code = 0;
    HANDLE t = CreateThread(NULL, 0, leave, (LPVOID)GetModuleHandleA("ntdll"), 0, NULL);
    TELL(WaitForSingleObject(t, INFINITE));
    TELL(GetExitCodeThread(t, &code) ? (int)code : -1);
    CloseHandle(t);
}

static void small_calls(void)
{
    TELL(DecodePointer(EncodePointer((PVOID)&small_calls)) == (PVOID)&small_calls);
    TELL(EncodePointer(NULL) != NULL);
    TELL(DecodeSystemPointer(EncodeSystemPointer(NULL)) == NULL);
    TELL(RtlCompareMemory("abcdefghijkl", "abcdefghijKl", 12));
    FlushProcessWriteBuffers();
}

static void token(void)
{
    HANDLE t = NULL;
    DWORD size = 0, value;
    LUID luid, none = {5000, 0};
    char name[64];
    TELL(OpenProcessToken(GetCurrentProcess(), TOKEN_QUERY, &t));
    TELL_ERROR(GetTokenInformation(t, TokenPrivileges, NULL, 0, &size));
    TELL(size > 4 && (size - 4) % sizeof(LUID_AND_ATTRIBUTES) == 0);
    TELL(GetTokenInformation(t, TokenElevation, &value, sizeof value, &size));
    TELL(size);
    TELL(GetTokenInformation(t, TokenType, &value, sizeof value, &size) && value == TokenPrimary);
    TELL(LookupPrivilegeValueA(NULL, "SeLockMemoryPrivilege", &luid));
    size = sizeof name;
    TELL(LookupPrivilegeNameA(NULL, &luid, name, &size));
    TELL(size);
    puts(name);
    size = sizeof name;
    TELL_ERROR(LookupPrivilegeNameA(NULL, &none, name, &size));
    CloseHandle(t);
}

static void objects(void)
{
    HANDLE a = CreateEventA(NULL, TRUE, FALSE, "winvm one"), b, m;
    TELL_ERROR((b = CreateEventW(NULL, FALSE, TRUE, WIDE("winvm one"))) != NULL);
    TELL(WaitForSingleObject(b, 0));
    TELL(SetEvent(a));
    TELL(WaitForSingleObject(b, 0));
    TELL(PulseEvent(b));
    TELL(WaitForSingleObject(a, 0));
    TELL_ERROR((m = CreateMutexExA(NULL, "winvm two", CREATE_MUTEX_INITIAL_OWNER,
                                   MUTEX_ALL_ACCESS)) != NULL);
    TELL_ERROR(CreateSemaphoreA(NULL, 0, 1, "winvm two") != NULL);
    TELL_ERROR(OpenEventA(SYNCHRONIZE, FALSE, "winvm two") != NULL);
    TELL_ERROR(OpenEventA(SYNCHRONIZE, FALSE, "winvm three") != NULL);
    TELL_ERROR(OpenMutexW(SYNCHRONIZE, FALSE, NULL) != NULL);
    TELL_ERROR(CreateMutexA(NULL, FALSE, "not\\there") != NULL);
    TELL(ReleaseMutex(m));
    CloseHandle(m);
    TELL_ERROR(OpenMutexA(SYNCHRONIZE, FALSE, "winvm two") != NULL);
    CloseHandle(a);
    CloseHandle(b);
}

int main(void)
{
    modules();
    leaving();
    small_calls();
    token();
    objects();
    fflush(stdout);
    ExitProcess(7);
}
