/* The kernel's ucontext and Windows' CONTEXT.
 *
 * Terms    legacy = the first 512 bytes of the floating point state, what fxsave writes; extended =
 *          a state that goes on behind it, marked by MAGIC1 in bytes that fxsave leaves alone.
 * I1       A context that is stored leaves a state that the kernel accepts: unknown bits of MXCSR
 *          are dropped, flags are those that popf could change, segments are the old ones.
 * I2       The bytes of the legacy area behind the vector registers are the kernel's own and are
 *          neither shown nor changed.
 * Locking  none.   Failure: none.   Signal safety: all. */
#include "fault/fault_context.h"

#include <string.h>

#define MAGIC1 0x46505853u
enum { LEGACY_LEN = 512, LEGACY_SHOWN = 416, XSAVE_X87_SSE = 3 };
enum { CALM_CONTROL = 0x37F, CALM_MXCSR = 0x1F80, DEFAULT_MXCSR_MASK = 0xFFBF };
/* CF PF AF ZF SF TF DF OF AC ID */
#define USER_FLAGS 0x240DD5u

/* The software's bytes at the end of the legacy area. */
struct software_bytes {
    uint32_t magic1, extended_size;
    uint64_t xfeatures;
    uint32_t xstate_size;
};

static XMM_SAVE_AREA32 *legacy_of(const struct wvm_kernel_context *uc)
{
    return (XMM_SAVE_AREA32 *)uc->mcontext.fpregs;
}

static const struct software_bytes *software_of(const struct wvm_kernel_context *uc)
{
    return (const struct software_bytes *)((const char *)uc->mcontext.fpregs + 464);
}

WVM_SIGNAL_PATH size_t wvm_context_fpsize(const struct wvm_kernel_context *uc)
{
    if (!uc->mcontext.fpregs)
        return 0;
    const struct software_bytes *soft = software_of(uc);
    return soft->magic1 == MAGIC1 ? soft->extended_size : LEGACY_LEN;
}

WVM_SIGNAL_PATH uint64_t wvm_context_xfeatures(const struct wvm_kernel_context *uc)
{
    if (!uc->mcontext.fpregs || software_of(uc)->magic1 != MAGIC1)
        return 0;
    return software_of(uc)->xfeatures;
}

/* Says in the header behind the legacy area that the legacy parts are not in their first state. */
WVM_SIGNAL_PATH static void mark_used(struct wvm_kernel_context *uc)
{
    if (software_of(uc)->magic1 == MAGIC1)
        *(uint64_t *)((char *)uc->mcontext.fpregs + LEGACY_LEN) |= XSAVE_X87_SSE;
}

WVM_SIGNAL_PATH void wvm_context_calm(struct wvm_kernel_context *uc)
{
    XMM_SAVE_AREA32 *legacy = legacy_of(uc);
    if (!legacy)
        return;
    legacy->ControlWord = CALM_CONTROL;
    legacy->StatusWord = 0;
    legacy->TagWord = 0;
    legacy->MxCsr = CALM_MXCSR;
    mark_used(uc);
}

WVM_SIGNAL_PATH unsigned wvm_context_fp_raised(const struct wvm_kernel_context *uc, bool x87)
{
    const XMM_SAVE_AREA32 *legacy = legacy_of(uc);
    if (!legacy)
        return 0;
    unsigned flags = x87 ? legacy->StatusWord : legacy->MxCsr;
    unsigned masks = x87 ? legacy->ControlWord : legacy->MxCsr >> 7;
    return (flags & ~masks & 0x3f) | (x87 ? flags & WVM_FP_STACK : 0);
}

/* ---- to CONTEXT ---- */

