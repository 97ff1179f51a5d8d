/* The file layer of a database: pages by a view that grows with the file, a journal by WriteFile,
 * a reader that follows, snapshots by copy-on-write, and the shared index of its log. */
#include "users.h"

#ifndef _WIN32
#include <sys/wait.h>
#include <unistd.h>
#endif

#define STEP (4 * GRAN)
#define N_STEPS 6
#define N_ROWS 40000u

static char path[MAX_PATH], journal_path[MAX_PATH];
static HANDLE file, mapping;
static uint8_t *view;
static DWORD mapped;

static int map(DWORD size)
{
    mapping = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, size, NULL);
    view = mapping ? MapViewOfFile(mapping, FILE_MAP_READ | FILE_MAP_WRITE, 0, 0, 0) : NULL;
    mapped = size;
    return view != NULL;
}

static int unmap(void)
{
    return UnmapViewOfFile(view) & CloseHandle(mapping);
}

static int truncate_to(LONGLONG size)
{
    LARGE_INTEGER at;

    at.QuadPart = size;
    return SetFilePointerEx(file, at, NULL, FILE_BEGIN) && SetEndOfFile(file);
}

static LONGLONG size_now(void)
{
    LARGE_INTEGER size;

    return GetFileSizeEx(file, &size) ? size.QuadPart : -1;
}

static int read_at(HANDLE h, void *to, DWORD n, DWORD offset)
{
    OVERLAPPED at;
    DWORD got = 0;

    memset(&at, 0, sizeof(at));
    at.Offset = offset;
    return ReadFile(h, to, n, &got, &at) && got == n;
}

static void create(void)
{
    char folder[MAX_PATH];
    HANDLE again;

    check(GetTempPathA(sizeof(folder), folder) && GetTempFileNameA(folder, "dbx", 0, path),
          "a name for the file");
    snprintf(journal_path, sizeof(journal_path), "%.200s-journal", path);
    file = CreateFileA(path, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                       OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL | FILE_FLAG_RANDOM_ACCESS, NULL);
    check(file != INVALID_HANDLE_VALUE && size_now() == 0, "the file is there, and empty");
    SetLastError(0);
    check(!CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 0, NULL) &&
              GetLastError() == ERROR_FILE_INVALID,
          "an empty file is not mapped");
    SetLastError(0);
    again = CreateFileA(path, GENERIC_READ, FILE_SHARE_READ, NULL, CREATE_NEW, 0, NULL);
    check(again == INVALID_HANDLE_VALUE && GetLastError() == ERROR_FILE_EXISTS, "it is made once");
}

static uint32_t row(DWORD i)
{
    uint32_t value;

    memcpy(&value, view + i * 16, 4);
    return value;
}

/* Rows until the file is full, then a larger mapping. */
static void grow(void)
{
    int good = map(STEP), sizes = size_now() == STEP;
    uint32_t value;

    for (DWORD i = 0; good && i < N_ROWS; i++) {
        if ((i + 1) * 16 > mapped) {
            good &= FlushViewOfFile(view, 0) && unmap() && map(mapped + STEP);
            sizes &= size_now() == mapped;
        }
        value = i * 2654435761u;
        memcpy(view + i * 16, &value, 4);
    }
    check(good && mapped == 3 * STEP, "the mapping grows");
    check(sizes, "and the file with it");
    for (DWORD i = 0; i < N_ROWS; i++)
        good &= row(i) == i * 2654435761u;
    check(good, "rows stay");
    check(FlushViewOfFile(view, 0) && FlushViewOfFile(view + PAGE + 5, 100) &&
              FlushFileBuffers(file),
          "all is written");
    check(read_at(file, &value, 4, 16 * 777) && value == row(777), "ReadFile sees the rows");
    value = 4711;
    check(SetFilePointer(file, 16 * 778, NULL, FILE_BEGIN) == 16 * 778 &&
              WriteFile(file, &value, 4, &(DWORD){0}, NULL) && row(778) == 4711,
          "the view sees what WriteFile wrote");
}

