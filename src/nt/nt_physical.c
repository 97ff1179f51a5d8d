/* NtAllocateUserPhysicalPages, its Ex form, NtFreeUserPhysicalPages, NtMapUserPhysicalPages and
 * NtMapUserPhysicalPagesScatter.
 *
 * Terms   frame, number, window as in space_physical.h; array = the caller's array of numbers.
 * Order of checks: handle; *count; the array; the parameters; the privilege (only to take frames);
 * memory. Of mapping: the count; the window; the arrays; the frames.
 * I1  A failing call changes nothing but what *count says (free).
 * I2  Arrays are read once, into memory of winvm's own, before anything is judged by them, and
 *     written from such memory: space/ never sees the caller's.
 * I3  Frames belong to the process: a handle of a based space is as good as the process's own.
 *     Another process's frames are its own business: ACCESS_DENIED.
 * I4  Addresses are rounded down to pages. A count of 0 succeeds (WS-137).
 * Locking: space/ locks.   Failure: decided before anything changes. */
#include "nt/nt_physical.h"

#include <string.h>

#include "api/api.h"
#include "base/arith.h"
#include "host/host_numa.h"
#include "nt/nt_extended.h"
#include "nt/nt_privilege.h"
#include "nt/nt_target.h"
#include "nt/nt_user.h"
#include "space/space_physical.h"

#define BLOCK 16u /* without branches: see space_physical_run.c */
#define FEW 512u /* words that are copied on the stack */

/* ---- arrays of the caller's ---- */

/* Copies n words, not 0. What is small is copied by a load after a proof, which costs less than a
 * copy through the host; a page that cannot be written has no proof. */
static bool fetch_words(uintptr_t *to, const void *from, size_t n)
{
    if (n <= FEW && wvm_user_writable(from, n * sizeof *to)) {
        memcpy(to, from, n * sizeof *to);
        return true;
    }
    return wvm_user_fetch(to, from, n * sizeof *to);
}

/* n words that can be read, or of which some will be written. The list of mappings decides, and
 * where there is none, a look. */
static bool is_readable(const void *array, size_t n)
{
    uintptr_t last = (uintptr_t)array, word;
    size_t len;
    if (!array || __builtin_mul_overflow(n, sizeof(uintptr_t), &len) ||
        !wvm_add_checked(last, len - sizeof(uintptr_t), &last))
        return false;
    return wvm_nt_accessible((uintptr_t)array, len, false) ||
           (wvm_user_fetch(&word, array, sizeof word) &&
            wvm_user_fetch(&word, (const void *)last, sizeof word));
}

static bool is_writable(const void *array, size_t n)
{
    size_t len;
    if (!array || __builtin_mul_overflow(n, sizeof(uintptr_t), &len))
        return false;
    return wvm_nt_accessible((uintptr_t)array, len, true) || wvm_user_writable(array, len);
}

/* A copy of an array: on the stack when it is short. */
struct copy {
    uintptr_t *words;
    size_t len;       /* of scratch memory; 0: none */
    uintptr_t few[FEW];
};

static wvm_status copy_in(struct copy *c, const void *array, size_t n)
{
    c->len = n > FEW ? n * sizeof(uintptr_t) : 0;
    c->words = c->len ? wvm_space_scratch(c->len) : c->few;
    if (!c->words)
        return STATUS_NO_MEMORY;
    if (fetch_words(c->words, array, n))
        return STATUS_SUCCESS;
    if (c->len)
        wvm_space_scratch_end(c->words, c->len);
    return STATUS_ACCESS_VIOLATION;
}

static void copy_end(struct copy *c)
{
    if (c->len)
        wvm_space_scratch_end(c->words, c->len);
}

/* ---- taking ---- */

static void store_numbers(ULONG_PTR *array, const struct wvm_frame_run *run)
{
    ULONG_PTR part[FEW];
    for (uint64_t i = 0, n; i < run->n; i += n) {
        n = wvm_min(run->n - i, FEW);
        for (uint64_t k = 0; k < n; k++)
            part[k] = (ULONG_PTR)(run->first + i + k);
        wvm_user_store(array + i, part, (size_t)n * sizeof *part);
    }
}

