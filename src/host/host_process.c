/* Other processes, processors, and flushing file mappings.
 *
 * I1  Every function preserves errno and keeps no descriptor open.
 * I2  A process that has ended but is not yet waited for counts as ended; one of which only the
 *     first thread has ended lives.
 * Locking: none.
 * Failure: -errno.   Signal safety: yes (open, read, close, kill and sched_getaffinity only). */
#include "host/host_process.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/uio.h>
#include <time.h>

#include "base/fmt.h"
#include "host/host_kernel.h"
#include "host/host_thread.h"

/* The first cap-1 bytes of a file, NUL-terminated; length or -errno. */
static ssize_t read_text(const char *path, char *out, size_t cap)
{
    int fd = wvm_sys_open(path);
    if (fd < 0)
        return fd;
    ssize_t n = wvm_sys_read(fd, out, cap - 1);
    wvm_sys_close(fd);
    out[n < 0 ? 0 : n] = '\0';
    return n;
}

static uint64_t read_number(const char **s)
{
    uint64_t value = 0;
    for (; **s >= '0' && **s <= '9'; (*s)++)
        value = value * 10 + (uint64_t)(**s - '0');
    return value;
}

/* Field n of what follows the name; from is field 3. NULL: there are fewer. */
static const char *field(const char *from, int n)
{
    for (int at = 3; at < n && from; at++) {
        from = strchr(from, ' ');
        from = from ? from + 1 : NULL;
    }
    return from;
}

/* Fields 3 (state), 20 (threads) and 22 (start time) of /proc/PID/stat, which are those of the
 * first thread. The name in field 2 may hold anything. */
static int parse_stat(const char *text, uint64_t *start)
{
    const char *p = strrchr(text, ')');
    if (!p || p[1] != ' ')
        return -EIO;
    p += 2;
    const char *threads = field(p, 20), *begin = field(p, 22);
    if (!threads || !begin)
        return -EIO;
    bool ended = *p == 'Z' || *p == 'X' || *p == 'x';
    if (ended && read_number(&threads) <= 1)
        return -ESRCH;
    *start = read_number(&begin);
    return 0;
}

static int process_start(pid_t pid, uint64_t *start)
{
    char path[48], text[1024];
    struct wvm_buf b;
    if (kill(pid, 0) < 0)
        return -errno;
    wvm_buf_init(&b, path, sizeof path);
    wvm_buf_printf(&b, "/proc/%d/stat", (int)pid);
    ssize_t n = read_text(path, text, sizeof text);
    if (n == -ENOENT || n == -ESRCH) {
        /* Gone meanwhile, or no /proc: then the number alone must do. */
        *start = 0;
        return kill(pid, 0) < 0 ? -errno : 0;
    }
    return n < 0 ? (int)n : parse_stat(text, start);
}

int wvm_host_process_start(pid_t pid, uint64_t *start)
{
    int saved = errno;
    int result = process_start(pid, start);
    errno = saved;
    return result;
}

/* The state's letter and the number of threads of a process (0: this one); 0: not known. */
static char process_state(pid_t pid, uint64_t *n_threads)
{
    char path[48], text[1024];
    struct wvm_buf b;
    wvm_buf_init(&b, path, sizeof path);
    if (pid)
        wvm_buf_printf(&b, "/proc/%d/stat", (int)pid);
    else
        wvm_buf_str(&b, "/proc/self/stat");
    const char *p = read_text(path, text, sizeof text) > 0 ? strrchr(text, ')') : NULL;
    const char *threads = p && p[1] == ' ' ? field(p + 2, 20) : NULL;
    if (!threads)
        return 0;
    *n_threads = read_number(&threads);
    return p[2];
}

uint32_t wvm_host_thread_number(void)
{
    return (uint32_t)wvm_sys3(SYS_gettid, 0, 0, 0);
}

bool wvm_host_thread_lives(uint32_t number)
{
    long pid = wvm_sys3(SYS_getpid, 0, 0, 0);
    return wvm_sys3(SYS_tgkill, (uintptr_t)pid, number, 0) != -ESRCH;
}

bool wvm_host_process_is_stopped(pid_t pid)
{
    int saved = errno;
    uint64_t n;
    char state = process_state(pid, &n);
    errno = saved;
    return state == 'T' || state == 't';
}

/* The first thread has its memory until it ends. */
static bool first_thread_lives(void)
{
    char here = 1, there;
    struct iovec from = {&here, 1}, to = {&there, 1};
    return process_vm_readv(getpid(), &to, 1, &from, 1, 0) == 1;
}

bool wvm_host_process_is_left(void)
{
    int saved = errno;
    uint64_t n = 0;
    bool left = !first_thread_lives() && process_state(0, &n) == 'Z' &&
                n <= 1 + (uint64_t)wvm_host_threads();
    errno = saved;
    return left;
}

/* The first eight digits of the host's random number of this boot. */
uint32_t wvm_host_boot_id(void)
{
    char text[64];
    uint32_t id = 0;
    int saved = errno;
    if (read_text("/proc/sys/kernel/random/boot_id", text, sizeof text) >= 8) {
        for (unsigned i = 0; i < 8; i++) {
            unsigned c = (unsigned char)text[i] | 0x20;
            id = id << 4 | (c <= '9' ? c - '0' : c - 'a' + 10);
        }
    }
    errno = saved;
    return id;
}

uint32_t wvm_host_random(void)
{
    uint32_t v = 0;
    struct timespec now = {0};
    if (WVM_SYS(syscall(SYS_getrandom, &v, sizeof v, 1 /* do not wait */)) == sizeof v)
        return v;
    clock_gettime(CLOCK_REALTIME, &now);
    return (uint32_t)now.tv_nsec * 2654435761u ^ (uint32_t)getpid();
}

unsigned wvm_host_affinity(uint64_t *mask)
{
    int saved = errno;
    cpu_set_t set;
    unsigned n = 1;
    *mask = 1;
    if (sched_getaffinity(0, sizeof set, &set) == 0) {
        n = (unsigned)CPU_COUNT(&set);
        *mask = 0;
        for (unsigned i = 0; i < 64; i++)
            if (CPU_ISSET(i, &set))
                *mask |= (uint64_t)1 << i;
    }
    errno = saved;
    return n;
}

int wvm_host_flush(uintptr_t addr, size_t len)
{
    int saved = errno;
    int result = msync((void *)addr, len, MS_SYNC) < 0 ? -errno : 0;
    errno = saved;
    return result;
}
