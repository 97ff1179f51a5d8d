/* The index against a sorted array; readers against a writer.
 * Pictures: one character per page, '|' between granules, a letter per allocation. */
#include <pthread.h>
#include <signal.h>
#include <string.h>
#include <sys/time.h>

#include "region/t/region_unit.h"

enum { MOST = 4000 };

static struct wvm_store st;
static struct wvm_index ix;

/* The oracle: allocations by rising start. */
static struct entry { uint64_t start, end; uint32_t id; } list[MOST];
static unsigned n_list;

static void set_up(void)
{
    wvm_store_init(&st);
    memset(&ix, 0, sizeof ix);
    wvm_index_init(&ix);
    n_list = 0;
}

static uint32_t make(uint64_t start, uint64_t end, uint8_t attr)
{
    struct wvm_found like = {.start = start, .end = end, .attr = attr, .type = 1, .flags = 2};
    unit_fill(&st);
    if (wvm_index_lacks(&ix, WVM_GRANULE_OF(start)))
        wvm_index_add_chunk(&ix, WVM_GRANULE_OF(start), calloc(1, sizeof(struct wvm_chunk)));
    uint32_t id = wvm_alloc_make(&st, &like, start);
    wvm_pages_start(&wvm_alloc_at(&st, id)->pages, wvm_pages_height(end - start), attr);
    return id;
}

/* Position in the list of the first start >= page. */
static unsigned find(uint64_t page)
{
    unsigned lo = 0, hi = n_list;
    while (lo < hi) {
        unsigned mid = (lo + hi) / 2;
        if (list[mid].start < page)
            lo = mid + 1;
        else
            hi = mid;
    }
    return lo;
}

static void insert(uint64_t start, uint64_t end)
{
    unsigned at = find(start);
    ck_assert_uint_lt(n_list, MOST);
    memmove(list + at + 1, list + at, (n_list - at) * sizeof list[0]);
    list[at] = (struct entry){start, end, make(start, end, 3)};
    n_list++;
    wvm_index_insert(&st, &ix, list[at].id);
    wvm_store_flush(&st);
}

static void remove_at(unsigned at)
{
    uint32_t id = list[at].id;
    unit_fill(&st);
    wvm_index_remove(&st, &ix, id);
    wvm_pages_end(&st, &wvm_alloc_at(&st, id)->pages);
    wvm_cells_free(&st.alloc, id);
    wvm_store_flush(&st);
    memmove(list + at, list + at + 1, (n_list - at - 1) * sizeof list[0]);
    n_list--;
}

static void replace_at(unsigned at)
{
    uint32_t old = list[at].id, fresh = make(list[at].start, list[at].end, 4);
    unit_fill(&st);
    wvm_index_replace(&st, &ix, old, fresh);
    wvm_pages_end(&st, &wvm_alloc_at(&st, old)->pages);
    wvm_cells_free(&st.alloc, old);
    wvm_store_flush(&st);
    list[at].id = fresh;
}

static void compare_at(uint64_t page)
{
    struct wvm_found f = {0};
    unsigned at = find(page);
    unsigned before = at < n_list && list[at].start == page ? at + 1 : at;
    ck_assert_uint_eq(wvm_index_after(&st, &ix, page), at < n_list ? list[at].id : 0);
    ck_assert_uint_eq(wvm_index_before(&st, &ix, page), before ? list[before - 1].id : 0);
    ck_assert_uint_eq(wvm_index_next_start(&st, &ix, page),
                      at < n_list ? list[at].start : WVM_N_PAGES);
    bool in = before && page < list[before - 1].end;
    ck_assert_int_eq(wvm_index_look(&st, &ix, page, &f), in);
    if (!in)
        return;
    ck_assert_uint_eq(f.start, list[before - 1].start);
    ck_assert_uint_eq(f.end, list[before - 1].end);
    ck_assert_uint_eq(f.run_end, f.end);
    ck_assert_uint_eq(f.run, f.attr);
    ck_assert_uint_eq(f.type, 1);
    ck_assert_uint_eq(f.flags, 2);
}

/* Around every start and end. */
static void compare_all(void)
{
    for (unsigned i = 0; i < n_list; i++) {
        compare_at(list[i].start ? list[i].start - 1 : 0);
        compare_at(list[i].start);
        compare_at(list[i].end - 1);
        if (list[i].end < WVM_N_PAGES)
            compare_at(list[i].end);
    }
    compare_at(0);
    compare_at(WVM_N_PAGES - 1);
}

/* |abccc..dddefghij| and out again in another order */
START_TEST(many_in_one_granule)
{
    set_up();
    for (unsigned order = 1; order < 16; order += 2) {
        for (unsigned i = 0; i < 16; i++) {
            uint64_t page = 160 + (i * order) % 16;
            insert(page, page + 1);
            compare_all();
        }
        UNIT_OK(wvm_region_check(&st, &ix));
        for (unsigned i = 0; i < n_list; i++)
            replace_at(i);
        compare_all();
        while (n_list) {
            remove_at(order * 7 % n_list);
            compare_all();
        }
    }
    UNIT_OK(wvm_region_check(&st, &ix));
    ck_assert_uint_eq(wvm_cells_used(&st.alloc), 0);
    ck_assert_uint_eq(wvm_cells_used(&st.chain), 0);
    ck_assert_uint_eq(wvm_cells_used(&st.leaf), 0);
}
END_TEST

