/* Frames and windows with host calls failing: the n-th call once, for every n until none is left;
 * and every call of one kind, from the n-th on, for the length of one operation.
 *
 * After a failing operation: NO_MEMORY, all invariants, the commit charge, and every page shows
 * what it showed; the same operation works when the host does again. Where the host still refuses
 * what it gave before, a page may show nothing: never another frame. Each run has a process of its
 * own. */
#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "host/t/host_fail.h"
#include "space/t/frames_unit.h"

enum op { MAP, TURNED, SCATTER, UNMAP, SCATTER_UNMAP, TAKE, FREE, RELEASE, RESERVE };

/* n pages from `page` on and n frames from number `first` on. TURNED maps the frames in the
 * opposite order; SCATTER pages that are `step` apart. */
static const struct line { enum op op; unsigned page, n, first, step; } scenario[] = {
    {MAP, 0, 8, 0, 0},
    {MAP, 4, 8, 12, 0},           /* half of it over frames */
    {MAP, 4, 9, 11, 0},           /* the same frames a page on */
    {TURNED, 3, 10, 10, 0},       /* a run for each, over what they show now */
    {UNMAP, 4, 3, 0, 0},
    {TURNED, 2, 11, 10, 0},       /* over open and closed pages */
    {SCATTER, 0, 6, 4, 5},        /* both windows */
    {SCATTER, 0, 7, 3, 5},
    {SCATTER_UNMAP, 2, 9, 0, 3},
    {UNMAP, 0, W, 0, 0},
    {MAP, W, W, 0, 0},
    {TURNED, W, W, 0, 0},
    {MAP, 0, 8, 16, 0},
    {SCATTER_UNMAP, 0, 16, 0, 2}, /* every second page */
    {UNMAP, 0, W, 0, 0},
    {UNMAP, W, W, 0, 0},
    {TAKE, 0, 20, 0, 0},
    {SCATTER, 0, 16, 0, 2},
    {FREE, 0, 6, 10, 0},          /* frames of many pages */
    {RELEASE, W, W, 0, 0},
    {RESERVE, W, W, 0, 0},
    {MAP, W, 2, 8, 0},
    {UNMAP, 0, 8, 0, 0},
    {TURNED, 0, 4, 0, 0},
    {FREE, 0, 8, 0, 0},           /* several runs, in both orders */
    {MAP, 0, 8, 16, 0},
    {FREE, 0, 4, 18, 0},          /* one run */
    {UNMAP, 0, W, 0, 0},
    {RELEASE, 0, W, 0, 0},
};

static int model[N]; /* which frame each page shows */
static struct wvm_frame_run taken;

static void entries(const struct line *l, uintptr_t *at, uintptr_t *number)
{
    unsigned step = l->step ? l->step : 1;
    for (unsigned i = 0; i < l->n; i++) {
        at[i] = addr((l->page + i * step) % N);
        number[i] = frame[(l->op == TURNED ? l->first + l->n - 1 - i : l->first + i) % N_FRAMES];
    }
}

static wvm_status do_op(const struct line *l)
{
    uintptr_t at[N], number[N], end;
    uint64_t done;
    wvm_status status;
    entries(l, at, number);
    switch (l->op) {
    case MAP:
        return map_run(l->page, l->n, frame[l->first]);
    case TURNED:
        return map_numbers(l->page, l->n, number);
    case SCATTER:
        return scatter(at, l->n, number);
    case UNMAP:
        return map_run(l->page, l->n, 0);
    case SCATTER_UNMAP:
        return scatter(at, l->n, NULL);
    case TAKE:
        return wvm_space_frames_take(SP, l->n, WVM_FRAMES_ANY_NODE, &taken);
    case FREE:
        status = wvm_space_frames_free(SP, number, l->n, &done);
        return status && done ? (wvm_status)STATUS_UNSUCCESSFUL : status;
    case RELEASE:
        status = wvm_space_release(SP, addr(l->page), addr(l->page), &end);
        if (!status)
            window[l->page / W] = 0;
        return status;
    case RESERVE:
        return make_window(l->page / W);
    }
    return STATUS_UNSUCCESSFUL;
}

/* ---- what is to be seen ---- */

static void close_pages_of(int index)
{
    for (unsigned i = 0; i < N; i++)
        if (model[i] == index)
            model[i] = CLOSED;
}

/* The operation worked. */
static void follow(const struct line *l)
{
    unsigned step = l->step ? l->step : 1;
    for (unsigned i = 0; i < l->n; i++)
        if (l->op <= SCATTER || l->op == FREE)
            close_pages_of((int)((l->first + i) % N_FRAMES));
    for (unsigned i = 0; i < l->n && l->op != FREE && l->op != TAKE; i++) {
        unsigned index = l->op == TURNED ? l->first + l->n - 1 - i : l->first + i;
        model[(l->page + i * step) % N] = l->op <= SCATTER ? (int)(index % N_FRAMES) : CLOSED;
    }
}

