/* Named sections of the page file between two processes that have nothing else in common
 * (SEC-026..028, 031, 217..219, 222). */
#include "peer.h"

static void test_shared(struct peer *p)
{
    ok(IS_NEW(create(NULL, 0, "shared", 2 * GRAN)), "the creator's last error is 0 (SEC-027)");
    ok(map(NULL, 0, FILE_MAP_WRITE).value, "a view of the creator");
    write_byte(NULL, 0, 5, 0x11);
    ok(IS_OLD(create(p, 0, "shared", GRAN)), "the second creator gets 183 (SEC-217)");
    ok(map(p, 0, FILE_MAP_WRITE).value, "a view of the other process");
    ok(read_byte(p, 0, 5) == 0x11, "it sees what was written");
    write_byte(p, 0, 2 * GRAN - 1, 0x22);
    ok(read_byte(NULL, 0, 2 * GRAN - 1) == 0x22,
       "and writes up to the size of the first creation (SEC-026)");
    ok(IS_FOUND(open_name(p, 1, "shared")), "OpenFileMapping gives the same section (SEC-222)");
    ok(map(p, 1, FILE_MAP_READ).value && read_byte(p, 1, 5) == 0x11, "with its contents");
    ok(unmap(p, 1) && close_slot(p, 1) && unmap(p, 0) && close_slot(p, 0), "the other lets go");
    ok(IS_OLD(create(NULL, 1, "shared", GRAN)), "the name is still there");
    ok(close_slot(NULL, 1) && close_slot(NULL, 0) && unmap(NULL, 0), "the creator lets go");
    ok(IS_MISSING(open_name(p, 0, "shared")), "then the name is gone for the other process");
    ok(IS_MISSING(open_name(NULL, 0, "shared")), "and for this one");
}

static void test_copies(struct peer *p)
{
    ok(IS_NEW(create(NULL, 0, "copies", GRAN)) && map(NULL, 0, FILE_MAP_READ).value,
       "a read-only view of the parent");
    ok(IS_FOUND(open_name(p, 0, "copies")) && map(p, 0, FILE_MAP_COPY).value,
       "a copying view of the child");
    write_byte(p, 0, 0, 0x33);
    ok(read_byte(p, 0, 0) == 0x33 && read_byte(NULL, 0, 0) == 0,
       "the parent does not see what the child copied (SEC-218)");
    unmap(p, 0);
    ok(map(p, 0, FILE_MAP_WRITE).value, "a writing view of the child");
    write_byte(p, 0, 0, 0x44);
    ok(read_byte(NULL, 0, 0) == 0x44, "the parent sees what the child writes (SEC-219)");
    ok(unmap(p, 0) && close_slot(p, 0) && unmap(NULL, 0) && close_slot(NULL, 0), "let go");
}

static void test_views_hold_no_name(struct peer *p)
{
    ok(IS_NEW(create(NULL, 0, "viewed", GRAN)) && map(NULL, 0, FILE_MAP_WRITE).value, "a view");
    write_byte(NULL, 0, 0, 0x55);
    ok(close_slot(NULL, 0), "the last handle is closed");
    ok(IS_MISSING(open_name(p, 0, "viewed")), "a view holds no name (SEC-031)");
    ok(IS_NEW(create(p, 0, "viewed", GRAN)), "the name is a new object's");
    ok(map(p, 0, FILE_MAP_WRITE).value && read_byte(p, 0, 0) == 0, "with contents of its own");
    write_byte(p, 0, 0, 0x66);
    ok(read_byte(NULL, 0, 0) == 0x55, "the view stays valid");
    ok(IS_OLD(create(NULL, 1, "viewed", GRAN)), "this process comes to the new object");
    ok(close_slot(NULL, 1) && unmap(NULL, 0) && unmap(p, 0) && close_slot(p, 0), "let go");
}

static void test_spelling(struct peer *p)
{
    ok(IS_NEW(create(NULL, 0, "Spelling", GRAN)), "a name");
    ok(IS_MISSING(open_name(p, 0, "spelling")) && IS_NEW(create(p, 0, "SPELLING", GRAN)),
       "names are case-sensitive (SEC-028)");
    ok(IS_FOUND(open_name(p, 1, "Local\\Spelling")), "Local\\x is x");
    ok(IS_MISSING(open_name(p, 2, "Global\\Spelling")), "Global\\x is another name");
    ok(IS_NEW(create(p, 2, "Global\\Spelling", GRAN)), "which can be taken");
    ok(IS_FOUND(open_name(NULL, 1, "Global\\Spelling")), "and found");
    for (unsigned i = 0; i < 2; i++)
        ok(close_slot(NULL, i), "closed");
    for (unsigned i = 0; i < 3; i++)
        ok(close_slot(p, i), "closed");
}

