#!/usr/bin/env bash
# Starts the server on ./data with the example flows, says how to call it, and stays until Ctrl-C.
# Arguments go to `flowstead serve`, for instance --listen 127.0.0.1:0.
set -euo pipefail
cd "$(dirname "$0")/.."
umask 077

flowstead="${CARGO_TARGET_DIR:-target}/release/flowstead"
data=./data
# What set-up pinned, unless somebody has another one in mind.
[ -n "${FLOWSTEAD_ENVIRONMENTS_UV:-}" ] || [ ! -x .uv/bin/uv ] || export FLOWSTEAD_ENVIRONMENTS_UV="$PWD/.uv/bin/uv"
mkdir -p "$data"

# What the server prints holds the one-time password: nobody else may read it, and it does not stay.
printed=$(mktemp)
trap 'rm -f "$printed"' EXIT

"$flowstead" serve --data "$data" "$@" > "$printed" &
server=$!
trap 'kill -TERM "$server" 2>/dev/null || true' INT TERM HUP

running() { kill -0 "$server" 2>/dev/null; }
finish() {
    local status=0
    # A signal ends `wait` early: the server may still be draining.
    while running; do wait "$server" && status=0 || status=$?; done
    exit "$status"
}
fail() {
    echo "run: $*" >&2
    kill -TERM "$server" 2>/dev/null || true
    wait "$server" || true
    exit 1
}
# No proxy between this machine and itself.
get() { curl --noproxy '*' -fsS -o /dev/null "$@" 2>/dev/null; }

url=
for _ in $(seq 300); do
    running || fail "the server did not start"
    url=$(sed -n 's|^\(http://[^ ]*\)$|\1|p' "$printed" | head -n 1)
    if [ -n "$url" ] && get "$url/api/latest/alive"; then break; fi
    url=
    sleep 0.1
done
[ -n "$url" ] || fail "the server did not answer within 30 seconds"

# One key for all runs, kept beside the data it opens.
key_file="$data/example.key"
key=$(cat "$key_file" 2>/dev/null || true)
if [ -z "$key" ] || ! get -H "Authorization: Bearer $key" "$url/api/latest/auth/me"; then
    key=$("$flowstead" key create --user admin --name "example $(date +%Y-%m-%dT%H:%M:%S)" --data "$data") || fail "no API key could be made"
    printf '%s\n' "$key" > "$key_file"
fi
FLOWSTEAD_API_KEY="$key" "$(scripts/find_python.sh)" scripts/load_examples.py "$url" || fail "the example flows could not be loaded"

password=$(sed -n 's/.*one-time password[: ]*//p' "$printed" | head -n 1)
cat <<TEXT

Flowstead is running, with the project "Examples".

  URL        $url
  user       admin
  password   ${password:-as set before; a new one: $flowstead user reset admin --data $data}
  API key    $key

Run the flow hello:

  curl -s '$url/api/latest/execution?wait=true&plain=true' -H 'Authorization: Bearer $key' \\
       -H 'Content-Type: application/json' -d '{"flow_name": "hello", "input_value": {"name": "Ada"}}'

Give it to an agent, which has the flow hello as a tool. For Claude ($flowstead mcp config
--client cursor, vscode, codex or generic prints it for others, with --url and --key as here):

$("$flowstead" mcp config --client claude --url "$url" --key "$key" 2>&1 | sed 's/^/  /')

Ctrl-C stops the server; what it knows stays in $data.

TEXT
finish
