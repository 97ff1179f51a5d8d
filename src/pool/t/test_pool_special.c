/* Special pool: the option, where blocks lie, what a free and a fault find. */
#include "pool/pool_special_rule.h"
#include "special_unit.h"

/* The free is refused with this. */
static void expect_finding(void *p, uint32_t code, uintptr_t p1, uintptr_t p2, uintptr_t p3,
                           uintptr_t p4)
{
    struct wvm_pool_finding f;
    ck_assert(!wvm_pool_free(p, 0, true, NULL, &f));
    ck_assert_uint_eq(f.code, code);
    ck_assert_uint_eq(f.parameter[0], p1);
    ck_assert_uint_eq(f.parameter[1], p2);
    ck_assert_uint_eq(f.parameter[2], p3);
    ck_assert_uint_eq(f.parameter[3], p4);
}

static void expect_corrupt(void *p, const void *where, uintptr_t kind)
{
    expect_finding(p, 0xC1, (uintptr_t)p, (uintptr_t)where, 0, kind);
}

static bool is_accessible(const void *p)
{
    char byte;
    return wvm_host_read(0, &byte, (uintptr_t)p, 1) == 1;
}

/* ---- the option ---- */

static struct wvm_special_rules r;

static bool parses(const char *text)
{
    return wvm_special_parse(text, &r) == NULL;
}

START_TEST(rule_text)
{
    ck_assert(parses("all"));
    ck_assert(r.n == 1 && r.rule[0].percent == 100 && !r.rule[0].start && r.reserve != 0);
    ck_assert(parses("tag=abcD,size=64-128,percent=10,start,seed=7,reserve=2+size=0x20,end"));
    ck_assert(r.n == 2 && r.rule[0].filter.min == 64 && r.rule[0].filter.max == 128);
    ck_assert(r.rule[0].percent == 10 && r.rule[0].start && r.rule[0].seed == 7);
    ck_assert(r.rule[1].filter.min == 32 && r.rule[1].filter.max == 32 && !r.rule[1].start);
    ck_assert(r.rule[1].percent == 100 && r.reserve == 2u << 20);
    ck_assert(parses("min=100,kind=paged") && r.rule[0].filter.min == 100);
    static const char *const wrong[] = {
        "",           "al",        "all,",       ",all",      "all+",      "tag",
        "tag=",       "tag=abcde", "size=",      "size=x",    "size=9-8",  "size=1--2",
        "size=0",     "percent=0", "percent=101", "percent=",  "percent=5x", "seed=",
        "reserve=0",  "reserve=1025", "color=red", "start=1",  "size=1-",
        "all+all+all+all+all+all+all+all+all+all+all+all+all+all+all+all+all",
    };
    for (unsigned i = 0; i < WVM_ARRAY_LEN(wrong); i++)
        ck_assert_msg(!parses(wrong[i]), "'%s' is taken", wrong[i]);
}
END_TEST

/* The first rule that matches decides where a block lies. */
START_TEST(several_rules)
{
    begin("tag=abcd,size=1-50,start+tag=abcd,kind=paged+tag=w*,kind=nx,end");
    char *p = take_paged(50);
    ck_assert(is_special(p) && p == page_of(p));
    char *q = take_paged(64);
    ck_assert(is_special(q) && q == page_of(q) + PAGE - 64);
    ck_assert(!is_special(take(WVM_POOL_NX, TAG_A, 64, 0)));
    ck_assert(!is_special(take(WVM_POOL_PAGED, TAG_B, 64, 0)));
    ck_assert(is_special(take(WVM_POOL_NX, TAG_B, 64, 0)));
}
END_TEST

START_TEST(wrong_option)
{
    begin("size=big");
    ck_assert(!is_special(take_paged(100)));
}
END_TEST

/* ---- places ---- */

START_TEST(verify_end)
{
    begin("all");
    for (size_t size = 1; size < PAGE; size += size < 80 ? 1 : 61) {
        char *p = take_paged(size), *page = page_of(p);
        size_t room = wvm_align_up(size, WVM_POOL_ALIGN);
        ck_assert(is_special(p));
        ck_assert_ptr_eq(p + room, page + PAGE);
        ck_assert(is_accessible(page) && is_accessible(page + PAGE - 1));
        ck_assert(!is_accessible(page - 1) && !is_accessible(page + PAGE));
        for (size_t i = 0; i < PAGE; i++)
            ck_assert(page[i] == page[0] && page[i] != 0);
        memset(p, 0x5A, size);
        ck_assert(frees(p));
        ck_assert(!is_accessible(p));
    }
}
END_TEST

