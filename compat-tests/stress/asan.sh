#!/usr/bin/env bash
# The unit tests and the model test under AddressSanitizer.
# shellcheck source=compat-tests/stress/sanitize.inc
. "$(dirname "$0")/sanitize.inc"
sanitize_all address
