/* winvm/crt_types.h: the words and small types that every header of Windows' C run time has. */
#ifndef WINVM_CRT_TYPES_H
#define WINVM_CRT_TYPES_H

#include <errno.h>
#include <stddef.h>
#include <stdint.h>

#include "crt_handlers.h"
#include "sal.h"
#include "words.h"

/* A function of a header: nothing of it is in the object when it is not used. */
#define WINVM_CRT_ static __inline__ __attribute__((__unused__))

#if !defined(_ERRNO_T_DEFINED)
#define _ERRNO_T_DEFINED
typedef int errno_t;
#endif
#if !defined(_RSIZE_T_DEFINED)
#define _RSIZE_T_DEFINED
typedef size_t rsize_t;
#endif
#ifndef RSIZE_MAX
#define RSIZE_MAX (SIZE_MAX >> 1)
#endif
/* A count: as much as fits. */
#ifndef _TRUNCATE
#define _TRUNCATE ((size_t)-1)
#endif
#ifndef STRUNCATE
#define STRUNCATE 80
#endif
#ifndef _CRTIMP
#define _CRTIMP
#endif
#ifndef _ACRTIMP
#define _ACRTIMP
#endif
#ifndef _CRT_ALIGN
#define _CRT_ALIGN(n) __attribute__((__aligned__(n)))
#endif
#ifndef _CRT_UNUSED
#define _CRT_UNUSED(x) ((void)(x))
#endif
#ifndef _CRT_STRINGIZE
#define _CRT_STRINGIZE_(x) #x
#define _CRT_STRINGIZE(x) _CRT_STRINGIZE_(x)
#endif
/* Functions of the kit and of libwinvm without the types of windows.h. */
#if WINVM_ABI == 2 && defined(__x86_64__)
#define WINVM_CRT_SYMBOL_(name) __asm__("winvm_ms_" name)
#elif WINVM_ABI == 1 && defined(__i386__)
#define WINVM_CRT_SYMBOL_(name) __asm__("winvm_cdecl_" name)
#else
#define WINVM_CRT_SYMBOL_(name) __asm__(name)
#endif
/* What the headers here use of libc, where a strict dialect of C hides it. */
#if defined(__GLIBC__) && !defined(__USE_MISC) && !defined(__cplusplus)
struct _IO_FILE;
extern char *strdup(const char *);
extern char *strtok_r(char *, const char *, char **);
extern void *memccpy(void *, const void *, int, size_t);
extern int getentropy(void *, size_t);
extern void swab(const void *, void *, long);
extern int setenv(const char *, const char *, int);
extern int unsetenv(const char *);
extern char *realpath(const char *, char *);
extern int fileno(struct _IO_FILE *);
extern struct _IO_FILE *fdopen(int, const char *);
extern struct _IO_FILE *popen(const char *, const char *);
extern int pclose(struct _IO_FILE *);
extern struct _IO_FILE *open_memstream(char **, size_t *);
extern int getc_unlocked(struct _IO_FILE *);
extern int putc_unlocked(int, struct _IO_FILE *);
extern void flockfile(struct _IO_FILE *);
extern void funlockfile(struct _IO_FILE *);
extern char *tempnam(const char *, const char *);
#endif
typedef int64_t __time64_t;
typedef int32_t __time32_t;

/* What the _s functions answer: the error, which is in errno too, and told to the program's handler
 * unless memory is what lacks. */
WINVM_CRT_ errno_t winvm_crt_error_(errno_t error)
{
    if (error != ENOMEM) winvm_crt_invalid_call_();
    errno = error;
    return error;
}

#endif
