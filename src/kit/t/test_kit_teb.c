/* NtCurrentTeb: the block of each thread, what is live in it, and the words that read it. */
#include <dlfcn.h>
#include <pthread.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/annotate.h"
#include "base/t/unit.h"

#define AT(type, member, v64, v32) \
    ck_assert_uint_eq(offsetof(type, member), sizeof(void *) == 8 ? (v64) : (v32))

START_TEST(members_stand_where_windows_has_them)
{
    AT(TEB, StackBase, 0x8, 0x4);
    AT(TEB, StackLimit, 0x10, 0x8);
    AT(TEB, Self, 0x30, 0x18);
    AT(TEB, ClientId, 0x40, 0x20);
    AT(TEB, ThreadLocalStoragePointer, 0x58, 0x2c);
    AT(TEB, ProcessEnvironmentBlock, 0x60, 0x30);
    AT(TEB, LastErrorValue, 0x68, 0x34);
    AT(TEB, DeallocationStack, 0x1478, 0xe0c);
    AT(TEB, TlsSlots, 0x1480, 0xe10);
    AT(TEB, TlsExpansionSlots, 0x1780, 0xf94);
    ck_assert_uint_eq(sizeof(TEB), sizeof(void *) == 8 ? 0x1838 : 0x1000);
    AT(PEB, BeingDebugged, 2, 2);
    AT(PEB, ImageBaseAddress, 0x10, 0x8);
    AT(PEB, ProcessParameters, 0x20, 0x10);
    AT(PEB, ProcessHeap, 0x30, 0x18);
    AT(PEB, NumberOfProcessors, 0xb8, 0x64);
    AT(PEB, OSMajorVersion, 0x118, 0xa4);
    AT(PEB, SessionId, 0x2c0, 0x1d4);
}
END_TEST

/* The number of the first relation of a block that does not hold; 0: all do. */
static int wrong(void)
{
    MEMORY_BASIC_INFORMATION m;
    ULONG_PTR low, high;
    char here;
    PTEB teb = NtCurrentTeb();
    NT_TIB *tib = (NT_TIB *)teb;
    if (tib->Self != tib || teb != NtCurrentTeb())
        return 1;
    if (&here >= (char *)tib->StackBase || &here < (char *)tib->StackLimit)
        return 2;
    if (tib->StackLimit < teb->DeallocationStack)
        return 3;
    GetCurrentThreadStackLimits(&low, &high);
    if ((ULONG_PTR)teb->DeallocationStack != low || (ULONG_PTR)tib->StackBase != high)
        return 4;
    if (VirtualQuery(tib->StackLimit, &m, sizeof m) != sizeof m || m.State != MEM_COMMIT)
        return 5;
    if (m.Protect & PAGE_GUARD || (char *)m.BaseAddress + m.RegionSize <= &here)
        return 6;
    if ((DWORD)(ULONG_PTR)teb->ClientId.UniqueThread != GetCurrentThreadId() ||
        (DWORD)(ULONG_PTR)teb->ClientId.UniqueProcess != GetCurrentProcessId())
        return 7;
    return 0;
}

/* The whole of the stack is seen from the block: also what the first thread was started with. */
START_TEST(the_first_stack_ends_where_its_mapping_does)
{
    MEMORY_BASIC_INFORMATION m;
    NT_TIB *tib = (NT_TIB *)NtCurrentTeb();
    char *from = tib->StackLimit;
    ck_assert_uint_eq(VirtualQuery(from, &m, sizeof m), sizeof m);
    ck_assert_ptr_eq((char *)m.BaseAddress + m.RegionSize, tib->StackBase);
    ck_assert((char *)environ[0] >= from && (char *)environ[0] < (char *)tib->StackBase);
    ck_assert_uint_eq(VirtualQuery(environ[0], &m, sizeof m), sizeof m);
    ck_assert_ptr_eq((char *)m.BaseAddress + m.RegionSize, tib->StackBase);
}
END_TEST

static void *host_thread(void *argument)
{
    *(int *)argument = wrong();
    return NULL;
}

static DWORD WINAPI kit_thread(LPVOID argument)
{
    *(PTEB *)argument = NtCurrentTeb();
    return (DWORD)wrong();
}

START_TEST(each_thread_has_its_own)
{
    pthread_t host;
    int told = -1;
    DWORD code = 99;
    PTEB other = NULL;
    ck_assert_int_eq(wrong(), 0);
    ck_assert_int_eq(pthread_create(&host, NULL, host_thread, &told), 0);
    pthread_join(host, NULL);
    ck_assert_int_eq(told, 0);
    HANDLE thread = CreateThread(NULL, 0, kit_thread, &other, 0, NULL);
    ck_assert_uint_eq(WaitForSingleObject(thread, INFINITE), WAIT_OBJECT_0);
    ck_assert(GetExitCodeThread(thread, &code));
    ck_assert_uint_eq(code, 0);
    ck_assert_ptr_nonnull(other);
    ck_assert_ptr_ne(other, NtCurrentTeb());
    CloseHandle(thread);
}
END_TEST

