#!/usr/bin/env bash
# The driver of block-cache/ in user mode: as it is; with every single allocation of it refused in
# turn; with some refused by chance; in special pool. It must always end in order and leave nothing.
set -u
: "${abs_top_srcdir:?} ${abs_top_builddir:?}"
program=$abs_top_builddir/docs/examples/block-cache/block-cache
# shellcheck source=build-aux/tap.inc
. "$abs_top_srcdir/build-aux/tap.inc"
base=${WINVM_OPTIONS:+$WINVM_OPTIONS:}
few=40 # requests of each client, in runs of which there are many

# run OPTION REQUESTS: the program's status; its words are in $work/out.
run() {
    WINVM_OPTIONS=$base$1 "$program" "$2" >"$work/out" 2>&1
}

# ended STATUS: did it end in order, with everything given back?
ended() {
    { [ "$1" -eq 0 ] || [ "$1" -eq 3 ]; } && grep -q '^all as written, nothing left' "$work/out"
}

run "" 3000
status=$?
[ "$status" -eq 0 ] && ended "$status"
result $? "9000 requests"
[ "$status" -eq 0 ] || show "$work/out"

run "" "$few"
count=$(sed -n 's/^\([0-9]*\) allocations$/\1/p' "$work/out")
[ "${count:-0}" -gt 60 ]
result $? "a short run allocates ${count:-no} times"

bad=0 told=0
for ((i = 1; i <= ${count:-0}; i++)); do
    run "fail=nth=$i" "$few"
    status=$?
    [ "$status" -ne 3 ] || told=$((told + 1))
    ended "$status" && continue
    echo "# allocation $i refused: status $status"
    show "$work/out"
    bad=$((bad + 1))
done
result "$bad" "each of them refused in turn"
run "fail=nth=1" "$few"
[ $? -eq 3 ] && grep -q '^no cache: status 0xC000009A' "$work/out"
result $? "the first one refused: there is no cache, the error says why"
run "fail=nth=2" "$few"
[ $? -eq 3 ] && grep -q '^no cache: status 0xC000009A' "$work/out"
result $? "the second one: likewise"
[ "$told" -gt 2 ]
result $? "requests are refused too: $told runs told of an error"

bad=0
for ((i = 1; i <= 12; i++)); do
    run "fail=percent=$((i * 5)),after=2,seed=$i" 300
    status=$?
    ended "$status" && continue
    echo "# $((i * 5)) of a hundred refused: status $status"
    show "$work/out"
    bad=$((bad + 1))
done
result "$bad" "5 to 60 of a hundred refused"
for rules in all start percent=30,seed=7; do
    run "special=$rules" 300
    status=$?
    [ "$status" -eq 0 ] && ended "$status"
    result $? "in special pool, $rules"
    [ "$status" -eq 0 ] || show "$work/out"
done
echo "1..$n"
