/* Memory of an emulator: placeholders, mirrors, faults that are corrected, the processor. */
#ifndef WIN32_LEAN_AND_MEAN
#define WIN32_LEAN_AND_MEAN
#endif
#ifndef NOMINMAX
#define NOMINMAX
#endif
#include <Windows.h>
#include <intrin.h>
#include <immintrin.h>
#include <algorithm>
#include <array>
#include <cstdint>
#include <cstdio>
#include <cstring>
#include <map>
#include <string>
#include <string_view>
#include <optional>
using u8 = std::uint8_t;
using u32 = std::uint32_t;
using u64 = std::uint64_t;
static std::string GetLastErrorString()
{
    char *m = nullptr;
    DWORD n = FormatMessageA(FORMAT_MESSAGE_ALLOCATE_BUFFER | FORMAT_MESSAGE_FROM_SYSTEM |
                                 FORMAT_MESSAGE_IGNORE_INSERTS,
                             nullptr, GetLastError(), MAKELANGID(LANG_NEUTRAL, SUBLANG_DEFAULT),
                             reinterpret_cast<LPSTR>(&m), 0, nullptr);
    std::string s(m ? m : "", n);
    LocalFree(m);
    while (!s.empty() && (s.back() == '\n' || s.back() == '\r'))
        s.pop_back();
    return s;
}
class Arena
{
  public:
    PVOID(WINAPI *alloc2)
    (HANDLE, PVOID, SIZE_T, ULONG, ULONG, MEM_EXTENDED_PARAMETER *, ULONG) = nullptr;
    PVOID(WINAPI *map3)
    (HANDLE, HANDLE, PVOID, ULONG64, SIZE_T, ULONG, ULONG, MEM_EXTENDED_PARAMETER *,
     ULONG) = nullptr;
    BOOL(WINAPI *unmapEx)(PVOID, ULONG) = nullptr;
    HANDLE file = nullptr;
    u8 *base = nullptr;
    static constexpr size_t kSize = 16ull << 20;
    std::map<u8 *, size_t> regions;
    template <typename T> static void Resolve(T &f, const char *n)
    {
        auto h = GetModuleHandleA("KernelBase.dll");
        f = reinterpret_cast<T>(reinterpret_cast<void *>(::GetProcAddress(h, n)));
    }
    bool Init()
    {
        Resolve(alloc2, "VirtualAlloc2");
        Resolve(map3, "MapViewOfFile3");
        Resolve(unmapEx, "UnmapViewOfFileEx");
        if (!alloc2 || !map3 || !unmapEx)
            return false;
        const std::string name = "emu." + std::to_string(GetCurrentProcessId());
        file = CreateFileMappingA(INVALID_HANDLE_VALUE, nullptr, PAGE_READWRITE, 0, 4u << 20,
                                  name.c_str());
        base = static_cast<u8 *>(alloc2(GetCurrentProcess(), nullptr, kSize,
                                        MEM_RESERVE | MEM_RESERVE_PLACEHOLDER, PAGE_NOACCESS,
                                        nullptr, 0));
        regions[base] = kSize;
        return file && base;
    }
    bool Map(u64 off, u64 at, u64 n, DWORD prot)
    {
        u8 *p = base + at;
        auto it = std::prev(regions.upper_bound(p));
        u8 *rb = it->first;
        size_t rs = it->second;
        if (rb != p) {
            if (!VirtualFree(rb, p - rb, MEM_RELEASE | MEM_PRESERVE_PLACEHOLDER))
                return false;
            regions[rb] = p - rb;
        }
        if (size_t rest = rb + rs - (p + n)) {
            if (!VirtualFree(p, n, MEM_RELEASE | MEM_PRESERVE_PLACEHOLDER))
                return false;
            regions[p + n] = rest;
        }
        regions[p] = n;
        return map3(file, GetCurrentProcess(), p, off, n, MEM_REPLACE_PLACEHOLDER, prot, nullptr,
                    0) == p;
    }
    bool Unmap(u64 at)
    {
        return unmapEx(base + at, MEM_PRESERVE_PLACEHOLDER);
    }
    bool Coalesce()
    {
        return VirtualFree(base, kSize, MEM_RELEASE | MEM_COALESCE_PLACEHOLDERS);
    }
};
static u8 *fault_page;
static int faults;
static LONG CALLBACK Handler(PEXCEPTION_POINTERS info)
{
    EXCEPTION_RECORD *r = info->ExceptionRecord;
    CONTEXT *c = info->ContextRecord;
    switch (r->ExceptionCode) {
    case EXCEPTION_ACCESS_VIOLATION: {
        u8 *a = reinterpret_cast<u8 *>(r->ExceptionInformation[1]);
        if (a < fault_page || a >= fault_page + 4096)
            return EXCEPTION_CONTINUE_SEARCH;
        faults++;
#ifdef _WIN64
        c->Rax = 0x1234;
        c->Rip += 2;
        (void)c->Rsp;
        (void)c->EFlags;
        (void)c->Xmm0;
        (void)c->FltSave.MxCsr;
        (void)c->MxCsr;
        (void)c->Dr7;
#else
        c->Eax = 0x1234;
        c->Eip += 2;
        (void)c->ExtendedRegisters[0];
        (void)c->FloatSave.ControlWord;
#endif
        return EXCEPTION_CONTINUE_EXECUTION;
    }
    case EXCEPTION_SINGLE_STEP:
    case EXCEPTION_BREAKPOINT:
    case EXCEPTION_ILLEGAL_INSTRUCTION:
    case EXCEPTION_PRIV_INSTRUCTION:
    case EXCEPTION_IN_PAGE_ERROR:
    case EXCEPTION_STACK_OVERFLOW:
    case EXCEPTION_INT_DIVIDE_BY_ZERO:
    case EXCEPTION_FLT_INVALID_OPERATION:
    case EXCEPTION_DATATYPE_MISALIGNMENT:
    case EXCEPTION_GUARD_PAGE:
    case 0x4000001F:
    case DBG_PRINTEXCEPTION_C:
    case 0x406D1388:
    default:
        return EXCEPTION_CONTINUE_SEARCH;
    }
}
int main()
{
    Arena a;
    std::printf("init %d\n", a.Init());
    std::printf("map %d %d %d\n", a.Map(0, 0x100000, 0x100000, PAGE_READWRITE),
                a.Map(0, 0x300000, 0x100000, PAGE_READWRITE),
                a.Map(0x10000, 0x500000, 0x10000, PAGE_READONLY));
    a.base[0x110004] = 77;
    std::printf("mirror %d %d\n", a.base[0x310004], a.base[0x500004]);
    std::printf("unmap %d %d %d\n", a.Unmap(0x100000), a.Unmap(0x300000), a.Unmap(0x500000));
    std::printf("coalesce %d\n", a.Coalesce());
    std::printf("free %d\n", VirtualFree(a.base, 0, MEM_RELEASE));
    CloseHandle(a.file);
    std::array<int, 4> id{};
    __cpuid(id.data(), 0);
    int e7[4];
    __cpuidex(e7, 7, 0);
    std::printf("cpuid %d\n", id[0] >= 1);
    int e1[4];
    __cpuid(e1, 1);
    if (e1[2] & (1 << 27)) {
        unsigned long long x = _xgetbv(_XCR_XFEATURE_ENABLED_MASK);
        std::printf("xcr0 %d\n", (x & 3) == 3);
    }
    std::printf("feat %d %d %d\n", IsProcessorFeaturePresent(PF_XMMI64_INSTRUCTIONS_AVAILABLE),
                IsProcessorFeaturePresent(PF_COMPARE_EXCHANGE128) || sizeof(void *) == 4,
                IsProcessorFeaturePresent(PF_AVX512F_INSTRUCTIONS_AVAILABLE) ==
                    ((e7[1] >> 16) & 1));
    (void)PF_FASTFAIL_AVAILABLE;
    (void)PF_SSE4_2_INSTRUCTIONS_AVAILABLE;
    (void)PF_AVX2_INSTRUCTIONS_AVAILABLE;
    (void)PF_RDTSCP_INSTRUCTION_AVAILABLE;
    (void)PF_ARM_V8_CRC32_INSTRUCTIONS_AVAILABLE;
    PVOID h = AddVectoredExceptionHandler(TRUE, Handler);
    fault_page = static_cast<u8 *>(VirtualAlloc(nullptr, 4096, MEM_RESERVE, PAGE_NOACCESS));
    {
        u8 *code = static_cast<u8 *>(
            VirtualAlloc(nullptr, 4096, MEM_COMMIT | MEM_RESERVE, PAGE_EXECUTE_READWRITE));
        size_t n = 0;
#ifdef _WIN64
        code[n++] = 0x48;
#endif
        code[n++] = 0xb9;
        std::memcpy(code + n, &fault_page, sizeof fault_page);
        n += sizeof fault_page;
        code[n++] = 0x8b;
        code[n++] = 0x01;
        code[n++] = 0xc3;
        std::printf("fixed %x", reinterpret_cast<unsigned (*)()>(code)());
        std::printf(" %d\n", faults);
        VirtualFree(code, 0, MEM_RELEASE);
    }
    RemoveVectoredExceptionHandler(h);
    SetLastError(ERROR_COMMITMENT_LIMIT);
    std::printf("%s\n", GetLastErrorString().c_str());
    SetLastError(ERROR_INVALID_ADDRESS);
    std::printf("%s\n", GetLastErrorString().c_str());
#ifdef _WIN64
    u64 hi, lo = _umul128(u64(1) << 63, 6, &hi);
    std::printf("%llu %llu\n", (unsigned long long)lo, (unsigned long long)hi);
#endif
    std::printf("%u\n", (unsigned)_byteswap_ulong(0x01020304));
    std::printf("%llx\n", (unsigned long long)_byteswap_uint64(1));
#ifdef _WIN64
    unsigned char cf;
    u64 sum;
    cf = _addcarry_u64(0, ~0ull, 1, reinterpret_cast<unsigned long long *>(&sum));
    std::printf("carry %d %d\n", cf, (int)sum);
#endif
    __m128i v = _mm_set1_epi8(3);
    std::printf("%d\n", _mm_movemask_epi8(_mm_cmpeq_epi8(v, v)));
    __nop();
    (void)__rdtsc();
    unsigned aux;
    (void)__rdtscp(&aux);
    _mm_pause();
    std::printf("%d\n", (int)std::min(1, 2));
    return 0;
}
