/* Steps: chosen at random, written and read as text.
 *
 * A trace:  # a comment
 *           window slab|single|spaces
 *           alloc AT SIZE TYPE PROT [WHERE]   (all numbers in hex; the words are in model.h)
 * WHERE: the window; 10 is added for a call by handle. */
#include "model.h"

#include <stdlib.h>
#include <string.h>

/* xorshift64*: the same numbers everywhere. */
uint64_t random_next(uint64_t *state)
{
    uint64_t x = *state;
    x ^= x >> 12;
    x ^= x << 25;
    x ^= x >> 27;
    *state = x;
    return x * 0x2545f4914f6cdd1dull >> 16;
}

static uint32_t below(uint64_t *state, uint32_t n)
{
    return random_next(state) % n;
}

static uint32_t pick_prot(uint64_t *state)
{
    static const uint16_t prots[] = {
        PAGE_READWRITE, PAGE_READWRITE, PAGE_READWRITE, PAGE_READWRITE, PAGE_READONLY,
        PAGE_READONLY, PAGE_NOACCESS, PAGE_NOACCESS, PAGE_EXECUTE, PAGE_EXECUTE_READ,
        PAGE_EXECUTE_READWRITE, PAGE_READWRITE | PAGE_GUARD, PAGE_READWRITE | PAGE_GUARD,
        PAGE_READONLY | PAGE_GUARD, PAGE_READWRITE | PAGE_NOCACHE,
        PAGE_READONLY | PAGE_WRITECOMBINE,
    };
    static const uint16_t bad[] = {0, PAGE_WRITECOPY, 0x80, 0x101, 6, 0x704};
    if (below(state, 60) == 0)
        return bad[below(state, sizeof bad / sizeof bad[0])];
    return prots[below(state, sizeof prots / sizeof prots[0])];
}

/* Mostly small, sometimes large, rarely 0. */
static uint32_t pick_pages(uint64_t *state)
{
    switch (below(state, 16)) {
    case 0:
        return 1 + below(state, N_PAGES / 4);
    case 1:
    case 2:
    case 3:
        return 1 + below(state, 64);
    default:
        return 1 + below(state, 10);
    }
}

static void pick_range(uint64_t *state, struct step *s)
{
    uint32_t pages = pick_pages(state), at = below(state, N_PAGES);
    if (below(state, 3) == 0)
        at -= at % PAGES_PER_GRANULE;
    if (at + pages > N_PAGES)
        pages = N_PAGES - at;
    s->at = at * PAGE;
    s->size = pages * PAGE;
    if (below(state, 4) == 0 && s->size > PAGE) { /* unaligned, still inside the window */
        s->at += below(state, PAGE);
        s->size -= PAGE;
    }
    if (below(state, 80) == 0)
        s->size = 0;
}

static uint32_t pick_alloc_type(uint64_t *state)
{
    static const uint32_t types[] = {
        MEM_RESERVE, MEM_RESERVE, MEM_RESERVE | MEM_COMMIT, MEM_RESERVE | MEM_COMMIT, MEM_COMMIT,
        MEM_COMMIT, MEM_COMMIT, MEM_COMMIT, MEM_COMMIT, MEM_COMMIT, MEM_RESET, MEM_RESET_UNDO,
        MEM_COMMIT | MEM_TOP_DOWN, MEM_RESERVE | MEM_TOP_DOWN,
    };
    static const uint32_t bad[] = {0, MEM_TOP_DOWN, MEM_COMMIT | MEM_RESET, 0xffffffffu};
    if (below(state, 60) == 0)
        return bad[below(state, sizeof bad / sizeof bad[0])];
    return types[below(state, sizeof types / sizeof types[0])];
}

/* The base of some allocation near s->at, so that whole-allocation frees happen. */
static void move_to_base(uint64_t *state, struct step *s)
{
    s->at -= s->at % GRANULE;
    s->size = 0;
    if (below(state, 8) == 0)
        s->at += below(state, PAGE);
}

/* Mostly ranges that are exact; a range for splitting is rather a part. */
static void make_placeholder_step(uint64_t *state, struct step *s)
{
    uint32_t n = below(state, 5) ? 1 : 0;
    s->type = 0;
    if (s->kind == STEP_PLACEHOLDER) {
        s->type = MEM_RESERVE;
        s->prot = PAGE_NOACCESS;
    } else if (s->kind == STEP_REPLACE) {
        s->type = MEM_RESERVE | (below(state, 4) ? MEM_COMMIT : 0) | n;
    } else {
        s->type = s->kind == STEP_PRESERVE ? below(state, 3) : n * (1 + below(state, 3));
    }
}

