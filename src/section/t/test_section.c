/* Sections of the page file: sizes, charges, lifetime, descriptors, threads. */
#include "section/t/section_unit.h"

/* ---- the page file ---- */

/* SEC-019, SEC-020, SEC-221 */
START_TEST(memory_sizes)
{
    static const uint64_t sizes[][2] = {{1, 4096}, {4090, 4096}, {4096, 4096}, {0x3452, 0x4000}};
    for (unsigned i = 0; i < WVM_ARRAY_LEN(sizes); i++) {
        uint64_t word = 1;
        struct wvm_section *s = make_memory(sizes[i][0], 0);
        ck_assert_uint_eq(s->size, sizes[i][1]);
        ck_assert_uint_eq(size_of(s->backing.fd), sizes[i][1]);
        uintptr_t at = map(s, 0, s->size, WVM_ATTR_RW);
        ck_assert(unit_read(at + s->size - 8, &word));
        ck_assert_uint_eq(word, 0);
        WORKS(wvm_space_unmap(SP, at, false));
        close_section(s);
    }
}
END_TEST

/* SEC-022..SEC-025 */
START_TEST(memory_limits)
{
    struct wvm_commit_info info;
    struct wvm_section_request req;
    wvm_space_commit_info(SP, &info);
    req = memory(info.limit + 1, 0);
    refused(&req, STATUS_COMMITMENT_LIMIT);
    req = memory((uint64_t)8 << 40, WVM_SECTION_RESERVE);
    refused(&req, STATUS_INSUFFICIENT_RESOURCES);
    for (unsigned i = 47; i < 64; i++) {
        req = memory((uint64_t)1 << i, WVM_SECTION_RESERVE);
        refused(&req, STATUS_SECTION_TOO_BIG);
        req = memory((uint64_t)1 << i, 0);
        refused(&req, STATUS_SECTION_TOO_BIG);
    }
    req = memory(UINT64_MAX, 0);
    refused(&req, STATUS_SECTION_TOO_BIG);
    struct wvm_section *s = make_memory((uint64_t)8 << 30, WVM_SECTION_RESERVE);
    ck_assert_ptr_nonnull(s->backing.commits);
    close_section(s);
}
END_TEST

START_TEST(charges_balance)
{
    uint64_t before = committed();
    struct wvm_section *whole = make_memory(10 * PG, 0);
    ck_assert_uint_eq(committed(), before + 10 * PG);
    struct wvm_section *sparse = make_memory(100 * PG, WVM_SECTION_RESERVE);
    ck_assert_uint_eq(committed(), before + 10 * PG);
    uintptr_t at = map(sparse, 0, 100 * PG, WVM_ATTR_RW);
    WORKS(wvm_space_commit(SP, at + 5 * PG, at + 8 * PG, WVM_ATTR_RW));
    ck_assert_uint_eq(committed(), before + 13 * PG);
    close_section(sparse);
    ck_assert_uint_eq(committed(), before + 13 * PG); /* the view still holds it */
    close_section(whole);
    ck_assert_uint_eq(committed(), before + 3 * PG);
    WORKS(wvm_space_unmap(SP, at, false));
    ck_assert_uint_eq(committed(), before);
}
END_TEST

/* SEC-101: what is committed through one view is so in all; the map lies behind the data. */
START_TEST(commits_are_the_memorys)
{
    uint64_t word = 0;
    struct wvm_section *s = make_memory(64 * PG, WVM_SECTION_RESERVE);
    uintptr_t a = map(s, 0, 64 * PG, WVM_ATTR_RW), b = map(s, 0, 64 * PG, WVM_ATTR_RW);
    WORKS(wvm_space_commit(SP, a + 63 * PG, a + 64 * PG, WVM_ATTR_RW));
    ck_assert(unit_write(a + 63 * PG, 77));
    WORKS(wvm_space_commit(SP, b + 63 * PG, b + 64 * PG, WVM_ATTR_RW));
    ck_assert(unit_read(b + 63 * PG, &word));
    ck_assert_uint_eq(word, 77);
    ck_assert_int_eq(pread(s->backing.fd, &word, 8, 64 * PG), 8);
    ck_assert_uint_eq(word, (uint64_t)1 << 63);
    WORKS(wvm_space_unmap(SP, a, false));
    WORKS(wvm_space_unmap(SP, b, false));
    close_section(s);
}
END_TEST

