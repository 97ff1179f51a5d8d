#!/usr/bin/env bash
# The kit inside the preload objects: programs that leave its names to it, in either convention and
# built with Wine's headers; GetProcAddress; a platform layer of the program's that has some of the
# names; and programs that know nothing of it. TAP.
# shellcheck source=SCRIPTDIR/../preload/common.inc
. "$(dirname "$0")/../preload/common.inc"

# build_and_try NAME ABI FLAGS..: preloaded.c, run by winvm-run.
build_and_try() {
    name=$1 abi=$2
    shift 2
    if ! $CC -std=gnu11 -O1 -o "$tmp/program" "$here/preloaded.c" "$@" >"$tmp/out" 2>"$tmp/err"; then
        false; ok "$name: builds"
        return
    fi
    try "$run" --opt diag=1 "$tmp/program"
    err_has "calling convention $abi:"
    ok "$name: runs as $abi"
    tap "$name"
}

no_plt=
[ "$plain_abi" = sysv ] || no_plt="-fno-pie -no-pie -fno-plt"
# shellcheck disable=SC2086
{
    build_and_try "winvm's headers" "$plain_abi" -DPRELOADED_WINVM $includes $no_plt $unresolved
    build_and_try "winvm's headers in $other_abi" "$other_abi" -DPRELOADED_WINVM $other_flag \
        $includes $no_plt $unresolved
    build_and_try "linked with the kit" "$plain_abi" -DPRELOADED_WINVM $includes \
        "$libs/libwinvm-kit.so" "$libs/libwinvm.so" "-Wl,-rpath,$libs"
    if have_wine_headers; then
        build_and_try "Wine's headers" "$wine_abi" $wine_flags $no_plt $unresolved
    else
        skip "Wine's headers" "no Wine headers"
    fi
}

# A program that only calls the kit, by names alone.
cat >"$tmp/only.c" <<'END'
#include <windows.h>
int main(void) { Sleep(1); return GetTickCount() != 0 ? 42 : 1; }
END
if have_wine_headers; then
    # shellcheck disable=SC2086
    $CC $wine_flags $no_plt "$tmp/only.c" $unresolved -o "$tmp/program" &&
        try "$run" --opt diag=1 "$tmp/program"
    is_status 42 && err_has "calling convention $wine_abi: it calls"
    ok "Wine's headers, names of the kit only: runs as $wine_abi"
else
    skip "Wine's headers, names of the kit only" "no Wine headers"
fi

# same.c, as it is linked with the kit and as it finds it.
# shellcheck disable=SC2086
$CC -std=gnu11 -O1 $includes "$here/same.c" "$libs/libwinvm-kit.so" "$libs/libwinvm.so" \
    "-Wl,-rpath,$libs" -pthread -o "$tmp/linked" && "$tmp/linked" >"$tmp/linked.out" </dev/null
for abi in $abis; do
    flag=
    [ "$abi" = "$plain_abi" ] || flag=$other_flag
    # shellcheck disable=SC2086
    $CC -std=gnu11 -O1 $includes $flag "$here/same.c" $no_plt $unresolved -pthread -o "$tmp/program" &&
        try "$run" "$tmp/program" </dev/null
    is_status 7 && cmp -s "$tmp/out" "$tmp/linked.out"
    ok "$abi: prints what it prints when it is linked with the kit"
done

for abi in $abis; do
    for opt in -O0 -O2; do
        flags="-std=gnu11 $opt"
        case $abi in ms | stdcall) flags="$flags -DLAYER_WINDOWS" ;; esac
        # shellcheck disable=SC2086
        $CC $flags -shared -fPIC "$here/layer.c" -o "$tmp/liblayer.so" &&
            $CC $flags "$here/layer_main.c" $no_plt $unresolved "$tmp/liblayer.so" \
                "-Wl,-rpath,$tmp" -o "$tmp/program"
        try "$run" --abi="$abi" "$tmp/program"
        tap "$abi $opt, a layer in a library"
        # An old table of names, and a layer that is needed by another library only.
        # shellcheck disable=SC2086
        $CC $flags -shared -fPIC "$here/layer.c" -Wl,--hash-style=sysv -o "$tmp/liblayer.so" &&
            echo 'int layer_user = 1;' | $CC -shared -fPIC -x c - -x none -Wl,--no-as-needed \
                "$tmp/liblayer.so" "-Wl,-rpath,$tmp" -o "$tmp/libuser.so" &&
            $CC $flags "$here/layer_main.c" $no_plt $unresolved -Wl,--no-as-needed \
                "$tmp/libuser.so" "-Wl,-rpath,$tmp" -o "$tmp/program"
        try "$run" --abi="$abi" "$tmp/program"
        tap "$abi $opt, a layer behind a library"
        # shellcheck disable=SC2086
        $CC $flags -DLAYER_INSIDE "$here/layer_main.c" "$here/layer.c" $no_plt $unresolved \
            -o "$tmp/program"
        try "$run" --abi="$abi" "$tmp/program"
        tap "$abi $opt, a layer in the executable"
    done
