/* What the entries of the exception calls need: the caller's registers, taken and put back, and the
 * unhandled exception filter across conventions. */
#ifndef WVM_FAULT_FAULT_ENTRY_H
#define WVM_FAULT_FAULT_ENTRY_H

#include "fault/fault.h"

/* Jumped to by assembler entries (api/entry_make.h) with the address of a function of the
 * compiler's convention pushed on the stack; on i386 behind it the bytes of arguments, which a
 * stdcall function takes off. Takes the registers that the entry's caller had, as
 * they are behind the call, into a CONTEXT, and calls
 *     _Noreturn void function(CONTEXT *caller, first argument, .. fourth argument)
 * with the arguments as the entry's convention passes them. */
void wvm_enter_sysv(void) WVM_HIDDEN;
void wvm_enter_ms(void) WVM_HIDDEN;

/* Makes the thread continue with these registers: control, integer, and floating point when the
 * flags say so. The context may lie anywhere, also in memory that is free once the stack pointer
 * has changed. */
_Noreturn void wvm_context_resume(CONTEXT *context) WVM_HIDDEN;
/* Puts the parts of `given` that its flags name into `full`. */
void wvm_context_overlay(CONTEXT *full, const CONTEXT *given);

/* A function of the convention ms for `filter`, a filter of the other convention. One for each
 * convention: the latest filter counts. */
void *wvm_filter_bridge(void *filter, bool ms);
/* Calls the filter; false: there is none. */
bool wvm_filter_call(EXCEPTION_POINTERS *pointers, LONG *answer);

#endif
