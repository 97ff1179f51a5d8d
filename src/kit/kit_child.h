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
    /* Under the lock: */
    bool is_over, is_known; /* it has ended; with `code` */
    bool is_told;           /* TerminateProcess wants it to end with `told` */
    DWORD code, told;
};

/* A child that runs, which from now on is found; those that ended long ago are forgotten. */
void wvm_kit_child_add(struct wvm_kit_child *child);
/* It has ended, as waitid tells it, but is not forgotten by the host; NULL: nobody knows how. */
void wvm_kit_child_over(struct wvm_kit_child *child, const siginfo_t *info);
/* What a child ended with; false: it is none, or not known. */
bool wvm_kit_child_code(const struct winvm_awaited *what, DWORD *code);
/* Ends a child. False: it is none, or has ended. */
bool wvm_kit_child_kill(const struct winvm_awaited *what, DWORD code);

#pragma GCC visibility pop

#endif
