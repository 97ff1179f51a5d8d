/* Special pool in use: supply, choice by percentage, figures, threads, fork. */
#include <pthread.h>
#include <sys/wait.h>
#include <unistd.h>

#include "special_unit.h"

/* ---- supply ---- */

/* Nothing is handed out again while there is anything else, then what was freed first. */
START_TEST(quarantine)
{
    enum { MOST = 5000 };
    static char *first[MOST];
    unsigned n = 0;
    begin("reserve=3");
    for (; n < MOST; n++) {
        first[n] = take_paged(100);
        for (unsigned i = 0; n < 200 && i < n; i++)
            ck_assert_ptr_ne(first[i], first[n]);
        if (n > 0 && first[n] == first[0])
            break;
        ck_assert(is_special(first[n]) && frees(first[n]));
    }
    ck_assert(n >= 200 && n < MOST);
    ck_assert(frees(first[n]));
    for (unsigned i = 1; i < n; i++) {
        char *p = take_paged(100);
        ck_assert_ptr_eq(p, first[i]);
        ck_assert(frees(p));
    }
}
END_TEST

/* POOL-097 */
START_TEST(exhausted)
{
    enum { MOST = 5000 };
    static char *p[MOST];
    unsigned n = 0;
    begin("reserve=2");
    do
        p[n] = take_paged(100);
    while (is_special(p[n]) && ++n < MOST);
    ck_assert(n >= 100 && n < MOST);
    ck_assert(!is_special(take_paged(200)));
    ck_assert(frees(p[7]));
    ck_assert_ptr_eq(take_paged(100), p[7]);
    ck_assert(!is_special(take_paged(100)));
    ck_assert(frees(p[n]));
}
END_TEST

/* Mappings are not for special pool alone. */
START_TEST(few_mappings)
{
    char *p[60];
    begin("all");
    wvm_host_caps.max_map_count = 200;
    for (int i = 0; i < 60; i++) {
        p[i] = take_paged(100);
        ck_assert_int_eq(is_special(p[i]), i < 50);
    }
    ck_assert(frees(p[3]));
    ck_assert(is_special(take_paged(100)));
    ck_assert(!is_special(take_paged(100)));
}
END_TEST

static void draw(const char *option, char out[1001])
{
    int fd[2];
    ck_assert_int_eq(pipe(fd), 0);
    pid_t pid = fork();
    if (pid == 0) {
        begin(option);
        for (int i = 0; i < 1000; i++) {
            char *p = take_paged(32);
            out[i] = is_special(p) ? '1' : '0';
            if (!frees(p))
                abort();
        }
        _exit(write(fd[1], out, 1000) == 1000 ? 0 : 1);
    }
    ck_assert_int_eq(read(fd[0], out, 1000), 1000);
    out[1000] = '\0';
    ck_assert_int_eq(waitpid(pid, NULL, 0), pid);
    close(fd[0]);
    close(fd[1]);
}

START_TEST(percentage)
{
    static char a[1001], b[1001], c[1001];
    int n = 0;
    draw("percent=25,seed=3", a);
    draw("percent=25,seed=3", b);
    draw("percent=25,seed=4", c);
    ck_assert_str_eq(a, b);
    ck_assert_str_ne(a, c);
    for (int i = 0; i < 1000; i++)
        n += a[i] == '1';
    ck_assert(n > 190 && n < 310);
}
END_TEST

START_TEST(wants)
{
    begin("tag=abcd,percent=50");
    for (int i = 0; i < 200; i++) {
        struct wvm_pool_request rq = {WVM_POOL_PAGED, i % 3 ? TAG_A : TAG_B, 10, 0, NULL};
        bool expected = wvm_pool_special_wants(&rq);
        char *p = wvm_pool_alloc(&rq);
        ck_assert_int_eq(is_special(p), expected);
        ck_assert_int_eq(wvm_pool_special_has(p), expected);
    }
}
END_TEST

/* ---- figures ---- */

static bool count_block(const struct wvm_pool_block *b, void *arg)
{
    *(unsigned *)arg += b->special;
    return true;
}

static unsigned n_special(void)
{
    unsigned n = 0;
    wvm_pool_walk(count_block, &n);
    return n;
}

START_TEST(figures)
{
    struct wvm_pool_row row;
    begin("all");
    char *p = take(WVM_POOL_NX, TAG_B, 10, 0), *q = take(WVM_POOL_NX, TAG_B, 4000, 0);
    ck_assert_uint_eq(n_special(), 2);
    ck_assert(wvm_pool_row_of(TAG_B, false, &row));
    ck_assert(row.allocs == 2 && row.frees == 0 && row.bytes == 2 * PAGE);
    ck_assert(frees(p) && frees(q));
    ck_assert(wvm_pool_row_of(TAG_B, false, &row));
    ck_assert(row.allocs == 2 && row.frees == 2 && row.bytes == 0);
    ck_assert_uint_eq(n_special(), 0);
}
END_TEST

static unsigned long locked_kib(void)
{
    char line[256];
    unsigned long n = 0;
    FILE *f = fopen("/proc/self/status", "r");
    while (f && fgets(line, sizeof line, f))
        if (sscanf(line, "VmLck: %lu", &n) == 1)
            break;
    if (f)
        fclose(f);
    return n;
}

