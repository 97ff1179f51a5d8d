/* Section objects on the real host: sizes, charges, lifetime, descriptors, other processes. */
#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <winvm/ntstatus.h>

#include "host/host_object.h"
#include "host/t/host_fail.h"
#include "section/section.h"
#include "space/t/space_unit.h"

static void set_up(void)
{
    unit_set_up(CAPS_ALL);
}

static struct wvm_section_request memory(uint64_t size, uint8_t flags)
{
    return (struct wvm_section_request){
        .fd = -1, .kind = WVM_SECTION_PAGEFILE, .flags = flags, .attr = WVM_ATTR_RW, .size = size};
}

static struct wvm_section *make(const struct wvm_section_request *req)
{
    struct wvm_section *s = NULL;
    WORKS(wvm_section_create(req, &s));
    ck_assert_uint_eq(s->backing.refs, 1);
    ck_assert_uint_eq(s->n_handles, 1);
    return s;
}

static struct wvm_section *make_memory(uint64_t size, uint8_t flags)
{
    struct wvm_section_request req = memory(size, flags);
    return make(&req);
}

static void close_section(struct wvm_section *s)
{
    wvm_section_close_handle(s);
    wvm_backing_drop(&s->backing);
    unit_audit();
}

static void refused(const struct wvm_section_request *req, wvm_status status)
{
    struct wvm_section *s = NULL;
    ANSWERS(wvm_section_create(req, &s), status);
    ck_assert_ptr_null(s);
}

static uint64_t committed(void)
{
    struct wvm_commit_info info;
    wvm_space_commit_info(SP, &info);
    return info.committed;
}

