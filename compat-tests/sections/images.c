/* Views of images from end to end: PE files made here, mapped by CreateFileMapping(SEC_IMAGE).
 *
 * Owns    the files "pe-N" in a folder of its own below /tmp, which it removes.
 * Terms   usual file = pe_plan_usual(): headers, .text at page 1, .rdata at 3, .data at 4 (the last
 *         page of it has no bytes in the file), .bss at 7; 9 pages. */
#include "../host/env.h"
#include "pe_build.h"

enum { CAP = 1 << 20, FILE_CAP = 300, N_PAGES = 9, DATA = 4 * PAGE, BSS = 7 * PAGE };
#define IMAGE_SIZE ((SIZE_T)N_PAGES * PAGE)
#define FREE_BASE 0x123450000000 /* the preferred base of the files here */

static char folder[] = "/tmp/winvm-images-XXXXXX";
static unsigned n_files;
static uint8_t bytes[CAP];

/* ---- files and sections ---- */

struct file {
    char path[FILE_CAP];
    size_t size;
    HANDLE handle;
};

/* The n bytes as a file, open for reading and running. */
static struct file file_of(size_t n)
{
    struct file f = {.size = n};
    snprintf(f.path, sizeof(f.path), "%s/pe-%u", folder, n_files++);
    int fd = open(f.path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
    if (fd < 0 || write(fd, bytes, n) != (ssize_t)n || close(fd) != 0)
        printf("# %s: errno %d\n", f.path, errno);
    f.handle = CreateFileA(f.path, GENERIC_READ | GENERIC_EXECUTE,
                           FILE_SHARE_READ | FILE_SHARE_WRITE | FILE_SHARE_DELETE, NULL,
                           OPEN_EXISTING, FILE_ATTRIBUTE_NORMAL, NULL);
    return f;
}

static void drop_file(struct file *f)
{
    CloseHandle(f->handle);
    unlink(f->path);
}

static struct file file_of_plan(const struct pe_plan *p)
{
    static const uint8_t code[] = {0xb8, 42, 0, 0, 0, 0xc3}; /* mov eax, 42; ret */
    size_t n = pe_build(p, bytes, CAP);
    if (p->n > 0)
        memcpy(bytes + pe_get(bytes, pe_section_at(p, 0) + PE_RAW_AT, 4), code, sizeof(code));
    return file_of(n);
}

static struct file usual_file(void)
{
    struct pe_plan p = pe_plan_usual(false);
    p.base = FREE_BASE;
    return file_of_plan(&p);
}

static HANDLE section_of(const struct file *f, DWORD flags)
{
    return CreateFileMappingA(f->handle, NULL, PAGE_READONLY | flags, 0, 0, NULL);
}

static HANDLE usual_section(void)
{
    struct file f = usual_file();
    HANDLE section = section_of(&f, SEC_IMAGE);
    drop_file(&f);
    return section;
}

struct mapped {
    NTSTATUS status;
    BYTE *base;
    SIZE_T size;
};
static struct mapped map(HANDLE section, SIZE_T size)
{
    struct mapped m = {.size = size};
    PVOID base = NULL;
    m.status = NtMapViewOfSection(section, GetCurrentProcess(), &base, 0, 0, NULL, &m.size,
                                  ViewShare, 0, PAGE_READONLY);
    m.base = base;
    return m;
}

static MEMORY_BASIC_INFORMATION query(const void *at)
{
    MEMORY_BASIC_INFORMATION m = {0};
    if (VirtualQuery(at, &m, sizeof(m)) != sizeof(m))
        m.State = 0;
    return m;
}

/* ---- checks ---- */

struct run {
    unsigned pages;
    DWORD protect;
};

/* The view consists of these runs and nothing else. */
static bool has_runs(BYTE *base, DWORD alloc_protect, const struct run *run, unsigned n)
{
    BYTE *at = base;
    for (unsigned i = 0; i < n; i++) {
        MEMORY_BASIC_INFORMATION m = query(at);
        if (m.BaseAddress != at || m.AllocationBase != base || m.State != MEM_COMMIT
            || m.Type != MEM_IMAGE || m.AllocationProtect != alloc_protect
            || m.Protect != run[i].protect || m.RegionSize != (SIZE_T)run[i].pages * PAGE) {
            printf("# run %u at +0x%zx: size 0x%zx state 0x%x type 0x%x protect 0x%x, of 0x%x\n", i,
                   (size_t)(at - base), (size_t)m.RegionSize, (unsigned)m.State, (unsigned)m.Type,
                   (unsigned)m.Protect, (unsigned)m.AllocationProtect);
            return false;
        }
        at += m.RegionSize;
    }
    return query(at).AllocationBase != base;
}
#define HAS_RUNS(base, alloc_protect, ...)                                                   \
    has_runs(base, alloc_protect, (const struct run[]){__VA_ARGS__},                         \
             sizeof((const struct run[]){__VA_ARGS__}) / sizeof(struct run))
#define RO PAGE_READONLY
#define RW PAGE_READWRITE
#define WC PAGE_WRITECOPY
#define XR PAGE_EXECUTE_READ
#define XWC PAGE_EXECUTE_WRITECOPY

/* [at, at + n) holds section i's raw data from `offset`. */
static bool holds(const BYTE *at, unsigned i, uint32_t offset, uint32_t n)
{
    for (uint32_t k = 0; k < n; k++)
        if (at[k] != pe_byte(i, offset + k))
            return false;
    return true;
}

/* What NtQueryVirtualMemory says of the image at `at`. */
static bool image_is(const void *at, const void *base, unsigned partial, unsigned not_executable)
{
    MEMORY_IMAGE_INFORMATION info;
    SIZE_T n = 0;
    NTSTATUS status = NtQueryVirtualMemory(GetCurrentProcess(), at, MemoryImageInformation, &info,
                                           sizeof(info), &n);
    return status == STATUS_SUCCESS && n == sizeof(info) && info.ImageBase == base
           && info.SizeOfImage == IMAGE_SIZE && info.ImagePartialMap == partial
           && info.ImageNotExecutable == not_executable;
}

static void test_layout(void)
{
    HANDLE section = usual_section();
    ok(section != NULL, "CreateFileMapping(SEC_IMAGE) of a PE file");
    BYTE *v = MapViewOfFile(section, FILE_MAP_READ, 0, 0, 0);
    ok(v != NULL, "MapViewOfFile of an image");
    if (v == NULL)
        return;
    ok(HAS_RUNS(v, XWC, {1, RO}, {2, XR}, {1, RO}, {5, WC}), "pages as the sections say");
    ok(v[0] == 'M' && v[1] == 'Z' && memcmp(v + PE_NT, "PE", 3) == 0, "headers at the begin");
    ok(holds(v + PAGE + 6, 0, 6, 0x1234 - 6) && all_bytes(v + PAGE + 0x1400, 0xc00, 0),
       ".text is that of the file, zero behind it");
    ok(holds(v + 3 * PAGE, 1, 0, 0x400), ".rdata is that of the file");
    ok(holds(v + DATA, 2, 0, 0x600) && all_bytes(v + DATA + 0x600, 3 * PAGE - 0x600, 0),
       ".data is that of the file, zero where that ends");
    ok(all_bytes(v + BSS, 2 * PAGE, 0), ".bss is zero");
    int (*code)(void) = (int (*)(void))(uintptr_t)(v + PAGE);
    ok(code() == 42, "code of the image runs");
    ok(CloseHandle(section), "CloseHandle of the section");
    ok(holds(v + 3 * PAGE, 1, 0, 0x400), "the view outlives the handle");
    ok(UnmapViewOfFile(v), "UnmapViewOfFile");
    ok(query(v).State == MEM_FREE, "its memory is free");
}

/* SEC-108: the preferred base, and another when that is taken. */
static void test_base(void)
{
    HANDLE section = usual_section();
    bool is_free = query((void *)FREE_BASE).State == MEM_FREE
                   && query((void *)FREE_BASE).RegionSize >= IMAGE_SIZE;
    struct mapped first = map(section, 0), second = map(section, 0);
    if (is_free)
        ok(first.status == STATUS_SUCCESS && first.base == (BYTE *)FREE_BASE,
           "the first view is at the preferred base");
    else
        env_skip("the first view is at the preferred base", "it is taken on this machine");
    ok(second.status == STATUS_IMAGE_NOT_AT_BASE && second.base != first.base,
       "SEC-108: the second view is elsewhere, 0x%x", (unsigned)second.status);
    ok(first.size == IMAGE_SIZE && second.size == IMAGE_SIZE, "SEC-112: the whole image");
    ok(image_is(second.base + BSS, second.base, 0, 0), "SEC-112: not ImagePartialMap");
    BYTE *third = MapViewOfFile(section, FILE_MAP_READ, 0, 0, 0);
    ok(third != NULL, "SEC-108: for MapViewOfFile that is no failure");
    ok(HAS_RUNS(second.base, XWC, {1, RO}, {2, XR}, {1, RO}, {5, WC}), "its pages are the same");
    ok(UnmapViewOfFile(first.base) && UnmapViewOfFile(second.base) && UnmapViewOfFile(third),
       "UnmapViewOfFile of three views");
    CloseHandle(section);
}

/* Bases at which nothing can be. */
static void test_wild_base(void)
{
    static const uint64_t base[] = {0, 0x7fffffff0000, 0x800000000000, 0xffff800000000000,
                                    0xffffffffffff0000};
    for (unsigned i = 0; i < sizeof(base) / sizeof(base[0]); i++) {
        struct pe_plan p = pe_plan_usual(false);
        p.base = base[i];
        struct file f = file_of_plan(&p);
        HANDLE section = section_of(&f, SEC_IMAGE);
        struct mapped m = map(section, 0);
        ok(m.status == STATUS_IMAGE_NOT_AT_BASE && m.size == IMAGE_SIZE
               && HAS_RUNS(m.base, XWC, {1, RO}, {2, XR}, {1, RO}, {5, WC}),
           "an image with the base 0x%llx is elsewhere", (unsigned long long)base[i]);
        UnmapViewOfFile(m.base);
        CloseHandle(section);
        drop_file(&f);
    }
}

/* SEC-109: images for other machines are data with a remark. */
static void test_other_machine(void)
{
    struct pe_plan p = pe_plan_usual(true);
    struct file f = file_of_plan(&p);
    HANDLE section = section_of(&f, SEC_IMAGE);
    struct mapped m = map(section, 0);
    ok(m.status == STATUS_IMAGE_MACHINE_TYPE_MISMATCH && m.base != NULL,
       "SEC-109: an image for i386, 0x%x", (unsigned)m.status);
    ok(HAS_RUNS(m.base, XWC, {1, RO}, {2, XR}, {1, RO}, {5, WC}), "it is laid out all the same");
    ok(UnmapViewOfFile(m.base), "UnmapViewOfFile");
    CloseHandle(section);
    drop_file(&f);
}

/* SEC-110, SEC-111: a section that was asked for with a size, and a view with one. */
static void test_partial(void)
{
    struct file f = usual_file();
    HANDLE section = CreateFileMappingA(f.handle, NULL, PAGE_READONLY | SEC_IMAGE, 0, DATA, NULL);
    struct mapped m = map(section, 0);
    ok(m.status >= 0 && m.size == DATA, "SEC-110: a section of 4 pages, view 0x%zx",
       (size_t)m.size);
    ok(m.base && HAS_RUNS(m.base, XWC, {1, RO}, {2, XR}, {1, RO}), "SEC-110: the first 4 pages");
    ok(image_is(m.base + PAGE, m.base, 1, 0), "SEC-110: ImagePartialMap, SizeOfImage");
    UnmapViewOfFile(m.base);
    CloseHandle(section);
    section = section_of(&f, SEC_IMAGE);
    m = map(section, DATA + PAGE);
    ok(m.status >= 0 && m.size == DATA + PAGE, "SEC-111: a view of 5 pages, 0x%zx",
       (size_t)m.size);
    ok(m.base && HAS_RUNS(m.base, XWC, {1, RO}, {2, XR}, {1, RO}, {1, WC}),
       "SEC-111: the first 5 pages");
    ok(image_is(m.base + PAGE, m.base, 1, 0), "SEC-111: ImagePartialMap, SizeOfImage");
    UnmapViewOfFile(m.base);
    CloseHandle(section);
    drop_file(&f);
}

/* NtQuerySection tells what the headers say. */
static void test_query(void)
{
    SECTION_IMAGE_INFORMATION info;
    SECTION_BASIC_INFORMATION basic;
    SIZE_T n = 0;
    struct file f = usual_file();
    HANDLE section = section_of(&f, SEC_IMAGE), data = section_of(&f, SEC_COMMIT);
    memset(&info, 0x5a, sizeof(info));
    ok(NtQuerySection(section, SectionImageInformation, &info, sizeof(info), &n) == STATUS_SUCCESS
           && n == sizeof(info), "NtQuerySection of an image");
    ok(info.TransferAddress == (PVOID)(FREE_BASE + 0x1010), "TransferAddress");
    ok(info.MaximumStackSize == 0x200000 && info.CommittedStackSize == 0x3000, "stack sizes");
    ok(info.SubSystemType == 3 && info.MajorSubsystemVersion == 5
           && info.MinorSubsystemVersion == 2 && info.MajorOperatingSystemVersion == 6
           && info.MinorOperatingSystemVersion == 1, "subsystem and versions");
    ok(info.ImageCharacteristics == 0x2022 && info.DllCharacteristics == 0x160
           && info.Machine == 0x8664 && info.ImageContainsCode == 1 && info.ImageFlags == 0
           && info.ZeroBits == 0 && info.LoaderFlags == 0, "characteristics");
    ok(info.ImageFileSize == f.size && info.CheckSum == 0xc0ffee, "file size and checksum");
    ok(NtQuerySection(section, SectionBasicInformation, &basic, sizeof(basic), NULL)
               == STATUS_SUCCESS && basic.BaseAddress == NULL
           && basic.Attributes == (SEC_FILE | SEC_IMAGE)
           && basic.Size.QuadPart == (LONGLONG)IMAGE_SIZE,
       "SEC-050: attributes 0x%x, size 0x%llx", (unsigned)basic.Attributes,
       (long long)basic.Size.QuadPart);
    ok(NtQuerySection(data, SectionImageInformation, &info, sizeof(info), NULL)
           == STATUS_SECTION_NOT_IMAGE, "SEC-213: a data section");
    CloseHandle(section);
    CloseHandle(data);
    drop_file(&f);
}

/* What is written belongs to the view that it was written in. */
static void test_write(void)
{
    struct file f = usual_file();
    HANDLE section = section_of(&f, SEC_IMAGE);
    BYTE *a = map(section, 0).base, *b = map(section, 0).base;
    a[DATA + 2] ^= 0xff;
    a[BSS + PAGE] = 7;
    ok(HAS_RUNS(a, XWC, {1, RO}, {2, XR}, {1, RO}, {1, RW}, {3, WC}, {1, RW}),
       "written pages are READWRITE, the others still WRITECOPY");
    ok(HAS_RUNS(b, XWC, {1, RO}, {2, XR}, {1, RO}, {5, WC}), "the other view is as it was");
    ok(holds(b + DATA, 2, 0, 0x600) && b[BSS + PAGE] == 0, "and so are its bytes");
    BYTE *c = map(section, 0).base;
    ok(holds(c + DATA, 2, 0, 0x600) && c[BSS + PAGE] == 0, "a new view has the file's bytes");
    uint8_t again[0x600];
    int fd = open(f.path, O_RDONLY | O_CLOEXEC);
    off_t at = (off_t)pe_get(bytes, pe_section_at(&(struct pe_plan){0}, 2) + PE_RAW_AT, 4);
    ok(pread(fd, again, sizeof(again), at) == sizeof(again) && holds(again, 2, 0, sizeof(again)),
       "the file is as it was");
    close(fd);
    ok(UnmapViewOfFile(a) && UnmapViewOfFile(b) && UnmapViewOfFile(c), "UnmapViewOfFile");
    CloseHandle(section);
    drop_file(&f);
}

/* SEC-155: what VirtualProtect allows, and what it makes of rights to write. */
static void test_protect(void)
{
    static const struct run t[] = {{0, PAGE_NOACCESS}, {0, RO}, {0, WC}, {0, PAGE_EXECUTE},
                                   {0, XR}, {0, XWC}, {0, RW}, {0, PAGE_EXECUTE_READWRITE}};
    static const DWORD told[] = {PAGE_NOACCESS, RO, WC, PAGE_EXECUTE, XR, XWC, WC, XWC};
    HANDLE section = usual_section();
    BYTE *v = map(section, 0).base;
    DWORD old = RO;
    for (unsigned i = 0; i < 8; i++) {
        DWORD was = 0;
        bool done = VirtualProtect(v + 3 * PAGE, PAGE, t[i].protect, &was);
        MEMORY_BASIC_INFORMATION m = query(v + 3 * PAGE);
        ok(done && was == old && m.Protect == told[i] && m.AllocationProtect == XWC,
           "SEC-155: VirtualProtect 0x%x, old 0x%x, then 0x%x", (unsigned)t[i].protect,
           (unsigned)was, (unsigned)m.Protect);
        old = told[i];
    }
    v[3 * PAGE + 9] = 1;
    ok(query(v + 3 * PAGE).Protect == PAGE_EXECUTE_READWRITE, "a page of code that was written");
    ok(!VirtualFree(v, 0, MEM_RELEASE) && GetLastError() == ERROR_INVALID_PARAMETER,
       "VirtualFree does not release an image");
    ok(!VirtualFree(v + PAGE, PAGE, MEM_DECOMMIT) && GetLastError() == ERROR_INVALID_PARAMETER,
       "VirtualFree does not decommit one");
    ok(UnmapViewOfFile(v + 5 * PAGE), "UnmapViewOfFile by an address inside");
    CloseHandle(section);
}

static void test_no_execute(void)
{
    struct file f = usual_file();
    HANDLE section = section_of(&f, SEC_IMAGE_NO_EXECUTE);
    BYTE *v = MapViewOfFile(section, FILE_MAP_READ, 0, 0, 0);
    ok(v != NULL, "SEC-052: SEC_IMAGE_NO_EXECUTE");
    if (v) {
        DWORD old;
        ok(HAS_RUNS(v, WC, {4, RO}, {5, WC}), "without a page that can be executed");
        ok(holds(v + 3 * PAGE, 1, 0, 0x400), "with the same bytes");
        ok(image_is(v + BSS, v, 0, 1), "ImageNotExecutable");
        ok(!VirtualProtect(v + PAGE, PAGE, XR, &old)
               && GetLastError() == ERROR_INVALID_PARAMETER && HAS_RUNS(v, WC, {4, RO}, {5, WC}),
           "and none can be made so");
        UnmapViewOfFile(v);
    }
    CloseHandle(section);
    drop_file(&f);
}

/* SEC-204..211. */
static void test_same_file(void)
{
    struct file f = usual_file(), g = usual_file();
    HANDLE image = section_of(&f, SEC_IMAGE), again = section_of(&f, SEC_IMAGE),
           other = section_of(&g, SEC_IMAGE), data = section_of(&f, SEC_COMMIT);
    BYTE *a = map(image, 0).base, *b = map(again, 0).base, *c = map(other, 0).base;
    BYTE *d = MapViewOfFile(data, FILE_MAP_READ, 0, 0, 0);
    BYTE *e = MapViewOfFile(data, FILE_MAP_READ, 0, 0, 0);
    BYTE *own = VirtualAlloc(NULL, PAGE, MEM_RESERVE | MEM_COMMIT, RW);
    ok(NtAreMappedFilesTheSame(d, d + 30) == STATUS_SUCCESS, "SEC-204: one data view");
    ok(NtAreMappedFilesTheSame(d, e) == STATUS_NOT_SAME_DEVICE, "SEC-205: two data views");
    ok(NtAreMappedFilesTheSame(d, a) == STATUS_NOT_SAME_DEVICE, "SEC-206: data, image");
    ok(NtAreMappedFilesTheSame(a, d) == STATUS_SUCCESS, "SEC-207: image, data");
    ok(NtAreMappedFilesTheSame(a, b) == STATUS_SUCCESS, "SEC-208: images of one file");
    ok(NtAreMappedFilesTheSame(a + DATA, b + 5) == STATUS_SUCCESS, "SEC-208: inside of them");
    ok(NtAreMappedFilesTheSame(a, c) == STATUS_NOT_SAME_DEVICE, "images of two files");
    ok(NtAreMappedFilesTheSame(a, NULL) == STATUS_INVALID_ADDRESS, "SEC-210: NULL");
    ok(NtAreMappedFilesTheSame(a, own) == STATUS_CONFLICTING_ADDRESSES, "SEC-211: private");
    VirtualFree(own, 0, MEM_RELEASE);
    NTSTATUS status = NtAreMappedFilesTheSame(a, own);
    ok(status == STATUS_CONFLICTING_ADDRESSES || status == STATUS_INVALID_ADDRESS,
       "SEC-209: free memory");
    BYTE *views[] = {a, b, c, d, e};
    for (unsigned i = 0; i < 5; i++)
        UnmapViewOfFile(views[i]);
    HANDLE sections[] = {image, again, other, data};
    for (unsigned i = 0; i < 4; i++)
        CloseHandle(sections[i]);
    drop_file(&f);
    drop_file(&g);
}

/* The image was taken when the section was made. */
static void test_truncated_later(void)
{
    struct file f = usual_file();
    HANDLE section = section_of(&f, SEC_IMAGE);
    BYTE *before = map(section, 0).base;
    ok(truncate(f.path, 0) == 0, "the file is emptied");
    BYTE *after = map(section, 0).base;
    ok(holds(before + DATA, 2, 0, 0x600) && holds(after + DATA, 2, 0, 0x600),
       "old and new views of the image have its bytes");
    ok(section_of(&f, SEC_IMAGE) == NULL && GetLastError() == ERROR_BAD_EXE_FORMAT,
       "SEC-016: no new image of it");
    UnmapViewOfFile(before);
    UnmapViewOfFile(after);
    CloseHandle(section);
    drop_file(&f);
}

static NTSTATUS refused(size_t n)
{
    struct file f = file_of(n);
    HANDLE section = NULL;
    NTSTATUS status = NtCreateSection(&section, SECTION_QUERY | SECTION_MAP_READ, NULL, NULL,
                                      PAGE_READONLY, SEC_IMAGE, f.handle);
    ok(section == NULL, "no section, 0x%x", (unsigned)status);
    ok(section_of(&f, SEC_IMAGE) == NULL && GetLastError() == ERROR_BAD_EXE_FORMAT,
       "ERROR_BAD_EXE_FORMAT of CreateFileMapping");
    drop_file(&f);
    return status;
}

static void test_refused(void)
{
    struct pe_plan p = pe_plan_usual(false);
    size_t n = pe_build(&p, bytes, CAP);
    ok(refused(0) == STATUS_INVALID_FILE_FOR_SECTION, "SEC-016: an empty file");
    ok(refused(64) == STATUS_INVALID_IMAGE_PROTECT, "MZ alone");
    ok(refused(n - 1) == STATUS_INVALID_FILE_FOR_SECTION, "the last section is not whole");
    pe_put(bytes, PE_IMAGE_SIZE, 4, 0x8000);
    ok(refused(n) == STATUS_INVALID_IMAGE_FORMAT, "sections outside the image");
    memset(bytes, 'x', 1000);
    ok(refused(1000) == STATUS_INVALID_IMAGE_NOT_MZ, "SEC-017: another kind of file");
}

/* A child of fork() has the views, and its writes are its own. */
static void in_fork(void *arg)
{
    BYTE *v = arg;
    ok(v[DATA] == pe_byte(2, 0) && v[DATA + PAGE] == 77, "the parent's bytes");
    v[DATA] = 1;
    v[BSS] = 2;
    ok(HAS_RUNS(v, XWC, {1, RO}, {2, XR}, {1, RO}, {2, RW}, {1, WC}, {1, RW}, {1, WC}),
       "written pages of parent and child");
    ok(UnmapViewOfFile(v), "UnmapViewOfFile");
}

static void test_fork(void)
{
    HANDLE section = usual_section();
    BYTE *v = map(section, 0).base;
    v[DATA + PAGE] = 77;
    ok(in_child(in_fork, v), "an image in a fork child");
    ok(v[DATA] == pe_byte(2, 0) && v[BSS] == 0, "nothing changed in the parent");
    UnmapViewOfFile(v);
    CloseHandle(section);
}

/* Another process knows the image by its name; the file is gone by then. */
static int open_by_name(const char *name)
{
    env_be_child();
    HANDLE section = OpenFileMappingA(FILE_MAP_READ, FALSE, name);
    ok(section != NULL, "OpenFileMapping, error %u", (unsigned)GetLastError());
    struct mapped m = map(section, 0);
    ok(m.base && m.size == IMAGE_SIZE && HAS_RUNS(m.base, XWC, {1, RO}, {2, XR}, {1, RO}, {5, WC}),
       "the image of another process");
    if (m.base) {
        ok(holds(m.base + DATA, 2, 0, 0x600), "with the bytes of the file, not what was written");
        m.base[DATA] = 1;
        ok(HAS_RUNS(m.base, XWC, {1, RO}, {2, XR}, {1, RO}, {1, RW}, {4, WC}), "to be written");
    }
    fflush(stdout);
    return env_failed != 0;
}

static void test_named(void)
{
    char name[64];
    struct file f = usual_file();
    snprintf(name, sizeof(name), "winvm-images-%d", (int)getpid());
    HANDLE section = CreateFileMappingA(f.handle, NULL, PAGE_READONLY | SEC_IMAGE, 0, 0, name);
    drop_file(&f);
    BYTE *v = map(section, 0).base;
    v[DATA] = 7;
    struct env_role role = {.role = "open", .arg = name};
    ok(env_run_role(&role) == 0, "a named image in another process");
    if (role.said[0])
        printf("# it said: %s\n", role.said);
    ok(v[DATA] == 7, "its write is not seen here");
    UnmapViewOfFile(v);
    CloseHandle(section);
    ok(OpenFileMappingA(FILE_MAP_READ, FALSE, name) == NULL
           && GetLastError() == ERROR_FILE_NOT_FOUND, "the name went with the handle");
}

int main(int argc, char **argv)
{
    if (argc == 3 && strcmp(argv[1], "open") == 0)
        return open_by_name(argv[2]);
    env_start();
    if (mkdtemp(folder) == NULL)
        return 99;
    test_layout();
    test_base();
    test_wild_base();
    test_other_machine();
    test_partial();
    test_query();
    test_write();
    test_protect();
    test_no_execute();
    test_same_file();
    test_truncated_later();
    test_refused();
    test_fork();
    test_named();
    ok(rmdir(folder) == 0, "no file is left");
    return env_end();
}
