#!/bin/sh
# One tracker in a process that also has libwinvm.so; a host allocator that takes its memory from
# VirtualAlloc and is called before any constructor.
# shellcheck source=SCRIPTDIR/common.inc
. "$(dirname "$0")/common.inc"

cat >"$tmp/slabs.c" <<'END'
#include <winvm/winvm.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
/* Prints the number of mappings without access of 1 GiB and more, and which objects are mapped. */
int main(void)
{
    char line[512];
    int n = 0;
    struct winvm_commit_info info;
    void *p = VirtualAlloc(NULL, 0x10000, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    winvm_commit_info(&info);
    FILE *f = fopen("/proc/self/maps", "r");
    while (f && fgets(line, sizeof line, f)) {
        unsigned long a, b;
        char prot[5];
        if (sscanf(line, "%lx-%lx %4s", &a, &b, prot) == 3 && b - a >= 1ul << 30 && strcmp(prot, "---p") == 0)
            n++;
        if (strstr(line, "r-xp") && strstr(line, "libwinvm"))
            printf("object %s", strrchr(line, '/'));
    }
    printf("slabs %d, committed %d\n", n, info.committed >= 0x10000);
    return p ? 0 : 1;
}
END
# shellcheck disable=SC2086
$CC $includes "$tmp/slabs.c" "$libs/libwinvm.so" "-Wl,-rpath,$libs" -o "$tmp/slabs"
try "$tmp/slabs"
grep '^slabs' "$tmp/out" >"$tmp/alone"
is_status 0 && out_has 'committed 1'
ok "linked"
try "$run" "$tmp/slabs"
is_status 0 && out_has libwinvm.so && out_has libwinvm-preload.so &&
    grep '^slabs' "$tmp/out" | diff - "$tmp/alone" >/dev/null
ok "linked and preloaded: one tracker, the other copy maps nothing"

cat >"$tmp/malloc.c" <<'END'
/* malloc from VirtualAlloc: never frees. */
#include <winvm/winvm.h>
#include <errno.h>
#include <pthread.h>
#include <string.h>
static pthread_mutex_t lock = PTHREAD_MUTEX_INITIALIZER;
static char *at, *end;
unsigned long taken;
void *memalign(size_t align, size_t len)
{
    pthread_mutex_lock(&lock);
    char *p = (char *)(((ULONG_PTR)at + align - 1) & ~(align - 1));
    if (!at || p + len > end) {
        size_t size = (len + align + 0xfffff) & ~(size_t)0xfffff;
        at = VirtualAlloc(NULL, size, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
        end = at + size;
        p = (char *)(((ULONG_PTR)at + align - 1) & ~(align - 1));
    }
    at = p + len;
    taken += len;
    pthread_mutex_unlock(&lock);
    return p;
}
void *malloc(size_t len)
{
    size_t *p = memalign(16, len + 16);
    *p = len;
    return p + 2;
}
void *calloc(size_t n, size_t len) { return malloc(n * len); }
void *aligned_alloc(size_t align, size_t len) { return memalign(align, len); }
int posix_memalign(void **out, size_t align, size_t len) { *out = memalign(align, len); return 0; }
void free(void *p) { (void)p; }
void *realloc(void *old, size_t len)
{
    void *p = malloc(len);
    if (old)
        memcpy(p, old, ((size_t *)old)[-2] < len ? ((size_t *)old)[-2] : len);
    return p;
}
END
# shellcheck disable=SC2086
$CC -O1 -w -shared -fPIC -fno-builtin $includes "$tmp/malloc.c" -o "$tmp/malloc.so" -pthread
# shellcheck disable=SC2086
$CC -DCALLS_WINVM $includes "$here/calls.c" $unresolved -o "$tmp/calls"
for order in "$libs/libwinvm-preload.so:$tmp/malloc.so" "$tmp/malloc.so:$libs/libwinvm-preload.so"; do
    # Not through winvm-run, which would get this malloc without a VirtualAlloc.
    try env -i LD_PRELOAD="$order" "$tmp/calls"
    is_status 42
    ok "host malloc that calls VirtualAlloc, preloaded: ${order##*/} last"
done
# shellcheck disable=SC2086
$CC -DCALLS_WINVM $includes "$here/calls.c" $unresolved "$tmp/malloc.so" "-Wl,-rpath,$tmp" -o "$tmp/calls"
try "$run" "$tmp/calls"
is_status 42
ok "host malloc in a needed library"
try "$run" --map --trace="$tmp/trace" "$tmp/calls"
is_status 42 && err_has '^address-space map'
ok "the same, traced and mapped"
finish
