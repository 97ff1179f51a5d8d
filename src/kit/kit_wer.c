/* Memory that is left out of the host's core files; the flags of reports.
 *
 * Terms   block = what a call registered, by its address. Pages are left out whole.
 * I1  A page is left out while a block that is registered touches it.
 * I2  Blocks are registered once for each address: registering it again replaces its size.
 * Locking: one lock for the blocks.   Failure: nothing changed.   Signal safety: none. */
#include <sys/mman.h>
#include <unistd.h>

#include "kit/kit.h"
#include "kit/kit_lock.h"

#define ALL_FLAGS 0x7fu

static struct wvm_kit_lock lock;
static struct {
    uintptr_t begin, end;
} blocks[WER_MAX_REGISTERED_ENTRIES]; /* lock; the first n_blocks */
static unsigned n_blocks;             /* lock */
static DWORD report_flags;

static uintptr_t page_of(uintptr_t address)
{
    return address & ~((uintptr_t)sysconf(_SC_PAGESIZE) - 1);
}

static bool is_touched(uintptr_t page, size_t size)
{
    for (unsigned i = 0; i < n_blocks; i++)
        if (blocks[i].begin < page + size && page < blocks[i].end)
            return true;
    return false;
}

/* Pages that no block touches any more are in core files again; memory that is gone is passed. */
static void take_back(uintptr_t begin, uintptr_t end)
{
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    for (uintptr_t page = page_of(begin); page < end; page += size)
        if (!is_touched(page, size))
            madvise((void *)page, size, MADV_DODUMP);
}

static unsigned find(uintptr_t begin)
{
    unsigned i = 0;
    while (i < n_blocks && blocks[i].begin != begin)
        i++;
    return i;
}

static HRESULT add(uintptr_t begin, uintptr_t end)
{
    unsigned i = find(begin);
    if (i == WER_MAX_REGISTERED_ENTRIES)
        return HRESULT_FROM_WIN32(ERROR_INSUFFICIENT_BUFFER);
    uintptr_t page = page_of(begin);
    if (madvise((void *)page, end - page, MADV_DONTDUMP) != 0) {
        take_back(begin, end);
        return HRESULT_FROM_WIN32(ERROR_INVALID_ADDRESS);
    }
    uintptr_t before = i < n_blocks ? blocks[i].end : end;
    blocks[i].begin = begin;
    blocks[i].end = end;
    n_blocks += i == n_blocks;
    if (before > end)
        take_back(end, before);
    return S_OK;
}

HRESULT wvm_kit_WerRegisterExcludedMemoryBlock(const void *address, DWORD size)
{
    uintptr_t begin = (uintptr_t)address;
    if (!address || size == 0 || begin + size < begin)
        return E_INVALIDARG;
    wvm_kit_lock(&lock);
    HRESULT result = add(begin, begin + size);
    wvm_kit_unlock(&lock);
    return result;
}

HRESULT wvm_kit_WerUnregisterExcludedMemoryBlock(const void *address)
{
    uintptr_t begin = (uintptr_t)address;
    if (!address)
        return E_INVALIDARG;
    wvm_kit_lock(&lock);
    unsigned i = find(begin);
    bool found = i < n_blocks;
    if (found) {
        uintptr_t end = blocks[i].end;
        blocks[i] = blocks[--n_blocks];
        take_back(begin, end);
    }
    wvm_kit_unlock(&lock);
    return found ? S_OK : HRESULT_FROM_WIN32(ERROR_NOT_FOUND);
}

HRESULT wvm_kit_WerSetFlags(DWORD flags)
{
    if (flags & ~ALL_FLAGS)
        return E_INVALIDARG;
    __atomic_store_n(&report_flags, flags, __ATOMIC_RELAXED);
    return S_OK;
}

HRESULT wvm_kit_WerGetFlags(HANDLE process, PDWORD flags)
{
    if (!flags || process != GetCurrentProcess())
        return E_INVALIDARG;
    *flags = __atomic_load_n(&report_flags, __ATOMIC_RELAXED);
    return S_OK;
}

#define WVM_KIT_WER
#define WVM_KIT_IN (WINVM_IN_KERNEL32 | WINVM_IN_KERNELBASE)
#include "kit/kit_entry.h"
