/* winvm/crt_process.h: what Windows' process.h has: threads as the C run time starts them, over
 * CreateThread of libwinvm-kit, and the process. */
#ifndef WINVM_CRT_PROCESS_H
#define WINVM_CRT_PROCESS_H

#include <stdlib.h>
#include <unistd.h>

#include "crt_spawn.h"
#include "crt_start.h"
#include "crt_types.h"

WINVM_BEGIN_DECLS

typedef unsigned(WINVM_CALL *winvm_thread_start_)(void *);
extern void *WINVM_CALL winvm_crt_create_thread_(void *, size_t, winvm_thread_start_, void *,
                                                 unsigned, unsigned *)
    WINVM_CRT_SYMBOL_("CreateThread");
extern unsigned WINVM_CALL winvm_crt_resume_thread_(void *) WINVM_CRT_SYMBOL_("ResumeThread");
extern int WINVM_CALL winvm_crt_close_handle_(void *) WINVM_CRT_SYMBOL_("CloseHandle");
extern unsigned WINVM_CALL winvm_crt_last_error_(void) WINVM_CRT_SYMBOL_("GetLastError");
__attribute__((__noreturn__)) extern void WINVM_CALL winvm_crt_exit_thread_(unsigned)
    WINVM_CRT_SYMBOL_("ExitThread");

/* CreateThread; 0: errno EINVAL, EACCES, and the last error. */
WINVM_CRT_ uintptr_t _beginthreadex(void *security, unsigned stack, winvm_thread_start_ start,
                                    void *argument, unsigned flags, unsigned *number)
{
    void *thread = winvm_crt_create_thread_(security, stack, start, argument, flags, number);
    if (!thread) errno = winvm_crt_last_error_() == 87 ? EINVAL : EAGAIN;
    return (uintptr_t)thread;
}
__attribute__((__noreturn__)) WINVM_CRT_ void _endthreadex(unsigned code)
{
    winvm_crt_exit_thread_(code);
}

/* A thread of _beginthread, and what it closes at its end: the handle that the caller got, which
 * is good until then only. */
struct winvm_crt_thread_ {
    void(__cdecl *start)(void *);
    void *argument;
    void *handle;
};
/* One for all objects of a program. */
extern __thread void *winvm_crt_own_handle_ __attribute__((__weak__, __visibility__("hidden")));
__thread void *winvm_crt_own_handle_;
__attribute__((__noreturn__)) WINVM_CRT_ void _endthread(void)
{
    if (winvm_crt_own_handle_) winvm_crt_close_handle_(winvm_crt_own_handle_);
    winvm_crt_exit_thread_(0);
}
WINVM_CRT_ unsigned WINVM_CALL winvm_crt_run_(void *at)
{
    struct winvm_crt_thread_ own = *(struct winvm_crt_thread_ *)at;
    free(at);
    winvm_crt_own_handle_ = own.handle;
    own.start(own.argument);
    winvm_crt_close_handle_(own.handle);
    return 0;
}
/* (uintptr_t)-1: errno EINVAL, EAGAIN, ENOMEM. */
WINVM_CRT_ uintptr_t _beginthread(void(__cdecl *start)(void *), unsigned stack, void *argument)
{
    void *handle;
    struct winvm_crt_thread_ *own = (struct winvm_crt_thread_ *)malloc(sizeof(*own));
    if (!own) return (uintptr_t)-1;
    own->start = start;
    own->argument = argument;
    handle = (void *)_beginthreadex(NULL, stack, winvm_crt_run_, own, 0x4 /* suspended */, NULL);
    if (!handle) {
        free(own);
        return (uintptr_t)-1;
    }
    own->handle = handle;
    winvm_crt_resume_thread_(handle);
    return (uintptr_t)handle;
}

WINVM_END_DECLS

#define _getpid getpid
#define _execv execv
#define _execve execve
#define _execvp execvp

#endif
