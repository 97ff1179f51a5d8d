/* Maps of commits against plain arrays, and what another process may leave in them. */
#include <stdlib.h>
#include <string.h>

#include "base/t/unit.h"
#include "space/space_view.h"

static const uint64_t sizes[] = {1, 63, 64, 65, 4096, 4097, 5000, 262144, 262145, 300000};

static uint64_t model_find(const uint8_t *model, uint64_t i, uint64_t end, uint8_t v)
{
    while (i < end && model[i] != v)
        i++;
    return i;
}

START_TEST(like_an_array)
{
    uint64_t n = sizes[_i];
    uint64_t *map = calloc(1, wvm_commits_len(n));
    uint8_t *model = calloc(1, n);
    struct wvm_backing b = {.commits = map, .n_commits = n};
    unsigned seed = 1;
    ck_assert(map && model);
    for (unsigned step = 0; step < 300; step++) {
        uint64_t at = (uint64_t)rand_r(&seed) % n, len = (uint64_t)rand_r(&seed) % 200;
        uint64_t end = at + len < n ? at + len : n;
        uint64_t from = (uint64_t)rand_r(&seed) % n;
        uint64_t to = from + (uint64_t)rand_r(&seed) % (n - from + 1);
        if (step % 3 == 0) {
            wvm_commits_set(&b, at, end);
            memset(model + at, 1, end - at);
        }
        ck_assert_uint_eq(wvm_commits_next(&b, from, to), model_find(model, from, to, 1));
        ck_assert_uint_eq(wvm_commits_gap(&b, from, to), model_find(model, from, to, 0));
        ck_assert_uint_eq(wvm_commits_next(&b, 0, n), model_find(model, 0, n, 1));
    }
    free(map);
    free(model);
}
END_TEST

/* Summaries that promise more than there is, as a killed process leaves them, or a bad one. */
START_TEST(empty_promises)
{
    uint64_t n = 300000, words = wvm_commits_len(n) / sizeof(uint64_t), leaf = (n + 63) / 64;
    uint64_t *map = calloc(words, sizeof *map);
    struct wvm_backing b = {.commits = map, .n_commits = n};
    ck_assert_ptr_nonnull(map);
    memset(map + leaf, 0xff, (words - leaf) * sizeof *map);
    ck_assert_uint_eq(wvm_commits_next(&b, 0, n), n);
    ck_assert_uint_eq(wvm_commits_next(&b, 17, 4711), 4711);
    wvm_commits_set(&b, n - 1, n);
    ck_assert_uint_eq(wvm_commits_next(&b, 0, n), n - 1);
    ck_assert_uint_eq(wvm_commits_next(&b, 0, n - 1), n - 1);
    free(map);
}
END_TEST

/* Terabytes: found without reading the words in between. */
START_TEST(huge)
{
    uint64_t n = (uint64_t)1 << 31; /* 8 TiB */
    uint64_t *map = calloc(1, wvm_commits_len(n));
    struct wvm_backing b = {.commits = map, .n_commits = n};
    ck_assert_ptr_nonnull(map);
    ck_assert_uint_lt(wvm_commits_len(n), n / 8 + n / 256);
    for (unsigned i = 0; i < 1000; i++)
        ck_assert_uint_eq(wvm_commits_next(&b, i, n), n);
    wvm_commits_set(&b, n - 2, n);
    for (unsigned i = 0; i < 1000; i++)
        ck_assert_uint_eq(wvm_commits_next(&b, i, n), n - 2);
    free(map);
}
END_TEST

int main(void)
{
    TCase *c;
    Suite *s = unit_suite("space_commits", 20, &c);
    tcase_add_loop_test(c, like_an_array, 0, (int)(sizeof sizes / sizeof sizes[0]));
    tcase_add_test(c, empty_promises);
    tcase_add_test(c, huge);
    return unit_run(s);
}
