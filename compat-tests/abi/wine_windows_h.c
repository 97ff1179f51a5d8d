/* A Windows source for include/winvm/wine: __cdecl functions that libc calls, plain symbols. */
#include <windows.h>
#include <stdlib.h>

static int __cdecl order(const void *a, const void *b)
{
    return *(const int *)a - *(const int *)b;
}

static LPVOID volatile memory;

int __cdecl main(int argc, char **argv)
{
    int numbers[] = {3, 1, 2};
    if (argc > 1 && argv[1][0] == 'a')
        memory = VirtualAlloc(NULL, 1, MEM_COMMIT, PAGE_READWRITE);
    qsort(numbers, 3, sizeof(numbers[0]), order);
    return numbers[0] == 1 && numbers[1] == 2 && numbers[2] == 3 ? 0 : 1;
}
