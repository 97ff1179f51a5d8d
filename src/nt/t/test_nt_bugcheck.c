/* Bug checks: the report, the callback, what a fault of system space is. The pools are the test's:
 * it says what they know. */
#include <pthread.h>
#include <setjmp.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#include "api/entry.h"
#include "base/arith.h"
#include "base/t/unit.h"
#include "nt/nt_bugcheck.h"
#include "nt/nt_bugcheck_names.h"
#include "nt/nt_irql.h"
#include "nt/nt_pool_fault.h"
#include "pool/pool_special.h"
#include "space/space_fault.h"
#include "space/space_system.h"

#define TAG_ABCD 0x64636261u

/* ---- the pools ---- */

static bool started, prompt;
static struct wvm_pool_block known;
static int n_finds, n_armed;
static enum wvm_special_answer special_answer;

WVM_THREAD_LOCAL uint8_t wvm_irql;

bool wvm_pool_started(void)
{
    return started;
}

bool wvm_pool_find_inside(const void *p, struct wvm_pool_block *out)
{
    n_finds++;
    *out = known;
    return known.start != NULL && (uintptr_t)p - (uintptr_t)known.start < known.size;
}

void wvm_pool_prove_at_once(bool on)
{
    prompt = on;
}

void wvm_pool_describe(const void *p, struct wvm_buf *out)
{
    wvm_buf_printf(out, "  observed: %p\n", p);
}

enum wvm_special_answer wvm_pool_special_judge(const struct wvm_special_access *a,
                                               struct wvm_pool_finding *f)
{
    if (special_answer == WVM_SPECIAL_WRONG)
        *f = (struct wvm_pool_finding){0xCD, {a->addr, a->write, a->ip, 0}};
    return special_answer;
}

static void setup(void)
{
    started = true;
    known = (struct wvm_pool_block){.start = (void *)0x7000, .size = 100, .room = 112,
                                    .tag = TAG_ABCD, .kind = WVM_POOL_PAGED, .charged = true};
    n_finds = n_armed = 0;
    special_answer = WVM_SPECIAL_FOREIGN;
    wvm_irql = WVM_IRQL_PASSIVE;
    wvm_bug_check_set_callback(NULL, NULL);
    ck_assert(!prompt);
}

/* ---- the report ---- */

static char report[8192];

/* Runs fn(arg) in a child; its standard error is in `report`. The signal that ended it. */
static int ends_by(void (*fn)(const void *), const void *arg)
{
    int fd[2], status;
    ck_assert_int_eq(pipe(fd), 0);
    pid_t pid = fork();
    if (pid == 0) {
        dup2(fd[1], STDERR_FILENO);
        fn(arg);
        _exit(0);
    }
    close(fd[1]);
    size_t n = 0;
    ssize_t got;
    while ((got = read(fd[0], report + n, sizeof report - 1 - n)) > 0)
        n += (size_t)got;
    report[n] = '\0';
    close(fd[0]);
    ck_assert_int_eq(waitpid(pid, &status, 0), pid);
    return WIFSIGNALED(status) ? WTERMSIG(status) : 0;
}

static void check_finding(const void *f)
{
    wvm_bug_check_finding(f);
}

static void check_fault(const void *f)
{
    wvm_bug_check_fault(f);
}

static void expect_text(const char *text)
{
    ck_assert_msg(strstr(report, text) != NULL, "'%s' is not in:\n%s", text, report);
}

static void expect_no_text(const char *text)
{
    ck_assert_msg(strstr(report, text) == NULL, "'%s' is in:\n%s", text, report);
}

START_TEST(readable)
{
    struct wvm_pool_finding f = {0xC2, {0x0A, 0x7000, TAG_ABCD, 0x80000000u | 0x01676665}};
    ck_assert_int_eq(ends_by(check_finding, &f), SIGABRT);
    expect_text("winvm: bug check 0xc2 BAD_POOL_CALLER (0xa, 0x7000, 0x64636261, 0x81676665)\n");
    expect_text("  a block was freed with a tag that is not its own\n");
    expect_text("  1: what was found: 0xa\n");
    expect_text("  2: block: 0x7000\n");
    expect_text("  3: tag of the allocation: 0x64636261 'abcd'\n");
    expect_text("  4: tag of the free: 0x81676665 'efg.'\n");
    expect_text("  block 0x7000: 100 bytes of 112, tag 'abcd', paged pool, charged to a quota\n");
    expect_text("  observed: 0x7000\n");
    expect_text(", IRQL 0\n");
}
END_TEST

