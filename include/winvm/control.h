/* winvm/control.h: winvm's own calls. They are SysV whatever convention the Windows names have, set
 * no last error, and may be called from any thread. */
#ifndef WINVM_CONTROL_H
#define WINVM_CONTROL_H

#include <stdint.h>

#include "abi.h"

WINVM_BEGIN_DECLS

/* The version of the library in use, "MAJOR.MINOR.PATCH"; WINVM_VERSION_STRING is the header's. */
WINVM_SYSV const char *winvm_version(void);

/* Writes the address-space map of this process to the descriptor fd as text: allocations, runs,
 * states, protections, types, totals and one bar per type, in lines of at most `width` columns
 * (0: 80). Returns 0, or -1 with errno set when a write fails. */
WINVM_SYSV int winvm_map_print(int fd, unsigned width);

/* Checks every invariant of the tracker and compares it with the kernel's mappings. Returns 0 when
 * all hold, else -1, and one line on standard error names the first that does not. Slow. */
WINVM_SYSV int winvm_audit(void);

/* Commit charge of this process, in bytes. */
struct winvm_commit_info {
    uint64_t committed;
    uint64_t limit;
    uint64_t peak;
};
/* The function has the name of the structure, which g++ -Wshadow remarks on. */
#if defined(__cplusplus)
#pragma GCC diagnostic push
#pragma GCC diagnostic ignored "-Wshadow"
#endif
WINVM_SYSV void winvm_commit_info(struct winvm_commit_info *out);
#if defined(__cplusplus)
#pragma GCC diagnostic pop
#endif

/* A handle for a duplicate of the descriptor fd, as CreateFile would make one: to be mapped, read,
 * written, and closed by CloseHandle. access: GENERIC_READ, FILE_READ_DATA ..., of what fd is open
 * for. NULL and errno: EBADF, EACCES, EMFILE. */
WINVM_SYSV void *winvm_handle_from_fd(int fd, uint32_t access);

/* For who extends what handles of files can do. A new descriptor, close-on-exec and the caller's,
 * for the open file of a handle that grants all of `rights` (0: any handle); its position and its
 * locks are the handle's. One that may neither read nor write is good for fstat only (O_PATH). -1
 * and errno: EBADF no handle of a file, EACCES, EMFILE. */
WINVM_SYSV int winvm_file_to_fd(void *file, uint32_t rights);
/* The file gets another size; what is added is 0. The handle must grant FILE_WRITE_DATA. 0, or -1
 * and errno: EBADF, EACCES, EINVAL, ENOTTY no regular file, ETXTBSY views of this process need
 * pages that would go, ENOSPC. */
WINVM_SYSV int winvm_file_resize(void *file, uint64_t size);
/* Not 0: the file, or the folder if it is empty then, is deleted when the last handle of this
 * opening is closed; 0: it stays. The handle must grant DELETE. 0, or -1 and errno: EBADF, EACCES,
 * ENOTTY neither a regular file nor a folder. */
WINVM_SYSV int winvm_file_delete(void *file, int deleted);

/* A new descriptor, close-on-exec and the caller's, of a section of the page file (any kind of
 * CreateFileMapping(INVALID_HANDLE_VALUE)): another process that gets it, over a socket
 * (SCM_RIGHTS), by fork() or by exec(), makes it a section again. The handle must grant
 * SECTION_MAP_READ and SECTION_MAP_WRITE: who has the descriptor has both. Its size is fixed from
 * then on. -1 and errno: EBADF no handle of a section, EACCES, ENOTSUP a section of a file or an
 * image, ENOMEM. */
WINVM_SYSV int winvm_section_to_fd(void *section);
/* A handle, with the rights `access` (SECTION_* or generic ones), of the section whose descriptor
 * this is: the same memory, size, protection and SEC_* values, and for SEC_RESERVE the same
 * committed pages. The descriptor stays the caller's. The creator's process is charged for the
 * memory, not this one. NULL and errno: EBADF not such a descriptor, ENOMEM. */
WINVM_SYSV void *winvm_section_from_fd(int fd, uint32_t access);

/* Objects of another library behind handles of winvm: CloseHandle, DuplicateHandle,
 * GetHandleInformation, CompareObjectHandles and NtQueryObject know them. A kind is a constant but
 * for winvm; at most eight or so fit. */
