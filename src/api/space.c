/* winvm's own calls for based spaces (winvm/space.h).
 *
 * I1  The caller's structures are read and written by checked copies; a structure of another size
 *     is a later version's: what this one does not know must be 0 in, and is left alone out.
 * I2  errno changes on failure only.
 * Locking, fork, signal safety: nt_space.c. */
#include <winvm/space.h>

#include "api/api.h"
#include "api/control.h"
#include "nt/nt_space.h"
#include "nt/nt_user.h"

#define SIZE_MOST 4096u /* of a structure of any version */

static void start(void)
{
    if (wvm_gate_bits() & WVM_GATE_INIT)
        wvm_init();
}

/* Is [at, at + len) readable and 0? */
static wvm_status check_zero(const char *at, size_t len)
{
    char byte[64];
    for (size_t done = 0, n; done < len; done += n) {
        n = len - done < sizeof byte ? len - done : sizeof byte;
        if (!wvm_user_fetch(byte, at + done, n))
            return STATUS_ACCESS_VIOLATION;
        for (size_t i = 0; i < n; i++)
            if (byte[i])
                return STATUS_INVALID_PARAMETER;
    }
    return STATUS_SUCCESS;
}

static wvm_status read_options(const struct winvm_space_options *from,
                               struct winvm_space_options *out)
{
    uint32_t size;
    if (!wvm_user_fetch(&size, from, sizeof size))
        return STATUS_ACCESS_VIOLATION;
    if (size < sizeof *out || size > SIZE_MOST)
        return STATUS_INVALID_PARAMETER;
    if (!wvm_user_fetch(out, from, sizeof *out))
        return STATUS_ACCESS_VIOLATION;
    if (out->reserved)
        return STATUS_INVALID_PARAMETER;
    return check_zero((const char *)from + sizeof *out, size - sizeof *out);
}

WVM_EXPORT void *winvm_space_create(const struct winvm_space_options *options)
{
    struct winvm_space_options o = {0};
    wvm_status status = STATUS_SUCCESS;
    HANDLE h;
    start();
    if (options)
        status = read_options(options, &o);
    if (status >= 0)
        status = wvm_nt_space_create(o.megabytes, o.flags, &h);
    if (status >= 0)
        return h;
    wvm_control_refuse(status);
    return NULL;
}

WVM_EXPORT int winvm_space_destroy(void *space)
{
    start();
    wvm_status status = wvm_nt_space_destroy(space);
    return status < 0 ? wvm_control_refuse(status) : 0;
}

WVM_EXPORT char *winvm_space_base(void *space)
{
    struct wvm_nt_space_info info;
    start();
    wvm_status status = wvm_nt_space_describe(space, &info);
    if (status >= 0)
        return (char *)info.base;
    wvm_control_refuse(status);
    return NULL;
}

static wvm_status describe(void *space, struct winvm_space_info *info)
{
    struct wvm_nt_space_info known;
    uint32_t size;
    uint64_t committed;
    if (!wvm_user_fetch(&size, info, sizeof size))
        return STATUS_ACCESS_VIOLATION;
    if (size < sizeof *info || size > SIZE_MOST)
        return STATUS_INVALID_PARAMETER;
    if (!wvm_user_writable(info, sizeof *info))
        return STATUS_ACCESS_VIOLATION;
    wvm_status status = wvm_nt_space_describe(space, &known);
    if (status >= 0)
        status = wvm_nt_space_committed(space, &committed);
    if (status < 0)
        return status;
    struct winvm_space_info out = {
        .size = sizeof out, .flags = known.flags, .base = (char *)known.base, .limit = known.top,
        .committed = committed,
    };
    wvm_user_store(info, &out, sizeof out);
    return status;
}

WVM_EXPORT int winvm_space_info(void *space, struct winvm_space_info *info)
{
    start();
    wvm_status status = describe(space, info);
    return status < 0 ? wvm_control_refuse(status) : 0;
}

WVM_EXPORT char *winvm_space_of(const void *address)
{
    if (wvm_gate_bits() & WVM_GATE_INIT)
        return NULL; /* no space yet */
    return (char *)wvm_nt_space_holding((uintptr_t)address);
}
