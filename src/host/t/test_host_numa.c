/* Memory nodes, read from made-up files; the kernel's own answer on this machine. */
#include <errno.h>
#include <stdio.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/arith.h"
#include "base/t/unit.h"
#include "host/host_numa.h"
#include "host/host_private.h"
#include "host/t/fake_root.h"

#define NODES "devices/system/node/"

static char root[32];

static void set_up(void)
{
    strcpy(root, "/tmp/winvm-numa-XXXXXX");
    wvm_host_sys_root = fake_root(root);
    wvm_host_forget_nodes();
    errno = EDOM;
}

static void tear_down(void)
{
    ck_assert_int_eq(errno, EDOM); /* no operation may change it */
    fake_remove(root);
}

/* Nodes 0, 2, 3 and 5 of up to 8. */
static void several(void)
{
    fake_file(root, NODES "possible", "0-7\n");
    fake_file(root, NODES "online", "0,2-3,5\n");
}

START_TEST(one_node)
{
    ck_assert(!wvm_host_has_nodes());
    ck_assert(wvm_host_node_exists(0) && !wvm_host_node_exists(1));
    ck_assert_uint_eq(wvm_host_highest_node(), 0);
    ck_assert_uint_eq(wvm_host_node_processors(0), UINT64_MAX);
    ck_assert_uint_eq(wvm_host_node_processors(1), 0);
    several(); /* I2 */
    ck_assert(!wvm_host_has_nodes());
}
END_TEST

START_TEST(several_nodes)
{
    several();
    ck_assert(wvm_host_has_nodes());
    for (unsigned i = 0; i < 300; i++)
        ck_assert_int_eq(wvm_host_node_exists(i), i == 0 || i == 2 || i == 3 || i == 5);
    ck_assert_uint_eq(wvm_host_highest_node(), 5);
    fake_file(root, NODES "online", "0-1\n"); /* nodes come and go */
    ck_assert_uint_eq(wvm_host_highest_node(), 1);
    fake_file(root, NODES "online", "1,63-200\n");
    ck_assert_uint_eq(wvm_host_highest_node(), WVM_MAX_NODE);
    ck_assert(!wvm_host_node_exists(64));
}
END_TEST

START_TEST(processors)
{
    several();
    fake_file(root, NODES "node2/cpulist", "1,4-6,70\n");
    fake_file(root, NODES "node3/cpulist", "\n");
    ck_assert_uint_eq(wvm_host_node_processors(2), 0x72);
    ck_assert_uint_eq(wvm_host_node_processors(3), 0);
    ck_assert_uint_eq(wvm_host_node_processors(5), 0);
}
END_TEST

START_TEST(memory_left)
{
    uint64_t left = 77;
    several();
    ck_assert(!wvm_host_node_left(2, &left));
    fake_file(root, NODES "node2/meminfo",
              "Node 2 MemTotal:  9000 kB\nNode 2 MemFree:  1000 kB\nNode 2 Active(file):  50 kB\n"
              "Node 2 Inactive(file):  200 kB\nNode 2 SReclaimable:  30 kB\n");
    ck_assert(wvm_host_node_left(2, &left));
    ck_assert_uint_eq(left, 1230 * 1024);
}
END_TEST

/* ---- pages ---- */

static unsigned asked;
static pid_t asked_of;

/* Page n is on node n modulo 6; every seventh in none. */
static int fake_page_nodes(pid_t pid, size_t n, const uintptr_t *page, int32_t *status)
{
    asked++;
    asked_of = pid;
    for (size_t i = 0; i < n; i++) {
        size_t number = page[i] / WVM_PAGE_SIZE;
        status[i] = number % 7 == 0 ? -ENOENT : (int32_t)(number % 6);
    }
    return asked == 3 ? -EPERM : 0;
}

START_TEST(pages)
{
    enum { N = 300 };
    uint8_t node[N + 1];
    several();
    node[N] = 99;
    wvm_host_page_nodes = fake_page_nodes;
    ck_assert_int_eq(wvm_host_nodes_of(17, 0x10000, N, node), 0);
    for (size_t i = 0; i < N; i++)
        ck_assert_uint_eq(node[i], (i + 16) % 7 == 0 ? 0 : (i + 16) % 6);
    ck_assert_uint_eq(node[N], 99);
    ck_assert_uint_eq(asked, 2);
    ck_assert_int_eq(asked_of, 17);
    memset(node, 5, N);
    ck_assert_int_eq(wvm_host_nodes(0x10000, N, node), -EPERM);
    for (size_t i = 0; i < N; i++)
        ck_assert_uint_eq(node[i], 0);
    ck_assert_uint_eq(node[N], 99);
}
END_TEST

