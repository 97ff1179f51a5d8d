/* A loader of PE files: exports and resources are read in a SEC_IMAGE view; then the file is laid
 * out by hand, as loaders from memory do: VirtualAlloc at the preferred base or elsewhere, sections
 * copied, relocated, protected one by one, and its code called. It makes the file itself. */
#include "users.h"

#include <psapi.h>
#include <winternl.h>

#ifndef WINVM_WINVM_H /* other headers do not declare it */
NTSTATUS NTAPI NtAreMappedFilesTheSame(PVOID, PVOID);
#endif

/* Above 4 GiB where that is user space. */
#define BASE (user_space() >> 33 ? 0x6a0000000ull : 0x6a000000ull)
#define FILE_ALIGN 0x200u
enum {
    TEXT_AT = 0x1000,
    RDATA_AT = 0x2000,
    DATA_AT = 0x3000,
    RELOC_AT = 0x5000,
    IMAGE_SIZE = 0x6000
};

typedef int (*function)(void);

static uint8_t file[0x1000];
static char path[MAX_PATH];

static void put(unsigned at, const void *what, SIZE_T n)
{
    memcpy(file + at, what, n);
}

static void put_section(IMAGE_SECTION_HEADER *s, const char *name, DWORD at, DWORD size, DWORD raw,
                        DWORD flags)
{
    memcpy(s->Name, name, strlen(name));
    s->Misc.VirtualSize = size;
    s->VirtualAddress = at;
    s->SizeOfRawData = raw ? FILE_ALIGN : 0;
    s->PointerToRawData = raw;
    s->Characteristics = flags;
}

static void put_headers(void)
{
    IMAGE_DOS_HEADER *dos = (IMAGE_DOS_HEADER *)(void *)file;
    IMAGE_NT_HEADERS64 *nt = (IMAGE_NT_HEADERS64 *)(void *)(file + 0x80);
    IMAGE_OPTIONAL_HEADER64 *o = &nt->OptionalHeader;
    IMAGE_SECTION_HEADER *s;

    dos->e_magic = IMAGE_DOS_SIGNATURE;
    dos->e_lfanew = 0x80;
    nt->Signature = IMAGE_NT_SIGNATURE;
    nt->FileHeader.Machine = IMAGE_FILE_MACHINE_AMD64;
    nt->FileHeader.NumberOfSections = 4;
    nt->FileHeader.SizeOfOptionalHeader = sizeof(*o);
    nt->FileHeader.Characteristics =
        IMAGE_FILE_EXECUTABLE_IMAGE | IMAGE_FILE_DLL | IMAGE_FILE_LARGE_ADDRESS_AWARE;
    o->Magic = IMAGE_NT_OPTIONAL_HDR64_MAGIC;
    o->ImageBase = BASE;
    o->AddressOfEntryPoint = TEXT_AT;
    o->SectionAlignment = 0x1000;
    o->FileAlignment = FILE_ALIGN;
    o->MajorOperatingSystemVersion = o->MajorSubsystemVersion = 6;
    o->SizeOfImage = IMAGE_SIZE;
    o->SizeOfHeaders = 2 * FILE_ALIGN;
    o->Subsystem = IMAGE_SUBSYSTEM_WINDOWS_CUI;
    o->DllCharacteristics =
        IMAGE_DLLCHARACTERISTICS_DYNAMIC_BASE | IMAGE_DLLCHARACTERISTICS_NX_COMPAT;
    o->SizeOfCode = o->SizeOfInitializedData = FILE_ALIGN;
    o->NumberOfRvaAndSizes = IMAGE_NUMBEROF_DIRECTORY_ENTRIES;
    o->DataDirectory[IMAGE_DIRECTORY_ENTRY_EXPORT] = (IMAGE_DATA_DIRECTORY){RDATA_AT, 0x80};
    o->DataDirectory[IMAGE_DIRECTORY_ENTRY_RESOURCE] =
        (IMAGE_DATA_DIRECTORY){RDATA_AT + 0x80, 0x80};
    o->DataDirectory[IMAGE_DIRECTORY_ENTRY_BASERELOC] = (IMAGE_DATA_DIRECTORY){RELOC_AT, 24};
    s = (IMAGE_SECTION_HEADER *)(void *)(nt + 1);
    put_section(s, ".text", TEXT_AT, 0x20, 0x400,
                IMAGE_SCN_CNT_CODE | IMAGE_SCN_MEM_READ | IMAGE_SCN_MEM_EXECUTE);
    put_section(s + 1, ".rdata", RDATA_AT, 0x200, 0x600,
                IMAGE_SCN_CNT_INITIALIZED_DATA | IMAGE_SCN_MEM_READ);
    put_section(s + 2, ".data", DATA_AT, 0x1800, 0x800,
                IMAGE_SCN_CNT_INITIALIZED_DATA | IMAGE_SCN_MEM_READ | IMAGE_SCN_MEM_WRITE);
    put_section(s + 3, ".reloc", RELOC_AT, 24, 0xa00,
                IMAGE_SCN_CNT_INITIALIZED_DATA | IMAGE_SCN_MEM_READ | IMAGE_SCN_MEM_DISCARDABLE);
}

