/* Sheets against byte arrays: changed in place, read through the node used last. */
#include <string.h>

#include "region/t/region_unit.h"

enum { N = 3 * 4096 };

static struct wvm_store st;
static struct wvm_sheet sheet;
static uint8_t byte[N];

static void set_up(uint8_t v)
{
    wvm_store_init(&st);
    unit_fill(&st);
    wvm_sheet_start(&sheet, v);
    memset(byte, v, sizeof byte);
}

/* The bytes lie at `base` of the sheet. */
static void set(uint64_t base, uint64_t lo, uint64_t hi, uint8_t v)
{
    unit_fill(&st);
    uint32_t leaf = wvm_cells_room(&st.leaf), inner = wvm_cells_room(&st.inner);
    wvm_sheet_set(&st, &sheet, base + lo, base + hi, v);
    ck_assert_uint_le(leaf - wvm_cells_room(&st.leaf), WVM_PAGES_SET_LEAF);
    ck_assert_uint_le(inner - wvm_cells_room(&st.inner), WVM_PAGES_SET_INNER);
    wvm_store_flush(&st);
    memset(byte + lo, v, hi - lo);
}

static void compare(uint64_t base)
{
    UNIT_OK(wvm_pages_check(&st, &sheet.pages));
    for (uint64_t i = 0, end; i < N; i = end) {
        uint8_t v = 0xff, w = 0xff;
        for (end = i + 1; end < N && byte[end] == byte[i];)
            end++;
        ck_assert_uint_eq(wvm_sheet_next(&st, &sheet, base + i, base + N, &v), base + end);
        ck_assert_uint_eq(v, byte[i]);
        ck_assert_uint_eq(wvm_pages_next(&st, &sheet.pages, base + i, base + N, &w), base + end);
        ck_assert_uint_eq(w, byte[i]);
    }
}

static void random_at(uint64_t base, uint64_t seed)
{
    uint64_t state = seed;
    set_up(0);
    for (unsigned round = 0; round < 1500; round++) {
        uint64_t lo = unit_random(&state) % N, most = round % 3 ? 70 : N;
        uint64_t hi = wvm_min(N, lo + 1 + unit_random(&state) % most);
        if (round % 4 == 0)
            lo -= lo % 64;
        if (round % 8 == 0)
            hi = wvm_align_up(hi, 64);
        set(base, lo, hi, unit_random(&state) % 4);
        if (round % 10 == 0) /* far away, so that the remembered node is another one */
            set(base + ((uint64_t)1 << 30), 0, 1, 0), byte[0] = 0, set(base, 0, 1, 0);
        compare(base);
    }
    set(base, 0, N, 0);
    ck_assert_uint_eq(wvm_cells_used(&st.leaf), 0);
    ck_assert_uint_eq(wvm_cells_used(&st.inner), 0);
}

START_TEST(random_steps)
{
    static const uint64_t base[] = {0, 4096, 100, ((uint64_t)1 << 35) - ((uint64_t)1 << 31),
                                    64 * 4096 - 4096};
    for (size_t i = 0; i < WVM_ARRAY_LEN(base); i++)
        random_at(base[i], 91 * i + 7);
}
END_TEST

/* A whole run may change its value without a new node. */
START_TEST(whole_run_takes_nothing)
{
    set_up(0);
    set(0, 100, 200, 1);
    uint32_t leaf = wvm_cells_room(&st.leaf), inner = wvm_cells_room(&st.inner);
    wvm_sheet_set(&st, &sheet, 100, 200, 2);
    ck_assert_uint_eq(wvm_cells_room(&st.leaf), leaf);
    ck_assert_uint_eq(wvm_cells_room(&st.inner), inner);
    wvm_store_flush(&st);
    memset(byte + 100, 2, 100);
    compare(0);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("region-sheet", 60, &tc);
    tcase_add_test(tc, random_steps);
    tcase_add_test(tc, whole_run_takes_nothing);
    return unit_run(suite);
}
