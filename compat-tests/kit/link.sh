#!/usr/bin/env bash
# A program that defines names of the kit itself: shared and static, it links, has its own functions
# where it calls them, and the kit has its. The archive brings only families that are used. TAP.
# shellcheck source=SCRIPTDIR/../preload/common.inc
. "$(dirname "$0")/../preload/common.inc"

printf '%s\n' "HeapAlloc: own" "LocalAlloc: kit" "LocalSize: 8" "EnterCriticalSection: own" \
    "TryEnterCriticalSection: 1" "GetCurrentThreadId: own" "own calls: 3" >"$tmp/own"
printf '%s\n' "HeapAlloc: kit" "LocalAlloc: kit" "LocalSize: 8" "EnterCriticalSection: kit" \
    "TryEnterCriticalSection: 1" "GetCurrentThreadId: kit" "own calls: 0" >"$tmp/kit"

# try_link NAME WANT FLAGS..
try_link() {
    name=$1 want=$2
    shift 2
    # shellcheck disable=SC2086
    $CC -std=gnu11 -O1 $includes "$here/link.c" "$@" -pthread -o "$tmp/program" >"$tmp/out" \
        2>"$tmp/err" && "$tmp/program" >"$tmp/out" 2>"$tmp/err" && cmp -s "$tmp/out" "$tmp/$want"
    ok "$name"
}

shared="$libs/libwinvm-kit.so $libs/libwinvm.so -Wl,-rpath,$libs"
archives="$libs/libwinvm-kit.a $libs/libwinvm.a"
# shellcheck disable=SC2086
try_link "shared, nothing of its own" kit $shared
# On i386 the plain names are those of the other convention.
# shellcheck disable=SC2086
[ "$plain_abi" = sysv ] && try_link "shared, its own functions" own -DOWN_NAMES $shared
if [ -f "$libs/libwinvm-kit.a" ]; then
    # shellcheck disable=SC2086
    try_link "static, nothing of its own" kit $archives
    # shellcheck disable=SC2086
    [ "$plain_abi" = sysv ] && try_link "static, its own functions" own -DOWN_NAMES $archives
    echo '#include <winvm/kit.h>
int main(void) { Sleep(0); return 0; }' >"$tmp/sleep.c"
    # shellcheck disable=SC2086
    $CC $includes "$tmp/sleep.c" $archives -pthread -o "$tmp/program" 2>"$tmp/err" &&
        nm "$tmp/program" | grep -q ' W Sleep$' &&
        ! nm "$tmp/program" | grep -qE ' (HeapAlloc|CreateThread|TlsAlloc)$'
    ok "the archive brings the family that is used, and no other"
fi
finish
