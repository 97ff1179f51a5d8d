/* The layout of the program's own space.
 *
 * Owns     wvm_layout.
 * I1       wvm_layout.top is what VirtualQuery, VirtualAlloc and GetSystemInfo agree on.
 * Locking  none: decided before a second thread exists.   Signal safety  reading it. */
#include "space/space_layout.h"

/* Windows keeps the last 64 KiB below the kernel's half free. */
#define TOP_128T UINT64_C(0x7fffffff0000)
#define TOP_4G UINT64_C(0xffff0000)

struct wvm_layout wvm_layout = {
    .top = TOP_128T,
    .native_top = TOP_128T,
    .emulated_top = TOP_4G,
};

void wvm_layout_init(void)
{
}
