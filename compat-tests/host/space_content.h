/* A based space with every kind of content, and its end.
 *
 * Terms   kind = something that lies in a space: see kinds[]; lenient = the host may refuse it,
 *         with an error for what it lacks. */
#ifndef SPACE_CONTENT_H
#define SPACE_CONTENT_H

#include "env.h"

struct content {
    HANDLE space, section, reserve, file;
    char *base;
    bool lenient; /* the host may refuse */
};

/* What the host lacks is told by one of these. */
static inline bool is_scarcity(DWORD error)
{
    return error == ERROR_NOT_ENOUGH_MEMORY || error == ERROR_COMMITMENT_LIMIT ||
           error == ERROR_NO_SYSTEM_RESOURCES || error == ERROR_WORKING_SET_QUOTA ||
           error == ERROR_TOO_MANY_OPEN_FILES;
}

/* A step that was done, or could not be for want of something. */
static inline bool did(const struct content *c, int line, bool done)
{
    DWORD error = GetLastError();
    if (done || (c->lenient && is_scarcity(error)))
        return done;
    env_ok(line, false, "a kind of content: error %u", (unsigned)error);
    return false;
}
#define DID(c, done) (SetLastError(0), did(c, __LINE__, done))

static inline char *take(const struct content *c, size_t len, DWORD type)
{
    SetLastError(0);
    void *at = VirtualAllocEx(c->space, NULL, len, type, PAGE_READWRITE);
    return did(c, __LINE__, at != NULL) ? c->base + (uintptr_t)at : NULL;
}

/* ---- kinds of content ---- */

static inline void add_board(const struct content *c)
{
    DWORD old;
    char *p = take(c, MIB, MEM_RESERVE | MEM_COMMIT);
    for (size_t i = 0; p && i < MIB / PAGE; i++) {
        p[i * PAGE] = 1;
        if (i % 2 && !DID(c, VirtualProtect(p + i * PAGE, PAGE, PAGE_READONLY, &old)))
            break;
        if (i % 8 == 6 &&
            !DID(c, VirtualProtect(p + i * PAGE, PAGE, PAGE_READWRITE | PAGE_GUARD, &old)))
            break;
    }
    for (size_t i = 2; p && i < MIB / PAGE; i += 16)
        ok(VirtualFree(p + i * PAGE, PAGE, MEM_DECOMMIT) && !can_read(p + i * PAGE), "decommit");
}

static inline void add_locked(const struct content *c)
{
    char *p = take(c, 4 * GRAN, MEM_RESERVE | MEM_COMMIT);
    if (p && DID(c, VirtualLock(p + GRAN, 3 * PAGE)))
        ok(VirtualFree(p + GRAN, PAGE, MEM_DECOMMIT) && !can_read(p + GRAN), "decommit locked");
}

static inline void add_watched(const struct content *c)
{
    char *p = take(c, 4 * GRAN, MEM_RESERVE | MEM_COMMIT | MEM_WRITE_WATCH);
    void *got[64];
    ULONG_PTR n = 64;
    ULONG unit;
    if (!p)
        return;
    p[PAGE] = p[7 * PAGE] = 1;
    if (DID(c, GetWriteWatch(WRITE_WATCH_FLAG_RESET, p, 4 * GRAN, got, &n, &unit) == 0))
        ok(n == 2 && got[0] == p + PAGE && got[1] == p + 7 * PAGE, "two pages are written");
    p[PAGE] = 2;
}

static inline void add_reset(const struct content *c)
{
    char *p = take(c, 4 * GRAN, MEM_RESERVE | MEM_COMMIT);
    if (!p)
        return;
    memset(p, 9, 4 * GRAN);
    ok(VirtualAlloc(p, 2 * GRAN, MEM_RESET, PAGE_READWRITE) == p, "reset");
    if (VirtualAlloc(p, GRAN, MEM_RESET_UNDO, PAGE_READWRITE))
        ok(all_bytes(p, GRAN, 9), "undone");
}

static inline void add_placeholders(const struct content *c)
{
    SetLastError(0);
    char *at = VirtualAlloc2(c->space, NULL, 8 * GRAN, MEM_RESERVE | MEM_RESERVE_PLACEHOLDER,
                             PAGE_NOACCESS, NULL, 0);
    if (!did(c, __LINE__, at != NULL))
        return;
    if (!DID(c, VirtualFreeEx(c->space, at + GRAN, 2 * GRAN,
                              MEM_RELEASE | MEM_PRESERVE_PLACEHOLDER)) ||
        !DID(c, VirtualFreeEx(c->space, at + 3 * GRAN, GRAN,
                              MEM_RELEASE | MEM_PRESERVE_PLACEHOLDER)))
        return;
    SetLastError(0);
    if (did(c, __LINE__,
            VirtualAlloc2(c->space, at + GRAN, 2 * GRAN,
                          MEM_RESERVE | MEM_COMMIT | MEM_REPLACE_PLACEHOLDER, PAGE_READWRITE, NULL,
                          0) != NULL))
        c->base[(uintptr_t)at + GRAN] = 3;
    if (c->section)
        DID(c, MapViewOfFile3(c->section, c->space, at + 3 * GRAN, 0, GRAN,
                              MEM_REPLACE_PLACEHOLDER, PAGE_READWRITE, NULL, 0) != NULL);
}

