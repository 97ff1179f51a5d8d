/* A cache of decoded blocks that costs nothing while memory is short.
 *
 * Decoding a block is slow, so its result is kept. While nobody uses a result its pages are
 * offered: the system may take them, and takes them before it writes anything of the program to the
 * page file. Whoever wants the block reclaims its pages; when the system took them in between, the
 * block is decoded once more. So the cache may be larger than memory: what does not fit is gone,
 * and nothing else suffers.
 *
 * A block that is wanted is pinned, and its pages are ordinary memory until the last user unpins
 * it. Nobody may touch a block that is not pinned: an offered page gives an access violation.
 *
 *     offer-cache [--trim] [BLOCKS [ROUNDS]]
 *
 * uses blocks in an order that favours some of them, checks each use against what the decoder must
 * give, and prints how many were still there. Exit code 0: all were right. With --trim the cache
 * gives up all that is not in use every third round.
 *
 * The same source builds for Linux with winvm and for Windows 8.1 or newer. */
#define _WIN32_WINNT 0x0A00
#include <windows.h>

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BLOCK_SIZE ((SIZE_T)256 * 1024) /* of a decoded block: a multiple of the page size */

enum block_state {
    BLOCK_EMPTY,   /* nothing decoded; its pages are reserved */
    BLOCK_PINNED,  /* in use by `pins` users */
    BLOCK_OFFERED, /* decoded, and not in use: its pages may be taken */
};

struct block {
    enum block_state state;
    unsigned pins;
};

struct cache {
    char *base; /* of n blocks, one after the other */
    struct block *block;
    unsigned n;
    unsigned n_decoded, n_kept, n_taken; /* since it was made */
};

/* ---- the slow decoder ---- */

/* What the source holds for a block: a number to start from. A real one would read a file. */
static unsigned source_of(unsigned which)
{
    return which * 2654435761u + 12345u;
}

/* Every byte depends on all before it. */
static void decode(unsigned which, char *to)
{
    unsigned state = source_of(which);
    for (SIZE_T i = 0; i < BLOCK_SIZE; i++) {
        state = state * 1103515245u + 12345u + (unsigned)i;
        to[i] = (char)(state >> 16);
    }
}

/* ---- the cache ---- */

static BOOL cache_create(struct cache *c, unsigned n)
{
    memset(c, 0, sizeof *c);
    c->n = n;
    c->block = calloc(n, sizeof *c->block);
    c->base = VirtualAlloc(NULL, n * BLOCK_SIZE, MEM_RESERVE, PAGE_READWRITE);
    if (c->block && c->base)
        return TRUE;
    if (c->base)
        VirtualFree(c->base, 0, MEM_RELEASE);
    free(c->block);
    return FALSE;
}

static void cache_destroy(struct cache *c)
{
    VirtualFree(c->base, 0, MEM_RELEASE); /* offered pages too */
    free(c->block);
}

static char *at_of(const struct cache *c, unsigned which)
{
    return c->base + which * BLOCK_SIZE;
}

/* Gives up every block that is not in use: how a cache gets smaller on purpose. */
static void cache_trim(struct cache *c)
{
    for (unsigned i = 0; i < c->n; i++) {
        if (c->block[i].state != BLOCK_OFFERED)
            continue;
        VirtualFree(at_of(c, i), BLOCK_SIZE, MEM_DECOMMIT);
        c->block[i].state = BLOCK_EMPTY;
    }
}

static BOOL commit(struct cache *c, unsigned which)
{
    return VirtualAlloc(at_of(c, which), BLOCK_SIZE, MEM_COMMIT, PAGE_READWRITE) != NULL;
}

/* Offered pages count as committed: where no more may be, those of others make room. */
static BOOL fill(struct cache *c, unsigned which)
{
    if (c->block[which].state == BLOCK_EMPTY && !commit(c, which)) {
        cache_trim(c);
        if (!commit(c, which))
            return FALSE;
    }
    decode(which, at_of(c, which));
    c->n_decoded++;
    return TRUE;
}

/* The pages are ours again, with their contents or without. */
static BOOL take_back(struct cache *c, unsigned which)
{
    DWORD error = ReclaimVirtualMemory(at_of(c, which), BLOCK_SIZE);
    if (error == ERROR_SUCCESS) {
        c->n_kept++;
        return TRUE;
    }
    if (error != ERROR_BUSY)
        return FALSE;
    c->n_taken++;
    return fill(c, which);
}

/* The decoded block; NULL: no memory. cache_unpin is to follow. */
static const char *cache_pin(struct cache *c, unsigned which)
{
    struct block *b = &c->block[which];
    if (b->state == BLOCK_EMPTY && !fill(c, which))
        return NULL;
    if (b->state == BLOCK_OFFERED && !take_back(c, which))
        return NULL;
    b->state = BLOCK_PINNED;
    b->pins++;
    return at_of(c, which);
}

/* The last user offers the pages. Where the system refuses they simply stay. */
static void cache_unpin(struct cache *c, unsigned which)
{
    struct block *b = &c->block[which];
    if (--b->pins == 0 &&
        OfferVirtualMemory(at_of(c, which), BLOCK_SIZE, VmOfferPriorityLow) == ERROR_SUCCESS)
        b->state = BLOCK_OFFERED;
}

/* ---- a program that uses it ---- */

static unsigned random_of(unsigned *state)
{
    *state = *state * 1664525u + 1013904223u;
    return *state >> 8;
}

/* Half of the uses go to an eighth of the blocks. */
static unsigned choose(const struct cache *c, unsigned *state)
{
    unsigned among = random_of(state) % 2 && c->n >= 8 ? c->n / 8 : c->n;
    return random_of(state) % among;
}

/* Two users at once, of one block or of two. */
static BOOL use_two(struct cache *c, unsigned *state, char *copy)
{
    unsigned which[2] = {choose(c, state), choose(c, state)};
    BOOL right = TRUE;
    for (int i = 0; i < 2; i++) {
        const char *data = cache_pin(c, which[i]);
        if (!data) {
            printf("no memory for block %u: error %lu\n", which[i], (unsigned long)GetLastError());
            return FALSE;
        }
        decode(which[i], copy);
        right &= memcmp(data, copy, BLOCK_SIZE) == 0;
    }
    cache_unpin(c, which[0]);
    cache_unpin(c, which[1]);
    return right;
}

static int run(struct cache *c, unsigned rounds, BOOL trim)
{
    static char copy[256 * 1024];
    unsigned state = 1;
    for (unsigned round = 0; round < rounds; round++) {
        if (trim && round % 3 == 2)
            cache_trim(c);
        if (!use_two(c, &state, copy)) {
            printf("round %u: wrong\n", round);
            return 1;
        }
    }
    printf("%u uses: %u decoded, %u still there, %u taken by the system; all right\n", 2 * rounds,
           c->n_decoded, c->n_kept, c->n_taken);
    return c->n_decoded + c->n_kept > 0 ? 0 : 1;
}

int main(int argc, char **argv)
{
    BOOL trim = argc > 1 && strcmp(argv[1], "--trim") == 0;
    int first = trim ? 2 : 1;
    unsigned blocks = argc > first ? (unsigned)atoi(argv[first]) : 64;
    unsigned rounds = argc > first + 1 ? (unsigned)atoi(argv[first + 1]) : 200;
    struct cache cache;
    if (!blocks || !cache_create(&cache, blocks)) {
        printf("no cache of %u blocks: error %lu\n", blocks, (unsigned long)GetLastError());
        return 2;
    }
    int result = run(&cache, rounds, trim);
    cache_destroy(&cache);
    return result;
}
