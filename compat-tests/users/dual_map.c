/* A just-in-time compiler that never has a page both writable and executable: its code lives in a
 * section that is mapped twice. And the older way, VirtualProtect back and forth. */
#include "users.h"

#define ARENA (1u << 20)
#define N_FUNCTIONS 2000

typedef int (*function)(void);

static HANDLE section;
static uint8_t *rw, *rx;

/* mov eax, imm32; ret */
static void emit(uint8_t *at, int value)
{
    at[0] = 0xb8;
    memcpy(at + 1, &value, 4);
    at[5] = 0xc3;
}

static int run(const uint8_t *at)
{
    function f;

    memcpy(&f, &at, sizeof(f));
    return f();
}

static volatile DWORD fault_code;
static volatile ULONG_PTR fault_kind, fault_at;

static LONG NTAPI hear(EXCEPTION_POINTERS *info)
{
    EXCEPTION_RECORD *r = info->ExceptionRecord;

    if (r->ExceptionCode != CODE(EXCEPTION_ACCESS_VIOLATION))
        return EXCEPTION_CONTINUE_SEARCH;
    fault_code = r->ExceptionCode;
    fault_kind = r->ExceptionInformation[0];
    fault_at = r->ExceptionInformation[1];
    jump_out();
}

static void poke(volatile uint8_t *at)
{
    *at = 0xcc;
}

static void call(volatile uint8_t *at)
{
    run((const uint8_t *)(uintptr_t)at);
}

/* By a pointer: the compiler is to see a call from which the jump can come. */
static void attempt(void (*volatile what)(volatile uint8_t *), volatile uint8_t *at)
{
    fault_code = 0;
    if (jump_point() == 0)
        what(at);
}

static int write_faults(volatile uint8_t *at)
{
    attempt(poke, at);
    return fault_code && fault_kind == 1 && fault_at == (ULONG_PTR)at;
}

static int run_faults(uint8_t *at)
{
    attempt(call, at);
    return fault_code && fault_kind == 8 && fault_at == (ULONG_PTR)at;
}

static int is(const void *at, DWORD protection, SIZE_T size, const void *base, DWORD made_with)
{
    MEMORY_BASIC_INFORMATION m;

    return VirtualQuery(at, &m, sizeof(m)) == sizeof(m) && m.State == MEM_COMMIT &&
           m.Type == MEM_MAPPED && m.Protect == protection && m.RegionSize == size &&
           m.AllocationBase == base && m.AllocationProtect == made_with;
}

static void map(void)
{
    section = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_EXECUTE_READWRITE | SEC_COMMIT, 0,
                                 ARENA, NULL);
    check(section != NULL, "a section of executable memory");
    rw = MapViewOfFile(section, FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, 0);
    rx = MapViewOfFile(section, FILE_MAP_READ | FILE_MAP_EXECUTE, 0, 0, 0);
    check(rw && rx && rw != rx, "one view to write, one to execute");
    check(is(rw, PAGE_READWRITE, ARENA, rw, PAGE_READWRITE), "the first cannot execute");
    check(is(rx, PAGE_EXECUTE_READ, ARENA, rx, PAGE_EXECUTE_READ), "the second cannot be written");
    check(CloseHandle(section), "the views keep the section");
}

static void compile(void)
{
    int right = 1;

    for (int i = 0; i < N_FUNCTIONS; i++) {
        emit(rw + i * 16, i * 7);
        FlushInstructionCache(GetCurrentProcess(), rx + i * 16, 16);
        right &= run(rx + i * 16) == i * 7;
    }
    check(right, "what is written through one view runs in the other");
    for (int i = 0; i < N_FUNCTIONS; i++)
        emit(rw + i * 16, -i);
    for (int i = 0; i < N_FUNCTIONS; i++)
        right &= run(rx + i * 16) == -i;
    check(right, "also when it ran before");
    check(write_faults(rx) && run(rx + 16) == -1, "the executable view refuses a write");
    check(run_faults(rw + 16), "the writable view refuses to run");
}

