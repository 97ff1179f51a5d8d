/* Lines for people: on standard error, or wherever wvm_host_log_to() sent them.
 *
 * Owns     the descriptor that lines go to.
 * I1       A line is one write(2), at most LINE_CAP bytes, and ends in exactly one newline, so that
 *          lines of several threads never mix.
 * I2       A failed write is ignored: telling is never more important than doing.
 * Locking  none.   Failure: none.   Signal safety: all functions; errno is preserved. */
#include "base/fmt.h"
#include "base/options.h"
#include "host/host_kernel.h"
#include "host/host_private.h"

enum { LINE_CAP = 1024 };

static int log_fd = STDERR_FILENO;

void wvm_host_log_to(int fd)
{
    __atomic_store_n(&log_fd, fd, __ATOMIC_RELAXED);
}

static void put_line(const char *fmt, va_list ap)
{
    char text[LINE_CAP];
    struct wvm_buf b;
    wvm_buf_init(&b, text, sizeof(text) - 1); /* one byte kept for the newline */
    wvm_buf_str(&b, "winvm: ");
    wvm_buf_vprintf(&b, fmt, ap);
    text[b.len++] = '\n';
    (void)WVM_SYS(syscall(SYS_write, __atomic_load_n(&log_fd, __ATOMIC_RELAXED), text, b.len));
}

void wvm_host_log(const char *fmt, ...)
{
    va_list ap;
    va_start(ap, fmt);
    put_line(fmt, ap);
    va_end(ap);
}

void wvm_host_diag(const char *fmt, ...)
{
    if (!wvm_option(WVM_OPTION_DIAG))
        return;
    va_list ap;
    va_start(ap, fmt);
    put_line(fmt, ap);
    va_end(ap);
}
