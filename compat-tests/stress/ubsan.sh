#!/usr/bin/env bash
# The unit tests and the model test under UndefinedBehaviorSanitizer.
# shellcheck source=compat-tests/stress/sanitize.inc
. "$(dirname "$0")/sanitize.inc"
sanitize_all undefined compat-tests/stress/pools_fork
