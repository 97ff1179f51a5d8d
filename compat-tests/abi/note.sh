#!/bin/sh
# The ELF note: each object that includes a winvm header tells its calling convention, exactly once;
# the linked program has the notes in a PT_NOTE segment, also after --gc-sections and strip.
# shellcheck source=SCRIPTDIR/common.inc
. "$(dirname "$0")/common.inc"
# shellcheck disable=SC2086
have $CC || skip "no C compiler"
have readelf || skip "no readelf"
have strip || skip "no strip"

# notes FILE: the descriptors of the winvm notes, one a line.
notes() {
    readelf -nW "$1" 2>/dev/null | awk '
        /^  [^ ]/ { ours = ($1 == "winvm" && $2 == "0x00000004" && /0x00000001|NT_VERSION/) }
        ours && /description data:/ { sub(/.*description data: */, ""); sub(/ *$/, ""); print }'
}

# expect FILE TEXT WHAT
expect() {
    got=$(notes "$1" | tr '\n' ',')
    [ "$got" = "$2" ] || fail "$3: notes '$got', expected '$2'"
}

printf '#include <winvm/winvm.h>\n#include <winvm/abi.h>\nint one(void);\nint one(void) { return 1; }\n' \
    >"$tmp/one.c"
printf '#include <winvm/control.h>\nint main(void) { return 0; }\n' >"$tmp/two.c"
cp "$tmp/two.c" "$tmp/two.cc"

# The layout, byte for byte, on a little-endian machine.
case $(printf '\001\000' | od -An -tx2 | tr -d ' ') in
0001)
    # shellcheck disable=SC2086
    compiles note $CC $includes -c -o "$tmp/one.o" "$tmp/one.c"
    have objcopy && {
        objcopy -O binary -j .note.winvm "$tmp/one.o" "$tmp/note"
        got=$(od -An -v -tx1 "$tmp/note" | tr -d ' \n')
        [ "$got" = 06000000040000000100000077696e766d00000001000000 ] || fail "layout: $got"
    }
    sysv="01 00 00 00" ms="02 00 00 00"
    ;;
*) sysv="00 00 00 01" ms="00 00 00 02" ;;
esac

for cc in "$CC" clang; do
    # shellcheck disable=SC2086
    have $cc || continue
    for flags in "" "-O2 -g -ffunction-sections -fdata-sections" -std=c99; do
        # shellcheck disable=SC2086
        compiles note $cc -Wall $flags $includes -c -o "$tmp/one.o" "$tmp/one.c"
        expect "$tmp/one.o" "$sysv," "$cc $flags"
        # shellcheck disable=SC2086
        compiles note $cc -Wall $flags -DWINVM_ABI_MS $includes -c -o "$tmp/ms.o" "$tmp/one.c"
        expect "$tmp/ms.o" "$ms," "$cc $flags ms"
        # shellcheck disable=SC2086
        compiles note $cc -Wall $flags -DWINVM_NO_NOTE $includes -c -o "$tmp/none.o" "$tmp/one.c"
        expect "$tmp/none.o" "" "$cc $flags no note"
    done
    # shellcheck disable=SC2086
    compiles link $cc -Wl,--gc-sections -DWINVM_ABI_MS $includes "$tmp/none.o" "$tmp/two.c" \
        -o "$tmp/program"
    strip "$tmp/program"
    expect "$tmp/program" "$ms," "$cc program"
    readelf -lW "$tmp/program" | grep -q '\.note\.winvm' || fail "$cc: not in a segment"
    # shellcheck disable=SC2086
    compiles link $cc -Wl,--gc-sections -DWINVM_ABI_MS $includes "$tmp/one.o" "$tmp/two.c" \
        -o "$tmp/program"
    [ "$(notes "$tmp/program" | sort | tr '\n' ',')" = "$sysv,$ms," ] || fail "$cc: mixed program"
done
# shellcheck disable=SC2086
if have $CXX; then
    # shellcheck disable=SC2086
    compiles link $CXX -Wall $includes "$tmp/two.cc" -o "$tmp/program"
    expect "$tmp/program" "$sysv," "$CXX program"
fi
finish
