/* Inline hooks: calls of a function are sent to another one by a jump over its first instructions;
 * a copy of these, the trampoline, still calls the function itself. */
#ifndef HOOK_H
#define HOOK_H

#include <windows.h>

/* Instructions are moved so many bytes at most, and may grow to so many. */
enum { JUMP_SIZE = 5, MOST_STOLEN = 24, MOST_MOVED = 96 };

typedef void (*hook_function)(void);

enum hook_result {
    HOOK_DONE,
    HOOK_UNKNOWN,       /* an instruction is none that this decoder knows */
    HOOK_TOO_SHORT,     /* the function ends before there is room for a jump */
    HOOK_NO_MEMORY,     /* nothing is free within 2 GB */
    HOOK_FAILED         /* a call of the system failed; nothing was changed */
};

struct hook {
    BYTE *target;               /* the code that is changed, behind any import stub */
    BYTE *near_block;           /* relay to the hook, then the trampoline */
    BYTE *trampoline;
    BYTE saved[MOST_STOLEN];
    unsigned stolen;            /* bytes of whole instructions, at least JUMP_SIZE */
    BYTE from[MOST_STOLEN];     /* where each instruction began, and */
    BYTE to[MOST_STOLEN];       /* where it begins in the trampoline */
    unsigned n_instructions;
    int is_set;
};

/* Where code begins that a pointer to a function leads to: import stubs are followed. */
BYTE *code_of(hook_function f);

/* Free memory that the jumps from `target` reach, READWRITE; NULL: none. Looks below first, or
 * above first. */
BYTE *allocate_near(const BYTE *target, SIZE_T size, int above_first);

/* Copies the first instructions of h->target to h->trampoline so that they mean the same there, and
 * a jump behind them. `room` bytes of the code may be read. */
enum hook_result move_instructions(struct hook *h, unsigned room);

/* Prepares a hook of f; it is not set yet. */
enum hook_result hook_new(struct hook *h, hook_function f, hook_function replacement);

/* The other threads that may run the code meanwhile: handles that may suspend them and change their
 * registers. */
struct hook_threads {
    const HANDLE *handles;
    unsigned n;
};

/* Sets and removes it while these stand still. 0: nothing was changed. */
int hook_set(struct hook *h, const struct hook_threads *others);
int hook_remove(struct hook *h, const struct hook_threads *others);
/* Gives its memory back; it must be removed, and no thread in the trampoline. */
int hook_free(struct hook *h);

#endif
