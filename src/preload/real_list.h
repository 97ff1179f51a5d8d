/* WVM_REAL(result, name, parameters): functions of the C library that the preload objects define
 * anew, but for those of io_list.h. Included several times, each time with another WVM_REAL. */
WVM_REAL(int, sigaction, (int, const struct sigaction *, struct sigaction *))
WVM_REAL(int, sigprocmask, (int, const sigset_t *, sigset_t *))
WVM_REAL(int, pthread_sigmask, (int, const sigset_t *, sigset_t *))
WVM_REAL(int, sigsuspend, (const sigset_t *))
WVM_REAL(int, sigpause, (int))
WVM_REAL(int, pthread_create,
         (pthread_t *, const pthread_attr_t *, void *(*)(void *), void *))
WVM_REAL(int, thrd_create, (thrd_t *, int (*)(void *), void *))
WVM_REAL(int, pthread_attr_getsigmask_np, (const pthread_attr_t *, sigset_t *))
