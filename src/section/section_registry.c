/* The registry file of one effective user: entries of fixed size, changed under a file lock.
 *
 * Owns     the file names-SPACE in the run directory, where SPACE is the space of process ids in
 *          which the recorded ids have their meaning; the lock; the read buffers.
 * Terms    step = a piece of the file with room for OBJECTS objects and HOLDERS holders: entries of
 *          both, then the objects' bodies. The file is a header and whole steps.
 * I1       The file is read and written only while the lock is held. The lock dies with its owner.
 * I2       A process may be killed between any two writes. An entry is used only by its first word,
 *          which is written alone, after everything else of it; an entry never crosses a page, and
 *          growing and shrinking are one ftruncate each, whose new part is zero (free).
 * I3       Nothing read from the file is believed: numbers are checked against its size, lengths
 *          against their limits. It is read and written by calls, never mapped: a full or truncated
 *          file cannot fault.
 * I4       The lock's descriptor exists between open and close only, and no fork of this process
 *          comes between (section_name.c): no child keeps the lock alive.
 * Locking  the caller's mutex.   Failure: false or a status; nothing half written counts (I2).
 * Signal safety  errno is preserved. */
#include "section/section_registry.h"

#include <string.h>
#include <sys/file.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <time.h>

#include "base/fmt.h"
#include "host/host_kernel.h"
#include "host/host_peer.h"
#include "host/host_rundir.h"
#include "winvm/ntstatus.h"

enum {
    OBJECTS = 64,
    HOLDERS = 128,
    HEADER_SIZE = 4096,
    BODY_SIZE = 1088,
    MAX_STEPS = 1024,
    MAGIC = 0x314e5657, /* "WVN1": the layout of the file */
};
#define OBJECTS_SIZE (OBJECTS * sizeof(struct wvm_reg_object))
#define HOLDERS_SIZE (HOLDERS * sizeof(struct wvm_reg_holder))
#define STEP_SIZE (OBJECTS_SIZE + HOLDERS_SIZE + OBJECTS * (uint64_t)BODY_SIZE)

WVM_STATIC(sizeof(struct wvm_reg_object) == 32, "32 divides a page");
WVM_STATIC(sizeof(struct wvm_reg_holder) == 32, "32 divides a page");
WVM_STATIC(sizeof(struct wvm_reg_body) <= BODY_SIZE, "room for a body");
WVM_STATIC(sizeof(struct wvm_reg_body) == 1072, "32- and 64-bit processes read the same");
WVM_STATIC(STEP_SIZE % sizeof(struct wvm_reg_object) == 0, "entries of all steps are aligned");

struct header {
    uint32_t magic;
    uint32_t generation; /* of the newest object */
    uint32_t purge_at;
    uint32_t spare;
};

static int reg_fd = -1;
static uint32_t n_steps;
/* The entries of one step each, as they were when read; WVM_REG_NONE: none. */
static struct wvm_reg_object objects[OBJECTS];
static struct wvm_reg_holder holders[HOLDERS];
static uint32_t objects_step = WVM_REG_NONE, holders_step = WVM_REG_NONE;

static uint64_t step_offset(uint32_t step)
{
    return HEADER_SIZE + step * STEP_SIZE;
}

static uint64_t object_offset(uint32_t n)
{
    return step_offset(n / OBJECTS) + n % OBJECTS * sizeof(struct wvm_reg_object);
}

static uint64_t holder_offset(uint32_t n)
{
    return step_offset(n / HOLDERS) + OBJECTS_SIZE + n % HOLDERS * sizeof(struct wvm_reg_holder);
}

static uint64_t body_offset(uint32_t n)
{
    uint64_t bodies = step_offset(n / OBJECTS) + OBJECTS_SIZE + HOLDERS_SIZE;
    return bodies + n % OBJECTS * BODY_SIZE;
}

static bool read_at(uint64_t at, void *out, size_t len)
{
    return wvm_sys_pread(reg_fd, out, len, at) == (ssize_t)len;
}

/* A write past RLIMIT_FSIZE would end the program. */
static bool may_reach(uint64_t end)
{
    struct rlimit lim;
    return WVM_SYS(getrlimit(RLIMIT_FSIZE, &lim)) != 0 || lim.rlim_cur == RLIM_INFINITY
           || end <= lim.rlim_cur;
}

static bool write_at(uint64_t at, const void *data, size_t len)
{
    return may_reach(at + len) && wvm_sys_pwrite(reg_fd, data, len, at) == (ssize_t)len;
}

static bool write_word(uint64_t at, uint32_t word)
{
    return write_at(at, &word, sizeof(word));
}

/* ---- open and close ---- */

