/* The program's signal handlers and masks: see signals.c, signals_wrap.c, signals_mask.c. */
#ifndef WVM_PRELOAD_SIGNALS_H
#define WVM_PRELOAD_SIGNALS_H

#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/syscall.h>

#include "base/annotate.h"
#include "host/host_kernel.h"

/* The kernel's signal sets: bit sig - 1, one word; the first word of a sigset_t. */
#define WVM_SIG_BIT(sig) ((uint64_t)1 << ((sig) - 1))
/* What stays open in every real mask: guard pages raise them. */
#define WVM_SIG_OPEN (WVM_SIG_BIT(SIGSEGV) | WVM_SIG_BIT(SIGBUS))

static inline uint64_t wvm_set_word(const sigset_t *set)
{
    uint64_t word;
    __builtin_memcpy(&word, set, sizeof word);
    return word;
}

static inline void wvm_set_put(sigset_t *set, uint64_t word)
{
    __builtin_memcpy(set, &word, sizeof word);
}

/* rt_sigprocmask; old may be NULL. */
static inline void wvm_raw_mask(int how, uint64_t set, uint64_t *old)
{
    (void)WVM_SYS(syscall(SYS_rt_sigprocmask, how, &set, old, sizeof set));
}

/* ---- signals.c ---- */
/* Once, by the constructor. */
void wvm_signals_init(void);

/* ---- signals_wrap.c ---- */
/* The program's action becomes the one that the kernel gets, and back. An action that wvm_wrap did
 * not make is left as it is. */
void wvm_wrap(struct sigaction *act);
void wvm_unwrap(struct sigaction *act);

/* ---- signals_mask.c ---- */
/* sigprocmask as the program sees it. */
int wvm_signals_mask(int how, const sigset_t *set, sigset_t *old);
/* set, or *copy without the signals that stay open when set has them; set when it is bad. */
const sigset_t *wvm_signals_open_mask(const sigset_t *set, sigset_t *copy);
/* What this thread believes to have blocked of WVM_SIG_OPEN. */
uint64_t wvm_signals_believed(void);
/* The calling thread is new and believes this. */
void wvm_signals_believe(uint64_t word);

#endif
