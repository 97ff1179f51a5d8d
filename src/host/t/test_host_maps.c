/* Mappings, names and modules, by query and by text, against an independent reading of the maps
 * file with libc's scanf. */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "base/arith.h"
#include "base/t/unit.h"
#include "host/host_private.h"

enum { PAGE = 4096, MAX_LINES = 4096 };

struct line {
    struct wvm_host_vma vma;
    char name[512];
};

static struct line lines[MAX_LINES];
static size_t n_lines;

static void set_up(void)
{
    wvm_host_init();
}

static char buffer[1 << 20], buffer2[1 << 20];

static void read_text(char *out, size_t cap)
{
    int fd = open("/proc/self/maps", O_RDONLY);
    size_t len = 0;
    ssize_t n;
    ck_assert_int_ge(fd, 0);
    while ((n = read(fd, out + len, cap - 1 - len)) > 0)
        len += (size_t)n;
    close(fd);
    out[len] = '\0';
}

static void parse_line(const char *text, struct line *l)
{
    uint64_t start, stop;
    unsigned major, minor;
    char perms[5];
    int used = 0;
    int got = sscanf(text, "%" SCNx64 "-%" SCNx64 " %4s %" SCNx64 " %x:%x %" SCNu64 " %n", &start,
                     &stop, perms, &l->vma.offset, &major, &minor, &l->vma.ino, &used);
    if (got < 7)
        ck_abort_msg("%d fields in: %s", got, text);
    snprintf(l->name, sizeof(l->name), "%s", text + used);
    l->vma.start = (uintptr_t)start;
    l->vma.end = (uintptr_t)stop;
    l->vma.prot = (perms[0] == 'r' ? WVM_HOST_R : 0) | (perms[1] == 'w' ? WVM_HOST_W : 0)
                | (perms[2] == 'x' ? WVM_HOST_X : 0);
    l->vma.shared = perms[3] == 's';
    l->vma.dev = l->vma.ino ? makedev(major, minor) : 0;
    if (l->vma.ino == 0)
        l->vma.offset = 0;
}

/* Reads the maps file into lines[]. */
static void read_lines(void)
{
    char text[1024];
    read_text(buffer, sizeof(buffer));
    n_lines = 0;
    for (char *at = buffer, *end; *at != '\0'; at = end + 1) {
        end = strchr(at, '\n');
        snprintf(text, sizeof(text), "%.*s", (int)(end - at), at);
        if (strstr(text, "[vsyscall]"))
            continue;
        parse_line(text, &lines[n_lines]);
        if (++n_lines == MAX_LINES)
            ck_abort_msg("more than %d mappings", MAX_LINES);
    }
}

static void check_same(const struct wvm_host_vma *got, const struct wvm_host_vma *want)
{
    ck_assert_uint_eq(got->start, want->start);
    ck_assert_uint_eq(got->end, want->end);
    ck_assert_uint_eq(got->prot, want->prot);
    ck_assert_int_eq(got->shared, want->shared);
    ck_assert_uint_eq(got->offset, want->offset);
    ck_assert_uint_eq(got->dev, want->dev);
    ck_assert_uint_eq(got->ino, want->ino);
}

enum { N_PROBES = 3 };
static struct wvm_host_vma found[MAX_LINES][N_PROBES];
static int result[MAX_LINES][N_PROBES];

/* Asks from the end of the mapping before, from each mapping's first and last byte. */
static void ask_all(void)
{
    uintptr_t before = 0;
    for (size_t i = 0; i < n_lines; i++) {
        const uintptr_t at[N_PROBES] = {before, lines[i].vma.start, lines[i].vma.end - 1};
        for (int k = 0; k < N_PROBES; k++)
            result[i][k] = wvm_host_map_find(at[k], &found[i][k]);
        before = lines[i].vma.end;
    }
}

/* The test's own calls (and a sanitizer's allocator) may add mappings meanwhile; then again. */
static void check_walk(void)
{
    struct wvm_host_vma v;
    size_t count = 0;
    int tries = 0;
    do {
        ck_assert_int_lt(tries++, 20);
        read_lines();
        ask_all();
        count = wvm_host_map_count();
        read_text(buffer2, sizeof(buffer2));
    } while (strcmp(buffer, buffer2) != 0);
    ck_assert_uint_eq(count, n_lines);
    for (size_t i = 0; i < n_lines; i++)
        for (int k = 0; k < N_PROBES; k++) {
            ck_assert_int_eq(result[i][k], 1);
            check_same(&found[i][k], &lines[i].vma);
        }
    ck_assert_int_eq(wvm_host_map_find(lines[n_lines - 1].vma.end, &v), 0);
    ck_assert_int_eq(wvm_host_map_find(wvm_host_caps.top, &v), 0);
}

