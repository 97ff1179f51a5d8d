/* port.h: what the driver uses of a kernel besides pools, made of what a process has: spin locks
 * and fast mutexes. Calls and rules are the kernel's: a spin lock is held at DISPATCH_LEVEL, a fast
 * mutex at APC_LEVEL. */
#ifndef PORT_H
#define PORT_H

#include <ntddk.h>

#include <pthread.h>
#include <sched.h>

static inline VOID KeInitializeSpinLock(PKSPIN_LOCK SpinLock)
{
    *SpinLock = 0;
}

static inline VOID KeAcquireSpinLock(PKSPIN_LOCK SpinLock, PKIRQL OldIrql)
{
    KeRaiseIrql(DISPATCH_LEVEL, OldIrql);
    while (__atomic_exchange_n(SpinLock, 1, __ATOMIC_ACQUIRE) != 0)
        sched_yield();
}

static inline VOID KeReleaseSpinLock(PKSPIN_LOCK SpinLock, KIRQL OldIrql)
{
    __atomic_store_n(SpinLock, 0, __ATOMIC_RELEASE);
    KeLowerIrql(OldIrql);
}

typedef struct _FAST_MUTEX {
    pthread_mutex_t Mutex;
    KIRQL OldIrql;
} FAST_MUTEX, *PFAST_MUTEX;

static inline VOID ExInitializeFastMutex(PFAST_MUTEX FastMutex)
{
    pthread_mutex_init(&FastMutex->Mutex, NULL);
}

static inline VOID ExAcquireFastMutex(PFAST_MUTEX FastMutex)
{
    KIRQL OldIrql;

    KeRaiseIrql(APC_LEVEL, &OldIrql);
    pthread_mutex_lock(&FastMutex->Mutex);
    FastMutex->OldIrql = OldIrql;
}

static inline VOID ExReleaseFastMutex(PFAST_MUTEX FastMutex)
{
    KIRQL OldIrql = FastMutex->OldIrql;

    pthread_mutex_unlock(&FastMutex->Mutex);
    KeLowerIrql(OldIrql);
}

#endif
