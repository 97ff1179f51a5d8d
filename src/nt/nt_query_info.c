/* The rarer classes of NtQueryVirtualMemory: region, image, mapped file name.
 *
 * I1  The buffer is written only on success; buf->needed is set on success, and on a short buffer
 *     by the file name class alone (VQ-041, VQ-042).
 * I2  What lies at the address is judged before the length, the length before the buffer.
 * A mapped file's name is the host's path as it is, UTF-16 instead of UTF-8: there is no device
 * name space here. Bytes that are no UTF-8 become U+FFFD.
 * The page file has no name: FILE_INVALID.
 * An ELF module counts as an image; its size is the span of its segments.
 * Locking: none.   Failure: nothing written. */
#include <string.h>

#include "host/host.h"
#include "nt/nt_map.h"
#include "nt/nt_query.h"
#include "nt/nt_rules.h"
#include "nt/nt_target.h"
#include "nt/nt_user.h"

#define PATH_BYTES WVM_NT_PATH_BYTES

static wvm_status find_used(const struct wvm_target *t, uintptr_t addr, struct wvm_region *r)
{
    wvm_status status = wvm_nt_region_in(t, addr, r);
    if (status < 0)
        return status;
    return r->type == WVM_TYPE_FREE ? (wvm_status)STATUS_INVALID_ADDRESS
                                    : (wvm_status)STATUS_SUCCESS;
}

/* What a view is mapped from, as long as the caller holds the result; NULL when it is none. */
static struct wvm_section *hold_section(const struct wvm_target *t, const struct wvm_region *r)
{
    struct wvm_view_info info;
    if (!(r->flags & WVM_ALLOC_VIEW) ||
        wvm_space_view_at(&wvm_space_native, t->base + r->alloc_start, &info) < 0)
        return NULL;
    return wvm_section_of(info.backing);
}

/* RegionType: bit 1 a data file, bit 2 an image; views of the page file have none (VQ-033). */
static uint32_t region_type(const struct wvm_target *t, const struct wvm_region *r)
{
    uint32_t type = r->type == WVM_TYPE_IMAGE ? 4 : r->type == WVM_TYPE_MAPPED ? 2 : 0;
    struct wvm_section *s = hold_section(t, r);
    if (s) {
        type = s->kind == WVM_SECTION_PAGEFILE ? 0 : type;
        wvm_backing_drop(&s->backing);
    }
    return type;
}

static wvm_status put(struct wvm_nt_buffer *buf, const void *answer, size_t len)
{
    if (!wvm_user_writable(buf->at, len))
        return STATUS_ACCESS_VIOLATION;
    memcpy(buf->at, answer, len);
    buf->needed = len;
    return STATUS_SUCCESS;
}

/* In another process every page of a mapping counts as committed; an image has holes at most. */
static uint64_t committed_bytes(const struct wvm_target *t, const struct wvm_region *r)
{
    struct wvm_region run;
    uint64_t bytes = 0;
    struct wvm_region real = *r;
    real.alloc_start += t->base;
    real.alloc_end += t->base;
    if (t->pid == 0)
        return wvm_space_committed_bytes(&wvm_space_native, &real);
    for (uintptr_t at = r->alloc_start; at < r->alloc_end; at = run.end) {
        if (wvm_nt_region_in(t, at, &run) < 0)
            break;
        if (run.alloc_start == r->alloc_start)
            bytes += run.end - run.start;
    }
    return bytes;
}

wvm_status wvm_nt_query_region(const struct wvm_target *t, uintptr_t addr,
                               struct wvm_nt_buffer *buf)
{
    /* Callers built for older systems pass a structure that ends after one of these fields. */
    static const size_t ends[] = {
        offsetof(MEMORY_REGION_INFORMATION, CommitSize),
        offsetof(MEMORY_REGION_INFORMATION, PartitionId),
        offsetof(MEMORY_REGION_INFORMATION, NodePreference),
        sizeof(MEMORY_REGION_INFORMATION),
    };
    struct wvm_region r;
    wvm_status status = find_used(t, addr, &r);
    if (status < 0)
        return status;
    if (buf->len < ends[0])
        return STATUS_INFO_LENGTH_MISMATCH;
    MEMORY_REGION_INFORMATION info;
    memset(&info, 0, sizeof info);
    info.AllocationBase = (PVOID)r.alloc_start;
    info.AllocationProtect = wvm_nt_prot_of(r.alloc_attr);
    info.RegionType = region_type(t, &r);
    info.RegionSize = r.alloc_end - r.alloc_start;
    info.CommitSize = committed_bytes(t, &r);
    size_t len = ends[0];
    for (size_t i = 1; i < sizeof ends / sizeof ends[0] && buf->len >= ends[i]; i++)
        len = ends[i];
    return put(buf, &info, len);
}

