#!/usr/bin/env bash
# The unit tests and the model test under AddressSanitizer.
# shellcheck source=compat-tests/stress/sanitize.inc
. "$(dirname "$0")/sanitize.inc"
# Without pools_fork: the sanitizer's own locks stay taken in a child of a process whose other threads
# were starting threads.
sanitize_all address
