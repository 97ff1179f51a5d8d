/* The kernel's files about this process, and small text files.
 *
 * Owns     the descriptors of /proc/self/maps, /proc/self/pagemap and userfaultfd(2), and the fork
 *          detector.
 * Terms    slot = one kept descriptor with the identity (device, inode) it had when it was opened;
 *          loan = a descriptor lent for one use, kept or temporary;
 *          fork detector = a page that the kernel zeroes in a fork child.
 * I1       A kept descriptor is lent only after fstat() has shown its identity: the program may
 *          have closed it (close_range) and its number may be a file of the program by now.
 * I2       A descriptor is closed only if it still has its identity. The program's files are never
 *          closed, read by read(2) or moved.
 * I3       A slot's fields change only between BUSY and the next READY or EMPTY of its owner; a
 *          reader takes them as valid only if the state word was the same READY before and after.
 * I4       In a fork child nothing opened by the parent is used: it describes the parent.
 * I5       Kept descriptors are close-on-exec and have high numbers where the limit allows, so that
 *          a program finds the low numbers it expects and hardly ever reuses ours.
 * Locking  none. A slot is claimed by compare-and-swap; who loses gets a temporary descriptor.
 * Failure  -errno, nothing kept.   Signal safety: all functions; errno is preserved. */
#include "base/arith.h"
#include "base/fmt.h"
#include "host/host_kernel.h"
#include "host/host_object.h"
#include "host/host_private.h"
#include "host/host_thread.h"

const char *wvm_host_proc_root = "/proc";
const char *wvm_host_cgroup_root = "/sys/fs/cgroup";
const char *wvm_host_sys_root = "/sys";

/* Text files of less than WHOLE_MAX bytes come whole in one read. */
enum { PATH_CAP = 1280, WHOLE_MAX = 512 };

/* The low two bits of a state word; the rest counts changes. */
enum slot_state { SLOT_EMPTY, SLOT_BUSY, SLOT_READY, SLOT_STATE_MASK = 3, SLOT_STEP = 4 };

struct file_slot {
    const char *name;  /* (c) below /proc/self */
    int (*make)(void); /* (c) instead: what makes the descriptor */
    unsigned state;    /* (a) */
    int fd;            /* (a) owner of BUSY writes */
    wvm_word64 dev, ino; /* (a) likewise */
};

static struct file_slot slots[WVM_N_FILES] = {
    [WVM_FILE_MAPS] = {.name = "maps"},
    [WVM_FILE_PAGEMAP] = {.name = "pagemap"},
    [WVM_FILE_USERFAULT] = {.make = wvm_host_userfault},
};

/* Zeroed by the kernel in a fork child; NULL where it cannot do that. */
struct fork_detector {
    int same_process; /* (a) 1: the process that opened the slots */
    pid_t pid;        /* (a) 0: not asked yet */
};
static struct fork_detector *detector;

/* Acquire and release in place of fences: I3 needs a slot's fields read before the second look at
 * the state word, and written after the claim. */
#define LOAD(p) __atomic_load_n(&(p), __ATOMIC_ACQUIRE)
#define STORE(p, v) __atomic_store_n(&(p), v, __ATOMIC_RELEASE)

void wvm_host_files_init(void)
{
    intptr_t r = wvm_sys_mmap(0, WVM_PAGE_SIZE, PROT_READ | PROT_WRITE, 0);
    if (wvm_sys_failed(r))
        return;
    if (wvm_sys_madvise((uintptr_t)r, WVM_PAGE_SIZE, WVM_MADV_WIPEONFORK) != 0) {
        wvm_sys_munmap((uintptr_t)r, WVM_PAGE_SIZE);
        return;
    }
    detector = (struct fork_detector *)r;
    detector->same_process = 1;
}

pid_t wvm_host_self(void)
{
    pid_t pid = detector ? LOAD(detector->pid) : 0;
    if (pid == 0) {
        pid = (pid_t)WVM_SYS(syscall(SYS_getpid));
        if (detector)
            STORE(detector->pid, pid);
    }
    return pid;
}

