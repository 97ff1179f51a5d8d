/* Three kinds of assertion, none of which uses malloc or stdio.
 * WVM_ASSERT  debug builds only (WVM_DEBUG): documents an invariant.
 * WVM_VERIFY  always on: guards memory safety; a failure traps the process.
 * WVM_STATIC  compile time.
 * Whole-structure audits are functions (wvm_region_audit); see wvm_audit_level. */
#ifndef WVM_BASE_ASSERT_H
#define WVM_BASE_ASSERT_H

/* Prints "winvm: FILE:LINE: EXPR" on descriptor 2 and aborts. Async-signal-safe. */
_Noreturn void wvm_assert_fail(const char *file, int line, const char *expr);

#define WVM_VERIFY(e) ((e) ? (void)0 : wvm_assert_fail(__FILE__, __LINE__, #e))
#ifdef WVM_DEBUG
#define WVM_ASSERT(e) WVM_VERIFY(e)
#else
#define WVM_ASSERT(e) ((void)sizeof(!(e)))
#endif
#define WVM_STATIC(e, msg) _Static_assert(e, msg)

#endif
