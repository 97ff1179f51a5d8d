/* Memory nodes.
 *
 * Owns     the answer whether the machine can have several nodes.
 * Terms    node = a part of the machine's memory that some processors are near to; list = the
 *          host's way to write numbers: "0-1,4".
 * I1       What the host does not tell is a machine of one node, number 0.
 * I2       A machine that can have one node only is asked once and never again.
 * I3       Asking where a page is neither reads nor moves it.
 * Locking  none.   Failure: I1.
 * Signal safety  all functions; errno is preserved. */
#include "host/host_numa.h"

#include "base/arith.h"
#include "base/fmt.h"
#include "host/host_kernel.h"
#include "host/host_private.h"

enum { TEXT_CAP = 512, MEMINFO_CAP = 4096, PATH_CAP = 64 };
/* Pages asked for in one system call. */
enum { PAGES = 256 };

/* ---- which there are ---- */

/* The next range of a list at *p, which moves behind it. False: no more. */
static bool next_range(const char **p, uint64_t *first, uint64_t *last)
{
    if (!wvm_host_parse_dec(p, first))
        return false;
    *last = *first;
    if (**p == '-') {
        ++*p;
        if (!wvm_host_parse_dec(p, last))
            return false;
    }
    if (**p == ',')
        ++*p;
    return true;
}

/* The numbers below 64 of a list. */
static uint64_t mask_of_list(const char *p)
{
    uint64_t mask = 0, first, last;
    while (next_range(&p, &first, &last))
        for (uint64_t i = first; i <= last && i < 64; i++)
            mask |= (uint64_t)1 << i;
    return mask;
}

static uint64_t mask_in_file(const char *name)
{
    char text[TEXT_CAP];
    if (wvm_host_read_text(wvm_host_sys_root, name, text, sizeof text) <= 0)
        return 0;
    return mask_of_list(text);
}

static uint64_t nodes_now(void)
{
    return mask_in_file("devices/system/node/online") | 1;
}

/* (a) What the machine can have: 0: not asked yet, else 1 or 2. */
static uint32_t how_many;

bool wvm_host_has_nodes(void)
{
    uint32_t known = __atomic_load_n(&how_many, __ATOMIC_RELAXED);
    if (known == 0) {
        known = mask_in_file("devices/system/node/possible") > 1 ? 2 : 1;
        __atomic_store_n(&how_many, known, __ATOMIC_RELAXED);
    }
    return known > 1;
}

void wvm_host_forget_nodes(void)
{
    __atomic_store_n(&how_many, 0, __ATOMIC_RELAXED);
}

bool wvm_host_node_exists(unsigned node)
{
    if (node == 0)
        return true;
    return node <= WVM_MAX_NODE && wvm_host_has_nodes() && nodes_now() >> node & 1;
}

unsigned wvm_host_highest_node(void)
{
    if (!wvm_host_has_nodes())
        return 0;
    return 63 - (unsigned)__builtin_clzll(nodes_now());
}

/* ---- one of them ---- */

static void path_of_node(unsigned node, const char *file, char path[PATH_CAP])
{
    struct wvm_buf b;
    wvm_buf_init(&b, path, PATH_CAP);
    wvm_buf_printf(&b, "devices/system/node/node%u/%s", node, file);
}

uint64_t wvm_host_node_processors(unsigned node)
{
    char path[PATH_CAP];
    if (!wvm_host_has_nodes())
        return node == 0 ? UINT64_MAX : 0;
    path_of_node(node, "cpulist", path);
    return mask_in_file(path);
}

bool wvm_host_node_left(unsigned node, uint64_t *bytes)
{
    static const char *const keys[] = {"MemFree:", "Inactive(file):", "SReclaimable:"};
    char path[PATH_CAP], text[MEMINFO_CAP];
    uint64_t kb;
    *bytes = 0;
    path_of_node(node, "meminfo", path);
    if (wvm_host_read_text(wvm_host_sys_root, path, text, sizeof text) <= 0)
        return false;
    for (unsigned i = 0; i < WVM_ARRAY_LEN(keys); i++)
        if (wvm_host_text_value(text, keys[i], &kb))
            *bytes += kb * 1024;
    return true;
}

/* ---- where pages are ---- */

static int ask(pid_t pid, uintptr_t addr, size_t n, uint8_t *node)
{
    uintptr_t page[PAGES];
    int32_t status[PAGES];
    for (size_t i = 0; i < n; i++)
        page[i] = addr + i * WVM_PAGE_SIZE;
    int err = wvm_host_page_nodes(pid, n, page, status);
    for (size_t i = 0; err == 0 && i < n; i++)
        node[i] = status[i] >= 0 && status[i] <= (int32_t)WVM_MAX_NODE ? (uint8_t)status[i] : 0;
    return err;
}

static int linux_page_nodes(pid_t pid, size_t n, const uintptr_t *page, int32_t *status)
{
    long r = WVM_SYS(syscall(SYS_move_pages, (long)pid, n, page, NULL, status, 0));
    return r < 0 ? (int)r : 0;
}

int (*wvm_host_page_nodes)(pid_t pid, size_t n, const uintptr_t *page, int32_t *status) =
    linux_page_nodes;

int wvm_host_nodes_of(pid_t pid, uintptr_t addr, size_t n_pages, uint8_t *node)
{
    int err = 0;
    __builtin_memset(node, 0, n_pages);
    if (!wvm_host_has_nodes())
        return 0;
    for (size_t done = 0; err == 0 && done < n_pages;) {
        size_t n = (size_t)wvm_min(n_pages - done, PAGES);
        err = ask(pid, addr + done * WVM_PAGE_SIZE, n, node + done);
        done += n;
    }
    if (err != 0)
        __builtin_memset(node, 0, n_pages);
    return err;
}

int wvm_host_nodes(uintptr_t addr, size_t n_pages, uint8_t *node)
{
    return wvm_host_nodes_of(0, addr, n_pages, node);
}

/* ---- where pages shall be ---- */

enum { POLICY_DEFAULT = 0, POLICY_PREFERRED = 1 };

static int linux_bind(uintptr_t addr, size_t len, uint64_t nodes)
{
    int policy = nodes ? POLICY_PREFERRED : POLICY_DEFAULT;
    long r = WVM_SYS(syscall(SYS_mbind, addr, len, policy, nodes ? &nodes : NULL,
                             nodes ? 65ul : 0ul, 0));
    return r < 0 ? (int)r : 0;
}

int (*wvm_host_bind)(uintptr_t addr, size_t len, uint64_t nodes) = linux_bind;

int wvm_host_prefer_node(uintptr_t addr, size_t len, int node)
{
    if (!wvm_host_has_nodes() || node > (int)WVM_MAX_NODE)
        return 0;
    return wvm_host_bind(addr, len, node < 0 ? 0 : (uint64_t)1 << node);
}
