/* Images against files that are right, and against files that are wrong in one way each. */
#include "section/t/image_unit.h"

static size_t usual(bool is_32)
{
    struct pe_plan p = pe_plan_usual(is_32);
    size_t n = pe_build(&p, unit_file, UNIT_CAP);
    ck_assert_uint_ne(n, 0);
    return n;
}

static void check_part(const struct wvm_image_info *info, unsigned i, uint64_t start, uint64_t end,
                       uint8_t attr)
{
    ck_assert_uint_lt(i, info->n_parts);
    ck_assert_uint_eq(info->part[i].start, start);
    ck_assert_uint_eq(info->part[i].end, end);
    ck_assert_uint_eq(info->part[i].attr, attr);
}

/* ---- Files that are right ---- */
START_TEST(what_is_told)
{
    struct wvm_image_info info;
    bool is_32 = _i;
    size_t n = usual(is_32);
    unit_make(unit_file, n, false, &info);
    ck_assert_uint_eq(info.preferred, is_32 ? 0x10000000 : 0x7ff654320000);
    ck_assert_uint_eq(info.size, 0x9000);
    ck_assert_uint_eq(info.entry, 0x1010);
    ck_assert_uint_eq(info.stack_reserve, 0x200000);
    ck_assert_uint_eq(info.stack_commit, 0x3000);
    ck_assert_uint_eq(info.subsystem, 3);
    ck_assert_uint_eq(info.subsystem_major, 5);
    ck_assert_uint_eq(info.subsystem_minor, 2);
    ck_assert_uint_eq(info.os_major, 6);
    ck_assert_uint_eq(info.os_minor, 1);
    ck_assert_uint_eq(info.checksum, 0xc0ffee);
    ck_assert_uint_eq(info.file_size, n);
    ck_assert_uint_eq(info.loader_flags, 0);
    ck_assert_uint_eq(info.characteristics, is_32 ? 0x2102 : 0x2022);
    ck_assert_uint_eq(info.dll_characteristics, 0x160);
    ck_assert_uint_eq(info.machine, is_32 ? 0x14c : 0x8664);
    ck_assert_uint_eq(info.has_code, 1);
    ck_assert_uint_eq(info.is_managed, 0);
    ck_assert_uint_eq(info.is_flat, 0);
}
END_TEST

START_TEST(usual_parts)
{
    static const uint8_t attr[2][5] = {
        {WVM_ATTR_RO, WVM_ATTR_XR, WVM_ATTR_RO, WVM_ATTR_WC, WVM_ATTR_WC},
        {WVM_ATTR_RO, WVM_ATTR_RO, WVM_ATTR_RO, WVM_ATTR_WC, WVM_ATTR_WC},
    };
    static const unsigned end[5] = {1, 3, 4, 7, 9};
    struct wvm_image_info info;
    unit_make(unit_file, usual(false), _i, &info);
    ck_assert_uint_eq(info.n_parts, 5);
    for (unsigned i = 0; i < 5; i++)
        check_part(&info, i, i ? end[i - 1] : 0, end[i], attr[_i][i]);
}
END_TEST

/* All rights of a section, alone and with the mark of shared memory. */
START_TEST(rights)
{
    static const uint8_t expected[2][8] = {
        {WVM_ATTR_NA, WVM_ATTR_X, WVM_ATTR_RO, WVM_ATTR_XR, WVM_ATTR_WC, WVM_ATTR_XWC, WVM_ATTR_WC,
         WVM_ATTR_XWC},
        {WVM_ATTR_NA, WVM_ATTR_RO, WVM_ATTR_RO, WVM_ATTR_RO, WVM_ATTR_WC, WVM_ATTR_WC, WVM_ATTR_WC,
         WVM_ATTR_WC},
    };
    for (unsigned k = 0; k < 32; k++) {
        struct pe_plan p = pe_plan_usual(k & 16);
        struct wvm_image_info info;
        p.section[1].flags = (uint32_t)(k % 8) << 29 | (k & 8 ? PE_SHARED : 0) | PE_CODE;
        unit_make(unit_file, pe_build(&p, unit_file, UNIT_CAP), _i, &info);
        check_part(&info, 2, 3, 4, expected[_i][k % 8]);
    }
}
END_TEST

