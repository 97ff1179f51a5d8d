#!/usr/bin/env bash
# guarded-secrets.c: each wrong use of a secret is noticed, the cipher's stream is that of RFC 8439.
# TAP.
# shellcheck source=docs/examples/windows_ways.inc
. "$(dirname "$0")/windows_ways.inc"

windows_ways guarded-secrets guarded-secrets.c
grep -q '^10 f1 e7 e4 d1 3b 59 15 50 0f dd 1f a3 20 71 c4$' "$tmp/guarded-secrets.native"
ok "guarded-secrets: the stream is the published one"
finish
