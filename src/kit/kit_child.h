/* Processes that CreateProcess has started, and what they end with. */
#ifndef WVM_KIT_KIT_CHILD_H
#define WVM_KIT_KIT_CHILD_H

#include <signal.h>

#include "kit/kit_wait.h"

#pragma GCC visibility push(hidden)

struct wvm_kit_child {
    struct wvm_kit_links on;
    HANDLE handle; /* that CreateProcess gave */
    struct winvm_awaited what;
    HANDLE thread; /* that CreateProcess gave with a child that stands; NULL: with another */
    int holder;    /* the socket of one that is held (kit_hold.c); -1 */
    /* Under the lock: */
    bool is_over, is_known; /* it has ended; with `code` */
    bool is_let_go;         /* it stands no more */
    bool is_told;           /* TerminateProcess wants it to end with `told` */
    DWORD code, told;
};

/* A child that runs, which from now on is found; those that ended long ago are forgotten. */
void wvm_kit_child_add(struct wvm_kit_child *child);
/* It has ended, as waitid tells it, but is not forgotten by the host; NULL: nobody knows how. */
void wvm_kit_child_over(struct wvm_kit_child *child, const siginfo_t *info);
/* What a child ended with; false: it is none, or not known. */
bool wvm_kit_child_code(const struct winvm_awaited *what, DWORD *code);
/* Lets a child go that stands, by the handle of its thread. False: it is no such child. *before: 1
 * if it stood, else 0. */
bool wvm_kit_child_resume(HANDLE thread, DWORD *before);
/* Ends a child. False: it is none, or has ended. */
bool wvm_kit_child_kill(const struct winvm_awaited *what, DWORD code);

#pragma GCC visibility pop

#endif
