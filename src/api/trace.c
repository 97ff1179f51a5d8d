/* The tracer: turns one call into one line and writes it with one write(2).
 *
 * Terms   target = the descriptor the lines go to; letters = the decoding of a call (api_list.h).
 * I1  The gate's trace bit is set exactly while there is a target.
 * I2  No user page is touched: what a pointer argument points to is fetched by a host copy that
 *     cannot fault, and shows as [?] when it cannot be read.
 * I3  A line never exceeds LINE_MAX_LEN; what does not fit is cut off.
 * I4  A file is written only while the descriptor still is that file: a program that closes all its
 *     descriptors and gets our number again for its own file ends the trace.
 * I5  errno and the thread's last error survive.
 * Lines of different threads do not mix. The thread's number stands in front once a second
 * thread has been seen.
 * Locking: none.   Failure: a target that cannot be opened is told once, and nothing is traced.
 * Signal safety: begin and end are. */
#include "api/trace.h"

#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "api/api.h"
#include "base/arith.h"
#include "base/options.h"
#include "host/host.h"
#include "nt/nt_handle.h"
#include "space/space.h"

#define LINE_MAX_LEN 1024
#define STRING_MAX 120
/* A number that programs do not expect to be next. */
#define TARGET_FD_MIN 180

static int target_fd = -1;
static bool target_is_file;
static dev_t target_dev;
static ino_t target_ino;
static int first_tid;       /* atomic; -1 once a second thread was seen */

static bool read_decimal(const char *text, int *out)
{
    int value = 0;
    if (*text == '\0')
        return false;
    for (; *text != '\0'; text++) {
        if (*text < '0' || *text > '9' || value > 100000)
            return false;
        value = value * 10 + (*text - '0');
    }
    *out = value;
    return true;
}

static int open_file(const char *name)
{
    int fd = open(name, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0666);
    if (fd < 0)
        return -errno;
    int high = fcntl(fd, F_DUPFD_CLOEXEC, TARGET_FD_MIN);
    if (high >= 0) {
        close(fd);
        fd = high;
    }
    struct stat st;
    if (fstat(fd, &st) != 0) {
        int err = errno;
        close(fd);
        return -err;
    }
    target_dev = st.st_dev;
    target_ino = st.st_ino;
    target_is_file = true;
    return fd;
}

void wvm_trace_init(void)
{
    const char *name = wvm_options[WVM_OPTION_TRACE].text;
    if (name == NULL || name[0] == '\0' || strcmp(name, "0") == 0)
        return;
    int saved = errno;
    int fd = -EINVAL;
    if (strcmp(name, "stderr") == 0 || strcmp(name, "1") == 0)
        fd = STDERR_FILENO;
    else if (strncmp(name, "fd:", 3) != 0)
        fd = open_file(name);
    else if (!read_decimal(name + 3, &fd) || fcntl(fd, F_GETFD) < 0)
        fd = -EBADF;
    errno = saved;
    if (fd < 0) {
        wvm_host_log("trace: %s cannot be written (error %d); nothing is traced", name, -fd);
        return;
    }
    target_fd = fd;
    wvm_gate_set(WVM_GATE_TRACE, true);
}

static bool fetch(void *to, uint64_t from, size_t len)
{
    return from != 0 && wvm_host_read(0, to, (uintptr_t)from, len) == (ssize_t)len;
}

static bool fetch_value(const struct wvm_trace_call *call, unsigned i, uint64_t *out)
{
    *out = 0;
    return fetch(out, call->arg[i], call->width[i]);
}

void wvm_trace_begin(struct wvm_trace_call *call)
{
    const char *letters = wvm_api_letters[call->id] + 1;
    call->got = 0;
    wvm_space_forget_reason();
    for (unsigned i = 0; letters[i] != '\0'; i++) {
        if (letters[i] == 'i' && fetch_value(call, i, &call->before[i]))
            call->got |= 1u << i;
    }
}

static void put_pointer(struct wvm_buf *out, uint64_t value)
{
    if (value == 0)
        wvm_buf_str(out, "NULL");
    else
        wvm_buf_hex(out, value);
}

static void put_handle(struct wvm_buf *out, uint64_t value)
{
    if ((HANDLE)(uintptr_t)value == WVM_OWN_PROCESS)
        wvm_buf_str(out, "CURRENT_PROCESS");
    else
        put_pointer(out, value);
}

/* A text of 1- or 2-byte characters; what is not printable ASCII shows as ?. */
static void put_text(struct wvm_buf *out, uint64_t at, size_t unit)
{
    if (at < 0x10000) {     /* an ordinal, or nothing */
        put_pointer(out, at);
        return;
    }
    wvm_buf_str(out, unit == 2 ? "L\"" : "\"");
    for (unsigned i = 0; i < STRING_MAX; i++) {
        uint16_t c = 0;
        if (!fetch(&c, at + i * unit, unit)) {
            wvm_buf_str(out, "[?]");
            break;
        }
        if (c == 0)
            break;
        wvm_buf_char(out, c >= ' ' && c < 0x7f ? (char)c : '?');
    }
    wvm_buf_char(out, '"');
}

/* The value behind an in/out pointer; four bytes wide are old protections. */
static void put_behind(struct wvm_buf *out, unsigned width, uint64_t value)
{
    wvm_buf_char(out, '[');
    if (width == 4 && value != 0 && value < 0x800)
        wvm_trace_flags(out, WVM_WORDS_PROTECT, (uint32_t)value);
    else
        wvm_buf_hex(out, value);
    wvm_buf_char(out, ']');
}

