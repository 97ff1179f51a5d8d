/* Kept descriptors: numbers, identity, sizes, seals, and the limit of descriptors. */
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/t/unit.h"
#include "host/host_object.h"
#include "host/host_private.h"

enum { PAGE = 4096 };

static void set_up(void)
{
    wvm_host_init();
}

static int make_file(uint64_t size)
{
    char name[] = "/tmp/winvm-object-XXXXXX";
    int fd = mkstemp(name);
    ck_assert_int_ge(fd, 0);
    unlink(name);
    ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
    return fd;
}

static uint64_t size_of(int fd)
{
    struct stat st;
    ck_assert_int_eq(fstat(fd, &st), 0);
    return (uint64_t)st.st_size;
}

START_TEST(kept_and_reopened)
{
    int fd = make_file(10), kept = wvm_host_fd_keep(fd);
    ck_assert_int_ge(kept, 900);
    ck_assert_int_eq(fcntl(kept, F_GETFD), FD_CLOEXEC);
    ck_assert_int_eq(lseek(fd, 5, SEEK_SET), 5);
    ck_assert_int_eq(lseek(kept, 0, SEEK_CUR), 5); /* one file position */
    int own = wvm_host_fd_reopen(0, fd, true);
    ck_assert_int_ge(own, 900);
    ck_assert_int_eq(fcntl(own, F_GETFD), FD_CLOEXEC);
    ck_assert_int_eq(lseek(own, 0, SEEK_CUR), 0);
    ck_assert_int_eq(write(own, "ab", 2), 2);
    int reader = wvm_host_fd_reopen(getpid(), fd, false);
    ck_assert_int_lt(write(reader, "ab", 2), 0);
    ck_assert_int_eq(wvm_host_fd_keep(5000), -EBADF);
    ck_assert_int_eq(wvm_host_fd_reopen(0, 5000, false), -ENOENT);
}
END_TEST

START_TEST(information)
{
    struct wvm_host_fd_info info;
    struct stat st;
    int fd = make_file(77), fds[2];
    ck_assert_int_eq(fstat(fd, &st), 0);
    ck_assert_int_eq(wvm_host_fd_info(fd, &info), 0);
    ck_assert(info.dev == st.st_dev && info.ino == st.st_ino && info.size == 77);
    ck_assert(info.regular && info.readable && info.writable);
    ck_assert_int_eq(wvm_host_fd_info(wvm_host_fd_reopen(0, fd, false), &info), 0);
    ck_assert(info.regular && info.readable && !info.writable);
    ck_assert_int_eq(pipe(fds), 0);
    ck_assert_int_eq(wvm_host_fd_info(fds[1], &info), 0);
    ck_assert(!info.regular && !info.readable && info.writable);
    ck_assert_int_eq(wvm_host_fd_info(open("/tmp", O_PATH), &info), 0);
    ck_assert(!info.regular && !info.readable && !info.writable);
    ck_assert_int_eq(wvm_host_fd_info(5000, &info), -EBADF);
}
END_TEST

START_TEST(closed_only_while_ours)
{
    uint64_t dev, ino;
    int fd = wvm_host_shm_create("test", PAGE), other = make_file(1);
    ck_assert(wvm_host_fd_identify(fd, &dev, &ino));
    ck_assert_int_eq(dup2(other, fd), fd);
    wvm_host_fd_close(fd, dev, ino);
    ck_assert_int_ge(fcntl(fd, F_GETFD), 0);
    ck_assert(wvm_host_fd_identify(fd, &dev, &ino));
    wvm_host_fd_close(fd, dev, ino);
    ck_assert_int_eq(fcntl(fd, F_GETFD), -1);
    wvm_host_fd_close(fd, dev, ino);
    ck_assert(!wvm_host_fd_identify(fd, &dev, &ino));
}
END_TEST

START_TEST(marks)
{
    uint64_t first = 0, second = 0;
    int a = wvm_host_shm_create("test", PAGE), b = wvm_host_shm_create("test", PAGE), fds[2];
    ck_assert_int_eq(wvm_host_fd_mark(a, &first), 0);
    ck_assert_int_eq(wvm_host_fd_mark(b, &second), 0);
    ck_assert_uint_ne(first, second);
    ck_assert(wvm_host_fd_is_marked(a, first) && !wvm_host_fd_is_marked(b, first));
    ck_assert_uint_eq(size_of(a), PAGE);
    int again = wvm_host_fd_reopen(0, a, true); /* the same file, not the same position */
    ck_assert_int_eq(dup2(again, a), a);
    wvm_host_fd_close_marked(a, first);
    ck_assert_int_ge(fcntl(a, F_GETFD), 0);
    wvm_host_fd_close_marked(b, second);
    ck_assert_int_eq(fcntl(b, F_GETFD), -1);
    wvm_host_fd_close_marked(b, second);
    ck_assert_int_eq(pipe(fds), 0);
    ck_assert_int_eq(wvm_host_fd_mark(fds[0], &first), -ESPIPE);
    wvm_host_fd_close_marked(fds[0], first);
    ck_assert_int_ge(fcntl(fds[0], F_GETFD), 0);
}
END_TEST