static void change(void)
{
    DWORD old = 77;

    check(protect(rx, PAGE, PAGE_READONLY) == PAGE_EXECUTE_READ && run_faults(rx) &&
              protect(rx, PAGE, PAGE_EXECUTE_READ) == PAGE_READONLY && run(rx + 16) == -1,
          "code is switched off and on");
    check(protect(rx + PAGE, PAGE, PAGE_EXECUTE) == PAGE_EXECUTE_READ && run(rx + PAGE) == -256 &&
              is(rx + PAGE, PAGE_EXECUTE, PAGE, rx, PAGE_EXECUTE_READ) &&
              is(rx + 2 * PAGE, PAGE_EXECUTE_READ, ARENA - 2 * PAGE, rx, PAGE_EXECUTE_READ),
          "a page may lose its right to be read");
    SetLastError(0);
    check(!VirtualProtect(rx, PAGE, PAGE_READWRITE, &old) &&
              GetLastError() == ERROR_INVALID_PARAMETER,
          "the executable view never becomes writable");
    SetLastError(0);
    check(!VirtualProtect(rx, PAGE, PAGE_EXECUTE_READWRITE, &old) &&
              GetLastError() == ERROR_INVALID_PARAMETER,
          "nor both at once");
    SetLastError(0);
    check(!VirtualProtect(rw, PAGE, PAGE_EXECUTE_READ, &old) &&
              GetLastError() == ERROR_INVALID_PARAMETER,
          "the writable view never becomes executable");
    check(is(rw, PAGE_READWRITE, ARENA, rw, PAGE_READWRITE) && run(rx) == 0,
          "refusals change nothing");
    check(protect(rw + PAGE, PAGE, PAGE_READONLY) == PAGE_READWRITE && write_faults(rw + PAGE) &&
              protect(rw + PAGE, PAGE, PAGE_READWRITE) == PAGE_READONLY,
          "finished code is frozen, and thawed to be patched");
    emit(rw + PAGE, 4711);
    check(run(rx + PAGE) == 4711, "the patch runs");
    check(!VirtualFree(rx, 0, MEM_RELEASE) && GetLastError() == ERROR_INVALID_PARAMETER,
          "a view is not for VirtualFree");
    check(UnmapViewOfFile(rw) && run(rx + PAGE) == 4711, "code stays when its writer leaves");
    check(UnmapViewOfFile(rx + PAGE + 5) && protection_of(rx) == PAGE_NOACCESS,
          "any address unmaps a view");
}

/* One view that has all rights, and private memory. */
static void to_and_fro(uint8_t *code, const char *text)
{
    int right = code != NULL;

    for (int i = 0; right && i < 200; i++) {
        right &= protect(code, 3 * PAGE, PAGE_READWRITE) ==
                 (i ? PAGE_EXECUTE_READ : PAGE_EXECUTE_READWRITE);
        for (int k = 0; k < 3; k++)
            emit(code + k * PAGE + i, i + k);
        right &= i % 50 || run_faults(code + i);
        right &= protect(code, 3 * PAGE, PAGE_EXECUTE_READ) == PAGE_READWRITE;
        for (int k = 0; k < 3; k++)
            right &= run(code + k * PAGE + i) == i + k;
    }
    check(right, text);
}

int main(void)
{
    void *handle = AddVectoredExceptionHandler(1, hear);
    uint8_t *view, *private;
    HANDLE h;

    map();
    compile();
    change();
    private = commit(3 * PAGE, PAGE_EXECUTE_READWRITE);
    to_and_fro(private, "private memory is writable or executable in turn");
    h = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_EXECUTE_READWRITE, 0, 3 * PAGE, NULL);
    view = MapViewOfFile(h, FILE_MAP_ALL_ACCESS | FILE_MAP_EXECUTE, 0, 0, 0);
    to_and_fro(view, "so is a view with all rights");
    check(UnmapViewOfFile(view) && CloseHandle(h) && VirtualFree(private, 0, MEM_RELEASE),
          "all is given back");
    h = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, ARENA, NULL);
    SetLastError(0);
    check(h && !MapViewOfFile(h, FILE_MAP_READ | FILE_MAP_EXECUTE, 0, 0, 0) &&
              GetLastError() == ERROR_ACCESS_DENIED && CloseHandle(h),
          "a section made without the right to execute has no such view");
    RemoveVectoredExceptionHandler(handle);
    return users_end();
}
