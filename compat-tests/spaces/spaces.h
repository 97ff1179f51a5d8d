/* What the tests of based spaces share: making them, looking into them, filling them.
 *
 * Terms   offset = an address of a space. */
#ifndef SPACES_H
#define SPACES_H

#include "env.h"

#define WINDOW ((uint64_t)1 << 32)
#define FENCE_BELOW (((uint64_t)2 << 30) + GRAN)
#define FENCE_ABOVE ((uint64_t)6 << 30)

static inline HANDLE new_space(uint32_t megabytes, uint32_t flags)
{
    struct winvm_space_options options = {sizeof options, flags, megabytes, 0};
    return winvm_space_create(&options);
}

/* Tells why there can be no test. True: spaces can be made here. */
static inline bool have_spaces(const char *what)
{
    HANDLE h = winvm_space_create(NULL);
    if (h)
        return winvm_space_destroy(h) == 0;
    if (sizeof(void *) == 8 && !ENV_SANITIZED)
        ok(false, "%s: winvm_space_create: errno %d", what, errno);
    else
        env_skip(what, sizeof(void *) == 8 ? "a sanitizer leaves no room for spaces"
                                           : "spaces need 64-bit pointers");
    return false;
}

static inline void *at_offset(uint64_t offset)
{
    return (void *)(uintptr_t)offset;
}

static inline uint64_t offset_of(const void *p)
{
    return (uintptr_t)p;
}

static inline uint64_t reserve_in(HANDLE space, uint64_t at, SIZE_T len)
{
    return offset_of(VirtualAllocEx(space, at_offset(at), len, MEM_RESERVE, PAGE_READWRITE));
}

static inline uint64_t commit_in(HANDLE space, uint64_t at, SIZE_T len)
{
    return offset_of(
        VirtualAllocEx(space, at_offset(at), len, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE));
}

static inline struct winvm_space_info info_of(HANDLE space)
{
    struct winvm_space_info info = {.size = sizeof info};
    if (winvm_space_info(space, &info) != 0)
        memset(&info, 0, sizeof info);
    return info;
}

/* Lies [p, p + len) inside the window and fences around base? */
static inline bool meets_fenced(const char *base, const void *p, uint64_t len)
{
    uint64_t lo = (uintptr_t)base - FENCE_BELOW, hi = (uintptr_t)base + WINDOW + FENCE_ABOVE;
    return (uintptr_t)p < hi && (uintptr_t)p + len > lo;
}

/* Takes everything in the space by blocks of len bytes, halved down to one granule. Bytes taken.
 * Every failure is ERROR_NOT_ENOUGH_MEMORY, or *wrong is it. */
static inline uint64_t fill_space(HANDLE space, DWORD type, SIZE_T len, DWORD *wrong)
{
    uint64_t taken = 0;
    *wrong = 0;
    for (; len >= GRAN; len /= 2) {
        while (VirtualAllocEx(space, NULL, len, type, PAGE_READWRITE))
            taken += len;
        if (GetLastError() != ERROR_NOT_ENOUGH_MEMORY)
            *wrong = GetLastError();
    }
    return taken;
}

/* Descriptors that are open in this process. */
static inline unsigned count_descriptors(void)
{
    unsigned n = 0;
    for (int fd = 0; fd < 65536; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

#endif
