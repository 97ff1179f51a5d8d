#!/usr/bin/env bash
# awe-table.c: a table larger than its window, natively, in 32-bit layouts and, where the machine has
# that much memory to spare, one of 6 GiB (AWE_TABLE=full asks for it); and it builds for Windows.
set -u
: "${abs_top_srcdir:?} ${abs_top_builddir:?}"
table=$abs_top_builddir/docs/examples/awe-table
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
n=0 failed=0

# run NAME OPTIONS ARGUMENTS...: with winvm's options.
run() {
    local name=$1 options=$2 status
    shift 2
    n=$((n + 1))
    WINVM_OPTIONS=$options "$table" "$@" >"$work/out" 2>&1
    status=$?
    if [ "$status" -eq 77 ]; then
        echo "ok $n - $name # SKIP $(cat "$work/out")"
    elif [ "$status" -eq 0 ] && grep -q 'all as written' "$work/out"; then
        echo "ok $n - $name"
    else
        sed 's/^/# /' "$work/out"
        echo "not ok $n - $name"
        failed=1
    fi
}

run "64 MiB through 4 MiB" "" 64 4
run "the last part of the window stays empty" "" 33 8
if [ "${WVM_OTHER_ABI:-ms}" != cdecl ]; then
    run "a 32-bit layout of 2 GB" wow64=2g 64 4
    run "addresses below 4 GiB" wow64=4g 64 4
fi
if [ "${AWE_TABLE:-}" = full ]; then
    run "6 GiB through 64 MiB" "" 6144 64
    [ "${WVM_OTHER_ABI:-ms}" = cdecl ] || run "6 GiB in a 32-bit layout" wow64=2g 6144 64
fi

n=$((n + 1))
if [ -z "${MINGW_CC:-}" ]; then
    echo "ok $n - awe-table.exe # SKIP no MinGW compiler"
elif "$MINGW_CC" -std=gnu11 -O2 -Wall -Wextra -Werror -static -o "$work/awe-table.exe" \
    "$abs_top_srcdir/docs/examples/awe-table.c" >"$work/log" 2>&1; then
    echo "ok $n - awe-table.exe: build"
else
    sed 's/^/# /' "$work/log"
    echo "not ok $n - awe-table.exe: build"
    failed=1
fi
echo "1..$n"
[ "$failed" -eq 0 ]
