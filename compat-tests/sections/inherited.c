/* Unnamed sections in other processes: inherited over fork, and passed over a socket. */
#include "peer.h"

static void test_fork(void)
{
    struct order reserve = {.what = CREATE, .slot = 1, .a = PAGE_READWRITE | SEC_RESERVE,
                            .n = 4 * GRAN};
    ok(IS_NEW(create(NULL, 0, "", GRAN)) && map(NULL, 0, FILE_MAP_WRITE).value, "a section");
    ok(IS_NEW(tell(NULL, reserve)) && map(NULL, 1, FILE_MAP_WRITE).value, "one of reserved pages");
    write_byte(NULL, 0, 0, 0x11);
    struct peer p = new_peer(false);
    ok(read_byte(&p, 0, 0) == 0x11, "a fork child has the view");
    write_byte(&p, 0, 1, 0x22);
    ok(read_byte(NULL, 0, 1) == 0x22, "the parent sees the child's writes");
    write_byte(NULL, 0, 2, 0x33);
    ok(read_byte(&p, 0, 2) == 0x33, "the child sees the parent's");
    ok(unmap(&p, 0) && map(&p, 0, FILE_MAP_WRITE).value && read_byte(&p, 0, 2) == 0x33,
       "the child has the handle and maps it again");
    struct order commit = {.what = COMMIT, .slot = 1, .n = GRAN, .len = PAGE, .a = PAGE_READWRITE};
    struct order at = {.what = QUERY, .slot = 1, .n = GRAN};
    ok(tell(&p, commit).value && (tell(NULL, at).value >> 32) == MEM_COMMIT,
       "what the child commits is committed in the parent");
    write_byte(NULL, 1, GRAN, 0x44);
    ok(read_byte(&p, 1, GRAN) == 0x44, "and shared");
    ok(unmap(NULL, 0) && close_slot(NULL, 0), "the parent lets go");
    ok(read_byte(&p, 0, 2) == 0x33 && map(&p, 0, FILE_MAP_READ).value, "the child keeps it");
    ok(tell(&p, (struct order){.what = AUDIT}).value == 0 && winvm_audit() == 0, "tables right");
    ok(end_peer(&p, 0) && unmap(NULL, 1) && close_slot(NULL, 1), "let go");
}

static void test_copies_part(void)
{
    ok(IS_NEW(create(NULL, 0, "", GRAN)) && map(NULL, 0, FILE_MAP_COPY).value, "a copying view");
    write_byte(NULL, 0, 0, 0x11);
    struct peer p = new_peer(false);
    ok(read_byte(&p, 0, 0) == 0x11, "a fork child has the private page");
    write_byte(&p, 0, 0, 0x22);
    ok(read_byte(NULL, 0, 0) == 0x11, "as a page of its own");
    ok(end_peer(&p, 0) && unmap(NULL, 0) && close_slot(NULL, 0), "let go");
}

static void test_names_inherited(void)
{
    struct peer other = new_peer(true);
    ok(IS_NEW(create(NULL, 0, "heir", GRAN)), "a named section");
    struct peer p = new_peer(false);
    ok(IS_FOUND(open_name(&p, 1, "heir")) && close_slot(&p, 1), "a fork child opens it");
    ok(close_slot(NULL, 0), "the parent closes its handle");
    ok(IS_FOUND(open_name(&other, 0, "heir")) && close_slot(&other, 0),
       "the child's handle holds the name");
    ok(end_peer(&p, SIGKILL), "the child is killed");
    ok(IS_MISSING(open_name(&other, 0, "heir")), "then it is gone");
    ok(end_peer(&other, 0), "the other ends");
}

