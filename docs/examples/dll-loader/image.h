/* A loader of DLLs: image.c brings a file into memory as an image, link.c makes it a module of the
 * process, crt.c is the C run time that it offers to modules, teb.c lets their code find the
 * thread's block. For x86-64. */
#ifndef IMAGE_H
#define IMAGE_H

#include <windows.h>

enum way {
    BY_SECTION, /* the system lays it out: a view of a SEC_IMAGE section */
    BY_HAND     /* we do: private memory, section by section */
};

struct image {
    BYTE *base;
    SIZE_T size;
    enum way way;
    int at_preferred;   /* it lies where its file says */
    int is_attached;    /* DllMain has been called */
    ULONG_PTR preferred;
    char missing[64];       /* the import for which it could not be linked; "": none */
    BYTE *function_table;   /* that was registered, NULL: none */
};

typedef void(WINAPI *any_function)(void);

/* ---- image.c: 0 is returned for what is no image, or when a call failed ---- */

int image_open(struct image *image, const char *path, enum way way);
/* Adds to every address in it the distance from its preferred base. All is writable before: */
int image_writable(struct image *image);
int image_relocate(struct image *image);
/* Gives every section its own protection. */
int image_protect(struct image *image);
int image_close(struct image *image);

const IMAGE_NT_HEADERS64 *image_headers(const struct image *image);
/* A directory (IMAGE_DIRECTORY_ENTRY_...), and its size; NULL: it has none. */
BYTE *image_directory(const struct image *image, unsigned which, DWORD *size);
/* The resource of that type and name, both numbers; NULL: none. */
const void *image_resource(const struct image *image, WORD type, WORD name, DWORD *size);

/* ---- link.c ---- */

/* image_open, and all that makes it run: relocations, imports, protections, TLS callbacks, DllMain.
 * 0: nothing of it is left; image->missing names the import that nobody has. */
int module_load(struct image *image, const char *path, enum way way);
int module_unload(struct image *image);
/* An export by name or, below 0x10000, by ordinal; through forwarders. NULL: none. */
any_function module_function(const struct image *image, const char *name);

/* ---- crt.c ---- */

/* A function of the C run time; NULL: it is not offered. */
any_function crt_function(const char *name);
/* Blocks that modules have and have not given back. */
LONG crt_blocks(void);

/* ---- teb.c ---- */

/* From now on code in the image finds the thread's block, whatever this system has in GS. */
int teb_watch(const struct image *image);
void teb_unwatch(const struct image *image);

#endif
