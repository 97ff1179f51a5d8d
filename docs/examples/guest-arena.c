/* A guest's memory: a based space of 2 GB with an arena of nodes whose pointers have 32 bits, as a
 * 32-bit program keeps them. A tree of words is built in one space, its memory is copied as it is
 * to another one, and the copy is read there: addresses of a space mean the same in every space.
 *
 *     guest-arena        exit code 0: all is right; 77: there is no room for spaces here
 *
 * For winvm only: a real 32-bit process of Windows takes the place of the space there. */
#include <errno.h>
#include <stdio.h>
#include <string.h>

#include <winvm/winvm.h>

/* ---- the guest's memory ---- */

#define ARENA_SIZE ((SIZE_T)64 << 20) /* reserved; committed as it fills */
#define STEP ((uint32_t)64 * 1024)

struct guest {
    void *space; /* its handle, a process handle */
    char *base;  /* where the guest's address 0 lies */
    uint64_t limit;
    uint32_t start, next, committed; /* of the arena, guest addresses */
};

static int guest_create(struct guest *g)
{
    struct winvm_space_options options = {sizeof options, 0, 2048, 0};
    struct winvm_space_info info = {.size = sizeof info};
    g->space = winvm_space_create(&options);
    if (!g->space || winvm_space_info(g->space, &info) != 0)
        return 0;
    g->base = info.base;
    g->limit = info.limit;
    /* The calls with the space's handle speak of the guest's addresses. */
    void *arena = VirtualAllocEx(g->space, NULL, ARENA_SIZE, MEM_RESERVE, PAGE_READWRITE);
    g->start = g->next = g->committed = (uint32_t)(uintptr_t)arena;
    return arena != NULL;
}

static void guest_destroy(struct guest *g)
{
    winvm_space_destroy(g->space); /* and all memory in it */
}

/* The guest address of len new bytes of zero; 0: the arena is full. */
static uint32_t guest_alloc(struct guest *g, uint32_t len)
{
    uint32_t at = g->next, end = at + ((len + 7) & ~7u);
    if (end - g->start > ARENA_SIZE)
        return 0;
    while (end > g->committed) {
        if (!VirtualAllocEx(g->space, (void *)(uintptr_t)g->committed, STEP, MEM_COMMIT,
                            PAGE_READWRITE))
            return 0;
        g->committed += STEP;
    }
    g->next = end;
    return at;
}

/* ---- a tree in it ---- */

struct node;
typedef WINVM_PTR32(struct node) node32;
struct node {
    node32 less, more;
    WINVM_PTR32(char) word;
    uint32_t count;
};

static struct node *new_node(struct guest *g, const char *word)
{
    uint32_t at = guest_alloc(g, sizeof(struct node));
    uint32_t text = guest_alloc(g, (uint32_t)strlen(word) + 1);
    if (!at || !text)
        return NULL;
    struct node *n = winvm_ptr32_to_ptr(g->base, at);
    n->word.off = text;
    strcpy(WINVM_PTR32_GET(g->base, n->word), word);
    return n;
}

/* FALSE: the guest has no memory left. */
static BOOL count_word(struct guest *g, node32 *root, const char *word)
{
    node32 *link = root;
    while (!WINVM_PTR32_IS_NULL(*link)) {
        struct node *n = WINVM_PTR32_GET(g->base, *link);
        int order = strcmp(word, WINVM_PTR32_GET(g->base, n->word));
        if (order == 0) {
            n->count++;
            return TRUE;
        }
        link = order < 0 ? &n->less : &n->more;
    }
    struct node *n = new_node(g, word);
    if (!n)
        return FALSE;
    n->count = 1;
    WINVM_PTR32_SET(g->base, *link, n);
    return TRUE;
}

/* What a guest's memory says is not trusted: every pointer is checked before it is used. */
static uint32_t sum_counts(const struct guest *g, node32 at)
{
    const struct node *n =
        winvm_ptr32_to_ptr_checked(g->base, g->limit, at.off, sizeof(struct node));
    return n ? n->count + sum_counts(g, n->less) + sum_counts(g, n->more) : 0;
}

/* ---- a copy in another space ---- */

static BOOL copy_arena(const struct guest *from, struct guest *to)
{
    SIZE_T len = from->next - from->start, done = 0;
    if (to->start != from->start || !guest_alloc(to, (uint32_t)len))
        return FALSE;
    /* The source is ordinary memory here, the target is named by the guest's address. */
    return WriteProcessMemory(to->space, (void *)(uintptr_t)to->start, from->base + from->start,
                              len, &done) && done == len;
}

int main(void)
{
    static const char *const words[] = {"reserve", "commit", "free",   "commit", "query",
                                        "protect", "commit", "reserve", "lock",   "view"};
    enum { ROUNDS = 20000, N_WORDS = sizeof words / sizeof words[0] };
    struct guest one, two;
    node32 root = {0};
    BOOL good = TRUE;
    if (!guest_create(&one) || !guest_create(&two)) {
        fprintf(stderr, "no spaces: %s\n", strerror(errno));
        return errno == ENOMEM ? 77 : 1; /* a 32-bit program, or a sanitizer's shadow */
    }
    for (unsigned i = 0; good && i < ROUNDS; i++) {
        char word[32];
        snprintf(word, sizeof word, "%s%u", words[i % N_WORDS], i % 997);
        good = count_word(&one, &root, word);
    }
    good = good && sum_counts(&one, root) == ROUNDS && copy_arena(&one, &two);
    guest_destroy(&one);
    /* The root is a guest address, so it is good in the copy. */
    good = good && sum_counts(&two, root) == ROUNDS;
    printf("%u words in %lu kB, pointers of %zu bytes: %s\n", (unsigned)ROUNDS,
           (unsigned long)(two.next - two.start) / 1024, sizeof root,
           good ? "all counted" : "NOT all counted");
    guest_destroy(&two);
    return good ? 0 : 1;
}
