#!/bin/sh
# The trace: the lines, the targets, both conventions, threads.
# shellcheck source=SCRIPTDIR/common.inc
. "$(dirname "$0")/common.inc"

cat >"$tmp/p.c" <<'END'
#include <winvm/winvm.h>
#include <pthread.h>
#include <stdint.h>
#include <errno.h>
#include <unistd.h>
static void *other(void *p)
{
    return VirtualFree(p, 0, MEM_RELEASE) ? p : NULL;
}
int main(int argc, char **argv)
{
    (void)argv;
    for (int fd = 3; argc > 1 && fd < 400; fd++)
        close(fd);
    char *p = VirtualAlloc(NULL, 0x10000, MEM_RESERVE | MEM_COMMIT, PAGE_READWRITE);
    errno = 55;
    VirtualAlloc(p, 0x1000, MEM_RESERVE, PAGE_READWRITE);
    if (errno != 55 || GetLastError() != 487)
        return 2;
    VirtualAlloc(NULL, 0, MEM_RESERVE, PAGE_GUARD | PAGE_READONLY);
    DWORD old;
    VirtualProtect(p, 0x1000, PAGE_READONLY, &old);
    VirtualProtect(p, 0x1000, PAGE_READONLY, (PDWORD)(uintptr_t)0x10);
    PVOID base = p;
    SIZE_T size = 0x1800;
    NtFreeVirtualMemory(GetCurrentProcess(), &base, &size, MEM_DECOMMIT);
    NtFreeVirtualMemory(GetCurrentProcess(), &base, &size, 0x77);
    GetModuleHandleA("kernel32");
    pthread_t t;
    pthread_create(&t, NULL, other, p);
    pthread_join(t, NULL);
    return 0;
}
END
for abi in $abis; do
    flags=
    [ "$abi" = "$plain_abi" ] || flags=$other_flag
    # shellcheck disable=SC2086
    $CC -O1 $flags $includes "$tmp/p.c" $unresolved -pthread -o "$tmp/p"
    try "$run" --trace "$tmp/p"
    is_status 0
    ok "$abi: last error and errno are the call's"
    while IFS= read -r line; do
        err_has "$line"
        ok "$abi: $line"
    done <<'END'
^VirtualAlloc\(NULL, 0x10000, MEM_RESERVE\|MEM_COMMIT, PAGE_READWRITE\) = 0x[0-9a-f]*0000$
^VirtualAlloc\(0x[0-9a-f]+, 0x1000, MEM_RESERVE, PAGE_READWRITE\) = NULL ERROR_INVALID_ADDRESS\(487\): .* 0x[0-9a-f]+$
^VirtualAlloc\(NULL, 0x0, MEM_RESERVE, PAGE_READONLY\|PAGE_GUARD\) = NULL ERROR_INVALID_PARAMETER\(87\)$
^VirtualProtect\(0x[0-9a-f]+, 0x1000, PAGE_READONLY, \[.*\] -> \[PAGE_READWRITE\]\) = TRUE$
^VirtualProtect\(0x[0-9a-f]+, 0x1000, PAGE_READONLY, 0x10\[\?\]\) = FALSE ERROR_NOACCESS\(998\)
^NtFreeVirtualMemory\(CURRENT_PROCESS, \[0x[0-9a-f]+\], \[0x1800\] -> \[0x2000\], MEM_DECOMMIT\) = STATUS_SUCCESS\(0x0\)$
^NtFreeVirtualMemory\(CURRENT_PROCESS, .*\|0x74\) = STATUS_INVALID_PARAMETER_4\(0xc00000f2\)$
^GetModuleHandleA\("kernel32"\) = 0x[0-9a-f]+$
^\[[0-9]+\] VirtualFree\(0x[0-9a-f]+, 0x0, MEM_RELEASE\) = TRUE$
END
done
lines=$(grep -c . "$tmp/err")
try "$run" --trace="$tmp/file" "$tmp/p"
is_status 0 && err_empty && [ "$(grep -c . "$tmp/file")" = "$lines" ]
ok "to a file"
try "$run" --trace="$tmp/file2" "$tmp/p" close
is_status 0 && err_empty && [ ! -s "$tmp/file2" ]
ok "a program that closes everything ends the trace and is not disturbed"
"$run" --trace=fd:7 "$tmp/p" 7>"$tmp/file3" 2>"$tmp/err"
[ "$(grep -c . "$tmp/file3")" = "$lines" ] && err_empty
ok "to a descriptor"
try "$run" --trace=/nonexistent/file "$tmp/p"
is_status 0 && [ "$(grep -c . "$tmp/err")" = 1 ] && err_has 'winvm: trace: /nonexistent/file'
ok "a target that cannot be opened is told once"
try "$run" "$tmp/p"
is_status 0 && err_empty
ok "off: silent"
finish
