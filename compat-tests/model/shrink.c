/* Makes a failing sequence small: cuts at the failing step, drops stretches of steps, halving their
 * length down to one, then makes the remaining steps simpler.
 *
 * I1  Whatever is kept still fails, if perhaps for another reason: that is a find of its own. */
#include "model.h"

#include <stdlib.h>
#include <string.h>

enum { MOST_RUNS = 800 };

static unsigned n_runs;

static bool fails(struct sequence *q)
{
    char why[WHY_MAX];
    if (n_runs++ >= MOST_RUNS)
        return false;
    int at = sequence_run(q, why);
    if (at >= 0)
        q->n = at + 1;
    return at >= 0;
}

/* Without steps [from, from + n). */
static bool drop(struct sequence *q, unsigned from, unsigned n)
{
    struct sequence less = {q->place, q->n - n, malloc(q->n * sizeof *q->step)};
    memcpy(less.step, q->step, from * sizeof *q->step);
    memcpy(less.step + from, q->step + from + n, (q->n - from - n) * sizeof *q->step);
    bool still = fails(&less);
    if (still) {
        memcpy(q->step, less.step, less.n * sizeof *q->step);
        q->n = less.n;
    }
    free(less.step);
    return still;
}

static void drop_stretches(struct sequence *q)
{
    for (unsigned len = q->n / 2; len; len /= 2)
        for (unsigned end = q->n; end >= len; end = end - len < q->n ? end - len : q->n)
            drop(q, end - len, len);
}

static bool try_step(struct sequence *q, unsigned i, struct step simpler)
{
    struct step was = q->step[i];
    unsigned n = q->n;
    if (memcmp(&was, &simpler, sizeof was) == 0)
        return false;
    q->step[i] = simpler;
    if (fails(q))
        return true;
    q->step[i] = was;
    q->n = n;
    return false;
}

static void simplify(struct sequence *q)
{
    for (unsigned i = 0; i < q->n; i++) {
        struct step s = q->step[i];
        s.at -= s.at % PAGE;
        try_step(q, i, s);
        while (i < q->n && q->step[i].size > 2 * PAGE) {
            s = q->step[i];
            s.size = s.size / 2 / PAGE * PAGE;
            if (!try_step(q, i, s))
                break;
        }
        if (i < q->n && (q->step[i].kind == STEP_WRITE || q->step[i].kind == STEP_LOCK)) {
            s = q->step[i];
            s.type = s.prot = 0;
            try_step(q, i, s);
        }
    }
}

void sequence_shrink(struct sequence *q)
{
    n_runs = 0;
    unsigned before;
    do {
        before = q->n;
        drop_stretches(q);
    } while (q->n < before && n_runs < MOST_RUNS);
    simplify(q);
    drop_stretches(q);
}
