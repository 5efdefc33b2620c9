"""Schemathesis against a real server: what the OpenAPI document says is what the server answers, and nothing makes it fail.

Requests are made up from the document: right ones and wrong ones for every route, and sequences that use what earlier answers
contained. Seed and number of examples are fixed, so that a run can be repeated; SEED and EXAMPLES in the environment change them.
"""

import json
import os
import pathlib
import re
import subprocess
import sys
import tempfile
import time

HERE = pathlib.Path(__file__).resolve().parent
sys.path[:0] = [str(HERE.parent / "acceptance"), str(HERE.parent / "editor")]

import product  # noqa: E402
import record  # noqa: E402

SCHEMATHESIS = product.ROOT / ".venv" / "schemathesis" / "bin" / "schemathesis"
SEED = os.environ.get("SEED", "20261121")
EXAMPLES = os.environ.get("EXAMPLES", "10")
# Seconds until a run is given up that does not end.
LIMIT = 900
CHECKS = [
    "not_a_server_error",
    "status_code_conformance",
    "content_type_conformance",
    "response_headers_conformance",
    "response_schema_conformance",
]
# What a route takes, many times over, then every way in which a request can be wrong, once each.
PASSES = [
    ["--phases", "fuzzing,stateful", "--mode", "positive", "--max-examples", EXAMPLES],
    ["--phases", "coverage"],
]
# Routes that end what the run itself is logged in with.
LEFT_OUT = ["auth_logout"]
# The fewest requests that must have succeeded.
LEAST = 500
# Records of each type; some are gone after a while.
SETS = 3
# How often a route is asked for one of them rather than for what there is not.
PROBABILITY = 0.8


def seed(server: product.Product) -> dict[str, list[str]]:
    """Ids of records by type."""
    found: dict[str, list[str]] = {}
    for number in range(SETS):
        ids = record.seed(server, str(number))
        ids["execution"] = server.send("POST", "/execution?plain=true", {"flow_id": ids["flow"], "input_value": {"name": "Ada"}})["id"]
        ids["message"] = server.send("POST", "/message?plain=true", {"subject": f"message {number}"})["id"]
        key = {"name": f"key {number}", "user_id": ids["user"]}
        ids["api_key"] = server.send("POST", "/api_key", key)["api_key"]["id"]
        for of, name in ids.items():
            found.setdefault(of, []).append(name)
    return found


def configuration(ids: dict[str, list[str]]) -> str:
    """Schemathesis's configuration: routes of a type are mostly asked for records that are there."""
    lines = []
    for of, known in ids.items():
        lines += [f"[dictionaries.{of}]", f"values = {json.dumps(known)}", ""]
    for of in ids:
        binding = f'{{ dictionary = "{of}", probability = {PROBABILITY} }}'
        lines += ["[[operations]]", f"include-path-regex = '/api/latest/{of}/\\{{id\\}}'", f'parameters = {{ "path.id" = {binding} }}', ""]
    return "\n".join(lines)


def counted(server: product.Product) -> dict[str, int]:
    """How many answers the server has given, by the first digit of their status."""
    with product.OPENER.open(f"{server.url}/metrics", timeout=60) as answer:
        text = answer.read().decode()
    found = re.findall(r'^flowstead_http_requests_total\{status="(.xx)"\} (\d+)$', text, re.MULTILINE)
    return {status: int(count) for status, count in found}


def main() -> None:
    began = time.monotonic()
    with product.running() as server, tempfile.TemporaryDirectory() as folder:
        configured = pathlib.Path(folder) / "schemathesis.toml"
        configured.write_text(configuration(seed(server)), encoding="utf-8")
        command = [
            SCHEMATHESIS, "--config-file", configured, "run", f"{server.url}/api/latest/openapi.json",
            "--header", f"Authorization: Bearer {server.key}",
            "--checks", ",".join(CHECKS), "--seed", SEED, "--workers", "2",
            "--suppress-health-check", "all", "--warnings", "off", "--no-shrink", "--no-color",
            *(part for name in LEFT_OUT for part in ("--exclude-operation-id", name)),
        ]  # fmt: skip
        failed = 0
        for arguments in PASSES:
            # It leaves a folder of what it has learned where it runs.
            done = subprocess.run([*command, *arguments, *sys.argv[1:]], cwd=folder, timeout=LIMIT, check=False)
            failed = failed or done.returncode
        answers = counted(server)
    print(f"openapi: seed {SEED}, {EXAMPLES} examples a route, {time.monotonic() - began:.0f} s; answers: {answers}")
    # A server that refuses everything would pass every check above.
    if answers.get("2xx", 0) < LEAST:
        sys.exit(f"fewer than {LEAST} requests succeeded: the routes were hardly tried")
    sys.exit(failed)


if __name__ == "__main__":
    main()
