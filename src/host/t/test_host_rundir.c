/* The run directory: where it is found, and everything that it must not be. */
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "base/options.h"
#include "base/t/unit.h"
#include "host/host_private.h"
#include "host/host_rundir.h"

static char root[64], shm[80], tmp[80], runtime[80], place[160], path[WVM_HOST_RUNDIR_CAP];

static const char *in(const char *dir, const char *name)
{
    snprintf(place, sizeof place, "%s/%s", dir, name);
    return place;
}

static const char *named(void)
{
    static char name[32];
    snprintf(name, sizeof name, "winvm-%u", (unsigned)geteuid());
    return name;
}

static void set_up(void)
{
    strcpy(root, "/tmp/winvm-rundir-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(root));
    ck_assert_int_eq(chmod(root, 0755), 0);
    ck_assert_int_eq(mkdir(strcpy(shm, in(root, "shm")), 01777), 0);
    ck_assert_int_eq(mkdir(strcpy(tmp, in(root, "tmp")), 01777), 0);
    ck_assert_int_eq(mkdir(strcpy(runtime, in(root, "run")), 0700), 0);
    ck_assert_int_eq(chmod(shm, 01777), 0);
    ck_assert_int_eq(chmod(tmp, 01777), 0);
    setenv("XDG_RUNTIME_DIR", runtime, 1);
    wvm_host_init();
    wvm_host_shm_root = shm;
    wvm_host_tmp_root = tmp;
}

static void tear_down(void)
{
    char command[100];
    snprintf(command, sizeof command, "rm -rf %s", root);
    ck_assert_int_eq(system(command), 0);
}

/* Opens, closes, and demands this directory with mode 0700. */
static void expect_place(const char *want)
{
    struct stat st, by_name;
    errno = ERANGE;
    int fd = wvm_host_rundir_open(path, sizeof path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(errno, ERANGE);
    ck_assert_str_eq(path, want);
    ck_assert_int_eq(fcntl(fd, F_GETFD), FD_CLOEXEC);
    ck_assert_int_eq(fstat(fd, &st), 0);
    ck_assert_int_eq(stat(want, &by_name), 0);
    ck_assert_uint_eq(st.st_ino, by_name.st_ino);
    ck_assert_uint_eq(st.st_mode & 07777, 0700);
    ck_assert_uint_eq(st.st_uid, geteuid());
    close(fd);
}

static void expect_refused(void)
{
    errno = ERANGE;
    ck_assert_int_eq(wvm_host_rundir_open(NULL, 0), -EACCES);
    ck_assert_int_eq(errno, ERANGE);
}

START_TEST(places_in_order)
{
    expect_place(in(shm, named()));
    expect_place(in(shm, named()));
    wvm_host_shm_root = "/nonexistent";
    expect_place(in(runtime, "winvm"));
    unsetenv("XDG_RUNTIME_DIR");
    wvm_host_rundir_init();
    expect_place(in(tmp, named()));
    setenv("XDG_RUNTIME_DIR", "relative", 1);
    wvm_host_rundir_init();
    expect_place(in(tmp, named()));
    wvm_host_tmp_root = "/nonexistent";
    ck_assert_int_eq(wvm_host_rundir_open(NULL, 0), -ENOENT);
}
END_TEST

START_TEST(umask_does_not_matter)
{
    mode_t before = umask(0777);
    expect_place(in(shm, named()));
    umask(before);
}
END_TEST

START_TEST(wrong_directories_are_refused)
{
    in(shm, named());
    ck_assert_int_eq(mkdir(place, 0755), 0);
    ck_assert_int_eq(chmod(place, 0755), 0);
    expect_refused();
    ck_assert_int_eq(chmod(place, 0720), 0);
    expect_refused();
    ck_assert_int_eq(chmod(place, 0701), 0);
    expect_refused();
    ck_assert_int_eq(chmod(place, 0700), 0);
    expect_place(place);
    /* A link, even to a directory that would do, and a file. */
    ck_assert_int_eq(rmdir(place), 0);
    ck_assert_int_eq(symlink(runtime, place), 0);
    expect_refused();
    ck_assert_int_eq(unlink(place), 0);
    int fd = open(place, O_CREAT | O_WRONLY, 0700);
    ck_assert_int_ge(fd, 0);
    close(fd);
    expect_refused();
    ck_assert_int_eq(access(in(runtime, "winvm"), F_OK), -1); /* the next place was not tried */
}
END_TEST

START_TEST(strangers_are_refused)
{
    if (geteuid() != 0)
        return; /* only root can give a directory away */
    ck_assert_int_eq(mkdir(in(shm, named()), 0700), 0);
    ck_assert_int_eq(chown(place, 65534, 65534), 0);
    expect_refused();
    pid_t pid = fork();
    if (pid == 0) { /* to its own user the same name means another directory */
        char want[32];
        if (setgid(65534) != 0 || setuid(65534) != 0)
            _exit(2);
        int fd = wvm_host_rundir_open(path, sizeof path);
        snprintf(want, sizeof want, "winvm-%u", 65534u);
        _exit(fd < 0 || strstr(path, want) == NULL);
    }
    int status;
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    ck_assert_int_eq(status, 0);
}
END_TEST

START_TEST(option_comes_first)
{
    char text[200];
    snprintf(text, sizeof text, "run-dir=%s/mine", root);
    wvm_options_parse(text, NULL);
    expect_place(in(root, "mine"));
    ck_assert_int_eq(access(in(shm, named()), F_OK), -1);
    ck_assert_int_eq(chmod(in(root, "mine"), 0770), 0);
    expect_refused();
    wvm_options_parse("run-dir=relative", NULL);
    expect_refused();
    snprintf(text, sizeof text, "run-dir=%s/no/mine", root);
    wvm_options_parse(text, NULL);
    ck_assert_int_eq(wvm_host_rundir_open(NULL, 0), -ENOENT);
    ck_assert_int_eq(access(in(shm, named()), F_OK), -1);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("host_rundir", 30, &tc);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, places_in_order);
    tcase_add_test(tc, umask_does_not_matter);
    tcase_add_test(tc, wrong_directories_are_refused);
    tcase_add_test(tc, strangers_are_refused);
    tcase_add_test(tc, option_comes_first);
    return unit_run(suite);
}