START_TEST(verify_start)
{
    begin("start");
    for (size_t size = 1; size < PAGE; size += 97) {
        char *p = take(WVM_POOL_NX, TAG_A, size, WVM_POOL_ZERO);
        ck_assert(is_special(p) && p == page_of(p));
        ck_assert(!is_accessible(p - 1));
        for (size_t i = 0; i < PAGE; i++)
            ck_assert(i < size ? p[i] == 0 : p[i] == p[PAGE - 1] && p[i] != 0);
        memset(p, 0xFF, size);
        ck_assert(frees(p));
    }
}
END_TEST

/* POOL-105: for this block only. */
START_TEST(priority)
{
    begin("tag=abcd,end");
    char *p = take(WVM_POOL_PAGED, TAG_A, 100, WVM_POOL_SPECIAL_START);
    ck_assert(is_special(p) && p == page_of(p));
    char *q = take(WVM_POOL_PAGED, TAG_A, 100, WVM_POOL_SPECIAL_END);
    ck_assert(is_special(q) && q + wvm_align_up(100, WVM_POOL_ALIGN) == page_of(q) + PAGE);
    char *line = take(WVM_POOL_PAGED, TAG_A, 100, WVM_POOL_CACHE_ALIGNED);
    ck_assert(is_special(line) && line + 128 == page_of(line) + PAGE);
    ck_assert(!is_special(take(WVM_POOL_PAGED, TAG_B, 100, WVM_POOL_SPECIAL_START)));
    ck_assert(frees(p) && frees(q) && frees(line));
}
END_TEST

START_TEST(eligible)
{
    begin("all");
    ck_assert(is_special(take_paged(0)));
    ck_assert(is_special(take_paged(PAGE - 1)));
    ck_assert(!is_special(take_paged(PAGE)));
    ck_assert(!is_special(take_paged(3 * PAGE)));
    for (unsigned kind = 0; kind < WVM_POOL_KINDS; kind++) {
        struct wvm_pool_block b;
        char *p = take(kind, TAG_B, 50, WVM_POOL_CHARGED);
        ck_assert(wvm_pool_find_inside(p + 49, &b));
        ck_assert(b.special && b.start == p && b.size == 50 && b.tag == TAG_B);
        ck_assert(b.kind == kind && b.charged && b.room == PAGE);
        ck_assert(!wvm_pool_find_inside(p + 50, &b) && !wvm_pool_find(p + 1, &b));
    }
}
END_TEST

/* ---- frees ---- */

START_TEST(tags)
{
    struct wvm_pool_finding f;
    begin("all");
    char *p = take_paged(24);
    ck_assert(!wvm_pool_free(p, TAG_B, false, NULL, &f));
    ck_assert(f.code == 0xC2 && f.parameter[0] == 0x0A && f.parameter[1] == (uintptr_t)p);
    ck_assert(f.parameter[2] == TAG_A && f.parameter[3] == TAG_B);
    ck_assert(is_special(p));
    ck_assert(wvm_pool_free(p, TAG_A, false, NULL, &f));
}
END_TEST

START_TEST(not_allocated)
{
    begin("all");
    char *p = take_paged(24), *page = page_of(p);
    expect_finding(page - 8, 0xC1, (uintptr_t)page - 8, 0, 0, 0x20);
    expect_finding(page + PAGE, 0xC1, (uintptr_t)page + PAGE, 0, 0, 0x20);
    expect_finding(page + 2 * PAGE, 0xC1, (uintptr_t)page + 2 * PAGE, 0, 0, 0x20);
    ck_assert(frees(p));
    expect_finding(p, 0xC1, (uintptr_t)p, 0, 0, 0x20);
}
END_TEST

START_TEST(bad_address)
{
    begin("all");
    char *p = take_paged(100), *page = page_of(p);
    expect_finding(p + 16, 0xC1, (uintptr_t)p + 16, 100,
                   wvm_align_up(100, WVM_POOL_ALIGN) - 16, 0x21);
    expect_finding(page, 0xC1, (uintptr_t)page, 100, PAGE, 0x21);
    char *q = take(WVM_POOL_PAGED, TAG_A, 100, WVM_POOL_SPECIAL_START);
    expect_finding(q + 8, 0xC1, (uintptr_t)q + 8, 100, 92, 0x22);
    expect_finding(q + 200, 0xC1, (uintptr_t)q + 200, 100, 0, 0x22);
    ck_assert(frees(p) && frees(q));
}
END_TEST

