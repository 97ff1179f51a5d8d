#!/usr/bin/env bash
# dll-loader: modules made for Windows, with a C run time of their own and without one, and one that
# cannot be linked. WINAPI must be the convention of their code, so every way is compiled with
# WINVM_ABI_MS. TAP.
# shellcheck source=docs/examples/windows_ways.inc
. "$(dirname "$0")/windows_ways.inc"

if [ "$other_abi" = cdecl ]; then
    skip "dll-loader" "its modules are 64-bit code"
    finish
fi
if [ -z "${MINGW_CC:-}" ]; then
    skip "dll-loader" "no MinGW compiler to make the modules"
    finish
fi

# make_module NAME BASE FLAGS..: $tmp/NAME.dll of plugin.c.
make_module() {
    name=$1 base=$2
    shift 2
    "$MINGW_CC" -std=gnu11 -O2 -Wall -Wextra -shared -o "$tmp/$name.dll" \
        "$here/dll-loader/plugin.c" "$here/dll-loader/plugin.def" "$tmp/resource.o" "$@" \
        "-Wl,--image-base,$base,--disable-dynamicbase" >"$tmp/out" 2>"$tmp/err" &&
        [ ! -s "$tmp/err" ]
    ok "$name.dll: builds"
}

# needs.dll imports a function that kernel32 has not.
make_needs() {
    printf 'LIBRARY kernel32.dll\nEXPORTS\nNoSuchFunction\n' >"$tmp/none.def"
    echo '__declspec(dllimport) int NoSuchFunction(void);
        int __stdcall DllMain(void *m, unsigned r, void *p)
        { return m && r && !p && NoSuchFunction(); }' >"$tmp/needs.c"
    "${MINGW_CC%gcc}dlltool" -d "$tmp/none.def" -l "$tmp/none.a" >"$tmp/out" 2>"$tmp/err" &&
        "$MINGW_CC" -shared -nostdlib -Wl,-e,DllMain,--image-base,0x3a0020000000 \
            -o "$tmp/needs.dll" "$tmp/needs.c" \
            "$tmp/none.a" >"$tmp/out" 2>"$tmp/err"
    ok "needs.dll: builds"
}

"${MINGW_CC%gcc}windres" "$here/dll-loader/plugin.rc" "$tmp/resource.o" >"$tmp/out" 2>"$tmp/err"
ok "the resource: builds"
make_module plugin 0x3a0000000000
make_module bare 0x3a0010000000 -DBARE -nostdlib -Wl,-e,DllMain -lkernel32
make_needs
make_inputs() {
    cp "$tmp/plugin.dll" "$tmp/bare.dll" "$tmp/needs.dll" "$1"
}

# What the modules import of the kit, and the program itself does not refer to, is asked for by
# name: of archives only what is referred to is linked in.
native_flags=-DWINVM_ABI_MS
for name in HeapAlloc HeapCreate HeapDestroy HeapFree Sleep TlsAlloc TlsFree TlsGetValue \
    TlsSetValue; do
    native_flags="$native_flags -Wl,-u,$name"
done
# shellcheck disable=SC2034
arguments="plugin.dll bare.dll"
# A warning of MinGW's own header: __readgsqword reads at an address as low as that of NULL.
windows_flags="$windows_flags -Wno-array-bounds"
windows_ways dll-loader dll-loader/crt.c dll-loader/image.c dll-loader/link.c dll-loader/main.c \
    dll-loader/teb.c
finish