/* A call without an address and a pointer is one for the native space. */
static void pick_window(uint64_t *state, struct step *s)
{
    s->where = below(state, N_WINDOWS);
    s->by_handle = below(state, 3) != 0;
    if (s->kind == STEP_ANYWHERE && !s->by_handle)
        s->where = 0;
    if (below(state, 150) == 0)
        s->kind = STEP_FORK;
    else if (s->where && below(state, 150) == 0)
        s->kind = STEP_RENEW;
}

void step_make(uint64_t *state, enum place place, struct step *s)
{
    static const uint8_t kinds[] = {
        STEP_ALLOC, STEP_ALLOC, STEP_ALLOC, STEP_ALLOC, STEP_ALLOC, STEP_ALLOC, STEP_ALLOC,
        STEP_ANYWHERE, STEP_FREE, STEP_FREE, STEP_FREE, STEP_NT_FREE, STEP_NT_FREE,
        STEP_PROTECT, STEP_PROTECT, STEP_PROTECT, STEP_LOCK, STEP_UNLOCK, STEP_WRITE, STEP_WRITE,
        STEP_WRITE, STEP_WRITE, STEP_TOUCH, STEP_TOUCH, STEP_TOUCH, STEP_PLACEHOLDER,
        STEP_PLACEHOLDER, STEP_REPLACE, STEP_REPLACE, STEP_REPLACE, STEP_PRESERVE, STEP_PRESERVE,
        STEP_PRESERVE, STEP_PRESERVE, STEP_COALESCE, STEP_COALESCE,
    };
    *s = (struct step){.kind = kinds[below(state, sizeof kinds)]};
    pick_range(state, s);
    s->prot = pick_prot(state);
    s->type = s->kind == STEP_ANYWHERE ? (below(state, 2) ? MEM_RESERVE : MEM_COMMIT | MEM_RESERVE)
                                       : pick_alloc_type(state);
    if (s->kind >= STEP_PLACEHOLDER)
        make_placeholder_step(state, s);
    if (s->kind == STEP_FREE || s->kind == STEP_NT_FREE) {
        s->type = below(state, 3) ? MEM_DECOMMIT : MEM_RELEASE;
        if (below(state, 40) == 0)
            s->type = below(state, 2) ? 0 : MEM_DECOMMIT | MEM_RELEASE;
        if (below(state, s->kind == STEP_FREE ? 2 : 5) == 0)
            move_to_base(state, s);
    }
    if (place == PLACE_SPACES)
        pick_window(state, s);
}

/* ---- text ---- */

#define BY_HANDLE 0x10u

static const char *const places[N_PLACES] = {"slab", "single", "spaces"};
static const char *const words[] = {
#define STEP(id, word) [STEP_##id] = word,
    MODEL_STEPS(STEP)
#undef STEP
};

void step_print(FILE *to, const struct step *s)
{
    fprintf(to, "%s %x %x %x %x", words[s->kind], s->at, s->size, s->type, s->prot);
    if (s->where || s->by_handle)
        fprintf(to, " %x", s->where + (s->by_handle ? BY_HANDLE : 0u));
    fputc('\n', to);
}

void sequence_print(FILE *to, const struct sequence *q)
{
    fprintf(to, "window %s\n", places[q->place]);
    for (unsigned i = 0; i < q->n; i++)
        step_print(to, &q->step[i]);
}

static bool read_step(const char *line, struct step *s)
{
    char word[16];
    unsigned where = 0;
    if (sscanf(line, "%15s %x %x %x %x %x", word, &s->at, &s->size, &s->type, &s->prot, &where) < 5)
        return false;
    s->where = where % BY_HANDLE % N_WINDOWS;
    s->by_handle = where & BY_HANDLE;
    for (unsigned k = 0; k < N_STEP_KINDS; k++)
        if (strcmp(word, words[k]) == 0) {
            s->kind = k;
            return (uint64_t)s->at + s->size <= (uint64_t)N_PAGES * PAGE && s->at < N_PAGES * PAGE;
        }
    return false;
}

static bool read_line(const char *line, struct sequence *q)
{
    char place[16];
    if (line[0] == '#' || line[0] == '\n')
        return true;
    if (sscanf(line, "window %15s", place) == 1) {
        for (q->place = 0; q->place < N_PLACES; q->place++)
            if (strcmp(place, places[q->place]) == 0)
                return true;
        return false;
    }
    q->step = realloc(q->step, (q->n + 1) * sizeof *q->step);
    return q->step && read_step(line, &q->step[q->n]) && ++q->n;
}

bool sequence_read(const char *path, struct sequence *q)
{
    char line[200];
    FILE *f = fopen(path, "r");
    *q = (struct sequence){0};
    if (!f) {
        fprintf(stderr, "%s cannot be read\n", path);
        return false;
    }
    while (fgets(line, sizeof line, f))
        if (!read_line(line, q)) {
            fprintf(stderr, "%s: not a step: %s", path, line);
            fclose(f);
            return false;
        }
    fclose(f);
    return true;
}