static bool claim(struct file_slot *s, unsigned seen)
{
    unsigned busy = ((seen & ~(unsigned)SLOT_STATE_MASK) + SLOT_STEP) | SLOT_BUSY;
    return __atomic_compare_exchange_n(&s->state, &seen, busy, false, __ATOMIC_ACQUIRE,
                                       __ATOMIC_RELAXED);
}

static void publish(struct file_slot *s, enum slot_state state)
{
    unsigned busy = LOAD(s->state);
    __atomic_store_n(&s->state, (busy & ~(unsigned)SLOT_STATE_MASK) | state, __ATOMIC_RELEASE);
}

/* Opens /proc/DIR/NAME. Descriptor or -errno. */
static int open_file(const char *dir, const char *name)
{
    char path[PATH_CAP];
    struct wvm_buf b;
    wvm_buf_init(&b, path, sizeof(path));
    wvm_buf_printf(&b, "%s/%s/%s", wvm_host_proc_root, dir, name);
    return wvm_sys_open(path);
}

/* The caller holds the slot BUSY. 0, READY and lent, or -errno and EMPTY. */
static int fill_slot(struct file_slot *s, struct wvm_host_loan *out)
{
    uint64_t dev, ino;
    int fd = s->make ? s->make() : open_file("self", s->name);
    if (fd >= 0)
        fd = wvm_host_fd_high(fd);
    if (fd < 0 || !wvm_host_fd_identify(fd, &dev, &ino)) {
        publish(s, SLOT_EMPTY);
        if (fd >= 0)
            wvm_sys_close(fd);
        return fd < 0 ? fd : -EBADF;
    }
    STORE(s->fd, fd);
    STORE(s->dev, dev);
    STORE(s->ino, ino);
    publish(s, SLOT_READY);
    *out = (struct wvm_host_loan){.fd = fd, .temporary = false};
    return 0;
}

/* True when this thread is the one that has to forget what a parent opened. False for others, who
 * must not use a slot while *busy is set. */
static bool notice_fork(bool *busy)
{
    int seen = 0;
    *busy = false;
    if (detector == NULL || __atomic_load_n(&detector->same_process, __ATOMIC_ACQUIRE) == 1)
        return false;
    if (__atomic_compare_exchange_n(&detector->same_process, &seen, 2, false, __ATOMIC_ACQUIRE,
                                    __ATOMIC_ACQUIRE))
        return true;
    *busy = seen != 1;
    return false;
}

void wvm_host_after_fork_child(void)
{
    wvm_host_threads_after_fork_child();
    for (unsigned i = 0; i < WVM_N_FILES; i++) {
        struct file_slot *s = &slots[i];
        if ((s->state & SLOT_STATE_MASK) == SLOT_READY && wvm_host_fd_is(s->fd, s->dev, s->ino))
            wvm_sys_close(s->fd);
        publish(s, SLOT_EMPTY); /* BUSY here belonged to a thread that does not exist any more */
    }
    if (detector) {
        STORE(detector->pid, 0);
        __atomic_store_n(&detector->same_process, 1, __ATOMIC_RELEASE);
    }
}

int wvm_host_file_open(enum wvm_host_file which, struct wvm_host_loan *out)
{
    if (slots[which].make)
        return -EBUSY; /* what is made for one loan is of no use */
    /* "self" names the first thread, which may have ended. */
    int fd = open_file("thread-self", slots[which].name);
    if (fd == -ENOENT)
        fd = open_file("self", slots[which].name);
    out->fd = fd;
    out->temporary = true;
    return fd < 0 ? fd : 0;
}

int wvm_host_file_borrow(enum wvm_host_file which, struct wvm_host_loan *out)
{
    struct file_slot *s = &slots[which];
    bool busy;
    if (notice_fork(&busy))
        wvm_host_after_fork_child();
    if (busy)
        return wvm_host_file_open(which, out);
    unsigned seen = __atomic_load_n(&s->state, __ATOMIC_ACQUIRE);
    if ((seen & SLOT_STATE_MASK) == SLOT_READY) {
        int fd = LOAD(s->fd);
        uint64_t dev = LOAD(s->dev), ino = LOAD(s->ino);
        if (LOAD(s->state) == seen && wvm_host_fd_is(fd, dev, ino)) {
            *out = (struct wvm_host_loan){.fd = fd, .temporary = false};
            return 0;
        }
    }
    if ((seen & SLOT_STATE_MASK) == SLOT_BUSY || !claim(s, seen))
        return wvm_host_file_open(which, out);
    return fill_slot(s, out);
}

