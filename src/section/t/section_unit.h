/* What the tests of section objects share: the real host and space, an audit after each step. */
#ifndef WVM_SECTION_T_SECTION_UNIT_H
#define WVM_SECTION_T_SECTION_UNIT_H

#include <errno.h>
#include <fcntl.h>
#include <pthread.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include <winvm/ntstatus.h>

#include "host/host_object.h"
#include "section/section.h"
#include "space/t/space_unit.h"

static inline void set_up(void)
{
    unit_set_up(CAPS_ALL);
}

static inline struct wvm_section_request memory(uint64_t size, uint8_t flags)
{
    return (struct wvm_section_request){
        .fd = -1, .kind = WVM_SECTION_PAGEFILE, .flags = flags, .attr = WVM_ATTR_RW, .size = size};
}

static inline struct wvm_section *make(const struct wvm_section_request *req)
{
    struct wvm_section *s = NULL;
    WORKS(wvm_section_create(req, &s));
    ck_assert_uint_eq(s->backing.refs, 1);
    ck_assert_uint_eq(s->n_handles, 1);
    return s;
}

static inline struct wvm_section *make_memory(uint64_t size, uint8_t flags)
{
    struct wvm_section_request req = memory(size, flags);
    return make(&req);
}

static inline void close_section(struct wvm_section *s)
{
    wvm_section_close_handle(s);
    wvm_backing_drop(&s->backing);
    unit_audit();
}

static inline void refused(const struct wvm_section_request *req, wvm_status status)
{
    struct wvm_section *s = NULL;
    ANSWERS(wvm_section_create(req, &s), status);
    ck_assert_ptr_null(s);
}

static inline uint64_t committed(void)
{
    struct wvm_commit_info info;
    wvm_space_commit_info(SP, &info);
    return info.committed;
}

/* Descriptors, besides what is kept of the last section. */
static inline unsigned n_open(void)
{
    unsigned n = 0;
    wvm_spare_before_fork();
    for (int fd = 0; fd < 4096; fd++)
        n += fcntl(fd, F_GETFD) >= 0;
    return n;
}

static inline uintptr_t map(struct wvm_section *s, uint64_t offset, uintptr_t len, uint8_t attr)
{
    struct wvm_view_request req = {
        .backing = &s->backing, .offset = offset, .len = len, .attr = attr,
        .type = WVM_TYPE_MAPPED, .anonymous = s->kind == WVM_SECTION_PAGEFILE};
    WORKS(wvm_space_map(SP, &req));
    return req.start;
}

/* An unlinked file of so many bytes, opened with flags. */
static inline int make_file(uint64_t size, int flags)
{
    char name[] = "/tmp/winvm-section-XXXXXX";
    int fd = mkstemp(name), again = open(name, flags | O_CLOEXEC);
    ck_assert(fd >= 0 && again >= 0);
    ck_assert_int_eq(ftruncate(fd, (off_t)size), 0);
    unlink(name);
    close(fd);
    return again;
}

static inline struct wvm_section_request file_request(int fd, uint8_t attr, uint64_t size)
{
    return (struct wvm_section_request){
        .fd = fd, .kind = WVM_SECTION_FILE, .attr = attr, .size = size};
}

static inline uint64_t size_of(int fd)
{
    struct stat st;
    ck_assert_int_eq(fstat(fd, &st), 0);
    return (uint64_t)st.st_size;
}

#endif
