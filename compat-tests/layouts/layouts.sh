#!/usr/bin/env bash
# Low address spaces in programs of every make: linked at fixed addresses or not, static or not,
# with a library or a sanitizer's shadow below 4 GiB, under limits of the shell, as another user,
# under winvm-run.
# shellcheck source=SCRIPTDIR/../preload/common.inc
. "$(dirname "$0")/../preload/common.inc"

bare="-O1 -pthread -I$top/include/winvm/compat $includes $here/low.c"
linked="-L$libs -lwinvm -Wl,-rpath,$libs"

# build NAME FLAGS..: the program low under this name.
build() {
    name=$1
    shift
    # shellcheck disable=SC2086  # several flags
    $CC $bare -o "$tmp/$name" "$@" 2>"$tmp/err"
}

# with OPTIONS PROGRAM..: the program with these options of winvm.
with() {
    options=$1
    shift
    try env WINVM_OPTIONS="$options" "$@"
}

# passes NAME: everything that the program checked is good, and nothing was said.
passes() {
    is_status 0 && out_has '^1\.\.' && ! out_has '^not ok'
    ok "$1"
}

# shellcheck disable=SC2086
{
    build pie -pie -fPIE $linked || { echo "Bail out! no compiler"; exit 1; }
    build fixed -no-pie -fno-pie $linked
    build static_pie -static-pie -fPIE "$libs/libwinvm.a"
    build static -static "$libs/libwinvm.a"
}

for layout in wow64=2g:7fff0000 wow64=2560:9fff0000 wow64=3g:bfff0000 wow64=4g:ffff0000 \
    layout=2g:7fff0000; do
    for program in pie static_pie fixed; do
        with "${layout%:*}" "$tmp/$program" "${layout##*:}" 99.9
        passes "${layout%:*}, $program: 99.9 % of the space"
    done
    with "${layout%:*}" "$tmp/static" "${layout##*:}" 98.5
    passes "${layout%:*}, static: what the program itself leaves"
done

# ---- what is in the way ----

with wow64=2g:diag "$tmp/fixed" 7fff0000 99.9
err_has "0x400000-.*$tmp/fixed is made for fixed addresses.*-pie.* KiB are lost" &&
    err_has 'the address space ends at 0x7fff0000; [0-9]+ of 2097024 KiB are winvm'
ok "diag: a program at fixed addresses is told, with what helps"

echo 'int low_library = 5;' >"$tmp/library.c"
$CC -shared -fPIC -Wl,-Ttext-segment=0x50000000 "$tmp/library.c" -o "$tmp/library.so"
cat >"$tmp/early.c" <<'END'
#define _GNU_SOURCE
#include <stdlib.h>
#include <sys/mman.h>
static void __attribute__((constructor)) map_low(void)
{
    int flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE;
    if (mmap((void *)0x60001000, 4096, PROT_READ, flags, -1, 0) != (void *)0x60001000)
        abort();
}
END
$CC -shared -fPIC -Wl,-z,initfirst "$tmp/early.c" -o "$tmp/early.so"
try env LD_USE_LOAD_BIAS=1 LD_PRELOAD="$tmp/library.so" WINVM_OPTIONS=wow64=3g:diag \
    "$tmp/pie" bfff0000 99.9
if err_has '0x50000000-'; then
    err_has '0x50000000-.*library.so is made for fixed addresses' && ! out_has '^not ok'
    ok "a library below 4 GiB"
else
    skip "a library below 4 GiB" "the loader does not put it where it was linked"
fi
try env LD_PRELOAD="$tmp/early.so" WINVM_OPTIONS=wow64=2g:diag "$tmp/pie" 7fff0000 99.9
err_has '0x60001000-0x60002000 was mapped before winvm started.*: 64 KiB are lost' &&
    ! out_has '^not ok'
ok "a mapping that was made before"

# shellcheck disable=SC2086
if build asan -fsanitize=address $linked; then
    with wow64=2g "$tmp/asan" 7fff0000 99.9
    passes "AddressSanitizer: 2 GB lose nothing"
    with wow64=4g:diag "$tmp/asan" ffff0000 49 as-limited
    err_has "seems to be a sanitizer's shadow memory; take a lower limit" && ! out_has '^not ok'
    ok "AddressSanitizer: of 4 GB the lower half is there, and the reason is told"
else
    skip "AddressSanitizer" "the compiler has none"
fi

# ---- limits of the shell ----

(ulimit -v 1500000 && env WINVM_OPTIONS=wow64=2g:diag "$tmp/pie" 7fff0000 50 as-limited) \
    >"$tmp/out" 2>"$tmp/err"
status=$?
passes "ulimit -v: what the host gives"
err_has 'RLIMIT_AS is reached'
ok "ulimit -v: the limit is told"
(ulimit -s unlimited && env WINVM_OPTIONS=wow64=4g "$tmp/pie" ffff0000 99.9) \
    >"$tmp/out" 2>"$tmp/err"
status=$?
passes "ulimit -s unlimited"
for flag in -L -R; do
    if have setarch && setarch "$flag" true 2>/dev/null; then
        with wow64=4g setarch "$flag" "$tmp/pie" ffff0000 99.9
        passes "setarch $flag"
    else
        skip "setarch $flag" "it is not there, or not allowed"
    fi
done
if [ "$(id -u)" -eq 0 ] && have setpriv; then
    chmod 755 "$tmp"
    cp -L "$libs"/libwinvm.so.[0-9] "$tmp" # that user may not reach the build folder
    with wow64=2g LD_LIBRARY_PATH="$tmp" setpriv --reuid=65534 --regid=65534 --clear-groups \
        "$tmp/pie" 7fff0000 99.9
    passes "another user: 0x10000 is the first address"
