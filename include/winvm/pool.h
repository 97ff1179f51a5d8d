/* winvm/pool.h: winvm's own calls about kernel pools (wdm.h). They are SysV whatever convention the
 * Windows names have, and may be called from any thread.
 *
 * Quotas: ExAllocatePoolWithQuotaTag and its kin charge the process object that the calling thread
 * works for, and count a reference to it for each block that is charged. A thread works for the
 * process object of the program itself until winvm_process_attach says otherwise; the system's
 * process object is never charged (POOL-047). Quotas are unlimited until limited. */
#ifndef WINVM_POOL_H
#define WINVM_POOL_H

#include <stddef.h>
#include <stdint.h>

#include "abi.h"

WINVM_BEGIN_DECLS

/* What a bug check does instead of ending the program: gets its code and parameters, on the thread
 * that was wrong. It may return: the call has then done nothing, and answers NULL. It may longjmp
 * or raise an exception. A bug check of an access (0x50, 0xC5, 0xCC, 0xCD, 0xD1, 0xFC) is found in
 * the handler of a signal: the callback may do there what a handler may, and leaves with
 * siglongjmp; when it returns, the access is an access violation. */
typedef void(WINVM_SYSV *winvm_bug_check_callback)(uint32_t code, const uintptr_t parameter[4],
                                                   void *arg);
/* For all threads; NULL: none. A bug check that another thread raises meanwhile may miss it. */
WINVM_SYSV void winvm_set_bug_check_callback(winvm_bug_check_callback callback, void *arg);

/* Gives memory of the pools that holds no block back to the host. Bytes given back. */
WINVM_SYSV size_t winvm_pool_trim(void);

/* Bytes. [0] non-paged, executable; [1] paged; [2] non-paged, not executable. */
struct winvm_pool_usage {
    uint64_t committed[3]; /* taken from the host */
    uint64_t used[3];      /* by blocks */
    uint64_t peak[3];      /* the highest value of committed */
    uint64_t locked;       /* in memory */
};
#if defined(__cplusplus)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#endif
/* All zero before the first block. */
WINVM_SYSV void winvm_pool_usage(struct winvm_pool_usage *out);
#if defined(__cplusplus)
#pragma GCC diagnostic pop
#endif

/* ---- process objects ---- */

typedef struct winvm_process winvm_process;

/* Those that are always there. */
WINVM_SYSV winvm_process *winvm_process_initial(void);
WINVM_SYSV winvm_process *winvm_process_system(void);
/* One with quotas and references of its own; referenced once. NULL: there are too many. */
WINVM_SYSV winvm_process *winvm_process_create(void);
/* Drops the creator's reference. The object is gone when no block is charged to it and no thread
 * works for it any more. */
WINVM_SYSV void winvm_process_close(winvm_process *process);
/* The calling thread works for `process` from now on, until it says otherwise; answers the one
 * before. NULL: asks only. Answers NULL: no process object, and nothing has changed. */
WINVM_SYSV winvm_process *winvm_process_attach(winvm_process *process);

/* Bytes. [0] non-paged, [1] paged. */
struct winvm_process_quota {
    uint64_t used[2];
    uint64_t peak[2];
    uint64_t limit[2];   /* UINT64_MAX: none */
    uint64_t references; /* 1, and one for each block that is charged */
};
/* 0, or -1: no process object. */
WINVM_SYSV int winvm_process_query(winvm_process *process, struct winvm_process_quota *out);
/* paged: 0 or 1. What is used already stays, also when it is more. 0, or -1: no process object. */
WINVM_SYSV int winvm_process_limit(winvm_process *process, int paged, uint64_t limit);

/* ---- failures on purpose, leaks ---- */

/* Allocations fail by these rules, in place of those in force; they have the form of the option
 * fail= in winvm(7), NULL and "" are none. 0, or -1 and errno EINVAL: nothing changed. */
WINVM_SYSV int winvm_pool_fail(const char *rules);
/* The n-th allocation from now on fails, of whatever thread and kind, and no other; 0: none. A
 * program that runs with n = 1, 2, .. until none was refused has seen each of its allocations
 * fail. */
WINVM_SYSV void winvm_pool_fail_nth(uint64_t n);
/* Allocations that were tried since the last of these two calls, and those that a rule failed. */
WINVM_SYSV uint64_t winvm_pool_fail_seen(void);
WINVM_SYSV uint64_t winvm_pool_fail_refused(void);
/* Writes the blocks that are allocated now: the total, then each tag, the most bytes first, and
 * with the options pool-trace and pool-leaks the calls that allocated. fd -1: standard error. 0, or
 * -1 and errno: of write(2), ENOMEM, EBUSY (another thread is writing one). */
WINVM_SYSV int winvm_pool_report_leaks(int fd);

WINVM_END_DECLS

#endif