/* lost: pages may show nothing, and the model learns which. */
static const char *check(bool lost)
{
    for (unsigned i = 0; i < N; i++) {
        int now = shown(i);
        if (lost && now == CLOSED)
            model[i] = CLOSED;
        if (now == WRONG)
            return "a page shows what no frame has";
        if (now != model[i])
            return now == CLOSED ? "a page shows nothing" : "a page shows another frame";
    }
    return wvm_space_audit(SP);
}

/* ---- one run ---- */

/* What fails: call n of the scenario once; or (line >= 0) calls of the line from the n-th on. */
struct fault {
    enum host_fail_op op;
    unsigned n;
    int line;
};

/* Returns what is wrong, or NULL. */
static const char *run_line(const struct fault *f, unsigned at, unsigned *fired)
{
    const struct line *l = &scenario[at];
    uint64_t before = committed();
    if (f->line == (int)at)
        host_fail_arm(f->op, f->n, ENOMEM, HOST_FAIL_FOREVER);
    wvm_status status = do_op(l);
    if (status || f->line == (int)at)
        *fired += host_fail_disarm();
    bool quiet = f->line < 0 ? host_fail_calls(HOST_FAIL_ANY) < f->n : f->line > (int)at;
    if (!status) {
        follow(l);
        return quiet ? NULL : check(false);
    }
    if (!*fired || status != (wvm_status)STATUS_NO_MEMORY)
        return "the status of the failure";
    if (committed() != before)
        return "the commit charge";
    const char *bad = check(f->line >= 0);
    if (!bad && do_op(l))
        bad = "does not work when the host works again";
    if (bad)
        return bad;
    follow(l);
    return check(false);
}

/* In a child. Exit: 0 the failure fired and all was right, 1 nothing fired, 2 wrong. */
static int run_child(const struct fault *f)
{
    unsigned at, fired = 0;
    const char *bad = NULL;
    frames_set_up(CAPS_ALL);
    for (unsigned i = 0; i < N; i++)
        model[i] = CLOSED;
    if (f->line < 0)
        host_fail_arm(f->op, f->n, ENOMEM, HOST_FAIL_ONCE);
    for (at = 0; !bad && at < WVM_ARRAY_LEN(scenario); at++)
        bad = run_line(f, at, &fired);
    fired += f->line < 0 ? host_fail_disarm() : 0;
    if (!bad)
        return fired ? 0 : 1;
    fprintf(stderr, "# %s call %u of line %d fails: line %u: %s\n", host_fail_name(f->op), f->n,
            f->line, at - 1, bad);
    return 2;
}

static int run_fault(const struct fault *f)
{
    int status;
    fflush(NULL);
    pid_t pid = fork();
    if (pid == 0)
        _exit(run_child(f));
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    if (WIFEXITED(status))
        return WEXITSTATUS(status);
    fprintf(stderr, "# %s call %u of line %d: killed by %d\n", host_fail_name(f->op), f->n, f->line,
            WTERMSIG(status));
    return 2;
}

START_TEST(once)
{
    unsigned n_bad = 0;
    struct fault f = {.op = HOST_FAIL_ANY, .line = -1};
    for (int result = 0; result != 1; n_bad += result == 2) {
        f.n++;
        result = run_fault(&f);
    }
    ck_assert_uint_gt(f.n, WVM_ARRAY_LEN(scenario));
    ck_assert_uint_eq(n_bad, 0);
}
END_TEST

/* Undoing needs the same kind of call again, or the other one. */
START_TEST(for_one_operation)
{
    static const enum host_fail_op kinds[] = {HOST_FAIL_MAP_FILE, HOST_FAIL_DISCARD, HOST_FAIL_META,
                                              HOST_FAIL_RESERVE, HOST_FAIL_TAKING};
    unsigned n_bad = 0, n_fired = 0;
    for (unsigned n = 1; n <= 4; n++)
        for (unsigned line = 0; line < WVM_ARRAY_LEN(scenario); line++) {
            const struct fault f = {.op = kinds[_i], .n = n, .line = (int)line};
            int result = run_fault(&f);
            n_bad += result == 2;
            n_fired += result == 0;
        }
    ck_assert_uint_eq(n_bad, 0);
    if (kinds[_i] == HOST_FAIL_MAP_FILE || kinds[_i] == HOST_FAIL_DISCARD)
        ck_assert_uint_gt(n_fired, 4);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("space-frames-fail", 120, &tc);
    tcase_add_test(tc, once);
    tcase_add_loop_test(tc, for_one_operation, 0, 5);
    return unit_run(suite);
}
