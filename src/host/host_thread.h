/* Threads of winvm's own. */
#ifndef WVM_HOST_HOST_THREAD_H
#define WVM_HOST_HOST_THREAD_H

/* What a thread does and is called in the host's lists (15 characters). Constant. */
struct wvm_host_thread {
    const char *name;
    void (*run)(void);
};

/* Starts the thread, which nobody can join and to which no signal comes. 0 or -errno; errno is
 * preserved. As pthread_create() not for signal handlers. */
int wvm_host_thread_start(const struct wvm_host_thread *thread);
/* How many there are, those that are being started or are ending included. */
unsigned wvm_host_threads(void);
void wvm_host_threads_after_fork_child(void);
/* Where each of them begins: by it others tell them from the program's. */
void *wvm_host_thread_entry(void *thread);

#endif
