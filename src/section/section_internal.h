/* Shared between the files of this room. */
#ifndef WVM_SECTION_SECTION_INTERNAL_H
#define WVM_SECTION_SECTION_INTERNAL_H

#include "base/arith.h"
#include "section/section.h"
#include "section/section_name.h"
#include "section/section_pool.h"

/* Sizes are below this in every call. */
#define WVM_SECTION_SIZE_MAX ((uint64_t)1 << 47)

/* Up to a page. bytes is at most WVM_SECTION_SIZE_MAX. */
static inline uint64_t wvm_section_round(uint64_t bytes)
{
    return (bytes + WVM_PAGE_SIZE - 1) & ~(uint64_t)(WVM_PAGE_SIZE - 1);
}

/* ---- section.c ---- */
/* A new object with the fields of the request, no descriptor and no reference; NULL: too many. */
struct wvm_section *wvm_section_blank(const struct wvm_section_request *req);
/* It lives: one reference and one handle. */
void wvm_section_start(struct wvm_section *s);
/* Gives back all that the object has; it is dead afterwards. Also for one that never lived. */
void wvm_section_end(struct wvm_section *s);
/* Learns fd_dev and fd_ino. False: the descriptor is not the section's any more. */
bool wvm_section_identify(struct wvm_section *s) WVM_MUST_CHECK;
/* A section without a name. As wvm_section_create. */
wvm_status wvm_section_make(const struct wvm_section_request *req,
                            struct wvm_section **out) WVM_MUST_CHECK;
/* The status of a failed call of the host about a descriptor (-errno). */
wvm_status wvm_section_status(int error);

/* ---- section_memory.c ---- */
/* s becomes a piece of the page file of s->size bytes; what fails is ended by the caller. */
wvm_status wvm_section_make_memory(struct wvm_section *s) WVM_MUST_CHECK;
/* The map of commits of a sparse section, from its descriptor. */
wvm_status wvm_section_map_commits(struct wvm_section *s) WVM_MUST_CHECK;
void wvm_section_unmap_commits(struct wvm_section *s);
/* Bytes of the map for so many bytes of data. */
uint64_t wvm_section_commits_len(uint64_t data);

/* ---- section_spare.c ---- */
/* Marked memory of so many bytes, all zero, that a section of this round had. False: there is
 * none. */
bool wvm_spare_take(uint64_t len, uint32_t round, int *fd, uint64_t *mark);
/* The memory of s, which ends, is kept for the next. False: it is to be closed. */
bool wvm_spare_keep(const struct wvm_section *s);
/* For struct wvm_section. */
uint32_t wvm_spare_round(void);

/* ---- section_file.c ---- */
wvm_status wvm_section_make_file(struct wvm_section *s, int fd) WVM_MUST_CHECK;
wvm_status wvm_section_make_image(struct wvm_section *s, int fd) WVM_MUST_CHECK;

/* ---- section_describe.c ---- */
/* The last pages of the memory of s tell from now on what section it is. */
wvm_status wvm_section_describe(struct wvm_section *s) WVM_MUST_CHECK;
/* s, a blank one whose backing.fd is a kept descriptor, becomes the section that its memory
 * describes. INVALID_HANDLE: it describes none. */
wvm_status wvm_section_recognise(struct wvm_section *s) WVM_MUST_CHECK;

/* ---- section_named.c ---- */
wvm_status wvm_section_create_named(const struct wvm_section_request *req,
                                    struct wvm_section **out) WVM_MUST_CHECK;

#endif
