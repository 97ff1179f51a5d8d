/* Sections in other processes: fork, descriptors that are passed on, descriptions. */
#include "section/t/section_unit.h"

/* ---- other processes ---- */

static void expect_child(pid_t pid)
{
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert(WIFEXITED(status));
    ck_assert_int_eq(WEXITSTATUS(status), 0);
}

/* The child has the parent's sections, and ends them for itself. _i: by hand, and by exiting. */
START_TEST(fork_inherits)
{
    struct wvm_section *s = make_memory(4 * PG, _i ? WVM_SECTION_RESERVE : 0);
    uintptr_t at = map(s, 0, 4 * PG, WVM_ATTR_RW);
    uint64_t word = 0;
    WORKS(wvm_space_commit(SP, at, at + PG, WVM_ATTR_RW));
    wvm_space_before_fork(SP);
    pid_t pid = fork();
    if (pid == 0) {
        wvm_host_after_fork_child();
        wvm_space_after_fork_child(SP);
        *(volatile uint64_t *)at = 41;
        if (wvm_space_unmap(SP, at, false) != STATUS_SUCCESS)
            _exit(1);
        wvm_section_close_handle(s);
        wvm_backing_drop(&s->backing);
        _exit(s->backing.refs ? 2 : 0);
    }
    wvm_space_after_fork_parent(SP);
    expect_child(pid);
    ck_assert(unit_read(at, &word) && word == 41);
    ck_assert_uint_eq(s->backing.refs, 2);
    ck_assert_int_eq(fcntl(s->backing.fd, F_GETFD), FD_CLOEXEC);
    WORKS(wvm_space_unmap(SP, at, false));
    close_section(s);
}
END_TEST

static void send_fd(int socket, int fd)
{
    char room[CMSG_SPACE(sizeof fd)] = {0}, byte = 0;
    struct iovec io = {&byte, 1};
    struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = room,
                       .msg_controllen = sizeof room};
    struct cmsghdr *c = CMSG_FIRSTHDR(&m);
    c->cmsg_level = SOL_SOCKET;
    c->cmsg_type = SCM_RIGHTS;
    c->cmsg_len = CMSG_LEN(sizeof fd);
    memcpy(CMSG_DATA(c), &fd, sizeof fd);
    ck_assert_int_eq(sendmsg(socket, &m, 0), 1);
}

static int receive_fd(int socket)
{
    char room[CMSG_SPACE(sizeof(int))], byte;
    struct iovec io = {&byte, 1};
    struct msghdr m = {.msg_iov = &io, .msg_iovlen = 1, .msg_control = room,
                       .msg_controllen = sizeof room};
    int fd = -1;
    if (recvmsg(socket, &m, MSG_CMSG_CLOEXEC) == 1)
        memcpy(&fd, CMSG_DATA(CMSG_FIRSTHDR(&m)), sizeof fd);
    return fd;
}

/* A process that has nothing but the descriptor gets the same section. */
static int use_received(int socket, uint64_t size, uint8_t flags)
{
    struct wvm_section *s = NULL;
    uint64_t word = 0;
    int fd = receive_fd(socket);
    if (fd < 0 || wvm_section_import(fd, &s) != STATUS_SUCCESS)
        return 1;
    if (s->size != size || s->flags != flags || s->attr != WVM_ATTR_RW
        || s->kind != WVM_SECTION_PAGEFILE || s->backing.charged)
        return 2;
    struct wvm_view_request req = {
        .backing = &s->backing, .len = size, .attr = WVM_ATTR_RW, .type = WVM_TYPE_MAPPED,
        .anonymous = true};
    if (wvm_space_map(SP, &req) != STATUS_SUCCESS)
        return 3;
    if (!unit_read(req.start + PG, &word) || word != 6 || !unit_write(req.start + PG, 7))
        return 4;
    if ((flags & WVM_SECTION_RESERVE)
        && wvm_space_commit(SP, req.start, req.start + PG, WVM_ATTR_RW) != STATUS_SUCCESS)
        return 5;
    return 0;
}

