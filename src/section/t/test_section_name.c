/* Names of sections in one process: holding, finding, releasing, damage, threads, cost. */
#include <pthread.h>
#include <sys/resource.h>
#include <sys/syscall.h>
#include <time.h>

#include "section/section_registry.h"
#include "section/t/name_unit.h"

START_TEST(hold_find_release)
{
    expect_none(key_of("a"));
    struct thing t = hold(key_of("a"), 100);
    expect_found(key_of("a"), 100);
    expect_none(key_of("A"));
    expect_none(key_of("aa"));
    struct wvm_name_key global = key_of("a");
    global.global = true;
    expect_none(global);
    struct thing g = hold(global, 200);
    expect_found(key_of("a"), 100);
    expect_found(global, 200);
    let_go(&t);
    expect_none(key_of("a"));
    expect_found(global, 200);
    struct thing again = hold(key_of("a"), 300); /* the name is a new object's */
    expect_found(key_of("a"), 300);
    let_go(&again);
    let_go(&g);
    ck_assert_int_eq(registry_size(), 4096);
    wvm_name_release(0);
}
END_TEST

START_TEST(name_goes_while_the_file_stays_open)
{
    struct thing t = hold(key_of("view"), 1);
    wvm_name_release(t.name);
    expect_none(key_of("view"));
    struct thing u = hold(key_of("view"), 2);
    expect_found(key_of("view"), 2);
    let_go(&u);
    close(t.fd);
}
END_TEST

START_TEST(contents_and_lengths)
{
    uint16_t text[WVM_NAME_MAX + 1];
    for (unsigned i = 0; i <= WVM_NAME_MAX; i++)
        text[i] = (uint16_t)(0xd800 + i); /* need not be valid UTF-16 */
    struct wvm_name_key key = {.text = text, .len = WVM_NAME_MAX}, shorter = key, longer = key;
    shorter.len--;
    longer.len++;
    struct thing t = new_thing(7), found;
    memset(t.object.opaque, 0xa5, sizeof t.object.opaque);
    t.object.opaque_len = sizeof t.object.opaque;
    t.object.flags = 9;
    ck_assert_int_eq(try_hold(&key, &t), 0);
    ck_assert_int_eq(look(key, &found), 0);
    ck_assert_mem_eq(found.object.opaque, t.object.opaque, sizeof t.object.opaque);
    ck_assert_uint_eq(found.object.opaque_len, sizeof t.object.opaque);
    ck_assert(found.object.flags == 9 && found.object.kind == 1 && found.object.attr == 3);
    close(found.fd);
    expect_none(shorter);
    ck_assert_int_eq(look(longer, NULL), STATUS_OBJECT_NAME_INVALID);
    ck_assert_int_eq(try_hold(&longer, &t), STATUS_OBJECT_NAME_INVALID);
    key.len = 0;
    ck_assert_int_eq(look(key, NULL), STATUS_OBJECT_NAME_INVALID);
    let_go(&t);
}
END_TEST

START_TEST(one_object_per_name)
{
    struct thing a = hold(key_of("x"), 1), b = new_thing(2);
    struct wvm_name_key key = key_of("x");
    ck_assert_int_eq(try_hold(&key, &b), STATUS_OBJECT_NAME_COLLISION);
    ck_assert_int_eq(wvm_names_begin(), 0);
    ck_assert_uint_eq(wvm_name_of(&key), a.name);
    struct wvm_name_key other = key_of("y");
    ck_assert_uint_eq(wvm_name_of(&other), 0);
    wvm_names_end();
    let_go(&a);
    ck_assert_int_eq(wvm_names_begin(), 0);
    ck_assert_uint_eq(wvm_name_of(&key), 0);
    wvm_names_end();
    close(b.fd);
}
END_TEST

START_TEST(descriptor_closed_behind_our_back)
{
    struct thing a = hold(key_of("x"), 1);
    struct wvm_name_key key = key_of("x");
    close(a.fd);
    expect_none(key_of("x"));
    struct thing b = new_thing(2); /* may well have the same number */
    dup2(b.fd, a.fd);
    expect_none(key_of("x"));
    ck_assert_int_eq(try_hold(&key, &b), 0);
    expect_found(key_of("x"), 2);
    wvm_name_release(a.name); /* means nothing to the new object */
    expect_found(key_of("x"), 2);
    let_go(&b);
}
END_TEST

