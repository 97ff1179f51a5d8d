/* winvm/basetsd.h: integers of a fixed or pointer size, with the widths they have on Windows.
 *
 * SIZE_T, ULONG_PTR and size_t are one type, as on Windows. The 64-bit types are `long long`, so
 * that %lld and %llu print them; they are therefore not the same type as SIZE_T. */
#ifndef WINVM_BASETSD_H
#define WINVM_BASETSD_H

#include "abi.h"
#include "conventions.h"

#ifndef WINVM_NO_TYPES
#include <stddef.h>
#include <stdint.h>

/* 64-bit integers have the alignment of Windows, 8, also inside structures of 32-bit hosts. */
#if WINVM_64
#define WINVM_ALIGN8_
#else
#define WINVM_ALIGN8_ __attribute__((aligned(8)))
#endif

typedef signed char INT8, *PINT8;
typedef short INT16, *PINT16;
typedef int INT32, *PINT32;
__extension__ typedef long long INT64 WINVM_ALIGN8_;
typedef INT64 *PINT64;
typedef unsigned char UINT8, *PUINT8;
typedef unsigned short UINT16, *PUINT16;
typedef unsigned int UINT32, *PUINT32;
__extension__ typedef unsigned long long UINT64 WINVM_ALIGN8_;
typedef UINT64 *PUINT64;

typedef int LONG32, *PLONG32;
typedef unsigned int ULONG32, *PULONG32;
typedef unsigned int DWORD32, *PDWORD32;
__extension__ typedef long long LONG64 WINVM_ALIGN8_;
typedef LONG64 *PLONG64;
__extension__ typedef unsigned long long ULONG64 WINVM_ALIGN8_;
typedef ULONG64 *PULONG64;
__extension__ typedef unsigned long long DWORD64 WINVM_ALIGN8_;
typedef DWORD64 *PDWORD64;

typedef intptr_t INT_PTR, *PINT_PTR;
typedef uintptr_t UINT_PTR, *PUINT_PTR;
typedef intptr_t LONG_PTR, *PLONG_PTR;
typedef uintptr_t ULONG_PTR, *PULONG_PTR;
typedef ULONG_PTR DWORD_PTR, *PDWORD_PTR;
typedef ULONG_PTR SIZE_T, *PSIZE_T;
typedef LONG_PTR SSIZE_T, *PSSIZE_T;
typedef ULONG_PTR KAFFINITY, *PKAFFINITY;
#if WINVM_64
typedef int HALF_PTR, *PHALF_PTR;
typedef unsigned int UHALF_PTR, *PUHALF_PTR;
#else
typedef short HALF_PTR, *PHALF_PTR;
typedef unsigned short UHALF_PTR, *PUHALF_PTR;
#endif

#define MAXUINT8 ((UINT8)~((UINT8)0))
#define MAXUINT16 ((UINT16)~((UINT16)0))
#define MAXUINT32 ((UINT32)~((UINT32)0))
#define MAXUINT64 ((UINT64)~((UINT64)0))
#define MAXUINT_PTR (~((UINT_PTR)0))
#define MAXULONG_PTR (~((ULONG_PTR)0))
#define MAXINT_PTR ((INT_PTR)(MAXUINT_PTR >> 1))
#define MAXLONG_PTR ((LONG_PTR)(MAXULONG_PTR >> 1))
#define MININT_PTR (~MAXINT_PTR)
#define MINLONG_PTR (~MAXLONG_PTR)
#define MAXSIZE_T ((SIZE_T)~((SIZE_T)0))
#define MAXSSIZE_T ((SSIZE_T)(MAXSIZE_T >> 1))
#define MINSSIZE_T (~MAXSSIZE_T)

/* Words that say how wide a pointer is. Compilers for Linux know pointers of one width only, so all
 * of them are empty: `void *POINTER_32` has the size of every pointer, and PtrToPtr32 yields one
 * whose upper bits are 0. 32-bit addresses are kept in memory as ULONG32, or as WINVM_PTR32 of
 * space.h, and 64-bit ones on a 32-bit host as ULONG64. */
