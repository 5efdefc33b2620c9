#!/usr/bin/env bash
# Makes .uv with the pinned `uv`, which installs the packages of flows, and with the files of the default packages, so that
# tests install them without a network.
set -euo pipefail
cd "$(dirname "$0")/.."

uv_pin="uv==0.13.9"

python="${PYO3_PYTHON:-$(scripts/find_python.sh)}"
lock=src/environment/default.lock
wanted="$("$python" -c 'import sys; print(sys.version, sys.base_prefix)') $uv_pin $(cksum < "$lock")"
[ "$(cat .uv/stamp 2>/dev/null)" != "$wanted" ] || exit 0

echo "setup: installing $uv_pin and the default packages into .uv" >&2
rm -rf .uv
"$python" -m venv .uv
.uv/bin/python -m pip install --quiet --disable-pip-version-check "$uv_pin"
.uv/bin/python -m pip download --quiet --disable-pip-version-check --require-hashes --only-binary :all: -d .uv/wheels -r "$lock"
echo "$wanted" > .uv/stamp
