/* Looking into a child that uses the pools, through what it publishes. */
#include <elf.h>
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/t/unit.h"
#include "host/host.h"
#include "pool/pool.h"
#include "pool/pool_view.h"
#include "tools/poolmon_peek.h"

#define SPACE ((size_t)64 << 20)

enum { RED = 0x20646572, BLUE = 0x65756c62, LATE = 0x6574616c };

void poolmon_die(const char *fmt, ...)
{
    va_list args;
    va_start(args, fmt);
    vfprintf(stderr, fmt, args);
    va_end(args);
    abort();
}

/* ---- the child ---- */

static int to_child[2], from_child[2];

static void open_pools(void)
{
    void *at = mmap(NULL, SPACE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
    static const wvm_word64 commit[4] = {11, 2, 300, 40};
    static const wvm_word64 *const words[4] = {&commit[0], &commit[1], &commit[2], &commit[3]};
    uintptr_t base = ((uintptr_t)at + 65535) & ~(uintptr_t)65535;
    if (at == MAP_FAILED || !wvm_pool_start(base, SPACE - 65536))
        _exit(3);
    wvm_pool_publish_commit(words);
}

static void *take(uint32_t tag, enum wvm_pool_kind kind, size_t size)
{
    struct wvm_pool_request rq = {.kind = kind, .tag = tag, .size = size};
    void *p = wvm_pool_alloc(&rq);
    if (!p)
        _exit(4);
    return p;
}

static void give(void *p)
{
    struct wvm_pool_finding f;
    if (!wvm_pool_free(p, 0, true, NULL, &f))
        _exit(5);
}

static void *short_life(void *arg)
{
    (void)arg;
    for (int i = 0; i < 10; i++)
        give(take(BLUE, WVM_POOL_PAGED, 100));
    return NULL;
}

static void *restless(void *arg)
{
    (void)arg;
    for (uint32_t i = 0;; i++) /* more tags than a thread has ways */
        give(take(i % 4 ? LATE : LATE + i % 3000, WVM_POOL_NX, 64));
    return NULL;
}

static void run_threads(int n)
{
    pthread_t t;
    for (int i = 0; i < n; i++)
        if (pthread_create(&t, NULL, short_life, NULL) != 0 || pthread_join(t, NULL) != 0)
            _exit(6);
}

static void *many_lives(void *arg)
{
    (void)arg;
    for (;;)
        run_threads(1);
    return NULL;
}

static void obey(char what)
{
    pthread_t t;
    switch (what) {
    case '.': break;
    case 'o': open_pools(); break;
    case 'a':
        give(take(RED, WVM_POOL_NX, 64));
        (void)take(RED, WVM_POOL_NX, 64);
        (void)take(RED, WVM_POOL_EXEC, 64);
        (void)take(RED, WVM_POOL_PAGED, 8192);
        break;
    case 't': run_threads(5); break;
    case 'r':
        if (pthread_create(&t, NULL, restless, NULL) != 0)
            _exit(6);
        break;
    case 'm':
        if (pthread_create(&t, NULL, many_lives, NULL) != 0)
            _exit(6);
        break;
    default: _exit(0);
    }
}

static void be_child(void)
{
    char what;
    prctl(PR_SET_PDEATHSIG, SIGKILL);
    while (read(to_child[0], &what, 1) == 1) {
        obey(what);
        if (write(from_child[1], &what, 1) != 1)
            break;
    }
    _exit(0);
}

static struct poolmon_target child(void)
{
    ck_assert_int_eq(pipe(to_child), 0);
    ck_assert_int_eq(pipe(from_child), 0);
    pid_t pid = fork();
    ck_assert_int_ge(pid, 0);
    if (pid == 0)
        be_child();
    return (struct poolmon_target){.pid = pid};
}

static void tell(const char *what)
{
    char done;
    for (; *what; what++) {
        ck_assert_int_eq(write(to_child[1], what, 1), 1);
        ck_assert_int_eq(read(from_child[0], &done, 1), 1);
    }
}

static void end(const struct poolmon_target *t)
{
    kill(t->pid, SIGKILL);
    waitpid(t->pid, NULL, 0);
}

/* ---- rows ---- */

static struct poolmon_sample look(struct poolmon_target *t)
{
    struct poolmon_sample s;
    ck_assert_int_eq(poolmon_look(t, &s), SEEN_OK);
    return s;
}

static struct poolmon_counts counts(const struct poolmon_sample *s, uint32_t tag, bool paged)
{
    struct poolmon_counts none = {0};
    for (size_t i = 0; i < s->n_rows; i++)
        if (s->row[i].tag == tag && s->row[i].paged == paged)
            return s->row[i].now;
    return none;
}

/* Of all rows but one tag's. */
static struct poolmon_counts others(const struct poolmon_sample *s, uint32_t tag)
{
    struct poolmon_counts sum = {0};
    for (size_t i = 0; i < s->n_rows; i++) {
        const struct poolmon_counts *c = &s->row[i].now;
        if (s->row[i].tag == tag)
            continue;
        ck_assert_uint_le(c->frees, c->allocs);
        ck_assert_uint_le(c->bytes, 64 * 1024); /* of at most two blocks at a time */
        sum.allocs += c->allocs;
        sum.frees += c->frees;
    }
    return sum;
}

static void check(const struct poolmon_sample *s, uint32_t tag, bool paged,
                  struct poolmon_counts want)
{
    struct poolmon_counts got = counts(s, tag, paged);
    ck_assert_uint_eq(got.allocs, want.allocs);
    ck_assert_uint_eq(got.frees, want.frees);
    ck_assert_uint_eq(got.bytes, want.bytes);
}

START_TEST(nothing_yet)
{
    struct poolmon_target t = child();
    tell(".");
    struct poolmon_sample s = look(&t);
    ck_assert_uint_eq(s.n_rows, 0);
    ck_assert_int_eq(s.pid, t.pid);
    ck_assert_uint_gt(s.totals.memory, s.totals.available);
    ck_assert_uint_gt(s.totals.faults, 0);
    ck_assert_uint_eq(s.totals.pool[POOLMON_PAGED], 0);
    free(s.row);
    end(&t);
}
END_TEST

START_TEST(rows)
{
    struct poolmon_target t = child();
    tell("oa");
    struct poolmon_sample s = look(&t);
    ck_assert_uint_eq(s.n_rows, 2);
    check(&s, RED, false, (struct poolmon_counts){3, 1, 128});
    check(&s, RED, true, (struct poolmon_counts){1, 0, 8192});
    ck_assert_uint_eq(s.totals.commit, 13 * 4096);
    ck_assert_uint_eq(s.totals.limit, 300 * 4096);
    ck_assert_uint_eq(s.totals.peak, 40 * 4096);
    ck_assert_uint_ge(s.totals.pool[POOLMON_PAGED], 8192);
    ck_assert_uint_ge(s.totals.pool[POOLMON_NONPAGED], 128);
    ck_assert_uint_ge(s.totals.in_ram[POOLMON_NONPAGED], 128);
    ck_assert_uint_le(s.totals.in_ram[POOLMON_PAGED], s.totals.pool[POOLMON_PAGED]);
    free(s.row);
    end(&t);
}
END_TEST

/* Counters of threads that have ended, and of one that has not. */
START_TEST(threads)
{
    struct poolmon_target t = child();
    tell("ot");
    struct poolmon_sample s = look(&t);
    check(&s, BLUE, true, (struct poolmon_counts){50, 50, 0});
    free(s.row);
    tell("at");
    s = look(&t);
    check(&s, BLUE, true, (struct poolmon_counts){100, 100, 0});
    check(&s, RED, false, (struct poolmon_counts){3, 1, 128});
    free(s.row);
    end(&t);
}
END_TEST

/* Of a process that goes on meanwhile: nothing goes back, nothing is freed before it is there. */
START_TEST(while_it_runs)
{
    struct poolmon_target t = child();
    struct poolmon_counts last[3] = {{0}};
    unsigned n = 0, failed = 0;
    tell("oarm");
    while (n < 300 && failed < 3000) {
        struct poolmon_sample s;
        enum poolmon_seen seen = poolmon_look(&t, &s);
        failed += seen == SEEN_FAILED;
        if (seen == SEEN_FAILED)
            continue;
        ck_assert_int_eq(seen, SEEN_OK);
        struct poolmon_counts now[3] = {counts(&s, LATE, false), counts(&s, BLUE, true),
                                        others(&s, RED)};
        for (unsigned i = 0; i < 3; i++) {
            ck_assert_uint_ge(now[i].allocs, last[i].allocs);
            ck_assert_uint_ge(now[i].frees, last[i].frees);
            ck_assert_uint_le(now[i].frees, now[i].allocs);
            last[i] = now[i];
        }
        check(&s, RED, false, (struct poolmon_counts){3, 1, 128});
        free(s.row);
        n++;
    }
    ck_assert_uint_eq(n, 300);
    ck_assert_uint_gt(last[0].allocs, 1000);
    ck_assert_uint_gt(last[1].allocs, 10);
    end(&t);
}
END_TEST

/* ---- what cannot be looked into ---- */

START_TEST(ended)
{
    struct poolmon_target t = child(), never = {.pid = 0x7ffffff0};
    struct poolmon_sample s;
    tell("oa");
    free(look(&t).row);
    kill(t.pid, SIGKILL);
    siginfo_t info;
    ck_assert_int_eq(waitid(P_PID, (id_t)t.pid, &info, WEXITED | WNOWAIT), 0);
    ck_assert_int_eq(poolmon_look(&t, &s), SEEN_ENDED);
    waitpid(t.pid, NULL, 0);
    ck_assert_int_eq(poolmon_look(&t, &s), SEEN_ENDED);
    ck_assert_int_eq(poolmon_look(&never, &s), SEEN_ENDED);
}
END_TEST

/* Another process of the same number. */
START_TEST(another_process)
{
    struct poolmon_target t = child();
    struct poolmon_sample s;
    free(look(&t).row);
    t.started--;
    ck_assert_int_eq(poolmon_look(&t, &s), SEEN_ENDED);
    end(&t);
}
END_TEST

/* Is the process of a class that this program cannot look into? */
static bool is_wider(pid_t pid)
{
    char path[64], head[5] = "";
    snprintf(path, sizeof path, "/proc/%d/exe", (int)pid);
    int fd = open(path, O_RDONLY | O_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(read(fd, head, sizeof head), sizeof head);
    close(fd);
    return head[4] == ELFCLASS64 && sizeof(void *) == 4;
}

START_TEST(without_winvm)
{
    pid_t pid = fork();
    if (pid == 0) {
        execlp("sleep", "sleep", "100", (char *)NULL);
        _exit(127);
    }
    struct poolmon_target t = {.pid = pid};
    struct poolmon_sample s;
    struct poolmon_facts facts = {.name = ""};
    while (poolmon_facts(pid, &facts) && strcmp(facts.name, "sleep") != 0)
        usleep(1000);
    ck_assert_int_eq(poolmon_look(&t, &s), is_wider(pid) ? SEEN_OTHER_BUILD : SEEN_NO_WINVM);
    end(&t);
}
END_TEST

/* A process that becomes another program is looked through anew. */
START_TEST(replaced)
{
    struct poolmon_target t = child();
    struct poolmon_sample s;
    tell("oa");
    free(look(&t).row);
    t.view += 64; /* nothing of the kind is there */
    s = look(&t);
    check(&s, RED, false, (struct poolmon_counts){3, 1, 128});
    free(s.row);
    end(&t);
}
END_TEST

extern struct wvm_pool_view wvm_pool_view;

/* Views of another version, and of a process with longer pointers; then broken ones. */
START_TEST(other_builds)
{
    static const uint32_t pointer_sizes[] = {0, 2, 16};
    struct wvm_pool_view real = wvm_pool_view;
    for (unsigned i = 0; i < 5; i++) {
        struct poolmon_sample s;
        wvm_pool_view = real;
        if (i < 3)
            wvm_pool_view.pointer_size = pointer_sizes[i];
        wvm_pool_view.version += i == 3;
        wvm_pool_view.size -= i == 4 ? 8 : 0;
        struct poolmon_target t = child();
        ck_assert_int_eq(poolmon_look(&t, &s), SEEN_OTHER_BUILD);
        end(&t);
    }
    wvm_pool_view = real;
}
END_TEST

START_TEST(broken)
{
    struct wvm_pool_view real = wvm_pool_view, bad = real;
    static uint32_t many = 4000000000u, none;
    static uintptr_t loop[64] = {(uintptr_t)loop};
    bad.ready = 1;
    bad.max_rows = 32768;
    for (unsigned i = 0; i < 4; i++) {
        static const uint32_t two = 2;
        struct poolmon_sample s;
        wvm_pool_view = bad;
        wvm_pool_view.n_rows = i == 0 ? 8 : (uintptr_t)(i == 1 ? &many : i == 2 ? &none : &two);
        wvm_pool_view.rows = wvm_pool_view.retired = (uintptr_t)loop;
        wvm_pool_view.threads = (uintptr_t)&loop[0];
        wvm_pool_view.thread_tally = 0;
        struct poolmon_target t = child();
        ck_assert_int_eq(poolmon_look(&t, &s), SEEN_FAILED);
        end(&t);
    }
    wvm_pool_view = real;
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("poolmon_look", 60, &tc);
    wvm_host_init();
    tcase_add_test(tc, nothing_yet);
    tcase_add_test(tc, rows);
    tcase_add_test(tc, threads);
    tcase_add_test(tc, while_it_runs);
    tcase_add_test(tc, ended);
    tcase_add_test(tc, another_process);
    tcase_add_test(tc, without_winvm);
    tcase_add_test(tc, replaced);
    tcase_add_test(tc, other_builds);
    tcase_add_test(tc, broken);
    return unit_run(suite);
}
