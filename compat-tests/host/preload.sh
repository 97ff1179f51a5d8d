#!/usr/bin/env bash
# Programs that know nothing of winvm run unharmed with it preloaded: a shell, Python, a threaded
# program, and a 32-bit program started from under winvm-run.
set -u
: "${abs_top_srcdir:?}" "${abs_top_builddir:?}"
n=0
scratch=$(mktemp -d "${TMPDIR:-/tmp}/winvm-preload.XXXXXX") || exit 99
trap 'rm -rf "$scratch"' EXIT
trap 'exit 1' INT TERM HUP

ok() { n=$((n + 1)); if [ "$1" = 0 ]; then echo "ok $n - $2"; else echo "not ok $n - $2"; fi; }
skip() { n=$((n + 1)); echo "ok $n - $1 # SKIP $2"; }

# Runs "$@" plain and with the preload object: the same output and status, nothing on standard error.
same() {
    local what=$1 plain with status_plain status_with object
    shift
    plain=$("$@" 2>"$scratch/err0")
    status_plain=$?
    for object in "$preload" "$preload_ms"; do
        [ -f "$object" ] || continue
        with=$(LD_PRELOAD=$object "$@" 2>"$scratch/err1")
        status_with=$?
        [ "$plain" = "$with" ] && [ $status_plain = $status_with ] && cmp -s "$scratch/err0" "$scratch/err1"
        ok $? "$what, with ${object##*/}"
        cmp -s "$scratch/err0" "$scratch/err1" || sed 's/^/# /' "$scratch/err1"
    done
}

preload=$abs_top_builddir/.libs/libwinvm-preload.so
preload_ms=$abs_top_builddir/.libs/libwinvm-preload-${WVM_OTHER_ABI:-ms}.so
if [ ! -f "$preload" ]; then
    echo "1..0 # SKIP no shared libraries in this build"
    exit 0
fi
if [ "${WVM_SANITIZER:-no}" != no ]; then
    echo "1..0 # SKIP a sanitizer's library must come first"
    exit 0
fi

cat >"$scratch/threads.c" <<'END'
#include <pthread.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
static void *work(void *arg)
{
    unsigned long sum = 0;
    for (int i = 0; i < 2000; i++) {
        size_t len = (size_t)(i % 50 + 1) * 4096;
        char *p = i % 2 ? malloc(len)
                        : mmap(0, len, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
        memset(p, i, len);
        sum += (unsigned char)p[len - 1];
        if (i % 2)
            free(p);
        else
            munmap(p, len);
    }
    *(unsigned long *)arg = sum;
    return NULL;
}
int main(void)
{
    pthread_t t[8];
    unsigned long sum[8], total = 0;
    for (int i = 0; i < 8; i++)
        if (pthread_create(&t[i], NULL, work, &sum[i]))
            return 1;
    for (int i = 0; i < 8; i++) {
        pthread_join(t[i], NULL);
        total += sum[i];
    }
    printf("%lu\n", total);
    return 7;
}
END
cat >"$scratch/word.c" <<'END'
#include <stdio.h>
int main(int argc, char **argv)
{
    printf("%d-bit %s\n", (int)sizeof(void *) * 8, argc > 1 ? argv[1] : "");
    return 5;
}
END

# shellcheck disable=SC2016  # the inner shell expands it
same "bash: pipes, subshells, arithmetic" bash -c \
    'for i in 1 2 3; do (echo $((i * i)) | cat); done; echo "$(seq 1000 | sort -rn | head -2)"; exit 3'
if command -v python3 >/dev/null; then
    same "python3: memory, threads, subprocess" python3 -c '
import threading, subprocess
d = {i: str(i) * 50 for i in range(50000)}
t = [threading.Thread(target=lambda: sum(len(v) for v in d.values())) for _ in range(4)]
[x.start() for x in t]; [x.join() for x in t]
print(sum(len(v) for v in d.values()), subprocess.check_output(["echo", "child"]))'
else
    skip "python3" "not installed"
fi
if ${CC:-cc} -O1 -pthread -o "$scratch/threads" "$scratch/threads.c" 2>/dev/null; then
    same "eight threads with malloc and mmap" "$scratch/threads"
else
    skip "eight threads" "no compiler"
fi
same "a program that forks and execs" sh -c 'sh -c "sh -c true; echo inner"; ls / | head -3'

run=$abs_top_builddir/winvm-run
${CC:-cc} -m32 -o "$scratch/word32" "$scratch/word.c" 2>/dev/null && "$scratch/word32" >/dev/null 2>&1
if [ $? != 5 ]; then
    skip "a 32-bit program under winvm-run" "no 32-bit compiler and libraries"
else
    out=$("$run" sh -c "$scratch/word32 started; echo status \$?" 2>"$scratch/err")
    [ "$out" = "32-bit started
status 5" ] && [ ! -s "$scratch/err" ]
    ok $? "a 32-bit program started by a program under winvm-run: not a word of ld.so's"
    [ ! -s "$scratch/err" ] || sed 's/^/# /' "$scratch/err"
    # With --follow ld.so says that it ignores the 64-bit object; the program runs all the same.
    out=$("$run" --follow sh -c "$scratch/word32 started; echo status \$?" 2>/dev/null)
    [ "$out" = "32-bit started
status 5" ]
    ok $? "and with --follow"
    out=$("$run" "$scratch/word32" direct 2>"$scratch/err")
    status=$?
    [ $status != 0 ] && ! grep -q 'ld.so' "$scratch/err" &&
        { [ "$out" = "32-bit direct" ] || grep -qi '32-bit' "$scratch/err"; }
    ok $? "winvm-run itself with a 32-bit program: it runs or winvm-run says why not, without ld.so's words"
    sed 's/^/# /' "$scratch/err"
fi
echo "1..$n"
