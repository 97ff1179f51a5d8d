#!/usr/bin/env bash
# allocator: with all that the system offers, and with VirtualAlloc only. TAP.
# shellcheck source=SCRIPTDIR/windows_ways.inc
. "$(dirname "$0")/windows_ways.inc"

mingw_libraries=-lpsapi
sources="allocator/alloc.c allocator/main.c allocator/os.c allocator/slabs.c"
# shellcheck disable=SC2086
windows_ways allocator $sources
# shellcheck disable=SC2034
arguments=plain
# shellcheck disable=SC2086
windows_ways plain $sources
finish
