/* Processes and processors as the host tells them. Part of the host room; results are
 * 0 or -errno, errno is preserved, no malloc. */
#ifndef WVM_HOST_HOST_PROCESS_H
#define WVM_HOST_HOST_PROCESS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/types.h>

/* A process lives under a number for a while; number and start time together name it for ever.
 * *start in clock ticks since boot; 0 when /proc cannot tell. -ESRCH: none, or it has ended;
 * -EPERM: it may not be touched. */
int wvm_host_process_start(pid_t pid, uint64_t *start);
/* It was stopped by a signal or a debugger. */
bool wvm_host_process_is_stopped(pid_t pid);
/* The calling thread's number, not 0; and whether this process has a thread of that number. */
uint32_t wvm_host_thread_number(void);
bool wvm_host_thread_lives(uint32_t number);
/* All threads of this process but those of winvm's own have ended, its first one too. False when
 * /proc cannot tell. While the first thread lives no descriptor is used. */
bool wvm_host_process_is_left(void);
/* A number that differs from boot to boot, 0 when /proc cannot tell. */
uint32_t wvm_host_boot_id(void);
/* A number that nobody guesses. Where the host gives no random numbers (not yet, or not to this
 * process) it is made of the clock and the process id: different, but not secret. */
uint32_t wvm_host_random(void);
/* Processors this process may run on: bit n of *mask for processor n < 64. Returns their number,
 * at least 1. */
unsigned wvm_host_affinity(uint64_t *mask);
/* Writes the dirty pages of the file mappings in [addr, addr+len) to their files. */
int wvm_host_flush(uintptr_t addr, size_t len);
/* The descriptor by which the creator of this process holds it back, -1: nobody does. Asked once,
 * at load: the environment forgets it. */
int wvm_host_holder(void);
/* Tells the creator that this process stands, and waits until it may go on. */
void wvm_host_hold(int holder);

#endif
