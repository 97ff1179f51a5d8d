/* Text into a caller's buffer: no malloc, no stdio, no locale; async-signal-safe.
 * The buffer always stays NUL-terminated; output past its end is dropped, never written. */
#ifndef WVM_BASE_FMT_H
#define WVM_BASE_FMT_H

#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>

#include "base/annotate.h"

struct wvm_buf {
    char *at;       /* start of the caller's buffer */
    size_t cap;     /* its size in bytes, at least 1 */
    size_t len;     /* characters written, without the NUL; always < cap */
};

void wvm_buf_init(struct wvm_buf *b, char *at, size_t cap);
void wvm_buf_str(struct wvm_buf *b, const char *s);
void wvm_buf_char(struct wvm_buf *b, char c);
void wvm_buf_hex(struct wvm_buf *b, uint64_t v);   /* with 0x */
void wvm_buf_dec(struct wvm_buf *b, uint64_t v);
/* A printf subset: %s %c %d %u %x %p %zu %lu %llu %lx %llx %zx %% ; no widths. */
void wvm_buf_printf(struct wvm_buf *b, const char *fmt, ...) WVM_PRINTF(2, 3);
void wvm_buf_vprintf(struct wvm_buf *b, const char *fmt, va_list ap);

#endif
