/* File objects: what a handle of a file holds.
 *
 * Terms   kept = a descriptor of winvm's own, closed with the object; borrowed = a descriptor of
 *         the program's, which the object only names.
 * I1  A descriptor is used only after a look has shown that it still is the file: the program may
 *     have closed it behind winvm's back, and its number may be another file by now.
 * I2  The last handle ends the sharing of the file (and deletes it, when that was asked for); the
 *     last reference closes the descriptor.
 * Locking: none.   Failure: nothing changed.   Signal safety: all but the deletion's is.
 * fork: the child has the same descriptors and counts for itself; it deletes nothing. */
#include "nt/nt_file.h"

#include "nt/nt_handle.h"

#define N_FILES 32768u

static struct wvm_file files[N_FILES];
struct wvm_object_pool wvm_file_pool = {files, sizeof files[0], N_FILES, 0, 0};

static bool try_hold(void *object)
{
    return wvm_object_try_hold(object);
}

static void drop(void *object)
{
    if (wvm_object_release(object))
        wvm_object_cancel(&wvm_file_pool, object);
}

static bool opened(void *object)
{
    return wvm_object_add_handle(object);
}

static void closed(void *object)
{
    wvm_object_sub_handle(object);
}

static uint32_t permitted(const void *object)
{
    return ((const struct wvm_file *)object)->permitted;
}

const struct wvm_object_ops wvm_file_ops = {
    .name = "File",
    .generic = {FILE_GENERIC_READ, FILE_GENERIC_WRITE, FILE_GENERIC_EXECUTE, FILE_ALL_ACCESS},
    .try_hold = try_hold,
    .drop = drop,
    .opened = opened,
    .closed = closed,
    .permitted = permitted,
    .counts = wvm_object_counts,
};
