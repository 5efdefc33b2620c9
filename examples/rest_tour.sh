#!/bin/bash
# A tour of the REST interface as a new user takes it, with curl alone: log in, make a project, a role for an agent, its user and key, a flow; run the
# flow as the agent, read its log, export the flow, delete it, bring it back.
#
#   FLOWSTEAD_PASSWORD=... examples/rest_tour.sh [http://127.0.0.1:7410]
#
# It takes the password of `admin`, or of FLOWSTEAD_USER if that is set. It can be run again: what exists is overwritten.
set -euo pipefail

api="${1:-http://127.0.0.1:7410}/api/latest"
user="${FLOWSTEAD_USER:-admin}"
answers="$(mktemp -d)"
trap 'rm -rf "$answers"' EXIT

say() { printf '\n== %s\n' "$*"; }

# call STATUS METHOD PATH [JSON]: one request with the header in $auth. Prints the answer; fails unless it has this status, which may be a pattern.
call() {
    local wanted="$1" method="$2" path="$3" body=() status
    [ $# -lt 4 ] || body=(-H 'content-type: application/json' --data "$4")
    status="$(curl -sS -o "$answers/body" -w '%{http_code}' -X "$method" -H "$auth" "${body[@]}" "$api$path")"
    # shellcheck disable=SC2053 # it is a pattern
    if [[ "$status" != $wanted ]]; then
        echo "$method $path answered $status where $wanted was expected: $(cat "$answers/body")" >&2
        return 1
    fi
    cat "$answers/body"
}

# The first text of this name in an answer: {"id":"..."}.
field() { grep -o "\"$1\":\"[^\"]*\"" | head -n 1 | cut -d '"' -f 4; }

say "Log in as $user"
auth="accept: application/json"
login="$(call 200 POST /auth/login "{\"user_name\": \"$user\", \"password\": \"$FLOWSTEAD_PASSWORD\"}")"
session="x-cloudomation-session-id: $(field session_id <<<"$login")"
auth="$session"
call 200 GET /auth/me

say "A project"
project="$(call '20[01]' POST '/project?plain=true' '{"name": "Tour", "description": "Made by the tour of the REST interface."}' | field id)"
echo "project $project"

say "A role that may see and run flows in it"
role="$(call '20[01]' POST '/role?plain=true' '{"name": "Tour runner"}' | field id)"
for right in 'READ FLOW' 'CREATE EXECUTION' 'READ EXECUTION'; do
    read -r operation type <<<"$right"
    call 201 POST /role_permission \
        "{\"role_id\": \"$role\", \"operation\": \"$operation\", \"permission_record_type\": \"$type\", \"project_id\": \"$project\"}" >"$answers/ignored"
    echo "$right"
done

say "A user for an agent, with that role and a key"
agent="$(call '20[01]' POST '/user?plain=true' '{"name": "tour-agent"}' | field id)"
call '20[01]' POST /identity_role "{\"identity_id\": \"$agent\", \"role_id\": \"$role\"}" >"$answers/ignored"
made="$(call 201 POST /api_key "{\"name\": \"tour\", \"user_id\": \"$agent\", \"kind\": \"service\"}")"
key="$(field token <<<"$made")"
key_id="$(field id <<<"$made")"
echo "key $key_id, shown this once"

say "A flow"
script='def handler(system, this, inputs):\n    this.log(\"greeting\", name=inputs[\"name\"])\n    return {\"greeting\": \"Hello, \" + inputs[\"name\"] + \"!\"}\n'
schema='{"type": "object", "required": ["name"], "properties": {"name": {"type": "string"}}}'
flow="$(call '20[01]' POST '/flow?plain=true' \
    "{\"name\": \"tour-greeting\", \"project_name\": \"Tour\", \"script\": \"$script\", \"input_schema\": $schema}" | field id)"
echo "flow $flow"

say "The agent runs it and waits for the end"
auth="authorization: Bearer $key"
run="$(call 201 POST '/execution?wait=true&plain=true' '{"flow_name": "tour-greeting", "input_value": {"name": "Ada"}}')"
execution="$(field id <<<"$run")"
echo "execution $execution: $(field status <<<"$run"), $(field greeting <<<"$run")"
[ "$(field greeting <<<"$run")" = 'Hello, Ada!' ]

say "Its log"
call 200 GET "/execution/$execution/logs" | tee "$answers/log"
grep -q 'greeting' "$answers/log"

say "The flow as a document"
auth="$session"
call 200 GET "/flow/$flow?download=export" | tee "$answers/document"
grep -q 'name: tour-greeting' "$answers/document"
auth="authorization: Bearer $key"

say "Inputs that break the schema start nothing, and what is not granted is refused"
call 422 POST "/flow/$flow/run" '{"input_value": {}}'
echo
call 403 PATCH "/flow/$flow" '{"script": "def handler(system, this, inputs): return 1"}'
echo

say "Deleted, it is in the trash bin"
auth="$session"
call 204 DELETE "/flow/$flow"
call 404 GET "/flow/$flow"
echo
call 200 GET "/flow/$flow?trash=true&fields=name,deleted_at"
echo

say "Restored, it runs again"
call 200 POST "/flow/$flow/restore" >"$answers/ignored"
auth="authorization: Bearer $key"
call 201 POST "/flow/$flow/run?wait=true&plain=true" '{"input_value": {"name": "Grace"}}' | field greeting

say "The key is revoked, the agent and its role go, and the session ends"
auth="$session"
call 204 DELETE "/api_key/$key_id"
auth="authorization: Bearer $key"
call 401 GET /auth/me
echo
auth="$session"
call 204 DELETE "/user/$agent?permanently=true"
call 204 DELETE "/role/$role?permanently=true"
call 204 POST /auth/logout
say "Done"
