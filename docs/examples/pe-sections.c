/* pe-sections: how a PE file lies in memory.
 *
 * Maps each FILE as an image (SEC_IMAGE) and prints its regions as VirtualQuery tells them, each
 * with the sections that begin in it. Then writes a byte into the first region that can be written,
 * shows that its page became this view's own, and that a second view has the old byte. An ordinary
 * Windows source:
 *
 *     cc -I$(pkg-config --variable=includedir winvm)/winvm/compat pe-sections.c -lwinvm
 *
 * Exit status 0 when every file is an image and nothing was wrong. */
#include <windows.h>
#include <stdio.h>

/* The published places of what is used of a PE header. */
enum {
    HEADER_AT = 0x3c, HEADER_SIZE = 24, N_SECTIONS_AT = 6, OPTIONAL_SIZE_AT = 20,
    SECTION_SIZE = 40, SECTION_START_AT = 12
};

static DWORD number(const BYTE *at, int n_bytes)
{
    DWORD value = 0;
    while (n_bytes-- > 0)
        value = value << 8 | at[n_bytes];
    return value;
}

static const char *protection(DWORD protect)
{
    switch (protect) {
    case PAGE_NOACCESS: return "NOACCESS";
    case PAGE_READONLY: return "READONLY";
    case PAGE_READWRITE: return "READWRITE";
    case PAGE_WRITECOPY: return "WRITECOPY";
    case PAGE_EXECUTE: return "EXECUTE";
    case PAGE_EXECUTE_READ: return "EXECUTE_READ";
    case PAGE_EXECUTE_READWRITE: return "EXECUTE_READWRITE";
    case PAGE_EXECUTE_WRITECOPY: return "EXECUTE_WRITECOPY";
    default: return "another protection";
    }
}

/* The names of the sections that begin in [from, from + size). Headers end at headers_size: what
 * they say is believed no further. */
static void print_names(const BYTE *image, DWORD headers_size, DWORD from, DWORD size)
{
    DWORD header = number(image + HEADER_AT, 4), section, n;
    if (from == 0)
        printf(" headers");
    if (header > headers_size - HEADER_SIZE)
        return;
    n = number(image + header + N_SECTIONS_AT, 2);
    section = header + HEADER_SIZE + number(image + header + OPTIONAL_SIZE_AT, 2);
    for (; n > 0 && section <= headers_size - SECTION_SIZE; n--, section += SECTION_SIZE) {
        DWORD start = number(image + section + SECTION_START_AT, 4);
        if (start >= from && start - from < size)
            printf(" %.8s", (const char *)image + section);
    }
}

/* Prints the regions of the view; the first one that can be written, NULL: none. */
static BYTE *print_regions(BYTE *image)
{
    MEMORY_BASIC_INFORMATION region;
    BYTE *at = image, *writable = NULL;
    DWORD headers_size = 0;
    while (VirtualQuery(at, &region, sizeof region) != 0 && region.AllocationBase == image
           && region.Type == MEM_IMAGE) {
        DWORD from = (DWORD)(at - image), size = (DWORD)region.RegionSize;
        printf("  %08lx %08lx %-17s", (unsigned long)from, (unsigned long)size,
               protection(region.Protect));
        if (from == 0)
            headers_size = size;
        print_names(image, headers_size, from, size);
        printf("\n");
        if (writable == NULL && region.Protect == PAGE_WRITECOPY)
            writable = at;
        at += size;
    }
    return writable;
}

/* What is written stays in the view that it was written in. 0: as it must be. */
static int write_one(BYTE *at, const BYTE *image, const BYTE *other)
{
    MEMORY_BASIC_INFORMATION page;
    BYTE old = *at;
    *at = (BYTE)(old + 1);
    if (VirtualQuery(at, &page, sizeof page) == 0 || other[at - image] != old)
        return 1;
    printf("  %08lx was written: %s now, still the old byte in another view\n",
           (unsigned long)(at - image), protection(page.Protect));
    return 0;
}

static int show_image(HANDLE section)
{
    BYTE *image = (BYTE *)MapViewOfFile(section, FILE_MAP_READ, 0, 0, 0);
    BYTE *other = (BYTE *)MapViewOfFile(section, FILE_MAP_READ, 0, 0, 0);
    BYTE *writable;
    int bad = 1;
    if (image != NULL && other != NULL) {
        writable = print_regions(image);
        bad = writable != NULL && write_one(writable, image, other);
    } else {
        printf("  no view, error %lu\n", (unsigned long)GetLastError());
    }
    if (other != NULL && !UnmapViewOfFile(other))
        bad = 1;
    if (image != NULL && !UnmapViewOfFile(image))
        bad = 1;
    return bad;
}

static int show_file(const char *name)
{
    HANDLE section, file = CreateFileA(name, GENERIC_READ | GENERIC_EXECUTE, FILE_SHARE_READ, NULL,
                                       OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
    int bad;
    if (file == INVALID_HANDLE_VALUE) {
        printf("  cannot be opened, error %lu\n", (unsigned long)GetLastError());
        return 1;
    }
    section = CreateFileMappingA(file, NULL, PAGE_READONLY | SEC_IMAGE, 0, 0, NULL);
    if (section == NULL) {
        printf("  no image, error %lu\n", (unsigned long)GetLastError());
        CloseHandle(file);
        return 1;
    }
    CloseHandle(file);
    bad = show_image(section);
    CloseHandle(section);
    return bad;
}

int main(int argc, char **argv)
{
    int i, bad = 0;
    if (argc < 2) {
        fprintf(stderr, "usage: pe-sections FILE...\n");
        return 2;
    }
    for (i = 1; i < argc; i++) {
        printf("image %d\n", i);
        bad |= show_file(argv[i]);
    }
    return bad;
}
