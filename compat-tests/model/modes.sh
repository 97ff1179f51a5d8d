#!/usr/bin/env bash
# The model test in based spaces, and in identity mode: alone, and with based spaces above it.
set -u
: "${abs_top_builddir:?is set by make check}"
n=0
run() {
    n=$((n + 1))
    if out=$(WINVM_OPTIONS=$1 "$abs_top_builddir/compat-tests/model/model" --place "$2" --seed "$3" \
        --count 3); then
        echo "ok $n - ${1:-default}: $2"
    else
        printf '%s\n' "$out" | sed 's/^/# /'
        echo "not ok $n - ${1:-default}: $2"
    fi
}

run wow64=2g slab 11
case ${WVM_HOST:?is set by make check} in x86_64*)
    run wow64=4g single 22
    run layout=8t slab 33
    run '' spaces 44
    run wow64=2g spaces 55
    run wow64=4g spaces 66
    ;;
esac
echo "1..$n"