/* mov rax, [variable]; inc dword [rax]; mov eax, [rax]; ret: the pointer to the variable stands in
 * .data and is relocated. */
static const uint8_t text[] = {0x48, 0x8b, 0x05, 0xf9, 0x1f, 0, 0, 0xff, 0x00, 0x8b, 0x00, 0xc3};

static void put_contents(void)
{
    IMAGE_EXPORT_DIRECTORY e = {0};
    DWORD address = TEXT_AT, name = RDATA_AT + 0x48, variable_value = 41;
    IMAGE_RESOURCE_DIRECTORY dir = {0};
    IMAGE_RESOURCE_DIRECTORY_ENTRY entry = {0};
    IMAGE_RESOURCE_DATA_ENTRY data = {RDATA_AT + 0xf0, 9, 0, 0};
    ULONGLONG pointer = BASE + DATA_AT + 16;
    IMAGE_BASE_RELOCATION block = {DATA_AT, 12};
    WORD words[2] = {IMAGE_REL_BASED_DIR64 << 12 | 0, IMAGE_REL_BASED_ABSOLUTE};

    put(0x400, text, sizeof(text));
    e.Name = RDATA_AT + 0x40;
    e.Base = e.NumberOfFunctions = e.NumberOfNames = 1;
    e.AddressOfFunctions = RDATA_AT + 0x28;
    e.AddressOfNames = RDATA_AT + 0x2c;
    e.AddressOfNameOrdinals = RDATA_AT + 0x30;
    put(0x600, &e, sizeof(e));
    put(0x628, &address, 4);
    put(0x62c, &name, 4);
    put(0x640, "t.dll", 6);
    put(0x648, "next", 5);
    dir.NumberOfIdEntries = 1;
    for (unsigned level = 0; level < 3; level++) { /* type 10, name 7, language 0 */
        put(0x680 + level * 24, &dir, sizeof(dir));
        entry.Name = level == 0 ? 10 : level == 1 ? 7 : 0;
        entry.OffsetToData = level < 2 ? (level + 1) * 24 | IMAGE_RESOURCE_DATA_IS_DIRECTORY : 72;
        put(0x690 + level * 24, &entry, sizeof(entry));
    }
    put(0x680 + 72, &data, sizeof(data));
    put(0x6f0, "resource", 9);
    put(0x800, &pointer, 8);
    put(0x810, &variable_value, 4);
    put(0xa00, &block, sizeof(block));
    put(0xa08, words, sizeof(words));
}

static int write_file(void)
{
    char folder[MAX_PATH];
    DWORD n = 0;
    HANDLE h;

    if (!GetTempPathA(sizeof(folder), folder) || !GetTempFileNameA(folder, "pel", 0, path))
        return 0;
    h = CreateFileA(path, GENERIC_WRITE, 0, NULL, CREATE_ALWAYS, FILE_ATTRIBUTE_NORMAL, NULL);
    return WriteFile(h, file, 0xc00, &n, NULL) && n == 0xc00 && CloseHandle(h);
}

static const IMAGE_NT_HEADERS64 *headers(const uint8_t *image)
{
    return (const IMAGE_NT_HEADERS64
                *)(const void *)(image + ((const IMAGE_DOS_HEADER *)(const void *)image)->e_lfanew);
}

static DWORD directory(const uint8_t *image, unsigned i)
{
    return headers(image)->OptionalHeader.DataDirectory[i].VirtualAddress;
}

static const uint8_t *find_export(const uint8_t *image, const char *name)
{
    const IMAGE_EXPORT_DIRECTORY *e =
        (const void *)(image + directory(image, IMAGE_DIRECTORY_ENTRY_EXPORT));
    const DWORD *names = (const void *)(image + e->AddressOfNames);
    const DWORD *functions = (const void *)(image + e->AddressOfFunctions);
    const WORD *ordinals = (const void *)(image + e->AddressOfNameOrdinals);

    for (DWORD i = 0; i < e->NumberOfNames; i++)
        if (!strcmp((const char *)image + names[i], name))
            return image + functions[ordinals[i]];
    return NULL;
}

