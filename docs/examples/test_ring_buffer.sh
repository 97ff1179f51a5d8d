#!/usr/bin/env bash
# ring-buffer.c as a program for Windows: it builds, and runs where Wine has placeholders. (The
# native program is a test of its own.) MinGW has no import library for the two calls.
set -u
: "${abs_top_srcdir:?} ${abs_top_builddir:?}"
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT

if [ -z "${MINGW_CC:-}" ]; then
    echo "1..0 # SKIP no MinGW compiler"
    exit 77
fi
printf 'LIBRARY kernelbase.dll\nEXPORTS\nVirtualAlloc2\nMapViewOfFile3\n' >"$work/memory.def"
if "${MINGW_CC%gcc}dlltool" -d "$work/memory.def" -l "$work/memory.a" >"$work/log" 2>&1 &&
    "$MINGW_CC" -std=gnu11 -O2 -Wall -Wextra -Werror -static -o "$work/ring-buffer.exe" \
        "$abs_top_srcdir/docs/examples/ring-buffer.c" "$work/memory.a" >"$work/log" 2>&1; then
    echo "ok 1 - ring-buffer.exe: build"
else
    sed 's/^/# /' "$work/log"
    printf 'not ok 1 - ring-buffer.exe: build\n1..1\n'
    exit 1
fi

if [ -z "${WVM_WINE:-}" ]; then
    printf 'ok 2 - ring-buffer.exe # SKIP no Wine\n1..2\n'
    exit 0
fi
bash "$abs_top_srcdir/build-aux/wine-run" "$work/ring-buffer.exe" >"$work/out" 2>&1
status=$?
if [ "$status" -eq 0 ] && grep -q 'all as written' "$work/out"; then
    echo "ok 2 - ring-buffer.exe under Wine"
elif grep -q 'no ring buffer: error 87' "$work/out"; then
    status=0
    echo "ok 2 - ring-buffer.exe under Wine # SKIP this Wine has no placeholders"
else
    sed 's/^/# /' "$work/out"
    echo "not ok 2 - ring-buffer.exe under Wine"
fi
echo "1..2"
[ "$status" -eq 0 ]
