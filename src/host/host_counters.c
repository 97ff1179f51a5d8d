/* Counters of a process, from /proc/PID/status, stat and io.
 *
 * Owns     nothing; nothing is remembered between calls.
 * I1       What the host does not tell is 0.
 * I2       Each call reads each file once: the numbers of one file are of one moment, as far as the
 *          kernel's are.
 * Locking  none.   Failure: -errno.   Signal safety: yes. */
#include "host/host_counters.h"

#include <errno.h>
#include <sched.h>
#include <string.h>
#include <sys/resource.h>

#include "base/fmt.h"
#include "host/host_kernel.h"
#include "host/host_private.h"

enum { STATUS_CAP = 8192, STAT_CAP = 1024 };
/* Fields of stat, the state being number 3. */
enum {
    STAT_PARENT = 4,
    STAT_MINOR = 10,
    STAT_MAJOR = 12,
    STAT_USER = 14,
    STAT_KERNEL = 15,
    STAT_NICE = 19,
    STAT_START = 22
};
/* 100 ns: of a clock tick of /proc, of a second. */
#define TICK 100000u
#define SECOND 10000000u

static ssize_t read_file(pid_t pid, const char *name, char *out, size_t cap)
{
    char path[48];
    struct wvm_buf b;
    wvm_buf_init(&b, path, sizeof path);
    if (pid)
        wvm_buf_printf(&b, "%d/%s", (int)pid, name);
    else
        wvm_buf_printf(&b, "self/%s", name);
    ssize_t n = wvm_host_read_text(wvm_host_proc_root, path, out, cap);
    return n == 0 ? -ESRCH : n;
}

/* The key begins with a newline: the process's name, in the first line, may hold anything else. */
static uint64_t kb_value(const char *text, const char *key)
{
    uint64_t v = 0;
    return wvm_host_text_value(text, key, &v) ? v * 1024 : 0;
}

/* A field of stat behind the name, which may hold anything. NULL: there is none. */
static const char *stat_field(const char *text, int number)
{
    const char *p = strrchr(text, ')');
    p = p && p[1] == ' ' ? p + 2 : NULL;
    for (int at = 3; at < number && p; at++) {
        p = strchr(p, ' ');
        p = p ? p + 1 : NULL;
    }
    return p;
}

static uint64_t stat_number(const char *text, int number)
{
    const char *p = stat_field(text, number);
    uint64_t v = 0;
    return p && wvm_host_parse_dec(&p, &v) ? v : 0;
}

static void read_usage(struct wvm_host_counters *out, bool peak_only)
{
    struct rusage usage;
    if (WVM_SYS(getrusage(RUSAGE_SELF, &usage)) < 0)
        return;
    out->faults = (uint64_t)usage.ru_minflt + (uint64_t)usage.ru_majflt;
    if (peak_only)
        out->resident = out->resident_peak = (uint64_t)usage.ru_maxrss * 1024;
}

static void read_status(const char *text, struct wvm_host_counters *out)
{
    out->resident = kb_value(text, "\nVmRSS:");
    out->resident_peak = kb_value(text, "\nVmHWM:");
    out->resident_private = kb_value(text, "\nRssAnon:");
    out->resident_shared = kb_value(text, "\nRssShmem:");
    out->mapped = kb_value(text, "\nVmSize:");
    out->mapped_peak = kb_value(text, "\nVmPeak:");
    out->writable = kb_value(text, "\nVmData:") + kb_value(text, "\nVmStk:");
    if (out->resident_peak < out->resident) /* the peak is noted late */
        out->resident_peak = out->resident;
}

int wvm_host_counters(pid_t pid, struct wvm_host_counters *out)
{
    char text[STATUS_CAP];
    memset(out, 0, sizeof *out);
    ssize_t n = read_file(pid, "status", text, sizeof text);
    if (n < 0 && pid)
        return (int)n;
    if (n > 0)
        read_status(text, out);
    if (!pid)
        read_usage(out, n < 0);
    else if (read_file(pid, "stat", text, STAT_CAP) > 0)
        out->faults = stat_number(text, STAT_MINOR) + stat_number(text, STAT_MAJOR);
    return 0;
}

