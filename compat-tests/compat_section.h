/* Sections and views for conformance cases.
 *
 * Owns    the numbers of sections, and the calls that some systems or import libraries lack.
 * Terms   census = how much of the address space views take.
 * I1      Nothing is taken from an SDK that the specification gives a number or a layout for.
 * Locking: for the main thread. */
#ifndef COMPAT_SECTION_H
#define COMPAT_SECTION_H

#include "compat_file.h"

#define RSV MEM_RESERVE
#define COM MEM_COMMIT
#define NA 0x01u
#define RO 0x02u
#define RWR 0x04u
#define WC 0x08u
#define X 0x10u
#define XR 0x20u
#define XRW 0x40u
#define XWC 0x80u

#define FLAG_BASED 0x00200000u
#define FLAG_FILE 0x00800000u
#define FLAG_IMAGE 0x01000000u
#define FLAG_RESERVE 0x04000000u
#define FLAG_COMMIT 0x08000000u
#define FLAG_NOCACHE 0x10000000u
#define FLAG_NO_EXECUTE 0x11000000u
#define FLAG_WRITECOMBINE 0x40000000u
#define FLAG_LARGE_PAGES 0x80000000u

#define RIGHT_QUERY 0x01u
#define RIGHT_WRITE 0x02u
#define RIGHT_READ 0x04u
#define RIGHT_EXECUTE 0x08u
#define RIGHT_EXTEND 0x10u
#define RIGHT_ALL 0xF001Fu

#define VIEW_COPY 0x01u
#define VIEW_WRITE 0x02u
#define VIEW_READ 0x04u
#define VIEW_EXECUTE 0x20u

#define VM_REPLACE_PLACEHOLDER 0x4000u
#define VM_PRESERVE_PLACEHOLDER 2u
#define NO_FILE INVALID_HANDLE_VALUE

#define ST_OBJECT_NAME_EXISTS 0x40000000u
#define ST_IMAGE_NOT_AT_BASE 0x40000003u
#define ST_IMAGE_MACHINE_TYPE_MISMATCH 0x4000000Eu
#define ST_INVALID_FILE_FOR_SECTION 0xC0000020u
#define ST_NOT_MAPPED_VIEW 0xC0000019u
#define ST_UNABLE_TO_DELETE_SECTION 0xC000001Bu
#define ST_INVALID_VIEW_SIZE 0xC000001Fu
#define ST_ALREADY_COMMITTED 0xC0000021u
#define ST_ACCESS_DENIED 0xC0000022u
#define ST_OBJECT_TYPE_MISMATCH 0xC0000024u
#define ST_SECTION_TOO_BIG 0xC0000040u
#define ST_SECTION_NOT_IMAGE 0xC0000049u
#define ST_SECTION_PROTECTION 0xC000004Eu
#define ST_NOT_MAPPED_DATA 0xC0000088u
#define ST_INSUFFICIENT_RESOURCES 0xC000009Au
#define ST_NOT_SUPPORTED 0xC00000BBu
#define ST_NOT_SAME_DEVICE 0xC00000D4u
#define ST_MAPPED_FILE_SIZE_ZERO 0xC000011Eu
#define ST_COMMITMENT_LIMIT 0xC000012Du
#define ST_INVALID_IMAGE_NOT_MZ 0xC000012Fu
#define ST_MAPPED_ALIGNMENT 0xC0000220u

enum { ERR_FILE_NOT_FOUND = 2, ERR_DENIED = 5, ERR_HANDLE = 6, ERR_MEMORY = 8, ERR_PARAMETER = 87 };
enum { ERR_EXISTS = 183, ERR_BAD_EXE = 193, ERR_ADDRESS = 487, ERR_FILE_INVALID = 1006 };
enum { ERR_ALIGNMENT = 1132, ERR_USER_MAPPED = 1224, ERR_RESOURCES = 1450, ERR_COMMITMENT = 1455 };

/* SECTION_BASIC_INFORMATION (SEC-226). */
struct compat_section_info {
    PVOID base;
    ULONG attributes;
    int64_t size;
};

#ifdef _WIN32
NTSTATUS NTAPI NtCreateSection(HANDLE *, ACCESS_MASK, const OBJECT_ATTRIBUTES *,
                               const LARGE_INTEGER *, ULONG, ULONG, HANDLE);
NTSTATUS NTAPI NtMapViewOfSection(HANDLE, HANDLE, PVOID *, ULONG_PTR, SIZE_T, const LARGE_INTEGER *,
                                  PSIZE_T, int, ULONG, ULONG);
