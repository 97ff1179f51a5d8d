/* winvm/crt_start.h: how the program was started and how it ends, as Windows' stdlib.h and
 * process.h have it. */
#ifndef WINVM_CRT_START_H
#define WINVM_CRT_START_H

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "crt_types.h"

WINVM_BEGIN_DECLS

typedef void(__cdecl *_PVFV)(void);
typedef int(__cdecl *_PIFV)(void);
typedef int(__cdecl *_onexit_t)(void);

extern char **environ;
#define _environ environ

/* ---- the command line ---- */

/* Plain variables, since headers of the host call parameters so. One of each for a shared object or
 * a program, which the host's start-up code hands the command line to. */
#define __argc winvm_crt_argc_
#define __argv winvm_crt_argv_
extern int winvm_crt_argc_ __attribute__((__weak__, __visibility__("hidden")));
int winvm_crt_argc_;
extern char **winvm_crt_argv_ __attribute__((__weak__, __visibility__("hidden")));
char **winvm_crt_argv_;
extern void winvm_crt_take_arguments_(int, char **)
    __attribute__((__weak__, __visibility__("hidden"), __constructor__));
void winvm_crt_take_arguments_(int n, char **texts)
{
    winvm_crt_argc_ = n;
    winvm_crt_argv_ = texts;
}

/* The path of the program's file, read when it is first asked for; NULL: no memory. */
extern char *winvm_crt_program_ __attribute__((__weak__, __visibility__("hidden")));
char *winvm_crt_program_;
WINVM_CRT_ char *winvm_crt_find_program_(void)
{
    char *none = NULL, *mine, *known = __atomic_load_n(&winvm_crt_program_, __ATOMIC_ACQUIRE);
    if (known) return known;
    mine = realpath("/proc/self/exe", NULL);
    if (__atomic_compare_exchange_n(&winvm_crt_program_, &none, mine, 0, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE))
        return mine;
    free(mine);
    return none; /* another thread was first */
}
#define _pgmptr winvm_crt_find_program_()
WINVM_CRT_ errno_t _get_pgmptr(char **value)
{
    if (!value) return winvm_crt_error_(EINVAL);
    *value = winvm_crt_find_program_();
    return *value ? 0 : ENOMEM;
}

extern __thread unsigned winvm_crt_doserrno_ __attribute__((__weak__, __visibility__("hidden")));
__thread unsigned winvm_crt_doserrno_;
/* What the program set last in this thread: libc knows no errors of the system but errno. */
#define _doserrno winvm_crt_doserrno_
WINVM_CRT_ errno_t _get_doserrno(unsigned *value)
{
    if (!value) return winvm_crt_error_(EINVAL);
    *value = winvm_crt_doserrno_;
    return 0;
}
WINVM_CRT_ errno_t _set_doserrno(unsigned value)
{
    winvm_crt_doserrno_ = value;
    return 0;
}

/* ---- beginnings and ends ---- */

WINVM_CRT_ void _initterm(_PVFV *first, _PVFV *end)
{
    for (; first < end; first++)
        if (*first) (*first)();
}
/* The first answer that is not 0 ends it. */
WINVM_CRT_ int _initterm_e(_PIFV *first, _PIFV *end)
{
    for (; first < end; first++) {
        int error = *first ? (*first)() : 0;
        if (error) return error;
    }
    return 0;
}
#define _crt_atexit(run) atexit(run)
WINVM_CRT_ _onexit_t _onexit(_onexit_t run)
{
    return run && !atexit((void (*)(void))(uintptr_t)run) ? run : NULL;
}
/* Functions of atexit run in exit only; files are written. */
#define _cexit() ((void)fflush(NULL))
#define _c_exit() ((void)0)

__attribute__((__noreturn__)) WINVM_CRT_ void _assert(const char *what, const char *file,
                                                      unsigned line)
{
    fprintf(stderr, "Assertion failed: %s, file %s, line %u\n", what, file, line);
    abort();
}
WINVM_CRT_ int _purecall(void)
{
    _purecall_handler handler = _get_purecall_handler();
    if (handler) handler();
    abort();
}
#define _invalid_parameter_noinfo() winvm_crt_invalid_call_()
__attribute__((__noreturn__)) WINVM_CRT_ void _invalid_parameter_noinfo_noreturn(void)
{
    winvm_crt_invalid_call_();
    abort();
}

WINVM_END_DECLS

#endif