/* Some of each kind: shared, private and anonymous mappings with holes between them. */
static void make_mappings(void)
{
    int fd = memfd_create("maps test", MFD_CLOEXEC);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, 64 * PAGE), 0);
    char *base = mmap(NULL, 64 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(base, MAP_FAILED);
    for (int i = 0; i < 8; i++) {
        static const int prots[] = {PROT_NONE, PROT_READ, PROT_READ | PROT_WRITE,
                                    PROT_READ | PROT_EXEC};
        int flags = MAP_FIXED | (i & 4 ? MAP_SHARED : MAP_PRIVATE);
        char *at = base + (i * 6 + 2) * PAGE;
        ck_assert_ptr_eq(mmap(at, 3 * PAGE, prots[i & 3], flags, fd, i * PAGE), at);
        munmap(base + (i * 6) * PAGE, PAGE);
    }
    ck_assert_ptr_ne(mmap(NULL, PAGE, PROT_READ, MAP_SHARED | MAP_ANONYMOUS, -1, 0), MAP_FAILED);
    close(fd);
}

START_TEST(walk_by_query)
{
    if (!wvm_host_caps.procmap_query)
        return;
    check_walk();
    make_mappings();
    check_walk();
}
END_TEST

START_TEST(walk_by_text)
{
    wvm_host_caps.procmap_query = false;
    check_walk();
    make_mappings();
    check_walk();
}
END_TEST

/* 3,000 mappings: the text is much longer than the reader's buffer. */
START_TEST(walk_of_many)
{
    char *base = mmap(NULL, 6000 * PAGE, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    ck_assert_ptr_ne(base, MAP_FAILED);
    for (int i = 0; i < 1500; i++)
        ck_assert_int_eq(mprotect(base + (2 * i + 1) * PAGE, PAGE, PROT_READ), 0);
    if (wvm_host_caps.procmap_query)
        check_walk();
    read_lines();
    ck_assert_uint_ge(n_lines, 3000);
    wvm_host_caps.procmap_query = false;
    for (size_t i = 0; i < n_lines; i += 97) {
        struct wvm_host_vma v;
        ck_assert_int_eq(wvm_host_map_find(lines[i].vma.start, &v), 1);
        check_same(&v, &lines[i].vma);
    }
}
END_TEST

/* Device and inode are those of stat(), where the file system has one device number. */
START_TEST(identity_is_that_of_stat)
{
    struct stat st;
    struct wvm_host_vma v;
    char name[] = "/dev/shm/winvm-maps-XXXXXX";
    int fd = mkstemp(name);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, 4 * PAGE), 0);
    ck_assert_int_eq(fstat(fd, &st), 0);
    void *at = mmap(NULL, PAGE, PROT_READ, MAP_SHARED, fd, 2 * PAGE);
    unlink(name);
    for (int way = 0; way < 2; way++) {
        ck_assert_int_eq(wvm_host_map_find((uintptr_t)at, &v), 1);
        ck_assert_uint_eq(v.dev, st.st_dev);
        ck_assert_uint_eq(v.ino, st.st_ino);
        ck_assert_uint_eq(v.offset, 2 * PAGE);
        wvm_host_caps.procmap_query = false;
    }
}
END_TEST

static void check_names(void)
{
    char name[1024];
    read_lines();
    for (size_t i = 0; i < n_lines; i++) {
        ssize_t n = wvm_host_map_name(lines[i].vma.start + PAGE / 2, name, sizeof(name));
        if (lines[i].vma.ino == 0) {
            ck_assert_int_eq((int)n, -ENOENT);
            ck_assert_str_eq(name, "");
        } else {
            ck_assert_int_eq((int)n, (int)strlen(lines[i].name));
            ck_assert_str_eq(name, lines[i].name);
        }
    }
    ck_assert_int_eq((int)wvm_host_map_name(0, name, sizeof(name)), -ENOENT);
}

START_TEST(names_by_both_ways)
{
    make_mappings();
    check_names();
    wvm_host_caps.procmap_query = false;
    check_names();
}
END_TEST