START_TEST(corrupt)
{
    begin("all");
    char *p = take_paged(20), fill = p[-1]; /* with a gap behind it */
    p[-8] = 0x01;
    p[-3] = 0x02;
    expect_corrupt(p, p - 8, 0x23);
    p[-8] = p[-3] = fill;
    p[20] = 0x7F;
    p[21] = 0x7F;
    expect_corrupt(p, p + 20, 0x24);
    p[-8] = 0x01; /* both: the overrun counts */
    expect_corrupt(p, p + 20, 0x24);
    p[-8] = p[21] = fill;
    p[20] = (char)(fill ^ 0x10);
    expect_corrupt(p, p + 20, 0x32);
    p[20] = fill;
    p[-100] = (char)(fill ^ 0x80);
    expect_corrupt(p, p - 100, 0x32);
    p[-100] = fill;
    ck_assert(frees(p));
    char *q = take(WVM_POOL_PAGED, TAG_A, 100, WVM_POOL_SPECIAL_START);
    memset(q + 100, 0, 4);
    expect_corrupt(q, q + 100, 0x24);
}
END_TEST

/* ---- faults ---- */

static enum wvm_special_answer judge(const char *p, bool write, struct wvm_pool_finding *f)
{
    struct wvm_special_access a = {.addr = (uintptr_t)p, .ip = 0x1234, .write = write};
    f->code = 0;
    return wvm_pool_special_judge(&a, f);
}

static void expect_fault(const char *p, bool write, uint32_t code)
{
    struct wvm_pool_finding f;
    ck_assert_int_eq(judge(p, write, &f), WVM_SPECIAL_WRONG);
    ck_assert_uint_eq(f.code, code);
    ck_assert(f.parameter[0] == (uintptr_t)p && f.parameter[1] == write);
    ck_assert(f.parameter[2] == 0x1234 && f.parameter[3] == 0);
}

START_TEST(accesses)
{
    struct wvm_pool_finding f;
    begin("all");
    char *p = take_paged(64), *q = take(WVM_POOL_PAGED, TAG_A, 64, WVM_POOL_SPECIAL_START);
    ck_assert_ptr_eq(page_of(q), page_of(p) + 2 * PAGE);
    ck_assert_int_eq(judge(p, true, &f), WVM_SPECIAL_ALLOWED);
    ck_assert_int_eq(judge((char *)&f, true, &f), WVM_SPECIAL_FOREIGN);
    expect_fault(p + 64, true, 0xCD);
    expect_fault(q - 1, false, 0xCD);
    ck_assert(frees(p));
    expect_fault(p, false, 0xCC);
    expect_fault(page_of(p), true, 0xCC);
    expect_fault(q - 8, true, 0xCD); /* the fence of a live block and a freed one */
    ck_assert(frees(q));
    expect_fault(q - 8, true, 0xCC);
    ck_assert_int_eq(judge(page_of(q) + 4 * PAGE, true, &f), WVM_SPECIAL_FOREIGN);
}
END_TEST

START_TEST(reports)
{
    char text[512];
    struct wvm_buf b;
    begin("all");
    char *p = take_paged(65);
    wvm_buf_init(&b, text, sizeof text);
    wvm_pool_describe(p + 80, &b);
    ck_assert_ptr_nonnull(strstr(text, "of 65 bytes at the end of its page, tag 'abcd'\n"));
    ck_assert(frees(p));
    wvm_buf_init(&b, text, sizeof text);
    wvm_pool_describe(p, &b);
    ck_assert_ptr_nonnull(strstr(text, "tag 'abcd', freed\n"));
    wvm_buf_init(&b, text, sizeof text);
    wvm_pool_describe(text, &b);
    ck_assert_str_eq(text, "");
}
END_TEST

int main(void)
{
    TCase *c;
    Suite *s = unit_suite("pool_special", 60, &c);
    tcase_add_test(c, rule_text);
    tcase_add_test(c, several_rules);
    tcase_add_test(c, wrong_option);
    tcase_add_test(c, verify_end);
    tcase_add_test(c, verify_start);
    tcase_add_test(c, priority);
    tcase_add_test(c, eligible);
    tcase_add_test(c, tags);
    tcase_add_test(c, not_allocated);
    tcase_add_test(c, bad_address);
    tcase_add_test(c, corrupt);
    tcase_add_test(c, accesses);
    tcase_add_test(c, reports);
    return unit_run(s);
}
