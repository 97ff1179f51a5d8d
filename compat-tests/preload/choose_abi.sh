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
$CC "$tmp/plain.c" -o "$tmp/plain" && chooses sysv "calls no memory function" "$tmp/plain"
printf '#!/bin/sh\nexit 0\n' >"$tmp/script"
chmod +x "$tmp/script"
chooses sysv "script" "$tmp/script"
printf '#include <winvm/winvm.h>\nint main(void) { return 0; }\n' >"$tmp/note.c"
# shellcheck disable=SC2086
$CC $includes "$tmp/note.c" -o "$tmp/note" && chooses sysv "note" "$tmp/note"
# shellcheck disable=SC2086
$CC $includes -DWINVM_ABI_MS "$tmp/note.c" -o "$tmp/note" && chooses ms "note" "$tmp/note"
strip "$tmp/note" && chooses ms "note" "$tmp/note"
# shellcheck disable=SC2086
$CC $includes -DWINVM_ABI_MS -c "$tmp/note.c" -o "$tmp/ms.o" &&
    echo '#include <winvm/winvm.h>
int other(void); int other(void) { return 1; }' >"$tmp/other.c" &&
    $CC $includes -c "$tmp/other.c" -o "$tmp/sysv.o" &&
    $CC "$tmp/ms.o" "$tmp/sysv.o" -o "$tmp/both" && chooses sysv "note" "$tmp/both"
$CC "$tmp/plain.c" -Wl,--no-as-needed "$libs/libwinvm-ms.so" "-Wl,-rpath,$libs" -o "$tmp/needs" &&
    chooses ms "linked with libwinvm-ms" "$tmp/needs"
$CC "$tmp/plain.c" -Wl,--no-as-needed "$libs/libwinvm.so" "-Wl,-rpath,$libs" -o "$tmp/needs" &&
    chooses sysv "linked with libwinvm" "$tmp/needs"
echo 'extern void *VirtualAlloc(); int main(int c, char **v) { (void)v; return c > 9 && VirtualAlloc(); }' \
    >"$tmp/import.c"
# shellcheck disable=SC2086
$CC -w "$tmp/import.c" $unresolved -o "$tmp/import" && chooses ms "calls VirtualAlloc" "$tmp/import"
strip "$tmp/import" && chooses ms "calls VirtualAlloc" "$tmp/import"

try "$run" --opt diag=1 --abi=sysv "$tmp/import"
err_has 'convention sysv: --abi'
ok "--abi=sysv overrides"
try "$run" --opt diag=1 --abi=ms "$tmp/plain"
err_has 'convention ms: --abi' && err_has 'libwinvm-preload-ms\.so$'
ok "--abi=ms overrides"
try "$run" "$tmp/plain"
is_status 0 && err_empty
ok "silent without diag"
try "$run" --abi=pascal "$tmp/plain"
is_status 125
ok "an unknown --abi is refused"
finish