START_TEST(values)
{
    struct wvm_pool_finding irql = {0xC2, {0x08, 2, 1, 64}};
    wvm_irql = WVM_IRQL_DISPATCH;
    ck_assert_int_eq(ends_by(check_finding, &irql), SIGABRT);
    expect_text("  2: IRQL: 0x2 (2)\n");
    expect_text("  3: pool type: 0x1 (PagedPool)\n");
    expect_text("  4: bytes asked for: 0x40 (64)\n");
    expect_text(", IRQL 2\n");
    expect_no_text("block 0x");
    struct wvm_pool_finding write = {0x50, {0x9000, 2, 0, 0}};
    ck_assert_int_eq(ends_by(check_finding, &write), SIGABRT);
    expect_text("  2: access: 0x2 (write)\n");
    struct wvm_pool_finding execute = {0xD1, {0x9000, 2, 8, 0}};
    ck_assert_int_eq(ends_by(check_finding, &execute), SIGABRT);
    expect_text("  3: access: 0x8 (execute)\n");
}
END_TEST

/* The instruction is named by its function where the host knows it. */
START_TEST(instruction)
{
    struct wvm_pool_finding f = {0xCC, {0x9000, 1, (uintptr_t)check_finding + 1, 0}};
    ck_assert_int_eq(ends_by(check_finding, &f), SIGABRT);
    expect_text("PAGE_FAULT_IN_FREED_SPECIAL_POOL");
    expect_text("check_finding+0x1 (");
}
END_TEST

START_TEST(unknown)
{
    struct wvm_pool_finding f = {0xDEAD, {1, 2, 3, UINTPTR_MAX}};
    started = false;
    ck_assert_int_eq(ends_by(check_finding, &f), SIGABRT);
    expect_text("winvm: bug check 0xdead (no name is known) (0x1, 0x2, 0x3, 0xfff");
    expect_text("  3: parameter 3: 0x3\n");
    /* A known code with another sub-code than any that is documented. */
    f = (struct wvm_pool_finding){0xC2, {0x7777, 0x7000, 0, 0}};
    ck_assert_int_eq(ends_by(check_finding, &f), SIGABRT);
    expect_text("BAD_POOL_CALLER (0x7777, 0x7000, 0x0, 0x0)\n");
    expect_text("  2: parameter 2: 0x7000\n");
    expect_no_text("  block");
}
END_TEST

/* A handler may have interrupted whoever holds a lock of the pools. */
static void fault_asks_nothing(const void *f)
{
    (void)f;
    known.start = NULL;
    wvm_bug_check_fault(f);
}

START_TEST(in_handler)
{
    struct wvm_pool_finding f = {0xCD, {0x7010, 1, 0, 0}};
    ck_assert_int_eq(ends_by(check_fault, &f), SIGABRT);
    expect_text("PAGE_FAULT_BEYOND_END_OF_ALLOCATION (0x7010, 0x1, 0x0, 0x0)\n");
    expect_text("  observed: 0x7010\n");
    expect_no_text("  block 0x7000");
    ck_assert_int_eq(ends_by(fault_asks_nothing, &f), SIGABRT);
}
END_TEST

static void *check_too(void *f)
{
    wvm_bug_check_finding(f);
    return NULL;
}

static void check_on_many(const void *f)
{
    pthread_t thread;
    for (int i = 0; i < 8; i++)
        pthread_create(&thread, NULL, check_too, (void *)(uintptr_t)f);
    wvm_bug_check_finding(f);
}

