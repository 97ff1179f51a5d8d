/* Files and kept things for conformance cases.
 *
 * Owns    the files, handles and views that a case makes.
 * Terms   kept = closed, unmapped or deleted when the case ends, whatever it did;
 *         pattern = what a new file holds.
 * Locking: for the main thread. */
#ifndef COMPAT_FILE_H
#define COMPAT_FILE_H

#include "compat.h"

#define VM_MAPPED 0x40000u
#define VM_IMAGE 0x1000000u

/* ---- what a case made ---- */

enum { KEPT_HANDLES = 96, KEPT_VIEWS = 128, KEPT_FILES = 8, KEPT_PATH = 300 };
static struct {
    HANDLE handles[KEPT_HANDLES];
    void *views[KEPT_VIEWS];
    char files[KEPT_FILES][KEPT_PATH];
    unsigned n_handles, n_views, n_files;
} kept;

static void release_kept(void)
{
    while (kept.n_views) {
        void *view = kept.views[--kept.n_views];
        MEMORY_BASIC_INFORMATION info = query(view);

        if ((info.Type == VM_MAPPED || info.Type == VM_IMAGE) && info.AllocationBase == view)
            UnmapViewOfFile(view);
    }
    while (kept.n_handles)
        CloseHandle(kept.handles[--kept.n_handles]);
    while (kept.n_files)
        DeleteFileA(kept.files[--kept.n_files]);
}

static inline HANDLE keep(HANDLE handle)
{
    compat.cleanup = release_kept;
    if (handle && handle != INVALID_HANDLE_VALUE && kept.n_handles < KEPT_HANDLES)
        kept.handles[kept.n_handles++] = handle;
    return handle;
}

static inline BYTE *keep_view(void *view)
{
    compat.cleanup = release_kept;
    if (view && kept.n_views < KEPT_VIEWS)
        kept.views[kept.n_views++] = view;
    return (BYTE *)view;
}

/* Closes a kept handle before the end of the case. */
static inline void close_kept(HANDLE handle)
{
    for (unsigned i = 0; i < kept.n_handles; i++)
        if (kept.handles[i] == handle) {
            kept.handles[i] = kept.handles[--kept.n_handles];
            break;
        }
    ok(CloseHandle(handle), "CloseHandle: last error %lu", (unsigned long)GetLastError());
}

/* ---- files ---- */

/* Byte i of a new file. */
static inline BYTE pattern(SIZE_T i)
{
    return (BYTE)(i * 7 + (i >> 12) * 3 + 1);
}

static inline HANDLE try_open(const char *path, ULONG access)
{
    return keep(CreateFileA(path, access, FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE,
                            NULL, OPEN_EXISTING, 0, NULL));
}

static inline HANDLE open_file(const char *path, ULONG access)
{
    HANDLE file = try_open(path, access);

    if (file == INVALID_HANDLE_VALUE)
        compat_give_up("CreateFile");
    return file;
}

/* A new file of these bytes, or of the pattern; deleted at the end of the case. */
static inline const char *file_of(const void *bytes, SIZE_T size)
{
    char folder[KEPT_PATH], *path = kept.files[kept.n_files];
    DWORD done = 0;
    HANDLE file;

    compat.cleanup = release_kept;
    if (kept.n_files == KEPT_FILES || !GetTempPathA(sizeof(folder) - 40, folder) ||
        !GetTempFileNameA(folder, "wvm", 0, path))
        compat_give_up("no temporary file");
    kept.n_files++;
    file = open_file(path, GENERIC_READ | GENERIC_WRITE);
    for (SIZE_T at = 0; at < size && !bytes; at += done) {
        BYTE block[0x1000];
        DWORD n = (DWORD)(size - at < sizeof(block) ? size - at : sizeof(block));

        for (DWORD i = 0; i < n; i++)
            block[i] = pattern(at + i);
        if (!WriteFile(file, block, n, &done, NULL) || done != n)
            compat_give_up("WriteFile");
    }
    if (bytes && size && (!WriteFile(file, bytes, (DWORD)size, &done, NULL) || done != size))
        compat_give_up("WriteFile");
    close_kept(file);
    return path;
}

#define GENERIC_RWX (GENERIC_READ | GENERIC_WRITE | GENERIC_EXECUTE)

/* A new file of the pattern, opened for everything. */
static inline HANDLE file_rwx(SIZE_T size)
{
    return open_file(file_of(NULL, size), GENERIC_RWX);
}

/* The byte at an offset of a file, read through a handle of its own; -1: none. */
static inline int file_byte(const char *path, ULONG offset)
{
    HANDLE file = open_file(path, GENERIC_READ);
    BYTE byte = 0;
    DWORD done = 0;

    SetFilePointer(file, (LONG)offset, NULL, FILE_BEGIN);
    if (!ReadFile(file, &byte, 1, &done, NULL) || done != 1)
        done = 0;
    close_kept(file);
    return done ? byte : -1;
}

static inline ULONG file_length(const char *path)
{
    HANDLE file = open_file(path, GENERIC_READ);
    ULONG length = GetFileSize(file, NULL);

    close_kept(file);
    return length;
}
#endif
