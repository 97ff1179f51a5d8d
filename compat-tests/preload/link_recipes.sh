#!/bin/sh
# Every supported way to build a program, and that winvm-run starts it with the right convention:
# unmodified Windows source with Wine's headers alone, against nothing or against the library that has
# their convention;
# winvm's headers in both conventions; PIE and not, lazy and -z now, LD_BIND_NOW; gcc and clang.
# shellcheck source=SCRIPTDIR/common.inc
. "$(dirname "$0")/common.inc"

# build_and_run NAME ABI FLAGS..
build_and_run() {
    name=$1 abi=$2
    shift 2
    # The source precedes the libraries, which a linker that takes only needed ones wants.
    compiler=$1
    shift
    # shellcheck disable=SC2086
    if ! $compiler -O1 -g -o "$tmp/program" "$here/calls.c" "$@" >"$tmp/out" 2>"$tmp/err"; then
        false; ok "$name: builds"
        return
    fi
    for now in "" 1; do
        try env ${now:+LD_BIND_NOW=1} "$run" --opt diag=1 "$tmp/program" x
        is_status 42 && err_has "calling convention $abi:"
        ok "$name${now:+, LD_BIND_NOW}: runs as $abi"
    done
}

# i386: what is left unresolved in code that is not position-independent needs -fno-plt, since the
# linker makes no jump for it.
no_plt=
[ "$plain_abi" = sysv ] || no_plt=-fno-plt
case $CC in *-m32*) clang="clang -m32" ;; *) clang=clang ;; esac
for cc in "$CC" "$clang"; do
    # shellcheck disable=SC2086
    have ${cc%% *} || { skip "$cc" "no $cc"; continue; }
        for pie in "-fPIE -pie" "-fno-pie -no-pie $no_plt"; do
        for bind in -Wl,-z,lazy -Wl,-z,now; do
            what="$cc $pie $bind"
            if have_wine_headers; then
                # shellcheck disable=SC2086
                build_and_run "Wine's headers, $what" "$wine_abi" "$cc" $wine_flags $pie $bind $unresolved
                # shellcheck disable=SC2086
                build_and_run "$wine_library, $what" "$wine_abi" "$cc" $wine_flags $pie $bind \
                    "$libs/$wine_library" "-Wl,-rpath,$libs"
            else
                skip "Wine's headers, $what" "no Wine headers"
            fi
            # shellcheck disable=SC2086
            build_and_run "winvm's headers, $what" "$plain_abi" "$cc" -DCALLS_WINVM $includes $pie $bind \
                "$libs/libwinvm.so" "-Wl,-rpath,$libs"
            # shellcheck disable=SC2086
            build_and_run "winvm's headers alone, $what" "$plain_abi" "$cc" -DCALLS_WINVM $includes $pie $bind \
                $unresolved
            # shellcheck disable=SC2086
            build_and_run "winvm's headers in $other_abi, $what" "$other_abi" "$cc" -DCALLS_WINVM \
                $other_flag $includes $pie $bind $unresolved
        done
    done
done

# Without preload: the libraries serve by themselves.
if have_wine_headers; then
    # shellcheck disable=SC2086
    $CC $wine_flags "$here/calls.c" "$libs/$wine_library" "-Wl,-rpath,$libs" -o "$tmp/program" &&
        try "$tmp/program" && is_status 42
    ok "Wine's headers, $wine_library without preload"
fi
# shellcheck disable=SC2086
$CC -DCALLS_WINVM $includes "$here/calls.c" "$libs/libwinvm.so" "-Wl,-rpath,$libs" -o "$tmp/program" &&
    try "$tmp/program" && is_status 42
ok "libwinvm without preload"
# shellcheck disable=SC2086
$CC -DCALLS_WINVM $other_flag $includes "$here/calls.c" "$libs/libwinvm.so" "-Wl,-rpath,$libs" \
    -o "$tmp/program" && try "$tmp/program" && is_status 42
ok "libwinvm without preload, $other_abi"
if [ -f "$libs/libwinvm.a" ]; then
    # shellcheck disable=SC2086
    $CC -DCALLS_WINVM $includes "$here/calls.c" "$libs/libwinvm.a" -pthread -o "$tmp/program" &&
        try "$tmp/program" && is_status 42
    ok "libwinvm.a"
    # shellcheck disable=SC2086
    $CC -static -DCALLS_WINVM $includes "$here/calls.c" "$libs/libwinvm.a" -pthread \
        -o "$tmp/program" 2>"$tmp/err" && try "$tmp/program" && is_status 42
    ok "libwinvm.a, static"
fi
finish
