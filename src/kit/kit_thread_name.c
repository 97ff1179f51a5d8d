/* Descriptions of threads.
 *
 * I1  A description is memory of malloc that the thread's record owns; it changes under the lock,
 *     and is freed with the record.
 * Locking: one lock, a leaf but for malloc.   Failure: nothing changed.   Signal safety: none. */
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "kit/kit.h"
#include "kit/kit_self.h"
#include "kit/kit_text.h"

#define FACILITY_NATIVE 0x10000000 /* of the HRESULT that is a status */
#define MOST_UNITS 32766u
#define MOST_HOST_NAME 15u /* bytes */

static struct wvm_kit_lock lock;

static HRESULT result_of(NTSTATUS status)
{
    return (HRESULT)(status | FACILITY_NATIVE);
}

/* The thread of a handle; NULL and the result. The last error stays. */
static struct wvm_kit_thread *thread_of(HANDLE h, uint32_t rights, HRESULT *result)
{
    DWORD error = GetLastError();
    struct wvm_kit_thread *t = wvm_kit_object_of(h, &wvm_kit_thread_kind, rights);
    if (!t)
        *result = result_of(GetLastError() == ERROR_ACCESS_DENIED ? STATUS_ACCESS_DENIED
                                                                  : STATUS_INVALID_HANDLE);
    SetLastError(error);
    return t;
}

static void clear(struct wvm_kit_object *object)
{
    struct wvm_kit_thread *t = (struct wvm_kit_thread *)object;
    free(t->description);
    t->description = NULL;
}

/* What fits of the text is the host's name of the thread. */
static void name_on_host(struct wvm_kit_thread *t, LPCWSTR text)
{
    char path[64], name[MOST_HOST_NAME + 4];
    size_t n = 0, units = 0;
    while (text[units] && n <= MOST_HOST_NAME) {
        size_t pair = text[units] >= 0xd800 && text[units] < 0xdc00 && text[units + 1] ? 2 : 1;
        size_t bytes = wvm_kit_to_utf8(name + n, sizeof name - n, text + units, pair);
        if (n + bytes > MOST_HOST_NAME)
            break;
        n += bytes;
        units += pair;
    }
    snprintf(path, sizeof path, "/proc/self/task/%u/comm", wvm_kit_tid_of(t));
    int fd = open(path, O_WRONLY | O_CLOEXEC);
    if (fd < 0)
        return;
    ssize_t written = write(fd, name, n); /* a help to who looks, no more */
    UNREFERENCED_PARAMETER(written);
    close(fd);
}

static void set(struct wvm_kit_thread *t, WCHAR *text)
{
    __atomic_store_n(&wvm_kit_thread_kind.clear, clear, __ATOMIC_RELEASE);
    wvm_kit_lock(&lock);
    WCHAR *before = t->description;
    t->description = text;
    wvm_kit_unlock(&lock);
    free(before);
}

HRESULT wvm_kit_SetThreadDescription(HANDLE h, PCWSTR text)
{
    HRESULT result = result_of(STATUS_SUCCESS);
    size_t n = text ? wvm_kit_len16(text) : 0;
    if (n > MOST_UNITS)
        return result_of(STATUS_NAME_TOO_LONG);
    struct wvm_kit_thread *t = thread_of(h, THREAD_SET_LIMITED_INFORMATION, &result);
    if (!t)
        return result;
    WCHAR *copy = calloc(n + 1, sizeof *copy);
    if (copy) {
        if (n > 0)
            memcpy(copy, text, n * sizeof *copy);
        if (n > 0 && !(__atomic_load_n(&t->suspended, __ATOMIC_ACQUIRE) & WVM_KIT_ENDED))
            name_on_host(t, copy);
        set(t, copy);
    } else {
        result = result_of(STATUS_NO_MEMORY);
    }
    wvm_kit_drop(&t->object);
    return result;
}

/* Two steps, as the memory that the caller frees is not taken under the lock. */
HRESULT wvm_kit_GetThreadDescription(HANDLE h, PWSTR *out)
{
    HRESULT result = result_of(STATUS_SUCCESS);
    struct wvm_kit_thread *t = thread_of(h, THREAD_QUERY_LIMITED_INFORMATION, &result);
    PWSTR copy = NULL;
    size_t room = 0, needed = 1;
    if (!t)
        return result;
    do {
        wvm_kit_LocalFree(copy);
        room = needed;
        copy = wvm_kit_LocalAlloc(LMEM_ZEROINIT, room * sizeof *copy);
        wvm_kit_lock(&lock);
        needed = t->description ? wvm_kit_len16(t->description) + 1 : 1;
        if (copy && t->description && needed <= room)
            memcpy(copy, t->description, needed * sizeof *copy);
        wvm_kit_unlock(&lock);
    } while (copy && needed > room);
    wvm_kit_drop(&t->object);
    if (!copy)
        return result_of(STATUS_NO_MEMORY);
    *out = copy;
    return result;
}

#define WVM_KIT_THREAD_NAME
#include "kit/kit_entry.h"