START_TEST(read_only_file)
{
    char path[100];
    struct wvm_host_fd_info info;
    struct wvm_name_key key = key_of("file");
    snprintf(path, sizeof path, "%s/file", root);
    int made = open(path, O_RDWR | O_CREAT, 0600);
    ck_assert_int_ge(made, 0);
    close(made);
    struct thing t = {.fd = open(path, O_RDONLY | O_CLOEXEC)}, found;
    ck_assert_int_eq(wvm_host_fd_info(t.fd, &info), 0);
    t.object.dev = info.dev;
    t.object.ino = info.ino;
    ck_assert_int_eq(try_hold(&key, &t), 0);
    ck_assert_int_eq(look(key, &found), 0);
    ck_assert_int_eq(wvm_host_fd_info(found.fd, &info), 0);
    ck_assert(info.readable && !info.writable);
    close(found.fd);
    let_go(&t);
}
END_TEST

START_TEST(handler_inside)
{
    struct thing t = hold(key_of("x"), 1);
    ck_assert_int_eq(wvm_names_begin(), 0);
    ck_assert_int_eq(wvm_names_begin(), STATUS_POSSIBLE_DEADLOCK);
    wvm_name_release(t.name); /* as a handler would: made by end */
    wvm_names_end();
    expect_none(key_of("x"));
    ck_assert_int_eq(registry_size(), 4096);
    close(t.fd);
}
END_TEST

START_TEST(wrong_directory)
{
    char run[100];
    struct thing t = hold(key_of("x"), 1);
    snprintf(run, sizeof run, "%s/run", root);
    ck_assert_int_eq(chmod(run, 0750), 0);
    ck_assert_int_eq(wvm_names_begin(), STATUS_ACCESS_DENIED);
    wvm_name_release(t.name); /* later */
    ck_assert_int_eq(chmod(run, 0700), 0);
    expect_none(key_of("x"));
    /* The file itself. */
    ck_assert_int_eq(chmod(registry_path(), 0640), 0);
    ck_assert_int_eq(wvm_names_begin(), STATUS_ACCESS_DENIED);
    ck_assert_int_eq(unlink(registry_path()), 0);
    ck_assert_int_eq(symlink("/etc/passwd", registry_path()), 0);
    ck_assert_int_eq(wvm_names_begin(), STATUS_ACCESS_DENIED);
    ck_assert_int_eq(unlink(registry_path()), 0);
    ck_assert_int_eq(mkfifo(registry_path(), 0600), 0);
    ck_assert_int_eq(wvm_names_begin(), STATUS_ACCESS_DENIED);
    ck_assert_int_eq(unlink(registry_path()), 0);
    wvm_options_parse("run-dir=/nonexistent/run", NULL);
    ck_assert_int_eq(wvm_names_begin(), STATUS_NO_MEMORY);
    close(t.fd);
}
END_TEST

/* Whatever is in the file, calls answer and the registry works again. */
START_TEST(damaged_file)
{
    unsigned seed = 1 + (unsigned)_i;
    struct thing old = hold(key_of("old"), 1);
    int fd = open(registry_path(), O_RDWR | O_CLOEXEC);
    for (unsigned i = 0; i < 300; i++) {
        uint32_t junk[16];
        for (unsigned k = 0; k < 16; k++)
            junk[k] = (uint32_t)rand_r(&seed) >> (k % 4 * 8);
        off_t at = rand_r(&seed) % (4096 + 6144 + 2000);
        ck_assert_int_eq(syscall(SYS_pwrite64, fd, junk, sizeof junk, at), sizeof junk);
        if (i % 50 == 49)
            ck_assert_int_eq((int)syscall(SYS_ftruncate, fd, rand_r(&seed) % 90000), 0);
        (void)look(key_of("old"), NULL);
        struct thing t = new_thing(i);
        struct wvm_name_key key = numbered("n", i);
        if (try_hold(&key, &t) == 0)
            wvm_name_release(t.name);
        close(t.fd);
    }
    close(fd);
    let_go(&old);
    ck_assert_int_eq((int)syscall(SYS_truncate, registry_path(), 10), 0);
    struct thing t = hold(key_of("new"), 5);
    expect_found(key_of("new"), 5);
    let_go(&t);
}
END_TEST

START_TEST(file_size_limit)
{
    struct rlimit lim, small = {6000, RLIM_INFINITY};
    struct thing t = new_thing(1);
    struct wvm_name_key key = key_of("x");
    ck_assert_int_eq(getrlimit(RLIMIT_FSIZE, &lim), 0);
    small.rlim_max = lim.rlim_max;
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    ck_assert_int_eq(try_hold(&key, &t), STATUS_INSUFFICIENT_RESOURCES);
    expect_none(key);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &lim), 0);
    ck_assert_int_eq(try_hold(&key, &t), 0);
    /* The file has room for more by now, but not where this process may write. */
    struct thing u = new_thing(2);
    struct wvm_name_key second = key_of("y");
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &small), 0);
    ck_assert_int_eq(try_hold(&second, &u), STATUS_INSUFFICIENT_RESOURCES);
    expect_none(second);
    expect_found(key, 1);
    ck_assert_int_eq(setrlimit(RLIMIT_FSIZE, &lim), 0);
    close(u.fd);
    let_go(&t);
}
END_TEST

