/* NtQueryInformationProcess and NtSetInformationProcess.
 *
 * Order of checks: the place of the returned length; the class; the length; the handle; the buffer;
 * the values.
 * I1  A failing call writes nothing.
 * I2  Numbers that a 32-bit program's word cannot hold are told as the largest one.
 * Locking: none.   Failure: I1.   Signal safety: queries. */
#include "nt/nt_process_info.h"

#include <string.h>

#include <winvm/psapi.h>

#include "api/api.h"
#include "base/arith.h"
#include "base/assert.h"
#include "host/host_counters.h"
#include "nt/nt_quota.h"
#include "nt/nt_system.h"
#include "nt/nt_user.h"
#include "nt/nt_working.h"

#define IS_64BIT (sizeof(void *) == 8)
#define NO_LIMIT ((SIZE_T)-1)
#define FROM_1601 116444736000000000ull /* 100 ns from there to 1970 */
#define IS_WOW64_FLAG 2u /* PROCESS_EXTENDED_BASIC_INFORMATION.Flags */

union answer {
    PROCESS_BASIC_INFORMATION basic;
    PROCESS_EXTENDED_BASIC_INFORMATION extended;
    QUOTA_LIMITS limits;
    QUOTA_LIMITS_EX limits_ex;
    VM_COUNTERS_EX2 counters;
    KERNEL_USER_TIMES times;
    IO_COUNTERS io;
    ULONG number;
    ULONG_PTR word;
};
WVM_STATIC(sizeof(QUOTA_LIMITS) == (IS_64BIT ? 48 : 32), "the program's form");
WVM_STATIC(sizeof(QUOTA_LIMITS_EX) == (IS_64BIT ? 88 : 56), "the program's form");
WVM_STATIC(offsetof(QUOTA_LIMITS_EX, TimeLimit) == offsetof(QUOTA_LIMITS, TimeLimit), "one begins");
WVM_STATIC(sizeof(VM_COUNTERS) == (IS_64BIT ? 88 : 44), "the program's form");
WVM_STATIC(sizeof(VM_COUNTERS_EX2) == (IS_64BIT ? 112 : 56), "the program's form");
WVM_STATIC(sizeof(KERNEL_USER_TIMES) == 32 && sizeof(IO_COUNTERS) == 48, "the program's form");
WVM_STATIC(sizeof(PROCESS_BASIC_INFORMATION) == (IS_64BIT ? 48 : 24), "the program's form");

static SIZE_T narrow(uint64_t v)
{
    return (SIZE_T)wvm_min(v, SIZE_MAX);
}

/* ---- the classes ---- */

static bool is_wow64(const struct wvm_target *t)
{
    return t->window || (!t->pid && wvm_nt_is_wow64());
}

/* The priority that Windows' priority classes start with. */
static LONG priority_of(int nice)
{
    if (nice > 0)
        return nice >= 10 ? 4 : 6;
    return nice == 0 ? 8 : nice > -10 ? 10 : 13;
}

static void *(*process_block)(void); /* (a) */

void wvm_nt_process_block(void *(*block)(void))
{
    __atomic_store_n(&process_block, block, __ATOMIC_RELEASE);
}

static void *block_of(const struct wvm_target *t)
{
    void *(*block)(void) = __atomic_load_n(&process_block, __ATOMIC_ACQUIRE);
    return block && !t->pid ? block() : NULL;
}

static wvm_status answer_basic(const struct wvm_target *t, uint32_t len, union answer *out)
{
    struct wvm_host_family family;
    int error = wvm_host_family(t->pid, &family);
    if (error < 0)
        return wvm_nt_not_told(error);
    PROCESS_BASIC_INFORMATION basic = {
        .ExitStatus = STATUS_PENDING,
        .PebBaseAddress = block_of(t),
        .AffinityMask = (ULONG_PTR)family.processors,
        .BasePriority = priority_of(family.nice),
        .UniqueProcessId = (ULONG_PTR)family.pid,
        .InheritedFromUniqueProcessId = (ULONG_PTR)family.parent,
    };
    if (len == sizeof basic) {
        out->basic = basic;
        return STATUS_SUCCESS;
    }
    out->extended.Size = sizeof out->extended;
    out->extended.BasicInfo = basic;
    out->extended.Flags = is_wow64(t) ? IS_WOW64_FLAG : 0;
    return STATUS_SUCCESS;
}

