#!/usr/bin/env bash
# jit: with code that is written and run at one address in turn, and at two addresses. TAP.
# shellcheck source=SCRIPTDIR/windows_ways.inc
. "$(dirname "$0")/windows_ways.inc"

sources="jit/code.c jit/compile.c jit/emit.c jit/main.c jit/run.c"
# shellcheck disable=SC2086
windows_ways jit $sources
# shellcheck disable=SC2034
arguments=twice
# shellcheck disable=SC2086
windows_ways twice $sources
finish
