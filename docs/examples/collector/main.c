/* A collector at work, checked against a shadow. An ordinary Windows program:
 *
 *     cc -D_WIN32 -I$(pkg-config --variable=includedir winvm)/winvm/compat \
 *         main.c gc.c heap.c world.c $(pkg-config --libs winvm-kit)
 *
 * A graph of nodes grows and is cut while a second thread builds trees that only its stack knows.
 * The shadow of the graph knows the nodes by addresses that no collector can take for ones. Without
 * arguments pages that were written are learnt from GetWriteWatch; `protect`: by faults; `full`: no
 * minor collections. Exit status 0 when nothing that could be reached was lost, and nearly all that
 * could not be was found. */
#include <windows.h>
#include <stdio.h>
#include <string.h>
#include "gc.h"

enum { N_NODES = 60000, N_HEADS = 64, N_LINKS = 3, N_ROUNDS = 30, WIDE = 6000, DEPTH = 13 };
struct node {
    struct node *links[N_LINKS];
    unsigned id, sum;
    unsigned char more[];           /* the id's low byte, some times */
};
struct shadow {
    ULONG_PTR hidden;               /* ~address; 0: the node is known to be gone */
    int links[N_LINKS];             /* -1: none */
    unsigned short n_more;
    unsigned char reached;
};

static struct node *heads[N_HEADS], **wide; /* roots; wide: WIDE of them, which are an object */
static int shadow_heads[N_HEADS];
static struct shadow shadows[N_NODES];
static int order[N_NODES];
static unsigned seed = 1;
static int n_nodes, n_errors;

static unsigned next_random(unsigned n)
{
    seed = seed * 1664525u + 1013904223u;
    return (seed >> 8) % n;
}

static struct node *node_of(int i)
{
    return (struct node *)~shadows[i].hidden;
}

/* ---- The graph ---- */

static int is_intact(int i)
{
    struct node *node = node_of(i);
    int n;
    if (!gc_is_object(node) || node->id != (unsigned)i || node->sum != ~(unsigned)i * 3)
        return 0;
    for (n = 0; n < N_LINKS; n++) {
        int to = shadows[i].links[n];
        if (node->links[n] != (to < 0 ? NULL : node_of(to)))
            return 0;
    }
    for (n = 0; n < shadows[i].n_more; n++) {
        if (node->more[n] != (unsigned char)i)
            return 0;
    }
    return 1;
}

/* Some node that a walk from a head comes to; -1: the head is empty. */
static int some_node(void)
{
    int at = shadow_heads[next_random(N_HEADS)], steps = (int)next_random(8);
    while (at >= 0 && steps-- > 0) {
        int next = shadows[at].links[next_random(N_LINKS)];
        if (next < 0)
            break;
        at = next;
    }
    return at;
}

static void add_node(void)
{
    int i = n_nodes++, n, head = (int)next_random(N_HEADS);
    size_t more = next_random(50) == 0 ? next_random(9000) : next_random(60);
    struct node *node = gc_new(sizeof *node + more);
    if (!node) {
        n_errors++;
        return;
    }
    node->id = (unsigned)i;
    node->sum = ~(unsigned)i * 3;
    memset(node->more, i & 0xff, more);
    shadows[i].hidden = ~(ULONG_PTR)node;
    shadows[i].n_more = (unsigned short)more;
    for (n = 0; n < N_LINKS; n++) {
        int to = next_random(4) == 0 ? -1 : n == 0 ? shadow_heads[head] : some_node();
        shadows[i].links[n] = to;
        node->links[n] = to < 0 ? NULL : node_of(to);
    }
    heads[head] = node;
    shadow_heads[head] = i;
}

/* Changes a link of a node, or empties a head. */
static void change(void)
{
    int at = some_node(), to = some_node(), n = (int)next_random(N_LINKS);
    int head = (int)next_random(N_HEADS);
    if (at >= 0) {
        to = next_random(3) == 0 ? to : -1;
        shadows[at].links[n] = to;
        node_of(at)->links[n] = to < 0 ? NULL : node_of(to);
    }
    if (next_random(20) == 0) {
        shadow_heads[head] = -1;
        heads[head] = NULL;
    }
}

static int reach(void)
{
    int n_found = 0, done, i, n;
    for (i = 0; i < n_nodes; i++)
        shadows[i].reached = 0;
    for (i = 0; i < N_HEADS; i++) {
        int head = shadow_heads[i];
        if (head >= 0 && !shadows[head].reached) {
            shadows[head].reached = 1;
            order[n_found++] = head;
        }
    }
    for (done = 0; done < n_found; done++) {
        for (n = 0; n < N_LINKS; n++) {
            int to = shadows[order[done]].links[n];
            if (to >= 0 && !shadows[to].reached) {
                shadows[to].reached = 1;
                order[n_found++] = to;
            }
        }
    }
    return n_found;
}

