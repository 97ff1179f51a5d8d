/* Views against plain mmap of an equal file: the same contents, lengths, offsets and ends.
 *
 * Two files begin equal. Whatever is done to the first through winvm's views and handles is done to
 * the second through mmap and plain calls: views of random offsets, lengths and kinds, writes
 * through them and to the files, growth, truncation. After each step some page of some view is
 * compared with its twin: whether it can be read (a page behind the end of a truncated file
 * cannot), its contents, and what VirtualQuery says about it. The seed is printed first; arguments:
 * seed, steps. */
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <time.h>
#include <unistd.h>

#include <winvm/winvm.h>

enum { PG = 4096, GRAN = 65536, MOST = 12, FILE_MOST = 40 * GRAN };

struct view {
    char *ours, *plain;
    size_t offset, len, n_pages;
    DWORD access;
    unsigned char copied[FILE_MOST / PG]; /* pages written through a copying view */
};

static struct view views[MOST];
static HANDLE file;
static int fd, plain_fd;
static size_t size;
static uint64_t state;
static unsigned step;

static unsigned pick(unsigned n)
{
    state = state * 6364136223846793005u + 1442695040888963407u;
    return (unsigned)(state >> 33) % n;
}

#define FAIL(...)                                                     \
    do {                                                              \
        printf("not ok - step %u: ", step);                           \
        printf(__VA_ARGS__);                                          \
        printf("\n");                                                 \
        exit(1);                                                      \
    } while (0)

static struct view *any_view(void)
{
    struct view *v = &views[pick(MOST)];
    return v->ours ? v : NULL;
}

/* ---- what is done ---- */

static void map_one(struct view *v)
{
    static const DWORD kinds[] = {FILE_MAP_READ, FILE_MAP_WRITE, FILE_MAP_COPY};
    if (size == 0)
        return;
    v->access = kinds[pick(3)];
    v->offset = (size_t)pick((unsigned)(size / GRAN) + 1) * GRAN;
    if (v->offset >= size)
        v->offset = 0;
    v->len = pick(3) ? 1 + pick((unsigned)(size - v->offset)) : 0;
    HANDLE h = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, 0, NULL);
    if (!h)
        FAIL("CreateFileMapping of %zu bytes: %u", size, (unsigned)GetLastError());
    v->ours = MapViewOfFile(h, v->access, 0, (DWORD)v->offset, v->len);
    if (!v->ours)
        FAIL("MapViewOfFile %zu+%zu of %zu: %u", v->offset, v->len, size,
             (unsigned)GetLastError());
    CloseHandle(h);
    size_t len = v->len ? v->len : size - v->offset;
    v->n_pages = (len + PG - 1) / PG;
    int prot = PROT_READ | (v->access == FILE_MAP_READ ? 0 : PROT_WRITE);
    v->plain = mmap(NULL, len, prot, v->access == FILE_MAP_COPY ? MAP_PRIVATE : MAP_SHARED,
                    plain_fd, (off_t)v->offset);
    if (v->plain == MAP_FAILED)
        FAIL("mmap");
    memset(v->copied, 0, sizeof v->copied);
}

static void unmap_one(struct view *v)
{
    size_t inside = pick((unsigned)(v->n_pages * PG));
    if (!UnmapViewOfFile(v->ours + inside))
        FAIL("UnmapViewOfFile: %u", (unsigned)GetLastError());
    munmap(v->plain, v->n_pages * PG);
    v->ours = NULL;
}

static bool can_read(const char *at, char out[PG])
{
    struct iovec local = {out, PG}, remote = {(void *)at, PG};
    return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == PG;
}

static void write_view(struct view *v)
{
    char was[PG];
    size_t at = pick((unsigned)(v->n_pages * PG)), page = at / PG;
    if (v->access == FILE_MAP_READ || !can_read(v->plain + page * PG, was))
        return;
    char byte = (char)pick(256);
    v->ours[at] = v->plain[at] = byte;
    if (v->access == FILE_MAP_COPY)
        v->copied[page] = 1;
}

static void write_file(void)
{
    char block[3000];
    size_t at = pick((unsigned)size + 1), len = pick(sizeof block);
    DWORD done;
    LONG high = 0;
    if (at + len > size)
        len = size - at;
    memset(block, (int)pick(256), len);
    if (SetFilePointer(file, (LONG)at, &high, FILE_BEGIN) != at ||
        !WriteFile(file, block, (DWORD)len, &done, NULL) || done != len)
        FAIL("WriteFile");
    if (pwrite(plain_fd, block, len, (off_t)at) != (ssize_t)len)
        FAIL("pwrite");
}

