#!/bin/sh
# Programs that know nothing of winvm run under it as without.
# shellcheck source=SCRIPTDIR/common.inc
. "$(dirname "$0")/common.inc"

# same NAME COMMAND..: output and status as without winvm.
same() {
    name=$1
    shift
    have "$1" || { skip "$name" "no $1"; return; }
    timeout 60 "$@" >"$tmp/want" 2>/dev/null
    wanted=$?
    try "$run" "$@"
    is_status $wanted && cmp -s "$tmp/want" "$tmp/out"
    ok "$name"
}

same "ls" ls -lR /usr/include/linux
same "a pipe of processes" bash -c 'seq 1 20000 | sort -rn | tail -n 3; (exit 7); echo $?'
same "traps and jobs" bash -c 'trap "echo usr1" USR1; kill -USR1 $$; sleep 5 & kill $!; wait $!; echo $?'
same "ended by a signal" sh -c 'kill -TERM $$'
same "ended by a fault" sh -c 'kill -SEGV $$'
same "ended by its time" timeout 0.2 sleep 5

cat >"$tmp/p.py" <<'END'
import faulthandler, os, signal, socket, subprocess, tempfile, threading, time
faulthandler.enable(file=open(os.devnull, "w"))
total = []
threads = [threading.Thread(target=lambda n=n: total.append(sum(range(n)))) for n in range(200)]
for t in threads: t.start()
for t in threads: t.join()
print(len(total), sum(total))
print(subprocess.run(["sh", "-c", "echo out; exit 3"], capture_output=True))
got = []
signal.signal(signal.SIGALRM, lambda *a: got.append(a[0]))
signal.setitimer(signal.ITIMER_REAL, 0.002, 0.002)
end = time.time() + 0.3
while time.time() < end: pass
signal.setitimer(signal.ITIMER_REAL, 0)
print(len(got) > 20, signal.getsignal(signal.SIGINT))
print(signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGSEGV, signal.SIGUSR1]))
print(sorted(signal.pthread_sigmask(signal.SIG_SETMASK, [])))
a, b = socket.socketpair(); a.sendmsg([b"x" * 9, b"y"]); print(b.recvmsg(100)[0])
r, w = os.pipe(); os.writev(w, [b"ab", b"cd"]); v = [bytearray(3), bytearray(3)]
print(os.readv(r, v), v)
pid = os.fork()
if pid == 0: os.kill(os.getpid(), signal.SIGBUS)
print(os.waitpid(pid, 0)[1] & 0x7f)
END
same "python3" python3 "$tmp/p.py"

mkdir "$tmp/java" && cat >"$tmp/java/P.java" <<'END'
public class P {
    static int deep(int n) { return n == 0 ? 0 : 1 + deep(n + 1); }
    public static void main(String[] a) throws Exception {
        String s = null;
        int caught = 0;
        for (int i = 0; i < 20000; i++)
            try { caught += s.length(); } catch (NullPointerException e) { caught++; }
        System.out.println(caught);
        try { deep(1); } catch (StackOverflowError e) { System.out.println("overflow"); }
        Thread[] t = new Thread[50];
        for (int i = 0; i < t.length; i++) { t[i] = new Thread(() -> { byte[] b = new byte[1 << 20]; }); t[i].start(); }
        for (Thread x : t) x.join();
        System.gc();
        System.out.println("done");
    }
}
END
if have java && have javac && javac -d "$tmp/java" "$tmp/java/P.java" >/dev/null 2>&1; then
    same "java: null pointers, stack overflow, threads" java -Xmx128m -cp "$tmp/java" P
else
    skip "java" "no java compiler"
fi
finish
