/* winvm/minwindef.h: the base types and words of every Windows header.
 *
 * DWORD, ULONG and LONG have 32 bits on every host. printf takes them with %u, %d and %x; the %lu
 * and %lx of Windows sources are wrong where long has 64 bits, and -Wformat says so. */
#ifndef WINVM_MINWINDEF_H
#define WINVM_MINWINDEF_H

#include "basetsd.h"
#include "conventions.h"

#ifndef WINVM_NO_TYPES

/* WINAPI and those like it mean the convention that abi.h selected. */
#ifndef WINAPI
#define WINAPI WINVM_CALL
#endif
#ifndef WINAPIV
#define WINAPIV
#endif
#ifndef CALLBACK
#define CALLBACK WINVM_CALL
#endif
#ifndef APIENTRY
#define APIENTRY WINAPI
#endif
#ifndef APIPRIVATE
#define APIPRIVATE WINVM_CALL
#endif
#ifndef PASCAL
#define PASCAL WINVM_CALL
#endif
#ifndef CDECL
#define CDECL
#endif

#ifndef CONST
#define CONST const
#endif
#ifndef VOID
#define VOID void
#endif
#ifndef FAR
#define FAR
#endif
#ifndef NEAR
#define NEAR
#endif
#ifndef IN
#define IN
#endif
#ifndef OUT
#define OUT
#endif
#ifndef OPTIONAL
#define OPTIONAL
#endif

#ifndef FALSE
#define FALSE 0
#endif
#ifndef TRUE
#define TRUE 1
#endif
#ifndef NULL
#ifdef __cplusplus
#define NULL 0
#else
#define NULL ((void *)0)
#endif
#endif
#define MAX_PATH 260

typedef unsigned char BYTE, *PBYTE, *LPBYTE;
typedef unsigned short WORD, *PWORD, *LPWORD;
typedef unsigned int DWORD, *PDWORD, *LPDWORD;
typedef int BOOL, *PBOOL, *LPBOOL;
typedef int INT, *PINT, *LPINT;
typedef unsigned int UINT, *PUINT;
typedef unsigned int ULONG, *PULONG;
typedef unsigned short USHORT, *PUSHORT;
typedef unsigned char UCHAR, *PUCHAR;
typedef char *PSZ;
typedef float FLOAT, *PFLOAT;
typedef int *LPLONG;
typedef void *LPVOID;
typedef const void *LPCVOID;
typedef UINT_PTR WPARAM;
typedef LONG_PTR LPARAM;
typedef LONG_PTR LRESULT;
typedef WORD ATOM;

#define MAKEWORD(lo, hi) \
    ((WORD)(((BYTE)((DWORD_PTR)(lo)&0xff)) | ((WORD)((BYTE)((DWORD_PTR)(hi)&0xff))) << 8))
#define MAKELONG(lo, hi) \
    ((int)(((WORD)((DWORD_PTR)(lo)&0xffff)) | ((DWORD)((WORD)((DWORD_PTR)(hi)&0xffff))) << 16))
#define LOWORD(v) ((WORD)((DWORD_PTR)(v)&0xffff))
#define HIWORD(v) ((WORD)((DWORD_PTR)(v) >> 16 & 0xffff))
#define LOBYTE(v) ((BYTE)((DWORD_PTR)(v)&0xff))
#define HIBYTE(v) ((BYTE)((DWORD_PTR)(v) >> 8 & 0xff))

/* Functions of unknown type; to be converted before a call. C: any arguments. */
#if !defined(__cplusplus)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wstrict-prototypes"
#endif
typedef INT_PTR(WINAPI *FARPROC)();
typedef INT_PTR(WINAPI *NEARPROC)();
typedef INT_PTR(WINAPI *PROC)();
#if !defined(__cplusplus)
#pragma GCC diagnostic pop
#endif

typedef void *HANDLE;
typedef HANDLE *PHANDLE, *LPHANDLE, *SPHANDLE;
typedef HANDLE HGLOBAL;
typedef HANDLE HLOCAL;
/* Distinct pointer types, unless the program asks for NO_STRICT. */
#ifdef NO_STRICT
#define DECLARE_HANDLE(name) typedef HANDLE name
#else
#ifndef STRICT
#define STRICT 1
#endif
#define DECLARE_HANDLE(name) \
    struct name##__ {        \
        int unused;          \
    };                       \
    typedef struct name##__ *name
#endif
DECLARE_HANDLE(HINSTANCE);
typedef HINSTANCE HMODULE;
DECLARE_HANDLE(HKEY);
typedef HKEY *PHKEY;
DECLARE_HANDLE(HKL);
DECLARE_HANDLE(HLSURF);
DECLARE_HANDLE(HMETAFILE);
DECLARE_HANDLE(HRGN);
DECLARE_HANDLE(HRSRC);
DECLARE_HANDLE(HSPRITE);
DECLARE_HANDLE(HSTR);
DECLARE_HANDLE(HTASK);
typedef int HFILE;

WINVM_STATIC_ASSERT(sizeof(DWORD) == 4 && sizeof(ULONG) == 4, "DWORD and ULONG have 32 bits");
WINVM_STATIC_ASSERT(sizeof(WORD) == 2 && sizeof(BYTE) == 1 && sizeof(BOOL) == 4, "base types");
WINVM_STATIC_ASSERT(sizeof(HANDLE) == sizeof(void *), "a handle is a pointer");
#endif

#endif
