/* The registers of an interrupted thread: from the kernel's form to CONTEXT and back. */
#ifndef WVM_FAULT_CONTEXT_H
#define WVM_FAULT_CONTEXT_H

#include "fault/fault_internal.h"

/* Every part of the context but the debug registers. */
void wvm_context_load(CONTEXT *to, const struct wvm_kernel_context *from);
/* Takes the parts that ContextFlags names, as far as a program may change them. What CONTEXT has no
 * place for (upper halves of vectors, segments) stays. */
void wvm_context_store(const CONTEXT *from, struct wvm_kernel_context *to);

/* Bytes of the floating point state behind mcontext.fpregs; 0: there is none. */
size_t wvm_context_fpsize(const struct wvm_kernel_context *uc);
#if defined(__i386__)
/* The x87 registers as fsave has them, from what fxsave wrote. */
void wvm_context_to_old(const XMM_SAVE_AREA32 *from, FLOATING_SAVE_AREA *to);
#endif
/* x86-64 only: the parts that xrstor can put back from there; 0: there are none. */
uint64_t wvm_context_xfeatures(const struct wvm_kernel_context *uc);
/* What the x87, or SSE, has flagged and does not mask: its six bits of exceptions, and that of the
 * x87's stack (WVM_FP_STACK). */
enum { WVM_FP_INVALID = 1, WVM_FP_DENORMAL = 2, WVM_FP_STACK = 0x40 };
unsigned wvm_context_fp_raised(const struct wvm_kernel_context *uc, bool x87);
/* The state that a function may expect: default rounding, exceptions masked, empty x87 stack. */
void wvm_context_calm(struct wvm_kernel_context *uc);

#endif
