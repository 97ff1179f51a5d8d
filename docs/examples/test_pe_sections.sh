#!/usr/bin/env bash
# pe-sections.c, unchanged: built with winvm's headers, with Wine's under winvm-run, and as a program
# for Windows. All must tell the same of the regions of an image.
set -u
: "${abs_top_srcdir:?} ${abs_top_builddir:?} ${CC:?}"
source=$abs_top_srcdir/docs/examples/pe-sections.c
program=$abs_top_builddir/docs/examples/pe-sections
# shellcheck source=build-aux/tap.inc
. "$abs_top_srcdir/build-aux/tap.inc"

"$program" "$source" "$work/absent" >"$work/out" 2>&1
status=$?
show "$work/out"
[ "$status" -eq 1 ] && grep -q 'no image, error 193' "$work/out" &&
    grep -q 'cannot be opened, error 2' "$work/out"
result $? "a file that is no image, and one that does not exist"

if [ -z "${MINGW_CC:-}" ]; then
    skip "pe-sections" "no mingw-w64 to make a PE file"
    echo "1..$n"
    exit 0
fi
"$MINGW_CC" -O2 -w -o "$work/pe-sections.exe" "$source" >"$work/log" 2>&1 || show "$work/log"
cp "$work/pe-sections.exe" "$work/other.exe"
"$program" "$work/other.exe" >"$work/native" 2>&1
result $? "pe-sections of its own program for Windows"
show "$work/native"
grep -q '00000000 00001000 READONLY  *headers$' "$work/native" &&
    grep -q ' EXECUTE_READ  *\.text' "$work/native"
result $? "headers are READONLY, .text is EXECUTE_READ"
grep -q 'was written: READWRITE now, still the old byte in another view' "$work/native"
result $? "a written page is the view's own"

if [ "${WVM_SANITIZER:-no}" != no ] || [ -z "${WINE_INCLUDE:-}" ]; then
    skip "pe-sections with Wine's headers" "no Wine headers, or a sanitizer"
else
    # shellcheck disable=SC2086  # a compiler may be several words
    $CC -O2 -w -DDECLSPEC_HIDDEN= -I"$abs_top_srcdir/include/winvm/wine" -isystem "$WINE_INCLUDE" \
        -o "$work/pe-sections" "$source" \
        -Wl,--export-dynamic -Wl,--unresolved-symbols=ignore-all >"$work/log" 2>&1 ||
        show "$work/log"
    "$abs_top_builddir/winvm-run" "$work/pe-sections" "$work/other.exe" >"$work/ms" 2>&1
    diff -u "$work/native" "$work/ms" >"$work/diff"
    status=$?
    show "$work/diff"
    result "$status" "with Wine's headers under winvm-run it prints the same"
fi
if [ -z "${WVM_WINE:-}" ]; then
    skip "pe-sections.exe" "no Wine"
else
    # Wine goes on saying WRITECOPY of a page that was written.
    (cd "$work" && bash "$abs_top_srcdir/build-aux/wine-run" pe-sections.exe other.exe) |
        tr -d '\r' | grep -v 'was written' >"$work/wine"
    grep -v 'was written' "$work/native" | diff -u "$work/wine" - >"$work/diff"
    status=$?
    show "$work/diff"
    result "$status" "native and Windows program print the same regions"
fi
echo "1..$n"
