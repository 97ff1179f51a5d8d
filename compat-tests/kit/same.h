/* What same.c and its like are made of: the headers, and lines that tell what an expression
 * gives. */
#ifndef WVM_COMPAT_KIT_SAME_H
#define WVM_COMPAT_KIT_SAME_H

#ifdef _WIN32
#define _WIN32_WINNT 0x0602
#include <windows.h>
#define WIDE(text) L##text
#else
#include <winvm/kit.h>
#include <winvm/winvm.h>
#define WIDE(text) u##text
#endif
#include <stdio.h>
#include <string.h>

/* The value of an expression, and the last error that it left. */
#define TELL(e) tell(#e, (int)(e))
#define TELL_ERROR(e)                              \
    do {                                           \
        SetLastError(0);                           \
        int value = (int)(e);                      \
        unsigned error = (unsigned)GetLastError(); \
        tell(#e, value);                           \
        printf("    error %u\n", error);           \
    } while (0)

static void tell(const char *what, int value)
{
    printf("%s = %d\n", what, value);
}

#endif
