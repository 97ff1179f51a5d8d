/* mmap for Windows. */
#include <errno.h>
#include <io.h>
#include <windows.h>

#define PROT_READ 0x1
#define PROT_WRITE 0x2
#define PROT_EXEC 0x4
#define MAP_PRIVATE 0x02
#define MAP_ANONYMOUS 0x20
#define MAP_FAILED ((void *)-1)
#ifdef __USE_FILE_OFFSET64
#define DWORD_HI(x) ((DWORD)((x) >> 32))
#define DWORD_LO(x) ((DWORD)((x)&0xffffffff))
#else
#define DWORD_HI(x) ((DWORD)((ULONGLONG)(x) >> 32))
#define DWORD_LO(x) ((DWORD)(x))
#endif

void *shim_map(void *start, size_t length, int prot, int flags, int fd, __int64 offset)
{
    DWORD protect, access;
    HANDLE file = INVALID_HANDLE_VALUE, map;
    void *ret;
    if (!length || (prot & ~(PROT_READ | PROT_WRITE | PROT_EXEC))) {
        errno = EINVAL;
        return MAP_FAILED;
    }
    if (!(flags & MAP_ANONYMOUS)) {
        file = (HANDLE)_get_osfhandle(fd);
        if (file == INVALID_HANDLE_VALUE) {
            errno = EBADF;
            return MAP_FAILED;
        }
    }
    protect = (prot & PROT_WRITE) ? ((flags & MAP_PRIVATE) ? PAGE_WRITECOPY : PAGE_READWRITE)
                                  : PAGE_READONLY;
    access = (prot & PROT_WRITE) ? ((flags & MAP_PRIVATE) ? FILE_MAP_COPY : FILE_MAP_WRITE)
                                 : FILE_MAP_READ;
    map = CreateFileMapping(file, NULL, protect, DWORD_HI(offset + (__int64)length),
                            DWORD_LO(offset + (__int64)length), NULL);
    if (map == NULL) {
        errno = GetLastError() == ERROR_ACCESS_DENIED ? EACCES : EPERM;
        return MAP_FAILED;
    }
    ret = MapViewOfFileEx(map, access, DWORD_HI(offset), DWORD_LO(offset), length, start);
    CloseHandle(map);
    return ret ? ret : MAP_FAILED;
}

int shim_sync(void *at, size_t length)
{
    return FlushViewOfFile(at, length) ? 0 : (errno = EIO, -1);
}