static const char *find_resource(const uint8_t *image)
{
    const uint8_t *root = image + directory(image, IMAGE_DIRECTORY_ENTRY_RESOURCE);
    const IMAGE_RESOURCE_DIRECTORY *dir = (const void *)root;
    const IMAGE_RESOURCE_DATA_ENTRY *data;

    for (;;) {
        const IMAGE_RESOURCE_DIRECTORY_ENTRY *e = (const void *)(dir + 1);
        if (!(e->OffsetToData & IMAGE_RESOURCE_DATA_IS_DIRECTORY)) {
            data = (const void *)(root + e->OffsetToData);
            return (const char *)image + data->OffsetToData;
        }
        dir = (const void *)(root + (e->OffsetToData & ~IMAGE_RESOURCE_DATA_IS_DIRECTORY));
    }
}

static int is(const uint8_t *at, DWORD protection, DWORD type)
{
    MEMORY_BASIC_INFORMATION m;

    return VirtualQuery(at, &m, sizeof(m)) && m.Protect == protection && m.Type == type;
}

static int call(const uint8_t *at)
{
    function f;

    memcpy(&f, &at, sizeof(f));
    return f();
}

static int ends_with(const char *name, const char *end)
{
    SIZE_T n = strlen(name), k = strlen(end);

    return n >= k && !strcmp(name + n - k, end);
}

static void look(void)
{
    HANDLE h = CreateFileA(path, GENERIC_READ, FILE_SHARE_READ, NULL, OPEN_EXISTING, 0, NULL);
    HANDLE m = CreateFileMappingA(h, NULL, PAGE_READONLY | SEC_IMAGE, 0, 0, NULL);
    HANDLE flat = CreateFileMappingA(h, NULL, PAGE_READONLY, 0, 0, NULL);
    uint8_t *image = MapViewOfFile(m, FILE_MAP_READ, 0, 0, 0), *twin, *data;
    char name[2 * MAX_PATH];

    if (!check(h != INVALID_HANDLE_VALUE && m && flat && image, "the file is an image"))
        return;
    twin = MapViewOfFile(m, FILE_MAP_READ, 0, 0, 0);
    data = MapViewOfFile(flat, FILE_MAP_READ, 0, 0, 0);
    check(headers(image)->Signature == IMAGE_NT_SIGNATURE &&
              IMAGE_FIRST_SECTION(headers(image))[1].VirtualAddress == RDATA_AT,
          "its headers are read in place");
    check(find_export(image, "next") == image + TEXT_AT && !find_export(image, "last"),
          "so are its exports");
    check(!strcmp(find_resource(image), "resource"), "and its resources");
    check(is(image, PAGE_READONLY, MEM_IMAGE) &&
              is(image + TEXT_AT, PAGE_EXECUTE_READ, MEM_IMAGE) &&
              is(image + RDATA_AT, PAGE_READONLY, MEM_IMAGE) &&
              is(image + DATA_AT, PAGE_WRITECOPY, MEM_IMAGE),
          "each section has its protection");
    check(image[DATA_AT + 0x1000] == 0 && data[0x400] == text[0] && data[0x810] == 41 &&
              is(data, PAGE_READONLY, MEM_MAPPED),
          "a data view has the bytes of the file");
#ifndef _WIN32 /* Wine has a device's path */
    check(GetMappedFileNameA(GetCurrentProcess(), image + TEXT_AT + 5, name, sizeof(name)) ==
                  strlen(path) &&
              !strcmp(name, path) &&
              K32GetMappedFileNameA(GetCurrentProcess(), data, name, 5) == 0 &&
              GetLastError() == ERROR_INSUFFICIENT_BUFFER,
          "a view tells its file");
#endif
    check(GetMappedFileNameA(GetCurrentProcess(), data, name, sizeof(name)) &&
              ends_with(name, strrchr(path, path[0] == '/' ? '/' : '\\')),
          "whichever kind it is");
    check(NtAreMappedFilesTheSame(image, twin) == 0 &&
              NtAreMappedFilesTheSame(data, data + 5) == 0 &&
              NtAreMappedFilesTheSame(data, image) != 0,
          "two images are the same file");
    CloseHandle(h);
    CloseHandle(m);
    CloseHandle(flat);
    check(UnmapViewOfFile(image) && UnmapViewOfFile(twin + DATA_AT) && UnmapViewOfFile(data),
          "all are unmapped");
}

