/* The model test's program.
 *
 *   model                          fixed seeds, then every trace of the regressions folder
 *   model --seed S --count N       N sequences from seed S on
 *   model --steps N                length of a sequence
 *   model --place P                slab, single or spaces instead of both the first in turn
 *   model --replay FILE            one trace
 *
 * Output is TAP. A failing sequence is made small, written to model-SEED.trace and printed. */
#include "model.h"

#include <dirent.h>
#include <stdlib.h>
#include <string.h>

static unsigned n_cases, n_failed;
static enum place chosen_place = N_PLACES;

static void print_trace(const struct sequence *q, uint64_t seed)
{
    char path[64];
    snprintf(path, sizeof path, "model-%llu.trace", (unsigned long long)seed);
    FILE *f = fopen(path, "w");
    if (f) {
        sequence_print(f, q);
        fclose(f);
    }
    printf("# a small sequence that fails (in %s):\n", path);
    sequence_print(stdout, q);
}

static void result(const struct sequence *q, const char *name, int at, const char *why)
{
    n_cases++;
    printf("%sok %u - %s\n", at < 0 ? "" : "not ", n_cases, name);
    if (at < 0)
        return;
    n_failed++;
    printf("# step %d: %s\n# ", at, why);
    step_print(stdout, &q->step[at]);
}

static enum place place_of(uint64_t seed)
{
    if (chosen_place < N_PLACES)
        return chosen_place;
    return seed % 2 ? PLACE_SINGLE : PLACE_SLAB;
}

static void run_seed(uint64_t seed, unsigned n_steps)
{
    char why[WHY_MAX], name[64];
    struct sequence q = {place_of(seed), n_steps, calloc(n_steps, sizeof *q.step)};
    uint64_t state = seed * 0x9e3779b97f4a7c15ull + 1;
    printf("# seed %llu, %u steps\n", (unsigned long long)seed, n_steps);
    fflush(stdout);
    for (unsigned i = 0; i < n_steps; i++)
        step_make(&state, q.place, &q.step[i]);
    snprintf(name, sizeof name, "seed %llu", (unsigned long long)seed);
    int at = sequence_run(&q, why);
    result(&q, name, at, why);
    if (at >= 0) {
        fflush(stdout);
        q.n = at + 1;
        sequence_shrink(&q);
        at = sequence_run(&q, why);
        printf("# made small: %s\n", at >= 0 ? why : "passes now");
        print_trace(&q, seed);
    }
    free(q.step);
}

static void replay(const char *path)
{
    char why[WHY_MAX] = "the trace cannot be read";
    struct sequence q;
    if (!sequence_read(path, &q)) {
        n_failed++;
        printf("not ok %u - %s\n", ++n_cases, path);
        return;
    }
    int at = sequence_run(&q, why);
    const char *name = strrchr(path, '/');
    result(&q, name ? name + 1 : path, at, why);
    free(q.step);
}

static void replay_folder(const char *folder)
{
    struct dirent **entry;
    int n = scandir(folder, &entry, NULL, alphasort);
    for (int i = 0; i < n; i++) {
        char path[8192];
        if (strstr(entry[i]->d_name, ".trace")) {
            snprintf(path, sizeof path, "%s/%s", folder, entry[i]->d_name);
            replay(path);
        }
        free(entry[i]);
    }
    if (n >= 0)
        free(entry);
}

static void run_all(uint64_t seed, unsigned count, unsigned n_steps)
{
    char folder[4000];
    const char *top = getenv("abs_top_srcdir");
    for (unsigned i = 0; i < count; i++)
        run_seed(seed + i, n_steps);
    if (chosen_place != N_PLACES)
        return;
    snprintf(folder, sizeof folder, "%s/compat-tests/model/regressions", top ? top : ".");
    replay_folder(folder);
}

int main(int argc, char **argv)
{
    uint64_t seed = 1;
    unsigned count = 10, n_steps = 1500;
    const char *trace = NULL;
    for (int i = 1; i + 1 < argc; i += 2) {
        if (strcmp(argv[i], "--seed") == 0)
            seed = strtoull(argv[i + 1], NULL, 0);
        else if (strcmp(argv[i], "--count") == 0)
            count = strtoul(argv[i + 1], NULL, 0);
        else if (strcmp(argv[i], "--steps") == 0)
            n_steps = strtoul(argv[i + 1], NULL, 0);
        else if (strcmp(argv[i], "--replay") == 0)
            trace = argv[i + 1];
        else if (strcmp(argv[i], "--place") == 0)
            chosen_place = strcmp(argv[i + 1], "spaces") == 0   ? PLACE_SPACES
                           : strcmp(argv[i + 1], "single") == 0 ? PLACE_SINGLE
                                                                : PLACE_SLAB;
        else
            return fprintf(stderr, "unknown: %s\n", argv[i]), 2;
    }
    if (trace)
        replay(trace);
    else
        run_all(seed, count, n_steps);
    printf("1..%u\n", n_cases);
    return n_failed != 0;
}