START_TEST(gaps_and_rest)
{
    struct pe_plan p = pe_plan_usual(false);
    struct wvm_image_info info;
    p.section_align = 0x10000;
    size_t n = pe_build(&p, unit_file, UNIT_CAP);
    pe_put(unit_file, PE_IMAGE_SIZE, 4, 0x52345);
    unit_make(unit_file, n, false, &info);
    ck_assert_uint_eq(info.size, 0x53000);
    ck_assert_uint_eq(info.n_parts, 10);
    check_part(&info, 0, 0, 1, WVM_ATTR_RO);
    check_part(&info, 1, 1, 16, WVM_ATTR_NA);
    check_part(&info, 2, 16, 18, WVM_ATTR_XR);
    check_part(&info, 3, 18, 32, WVM_ATTR_NA);
    check_part(&info, 8, 64, 66, WVM_ATTR_WC);
    check_part(&info, 9, 66, 83, WVM_ATTR_NA);
    /* The last section need not fill its alignment. */
    pe_put(unit_file, PE_IMAGE_SIZE, 4, 0x41800);
    unit_make(unit_file, n, false, &info);
    ck_assert_uint_eq(info.n_parts, 9);
    pe_put(unit_file, PE_IMAGE_SIZE, 4, 0x41000);
    UNIT_STATUS(unit_file, n, STATUS_INVALID_IMAGE_FORMAT);
}
END_TEST

START_TEST(headers_of_several_pages)
{
    struct pe_plan p = pe_plan_usual(false);
    struct wvm_image_info info;
    p.n = 96;
    for (unsigned i = 0; i < p.n; i++)
        p.section[i] = (struct pe_plan_section){0x1000 + i, i % 3 * 0x200, PE_R};
    unit_make(unit_file, pe_build(&p, unit_file, UNIT_CAP), false, &info);
    check_part(&info, 0, 0, 2, WVM_ATTR_RO);
    ck_assert_uint_eq(info.n_parts, 97);
    p.section_align = 0x10000;
    unit_make(unit_file, pe_build(&p, unit_file, UNIT_CAP), false, &info);
    ck_assert_uint_eq(info.n_parts, 194);
    p.n = 97;
    UNIT_STATUS(unit_file, pe_build(&p, unit_file, UNIT_CAP), STATUS_INVALID_IMAGE_FORMAT);
}
END_TEST

/* Sections aligned to less than a page: memory is the file, every page of one kind. */
START_TEST(flat)
{
    struct pe_plan p = pe_plan_usual(false);
    struct wvm_image_info info;
    p.section_align = p.file_align = 0x200 >> _i;
    p.n = 3;
    for (unsigned i = 0; i < p.n; i++)
        p.section[i].virtual_size = p.section[i].raw_size;
    size_t n = pe_build(&p, unit_file, UNIT_CAP);
    unit_make(unit_file, n, false, &info);
    ck_assert_uint_eq(info.n_parts, 1);
    check_part(&info, 0, 0, info.size / 4096, WVM_ATTR_XWC);
    ck_assert_uint_eq(info.is_flat, 1);
    unit_make(unit_file, n, true, &info);
    check_part(&info, 0, 0, info.size / 4096, WVM_ATTR_WC);
    size_t at = pe_section_at(&p, 1);
    pe_put(unit_file, at + PE_RAW_AT, 4, pe_get(unit_file, at + PE_RAW_AT, 4) - 0x10);
    UNIT_STATUS(unit_file, n, STATUS_INVALID_IMAGE_FORMAT);
    pe_build(&p, unit_file, UNIT_CAP);
    UNIT_STATUS(unit_file, n - 1, STATUS_INVALID_FILE_FOR_SECTION);
    pe_put(unit_file, pe_section_at(&p, 2) + PE_VIRTUAL_SIZE, 4, 0xfffffff0);
    UNIT_STATUS(unit_file, n, STATUS_INVALID_IMAGE_FORMAT);
}
END_TEST

START_TEST(no_sections)
{
    struct pe_plan p = pe_plan_usual(false);
    struct wvm_image_info info;
    p.n = 0;
    size_t n = pe_build(&p, unit_file, UNIT_CAP);
    pe_put(unit_file, PE_IMAGE_SIZE, 4, 0x3000);
    unit_make(unit_file, n, false, &info);
    ck_assert_uint_eq(info.n_parts, 2);
    /* Headers that are longer than the file are zero behind it. */
    pe_put(unit_file, PE_HEADERS_SIZE, 4, 0x1800);
    unit_make(unit_file, n, false, &info);
    check_part(&info, 0, 0, 2, WVM_ATTR_RO);
}
END_TEST