START_TEST(one_report)
{
    struct wvm_pool_finding f = {0x19, {0x21, 0x7000, 100, 0x41}};
    for (int i = 0; i < 20; i++) {
        ck_assert_int_eq(ends_by(check_on_many, &f), SIGABRT);
        const char *first = strstr(report, "bug check 0x19 BAD_POOL_HEADER");
        ck_assert_ptr_nonnull(first);
        ck_assert_ptr_null(strstr(first + 1, "bug check"));
    }
}
END_TEST

START_TEST(public_calls)
{
    struct wvm_pool_finding f = {0xE2, {0, 0, 0, 0}};
    ck_assert_int_eq(ends_by(check_finding, &f), SIGABRT);
    expect_text("bug check 0xe2 MANUALLY_INITIATED_CRASH (0x0, 0x0, 0x0, 0x0)\n");
}
END_TEST

/* ---- words ---- */

/* Every sub-code that the documentation of these codes lists. */
START_TEST(documented)
{
    static const uintptr_t caller[] = {0x00, 0x01, 0x02, 0x04, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0B,
                                       0x0C, 0x0D, 0x40, 0x41, 0x42, 0x43, 0x44, 0x46, 0x47, 0x48,
                                       0x50, 0x60, 0x99, 0x9A, 0x9B, 0x9C, 0x9D, 0x41286};
    static const uintptr_t header[] = {0x02, 0x03, 0x05, 0x06, 0x07, 0x08, 0x09, 0x0A, 0x0D,
                                       0x0E, 0x0F, 0x20, 0x21, 0x22, 0x23, 0x24, 0x25};
    static const uintptr_t special[] = {0x20, 0x21, 0x22, 0x23, 0x24, 0x30, 0x31, 0x32};
    static const uint32_t plain[] = {0x0A, 0x41, 0x50, 0xC5, 0xCC, 0xCD, 0xD0, 0xD1, 0xD6, 0xFC};
    for (unsigned i = 0; i < WVM_ARRAY_LEN(caller); i++) {
        uintptr_t p[4] = {caller[i], 1, 1, 1};
        const struct wvm_bug_check_meaning *m = wvm_bug_check_meaning(0xC2, p);
        ck_assert_ptr_nonnull(m->what);
        ck_assert(m->sub == caller[i] && m->selector == 0);
    }
    for (unsigned i = 0; i < WVM_ARRAY_LEN(header); i++) {
        uintptr_t p[4] = {header[i], 1, 1, 1};
        const struct wvm_bug_check_meaning *m = wvm_bug_check_meaning(0x19, p);
        ck_assert_ptr_nonnull(m->what);
        ck_assert(m->sub == header[i] && m->selector == 0);
    }
    for (unsigned i = 0; i < WVM_ARRAY_LEN(special); i++) {
        uintptr_t p[4] = {1, 1, 1, special[i]};
        const struct wvm_bug_check_meaning *m = wvm_bug_check_meaning(0xC1, p);
        ck_assert_ptr_nonnull(m->what);
        ck_assert(m->sub == special[i] && m->selector == 3);
    }
    for (unsigned i = 0; i < WVM_ARRAY_LEN(plain); i++) {
        uintptr_t p[4] = {1, 1, 1, 1};
        ck_assert_ptr_nonnull(wvm_bug_check_name(plain[i]));
        ck_assert_ptr_nonnull(wvm_bug_check_meaning(plain[i], p)->what);
    }
    ck_assert_ptr_null(wvm_bug_check_name(0xDEAD));
}
END_TEST

/* ---- the callback ---- */

static struct {
    int n;
    uint32_t code;
    uintptr_t parameter[4];
    void *arg;
    jmp_buf *back;
} heard;

static void hear(uint32_t code, const uintptr_t parameter[4], void *arg)
{
    heard.n++;
    heard.code = code;
    memcpy(heard.parameter, parameter, sizeof heard.parameter);
    heard.arg = arg;
    if (heard.back != NULL)
        longjmp(*heard.back, 1);
}

static void listen_now(void)
{
    memset(&heard, 0, sizeof heard);
    wvm_bug_check_set_callback(hear, &heard);
    ck_assert(prompt);
}

