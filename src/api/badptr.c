/* IsBadReadPtr and kin: whether memory can be accessed, asked of the page tables, not tried.
 *
 * I1  Nothing is touched, but the first guard page of a bad range loses its guard, as if it had
 *     been (IB-014).
 * I2  All bytes of the range count and no others (IB-019); a range of no bytes is never bad.
 * The answer can be out of date when it arrives, as on Windows.
 * Locking: the space's, for a guard page. */
#include <string.h>

#include "api/api.h"
#include "base/arith.h"
#include "nt/nt.h"
#include "space/space_fault.h"

static BOOL is_bad(uintptr_t at, size_t len, bool write)
{
    if (wvm_nt_accessible(at, len, write))
        return FALSE;
    uintptr_t top = wvm_nt_top();
    if (at < top && len <= top - at)
        (void)!wvm_space_ready(&wvm_space_native, wvm_align_down(at, WVM_PAGE_SIZE),
                               wvm_align_up(at + len, WVM_PAGE_SIZE), false);
    return TRUE;
}

BOOL wvm_IsBadReadPtr(const VOID *at, UINT_PTR len)
{
    return is_bad((uintptr_t)at, len, false);
}

BOOL wvm_IsBadWritePtr(LPVOID at, UINT_PTR len)
{
    return is_bad((uintptr_t)at, len, true);
}

BOOL wvm_IsBadCodePtr(FARPROC at)
{
    return is_bad((uintptr_t)at, 1, false);
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
