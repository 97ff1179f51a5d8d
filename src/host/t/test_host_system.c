/* Memory and times of the machine, read from made-up files. */
#include <errno.h>
#include <stdio.h>
#include <unistd.h>

#include "base/t/unit.h"
#include "host/host_private.h"
#include "host/host_system.h"
#include "host/t/fake_root.h"

static void set_up(void)
{
    wvm_host_init();
    errno = EDOM;
}

static void tear_down(void)
{
    ck_assert_int_eq(errno, EDOM); /* no operation may change it */
}

/* root, a template for mkdtemp(), is where /proc and the control groups are read. */
static void become_root(char *root)
{
    wvm_host_proc_root = wvm_host_cgroup_root = fake_root(root);
}

/* A made-up tree of control groups: the smallest limit on the way up counts. */
START_TEST(control_group_limits)
{
    char root[] = "/tmp/winvm-cgroup-XXXXXX";
    uint64_t ram, swap;
    become_root(root);
    fake_file(root, "self/cgroup", "5:cpu,memory:/a/b\n3:pids:/x\n0::/u/v\n");
    fake_file(root, "u/v/memory.max", "max\n");
    fake_file(root, "u/memory.max", "7340032\n");
    errno = EDOM;
    wvm_host_memory_size(&ram, &swap);
    ck_assert_uint_eq(ram, 7340032);
    fake_file(root, "memory/a/b/memory.limit_in_bytes", "9223372036854771712\n");
    fake_file(root, "memory/memory.limit_in_bytes", "3145728\n");
    wvm_host_memory_size(&ram, &swap);
    ck_assert_uint_eq(ram, 3145728);
    errno = EDOM;
    fake_remove(root);
}
END_TEST

/* What a group has left is its limit less what it uses, idle file pages not counted. */
START_TEST(control_group_use)
{
    char root[] = "/tmp/winvm-cgroup-XXXXXX";
    struct wvm_host_memory m;
    become_root(root);
    fake_file(root, "meminfo", "MemTotal: 2048 kB\nMemAvailable:   1024 kB\n");
    wvm_host_memory_now(&m);
    ck_assert_uint_eq(m.ram, m.machine);
    ck_assert_uint_eq(m.ram_left, 1024 * 1024);
    fake_file(root, "meminfo", "MemTotal: 64000000 kB\nMemAvailable: 63000000 kB\n");
    fake_file(root, "self/cgroup", "0::/u\n");
    fake_file(root, "u/memory.max", "7340032\n");
    wvm_host_memory_now(&m);
    ck_assert_uint_eq(m.ram, 7340032);
    ck_assert_uint_eq(m.ram_left, 7340032);
    fake_file(root, "u/memory.current", "5000000\n");
    wvm_host_memory_now(&m);
    ck_assert_uint_eq(m.ram_left, 2340032);
    fake_file(root, "u/memory.stat", "anon 10\ninactive_anon 77\ninactive_file 1000000\n");
    wvm_host_memory_now(&m);
    ck_assert_uint_eq(m.ram_left, 3340032);
    fake_file(root, "u/memory.current", "9000000\n");
    wvm_host_memory_now(&m);
    ck_assert_uint_eq(m.ram_left, 0);
    fake_remove(root);
}
END_TEST

/* The same for version 1, whose statistics of a group and of the groups below it differ. */
START_TEST(control_group_use_v1)
{
    char root[] = "/tmp/winvm-cgroup-XXXXXX";
    struct wvm_host_memory m;
    become_root(root);
    fake_file(root, "self/cgroup", "4:memory:/b\n");
    fake_file(root, "memory/b/memory.limit_in_bytes", "3145728\n");
    fake_file(root, "memory/b/memory.usage_in_bytes", "3000000\n");
    fake_file(root, "memory/b/memory.stat", "inactive_file 5\ntotal_inactive_file 100000\n");
    wvm_host_memory_now(&m);
    ck_assert_uint_eq(m.ram, 3145728);
    ck_assert_uint_eq(m.ram_left, 245728);
    fake_remove(root);
}
END_TEST

/* Bytes of RAM and swap as these files have them. */
static struct wvm_host_memory memory_now(void)
{
    struct wvm_host_memory m;
    errno = EDOM;
    wvm_host_memory_now(&m);
    return m;
}

/* A file like /proc/self/mountinfo that tells of folders below root: "%s" in `lines`. */
static void fake_mounts(const char *root, const char *lines)
{
    char text[16384], *to = text;
    for (const char *s = lines; *s; s++) {
        if (s[0] == '%' && s[1] == 's') {
            to = stpcpy(to, root);
            s++;
        } else {
            *to++ = *s;
        }
    }
    *to = '\0';
    fake_file(root, "self/mountinfo", text);
}

