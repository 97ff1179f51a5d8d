/* Contents read and copied between descriptors, also where the kernel cannot send them. */
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/t/unit.h"
#include "host/host_object.h"

enum { SIZE = 70000 };
static char bytes[SIZE], got[SIZE + 1];

/* A temporary file with the bytes, opened once more with the flags. */
static int file_with(size_t n, int flags)
{
    char path[] = "/tmp/winvm-contents-XXXXXX";
    int fd = mkstemp(path), again = open(path, flags | O_CLOEXEC);
    for (size_t i = 0; i < SIZE; i++)
        bytes[i] = (char)(i * 7 + i / 251);
    ck_assert_int_eq((int)write(fd, bytes, n), (int)n);
    ck_assert_int_ge(again, 0);
    unlink(path);
    close(fd);
    return again;
}

START_TEST(reads)
{
    int fd = file_with(SIZE, O_RDONLY);
    errno = EDOM;
    ck_assert_int_eq(wvm_host_fd_read(fd, got, SIZE + 1, 0), SIZE);
    ck_assert(memcmp(got, bytes, SIZE) == 0);
    ck_assert_int_eq(wvm_host_fd_read(fd, got, 100, SIZE - 40), 40);
    ck_assert(memcmp(got, bytes + SIZE - 40, 40) == 0);
    ck_assert_int_eq(wvm_host_fd_read(fd, got, 100, SIZE), 0);
    ck_assert_int_eq(wvm_host_fd_read(fd, got, 0, 5), 0);
    ck_assert_int_eq(wvm_host_fd_read(-1, got, 1, 0), -EBADF);
    ck_assert_int_eq(wvm_host_fd_read(fd, got, 1, UINT64_MAX), -EINVAL);
    ck_assert_int_eq((int)lseek(fd, 0, SEEK_CUR), 0);
    ck_assert_int_eq(errno, EDOM);
    close(fd);
}
END_TEST

/* O_APPEND: the kernel refuses to send to it, and every write goes to the end. */
START_TEST(copies)
{
    int from = file_with(SIZE, O_RDONLY), to = file_with(0, O_RDWR | (_i ? O_APPEND : 0));
    struct wvm_host_fd_copy c = {.from = from, .from_at = 11, .to = to, .len = SIZE - 11};
    errno = EDOM;
    ck_assert_int_eq(wvm_host_fd_copy(&c), SIZE - 11);
    ck_assert_int_eq((int)pread(to, got, sizeof got, 0), SIZE - 11);
    ck_assert(memcmp(got, bytes + 11, SIZE - 11) == 0);
    ck_assert_int_eq((int)lseek(from, 0, SEEK_CUR), 0);
    /* The file ends before. */
    c.from_at = SIZE - 100;
    c.to_at = SIZE - 11;
    c.len = (uint64_t)1 << 40;
    ck_assert_int_eq(wvm_host_fd_copy(&c), 100);
    ck_assert_int_eq((int)pread(to, got, 200, SIZE - 11), 100);
    ck_assert(memcmp(got, bytes + SIZE - 100, 100) == 0);
    c.len = 0;
    ck_assert_int_eq(wvm_host_fd_copy(&c), 0);
    ck_assert_int_eq(errno, EDOM);
    close(from);
    close(to);
}
END_TEST

START_TEST(copies_to_a_place)
{
    int from = file_with(SIZE, O_RDONLY), to = file_with(0, O_RDWR);
    struct wvm_host_fd_copy c = {.from = from, .to = to, .to_at = 5000, .len = 300};
    ck_assert_int_eq(ftruncate(to, 20000), 0);
    ck_assert_int_eq(wvm_host_fd_copy(&c), 300);
    ck_assert_int_eq((int)pread(to, got, sizeof got, 0), 20000);
    ck_assert(memcmp(got + 5000, bytes, 300) == 0);
    for (int i = 0; i < 20000; i++)
        ck_assert(got[i] == 0 || (i >= 5000 && i < 5300));
    close(from);
    close(to);
}
END_TEST

START_TEST(refusals)
{
    int from = file_with(SIZE, O_RDONLY), to = file_with(0, O_RDONLY);
    int write_only = file_with(SIZE, O_WRONLY);
    struct wvm_host_fd_copy c = {.from = from, .to = to, .len = 10};
    ck_assert_int_eq(wvm_host_fd_copy(&c), -EBADF);
    c = (struct wvm_host_fd_copy){.from = write_only, .to = to, .len = 10};
    ck_assert_int_eq(wvm_host_fd_copy(&c), -EBADF);
    c = (struct wvm_host_fd_copy){.from = from, .to = -1, .len = 10};
    ck_assert_int_eq(wvm_host_fd_copy(&c), -EBADF);
    /* The target is full. */
    c = (struct wvm_host_fd_copy){.from = from, .to = open("/dev/full", O_RDWR), .len = 10};
    ck_assert_int_eq(wvm_host_fd_copy(&c), -ENOSPC);
    close(c.to);
    close(from);
    close(to);
    close(write_only);
}
END_TEST

int main(void)
{
    Suite *s = suite_create("host_contents");
    TCase *c = tcase_create("all");
    tcase_add_test(c, reads);
    tcase_add_loop_test(c, copies, 0, 2);
    tcase_add_test(c, copies_to_a_place);
    tcase_add_test(c, refusals);
    suite_add_tcase(s, c);
    return unit_run(s);
}
