/* winvm/basetsd.h: integers of a fixed or pointer size, with the widths they have on Windows.
 *
 * SIZE_T, ULONG_PTR and size_t are one type, as on Windows. The 64-bit types are `long long`, so
 * that %lld and %llu print them; they are therefore not the same type as SIZE_T. */
#ifndef WINVM_BASETSD_H
#define WINVM_BASETSD_H

#include "abi.h"

#ifndef WINVM_NO_TYPES
#include <stddef.h>
#include <stdint.h>

#ifndef __int8
#define __int8 char
#endif
#ifndef __int16
#define __int16 short
#endif
#ifndef __int32
#define __int32 int
#endif
#ifndef __int64
#define __int64 long long
#endif

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

/* Narrowing keeps the low 32 bits; widening an integer named Long extends its sign. */
#define HandleToULong(h) ((UINT32)(ULONG_PTR)(h))
#define HandleToLong(h) ((INT32)(LONG_PTR)(h))
#define ULongToHandle(u) ((void *)(ULONG_PTR)(UINT32)(u))
#define LongToHandle(i) ((void *)(LONG_PTR)(INT32)(i))
#define PtrToUlong(p) ((UINT32)(ULONG_PTR)(p))
#define PtrToLong(p) ((INT32)(LONG_PTR)(p))
#define PtrToUint(p) ((UINT32)(ULONG_PTR)(p))
#define PtrToInt(p) ((INT32)(LONG_PTR)(p))
#define PtrToUshort(p) ((UINT16)(ULONG_PTR)(p))
#define PtrToShort(p) ((INT16)(LONG_PTR)(p))
#define UlongToPtr(u) ((void *)(ULONG_PTR)(UINT32)(u))
#define LongToPtr(i) ((void *)(LONG_PTR)(INT32)(i))
#define UintToPtr(u) ((void *)(ULONG_PTR)(UINT32)(u))
#define IntToPtr(i) ((void *)(LONG_PTR)(INT32)(i))
#define HandleToUlong(h) HandleToULong(h)
#define UlongToHandle(u) ULongToHandle(u)
#define PtrToULong(p) PtrToUlong(p)
#define ULongToPtr(u) UlongToPtr(u)
#define PtrToUInt(p) PtrToUint(p)
#define UIntToPtr(u) UintToPtr(u)

WINVM_STATIC_ASSERT(sizeof(SIZE_T) == sizeof(void *), "SIZE_T has the size of a pointer");
WINVM_STATIC_ASSERT(sizeof(SIZE_T) == sizeof(size_t), "SIZE_T has the size of size_t");
WINVM_STATIC_ASSERT(sizeof(UINT32) == 4 && sizeof(UINT64) == 8, "fixed-size integers");
#endif

#endif