static inline void add_view(const struct content *c, HANDLE section, DWORD protect)
{
    SetLastError(0);
    char *at = section ? MapViewOfFile2(section, c->space, 0, NULL, 0, 0, protect) : NULL;
    if (!section || !did(c, __LINE__, at != NULL))
        return;
    char *p = c->base + (uintptr_t)at;
    DWORD old;
    if (section == c->reserve &&
        !DID(c, VirtualAllocEx(c->space, at + PAGE, PAGE, MEM_COMMIT, PAGE_READWRITE) != NULL))
        return;
    p[PAGE] = 5;
    DID(c, VirtualProtect(p + PAGE, PAGE, PAGE_READONLY, &old));
}

static inline void add_views(const struct content *c)
{
    add_view(c, c->section, PAGE_READWRITE);
    add_view(c, c->section, PAGE_WRITECOPY);
    add_view(c, c->reserve, PAGE_READWRITE);
    add_view(c, c->file, PAGE_WRITECOPY);
}

static inline void add_huge(const struct content *c)
{
    char *p = take(c, 8 * MIB, MEM_RESERVE | MEM_COMMIT);
    if (!p)
        return;
    madvise(p, 8 * MIB, MADV_HUGEPAGE);
    for (size_t i = 0; i < 8 * MIB; i += 2 * MIB)
        p[i + MIB] = 4;
    ok(VirtualFree(p + 3 * MIB, PAGE, MEM_DECOMMIT) && !can_read(p + 3 * MIB) &&
           p[3 * MIB + PAGE] == 0 && p[MIB] == 4,
       "decommit in a huge page");
}

static void (*const kinds[])(const struct content *) = {
    add_board, add_locked, add_watched, add_reset, add_placeholders, add_views, add_huge,
};
enum { N_KINDS = sizeof kinds / sizeof kinds[0] };

/* ---- making and ending ---- */

static inline HANDLE make_file_section(void)
{
    int fd = memfd_create("spaces", MFD_CLOEXEC);
    HANDLE section = NULL, file = NULL;
    if (fd >= 0 && ftruncate(fd, 2 * GRAN) == 0)
        file = winvm_handle_from_fd(fd, GENERIC_READ | GENERIC_WRITE);
    if (fd >= 0)
        close(fd);
    if (file) {
        section = CreateFileMappingW(file, NULL, PAGE_READWRITE, 0, 0, NULL);
        CloseHandle(file);
    }
    return section;
}

/* A space with one of each kind; false: none can be made. */
static inline bool make(struct content *c, bool lenient)
{
    struct winvm_space_options options = {sizeof options, 0, 2048, 0};
    memset(c, 0, sizeof *c);
    c->lenient = lenient;
    c->space = winvm_space_create(&options);
    if (!c->space) {
        ok(lenient && (errno == ENOMEM || errno == EMFILE), "winvm_space_create: errno %d", errno);
        return false;
    }
    c->base = winvm_space_base(c->space);
    c->section = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, GRAN, NULL);
    c->reserve = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE | SEC_RESERVE, 0,
                                    GRAN, NULL);
    c->file = make_file_section();
    ok(lenient || (c->section && c->reserve && c->file), "sections");
    for (unsigned i = 0; i < N_KINDS; i++)
        kinds[i](c);
    return true;
}

static inline bool is_gone(const char *base)
{
    for (size_t at = GRAN; at < 32 * MIB; at += GRAN / 2)
        if (can_read(base + at)) {
            printf("# at 0x%zx something can be read\n", at);
            return false;
        }
    MEMORY_BASIC_INFORMATION m = look_at(base + GRAN); /* nothing where the space ends below */
    return (m.State == MEM_FREE || !m.RegionSize) && !winvm_space_of(base);
}

static inline void end_soon(struct content *c, bool late)
{
    if (c->section)
        CloseHandle(c->section);
    if (c->reserve)
        CloseHandle(c->reserve);
    if (c->file)
        CloseHandle(c->file);
    ok(winvm_space_destroy(c->space) == 0, "winvm_space_destroy: errno %d", errno);
    ok(late || is_gone(c->base), "nothing of the space is left");
}

static inline void end(struct content *c)
{
    end_soon(c, false);
}

/* Spaces made in this environment, and ended in it. */
static inline void use_spaces(bool lenient)
{
    struct content c[3];
    bool made[3];
    uint64_t before = committed_now();
    for (unsigned i = 0; i < 3; i++)
        made[i] = make(&c[i], lenient);
    for (unsigned i = 0; i < 3; i++)
        if (made[i])
            end(&c[i]);
    ok(committed_now() == before, "the commit charge is exact: %lld",
       (long long)(committed_now() - before));
    ok(winvm_audit() == 0, "audit");
}

#endif