/* The ends of the address space, and both sides of every kind of border: a word of 64 granules, a
 * middle word of 4096, a chunk of 65536, the directory's words. */
START_TEST(borders)
{
    static const uint64_t granule[] = {
        1, 63, 64, 65, 4095, 4096, 4097, 65535, 65536, 65537, 64 * 65536 - 1, 64 * 65536,
        4096ull * 65536 - 1, 4096ull * 65536, WVM_N_GRANULES - 65536, WVM_N_GRANULES - 65,
        WVM_N_GRANULES - 1,
    };
    set_up();
    compare_at(0);
    compare_at(WVM_N_PAGES - 1);
    for (size_t i = 0; i < WVM_ARRAY_LEN(granule); i++) {
        uint64_t page = WVM_PAGE_OF_GRANULE(granule[i]);
        unsigned at = find(page);
        if (page == 0 || page >= WVM_N_PAGES || (at < n_list && list[at].start == page))
            continue; /* of a larger space, or one for two borders of a small one */
        insert(page, page + 16);
        compare_all();
    }
    UNIT_OK(wvm_region_check(&st, &ix));
    for (size_t i = 0; n_list; i++) {
        remove_at(i * 5 % n_list);
        compare_all();
    }
}
END_TEST

/* One allocation of nearly everything: found from its last page. */
START_TEST(huge)
{
    set_up();
    insert(WVM_PAGE_OF_GRANULE(WVM_N_GRANULES / 100), WVM_N_PAGES - 32);
    insert(WVM_N_PAGES - 16, WVM_N_PAGES);
    compare_all();
    compare_at(WVM_N_PAGES / 2);
    remove_at(0);
    compare_all();
}
END_TEST

START_TEST(random_steps)
{
    uint64_t state = 4711;
    set_up();
    for (unsigned round = 0; round < 6000; round++) {
        uint64_t zone = unit_random(&state) % 3 * wvm_min(1 << 20, WVM_N_PAGES / 64) * 13;
        uint64_t page = zone + unit_random(&state) % 20000, len = 1 + unit_random(&state) % 40;
        unsigned at = find(page);
        bool clash =
            (at < n_list && list[at].start < page + len) || (at && list[at - 1].end > page);
        if (!clash && n_list < MOST - 1)
            insert(page, page + len);
        else if (n_list && round % 3)
            remove_at(unit_random(&state) % n_list);
        else if (n_list)
            replace_at(unit_random(&state) % n_list);
        compare_at(zone + unit_random(&state) % 20000);
        if (round % 1000 == 0) {
            compare_all();
            UNIT_OK(wvm_region_check(&st, &ix));
        }
    }
    compare_all();
}
END_TEST

/* ---- readers and a writer ---- */

static bool stop;

/* Fixed: [32, 40) and [4096, 5000). Between them things come and go; what a reader finds there must
 * be one of the allocations that ever were: [32 + 16 k, ...) of 4 + k % 9 pages, attr 3 or 4. */
static const char *look_around(uint64_t *state)
{
    struct wvm_found f;
    uint64_t page = 48 + unit_random(state) % 900;
    if (!wvm_index_look(&st, &ix, 36, &f) || f.start != 32 || f.end != 40 || f.run_end != 40)
        return "the fixed allocation below was lost";
    if (!wvm_index_look(&st, &ix, 4999, &f) || f.start != 4096 || f.run_end != 5000)
        return "the fixed allocation above was lost";
    if (wvm_index_next_start(&st, &ix, 3000) != 4096)
        return "the next start was lost";
    if (!wvm_index_look(&st, &ix, page, &f))
        return NULL;
    uint64_t k = f.start % 16 < 8 ? f.start / 16 : f.start / 16 + 1001;
    if (f.start > page || f.end <= page || f.end != f.start + 4 + k % 4)
        return "an allocation that never was";
    if (f.run != f.attr || f.run_end != f.end || (f.attr != 3 && f.attr != 4))
        return "a torn copy";
    return NULL;
}

static void *read_all(void *arg)
{
    uint64_t state = (uintptr_t)arg;
    const char *bad = NULL;
    while (!bad && !__atomic_load_n(&stop, __ATOMIC_ACQUIRE))
        bad = look_around(&state);
    return (void *)bad;
}

static void cut_at(uint64_t page)
{
    uint32_t whole = list[find(160)].id;
    insert(page, 320);
    uint32_t left = make(160, page, 3);
    wvm_index_replace(&st, &ix, whole, left);
    wvm_pages_end(&st, &wvm_alloc_at(&st, whole)->pages);
    wvm_cells_free(&st.alloc, whole);
    wvm_store_flush(&st);
    list[find(160)] = (struct entry){160, page, left};
}