/* SEC-197: contents live as long as a view does. */
START_TEST(views_hold)
{
    uint64_t word = 0;
    unsigned before = n_open();
    struct wvm_section *s = make_memory(4 * PG, 0);
    uintptr_t at = map(s, PG, 2 * PG, WVM_ATTR_RW);
    ck_assert(unit_write(at, 5));
    close_section(s);
    ck_assert_uint_eq(s->backing.refs, 1);
    ck_assert(!wvm_section_add_handle(s));
    ck_assert(unit_read(at, &word) && word == 5);
    WORKS(wvm_space_unmap(SP, at, false));
    ck_assert_uint_eq(s->backing.refs, 0);
    ck_assert(!wvm_backing_try_hold(&s->backing));
    ck_assert_uint_eq(n_open(), before);
}
END_TEST

/* The memory of one section becomes the next one's: other length, all zero, another file than
 * anything that a child or another process has. */
START_TEST(memory_used_again)
{
    uint64_t word = 1;
    struct wvm_section *s = make_memory(4 * PG, 0);
    int fd = s->backing.fd;
    uintptr_t at = map(s, 0, 4 * PG, WVM_ATTR_RW);
    ck_assert(unit_write(at, 5) && unit_write(at + 3 * PG, 5));
    WORKS(wvm_space_unmap(SP, at, false));
    close_section(s);
    s = make_memory(6 * PG, 0);
    ck_assert_int_eq(s->backing.fd, fd);
    at = map(s, 0, 6 * PG, WVM_ATTR_RW);
    ck_assert(unit_read(at, &word) && word == 0 && unit_read(at + 3 * PG, &word) && word == 0);
    ck_assert(unit_write(at + 5 * PG, 1));
    WORKS(wvm_space_unmap(SP, at, false));
    close_section(s);
    /* its number became a file of the program's */
    int own = open("/dev/null", O_RDONLY | O_CLOEXEC);
    ck_assert_int_eq(dup2(own, fd), fd);
    s = make_memory(PG, 0);
    ck_assert_int_ne(s->backing.fd, fd);
    ck_assert_int_ge(fcntl(fd, F_GETFD), 0);
    close_section(s);
}
END_TEST

static ino_t ino_of(int fd)
{
    struct stat st;
    ck_assert_int_eq(fstat(fd, &st), 0);
    return st.st_ino;
}

/* What a child may have, what another process was given, and what is large is not used again. */
START_TEST(memory_not_used_again)
{
    int exported;
    struct wvm_section *s = make_memory(PG, 0);
    ino_t first = ino_of(s->backing.fd);
    wvm_spare_before_fork();
    close_section(s);
    s = make_memory(PG, 0);
    ck_assert_uint_ne(ino_of(s->backing.fd), first);
    ck_assert_int_eq(wvm_section_export(s, &exported), STATUS_SUCCESS);
    close_section(s);
    struct wvm_section *t = make_memory(PG, 0);
    ck_assert_uint_ne(ino_of(t->backing.fd), ino_of(exported));
    close(exported);
    close_section(t);
    wvm_spare_before_fork();
    unsigned before = n_open();
    s = make_memory((uint64_t)2 << 20, 0);
    t = make_memory(PG, WVM_SECTION_RESERVE);
    close_section(s);
    close_section(t);
    unsigned now = 0;
    for (int fd = 0; fd < 4096; fd++)
        now += fcntl(fd, F_GETFD) >= 0;
    ck_assert_uint_eq(now, before);
}
END_TEST

START_TEST(many_sections)
{
    enum { N = 1000 };
    static struct wvm_section *all[N];
    unsigned before = n_open();
    uint64_t charged = committed();
    struct rlimit lim = {256, 4096};
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &lim), 0);
    for (unsigned i = 0; i < N; i++) {
        struct wvm_section_request req = memory((i % 7 + 1) * PG, i % 2 ? WVM_SECTION_RESERVE : 0);
        ck_assert_int_eq(wvm_section_create(&req, &all[i]), STATUS_SUCCESS);
        ck_assert_int_eq(fcntl(all[i]->backing.fd, F_GETFD), FD_CLOEXEC);
    }
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &lim), 0);
    ck_assert_uint_gt(lim.rlim_cur, N);
    ck_assert_int_lt(open("/dev/null", O_RDONLY | O_CLOEXEC), 250); /* low numbers are left */
    for (unsigned i = 0; i < N; i++) {
        wvm_section_close_handle(all[i]);
        wvm_backing_drop(&all[i]->backing);
    }
    unit_audit();
    ck_assert_uint_eq(n_open(), before + 1);
    ck_assert_uint_eq(committed(), charged);
}
END_TEST

START_TEST(no_descriptors)
{
    struct rlimit lim = {200, 200};
    unsigned n = 0;
    struct wvm_section *s = NULL;
    struct wvm_section_request req = memory(PG, 0);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &lim), 0);
    uint64_t charged = committed();
    while (wvm_section_create(&req, &s) == STATUS_SUCCESS)
        n++;
    ck_assert_uint_gt(n, 100);
    refused(&req, STATUS_INSUFFICIENT_RESOURCES);
    ck_assert_uint_eq(committed(), charged + n * PG);
    wvm_section_close_handle(s); /* the last one made */
    wvm_backing_drop(&s->backing);
    close_section(make(&req));
}
END_TEST

