/* Files mapped by their descriptors. */
#ifndef _MSC_VER
#include <_mingw.h>
#endif
#include <windows.h>
#include <errno.h>
#include <io.h>
#include <stdint.h>
#include <sys/types.h>

typedef int64_t OffsetType;

static int map_error(const DWORD err)
{
    switch (err) {
    case 0: return 0;
    case ERROR_INVALID_HANDLE: return EBADF;
    case ERROR_ACCESS_DENIED: return EACCES;
    case ERROR_MAPPED_ALIGNMENT: return EINVAL;
    }
    return (int)err;
}

void *file_map(void *addr, size_t len, int fd, OffsetType off)
{
    const DWORD low = (DWORD)(off & 0xFFFFFFFFL), high = (DWORD)((off >> 32) & 0xFFFFFFFFL);
    HANDLE h = (HANDLE)_get_osfhandle(fd), fm;
    void *map;
    _lseek(fd, 0, SEEK_SET);
    if (_filelengthi64(fd) < off + (OffsetType)len && _chsize(fd, (long)(off + len))) return NULL;
    fm = CreateFileMapping(h, NULL, PAGE_READWRITE, 0, 0, NULL);
    map = fm ? MapViewOfFileEx(fm, FILE_MAP_WRITE, high, low, len, addr) : NULL;
    if (map == NULL) errno = map_error(GetLastError());
    if (fm != NULL) CloseHandle(fm);
    return map;
}

int file_sync(void *addr, size_t len, int fd)
{
    if (FlushViewOfFile(addr, len)) return _commit(fd);
    errno = map_error(GetLastError());
    return -1;
}