/* Hierarchies are found where they are mounted; those without memory are passed over. */
START_TEST(mounted_groups)
{
    char root[] = "/tmp/winvm-cgroup-XXXXXX";
    become_root(root);
    fake_file(root, "self/cgroup", "5:cpu:/c\n4:memory:/b\n0::/u\n");
    fake_mounts(root, "20 1 0:5 / / rw - ext4 /dev/memory rw,memory\n"
                      "21 20 0:6 / %s/cpu rw,memory - cgroup cgroup rw,cpu,memoryless\n"
                      "22 20 0:7 / %s/odd\\040place rw shared:9 master:2 - cgroup cgroup "
                      "rw,memory\n"
                      "23 20 0:8 / %s/two rw - cgroup2 cgroup2 rw\n");
    fake_file(root, "memory.limit_in_bytes", "1\n");
    fake_file(root, "memory/b/memory.limit_in_bytes", "2\n");
    fake_file(root, "cpu/memory.limit_in_bytes", "3\n");
    fake_file(root, "odd place/b/memory.limit_in_bytes", "9437184\n");
    ck_assert_uint_eq(memory_now().ram, 9437184);
    fake_file(root, "two/u/memory.max", "8388608\n");
    ck_assert_uint_eq(memory_now().ram, 8388608);
    fake_file(root, "odd place/memory.limit_in_bytes", "7340032\n");
    ck_assert_uint_eq(memory_now().ram, 7340032);
    fake_remove(root);
}
END_TEST

/* In a container the mount shows the container's own group; its path may be the host's. */
START_TEST(mount_of_a_container)
{
    char root[] = "/tmp/winvm-cgroup-XXXXXX";
    become_root(root);
    fake_file(root, "self/cgroup", "0::/docker/abc/in\n");
    fake_mounts(root, "22 20 0:7 /docker/abc %s/m rw - cgroup2 cgroup2 rw\n");
    fake_file(root, "memory.max", "5\n"); /* not of this tree */
    fake_file(root, "m/docker/abc/in/memory.max", "6\n");
    fake_file(root, "m/in/memory.max", "9437184\n");
    ck_assert_uint_eq(memory_now().ram, 9437184);
    fake_file(root, "m/memory.max", "8388608\n");
    ck_assert_uint_eq(memory_now().ram, 8388608);
    fake_file(root, "self/cgroup", "0::/docker/abcd/in\n"); /* not below the mount's group */
    ck_assert_uint_eq(memory_now().ram, 8388608);
    fake_file(root, "m/memory.max", "max\n");
    ck_assert_uint_eq(memory_now().ram, memory_now().machine);
    fake_file(root, "self/cgroup", "0::/docker/abc\n");
    fake_file(root, "m/memory.max", "7340032\n");
    ck_assert_uint_eq(memory_now().ram, 7340032);
    fake_remove(root);
}
END_TEST

/* Lines that are longer than any group's, and more of them than fit into a buffer. */
START_TEST(many_mounts)
{
    char root[] = "/tmp/winvm-cgroup-XXXXXX", lines[14000], *to = lines;
    become_root(root);
    for (unsigned i = 0; i < 40; i++)
        to += sprintf(to, "%u 1 0:9 / /some/where/%u rw - tmpfs tmpfs rw,size=%ukb\n", i, i, i);
    to += sprintf(to, "77 1 0:9 / /lower rw - overlay overlay rw,lowerdir=%04500u\n", 1u);
    to += sprintf(to, "78 1 0:9 / /lower rw - overlay overlay rw,lowerdir=%04095u\n", 1u);
    sprintf(to, "79 1 0:9 / %%s/late rw - cgroup2 cgroup2 rw\n");
    fake_mounts(root, lines);
    fake_file(root, "self/cgroup", "0::/\n");
    fake_file(root, "late/memory.max", "7340032\n");
    ck_assert_uint_eq(memory_now().ram, 7340032);
    fake_remove(root);
}
END_TEST

/* What files and the kernel have. */
START_TEST(cache_and_kernel)
{
    char root[] = "/tmp/winvm-meminfo-XXXXXX";
    become_root(root);
    fake_file(root, "meminfo",
              "MemTotal: 9 kB\nMemAvailable: 800 kB\nBuffers: 10 kB\nCached: 500 kB\n"
              "SwapCached: 4000 kB\nKReclaimable: 70 kB\nSlab: 90 kB\nSReclaimable: 60 kB\n"
              "SUnreclaim: 30 kB\nKernelStack: 4 kB\nPageTables: 3 kB\n");
    struct wvm_host_memory m = memory_now();
    ck_assert_uint_eq(m.ram_left, 800 * 1024);
    ck_assert_uint_eq(m.cache, 510 * 1024);
    ck_assert_uint_eq(m.kernel_paged, 60 * 1024);
    ck_assert_uint_eq(m.kernel_kept, 37 * 1024);
    fake_file(root, "self/cgroup", "0::/u\n");
    fake_file(root, "u/memory.max", "7340032\n");
    fake_file(root, "u/memory.stat", "anon 5\nfile 8192\nkernel 7\ninactive_file 4096\n");
    ck_assert_uint_eq(memory_now().cache, 8192);
    fake_remove(root);
}
END_TEST

