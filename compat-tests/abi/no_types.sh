#!/bin/sh
# WINVM_NO_TYPES: with a program's own types, and by itself after Wine's headers. See no_types.c.
# shellcheck source=SCRIPTDIR/common.inc
. "$(dirname "$0")/common.inc"
# shellcheck disable=SC2086
have $CC || skip "no C compiler"
have nm || skip "no nm"

wine=${WINE_INCLUDE:-/usr/include/wine/wine/windows}
names="GetLastError GetSystemInfo IsBadCodePtr NtAllocateVirtualMemory SetLastError VirtualAlloc
VirtualQuery"

# symbols PREFIX WHAT: the object refers to PREFIX with each name, and to winvm_commit_info.
symbols() {
    nm -u "$tmp/n.o" 2>/dev/null | sed -n 's/^ *U //p' |
        grep -E '^(winvm_|Get|Set|Is|Nt|Virtual)' | sort >"$tmp/symbols"
    { for name in $names; do echo "$1$name"; done; echo winvm_commit_info; } | sort >"$tmp/expected"
    cmp -s "$tmp/symbols" "$tmp/expected" || {
        fail "symbols: $2"
        diff "$tmp/expected" "$tmp/symbols"
    }
    rm -f "$tmp/n.o"
}

# each LANGUAGE COMPILER: the three uses with one compiler.
each() {
    language=$1
    # shellcheck disable=SC2086
    set -- $2 -x "$language" -c -o "$tmp/n.o"
    # shellcheck disable=SC2086
    compiles "own types" "$@" -Wall -Wextra -DOWN_TYPES $includes "$abi/no_types.c"
    symbols "" "own types, $*"
    # shellcheck disable=SC2086
    compiles "own types, ms" "$@" -Wall -DOWN_TYPES -DWINVM_ABI_MS $includes "$abi/no_types.c"
    symbols winvm_ms_ "own types, ms, $*"
    # shellcheck disable=SC2086
    if "$@" -DOWN_TYPES -DOWN_WIDE_DWORD $includes "$abi/no_types.c" 2>"$tmp/messages"; then
        fail "a 64-bit DWORD was accepted: $*"
    elif ! grep -q 'DWORD and ULONG have 32 bits' "$tmp/messages"; then
        fail "a 64-bit DWORD was refused for another reason: $*"
    fi
    [ -f "$wine/windows.h" ] || return 0
    # Wine's headers as a system folder: their own warnings are not of interest.
    # shellcheck disable=SC2086
    compiles "Wine's headers" "$@" -Wall -Wextra -isystem "$wine" $includes "$abi/no_types.c"
    symbols winvm_ms_ "Wine's headers, $*"
}

for cc in "$CC" clang; do
    # shellcheck disable=SC2086
    have $cc && each c "$cc"
done
for cxx in "$CXX" clang++; do
    # shellcheck disable=SC2086
    have $cxx && each c++ "$cxx"
done
finish
