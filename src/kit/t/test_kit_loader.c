/* Modules by address and with flags, PE files, encoded pointers, barriers, memory compared, memory
 * that core files leave out. */
#include <dlfcn.h>
#include <inttypes.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include <winvm/kit.h>
#include <winvm/winvm.h>

#include "base/t/unit.h"

#define FROM_ADDRESS GET_MODULE_HANDLE_EX_FLAG_FROM_ADDRESS
#define SAME_COUNT GET_MODULE_HANDLE_EX_FLAG_UNCHANGED_REFCOUNT
#define PIN GET_MODULE_HANDLE_EX_FLAG_PIN
#define REFUSED(call, error)                     \
    do {                                         \
        SetLastError(0);                         \
        ck_assert(!(call));                      \
        ck_assert_uint_eq(GetLastError(), error); \
    } while (0)

static int inside_program;

START_TEST(by_address)
{
    HMODULE self = GetModuleHandleA(NULL), m = NULL;
    Dl_info libc;
    ck_assert(GetModuleHandleExA(FROM_ADDRESS | SAME_COUNT, (LPCSTR)&inside_program, &m));
    ck_assert_ptr_eq(m, self);
    ck_assert(dladdr((void *)(uintptr_t)getpid, &libc));
    ck_assert(GetModuleHandleExW(FROM_ADDRESS | PIN, (LPCWSTR)(uintptr_t)getpid, &m));
    ck_assert_ptr_eq(m, libc.dli_fbase);
    int on_stack;
    REFUSED(GetModuleHandleExA(FROM_ADDRESS, (LPCSTR)&on_stack, &m), ERROR_MOD_NOT_FOUND);
    ck_assert_ptr_null(m);
    PVOID base = &on_stack;
    ck_assert_ptr_eq(RtlPcToFileHeader(&inside_program, &base), self);
    ck_assert_ptr_eq(base, self);
    ck_assert_ptr_null(RtlPcToFileHeader(&on_stack, &base));
    ck_assert_ptr_null(base);
}
END_TEST

START_TEST(by_name)
{
    HMODULE m = NULL, kernel = GetModuleHandleA("kernel32");
    ck_assert(GetModuleHandleExA(0, NULL, &m) && m == GetModuleHandleA(NULL));
    ck_assert(GetModuleHandleExA(PIN, "KERNEL32.dll", &m) && m == kernel);
    ck_assert(GetModuleHandleExW(SAME_COUNT, u"kernel32", &m) && m == kernel);
    REFUSED(GetModuleHandleExA(0, "no-such-module", &m), ERROR_MOD_NOT_FOUND);
    ck_assert_ptr_null(m);
    m = kernel;
    REFUSED(GetModuleHandleExA(PIN | SAME_COUNT, "kernel32", &m), ERROR_INVALID_PARAMETER);
    ck_assert_ptr_null(m);
    REFUSED(GetModuleHandleExW(8, u"kernel32", &m), ERROR_INVALID_PARAMETER);
    REFUSED(GetModuleHandleExA(0, "kernel32", NULL), ERROR_INVALID_PARAMETER);
}
END_TEST

START_TEST(loading)
{
    HMODULE ntdll = GetModuleHandleA("ntdll");
    ck_assert_ptr_eq(LoadLibraryExA("ntdll.dll", NULL, 0), ntdll);
    ck_assert_ptr_eq(LoadLibraryExW(u"NTDLL", NULL, LOAD_LIBRARY_SEARCH_SYSTEM32), ntdll);
    ck_assert_ptr_eq(LoadLibraryExA("C:\\Windows\\System32\\ntdll.dll", NULL,
                                    LOAD_WITH_ALTERED_SEARCH_PATH), ntdll);
    REFUSED(LoadLibraryExA("no-such.dll", NULL, 0), ERROR_MOD_NOT_FOUND);
    REFUSED(LoadLibraryExA("ntdll", (HANDLE)8, 0), ERROR_INVALID_PARAMETER);
    REFUSED(LoadLibraryExA(NULL, NULL, 0), ERROR_INVALID_PARAMETER);
    REFUSED(LoadLibraryExW(NULL, NULL, 0), ERROR_INVALID_PARAMETER);
    REFUSED(LoadLibraryExA("ntdll", NULL, 0x80000000), ERROR_INVALID_PARAMETER);
    REFUSED(LoadLibraryExA("ntdll", NULL, LOAD_WITH_ALTERED_SEARCH_PATH |
                                              LOAD_LIBRARY_SEARCH_SYSTEM32),
            ERROR_INVALID_PARAMETER);
    REFUSED(LoadLibraryExA("ntdll", NULL, LOAD_LIBRARY_AS_DATAFILE), ERROR_NOT_SUPPORTED);
    ck_assert(DisableThreadLibraryCalls(ntdll));
    ck_assert(DisableThreadLibraryCalls(GetModuleHandleA(NULL)));
    REFUSED(DisableThreadLibraryCalls(NULL), ERROR_MOD_NOT_FOUND);
    REFUSED(DisableThreadLibraryCalls((HMODULE)&inside_program), ERROR_MOD_NOT_FOUND);
}
END_TEST

