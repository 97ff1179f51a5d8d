/* winvm/kit_teb.h: the block of the calling thread (libwinvm-kit), and the compilers' words that
 * read it.
 *
 * The block is plain memory, in the layout of winternl.h; no segment register points to it. These
 * members mean something: ExceptionList (the end mark), StackBase, StackLimit, Self, ClientId,
 * ProcessEnvironmentBlock, LastErrorValue, LastStatusValue (RtlGetLastNtStatus), CurrentLocale,
 * RealClientId, StaticUnicodeString, DeallocationStack, TlsSlots and TlsExpansionSlots.
 * LastErrorValue is what GetLastError returns and SetLastError sets, TlsSlots what TlsGetValue
 * returns. The stack is that which the thread has when it first asks for its block; StackLimit
 * follows the stack down when the thread asks again; a program that changes stacks may write these
 * members. The others are 0, and the program's.
 *
 * Of the process: BeingDebugged (as of the first call), ImageBaseAddress, ProcessParameters
 * (ImagePathName and CommandLine), ProcessHeap, NumberOfProcessors, the versions, SessionId, Ldr.
 * The lists of Ldr have the program, the modules that GetModuleHandle knows by name (of no size)
 * and the host's libraries, as they are at the last NtCurrentPeb of any thread, or the first
 * NtCurrentTeb of one. Entries of what was unloaded are taken out, but stay readable.
 *
 * WINVM_NO_TYPES needs: BYTE ULONG. */
#ifndef WINVM_KIT_TEB_H
#define WINVM_KIT_TEB_H

#include "winnt.h"

struct _TEB;
struct _PEB;

WINVM_BEGIN_DECLS

#ifndef WINVM_UNDER_WINE /* whose header has a function of its own */
/* The calling thread's block; valid until the thread ends. */
WINVM_DECLARE(struct _TEB *, NtCurrentTeb, (void));
#endif
/* The process's, the same for ever. */
WINVM_DECLARE(struct _PEB *, RtlGetCurrentPeb, (void));
/* GetLastError and SetLastError under their native names. */
WINVM_DECLARE(ULONG, RtlGetLastWin32Error, (void));
WINVM_DECLARE(void, RtlSetLastWin32Error, (ULONG LastError));

WINVM_END_DECLS

#define NtCurrentPeb() RtlGetCurrentPeb()
#ifndef WINVM_UNDER_WINE
#define GetCurrentFiber() (((NT_TIB *)NtCurrentTeb())->FiberData)
#define GetFiberData() (*(PVOID *)GetCurrentFiber())

/* What a compiler's word for "at this offset from the segment register" reads and writes, in bytes;
 * for the register that the machine's Windows has the block in. */
#if defined(__x86_64__)
#define WINVM_TEB_WORD_(name) __readgs##name
#define WINVM_TEB_WORD_SET_(name) __writegs##name
#else
#define WINVM_TEB_WORD_(name) __readfs##name
#define WINVM_TEB_WORD_SET_(name) __writefs##name
#endif
#define WINVM_TEB_WORDS_(name, type)                                                            \
    typedef type winvm_teb_##name##_ __attribute__((__may_alias__));                            \
    static inline __attribute__((__always_inline__, __unused__)) type                           \
    WINVM_TEB_WORD_(name)(ULONG offset)                                                         \
    {                                                                                           \
        return *(volatile winvm_teb_##name##_ *)((char *)NtCurrentTeb() + offset);              \
    }                                                                                           \
    static inline __attribute__((__always_inline__, __unused__)) void                           \
    WINVM_TEB_WORD_SET_(name)(ULONG offset, type value)                                         \
    {                                                                                           \
        *(volatile winvm_teb_##name##_ *)((char *)NtCurrentTeb() + offset) = value;             \
    }
WINVM_TEB_WORDS_(byte, unsigned char)
WINVM_TEB_WORDS_(word, unsigned short)
WINVM_TEB_WORDS_(dword, ULONG)
#if WINVM_64
__extension__ WINVM_TEB_WORDS_(qword, unsigned long long)
#endif
#undef WINVM_TEB_WORD_
#undef WINVM_TEB_WORD_SET_
#undef WINVM_TEB_WORDS_
#endif

#endif
