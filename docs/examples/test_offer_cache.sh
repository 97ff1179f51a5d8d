#!/usr/bin/env bash
# offer-cache.c: every use of a block finds the right data while nothing is short, while the program
# gives blocks up itself, and in a control group of this test's own with less memory than the cache:
# there offered blocks are taken and decoded again, and the program is not killed. And as a program
# for Windows: it builds, and runs where Wine has the calls.
set -u
: "${abs_top_srcdir:?} ${abs_top_builddir:?}"
program=$abs_top_builddir/docs/examples/offer-cache
# shellcheck source=build-aux/tap.inc
. "$abs_top_srcdir/build-aux/tap.inc"

all_right() {  # all_right NAME STATUS
    local status=$2
    grep -q 'all right$' "$work/out" || status=1
    [ "$status" -eq 0 ] || { show "$work/out"; show "$work/err"; }
    result "$status" "$1"
}

"$program" 32 60 >"$work/out" 2>"$work/err"
all_right "offer-cache" $?
"$program" --trim 32 60 >"$work/out" 2>"$work/err"
all_right "offer-cache --trim" $?
WINVM_OPTIONS=commit-limit=16m "$program" 256 60 >"$work/out" 2>"$work/err"
all_right "offer-cache that may commit a quarter of what it would" $?

# A group below the one we run in: version 1, then 2. $group and the file of its limit.
group=
make_group() {
    local path
    path=$(sed -n 's/^[0-9]*:memory://p' /proc/self/cgroup 2>/dev/null)
    group=/sys/fs/cgroup/memory${path%/}/winvm-example-$$ limit=memory.limit_in_bytes
    mkdir "$group" 2>/dev/null && [ -w "$group/$limit" ] && return 0
    rmdir "$group" 2>/dev/null
    path=$(sed -n 's/^0:://p' /proc/self/cgroup 2>/dev/null)
    group=/sys/fs/cgroup${path%/}/winvm-example-$$ limit=memory.max
    mkdir "$group" 2>/dev/null && [ -w "$group/$limit" ] && return 0
    rmdir "$group" 2>/dev/null
    group=
    return 1
}
# shellcheck disable=SC2329 # called by the trap
clean_up() {
    [ -z "$group" ] || rmdir "$group" 2>/dev/null
    rm -rf "$work"
}
trap clean_up EXIT

name="offer-cache with a third of the memory it could use"
if [ "${WVM_SANITIZER:-no}" != no ]; then
    skip "$name" "a sanitizer needs more memory than that"
elif ! make_group; then
    skip "$name" "no control group can be made here"
elif ! echo $((24 << 20)) >"$group/$limit" 2>/dev/null; then
    skip "$name" "the group takes no limit"
else
    # The limit of what may be committed would be that of the group, too.
    # shellcheck disable=SC2016 # for the inner shell
    WINVM_OPTIONS=commit-limit=1g \
        bash -c 'echo $$ >"$1/cgroup.procs" && shift && exec "$@"' bash "$group" \
        "$program" 256 600 >"$work/out" 2>"$work/err"
    all_right "$name" $?
    taken=$(sed -n 's/.*, \([0-9]*\) taken by the system.*/\1/p' "$work/out")
    [ "${taken:-0}" -gt 0 ]
    result $? "what the system took was decoded again (${taken:-none})"
fi

run_for_windows() {
    printf 'LIBRARY kernelbase.dll\nEXPORTS\nOfferVirtualMemory\nReclaimVirtualMemory\n' \
        >"$work/memory.def"
    "${MINGW_CC%gcc}dlltool" -d "$work/memory.def" -l "$work/memory.a" >"$work/log" 2>&1 &&
        "$MINGW_CC" -std=gnu11 -O2 -Wall -Wextra -Werror -static -o "$work/offer-cache.exe" \
            "$abs_top_srcdir/docs/examples/offer-cache.c" "$work/memory.a" >"$work/log" 2>&1
    local status=$?
    show "$work/log"
    result "$status" "offer-cache.exe: build"
    [ "$status" -eq 0 ] && [ -n "${WVM_WINE:-}" ] || return
    bash "$abs_top_srcdir/build-aux/wine-run" "$work/offer-cache.exe" 32 60 \
        >"$work/out" 2>"$work/err"
    status=$?
    if grep -q 'unimplemented function.*OfferVirtualMemory' "$work/out" "$work/err"; then
        skip "offer-cache.exe under Wine" "this Wine has no OfferVirtualMemory"
    else
        all_right "offer-cache.exe under Wine" "$status"
    fi
}
if [ -n "${MINGW_CC:-}" ]; then
    run_for_windows
else
    skip "offer-cache.exe" "no MinGW compiler"
fi
echo "1..$n"