/* Which general register of the kernel is at CONTEXT.Rax + i. */
static const int8_t registers[16] = {
    REG_RAX, REG_RCX, REG_RDX, REG_RBX, REG_RSP, REG_RBP, REG_RSI, REG_RDI,
    REG_R8,  REG_R9,  REG_R10, REG_R11, REG_R12, REG_R13, REG_R14, REG_R15,
};
enum { RSP_AT = 4 };
WVM_STATIC(offsetof(CONTEXT, Rsp) == offsetof(CONTEXT, Rax) + RSP_AT * sizeof(ULONGLONG),
           "the order of registers");
WVM_STATIC(offsetof(CONTEXT, R15) == offsetof(CONTEXT, Rax) + 15 * sizeof(ULONGLONG),
           "the order of registers");

WVM_SIGNAL_PATH static void load_segments(CONTEXT *to, const struct wvm_kernel_context *from)
{
    uint64_t words = (uint64_t)wvm_reg_value(from, REG_CSGSFS);
    uint16_t ds, es;
    __asm__("movw %%ds, %0\n\tmovw %%es, %1" : "=r"(ds), "=r"(es));
    to->SegCs = (WORD)words;
    to->SegGs = (WORD)(words >> 16);
    to->SegFs = (WORD)(words >> 32);
    to->SegSs = (WORD)(words >> 48);
    to->SegDs = ds;
    to->SegEs = es;
}

WVM_SIGNAL_PATH void wvm_context_load(CONTEXT *to, const struct wvm_kernel_context *from)
{
    ULONGLONG *general = &to->Rax;
    memset(to, 0, sizeof(*to));
    to->ContextFlags = CONTEXT_FULL | CONTEXT_SEGMENTS;
    for (unsigned i = 0; i < 16; i++)
        general[i] = wvm_reg_value(from, registers[i]);
    to->Rip = wvm_reg_value(from, REG_RIP);
    to->EFlags = (DWORD)wvm_reg_value(from, REG_EFL);
    load_segments(to, from);
    if (!from->mcontext.fpregs)
        to->ContextFlags &= ~(CONTEXT_FLOATING_POINT & ~CONTEXT_AMD64);
    else
        memcpy(&to->FltSave, from->mcontext.fpregs, LEGACY_SHOWN);
    to->MxCsr = to->FltSave.MxCsr;
}

/* ---- and back ---- */

WVM_SIGNAL_PATH static void store_floating_point(const CONTEXT *from,
                                                 struct wvm_kernel_context *to)
{
    XMM_SAVE_AREA32 *legacy = legacy_of(to);
    DWORD was = legacy->MxCsr, mask = legacy->MxCsr_Mask;
    DWORD now = from->MxCsr != was ? from->MxCsr : from->FltSave.MxCsr;
    memcpy(legacy, &from->FltSave, LEGACY_SHOWN);
    legacy->MxCsr = now & (mask ? mask : DEFAULT_MXCSR_MASK);
    legacy->MxCsr_Mask = mask;
    mark_used(to);
}

/* All bits of the part are named. */
static bool has(DWORD flags, DWORD part)
{
    return (flags & part) == part;
}

WVM_SIGNAL_PATH void wvm_context_store(const CONTEXT *from, struct wvm_kernel_context *to)
{
    const ULONGLONG *general = &from->Rax;
    DWORD flags = from->ContextFlags;
    for (unsigned i = 0; i < 16; i++)
        if (has(flags, i == RSP_AT ? CONTEXT_CONTROL : CONTEXT_INTEGER))
            *wvm_reg(to, registers[i]) = (greg_t)general[i];
    if (has(flags, CONTEXT_CONTROL)) {
        uint64_t kept = (uint64_t)wvm_reg_value(to, REG_EFL) & ~(uint64_t)USER_FLAGS;
        *wvm_reg(to, REG_RIP) = (greg_t)from->Rip;
        *wvm_reg(to, REG_EFL) = (greg_t)(kept | (from->EFlags & USER_FLAGS));
    }
    if (has(flags, CONTEXT_FLOATING_POINT) && to->mcontext.fpregs)
        store_floating_point(from, to);
}
