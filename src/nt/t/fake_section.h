/* Sections that nothing made, and handles to them, for tests over the fake space. */
#ifndef WVM_NT_T_FAKE_SECTION_H
#define WVM_NT_T_FAKE_SECTION_H

#include <check.h>

#include "fake_space.h"
#include "nt/nt_handle.h"
#include "section/section.h"

static inline bool fake_section_hold(void *object)
{
    return wvm_backing_try_hold(object);
}

static inline void fake_section_drop(void *object)
{
    wvm_backing_drop(object);
}

static inline bool fake_section_opened(void *object)
{
    (void)object;
    return true;
}

static inline void fake_section_closed(void *object)
{
    (void)object;
}

static inline uint32_t fake_section_permitted(const void *object)
{
    (void)object;
    return SECTION_ALL_ACCESS;
}

static inline void fake_section_counts(const void *object, uint32_t *handles, uint32_t *refs)
{
    *handles = 1;
    *refs = ((const struct wvm_section *)object)->backing.refs;
}

static inline void fake_section_died(struct wvm_backing *b)
{
    (void)b;
}

/* A section with one reference, which the next handle takes over. */
static inline struct wvm_section fake_section(enum wvm_section_kind kind, uint8_t attr,
                                              uint64_t size)
{
    return (struct wvm_section){
        .backing = {.refs = 1, .fd = -1, .last = fake_section_died},
        .kind = (uint8_t)kind,
        .attr = attr,
        .size = size,
        .file_fd = -1,
    };
}

/* A handle with these rights; it has a reference of its own. */
static inline HANDLE fake_handle(struct wvm_section *s, uint32_t access)
{
    static const struct wvm_object_ops ops = {
        .name = "Section",
        .try_hold = fake_section_hold,
        .drop = fake_section_drop,
        .opened = fake_section_opened,
        .closed = fake_section_closed,
        .permitted = fake_section_permitted,
        .counts = fake_section_counts,
    };
    HANDLE h;
    wvm_object_register(WVM_OBJECT_SECTION, &ops);
    wvm_backing_hold(&s->backing);
    ck_assert_int_eq(wvm_handle_insert(WVM_OBJECT_SECTION, s, access, &h), 0);
    return h;
}

#endif