START_TEST(the_last_error_is_live_both_ways)
{
    SetLastError(11);
    PTEB teb = NtCurrentTeb();
    ck_assert_uint_eq(teb->LastErrorValue, 11);
    SetLastError(12);
    ck_assert_uint_eq(teb->LastErrorValue, 12);
    teb->LastErrorValue = 13;
    ck_assert_uint_eq(GetLastError(), 13);
    ck_assert_uint_eq(RtlGetLastWin32Error(), 13);
    RtlSetLastWin32Error(14);
    ck_assert_uint_eq(GetLastError(), 14);
    ck_assert(!VirtualFree((LPVOID)0x10000, 1, MEM_RELEASE));
    ck_assert_uint_eq(teb->LastErrorValue, ERROR_INVALID_PARAMETER);
}
END_TEST

START_TEST(slots_are_live_both_ways)
{
    int a, b;
    PTEB teb = NtCurrentTeb();
    DWORD first = TlsAlloc(), further = first;
    ck_assert_uint_lt(first, 64);
    ck_assert(TlsSetValue(first, &a));
    ck_assert_ptr_eq(teb->TlsSlots[first], &a);
    teb->TlsSlots[first] = &b;
    ck_assert_ptr_eq(TlsGetValue(first), &b);
    while (further < 64)
        further = TlsAlloc();
    ck_assert(TlsSetValue(further, &a));
    ck_assert_ptr_eq(((PVOID *)teb->TlsExpansionSlots)[further - 64], &a);
}
END_TEST

START_TEST(words_at_offsets)
{
    PTEB teb = NtCurrentTeb();
#if defined(__x86_64__)
    ck_assert_uint_eq(__readgsqword(0x30), (uintptr_t)teb);
    ck_assert_uint_eq(__readgsqword(0x08), (uintptr_t)teb->StackBase);
    ck_assert_uint_eq(__readgsqword(0x60), (uintptr_t)teb->ProcessEnvironmentBlock);
    ck_assert_uint_eq(__readgsdword(0x48), GetCurrentThreadId());
    SetLastError(0x12345678);
    ck_assert_uint_eq(__readgsdword(0x68), 0x12345678);
    ck_assert_uint_eq(__readgsword(0x68), 0x5678);
    ck_assert_uint_eq(__readgsbyte(0x6b), 0x12);
    __writegsdword(0x68, 5);
    ck_assert_uint_eq(GetLastError(), 5);
#else
    ck_assert_uint_eq(__readfsdword(0x18), (uintptr_t)teb);
    ck_assert_uint_eq(__readfsdword(0x30), (uintptr_t)teb->ProcessEnvironmentBlock);
    __writefsdword(0x34, 5);
    ck_assert_uint_eq(GetLastError(), 5);
#endif
}
END_TEST

START_TEST(the_process)
{
    PPEB peb = NtCurrentTeb()->ProcessEnvironmentBlock;
    SYSTEM_INFO system;
    GetSystemInfo(&system);
    ck_assert_ptr_eq(peb, NtCurrentPeb());
    ck_assert_ptr_eq(peb->ProcessHeap, GetProcessHeap());
    ck_assert_ptr_eq(peb->ImageBaseAddress, GetModuleHandleA(NULL));
    ck_assert_uint_eq(peb->BeingDebugged != 0, IsDebuggerPresent() != 0);
    ck_assert_uint_eq(peb->NumberOfProcessors, system.dwNumberOfProcessors);
    ck_assert_uint_eq(peb->OSMajorVersion, 10);
    ck_assert_ptr_eq(peb->ProcessParameters->CommandLine.Buffer, GetCommandLineW());
    ck_assert_uint_gt(peb->ProcessParameters->ImagePathName.Length, 0);
}
END_TEST

/* How many entries a list has; each leads back, and `in` (an offset) is where its links are.
 * *found: the one with that base. */
static int walk(LIST_ENTRY *head, size_t in, const void *base, LDR_DATA_TABLE_ENTRY **found)
{
    int n = 0;
    *found = NULL;
    for (LIST_ENTRY *l = head->Flink; l != head; l = l->Flink, n++) {
        LDR_DATA_TABLE_ENTRY *e = (LDR_DATA_TABLE_ENTRY *)((char *)l - in);
        ck_assert_ptr_eq(l->Flink->Blink, l);
        ck_assert_ptr_nonnull(e->DllBase);
        ck_assert_uint_gt(e->BaseDllName.Length, 0);
        if (e->DllBase == base)
            *found = e;
    }
    return n;
}

