#!/bin/sh
# try_program.c, and the example commit-in-filter, by every compiler at hand and at several levels
# of optimisation: how a try addresses the variables of its function is the compiler's choice.
set -u
: "${abs_top_srcdir:?} ${abs_top_builddir:?} ${CC:?}"
case ${WVM_SANITIZER:-no} in
no) ;;
*) echo "1..0 # SKIP programs without the sanitizer" && exit 77 ;;
esac
include=$abs_top_srcdir/include
# shellcheck source=build-aux/tap.inc
. "$abs_top_srcdir/build-aux/tap.inc"

case $CC in *-m32*) machine=-m32 ;; *) machine= ;; esac
[ "${WVM_OTHER_ABI:-ms}" = ms ] && other=-DWINVM_ABI_MS || other=-DWINVM_ABI_CDECL

# one LANGUAGE INCLUDES SOURCE COMPILER FLAGS..: compiles without a message and runs.
one() {
    language=$1 includes=$2 source=$3
    shift 3
    # shellcheck disable=SC2086  # includes is a list of words, machine may be nothing
    "$@" $machine -Wall -Wextra -Wshadow $includes "-I$abs_top_builddir/include" -x "$language" \
        "$abs_top_srcdir/$source" -x none "-L$abs_top_builddir/.libs" -lwinvm -lpthread \
        "-Wl,-rpath,$abs_top_builddir/.libs" -o "$work/program" >"$work/log" 2>&1 &&
        [ ! -s "$work/log" ] && timeout -s KILL 60 "$work/program" >"$work/log" 2>&1
    status=$?
    [ "$status" -eq 0 ] || show "$work/log"
    result "$status" "${source##*/}: $*"
}

for compiler in "${CC%% *}" clang; do
    command -v "$compiler" >/dev/null 2>&1 || continue
    for level in -O0 -O1 -O2 "-O3 -fomit-frame-pointer" "-Os -fno-pie -no-pie"; do
        # shellcheck disable=SC2086
        one c "-I$include" src/fault/t/try_program.c "$compiler" -std=gnu11 $level
        # shellcheck disable=SC2086
        one c "-I$include" src/fault/t/try_program.c "$compiler" -std=gnu11 "$other" $level
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