else
    with wow64=2g "$tmp/pie" 7fff0000 99.9
    passes "this user: 0x10000 is the first address"
fi

# ---- gaps ----

cat >"$tmp/gap.c" <<'END'
#define _GNU_SOURCE
#include <windows.h>
#include <stdio.h>
#include <sys/mman.h>
#include <unistd.h>
int main(void)
{
    char *brk = sbrk(1 << 20);
    void *low = mmap(NULL, 1 << 20, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS | MAP_32BIT, -1, 0);
    while (VirtualAlloc(NULL, 0x10000, MEM_RESERVE, PAGE_NOACCESS))
        ;
    void *named = VirtualAlloc((void *)0x7FFD0000, 0x10000, MEM_RESERVE, PAGE_NOACCESS);
    printf("brk %s, low %s, named %s\n", brk == (char *)-1 ? "refused" : "given",
           low == MAP_FAILED ? "refused" : (char *)low < (char *)0x7FFE0000 ? "given" : "above",
           named ? "given" : "refused");
    return 0;
}
END
# shellcheck disable=SC2086
$CC -O1 -no-pie -fno-pie -I"$top/include/winvm/compat" $includes "$tmp/gap.c" -o "$tmp/gap" $linked
with wow64=4g "$tmp/gap"
out_has 'brk refused, low refused, named refused'
ok "without a gap brk and MAP_32BIT find nothing"
with wow64=4g:wow64-gap=4m "$tmp/gap"
out_has 'brk given, low given, named given'
ok "wow64-gap leaves room to both, and winvm takes it when it is named"
with wow64-gap=4m "$tmp/gap"
err_has "wow64-gap.*is not used"
ok "wow64-gap without a low layout is told"

# ---- winvm-run ----

try "$run" --wow64 --opt diag=1 "$tmp/fixed" 7fff0000 99.9
passes "winvm-run --wow64 of a program at fixed addresses"
err_has 'starts without randomised addresses' || err_has 'does not let it start without'
ok "it says so"
try "$run" --wow64=3g --opt diag=1 "$tmp/pie" bfff0000 99.9
is_status 0 && ! err_has 'randomised'
ok "winvm-run --wow64=3g of one that is not: nothing to say"
cat >"$tmp/heap.c" <<'END'
#include <stdio.h>
#include <stdlib.h>
#include <sys/personality.h>
#include <unistd.h>
extern char end[];
int main(int argc, char **argv)
{
    (void)argv;
    printf("%s %x\n", (char *)sbrk(0) - end < 1 << 20 ? "near" : "far", personality(0xffffffff));
    fflush(stdout);
    return argc > 1 ? 0 : system("grep -c . /proc/self/personality >/dev/null; "
                                 "cat /proc/self/personality");
}
END
$CC -no-pie -fno-pie "$tmp/heap.c" -o "$tmp/heap"
try "$run" --wow64 "$tmp/heap"
out_has '^near 0$' && out_has '^00000000$'
ok "the heap lies behind the program; its children have random addresses"
printf '#!%s x\n' "$tmp/heap" >"$tmp/script" && chmod +x "$tmp/script"
try "$run" --wow64 "$tmp/script"
out_has '^near'
ok "a script's interpreter counts as the program"
try "$run" --layout=2g "$tmp/heap" x
out_has '^near'
ok "winvm-run --layout=2g as well"
for bad in --wow64=5g --wow64= --wow64=2g:diag --layout=4g --wow64-gap=x; do
    try "$run" "$bad" "$tmp/pie"
    is_status 125 && err_has "winvm-run: ${bad%%=*}: "
    ok "winvm-run $bad: 125"
done
with wow64=2g:layout=8t "$tmp/pie" 7fff0000 99.9
passes "wow64 and layout: wow64 counts"
err_has "layout.*is not used: wow64 is set"
ok "and that is told"

# ---- 8 TB ----

cat >"$tmp/wide.c" <<'END'
#include <windows.h>
#include <stdio.h>
int main(void)
{
    const ULONG_PTR top = 0x7FFFFFF0000;
    SYSTEM_INFO si;
    GetSystemInfo(&si);
    int good = (ULONG_PTR)si.lpMaximumApplicationAddress == top - 1;
    good &= VirtualAlloc((void *)top, 0x10000, MEM_RESERVE, PAGE_NOACCESS) == NULL;
    for (int i = 0; i < 1000; i++) {
        DWORD type = MEM_RESERVE | (i & 1 ? MEM_TOP_DOWN : 0);
        SIZE_T size = (SIZE_T)i << 20 | 1;
        ULONG_PTR at = (ULONG_PTR)VirtualAlloc(NULL, size, type, PAGE_NOACCESS);
        good &= at != 0 && at + size <= top;
        HANDLE section =
            CreateFileMappingA(INVALID_HANDLE_VALUE, NULL, PAGE_READWRITE, 0, 0x10000, NULL);
        at = (ULONG_PTR)MapViewOfFile(section, FILE_MAP_READ, 0, 0, 0);
        good &= at != 0 && at < top;
        CloseHandle(section);
    }
    puts(good ? "good" : "bad");
    return !good;
}
END
for how in "-pie -fPIE" "-no-pie -fno-pie"; do
    # shellcheck disable=SC2086
    $CC -O1 $how -I"$top/include/winvm/compat" $includes "$tmp/wide.c" -o "$tmp/wide" $linked
    with layout=8t "$tmp/wide"
    is_status 0 && out_has good
    ok "layout=8t, $how: slabs and views lie below 8 TB"
done
finish