#define POINTER_64
#define POINTER_32
#define POINTER_SIGNED
#define POINTER_UNSIGNED
#define SPOINTER_32 POINTER_SIGNED POINTER_32
#define UPOINTER_32 POINTER_UNSIGNED POINTER_32
#if WINVM_64
__extension__ typedef unsigned long long POINTER_64_INT;
#else
typedef unsigned long POINTER_64_INT;
#endif

/* Conversions. Narrowing keeps the low bits. Widening extends the sign of an integer named Long or
 * Int and of a 32-bit handle, and fills with 0 for ULong, UInt and 32-bit pointers. */
#define WINVM_CONVERT_(name, from, through, to)                            \
    static __inline__ __attribute__((__unused__)) to name(from value)      \
    {                                                                      \
        return (to)through(value);                                         \
    }
#define WINVM_NARROW_(type) (type)(ULONG_PTR)
#define WINVM_WIDEN_(type) (ULONG_PTR)(LONG_PTR)(type)(ULONG_PTR)
WINVM_CONVERT_(HandleToULong, const void *, WINVM_NARROW_(UINT32), UINT32)
WINVM_CONVERT_(HandleToLong, const void *, WINVM_NARROW_(INT32), INT32)
WINVM_CONVERT_(ULongToHandle, UINT32, WINVM_WIDEN_(UINT32), void *)
WINVM_CONVERT_(LongToHandle, INT32, WINVM_WIDEN_(INT32), void *)
WINVM_CONVERT_(PtrToUlong, const void *, WINVM_NARROW_(UINT32), UINT32)
WINVM_CONVERT_(PtrToLong, const void *, WINVM_NARROW_(INT32), INT32)
WINVM_CONVERT_(PtrToUint, const void *, WINVM_NARROW_(UINT32), UINT32)
WINVM_CONVERT_(PtrToInt, const void *, WINVM_NARROW_(INT32), INT32)
WINVM_CONVERT_(PtrToUshort, const void *, WINVM_NARROW_(UINT16), UINT16)
WINVM_CONVERT_(PtrToShort, const void *, WINVM_NARROW_(INT16), INT16)
WINVM_CONVERT_(ULongToPtr, UINT32, WINVM_WIDEN_(UINT32), void *)
WINVM_CONVERT_(LongToPtr, INT32, WINVM_WIDEN_(INT32), void *)
WINVM_CONVERT_(UIntToPtr, UINT32, WINVM_WIDEN_(UINT32), void *)
WINVM_CONVERT_(IntToPtr, INT32, WINVM_WIDEN_(INT32), void *)
WINVM_CONVERT_(Ptr32ToPtr, const void *POINTER_32, WINVM_WIDEN_(UINT32), void *)
WINVM_CONVERT_(PtrToPtr32, const void *, WINVM_WIDEN_(UINT32), void *POINTER_32)
WINVM_CONVERT_(Handle32ToHandle, const void *POINTER_32, WINVM_WIDEN_(INT32), void *)
WINVM_CONVERT_(Ptr64ToPtr, const void *POINTER_64, (ULONG_PTR), void *)
WINVM_CONVERT_(PtrToPtr64, const void *, (ULONG_PTR), void *POINTER_64)
#undef WINVM_CONVERT_
#undef WINVM_NARROW_
#undef WINVM_WIDEN_
#define HandleToHandle32(h) PtrToPtr32(h)
#define HandleToHandle64(h) PtrToPtr64(h)
#define Handle64ToHandle(h) Ptr64ToPtr(h)
#define HandleToUlong(h) HandleToULong(h)
#define UlongToHandle(u) ULongToHandle(u)
#define PtrToULong(p) PtrToUlong(p)
#define UlongToPtr(u) ULongToPtr(u)
#define PtrToUInt(p) PtrToUint(p)
#define UintToPtr(u) UIntToPtr(u)

WINVM_STATIC_ASSERT(sizeof(SIZE_T) == sizeof(void *), "SIZE_T has the size of a pointer");
WINVM_STATIC_ASSERT(sizeof(SIZE_T) == sizeof(size_t), "SIZE_T has the size of size_t");
WINVM_STATIC_ASSERT(sizeof(UINT32) == 4 && sizeof(UINT64) == 8, "fixed-size integers");
#endif

#endif