/* A path with a newline, blanks, and nearly PATH_MAX long in several steps. */
START_TEST(strange_names)
{
    char dir[] = "/tmp/winvm-maps-XXXXXX", path[3000], name[3000];
    ck_assert_ptr_nonnull(mkdtemp(dir));
    snprintf(path, sizeof(path), "%s", dir);
    for (int i = 0; i < 10; i++) {
        size_t len = strlen(path);
        memset(path + len, 'd', 240);
        path[len] = '/';
        path[len + 240] = '\0';
        ck_assert_int_eq(mkdir(path, 0700), 0);
    }
    strcat(path, "/two\nlines and  blanks ");
    int fd = open(path, O_RDWR | O_CREAT, 0600);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(ftruncate(fd, PAGE), 0);
    void *at = mmap(NULL, PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
    ck_assert_ptr_ne(at, MAP_FAILED);
    for (int way = 0; way < 2; way++) {
        ck_assert_int_eq((int)wvm_host_map_name((uintptr_t)at, name, sizeof(name)),
                         (int)strlen(path));
        ck_assert_str_eq(name, path);
        ck_assert_int_eq((int)wvm_host_map_name((uintptr_t)at, name, 10), 9); /* cut, terminated */
        ck_assert_int_eq(strncmp(name, path, 9), 0);
        ck_assert_int_eq(name[9], '\0');
        wvm_host_caps.procmap_query = false;
    }
    char command[64];
    snprintf(command, sizeof(command), "rm -r %s", dir);
    ck_assert_int_eq(system(command), 0);
}
END_TEST

/* Every address of a module gives the same range, from the mapping with its headers on. */
static void check_module(const void *code, const void *data)
{
    uintptr_t start = 0, end = 0, start2 = 0, end2 = 0;
    ck_assert(wvm_host_module((uintptr_t)code, &start, &end));
    ck_assert_uint_le(start, (uintptr_t)code);
    ck_assert_uint_gt(end, (uintptr_t)code);
    ck_assert_int_eq(memcmp((void *)start, "\177ELF", 4), 0);
    ck_assert_uint_eq(end % PAGE, 0);
    ck_assert(wvm_host_module((uintptr_t)data, &start2, &end2));
    ck_assert_uint_eq(start, start2);
    ck_assert_uint_eq(end, end2);
    ck_assert(wvm_host_module(start, &start2, &end2));
    ck_assert(wvm_host_module(end - 1, &start2, &end2));
    ck_assert_uint_eq(start, start2);
    if (wvm_host_module(end, &start2, &end2))
        ck_assert_uint_ne(start, start2);
}

/* The fallback finds the same ranges as the C library. */
static void check_module_by_maps(const void *addr)
{
    uintptr_t start = 0, end = 0, start2 = 0, end2 = 0;
    ck_assert(wvm_host_module((uintptr_t)addr, &start, &end));
    for (uintptr_t at = start; at < end; at += 3 * PAGE) {
        struct wvm_host_vma v;
        if (wvm_host_map_find(at, &v) != 1 || v.start > at)
            continue; /* a hole between segments */
        ck_assert(wvm_host_module_by_maps(0, at, &start2, &end2));
        ck_assert_uint_eq(start, start2);
        ck_assert_uint_eq(end, end2);
    }
}

static char own_data[3 * PAGE] = "data";
static char own_zeroes[20 * PAGE];

START_TEST(modules)
{
    check_module((void *)(uintptr_t)check_module, own_data);
    check_module((void *)(uintptr_t)check_module, own_zeroes + sizeof(own_zeroes) - 1);
    check_module(dlsym(RTLD_DEFAULT, "getenv"), dlsym(RTLD_DEFAULT, "stdout"));
    check_module_by_maps((void *)(uintptr_t)check_module);
    check_module_by_maps(own_zeroes);
    check_module_by_maps(dlsym(RTLD_DEFAULT, "getenv"));
}
END_TEST

/* A file that is only mapped is no module; neither are stack, heap and nothing. */
START_TEST(what_is_no_module)
{
    uintptr_t start = 1, end = 2;
    int local;
    ck_assert(!wvm_host_module((uintptr_t)&local, &start, &end));
    void *heap = malloc(1 << 20);
    ck_assert(!wvm_host_module((uintptr_t)heap, &start, &end));
    free(heap);
    ck_assert(!wvm_host_module(0, &start, &end));
    ck_assert(!wvm_host_module(UINTPTR_MAX, &start, &end));
    int fd = open("/proc/self/exe", O_RDONLY);
    void *view = mmap(NULL, 4 * PAGE, PROT_READ, MAP_PRIVATE, fd, 0);
    ck_assert_ptr_ne(view, MAP_FAILED);
    ck_assert(!wvm_host_module((uintptr_t)view, &start, &end));
    ck_assert(!wvm_host_module_by_maps(0, (uintptr_t)view, &start, &end));
    ck_assert(!wvm_host_module_by_maps(0, (uintptr_t)&local, &start, &end));
    ck_assert(!wvm_host_module_by_maps(0, 0, &start, &end));
    ck_assert_uint_eq(start, 1);
    ck_assert_uint_eq(end, 2);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("host_maps", 60, &tc);
    tcase_add_checked_fixture(tc, set_up, NULL);
    tcase_add_test(tc, walk_by_query);
    tcase_add_test(tc, walk_by_text);
    tcase_add_test(tc, walk_of_many);
    tcase_add_test(tc, identity_is_that_of_stat);
    tcase_add_test(tc, names_by_both_ways);
    tcase_add_test(tc, strange_names);
    tcase_add_test(tc, modules);
    tcase_add_test(tc, what_is_no_module);
    return unit_run(suite);
}
