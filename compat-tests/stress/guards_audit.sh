#!/usr/bin/env bash
# The guards test with every invariant checked after each change, fewer rounds.
set -u
: "${abs_top_builddir:?is set by make check}"
export WINVM_OPTIONS=audit=2
exec "$abs_top_builddir/compat-tests/stress/guards" 2