static void test_passed(bool fresh)
{
    struct peer p = new_peer(fresh);
    struct order give = {.what = TO_FD}, take = {.what = FROM_FD, .slot = 2};
    ok(IS_NEW(create(&p, 0, "", 2 * GRAN)) && map(&p, 0, FILE_MAP_WRITE).value,
       "a section of a %s process", fresh ? "fresh" : "forked");
    write_byte(&p, 0, 9, 0x11);
    struct answer r = tell(&p, give);
    ok(r.value && r.fd >= 0, "its descriptor comes over the socket");
    ok(tell_fd(NULL, take, r.fd).value && map(NULL, 2, FILE_MAP_WRITE).value, "and is a section");
    ok(read_byte(NULL, 2, 9) == 0x11, "with its contents");
    write_byte(NULL, 2, 2 * GRAN - 1, 0x22);
    ok(read_byte(&p, 0, 2 * GRAN - 1) == 0x22, "shared");
    ok(unmap(&p, 0) && close_slot(&p, 0), "the giver lets go");
    r = tell(NULL, (struct order){.what = TO_FD, .slot = 2});
    ok(r.fd >= 0 && tell_fd(&p, take, r.fd).value && map(&p, 2, FILE_MAP_READ).value,
       "and gets it back");
    ok(read_byte(&p, 2, 9) == 0x11, "as it was");
    ok(end_peer(&p, SIGKILL), "the other is killed");
    ok(read_byte(NULL, 2, 9) == 0x11 && unmap(NULL, 2) && close_slot(NULL, 2), "let go");
}

static void test_reserve_passed(void)
{
    struct peer p = new_peer(true);
    struct order reserve = {.what = CREATE, .a = PAGE_READWRITE | SEC_RESERVE, .n = 4 * GRAN};
    struct order commit = {.what = COMMIT, .n = GRAN, .len = PAGE, .a = PAGE_READWRITE};
    struct order at = {.what = QUERY, .slot = 1, .n = GRAN};
    ok(IS_NEW(tell(&p, reserve)) && map(&p, 0, FILE_MAP_WRITE).value, "reserved pages");
    struct answer r = tell(&p, (struct order){.what = TO_FD});
    ok(tell_fd(NULL, (struct order){.what = FROM_FD, .slot = 1}, r.fd).value
           && map(NULL, 1, FILE_MAP_WRITE).value, "passed over the socket");
    ok((tell(NULL, at).value >> 32) == MEM_RESERVE, "reserved here too");
    ok(tell(&p, commit).value && (tell(NULL, at).value >> 32) == MEM_COMMIT,
       "committed there, committed here");
    ok(unmap(NULL, 1) && close_slot(NULL, 1) && end_peer(&p, 0), "let go");
}

static void test_no_section(void)
{
    int fds[2] = {open("/dev/null", O_RDWR | O_CLOEXEC), 0};
    struct order take = {.what = FROM_FD, .slot = 3};
    struct answer r = tell_fd(NULL, take, fds[0]);
    ok(!r.value && r.error == EBADF, "/dev/null is no section: EBADF");
    r = tell_fd(NULL, take, -1);
    ok(!r.value && r.error == EBADF, "-1 is none");
    if (pipe(fds) == 0) {
        r = tell_fd(NULL, take, fds[0]);
        ok(!r.value && r.error == EBADF, "a pipe is none");
        close(fds[1]);
    }
    ok(winvm_section_to_fd(NULL) < 0 && winvm_section_to_fd(INVALID_HANDLE_VALUE) < 0,
       "what is no handle has no descriptor");
    fds[0] = memfd_create("plain", MFD_CLOEXEC);
    r = ftruncate(fds[0], GRAN) == 0 ? tell_fd(NULL, take, fds[0]) : (struct answer){.value = 1};
    ok(!r.value && r.error == EBADF, "memory that is no section's is none");
}

int main(int argc, char **argv)
{
    start_or_serve(argc, argv);
    test_fork();
    test_copies_part();
    test_names_inherited();
    test_passed(true);
    test_passed(false);
    test_reserve_passed();
    test_no_section();
    return env_end();
}