START_TEST(folders)
{
    char text[32];
    WCHAR wide[32];
    ck_assert_uint_eq(GetDllDirectoryA(sizeof text, text), 0);
    ck_assert(SetDllDirectoryA("/some/where"));
    ck_assert_uint_eq(GetDllDirectoryA(4, text), 12);
    ck_assert_uint_eq(GetDllDirectoryW(32, wide), 11);
    ck_assert_uint_eq(wide[1], 's');
    REFUSED(SetDllDirectoryW(u"a;b"), ERROR_INVALID_PARAMETER);
    ck_assert_uint_eq(GetDllDirectoryA(sizeof text, text), 11);
    ck_assert_str_eq(text, "/some/where");
    ck_assert(SetDllDirectoryW(NULL));
    ck_assert_uint_eq(GetDllDirectoryA(sizeof text, text), 0);
    ck_assert(SetDefaultDllDirectories(LOAD_LIBRARY_SEARCH_SYSTEM32));
    REFUSED(SetDefaultDllDirectories(0), ERROR_INVALID_PARAMETER);
}
END_TEST

static DWORD WINAPI leave(LPVOID module)
{
    FreeLibraryAndExitThread((HMODULE)module, 33);
}

START_TEST(leaving)
{
    DWORD code = 0;
    HANDLE t = CreateThread(NULL, 0, leave, (LPVOID)GetModuleHandleA(NULL), 0, NULL);
    ck_assert_uint_eq(WaitForSingleObject(t, 10000), WAIT_OBJECT_0);
    ck_assert(GetExitCodeThread(t, &code) && code == 33);
    CloseHandle(t);
}
END_TEST

START_TEST(pointers)
{
    static PVOID const all[] = {NULL, &inside_program, (PVOID)~(uintptr_t)0, (PVOID)1};
    for (unsigned i = 0; i < 4; i++) {
        ck_assert_ptr_ne(EncodePointer(all[i]), all[i]);
        ck_assert_ptr_eq(DecodePointer(EncodePointer(all[i])), all[i]);
        ck_assert_ptr_eq(DecodeSystemPointer(EncodeSystemPointer(all[i])), all[i]);
        ck_assert_ptr_eq(RtlDecodePointer(EncodePointer(all[i])), all[i]);
        ck_assert_ptr_eq(DecodePointer(RtlEncodePointer(all[i])), all[i]);
    }
}
END_TEST

/* Dekker with the barrier on one side alone: both sides never see the other's flag unset. */
static volatile int flag_a, flag_b, seen_a, round_of, rounds_done;

static void *light_side(void *unused)
{
    for (int i = 1; i <= 2000; i++) {
        while (__atomic_load_n(&round_of, __ATOMIC_ACQUIRE) < i)
            ;
        flag_a = 1;
        __atomic_signal_fence(__ATOMIC_SEQ_CST);
        seen_a = flag_b;
        __atomic_store_n(&rounds_done, i, __ATOMIC_RELEASE);
    }
    return unused;
}

