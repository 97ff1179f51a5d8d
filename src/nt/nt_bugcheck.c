/* Bug checks: the report, the end of the process, and what a test registers instead.
 *
 * Owns     the registered callback; the text of the report while it is made (on the stack).
 * Terms    fault = a bug check that the handler of a signal found: interrupted code may hold any
 *          lock, so that only what is safe in handlers is asked.
 * I1       Nobody's lock is held here, and none is taken for a fault: a callback may longjmp.
 * I2       A report is one write(2) of at most REPORT_CAP bytes to standard error.
 * I3       One report for each process: what other threads find meanwhile waits for the end, and
 *          what the report's own thread finds ends at once.
 * I4       Where a callback is, nothing is printed and nothing ends; the pools find an overrun at
 *          the free: a test wants to know which.
 * Locking  none.   Failure: none.   Signal safety: wvm_bug_check_fault. */
#include "nt/nt_bugcheck.h"

#include <stdlib.h>

#include <winvm/wdm.h>

#include "api/api.h"
#include "base/fmt.h"
#include "host/host_kernel.h"
#include "host/host_signal.h"
#include "host/host_symbol.h"
#include "nt/nt_bugcheck_names.h"
#include "nt/nt_irql.h"
#include "pool/pool.h"
#include "pool/pool_filter.h"

enum { REPORT_CAP = 4096, WAIT_US = 100000 };

struct check {
    uint32_t code;
    uintptr_t parameter[4];
    bool fault;
};

static wvm_bug_check_callback *callback; /* (a) */
static void *callback_arg;               /* (a) stored before the callback it belongs to */
static pid_t reporter;                   /* (a) the thread that reports; 0: none */

void wvm_bug_check_set_callback(wvm_bug_check_callback *fn, void *arg)
{
    __atomic_store_n(&callback, NULL, __ATOMIC_RELEASE);
    __atomic_store_n(&callback_arg, arg, __ATOMIC_RELAXED);
    __atomic_store_n(&callback, fn, __ATOMIC_RELEASE);
    wvm_pool_prove_at_once(fn != NULL);
}

/* ---- the report ---- */

static void put_tag(struct wvm_buf *b, const char *before, uint32_t tag)
{
    wvm_buf_str(b, before);
    wvm_pool_put_tag(b, tag);
    wvm_buf_char(b, '\'');
}

static const char *access_name(uint32_t code, uintptr_t access)
{
    if (code == 0x50)
        return access == 0 ? "read" : access == 2 ? "write" : access == 0x10 ? "execute" : NULL;
    return access == 0 ? "read" : access == 1 ? "write" : access == 8 ? "execute" : NULL;
}

/* What stands in brackets behind the value. */
static void put_value(struct wvm_buf *b, uint32_t code, char kind, uintptr_t value)
{
    const char *word = NULL;
    if (kind == '\'') {
        put_tag(b, " '", (uint32_t)value);
    } else if (kind == '#') {
        wvm_buf_printf(b, " (%lu)", (unsigned long)value);
    } else if (kind == '^') {
        word = wvm_pool_type_name(value);
    } else if (kind == '~') {
        word = access_name(code, value);
    } else if (kind == '!' && value != 0) {
        wvm_buf_char(b, ' ');
        wvm_host_put_code(b, value);
    }
    if (word != NULL)
        wvm_buf_printf(b, " (%s)", word);
}

static bool is_kind(char c)
{
    return c == '@' || c == '\'' || c == '#' || c == '^' || c == '~' || c == '!';
}

static void put_parameters(struct wvm_buf *b, const struct check *c,
                           const struct wvm_bug_check_meaning *m)
{
    for (int i = 0; i < 4; i++) {
        const char *text = m->parameter[i];
        if (i == m->selector)
            text = "what was found";
        else if (text == NULL)
            continue;
        char kind = is_kind(*text) ? *text++ : '\0';
        wvm_buf_printf(b, "  %d: %s: 0x%lx", i + 1, text, (unsigned long)c->parameter[i]);
        put_value(b, c->code, kind, c->parameter[i]);
        wvm_buf_char(b, '\n');
    }
}

