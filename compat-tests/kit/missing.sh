#!/usr/bin/env bash
# What winvm-run tells of names that nobody has, before the program starts. TAP.
# shellcheck source=SCRIPTDIR/../preload/common.inc
. "$(dirname "$0")/../preload/common.inc"

no_plt=
[ "$plain_abi" = sysv ] || no_plt="-fno-pie -no-pie -fno-plt"

# names FILE: what was told, one name a line.
told() { sed -n 's/^  \([A-Za-z0-9_]*\).*/\1/p' "$tmp/err" | tr '\n' ' '; }

cat >"$tmp/wants.c" <<'END'
#include <stdio.h>
void CreateFiberOfNobody(void), nobody_has(void), GetNothingAtAll(void), Sleep(unsigned);
__attribute__((weak)) void weak_one(void);
int main(int argc, char **argv)
{
    (void)argv;
    puts("started");
    if (argc > 9) {
        CreateFiberOfNobody(), nobody_has(), GetNothingAtAll(), Sleep(1);
        if (weak_one)
            weak_one();
    }
    return 42;
}
END
# shellcheck disable=SC2086
$CC -w "$tmp/wants.c" $no_plt $unresolved -o "$tmp/wants"
try "$run" "$tmp/wants"
is_status 126 && ! out_has started && [ "$(told)" = "CreateFiberOfNobody GetNothingAtAll nobody_has " ]
ok "all names are told at once, and the program is not started"
err_has "CreateFiberOfNobody .*Windows API" && err_has "GetNothingAtAll .*Windows API" &&
    ! err_has "nobody_has.*Windows"
ok "which of them are of the Windows API"
try "$run" --missing=refuse "$tmp/wants"
is_status 126 && ! out_has started
ok "--missing=refuse"
try "$run" --missing=warn "$tmp/wants"
is_status 42 && out_has started && [ "$(told)" = "CreateFiberOfNobody GetNothingAtAll nobody_has " ]
ok "--missing=warn"
try "$run" --missing=ignore "$tmp/wants"
is_status 42 && out_has started && err_empty
ok "--missing=ignore"
try "$run" --missing=no "$tmp/wants"
is_status 125 && ! out_has started
ok "another --missing is refused"
PATH="$tmp:$PATH" try "$run" wants
is_status 126 && [ "$(told)" = "CreateFiberOfNobody GetNothingAtAll nobody_has " ]
ok "a program of the PATH"
(cd "$tmp" && timeout 60 "$run" ./wants >"$tmp/out" 2>"$tmp/err")
[ $? -eq 126 ] && [ "$(told)" = "CreateFiberOfNobody GetNothingAtAll nobody_has " ]
ok "a program by a relative name"

# Names that a library of the program's wants; versions; a library that is not there.
echo 'int GetOfNobody(void); int library(void); int library(void) { return GetOfNobody(); }' >"$tmp/l.c"
echo 'int library(void); int main(void) { return 42; }' >"$tmp/user.c"
$CC -shared -fPIC "$tmp/l.c" -o "$tmp/libl.so" &&
    $CC "$tmp/user.c" -Wl,--no-as-needed "$tmp/libl.so" "-Wl,-rpath,$tmp" \
        -Wl,--unresolved-symbols=ignore-all -o "$tmp/user" && try "$run" "$tmp/user"
is_status 126 && [ "$(told)" = "GetOfNobody " ] && err_has "wanted by .*libl.so"
ok "a name that a library wants"
rm -f "$tmp/libl.so"
"$tmp/user" >"$tmp/out" 2>"$tmp/err"
want=$?
try "$run" "$tmp/user"
is_status $want && err_has "libl.so: cannot open" && ! err_has "nobody has"
ok "a library that is missing is told by the loader"
echo 'V1 { global: old; }; V2 { global: versioned; } V1;' >"$tmp/v.map"
echo 'V1 { global: old; versioned; };' >"$tmp/old.map"
echo 'int versioned(void) { return 1; } int old(void) { return 2; }' >"$tmp/v.c"
echo 'int versioned(void); int main(int c, char **v) { (void)v; return c > 9 ? versioned() : 42; }' \
    >"$tmp/vmain.c"
$CC -w -shared -fPIC "$tmp/v.c" "-Wl,--version-script=$tmp/v.map" -Wl,-soname,libv.so \
    -o "$tmp/libv.so" && $CC -w "$tmp/vmain.c" "$tmp/libv.so" "-Wl,-rpath,$tmp" -o "$tmp/vmain" &&
    try "$run" "$tmp/vmain" && is_status 42 && err_empty
ok "a name with a version"

# Many names.
{
    for i in $(seq 1 3000); do echo "void nobody_has_$i(void);"; done
    echo 'int main(int c, char **v) { (void)v; if (c > 9) {'
    for i in $(seq 1 3000); do echo "nobody_has_$i();"; done
    echo '} return 42; }'
} >"$tmp/many.c"
# shellcheck disable=SC2086
$CC -w -O0 "$tmp/many.c" $no_plt $unresolved -o "$tmp/many" && try "$run" "$tmp/many"
is_status 126 && [ "$(told | wc -w)" -eq 3000 ]
ok "three thousand names"

# What is not asked: scripts, static programs, programs of another loader, which run once.
printf '#!/bin/sh\nexit 9\n' >"$tmp/script" && chmod +x "$tmp/script"
try "$run" "$tmp/script"
is_status 9 && ! err_has "nobody has"
ok "a script"
echo 'int main(void) { return 42; }' >"$tmp/plain.c"
if $CC -static "$tmp/plain.c" -o "$tmp/static" 2>/dev/null; then
    try "$run" "$tmp/static"
    is_status 42 && err_has "statically linked"
    ok "a static program"
else
    skip "a static program" "no static C library"
fi
cat >"$tmp/loader.S" <<'END'
    .globl _start
#ifdef __x86_64__
_start: leaq text(%rip), %rsi
    movl $1, %eax
    movl $1, %edi
    movl $7, %edx
    syscall
    movl $60, %eax
    movl $43, %edi
    syscall
#else
_start: call 1f
1:  popl %ecx
    addl $text - 1b, %ecx
    movl $4, %eax
    movl $1, %ebx
    movl $7, %edx
    int $0x80
    movl $1, %eax
    movl $43, %ebx
    int $0x80
#endif
text: .ascii "loader\n"
    .section .note.GNU-stack, "", @progbits
END
# shellcheck disable=SC2086
$CC -nostdlib -shared -Wl,-e,_start "$tmp/loader.S" -o "$tmp/loader" &&
    $CC -w "$tmp/wants.c" $no_plt $unresolved "-Wl,--dynamic-linker=$tmp/loader" -o "$tmp/other"
try "$run" "$tmp/other"
is_status 43 && [ "$(cat "$tmp/out")" = loader ] && err_empty
ok "a program of another loader is started once, and not asked"
if [ "$plain_abi" = sysv ]; then
    try "$run" bash -c 'echo a | cat'
    is_status 0 && err_empty && [ "$(cat "$tmp/out")" = a ]
    ok "a program that lacks nothing"
fi
finish