static uint64_t affinity_of(pid_t pid)
{
    cpu_set_t set;
    uint64_t mask = 0;
    if (WVM_SYS(sched_getaffinity(pid, sizeof set, &set)) < 0)
        return 1;
    for (unsigned i = 0; i < 64; i++)
        if (CPU_ISSET(i, &set))
            mask |= (uint64_t)1 << i;
    return mask;
}

/* The value of a field of at most two digits and a sign. */
static int small_number(const char *p)
{
    bool minus = p && *p == '-';
    uint64_t v = 0;
    p += minus;
    return p && wvm_host_parse_dec(&p, &v) ? (minus ? -(int)v : (int)v) : 0;
}

int wvm_host_family(pid_t pid, struct wvm_host_family *out)
{
    char text[STAT_CAP];
    ssize_t n = read_file(pid, "stat", text, sizeof text);
    *out = (struct wvm_host_family){
        .pid = pid ? pid : (pid_t)wvm_sys3(SYS_getpid, 0, 0, 0), .processors = affinity_of(pid)};
    if (n < 0 && pid)
        return (int)n;
    if (n > 0) {
        const char *nice = stat_field(text, STAT_NICE);
        out->parent = (pid_t)stat_number(text, STAT_PARENT);
        out->nice = nice ? small_number(nice) : 0;
    } else {
        out->parent = (pid_t)wvm_sys3(SYS_getppid, 0, 0, 0);
    }
    return 0;
}

static bool see_boot(char *line, void *ctx)
{
    return strncmp(line, "btime ", 6) != 0 || !wvm_host_text_value(line, "btime ", ctx);
}

/* The second that the machine started in. Unlike the clock less the time that it is up it is the
 * same each time. */
static uint64_t boot_second(void)
{
    uint64_t second = 0;
    (void)wvm_host_each_line(wvm_host_proc_root, "stat", see_boot, &second);
    return second;
}

static uint64_t units_of(const struct timeval *t)
{
    return (uint64_t)t->tv_sec * SECOND + (uint64_t)t->tv_usec * 10;
}

int wvm_host_times(pid_t pid, struct wvm_host_times *out)
{
    char text[STAT_CAP];
    struct rusage usage;
    uint64_t boot = boot_second();
    memset(out, 0, sizeof *out);
    ssize_t n = read_file(pid, "stat", text, sizeof text);
    if (n < 0 && pid)
        return (int)n;
    if (n > 0) {
        out->created = boot ? boot * SECOND + stat_number(text, STAT_START) * TICK : 0;
        out->user = stat_number(text, STAT_USER) * TICK;
        out->kernel = stat_number(text, STAT_KERNEL) * TICK;
    }
    if (!pid && WVM_SYS(getrusage(RUSAGE_SELF, &usage)) == 0) { /* finer */
        out->user = units_of(&usage.ru_utime);
        out->kernel = units_of(&usage.ru_stime);
    }
    return 0;
}

static uint64_t io_value(const char *text, const char *key)
{
    uint64_t v = 0;
    return wvm_host_text_value(text, key, &v) ? v : 0;
}

int wvm_host_io(pid_t pid, struct wvm_host_io *out)
{
    char text[STAT_CAP] = "\n";
    memset(out, 0, sizeof *out);
    ssize_t n = read_file(pid, "io", text + 1, sizeof text - 1);
    if (n < 0)
        return pid ? (int)n : 0;
    *out = (struct wvm_host_io){
        .reads = io_value(text, "\nsyscr:"),
        .writes = io_value(text, "\nsyscw:"),
        .bytes_read = io_value(text, "\nrchar:"),
        .bytes_written = io_value(text, "\nwchar:"),
    };
    return 0;
}
