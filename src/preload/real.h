/* The C library's own functions behind those that the preload objects define: see real.c. */
#ifndef WVM_PRELOAD_REAL_H
#define WVM_PRELOAD_REAL_H

#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <sys/epoll.h>
#include <sys/select.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/types.h>
#include <sys/uio.h>
#include <threads.h>
#include <time.h>

#include "base/annotate.h"

struct wvm_real {
#define WVM_REAL(ret, name, params) ret(*name) params;
#define WVM_IO(ret, name, params, args, ready) WVM_REAL(ret, name, params)
#include "preload/io_list.h"
#include "preload/real_list.h"
#undef WVM_IO
#undef WVM_REAL
};
extern struct wvm_real wvm_real WVM_HIDDEN;

/* Looks all of them up; by the constructor. */
void wvm_real_init(void);
/* Looks one of them up; slot is its place in wvm_real. */
void *wvm_real_find(void **slot) WVM_COLD;
/* The C library has this function. */
bool wvm_real_has(void **slot);

/* The definition of name that the program would have got without us. */
#define WVM_REAL_OF(name)                                                       \
    ({                                                                          \
        void *real_ = __atomic_load_n((void **)&wvm_real.name, __ATOMIC_RELAXED); \
        if (WVM_UNLIKELY(real_ == NULL))                                        \
            real_ = wvm_real_find((void **)&wvm_real.name);                     \
        (__typeof__(wvm_real.name))real_;                                       \
    })

/* Defines an exported function under a C name of our own, so that what the headers say about the
 * exported one (its attributes, or another name for it) does not matter here. */
#define WVM_DEFINE(ret, name, params)             \
    WVM_EXPORT ret wvm_as_##name params __asm__(#name); \
    ret wvm_as_##name params

#endif
