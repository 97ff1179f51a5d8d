/* Every thread that the program makes is made known to winvm before its first instruction.
 *
 * Terms    start record = what the new thread needs to know; it lives from the call until the new
 *          thread has copied it. A block holds 63 of them and a bit for each that is in use.
 * I1       A record has one owner: the creator until the real call succeeds, then the new thread.
 *          It is given back before a function of the program runs, so that no way to end a thread
 *          can lose it.
 * I2       Blocks are never given back; their number follows the largest number of threads that
 *          were between creation and start at one time.
 * I3       Threads of winvm's own are not the program's: they pass by.
 * I4       Attributes, result, cancellation and pthread_exit are the real call's.
 * Locking: none; bits and the list of blocks change by compare and swap.
 * Failure: EAGAIN or thrd_nomem without memory for a block; no thread is made.
 * Signal safety: none, as the real calls. */
#include <errno.h>
#include <string.h>

#include "api/api.h"
#include "base/assert.h"
#include "fault/fault.h"
#include "host/host.h"
#include "host/host_thread.h"
#include "preload/io.h"
#include "preload/real.h"
#include "preload/signals.h"

#define N_RECORDS 63
#define BLOCK_SIZE 4096

struct start {
    union {
        void *(*posix)(void *);
        int (*c11)(void *);
    } run;
    void *arg;
    uint64_t believed;  /* signals that the program believes to be blocked in the new thread */
    uint64_t open;      /* those of them that the attributes really block */
    size_t stack;       /* its size */
};

struct block {
    uint64_t used;
    struct block *next;
    struct start record[N_RECORDS];
};
WVM_STATIC(sizeof(struct block) <= BLOCK_SIZE, "a block is a page");

static struct block first_block;
static struct block *blocks = &first_block;

/* A free record of b, or NULL. */
static struct start *take_from(struct block *b)
{
    uint64_t used = __atomic_load_n(&b->used, __ATOMIC_RELAXED);
    while (~used << 1 != 0) {
        unsigned n = (unsigned)__builtin_ctzll(~used);
        if (__atomic_compare_exchange_n(&b->used, &used, used | (uint64_t)1 << n, true,
                                        __ATOMIC_ACQUIRE, __ATOMIC_RELAXED))
            return &b->record[n];
    }
    return NULL;
}

static struct block *add_block(void)
{
    void *mem;
    wvm_init();
    if (wvm_host.meta(BLOCK_SIZE, &mem) != 0)
        return NULL;
    struct block *b = mem;
    b->next = __atomic_load_n(&blocks, __ATOMIC_RELAXED);
    while (!__atomic_compare_exchange_n(&blocks, &b->next, b, true, __ATOMIC_RELEASE,
                                        __ATOMIC_RELAXED))
        ;
    return b;
}

static struct start *take_record(void)
{
    struct start *s = NULL;
    for (struct block *b = __atomic_load_n(&blocks, __ATOMIC_ACQUIRE); b != NULL; b = b->next) {
        if ((s = take_from(b)) != NULL)
            return s;
    }
    struct block *b;
    while (s == NULL && (b = add_block()) != NULL)
        s = take_from(b);
    return s;
}

static void give_record(struct start *s)
{
    for (struct block *b = __atomic_load_n(&blocks, __ATOMIC_ACQUIRE); b != NULL; b = b->next) {
        size_t n = (size_t)((uintptr_t)s - (uintptr_t)b->record) / sizeof *s;
        if ((uintptr_t)s >= (uintptr_t)b->record && n < N_RECORDS) {
            __atomic_fetch_and(&b->used, ~((uint64_t)1 << n), __ATOMIC_RELEASE);
            return;
        }
    }
}

static size_t stack_size(const pthread_attr_t *attr)
{
    pthread_attr_t usual;
    size_t size = 0;
    if (attr != NULL)
        return pthread_attr_getstacksize(attr, &size) == 0 ? size : 0;
    if (pthread_attr_init(&usual) != 0)
        return 0;
    if (pthread_attr_getstacksize(&usual, &size) != 0)
        size = 0;
    pthread_attr_destroy(&usual);
    return size;
}

/* A record for a thread with these attributes (NULL: the usual ones); NULL: no memory. */
static struct start *prepare(const pthread_attr_t *attr)
{
    sigset_t set;
    struct start *s = take_record();
    if (s == NULL)
        return NULL;
    s->believed = wvm_signals_believed();
    s->open = 0;
    s->stack = stack_size(attr);
    if (attr != NULL && wvm_real_has((void **)&wvm_real.pthread_attr_getsigmask_np) &&
        WVM_REAL_OF(pthread_attr_getsigmask_np)(attr, &set) == 0)
        s->believed = s->open = wvm_set_word(&set) & WVM_SIG_OPEN;
    return s;
}

/* In the new thread, first of all. */
static struct start begin(struct start *record)
{
    struct start s = *record;
    give_record(record);
    wvm_signals_believe(s.believed);
    if (s.open != 0)
        wvm_raw_mask(SIG_UNBLOCK, s.open, NULL);
    wvm_io_own_stack((uintptr_t)__builtin_frame_address(0), s.stack);
    wvm_fault_thread_attach();
    return s;
}

static void end(void *unused)
{
    (void)unused;
    wvm_fault_thread_detach();
}

static void *run_posix(void *record)
{
    struct start s = begin(record);
    void *result;
    pthread_cleanup_push(end, NULL);
    result = s.run.posix(s.arg);
    pthread_cleanup_pop(1);
    return result;
}

static int run_c11(void *record)
{
    struct start s = begin(record);
    int result;
    pthread_cleanup_push(end, NULL);
    result = s.run.c11(s.arg);
    pthread_cleanup_pop(1);
    return result;
}

WVM_DEFINE(int, pthread_create,
           (pthread_t *thread, const pthread_attr_t *attr, void *(*run)(void *), void *arg))
{
    if (run == wvm_host_thread_entry)
        return WVM_REAL_OF(pthread_create)(thread, attr, run, arg);
    struct start *s = prepare(attr);
    if (s == NULL)
        return EAGAIN;
    s->run.posix = run;
    s->arg = arg;
    int err = WVM_REAL_OF(pthread_create)(thread, attr, run_posix, s);
    if (err != 0)
        give_record(s);
    return err;
}

WVM_DEFINE(int, thrd_create, (thrd_t *thread, int (*run)(void *), void *arg))
{
    struct start *s = prepare(NULL);
    if (s == NULL)
        return thrd_nomem;
    s->run.c11 = run;
    s->arg = arg;
    int err = WVM_REAL_OF(thrd_create)(thread, run_c11, s);
    if (err != thrd_success)
        give_record(s);
    return err;
}