static void put_block(struct wvm_buf *b, const struct wvm_pool_block *block)
{
    static const char *const kinds[] = {
        [WVM_POOL_NX] = "non-paged",
        [WVM_POOL_EXEC] = "non-paged executable",
        [WVM_POOL_PAGED] = "paged",
    };
    wvm_buf_printf(b, "  block %p: %zu bytes of %zu", block->start, block->size, block->room);
    put_tag(b, ", tag '", block->tag);
    wvm_buf_printf(b, ", %s pool%s\n", kinds[block->kind],
                   block->charged ? ", charged to a quota" : "");
}

/* The blocks that parameters are addresses of. */
static void put_blocks(struct wvm_buf *b, const struct check *c,
                       const struct wvm_bug_check_meaning *m)
{
    struct wvm_pool_block block;
    uintptr_t last = 0;
    for (int i = 0; i < 4; i++) {
        uintptr_t at = c->parameter[i];
        if (m->parameter[i] == NULL || *m->parameter[i] != '@' || at == 0 || at == last)
            continue;
        if (!c->fault && wvm_pool_find_inside((void *)at, &block) && !block.special)
            put_block(b, &block);
        wvm_pool_describe((void *)at, b);
        last = at;
    }
}

static void write_all(const char *text, size_t len)
{
    while (len > 0) {
        ssize_t n = WVM_SYS(syscall(SYS_write, STDERR_FILENO, text, len));
        if (n <= 0 && n != -EINTR)
            return;
        if (n > 0) {
            text += n;
            len -= (size_t)n;
        }
    }
}

static WVM_COLD void report(const struct check *c)
{
    char text[REPORT_CAP];
    struct wvm_buf b;
    const struct wvm_bug_check_meaning *m = wvm_bug_check_meaning(c->code, c->parameter);
    const char *name = wvm_bug_check_name(c->code);
    const uintptr_t *p = c->parameter;
    wvm_buf_init(&b, text, sizeof text);
    wvm_buf_printf(&b, "winvm: bug check 0x%x %s (0x%lx, 0x%lx, 0x%lx, 0x%lx)\n", c->code,
                   name ? name : "(no name is known)", (unsigned long)p[0], (unsigned long)p[1],
                   (unsigned long)p[2], (unsigned long)p[3]);
    if (m->what != NULL)
        wvm_buf_printf(&b, "  %s\n", m->what);
    put_parameters(&b, c, m);
    if (wvm_pool_started())
        put_blocks(&b, c, m);
    wvm_buf_printf(&b, "  process %d, thread %d, IRQL %d\n", (int)getpid(),
                   (int)syscall(SYS_gettid), wvm_irql);
    write_all(text, b.len);
}

/* ---- the check ---- */

/* The first thread that comes here goes on. */
static void claim_report(void)
{
    pid_t self = (pid_t)syscall(SYS_gettid), none = 0;
    if (__atomic_compare_exchange_n(&reporter, &none, self, false, __ATOMIC_ACQ_REL,
                                    __ATOMIC_ACQUIRE))
        return;
    if (none == self)
        abort();
    for (;;)
        wvm_host_nap(WAIT_US);
}

static void raise_check(const struct check *c)
{
    wvm_bug_check_callback *fn = __atomic_load_n(&callback, __ATOMIC_ACQUIRE);
    if (fn != NULL) {
        fn(c->code, c->parameter, __atomic_load_n(&callback_arg, __ATOMIC_RELAXED));
        return;
    }
    claim_report();
    report(c);
    abort();
}

void wvm_bug_check(uint32_t code, uintptr_t p1, uintptr_t p2, uintptr_t p3, uintptr_t p4)
{
    struct check c = {.code = code, .parameter = {p1, p2, p3, p4}};
    raise_check(&c);
}

void wvm_bug_check_finding(const struct wvm_pool_finding *f)
{
    wvm_bug_check(f->code, f->parameter[0], f->parameter[1], f->parameter[2], f->parameter[3]);
}

void wvm_bug_check_fault(const struct wvm_pool_finding *f)
{
    struct check c = {.code = f->code, .fault = true};
    for (int i = 0; i < 4; i++)
        c.parameter[i] = f->parameter[i];
    raise_check(&c);
}

VOID wvm_KeBugCheckEx(ULONG code, ULONG_PTR p1, ULONG_PTR p2, ULONG_PTR p3, ULONG_PTR p4)
{
    wvm_bug_check(code, p1, p2, p3, p4);
}

VOID wvm_KeBugCheck(ULONG code)
{
    wvm_bug_check(code, 0, 0, 0, 0);
}
