/* Compiler annotations used throughout. */
#ifndef WVM_BASE_ANNOTATE_H
#define WVM_BASE_ANNOTATE_H

#include <stdint.h>

/* A 64-bit word that is read and written whole by several threads: an i386 compiler aligns a plain
 * uint64_t in a structure to 4 bytes only. */
typedef uint64_t wvm_word64 __attribute__((aligned(8)));

#define WVM_LIKELY(e) __builtin_expect(!!(e), 1)
#define WVM_UNLIKELY(e) __builtin_expect(!!(e), 0)
#define WVM_ALWAYS_INLINE __attribute__((always_inline))
#define WVM_NOINLINE __attribute__((noinline))
#define WVM_MUST_CHECK __attribute__((warn_unused_result))
#define WVM_COLD __attribute__((cold, noinline))
#define WVM_HIDDEN __attribute__((visibility("hidden")))
#define WVM_EXPORT __attribute__((visibility("default")))
#define WVM_PRINTF(fmt, args) __attribute__((format(printf, fmt, args)))
/* The Windows convention of the machine. */
#if defined(__x86_64__)
#define WVM_WINDOWS_CALL __attribute__((ms_abi))
#else
#define WVM_WINDOWS_CALL __attribute__((stdcall))
#endif
/* For functions that Windows code calls: 32-bit Windows aligns the stack to 4 bytes only. */
#if defined(__x86_64__)
#define WVM_ANY_STACK
#else
#define WVM_ANY_STACK __attribute__((force_align_arg_pointer))
#endif
/* Initial-exec: reading it never allocates, so it is safe in a signal handler. */
#define WVM_THREAD_LOCAL __thread __attribute__((tls_model("initial-exec")))

#endif
