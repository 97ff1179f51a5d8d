/* A barrier in every thread of the process.
 *
 * I1  When FlushProcessWriteBuffers returns, each thread that ran meanwhile has passed a full
 *     barrier: the host's membarrier, or, where the host has none, a change of a page's protection,
 *     which the host tells every processor that runs the process.
 * Locking: none.   Failure: none.   Signal safety: yes. */
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "base/annotate.h"
#include "kit/kit.h"

/* Commands of membarrier, by the kernel's numbers. */
enum { GLOBAL = 1 << 0, EXPEDITED = 1 << 3, REGISTER_EXPEDITED = 1 << 4 };

static int membarrier(int command)
{
#if defined(SYS_membarrier)
    return (int)syscall(SYS_membarrier, command, 0, 0);
#else
    (void)command;
    return -1;
#endif
}

static void change_page(void)
{
    size_t size = (size_t)sysconf(_SC_PAGESIZE);
    char *page = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    if (page == MAP_FAILED)
        return;
    *(volatile char *)page = 1; /* present and changed, so that it must be told */
    mprotect(page, size, PROT_READ);
    munmap(page, size);
}

VOID wvm_kit_FlushProcessWriteBuffers(VOID)
{
    __atomic_thread_fence(__ATOMIC_SEQ_CST);
    if (membarrier(EXPEDITED) != 0 &&
        (membarrier(REGISTER_EXPEDITED) != 0 || membarrier(EXPEDITED) != 0) &&
        membarrier(GLOBAL) != 0)
        change_page();
}

#define WVM_KIT_FLUSH
#include "kit/kit_entry.h"
