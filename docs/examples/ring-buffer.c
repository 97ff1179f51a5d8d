/* A ring buffer without a seam: one section mapped twice, the second view right behind the first,
 * so that what runs past the end of the first view comes round at its beginning. A record in it is
 * always one piece of memory: no copy in two parts, no index arithmetic but where it starts.
 *
 * The two views must be neighbours. A placeholder keeps the whole range, is split in the middle,
 * and each half is replaced by a view: nobody else can map anything there in between.
 *
 *     ring-buffer        writes and reads back some megabytes of records; exit code 0: all is right
 *
 * The same source builds for Linux with winvm and for Windows. */
#define _WIN32_WINNT 0x0A00
#define NTDDI_VERSION 0x0A000005 /* Windows 10 1803 */
#include <windows.h>

#include <stdio.h>
#include <string.h>

#ifndef MEM_RESERVE_PLACEHOLDER /* older headers */
#define MEM_PRESERVE_PLACEHOLDER 0x00000002
#define MEM_REPLACE_PLACEHOLDER 0x00004000
#define MEM_RESERVE_PLACEHOLDER 0x00040000
#endif

#define RING_SIZE ((SIZE_T)256 * 1024) /* a multiple of the allocation granularity, 64 KiB */

/* Positions count bytes since the start and never wrap; the ring holds [tail, head). */
struct ring {
    char *base;
    ULONGLONG head, tail;
};

/* ---- making it ---- */

static char *map_half(HANDLE section, char *at)
{
    return MapViewOfFile3(section, NULL, at, 0, RING_SIZE, MEM_REPLACE_PLACEHOLDER, PAGE_READWRITE,
                          NULL, 0);
}

/* Both halves of the range [base, base + 2 * RING_SIZE), which are placeholders, become views. What
 * could not be done is undone. */
static BOOL map_both(HANDLE section, char *base)
{
    if (!map_half(section, base)) {
        VirtualFree(base, 0, MEM_RELEASE);
        VirtualFree(base + RING_SIZE, 0, MEM_RELEASE);
        return FALSE;
    }
    if (!map_half(section, base + RING_SIZE)) {
        UnmapViewOfFile(base);
        VirtualFree(base + RING_SIZE, 0, MEM_RELEASE);
        return FALSE;
    }
    return TRUE;
}

static BOOL ring_create(struct ring *r)
{
    BOOL done = FALSE;
    /* The views keep the section; its handle is not needed longer than this. */
    HANDLE section = CreateFileMappingW(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0,
                                        (DWORD)RING_SIZE, NULL);
    if (!section)
        return FALSE;
    char *base = VirtualAlloc2(NULL, NULL, 2 * RING_SIZE, MEM_RESERVE | MEM_RESERVE_PLACEHOLDER,
                               PAGE_NOACCESS, NULL, 0);
    if (base && VirtualFree(base, RING_SIZE, MEM_RELEASE | MEM_PRESERVE_PLACEHOLDER))
        done = map_both(section, base);
    else if (base)
        VirtualFree(base, 0, MEM_RELEASE);
    CloseHandle(section);
    r->base = base;
    r->head = r->tail = 0;
    return done;
}

static void ring_destroy(struct ring *r)
{
    UnmapViewOfFile(r->base);
    UnmapViewOfFile(r->base + RING_SIZE);
}

/* ---- using it ---- */

/* Where the next n bytes are to be written; NULL: there is no room for them. */
static char *ring_reserve(struct ring *r, SIZE_T n)
{
    return n <= RING_SIZE - (SIZE_T)(r->head - r->tail) ? r->base + r->head % RING_SIZE : NULL;
}

static void ring_commit(struct ring *r, SIZE_T n)
{
    r->head += n;
}

/* The oldest bytes, all that are there, in one piece. */
static const char *ring_peek(const struct ring *r, SIZE_T *n)
{
    *n = (SIZE_T)(r->head - r->tail);
    return r->base + r->tail % RING_SIZE;
}

static void ring_drop(struct ring *r, SIZE_T n)
{
    r->tail += n;
}

/* ---- showing that it works ---- */

/* A record: its length, a number, and bytes that follow from the number. */
struct record {
    DWORD len, number;
};

static DWORD len_of(DWORD number)
{
    return (DWORD)sizeof(struct record) + number * 2654435761u % 5000;
}

static BOOL put(struct ring *r, DWORD number)
{
    struct record rec = {len_of(number), number};
    char *to = ring_reserve(r, rec.len);
    if (!to)
        return FALSE;
    memcpy(to, &rec, sizeof rec);
    memset(to + sizeof rec, (int)(number & 0xff), rec.len - sizeof rec);
    ring_commit(r, rec.len);
    return TRUE;
}

/* FALSE: what lies there is not the record of this number. */
static BOOL get(struct ring *r, DWORD number)
{
    SIZE_T n;
    struct record rec;
    const char *from = ring_peek(r, &n);
    memcpy(&rec, from, sizeof rec);
    if (n < sizeof rec || rec.number != number || rec.len != len_of(number) || n < rec.len)
        return FALSE;
    for (DWORD i = sizeof rec; i < rec.len; i++)
        if ((unsigned char)from[i] != (number & 0xff))
            return FALSE;
    ring_drop(r, rec.len);
    return TRUE;
}

static BOOL run(struct ring *r, DWORD n_records)
{
    DWORD written = 0, read = 0;
    while (read < n_records) {
        while (written < n_records && put(r, written))
            written++;
        /* Not to the last one, so that the ring is used at every position. */
        for (DWORD stop = read + (written - read + 1) / 2; read < stop; read++)
            if (!get(r, read))
                return FALSE;
    }
    return r->head == r->tail;
}

/* Both views are one memory. The compiler takes them for two: where it can tell that two addresses
 * differ, only volatile keeps a read behind a write. */
static BOOL is_mirrored(const struct ring *r)
{
    volatile char *base = r->base;
    base[0] = 'a';
    base[2 * RING_SIZE - 1] = 'z';
    return base[RING_SIZE] == 'a' && base[RING_SIZE - 1] == 'z';
}

int main(void)
{
    struct ring r;
    if (!ring_create(&r)) {
        fprintf(stderr, "no ring buffer: error %lu\n", (unsigned long)GetLastError());
        return 1;
    }
    BOOL good = is_mirrored(&r) && run(&r, 20000);
    printf("%lu bytes went through %lu: %s\n", (unsigned long)r.head, (unsigned long)RING_SIZE,
           good ? "all as written" : "NOT as written");
    ring_destroy(&r);
    return good ? 0 : 1;
}
