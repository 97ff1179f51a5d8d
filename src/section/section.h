/* Section objects: what CreateFileMapping makes and views are mapped from.
 *
 * The interface of this room for nt/. A section is a file, a piece of the page file (shared memory
 * of the host), or an image laid out from a file. Sizes and offsets are bytes. Results are NTSTATUS
 * values; a failing call changes nothing, except that a file that was extended stays so. */
#ifndef WVM_SECTION_SECTION_H
#define WVM_SECTION_SECTION_H

#include "section/section_image.h"
#include "space/space_view.h"

enum wvm_section_kind { WVM_SECTION_PAGEFILE, WVM_SECTION_FILE, WVM_SECTION_IMAGE };

enum wvm_section_flag {
    WVM_SECTION_RESERVE = 1,      /* page file: pages are committed one by one */
    WVM_SECTION_NOCACHE = 2,      /* pages of views report it */
    WVM_SECTION_WRITECOMBINE = 4, /* likewise */
    WVM_SECTION_NO_EXECUTE = 8,   /* SEC_IMAGE_NO_EXECUTE */
    WVM_SECTION_LARGE = 16,       /* page file: of large pages; the size is a multiple of those */
};

#define WVM_SECTION_NAME_CHARS 260

/* UTF-16, without prefix. */
struct wvm_section_text {
    uint16_t len;
    bool global;
    uint16_t chars[WVM_SECTION_NAME_CHARS];
};

/* Type-stable (space_view.h). Fields are (c) unless noted. */
struct wvm_section {
    struct wvm_backing backing; /* first */
    uint8_t kind;               /* enum wvm_section_kind */
    uint8_t flags;              /* enum wvm_section_flag */
    uint8_t attr;               /* the section's protection, enum wvm_attr */
    wvm_word64 size;              /* (a) bytes as NtQuerySection reports; grows by extension */
    uint64_t dev, ino;          /* of the file; 0, 0 for the page file */
    wvm_word64 mark;              /* (a) of backing.fd (host_object.h); 0: it has none */
    wvm_word64 fd_dev, fd_ino;  /* (a) of backing.fd; with a mark: once wvm_section_identify ran */
    uint32_t round;             /* section_spare.c; 0: its memory may be another process's too */
    uint32_t name;              /* (a) section_name.h's; 0: none, or given back */
    uint32_t n_handles;         /* (a) of this process: the name goes with the last one */
    int file_fd;                /* kind IMAGE: a kept descriptor of the PE file, for its path; -1:
                                 * not known. Closed with (dev, ino) by the last reference */
    struct wvm_image_info *image; /* kind IMAGE; else NULL */
    struct wvm_section_text *text; /* its name, also after it was given back; NULL: never had one */
};

/* What a new section is to be; nt/ has checked protections, flags and rights. */
struct wvm_section_request {
    int fd;                     /* the file (stays the caller's); -1: page file */
    uint8_t kind, flags, attr;
    uint64_t size;              /* 0: that of the file */
    const uint16_t *name;       /* UTF-16 without prefix, not NUL-terminated; NULL: none */
    size_t name_len;            /* in characters */
    bool global;                /* the name had the prefix Global\ */
};

/* A new section, held once for the caller and counted as one handle. OBJECT_NAME_EXISTS (a success
 * code): *out is the section that had the name. MAPPED_FILE_SIZE_ZERO, SECTION_TOO_BIG,
 * COMMITMENT_LIMIT, INSUFFICIENT_RESOURCES, DISK_FULL, INVALID_FILE_FOR_SECTION, INVALID_IMAGE_*,
 * ACCESS_DENIED, OBJECT_NAME_INVALID. */
wvm_status wvm_section_create(const struct wvm_section_request *req,
                              struct wvm_section **out) WVM_MUST_CHECK;
/* OBJECT_NAME_NOT_FOUND, ACCESS_DENIED. Held and counted like a new one. */
wvm_status wvm_section_open(const uint16_t *name, size_t name_len, bool global,
                            struct wvm_section **out) WVM_MUST_CHECK;
/* One more handle to it (false: the last one is closed, there can be no more), or one less; each
 * handle also holds the backing. */
bool wvm_section_add_handle(struct wvm_section *s);
void wvm_section_close_handle(struct wvm_section *s);
/* A file section becomes larger, and its file with it. SECTION_NOT_EXTENDED, DISK_FULL. */
wvm_status wvm_section_extend(struct wvm_section *s, uint64_t size) WVM_MUST_CHECK;

/* A descriptor (the caller's, close-on-exec) that another process can turn into the same section
 * again, whichever way it gets there; only the page file's sections. NOT_SUPPORTED. */
wvm_status wvm_section_export(struct wvm_section *s, int *fd) WVM_MUST_CHECK;
/* INVALID_HANDLE: not such a descriptor. fd stays the caller's. */
wvm_status wvm_section_import(int fd, struct wvm_section **out) WVM_MUST_CHECK;

/* A section of this process that would lose pages if the file (dev, ino) ended at `size` has views:
 * ERROR_USER_MAPPED_FILE. */
bool wvm_section_file_in_use(uint64_t dev, uint64_t ino, uint64_t size);

/* Before fork: what is kept of sections that ended is given up. */
void wvm_spare_before_fork(void);

static inline struct wvm_section *wvm_section_of(struct wvm_backing *b)
{
    return (struct wvm_section *)b;
}

#endif