START_TEST(raw_data)
{
    struct pe_plan p = pe_plan_usual(false);
    struct wvm_image_info info;
    size_t n = pe_build(&p, unit_file, UNIT_CAP), at = pe_section_at(&p, 2);
    /* Begins in the middle of a sector: counted from the sector's start. */
    pe_put(unit_file, at + PE_RAW_AT, 4, pe_get(unit_file, at + PE_RAW_AT, 4) - 0x180);
    unit_make(unit_file, n, false, &info);
    /* Longer than the memory of the section: cut at the page. */
    at = pe_section_at(&p, 1);
    pe_put(unit_file, at + PE_RAW_SIZE, 4, 0x1200);
    pe_put(unit_file, at + PE_RAW_AT, 4, 0x400);
    unit_make(unit_file, n, false, &info);
    /* Without a size in memory that of the file counts. */
    pe_put(unit_file, pe_section_at(&p, 0) + PE_VIRTUAL_SIZE, 4, 0);
    unit_make(unit_file, n, false, &info);
    check_part(&info, 1, 1, 3, WVM_ATTR_XR);
    /* A size without a place: nothing of the file. */
    pe_put(unit_file, at + PE_RAW_AT, 4, 0);
    unit_make(unit_file, n, false, &info);
    ck_assert_uint_eq(unit_expected[0x3000], 0);
}
END_TEST

START_TEST(managed)
{
    struct wvm_image_info info;
    bool is_32 = _i;
    size_t n = usual(is_32), at = PE_OPTIONAL + (is_32 ? 96 : 112) + 14 * 8;
    pe_put(unit_file, at, 4, 0x3010);
    unit_make(unit_file, n, false, &info);
    ck_assert_uint_eq(info.is_managed, 0);
    pe_put(unit_file, at + 4, 4, 0x48);
    unit_make(unit_file, n, false, &info);
    ck_assert_uint_eq(info.is_managed, 1);
    pe_put(unit_file, PE_OPTIONAL + (is_32 ? 92 : 108), 4, 14);
    unit_make(unit_file, n, false, &info);
    ck_assert_uint_eq(info.is_managed, 0);
}
END_TEST

