/* The texts of the statuses that winvm and the kit answer with, as ntdll has them: a title in
 * braces on a line of its own in front of some.
 *
 * Locking: none.   Failure: NULL.   Signal safety: yes. */
#include "base/arith.h"
#include "kit/kit.h"
#include "kit/kit_message_list.h"

#define TITLED(title, text) "{" title "}\r\n" text

static const struct {
    NTSTATUS status;
    const char *text;
} texts[] = {
    {STATUS_WAIT_0, "STATUS_WAIT_0"},
    {STATUS_USER_APC, "STATUS_USER_APC"},
    {STATUS_ALERTED, "STATUS_ALERTED"},
    {STATUS_TIMEOUT, "STATUS_TIMEOUT"},
    {STATUS_PENDING, "The operation that was requested is pending completion."},
    {STATUS_OBJECT_NAME_EXISTS,
     TITLED("Object Exists",
            "An attempt was made to create an object and the object name already existed.")},
    {STATUS_GUARD_PAGE_VIOLATION,
     TITLED("EXCEPTION", "Guard Page Exception\r\nA page of memory that marks the end of a data "
                         "structure, such as a stack or an array, has been accessed.")},
    {STATUS_DATATYPE_MISALIGNMENT,
     TITLED("EXCEPTION", "Alignment Fault\r\nA datatype misalignment was detected in a load or "
                         "store instruction.")},
    {STATUS_BREAKPOINT, TITLED("EXCEPTION", "Breakpoint\r\nA breakpoint has been reached.")},
    {STATUS_SINGLE_STEP,
     TITLED("EXCEPTION", "Single Step\r\nA single step or trace operation has just been "
                         "completed.")},
    {STATUS_BUFFER_OVERFLOW,
     TITLED("Buffer Overflow", "The data was too large to fit into the specified buffer.")},
    {STATUS_PARTIAL_COPY,
     TITLED("Partial Copy", "Because of protection conflicts not all the requested bytes could be "
                            "copied.")},
    {STATUS_UNSUCCESSFUL,
     TITLED("Operation Failed", "The requested operation was unsuccessful.")},
    {STATUS_NOT_IMPLEMENTED,
     TITLED("Not Implemented", "The requested operation is not implemented.")},
    {STATUS_INVALID_INFO_CLASS,
     TITLED("Invalid Parameter", "The specified information class is not a valid information "
                                 "class for the specified object.")},
    {STATUS_INFO_LENGTH_MISMATCH, "The specified information record length does not match the "
                                  "length required for the specified information class."},
    {STATUS_ACCESS_VIOLATION, "The instruction at 0x%p referenced memory at 0x%p. The memory could "
                              "not be %s."},
    {STATUS_INVALID_HANDLE, "An invalid HANDLE was specified."},
    {STATUS_INVALID_CID, "An invalid Client ID was specified."},
    {STATUS_INVALID_PARAMETER, "An invalid parameter was passed to a service or function."},
    {STATUS_END_OF_FILE, "The end-of-file marker has been reached. There is no valid data in the "
                         "file beyond this marker."},
    {STATUS_NO_MEMORY,
     TITLED("Not Enough Quota", "Not enough virtual memory or paging file quota is available to "
                                "complete the specified operation.")},
    {STATUS_CONFLICTING_ADDRESSES,
     TITLED("Conflicting Address Range",
            "The specified address range conflicts with the address space.")},
    {STATUS_NOT_MAPPED_VIEW,
     TITLED("Address Not Mapped", "The address range to unmap is not a mapped view.")},
    {STATUS_UNABLE_TO_FREE_VM, "Virtual memory cannot be freed."},
    {STATUS_UNABLE_TO_DELETE_SECTION, "Specified section cannot be deleted."},
    {STATUS_ILLEGAL_INSTRUCTION,
     TITLED("EXCEPTION", "Illegal Instruction\r\nAn attempt was made to execute an illegal "
                         "instruction.")},
    {STATUS_INVALID_VIEW_SIZE, "An invalid view size was specified for a section."},
    {STATUS_INVALID_FILE_FOR_SECTION,
     TITLED("Bad File", "The attributes of the specified mapping file for a section of memory "
                        "cannot be read.")},
    {STATUS_ALREADY_COMMITTED,
     TITLED("Already Committed", "The specified address range is already committed.")},
    {STATUS_ACCESS_DENIED, TITLED("Access Denied", "A process has requested access to an object, "
                                                   "but has not been granted those access "
                                                   "rights.")},
    {STATUS_BUFFER_TOO_SMALL,
     TITLED("Buffer Too Small", "The buffer is too small to contain the entry. No information has "
                                "been written to the buffer.")},
    {STATUS_OBJECT_TYPE_MISMATCH,
     TITLED("Wrong Type", "There is a mismatch between the type of object that is required by the "
                          "requested operation and the type of object that is specified in the "
                          "request.")},
    {STATUS_OBJECT_NAME_INVALID, "Object Name invalid."},
    {STATUS_OBJECT_NAME_NOT_FOUND, "Object Name not found."},
    {STATUS_OBJECT_NAME_COLLISION, "Object Name already exists."},
    {STATUS_OBJECT_PATH_NOT_FOUND,
     TITLED("Path Not Found", "The path %hs does not exist.")},
    {STATUS_SECTION_TOO_BIG, "The specified section is too big to map the file."},
    {STATUS_SHARING_VIOLATION, "A file cannot be opened because the share access flags are "
                               "incompatible."},
    {STATUS_QUOTA_EXCEEDED, "Insufficient quota exists to complete the operation."},
    {STATUS_INVALID_PAGE_PROTECTION, "The specified page protection was not valid."},
    {STATUS_SECTION_NOT_IMAGE, "An attempt was made to query image information on a section which "
                               "does not map an image."},
    {STATUS_SUSPEND_COUNT_EXCEEDED,
     "An attempt was made to suspend a thread whose suspend count was at its maximum."},
    {STATUS_BAD_WORKING_SET_LIMIT, "An attempt was made to set the working set limit to an invalid "
                                   "value (for example, the minimum greater than maximum)."},
    {STATUS_SECTION_PROTECTION,
     "A view to a section specifies a protection which is incompatible with the protection of the "
     "initial view."},
    {STATUS_PRIVILEGE_NOT_HELD, "A required privilege is not held by the client."},
    {STATUS_INVALID_IMAGE_FORMAT,
     TITLED("Bad Image", "%hs is either not designed to run on Windows or it contains an error. "
                         "Try installing the program again using the original installation media "
                         "or contact your system administrator or the software vendor for "
                         "support.")},
    {STATUS_INSUFFICIENT_RESOURCES,
     "Insufficient system resources exist to complete the API."},
    {STATUS_FREE_VM_NOT_AT_BASE, "An attempt was made to free virtual memory, but the base address "
                                 "was not at the start of the allocation."},
    {STATUS_MEMORY_NOT_ALLOCATED, "An attempt was made to free virtual memory which is not "
                                  "allocated."},
    {STATUS_NOT_SUPPORTED, "The request is not supported."},
    {STATUS_STACK_OVERFLOW, "A new guard page for the stack cannot be created."},
    {STATUS_COMMITMENT_LIMIT,
     TITLED("Out of Virtual Memory", "Your system is low on virtual memory. To ensure that "
                                     "Windows runs properly, increase the size of your virtual "
                                     "memory paging file. For more information, see Help.")},
    {STATUS_INVALID_ADDRESS, "The address handle that was given to the transport was invalid."},
};

const char *wvm_kit_status_text(NTSTATUS status)
{
    for (size_t i = 0; i < WVM_ARRAY_LEN(texts); i++)
        if (texts[i].status == status)
            return texts[i].text;
    return NULL;
}