static void shrink(void)
{
    SetLastError(0);
    check(!truncate_to(STEP) && GetLastError() == ERROR_USER_MAPPED_FILE && size_now() == mapped,
          "a mapped file is not shortened");
    check(unmap() && truncate_to(N_ROWS * 16 + 100) && size_now() == N_ROWS * 16 + 100,
          "unmapped it is");
    check(truncate_to(5 * STEP + 10) && size_now() == 5 * STEP + 10 && map(0),
          "SetEndOfFile makes it longer, a size of 0 maps it all");
    check(row(777) == 777 * 2654435761u && view[5 * STEP + 9] == 0 && view[5 * STEP + 10] == 0 &&
              view[5 * STEP + PAGE - 1] == 0,
          "behind the end of the file its last page is zero");
    check(unmap() && map(6 * STEP) && size_now() == 6 * STEP, "the end of growing");
}

static void snapshot(void)
{
    uint8_t *copy = MapViewOfFile(mapping, FILE_MAP_COPY, 0, 0, 0), *other;
    MEMORY_BASIC_INFORMATION m;
    HANDLE reader, ro;
    uint8_t byte = 0;

    check(copy && protection_of(copy) == PAGE_WRITECOPY, "a view for a transaction");
    copy[3 * PAGE + 1] = 0xaa;
    check(view[3 * PAGE + 1] != 0xaa && read_at(file, &byte, 1, 3 * PAGE + 1) && byte != 0xaa,
          "what it writes stays in it");
#ifndef _WIN32 /* Wine does not see the first write */
    check(protection_of(copy + 3 * PAGE) == PAGE_READWRITE && VirtualQuery(copy, &m, sizeof(m)) &&
              m.RegionSize == 3 * PAGE && VirtualQuery(copy + 4 * PAGE, &m, sizeof(m)) &&
              m.Protect == PAGE_WRITECOPY && m.RegionSize == 6 * STEP - 4 * PAGE,
          "the pages to commit are found by asking");
#else
    (void)m;
#endif
    view[5] = 0x55;
    check(copy[5] == 0x55, "pages it did not write follow");
    reader = CreateFileA(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                         OPEN_EXISTING, 0, NULL);
    check(reader != INVALID_HANDLE_VALUE, "a reader opens the file");
    SetLastError(0);
    check(!CreateFileMappingA(reader, NULL, PAGE_READWRITE, 0, 0, NULL) &&
              GetLastError() == ERROR_ACCESS_DENIED,
          "it cannot map it for writing");
    SetLastError(0);
    ro = CreateFileMappingA(reader, NULL, PAGE_READONLY, 0, 7 * STEP, NULL);
    check(!ro && GetLastError() == ERROR_NOT_ENOUGH_MEMORY, "nor make it longer");
    ro = CreateFileMappingA(reader, NULL, PAGE_READONLY, 0, 0, NULL);
    other = MapViewOfFile(ro, FILE_MAP_READ, 0, STEP, 2 * STEP);
    CloseHandle(ro);
    CloseHandle(reader);
    view[STEP + 3] = 0x77;
    check(other && other[3] == 0x77, "a view of a part sees what is written");
    check(UnmapViewOfFile(other) && UnmapViewOfFile(copy), "they leave");
}