/* ---- Files that are wrong ---- */
#define FORMAT STATUS_INVALID_IMAGE_FORMAT
#define NO_FILE STATUS_INVALID_FILE_FOR_SECTION
#define S0(field) (PE_OPTIONAL + PE_OPTIONAL_SIZE_64 + PE_##field)
#define S1(field) (S0(field) + PE_SECTION_HEADER)
#define S3(field) (S0(field) + 3 * PE_SECTION_HEADER)
struct wrong {
    unsigned at, n_bytes;
    uint64_t value;
    wvm_status status;
};
static const struct wrong wrongs[] = {
    {0, 2, 0x4d5a, STATUS_INVALID_IMAGE_NOT_MZ},
    {0, 4, 0x464c457f, STATUS_INVALID_IMAGE_NOT_MZ}, /* ELF */
    {PE_NEW_HEADER_AT, 4, 0xffffffff, STATUS_INVALID_IMAGE_PROTECT},
    {PE_NEW_HEADER_AT, 4, 0x80000000, STATUS_INVALID_IMAGE_PROTECT},
    {PE_NEW_HEADER_AT, 4, 0, STATUS_INVALID_IMAGE_PROTECT},
    {PE_NEW_HEADER_AT, 4, 0x100, STATUS_INVALID_IMAGE_PROTECT},
    {PE_NT, 4, 0, STATUS_INVALID_IMAGE_PROTECT},
    {PE_NT, 4, 0x454e, STATUS_INVALID_IMAGE_NE_FORMAT},
    {PE_NT, 2, 0x454c, STATUS_INVALID_IMAGE_LE_FORMAT},
    {PE_NT, 2, 0x584c, STATUS_INVALID_IMAGE_LE_FORMAT},
    {PE_NT, 4, 0x14550, STATUS_INVALID_IMAGE_PROTECT},
    {PE_MACHINE, 2, 0, FORMAT},
    {PE_MACHINE, 2, 0x14c, FORMAT}, /* of 32 bits */
    {PE_MACHINE, 2, 0x184, FORMAT}, /* Alpha */
    {PE_MACHINE, 2, 0xaa64, STATUS_SUCCESS},
    {PE_N_SECTIONS, 2, 0xffff, FORMAT},
    {PE_N_SECTIONS, 2, 97, FORMAT},
    {PE_N_SECTIONS, 2, 5, FORMAT},
    {PE_N_SECTIONS, 2, 3, STATUS_SUCCESS},
    {PE_OPTIONAL_SIZE, 2, 0, FORMAT},
    {PE_OPTIONAL_SIZE, 2, 111, FORMAT},
    {PE_OPTIONAL_SIZE, 2, 0xffff, FORMAT},
    {PE_OPTIONAL_SIZE, 2, 241, FORMAT},
    {PE_CHARACTERISTICS, 2, 0x2020, FORMAT},
    {PE_MAGIC, 2, 0x10b, FORMAT},
    {PE_MAGIC, 2, 0x107, FORMAT},
    {PE_MAGIC, 2, 0, FORMAT},
    {PE_BASE_64, 8, 0x7ff654321000, FORMAT},
    {PE_BASE_64, 8, 0xffffffffffff0000, STATUS_SUCCESS},
    {PE_BASE_64, 8, 0, STATUS_SUCCESS},
    {PE_ENTRY, 4, 0xffffffff, STATUS_SUCCESS}, /* nobody jumps there */
    {PE_SECTION_ALIGN, 4, 0, FORMAT},
    {PE_SECTION_ALIGN, 4, 0x1800, FORMAT},
    {PE_SECTION_ALIGN, 4, 0x100, FORMAT},
    {PE_SECTION_ALIGN, 4, 0x800, FORMAT},
    {PE_SECTION_ALIGN, 4, 0x2000, FORMAT},
    {PE_SECTION_ALIGN, 4, 0x80000000, FORMAT},
    {PE_SECTION_ALIGN, 4, 0xffffffff, FORMAT},
    {PE_FILE_ALIGN, 4, 0, FORMAT},
    {PE_FILE_ALIGN, 4, 0x100, FORMAT},
    {PE_FILE_ALIGN, 4, 0x300, FORMAT},
    {PE_FILE_ALIGN, 4, 0x2000, FORMAT},
    {PE_FILE_ALIGN, 4, 0x1000, STATUS_SUCCESS},
    {PE_IMAGE_SIZE, 4, 0, FORMAT},
    {PE_IMAGE_SIZE, 4, 0x8000, FORMAT},
    {PE_IMAGE_SIZE, 4, 0x8001, STATUS_SUCCESS},
    {PE_IMAGE_SIZE, 4, 0x80000000, STATUS_SUCCESS},
    {PE_IMAGE_SIZE, 4, 0x80000001, FORMAT},
    {PE_IMAGE_SIZE, 4, 0xffffffff, FORMAT},
    {PE_HEADERS_SIZE, 4, 0, FORMAT},
    {PE_HEADERS_SIZE, 4, 0x1001, FORMAT},
    {PE_HEADERS_SIZE, 4, 0x1000, STATUS_SUCCESS},
    {PE_HEADERS_SIZE, 4, 0x10000, FORMAT},
    {PE_HEADERS_SIZE, 4, 0xffffffff, FORMAT},
    {S0(VIRTUAL_AT), 4, 0, FORMAT},
    {S0(VIRTUAL_AT), 4, 0x2000, FORMAT},
    {S0(VIRTUAL_AT), 4, 0x1001, FORMAT},
    {S0(VIRTUAL_AT), 4, 0xfffff000, FORMAT},
    {S0(VIRTUAL_SIZE), 4, 0x1000, FORMAT},     /* a hole behind it */
    {S0(VIRTUAL_SIZE), 4, 0x2001, FORMAT},     /* into the next one */
    {S0(VIRTUAL_SIZE), 4, 0xffffffff, FORMAT},
    {S0(RAW_SIZE), 4, 0xffffffff, FORMAT},
    {S0(RAW_SIZE), 4, 0xfffffc00 - 1, NO_FILE},
    {S0(RAW_AT), 4, 0xffffffff, FORMAT},
    {S0(RAW_AT), 4, 0x7fffffff, NO_FILE},
    {S1(VIRTUAL_AT), 4, 0x1000, FORMAT},       /* the same memory twice */
    {S1(VIRTUAL_AT), 4, 0x4000, FORMAT},
    {S1(FLAGS), 4, 0, STATUS_SUCCESS},
    {S3(VIRTUAL_SIZE), 4, 0, FORMAT},          /* neither memory nor file */
    {S3(VIRTUAL_SIZE), 4, 0x2001, FORMAT},
    {S3(RAW_AT), 4, 0xffffffff, STATUS_SUCCESS}, /* of nothing */
    {S3(RAW_SIZE), 4, 0xffffffff, STATUS_SUCCESS}, /* nowhere */
};

