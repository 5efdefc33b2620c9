#!/bin/bash
# Builds and runs the measurements; called by `make bench` and `make soak`, which find the interpreter to embed.
set -euo pipefail
cd "$(dirname "$0")/.."
PYO3_PYTHON="${PYO3_PYTHON:-$(scripts/find_python.sh)}" cargo bench --locked --bench flowstead -- "$@"
