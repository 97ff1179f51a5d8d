/* The model test: random calls of the public API against a flat oracle.
 *
 * Terms   window = N_PAGES pages of address space that the test has to itself; step = one call;
 *         trace = the text of a sequence of steps, one a line, replayable; space = a based space
 *         with a window in it; by handle = the call names the space and an address of its own
 *         instead of a pointer.
 * Steps speak of a window's pages by number, so a sequence means the same at any address. */
#ifndef MODEL_H
#define MODEL_H

#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>

#include <winvm/winvm.h>

enum { PAGE = 4096, N_PAGES = 1024, PAGES_PER_GRANULE = 16, WHY_MAX = 400 };
/* One window of the native space, one at the low end of a small space, where SMALL_REST pages
 * follow it, and one at the high end of a large space. */
enum { N_WINDOWS = 3, SMALL_WINDOW = 1, SMALL_MB = 5, SMALL_REST = SMALL_MB * 256 - 32 - N_PAGES };
#define GRANULE ((uint64_t)65536)

/* STEP(id, word in a trace) */
#define MODEL_STEPS(STEP)          \
    STEP(ALLOC, "alloc")           \
    STEP(ANYWHERE, "anywhere")     \
    STEP(FREE, "free")             \
    STEP(NT_FREE, "ntfree")        \
    STEP(PROTECT, "protect")       \
    STEP(LOCK, "lock")             \
    STEP(UNLOCK, "unlock")         \
    STEP(WRITE, "write")           \
    STEP(TOUCH, "touch")           \
    STEP(PLACEHOLDER, "placeholder") \
    STEP(REPLACE, "replace")       \
    STEP(PRESERVE, "preserve")     \
    STEP(COALESCE, "coalesce")     \
    STEP(RENEW, "renew")           \
    STEP(FORK, "fork")

enum step_kind {
#define STEP(id, word) STEP_##id,
    MODEL_STEPS(STEP)
#undef STEP
    N_STEP_KINDS
};

/* One call: the address is the window's start + at bytes. RENEW ends the window's space and makes
 * another; FORK goes on in a child process. */
struct step {
    enum step_kind kind;
    uint32_t at;
    uint32_t size;
    uint32_t type;
    uint32_t prot;
    uint8_t where;  /* the window; 0 but in PLACE_SPACES */
    bool by_handle;
};

/* Where the windows lie: one in the library's own address space, one where nothing was mapped
 * before, or one there and one in each of two spaces. */
enum place { PLACE_SLAB, PLACE_SINGLE, PLACE_SPACES, N_PLACES };

struct sequence {
    enum place place;
    unsigned n;
    struct step *step;
};

/* ---- oracle.c: what must come of a step ---- */

/* A page: prot 0 and owner 0: free; prot 0: reserved; else committed with prot. */
enum kind { KIND_PLAIN, KIND_PLACEHOLDER, KIND_REPLACED };
struct page {
    uint16_t owner;  /* first page of its allocation, + 1; 0: free */
    uint16_t prot;   /* PAGE_*, modifiers included */
    uint16_t aprot;  /* AllocationProtect */
    uint8_t kind;    /* of its allocation: enum kind */
    bool locked;
    bool reset;      /* MEM_RESET and not written since: its bytes may become 0 */
    uint64_t tag;    /* the first 8 bytes; 0 for a page of zeros */
};

/* What a call must answer. */
struct answer {
    bool ok;
    uint32_t error;   /* the last error, or the NTSTATUS for NT_FREE */
    uint32_t start;   /* bytes from the window's start: the returned address */
    uint32_t size;    /* NT_FREE: the returned size */
    uint32_t old;     /* PROTECT: the old protection */
    uint32_t guard;   /* LOCK that fails for a guard page: the page, which loses its guard */
    bool may_fail;    /* RESET_UNDO with pages that may be lost: both answers are right */
};

extern struct page oracles[N_WINDOWS][N_PAGES];
extern struct page *oracle; /* the pages of the current step's window */
/* Makes the step's window the current one. */
void oracle_choose(const struct step *s);
/* Bytes committed in a window. */
uint64_t oracle_committed(unsigned which);
/* What the step must answer; the oracle is not changed. */
void oracle_expect(const struct step *s, struct answer *out);
/* The exception that a read of the page raises first; 0: none. */
uint32_t oracle_touch(const struct page *p);
/* The step was done. placed: the window's page where ANYWHERE put it. */
void oracle_apply(const struct step *s, uint32_t placed);
bool oracle_readable(const struct page *p);
bool oracle_writable(const struct page *p);
/* End of the run of equal pages of one allocation (or free ones) that begins at page i. */
unsigned oracle_run_end(unsigned i);

/* ---- placeholder.c: the same for REPLACE, PRESERVE and COALESCE ---- */

/* The step's range becomes a literal one. */
void placeholder_resolve(struct step *s);
/* The last error, 0: it succeeds. */
uint32_t placeholder_error(const struct step *s);
void placeholder_apply(const struct step *s);

/* ---- steps.c: making, printing and reading steps ---- */

uint64_t random_next(uint64_t *state);
void step_make(uint64_t *state, enum place place, struct step *out);
void step_print(FILE *to, const struct step *s);
void sequence_print(FILE *to, const struct sequence *q);
/* False, with a line on standard error, when the file is no trace. */
bool sequence_read(const char *path, struct sequence *out);

/* ---- look.c: comparing what can be seen ---- */

struct window {
    char *start;
    char *base;   /* of its space; NULL: the native space */
    HANDLE space; /* of that process: GetCurrentProcess() for the native space */
};
extern struct window windows[N_WINDOWS];
extern struct window *window; /* the current step's */

/* Reads or writes the first word of a page by the kernel's copy calls. */
bool copy_page(bool write, unsigned page, uint64_t *word);
/* Compares the current window, by pointer and by handle, with the oracle. */
bool look_at_window(uint64_t *random);

/* ---- call.c: the step's call, by pointer or by handle ---- */

/* The step's address as its call names it. */
void *address_of(const struct step *s);
/* What a call gave, as a pointer. */
char *pointer_of(const struct step *s, const void *address);
void *call_alloc_at(const struct step *s, void *at);
bool call_free(const struct step *s);
bool call_protect(const struct step *s, DWORD *old);
bool call_lock(const struct step *s);
bool write_word(const struct step *s, unsigned page, uint64_t word);

/* ---- run.c: doing it ---- */

/* Notes what went wrong; returns false. */
bool wrong(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
/* Runs the sequence in a child process. -1: everything as expected; else the number of the step
 * that went wrong, and why. */
int sequence_run(const struct sequence *q, char why[WHY_MAX]);

/* ---- touch.c ---- */

/* Reads a byte: the first exception that this raised, 0: none. */
uint32_t model_touch(const char *at);

/* ---- shrink.c ---- */

/* Makes a failing sequence as small as it gets, in place. */
void sequence_shrink(struct sequence *q);

#endif
