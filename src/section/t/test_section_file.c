/* Sections of files: sizes, extension, use of files. */
#include "section/t/section_unit.h"

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

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("section_file", 60, &tc);
    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_test(tc, file_sizes);
    tcase_add_test(tc, no_plain_file);
    tcase_add_test(tc, file_contents);
    tcase_add_test(tc, read_only_file);
    tcase_add_test(tc, extension);
    tcase_add_test(tc, extension_by_threads);
    tcase_add_test(tc, file_in_use);
    return unit_run(suite);
}
