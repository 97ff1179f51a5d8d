/* What the files of this room that are one for all machines need to know of the machine. */
#ifndef WVM_FAULT_MACHINE_H
#define WVM_FAULT_MACHINE_H

#include <ucontext.h>

#include <winvm/context.h>

#include "base/assert.h"

/* Instruction and stack pointer of a CONTEXT. */
#if defined(__x86_64__)
#define WVM_CONTEXT_IP(context) ((context)->Rip)
#define WVM_CONTEXT_SP(context) ((context)->Rsp)
#else
#define WVM_CONTEXT_IP(context) ((context)->Eip)
#define WVM_CONTEXT_SP(context) ((context)->Esp)
#endif

/* RED_ZONE: bytes below the stack pointer that code may use. FP_PAD: what lies before a floating
 * point state so that the part which wants a multiple of 64 has one. */
#if defined(__x86_64__)
enum {
    WVM_REG_IP = REG_RIP,
    WVM_REG_SP = REG_RSP,
    WVM_REG_FLAGS = REG_EFL,
    WVM_RED_ZONE = 128,
    WVM_FP_PAD = 0,
    WVM_KERNEL_CONTEXT_LEN = 304,
};
#else
enum {
    WVM_REG_IP = REG_EIP,
    WVM_REG_SP = REG_ESP,
    WVM_REG_FLAGS = REG_EFL,
    WVM_RED_ZONE = 0,
    WVM_FP_PAD = 16, /* a state of fsave, 112 bytes, comes before the other */
    WVM_KERNEL_CONTEXT_LEN = 116,
};
#endif

/* The part of a ucontext_t that the kernel writes and reads; libc's goes on behind it. */
struct wvm_kernel_context {
    unsigned long flags;
    void *link;
    stack_t stack;
    mcontext_t mcontext;
    uint64_t sigmask;
};
WVM_STATIC(sizeof(struct wvm_kernel_context) == WVM_KERNEL_CONTEXT_LEN,
           "the kernel's struct ucontext");
WVM_STATIC(offsetof(struct wvm_kernel_context, mcontext) == offsetof(ucontext_t, uc_mcontext),
           "registers of the ucontext");
WVM_STATIC(offsetof(struct wvm_kernel_context, sigmask) == offsetof(ucontext_t, uc_sigmask),
           "mask of the ucontext");

static inline greg_t *wvm_reg(struct wvm_kernel_context *uc, int reg)
{
    return &uc->mcontext.gregs[reg];
}

static inline uintptr_t wvm_reg_value(const struct wvm_kernel_context *uc, int reg)
{
    return (uintptr_t)uc->mcontext.gregs[reg];
}

/* The address of the latest page fault. */
static inline uintptr_t wvm_fault_address(const struct wvm_kernel_context *uc)
{
#if defined(__x86_64__)
    return wvm_reg_value(uc, REG_CR2);
#else
    return uc->mcontext.cr2;
#endif
}

static inline void wvm_set_fault_address(struct wvm_kernel_context *uc, uintptr_t addr)
{
#if defined(__x86_64__)
    *wvm_reg(uc, REG_CR2) = (greg_t)addr;
#else
    uc->mcontext.cr2 = addr;
#endif
}

#endif