static int open_in(int dir)
{
    char name[40];
    struct wvm_buf b;
    wvm_buf_init(&b, name, sizeof(name));
    wvm_buf_printf(&b, "names-%llu", (unsigned long long)wvm_host_pid_space());
    int flags = O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC | O_NONBLOCK;
    int fd = wvm_sys_open_at(dir, name, flags, 0600);
    if (fd == -EACCES) { /* the umask of whoever made it */
        (void)WVM_SYS(fchmodat(dir, name, 0600, 0));
        fd = wvm_sys_open_at(dir, name, flags, 0600);
    }
    return fd;
}

static bool is_trusted(int fd, uint64_t *size)
{
    struct stat st;
    if (WVM_SYS(fstat(fd, &st)) != 0)
        return false;
    *size = (uint64_t)st.st_size;
    return S_ISREG(st.st_mode) && st.st_uid == geteuid() && (st.st_mode & 077) == 0;
}

static bool lock_file(int fd)
{
    long err;
    do
        err = WVM_SYS(flock(fd, LOCK_EX));
    while (err == -EINTR);
    return err == 0;
}

/* A new file, or one with another layout. The magic is written last. */
static bool start_file(void)
{
    struct timespec now;
    (void)WVM_SYS(clock_gettime(CLOCK_REALTIME, &now));
    struct header h = {.generation = (uint32_t)now.tv_nsec ^ (uint32_t)now.tv_sec, .purge_at = 1};
    return may_reach(HEADER_SIZE) && WVM_SYS(ftruncate(reg_fd, 0)) == 0
           && WVM_SYS(ftruncate(reg_fd, HEADER_SIZE)) == 0 && write_at(0, &h, sizeof(h))
           && write_word(offsetof(struct header, magic), MAGIC);
}

static bool examine_file(void)
{
    struct header h;
    uint64_t size;
    if (!is_trusted(reg_fd, &size))
        return false;
    if (size < HEADER_SIZE || !read_at(0, &h, sizeof(h)) || h.magic != MAGIC) {
        size = HEADER_SIZE;
        if (!start_file())
            return false;
    }
    uint64_t steps = (size - HEADER_SIZE) / STEP_SIZE;
    n_steps = steps < MAX_STEPS ? (uint32_t)steps : MAX_STEPS;
    objects_step = holders_step = WVM_REG_NONE;
    return true;
}

wvm_status wvm_reg_open(void)
{
    uint64_t size;
    int dir = wvm_host_rundir_open(NULL, 0);
    if (dir < 0)
        return dir == -EACCES ? STATUS_ACCESS_DENIED : STATUS_NO_MEMORY;
    reg_fd = open_in(dir);
    wvm_sys_close(dir);
    if (reg_fd < 0)
        return reg_fd == -EACCES || reg_fd == -ELOOP ? STATUS_ACCESS_DENIED : STATUS_NO_MEMORY;
    wvm_status status = STATUS_SUCCESS;
    if (!is_trusted(reg_fd, &size))
        status = STATUS_ACCESS_DENIED;
    else if (!lock_file(reg_fd) || !examine_file())
        status = STATUS_NO_MEMORY;
    if (status < 0)
        wvm_reg_close();
    return status;
}

void wvm_reg_close(void)
{
    wvm_sys_close(reg_fd);
    reg_fd = -1;
}

void wvm_reg_abandon(void)
{
    if (reg_fd >= 0)
        wvm_reg_close();
    n_steps = 0;
}

/* ---- size ---- */

uint32_t wvm_reg_n_steps(void)
{
    return n_steps;
}

uint32_t wvm_reg_n_objects(void)
{
    return n_steps * OBJECTS;
}

uint32_t wvm_reg_n_holders(void)
{
    return n_steps * HOLDERS;
}

bool wvm_reg_grow(void)
{
    uint64_t size = step_offset(n_steps + 1);
    if (n_steps >= MAX_STEPS || !may_reach(size) || WVM_SYS(ftruncate(reg_fd, (off_t)size)) != 0)
        return false;
    n_steps++;
    return true;
}

static bool step_is_empty(uint32_t step)
{
    for (uint32_t n = 0; n < OBJECTS; n++) {
        const struct wvm_reg_object *o = wvm_reg_object(step * OBJECTS + n);
        if (!o || o->state != WVM_REG_FREE)
            return false;
    }
    for (uint32_t n = 0; n < HOLDERS; n++) {
        const struct wvm_reg_holder *h = wvm_reg_holder(step * HOLDERS + n);
        if (!h || h->object != 0)
            return false;
    }
    return true;
}

