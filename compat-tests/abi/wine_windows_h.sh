#!/bin/sh
# include/winvm/wine in front of Wine's headers: plain symbols that the linker leaves open, __cdecl
# functions that libc can call, and the ms_abi note.
# shellcheck source=SCRIPTDIR/common.inc
. "$(dirname "$0")/common.inc"
# shellcheck disable=SC2086
have $CC || skip "no C compiler"
have readelf || skip "no readelf"
wine=${WINE_INCLUDE:-/usr/include/wine/wine/windows}
[ -f "$wine/windows.h" ] || skip "no Wine headers"

for cc in "$CC" clang; do
    # shellcheck disable=SC2086
    have $cc || continue
    # shellcheck disable=SC2086
    compiles wine/windows.h $cc -Wall -Wextra -O1 "-I$top/include/winvm/wine" -isystem "$wine" \
        "$abi/wine_windows_h.c" -o "$tmp/program" \
        -Wl,--export-dynamic -Wl,--unresolved-symbols=ignore-all
    "$tmp/program" || fail "$cc: __cdecl functions"
    readelf --dyn-syms -W "$tmp/program" | grep -q 'DEFAULT  UND VirtualAlloc$' ||
        fail "$cc: VirtualAlloc is not a dynamic symbol"
    for native in '' winternl.h; do
        printf '#include <windows.h>\n%s\n#include <winvm/winvm.h>\nint main(void) { return 0; }\n' \
            "${native:+#include <$native>}" >"$tmp/after.c"
        # shellcheck disable=SC2086
        compiles "winvm.h after windows.h $native" $cc -Wall -c -DDECLSPEC_HIDDEN= $includes \
            -isystem "$wine" "$tmp/after.c" -o "$tmp/after.o"
    done
    readelf -nW "$tmp/program" | grep -A1 '^  winvm ' | grep -q '02 00 00 00' || fail "$cc: no note"
done
finish
