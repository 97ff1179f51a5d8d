/* The kernel's ucontext and Windows' CONTEXT, on i386. fault_context.c is that of x86-64.
 *
 * Terms    old = the 112 bytes that the floating point state begins with: what fsave writes, the
 *          form of CONTEXT.FloatSave; legacy = the 512 bytes behind it, what fxsave writes, the
 *          form of CONTEXT.ExtendedRegisters; extended = a state that goes on behind those, marked
 *          by MAGIC1 in bytes that fxsave leaves alone.
 * I1       The kernel takes the x87 registers from the old part and the vectors from the legacy
 *          part. So do we: of a context that names both forms FloatSave has the x87 registers; one
 *          that names the extended registers alone has them there.
 * I2       A context that is stored leaves a state that the kernel accepts: unknown bits of MXCSR
 *          are dropped, flags are those that popf could change, segments are the old ones.
 * I3       The bytes of the legacy part behind the vector registers are the kernel's own and are
 *          neither shown nor changed.
 * I4       Interrupted code is always put back by sigreturn: the kernel alone joins the two forms.
 * Locking  none.   Failure: none.   Signal safety: all. */
#include "fault/fault_context.h"

#include <string.h>

#include "fault/fault_entry.h"

#define MAGIC1 0x46505853u
enum { OLD_LEN = 112, OLD_SHOWN = 108, LEGACY_LEN = 512, LEGACY_SHOWN = 288, XSAVE_X87_SSE = 3 };
enum { CALM_CONTROL = 0x37F, CALM_MXCSR = 0x1F80, DEFAULT_MXCSR_MASK = 0xFFBF };
enum { OLD_ALL_EMPTY = 0xFFFF, OLD_UPPER = ~0xFFFF, PLAIN_STATE = 0xFFFF };
/* CF PF AF ZF SF TF DF OF AC ID */
#define USER_FLAGS 0x240DD5u

/* The software's bytes at the end of the legacy part. */
struct software_bytes {
    uint32_t magic1, extended_size;
};

static FLOATING_SAVE_AREA *old_of(const struct wvm_kernel_context *uc)
{
    return (FLOATING_SAVE_AREA *)uc->mcontext.fpregs;
}

/* NULL: the processor has no fxsave. */
WVM_SIGNAL_PATH static XMM_SAVE_AREA32 *legacy_of(const struct wvm_kernel_context *uc)
{
    FLOATING_SAVE_AREA *old = old_of(uc);
    if (!old || old->Cr0NpxState >> 16 == PLAIN_STATE)
        return NULL;
    return (XMM_SAVE_AREA32 *)((char *)old + OLD_LEN);
}

WVM_SIGNAL_PATH static const struct software_bytes *
software_of(const struct wvm_kernel_context *uc)
{
    const XMM_SAVE_AREA32 *legacy = legacy_of(uc);
    if (!legacy)
        return NULL;
    const struct software_bytes *soft =
        (const struct software_bytes *)((const char *)legacy + 464);
    return soft->magic1 == MAGIC1 ? soft : NULL;
}

WVM_SIGNAL_PATH size_t wvm_context_fpsize(const struct wvm_kernel_context *uc)
{
    const struct software_bytes *soft = software_of(uc);
    if (soft)
        return soft->extended_size;
    return !old_of(uc) ? 0 : legacy_of(uc) ? OLD_LEN + LEGACY_LEN : OLD_LEN;
}

/* Says in the header behind the legacy part that the legacy parts are not in their first state. */
WVM_SIGNAL_PATH static void mark_used(struct wvm_kernel_context *uc)
{
    if (software_of(uc))
        *(uint64_t *)((char *)legacy_of(uc) + LEGACY_LEN) |= XSAVE_X87_SSE;
}

