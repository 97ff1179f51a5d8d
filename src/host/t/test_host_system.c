/* Memory and times of the machine, read from made-up files. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/t/unit.h"
#include "host/host_private.h"
#include "host/host_system.h"

static void set_up(void)
{
    wvm_host_init();
    errno = EDOM;
}

static void tear_down(void)
{
    ck_assert_int_eq(errno, EDOM); /* no operation may change it */
}

static void write_file(const char *dir, const char *name, const char *text)
{
    char path[512];
    snprintf(path, sizeof(path), "%s/%s", dir, name);
    FILE *f = fopen(path, "w");
    ck_assert_ptr_nonnull(f);
    fputs(text, f);
    fclose(f);
}

static void make_dir(const char *root, const char *name, char path[256])
{
    snprintf(path, 256, "%s/%s", root, name);
    char command[300];
    snprintf(command, sizeof(command), "mkdir -p '%s'", path);
    ck_assert_int_eq(system(command), 0);
}

/* root, a template for mkdtemp(), is where /proc and the control groups are read. */
static void become_root(char *root)
{
    ck_assert_ptr_nonnull(mkdtemp(root));
    wvm_host_proc_root = wvm_host_cgroup_root = root;
}

static void remove_tree(const char *root)
{
    char command[300];
    snprintf(command, sizeof(command), "rm -r '%s'", root);
    ck_assert_int_eq(system(command), 0);
    errno = EDOM;
}

/* A made-up tree of control groups: the smallest limit on the way up counts. */
START_TEST(control_group_limits)
{
    char root[] = "/tmp/winvm-cgroup-XXXXXX", dir[256];
    uint64_t ram, swap;
    become_root(root);
    make_dir(root, "self", dir);
    write_file(dir, "cgroup", "5:cpu,memory:/a/b\n3:pids:/x\n0::/u/v\n");
    make_dir(root, "u/v", dir);
    write_file(dir, "memory.max", "max\n");
    make_dir(root, "u", dir);
    write_file(dir, "memory.max", "7340032\n");
    errno = EDOM;
    wvm_host_memory_size(&ram, &swap);
    ck_assert_uint_eq(ram, 7340032);
    make_dir(root, "memory/a/b", dir);
    write_file(dir, "memory.limit_in_bytes", "9223372036854771712\n");
    make_dir(root, "memory", dir);
    write_file(dir, "memory.limit_in_bytes", "3145728\n");
    wvm_host_memory_size(&ram, &swap);
    ck_assert_uint_eq(ram, 3145728);
    errno = EDOM;
    remove_tree(root);
}
END_TEST

/* What a group has left is its limit less what it uses, idle file pages not counted. */
START_TEST(control_group_use)
{
    char root[] = "/tmp/winvm-cgroup-XXXXXX", dir[256];
    struct wvm_host_memory m;
    become_root(root);
    write_file(root, "meminfo", "MemTotal: 2048 kB\nMemAvailable:   1024 kB\n");
    wvm_host_memory_now(&m);
    ck_assert_uint_eq(m.ram, m.machine);
    ck_assert_uint_eq(m.ram_left, 1024 * 1024);
    write_file(root, "meminfo", "MemTotal: 64000000 kB\nMemAvailable: 63000000 kB\n");
    make_dir(root, "self", dir);
    write_file(dir, "cgroup", "0::/u\n");
    make_dir(root, "u", dir);
    write_file(dir, "memory.max", "7340032\n");
    wvm_host_memory_now(&m);
    ck_assert_uint_eq(m.ram, 7340032);
    ck_assert_uint_eq(m.ram_left, 7340032);
    write_file(dir, "memory.current", "5000000\n");
    wvm_host_memory_now(&m);
    ck_assert_uint_eq(m.ram_left, 2340032);
    write_file(dir, "memory.stat", "anon 10\ninactive_anon 77\ninactive_file 1000000\n");
    wvm_host_memory_now(&m);
    ck_assert_uint_eq(m.ram_left, 3340032);
    write_file(dir, "memory.current", "9000000\n");
    wvm_host_memory_now(&m);
    ck_assert_uint_eq(m.ram_left, 0);
    remove_tree(root);
}
END_TEST

/* The same for version 1, whose statistics of a group and of the groups below it differ. */
START_TEST(control_group_use_v1)
{
    char root[] = "/tmp/winvm-cgroup-XXXXXX", dir[256];
    struct wvm_host_memory m;
    become_root(root);
    make_dir(root, "self", dir);
    write_file(dir, "cgroup", "4:memory:/b\n");
    make_dir(root, "memory/b", dir);
    write_file(dir, "memory.limit_in_bytes", "3145728\n");
    write_file(dir, "memory.usage_in_bytes", "3000000\n");
    write_file(dir, "memory.stat", "inactive_file 5\ntotal_inactive_file 100000\n");
    wvm_host_memory_now(&m);
    ck_assert_uint_eq(m.ram, 3145728);
    ck_assert_uint_eq(m.ram_left, 245728);
    remove_tree(root);
}
END_TEST

/* The fourth number of the first line of /proc/stat, in ticks. */
START_TEST(idle_time)
{
    char root[] = "/tmp/winvm-stat-XXXXXX";
    long hz = sysconf(_SC_CLK_TCK);
    ck_assert_ptr_nonnull(mkdtemp(root));
    wvm_host_proc_root = root;
    ck_assert_int_eq(wvm_host_idle_time(), 0);
    write_file(root, "stat", "cpu  1 2 3 4567 5 6\ncpu0 9 9 9 9\n");
    ck_assert_int_eq(wvm_host_idle_time(), 4567 * (1000000000LL / hz));
    write_file(root, "stat", "cpu  1 2\n");
    ck_assert_int_eq(wvm_host_idle_time(), 0);
    ck_assert_int_le(abs(wvm_host_minutes_west()), 24 * 60);
    remove_tree(root);
}
END_TEST

START_TEST(processor)
{
    struct wvm_host_processor p;
    wvm_host_processor(&p);
    ck_assert_uint_ge(p.family, 5);
    ck_assert_uint_le(p.stepping, 15);
    ck_assert_uint_le(p.model, 255);
    ck_assert_int_eq(!(p.features & 0x2000), !__builtin_cpu_supports("sse"));
    ck_assert_int_eq(!(p.features & 0x10000), !__builtin_cpu_supports("sse2"));
    ck_assert_int_eq(!(p.features & 0x80000), !__builtin_cpu_supports("sse3"));
    ck_assert_int_eq(!(p.features & 0x8), !__builtin_cpu_supports("cmov"));
    ck_assert_int_eq(!(p.features & 0x100), !__builtin_cpu_supports("mmx"));
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("host_system", 20, &tc);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, control_group_limits);
    tcase_add_test(tc, control_group_use);
    tcase_add_test(tc, control_group_use_v1);
    tcase_add_test(tc, idle_time);
    tcase_add_test(tc, processor);
    return unit_run(suite);
}