START_TEST(one_wrong_field)
{
    const struct wrong *w = &wrongs[_i];
    size_t n = usual(false);
    ck_assert_uint_lt(w->at, n);
    pe_put(unit_file, w->at, w->n_bytes, w->value);
    uint32_t status = (uint32_t)unit_status(unit_file, n);
    ck_assert_msg(status == (uint32_t)w->status, "at 0x%x = 0x%llx: 0x%x instead of 0x%x", w->at,
                  (unsigned long long)w->value, status, (uint32_t)w->status);
}
END_TEST

START_TEST(older_files)
{
    size_t n = usual(false);
    pe_put(unit_file, PE_NT, 4, 0x454e);
    pe_put(unit_file, PE_NT + 0x36, 1, 1);
    UNIT_STATUS(unit_file, n, STATUS_INVALID_IMAGE_NE_FORMAT);
    pe_put(unit_file, PE_NT + 0x36, 1, 2);
    UNIT_STATUS(unit_file, n, STATUS_INVALID_IMAGE_WIN_16);
    pe_put(unit_file, PE_NT + 0x36, 1, 5);
    UNIT_STATUS(unit_file, n, STATUS_INVALID_IMAGE_PROTECT);
    UNIT_STATUS(unit_file, PE_NT + 0x36, STATUS_INVALID_IMAGE_NE_FORMAT);
    n = usual(false);
    memmove(unit_file + PE_NT + 2, unit_file + PE_NT, n - PE_NT - 2);
    pe_put(unit_file, PE_NEW_HEADER_AT, 4, PE_NT + 2);
    UNIT_STATUS(unit_file, n, STATUS_INVALID_IMAGE_FORMAT);
}
END_TEST

/* Every length that is too short, and what was missing first. */
START_TEST(every_truncation)
{
    bool is_32 = _i;
    struct pe_plan p = pe_plan_usual(is_32);
    p.section[0].virtual_size = p.section[0].raw_size = 0x200;
    p.section[2].raw_size = 0x200;
    size_t n = pe_build(&p, unit_file, UNIT_CAP);
    for (size_t len = 0; len <= n; len++) {
        wvm_status expected = STATUS_SUCCESS;
        if (len == 0)
            expected = STATUS_INVALID_FILE_FOR_SECTION;
        else if (len < 2)
            expected = STATUS_INVALID_IMAGE_NOT_MZ;
        else if (len < PE_NT + 4)
            expected = STATUS_INVALID_IMAGE_PROTECT;
        else if (len < pe_section_at(&p, p.n))
            expected = STATUS_INVALID_IMAGE_FORMAT;
        else if (len < n)
            expected = STATUS_INVALID_FILE_FOR_SECTION;
        ck_assert_msg(unit_status(unit_file, len) == expected, "%zu bytes", len);
    }
}
END_TEST

/* Sizes of memory that would wrap when they are added up in 32 bits. */
START_TEST(sums_that_wrap)
{
    struct pe_plan p = pe_plan_usual(_i);
    p.section[0].virtual_size = 0xfffff000;
    size_t n = pe_build(&p, unit_file, UNIT_CAP);
    pe_put(unit_file, PE_IMAGE_SIZE, 4, 0x9000);
    UNIT_STATUS(unit_file, n, STATUS_INVALID_IMAGE_FORMAT);
    for (unsigned i = 0; i < p.n; i++)
        p.section[i].virtual_size = 0x40000000;
    n = pe_build(&p, unit_file, UNIT_CAP);
    pe_put(unit_file, PE_IMAGE_SIZE, 4, 0x80000000);
    UNIT_STATUS(unit_file, n, STATUS_INVALID_IMAGE_FORMAT);
}
END_TEST