struct winvm_object;
struct winvm_object_kind {
    const char *name;    /* of the type, at most 31 characters: "Event" */
    uint32_t generic[4]; /* rights that GENERIC_READ, _WRITE, _EXECUTE, _ALL mean; the last: all */
    /* The last reference is dropped: the memory may be used for another object. May be NULL. */
    void (*gone)(struct winvm_object *object);
    /* Sets an event, or resets it, for who is handed one: ReadFile and WriteFile by an OVERLAPPED.
     * Without a lock. NULL: it is no event. */
    void (*set)(struct winvm_object *object, int on);
};
/* The first member of such an object; winvm's. Its memory stays readable for ever, and is never
 * used for anything but such objects; the first word is the owner's while there is no reference. */
struct winvm_object {
    struct winvm_object_kind *kind;
    uint32_t refs, handles;
};
/* Makes an object live, with one reference, the caller's. 0; ENOMEM: too many kinds. */
WINVM_SYSV int winvm_object_start(struct winvm_object *object, struct winvm_object_kind *kind);
/* A reference more, by who has one; and one less. */
WINVM_SYSV void winvm_object_hold(struct winvm_object *object);
WINVM_SYSV void winvm_object_drop(struct winvm_object *object);
/* A handle more, with the rights `access`, generic ones too, to an object that is held; the handle
 * holds it besides. 0; ENOMEM: too many handles. */
WINVM_SYSV int winvm_object_open(struct winvm_object *object, uint32_t access, void **handle);
/* The object of a handle that grants all of `rights`, held for the caller. kind NULL: any. 0, or
 * EBADF no handle, EINVAL of another kind, EACCES. */
WINVM_SYSV int winvm_object_get(void *handle, const struct winvm_object_kind *kind,
                                uint32_t rights, struct winvm_object **object);
/* A place of the table of handles, for who cannot afford a call of winvm_object_get. A handle is
 * 0x54000000 + (generation << 17) + (place << 2), with 9 bits of generation and 15 of place. The
 * bits of the tag: 0-1 are 2 while the handle is open; 2-3 may change at any time; 4-7 are the
 * type, and from WINVM_PLACE_FIRST_TYPE on the object is a struct winvm_object; 8-16 are the
 * generation. Read the tag, the rest, and the tag again: if it is the same and fits the handle, the
 * object had a reference all that time. Only with atomic loads, each an acquire. */
#define WINVM_PLACE_FIRST_TYPE 5
struct winvm_place {
    uint32_t tag, access; /* access: the rights that it grants */
    void *object;
};
/* The 32768 places; they stand there for ever. */
WINVM_SYSV const struct winvm_place *winvm_object_places(void);

/* What a handle of winvm's own stands for that can be waited for. Two are the same when all members
 * are. */
#define WINVM_AWAITED_PROCESS 1 /* until it ends */
#define WINVM_AWAITED_NOTICE 2  /* until memory is low, or high */
struct winvm_awaited {
    uint64_t start;  /* of the process, in the host's ticks since boot */
    uint32_t kind;   /* WINVM_AWAITED_* */
    uint32_t number; /* of the process; or which notification: MEMORY_RESOURCE_NOTIFICATION_TYPE */
};
/* handle must grant all of `rights`. 0, or EBADF no handle, EINVAL of another kind, EACCES. */
WINVM_SYSV int winvm_awaited_get(void *handle, uint32_t rights, struct winvm_awaited *what);
/* 1: the process has ended, or memory is like that; 0: not now. The host is asked, which takes some
 * 10 us for a process and 100 us for memory. */
WINVM_SYSV int winvm_awaited_is_over(const struct winvm_awaited *what);

/* Says who answers for the pseudo handle of the calling thread, (HANDLE)-2: `self` returns its
 * object, held, or NULL. */
WINVM_SYSV void winvm_object_thread(struct winvm_object *(*self)(void));

/* For who stops threads with a signal. Not 0: the code that the signal interrupted holds something
 * of winvm's that other threads may have to wait for; let it go on, and ask again. For handlers. */
WINVM_SYSV int winvm_thread_inside(void);
/* For handlers. 1: `call`, always the same function, is called by the interrupted thread as soon as
 * it has left what it holds of winvm's. 0: it holds nothing, or something that it is seldom and
 * shortly in: then ask again. */
WINVM_SYSV int winvm_thread_when_left(void (*call)(void));
/* For who changes the stack of a thread: the tries (WINVM_TRY) that the calling thread is in, for
 * those in room, both NULL for a stack that was in none yet; and the end of such a room. */
WINVM_SYSV void winvm_tries_exchange(void *room[2]);
WINVM_SYSV void winvm_tries_drop(void *room[2]);
/* The registers that a handler (SA_SIGINFO) was given, to a CONTEXT, all parts but the debug
 * registers; and the parts that ContextFlags names back, to be in force when the handler returns.
 * For handlers. */
