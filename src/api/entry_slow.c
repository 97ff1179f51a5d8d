/* The entries' other path: taken while the gate word is not zero.
 *
 * Owns    wvm_slow_NAME for every line of api_list.h: starts the library when that is still to be
 *         done, and traces the call when the tracer is on.
 * I1  Apart from the trace a slow call does and answers exactly what the straight one does.
 * I2  The result and the thread's last error are those of the call, not of the tracer.
 * Locking: none.   Failure and signal safety: those of the function called; a first call starts the
 * library and is then not signal-safe. */
#include <string.h>

#include "api/entry.h"

/* WVM_MAP(m, x, y, ...) is m(x), m(y), ... for up to ten arguments. */
#define WVM_MAP(...) WVM_MAP_PICK(__VA_ARGS__, WVM_MAP10, WVM_MAP9, WVM_MAP8, WVM_MAP7, WVM_MAP6,  \
                                  WVM_MAP5, WVM_MAP4, WVM_MAP3, WVM_MAP2, WVM_MAP1, WVM_MAP0,      \
                                  ~)(__VA_ARGS__)
#define WVM_MAP_PICK(m, a, b, c, d, e, f, g, h, i, j, pick, ...) pick
#define WVM_MAP0(m) 0
#define WVM_MAP1(m, a) m(a)
#define WVM_MAP2(m, a, b) m(a), m(b)
#define WVM_MAP3(m, a, b, c) m(a), m(b), m(c)
#define WVM_MAP4(m, a, b, c, d) m(a), m(b), m(c), m(d)
#define WVM_MAP5(m, a, ...) m(a), WVM_MAP4(m, __VA_ARGS__)
#define WVM_MAP6(m, a, ...) m(a), WVM_MAP5(m, __VA_ARGS__)
#define WVM_MAP7(m, a, ...) m(a), WVM_MAP6(m, __VA_ARGS__)
#define WVM_MAP8(m, a, ...) m(a), WVM_MAP7(m, __VA_ARGS__)
#define WVM_MAP9(m, a, ...) m(a), WVM_MAP8(m, __VA_ARGS__)
#define WVM_MAP10(m, a, ...) m(a), WVM_MAP9(m, __VA_ARGS__)

/* An argument as a word, and the bytes behind one that is a pointer to a value. */
#define WVM_WORD(x) \
    (uint64_t) _Generic((x), LONGLONG: (x), ULONGLONG: (x), default: (uintptr_t)(x))
#define WVM_WIDTH(x)                                                                          \
    _Generic((x), DWORD *: 4, LARGE_INTEGER *: 8, const LARGE_INTEGER *: 8,                   \
             default: sizeof(void *))
#define WVM_WORDS(...) WVM_MAP(WVM_WORD __VA_OPT__(,) __VA_ARGS__)
#define WVM_WIDTHS(...) WVM_MAP(WVM_WIDTH __VA_OPT__(,) __VA_ARGS__)

#define WVM_CALL_OF(name, args) \
    {.id = WVM_ID_##name, .arg = {WVM_WORDS args}, .width = {WVM_WIDTHS args}}

/* Called with a lock of an allocator's held, maybe: starting a thread, which allocates, would wait
 * for it for ever. */
static bool is_allocators(unsigned id)
{
    switch (id) {
    case WVM_ID_VirtualAlloc:
    case WVM_ID_VirtualAllocEx:
    case WVM_ID_VirtualAllocExNuma:
    case WVM_ID_VirtualAlloc2:
    case WVM_ID_VirtualFree:
    case WVM_ID_VirtualFreeEx:
    case WVM_ID_VirtualProtect:
    case WVM_ID_VirtualProtectEx:
    case WVM_ID_VirtualQuery:
    case WVM_ID_VirtualQueryEx:
    case WVM_ID_NtAllocateVirtualMemory:
    case WVM_ID_NtAllocateVirtualMemoryEx:
    case WVM_ID_NtFreeVirtualMemory:
    case WVM_ID_NtProtectVirtualMemory:
    case WVM_ID_NtQueryVirtualMemory:
    case WVM_ID_GetSystemInfo:
    case WVM_ID_GetLastError:
    case WVM_ID_SetLastError:
        return true;
    default:
        return false;
    }
}

static bool past_gate(unsigned id)
{
    if (wvm_gate_bits() & WVM_GATE_INIT)
        wvm_init();
    if (wvm_gate_bits() & WVM_GATE_SERVE)
        wvm_serve();
    if (wvm_gate_bits() & WVM_GATE_CLOCK && !is_allocators(id))
        wvm_tick();
    return wvm_gate_bits() & WVM_GATE_TRACE;
}

/* A result as a word, of whatever type. */
static uint64_t result_word(const void *result, size_t size)
{
    uint64_t word = 0;
    memcpy(&word, result, size);
    return word;
}

#define WVM_SLOW_VALUE(name, shown, type, args)                                                    \
    {                                                                                              \
        struct wvm_trace_call call = WVM_CALL_OF(shown, args);                                     \
        bool traced = past_gate(call.id);                                                          \
        if (traced)                                                                                \
            wvm_trace_begin(&call);                                                                \
        type result = wvm_##name args;                                                             \
        WVM_NOTE(name, result)                                                                     \
        if (traced)                                                                                \
            wvm_trace_end(&call, result_word(&result, sizeof result));                             \
        return result;                                                                             \
    }
#define WVM_SLOW_VOID(name, shown, type, args)                                                     \
    {                                                                                              \
        struct wvm_trace_call call = WVM_CALL_OF(shown, args);                                     \
        bool traced = past_gate(call.id);                                                          \
        if (traced)                                                                                \
            wvm_trace_begin(&call);                                                                \
        wvm_##name args;                                                                           \
        if (traced)                                                                                \
            wvm_trace_end(&call, 0);                                                               \
    }

#define WVM_API(ret, name, params, args, trace) \
    ret wvm_slow_##name params WVM_PICK_##ret(WVM_SLOW_VOID, WVM_SLOW_VALUE)(name, name, ret, args)
#define WVM_API_SHARED WVM_API
#define WVM_API_REGS(ret, name, params, args, trace)
#define WVM_API_ALIAS(alias, name)
#include "api/api_list.h"
#undef WVM_API
#undef WVM_API_SHARED
#undef WVM_API_REGS
#undef WVM_API_ALIAS

#define WVM_SLOW_MS(ret, name, params, args)                                                       \
    ret wvm_slow_##name##_ms params                                                                \
        WVM_PICK_##ret(WVM_SLOW_VOID, WVM_SLOW_VALUE)(name##_ms, name, ret, args)
WVM_API_MS(WVM_SLOW_MS)

#define WVM_API(ret, name, params, args, trace) [WVM_ID_##name] = #name,
#define WVM_API_SHARED WVM_API
#define WVM_API_REGS WVM_API
#define WVM_API_ALIAS(alias, name)
__attribute__((used)) const char *const wvm_api_names[WVM_N_APIS] = {
#include "api/api_list.h"
};
#undef WVM_API

#define WVM_API(ret, name, params, args, trace) [WVM_ID_##name] = trace,
const char *const wvm_api_letters[WVM_N_APIS] = {
#include "api/api_list.h"
};
#undef WVM_API
#undef WVM_API_SHARED
#undef WVM_API_REGS
#undef WVM_API_ALIAS
