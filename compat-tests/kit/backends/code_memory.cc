// Code memory of a JIT.
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#ifndef NOMINMAX
#define NOMINMAX
#endif
#include <windows.h>
#include <cstdint>
#include <cstring>
#include <memory>
#include <mutex>

namespace jit {
enum class Flags : uint32_t { kNone = 0, kR = 1, kW = 2, kX = 4 };
DEFINE_ENUM_FLAG_OPERATORS(Flags)

struct ScopedHandle {
    HANDLE value = nullptr;
    ~ScopedHandle() noexcept
    {
        if (value != nullptr) ::CloseHandle(value);
    }
};

static DWORD protect_of(Flags f) noexcept
{
    if ((f & Flags::kX) != Flags::kNone)
        return (f & Flags::kW) != Flags::kNone ? PAGE_EXECUTE_READWRITE : PAGE_EXECUTE_READ;
    return (f & Flags::kW) != Flags::kNone ? PAGE_READWRITE : PAGE_READONLY;
}

bool dual(size_t size, void **rx, void **rw) noexcept
{
    ScopedHandle handle;
    handle.value = ::CreateFileMappingW(INVALID_HANDLE_VALUE, nullptr, PAGE_EXECUTE_READWRITE,
                                        DWORD(uint64_t(size) >> 32), DWORD(size & 0xFFFFFFFFu),
                                        nullptr);
    if (handle.value == nullptr) return false;
    *rx = ::MapViewOfFile(handle.value, FILE_MAP_READ | FILE_MAP_EXECUTE, 0, 0, size);
    *rw = ::MapViewOfFile(handle.value, FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, size);
    return *rx && *rw;
}

class Writer {
    void *at_;
    size_t size_;
    DWORD old_ = 0;

  public:
    Writer(void *at, size_t size) : at_(at), size_(size)
    {
        if (!VirtualProtect(at, size, protect_of(Flags::kR | Flags::kW), &old_)) __debugbreak();
    }
    ~Writer()
    {
        VirtualProtect(at_, size_, protect_of(Flags::kR | Flags::kX), &old_);
        FlushInstructionCache(GetCurrentProcess(), at_, size_);
    }
};

#ifdef _WIN64
struct UnwindData {
    RUNTIME_FUNCTION function;
    BYTE info[8];
};
void describe(UnwindData *u, uint32_t begin, uint32_t end)
{
    u->function.BeginAddress = begin;
    u->function.EndAddress = end;
    u->function.UnwindData = FIELD_OFFSET(UnwindData, info);
    u->info[0] = 1 | (UNW_FLAG_NHANDLER << 3);
}
#endif

LONG CALLBACK on_fault(PEXCEPTION_POINTERS e)
{
    if (e->ExceptionRecord->ExceptionCode == EXCEPTION_ACCESS_VIOLATION &&
        e->ExceptionRecord->ExceptionInformation[0] == EXCEPTION_WRITE_FAULT)
        return EXCEPTION_CONTINUE_SEARCH;
    return EXCEPTION_CONTINUE_SEARCH;
}
void install()
{
    static std::once_flag once;
    std::call_once(once, [] { AddVectoredExceptionHandler(1, on_fault); });
}
} // namespace jit