#define WALK(order, base, found) \
    walk(&ldr->order##ModuleList, offsetof(LDR_DATA_TABLE_ENTRY, order##Links), base, found)

START_TEST(lists_of_modules)
{
    PPEB_LDR_DATA ldr = NtCurrentTeb()->ProcessEnvironmentBlock->Ldr;
    LDR_DATA_TABLE_ENTRY *e, *same;
    WCHAR path[4096];
    const void *program = (const void *)GetModuleHandleA(NULL);
    ck_assert_ptr_nonnull(ldr);
    ck_assert(ldr->Initialized && ldr->Length == sizeof *ldr);
    int n = WALK(InLoadOrder, program, &e);
    ck_assert_ptr_eq(ldr->InLoadOrderModuleList.Flink, &e->InLoadOrderLinks);
    ck_assert_uint_eq(e->FullDllName.Length / 2, GetModuleFileNameW(NULL, path, 4096));
    ck_assert_int_eq(memcmp(e->FullDllName.Buffer, path, e->FullDllName.Length), 0);
    ck_assert((char *)e->EntryPoint > (char *)program &&
              (char *)e->EntryPoint < (char *)program + e->SizeOfImage);
    ck_assert_int_eq(WALK(InMemoryOrder, program, &same), n);
    ck_assert_ptr_eq(e, same);
    ck_assert_int_eq(WALK(InInitializationOrder, program, &same), n - 1);
    ck_assert_ptr_null(same);
    WALK(InLoadOrder, (const void *)GetModuleHandleA("kernel32"), &e);
    ck_assert_ptr_nonnull(e);
    ck_assert_uint_eq(e->BaseDllName.Length, 2 * strlen("kernel32.dll"));
    ck_assert_uint_eq(e->BaseDllName.Buffer[0], 'k');
}
END_TEST

static const char *const rare[] = {"libanl.so.1", "libnss_compat.so.2", "libBrokenLocale.so.1"};

START_TEST(lists_follow_the_dynamic_linker)
{
    PPEB_LDR_DATA ldr = NtCurrentPeb()->Ldr;
    LDR_DATA_TABLE_ENTRY *e, *later;
    void *library = NULL;
    int before = WALK(InLoadOrder, NULL, &e);
    for (int i = 0; i < 3 && !library; i++)
        if (!dlopen(rare[i], RTLD_NOW | RTLD_NOLOAD))
            library = dlopen(rare[i], RTLD_NOW);
    if (!library)
        return; /* the host has none of them */
    ck_assert_ptr_eq(NtCurrentPeb()->Ldr, ldr);
    int with = WALK(InLoadOrder, NULL, &e);
    ck_assert_int_gt(with, before);
    e = (LDR_DATA_TABLE_ENTRY *)ldr->InLoadOrderModuleList.Blink;
    const void *base = e->DllBase;
    dlclose(library);
    ck_assert_ptr_eq(NtCurrentPeb()->Ldr, ldr);
    ck_assert_int_eq(WALK(InMemoryOrder, base, &later), before);
    ck_assert_ptr_null(later);
    ck_assert_ptr_eq(e->InLoadOrderLinks.Flink, &ldr->InLoadOrderModuleList);
}
END_TEST

static int WVM_NOINLINE deep(int n)
{
    volatile char frame[32768];
    frame[0] = (char)n;
    return n > 0 ? deep(n - 1) + frame[0] * 0 : wrong();
}

START_TEST(the_limit_sinks_with_the_stack)
{
    ck_assert_int_eq(wrong(), 0);
    PVOID before = NtCurrentTeb()->StackLimit;
    ck_assert_int_eq(deep(60), 0);
    ck_assert((char *)NtCurrentTeb()->StackLimit <= (char *)before);
}
END_TEST

START_TEST(a_child_has_numbers_of_its_own)
{
    int status = 0;
    ck_assert_int_eq(wrong(), 0);
    SetLastError(77);
    pid_t child = fork();
    if (child == 0)
        _exit(GetLastError() != 77 ? 50 : wrong());
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 0);
}
END_TEST

static pthread_key_t late;

static void use_late(void *out)
{
    SetLastError(31);
    *(int *)out = GetLastError() != 31 ? 1 : wrong();
    NtCurrentTeb()->LastErrorValue = 32;
    if (GetLastError() != 32)
        *(int *)out = 2;
}

static void *late_thread(void *out)
{
    pthread_setspecific(late, out);
    *(int *)out = wrong();
    return NULL;
}

START_TEST(destructors_find_a_block)
{
    for (int i = 0; i < 20; i++) {
        pthread_t t;
        int told = -1;
        if (i == 0)
            ck_assert_int_eq(pthread_key_create(&late, use_late), 0);
        ck_assert_int_eq(pthread_create(&t, NULL, late_thread, &told), 0);
        pthread_join(t, NULL);
        ck_assert_int_eq(told, 0);
    }
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("kit_teb", 60, &tc);
    tcase_add_test(tc, members_stand_where_windows_has_them);
    tcase_add_test(tc, the_first_stack_ends_where_its_mapping_does);
    tcase_add_test(tc, each_thread_has_its_own);
    tcase_add_test(tc, the_last_error_is_live_both_ways);
    tcase_add_test(tc, slots_are_live_both_ways);
    tcase_add_test(tc, words_at_offsets);
    tcase_add_test(tc, the_process);
    tcase_add_test(tc, lists_of_modules);
    tcase_add_test(tc, lists_follow_the_dynamic_linker);
    tcase_add_test(tc, the_limit_sinks_with_the_stack);
    tcase_add_test(tc, a_child_has_numbers_of_its_own);
    tcase_add_test(tc, destructors_find_a_block);
    return unit_run(suite);
}