START_TEST(barrier)
{
    pthread_t t;
    ck_assert_int_eq(pthread_create(&t, NULL, light_side, NULL), 0);
    for (int i = 1; i <= 2000; i++) {
        flag_a = flag_b = 0;
        __atomic_store_n(&round_of, i, __ATOMIC_RELEASE);
        flag_b = 1;
        FlushProcessWriteBuffers();
        int seen_b = flag_a;
        while (__atomic_load_n(&rounds_done, __ATOMIC_ACQUIRE) < i)
            sched_yield();
        ck_assert(seen_a || seen_b);
    }
    pthread_join(t, NULL);
}
END_TEST

static void handled(int sig)
{
    _exit(sig + 100);
}

START_TEST(small_calls)
{
    char a[40] = "0123456789abcdefghijklmnopqrstu", b[40];
    memcpy(b, a, sizeof b);
    for (size_t i = 0; i < sizeof a; i++) {
        b[i]++;
        ck_assert_uint_eq(RtlCompareMemory(a, b, sizeof a), i);
        b[i]--;
    }
    ck_assert_uint_eq(RtlCompareMemory(a, b, sizeof a), sizeof a);
    ck_assert_uint_eq(RtlCompareMemory(a, b, 0), 0);
    ck_assert_int_eq(NtYieldExecution(), STATUS_SUCCESS);
    pid_t child = fork();
    if (child == 0) {
        signal(SIGABRT, handled);
        RaiseFailFastException(NULL, NULL, 0);
    }
    int status = 0;
    ck_assert_int_eq(waitpid(child, &status, 0), child);
    ck_assert(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}
END_TEST

/* Headers and one section, as in a file: the section's bytes are at 0x200, loaded at 0x1000. */
static void make_image(unsigned char *file)
{
    IMAGE_DOS_HEADER *dos = (void *)file;
    IMAGE_NT_HEADERS *nt = (void *)(file + 0x80);
    memset(file, 0, 0x400);
    dos->e_magic = IMAGE_DOS_SIGNATURE;
    dos->e_lfanew = 0x80;
    nt->Signature = IMAGE_NT_SIGNATURE;
    nt->FileHeader.NumberOfSections = 1;
    nt->FileHeader.SizeOfOptionalHeader = sizeof nt->OptionalHeader;
    nt->OptionalHeader.Magic = IMAGE_NT_OPTIONAL_HDR_MAGIC;
    nt->OptionalHeader.SizeOfHeaders = 0x200;
    nt->OptionalHeader.NumberOfRvaAndSizes = IMAGE_NUMBEROF_DIRECTORY_ENTRIES;
    nt->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_IMPORT].VirtualAddress = 0x1010;
    nt->OptionalHeader.DataDirectory[IMAGE_DIRECTORY_ENTRY_IMPORT].Size = 40;
    IMAGE_SECTION_HEADER *section = IMAGE_FIRST_SECTION(nt);
    section->VirtualAddress = 0x1000;
    section->SizeOfRawData = 0x200;
    section->PointerToRawData = 0x200;
}

START_TEST(images)
{
    _Alignas(16) unsigned char file[0x400];
    ULONG size = 7;
    make_image(file);
    IMAGE_NT_HEADERS *nt = RtlImageNtHeader(file);
    ck_assert_ptr_eq(nt, file + 0x80);
    ck_assert_ptr_eq(ImageNtHeader(file), nt);
    ck_assert_ptr_eq(RtlImageDirectoryEntryToData(file, TRUE, IMAGE_DIRECTORY_ENTRY_IMPORT, &size),
                     file + 0x1010);
    ck_assert_uint_eq(size, 40);
    ck_assert_ptr_eq(ImageDirectoryEntryToData(file, FALSE, IMAGE_DIRECTORY_ENTRY_IMPORT, &size),
                     file + 0x210);
    ck_assert_ptr_eq(
        RtlImageDirectoryEntryToData(file + 1, TRUE, IMAGE_DIRECTORY_ENTRY_IMPORT, &size),
        file + 0x210);
    ck_assert_ptr_null(RtlImageDirectoryEntryToData(file, TRUE, IMAGE_DIRECTORY_ENTRY_TLS, &size));
    ck_assert_uint_eq(size, 0);
    ck_assert_ptr_null(RtlImageDirectoryEntryToData(file, TRUE, 16, &size));
    IMAGE_SECTION_HEADER *section = IMAGE_FIRST_SECTION(nt), *last = NULL;
    ck_assert_ptr_eq(RtlImageRvaToSection(nt, file, 0x1000), section);
    ck_assert_ptr_eq(ImageRvaToSection(nt, file, 0x11ff), section);
    ck_assert_ptr_null(RtlImageRvaToSection(nt, file, 0x1200));
    ck_assert_ptr_null(ImageRvaToVa(nt, file, 0xfff, &last));
    ck_assert_ptr_null(last);
    ck_assert_ptr_eq(RtlImageRvaToVa(nt, file, 0x1011, &last), file + 0x211);
    ck_assert_ptr_eq(last, section);
    nt->Signature = 0;
    ck_assert_ptr_null(RtlImageNtHeader(file));
    ck_assert_ptr_null(RtlImageNtHeader(NULL));
}
END_TEST

