/* IsBadReadPtr and kin: whether memory can be accessed, asked of the page tables, never tried.
 *
 * I1  Nothing is touched and no guard page is consumed; Windows' functions do both (IB-014,
 * IB-016).
 * I2  All bytes of the range count and no others (IB-019); a range of no bytes is never bad.
 * The answer can be out of date when it arrives, as on Windows.
 * Locking: none. */
#include <string.h>

#include "api/api.h"
#include "base/arith.h"
#include "nt/nt.h"

BOOL wvm_IsBadReadPtr(const VOID *at, UINT_PTR len)
{
    return !wvm_nt_accessible((uintptr_t)at, len, false);
}

BOOL wvm_IsBadWritePtr(LPVOID at, UINT_PTR len)
{
    return !wvm_nt_accessible((uintptr_t)at, len, true);
}

BOOL wvm_IsBadCodePtr(FARPROC at)
{
    return !wvm_nt_accessible((uintptr_t)at, 1, false);
}

BOOL wvm_IsBadStringPtrA(LPCSTR text, UINT_PTR max)
{
    char chunk[256];
    uintptr_t at = (uintptr_t)text;
    while (max > 0) {
        /* Up to the end of the page: the string may end before the next one begins. */
        size_t len = wvm_min(wvm_min(max, sizeof chunk), WVM_PAGE_SIZE - at % WVM_PAGE_SIZE);
        struct wvm_nt_copy copy = {at, (uintptr_t)chunk, len};
        size_t done;
        if (wvm_nt_read((HANDLE)(intptr_t)-1, &copy, &done) < 0)
            return TRUE;
        if (memchr(chunk, '\0', len))
            return FALSE;
        at += len;
        max -= len;
    }
    return FALSE;
}