static wvm_status answer_limits(const struct wvm_target *t, uint32_t len, union answer *out)
{
    struct winvm_process_quota quota = {.limit = {UINT64_MAX, UINT64_MAX}};
    struct wvm_ws_limits ws;
    (void)len;
    wvm_status status = wvm_nt_ws_limits(t, &ws);
    if (status < 0)
        return status;
    if (!t->pid)
        (void)wvm_process_object_query(wvm_process_object(WVM_PROCESS_INITIAL), &quota);
    out->limits_ex = (QUOTA_LIMITS_EX){
        .PagedPoolLimit = narrow(quota.limit[1]),
        .NonPagedPoolLimit = narrow(quota.limit[0]),
        .MinimumWorkingSetSize = narrow(ws.min),
        .MaximumWorkingSetSize = narrow(ws.max),
        .PagefileLimit = NO_LIMIT,
        .TimeLimit = {.QuadPart = -1},
        .Flags = ws.flags,
    };
    return STATUS_SUCCESS;
}

static wvm_status answer_counters(const struct wvm_target *t, uint32_t len, union answer *out)
{
    struct wvm_nt_counters c;
    (void)len;
    wvm_status status = wvm_nt_counters(t, &c);
    if (status < 0)
        return status;
    if (!t->pid)
        wvm_nt_count_addresses(&c);
    out->counters.CountersEx = (VM_COUNTERS_EX){
        .PeakVirtualSize = narrow(c.mapped_peak),
        .VirtualSize = narrow(c.mapped),
        .PageFaultCount = (ULONG)c.faults,
        .PeakWorkingSetSize = narrow(c.resident_peak),
        .WorkingSetSize = narrow(c.resident),
        .QuotaPeakPagedPoolUsage = narrow(c.paged_peak),
        .QuotaPagedPoolUsage = narrow(c.paged),
        .QuotaPeakNonPagedPoolUsage = narrow(c.nonpaged_peak),
        .QuotaNonPagedPoolUsage = narrow(c.nonpaged),
        .PagefileUsage = narrow(c.commit),
        .PeakPagefileUsage = narrow(c.commit_peak),
        .PrivateUsage = narrow(c.commit),
    };
    out->counters.PrivateWorkingSetSize = narrow(c.resident_private);
    out->counters.SharedCommitUsage = narrow(c.shared_commit);
    return STATUS_SUCCESS;
}

static wvm_status answer_times(const struct wvm_target *t, uint32_t len, union answer *out)
{
    struct wvm_host_times times;
    (void)len;
    int error = wvm_host_times(t->pid, &times);
    if (error < 0)
        return wvm_nt_not_told(error);
    out->times.CreateTime.QuadPart = (LONGLONG)(times.created ? times.created + FROM_1601 : 0);
    out->times.KernelTime.QuadPart = (LONGLONG)times.kernel;
    out->times.UserTime.QuadPart = (LONGLONG)times.user;
    return STATUS_SUCCESS;
}

static wvm_status answer_io(const struct wvm_target *t, uint32_t len, union answer *out)
{
    struct wvm_host_io io;
    (void)len;
    int error = wvm_host_io(t->pid, &io);
    if (error < 0)
        return wvm_nt_not_told(error);
    out->io = (IO_COUNTERS){
        .ReadOperationCount = io.reads,
        .WriteOperationCount = io.writes,
        .ReadTransferCount = io.bytes_read,
        .WriteTransferCount = io.bytes_written,
    };
    return STATUS_SUCCESS;
}

static wvm_status answer_handles(const struct wvm_target *t, uint32_t len, union answer *out)
{
    (void)len;
    out->number = wvm_nt_count_handles(t);
    return STATUS_SUCCESS;
}

static wvm_status answer_wow64(const struct wvm_target *t, uint32_t len, union answer *out)
{
    (void)len;
    out->word = is_wow64(t);
    return STATUS_SUCCESS;
}

/* ---- the calls ---- */

static const struct class {
    uint32_t number;
    uint32_t sizes[3];
    wvm_status (*answer)(const struct wvm_target *t, uint32_t len, union answer *out);
} classes[] = {
    {ProcessBasicInformation,
     {sizeof(PROCESS_BASIC_INFORMATION), sizeof(PROCESS_EXTENDED_BASIC_INFORMATION)},
     answer_basic},
    {ProcessQuotaLimits, {sizeof(QUOTA_LIMITS), sizeof(QUOTA_LIMITS_EX)}, answer_limits},
    {ProcessVmCounters,
     {sizeof(VM_COUNTERS), sizeof(VM_COUNTERS_EX), sizeof(VM_COUNTERS_EX2)},
     answer_counters},
    {ProcessIoCounters, {sizeof(IO_COUNTERS)}, answer_io},
    {ProcessTimes, {sizeof(KERNEL_USER_TIMES)}, answer_times},
    {ProcessHandleCount, {sizeof(ULONG)}, answer_handles},
    {ProcessWow64Information, {sizeof(ULONG_PTR)}, answer_wow64},
};

static const struct class *find_class(uint32_t number)
{
    for (unsigned i = 0; i < sizeof classes / sizeof classes[0]; i++)
        if (classes[i].number == number)
            return &classes[i];
    return NULL;
}