/* No question on a machine of one node. */
START_TEST(pages_of_one_node)
{
    uint8_t node[3] = {1, 2, 3};
    wvm_host_page_nodes = fake_page_nodes;
    ck_assert_int_eq(wvm_host_nodes(0x10000, 2, node), 0);
    ck_assert(node[0] == 0 && node[1] == 0 && node[2] == 3);
    ck_assert_uint_eq(asked, 0);
}
END_TEST

static struct {
    uintptr_t addr;
    size_t len;
    uint64_t nodes;
    unsigned n;
} bound;

static int fake_bind(uintptr_t addr, size_t len, uint64_t nodes)
{
    bound.addr = addr;
    bound.len = len;
    bound.nodes = nodes;
    return ++bound.n == 3 ? -EPERM : 0;
}

START_TEST(preference)
{
    wvm_host_bind = fake_bind;
    ck_assert_int_eq(wvm_host_prefer_node(0x10000, 0x2000, 0), 0);
    ck_assert_uint_eq(bound.n, 0); /* one node */
    several();
    wvm_host_forget_nodes();
    ck_assert_int_eq(wvm_host_prefer_node(0x10000, 0x2000, 63), 0);
    ck_assert(bound.addr == 0x10000 && bound.len == 0x2000 && bound.nodes == (uint64_t)1 << 63);
    ck_assert_int_eq(wvm_host_prefer_node(0x30000, 0x1000, -1), 0);
    ck_assert(bound.addr == 0x30000 && bound.nodes == 0);
    ck_assert_int_eq(wvm_host_prefer_node(0x30000, 0x1000, 2), -EPERM);
    ck_assert_uint_eq(bound.nodes, 4);
    ck_assert_int_eq(wvm_host_prefer_node(0x30000, 0x1000, 64), 0);
    ck_assert_uint_eq(bound.n, 3);
}
END_TEST

/* The kernel takes a preference for node 0 and forgets it again (6.18: MPOL_F_ADDR tells). */
START_TEST(kernels_preference)
{
    enum { MODE_OF_ADDRESS = 2, PREFERRED = 1 };
    int mode = -1;
    char *p = mmap(NULL, WVM_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    int err = wvm_host_bind((uintptr_t)p, WVM_PAGE_SIZE, 1);
    if (err == 0) { /* else the machine has no mbind(2), or a filter refuses it */
        ck_assert_int_eq(syscall(SYS_get_mempolicy, &mode, NULL, 0, p, MODE_OF_ADDRESS), 0);
        ck_assert_int_eq(mode, PREFERRED);
        ck_assert_int_eq(wvm_host_bind((uintptr_t)p, WVM_PAGE_SIZE, 0), 0);
        ck_assert_int_eq(syscall(SYS_get_mempolicy, &mode, NULL, 0, p, MODE_OF_ADDRESS), 0);
        ck_assert_int_eq(mode, 0);
    } else {
        ck_assert(err == -ENOSYS || err == -EPERM);
    }
    ck_assert_int_eq(munmap(p, WVM_PAGE_SIZE), 0);
    errno = EDOM;
}
END_TEST

/* The kernel names a node for the page that is in memory, and none for the other. */
START_TEST(kernels_answer)
{
    int32_t status[2] = {-7, -7};
    char *p = mmap(NULL, 2 * WVM_PAGE_SIZE, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS,
                   -1, 0);
    const uintptr_t page[2] = {(uintptr_t)p, (uintptr_t)p + WVM_PAGE_SIZE};
    p[0] = 1;
    int err = wvm_host_page_nodes(0, 2, page, status);
    if (err == 0) { /* else the machine has no move_pages(2), or a filter refuses it */
        ck_assert_int_ge(status[0], 0);
        ck_assert_int_lt(status[1], 0);
    } else {
        ck_assert(err == -ENOSYS || err == -EPERM);
    }
    ck_assert_int_eq(munmap(p, 2 * WVM_PAGE_SIZE), 0);
}
END_TEST

int main(void)
{
    TCase *tc;
    Suite *suite = unit_suite("host_numa", 20, &tc);
    tcase_add_checked_fixture(tc, set_up, tear_down);
    tcase_add_test(tc, one_node);
    tcase_add_test(tc, several_nodes);
    tcase_add_test(tc, processors);
    tcase_add_test(tc, memory_left);
    tcase_add_test(tc, pages);
    tcase_add_test(tc, pages_of_one_node);
    tcase_add_test(tc, kernels_answer);
    tcase_add_test(tc, preference);
    tcase_add_test(tc, kernels_preference);
    return unit_run(suite);
}