/* The program closes our descriptor, and its number becomes a file of the program. */
START_TEST(number_reused)
{
    struct wvm_section *s = make_memory(PG, 0);
    int mine = open("/dev/null", O_RDONLY);
    ck_assert_int_eq(dup2(mine, s->backing.fd), s->backing.fd);
    int number = s->backing.fd;
    close_section(s);
    ck_assert_int_ge(fcntl(number, F_GETFD), 0);
    ck_assert_int_eq(close(number), 0);
}
END_TEST

START_TEST(file_size_limit)
{
    struct rlimit lim = {2 * PG, 2 * PG};
    struct wvm_section_request req = memory(3 * PG, 0);
    int fd = make_file(PG, O_RDWR);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &lim), 0);
    refused(&req, STATUS_SECTION_TOO_BIG); /* and no SIGXFSZ */
    req = file_request(fd, WVM_ATTR_RW, 3 * PG);
    refused(&req, STATUS_DISK_FULL);
    ck_assert_uint_eq(size_of(fd), PG);
    close_section(make_memory(2 * PG, 0));
}
END_TEST

/* The host refuses the map of commits: nothing is left behind. */
START_TEST(no_address_space)
{
    unsigned before = n_open();
    uint64_t charged = committed();
    struct rlimit lim = {1 << 20, RLIM_INFINITY};
    struct wvm_section_request req = memory(100 * PG, WVM_SECTION_RESERVE);
    struct wvm_section *s = NULL;
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &lim), 0);
    wvm_status status = wvm_section_create(&req, &s);
    lim.rlim_cur = RLIM_INFINITY;
    ck_assert_int_eq(setrlimit(RLIMIT_AS, &lim), 0);
    ck_assert_int_eq(status, STATUS_NO_MEMORY);
    ck_assert_ptr_null(s);
    ck_assert_uint_eq(n_open(), before);
    ck_assert_uint_eq(committed(), charged);
    close_section(make(&req));
}
END_TEST

/* ---- threads ---- */

static int stop_threads;

/* Looks at objects that come and go. */
static void *look(void *arg)
{
    while (!__atomic_load_n(&stop_threads, __ATOMIC_RELAXED))
        *(bool *)arg |= wvm_section_file_in_use(~(uint64_t)0, ~(uint64_t)0, 0);
    return NULL;
}

static void *make_and_end(void *bad)
{
    struct wvm_section_request req = memory(PG, 0);
    for (unsigned i = 0; i < 3000; i++) {
        struct wvm_section *s[3];
        for (unsigned k = 0; k < 3; k++)
            if (wvm_section_create(&req, &s[k]) != STATUS_SUCCESS ||
                __atomic_load_n(&s[k]->backing.refs, __ATOMIC_RELAXED) == 0)
                return bad;
        if (s[0] == s[1] || s[0] == s[2] || s[1] == s[2])
            return bad;
        for (unsigned k = 0; k < 3; k++) {
            wvm_section_close_handle(s[k]);
            wvm_backing_drop(&s[k]->backing);
        }
    }
    return NULL;
}

START_TEST(threads)
{
    pthread_t looker, makers[3];
    bool found = false;
    uint64_t charged = committed();
    unsigned fds = n_open();
    ck_assert_int_eq(pthread_create(&looker, NULL, look, &found), 0);
    for (unsigned i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&makers[i], NULL, make_and_end, &found), 0);
    for (unsigned i = 0; i < 3; i++) {
        void *bad;
        pthread_join(makers[i], &bad);
        ck_assert_ptr_null(bad);
    }
    __atomic_store_n(&stop_threads, 1, __ATOMIC_RELAXED);
    pthread_join(looker, NULL);
    ck_assert(!found);
    unit_audit();
    ck_assert_uint_eq(committed(), charged);
    ck_assert_uint_eq(n_open(), fds);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("section", 60, &tc);
    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_test(tc, memory_sizes);
    tcase_add_test(tc, memory_limits);
    tcase_add_test(tc, charges_balance);
    tcase_add_test(tc, commits_are_the_memorys);
    tcase_add_test(tc, views_hold);
    tcase_add_test(tc, memory_used_again);
    tcase_add_test(tc, memory_not_used_again);
    tcase_add_test(tc, many_sections);
    tcase_add_test(tc, no_descriptors);
    tcase_add_test(tc, number_reused);
    tcase_add_test(tc, file_size_limit);
    tcase_add_test(tc, no_address_space);
    tcase_add_test(tc, threads);
    return unit_run(suite);
}