int wvm_host_file_of(pid_t pid, enum wvm_host_file which, struct wvm_host_loan *out)
{
    char number[16];
    struct wvm_buf b;
    if (pid == 0)
        return wvm_host_file_borrow(which, out);
    wvm_buf_init(&b, number, sizeof(number));
    wvm_buf_printf(&b, "%d", (int)pid);
    out->fd = open_file(number, slots[which].name);
    out->temporary = true;
    return out->fd < 0 ? out->fd : 0;
}

void wvm_host_file_return(const struct wvm_host_loan *loan)
{
    if (loan->temporary)
        wvm_sys_close(loan->fd);
}

int wvm_host_file_number(enum wvm_host_file which)
{
    return (LOAD(slots[which].state) & SLOT_STATE_MASK) == SLOT_READY ? LOAD(slots[which].fd) : -1;
}

ssize_t wvm_host_read_text(const char *root, const char *path, char *out, size_t cap)
{
    char whole[PATH_CAP];
    struct wvm_buf b;
    wvm_buf_init(&b, whole, sizeof(whole));
    wvm_buf_printf(&b, "%s/%s", root, path);
    int fd = wvm_sys_open(whole);
    if (fd < 0)
        return fd;
    size_t len = 0;
    ssize_t n = 0;
    while (len + 1 < cap && (n = wvm_sys_read(fd, out + len, cap - 1 - len)) > 0) {
        len += (size_t)n;
        if (len < WHOLE_MAX)
            break;
    }
    wvm_sys_close(fd);
    out[len] = '\0';
    return n < 0 && len == 0 ? n : (ssize_t)len;
}

/* Cuts whole lines off text[0, *have) and leaves the rest at its start. False: seen enough. */
static bool cut_lines(char *text, size_t *have, bool *skip, bool (*see)(char *line, void *ctx),
                      void *ctx)
{
    char *line = text, *end;
    text[*have] = '\0';
    for (; (end = __builtin_strchr(line, '\n')) != NULL; line = end + 1) {
        *end = '\0';
        if (!*skip && !see(line, ctx))
            return false;
        *skip = false;
    }
    *have = (size_t)(text + *have - line);
    if (*have == WVM_LINE_CAP - 1) {
        *skip = true;
        *have = 0;
    }
    __builtin_memmove(text, line, *have);
    return true;
}

bool wvm_host_each_line(const char *root, const char *path, bool (*see)(char *line, void *ctx),
                        void *ctx)
{
    char text[WVM_LINE_CAP];
    struct wvm_buf b;
    size_t have = 0;
    ssize_t n;
    bool skip = false;
    wvm_buf_init(&b, text, sizeof(text));
    wvm_buf_printf(&b, "%s/%s", root, path);
    int fd = wvm_sys_open(text);
    if (fd < 0)
        return false;
    while ((n = wvm_sys_read(fd, text + have, sizeof(text) - 1 - have)) > 0) {
        have += (size_t)n;
        if (!cut_lines(text, &have, &skip, see, ctx))
            break;
    }
    wvm_sys_close(fd);
    return true;
}

bool wvm_host_parse_dec(const char **s, uint64_t *out)
{
    const char *p = *s;
    uint64_t v = 0;
    while (*p == ' ' || *p == '\t')
        p++;
    if (*p < '0' || *p > '9')
        return false;
    for (; *p >= '0' && *p <= '9'; p++)
        if (__builtin_mul_overflow(v, (uint64_t)10, &v)
            || __builtin_add_overflow(v, (uint64_t)(*p - '0'), &v))
            v = UINT64_MAX;
    *s = p;
    *out = v;
    return true;
}

uint64_t wvm_host_read_number(const char *root, const char *path, uint64_t fallback)
{
    char text[32];
    const char *s = text;
    uint64_t v;
    if (wvm_host_read_text(root, path, text, sizeof(text)) <= 0 || !wvm_host_parse_dec(&s, &v))
        return fallback;
    return v;
}
