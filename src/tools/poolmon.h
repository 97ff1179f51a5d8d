/* What the files of winvm-poolmon share.
 *
 * Terms   row = the counters of one tag in paged or non-paged memory (POOL-145);
 *         sample = what one look at the process found;
 *         change = difference to the sample before. */
#ifndef WINVM_TOOLS_POOLMON_H
#define WINVM_TOOLS_POOLMON_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <sys/types.h>

struct poolmon_counts {
    uint64_t allocs, frees, bytes;
};

struct poolmon_row {
    uint32_t tag;
    bool paged;
    struct poolmon_counts now, before; /* before: equal to now in the first sample */
};

enum { POOLMON_NONPAGED, POOLMON_PAGED, POOLMON_TYPES };

/* Bytes, but for the faults. */
struct poolmon_totals {
    uint64_t memory, available;           /* of the machine */
    uint64_t faults;                      /* page faults of the process: since its start in the
                                           * first sample, else since the sample before */
    uint64_t in_ram[POOLMON_TYPES];       /* pool that is resident */
    uint64_t commit, limit, peak;         /* commit charge of the process */
    uint64_t pool[POOLMON_TYPES];         /* pool taken from the host */
};

struct poolmon_sample {
    pid_t pid;
    char name[64];                        /* of the process, "" : unknown */
    struct poolmon_totals totals;
    struct poolmon_row *row;              /* malloc */
    size_t n_rows;
};

/* ---- poolmon_rows.c: choosing, comparing, sorting ---- */

enum poolmon_order { BY_TAG, BY_ALLOCS, BY_FREES, BY_DIFF, BY_BYTES, BY_EACH, POOLMON_ORDERS };
enum poolmon_shown { SHOW_BOTH, SHOW_NONPAGED, SHOW_PAGED, POOLMON_SHOWN };

struct poolmon_choice {
    enum poolmon_order order;
    bool by_change;                       /* orders by the numbers in parentheses */
    enum poolmon_shown shown;
    const char *const *include, *const *exclude; /* patterns, NULL behind the last */
};

/* The letter of poolmon's key: t a f d b m. False: no order has it. */
bool poolmon_order_named(char letter, enum poolmon_order *out);
/* As it is displayed: the bytes in the order in which they lie in memory (POOL-142), what cannot be
 * printed as a dot. */
void poolmon_tag_text(uint32_t tag, char out[5]);
/* Does the text match a pattern of letters, '?' and '*'? Blanks at the end of text do not count. */
bool poolmon_matches(const char *pattern, const char *text);
/* Allocations that were not freed; bytes of each of them, 0 when there is none (POOL-143). */
int64_t poolmon_diff(const struct poolmon_counts *c);
uint64_t poolmon_each(const struct poolmon_counts *c);
/* Keeps the rows that are asked for, in order. */
void poolmon_choose(struct poolmon_sample *s, const struct poolmon_choice *choice);
/* Notes in each row of s what it was in last, which is not changed; rows of last that s does not
 * have are not seen. */
void poolmon_compare(struct poolmon_sample *s, const struct poolmon_sample *last);
bool poolmon_changed(const struct poolmon_row *r);

/* ---- poolmon_names.c: pooltag.txt ---- */

struct poolmon_names;
struct poolmon_name {
    const char *driver, *description;
};
/* Reads a file of lines "TAG - DRIVER - DESCRIPTION". NULL: it cannot be read, with errno. */
struct poolmon_names *poolmon_names_read(const char *path);
/* The entry of the tag: the first that has it exactly, else the first whose pattern matches. NULL:
 * none. */
const struct poolmon_name *poolmon_names_find(const struct poolmon_names *names, uint32_t tag);
void poolmon_names_free(struct poolmon_names *names);

/* ---- poolmon_text.c: lines ---- */

enum { POOLMON_LINE = 512 };

/* Lines without an end; always NUL-terminated. */
void poolmon_head_memory(const struct poolmon_totals *t, char out[POOLMON_LINE]);
void poolmon_head_commit(const struct poolmon_totals *t, char out[POOLMON_LINE]);
void poolmon_head_columns(bool with_names, char out[POOLMON_LINE]);
void poolmon_line(const struct poolmon_row *r, const struct poolmon_names *names,
                  char out[POOLMON_LINE]);
/* The sum of the rows of one type. */
void poolmon_total_line(const struct poolmon_sample *s, bool paged, char out[POOLMON_LINE]);
/* The whole sample; names may be NULL. */
void poolmon_write_text(FILE *to, const struct poolmon_sample *s,
                        const struct poolmon_names *names);
void poolmon_write_json(FILE *to, const struct poolmon_sample *s,
                        const struct poolmon_names *names);

/* ---- poolmon_find.c: processes ---- */

/* The process of a number or a name: the name of the program's file or what ps tells. Ends the
 * program when there is none, or more than one with pools. */
pid_t poolmon_find(const char *text);

/* ---- poolmon_look.c: looking into a process ---- */

struct poolmon_target {
    pid_t pid;
    uint64_t started;                     /* of the process: ticks since boot */
    uint64_t view;                        /* where it published its pools, 0: not known yet */
    uint64_t faults;                      /* page faults seen so far */
};

enum poolmon_seen {
    SEEN_OK,
    SEEN_ENDED,                           /* there is no such process (any more) */
    SEEN_DENIED,                          /* it may not be looked into */
    SEEN_NO_WINVM,                        /* no library of winvm's is in it */
    SEEN_OTHER_BUILD,                     /* one that publishes in another form */
    SEEN_FAILED,                          /* nothing consistent was read; worth another try */
};

/* s receives a new sample; its row is to be freed. The process is not stopped and takes no part. */
enum poolmon_seen poolmon_look(struct poolmon_target *t, struct poolmon_sample *s);
const char *poolmon_seen_text(enum poolmon_seen seen);

/* ---- poolmon_screen.c: the live view ---- */

struct poolmon_settings {
    struct poolmon_choice choice;
    const struct poolmon_names *names;    /* may be NULL */
};

/* False: this build has none. */
bool poolmon_has_screen(void);
/* Shows the process until a key ends it. Why it ended; SEEN_OK: by a key. */
enum poolmon_seen poolmon_screen(struct poolmon_target *t, struct poolmon_settings *set);

/* ---- winvm-poolmon.c ---- */

void poolmon_die(const char *fmt, ...) __attribute__((noreturn, format(printf, 1, 2)));

#endif