static wvm_status take(ULONG_PTR *count, ULONG_PTR *array, ULONG_PTR want, uint32_t node)
{
    ULONG_PTR done = 0;
    wvm_status status = STATUS_SUCCESS;
    while (done < want) {
        struct wvm_frame_run run;
        status = wvm_space_frames_take(&wvm_space_native, want - done, node, &run);
        if (status < 0)
            break;
        store_numbers(array + done, &run);
        done += (ULONG_PTR)run.n;
    }
    if (status < 0 && done == 0)
        return status;
    wvm_user_store(count, &done, sizeof done);
    return STATUS_SUCCESS;
}

/* The frames of this process, or INVALID_HANDLE, ACCESS_DENIED. */
static wvm_status check_process(HANDLE process)
{
    struct wvm_target t;
    wvm_status status = wvm_target_of(process, PROCESS_VM_OPERATION, &t);
    if (status < 0)
        return status;
    if (t.pid)
        status = STATUS_ACCESS_DENIED;
    wvm_target_drop(&t);
    return status;
}

static wvm_status fetch_count(ULONG_PTR *count, ULONG_PTR *n)
{
    if (!count || !wvm_user_writable(count, sizeof *count))
        return STATUS_ACCESS_VIOLATION;
    memcpy(n, count, sizeof *n);
    return STATUS_SUCCESS;
}

static wvm_status check_take(HANDLE process, ULONG_PTR *count, ULONG_PTR *array, ULONG_PTR *want)
{
    wvm_status status = check_process(process);
    if (status >= 0)
        status = fetch_count(count, want);
    if (status >= 0 && *want && !is_writable(array, *want))
        status = STATUS_ACCESS_VIOLATION;
    return status;
}

wvm_status wvm_nt_frames_take(HANDLE process, ULONG_PTR *count, ULONG_PTR *array, uint32_t node)
{
    ULONG_PTR want;
    wvm_status status = check_take(process, count, array, &want);
    if (status < 0)
        return status;
    if (node != NUMA_NO_PREFERRED_NODE && !wvm_host_node_exists(node))
        return STATUS_INVALID_PARAMETER;
    if (!wvm_nt_holds(WVM_SE_LOCK_MEMORY))
        return STATUS_PRIVILEGE_NOT_HELD;
    return take(count, array, want, node);
}

wvm_status wvm_nt_frames_take_ex(HANDLE process, ULONG_PTR *count, ULONG_PTR *array,
                                 const struct wvm_nt_params *params)
{
    struct wvm_nt_extended ext;
    ULONG_PTR want;
    wvm_status status = check_take(process, count, array, &want);
    if (status >= 0)
        status = wvm_nt_extended(params, 0, false, wvm_nt_top(), &ext);
    if (status < 0)
        return status;
    if (ext.low || ext.limit || ext.align)
        return STATUS_INVALID_PARAMETER; /* frames have no addresses */
    if (ext.attributes & ~(uint64_t)MEM_EXTENDED_PARAMETER_NONPAGED)
        return STATUS_NOT_SUPPORTED;
    return wvm_nt_frames_take(process, count, array,
                              ext.node_and_1 ? ext.node_and_1 - 1 : NUMA_NO_PREFERRED_NODE);
}

/* ---- giving back ---- */

static wvm_status give_back(const ULONG_PTR *array, ULONG_PTR n, ULONG_PTR *done)
{
    uintptr_t part[FEW];
    for (*done = 0; *done < n;) {
        ULONG_PTR k = wvm_min(n - *done, FEW);
        uint64_t freed;
        if (!fetch_words(part, array + *done, k))
            return STATUS_ACCESS_VIOLATION;
        wvm_status status = wvm_space_frames_free(&wvm_space_native, part, k, &freed);
        *done += (ULONG_PTR)freed;
        if (status < 0)
            return status;
    }
    return STATUS_SUCCESS;
}

wvm_status wvm_nt_frames_free(HANDLE process, ULONG_PTR *count, ULONG_PTR *array)
{
    ULONG_PTR n, done;
    wvm_status status = check_process(process);
    if (status >= 0)
        status = fetch_count(count, &n);
    if (status < 0)
        return status;
    if (n && !is_readable(array, n))
        return STATUS_ACCESS_VIOLATION;
    status = give_back(array, n, &done);
    wvm_user_store(count, &done, sizeof done);
    return status;
}

