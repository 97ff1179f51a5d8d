/* Handlers of the console's events: Ctrl+C and its like, which the host tells by signals.
 *
 * Owns    the list of handlers; the signals' handlers from the first SetConsoleCtrlHandler on.
 * Terms   event = CTRL_*_EVENT; pending = a bit for each event that was told and not yet handed on.
 * I1      A handler runs in a thread of its own, as on Windows, without a lock: the newest first,
 *         until one answers TRUE. When none does, or the event is one that ends the process anyway,
 *         ExitProcess ends it.
 * I2      The signal's handler does nothing but set a bit and wake the thread that hands events on.
 *         That thread is not in a child of fork(): there a signal does what it does to a process
 *         without handlers.
 * Locking: one lock for the list.   Failure: nothing changed.   Signal safety: none. */
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

#include "kit/kit.h"
#include "kit/kit_lock.h"
#include "kit/kit_service.h"

#define N_EVENTS 7

typedef BOOL(WVM_OWN_CALL *own_fn)(DWORD);
typedef BOOL(WVM_WINDOWS_CALL *ms_fn)(DWORD);
struct handler {
    struct handler *next; /* an older one */
    own_fn own;           /* one of the two */
    ms_fn ms;
};

static const int signal_of[N_EVENTS] = {
    [CTRL_C_EVENT] = SIGINT,
    [CTRL_BREAK_EVENT] = SIGQUIT,
    [CTRL_CLOSE_EVENT] = SIGHUP,
    [CTRL_SHUTDOWN_EVENT] = SIGTERM,
};

static struct wvm_kit_lock lock;
static struct handler *newest;
static pid_t owner; /* who has the thread; 0: nobody */
static uint32_t pending; /* (a) */
static bool ignores_c;

static bool ends_process(DWORD event)
{
    return event >= CTRL_CLOSE_EVENT;
}

/* ---- An event ---- */

/* The handler that is older than `from`, or the newest; it is copied, as it may be taken away. */
static bool next_handler(unsigned at, struct handler *out)
{
    wvm_kit_lock(&lock);
    struct handler *h = newest;
    for (unsigned i = 0; h && i < at; i++)
        h = h->next;
    if (h)
        *out = *h;
    wvm_kit_unlock(&lock);
    return h != NULL;
}

static BOOL call(const struct handler *h, DWORD event)
{
    return h->ms ? h->ms(event) : h->own(event);
}

static DWORD WVM_OWN_CALL handle_event(LPVOID argument)
{
    DWORD event = (DWORD)(uintptr_t)argument;
    struct handler h;
    bool done = false;
    sigset_t none;
    sigemptyset(&none);
    pthread_sigmask(SIG_SETMASK, &none, NULL);
    for (unsigned i = 0; !done && next_handler(i, &h); i++)
        done = call(&h, event) != FALSE;
    if (!done || ends_process(event))
        wvm_kit_ExitProcess((UINT)STATUS_CONTROL_C_EXIT);
    return 0;
}

static void *hand_on(void *unused)
{
    (void)unused;
    for (;;) {
        uint32_t bits = __atomic_exchange_n(&pending, 0, __ATOMIC_ACQUIRE);
        if (bits == 0)
            wvm_kit_park(&pending, 0, WVM_KIT_NEVER);
        for (DWORD event = 0; event < N_EVENTS; event++) {
            if (!(bits >> event & 1))
                continue;
            HANDLE thread =
                wvm_kit_CreateThread(NULL, 0, (LPTHREAD_START_ROUTINE)(uintptr_t)handle_event,
                                     (LPVOID)(uintptr_t)event, 0, NULL);
            if (thread)
                CloseHandle(thread);
        }
    }
    return NULL;
}

/* ---- The host's signals ---- */

static void on_signal(int number)
{
    if (getpid() != owner) {
        signal(number, SIG_DFL);
        raise(number);
        return;
    }
    for (unsigned event = 0; event < N_EVENTS; event++)
        if (signal_of[event] == number)
            __atomic_or_fetch(&pending, 1u << event, __ATOMIC_RELEASE);
    wvm_kit_unpark(&pending, 1);
}

static void set_signal(int number, void (*to)(int))
{
    struct sigaction action = {.sa_handler = to, .sa_flags = SA_RESTART};
    sigemptyset(&action.sa_mask);
    sigaction(number, &action, NULL);
}

/* A signal that the process was started to ignore stays ignored. */
static void take_signal(int number)
{
    struct sigaction now;
    if (sigaction(number, NULL, &now) == 0 && now.sa_handler != SIG_IGN)
        set_signal(number, on_signal);
}

/* Under the lock: somebody hands events on. */
static bool start(void)
{
    if (owner == getpid())
        return true;
    __atomic_store_n(&pending, 0, __ATOMIC_RELAXED);
    if (!wvm_kit_service(hand_on, NULL))
        return false;
    owner = getpid();
    for (unsigned event = 0; event < N_EVENTS; event++)
        if (signal_of[event] != 0)
            take_signal(signal_of[event]);
    return true;
}

/* ---- The list ---- */

static BOOL ignore_c(BOOL ignore)
{
    wvm_kit_lock(&lock);
    if (ignore)
        set_signal(SIGINT, SIG_IGN);
    else if (ignores_c)
        set_signal(SIGINT, owner == getpid() ? on_signal : SIG_DFL);
    ignores_c = ignore;
    wvm_kit_unlock(&lock);
    return TRUE;
}

static BOOL add(const struct handler *wanted)
{
    struct handler *h = malloc(sizeof *h);
    if (!h)
        return wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
    *h = *wanted;
    wvm_kit_lock(&lock);
    bool started = start();
    if (started) {
        h->next = newest;
        newest = h;
    }
    wvm_kit_unlock(&lock);
    if (!started)
        free(h);
    return started || wvm_kit_fail(ERROR_NOT_ENOUGH_MEMORY);
}

static BOOL take_away(const struct handler *wanted)
{
    wvm_kit_lock(&lock);
    struct handler **at = &newest;
    while (*at && ((*at)->own != wanted->own || (*at)->ms != wanted->ms))
        at = &(*at)->next;
    struct handler *h = *at;
    if (h)
        *at = h->next;
    wvm_kit_unlock(&lock);
    free(h);
    return h || wvm_kit_fail(ERROR_INVALID_PARAMETER);
}

BOOL wvm_kit_SetConsoleCtrlHandler(PHANDLER_ROUTINE function, BOOL is_new)
{
    struct handler h = {.own = (own_fn)function};
    if (!function)
        return ignore_c(is_new);
    return is_new ? add(&h) : take_away(&h);
}

BOOL wvm_kit_SetConsoleCtrlHandler_ms(PHANDLER_ROUTINE function, BOOL is_new)
{
    struct handler h = {.ms = (ms_fn)(uintptr_t)function};
    if (!function)
        return ignore_c(is_new);
    return is_new ? add(&h) : take_away(&h);
}

/* A group is the host's: the number of the process that leads it. */
BOOL wvm_kit_GenerateConsoleCtrlEvent(DWORD event, DWORD group)
{
    if (event > CTRL_BREAK_EVENT || group > INT32_MAX)
        return wvm_kit_fail(ERROR_INVALID_PARAMETER);
    return kill(-(pid_t)group, signal_of[event]) == 0 || wvm_kit_fail(ERROR_INVALID_PARAMETER);
}

#define WVM_KIT_CONTROL
#include "kit/kit_entry.h"