static void expect_heard(uint32_t code, uintptr_t p1, uintptr_t p2, uintptr_t p3, uintptr_t p4)
{
    ck_assert_int_eq(heard.n, 1);
    ck_assert_uint_eq(heard.code, code);
    ck_assert(heard.parameter[0] == p1 && heard.parameter[1] == p2);
    ck_assert(heard.parameter[2] == p3 && heard.parameter[3] == p4);
    heard.n = 0;
}

START_TEST(callback)
{
    listen_now();
    wvm_bug_check(0xC2, 7, 0, 1, 2);
    expect_heard(0xC2, 7, 0, 1, 2);
    ck_assert_ptr_eq(heard.arg, &heard);
    wvm_KeBugCheckEx(0xE2, 1, 2, 3, UINTPTR_MAX);
    expect_heard(0xE2, 1, 2, 3, UINTPTR_MAX);
    wvm_KeBugCheck(0x50);
    expect_heard(0x50, 0, 0, 0, 0);
    jmp_buf back;
    heard.back = &back;
    if (setjmp(back) == 0) {
        wvm_bug_check(0x19, 3, 2, 1, 0);
        ck_abort_msg("the callback did not jump");
    }
    expect_heard(0x19, 3, 2, 1, 0);
}
END_TEST

/* ---- faults ---- */

static void note_armed(void)
{
    n_armed++;
}

static bool fault_at(uintptr_t addr, bool write, bool execute)
{
    struct wvm_system_fault f = {.addr = addr, .ip = 0x1234, .write = write, .execute = execute};
    return wvm_space_system_fault(&f);
}

START_TEST(faults)
{
    char *page = mmap(NULL, 8192, PROT_NONE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    uintptr_t gone = (uintptr_t)page, there = gone + 4096;
    mprotect(page + 4096, 4096, PROT_READ | PROT_WRITE);
    wvm_space_arm_hook = note_armed;
    wvm_nt_pool_faults_start();
    ck_assert_int_eq(n_armed, 1);
    listen_now();
    ck_assert(!fault_at(gone, false, false));
    expect_heard(0x50, gone, 0, 0x1234, 0);
    ck_assert(!fault_at(gone, true, false));
    expect_heard(0x50, gone, 2, 0x1234, 0);
    ck_assert(!fault_at(gone, false, true));
    expect_heard(0x50, gone, 0x10, 0x1234, 0);
    ck_assert(!fault_at(there, false, true));
    ck_assert_uint_eq(heard.parameter[1] >> (sizeof(void *) == 8 ? 63 : 0) & 1, 1);
    expect_heard(0xFC, there, heard.parameter[1], 0, 0);
    /* Made accessible by another thread meanwhile. */
    ck_assert(fault_at(there, true, false));
    ck_assert_int_eq(heard.n, 0);
    wvm_irql = WVM_IRQL_DISPATCH;
    ck_assert(!fault_at(gone, true, false));
    expect_heard(0xD1, gone, 2, 1, 0x1234);
    ck_assert(!fault_at(gone, false, true));
    expect_heard(0xD1, gone, 2, 8, 0x1234);
    special_answer = WVM_SPECIAL_WRONG;
    ck_assert(!fault_at(gone, true, false));
    expect_heard(0xCD, gone, 1, 0x1234, 0);
    special_answer = WVM_SPECIAL_ALLOWED;
    ck_assert(fault_at(there, true, false));
    ck_assert_int_eq(heard.n, 0);
    munmap(page, 8192);
}
END_TEST

int main(void)
{
    TCase *c;
    Suite *s = unit_suite("nt_bugcheck", 60, &c);
    tcase_add_checked_fixture(c, setup, NULL);
    tcase_add_test(c, readable);
    tcase_add_test(c, values);
    tcase_add_test(c, instruction);
    tcase_add_test(c, unknown);
    tcase_add_test(c, in_handler);
    tcase_add_test(c, one_report);
    tcase_add_test(c, public_calls);
    tcase_add_test(c, documented);
    tcase_add_test(c, callback);
    tcase_add_test(c, faults);
    return unit_run(s);
}