/* One page for each live block, none for those between and those freed. */
START_TEST(locked)
{
    struct wvm_pool_usage usage;
    begin("all");
    char *p = take(WVM_POOL_NX, TAG_A, 10, 0);
    if (!is_special(p))
        return; /* nothing more may be locked here */
    unsigned long before = locked_kib();
    wvm_pool_usage(&usage);
    ck_assert_uint_eq(before, usage.locked / 1024 + 4);
    char *q = take(WVM_POOL_NX, TAG_A, 10, 0);
    ck_assert_uint_eq(locked_kib(), before + 4);
    ck_assert(frees(q) && frees(p));
    ck_assert_uint_eq(locked_kib(), before - 4);
}
END_TEST

/* ---- threads, fork ---- */

static char *volatile prize;
static int n_winners, n_losers;
static pthread_barrier_t gate;

static void *compete(void *none)
{
    struct wvm_pool_finding f;
    for (int i = 0; i < 300; i++) {
        pthread_barrier_wait(&gate);
        if (wvm_pool_free(prize, 0, true, NULL, &f))
            __atomic_fetch_add(&n_winners, 1, __ATOMIC_RELAXED);
        else if (f.code == 0xC1 && f.parameter[3] == 0x20)
            __atomic_fetch_add(&n_losers, 1, __ATOMIC_RELAXED);
        pthread_barrier_wait(&gate);
    }
    return none;
}

START_TEST(double_free_race)
{
    pthread_t thread[2];
    begin("all");
    pthread_barrier_init(&gate, NULL, 3);
    for (int i = 0; i < 2; i++)
        pthread_create(&thread[i], NULL, compete, NULL);
    for (int i = 0; i < 300; i++) {
        prize = take_paged(40);
        pthread_barrier_wait(&gate);
        pthread_barrier_wait(&gate);
    }
    for (int i = 0; i < 2; i++)
        pthread_join(thread[i], NULL);
    ck_assert_int_eq(n_winners, 300);
    ck_assert_int_eq(n_losers, 300);
}
END_TEST

static void *churn(void *seed)
{
    enum { KEPT = 50, TURNS = 4000 };
    char *kept[KEPT] = {0};
    size_t size[KEPT];
    unsigned dice = (unsigned)(uintptr_t)seed;
    for (int i = 0; i < TURNS; i++) {
        dice = dice * 1103515245 + 12345;
        unsigned at = dice >> 16 & 0xFFFF;
        char **p = &kept[at % KEPT], mark = (char)(at % KEPT + 1);
        if (*p != NULL) {
            for (size_t k = 0; k < size[at % KEPT]; k++)
                if ((*p)[k] != mark)
                    return (void *)(uintptr_t)"overlap";
            if (!frees(*p))
                return (void *)(uintptr_t)"free";
            *p = NULL;
        } else {
            size[at % KEPT] = 1 + at % 300;
            *p = take(at % 2 ? WVM_POOL_PAGED : WVM_POOL_NX, TAG_A, size[at % KEPT], 0);
            if (*p == NULL)
                return (void *)(uintptr_t)"no memory";
            memset(*p, mark, size[at % KEPT]);
        }
    }
    for (int i = 0; i < KEPT; i++)
        if (kept[i] != NULL && !frees(kept[i]))
            return (void *)(uintptr_t)"last free";
    return NULL;
}

START_TEST(threads)
{
    pthread_t thread[4];
    begin("reserve=4");
    for (uintptr_t i = 0; i < 4; i++)
        pthread_create(&thread[i], NULL, churn, (void *)(i + 1));
    for (int i = 0; i < 4; i++) {
        void *wrong;
        pthread_join(thread[i], &wrong);
        ck_assert_msg(wrong == NULL, "%s", (char *)wrong);
    }
    ck_assert_uint_eq(n_special(), 0);
}
END_TEST

START_TEST(after_fork)
{
    int status;
    begin("all");
    char *p = take(WVM_POOL_NX, TAG_A, 30, 0);
    memset(p, 'p', 30);
    wvm_pool_before_fork();
    pid_t pid = fork();
    if (pid == 0) {
        wvm_pool_after_fork_child();
        bool good = p[29] == 'p' && is_special(p) && frees(p);
        char *q = take(WVM_POOL_NX, TAG_A, 30, 0);
        _exit(good && is_special(q) && frees(q) ? 0 : 1);
    }
    wvm_pool_after_fork_parent();
    ck_assert(waitpid(pid, &status, 0) == pid && WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 0);
    ck_assert(p[0] == 'p' && frees(p));
}
END_TEST

int main(void)
{
    TCase *c;
    Suite *s = unit_suite("pool_special_use", 60, &c);
    tcase_add_test(c, quarantine);
    tcase_add_test(c, exhausted);
    tcase_add_test(c, few_mappings);
    tcase_add_test(c, percentage);
    tcase_add_test(c, wants);
    tcase_add_test(c, figures);
    tcase_add_test(c, locked);
    tcase_add_test(c, double_free_race);
    tcase_add_test(c, threads);
    tcase_add_test(c, after_fork);
    return unit_run(s);
}
