#!/usr/bin/env bash
# The conformance cases, compiled with winvm's own headers and linked with libwinvm.
set -u
: "${abs_top_srcdir:?}" "${abs_top_builddir:?}"
exec bash "$abs_top_srcdir/compat-tests/run-native.sh" "$abs_top_builddir/compat-tests/sysv"
