/* What CreateProcess is asked for, in texts of the host. */
#ifndef WVM_KIT_KIT_SPAWN_H
#define WVM_KIT_KIT_SPAWN_H

#include "kit/kit.h"

#pragma GCC visibility push(hidden)

#define WVM_KIT_N_STANDARD 3

/* What the child is made of. */
struct wvm_kit_plan {
    char *path;
    char **words, **environment; /* NULL: this process's */
    const char *folder;
    bool inherit;
    int fd[WVM_KIT_N_STANDARD]; /* -1: as they are */
    /* Held (kit_hold.c): this process's and the child's end of a pair of sockets; -1: it is not. */
    int holder, held;
    bool is_stopped; /* by the host, at its first instruction */
};

/* The child shall wait before its program begins. False and the last error. */
bool wvm_kit_plan_hold(struct wvm_kit_plan *p);
/* The child has come so far that it waits; false: it has not, or ended. */
bool wvm_kit_hold_ready(int holder);
/* Lets it go, and closes the socket. */
void wvm_kit_hold_end(int holder);

/* Makes the child; false and the last error: there is none, and nothing was written. */
bool wvm_kit_start(const struct wvm_kit_plan *p, PROCESS_INFORMATION *out);

/* The words of a command line as the C run time of Windows takes it apart, with NULL behind the
 * last; one piece of malloc. NULL and the last error. */
char **wvm_kit_split_line(const char *line);
/* The absolute path of the file that a program's name, or the begin of a command line, means, of
 * malloc. NULL and the last error. */
char *wvm_kit_find_application(const char *name);
char *wvm_kit_find_command(const char *line);

#pragma GCC visibility pop

#endif