NTSTATUS NTAPI NtUnmapViewOfSection(HANDLE, PVOID);
NTSTATUS NTAPI NtQuerySection(HANDLE, int, PVOID, SIZE_T, PSIZE_T);
NTSTATUS NTAPI NtAreMappedFilesTheSame(PVOID, PVOID);
typedef int compat_section_class;
typedef int compat_inherit;
#else
typedef SECTION_INFORMATION_CLASS compat_section_class;
typedef SECTION_INHERIT compat_inherit;
#endif

/* Ends the case: skipped where the call does not exist, failed where it should. */
#define need_call(pointer, name)                                                                   \
    do {                                                                                           \
        skip_if(!(pointer) && !is_native(), "no " name " here");                                   \
        if (!ok((pointer) != NULL, "GetProcAddress(%s): got NULL", name))                          \
            return;                                                                                \
    } while (0)

/* ---- sections ---- */

static inline HANDLE try_section(HANDLE file, ULONG protect, ULONG64 size, const char *name)
{
    return keep(CreateFileMappingA(file, NULL, protect, (DWORD)(size >> 32), (DWORD)size, name));
}

static inline HANDLE section_of(HANDLE file, ULONG protect, ULONG64 size)
{
    HANDLE section = try_section(file, protect, size, NULL);

    if (!section)
        compat_give_up("CreateFileMapping");
    return section;
}

/* A section of the page file. */
static inline HANDLE anonymous(ULONG protect, ULONG64 size)
{
    return section_of(NO_FILE, protect, size);
}

static inline struct compat_section_info section_info(HANDLE section)
{
    struct compat_section_info info = {NULL, 0xdead, -1};
    ULONG status =
        (ULONG)NtQuerySection(section, (compat_section_class)0, &info, sizeof(info), NULL);

    if (!ok(status == ST_SUCCESS, "NtQuerySection: got 0x%lx", (unsigned long)status))
        info.size = -1;
    return info;
}

#define expect_section(section, want_size, want_attributes)                                        \
    do {                                                                                           \
        struct compat_section_info section_is = section_info(section);                             \
        expect_ptr(section_is.base, NULL);                                                         \
        expect_eq(section_is.size, want_size);                                                     \
        expect_eq(section_is.attributes, want_attributes);                                         \
    } while (0)

/* NtCreateSection: the handle, kept, and the status. */
struct nt_section {
    ULONG status;
    HANDLE handle;
};
static inline struct nt_section nt_section(HANDLE file, ULONG64 size, ULONG protect, ULONG flags)
{
    struct nt_section out = {0, NULL};
    LARGE_INTEGER max;

    max.QuadPart = (LONGLONG)size;
    out.status = (ULONG)NtCreateSection(&out.handle, RIGHT_ALL, NULL, size ? &max : NULL, protect,
                                        flags, file == NO_FILE ? NULL : file);
    if (out.status < 0x80000000u)
        keep(out.handle);
    return out;
}

/* A section that must come into being, by a handle of every right. */
static inline HANDLE full_section(HANDLE file, ULONG64 size, ULONG protect, ULONG flags)
{
    struct nt_section made = nt_section(file, size, protect, flags);

    if (made.status >= 0x80000000u)
        compat_give_up("NtCreateSection");
    return made.handle;
}

#define expect_no_section(call, ...)                                                               \
    do {                                                                                           \
        struct nt_section no_section = call;                                                       \
        expect_status(no_section.status, __VA_ARGS__);                                             \
        expect_ptr(no_section.handle, NULL);                                                       \
    } while (0)

/* ---- views ---- */

/* Runs and bytes of all views, to see that a failing call leaves none behind. */
struct census {
    unsigned runs;
    SIZE_T bytes;
};
static inline struct census take_census(void)
{
    struct census all = {0, 0};
    ULONG_PTR at = 0;
    MEMORY_BASIC_INFORMATION info;

    while (VirtualQuery((LPCVOID)at, &info, sizeof(info)) == sizeof(info) && info.RegionSize) {
        if (info.State != MEM_FREE && info.Type != MEM_PRIVATE) {
            all.runs++;
            all.bytes += info.RegionSize;
        }
        at = (ULONG_PTR)info.BaseAddress + info.RegionSize;
    }
    return all;
}

/* A mapping call that fails with one of the last errors, and leaves no view. */
#define expect_no_view(call, ...)                                                                  \
    do {                                                                                           \
        struct census views_before = take_census(), views_after;                                   \
        expect_error(call, __VA_ARGS__);                                                           \
        views_after = take_census();                                                               \
        ok(views_before.runs == views_after.runs && views_before.bytes == views_after.bytes,       \
           "%s: views of 0x%llx bytes before, 0x%llx after", #call,                                \
           (unsigned long long)views_before.bytes, (unsigned long long)views_after.bytes);         \
    } while (0)

static inline BYTE *try_map(HANDLE section, ULONG access, ULONG64 offset, SIZE_T size)
{
    return keep_view(MapViewOfFile(section, access, (DWORD)(offset >> 32), (DWORD)offset, size));
}

