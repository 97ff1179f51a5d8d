/* Lists without a lock: order, depth, threads, and entries whose memory goes away. */
#include <pthread.h>
#include <setjmp.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <ucontext.h>

#include "base/slist.h"
#include "base/t/unit.h"

#if defined(__x86_64__)
#define IP REG_RIP
#else
#define IP REG_EIP
#endif

enum { N = 100, THREADS = 3, ROUNDS = 60000, PAGE = 4096 };

struct cell {
    struct wvm_slist_entry link;
    unsigned owner; /* 0: in a list */
} __attribute__((aligned(16)));

static struct cell cells[N];
static struct wvm_slist list;

/* Each test runs with both kinds of processors. */
static void choose(int narrow)
{
    wvm_slist_init();
    if (narrow)
        wvm_slist_force_narrow(true);
    memset(&list, 0, sizeof(list));
}

START_TEST(last_in_first_out)
{
    choose(_i);
    ck_assert_ptr_null(wvm_slist_pop(&list));
    ck_assert_ptr_null(wvm_slist_flush(&list));
    ck_assert_ptr_null(wvm_slist_push(&list, &cells[0].link));
    for (int i = 1; i < N; i++) {
        ck_assert_ptr_eq(wvm_slist_push(&list, &cells[i].link), &cells[i - 1].link);
        ck_assert_uint_eq(wvm_slist_depth(&list), i + 1);
        ck_assert_ptr_eq(wvm_slist_first(&list), &cells[i].link);
    }
    for (int i = N; i-- > 0;) {
        ck_assert_ptr_eq(wvm_slist_pop(&list), &cells[i].link);
        ck_assert_uint_eq(wvm_slist_depth(&list), i);
    }
    ck_assert_ptr_null(wvm_slist_pop(&list));
    ck_assert_uint_eq(wvm_slist_depth(&list), 0);
}
END_TEST

START_TEST(flush_answers_the_chain)
{
    choose(_i);
    for (int i = 0; i < N; i++)
        wvm_slist_push(&list, &cells[i].link);
    struct wvm_slist_entry *e = wvm_slist_flush(&list);
    ck_assert_uint_eq(wvm_slist_depth(&list), 0);
    ck_assert_ptr_null(wvm_slist_pop(&list));
    for (int i = N; i-- > 0; e = e->next)
        ck_assert_ptr_eq(e, &cells[i].link);
    ck_assert_ptr_null(e);
}
END_TEST

START_TEST(the_sequence_tells_every_change)
{
    choose(_i);
    wvm_slist_push(&list, &cells[0].link);
    struct wvm_slist before = list;
    ck_assert_ptr_eq(wvm_slist_pop(&list), &cells[0].link);
    wvm_slist_push(&list, &cells[0].link);
    ck_assert_uint_eq(list.first, before.first);
    ck_assert_uint_ne(list.counts, before.counts);
    before = list;
    ck_assert_ptr_eq(wvm_slist_flush(&list), &cells[0].link);
    wvm_slist_push(&list, &cells[0].link);
    ck_assert_uint_ne(list.counts, before.counts);
}
END_TEST

/* ---- threads ---- */

static void *mix(void *arg)
{
    unsigned self = (unsigned)(uintptr_t)arg, kept = 0;
    struct cell *mine[4];
    for (int i = 0; i < ROUNDS; i++) {
        struct cell *c = kept < 4 ? (struct cell *)wvm_slist_pop(&list) : NULL;
        if (c != NULL) {
            if (__atomic_exchange_n(&c->owner, self, __ATOMIC_RELAXED) != 0)
                return c;
            mine[kept++] = c;
        }
        if (kept == 0 || (c != NULL && i % 3 != 0))
            continue;
        c = mine[--kept];
        if (__atomic_exchange_n(&c->owner, 0, __ATOMIC_RELAXED) != self)
            return c;
        wvm_slist_push(&list, &c->link);
    }
    while (kept > 0) {
        mine[--kept]->owner = 0;
        wvm_slist_push(&list, &mine[kept]->link);
    }
    return NULL;
}

