#!/usr/bin/env bash
# same.c natively, in both conventions and with the archive, and under Wine: equal output. TAP.
# shellcheck source=SCRIPTDIR/../preload/common.inc
. "$(dirname "$0")/../preload/common.inc"

# build NAME FLAGS..: makes $tmp/NAME of same.c, runs it, leaves $tmp/NAME.out.
build() {
    name=$1
    shift
    # shellcheck disable=SC2086
    $CC -std=gnu11 -O1 -Wall -Wextra $includes "$here/same.c" "$@" -pthread -o "$tmp/$name" \
        >"$tmp/out" 2>"$tmp/err" && [ ! -s "$tmp/err" ]
    ok "$name: builds"
    "$tmp/$name" >"$tmp/$name.out" 2>"$tmp/err" </dev/null
    [ $? -eq 7 ]
    ok "$name: ends with its code"
}

build native "$libs/libwinvm-kit.so" "$libs/libwinvm.so" "-Wl,-rpath,$libs"
build "$other_abi" "$other_flag" "$libs/libwinvm-kit.so" "$libs/libwinvm.so" "-Wl,-rpath,$libs"
cmp -s "$tmp/native.out" "$tmp/$other_abi.out"
ok "the same in both conventions"
if [ -f "$libs/libwinvm-kit.a" ]; then
    build archive "$libs/libwinvm-kit.a" "$libs/libwinvm.a"
    cmp -s "$tmp/native.out" "$tmp/archive.out"
    ok "the same with the archive"
fi

if [ -z "${MINGW_CC:-}" ] || [ -z "${WVM_WINE:-}" ]; then
    skip "the same under Wine" "no MinGW compiler, or no Wine"
    finish
fi
"$MINGW_CC" -std=gnu11 -O1 -Wall -Wextra -Wno-cast-function-type -static -o "$tmp/same.exe" \
    "$here/same.c" -lsynchronization >"$tmp/out" 2>"$tmp/err"
ok "same.exe: builds"
bash "$top/build-aux/wine-run" "$tmp/same.exe" 2>/dev/null | tr -d '\r' >"$tmp/wine.out"
if [ "$other_abi" = cdecl ] && [ ! -s "$tmp/wine.out" ]; then
    skip "the same under Wine" "this Wine runs no 32-bit programs"
    finish
fi
tr -d '\r' <"$tmp/native.out" | diff - "$tmp/wine.out" >"$tmp/out"
ok "the same under Wine"
finish
