/* The end of a failed assertion.
 *
 * Owns     the message; the decision to stop is the caller's.
 * I1       Nothing is allocated, locked or flushed: the process state may be damaged.
 * I2       The message is one write(2) of at most LINE_CAP bytes, ending in a newline.
 * Locking  none.   Failure: a failed write is ignored.   Signal safety: async-signal-safe. */
#include "base/assert.h"

#include <stdlib.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/fmt.h"

enum { LINE_CAP = 512 };

_Noreturn void wvm_assert_fail(const char *file, int line, const char *expr)
{
    char text[LINE_CAP];
    struct wvm_buf b;
    wvm_buf_init(&b, text, sizeof(text) - 1); /* one byte kept for the newline */
    wvm_buf_printf(&b, "winvm: %s:%d: %s", file, line, expr);
    text[b.len++] = '\n';
    syscall(SYS_write, STDERR_FILENO, text, b.len);
    abort();
}