/* ---- mapping ---- */

/* The numbers follow each other: *first is the lowest. For arrays that were proven; what is read is
 * all that counts of this look. */
static bool is_run(const ULONG_PTR *array, size_t n, uintptr_t *first)
{
    uintptr_t gaps = 0, base = *(const volatile ULONG_PTR *)array;
    size_t i = 0;
    for (; n - i >= BLOCK; i += BLOCK)
#pragma GCC unroll 16
        for (size_t k = 0; k < BLOCK; k++)
            gaps |= array[i + k] - base - i - k;
    for (; i < n; i++)
        gaps |= array[i] - base - i;
    *first = base;
    return !gaps && base;
}

static wvm_status map_numbers(struct wvm_frames_map *m, const ULONG_PTR *array)
{
    struct copy numbers; /* most of it stays unused */
    if (!array ||
        (m->n <= FEW && wvm_user_writable(array, (size_t)m->n * sizeof *array) &&
         is_run(array, (size_t)m->n, &m->first)))
        return wvm_space_frames_map(&wvm_space_native, m);
    /* More than are owned cannot all be different. */
    if (m->n > FEW && m->n > wvm_space_frames_owned(&wvm_space_native))
        return STATUS_INVALID_PARAMETER_3;
    wvm_status status = copy_in(&numbers, array, (size_t)m->n);
    if (status < 0)
        return status;
    m->first = 0;
    m->number = numbers.words;
    status = wvm_space_frames_map(&wvm_space_native, m);
    copy_end(&numbers);
    return status;
}

wvm_status wvm_nt_frames_map(void *start, ULONG_PTR n, ULONG_PTR *array)
{
    struct wvm_frames_map m = {.start = wvm_align_down((uintptr_t)start, WVM_PAGE_SIZE), .n = n};
    if (n == 0)
        return STATUS_SUCCESS;
    if (n > SIZE_MAX / sizeof(ULONG_PTR))
        return STATUS_INVALID_PARAMETER_2;
    wvm_status status = n > FEW ? wvm_space_frames_range(&wvm_space_native, m.start, n)
                                : (wvm_status)STATUS_SUCCESS;
    return status < 0 ? status : map_numbers(&m, array);
}

wvm_status wvm_nt_frames_scatter(void **at, ULONG_PTR n, ULONG_PTR *array)
{
    struct copy pages;
    struct wvm_frames_map m = {.n = n};
    if (n == 0)
        return STATUS_SUCCESS;
    if (n > SIZE_MAX / sizeof(ULONG_PTR))
        return STATUS_INVALID_PARAMETER_2;
    if (!is_readable(at, n) || (array && !is_readable(array, n)))
        return STATUS_ACCESS_VIOLATION;
    wvm_status status = copy_in(&pages, at, n);
    if (status < 0)
        return status;
    m.at = pages.words;
    status = map_numbers(&m, array);
    copy_end(&pages);
    return status;
}

/* ---- the native calls ---- */

NTSTATUS wvm_NtAllocateUserPhysicalPages(HANDLE process, PULONG_PTR count, PULONG_PTR array)
{
    return wvm_nt_frames_take(process, count, array, NUMA_NO_PREFERRED_NODE);
}

NTSTATUS wvm_NtAllocateUserPhysicalPagesEx(HANDLE process, PULONG_PTR count, PULONG_PTR array,
                                           PMEM_EXTENDED_PARAMETER params, ULONG n_params)
{
    const struct wvm_nt_params p = {params, n_params};
    return wvm_nt_frames_take_ex(process, count, array, &p);
}

NTSTATUS wvm_NtFreeUserPhysicalPages(HANDLE process, PULONG_PTR count, PULONG_PTR array)
{
    return wvm_nt_frames_free(process, count, array);
}

NTSTATUS wvm_NtMapUserPhysicalPages(PVOID start, ULONG_PTR n, PULONG_PTR array)
{
    return wvm_nt_frames_map(start, n, array);
}

NTSTATUS wvm_NtMapUserPhysicalPagesScatter(PVOID *at, ULONG_PTR n, PULONG_PTR array)
{
    return wvm_nt_frames_scatter(at, n, array);
}
