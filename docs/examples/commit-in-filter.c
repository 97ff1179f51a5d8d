/* commit-in-filter: memory that is committed when it is touched.
 *
 * Reserves 80 pages and writes every byte of them, one try for each. The filter of the try sees the
 * access violation, commits the page and has the instruction run again. An ordinary Windows source:
 *
 *     cc -I$(pkg-config --variable=includedir winvm)/winvm/compat commit-in-filter.c -lwinvm
 *
 * Prints one line for the bytes written and the pages committed; exit status 0 when right. */
#include <windows.h>
#include <stdio.h>
#include <stdlib.h>

#define PAGES 80

static char *next_page;
static DWORD page_size, pages;

static LONG commit_next(DWORD code)
{
    LPVOID memory;
    if (code != EXCEPTION_ACCESS_VIOLATION || pages >= PAGES)
        return EXCEPTION_EXECUTE_HANDLER;
    memory = VirtualAlloc(next_page, page_size, MEM_COMMIT, PAGE_READWRITE);
    if (memory == NULL)
        return EXCEPTION_EXECUTE_HANDLER;
    pages++;
    next_page += page_size;
    return EXCEPTION_CONTINUE_EXECUTION;
}

/* One byte further there is nothing to commit: the filter gives up, the handler runs. */
static int touch_behind(char *end)
{
    __try {
        *end = 'a';
    } __except (commit_next(GetExceptionCode())) {
        return 1;
    }
    return 0;
}

static DWORD count_right(const char *base, DWORD size)
{
    DWORD i, right = 0;
    for (i = 0; i < size; i++)
        right += base[i] == 'a';
    return right;
}

int main(void)
{
    int handled;
    SYSTEM_INFO info;
    char *base;
    DWORD i, right;

    GetSystemInfo(&info);
    page_size = info.dwPageSize;
    base = VirtualAlloc(NULL, PAGES * page_size, MEM_RESERVE, PAGE_NOACCESS);
    if (base == NULL)
        return 2;
    next_page = base;
    for (i = 0; i < PAGES * page_size; i++) {
        __try {
            base[i] = 'a';
        } __except (commit_next(GetExceptionCode())) {
            fprintf(stderr, "exception at byte %u, error %u\n", i, GetLastError());
            return 3;
        }
    }
    right = count_right(base, PAGES * page_size);
    handled = touch_behind(base + PAGES * page_size);
    printf("%u bytes, %u pages, %d handled\n", right, pages, handled);
    if (!VirtualFree(base, 0, MEM_RELEASE))
        return 4;
    return right == PAGES * page_size && pages == PAGES && handled == 1 ? 0 : 1;
}
