/* IsBadReadPtr and kin: whether memory can be accessed, asked of the page tables, not tried.
 *
 * I1  Nothing is touched, but the first guard page of a bad range loses its guard, as if it had
 *     been (IB-014).
 * I2  All bytes of the range count and no others (IB-019); a range of no bytes is never bad.
 * I3  System space is not for programs to ask about: it is bad, though they can access it.
 * The answer can be out of date when it arrives, as on Windows.
 * Locking: the space's, for a guard page. */
#include "api/api.h"
#include "base/arith.h"
#include "nt/nt.h"
#include "space/space_fault.h"
#include "space/space_system.h"

static BOOL is_bad(uintptr_t at, size_t len, bool write)
{
    if (len && len - 1 <= UINTPTR_MAX - at && wvm_space_is_system(&wvm_space_native, at, len))
        return TRUE;
    if (wvm_nt_accessible(at, len, write))
        return FALSE;
    uintptr_t top = wvm_nt_host_top();
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

BOOL wvm_IsBadHugeReadPtr(const VOID *at, UINT_PTR len)
{
    return is_bad((uintptr_t)at, len, false);
}

BOOL wvm_IsBadHugeWritePtr(LPVOID at, UINT_PTR len)
{
    return is_bad((uintptr_t)at, len, true);
}

/* ---- strings ---- */

enum { CHUNK = 256 };

/* How many characters of `unit` bytes to look at next, at most max: up to the end of the page,
 * since the string may end before the next one begins; but one at least. */
static size_t next_chars(uintptr_t at, UINT_PTR max, size_t unit)
{
    size_t room = wvm_min(CHUNK, WVM_PAGE_SIZE - at % WVM_PAGE_SIZE);
    return wvm_min(max, wvm_max(room / unit, 1));
}

static bool ends_in(const char *chunk, size_t n, size_t unit)
{
    for (size_t i = 0; i < n; i++)
        if (chunk[i * unit] == 0 && chunk[i * unit + unit - 1] == 0)
            return true;
    return false;
}

static BOOL is_bad_string(uintptr_t at, UINT_PTR max, size_t unit)
{
    char chunk[CHUNK];
    while (max > 0) {
        size_t n = next_chars(at, max, unit), done;
        struct wvm_nt_copy copy = {at, (uintptr_t)chunk, n * unit};
        if (wvm_nt_read((HANDLE)(intptr_t)-1, &copy, &done) < 0)
            return TRUE;
        if (ends_in(chunk, n, unit))
            return FALSE;
        at += n * unit;
        max -= n;
    }
    return FALSE;
}

BOOL wvm_IsBadStringPtrA(LPCSTR text, UINT_PTR max)
{
    return is_bad_string((uintptr_t)text, max, sizeof(char));
}

BOOL wvm_IsBadStringPtrW(LPCWSTR text, UINT_PTR max)
{
    return is_bad_string((uintptr_t)text, max, sizeof(WCHAR));
}