static void join(void)
{
    unsigned at = find(160);
    uint32_t left = list[at].id, whole = make(160, 320, 3);
    wvm_index_replace(&st, &ix, left, whole);
    wvm_pages_end(&st, &wvm_alloc_at(&st, left)->pages);
    wvm_cells_free(&st.alloc, left);
    wvm_store_flush(&st);
    list[at] = (struct entry){160, 320, whole};
    remove_at(at + 1);
}

/* An allocation of several granules loses its upper part to another one and gets it back, in the
 * middle of a look-up: the writer is a handler. */
static uint64_t cut_state = 37;
static volatile unsigned n_cuts;

static void cut_or_join(int sig)
{
    (void)sig;
    if (++n_cuts % 2)
        cut_at(161 + unit_random(&cut_state) % 159);
    else
        join();
}

START_TEST(cuts_in_a_look)
{
    struct itimerval on = {{0, 50}, {0, 50}}, off = {{0, 0}, {0, 0}};
    struct wvm_found f;
    uint64_t state = 41;
    set_up();
    insert(32, 40);
    insert(160, 320);
    signal(SIGALRM, cut_or_join);
    setitimer(ITIMER_REAL, &on, NULL);
    while (n_cuts < 4000) {
        uint64_t page = 160 + unit_random(&state) % 160;
        bool found = wvm_index_look(&st, &ix, page, &f);
        if (!found || f.start > page || f.end <= page || f.start < 160 || f.end > 320) {
            setitimer(ITIMER_REAL, &off, NULL);
            ck_abort_msg("%s", found ? "an allocation that never was" : "a page was in nothing");
        }
    }
    setitimer(ITIMER_REAL, &off, NULL);
    UNIT_OK(wvm_region_check(&st, &ix));
}
END_TEST

START_TEST(readers_see_what_was)
{
    pthread_t thread[2];
    uint64_t state = 31;
    set_up();
    insert(32, 40);
    insert(4096, 5000);
    for (uintptr_t i = 0; i < 2; i++)
        ck_assert_int_eq(pthread_create(&thread[i], NULL, read_all, (void *)(i + 17)), 0);
    for (unsigned round = 0; round < 60000; round++) {
        uint64_t k = 3 + unit_random(&state) % 55, half = unit_random(&state) % 2;
        uint64_t start = 16 * k + 8 * half;
        unsigned at = find(start);
        if (list[at].start != start)
            insert(start, start + 4 + (half ? k + 1001 : k) % 4);
        else if (round % 3)
            remove_at(at);
        else
            replace_at(at);
    }
    __atomic_store_n(&stop, true, __ATOMIC_RELEASE);
    for (int i = 0; i < 2; i++) {
        void *bad;
        pthread_join(thread[i], &bad);
        ck_assert_str_eq(bad ? (char *)bad : "", "");
    }
    UNIT_OK(wvm_region_check(&st, &ix));
}
END_TEST

/* What may be emptied is zero, so that emptying it changes nothing. */
START_TEST(idle_chunk)
{
    enum { CHUNK = WVM_N_CHUNKS > 3 ? 3 : 0 };
    uint64_t first = (uint64_t)CHUNK << WVM_CHUNK_BITS, n = 1u << WVM_CHUNK_BITS;
    uintptr_t at;
    set_up();
    ck_assert_uint_eq(wvm_index_idle(&ix, first, &at), 0);
    for (uint64_t g = first; g < first + n; g += 31)
        insert(WVM_PAGE_OF_GRANULE(g) + g % 5, WVM_PAGE_OF_GRANULE(g) + 8);
    insert(WVM_PAGE_OF_GRANULE(first) + 9, WVM_PAGE_OF_GRANULE(first) + 11);
    while (n_list > 0) {
        ck_assert_uint_eq(wvm_index_idle(&ix, first + 77, &at), 0);
        remove_at(n_list / 2);
    }
    size_t len = wvm_index_idle(&ix, first, &at);
    ck_assert_uint_ge(len, sizeof(struct wvm_chunk) - 3 * WVM_PAGE_SIZE);
    ck_assert_uint_eq(at % WVM_PAGE_SIZE + len % WVM_PAGE_SIZE, 0);
    const struct wvm_chunk *c = ix.chunk[CHUNK];
    ck_assert_uint_gt(at, (uintptr_t)&c->starts + sizeof c->starts - 1);
    ck_assert_uint_le(at + len, (uintptr_t)(c + 1));
    for (size_t i = 0; i < len; i++)
        ck_assert_int_eq(((const char *)at)[i], 0);
}
END_TEST

int main(void)
{
    TCase *tc, *readers = tcase_create("readers");
    Suite *suite = unit_suite("region-index", 60, &tc);
    tcase_add_test(tc, many_in_one_granule);
    tcase_add_test(tc, borders);
    tcase_add_test(tc, huge);
    tcase_add_test(tc, idle_chunk);
    tcase_add_test(tc, random_steps);
    tcase_add_test(readers, readers_see_what_was);
    tcase_add_test(tc, cuts_in_a_look);
    tcase_set_timeout(readers, 60);
    suite_add_tcase(suite, readers);
    return unit_run(suite);
}
