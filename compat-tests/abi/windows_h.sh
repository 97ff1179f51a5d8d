#!/bin/sh
# An unmodified Windows source compiles with include/winvm/compat on the include path, in C and C++,
# and refers to Foo (SysV) or, with WINVM_ABI_MS, to winvm_ms_Foo.
# shellcheck source=SCRIPTDIR/common.inc
. "$(dirname "$0")/common.inc"
# shellcheck disable=SC2086
have $CC || skip "no C compiler"
have nm || skip "no nm"

search="-I$top/include/winvm/compat ${includes#* }"
wanted="GetCurrentProcess GetLastError GetModuleHandleA GetProcAddress GetSystemInfo VirtualAlloc
VirtualFree VirtualQueryEx"

# check PREFIX COMMAND..
check() {
    prefix=$1
    shift
    # shellcheck disable=SC2086
    compiles windows_h.c "$@" -Wall -Wextra $search -c -o "$tmp/w.o"
    nm -u "$tmp/w.o" 2>/dev/null | sed -n 's/^ *U //p' | grep -E '^(winvm_|Get|Virtual)' | sort \
        >"$tmp/symbols"
    for name in $wanted; do echo "$prefix$name"; done | sort >"$tmp/expected"
    cmp -s "$tmp/symbols" "$tmp/expected" || {
        fail "symbols of $*"
        diff "$tmp/expected" "$tmp/symbols"
    }
    rm -f "$tmp/w.o"
}

for cc in "$CC" clang; do
    # shellcheck disable=SC2086
    have $cc || continue
    # shellcheck disable=SC2086
    check "" $cc "$abi/windows_h.c"
    # shellcheck disable=SC2086
    check winvm_ms_ $cc -DWINVM_ABI_MS "$abi/windows_h.c"
done
for cxx in "$CXX" clang++; do
    # shellcheck disable=SC2086
    have $cxx || continue
    # shellcheck disable=SC2086
    check "" $cxx -x c++ "$abi/windows_h.c"
    # shellcheck disable=SC2086
    check winvm_ms_ $cxx -DWINVM_ABI_MS -x c++ "$abi/windows_h.c"
done
finish