static bool fits(const struct class *c, uint32_t len)
{
    return len && (len == c->sizes[0] || len == c->sizes[1] || len == c->sizes[2]);
}

/* The extended form says its own length. */
static wvm_status check_size(const struct class *c, const void *at, uint32_t len)
{
    SIZE_T size;
    if (c->number != ProcessBasicInformation || len == sizeof(PROCESS_BASIC_INFORMATION))
        return STATUS_SUCCESS;
    if (!wvm_user_fetch(&size, at, sizeof size))
        return STATUS_ACCESS_VIOLATION;
    return size == len ? STATUS_SUCCESS : STATUS_INVALID_PARAMETER;
}

static wvm_status query_in(const struct wvm_target *t, const struct class *c, void *at,
                           uint32_t len)
{
    union answer out;
    wvm_status status;
    if (!wvm_user_writable(at, len))
        return STATUS_ACCESS_VIOLATION;
    status = check_size(c, at, len);
    if (status < 0)
        return status;
    memset(&out, 0, sizeof out);
    status = c->answer(t, len, &out);
    if (status >= 0)
        wvm_user_store(at, &out, len);
    return status;
}

/* The size of an entry of the classes that tell which pages came into the working set; 0: it is
 * another class. */
static size_t watch_entry(uint32_t number)
{
    return number == ProcessWorkingSetWatch     ? sizeof(PSAPI_WS_WATCH_INFORMATION)
           : number == ProcessWorkingSetWatchEx ? sizeof(PSAPI_WS_WATCH_INFORMATION_EX)
                                                : 0;
}

static wvm_status query_watch(HANDLE process, size_t entry, const struct wvm_nt_buffer *buf,
                              PULONG returned)
{
    size_t bytes = buf->len;
    if (bytes < entry)
        return STATUS_INFO_LENGTH_MISMATCH;
    wvm_status status = wvm_nt_working_changes(process, buf->at, entry, &bytes);
    ULONG length = (ULONG)bytes;
    if (status >= 0)
        wvm_user_store_if(returned, &length, sizeof length);
    return status;
}

NTSTATUS wvm_NtQueryInformationProcess(HANDLE process, PROCESSINFOCLASS number, PVOID at, ULONG len,
                                       PULONG returned)
{
    struct wvm_target t;
    const struct class *c = find_class((uint32_t)number);
    if (returned && !wvm_user_writable(returned, sizeof *returned))
        return STATUS_ACCESS_VIOLATION;
    if (watch_entry((uint32_t)number)) {
        struct wvm_nt_buffer buf = {.at = at, .len = len};
        return query_watch(process, watch_entry((uint32_t)number), &buf, returned);
    }
    if (!c)
        return STATUS_INVALID_INFO_CLASS;
    if (!fits(c, len))
        return STATUS_INFO_LENGTH_MISMATCH;
    wvm_status status = wvm_target_of(process, PROCESS_QUERY_LIMITED_INFORMATION, &t);
    if (status < 0)
        return status;
    status = query_in(&t, c, at, len);
    wvm_target_drop(&t);
    if (status >= 0)
        wvm_user_store_if(returned, &len, sizeof len);
    return status;
}

static wvm_status set_in(const struct wvm_target *t, const void *at, uint32_t len)
{
    QUOTA_LIMITS_EX wanted = {0};
    if (!wvm_user_fetch(&wanted, at, len))
        return STATUS_ACCESS_VIOLATION;
    if (wanted.Reserved2 || wanted.Reserved3 || wanted.Reserved4 || wanted.CpuRateLimit.RateData)
        return STATUS_INVALID_PARAMETER;
    struct wvm_ws_limits ws = {wanted.MinimumWorkingSetSize, wanted.MaximumWorkingSetSize,
                               wanted.Flags};
    return wvm_nt_set_ws_limits(t, &ws);
}

NTSTATUS wvm_NtSetInformationProcess(HANDLE process, PROCESSINFOCLASS number, PVOID at, ULONG len)
{
    struct wvm_target t;
    if (watch_entry((uint32_t)number))
        return len ? STATUS_INFO_LENGTH_MISMATCH : wvm_nt_watch_working(process);
    if (number != ProcessQuotaLimits)
        return STATUS_INVALID_INFO_CLASS;
    if (len != sizeof(QUOTA_LIMITS) && len != sizeof(QUOTA_LIMITS_EX))
        return STATUS_INFO_LENGTH_MISMATCH;
    wvm_status status = wvm_target_of(process, PROCESS_SET_QUOTA, &t);
    if (status < 0)
        return status;
    status = set_in(&t, at, len);
    wvm_target_drop(&t);
    return status;
}
