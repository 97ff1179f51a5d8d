#!/bin/sh
# bench_windows.sh NATIVE PROGRAM.exe WINE-RUN: winvm against Wine, the same calls of the same source.
# Prints tab-separated: name, winvm : Wine, ns of winvm, ns of Wine.
set -eu
native=$1
program=$2
wine_run=$3
if [ -z "${WVM_WINE:-}" ]; then
    echo '# no Wine: nothing to compare with'
    exit 0
fi
dir=$(mktemp -d)
trap 'rm -rf "$dir"' EXIT
"$native" >"$dir/winvm"
sh "$wine_run" "$program" 2>/dev/null | tr -d '\r' >"$dir/wine"
printf '# name\twinvm : Wine\twinvm ns\tWine ns\n'
awk -F '\t' 'NR == FNR { winvm[$1] = $2; next }
    $1 in winvm { printf "%s\t%.3f\t%s\t%s\n", $1, winvm[$1] / $2, winvm[$1], $2 }' \
    "$dir/winvm" "$dir/wine"