done

# An allocator that stands on the kit and is the program's malloc: the names are looked up without it.
cat >"$tmp/malloc.c" <<'END'
#include <winvm/kit.h>
#include <winvm/winvm.h>
#include <stdio.h>
#include <string.h>
static SRWLOCK lock = SRWLOCK_INIT;
static char store[1 << 20];
static SIZE_T used;
void *malloc(size_t n)
{
    AcquireSRWLockExclusive(&lock);
    QueryPerformanceFrequency(&(LARGE_INTEGER){0});
    char *p = store + used;
    used += (n + 31) / 16 * 16;
    ReleaseSRWLockExclusive(&lock);
    memcpy(p, &n, sizeof n);
    return p + 16;
}
void free(void *p) { (void)p; }
void *calloc(size_t n, size_t m) { return memset(malloc(n * m), 0, n * m); }
void *realloc(void *p, size_t n)
{
    size_t old = 0;
    void *q = malloc(n);
    if (p != NULL)
        memcpy(&old, (char *)p - 16, sizeof old);
    return memcpy(q, p != NULL ? p : q, old < n ? old : n);
}
int main(void)
{
    char *p = malloc(100);
    puts(p >= store && p < store + sizeof store ? "own" : "not own");
    return 0;
}
END
# shellcheck disable=SC2086
$CC -O1 -fno-builtin $includes "$tmp/malloc.c" $no_plt $unresolved -o "$tmp/program" &&
    try "$run" "$tmp/program" && is_status 0 && [ "$(cat "$tmp/out")" = own ]
ok "a malloc that stands on the kit"

# A library with the archive in it comes and goes, and its names with it.
if [ -f "$libs/libwinvm-kit.a" ]; then
    echo '#include <winvm/kit.h>
void use(void); void use(void) { MessageBoxA(NULL, "", "", 0); }' >"$tmp/plugin.c"
    cat >"$tmp/host.c" <<'END'
#include <winvm/winvm.h>
#include <dlfcn.h>
#include <stdio.h>
static int there(void)
{
    HMODULE user = GetModuleHandleA("user32");
    return user != NULL && GetProcAddress(user, "MessageBoxA") != NULL;
}
int main(int argc, char **argv)
{
    int before = there();
    for (int i = 0; i < 200; i++) {
        void *plugin = dlopen(argv[argc - 1], RTLD_NOW | RTLD_LOCAL);
        if (plugin == NULL || !there() || dlclose(plugin) != 0 || there())
            return printf("%d: %s\n", i, plugin != NULL ? "wrong" : dlerror()), 1;
    }
    printf("%d %d\n", before, there());
    return 0;
}
END
    # shellcheck disable=SC2086
    $CC $includes -fPIC -shared "$tmp/plugin.c" "$libs/libwinvm-kit.a" "$libs/libwinvm.so" \
        "-Wl,-rpath,$libs" -o "$tmp/plugin.so" &&
        $CC $includes "$tmp/host.c" "$libs/libwinvm.so" "-Wl,-rpath,$libs" -ldl -o "$tmp/program" &&
        try "$tmp/program" "$tmp/plugin.so" && is_status 0 && [ "$(cat "$tmp/out")" = "0 0" ]
    ok "names of a library that is unloaded are gone"
fi

if [ "$plain_abi" = sysv ]; then
    # shellcheck disable=SC2016  # the inner bash's variables
    try "$run" bash -c 'seq 1 300 | sort -rn | { read -r a; echo "$a"; cat >/dev/null; }; (exit 3); echo $?'
    is_status 0 && [ "$(tr '\n' ' ' <"$tmp/out")" = "300 3 " ] && err_empty
    ok "bash and a pipeline"
else
    skip "bash and a pipeline" "the programs of this system are 64-bit ones"
fi
finish