static inline BYTE *map(HANDLE section, ULONG access)
{
    BYTE *view = try_map(section, access, 0, 0);

    if (!view)
        compat_give_up("MapViewOfFile");
    return view;
}

/* A view of one run: base, protections, size. */
static inline void compat_view_is(const char *file, int line, const BYTE *at, SIZE_T size,
                                  ULONG protect)
{
    compat_query(file, line, at,
                 (struct picture){at, at, protect, size, MEM_COMMIT, protect, VM_MAPPED});
}
#define expect_view(at, size, protect) compat_view_is(__FILE__, __LINE__, at, size, protect)

/* NtMapViewOfSection with what the call names; the rest is zero. */
struct map_args {
    HANDLE section, process;
    void *at;
    ULONG_PTR zero_bits;
    SIZE_T commit, size;
    LONGLONG offset;
    ULONG type, protect;
};
static inline struct nt_out nt_map_args(struct map_args args)
{
    struct nt_out out = {0, (BYTE *)args.at, args.size, 0};
    PVOID base = args.at;
    LARGE_INTEGER offset;

    offset.QuadPart = args.offset;
    out.status = (ULONG)NtMapViewOfSection(args.section, args.process, &base, args.zero_bits,
                                           args.commit, args.offset ? &offset : NULL, &out.size,
                                           (compat_inherit)2, args.type, args.protect);
    out.base = (BYTE *)base;
    if (out.status < 0x80000000u)
        keep_view(out.base);
    return out;
}
/* nt_map(section, .protect = RWR, ...) in this process. */
#define nt_map(of, ...)                                                                            \
    nt_map_args((struct map_args){.section = of, .process = GetCurrentProcess(), __VA_ARGS__})

/* A mapping call of the native kind that fails, keeps its variables, and leaves no view. */
#define expect_unmapped(out, at, in_size, ...)                                                     \
    do {                                                                                           \
        struct census views_before = take_census(), views_after;                                   \
        expect_refused(out, at, in_size, __VA_ARGS__);                                             \
        views_after = take_census();                                                               \
        ok(views_before.runs == views_after.runs && views_before.bytes == views_after.bytes,       \
           "%s: views of 0x%llx bytes before, 0x%llx after", #out,                                 \
           (unsigned long long)views_before.bytes, (unsigned long long)views_after.bytes);         \
    } while (0)

static inline BYTE *map_nt(HANDLE section, ULONG protect)
{
    struct nt_out out = nt_map(section, .protect = protect);

    if (out.status >= 0x80000000u)
        compat_give_up("NtMapViewOfSection");
    return out.base;
}

static inline void expect_gone(const void *at)
{
    ok(query(at).State == MEM_FREE, "%p: state 0x%lx, expected free", (void *)(uintptr_t)at,
       (unsigned long)query(at).State);
}

/* A handle to the same object with these rights only. */
static inline HANDLE with_rights(HANDLE section, ULONG rights)
{
    HANDLE copy = NULL;

    if (!DuplicateHandle(GetCurrentProcess(), section, GetCurrentProcess(), &copy, rights, FALSE,
                         0))
        compat_give_up("DuplicateHandle");
    return keep(copy);
}

/* The rights of a handle. */
static inline ULONG rights_of(HANDLE handle)
{
    ULONG info[14] = {0, 0xdeadu};
    ULONG status =
        (ULONG)NtQueryObject(handle, (OBJECT_INFORMATION_CLASS)0, info, sizeof(info), NULL);

    ok(status == ST_SUCCESS, "NtQueryObject: got 0x%lx", (unsigned long)status);
    return info[1];
}

/* A name that no other program of these tests uses at the same time; the child of in_process()
 * makes the same. */
static inline const char *shared_name(const char *stem)
{
    static char name[100];
    char tag[16];

#ifdef _WIN32
    if (!GetEnvironmentVariableA("COMPAT_TAG", tag, sizeof(tag))) {
        snprintf(tag, sizeof(tag), "%lx", (unsigned long)GetCurrentProcessId());
        SetEnvironmentVariableA("COMPAT_TAG", tag);
    }
#else
    if (!getenv("COMPAT_TAG")) {
        snprintf(tag, sizeof(tag), "%lx", (unsigned long)getpid());
        setenv("COMPAT_TAG", tag, 1);
    }
    snprintf(tag, sizeof(tag), "%s", getenv("COMPAT_TAG"));
#endif
    snprintf(name, sizeof(name), "winvm-compat-%s-%s", stem, tag);
    return name;
}

static inline const WCHAR *wide(const char *text)
{
    static WCHAR name[100];
    unsigned i = 0;

    for (; text[i] && i < 99; i++)
        name[i] = (WCHAR)(unsigned char)text[i];
    name[i] = 0;
    return name;
}
#endif
