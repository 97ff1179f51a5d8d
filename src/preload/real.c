/* The next definitions of the functions that the preload objects define anew.
 *
 * Terms    real = the definition that comes behind ours in load order: the C library's, or that of
 *          another object that was preloaded behind us.
 * I1       A slot of wvm_real is NULL or holds a function that can be called; it changes once.
 * I2       A name that nobody behind us defines gets `missing`: -1 and ENOSYS.
 * I3       After the constructor no slot is NULL: from then on nothing is looked up, and the
 *          functions are as safe in a signal handler as the real ones. Before it (the constructors
 *          of the program's libraries run first) each first call looks its own name up.
 * The default version of each name is taken. On x86-64 every name in the lists has one behaviour
 * in all versions that the C library ever gave it.
 * Locking: the loader's own during a look-up.   Failure: see I2.
 * Signal safety: yes after the constructor. */
#include <dlfcn.h>
#include <errno.h>
#include <stdbool.h>

#include "base/assert.h"
#include "preload/real.h"

struct wvm_real wvm_real;

static const char *const names[] = {
#define WVM_REAL(ret, name, params) #name,
#define WVM_IO(ret, name, params, args, ready) #name,
#include "preload/io_list.h"
#include "preload/real_list.h"
#undef WVM_IO
#undef WVM_REAL
};
enum { N_NAMES = sizeof names / sizeof names[0] };
WVM_STATIC(sizeof wvm_real == N_NAMES * sizeof(void *), "one name for each slot");

static long missing(void)
{
    errno = ENOSYS;
    return -1;
}

void *wvm_real_find(void **slot)
{
    int saved = errno;
    void *found = dlsym(RTLD_NEXT, names[slot - (void **)&wvm_real]);
    if (found == NULL) {
        dlerror();
        found = (void *)missing;
    }
    __atomic_store_n(slot, found, __ATOMIC_RELAXED);
    errno = saved;
    return found;
}

bool wvm_real_has(void **slot)
{
    void *found = __atomic_load_n(slot, __ATOMIC_RELAXED);
    return (found != NULL ? found : wvm_real_find(slot)) != (void *)missing;
}

void wvm_real_init(void)
{
    void **slots = (void **)&wvm_real;
    for (size_t i = 0; i < N_NAMES; i++) {
        if (__atomic_load_n(&slots[i], __ATOMIC_RELAXED) == NULL)
            wvm_real_find(&slots[i]);
    }
}
