/* Images of files that are changed at random, and of files that change while they are read. */
#include <pthread.h>
#include <time.h>

#include "section/t/image_unit.h"

enum { FUZZ_IMAGES = 20000 };

static uint64_t state;

static uint32_t random_below(uint32_t n)
{
    state ^= state << 13;
    state ^= state >> 7;
    state ^= state << 17;
    return (uint32_t)(state >> 16) % n;
}

/* WVM_SEED repeats a run. */
static void seed(void)
{
    const char *text = getenv("WVM_SEED");
    state = text ? strtoull(text, NULL, 0)
                 : (uint64_t)time(NULL) * 2654435761u + (uint64_t)getpid();
    printf("# WVM_SEED=%llu\n", (unsigned long long)state);
    fflush(stdout);
    state |= 1;
}

/* A plan that is often valid. */
static size_t random_file(void)
{
    static const uint32_t aligns[] = {0x1000, 0x1000, 0x1000, 0x2000, 0x10000, 0x200, 0x20};
    struct pe_plan p = {.is_32 = random_below(2), .base = 0x400000};
    p.section_align = aligns[random_below(WVM_ARRAY_LEN(aligns))];
    p.file_align = p.section_align < 0x1000 ? p.section_align : 0x200u << random_below(2);
    p.n = random_below(7);
    for (unsigned i = 0; i < p.n; i++) {
        uint32_t raw = random_below(4) * random_below(0x600);
        uint32_t size = p.section_align < 0x1000 ? raw : random_below(0x3000) + 1;
        p.section[i] = (struct pe_plan_section){size, raw, random_below(16) << 28};
    }
    return pe_build(&p, unit_file, UNIT_CAP);
}

/* Mostly in the headers, mostly numbers at the edge of something. */
static size_t mutate(size_t n)
{
    static const uint32_t edges[] = {0, 1, 0x80, 0x1ff, 0x200, 0xfff, 0x1000, 0x1001, 0x2000,
        0x10000, 0x7fffffff, 0x80000000, 0xffff0000, 0xfffff000, 0xffffffff};
    unsigned bytes = 1u << random_below(3);
    size_t headers = n < 0x300 ? n : 0x300;
    switch (random_below(8)) {
    case 0:
        return random_below((uint32_t)n + 1);
    case 1:
        unit_file[random_below((uint32_t)n)] ^= (uint8_t)(1u << random_below(8));
        return n;
    case 2: {
        size_t at = random_below((uint32_t)headers - 8);
        pe_put(unit_file, at, bytes, pe_get(unit_file, at, bytes) + random_below(5) - 2);
        return n;
    }
    case 3:
        pe_put(unit_file, random_below((uint32_t)headers / 4 - 1) * 4, 4, (uint32_t)n);
        return n;
    default:
        pe_put(unit_file, random_below((uint32_t)headers / 4 - 1) * 4, bytes,
               edges[random_below(WVM_ARRAY_LEN(edges))]);
        return n;
    }
}

static bool is_expected(wvm_status status)
{
    static const wvm_status expected[] = {
        STATUS_INVALID_FILE_FOR_SECTION, STATUS_INVALID_IMAGE_NOT_MZ, STATUS_INVALID_IMAGE_PROTECT,
        STATUS_INVALID_IMAGE_NE_FORMAT, STATUS_INVALID_IMAGE_LE_FORMAT, STATUS_INVALID_IMAGE_WIN_16,
        STATUS_INVALID_IMAGE_FORMAT,
    };
    for (unsigned i = 0; i < WVM_ARRAY_LEN(expected); i++)
        if (status == expected[i])
            return true;
    return false;
}

