#!/usr/bin/env bash
# The harness itself: a case that fails, a crash, a skip and a hang are each counted as what they are.
set -u
scripts=$(cd "$(dirname "$0")" && pwd)
work=$(mktemp -d) || exit 99
trap 'rm -rf "$work"' EXIT
n=0

# expect NAME "CASES" STATUS SHELL-TEXT: what tap-run makes of a program.
expect() {
    local name=$1 cases=$2 status=$3 got
    got=$(WVM_TEST_TIMEOUT=1 sh "$scripts/tap-run" sh -c "$4" prog 2>/dev/null)
    local rc=$?
    got=$(grep -E '^(not )?ok|^1\.\.' <<<"$got" | sed 's/ *-.*SKIP.*/ skip/; s/ *- .*//' | tr '\n' ';')
    n=$((n + 1))
    if [ "$got" = "$cases" ] && [ "$rc" -eq "$status" ]; then
        echo "ok $n - tap-run: $name"
    else
        echo "not ok $n - tap-run: $name: got '$got' and $rc, want '$cases' and $status"
    fi
}

# summary NAME "LINE" STATUS RESULT...: what test-summary makes of result files.
summary() {
    local name=$1 line=$2 status=$3 got rc
    shift 3
    printf ':test-result: %s\n' "$@" >"$work/one.trs"
    got=$(sh "$scripts/test-summary" "$work/one.trs" 2>/dev/null)
    rc=$?
    n=$((n + 1))
    if [ "$got" = "$line" ] && [ "$rc" -eq "$status" ]; then
        echo "ok $n - test-summary: $name"
    else
        echo "not ok $n - test-summary: $name: got '$got' and $rc"
    fi
}

expect "a plain program that passes" "ok 1;1..1;" 0 'exit 0'
expect "a plain program that fails" "not ok 1;1..1;" 0 'exit 3'
expect "a plain program that skips" "ok 1 skip;1..1;" 0 'exit 77'
expect "a TAP program that skips" "1..0 # SKIP why;" 0 'echo "1..0 # SKIP why"; exit 77'
expect "a plain program that hangs" "not ok 1;1..1;" 0 'sleep 30'
expect "a plain program that is killed" "not ok 1;1..1;" 0 "kill -s SEGV \$\$"
expect "failed cases are counted once" "ok 1;not ok 2;1..2;" 0 'echo ok 1; echo not ok 2; echo 1..2; exit 1'
expect "a failure after the last case" "ok 1;1..1;" 5 'echo ok 1; echo 1..1; exit 5'
expect "a crash after a failed case" "not ok 1;" 139 "echo not ok 1; kill -s SEGV \$\$"
expect "cases without a plan" "ok 1;" 99 'echo ok 1'
expect "carriage returns" "ok 1;1..1;" 0 'printf "ok 1\r\n1..1\r\n"'

# failures NAME "LINES": what test-failures prints of the tests one and two in $work, as one line.
failures() {
    local name=$1 want=$2 got
    got=$(cd "$work" && sh "$scripts/test-failures" one.trs two.trs 2>&1 | sed 's/^ *//' | tr '\n' ';')
    n=$((n + 1))
    if [ "$got" = "$want" ]; then
        echo "ok $n - test-failures: $name"
    else
        echo "not ok $n - test-failures: $name: got '$got'"
    fi
}

# log TEST LINE...
log() {
    printf '%s\n' "${@:2}" >"$work/$1.log"
    sed -n -E 's/^(PASS|FAIL|ERROR|SKIP): .*/:test-result: \1/p' "$work/$1.log" >"$work/$1.trs"
}

n=$((n + 1))
if sh "$scripts/tap-run" sh -c 'cat && [ -e /proc/self/fd/0 ]' prog <&- 2>&1 | grep -q '^ok 1'; then
    echo "ok $n - tap-run: a closed standard input"
else
    echo "not ok $n - tap-run: a closed standard input"
fi

summary "all kinds" "2 passed, 3 failed, 2 skipped" 1 PASS PASS FAIL XPASS ERROR SKIP XFAIL
summary "nothing failed" "1 passed, 0 failed, 1 skipped" 0 PASS SKIP

log one "ok 1 - a" "PASS: one 1 - a"
log two "ok 1 - b # SKIP" "SKIP: two 1 - b"
failures "nothing failed" ""
log two "ok 1 - b" "PASS: two 1 - b" "# why" "not ok 2 - c" "FAIL: two 2 - c" "1..2"
failures "a case with its reason" "FAIL: two 2 - c;two.log:;# why;not ok 2 - c;"
log one "ok 1 - a" "PASS: one 1 - a" "it crashes" "ERROR: one - exited with status 139"
failures "two tests, one of which broke off" "ERROR: one - exited with status 139;FAIL: two 2 - c;\
one.log:;it crashes;two.log:;# why;not ok 2 - c;"
rm "$work/two.trs"
failures "a test without a result" "ERROR: one - exited with status 139;ERROR: two: no result;\
one.log:;it crashes;two.log:;# why;not ok 2 - c;"
mapfile -t many < <(for i in {1..60}; do echo "# line $i"; done; for i in {1..60}; do echo "FAIL: one $i"; done)
log one "${many[@]}"
got=$(cd "$work" && sh "$scripts/test-failures" one.trs two.trs)
n=$((n + 1))
if [ "$(wc -l <<<"$got")" -le 40 ] && grep -qx '\.\.\. and 41 more' <<<"$got" && grep -q 'line 60$' <<<"$got"; then
    echo "ok $n - test-failures: no more than 40 lines"
else
    echo "not ok $n - test-failures: no more than 40 lines: got '$got'"
fi
echo "1..$n"