START_TEST(an_entry_has_one_owner)
{
    pthread_t thread[THREADS];
    void *wrong;
    choose(_i);
    for (int i = 0; i < 6; i++) /* few entries: they come back soon */
        wvm_slist_push(&list, &cells[i].link);
    for (uintptr_t i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, mix, (void *)(i + 1)), 0);
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(thread[i], &wrong), 0);
        ck_assert_ptr_null(wrong);
    }
    ck_assert_uint_eq(wvm_slist_depth(&list), 6);
    for (int i = 0; i < 6; i++)
        ck_assert_ptr_nonnull(wvm_slist_pop(&list));
    ck_assert_ptr_null(wvm_slist_pop(&list));
}
END_TEST

/* ---- entries whose memory is gone ---- */

static sigjmp_buf not_mended;
static bool change_in_handler;

static void on_fault(int sig, siginfo_t *info, void *context)
{
    ucontext_t *uc = context;
    uintptr_t go_on = wvm_slist_mend((uintptr_t)uc->uc_mcontext.gregs[IP]);
    (void)info;
    if (go_on == 0)
        siglongjmp(not_mended, sig);
    if (change_in_handler) {
        wvm_slist_flush(&list);
        wvm_slist_push(&list, &cells[1].link);
    }
    uc->uc_mcontext.gregs[IP] = (greg_t)go_on;
}

static void *page(int prot)
{
    void *p = mmap(NULL, PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(p, MAP_FAILED);
    return p;
}

static void handle_faults(void)
{
    struct sigaction act = {.sa_sigaction = on_fault, .sa_flags = SA_SIGINFO};
    ck_assert_int_eq(sigaction(SIGSEGV, &act, NULL), 0);
    choose(0);
}

/* The handler stands for another thread, which takes the entry out between two instructions. */
START_TEST(a_stale_link_is_not_followed)
{
    handle_faults();
    struct wvm_slist_entry *gone = page(PROT_READ | PROT_WRITE);
    wvm_slist_push(&list, gone);
    ck_assert_int_eq(mprotect(gone, PAGE, PROT_NONE), 0);
    change_in_handler = true;
    ck_assert_int_eq(sigsetjmp(not_mended, 1), 0);
    ck_assert_ptr_eq(wvm_slist_pop(&list), &cells[1].link);
    ck_assert_ptr_null(wvm_slist_pop(&list));
}
END_TEST

START_TEST(a_bad_link_faults)
{
    handle_faults();
    struct wvm_slist_entry *gone = page(PROT_READ | PROT_WRITE);
    wvm_slist_push(&list, gone);
    ck_assert_int_eq(mprotect(gone, PAGE, PROT_NONE), 0);
    if (sigsetjmp(not_mended, 1) == 0) {
        wvm_slist_pop(&list);
        ck_abort_msg("no fault");
    }
    ck_assert_uint_eq(wvm_slist_depth(&list), 1);
    ck_assert_ptr_eq(wvm_slist_flush(&list), gone);
}
END_TEST

static void *unmap_what_is_taken(void *arg)
{
    for (int i = 0; i < ROUNDS / 4; i++) {
        struct wvm_slist_entry *e = wvm_slist_pop(&list);
        if (e != NULL && munmap(e, PAGE) != 0)
            return e;
        wvm_slist_push(&list, page(PROT_READ | PROT_WRITE));
    }
    return arg;
}

START_TEST(entries_may_be_unmapped)
{
    pthread_t thread[THREADS];
    void *wrong;
    handle_faults();
    for (int i = 0; i < THREADS; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, unmap_what_is_taken, NULL), 0);
    for (int i = 0; i < THREADS; i++) {
        ck_assert_int_eq(pthread_join(thread[i], &wrong), 0);
        ck_assert_ptr_null(wrong);
    }
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("slist", 60, &tc);
    tcase_add_loop_test(tc, last_in_first_out, 0, 2);
    tcase_add_loop_test(tc, flush_answers_the_chain, 0, 2);
    tcase_add_loop_test(tc, the_sequence_tells_every_change, 0, 2);
    tcase_add_loop_test(tc, an_entry_has_one_owner, 0, 2);
    tcase_add_test(tc, a_stale_link_is_not_followed);
    tcase_add_test(tc, a_bad_link_faults);
    tcase_add_test(tc, entries_may_be_unmapped);
    return unit_run(suite);
}
