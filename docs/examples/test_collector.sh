#!/usr/bin/env bash
# collector: with write watch, with faults, and without minor collections. TAP.
# shellcheck source=SCRIPTDIR/windows_ways.inc
. "$(dirname "$0")/windows_ways.inc"

for arguments in watch protect full; do
    windows_ways "$arguments" collector/gc.c collector/heap.c collector/main.c collector/world.c
done
finish