static void test_reserve(struct peer *p)
{
    struct order o = {.what = CREATE, .a = PAGE_READWRITE | SEC_RESERVE, .n = 4 * GRAN,
                      .name = "reserve"};
    struct order at = {.what = QUERY, .n = GRAN};
    const uint64_t reserved = (uint64_t)MEM_RESERVE << 32;
    const uint64_t committed = (uint64_t)MEM_COMMIT << 32 | PAGE_READWRITE;
    ok(IS_NEW(tell(NULL, o)) && map(NULL, 0, FILE_MAP_WRITE).value, "a section of reserved pages");
    ok(IS_OLD(tell(p, o)) && map(p, 0, FILE_MAP_WRITE).value, "seen from both processes");
    ok(tell(NULL, at).value == reserved && tell(p, at).value == reserved, "both views: reserved");
    struct order commit = {.what = COMMIT, .n = GRAN, .len = PAGE, .a = PAGE_READWRITE};
    ok(tell(p, commit).value, "one process commits a page");
    ok(tell(p, at).value == committed && tell(NULL, at).value == committed,
       "it is committed in both");
    write_byte(p, 0, GRAN, 0x77);
    ok(read_byte(NULL, 0, GRAN) == 0x77, "and shared");
    at.n = GRAN + PAGE;
    ok(tell(p, at).value == reserved && tell(NULL, at).value == reserved, "the next one is not");
    ok(unmap(p, 0) && close_slot(p, 0), "the other lets go");
    ok(read_byte(NULL, 0, GRAN) == 0x77, "the page stays");
    ok(unmap(NULL, 0) && close_slot(NULL, 0), "let go");
}

static void test_two_hundred(struct peer *p)
{
    char name[32];
    unsigned wrong = 0;
    for (unsigned i = 0; i < 200; i++) {
        snprintf(name, sizeof(name), "object %u", i);
        wrong += !IS_NEW(create(i % 2 ? p : NULL, i, name, GRAN));
        wrong += !IS_FOUND(open_name(i % 2 ? NULL : p, i, name));
    }
    ok(wrong == 0, "200 named objects, made by either, opened by the other: %u wrong", wrong);
    for (unsigned i = wrong = 0; i < 200; i++) {
        wrong += !map(NULL, i, FILE_MAP_WRITE).value || !map(p, i, FILE_MAP_WRITE).value;
        write_byte(i % 3 ? p : NULL, i, i, i);
    }
    for (unsigned i = 0; i < 200; i++)
        wrong += read_byte(i % 3 ? NULL : p, i, i) != i;
    ok(wrong == 0, "each has its own contents: %u wrong", wrong);
    for (unsigned i = wrong = 0; i < 200; i++) {
        snprintf(name, sizeof(name), "object %u", i);
        wrong += !close_slot(NULL, i) || !close_slot(p, i);
        wrong += !IS_MISSING(open_name(p, N_SLOTS - 1, name));
        wrong += !unmap(NULL, i) || !unmap(p, i);
    }
    ok(wrong == 0, "all names go with their handles: %u wrong", wrong);
}

/* Six processes at once: one makes the object, the others come to it. */
static void test_at_once(void)
{
    enum { N = 6, ROUNDS = 200 };
    struct peer p[N];
    struct order o = {.what = CREATE, .a = PAGE_READWRITE, .n = GRAN, .name = "at once"};
    unsigned wrong = 0;
    for (unsigned i = 0; i < N; i++)
        p[i] = new_peer(true);
    for (unsigned round = 0; round < ROUNDS; round++) {
        unsigned n_new = 0, n_old = 0;
        int with;
        for (unsigned i = 0; i < N; i++)
            wrong += !send_with_fd(p[i].fd, &o, sizeof(o), -1);
        for (unsigned i = 0; i < N; i++) {
            struct answer r = {.value = 0};
            wrong += !receive_with_fd(p[i].fd, &r, sizeof(r), &with) || !r.value;
            n_new += r.error == 0;
            n_old += r.error == ERROR_ALREADY_EXISTS;
        }
        wrong += n_new != 1 || n_old != N - 1;
        for (unsigned i = 0; i < N; i++)
            wrong += !close_slot(&p[i], 0);
    }
    ok(wrong == 0, "six processes create one name at once: %u wrong", wrong);
    for (unsigned i = 0; i < N; i++)
        wrong += !end_peer(&p[i], 0);
    ok(wrong == 0, "they end");
}

static void test_audit(struct peer *p)
{
    ok(winvm_audit() == 0 && tell(p, (struct order){.what = AUDIT}).value == 0,
       "both processes' tables are right");
}

int main(int argc, char **argv)
{
    start_or_serve(argc, argv);
    struct peer p = new_peer(true);
    test_shared(&p);
    test_copies(&p);
    test_views_hold_no_name(&p);
    test_spelling(&p);
    test_reserve(&p);
    test_two_hundred(&p);
    test_at_once();
    test_audit(&p);
    ok(end_peer(&p, 0), "the other process ends");
    return env_end();
}
