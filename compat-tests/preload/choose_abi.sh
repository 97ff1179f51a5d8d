#!/bin/sh
# winvm-run --abi=auto: each rule once, and that --abi overrides it.
# shellcheck source=SCRIPTDIR/common.inc
. "$(dirname "$0")/common.inc"

# chooses ABI WHY PROGRAM [ARGS..]
chooses() {
    abi=$1 why=$2
    shift 2
    try "$run" --opt diag=1 "$@"
    err_has "calling convention $abi: .*$why"
    ok "$why: $abi"
}

echo 'int main(void) { return 0; }' >"$tmp/plain.c"
# shellcheck disable=SC2086
$CC "$tmp/plain.c" -o "$tmp/plain" && chooses "$plain_abi" "calls no memory function" "$tmp/plain"
printf '#!%s\n' "$tmp/plain" >"$tmp/script"
chmod +x "$tmp/script"
chooses "$plain_abi" "script" "$tmp/script"
printf '#include <winvm/winvm.h>\nint main(void) { return 0; }\n' >"$tmp/note.c"
# shellcheck disable=SC2086
$CC $includes "$tmp/note.c" -o "$tmp/note" && chooses "$plain_abi" "note" "$tmp/note"
# shellcheck disable=SC2086
$CC $includes $other_flag "$tmp/note.c" -o "$tmp/note" && chooses "$other_abi" "note" "$tmp/note"
strip "$tmp/note" && chooses "$other_abi" "note" "$tmp/note"
# shellcheck disable=SC2086
$CC $includes $other_flag -c "$tmp/note.c" -o "$tmp/other_abi.o" &&
    echo '#include <winvm/winvm.h>
int other(void); int other(void) { return 1; }' >"$tmp/other.c" &&
    $CC $includes -c "$tmp/other.c" -o "$tmp/plain_abi.o" &&
    $CC "$tmp/other_abi.o" "$tmp/plain_abi.o" -o "$tmp/both" && chooses "$plain_abi" "note" "$tmp/both"
$CC "$tmp/plain.c" -Wl,--no-as-needed "$libs/$other_library" "-Wl,-rpath,$libs" -o "$tmp/needs" &&
    chooses "$other_abi" "linked with libwinvm-$other_abi" "$tmp/needs"
$CC "$tmp/plain.c" -Wl,--no-as-needed "$libs/libwinvm.so" "-Wl,-rpath,$libs" -o "$tmp/needs" &&
    chooses "$plain_abi" "linked with libwinvm" "$tmp/needs"
echo 'extern void *VirtualAlloc(); int main(int c, char **v) { (void)v; return c > 9 && VirtualAlloc(); }' \
    >"$tmp/import.c"
# shellcheck disable=SC2086
$CC -w "$tmp/import.c" $unresolved -o "$tmp/import" && chooses "$wine_abi" "calls VirtualAlloc" "$tmp/import"
strip "$tmp/import" && chooses "$wine_abi" "calls VirtualAlloc" "$tmp/import"

try "$run" --opt diag=1 --abi=$plain_abi "$tmp/import"
err_has "convention $plain_abi: --abi"
ok "--abi=$plain_abi overrides"
try "$run" --opt diag=1 --abi=$other_abi "$tmp/plain"
err_has "convention $other_abi: --abi" && err_has "$other_object\$"
ok "--abi=$other_abi overrides"
try "$run" "$tmp/plain"
is_status 0 && err_empty
ok "silent without diag"
try "$run" --abi=pascal "$tmp/plain"
is_status 125
ok "an unknown --abi is refused"
finish
