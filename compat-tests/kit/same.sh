#!/usr/bin/env bash
# same.c, same_files.c, same_names.c and same_program.c natively, in both conventions and with the archive, and
# under Wine: equal output. TAP.
# shellcheck source=SCRIPTDIR/../preload/common.inc
. "$(dirname "$0")/../preload/common.inc"

# build NAME FLAGS..: makes $tmp/NAME of $program.c, runs it, leaves $tmp/NAME.out.
build() {
    name=$1
    shift
    # shellcheck disable=SC2086
    $CC -std=gnu11 -O1 -Wall -Wextra $includes "$here/$program.c" "$@" -pthread -o "$tmp/$name" \
        >"$tmp/out" 2>"$tmp/err" && [ ! -s "$tmp/err" ]
    ok "$program, $name: builds"
    "$tmp/$name" >"$tmp/$name.out" 2>"$tmp/err" </dev/null
    [ $? -eq 7 ]
    ok "$program, $name: ends with its code"
}

compare() {
    program=$1
    build native "$libs/libwinvm-kit.so" "$libs/libwinvm.so" "-Wl,-rpath,$libs"
    build "$other_abi" "$other_flag" "$libs/libwinvm-kit.so" "$libs/libwinvm.so" "-Wl,-rpath,$libs"
    cmp -s "$tmp/native.out" "$tmp/$other_abi.out"
    ok "$program: the same in both conventions"
    if [ -f "$libs/libwinvm-kit.a" ]; then
        build archive "$libs/libwinvm-kit.a" "$libs/libwinvm.a"
        cmp -s "$tmp/native.out" "$tmp/archive.out"
        ok "$program: the same with the archive"
    fi

    if [ -z "${MINGW_CC:-}" ] || [ -z "${WVM_WINE:-}" ]; then
        skip "$program: the same under Wine" "no MinGW compiler, or no Wine"
        return
    fi
    "$MINGW_CC" -std=gnu11 -O1 -Wall -Wextra -Wno-cast-function-type -static -o "$tmp/$program.exe" \
        "$here/$program.c" -lsynchronization -lbcrypt >"$tmp/out" 2>"$tmp/err"
    ok "$program.exe: builds"
    bash "$top/build-aux/wine-run" "$tmp/$program.exe" 2>/dev/null | tr -d '\r' >"$tmp/wine.out"
    if [ "$other_abi" = cdecl ] && [ ! -s "$tmp/wine.out" ]; then
        skip "$program: the same under Wine" "this Wine runs no 32-bit programs"
        return
    fi
    tr -d '\r' <"$tmp/native.out" | diff - "$tmp/wine.out" >"$tmp/out"
    ok "$program: the same under Wine"
}

compare same
compare same_files
compare same_names
compare same_program
finish