/* A view tells what the file says, also when it shows only a part (SEC-110, SEC-111). */
static void describe_image(const struct wvm_target *t, uintptr_t addr, const struct wvm_region *r,
                           MEMORY_IMAGE_INFORMATION *info)
{
    uintptr_t start = r->alloc_start, end = r->alloc_end;
    struct wvm_section *s = hold_section(t, r);
    if (s) {
        info->ImagePartialMap = end - start < s->image->size;
        info->ImageNotExecutable = (s->flags & WVM_SECTION_NO_EXECUTE) != 0;
        end = start + s->image->size;
        wvm_backing_drop(&s->backing);
    } else {
        (void)wvm_host_module_of(t->pid, addr, &start, &end);
    }
    info->ImageBase = (PVOID)start;
    info->SizeOfImage = end - start;
}

wvm_status wvm_nt_query_image(const struct wvm_target *t, uintptr_t addr,
                              struct wvm_nt_buffer *buf)
{
    struct wvm_region r;
    wvm_status status = find_used(t, addr, &r);
    if (status < 0)
        return status;
    if (buf->len < sizeof(MEMORY_IMAGE_INFORMATION))
        return STATUS_INFO_LENGTH_MISMATCH;
    MEMORY_IMAGE_INFORMATION info;
    memset(&info, 0, sizeof info);
    if (r.type == WVM_TYPE_IMAGE)
        describe_image(t, addr, &r, &info);
    return put(buf, &info, sizeof info);
}

/* One character of UTF-8 at *s, which is advanced past it. */
static uint32_t next_char(const unsigned char **s)
{
    const unsigned char *p = *s;
    unsigned n = p[0] < 0x80                   ? 0
                 : p[0] >= 0xf0 && p[0] < 0xf5 ? 3
                 : p[0] >= 0xe0 && p[0] < 0xf0 ? 2
                 : p[0] >= 0xc2 && p[0] < 0xe0 ? 1
                                               : 4;
    *s = p + 1;
    if (n == 0)
        return p[0];
    if (n == 4)
        return 0xfffd;
    uint32_t c = p[0] & (0x3fu >> n);
    for (unsigned i = 1; i <= n; i++) {
        if ((p[i] & 0xc0) != 0x80)
            return 0xfffd;
        c = c << 6 | (p[i] & 0x3f);
    }
    if ((n == 2 && (c < 0x800 || (c >= 0xd800 && c < 0xe000))) ||
        (n == 3 && (c < 0x10000 || c > 0x10ffff)))
        return 0xfffd;
    *s = p + n + 1;
    return c;
}

size_t wvm_nt_utf16(const char *text, uint16_t *out)
{
    size_t n = 0;
    for (const unsigned char *s = (const unsigned char *)text; *s;) {
        uint32_t c = next_char(&s);
        if (c >= 0x10000) {
            out[n++] = (uint16_t)(0xd800 + ((c - 0x10000) >> 10));
            c = 0xdc00 + ((c - 0x10000) & 0x3ff);
        }
        out[n++] = (uint16_t)c;
    }
    out[n] = 0;
    return n;
}

wvm_status wvm_nt_query_filename(const struct wvm_target *t, uintptr_t addr,
                                 struct wvm_nt_buffer *buf)
{
    char path[PATH_BYTES];
    struct {
        UNICODE_STRING head;
        uint16_t name[PATH_BYTES];
    } answer;
    wvm_status status = wvm_nt_mapped_path(t, addr, path);
    if (status < 0)
        return status;
    size_t n = wvm_nt_utf16(path, answer.name);
    size_t total = sizeof answer.head + (n + 1) * sizeof answer.name[0];
    if (buf->len < total) {
        buf->needed = total;
        return buf->len < sizeof answer.head ? STATUS_INFO_LENGTH_MISMATCH : STATUS_BUFFER_OVERFLOW;
    }
    answer.head.Length = (USHORT)(n * sizeof answer.name[0]);
    answer.head.MaximumLength = (USHORT)((n + 1) * sizeof answer.name[0]);
    answer.head.Buffer = (PWSTR)((char *)buf->at + sizeof answer.head);
    return put(buf, &answer, total);
}
