#!/bin/sh
# Living beside a program's own platform layer: in a shared library and in the executable, in either
# calling convention, optimised and not.
# shellcheck source=SCRIPTDIR/common.inc
. "$(dirname "$0")/common.inc"

for abi in $abis; do
    for opt in -O0 -O2; do
        flags="$opt"
        case $abi in ms | stdcall) flags="$opt -DLAYER_WINDOWS" ;; esac
        # shellcheck disable=SC2086
        $CC $flags -shared -fPIC "$here/layer.c" -o "$tmp/liblayer.so" &&
            $CC $flags "$here/layer_main.c" $unresolved "$tmp/liblayer.so" "-Wl,-rpath,$tmp" \
                -o "$tmp/program"
        try "$run" --abi="$abi" "$tmp/program"
        tap "$abi $opt, in a library"
        # shellcheck disable=SC2086
        $CC $flags -DLAYER_INSIDE "$here/layer_main.c" "$here/layer.c" $unresolved -o "$tmp/program"
        try "$run" --abi="$abi" "$tmp/program"
        tap "$abi $opt, in the executable"
    done
done

# The layer's library behind libwinvm.so, and in front of it.
plain_layer=
[ $plain_abi = sysv ] || plain_layer=-DLAYER_WINDOWS
for order in "$tmp/liblayer.so $libs/libwinvm.so" "$libs/libwinvm.so $tmp/liblayer.so"; do
    # shellcheck disable=SC2086
    $CC $plain_layer -shared -fPIC "$here/layer.c" -o "$tmp/liblayer.so" &&
        $CC "$here/calls.c" -DCALLS_WINVM $includes -Wl,--no-as-needed $order \
            "-Wl,-rpath,$tmp" "-Wl,-rpath,$libs" -o "$tmp/program"
    try "$tmp/program"
    first=$status
    try "$run" --abi=$plain_abi "$tmp/program"
    case $order in
    *layer.so) is_status 42 && [ "$first" = 42 ] ;;
    *) [ "$first" = 1 ] || [ "$first" = 42 ] ;;
    esac
    ok "linked with libwinvm too: ${order##*/} last"
done
finish
