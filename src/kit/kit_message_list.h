/* The texts of the errors that winvm and the kit answer with, ascending. X(error, text). */
#ifndef WVM_KIT_KIT_MESSAGE_LIST_H
#define WVM_KIT_KIT_MESSAGE_LIST_H

#define WVM_KIT_MESSAGES(X)                                                                       \
    X(ERROR_SUCCESS, "The operation completed successfully.")                                     \
    X(ERROR_INVALID_FUNCTION, "Incorrect function.")                                              \
    X(ERROR_FILE_NOT_FOUND, "The system cannot find the file specified.")                         \
    X(ERROR_PATH_NOT_FOUND, "The system cannot find the path specified.")                         \
    X(ERROR_TOO_MANY_OPEN_FILES, "The system cannot open the file.")                              \
    X(ERROR_ACCESS_DENIED, "Access is denied.")                                                   \
    X(ERROR_INVALID_HANDLE, "The handle is invalid.")                                             \
    X(ERROR_NOT_ENOUGH_MEMORY,                                                                    \
      "Not enough memory resources are available to process this command.")                       \
    X(ERROR_INVALID_ACCESS, "The access code is invalid.")                                        \
    X(ERROR_OUTOFMEMORY, "Not enough memory resources are available to complete this operation.") \
    X(ERROR_NO_MORE_FILES, "There are no more files.")                                            \
    X(ERROR_NOT_SAME_DEVICE, "The system cannot move the file to a different disk drive.")        \
    X(ERROR_WRITE_PROTECT, "The media is write protected.")                                       \
    X(ERROR_BAD_LENGTH,                                                                           \
      "The program issued a command but the command length is incorrect.")                        \
    X(ERROR_GEN_FAILURE, "A device attached to the system is not functioning.")                   \
    X(ERROR_SHARING_VIOLATION,                                                                    \
      "The process cannot access the file because it is being used by another process.")          \
    X(ERROR_LOCK_VIOLATION, "The process cannot access the file because another process has "     \
      "locked a portion of the file.")                                                            \
    X(ERROR_HANDLE_EOF, "Reached the end of the file.")                                           \
    X(ERROR_NOT_SUPPORTED, "The request is not supported.")                                       \
    X(ERROR_UNEXP_NET_ERR, "An unexpected network error occurred.")                               \
    X(ERROR_SIGNAL_REFUSED, "The recipient process has refused the signal.")                      \
    X(ERROR_FILE_EXISTS, "The file exists.")                                                      \
    X(ERROR_INVALID_PARAMETER, "The parameter is incorrect.")                                     \
    X(ERROR_BROKEN_PIPE, "The pipe has been ended.")                                              \
    X(ERROR_BUFFER_OVERFLOW, "The file name is too long.")                                        \
    X(ERROR_DISK_FULL, "There is not enough space on the disk.")                                  \
    X(ERROR_CALL_NOT_IMPLEMENTED, "This function is not supported on this system.")               \
    X(ERROR_INSUFFICIENT_BUFFER, "The data area passed to a system call is too small.")           \
    X(ERROR_INVALID_NAME,                                                                         \
      "The filename, directory name, or volume label syntax is incorrect.")                       \
    X(ERROR_MOD_NOT_FOUND, "The specified module could not be found.")                            \
    X(ERROR_PROC_NOT_FOUND, "The specified procedure could not be found.")                        \
    X(ERROR_NEGATIVE_SEEK,                                                                        \
      "An attempt was made to move the file pointer before the beginning of the file.")           \
    X(ERROR_DIR_NOT_EMPTY, "The directory is not empty.")                                         \
    X(ERROR_DISCARDED, "The segment is already discarded and cannot be locked.")                  \
    X(ERROR_NOT_LOCKED, "The segment is already unlocked.")                                       \
    X(ERROR_BAD_PATHNAME, "The specified path is invalid.")                                       \
    X(ERROR_BUSY, "The requested resource is in use.")                                            \
    X(ERROR_ALREADY_EXISTS, "Cannot create a file when that file already exists.")                \
    X(ERROR_BAD_EXE_FORMAT, "%1 is not a valid Win32 application.")                               \
    X(ERROR_ENVVAR_NOT_FOUND,                                                                     \
      "The system could not find the environment option that was entered.")                       \
    X(ERROR_FILENAME_EXCED_RANGE, "The filename or extension is too long.")                       \
    X(ERROR_MORE_DATA, "More data is available.")                                                 \
    X(WAIT_TIMEOUT, "The wait operation timed out.")                                              \
    X(ERROR_WRITE_FAULT, "The system cannot write to the specified device.")                      \
    X(ERROR_BAD_ARGUMENTS, "One or more arguments are not correct.")                              \
    X(ERROR_NO_MORE_ITEMS, "No more data is available.")                                          \
    X(ERROR_DIRECTORY, "The directory name is invalid.")                                          \
    X(ERROR_NOT_OWNER, "Attempt to release mutex not owned by caller.")                           \
    X(ERROR_TOO_MANY_POSTS, "Too many posts were made to a semaphore.")                           \
    X(ERROR_PARTIAL_COPY,                                                                         \
      "Only part of a ReadProcessMemory or WriteProcessMemory request was completed.")            \
    X(ERROR_INVALID_LOCK_RANGE, "The requested file lock operation cannot be processed due to "   \
      "an invalid byte range.")                                                                   \
    X(ERROR_MR_MID_NOT_FOUND, "The system cannot find message text for message number 0x%1 in "   \
      "the message file for %2.")                                                                 \
    X(ERROR_INVALID_ADDRESS, "Attempt to access invalid address.")                                \
    X(ERROR_PAGEFILE_QUOTA_EXCEEDED, "The pagefile quota for the process has been exhausted.")    \
    X(ERROR_OBJECT_NAME_EXISTS, "An attempt was made to create an object and the object name "    \
      "already existed.")                                                                         \
    X(ERROR_IMAGE_NOT_AT_BASE, "An image file could not be mapped at the address specified in "   \
      "the image file. Local fixups must be performed on this image.")                            \
    X(ERROR_IMAGE_MACHINE_TYPE_MISMATCH, "The image file is valid, but is for a machine type "    \
      "other than the current machine.")                                                          \
    X(ERROR_WAS_LOCKED, "A page was locked that was locked already.")                             \
    X(ERROR_IO_INCOMPLETE, "Overlapped I/O event is not in a signaled state.")                    \
    X(ERROR_IO_PENDING, "Overlapped I/O operation is in progress.")                               \
    X(ERROR_NOACCESS, "Invalid access to memory location.")                                       \
    X(ERROR_SWAPERROR, "Error performing inpage operation.")                                      \
    X(ERROR_STACK_OVERFLOW, "Recursion too deep; the stack overflowed.")                          \
    X(ERROR_INVALID_FLAGS, "Invalid flags.")                                                      \
    X(ERROR_FILE_INVALID, "The volume for a file has been externally altered so that the opened " \
      "file is no longer valid.")                                                                 \
    X(ERROR_NO_UNICODE_TRANSLATION,                                                               \
      "No mapping for the Unicode character exists in the target multi-byte code page.")          \
    X(ERROR_IO_DEVICE,                                                                            \
      "The request could not be performed because of an I/O device error.")                       \
    X(ERROR_POSSIBLE_DEADLOCK, "A potential deadlock condition has been detected.")               \
    X(ERROR_MAPPED_ALIGNMENT, "The base address or the file offset specified does not have the "  \
      "proper alignment.")                                                                        \
    X(ERROR_OLD_WIN_VERSION, "The specified program requires a newer version of Windows.")        \
    X(ERROR_NOT_FOUND, "Element not found.")                                                      \
    X(ERROR_USER_MAPPED_FILE, "The requested operation cannot be performed on a file with a "     \
      "user-mapped section open.")                                                                \
    X(ERROR_NOT_ALL_ASSIGNED, "Not all privileges or groups referenced are assigned to the "      \
      "caller.")                                                                                  \
    X(ERROR_REVISION_MISMATCH, "Indicates two revision levels are incompatible.")                 \
    X(ERROR_NO_SUCH_PRIVILEGE, "A specified privilege does not exist.")                           \
    X(ERROR_PRIVILEGE_NOT_HELD, "A required privilege is not held by the client.")                \
    X(ERROR_NO_SYSTEM_RESOURCES,                                                                  \
      "Insufficient system resources exist to complete the requested service.")                   \
    X(ERROR_WORKING_SET_QUOTA, "Insufficient quota to complete the requested service.")           \
    X(ERROR_PAGEFILE_QUOTA, "Insufficient quota to complete the requested service.")              \
    X(ERROR_COMMITMENT_LIMIT, "The paging file is too small for this operation to complete.")     \
    X(ERROR_TIMEOUT, "This operation returned because the timeout period expired.")               \
    X(ERROR_DYNAMIC_CODE_BLOCKED,                                                                 \
      "The operation was blocked as the process prohibits dynamic code generation.")              \
    X(ERROR_NOT_SAME_OBJECT, "The objects are not identical.")                                    \
    X(ERROR_INVALID_USER_BUFFER,                                                                  \
      "The supplied user buffer is not valid for the requested operation.")                       \
    X(ERROR_NOT_ENOUGH_QUOTA, "Not enough quota is available to process this command.")

/* The text of a status, without the line break that follows; NULL: none. */
const char *wvm_kit_status_text(NTSTATUS status) __attribute__((visibility("hidden")));

#endif