static void put_in_out(struct wvm_buf *out, const struct wvm_trace_call *call, unsigned i)
{
    uint64_t after;
    if (call->arg[i] == 0) {
        wvm_buf_str(out, "NULL");
        return;
    }
    if (!(call->got >> i & 1)) {
        wvm_buf_hex(out, call->arg[i]);
        wvm_buf_str(out, "[?]");
        return;
    }
    put_behind(out, call->width[i], call->before[i]);
    if (fetch_value(call, i, &after) && after != call->before[i]) {
        wvm_buf_str(out, " -> ");
        put_behind(out, call->width[i], after);
    }
}

static void put_class(struct wvm_buf *out, uint32_t info_class)
{
    const char *name = wvm_trace_class_name(info_class);
    if (name != NULL)
        wvm_buf_str(out, name);
    else
        wvm_buf_dec(out, info_class);
}

static void put_argument(struct wvm_buf *out, const struct wvm_trace_call *call, unsigned i,
                         char letter)
{
    uint64_t value = call->arg[i];
    switch (letter) {
    case 'h': put_handle(out, value); break;
    case 'p': put_pointer(out, value); break;
    case 'z': wvm_buf_hex(out, value); break;
    case 'A': wvm_trace_flags(out, WVM_WORDS_ALLOC, (uint32_t)value); break;
    case 'F': wvm_trace_flags(out, WVM_WORDS_FREE, (uint32_t)value); break;
    case 'P': wvm_trace_flags(out, WVM_WORDS_PROTECT, (uint32_t)value); break;
    case 'V': wvm_trace_flags(out, WVM_WORDS_VIEW, (uint32_t)value); break;
    case 'U': wvm_trace_flags(out, WVM_WORDS_UNMAP, (uint32_t)value); break;
    case 'i': put_in_out(out, call, i); break;
    case 'c': put_class(out, (uint32_t)value); break;
    case 's': put_text(out, value, 1); break;
    case 'w': put_text(out, value, 2); break;
    default: wvm_buf_hex(out, (uint32_t)value); break;
    }
}

/* Why the space refused; empty when the failure was found before it was asked. */
static void put_reason(struct wvm_buf *out)
{
    struct wvm_reason reason = wvm_space_last_reason();
    if (reason.text == NULL)
        return;
    wvm_buf_str(out, ": ");
    wvm_buf_str(out, reason.text);
    if (reason.at != 0) {
        wvm_buf_char(out, ' ');
        wvm_buf_hex(out, reason.at);
    }
}

static void put_error(struct wvm_buf *out)
{
    uint32_t error = wvm_GetLastError();
    const char *name = wvm_trace_error_name(error);
    wvm_buf_printf(out, " %s(%u)", name != NULL ? name : "error", error);
    put_reason(out);
}

static void put_status(struct wvm_buf *out, uint32_t status)
{
    const char *name = wvm_trace_status_name(status);
    wvm_buf_printf(out, "%s(0x%x)", name != NULL ? name : "status", status);
    if ((int32_t)status < 0)
        put_reason(out);
}

static void put_result(struct wvm_buf *out, char letter, uint64_t result)
{
    bool failed = false;
    if (letter == 'v')
        return;
    wvm_buf_str(out, " = ");
    switch (letter) {
    case 'n': put_status(out, (uint32_t)result); break;
    case 'b':
        failed = (uint32_t)result == 0;
        wvm_buf_str(out, failed ? "FALSE" : "TRUE");
        break;
    case 'p': case 'h':
        failed = result == 0;
        put_handle(out, result);
        break;
    case 'z':
        failed = result == 0;
        wvm_buf_hex(out, result);
        break;
    default: wvm_buf_dec(out, (uint32_t)result); break;
    }
    if (failed)
        put_error(out);
}

/* "[1234] " when the process has had calls from more than one thread. */
static void put_thread(struct wvm_buf *out)
{
    int tid = (int)syscall(SYS_gettid);
    int first = 0;
    if (__atomic_compare_exchange_n(&first_tid, &first, tid, false, __ATOMIC_RELAXED,
                                    __ATOMIC_RELAXED) || first == tid)
        return;
    __atomic_store_n(&first_tid, -1, __ATOMIC_RELAXED);
    wvm_buf_printf(out, "[%u] ", (unsigned)tid);
}

static bool target_valid(void)
{
    struct stat st;
    if (!target_is_file)
        return true;
    return fstat(target_fd, &st) == 0 && st.st_dev == target_dev && st.st_ino == target_ino;
}

void wvm_trace_end(const struct wvm_trace_call *call, uint64_t result)
{
    int saved = errno;
    char text[LINE_MAX_LEN];
    struct wvm_buf line;
    const char *letters = wvm_api_letters[call->id];

    wvm_buf_init(&line, text, sizeof text - 1);
    put_thread(&line);
    wvm_buf_str(&line, wvm_api_names[call->id]);
    wvm_buf_char(&line, '(');
    for (unsigned i = 0; letters[i + 1] != '\0'; i++) {
        if (i != 0)
            wvm_buf_str(&line, ", ");
        put_argument(&line, call, i, letters[i + 1]);
    }
    wvm_buf_char(&line, ')');
    put_result(&line, letters[0], result);
    text[line.len] = '\n';
    if (target_valid())
        syscall(SYS_write, target_fd, text, line.len + 1);
    else
        wvm_gate_set(WVM_GATE_TRACE, false);
    errno = saved;
}