/* Growth by the section, or an end set behind the views' back. */
static void resize(void)
{
    size_t want = pick(FILE_MOST);
    if (want > size && pick(2)) {
        HANDLE h = CreateFileMappingA(file, NULL, PAGE_READWRITE, 0, (DWORD)want, NULL);
        if (!h)
            FAIL("a section that extends its file: %u", (unsigned)GetLastError());
        CloseHandle(h);
    } else if (ftruncate(fd, (off_t)want) != 0) {
        FAIL("ftruncate");
    }
    if (ftruncate(plain_fd, (off_t)want) != 0)
        FAIL("ftruncate");
    size = want;
    LARGE_INTEGER now;
    if (!GetFileSizeEx(file, &now) || (size_t)now.QuadPart != size)
        FAIL("GetFileSizeEx: %lld, not %zu", (long long)now.QuadPart, size);
}

/* ---- what is compared ---- */

static DWORD expected(const struct view *v, size_t page)
{
    if (v->access == FILE_MAP_READ)
        return PAGE_READONLY;
    if (v->access == FILE_MAP_WRITE)
        return PAGE_READWRITE;
    return v->copied[page] ? PAGE_READWRITE : PAGE_WRITECOPY;
}

static void compare_query(const struct view *v, size_t page)
{
    static const DWORD first[] = {PAGE_WRITECOPY, PAGE_READWRITE, PAGE_READONLY};
    MEMORY_BASIC_INFORMATION info;
    size_t end = page + 1;
    while (end < v->n_pages && expected(v, end) == expected(v, page))
        end++;
    if (!VirtualQuery(v->ours + page * PG, &info, sizeof info))
        FAIL("VirtualQuery");
    DWORD alloc = first[v->access == FILE_MAP_COPY ? 0 : v->access == FILE_MAP_WRITE ? 1 : 2];
    if (info.AllocationBase != v->ours || info.Type != MEM_MAPPED || info.State != MEM_COMMIT ||
        info.AllocationProtect != alloc || info.Protect != expected(v, page))
        FAIL("page %zu of a view of kind %u: protect 0x%x, not 0x%x", page, (unsigned)v->access,
             (unsigned)info.Protect, (unsigned)expected(v, page));
    if (info.RegionSize != (end - page) * PG)
        FAIL("page %zu: region 0x%zx, not 0x%zx", page, (size_t)info.RegionSize,
             (end - page) * PG);
}

static void compare(const struct view *v)
{
    char a[PG], b[PG];
    size_t page = pick((unsigned)v->n_pages);
    bool ours = can_read(v->ours + page * PG, a), plain = can_read(v->plain + page * PG, b);
    if (ours != plain)
        FAIL("page %zu of view %zu+%zu, file %zu: %s", page, v->offset, v->len, size,
             ours ? "can be read" : "cannot be read");
    if (ours && memcmp(a, b, PG) != 0)
        FAIL("page %zu of view %zu+%zu: contents", page, v->offset, v->len);
    /* A page behind the end of the file has lost its private copy too. */
    if (!plain)
        return;
    compare_query(v, page);
}

/* Truncation takes private copies of pages behind the new end away. */
static void forget_cut(void)
{
    for (struct view *v = views; v < views + MOST; v++) {
        for (size_t i = 0; v->ours && i < v->n_pages; i++) {
            if (v->offset + i * PG >= size)
                v->copied[i] = 0;
        }
    }
}

static void one_step(void)
{
    struct view *v = &views[pick(MOST)];
    switch (pick(12)) {
    case 0:
        resize();
        forget_cut();
        break;
    case 1:
    case 2:
        if (!v->ours)
            map_one(v);
        break;
    case 3:
        if (v->ours)
            unmap_one(v);
        break;
    case 4:
        write_file();
        break;
    default:
        if (v->ours)
            write_view(v);
    }
    for (int i = 0; i < 3; i++) {
        v = any_view();
        if (v)
            compare(v);
    }
}

static int make_file(char *name)
{
    int f = mkstemp(name);
    if (f < 0 || ftruncate(f, (off_t)size) != 0)
        FAIL("mkstemp");
    return f;
}

int main(int argc, char **argv)
{
    char one[] = "/tmp/winvm-view-XXXXXX", two[] = "/tmp/winvm-view-XXXXXX";
    unsigned steps = argc > 2 ? (unsigned)strtoul(argv[2], NULL, 0) : 30000;
    state = argc > 1 ? strtoull(argv[1], NULL, 0)
                     : (uint64_t)time(NULL) * 1000 + (uint64_t)getpid();
    printf("1..1\n# seed %llu, %u steps\n", (unsigned long long)state, steps);
    fflush(stdout);
    size = 3 * GRAN + 123;
    fd = make_file(one);
    plain_fd = make_file(two);
    file = CreateFileA(one, GENERIC_READ | GENERIC_WRITE, FILE_SHARE_READ | FILE_SHARE_WRITE, NULL,
                       OPEN_EXISTING, 0, NULL);
    unlink(one);
    unlink(two);
    if (file == INVALID_HANDLE_VALUE)
        FAIL("CreateFile: %u", (unsigned)GetLastError());
    for (step = 1; step <= steps; step++)
        one_step();
    for (struct view *v = views; v < views + MOST; v++)
        if (v->ours)
            unmap_one(v);
    CloseHandle(file);
    printf("ok 1 - views and plain mappings agree\n");
    return 0;
}
