/* An access to one byte that may raise an exception, and which one it raised.
 *
 * I1  A guard page is accessed again after its exception; after an access violation the access is
 *     given up. */
#include "model.h"

#include <setjmp.h>
#include <stddef.h>

static struct {
    bool on;
    uint32_t code;
    jmp_buf away;
} touching;

static LONG WINVM_CALL on_exception(EXCEPTION_POINTERS *info)
{
    uint32_t code = info->ExceptionRecord->ExceptionCode;
    if (!touching.on)
        return EXCEPTION_CONTINUE_SEARCH;
    if (!touching.code)
        touching.code = code;
    if (code == (uint32_t)EXCEPTION_GUARD_PAGE)
        return EXCEPTION_CONTINUE_EXECUTION;
    longjmp(touching.away, 1);
}

uint32_t model_touch(const char *at)
{
    static void *handler;
    if (!handler)
        handler = AddVectoredExceptionHandler(1, on_exception);
    touching.code = 0;
    touching.on = true;
    if (setjmp(touching.away) == 0)
        (void)*(const volatile char *)at;
    touching.on = false;
    return touching.code;
}