/* ---- Descriptors ---- */
START_TEST(what_is_no_file)
{
    struct wvm_image_info info;
    int image = -7, fd[2];
    ck_assert_int_eq(pipe(fd), 0);
    ck_assert(wvm_image_make(fd[0], false, &info, &image) == STATUS_INVALID_FILE_FOR_SECTION);
    close(fd[0]);
    close(fd[1]);
    ck_assert(wvm_image_make(fd[0], false, &info, &image) == STATUS_ACCESS_DENIED);
    fd[0] = open("/", O_RDONLY | O_DIRECTORY);
    ck_assert(wvm_image_make(fd[0], false, &info, &image) == STATUS_INVALID_FILE_FOR_SECTION);
    close(fd[0]);
    fd[0] = open("/dev/zero", O_RDWR);
    ck_assert(wvm_image_make(fd[0], false, &info, &image) == STATUS_INVALID_FILE_FOR_SECTION);
    close(fd[0]);
    ck_assert_int_eq(image, -7);
}
END_TEST

START_TEST(file_that_cannot_be_read)
{
    struct wvm_image_info info;
    char path[] = "/tmp/winvm-image-XXXXXX";
    int image = -7, fd = mkstemp(path);
    size_t n = usual(false);
    ck_assert_int_eq((int)write(fd, unit_file, n), (int)n);
    int write_only = open(path, O_WRONLY);
    ck_assert(wvm_image_make(write_only, false, &info, &image) == STATUS_ACCESS_DENIED);
    ck_assert(wvm_image_make(fd, false, &info, &image) == STATUS_SUCCESS);
    unit_check_contents(unit_file, n, &info, image);
    unit_close(image);
    unlink(path);
    close(write_only);
    close(fd);
}
END_TEST

static unsigned count_descriptors(void)
{
    unsigned n = 0;
    for (int fd = 0; fd < 4096; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

/* Neither the position of the program's descriptor nor errno changes; failures keep nothing; the
 * image stays when the file is cut. */
START_TEST(what_stays)
{
    struct wvm_image_info info;
    size_t n = usual(false);
    int image, fd = unit_fd(unit_file, n);
    ck_assert_int_eq((int)lseek(fd, 77, SEEK_SET), 77);
    errno = EDOM;
    ck_assert_int_eq(wvm_image_make(fd, false, &info, &image), STATUS_SUCCESS);
    ck_assert_int_eq(errno, EDOM);
    ck_assert_int_eq((int)lseek(fd, 0, SEEK_CUR), 77);
    ck_assert_int_eq(ftruncate(fd, 100), 0);
    unit_check_contents(unit_file, n, &info, image);
    unsigned before = count_descriptors();
    int other;
    ck_assert(wvm_image_make(fd, false, &info, &other) == STATUS_INVALID_IMAGE_PROTECT);
    ck_assert_uint_eq(count_descriptors(), before);
    unit_close(image);
    close(fd);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("section_image");
    TCase *c = tcase_create("right");
    tcase_add_loop_test(c, what_is_told, 0, 2);
    tcase_add_loop_test(c, usual_parts, 0, 2);
    tcase_add_loop_test(c, rights, 0, 2);
    tcase_add_test(c, gaps_and_rest);
    tcase_add_test(c, headers_of_several_pages);
    tcase_add_loop_test(c, flat, 0, 6);
    tcase_add_test(c, no_sections);
    tcase_add_test(c, raw_data);
    tcase_add_loop_test(c, managed, 0, 2);
    suite_add_tcase(s, c);
    c = tcase_create("wrong");
    tcase_add_loop_test(c, one_wrong_field, 0, WVM_ARRAY_LEN(wrongs));
    tcase_add_test(c, older_files);
    tcase_add_loop_test(c, every_truncation, 0, 2);
    tcase_add_loop_test(c, sums_that_wrap, 0, 2);
    suite_add_tcase(s, c);
    c = tcase_create("descriptors");
    tcase_add_test(c, what_is_no_file);
    tcase_add_test(c, file_that_cannot_be_read);
    tcase_add_test(c, what_stays);
    suite_add_tcase(s, c);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
