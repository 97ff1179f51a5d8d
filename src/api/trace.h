/* The trace: one decoded line per call, to standard error, a descriptor, or a file (option
 * trace). */
#ifndef WVM_API_TRACE_H
#define WVM_API_TRACE_H

#include <stdint.h>

#include "base/fmt.h"

#define WVM_TRACE_ARGS 10

/* One call on its way through the tracer. */
struct wvm_trace_call {
    unsigned id;                        /* enum wvm_api_id */
    uint64_t arg[WVM_TRACE_ARGS];       /* arguments as words */
    uint8_t width[WVM_TRACE_ARGS];      /* bytes behind an in/out pointer, for the letter i */
    uint64_t before[WVM_TRACE_ARGS];    /* what they pointed to; where the bit of `got` is set */
    unsigned got;
};

/* By enum wvm_api_id: the name and the letters of api_list.h. */
extern const char *const wvm_api_names[];
extern const char *const wvm_api_letters[];

/* Opens the target that the option trace names and sets the gate's trace bit; without the option
 * nothing. Called once at start, after the options are read. */
void wvm_trace_init(void);

/* Before and after the call. End writes the line; it keeps errno and the thread's last error. */
void wvm_trace_begin(struct wvm_trace_call *call);
void wvm_trace_end(const struct wvm_trace_call *call, uint64_t result);

/* trace_names.c: words for numbers. Unknown bits and values appear as hexadecimal. */
enum wvm_trace_words {
    WVM_WORDS_ALLOC,
    WVM_WORDS_FREE,
    WVM_WORDS_PROTECT,
    WVM_WORDS_VIEW,
    WVM_WORDS_UNMAP
};
void wvm_trace_flags(struct wvm_buf *out, enum wvm_trace_words which, uint32_t value);
/* NULL: not known. */
const char *wvm_trace_error_name(uint32_t error);
const char *wvm_trace_status_name(uint32_t status);
const char *wvm_trace_class_name(uint32_t info_class);

#endif