START_TEST(shared_memory)
{
    void *at;
    int fd = wvm_host_shm_create("test", 3 * PAGE);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
    ck_assert_uint_eq(size_of(fd), 3 * PAGE);
    ck_assert_int_eq(wvm_host_fd_map_meta(fd, PAGE, 2 * PAGE, &at), 0);
    memcpy((char *)at + PAGE, "here", 4);
    char *view = mmap(NULL, 3 * PAGE, PROT_READ | PROT_EXEC, MAP_SHARED, fd, 0);
    ck_assert_ptr_ne(view, MAP_FAILED); /* can be mapped executable */
    ck_assert_mem_eq(view + 2 * PAGE, "here", 4);
    ck_assert(!wvm_host_shm_is_sealed(fd));
    ck_assert_int_eq(wvm_host_fd_resize(fd, 4 * PAGE), 0);
    ck_assert_int_eq(wvm_host_shm_seal(fd), 0);
    ck_assert(wvm_host_shm_is_sealed(fd));
    ck_assert_int_eq(wvm_host_shm_seal(fd), 0); /* again */
    ck_assert_int_eq(wvm_host_fd_resize(fd, PAGE), -EPERM);
    ck_assert_int_eq(wvm_host_fd_resize(fd, 5 * PAGE), -EPERM);
    ck_assert_uint_eq(size_of(fd), 4 * PAGE);
    ck_assert(!wvm_host_shm_is_sealed(make_file(1)));
    ck_assert_int_eq(wvm_host_shm_create("test", UINT64_MAX), -EFBIG);
}
END_TEST

START_TEST(extension)
{
    int fd = make_file(PAGE);
    ck_assert_int_eq(wvm_host_fd_extend(fd, 3 * PAGE + 1), 0);
    ck_assert_uint_eq(size_of(fd), 3 * PAGE + 1);
    ck_assert_int_eq(wvm_host_fd_extend(fd, 10), 0);
    ck_assert_uint_eq(size_of(fd), 3 * PAGE + 1);
    struct rlimit lim = {4 * PAGE, 4 * PAGE};
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &lim), 0);
    ck_assert_int_eq(wvm_host_fd_extend(fd, 4 * PAGE + 1), -EFBIG); /* and no signal */
    ck_assert_int_eq(wvm_host_fd_resize(fd, 4 * PAGE + 1), -EFBIG);
    ck_assert_int_eq(wvm_host_fd_extend(fd, 4 * PAGE), 0);
    ck_assert_int_eq(wvm_host_fd_extend(wvm_host_fd_reopen(0, fd, false), 5 * PAGE), -EFBIG);
}
END_TEST

/* The soft limit rises when descriptors run out, no further than the hard one, and errno stays. */
START_TEST(limit_rises)
{
    struct rlimit lim = {100, 300};
    int fd = make_file(1), kept;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &lim), 0);
    kept = wvm_host_fd_keep(fd);
    ck_assert_int_ge(kept, 60);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &lim), 0);
    ck_assert_uint_eq(lim.rlim_cur, 100); /* not before it is needed */
    errno = ERANGE;
    unsigned n = 0;
    while ((kept = wvm_host_fd_keep(fd)) >= 0)
        n++;
    ck_assert_int_eq(kept, -EMFILE);
    ck_assert_int_eq(errno, ERANGE);
    ck_assert_uint_gt(n, 250);
    ck_assert_int_eq(getrlimit(RLIMIT_NOFILE, &lim), 0);
    ck_assert_uint_eq(lim.rlim_cur, 300);
    ck_assert_int_eq(wvm_host_shm_create("test", 1), -EMFILE);
    ck_assert_int_eq(wvm_host_fd_reopen(0, fd, false), -EMFILE);
}
END_TEST

START_TEST(limit_of_zero)
{
    struct rlimit lim = {0, 300};
    int fd = make_file(1);
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &lim), 0);
    ck_assert_int_ge(wvm_host_fd_keep(fd), 3);
    ck_assert_int_ge(wvm_host_shm_create("test", 1), 3);
    lim.rlim_cur = lim.rlim_max = 0;
    ck_assert_int_eq(setrlimit(RLIMIT_NOFILE, &lim), 0);
    ck_assert_int_eq(wvm_host_shm_create("test", 1), -EMFILE);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("host_object", 30, &tc);
    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_test(tc, kept_and_reopened);
    tcase_add_test(tc, limit_of_zero);
    tcase_add_test(tc, information);
    tcase_add_test(tc, closed_only_while_ours);
    tcase_add_test(tc, marks);
    tcase_add_test(tc, shared_memory);
    tcase_add_test(tc, extension);
    tcase_add_test(tc, limit_rises);
    return unit_run(suite);
}