void wvm_reg_shrink(void)
{
    uint32_t left = n_steps;
    while (left > 0 && step_is_empty(left - 1))
        left--;
    if (left == n_steps || !may_reach(step_offset(left))
        || WVM_SYS(ftruncate(reg_fd, (off_t)step_offset(left))) != 0)
        return;
    n_steps = left;
    objects_step = holders_step = WVM_REG_NONE;
}

/* ---- entries ---- */

const struct wvm_reg_object *wvm_reg_object(uint32_t n)
{
    if (n >= wvm_reg_n_objects())
        return NULL;
    if (objects_step != n / OBJECTS) {
        objects_step = WVM_REG_NONE;
        if (!read_at(step_offset(n / OBJECTS), objects, sizeof(objects)))
            return NULL;
        objects_step = n / OBJECTS;
    }
    return &objects[n % OBJECTS];
}

const struct wvm_reg_holder *wvm_reg_holder(uint32_t n)
{
    if (n >= wvm_reg_n_holders())
        return NULL;
    if (holders_step != n / HOLDERS) {
        holders_step = WVM_REG_NONE;
        if (!read_at(holder_offset(n - n % HOLDERS), holders, sizeof(holders)))
            return NULL;
        holders_step = n / HOLDERS;
    }
    return &holders[n % HOLDERS];
}

uint32_t wvm_reg_hash(const struct wvm_name_key *key)
{
    uint32_t h = key->global ? 0x9dc5811c : 0x811c9dc5; /* FNV-1a */
    for (size_t i = 0; i < key->len; i++) {
        h = (h ^ (key->text[i] & 0xff)) * 0x01000193;
        h = (h ^ (key->text[i] >> 8)) * 0x01000193;
    }
    return h;
}

bool wvm_reg_body_is(uint32_t n, const struct wvm_name_key *key, struct wvm_name_object *object)
{
    struct wvm_reg_body body;
    if (!read_at(body_offset(n), &body, sizeof(body)) || body.len != key->len
        || body.len > WVM_NAME_MAX || body.global != key->global
        || memcmp(body.text, key->text, key->len * sizeof(*key->text)) != 0)
        return false;
    if (object) {
        *object = body.object;
        if (object->opaque_len > sizeof(object->opaque))
            object->opaque_len = sizeof(object->opaque);
    }
    return true;
}

bool wvm_reg_put_object(uint32_t n, const struct wvm_reg_object *entry,
                        const struct wvm_name_key *key, const struct wvm_name_object *object)
{
    struct wvm_reg_body body = {
        .object = *object,
        .len = (uint16_t)key->len,
        .global = key->global,
    };
    struct wvm_reg_object unused = *entry;
    unused.state = WVM_REG_FREE;
    memcpy(body.text, key->text, key->len * sizeof(*key->text));
    objects_step = WVM_REG_NONE;
    return write_at(body_offset(n), &body, sizeof(body))
           && write_at(object_offset(n), &unused, sizeof(unused))
           && write_word(object_offset(n) + offsetof(struct wvm_reg_object, state), entry->state);
}

bool wvm_reg_put_holder(uint32_t n, const struct wvm_reg_holder *entry)
{
    struct wvm_reg_holder unused = *entry;
    unused.object = 0;
    holders_step = WVM_REG_NONE;
    return write_at(holder_offset(n), &unused, sizeof(unused))
           && write_word(holder_offset(n) + offsetof(struct wvm_reg_holder, object), entry->object);
}

void wvm_reg_put_hint(uint32_t n, uint32_t holder)
{
    objects_step = WVM_REG_NONE;
    (void)write_word(object_offset(n) + offsetof(struct wvm_reg_object, hint), holder);
}

void wvm_reg_free_object(uint32_t n)
{
    if (write_word(object_offset(n) + offsetof(struct wvm_reg_object, state), WVM_REG_FREE)
        && objects_step == n / OBJECTS)
        objects[n % OBJECTS].state = WVM_REG_FREE;
}

void wvm_reg_free_holder(uint32_t n)
{
    if (write_word(holder_offset(n) + offsetof(struct wvm_reg_holder, object), 0)
        && holders_step == n / HOLDERS)
        holders[n % HOLDERS].object = 0;
}

/* ---- header ---- */

uint32_t wvm_reg_new_generation(void)
{
    uint32_t g;
    if (!read_at(offsetof(struct header, generation), &g, sizeof(g)))
        return 0;
    g = g + 1 ? g + 1 : 1;
    return write_word(offsetof(struct header, generation), g) ? g : 0;
}

uint32_t wvm_reg_purge_at(void)
{
    uint32_t at;
    return read_at(offsetof(struct header, purge_at), &at, sizeof(at)) ? at : 0;
}

void wvm_reg_set_purge_at(uint32_t n)
{
    (void)write_word(offsetof(struct header, purge_at), n);
}
