#!/usr/bin/env bash
# The unit tests and the model test under AddressSanitizer.
. "$(dirname "$0")/sanitize.inc"
. "$(dirname "$0")/sanitized.inc"
sanitize address "${sanitized[@]}"