WVM_SIGNAL_PATH void wvm_context_calm(struct wvm_kernel_context *uc)
{
    FLOATING_SAVE_AREA *old = old_of(uc);
    XMM_SAVE_AREA32 *legacy = legacy_of(uc);
    if (!old)
        return;
    old->ControlWord = (DWORD)OLD_UPPER | CALM_CONTROL;
    old->StatusWord = (DWORD)OLD_UPPER;
    old->TagWord = (DWORD)OLD_UPPER | OLD_ALL_EMPTY;
    if (legacy)
        legacy->MxCsr = CALM_MXCSR;
    mark_used(uc);
}

WVM_SIGNAL_PATH unsigned wvm_context_fp_raised(const struct wvm_kernel_context *uc, bool x87)
{
    const FLOATING_SAVE_AREA *old = old_of(uc);
    const XMM_SAVE_AREA32 *legacy = legacy_of(uc);
    if (!old || (!legacy && !x87))
        return 0;
    unsigned flags = x87 ? old->StatusWord : legacy->MxCsr;
    unsigned masks = x87 ? old->ControlWord : legacy->MxCsr >> 7;
    return (flags & ~masks & 0x3f) | (x87 ? flags & WVM_FP_STACK : 0);
}

/* ---- from one form to the other ---- */

/* What fsave has for a register that is in use: valid, zero, special. */
WVM_SIGNAL_PATH static unsigned tag_of(const M128A *reg)
{
    unsigned exponent = (unsigned)reg->High & 0x7fff;
    if (exponent == 0x7fff)
        return 2;
    if (exponent == 0)
        return reg->Low == 0 ? 1 : 2;
    return reg->Low >> 63 ? 0 : 2;
}

WVM_SIGNAL_PATH void wvm_context_to_old(const XMM_SAVE_AREA32 *from, FLOATING_SAVE_AREA *to)
{
    unsigned top = from->StatusWord >> 11 & 7, tags = 0;
    for (unsigned i = 0; i < 8; i++) { /* physical registers; st(n) is physical top + n */
        bool used = from->TagWord >> i & 1;
        tags |= (used ? tag_of(&from->FloatRegisters[(i - top) & 7]) : 3) << 2 * i;
        memcpy(to->RegisterArea + 10 * i, &from->FloatRegisters[i], 10);
    }
    to->ControlWord = (DWORD)OLD_UPPER | from->ControlWord;
    to->StatusWord = (DWORD)OLD_UPPER | from->StatusWord;
    to->TagWord = (DWORD)OLD_UPPER | tags;
    to->ErrorOffset = from->ErrorOffset;
    to->ErrorSelector = from->ErrorSelector | (DWORD)from->ErrorOpcode << 16;
    to->DataOffset = from->DataOffset;
    to->DataSelector = (DWORD)OLD_UPPER | from->DataSelector;
}

/* ---- to CONTEXT ---- */

WVM_SIGNAL_PATH static void load_floating_point(CONTEXT *to,
                                                const struct wvm_kernel_context *from)
{
    const XMM_SAVE_AREA32 *legacy = legacy_of(from);
    if (!old_of(from))
        return;
    to->ContextFlags |= CONTEXT_FLOATING_POINT;
    memcpy(&to->FloatSave, old_of(from), OLD_SHOWN);
    if (!legacy)
        return;
    to->ContextFlags |= CONTEXT_EXTENDED_REGISTERS;
    memcpy(to->ExtendedRegisters, legacy, LEGACY_SHOWN);
}