/* A failure writes nothing; a success is right in every byte. True: success. */
static bool check_one(int fd, size_t n)
{
    static struct wvm_image_info info, untouched;
    int image = -7;
    memset(&info, 0x5a, sizeof info);
    untouched = info;
    ck_assert_int_eq(ftruncate(fd, 0), 0);
    ck_assert_int_eq((int)pwrite(fd, unit_file, n, 0), (int)n);
    wvm_status status = wvm_image_make(fd, false, &info, &image);
    if (status < 0) {
        ck_assert_msg(is_expected(status), "0x%x", (unsigned)status);
        ck_assert_int_eq(image, -7);
        ck_assert(memcmp(&info, &untouched, sizeof info) == 0);
        return false;
    }
    unit_check_parts(&info);
    unit_check_contents(unit_file, n, &info, image);
    unit_close(image);
    return true;
}

START_TEST(mutated)
{
    int fd = memfd_create("pe", MFD_CLOEXEC);
    unsigned good = 0, bad = 0;
    seed();
    while (good + bad < FUZZ_IMAGES) {
        size_t n = random_file();
        for (unsigned k = random_below(4); k > 0 && n >= 64; k--)
            n = mutate(n);
        if (check_one(fd, n))
            good++;
        else
            bad++;
    }
    /* Both ways were taken often. */
    ck_assert_uint_gt(good, FUZZ_IMAGES / 10);
    ck_assert_uint_gt(bad, FUZZ_IMAGES / 10);
    close(fd);
}
END_TEST

/* ---- A file that somebody else writes ---- */
static bool stop;
static size_t steady_size;

static void *keep_changing(void *arg)
{
    int fd = *(int *)arg;
    static const uint64_t values[] = {0, 0xffffffff, 0x1000, 0x80000000};
    static const unsigned at[] = {PE_N_SECTIONS, PE_IMAGE_SIZE, PE_HEADERS_SIZE, PE_NEW_HEADER_AT,
        PE_SECTION_ALIGN, PE_OPTIONAL + PE_OPTIONAL_SIZE_64 + PE_RAW_AT,
        PE_OPTIONAL + PE_OPTIONAL_SIZE_64 + PE_VIRTUAL_AT};
    for (unsigned i = 0; !__atomic_load_n(&stop, __ATOMIC_RELAXED); i++) {
        unsigned where = at[i % WVM_ARRAY_LEN(at)];
        if (pwrite(fd, &values[i / 7 % 4], where == PE_N_SECTIONS ? 2 : 4, where) < 0
            || (i % 5 == 0 && ftruncate(fd, i % 2 ? 0x280 : 0x700) < 0)
            || pwrite(fd, unit_file, steady_size, 0) < 0)
            break;
    }
    return NULL;
}

START_TEST(changes_while_read)
{
    struct pe_plan p = pe_plan_usual(false);
    struct wvm_image_info info;
    pthread_t thread;
    unsigned good = 0, bad = 0;
    steady_size = pe_build(&p, unit_file, UNIT_CAP);
    int image, fd = unit_fd(unit_file, steady_size);
    ck_assert_int_eq(pthread_create(&thread, NULL, keep_changing, &fd), 0);
    for (time_t end = time(NULL) + 2; time(NULL) < end || (good == 0 && time(NULL) < end + 20);) {
        wvm_status status = wvm_image_make(fd, false, &info, &image);
        if (status < 0) {
            ck_assert_msg(is_expected(status), "0x%x", (unsigned)status);
            bad++;
            continue;
        }
        struct stat st;
        unit_check_parts(&info);
        ck_assert_int_eq(fstat(image, &st), 0);
        ck_assert_uint_eq((uint64_t)st.st_size, info.size);
        unit_close(image);
        good++;
    }
    __atomic_store_n(&stop, true, __ATOMIC_RELAXED);
    pthread_join(thread, NULL);
    ck_assert_uint_gt(good, 0);
    ck_assert_uint_gt(bad, 0);
    close(fd);
}
END_TEST

static Suite *suite(void)
{
    Suite *s = suite_create("section_image_random");
    TCase *c = tcase_create("random");
    tcase_set_timeout(c, 200);
    tcase_add_test(c, mutated);
    tcase_add_test(c, changes_while_read);
    suite_add_tcase(s, c);
    return s;
}

int main(void)
{
    return unit_run(suite());
}