WINVM_SYSV void winvm_context_load(void *context, const void *ucontext);
WINVM_SYSV void winvm_context_store(const void *context, void *ucontext);

/* Where the calling thread's last error is from now on, with its value of now; NULL: winvm's own
 * place. *place lives until the thread ends, or until the next such call. */
WINVM_SYSV void winvm_last_error_place(uint32_t *place);

/* Says who tells where this process's block (PEB) is, for NtQueryInformationProcess; NULL: nobody,
 * and the answer is NULL. */
WINVM_SYSV void winvm_process_block(void *(*block)(void));

/* The modules of Windows that GetModuleHandle and LoadLibrary know, as bits. */
#define WINVM_IN_KERNEL32 0x1
#define WINVM_IN_KERNELBASE 0x2
#define WINVM_IN_NTDLL 0x4
#define WINVM_IN_PSAPI 0x8
#define WINVM_IN_NTOSKRNL 0x10
/* These only while some library has a function in them. */
#define WINVM_IN_ADVAPI32 0x20
#define WINVM_IN_USER32 0x40
#define WINVM_IN_MSVCRT 0x80
#define WINVM_IN_UCRTBASE 0x100
#define WINVM_IN_WINMM 0x200
#define WINVM_IN_BCRYPT 0x400
#define WINVM_IN_VERSION 0x800
#define WINVM_IN_DBGHELP 0x1000
#define WINVM_IN_SHELL32 0x2000
#define WINVM_IN_SHLWAPI 0x4000
#define WINVM_IN_OLE32 0x8000
#define WINVM_IN_BCRYPTPRIMITIVES 0x10000
#define WINVM_IN_CRYPT32 0x20000

/* A function of another library that GetProcAddress is to find. Each of the first three words is a
 * distance in bytes from the word itself, so that a table of these needs no relocation. */
struct winvm_export {
    int32_t name;     /* to its name, which ends with NUL */
    int32_t own;      /* to its entry in the compiler's own convention */
    int32_t windows;  /* to its entry in that of Windows */
    uint32_t modules; /* WINVM_IN_*; 0: by the form of the name, as winvm's own functions */
};
/* Among the modules of an entry: `own` leads to a function `void *(const char *name)`, which is
 * asked each time for the entry in the compiler's convention (NULL: there is none). `windows` may
 * be 0: there is none, or, on i386, the same. */
#define WINVM_EXPORT_ASKED 0x80000000
/* GetProcAddress finds the functions of the table [first, end) from now on, those of winvm and of
 * tables that were added before first. The table stays as it is until it is removed; nobody reads
 * it once winvm_exports_remove has returned. Both may be called before main and behind its end, and
 * allocate nothing. 0; ENOMEM: more than 60 tables. */
WINVM_SYSV int winvm_exports_add(const struct winvm_export *first, const struct winvm_export *end);
WINVM_SYSV void winvm_exports_remove(const struct winvm_export *first);

/* A privilege of the process by its number, the low part of its LUID: 4 SeLockMemory, 5
 * SeIncreaseQuota, 13 SeProfileSingleProcess, 14 SeIncreaseBasePriority, 33 SeIncreaseWorkingSet.
 * enable: 0 disables it, 1 enables it if it is held, -1 only asks. Returns what it was: 0 not held,
 * 1 held, 2 held and enabled, -1 none of these. */
WINVM_SYSV int winvm_privilege(uint32_t number, int enable);

/* For a program with handlers of its own for SIGSEGV, SIGBUS, SIGILL, SIGTRAP or SIGFPE: called
 * first thing in such a handler (SA_SIGINFO, better with SA_ONSTACK) with the handler's arguments.
 * Returns 1: the fault is winvm's; return from the handler at once, the context may have been
 * changed. Returns 0: it is not, or nobody handled the exception; nothing was changed. */
WINVM_SYSV int winvm_handle_fault(int sig, void *siginfo, void *ucontext);

/* Gives the calling thread an alternate signal stack, unless it has one of at least 16 KiB, so that
 * an overflow of its stack can be handled; winvm does this by itself at a thread's first call that
 * changes memory. Returns 0, or -1 when there is no memory for it. */
WINVM_SYSV int winvm_thread_attach(void);
/* Takes that stack away. Also done when a thread ends. */
WINVM_SYSV void winvm_thread_detach(void);

WINVM_END_DECLS

#endif
