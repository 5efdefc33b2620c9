#!/usr/bin/env bash
# Holds the typings to the truth from both sides: stubtest compares them with the module inside the embedded
# interpreter, pyright reads the example flows through them as an author's editor does.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
"${CARGO_TARGET_DIR:-target}/debug/flowstead" python scripts/stubtest.py "$packages" typings \
    scripts/stubtest_allowed.txt flow_api _flow_api
.venv/node/node_modules/.bin/pyright --pythonpath .venv/bin/python --warnings
