/* A run-time system whose pointers have 32 bits: in a low address space they are addresses, in a
 * large one offsets in 4 GiB that it reserves. Its blocks are aligned, found by reserving more
 * than needed; threads build trees in blocks of their own; a fork child goes on with what it
 * inherits. */
#include "users.h"

#include <sys/wait.h>
#include <unistd.h>

#define BLOCK ((SIZE_T)2 << 20)
#define N_THREADS 4
#define N_NODES 60000u

typedef uint32_t ref; /* 0: none */

struct node {
    ref left, right;
    uint32_t key;
};

/* At the begin of each block, found by its alignment. */
struct block {
    SIZE_T used;
    uint32_t owner;
};

static uint8_t *zero; /* what a ref counts from */
static uint8_t *next; /* in a large space: the next block of the 4 GiB */

static struct node *at(ref r)
{
    return (struct node *)(uintptr_t)(zero + r);
}

static ref to_ref(void *p)
{
    return (ref)((uint8_t *)p - zero);
}

/* A multiple of its size. Another thread may be quicker between the release and the second call. */
static struct block *low_block(DWORD type)
{
    for (int tries = 0; tries < 1000; tries++) {
        uint8_t *over = VirtualAlloc(NULL, 2 * BLOCK, MEM_RESERVE | type, PAGE_NOACCESS), *p;

        if (!over || !VirtualFree(over, 0, MEM_RELEASE))
            return NULL;
        p = (uint8_t *)(((uintptr_t)over + BLOCK - 1) & ~(uintptr_t)(BLOCK - 1));
        p = VirtualAlloc(p, BLOCK, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
        if (p || GetLastError() != ERROR_INVALID_ADDRESS)
            return (struct block *)(uintptr_t)p;
    }
    return NULL;
}

static struct block *block_new(uint32_t owner, DWORD type)
{
    struct block *b;

    if (zero)
        b = VirtualAlloc(__sync_fetch_and_add(&next, BLOCK), BLOCK, MEM_COMMIT, PAGE_READWRITE);
    else
        b = low_block(type);
    if (b) {
        b->used = (sizeof(*b) + 15) & ~(SIZE_T)15;
        b->owner = owner;
    }
    return b;
}

static void block_free(struct block *b)
{
    if (zero)
        VirtualFree(b, BLOCK, MEM_DECOMMIT);
    else
        VirtualFree(b, 0, MEM_RELEASE);
}

static struct block *block_of(ref r)
{
    return (struct block *)((uintptr_t)at(r) & ~(uintptr_t)(BLOCK - 1));
}

struct worker {
    uint32_t id;
    DWORD type;
    ref root;
    struct block *b;
    int good;
};

static ref node_new(struct worker *w, uint32_t key)
{
    struct node *n = (struct node *)(uintptr_t)((uint8_t *)w->b + w->b->used);

    w->b->used += sizeof(*n);
    n->key = key;
    return to_ref(n);
}

static void insert(struct worker *w, uint32_t key)
{
    ref *link = &w->root;

    while (*link)
        link = key < at(*link)->key ? &at(*link)->left : &at(*link)->right;
    *link = node_new(w, key);
}

static SIZE_T count(const struct worker *w, ref r, uint32_t low, uint32_t high)
{
    if (!r)
        return 0;
    if (at(r)->key < low || at(r)->key > high || block_of(r)->owner != w->id)
        return (SIZE_T)1 << 30;
    return 1 + count(w, at(r)->left, low, at(r)->key) + count(w, at(r)->right, at(r)->key, high);
}

/* Blocks come and go while the others do the same. */
static void *work(void *arg)
{
    struct worker *w = arg;

    w->good = 1;
    for (int round = 0; round < 20; round++) {
        struct block *b = block_new(w->id, w->type);
        if (w->b)
            block_free(w->b);
        w->b = b;
        w->root = 0;
        if (!b || (uintptr_t)b % BLOCK)
            return w->good = 0, NULL;
        for (uint32_t i = 0, key = w->id; i < N_NODES / 20 * (round == 19 ? 20 : 1); i++)
            insert(w, key = key * 1664525 + 1013904223);
    }
    w->good = count(w, w->root, 0, ~0u) == N_NODES;
    return NULL;
}

static int run(struct worker *all)
{
    pthread_t thread[N_THREADS];
    int good = 1;

    for (uint32_t i = 0; i < N_THREADS; i++) {
        all[i].id = i + 1;
        all[i].type = i & 1 ? MEM_TOP_DOWN : 0;
        pthread_create(&thread[i], NULL, work, &all[i]);
    }
    for (int i = 0; i < N_THREADS; i++) {
        pthread_join(thread[i], NULL);
        good &= all[i].good;
    }
    return good;
}

/* The child changes its copy, and asks for more. */
static int inherit(struct worker *all)
{
    int status = 1;
    pid_t pid = fork();

    if (pid == 0) {
        struct worker again[N_THREADS] = {0};
        int good = count(&all[0], all[0].root, 0, ~0u) == N_NODES && run(again);
        at(all[0].root)->key = ~0u;
        good &= all[1].root != again[1].root;
        for (int i = 0; i < N_THREADS; i++)
            block_free(all[i].b);
        _exit(!good);
    }
    return waitpid(pid, &status, 0) == pid && status == 0;
}

int main(void)
{
    static struct worker all[N_THREADS];
    uint64_t top = user_space();
    int good = 1;

    if (top > (uint64_t)1 << 32) {
        zero = VirtualAlloc(NULL, (SIZE_T)((uint64_t)1 << 32), MEM_RESERVE, PAGE_READWRITE);
        if (!check(zero != NULL, "a large space: 4 GiB are reserved"))
            return users_end();
        zero = (uint8_t *)((uintptr_t)zero & ~(uintptr_t)(BLOCK - 1));
        next = zero + BLOCK;
    }
    check(run(all), "threads build their trees");
    for (int i = 0; i < N_THREADS; i++)
        good &= zero || (uint64_t)(uintptr_t)all[i].b + BLOCK <= top;
    check(good, "each block below the end of the space");
    check(zero || (uintptr_t)all[1].b > (uintptr_t)all[0].b, "from above, and from below");
    check(inherit(all), "a fork child has the trees, and builds more");
    for (int i = 0; i < N_THREADS; i++)
        good &= count(&all[i], all[i].root, 0, ~0u) == N_NODES;
    check(good, "those here are as they were");
    return users_end();
}