/* How many nodes cannot be reached and are still there. */
static int count_left(void)
{
    int left = 0, i;
    for (i = 0; i < n_nodes; i++) {
        if (shadows[i].hidden == 0)
            continue;
        if (shadows[i].reached)
            n_errors += !is_intact(i);
        else if (gc_is_object(node_of(i)) && node_of(i)->id == (unsigned)i
                 && node_of(i)->sum == ~(unsigned)i * 3)
            left++;
        else
            shadows[i].hidden = 0;
    }
    return left;
}

/* ---- Trees that a stack knows ---- */

struct tree {
    struct tree *left, *right;
    ULONG_PTR value;
};

static struct tree *build(unsigned depth, ULONG_PTR value)
{
    struct tree *left = depth ? build(depth - 1, value * 2) : NULL;
    struct tree *right = depth ? build(depth - 1, value * 2 + 1) : NULL;
    struct tree *tree = gc_new(sizeof *tree);
    if (tree) {
        tree->left = left;
        tree->right = right;
        tree->value = value;
    }
    return tree;
}

static int is_tree(const struct tree *tree, unsigned depth, ULONG_PTR value)
{
    if (!tree || tree->value != value)
        return 0;
    return depth == 0 ? !tree->left && !tree->right
                      : is_tree(tree->left, depth - 1, value * 2)
                            && is_tree(tree->right, depth - 1, value * 2 + 1);
}

static DWORD WINAPI build_trees(LPVOID stop)
{
    DWORD n_wrong = 0;
    gc_thread_start();
    do {
        struct tree *tree = build(DEPTH, 1);
        n_wrong += !is_tree(tree, DEPTH, 1);
    } while (WaitForSingleObject(stop, 0) == WAIT_TIMEOUT);
    gc_thread_end();
    return n_wrong;
}

/* ---- All of it ---- */

static int expect(int right, const char *what)
{
    printf("%s: %s\n", what, right ? "yes" : "NO");
    return !right;
}

/* An object of many pages whose links are all on the mark stack at once. */
static void fill_wide(void)
{
    int i;
    wide = gc_new(WIDE * sizeof *wide);
    for (i = 0; wide && i < WIDE; i++) {
        wide[i] = gc_new(sizeof **wide);
        if (wide[i])
            wide[i]->id = (unsigned)i;
    }
}

static int is_wide_intact(void)
{
    int i;
    for (i = 0; wide && i < WIDE; i++) {
        if (!gc_is_object(wide[i]) || wide[i]->id != (unsigned)i)
            return 0;
    }
    return wide != NULL;
}

static void run_graph(void)
{
    int round, i, left = 0, reached;
    for (round = 0; round < N_ROUNDS; round++) {
        for (i = 0; i < N_NODES / N_ROUNDS; i++) {
            add_node();
            if (i % 4 == 0)
                change();
        }
        gc_collect(round % 5 == 4);
        reached = reach();
        left = count_left();
        if (round % 5 == 4)
            printf("%d nodes, %d can be reached; of the others are left few: %s\n", n_nodes,
                   reached, left <= (n_nodes - reached) / 20 + 20 ? "yes" : "NO");
        if (round % 5 == 4 && left > (n_nodes - reached) / 20 + 20)
            n_errors++;
    }
}

int main(int argc, char **argv)
{
    const char *name = argc > 1 ? argv[1] : "watch";
    enum gc_way way = strcmp(name, "full") == 0 ? GC_FULL_ONLY
                      : strcmp(name, "protect") == 0 ? GC_PROTECT : GC_WATCH;
    HANDLE stop = CreateEvent(NULL, TRUE, FALSE, NULL), thread;
    struct gc_stats stats;
    DWORD code = 1;
    int wrong;
    if (!gc_start(way))
        return expect(0, "the system can tell what was written");
    gc_thread_start();
    gc_root(heads, sizeof heads);
    gc_root(&wide, sizeof wide);
    memset(shadow_heads, 0xff, sizeof shadow_heads);
    thread = CreateThread(NULL, 0, build_trees, stop, 0, NULL);
    fill_wide();
    run_graph();
    SetEvent(stop);
    WaitForSingleObject(thread, INFINITE);
    GetExitCodeThread(thread, &code);
    stats = gc_stats();
    wrong = expect(n_errors == 0, "every node that could be reached was kept");
    wrong += expect(code == 0, "and so were the trees of the other thread");
    wrong += expect(is_wide_intact() && stats.n_grown > 0, "the mark stack has grown");
    wrong += expect(stats.n_full > 0 && (way == GC_FULL_ONLY || stats.n_minor > 0),
                    "there were collections of each kind");
    wrong += expect(way == GC_FULL_ONLY || stats.n_clean > stats.n_scanned / 4,
                    "minor ones left out pages that were not written");
    gc_collect(1);
    wrong += expect(gc_stats().n_pages < 6000, "free pages went back to the system");
    return wrong != 0;
}
