/* Failures on purpose: wrappers around the host's table.
 *
 * Owns     the wrappers, the original table, the counters.
 * I1       A call that fails on purpose does not reach the host and changes nothing.
 * I2       Calls are counted per operation, failed or not; the number that decides counts only
 *          calls that the armed operation covers.
 * Locking  counters are atomic; arm and disarm while other threads call nothing.
 * Failure  none.   Signal safety: the wrappers, as far as the host's operations. */
#include "host/t/host_fail.h"

#include "base/assert.h"

static struct wvm_host_ops real;
static bool installed;
static unsigned calls[HOST_FAIL_N_OPS];
static unsigned covered, fired;

static struct {
    bool on;
    enum host_fail_op op;
    unsigned n;
    int err;
    enum host_fail_mode mode;
} armed;

__attribute__((noinline)) void host_fail_here(enum host_fail_op op, unsigned n)
{
    __asm__ volatile("" : : "r"(op), "r"(n) : "memory");
}

static bool is_taking(enum host_fail_op op)
{
    switch (op) {
    case HOST_FAIL_RESERVE:
    case HOST_FAIL_RESERVE_AT:
    case HOST_FAIL_PROTECT:
    case HOST_FAIL_META:
    case HOST_FAIL_BALLAST:
    case HOST_FAIL_POPULATE:
    case HOST_FAIL_LOCK:
    case HOST_FAIL_LOCK_SHARED:
    case HOST_FAIL_MAP_FILE:
    case HOST_FAIL_MAP_LARGE:
    case HOST_FAIL_SHARE:
    case HOST_FAIL_ALIAS:
        return true;
    default:
        return false;
    }
}

static bool covers(enum host_fail_op wanted, enum host_fail_op op)
{
    return wanted == op || wanted == HOST_FAIL_ANY || (wanted == HOST_FAIL_TAKING && is_taking(op));
}

/* 0: let the call through, else the error to answer. */
static int decide(enum host_fail_op op)
{
    __atomic_add_fetch(&calls[op], 1, __ATOMIC_RELAXED);
    if (!armed.on || !covers(armed.op, op))
        return 0;
    unsigned number = __atomic_add_fetch(&covered, 1, __ATOMIC_RELAXED);
    bool fails = armed.n != 0
              && (number == armed.n || (number > armed.n && armed.mode == HOST_FAIL_FOREVER));
    if (!fails)
        return 0;
    __atomic_add_fetch(&fired, 1, __ATOMIC_RELAXED);
    host_fail_here(op, number);
    return -armed.err;
}

static int fail_reserve(size_t len, uintptr_t *out)
{
    int err = decide(HOST_FAIL_RESERVE);
    return err ? err : real.reserve(len, out);
}

static int fail_protect(uintptr_t addr, size_t len, unsigned prot)
{
    int err = decide(HOST_FAIL_PROTECT);
    return err ? err : real.protect(addr, len, prot);
}

static int fail_meta(size_t len, void **out)
{
    int err = decide(HOST_FAIL_META);
    return err ? err : real.meta(len, out);
}

static int fail_ballast(size_t len, uintptr_t *out)
{
    int err = decide(HOST_FAIL_BALLAST);
    return err ? err : real.ballast(len, out);
}

static int fail_share(size_t len, uintptr_t *rw, uintptr_t *ro)
{
    int err = decide(HOST_FAIL_SHARE);
    return err ? err : real.share(len, rw, ro);
}

static int fail_alias(uintptr_t from, size_t len, uintptr_t at)
{
    int err = decide(HOST_FAIL_ALIAS);
    return err ? err : real.alias(from, len, at);
}

static int fail_written(struct wvm_host_scan *scan)
{
    int err = decide(HOST_FAIL_WRITTEN);
    return err ? err : real.written(scan);
}

static int fail_map_file(const struct wvm_host_file_map *map)
{
    int err = decide(HOST_FAIL_MAP_FILE);
    return err ? err : real.map_file(map);
}

static int fail_map_large(const struct wvm_host_large_map *map)
{
    int err = decide(HOST_FAIL_MAP_LARGE);
    return err ? err : real.map_large(map);
}

#define X(id, field)                                  \
    static int fail_##field(uintptr_t addr, size_t len) \
    {                                                 \
        int err = decide(HOST_FAIL_##id);             \
        return err ? err : real.field(addr, len);     \
    }
HOST_FAIL_RANGE_OPS(X)
#undef X

static const struct wvm_host_ops wrappers = {
    .reserve = fail_reserve,
    .protect = fail_protect,
    .meta = fail_meta,
    .ballast = fail_ballast,
    .share = fail_share,
    .alias = fail_alias,
    .written = fail_written,
    .map_file = fail_map_file,
    .map_large = fail_map_large,
#define X(id, field) .field = fail_##field,
    HOST_FAIL_RANGE_OPS(X)
#undef X
};

void host_fail_arm(enum host_fail_op op, unsigned n, int err, enum host_fail_mode mode)
{
    WVM_VERIFY(err > 0 || n == 0);
    if (!installed) {
        real = wvm_host;
        wvm_host = wrappers;
        installed = true;
    }
    for (unsigned i = 0; i < HOST_FAIL_N_OPS; i++)
        calls[i] = 0;
    covered = fired = 0;
    armed.op = op;
    armed.n = n;
    armed.err = err;
    armed.mode = mode;
    armed.on = true;
}

unsigned host_fail_disarm(void)
{
    armed.on = false;
    return fired;
}

unsigned host_fail_calls(enum host_fail_op op)
{
    unsigned sum = 0;
    for (unsigned i = 0; i < HOST_FAIL_N_OPS; i++)
        if (covers(op, (enum host_fail_op)i))
            sum += calls[i];
    return sum;
}

const char *host_fail_name(enum host_fail_op op)
{
    static const char *const names[] = {
        [HOST_FAIL_RESERVE] = "reserve",
        [HOST_FAIL_PROTECT] = "protect",
        [HOST_FAIL_META] = "meta",
        [HOST_FAIL_BALLAST] = "ballast",
        [HOST_FAIL_SHARE] = "share",
        [HOST_FAIL_ALIAS] = "alias",
        [HOST_FAIL_WRITTEN] = "written",
        [HOST_FAIL_MAP_FILE] = "map_file",
        [HOST_FAIL_MAP_LARGE] = "map_large",
#define X(id, field) [HOST_FAIL_##id] = #field,
        HOST_FAIL_RANGE_OPS(X)
#undef X
        [HOST_FAIL_ANY] = "any",
        [HOST_FAIL_TAKING] = "taking",
    };
    return names[op];
}