/* The mapping of the address has the mark of memory that core files leave out. */
static int is_left_out(const void *address)
{
    char line[4096];
    uintptr_t begin, end, at = (uintptr_t)address;
    int found = 0, out = -1;
    FILE *f = fopen("/proc/self/smaps", "r");
    while (f && fgets(line, sizeof line, f)) {
        if (sscanf(line, "%" SCNxPTR "-%" SCNxPTR " ", &begin, &end) == 2)
            found = at >= begin && at < end;
        else if (found && strncmp(line, "VmFlags:", 8) == 0)
            out = strstr(line, " dd") != NULL;
    }
    if (f)
        fclose(f);
    return out;
}

START_TEST(left_out_of_reports)
{
    DWORD flags;
    char *p = VirtualAlloc(NULL, 0x4000, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    ck_assert_int_eq(WerRegisterExcludedMemoryBlock(NULL, 1), E_INVALIDARG);
    ck_assert_int_eq(WerRegisterExcludedMemoryBlock(p, 0), E_INVALIDARG);
    ck_assert_int_eq(WerRegisterExcludedMemoryBlock(p + 0x10, 0x1000), S_OK);
    ck_assert_int_eq(WerRegisterExcludedMemoryBlock(p + 0x1800, 8), S_OK);
    if (is_left_out(p) >= 0) {
        ck_assert(is_left_out(p) && is_left_out(p + 0x1000) && !is_left_out(p + 0x2000));
        ck_assert_int_eq(WerUnregisterExcludedMemoryBlock(p + 0x10), S_OK);
        ck_assert(!is_left_out(p) && is_left_out(p + 0x1000));
        ck_assert_int_eq(WerRegisterExcludedMemoryBlock(p + 0x10, 8), S_OK);
    }
    ck_assert_int_eq(WerUnregisterExcludedMemoryBlock(p), HRESULT_FROM_WIN32(ERROR_NOT_FOUND));
    ck_assert_int_eq(WerUnregisterExcludedMemoryBlock(p + 0x10), S_OK);
    ck_assert_int_eq(WerUnregisterExcludedMemoryBlock(p + 0x1800), S_OK);
    ck_assert_int_ne(is_left_out(p + 0x1000), 1);
    VirtualFree(p, 0, MEM_RELEASE);
    ck_assert_int_eq(WerSetFlags(WER_FAULT_REPORTING_FLAG_NOHEAP), S_OK);
    ck_assert_int_eq(WerSetFlags(0x100), E_INVALIDARG);
    ck_assert_int_eq(WerGetFlags(GetCurrentProcess(), &flags), S_OK);
    ck_assert_uint_eq(flags, WER_FAULT_REPORTING_FLAG_NOHEAP);
    ck_assert_int_eq(WerGetFlags(NULL, &flags), E_INVALIDARG);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("kit_loader", 60, &tc);
    tcase_add_test(tc, by_address);
    tcase_add_test(tc, by_name);
    tcase_add_test(tc, loading);
    tcase_add_test(tc, folders);
    tcase_add_test(tc, leaving);
    tcase_add_test(tc, pointers);
    tcase_add_test(tc, barrier);
    tcase_add_test(tc, small_calls);
    tcase_add_test(tc, images);
    tcase_add_test(tc, left_out_of_reports);
    return unit_run(suite);
}
