#!/usr/bin/env bash
# inline-hook: functions of the C library and of the program, hooked and unhooked; x86-64 code. TAP.
# shellcheck source=docs/examples/windows_ways.inc
. "$(dirname "$0")/windows_ways.inc"

if [ "$other_abi" = cdecl ]; then
    skip "inline-hook" "its decoder knows 64-bit code"
    finish
fi
windows_ways inline-hook inline-hook/decode.c inline-hook/hook.c inline-hook/main.c
finish
