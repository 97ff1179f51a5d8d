#!/usr/bin/env bash
# 32-bit pointers in C and C++: ptr32.c and ptr32.cc compile without a message in every dialect and
# compiler at hand, and do what they should. No library is needed.
# Environment: CC, CXX, WINVM_INCLUDES, abs_top_srcdir.
set -u
here=${abs_top_srcdir:?}/compat-tests/spaces
# shellcheck source=build-aux/tap.inc
. "$abs_top_srcdir/build-aux/tap.inc"
warnings="-Wall -Wextra -Wpedantic -Wshadow"

# try SOURCE COMMAND..
try() {
    source=$1
    shift
    what="${source##*/} with $*"
    # shellcheck disable=SC2086  # lists of words
    if ! "$@" $warnings "-I$abs_top_srcdir/include" ${WINVM_INCLUDES-} -o "$work/program" \
        "$source" -pthread >"$work/messages" 2>&1 || [ -s "$work/messages" ]; then
        show "$work/messages"
        result 1 "$what: no messages"
        return
    fi
    "$work/program" >"$work/out"
    status=$?
    show "$work/out"
    if [ "$status" -eq 77 ]; then
        skip "$what" "no room for windows"
    else
        result "$status" "$what"
    fi
}

for cc in "${CC:-cc}" clang; do
    if ! command -v "${cc%% *}" >/dev/null 2>&1; then
        skip "$cc" "not installed"
        continue
    fi
    for std in gnu99 gnu11; do
        for level in -O0 -O2; do
            # shellcheck disable=SC2086
            try "$here/ptr32.c" $cc -std=$std $level
        done
    done
done
for cxx in "${CXX:-c++}" clang++; do
    if ! command -v "${cxx%% *}" >/dev/null 2>&1; then
        skip "$cxx" "not installed"
        continue
    fi
    for std in c++11 c++14 c++17 c++20; do
        # shellcheck disable=SC2086
        try "$here/ptr32.cc" $cxx -std=$std -O2
    done
    # shellcheck disable=SC2086
    try "$here/ptr32.cc" $cxx -std=c++11 -O0
done
echo "1..$n"
