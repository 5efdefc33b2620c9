#!/usr/bin/env bash
# Makes .venv with the pinned checkers: mypy (for its stubtest), pyright, yaml-language-server and schemathesis.
# The environment is made by the embedded Python, since stubtest runs inside the embedded interpreter. Schemathesis has one
# of its own, so that what it brings along is in nobody's way.
set -euo pipefail
cd "$(dirname "$0")/.."

mypy_pin="mypy==2.4.1"
pyright_pin="pyright@1.1.414"
yaml_pin="yaml-language-server@2.0.0"
schemathesis_pin="schemathesis==4.32.5"

python="${PYO3_PYTHON:-$(scripts/find_python.sh)}"
wanted="$("$python" -c 'import sys; print(sys.version, sys.base_prefix)') $mypy_pin $pyright_pin $yaml_pin $schemathesis_pin"
[ "$(cat .venv/stamp 2>/dev/null)" != "$wanted" ] || exit 0

command -v npm >/dev/null || { echo "setup: npm was not found; install Node 18 or newer and run this again" >&2; exit 1; }
echo "setup: installing $mypy_pin, $pyright_pin, $yaml_pin and $schemathesis_pin into .venv" >&2
rm -rf .venv
"$python" -m venv .venv
.venv/bin/python -m pip install --quiet --disable-pip-version-check "$mypy_pin"
npm install --prefix .venv/node --silent --no-audit --no-fund "$pyright_pin" "$yaml_pin"
"$python" -m venv .venv/schemathesis
.venv/schemathesis/bin/python -m pip install --quiet --disable-pip-version-check "$schemathesis_pin"
echo "$wanted" > .venv/stamp