/* ---- by hand ---- */

static void relocate(uint8_t *image, int64_t delta)
{
    const uint8_t *at = image + directory(image, IMAGE_DIRECTORY_ENTRY_BASERELOC);
    const IMAGE_BASE_RELOCATION *block = (const void *)at;

    while (block->SizeOfBlock) {
        const WORD *w = (const void *)(block + 1);
        for (DWORD n = (block->SizeOfBlock - sizeof(*block)) / 2; n--; w++)
            if (*w >> 12 == IMAGE_REL_BASED_DIR64) {
                int64_t value;
                uint8_t *to = image + block->VirtualAddress + (*w & 0xfff);
                memcpy(&value, to, 8);
                value += delta;
                memcpy(to, &value, 8);
            }
        block = (const void *)((const uint8_t *)block + block->SizeOfBlock);
    }
}

static DWORD protection_for(DWORD flags)
{
    if (flags & IMAGE_SCN_MEM_EXECUTE)
        return flags & IMAGE_SCN_MEM_WRITE ? PAGE_EXECUTE_READWRITE : PAGE_EXECUTE_READ;
    return flags & IMAGE_SCN_MEM_WRITE ? PAGE_READWRITE : PAGE_READONLY;
}

static uint8_t *load(void)
{
    const IMAGE_NT_HEADERS64 *nt = headers(file);
    const IMAGE_SECTION_HEADER *s = IMAGE_FIRST_SECTION(nt);
    SIZE_T size = nt->OptionalHeader.SizeOfImage;
    void *wanted = (void *)(ULONG_PTR)nt->OptionalHeader.ImageBase;
    uint8_t *image = VirtualAlloc(wanted, size, MEM_RESERVE, PAGE_READWRITE);

    if (!image)
        image = VirtualAlloc(NULL, size, MEM_RESERVE, PAGE_READWRITE);
    if (!image ||
        !VirtualAlloc(image, nt->OptionalHeader.SizeOfHeaders, MEM_COMMIT, PAGE_READWRITE))
        return NULL;
    memcpy(image, file, nt->OptionalHeader.SizeOfHeaders);
    for (unsigned i = 0; i < nt->FileHeader.NumberOfSections; i++) {
        if (!VirtualAlloc(image + s[i].VirtualAddress, s[i].Misc.VirtualSize, MEM_COMMIT,
                          PAGE_READWRITE))
            return NULL;
        memcpy(image + s[i].VirtualAddress, file + s[i].PointerToRawData, s[i].SizeOfRawData);
    }
    relocate(image, (int64_t)((ULONG_PTR)image - nt->OptionalHeader.ImageBase));
    protect(image, nt->OptionalHeader.SizeOfHeaders, PAGE_READONLY);
    for (unsigned i = 0; i < nt->FileHeader.NumberOfSections; i++) {
        uint8_t *at = image + s[i].VirtualAddress;
        if (s[i].Characteristics & IMAGE_SCN_MEM_DISCARDABLE
                ? !VirtualFree(at, s[i].Misc.VirtualSize, MEM_DECOMMIT)
                : !protect(at, s[i].Misc.VirtualSize, protection_for(s[i].Characteristics)))
            return NULL;
    }
    FlushInstructionCache(GetCurrentProcess(), image, size);
    return image;
}

static void by_hand(void)
{
    uint8_t *first = load(), *second = load();
    MEMORY_BASIC_INFORMATION m;

    if (!check(first && second && first != second, "the file is loaded twice"))
        return;
    check((ULONG_PTR)first == BASE, "first at its preferred base");
    check(is(first + TEXT_AT, PAGE_EXECUTE_READ, MEM_PRIVATE) &&
              is(second + DATA_AT + 0x1000, PAGE_READWRITE, MEM_PRIVATE) &&
              VirtualQuery(first + RELOC_AT, &m, sizeof(m)) && m.State == MEM_RESERVE &&
              m.AllocationBase == first,
          "with protections of its own; relocations are dropped");
    check(call(find_export(first, "next")) == 42 && call(find_export(first, "next")) == 43 &&
              call(find_export(second, "next")) == 42,
          "each has its own data");
    check(!strcmp(find_resource(second), "resource"), "resources are there too");
    check(VirtualFree(first, 0, MEM_RELEASE) && VirtualFree(second, 0, MEM_RELEASE), "both go");
}

int main(void)
{
    put_headers();
    put_contents();
    if (!check(write_file(), "a PE file is made"))
        return users_end();
    look();
    by_hand();
    check(DeleteFileA(path), "the file is deleted");
    return users_end();
}
