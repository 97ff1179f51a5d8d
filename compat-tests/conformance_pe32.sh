#!/usr/bin/env bash
# The conformance cases as 32-bit programs for Windows, under Wine: those that are not
# large-address-aware (2 GB), then those of the layouts again as large-address-aware ones (4 GB).
set -u
: "${abs_top_srcdir:?}" "${abs_top_builddir:?}"
folder=$abs_top_builddir/compat-tests
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
exec bash "$abs_top_srcdir/compat-tests/run-native.sh" "$folder/${1:-pe32}" "" "${2:-}"