START_TEST(export_and_import)
{
    uint8_t flags = _i ? WVM_SECTION_RESERVE | WVM_SECTION_NOCACHE : 0;
    struct wvm_section *s = make_memory(3 * PG, flags);
    uintptr_t at = map(s, 0, 3 * PG, WVM_ATTR_RW);
    uint64_t word = 0;
    int sockets[2], fd = -1;
    ck_assert_int_eq(socketpair(AF_UNIX, SOCK_STREAM, 0, sockets), 0);
    WORKS(wvm_space_commit(SP, at + PG, at + 2 * PG, WVM_ATTR_RW));
    ck_assert(unit_write(at + PG, 6));
    pid_t pid = fork();
    if (pid == 0)
        _exit(use_received(sockets[1], 3 * PG, flags));
    for (unsigned i = 0; i < 2; i++) { /* the second time it is described already */
        WORKS(wvm_section_export(s, &fd));
        ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
        if (i == 0)
            close(fd);
    }
    send_fd(sockets[0], fd);
    expect_child(pid);
    ck_assert(unit_read(at + PG, &word) && word == 7);
    if (_i)
        ck_assert_uint_eq(s->backing.commits[0], 3);
    WORKS(wvm_space_unmap(SP, at, false));
    close_section(s);
    close(fd);
}
END_TEST

/* Any change of what it says, or of the memory's size, makes a descriptor unrecognised. */
START_TEST(import_of_others)
{
    struct wvm_section *s = make_memory(3 * PG, 0), *out = NULL;
    int fd = make_file(5 * PG, O_RDWR), plain = memfd_create("other", MFD_CLOEXEC), copy, made;
    char bytes[3 * PG];
    unsigned n_fds;
    WORKS(wvm_section_export(s, &made));
    uint64_t size = size_of(made);
    ck_assert_int_eq(ftruncate(made, (off_t)size + PG), -1);
    ck_assert_int_eq(ftruncate(made, PG), -1);
    ANSWERS(wvm_section_import(fd, &out), STATUS_INVALID_HANDLE);
    ANSWERS(wvm_section_import(plain, &out), STATUS_INVALID_HANDLE);
    ANSWERS(wvm_section_import(-1, &out), STATUS_INVALID_HANDLE);
    copy = memfd_create("copy", MFD_CLOEXEC | MFD_ALLOW_SEALING);
    size_t tail = size - 3 * PG;
    ck_assert_uint_le(tail, sizeof bytes);
    ck_assert_int_eq(pread(made, bytes, tail, 3 * PG), (ssize_t)tail);
    ck_assert_int_eq(ftruncate(copy, (off_t)size), 0);
    ck_assert_int_eq(pwrite(copy, bytes, tail, 3 * PG), (ssize_t)tail);
    n_fds = n_open();
    ANSWERS(wvm_section_import(copy, &out), STATUS_INVALID_HANDLE); /* not sealed */
    ck_assert_int_eq(fcntl(copy, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW), 0);
    for (unsigned at = 0; at < 24; at++) { /* magic, layout, kind, flags, attr, size */
        if (at == 14 || at == 15)
            continue; /* attr and what lies behind it: checked by value below */
        char wrong = (char)(bytes[at] ^ 0x91);
        ck_assert_int_eq(pwrite(copy, &wrong, 1, 3 * PG + at), 1);
        ANSWERS(wvm_section_import(copy, &out), STATUS_INVALID_HANDLE);
        ck_assert_int_eq(pwrite(copy, &bytes[at], 1, 3 * PG + at), 1);
    }
    ck_assert_uint_eq(n_open(), n_fds);
    WORKS(wvm_section_import(copy, &out));
    close_section(out);
    close_section(s);
}
END_TEST

/* What the program does with the descriptor it got does not touch the section's own. */
START_TEST(exported_position)
{
    unsigned before = n_open();
    struct wvm_section *s = make_memory(PG, 0);
    int fd = -1, number = s->backing.fd;
    WORKS(wvm_section_export(s, &fd));
    ck_assert_int_eq(lseek(fd, 12, SEEK_SET), 12);
    close_section(s);
    ck_assert_int_eq(fcntl(number, F_GETFD), -1);
    close(fd);
    ck_assert_uint_eq(n_open(), before);
}
END_TEST

START_TEST(export_of_a_file)
{
    int fd = make_file(PG, O_RDWR), made = -1;
    struct wvm_section_request req = file_request(fd, WVM_ATTR_RW, 0);
    struct wvm_section *s = make(&req);
    ANSWERS(wvm_section_export(s, &made), STATUS_NOT_SUPPORTED);
    ck_assert_int_eq(made, -1);
    close_section(s);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("section_export", 60, &tc);
    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_loop_test(tc, fork_inherits, 0, 2);
    tcase_add_loop_test(tc, export_and_import, 0, 2);
    tcase_add_test(tc, import_of_others);
    tcase_add_test(tc, exported_position);
    tcase_add_test(tc, export_of_a_file);
    return unit_run(suite);
}
