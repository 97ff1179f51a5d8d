/* NtQuerySection.
 *
 * Order of checks: the buffer as a whole (SEC-214), the place of the length, the class, the length,
 * the handle, its type and right, then what the section is (SEC-213).
 * I1  The caller's buffer is written only when the call succeeds, and only as far as the answer is.
 * Locking: none.   Failure: nothing written.   Signal safety: yes. */
#include "nt/nt_section.h"

#include <string.h>

#include "api/api.h"
#include "base/arith.h"
#include "nt/nt_handle.h"
#include "nt/nt_user.h"

union answer {
    SECTION_BASIC_INFORMATION basic;
    SECTION_IMAGE_INFORMATION image;
};

/* Could be the caller's, judged by its place alone: a look at all of it would touch the pages. */
static bool is_user_range(const void *at, size_t len)
{
    uintptr_t end;
    return wvm_add_checked((uintptr_t)at, len, &end) && end <= wvm_nt_host_top();
}

static wvm_status answer_basic(const struct wvm_section *s, SECTION_BASIC_INFORMATION *out)
{
    out->BaseAddress = NULL;
    out->Attributes = wvm_nt_section_attributes(s);
    out->Size.QuadPart = (LONGLONG)__atomic_load_n(&s->size, __ATOMIC_ACQUIRE);
    return STATUS_SUCCESS;
}

static wvm_status answer_image(const struct wvm_section *s, SECTION_IMAGE_INFORMATION *out)
{
    const struct wvm_image_info *image = s->image;
    if (s->kind != WVM_SECTION_IMAGE)
        return STATUS_SECTION_NOT_IMAGE;
    out->TransferAddress = (PVOID)(uintptr_t)(image->preferred + image->entry);
    out->MaximumStackSize = image->stack_reserve;
    out->CommittedStackSize = image->stack_commit;
    out->SubSystemType = image->subsystem;
    out->MinorSubsystemVersion = (USHORT)image->subsystem_minor;
    out->MajorSubsystemVersion = (USHORT)image->subsystem_major;
    out->MajorOperatingSystemVersion = (USHORT)image->os_major;
    out->MinorOperatingSystemVersion = (USHORT)image->os_minor;
    out->ImageCharacteristics = image->characteristics;
    out->DllCharacteristics = image->dll_characteristics;
    out->Machine = image->machine;
    out->ImageContainsCode = image->has_code;
    out->ComPlusNativeReady = image->is_managed;
    out->ImageMappedFlat = image->is_flat;
    out->LoaderFlags = image->loader_flags;
    out->ImageFileSize = image->file_size;
    out->CheckSum = image->checksum;
    return STATUS_SUCCESS;
}

static wvm_status answer(HANDLE h, SECTION_INFORMATION_CLASS class, union answer *out)
{
    void *object;
    wvm_status status = wvm_handle_get(h, WVM_OBJECT_SECTION, SECTION_QUERY, &object, NULL);
    if (status < 0)
        return status;
    memset(out, 0, sizeof *out);
    status = class == SectionBasicInformation ? answer_basic(object, &out->basic)
                                              : answer_image(object, &out->image);
    wvm_object_drop(WVM_OBJECT_SECTION, object);
    return status;
}

NTSTATUS wvm_NtQuerySection(HANDLE h, SECTION_INFORMATION_CLASS class, PVOID at, SIZE_T room,
                            PSIZE_T needed)
{
    union answer out;
    SIZE_T len = class == SectionBasicInformation ? sizeof out.basic : sizeof out.image;
    if (!is_user_range(at, room) || (needed && !wvm_user_writable(needed, sizeof *needed)))
        return STATUS_ACCESS_VIOLATION;
    if (class != SectionBasicInformation && class != SectionImageInformation)
        return STATUS_INVALID_INFO_CLASS;
    if (room < len)
        return STATUS_INFO_LENGTH_MISMATCH;
    if (!wvm_user_writable(at, len))
        return STATUS_ACCESS_VIOLATION;
    wvm_status status = answer(h, class, &out);
    if (status < 0)
        return status;
    wvm_user_store(at, &out, len);
    wvm_user_store_if(needed, &len, sizeof len);
    return STATUS_SUCCESS;
}
