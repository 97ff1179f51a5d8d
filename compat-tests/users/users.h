/* What the programs of this folder share: results as TAP, threads, the words of exceptions.
 *
 * Each program is written as one for Windows; it is built with winvm's <windows.h>, with Wine's,
 * and, where the compiler of Windows programs has what it needs, as a .exe.
 * SEH is 1 where __try, __except and __finally exist.
 * Use: check(condition, text) any number of times, `return users_end();` from main. */
#ifndef USERS_H
#define USERS_H

#include <windows.h>

#include <pthread.h>
#include <setjmp.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#ifdef _WIN32
#define SEH 0
#else
#define SEH 1
#ifndef WINVM_TRY
#include <winvm/excpt_try.h>
#undef __try
#undef __except
#undef __finally
#undef __leave
#define __try WINVM_TRY
#define __except WINVM_EXCEPT
#define __finally WINVM_FINALLY
#define __leave WINVM_LEAVE
#endif
#endif

/* Where the instruction of a context is. */
#ifdef __i386__
#define USERS_IP(context) ((context)->Eip)
#else
#define USERS_IP(context) ((context)->Rip)
#endif

#define PAGE 4096u
#define GRAN 65536u
#define CODE(name) ((DWORD)(name))

/* A jump that leaves registers and mask of signals as they are where it begins, and unwinds
 * nothing. */
#define jump_point() __builtin_setjmp(users_jump)
static void *users_jump[5] __attribute__((unused));
static void __attribute__((noreturn, noinline, unused)) jump_out(void)
{
    __builtin_longjmp(users_jump, 1);
}

static int users_n, users_failed;

/* A whole program that cannot be for this processor. */
#define USERS_SKIP(what, why)                                \
    int main(void)                                           \
    {                                                        \
        printf("ok 1 - " what " # SKIP " why "\n1..1\n");    \
        return 0;                                            \
    }

static inline int check(int good, const char *text)
{
    users_failed += !good;
    printf("%sok %d - %s\n", good ? "" : "not ", ++users_n, text);
    fflush(stdout);
    return good;
}

static inline int users_end(void)
{
    printf("1..%d\n", users_n);
    return users_failed != 0;
}

/* Bytes from address 0 to the end of user space; programs take a part of what they would like when
 * that is less than they need. */
static inline uint64_t user_space(void)
{
    SYSTEM_INFO info;

    GetSystemInfo(&info);
    return (uint64_t)(ULONG_PTR)info.lpMaximumApplicationAddress + 1;
}

static inline SIZE_T at_most(uint64_t wanted, uint64_t limit)
{
    return (SIZE_T)(wanted < limit ? wanted : limit);
}

static inline void *commit(SIZE_T size, DWORD protection)
{
    return VirtualAlloc(NULL, size, MEM_RESERVE | MEM_COMMIT, protection);
}

static inline DWORD protect(volatile void *at, SIZE_T size, DWORD protection)
{
    DWORD old = 0;
    return VirtualProtect((void *)(uintptr_t)at, size, protection, &old) ? old : 0;
}

static inline DWORD protection_of(volatile void *at)
{
    MEMORY_BASIC_INFORMATION info;
    return VirtualQuery((void *)(uintptr_t)at, &info, sizeof(info)) ? info.Protect : ~0u;
}

#endif
