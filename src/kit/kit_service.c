/* Threads of the kit's own: they run none of the program's code and handle none of its signals.
 *
 * Locking: none.   Failure: no thread.   Signal safety: none. */
#include "kit/kit_service.h"

#include <pthread.h>
#include <signal.h>

#define STACK_BYTES (128 * 1024)

bool wvm_kit_service(void *(*serve)(void *), void *argument)
{
    pthread_t thread;
    pthread_attr_t attr;
    sigset_t all, before;
    sigfillset(&all);
    pthread_attr_init(&attr);
    pthread_attr_setdetachstate(&attr, PTHREAD_CREATE_DETACHED);
    pthread_attr_setstacksize(&attr, STACK_BYTES);
    pthread_sigmask(SIG_SETMASK, &all, &before);
    int error = pthread_create(&thread, &attr, serve, argument);
    pthread_sigmask(SIG_SETMASK, &before, NULL);
    pthread_attr_destroy(&attr);
    return error == 0;
}
