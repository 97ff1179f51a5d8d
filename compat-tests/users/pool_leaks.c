/* A server that takes its memory from tagged pools, and how its owner finds what leaks: the tags
 * before some load and after it. Threads hand blocks to each other, one path of errors forgets a
 * session, and every number must be exact. */
#include "pools.h"

#define N_WORKERS 4
#define N_REQUESTS 20000u
#define N_QUEUE 64u
#define LEAKY 997u /* each such request is of the kind that leaks */

#define TAG_SESSION TAG4('S', 'r', 'S', 's')
#define TAG_BUFFER TAG4('S', 'r', 'B', 'f')
#define TAG_REPLY TAG4('S', 'r', 'R', 'p')
#define TAG_UNUSED TAG4('S', 'r', 'N', 'o')

struct session {
    unsigned number, sum;
    uint8_t *buffer;
    SIZE_T length;
};

static struct session *queue[N_QUEUE];
static unsigned n_in, n_out;
static int leaking;
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static pthread_cond_t changed = PTHREAD_COND_INITIALIZER;
static volatile LONG n_wrong;

static unsigned sum_of(const uint8_t *p, SIZE_T n)
{
    unsigned sum = 0;

    while (n--)
        sum = sum * 31 + *p++;
    return sum;
}

static struct session *receive(unsigned number)
{
    struct session *s = ExAllocatePool2(POOL_FLAG_NON_PAGED, sizeof(*s), TAG_SESSION);

    if (!s)
        return NULL;
    s->number = number;
    s->length = number * 37 % 3000 + 1 + (number % 500 == 0) * 20000;
    s->buffer = ExAllocatePool2(POOL_FLAG_PAGED | POOL_FLAG_UNINITIALIZED, s->length, TAG_BUFFER);
    if (!s->buffer) {
        ExFreePoolWithTag(s, TAG_SESSION);
        return NULL;
    }
    for (SIZE_T i = 0; i < s->length; i++)
        s->buffer[i] = (uint8_t)(number + i);
    s->sum = sum_of(s->buffer, s->length);
    return s;
}

/* Runs on another thread than receive. */
static void answer(struct session *s)
{
    unsigned *reply = ExAllocatePool2(POOL_FLAG_PAGED, 64, TAG_REPLY);

    if (!reply || reply[0] || reply[15])
        __sync_fetch_and_add(&n_wrong, 1);
    if (reply) {
        reply[0] = sum_of(s->buffer, s->length);
        if (reply[0] != s->sum)
            __sync_fetch_and_add(&n_wrong, 1);
        ExFreePoolWithTag(reply, TAG_REPLY);
    }
    ExFreePoolWithTag(s->buffer, TAG_BUFFER);
    if (leaking && s->number % LEAKY == 0)
        return; /* the bug: an early return that forgets the session */
    ExFreePoolWithTag(s, TAG_SESSION);
}

static void *work(void *arg)
{
    (void)arg;
    for (;;) {
        struct session *s;

        pthread_mutex_lock(&lock);
        while (n_out == n_in)
            pthread_cond_wait(&changed, &lock);
        s = queue[n_out % N_QUEUE];
        if (s)
            n_out++;
        pthread_cond_broadcast(&changed);
        pthread_mutex_unlock(&lock);
        if (!s)
            return NULL;
        answer(s);
    }
}

static void enqueue(struct session *s)
{
    pthread_mutex_lock(&lock);
    while (n_in - n_out == N_QUEUE)
        pthread_cond_wait(&changed, &lock);
    queue[n_in++ % N_QUEUE] = s;
    pthread_cond_broadcast(&changed);
    pthread_mutex_unlock(&lock);
}

static void serve(void)
{
    pthread_t threads[N_WORKERS];

    n_in = n_out = 0;
    for (int i = 0; i < N_WORKERS; i++)
        pthread_create(&threads[i], NULL, work, NULL);
    for (unsigned i = 1; i <= N_REQUESTS; i++) {
        struct session *s = receive(i);
        if (s)
            enqueue(s);
        else
            __sync_fetch_and_add(&n_wrong, 1);
    }
    enqueue(NULL);
    for (int i = 0; i < N_WORKERS; i++)
        pthread_join(threads[i], NULL);
}

static struct pool_tags before, after;

static void check_load(int with_leak)
{
    struct pool_tag was, now;
    ULONG lost = with_leak ? N_REQUESTS / LEAKY : 0;

    leaking = with_leak;
    if (!check(read_tags(&before), "the tags before"))
        return;
    serve();
    check(read_tags(&after), "the tags afterwards");
    check(!n_wrong, "every request was answered with what it held");
    was = row_of(&before, TAG_SESSION);
    now = row_of(&after, TAG_SESSION);
    check(now.allocs - was.allocs == N_REQUESTS, "each session was counted");
    check(now.allocs - now.frees == was.allocs - was.frees + lost,
          with_leak ? "exactly the forgotten sessions are missing" : "no session is missing");
    check(lost ? now.bytes >= was.bytes + lost * sizeof(struct session) : now.bytes == was.bytes,
          "so are their bytes");
    check(now.paged_allocs == 0, "sessions are in no paged row");
    was = row_of(&before, TAG_BUFFER);
    now = row_of(&after, TAG_BUFFER);
    check(now.paged_allocs - was.paged_allocs == N_REQUESTS &&
              now.paged_frees == now.paged_allocs && now.paged_bytes == 0,
          "buffers that other threads freed were counted");
    now = row_of(&after, TAG_REPLY);
    check(now.paged_frees == now.paged_allocs && now.paged_bytes == 0, "replies were counted");
}

int main(void)
{
    ExFreePoolWithTag(ExAllocatePool2(POOL_FLAG_PAGED, 1, TAG_BUFFER), TAG_BUFFER);
    check_load(0);
    check_load(1);
    check(row_of(&after, TAG_UNUSED).tag == TAG_UNUSED && !row_of(&after, TAG_UNUSED).allocs,
          "a tag that nobody used has no row");
    check_load(0);
    return users_end();
}