static unsigned n_open(void)
{
    unsigned n = 0;
    for (int fd = 0; fd < 4096; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static uintptr_t map(struct wvm_section *s, uint64_t offset, uintptr_t len, uint8_t attr)
{
    struct wvm_view_request req = {
        .backing = &s->backing, .offset = offset, .len = len, .attr = attr,
        .type = WVM_TYPE_MAPPED, .anonymous = s->kind == WVM_SECTION_PAGEFILE};
    WORKS(wvm_space_map(SP, &req));
    return req.start;
}

/* An unlinked file of so many bytes, opened with flags. */
static int make_file(uint64_t size, int flags)
{
    char name[] = "/tmp/winvm-section-XXXXXX";
    int fd = mkstemp(name), again = open(name, flags | O_CLOEXEC);
    ck_assert(fd >= 0 && again >= 0);
    ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
    unlink(name);
    close(fd);
    return again;
}

static struct wvm_section_request file_request(int fd, uint8_t attr, uint64_t size)
{
    return (struct wvm_section_request){
        .fd = fd, .kind = WVM_SECTION_FILE, .attr = attr, .size = size};
}

static uint64_t size_of(int fd)
{
    struct stat st;
    ck_assert_int_eq(fstat(fd, &st), 0);
    return (uint64_t)st.st_size;
}

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

/* ---- files ---- */

/* SEC-011..SEC-015 */
START_TEST(file_sizes)
{
    int fd = make_file(0x3456, O_RDWR), empty = make_file(0, O_RDWR);
    struct wvm_section_request req = file_request(fd, WVM_ATTR_RO, 0);
    struct wvm_section *s = make(&req);
    ck_assert_uint_eq(s->size, 0x3456);
    ck_assert_int_ne(s->backing.fd, fd);
    close_section(s);
    req = file_request(fd, WVM_ATTR_RO, 36);
    s = make(&req);
    ck_assert_uint_eq(s->size, 36);
    close_section(s);
    for (uint8_t attr = WVM_ATTR_RO; attr <= WVM_ATTR_XWC; attr++) {
        req = file_request(fd, attr, 0x3457);
        if (attr == WVM_ATTR_RW || attr == WVM_ATTR_XRW)
            continue;
        refused(&req, STATUS_SECTION_TOO_BIG);
        ck_assert_uint_eq(size_of(fd), 0x3456);
    }
    req = file_request(fd, WVM_ATTR_RW, 0x5001);
    s = make(&req);
    ck_assert_uint_eq(s->size, 0x5001);
    ck_assert_uint_eq(size_of(fd), 0x5001);
    close_section(s);
    req = file_request(fd, WVM_ATTR_XRW, 0x6000);
    close_section(make(&req));
    ck_assert_uint_eq(size_of(fd), 0x6000);
    req = file_request(empty, WVM_ATTR_RW, 0);
    refused(&req, STATUS_MAPPED_FILE_SIZE_ZERO);
    req = file_request(empty, WVM_ATTR_RW, 10);
    close_section(make(&req));
    ck_assert_uint_eq(size_of(empty), 10);
}
END_TEST

START_TEST(no_plain_file)
{
    int fds[2], null = open("/dev/null", O_RDWR), dir = open("/tmp", O_RDONLY);
    ck_assert_int_eq(pipe(fds), 0);
    for (unsigned i = 0; i < 3; i++) {
        struct wvm_section_request req =
            file_request(i == 0 ? fds[0] : i == 1 ? null : dir, WVM_ATTR_RO, PG);
        refused(&req, STATUS_INVALID_FILE_FOR_SECTION);
    }
    struct wvm_section_request req = file_request(4000, WVM_ATTR_RO, 0);
    refused(&req, STATUS_INVALID_HANDLE);
}
END_TEST

START_TEST(file_contents)
{
    int fd = make_file(2 * PG, O_RDWR);
    uint64_t word = 9;
    struct wvm_section_request req = file_request(fd, WVM_ATTR_RW, 0);
    struct wvm_section *s = make(&req);
    ck_assert(s->backing.shared_writable);
    close(fd); /* the section has a descriptor of its own */
    uintptr_t at = map(s, 0, 2 * PG, WVM_ATTR_RW);
    ck_assert(unit_write(at + PG, 99));
    ck_assert_int_eq(pread(s->backing.fd, &word, 8, PG), 8);
    ck_assert_uint_eq(word, 99);
    WORKS(wvm_space_unmap(SP, at, false));
    close_section(s);
}
END_TEST

START_TEST(read_only_file)
{
    int fd = make_file(PG, O_RDONLY);
    struct wvm_section_request req = file_request(fd, WVM_ATTR_WC, 0);
    struct wvm_section *s = make(&req);
    ck_assert(!s->backing.shared_writable);
    uintptr_t at = map(s, 0, PG, WVM_ATTR_WC);
    ck_assert(unit_write(at, 1));
    WORKS(wvm_space_unmap(SP, at, false));
    close_section(s);
}
END_TEST

START_TEST(extension)
{
    int fd = make_file(0x1234, O_RDWR);
    struct wvm_section_request req = file_request(fd, WVM_ATTR_RW, 0);
    struct wvm_section *s = make(&req), *memory = make_memory(PG, 0);
    WORKS(wvm_section_extend(s, 0x1000));
    ck_assert_uint_eq(s->size, 0x1234);
    WORKS(wvm_section_extend(s, 0x3001));
    ck_assert_uint_eq(s->size, 0x3001);
    ck_assert_uint_eq(size_of(fd), 0x3001);
    ck_assert_int_eq(ftruncate(fd, 0x9000), 0);
    WORKS(wvm_section_extend(s, 0x4000)); /* a larger file stays as it is */
    ck_assert_uint_eq(s->size, 0x4000);
    ck_assert_uint_eq(size_of(fd), 0x9000);
    ANSWERS(wvm_section_extend(s, UINT64_MAX), STATUS_SECTION_NOT_EXTENDED);
    ANSWERS(wvm_section_extend(memory, 2 * PG), STATUS_SECTION_NOT_EXTENDED);
    close_section(s);
    close_section(memory);
    req = file_request(fd, WVM_ATTR_RO, 0x1000);
    s = make(&req);
    ANSWERS(wvm_section_extend(s, 0x2000), STATUS_SECTION_NOT_EXTENDED);
    ck_assert_uint_eq(s->size, 0x1000);
    close_section(s);
}
END_TEST

/* Several extend at once: the file never becomes smaller than any of them was told. */
static struct wvm_section *extended;

static void *extend_in_steps(void *arg)
{
    uint64_t *bad = arg;
    for (uint64_t i = 1; i <= 400; i++) {
        uint64_t size = i * 1000 + *bad;
        if (wvm_section_extend(extended, size) != STATUS_SUCCESS
            || size_of(extended->backing.fd) < size)
            return arg;
    }
    return NULL;
}

START_TEST(extension_by_threads)
{
    int fd = make_file(1, O_RDWR);
    struct wvm_section_request req = file_request(fd, WVM_ATTR_RW, 0);
    pthread_t threads[3];
    uint64_t first[3] = {1, 2, 3};
    void *bad;
    extended = make(&req);
    for (unsigned i = 0; i < 3; i++)
        ck_assert_int_eq(pthread_create(&threads[i], NULL, extend_in_steps, &first[i]), 0);
    for (unsigned i = 0; i < 3; i++) {
        ck_assert_int_eq(pthread_join(threads[i], &bad), 0);
        ck_assert_ptr_null(bad);
    }
    ck_assert_uint_eq(extended->size, 400003);
    close_section(extended);
}
END_TEST

/* ERROR_USER_MAPPED_FILE is for files that would lose mapped pages. */
START_TEST(file_in_use)
{
    int fd = make_file(5 * PG + 1, O_RDWR);
    struct wvm_section_request req = file_request(fd, WVM_ATTR_RO, 2 * PG + 1);
    struct wvm_section *s = make(&req), *other = make_memory(PG, 0);
    ck_assert(!wvm_section_file_in_use(s->dev, s->ino, 0)); /* no view */
    uintptr_t at = map(s, 0, PG, WVM_ATTR_RO);
    ck_assert(wvm_section_file_in_use(s->dev, s->ino, 0));
    ck_assert(wvm_section_file_in_use(s->dev, s->ino, 2 * PG));
    ck_assert(!wvm_section_file_in_use(s->dev, s->ino, 2 * PG + 1));
    ck_assert(!wvm_section_file_in_use(s->dev, s->ino, 3 * PG));
    ck_assert(!wvm_section_file_in_use(s->dev, s->ino, UINT64_MAX >> 1));
    ck_assert(!wvm_section_file_in_use(s->dev, s->ino + 1, 0));
    close_section(s); /* the view goes on */
    ck_assert(wvm_section_file_in_use(s->dev, s->ino, 0));
    WORKS(wvm_space_unmap(SP, at, false));
    ck_assert(!wvm_section_file_in_use(s->dev, s->ino, 0));
    close_section(other);
}
END_TEST

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
            if (wvm_section_create(&req, &s[k]) != STATUS_SUCCESS || s[k]->backing.refs == 0)
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
    stop_threads = 1;
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
    tcase_add_test(tc, many_sections);
    tcase_add_test(tc, no_descriptors);
    tcase_add_test(tc, number_reused);
    tcase_add_test(tc, file_size_limit);
    tcase_add_test(tc, file_sizes);
    tcase_add_test(tc, no_plain_file);
    tcase_add_test(tc, file_contents);
    tcase_add_test(tc, read_only_file);
    tcase_add_test(tc, extension);
    tcase_add_test(tc, extension_by_threads);
    tcase_add_test(tc, file_in_use);
    tcase_add_test(tc, import_of_others);
    tcase_add_test(tc, export_of_a_file);
    tcase_add_test(tc, threads);
    tcase_add_loop_test(tc, fork_inherits, 0, 2);
    tcase_add_loop_test(tc, export_and_import, 0, 2);
    return unit_run(suite);
}
