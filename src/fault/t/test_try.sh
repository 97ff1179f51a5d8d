#!/bin/sh
# try_program.c, and the example commit-in-filter, by every compiler at hand and at several levels
# of optimisation: how a try addresses the variables of its function is the compiler's choice.
set -u
: "${abs_top_srcdir:?} ${abs_top_builddir:?} ${CC:?}"
tmp=$(mktemp -d) || exit 99
trap 'rm -rf "$tmp"' EXIT
case ${WVM_SANITIZER:-no} in
no) ;;
*) echo "1..0 # SKIP programs without the sanitizer" && exit 77 ;;
esac
include=$abs_top_srcdir/include
n=0

result() { # STATUS NAME
    n=$((n + 1))
    if [ "$1" -eq 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi
}

# one LANGUAGE INCLUDES SOURCE COMPILER FLAGS..: compiles without a message and runs.
one() {
    language=$1 includes=$2 source=$3
    shift 3
    # shellcheck disable=SC2086  # includes is a list of words
    "$@" -Wall -Wextra -Wshadow $includes "-I$abs_top_builddir/include" -x "$language" \
        "$abs_top_srcdir/$source" -x none "-L$abs_top_builddir/.libs" -lwinvm -lpthread \
        "-Wl,-rpath,$abs_top_builddir/.libs" -o "$tmp/program" >"$tmp/log" 2>&1 &&
        [ ! -s "$tmp/log" ] && timeout -s KILL 60 "$tmp/program" >"$tmp/log" 2>&1
    status=$?
    [ "$status" -eq 0 ] || sed 's/^/# /' "$tmp/log"
    result "$status" "${source##*/}: $*"
}

for compiler in "${CC%% *}" clang; do
    command -v "$compiler" >/dev/null 2>&1 || continue
    for level in -O0 -O1 -O2 "-O3 -fomit-frame-pointer" "-Os -fno-pie -no-pie"; do
        # shellcheck disable=SC2086
        one c "-I$include" src/fault/t/try_program.c "$compiler" -std=gnu11 $level
        # shellcheck disable=SC2086
        one c "-I$include" src/fault/t/try_program.c "$compiler" -std=gnu11 -DWINVM_ABI_MS $level
    done
    for level in -O0 -O2; do
        one c "-I$include/winvm/compat" docs/examples/commit-in-filter.c "$compiler" "$level"
    done
done
for compiler in "${CXX%% *}" clang++; do
    command -v "$compiler" >/dev/null 2>&1 || continue
    for level in -O0 -O2; do
        one c++ "-I$include" src/fault/t/try_program.c "$compiler" -std=c++17 "$level"
    done
done
echo "1..$n"
