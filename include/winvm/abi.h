/* winvm/abi.h: how a winvm function is called and what it is called in the object file.
 *
 * Every Windows name Foo exists in two conventions, the compiler's own one and the Windows
 * convention of the machine:
 *
 *              compiler's own                 Windows
 *   x86-64     SysV, symbol `Foo` (default)   ms_abi, symbol `winvm_ms_Foo`
 *   i386       cdecl, `winvm_cdecl_Foo`       stdcall, `Foo` (default), as 32-bit sources expect
 *
 * The other one than the default is reached through an assembler label; the source still says Foo.
 *
 * WINVM_ABI_MS, when defined before the first winvm header, selects the Windows convention,
 * WINVM_ABI_CDECL the compiler's own; where it is the default anyway it changes nothing. WINAPI and
 * the other words for callbacks go with it: a callback is called in the convention of the function
 * that took it. WINVM_ABI_MS is defined here by itself when Wine's headers were included first,
 * because they declare WINAPI so. WINVM_ABI is then 1 (the compiler's own) or 2 (Windows).
 *
 * Objects that include a winvm header carry an ELF note telling which one was used (below), unless
 * WINVM_NO_NOTE is defined.
 *
 * WINVM_NO_TYPES, when defined before the first winvm header, leaves out every type, constant and
 * structure: only prototypes, in terms of types that the includer has already declared, and
 * winvm's own names remain. It is defined here by itself under Wine's headers. Each header's top
 * comment lists the names its prototypes need; the sizes are checked. */
#ifndef WINVM_ABI_H
#define WINVM_ABI_H

#if defined(__ONLY_IN_WINELIB) || defined(__WINE_ALLOC_SIZE) || \
    defined(__WINE_WINBASE_H) || defined(__WINE_WINTERNL_H)
#define WINVM_UNDER_WINE 1
#ifndef WINVM_ABI_MS
#define WINVM_ABI_MS 1
#endif
#ifndef WINVM_NO_TYPES
#define WINVM_NO_TYPES 1
#endif
#endif

/* Pointers have 64 bits. */
#if defined(__LP64__) || defined(_LP64) || defined(_WIN64)
#define WINVM_64 1
#else
#define WINVM_64 0
#endif

#if defined(WINVM_ABI_MS) && defined(WINVM_ABI_CDECL)
#error "WINVM_ABI_MS and WINVM_ABI_CDECL exclude each other"
#elif defined(WINVM_ABI_MS) || (defined(__i386__) && !defined(WINVM_ABI_CDECL))
#define WINVM_ABI 2
#else
#define WINVM_ABI 1
#endif

#if WINVM_ABI == 2 && defined(__x86_64__)
#define WINVM_CALL __attribute__((ms_abi))
#define WINVM_LABEL(name) __asm__("winvm_ms_" #name)
#elif WINVM_ABI == 2 && defined(__i386__)
#define WINVM_CALL __attribute__((stdcall))
#define WINVM_LABEL(name)
#elif defined(__i386__)
#define WINVM_CALL __attribute__((cdecl))
#define WINVM_LABEL(name) __asm__("winvm_cdecl_" #name)
#else
#define WINVM_CALL
#define WINVM_LABEL(name)
#endif

/* winvm_* functions: the compiler's own convention in every mode, also under -mabi=ms and -mrtd. */
#if defined(__x86_64__)
#define WINVM_SYSV __attribute__((sysv_abi))
#elif defined(__i386__)
#define WINVM_SYSV __attribute__((cdecl))
#else
#define WINVM_SYSV
#endif

#ifdef __cplusplus
#define WINVM_BEGIN_DECLS extern "C" {
#define WINVM_END_DECLS }
#else
#define WINVM_BEGIN_DECLS
#define WINVM_END_DECLS
#endif

/* Declares one Windows function; to be followed by a semicolon. The name stands in parentheses so
 * that a function-like macro of the same name does not expand. */
#define WINVM_DECLARE(ret, name, params) extern ret WINVM_CALL(name) params WINVM_LABEL(name)

/* A check at compile time in any C and C++ dialect; to be followed by a semicolon. */
#if defined(__cplusplus)
#define WINVM_STATIC_ASSERT(cond, text) static_assert(cond, text)
#else
#define WINVM_STATIC_ASSERT(cond, text) __extension__ _Static_assert(cond, text)
#endif

/* The note. Section .note.winvm, SHT_NOTE, SHF_ALLOC (so that it lands in a PT_NOTE segment), four
 * byte aligned, 24 bytes in the machine's byte order:
 *
 *   offset  0  n_namesz  6
 *           4  n_descsz  4
 *           8  n_type    1
 *          12  name      "winvm\0" and two bytes of padding
 *          20  desc      4 bytes: 1 SysV or cdecl, 2 ms_abi or stdcall
 *
 * One note stands in each object file that includes a winvm header, and the linker joins them: a
 * linked object has any number, of one convention or of both, and a reader takes the union. Notes
 * are not discarded by --gc-sections or strip. */
#if defined(__ELF__) && !defined(WINVM_NO_NOTE) && !defined(__ASSEMBLER__)
#if WINVM_ABI == 2
#define WINVM_NOTE_DESC_ "2"
#else
#define WINVM_NOTE_DESC_ "1"
#endif
#if defined(__arm__)
#define WINVM_NOTE_TYPE_ "%note"
#else
#define WINVM_NOTE_TYPE_ "@note"
#endif
__asm__(".pushsection .note.winvm,\"a\"," WINVM_NOTE_TYPE_ "\n"
        ".balign 4\n"
        ".long 6\n"
        ".long 4\n"
        ".long 1\n"
        ".asciz \"winvm\"\n"
        ".byte 0, 0\n"
        ".long " WINVM_NOTE_DESC_ "\n"
        ".popsection\n");
#undef WINVM_NOTE_DESC_
#undef WINVM_NOTE_TYPE_
#endif

#endif