WVM_SIGNAL_PATH void wvm_context_load(CONTEXT *to, const struct wvm_kernel_context *from)
{
    memset(to, 0, sizeof(*to));
    to->ContextFlags = CONTEXT_FULL;
    to->SegGs = (WORD)wvm_reg_value(from, REG_GS);
    to->SegFs = (WORD)wvm_reg_value(from, REG_FS);
    to->SegEs = (WORD)wvm_reg_value(from, REG_ES);
    to->SegDs = (WORD)wvm_reg_value(from, REG_DS);
    to->Edi = wvm_reg_value(from, REG_EDI);
    to->Esi = wvm_reg_value(from, REG_ESI);
    to->Ebx = wvm_reg_value(from, REG_EBX);
    to->Edx = wvm_reg_value(from, REG_EDX);
    to->Ecx = wvm_reg_value(from, REG_ECX);
    to->Eax = wvm_reg_value(from, REG_EAX);
    to->Ebp = wvm_reg_value(from, REG_EBP);
    to->Eip = wvm_reg_value(from, REG_EIP);
    to->SegCs = (WORD)wvm_reg_value(from, REG_CS);
    to->EFlags = wvm_reg_value(from, REG_EFL);
    to->Esp = wvm_reg_value(from, REG_ESP);
    to->SegSs = (WORD)wvm_reg_value(from, REG_SS);
    load_floating_point(to, from);
}

/* ---- and back ---- */

/* All bits of the part are named. */
static bool has(DWORD flags, DWORD part)
{
    return (flags & part) == part;
}

WVM_SIGNAL_PATH static void store_floating_point(const CONTEXT *from,
                                                 struct wvm_kernel_context *to)
{
    XMM_SAVE_AREA32 *legacy = legacy_of(to), given __attribute__((aligned(16)));
    DWORD state = old_of(to)->Cr0NpxState;
    bool extended = has(from->ContextFlags, CONTEXT_EXTENDED_REGISTERS);
    if (extended && legacy) {
        DWORD mask = legacy->MxCsr_Mask;
        memcpy(&given, from->ExtendedRegisters, sizeof(given));
        memcpy(legacy, &given, LEGACY_SHOWN);
        legacy->MxCsr &= mask ? mask : DEFAULT_MXCSR_MASK;
        legacy->MxCsr_Mask = mask;
        wvm_context_to_old(&given, old_of(to));
    }
    if (has(from->ContextFlags, CONTEXT_FLOATING_POINT))
        memcpy(old_of(to), &from->FloatSave, OLD_SHOWN);
    old_of(to)->Cr0NpxState = state;
    mark_used(to);
}

WVM_SIGNAL_PATH static void store_integer(const CONTEXT *from, struct wvm_kernel_context *to)
{
    *wvm_reg(to, REG_EDI) = (greg_t)from->Edi;
    *wvm_reg(to, REG_ESI) = (greg_t)from->Esi;
    *wvm_reg(to, REG_EBX) = (greg_t)from->Ebx;
    *wvm_reg(to, REG_EDX) = (greg_t)from->Edx;
    *wvm_reg(to, REG_ECX) = (greg_t)from->Ecx;
    *wvm_reg(to, REG_EAX) = (greg_t)from->Eax;
}

WVM_SIGNAL_PATH void wvm_context_store(const CONTEXT *from, struct wvm_kernel_context *to)
{
    DWORD flags = from->ContextFlags;
    if (has(flags, CONTEXT_INTEGER))
        store_integer(from, to);
    if (has(flags, CONTEXT_CONTROL)) {
        uintptr_t kept = wvm_reg_value(to, REG_EFL) & ~(uintptr_t)USER_FLAGS;
        *wvm_reg(to, REG_EBP) = (greg_t)from->Ebp;
        *wvm_reg(to, REG_ESP) = (greg_t)from->Esp;
        *wvm_reg(to, REG_EIP) = (greg_t)from->Eip;
        *wvm_reg(to, REG_EFL) = (greg_t)(kept | (from->EFlags & USER_FLAGS));
    }
    if (old_of(to) && flags & (CONTEXT_FLOATING_POINT | CONTEXT_EXTENDED_REGISTERS) & ~CONTEXT_i386)
        store_floating_point(from, to);
}

/* I4. */
WVM_SIGNAL_PATH void wvm_fault_resume(struct wvm_kernel_context *uc, uintptr_t was_sp)
{
    (void)uc;
    (void)was_sp;
}
