#!/bin/sh
# A program's handlers and masks under winvm: what it reads is what it would read without, and its
# own handlers of SIGSEGV hear of guard pages however they were installed.
# shellcheck source=SCRIPTDIR/common.inc
. "$(dirname "$0")/common.inc"

# shellcheck disable=SC2086
$CC -O1 -w "$here/signal_calls.c" $unresolved -pthread -o "$tmp/calls" || exit 99
timeout 60 "$tmp/calls" >"$tmp/native"
lines=$(grep -c . "$tmp/native")
[ "$lines" -gt 3000 ]
ok "without winvm: $lines lines"
for arguments in --abi=$plain_abi --abi=$other_abi "--abi=$plain_abi armed" \
    "--abi=$plain_abi exceptions"; do
    abi=${arguments%% *} armed=${arguments#"$abi"}
    # shellcheck disable=SC2086
    try "$run" $abi "$tmp/calls" $armed
    is_status 0 && [ "$(diff "$tmp/native" "$tmp/out" | tee "$tmp/err" | grep -c .)" = 0 ]
    ok "the same lines with $arguments"
done

for abi in $abis; do
    flags=
    [ "$abi" = "$plain_abi" ] || flags=$other_flag
    # shellcheck disable=SC2086
    $CC -O1 -w $flags $includes "$here/guard_signals.c" $unresolved -pthread -o "$tmp/guards"
    try "$run" "$tmp/guards"
    tap "$abi"
done

# Ignored signals stay ignored in what the program executes, handlers do not.
try "$run" bash -c 'trap "" USR1; trap : USR2; exec grep -E "^Sig(Ign|Cgt)" /proc/self/status'
ignored=$(sed -n 's/^SigIgn:[^0-9a-f]*//p' "$tmp/out") caught=$(sed -n 's/^SigCgt:[^0-9a-f]*//p' "$tmp/out")
[ $((0x$ignored & 0x200)) -ne 0 ] && [ $((0x$caught & 0x800)) -eq 0 ]
ok "across exec: ignored stays ignored, caught does not stay caught"
finish
