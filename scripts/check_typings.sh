#!/usr/bin/env bash
# Holds the typings to the truth from both sides: stubtest compares them with the module inside the embedded
# interpreter, pyright reads examples, test flows and tests/typings through them as an author's editor does.
set -euo pipefail
cd "$(dirname "$0")/.."

packages=$(.venv/bin/python -c 'import sysconfig; print(sysconfig.get_path("purelib"))')
"${CARGO_TARGET_DIR:-target}/debug/flowstead" python scripts/stubtest.py "$packages" typings \
    scripts/stubtest_allowed.txt flow_api _flow_api

pyright() { .venv/node/node_modules/.bin/pyright --pythonpath .venv/bin/python --warnings "$@"; }
pyright

# The test flows name no types, so nothing in them would be checked: copies with the types of the contract are.
typed=target/typed_flows
rm -rf "$typed"
mkdir -p "$typed"
for flow in tests/flows/*.py; do
    sed -E "s/^((async )?def handler\()system, this(, inputs)?\)/\1system: 'flow_api.System', this: 'flow_api.Execution'\3)/" \
        "$flow" > "$typed/$(basename "$flow")"
    printf '\nimport flow_api\n' >> "$typed/$(basename "$flow")"
done
cp tests/typings/flows.json "$typed/pyrightconfig.json"
pyright --project "$typed"
