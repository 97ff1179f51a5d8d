#!/usr/bin/env bash
# run-native.sh FOLDER [PRELOAD [PROGRAMS]]: runs native programs of a folder, by default those of
# conformance, if asked with a preload object, and prints their results as one TAP stream.
# COMPAT_RUNNER, COMPAT_SUFFIX: what runs a program, and how the names of the programs end.
set -u
folder=$1 preload=${2:-} n=0 total=0 dead=0
areas=${3:-
    alloc alloc2 alloc_args badptr copy fault free guard layout lock placeholder placeholder_split
    placeholder_view pool_alloc pool_check pool_lookaside pool_probe pool_quota pool_special
    pool_tags protect query section_create section_flags section_image section_map section_names
    section_rights section_view stack sysinfo vectored view_copy view_extended view_file
    view_protect view_unmap watch wild wow64 ws_awe ws_counters ws_hints ws_large
    ws_query ws_size ws_status zerobits}

echo "TAP version 13"
for area in $areas; do
    # shellcheck disable=SC2086 # a command with arguments
    out=$(env ${preload:+LD_PRELOAD="$preload"} ${COMPAT_RUNNER:-} "$folder/$area${COMPAT_SUFFIX:-}")
    status=$?
    out=${out//$'\r'/}
    plan=$(sed -n 's/^1\.\.//p' <<<"$out")
    count=$(grep -cE '^(not )?ok ' <<<"$out")
    sed -n -E '/^(not )?ok |^#/p' <<<"$out" | awk -v n="$n" '
        { match($0, /^(not )?ok [0-9]+/) }
        RLENGTH > 0 { split(substr($0, 1, RLENGTH), w, " "); rest = substr($0, RLENGTH + 1)
                      print (w[1] == "not" ? "not ok " : "ok ") ++n rest; next }
        { print }'
    n=$((n + count)) total=$((total + count))
    if [ "$count" != "${plan:-0}" ] || [ "$count" -eq 0 ] || [ "$status" -gt 1 ]; then
        n=$((n + 1)) dead=$((dead + 1))
        echo "not ok $n - $area ended with status $status after $count of ${plan:-?} cases"
    fi
done
echo "1..$((total + dead))"