/* ---- threads ---- */

static unsigned thread_errors;

static void *two_names(void *arg)
{
    const char *prefix = arg;
    is_child = true;
    for (unsigned i = 0; i < 2000; i++) {
        struct wvm_name_key key;
        /* Never twice the same: a child that was forked meanwhile holds what was held then. */
        uint16_t text[2] = {(uint16_t)prefix[0], (uint16_t)(0x100 + i)};
        key = (struct wvm_name_key){.text = text, .len = 2};
        struct thing t = new_thing(i);
        struct wvm_name_object found;
        int fd = -1;
        bool writable;
        if (wvm_names_begin() < 0 || wvm_name_hold(&key, &t.object, t.fd, &t.name) < 0
            || wvm_name_of(&key) != t.name || wvm_name_find(&key, &found, &fd, &writable) < 0
            || found.size != i)
            __atomic_fetch_add(&thread_errors, 1, __ATOMIC_RELAXED);
        wvm_names_end();
        close(fd);
        let_go(&t);
    }
    return NULL;
}

START_TEST(threads)
{
    pthread_t a, b;
    ck_assert_int_eq(pthread_create(&a, NULL, two_names, (void *)"a"), 0);
    ck_assert_int_eq(pthread_create(&b, NULL, two_names, (void *)"b"), 0);
    for (unsigned i = 0; i < 20; i++) { /* children must find the locks free */
        struct child c = start_child(hold_one);
        wait_ready(&c);
        expect_found(key_of("one"), 11);
        end_child(&c, SIGKILL);
    }
    pthread_join(a, NULL);
    pthread_join(b, NULL);
    ck_assert_uint_eq(thread_errors, 0);
    expect_none(key_of("one"));
}
END_TEST

/* ---- cost ---- */

static double now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

/* Microseconds of holding and releasing one more name, and of finding one, among what there is. */
static double cost_of_one(const char *text)
{
    double start = now();
    for (unsigned i = 0; i < 100; i++) {
        struct thing t = hold(key_of("extra"), 1);
        expect_found(key_of("extra"), 1);
        let_go(&t);
    }
    double each = (now() - start) / 100;
    printf("# hold, find and release among %s: %.1f us\n", text, each);
    return each;
}

START_TEST(a_thousand_names)
{
    static struct thing t[1000];
    struct rlimit lim;
    getrlimit(RLIMIT_NOFILE, &lim);
    lim.rlim_cur = lim.rlim_max;
    setrlimit(RLIMIT_NOFILE, &lim);
    double few = cost_of_one("none"), start = now();
    for (unsigned i = 0; i < 1000; i++)
        t[i] = hold(numbered("name", i), i);
    printf("# 1000 names: %.1f us each\n", (now() - start) / 1000);
    double many = cost_of_one("1000");
    start = now();
    for (unsigned i = 0; i < 1000; i++)
        expect_found(numbered("name", i), i);
    printf("# finding each of 1000: %.1f us\n", (now() - start) / 1000);
    start = now();
    struct child c = start_child(nothing);
    wait_ready(&c);
    printf("# fork with 1000 names: %.1f us\n", now() - start);
    end_child(&c, 0);
    start = now();
    ck_assert_int_eq(wvm_names_begin(), 0);
    wvm_holder_purge();
    wvm_names_end();
    printf("# purge with 1000 names: %.1f us\n", now() - start);
    for (unsigned i = 0; i < 1000; i++)
        let_go(&t[i]);
    ck_assert_int_eq(registry_size(), 4096);
    ck_assert(many < few + 3000); /* one pass, not one process check for each name */
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("section_name", 120, &tc);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, hold_find_release);
    tcase_add_test(tc, name_goes_while_the_file_stays_open);
    tcase_add_test(tc, contents_and_lengths);
    tcase_add_test(tc, one_object_per_name);
    tcase_add_test(tc, descriptor_closed_behind_our_back);
    tcase_add_test(tc, read_only_file);
    tcase_add_test(tc, handler_inside);
    tcase_add_test(tc, wrong_directory);
    tcase_add_loop_test(tc, damaged_file, 0, 3);
    tcase_add_test(tc, file_size_limit);
    tcase_add_test(tc, threads);
    tcase_add_test(tc, a_thousand_names);
    return unit_run(suite);
}