/* Pages go to the journal before they are changed, and come back from it. */
static void journal(void)
{
    HANDLE h = CreateFileA(journal_path, GENERIC_READ | GENERIC_WRITE, 0, NULL, CREATE_ALWAYS,
                           FILE_ATTRIBUTE_TEMPORARY | FILE_FLAG_DELETE_ON_CLOSE, NULL);
    DWORD got = 0;
    int good = h != INVALID_HANDLE_VALUE;

    SetLastError(0);
    check(good &&
              CreateFileA(journal_path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0,
                          NULL) == INVALID_HANDLE_VALUE &&
              GetLastError() == ERROR_SHARING_VIOLATION,
          "the journal is not shared");
    for (DWORD i = 0; i < 20; i++) {
        good &= WriteFile(h, view + i * 3 * PAGE, PAGE, &got, NULL) && got == PAGE;
        memset(view + i * 3 * PAGE, 0xee, PAGE);
    }
    good &= SetFilePointer(h, 0, NULL, FILE_CURRENT) == 20 * PAGE && FlushFileBuffers(h);
    good &= SetFilePointer(h, 0, NULL, FILE_BEGIN) == 0;
    for (DWORD i = 0; i < 20; i++)
        good &= ReadFile(h, view + i * 3 * PAGE, PAGE, &got, NULL) && got == PAGE;
    check(good && row(777) == 777 * 2654435761u, "pages are rolled back from the journal");
    check(ReadFile(h, &got, 4, &got, NULL) && got == 0, "which ends there");
    check(CloseHandle(h) && !DeleteFileA(journal_path) && GetLastError() == ERROR_FILE_NOT_FOUND,
          "it goes with its handle");
}

/* ---- the index of the log: shared memory with a name that belongs to the file ---- */

#ifndef _WIN32
struct index {
    volatile uint32_t version, frames, done;
    uint32_t hash[4000];
};

static void *open_index(DWORD size, HANDLE *h, DWORD *error)
{
    char name[64];

    snprintf(name, sizeof(name), "Local\\dbx-shm-%d", (int)getpgrp());
    SetLastError(77);
    *h = CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, size, name);
    *error = GetLastError();
    return *h ? MapViewOfFile(*h, FILE_MAP_ALL_ACCESS, 0, 0, 0) : NULL;
}

/* The process that reads: the file by a handle of its own, the index by its name. */
static int reader(void)
{
    HANDLE h, f = CreateFileA(path, GENERIC_READ, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                              OPEN_EXISTING, 0, NULL);
    HANDLE m = CreateFileMappingA(f, NULL, PAGE_READONLY, 0, 0, NULL);
    const uint8_t *pages = MapViewOfFile(m, FILE_MAP_READ, 0, 0, 0);
    DWORD error;
    struct index *index = open_index(16, &h, &error);
    uint32_t seen = 0, good = 0;

    if (!pages || !index || error != ERROR_ALREADY_EXISTS)
        return 1;
    while (seen < 4000) {
        uint32_t frames = __atomic_load_n(&index->frames, __ATOMIC_ACQUIRE), value;
        for (; seen < frames; seen++) {
            memcpy(&value, pages + index->hash[seen], 4);
            good += value == seen * 3 + 1;
        }
    }
    __atomic_store_n(&index->done, good, __ATOMIC_RELEASE);
    return UnmapViewOfFile(index) && UnmapViewOfFile(pages) && CloseHandle(h) ? 0 : 2;
}

static void log_index(void)
{
    DWORD error;
    HANDLE h;
    struct index *index = open_index(sizeof(*index), &h, &error);
    int status = 1;
    pid_t child;

    if (!check(index && error == 0, "the index is made"))
        return;
    fflush(stdout);
    child = fork();
    if (child == 0)
        _exit(reader());
    for (uint32_t i = 0; i < 4000; i++) {
        uint32_t at = i * 7919 % 4000 * 256, value = i * 3 + 1;
        memcpy(view + at, &value, 4);
        index->hash[i] = at;
        __atomic_store_n(&index->frames, i + 1, __ATOMIC_RELEASE);
    }
    check(child > 0 && waitpid(child, &status, 0) == child && status == 0,
          "a process that reads follows it");
    check(index->done == 4000, "and finds each page in the file");
    check(UnmapViewOfFile(index) && CloseHandle(h), "the index ends");
    index = open_index(sizeof(*index), &h, &error);
    check(index && error == 0 && index->frames == 0 && UnmapViewOfFile(index) && CloseHandle(h),
          "with the last handle: the next one is new");
}
#endif

int main(void)
{
    create();
    grow();
    shrink();
    snapshot();
    journal();
#ifndef _WIN32
    log_index();
#endif
    check(unmap() && CloseHandle(file), "the database is closed");
    check(DeleteFileA(path) && !DeleteFileA(path), "and deleted");
    return users_end();
}
