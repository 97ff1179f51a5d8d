#!/usr/bin/env bash
# conformance_pe32.sh [WAY]: the conformance cases as 32-bit programs for Windows, under Wine: all as
# programs that are not large-address-aware (pe32, 2 GB), then those about layouts as
# large-address-aware ones (pe32laa, 4 GB).
set -u
: "${abs_top_srcdir:?}" "${abs_top_builddir:?}"
folder=$abs_top_builddir/compat-tests programs=
[ $# -gt 0 ] || set -- pe32 pe32laa
if [ ! -f "$folder/pe32/alloc.exe" ]; then
    echo "1..0 # SKIP no mingw-w64 for i686"
    exit 0
fi
export WVM_WINE=${WVM_WINE32:-} WVM_WINEPREFIX=$abs_top_builddir/wineprefix32
export COMPAT_RUNNER="sh $abs_top_srcdir/build-aux/wine-run" COMPAT_SUFFIX=.exe
if [ -z "$WVM_WINE" ] || ! $COMPAT_RUNNER "$folder/pe32/alloc.exe" -l 2>&1 | grep -q VA-001; then
    echo "1..0 # SKIP no 32-bit Wine"
    exit 0
fi
# shellcheck source=run-ways.inc
. "$abs_top_srcdir/compat-tests/run-ways.inc"
for way; do
    [ "$way" = pe32 ] || programs="layout sysinfo wow64 zerobits"
    run_way "$way" | sed -E "s/^((not )?ok)( -)? /\1 - $way: /"
done | number_all