/* The fourth number of the first line of /proc/stat, in ticks. */
START_TEST(idle_time)
{
    char root[] = "/tmp/winvm-stat-XXXXXX";
    long hz = sysconf(_SC_CLK_TCK);
    wvm_host_proc_root = fake_root(root);
    ck_assert_int_eq(wvm_host_idle_time(), 0);
    fake_file(root, "stat", "cpu  1 2 3 4567 5 6\ncpu0 9 9 9 9\n");
    ck_assert_int_eq(wvm_host_idle_time(), 4567 * (1000000000LL / hz));
    fake_file(root, "stat", "cpu  1 2\n");
    ck_assert_int_eq(wvm_host_idle_time(), 0);
    ck_assert_int_le(abs(wvm_host_minutes_west()), 24 * 60);
    fake_remove(root);
}
END_TEST

/* One process of three threads, one of one; folders that are none. */
START_TEST(counts)
{
    char root[] = "/tmp/winvm-counts-XXXXXX";
    struct wvm_host_counts c;
    become_root(root);
    wvm_host_counts(&c);
    ck_assert_uint_eq(c.processes, 0);
    fake_file(root, "12/task/12/stat", "");
    fake_file(root, "12/task/13/stat", "");
    fake_file(root, "12/task/14/stat", "");
    fake_file(root, "9/task/9/stat", "");
    fake_file(root, "sys/fs/file-nr", "918\t0\t2465610\n");
    fake_file(root, "vmstat", "pgpgin 40\npgpgout 50\npswpin 1\npswpout 6\npgfault 700\n"
                              "pgmajfault 8\npgfaulty 9\n");
    fake_file(root, "stat", "cpu  1 2\nintr 5 6\nctxt 1234\nbtime 9\n");
    wvm_host_counts(&c);
    ck_assert_uint_eq(c.processes, 2);
    ck_assert_uint_eq(c.threads, 4);
    ck_assert_uint_eq(c.handles, 918);
    ck_assert(c.faults == 700 && c.reads == 8 && c.swapped_out == 6);
    ck_assert(c.kib_read == 40 && c.kib_written == 50 && c.switches == 1234);
    fake_remove(root);
}
END_TEST

static struct wvm_host_cpu_times seen[8];
static unsigned n_seen;

static void see_cpu(const struct wvm_host_cpu_times *times, void *ctx)
{
    ck_assert_ptr_eq(ctx, seen);
    ck_assert_uint_lt(n_seen, 8);
    seen[n_seen++] = *times;
}

START_TEST(times_of_processors)
{
    char root[] = "/tmp/winvm-cpus-XXXXXX";
    const struct wvm_host_cpu_times *t = seen;
    uint64_t tick = 1000000000u / (uint64_t)sysconf(_SC_CLK_TCK);
    become_root(root);
    wvm_host_each_cpu(see_cpu, seen);
    ck_assert_uint_eq(n_seen, 0);
    fake_file(root, "stat", "cpu  1 2 3 4 5 6 7\ncpu0 1 2 3 4 5 6 7 8 9\ncpu2 10 20 30 40\n"
                            "intr 5\ncpu4 1 1 1 1\n");
    wvm_host_each_cpu(see_cpu, seen);
    ck_assert_uint_eq(n_seen, 2);
    ck_assert(t[0].number == 0 && t[1].number == 2);
    ck_assert(t[0].user == 3 * tick && t[0].system == 3 * tick && t[0].idle == 9 * tick);
    ck_assert(t[0].irq == 6 * tick && t[0].deferred == 7 * tick);
    ck_assert(t[1].user == 30 * tick && t[1].idle == 40 * tick && t[1].irq == 0);
    fake_remove(root);
}
END_TEST

/* Blocks of memory, whether or not the kernel keeps some for itself; a group's limit. */
START_TEST(installed)
{
    char root[] = "/tmp/winvm-blocks-XXXXXX", name[64];
    become_root(root);
    wvm_host_sys_root = root;
    struct wvm_host_memory m = memory_now();
    ck_assert_uint_eq(wvm_host_installed(), m.machine);
    fake_file(root, "devices/system/memory/block_size_bytes", "1000000000\n");
    for (unsigned i = 0; i < 17; i++) {
        snprintf(name, sizeof name, "devices/system/memory/memory%u/state", i);
        fake_file(root, name, "online\n");
    }
    fake_file(root, "devices/system/memory/memoryless", "1\n");
    ck_assert_uint_eq(wvm_host_installed(), (uint64_t)17 << 36);
    fake_file(root, "self/cgroup", "0::/u\n");
    fake_file(root, "u/memory.max", "7340032\n");
    ck_assert_uint_eq(wvm_host_installed(), 7340032);
    fake_remove(root);
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
    tcase_add_test(tc, mounted_groups);
    tcase_add_test(tc, mount_of_a_container);
    tcase_add_test(tc, many_mounts);
    tcase_add_test(tc, cache_and_kernel);
    tcase_add_test(tc, counts);
    tcase_add_test(tc, times_of_processors);
    tcase_add_test(tc, installed);
    tcase_add_test(tc, idle_time);
    tcase_add_test(tc, processor);
    return unit_run(suite);
}
